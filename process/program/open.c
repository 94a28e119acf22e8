/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening modules: translations come from the user's cache, as those of `krait run MODULE.wasm` do, and the
 * Python that scripts run on is the installed one.
 */
#include "program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
translate(void *data, const char *path, bool meter)
{
    program_runtime *runtime = data;

    cli_translated_release(&runtime->translated);
    /* Minutes for a large one: Ctrl-C is not to wait for its end. */
    if (cli_translated_get_until(&runtime->translated, path, meter, program_stop_flag()) != 0)
        return NULL;
    return cli_need(strdup(runtime->translated.path));
}

/* One for all modules, with a folder for each. */
static char *
make_folder(void *data, krait_error *err)
{
    program_runtime *runtime = data;
    char name[16];
    char *path;

    if (runtime->scratch.path == NULL && cli_scratch_make(&runtime->scratch, err) != KRAIT_OK)
        return NULL;
    snprintf(name, sizeof(name), "%u", runtime->scratch_count++);
    path = cli_path_join(runtime->scratch.files, name);
    if (mkdir(path, 0700) == 0)
        return path;
    err->code = KRAIT_EIO;
    err->sys_errno = errno;
    snprintf(err->text, sizeof(err->text), "cannot make the folder '%.300s': %s", path,
             strerror(errno));
    free(path);
    return NULL;
}

static void
note(void *data, const char *text)
{
    (void)data;
    cli_message("%s", text);
}

krait_status
program_open_modules(const program_options *options, program_runtime *runtime, proc_modules *ret,
                     krait_error *err)
{
    proc_module_options how = {
        .runtime = options->runtime,
        .filename = options->is_test ? options->filename : NULL,
        .limits = options->limits,
        .translate = translate,
        .translate_data = runtime,
        .make_folder = make_folder,
        .folder_data = runtime,
        .note = options->is_quiet ? NULL : note,
    };

    memset(runtime, 0, sizeof(*runtime));
    runtime->folder = cli_runtime_folder();
    how.python = runtime->folder;
    if (options->limits.fuel != 0 && runtime->folder != NULL) {
        runtime->metered = cli_path_join(runtime->folder, "python.metered.krt");
        if (access(runtime->metered, R_OK) == 0)
            how.python_krt = runtime->metered;
    }
    return options->is_test ? proc_modules_open_one(options->test_module, &how, ret, err)
                            : proc_modules_open(options->modules, &how, ret, err);
}

void
program_close_runtime(program_runtime *runtime)
{
    cli_translated_release(&runtime->translated);
    cli_scratch_remove(&runtime->scratch);
    free(runtime->folder);
    free(runtime->metered);
}
