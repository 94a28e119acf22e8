/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one run may use.  Every count that a document or a module decides has a limit here.
 */
#ifndef KRAIT_PROCESS_LIMITS_H
#define KRAIT_PROCESS_LIMITS_H

#include <stdint.h>

typedef struct proc_limits {
    uint64_t document;   /* bytes of one document */
    uint64_t rows;       /* of one document and module */
    uint64_t result;     /* bytes of rows and sub-content, of one document and module */
    uint64_t output;     /* bytes of each stream of one document and module: the rest is cut off */
    uint64_t children;   /* documents below one root */
    uint64_t expansion;  /* bytes below one root, or out of one archive */
    unsigned depth;      /* of sub-content */
    uint64_t fuel;       /* of one document and module; 0: none */
    uint64_t timeout_ns; /* of one document and module; KRAIT_UNLIMITED */
    uint64_t memory;     /* of an instance; 0: as libkrait */
    uint64_t stack;      /* of an instance; 0: as libkrait */
} proc_limits;

#define PROC_LIMITS_INIT                                                                           \
    {UINT64_C(1) << 30,                                                                            \
     1000000,                                                                                      \
     UINT64_C(256) << 20,                                                                          \
     UINT64_C(1) << 20,                                                                            \
     100000,                                                                                       \
     UINT64_C(4) << 30,                                                                            \
     100,                                                                                          \
     0,                                                                                            \
     UINT64_C(60000000000),                                                                        \
     0,                                                                                            \
     0}

/* So many tables may one instance define. */
#define PROC_INSTANCE_TABLES 1000u

#endif /* KRAIT_PROCESS_LIMITS_H */
