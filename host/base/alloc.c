/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library's allocator: libc's, with a failure that tests can plan.
 */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef KRAIT_FAULTS
#include <stdatomic.h>

/* The one writable global of base/, in test builds only. */
static _Atomic unsigned long allocations;
static _Atomic unsigned long failing_allocation;

unsigned long
krait__alloc_fail_at(unsigned long n)
{
    unsigned long made = atomic_exchange(&allocations, 0);

    atomic_store(&failing_allocation, n);
    return made;
}

static int
fault_planned(void)
{
    unsigned long number = atomic_fetch_add(&allocations, 1) + 1;
    unsigned long planned = atomic_load(&failing_allocation);

    return planned != 0 && number == planned;
}
#else
static int
fault_planned(void)
{
    return 0;
}
#endif

void *
krait__alloc(size_t size)
{
    if (fault_planned())
        return NULL;
    return malloc(size != 0 ? size : 1);
}

void *
krait__calloc(size_t count, size_t size)
{
    if (fault_planned())
        return NULL;
    if (count == 0 || size == 0)
        count = size = 1;
    return calloc(count, size);
}

void *
krait__realloc_array(void *old, size_t count, size_t size)
{
    if (fault_planned())
        return NULL;
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return realloc(old, count * size != 0 ? count * size : 1);
}

void *
krait__memdup(const void *data, size_t size)
{
    void *copy = krait__alloc(size);

    if (copy != NULL && size != 0)
        memcpy(copy, data, size);
    return copy;
}

char *
krait__strdup(const char *text)
{
    return krait__memdup(text, strlen(text) + 1);
}

void
krait__free(void *data)
{
    free(data);
}

int
krait__grow(void *array_pointer, size_t count, size_t *capacity, size_t size, size_t limit)
{
    void *old;
    void *bigger;
    size_t wanted;

    if (count < *capacity)
        return 0;
    if (count >= limit)
        return -1;
    wanted = *capacity != 0 ? *capacity * 2 : 8;
    if (wanted > limit)
        wanted = limit;
    memcpy(&old, array_pointer, sizeof(old));
    bigger = krait__realloc_array(old, wanted, size);
    if (bigger == NULL)
        return -1;
    memcpy(array_pointer, &bigger, sizeof(bigger));
    *capacity = wanted;
    return 0;
}
