/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `krait doctor`: what the files of this command share.
 *
 * A check looks at one thing and fills in what it found.  What is lost without the thing is
 * always in the table, so that it can be read beside a good result too.
 */
#ifndef KRAIT_CLI_DOCTOR_H
#define KRAIT_CLI_DOCTOR_H

#include "cli.h"

typedef enum doctor_verdict {
    DOCTOR_GOOD,    /* it is there */
    DOCTOR_MISSING, /* something is slower, weaker or left out: see `lost` */
    DOCTOR_BROKEN   /* `krait run` does not work */
} doctor_verdict;

typedef struct doctor_check {
    const char *name;
    const char *lost; /* without it */
    doctor_verdict (*look)(char *found, size_t size);
} doctor_check;

/* doctor_kernel.c */
doctor_verdict doctor_kernel(char *found, size_t size);
doctor_verdict doctor_openat2(char *found, size_t size);
doctor_verdict doctor_landlock(char *found, size_t size);
doctor_verdict doctor_seccomp(char *found, size_t size);
doctor_verdict doctor_memfd(char *found, size_t size);
doctor_verdict doctor_userfaultfd(char *found, size_t size);
doctor_verdict doctor_pagemap(char *found, size_t size);
doctor_verdict doctor_timers(char *found, size_t size);

/* doctor_limits.c */
doctor_verdict doctor_address_space(char *found, size_t size);
doctor_verdict doctor_overcommit(char *found, size_t size);
doctor_verdict doctor_memory(char *found, size_t size);
doctor_verdict doctor_files(char *found, size_t size);
doctor_verdict doctor_signals(char *found, size_t size);
doctor_verdict doctor_resources(char *found, size_t size);
doctor_verdict doctor_processor(char *found, size_t size);

/* doctor_parts.c */
doctor_verdict doctor_compiler(char *found, size_t size);
doctor_verdict doctor_cache(char *found, size_t size);
doctor_verdict doctor_runtime(char *found, size_t size);
doctor_verdict doctor_python(char *found, size_t size);
doctor_verdict doctor_packing(char *found, size_t size);
doctor_verdict doctor_modules(char *found, size_t size);
doctor_verdict doctor_documents(char *found, size_t size);

/* images_list.c */
doctor_verdict doctor_snapshots(char *found, size_t size);

#endif /* KRAIT_CLI_DOCTOR_H */
