/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one allocation or system call of libkrait fail: the linker sends them here
 * (--wrap), in calls of the library's own code and of the test's.
 */
#ifndef KRAIT_TESTS_API_INJECT_H
#define KRAIT_TESTS_API_INJECT_H

/* Counts from 1 from now on, and lets the call with the number `at` fail; 0: none. */
void inject_start(unsigned long at);

/* No call fails and none is counted from now on. How many were counted. */
unsigned long inject_stop(void);

/* What failed, "mmap"; NULL when nothing has. */
const char *inject_failed(void);

/* Blocks of memory and bytes of mappings that are held. */
typedef struct inject_held {
    long blocks;
    long mapped;
} inject_held;

inject_held inject_now(void);

#endif /* KRAIT_TESTS_API_INJECT_H */
