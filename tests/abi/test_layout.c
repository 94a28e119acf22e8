/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and layouts that programs are compiled with: docs/abi.md. Of 64-bit Linux.
 */
#include "tests/support/check.h"

#include <krait/krait.h>

#include <stddef.h>

static void
numbers(void)
{
    CHECK_INT(KRAIT_OK, 0);
    CHECK_INT(KRAIT_EINVAL, 1);
    CHECK_INT(KRAIT_ENOMEM, 2);
    CHECK_INT(KRAIT_EIO, 3);
    CHECK_INT(KRAIT_ELIMIT, 4);
    CHECK_INT(KRAIT_EFORMAT, 5);
    CHECK_INT(KRAIT_EBUSY, 6);
    CHECK_INT(KRAIT_EUNSUPPORTED, 7);
    CHECK_INT(KRAIT_ENOTFOUND, 8);
    CHECK_INT(KRAIT_ESTATE, 9);
    CHECK_INT(KRAIT_RESULT_EXITED, 0);
    CHECK_INT(KRAIT_RESULT_TRAPPED, 1);
    CHECK_INT(KRAIT_RESULT_RAISED, 2);
    CHECK_INT(KRAIT_RESULT_LIMIT, 3);
    CHECK_INT(KRAIT_RESULT_CANCELLED, 4);
    CHECK_INT(KRAIT_RESULT_RETURNED, 5);
    CHECK_INT(KRAIT_JSON, 0);
    CHECK_INT(KRAIT_BYTES, 1);
    CHECK_INT(KRAIT_CALL_PENDING, 1);
    CHECK_INT(KRAIT_LIMIT_WALL, 1);
    CHECK_INT(KRAIT_LIMIT_CPU, 2);
    CHECK_INT(KRAIT_LIMIT_MEMORY, 3);
    CHECK_INT(KRAIT_LIMIT_OUTPUT, 4);
    CHECK_INT(KRAIT_LIMIT_FILES, 5);
    CHECK_INT(KRAIT_LIMIT_FS_BYTES, 6);
    CHECK_INT(KRAIT_LIMIT_FS_INODES, 7);
    CHECK_INT(KRAIT_LIMIT_HOST_CALLS, 8);
    CHECK_INT(KRAIT_LIMIT_FUEL, 9);
    CHECK_INT(KRAIT_LIMIT_STACK, 10);
    CHECK_INT(KRAIT_LIMIT_PATH, 11);
    CHECK_INT(KRAIT_LIMIT_READDIR, 12);
    CHECK_INT(KRAIT_LIMIT_POLL, 13);
    CHECK_INT(KRAIT_LIMIT_VALUE, 14);
    CHECK_INT(KRAIT_LIMIT_PENDING, 15);
    CHECK_INT(KRAIT_LIMIT_GRACE, 16);
    CHECK_INT(KRAIT_ENTRY_FILE, 0);
    CHECK_INT(KRAIT_ENTRY_DIRECTORY, 1);
    CHECK_INT(KRAIT_ENTRY_LINK, 2);
    CHECK_INT(KRAIT_ENTRY_OTHER, 3);
    CHECK_UINT(KRAIT_GRANT_READ_ONLY, 1);
    CHECK_UINT(KRAIT_GRANT_RECORD_MISSES, 2);
    CHECK_UINT(KRAIT_GRANT_STABLE, 4);
    CHECK_UINT(KRAIT_TRUNCATED_STDOUT, 1);
    CHECK_UINT(KRAIT_TRUNCATED_STDERR, 2);
    CHECK_UINT(KRAIT_TRUNCATED_BACKTRACE, 4);
    CHECK_UINT(KRAIT_ENGINE_OWN_SIGNALS, 1);
    CHECK_INT(KRAIT_ISOLATION_PROCESS, 0);
    CHECK_INT(KRAIT_ISOLATION_THREAD, 1);
    CHECK_INT(KRAIT_SNAPSHOT_SESSION, 0);
    CHECK_INT(KRAIT_SNAPSHOT_PROGRAM, 1);
    CHECK_INT(KRAIT_SNAPSHOT_REACTOR, 2);
}

static void
layouts(void)
{
    if (sizeof(void *) != 8)
        CHECK_SKIP("not a 64-bit machine");
    CHECK_UINT(sizeof(krait_error), 520);
    CHECK_UINT(offsetof(krait_error, text), 8);
    CHECK_UINT(offsetof(krait_result, fuel_spent), 24);
    CHECK_UINT(offsetof(krait_result, stdout_bytes), 56);
    CHECK_UINT(offsetof(krait_result, value), 88);
    CHECK_UINT(offsetof(krait_result, message), 104);
    CHECK_UINT(offsetof(krait_result, backtrace), 360);
    CHECK_UINT(sizeof(krait_result), 4456);
    CHECK_UINT(sizeof(krait_entry), 24);
    CHECK_UINT(sizeof(krait_value), 8);
    CHECK_UINT(sizeof(krait_trace_event), 32);
    CHECK_UINT(offsetof(krait_engine_options, log), 16);
    CHECK_UINT(sizeof(krait_engine_options), 32);
    CHECK_UINT(offsetof(krait_pool_options, queue_bytes), 32);
    CHECK_UINT(offsetof(krait_pool_options, worker), 48);
    CHECK_UINT(sizeof(krait_pool_options), 56);
    CHECK_UINT(sizeof(krait_job_file), 32);
    CHECK_UINT(offsetof(krait_job_spec, function), 32);
    CHECK_UINT(offsetof(krait_job_spec, wall_ns), 96);
    CHECK_UINT(sizeof(krait_job_spec), 128);
    CHECK_UINT(offsetof(krait_job_result, error), 20);
    CHECK_UINT(offsetof(krait_job_result, result), 544);
    CHECK_UINT(sizeof(krait_job_result), 5024);
    CHECK_UINT(sizeof(krait_pool_counts), 88);
    CHECK_UINT(sizeof(krait_snapshot_options), 88);
    CHECK_UINT(sizeof(krait_snapshot_info), 1056);
}

CHECK_MAIN(CHECK_CASE(numbers), CHECK_CASE(layouts))
