/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders of the host that fuzz_wasi.c lets a guest have, and those that it must not change:
 *
 *   rw       granted; made anew for every input, with links that lead out
 *   ro       granted read-only
 *   outside  not granted
 *
 * All lie in one temporary folder, which is removed when the process ends.
 */
#ifndef KRAIT_TESTS_FUZZ_WASI_HOST_H
#define KRAIT_TESTS_FUZZ_WASI_HOST_H

/* The path of one of the folders; valid until the call after the next. */
const char *fuzz_host_path(const char *name);
/* /dev/null, open for both; stays open. */
int fuzz_host_null(void);
/* Makes what is missing, and rw anew. */
void fuzz_host_begin(void);
/* Fails when anything but rw was changed since the first fuzz_host_begin. */
void fuzz_host_check(void);
unsigned fuzz_host_open_files(void);

#endif /* KRAIT_TESTS_FUZZ_WASI_HOST_H */
