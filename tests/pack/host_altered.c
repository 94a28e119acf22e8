/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs that were altered on purpose, with checksums that are right: each byte of the module that
 * host_altered.py gives (PACK_MODULE). The library refuses it, or reads it and writes one that is whole.
 */
#include "pack/buffer.h"
#include "support/check.h"

#include <krait/pack.h>
#include <krait/pack_format.h>

#include <stdlib.h>
#include <zlib.h>

static const uint8_t masks[] = {0x01, 0x80, 0xff};

static uint8_t module[1 << 16];
static size_t module_size;
static const char *work;
static char altered[4200];
static char again[4200];

static void
load(void)
{
    FILE *f = fopen(getenv("PACK_MODULE"), "rb");

    REQUIRE(f != NULL);
    module_size = fread(module, 1, sizeof(module), f);
    fclose(f);
    work = getenv("PACK_WORK");
    REQUIRE(work != NULL && module_size > 0 && module_size < sizeof(module));
    snprintf(altered, sizeof(altered), "%s/altered.wasm", work);
    snprintf(again, sizeof(again), "%s/again.wasm", work);
}

/* Offset of the image in the module. */
static size_t
find_image(void)
{
    for (size_t i = module_size - 8; i > 0; i--) {
        if (memcmp(module + i, KRAIT_PACK_MAGIC, 8) == 0)
            return i;
    }
    return 0;
}

static void
seal(uint8_t *image, size_t size)
{
    uint32_t index = krait__pack_le_u32(image + offsetof(krait_pack_header, index_size));
    uint32_t sum;

    if (index < 16 || index > size)
        return;
    sum = (uint32_t)crc32(0, image + 16, index - 16);
    for (unsigned i = 0; i < 4; i++)
        image[offsetof(krait_pack_header, index_crc) + i] = (uint8_t)(sum >> (8 * i));
}

static int
read_one(void *data, const krait_pack_item *item)
{
    krait_error err;
    void *bytes;
    size_t size;

    if (item->kind == KRAIT_PACK_FILE && item->size < 1u << 24 &&
        krait_pack_get(data, item->path, &bytes, &size, &err) == KRAIT_OK) {
        CHECK_UINT(size, item->size);
        krait_pack_free_bytes(bytes);
    }
    return 0;
}

/* True when it was taken for a pack. */
static bool
use(bool writes)
{
    krait_pack_options options = {.size = sizeof(options), .plain = 1};
    krait_pack *pack = NULL;
    krait_pack *other = NULL;
    krait_error err;

    if (krait_pack_open(altered, &pack, &err) != KRAIT_OK) {
        CHECK(err.text[0] != '\0');
        return false;
    }
    krait_pack_list(pack, read_one, pack);
    (void)!krait_pack_verify(pack, &err);
    if (writes && krait_pack_write(pack, again, &options, NULL, &err) == KRAIT_OK) {
        CHECK_INT(krait_pack_open(again, &other, &err), KRAIT_OK);
        CHECK(other != NULL && krait_pack_verify(other, &err) == KRAIT_OK);
        krait_pack_free(other);
    }
    krait_pack_free(pack);
    return true;
}

static void
survives_each_altered_byte(void)
{
    unsigned taken = 0;
    size_t image;
    size_t end;

    load();
    image = find_image();
    REQUIRE(image > 0);
    /* Behind the image are 20 bytes that say where it is, then what is not read. */
    end = image + krait__pack_le_u32(module + image + offsetof(krait_pack_header, image_size)) + 20;
    REQUIRE(end < module_size);
    for (size_t i = 0; i < end; i++) {
        for (size_t k = 0; k < sizeof(masks); k++) {
            uint8_t before = module[i];
            uint8_t sum[4];
            FILE *f = fopen(altered, "wb");

            REQUIRE(f != NULL);
            memcpy(sum, module + image + 12, 4);
            module[i] ^= masks[k];
            seal(module + image, module_size - image);
            CHECK_UINT(fwrite(module, 1, module_size, f), module_size);
            fclose(f);
            taken += use(k == 1);
            memcpy(module + image + 12, sum, 4);
            module[i] = before;
        }
    }
    CHECK(taken > 0);
}

CHECK_MAIN(CHECK_CASE(survives_each_altered_byte))
