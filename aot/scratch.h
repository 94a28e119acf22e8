/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The temporary directory of a build.  It is locked (flock) while it is used,
 * so that a later build can tell the leftovers of a killed one and removes them.
 */
#ifndef KRAIT_AOT_SCRATCH_H
#define KRAIT_AOT_SCRATCH_H

#include <krait/error.h>

typedef struct krait_scratch {
    char path[4096]; /* absolute; empty: not made */
    int fd;          /* holds the lock */
} krait_scratch;

/* In $TMPDIR, or /tmp. */
krait_status krait__scratch_open(krait_scratch *scratch, krait_error *err);

/* Removes it with all that is in it; also one that was not made. */
void krait__scratch_close(krait_scratch *scratch);

#endif /* KRAIT_AOT_SCRATCH_H */
