/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wadup.emit_bytes(), emit_slice() and document(): documents that were found in this one, and what is
 * known about it.
 *
 * A host that describes no documents can still tell the filename, by a variable of the environment.
 */
#include "wadup.h"
#include "wadup_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a description, at most.  It has a path in it, and little else. */
#define DESCRIPTION_MAX (1u << 20)

/* ---- bytes -------------------------------------------------------------------------------------- */

int
krait_wadup_bytes_get(PyObject *object, krait_wadup_bytes *ret)
{
    ret->copy = NULL;
    if (PyObject_GetBuffer(object, &ret->view, PyBUF_FULL_RO) != 0) {
        return -1;
    }
    ret->bytes = ret->view.buf;
    ret->size = (size_t)ret->view.len;
    if (PyBuffer_IsContiguous(&ret->view, 'C')) {
        return 0;
    }
    ret->copy = PyMem_Malloc(ret->size);
    if (ret->copy == NULL) {
        (void)PyErr_NoMemory();
    } else if (PyBuffer_ToContiguous(ret->copy, &ret->view, ret->view.len, 'C') == 0) {
        ret->bytes = ret->copy;
        return 0;
    }
    krait_wadup_bytes_release(ret);
    return -1;
}

void
krait_wadup_bytes_release(krait_wadup_bytes *bytes)
{
    PyMem_Free(bytes->copy);
    PyBuffer_Release(&bytes->view);
}

/* ---- sub-content -------------------------------------------------------------------------------- */

static PyObject *
refuse(PyObject *filename, const char *reason)
{
    return PyErr_Format(PyExc_RuntimeError, "Failed to emit sub-content '%.300U': %s", filename,
                        reason);
}

/* Its text, which lives as long as it does. */
static const char *
read_filename(PyObject *filename, size_t *ret_size)
{
    Py_ssize_t size = 0;
    const char *text = PyUnicode_AsUTF8AndSize(filename, &size);

    if (text == NULL) {
        return NULL;
    }
    if ((size_t)size > KRAIT_ENV_FILENAME_MAX) {
        (void)refuse(filename, "bad filename: it has more than 4096 bytes");
        return NULL;
    }
    if (strlen(text) != (size_t)size) {
        (void)refuse(filename, "bad filename: it has a NUL inside");
        return NULL;
    }
    *ret_size = (size_t)size;
    return text;
}

static PyObject *
emit_bytes(PyObject *data, PyObject *filename)
{
    krait_wadup_bytes bytes;
    size_t size = 0;
    const char *text = read_filename(filename, &size);
    int32_t code;

    if (text == NULL) {
        return NULL;
    }
    if (!PyObject_CheckBuffer(data)) {
        return PyErr_Format(PyExc_TypeError, "data must be bytes-like, not %.100s",
                            Py_TYPE(data)->tp_name);
    }
    if (krait_wadup_bytes_get(data, &bytes) != 0) {
        return NULL;
    }
    code = krait_env_emit_bytes(bytes.bytes, bytes.size, text, size);
    krait_wadup_bytes_release(&bytes);
    return code < 0 ? refuse(filename, krait_env_reason(code)) : Py_NewRef(Py_None);
}

PyObject *
krait_wadup_emit_bytes(PyObject *data, PyObject *filename)
{
    PyObject *result;

    filename = krait_wadup_text(filename, "emit_bytes", "filename");
    if (filename == NULL) {
        return NULL;
    }
    result = emit_bytes(data, filename);
    Py_DECREF(filename);
    return result;
}

/* A place in the document: 0, or -1 with an exception.  What has more bits is outside of every one. */
static int
read_place(PyObject *object, const char *name, PyObject *filename, uint32_t *ret)
{
    int overflow = 0;
    long long place;

    if (!PyLong_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be int, not %.100s", name, Py_TYPE(object)->tp_name);
        return -1;
    }
    place = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow < 0 || (overflow == 0 && place < 0)) {
        PyErr_Format(PyExc_ValueError, "%s must not be negative", name);
        return -1;
    }
    if (overflow > 0 || place > (long long)UINT32_MAX) {
        (void)refuse(filename, krait_env_reason(KRAIT_ENV_BOUNDS));
        return -1;
    }
    *ret = (uint32_t)place;
    return 0;
}

static PyObject *
emit_slice(PyObject *offset, PyObject *length, PyObject *filename)
{
    uint32_t from;
    uint32_t bytes;
    size_t size = 0;
    const char *text = read_filename(filename, &size);
    int32_t code;

    if (text == NULL || read_place(offset, "offset", filename, &from) != 0 ||
        read_place(length, "length", filename, &bytes) != 0) {
        return NULL;
    }
    code = krait_env_emit_slice(from, bytes, text, size);
    return code < 0 ? refuse(filename, krait_env_reason(code)) : Py_NewRef(Py_None);
}

PyObject *
krait_wadup_emit_slice(PyObject *offset, PyObject *length, PyObject *filename)
{
    PyObject *result;

    filename = krait_wadup_text(filename, "emit_slice", "filename");
    if (filename == NULL) {
        return NULL;
    }
    result = emit_slice(offset, length, filename);
    Py_DECREF(filename);
    return result;
}

/* ---- the document ------------------------------------------------------------------------------- */

/* Reads until `bytes` is full or the file is at its end. */
static ssize_t
read_whole(int fd, char *bytes, size_t capacity)
{
    size_t size = 0;

    while (size < capacity) {
        ssize_t n = read(fd, bytes + size, capacity - size);

        if (n < 0 && errno != EINTR) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        size += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)size;
}

/* The text of a file; NULL without an exception when there is no such file. */
static PyObject *
read_text(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    PyObject *text = NULL;
    struct stat status;
    char *bytes = NULL;
    ssize_t size = -1;

    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &status) == 0 && status.st_size <= (off_t)DESCRIPTION_MAX) {
        bytes = PyMem_Malloc((size_t)status.st_size + 1);
        size = bytes != NULL ? read_whole(fd, bytes, (size_t)status.st_size) : -1;
    }
    (void)close(fd);
    if (size >= 0) {
        text = PyUnicode_DecodeUTF8(bytes, size, NULL);
    } else {
        PyErr_Format(PyExc_RuntimeError, "cannot read %s", path);
    }
    PyMem_Free(bytes);
    return text;
}

static PyObject *
parse(PyObject *text)
{
    PyObject *json = PyImport_ImportModule("json");
    PyObject *result = json != NULL ? PyObject_CallMethod(json, "loads", "O", text) : NULL;

    Py_XDECREF(json);
    if (result != NULL && !PyDict_Check(result)) {
        Py_CLEAR(result);
        PyErr_SetString(PyExc_RuntimeError, KRAIT_MODULE_DESCRIPTION " is no object");
    }
    return result;
}

/* What is known without a description. */
static PyObject *
guess(void)
{
    const char *name = getenv(KRAIT_MODULE_FILENAME_VARIABLE);
    struct stat status;

    if (name == NULL || *name == '\0') {
        name = strrchr(KRAIT_MODULE_DOCUMENT, '/') + 1;
    }
    if (stat(KRAIT_MODULE_DOCUMENT, &status) != 0) {
        return Py_BuildValue("{sN}", "filename", PyUnicode_DecodeFSDefault(name));
    }
    return Py_BuildValue("{sNsL}", "filename", PyUnicode_DecodeFSDefault(name), "size",
                         (long long)status.st_size);
}

PyObject *
krait_wadup_document(void)
{
    PyObject *text = read_text(KRAIT_MODULE_DESCRIPTION);
    PyObject *result;

    if (text == NULL) {
        return PyErr_Occurred() ? NULL : guess();
    }
    result = parse(text);
    Py_DECREF(text);
    return result;
}
