/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Can a static program be linked here, with the compiler's unwinder and kernel headers?
 */
#include <linux/landlock.h>
#include <stdio.h>
#include <time.h>
#include <unwind.h>

int _dl_find_object(void *address, void *result);

int
_dl_find_object(void *address, void *result)
{
    return address == result ? 0 : -1;
}

static _Thread_local int frames;

static _Unwind_Reason_Code
count(struct _Unwind_Context *context, void *argument)
{
    (void)context;
    (void)argument;
    frames++;
    return _URC_NO_REASON;
}

int
main(void)
{
    struct timespec now;

    (void)_Unwind_Backtrace(count, NULL);
    return clock_gettime(CLOCK_MONOTONIC, &now) != 0 || printf("%d\n", frames) < 0;
}
