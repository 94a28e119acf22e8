/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configurations: what a sandbox is granted.
 */
#ifndef KRAIT_CONFIG_H
#define KRAIT_CONFIG_H

#include <krait/error.h>
#include <krait/result.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct krait_config krait_config;

/** Flags of krait_config_add_dir() and krait_config_add_file(). */
enum {
    KRAIT_GRANT_READ_ONLY = 1u << 0,     /* the guest can change nothing below */
    KRAIT_GRANT_RECORD_MISSES = 1u << 1, /* files: remember names that the guest looked for beside
                                           it in vain, for krait_sandbox_missed() */
    KRAIT_GRANT_STABLE = 1u << 2         /* read-only directories: nobody changes them while the
                                           sandbox lives, so what was seen may be kept */
};

/**
 * Make an empty configuration: no arguments, no environment, no grants, stdio of
 * the process, working directory "/", a writable /tmp in memory.
 *
 * @param ret_config  receives the configuration; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK or KRAIT_ENOMEM
 *
 * Units:   none
 * Owner:   caller owns *ret_config, releases it with krait_config_free()
 * Errors:  KRAIT_ENOMEM
 * Threads: any thread; a configuration is used by one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_new(krait_config **ret_config, krait_error *err);

/**
 * Release a configuration; sandboxes made from it keep what they need.
 *
 * @param config  the configuration, or NULL
 *
 * Units:   none
 * Owner:   takes the configuration
 * Errors:  none
 * Threads: one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API void krait_config_free(krait_config *config);

/**
 * Append one argument; the first is the program's name.
 *
 * @param config  the configuration
 * @param arg     any bytes, NUL-terminated
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 65536 arguments
 * Owner:   arg is copied
 * Errors:  KRAIT_ENOMEM; KRAIT_ELIMIT too many
 * Threads: one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_add_arg(krait_config *config, const char *arg,
                                                           krait_error *err);

/**
 * Set an environment variable of the guest, or replace it.
 *
 * @param config  the configuration
 * @param name    not empty, without '='
 * @param value   any bytes, NUL-terminated
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 65536 variables
 * Owner:   name and value are copied
 * Errors:  KRAIT_EINVAL bad name; KRAIT_ENOMEM; KRAIT_ELIMIT too many
 * Threads: one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_add_env(krait_config *config, const char *name,
                                                           const char *value, krait_error *err);

/**
 * Grant a host directory.  It is opened by krait_sandbox_new(), which names it when
 * it cannot be.
 *
 * @param config  the configuration
 * @param host    path of the directory on the host
 * @param guest   absolute path at which the guest sees it
 * @param flags   0, KRAIT_GRANT_READ_ONLY, or that with KRAIT_GRANT_STABLE
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 1024 grants
 * Owner:   the paths are copied
 * Errors:  KRAIT_EINVAL guest path not absolute, unknown flag; KRAIT_ENOMEM; KRAIT_ELIMIT
 * Threads: one at a time
 * Source:  host/api/config.c, host/vfs/vfs.h
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_add_dir(krait_config *config, const char *host,
                                                           const char *guest, uint32_t flags,
                                                           krait_error *err);

/**
 * Grant one regular host file, always read-only; its neighbours stay invisible.
 *
 * @param config  the configuration
 * @param host    path of the file on the host
 * @param guest   absolute path at which the guest sees it
 * @param flags   0 or KRAIT_GRANT_RECORD_MISSES
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 1024 grants
 * Owner:   the paths are copied
 * Errors:  KRAIT_EINVAL guest path not absolute, unknown flag; KRAIT_ENOMEM; KRAIT_ELIMIT
 * Threads: one at a time
 * Source:  host/api/config.c, host/vfs/vfs.h
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_add_file(krait_config *config, const char *host,
                                                            const char *guest, uint32_t flags,
                                                            krait_error *err);

/**
 * Name a directory that the guest finds open when it starts ("preopen").  Programs for WASI
 * look for what they were granted by number (the first is descriptor 3) or by name.  Without
 * this call each granted directory has its guest path as its name, in the order of the grants; the
 * names given here come first.  The last is "/", unless another name stands for everything.  Python,
 * and every other module that imports krait_host, has "/" alone.
 *
 * @param config  the configuration
 * @param name    the name, as the program knows it: "data", ".", "/"
 * @param guest   absolute path of a directory of the guest
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 1024 names
 * Owner:   name and path are copied
 * Errors:  KRAIT_EINVAL empty name, guest path not absolute; KRAIT_ENOMEM; KRAIT_ELIMIT;
 *          krait_sandbox_new() answers KRAIT_EINVAL when it is no directory
 * Threads: one at a time
 * Source:  host/api/preopens.c; WASI preview 1 fd_prestat_get
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_add_preopen(krait_config *config,
                                                               const char *name, const char *guest,
                                                               krait_error *err);

/**
 * Set a limit.  What each one limits, its unit and its default are beside its name in result.h.
 *
 * @param config  the configuration
 * @param limit   which one
 * @param value   the most that is allowed; KRAIT_UNLIMITED: no limit
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   those of the limit
 * Owner:   none
 * Errors:  KRAIT_EINVAL no such limit, or 0 units of fuel
 * Threads: one at a time
 * Source:  host/api/limit_table.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_set_limit(krait_config *config,
                                                             krait_limit limit, uint64_t value,
                                                             krait_error *err);

/**
 * Set KRAIT_LIMIT_MEMORY: how much linear memory the guest may use.  Going over it makes
 * memory.grow fail, which Python turns into MemoryError.
 *
 * @param config  the configuration
 * @param bytes   the limit; 0: what the module declares, at most 4 GiB
 *
 * Units:   bytes, rounded down to 65536
 * Owner:   none
 * Errors:  none
 * Threads: one at a time
 * Source:  host/api/limit_table.c
 * Since:   0.1
 */
KRAIT_API void krait_config_set_memory_limit(krait_config *config, uint64_t bytes);

/**
 * Set how much a metered module may execute (`krait compile --meter`): one unit for
 * each instruction, more for bulk operations, as docs/aot.md lists them.  When it is
 * used up, the guest is stopped with KRAIT_TRAP_FUEL, at the same place on every run
 * and machine.  What host functions do is not counted.
 *
 * @param config  the configuration
 * @param fuel    the limit; 0: none
 *
 * Units:   units of fuel; above INT64_MAX it counts as no limit
 * Owner:   none
 * Errors:  none here; krait_sandbox_new() fails with KRAIT_EUNSUPPORTED when the module
 *          is not metered
 * Threads: one at a time
 * Source:  host/api/limit_table.c, aot/emit_meter.c
 * Since:   0.1
 */
KRAIT_API void krait_config_set_fuel(krait_config *config, uint64_t fuel);

/**
 * Set which descriptors of this process are the guest's stdin, stdout and stderr.
 * They are used as long as the sandbox lives, never closed or changed.
 *
 * @param config  the configuration
 * @param in      descriptor for reading, default 0; -1: the guest's stdin is closed
 * @param out     descriptor for writing, default 1; -1: closed
 * @param error   descriptor for writing, default 2; -1: closed
 *
 * Units:   none
 * Owner:   the caller keeps the descriptors and closes them after the sandbox
 * Errors:  none; the guest gets EBADF for a descriptor that is not open
 * Threads: one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API void krait_config_set_stdio(krait_config *config, int in, int out, int error);

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_CONFIG_H */
