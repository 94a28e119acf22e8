/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_restore [OPTION...] -- [ARG...]: runs `python3 ARG...` in a copy of the memory of another
 * sandbox, to which krait_init was called with KRAIT_INIT_PROGRAM; with --cold by _start, as always.
 *
 *   --cold             from the beginning; so it runs, too, when krait_resume refuses
 *   --preload NAMES    modules for krait_init, with spaces between them
 *   --warm TEXT        a text for krait_init
 *   --loud             the image may write something, which nobody sees
 *   --dir HOST::GUEST  a folder that the program sees, not the image
 *   --both HOST::GUEST the same, and the image sees it, too
 *   --image-dir HOST::GUEST  the other way round
 *   --env NAME=VALUE   for the program, not the image
 *   --times            how long each part took, and the pages that were written, to stderr
 *   --repeat N         runs it so often; --times then has medians
 *
 * The copy is made here, below the API: what is tested is the guest.
 */
#include "api/internal.h"
#include "engine/internal.h"

#include <krait/guest_call.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE_SIZE  4096u
#define MOST_TIMES 1000

typedef struct settings {
    bool cold, times, loud;
    int repeat;
    char *preload;
    const char *warm;
    krait_config *config;
    krait_config *image;
} settings;

typedef struct tally {
    double resume_us[MOST_TIMES], main_us[MOST_TIMES];
    int count;
    size_t image_pages, pages;
} tally;

static void
die(const char *what, const krait_error *err)
{
    (void)fprintf(stderr, "guest_restore: %s: %s\n", what, err != NULL ? err->text : "");
    exit(125);
}

static double
now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Calls an export with the inputs; its result, or exits. */
static uint32_t
call(krait_sandbox *sandbox, const char *name, uint32_t param, const char *const input[2],
     krait_result *result)
{
    krait_cell cells[1] = {{.i32 = param}};
    krait_error err;
    uint32_t func = 0;

    for (size_t i = 0; i < 2; i++) {
        sandbox->inputs[i] = input[i];
        sandbox->input_sizes[i] = strlen(input[i]);
    }
    if (krait__instance_find(sandbox->instance, name, &func, &err) != KRAIT_OK ||
        krait__sandbox_enter(sandbox, func, cells, result, &err) != KRAIT_OK)
        die(name, &err);
    krait__wasi_stop(sandbox->wasi);
    return cells[0].i32;
}

/* The memory of a sandbox in which Python has started. */
static int
make_image(krait_module *module, const settings *s, size_t *ret_size)
{
    const char *const input[2] = {s->preload, s->warm};
    krait_sandbox *sandbox = NULL;
    krait_result result;
    krait_error err;
    const krait_memory *memory;
    int fd = memfd_create("image", MFD_CLOEXEC);

    if (krait_sandbox_new(module, s->image, &sandbox, &err) != KRAIT_OK)
        die("the image", &err);
    if (call(sandbox, "krait_init", KRAIT_INIT_PROGRAM | KRAIT_INIT_IMAGE, input, &result) != 0 ||
        sandbox->ended_by != KRAIT_TRAP_NONE) {
        (void)fprintf(
            stderr, "%s%s%s\n%s\n", sandbox->output[0].size > 0 ? sandbox->output[0].bytes : "",
            sandbox->output[1].size > 0 ? sandbox->output[1].bytes : "",
            krait__buffer_text(&sandbox->message), krait__buffer_text(&sandbox->backtrace));
        die("krait_init", NULL);
    }
    if (!s->loud && sandbox->output[0].size + sandbox->output[1].size > 0)
        (void)fprintf(stderr, "the image wrote: %s%s\n", krait__buffer_text(&sandbox->output[0]),
                      krait__buffer_text(&sandbox->output[1]));
    memory = sandbox->instance->memories[0];
    *ret_size = (size_t)memory->size;
    for (size_t at = 0; at < *ret_size;) {
        ssize_t n = write(fd, (const char *)memory->base + at, *ret_size - at);

        if (n <= 0)
            die("the image cannot be written", NULL);
        at += (size_t)n;
    }
    krait_sandbox_free(sandbox);
    return fd;
}

static void
map_image(krait_sandbox *sandbox, int fd, size_t size)
{
    krait_memory *memory = sandbox->instance->memories[0];

    if (memory->size < size)
        (void)krait__memory_grow(memory, (uint32_t)((size - memory->size) / 65536));
    if (memory->size != size || mmap(memory->base, size, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_FIXED, fd, 0) != (void *)memory->base)
        die("the image cannot be mapped", NULL);
}

/* Pages that differ from the image. */
static size_t
count_pages(const krait_sandbox *sandbox, int fd, size_t size)
{
    const char *base = (const char *)sandbox->instance->memories[0]->base;
    const char *image = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    size_t count = (size_t)(sandbox->instance->memories[0]->size - size) / PAGE_SIZE;

    for (size_t at = 0; at < size; at += PAGE_SIZE)
        count += memcmp(base + at, image + at, PAGE_SIZE) != 0;
    (void)munmap((void *)(uintptr_t)image, size);
    return count;
}

static int
compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), compare);
    return values[count / 2];
}

static void
print_times(const char *what, double *values, int count)
{
    const double middle = median(values, count);

    (void)fprintf(stderr, "%s %.0f us (least %.0f), ", what, middle, values[0]);
}

static int
run_cold(krait_module *module, const settings *s)
{
    krait_sandbox *sandbox = NULL;
    krait_result result = {.exit_code = 0};
    krait_error err;
    double values[MOST_TIMES];

    for (int i = 0; i < s->repeat; i++) {
        double start;

        if (krait_sandbox_new(module, s->config, &sandbox, &err) != KRAIT_OK)
            die("the sandbox", &err);
        start = now_us();
        if (krait_sandbox_run(sandbox, &result, &err) != KRAIT_OK)
            die("the program", &err);
        values[i] = now_us() - start;
        krait_sandbox_free(sandbox);
    }
    if (s->times) {
        print_times("cold", values, s->repeat);
        (void)fprintf(stderr, "no image\n");
    }
    return (int)result.exit_code;
}

static int
run_restored(krait_module *module, const settings *s, int image, size_t size, tally *spent)
{
    static const char *const input[2] = {"", ""};
    krait_sandbox *sandbox = NULL;
    krait_result result;
    krait_error err;
    uint32_t code;
    double start;

    if (krait_sandbox_new(module, s->config, &sandbox, &err) != KRAIT_OK)
        die("the sandbox", &err);
    map_image(sandbox, image, size);
    start = now_us();
    if (call(sandbox, "krait_resume", KRAIT_RESUME_ENVIRON | KRAIT_RESUME_STREAMS, input,
             &result) != 0) {
        krait_sandbox_free(sandbox);
        return run_cold(module, s);
    }
    spent->resume_us[spent->count] = now_us() - start;
    start = now_us();
    code = call(sandbox, "krait_main", 0, input, &result);
    spent->main_us[spent->count++] = now_us() - start;
    if (sandbox->message.size > 0)
        (void)fprintf(stderr, "guest_restore: krait_main: %s\n",
                      krait__buffer_text(&sandbox->message));
    if (sandbox->ended_by == KRAIT_TRAP_EXIT)
        code = result.exit_code;
    else if (sandbox->ended_by != KRAIT_TRAP_NONE)
        code = 0; /* as a cold run is reported here */
    spent->pages = count_pages(sandbox, image, size);
    krait_sandbox_free(sandbox);
    return (int)code;
}

static int
run_warm(krait_module *module, const settings *s)
{
    static tally spent;
    size_t size = 0;
    int image = make_image(module, s, &size);
    int code = 0;

    for (int i = 0; i < s->repeat; i++)
        code = run_restored(module, s, image, size, &spent);
    if (s->times) {
        char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, image, 0);
        static const char zero[PAGE_SIZE];

        for (size_t at = 0; at < size; at += PAGE_SIZE)
            spent.image_pages += memcmp(bytes + at, zero, PAGE_SIZE) != 0;
        print_times("resume", spent.resume_us, spent.count);
        print_times("main", spent.main_us, spent.count);
        (void)fprintf(stderr, "image %zu KiB, written %zu pages\n", spent.image_pages * 4,
                      spent.pages);
    }
    return code;
}

static void
add_grant(krait_config *config, krait_config *other, char *text)
{
    char *guest = strstr(text, "::");
    krait_error err;

    if (guest == NULL)
        die("no HOST::GUEST", NULL);
    *guest = '\0';
    if (krait_config_add_dir(config, text, guest + 2, 0, &err) != KRAIT_OK ||
        (other != NULL && krait_config_add_dir(other, text, guest + 2, 0, &err) != KRAIT_OK))
        die(text, &err);
}

static void
add_variable(krait_config *config, char *text)
{
    char *value = strchr(text, '=');
    krait_error err;

    if (value == NULL)
        die("no NAME=VALUE", NULL);
    *value = '\0';
    if (krait_config_add_env(config, text, value + 1, &err) != KRAIT_OK)
        die(text, &err);
}

/* Where the arguments begin. */
static int
parse(settings *s, int argc, char **argv)
{
    int i;

    for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--cold") == 0)
            s->cold = true;
        else if (strcmp(argv[i], "--times") == 0)
            s->times = true;
        else if (strcmp(argv[i], "--loud") == 0)
            s->loud = true;
        else if (i + 1 == argc)
            die("an argument is missing", NULL);
        else if (strcmp(argv[i], "--preload") == 0)
            s->preload = argv[++i];
        else if (strcmp(argv[i], "--warm") == 0)
            s->warm = argv[++i];
        else if (strcmp(argv[i], "--repeat") == 0)
            s->repeat = atoi(argv[++i]);
        else if (strcmp(argv[i], "--dir") == 0)
            add_grant(s->config, NULL, argv[++i]);
        else if (strcmp(argv[i], "--both") == 0)
            add_grant(s->config, s->image, argv[++i]);
        else if (strcmp(argv[i], "--image-dir") == 0)
            add_grant(s->image, NULL, argv[++i]);
        else if (strcmp(argv[i], "--env") == 0)
            add_variable(s->config, argv[++i]);
        else
            die(argv[i], NULL);
    }
    return i + 1;
}

/* Standard streams that are closed here are closed for the program: nothing else may get their
 * numbers. */
static void
keep_closed(int fds[3])
{
    for (int i = 0; i < 3; i++) {
        fds[i] = fcntl(i, F_GETFD) >= 0 ? i : -1;
        if (fds[i] < 0 && open("/dev/null", O_RDWR) != i)
            die("/dev/null", NULL);
    }
}

static void
configure(settings *s, int argc, char **argv)
{
    static char none[] = "";
    int fds[3];
    krait_error err;

    s->preload = none;
    s->warm = "";
    s->repeat = 1;
    if (krait_config_new(&s->config, &err) != KRAIT_OK ||
        krait_config_new(&s->image, &err) != KRAIT_OK ||
        krait_config_add_arg(s->config, KRAIT_GUEST_PYTHON, &err) != KRAIT_OK)
        die("configuration", &err);
    keep_closed(fds);
    krait_config_set_stdio(s->config, fds[0], fds[1], fds[2]);
    for (int i = parse(s, argc, argv); i < argc; i++) {
        if (krait_config_add_arg(s->config, argv[i], &err) != KRAIT_OK)
            die(argv[i], &err);
    }
    for (char *at = s->preload; *at != '\0'; at++) {
        if (*at == ' ')
            *at = '\n';
    }
    if (s->repeat < 1 || s->repeat > MOST_TIMES)
        die("--repeat", NULL);
}

int
main(int argc, char **argv)
{
    settings s = {.cold = false};
    krait_engine *engine = NULL;
    krait_module *module = NULL;
    krait_error err;
    int code;

    configure(&s, argc, argv);
    if (krait_engine_new(&engine, &err) != KRAIT_OK ||
        krait_python_open(engine, getenv("KRAIT_RUNTIME_TREE"), &module, &err) != KRAIT_OK)
        die("Python", &err);
    code = s.cold ? run_cold(module, &s) : run_warm(module, &s);
    krait_config_free(s.config);
    krait_config_free(s.image);
    krait_module_close(module);
    krait_engine_free(engine);
    return code;
}
