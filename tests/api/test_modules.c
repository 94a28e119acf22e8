/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C API with modules that are no Python, or pretend to be: those of tests/api/modules, translated
 * by modules.sh.
 */
#include "tests/support/check.h"

#include <krait/krait.h>

#include <stdlib.h>

static krait_engine *engine;
static krait_module *module;
static krait_config *config;
static krait_sandbox *sandbox;
static krait_result result;
static krait_error err;

static bool
start(const char *name)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s.krt", getenv("KRAIT_TEST_FOLDER"), name);
    sandbox = NULL;
    return CHECK(krait_engine_new(&engine, &err) == KRAIT_OK) &&
           CHECK(krait_module_open(engine, path, &module, &err) == KRAIT_OK) &&
           CHECK(krait_config_new(&config, &err) == KRAIT_OK);
}

static void
stop(void)
{
    krait_sandbox_free(sandbox);
    krait_config_free(config);
    krait_module_close(module);
    krait_engine_free(engine);
}

static void
empty(void)
{
    char text[100];

    REQUIRE(start("empty"));
    CHECK_UINT(krait_module_missing(module, 0, text, sizeof(text)), 0);
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    CHECK_INT(krait_sandbox_run(sandbox, &result, &err), KRAIT_ENOTFOUND);
    CHECK_HAS(err.text, "_start");
    CHECK_INT(krait_sandbox_exec(sandbox, "1", 1, &result, &err), KRAIT_EUNSUPPORTED);
    CHECK_HAS(err.text, "krait_init");
    CHECK_INT(krait_sandbox_call(sandbox, "f", KRAIT_JSON, "", 0, &result, &err),
              KRAIT_EUNSUPPORTED);
    CHECK_INT(krait_sandbox_reset(sandbox, &err), KRAIT_OK);
    krait_sandbox_free(sandbox);
    sandbox = NULL;
    /* What krait_sandbox_new refuses. */
    CHECK_INT(krait_sandbox_new(NULL, config, &sandbox, &err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_new(module, NULL, &sandbox, &err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_new(module, config, NULL, &err), KRAIT_EINVAL);
    krait_config_set_memory_limit(config, 99 << 16);
    CHECK_INT(krait_sandbox_new(module, config, &sandbox, &err), KRAIT_ELIMIT);
    krait_config_set_memory_limit(config, 100 << 16);
    krait_config_set_fuel(config, 1);
    CHECK_INT(krait_sandbox_new(module, config, &sandbox, &err), KRAIT_EUNSUPPORTED);
    krait_config_set_fuel(config, 0);
    REQUIRE(krait_config_add_dir(config, "/proc/self/exe", "/x", 0, &err) == KRAIT_OK);
    CHECK_INT(krait_sandbox_new(module, config, &sandbox, &err), KRAIT_EINVAL);
    CHECK(sandbox == NULL);
    stop();
    REQUIRE(start("empty"));
    REQUIRE(krait_config_add_file(config, "/nowhere/at/all", "/x", 0, &err) == KRAIT_OK);
    CHECK_INT(krait_sandbox_new(module, config, &sandbox, &err), KRAIT_ENOTFOUND);
    CHECK_HAS(err.text, "/nowhere/at/all");
    stop();
}

static void
importing(void)
{
    char text[100];
    size_t next;

    REQUIRE(start("importing"));
    next = krait_module_missing(module, 0, text, sizeof(text));
    CHECK_UINT(next, 1);
    CHECK_HAS(text, "nobody.f");
    next = krait_module_missing(module, next, text, sizeof(text));
    CHECK_UINT(next, 2);
    CHECK_HAS(text, "krait_host.call_start");
    CHECK_UINT(krait_module_missing(module, next, text, sizeof(text)), 0);
    CHECK_INT(krait_sandbox_new(module, config, &sandbox, &err), KRAIT_ENOTFOUND);
    CHECK_HAS(err.text, "nobody.f");
    stop();
}

static void
wrong_types(void)
{
    REQUIRE(start("wrong_types"));
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    CHECK_INT(krait_sandbox_exec(sandbox, "1", 1, &result, &err), KRAIT_EUNSUPPORTED);
    CHECK_INT(krait_sandbox_run(sandbox, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_EXITED);
    stop();
}

static void
refuses(void)
{
    REQUIRE(start("refuses"));
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    CHECK_INT(krait_sandbox_exec(sandbox, "1", 1, &result, &err), KRAIT_EIO);
    CHECK_HAS(err.text, "Python did not start: no reason");
    CHECK_INT(krait_sandbox_exec(sandbox, "1", 1, &result, &err), KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_reset(sandbox, &err), KRAIT_OK);
    CHECK_INT(krait_sandbox_exec(sandbox, "1", 1, &result, &err), KRAIT_EIO);
    stop();
}

static void
odd(void)
{
    REQUIRE(start("odd"));
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    CHECK_INT(krait_sandbox_exec(sandbox, "1", 1, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_RAISED);
    CHECK_STR(result.backtrace, "");
    CHECK_INT(krait_sandbox_call(sandbox, "f", KRAIT_JSON, "", 0, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_RETURNED);
    CHECK_STR(result.value, "");
    CHECK_INT(krait_sandbox_exec(sandbox, "1", 1, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_TRAPPED);
    CHECK_STR(result.message, "unreachable");
    CHECK_INT(krait_sandbox_exec(sandbox, "1", 1, &result, &err), KRAIT_ESTATE);
    stop();
}

static krait_call *held;

/* Bytes come back, JSON is never answered. */
static int
echo(void *data, krait_call *call)
{
    size_t size = 0;
    const void *input = krait_call_input(call, &size);

    (void)data;
    if (krait_call_format(call) == KRAIT_BYTES)
        return (int)krait_call_return(call, input, size);
    held = call;
    return KRAIT_CALL_PENDING;
}

static void
hostile(void)
{
    REQUIRE(start("hostile"));
    REQUIRE(krait_config_add_function(config, "echo", echo, NULL, &err) == KRAIT_OK &&
            krait_config_set_limit(config, KRAIT_LIMIT_VALUE, 1000, &err) == KRAIT_OK);
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    CHECK_INT(krait_sandbox_run(sandbox, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_EXITED);
    CHECK_UINT(result.exit_code, 0);
    REQUIRE(held != NULL);
    CHECK_INT(krait_call_is_cancelled(held), 1);
    CHECK_INT(krait_call_return(held, "1", 1), KRAIT_OK);
    stop();
}

static int
again(void *data, krait_call *call)
{
    unsigned *calls = data;

    (void)call;
    /* Once: each reset would come back here. */
    if (++*calls == 2) {
        CHECK_INT(krait_sandbox_reset(sandbox, &err), KRAIT_EBUSY);
        CHECK_INT(krait_sandbox_run(sandbox, &result, &err), KRAIT_EBUSY);
    }
    return 0;
}

/* The start function runs in a reset too, and there is no way back into the sandbox from it. */
static void
starting(void)
{
    unsigned calls = 0;

    REQUIRE(start("starting"));
    REQUIRE(krait_config_add_function(config, "again", again, &calls, &err) == KRAIT_OK);
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    CHECK_UINT(calls, 1);
    CHECK_INT(krait_sandbox_reset(sandbox, &err), KRAIT_OK);
    CHECK_UINT(calls, 2);
    CHECK_INT(krait_sandbox_run(sandbox, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_EXITED);
    stop();
}

/* Nobody processes documents here. */
static void
document(void)
{
    char text[100];

    REQUIRE(start("document"));
    CHECK_UINT(krait_module_missing(module, 0, text, sizeof(text)), 0);
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    REQUIRE(krait_sandbox_run(sandbox, &result, &err) == KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_EXITED);
    CHECK_INT(result.exit_code, 40);
    stop();
}

CHECK_MAIN(CHECK_CASE(starting), CHECK_CASE(empty), CHECK_CASE(importing), CHECK_CASE(wrong_types),
           CHECK_CASE(refuses), CHECK_CASE(odd), CHECK_CASE(hostile), CHECK_CASE(document))
