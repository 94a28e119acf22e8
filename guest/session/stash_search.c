/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the import system would find a module: the answer of sys.meta_path, from what its finders have
 * in their caches, without asking them one by one.
 *
 * Only what is certain counts: the finders and hooks that Python starts with, unchanged; folders
 * that FileFinder knows and that have not changed since; nobody who traces, profiles or audits.
 * CPython's Lib/importlib/_bootstrap_external.py says what is in those caches.
 */
#include "stash.h"

#include <internal/pycore_import.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_runtime.h>

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Finders that were looked at in this activation, and are as their folder is. */
#define MOST_FRESH 16

static const void *fresh[MOST_FRESH];
static size_t fresh_count;

void
krait_stash_search_begin(void)
{
    fresh_count = 0;
}

/* ---- what it is made of ------------------------------------------------------------------- */

static const struct {
    const char *module, *name;
} type_names[] = {
    {"_frozen_importlib", "ModuleSpec"},
    {"_frozen_importlib", "BuiltinImporter"},
    {"_frozen_importlib", "FrozenImporter"},
    {"_frozen_importlib_external", "PathFinder"},
    {"_frozen_importlib_external", "FileFinder"},
    {"_frozen_importlib_external", "SourceFileLoader"},
    {"_frozen_importlib_external", "SourcelessFileLoader"},
    {"_frozen_importlib_external", "ExtensionFileLoader"},
};

#define TYPE_COUNT (sizeof(type_names) / sizeof(type_names[0]))

static int
note_types(krait_stash *stash)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        PyObject *module = PyImport_ImportModule(type_names[i].module);
        PyObject *type = module != NULL ? PyObject_GetAttrString(module, type_names[i].name) : NULL;

        Py_XDECREF(module);
        if (type == NULL) {
            return -1;
        }
        stash->types[i] = (PyTypeObject *)type;
        (void)PyUnstable_Type_AssignVersionTag(stash->types[i]);
        stash->type_versions[i] = stash->types[i]->tp_version_tag;
    }
    stash->spec_type = stash->types[0];
    stash->file_finder = stash->types[4];
    return 0;
}

/* The items of a list of sys's, which has just as many; -1 with an exception. */
static int
note_list(const char *name, PyObject **items, Py_ssize_t count)
{
    PyObject *list = PySys_GetObject(name);

    if (list == NULL || !PyList_CheckExact(list) || PyList_GET_SIZE(list) != count) {
        PyErr_Format(PyExc_SystemError, "sys.%s is not as Python makes it", name);
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        items[i] = Py_NewRef(PyList_GET_ITEM(list, i));
    }
    return 0;
}

/* The suffixes are those of a finder that is there already. */
static int
note_suffixes(krait_stash *stash)
{
    PyObject *cache = PySys_GetObject("path_importer_cache");
    PyObject *finder = NULL;
    PyObject *loaders;
    PyObject *key;
    PyObject *value;
    Py_ssize_t at = 0;

    while (cache != NULL && PyDict_Next(cache, &at, &key, &value)) {
        if (Py_IS_TYPE(value, stash->file_finder)) {
            finder = value;
        }
    }
    loaders = finder != NULL ? PyObject_GetAttrString(finder, "_loaders") : NULL;
    if (loaders == NULL || !PyList_Check(loaders)) {
        PyErr_SetString(PyExc_SystemError, "no finder of files is there");
        return -1;
    }
    stash->suffixes = PyTuple_New(PyList_GET_SIZE(loaders));
    for (Py_ssize_t i = 0; stash->suffixes != NULL && i < PyList_GET_SIZE(loaders); i++) {
        PyObject *suffix = PySequence_GetItem(PyList_GET_ITEM(loaders, i), 0);

        if (suffix == NULL) {
            Py_CLEAR(stash->suffixes);
        } else {
            PyTuple_SET_ITEM(stash->suffixes, i, suffix);
        }
    }
    Py_DECREF(loaders);
    return stash->suffixes != NULL ? 0 : -1;
}

int
krait_stash_search_note(void)
{
    krait_stash *stash = &krait_the_stash;
    PyObject *library = PySys_GetObject("_stdlib_dir");

    stash->library = Py_XNewRef(library);
    if (library == NULL || !PyUnicode_Check(library)) {
        PyErr_SetString(PyExc_SystemError, "Python does not know where its library is");
        return -1;
    }
    if (note_types(stash) != 0 || note_list("meta_path", stash->finders, 3) != 0 ||
        note_list("path_hooks", stash->hooks, 2) != 0) {
        return -1;
    }
    return note_suffixes(stash);
}

/* ---- is it still so? ---------------------------------------------------------------------- */

static bool
is_watched(void)
{
    const PyThreadState *thread = PyThreadState_Get();
    const PyInterpreterState *interpreter = thread->interp;

    if (thread->c_tracefunc != NULL || thread->c_profilefunc != NULL ||
        interpreter->audit_hooks != NULL || _PyRuntime.audit_hooks.head != NULL) {
        return true;
    }
    for (size_t i = 0; i < _PY_MONITORING_UNGROUPED_EVENTS; i++) {
        if (interpreter->monitors.tools[i] != 0) {
            return true;
        }
    }
    return false;
}

static bool
is_list_same(const char *name, PyObject *const *items, Py_ssize_t count)
{
    PyObject *list = PySys_GetObject(name);

    if (list == NULL || !PyList_CheckExact(list) || PyList_GET_SIZE(list) != count) {
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (PyList_GET_ITEM(list, i) != items[i]) {
            return false;
        }
    }
    return true;
}

bool
krait_stash_search_is_same(void)
{
    const krait_stash *stash = &krait_the_stash;
    PyInterpreterState *interpreter = PyInterpreterState_Get();

    if (is_watched() || interpreter->imports.modules != stash->modules ||
        PySys_GetObject("modules") != stash->modules ||
        PyDict_GetItemString(interpreter->builtins, "__import__") != stash->importer) {
        return false;
    }
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (stash->types[i]->tp_version_tag != stash->type_versions[i]) {
            return false;
        }
    }
    return is_list_same("meta_path", stash->finders, 3) &&
           is_list_same("path_hooks", stash->hooks, 2);
}

/* ---- one folder --------------------------------------------------------------------------- */

typedef enum found { FOUND, NOT_THERE, NOT_CERTAIN } found;

int
krait_stash_search_stat(PyObject *path, int64_t *ret_mtime_ns, int64_t *ret_size)
{
    const char *text = PyUnicode_Check(path) ? PyUnicode_AsUTF8(path) : NULL;
    struct stat status;

    if (text == NULL || stat(text, &status) != 0) {
        PyErr_Clear();
        return -1;
    }
    *ret_mtime_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
    *ret_size = (int64_t)status.st_size;
    return 0;
}

/* As os.stat() has them. */
static double
seconds_of(int64_t time_ns)
{
    return (double)(time_ns / 1000000000) + 1e-9 * (double)(time_ns % 1000000000);
}

/* As FileFinder compares: a float of seconds. */
static bool
is_mtime_same(PyObject *finder, PyObject *path)
{
    PyObject *known = PyObject_GetAttrString(finder, "_path_mtime");
    int64_t mtime_ns = 0;
    int64_t size = 0;
    bool same = false;

    if (known != NULL && PyFloat_CheckExact(known) &&
        krait_stash_search_stat(path, &mtime_ns, &size) == 0) {
        same = PyFloat_AS_DOUBLE(known) == seconds_of(mtime_ns);
    }
    Py_XDECREF(known);
    PyErr_Clear();
    return same;
}

/* Is this the first part of the path?  What comes after it, or NULL. */
static const char *
after(const char *path, const char *part)
{
    const size_t size = strlen(part);

    if (strncmp(path, part, size) != 0 || (path[size] != '/' && path[size] != '\0')) {
        return NULL;
    }
    return path + size;
}

/* Packages that somebody installed are below it, and not of it. */
bool
krait_stash_search_is_library(PyObject *path)
{
    const char *text = PyUnicode_Check(path) ? PyUnicode_AsUTF8(path) : NULL;
    const char *library = PyUnicode_AsUTF8(krait_the_stash.library);
    const char *rest = text != NULL && library != NULL ? after(text, library) : NULL;

    PyErr_Clear();
    return rest != NULL && after(rest, "/site-packages") == NULL &&
           after(rest, "/dist-packages") == NULL;
}

static void
note_fresh(PyObject *finder)
{
    if (fresh_count < MOST_FRESH) {
        fresh[fresh_count++] = finder;
    }
}

static bool
is_fresh(PyObject *finder, PyObject *path)
{
    if (krait_stash_search_is_library(path)) {
        return true;
    }
    for (size_t i = 0; i < fresh_count; i++) {
        if (fresh[i] == finder) {
            return true;
        }
    }
    if (!is_mtime_same(finder, path)) {
        return false;
    }
    note_fresh(finder);
    return true;
}

static found
look_into(PyObject *finder, PyObject *path, PyObject *const *files)
{
    PyObject *names;
    found result = NOT_THERE;

    if (!Py_IS_TYPE(finder, krait_the_stash.file_finder) || !is_fresh(finder, path)) {
        return NOT_CERTAIN;
    }
    names = PyObject_GetAttrString(finder, "_path_cache");
    if (names == NULL || !PySet_CheckExact(names)) {
        result = NOT_CERTAIN;
    }
    for (; result == NOT_THERE && *files != NULL; files++) {
        if (PySet_Contains(names, *files) != 0) {
            result = FOUND;
        }
    }
    Py_XDECREF(names);
    PyErr_Clear();
    return result;
}

/* `folder` is an item of sys.path or of the path of a package. */
static found
look_at(PyObject *folder, PyObject *const *files)
{
    PyObject *cache = PySys_GetObject("path_importer_cache");
    PyObject *path = Py_NewRef(folder);
    PyObject *finder = NULL;
    found result = NOT_CERTAIN;

    if (PyUnicode_GET_LENGTH(folder) == 0) {
        char here[PATH_MAX];

        Py_SETREF(path,
                  getcwd(here, sizeof(here)) != NULL ? PyUnicode_DecodeFSDefault(here) : NULL);
    }
    if (path != NULL && cache != NULL && PyDict_CheckExact(cache)) {
        finder = PyDict_GetItemWithError(cache, path);
    }
    /* None: no folder, as far as the import system will ever know. */
    if (finder == Py_None) {
        result = NOT_THERE;
    } else if (finder != NULL) {
        result = look_into(finder, path, files);
    }
    Py_XDECREF(path);
    PyErr_Clear();
    return result;
}

/* ---- the whole way ------------------------------------------------------------------------ */

/* Goes along a list of folders until the one where it has to be (NULL: nowhere). */
static bool
agrees_along(PyObject *folders, PyObject *wanted, PyObject *const *files)
{
    if (folders == NULL || !PyList_CheckExact(folders)) {
        return false;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(folders); i++) {
        PyObject *folder = PyList_GET_ITEM(folders, i);

        if (!PyUnicode_CheckExact(folder)) {
            return false;
        }
        if (wanted != NULL && PyUnicode_Compare(folder, wanted) == 0) {
            return true;
        }
        if (look_at(folder, files) != NOT_THERE) {
            return false;
        }
    }
    return wanted == NULL;
}

/* ---- the working directory ---------------------------------------------------------------- */

int
krait_stash_search_settle(void)
{
    krait_stash *stash = &krait_the_stash;

    /* The hook that comes after the one for archives. */
    stash->spare = PyObject_CallFunction(stash->hooks[1], "s", "/");
    if (stash->spare != NULL && !Py_IS_TYPE(stash->spare, stash->file_finder)) {
        Py_CLEAR(stash->spare);
    }
    return PyErr_Occurred() ? -1 : 0;
}

/* The names in a folder, as os.listdir() has them; NULL: it cannot be read. */
static PyObject *
list_folder(const char *path)
{
    DIR *folder = opendir(path);
    PyObject *names = folder != NULL ? PySet_New(NULL) : NULL;
    const struct dirent *entry;

    while (names != NULL && (errno = 0, entry = readdir(folder)) != NULL) {
        const bool is_link = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        PyObject *name = is_link ? Py_NewRef(Py_None) : PyUnicode_DecodeFSDefault(entry->d_name);

        if (name == NULL || (!is_link && PySet_Add(names, name) != 0)) {
            Py_CLEAR(names);
        }
        Py_XDECREF(name);
    }
    if (errno != 0) {
        Py_CLEAR(names);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return names;
}

/* Makes the spare one what FileFinder(path) is after its first look. */
static bool
fill_spare(PyObject *finder, PyObject *path, const char *text)
{
    int64_t mtime_ns = 0;
    int64_t size = 0;
    PyObject *names = NULL;
    PyObject *mtime = NULL;
    bool done;

    /* First the time: what comes after it is seen by the next look. */
    if (krait_stash_search_stat(path, &mtime_ns, &size) == 0) {
        mtime = PyFloat_FromDouble(seconds_of(mtime_ns));
        names = list_folder(text);
    }
    done = names != NULL && mtime != NULL && PyObject_SetAttrString(finder, "path", path) == 0 &&
           PyObject_SetAttrString(finder, "_path_mtime", mtime) == 0 &&
           PyObject_SetAttrString(finder, "_path_cache", names) == 0;
    Py_XDECREF(names);
    Py_XDECREF(mtime);
    return done;
}

void
krait_stash_search_here(void)
{
    krait_stash *stash = &krait_the_stash;
    PyObject *cache = PySys_GetObject("path_importer_cache");
    PyObject *all = PySys_GetObject("path");
    PyObject *first;
    char here[PATH_MAX];
    PyObject *path;

    if (stash->spare == NULL || cache == NULL || !PyDict_CheckExact(cache) || all == NULL ||
        !PyList_CheckExact(all) || PyList_GET_SIZE(all) == 0) {
        return;
    }
    first = PyList_GET_ITEM(all, 0);
    if (!PyUnicode_CheckExact(first) || PyUnicode_GET_LENGTH(first) != 0 ||
        getcwd(here, sizeof(here)) == NULL) {
        return;
    }
    path = PyUnicode_DecodeFSDefault(here);
    if (path != NULL && PyDict_GetItemWithError(cache, path) == NULL && !PyErr_Occurred() &&
        fill_spare(stash->spare, path, here) && PyDict_SetItem(cache, path, stash->spare) == 0) {
        note_fresh(stash->spare);
        Py_CLEAR(stash->spare);
    }
    Py_XDECREF(path);
    PyErr_Clear();
}

/* ---- one module --------------------------------------------------------------------------- */

static bool
is_file_same(const stash_entry *entry)
{
    int64_t mtime_ns = 0;
    int64_t size = 0;

    return !entry->is_foreign || (krait_stash_search_stat(entry->origin, &mtime_ns, &size) == 0 &&
                                  mtime_ns == entry->mtime_ns && size == entry->size);
}

bool
krait_stash_search_agrees(const stash_entry *entry)
{
    const bool is_missing = entry->state == STASH_MISSING;
    const stash_entry *parent;
    PyObject *path;
    bool result;

    /* The first two finders are asked before any folder. */
    if (!is_missing && entry->kind != STASH_FILE) {
        return true;
    }
    if (!is_missing && !is_file_same(entry)) {
        return false;
    }
    if (entry->parent == STASH_NOBODY) {
        return agrees_along(PySys_GetObject("path"), entry->folder, entry->files);
    }
    parent = krait_the_stash.entries[entry->parent];
    /* Without its package it is not looked for; the package itself has been visited. */
    if (parent->module == NULL || parent->locations == NULL) {
        return is_missing;
    }
    path = PyObject_GetAttrString(parent->module, "__path__");
    result = agrees_along(path, entry->folder, entry->files);
    Py_XDECREF(path);
    PyErr_Clear();
    return result;
}
