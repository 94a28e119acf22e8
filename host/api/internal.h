/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the API layer share.
 */
#ifndef KRAIT_API_INTERNAL_H
#define KRAIT_API_INTERNAL_H

#include "engine/engine.h"
#include "vfs/vfs.h"
#include "wasi/wasi.h"

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
    krait_strings preopens;             /* pairs: name, guest path */
    uint64_t limits[KRAIT_LIMIT_COUNT]; /* KRAIT_UNLIMITED: none */
    bool counts_fuel;                   /* the module has to be metered */
    int stdio_fds[3];
};

struct krait_sandbox {
    uint64_t limits[KRAIT_LIMIT_COUNT]; /* KRAIT_UNLIMITED: none */
    krait_vfs *vfs;
    krait_wasi *wasi;
    krait_instance *instance;
    bool has_run;
};

/* ---- enter.c ---- */

/* The one way into the guest: calls an exported function under the limits of the sandbox and
 * says how that ended, all but what the function itself gave the host. */
krait_status krait__sandbox_enter(krait_sandbox *sandbox, uint32_t func, krait_cell *cells,
                                  krait_result *ret_result, krait_error *err);

/* ---- preopens.c ---- */

/* What a module that is not made for this host finds open; the caller frees the list, the
 * strings are the configuration's. */
krait_status krait__preopens_list(const krait_config *config, krait_wasi_preopen **ret_list,
                                  size_t *ret_count, krait_error *err);
/* Is the guest's root a granted directory? */
bool krait__preopens_cover_root(const krait_config *config);

/* ---- limit_table.c ---- */

/* What a new configuration has. */
void krait__limits_default(uint64_t limits[KRAIT_LIMIT_COUNT]);

/* ---- limits.c ---- */

/* As the layers below take them. */
krait_call_limits krait__limits_of_calls(const uint64_t limits[KRAIT_LIMIT_COUNT]);
void krait__limits_of_files(const uint64_t limits[KRAIT_LIMIT_COUNT], krait_vfs_options *options);
uint32_t krait__limits_of_descriptors(const uint64_t limits[KRAIT_LIMIT_COUNT]);
size_t krait__limits_of_stack(const uint64_t limits[KRAIT_LIMIT_COUNT]);
krait_wasi_limits krait__limits_of_wasi(const uint64_t limits[KRAIT_LIMIT_COUNT]);
/* Says that a call was to end for this cause, whatever else the result says. */
void krait__limits_result(const uint64_t limits[KRAIT_LIMIT_COUNT], krait_cause cause,
                          krait_result *result);

#endif /* KRAIT_API_INTERNAL_H */
