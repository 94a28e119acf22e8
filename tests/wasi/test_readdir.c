/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd_readdir: packing, cookies, large directories.
 */
#include "wasi/guest.h"

static const char *where;

static void
both(void (*body)(uint32_t))
{
    static const char *const places[] = {"tmp", "m"};

    for (int i = 0; i < 2; i++) {
        where = places[i];
        guest_begin(NULL);
        body(open_fd(where, WASI_O_DIRECTORY, WASI_FD_READDIR | WASI_FD_FILESTAT_GET));
        guest_end();
    }
}

static const char *
in(const char *name)
{
    static char buffer[512];

    snprintf(buffer, sizeof(buffer), "%s/%s", where, name);
    return buffer;
}

/* Entries in the first `used` bytes of the buffer; the cookie and name of the last whole one. */
static unsigned
parse(uint32_t used, uint64_t *ret_cookie, char ret_name[300])
{
    uint32_t at = BUFFER;
    unsigned count = 0;

    while (used - (at - BUFFER) >= 24 && used - (at - BUFFER) - 24 >= load32(at + 16)) {
        uint32_t name_len = load32(at + 16);

        CHECK(name_len > 0 && name_len <= 255);
        CHECK(load64(at + 8) != 0);
        *ret_cookie = load64(at);
        snprintf(ret_name, 300, "%.*s", (int)name_len, (const char *)g.memory.base + at + 24);
        at += 24 + name_len;
        count++;
    }
    return count;
}

static void
packing_body(uint32_t fd)
{
    uint64_t cookie = 0;
    uint64_t second;
    char name[300];
    char last[300];
    uint32_t whole;

    CHECK_INT(call("fd_readdir", fd, U(BUFFER), U(1000), L(0), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 2 * 24 + 3);
    CHECK_UINT(parse(load32(OUT), &cookie, name), 2);
    CHECK_INT(make_file(in("file"), "x"), 0);
    CHECK_INT(call("fd_readdir", fd, U(BUFFER), U(1000), L(0), U(OUT)), 0);
    whole = load32(OUT);
    CHECK_UINT(whole, 3 * 24 + 3 + 4);
    CHECK_UINT(parse(whole, &cookie, last), 3);
    /* from the cookie of the second entry: the third and nothing else */
    CHECK_UINT(parse(2 * 24 + (uint32_t)(strcmp(last, "file") == 0 ? 3 : 5), &second, name), 2);
    CHECK_INT(call("fd_readdir", fd, U(BUFFER), U(1000), second, U(OUT)), 0);
    CHECK_UINT(parse(load32(OUT), &second, name), 1);
    CHECK_STR(name, last);
    CHECK_INT(call("fd_readdir", fd, U(BUFFER), U(1000), cookie, U(OUT)), 0);
    CHECK_UINT(load32(OUT), 0);
    /* every room: filled to the brim unless that is all */
    for (uint32_t room = 0; room <= whole + 1; room++) {
        memset(g.memory.base + BUFFER, 0xee, whole + 16);
        CHECK_INT(call("fd_readdir", fd, U(BUFFER), room, L(0), U(OUT)), 0);
        CHECK_UINT(load32(OUT), room < whole ? room : whole);
        CHECK_UINT(g.memory.base[BUFFER + load32(OUT)], 0xee);
    }
    CHECK_INT(call("fd_readdir", fd, U(MEMORY_SIZE - 8), U(9), L(0), U(OUT)), WASI_EFAULT);
    CHECK_INT(call("fd_readdir", fd, U(0), UINT32_MAX, L(0), U(OUT)), WASI_EFAULT);
    CHECK_INT(call("fd_readdir", fd, U(BUFFER), U(100), L(0), U(MEMORY_SIZE)), WASI_EFAULT);
    (void)call("fd_readdir", fd, U(BUFFER), U(100), L(INT64_MAX), U(OUT));
    CHECK_INT(call("fd_readdir", fd, U(BUFFER), U(100), UINT64_MAX, U(OUT)), 0);
    CHECK_UINT(load32(OUT), 0);
}

static void
packing(void)
{
    both(packing_body);
}

/* As wasi-libc reads: entry by entry, cookies of whole entries, growing where it must. */
static void
large_body(uint32_t fd)
{
    enum { COUNT = 3000 };
    static unsigned char seen[COUNT];
    char name[300];
    uint64_t cookie = 0;
    unsigned total = 0;

    memset(seen, 0, sizeof(seen));
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        CHECK_INT(open_error(in(name), WASI_O_CREAT, 0), 0);
    }
    for (;;) {
        uint32_t room = 256;
        uint32_t used;
        uint32_t at = BUFFER;

        CHECK_INT(call("fd_readdir", fd, U(BUFFER), room, cookie, U(OUT)), 0);
        used = load32(OUT);
        while (used - (at - BUFFER) >= 24 && used - (at - BUFFER) - 24 >= load32(at + 16)) {
            cookie = load64(at);
            snprintf(name, sizeof(name), "%.*s", (int)load32(at + 16),
                     (const char *)g.memory.base + at + 24);
            if (name[0] == 'n')
                seen[atoi(name + 1)]++;
            at += 24 + load32(at + 16);
            total++;
        }
        if (used < room)
            break;
    }
    CHECK_UINT(total, COUNT + 2);
    CHECK(memchr(seen, 0, sizeof(seen)) == NULL && memchr(seen, 2, sizeof(seen)) == NULL);
}

static void
large(void)
{
    both(large_body);
}

/* shutil.rmtree: removing what was seen does not hide what was not. */
static void
removing_while_reading_body(uint32_t fd)
{
    char name[300];
    uint64_t cookie = 0;
    unsigned removed = 0;

    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        CHECK_INT(open_error(in(name), WASI_O_CREAT, 0), 0);
    }
    for (;;) {
        CHECK_INT(call("fd_readdir", fd, U(BUFFER), U(60), cookie, U(OUT)), 0);
        if (load32(OUT) == 0)
            break;
        CHECK_UINT(parse(24 + load32(BUFFER + 16), &cookie, name), 1); /* only the first */
        if (name[0] == 'n') {
            CHECK_INT(path_call("path_unlink_file", in(name)), 0);
            removed++;
        }
    }
    CHECK_UINT(removed, 500);
}

static void
removing_while_reading(void)
{
    both(removing_while_reading_body);
}

static void
not_a_directory(void)
{
    uint32_t fd = UINT32_MAX;

    guest_begin(NULL);
    fd = open_fd("tmp/f", WASI_O_CREAT, ALL);
    CHECK_INT(call("fd_readdir", fd, U(BUFFER), U(100), L(0), U(OUT)), WASI_ENOTDIR);
    CHECK_INT(call("fd_readdir", U(1), U(BUFFER), U(100), L(0), U(OUT)), WASI_ENOTDIR);
    CHECK_INT(call("fd_readdir", U(77), U(BUFFER), U(100), L(0), U(OUT)), WASI_EBADF);
    guest_end();
}

CHECK_MAIN(CHECK_CASE(packing), CHECK_CASE(large), CHECK_CASE(removing_while_reading),
           CHECK_CASE(not_a_directory))
