/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots: Python that has been started once, for any number of sandboxes.
 *
 * A sandbox that is made from a snapshot has pages of its own only where it writes.  What must not be
 * equal in two runs (random numbers, the environment, the arguments, streams) is made anew in each;
 * the secret of hashes cannot be: who runs programs of people who distrust each other makes several
 * snapshots, and new ones now and then (docs/snapshots.md).
 */
#ifndef KRAIT_SNAPSHOT_H
#define KRAIT_SNAPSHOT_H

#include <krait/config.h>
#include <krait/engine.h>
#include <krait/error.h>
#include <krait/sandbox.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct krait_snapshot krait_snapshot;

/** What the sandboxes that are made from a snapshot are for. */
typedef enum krait_snapshot_kind {
    KRAIT_SNAPSHOT_SESSION = 0, /* krait_sandbox_exec() and krait_sandbox_call() */
    KRAIT_SNAPSHOT_PROGRAM = 1, /* krait_sandbox_run(), of a program without options of Python's */
    KRAIT_SNAPSHOT_REACTOR = 2  /* krait_sandbox_invoke(), of any module */
} krait_snapshot_kind;

/** How to make a snapshot.  Fill with zeros, and set `size` to its size. */
typedef struct krait_snapshot_options {
    size_t size;
    krait_snapshot_kind kind;
    const char *const *modules; /* loaded beforehand; they wait until something imports them.
                                   NULL: krait_snapshot_modules() */
    size_t module_count;        /* of `modules` */
    const char *code;           /* run once, in names that are thrown away; the modules that it
                                   imports wait as well.  NULL: nothing */
    size_t code_size;           /* bytes of `code` */
    const char *script;      /* compiled now, for krait_sandbox_run_script(); a session's.  Modules
                                   of the standard library that it imports are imported already when
                                   it begins.  NULL: none */
    size_t script_size;      /* bytes of `script` */
    const char *script_name; /* absolute path, as tracebacks show it; need not be a file.  Its
                                   folder comes first in sys.path; NULL only without `script` */
    const char *const *script_modules; /* more that are imported when it begins; NULL: none */
    size_t script_module_count;        /* of `script_modules` */
} krait_snapshot_options;

/**
 * Start Python and keep what has become of it.
 *
 * @param module        a module that krait_python_open() opened
 * @param config        what `modules` and `code` see: grants, limits; its arguments and environment
 *                      are seen by modules that read them when they are loaded
 * @param options       what to make; NULL: a session with the default modules
 * @param ret_snapshot  receives the snapshot; untouched on failure
 * @param err           receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_snapshot, releases it with krait_snapshot_free(); the module outlives it
 * Errors:  those of krait_sandbox_new(); KRAIT_EUNSUPPORTED the module has no sessions; KRAIT_EIO
 *          Python did not start, or the code failed; KRAIT_ELIMIT a limit was reached
 * Threads: any thread; the snapshot may be used in any number of them
 * Source:  host/api/snapshot.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_snapshot_make(krait_module *module,
                                                          const krait_config *config,
                                                          const krait_snapshot_options *options,
                                                          krait_snapshot **ret_snapshot,
                                                          krait_error *err);

/**
 * The modules that are loaded into a snapshot by default.
 *
 * @param index  0 for the first
 * @return a name, or NULL beyond the last
 *
 * Units:   none
 * Owner:   static
 * Errors:  none
 * Threads: any thread
 * Source:  host/api/preload.c
 * Since:   0.1
 */
KRAIT_API const char *krait_snapshot_modules(size_t index);

/**
 * Take a snapshot of a session, or of a guest of krait_sandbox_invoke(), between two calls; Python is
 * started, or `_initialize` called, when that has not been done.
 *
 * @param sandbox       the sandbox; it goes on as before
 * @param ret_snapshot  receives the snapshot; untouched on failure
 * @param err           receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_snapshot, releases it with krait_snapshot_free(); the module outlives it
 * Errors:  KRAIT_ESTATE the session is over, the guest has a file open or a call of a host function
 *          in flight; KRAIT_EBUSY it runs; KRAIT_EUNSUPPORTED the module has no sessions, or more
 *          than one memory; KRAIT_ENOMEM; KRAIT_EIO; KRAIT_ELIMIT
 * Threads: one at a time on the sandbox
 * Source:  host/api/freeze.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_snapshot_take(krait_sandbox *sandbox,
                                                          krait_snapshot **ret_snapshot,
                                                          krait_error *err);

/**
 * Make a sandbox that goes on where the snapshot was taken.
 *
 * @param snapshot     the snapshot
 * @param config       what it is granted, its arguments, environment, streams, functions and limits
 * @param ret_sandbox  receives the sandbox; untouched on failure
 * @param err          receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   as krait_sandbox_new(); the sandbox keeps the snapshot, which may be released
 * Errors:  those of krait_sandbox_new(); KRAIT_EFORMAT the snapshot's files in memory are damaged;
 *          KRAIT_EUNSUPPORTED grants at, below or above /usr/local are not those of the snapshot
 * Threads: any thread; the sandbox is then used by one at a time
 * Source:  host/api/sandbox.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_new_from(krait_snapshot *snapshot,
                                                             const krait_config *config,
                                                             krait_sandbox **ret_sandbox,
                                                             krait_error *err);

/**
 * Make a copy of a session between two calls: its memory, its files in memory, its configuration.
 * The first copy freezes the memory, which takes time for each byte that is in use; further ones,
 * until the session is called again, share it and take microseconds.
 *
 * @param sandbox    the session; it goes on as before
 * @param ret_clone  receives the copy; untouched on failure
 * @param err        receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_clone, releases it with krait_sandbox_free(), in any order.
 *          krait_sandbox_reset() of a copy brings it back to where it was copied
 * Errors:  those of krait_snapshot_take() and krait_sandbox_new()
 * Threads: one at a time on the sandbox
 * Source:  host/api/freeze.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_clone(krait_sandbox *sandbox,
                                                          krait_sandbox **ret_clone,
                                                          krait_error *err);

/**
 * Write a snapshot to a file of mode 0600.  It holds what was in the guest's memory: the secret of
 * its hashes, and whatever the code had read.
 *
 * @param snapshot  the snapshot
 * @param path      the file; one that is there is replaced when the new one is whole
 * @param err       receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   none
 * Errors:  KRAIT_EIO; KRAIT_ENOMEM
 * Threads: any thread
 * Source:  host/api/snapshot.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_snapshot_save(const krait_snapshot *snapshot,
                                                          const char *path, krait_error *err);

/**
 * Open a snapshot that was saved.  It is mapped, not read: the file must not be changed in place
 * while it is open (krait_snapshot_save() replaces it instead).
 *
 * @param module        the module that it was taken of, the very same translation
 * @param path          the file; it must belong to this user, and to nobody else to read or write
 * @param ret_snapshot  receives the snapshot; untouched on failure
 * @param err           receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_snapshot, releases it with krait_snapshot_free(); the module outlives it
 * Errors:  KRAIT_ENOTFOUND; KRAIT_EFORMAT refused (owner, mode), cut off, damaged, of another version,
 *          another module or another standard library: make it again; KRAIT_EIO; KRAIT_ENOMEM
 * Threads: any thread; the snapshot may be used in any number of them
 * Source:  host/api/snapshot.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_snapshot_open(krait_module *module, const char *path,
                                                          krait_snapshot **ret_snapshot,
                                                          krait_error *err);

/**
 * Open a Python and a saved snapshot of it in one, as krait_python_open_with() and
 * krait_snapshot_open() do.  It is faster: a translation that has not changed since the snapshot was taken
 * is not searched for damage again.
 *
 * @param engine        the engine
 * @param folder        an installed Python, or NULL as for krait_python_open()
 * @param krt           a translation of its module, or NULL for the usual one
 * @param path          the snapshot's file
 * @param ret_module    receives the module; untouched on failure
 * @param ret_snapshot  receives the snapshot; untouched on failure
 * @param err           receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   as of the two functions
 * Errors:  those of the two functions
 * Threads: any thread
 * Source:  host/api/snapshot.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_python_open_snapshot(
    krait_engine *engine, const char *folder, const char *krt, const char *path,
    krait_module **ret_module, krait_snapshot **ret_snapshot, krait_error *err);

/** What a snapshot says of itself. */
typedef struct krait_snapshot_info {
    krait_snapshot_kind kind;
    int64_t created_ns;    /* since 1970-01-01T00:00:00Z */
    uint64_t memory_bytes; /* of the guest */
    uint64_t stored_bytes; /* that the snapshot takes, pages of zeros left out */
    char modules[1024];    /* that wait to be imported, with spaces between them; cut when there
                              are more */
} krait_snapshot_info;

/**
 * Say what a snapshot is.
 *
 * @param snapshot  the snapshot
 * @param ret_info  receives what it says of itself
 *
 * Units:   none
 * Owner:   ret_info is the caller's storage
 * Errors:  none
 * Threads: any thread
 * Source:  host/api/snapshot.c
 * Since:   0.1
 */
KRAIT_API void krait_snapshot_describe(const krait_snapshot *snapshot,
                                       krait_snapshot_info *ret_info);

/**
 * Look at a saved snapshot, or check every byte of it.
 *
 * @param path      the file
 * @param verify    not 0: read all of it and compare its SHA-256
 * @param ret_info  receives what it says of itself; untouched on failure; may be NULL
 * @param err       receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   ret_info is the caller's storage
 * Errors:  those of krait_snapshot_open()
 * Threads: any thread
 * Source:  host/api/snapshot.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_snapshot_inspect(const char *path, int verify,
                                                             krait_snapshot_info *ret_info,
                                                             krait_error *err);

/**
 * Release a snapshot; sandboxes that were made from it keep what they need.
 *
 * @param snapshot  the snapshot, or NULL
 *
 * Units:   none
 * Owner:   takes the snapshot
 * Errors:  none
 * Threads: any thread, when no other call uses it
 * Source:  host/api/snapshot.c
 * Since:   0.1
 */
KRAIT_API void krait_snapshot_free(krait_snapshot *snapshot);

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_SNAPSHOT_H */
