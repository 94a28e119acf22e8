/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values between Python and the host: JSON by the module `json`, or bytes as they are.
 *
 * JSON goes out in ASCII, and without the NaN and Infinity that are no JSON, so that every parser
 * on the other side takes it.
 */
#include "session.h"

static PyObject *
load_json(const void *bytes, size_t size)
{
    PyObject *json = PyImport_ImportModule("json");
    PyObject *text;
    PyObject *value = NULL;

    if (json == NULL) {
        return NULL;
    }
    text = PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)size, "strict");
    if (text != NULL) {
        value = PyObject_CallMethod(json, "loads", "O", text);
    }
    Py_XDECREF(text);
    Py_DECREF(json);
    return value;
}

/* The method `encode` of an encoder that is made once: json.dumps would make one for each value. */
static PyObject *
find_encode(void)
{
    static PyObject *encode;
    PyObject *json;
    PyObject *type;
    PyObject *none;
    PyObject *options;
    PyObject *encoder = NULL;

    if (encode != NULL) {
        return encode;
    }
    json = PyImport_ImportModule("json");
    type = json != NULL ? PyObject_GetAttrString(json, "JSONEncoder") : NULL;
    none = PyTuple_New(0);
    options = Py_BuildValue("{s:O,s:(ss)}", "allow_nan", Py_False, "separators", ",", ":");
    if (type != NULL && none != NULL && options != NULL) {
        encoder = PyObject_Call(type, none, options);
    }
    if (encoder != NULL) {
        encode = PyObject_GetAttrString(encoder, "encode");
    }
    Py_XDECREF(encoder);
    Py_XDECREF(options);
    Py_XDECREF(none);
    Py_XDECREF(type);
    Py_XDECREF(json);
    return encode;
}

static PyObject *
dump_json(PyObject *value)
{
    PyObject *encode = find_encode();
    PyObject *text = encode != NULL ? PyObject_CallOneArg(encode, value) : NULL;
    PyObject *bytes = NULL;

    if (text != NULL) {
        bytes = PyUnicode_AsUTF8String(text);
    }
    Py_XDECREF(text);
    return bytes;
}

PyObject *
krait_value_load(uint32_t format, const void *bytes, size_t size)
{
    if (size > (size_t)PY_SSIZE_T_MAX) {
        PyErr_SetString(PyExc_OverflowError, "the value is too large");
        return NULL;
    }
    if (format == KRAIT_GUEST_BYTES) {
        return PyBytes_FromStringAndSize(bytes, (Py_ssize_t)size);
    }
    return load_json(bytes, size);
}

PyObject *
krait_value_dump(uint32_t format, PyObject *value)
{
    if (format != KRAIT_GUEST_BYTES) {
        return dump_json(value);
    }
    if (value == Py_None) {
        return PyBytes_FromStringAndSize(NULL, 0);
    }
    if (!PyObject_CheckBuffer(value)) {
        PyErr_Format(PyExc_TypeError, "bytes are wanted, not %.200s", Py_TYPE(value)->tp_name);
        return NULL;
    }
    return PyBytes_FromObject(value);
}
