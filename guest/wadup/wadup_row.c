/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wadup.insert_row(): a list of values as JSON, each with its type.
 *
 * A class may have __buffer__(), and so run any code in the middle of a row, insert_row() too: a row takes
 * the buffer of the state for itself until it is done.
 */
#include "wadup.h"
#include "wadup_env.h"

#include <string.h>

/* Bytes of the buffer that are kept for the next row. */
#define KEEP (1u << 20)

#define PUT(json, text) krait_json_put(json, text, sizeof(text) - 1)

/* Digits of an int that are shown when it is too large; the format has the number, too. */
#define DIGITS_SHOWN  20
#define BITS_TO_WRITE 256

/* ---- values that do not fit --------------------------------------------------------------------- */

static int
refuse_type(const krait_wadup_table *table, const krait_wadup_column *column, PyObject *value)
{
    if (PyLong_Check(value) || PyFloat_Check(value) || PyUnicode_Check(value) ||
        PyObject_CheckBuffer(value)) {
        PyErr_Format(PyExc_TypeError, "column '%U' of table '%U' is %s, not %.100s", column->name,
                     table->name, krait_wadup_type_name(column->type), Py_TYPE(value)->tp_name);
    } else {
        PyErr_SetString(PyExc_TypeError, "value must be int, float, string, bool, bytes or None");
    }
    return -1;
}

/* The number is only written out when that is quick. */
static int
refuse_number(const krait_wadup_column *column, PyObject *value, const char *place)
{
    PyObject *bits = PyObject_CallMethod((PyObject *)&PyLong_Type, "bit_length", "O", value);
    PyObject *text = NULL;

    if (bits == NULL) {
        return -1;
    }
    if (PyLong_AsSize_t(bits) <= BITS_TO_WRITE) {
        text = PyLong_Type.tp_repr(value);
        if (text != NULL) {
            PyErr_Format(PyExc_OverflowError, "column '%U': %.20U%s does not fit into %s",
                         column->name, text,
                         PyUnicode_GET_LENGTH(text) > DIGITS_SHOWN ? "\xE2\x80\xA6" : "", place);
        }
    } else if (!PyErr_Occurred()) {
        PyErr_Format(PyExc_OverflowError, "column '%U': an int of %S bits does not fit into %s",
                     column->name, bits, place);
    }
    Py_XDECREF(text);
    Py_DECREF(bits);
    return -1;
}

/* ---- values ------------------------------------------------------------------------------------- */

static int
put_integer(krait_json *row, const krait_wadup_column *column, PyObject *value)
{
    static const char begin[] = "{\"Int64\":";
    int overflow = 0;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    char *to;

    if (overflow != 0) {
        return refuse_number(column, value, "64 bits");
    }
    to = krait_json_reserve(row, sizeof(begin) + KRAIT_JSON_NUMBER);
    if (to == NULL) {
        return -1;
    }
    memcpy(to, begin, sizeof(begin) - 1);
    to = krait_json_integer(to + sizeof(begin) - 1, number);
    *to++ = '}';
    row->size = (size_t)(to - row->bytes);
    return 0;
}

static int
put_float(krait_json *row, double number)
{
    static const char begin[] = "{\"Float64\":";
    char *to = krait_json_reserve(row, sizeof(begin) + KRAIT_JSON_NUMBER);

    if (to == NULL) {
        return -1;
    }
    memcpy(to, begin, sizeof(begin) - 1);
    to = krait_json_float(to + sizeof(begin) - 1, number);
    if (to == NULL) {
        return -1;
    }
    *to++ = '}';
    row->size = (size_t)(to - row->bytes);
    return 0;
}

static int
put_int_as_float(krait_json *row, const krait_wadup_column *column, PyObject *value)
{
    double number = PyLong_AsDouble(value);

    if (number == -1.0 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
            return -1;
        }
        PyErr_Clear();
        return refuse_number(column, value, "a Float64");
    }
    return put_float(row, number);
}

static int
put_string(krait_json *row, const krait_wadup_column *column, PyObject *value)
{
    Py_ssize_t at = 0;

    if (PUT(row, "{\"String\":") != 0) {
        return -1;
    }
    if (krait_json_put_text(row, value, &at) != 0) {
        if (!PyErr_Occurred()) {
            char code[16];

            (void)PyOS_snprintf(code, sizeof(code), "%04X",
                                (unsigned int)PyUnicode_READ_CHAR(value, at));
            PyErr_Format(PyExc_ValueError, "column '%U': lone surrogate U+%s at position %zd",
                         column->name, code, at);
        }
        return -1;
    }
    return PUT(row, "}");
}

static int
put_bytes(krait_json *row, PyObject *value)
{
    krait_wadup_bytes bytes;
    int rc;

    if (krait_wadup_bytes_get(value, &bytes) != 0) {
        return -1;
    }
    rc = PUT(row, "{\"Bytes\":") != 0 || krait_json_put_bytes(row, bytes.bytes, bytes.size) != 0 ||
                 PUT(row, "}") != 0
             ? -1
             : 0;
    krait_wadup_bytes_release(&bytes);
    return rc;
}

static int
put_value(krait_json *row, const krait_wadup_table *table, Py_ssize_t at, PyObject *value)
{
    const krait_wadup_column *column = &table->columns[at];

    if (value == Py_None) {
        return PUT(row, "{\"" KRAIT_ENV_NULL "\":null}");
    }
    switch (column->type) {
    case KRAIT_WADUP_INT64: /* a bool, too, as 0 or 1 */
        return PyLong_Check(value) ? put_integer(row, column, value)
                                   : refuse_type(table, column, value);
    case KRAIT_WADUP_FLOAT64:
        if (PyFloat_Check(value)) {
            return put_float(row, PyFloat_AS_DOUBLE(value));
        }
        return PyLong_Check(value) && !PyBool_Check(value) ? put_int_as_float(row, column, value)
                                                           : refuse_type(table, column, value);
    case KRAIT_WADUP_STRING:
        return PyUnicode_Check(value) ? put_string(row, column, value)
                                      : refuse_type(table, column, value);
    case KRAIT_WADUP_BOOLEAN:
        if (PyBool_Check(value)) {
            return value == Py_True ? PUT(row, "{\"Boolean\":true}")
                                    : PUT(row, "{\"Boolean\":false}");
        }
        return refuse_type(table, column, value);
    case KRAIT_WADUP_BYTES:
        return PyObject_CheckBuffer(value) ? put_bytes(row, value)
                                           : refuse_type(table, column, value);
    case KRAIT_WADUP_TYPES:
        break;
    }
    Py_UNREACHABLE();
}

/* ---- rows --------------------------------------------------------------------------------------- */

static int
refuse_count(const krait_wadup_table *table, Py_ssize_t count)
{
    PyErr_Format(PyExc_ValueError, "table '%U' has %zd column%s, %zd value%s given", table->name,
                 table->count, table->count == 1 ? "" : "s", count, count == 1 ? "" : "s");
    return -1;
}

static int
put_row(krait_json *row, const krait_wadup_table *table, PyObject *values)
{
    if (PyList_GET_SIZE(values) != table->count) {
        return refuse_count(table, PyList_GET_SIZE(values));
    }
    if (PUT(row, "[") != 0) {
        return -1;
    }
    /* The list may become a shorter one in between: see above. */
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(values) && i < table->count; i++) {
        PyObject *value = Py_NewRef(PyList_GET_ITEM(values, i));
        int rc = i > 0 ? PUT(row, ",") : 0;

        if (rc == 0) {
            rc = put_value(row, table, i, value);
        }
        Py_DECREF(value);
        if (rc != 0) {
            return -1;
        }
    }
    if (PyList_GET_SIZE(values) != table->count) {
        return refuse_count(table, PyList_GET_SIZE(values));
    }
    return PUT(row, "]");
}

static int
send_row(const krait_wadup_table *table, const krait_json *row)
{
    Py_ssize_t size;
    const char *name = PyUnicode_AsUTF8AndSize(table->name, &size);
    int32_t code;

    if (name == NULL) {
        return -1;
    }
    code = krait_env_insert_row(name, (size_t)size, row->bytes, row->size);
    if (code < 0) {
        PyErr_Format(PyExc_RuntimeError, "Failed to insert row into table '%U': %s", table->name,
                     krait_env_reason(code));
        return -1;
    }
    return 0;
}

/* Gives the buffer back, unless it is a very large one or there is another by now. */
static void
keep_buffer(krait_wadup_state *state, krait_json *row)
{
    if (row->capacity > KEEP || state->row.bytes != NULL) {
        krait_json_release(row);
    } else {
        state->row = *row;
        state->row.size = 0;
    }
}

PyObject *
krait_wadup_insert_row(krait_wadup_state *state, PyObject *name, PyObject *values)
{
    krait_wadup_table *table;
    krait_json row;
    int rc;

    name = krait_wadup_text(name, "insert_row", "table_name");
    if (name == NULL) {
        return NULL;
    }
    if (!PyList_Check(values)) {
        PyErr_SetString(PyExc_TypeError, "values must be a list");
        Py_DECREF(name);
        return NULL;
    }
    table = krait_wadup_find(state, name);
    if (table == NULL && !PyErr_Occurred()) {
        PyErr_Format(PyExc_RuntimeError, "Failed to insert row into table '%.300U': %s", name,
                     krait_env_reason(KRAIT_ENV_NO_TABLE));
    }
    Py_DECREF(name);
    if (table == NULL) {
        return NULL;
    }
    row = state->row;
    state->row = (krait_json){NULL, 0, 0};
    rc = put_row(&row, table, values) == 0 ? send_row(table, &row) : -1;
    keep_buffer(state, &row);
    return rc == 0 ? Py_NewRef(Py_None) : NULL;
}
