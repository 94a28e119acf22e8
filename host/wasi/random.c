/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes, from the kernel, or those that a deterministic guest gets.
 */
#include "wasi/state.h"

#include <sys/random.h>

static ssize_t
fill(krait_wasi *wasi, void *to, size_t size)
{
    krait_virtual *virtual = krait__vfs_virtual(wasi->vfs);

    if (virtual == NULL)
        return getrandom(to, size, 0);
    krait__virtual_draw(virtual, to, size);
    return (ssize_t)size;
}

KRAIT_WASI_CALL(random_get)
{
    uint64_t address = args[0].i32;
    uint64_t left = args[1].i32;

    if (krait__guest_span(ctx, address, left) == NULL)
        return EFAULT;
    while (left > 0) {
        size_t step = left < KRAIT_WASI_STEP ? (size_t)left : KRAIT_WASI_STEP;
        ssize_t done = fill(wasi, krait__guest_span(ctx, address, step), step);

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
