/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One custom section of a WebAssembly module (core specification, 5.5.2 and 5.5.3).
 * Sections are skipped by their sizes; what is in them is not looked at.
 */
#include "module.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What such a section may have. */
#define SECTION_MAX 65536u

typedef struct wasm_file {
    int fd;
    const char *path;
    uint64_t at;
    uint64_t size;
    uint64_t window_at; /* which bytes of the file are in the window: sections may be two bytes long */
    size_t window_size;
    uint8_t window[4096];
} wasm_file;

static krait_status
malformed(const wasm_file *file, krait_error *err)
{
    return krait__error_set(err, KRAIT_EFORMAT, 0,
                            "'%s' is no WebAssembly module: it is malformed at offset %llu",
                            file->path, (unsigned long long)file->at);
}

static bool
fill_window(wasm_file *file)
{
    ssize_t got = pread(file->fd, file->window, sizeof(file->window), (off_t)file->at);

    file->window_at = file->at;
    file->window_size = got > 0 ? (size_t)got : 0;
    return got > 0;
}

static bool
take(wasm_file *file, void *to, size_t size)
{
    uint8_t *out = to;

    if (size > file->size - file->at)
        return false;
    while (size > 0) {
        size_t part;

        if ((file->at < file->window_at || file->at - file->window_at >= file->window_size) &&
            !fill_window(file))
            return false;
        part = file->window_size - (size_t)(file->at - file->window_at);
        part = part < size ? part : size;
        memcpy(out, file->window + (file->at - file->window_at), part);
        out += part;
        size -= part;
        file->at += part;
    }
    return true;
}

/* LEB128 of 32 bits. */
static bool
take_number(wasm_file *file, uint32_t *ret)
{
    uint64_t value = 0;
    uint8_t byte = 0x80;

    for (unsigned shift = 0; shift < 35 && (byte & 0x80) != 0; shift += 7) {
        if (!take(file, &byte, 1))
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
    }
    *ret = (uint32_t)value;
    return (byte & 0x80) == 0 && value <= UINT32_MAX;
}

/* The custom section at file->at, up to `end`: 1 it is the one, 0 it is another one, -1 malformed. */
static int
is_named(wasm_file *file, uint64_t end, const char *name)
{
    char found[64];
    uint32_t size;

    if (!take_number(file, &size) || file->at > end || size > end - file->at)
        return -1;
    if (size != strlen(name) || size > sizeof(found))
        return 0;
    if (!take(file, found, size))
        return -1;
    return memcmp(found, name, size) == 0;
}

static krait_status
copy(wasm_file *file, uint64_t end, char **ret, size_t *ret_size, krait_error *err)
{
    const size_t size = (size_t)(end - file->at);
    char *bytes;

    if (size > SECTION_MAX)
        return malformed(file, err);
    bytes = malloc(size + 1);
    if (bytes == NULL)
        return krait__error_nomem(err);
    if (!take(file, bytes, size)) {
        free(bytes);
        return malformed(file, err);
    }
    bytes[size] = '\0';
    *ret = bytes;
    *ret_size = size;
    return KRAIT_OK;
}

static krait_status
find(wasm_file *file, const char *name, char **ret, size_t *ret_size, krait_error *err)
{
    static const uint8_t magic[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    uint8_t head[sizeof(magic)];

    if (!take(file, head, sizeof(head)) || memcmp(head, magic, sizeof(magic)) != 0)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s' is no WebAssembly module", file->path);
    while (file->at < file->size) {
        uint64_t end;
        uint32_t size;
        uint8_t id;
        int found;

        if (!take(file, &id, 1) || !take_number(file, &size) || size > file->size - file->at)
            return malformed(file, err);
        end = file->at + size;
        found = id == 0 ? is_named(file, end, name) : 0;
        if (found < 0)
            return malformed(file, err);
        if (found > 0)
            return copy(file, end, ret, ret_size, err);
        file->at = end;
    }
    return krait__error_set(err, KRAIT_ENOTFOUND, 0, "'%s' has no section '%s'", file->path, name);
}

krait_status
proc_wasm_section(const char *path, const char *name, char **ret, size_t *ret_size,
                  krait_error *err)
{
    wasm_file file = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), .path = path};
    krait_status status;
    struct stat info;

    if (file.fd < 0 || fstat(file.fd, &info) != 0)
        status = krait__error_set(err, KRAIT_EIO, errno, "cannot read the module '%s'", path);
    else if (!S_ISREG(info.st_mode))
        status = krait__error_set(err, KRAIT_EFORMAT, 0, "the module '%s' is no file", path);
    else {
        file.size = (uint64_t)info.st_size;
        status = find(&file, name, ret, ret_size, err);
    }
    if (file.fd >= 0)
        (void)close(file.fd);
    return status;
}
