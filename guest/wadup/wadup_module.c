/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module object of `wadup`: its functions, with arguments by position or by name, and its state.
 *
 * flush() has nothing to do: a row is with the host when insert_row() returns.  Scripts call it because in
 * another implementation rows are lost without.
 */
#include "wadup.h"

#include <string.h>

/* ---- arguments ---------------------------------------------------------------------------------- */

typedef struct signature {
    const char *function;
    Py_ssize_t count;
    const char *names[3];
} signature;

static int
take_by_name(const signature *s, PyObject *name, PyObject *value, PyObject **ret)
{
    for (Py_ssize_t i = 0; i < s->count; i++) {
        if (PyUnicode_CompareWithASCIIString(name, s->names[i]) == 0) {
            if (ret[i] != NULL) {
                PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%s'",
                             s->function, s->names[i]);
                return -1;
            }
            ret[i] = value;
            return 0;
        }
    }
    PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", s->function,
                 name);
    return -1;
}

/* Borrowed references. */
static int
take(const signature *s, PyObject *const *args, Py_ssize_t nargs, PyObject *names, PyObject **ret)
{
    if (nargs > s->count) {
        PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments (%zd given)", s->function, s->count,
                     nargs);
        return -1;
    }
    for (Py_ssize_t i = 0; i < s->count; i++) {
        ret[i] = i < nargs ? args[i] : NULL;
    }
    for (Py_ssize_t i = 0; names != NULL && i < PyTuple_GET_SIZE(names); i++) {
        if (take_by_name(s, PyTuple_GET_ITEM(names, i), args[nargs + i], ret) != 0) {
            return -1;
        }
    }
    for (Py_ssize_t i = 0; i < s->count; i++) {
        if (ret[i] == NULL) {
            PyErr_Format(PyExc_TypeError, "%s() missing argument '%s'", s->function, s->names[i]);
            return -1;
        }
    }
    return 0;
}

PyObject *
krait_wadup_text(PyObject *object, const char *function, const char *argument)
{
    if (PyUnicode_CheckExact(object)) {
        return Py_NewRef(object);
    }
    if (PyUnicode_Check(object)) {
        return PyUnicode_FromObject(object);
    }
    if (function != NULL) {
        PyErr_Format(PyExc_TypeError, "%s() argument '%s' must be str, not %.100s", function,
                     argument, Py_TYPE(object)->tp_name);
    } else {
        PyErr_Format(PyExc_TypeError, "%s must be str, not %.100s", argument,
                     Py_TYPE(object)->tp_name);
    }
    return NULL;
}

/* ---- functions ---------------------------------------------------------------------------------- */

static PyObject *
module_define_table(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *names)
{
    static const signature s = {"define_table", 2, {"name", "columns", NULL}};
    PyObject *given[2];

    return take(&s, args, nargs, names, given) == 0
               ? krait_wadup_define_table(PyModule_GetState(self), given[0], given[1])
               : NULL;
}

static PyObject *
module_insert_row(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *names)
{
    static const signature s = {"insert_row", 2, {"table_name", "values", NULL}};
    PyObject *given[2];

    return take(&s, args, nargs, names, given) == 0
               ? krait_wadup_insert_row(PyModule_GetState(self), given[0], given[1])
               : NULL;
}

static PyObject *
module_emit_bytes(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t nargs,
                  PyObject *names)
{
    static const signature s = {"emit_bytes", 2, {"data", "filename", NULL}};
    PyObject *given[2];

    return take(&s, args, nargs, names, given) == 0 ? krait_wadup_emit_bytes(given[0], given[1])
                                                    : NULL;
}

static PyObject *
module_emit_slice(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t nargs,
                  PyObject *names)
{
    static const signature s = {"emit_slice", 3, {"offset", "length", "filename"}};
    PyObject *given[3];

    return take(&s, args, nargs, names, given) == 0
               ? krait_wadup_emit_slice(given[0], given[1], given[2])
               : NULL;
}

static PyObject *
module_flush(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    return Py_NewRef(Py_None);
}

static PyObject *
module_document(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    return krait_wadup_document();
}

#define WITH_NAMES (METH_FASTCALL | METH_KEYWORDS)

static PyMethodDef functions[] = {
    {"define_table", (PyCFunction)(void (*)(void))module_define_table, WITH_NAMES,
     "define_table($module, name, columns)\n--\n\n"
     "Define a table: a list of (name, type); the types are 'Int64', 'Float64', 'String',\n"
     "'Boolean' and 'Bytes'."},
    {"insert_row", (PyCFunction)(void (*)(void))module_insert_row, WITH_NAMES,
     "insert_row($module, table_name, values)\n--\n\n"
     "Insert a row: a list with a value for each column; None is good in all of them."},
    {"flush", module_flush, METH_NOARGS,
     "flush($module)\n--\n\nDo nothing: rows are with the host when insert_row() returns."},
    {"emit_bytes", (PyCFunction)(void (*)(void))module_emit_bytes, WITH_NAMES,
     "emit_bytes($module, data, filename)\n--\n\n"
     "Give the host a document that was found in this one."},
    {"emit_slice", (PyCFunction)(void (*)(void))module_emit_slice, WITH_NAMES,
     "emit_slice($module, offset, length, filename)\n--\n\n"
     "The same, when its bytes are a part of this document."},
    {"document", module_document, METH_NOARGS,
     "document($module)\n--\n\n"
     "What is known about the document: a dict with 'filename', and mostly 'path', 'size',\n"
     "'sha256', 'type', 'depth', 'parent' and 'uuid'."},
    {NULL, NULL, 0, NULL},
};

/* ---- the module --------------------------------------------------------------------------------- */

static int
exec_module(PyObject *module)
{
    krait_wadup_state *state = PyModule_GetState(module);

    state->tables = PyDict_New();
    return state->tables != NULL ? 0 : -1;
}

static int
traverse_module(PyObject *module, visitproc visit, void *arg)
{
    krait_wadup_state *state = PyModule_GetState(module);

    Py_VISIT(state->tables);
    return 0;
}

static int
clear_module(PyObject *module)
{
    krait_wadup_state *state = PyModule_GetState(module);

    Py_CLEAR(state->tables);
    return 0;
}

static void
free_module(void *module)
{
    krait_wadup_state *state = PyModule_GetState(module);

    (void)clear_module(module);
    krait_json_release(&state->row);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec_module},
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "wadup",
    .m_doc = "Tables, rows and sub-content of the document that is processed.",
    .m_size = sizeof(krait_wadup_state),
    .m_methods = functions,
    .m_slots = slots,
    .m_traverse = traverse_module,
    .m_clear = clear_module,
    .m_free = free_module,
};

PyMODINIT_FUNC
PyInit_wadup(void)
{
    return PyModuleDef_Init(&definition);
}
