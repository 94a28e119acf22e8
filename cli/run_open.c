/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which translation of the interpreter a run gets: the usual one, one that counts
 * what it executes, or one that needs little address space.
 */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
cli_run_close(cli_run_opened *opened)
{
    krait_sandbox_free(opened->sandbox);
    krait_snapshot_free(opened->snapshot);
    krait_module_close(opened->module);
    free(opened->image);
    cli_translated_release(&opened->translated);
    memset(opened, 0, sizeof(*opened));
}

static krait_status
open_module(krait_engine *engine, const cli_runtime *runtime, const char *path,
            const krait_config *config, cli_run_opened *opened, krait_error *err)
{
    krait_status status = krait_python_open_with(engine, runtime->folder, path, &opened->module,
                                                 err);

    if (status == KRAIT_OK)
        status = krait_sandbox_new(opened->module, config, &opened->sandbox, err);
    if (status != KRAIT_OK) {
        krait_module_close(opened->module);
        opened->module = NULL;
    }
    return status;
}

/* Says how to make the translation of the interpreter that would be needed. */
static void
suggest_variant(const cli_runtime *runtime, const char *option, const char *path)
{
    cli_message(
        "to make such a translation of the interpreter, once: krait compile %s '%s' -o '%s'",
        option, runtime->program, path);
}

/* A translation that is damaged or of another version is made again from the module
 * beside it. */
static krait_status
open_again(krait_engine *engine, const cli_runtime *runtime, const krait_config *config,
           cli_run_opened *opened, krait_error *err)
{
    cli_error(err);
    cli_message("translating '%s' again", runtime->program);
    if (cli_translated_get(&opened->translated, runtime->program, false, false, false) != 0) {
        snprintf(err->text, sizeof(err->text), "the Python runtime cannot be used");
        return KRAIT_EFORMAT;
    }
    return open_module(engine, runtime, opened->translated.path, config, opened, err);
}

/* Fuel is for an interpreter that counts; where 8 GiB of address space cannot be had, one
 * that checks its bounds takes the place of the usual one. */
krait_status
cli_run_open(krait_engine *engine, const cli_runtime *runtime, const cli_run_request *request,
             const krait_config *config, cli_run_opened *opened)
{
    bool is_metered = request->fuel != 0 || request->show_fuel;
    char *variant = cli_runtime_variant(runtime, is_metered ? "metered" : "checked");
    bool is_there = access(variant, R_OK) == 0;
    krait_error err;
    krait_status status = open_module(
        engine, runtime, is_metered && is_there ? variant : runtime->module, config, opened, &err);

    if (!is_metered && status == KRAIT_EFORMAT && !cli_runtime_is_chosen())
        status = open_again(engine, runtime, config, opened, &err);
    if (!is_metered && status == KRAIT_ENOMEM && is_there)
        status = open_module(engine, runtime, variant, config, opened, &err);
    if (status != KRAIT_OK)
        cli_error(&err);
    if (!is_there && status == (is_metered ? KRAIT_EUNSUPPORTED : KRAIT_ENOMEM))
        suggest_variant(runtime, is_metered ? "--meter" : "--bounds-checked", variant);
    free(variant);
    return status;
}
