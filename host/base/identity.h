/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a file tells, without reading it, whether it is still the same one.
 *
 * Whoever changes a file changes its ctime, whatever else he puts back.
 */
#ifndef KRAIT_BASE_IDENTITY_H
#define KRAIT_BASE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

/* Part of file formats; all zeros: there is no file. */
typedef struct krait_file_identity {
    uint64_t dev;
    uint64_t ino;
    uint64_t size;
    int64_t mtime_ns;
    int64_t ctime_ns;
} krait_file_identity;

krait_file_identity krait__file_identity(const char *path);
krait_file_identity krait__file_identity_of(int fd);
/* Of what stat() has found. */
struct stat;
krait_file_identity krait__file_identity_from(const struct stat *status);
/* False for two files that are not there. */
bool krait__file_identity_equal(const krait_file_identity *a, const krait_file_identity *b);

#endif /* KRAIT_BASE_IDENTITY_H */
