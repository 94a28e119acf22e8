/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a .wasm file to a .krt file: translate into a temporary directory,
 * compile its parts at once, link, check, and put the result in its place.
 *
 * The output's temporary name is made first, so that a directory that cannot
 * be written is known before minutes of work.  Compilers run inside of the
 * temporary directory with relative names: no path gets into the result.
 */
#include "aot/compiler.h"
#include "aot/elf_check.h"
#include "aot/identity.h"
#include "aot/jobs.h"
#include "aot/limits.h"
#include "aot/output.h"
#include "aot/scratch.h"
#include "aot/translate.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/krt.h"

#include <krait/abi.h>
#include <krait/aot.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_JOBS 256
#define MAX_ARGS 32

/* Of a linked module. */
#define MAX_RESULT_BYTES (UINT64_C(1) << 32)

typedef struct build {
    krait_aot_options options;
    krait_compiler compiler;
    krait_parts parts;
    krait_scratch scratch;
    krait_output output;
    uint8_t wasm_sha256[KRAIT_SHA256_SIZE];
    uint32_t flags; /* KRAIT_MODULE_... */
    char opt_flag[16];
    char version[601]; /* first line of the compiler's --version */
    char compiler_define[1100];
    krait_error *err;
} build;

/* ---- the input -------------------------------------------------------------------------- */

static krait_status
read_open_file(int fd, const char *path, uint64_t limit, uint8_t **ret_data, size_t *ret_size,
               krait_error *err)
{
    struct stat status;
    size_t size;
    size_t got = 0;
    uint8_t *data;

    if (fstat(fd, &status) != 0)
        return krait__error_set(err, KRAIT_EINVAL, errno, "cannot read '%s'", path);
    if (S_ISDIR(status.st_mode))
        return krait__error_set(err, KRAIT_EINVAL, EISDIR, "cannot read '%s'", path);
    if ((uint64_t)status.st_size > limit)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "'%s' is larger than %llu bytes", path,
                                (unsigned long long)limit);
    size = (size_t)status.st_size;
    data = krait__alloc(size);
    if (data == NULL)
        return krait__error_nomem(err);
    while (got < size) {
        ssize_t done = read(fd, data + got, size - got);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            int number = done < 0 ? errno : EIO;

            krait__free(data);
            return krait__error_set(err, KRAIT_EINVAL, number, "cannot read '%s'", path);
        }
        got += (size_t)done;
    }
    *ret_data = data;
    *ret_size = size;
    return KRAIT_OK;
}

static krait_status
read_file(const char *path, uint64_t limit, uint8_t **ret_data, size_t *ret_size, krait_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    krait_status status;

    if (fd < 0)
        return krait__error_set(
            err, errno == ENOENT || errno == ENOTDIR ? KRAIT_ENOTFOUND : KRAIT_EINVAL, errno,
            "cannot open '%s'", path);
    status = read_open_file(fd, path, limit, ret_data, ret_size, err);
    close(fd);
    return status;
}

/* ---- the result ------------------------------------------------------------------------- */

static krait_status
write_sealed(build *b, const uint8_t *object, size_t size, uint64_t cpu)
{
    krait_identity identity = {.compiler = b->version, .opt_flag = b->opt_flag, .flags = b->flags};
    krait_krt_seal seal = {.cpu = cpu};
    krait_text text = {0};
    krait_status status;

    memcpy(seal.wasm_sha256, b->wasm_sha256, sizeof(seal.wasm_sha256));
    krait__identity_write(&text, &identity);
    if (text.no_memory)
        status = krait__error_nomem(b->err);
    else
        status = krait__krt_seal(&seal, object, size, text.data, b->err);
    if (status == KRAIT_OK)
        status = krait__output_write(&b->output, object, size, b->err);
    if (status == KRAIT_OK)
        status = krait__output_write(&b->output, text.data, seal.text_size, b->err);
    if (status == KRAIT_OK)
        status = krait__output_write(&b->output, &seal, sizeof(seal), b->err);
    krait__text_release(&text);
    return status;
}

/* Checks what the compilers made, seals it, and gives it its name. */
static krait_status
take_result(build *b)
{
    char from[sizeof(b->scratch.path) + 16];
    uint8_t *data = NULL;
    size_t size = 0;
    uint64_t cpu = 0;
    krait_status status;

    snprintf(from, sizeof(from), "%s/module.krt", b->scratch.path);
    status = read_file(from, MAX_RESULT_BYTES, &data, &size, b->err);
    if (status == KRAIT_OK)
        status = krait__elf_check(data, size, &cpu, b->err);
    if (status == KRAIT_OK)
        status = write_sealed(b, data, size, cpu);
    krait__free(data);
    if (status == KRAIT_OK)
        status = krait__output_commit(&b->output, b->err);
    /* What the compiler made is not the caller's mistake. */
    if (status == KRAIT_EFORMAT || status == KRAIT_ENOTFOUND || status == KRAIT_EINVAL) {
        status = KRAIT_EIO;
        if (b->err != NULL)
            b->err->code = status;
    }
    return status;
}

/* ---- compiling -------------------------------------------------------------------------- */

typedef struct command {
    char *argv[MAX_ARGS];
    unsigned count;
    char file[24];
} command;

/* exec's interface takes char * and promises not to write. */
static void
add_arg(command *c, const char *arg)
{
    char *writable;

    memcpy(&writable, &arg, sizeof(writable));
    if (c->count + 1 < MAX_ARGS)
        c->argv[c->count++] = writable;
}

static void
add_args(command *c, const char *const *args)
{
    for (; *args != NULL; args++)
        add_arg(c, *args);
}

/* A module of one part is compiled as one file: starting compilers would be most of the work. */
static bool
is_whole(const build *b)
{
    return b->parts.count == 1;
}

/* Files that are compiled. */
static unsigned
file_count(const build *b)
{
    return is_whole(b) ? 1 : b->parts.count + 2;
}

static void
fill_compile(build *b, command *c, const char *name, const char *suffix)
{
    snprintf(c->file, sizeof(c->file), "%s%s", name, suffix);
    add_arg(c, b->compiler.path);
    add_args(c, krait__compiler_flags);
    add_arg(c, b->opt_flag);
    if (strcmp(name, "module") == 0) {
        add_arg(c, b->compiler_define);
        if (is_whole(b))
            add_arg(c, "-DK_WHOLE");
    }
    add_arg(c, "-c");
    add_arg(c, c->file);
}

/* The most expensive parts first, so that no long one is left for the end. */
static int
compare_parts(const void *left, const void *right)
{
    const krait_part *a = left;
    const krait_part *b = right;

    if (a->cost != b->cost)
        return a->cost > b->cost ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

static krait_status
compile(build *b)
{
    unsigned parts = is_whole(b) ? 0 : b->parts.count;
    unsigned count = file_count(b);
    command *commands = krait__calloc(count, sizeof(*commands));
    krait_job *jobs = krait__calloc(count, sizeof(*jobs));
    krait_part *order = krait__memdup(b->parts.parts, b->parts.count * sizeof(*order));
    krait_status status = KRAIT_OK;
    unsigned i;

    if (commands == NULL || jobs == NULL || order == NULL) {
        status = krait__error_nomem(b->err);
    } else {
        /* `first` is not needed any more; it becomes the number in the file's name. */
        for (i = 0; i < b->parts.count; i++)
            order[i].first = i;
        qsort(order, b->parts.count, sizeof(*order), compare_parts);
        for (i = 0; i < parts; i++) {
            char name[16];

            snprintf(name, sizeof(name), "part_%03u", order[i].first);
            fill_compile(b, &commands[i], name, ".c");
        }
        fill_compile(b, &commands[parts], "module", ".c");
        if (!is_whole(b))
            fill_compile(b, &commands[parts + 1], "tables", ".S");
        for (i = 0; i < count; i++)
            jobs[i] = (krait_job){commands[i].argv, commands[i].file};
        status = krait__jobs_run(jobs, count, b->scratch.path, &b->options, 1, count + 2, NULL,
                                 b->err);
    }
    krait__free(commands);
    krait__free(jobs);
    krait__free(order);
    return status;
}

/* Names of all objects in a response file: there may be a thousand. */
static krait_status
write_object_list(build *b)
{
    char path[sizeof(b->scratch.path) + 16];
    krait_text text = {0};
    krait_status status = KRAIT_OK;
    unsigned i;
    int fd;

    for (i = 0; !is_whole(b) && i < b->parts.count; i++)
        krait__text_fmt(&text, "part_%03u.o\n", i);
    krait__text_str(&text, is_whole(b) ? "module.o\n" : "module.o\ntables.o\n");
    snprintf(path, sizeof(path), "%s/objects", b->scratch.path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || text.no_memory || write(fd, text.data, text.size) != (ssize_t)text.size)
        status = krait__error_set(b->err, KRAIT_EIO, errno, "cannot write '%s'", path);
    if (fd >= 0)
        close(fd);
    krait__text_release(&text);
    return status;
}

static krait_status
link_module(build *b)
{
    command link = {.count = 0};
    krait_job job = {link.argv, "the linked module"};
    krait_status status = write_object_list(b);

    if (status != KRAIT_OK)
        return status;
    add_arg(&link, b->compiler.path);
    add_args(&link, krait__compiler_link_flags);
    add_arg(&link, "-o");
    add_arg(&link, "module.krt");
    add_arg(&link, "@objects");
    add_arg(&link, "-lm");
    return krait__jobs_run(&job, 1, b->scratch.path, &b->options, file_count(b) + 1,
                           file_count(b) + 2, NULL, b->err);
}

/* ---- what it was made with -------------------------------------------------------------- */

/* Only what a C string literal takes as it is. */
static void
clean_line(char *text)
{
    for (; *text != '\0' && *text != '\n'; text++) {
        if (*text < 0x20 || *text > 0x7e || *text == '"' || *text == '\\')
            *text = '?';
    }
    *text = '\0';
}

static krait_status
ask_version(build *b)
{
    char output[KRAIT_JOB_OUTPUT + 1];
    command ask = {.count = 0};
    krait_job job = {ask.argv, "--version"};
    krait_aot_options quiet = b->options;
    krait_status status;

    quiet.progress = NULL;
    quiet.log = NULL;
    add_arg(&ask, b->compiler.path);
    add_arg(&ask, "--version");
    status = krait__jobs_run(&job, 1, b->scratch.path, &quiet, 0, 1, output, b->err);
    if (status != KRAIT_OK)
        return status;
    clean_line(output);
    snprintf(b->version, sizeof(b->version), "%.600s", output);
    snprintf(b->compiler_define, sizeof(b->compiler_define),
             "-DK_COMPILER=\"krait aot %d; %s; %s%s%s\"", KRAIT_AOT_REVISION, b->version,
             b->opt_flag, (b->flags & KRAIT_MODULE_METERED) != 0 ? "; metered" : "",
             (b->flags & KRAIT_MODULE_CHECKED) != 0 ? "; bounds-checked" : "");
    return KRAIT_OK;
}

static krait_status
take_options(build *b, const krait_aot_options *options)
{
    krait_aot_options defaults = KRAIT_AOT_OPTIONS_INIT;
    const char *level;

    b->options = options != NULL ? *options : defaults;
    if (b->options.size != sizeof(b->options))
        return krait__error_set(b->err, KRAIT_EINVAL, 0, "options of another version");
    if (b->options.jobs == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);

        b->options.jobs = processors > 0 && processors < MAX_JOBS ? (unsigned)processors : 1;
    }
    if (b->options.jobs > MAX_JOBS)
        return krait__error_set(b->err, KRAIT_EINVAL, 0, "at most %d jobs are possible", MAX_JOBS);
    if (b->options.parts > KRAIT_EMIT_MAX_PARTS)
        return krait__error_set(b->err, KRAIT_EINVAL, 0, "at most %u parts are possible",
                                KRAIT_EMIT_MAX_PARTS);
    level = b->options.opt_level != NULL ? b->options.opt_level : "2";
    /* Not "fast": its arithmetic is another. */
    if (strlen(level) != 1 || strchr("0123sgz", level[0]) == NULL)
        return krait__error_set(b->err, KRAIT_EINVAL, 0, "'%s' is not an optimisation level",
                                level);
    snprintf(b->opt_flag, sizeof(b->opt_flag), "-O%s", level);
    b->flags = (b->options.meter != 0 ? (uint32_t)KRAIT_MODULE_METERED : 0) |
               (b->options.bounds_checked != 0 ? (uint32_t)KRAIT_MODULE_CHECKED : 0);
    return KRAIT_OK;
}

/* ---- all together ----------------------------------------------------------------------- */

static krait_status
translate_bytes(build *b, const uint8_t *data, size_t size)
{
    krait_status status = KRAIT_OK;

    if (b->options.emit_c != NULL)
        status = krait__translate_into(data, size, b->options.emit_c, b->options.parts, b->flags,
                                       b->err);
    if (status != KRAIT_OK)
        return status;
    krait__sha256(data, size, b->wasm_sha256);
    return krait__translate(data, size, b->scratch.fd, b->options.parts, b->flags, &b->parts,
                            b->err);
}

static krait_status
translate_file(build *b, const char *wasm_path)
{
    uint8_t *data = NULL;
    size_t size = 0;
    krait_status status = read_file(wasm_path, KRAIT_WASM_MAX_MODULE_BYTES, &data, &size, b->err);

    if (status != KRAIT_OK)
        return status;
    status = translate_bytes(b, data, size);
    krait__free(data);
    if (status != KRAIT_OK) {
        (void)krait__error_context(b->err, "'%s'", wasm_path);
        return status;
    }
    if (b->options.progress != NULL)
        b->options.progress(b->options.user, 1, file_count(b) + 2);
    return KRAIT_OK;
}

static krait_status
run(build *b, const char *wasm_path, const char *krt_path)
{
    krait_status status = krait__scratch_open(&b->scratch, b->err);

    if (status == KRAIT_OK)
        status = translate_file(b, wasm_path);
    if (status == KRAIT_OK)
        status = krait__output_open(&b->output, krt_path, b->err);
    if (status == KRAIT_OK)
        status = krait__compiler_find(b->options.cc, getenv("KRAIT_CC"), &b->compiler, b->err);
    if (status == KRAIT_OK)
        status = ask_version(b);
    if (status == KRAIT_OK)
        status = compile(b);
    if (status == KRAIT_OK)
        status = link_module(b);
    if (status == KRAIT_OK)
        status = take_result(b);
    return status;
}

krait_status
krait_aot_compile(const char *wasm_path, const char *krt_path, const krait_aot_options *options,
                  krait_error *err)
{
    build *b = krait__calloc(1, sizeof(*b));
    krait_status status;

    if (b == NULL)
        return krait__error_nomem(err);
    b->err = err;
    b->output.fd = -1;
    status = take_options(b, options);
    if (status == KRAIT_OK)
        status = run(b, wasm_path, krt_path);
    krait__output_close(&b->output);
    krait__scratch_close(&b->scratch);
    krait__compiler_release(&b->compiler);
    krait__free(b->parts.parts);
    krait__free(b);
    return status;
}
