/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers that send a guest signals.
 *
 * A timer of the kernel sends this very thread a real-time signal; its handler runs on the
 * guest's stack like any other and hands the guest's number to krait__instance_signal.  The
 * value that comes with the signal is an address inside the instance.  It is used only when an
 * activation of this thread belongs to an instance that it lies in, so that a signal that comes
 * late, or is not ours, finds nothing.
 *
 * The real-time signal is one of the process: what had it before gets what is not ours.
 */
#include "engine/internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* Of the real-time signals, counted from the last. */
#define TIMER_SIGNAL (SIGRTMAX - 5)

/* Process-wide by nature: what was installed before us. */
static struct sigaction previous_timer;
static pthread_once_t timer_once = PTHREAD_ONCE_INIT;
static int timer_errno;

/* Hands the signal to the guest it is for; false: there is none on this thread. */
static bool
deliver(uintptr_t key)
{
    krait_activation *activation = krait__activation();

    for (; activation != NULL; activation = activation->previous) {
        uintptr_t first = (uintptr_t)activation->instance->timer_keys;

        if (key >= first && key - first < sizeof(activation->instance->timer_keys)) {
            krait__instance_signal(activation->instance, (unsigned)(key - first));
            return true;
        }
    }
    return false;
}

static void
on_timer(int number, siginfo_t *info, void *context)
{
    int saved = errno;

    if (info->si_code == SI_TIMER && deliver((uintptr_t)info->si_value.sival_ptr)) {
        errno = saved;
        return;
    }
    if (previous_timer.sa_flags & SA_SIGINFO)
        previous_timer.sa_sigaction(number, info, context);
    else if (previous_timer.sa_handler != SIG_DFL && previous_timer.sa_handler != SIG_IGN)
        previous_timer.sa_handler(number);
    errno = saved;
}

static void
install(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_timer;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    if (sigaction(TIMER_SIGNAL, &action, &previous_timer) != 0)
        timer_errno = errno;
}

int
krait__timer_new(krait_instance *instance, krait_timer_clock clock, unsigned number,
                 timer_t *ret_timer)
{
    struct sigevent event;
    sigset_t ours;

    if (number == 0 || number >= sizeof(instance->timer_keys))
        return EINVAL;
    pthread_once(&timer_once, install);
    if (timer_errno != 0)
        return timer_errno;
    sigemptyset(&ours);
    sigaddset(&ours, TIMER_SIGNAL);
    if (pthread_sigmask(SIG_UNBLOCK, &ours, NULL) != 0)
        return EINVAL;
    memset(&event, 0, sizeof(event));
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = TIMER_SIGNAL;
    event.sigev_value.sival_ptr = &instance->timer_keys[number];
    event.sigev_notify_thread_id = gettid();
    if (timer_create(clock == KRAIT_TIMER_CPU ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &event,
                     ret_timer) != 0)
        return errno;
    return 0;
}
