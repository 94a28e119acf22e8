/* SPDX-License-Identifier: Apache-2.0 */
/* Status of packed files, in WASI's layout. */
#ifndef KRAIT_GUEST_PACK_STATUS_H
#define KRAIT_GUEST_PACK_STATUS_H

#include "state.h"

/* The device that packed files are on: "KRTP". */
#define KRAIT_PACK_DEVICE 0x5054524b

/* Writes the __wasi_filestat_t of a node to an address. */
int32_t krait_pack_status(krait_pack_state *state, uint32_t node, int32_t result);

__wasi_filetype_t krait_pack_filetype(const krait_pack_state *state, uint32_t node);

int32_t krait_pack_set_times(krait_pack_state *state, uint32_t node, int64_t atim, int64_t mtim,
                             int32_t flags);

#endif
