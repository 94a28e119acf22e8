/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session: Python that stays between calls of the host, as guest_call.h says.
 *
 * Code runs in the module __main__, as `python -c` runs it: sys.path starts with "" and sys.argv
 * with "-c".  Folders of the user's are not looked at, and nothing of the arguments is taken for an
 * option.  SystemExit ends the call, not the session; atexit functions never run.
 */
#include "session.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* What the module is asked for when there is no "MODULE:" in a name. */
#define MAIN_MODULE "__main__"

__attribute__((export_name("krait_exec"))) int krait_exec(void);
__attribute__((export_name("krait_call"))) int krait_call(uint32_t format);
__attribute__((export_name("krait_script"))) int krait_script(void);

/* Between calls a KeyboardInterrupt would hit the next one, for which it was not meant. */
static bool is_session;
static volatile sig_atomic_t is_active;

void
krait_session_begins(void)
{
    is_session = true;
}

bool
krait_session_ignores(int number)
{
    return number == SIGINT && is_session && !is_active;
}

/* What is left to do after the code has run; a signal that came too late must not hit the next
 * call. */
static int
finish(PyObject *value)
{
    int result = value != NULL ? KRAIT_GUEST_RETURNED : krait_outcome_raised();

    Py_XDECREF(value);
    if (krait_streams_flush() != 0) {
        PyErr_Clear();
    }
    is_active = 0;
    while (PyErr_CheckSignals() != 0) {
        PyErr_Clear();
    }
    return result;
}

static PyObject *
run_text(const char *text, size_t size)
{
    PyObject *module = PyImport_AddModule(MAIN_MODULE);
    PyObject *names;
    PyObject *file;
    PyObject *compiled;
    PyObject *result;

    if (module == NULL) {
        return NULL;
    }
    if (memchr(text, '\0', size) != NULL) {
        PyErr_SetString(PyExc_SyntaxError, "source code string cannot contain null bytes");
        return NULL;
    }
    file = krait_source_add(text, size);
    if (file == NULL) {
        return NULL;
    }
    compiled = Py_CompileStringObject(text, file, Py_file_input, NULL, -1);
    Py_DECREF(file);
    if (compiled == NULL) {
        return NULL;
    }
    names = PyModule_GetDict(module);
    result = PyEval_EvalCode(compiled, names, names);
    Py_DECREF(compiled);
    return result;
}

int
krait_exec(void)
{
    size_t size = 0;
    char *text = krait_input_fetch(0, &size);
    PyObject *result = NULL;

    is_active = 1;
    if (text != NULL) {
        result = run_text(text, size);
    }
    free(text);
    return finish(result);
}

int
krait_script(void)
{
    uint32_t ignored = 0;

    (void)krait_host_input_size(0, &ignored);
    is_active = 1;
    return finish(krait_script_run());
}

/* Goes from the module along the dots of `path`. */
static PyObject *
follow(PyObject *start, const char *path, size_t size)
{
    PyObject *at = Py_XNewRef(start);

    while (at != NULL && size > 0) {
        const char *dot = memchr(path, '.', size);
        size_t step = dot != NULL ? (size_t)(dot - path) : size;
        PyObject *name = PyUnicode_DecodeUTF8(path, (Py_ssize_t)step, "strict");
        PyObject *next = name != NULL ? PyObject_GetAttr(at, name) : NULL;

        Py_XDECREF(name);
        Py_SETREF(at, next);
        step += dot != NULL ? 1 : 0;
        path += step;
        size -= step;
    }
    return at;
}

/* "function", or "module:function". */
static PyObject *
find_function(const char *name, size_t size)
{
    const char *colon = memchr(name, ':', size);
    size_t module_size = colon != NULL ? (size_t)(colon - name) : strlen(MAIN_MODULE);
    PyObject *module_name = PyUnicode_DecodeUTF8(colon != NULL ? name : MAIN_MODULE,
                                                 (Py_ssize_t)module_size, "strict");
    PyObject *module = NULL;
    PyObject *function;

    if (colon != NULL) {
        size -= module_size + 1;
        name = colon + 1;
    }
    if (module_name != NULL) {
        module = PyImport_Import(module_name);
    }
    Py_XDECREF(module_name);
    if (module != NULL && size == 0) {
        PyErr_SetString(PyExc_ValueError, "the name of the function is empty");
        Py_CLEAR(module);
    }
    /* PyImport_Import gives the last part of a dotted name. */
    function = module != NULL ? follow(module, name, size) : NULL;
    Py_XDECREF(module);
    return function;
}

/* Positional arguments are an array, keyword arguments an object; bytes are one argument. */
static PyObject *
call_with(PyObject *function, uint32_t format, const void *input, size_t size)
{
    PyObject *value;
    PyObject *args = NULL;
    PyObject *result = NULL;

    if (format == KRAIT_GUEST_JSON && size == 0) {
        return PyObject_CallNoArgs(function);
    }
    value = krait_value_load(format, input, size);
    if (value == NULL) {
        return NULL;
    }
    if (format == KRAIT_GUEST_BYTES) {
        result = PyObject_CallOneArg(function, value);
    } else if (PyList_Check(value)) {
        args = PyList_AsTuple(value);
        result = args != NULL ? PyObject_CallObject(function, args) : NULL;
    } else if (PyDict_Check(value)) {
        args = PyTuple_New(0);
        result = args != NULL ? PyObject_Call(function, args, value) : NULL;
    } else {
        PyErr_SetString(PyExc_TypeError, "arguments are a JSON array or object");
    }
    Py_XDECREF(args);
    Py_DECREF(value);
    return result;
}

/* Gives the host the value; a new reference to something on success. */
static PyObject *
deliver(uint32_t format, PyObject *value)
{
    PyObject *bytes = value != NULL ? krait_value_dump(format, value) : NULL;
    uint32_t error;

    if (bytes == NULL) {
        return NULL;
    }
    error = krait_host_outcome_put(KRAIT_OUTCOME_VALUE, PyBytes_AS_STRING(bytes),
                                   (size_t)PyBytes_GET_SIZE(bytes));
    if (error != 0) {
        PyErr_Format(PyExc_OverflowError, "the host does not take a value of %zd bytes",
                     PyBytes_GET_SIZE(bytes));
        Py_CLEAR(bytes);
    }
    return bytes;
}

int
krait_call(uint32_t format)
{
    size_t name_size = 0;
    size_t size = 0;
    char *name = krait_input_fetch(0, &name_size);
    char *input = name != NULL ? krait_input_fetch(1, &size) : NULL;
    PyObject *function = NULL;
    PyObject *value;
    PyObject *told;

    is_active = 1;
    if (input != NULL) {
        function = find_function(name, name_size);
    }
    value = function != NULL ? call_with(function, format, input, size) : NULL;
    free(input);
    free(name);
    told = deliver(format, value);
    Py_XDECREF(value);
    Py_XDECREF(function);
    return finish(told);
}
