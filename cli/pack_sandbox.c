/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packed Python in the sandbox: what compiles and what is recorded while it packs.
 *
 * The installed runtime stands for it when it writes the same byte code, which the number at the beginning of a
 * .pyc file tells; otherwise the module itself is translated, without optimisation, the first
 * time.  Either way code that is packed only sees what is put into its memory, and the library.
 */
#include "pack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS UINT64_C(1000000000)

krait_sandbox *volatile pack_running;

struct pack_python {
    pack_request *request;
    krait_engine *engine;
    krait_module *module;
    krait_sandbox *sandbox;
    cli_translated translated;
    char *library; /* host folder to show as the library; NULL: the module has one */
};

/* ---- which Python ------------------------------------------------------------------------- */

static bool
magic_of_file(const char *path, char magic[4])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_read = fd >= 0 && read(fd, magic, 4) == 4;

    if (fd >= 0)
        close(fd);
    return is_read;
}

/* Of the library that is packed: os is in every one. */
static bool
magic_of_pack(const pack_request *request, char magic[4])
{
    char digits[16];
    char path[256];
    bool is_read = false;
    size_t used = 0;

    for (const char *p = request->version; *p != '\0' && used < sizeof(digits) - 1; p++) {
        if (*p != '.')
            digits[used++] = *p;
    }
    digits[used] = '\0';
    for (unsigned round = 0; round < 2 && !is_read; round++) {
        void *bytes = NULL;
        size_t size = 0;
        krait_error err;

        if (round == 0)
            snprintf(path, sizeof(path), "%s/os.pyc", request->lib);
        else
            snprintf(path, sizeof(path), "%s/__pycache__/os.cpython-%s.pyc", request->lib, digits);
        if (!pack_is_small(request->pack, path) ||
            krait_pack_get(request->pack, path, &bytes, &size, &err) != KRAIT_OK)
            continue;
        is_read = size >= 4;
        if (is_read)
            memcpy(magic, bytes, 4);
        krait_pack_free_bytes(bytes);
    }
    return is_read;
}

static bool
runtime_fits(const pack_request *request, const cli_runtime *runtime)
{
    char wanted[4];
    char found[4];
    char *path = cli_path_join(runtime->library, "__pycache__/os.cpython-313.pyc");
    bool fits = strcmp(request->version, "3.13") == 0 && magic_of_pack(request, wanted) &&
                magic_of_file(path, found) && memcmp(wanted, found, 4) == 0;

    free(path);
    return fits;
}

static int
failed(const krait_error *err)
{
    cli_error(err);
    return cli_status_of(err);
}

static int
open_runtime(pack_python *python, const cli_runtime *runtime)
{
    krait_error err;

    if (krait_python_open_with(python->engine, runtime->folder, NULL, &python->module, &err) !=
        KRAIT_OK)
        return failed(&err);
    return 0;
}

static int
open_module(pack_python *python)
{
    const pack_request *request = python->request;
    krait_error err;
    char name[64];
    int exit_status;

    if (request->tree != NULL) {
        snprintf(name, sizeof(name), "usr/local/lib/python%s", request->version);
        python->library = cli_path_join(request->tree, name);
    }
    exit_status = cli_translated_get_soon(&python->translated, request->module, &pack_interrupted);
    if (exit_status != 0)
        return exit_status;
    if (krait_module_open(python->engine, python->translated.path, &python->module, &err) !=
        KRAIT_OK)
        return failed(&err);
    return 0;
}

int
pack_python_open(pack_request *request, pack_python **ret_python)
{
    pack_python *python = cli_need(calloc(1, sizeof(*python)));
    cli_runtime runtime = {NULL, NULL, NULL, NULL};
    char why[4608];
    krait_error err;
    int exit_status;

    python->request = request;
    *ret_python = python;
    if (krait_engine_new(&python->engine, &err) != KRAIT_OK)
        return failed(&err);
    if (cli_runtime_look(&runtime, why, sizeof(why)) == 0 && runtime_fits(request, &runtime)) {
        exit_status = open_runtime(python, &runtime);
        cli_runtime_release(&runtime);
        return exit_status;
    }
    cli_runtime_release(&runtime);
    if (request->verbose || isatty(STDERR_FILENO) != 0)
        pack_message(request,
                     "the installed runtime is not Python %s as it is packed: '%s' itself "
                     "compiles, and is translated for that (once)",
                     request->version, request->module);
    return open_module(python);
}

void
pack_python_close(pack_python *python)
{
    if (python == NULL)
        return;
    krait_sandbox_free(python->sandbox);
    krait_module_close(python->module);
    krait_engine_free(python->engine);
    cli_translated_release(&python->translated);
    free(python->library);
    free(python);
}

/* ---- one run ------------------------------------------------------------------------------ */

/* What the program would print is not ours to say.  Warnings of the compiler name files of anybody's. */
static int
show_errors(void *data, int stream, const void *bytes, size_t size)
{
    (void)data;
    if (stream != 1)
        cli_put_plain(stderr, bytes, size);
    return ferror(stderr) == 0 ? 0 : -1;
}

static krait_status
configure(krait_config *config, const pack_python *python, const char *code, char **args,
          int arg_count, const cli_grants *grants, krait_error *err)
{
    static const struct {
        krait_limit limit;
        uint64_t value;
    } limits[] = {{KRAIT_LIMIT_WALL, 600 * NS},
                  {KRAIT_LIMIT_CPU, 600 * NS},
                  {KRAIT_LIMIT_MEMORY, PACK_MEMORY},
                  {KRAIT_LIMIT_FS_BYTES, PACK_MEMORY},
                  {KRAIT_LIMIT_FS_INODES, 2000000},
                  {KRAIT_LIMIT_OUTPUT, UINT64_C(256) << 20},
                  {KRAIT_LIMIT_READDIR, UINT64_C(64) << 20}};
    const char *const start[] = {"python3", "-B", "-c", code};
    krait_status status = KRAIT_OK;

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]) && status == KRAIT_OK; i++)
        status = krait_config_set_limit(config, limits[i].limit, limits[i].value, err);
    for (size_t i = 0; i < 4 && status == KRAIT_OK; i++)
        status = krait_config_add_arg(config, start[i], err);
    for (int i = 0; i < arg_count && status == KRAIT_OK; i++)
        status = krait_config_add_arg(config, args[i], err);
    /* One that is packed already would start its own program. */
    if (status == KRAIT_OK)
        status = krait_config_add_env(config, "KRAIT_PACK_START", "0", err);
    if (status == KRAIT_OK && python->library != NULL)
        status = krait_config_add_dir(config, python->library, python->request->lib,
                                      KRAIT_GRANT_READ_ONLY, err);
    for (size_t i = 0; grants != NULL && i < grants->count && status == KRAIT_OK; i++)
        status = krait_config_add_dir(config, grants->items[i].host_real, grants->items[i].guest,
                                      grants->items[i].read_only ? KRAIT_GRANT_READ_ONLY : 0, err);
    if (status == KRAIT_OK)
        status = krait_config_add_env(config, "PYTHONHASHSEED", "0", err);
    krait_config_set_output(config, show_errors, NULL);
    return status;
}

int
pack_python_prepare(pack_python *python, const char *code, char **args, int arg_count,
                    const cli_grants *grants)
{
    krait_config *config = NULL;
    krait_error err;
    krait_status status = krait_config_new(&config, &err);

    krait_sandbox_free(python->sandbox);
    python->sandbox = NULL;
    if (status == KRAIT_OK)
        status = configure(config, python, code, args, arg_count, grants, &err);
    if (status == KRAIT_OK)
        status = krait_sandbox_new(python->module, config, &python->sandbox, &err);
    krait_config_free(config);
    return status == KRAIT_OK ? 0 : failed(&err);
}

int
pack_python_put(pack_python *python, const char *path, const void *bytes, size_t size)
{
    krait_error err;

    if (krait_sandbox_put_file(python->sandbox, path, bytes, size, &err) == KRAIT_OK)
        return 0;
    return failed(&err);
}

int
pack_python_run(pack_python *python, const char *what, uint32_t *ret_exit)
{
    krait_result result;
    krait_error err;

    pack_running = python->sandbox;
    /* A signal that came before found nothing that runs. */
    if (pack_interrupted != 0)
        krait_sandbox_cancel(python->sandbox);
    if (krait_sandbox_run(python->sandbox, &result, &err) != KRAIT_OK) {
        pack_running = NULL;
        return failed(&err);
    }
    pack_running = NULL;
    if (pack_interrupted != 0)
        return KRAIT_EXIT_FAILED;
    if (result.kind != KRAIT_RESULT_EXITED) {
        pack_message(python->request, "%s in the sandbox was stopped: %s", what, result.message);
        return result.kind == KRAIT_RESULT_LIMIT ? KRAIT_EXIT_LIMIT : KRAIT_EXIT_FAILED;
    }
    *ret_exit = result.exit_code;
    return 0;
}

const char *
pack_python_get(pack_python *python, const char *path, size_t *ret_size)
{
    const void *bytes = NULL;
    krait_error err;

    if (krait_sandbox_get_file(python->sandbox, path, &bytes, ret_size, &err) != KRAIT_OK)
        return NULL;
    return bytes;
}
