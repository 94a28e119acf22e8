/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Python module krait_host: calls of functions that the embedder has given names.
 *
 * call() and submit() pass JSON: positional arguments as an array, keyword arguments as an object;
 * not both, for the other side could not tell them apart.  call_bytes() and submit_bytes() pass
 * bytes as they are.
 */
#include "session.h"

#include "../wadup/wadup.h"

/* A bytes object for the host, or NULL. */
static PyObject *
pack_arguments(PyObject *args, PyObject *options)
{
    PyObject *list;
    PyObject *bytes;

    if (options != NULL && PyDict_GET_SIZE(options) > 0) {
        if (PyTuple_GET_SIZE(args) > 1) {
            PyErr_SetString(PyExc_TypeError, "a host function takes positional arguments or "
                                             "keyword arguments, not both");
            return NULL;
        }
        return krait_value_dump(KRAIT_GUEST_JSON, options);
    }
    list = PyTuple_GetSlice(args, 1, PyTuple_GET_SIZE(args));
    bytes = list != NULL ? krait_value_dump(KRAIT_GUEST_JSON, list) : NULL;
    Py_XDECREF(list);
    return bytes;
}

static PyObject *
submit_named(PyObject *name, uint32_t format, PyObject *input)
{
    Py_ssize_t size = 0;
    const char *text;

    if (input == NULL) {
        return NULL;
    }
    if (!PyUnicode_Check(name)) {
        PyErr_Format(PyExc_TypeError, "the name of a host function is a str, not %.200s",
                     Py_TYPE(name)->tp_name);
        return NULL;
    }
    text = PyUnicode_AsUTF8AndSize(name, &size);
    return text != NULL ? krait_call_submit(text, size, format, input) : NULL;
}

static PyObject *
module_submit(PyObject *module, PyObject *args, PyObject *options)
{
    PyObject *input;
    PyObject *call;

    (void)module;
    if (PyTuple_GET_SIZE(args) == 0) {
        PyErr_SetString(PyExc_TypeError, "the name of a host function is missing");
        return NULL;
    }
    input = pack_arguments(args, options);
    call = submit_named(PyTuple_GET_ITEM(args, 0), KRAIT_GUEST_JSON, input);
    Py_XDECREF(input);
    return call;
}

static PyObject *
module_submit_bytes(PyObject *module, PyObject *args)
{
    PyObject *name;
    PyObject *data = NULL;
    PyObject *input;
    PyObject *call;

    (void)module;
    if (!PyArg_ParseTuple(args, "O|O", &name, &data)) {
        return NULL;
    }
    input = krait_value_dump(KRAIT_GUEST_BYTES, data != NULL ? data : Py_None);
    call = submit_named(name, KRAIT_GUEST_BYTES, input);
    Py_XDECREF(input);
    return call;
}

/* Takes over `call`, which may be NULL. */
static PyObject *
wait_for(PyObject *call)
{
    PyObject *result;

    if (call == NULL) {
        return NULL;
    }
    result = krait_call_result(call, Py_None);
    Py_DECREF(call);
    return result;
}

static PyObject *
module_call(PyObject *module, PyObject *args, PyObject *options)
{
    return wait_for(module_submit(module, args, options));
}

static PyObject *
module_call_bytes(PyObject *module, PyObject *args)
{
    return wait_for(module_submit_bytes(module, args));
}

static PyObject *
module_wait(PyObject *module, PyObject *args, PyObject *options)
{
    static char *names[] = {"calls", "timeout", NULL};
    PyObject *calls;
    PyObject *timeout = Py_None;

    (void)module;
    if (!PyArg_ParseTupleAndKeywords(args, options, "O|O:wait", names, &calls, &timeout)) {
        return NULL;
    }
    return krait_call_wait_any(calls, timeout);
}

static PyMethodDef functions[] = {
    {"call", (PyCFunction)(void (*)(void))module_call, METH_VARARGS | METH_KEYWORDS,
     "call(name, /, *args, **kwargs)\n--\n\nCall a function of the host and return its value.\n"
     "Arguments and value are what JSON can say."},
    {"call_bytes", module_call_bytes, METH_VARARGS,
     "call_bytes(name, data=b'', /)\n--\n\nCall a function of the host with bytes; it returns "
     "bytes."},
    {"submit", (PyCFunction)(void (*)(void))module_submit, METH_VARARGS | METH_KEYWORDS,
     "submit(name, /, *args, **kwargs)\n--\n\nAs call(), but return a Call at once."},
    {"submit_bytes", module_submit_bytes, METH_VARARGS,
     "submit_bytes(name, data=b'', /)\n--\n\nAs call_bytes(), but return a Call at once."},
    {"wait", (PyCFunction)(void (*)(void))module_wait, METH_VARARGS | METH_KEYWORDS,
     "wait(calls, timeout=None)\n--\n\nWait until at least one call is done, or timeout seconds "
     "passed.\nReturns the list of those that are done."},
    {NULL, NULL, 0, NULL},
};

static int
exec_module(PyObject *module)
{
    return PyType_Ready(&krait_call_type) == 0 ? PyModule_AddType(module, &krait_call_type) : -1;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec_module},
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "krait_host",
    .m_doc = "Functions that the program around this sandbox has given it.",
    .m_methods = functions,
    .m_slots = slots,
};

static PyObject *
init_module(void)
{
    return PyModuleDef_Init(&definition);
}

void
krait_session_register(void)
{
    (void)PyImport_AppendInittab("krait_host", init_module);
    (void)PyImport_AppendInittab("wadup", PyInit_wadup);
}
