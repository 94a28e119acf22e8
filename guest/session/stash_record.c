/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading modules while it is written down what each of them does.
 *
 * Two functions of the import system are replaced meanwhile: builtins.__import__, to know what a body
 * imports, also what was loaded already; and importlib._bootstrap._load_unlocked, to know whose
 * body runs.  What else a body changes is found by comparison, before and after each of these calls:
 * the dicts of modules that were there, registries of codecs and of copyreg, functions that wait for
 * the end.  Objects that a body made are taken from the collector, which does not run meanwhile.
 */
#include "stash.h"
#include "state.h"

#include <internal/pycore_atexit.h>
#include <internal/pycore_codecs.h>
#include <internal/pycore_dict.h>
#include <internal/pycore_interp.h>

#include <string.h>

#define VERSION_MASK (~(uint64_t)DICT_WATCHER_AND_MODIFICATION_MASK)

/* Bodies that run inside of each other. */
#define MOST_NESTED 200

typedef struct watch {
    PyObject *dict;
    PyObject *copy;
    uint64_t version;
} watch;

static struct {
    uint32_t stack[MOST_NESTED];
    bool is_library[MOST_NESTED]; /* what is on the stack is of the standard library */
    uint32_t depth;
    watch *watches;
    size_t watch_count, watch_room;
    Py_ssize_t known; /* modules in sys.modules that have entries */
    int callbacks;    /* of atexit */
} record;

static uint32_t
whose(void)
{
    return record.depth > 0 ? record.stack[record.depth - 1] : STASH_NOBODY;
}

static uint64_t
version_of(PyObject *dict)
{
    return ((PyDictObject *)dict)->ma_version_tag & VERSION_MASK;
}

/* ---- changes of dicts --------------------------------------------------------------------- */

static int
watch_dict(PyObject *dict)
{
    watch *all = record.watches;

    for (size_t i = 0; i < record.watch_count; i++) {
        if (all[i].dict == dict) {
            return 0;
        }
    }
    if (record.watch_count == record.watch_room) {
        record.watch_room = 2 * record.watch_room + 64;
        all = PyMem_RawRealloc(all, record.watch_room * sizeof(*all));
        if (all == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        record.watches = all;
    }
    all += record.watch_count;
    all->copy = PyDict_Copy(dict);
    if (all->copy == NULL) {
        return -1;
    }
    all->dict = Py_NewRef(dict);
    all->version = version_of(dict);
    record.watch_count++;
    return 0;
}

/* A module that is now an attribute of its package: that is what its own import does. */
static uint32_t
owner_of(PyObject *dict, PyObject *key, PyObject *after)
{
    krait_stash *stash = &krait_the_stash;

    for (uint32_t i = 0; after != NULL && PyModule_Check(after) && i < stash->count; i++) {
        const stash_entry *entry = stash->entries[i];

        if (entry->module == after && entry->kind != STASH_ALIAS && entry->parent != STASH_NOBODY &&
            PyUnicode_Compare(entry->tail, key) == 0 &&
            stash->entries[entry->parent]->module != NULL &&
            PyModule_Check(stash->entries[entry->parent]->module) &&
            PyModule_GetDict(stash->entries[entry->parent]->module) == dict) {
            return i;
        }
    }
    return whose();
}

static int
add_effect(PyObject *dict, PyObject *key, PyObject *before, PyObject *after)
{
    krait_stash *stash = &krait_the_stash;
    stash_effect *effect;

    if (stash->effect_count == stash->effect_room) {
        stash->effect_room = 2 * stash->effect_room + 64;
        effect = PyMem_RawRealloc(stash->effects, stash->effect_room * sizeof(*effect));
        if (effect == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        stash->effects = effect;
    }
    effect = &stash->effects[stash->effect_count++];
    effect->dict = Py_NewRef(dict);
    effect->key = Py_NewRef(key);
    effect->before = Py_XNewRef(before);
    effect->after = Py_XNewRef(after);
    effect->owner = owner_of(dict, key, after);
    return 0;
}

static int
compare(watch *at)
{
    PyObject *key;
    PyObject *value;
    Py_ssize_t i = 0;

    while (PyDict_Next(at->dict, &i, &key, &value)) {
        PyObject *before = PyDict_GetItemWithError(at->copy, key);

        if (before != value && add_effect(at->dict, key, before, value) != 0) {
            return -1;
        }
    }
    i = 0;
    while (PyDict_Next(at->copy, &i, &key, &value)) {
        if (PyDict_GetItemWithError(at->dict, key) == NULL &&
            add_effect(at->dict, key, value, NULL) != 0) {
            return -1;
        }
    }
    Py_SETREF(at->copy, PyDict_Copy(at->dict));
    at->version = version_of(at->dict);
    return at->copy != NULL ? 0 : -1;
}

/* ---- names that bodies put into sys.modules ----------------------------------------------- */

static int
add_import(stash_entry *entry, uint32_t number)
{
    for (uint32_t i = 0; i < entry->import_count; i++) {
        if (entry->imports[i] == number) {
            return 0;
        }
    }
    if (entry->import_count == entry->import_room) {
        const uint32_t room = 2 * entry->import_room + 8;
        uint32_t *imports = PyMem_RawRealloc(entry->imports, room * sizeof(*imports));

        if (imports == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        entry->imports = imports;
        entry->import_room = room;
    }
    entry->imports[entry->import_count++] = number;
    return 0;
}

static int
add_alias(PyObject *name, PyObject *module)
{
    krait_stash *stash = &krait_the_stash;
    uint32_t number = 0;
    stash_entry *entry = krait_stash_need(name, &number);

    if (entry == NULL) {
        return -1;
    }
    if (entry->state != STASH_MISSING) {
        return 0;
    }
    entry->kind = STASH_ALIAS;
    entry->state = STASH_WAITING;
    entry->module = Py_NewRef(module);
    entry->owner = whose();
    if (entry->owner == STASH_NOBODY) {
        entry->state = STASH_UNFIT;
        return 0;
    }
    return add_import(stash->entries[entry->owner], number);
}

static int
find_aliases(void)
{
    PyObject *modules = krait_the_stash.modules;
    PyObject *name;
    PyObject *module;
    Py_ssize_t i = 0;

    if (PyDict_GET_SIZE(modules) == record.known) {
        return 0;
    }
    while (PyDict_Next(modules, &i, &name, &module)) {
        if (PyUnicode_Check(name) && add_alias(name, module) != 0) {
            return -1;
        }
    }
    record.known = PyDict_GET_SIZE(modules);
    return 0;
}

/* ---- functions for the end ---------------------------------------------------------------- */

static void
drop_callback(atexit_py_callback *callback)
{
    Py_DECREF(callback->func);
    Py_DECREF(callback->args);
    Py_XDECREF(callback->kwargs);
    PyMem_Free(callback);
}

static int
keep_callback(stash_entry *entry, atexit_py_callback *callback)
{
    PyObject **all = PyMem_RawRealloc(entry->callbacks,
                                      (entry->callback_count + 3) * sizeof(PyObject *));

    if (all == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    entry->callbacks = all;
    all[entry->callback_count++] = callback->func;
    all[entry->callback_count++] = callback->args;
    all[entry->callback_count++] = callback->kwargs;
    PyMem_Free(callback);
    return 0;
}

/* Takes those that were registered since from atexit; those of no body are forgotten. */
static int
take_callbacks(void)
{
    struct atexit_state *state = &PyInterpreterState_Get()->atexit;
    stash_entry *entry = whose() != STASH_NOBODY ? krait_the_stash.entries[whose()] : NULL;

    while (state->ncallbacks > record.callbacks) {
        atexit_py_callback *last = state->callbacks[record.callbacks];

        state->ncallbacks--;
        memmove(&state->callbacks[record.callbacks], &state->callbacks[record.callbacks + 1],
                (size_t)(state->ncallbacks - record.callbacks) * sizeof(state->callbacks[0]));
        state->callbacks[state->ncallbacks] = NULL;
        if (entry == NULL) {
            drop_callback(last);
        } else if (keep_callback(entry, last) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- the moment between two bodies -------------------------------------------------------- */

/* What the body that runs did, and is no name in a module. */
static int
note_acts(void)
{
    const int is_other = krait_state_is_other();
    const bool has_warned = krait_state_has_warned();

    if ((is_other > 0 || has_warned) && whose() != STASH_NOBODY) {
        krait_the_stash.entries[whose()]->is_unfit = true;
    }
    return is_other < 0 ? -1 : 0;
}

/* The library may change its own classes while it is loaded. */
static void
look_at_classes(void)
{
    krait_classes_look(record.depth > 0 && record.is_library[record.depth - 1]);
}

static int
look(void)
{
    PyGC_Head *young = &PyInterpreterState_Get()->gc.generations[0].head;
    krait_stash *stash = &krait_the_stash;

    for (size_t i = 0; i < record.watch_count; i++) {
        if (version_of(record.watches[i].dict) != record.watches[i].version &&
            compare(&record.watches[i]) != 0) {
            return -1;
        }
    }
    if (find_aliases() != 0 || take_callbacks() != 0 || note_acts() != 0) {
        return -1;
    }
    krait_stash_move(young,
                     whose() != STASH_NOBODY ? &stash->entries[whose()]->objects : &stash->rest);
    return 0;
}

/* ---- what is known of a module ------------------------------------------------------------ */

static int
note_foreign(stash_entry *entry)
{
    entry->is_foreign = !krait_stash_search_is_library(entry->origin);
    return entry->is_foreign
               ? krait_stash_search_stat(entry->origin, &entry->mtime_ns, &entry->size)
               : 0;
}

/* The text before the last slash, a new reference. */
static PyObject *
folder_of(PyObject *path)
{
    Py_ssize_t slash = PyUnicode_FindChar(path, '/', 0, PyUnicode_GET_LENGTH(path), -1);

    return slash >= 0 ? PyUnicode_Substring(path, 0, slash) : PyUnicode_FromString("");
}

/* False: not a file that FileFinder found. */
static bool
note_file(stash_entry *entry, PyObject *spec)
{
    PyObject *origin = PyObject_GetAttrString(spec, "origin");
    PyObject *locations = PyObject_GetAttrString(spec, "submodule_search_locations");
    bool fits = origin != NULL && locations != NULL && PyUnicode_CheckExact(origin);

    if (fits && locations != Py_None) {
        entry->locations = PySequence_Tuple(locations);
        fits = entry->locations != NULL && PyTuple_GET_SIZE(entry->locations) == 1;
    }
    if (fits) {
        entry->origin = Py_NewRef(origin);
        entry->folder = folder_of(origin);
        if (entry->folder != NULL && entry->locations != NULL) {
            Py_SETREF(entry->folder, folder_of(entry->folder));
        }
        fits = entry->folder != NULL && note_foreign(entry) == 0;
    }
    Py_XDECREF(origin);
    Py_XDECREF(locations);
    PyErr_Clear();
    return fits;
}

/* Is this, as far as can be told before it is loaded, of the standard library? */
static bool
is_of_library(PyObject *spec)
{
    PyObject *origin = PyObject_GetAttrString(spec, "origin");
    const bool is = origin != NULL && PyUnicode_Check(origin) &&
                    (PyUnicode_CompareWithASCIIString(origin, "built-in") == 0 ||
                     PyUnicode_CompareWithASCIIString(origin, "frozen") == 0 ||
                     krait_stash_search_is_library(origin));

    Py_XDECREF(origin);
    PyErr_Clear();
    return is;
}

static bool
note_kind(stash_entry *entry, PyObject *spec)
{
    const krait_stash *stash = &krait_the_stash;
    PyObject *loader = PyObject_GetAttrString(spec, "loader");
    bool fits = false;

    if (loader != NULL && Py_IS_TYPE(spec, stash->spec_type)) {
        fits = true;
        if (loader == (PyObject *)stash->types[1]) {
            entry->kind = STASH_BUILTIN;
        } else if (loader == (PyObject *)stash->types[2]) {
            entry->kind = STASH_FROZEN;
        } else {
            entry->kind = STASH_FILE;
            fits = (Py_IS_TYPE(loader, stash->types[5]) || Py_IS_TYPE(loader, stash->types[6])) &&
                   note_file(entry, spec);
        }
    }
    Py_XDECREF(loader);
    PyErr_Clear();
    return fits;
}

/* Registries that modules have, and others fill. */
static int
watch_registries(const stash_entry *entry)
{
    static const struct {
        const char *module, *name;
    } registries[] = {{"copyreg", "dispatch_table"}, {"encodings", "_cache"}};

    for (size_t i = 0; i < sizeof(registries) / sizeof(registries[0]); i++) {
        PyObject *dict = NULL;
        int result = 0;

        if (PyUnicode_CompareWithASCIIString(entry->name, registries[i].module) == 0) {
            dict = PyObject_GetAttrString(entry->module, registries[i].name);
            result = dict != NULL && PyDict_Check(dict) ? watch_dict(dict) : -1;
        }
        Py_XDECREF(dict);
        if (result != 0) {
            return -1;
        }
    }
    return 0;
}

/* Its exception stays set. */
static void
fail_entry(stash_entry *entry, PyObject *spec)
{
    PyObject *exception = PyErr_GetRaisedException();
    const bool fits = look() == 0 && !entry->is_unfit &&
                      PyErr_GivenExceptionMatches(exception, PyExc_ImportError) &&
                      note_kind(entry, spec);

    entry->state = fits ? STASH_FAILED : STASH_UNFIT;
    PyErr_SetRaisedException(exception);
}

static int
finish_entry(stash_entry *entry, PyObject *module, PyObject *spec)
{
    entry->module = Py_NewRef(module);
    if (entry->is_unfit || !PyModule_CheckExact(module) || !note_kind(entry, spec)) {
        entry->state = STASH_UNFIT;
        return 0;
    }
    entry->state = STASH_WAITING;
    record.known = PyDict_GET_SIZE(krait_the_stash.modules);
    if (krait_classes_note_dict(PyModule_GetDict(module)) != 0) {
        return -1;
    }
    return watch_dict(PyModule_GetDict(module)) == 0 ? watch_registries(entry) : -1;
}

/* ---- the two functions -------------------------------------------------------------------- */

static PyObject *
load(PyObject *self, PyObject *spec)
{
    krait_stash *stash = &krait_the_stash;
    PyObject *name = PyObject_GetAttrString(spec, "name");
    uint32_t number = 0;
    stash_entry *entry = name != NULL ? krait_stash_need(name, &number) : NULL;
    PyObject *module;

    (void)self;
    Py_XDECREF(name);
    if (entry == NULL || look() != 0) {
        return NULL;
    }
    look_at_classes();
    if (entry->state != STASH_MISSING || record.depth == MOST_NESTED) {
        return PyObject_CallOneArg(stash->load, spec);
    }
    entry->state = STASH_LOADING;
    record.is_library[record.depth] = is_of_library(spec);
    record.stack[record.depth++] = number;
    module = PyObject_CallOneArg(stash->load, spec);
    look_at_classes();
    entry = stash->entries[number];
    if (module == NULL) {
        fail_entry(entry, spec);
        record.depth--;
        return NULL;
    }
    if (look() != 0 || finish_entry(entry, module, spec) != 0) {
        Py_CLEAR(module);
    }
    record.depth--;
    return module;
}

/* Notes that the body that runs imports this; *ret_found: it is there. */
static int
note_name(PyObject *name, bool *ret_found)
{
    krait_stash *stash = &krait_the_stash;
    uint32_t number = 0;
    stash_entry *entry = krait_stash_need(name, &number);

    *ret_found = PyDict_GetItemWithError(stash->modules, name) != NULL;
    if (entry == NULL) {
        return -1;
    }
    return add_import(stash->entries[whose()], number);
}

/* "a.b.c" is a, a.b and a.b.c; what comes after one that is not there is not looked for. */
static int
note_names(PyObject *name, bool *ret_found)
{
    const Py_ssize_t length = PyUnicode_GET_LENGTH(name);
    Py_ssize_t dot = 0;

    *ret_found = true;
    while (*ret_found && dot < length) {
        PyObject *part;
        int result;

        dot = PyUnicode_FindChar(name, '.', dot + 1, length, 1);
        if (dot == -2) {
            return -1;
        }
        dot = dot < 0 ? length : dot;
        part = PyUnicode_Substring(name, 0, dot);
        result = part != NULL ? note_name(part, ret_found) : -1;
        Py_XDECREF(part);
        if (result != 0) {
            return -1;
        }
    }
    return 0;
}

static int
note_member(PyObject *package, PyObject *member)
{
    PyObject *name;
    bool found;
    int result = 0;

    if (!PyUnicode_Check(member)) {
        return 0;
    }
    name = PyUnicode_FromFormat("%U.%U", package, member);
    if (name == NULL) {
        return -1;
    }
    if (PyDict_GetItemWithError(krait_the_stash.modules, name) != NULL) {
        result = note_name(name, &found);
    }
    Py_DECREF(name);
    return result;
}

/* from PACKAGE import MEMBERS, with `*` for those of __all__. */
static int
note_members(PyObject *package, PyObject *members)
{
    PyObject *list = PySequence_List(members);
    int result = list != NULL ? 0 : -1;

    for (Py_ssize_t i = 0; result == 0 && i < PyList_GET_SIZE(list); i++) {
        PyObject *member = PyList_GET_ITEM(list, i);
        PyObject *module = PyDict_GetItemWithError(krait_the_stash.modules, package);
        PyObject *all;

        if (module == NULL || !PyUnicode_Check(member) ||
            PyUnicode_CompareWithASCIIString(member, "*") != 0) {
            result = note_member(package, member);
            continue;
        }
        all = PyObject_GetAttrString(module, "__all__");
        PyErr_Clear();
        if (all != NULL && PySequence_Check(all) && PySequence_Size(all) > 0) {
            PyObject *more = PySequence_List(all);

            for (Py_ssize_t j = 0; more != NULL && j < PyList_GET_SIZE(more); j++) {
                result |= note_member(package, PyList_GET_ITEM(more, j));
            }
            Py_XDECREF(more);
        }
        Py_XDECREF(all);
    }
    Py_XDECREF(list);
    return result;
}

/* The absolute name of a relative import; a new reference. */
static PyObject *
absolute(PyObject *name, PyObject *globals, int level)
{
    PyObject *package = NULL;
    Py_ssize_t end;

    if (level <= 0) {
        return Py_NewRef(name);
    }
    if (globals != NULL && PyDict_Check(globals)) {
        package = PyDict_GetItemString(globals, "__package__");
    }
    if (package == NULL || !PyUnicode_Check(package)) {
        PyErr_SetString(PyExc_ImportError, "a relative import of no package");
        return NULL;
    }
    end = PyUnicode_GET_LENGTH(package);
    for (int i = 1; i < level && end > 0; i++) {
        end = PyUnicode_FindChar(package, '.', 0, end, -1);
    }
    package = PyUnicode_Substring(package, 0, end > 0 ? end : 0);
    if (package != NULL && PyUnicode_GET_LENGTH(name) > 0) {
        Py_SETREF(package, PyUnicode_FromFormat("%U.%U", package, name));
    }
    return package;
}

static int
note_import(PyObject *args, PyObject *options)
{
    static char *names[] = {"name", "globals", "locals", "fromlist", "level", NULL};
    PyObject *name = NULL;
    PyObject *globals = NULL;
    PyObject *locals = NULL;
    PyObject *members = NULL;
    bool found = false;
    int level = 0;
    int result;

    if (whose() == STASH_NOBODY) {
        return 0;
    }
    if (!PyArg_ParseTupleAndKeywords(args, options, "U|OOOi:__import__", names, &name, &globals,
                                     &locals, &members, &level)) {
        return -1;
    }
    name = absolute(name, globals, level);
    if (name == NULL) {
        return -1;
    }
    result = note_names(name, &found);
    if (result == 0 && found && members != NULL && members != Py_None) {
        result = note_members(name, members);
    }
    Py_DECREF(name);
    return result;
}

static PyObject *
import(PyObject *self, PyObject *args, PyObject *options)
{
    PyObject *module;
    PyObject *exception;

    (void)self;
    if (look() != 0) {
        return NULL;
    }
    module = PyObject_Call(krait_the_stash.importer, args, options);
    exception = PyErr_GetRaisedException();
    if (look() != 0 || note_import(args, options) != 0) {
        Py_XDECREF(exception);
        Py_CLEAR(module);
        return NULL;
    }
    PyErr_SetRaisedException(exception);
    return module;
}

/* ---- the record --------------------------------------------------------------------------- */

static int
watch_start(void)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    krait_stash *stash = &krait_the_stash;
    PyObject *modules = PyDict_Copy(stash->modules);
    PyObject *name;
    PyObject *module;
    Py_ssize_t at = 0;
    int result = modules != NULL ? 0 : -1;

    while (result == 0 && PyDict_Next(modules, &at, &name, &module)) {
        stash_entry *entry = krait_stash_need(name, NULL);

        result = entry != NULL && PyModule_Check(module) ? watch_dict(PyModule_GetDict(module))
                                                         : -1;
        if (result == 0) {
            entry->state = STASH_START;
            entry->module = module; /* sys.modules has it */
            result = krait_classes_note_dict(PyModule_GetDict(module)) == 0
                         ? watch_registries(entry)
                         : -1;
        }
    }
    Py_XDECREF(modules);
    record.known = PyDict_GET_SIZE(stash->modules);
    record.callbacks = interpreter->atexit.ncallbacks;
    if (result == 0 && interpreter->codecs.search_cache != NULL) {
        result = watch_dict(interpreter->codecs.search_cache);
    }
    if (result == 0 && interpreter->codecs.error_registry != NULL) {
        result = watch_dict(interpreter->codecs.error_registry);
    }
    if (result == 0) {
        result = watch_dict(PySys_GetObject("path_importer_cache"));
    }
    return result;
}

static void
release(void)
{
    for (size_t i = 0; i < record.watch_count; i++) {
        Py_DECREF(record.watches[i].dict);
        Py_XDECREF(record.watches[i].copy);
    }
    PyMem_RawFree(record.watches);
    memset(&record, 0, sizeof(record));
}

/* Imports each line; empty ones are left out. */
static int
import_all(const char *names, size_t size)
{
    while (size > 0) {
        const char *end = memchr(names, '\n', size);
        const size_t length = end != NULL ? (size_t)(end - names) : size;
        const size_t step = end != NULL ? length + 1 : length;

        if (length > 0) {
            PyObject *name = PyUnicode_DecodeUTF8(names, (Py_ssize_t)length, "strict");
            PyObject *module = name != NULL ? PyImport_Import(name) : NULL;

            Py_XDECREF(name);
            if (module == NULL) {
                return -1;
            }
            Py_DECREF(module);
        }
        names += step;
        size -= step;
    }
    return 0;
}

static int
run_text(const char *text, size_t size)
{
    PyObject *names;
    PyObject *compiled;
    PyObject *result = NULL;

    if (size == 0) {
        return 0;
    }
    names = Py_BuildValue("{s:s,s:O}", "__name__", "__krait_snapshot__", "__builtins__",
                          PyEval_GetBuiltins());
    compiled = names != NULL ? Py_CompileString(text, "<snapshot>", Py_file_input) : NULL;
    if (compiled != NULL) {
        result = PyEval_EvalCode(compiled, names, names);
    }
    if (names != NULL) {
        PyDict_Clear(names);
    }
    Py_XDECREF(compiled);
    Py_XDECREF(names);
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

int
krait_stash_record(const char *names, size_t names_size, const char *text, size_t text_size)
{
    static PyMethodDef load_method = {"_load_unlocked", load, METH_O, NULL};
    static PyMethodDef import_method = {"__import__", (PyCFunction)(void (*)(void))import,
                                        METH_VARARGS | METH_KEYWORDS, NULL};
    krait_stash *stash = &krait_the_stash;
    PyObject *builtins = PyInterpreterState_Get()->builtins;
    PyObject *bootstrap = PyInterpreterState_Get()->imports.importlib;
    PyObject *loader = PyCFunction_New(&load_method, NULL);
    PyObject *importer = PyCFunction_New(&import_method, NULL);
    int result = -1;

    if (loader != NULL && importer != NULL &&
        PyDict_SetItemString(builtins, "__import__", importer) == 0 &&
        PyObject_SetAttrString(bootstrap, "_load_unlocked", loader) == 0 && watch_start() == 0 &&
        krait_state_note() == 0) {
        result = import_all(names, names_size);
        result = result == 0 ? run_text(text, text_size) : -1;
        result = result == 0 ? look() : -1;
        result = result == 0 ? krait_state_restore() : -1;
    }
    if (PyDict_SetItemString(builtins, "__import__", stash->importer) != 0 ||
        PyObject_SetAttrString(bootstrap, "_load_unlocked", stash->load) != 0) {
        result = -1;
    }
    Py_XDECREF(loader);
    Py_XDECREF(importer);
    release();
    return result;
}
