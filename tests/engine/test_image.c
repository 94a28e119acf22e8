/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images: an instance that was made from one, or brought back to it, is equal to it bit for bit,
 * whatever happened in between, in each way of finding what was written.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/guest.h"
#include "engine/image_internal.h"
#include "support/check.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define PAGE 65536u

/* Where the host function lets the kernel write these bytes; -1: nowhere. */
static int kernel_fd = -1;
static uint32_t kernel_at;

static krait_trap
host_twice(void *env, krait_ctx *ctx, krait_cell *slots)
{
    (void)env;
    if (kernel_fd >= 0)
        CHECK_INT(pread(kernel_fd, krait__guest_span(ctx, kernel_at, 100), 100, 0), 100);
    slots[0].i32 *= 2;
    return KRAIT_TRAP_NONE;
}

static const krait_host_import host_imports[] = {{"host", "twice", "i", "i", host_twice, NULL}};

typedef struct fixture {
    krait_module *module;
    krait_instance *first; /* what the image is of */
    krait_image *image;
    int fd;
    void *state;
    size_t state_size;
    krait_error err;
} fixture;

static uint32_t
call(krait_instance *instance, const char *name, uint32_t a, uint32_t b, krait_trap *ret_trap)
{
    krait_cell cells[3] = {{.i32 = a}, {.i32 = b}};
    krait_outcome outcome = {.trap = KRAIT_TRAP_COUNT};
    krait_error err = {.text = ""};
    uint32_t func = 0;

    if (krait__instance_find(instance, name, &func, &err) != KRAIT_OK ||
        krait__instance_call(instance, func, cells, &outcome, &err) != KRAIT_OK)
        printf("call %s: %s\n", name, err.text);
    if (ret_trap != NULL)
        *ret_trap = outcome.trap;
    else
        CHECK_INT(outcome.trap, KRAIT_TRAP_NONE);
    return cells[0].i32;
}

static krait_status
new_instance(fixture *f, krait_image *image, uint64_t limit, uint64_t keep,
             krait_instance **ret_instance)
{
    const krait_instance_options options = {.imports = host_imports,
                                            .import_count = 1,
                                            .memory_limit_bytes = limit,
                                            .stack_size_bytes = 1 << 20,
                                            .image = image,
                                            .keep_bytes = keep};

    return krait__instance_new(f->module, &options, ret_instance, &f->err);
}

/* The memory of an instance in a file, after some bytes of something else. */
static int
write_memory(const krait_instance *instance, uint64_t offset)
{
    uint64_t size = 0;
    const uint8_t *bytes = krait__instance_memory(instance, &size);
    int fd = memfd_create("image", MFD_CLOEXEC);

    if (fd >= 0 && pwrite(fd, bytes, size, (off_t)offset) != (ssize_t)size) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Two pages of memory, a counter at 9, a table of 6, and a dropped segment. */
static bool
fixture_open(fixture *f)
{
    krait_image_parts parts = {.offset = 4096};
    uint64_t size = 0;

    memset(f, 0, sizeof(*f));
    if (krait__signals_install(&f->err) != KRAIT_OK ||
        krait__module_open(KRAIT_TEST_MODULE, &f->module, &f->err) != KRAIT_OK ||
        new_instance(f, NULL, 0, 0, &f->first) != KRAIT_OK)
        return false;
    (void)call(f->first, "grow", 1, 0, NULL);
    for (uint32_t at = 0; at < 2 * PAGE; at += 12288)
        (void)call(f->first, "store", at, at + 1, NULL);
    (void)call(f->first, "counter", 0, 0, NULL);
    (void)call(f->first, "counter", 0, 0, NULL);
    (void)krait__table_resize(f->first->store, f->first->tables[0], 6);
    krait__table_put(f->first->tables[0], 5, &f->first->funcs[0]);
    (void)krait__instance_memory(f->first, &size);
    parts.fd = f->fd = write_memory(f->first, parts.offset);
    parts.memory_bytes = size;
    if (krait__instance_save(f->first, &f->state, &f->state_size, &f->err) != KRAIT_OK)
        return false;
    parts.state = f->state;
    parts.state_size = f->state_size;
    return krait__image_open(f->module, &parts, &f->image, &f->err) == KRAIT_OK &&
           krait__image_prepare(f->image, &f->err) == KRAIT_OK;
}

static void
fixture_close(fixture *f)
{
    krait__image_close(f->image);
    krait__instance_free(f->first);
    krait__module_close(f->module);
    krait__free(f->state);
    close(f->fd);
}

#define OPEN(f)                                                                                    \
    fixture f;                                                                                     \
    if (!fixture_open(&f)) {                                                                       \
        printf("%s\n", f.err.text);                                                                \
        REQUIRE(false);                                                                            \
    }

/* Everything that a guest can see or reach. */
static bool
is_image(const fixture *f, krait_instance *instance)
{
    uint64_t size = 0;
    const uint8_t *bytes = krait__instance_memory(instance, &size);
    void *state = NULL;
    size_t state_size = 0;
    bool equal = size == f->image->memory_bytes && memcmp(bytes, f->image->bytes, size) == 0;

    equal = equal && krait__instance_save(instance, &state, &state_size, NULL) == KRAIT_OK &&
            state_size == f->state_size && memcmp(state, f->state, state_size) == 0;
    krait__free(state);
    return equal && instance->ctx.fuel == instance->fuel_given && instance->signals == 0 &&
           instance->cancelled == 0;
}

/* What a guest could do in any number of calls. */
static void
spoil(krait_instance *instance, unsigned seed)
{
    uint32_t pages = seed % 3;

    srand(seed);
    if (pages != 0)
        (void)call(instance, "grow", pages, 0, NULL);
    for (unsigned i = 0; i < 1 + seed % 40; i++)
        (void)call(instance, "store", (uint32_t)rand() % ((2 + pages) * PAGE - 4), (uint32_t)rand(),
                   NULL);
    for (unsigned i = 0; i < seed % 5; i++)
        (void)call(instance, "counter", 0, 0, NULL);
    if (seed % 2 == 0)
        krait__table_put(instance->tables[0], seed % 6, NULL);
    if (seed % 4 == 0)
        (void)krait__table_grow(instance->store, instance->tables[0], &instance->funcs[1], 2);
    instance->data_dropped[0] = false;
    if (seed % 7 == 0)
        krait__instance_signal(instance, 9);
    if (seed % 11 == 0)
        krait__instance_cancel(instance);
}

static void
copies(void)
{
    OPEN(f);
    krait_instance *copies[3];

    for (size_t i = 0; i < 3; i++)
        REQUIRE(new_instance(&f, f.image, 0, 0, &copies[i]) == KRAIT_OK);
    for (size_t i = 0; i < 3; i++)
        CHECK(is_image(&f, copies[i]));
    (void)call(copies[0], "store", 50, 77, NULL);
    (void)call(copies[0], "counter", 0, 0, NULL);
    CHECK_INT(call(copies[1], "load", 50, 0, NULL), 0);
    CHECK_INT(call(copies[1], "counter", 0, 0, NULL), 9);
    CHECK_INT(call(copies[0], "counter", 0, 0, NULL), 10);
    CHECK_INT(call(copies[2], "load", 12288, 0, NULL), 12289);
    CHECK(is_image(&f, copies[2]));
    for (size_t i = 0; i < 3; i++)
        krait__instance_free(copies[i]);
    CHECK_INT(krait__instance_restore(f.first, &f.err), KRAIT_EINVAL);
    fixture_close(&f);
}

static void
restore_in_mode(krait_dirty_mode mode, uint64_t keep)
{
    OPEN(f);
    krait_instance *instance = NULL;

    krait__image_set_mode(f.image, mode);
    REQUIRE(new_instance(&f, f.image, 0, keep, &instance) == KRAIT_OK);
    for (unsigned seed = 0; seed < 400; seed++) {
        spoil(instance, seed);
        REQUIRE(krait__instance_restore(instance, &f.err) == KRAIT_OK);
        REQUIRE(is_image(&f, instance));
        CHECK(krait__store_charge(instance->store, &instance->store->memory_bytes, 0));
        CHECK_UINT(instance->store->memory_bytes, 2 * PAGE);
    }
    krait__instance_free(instance);
    fixture_close(&f);
}

static void
restores(void)
{
    restore_in_mode(KRAIT_DIRTY_SCAN, 0);
    restore_in_mode(KRAIT_DIRTY_PAGEMAP, 0);
    restore_in_mode(KRAIT_DIRTY_UNKNOWN, 0);
}

/* More was written than may stay. */
static void
gives_pages_back(void)
{
    restore_in_mode(KRAIT_DIRTY_SCAN, 8192);
    restore_in_mode(KRAIT_DIRTY_PAGEMAP, 8192);
}

static void
after_traps(void)
{
    static const char *const names[] = {"unreachable", "recurse", "shadow", "load_far"};
    OPEN(f);
    krait_instance *instance = NULL;

    REQUIRE(new_instance(&f, f.image, 0, 0, &instance) == KRAIT_OK);
    for (unsigned i = 0; i < 40; i++) {
        krait_trap trap = KRAIT_TRAP_NONE;

        spoil(instance, 2 * i + 1);
        krait__instance_uncancel(instance);
        (void)call(instance, names[i % 4], 0, 0, &trap);
        CHECK(trap != KRAIT_TRAP_NONE);
        REQUIRE(krait__instance_restore(instance, &f.err) == KRAIT_OK);
        REQUIRE(is_image(&f, instance));
        CHECK_INT(call(instance, "add", 40, 2, NULL), 42);
    }
    krait__instance_free(instance);
    fixture_close(&f);
}

/* A guest that takes no signals is stopped by one, and can be used again after it went back. */
static void
after_a_stop(void)
{
    OPEN(f);
    krait_instance *instance = NULL;
    krait_trap trap = KRAIT_TRAP_NONE;

    REQUIRE(new_instance(&f, f.image, 0, 0, &instance) == KRAIT_OK);
    instance->signal_code = NULL;
    for (int i = 0; i < 6; i++) {
        if (i % 2 == 0)
            krait__instance_signal(instance, 9);
        else
            krait__instance_cancel(instance);
        if (i < 4) {
            (void)call(instance, "counter", 0, 0, &trap);
            CHECK_INT(trap, KRAIT_TRAP_INTERRUPTED);
        }
        REQUIRE(krait__instance_restore(instance, &f.err) == KRAIT_OK);
        CHECK_INT(call(instance, "counter", 0, 0, NULL), 9);
        REQUIRE(krait__instance_restore(instance, &f.err) == KRAIT_OK);
    }
    krait__instance_free(instance);
    fixture_close(&f);
}

/* Stacks wait without what a deep recursion left in them. */
static void
deep_stacks(void)
{
    OPEN(f);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    krait_instance *instance = NULL;
    krait_trap trap = KRAIT_TRAP_NONE;
    unsigned char there[256];
    const krait_stack *stack;
    size_t pages;
    size_t count = 0;

    REQUIRE(new_instance(&f, f.image, 0, 0, &instance) == KRAIT_OK);
    (void)call(instance, "recurse", 0, 0, &trap);
    CHECK_INT(trap, KRAIT_TRAP_STACK);
    REQUIRE(f.module->stacks.count == 1);
    stack = &f.module->stacks.stacks[0];
    pages = (size_t)(stack->top - stack->usable) / page;
    REQUIRE(pages == sizeof(there) && mincore(stack->usable, pages * page, there) == 0);
    for (size_t i = 0; i < pages; i++)
        count += there[i] & 1;
    CHECK(count <= 256 * 1024 / page);
    krait__instance_free(instance);
    fixture_close(&f);
}

/* What was added is gone: it traps, and is zeros when it is added again. */
static void
grown_memory(void)
{
    OPEN(f);
    krait_instance *instance = NULL;
    krait_trap trap = KRAIT_TRAP_NONE;

    REQUIRE(new_instance(&f, f.image, 0, 0, &instance) == KRAIT_OK);
    for (unsigned i = 0; i < 5; i++) {
        CHECK_INT(call(instance, "grow", 2, 0, NULL), 2);
        CHECK_INT(call(instance, "grow", 1, 0, NULL), UINT32_MAX);
        CHECK_INT(call(instance, "load", 4 * PAGE - 4, 0, NULL), 0);
        (void)call(instance, "store", 4 * PAGE - 4, 5, NULL);
        REQUIRE(krait__instance_restore(instance, &f.err) == KRAIT_OK);
        (void)call(instance, "load", 2 * PAGE, 0, &trap);
        CHECK_INT(trap, KRAIT_TRAP_MEMORY);
    }
    krait__instance_free(instance);
    fixture_close(&f);
}

static unsigned
swapped_pages(const krait_instance *instance)
{
    uint64_t size = 0;
    const uint8_t *base = krait__instance_memory(instance, &size);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    unsigned count = 0;

    for (uint64_t at = 0; fd >= 0 && at < size; at += page) {
        uint64_t entry = 0;

        if (pread(fd, &entry, sizeof(entry),
                  (off_t)(((uintptr_t)base + at) / page * sizeof(entry))) == (ssize_t)sizeof(entry))
            count += (entry >> 62 & 1) != 0;
    }
    if (fd >= 0)
        close(fd);
    return count;
}

/* A written page that was swapped out is not present, and as written as the others.  Where the
 * machine has no swap the pages stay in memory, and the same must hold. */
static void
swapped_out(void)
{
    for (int mode = KRAIT_DIRTY_SCAN; mode <= KRAIT_DIRTY_PAGEMAP; mode++) {
        OPEN(f);
        krait_instance *instance = NULL;
        uint64_t size = 0;
        uint8_t *base;

        krait__image_set_mode(f.image, (krait_dirty_mode)mode);
        REQUIRE(new_instance(&f, f.image, 0, 0, &instance) == KRAIT_OK);
        for (uint32_t at = 0; at < 2 * PAGE; at += 4096)
            (void)call(instance, "store", at, 0x5a5a5a5a, NULL);
        base = (uint8_t *)(uintptr_t)krait__instance_memory(instance, &size);
        (void)madvise(base, size, MADV_PAGEOUT);
        printf("mode %d: %u pages are swapped out\n", mode, swapped_pages(instance));
        REQUIRE(krait__instance_restore(instance, &f.err) == KRAIT_OK);
        CHECK(is_image(&f, instance));
        krait__instance_free(instance);
        fixture_close(&f);
    }
}

typedef struct step {
    fixture *f;
    krait_instance *instance;
    unsigned number;
} step;

/* Writes to pages that were written before, or to one more of them, by its own code or by the
 * kernel, and goes back. */
static void *
step_on(void *argument)
{
    step *s = argument;
    const uint32_t page = 4096 * (s->number * 7 % 32);

    if (s->number % 5 == 4) {
        kernel_at = page + 50;
        CHECK_INT(call(s->instance, "call_host", 21, 0, NULL), 43);
    } else {
        (void)call(s->instance, "store", s->number % 3 == 0 ? page : 8192, s->number, NULL);
    }
    CHECK_INT(krait__instance_restore(s->instance, &s->f->err), KRAIT_OK);
    CHECK(is_image(s->f, s->instance));
    return NULL;
}

/* Not every time is the kernel asked which pages they are. */
static void
pages_written_before(void)
{
    OPEN(f);
    krait_instance *instances[2] = {NULL, NULL};

    kernel_fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    REQUIRE(kernel_fd >= 0);
    for (unsigned mode = 0; mode < 2; mode++) {
        krait__image_set_mode(f.image, mode == 0 ? KRAIT_DIRTY_SCAN : KRAIT_DIRTY_PAGEMAP);
        for (size_t i = 0; i < 2; i++)
            REQUIRE(new_instance(&f, f.image, 0, 0, &instances[i]) == KRAIT_OK);
        for (unsigned i = 0; i < 1500; i++) {
            step s = {.f = &f, .instance = instances[i % 2], .number = i};
            pthread_t thread;
            int error;

            if (i % 11 != 10) {
                (void)step_on(&s);
                continue;
            }
            /* And on other threads. */
            error = pthread_create(&thread, NULL, step_on, &s);
            if (error == 0)
                pthread_join(thread, NULL);
            REQUIRE_INT(error, 0);
        }
        for (size_t i = 0; i < 2; i++)
            krait__instance_free(instances[i]);
    }
    close(kernel_fd);
    kernel_fd = -1;
    fixture_close(&f);
}

static uint64_t
count_written(const fixture *f, const krait_instance *instance)
{
    const uint64_t begin = (uint64_t)(uintptr_t)instance->memories[0]->base;
    krait_dirty_run runs[KRAIT_DIRTY_RUNS];
    uint64_t walked = 0;
    uint64_t pages = 0;
    size_t count = 0;

    CHECK_INT(krait__dirty_next(&f->image->dirty, f->image->mode, begin,
                                begin + f->image->memory_bytes, runs, &count, &walked),
              0);
    for (size_t i = 0; i < count; i++)
        pages += (runs[i].end - runs[i].begin) / f->image->dirty.page;
    return pages;
}

/* What is written once and never again does not stay for ever. */
static void
pages_not_written_again(void)
{
    OPEN(f);
    krait_instance *instance = NULL;

    if (krait__image_mode(f.image) == KRAIT_DIRTY_UNKNOWN || !f.image->counts_faults)
        CHECK_SKIP("written pages cannot be found here");
    REQUIRE(new_instance(&f, f.image, 0, 0, &instance) == KRAIT_OK);
    for (uint32_t page = 0; page < 20; page++)
        (void)call(instance, "store", 4096 * page, 5, NULL);
    REQUIRE(krait__instance_restore(instance, &f.err) == KRAIT_OK);
    CHECK(count_written(&f, instance) >= 20 * UINT64_C(4096) / f.image->dirty.page);
    for (unsigned i = 0; i < 40; i++) {
        (void)call(instance, "store", 8192, i, NULL);
        REQUIRE(krait__instance_restore(instance, &f.err) == KRAIT_OK);
        REQUIRE(is_image(&f, instance));
    }
    CHECK(count_written(&f, instance) <= 3);
    krait__instance_free(instance);
    fixture_close(&f);
}

/* In a child the descriptor of the parent would show the parent's pages. */
static void
in_a_child(void)
{
    OPEN(f);
    krait_instance *instance = NULL;
    int status = -1;
    pid_t child;

    REQUIRE(new_instance(&f, f.image, 0, 0, &instance) == KRAIT_OK);
    spoil(instance, 4);
    CHECK_INT(krait__instance_restore(instance, &f.err), KRAIT_OK);
    child = fork();
    if (child == 0) {
        (void)call(instance, "store", 0, 7, NULL);
        if (krait__instance_restore(instance, &f.err) != KRAIT_OK || !is_image(&f, instance))
            _exit(2);
        spoil(instance, 3);
        _exit(krait__instance_restore(instance, &f.err) == KRAIT_OK && is_image(&f, instance) ? 0
                                                                                              : 1);
    }
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK(is_image(&f, instance));
    krait__instance_free(instance);
    fixture_close(&f);
}

static void
damaged_states(void)
{
    OPEN(f);
    krait_image_parts parts = {.fd = f.fd, .offset = 4096, .memory_bytes = 2 * PAGE};
    uint8_t *state = malloc(f.state_size + 1);

    REQUIRE(state != NULL);
    parts.state = state;
    for (size_t size = 0; size <= f.state_size + 1; size++) {
        krait_image *image = NULL;

        memcpy(state, f.state, size < f.state_size ? size : f.state_size);
        parts.state_size = size;
        CHECK_INT(krait__image_open(f.module, &parts, &image, &f.err),
                  size == f.state_size ? KRAIT_OK : KRAIT_EFORMAT);
        krait__image_close(image);
    }
    parts.state_size = f.state_size;
    for (size_t bit = 0; bit < 8 * f.state_size; bit++) {
        krait_instance *instance = NULL;
        krait_image *image = NULL;

        memcpy(state, f.state, f.state_size);
        state[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (krait__image_open(f.module, &parts, &image, &f.err) == KRAIT_OK &&
            new_instance(&f, image, 0, 0, &instance) == KRAIT_OK)
            (void)call(instance, "add", 1, 2, NULL);
        krait__instance_free(instance);
        krait__image_close(image);
    }
    free(state);
    fixture_close(&f);
}

static void
bad_files(void)
{
    OPEN(f);
    krait_image_parts parts = {.fd = f.fd,
                               .offset = 4096,
                               .memory_bytes = 2 * PAGE,
                               .state = f.state,
                               .state_size = f.state_size};
    krait_instance *instance = NULL;
    krait_image *image = NULL;

    parts.offset = 4097;
    CHECK_INT(krait__image_open(f.module, &parts, &image, &f.err), KRAIT_EFORMAT);
    parts.offset = 4096;
    parts.memory_bytes = 3 * PAGE;
    CHECK_INT(krait__image_open(f.module, &parts, &image, &f.err), KRAIT_EFORMAT);
    CHECK(strstr(f.err.text, "cut off") != NULL);
    parts.memory_bytes = 2 * PAGE - 4096;
    CHECK_INT(krait__image_open(f.module, &parts, &image, &f.err), KRAIT_EFORMAT);
    parts.memory_bytes = 2 * PAGE;
    parts.fd = -1;
    CHECK_INT(krait__image_open(f.module, &parts, &image, &f.err), KRAIT_EIO);
    CHECK_INT(new_instance(&f, f.image, PAGE, 0, &instance), KRAIT_ELIMIT);
    REQUIRE(new_instance(&f, f.image, 2 * PAGE, 0, &instance) == KRAIT_OK);
    CHECK_INT(call(instance, "grow", 1, 0, NULL), UINT32_MAX);
    krait__instance_free(instance);
    fixture_close(&f);
}

typedef struct worker {
    fixture *f;
    unsigned seed;
    bool failed;
} worker;

static void *
work(void *argument)
{
    worker *w = argument;
    krait_instance *instances[6] = {NULL};

    for (size_t i = 0; i < 6; i++)
        w->failed |= new_instance(w->f, w->f->image, 0, 0, &instances[i]) != KRAIT_OK;
    for (unsigned i = 0; i < 200 && !w->failed; i++) {
        krait_instance *instance = instances[i % 6];
        krait_trap trap;

        /* Checks are the main thread's. */
        (void)call(instance, "store", i * 4, w->seed, &trap);
        (void)call(instance, i % 9 == 0 ? "recurse" : "counter", 0, 0, &trap);
        w->failed |= krait__instance_restore(instance, NULL) != KRAIT_OK ||
                     !is_image(w->f, instance);
    }
    for (size_t i = 0; i < 6; i++)
        krait__instance_free(instances[i]);
    return NULL;
}

/* Instances of one image in several threads; their stacks come from the module. */
static void
in_threads(void)
{
    OPEN(f);
    pthread_t threads[4];
    worker workers[4];

    for (unsigned i = 0; i < 4; i++) {
        workers[i] = (worker){.f = &f, .seed = i};
        REQUIRE(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        CHECK(!workers[i].failed);
    }
    fixture_close(&f);
}

CHECK_MAIN(CHECK_CASE(copies), CHECK_CASE(restores), CHECK_CASE(gives_pages_back),
           CHECK_CASE(after_traps), CHECK_CASE(after_a_stop), CHECK_CASE(deep_stacks),
           CHECK_CASE(grown_memory), CHECK_CASE(swapped_out), CHECK_CASE(pages_written_before),
           CHECK_CASE(pages_not_written_again), CHECK_CASE(in_a_child), CHECK_CASE(damaged_states),
           CHECK_CASE(bad_files), CHECK_CASE(in_threads))
