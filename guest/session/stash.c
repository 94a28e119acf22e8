/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stash: what is in it, and how a module comes out of it.
 *
 * An activation looks at everything first: the module that was found and all that its body would
 * import now, in any depth.  Only then it changes something.  What has been given once is not given
 * again: after `del sys.modules[name]` the body runs, as it always would.
 */
#include "stash.h"

#include <internal/pycore_dict.h>
#include <internal/pycore_import.h>

#include <string.h>

krait_stash krait_the_stash;

/* ---- entries ------------------------------------------------------------------------------ */

stash_entry *
krait_stash_find(PyObject *name, uint32_t *ret_number)
{
    PyObject *number = PyDict_GetItemWithError(krait_the_stash.index, name);

    if (number == NULL) {
        return NULL;
    }
    *ret_number = (uint32_t)PyLong_AsUnsignedLong(number);
    return krait_the_stash.entries[*ret_number];
}

static stash_entry *
make_entry(PyObject *name)
{
    const Py_ssize_t length = PyUnicode_GET_LENGTH(name);
    Py_ssize_t dot = PyUnicode_FindChar(name, '.', 0, length, -1);
    stash_entry *entry = PyMem_RawCalloc(1, sizeof(*entry));

    if (entry == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    entry->state = STASH_MISSING;
    entry->parent = STASH_NOBODY;
    entry->owner = STASH_NOBODY;
    entry->name = Py_NewRef(name);
    entry->tail = PyUnicode_Substring(name, dot + 1, length);
    entry->objects._gc_next = entry->objects._gc_prev = (uintptr_t)&entry->objects;
    if (entry->tail == NULL) {
        PyMem_RawFree(entry);
        return NULL;
    }
    if (dot > 0) {
        PyObject *parent = PyUnicode_Substring(name, 0, dot);

        if (parent == NULL || krait_stash_need(parent, &entry->parent) == NULL) {
            PyMem_RawFree(entry);
            entry = NULL;
        }
        Py_XDECREF(parent);
    }
    return entry;
}

static int
add_entry(krait_stash *stash, stash_entry *entry)
{
    PyObject *number = PyLong_FromUnsignedLong(stash->count);
    int result = -1;

    if (stash->count == stash->room) {
        const uint32_t room = 2 * stash->room + 64;
        stash_entry **all = PyMem_RawRealloc(stash->entries, room * sizeof(*all));

        if (all == NULL) {
            PyErr_NoMemory();
            Py_CLEAR(number);
        } else {
            stash->entries = all;
            stash->room = room;
        }
    }
    if (number != NULL) {
        result = PyDict_SetItem(stash->index, entry->name, number);
    }
    if (result == 0) {
        stash->entries[stash->count++] = entry;
    }
    Py_XDECREF(number);
    return result;
}

stash_entry *
krait_stash_need(PyObject *name, uint32_t *ret_number)
{
    krait_stash *stash = &krait_the_stash;
    uint32_t number = 0;
    stash_entry *entry = krait_stash_find(name, &number);

    if (entry == NULL) {
        entry = make_entry(name);
        number = stash->count;
        if (entry != NULL && add_entry(stash, entry) != 0) {
            entry = NULL;
        }
    }
    if (ret_number != NULL) {
        *ret_number = number;
    }
    return entry;
}

/* ---- is a module what it was? ------------------------------------------------------------- */

static uint64_t
mix(uint64_t value)
{
    value = (value ^ (value >> 31)) * 0x9e3779b97f4a7c15u;
    return value ^ (value >> 29);
}

/* Of keys and values, in whatever order. */
static uint64_t
print_of(PyObject *dict)
{
    uint64_t print = 0;
    PyObject *key;
    PyObject *value;
    Py_ssize_t at = 0;

    while (PyDict_Next(dict, &at, &key, &value)) {
        print += mix(((uint64_t)(uintptr_t)key << 32 | (uintptr_t)value) + 1);
    }
    return print;
}

static uint64_t
version_of(PyObject *dict)
{
    return ((PyDictObject *)dict)->ma_version_tag & ~(uint64_t)DICT_WATCHER_AND_MODIFICATION_MASK;
}

static bool
has_dict(const stash_entry *entry)
{
    return entry->module != NULL && PyModule_Check(entry->module);
}

/* Is the module that the entry knows in sys.modules?  Then it is alive. */
static bool
is_present(const krait_stash *stash, const stash_entry *entry)
{
    return entry->module != NULL && (entry->state == STASH_START || entry->state == STASH_GIVEN) &&
           PyDict_GetItemWithError(stash->modules, entry->name) == entry->module &&
           PyModule_Check(entry->module);
}

void
krait_stash_note(stash_entry *entry)
{
    if (has_dict(entry)) {
        PyObject *dict = PyModule_GetDict(entry->module);

        entry->dict = dict;
        entry->version = version_of(dict);
        entry->print = print_of(dict);
    }
}

bool
krait_stash_is_same(stash_entry *entry)
{
    PyObject *dict;
    uint64_t version;

    if (entry->is_changed) {
        return false;
    }
    if (!has_dict(entry)) {
        return true;
    }
    dict = PyModule_GetDict(entry->module);
    version = version_of(dict);
    if (version == entry->version) {
        return true;
    }
    if (print_of(dict) != entry->print && !krait_stash_base_is_same(dict)) {
        return false;
    }
    entry->version = version;
    return true;
}

/* ---- hidden objects ----------------------------------------------------------------------- */

static PyGC_Head *
next_of(const PyGC_Head *head)
{
    return (PyGC_Head *)head->_gc_next;
}

static PyGC_Head *
last_of(const PyGC_Head *head)
{
    return (PyGC_Head *)(head->_gc_prev & ~(uintptr_t)3);
}

void
krait_stash_move(PyGC_Head *from, PyGC_Head *to)
{
    PyGC_Head *first = next_of(from);
    PyGC_Head *last = last_of(from);
    PyGC_Head *before = last_of(to);

    if (first == from) {
        return;
    }
    before->_gc_next = (uintptr_t)first;
    first->_gc_prev = (first->_gc_prev & 3) | (uintptr_t)before;
    last->_gc_next = (uintptr_t)to;
    to->_gc_prev = (uintptr_t)last;
    from->_gc_next = from->_gc_prev = (uintptr_t)from;
}

/* Somebody is about to look: all that a new Python would have belongs to the collector again. */
static void
show_objects(krait_stash *stash)
{
    PyGC_Head *old = &PyInterpreterState_Get()->gc.generations[NUM_GENERATIONS - 1].head;

    stash->shows_objects = true;
    krait_stash_move(&stash->objects, old);
    for (uint32_t i = 0; i < stash->count; i++) {
        if (stash->entries[i]->state == STASH_GIVEN) {
            krait_stash_move(&stash->entries[i]->objects, old);
        }
    }
}

void
krait_stash_forgive(const char *name)
{
    krait_stash *stash = &krait_the_stash;

    for (uint32_t i = 0; i < stash->count; i++) {
        if (is_present(stash, stash->entries[i]) &&
            PyUnicode_CompareWithASCIIString(stash->entries[i]->name, name) == 0) {
            krait_stash_note(stash->entries[i]);
        }
    }
}

PyObject *
krait_stash_waiting(const char *name)
{
    const krait_stash *stash = &krait_the_stash;

    for (uint32_t i = 0; i < stash->count; i++) {
        const stash_entry *entry = stash->entries[i];

        if (entry->state == STASH_WAITING &&
            PyUnicode_CompareWithASCIIString(entry->name, name) == 0) {
            return entry->module;
        }
    }
    return NULL;
}

bool
krait_stash_hides(void)
{
    return krait_the_stash.is_open && !krait_the_stash.shows_objects;
}

void
krait_stash_show(void)
{
    show_objects(&krait_the_stash);
}

bool
krait_stash_has_dict(PyObject *dict)
{
    const krait_stash *stash = &krait_the_stash;

    for (uint32_t i = 0; i < stash->count; i++) {
        const stash_entry *entry = stash->entries[i];

        if (entry->dict == dict && dict != NULL &&
            (entry->state == STASH_START || entry->state == STASH_GIVEN)) {
            return true;
        }
    }
    return false;
}

static bool
is_collector(PyObject *name)
{
    return PyUnicode_CompareWithASCIIString(name, "gc") == 0;
}

/* ---- the look ----------------------------------------------------------------------------- */

static bool is_ready(krait_stash *stash, uint32_t number);

/* Of something that a body imports. */
static bool
is_import_ready(krait_stash *stash, uint32_t number)
{
    stash_entry *entry = stash->entries[number];
    PyObject *now = PyDict_GetItemWithError(stash->modules, entry->name);

    switch (entry->state) {
    case STASH_START:
    case STASH_GIVEN:
        return now == entry->module && krait_stash_is_same(entry);
    case STASH_MISSING:
        return now == NULL && krait_stash_search_agrees(entry);
    case STASH_WAITING:
    case STASH_FAILED:
        return now == NULL && is_ready(stash, number);
    default:
        return false;
    }
}

static bool
is_ready(krait_stash *stash, uint32_t number)
{
    stash_entry *entry = stash->entries[number];

    if (entry->visit == stash->visits) {
        return true;
    }
    entry->visit = stash->visits;
    if (entry->kind == STASH_ALIAS) {
        return is_import_ready(stash, entry->owner);
    }
    if (entry->parent != STASH_NOBODY && !is_import_ready(stash, entry->parent)) {
        return false;
    }
    if (!krait_stash_is_same(entry) || !krait_stash_search_agrees(entry)) {
        return false;
    }
    for (uint32_t i = 0; i < entry->import_count; i++) {
        if (!is_import_ready(stash, entry->imports[i])) {
            return false;
        }
    }
    return true;
}

static bool
is_text_same(PyObject *object, const char *name, PyObject *wanted)
{
    PyObject *value = PyObject_GetAttrString(object, name);
    bool same = value != NULL && PyUnicode_Check(value) && PyUnicode_Compare(value, wanted) == 0;

    Py_XDECREF(value);
    PyErr_Clear();
    return same;
}

/* Is what was found the module that waits? */
static bool
is_found(const krait_stash *stash, const stash_entry *entry, PyObject *spec)
{
    PyObject *loader = PyObject_GetAttrString(spec, "loader");
    PyObject *known = PyObject_GetAttrString(entry->module, "__spec__");
    PyObject *known_loader = known != NULL ? PyObject_GetAttrString(known, "loader") : NULL;
    bool same = false;

    if (loader != NULL && known_loader != NULL) {
        if (entry->kind == STASH_FILE) {
            same = Py_TYPE(loader) == Py_TYPE(known_loader) &&
                   is_text_same(loader, "path", entry->origin) &&
                   is_text_same(spec, "origin", entry->origin);
        } else {
            same = loader == known_loader;
        }
    }
    (void)stash;
    Py_XDECREF(known_loader);
    Py_XDECREF(known);
    Py_XDECREF(loader);
    PyErr_Clear();
    return same;
}

/* ---- the change --------------------------------------------------------------------------- */

/* The entry whose module has this dict, when nobody else has changed it since; or NULL. */
static stash_entry *
find_unchanged(const krait_stash *stash, PyObject *dict)
{
    for (uint32_t i = 0; i < stash->count; i++) {
        stash_entry *entry = stash->entries[i];

        if (entry->kind != STASH_ALIAS && is_present(stash, entry) &&
            PyModule_GetDict(entry->module) == dict) {
            return krait_stash_is_same(entry) ? entry : NULL;
        }
    }
    return NULL;
}

static int
apply_effect(krait_stash *stash, const stash_effect *effect)
{
    stash_entry *changed = find_unchanged(stash, effect->dict);
    int result = 0;

    if (effect->after != NULL) {
        result = PyDict_SetItem(effect->dict, effect->key, effect->after);
    } else if (PyDict_Contains(effect->dict, effect->key) == 1) {
        result = PyDict_DelItem(effect->dict, effect->key);
    }
    if (changed != NULL) {
        krait_stash_note(changed);
    }
    return result;
}

static int
apply_effects(krait_stash *stash, uint32_t number)
{
    for (size_t i = 0; i < stash->effect_count; i++) {
        if (stash->effects[i].owner == number && apply_effect(stash, &stash->effects[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Whoever looks for a module in a package looks by a finder. */
static int
give_finder(const krait_stash *stash, uint32_t package)
{
    const stash_entry *entry = package != STASH_NOBODY ? stash->entries[package] : NULL;
    PyObject *cache = PySys_GetObject("path_importer_cache");
    PyObject *folder;

    if (entry == NULL || entry->finder == NULL || cache == NULL || !PyDict_CheckExact(cache)) {
        return 0;
    }
    folder = PyTuple_GET_ITEM(entry->locations, 0);
    return PyDict_Contains(cache, folder) == 0 ? PyDict_SetItem(cache, folder, entry->finder) : 0;
}

static int
apply_callbacks(const stash_entry *entry)
{
    PyObject *module;
    PyObject *function;
    int result = 0;

    if (entry->callback_count == 0) {
        return 0;
    }
    module = PyImport_ImportModule("atexit");
    function = module != NULL ? PyObject_GetAttrString(module, "register") : NULL;
    Py_XDECREF(module);
    for (uint32_t i = 0; function != NULL && result == 0 && i < entry->callback_count; i += 3) {
        PyObject *args = PySequence_List(entry->callbacks[i + 1]);
        PyObject *all = NULL;
        PyObject *done = NULL;

        if (args != NULL && PyList_Insert(args, 0, entry->callbacks[i]) == 0) {
            all = PyList_AsTuple(args);
        }
        if (all != NULL) {
            done = PyObject_Call(function, all, entry->callbacks[i + 2]);
        }
        result = done != NULL ? 0 : -1;
        Py_XDECREF(done);
        Py_XDECREF(all);
        Py_XDECREF(args);
    }
    Py_XDECREF(function);
    return function != NULL ? result : -1;
}

static int give(krait_stash *stash, uint32_t number);

static int give_imports(krait_stash *stash, const stash_entry *entry);

/* The body would raise an exception again, which is caught again; what it has imported stays. */
static int
give_failed(krait_stash *stash, stash_entry *entry)
{
    int result = 0;

    entry->state = STASH_LOADING;
    if (entry->kind == STASH_FILE) {
        result = give_finder(stash, entry->parent);
    }
    if (result == 0) {
        result = give_imports(stash, entry);
    }
    entry->state = STASH_FAILED;
    return result;
}

static int
give_imports(krait_stash *stash, const stash_entry *entry)
{
    for (uint32_t i = 0; i < entry->import_count; i++) {
        stash_entry *import = stash->entries[entry->imports[i]];

        if (import->state == STASH_WAITING && give(stash, entry->imports[i]) != 0) {
            return -1;
        }
        if (import->state == STASH_FAILED && give_failed(stash, import) != 0) {
            return -1;
        }
        if (import->state == STASH_MISSING && give_finder(stash, import->parent) != 0) {
            return -1;
        }
    }
    return 0;
}

/* sys.modules has a module after those that it imports. */
static int
give(krait_stash *stash, uint32_t number)
{
    stash_entry *entry = stash->entries[number];

    if (entry->kind == STASH_ALIAS) {
        stash_entry *owner = stash->entries[entry->owner];

        if (owner->state == STASH_WAITING) {
            return give(stash, entry->owner);
        }
        entry->state = STASH_GIVEN;
        if (PyDict_SetItem(stash->modules, entry->name, entry->module) != 0) {
            return -1;
        }
        Py_DECREF(entry->module);
        return 0;
    }
    if (entry->parent != STASH_NOBODY && stash->entries[entry->parent]->state == STASH_WAITING &&
        give(stash, entry->parent) != 0) {
        return -1;
    }
    if (entry->state != STASH_WAITING) {
        return 0;
    }
    entry->state = STASH_GIVEN;
    if ((entry->kind == STASH_FILE && give_finder(stash, entry->parent) != 0) ||
        give_imports(stash, entry) != 0 ||
        PyDict_SetItem(stash->modules, entry->name, entry->module) != 0 ||
        apply_effects(stash, number) != 0 || apply_callbacks(entry) != 0) {
        return -1;
    }
    krait_fresh_module(PyUnicode_AsUTF8(entry->name), entry->module);
    krait_stash_note(entry);
    /* From now on sys.modules has it. */
    Py_DECREF(entry->module);
    if (is_collector(entry->name) && !stash->shows_objects) {
        show_objects(stash);
    } else if (stash->shows_objects) {
        krait_stash_move(&entry->objects,
                         &PyInterpreterState_Get()->gc.generations[NUM_GENERATIONS - 1].head);
    }
    return 0;
}

/* ---- the function ------------------------------------------------------------------------- */

/* A new reference; NULL without an exception: it has to be loaded. */
static PyObject *
take(krait_stash *stash, PyObject *spec)
{
    PyObject *name = Py_IS_TYPE(spec, stash->spec_type) ? PyObject_GetAttrString(spec, "name")
                                                        : NULL;
    stash_entry *entry = NULL;
    uint32_t number = 0;

    if (name != NULL && PyUnicode_CheckExact(name)) {
        entry = krait_stash_find(name, &number);
        if (!stash->shows_objects && is_collector(name)) {
            show_objects(stash);
        }
    }
    Py_XDECREF(name);
    if (entry == NULL || entry->state != STASH_WAITING || entry->kind == STASH_ALIAS) {
        return NULL;
    }
    krait_stash_search_begin();
    stash->visits++;
    if (!krait_stash_search_is_same() || !is_found(stash, entry, spec) ||
        PyDict_GetItemWithError(stash->modules, entry->name) != NULL || !is_ready(stash, number)) {
        /* Its body is going to run: what waits is not the same module any more. */
        entry->state = STASH_UNFIT;
        return NULL;
    }
    if (give(stash, number) != 0) {
        return NULL;
    }
    return Py_NewRef(entry->module);
}

/* Puts a module in place that a function of Python's itself imports by this name, without a search
 * for it; NULL without an exception: that is for the import system. */
static PyObject *
take_quickly(krait_stash *stash, const char *text)
{
    PyObject *name = strchr(text, '.') == NULL ? PyUnicode_FromString(text) : NULL;
    PyObject *module = NULL;
    stash_entry *entry;
    uint32_t number = 0;

    if (name == NULL) {
        return NULL;
    }
    entry = krait_stash_find(name, &number);
    if (entry != NULL && entry->state == STASH_WAITING && entry->kind == STASH_FILE &&
        PyDict_GetItemWithError(stash->modules, name) == NULL) {
        krait_stash_search_begin();
        stash->visits++;
        if (krait_stash_search_is_same()) {
            krait_stash_search_here();
            if (is_ready(stash, number) && give(stash, number) == 0) {
                module = Py_NewRef(entry->module);
            }
        }
    }
    Py_DECREF(name);
    return module;
}

PyObject *__real_PyImport_ImportModule(const char *name);
PyObject *__wrap_PyImport_ImportModule(const char *name);

PyObject *
__wrap_PyImport_ImportModule(const char *name)
{
    krait_stash *stash = &krait_the_stash;
    PyObject *module = NULL;

    if (stash->is_open && !stash->shows_objects) {
        module = take_quickly(stash, name);
    }
    return module != NULL || PyErr_Occurred() ? module : __real_PyImport_ImportModule(name);
}

static PyObject *
load(PyObject *self, PyObject *spec)
{
    krait_stash *stash = &krait_the_stash;
    PyObject *module = stash->is_open ? take(stash, spec) : NULL;

    (void)self;
    if (module != NULL || PyErr_Occurred()) {
        return module;
    }
    return PyObject_CallOneArg(stash->load, spec);
}

/* ---- the beginning ------------------------------------------------------------------------ */

static int
begin(krait_stash *stash)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();

    stash->objects._gc_next = stash->objects._gc_prev = (uintptr_t)&stash->objects;
    stash->rest._gc_next = stash->rest._gc_prev = (uintptr_t)&stash->rest;
    stash->index = PyDict_New();
    stash->modules = Py_XNewRef(interpreter->imports.modules);
    stash->importer = Py_XNewRef(PyDict_GetItemString(interpreter->builtins, "__import__"));
    stash->load = PyObject_GetAttrString(interpreter->imports.importlib, "_load_unlocked");
    if (stash->index == NULL || stash->load == NULL || stash->modules == NULL ||
        stash->importer == NULL) {
        return -1;
    }
    return krait_stash_search_note();
}

void
krait_stash_settle(void)
{
    if (krait_the_stash.is_open && krait_stash_search_settle() != 0) {
        PyErr_Clear();
    }
}

static int
install(krait_stash *stash)
{
    static PyMethodDef method = {"_load_unlocked", load, METH_O, NULL};
    PyObject *name = PyUnicode_FromString("_frozen_importlib");
    PyObject *function = name != NULL ? PyCFunction_NewEx(&method, NULL, name) : NULL;
    int result = -1;

    if (function != NULL) {
        result = PyObject_SetAttrString(PyInterpreterState_Get()->imports.importlib,
                                        "_load_unlocked", function);
    }
    Py_XDECREF(function);
    Py_XDECREF(name);
    stash->is_open = result == 0;
    return result;
}

static void
hide(PyGC_Head *to)
{
    struct _gc_runtime_state *state = &PyInterpreterState_Get()->gc;

    for (int i = NUM_GENERATIONS - 1; i >= 0; i--) {
        krait_stash_move(&state->generations[i].head, to);
        state->generations[i].count = 0;
    }
    state->long_lived_total = 0;
    state->long_lived_pending = 0;
}

int
krait_stash_fill(const char *names, size_t names_size, const char *text, size_t text_size)
{
    krait_stash *stash = &krait_the_stash;
    struct _gc_runtime_state *state = &PyInterpreterState_Get()->gc;
    const int threshold = state->generations[0].threshold;
    int result = -1;

    PyGC_Collect();
    if (begin(stash) != 0) {
        return -1;
    }
    hide(&stash->objects);
    /* Not by `enabled`, so that it is seen when code changes that. */
    state->generations[0].threshold = 0;
    /* Somebody may have closed the streams or changed them, or read ahead. */
    if (krait_stash_record(names, names_size, text, text_size) == 0 && krait_stash_seal() == 0 &&
        krait_streams_refresh(false) == 0 && krait_streams_prepare() == 0) {
        result = install(stash);
    }
    hide(&stash->rest);
    state->generations[0].threshold = threshold;
    if (result == 0) {
        result = krait_stash_watch_types();
    }
    for (uint32_t i = 0; result == 0 && i < stash->count; i++) {
        if (stash->entries[i]->state == STASH_START) {
            krait_stash_note(stash->entries[i]);
        }
    }
    return result == 0 ? krait_stash_base_note() : -1;
}
