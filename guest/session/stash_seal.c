/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts aside what was loaded, so that Python is as it was before: names in sys.modules, attributes of
 * packages, registries.  What cannot be given later is forgotten.
 */
#include "stash.h"

/* From the last to the first, for one may have changed what another one made. */
static int
undo_effects(krait_stash *stash)
{
    for (size_t i = stash->effect_count; i-- > 0;) {
        const stash_effect *effect = &stash->effects[i];
        int result;

        if (effect->before != NULL) {
            result = PyDict_SetItem(effect->dict, effect->key, effect->before);
        } else {
            result = PyDict_DelItem(effect->dict, effect->key);
        }
        if (result != 0) {
            return -1;
        }
    }
    return 0;
}

/* Finders of packages come with whoever looks into the package. */
static int
take_finders(krait_stash *stash)
{
    PyObject *cache = PySys_GetObject("path_importer_cache");

    for (size_t i = 0; i < stash->effect_count; i++) {
        stash_effect *effect = &stash->effects[i];

        for (uint32_t j = 0; effect->dict == cache && j < stash->count; j++) {
            stash_entry *entry = stash->entries[j];

            if (entry->locations != NULL && PyUnicode_Check(effect->key) &&
                PyUnicode_Compare(PyTuple_GET_ITEM(entry->locations, 0), effect->key) == 0) {
                entry->finder = Py_XNewRef(effect->after);
                effect->owner = STASH_NOBODY;
            }
        }
    }
    return PyErr_Occurred() ? -1 : 0;
}

/* Everything that was not there before. */
static int
clear_modules(krait_stash *stash)
{
    for (uint32_t i = 0; i < stash->count; i++) {
        const stash_entry *entry = stash->entries[i];

        if (entry->state != STASH_START &&
            PyDict_GetItemWithError(stash->modules, entry->name) != NULL &&
            PyDict_DelItem(stash->modules, entry->name) != 0) {
            return -1;
        }
    }
    return 0;
}

/* What a finder would take for this module. */
static int
make_files(krait_stash *stash, stash_entry *entry)
{
    const Py_ssize_t count = PyTuple_GET_SIZE(stash->suffixes);

    entry->files = PyMem_RawCalloc((size_t)count + 2, sizeof(PyObject *));
    if (entry->files == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i <= count; i++) {
        PyObject *file = i == 0 ? Py_NewRef(entry->tail)
                                : PyUnicode_Concat(entry->tail,
                                                   PyTuple_GET_ITEM(stash->suffixes, i - 1));

        if (file == NULL || PyObject_Hash(file) == -1) {
            return -1;
        }
        entry->files[i] = file;
    }
    return 0;
}

static int
finish_entries(krait_stash *stash)
{
    for (uint32_t i = 0; i < stash->count; i++) {
        stash_entry *entry = stash->entries[i];

        if (entry->state == STASH_LOADING) {
            entry->state = STASH_UNFIT;
        }
        if (entry->state == STASH_MISSING ||
            (entry->kind == STASH_FILE &&
             (entry->state == STASH_WAITING || entry->state == STASH_FAILED))) {
            if (make_files(stash, entry) != 0) {
                return -1;
            }
        }
        if (entry->state == STASH_WAITING || entry->state == STASH_START) {
            krait_stash_note(entry);
        }
    }
    return 0;
}

int
krait_stash_seal(void)
{
    krait_stash *stash = &krait_the_stash;

    if (undo_effects(stash) != 0 || take_finders(stash) != 0 || clear_modules(stash) != 0) {
        return -1;
    }
    return finish_entries(stash);
}
