/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a .wasm file to a .krt file: translate into a temporary directory,
 * compile its parts at once, link, check, and put the result in its place.
 *
 * The output's temporary name is made first, so that a directory that cannot
 * be written is known before minutes of work.  Compilers run inside of the
 * temporary directory with relative names: no path gets into the result.
 */
#include "aot/build.h"
#include "aot/compiler.h"
#include "aot/elf_check.h"
#include "aot/identity.h"
#include "aot/input.h"
#include "aot/jobs.h"
#include "aot/limits.h"
#include "aot/options.h"
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

#define MAX_ARGS 40

/* Of a linked module. */
#define MAX_RESULT_BYTES (UINT64_C(1) << 32)

typedef struct build {
    krait_aot_options options;
    krait_compiler compiler;
    krait_confine confine;
    krait_parts parts;
    uint64_t deadline_ms;
    krait_text reduced; /* names of files that were compiled with -O0 */
    char *first;        /* what options.first holds, or NULL */
    krait_scratch scratch;
    krait_output output;
    uint8_t wasm_sha256[KRAIT_SHA256_SIZE];
    uint32_t flags; /* KRAIT_MODULE_... */
    char opt_flag[16];
    char version[601]; /* first line of the compiler's --version */
    char compiler_define[1100];
    krait_error *err;
} build;

/* ---- the result ------------------------------------------------------------------------- */

static krait_status
write_sealed(build *b, const uint8_t *object, size_t size, uint64_t cpu)
{
    krait_identity identity = {.compiler = b->version,
                               .opt_flag = b->opt_flag,
                               .flags = b->flags,
                               .first = b->first,
                               .reduced = b->reduced.no_memory ? NULL : b->reduced.data};
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
    status = krait__input_read(from, MAX_RESULT_BYTES, &data, &size, b->err);
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
} command;

/* One file to compile: as asked for, and without optimisation. */
typedef struct unit {
    command first;
    command second;
    char file[24];
    char what[160];
} unit;

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
fill_command(build *b, command *c, const char *file, const char *opt_flag, bool is_module)
{
    add_arg(c, b->compiler.path);
    add_args(c, krait__compiler_flags);
    add_arg(c, opt_flag);
    if (is_module) {
        add_arg(c, b->compiler_define);
        if (is_whole(b))
            add_arg(c, "-DK_WHOLE");
    }
    add_arg(c, "-c");
    add_arg(c, file);
}

/* `part` is NULL for what holds no function of the module.  */
static krait_job
fill_unit(build *b, unit *u, const char *name, const char *suffix, const krait_part *part)
{
    bool is_module = strcmp(name, "module") == 0;
    bool is_plain = part != NULL && part->is_plain;
    krait_job job = {.argv = u->first.argv, .what = u->what};

    snprintf(u->file, sizeof(u->file), "%s%s", name, suffix);
    fill_command(b, &u->first, u->file, is_plain ? "-O0" : b->opt_flag, is_module);
    if (part == NULL || part->end == part->first) {
        snprintf(u->what, sizeof(u->what), "%s", u->file);
        return job;
    }
    if (part->end - part->first == 1)
        snprintf(u->what, sizeof(u->what), "function %u%s%s%s", part->largest,
                 part->name[0] != '\0' ? " '" : "", part->name, part->name[0] != '\0' ? "'" : "");
    else
        snprintf(u->what, sizeof(u->what), "functions %u to %u (the largest is %u%s%s%s)",
                 part->first, part->end - 1, part->largest, part->name[0] != '\0' ? " '" : "",
                 part->name, part->name[0] != '\0' ? "'" : "");
    if (!is_plain && strcmp(b->opt_flag, "-O0") != 0) {
        fill_command(b, &u->second, u->file, "-O0", is_module);
        job.second_argv = u->second.argv;
    }
    return job;
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

static krait_jobs_setting
setting_of(const build *b)
{
    return (krait_jobs_setting){.directory = b->scratch.path,
                                .options = &b->options,
                                .confine = &b->confine,
                                .deadline_ms = b->deadline_ms,
                                .total = file_count(b) + 2};
}

/* Jobs of all files; `order` has the parts, the most expensive first. */
static void
fill_units(build *b, const krait_part *order, unit *units, krait_job *jobs)
{
    unsigned parts = is_whole(b) ? 0 : b->parts.count;
    unsigned i;

    for (i = 0; i < parts; i++) {
        char name[16];

        snprintf(name, sizeof(name), "part_%03u", order[i].number);
        jobs[i] = fill_unit(b, &units[i], name, ".c", &order[i]);
    }
    jobs[parts] = fill_unit(b, &units[parts], "module", ".c", is_whole(b) ? b->parts.parts : NULL);
    if (!is_whole(b))
        jobs[parts + 1] = fill_unit(b, &units[parts + 1], "tables", ".S", NULL);
}

/* Tells the caller, and keeps it for the seal. */
static void
note_reduced(build *b, const char *file, const char *what, const char *why)
{
    char line[300];

    snprintf(line, sizeof(line), "%s: compiled without optimisation: %s", what, why);
    if (b->options.note != NULL)
        b->options.note(b->options.user, line);
    krait__text_fmt(&b->reduced, "%s%s", b->reduced.size != 0 ? " " : "", file);
}

static void
note_all_reduced(build *b, const unit *units, const krait_job *jobs)
{
    unsigned i;

    for (i = 0; i < file_count(b); i++) {
        const char *first = jobs[i].second_argv == NULL ? "-O0" : b->opt_flag;

        if (jobs[i].was_second)
            note_reduced(b, units[i].file, units[i].what, "the compiler failed at first");
        else if (strcmp(first, b->opt_flag) != 0 && units[i].what[0] == 'f')
            note_reduced(b, units[i].file, units[i].what, "too many instructions");
    }
    /* A string for the seal. */
    if (b->reduced.size != 0)
        krait__text_add(&b->reduced, "", 1);
}

static krait_status
compile(build *b)
{
    unsigned count = file_count(b);
    unit *units = krait__calloc(count, sizeof(*units));
    krait_job *jobs = krait__calloc(count, sizeof(*jobs));
    krait_part *order = krait__memdup(b->parts.parts, b->parts.count * sizeof(*order));
    krait_jobs_setting setting = setting_of(b);
    krait_status status = KRAIT_OK;
    unsigned i;

    if (units == NULL || jobs == NULL || order == NULL) {
        status = krait__error_nomem(b->err);
    } else {
        for (i = 0; i < b->parts.count; i++)
            order[i].number = i;
        qsort(order, b->parts.count, sizeof(*order), compare_parts);
        fill_units(b, order, units, jobs);
        status = krait__jobs_run(jobs, count, &setting, 1, NULL, b->err);
        if (status == KRAIT_OK)
            note_all_reduced(b, units, jobs);
    }
    krait__free(units);
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
    krait_job job = {.argv = link.argv, .what = "the linked module"};
    krait_jobs_setting setting = setting_of(b);
    krait_status status = write_object_list(b);

    if (status != KRAIT_OK)
        return status;
    add_arg(&link, b->compiler.path);
    add_args(&link, krait__compiler_link_flags);
    add_arg(&link, "-o");
    add_arg(&link, "module.krt");
    add_arg(&link, "@objects");
    add_arg(&link, "-lm");
    return krait__jobs_run(&job, 1, &setting, file_count(b) + 1, NULL, b->err);
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
    krait_job job = {.argv = ask.argv, .what = "--version"};
    krait_aot_options quiet = b->options;
    krait_jobs_setting setting = setting_of(b);
    krait_status status;

    quiet.progress = NULL;
    quiet.log = NULL;
    setting.options = &quiet;
    add_arg(&ask, b->compiler.path);
    add_arg(&ask, "--version");
    status = krait__jobs_run(&job, 1, &setting, 0, output, b->err);
    if (status != KRAIT_OK)
        return status;
    clean_line(output);
    snprintf(b->version, sizeof(b->version), "%.600s", output);
    snprintf(b->compiler_define, sizeof(b->compiler_define),
             "-DK_COMPILER=\"krait aot %u; %s; %s%s%s\"", KRAIT_TRANSLATOR_REVISION, b->version,
             b->opt_flag, (b->flags & KRAIT_MODULE_METERED) != 0 ? "; metered" : "",
             (b->flags & KRAIT_MODULE_CHECKED) != 0 ? "; bounds-checked" : "");
    return KRAIT_OK;
}

/* ---- all together ----------------------------------------------------------------------- */

static krait_status
translate_bytes(build *b, const uint8_t *data, size_t size)
{
    krait_translation how = {.parts = b->options.parts,
                             .flags = b->flags,
                             .plain_function = b->options.plain_function,
                             .max_function = b->options.max_function,
                             .first = b->first};
    krait_status status = KRAIT_OK;

    if (b->options.emit_c != NULL)
        status = krait__translate_into(data, size, b->options.emit_c, &how, b->err);
    if (status != KRAIT_OK)
        return status;
    krait__sha256(data, size, b->wasm_sha256);
    status = krait__translate(data, size, b->scratch.fd, &how, &b->parts, b->err);
    if (status == KRAIT_OK && how.first_unknown != 0 && b->options.note != NULL) {
        char line[80];

        snprintf(line, sizeof(line), "it has no functions of %u names that were to come first",
                 how.first_unknown);
        b->options.note(b->options.user, line);
    }
    return status;
}

static krait_status
translate_module(build *b, const uint8_t *data, size_t size, const char *name)
{
    krait_status status = translate_bytes(b, data, size);

    if (status != KRAIT_OK) {
        (void)krait__error_context(b->err, "'%s'", name);
        return status;
    }
    if (b->options.progress != NULL)
        b->options.progress(b->options.user, 1, file_count(b) + 2);
    return KRAIT_OK;
}

static void
take_options(build *b)
{
    snprintf(b->opt_flag, sizeof(b->opt_flag), "-O%s", b->options.opt_level);
    b->flags = krait__options_flags(&b->options);
    b->deadline_ms = b->options.timeout_s == KRAIT_AOT_NO_LIMIT
                         ? UINT64_MAX
                         : krait__jobs_clock_ms() + (uint64_t)b->options.timeout_s * 1000;
}

static krait_status
prepare_compiler(build *b)
{
    krait_status status = krait__compiler_find(b->options.cc, getenv("KRAIT_CC"), &b->compiler,
                                               b->err);
    char line[256];

    if (status == KRAIT_OK)
        status = krait__confine_prepare(&b->confine, &b->options, b->scratch.path, b->compiler.path,
                                        b->err);
    if (status == KRAIT_OK && b->options.log != NULL) {
        krait__confine_describe(&b->confine, line, sizeof(line));
        b->options.log(b->options.user, line);
    }
    return status == KRAIT_OK ? ask_version(b) : status;
}

static krait_status
run(build *b, const uint8_t *data, size_t size, const char *name, const char *krt_path)
{
    krait_status status = krait__scratch_open(&b->scratch, b->err);

    if (status == KRAIT_OK && b->options.first != NULL)
        status = krait__input_text(b->options.first, KRAIT_FIRST_MAX_BYTES, &b->first, b->err);
    if (status == KRAIT_OK)
        status = translate_module(b, data, size, name);
    if (status == KRAIT_OK)
        status = krait__output_open(&b->output, krt_path, b->err);
    if (status == KRAIT_OK)
        status = prepare_compiler(b);
    if (status == KRAIT_OK) {
        status = compile(b);
        if (status == KRAIT_OK)
            status = link_module(b);
        /* It was the module that needed more than the limits. */
        if (status == KRAIT_ELIMIT && b->err != NULL)
            (void)krait__error_context(b->err, "'%s'", name);
    }
    if (status == KRAIT_OK)
        status = take_result(b);
    return status;
}

krait_status
krait__build(const uint8_t *data, size_t size, const char *name, const char *krt_path,
             const krait_aot_options *options, krait_error *err)
{
    build *b = krait__calloc(1, sizeof(*b));
    krait_status status;

    if (b == NULL)
        return krait__error_nomem(err);
    b->err = err;
    b->output.fd = -1;
    b->confine.landlock = -1;
    status = krait__options_take(options, &b->options, err);
    if (status == KRAIT_OK) {
        take_options(b);
        status = run(b, data, size, name, krt_path);
    }
    krait__output_close(&b->output);
    krait__scratch_close(&b->scratch);
    krait__confine_release(&b->confine);
    krait__compiler_release(&b->compiler);
    krait__text_release(&b->reduced);
    krait__free(b->first);
    krait__free(b->parts.parts);
    krait__free(b);
    return status;
}

krait_status
krait_aot_compile(const char *wasm_path, const char *krt_path, const krait_aot_options *options,
                  krait_error *err)
{
    uint8_t *data = NULL;
    size_t size = 0;
    krait_status status = krait__input_read(wasm_path, KRAIT_WASM_MAX_MODULE_BYTES, &data, &size,
                                            err);

    if (status == KRAIT_OK)
        status = krait__build(data, size, wasm_path, krt_path, options, err);
    krait__free(data);
    return status;
}
