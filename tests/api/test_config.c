/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the C API needs no guest: engines, configurations, limits, and modules that are not there.
 */
#include "tests/support/check.h"

#include <krait/krait.h>

#include <stdlib.h>
#include <unistd.h>

static void
engines(void)
{
    krait_engine_options options = KRAIT_ENGINE_OPTIONS_INIT;
    krait_engine *first = NULL;
    krait_engine *second = NULL;
    krait_error err;

    CHECK_STR(krait_version(), KRAIT_VERSION);
    REQUIRE(krait_engine_new(&first, &err) == KRAIT_OK);
    REQUIRE(krait_engine_new_with(NULL, &second, NULL) == KRAIT_OK);
    krait_engine_free(second);
    REQUIRE(krait_engine_new_with(&options, &second, NULL) == KRAIT_OK);
    krait_engine_free(second);
    krait_engine_free(first);
    krait_engine_free(NULL);
    CHECK_INT(krait_engine_new(NULL, &err), KRAIT_EINVAL);
    options.size--;
    CHECK_INT(krait_engine_new_with(&options, &first, &err), KRAIT_EINVAL);
    CHECK_HAS(err.text, "options of the engine");
    options.size++;
    options.flags = 1u << 31;
    CHECK_INT(krait_engine_new_with(&options, &first, &err), KRAIT_EINVAL);
    CHECK_HAS(err.text, "0x80000000");
}

static void
modules(void)
{
    char folder[] = "/tmp/krait-api-XXXXXX";
    char path[64];
    krait_engine *engine = NULL;
    krait_module *module = NULL;
    krait_error err;
    FILE *file;

    REQUIRE(mkdtemp(folder) != NULL);
    REQUIRE(krait_engine_new(&engine, &err) == KRAIT_OK);
    CHECK_INT(krait_module_open(engine, "/nowhere/x.krt", &module, &err), KRAIT_ENOTFOUND);
    CHECK_HAS(err.text, "/nowhere/x.krt");
    CHECK_INT(krait_module_open(NULL, "x", &module, &err), KRAIT_EINVAL);
    CHECK_INT(krait_module_open(engine, NULL, &module, &err), KRAIT_EINVAL);
    CHECK_INT(krait_module_open(engine, "x", NULL, &err), KRAIT_EINVAL);
    snprintf(path, sizeof(path), "%s/python.krt", folder);
    file = fopen(path, "w");
    REQUIRE(file != NULL);
    fputs("no module", file);
    fclose(file);
    CHECK_INT(krait_module_open(engine, path, &module, &err), KRAIT_EFORMAT);
    CHECK_INT(krait_python_open(engine, folder, &module, &err), KRAIT_ENOTFOUND);
    CHECK_HAS(err.text, folder);
    CHECK_INT(krait_python_open(engine, "/nowhere", &module, &err), KRAIT_ENOTFOUND);
    /* This program has no Python installed beside it. */
    CHECK_INT(krait_python_open(engine, NULL, &module, &err), KRAIT_ENOTFOUND);
    CHECK_HAS(err.text, "krait/python3.13");
    CHECK_INT(krait_python_open_with(engine, "/nowhere", path, &module, &err), KRAIT_ENOTFOUND);
    CHECK_INT(krait_python_open_with(NULL, folder, path, &module, &err), KRAIT_EINVAL);
    CHECK_INT(krait_python_open(NULL, folder, &module, &err), KRAIT_EINVAL);
    CHECK_INT(krait_python_open(engine, folder, NULL, &err), KRAIT_EINVAL);
    CHECK(module == NULL);
    krait_module_close(NULL);
    krait_engine_free(engine);
    unlink(path);
    rmdir(folder);
}

static void
configurations(void)
{
    krait_config *config = NULL;
    krait_error err;
    krait_status status = KRAIT_OK;

    CHECK_INT(krait_config_new(NULL, &err), KRAIT_EINVAL);
    REQUIRE(krait_config_new(&config, &err) == KRAIT_OK);
    CHECK_INT(krait_config_add_arg(config, NULL, &err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_arg(NULL, "x", &err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_env(config, "A", "1", &err), KRAIT_OK);
    CHECK_INT(krait_config_add_env(config, "A", "2", &err), KRAIT_OK);
    CHECK_INT(krait_config_add_env(config, "", "1", &err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_env(config, "A=B", "1", &err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_env(config, "A", NULL, &err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_dir(config, "/tmp", "/t", 0, &err), KRAIT_OK);
    CHECK_INT(krait_config_add_dir(config, "/tmp", "t", 0, &err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_dir(config, "/tmp", "/t", 1u << 20, &err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_dir(config, "/tmp", "/t", KRAIT_GRANT_STABLE, &err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_dir(config, NULL, "/t", 0, &err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_file(config, "/tmp", "/t", KRAIT_GRANT_READ_ONLY, &err),
              KRAIT_EINVAL);
    CHECK_INT(krait_config_add_file(config, "/tmp", "/t", KRAIT_GRANT_RECORD_MISSES, &err),
              KRAIT_OK);
    for (int i = 0; i < 2000 && status == KRAIT_OK; i++)
        status = krait_config_add_dir(config, "/tmp", "/t", 0, &err);
    CHECK_INT(status, KRAIT_ELIMIT);
    status = KRAIT_OK;
    for (int i = 0; i < 70000 && status == KRAIT_OK; i++)
        status = krait_config_add_arg(config, "x", &err);
    CHECK_INT(status, KRAIT_ELIMIT);
    krait_config_free(config);
    krait_config_free(NULL);
}

static int
nothing(void *data, krait_call *call)
{
    (void)data;
    (void)call;
    return 0;
}

static void
functions(void)
{
    krait_config *config = NULL;
    krait_error err;
    krait_status status = KRAIT_OK;

    REQUIRE(krait_config_new(&config, &err) == KRAIT_OK);
    for (int i = 0; i < 5000 && status == KRAIT_OK; i++) {
        char name[16];

        snprintf(name, sizeof(name), "f%d", i);
        status = krait_config_add_function(config, name, nothing, NULL, &err);
    }
    CHECK_INT(status, KRAIT_ELIMIT);
    krait_config_free(config);
}

static void
limits(void)
{
    krait_config *config = NULL;
    krait_error err;

    REQUIRE(krait_config_new(&config, &err) == KRAIT_OK);
    CHECK_STR(krait_limit_name(KRAIT_LIMIT_NONE), "no limit");
    CHECK_STR(krait_limit_name(KRAIT_LIMIT_WALL), "wall time");
    CHECK_STR(krait_limit_name((krait_limit)KRAIT_LIMIT_COUNT), "unknown limit");
    CHECK_STR(krait_limit_name((krait_limit)-1), "unknown limit");
    for (int i = 1; i < KRAIT_LIMIT_COUNT; i++) {
        CHECK(strlen(krait_limit_name((krait_limit)i)) > 3);
        CHECK(strcmp(krait_limit_name((krait_limit)i), "unknown limit") != 0);
        CHECK_INT(krait_config_set_limit(config, (krait_limit)i, 1, &err), KRAIT_OK);
        CHECK_INT(krait_config_set_limit(config, (krait_limit)i, KRAIT_UNLIMITED, &err), KRAIT_OK);
    }
    CHECK_INT(krait_config_set_limit(config, KRAIT_LIMIT_NONE, 1, &err), KRAIT_EINVAL);
    CHECK_INT(krait_config_set_limit(config, (krait_limit)KRAIT_LIMIT_COUNT, 1, &err),
              KRAIT_EINVAL);
    CHECK_INT(krait_config_set_limit(config, KRAIT_LIMIT_FUEL, 0, &err), KRAIT_EINVAL);
    CHECK_INT(krait_config_set_limit(NULL, KRAIT_LIMIT_WALL, 0, &err), KRAIT_EINVAL);
    krait_config_free(config);
}

CHECK_MAIN(CHECK_CASE(engines), CHECK_CASE(modules), CHECK_CASE(configurations),
           CHECK_CASE(functions), CHECK_CASE(limits))
