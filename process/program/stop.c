/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ctrl-C and its like.  The first one is remembered, and what runs is finished; the second one ends the
 * program at once, which the database survives.
 */
#include "program.h"

#include <signal.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

static volatile sig_atomic_t caught;

static void
handle(int number)
{
    if (caught != 0)
        _exit(128 + number);
    caught = number;
}

void
program_catch_signals(void)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};

    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct sigaction before;

        /* nohup: what was ignored is still ignored. */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)sigaction(numbers[i], &action, NULL);
    }
}

void
program_hold_signals(bool holds)
{
    sigset_t set;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        (void)sigaddset(&set, numbers[i]);
    (void)pthread_sigmask(holds ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

const volatile sig_atomic_t *
program_stop_flag(void)
{
    return &caught;
}

int
program_stop_signal(void)
{
    return caught;
}
