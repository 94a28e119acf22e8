/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the engine share: stores, modules, instances, guest stacks
 * and activations.  Not for other layers.
 *
 * A store is a set of instances that can reach each other.  Canonical type
 * numbers are equal for equal types within a store; stores share nothing that
 * can be written.  Threads may make, use and free instances of one store at the
 * same time.  A guest thread (an instance's own one, or one that
 * krait__thread_new made) is used by one native thread at a time, and instances
 * that call each other by their own threads count as one.
 */
#ifndef KRAIT_ENGINE_INTERNAL_H
#define KRAIT_ENGINE_INTERNAL_H

#include "base/sha256.h"
#include "engine/engine.h"
#include "engine/object.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

/* Most program counters that a trap records. */
#define KRAIT_BACKTRACE_MAX 48

/* Tail calls that can be pending at once: of the guest, and of its signal function. */
#define KRAIT_TAIL_SETS 2

/* Two timers of the kernel, by krait_timer_clock: call_timer.c. */
typedef struct krait_kept_timers {
    bool made[2];
    bool armed[2]; /* or were, and have fired */
    int ids[2];
    int native;        /* number of the thread that they send to */
    pid_t process;     /* that made them */
    uint64_t since_ns; /* that thread is known */
} krait_kept_timers;

/* Native stack for one guest thread, in one mapping, low addresses first: a page that is never
 * accessible | a second signal stack, for signals that come while the guest's signal function
 * runs | signal stack | cells for tail calls | guard (never accessible) | reserve (opened only
 * while a trap is handled) | usable, grows down from `top`. */
typedef struct krait_stack {
    uint8_t *map;
    size_t map_size;
    uint8_t *guard;
    uint8_t *reserve;
    uint8_t *usable;
    uint8_t *top;
    uint8_t *second_signal_stack;
    uint8_t *signal_stack;
    krait_cell *cells;        /* KRAIT_TAIL_SETS times arguments and results */
    size_t signal_stack_size; /* of each */
    bool reserve_open;
    krait_kept_timers timers; /* of the call that runs on it, or ran last */
} krait_stack;

/* Stacks that wait for the next call into an instance that has none of its own. */
typedef struct krait_stack_pool {
    pthread_mutex_t lock;
    krait_stack stacks[16];
    unsigned count;
} krait_stack_pool;

/* Takes one that waits, if it has this size, or opens one; first of all one that the native thread of
 * this number has used before. */
krait_status krait__stack_take(krait_stack_pool *pool, size_t size, int native,
                               krait_stack *ret_stack, krait_error *err);
/* has_grown: it may have more pages than before. */
void krait__stack_give(krait_stack_pool *pool, krait_stack *stack, bool has_grown);
void krait__stack_pool_close(krait_stack_pool *pool);

krait_status krait__stack_open(krait_stack *stack, size_t size, krait_error *err);
void krait__stack_close(krait_stack *stack);
void krait__stack_reserve_open(krait_stack *stack);
void krait__stack_reserve_close(krait_stack *stack);
/* No tail call is pending; the next one uses the cells of this set. */
krait_tail krait__stack_tail(const krait_stack *stack, unsigned set);

/* switch_*.S: calls fn(arg) on the stack that ends at `top` and returns 0, or
 * the value given to krait__stack_unwind, which abandons everything above. */
int krait__stack_enter(void **save, void *top, void (*fn)(void *), void *arg);
void krait__stack_unwind(void **save, int value) __attribute__((noreturn));

/* A canonical type: parameters and results as strings of value types. */
typedef struct krait_canon {
    const uint8_t *params;
    const uint8_t *results;
    uint32_t param_count;
    uint32_t result_count;
    uint32_t print; /* of all of it: types that differ mostly differ here */
} krait_canon;

/* A memory, table or global that instances may share. */
typedef struct krait_memory_object {
    krait_memory memory;              /* first: found by its address */
    struct krait_memory_object *next; /* in the store */
    pthread_mutex_t lock;             /* one grows it at a time */
    struct krait_store *store;        /* that it belongs to */
    struct krait_parking *parking;    /* of a shared one: who waits (wait.c) */
} krait_memory_object;

typedef struct krait_table_object {
    krait_table table;
    struct krait_table_object *next; /* in the store */
} krait_table_object;

typedef struct krait_store {
    pthread_mutex_t lock; /* for all of it; `memories` is read without */
    krait_canon *types;   /* number n is at index n - 1 */
    size_t type_count;
    size_t type_capacity;
    uint32_t *type_places; /* numbers, found by what the type is; 0: free */
    size_t place_count;    /* a power of two */
    uint64_t hash_key[2];  /* so that a module cannot choose types that share a place */
    _Atomic(krait_memory_object *) memories; /* all of the store's, for the fault handler */
    struct krait_table_object *tables;
    uint64_t limit_bytes;  /* of all memories together, and of all tables together; 0: none */
    uint64_t memory_bytes; /* in use */
    uint64_t table_bytes;
    struct krait_instance *retired; /* freed, but a shared table may still name their functions */
    uint32_t references;
} krait_store;

krait_status krait__store_new(krait_store **ret_store, krait_error *err);
void krait__store_retain(krait_store *store);
/* Keeps an instance that was freed until the store goes. */
void krait__store_retire(krait_store *store, krait_instance *instance);
/* Drops one reference; with the last one, everything in the store goes. */
void krait__store_release(krait_store *store);
/* Counts what a memory or a table takes: `used` is memory_bytes or table_bytes.  False: over the
 * limit.  With the lock. */
bool krait__store_charge(const krait_store *store, uint64_t *used, uint64_t bytes);
/* The numbers of types, new ones where a type is new. */
krait_status krait__store_intern(krait_store *store, const krait_type_desc *types, size_t count,
                                 uint32_t *ret_numbers, krait_error *err);

/* What a memory is to be. */
typedef struct krait_memory_plan {
    const krait_limits_desc *limits;
    uint64_t limit_bytes;            /* 0: what it declares */
    bool is_checked;                 /* the code checks bounds itself */
    const struct krait_image *image; /* what it begins with; NULL: zeros */
} krait_memory_plan;

krait_status krait__memory_open(krait_store *store, const krait_memory_plan *plan,
                                krait_memory **ret_memory, krait_error *err);
void krait__memory_close(krait_memory_object *object);
/* UINT32_MAX when refused, else the old size in pages. */
uint32_t krait__memory_grow(krait_memory *memory, uint32_t pages);
/* Its pages from `size` on have been unmapped. */
void krait__memory_shrunk(krait_memory *memory, uint64_t size);
/* The memory whose reservation holds the address, or NULL; async-signal-safe. */
const krait_memory *krait__store_memory_at(const krait_store *store, uintptr_t address);

krait_status krait__table_open(krait_store *store, const krait_limits_desc *limits,
                               krait_table **ret_table, krait_error *err);
void krait__table_close(krait_table *table);
/* UINT32_MAX when refused, else the old size. */
uint32_t krait__table_grow(krait_store *store, krait_table *table, const void *ref, uint32_t count);
void krait__table_put(krait_table *table, uint32_t index, const void *ref);
/* Makes it this long; the caller sees to the entries.  False: it cannot be. */
bool krait__table_resize(krait_store *store, krait_table *table, uint32_t size);
/* The entries may overlap. */
void krait__table_move(const void **to, const void **from, uint32_t count);

struct krait_module {
    krait_object object;
    const krait_module_desc *desc;
    char *path;
    krait_file_identity identity; /* of the file, when it was opened */
    uint8_t build_id[KRAIT_SHA256_SIZE];
    uint32_t references; /* instances that live */
    krait_stack_pool stacks;
    void *attached; /* released with the module */
    void (*release_attached)(void *data);
};

/* Puts "NAME+OFFSET" for a program counter into `text`; NAME is the wasm name.
 * False when the address is not in the module. */
bool krait__module_symbol(const krait_module *module, uintptr_t address, char *text, size_t size);

/* One call from the host into the guest. */
typedef struct krait_activation {
    void *save; /* native stack pointer of the caller, for unwinding */
    struct krait_activation *previous;
    krait_instance *instance;
    krait_guest_thread *thread;
    krait_ctx *ctx; /* of this thread and instance */
    krait_stack *stack;
    krait_trap trap;
    bool trapping;
    bool fault_known; /* also for a bounds check of translated code */
    uint64_t fault_address;
    uint32_t pc_count;
    uintptr_t pcs[KRAIT_BACKTRACE_MAX];
} krait_activation;

/* The activation that runs on this thread, or NULL. */
krait_activation *krait__activation(void);
void krait__activation_set(krait_activation *activation);

/* Notes where the guest is, up to the call into it.  Also called from the fault
 * handler: the interrupted code is the guest's, so no lock of this thread is held. */
void krait__trap_note(krait_activation *activation);

/* Calls the guest's signal function for everything pending; a guest that has
 * none is stopped.  On the guest's stack, also inside a signal handler. */
void krait__signals_deliver(krait_ctx *ctx);

/* ---- signals.c ---- */

/* Makes the interrupted thread leave the guest with activation->trap when the signal handler
 * returns. */
void krait__signal_trap(krait_activation *activation, krait_trap trap, void *context);
/* The same for an activation that has its trap already. */
void krait__signal_leave(krait_activation *activation, void *context);
/* The interrupted code's stack pointer and signal mask. */
uintptr_t krait__signal_stack_pointer(const void *context);
void krait__signal_mask(const void *context, sigset_t *ret_mask);

/* ---- interrupt.c ---- */

/* Of the real-time signals, counted from the last: the one that the engine uses. */
#define KRAIT_SIGNAL (SIGRTMAX - 5)

/* What a signal of ours carries: the low bits of an address that says what for, and a mark that no
 * address has. */
static inline uintptr_t
krait__signal_value(const void *key)
{
    return ((uintptr_t)key & ((UINT64_C(1) << 48) - 1)) | UINT64_C(0x4b74) << 48;
}

/* On KRAIT_SIGNAL: false when it is somebody else's. */
bool krait__interrupt_handle(const siginfo_t *info, void *context);
/* Lets the thread look at what is pending for it, whatever it does; async-signal-safe. */
void krait__interrupt(krait_guest_thread *thread);
/* The thread begins and ends a call: between them other threads can send it signals, and its time
 * is limited.  `mask` receives what krait__interrupt_end puts back; after a trap all signals may be
 * blocked. */
krait_status krait__interrupt_begin(krait_guest_thread *thread, sigset_t *ret_mask,
                                    krait_error *err);
void krait__interrupt_end(krait_guest_thread *thread, const sigset_t *mask, bool has_trapped);

/* ---- written.c ---- */

typedef struct krait_written krait_written;

/* Before and after a call into the instance, whose page faults are counted; false: there was none. */
uint64_t krait__written_begin(const krait_instance *instance);
bool krait__written_end(krait_instance *instance, uint64_t begin);
void krait__written_free(krait_written *written); /* takes NULL */

/* ---- call_timer.c ---- */

/* Before a call on the native thread of this number: timers of another one are none. */
void krait__timers_claim(krait_kept_timers *timers, int native);
/* Lets a signal with this value come after so much time, or with TIMER_ABSTIME at this time.  False:
 * it cannot be had.  Async-signal-safe. */
bool krait__timers_set(krait_kept_timers *timers, krait_timer_clock clock, uintptr_t value,
                       int flags, uint64_t ns);
/* None of them sends anything any more. */
void krait__timers_rest(krait_kept_timers *timers);
/* Gives them back to the kernel. */
void krait__timers_drop(krait_kept_timers *timers);

/* KRAIT_TRAP_MEMORY, or that the guest's own stack has reached its end: an access at
 * `offset` of a memory, outside of it. */
krait_trap krait__trap_of_access(const krait_ctx *ctx, const krait_memory *memory, uint64_t offset);

/* Ends guest code: records the trap and unwinds.  On the guest's stack only. */
void krait__trap_raise(krait_ctx *ctx, krait_trap reason) __attribute__((noreturn));

/* What one thread has of an instance, when it is not the instance's own thread. */
typedef struct krait_thread_context {
    struct krait_thread_context *next;
    krait_ctx ctx;
    krait_cell *global_imports[];
} krait_thread_context;

/* When a call is to end; only the thread that runs it looks at this (interrupt.c). */
typedef struct krait_call_timers {
    uint64_t wall_due_ns;  /* CLOCK_MONOTONIC; UINT64_MAX: none */
    uint64_t grace_due_ns; /* the same */
    uint64_t cpu_due_ns;   /* CLOCK_THREAD_CPUTIME_ID; the same */
    bool again;            /* a signal could not be delivered where it came */
} krait_call_timers;

/* A thread in the queue of an address: wait.c. */
typedef struct krait_waiter {
    struct krait_waiter *next; /* in the queue */
    struct krait_waiter *previous;
    struct krait_queue *queue;
    krait_guest_thread *thread;
    uint64_t address;
    atomic_bool is_woken; /* it is in no queue then */
} krait_waiter;

/* A thread of guest code.  Contexts point at `thread`, which comes first. */
struct krait_guest_thread {
    krait_thread thread;
    krait_instance *instance; /* the one that is called from outside */
    krait_ctx *ctx;           /* of that one */
    krait_stack stack;
    krait_thread_context *contexts; /* one for each instance that it has entered */
    bool is_own;                    /* the instance's own: contexts are those in the instances */
    bool borrows_stack;             /* has a stack only while it runs */
    size_t stack_size;
    bool running;
    bool delivering;          /* inside krait__signals_deliver */
    _Atomic uint32_t stopped; /* end the guest when it next looks at `interrupted` */
    _Atomic uint32_t ended;   /* the same for this call only */
    _Atomic uint32_t cause;   /* krait_cause: why this call is to end */
    int runner;               /* thread number of who runs it, or ran it last */
    _Atomic int native;       /* the same, for who sends it signals; 0: nobody runs it */
    _Atomic uint32_t is_sent; /* such a signal is on the way */
    _Atomic uint32_t senders; /* threads that are about to send a signal to `native` */
    krait_call_timers timers;
    _Atomic uint32_t parker; /* futex: changes when a waiting thread has to look around */
    krait_waiter waiters[2]; /* a wait, and one of the signal function that interrupted it */
    uint32_t waiter_count;
};

/* The guest thread of a context. */
static inline krait_guest_thread *
krait__thread_of(const krait_ctx *ctx)
{
    return (krait_guest_thread *)(void *)ctx->thread;
}

/* The context that this thread has of an instance; NULL when memory ran out. */
krait_ctx *krait__thread_enter(krait_guest_thread *thread, krait_instance *instance);
krait_status krait__thread_open(krait_guest_thread *thread, krait_instance *instance,
                                size_t stack_size, krait_error *err);
void krait__thread_close(krait_guest_thread *thread);
/* It has a stack between these two. */
krait_status krait__thread_begin(krait_guest_thread *thread, krait_error *err);
void krait__thread_end(krait_guest_thread *thread, bool has_grown);
/* Wakes the thread if it waits; async-signal-safe. */
void krait__thread_unpark(krait_guest_thread *thread);

/* Is the guest to be stopped, and not only told? */
static inline bool
krait__is_ended(const krait_guest_thread *thread)
{
    return atomic_load(&thread->stopped) != 0 || atomic_load(&thread->ended) != 0;
}

/* What other threads change at any time. */
static inline bool
krait__is_interrupted(const krait_thread *thread)
{
    return __atomic_load_n(&thread->interrupted, __ATOMIC_ACQUIRE) != 0;
}

static inline uint64_t
krait__memory_size(const krait_memory *memory)
{
    return __atomic_load_n(&memory->size, __ATOMIC_ACQUIRE);
}

static inline uint32_t
krait__table_size(const krait_table *table)
{
    return __atomic_load_n(&table->size, __ATOMIC_ACQUIRE);
}

/* ---- wait.c ---- */

struct krait_parking *krait__parking_new(void);
void krait__parking_free(struct krait_parking *parking);
uint32_t krait__wait(krait_ctx *ctx, uint32_t memory, uint64_t address, uint64_t expected,
                     unsigned width, int64_t timeout);
uint32_t krait__notify(krait_ctx *ctx, uint32_t memory, uint64_t address, uint32_t count);
/* Ends all waits of a thread that has left the guest by a trap. */
void krait__wait_abandon(krait_guest_thread *thread);

struct krait_instance {
    krait_ctx ctx;
    krait_guest_thread own;
    krait_instance *next_retired;
    krait_store *store;
    krait_module *module;
    struct krait_image *image; /* that it was made from; NULL: none */
    uint64_t keep_bytes;       /* of written pages, when it goes back to that; 0: default */
    krait_written *written;    /* which those are; NULL: it has never gone back */
    uint64_t faults;           /* page faults of its calls since then */
    int64_t fuel_given;
    uint64_t fuel_spent; /* before it was given that the last time */
    _Atomic uint32_t exit_code;
    krait_call_limits limits;
    _Atomic uint32_t cancelled; /* the call that runs, or the next one, is to end */
    _Atomic uint64_t signals;   /* bit n: signal n is pending */
    uint8_t timer_keys[64];     /* timer.c: the address of one names instance and signal */
    krait_code signal_code;     /* export "krait_signal" (i32) -> (), or NULL */
    uint32_t memory_total;
    uint32_t table_total;
    uint32_t global_total;
    uint32_t func_import_total;
    uint32_t global_import_total;
    uint32_t memory_import_total;
    uint32_t table_import_total;
    atomic_bool *data_dropped;
    atomic_bool *elem_dropped;
    krait_memory **memories;
    krait_table **tables;
    krait_cell *globals;
    krait_cell **global_imports;
    krait_instance **global_owners; /* of those that each thread has for itself; else NULL */
    krait_import *imports;
    krait_func *funcs;
    uint32_t *types;
};

extern const krait_runtime krait__runtime;

/* Gives back all memory of an instance. */
void krait__instance_destroy(krait_instance *instance);

/* The value of a constant expression in this instance. */
krait_cell krait__const_value(const krait_instance *instance, const krait_const_desc *constant);
/* Fills in what is the same in all contexts of an instance. */
void krait__context_init(krait_instance *instance, krait_ctx *ctx);
/* Where global `index` lives. */
krait_cell *krait__global_cell(krait_instance *instance, uint32_t index);

/* table.init without the trap: -1 when out of bounds. */
int krait__table_init(krait_instance *instance, uint32_t table, uint32_t segment, uint32_t to,
                      uint32_t from, uint32_t count);
/* memory.init without the trap: -1 when out of bounds. */
int krait__memory_init(krait_instance *instance, uint32_t memory, uint32_t segment, uint32_t to,
                       uint32_t from, uint32_t count);

#endif /* KRAIT_ENGINE_INTERNAL_H */
