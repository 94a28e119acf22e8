/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The custom section of a module that says what it is, behind many small ones.
 */
#include "module.h"

#include "support/check.h"

#include <stdlib.h>
#include <unistd.h>

#define TINY 20000u

static char path[] = "section-XXXXXX";

/* Sections of nothing, `pad` bytes, and the one that is looked for; as much of it as `size` says. */
static void
make(unsigned count, unsigned pad, size_t size)
{
    static uint8_t bytes[8 + 3 * TINY + 64 + 32];
    static const uint8_t tiny[] = {0, 1, 0};
    static const uint8_t wanted[] = {0, 11, 4, 'n', 'a', 'm', 'e', 'v', 'a', 'l', 'u', 'e', '!'};
    size_t at = 8;
    FILE *file = fopen(path, "wb");

    memcpy(bytes, "\0asm\1\0\0", 8);
    for (unsigned i = 0; i < count; i++, at += sizeof(tiny))
        memcpy(bytes + at, tiny, sizeof(tiny));
    bytes[at++] = 0;
    bytes[at++] = (uint8_t)(pad + 1);
    memset(bytes + at, 0, pad + 1);
    at += pad + 1;
    memcpy(bytes + at, wanted, sizeof(wanted));
    at += sizeof(wanted);
    REQUIRE(file != NULL);
    CHECK(fwrite(bytes, 1, size < at ? size : at, file) > 0);
    CHECK_INT(fclose(file), 0);
}

static void
found(void)
{
    REQUIRE(close(mkstemp(path)) == 0);
    for (unsigned pad = 0; pad < 32; pad++) {
        char *text = NULL;
        size_t size = 0;
        krait_error err;

        make(4096 / 3 - 6, pad, SIZE_MAX);
        CHECK_INT(proc_wasm_section(path, "name", &text, &size, &err), KRAIT_OK);
        CHECK(size == 6);
        CHECK_STR(text, "value!");
        free(text);
        CHECK_INT(proc_wasm_section(path, "nam", &text, &size, &err), KRAIT_ENOTFOUND);
    }
    unlink(path);
}

static void
cut_off(void)
{
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    REQUIRE(close(mkstemp(path)) == 0);
    for (size_t cut = 1; cut < 8 + 30 + 6 + 13; cut++) {
        char *text = NULL;
        size_t size = 0;
        krait_error err;
        krait_status status;

        make(10, 3, cut);
        status = proc_wasm_section(path, "name", &text, &size, &err);
        CHECK(status == KRAIT_EFORMAT || status == KRAIT_ENOTFOUND);
    }
    unlink(path);
}

/* Calls that read, of this process so far; 0: the kernel does not say. */
static unsigned long
reads(void)
{
    FILE *file = fopen("/proc/self/io", "r");
    unsigned long count = 0;
    char line[80];

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "syscr: ", 7) == 0)
            count = strtoul(line + 7, NULL, 10);
    }
    if (file != NULL)
        fclose(file);
    return count;
}

static void
read_at_once(void)
{
    char *text = NULL;
    size_t size = 0;
    unsigned long before;
    krait_error err;

    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    REQUIRE(close(mkstemp(path)) == 0);
    make(TINY, 0, SIZE_MAX);
    before = reads();
    CHECK_INT(proc_wasm_section(path, "name", &text, &size, &err), KRAIT_OK);
    free(text);
    CHECK(reads() - before < TINY / 10);
    unlink(path);
}

CHECK_MAIN(CHECK_CASE(found), CHECK_CASE(cut_off), CHECK_CASE(read_at_once))
