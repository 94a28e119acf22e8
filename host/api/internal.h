/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the API layer share.
 */
#ifndef KRAIT_API_INTERNAL_H
#define KRAIT_API_INTERNAL_H

#include <krait/krait.h>

#include <stdbool.h>

typedef struct krait_grant {
    char *host;
    char *guest;
    uint32_t flags;
    bool is_file;
} krait_grant;

/* Growing list of owned strings. */
typedef struct krait_strings {
    char **items;
    size_t count;
    size_t capacity;
} krait_strings;

struct krait_config {
    krait_strings args;
    krait_strings environ; /* "NAME=value" */
    krait_grant *grants;
    size_t grant_count;
    size_t grant_capacity;
    uint64_t memory_limit_bytes;
    uint64_t fuel;
    int stdio_fds[3];
};

#endif /* KRAIT_API_INTERNAL_H */
