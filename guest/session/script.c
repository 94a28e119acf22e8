/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The script of a session: a text that is compiled before memory is copied, and run in each copy, as
 * often as the host likes.
 *
 * It runs in the module __main__, whose names stay from one run to the next, with its folder first in
 * sys.path.  Modules of the standard library that its code names in an import statement, and those
 * that the host names for it, are imported already when it begins: an import of what waits in the
 * stash takes 50 us, since everything that it depends on is looked at, and writes 20 pages.  Only
 * modules are, whose import the stash can undo: one that prints something does so in each copy.
 */
#include "session.h"

#include <opcode.h>

#include <string.h>

/* Code within code, deeper than any compiler makes it. */
#define MOST_NESTED 100

static PyObject *script;  /* its code */
static PyObject *imports; /* a list: names of modules that it imports, or could */
static wchar_t *argument; /* its path */

/* ---- what it imports ---------------------------------------------------------------------- */

/* Is the first part of the dotted name a module of the standard library, or one of ours? */
static bool
is_library(PyObject *name)
{
    PyObject *names = PySys_GetObject("stdlib_module_names");
    Py_ssize_t length = PyUnicode_GET_LENGTH(name);
    Py_ssize_t dot = PyUnicode_FindChar(name, '.', 0, length, 1);
    PyObject *first = PyUnicode_Substring(name, 0, dot >= 0 ? dot : length);
    int found = first != NULL && names != NULL ? PySequence_Contains(names, first) : 0;

    if (first != NULL && found == 0) {
        found = PyUnicode_EqualToUTF8(first, "wadup") || PyUnicode_EqualToUTF8(first, "krait_host");
    }
    Py_XDECREF(first);
    PyErr_Clear();
    return found == 1;
}

/* Notes a module, and what is taken from it, for that may be a module as well. */
static int
add_import(PyObject *name, PyObject *from)
{
    int result;

    if (!is_library(name)) {
        return 0;
    }
    result = PyList_Append(imports, name);
    for (Py_ssize_t i = 0; result == 0 && from != NULL && PyTuple_Check(from); i++) {
        PyObject *part;

        if (i == PyTuple_GET_SIZE(from)) {
            break;
        }
        part = PyUnicode_FromFormat("%U.%U", name, PyTuple_GET_ITEM(from, i));
        result = part != NULL ? PyList_Append(imports, part) : -1;
        Py_XDECREF(part);
    }
    return result;
}

/* The compiler writes LOAD_CONST level, LOAD_CONST names, IMPORT_NAME module. */
static int
scan_code(PyCodeObject *code, PyObject *bytes)
{
    const unsigned char *at = (const unsigned char *)PyBytes_AS_STRING(bytes);
    const unsigned char *end = at + PyBytes_GET_SIZE(bytes);
    PyObject *loaded[2] = {NULL, NULL}; /* by the last two LOAD_CONST */
    Py_ssize_t argument = 0;

    for (; at + 1 < end; at += 2) {
        argument = argument << 8 | at[1];
        if (at[0] == EXTENDED_ARG) {
            continue;
        }
        if (at[0] == LOAD_CONST && argument < PyTuple_GET_SIZE(code->co_consts)) {
            loaded[0] = loaded[1];
            loaded[1] = PyTuple_GET_ITEM(code->co_consts, argument);
        } else if (at[0] == IMPORT_NAME && argument < PyTuple_GET_SIZE(code->co_names) &&
                   loaded[0] != NULL && PyLong_Check(loaded[0]) && PyLong_AsLong(loaded[0]) == 0 &&
                   add_import(PyTuple_GET_ITEM(code->co_names, argument), loaded[1]) != 0) {
            return -1;
        }
        argument = 0;
    }
    return 0;
}

/* Of the code and of the functions and classes in it. */
static int
scan(PyObject *object, int depth)
{
    PyCodeObject *code = (PyCodeObject *)object;
    PyObject *bytes = PyCode_GetCode(code);
    int result = bytes != NULL ? scan_code(code, bytes) : -1;

    Py_XDECREF(bytes);
    for (Py_ssize_t i = 0; result == 0 && i < PyTuple_GET_SIZE(code->co_consts); i++) {
        PyObject *item = PyTuple_GET_ITEM(code->co_consts, i);

        if (PyCode_Check(item) && depth < MOST_NESTED) {
            result = scan(item, depth + 1);
        }
    }
    return result;
}

/* Adds the lines of the text. */
static int
add_named(const char *names, size_t size)
{
    int result = 0;

    while (result == 0 && size > 0) {
        const char *line = memchr(names, '\n', size);
        const size_t length = line != NULL ? (size_t)(line - names) : size;
        PyObject *name = PyUnicode_DecodeUTF8(names, (Py_ssize_t)length, "strict");

        result = name != NULL ? PyList_Append(imports, name) : -1;
        Py_XDECREF(name);
        names += length + (line != NULL ? 1 : 0);
        size -= length + (line != NULL ? 1 : 0);
    }
    return result;
}

/* A module that cannot be loaded fails later, in the script. */
static PyObject *
write_statements(void)
{
    PyObject *empty = PyUnicode_FromStringAndSize(NULL, 0);
    PyObject *lines = PyList_New(0);
    PyObject *text = NULL;
    int result = empty != NULL && lines != NULL ? 0 : -1;

    for (Py_ssize_t i = 0; result == 0 && i < PyList_GET_SIZE(imports); i++) {
        PyObject *line = PyUnicode_FromFormat(
            "try:\n import %U\nexcept (Exception, SystemExit):\n pass\n",
            PyList_GET_ITEM(imports, i));

        result = line != NULL ? PyList_Append(lines, line) : -1;
        Py_XDECREF(line);
    }
    if (result == 0) {
        text = PyUnicode_Join(empty, lines);
    }
    Py_XDECREF(empty);
    Py_XDECREF(lines);
    return text;
}

/* ---- the beginning ------------------------------------------------------------------------ */

static int
set_file(PyObject *name)
{
    PyObject *module = PyImport_AddModule("__main__");

    PyMem_Free(argument);
    argument = PyUnicode_AsWideCharString(name, NULL);
    if (argument == NULL || module == NULL || krait_arguments_set_session() != 0) {
        return -1;
    }
    return PyObject_SetAttrString(module, "__file__", name);
}

wchar_t *
krait_script_argument(void)
{
    return argument;
}

PyObject *
krait_script_prepare(const char *name, const char *text, size_t size, const char *names,
                     size_t names_size)
{
    PyObject *file;

    if (memchr(text, '\0', size) != NULL) {
        PyErr_SetString(PyExc_SyntaxError, "source code string cannot contain null bytes");
        return NULL;
    }
    file = krait_source_set_script(name, text, size);
    if (file == NULL || set_file(file) != 0) {
        Py_XDECREF(file);
        return NULL;
    }
    Py_XSETREF(script, Py_CompileStringObject(text, file, Py_file_input, NULL, -1));
    Py_DECREF(file);
    Py_XSETREF(imports, PyList_New(0));
    if (script == NULL || imports == NULL || add_named(names, names_size) != 0 ||
        scan(script, 0) != 0) {
        return NULL;
    }
    return write_statements();
}

void
krait_script_import(void)
{
    for (Py_ssize_t i = 0; imports != NULL && i < PyList_GET_SIZE(imports); i++) {
        PyObject *name = PyList_GET_ITEM(imports, i);
        const char *text = PyUnicode_AsUTF8(name);
        PyObject *module = NULL;

        if (text != NULL && krait_stash_waiting(text) != NULL) {
            module = PyImport_Import(name);
        }
        Py_XDECREF(module);
        PyErr_Clear();
    }
    Py_CLEAR(imports);
}

/* ---- a run -------------------------------------------------------------------------------- */

/* A script for documents does not exit: its number is told as its text would be, which is all that
 * somebody sees who reads what it has printed (guest/module/run_script.c does the same). */
static void
print_exit(void)
{
    PyObject *exception = PyErr_GetRaisedException();
    PyObject *code = exception != NULL ? PyObject_GetAttrString(exception, "code") : NULL;
    PyObject *stream = PySys_GetObject("stderr");

    if (code != NULL && PyLong_Check(code) && stream != NULL && stream != Py_None &&
        PyObject_IsTrue(code) == 1) {
        Py_INCREF(stream);
        (void)(PyFile_WriteString("SystemExit: ", stream) == 0 &&
               PyFile_WriteObject(code, stream, Py_PRINT_RAW) == 0 &&
               PyFile_WriteString("\n", stream) == 0);
        Py_DECREF(stream);
    }
    PyErr_Clear();
    Py_XDECREF(code);
    PyErr_SetRaisedException(exception);
}

PyObject *
krait_script_run(void)
{
    PyObject *module = PyImport_AddModule("__main__");
    PyObject *names = module != NULL ? PyModule_GetDict(module) : NULL;
    PyObject *result = NULL;

    if (script == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the snapshot has no script");
    }
    if (script != NULL && names != NULL) {
        result = PyEval_EvalCode(script, names, names);
    }
    if (result == NULL && PyErr_ExceptionMatches(PyExc_SystemExit)) {
        print_exit();
    }
    return result;
}
