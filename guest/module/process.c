/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process(): the export of a module that was made of a Python script.  docs/module-interface.md, "A
 * script and its calls".
 *
 * The module is a reactor.  A host calls _initialize() first, once, if it knows what that is; if it has not,
 * process() does it: constructors run in any case.  What is run is what the module's own arguments say,
 * which are packed into it (docs/pack-format.md): the path of a script, or -m and PACKAGE.MODULE[:FUNCTION].
 *
 * Python is isolated: no variable of the environment, no site of a user, no signal has a say.  It is never
 * finalised, and when it could not start, or the script could not be loaded, that is tried again: a host
 * asks for each document what became of it.
 */
#include "script.h"

#include "../wadup/wadup.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

#define APPLICATION "/app"

/* Where Python would be installed: the standard library is found from there. */
#define PROGRAM L"/usr/local/bin/python3"

#define SAY(text) ((void)fputs("krait: " text "\n", stderr))

__attribute__((export_name("process"))) int process(void);

void _initialize(void);

static bool is_constructed;
static bool is_started;
static krait_script script;

__attribute__((constructor)) static void
construct(void)
{
    is_constructed = true;
}

/* ---- arguments ---------------------------------------------------------------------------------- */

typedef struct arguments {
    uint8_t **items;
    uint8_t *bytes;
    size_t count;
} arguments;

static void
release(arguments *args)
{
    free(args->items);
    free(args->bytes);
}

static int
get(arguments *ret)
{
    size_t size = 0;

    *ret = (arguments){NULL, NULL, 0};
    if (__wasi_args_sizes_get(&ret->count, &size) != 0) {
        SAY("the host gives no arguments");
        return -1;
    }
    ret->items = calloc(ret->count + 1, sizeof(*ret->items));
    ret->bytes = calloc(size + 1, 1);
    if (ret->items == NULL || ret->bytes == NULL ||
        (ret->count > 0 && __wasi_args_get(ret->items, ret->bytes) != 0)) {
        SAY("the arguments cannot be had");
        release(ret);
        return -1;
    }
    return 0;
}

/* ---- the start of Python ------------------------------------------------------------------------ */

static PyStatus
configure(PyConfig *config, const arguments *args)
{
    PyStatus status;

    PyConfig_InitIsolatedConfig(config);
    config->write_bytecode = 0;
    config->parse_argv = 0;
    /* Of sys.executable, else the script would be it. */
    status = PyConfig_SetString(config, &config->program_name, PROGRAM);
    if (!PyStatus_Exception(status) && args->count > 1) {
        /* What is after the name of the program is the program's. */
        status = PyConfig_SetBytesArgv(config, (Py_ssize_t)args->count - 1,
                                       (char *const *)(args->items + 1));
    }
    return status;
}

static PyStatus
start_python(const arguments *args)
{
    PyPreConfig before;
    PyConfig config;
    PyStatus status;

    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status)) {
        return status;
    }
    if (PyImport_AppendInittab("wadup", PyInit_wadup) != 0) {
        return PyStatus_NoMemory();
    }
    status = configure(&config, args);
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    return status;
}

/* ---- the script --------------------------------------------------------------------------------- */

/* The folder of a file, or the folder itself. */
static int
add_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(path, '.');
    char *folder;
    int rc;

    if (slash == NULL || slash == path || dot == NULL || dot < slash) {
        return krait_script_add_folder(path);
    }
    folder = strndup(path, (size_t)(slash - path));
    if (folder == NULL) {
        (void)PyErr_NoMemory();
        return -1;
    }
    rc = krait_script_add_folder(folder);
    free(folder);
    return rc;
}

static int
load(const char *what, const char *entry)
{
    if (strcmp(what, "-m") != 0) {
        return add_folder_of(what) == 0 ? krait_script_open(&script, what) : -1;
    }
    return krait_script_add_folder(APPLICATION) == 0 ? krait_script_entry(&script, entry) : -1;
}

/* Once a script is there, nothing is left to do. */
static int
start(void)
{
    arguments args;
    const char *what;
    const char *entry;
    int rc = -1;

    if (script.code != NULL || script.module != NULL) {
        return 0;
    }
    if (get(&args) != 0) {
        return -1;
    }
    what = args.count > 1 ? (const char *)args.items[1] : NULL;
    entry = args.count > 2 ? (const char *)args.items[2] : NULL;
    if (what == NULL || (strcmp(what, "-m") == 0 && entry == NULL)) {
        SAY("this module has no script: `krait module` makes one that has");
        release(&args);
        return -1;
    }
    if (!is_started) {
        PyStatus status = start_python(&args);

        if (PyStatus_Exception(status)) {
            (void)fprintf(stderr, "krait: Python does not start: %s\n",
                          status.err_msg != NULL ? status.err_msg : "it wants to exit");
            release(&args);
            return -1;
        }
        is_started = true;
    }
    rc = load(what, entry);
    if (rc != 0) {
        (void)krait_script_report();
    }
    release(&args);
    return rc;
}

int
process(void)
{
    if (!is_constructed) {
        _initialize();
    }
    return start() == 0 ? krait_script_run(&script) : 1;
}
