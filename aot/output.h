/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output file: it appears under its name in one step, complete and on disk,
 * or not at all.
 */
#ifndef KRAIT_AOT_OUTPUT_H
#define KRAIT_AOT_OUTPUT_H

#include <krait/error.h>

#include <stdbool.h>
#include <stddef.h>

typedef struct krait_output {
    const char *path;     /* as the caller named it, borrowed */
    int fd;               /* -1: not open */
    bool is_nameless;     /* the file has no name yet */
    char temporary[4096]; /* its name until the end; empty: none */
} krait_output;

/* Set .fd to -1 before the first call. */
krait_status krait__output_open(krait_output *output, const char *path, krait_error *err);
krait_status krait__output_write(krait_output *output, const void *data, size_t size,
                                 krait_error *err);
/* Gives it the name. */
krait_status krait__output_commit(krait_output *output, krait_error *err);
/* Removes what was not committed. */
void krait__output_close(krait_output *output);

#endif /* KRAIT_AOT_OUTPUT_H */
