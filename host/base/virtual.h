/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time and chance that are the same in every run.
 *
 * The clock stands still but for two things: each reading moves it on by a step, and whoever
 * sleeps moves it to the end of the sleep.  Random bytes are a stream that the seed alone
 * decides: ChaCha20 (D. J. Bernstein; as in RFC 8439, with a 64-bit counter) under a key that
 * everybody can guess.  They are no secrets.
 */
#ifndef KRAIT_BASE_VIRTUAL_H
#define KRAIT_BASE_VIRTUAL_H

#include <stddef.h>
#include <stdint.h>

#define KRAIT_VIRTUAL_STEP_NS 1000u

/* All of it is this state: a copy goes on like the original. */
typedef struct krait_virtual {
    uint64_t seed;
    uint64_t start_ns; /* what the realtime clock says when the monotonic one says 0 */
    uint64_t now_ns;   /* the monotonic clock */
    uint64_t drawn;    /* random bytes so far */
} krait_virtual;

/* The latest `start_ns` that there can be: half of what 63 bits of nanoseconds hold. */
#define KRAIT_VIRTUAL_START_MAX (INT64_MAX / 2)

/* Reads the monotonic clock. */
uint64_t krait__virtual_read(krait_virtual *virtual);
/* Sleeps until then.  In the year 2262 the clock stops, and every sleep is over. */
void krait__virtual_sleep(krait_virtual *virtual, uint64_t until_ns);
/* The latest time that the monotonic clock ever shows. */
uint64_t krait__virtual_end(const krait_virtual *virtual);
/* The next random bytes. */
void krait__virtual_draw(krait_virtual *virtual, void *to, size_t size);

#endif /* KRAIT_BASE_VIRTUAL_H */
