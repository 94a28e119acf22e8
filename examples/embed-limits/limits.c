/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to programs that go too far: each runs under small limits, and the result says what
 * ended it.  The session goes on when Python came to an end by itself, and is made anew when it had
 * to be stopped.
 */
#include <krait/krait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static krait_error error;

static void
need(krait_status status)
{
    if (status == KRAIT_OK)
        return;
    fprintf(stderr, "%s: %s\n", krait_status_name(status), error.text);
    exit(1);
}

static void
run(krait_sandbox *sandbox, const char *code)
{
    static const char *const kinds[] = {"exited", "trapped",   "raised",
                                        "limit",  "cancelled", "returned"};
    krait_status status;
    krait_result result;

    status = krait_sandbox_exec(sandbox, code, strlen(code), &result, &error);
    if (status == KRAIT_ESTATE) {
        printf("  (it was stopped: a new session)\n");
        need(krait_sandbox_reset(sandbox, &error));
        status = krait_sandbox_exec(sandbox, code, strlen(code), &result, &error);
    }
    need(status);
    printf("%s\n  -> %s", code, kinds[result.kind]);
    if (result.kind == KRAIT_RESULT_LIMIT)
        printf(": %s", krait_limit_name(result.limit));
    else if (result.message[0] != '\0')
        printf(": %s", result.message);
    if (result.truncated & KRAIT_TRUNCATED_STDOUT)
        printf(" (%zu bytes of output were kept)", result.stdout_size);
    printf("\n");
}

int
main(void)
{
    krait_engine *engine;
    krait_module *python;
    krait_config *config;
    krait_sandbox *sandbox;

    need(krait_engine_new(&engine, &error));
    need(krait_python_open(engine, NULL, &python, &error));
    need(krait_config_new(&config, &error));
    need(krait_config_set_limit(config, KRAIT_LIMIT_WALL, 500000000, &error));   /* ns */
    need(krait_config_set_limit(config, KRAIT_LIMIT_MEMORY, 128 << 20, &error)); /* bytes */
    need(krait_config_set_limit(config, KRAIT_LIMIT_OUTPUT, 10000, &error));     /* bytes */
    need(krait_config_set_limit(config, KRAIT_LIMIT_FS_BYTES, 1 << 20, &error)); /* bytes */
    need(krait_config_set_limit(config, KRAIT_LIMIT_FILES, 20, &error));         /* open at once */
    need(krait_config_set_limit(config, KRAIT_LIMIT_GRACE, 2000000000, &error)); /* ns */
    need(krait_sandbox_new(python, config, &sandbox, &error));

    run(sandbox, "cleaned_up = False");
    run(sandbox, "try:\n    while True: pass\nfinally: cleaned_up = True");
    run(sandbox, "assert cleaned_up");
    run(sandbox, "import time; time.sleep(3600)");
    run(sandbox, "sum(range(10 ** 14))");
    run(sandbox, "x = bytearray(10 ** 9)");
    run(sandbox, "while True: print('spam')");
    run(sandbox, "open('/tmp/x', 'wb').write(bytes(2 << 20))");
    run(sandbox, "files = [open('/dev/null') for i in range(100)]");

    krait_sandbox_free(sandbox);
    krait_config_free(config);
    krait_module_close(python);
    krait_engine_free(engine);
    return 0;
}
