/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that need no start of Python: in a copy of one that was started before.
 *
 * Only where nothing that was asked for could have made that start another one.  When in doubt, the
 * program starts as it would without images; nothing is said about images in a run.
 */
#include "images.h"

#include <stdlib.h>
#include <string.h>

/* Options of the interpreter: what krait_main() takes has none. */
static bool
has_options(const cli_run_request *request)
{
    const char *first = request->python_count > 0 ? request->python[0] : "-";

    if (strcmp(first, "-c") == 0 || strcmp(first, "-m") == 0)
        return request->python_count < 2;
    return first[0] == '-' && first[1] != '\0';
}

/* Variables that Python and its C library read while they start. */
static bool
is_read_at_start(const char *name)
{
    static const char *const names[] = {"LANG", "LANGUAGE", "TZ", "TZDIR", "HOME"};
    static const char *const prefixes[] = {"PYTHON", "LC_", "MUSL_"};
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return false;
}

/* Folders in which Python and its C library look while they start: the installation with
 * pyvenv.cfg, ._pth and site-packages; time zones, users. */
static bool
touches_start(const char *guest)
{
    static const char *const folders[] = {"/usr/local", "/usr/share/zoneinfo", "/etc"};

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        if (cli_path_below(guest, folders[i]) != NULL || cli_path_below(folders[i], guest) != NULL)
            return true;
    }
    return false;
}

const char *
cli_warm_refusal(const cli_run_request *request, const char *own_file)
{
    size_t i;

    if (request->no_snapshot)
        return "--no-snapshot";
    if (request->is_deterministic)
        return "--deterministic starts one with its seed";
    if (request->fuel != 0 || request->show_fuel)
        return "fuel needs another translation of Python";
    if (has_options(request))
        return "options of Python change how it starts";
    if (own_file != NULL && touches_start(own_file))
        return "the script is where Python looks while it starts";
    for (i = 0; i < request->environ_count; i++) {
        if (is_read_at_start(request->environ[2 * i]))
            return "a variable changes how Python starts";
    }
    for (i = 0; i < request->grants.count; i++) {
        if (touches_start(request->grants.items[i].guest))
            return "a granted folder is where Python looks while it starts";
    }
    return NULL;
}

bool
cli_warm_open(krait_engine *engine, const krait_config *config, bool insists,
              cli_run_opened *opened)
{
    char *runtime = cli_runtime_folder();
    cli_images images;

    if (runtime == NULL)
        return false;
    cli_images_find(&images, runtime);
    free(runtime);
    if (images.folder != NULL && cli_images_take(&images, engine, insists, opened))
        (void)!krait_sandbox_new_from(opened->snapshot, config, &opened->sandbox, NULL);
    if (opened->sandbox == NULL)
        cli_run_close(opened);
    cli_images_release(&images);
    return opened->sandbox != NULL;
}
