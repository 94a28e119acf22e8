/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions that nobody caught: what the host is told about them.
 *
 * SystemExit is an exit, with the code that Python itself would give the system.  For all others
 * there is one line and what Python would print.  The latter is made by the module `traceback`,
 * which may fail, above all when memory has run out: then there is only the line.
 */
#include "session.h"

#include <string.h>

/* Bytes of the line; more is cut by the host anyway. */
#define LINE_SIZE 512

void
krait_outcome_text(uint32_t what, const char *text, size_t size)
{
    (void)krait_host_outcome_put(what, text, size);
}

/* One line: the type, and the first line of the text, if there is one. */
static void
put_line(PyObject *exception)
{
    char line[LINE_SIZE];
    PyObject *text = PyObject_Str(exception);
    PyObject *type = PyType_GetQualName(Py_TYPE(exception));
    const char *name = type != NULL ? PyUnicode_AsUTF8(type) : NULL;
    const char *what = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
    int size;

    PyErr_Clear();
    if (name == NULL) {
        name = "exception";
    }
    if (what == NULL || *what == '\0') {
        size = PyOS_snprintf(line, sizeof(line), "%s", name);
    } else {
        size = PyOS_snprintf(line, sizeof(line), "%s: %.*s", name, (int)strcspn(what, "\r\n"),
                             what);
    }
    if (size > 0) {
        krait_outcome_text(KRAIT_OUTCOME_MESSAGE, line, strlen(line));
    }
    Py_XDECREF(type);
    Py_XDECREF(text);
}

static void
put_traceback(PyObject *exception)
{
    PyObject *module;
    PyObject *lines = NULL;
    PyObject *empty = PyUnicode_FromStringAndSize(NULL, 0);
    PyObject *text = NULL;
    PyObject *bytes = NULL;

    krait_source_publish();
    module = PyImport_ImportModule("traceback");
    if (module != NULL && empty != NULL) {
        lines = PyObject_CallMethod(module, "format_exception", "O", exception);
    }
    if (lines != NULL) {
        text = PyUnicode_Join(empty, lines);
    }
    if (text != NULL) {
        bytes = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
    }
    if (bytes != NULL) {
        krait_outcome_text(KRAIT_OUTCOME_TRACEBACK, PyBytes_AS_STRING(bytes),
                           (size_t)PyBytes_GET_SIZE(bytes));
    }
    PyErr_Clear();
    Py_XDECREF(bytes);
    Py_XDECREF(text);
    Py_XDECREF(lines);
    Py_XDECREF(empty);
    Py_XDECREF(module);
}

/* As Python ends: no code is 0, a number is the code, all else is printed and is 1. */
static int
exited(PyObject *exception)
{
    PyObject *code = PyObject_GetAttrString(exception, "code");
    uint32_t number = 1;

    if (code == NULL) {
        PyErr_Clear();
    } else if (code == Py_None) {
        number = 0;
    } else if (PyLong_Check(code)) {
        number = (uint32_t)PyLong_AsLong(code); /* too large: -1, as in Python */
    } else {
        PyObject *stream = PySys_GetObject("stderr");

        if (stream != NULL && stream != Py_None) {
            (void)PyFile_WriteObject(code, stream, Py_PRINT_RAW);
            PyErr_Clear();
            (void)PyFile_WriteString("\n", stream);
        }
    }
    PyErr_Clear();
    Py_XDECREF(code);
    (void)krait_host_outcome_put(KRAIT_OUTCOME_EXIT_CODE, &number, sizeof(number));
    return KRAIT_GUEST_EXITED;
}

int
krait_outcome_raised(void)
{
    PyObject *exception = PyErr_GetRaisedException();
    int result = KRAIT_GUEST_RAISED;

    if (exception == NULL) {
        return result;
    }
    if (PyErr_GivenExceptionMatches(exception, PyExc_SystemExit)) {
        result = exited(exception);
    } else {
        put_line(exception);
        put_traceback(exception);
    }
    Py_DECREF(exception);
    return result;
}
