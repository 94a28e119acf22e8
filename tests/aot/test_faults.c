/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of a translation fails once: it must say so, crash nowhere
 * and lose nothing (the sanitizer presets look for leaks).
 */
#include "aot/identity.h"
#include "aot/translate.h"
#include "base/alloc.h"
#include "support/check.h"
#include "wasm_bytes.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* The arrays that CMake makes for the library; their contents do not matter here. */
const unsigned char krait__abi_text[] = {'\n'};
const size_t krait__abi_text_size = sizeof(krait__abi_text);
const unsigned char krait__prelude_text[] = {'\n'};
const size_t krait__prelude_text_size = sizeof(krait__prelude_text);
const char krait__aot_digest[] = "0123456789abcdef";
const unsigned char krait__atomic_text[] = "";
const size_t krait__atomic_text_size = sizeof(krait__atomic_text);
const unsigned char krait__simd_text[] = "";
const size_t krait__simd_text_size = sizeof(krait__simd_text);
const unsigned char krait__simd_float_text[] = "";
const size_t krait__simd_float_text_size = sizeof(krait__simd_float_text);

/* Imports, a private table, an open one, blocks with values, calls of all kinds. */
static void
make_module(wasm_bytes *bytes)
{
    wasm_bytes code = {0};

    bytes_header(bytes);
    BYTES_SECTION(bytes, 1, "\3\x60\0\0\x60\2\x7f\x7f\1\x7f\x60\0\2\x7f\x7e");
    BYTES_SECTION(bytes, 2, "\2\1m\1f\0\0\1m\1g\3\x7f\0");
    BYTES_SECTION(bytes, 3, "\3\1\0\2");
    BYTES_SECTION(bytes, 4, "\2\x70\0\4\x70\0\4");
    BYTES_SECTION(bytes, 5, "\1\0\1");
    BYTES_SECTION(bytes, 6, "\1\x7f\1\x41\1\x0b");
    BYTES_SECTION(bytes, 7, "\3\1a\0\1\1b\0\2\1t\1\1");
    BYTES_SECTION(bytes, 8, "\2");
    BYTES_SECTION(bytes, 9, "\2\0\x41\0\x0b\3\0\1\2\1\0\2\0\1");
    BYTES_SECTION(bytes, 12, "\1");
    BYTES_LITERAL(&code, "\3");
    BYTES_BODY(&code,
               "\1\1\x7e\2\x7f\x20\0\x28\2\0\x20\1\x0d\0\x1a\x41\5\x0b\x1a\x20\0\x20\1\x6a\x21\0"
               "\x20\0\x11\0\0\x20\0\x0b");
    BYTES_BODY(&code, "\0\x10\3\x1a\x1a\x41\0\x11\0\1\x0b");
    BYTES_BODY(&code, "\0\3\2\x41\1\x42\2\x0b\x0b");
    bytes_section(bytes, 10, &code);
    BYTES_SECTION(bytes, 11, "\1\0\x41\0\x0b\1x");
    BYTES_SECTION(bytes, 0, "\4name\1\x0b\2\1\3abc\2\3abc");
}

static void
remove_files(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL)
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory != NULL)
        closedir(directory);
    (void)rmdir(path);
}

static void
fails_at_every_allocation(void)
{
    char directory[] = "/tmp/krait-test.XXXXXX";
    wasm_bytes bytes = {0};
    krait_status status = KRAIT_ENOMEM;
    unsigned long n;
    int fd;

    make_module(&bytes);
    REQUIRE(mkdtemp(directory) != NULL);
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (n = 1; status != KRAIT_OK && n < 10000; n++) {
        krait_parts parts = {NULL, 0, 0};
        krait_translation how = {.parts = 2,
                                 .flags = (uint32_t)n % 4,
                                 .plain_function = 3,
                                 .max_function = 1000,
                                 .first = "a\nb\n"};
        krait_error error = {0};

        (void)krait__alloc_fail_at(n);
        status = krait__translate(bytes.data, bytes.size, fd, &how, &parts, &error);
        (void)krait__alloc_fail_at(0);
        /* Growing arrays do not tell memory and ceilings apart. */
        if (!CHECK(status == KRAIT_OK || status == KRAIT_ENOMEM || status == KRAIT_ELIMIT)) {
            printf("    allocation %lu: %s\n", n, error.text);
            break;
        }
        krait__free(parts.parts);
    }
    CHECK_INT(status, KRAIT_OK);
    CHECK(n > 40);
    close(fd);
    remove_files(directory);
    bytes_release(&bytes);
}

CHECK_MAIN(CHECK_CASE(fails_at_every_allocation))
