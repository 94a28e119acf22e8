/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals, of which a module gets none: a handler is remembered and never called, and what is raised is
 * nothing.
 *
 * libc's emulation would end the program at raise(SIGTERM), in the middle of a document.  All of them are weak:
 * a host that has signals, or a program that is linked with this, defines its own.  Together they stand for
 * one object of that emulation, which is left out then; strsignal() is in another one, and good as it is.
 */
#include <errno.h>
#include <signal.h>

typedef void handler(int number);

#define WEAK __attribute__((weak))

WEAK void
__SIG_IGN(int number)
{
    (void)number;
}

/* A value that no handler has; nobody calls it. */
WEAK void
__SIG_ERR(int number)
{
    (void)number;
    __builtin_trap();
}

static handler *handlers[_NSIG];

WEAK handler *
signal(int number, handler *new)
{
    handler *old;

    if (number <= 0 || number >= _NSIG || new == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    old = handlers[number];
    handlers[number] = new;
    return old;
}

WEAK int
raise(int number)
{
    if (number <= 0 || number >= _NSIG) {
        errno = EINVAL;
        return -1;
    }
    return 0;
}
