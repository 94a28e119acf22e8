/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_host.Call: a call of a host function that may still run.
 *
 * The host knows a call by a number, until its result is taken or it is cancelled.  A wait that a
 * signal interrupts runs Python's handlers and goes on, unless one of them raised.
 */
#include "session.h"

#include <errno.h>
#include <string.h>

#define NS_PER_S 1000000000.0
/* Longer waits than this are waits without end: 2^62 ns. */
#define LONGEST_NS 4611686018427387904.0

typedef struct krait_call_object {
    PyObject_HEAD uint32_t number;
    uint32_t format;
    bool is_open; /* the host knows the number */
    bool is_cancelled;
    PyObject *value;   /* what it returned */
    PyObject *failure; /* the exception that it ended with */
} krait_call_object;

static void
set_start_error(uint32_t error, const char *name, Py_ssize_t size)
{
    PyObject *text;

    switch (error) {
    case ENOENT:
        text = PyUnicode_DecodeUTF8(name, size, "replace");
        PyErr_Format(PyExc_LookupError, "the host has no function %R", text);
        Py_XDECREF(text);
        break;
    case E2BIG:
        PyErr_SetString(PyExc_OverflowError, "the arguments are larger than the host allows");
        break;
    case EAGAIN:
        PyErr_SetString(PyExc_RuntimeError, "too many calls of host functions are in flight");
        break;
    case EDQUOT:
        PyErr_SetString(PyExc_RuntimeError, "no more calls of host functions are allowed");
        break;
    case ENOMEM:
        PyErr_NoMemory();
        break;
    default:
        errno = (int)error;
        PyErr_SetFromErrno(PyExc_OSError);
        break;
    }
}

PyObject *
krait_call_submit(const char *name, Py_ssize_t name_size, uint32_t format, PyObject *input)
{
    krait_call_object *call;
    uint32_t number = 0;
    uint32_t error;

    call = PyObject_New(krait_call_object, &krait_call_type);
    if (call == NULL) {
        return NULL;
    }
    call->format = format;
    call->is_open = false;
    call->is_cancelled = false;
    call->value = NULL;
    call->failure = NULL;
    error = krait_host_call_start(name, (size_t)name_size, format, PyBytes_AS_STRING(input),
                                  (size_t)PyBytes_GET_SIZE(input), &number);
    if (error != 0) {
        set_start_error(error, name, name_size);
        Py_DECREF(call);
        return NULL;
    }
    call->number = number;
    call->is_open = true;
    return (PyObject *)call;
}

static void
call_free(PyObject *self)
{
    krait_call_object *call = (krait_call_object *)self;

    if (call->is_open) {
        (void)krait_host_call_cancel(call->number);
    }
    Py_XDECREF(call->value);
    Py_XDECREF(call->failure);
    PyObject_Free(self);
}

/* ---- results ------------------------------------------------------------------------------ */

/* The exception of a failed call: its type by the name of a built-in one, or RuntimeError. */
static PyObject *
make_failure(const char *bytes, size_t type_size, size_t size)
{
    PyObject *builtins = PyEval_GetBuiltins();
    PyObject *name = PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)type_size, "replace");
    PyObject *text = PyUnicode_DecodeUTF8(bytes + type_size, (Py_ssize_t)(size - type_size),
                                          "replace");
    PyObject *type = NULL;
    PyObject *failure = NULL;

    if (builtins != NULL && name != NULL) {
        type = PyDict_GetItemWithError(builtins, name);
    }
    if (text != NULL && type != NULL && PyType_Check(type) &&
        PyType_IsSubtype((PyTypeObject *)type, (PyTypeObject *)PyExc_Exception)) {
        failure = PyObject_CallOneArg(type, text);
    }
    if (text != NULL && (failure == NULL || !PyExceptionInstance_Check(failure))) {
        PyErr_Clear();
        Py_XSETREF(failure, PyObject_CallOneArg(PyExc_RuntimeError, text));
    }
    Py_XDECREF(text);
    Py_XDECREF(name);
    return failure;
}

/* Fetches what a call that is done left; -1 with an exception. */
static int
take(krait_call_object *call, const krait_guest_call *state)
{
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)state->size);
    const char *start;

    if (bytes == NULL) {
        return -1;
    }
    start = PyBytes_AS_STRING(bytes);
    if (krait_host_call_take(call->number, PyBytes_AS_STRING(bytes), state->size) != 0) {
        Py_DECREF(bytes);
        PyErr_SetString(PyExc_SystemError, "the host lost a call");
        return -1;
    }
    call->is_open = false;
    if (state->state == KRAIT_CALL_FAILED) {
        call->failure = make_failure(start, state->type_size, state->size);
    } else if (call->format == KRAIT_GUEST_JSON && state->size == 0) {
        call->value = Py_NewRef(Py_None);
    } else {
        call->value = krait_value_load(call->format, start, state->size);
        if (call->value == NULL) {
            call->failure = PyErr_GetRaisedException();
        }
    }
    Py_DECREF(bytes);
    return call->value != NULL || call->failure != NULL ? 0 : -1;
}

/* 1: done, 0: it runs, -1: an exception. */
static int
look(krait_call_object *call)
{
    krait_guest_call state;

    if (!call->is_open) {
        return 1;
    }
    if (krait_host_call_poll(call->number, &state) != 0) {
        PyErr_SetString(PyExc_SystemError, "the host lost a call");
        return -1;
    }
    if (state.state == KRAIT_CALL_RUNS) {
        return 0;
    }
    return take(call, &state) == 0 ? 1 : -1;
}

/* ---- waiting ------------------------------------------------------------------------------ */

/* Nanoseconds, UINT64_MAX: for ever; -1 with an exception. */
static int
parse_timeout(PyObject *timeout, uint64_t *ret_ns)
{
    double seconds;

    if (timeout == NULL || timeout == Py_None) {
        *ret_ns = UINT64_MAX;
        return 0;
    }
    seconds = PyFloat_AsDouble(timeout);
    if (seconds == -1.0 && PyErr_Occurred()) {
        return -1;
    }
    if (!(seconds > 0)) {
        *ret_ns = 0;
    } else {
        *ret_ns = seconds * NS_PER_S < LONGEST_NS ? (uint64_t)(seconds * NS_PER_S) : UINT64_MAX;
    }
    return 0;
}

static uint64_t
now_ns(void)
{
    PyTime_t now;

    return PyTime_MonotonicRaw(&now) == 0 ? (uint64_t)now : 0;
}

/* 1: one of them is done, 0: the time is over, -1: an exception. */
static int
wait_for(const uint32_t *numbers, uint32_t count, uint64_t timeout)
{
    uint64_t start = now_ns();

    for (;;) {
        uint64_t passed = now_ns() - start;
        uint64_t left = timeout == UINT64_MAX ? timeout : timeout > passed ? timeout - passed : 0;
        uint32_t error = krait_host_call_wait(numbers, count, left);

        if (error == 0) {
            return 1;
        }
        if (error == ETIMEDOUT) {
            return 0;
        }
        if (error != EINTR) {
            errno = (int)error;
            PyErr_SetFromErrno(PyExc_OSError);
            return -1;
        }
        if (PyErr_CheckSignals() != 0) {
            return -1;
        }
    }
}

static PyObject *
result_of(krait_call_object *call)
{
    if (call->is_cancelled) {
        PyErr_SetString(PyExc_RuntimeError, "the call was cancelled");
        return NULL;
    }
    if (call->failure != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(call->failure), call->failure);
        return NULL;
    }
    /* Memory ran out while it was decoded, or it is being decoded further out. */
    if (call->value == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the answer of the call is not available");
        return NULL;
    }
    return Py_NewRef(call->value);
}

PyObject *
krait_call_result(PyObject *self, PyObject *timeout)
{
    krait_call_object *call = (krait_call_object *)self;
    uint64_t left;
    int done = look(call);

    if (done == 0) {
        if (parse_timeout(timeout, &left) != 0) {
            return NULL;
        }
        done = wait_for(&call->number, 1, left);
        if (done == 0) {
            PyErr_SetString(PyExc_TimeoutError, "the host function still runs");
            return NULL;
        }
        if (done > 0) {
            done = look(call);
        }
    }
    return done < 0 ? NULL : result_of(call);
}

/* The calls of `list` that are done; NULL with an exception. */
static PyObject *
find_done(PyObject *list)
{
    PyObject *done = PyList_New(0);

    for (Py_ssize_t i = 0; done != NULL && i < PyList_GET_SIZE(list); i++) {
        PyObject *call = PyList_GET_ITEM(list, i);
        int is_done;

        if (!Py_IS_TYPE(call, &krait_call_type)) {
            PyErr_Format(PyExc_TypeError, "a Call is wanted, not %.200s", Py_TYPE(call)->tp_name);
            is_done = -1;
        } else {
            is_done = look((krait_call_object *)call);
        }
        if (is_done < 0 || (is_done > 0 && PyList_Append(done, call) != 0)) {
            Py_CLEAR(done);
        }
    }
    return done;
}

static int
wait_for_list(PyObject *list, uint64_t timeout)
{
    Py_ssize_t count = PyList_GET_SIZE(list);
    uint32_t *numbers = PyMem_Calloc((size_t)count, sizeof(*numbers));
    int result;

    if (numbers == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        numbers[i] = ((krait_call_object *)PyList_GET_ITEM(list, i))->number;
    }
    result = wait_for(numbers, (uint32_t)count, timeout);
    PyMem_Free(numbers);
    return result;
}

PyObject *
krait_call_wait_any(PyObject *calls, PyObject *timeout)
{
    PyObject *list = PySequence_List(calls);
    PyObject *done = NULL;
    uint64_t left;

    if (list == NULL) {
        return NULL;
    }
    if (parse_timeout(timeout, &left) == 0) {
        done = find_done(list);
    }
    if (done != NULL && PyList_GET_SIZE(done) == 0 && PyList_GET_SIZE(list) > 0) {
        int found = wait_for_list(list, left);

        Py_SETREF(done, found < 0 ? NULL : found > 0 ? find_done(list) : Py_NewRef(done));
    }
    Py_DECREF(list);
    return done;
}

/* ---- methods ------------------------------------------------------------------------------ */

static PyObject *
method_result(PyObject *self, PyObject *args, PyObject *options)
{
    static char *names[] = {"timeout", NULL};
    PyObject *timeout = Py_None;

    if (!PyArg_ParseTupleAndKeywords(args, options, "|O:result", names, &timeout)) {
        return NULL;
    }
    return krait_call_result(self, timeout);
}

static PyObject *
method_done(PyObject *self, PyObject *ignored)
{
    int done = look((krait_call_object *)self);

    (void)ignored;
    return done < 0 ? NULL : PyBool_FromLong(done);
}

static PyObject *
method_cancel(PyObject *self, PyObject *ignored)
{
    krait_call_object *call = (krait_call_object *)self;
    int done = look(call);

    (void)ignored;
    if (done < 0) {
        return NULL;
    }
    if (done == 0) {
        (void)krait_host_call_cancel(call->number);
        call->is_open = false;
        call->is_cancelled = true;
    }
    return PyBool_FromLong(done == 0);
}

static PyMethodDef methods[] = {
    {"result", (PyCFunction)(void (*)(void))method_result, METH_VARARGS | METH_KEYWORDS,
     "result(timeout=None)\n--\n\nWhat the host function returned, or the exception that it failed "
     "with.\nWaits for it; TimeoutError when that takes longer than timeout seconds."},
    {"done", method_done, METH_NOARGS, "done()\n--\n\nTrue when result() does not wait."},
    {"cancel", method_cancel, METH_NOARGS,
     "cancel()\n--\n\nGive up on a call that still runs, and tell the host so.\n"
     "False when it was done already."},
    {NULL, NULL, 0, NULL},
};

PyTypeObject krait_call_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "krait_host.Call",
    .tp_basicsize = sizeof(krait_call_object),
    .tp_dealloc = call_free,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_doc = "A call of a host function; made by submit() and submit_bytes().",
    .tp_methods = methods,
};
