/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash that notices damage, not intent, and runs at the speed of memory.
 */
#ifndef KRAIT_BASE_HASH_H
#define KRAIT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Part of file formats: what it gives never changes. */
uint64_t krait__hash(uint64_t seed, const void *bytes, size_t size);

#endif /* KRAIT_BASE_HASH_H */
