/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fuzz target is: one function over bytes, called by libFuzzer or by
 * replay.c.  It returns 0; what it finds wrong ends the process.
 */
#ifndef KRAIT_TESTS_FUZZ_H
#define KRAIT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Like assert, but in every kind of build. */
#define FUZZ_REQUIRE(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif /* KRAIT_TESTS_FUZZ_H */
