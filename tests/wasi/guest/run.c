/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run FILE.krt FIRST SECOND: runs a program in a sandbox that sees the folder FIRST as /m, then
 * in another one that sees SECOND, in the same process: what the first one left would hurt the
 * second.  Exits as the program does, with 255 for larger numbers; 125 when it could not run.
 */
#include <krait/krait.h>

#include <stdio.h>

static int
fail(const krait_error *err)
{
    fprintf(stderr, "%s\n", err->text);
    return 125;
}

static int
run_once(krait_module *module, const char *folder)
{
    krait_config *config;
    krait_sandbox *sandbox;
    krait_result result;
    krait_error err;

    if (krait_config_new(&config, &err) != KRAIT_OK)
        return fail(&err);
    krait_config_set_stdio(config, 0, 1, 2);
    if (krait_config_add_dir(config, folder, "/m", 0, &err) != KRAIT_OK ||
        krait_sandbox_new(module, config, &sandbox, &err) != KRAIT_OK ||
        krait_sandbox_run(sandbox, &result, &err) != KRAIT_OK)
        return fail(&err);
    krait_sandbox_free(sandbox);
    krait_config_free(config);
    if (result.kind == KRAIT_RESULT_TRAPPED) {
        fprintf(stderr, "%s\n%s", result.message, result.backtrace);
        return 125;
    }
    return (int)result.exit_code;
}

int
main(int argc, char **argv)
{
    krait_engine *engine;
    krait_module *module;
    krait_error err;
    int status;

    if (argc != 4 || krait_engine_new(&engine, &err) != KRAIT_OK)
        return 125;
    if (krait_module_open(engine, argv[1], &module, &err) != KRAIT_OK)
        return fail(&err);
    status = run_once(module, argv[2]);
    if (status == 0)
        status = run_once(module, argv[3]);
    krait_module_close(module);
    krait_engine_free(engine);
    if (status != 0)
        fprintf(stderr, "the program ended with %d\n", status);
    return status > 255 ? 255 : status;
}
