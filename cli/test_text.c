/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts and names of test results: files read whole, one-line reasons, patterns, and
 * the ids of unittest cut to what tells tests of one module apart.
 */
#include "cli.h"
#include "suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *
suite_read_file(const char *path, size_t most, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    size_t room = 1u << 16;
    size_t size = 0;
    char *text;

    if (file == NULL)
        return NULL;
    text = cli_need(malloc(room));
    for (;;) {
        size += fread(text + size, 1, room - size - 1, file);
        if (size < room - 1)
            break;
        if (size >= most) {
            free(text);
            fclose(file);
            errno = EFBIG;
            return NULL;
        }
        room *= 2;
        text = cli_need(realloc(text, room));
    }
    if (ferror(file) != 0) {
        int error = errno;

        free(text);
        fclose(file);
        errno = error;
        return NULL;
    }
    fclose(file);
    text[size] = '\0';
    if (ret_size != NULL)
        *ret_size = size;
    return text;
}

bool
suite_matches(const char *pattern, const char *text)
{
    const char *star = NULL;
    const char *resume = NULL;

    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* Bytes of the character at `text`, which is `length` bytes before the end; 0: not UTF-8. */
static size_t
character_size(const unsigned char *text, size_t length)
{
    size_t size = text[0] < 0x80   ? 1
                  : text[0] < 0xC2 ? 0
                  : text[0] < 0xE0 ? 2
                  : text[0] < 0xF0 ? 3
                  : text[0] < 0xF5 ? 4
                                   : 0;
    size_t i;

    if (size > length)
        return 0;
    for (i = 1; i < size; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    }
    return size;
}

char *
suite_line(const char *text, size_t size)
{
    char *line = cli_need(malloc(SUITE_REASON_SIZE + 1));
    size_t used = 0;
    size_t i = 0;

    while (i < size && (text[i] == '\n' || text[i] == ' '))
        i++;
    while (i < size && text[i] != '\0' && text[i] != '\n') {
        size_t length = character_size((const unsigned char *)text + i, size - i);

        if (used + (length != 0 ? length : 1) > SUITE_REASON_SIZE)
            break;
        /* Reasons go into TOML, JSON and XML, which have no place for anything else. */
        if (length == 0 || (length == 1 && ((unsigned char)text[i] < 0x20 || text[i] == 0x7F))) {
            line[used++] = '?';
            i++;
            continue;
        }
        memcpy(line + used, text + i, length);
        used += length;
        i += length;
    }
    while (used > 0 && line[used - 1] == ' ')
        used--;
    line[used] = '\0';
    return line;
}

/* Passes over "prefix." at the start. */
static void
drop_prefix(const char **id, size_t *size, const char *prefix)
{
    size_t length = strlen(prefix);

    if (*size > length + 1 && strncmp(*id, prefix, length) == 0 && (*id)[length] == '.') {
        *id += length + 1;
        *size -= length + 1;
    }
}

char *
suite_case_name(const char *module, const char *id, size_t size)
{
    const char *space = memchr(id, ' ', size);

    /* A subtest is its test's; what follows differs from run to run. */
    if (space != NULL && space != id)
        size = (size_t)(space - id);
    drop_prefix(&id, &size, "unittest.loader.ModuleSkipped");
    drop_prefix(&id, &size, "test");
    drop_prefix(&id, &size, module);
    return suite_line(id, size);
}

int
suite_compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}
