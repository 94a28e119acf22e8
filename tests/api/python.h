/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the C API share: an engine with Python, and sandboxes of it.
 */
#ifndef KRAIT_TESTS_API_PYTHON_H
#define KRAIT_TESTS_API_PYTHON_H

#include "tests/support/check.h"

#include <krait/krait.h>

#include <stdlib.h>
#include <time.h>

/* Leaves a case that interrupts a guest in a loop: ThreadSanitizer keeps signals until the thread
 * makes a system call. */
#ifdef __SANITIZE_THREAD__
#define NEEDS_SIGNALS() CHECK_SKIP("ThreadSanitizer holds signals back")
#else
#define NEEDS_SIGNALS() (void)0
#endif

typedef struct python {
    krait_engine *engine;
    krait_module *module;
    krait_config *config; /* change it before python_sandbox */
    krait_sandbox *sandbox;
    krait_result result; /* of the last call */
    krait_error err;
} python;

/* False after a failed check. */
static inline bool
python_open(python *p)
{
    memset(p, 0, sizeof(*p));
    if (!CHECK(getenv("KRAIT_RUNTIME_TREE") != NULL))
        return false;
    if (krait_engine_new(&p->engine, &p->err) != KRAIT_OK ||
        krait_python_open(p->engine, getenv("KRAIT_RUNTIME_TREE"), &p->module, &p->err) !=
            KRAIT_OK ||
        krait_config_new(&p->config, &p->err) != KRAIT_OK) {
        CHECK_STR(p->err.text, "");
        return false;
    }
    return true;
}

static inline bool
python_sandbox(python *p)
{
    if (krait_sandbox_new(p->module, p->config, &p->sandbox, &p->err) == KRAIT_OK)
        return true;
    CHECK_STR(p->err.text, "");
    return false;
}

/* Both at once, with the configuration as it is when it is new. */
static inline bool
python_start(python *p)
{
    return python_open(p) && python_sandbox(p);
}

static inline void
python_close(python *p)
{
    krait_sandbox_free(p->sandbox);
    krait_config_free(p->config);
    krait_module_close(p->module);
    krait_engine_free(p->engine);
}

/* Runs code; the kind of the result, or -1 after a failed check. */
static inline int
python_exec(python *p, const char *code)
{
    if (krait_sandbox_exec(p->sandbox, code, strlen(code), &p->result, &p->err) != KRAIT_OK) {
        CHECK_STR(p->err.text, "");
        return -1;
    }
    return (int)p->result.kind;
}

/* The same for a call with JSON. */
static inline int
python_call(python *p, const char *function, const char *args)
{
    if (krait_sandbox_call(p->sandbox, function, KRAIT_JSON, args, strlen(args), &p->result,
                           &p->err) != KRAIT_OK) {
        CHECK_STR(p->err.text, "");
        return -1;
    }
    return (int)p->result.kind;
}

/* Code that has to run to its end; shows what it raised instead. */
static inline void
python_run(python *p, const char *code)
{
    if (python_exec(p, code) != KRAIT_RESULT_RETURNED) {
        CHECK_STR(p->result.message, "nothing raised");
        printf("%s\n%s", p->result.backtrace,
               p->result.stderr_bytes != NULL ? p->result.stderr_bytes : "");
    }
}

/* For pthread_create: cancels a sandbox in a tenth of a second. */
static inline void *
python_cancel_later(void *sandbox)
{
    const struct timespec a_little = {0, 100000000};

    nanosleep(&a_little, NULL);
    krait_sandbox_cancel(sandbox);
    return NULL;
}

#endif /* KRAIT_TESTS_API_PYTHON_H */
