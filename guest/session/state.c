/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of the interpreter and of the process that code may change: seen, and made as they were.
 *
 * Left out: what modules written in C keep for themselves (only programs that import them see it),
 * files (the host has them), and whatever Python code keeps in objects that it can reach.
 */
#include "state.h"

#include <internal/pycore_ceval.h>
#include <internal/pycore_context.h>
#include <internal/pycore_gc.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_runtime.h>

#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- single values ------------------------------------------------------------------------ */

/* Compared byte by byte, so without gaps that nobody sets: it is zeroed first. */
typedef struct settings {
    struct {
        PyObject *function;
        PyOS_sighandler_t action;
    } signals[Py_NSIG];
    int wakeup;
    int recursion_limit, digits, origin_depth;
    int collects, debug, thresholds[NUM_GENERATIONS];
    unsigned long switch_interval;
    mode_t mask;
    PyObject *first_iter, *finalizer, *context, *action;
    PyHamtObject *variables;
    bool is_frozen;
    char locale[192];
    char folder[PATH_MAX];
} settings;

static struct {
    settings start, seen;
    unsigned long written, written_seen;
    unsigned long warned, warned_seen;
    PyObject *matcher; /* of the filter of warnings that sees all of them */
} state;

static void
get_signals(settings *now)
{
    for (int i = 1; i < Py_NSIG; i++) {
        now->signals[i].function = _PyRuntime.signals.handlers[i].func;
        now->signals[i].action = PyOS_getsig(i);
    }
    now->wakeup = _PyRuntime.signals.wakeup.fd;
}

static void
get(settings *now)
{
    const PyThreadState *thread = PyThreadState_Get();
    const PyInterpreterState *interpreter = thread->interp;
    const char *locale = setlocale(LC_ALL, NULL);

    memset(now, 0, sizeof(*now));
    get_signals(now);
    now->recursion_limit = Py_GetRecursionLimit();
    now->digits = interpreter->long_state.max_str_digits;
    now->origin_depth = thread->coroutine_origin_tracking_depth;
    now->collects = interpreter->gc.enabled;
    now->debug = interpreter->gc.debug;
    now->is_frozen = interpreter->gc.permanent_generation.head._gc_next !=
                     (uintptr_t)&interpreter->gc.permanent_generation.head;
    for (int i = 0; i < NUM_GENERATIONS; i++) {
        now->thresholds[i] = interpreter->gc.generations[i].threshold;
    }
    now->switch_interval = _PyEval_GetSwitchInterval();
    now->mask = umask(0);
    (void)umask(now->mask);
    now->first_iter = thread->async_gen_firstiter;
    now->finalizer = thread->async_gen_finalizer;
    now->action = interpreter->warnings.default_action;
    now->context = thread->context;
    now->variables = thread->context != NULL ? ((PyContext *)thread->context)->ctx_vars : NULL;
    if (locale != NULL) {
        strncpy(now->locale, locale, sizeof(now->locale) - 1);
    }
    if (getcwd(now->folder, sizeof(now->folder)) == NULL) {
        now->folder[0] = '\0';
    }
}

/* So that the addresses are not those of others. */
static void
hold(const settings *now)
{
    for (int i = 1; i < Py_NSIG; i++) {
        Py_XINCREF(now->signals[i].function);
    }
    Py_XINCREF(now->first_iter);
    Py_XINCREF(now->finalizer);
    Py_XINCREF(now->action);
    Py_XINCREF(now->context);
    Py_XINCREF((PyObject *)now->variables);
}

static void
set_signals(const settings *wanted, const settings *now)
{
    for (int i = 1; i < Py_NSIG; i++) {
        if (wanted->signals[i].action != now->signals[i].action) {
            (void)PyOS_setsig(i, wanted->signals[i].action);
        }
        if (wanted->signals[i].function != now->signals[i].function) {
            Py_XSETREF(_PyRuntime.signals.handlers[i].func,
                       Py_XNewRef(wanted->signals[i].function));
        }
    }
    _PyRuntime.signals.wakeup.fd = wanted->wakeup;
}

/* The context of decimal, and whatever else is a context variable. */
static void
set_context(const settings *wanted)
{
    PyThreadState *thread = PyThreadState_Get();

    Py_XSETREF(thread->context, Py_XNewRef(wanted->context));
    if (wanted->context != NULL) {
        Py_XSETREF(((PyContext *)wanted->context)->ctx_vars,
                   (PyHamtObject *)Py_XNewRef((PyObject *)wanted->variables));
    }
    thread->context_ver++;
}

static int
set_process(const settings *wanted, const settings *now)
{
    (void)umask(wanted->mask);
    if (strcmp(wanted->locale, now->locale) != 0 && setlocale(LC_ALL, wanted->locale) == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the code changed the locale");
        return -1;
    }
    if (strcmp(wanted->folder, now->folder) != 0 && chdir(wanted->folder) != 0) {
        PyErr_SetString(PyExc_RuntimeError, "the code changed the working directory");
        return -1;
    }
    return 0;
}

static int
set(const settings *wanted, const settings *now)
{
    PyThreadState *thread = PyThreadState_Get();
    PyInterpreterState *interpreter = thread->interp;

    set_signals(wanted, now);
    if (wanted->recursion_limit != now->recursion_limit) {
        Py_SetRecursionLimit(wanted->recursion_limit);
    }
    interpreter->long_state.max_str_digits = wanted->digits;
    thread->coroutine_origin_tracking_depth = wanted->origin_depth;
    interpreter->gc.enabled = wanted->collects;
    interpreter->gc.debug = wanted->debug;
    if (now->is_frozen && !wanted->is_frozen) {
        _PyGC_Unfreeze(interpreter);
    }
    for (int i = 0; i < NUM_GENERATIONS; i++) {
        interpreter->gc.generations[i].threshold = wanted->thresholds[i];
    }
    if (wanted->switch_interval != now->switch_interval) {
        _PyEval_SetSwitchInterval(wanted->switch_interval);
    }
    Py_XSETREF(thread->async_gen_firstiter, Py_XNewRef(wanted->first_iter));
    Py_XSETREF(thread->async_gen_finalizer, Py_XNewRef(wanted->finalizer));
    Py_XSETREF(interpreter->warnings.default_action, Py_XNewRef(wanted->action));
    set_context(wanted);
    return set_process(wanted, now);
}

/* ---- lists ---------------------------------------------------------------------------------- */

#define LIST_COUNT 8
#define FILTERS    0

static struct {
    PyObject *list;  /* owned; NULL: there is none */
    PyObject *start; /* tuples */
    PyObject *seen;
} lists[LIST_COUNT];

static bool
is_list_same(PyObject *list, PyObject *items)
{
    if (PyList_GET_SIZE(list) != PyTuple_GET_SIZE(items)) {
        return false;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        if (PyList_GET_ITEM(list, i) != PyTuple_GET_ITEM(items, i)) {
            return false;
        }
    }
    return true;
}

static int
note_lists(void)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    PyObject *const all[LIST_COUNT] = {
        interpreter->warnings.filters,   PySys_GetObject("path"),
        PySys_GetObject("meta_path"),    PySys_GetObject("path_hooks"),
        PySys_GetObject("argv"),         interpreter->gc.callbacks,
        interpreter->codecs.search_path, PySys_GetObject("warnoptions"),
    };

    for (size_t i = 0; i < LIST_COUNT; i++) {
        if (all[i] == NULL || !PyList_CheckExact(all[i])) {
            continue;
        }
        lists[i].list = Py_NewRef(all[i]);
        lists[i].start = PyList_AsTuple(all[i]);
        lists[i].seen = Py_XNewRef(lists[i].start);
        if (lists[i].start == NULL) {
            return -1;
        }
    }
    return 0;
}

/* 1: one is not what it was when this was asked last. */
static int
are_lists_other(void)
{
    int result = 0;

    for (size_t i = 0; i < LIST_COUNT; i++) {
        if (lists[i].list != NULL && !is_list_same(lists[i].list, lists[i].seen)) {
            Py_SETREF(lists[i].seen, PyList_AsTuple(lists[i].list));
            if (lists[i].seen == NULL) {
                return -1;
            }
            result = 1;
        }
    }
    return result;
}

static int
restore_lists(void)
{
    struct _warnings_runtime_state *warnings = &PyInterpreterState_Get()->warnings;
    int result = 0;

    /* `warnings` may have put a list of its own there. */
    if (lists[FILTERS].list != NULL) {
        Py_XSETREF(warnings->filters, Py_NewRef(lists[FILTERS].list));
    }

    for (size_t i = 0; i < LIST_COUNT; i++) {
        if (result == 0 && lists[i].list != NULL && !is_list_same(lists[i].list, lists[i].start)) {
            result = PyList_SetSlice(lists[i].list, 0, PY_SSIZE_T_MAX, lists[i].start);
        }
        Py_CLEAR(lists[i].list);
        Py_CLEAR(lists[i].start);
        Py_CLEAR(lists[i].seen);
    }
    warnings->filters_version++;
    return result;
}

/* ---- warnings ------------------------------------------------------------------------------- */

/* Part of the first filter, which Python therefore asks about each warning: it fits none. */
static PyObject *
match(PyObject *self, PyObject *text)
{
    (void)self;
    (void)text;
    state.warned++;
    Py_RETURN_FALSE;
}

/* An object with a method `match`. */
static PyObject *
make_matcher(void)
{
    static PyMethodDef method = {"match", match, METH_O, NULL};
    PyObject *function = PyCFunction_New(&method, NULL);
    PyObject *matcher = PyModule_New("krait_matcher");

    if (function == NULL || matcher == NULL ||
        PyModule_AddObjectRef(matcher, "match", function) != 0) {
        Py_CLEAR(matcher);
    }
    Py_XDECREF(function);
    return matcher;
}

static int
watch_warnings(void)
{
    struct _warnings_runtime_state *warnings = &PyInterpreterState_Get()->warnings;
    PyObject *matcher = make_matcher();
    PyObject *filter = NULL;
    int result = -1;

    if (matcher != NULL) {
        filter = Py_BuildValue("(sOOOi)", "ignore", matcher, PyExc_Warning, Py_None, 0);
    }
    if (filter != NULL && warnings->filters != NULL && PyList_Check(warnings->filters)) {
        result = PyList_Insert(warnings->filters, 0, filter);
    }
    warnings->filters_version++;
    Py_XDECREF(filter);
    Py_XDECREF(matcher);
    return result;
}

bool
krait_state_has_warned(void)
{
    const bool has = state.warned != state.warned_seen;

    state.warned_seen = state.warned;
    return has;
}

/* ---- the standard streams ----------------------------------------------------------------- */

/* The linker (--wrap) leads all writes of Python here. */
Py_ssize_t __real__Py_write(int fd, const void *bytes, size_t count);
Py_ssize_t __wrap__Py_write(int fd, const void *bytes, size_t count);

Py_ssize_t
__wrap__Py_write(int fd, const void *bytes, size_t count)
{
    if (fd == STDOUT_FILENO || fd == STDERR_FILENO) {
        state.written++;
    }
    return __real__Py_write(fd, bytes, count);
}

/* ---- what cannot be undone ---------------------------------------------------------------- */

static const char *
find_leftover(void)
{
    const PyThreadState *thread = PyThreadState_Get();
    const PyInterpreterState *interpreter = thread->interp;

    if (interpreter->audit_hooks != NULL || _PyRuntime.audit_hooks.head != NULL) {
        return "added an audit hook";
    }
    if (thread->c_tracefunc != NULL || thread->c_profilefunc != NULL) {
        return "set a trace or profile function";
    }
    for (size_t i = 0; i < _PY_MONITORING_UNGROUPED_EVENTS; i++) {
        if (interpreter->monitors.tools[i] != 0) {
            return "left a tool of sys.monitoring";
        }
    }
    if (_PyRuntime.tracemalloc.config.tracing) {
        return "started tracemalloc";
    }
    if (interpreter->threads.head->next != NULL) {
        return "left a thread that runs";
    }
    if (interpreter->next != NULL || _PyRuntime.interpreters.head != interpreter) {
        return "left an interpreter";
    }
    return NULL;
}

/* ---- all of it ---------------------------------------------------------------------------- */

int
krait_state_note(void)
{
    get(&state.start);
    hold(&state.start);
    state.written_seen = state.written;
    /* The list is noted without the filter, so that it is gone in the end. */
    if (note_lists() != 0 || watch_warnings() != 0 || are_lists_other() < 0 ||
        krait_environment_note() != 0) {
        return -1;
    }
    get(&state.seen);
    return krait_classes_note();
}

int
krait_state_is_other(void)
{
    static settings now;
    int result = are_lists_other();

    if (krait_streams_flush() != 0) {
        PyErr_Clear();
    }
    get(&now);
    if (result < 0) {
        return -1;
    }
    if (memcmp(&now, &state.seen, sizeof(now)) != 0) {
        memcpy(&state.seen, &now, sizeof(now));
        result = 1;
    }
    if (state.written != state.written_seen) {
        state.written_seen = state.written;
        result = 1;
    }
    return krait_environment_is_other() ? 1 : result;
}

int
krait_state_restore(void)
{
    const char *leftover = find_leftover();

    if (leftover != NULL) {
        PyErr_Format(PyExc_RuntimeError, "the code %s, which every program would see", leftover);
        return -1;
    }
    if (krait_classes_check() != 0 || restore_lists() != 0 || krait_environment_restore() != 0) {
        return -1;
    }
    krait_classes_release();
    get(&state.seen);
    if (set(&state.start, &state.seen) != 0) {
        return -1;
    }
    return krait_streams_flush();
}
