/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results: how a call into a sandbox ended, and which limit it ran into.
 */
#ifndef KRAIT_RESULT_H
#define KRAIT_RESULT_H

#include <krait/error.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What krait_config_set_limit() limits; every limit is finite unless KRAIT_UNLIMITED is asked for.
 * WALL, CPU, OUTPUT and HOST_CALLS are counted anew for each call into a sandbox; the guest is first
 * sent a signal 2 (KeyboardInterrupt, so that `finally` runs) and stopped when it goes on for longer
 * than KRAIT_LIMIT_GRACE.  However it ends then, the result is of the kind KRAIT_RESULT_LIMIT.
 */
typedef enum krait_limit {
    KRAIT_LIMIT_NONE = 0,
    KRAIT_LIMIT_WALL = 1,       /* ns that pass during a call; 30 s */
    KRAIT_LIMIT_CPU = 2,        /* ns of processor time of a call; 30 s */
    KRAIT_LIMIT_MEMORY = 3,     /* bytes of all linear memories: MemoryError; 1 GiB.  Tables
                                   may have as much again */
    KRAIT_LIMIT_OUTPUT = 4,     /* bytes written to stdout and stderr by a call; 16 MiB */
    KRAIT_LIMIT_FILES = 5,      /* open files, stdio and "/" included: EMFILE; 256 */
    KRAIT_LIMIT_FS_BYTES = 6,   /* bytes of files in memory: ENOSPC; 256 MiB */
    KRAIT_LIMIT_FS_INODES = 7,  /* files, directories and links in memory: ENOSPC; 65536 */
    KRAIT_LIMIT_HOST_CALLS = 8, /* calls of host functions by a call; 1000000 */
    KRAIT_LIMIT_FUEL = 9,       /* units that a metered module may spend in its life, or since
                                   krait_sandbox_refuel(); unlimited */
    KRAIT_LIMIT_STACK = 10,     /* bytes of native stack: RecursionError, or a trap; 64 MiB */
    KRAIT_LIMIT_PATH = 11,      /* bytes of a path: ENAMETOOLONG; 4095, which is the most */
    KRAIT_LIMIT_READDIR = 12,   /* bytes that one listing of a directory returns; 1 MiB */
    KRAIT_LIMIT_POLL = 13,      /* subscriptions of one poll: EINVAL; 4096, which is the most */
    KRAIT_LIMIT_VALUE = 14,     /* bytes of one value between guest and host, and of the arguments
                                   of all calls of host functions in flight; 64 MiB.  Their
                                   answers, until they are fetched: as MEMORY */
    KRAIT_LIMIT_PENDING = 15,   /* calls of host functions in flight at once, those that the guest
                                   gave up included until they are answered; 1024 */
    KRAIT_LIMIT_GRACE = 16      /* ns of processor time between the signal and the end, or ten times
                                   that on the clock; 40 ms */
} krait_limit;

/** How many limits there are, KRAIT_LIMIT_NONE included; grows with new ones. */
#define KRAIT_LIMIT_COUNT 17

/** As the value of a limit: none. */
#define KRAIT_UNLIMITED UINT64_MAX

/**
 * Name a limit in one or two English words: "wall time".
 *
 * @param limit  any value
 * @return a static string, "unknown limit" for values that are not limits
 *
 * Units:   none
 * Owner:   the library; never free it
 * Errors:  none
 * Threads: any thread
 * Source:  host/api/limit_table.c
 * Since:   0.1
 */
KRAIT_API const char *krait_limit_name(krait_limit limit);

/** How a call into a sandbox ended. */
typedef enum krait_result_kind {
    KRAIT_RESULT_EXITED = 0,    /* the main function returned, or exit or SystemExit was called */
    KRAIT_RESULT_TRAPPED = 1,   /* stopped by a fault of its own; see trap and backtrace */
    KRAIT_RESULT_RAISED = 2,    /* a Python exception was not caught; see message and backtrace */
    KRAIT_RESULT_LIMIT = 3,     /* ended by a limit; see limit */
    KRAIT_RESULT_CANCELLED = 4, /* ended by krait_sandbox_cancel() */
    KRAIT_RESULT_RETURNED = 5   /* the code ran to its end, or the function returned; see value */
} krait_result_kind;

/** Bits of krait_result.truncated. */
enum {
    KRAIT_TRUNCATED_STDOUT = 1u << 0,   /* the guest wrote more than it may: KRAIT_LIMIT_OUTPUT */
    KRAIT_TRUNCATED_STDERR = 1u << 1,   /* the same for stderr */
    KRAIT_TRUNCATED_BACKTRACE = 1u << 2 /* the outermost frames are left out */
};

/**
 * Plain data, nothing to release.  What the pointers lead to belongs to the sandbox and is valid until
 * the next call on it; a NUL that is not counted follows the bytes.
 */
typedef struct krait_result {
    krait_result_kind kind;
    uint32_t exit_code;         /* as the guest gave it, not cut to 8 bits; 0 unless it exited */
    uint32_t trap;              /* a krait_trap of abi.h; 0 unless guest code was stopped */
    krait_limit limit;          /* which limit ended it; KRAIT_LIMIT_NONE unless kind is LIMIT */
    uint32_t truncated;         /* KRAIT_TRUNCATED_* */
    uint32_t reserved;          /* 0 */
    uint64_t fuel_spent;        /* by a metered module since its sandbox was made; 0 for others */
    uint64_t wall_ns;           /* time that passed during the call */
    uint64_t cpu_ns;            /* processor time of the calling thread during the call */
    uint64_t peak_memory_bytes; /* most linear memory that the guest has had */
    const char *stdout_bytes; /* what the guest wrote during this call, unless it goes elsewhere */
    size_t stdout_size;
    const char *stderr_bytes; /* the same for stderr */
    size_t stderr_size;
    const void *value; /* krait_sandbox_call(): what the function returned; NULL unless RETURNED */
    size_t value_size;
    char message[256];    /* what happened, one line without a newline; empty when it went well */
    char backtrace[4096]; /* of a trap "  at NAME\n" for each guest frame, innermost first; of an
                             exception what Python prints; may be empty */
} krait_result;

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_RESULT_H */
