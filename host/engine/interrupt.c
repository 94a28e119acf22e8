/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupting a guest, whatever it does: limits of time, cancellation, signals.
 *
 * There is one way to the thread that runs a guest: KRAIT_SIGNAL, a real-time signal that a timer
 * of the kernel or another thread sends to that very thread.  Its handler notes what is to
 * happen in the guest thread, and when guest code was interrupted lets it happen here and now:
 * the guest's signal function runs on the guest's stack, below what it was doing, or the thread
 * is made to leave the guest when the handler returns.  While a host function runs nothing more
 * is done: it looks at `interrupted` itself, and all that sleep let the signal through only then.
 *
 * Nobody's frames are abandoned but the guest's: a signal that interrupts the embedder's
 * handler, which interrupted the guest, is looked at again a little later.
 *
 * The value that comes with the signal is compared with addresses in the guest threads and
 * instances that this thread runs and never followed.  Who sends one counts itself, and a call
 * does not end before all have been sent, so that none comes later than that.
 */
#include "base/clock.h"
#include "base/error.h"
#include "engine/internal.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#define NEVER UINT64_MAX

/* How often the grace may pass on the clock, while it does not on the processor: the machine is busy,
 * or the guest sleeps once more. */
#define PATIENCE 10u

/* When to look again at what could not be done where the signal came. */
#define AGAIN_NS UINT64_C(200000)

/* The longest time that the kernel's timers are given. */
#define LONGEST_NS (UINT64_C(1) << 62)

/* What the host's part of a delivery needs on the guest's stack before it can take a fault. */
#define DELIVERY_ROOM 16384u

/* Of a signal that only says: look. */
static const uint8_t key_of_all;

/* ---- timers of a call: on its thread, in the handler or with the signal blocked ------------ */

static uint64_t
later(uint64_t now, uint64_t ns)
{
    return ns == NEVER ? NEVER : now + (ns < LONGEST_NS - now ? ns : LONGEST_NS - now);
}

/* What comes with the signal of a timer: an address that nothing else has. */
static uintptr_t
timer_value(const krait_guest_thread *thread, krait_timer_clock clock)
{
    return krait__signal_value(thread->stack.map + clock);
}

static bool
set_timer(krait_guest_thread *thread, krait_timer_clock clock, int flags, uint64_t ns)
{
    return krait__timers_set(&thread->stack.timers, clock, timer_value(thread, clock), flags,
                             ns < LONGEST_NS ? ns : LONGEST_NS);
}

/* The clock's next event. */
static bool
set_clock(krait_guest_thread *thread)
{
    const krait_call_timers *timers = &thread->timers;
    uint64_t due = timers->wall_due_ns;

    if (timers->grace_due_ns < due)
        due = timers->grace_due_ns;
    if (timers->again) {
        uint64_t again = krait__clock_ns(CLOCK_MONOTONIC) + AGAIN_NS;

        if (again < due)
            due = again;
    }
    return due == NEVER || set_timer(thread, KRAIT_TIMER_MONOTONIC, TIMER_ABSTIME, due);
}

/* ---- what is to happen ---------------------------------------------------------------------- */

static void
note(krait_guest_thread *thread)
{
    __atomic_store_n(&thread->thread.interrupted, 1, __ATOMIC_RELEASE);
    krait__thread_unpark(thread);
}

static void
end(krait_guest_thread *thread)
{
    atomic_store(&thread->ended, 1);
    note(thread);
}

static bool
set_processor(krait_guest_thread *thread, uint64_t ns)
{
    thread->timers.cpu_due_ns = later(krait__clock_ns(CLOCK_THREAD_CPUTIME_ID), ns);
    return ns == NEVER || set_timer(thread, KRAIT_TIMER_CPU, 0, ns);
}

/* False: it has none. */
static bool
start_grace(krait_guest_thread *thread)
{
    const uint64_t grace_ns = thread->instance->limits.grace_ns;
    const uint64_t most_ns = grace_ns < LONGEST_NS / PATIENCE ? grace_ns * PATIENCE : NEVER;
    bool is_set = set_processor(thread, grace_ns);

    thread->timers.grace_due_ns = later(krait__clock_ns(CLOCK_MONOTONIC), most_ns);
    return grace_ns != 0 && (set_clock(thread) || is_set);
}

/* Tells the guest, and ends it when it cannot be told.  False: it has been told before. */
static bool
tell(krait_guest_thread *thread, krait_cause cause)
{
    krait_instance *instance = thread->instance;
    uint32_t none = KRAIT_CAUSE_NONE;

    if (!atomic_compare_exchange_strong(&thread->cause, &none, (uint32_t)cause))
        return false;
    if (thread->is_own && instance->signal_code != NULL && start_grace(thread)) {
        atomic_fetch_or(&instance->signals, UINT64_C(1) << SIGINT);
        note(thread);
    } else {
        end(thread);
    }
    return true;
}

static void
on_clock(krait_guest_thread *thread)
{
    krait_call_timers *timers = &thread->timers;
    const uint64_t now = krait__clock_ns(CLOCK_MONOTONIC);

    timers->again = false;
    if (timers->grace_due_ns <= now) {
        timers->grace_due_ns = NEVER;
        end(thread);
    }
    if (timers->wall_due_ns <= now) {
        timers->wall_due_ns = NEVER;
        if (!tell(thread, KRAIT_CAUSE_WALL))
            end(thread);
    }
    (void)set_clock(thread);
}

static void
on_processor(krait_guest_thread *thread)
{
    /* It may have been set anew when this one was on its way. */
    if (krait__clock_ns(CLOCK_THREAD_CPUTIME_ID) < thread->timers.cpu_due_ns)
        return;
    if (!tell(thread, KRAIT_CAUSE_CPU))
        end(thread);
}

/* The signal with this value, as far as it is for this thread. */
static void
look(krait_guest_thread *thread, uintptr_t value)
{
    krait_instance *instance = thread->instance;
    uintptr_t number = value - krait__signal_value(instance->timer_keys);

    /* First: what is asked for from now on comes with a signal of its own. */
    if (value == krait__signal_value(&key_of_all))
        atomic_store(&thread->is_sent, 0);
    if (thread->is_own && atomic_load(&instance->cancelled) != 0)
        (void)tell(thread, KRAIT_CAUSE_CANCEL);
    if (value == timer_value(thread, KRAIT_TIMER_MONOTONIC)) {
        on_clock(thread);
    } else if (value == timer_value(thread, KRAIT_TIMER_CPU)) {
        on_processor(thread);
    } else if (number < sizeof(instance->timer_keys)) {
        atomic_fetch_or(&instance->signals, UINT64_C(1) << number);
        note(&instance->own);
    }
}

/* ---- letting it happen ---------------------------------------------------------------------- */

/* Whose code was interrupted? */
typedef struct search {
    const krait_module *module;
    unsigned signals; /* frames that a signal interrupted */
    unsigned frames;
    bool is_guest;
} search;

/* From this handler outwards: code of the module, or libc's that it called, is the guest's, unless
 * another handler's frame comes first. */
static _Unwind_Reason_Code
search_frame(struct _Unwind_Context *context, void *argument)
{
    search *s = argument;
    int before = 0;
    uintptr_t pc = (uintptr_t)_Unwind_GetIPInfo(context, &before);

    if (before != 0)
        s->signals++;
    if (s->signals == 0)
        return _URC_NO_REASON;
    if (s->signals > 1 || s->frames++ > 100000)
        return _URC_END_OF_STACK;
    /* Of another module that this one is linked to: everything up to the entry is. */
    if ((pc >= s->module->object.code_begin && pc < s->module->object.code_end) ||
        _Unwind_GetRegionStart(context) == (uintptr_t)krait__stack_enter) {
        s->is_guest = true;
        return _URC_END_OF_STACK;
    }
    return _URC_NO_REASON;
}

typedef struct delivery {
    krait_activation *activation;
    sigset_t mask; /* of the guest */
    sigset_t all;
    bool on_signal_stack; /* the handler is */
} delivery;

/* On the guest's stack; what the handler has on its own must not be overwritten by the next. */
static void
deliver(void *argument)
{
    delivery *d = argument;
    krait_stack *stack = d->activation->stack;
    stack_t second;

    memset(&second, 0, sizeof(second));
    second.ss_sp = stack->second_signal_stack;
    second.ss_size = stack->signal_stack_size;
    if (d->on_signal_stack && sigaltstack(&second, NULL) != 0)
        return;
    pthread_sigmask(SIG_SETMASK, &d->mask, NULL);
    krait__signals_deliver(d->activation->thread->ctx);
    pthread_sigmask(SIG_SETMASK, &d->all, NULL);
}

/* Lets the guest's signal function run below the interrupted code.  A trap in it ends here first,
 * so that the handler returns whatever happens.  Returning puts the signal stack back. */
static void
deliver_below(krait_activation *activation, void *context)
{
    krait_stack *stack = activation->stack;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t sp = krait__signal_stack_pointer(context) - 256;
    void *save = activation->save;
    delivery d = {.activation = activation};
    sigset_t before;
    int trapped;

    if (here >= (uintptr_t)stack->usable && here < (uintptr_t)stack->top)
        sp = here - DELIVERY_ROOM;
    d.on_signal_stack = here - (uintptr_t)stack->signal_stack < stack->signal_stack_size;
    if (sp < (uintptr_t)stack->usable + DELIVERY_ROOM || sp > (uintptr_t)stack->top) {
        krait__signal_trap(activation, KRAIT_TRAP_STACK, context);
        return;
    }
    sigfillset(&d.all);
    krait__signal_mask(context, &d.mask);
    pthread_sigmask(SIG_SETMASK, &d.all, &before);
    trapped = krait__stack_enter(&activation->save, (void *)(sp & ~UINT64_C(63)), deliver, &d);
    activation->save = save;
    if (trapped != 0)
        krait__signal_leave(activation, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* A delivery has begun or is about to end: the stack of this handler is the only one left. */
static bool
is_on_second_stack(const krait_stack *stack)
{
    return (uintptr_t)__builtin_frame_address(0) - (uintptr_t)stack->second_signal_stack <
           stack->signal_stack_size;
}

static void
act(void *context)
{
    krait_activation *activation = krait__activation();
    krait_guest_thread *thread;
    search s = {.is_guest = false};

    if (activation == NULL || activation->trapping)
        return;
    thread = activation->thread;
    if (thread->thread.in_host != 0 || !krait__is_interrupted(&thread->thread) ||
        (thread->delivering && !krait__is_ended(thread)))
        return;
    s.module = activation->instance->module;
    _Unwind_Backtrace(search_frame, &s);
    if (!s.is_guest || (is_on_second_stack(activation->stack) && !krait__is_ended(thread))) {
        thread->timers.again = true;
        (void)set_clock(thread);
    } else if (krait__is_ended(thread) ||
               (thread->is_own && thread->instance->signal_code == NULL)) {
        krait__signal_trap(activation, KRAIT_TRAP_INTERRUPTED, context);
    } else {
        deliver_below(activation, context);
    }
}

bool
krait__interrupt_handle(const siginfo_t *info, void *context)
{
    uintptr_t value = (uintptr_t)info->si_value.sival_ptr;
    krait_activation *activation;

    if ((info->si_code != SI_TIMER && info->si_code != SI_QUEUE) ||
        value >> 48 != krait__signal_value(NULL) >> 48)
        return false;
    for (activation = krait__activation(); activation != NULL; activation = activation->previous)
        look(activation->thread, value);
    act(context);
    return true;
}

/* ---- from other threads --------------------------------------------------------------------- */

/* One signal at a time is enough, and a flood of them would keep the guest from going on. */
static void
send(krait_guest_thread *thread)
{
    const int native = atomic_load(&thread->native);
    siginfo_t info;

    if (native == 0 || atomic_exchange(&thread->is_sent, 1) != 0)
        return;
    memset(&info, 0, sizeof(info));
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_value.sival_ptr = (void *)krait__signal_value(&key_of_all);
    if (syscall(SYS_rt_tgsigqueueinfo, getpid(), native, KRAIT_SIGNAL, &info) != 0)
        atomic_store(&thread->is_sent, 0);
}

void
krait__interrupt(krait_guest_thread *thread)
{
    const int saved = errno;

    note(thread);
    /* Whoever comes after the end of a call does not keep it waiting. */
    if (atomic_load(&thread->native) != 0) {
        atomic_fetch_add(&thread->senders, 1);
        send(thread);
        atomic_fetch_sub(&thread->senders, 1);
    }
    errno = saved;
}

void
krait__instance_cancel(krait_instance *instance)
{
    atomic_store(&instance->cancelled, 1);
    krait__interrupt(&instance->own);
}

void
krait__instance_uncancel(krait_instance *instance)
{
    atomic_store(&instance->cancelled, 0);
}

/* ---- on the thread that runs the guest -------------------------------------------------------- */

void
krait__ctx_limit(krait_ctx *ctx, krait_cause cause)
{
    sigset_t ours;
    sigset_t before;

    sigemptyset(&ours);
    sigaddset(&ours, KRAIT_SIGNAL);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    (void)tell(krait__thread_of(ctx), cause);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
krait__instance_set_limits(krait_instance *instance, const krait_call_limits *limits)
{
    instance->limits = *limits;
}

/* The one of the processor first: the handler of its signal sets the clock, and so do we. */
static bool
start_timers(krait_guest_thread *thread)
{
    const krait_call_limits *limits = &thread->instance->limits;

    thread->timers.wall_due_ns = NEVER;
    thread->timers.grace_due_ns = NEVER;
    thread->timers.cpu_due_ns = NEVER;
    thread->timers.again = false;
    if (limits->wall_ns != NEVER)
        thread->timers.wall_due_ns = later(krait__clock_ns(CLOCK_MONOTONIC), limits->wall_ns);
    /* A thread does not use more of it than time passes. */
    if (limits->cpu_ns < limits->wall_ns && !set_processor(thread, limits->cpu_ns))
        return false;
    return set_clock(thread);
}

static void
needed_signals(sigset_t *ret_set)
{
    sigemptyset(ret_set);
    sigaddset(ret_set, KRAIT_SIGNAL);
    /* A fault of the guest with its signal blocked would end the process. */
    sigaddset(ret_set, SIGSEGV);
    sigaddset(ret_set, SIGBUS);
}

krait_status
krait__interrupt_begin(krait_guest_thread *thread, sigset_t *ret_mask, krait_error *err)
{
    sigset_t needed;

    atomic_store(&thread->ended, 0);
    atomic_store(&thread->cause, KRAIT_CAUSE_NONE);
    atomic_store(&thread->is_sent, 0);
    krait__timers_claim(&thread->stack.timers, thread->runner);
    needed_signals(&needed);
    pthread_sigmask(SIG_UNBLOCK, &needed, ret_mask);
    if (!start_timers(thread)) {
        int error = errno;

        krait__timers_drop(&thread->stack.timers);
        pthread_sigmask(SIG_SETMASK, ret_mask, NULL);
        return krait__error_set(err, KRAIT_EIO, error, "cannot make a timer for a limit of time");
    }
    atomic_store(&thread->native, thread->runner);
    if (thread->is_own && atomic_load(&thread->instance->cancelled) != 0) {
        atomic_store(&thread->cause, KRAIT_CAUSE_CANCEL);
        end(thread);
    }
    return KRAIT_OK;
}

void
krait__interrupt_end(krait_guest_thread *thread, const sigset_t *mask, bool has_trapped)
{
    const bool was_blocked = sigismember(mask, KRAIT_SIGNAL) != 0 ||
                             sigismember(mask, SIGSEGV) != 0 || sigismember(mask, SIGBUS) != 0;
    sigset_t open = *mask;
    uint32_t none = KRAIT_CAUSE_NONE;

    sigdelset(&open, KRAIT_SIGNAL);
    if (has_trapped)
        pthread_sigmask(SIG_SETMASK, &open, NULL);
    atomic_store(&thread->native, 0);
    while (atomic_load(&thread->senders) != 0)
        sched_yield();
    /* A signal that comes from here on finds nothing to do, and sets no timer again. */
    thread->timers.wall_due_ns = thread->timers.grace_due_ns = thread->timers.cpu_due_ns = NEVER;
    if (thread->borrows_stack)
        krait__timers_rest(&thread->stack.timers);
    else
        krait__timers_drop(&thread->stack.timers);
    /* What was sent is in the thread's queue: it comes at the end of a system call, at the latest
     * of one that lets it through still. */
    if (has_trapped || was_blocked) {
        pthread_sigmask(SIG_SETMASK, &open, NULL);
        pthread_sigmask(SIG_SETMASK, mask, NULL);
    }
    if (thread->is_own && atomic_exchange(&thread->instance->cancelled, 0) != 0)
        (void)atomic_compare_exchange_strong(&thread->cause, &none, KRAIT_CAUSE_CANCEL);
    /* Is not for the next call. */
    if (atomic_load(&thread->cause) != KRAIT_CAUSE_NONE)
        atomic_fetch_and(&thread->instance->signals, ~(UINT64_C(1) << SIGINT));
}
