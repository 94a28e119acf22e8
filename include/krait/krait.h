/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libkrait: run translated WebAssembly programs, CPython first of all, in a
 * sandbox that sees only what it was granted.
 *
 *     krait_engine *engine;  krait_module *python;
 *     krait_config *config;  krait_sandbox *sandbox;
 *     krait_result result;   krait_error error;
 *     const char code[] = "print(6 * 7)";
 *
 *     if (krait_engine_new(&engine, &error) != KRAIT_OK ||
 *         krait_python_open(engine, NULL, &python, &error) != KRAIT_OK ||
 *         krait_config_new(&config, &error) != KRAIT_OK ||
 *         krait_config_add_dir(config, "/srv/data", "/data", KRAIT_GRANT_READ_ONLY, &error) != KRAIT_OK ||
 *         krait_sandbox_new(python, config, &sandbox, &error) != KRAIT_OK ||
 *         krait_sandbox_exec(sandbox, code, sizeof(code) - 1, &result, &error) != KRAIT_OK)
 *         fprintf(stderr, "%s\n", error.text);
 *
 * A guest that exits, raises or traps is a krait_result, not an error.  Nothing is inherited: no
 * argument, no environment variable, no file, no stream.  Nothing is printed, and nothing but
 * handlers of signals belongs to the process.  What stays compatible: docs/abi.md; a tutorial:
 * docs/embedding.md.
 */
#ifndef KRAIT_KRAIT_H
#define KRAIT_KRAIT_H

#include <krait/config.h>
#include <krait/engine.h>
#include <krait/error.h>
#include <krait/function.h>
#include <krait/import.h>
#include <krait/pool.h>
#include <krait/result.h>
#include <krait/sandbox.h>
#include <krait/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the library these headers belong to. */
#define KRAIT_VERSION "0.1.0"

/**
 * The version of the library that runs, which may be newer than KRAIT_VERSION.
 *
 * @return "MAJOR.MINOR.PATCH"
 *
 * Units:   none
 * Owner:   the library; never free it
 * Errors:  none
 * Threads: any thread
 * Source:  host/api/engine.c
 * Since:   0.1
 */
KRAIT_API const char *krait_version(void);

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_KRAIT_H */
