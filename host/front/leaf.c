/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions outside of it that translated code may call, by name.
 */
#include "front/leaf.h"

#include <math.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* The guest's rounding mode is always the one to the nearest. */
static double
round_even(double value)
{
    return rint(value);
}

static float
round_even_float(float value)
{
    return rintf(value);
}

typedef void (*leaf_fn)(void);

typedef struct leaf {
    const char *name;
    leaf_fn fn;
} leaf;

#define LEAF(name) {#name, (leaf_fn)(name)}

static const leaf leaves[] = {
    LEAF(memcpy),
    LEAF(memmove),
    LEAF(memset),
    LEAF(memcmp),
    LEAF(bcmp),
    LEAF(strlen),
    LEAF(ceil),
    LEAF(ceilf),
    LEAF(floor),
    LEAF(floorf),
    LEAF(trunc),
    LEAF(truncf),
    LEAF(rint),
    LEAF(rintf),
    LEAF(sqrt),
    LEAF(sqrtf),
    LEAF(nearbyint),
    LEAF(nearbyintf),
    LEAF(fmin),
    LEAF(fminf),
    LEAF(fmax),
    LEAF(fmaxf),
    {"roundeven", (leaf_fn)round_even},
    {"roundevenf", (leaf_fn)round_even_float},
};

uintptr_t
krait__leaf_find(const char *name)
{
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
        if (strcmp(leaves[i].name, name) == 0)
            return (uintptr_t)leaves[i].fn;
    }
    return 0;
}
