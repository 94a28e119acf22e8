/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of single calls, and of what a guest writes to its standard streams.
 *
 * Output is what goes to the files that the guest had as 0, 1 and 2 when it started, under
 * whatever number (a terminal can be written to through 0 as well).  A write that would go over the
 * limit is cut, the next one is EFBIG, as for a file that has reached RLIMIT_FSIZE; and the engine
 * is told, which ends the guest.
 */
#include "wasi/state.h"

void
krait__wasi_set_limits(krait_wasi *wasi, const krait_wasi_limits *limits)
{
    wasi->limits = *limits;
    for (uint32_t i = 0; i < 3; i++) {
        krait_fd *fd;

        krait__file_unref(wasi->output_files[i]);
        wasi->output_files[i] = NULL;
        if (limits->output_bytes != UINT64_MAX && krait__fd_get(wasi, i, &fd) == 0)
            wasi->output_files[i] = krait__file_ref(fd->file);
    }
}

void
krait__wasi_begin(krait_wasi *wasi)
{
    wasi->output_used = 0;
}

bool
krait__wasi_is_output(const krait_wasi *wasi, const krait_file *file)
{
    for (uint32_t i = 0; i < 3; i++) {
        if (wasi->output_files[i] == file)
            return true;
    }
    return false;
}

int
krait__wasi_output_begin(krait_wasi *wasi, krait_ctx *ctx, const krait_file *file, uint64_t *size)
{
    const uint64_t left = wasi->limits.output_bytes - wasi->output_used;

    if (*size <= left || !krait__wasi_is_output(wasi, file))
        return 0;
    if (left == 0) {
        krait__ctx_limit(ctx, KRAIT_CAUSE_OUTPUT);
        return EFBIG;
    }
    *size = left;
    return 0;
}

void
krait__wasi_output_end(krait_wasi *wasi, const krait_file *file, uint64_t size)
{
    if (krait__wasi_is_output(wasi, file))
        wasi->output_used += size;
}
