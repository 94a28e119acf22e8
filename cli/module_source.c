/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a module for documents consists of, and what of it process() runs.
 *
 * Everything is below /app, dependencies too.  A script is /app/NAME.py; of a project the sources are
 * there, in src/ or beside pyproject.toml.  process() finds what it runs behind the program's
 * name in its arguments, which the pack has: the script's path, or -m and MODULE[:FUNCTION].
 */
#include "module.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* No file has an earlier time in a zip archive. */
#define NO_TIME (INT64_C(315532800) * 1000000000)

static int
failed(const krait_error *err)
{
    cli_error(err);
    return cli_status_of(err);
}

static bool
is_kind(const char *folder, const char *name, mode_t kind)
{
    char *path = cli_path_join(folder, name);
    struct stat status;
    bool is = stat(path, &status) == 0 && (status.st_mode & S_IFMT) == kind;

    free(path);
    return is;
}

/* ---- what was named ----------------------------------------------------------------------- */

/* Folders of examples have their script in src, and no project around it. */
static int
look_in_folder(pack_request *request)
{
    static const char *const scripts[] = {"src/script.py", "script.py", "__main__.py"};
    pack_document *document = &request->document;

    if (is_kind(request->subject, "pyproject.toml", S_IFREG)) {
        document->pyproject = cli_path_join(request->subject, "pyproject.toml");
        return 0;
    }
    if (request->entry != NULL)
        return 0;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        if (is_kind(request->subject, scripts[i], S_IFREG))
            return 0;
    }
    pack_message(request,
                 "'%s' has no pyproject.toml, no src/script.py, no script.py and no __main__.py: "
                 "say with --entry MODULE[:FUNCTION] what is called",
                 request->subject);
    return KRAIT_EXIT_REFUSED;
}

int
module_look(pack_request *request)
{
    struct stat status;

    if (stat(request->subject, &status) != 0) {
        pack_message(request, "cannot open '%s': %s", request->subject, strerror(errno));
        return KRAIT_EXIT_MISSING;
    }
    if (S_ISDIR(status.st_mode)) {
        request->document.root = cli_need(strdup(request->subject));
        return look_in_folder(request);
    }
    if (S_ISREG(status.st_mode) && request->entry == NULL && !pack_is_wheel(request->subject))
        return 0;
    pack_message(request,
                 request->entry != NULL
                     ? "--entry is for a folder, and '%s' is a file, which is run as it is"
                     : "'%s' is neither a script nor a folder; packages are given with --deps",
                 request->subject);
    return KRAIT_EXIT_REFUSED;
}

/* ---- the sources of a project ------------------------------------------------------------- */

/* The first part of MODULE[:FUNCTION] in a folder, as a module or a package. */
static bool
has_module(const char *folder, const char *entry)
{
    char name[512];
    int size = (int)strcspn(entry, ".:");

    if (!pack_path(name, sizeof(name), "%.*s.py", size, entry))
        return false;
    if (is_kind(folder, name, S_IFREG))
        return true;
    name[size] = '\0';
    return is_kind(folder, name, S_IFDIR);
}

static void
set_root(pack_request *request, const char *path)
{
    char *copy = cli_need(strdup(path));

    free(request->document.root);
    request->document.root = copy;
}

/* The script of a folder that has no entry point; NULL: none. */
static const char *
find_script(const char *folder)
{
    static const char *const names[] = {"script.py", "__main__.py"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (is_kind(folder, names[i], S_IFREG))
            return names[i];
    }
    return NULL;
}

static int
set_script(pack_request *request, const char *name)
{
    char path[PACK_PATH];

    if (!pack_path(path, sizeof(path), PACK_APP "/%s%s", name,
                   pack_ends_with(name, ".py") ? "" : ".py"))
        return KRAIT_EXIT_FAILED;
    request->start = cli_need(strdup(path));
    return 0;
}

/* A dotted name, and perhaps a colon and a name without dots. */
static bool
is_entry(const char *entry)
{
    static const char begins[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    bool is_start = true;
    unsigned colons = 0;

    for (const char *at = entry; *at != '\0'; at++) {
        bool is_between = *at == '.' || *at == ':';

        colons += *at == ':';
        if (colons > 0 && *at == '.')
            return false;
        if (is_start ? strchr(begins, *at) == NULL
                     : !is_between && (*at < '0' || *at > '9') && strchr(begins, *at) == NULL)
            return false;
        is_start = is_between;
    }
    return !is_start && colons < 2 && strlen(entry) < 400;
}

static int
choose_project(pack_request *request)
{
    pack_document *document = &request->document;
    char *source = cli_path_join(request->subject, "src");
    bool has_source = is_kind(request->subject, "src", S_IFDIR);
    const char *script = NULL;
    int exit_status = 0;

    if (document->entry == NULL) {
        script = has_source ? find_script(source) : NULL;
        if (script != NULL)
            set_root(request, source);
        else
            script = find_script(request->subject);
        if (script != NULL)
            exit_status = set_script(request, script);
        else
            exit_status = KRAIT_EXIT_REFUSED;
    } else if (has_source && (has_module(source, document->entry) ||
                              !has_module(request->subject, document->entry))) {
        set_root(request, source);
    }
    if (exit_status == KRAIT_EXIT_REFUSED)
        pack_message(request,
                     "'%s' does not say what is called: entry-point = \"MODULE[:FUNCTION]\" in "
                     "[tool.krait] or [tool.wadup], exactly one of [project.scripts], a script.py "
                     "or __main__.py, or the option --entry",
                     document->pyproject != NULL ? document->pyproject : request->subject);
    free(source);
    return exit_status;
}

int
module_choose(pack_request *request)
{
    pack_document *document = &request->document;
    const char *slash = strrchr(request->subject, '/');

    if (request->entry != NULL)
        document->entry = cli_need(strdup(request->entry));
    if (document->entry != NULL && !is_entry(document->entry)) {
        pack_message(request, "'%s' is no MODULE[:FUNCTION]", document->entry);
        return KRAIT_EXIT_REFUSED;
    }
    if (document->root == NULL)
        return set_script(request, slash != NULL ? slash + 1 : request->subject);
    return choose_project(request);
}

/* ---- into the pack ------------------------------------------------------------------------ */

static bool
is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

/* A package, or a folder of modules. */
static bool
has_sources(const char *root, const char *name)
{
    char *path = cli_path_join(root, name);
    DIR *folder = opendir(path);
    struct dirent *entry;
    bool has = false;

    while (folder != NULL && !has && (entry = readdir(folder)) != NULL)
        has = pack_ends_with(entry->d_name, ".py");
    if (folder != NULL)
        closedir(folder);
    free(path);
    return has;
}

/* What a project has beside its sources; `is_mixed`: they are not in a folder of their own. */
static bool
is_left_out(const char *root, const char *name, bool is_mixed)
{
    static const char *const never[] = {"build",        "dist",        "target",
                                        "node_modules", "__pycache__", NULL};
    static const char *const others[] = {"tests",    "test",        "docs",       "doc",
                                         "scripts",  "examples",    "tools",      "benchmarks",
                                         "setup.py", "conftest.py", "noxfile.py", NULL};
    char path[PACK_PATH];

    if (name[0] == '.' || pack_ends_with(name, ".egg-info") || is_one_of(name, never))
        return true;
    if (is_kind(root, name, S_IFDIR)) {
        /* A virtual environment. */
        if (!pack_path(path, sizeof(path), "%s/pyvenv.cfg", name) || is_kind(root, path, S_IFREG))
            return true;
        return is_mixed && (is_one_of(name, others) || !has_sources(root, name));
    }
    if (is_mixed)
        return !pack_ends_with(name, ".py") || is_one_of(name, others);
    return pack_ends_with(name, ".wasm");
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
list_folder(pack_request *request, pack_list *names)
{
    const pack_document *document = &request->document;
    bool is_mixed = document->pyproject != NULL && strcmp(document->root, request->subject) == 0;
    DIR *folder = opendir(document->root);
    struct dirent *entry;

    if (folder == NULL) {
        pack_message(request, "cannot read '%s': %s", document->root, strerror(errno));
        return KRAIT_EXIT_REFUSED;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (!is_left_out(document->root, entry->d_name, is_mixed))
            pack_list_add(names, entry->d_name);
    }
    closedir(folder);
    if (names->count > 0)
        qsort(names->items, names->count, sizeof(char *), by_name);
    return 0;
}

static int
add(pack_request *request, const char *host, const char *guest)
{
    krait_error err;

    if (pack_exists(request->pack, guest, NULL))
        pack_message(request, "'%s' takes the place of the same in a dependency", host);
    if (krait_pack_add(request->pack, host, guest, KRAIT_PACK_WITHOUT_CACHES, &err) != KRAIT_OK)
        return failed(&err);
    return 0;
}

/* A project may come from anybody: what it links to elsewhere is not its own. */
static int
check_inside(const pack_request *request, const char *host)
{
    char *real = realpath(host, NULL);
    char *folder = realpath(request->subject, NULL);
    bool is_inside = real == NULL || folder == NULL || strcmp(folder, "/") == 0 ||
                     pack_is_below(real, folder);

    if (!is_inside)
        pack_message(request, "'%s' leads to '%s' by a symbolic link, which is outside of '%s'",
                     host, real, request->subject);
    free(real);
    free(folder);
    return is_inside ? 0 : KRAIT_EXIT_REFUSED;
}

int
module_add(pack_request *request)
{
    pack_list names = {NULL, 0};
    int exit_status;

    if (request->document.root == NULL)
        return add(request, request->subject, request->start);
    exit_status = list_folder(request, &names);
    for (size_t i = 0; i < names.count && exit_status == 0; i++) {
        char *host = cli_path_join(request->document.root, names.items[i]);
        char guest[PACK_PATH];

        exit_status = check_inside(request, host);
        if (exit_status == 0)
            exit_status = pack_path(guest, sizeof(guest), PACK_APP "/%s", names.items[i])
                              ? add(request, host, guest)
                              : KRAIT_EXIT_FAILED;
        free(host);
    }
    pack_list_release(&names);
    return exit_status;
}

/* ---- what starts -------------------------------------------------------------------------- */

/* The file of the entry's module becomes what has to compile.  One of the library is compiled. */
static int
find_entry(pack_request *request)
{
    const char *const endings[] = {".py", "/__init__.py", ".pyc", "/__init__.pyc"};
    const char *const folders[] = {PACK_APP, request->lib};
    const char *entry = request->document.entry;
    char *name = cli_need(strndup(entry, strcspn(entry, ":")));
    char path[PACK_PATH];

    for (char *at = name; *at != '\0'; at++)
        *at = *at == '.' ? '/' : *at;
    for (size_t i = 0; i < 8 && request->start == NULL; i++) {
        if (pack_path(path, sizeof(path), "%s/%s%s", folders[i / 4], name, endings[i % 4]) &&
            pack_exists(request->pack, path, NULL))
            request->start = cli_need(strdup(path));
    }
    free(name);
    if (request->start != NULL)
        return 0;
    pack_message(request,
                 "the module of '%s' is nowhere: neither in '%s', nor in the dependencies, nor in "
                 "the standard library",
                 entry, request->document.root);
    return KRAIT_EXIT_REFUSED;
}

static int
put_section(pack_request *request)
{
    const pack_document *document = &request->document;
    const char *slash = strrchr(request->subject, '/');
    char *base = document->root != NULL
                     ? pack_own_name(request->subject)
                     : cli_need(strdup(slash != NULL ? slash + 1 : request->subject));
    char *text = NULL;
    size_t size = 0;
    FILE *to = cli_need(open_memstream(&text, &size));
    krait_error err;
    krait_status status;

    if (document->root == NULL && pack_ends_with(base, ".py"))
        base[strlen(base) - 3] = '\0';
    fprintf(to, "{\"format\":%d,\"python\":\"%s\",\"%s\":", KRAIT_MODULE_FORMAT, request->version,
            document->entry != NULL ? "entry" : "script");
    cli_json_text(to, document->entry != NULL ? document->entry : request->start);
    fprintf(to, ",\"runtime\":\"%s\",\"name\":", krait_pack_program_sha256(request->pack));
    cli_json_text(to, document->name != NULL       ? document->name
                      : document->own_name != NULL ? document->own_name
                                                   : base);
    fputc('}', to);
    if (fclose(to) != 0)
        cli_need(NULL);
    status = krait_pack_set_module(request->pack, text, size, &err);
    free(text);
    free(base);
    return status == KRAIT_OK ? 0 : failed(&err);
}

int
module_set_start(pack_request *request)
{
    krait_pack_start start;
    const char *argv[2] = {request->start, NULL};
    krait_error err;
    int exit_status = 0;

    krait_pack_get_start(request->pack, &start);
    start.argv = argv;
    start.argv_count = 1;
    if (request->document.entry != NULL) {
        exit_status = find_entry(request);
        argv[0] = "-m";
        argv[1] = request->document.entry;
        start.argv_count = 2;
    }
    if (exit_status == 0 && krait_pack_set_start(request->pack, &start, &err) != KRAIT_OK)
        exit_status = failed(&err);
    /* What a module does depends on no time of its files. */
    krait_pack_limit_times(request->pack, PACK_APP, NO_TIME);
    return exit_status == 0 ? put_section(request) : exit_status;
}
