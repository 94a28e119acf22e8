/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear memories: WebAssembly 2.0 sections 4.2.8 and 4.5.3.
 *
 * Each one reserves KRAIT_MEMORY_RESERVATION bytes of address space without
 * access; growing opens pages in place, so the base never moves and translated
 * code needs no bounds checks: any index plus any static offset that is not in
 * use faults.  A memory of a module that checks bounds itself reserves what it
 * may grow to, or what the process may still have; link.c keeps it away from
 * modules that rely on the large reservation.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/image_internal.h"
#include "engine/internal.h"

#include <errno.h>
#include <sys/mman.h>

/* Most pages that 32-bit indices reach. */
#define MAX_PAGES UINT64_C(65536)

static uint64_t
max_bytes(uint64_t max_pages, uint64_t limit_bytes)
{
    uint64_t bytes = (max_pages < MAX_PAGES ? max_pages : MAX_PAGES) * KRAIT_PAGE_SIZE;

    if (limit_bytes != 0 && limit_bytes < bytes)
        bytes = limit_bytes / KRAIT_PAGE_SIZE * KRAIT_PAGE_SIZE;
    return bytes;
}

static void *
reserve(uint64_t size)
{
    return mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* What an instance needs besides its memory: a stack, and something to spare. */
#define BESIDES (UINT64_C(80) << 20)

/* The largest part of `max` bytes, not below `min`, beside which the process
 * can still have a quarter of that and a stack: tables, heap, other instances. */
static void *
reserve_checked(uint64_t min, uint64_t max, uint64_t *ret_size)
{
    uint64_t size = max;

    for (;;) {
        uint64_t spare = BESIDES + size / 4 / KRAIT_PAGE_SIZE * KRAIT_PAGE_SIZE;
        uint8_t *base = reserve(size + spare);

        if (base != MAP_FAILED) {
            munmap(base + size, spare);
            *ret_size = size;
            return base;
        }
        if (size == min)
            return MAP_FAILED;
        size = size / 4 * 3 / KRAIT_PAGE_SIZE * KRAIT_PAGE_SIZE;
        if (size < min)
            size = min;
    }
}

static uint64_t
at_least_a_page(uint64_t size)
{
    return size != 0 ? size : KRAIT_PAGE_SIZE;
}

static krait_status
fail_reservation(bool is_checked, uint64_t size, krait_error *err)
{
    if (is_checked)
        return krait__error_set(err, KRAIT_ENOMEM, errno,
                                "cannot reserve %llu bytes of address space for a linear memory",
                                (unsigned long long)size);
    return krait__error_set(err, KRAIT_ENOMEM, errno,
                            "cannot reserve 8 GiB of address space for a linear memory; where "
                            "that is limited (ulimit -v), a module has to be translated with "
                            "--bounds-checked");
}

static krait_status
map_memory(krait_memory *memory, uint64_t size, uint64_t max, const krait_memory_plan *plan,
           krait_error *err)
{
    const bool is_checked = plan->is_checked;
    uint64_t reserved = KRAIT_MEMORY_RESERVATION;
    uint8_t *base = is_checked
                        ? reserve_checked(at_least_a_page(size), at_least_a_page(max), &reserved)
                        : reserve(reserved);

    int error = 0;

    if (base == MAP_FAILED)
        return fail_reservation(is_checked, size, err);
    if (plan->image != NULL)
        error = krait__image_map(plan->image, base);
    else if (size != 0 && mprotect(base, size, PROT_READ | PROT_WRITE) != 0)
        error = errno;
    if (error != 0) {
        krait__error_set(err, KRAIT_ENOMEM, error, "cannot use %llu bytes of memory",
                         (unsigned long long)size);
        munmap(base, reserved);
        return KRAIT_ENOMEM;
    }
    memory->base = base;
    memory->size = size;
    memory->max = max < reserved ? max : reserved;
    memory->reserved = reserved;
    return KRAIT_OK;
}

void
krait__memory_close(krait_memory_object *object)
{
    if (object->memory.base != NULL)
        munmap(object->memory.base, object->memory.reserved);
    krait__parking_free(object->parking);
    pthread_mutex_destroy(&object->lock);
    krait__free(object);
}

/* Memories are only ever added to the list that the fault handler reads. */
static void
publish(krait_store *store, krait_memory_object *object)
{
    pthread_mutex_lock(&store->lock);
    object->next = atomic_load(&store->memories);
    atomic_store(&store->memories, object);
    pthread_mutex_unlock(&store->lock);
}

static bool
charge(krait_store *store, uint64_t bytes)
{
    bool fits;

    pthread_mutex_lock(&store->lock);
    fits = krait__store_charge(store, &store->memory_bytes, bytes);
    pthread_mutex_unlock(&store->lock);
    return fits;
}

static void
refund(krait_store *store, uint64_t bytes)
{
    pthread_mutex_lock(&store->lock);
    store->memory_bytes -= bytes;
    pthread_mutex_unlock(&store->lock);
}

krait_status
krait__memory_open(krait_store *store, const krait_memory_plan *plan, krait_memory **ret_memory,
                   krait_error *err)
{
    const krait_limits_desc *limits = plan->limits;
    uint64_t size = plan->image != NULL ? plan->image->memory_bytes : limits->min * KRAIT_PAGE_SIZE;
    uint64_t max = max_bytes(limits->max, plan->limit_bytes);
    krait_memory_object *object;
    krait_status status;

    if (limits->min > MAX_PAGES || size > max)
        return krait__error_set(err, KRAIT_ELIMIT, 0,
                                "the module needs %llu bytes of memory at start, the limit is %llu",
                                (unsigned long long)size, (unsigned long long)max);
    if (!charge(store, size))
        return krait__error_set(err, KRAIT_ELIMIT, 0,
                                "the module's memories need more at start than the limit of %llu "
                                "bytes",
                                (unsigned long long)store->limit_bytes);
    object = krait__calloc(1, sizeof(*object));
    if (object == NULL) {
        refund(store, size);
        return krait__error_nomem(err);
    }
    object->store = store;
    pthread_mutex_init(&object->lock, NULL);
    object->memory.declared_max = limits->max;
    object->memory.is_shared = limits->shared;
    if (limits->shared != 0 && (object->parking = krait__parking_new()) == NULL)
        status = krait__error_nomem(err);
    else
        status = map_memory(&object->memory, size, max, plan, err);
    if (status != KRAIT_OK) {
        krait__memory_close(object);
        refund(store, size);
        return status;
    }
    publish(store, object);
    *ret_memory = &object->memory;
    return KRAIT_OK;
}

static uint32_t
grow(krait_memory *memory, krait_store *store, uint32_t pages)
{
    uint64_t old = memory->size;
    uint64_t extra = (uint64_t)pages * KRAIT_PAGE_SIZE;

    if (extra > memory->max - old || !charge(store, extra))
        return UINT32_MAX;
    if (extra != 0 && mprotect(memory->base + old, extra, PROT_READ | PROT_WRITE) != 0) {
        refund(store, extra);
        return UINT32_MAX;
    }
    /* Whoever sees the size can use the pages. */
    __atomic_store_n(&memory->size, old + extra, __ATOMIC_RELEASE);
    return (uint32_t)(old / KRAIT_PAGE_SIZE);
}

uint32_t
krait__memory_grow(krait_memory *memory, uint32_t pages)
{
    krait_memory_object *object = (krait_memory_object *)(void *)memory;
    uint32_t old;

    pthread_mutex_lock(&object->lock);
    old = grow(memory, object->store, pages);
    pthread_mutex_unlock(&object->lock);
    return old;
}

void
krait__memory_shrunk(krait_memory *memory, uint64_t size)
{
    refund(((krait_memory_object *)(void *)memory)->store, memory->size - size);
    __atomic_store_n(&memory->size, size, __ATOMIC_RELEASE);
}

const krait_memory *
krait__store_memory_at(const krait_store *store, uintptr_t address)
{
    const krait_memory_object *object;

    for (object = atomic_load(&store->memories); object != NULL; object = object->next) {
        uintptr_t base = (uintptr_t)object->memory.base;

        if (address >= base && address - base < object->memory.reserved)
            return &object->memory;
    }
    return NULL;
}
