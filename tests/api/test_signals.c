/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An embedder with handlers of its own, that asks krait_handle_signal() first.
 */
#include "tests/api/python.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t ours;   /* signals that were the guest's */
static volatile sig_atomic_t others; /* and those that were not */

static void
on_signal(int number, siginfo_t *info, void *context)
{
    if (krait_handle_signal(number, info, context) != 0)
        ours++;
    else
        others++;
}

static bool
install(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    if (sigaction(SIGSEGV, &action, NULL) != 0 || sigaction(SIGBUS, &action, NULL) != 0)
        return false;
    action.sa_flags |= SA_RESTART;
    sigfillset(&action.sa_mask);
    return sigaction(SIGRTMAX - 5, &action, NULL) == 0;
}

static bool
is_installed(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && (action.sa_flags & SA_SIGINFO) != 0 &&
           action.sa_sigaction == on_signal;
}

static bool
start(python *p)
{
    krait_engine_options options = KRAIT_ENGINE_OPTIONS_INIT;

    memset(p, 0, sizeof(*p));
    options.flags = KRAIT_ENGINE_OWN_SIGNALS;
    return CHECK(install()) &&
           CHECK(krait_engine_new_with(&options, &p->engine, &p->err) == KRAIT_OK) &&
           CHECK(krait_python_open(p->engine, getenv("KRAIT_RUNTIME_TREE"), &p->module, &p->err) ==
                 KRAIT_OK) &&
           CHECK(krait_config_new(&p->config, &p->err) == KRAIT_OK);
}

static void
own_handlers(void)
{
    python p;

    NEEDS_SIGNALS();
    REQUIRE(start(&p));
    CHECK(is_installed(SIGSEGV) && is_installed(SIGBUS) && is_installed(SIGRTMAX - 5));
    REQUIRE(krait_config_set_limit(p.config, KRAIT_LIMIT_WALL, 200000000, &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    CHECK_INT(python_exec(&p, "while True: pass"), KRAIT_RESULT_LIMIT);
    CHECK_INT(p.result.limit, KRAIT_LIMIT_WALL);
    CHECK(ours > 0);
    CHECK_INT(others, 0);
    /* What is nobody's fault. */
    raise(SIGSEGV);
    CHECK_INT(others, 1);
    CHECK(is_installed(SIGSEGV) && is_installed(SIGRTMAX - 5));
    python_close(&p);
}

/* A fault of the guest: at the end of a native stack that is too small for Python's recursion. */
static void
guest_faults(void)
{
    python p;

    REQUIRE(start(&p));
    REQUIRE(krait_config_set_limit(p.config, KRAIT_LIMIT_STACK, 600 << 10, &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    ours = others = 0;
    CHECK_INT(python_exec(&p, "import sys; sys.setrecursionlimit(10**6)\n"
                              "class A:\n"
                              "    def __repr__(self): return repr([self])\n"
                              "repr(A())\n"),
              KRAIT_RESULT_TRAPPED);
    CHECK_STR(p.result.message, "call stack exhausted");
    CHECK(ours > 0);
    CHECK_INT(others, 0);
    python_close(&p);
}

CHECK_MAIN(CHECK_CASE(own_handlers), CHECK_CASE(guest_faults))
