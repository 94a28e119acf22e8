/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wadup.define_table(), and the tables that it has defined.
 *
 * The names are looked at here although the host does it again: it can only tell a code, and who writes
 * a script wants to know which column it was.  A table that is defined once more with the same columns,
 * which most scripts do for each document, costs a comparison and the call of the host.
 */
#include "wadup.h"
#include "wadup_env.h"

#include <string.h>

#define KNOWN_AS "krait table"

static const char *const type_names[KRAIT_WADUP_TYPES] = {
#define NAME_OF(name, word) [KRAIT_WADUP_##name] = word,
    KRAIT_ENV_TYPES(NAME_OF)
#undef NAME_OF
};

const char *
krait_wadup_type_name(krait_wadup_type type)
{
    return type_names[type];
}

/* ---- tables ------------------------------------------------------------------------------------- */

static void
free_table(krait_wadup_table *table)
{
    for (Py_ssize_t i = 0; i < table->count; i++) {
        Py_XDECREF(table->columns[i].name);
    }
    Py_XDECREF(table->name);
    krait_json_release(&table->definition);
    PyMem_Free(table->columns);
    PyMem_Free(table);
}

static void
free_capsule(PyObject *capsule)
{
    free_table(PyCapsule_GetPointer(capsule, KNOWN_AS));
}

krait_wadup_table *
krait_wadup_find(krait_wadup_state *state, PyObject *name)
{
    PyObject *capsule = PyDict_GetItemWithError(state->tables, name);

    return capsule != NULL ? PyCapsule_GetPointer(capsule, KNOWN_AS) : NULL;
}

static PyObject *
refuse(PyObject *name, const char *reason)
{
    return PyErr_Format(PyExc_RuntimeError, "Failed to define table '%.300U': %s", name, reason);
}

/* ---- from the arguments ------------------------------------------------------------------------- */

static int
read_type(PyObject *column, PyObject *word, krait_wadup_type *ret)
{
    for (int type = 0; type < KRAIT_WADUP_TYPES; type++) {
        if (PyUnicode_CompareWithASCIIString(word, type_names[type]) == 0) {
            *ret = (krait_wadup_type)type;
            return 0;
        }
    }
    PyErr_Format(PyExc_ValueError,
                 "column '%.300U' has the unknown type '%.300U'; there are Int64, Float64, String, "
                 "Boolean and Bytes",
                 column, word);
    return -1;
}

static int
read_column(krait_wadup_column *column, PyObject *pair)
{
    PyObject *word;
    int result;

    if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
        PyErr_SetString(PyExc_TypeError, "each column must be a 2-tuple (name, type)");
        return -1;
    }
    column->name = krait_wadup_text(PyTuple_GET_ITEM(pair, 0), NULL, "name of a column");
    if (column->name == NULL) {
        return -1;
    }
    word = krait_wadup_text(PyTuple_GET_ITEM(pair, 1), NULL, "type of a column");
    if (word == NULL) {
        return -1;
    }
    result = read_type(column->name, word, &column->type);
    Py_DECREF(word);
    return result;
}

static krait_wadup_table *
read_table(PyObject *name, PyObject *columns)
{
    Py_ssize_t count = PyList_GET_SIZE(columns);
    krait_wadup_table *table = PyMem_Calloc(1, sizeof(*table));

    if (table == NULL ||
        (table->columns = PyMem_Calloc((size_t)count + 1, sizeof(*table->columns))) == NULL) {
        PyMem_Free(table);
        (void)PyErr_NoMemory();
        return NULL;
    }
    table->name = Py_NewRef(name);
    table->count = count;
    for (Py_ssize_t i = 0; i < count; i++) {
        /* Nothing that runs here runs code of Python's: the list stays as it is. */
        if (read_column(&table->columns[i], PyList_GET_ITEM(columns, i)) != 0) {
            free_table(table);
            return NULL;
        }
    }
    return table;
}

/* ---- names -------------------------------------------------------------------------------------- */

/* As SQLite compares names.  Neither has a NUL inside. */
static bool
begins_with(const char *text, const char *with, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (Py_TOLOWER((unsigned char)text[i]) != Py_TOLOWER((unsigned char)with[i]) ||
            text[i] == '\0') {
            return false;
        }
    }
    return true;
}

static bool
is_same_name(const char *a, const char *b)
{
    return begins_with(a, b, strlen(a) + 1) ||
           (begins_with(a, b, strlen(a)) && b[strlen(a)] == '\0');
}

/* What is wrong with a name, or NULL; *ret_text is the name, or NULL with an exception. */
static const char *
wrong_name(PyObject *name, const char **ret_text)
{
    Py_ssize_t size = 0;

    *ret_text = PyUnicode_AsUTF8AndSize(name, &size);
    if (*ret_text == NULL) {
        return NULL;
    }
    if (size == 0) {
        return "it is empty";
    }
    if ((size_t)size > KRAIT_ENV_NAME_MAX) {
        return "it has more than 255 bytes";
    }
    return strlen(*ret_text) != (size_t)size ? "it has a NUL inside" : NULL;
}

static int
check_table_name(PyObject *name)
{
    static const char *const reserved[] = {
#define WORD(word) word,
        KRAIT_ENV_RESERVED(WORD)
#undef WORD
    };
    const char *text;
    const char *wrong = wrong_name(name, &text);

    if (text == NULL) {
        return -1;
    }
    if (wrong != NULL) {
        PyErr_Format(PyExc_RuntimeError, "Failed to define table '%.300U': bad name: %s", name,
                     wrong);
        return -1;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(reserved); i++) {
        if (begins_with(text, reserved[i], strlen(reserved[i]))) {
            PyErr_Format(PyExc_RuntimeError,
                         "Failed to define table '%U': names that begin with '%s' are reserved",
                         name, reserved[i]);
            return -1;
        }
    }
    return 0;
}

/* Of one column: by itself, and beside those before it. */
static int
check_column_name(const krait_wadup_table *table, Py_ssize_t at)
{
    PyObject *name = table->columns[at].name;
    const char *text;
    const char *wrong = wrong_name(name, &text);

    if (text == NULL) {
        return -1;
    }
    if (wrong == NULL && is_same_name(text, KRAIT_ENV_UUID_COLUMN)) {
        wrong = "every table has it already";
    }
    for (Py_ssize_t i = 0; i < at && wrong == NULL; i++) {
        const char *other = PyUnicode_AsUTF8(table->columns[i].name);

        if (other == NULL) {
            return -1;
        }
        wrong = is_same_name(text, other) ? "it is there twice" : NULL;
    }
    if (wrong != NULL) {
        PyErr_Format(PyExc_RuntimeError,
                     "Failed to define table '%U': bad name of column '%.300U': %s", table->name,
                     name, wrong);
    }
    return wrong == NULL ? 0 : -1;
}

static int
check_names(const krait_wadup_table *table)
{
    if (check_table_name(table->name) != 0) {
        return -1;
    }
    if ((size_t)table->count > KRAIT_ENV_COLUMNS_MAX) {
        (void)refuse(table->name, "it has more than 1999 columns");
        return -1;
    }
    for (Py_ssize_t i = 0; i < table->count; i++) {
        if (check_column_name(table, i) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- against what is known, and to the host ------------------------------------------------------- */

/* 0: the same columns. */
static int
compare(const krait_wadup_table *known, const krait_wadup_table *table)
{
    PyObject *name = known->name;

    if (known->count != table->count) {
        PyErr_Format(
            PyExc_RuntimeError,
            "Failed to define table '%U': Schema mismatch for table '%U': different column "
            "count (%zd vs %zd)",
            name, name, known->count, table->count);
        return -1;
    }
    for (Py_ssize_t i = 0; i < known->count; i++) {
        const krait_wadup_column *a = &known->columns[i];
        const krait_wadup_column *b = &table->columns[i];

        if (a->name != b->name && PyUnicode_Compare(a->name, b->name) != 0) {
            PyErr_Format(PyExc_RuntimeError,
                         "Failed to define table '%U': Schema mismatch for table '%U': column name "
                         "'%U' vs '%.300U'",
                         name, name, a->name, b->name);
            return -1;
        }
        if (a->type != b->type) {
            PyErr_Format(PyExc_RuntimeError,
                         "Failed to define table '%U': Schema mismatch for table '%U': column '%U' "
                         "type mismatch (%s vs %s)",
                         name, name, a->name, type_names[a->type], type_names[b->type]);
            return -1;
        }
    }
    return 0;
}

static int
write_definition(krait_wadup_table *table)
{
    static const char begin[] = "{\"name\":";
    static const char middle[] = ",\"data_type\":\"";
    krait_json *json = &table->definition;
    Py_ssize_t ignored;
    int rc = krait_json_put(json, "[", 1);

    for (Py_ssize_t i = 0; i < table->count && rc == 0; i++) {
        const krait_wadup_column *column = &table->columns[i];
        const char *word = type_names[column->type];

        rc = krait_json_put(json, ",", i > 0 ? 1 : 0) != 0 ||
                     krait_json_put(json, begin, sizeof(begin) - 1) != 0 ||
                     krait_json_put_text(json, column->name, &ignored) != 0 ||
                     krait_json_put(json, middle, sizeof(middle) - 1) != 0 ||
                     krait_json_put(json, word, strlen(word)) != 0 ||
                     krait_json_put(json, "\"}", 2) != 0
                 ? -1
                 : 0;
    }
    return rc == 0 ? krait_json_put(json, "]", 1) : -1;
}

static int
tell_host(const krait_wadup_table *table)
{
    Py_ssize_t size;
    const char *name = PyUnicode_AsUTF8AndSize(table->name, &size);
    int32_t code;

    if (name == NULL) {
        return -1;
    }
    code = krait_env_define_table(name, (size_t)size, table->definition.bytes,
                                  table->definition.size);
    if (code < 0) {
        (void)refuse(table->name, krait_env_reason(code));
        return -1;
    }
    return 0;
}

/* Takes the table, also when it fails. */
static int
add_table(krait_wadup_state *state, krait_wadup_table *table)
{
    PyObject *capsule = NULL;
    int rc;

    if (check_names(table) == 0 && write_definition(table) == 0 && tell_host(table) == 0) {
        capsule = PyCapsule_New(table, KNOWN_AS, free_capsule);
    }
    if (capsule == NULL) {
        free_table(table);
        return -1;
    }
    rc = PyDict_SetItem(state->tables, table->name, capsule);
    Py_DECREF(capsule);
    return rc;
}

PyObject *
krait_wadup_define_table(krait_wadup_state *state, PyObject *name, PyObject *columns)
{
    krait_wadup_table *known;
    krait_wadup_table *table = NULL;
    int rc = -1;

    name = krait_wadup_text(name, "define_table", "name");
    if (name == NULL) {
        return NULL;
    }
    if (PyList_Check(columns)) {
        table = read_table(name, columns);
    } else {
        PyErr_SetString(PyExc_TypeError, "columns must be a list");
    }
    Py_DECREF(name);
    if (table == NULL) {
        return NULL;
    }
    known = krait_wadup_find(state, table->name);
    if (known == NULL && !PyErr_Occurred()) {
        rc = add_table(state, table);
    } else {
        if (known != NULL) {
            rc = compare(known, table) == 0 ? tell_host(known) : -1;
        }
        free_table(table);
    }
    return rc == 0 ? Py_NewRef(Py_None) : NULL;
}
