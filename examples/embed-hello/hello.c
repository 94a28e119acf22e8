/* SPDX-License-Identifier: Apache-2.0 */
/* Python in twenty lines: an engine, a sandbox, a program, its output. */
#include <krait/krait.h>
#include <stdio.h>

int
main(void)
{
    const char code[] = "import json; print(json.dumps({'squares': [i * i for i in range(5)]}))";
    krait_engine *engine;
    krait_module *python;
    krait_config *config;
    krait_sandbox *sandbox;
    krait_result result;
    krait_error error;

    if (krait_engine_new(&engine, &error) || krait_python_open(engine, NULL, &python, &error) ||
        krait_config_new(&config, &error) || krait_sandbox_new(python, config, &sandbox, &error) ||
        krait_sandbox_exec(sandbox, code, sizeof(code) - 1, &result, &error))
        return fprintf(stderr, "%s\n", error.text), 1;
    printf("%s%s", result.stdout_bytes, result.backtrace);
    return result.kind != KRAIT_RESULT_RETURNED;
}
