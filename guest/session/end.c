/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a program in a copied memory: Py_FinalizeEx() without what only gives memory back.
 *
 * Objects that were made before the copy are hidden from the collector (stash.c), so that its last
 * runs look at those of the program alone.  When none of these could do anything at the end of its
 * life, not even modules are emptied.  Otherwise they are, and when objects survive that which could
 * still do something (finalizers, callbacks of weak references), something hidden may hold them: then
 * nothing is hidden any more, and Python ends as it always does.  In the other cases the modules of the
 * library are not emptied and the interpreter is not taken apart: the process ends anyway, and all
 * these pages would have to be copied first.
 *
 * The linker (--wrap) leads the calls of CPython's Python/pylifecycle.c here.
 */
#include "stash.h"

#include <internal/pycore_runtime.h>
#include <internal/pycore_typeobject.h>
#include <internal/pycore_weakref.h>

/* `skips`: nothing that is left could do anything.  `is_over`: modules are not even emptied. */
static bool skips, is_over;

/* ---- what could still do something -------------------------------------------------------- */

/* A standard stream is flushed, and its descriptor stays open. */
static bool
is_part_of(PyObject *stream, PyObject *object)
{
    PyObject *buffer;
    PyObject *raw;
    bool found;

    if (stream == NULL || stream == Py_None) {
        return false;
    }
    buffer = PyObject_GetAttrString(stream, "buffer");
    raw = buffer != NULL ? PyObject_GetAttrString(buffer, "raw") : NULL;
    found = object == stream || object == buffer || object == raw;
    Py_XDECREF(raw);
    Py_XDECREF(buffer);
    PyErr_Clear();
    return found;
}

static bool
is_standard_stream(PyObject *object)
{
    return is_part_of(PySys_GetObject("__stdin__"), object) ||
           is_part_of(PySys_GetObject("__stdout__"), object) ||
           is_part_of(PySys_GetObject("__stderr__"), object);
}

/* Functions of the library only keep its own books. */
static bool
is_callback_quiet(PyObject *callback)
{
    if (PyCFunction_Check(callback)) {
        return true;
    }
    return PyFunction_Check(callback) && krait_stash_has_dict(PyFunction_GET_GLOBALS(callback));
}

static bool
could_act(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);

    if (type->tp_del != NULL) {
        return true;
    }
    if (type->tp_finalize != NULL && !_PyGC_FINALIZED(object)) {
        return !is_standard_stream(object);
    }
    if (PyWeakref_Check(object)) {
        PyObject *callback = ((PyWeakReference *)object)->wr_callback;

        return callback != NULL && !is_callback_quiet(callback);
    }
    return false;
}

/* Python's own way to free an object, of a class that was written in Python. */
static destructor
usual_dealloc(void)
{
    return krait_the_stash.spec_type->tp_dealloc;
}

/* An object that only the end of its life would make do something: of a type that an extension
 * module made, or a class whose objects, which the collector need not know, have a finalizer. */
static bool
could_act_last(PyObject *object)
{
    if (PyType_Check(object)) {
        const PyTypeObject *type = (PyTypeObject *)object;

        return type->tp_del != NULL || type->tp_finalize != NULL;
    }
    for (PyTypeObject *type = Py_TYPE(object);
         type != NULL && PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE); type = type->tp_base) {
        if (type->tp_dealloc != usual_dealloc()) {
            return !is_standard_stream(object);
        }
    }
    return false;
}

/* `at_once`: nothing of the program's has been taken apart yet, and nothing would be. */
static bool
has_actors(bool at_once)
{
    struct _gc_runtime_state *state = &PyInterpreterState_Get()->gc;

    for (int i = 0; i < NUM_GENERATIONS; i++) {
        PyGC_Head *head = &state->generations[i].head;

        for (PyGC_Head *at = _PyGCHead_NEXT(head); at != head; at = _PyGCHead_NEXT(at)) {
            PyObject *object = _Py_FROM_GC(at);

            if (could_act(object) || (at_once && could_act_last(object))) {
                return true;
            }
        }
    }
    return false;
}

/* ---- calls of pylifecycle.c --------------------------------------------------------------- */

void __real__PyImport_FiniExternal(PyInterpreterState *interpreter);
void __wrap__PyImport_FiniExternal(PyInterpreterState *interpreter);
PyObject *__real__PyImport_GetModules(PyInterpreterState *interpreter);
PyObject *__wrap__PyImport_GetModules(PyInterpreterState *interpreter);
int __real__PyFile_Flush(PyObject *file);
int __wrap__PyFile_Flush(PyObject *file);
void __real__PyGC_CollectNoFail(PyThreadState *thread);
void __wrap__PyGC_CollectNoFail(PyThreadState *thread);
void __real__PyModule_Clear(PyObject *module);
void __wrap__PyModule_Clear(PyObject *module);

/* sys.NAME, which is flushed twice, is no longer the program's at the second time. */
static bool
is_own_stream(const char *name, const char *dunder)
{
    return PySys_GetObject(name) != PySys_GetObject(dunder);
}

/* Called after the last run of the collector, and before any module is emptied. */
void
__wrap__PyImport_FiniExternal(PyInterpreterState *interpreter)
{
    __real__PyImport_FiniExternal(interpreter);
    if (interpreter == PyInterpreterState_Main() && krait_stash_hides() &&
        !is_own_stream("stdout", "__stdout__") && !is_own_stream("stderr", "__stderr__") &&
        !has_actors(true)) {
        skips = is_over = true;
    }
}

/* finalize_modules() returns when there are none. */
PyObject *
__wrap__PyImport_GetModules(PyInterpreterState *interpreter)
{
    return is_over ? NULL : __real__PyImport_GetModules(interpreter);
}

/* The streams have been flushed; sys would be empty now. */
int
__wrap__PyFile_Flush(PyObject *file)
{
    return is_over ? 0 : __real__PyFile_Flush(file);
}

void
__wrap__PyGC_CollectNoFail(PyThreadState *thread)
{
    __real__PyGC_CollectNoFail(thread);
    if (skips || thread->interp != PyInterpreterState_Main() || !krait_stash_hides()) {
        return;
    }
    if (has_actors(false)) {
        krait_stash_show();
        __real__PyGC_CollectNoFail(thread);
    } else {
        skips = true;
    }
}

void
__wrap__PyModule_Clear(PyObject *module)
{
    if (!skips || !krait_stash_has_dict(PyModule_GetDict(module))) {
        __real__PyModule_Clear(module);
    }
}

#define SKIPPED(function, parameters, arguments)                                                   \
    void __real_##function parameters;                                                             \
    void __wrap_##function parameters;                                                             \
    void __wrap_##function parameters                                                              \
    {                                                                                              \
        if (!skips) {                                                                              \
            __real_##function arguments;                                                           \
        }                                                                                          \
    }

SKIPPED(_PyInterpreterState_Clear, (PyThreadState * thread), (thread))
SKIPPED(PyInterpreterState_Delete, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyImport_ClearModulesByIndex, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyImport_Fini, (void), ())
SKIPPED(_PyExc_Fini, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyTypes_FiniTypes, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyTypes_FiniExtTypes, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyTypes_Fini, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyUnicode_ClearInterned, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyUnicode_Fini, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyErr_FiniTypes, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PySys_FiniTypes, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyUnicode_FiniTypes, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyXI_Fini, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyXI_FiniTypes, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyImport_FiniCore, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyExc_ClearExceptionGroupType, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_Py_clear_generic_types, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyArg_Fini, (void), ())
SKIPPED(_PyFloat_FiniType, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyLong_FiniTypes, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyThread_FiniType, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyDtoa_Fini, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyMem_FiniDelayed, (PyInterpreterState * interpreter), (interpreter))
SKIPPED(_PyThreadState_ClearMimallocHeaps, (PyThreadState * thread), (thread))
SKIPPED(_PyPathConfig_ClearGlobal, (void), ())
SKIPPED(_Py_ClearArgcArgv, (void), ())
SKIPPED(_PyRuntime_Finalize, (void), ())
SKIPPED(_Py_FinalizeAllocatedBlocks, (_PyRuntimeState * runtime), (runtime))
