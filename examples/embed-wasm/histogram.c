/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An extension module of our own: histogram.of(data) counts how often each byte occurs, and
 * gives a dict of those that do.
 */
#include "histogram.h"

static PyObject *
to_dict(const Py_ssize_t counts[256])
{
    PyObject *dict = PyDict_New();

    for (int byte = 0; dict != NULL && byte < 256; byte++) {
        PyObject *key = counts[byte] == 0 ? NULL : PyLong_FromLong(byte);
        PyObject *value = key == NULL ? NULL : PyLong_FromSsize_t(counts[byte]);

        if (counts[byte] != 0 && (value == NULL || PyDict_SetItem(dict, key, value) != 0)) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(key);
        Py_XDECREF(value);
    }
    return dict;
}

static PyObject *
histogram_of(PyObject *module, PyObject *data)
{
    Py_ssize_t counts[256] = {0};
    Py_buffer view;

    (void)module;
    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) != 0) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < view.len; i++) {
        counts[((const unsigned char *)view.buf)[i]]++;
    }
    PyBuffer_Release(&view);
    return to_dict(counts);
}

static PyMethodDef methods[] = {
    {"of", histogram_of, METH_O, "How often each byte of DATA occurs."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "histogram", "Counts bytes.", 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_histogram(void)
{
    return PyModule_Create(&definition);
}
