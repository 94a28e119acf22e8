/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the API layer share.
 */
#ifndef KRAIT_API_INTERNAL_H
#define KRAIT_API_INTERNAL_H

#include "engine/engine.h"
#include "engine/image.h"
#include "snapshot/snapshot.h"
#include "vfs/vfs.h"
#include "wasi/wasi.h"

#include <krait/guest_call.h>
#include <krait/krait.h>

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Where the guest has its Python. */
#define KRAIT_GUEST_PYTHON  "/usr/local/bin/python3.13"
#define KRAIT_GUEST_LIBRARY "/usr/local/lib/python3.13"

/* ---- engine.c, python.c ---- */

struct krait_engine {
    krait_engine_options options;
};

/* What the API knows of a module (krait__module_attached). */
typedef struct krait_module_notes {
    krait_engine *engine;
    char *krt;     /* the translation's file */
    char *folder;  /* that krait_python_open_with() opened; NULL: the module is not Python */
    char *library; /* host folder of the standard library; NULL: the module is not Python */
    char *program; /* what sys.executable names */
} krait_module_notes;

/* Takes NULL. */
void krait__module_notes_free(krait_module_notes *notes);

/* Takes over the notes, also when it fails. `known` as for
 * krait__module_open_known. */
krait_status krait__module_open_noted(krait_engine *engine, const char *path,
                                      const krait_file_identity *known, krait_module_notes *notes,
                                      krait_module **ret_module, krait_error *err);
/* As krait_python_open_with. */
krait_status krait__python_open(krait_engine *engine, const char *folder, const char *krt,
                                const krait_file_identity *known, krait_module **ret_module,
                                krait_error *err);

/* Tells the log; cheap when nobody listens. */
void krait__log(const krait_engine *engine, krait_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- where.c ---- */

/* False: it cannot be found, errno may say why. */
bool krait__own_folder(char path[PATH_MAX]);

/* ---- config.c ---- */

typedef struct krait_grant {
    char *host;
    char *guest;
    uint32_t flags;
    bool is_file;
} krait_grant;

/* Growing list of owned strings. */
typedef struct krait_string_list {
    char **items;
    size_t count;
    size_t capacity;
} krait_string_list;

typedef struct krait_named_function {
    char *name;
    krait_function function;
    void *data;
} krait_named_function;

/* krait_config_add_import() */
typedef struct krait_named_import {
    char *module;
    char *name;
    char *params; /* letters, as krait_host_import has them */
    char *results;
    krait_import_fn function;
    void *data;
} krait_named_import;

typedef enum krait_stdio_kind {
    KRAIT_STDIO_MEMORY, /* stdin: bytes; stdout and stderr: into the result */
    KRAIT_STDIO_FD,
    KRAIT_STDIO_FUNCTION
} krait_stdio_kind;

struct krait_config {
    krait_string_list args;
    krait_string_list environ; /* "NAME=value" */
    krait_grant *grants;
    size_t grant_count;
    size_t grant_capacity;
    krait_string_list preopens; /* pairs: name, guest path */
    krait_named_function *functions;
    size_t function_count;
    size_t function_capacity;
    krait_named_import *imports;
    size_t import_count;
    size_t import_capacity;
    krait_vfs_watch *watches; /* krait_config_watch_files() */
    size_t watch_count;
    size_t watch_capacity;
    uint64_t limits[KRAIT_LIMIT_COUNT]; /* KRAIT_UNLIMITED: none */
    bool counts_fuel;                   /* the module has to be metered */
    bool is_deterministic;
    krait_virtual virtual; /* how time and chance begin then */
    uint64_t keep_bytes;   /* of what was written, after a reset; 0: the engine's default */
    krait_stdio_kind stdin_kind;
    krait_stdio_kind output_kind;
    int stdio_fds[3];
    char *stdin_bytes;
    size_t stdin_size;
    krait_output_fn output;
    void *output_data;
    krait_trace_fn trace;
    void *trace_data;
};

/* A copy that shares nothing with the original. */
krait_status krait__config_copy(const krait_config *config, krait_config **ret_copy,
                                krait_error *err);

/* ---- guest_imports.c ---- */

void krait__config_free_imports(krait_config *config);

/* One of them, of one sandbox. */
typedef struct krait_guest_import {
    struct krait_sandbox *sandbox;
    const krait_named_import *named;
} krait_guest_import;

/* Calls it; `env` is a krait_guest_import. */
krait_trap krait__guest_import_call(void *env, krait_ctx *ctx, krait_cell *slots);

/* ---- watch.c ---- */

void krait__config_free_watches(krait_config *config);

/* ---- limit_table.c ---- */

/* What a new configuration has. */
void krait__limits_default(uint64_t limits[KRAIT_LIMIT_COUNT]);

/* ---- buffer.c ---- */

/* Bytes that grow; a NUL that is not counted is always behind them once there are any. */
typedef struct krait_buffer {
    char *bytes;
    size_t size;
    size_t capacity;
} krait_buffer;

/* false: out of memory, and nothing was added. */
bool krait__buffer_add(krait_buffer *buffer, const void *bytes, size_t size);
void krait__buffer_release(krait_buffer *buffer);
/* The bytes; never NULL. */
const char *krait__buffer_text(const krait_buffer *buffer);

/* ---- sandboxes ---- */

typedef enum krait_session_state {
    KRAIT_SESSION_NEW,     /* no guest code has run but the start function */
    KRAIT_SESSION_COPY,    /* of a snapshot, before krait_resume was called */
    KRAIT_SESSION_READY,   /* krait_init or krait_resume was called */
    KRAIT_SESSION_REACTOR, /* krait_sandbox_invoke was called, or could have been */
    KRAIT_SESSION_RAN,     /* krait_sandbox_run was called */
    KRAIT_SESSION_OVER,    /* the guest was stopped in the middle */
    KRAIT_SESSION_BROKEN   /* a reset failed: there is no guest */
} krait_session_state;

struct krait_sandbox {
    krait_module *module;
    const krait_module_notes *notes;
    krait_config *config; /* its own copy */
    krait_vfs *vfs;
    krait_wasi *wasi;
    krait_instance *instance;
    krait_snapshot *origin;      /* that it is a copy of; held; NULL: none */
    krait_snapshot *frozen;      /* of it, as it is between this call and the next; held */
    bool has_own_files;          /* a copy: files were put or removed since */
    krait_file_identity library; /* without an origin: of the standard library that is mounted */
    struct krait_calls *calls;
    struct krait_tracer *tracers; /* one for each import, when somebody watches */
    krait_host_import *imports;
    size_t import_count;
    krait_guest_import *guest_imports;    /* one for each of the configuration's */
    const krait_named_import *stopped_by; /* of the call that runs, or ran last; NULL: none */
    krait_session_state state;
    bool is_running;

    /* cancel.c: other threads come in here */
    _Atomic(krait_instance *) reachable; /* NULL while there is no instance */
    atomic_uint visitors;

    /* stdio.c */
    krait_buffer output[2]; /* of stdout and stderr, by the call that runs */
    int last_stream;        /* that it wrote to: 1 or 2 */
    uint32_t truncated;     /* KRAIT_TRUNCATED_* */

    /* session.c: of the call that runs, or ran last */
    const void *inputs[KRAIT_GUEST_INPUTS];
    size_t input_sizes[KRAIT_GUEST_INPUTS];
    bool has_begun;      /* the guest has asked for its input */
    krait_trap ended_by; /* KRAIT_TRAP_NONE: the call came back */
    krait_buffer value;
    krait_buffer message;
    krait_buffer backtrace;
    uint32_t exit_code;
    uint64_t host_calls;

    /* files.c: what was given out last */
    void *file_bytes;
    krait_entry *entries;
    size_t entry_count;
    size_t entry_capacity;
};

/* As krait_sandbox_new, from a snapshot unless that is NULL; `same` is a file system with the mounts of
 * this configuration, or NULL. */
krait_status krait__sandbox_make(krait_module *module, krait_snapshot *origin,
                                 const krait_vfs *same, const krait_config *config,
                                 krait_sandbox **ret_sandbox, krait_error *err);
/* Is the module made for this host? */
bool krait__module_is_native(const krait_module *module);
/* Where Python finds its library, and itself: what is installed now, or what `from` has. */
krait_status krait__python_mount(krait_vfs *vfs, const krait_module_notes *notes, krait_error *err);
krait_status krait__python_mount_same(krait_vfs *vfs, const krait_vfs *from, krait_error *err);
/* The beginning of every call on a sandbox: it has a guest that does not run.  Then everything that
 * was given out before is taken back. */
krait_status krait__sandbox_check(krait_sandbox *sandbox, krait_error *err);
/* The end of a call into the guest: what it wrote, and the log. */
void krait__sandbox_finish(krait_sandbox *sandbox, krait_result *result);

/* ---- enter.c ---- */

/* The one way into the guest: calls an exported function under the limits of the sandbox and
 * says how that ended, all but what the function itself gave the host. */
krait_status krait__sandbox_enter(krait_sandbox *sandbox, uint32_t func, krait_cell *cells,
                                  krait_result *ret_result, krait_error *err);

/* ---- preopens.c ---- */

/* What a module that is not made for this host finds open; the caller frees the list, the
 * strings are the configuration's. */
krait_status krait__preopens_list(const krait_config *config, krait_wasi_preopen **ret_list,
                                  size_t *ret_count, krait_error *err);
/* Is the guest's root a granted directory? */
bool krait__preopens_cover_root(const krait_config *config);

/* ---- cancel.c ---- */

/* From now on other threads reach this instance, or none (NULL) when this returns. */
void krait__sandbox_set_reachable(krait_sandbox *sandbox, krait_instance *instance);

/* ---- stdio.c ---- */

/* Fills stdio_fds and stdio_files; the files are the caller's, also after a failure. */
krait_status krait__stdio_open(krait_sandbox *sandbox, krait_wasi_options *options,
                               krait_error *err);

/* ---- files.c ---- */

void krait__files_take_back(krait_sandbox *sandbox);

/* ---- snapshot.c, freeze.c ---- */

/* Python that has been started; shared by sandboxes in any threads. */
struct krait_snapshot {
    atomic_uint references;
    krait_module *module;
    krait_snapshot_view view;
    krait_image *image;
    krait_vfs *mounts; /* of the module's library; NULL: it has none */
    int fd;
};

krait_snapshot *krait__snapshot_hold(krait_snapshot *snapshot);
/* Opens what is in a descriptor, which it takes over when it succeeds; `name` is for messages.  `of`
 * is the sandbox that it was just taken of, whose library it shares; NULL: it is a file, and the
 * library that is installed now has to be the one that it was taken with. */
krait_status krait__snapshot_adopt(krait_module *module, int fd, const char *name,
                                   const krait_sandbox *of, krait_snapshot **ret_snapshot,
                                   krait_error *err);
/* Of a sandbox that does not run and whose Python has been started.  `text` says which modules
 * wait.  A copy that has not run keeps the kind of its origin. */
krait_status krait__snapshot_freeze(krait_sandbox *sandbox, krait_snapshot_kind kind,
                                    krait_snapshot_bytes text, krait_snapshot **ret_snapshot,
                                    krait_error *err);
/* What a guest keeps of its grants and never looks at again: Python those around its library, others
 * the names of their preopens. */
uint64_t krait__snapshot_grants(const krait_module *module, const krait_config *config);
/* The C library may find another time zone than in a sandbox that was granted nothing. */
bool krait__snapshot_zone_differs(const krait_config *config);
/* How its streams are taken: 0, unless they are in memory or a function's. */
uint32_t krait__snapshot_streams(const krait_config *config);
/* What Python has seen of the configuration. */
uint64_t krait__snapshot_inputs(const krait_config *config);
/* Sets up a new file system and new descriptors as they were. */
krait_status krait__snapshot_thaw(const krait_snapshot *snapshot, krait_vfs *vfs, krait_wasi *wasi,
                                  krait_error *err);

/* ---- invoke.c ---- */

/* A guest whose functions are to be called is ready for that, and has the limits of a call; else the
 * result says what happened instead (*ret_back is false). */
krait_status krait__reactor_begin(krait_sandbox *sandbox, krait_result *result, bool *ret_back,
                                  krait_error *err);

/* ---- session.c ---- */

/* Python is started with these modules and this code (krait_snapshot_options). */
krait_status krait__session_start(krait_sandbox *sandbox, const krait_snapshot_options *options,
                                  krait_result *ret_result, krait_error *err);
/* Goes on in the copy of a program's snapshot: krait_main. */
krait_status krait__session_main(krait_sandbox *sandbox, krait_result *ret_result,
                                 krait_error *err);

/* For the functions that the guest imports; `env` is the sandbox. */
krait_trap krait__session_input_size(void *env, krait_ctx *ctx, krait_cell *slots);
krait_trap krait__session_input_get(void *env, krait_ctx *ctx, krait_cell *slots);
krait_trap krait__session_outcome_put(void *env, krait_ctx *ctx, krait_cell *slots);

/* ---- calls.c ---- */

/* Bytes of one value, and of all answers that the guest has not fetched. */
krait_status krait__calls_new(uint64_t value_limit, uint64_t answer_limit,
                              struct krait_calls **ret_calls, krait_error *err);
/* Nobody waits for any of its calls any more; takes NULL. */
void krait__calls_close(struct krait_calls *calls);

typedef struct krait_call_status {
    uint32_t state; /* KRAIT_CALL_RUNS, ... of guest_call.h */
    size_t size;
    size_t type_size;
} krait_call_status;

/* Starts one: calls the function.  0 or an errno. */
int krait__calls_start(struct krait_calls *calls, const krait_named_function *function,
                       krait_format format, krait_buffer *input, uint64_t most,
                       uint32_t *ret_number);
int krait__calls_status(struct krait_calls *calls, uint32_t number, krait_call_status *ret_status);
/* What it was answered with; for reading until it is dropped.  EBUSY while it runs. */
int krait__calls_answer(struct krait_calls *calls, uint32_t number, const void **ret_bytes,
                        size_t *ret_size);
int krait__calls_drop(struct krait_calls *calls, uint32_t number);
/* A descriptor that can be read after a call was answered, until this is called again; -1: there
 * are too many. */
int krait__calls_listen(struct krait_calls *calls);
/* Nothing was ever started; nothing is in flight or waits to be fetched. */
bool krait__calls_are_unused(struct krait_calls *calls);
bool krait__calls_are_idle(struct krait_calls *calls);

/* ---- call_imports.c ---- */

krait_trap krait__call_start(void *env, krait_ctx *ctx, krait_cell *slots);
krait_trap krait__call_poll(void *env, krait_ctx *ctx, krait_cell *slots);
krait_trap krait__call_take(void *env, krait_ctx *ctx, krait_cell *slots);
krait_trap krait__call_wait(void *env, krait_ctx *ctx, krait_cell *slots);
krait_trap krait__call_cancel(void *env, krait_ctx *ctx, krait_cell *slots);

/* ---- imports.c ---- */

/* Everything that a module may import, for nobody in particular: to see what is missing.  What
 * the configuration (which may be NULL) has comes first. */
krait_status krait__imports_all(const krait_config *config, krait_host_import **ret_imports,
                                size_t *ret_count, krait_error *err);
/* The same for this sandbox, with its tracer. */
krait_status krait__imports_make(krait_sandbox *sandbox, krait_error *err);

/* ---- trace.c ---- */

/* Puts the tracer between a sandbox and its imports. */
krait_status krait__trace_imports(krait_sandbox *sandbox, krait_error *err);
void krait__trace_call(const krait_sandbox *sandbox, const char *name, uint64_t start_ns,
                       uint32_t result);

/* ---- limits.c ---- */

/* As the layers below take them. */
krait_call_limits krait__limits_of_calls(const uint64_t limits[KRAIT_LIMIT_COUNT]);
uint64_t krait__limits_of_memory(const uint64_t limits[KRAIT_LIMIT_COUNT]);
void krait__limits_of_files(const uint64_t limits[KRAIT_LIMIT_COUNT], krait_vfs_options *options);
uint32_t krait__limits_of_descriptors(const uint64_t limits[KRAIT_LIMIT_COUNT]);
size_t krait__limits_of_stack(const uint64_t limits[KRAIT_LIMIT_COUNT]);
krait_wasi_limits krait__limits_of_wasi(const uint64_t limits[KRAIT_LIMIT_COUNT]);
/* The next calls into the guest have so much less time than the limits say. */
void krait__limits_spend(krait_sandbox *sandbox, uint64_t wall_ns, uint64_t cpu_ns);
/* Of the calls that begin from now on, also after a reset: WALL, CPU, GRACE, OUTPUT or HOST_CALLS.
 * Not while it runs. */
void krait__sandbox_set_limit(krait_sandbox *sandbox, krait_limit limit, uint64_t value);
/* Says that a call was to end for this cause, whatever else the result says. */
void krait__limits_result(const uint64_t limits[KRAIT_LIMIT_COUNT], krait_cause cause,
                          krait_result *result);

#endif /* KRAIT_API_INTERNAL_H */
