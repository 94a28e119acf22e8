/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules that were loaded before anybody imported them, and wait until somebody does.
 *
 * They are loaded once, by the import system, while it is watched (stash_record.c): who imports whom,
 * and what else the import of a module changes.  Then all of that is undone (stash_seal.c).  From then
 * on the import system asks here first when it has found a module and is about to load it: when it
 * is the one that waits, and everything that its body would import is what it was, it is
 * put in place as its body would have done it (stash.c, stash_search.c).  Otherwise it is loaded
 * as always.
 *
 * All of this lies in the guest's memory, so that it is copied with it.
 */
#ifndef KRAIT_GUEST_STASH_H
#define KRAIT_GUEST_STASH_H

#define Py_BUILD_CORE 1
#include "session.h"

#include <internal/pycore_gc.h>
#include <internal/pycore_interp.h>

#include <stdbool.h>
#include <stdint.h>

typedef enum stash_state {
    STASH_MISSING, /* somebody looks for it; there is none */
    STASH_START,   /* was there before */
    STASH_LOADING, /* its body runs, and is recorded */
    STASH_WAITING, /* loaded, and in nobody's sight */
    STASH_FAILED,  /* its body ends with an ImportError, after it has imported others */
    STASH_GIVEN,   /* put in place */
    STASH_UNFIT    /* never comes from here */
} stash_state;

typedef enum stash_kind { STASH_BUILTIN, STASH_FROZEN, STASH_FILE, STASH_ALIAS } stash_kind;

/* What a body changed in a dict that was there before; NULL: the key is not there. */
typedef struct stash_effect {
    PyObject *dict;
    PyObject *key;
    PyObject *before;
    PyObject *after;
    uint32_t owner; /* an entry, or STASH_NOBODY */
} stash_effect;

#define STASH_NOBODY UINT32_MAX

typedef struct stash_entry {
    stash_state state;
    stash_kind kind;
    uint32_t visit;   /* number of the visit that has been here */
    uint32_t parent;  /* the package, or STASH_NOBODY */
    uint32_t owner;   /* ALIAS: whose body made it */
    bool is_changed;  /* a class of its is not what it was */
    bool is_unfit;    /* what its body did cannot be done again */
    bool is_foreign;  /* a FILE that is not of the standard library */
    PyObject *dict;   /* the module's; only its address counts */
    uint64_t version; /* of the module's dict: its ma_version_tag */
    uint64_t print;   /* of what is in it */
    PyObject *name;
    PyObject *tail;      /* the last part of the name */
    PyObject *module;    /* owned while it waits */
    PyObject *finder;    /* of the package's folder, in sys.path_importer_cache; NULL: none */
    PyObject *origin;    /* FILE: the path */
    PyObject *folder;    /* FILE: where it was found, an item of sys.path or the package's path */
    PyObject *locations; /* a tuple: the package's path; NULL: no package */
    PyObject **files;    /* names that a finder would take for it, up to NULL */
    int64_t mtime_ns, size;
    uint32_t *imports; /* what the body imports, in order */
    uint32_t import_count, import_room;
    PyObject **callbacks; /* for atexit: function, arguments and keywords (or NULL), in turn */
    uint32_t callback_count;
    PyGC_Head objects; /* what the body made, hidden from the collector */
} stash_entry;

typedef struct krait_stash {
    bool is_open;       /* something waits, or the collector is to be told of what is hidden */
    bool shows_objects; /* somebody uses `gc` */
    stash_entry **entries;
    uint32_t count, room;
    uint32_t visits;
    PyObject *index; /* name: number */
    stash_effect *effects;
    size_t effect_count, effect_room;
    PyGC_Head objects; /* of Python's start */
    PyGC_Head rest;    /* of nobody, for ever */

    PyObject *load;       /* importlib._bootstrap._load_unlocked */
    PyObject *importer;   /* builtins.__import__ */
    PyObject *modules;    /* sys.modules */
    PyObject *finders[3]; /* sys.meta_path */
    PyObject *hooks[2];   /* sys.path_hooks */
    PyTypeObject *spec_type, *file_finder;
    PyTypeObject *types[8]; /* whose methods find and load */
    uint32_t type_versions[8];
    PyObject *suffixes; /* of files that are modules, a tuple */
    PyObject *library;  /* sys._stdlib_dir */
    PyObject *spare;    /* a FileFinder, of the first folder that needs one; NULL: none */
} krait_stash;

extern krait_stash krait_the_stash;

/* ---- stash.c ---- */

stash_entry *krait_stash_find(PyObject *name, uint32_t *ret_number);
/* The same, and makes it when it is not there, as MISSING; NULL with an exception. */
stash_entry *krait_stash_need(PyObject *name, uint32_t *ret_number);
/* Notes what is in the dict of the entry's module. */
void krait_stash_note(stash_entry *entry);
/* Is it still that? */
bool krait_stash_is_same(stash_entry *entry);
/* Appends one list of objects to another one, and empties it. */
void krait_stash_move(PyGC_Head *from, PyGC_Head *to);
/* Objects are hidden from the collector. */
bool krait_stash_hides(void);
/* From now on they are not. */
void krait_stash_show(void);
/* Is this the dict of a module that Python started with, or that came from here? */
bool krait_stash_has_dict(PyObject *dict);

/* ---- stash_record.c ---- */

/* Loads the modules, and runs the text.  -1 with an exception. */
int krait_stash_record(const char *names, size_t names_size, const char *text, size_t text_size);

/* ---- stash_seal.c ---- */

/* Puts aside what was recorded.  -1 with an exception. */
int krait_stash_seal(void);

/* ---- stash_types.c ---- */

/* From now on entries are marked when a class of theirs changes.  -1 with an exception. */
int krait_stash_watch_types(void);

/* ---- stash_search.c ---- */

/* Notes what the import system is made of; -1 with an exception. */
int krait_stash_search_note(void);
/* Is that still so, and does nobody watch? */
bool krait_stash_search_is_same(void);
/* A new look at the folders. */
void krait_stash_search_begin(void);
/* Makes the spare finder; -1 with an exception. */
int krait_stash_search_settle(void);
/* The finder for sys.path[0], as the import system would make it now; only when it is certain how. */
void krait_stash_search_here(void);
/* Would the import system find it where it was found before, or, if MISSING, nowhere? */
bool krait_stash_search_agrees(const stash_entry *entry);
/* Is it of the standard library?  That is read-only, and the same in all copies. */
bool krait_stash_search_is_library(PyObject *path);
/* 0, or -1 when there is no such file. */
int krait_stash_search_stat(PyObject *path, int64_t *ret_mtime_ns, int64_t *ret_size);

/* ---- stash_base.c ---- */

/* Notes what is in the modules that every program changes; -1 with an exception. */
int krait_stash_base_note(void);
/* Is the dict of one of them, as far as a body that takes something from it can see, what it was? */
bool krait_stash_base_is_same(PyObject *dict);

#endif /* KRAIT_GUEST_STASH_H */
