/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several sandboxes at once: one engine and one module for all threads, a sandbox for each.  They
 * share no state; what one does, the others do not see.
 */
#include <krait/krait.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, CALLS = 20 };

static const char library[] = "calls = 0\n"
                              "def work(thread, n):\n"
                              "    global calls\n"
                              "    calls += 1\n"
                              "    return [thread, calls, sum(range(n))]\n";

typedef struct worker {
    pthread_t thread;
    int number;
    krait_module *python;
    const krait_config *config;
    krait_error error;
    char last[100]; /* value of its last call */
} worker;

static krait_status
run(worker *w, krait_sandbox *sandbox)
{
    krait_status status;
    krait_result result;

    status = krait_sandbox_exec(sandbox, library, sizeof(library) - 1, &result, &w->error);
    for (int i = 0; i < CALLS && status == KRAIT_OK; i++) {
        char args[40];

        snprintf(args, sizeof(args), "[%d, %d]", w->number, i * 1000);
        status = krait_sandbox_call(sandbox, "work", KRAIT_JSON, args, strlen(args), &result,
                                    &w->error);
        if (status == KRAIT_OK && result.kind == KRAIT_RESULT_RETURNED)
            snprintf(w->last, sizeof(w->last), "%s", (const char *)result.value);
    }
    return status;
}

static void *
work(void *data)
{
    worker *w = data;
    krait_sandbox *sandbox;

    if (krait_sandbox_new(w->python, w->config, &sandbox, &w->error) != KRAIT_OK)
        return NULL;
    if (run(w, sandbox) != KRAIT_OK)
        w->last[0] = '\0';
    krait_sandbox_free(sandbox);
    return NULL;
}

int
main(void)
{
    static worker workers[THREADS];
    krait_engine *engine;
    krait_module *python;
    krait_config *config;
    krait_error error;
    int failed = 0;

    if (krait_engine_new(&engine, &error) || krait_python_open(engine, NULL, &python, &error) ||
        krait_config_new(&config, &error))
        return fprintf(stderr, "%s\n", error.text), 1;
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){.number = i, .python = python, .config = config};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            return fprintf(stderr, "cannot start a thread\n"), 1;
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        printf("%s\n", workers[i].last[0] != '\0' ? workers[i].last : workers[i].error.text);
        failed |= workers[i].last[0] == '\0';
    }
    krait_config_free(config);
    krait_module_close(python);
    krait_engine_free(engine);
    return failed;
}
