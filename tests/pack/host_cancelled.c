/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_cancelled LOOP.krt: a signal that comes before the packed program runs, which does not end by itself.
 */
#include "cli/pack.h"

#include "support/check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

volatile sig_atomic_t pack_interrupted;

/* No runtime is installed; the module's translation is at hand. */
int
cli_runtime_look(cli_runtime *runtime, char *why, size_t size)
{
    (void)runtime;
    (void)why;
    (void)size;
    return 1;
}

void
cli_runtime_release(cli_runtime *runtime)
{
    (void)runtime;
}

int
cli_translated_get_soon(cli_translated *translated, const char *wasm,
                        const volatile sig_atomic_t *cancel)
{
    (void)cancel;
    snprintf(translated->path, sizeof(translated->path), "%s", wasm);
    return 0;
}

void
cli_translated_release(cli_translated *translated)
{
    (void)translated;
}

void
pack_message(const pack_request *request, const char *fmt, ...)
{
    (void)request;
    (void)fmt;
}

bool
pack_is_small(krait_pack *pack, const char *path)
{
    (void)pack;
    (void)path;
    return false;
}

static void
cancelled(void)
{
    pack_request request = {.module = getenv("KRAIT_TEST_LOOP"), .version = "0"};
    pack_python *python = NULL;
    uint32_t exit_code = 0;

    REQUIRE(request.module != NULL);
    REQUIRE(pack_python_open(&request, &python) == 0);
    REQUIRE(pack_python_prepare(python, "", NULL, 0, NULL) == 0);
    pack_interrupted = SIGINT;
    CHECK_INT(pack_python_run(python, "it", &exit_code), KRAIT_EXIT_FAILED);
    pack_python_close(python);
}

CHECK_MAIN(CHECK_CASE(cancelled))
