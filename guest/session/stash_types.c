/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of the library that a program changes: what another body would take from them is not what
 * it was when that body ran.  CPython tells when the dict of a class changes (PyType_Watch).
 */
#include "stash.h"

static int
changed(PyTypeObject *type)
{
    PyObject *exception = PyErr_GetRaisedException();
    PyObject *name = PyType_GetModuleName(type);
    uint32_t number = 0;
    stash_entry *entry = NULL;

    if (name != NULL && PyUnicode_Check(name)) {
        entry = krait_stash_find(name, &number);
    }
    if (entry != NULL) {
        entry->is_changed = true;
    }
    Py_XDECREF(name);
    PyErr_Clear();
    PyErr_SetRaisedException(exception);
    return 0;
}

static int
watch_all(int watcher, PyGC_Head *head)
{
    for (PyGC_Head *at = _PyGCHead_NEXT(head); at != head; at = _PyGCHead_NEXT(at)) {
        PyObject *object = _Py_FROM_GC(at);

        if (PyType_Check(object) &&
            !PyType_HasFeature((PyTypeObject *)object, Py_TPFLAGS_IMMUTABLETYPE) &&
            PyType_Watch(watcher, object) != 0) {
            return -1;
        }
    }
    return 0;
}

int
krait_stash_watch_types(void)
{
    krait_stash *stash = &krait_the_stash;
    const int watcher = PyType_AddWatcher(changed);
    int result = watcher;

    if (result >= 0) {
        result = watch_all(watcher, &stash->objects);
    }
    for (uint32_t i = 0; result == 0 && i < stash->count; i++) {
        result = watch_all(watcher, &stash->entries[i]->objects);
    }
    return result == 0 ? watch_all(watcher, &stash->rest) : -1;
}
