/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules: what each document goes through.
 *
 * All of them are opened, and looked at, before any document is touched.  A module of `krait module` is a
 * Python script with an interpreter around it; it runs on the installed interpreter, from a snapshot
 * in which its script is compiled already.  Every other one, or all with PROC_RUNTIME_MODULE, is
 * translated and called by its export `process`.
 */
#ifndef KRAIT_PROCESS_MODULE_H
#define KRAIT_PROCESS_MODULE_H

#include "limits.h"
#include "training.h"

#include <krait/krait.h>

#include <stdbool.h>

typedef enum proc_runtime {
    PROC_RUNTIME_AUTO = 0, /* scripts on the installed Python, when there is one of their version */
    PROC_RUNTIME_NATIVE = 1, /* the same, and it is an error when there is none */
    PROC_RUNTIME_MODULE = 2  /* each module's own code */
} proc_runtime;

typedef struct proc_module {
    char *name; /* of the file, without ".wasm" */
    char *path;
    krait_module *code;       /* NULL: it is a script, and the code is the set's Python */
    krait_snapshot *snapshot; /* that instances are made from; NULL: of the code */
    proc_training *training;  /* of a script, which makes the snapshots then; or NULL */
    bool has_start;           /* `_start` has to be called before `process` */
    char *folder;             /* of a script's files on the host; or NULL */
} proc_module;

/* Translates a module: the path of the .krt, allocated with malloc(), or NULL after a message. */
typedef char *(*proc_translate_fn)(void *data, const char *path, bool meter);

typedef struct proc_module_options {
    proc_runtime runtime;
    const char *python;     /* folder of the installed Python; NULL: the library finds it */
    const char *python_krt; /* another translation of it: the metered one; or NULL */
    const char *filename;   /* KRAIT_MODULE_FILENAME_VARIABLE; NULL: not set */
    proc_limits limits;
    proc_translate_fn translate;
    void *translate_data;
    /* An empty folder for the files of a script: its path, allocated with malloc(), or NULL after filling
     * `err`.  It is to stay until the modules are closed. */
    char *(*make_folder)(void *data, krait_error *err);
    void *folder_data;
    /* Told why a script does not run on the installed Python, where that is no error; may be NULL. */
    void (*note)(void *data, const char *text);
    void *note_data;
} proc_module_options;

typedef struct proc_modules {
    krait_engine *engine;
    krait_module *python; /* NULL: no script runs on it */
    proc_module *items;   /* in the order of their names */
    size_t count;
    proc_module_options options;
} proc_modules;

/* Every "*.wasm" of a folder.  The text of the error names the module. */
krait_status proc_modules_open(const char *folder, const proc_module_options *options,
                               proc_modules *ret, krait_error *err);
/* One file. */
krait_status proc_modules_open_one(const char *path, const proc_module_options *options,
                                   proc_modules *ret, krait_error *err);
void proc_modules_close(proc_modules *modules);

/* The configuration of an instance, without its functions. */
krait_status proc_module_configure(const proc_modules *modules, const proc_module *module,
                                   krait_config **ret, krait_error *err);

/* ---- module_open.c ------------------------------------------------------------------------ */

krait_status proc_module_open_code(proc_modules *modules, proc_module *module, krait_error *err);
/* Calls `_start` in a new sandbox of a module that is a program as well. */
krait_status proc_module_begin(const proc_module *module, krait_sandbox *sandbox, krait_error *err);

/* ---- module_script.c ---------------------------------------------------------------------- */

/* What the section of `krait module` says. */
typedef struct proc_script_info {
    char python[16];
    char script[256]; /* absolute path in the module, or empty */
    char entry[256];  /* "pkg.mod[:func]", or empty */
} proc_script_info;

/* KRAIT_ENOTFOUND: the module has no such section. */
krait_status proc_script_look(const char *path, proc_script_info *ret, krait_error *err);
/* KRAIT_EUNSUPPORTED, KRAIT_ENOTFOUND: it cannot run on the installed Python. */
krait_status proc_module_open_script(proc_modules *modules, proc_module *module,
                                     const proc_script_info *info, krait_error *err);

/* ---- wasm_section.c ----------------------------------------------------------------------- */

/* The contents of a custom section of a WebAssembly module, allocated with malloc().  KRAIT_ENOTFOUND: it
 * has none of that name; KRAIT_EFORMAT: it is no WebAssembly module. */
krait_status proc_wasm_section(const char *path, const char *name, char **ret, size_t *ret_size,
                               krait_error *err);

#endif /* KRAIT_PROCESS_MODULE_H */
