/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Python that is called (handler.h): the built-in module `handler`, and the exports.
 */
#include "handler.h"

#include "histogram.h"

#include <stdlib.h>

static PyObject *function; /* what was registered */
static PyObject *result;   /* bytes, or NULL when there is not even memory for a text */

static PyObject *
handler_register(PyObject *module, PyObject *value)
{
    (void)module;
    if (!PyCallable_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "register() wants a function");
        return NULL;
    }
    Py_XSETREF(function, Py_NewRef(value));
    return Py_NewRef(value); /* so that it is a decorator, too */
}

static PyMethodDef methods[] = {
    {"register", handler_register, METH_O, "FUNCTION is called with bytes from now on."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "handler", "Calls from outside.", 0, methods, NULL, NULL, NULL, NULL,
};

static PyObject *
init_handler(void)
{
    return PyModule_Create(&definition);
}

/* The current exception as the result, without its traceback. */
static int
fail(void)
{
    PyObject *error = PyErr_GetRaisedException();
    PyObject *text = error == NULL ? NULL
                                   : PyUnicode_FromFormat("%s: %S", Py_TYPE(error)->tp_name, error);

    Py_XSETREF(result, text == NULL ? NULL : PyUnicode_AsUTF8String(text));
    Py_XDECREF(text);
    Py_XDECREF(error);
    PyErr_Clear();
    return 1;
}

static int
start_python(void)
{
    PyPreConfig before;
    PyConfig config;
    PyStatus status;

    if (Py_IsInitialized()) {
        return 0;
    }
    if (PyImport_AppendInittab("histogram", PyInit_histogram) != 0 ||
        PyImport_AppendInittab("handler", init_handler) != 0) {
        return 1;
    }
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1; /* the locale of WASI is C */
    status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status)) {
        return 1;
    }
    PyConfig_InitIsolatedConfig(&config);
    status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return PyStatus_Exception(status);
}

void *
handler_alloc(size_t size)
{
    return malloc(size == 0 ? 1 : size);
}

void
handler_free(void *memory)
{
    free(memory);
}

int
handler_start(const char *code, size_t size)
{
    PyObject *source;
    PyObject *main_dict;
    PyObject *compiled;
    PyObject *value;

    if (start_python() != 0) {
        return 1;
    }
    source = PyUnicode_FromStringAndSize(code, (Py_ssize_t)size);
    compiled = source == NULL
                   ? NULL
                   : Py_CompileString(PyUnicode_AsUTF8(source), "<start>", Py_file_input);
    main_dict = PyModule_GetDict(PyImport_AddModule("__main__"));
    value = compiled == NULL ? NULL : PyEval_EvalCode(compiled, main_dict, main_dict);
    Py_XDECREF(source);
    Py_XDECREF(compiled);
    Py_CLEAR(result);
    if (value == NULL) {
        return fail();
    }
    Py_DECREF(value);
    return 0;
}

int
handler_call(const char *bytes, size_t size)
{
    PyObject *given;
    PyObject *value;

    Py_CLEAR(result);
    if (function == NULL) {
        return 1;
    }
    given = PyBytes_FromStringAndSize(bytes, (Py_ssize_t)size);
    value = given == NULL ? NULL : PyObject_CallOneArg(function, given);
    Py_XDECREF(given);
    if (value != NULL && PyUnicode_Check(value)) {
        Py_SETREF(value, PyUnicode_AsUTF8String(value));
    } else if (value != NULL && !PyBytes_Check(value)) {
        PyErr_Format(PyExc_TypeError, "the function gave %s, not bytes or str",
                     Py_TYPE(value)->tp_name);
        Py_CLEAR(value);
    }
    if (value == NULL) {
        return fail();
    }
    result = value;
    return 0;
}

const char *
handler_result(void)
{
    return result == NULL ? "" : PyBytes_AS_STRING(result);
}

size_t
handler_result_size(void)
{
    return result == NULL ? 0 : (size_t)PyBytes_GET_SIZE(result);
}
