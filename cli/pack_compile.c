/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources become byte code, compiled by the packed Python in the sandbox.
 *
 * A .pyc has an unchecked hash (PEP 552): nobody looks for the source when it is imported.  Without
 * sources it is beside where the source was, NAME.pyc, which Python imports as it is; with them
 * it is in __pycache__.  The library's own byte code, which its build has made, is used as it is.
 */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

#define WORK "/tmp/krait-pack"

/* Files of the list, one line each: number and path.  What cannot be compiled is listed, too. */
static const char compiler[] =
    "import sys, os, marshal, importlib.util\n"
    "work, level = sys.argv[1], int(sys.argv[2])\n"
    "os.mkdir(work + '/out')\n"
    "with open(work + '/list', encoding='utf-8') as f:\n"
    "    lines = f.read().split('\\n')[:-1]\n"
    "bad = []\n"
    "for line in lines:\n"
    "    number, path = line.split(' ', 1)\n"
    "    with open(work + '/in/' + number, 'rb') as f:\n"
    "        source = f.read()\n"
    "    try:\n"
    "        code = compile(source, path, 'exec', dont_inherit=True, optimize=level)\n"
    "    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as e:\n"
    "        text = getattr(e, 'msg', None) or str(e)\n"
    "        bad.append('%s %d %s: %s\\n' % (number, getattr(e, 'lineno', None) or 0,\n"
    "                                       type(e).__name__, ' '.join(text.split())))\n"
    "        continue\n"
    "    data = (importlib.util.MAGIC_NUMBER + (1).to_bytes(4, 'little') +\n"
    "            importlib.util.source_hash(source) + marshal.dumps(code))\n"
    "    with open(work + '/out/' + number, 'wb') as f:\n"
    "        f.write(data)\n"
    "with open(work + '/bad', 'w', encoding='utf-8', errors='replace') as f:\n"
    "    f.write(''.join(bad))\n";

static int
failed(const krait_error *err)
{
    cli_error(err);
    return cli_status_of(err);
}

static bool
is_code(const pack_request *request, const char *path)
{
    return pack_is_below(path, PACK_APP) ||
           (request->version[0] != '\0' && pack_is_below(path, request->lib));
}

/* DIR/__pycache__/NAME.cpython-313.pyc for DIR/NAME.py. */
static bool
cache_path(const pack_request *request, const char *source, char *path, size_t size)
{
    const char *slash = strrchr(source, '/');
    const char *dot = strchr(request->version, '.');

    return pack_path(path, size, "%.*s/__pycache__/%.*s.cpython-%.*s%s.pyc", (int)(slash - source),
                     source, (int)(strlen(slash) - 4), slash + 1, (int)(dot - request->version),
                     request->version, dot + 1);
}

/* ---- compiling ---------------------------------------------------------------------------- */

static int
put_sources(pack_request *request, pack_python *python, const pack_list *sources)
{
    char *list = NULL;
    size_t list_size = 0;
    FILE *text = cli_need(open_memstream(&list, &list_size));
    char path[64];
    int exit_status = 0;

    for (size_t i = 0; i < sources->count && exit_status == 0; i++) {
        void *bytes = NULL;
        size_t size = 0;
        krait_error err;

        /* A line cannot have one. */
        if (strchr(sources->items[i], '\n') != NULL) {
            pack_message(request, "'%s' has a line break in its name", sources->items[i]);
            exit_status = KRAIT_EXIT_REFUSED;
            break;
        }
        if (krait_pack_get(request->pack, sources->items[i], &bytes, &size, &err) != KRAIT_OK) {
            exit_status = failed(&err);
            break;
        }
        fprintf(text, "%zu %s\n", i, sources->items[i]);
        snprintf(path, sizeof(path), WORK "/in/%zu", i);
        exit_status = pack_python_put(python, path, bytes, size);
        krait_pack_free_bytes(bytes);
    }
    fclose(text);
    if (exit_status == 0)
        exit_status = pack_python_put(python, WORK "/list", list, list_size);
    free(list);
    return exit_status;
}

/* The byte code takes its place; the source goes unless it is wanted. */
static int
place(pack_request *request, const char *source, const void *bytes, size_t size)
{
    krait_pack_item item = {.mtime_ns = INT64_MIN};
    char path[PACK_PATH];
    krait_error err;

    (void)krait_pack_find(request->pack, source, &item);
    if (request->sources == PACK_BOTH ? !cache_path(request, source, path, sizeof(path))
                                      : !pack_path(path, sizeof(path), "%sc", source))
        return KRAIT_EXIT_FAILED;
    if (krait_pack_put(request->pack, path, bytes, size, item.mtime_ns, &err) != KRAIT_OK)
        return failed(&err);
    if (request->sources == PACK_BOTH)
        return 0;
    return krait_pack_remove(request->pack, source, &err) == KRAIT_OK ? 0 : failed(&err);
}

static int
take_results(pack_request *request, pack_python *python, const pack_list *sources)
{
    int exit_status = 0;

    for (size_t i = 0; i < sources->count && exit_status == 0; i++) {
        char path[64];
        size_t size = 0;
        const char *bytes;

        snprintf(path, sizeof(path), WORK "/out/%zu", i);
        bytes = pack_python_get(python, path, &size);
        if (bytes != NULL)
            exit_status = place(request, sources->items[i], bytes, size);
    }
    return exit_status;
}

/* Where its author finds it. */
static const char *
name_of(const pack_request *request, const char *source)
{
    bool is_script = request->document.is_wanted && request->document.root == NULL;

    return is_script && strcmp(request->start, source) == 0 ? request->subject : source;
}

/* "LINE TYPE: TEXT", where 0 is no line.  Templates and code for other versions are in many packages: they stay
 * sources, and that is said.  What starts has to compile. */
static int
tell_one(const pack_request *request, const char *source, const char *why)
{
    bool is_start = request->start != NULL && strcmp(request->start, source) == 0;
    unsigned long line = strtoul(why, NULL, 10);
    char place[40] = "";

    why += strcspn(why, " ");
    if (line > 0)
        snprintf(place, sizeof(place), ", line %lu,", line);
    pack_message(request, "'%s'%s cannot be compiled%s:%s", name_of(request, source), place,
                 is_start ? "" : " and stays a source", why);
    return is_start ? KRAIT_EXIT_REFUSED : 0;
}

static int
tell_bad(const pack_request *request, pack_python *python, const pack_list *sources)
{
    size_t size = 0;
    const char *text = pack_python_get(python, WORK "/bad", &size);
    char *copy;
    char *line;
    char *next;
    int exit_status = 0;

    if (text == NULL) {
        pack_message(request, "the compiler in the sandbox did not come to its end");
        return KRAIT_EXIT_FAILED;
    }
    copy = cli_need(strndup(text, size));
    for (line = copy; line[0] != '\0'; line = next) {
        size_t length = strcspn(line, "\n");
        size_t number = strtoul(line, NULL, 10);
        const char *why = strchr(line, ' ');

        next = line + length + (line[length] == '\n');
        line[length] = '\0';
        if (why == NULL || number >= sources->count)
            continue;
        if (tell_one(request, sources->items[number], why + 1) != 0)
            exit_status = KRAIT_EXIT_REFUSED;
    }
    free(copy);
    return exit_status;
}

static int
compile(pack_request *request, const pack_list *sources)
{
    pack_python *python = NULL;
    char work[] = WORK;
    char level[2] = {(char)('0' + (int)request->optimize), '\0'};
    char *args[2] = {work, level};
    uint32_t exit_code = 0;
    int exit_status;

    if (sources->count == 0)
        return 0;
    if (request->sources == PACK_BOTH && request->version[0] == '\0') {
        pack_message(request,
                     "--sources both needs to know the version of Python, and '%s' has no "
                     "standard library inside or beside it",
                     request->module);
        return KRAIT_EXIT_FAILED;
    }
    exit_status = pack_python_open(request, &python);
    if (exit_status == 0)
        exit_status = pack_python_prepare(python, compiler, args, 2, NULL);
    if (exit_status == 0)
        exit_status = put_sources(request, python, sources);
    if (exit_status == 0)
        exit_status = pack_python_run(python, "compiling", &exit_code);
    if (exit_status == 0 && exit_code != 0) {
        pack_message(request, "compiling in the sandbox failed");
        exit_status = KRAIT_EXIT_FAILED;
    }
    if (exit_status == 0)
        exit_status = tell_bad(request, python, sources);
    if (exit_status == 0)
        exit_status = take_results(request, python, sources);
    pack_python_close(python);
    return exit_status;
}

/* ---- all ---------------------------------------------------------------------------------- */

/* The library's own byte code, when it is what was asked for. */
static int
use_cache(pack_request *request, const char *source, bool *ret_used)
{
    char path[PACK_PATH];
    char to[PACK_PATH];
    krait_error err;

    *ret_used = false;
    if (request->optimize != 0)
        return 0;
    if (!cache_path(request, source, path, sizeof(path)) ||
        !pack_path(to, sizeof(to), "%sc", source))
        return KRAIT_EXIT_FAILED;
    if (!pack_exists(request->pack, path, NULL))
        return 0;
    *ret_used = true;
    if (request->sources == PACK_BOTH)
        return 0;
    if (krait_pack_copy(request->pack, path, to, &err) != KRAIT_OK ||
        krait_pack_remove(request->pack, source, &err) != KRAIT_OK)
        return failed(&err);
    return 0;
}

static int
add_cache_folder(void *data, const krait_pack_item *item)
{
    if (item->kind == KRAIT_PACK_DIRECTORY && pack_ends_with(item->path, "/__pycache__"))
        pack_list_add(data, item->path);
    return 0;
}

static int
drop_caches(pack_request *request)
{
    pack_list folders = {NULL, 0};
    int exit_status = 0;

    krait_pack_list(request->pack, add_cache_folder, &folders);
    for (size_t i = 0; i < folders.count && exit_status == 0; i++) {
        krait_error err;

        if (is_code(request, folders.items[i]) &&
            krait_pack_remove(request->pack, folders.items[i], &err) != KRAIT_OK)
            exit_status = failed(&err);
    }
    pack_list_release(&folders);
    return exit_status;
}

/* What every start reads. */
static void
prefer(const pack_request *request)
{
    static const char *const names[] = {"__init__", "aliases", "utf_8"};
    char path[PACK_PATH];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%.60s/encodings/%s.pyc", request->lib, names[i]);
        krait_pack_prefer(request->pack, path);
    }
    if (request->start != NULL && pack_path(path, sizeof(path), "%sc", request->start))
        krait_pack_prefer(request->pack, path);
    krait_pack_prefer(request->pack, PACK_APP "/__main__.pyc");
}

/* Nobody writes sources that large; to compile one takes gigabytes. */
static int
take_source(const pack_request *request, const char *path, pack_list *sources)
{
    bool is_start = request->start != NULL && strcmp(request->start, path) == 0;

    if (pack_is_small(request->pack, path)) {
        pack_list_add(sources, path);
        return 0;
    }
    pack_message(request, "'%s' is too large to be compiled%s", path,
                 is_start ? "" : " and stays a source");
    return is_start ? KRAIT_EXIT_REFUSED : 0;
}

int
pack_compile(pack_request *request)
{
    pack_list files;
    pack_list sources = {NULL, 0};
    int exit_status = 0;

    if (request->sources == PACK_SOURCES)
        return drop_caches(request);
    files = pack_files(request->pack);
    for (size_t i = 0; i < files.count && exit_status == 0; i++) {
        const char *path = files.items[i];
        bool is_used = false;

        if (!is_code(request, path) || !pack_ends_with(path, ".py") || pack_ends_with(path, "/.py"))
            continue;
        if (request->version[0] != '\0')
            exit_status = use_cache(request, path, &is_used);
        if (!is_used && exit_status == 0)
            exit_status = take_source(request, path, &sources);
    }
    pack_list_release(&files);
    if (exit_status == 0)
        exit_status = compile(request, &sources);
    pack_list_release(&sources);
    if (exit_status == 0 && request->sources == PACK_COMPILED)
        exit_status = drop_caches(request);
    prefer(request);
    return exit_status;
}
