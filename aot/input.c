/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See input.h.
 */
#include "aot/input.h"
#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static krait_status
read_open_file(int fd, const char *path, uint64_t limit, uint8_t **ret_data, size_t *ret_size,
               krait_error *err)
{
    struct stat status;
    size_t size;
    size_t got = 0;
    uint8_t *data;

    if (fstat(fd, &status) != 0)
        return krait__error_set(err, KRAIT_EINVAL, errno, "cannot read '%s'", path);
    if (S_ISDIR(status.st_mode))
        return krait__error_set(err, KRAIT_EINVAL, EISDIR, "cannot read '%s'", path);
    if ((uint64_t)status.st_size > limit)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "'%s' is larger than %llu bytes", path,
                                (unsigned long long)limit);
    size = (size_t)status.st_size;
    data = krait__alloc(size);
    if (data == NULL)
        return krait__error_nomem(err);
    while (got < size) {
        ssize_t done = read(fd, data + got, size - got);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            int number = done < 0 ? errno : EIO;

            krait__free(data);
            return krait__error_set(err, KRAIT_EINVAL, number, "cannot read '%s'", path);
        }
        got += (size_t)done;
    }
    *ret_data = data;
    *ret_size = size;
    return KRAIT_OK;
}

krait_status
krait__input_read(const char *path, uint64_t limit, uint8_t **ret_data, size_t *ret_size,
                  krait_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    krait_status status;

    if (fd < 0)
        return krait__error_set(
            err, errno == ENOENT || errno == ENOTDIR ? KRAIT_ENOTFOUND : KRAIT_EINVAL, errno,
            "cannot open '%s'", path);
    status = read_open_file(fd, path, limit, ret_data, ret_size, err);
    close(fd);
    return status;
}

krait_status
krait__input_text(const char *path, uint64_t limit, char **ret_text, krait_error *err)
{
    uint8_t *data;
    size_t size;
    char *text;
    krait_status status = krait__input_read(path, limit, &data, &size, err);

    /* Not the module's fault. */
    if (status != KRAIT_OK) {
        status = status == KRAIT_ENOMEM   ? KRAIT_ENOMEM
                 : status == KRAIT_ELIMIT ? KRAIT_EINVAL
                                          : KRAIT_EIO;
        if (err != NULL)
            err->code = status;
        return status;
    }
    text = krait__alloc(size + 1);
    if (text == NULL) {
        status = krait__error_nomem(err);
    } else if (memchr(data, '\0', size) != NULL) {
        status = krait__error_set(err, KRAIT_EINVAL, 0, "'%s' is not a text", path);
        krait__free(text);
    } else {
        memcpy(text, data, size);
        text[size] = '\0';
        *ret_text = text;
    }
    krait__free(data);
    return status;
}
