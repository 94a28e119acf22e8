/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program: python3, with all its options, and three things more. In the native flavour
 * it can be a session instead: guest/session.
 *
 * It starts in the folder that KRAIT_CWD names, for the host cannot set the working
 * directory of a WASI program; the variable is gone before Python looks.
 *
 * The export krait_signal is how the host delivers a signal (Ctrl-C): it raises it in libc's
 * emulation, which runs the handler that Python installed.
 *
 * When a script ends with an uncaught ModuleNotFoundError, the folder of the script is asked
 * for NAME.py and NAME/__init__.py. The import system itself does not ask when the folder is
 * not visible at all, and the host has to know which files were wanted to say which --dir
 * would grant them. Elsewhere these are two failed look-ups of a program that ends anyway.
 *
 * The end is caught by the linker (--wrap=Py_FinalizeEx), not by an audit hook: with a hook
 * every id(), open() and import would pay for building an event.
 */
/* First, and not only for Python: its pyconfig.h asks libc for signals. */
#include <Python.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef KRAIT_NATIVE
#include "../session/session.h"
#endif

int __real_Py_FinalizeEx(void);
int __wrap_Py_FinalizeEx(void);
void krait_signal(int number);
void krait_enter(const char *folder);
void krait_enter_folder(void);

static void
probe(const char *folder, const char *name, const char *rest)
{
    char path[4096];
    struct stat ignored;
    int n = snprintf(path, sizeof(path), "%s%s%.*s%s", folder, *folder == '\0' ? "" : "/",
                     (int)strcspn(name, "."), name, rest);

    if (n > 0 && (size_t)n < sizeof(path)) {
        (void)stat(path, &ignored);
    }
}

/* The first folder of sys.path, unless it is not the script's (-I, -P). Borrowed. */
static const char *
script_folder(void)
{
    PyObject *path = PySys_GetObject("path");
    PyObject *flags = PySys_GetObject("flags");
    PyObject *safe = flags == NULL ? NULL : PyObject_GetAttrString(flags, "safe_path");
    const char *folder = NULL;

    if (safe == Py_False && path != NULL && PyList_Check(path) && PyList_GET_SIZE(path) > 0 &&
        PyUnicode_Check(PyList_GET_ITEM(path, 0))) {
        folder = PyUnicode_AsUTF8(PyList_GET_ITEM(path, 0));
    }
    Py_XDECREF(safe);
    return folder;
}

static void
probe_missing_module(void)
{
    PyObject *error = PySys_GetObject("last_exc");
    PyObject *name;
    const char *folder;
    const char *text;

    if (error == NULL || !PyErr_GivenExceptionMatches(error, PyExc_ModuleNotFoundError)) {
        return;
    }
    folder = script_folder();
    name = PyObject_GetAttrString(error, "name");
    if (folder != NULL && name != NULL && PyUnicode_Check(name)) {
        text = PyUnicode_AsUTF8(name);
        if (text != NULL) {
            probe(folder, text, ".py");
            probe(folder, text, "/__init__.py");
        }
    }
    Py_XDECREF(name);
    PyErr_Clear();
}

int
__wrap_Py_FinalizeEx(void)
{
    if (Py_IsInitialized()) {
        probe_missing_module();
    }
    return __real_Py_FinalizeEx();
}

/* May run between any two instructions, like a handler of an operating system. */
__attribute__((export_name("krait_signal"))) void
krait_signal(int number)
{
#ifdef KRAIT_NATIVE
    if (krait_session_ignores(number)) {
        return;
    }
#endif
    (void)raise(number);
}

/* NULL: stays where it is. */
void
krait_enter(const char *folder)
{
    if (folder != NULL && chdir(folder) != 0) {
        perror(folder);
    }
}

void
krait_enter_folder(void)
{
    const char *folder = getenv("KRAIT_CWD");

    if (folder != NULL) {
        krait_enter(folder);
        (void)unsetenv("KRAIT_CWD");
    }
}

int
main(int argc, char **argv)
{
    krait_enter_folder();
#ifdef KRAIT_NATIVE
    krait_session_register();
#endif
    return Py_BytesMain(argc, argv);
}
