/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has anybody changed a class or a function that was there before?
 *
 * Of each only a number is kept that stands for what is in it.  Attributes of other objects, and what
 * modules in C keep for themselves, are not looked at.
 */
#include "state.h"

#include <internal/pycore_dict.h>
#include <internal/pycore_typeobject.h>

#include <string.h>

typedef struct slot {
    PyObject *object; /* owned, so that its address is not another one's; NULL: free */
    uint64_t print;   /* of what is in it */
    uint64_t version; /* of a class: of its dict */
} slot;

static struct {
    slot *slots;
    size_t size, used; /* a power of two */
    PyObject *find;    /* type.__subclasses__ */
    PyObject *changed; /* the first one, by somebody who has no right to it */
} classes;

static uint64_t
mix(uint64_t value)
{
    value = (value ^ (value >> 31)) * 0x9e3779b97f4a7c15u;
    return value ^ (value >> 29);
}

static uint64_t
mix_pair(const void *a, const void *b)
{
    return mix(((uint64_t)(uintptr_t)a << 32 | (uintptr_t)b) + 1);
}

static uint64_t
print_of_function(PyObject *object)
{
    const PyFunctionObject *function = (const PyFunctionObject *)object;

    return mix_pair(function->func_code, function->func_defaults) +
           mix_pair(function->func_kwdefaults, function);
}

/* Python makes these by itself when somebody asks for them. */
static bool
is_lazy(PyObject *key)
{
    static const char *const names[] = {"__annotations__", "__annotations_cache__", "__doc__",
                                        "__abstractmethods__"};

    for (size_t i = 0; PyUnicode_Check(key) && i < sizeof(names) / sizeof(names[0]); i++) {
        if (PyUnicode_CompareWithASCIIString(key, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static uint64_t
print_of(PyObject *object)
{
    PyObject *dict;
    PyObject *key;
    PyObject *value;
    Py_ssize_t at = 0;
    uint64_t print;

    if (PyFunction_Check(object)) {
        return print_of_function(object);
    }
    dict = _PyType_GetDict((PyTypeObject *)object);
    print = mix_pair(((PyTypeObject *)object)->tp_bases, ((PyTypeObject *)object)->tp_mro);
    while (dict != NULL && PyDict_Next(dict, &at, &key, &value)) {
        if (!is_lazy(key)) {
            print += mix_pair(key, value);
            print += PyFunction_Check(value) ? print_of_function(value) : 0;
        }
    }
    return print;
}

static uint64_t
version_of(PyObject *object)
{
    PyObject *dict = PyType_Check(object) ? _PyType_GetDict((PyTypeObject *)object) : NULL;

    return dict != NULL ? ((PyDictObject *)dict)->ma_version_tag &
                              ~(uint64_t)DICT_WATCHER_AND_MODIFICATION_MASK
                        : 0;
}

/* Where it is, or belongs. */
static slot *
find_slot(slot *slots, size_t size, const PyObject *object)
{
    size_t at = (size_t)mix_pair(object, object) & (size - 1);

    while (slots[at].object != NULL && slots[at].object != object) {
        at = (at + 1) & (size - 1);
    }
    return &slots[at];
}

/* Emptied before it is given back: pages of zeros cost nothing in an image. */
static void
free_slots(slot *slots, size_t size)
{
    if (slots != NULL) {
        memset(slots, 0, size * sizeof(*slots));
    }
    PyMem_RawFree(slots);
}

static int
grow(void)
{
    const size_t size = classes.size > 0 ? 2 * classes.size : 8192;
    slot *slots = PyMem_RawCalloc(size, sizeof(*slots));

    if (slots == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < classes.size; i++) {
        if (classes.slots[i].object != NULL) {
            *find_slot(slots, size, classes.slots[i].object) = classes.slots[i];
        }
    }
    free_slots(classes.slots, classes.size);
    classes.slots = slots;
    classes.size = size;
    return 0;
}

/* 1: it is new. */
static int
note(PyObject *object)
{
    slot *at;

    if (2 * classes.used >= classes.size && grow() != 0) {
        return -1;
    }
    at = find_slot(classes.slots, classes.size, object);
    if (at->object != NULL) {
        return 0;
    }
    at->object = Py_NewRef(object);
    at->print = print_of(object);
    at->version = version_of(object);
    classes.used++;
    return 1;
}

/* Appends those of its subclasses that are new. */
static int
note_subclasses(PyObject *type, PyObject *list)
{
    PyObject *more = PyObject_CallOneArg(classes.find, type);
    int result = more != NULL && PyList_Check(more) ? 0 : -1;

    for (Py_ssize_t i = 0; result == 0 && i < PyList_GET_SIZE(more); i++) {
        result = note(PyList_GET_ITEM(more, i));
        if (result > 0) {
            result = PyList_Append(list, PyList_GET_ITEM(more, i));
        }
    }
    Py_XDECREF(more);
    return result;
}

int
krait_classes_note(void)
{
    PyObject *list = PyList_New(0);
    int result = -1;

    classes.find = PyObject_GetAttrString((PyObject *)&PyType_Type, "__subclasses__");
    if (list != NULL && classes.find != NULL && note((PyObject *)&PyBaseObject_Type) >= 0) {
        result = PyList_Append(list, (PyObject *)&PyBaseObject_Type);
    }
    for (Py_ssize_t i = 0; result == 0 && i < PyList_GET_SIZE(list); i++) {
        result = note_subclasses(PyList_GET_ITEM(list, i), list);
    }
    Py_XDECREF(list);
    return result;
}

int
krait_classes_note_dict(PyObject *dict)
{
    PyObject *key;
    PyObject *value;
    Py_ssize_t at = 0;

    while (PyDict_Next(dict, &at, &key, &value)) {
        if ((PyType_Check(value) || PyFunction_Check(value)) && note(value) < 0) {
            return -1;
        }
    }
    return 0;
}

static void
refuse(PyObject *object)
{
    const bool is_type = PyType_Check(object);
    PyObject *module = PyObject_GetAttrString(object, "__module__");
    PyObject *name = PyObject_GetAttrString(object, "__qualname__");

    PyErr_Clear();
    if (module != NULL && name != NULL) {
        PyErr_Format(PyExc_RuntimeError,
                     "the code changed the %s %S.%S, which every program would see",
                     is_type ? "class" : "function", module, name);
    } else {
        PyErr_SetString(PyExc_RuntimeError,
                        "the code changed a class, which every program would see");
    }
    Py_XDECREF(module);
    Py_XDECREF(name);
}

/* Only what has another number: to look into all of them so often would take too long. */
void
krait_classes_look(bool is_right)
{
    for (size_t i = 0; i < classes.size; i++) {
        slot *at = &classes.slots[i];
        uint64_t print;

        if (at->object == NULL ||
            (!PyFunction_Check(at->object) && version_of(at->object) == at->version)) {
            continue;
        }
        print = print_of(at->object);
        if (print != at->print && !is_right && classes.changed == NULL) {
            classes.changed = at->object;
        }
        at->version = version_of(at->object);
        at->print = print;
    }
}

int
krait_classes_check(void)
{
    for (size_t i = 0; i < classes.size && classes.changed == NULL; i++) {
        PyObject *object = classes.slots[i].object;

        if (object != NULL && print_of(object) != classes.slots[i].print) {
            classes.changed = object;
        }
    }
    if (classes.changed != NULL) {
        refuse(classes.changed);
        return -1;
    }
    return 0;
}

void
krait_classes_release(void)
{
    for (size_t i = 0; i < classes.size; i++) {
        Py_CLEAR(classes.slots[i].object);
    }
    free_slots(classes.slots, classes.size);
    Py_CLEAR(classes.find);
    memset(&classes, 0, sizeof(classes));
}
