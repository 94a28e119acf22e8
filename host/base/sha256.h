/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4): the names of inputs.  Not for secrets: no effort is
 * made to run in constant time or to wipe what was hashed.
 */
#ifndef KRAIT_BASE_SHA256_H
#define KRAIT_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define KRAIT_SHA256_SIZE 32

typedef struct krait_sha256 {
    uint32_t state[8];
    uint64_t total; /* bytes taken so far */
    uint8_t block[64];
    int uses_x86; /* asking the processor takes long in a virtual machine: once for each hash */
} krait_sha256;

void krait__sha256_init(krait_sha256 *hash);
void krait__sha256_add(krait_sha256 *hash, const void *data, size_t size);
void krait__sha256_finish(krait_sha256 *hash, uint8_t ret_digest[KRAIT_SHA256_SIZE]);

/* All at once. */
void krait__sha256(const void *data, size_t size, uint8_t ret_digest[KRAIT_SHA256_SIZE]);

/* ---- sha256_x86.c ----------------------------------------------------------------------- */

/* Not 0 when this processor can run the next function. */
int krait__sha256_has_x86(void);
void krait__sha256_blocks_x86(uint32_t state[8], const uint8_t *data, size_t blocks,
                              const uint32_t constants[64]);

#endif /* KRAIT_BASE_SHA256_H */
