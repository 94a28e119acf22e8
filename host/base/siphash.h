/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-1-3 (Aumasson and Bernstein): who does not know the key finds no two texts that share a
 * place in a table.  For names and types that a guest chooses; not part of any file format.
 */
#ifndef KRAIT_BASE_SIPHASH_H
#define KRAIT_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* A new key: random, or as good as the kernel has it before it has gathered enough. */
void krait__siphash_key(uint64_t ret_key[2]);
uint64_t krait__siphash(const uint64_t key[2], const void *bytes, size_t size);

#endif /* KRAIT_BASE_SIPHASH_H */
