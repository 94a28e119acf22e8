/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_sandbox_invoke, imports of the embedder, and snapshots of such guests: the modules of
 * tests/api/reactors, translated by modules.sh.
 */
#include "tests/support/check.h"

#include <krait/krait.h>

#include <stdlib.h>
#include <string.h>

static krait_engine *engine;
static krait_module *module;
static krait_config *config;
static krait_sandbox *sandbox;
static krait_result result;
static krait_error err;

/* What the imports were called with, and what they are to do. */
static char logged[64];
static int log_calls;
static int to_return;
static krait_sandbox *to_cancel;
static krait_sandbox *running; /* the sandbox that calls */

static int
on_log(void *data, krait_guest *guest, krait_value *values)
{
    const char *bytes = krait_guest_bytes(guest, values[0].i32, values[1].i32);

    CHECK_STR(data, "mine");
    log_calls++;
    /* Not while it runs. */
    CHECK_INT(krait_sandbox_reset(running, NULL), KRAIT_EBUSY);
    CHECK_INT(krait_sandbox_put_file(running, "/tmp/x", "", 0, NULL), KRAIT_EBUSY);
    CHECK_INT(krait_sandbox_invoke(running, "count", values, 1, &result, NULL), KRAIT_EBUSY);
    values[0].i32 = bytes != NULL ? values[1].i32 : UINT32_MAX;
    if (bytes != NULL && values[1].i32 < sizeof(logged)) {
        memcpy(logged, bytes, values[1].i32);
        logged[values[1].i32] = '\0';
    }
    return to_return;
}

static int
on_mix(void *data, krait_guest *guest, krait_value *values)
{
    (void)data;
    (void)guest;
    values[0].f64 = values[0].i32 + (double)values[1].i64 + (double)values[2].f32 + values[3].f64;
    return 0;
}

static int
on_nothing(void *data, krait_guest *guest, krait_value *values)
{
    (void)data;
    (void)guest;
    values[0].i64 = UINT64_MAX;
    if (to_cancel != NULL)
        krait_sandbox_cancel(to_cancel);
    return to_return;
}

static void
add_imports(krait_config *to)
{
    static char mine[] = "mine";

    CHECK_INT(krait_config_add_import(to, "env", "log", "ii", "i", on_log, mine, &err), KRAIT_OK);
    CHECK_INT(krait_config_add_import(to, "env", "mix", "iIfF", "F", on_mix, NULL, &err), KRAIT_OK);
    CHECK_INT(krait_config_add_import(to, "env", "nothing", "", "", on_nothing, NULL, &err),
              KRAIT_OK);
}

static bool
start(const char *name)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s.krt", getenv("KRAIT_TEST_FOLDER"), name);
    sandbox = NULL;
    to_cancel = NULL;
    to_return = log_calls = 0;
    return CHECK(krait_engine_new(&engine, &err) == KRAIT_OK) &&
           CHECK(krait_module_open(engine, path, &module, &err) == KRAIT_OK) &&
           CHECK(krait_config_new(&config, &err) == KRAIT_OK);
}

static bool
start_reactor(void)
{
    if (!start("reactor"))
        return false;
    add_imports(config);
    if (!CHECK(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK))
        return false;
    running = sandbox;
    return true;
}

static void
stop(void)
{
    krait_sandbox_free(sandbox);
    krait_config_free(config);
    krait_module_close(module);
    krait_engine_free(engine);
    sandbox = NULL;
}

/* What a function without parameters gives. */
static uint32_t
call(krait_sandbox *in, const char *name)
{
    krait_value value = {.i64 = 0};

    CHECK_INT(krait_sandbox_invoke(in, name, &value, 1, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_RETURNED);
    return value.i32;
}

static void
calls(void)
{
    krait_value values[4];

    REQUIRE(start_reactor());
    /* _initialize once, before the first. */
    CHECK_UINT(call(sandbox, "count"), 101);
    CHECK_UINT(call(sandbox, "count"), 102);
    CHECK_STR(result.message, "");
    CHECK(result.wall_ns > 0);
    values[0].i32 = 0x81234567;
    values[1].i64 = 0xfedcba9876543210;
    values[2].f32 = 0.5f;
    values[3].f64 = -2.25;
    CHECK_INT(krait_sandbox_invoke(sandbox, "swap", values, 4, &result, &err), KRAIT_OK);
    CHECK(values[0].f64 == -2.25 && values[1].f32 == 0.5f);
    CHECK_UINT(values[2].i64, 0xfedcba9876543210);
    CHECK_UINT(values[3].i64, 0x81234567);
    /* And through an import. */
    values[0].i32 = 1;
    values[1].i64 = 2;
    values[2].f32 = 0.5f;
    values[3].f64 = 0.25;
    CHECK_INT(krait_sandbox_invoke(sandbox, "mix", values, 4, &result, &err), KRAIT_OK);
    CHECK(values[0].f64 == 3.75);
    CHECK_INT(krait_sandbox_invoke(sandbox, "nothing", NULL, 0, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_RETURNED);
    CHECK_INT(krait_sandbox_reset(sandbox, &err), KRAIT_OK);
    CHECK_UINT(call(sandbox, "count"), 101);
    /* When it is asked for, it is not called twice. */
    CHECK_INT(krait_sandbox_reset(sandbox, &err), KRAIT_OK);
    CHECK_INT(krait_sandbox_invoke(sandbox, "_initialize", NULL, 0, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_RETURNED);
    CHECK_UINT(call(sandbox, "count"), 101);
    stop();
}

static void
wrong_calls(void)
{
    krait_value value = {.i64 = 7};

    REQUIRE(start_reactor());
    CHECK_INT(krait_sandbox_invoke(NULL, "count", &value, 1, &result, &err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_invoke(sandbox, NULL, &value, 1, &result, &err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_invoke(sandbox, "count", NULL, 1, &result, &err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_invoke(sandbox, "count", &value, 1, NULL, &err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_invoke(sandbox, "count", NULL, 0, &result, &err), KRAIT_EINVAL);
    CHECK_HAS(err.text, "0 parameters and 1 results");
    CHECK_INT(krait_sandbox_invoke(sandbox, "log", &value, 1, &result, &err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_invoke(sandbox, "nobody", &value, 1, &result, &err), KRAIT_ENOTFOUND);
    CHECK_HAS(err.text, "nobody");
    CHECK_INT(krait_sandbox_invoke(sandbox, "memory", &value, 1, &result, &err), KRAIT_ENOTFOUND);
    CHECK_INT(krait_sandbox_invoke(sandbox, "reference", &value, 1, &result, &err),
              KRAIT_EUNSUPPORTED);
    CHECK_UINT(value.i64, 7);
    /* Nothing of the guest has run so far, and it is no program and no session from now on. */
    CHECK_UINT(call(sandbox, "count"), 101);
    CHECK_INT(krait_sandbox_run(sandbox, &result, &err), KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_exec(sandbox, "1", 1, &result, &err), KRAIT_ESTATE);
    stop();
    REQUIRE(start("unready"));
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    CHECK_INT(krait_sandbox_invoke(sandbox, "f", NULL, 0, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_TRAPPED);
    CHECK_INT(krait_sandbox_invoke(sandbox, "f", NULL, 0, &result, &err), KRAIT_ESTATE);
    stop();
}

/* Every end but returning is one. */
static void
ends(void)
{
    krait_value value = {.i64 = 300};

    REQUIRE(start_reactor());
    CHECK_INT(krait_sandbox_invoke(sandbox, "trap", NULL, 0, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_TRAPPED);
    CHECK_STR(result.message, "unreachable");
    CHECK_INT(krait_sandbox_invoke(sandbox, "count", &value, 1, &result, &err), KRAIT_ESTATE);
    CHECK_HAS(err.text, "stopped");
    CHECK_INT(krait_sandbox_reset(sandbox, &err), KRAIT_OK);
    CHECK_INT(krait_sandbox_invoke(sandbox, "exit", &value, 1, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_EXITED);
    CHECK_UINT(result.exit_code, 300);
    CHECK_UINT(value.i64, 300);
    CHECK_INT(krait_sandbox_invoke(sandbox, "count", &value, 1, &result, &err), KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_reset(sandbox, &err), KRAIT_OK);
    CHECK_INT(krait_sandbox_invoke(sandbox, "deep", NULL, 0, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_TRAPPED);
    CHECK_STR(result.message, "call stack exhausted");
    CHECK_INT(krait_sandbox_reset(sandbox, &err), KRAIT_OK);
    CHECK_UINT(call(sandbox, "count"), 101);
    stop();
}

static void
limits(void)
{
#ifdef __SANITIZE_THREAD__
    CHECK_SKIP("ThreadSanitizer holds signals back");
#endif
    REQUIRE(start("reactor"));
    add_imports(config);
    REQUIRE(krait_config_set_limit(config, KRAIT_LIMIT_WALL, 300000000, &err) == KRAIT_OK);
    REQUIRE(krait_config_set_limit(config, KRAIT_LIMIT_MEMORY, 3 << 16, &err) == KRAIT_OK);
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    CHECK_INT(krait_sandbox_invoke(sandbox, "loop", NULL, 0, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_LIMIT);
    CHECK_INT(result.limit, KRAIT_LIMIT_WALL);
    CHECK_INT(krait_sandbox_reset(sandbox, &err), KRAIT_OK);
    /* It begins anew with each call. */
    CHECK_INT(krait_sandbox_invoke(sandbox, "loop", NULL, 0, &result, &err), KRAIT_OK);
    CHECK_INT(result.limit, KRAIT_LIMIT_WALL);
    CHECK(result.wall_ns >= 300000000);
    /* What ends by itself has more time: the machine may stand still. */
    krait_sandbox_free(sandbox);
    sandbox = NULL;
    REQUIRE(krait_config_set_limit(config, KRAIT_LIMIT_WALL, KRAIT_UNLIMITED, &err) == KRAIT_OK);
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    for (int i = 0; i < 3; i++)
        CHECK_UINT(call(sandbox, "count"), 101 + (uint32_t)i);
    CHECK_UINT(call(sandbox, "grow"), 2);
    CHECK_UINT(call(sandbox, "grow"), UINT32_MAX);
    /* From inside of an import. */
    to_cancel = sandbox;
    CHECK_INT(krait_sandbox_invoke(sandbox, "nothing", NULL, 0, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_CANCELLED);
    to_cancel = NULL;
    CHECK_INT(krait_sandbox_reset(sandbox, &err), KRAIT_OK);
    CHECK_INT(krait_sandbox_invoke(sandbox, "nothing", NULL, 0, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_RETURNED);
    /* Before a call: it does not begin. */
    krait_sandbox_cancel(sandbox);
    CHECK_INT(krait_sandbox_invoke(sandbox, "count", &(krait_value){.i64 = 0}, 1, &result, &err),
              KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_CANCELLED);
    stop();
}

static void
guest_bytes(void)
{
    static const struct {
        uint32_t address, size;
        bool is_inside;
    } spans[] = {
        {16, 5, true},
        {0, 0, true},
        {2 << 16, 0, true},
        {0, 2 << 16, true},
        {(2 << 16) - 1, 1, true},
        {2 << 16, 1, false},
        {(2 << 16) + 1, 0, false},
        {1, 2 << 16, false},
        {UINT32_MAX, 1, false},
        {UINT32_MAX, UINT32_MAX, false},
        {0, UINT32_MAX, false},
        {1, UINT32_MAX, false},
    };

    REQUIRE(start_reactor());
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        krait_value values[2] = {{.i32 = spans[i].address}, {.i32 = spans[i].size}};

        CHECK_INT(krait_sandbox_invoke(sandbox, "log", values, 2, &result, &err), KRAIT_OK);
        CHECK_UINT(values[0].i32, spans[i].is_inside ? spans[i].size : UINT32_MAX);
    }
    CHECK_INT(log_calls, (int)(sizeof(spans) / sizeof(spans[0])));
    CHECK_INT(krait_sandbox_invoke(sandbox, "log", (krait_value[]){{.i32 = 16}, {.i32 = 5}}, 2,
                                   &result, &err),
              KRAIT_OK);
    CHECK_STR(logged, "hello");
    stop();
}

static void
imports_that_stop(void)
{
    krait_value values[2] = {{.i32 = 16}, {.i32 = 5}};

    REQUIRE(start_reactor());
    to_return = -1;
    CHECK_INT(krait_sandbox_invoke(sandbox, "log", values, 2, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_TRAPPED);
    CHECK_UINT(result.trap, 15);
    CHECK_HAS(result.message, "env.log");
    CHECK_INT(krait_sandbox_invoke(sandbox, "log", values, 2, &result, &err), KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_reset(sandbox, &err), KRAIT_OK);
    to_return = 0;
    CHECK_INT(krait_sandbox_invoke(sandbox, "log", values, 2, &result, &err), KRAIT_OK);
    CHECK_INT(result.kind, KRAIT_RESULT_RETURNED);
    stop();
}

static int
on_random(void *data, krait_guest *guest, krait_value *values)
{
    uint8_t *bytes = krait_guest_bytes(guest, values[0].i32, values[1].i32);

    (void)data;
    memset(bytes, 4, values[1].i32);
    values[0].i32 = 1234;
    return 0;
}

static void
wrong_imports(void)
{
    char text[100];
    size_t at;

    REQUIRE(start("reactor"));
#define ADD(...) krait_config_add_import(config, __VA_ARGS__, &err)
    CHECK_INT(ADD("env", "f", "i", "", NULL, NULL), KRAIT_EINVAL);
    CHECK_INT(ADD("env", NULL, "i", "", on_log, NULL), KRAIT_EINVAL);
    CHECK_INT(ADD("env", "f", "iv", "", on_log, NULL), KRAIT_EINVAL);
    CHECK_INT(ADD("env", "f", "x", "", on_log, NULL), KRAIT_EINVAL);
    CHECK_INT(ADD("env", "f", "", "ii", on_log, NULL), KRAIT_EINVAL);
    CHECK_INT(ADD("env", "f", "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii", "", on_log, NULL), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_import(NULL, "env", "f", "", "", on_log, NULL, &err), KRAIT_EINVAL);
    /* What is missing, with and without the configuration's. */
    at = krait_module_missing(module, 0, text, sizeof(text));
    CHECK_UINT(at, 1);
    CHECK_STR(text, "env.log: func (i32, i32) -> i32");
    CHECK_INT(ADD("env", "log", "iI", "i", on_log, NULL), KRAIT_OK);
    CHECK_UINT(krait_module_missing_with(module, config, 0, text, sizeof(text)), 1);
    CHECK_HAS(text, "of another type");
    CHECK_INT(krait_sandbox_new(module, config, &sandbox, &err), KRAIT_ENOTFOUND);
    CHECK_HAS(err.text, "env.log");
    CHECK_HAS(err.text, "env.nothing");
    add_imports(config);
    CHECK_UINT(krait_module_missing_with(module, config, 0, text, sizeof(text)), 0);
    /* One of this library's, and one of another type in its place. */
    CHECK_INT(ADD("wasi_snapshot_preview1", "random_get", "ii", "i", on_random, NULL), KRAIT_OK);
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    CHECK_UINT(call(sandbox, "random"), 1234);
    krait_sandbox_free(sandbox);
    sandbox = NULL;
    CHECK_INT(ADD("wasi_snapshot_preview1", "random_get", "", "", on_nothing, NULL), KRAIT_OK);
    CHECK_INT(krait_sandbox_new(module, config, &sandbox, &err), KRAIT_ENOTFOUND);
    CHECK_HAS(err.text, "random_get");
#undef ADD
    stop();
}

/* Runs it until it has no fuel any more; how often it came back. */
static unsigned
until_empty(krait_sandbox *in, bool refuels)
{
    krait_value value;
    unsigned count = 0;

    do {
        if (refuels)
            CHECK_INT(krait_sandbox_refuel(in, &err), KRAIT_OK);
        value.i32 = 1000;
        CHECK_INT(krait_sandbox_invoke(in, "work", &value, 1, &result, &err), KRAIT_OK);
    } while (result.kind == KRAIT_RESULT_RETURNED && ++count < 50);
    return count;
}

static void
fuel(void)
{
    krait_snapshot *snapshot = NULL;
    krait_sandbox *copy = NULL;
    uint64_t spent;

    REQUIRE(start("metered"));
    REQUIRE(krait_config_set_limit(config, KRAIT_LIMIT_FUEL, 30000, &err) == KRAIT_OK);
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    REQUIRE(krait_snapshot_take(sandbox, &snapshot, &err) == KRAIT_OK);
    /* Of its life, unless it gets all of it again before each call. */
    CHECK(until_empty(sandbox, false) < 30);
    CHECK_INT(result.kind, KRAIT_RESULT_LIMIT);
    CHECK_INT(result.limit, KRAIT_LIMIT_FUEL);
    CHECK_INT(krait_sandbox_refuel(sandbox, &err), KRAIT_OK);
    CHECK_INT(krait_sandbox_invoke(sandbox, "work", &(krait_value){.i32 = 1}, 1, &result, &err),
              KRAIT_ESTATE);
    REQUIRE(krait_sandbox_new_from(snapshot, config, &copy, &err) == KRAIT_OK);
    for (int i = 0; i < 2; i++) {
        CHECK_UINT(until_empty(copy, true), 50);
        spent = result.fuel_spent;
        CHECK(spent >= 50 * 1000);
        CHECK_INT(krait_sandbox_refuel(copy, &err), KRAIT_OK);
        CHECK_INT(krait_sandbox_invoke(copy, "work", &(krait_value){.i32 = 1}, 1, &result, &err),
                  KRAIT_OK);
        CHECK(result.fuel_spent > spent && result.fuel_spent < spent + 1000);
        CHECK_INT(
            krait_sandbox_invoke(copy, "work", &(krait_value){.i32 = 40000}, 1, &result, &err),
            KRAIT_OK);
        CHECK_INT(result.limit, KRAIT_LIMIT_FUEL);
        CHECK_INT(krait_sandbox_reset(copy, &err), KRAIT_OK);
    }
    CHECK_INT(krait_sandbox_refuel(NULL, &err), KRAIT_EINVAL);
    krait_sandbox_free(copy);
    krait_snapshot_free(snapshot);
    stop();
}

static void
exports(void)
{
    char text[100];
    size_t count = 0;
    bool has_count = false;
    bool has_memory = false;

    REQUIRE(start("reactor"));
    for (size_t at = 0; (at = krait_module_export(module, at, text, sizeof(text))) != 0; count++) {
        has_count |= strcmp(text, "count: func () -> i32") == 0;
        has_memory |= strcmp(text, "memory: memory") == 0;
    }
    CHECK_UINT(count, 19);
    CHECK(has_count && has_memory);
    CHECK_UINT(krait_module_export(module, 0, text, 1), 1);
    CHECK_STR(text, "");
    CHECK_UINT(krait_module_export(module, SIZE_MAX, text, sizeof(text)), 0);
    CHECK_INT(krait_module_check_function(module, "count", "", "i", &err), KRAIT_OK);
    CHECK_INT(krait_module_check_function(module, "swap", "iIfF", "FfIi", &err), KRAIT_OK);
    CHECK_INT(krait_module_check_function(module, "count", "", "", &err), KRAIT_EINVAL);
    CHECK_HAS(err.text, "count: func () -> i32");
    CHECK_INT(krait_module_check_function(module, "memory", "", "i", &err), KRAIT_EINVAL);
    CHECK_HAS(err.text, "memory: memory");
    CHECK_INT(krait_module_check_function(module, "process", "", "i", &err), KRAIT_ENOTFOUND);
    CHECK_HAS(err.text, "process");
    CHECK_INT(krait_module_check_function(NULL, "f", "", "i", &err), KRAIT_EINVAL);
    stop();
}

static void
snapshots(void)
{
    krait_snapshot_options options = {.size = sizeof(options), .kind = KRAIT_SNAPSHOT_REACTOR};
    krait_snapshot *first = NULL;
    krait_snapshot *later = NULL;
    krait_sandbox *copy = NULL;
    krait_sandbox *clone = NULL;

    REQUIRE(start_reactor());
    REQUIRE(krait_snapshot_make(module, config, &options, &first, &err) == KRAIT_OK);
    CHECK_UINT(call(sandbox, "count"), 101);
    CHECK_UINT(call(sandbox, "table"), 3);
    CHECK_INT(krait_sandbox_put_file(sandbox, "/tmp/kept", "12", 2, &err), KRAIT_OK);
    REQUIRE(krait_snapshot_take(sandbox, &later, &err) == KRAIT_OK);
    CHECK_UINT(call(sandbox, "count"), 102);
    /* One begins after _initialize, the other after the first call. */
    REQUIRE(krait_sandbox_new_from(first, config, &copy, &err) == KRAIT_OK);
    CHECK_UINT(call(copy, "count"), 101);
    CHECK_UINT(call(copy, "table"), 3);
    krait_sandbox_free(copy);
    REQUIRE(krait_sandbox_new_from(later, config, &copy, &err) == KRAIT_OK);
    for (int i = 0; i < 3; i++) {
        const void *bytes = NULL;
        size_t size = 0;

        CHECK_UINT(call(copy, "stored"), 101);
        CHECK_UINT(call(copy, "table"), 5);
        CHECK_UINT(call(copy, "grow"), 2);
        CHECK_UINT(call(copy, "count"), 102);
        CHECK_INT(krait_sandbox_get_file(copy, "/tmp/kept", &bytes, &size, &err), KRAIT_OK);
        CHECK_UINT(size, 2);
        CHECK_INT(krait_sandbox_invoke(copy, "trap", NULL, 0, &result, &err), KRAIT_OK);
        CHECK_INT(krait_sandbox_put_file(copy, "/tmp/kept", "123", 3, &err), KRAIT_OK);
        CHECK_INT(krait_sandbox_reset(copy, &err), KRAIT_OK);
    }
    /* They are no sessions and no programs. */
    CHECK_INT(krait_sandbox_exec(copy, "1", 1, &result, &err), KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_run(copy, &result, &err), KRAIT_ESTATE);
    /* A clone of one that has been used, with its imports. */
    CHECK_UINT(call(copy, "count"), 102);
    REQUIRE(krait_sandbox_clone(copy, &clone, &err) == KRAIT_OK);
    CHECK_UINT(call(clone, "count"), 103);
    CHECK_UINT(call(copy, "count"), 103);
    running = clone;
    CHECK_INT(krait_sandbox_invoke(clone, "log", (krait_value[]){{.i32 = 16}, {.i32 = 5}}, 2,
                                   &result, &err),
              KRAIT_OK);
    CHECK_INT(log_calls, 1);
    /* And of one that is over. */
    CHECK_INT(krait_sandbox_invoke(clone, "trap", NULL, 0, &result, &err), KRAIT_OK);
    krait_sandbox_free(copy);
    CHECK_INT(krait_sandbox_clone(clone, &copy, &err), KRAIT_ESTATE);
    krait_sandbox_free(clone);
    krait_snapshot_free(first);
    krait_snapshot_free(later);
    stop();
}

static void
no_snapshots(void)
{
    krait_snapshot *snapshot = NULL;
    krait_sandbox *copy = NULL;
    uint32_t fd;

    REQUIRE(start_reactor());
    fd = call(sandbox, "open");
    CHECK_UINT(fd, 4);
    CHECK_INT(krait_snapshot_take(sandbox, &snapshot, &err), KRAIT_ESTATE);
    CHECK_HAS(err.text, "descriptor 4");
    CHECK_INT(krait_sandbox_invoke(sandbox, "close", &(krait_value){.i32 = fd}, 1, &result, &err),
              KRAIT_OK);
    CHECK_INT(krait_snapshot_take(sandbox, &snapshot, &err), KRAIT_OK);
    /* What it has open is in its memory, by number and name. */
    CHECK_INT(krait_config_add_preopen(config, "data", "/tmp", &err), KRAIT_OK);
    CHECK_INT(krait_sandbox_new_from(snapshot, config, &copy, &err), KRAIT_EUNSUPPORTED);
    CHECK_HAS(err.text, "directories");
    krait_snapshot_free(snapshot);
    stop();
    REQUIRE(start("unready"));
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    CHECK_INT(krait_snapshot_take(sandbox, &snapshot, &err), KRAIT_EIO);
    CHECK_HAS(err.text, "_initialize");
    CHECK_INT(krait_snapshot_take(sandbox, &snapshot, &err), KRAIT_ESTATE);
    stop();
}

static int peeked;

static int
on_peek(void *data, krait_guest *guest, krait_value *values)
{
    (void)data;
    peeked++;
    CHECK(krait_guest_bytes(guest, values[0].i32, values[1].i32) == NULL);
    CHECK(krait_guest_bytes(guest, 0, 0) == NULL);
    values[0].i32 = 5;
    return to_return;
}

static void
without_memory(void)
{
    krait_snapshot *snapshot = NULL;

    REQUIRE(start("bare"));
    CHECK_INT(krait_config_add_import(config, "env", "peek", "ii", "i", on_peek, NULL, &err),
              KRAIT_OK);
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    CHECK_INT(krait_sandbox_invoke(sandbox, "peek", &(krait_value){.i64 = 0}, 1, &result, &err),
              KRAIT_EUNSUPPORTED);
    CHECK_HAS(err.text, "_initialize");
    CHECK_INT(peeked, 0);
    stop();
    REQUIRE(start("nomem"));
    CHECK_INT(krait_config_add_import(config, "env", "peek", "ii", "i", on_peek, NULL, &err),
              KRAIT_OK);
    REQUIRE(krait_sandbox_new(module, config, &sandbox, &err) == KRAIT_OK);
    CHECK_INT(peeked, 1);
    CHECK_UINT(call(sandbox, "peek"), 5);
    CHECK_INT(krait_snapshot_take(sandbox, &snapshot, &err), KRAIT_EUNSUPPORTED);
    krait_sandbox_free(sandbox);
    sandbox = NULL;
    /* It stops the start function. */
    to_return = 1;
    CHECK(krait_sandbox_new(module, config, &sandbox, &err) != KRAIT_OK);
    CHECK(sandbox == NULL);
    stop();
}

CHECK_MAIN(CHECK_CASE(calls), CHECK_CASE(wrong_calls), CHECK_CASE(ends), CHECK_CASE(limits),
           CHECK_CASE(guest_bytes), CHECK_CASE(imports_that_stop), CHECK_CASE(wrong_imports),
           CHECK_CASE(fuel), CHECK_CASE(exports), CHECK_CASE(snapshots), CHECK_CASE(no_snapshots),
           CHECK_CASE(without_memory))
