/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: loads .krt files and runs instances of them.
 *
 * It knows linear memories, tables, traps, stacks and calls, and nothing of
 * WASI or files.  Host functions are registered by module and name and get
 * their arguments as krait_cell slots; they reach guest memory only through
 * krait__guest_read/_write (guest.h).  A trap unwinds to the innermost call
 * into the guest; host functions are never unwound, they return the trap.
 */
#ifndef KRAIT_ENGINE_ENGINE_H
#define KRAIT_ENGINE_ENGINE_H

#include "base/identity.h"

#include <krait/abi.h>
#include <krait/error.h>

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

typedef struct krait_module krait_module;

/* One host function that modules may import. */
typedef struct krait_host_import {
    const char *module;
    const char *name;
    const char *params;  /* one letter each: i = i32, I = i64, f = f32, F = f64, v = v128 */
    const char *results; /* the same */
    krait_host_fn fn;
    void *env; /* its first argument; NULL: that of the instance */
} krait_host_import;

/* The first import from number `from` on that none of the host functions resolves: writes
 * "MODULE.NAME: TYPE" and returns its number + 1; 0 when there is none. */
size_t krait__module_missing(const krait_module *module, const krait_host_import *imports,
                             size_t count, size_t from, char *text, size_t size);

/* Export number `from`: writes "NAME: TYPE" and returns its number + 1; 0 when there is none. */
size_t krait__module_export(const krait_module *module, size_t from, char *text, size_t size);
/* Does it export a function of this type (letters as in krait_host_import)?  KRAIT_ENOTFOUND;
 * KRAIT_EINVAL: of another type. */
krait_status krait__module_check_function(const krait_module *module, const char *name,
                                          const char *params, const char *results,
                                          krait_error *err);

/* Installs handlers for SIGSEGV and SIGBUS, which turn faults of guest code into traps, and for
 * the signal that interrupts guests; once per process, safe to call again.  What is not ours goes to
 * the handler that was there before. */
krait_status krait__signals_install(krait_error *err);

/* The same for whoever has handlers of their own and calls this from them; info and context are a
 * handler's with SA_SIGINFO.  True when the signal was ours: the handler then returns.
 * Async-signal-safe. */
bool krait__signal_handle(int number, siginfo_t *info, void *context);

/* ---- modules: code, shared by all instances and threads ------------------------------- */

/* Loads a .krt; the file must come from a place that only the user can write. */
krait_status krait__module_open(const char *path, krait_module **ret_module, krait_error *err);
/* The same; a file that is still the one that was known is not looked for damage again: that
 * costs a millisecond.  `known` may be NULL. */
krait_status krait__module_open_known(const char *path, const krait_file_identity *known,
                                      krait_module **ret_module, krait_error *err);
void krait__module_close(krait_module *module); /* takes NULL; after all its instances */
const krait_module_desc *krait__module_desc(const krait_module *module);
/* Of the file that it was opened from, before anything was read of it. */
const krait_file_identity *krait__module_identity(const krait_module *module);
/* SHA-256 of the object in the .krt: 32 bytes. */
const uint8_t *krait__module_build_id(const krait_module *module);

/* Something that belongs to a module and is released with it; once. */
void krait__module_attach(krait_module *module, void *data, void (*release)(void *data));
void *krait__module_attached(const krait_module *module); /* NULL: nothing */

/* ---- instances -------------------------------------------------------------------------- */

/* Why a call was ended from outside, whatever the guest then did. */
typedef enum krait_cause {
    KRAIT_CAUSE_NONE = 0,
    KRAIT_CAUSE_CANCEL,
    KRAIT_CAUSE_WALL,
    KRAIT_CAUSE_CPU,
    KRAIT_CAUSE_OUTPUT,
    KRAIT_CAUSE_HOST_CALLS
} krait_cause;

/* Of every call into an instance from outside, nanoseconds; UINT64_MAX: none.  Who goes over one
 * gets a signal 2, and is stopped with KRAIT_TRAP_INTERRUPTED when the thread works for longer than
 * the grace, or ten times that passes.  An instance that takes no signals is stopped at once. */
typedef struct krait_call_limits {
    uint64_t wall_ns;
    uint64_t cpu_ns; /* of the thread that calls, host functions included */
    uint64_t grace_ns;
} krait_call_limits;

#define KRAIT_CALL_LIMITS_NONE                                                                     \
    ((krait_call_limits){.wall_ns = UINT64_MAX, .cpu_ns = UINT64_MAX, .grace_ns = 40000000})

/* Another instance whose exports may be imported under a module name. */
typedef struct krait_link {
    const char *module;
    krait_instance *instance;
} krait_link;

typedef struct krait_instance_options {
    const krait_host_import *imports; /* what may be imported; array of import_count */
    size_t import_count;
    void *env;                   /* first argument of host functions that have none of their own */
    const krait_link *links;     /* looked at after `imports`; all of one store, which the new */
    size_t link_count;           /* instance joins; they must live as long as it does */
    uint64_t memory_limit_bytes; /* most that one linear memory may grow to; 0: what it declares */
    size_t stack_size_bytes;     /* native stack of guest code; 0: default (64 MiB, reserved) */
    uint64_t fuel;               /* what a metered module may spend; 0: no limit */
    const krait_call_limits *limits; /* also of the start function; copied; NULL: none */
    struct krait_image *image;       /* image.h: it begins so, and no start function runs; NULL: as
                                        the module says.  Lives as long as the instance. */
    uint64_t keep_bytes; /* of what it has written, when it goes back to its image; 0: 1 MiB */
} krait_instance_options;

krait_status krait__instance_new(krait_module *module, const krait_instance_options *options,
                                 krait_instance **ret_instance, krait_error *err);
void krait__instance_free(krait_instance *instance); /* takes NULL; not while it runs */

/* The exported function's index for krait__instance_call, or an error that names it. */
krait_status krait__instance_find(krait_instance *instance, const char *name, uint32_t *ret_func,
                                  krait_error *err);
const krait_type_desc *krait__instance_func_type(const krait_instance *instance, uint32_t func);

/* How a call into the guest ended. */
typedef struct krait_outcome {
    krait_trap trap;      /* KRAIT_TRAP_NONE: it returned */
    uint32_t exit_code;   /* for KRAIT_TRAP_EXIT */
    uint32_t fault_known; /* 1: `fault_address` is the offset in linear memory that was accessed */
    uint64_t fault_address;
    krait_cause cause;    /* why it was to end; it may have ended in any way since */
    char backtrace[2048]; /* one "  at NAME" line per guest frame, innermost first; may be empty */
} krait_outcome;

/* Calls an exported function.  A trap is not an error: it is in the outcome.
 * `cells` holds the arguments and receives the results. */
krait_status krait__instance_call(krait_instance *instance, uint32_t func, krait_cell *cells,
                                  krait_outcome *ret_outcome, krait_error *err);

/* What a metered module has spent since it was instantiated, its start function
 * included; 0 for others.  Not while it runs. */
uint64_t krait__instance_fuel_spent(const krait_instance *instance);
/* It may spend as much as it was given again; not while it runs. */
void krait__instance_refuel(krait_instance *instance);

/* Host functions that get `from` as their first argument get `to` from now on; not while it runs. */
void krait__instance_rebind(krait_instance *instance, const void *from, void *to);

/* Size of all its linear memories; they never shrink, but when it goes back to an image. */
uint64_t krait__instance_memory_bytes(const krait_instance *instance);

/* ---- threads ---------------------------------------------------------------------------- */

/* One more thread of a guest: a stack and the globals that threads have for
 * themselves (stack pointer, TLS base).  All else is the instance's. */
typedef struct krait_guest_thread krait_guest_thread;

/* The instance must outlive it, and all its memories must be shared ones. */
krait_status krait__thread_new(krait_instance *instance, size_t stack_size_bytes,
                               krait_guest_thread **ret_thread, krait_error *err);
void krait__thread_free(krait_guest_thread *thread); /* takes NULL; not while it runs */

/* As krait__instance_call, on this thread; at the same time as others on theirs. */
krait_status krait__thread_call(krait_guest_thread *thread, uint32_t func, krait_cell *cells,
                                krait_outcome *ret_outcome, krait_error *err);

/* Ends the call with KRAIT_TRAP_INTERRUPTED, when the host function that runs has returned.  From
 * any thread, async-signal-safe.  Calls that begin later end as well. */
void krait__thread_stop(krait_guest_thread *thread);

/* ---- signals ---------------------------------------------------------------------------- */

/* Sends the guest a signal (1 to 63), as an operating system would: its export
 * `krait_signal` is called with the number, between two instructions of guest
 * code or when the host function that runs has returned; host functions that wait
 * should end with EINTR when ctx->thread->interrupted is not 0.  A guest
 * without that export is stopped with KRAIT_TRAP_INTERRUPTED.  From any thread, async-signal-safe. */
void krait__instance_signal(krait_instance *instance, unsigned number);

/* Ends the call that runs as a limit does (krait_call_limits), or the next one before it begins.
 * From any thread, async-signal-safe. */
void krait__instance_cancel(krait_instance *instance);
/* Forgets a cancellation that no call has met yet. */
void krait__instance_uncancel(krait_instance *instance);
/* Of the calls that begin from now on. */
void krait__instance_set_limits(krait_instance *instance, const krait_call_limits *limits);

/* For host functions: the guest that called has gone over a limit.  What it does next is told in
 * the outcome together with the cause. */
void krait__ctx_limit(krait_ctx *ctx, krait_cause cause);

typedef enum krait_timer_clock { KRAIT_TIMER_MONOTONIC, KRAIT_TIMER_CPU } krait_timer_clock;

/* Makes a timer of the kernel (timer_create) that sends this guest a signal, as
 * krait__instance_signal does from a handler, on the calling thread, which runs the guest.  The
 * CPU clock is that of the thread.  0 or an errno.  Delete it with timer_delete when the guest has
 * ended, on the same thread. */
int krait__timer_new(krait_instance *instance, krait_timer_clock clock, unsigned number,
                     timer_t *ret_timer);

/* For host functions: ends the guest with this exit code; return its value. */
krait_trap krait__ctx_exit(krait_ctx *ctx, uint32_t exit_code);

const char *krait__trap_text(krait_trap trap);

#endif /* KRAIT_ENGINE_ENGINE_H */
