/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that Python calls in this program: one that answers at once, one that fails, and one
 * that is answered later by other threads, many at a time.
 */
#include <krait/krait.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static krait_error error;

static void
need(krait_status status)
{
    if (status == KRAIT_OK)
        return;
    fprintf(stderr, "%s: %s\n", krait_status_name(status), error.text);
    exit(1);
}

/* add(a, b): positional arguments come as a JSON array. */
static int
add(void *data, krait_call *call)
{
    char text[64];
    double a;
    double b;

    (void)data;
    if (sscanf(krait_call_input(call, NULL), "[%lf,%lf]", &a, &b) != 2) {
        krait_call_fail(call, "TypeError", "add() takes two numbers");
        return 0;
    }
    snprintf(text, sizeof(text), "%.17g", a + b);
    krait_call_return(call, text, strlen(text));
    return 0;
}

/* The thread of one call.  It may answer before fetch() has returned. */
static void *
answer(void *data)
{
    const struct timespec as_if_from_afar = {0, 20000000};
    krait_call *call = data;
    char text[300];
    size_t size;
    const char *input = krait_call_input(call, &size);

    nanosleep(&as_if_from_afar, NULL);
    snprintf(text, sizeof(text), "what is at %.*s", (int)size, input);
    krait_call_return(call, text, strlen(text));
    return NULL;
}

static int
fetch(void *data, krait_call *call)
{
    pthread_t thread;

    (void)data;
    if (pthread_create(&thread, NULL, answer, call) != 0)
        return -1; /* RuntimeError */
    pthread_detach(thread);
    return KRAIT_CALL_PENDING;
}

static const char code[] =
    "import krait_host\n"
    "print(krait_host.call('add', 1, 41))\n"
    "try:\n"
    "    krait_host.call('add', 'spam')\n"
    "except TypeError as error:\n"
    "    print('TypeError:', error)\n"
    "calls = [krait_host.submit_bytes('fetch', b'%d' % i) for i in range(100)]\n"
    "texts = [call.result() for call in calls]\n"
    "print(len(texts), 'answers;', texts[99].decode())\n";

int
main(void)
{
    krait_engine *engine;
    krait_module *python;
    krait_config *config;
    krait_sandbox *sandbox;
    krait_result result;

    need(krait_engine_new(&engine, &error));
    need(krait_python_open(engine, NULL, &python, &error));
    need(krait_config_new(&config, &error));
    need(krait_config_add_function(config, "add", add, NULL, &error));
    need(krait_config_add_function(config, "fetch", fetch, NULL, &error));
    need(krait_sandbox_new(python, config, &sandbox, &error));
    need(krait_sandbox_exec(sandbox, code, sizeof(code) - 1, &result, &error));
    printf("%s%s", result.stdout_bytes, result.backtrace);
    krait_sandbox_free(sandbox);
    krait_config_free(config);
    krait_module_close(python);
    krait_engine_free(engine);
    return result.kind != KRAIT_RESULT_RETURNED;
}
