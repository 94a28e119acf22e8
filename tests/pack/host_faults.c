/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait-pack with each allocation failing in turn: out of memory is an error like any other, nothing
 * leaks, and no output is left behind.  The library is compiled into the test with KRAIT_FAULTS.
 */
#include "base/alloc.h"
#include "support/check.h"

#include <krait/pack.h>
#include <krait/pack_format.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A module that does nothing, with a slot at address 1024: memory, two globals, exports, data. */
static const uint8_t module[] =
    "\0asm\1\0\0\0"
    "\1\4\1\x60\0\0"
    "\3\2\1\0"
    "\5\3\1\0\2"
    "\6\x0c\2\x7f\1\x41\5\x0b\x7f\0\x41\x80\x08\x0b"
    "\7\x1c\2\6_start\0\0\x0fkrait_pack_slot\3\1"
    "\x0a\4\1\2\0\x0b"
    "\x0b\x1f\1\0\x41\x80\x08\x0b\x18KRTSLOT\n\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

static char folder[64];
static char input[96];
static char output[96];
static char tree[96];

static void
write_file(const char *path, const void *bytes, size_t size)
{
    FILE *to = fopen(path, "wb");

    REQUIRE(to != NULL && fwrite(bytes, 1, size, to) == size && fclose(to) == 0);
}

static void
make_input(void)
{
    char path[192];
    char text[5000];

    snprintf(folder, sizeof(folder), "/tmp/krait-pack-faults.XXXXXX");
    REQUIRE(mkdtemp(folder) != NULL);
    snprintf(input, sizeof(input), "%s/in.wasm", folder);
    snprintf(output, sizeof(output), "%s/out.wasm", folder);
    snprintf(tree, sizeof(tree), "%s/tree", folder);
    write_file(input, module, sizeof(module) - 1);
    REQUIRE(mkdir(tree, 0755) == 0);
    memset(text, 'x', sizeof(text));
    for (unsigned i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%u", tree, i);
        write_file(path, text, sizeof(text) - i);
    }
    snprintf(path, sizeof(path), "%s/link", tree);
    REQUIRE(symlink("1", path) == 0);
}

static int
ignore_item(void *data, const krait_pack_item *item)
{
    (void)data;
    return item->path == NULL;
}

/* Everything once; the status of what failed first. */
static krait_status
use(const char *from, krait_error *err)
{
    static const char *const argv[] = {"/app"};
    static const char *const env[] = {"A=1"};
    const krait_pack_start start = {argv, 1, env, 1, 4096};
    const krait_pack_component component = {.name = "part", .version = "1", .place = "/data"};
    krait_pack *pack = NULL;
    void *bytes = NULL;
    size_t size = 0;
    krait_status status = krait_pack_open(from, &pack, err);

    if (status == KRAIT_OK)
        status = krait_pack_add(pack, tree, "/data", 0, err);
    if (status == KRAIT_OK)
        status = krait_pack_put(pack, "/app/main", "text", 4, INT64_MIN, err);
    if (status == KRAIT_OK)
        status = krait_pack_copy(pack, "/data/1", "/app/copy", err);
    if (status == KRAIT_OK)
        status = krait_pack_set_start(pack, &start, err);
    if (status == KRAIT_OK)
        status = krait_pack_add_component(pack, &component, err);
    if (status == KRAIT_OK)
        status = krait_pack_set_module(pack, "{}", 2, err);
    if (status == KRAIT_OK)
        status = krait_pack_get(pack, "/data/1", &bytes, &size, err);
    krait_pack_free_bytes(bytes);
    if (status == KRAIT_OK)
        status = krait_pack_write(pack, output, NULL, NULL, err);
    krait_pack_free(pack);
    pack = NULL;
    if (status == KRAIT_OK)
        status = krait_pack_open(output, &pack, err);
    if (status == KRAIT_OK)
        CHECK(krait_pack_module(pack, &size) != NULL && size == 2 &&
              krait_pack_exports(pack, "_start") && !krait_pack_exports(pack, "memory"));
    if (status == KRAIT_OK)
        status = krait_pack_verify(pack, err);
    if (status == KRAIT_OK)
        krait_pack_list(pack, ignore_item, NULL);
    krait_pack_free(pack);
    return status;
}

static void
fail_each(const char *from)
{
    unsigned long count;
    krait_error err = {KRAIT_OK, 0, ""};

    (void)krait__alloc_fail_at(0);
    REQUIRE(use(from, &err) == KRAIT_OK);
    count = krait__alloc_fail_at(0);
    REQUIRE(count > 30);
    for (unsigned long n = 1; n <= count; n++) {
        krait_status status;

        (void)unlink(output);
        err.text[0] = '\0';
        (void)krait__alloc_fail_at(n);
        status = use(from, &err);
        (void)krait__alloc_fail_at(0);
        /* Some do without: they only get slower. */
        if (status == KRAIT_OK)
            continue;
        CHECK(status == KRAIT_ENOMEM || status == KRAIT_ELIMIT || status == KRAIT_EFORMAT);
        CHECK(err.text[0] != '\0');
    }
}

static void
survives_each_failure(void)
{
    char command[128];
    char packed[96];
    krait_error err = {KRAIT_OK, 0, ""};

    make_input();
    fail_each(input);
    /* And with an image that is there before. */
    (void)unlink(output);
    REQUIRE(use(input, &err) == KRAIT_OK);
    snprintf(packed, sizeof(packed), "%s/packed.wasm", folder);
    REQUIRE(rename(output, packed) == 0);
    fail_each(packed);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    CHECK(system(command) == 0);
}

CHECK_MAIN(CHECK_CASE(survives_each_failure))
