/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256: examples of NIST (FIPS 180-4), cuts at every place, and the processor's
 * instructions against plain C.
 */
#include "base/sha256.h"
#include "support/check.h"

static void
hex(const uint8_t digest[KRAIT_SHA256_SIZE], char text[65])
{
    unsigned i;

    for (i = 0; i < KRAIT_SHA256_SIZE; i++)
        snprintf(text + (size_t)2 * i, 3, "%02x", digest[i]);
}

static void
examples(void)
{
    static const struct {
        const char *text;
        const char *digest;
    } known[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
         "lmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    uint8_t digest[KRAIT_SHA256_SIZE];
    char text[65];
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        krait__sha256(known[i].text, strlen(known[i].text), digest);
        hex(digest, text);
        CHECK_STR(text, known[i].digest);
    }
}

static void
million(void)
{
    uint8_t digest[KRAIT_SHA256_SIZE];
    uint8_t block[1000];
    krait_sha256 hash;
    char text[65];
    unsigned i;

    memset(block, 'a', sizeof(block));
    krait__sha256_init(&hash);
    for (i = 0; i < 1000; i++)
        krait__sha256_add(&hash, block, sizeof(block));
    krait__sha256_finish(&hash, digest);
    hex(digest, text);
    CHECK_STR(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* However the bytes are handed over, the digest is the same; each path is taken. */
static void
cuts(void)
{
    uint8_t data[300];
    uint8_t whole[KRAIT_SHA256_SIZE];
    uint8_t parts[KRAIT_SHA256_SIZE];
    size_t size;
    size_t cut;

    for (size = 0; size < sizeof(data); size++)
        data[size] = (uint8_t)(size * 11 + 3);
    for (size = 0; size < sizeof(data); size += 7) {
        krait__sha256(data, size, whole);
        for (cut = 0; cut <= size; cut++) {
            krait_sha256 hash;

            krait__sha256_init(&hash);
            hash.uses_x86 = cut % 2 == 0 ? 0 : hash.uses_x86;
            krait__sha256_add(&hash, data, cut);
            krait__sha256_add(&hash, data + cut, size - cut);
            krait__sha256_finish(&hash, parts);
            CHECK_INT(memcmp(whole, parts, sizeof(whole)), 0);
        }
    }
}

CHECK_MAIN(CHECK_CASE(examples), CHECK_CASE(million), CHECK_CASE(cuts))
