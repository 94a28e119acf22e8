/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys, builtins, os and posix: nearly every program changes something in them, and nearly every module
 * imports them.
 *
 * New names in them do not count, for no body of the library looks for such.  The values of the
 * names that were there do, but for those that stand for the run: no body keeps them.
 */
#include "stash.h"

#include <string.h>

typedef struct base {
    PyObject *dict; /* of the module, which sys.modules has; only its address counts */
    PyObject *keys; /* tuples */
    PyObject *values;
} base;

static base bases[4];
static PyObject *main_dict; /* of __main__: belongs to the program */

static bool
is_of_run(PyObject *key)
{
    static const char *const names[] = {
        "argv",      "orig_argv",  "path",       "stdin",   "stdout",   "stderr",
        "__stdin__", "__stdout__", "__stderr__", "environ", "environb", "dont_write_bytecode",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (PyUnicode_CompareWithASCIIString(key, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int
note_base(base *at, PyObject *dict)
{
    PyObject *keys = PyList_New(0);
    PyObject *values = PyList_New(0);
    PyObject *key;
    PyObject *value;
    Py_ssize_t i = 0;
    int result = keys != NULL && values != NULL ? 0 : -1;

    while (result == 0 && PyDict_Next(dict, &i, &key, &value)) {
        if (PyUnicode_CheckExact(key) && !is_of_run(key)) {
            result = PyList_Append(keys, key) == 0 ? PyList_Append(values, value) : -1;
        }
    }
    if (result == 0) {
        at->keys = PyList_AsTuple(keys);
        at->values = PyList_AsTuple(values);
        result = at->keys != NULL && at->values != NULL ? 0 : -1;
    }
    at->dict = result == 0 ? dict : NULL;
    if (result == 0) {
        /* Nobody has made them: they are no objects of the program's. */
        PyObject_GC_UnTrack(at->keys);
        PyObject_GC_UnTrack(at->values);
    }
    Py_XDECREF(keys);
    Py_XDECREF(values);
    return result;
}

int
krait_stash_base_note(void)
{
    static const char *const names[] = {"sys", "builtins", "os", "posix"};

    PyObject *main = PyDict_GetItemString(krait_the_stash.modules, "__main__");

    main_dict = main != NULL && PyModule_Check(main) ? PyModule_GetDict(main) : NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        PyObject *module = PyDict_GetItemString(krait_the_stash.modules, names[i]);

        if (module != NULL && PyModule_Check(module) &&
            note_base(&bases[i], PyModule_GetDict(module)) != 0) {
            return -1;
        }
    }
    return 0;
}

bool
krait_stash_base_is_same(PyObject *dict)
{
    const base *at = bases;
    const base *const end = bases + sizeof(bases) / sizeof(bases[0]);

    if (dict == main_dict) {
        return true;
    }
    while (at < end && at->dict != dict) {
        at++;
    }
    if (at == end) {
        return false;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(at->keys); i++) {
        if (PyDict_GetItemWithError(dict, PyTuple_GET_ITEM(at->keys, i)) !=
            PyTuple_GET_ITEM(at->values, i)) {
            return false;
        }
    }
    return true;
}
