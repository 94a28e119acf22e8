/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes, from the kernel.
 */
#include "wasi/state.h"

#include <sys/random.h>

KRAIT_WASI_CALL(random_get)
{
    uint64_t address = args[0].i32;
    uint64_t left = args[1].i32;

    (void)wasi;
    if (krait__guest_span(ctx, address, left) == NULL)
        return EFAULT;
    while (left > 0) {
        size_t step = left < KRAIT_WASI_STEP ? (size_t)left : KRAIT_WASI_STEP;
        ssize_t done = getrandom(krait__guest_span(ctx, address, step), step, 0);

        if (done < 0 && errno != EINTR)
            return errno;
        if (done > 0) {
            address += (uint64_t)done;
            left -= (uint64_t)done;
        }
        if (left > 0 && krait__wasi_interrupted(ctx))
            return EINTR;
    }
    return 0;
}
