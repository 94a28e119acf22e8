/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What writing and reading snapshots share.
 */
#ifndef KRAIT_SNAPSHOT_INTERNAL_H
#define KRAIT_SNAPSHOT_INTERNAL_H

#include "snapshot/snapshot.h"

uint64_t krait__snapshot_header_hash(const krait_snapshot_header *header);
uint64_t krait__snapshot_sections_hash(const krait_snapshot_bytes sections[KRAIT_SECTION_COUNT]);
/* Of a whole file in memory. */
void krait__snapshot_sha256(const uint8_t *file, const krait_snapshot_header *header,
                            uint8_t ret_digest[KRAIT_SHA256_SIZE]);

#endif /* KRAIT_SNAPSHOT_INTERNAL_H */
