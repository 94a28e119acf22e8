/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs of several tenants: each runs in a fresh sandbox of a pool whose workers are processes, and its
 * answer comes to a function.  What one job leaves behind, the next one does not see; one that runs
 * away is stopped, and the others go on.
 */
#include <krait/krait.h>

#include <stdio.h>
#include <string.h>

enum { TENANTS = 3, JOBS = 4, ROOM = 600 };

/* What the tenants' jobs came to; each job writes its own. */
static char answers[TENANTS][JOBS][ROOM];

static const char library[] = "import os\n"
                              "def work(tenant, n):\n"
                              "    before = os.listdir('/tmp')\n"
                              "    open('/tmp/mine', 'w').write('secret')\n"
                              "    if (tenant, n) == (1, 2):\n"
                              "        while True: pass\n"
                              "    return [tenant, n, before]\n";

/* On a thread of the pool. */
static void
done(void *data, krait_job_result *result)
{
    char *answer = data;

    if (result->status != KRAIT_OK)
        snprintf(answer, ROOM, "error: %s", result->error.text);
    else if (result->result.kind == KRAIT_RESULT_RETURNED)
        snprintf(answer, ROOM, "%s", (const char *)result->result.value);
    else
        snprintf(answer, ROOM, "stopped: %s", result->result.message);
    krait_job_result_free(result);
}

static krait_status
submit(krait_pool *pool, int tenant, int n, krait_error *error)
{
    krait_job_spec spec = KRAIT_JOB_SPEC_INIT;
    char args[40];

    snprintf(args, sizeof(args), "[%d, %d]", tenant, n);
    spec.tenant = (uint64_t)tenant;
    spec.code = library;
    spec.code_size = sizeof(library) - 1;
    spec.function = "work";
    spec.args = args;
    spec.args_size = strlen(args);
    spec.wall_ns = 1000000000;
    return krait_pool_submit(pool, &spec, done, answers[tenant][n], NULL, error);
}

int
main(void)
{
    krait_engine *engine;
    krait_module *python;
    krait_config *config;
    krait_pool *pool;
    krait_error error;

    if (krait_engine_new(&engine, &error) || krait_python_open(engine, NULL, &python, &error) ||
        krait_config_new(&config, &error) || krait_pool_new(python, config, NULL, &pool, &error))
        return fprintf(stderr, "%s\n", error.text), 1;
    for (int tenant = 0; tenant < TENANTS; tenant++) {
        for (int n = 0; n < JOBS; n++) {
            if (submit(pool, tenant, n, &error) != KRAIT_OK)
                snprintf(answers[tenant][n], ROOM, "%s", error.text);
        }
    }
    if (krait_pool_drain(pool, KRAIT_UNLIMITED, &error) != KRAIT_OK)
        fprintf(stderr, "%s\n", error.text);
    for (int tenant = 0; tenant < TENANTS; tenant++) {
        for (int n = 0; n < JOBS; n++)
            printf("%s\n", answers[tenant][n]);
    }
    krait_pool_free(pool);
    krait_config_free(config);
    krait_module_close(python);
    krait_engine_free(engine);
    return 0;
}
