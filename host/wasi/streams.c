/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors in snapshots: a guest that has its standard streams and preopens open, as they were
 * given to it, and nothing else, can be made anew from its memory.  The clock and the random bytes
 * of a deterministic one go on where they were.
 */
#include "wasi/state.h"

#include "base/error.h"

#include <string.h>

static krait_status
refuse(uint32_t number, const char *why, krait_error *err)
{
    return krait__error_set(err, KRAIT_ESTATE, 0, "the guest's descriptor %u %s", number, why);
}

/* Stdio and preopens that a guest begins with have all rights that their kind has. */
static krait_status
check(const krait_wasi *wasi, uint32_t number, krait_error *err)
{
    const krait_fd *fd = &wasi->fds[number];

    if (number >= 3 && fd->preopen == NULL)
        return refuse(number, "is open", err);
    if (fd->dropped != 0 || fd->dropped_inheriting != 0)
        return refuse(number, "has given up rights", err);
    if (number < 3 && fd->file != wasi->first_files[number])
        return refuse(number, "is not the one that it started with", err);
    return KRAIT_OK;
}

krait_status
krait__wasi_streams_save(const krait_wasi *wasi, krait_wasi_streams *ret_streams, krait_error *err)
{
    memset(ret_streams, 0, sizeof(*ret_streams));
    if (wasi->timers != NULL && krait__wasi_timer_runs(wasi))
        return krait__error_set(err, KRAIT_ESTATE, 0, "a timer of the guest's runs");
    for (uint32_t i = 0; i < wasi->fd_count; i++) {
        krait_status status = KRAIT_OK;

        if (wasi->fds[i].file != NULL)
            status = check(wasi, i, err);
        else if (i >= 3 && i < 3 + wasi->preopens.count)
            status = refuse(i, "was a directory, and is closed", err);
        if (status != KRAIT_OK)
            return status;
    }
    for (uint32_t i = 0; i < 3; i++) {
        const bool is_open = i < wasi->fd_count && wasi->fds[i].file != NULL;

        ret_streams->is_closed[i] = !is_open && wasi->first_files[i] != NULL;
        if (is_open)
            ret_streams->changed[i] = krait__file_flags(wasi->fds[i].file) ^ wasi->first_flags[i];
    }
    if (krait__vfs_virtual(wasi->vfs) != NULL) {
        ret_streams->is_virtual = 1;
        ret_streams->virtual = *krait__vfs_virtual(wasi->vfs);
    }
    return KRAIT_OK;
}

/* The seed is in the guest's memory by now: its secret of hashes came from it. */
static krait_status
load_virtual(krait_wasi *wasi, const krait_wasi_streams *streams, krait_error *err)
{
    krait_virtual *virtual = krait__vfs_virtual(wasi->vfs);

    if (streams->is_virtual > 1 || streams->reserved != 0)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "a snapshot has damaged streams");
    if (virtual == NULL && streams->is_virtual == 0)
        return KRAIT_OK;
    if (virtual == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0,
                                "the snapshot is deterministic, and the configuration is not");
    if (streams->is_virtual == 0)
        return krait__error_set(err, KRAIT_EINVAL, 0,
                                "the configuration is deterministic, and the snapshot is not");
    if (virtual->seed != streams->virtual.seed || virtual->start_ns != streams->virtual.start_ns)
        return krait__error_set(err, KRAIT_EINVAL, 0,
                                "the snapshot is deterministic with another seed or start");
    if (streams->virtual.now_ns > krait__virtual_end(virtual))
        return krait__error_set(err, KRAIT_EFORMAT, 0, "a snapshot has a damaged clock");
    *virtual = streams->virtual;
    return KRAIT_OK;
}

krait_status
krait__wasi_streams_load(krait_wasi *wasi, const krait_wasi_streams *streams, krait_error *err)
{
    krait_status status = load_virtual(wasi, streams, err);

    if (status != KRAIT_OK)
        return status;
    for (uint32_t i = 0; i < 3; i++) {
        krait_fd *fd;
        int error = krait__fd_get(wasi, i, &fd);

        if (error != 0)
            continue;
        if (streams->is_closed[i] != 0)
            error = krait__fd_close(wasi, i);
        else if (streams->changed[i] != 0)
            error = krait__file_set_flags(
                fd->file, (uint16_t)(krait__file_flags(fd->file) ^ streams->changed[i]));
        if (error != 0)
            return krait__error_set(err, KRAIT_EIO, error,
                                    "cannot restore the guest's descriptor %u", i);
    }
    return KRAIT_OK;
}
