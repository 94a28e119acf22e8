/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standard streams of Python, made as create_stdio() in CPython's Python/pylifecycle.c makes
 * them.  A program may have put something else in their places: that stays.
 */
#define Py_BUILD_CORE 1
#include "session.h"

#include <internal/pycore_fileutils.h>
#include <internal/pycore_interp.h>

#include <sys/stat.h>
#include <unistd.h>

/* ---- making one --------------------------------------------------------------------------- */

static PyObject *
open_buffered(PyObject *io, int fd, bool is_buffered)
{
    const bool writes = fd != STDIN_FILENO;

    return PyObject_CallMethod(io, "open", "isiOOOO", fd, writes ? "wb" : "rb",
                               is_buffered ? -1 : 0, Py_None, Py_None, Py_None, Py_False);
}

static int
set_text(PyObject *object, const char *name, const char *text)
{
    PyObject *value = PyUnicode_FromString(text);
    int result = value != NULL ? PyObject_SetAttrString(object, name, value) : -1;

    Py_XDECREF(value);
    return result;
}

/* 1: a terminal, 0: none, -1: an exception. */
static int
name_raw(PyObject *raw, const char *name)
{
    PyObject *answer;
    int is_terminal;

    if (set_text(raw, "name", name) != 0) {
        return -1;
    }
    answer = PyObject_CallMethod(raw, "isatty", NULL);
    is_terminal = answer != NULL ? PyObject_IsTrue(answer) : -1;
    Py_XDECREF(answer);
    return is_terminal;
}

static PyObject *
wrap_text(PyObject *io, PyObject *buffer, const wchar_t *encoding, const wchar_t *errors,
          bool is_line_buffered, bool writes_through)
{
    PyObject *encoding_text = PyUnicode_FromWideChar(encoding, -1);
    PyObject *errors_text = PyUnicode_FromWideChar(errors, -1);
    PyObject *stream = NULL;

    if (encoding_text != NULL && errors_text != NULL) {
        stream = PyObject_CallMethod(io, "TextIOWrapper", "OOOsOO", buffer, encoding_text,
                                     errors_text, "\n", is_line_buffered ? Py_True : Py_False,
                                     writes_through ? Py_True : Py_False);
    }
    Py_XDECREF(encoding_text);
    Py_XDECREF(errors_text);
    return stream;
}

static PyObject *
make_open(PyObject *io, const PyConfig *config, int fd, const char *name)
{
    const bool writes = fd != STDIN_FILENO;
    /* The standard input always is, for text needs it. */
    const bool is_buffered = config->buffered_stdio || !writes;
    PyObject *buffer = open_buffered(io, fd, is_buffered);
    PyObject *raw = NULL;
    PyObject *stream = NULL;
    int is_terminal = -1;

    if (buffer != NULL) {
        raw = is_buffered ? PyObject_GetAttrString(buffer, "raw") : Py_NewRef(buffer);
    }
    if (raw != NULL) {
        is_terminal = name_raw(raw, name);
    }
    if (is_terminal >= 0) {
        stream = wrap_text(io, buffer, config->stdio_encoding,
                           fd == STDERR_FILENO ? L"backslashreplace" : config->stdio_errors,
                           config->buffered_stdio && (is_terminal || fd == STDERR_FILENO),
                           !config->buffered_stdio);
    }
    if (stream != NULL && set_text(stream, "mode", writes ? "w" : "r") != 0) {
        Py_CLEAR(stream);
    }
    Py_XDECREF(raw);
    Py_XDECREF(buffer);
    return stream;
}

static PyObject *
make_stream(PyObject *io, const PyConfig *config, int fd, const char *name)
{
    PyObject *stream;

    if (!_Py_IsValidFD(fd)) {
        return Py_NewRef(Py_None);
    }
    stream = make_open(io, config, fd, name);
    if (stream == NULL && PyErr_ExceptionMatches(PyExc_OSError) && !_Py_IsValidFD(fd)) {
        PyErr_Clear();
        stream = Py_NewRef(Py_None);
    }
    return stream;
}

/* ---- all of them -------------------------------------------------------------------------- */

/* sys.NAME is followed when nobody has replaced it; sys.__NAME__ always. */
static int
replace(const char *name, const char *dunder, PyObject *stream)
{
    PyObject *now = PySys_GetObject(name);
    const bool is_own = now == NULL || now == PySys_GetObject(dunder);

    if (PySys_SetObject(dunder, stream) != 0) {
        return -1;
    }
    return is_own ? PySys_SetObject(name, stream) : 0;
}

int
krait_streams_refresh(void)
{
    static const struct {
        const char *name, *dunder, *file;
    } streams[] = {
        {"stdin", "__stdin__", "<stdin>"},
        {"stdout", "__stdout__", "<stdout>"},
        {"stderr", "__stderr__", "<stderr>"},
    };
    const PyConfig *config = _PyInterpreterState_GetConfig(PyInterpreterState_Get());
    PyObject *io;
    struct stat status;
    int result = 0;

    if (fstat(STDIN_FILENO, &status) == 0 && S_ISDIR(status.st_mode)) {
        PyErr_SetString(PyExc_OSError, "<stdin> is a directory, cannot continue");
        return -1;
    }
    io = PyImport_ImportModule("io");
    if (io == NULL) {
        return -1;
    }
    for (int fd = 0; result == 0 && fd < 3; fd++) {
        PyObject *stream = make_stream(io, config, fd, streams[fd].file);

        result = stream != NULL ? replace(streams[fd].name, streams[fd].dunder, stream) : -1;
        Py_XDECREF(stream);
    }
    Py_DECREF(io);
    return result;
}

static int
buffer_lines(const char *name)
{
    PyObject *stream = PySys_GetObject(name);
    PyObject *method;
    PyObject *options;
    PyObject *none;
    PyObject *result = NULL;

    if (stream == NULL || stream == Py_None) {
        return 0;
    }
    method = PyObject_GetAttrString(stream, "reconfigure");
    options = Py_BuildValue("{s:O}", "line_buffering", Py_True);
    none = PyTuple_New(0);
    if (method != NULL && options != NULL && none != NULL) {
        result = PyObject_Call(method, none, options);
    }
    Py_XDECREF(none);
    Py_XDECREF(options);
    Py_XDECREF(method);
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

int
krait_streams_buffer_lines(void)
{
    return buffer_lines("stdout") == 0 ? buffer_lines("stderr") : -1;
}
