/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait pack --tree-shake: only what a recorded run and the import graph need stays.
 *
 * Both are made by the packed Python in the sandbox (pack_shake_code.c).  They tell names of files, from which
 * follows what is left out: modules that nobody imports, and of the standard library and of packages that
 * nobody imports also the other files.
 */
#include "pack_shake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Needed whatever a program does: for the start, and to tell what went wrong. */
static const char *const always[] = {"os",
                                     "site",
                                     "encodings.utf_8",
                                     "encodings.utf_8_sig",
                                     "encodings.ascii",
                                     "encodings.latin_1",
                                     "encodings.cp437",
                                     "encodings.idna",
                                     "encodings.unicode_escape",
                                     "encodings.raw_unicode_escape",
                                     "linecache",
                                     "tokenize",
                                     "traceback",
                                     "warnings",
                                     "runpy"};

static int
failed(const krait_error *err)
{
    cli_error(err);
    return cli_status_of(err);
}

/* ---- what the sandbox sees ---------------------------------------------------------------- */

/* Where a file of the pack is in the sandbox; false: it is not there, or comes with the library. */
static bool
sandbox_path(const pack_request *request, const char *path, char *to, size_t size)
{
    if (pack_is_below(path, request->site))
        return pack_path(to, size, SHAKE_SITE "%s", path + strlen(request->site));
    if (pack_is_below(path, request->lib) || pack_is_below(path, PACK_LICENCES))
        return false;
    return pack_path(to, size, "%s", path);
}

/* The sandbox refuses more; this is known before it is unpacked. */
static int
check_size(pack_request *request, const char *path)
{
    krait_pack_item item;

    if (!krait_pack_find(request->pack, path, &item) || item.size <= PACK_MEMORY)
        return 0;
    pack_message(request, "'%s' does not fit into the sandbox of --tree-shake", path);
    return KRAIT_EXIT_REFUSED;
}

static int
put_files(pack_request *request, pack_python *python)
{
    pack_list files = pack_files(request->pack);
    int exit_status = 0;

    for (size_t i = 0; i < files.count && exit_status == 0; i++) {
        char path[PACK_PATH];
        void *bytes = NULL;
        size_t size = 0;
        krait_error err;

        if (!sandbox_path(request, files.items[i], path, sizeof(path)))
            continue;
        exit_status = check_size(request, files.items[i]);
        if (exit_status != 0)
            break;
        if (krait_pack_get(request->pack, files.items[i], &bytes, &size, &err) != KRAIT_OK) {
            exit_status = failed(&err);
            break;
        }
        exit_status = pack_python_put(python, path, bytes, size);
        krait_pack_free_bytes(bytes);
    }
    pack_list_release(&files);
    return exit_status;
}

/* What is packed now, else what starts in the module that is packed into. */
static const char *
start_of(const pack_request *request)
{
    krait_pack_start start;

    if (request->start != NULL)
        return request->start;
    krait_pack_get_start(request->pack, &start);
    return start.argv_count == 1 ? start.argv[0] : "";
}

/* Names and places that both programs ask for. */
static char *
parameters(const pack_request *request, size_t *ret_size)
{
    char *text = NULL;
    FILE *to = cli_need(open_memstream(&text, ret_size));

    fprintf(to, "start %s\n", start_of(request));
    fprintf(to, "lib %s\n", request->lib);
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        fprintf(to, "keep %s\n", always[i]);
    for (size_t i = 0; i < request->keeps.count; i++)
        fprintf(to, "keep %s\n", request->keeps.items[i]);
    fclose(to);
    return text;
}

static int
prepare(pack_request *request, pack_python *python, const char *code, char **args, int arg_count)
{
    size_t size = 0;
    char *text = parameters(request, &size);
    int exit_status = pack_python_prepare(python, code, args, arg_count, &request->grants);

    if (exit_status == 0)
        exit_status = put_files(request, python);
    if (exit_status == 0)
        exit_status = pack_python_put(python, SHAKE_WORK "/parameters", text, size);
    free(text);
    return exit_status;
}

/* ---- the two runs ------------------------------------------------------------------------- */

static int
take(pack_python *python, const char *path, const char *what, char **ret_text, size_t *ret_size)
{
    const char *text = pack_python_get(python, path, ret_size);

    if (text == NULL) {
        cli_message("pack: %s did not come to its end", what);
        return KRAIT_EXIT_FAILED;
    }
    *ret_text = cli_need(strndup(text, *ret_size));
    return 0;
}

static int
record(pack_request *request, pack_python *python, char **ret_text, size_t *ret_size)
{
    uint32_t exit_code = 0;
    int exit_status = prepare(request, python, shake_record_code, request->args,
                              request->arg_count);

    if (exit_status == 0)
        exit_status = pack_python_run(python, "the recorded run", &exit_code);
    if (exit_status == 0)
        exit_status = take(python, SHAKE_WORK "/record", "the recorded run", ret_text, ret_size);
    if (exit_status == 0 && exit_code != 0)
        pack_message(request,
                     "the recorded run ended with exit status %u: what it did not come to is "
                     "only known from import statements",
                     exit_code);
    return exit_status;
}

static int
graph(pack_request *request, pack_python *python, const char *recorded, size_t size,
      char **ret_text, size_t *ret_size)
{
    uint32_t exit_code = 0;
    int exit_status = prepare(request, python, shake_graph_code, NULL, 0);

    if (exit_status == 0)
        exit_status = pack_python_put(python, SHAKE_WORK "/record", recorded, size);
    if (exit_status == 0)
        exit_status = pack_python_run(python, "the import graph", &exit_code);
    if (exit_status == 0)
        exit_status = take(python, SHAKE_WORK "/graph", "the import graph", ret_text, ret_size);
    return exit_status;
}

/* ---- what is needed ----------------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
has(const pack_list *sorted, const char *path)
{
    return sorted->count > 0 &&
           bsearch(&path, sorted->items, sorted->count, sizeof(*sorted->items), compare) != NULL;
}

/* DIR/NAME.py for DIR/NAME.pyc and DIR/__pycache__/NAME.TAG.pyc; other names stay. */
static void
canonical(char *path)
{
    char *slash = strrchr(path, '/');
    char *cache = strstr(path, "/__pycache__/");
    char *dot;

    if (!pack_ends_with(path, ".pyc") || slash == NULL)
        return;
    if (cache != NULL && cache + 12 == slash) {
        memmove(cache, slash, strlen(slash) + 1);
        dot = strchr(cache, '.');
        if (dot != NULL)
            snprintf(dot, 4, ".py");
        return;
    }
    path[strlen(path) - 1] = '\0';
}

/* Lines with paths in the sandbox: of a run, and of the graph. */
static void
add_needed(const pack_request *request, pack_list *needed, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        char line[PACK_PATH];
        char path[PACK_PATH];

        if (strncmp(text, "file ", 5) == 0 && length > 5 && length < sizeof(line)) {
            memcpy(line, text + 5, length - 5);
            line[length - 5] = '\0';
            if (pack_is_below(line, SHAKE_SITE) &&
                pack_path(path, sizeof(path), "%s%s", request->site, line + strlen(SHAKE_SITE)))
                snprintf(line, sizeof(line), "%s", path);
            canonical(line);
            pack_list_add(needed, line);
        }
        text += length + (text[length] == '\n');
    }
}

/* The folder below `folder` that a path is in: "/x/a" of "/x/a/b/c"; the path itself when it is in none. */
static void
package_of(const char *folder, const char *path, char *to, size_t size)
{
    size_t length = strlen(folder);

    /* It may be the folder itself: a program can have opened that. */
    if (path[length] == '/')
        length += 1 + strcspn(path + length + 1, "/");
    snprintf(to, size, "%.*s", (int)length, path);
}

typedef struct shaking {
    pack_request *request;
    pack_list needed;   /* files, sorted */
    pack_list packages; /* folders in site-packages with a needed module, sorted */
} shaking;

/* A library's data is needed when somebody opened it; a package's when the package is; the
 * application's always, and so is what was packed besides. */
static bool
is_needed(const shaking *s, const char *path)
{
    const pack_request *request = s->request;
    bool is_module = pack_ends_with(path, ".py") || pack_ends_with(path, ".pyc");
    char name[PACK_PATH];

    snprintf(name, sizeof(name), "%s", path);
    canonical(name);
    if (has(&s->needed, name) || has(&s->needed, path))
        return true;
    if (pack_is_below(path, request->site)) {
        package_of(request->site, path, name, sizeof(name));
        return !is_module && (has(&s->packages, name) || strstr(name, ".dist-info") != NULL ||
                              pack_ends_with(name, ".pth"));
    }
    if (pack_is_below(path, request->lib))
        return false;
    return !is_module || !pack_is_below(path, PACK_APP);
}

static void
sort(pack_list *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare);
}

static void
find_packages(shaking *s)
{
    for (size_t i = 0; i < s->needed.count; i++) {
        char name[PACK_PATH];

        if (!pack_is_below(s->needed.items[i], s->request->site))
            continue;
        package_of(s->request->site, s->needed.items[i], name, sizeof(name));
        if (s->packages.count == 0 || strcmp(s->packages.items[s->packages.count - 1], name) != 0)
            pack_list_add(&s->packages, name);
    }
    sort(&s->packages);
}

/* ---- what is left out --------------------------------------------------------------------- */

int
pack_report(pack_request *request)
{
    char path[PACK_PATH];
    FILE *to;

    if (request->report == NULL)
        return 0;
    if (request->left_out != NULL
            ? !pack_path(path, sizeof(path), "%s", request->left_out)
            : !pack_path(path, sizeof(path), "%s.left-out.txt", request->output))
        return KRAIT_EXIT_FAILED;
    to = fopen(path, "we");
    if (to != NULL) {
        fputs(request->report, to);
        if (ferror(to) == 0 && fclose(to) == 0)
            return 0;
    }
    cli_message("cannot write '%s': %s", path, strerror(errno));
    return KRAIT_EXIT_FAILED;
}

static int
leave_out(shaking *s, FILE *report)
{
    pack_request *request = s->request;
    pack_list files = pack_files(request->pack);
    int exit_status = 0;

    for (size_t i = 0; i < files.count && exit_status == 0; i++) {
        const char *path = files.items[i];
        krait_pack_item item;
        krait_error err;

        if (is_needed(s, path) || krait_pack_find(request->pack, path, &item) == 0)
            continue;
        fprintf(report, "%llu %s\n", (unsigned long long)item.size, path);
        if (request->verbose) {
            fputs("left out: ", stderr);
            cli_put_plain(stderr, path, strlen(path));
            fputc('\n', stderr);
        }
        request->left_files++;
        request->left_bytes += item.size;
        if (krait_pack_remove(request->pack, path, &err) != KRAIT_OK)
            exit_status = failed(&err);
    }
    pack_list_release(&files);
    return exit_status;
}

typedef struct emptying {
    pack_list folders; /* the last one may still get something */
    char last[PACK_PATH];
} emptying;

/* A folder is empty when what follows it in the listing is not in it. */
static int
find_empty(void *data, const krait_pack_item *item)
{
    emptying *e = data;

    if (e->last[0] != '\0' && !pack_is_below(item->path, e->last))
        pack_list_add(&e->folders, e->last);
    e->last[0] = '\0';
    if (item->kind == KRAIT_PACK_DIRECTORY)
        snprintf(e->last, sizeof(e->last), "%s", item->path);
    return 0;
}

static bool
is_kept_empty(const pack_request *request, const char *path)
{
    return !pack_is_below(path, request->lib) || pack_ends_with(path, "/lib-dynload") ||
           strcmp(path, request->site) == 0;
}

static int
drop_empty_folders(const pack_request *request)
{
    for (;;) {
        emptying e = {.folders = {NULL, 0}};
        size_t dropped = 0;
        krait_error err;

        krait_pack_list(request->pack, find_empty, &e);
        for (size_t i = 0; i < e.folders.count; i++) {
            if (!is_kept_empty(request, e.folders.items[i]) &&
                krait_pack_remove(request->pack, e.folders.items[i], &err) == KRAIT_OK)
                dropped++;
        }
        pack_list_release(&e.folders);
        if (dropped == 0)
            return 0;
    }
}

static int
shake(shaking *s)
{
    size_t size = 0;
    FILE *report = cli_need(open_memstream(&s->request->report, &size));
    int exit_status = leave_out(s, report);

    fclose(report);
    return exit_status == 0 ? drop_empty_folders(s->request) : exit_status;
}

int
pack_shake(pack_request *request)
{
    shaking s = {.request = request};
    pack_python *python = NULL;
    char *recorded = NULL;
    char *found = NULL;
    size_t size = 0;
    size_t found_size = 0;
    int exit_status;

    if (!request->shake)
        return 0;
    if (request->version[0] == '\0') {
        pack_message(request, "--tree-shake needs a standard library");
        return KRAIT_EXIT_FAILED;
    }
    exit_status = pack_python_open(request, &python);
    if (exit_status == 0)
        exit_status = record(request, python, &recorded, &size);
    if (exit_status == 0)
        exit_status = graph(request, python, recorded, size, &found, &found_size);
    pack_python_close(python);
    if (exit_status == 0) {
        add_needed(request, &s.needed, recorded);
        add_needed(request, &s.needed, found);
        sort(&s.needed);
        find_packages(&s);
        exit_status = shake(&s);
    }
    pack_list_release(&s.needed);
    pack_list_release(&s.packages);
    free(recorded);
    free(found);
    return exit_status;
}
