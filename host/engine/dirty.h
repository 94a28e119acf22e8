/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the pages of a private file mapping that were written: dirty.c.
 */
#ifndef KRAIT_ENGINE_DIRTY_H
#define KRAIT_ENGINE_DIRTY_H

#include "engine/image.h"

#include <sys/types.h>

/* Runs that one call can tell of. */
#define KRAIT_DIRTY_RUNS 256

typedef struct krait_dirty {
    int fd;                    /* /proc/self/pagemap of `process`; -1 */
    pid_t process;             /* that opened it */
    const volatile char *mark; /* 1 in that process, 0 in its children; NULL: none */
    uint64_t page;             /* bytes */
} krait_dirty;

/* Addresses of whole pages. */
typedef struct krait_dirty_run {
    uint64_t begin;
    uint64_t end;
} krait_dirty_run;

/* Says how well it can be done here. */
krait_dirty_mode krait__dirty_open(krait_dirty *dirty);
void krait__dirty_close(krait_dirty *dirty);

/* Written pages from `begin` on, in order; *ret_walked is where the next call goes on, `end` when
 * nothing is left.  0, or an errno: it cannot be told. */
int krait__dirty_next(const krait_dirty *dirty, krait_dirty_mode mode, uint64_t begin, uint64_t end,
                      krait_dirty_run runs[KRAIT_DIRTY_RUNS], size_t *ret_count,
                      uint64_t *ret_walked);

#endif /* KRAIT_ENGINE_DIRTY_H */
