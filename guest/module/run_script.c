/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a script again and again in one Python.
 *
 * It differs from `python SCRIPT` in this: __main__ stays as the last run left it, and nothing exits.  An
 * exception is shown by sys.excepthook, but sys.last_exc and its kin are not set: they would keep every
 * object of the failed run alive during the next ones.  Functions of atexit are never called.
 */
#include "script.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* ---- what happened ------------------------------------------------------------------------------ */

static PyObject *
take_exception(void)
{
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type;
    PyObject *value;
    PyObject *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (value != NULL && traceback != NULL) {
        (void)PyException_SetTraceback(value, traceback);
    }
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
#endif
}

static void
print(PyObject *exception)
{
    PyObject *type = (PyObject *)Py_TYPE(exception);
    PyObject *traceback = PyException_GetTraceback(exception);
    PyObject *hook = PySys_GetObject("excepthook");
    PyObject *shown = NULL;

    if (hook != NULL) {
        Py_INCREF(hook);
        shown = PyObject_CallFunctionObjArgs(hook, type, exception,
                                             traceback != NULL ? traceback : Py_None, NULL);
        Py_DECREF(hook);
    }
    if (shown == NULL) { /* whatever it raised, SystemExit too */
        PyErr_Clear();
        PyErr_Display(type, exception, traceback);
    }
    Py_XDECREF(shown);
    Py_XDECREF(traceback);
    PyErr_Clear();
}

/* A number is no text for somebody who reads only this line. */
static int
exit_status(PyObject *exception)
{
    PyObject *code = PyObject_GetAttrString(exception, "code");
    PyObject *output = PySys_GetObject("stderr");
    int status = 1;

    if (code == NULL) {
        PyErr_Clear();
        return 1;
    }
    if (code == Py_None) {
        status = 0;
    } else if (PyLong_Check(code)) {
        int overflow = 0;

        status = PyLong_AsLongLongAndOverflow(code, &overflow) != 0 || overflow != 0 ? 1 : 0;
    }
    if (status != 0 && output != NULL && output != Py_None) {
        Py_INCREF(output);
        if ((PyLong_Check(code) && PyFile_WriteString("SystemExit: ", output) != 0) ||
            PyFile_WriteObject(code, output, Py_PRINT_RAW) != 0 ||
            PyFile_WriteString("\n", output) != 0) {
            PyErr_Clear();
        }
        Py_DECREF(output);
    }
    Py_DECREF(code);
    return status;
}

int
krait_script_report(void)
{
    PyObject *exception = take_exception();
    int status = 1;

    if (exception == NULL) {
        return 1;
    }
    if (PyErr_GivenExceptionMatches(exception, PyExc_SystemExit)) {
        status = exit_status(exception);
    } else {
        print(exception);
    }
    Py_DECREF(exception);
    return status;
}

/* ---- streams ------------------------------------------------------------------------------------ */

static bool
is_closed(PyObject *stream)
{
    PyObject *closed = PyObject_GetAttrString(stream, "closed");
    int truth = closed != NULL ? PyObject_IsTrue(closed) : -1;

    Py_XDECREF(closed);
    if (truth < 0) { /* no attribute: whatever this is, it can have a flush() */
        PyErr_Clear();
    }
    return truth > 0;
}

/* What cannot be written is told, and no reason to drop the rows of a document. */
static void
flush(const char *name)
{
    PyObject *stream = PySys_GetObject(name);
    PyObject *result;

    if (stream == NULL || stream == Py_None) {
        return;
    }
    Py_INCREF(stream);
    if (!is_closed(stream)) {
        result = PyObject_CallMethod(stream, "flush", NULL);
        if (result == NULL) {
            PyErr_WriteUnraisable(stream);
        }
        Py_XDECREF(result);
    }
    Py_DECREF(stream);
}

/* Those of sys, those that Python began with, in case that others are there now, and those of libc. */
static void
flush_streams(void)
{
    static const char *const pairs[][2] = {{"stdout", "__stdout__"}, {"stderr", "__stderr__"}};

    for (size_t i = 0; i < Py_ARRAY_LENGTH(pairs); i++) {
        flush(pairs[i][0]);
        if (PySys_GetObject(pairs[i][0]) != PySys_GetObject(pairs[i][1])) {
            flush(pairs[i][1]);
        }
    }
    (void)fflush(NULL);
}

/* ---- running ------------------------------------------------------------------------------------ */

static PyObject *
run_code(PyObject *code)
{
    PyObject *module = PyImport_AddModule("__main__");
    PyObject *names = module != NULL ? PyModule_GetDict(module) : NULL;
    PyObject *result;

    if (names == NULL) {
        return NULL;
    }
    Py_INCREF(names);
    result = PyEval_EvalCode(code, names, names);
    Py_DECREF(names);
    return result;
}

static PyObject *
run_function(const krait_script *script)
{
    PyObject *module = PyImport_Import(script->module);
    PyObject *part;
    PyObject *function = NULL;
    PyObject *result = NULL;

    if (module == NULL) {
        return NULL;
    }
    /* PyImport_Import() gives the module that a dotted name ends with. */
    part = script->function;
    if (part != NULL) {
        function = PyObject_GetAttr(module, part);
    } else if (PyObject_HasAttrString(module, "main")) {
        function = PyObject_GetAttrString(module, "main");
    } else {
        result = Py_NewRef(Py_None);
    }
    Py_DECREF(module);
    if (function != NULL) {
        result = PyObject_CallNoArgs(function);
        Py_DECREF(function);
    }
    return result;
}

int
krait_script_run(const krait_script *script)
{
    PyObject *result = script->code != NULL ? run_code(script->code) : run_function(script);
    int status = result != NULL ? 0 : krait_script_report();

    Py_XDECREF(result);
    flush_streams();
    return status;
}
