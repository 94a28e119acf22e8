/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a compiler may do that works on a hostile module's translation: time,
 * memory and file size (setrlimit), files (Landlock), system calls (seccomp).
 *
 * The rules are made once, before the first fork; krait__confine_apply runs in
 * the child and calls only what is async-signal-safe.  docs/aot.md has the list.
 */
#ifndef KRAIT_AOT_CONFINE_H
#define KRAIT_AOT_CONFINE_H

#include <krait/aot.h>

#include <stdbool.h>
#include <stdint.h>

/* Most bytes of a file that a compiler writes. */
#define KRAIT_CONFINE_FILE_BYTES (UINT64_C(1) << 30)

typedef struct krait_confine {
    uint64_t memory_bytes; /* address space of one process; UINT64_MAX: no limit */
    uint64_t cpu_s;        /* processor time of one process; UINT64_MAX: no limit */
    int landlock;          /* ruleset, -1: none */
    int landlock_abi;      /* of the kernel; 0: it has none */
    bool has_seccomp;
    char *environ[6]; /* NULL-terminated */
    char path_variable[4096];
    char home_variable[4096 + 8];
    char temporary_variable[4096 + 8];
} krait_confine;

/* `directory` is where the compiler may write, `compiler` its path.  KRAIT_EUNSUPPORTED when
 * options->confine asks for more than the kernel has.  Release it in any case. */
krait_status krait__confine_prepare(krait_confine *confine, const krait_aot_options *options,
                                    const char *directory, const char *compiler, krait_error *err);
void krait__confine_release(krait_confine *confine);

/* In the child, before exec: 0, or errno. */
int krait__confine_apply(const krait_confine *confine);

/* One line for --verbose: what holds here. */
void krait__confine_describe(const krait_confine *confine, char *text, size_t size);

/* ---- confine_filter.c ------------------------------------------------------------------- */

/* Refuses network, other processes and the administration of the machine from here on:
 * 0, or errno.  Async-signal-safe; needs no_new_privs. */
int krait__confine_filter(void);
/* True when the kernel has such filters. */
bool krait__confine_can_filter(void);

#endif /* KRAIT_AOT_CONFINE_H */
