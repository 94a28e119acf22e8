/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standard streams of Python, made as create_stdio() in CPython's Python/pylifecycle.c makes
 * them.  A program may have put something else in their places: that stays.
 *
 * Streams for output are made anew in the objects that are there, because a program may keep them
 * elsewhere, as handlers of `logging` do.
 *
 * For programs there is a quicker way: streams that were prepared for descriptors of the two usual
 * kinds, those that cannot seek (pipes, terminals) and those that can (files, /dev/null).
 */
#define Py_BUILD_CORE 1
#include "session.h"

#include <internal/pycore_fileutils.h>
#include <internal/pycore_interp.h>

#include <sys/stat.h>
#include <unistd.h>

/* ---- making one --------------------------------------------------------------------------- */

/* Of the module _io. */
static struct {
    PyTypeObject *raw, *reader, *writer, *text;
} types;

static PyTypeObject *
find_type(PyObject *module, const char *name)
{
    PyObject *type = module != NULL ? PyObject_GetAttrString(module, name) : NULL;

    if (type != NULL && !PyType_Check(type)) {
        PyErr_Format(PyExc_SystemError, "_io.%s is no type", name);
        Py_CLEAR(type);
    }
    return (PyTypeObject *)type;
}

int
krait_streams_remember(void)
{
    PyObject *module = PyImport_ImportModule("_io");

    types.raw = find_type(module, "FileIO");
    types.reader = types.raw != NULL ? find_type(module, "BufferedReader") : NULL;
    types.writer = types.reader != NULL ? find_type(module, "BufferedWriter") : NULL;
    types.text = types.writer != NULL ? find_type(module, "TextIOWrapper") : NULL;
    Py_XDECREF(module);
    return types.text != NULL ? 0 : -1;
}

/* The three objects of a standard stream; without a buffer, `buffer` is `raw`. */
typedef struct layers {
    PyObject *raw, *buffer, *text;
} layers;

static void
release(layers *stream)
{
    Py_CLEAR(stream->raw);
    Py_CLEAR(stream->buffer);
    Py_CLEAR(stream->text);
}

/* Makes an object anew, or a new one when it is none of this type. */
static int
make(PyObject **object, PyTypeObject *type, PyObject *args)
{
    int result;

    if (args == NULL) {
        return -1;
    }
    if (*object == NULL || !Py_IS_TYPE(*object, type)) {
        Py_XSETREF(*object, PyObject_Call((PyObject *)type, args, NULL));
        result = *object != NULL ? 0 : -1;
    } else {
        result = type->tp_init(*object, args, NULL);
    }
    Py_DECREF(args);
    return result;
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

static int
make_buffer(layers *stream, int fd, bool is_buffered)
{
    const bool writes = fd != STDIN_FILENO;
    PyObject *size;

    if (!is_buffered) {
        Py_XSETREF(stream->buffer, Py_NewRef(stream->raw));
        return 0;
    }
    size = PyObject_GetAttrString(stream->raw, "_blksize");
    if (size == NULL) {
        return -1;
    }
    return make(&stream->buffer, writes ? types.writer : types.reader,
                Py_BuildValue("(ON)", stream->raw, size));
}

static int
make_text(layers *stream, const PyConfig *config, int fd, bool is_line_buffered)
{
    PyObject *encoding = PyUnicode_FromWideChar(config->stdio_encoding, -1);
    PyObject *errors = PyUnicode_FromWideChar(
        fd == STDERR_FILENO ? L"backslashreplace" : config->stdio_errors, -1);
    int result = -1;

    if (encoding != NULL && errors != NULL) {
        result = make(&stream->text, types.text,
                      Py_BuildValue("(OOOsOO)", stream->buffer, encoding, errors, "\n",
                                    is_line_buffered ? Py_True : Py_False,
                                    config->buffered_stdio ? Py_False : Py_True));
    }
    Py_XDECREF(encoding);
    Py_XDECREF(errors);
    return result == 0 ? set_text(stream->text, "mode", fd != STDIN_FILENO ? "w" : "r") : -1;
}

static int
make_layers(layers *stream, int fd, const char *name, bool buffers_lines)
{
    const PyConfig *config = _PyInterpreterState_GetConfig(PyInterpreterState_Get());
    const bool writes = fd != STDIN_FILENO;
    /* The standard input always is, for text needs it. */
    const bool is_buffered = config->buffered_stdio || !writes;
    int is_terminal;

    if (make(&stream->raw, types.raw, Py_BuildValue("(isO)", fd, writes ? "wb" : "rb", Py_False)) !=
        0) {
        return -1;
    }
    is_terminal = name_raw(stream->raw, name);
    if (is_terminal < 0 || make_buffer(stream, fd, is_buffered) != 0) {
        return -1;
    }
    return make_text(stream, config, fd,
                     config->buffered_stdio &&
                         (is_terminal || fd == STDERR_FILENO || buffers_lines));
}

/* ---- the one that is there ---------------------------------------------------------------- */

static int
flush(PyObject *stream)
{
    PyObject *result;

    if (stream == NULL || stream == Py_None) {
        return 0;
    }
    result = PyObject_CallMethod(stream, "flush", NULL);
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

/* Takes apart what Python made, unless somebody else did that, or its text cannot be written. */
static void
find_layers(layers *stream, PyObject *text)
{
    if (text == NULL || !Py_IS_TYPE(text, types.text)) {
        return;
    }
    stream->text = Py_NewRef(text);
    stream->buffer = PyObject_GetAttrString(text, "buffer");
    if (stream->buffer != NULL && Py_IS_TYPE(stream->buffer, types.writer)) {
        stream->raw = PyObject_GetAttrString(stream->buffer, "raw");
    }
    if (stream->raw == NULL || !Py_IS_TYPE(stream->raw, types.raw) || flush(text) != 0) {
        release(stream);
    }
    /* It remembers whether its descriptor can seek, also when it is made anew. */
    Py_CLEAR(stream->raw);
    PyErr_Clear();
}

/* sys.NAME is followed when nobody has replaced it; sys.__NAME__ always. */
static int
replace(const char *name, const char *dunder, PyObject *stream)
{
    PyObject *now = PySys_GetObject(name);
    PyObject *made = PySys_GetObject(dunder);
    const bool is_own = now == NULL || now == made;

    if (made != stream && PySys_SetObject(dunder, stream) != 0) {
        return -1;
    }
    return is_own && now != stream ? PySys_SetObject(name, stream) : 0;
}

static int
refresh(int fd, const char *name, const char *dunder, const char *file, bool buffers_lines)
{
    layers stream = {NULL, NULL, NULL};
    int result = 0;

    if (_Py_IsValidFD(fd)) {
        if (fd != STDIN_FILENO) {
            find_layers(&stream, PySys_GetObject(dunder));
        }
        result = make_layers(&stream, fd, file, buffers_lines);
        if (result != 0 && PyErr_ExceptionMatches(PyExc_OSError) && !_Py_IsValidFD(fd)) {
            PyErr_Clear();
            release(&stream);
            result = 0;
        }
    }
    if (result == 0) {
        result = replace(name, dunder, stream.text != NULL ? stream.text : Py_None);
    }
    release(&stream);
    return result;
}

/* ---- those that were prepared ------------------------------------------------------------- */

/* All that a stream keeps of what its descriptor was when it was made, but for being a terminal. */
typedef struct kind {
    off_t position; /* -1: it cannot seek */
    long block;
} kind;

enum { AS_STARTED, ON_FILE, KINDS };

typedef struct prepared {
    kind kind;
    PyObject *text; /* NULL: there is none */
} prepared;

static struct {
    const char *name, *dunder, *file;
    prepared prepared[KINDS];
} standard[] = {
    {"stdin", "__stdin__", "<stdin>", {{{0, 0}, NULL}}},
    {"stdout", "__stdout__", "<stdout>", {{{0, 0}, NULL}}},
    {"stderr", "__stderr__", "<stderr>", {{{0, 0}, NULL}}},
};

static bool
find_kind(int fd, kind *ret_kind)
{
    struct stat status;

    if (fstat(fd, &status) != 0 || S_ISDIR(status.st_mode)) {
        return false;
    }
    ret_kind->position = lseek(fd, 0, SEEK_CUR);
    ret_kind->block = (long)status.st_blksize;
    return true;
}

static bool
is_kind(const kind *a, const kind *b)
{
    return (a->position < 0) == (b->position < 0) && a->block == b->block;
}

/* The stream learns where its descriptor is. */
static void
tell(PyObject *text)
{
    PyObject *buffer = PyObject_GetAttrString(text, "buffer");
    PyObject *position = buffer != NULL ? PyObject_CallMethod(buffer, "tell", NULL) : NULL;

    Py_XDECREF(position);
    Py_XDECREF(buffer);
    PyErr_Clear();
}

/* The first thread has the error stream that was there when `threading` was loaded; fresh.c gives it
 * the one that is there when that module is. */
static bool
is_of_first_thread(PyObject *text)
{
    PyObject *module = krait_stash_waiting("threading");
    PyObject *thread = module != NULL ? PyObject_GetAttrString(module, "_main_thread") : NULL;
    PyObject *stream = thread != NULL ? PyObject_GetAttrString(thread, "_stderr") : NULL;
    const bool is_same = stream == text;

    Py_XDECREF(stream);
    Py_XDECREF(thread);
    PyErr_Clear();
    return is_same;
}

/* Nobody else has it, or a part of it: `stream` is one reference more to each. */
static bool
is_unshared(const layers *stream)
{
    return Py_REFCNT(stream->text) == 3 + (is_of_first_thread(stream->text) ? 1 : 0) &&
           Py_REFCNT(stream->buffer) == 2 && Py_REFCNT(stream->raw) == 3;
}

/* A stream as Python makes it at the beginning of a file, and which then is the descriptor's. */
static int
make_on_file(prepared *result, int fd, const char *file)
{
    const char *mode = fd != STDIN_FILENO ? "wb" : "rb";
    const PyConfig *config = _PyInterpreterState_GetConfig(PyInterpreterState_Get());
    layers stream = {NULL, NULL, NULL};
    int status = make(&stream.raw, types.raw, Py_BuildValue("(ss)", "/dev/null", mode));
    PyObject *number = status == 0 ? PyObject_CallMethod(stream.raw, "fileno", NULL) : NULL;
    bool is_usual = number != NULL && find_kind((int)PyLong_AsLong(number), &result->kind) &&
                    result->kind.position == 0;

    Py_XDECREF(number);
    if (is_usual && make_buffer(&stream, fd, true) == 0 &&
        make_text(&stream, config, fd, fd == STDERR_FILENO) == 0 &&
        make(&stream.raw, types.raw, Py_BuildValue("(isO)", fd, mode, Py_False)) == 0 &&
        name_raw(stream.raw, file) >= 0) {
        result->text = Py_NewRef(stream.text);
    }
    release(&stream);
    return PyErr_Occurred() ? -1 : 0;
}

int
krait_streams_prepare(void)
{
    const PyConfig *config = _PyInterpreterState_GetConfig(PyInterpreterState_Get());

    for (int fd = STDIN_FILENO; krait_is_program() && config->buffered_stdio && fd <= STDERR_FILENO;
         fd++) {
        prepared *all = standard[fd].prepared;
        PyObject *text = PySys_GetObject(standard[fd].dunder);
        layers stream = {NULL, NULL, NULL};

        if (text != NULL && Py_IS_TYPE(text, types.text) &&
            text == PySys_GetObject(standard[fd].name) && find_kind(fd, &all[AS_STARTED].kind)) {
            stream.text = Py_NewRef(text);
            stream.buffer = PyObject_GetAttrString(text, "buffer");
            stream.raw = stream.buffer != NULL ? PyObject_GetAttrString(stream.buffer, "raw")
                                               : NULL;
        }
        if (stream.raw != NULL) {
            const bool is_alone = is_unshared(&stream);

            all[AS_STARTED].text = Py_NewRef(text);
            if (is_alone) {
                (void)make_on_file(&all[ON_FILE], fd, standard[fd].file);
            }
        }
        release(&stream);
        if (PyErr_Occurred()) {
            return -1;
        }
    }
    return 0;
}

static void buffer_lines(PyObject *stream);

/* True when there is one for what the descriptor is now, and it has been put in place. */
static bool
take_prepared(int fd, bool buffers_lines)
{
    const prepared *all = standard[fd].prepared;
    const prepared *found = NULL;
    kind now;

    if (!krait_is_program() || all[AS_STARTED].text == NULL || !find_kind(fd, &now)) {
        return false;
    }
    for (int i = 0; found == NULL && i < KINDS; i++) {
        if (all[i].text != NULL && is_kind(&all[i].kind, &now)) {
            found = &all[i];
        }
    }
    if (found == NULL || PySys_GetObject(standard[fd].dunder) != all[AS_STARTED].text ||
        PySys_GetObject(standard[fd].name) != all[AS_STARTED].text) {
        return false;
    }
    if (found != all && replace(standard[fd].name, standard[fd].dunder, found->text) != 0) {
        PyErr_Clear();
        return false;
    }
    if (now.position > 0) {
        tell(found->text);
    }
    if (fd != STDERR_FILENO && (isatty(fd) || (buffers_lines && fd == STDOUT_FILENO))) {
        buffer_lines(found->text);
    }
    return true;
}

/* What sys has is sys's alone again: its last text is written when it goes. */
static void
forget_prepared(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        for (int i = 0; i < KINDS; i++) {
            PyObject **text = &standard[fd].prepared[i].text;

            if (*text != NULL && *text == PySys_GetObject(standard[fd].dunder)) {
                Py_CLEAR(*text);
            }
        }
    }
}

/* ---- all of them -------------------------------------------------------------------------- */

static int
refresh_all(bool buffers_lines)
{
    struct stat status;

    if (fstat(STDIN_FILENO, &status) == 0 && S_ISDIR(status.st_mode)) {
        PyErr_SetString(PyExc_OSError, "<stdin> is a directory, cannot continue");
        return -1;
    }
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        const bool by_lines = buffers_lines && fd != STDIN_FILENO;

        if (!take_prepared(fd, by_lines) &&
            refresh(fd, standard[fd].name, standard[fd].dunder, standard[fd].file, by_lines) != 0) {
            return -1;
        }
    }
    return 0;
}

int
krait_streams_refresh(bool buffers_lines)
{
    int result = refresh_all(buffers_lines);

    forget_prepared();
    return result;
}

void
krait_streams_keep(bool buffers_lines)
{
    if (buffers_lines) {
        krait_streams_buffer_lines();
    }
    forget_prepared();
}

/* What a program put in their places, or closed, is its own. */
static void
buffer_lines(PyObject *stream)
{
    PyObject *method;
    PyObject *options;
    PyObject *none;
    PyObject *result = NULL;

    if (stream == NULL || !Py_IS_TYPE(stream, types.text)) {
        return;
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
    PyErr_Clear();
}

void
krait_streams_buffer_lines(void)
{
    buffer_lines(PySys_GetObject("__stdout__"));
    buffer_lines(PySys_GetObject("__stderr__"));
}

static int
flush_both(const char *name, const char *dunder)
{
    PyObject *stream = Py_XNewRef(PySys_GetObject(name));
    PyObject *made = Py_XNewRef(PySys_GetObject(dunder));
    int result = flush(stream);

    /* The other one all the same, and the exception is that of the last one. */
    if (made != stream) {
        if (result != 0) {
            PyErr_Clear();
        }
        result = flush(made) != 0 ? -1 : result;
        if (result != 0 && !PyErr_Occurred()) {
            PyErr_Format(PyExc_OSError, "sys.%s cannot be flushed", name);
        }
    }
    Py_XDECREF(made);
    Py_XDECREF(stream);
    return result;
}

int
krait_streams_flush(void)
{
    PyObject *exception;
    int result = flush_both("stdout", "__stdout__");

    exception = PyErr_GetRaisedException();
    if (flush_both("stderr", "__stderr__") != 0) {
        Py_XDECREF(exception);
        return -1;
    }
    PyErr_SetRaisedException(exception);
    return result;
}
