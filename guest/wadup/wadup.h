/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extension module `wadup`: tables, rows and sub-content of a document, from Python to the imports
 * of <krait/module.h>.  docs/module-interface.md says what its functions do.
 *
 *     wadup_module.c    functions, arguments, the module's state
 *     wadup_table.c     define_table(), and what is known of tables
 *     wadup_row.c       insert_row()
 *     wadup_content.c   emit_bytes(), emit_slice(), document()
 *     wadup_json.c      texts, numbers and bytes as JSON, in a buffer that grows
 *
 * It needs libpython and the imports, nothing else, so every build of CPython can have it: program and
 * reactor, portable and native.  Functions return -1, or NULL, with an exception set.
 */
#ifndef KRAIT_WADUP_H
#define KRAIT_WADUP_H

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

/* ---- JSON ------------------------------------------------------------------------------------- */

typedef struct krait_json {
    char *bytes; /* of PyMem_Malloc(), or NULL */
    size_t size;
    size_t capacity;
} krait_json;

void krait_json_release(krait_json *json);

/* Room for so many bytes more: where they go.  Who writes them adds to `size`. */
char *krait_json_reserve(krait_json *json, size_t more);

int krait_json_put(krait_json *json, const char *bytes, size_t size);

/* A string with its quotes.  A surrogate that is alone: -1 without an exception, and where it is. */
int krait_json_put_text(krait_json *json, PyObject *text, Py_ssize_t *ret_surrogate);

/* At most KRAIT_JSON_NUMBER bytes at `to`, for which there has to be room; returns the end. */
#define KRAIT_JSON_NUMBER 64u
char *krait_json_integer(char *to, int64_t value);

/* A number, or a string for what is none.  NULL: MemoryError. */
char *krait_json_float(char *to, double value);

/* Base64 in quotes. */
int krait_json_put_bytes(krait_json *json, const void *bytes, size_t size);

/* ---- state ------------------------------------------------------------------------------------ */

typedef enum krait_wadup_type {
    KRAIT_WADUP_INT64,
    KRAIT_WADUP_FLOAT64,
    KRAIT_WADUP_STRING,
    KRAIT_WADUP_BOOLEAN,
    KRAIT_WADUP_BYTES,
    KRAIT_WADUP_TYPES
} krait_wadup_type;

/* What columns of a type are called in definitions. */
const char *krait_wadup_type_name(krait_wadup_type type);

typedef struct krait_wadup_column {
    PyObject *name; /* a str, not of a subclass */
    krait_wadup_type type;
} krait_wadup_column;

typedef struct krait_wadup_table {
    PyObject *name; /* likewise */
    Py_ssize_t count;
    krait_wadup_column *columns;
    krait_json definition; /* what the host is told of the columns */
} krait_wadup_table;

typedef struct krait_wadup_state {
    PyObject *tables; /* dict: name to a capsule with its krait_wadup_table */
    krait_json row;   /* empty, but its bytes are used again for each row */
} krait_wadup_state;

/* ---- the functions of the module ------------------------------------------------------------------ */

/* The arguments are of any type. */
PyObject *krait_wadup_define_table(krait_wadup_state *state, PyObject *name, PyObject *columns);
PyObject *krait_wadup_insert_row(krait_wadup_state *state, PyObject *name, PyObject *values);
PyObject *krait_wadup_emit_bytes(PyObject *data, PyObject *filename);
PyObject *krait_wadup_emit_slice(PyObject *offset, PyObject *length, PyObject *filename);
PyObject *krait_wadup_document(void);

/* The table of this name; NULL without an exception: there is none. */
krait_wadup_table *krait_wadup_find(krait_wadup_state *state, PyObject *name);

/* The str itself, or its text when it is of a subclass; a TypeError that says "FUNCTION() argument
 * 'ARGUMENT' must be str, not int".  A new reference. */
PyObject *krait_wadup_text(PyObject *object, const char *function, const char *argument);

/* The contents of an object with a buffer, in one piece; a TypeError for others.  To be released with
 * krait_wadup_bytes_release(). */
typedef struct krait_wadup_bytes {
    Py_buffer view;
    char *copy;
    const char *bytes;
    size_t size;
} krait_wadup_bytes;

int krait_wadup_bytes_get(PyObject *object, krait_wadup_bytes *ret);
void krait_wadup_bytes_release(krait_wadup_bytes *bytes);

PyMODINIT_FUNC PyInit_wadup(void);

#endif /* KRAIT_WADUP_H */
