/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait pack --list, --verify, --extract: what is in a packed module.  Nothing of it is run.
 */
#include "pack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct listing {
    bool json;
    bool is_first;
} listing;

static void
print_time(int64_t mtime_ns)
{
    time_t seconds = (time_t)(mtime_ns / 1000000000);
    struct tm parts;
    char text[32];

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        snprintf(text, sizeof(text), "%s", "-");
    fputs(text, stdout);
}

/* Names may come from anybody: what a terminal would obey is shown as '?'. */
static void
print_text(const char *text)
{
    for (; *text != '\0'; text++) {
        putchar(cli_is_obeyed(text) ? '?' : *text);
        text += cli_is_obeyed(text) && *text == '\xc2';
    }
}

static int
print_item(void *data, const krait_pack_item *item)
{
    static const char *const kinds[] = {"file", "directory", "link"};
    listing *list = data;

    if (list->json) {
        printf("%s\n  {\"path\": ", list->is_first ? "" : ",");
        cli_json_text(stdout, item->path);
        printf(", \"type\": \"%s\", \"size\": %" PRIu64 ", \"mtime_ns\": %" PRId64,
               kinds[item->kind], item->size, item->mtime_ns);
        if (item->target != NULL) {
            fputs(", \"target\": ", stdout);
            cli_json_text(stdout, item->target);
        }
        putchar('}');
    } else {
        printf("%c %10" PRIu64 "  ",
               item->kind == KRAIT_PACK_DIRECTORY ? 'd'
               : item->kind == KRAIT_PACK_LINK    ? 'l'
               : item->is_executable != 0         ? 'x'
                                                  : '-',
               item->size);
        print_time(item->mtime_ns);
        fputs("  ", stdout);
        print_text(item->path);
        if (item->target != NULL) {
            fputs(" -> ", stdout);
            print_text(item->target);
        }
        putchar('\n');
    }
    list->is_first = false;
    return ferror(stdout) != 0 || pack_interrupted != 0;
}

static void
print_start(const char *name, const char *const *texts, size_t count, bool json)
{
    if (json)
        printf(",\n\"%s\": [", name);
    else if (count > 0)
        printf("%s:", name);
    for (size_t i = 0; i < count; i++) {
        if (json) {
            fputs(i > 0 ? ", " : "", stdout);
            cli_json_text(stdout, texts[i]);
        } else {
            putchar(' ');
            print_text(texts[i]);
        }
    }
    if (json)
        putchar(']');
    else if (count > 0)
        putchar('\n');
}

/* The section krait.module, as it is. */
static void
print_module(const char *text, size_t size)
{
    char *copy;

    if (text == NULL)
        return;
    copy = cli_need(strndup(text, size));
    fputs("module: ", stdout);
    print_text(copy);
    putchar('\n');
    free(copy);
}

static int
list(const pack_request *request, krait_pack *pack)
{
    listing state = {request->json, true};
    krait_pack_summary summary;
    krait_pack_start start;
    size_t size = 0;
    const char *manifest = krait_pack_manifest(pack, &size);
    size_t module_size = 0;
    const char *module = krait_pack_module(pack, &module_size);

    krait_pack_summarize(pack, &summary);
    krait_pack_get_start(pack, &start);
    if (request->json)
        printf("{\"module_bytes\": %" PRIu64 ", \"image_bytes\": %" PRIu64
               ", \"content_bytes\": %" PRIu64 ",\n\"items\": [",
               summary.module, summary.image, summary.contents);
    krait_pack_list(pack, print_item, &state);
    if (request->json)
        putchar(']');
    print_start("argv", start.argv, start.argv_count, request->json);
    print_start("env", start.env, start.env_count, request->json);
    if (request->json) {
        printf(",\n\"writable_bytes\": %" PRIu32 ",\n\"manifest\": ", start.memory_limit);
        if (manifest != NULL)
            cli_json_bytes(stdout, manifest, size);
        else
            fputs("null", stdout);
        fputs(",\n\"module\": ", stdout);
        if (module != NULL)
            cli_json_bytes(stdout, module, module_size);
        else
            fputs("null", stdout);
        fputs("}\n", stdout);
    } else {
        print_module(module, module_size);
        printf("%" PRIu64 " files, %" PRIu64 " bytes; %" PRIu64 " bytes in the module of %" PRIu64
               "\n",
               summary.files, summary.contents, summary.image, summary.module);
    }
    return 0;
}

static int
verify(const pack_request *request, krait_pack *pack)
{
    krait_error err;

    if (krait_pack_verify(pack, &err) != KRAIT_OK) {
        cli_error(&err);
        return 1;
    }
    printf("%s: whole\n", request->subject);
    return 0;
}

int
pack_show(pack_request *request)
{
    krait_pack *pack = NULL;
    krait_error err;
    int exit_status = 0;

    if (krait_pack_open(request->subject, &pack, &err) != KRAIT_OK) {
        cli_error(&err);
        return request->action == PACK_VERIFY && err.code == KRAIT_EFORMAT ? 1
                                                                           : cli_status_of(&err);
    }
    if (request->action == PACK_LIST) {
        exit_status = list(request, pack);
    } else if (request->action == PACK_VERIFY) {
        exit_status = verify(request, pack);
    } else if (krait_pack_extract(pack, request->extract_to, &pack_interrupted, &err) != KRAIT_OK) {
        if (pack_interrupted == 0)
            cli_error(&err);
        exit_status = cli_status_of(&err);
    }
    krait_pack_free(pack);
    return exit_status;
}
