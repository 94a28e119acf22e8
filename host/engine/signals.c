/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers: faults of guest code become traps, and the signal that interrupts guests goes to
 * interrupt.c; everything else goes where it went before.
 *
 * A fault is a trap only when this thread runs guest code (an activation, and
 * no host function in progress) and the address lies in a memory reservation
 * of its store or in the guard or reserve of its stack.  The handler runs on the
 * stack of its own that krait__instance_call gave it; it notes the backtrace and
 * changes the interrupted context, so that the thread leaves the guest when the
 * handler returns, with a normal signal mask.
 */
#include "base/error.h"
#include "engine/internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

/* Process-wide by nature: what was installed before us. */
static struct sigaction previous_segv;
static struct sigaction previous_bus;
static struct sigaction previous_timer;
static pthread_once_t install_once = PTHREAD_ONCE_INIT;
static int install_errno;

/* Room that the kernel may want for the frame of a signal handler. */
#define SIGNAL_FRAME_MAX (64u * 1024u)

uintptr_t
krait__signal_stack_pointer(const void *context)
{
    const ucontext_t *interrupted = context;

#if defined(__x86_64__)
    return (uintptr_t)interrupted->uc_mcontext.gregs[REG_RSP];
#else
    return (uintptr_t)interrupted->uc_mcontext.sp;
#endif
}

void
krait__signal_mask(const void *context, sigset_t *ret_mask)
{
    *ret_mask = ((const ucontext_t *)context)->uc_sigmask;
}

/* Makes the thread go on in krait__stack_unwind(&activation->save, 1).  That
 * needs no stack, so it does not matter how much the guest has left; a signal on the way would
 * need some, so all wait until the caller has its mask back. */
void
krait__signal_leave(krait_activation *activation, void *interrupted)
{
    ucontext_t *context = interrupted;

    sigfillset(&context->uc_sigmask);
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_RDI] = (greg_t)(uintptr_t)&activation->save;
    context->uc_mcontext.gregs[REG_RSI] = 1;
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)krait__stack_unwind;
#elif defined(__aarch64__)
    context->uc_mcontext.regs[0] = (uintptr_t)&activation->save;
    context->uc_mcontext.regs[1] = 1;
    context->uc_mcontext.pc = (uintptr_t)krait__stack_unwind;
#else
#error "the engine knows x86-64 and aarch64"
#endif
}

void
krait__signal_trap(krait_activation *activation, krait_trap trap, void *context)
{
    activation->trap = trap;
    activation->ctx->thread->in_host = 1;
    krait__trap_note(activation);
    krait__signal_leave(activation, context);
}

static bool
classify(krait_activation *activation, uintptr_t address, krait_trap *ret_trap)
{
    const krait_stack *stack = activation->stack;
    const krait_memory *memory;

    if (address >= (uintptr_t)stack->guard && address < (uintptr_t)stack->usable) {
        *ret_trap = KRAIT_TRAP_STACK;
        return true;
    }
    memory = krait__store_memory_at(activation->instance->store, address);
    if (memory == NULL)
        return false;
    activation->fault_known = true;
    activation->fault_address = address - (uintptr_t)memory->base;
    *ret_trap = krait__trap_of_access(activation->ctx, memory, activation->fault_address);
    return true;
}

/* A signal came, and there was no room on the guest's stack for its handler: the kernel says so
 * without an address. */
static bool
is_frame_fault(const krait_activation *activation, const siginfo_t *info, const ucontext_t *context)
{
    uintptr_t sp = krait__signal_stack_pointer(context);

    return info->si_code == SI_KERNEL && sp >= (uintptr_t)activation->stack->guard &&
           sp < (uintptr_t)activation->stack->usable + SIGNAL_FRAME_MAX;
}

/* True when the fault was the guest's and the thread goes on as a trap. */
static bool
handle_guest_fault(siginfo_t *info, ucontext_t *context)
{
    krait_activation *activation = krait__activation();
    krait_trap trap = KRAIT_TRAP_STACK;

    if (activation == NULL || activation->trapping || info->si_code <= 0 ||
        activation->ctx->thread->in_host != 0)
        return false;
    if (!is_frame_fault(activation, info, context) &&
        !classify(activation, (uintptr_t)info->si_addr, &trap))
        return false;
    krait__signal_trap(activation, trap, context);
    return true;
}

bool
krait__signal_handle(int number, siginfo_t *info, void *context)
{
    const int saved = errno;
    bool is_ours = false;

    if (number == SIGSEGV || number == SIGBUS)
        is_ours = handle_guest_fault(info, context);
    else if (number == KRAIT_SIGNAL)
        is_ours = krait__interrupt_handle(info, context);
    errno = saved;
    return is_ours;
}

static void
chain(const struct sigaction *previous, int number, siginfo_t *info, void *context)
{
    if ((previous->sa_flags & SA_SIGINFO) != 0) {
        previous->sa_sigaction(number, info, context);
    } else if (previous->sa_handler != SIG_DFL && previous->sa_handler != SIG_IGN) {
        previous->sa_handler(number);
    } else if (number != KRAIT_SIGNAL) {
        /* The instruction faults again, without us. */
        struct sigaction standard;

        memset(&standard, 0, sizeof(standard));
        standard.sa_handler = SIG_DFL;
        sigaction(number, &standard, NULL);
    }
}

static void
on_signal(int number, siginfo_t *info, void *context)
{
    const int saved = errno;

    if (!krait__signal_handle(number, info, context))
        chain(number == SIGSEGV  ? &previous_segv
              : number == SIGBUS ? &previous_bus
                                 : &previous_timer,
              number, info, context);
    errno = saved;
}

static void
install(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGSEGV, &action, &previous_segv) != 0 ||
        sigaction(SIGBUS, &action, &previous_bus) != 0) {
        install_errno = errno;
        return;
    }
    /* Whatever waits in the embedder's code goes on waiting. */
    action.sa_flags |= SA_RESTART;
    sigfillset(&action.sa_mask);
    if (sigaction(KRAIT_SIGNAL, &action, &previous_timer) != 0)
        install_errno = errno;
}

krait_status
krait__signals_install(krait_error *err)
{
    pthread_once(&install_once, install);
    if (install_errno != 0)
        return krait__error_set(err, KRAIT_EIO, install_errno, "cannot install a fault handler");
    return KRAIT_OK;
}
