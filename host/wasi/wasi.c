/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making and freeing the WASI state of a guest.
 */
#include "wasi/state.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

/* Most bytes of arguments and environment together. */
#define STRINGS_MAX (16u << 20)

#define DEFAULT_FILES 1024u
#define MOST_FILES    65536u

/* Copies `count` strings one after another. */
static krait_status
copy_strings(const char *const *strings, size_t count, size_t room, krait_strings *ret_strings,
             krait_error *err)
{
    size_t size = 0;
    char *to;

    for (size_t i = 0; i < count; i++) {
        size_t length;

        if (strings[i] == NULL)
            return krait__error_set(err, KRAIT_EINVAL, 0, "an argument or variable is NULL");
        length = strlen(strings[i]) + 1;
        if (length > room - size)
            return krait__error_set(err, KRAIT_EINVAL, 0,
                                    "arguments and environment exceed 16 MiB");
        size += length;
    }
    ret_strings->bytes = to = krait__alloc(size);
    if (to == NULL)
        return krait__error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(strings[i]) + 1;

        memcpy(to, strings[i], length);
        to += length;
    }
    ret_strings->size = (uint32_t)size;
    ret_strings->count = (uint32_t)count;
    return KRAIT_OK;
}

/* Descriptor `number` on a file or a host descriptor; one that is not open stays closed. */
static int
add_stdio(krait_wasi *wasi, uint32_t number, int host_fd, krait_file *file)
{
    krait_fd fd = {0};
    uint32_t access;
    int error = host_fd < 0 ? EBADF : 0;

    if (file != NULL) {
        fd.file = krait__file_ref(file);
        error = 0;
    } else if (error == 0) {
        error = krait__file_from_fd(host_fd, &fd.file);
    }
    if (error != 0)
        return error == EBADF ? 0 : error;
    access = krait__file_access(fd.file);
    fd.base = WASI_RIGHTS_FILE;
    if (!(access & KRAIT_OPEN_READ))
        fd.base &= ~WASI_FD_READ;
    if (!(access & KRAIT_OPEN_WRITE))
        fd.base &= ~(WASI_FD_WRITE | WASI_FD_ALLOCATE | WASI_FD_FILESTAT_SET_SIZE);
    /* wasi-libc: a terminal is a character device without the rights to seek and tell. */
    if (krait__file_is_terminal(fd.file))
        fd.base &= ~(WASI_FD_SEEK | WASI_FD_TELL);
    error = krait__fd_set(wasi, number, &fd);
    if (error != 0)
        krait__file_unref(fd.file);
    if (error == 0) {
        wasi->first_files[number] = krait__file_ref(fd.file);
        wasi->first_flags[number] = krait__file_flags(fd.file);
    }
    return error;
}

static krait_status
add_preopen(krait_wasi *wasi, uint32_t number, const char *name, const char *guest,
            krait_error *err)
{
    krait_fd fd = {.base = WASI_RIGHTS_DIRECTORY, .inheriting = WASI_RIGHTS_ALL, .preopen = name};
    int error = krait__path_open_guest(wasi->vfs, guest, &fd.file);

    if (error == 0) {
        error = krait__fd_set(wasi, number, &fd);
        if (error != 0)
            krait__file_unref(fd.file);
    }
    if (error == 0)
        return KRAIT_OK;
    if (error == ENOMEM)
        return krait__error_nomem(err);
    return krait__error_set(err, KRAIT_EINVAL, error, "cannot open the guest's directory '%s'",
                            guest);
}

/* Their names are copied first, one after another, so that each has a place that stays. */
static krait_status
add_preopens(krait_wasi *wasi, const krait_wasi_options *options, krait_error *err)
{
    static const krait_wasi_preopen root = {"/", "/"};
    const krait_wasi_preopen *preopens = options->preopen_count != 0 ? options->preopens : &root;
    const size_t count = options->preopen_count != 0 ? options->preopen_count : 1;
    const char **names = krait__calloc(count, sizeof(*names));
    const char *name;
    krait_status status;

    if (names == NULL)
        return krait__error_nomem(err);
    for (size_t i = 0; i < count; i++)
        names[i] = preopens[i].name;
    status = copy_strings(names, count, STRINGS_MAX, &wasi->preopens, err);
    krait__free(names);
    if (wasi->fd_limit < count + 3)
        wasi->fd_limit = (uint32_t)count + 3;
    name = wasi->preopens.bytes;
    for (size_t i = 0; i < count && status == KRAIT_OK; i++) {
        status = add_preopen(wasi, (uint32_t)i + 3, name, preopens[i].guest, err);
        name += strlen(name) + 1;
    }
    return status;
}

static krait_status
add_descriptors(krait_wasi *wasi, const krait_wasi_options *options, krait_error *err)
{
    for (uint32_t i = 0; i < 3; i++) {
        int error = add_stdio(wasi, i, options->stdio_fds[i], options->stdio_files[i]);

        if (error == ENOMEM)
            return krait__error_nomem(err);
        if (error != 0)
            return krait__error_set(err, KRAIT_EIO, error, "cannot open the guest's descriptor %u",
                                    i);
    }
    return add_preopens(wasi, options, err);
}

krait_status
krait__wasi_new(const krait_wasi_options *options, krait_wasi **ret_wasi, krait_error *err)
{
    krait_wasi *wasi;
    krait_status status;

    if (options->vfs == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "a guest needs a file system");
    wasi = krait__calloc(1, sizeof(*wasi));
    if (wasi == NULL)
        return krait__error_nomem(err);
    wasi->vfs = options->vfs;
    wasi->limits = KRAIT_WASI_LIMITS_MOST;
    wasi->cancel_fd = options->cancel_fd;
    wasi->fd_limit = options->max_open_files != 0 ? options->max_open_files : DEFAULT_FILES;
    if (wasi->fd_limit > MOST_FILES)
        wasi->fd_limit = MOST_FILES;
    if (wasi->fd_limit < 4)
        wasi->fd_limit = 4;
    status = copy_strings(options->argv, options->argc, STRINGS_MAX, &wasi->args, err);
    if (status == KRAIT_OK)
        status = copy_strings(options->environ, options->envc, STRINGS_MAX - wasi->args.size,
                              &wasi->environ, err);
    if (status == KRAIT_OK)
        status = add_descriptors(wasi, options, err);
    if (status != KRAIT_OK) {
        krait__wasi_free(wasi);
        return status;
    }
    *ret_wasi = wasi;
    return KRAIT_OK;
}

void
krait__wasi_free(krait_wasi *wasi)
{
    if (wasi == NULL)
        return;
    krait__wasi_stop(wasi);
    krait__fd_close_all(wasi);
    for (uint32_t i = 0; i < 3; i++) {
        krait__file_unref(wasi->first_files[i]);
        krait__file_unref(wasi->output_files[i]);
    }
    krait__free(wasi->args.bytes);
    krait__free(wasi->environ.bytes);
    krait__free(wasi->preopens.bytes);
    krait__free(wasi);
}

void
krait__wasi_keep_tail(krait_wasi *wasi, krait_ctx *ctx, uint64_t address, size_t size)
{
    if (size > KRAIT_WASI_TAIL) {
        address += size - KRAIT_WASI_TAIL;
        size = KRAIT_WASI_TAIL;
    }
    while (size > 0) {
        size_t at = (size_t)(wasi->tail_total % KRAIT_WASI_TAIL);
        size_t step = size < KRAIT_WASI_TAIL - at ? size : KRAIT_WASI_TAIL - at;

        if (krait__guest_read(ctx, wasi->tail + at, address, step) != 0)
            return;
        wasi->tail_total += step;
        address += step;
        size -= step;
    }
}

size_t
krait__wasi_stderr_tail(const krait_wasi *wasi, char *buffer, size_t size)
{
    uint64_t kept = wasi->tail_total < KRAIT_WASI_TAIL ? wasi->tail_total : KRAIT_WASI_TAIL;
    size_t count = size > kept ? (size_t)kept : size;

    for (size_t i = 0; i < count; i++)
        buffer[i] = wasi->tail[(wasi->tail_total - count + i) % KRAIT_WASI_TAIL];
    return count;
}
