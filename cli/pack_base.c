/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is packed into: a portable python.wasm or a module that was packed before, and the standard library.
 *
 * A build's folder has bin/python.wasm, usr/local/lib/python3.X, share/doc with licences, and MANIFEST.json,
 * whose source_date_epoch stands for the times of the library: those of its files are when somebody built it.
 */
#include "pack.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- where it is -------------------------------------------------------------------------- */

static bool
is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The folder of a build that a module is in (FOLDER/bin/MODULE); allocated, or NULL. */
static char *
tree_of(const char *module)
{
    char *real = realpath(module, NULL);
    char *slash = real != NULL ? strrchr(real, '/') : NULL;
    char *library;
    bool is_build = false;

    if (slash != NULL && slash - real >= 4 && memcmp(slash - 4, "/bin", 4) == 0) {
        slash[-4] = '\0';
        library = cli_path_join(real, "usr/local/lib");
        is_build = is_folder(library);
        free(library);
    }
    if (is_build)
        return real;
    free(real);
    return NULL;
}

static int
tell_missing(const pack_request *request, const char *folder)
{
    if (request->document.is_wanted)
        pack_message(request,
                     "there is no module runtime%s%s%s: name one with --runtime or "
                     "KRAIT_MODULE_RUNTIME; `krait module` in a checkout makes it",
                     folder != NULL ? " at '" : "", folder != NULL ? folder : "",
                     folder != NULL ? "'" : "");
    else
        pack_message(request,
                     "there is no portable Python%s%s%s: name a module or the folder of a build "
                     "with --python, or one with KRAIT_PORTABLE; `krait build-python --out DIR` "
                     "makes one",
                     folder != NULL ? " at '" : "", folder != NULL ? folder : "",
                     folder != NULL ? "'" : "");
    return KRAIT_EXIT_MISSING;
}

static int
find_module(pack_request *request)
{
    char *folder;

    if (request->python != NULL)
        folder = cli_need(strdup(request->python));
    else
        folder = request->document.is_wanted ? cli_runtime_for_modules()
                                             : cli_runtime_for_packing();
    if (folder == NULL || access(folder, F_OK) != 0) {
        int exit_status = tell_missing(request, folder);

        free(folder);
        return exit_status;
    }
    if (is_folder(folder)) {
        request->module = cli_path_join(folder, "bin/python.wasm");
        request->tree = folder;
    } else {
        request->module = folder;
        request->tree = tree_of(folder);
    }
    return 0;
}

/* ---- which Python ------------------------------------------------------------------------- */

/* "3.13" of "python3.13". */
static bool
take_version(pack_request *request, const char *name)
{
    static const char prefix[] = "python3.";
    size_t size = sizeof(prefix) - 1;

    if (strncmp(name, prefix, size) != 0 || strspn(name + size, "0123456789") == 0 ||
        name[size + strspn(name + size, "0123456789")] != '\0' || strlen(name) > 20)
        return false;
    snprintf(request->version, sizeof(request->version), "%s", name + 6);
    return true;
}

static int
look_in_pack(void *data, const krait_pack_item *item)
{
    pack_request *request = data;
    const char *name = item->path + sizeof(PACK_LIB);

    return item->kind == KRAIT_PACK_DIRECTORY &&
           strncmp(item->path, PACK_LIB "/", sizeof(PACK_LIB)) == 0 && strchr(name, '/') == NULL &&
           take_version(request, name);
}

static void
look_in_tree(pack_request *request)
{
    char *path = request->tree != NULL ? cli_path_join(request->tree, "usr/local/lib") : NULL;
    DIR *folder = path != NULL ? opendir(path) : NULL;
    struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (take_version(request, entry->d_name))
            break;
    }
    if (folder != NULL)
        closedir(folder);
    free(path);
}

/* ---- MANIFEST.json of the build ----------------------------------------------------------- */

/* The next text in quotes from `at` on, before `end`; NULL: none. */
static const char *
next_text(const char *at, const char *end, char *text, size_t size)
{
    const char *open = memchr(at, '"', (size_t)(end - at));
    const char *close = open != NULL ? memchr(open + 1, '"', (size_t)(end - open - 1)) : NULL;

    if (close == NULL || (size_t)(close - open) > size)
        return NULL;
    memcpy(text, open + 1, (size_t)(close - open - 1));
    text[close - open - 1] = '\0';
    return close + 1;
}

static const char *
licence_of(const char *name)
{
    static const char *const known[][2] = {
        {"python", "PSF-2.0"},
        {"zlib", "Zlib"},
        {"bzip2", "bzip2-1.0.6"},
        {"xz", "0BSD"},
        {"expat", "MIT"},
        {"sqlite", "blessing"},
        {"mpdecimal", "BSD-2-Clause"},
        {"wasi-libc", "(Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT) AND MIT"}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(name, known[i][0]) == 0)
            return known[i][1];
    }
    return NULL;
}

static int
note_source(pack_request *request, const char *name, const char *version)
{
    char place[256];
    krait_pack_component component = {
        .name = name, .version = version, .licence = licence_of(name), .place = place};
    krait_error err;

    if (!pack_path(place, sizeof(place), PACK_LICENCES "/%s",
                   strcmp(name, "python") == 0 ? "cpython" : name))
        return KRAIT_EXIT_FAILED;
    if (!pack_exists(request->pack, place, NULL))
        component.place = NULL;
    if (krait_pack_add_component(request->pack, &component, &err) == KRAIT_OK)
        return 0;
    cli_error(&err);
    return KRAIT_EXIT_FAILED;
}

/* "sources": {"NAME": {..., "version": "V"}, ...} as the recipes write it: nothing in it is escaped. */
static int
note_sources(pack_request *request, const char *json)
{
    const char *at = strstr(json, "\"sources\": {");
    const char *end = at != NULL ? strstr(at, "}\n  }") : NULL;
    char name[128];
    char word[256];
    int exit_status = 0;

    if (end == NULL)
        return 0;
    at += strlen("\"sources\": {");
    while (exit_status == 0 && (at = next_text(at, end, name, sizeof(name))) != NULL) {
        const char *close = memchr(at, '}', (size_t)(end + 1 - at));
        bool has_version = false;

        if (close == NULL)
            break;
        while (!has_version && (at = next_text(at, close, word, sizeof(word))) != NULL)
            has_version = strcmp(word, "version") == 0;
        if (has_version && next_text(at, close, word, sizeof(word)) != NULL)
            exit_status = note_source(request, name, word);
        at = close;
    }
    return exit_status;
}

static int64_t
epoch_of(const char *json)
{
    static const char key[] = "\"source_date_epoch\": ";
    const char *at = strstr(json, key);
    uint64_t value = 0;

    if (at == NULL)
        return INT64_MAX;
    for (at += sizeof(key) - 1; *at >= '0' && *at <= '9' && value < 9000000000u; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    return value > 0 && value < 9000000000u ? (int64_t)value * 1000000000 : INT64_MAX;
}

/* ---- the library -------------------------------------------------------------------------- */

static int
failed(const krait_error *err)
{
    cli_error(err);
    return cli_status_of(err);
}

static int
add_licences(pack_request *request)
{
    char *folder = cli_path_join(request->tree, "share/doc");
    krait_error err;
    int exit_status = 0;

    if (is_folder(folder) &&
        krait_pack_add(request->pack, folder, PACK_LICENCES, 0, &err) != KRAIT_OK)
        exit_status = failed(&err);
    free(folder);
    return exit_status;
}

static int
add_library(pack_request *request)
{
    char name[128];
    char *folder;
    char *path;
    char *json = NULL;
    size_t size = 0;
    krait_error err;
    int exit_status;

    snprintf(name, sizeof(name), "usr/local/lib/python%s", request->version);
    folder = cli_path_join(request->tree, name);
    exit_status = krait_pack_add(request->pack, folder, request->lib, 0, &err) == KRAIT_OK
                      ? add_licences(request)
                      : failed(&err);
    free(folder);
    path = cli_path_join(request->tree, "MANIFEST.json");
    if (exit_status == 0 && access(path, R_OK) == 0)
        exit_status = pack_read_host(path, &json, &size);
    free(path);
    if (exit_status == 0 && json != NULL) {
        krait_pack_limit_times(request->pack, "/usr", epoch_of(json));
        exit_status = note_sources(request, json);
    }
    free(json);
    /* Python looks for it, and warns when it is not there. */
    snprintf(name, sizeof(name), "%s/lib-dynload", request->lib);
    if (exit_status == 0 && krait_pack_put_directory(request->pack, name, &err) != KRAIT_OK)
        exit_status = failed(&err);
    return exit_status;
}

/* What process() runs is below one folder. */
static int
check_module_runtime(pack_request *request)
{
    if (!krait_pack_exports(request->pack, KRAIT_MODULE_PROCESS)) {
        pack_message(request, "'%s' is no module runtime: it does not export %s()", request->module,
                     KRAIT_MODULE_PROCESS);
        return KRAIT_EXIT_REFUSED;
    }
    if (krait_pack_module(request->pack, NULL) != NULL) {
        pack_message(request, "'%s' is a module already, not the runtime of one", request->module);
        return KRAIT_EXIT_REFUSED;
    }
    snprintf(request->site, sizeof(request->site), PACK_APP);
    return 0;
}

int
pack_open_base(pack_request *request)
{
    krait_error err;
    int exit_status = find_module(request);
    bool is_there;

    if (exit_status != 0)
        return exit_status;
    if (krait_pack_open(request->module, &request->pack, &err) != KRAIT_OK)
        return failed(&err);
    krait_pack_list(request->pack, look_in_pack, request);
    is_there = request->version[0] != '\0';
    if (!is_there)
        look_in_tree(request);
    snprintf(request->lib, sizeof(request->lib), PACK_LIB "/python%s", request->version);
    snprintf(request->site, sizeof(request->site), "%s/site-packages", request->lib);
    if (request->document.is_wanted)
        exit_status = check_module_runtime(request);
    if (exit_status != 0 || is_there || !request->has_library)
        return exit_status;
    if (request->version[0] == '\0') {
        pack_message(
            request,
            "there is no standard library beside '%s' (FOLDER/bin/python.wasm, "
            "FOLDER/usr/local/lib/python3.X): name the folder of a build with --python, or "
            "pack without one: --stdlib no",
            request->module);
        return KRAIT_EXIT_MISSING;
    }
    return add_library(request);
}
