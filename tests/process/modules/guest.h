/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the test modules need of WASI and of the host, without a C library: imports by hand, the
 * document in memory, and texts that are put together.
 */
#ifndef KRAIT_TESTS_PROCESS_GUEST_H
#define KRAIT_TESTS_PROCESS_GUEST_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name)         __attribute__((export_name(name)))

IMPORT("env", "define_table") int define_table(const void *, u32, const void *, u32);
IMPORT("env", "insert_row") int insert_row(const void *, u32, const void *, u32);
IMPORT("env", "emit_subcontent_bytes") int emit_bytes(const void *, u32, const void *, u32);
IMPORT("env", "emit_subcontent_slice") int emit_slice(u32, u32, const void *, u32);

IMPORT("wasi_snapshot_preview1", "path_open")
int wasi_open(u32 fd, u32 flags, const void *path, u32 size, u32 oflags, u64 rights, u64 inherited,
              u32 fdflags, u32 *ret);
IMPORT("wasi_snapshot_preview1", "fd_read")
int wasi_read(u32 fd, void *vectors, u32 count, u32 *ret);
IMPORT("wasi_snapshot_preview1", "fd_write")
int wasi_write(u32 fd, const void *vectors, u32 count, u32 *ret);
IMPORT("wasi_snapshot_preview1", "fd_close") int wasi_close(u32 fd);
IMPORT("wasi_snapshot_preview1", "proc_exit") _Noreturn void wasi_exit(u32 code);

typedef struct text {
    char *at;
    u32 size;
} text;

static inline u32
length(const char *s)
{
    u32 n = 0;

    while (s[n] != '\0')
        n++;
    return n;
}

static inline void
put(text *to, const char *s)
{
    while (*s != '\0')
        to->at[to->size++] = *s++;
}

static inline void
put_number(text *to, u64 n)
{
    char digits[20];
    u32 count = 0;

    do
        digits[count++] = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    while (count > 0)
        to->at[to->size++] = digits[--count];
}

/* Bytes of a file, at most so many; a negative errno of WASI. */
static inline int
read_file(const char *path, void *to, u32 most)
{
    u32 fd;
    u32 size = 0;
    int status = wasi_open(3, 0, path, length(path), 0, 2, 0, 0, &fd);

    if (status != 0)
        return -status;
    while (size < most) {
        u32 vector[2] = {(u32)to + size, most - size};
        u32 got = 0;

        if (wasi_read(fd, vector, 1, &got) != 0 || got == 0)
            break;
        size += got;
    }
    wasi_close(fd);
    return (int)size;
}

static inline int
write_file(const char *path, const void *bytes, u32 size)
{
    u32 vector[2] = {(u32)bytes, size};
    u32 fd;
    u32 got;
    /* O_CREAT and O_TRUNC; the right to write. */
    int status = wasi_open(3, 0, path, length(path), 1 | 8, 64, 0, 0, &fd);

    if (status != 0)
        return -status;
    status = wasi_write(fd, vector, 1, &got);
    return status != 0 ? -status : -wasi_close(fd);
}

static inline void
print(u32 fd, const char *s, u32 size)
{
    u32 vector[2] = {(u32)s, size};
    u32 got;

    wasi_write(fd, vector, 1, &got);
}

#endif /* KRAIT_TESTS_PROCESS_GUEST_H */
