/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls process() of a module on libkrait: host_krait [OPTION]... RECORD MODULE ARG...
 *
 * As host_wasmtime.py.  MODULE is a translated module, or "native": the runtime that KRAIT_RUNTIME_TREE names,
 * and then ARG is a script, which comes from the host's side of the folder and is in a snapshot; the folder is not
 * granted.
 */
#include <krait/krait.h>
#include <krait/module.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_MAX 64

/* The functions of "env". */
enum { DEFINE_TABLE, INSERT_ROW, EMIT_BYTES, EMIT_SLICE, FUNCTIONS };

static const char *const names[FUNCTIONS] = {KRAIT_ENV_DEFINE_TABLE, KRAIT_ENV_INSERT_ROW,
                                             KRAIT_ENV_EMIT_BYTES, KRAIT_ENV_EMIT_SLICE};

typedef struct options {
    const char *folder; /* of the host, for "/" */
    const char *record;
    const char *module;
    char **args;
    int arg_count;
    unsigned calls;
    const char *before[CALLS_MAX];
    int codes[FUNCTIONS];
    FILE *to;
} options;

typedef struct function {
    const options *given;
    int number;
} function;

static void
fail(const char *what)
{
    (void)fprintf(stderr, "host_krait: %s\n", what);
    exit(2);
}

static void
check(krait_status status, const krait_error *err)
{
    if (status != KRAIT_OK)
        fail(err->text);
}

/* ---- the record --------------------------------------------------------------------------- */

static void
put_text(FILE *to, const unsigned char *text, size_t size)
{
    fputs(", \"", to);
    for (size_t i = 0; i < size; i++) {
        if (text[i] < 0x20 || text[i] == '"' || text[i] == '\\')
            (void)fprintf(to, "\\u%04x", text[i]);
        else
            putc(text[i], to);
    }
    putc('"', to);
}

static void
put_base64(FILE *to, const unsigned char *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    fputs(", \"", to);
    for (size_t i = 0; i < size; i += 3) {
        uint32_t three = (uint32_t)data[i] << 16 | (i + 1 < size ? (uint32_t)data[i + 1] << 8 : 0) |
                         (i + 2 < size ? data[i + 2] : 0);

        putc(digits[three >> 18], to);
        putc(digits[three >> 12 & 63], to);
        putc(i + 1 < size ? digits[three >> 6 & 63] : '=', to);
        putc(i + 2 < size ? digits[three & 63] : '=', to);
    }
    putc('"', to);
}

static int
record(void *data, krait_guest *guest, krait_value *values)
{
    const function *f = data;
    FILE *to = f->given->to;
    const unsigned char *second = krait_guest_bytes(guest, values[2].i32, values[3].i32);

    if (second == NULL)
        return 1;
    (void)fprintf(to, "[\"%s\"", names[f->number]);
    if (f->number == EMIT_SLICE) {
        (void)fprintf(to, ", %u, %u", values[0].i32, values[1].i32);
    } else {
        const unsigned char *first = krait_guest_bytes(guest, values[0].i32, values[1].i32);

        if (first == NULL)
            return 1;
        (f->number == EMIT_BYTES ? put_base64 : put_text)(to, first, values[1].i32);
    }
    put_text(to, second, values[3].i32);
    fputs("]\n", to);
    values[0].i32 = (uint32_t)f->given->codes[f->number];
    return 0;
}

/* ---- options ------------------------------------------------------------------------------ */

static void
take_code(options *given, const char *value)
{
    const char *equals = strchr(value, '=');

    for (int i = 0; i < FUNCTIONS && equals != NULL; i++) {
        if (strncmp(names[i], value, (size_t)(equals - value)) == 0)
            given->codes[i] = (int)strtol(equals + 1, NULL, 10);
    }
}

static void
take(options *given, const char *option, char *value, krait_config *config)
{
    char *at = strchr(value, strcmp(option, "--dir") == 0 ? ':' : '=');
    krait_error err;

    if (strcmp(option, "--calls") == 0) {
        given->calls = (unsigned)strtoul(value, NULL, 10);
    } else if (at == NULL) {
        fail(option);
    } else if (strcmp(option, "--dir") == 0) {
        *at = '\0';
        given->folder = value;
    } else if (strcmp(option, "-e") == 0) {
        *at = '\0';
        check(krait_config_add_env(config, value, at + 1, &err), &err);
    } else if (strcmp(option, "--before") == 0) {
        unsigned long number = strtoul(value, NULL, 10);

        if (number == 0 || number >= CALLS_MAX)
            fail(value);
        given->before[number] = at + 1;
    } else if (strcmp(option, "--code") == 0) {
        take_code(given, value);
    } else {
        fail(option);
    }
}

static options
parse(int argc, char **argv, krait_config *config)
{
    options given = {.calls = 1};
    int i = 1;

    while (i + 1 < argc && argv[i][0] == '-') {
        if (strcmp(argv[i], "--plain") == 0) { /* it is always called */
            i++;
            continue;
        }
        take(&given, argv[i], argv[i + 1], config);
        i += 2;
    }
    if (i + 1 >= argc || given.folder == NULL)
        fail("wrong use");
    given.record = argv[i];
    given.module = argv[i + 1];
    given.args = argv + i + 1;
    given.arg_count = argc - i - 1;
    return given;
}

/* ---- running ------------------------------------------------------------------------------ */

static char *
read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    char *bytes = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&bytes, &size);
    int c;

    if (file == NULL || to == NULL)
        fail(path);
    while ((c = getc(file)) != EOF)
        putc(c, to);
    (void)fclose(file);
    (void)fclose(to);
    *ret_size = size;
    return bytes;
}

static void
replace_document(const options *given, const char *path)
{
    char name[4096];
    size_t size;
    char *bytes = read_file(path, &size);
    FILE *file;

    (void)snprintf(name, sizeof(name), "%s%s", given->folder, KRAIT_MODULE_DOCUMENT);
    file = fopen(name, "we");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        fail(name);
    free(bytes);
}

static krait_sandbox *
open_script(const options *given, krait_module *module, krait_config *config)
{
    char path[4096];
    krait_snapshot_options wish = {.size = sizeof(wish)};
    krait_snapshot *snapshot;
    krait_sandbox *sandbox;
    krait_error err;
    char *text;

    (void)snprintf(path, sizeof(path), "%s%s", given->folder, given->args[1]);
    text = read_file(path, &wish.script_size);
    wish.script = text;
    wish.script_name = given->args[1];
    check(krait_snapshot_make(module, config, &wish, &snapshot, &err), &err);
    check(krait_sandbox_new_from(snapshot, config, &sandbox, &err), &err);
    krait_snapshot_free(snapshot);
    free(text);
    return sandbox;
}

/* The result of process(), which a script that is run in another way does not have. */
static int
call(krait_sandbox *sandbox, bool is_native)
{
    krait_value value = {.i32 = 0};
    krait_result result;
    krait_error err;

    check(is_native ? krait_sandbox_run_script(sandbox, &result, &err)
                    : krait_sandbox_invoke(sandbox, KRAIT_MODULE_PROCESS, &value, 1, &result, &err),
          &err);
    (void)fwrite(result.stdout_bytes, 1, result.stdout_size, stdout);
    (void)fwrite(result.stderr_bytes, 1, result.stderr_size, stderr);
    if (result.kind == KRAIT_RESULT_RETURNED)
        return (int)value.i32;
    if (!is_native || (result.kind != KRAIT_RESULT_RAISED && result.kind != KRAIT_RESULT_EXITED))
        fail(result.message);
    return 1;
}

static void
run(options *given, krait_config *config)
{
    bool is_native = strcmp(given->module, "native") == 0;
    krait_engine *engine;
    krait_module *module;
    krait_sandbox *sandbox;
    krait_error err;

    check(krait_engine_new(&engine, &err), &err);
    if (is_native) {
        check(krait_python_open(engine, getenv("KRAIT_RUNTIME_TREE"), &module, &err), &err);
        sandbox = open_script(given, module, config);
    } else {
        check(krait_module_open(engine, given->module, &module, &err), &err);
        check(krait_sandbox_new(module, config, &sandbox, &err), &err);
    }
    for (unsigned i = 1; i <= given->calls; i++) {
        if (i < CALLS_MAX && given->before[i] != NULL)
            replace_document(given, given->before[i]);
        (void)fprintf(given->to, "[null, %d]\n", call(sandbox, is_native));
    }
    krait_sandbox_free(sandbox);
    krait_module_close(module);
    krait_engine_free(engine);
}

int
main(int argc, char **argv)
{
    krait_config *config;
    krait_error err;
    options given;
    function functions[FUNCTIONS];

    check(krait_config_new(&config, &err), &err);
    given = parse(argc, argv, config);
    given.to = fopen(given.record, "we");
    if (given.to == NULL)
        fail(given.record);
    for (int i = 0; i < FUNCTIONS; i++) {
        functions[i] = (function){&given, i};
        check(krait_config_add_import(config, KRAIT_ENV_MODULE, names[i], "iiii", "i", record,
                                      &functions[i], &err),
              &err);
    }
    if (strcmp(given.module, "native") != 0) {
        check(krait_config_add_dir(config, given.folder, "/", 0, &err), &err);
        for (int i = 0; i < given.arg_count; i++)
            check(krait_config_add_arg(config, given.args[i], &err), &err);
    }
    run(&given, config);
    krait_config_free(config);
    return fclose(given.to) == 0 ? 0 : 2;
}
