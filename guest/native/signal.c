/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals: actions, masks, waiting.  They come from raise() and kill(), and from the host, which
 * calls the export krait_signal (guest/main/main.c) between two instructions: so what is
 * kept here is changed by single stores.
 *
 * Left out: real-time signals queue nothing; stop signals are refused, for nobody could go on
 * (SIGSTOP) or are ignored, as in an orphaned process group; SA_RESTART is remembered only:
 * a wait that was interrupted is EINTR.
 */
#include <signal.h>

#include "native.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LAST (_NSIG - 1)

static struct sigaction actions[_NSIG];
static volatile sigset_t blocked;
/* A byte each: a signal may come between reading and writing of one. */
static volatile unsigned char pending[_NSIG];
/* Signals that came, and those whose handler ran. */
static volatile uint32_t arrived;
static volatile uint32_t handled;

_Noreturn void
__SIG_ERR(int number)
{
    (void)number;
    __builtin_trap();
}

void
__SIG_IGN(int number)
{
    (void)number;
}

static sigset_t
bit(int number)
{
    return 1ull << (number - 1);
}

static int
is_valid(int number)
{
    return number >= 1 && number <= LAST;
}

/* What a signal does that nobody caught. */
static int
by_default(int number)
{
    switch (number) {
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
    case SIGCONT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return 0;
    case SIGSTOP:
        return native_fail(ENOTSUP);
    case SIGQUIT:
    case SIGILL:
    case SIGTRAP:
    case SIGABRT:
    case SIGBUS:
    case SIGFPE:
    case SIGSEGV:
    case SIGSYS:
        __builtin_trap();
    default:
        _Exit(128 + number);
    }
}

static void
fill(siginfo_t *info, int number)
{
    *info = (siginfo_t){
        .si_signo = number, .si_code = SI_USER, .si_pid = getpid(), .si_uid = getuid()};
}

static void
run_handler(int number, struct sigaction *action)
{
    const sigset_t before = blocked;
    siginfo_t info;

    blocked |= action->sa_mask | (action->sa_flags & SA_NODEFER ? 0 : bit(number));
    handled++;
    if (action->sa_flags & SA_SIGINFO) {
        fill(&info, number);
        action->sa_sigaction(number, &info, NULL);
    } else {
        action->sa_handler(number);
    }
    blocked = before;
}

static int
deliver(int number)
{
    struct sigaction action = actions[number];

    if (action.sa_handler == SIG_IGN)
        return 0;
    if (action.sa_handler == SIG_DFL)
        return by_default(number);
    if (action.sa_flags & SA_RESETHAND)
        actions[number].sa_handler = SIG_DFL;
    run_handler(number, &action);
    return 0;
}

static void
deliver_pending(void)
{
    for (int number = 1; number <= LAST; number++) {
        if (pending[number] && !(blocked & bit(number))) {
            pending[number] = 0;
            (void)deliver(number);
        }
    }
}

int
raise(int number)
{
    int result;

    if (!is_valid(number))
        return native_fail(EINVAL);
    arrived++;
    if (blocked & bit(number)) {
        pending[number] = 1;
        return 0;
    }
    result = deliver(number);
    deliver_pending();
    return result;
}

int
kill(pid_t process, int number)
{
    const pid_t own = getpid();

    if (number != 0 && !is_valid(number))
        return native_fail(EINVAL);
    if (process != own && process != 0 && process != -own)
        return native_fail(ESRCH);
    return number == 0 ? 0 : raise(number);
}

int
killpg(pid_t group, int number)
{
    return group < 0 ? native_fail(EINVAL) : kill(-group, number);
}

int
pthread_kill(pthread_t thread, int number)
{
    (void)thread;
    if (number != 0 && !is_valid(number))
        return EINVAL;
    return number == 0 || raise(number) == 0 ? 0 : errno;
}

int
sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict old)
{
    const struct sigaction before = is_valid(number) ? actions[number] : (struct sigaction){0};

    if (!is_valid(number) || (action != NULL && (number == SIGKILL || number == SIGSTOP)))
        return native_fail(EINVAL);
    if (action != NULL)
        actions[number] = *action;
    if (old != NULL)
        *old = before;
    return 0;
}

sighandler_t
signal(int number, sighandler_t handler)
{
    const struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct sigaction old;

    return sigaction(number, &action, &old) != 0 ? SIG_ERR : old.sa_handler;
}

int
siginterrupt(int number, int flag)
{
    if (!is_valid(number))
        return native_fail(EINVAL);
    if (flag)
        actions[number].sa_flags &= ~SA_RESTART;
    else
        actions[number].sa_flags |= SA_RESTART;
    return 0;
}

int
sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    const sigset_t before = blocked;
    const sigset_t never = bit(SIGKILL) | bit(SIGSTOP);

    if (set != NULL) {
        if (how == SIG_BLOCK)
            blocked = (before | *set) & ~never;
        else if (how == SIG_UNBLOCK)
            blocked = before & ~*set;
        else if (how == SIG_SETMASK)
            blocked = *set & ~never;
        else
            return native_fail(EINVAL);
    }
    if (old != NULL)
        *old = before;
    deliver_pending();
    return 0;
}

int
pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    return sigprocmask(how, set, old) == 0 ? 0 : errno;
}

int
sigpending(sigset_t *set)
{
    *set = 0;
    for (int number = 1; number <= LAST; number++)
        *set |= pending[number] ? bit(number) : 0;
    return 0;
}

/* ---- waiting ------------------------------------------------------------------------------- */

/* Until a handler has run; EDEADLK when none ever could. */
int
pause(void)
{
    const uint32_t before = handled;

    while (handled == before) {
        uint32_t error = krait_host_signal_wait(&arrived, arrived, UINT64_MAX);

        if (error != 0 && error != EINTR && handled == before)
            return native_fail((int)error);
    }
    return native_fail(EINTR);
}

/* Takes a pending signal of a set; 0: there is none. */
static int
take(sigset_t set)
{
    for (int number = 1; number <= LAST; number++) {
        if (pending[number] && (set & bit(number))) {
            pending[number] = 0;
            return number;
        }
    }
    return 0;
}

/* A signal of the set, or -1 with errno; `timeout` in nanoseconds. */
static int
wait_for(sigset_t set, uint64_t timeout)
{
    const sigset_t before = blocked;
    const uint32_t ran = handled;
    uint32_t error = 0;
    int number;

    /* While it waits even a signal with a handler is only noted. */
    blocked |= set;
    while ((number = take(set)) == 0 && handled == ran && (error == 0 || error == EINTR)) {
        if (timeout == 0)
            error = ETIMEDOUT;
        else
            error = krait_host_signal_wait(&arrived, arrived, timeout);
    }
    blocked = before;
    if (number != 0)
        return number;
    deliver_pending();
    return native_fail(handled != ran ? EINTR : error == ETIMEDOUT ? EAGAIN : (int)error);
}

int
sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
             const struct timespec *restrict timeout)
{
    uint64_t ns = UINT64_MAX;
    int number;

    if (timeout != NULL) {
        if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000)
            return native_fail(EINVAL);
        if (timeout->tv_sec < INT64_MAX / 1000000000)
            ns = (uint64_t)timeout->tv_sec * 1000000000u + (uint64_t)timeout->tv_nsec;
    }
    number = wait_for(*set, ns);
    if (number > 0 && info != NULL)
        fill(info, number);
    return number;
}

int
sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
    return sigtimedwait(set, info, NULL);
}

int
sigwait(const sigset_t *restrict set, int *restrict number)
{
    int found;

    do {
        found = wait_for(*set, UINT64_MAX);
    } while (found < 0 && errno == EINTR);
    if (found < 0)
        return errno;
    *number = found;
    return 0;
}

/* ---- sets ---------------------------------------------------------------------------------- */

int
sigemptyset(sigset_t *set)
{
    *set = 0;
    return 0;
}

int
sigfillset(sigset_t *set)
{
    *set = ~0ull;
    return 0;
}

int
sigaddset(sigset_t *set, int number)
{
    if (!is_valid(number))
        return native_fail(EINVAL);
    *set |= bit(number);
    return 0;
}

int
sigdelset(sigset_t *set, int number)
{
    if (!is_valid(number))
        return native_fail(EINVAL);
    *set &= ~bit(number);
    return 0;
}

int
sigismember(const sigset_t *set, int number)
{
    return is_valid(number) ? (*set & bit(number)) != 0 : native_fail(EINVAL);
}
