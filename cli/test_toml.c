/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of TOML 1.0 that the expectations use: [tables] with bare or quoted names,
 * keys with basic strings ("...") or arrays of them, comments. Left out: all other
 * types, literal and multi-line strings, inline tables, arrays of tables, dotted keys
 * outside of [ ]. What is left out is refused, and so is a name that occurs twice.
 */
#include "cli.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH = 5 }; /* tables and a key */

typedef struct reader {
    suite_toml *toml;
    const char *at;
    unsigned line;
    char *table[DEPTH];
    size_t depth;
    size_t table_first; /* entry */
    char **tables;      /* all that there were, one text each */
    size_t table_count;
    const char *wrong;
} reader;

static bool
fail(reader *in, const char *wrong)
{
    if (in->wrong == NULL)
        in->wrong = wrong;
    return false;
}

static void
skip_blank(reader *in)
{
    while (*in->at == ' ' || *in->at == '\t')
        in->at++;
}

/* White space, line ends and comments. */
static void
skip_lines(reader *in)
{
    for (;;) {
        skip_blank(in);
        if (*in->at == '#') {
            in->at += strcspn(in->at, "\n");
        } else if (*in->at == '\n') {
            in->line++;
            in->at++;
        } else {
            return;
        }
    }
}

/* Nothing but a comment may follow on this line. */
static bool
end_line(reader *in)
{
    skip_blank(in);
    if (*in->at == '#')
        in->at += strcspn(in->at, "\n");
    return *in->at == '\n' || *in->at == '\0' || fail(in, "something after the end of the value");
}

/* \xHH does not exist in TOML; \uHHHH is only used for control characters. */
static bool
read_escape(reader *in, char *ret_byte)
{
    static const char from[] = "\"\\ntrbf";
    static const char to[] = "\"\\\n\t\r\b\f";
    const char *found;

    if (*in->at == 'u' && strncmp(in->at, "u00", 3) == 0 &&
        strspn(in->at + 3, "0123456789abcdefABCDEF") >= 2) {
        char digits[3] = {in->at[3], in->at[4], '\0'};
        unsigned long code = strtoul(digits, NULL, 16);

        if (code == 0 || code > 0x7F)
            return fail(in, "this character is to be written as it is");
        *ret_byte = (char)code;
        in->at += 5;
        return true;
    }
    found = *in->at != '\0' ? strchr(from, *in->at) : NULL;
    if (found == NULL)
        return fail(in, "an unknown escape");
    *ret_byte = to[found - from];
    in->at++;
    return true;
}

/* A string from its opening quote on; NULL after fail(). */
static char *
read_string(reader *in)
{
    char *text = cli_need(malloc(strcspn(in->at + 1, "\n") + 1));
    size_t size = 0;

    in->at++;
    while (*in->at != '"') {
        if (*in->at == '\0' || *in->at == '\n') {
            fail(in, "a string without an end");
            free(text);
            return NULL;
        }
        if (*in->at != '\\') {
            text[size++] = *in->at++;
            continue;
        }
        in->at++;
        if (!read_escape(in, &text[size++])) {
            free(text);
            return NULL;
        }
    }
    in->at++;
    text[size] = '\0';
    return text;
}

static char *
read_key(reader *in)
{
    size_t size;
    char *key;

    if (*in->at == '"')
        return read_string(in);
    size = strspn(in->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    if (size == 0) {
        fail(in, "a name is missing");
        return NULL;
    }
    key = cli_need(strndup(in->at, size));
    in->at += size;
    return key;
}

static void
drop_table(reader *in)
{
    while (in->depth > 0)
        free(in->table[--in->depth]);
}

/* Remembers [a.b]; false when there was one already. */
static bool
keep_table(reader *in)
{
    char *whole = NULL;
    size_t size = 0;
    FILE *to = cli_need(open_memstream(&whole, &size));
    size_t i;

    for (i = 0; i < in->depth; i++)
        fprintf(to, "%s\n", in->table[i]);
    fclose(to);
    cli_need(whole);
    for (i = 0; i < in->table_count; i++) {
        if (strcmp(in->tables[i], whole) == 0) {
            free(whole);
            return fail(in, "this table was there before");
        }
    }
    in->tables = cli_need(realloc(in->tables, (in->table_count + 1) * sizeof(char *)));
    in->tables[in->table_count++] = whole;
    in->table_first = in->toml->count;
    return true;
}

static bool
read_table(reader *in)
{
    drop_table(in);
    do {
        in->at++;
        skip_blank(in);
        if (in->depth == DEPTH - 1)
            return fail(in, "tables too deep");
        in->table[in->depth] = read_key(in);
        if (in->table[in->depth] == NULL)
            return false;
        in->depth++;
        skip_blank(in);
    } while (*in->at == '.');
    if (*in->at != ']')
        return fail(in, "']' is missing");
    in->at++;
    return keep_table(in) && end_line(in);
}

static bool
add_value(reader *in, suite_toml_entry *entry)
{
    char *text;

    if (*in->at != '"')
        return fail(in, "only strings and arrays of strings may stand here");
    text = read_string(in);
    if (text == NULL)
        return false;
    if ((entry->count & (entry->count - 1)) == 0)
        entry->values = cli_need(
            realloc(entry->values, (entry->count != 0 ? 2 * entry->count : 1) * sizeof(char *)));
    entry->values[entry->count++] = text;
    return true;
}

static bool
read_array(reader *in, suite_toml_entry *entry)
{
    entry->is_array = true;
    in->at++;
    for (;;) {
        skip_lines(in);
        if (*in->at == ']')
            break;
        if (!add_value(in, entry))
            return false;
        skip_lines(in);
        if (*in->at == ',')
            in->at++;
        else if (*in->at != ']')
            return fail(in, "',' or ']' is missing");
    }
    in->at++;
    return true;
}

static suite_toml_entry *
new_entry(reader *in)
{
    suite_toml *toml = in->toml;
    suite_toml_entry *entry;
    size_t i;

    if (toml->count == toml->room) {
        toml->room = toml->room != 0 ? 2 * toml->room : 64;
        toml->entries = cli_need(realloc(toml->entries, toml->room * sizeof(*toml->entries)));
    }
    entry = &toml->entries[toml->count++];
    memset(entry, 0, sizeof(*entry));
    entry->line = in->line;
    entry->path = cli_need(calloc(DEPTH, sizeof(char *)));
    for (i = 0; i < in->depth; i++)
        entry->path[i] = cli_need(strdup(in->table[i]));
    entry->depth = in->depth;
    return entry;
}

static bool
read_entry(reader *in)
{
    suite_toml_entry *entry = new_entry(in);
    char *key = read_key(in);
    size_t i;

    if (key == NULL)
        return false;
    entry->path[entry->depth++] = key;
    for (i = in->table_first; i + 1 < in->toml->count; i++) {
        if (strcmp(in->toml->entries[i].path[in->depth], key) == 0)
            return fail(in, "this name was there before");
    }
    skip_blank(in);
    if (*in->at != '=')
        return fail(in, "'=' is missing");
    in->at++;
    skip_blank(in);
    return (*in->at == '[' ? read_array(in, entry) : add_value(in, entry)) && end_line(in);
}

bool
suite_toml_parse(suite_toml *toml, const char *text, char ret_error[SUITE_REASON_SIZE])
{
    reader in = {.toml = toml, .at = text, .line = 1};
    bool good = true;

    memset(toml, 0, sizeof(*toml));
    for (skip_lines(&in); good && *in.at != '\0'; skip_lines(&in))
        good = *in.at == '[' ? read_table(&in) : read_entry(&in);
    if (!good)
        snprintf(ret_error, SUITE_REASON_SIZE, "line %u: %s", in.line, in.wrong);
    drop_table(&in);
    while (in.table_count > 0)
        free(in.tables[--in.table_count]);
    free(in.tables);
    return good;
}

void
suite_toml_release(suite_toml *toml)
{
    size_t i;
    size_t k;

    for (i = 0; i < toml->count; i++) {
        suite_toml_entry *entry = &toml->entries[i];

        for (k = 0; k < DEPTH; k++)
            free(entry->path[k]);
        for (k = 0; k < entry->count; k++)
            free(entry->values[k]);
        free(entry->path);
        free(entry->values);
    }
    free(toml->entries);
    memset(toml, 0, sizeof(*toml));
}

void
suite_toml_print_string(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(to, "\\%c", *text);
        else if ((unsigned char)*text < 0x20 || *text == 0x7F)
            fprintf(to, "\\u%04X", (unsigned)(unsigned char)*text);
        else
            fputc(*text, to);
    }
    fputc('"', to);
}
