/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that are processes: moments that no clock finds, and what a full table of files and an older
 * kernel answer.  The linker sends the calls here (--wrap).  The workers are fakes (fake_worker.c).
 */
#include "tests/pool/pool.h"

#include "pool/child.h"

#include <stdarg.h>
#include <sys/syscall.h>

#define PROTO(type, name, params)                                                                  \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params

static pool_test t;
static _Atomic krait_job cancelled; /* is cancelled when its worker is gone; 0: none */
static atomic_int cancel_status;
static atomic_int pidfd_errno; /* of pidfd_open; 0: it works */
static atomic_int pidfd_calls;

/* A job whose worker is gone has got its answer, and is not put back yet. */
PROTO(void, krait__proxy_end, (krait_proxy * proxy))
{
    const krait_job job = atomic_load(&cancelled);

    if (job != 0) {
        atomic_store(&cancelled, 0);
        atomic_store(&cancel_status, krait_pool_cancel(t.pool, job, NULL));
    }
    __real_krait__proxy_end(proxy);
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long
__wrap_syscall(long number, ...)
{
    long arguments[6];
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        arguments[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_pidfd_open) {
        atomic_fetch_add(&pidfd_calls, 1);
        if (atomic_load(&pidfd_errno) != 0) {
            errno = atomic_load(&pidfd_errno);
            return -1;
        }
    }
    return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
                          arguments[4], arguments[5]);
}

static void
cancelled_before_it_is_put_back(void)
{
    krait_job_spec spec = pool_spec("pass");
    krait_job job = 0;

    REQUIRE(pool_open_fake(&t, "job-exit"));
    REQUIRE(pool_make(&t));
    atomic_store(&cancel_status, -1);
    /* The first job of a pool. */
    atomic_store(&cancelled, 1);
    REQUIRE(krait_pool_submit(t.pool, &spec, pool_collect, &t, &job, &t.err) == KRAIT_OK);
    CHECK_UINT(job, 1);
    REQUIRE(pool_wait(&t, 1));
    CHECK_INT(atomic_load(&cancel_status), KRAIT_OK);
    CHECK_INT(t.answers[0]->status, KRAIT_OK);
    CHECK_INT(t.answers[0]->result.kind, KRAIT_RESULT_CANCELLED);
    pool_close(&t);
    check_no_children();
}

/* A worker that could not be signalled safely is none. */
static void
no_descriptor_of_a_process(void)
{
    static const int errors[] = {EMFILE, ESRCH};

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        REQUIRE(pool_open_fake(&t, "harmless"));
        atomic_store(&pidfd_errno, errors[i]);
        CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err), KRAIT_EIO);
        CHECK_INT(t.err.sys_errno, errors[i]);
        CHECK_HAS(t.err.text, "descriptor");
        CHECK(t.pool == NULL);
        atomic_store(&pidfd_errno, 0);
        pool_close(&t);
        /* ESRCH says that there is no such process; here there was one, which ends by itself. */
        if (errors[i] == ESRCH)
            CHECK(waitpid(-1, NULL, 0) > 0);
        check_no_children();
    }
}

/* Before Linux 5.3, or where a filter does not know the call. */
static void
older_kernel(void)
{
    static const int errors[] = {ENOSYS, EPERM};

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        REQUIRE(pool_open_fake(&t, "harmless"));
        atomic_store(&pidfd_errno, errors[i]);
        atomic_store(&pidfd_calls, 0);
        REQUIRE(pool_make(&t));
        REQUIRE(pool_submit(&t, 0, "pass") != 0);
        REQUIRE(pool_wait(&t, 1));
        CHECK_INT(t.answers[0]->status, KRAIT_OK);
        pool_close(&t);
        CHECK(atomic_load(&pidfd_calls) > 0);
        atomic_store(&pidfd_errno, 0);
        check_no_children();
    }
}

CHECK_MAIN(CHECK_CASE(cancelled_before_it_is_put_back), CHECK_CASE(no_descriptor_of_a_process),
           CHECK_CASE(older_kernel))
