/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that read and write what is open. */
#include "state.h"

/* An open packed file, for a call that asks for some of the rights. */
static int
check_file(krait_pack_state *state, const krait_pack_open *open, uint64_t rights)
{
    if (krait_pack_tree_type(&state->tree, open->node) != KRAIT_PACK_S_IFREG) {
        return PACK_EISDIR;
    }
    return (open->rights & rights) == rights ? PACK_OK : PACK_EBADF;
}

/* Reads into several pieces of memory. */
static int
read_pieces(const krait_pack_open *open, uint64_t offset, int32_t pieces, int32_t count,
            uint32_t *ret_done)
{
    krait_pack_state *state = krait_pack_get();
    const __wasi_iovec_t *piece = pack_at(pieces);
    uint32_t done = 0;
    int rc = check_file(state, open, __WASI_RIGHTS_FD_READ);

    for (uint32_t i = 0; rc == PACK_OK && i < (uint32_t)count; i++) {
        size_t part;

        if (piece[i].buf_len > UINT32_MAX - done) {
            rc = PACK_EINVAL;
            break;
        }
        rc = krait_pack_tree_read(&state->tree, open->node, offset + done, piece[i].buf,
                                  piece[i].buf_len, &part);
        done += (uint32_t)part;
        if (rc != PACK_OK && done > 0) {
            rc = PACK_OK;
            break;
        }
        if (part < piece[i].buf_len) {
            break;
        }
    }
    *ret_done = done;
    return krait_pack_report(state, open->node, rc);
}

static int
write_pieces(const krait_pack_open *open, uint64_t offset, int32_t pieces, int32_t count,
             uint32_t *ret_done)
{
    krait_pack_state *state = krait_pack_get();
    const __wasi_ciovec_t *piece = pack_at(pieces);
    uint32_t done = 0;
    int rc = check_file(state, open, __WASI_RIGHTS_FD_WRITE);

    for (uint32_t i = 0; rc == PACK_OK && i < (uint32_t)count; i++) {
        if (piece[i].buf_len > UINT32_MAX - done) {
            rc = PACK_EINVAL;
            break;
        }
        rc = krait_pack_tree_write(&state->tree, open->node, offset + done, piece[i].buf,
                                   piece[i].buf_len);
        if (rc != PACK_OK && done > 0) {
            rc = PACK_OK;
            break;
        }
        done += rc == PACK_OK ? piece[i].buf_len : 0;
    }
    *ret_done = done;
    return krait_pack_report(state, open->node, rc);
}

static void
store(int32_t address, uint64_t value, bool is_long)
{
    if (is_long) {
        *(uint64_t *)pack_at(address) = value;
    } else {
        *(uint32_t *)pack_at(address) = (uint32_t)value;
    }
}

int32_t
PACK_OWN(fd_read)(int32_t fd, int32_t pieces, int32_t count, int32_t result)
{
    krait_pack_open *open;
    int32_t host;
    uint32_t done;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_read(fd, pieces, count, result);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_read(host, pieces, count, result) : rc;
    }
    rc = read_pieces(open, open->position, pieces, count, &done);
    if (rc == PACK_OK) {
        open->position += done;
        store(result, done, false);
    }
    return rc;
}

int32_t
PACK_OWN(fd_pread)(int32_t fd, int32_t pieces, int32_t count, int64_t offset, int32_t result)
{
    krait_pack_open *open;
    int32_t host;
    uint32_t done;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_pread(fd, pieces, count, offset, result);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_pread(host, pieces, count, offset, result) : rc;
    }
    rc = offset < 0 ? PACK_EINVAL : read_pieces(open, (uint64_t)offset, pieces, count, &done);
    if (rc == PACK_OK) {
        store(result, done, false);
    }
    return rc;
}

int32_t
PACK_OWN(fd_write)(int32_t fd, int32_t pieces, int32_t count, int32_t result)
{
    krait_pack_open *open;
    krait_pack_stat stat;
    int32_t host;
    uint32_t done;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_write(fd, pieces, count, result);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_write(host, pieces, count, result) : rc;
    }
    if ((open->flags & __WASI_FDFLAGS_APPEND) != 0 &&
        krait_pack_tree_stat(&krait_pack_get()->tree, open->node, &stat) == PACK_OK) {
        open->position = stat.size;
    }
    rc = write_pieces(open, open->position, pieces, count, &done);
    if (rc == PACK_OK) {
        open->position += done;
        store(result, done, false);
    }
    return rc;
}

int32_t
PACK_OWN(fd_pwrite)(int32_t fd, int32_t pieces, int32_t count, int64_t offset, int32_t result)
{
    krait_pack_open *open;
    int32_t host;
    uint32_t done;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_pwrite(fd, pieces, count, offset, result);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_pwrite(host, pieces, count, offset, result) : rc;
    }
    rc = offset < 0 ? PACK_EINVAL : write_pieces(open, (uint64_t)offset, pieces, count, &done);
    if (rc == PACK_OK) {
        store(result, done, false);
    }
    return rc;
}

static int
seek(krait_pack_open *open, int64_t offset, int32_t whence)
{
    krait_pack_state *state = krait_pack_get();
    krait_pack_stat stat;
    uint64_t base = whence == __WASI_WHENCE_CUR ? open->position : 0;
    int rc = check_file(state, open, 0);

    if (rc == PACK_OK) {
        rc = krait_pack_tree_stat(&state->tree, open->node, &stat);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    if (whence == __WASI_WHENCE_END) {
        base = stat.size;
    } else if (whence != __WASI_WHENCE_SET && whence != __WASI_WHENCE_CUR) {
        return PACK_EINVAL;
    }
    if (offset < 0 ? base < 0 - (uint64_t)offset : base + (uint64_t)offset > INT64_MAX) {
        return PACK_EINVAL;
    }
    open->position = base + (uint64_t)offset;
    return PACK_OK;
}

int32_t
PACK_OWN(fd_seek)(int32_t fd, int64_t offset, int32_t whence, int32_t result)
{
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_seek(fd, offset, whence, result);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_seek(host, offset, whence, result) : rc;
    }
    rc = seek(open, offset, whence);
    if (rc == PACK_OK) {
        store(result, open->position, true);
    }
    return rc;
}

int32_t
PACK_OWN(fd_tell)(int32_t fd, int32_t result)
{
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_tell(fd, result);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_tell(host, result) : rc;
    }
    rc = check_file(krait_pack_get(), open, 0);
    if (rc == PACK_OK) {
        store(result, open->position, true);
    }
    return rc;
}

int32_t
PACK_OWN(fd_advise)(int32_t fd, int64_t offset, int64_t len, int32_t advice)
{
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_advise(fd, offset, len, advice);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_advise(host, offset, len, advice) : rc;
    }
    rc = check_file(krait_pack_get(), open, 0);
    return rc == PACK_OK && (uint32_t)advice > __WASI_ADVICE_NOREUSE ? PACK_EINVAL : rc;
}

int32_t
PACK_OWN(fd_allocate)(int32_t fd, int64_t offset, int64_t len)
{
    krait_pack_state *state;
    krait_pack_open *open;
    krait_pack_stat stat;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_allocate(fd, offset, len);
    }
    state = krait_pack_get();
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_allocate(host, offset, len) : rc;
    }
    if (state->tree.memory == NULL) {
        return PACK_EROFS;
    }
    rc = check_file(state, open, __WASI_RIGHTS_FD_WRITE);
    if (rc == PACK_OK && (offset < 0 || len <= 0 || offset > INT64_MAX - len)) {
        rc = PACK_EINVAL;
    }
    if (rc == PACK_OK) {
        rc = krait_pack_tree_stat(&state->tree, open->node, &stat);
    }
    return rc == PACK_OK && (uint64_t)(offset + len) > stat.size
               ? krait_pack_tree_resize(&state->tree, open->node, (uint64_t)(offset + len))
               : rc;
}

int32_t
PACK_OWN(fd_filestat_set_size)(int32_t fd, int64_t size)
{
    krait_pack_state *state;
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_filestat_set_size(fd, size);
    }
    state = krait_pack_get();
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_filestat_set_size(host, size) : rc;
    }
    if (state->tree.memory == NULL) {
        return PACK_EROFS;
    }
    rc = check_file(state, open, __WASI_RIGHTS_FD_WRITE);
    if (rc != PACK_OK || size < 0) {
        return rc == PACK_OK ? PACK_EINVAL : rc;
    }
    return krait_pack_report(state, open->node,
                             krait_pack_tree_resize(&state->tree, open->node, (uint64_t)size));
}
