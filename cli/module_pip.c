/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dependencies of a module: wheels that the pip of this machine fetches.
 *
 * Only wheels for every platform are asked for, and nothing of a dependency runs here: what pip would build
 * in spite of that is refused (module_requirement.c), or fails, for it has no Python to build with.  Where pip
 * gets them from is for its own configuration to say.
 */
#include "module.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- which pip ---------------------------------------------------------------------------- */

/* As -m pip, but without the current folder on sys.path: it may be that of a project that has a pip.py.  And
 * without a Python to start: a wheel may need something that is only there as sources, by its address,
 * and no option keeps pip from building that. */
#define WITHOUT_FOLDER                                                                             \
    "import sys; sys.executable = '/bin/false'; "                                                  \
    "sys.path[:] = [p for p in sys.path if p]; import runpy; "                                     \
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)"

static const char *const commands[][4] = {
    {"python3", "-c", WITHOUT_FOLDER, NULL}, {"pip3", NULL}, {"pip", NULL}};

static void
add_words(pack_list *list, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++)
        pack_list_add(list, words[i]);
}

/* How it is called; empty: none works. */
static pack_list
find_pip(void)
{
    pack_list found = {NULL, 0};

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && found.count == 0; i++) {
        pack_list words = {NULL, 0};
        char *output = NULL;
        int status = -1;

        add_words(&words, commands[i]);
        pack_list_add(&words, "--version");
        if (module_run(&words, &status, &output, &pack_interrupted) && status == 0)
            add_words(&found, commands[i]);
        free(output);
        pack_list_release(&words);
    }
    return found;
}

/* ---- what it may be asked ----------------------------------------------------------------- */

static bool
check_requirement(const pack_request *request, const char *text)
{
    if (!module_is_requirement(text)) {
        pack_message(request, "'%s' is no requirement: a name, then versions or markers", text);
        return false;
    }
    if (!module_names_sources(text))
        return true;
    pack_message(request,
                 "the requirement '%s' names sources, which would have to be built on this "
                 "machine: make a wheel of them, and give it with --deps",
                 text);
    return false;
}

/* ---- what went wrong ---------------------------------------------------------------------- */

/* The rest of the last line that has this text; allocated, or NULL. */
static char *
last_line(const char *output, const char *text)
{
    const char *found = NULL;
    const char *at = output;

    while ((at = strstr(at, text)) != NULL) {
        at += strlen(text);
        found = at;
    }
    return found != NULL ? cli_need(strndup(found, strcspn(found, "\r\n"))) : NULL;
}

/* The file's name in the first address of a wheel; allocated, or NULL. */
static char *
wheel_in(const char *report)
{
    const char *end = strstr(report, ".whl");
    const char *start = end;

    while (start != NULL && start > report && strchr("/\" ", start[-1]) == NULL)
        start--;
    return start != NULL ? cli_need(strndup(start, (size_t)(end + 4 - start))) : NULL;
}

/* What pip would take for this machine: the wheel's name; allocated, or NULL. */
static char *
native_wheel(const pack_request *request, const pack_list *pip, const char *requirement)
{
    const char *const options[] = {"install",
                                   "--dry-run",
                                   "--ignore-installed",
                                   "--no-deps",
                                   "--quiet",
                                   "--no-input",
                                   "--report",
                                   "-",
                                   "--only-binary",
                                   ":all:",
                                   "--disable-pip-version-check",
                                   "--target",
                                   request->document.wheels.files,
                                   "--",
                                   requirement,
                                   NULL};
    pack_list words = {NULL, 0};
    char *output = NULL;
    char *found = NULL;
    int status = -1;

    for (size_t i = 0; i < pip->count; i++)
        pack_list_add(&words, pip->items[i]);
    add_words(&words, options);
    if (module_run(&words, &status, &output, &pack_interrupted) && status == 0)
        found = wheel_in(output);
    pack_list_release(&words);
    free(output);
    return found;
}

static bool
is_unreachable(const char *output)
{
    static const char *const signs[] = {
        "NewConnectionError", "ConnectTimeoutError",  "ProxyError",       "NameResolutionError",
        "SSLError",           "Max retries exceeded", "Connection broken"};

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (strstr(output, signs[i]) != NULL)
            return true;
    }
    return false;
}

/* pip names a requirement as it was written, or "NAME (from OTHER)". */
static void
tell_missing(const pack_request *request, const pack_list *pip, char *missing)
{
    char *wheel;

    missing[strcspn(missing, "(")] = '\0';
    for (size_t size = strlen(missing); size > 0 && missing[size - 1] == ' '; size--)
        missing[size - 1] = '\0';
    wheel = native_wheel(request, pip, missing);
    if (wheel != NULL)
        pack_message(request,
                     "'%s' has native code ('%s'): only pure Python, wheels for every platform "
                     "(*-any.whl), can be in a module",
                     missing, wheel);
    else
        pack_message(request,
                     "'%s': pip finds no wheel for every platform (*-any.whl) of it that Python %s "
                     "could use%s; --deps gives a folder or a wheel instead",
                     missing, request->version,
                     request->document.is_offline ? ", and --offline keeps it from looking further"
                                                  : "");
    free(wheel);
}

static int
tell(const pack_request *request, const pack_list *pip, const char *output)
{
    char *missing = last_line(output, "No matching distribution found for ");
    char *line = last_line(output, "ERROR: ");

    if (is_unreachable(output))
        pack_message(request, "pip cannot reach where it gets packages from; --deps gives a folder "
                              "or wheels instead");
    else if (missing != NULL)
        tell_missing(request, pip, missing);
    else if (strstr(output, "error: subprocess-exited-with-error") != NULL)
        pack_message(
            request,
            "a dependency needs something that is only there as sources, which would have to be "
            "built on this machine; --deps gives a folder or wheels instead");
    else
        pack_message(request, "pip could not fetch the dependencies%s%s", line != NULL ? ": " : "",
                     line != NULL ? line : "");
    free(missing);
    free(line);
    return KRAIT_EXIT_FAILED;
}

/* ---- fetching ----------------------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The wheels, in the order of their names, become what --deps would have named. */
static void
take_wheels(pack_request *request)
{
    DIR *folder = opendir(request->document.wheels.files);
    struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (pack_is_wheel(entry->d_name)) {
            char *path = cli_path_join(request->document.wheels.files, entry->d_name);

            pack_list_add(&request->deps, path);
            free(path);
        }
    }
    if (folder != NULL)
        closedir(folder);
    if (request->deps.count > 0)
        qsort(request->deps.items, request->deps.count, sizeof(char *), by_name);
}

static pack_list
arguments(const pack_request *request, const pack_list *pip)
{
    const char *const options[] = {"download",
                                   "--no-input",
                                   "--disable-pip-version-check",
                                   "--progress-bar",
                                   "off",
                                   "--only-binary",
                                   ":all:",
                                   "--implementation",
                                   "py",
                                   "--abi",
                                   "none",
                                   "--platform",
                                   "any",
                                   "--python-version",
                                   request->version,
                                   "--dest",
                                   request->document.wheels.files,
                                   request->document.is_offline ? "--no-index" : NULL,
                                   NULL};
    pack_list words = {NULL, 0};

    for (size_t i = 0; i < pip->count; i++)
        pack_list_add(&words, pip->items[i]);
    add_words(&words, options);
    pack_list_add(&words, "--");
    for (size_t i = 0; i < request->document.wanted.count; i++)
        pack_list_add(&words, request->document.wanted.items[i]);
    return words;
}

static int
download(pack_request *request, const pack_list *pip)
{
    pack_list words = arguments(request, pip);
    char *output = NULL;
    int status = -1;
    int exit_status = 0;

    if (request->verbose || isatty(STDERR_FILENO) != 0)
        pack_message(request, "fetching %zu dependencies and what they need",
                     request->document.wanted.count);
    if (!module_run(&words, &status, &output, &pack_interrupted)) {
        pack_message(request, "cannot start '%s'", pip->items[0]);
        exit_status = KRAIT_EXIT_FAILED;
    } else if (pack_interrupted != 0) {
        exit_status = KRAIT_EXIT_FAILED;
    } else if (status != 0) {
        if (request->verbose)
            cli_put_plain(stderr, output, strlen(output));
        exit_status = tell(request, pip, output);
    } else {
        take_wheels(request);
    }
    free(output);
    pack_list_release(&words);
    return exit_status;
}

/* A pip that is started by its name cannot be told as python3 is that it has no Python to start: this is
 * imported before it.  False after a message. */
static bool
guard(const pack_request *request, pack_list *pip)
{
    const char *folder = request->document.wheels.files;
    const char *before = getenv("PYTHONPATH");
    pack_list words = {NULL, 0};
    char variable[2 * PACK_PATH];
    char path[PACK_PATH];
    FILE *to;

    if (strcmp(pip->items[0], commands[0][0]) == 0)
        return true;
    if (!pack_path(path, sizeof(path), "%s/sitecustomize.py", folder) ||
        !pack_path(variable, sizeof(variable), "PYTHONPATH=%s%s%s", folder,
                   before != NULL ? ":" : "", before != NULL ? before : ""))
        return false;
    to = fopen(path, "wxe");
    if (to == NULL || fputs("import sys\nsys.executable = '/bin/false'\n", to) < 0 ||
        fclose(to) != 0) {
        pack_message(request, "cannot write '%s': %s", path, strerror(errno));
        return false;
    }
    pack_list_add(&words, "env");
    pack_list_add(&words, variable);
    for (size_t i = 0; i < pip->count; i++)
        pack_list_add(&words, pip->items[i]);
    pack_list_release(pip);
    *pip = words;
    return true;
}

static bool
make_folder(pack_request *request)
{
    krait_error err;

    if (cli_scratch_make(&request->document.wheels, &err) == KRAIT_OK)
        return true;
    pack_message(request, "%s", err.text);
    return false;
}

int
module_fetch(pack_request *request)
{
    const pack_list *wanted = &request->document.wanted;
    pack_list pip;
    int exit_status = KRAIT_EXIT_FAILED;

    /* What was given is what there is. */
    if (wanted->count == 0 || request->deps.count > 0)
        return 0;
    for (size_t i = 0; i < wanted->count; i++) {
        if (!check_requirement(request, wanted->items[i]))
            return KRAIT_EXIT_REFUSED;
    }
    pip = find_pip();
    if (pip.count == 0)
        pack_message(request,
                     "'%s' needs '%s'%s, and there is no pip to fetch it (neither python3 -m pip "
                     "nor pip3 nor pip works): install one, or give the packages with --deps",
                     request->subject, wanted->items[0], wanted->count > 1 ? " and more" : "");
    else if (make_folder(request) && guard(request, &pip))
        exit_status = download(request, &pip);
    pack_list_release(&pip);
    return exit_status;
}
