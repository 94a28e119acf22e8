/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding of packed blocks: one LZMA stream for each (KRAIT_PACK_LZMA in <krait/pack_format.h>).
 *
 * It compiles for the guest and for the host, uses no library, and allocates nothing.
 */
#ifndef KRAIT_GUEST_PACK_LZMA_H
#define KRAIT_GUEST_PACK_LZMA_H

#include <stddef.h>
#include <stdint.h>

/* Numbers that the decoder needs while it works: 15 KiB, whose contents do not matter. */
#define KRAIT_PACK_LZMA_STATE 7200

/* Exactly `out_size` bytes: 0, or -1 when `in` is damaged or too short for them. */
int krait_pack_lzma(uint16_t *state, const uint8_t *in, size_t in_size, uint8_t *out,
                    size_t out_size);

#endif /* KRAIT_GUEST_PACK_LZMA_H */
