/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script that is run for each document, in a Python that stays: what process() does, in the module
 * runtime and in Krait's native one.  docs/module-interface.md, "A script and its calls".
 *
 * All but krait_script_run() return 0, or -1 with an exception set.
 */
#ifndef KRAIT_SCRIPT_H
#define KRAIT_SCRIPT_H

#include <Python.h>

/** Either a code object, which is run in __main__, or a module and a function in it. */
typedef struct krait_script {
    PyObject *code;
    PyObject *module;   /* name */
    PyObject *function; /* name, or NULL: main(), if there is one */
} krait_script;

/**
 * Loads a script: NAME.pyc, or NAME.py, for which __pycache__/NAME.cpython-3XX.pyc is taken when it has an
 * unchecked hash (PEP 552), or a folder with __main__.py or __main__.pyc.  __main__.__file__ becomes the path.
 */
int krait_script_open(krait_script *script, const char *path);

/** Compiles a script.  `path` is for __main__.__file__ and tracebacks; it need not exist. */
int krait_script_compile(krait_script *script, const char *text, size_t size, const char *path);

/** PACKAGE.MODULE[:FUNCTION]. */
int krait_script_entry(krait_script *script, const char *entry);

void krait_script_release(krait_script *script);

/** Makes this the first folder of sys.path, if it is not yet. */
int krait_script_add_folder(const char *folder);

/**
 * Runs it.  What it leaves in __main__ and elsewhere stays for the next run.
 *
 * @return 0; 1: an exception was not caught, and has been printed, or SystemExit with another code
 *         than None and 0, whose text has been printed
 */
int krait_script_run(const krait_script *script);

/** Prints the exception that is set, and clears it.  The result is that of krait_script_run(). */
int krait_script_report(void);

#endif /* KRAIT_SCRIPT_H */
