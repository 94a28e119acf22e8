/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the code of a script comes from: byte code, which is made when a module is, or a text.
 *
 * Byte code beside a source is only taken when it says that nobody has to compare it with the source
 * (PEP 552, unchecked): what a plain folder has in __pycache__ may be of yesterday.
 */
#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <marshal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096

/* Magic number, flags, and the hash of the source or its time and size. */
#define HEADER_SIZE 16
#define HASHED      1u
#define CHECKED     2u

void
krait_script_release(krait_script *script)
{
    Py_CLEAR(script->code);
    Py_CLEAR(script->module);
    Py_CLEAR(script->function);
}

int
krait_script_add_folder(const char *folder)
{
    PyObject *path = PySys_GetObject("path");
    PyObject *item = PyUnicode_DecodeFSDefault(folder);
    int rc = -1;

    if (item != NULL && path != NULL && PyList_Check(path)) {
        rc = PyList_GET_SIZE(path) > 0
                 ? PyObject_RichCompareBool(PyList_GET_ITEM(path, 0), item, Py_EQ)
                 : 0;
        if (rc == 0) {
            rc = PyList_Insert(path, 0, item);
        }
    } else if (item != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "sys.path is no list");
    }
    Py_XDECREF(item);
    return rc < 0 ? -1 : 0;
}

/* Takes the code, which may be NULL with an exception. */
static int
set_code(krait_script *script, PyObject *code, const char *path)
{
    PyObject *module = code != NULL ? PyImport_AddModule("__main__") : NULL;
    PyObject *name = module != NULL ? PyUnicode_DecodeFSDefault(path) : NULL;

    if (name == NULL || PyDict_SetItemString(PyModule_GetDict(module), "__file__", name) != 0) {
        Py_XDECREF(code);
        Py_XDECREF(name);
        return -1;
    }
    Py_DECREF(name);
    krait_script_release(script);
    script->code = code;
    return 0;
}

int
krait_script_compile(krait_script *script, const char *text, size_t size, const char *path)
{
    if (memchr(text, '\0', size) != NULL) {
        PyErr_Format(PyExc_SyntaxError, "source code cannot contain null bytes: %s", path);
        return -1;
    }
    return set_code(script, Py_CompileStringExFlags(text, path, Py_file_input, NULL, -1), path);
}

int
krait_script_entry(krait_script *script, const char *entry)
{
    const char *colon = strchr(entry, ':');
    krait_script new = {NULL, NULL, NULL};

    new.module = PyUnicode_DecodeUTF8(
        entry, colon != NULL ? colon - entry : (Py_ssize_t)strlen(entry), NULL);
    if (new.module != NULL && colon != NULL) {
        new.function = PyUnicode_FromString(colon + 1);
    }
    if (new.module == NULL || (colon != NULL && new.function == NULL)) {
        krait_script_release(&new);
        return -1;
    }
    krait_script_release(script);
    *script = new;
    return 0;
}

/* ---- files -------------------------------------------------------------------------------------- */

/* All of it, and a NUL behind it.  NULL: there is none, or it cannot be read, and errno says why. */
static char *
read_file(const char *path, size_t *ret_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    char *bytes = NULL;
    size_t size = 0;
    ssize_t n = 1;

    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        bytes = PyMem_RawMalloc((size_t)status.st_size + 1);
    }
    while (bytes != NULL && n > 0 && size < (size_t)status.st_size) {
        n = read(fd, bytes + size, (size_t)status.st_size - size);
        size += n > 0 ? (size_t)n : 0;
    }
    (void)close(fd);
    if (n < 0) {
        PyMem_RawFree(bytes);
        return NULL;
    }
    if (bytes != NULL) {
        bytes[size] = '\0';
        *ret_size = size;
    }
    return bytes;
}

static uint32_t
number_at(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;

    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* NULL without an exception: this is not byte code of this Python, or has to be compared. */
static PyObject *
read_code(const char *bytes, size_t size, bool is_alone)
{
    PyObject *code;

    if (size < HEADER_SIZE || number_at(bytes) != (uint32_t)PyImport_GetMagicNumber() ||
        (!is_alone && (number_at(bytes + 4) & (HASHED | CHECKED)) != HASHED)) {
        return NULL;
    }
    code = PyMarshal_ReadObjectFromString(bytes + HEADER_SIZE, (Py_ssize_t)(size - HEADER_SIZE));
    if (code != NULL && !PyCode_Check(code)) {
        Py_CLEAR(code);
        PyErr_SetString(PyExc_ImportError, "the byte code is no code object");
    }
    return code;
}

/* 1: it is loaded; 0: there is none that can be used. */
static int
open_code(krait_script *script, const char *file, const char *path, bool is_alone)
{
    size_t size = 0;
    char *bytes = read_file(file, &size);
    PyObject *code;

    if (bytes == NULL) {
        return 0;
    }
    code = read_code(bytes, size, is_alone);
    PyMem_RawFree(bytes);
    if (code == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    return set_code(script, code, path) == 0 ? 1 : -1;
}

static int
open_text(krait_script *script, const char *path)
{
    size_t size = 0;
    char *text = read_file(path, &size);
    int rc = -1;

    if (text == NULL) {
        (void)PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
    } else {
        rc = krait_script_compile(script, text, size, path);
    }
    PyMem_RawFree(text);
    return rc;
}

/* DIR/__pycache__/NAME.cpython-313.pyc for DIR/NAME.py; false: it is too long. */
static bool
cache_path(const char *path, char *ret)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    int n = snprintf(ret, PATH_SIZE, "%.*s__pycache__/%.*s.cpython-%d%d.pyc", (int)(name - path),
                     path, (int)strlen(name) - 3, name, PY_MAJOR_VERSION, PY_MINOR_VERSION);

    return n > 0 && n < PATH_SIZE;
}

static bool
ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);

    return size > strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

static int
open_file(krait_script *script, const char *path)
{
    char cache[PATH_SIZE];
    int rc = 0;

    if (ends_with(path, ".pyc")) {
        rc = open_code(script, path, path, true);
        if (rc == 0) {
            PyErr_Format(PyExc_ImportError, "'%s' is no byte code of Python %d.%d", path,
                         PY_MAJOR_VERSION, PY_MINOR_VERSION);
        }
        return rc == 1 ? 0 : -1;
    }
    if (ends_with(path, ".py") && cache_path(path, cache)) {
        rc = open_code(script, cache, path, false);
    }
    return rc == 0 ? open_text(script, path) : rc == 1 ? 0 : -1;
}

int
krait_script_open(krait_script *script, const char *path)
{
    char main[PATH_SIZE];
    struct stat status;
    int n;

    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return open_file(script, path);
    }
    n = snprintf(main, sizeof(main), "%s/__main__.py", path);
    if (n < 0 || n >= PATH_SIZE - 1) {
        errno = ENAMETOOLONG;
        (void)PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
        return -1;
    }
    if (stat(main, &status) != 0) {
        main[n] = 'c';
        main[n + 1] = '\0';
    }
    return open_file(script, main);
}
