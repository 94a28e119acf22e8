/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What writing and reading snapshots share.
 */
#ifndef KRAIT_SNAPSHOT_INTERNAL_H
#define KRAIT_SNAPSHOT_INTERNAL_H

#include "snapshot/snapshot.h"

uint64_t krait__snapshot_header_hash(const krait_snapshot_header *header);
uint64_t krait__snapshot_sections_hash(const krait_snapshot_bytes sections[KRAIT_SECTION_COUNT]);
/* Of a whole file, mapped at `map`: its holes are not looked at. */
void krait__snapshot_sha256(int fd, const uint8_t *map, const krait_snapshot_header *header,
                            uint8_t ret_digest[KRAIT_SHA256_SIZE]);

/* The first part of a file from *begin to `end` that is no hole; false: there is none.  Whole pages, when both
 * are. */
bool krait__snapshot_next_data(int fd, uint64_t page, uint64_t *begin, uint64_t *ret_end,
                               uint64_t end);
bool krait__snapshot_is_zero(const uint8_t *bytes, size_t size);

#endif /* KRAIT_SNAPSHOT_INTERNAL_H */
