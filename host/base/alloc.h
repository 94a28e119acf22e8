/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All heap memory of the library comes from here, so that tests can make any
 * single allocation fail (KRAIT_FAULTS builds) and nothing else calls malloc.
 */
#ifndef KRAIT_BASE_ALLOC_H
#define KRAIT_BASE_ALLOC_H

#include <stddef.h>

/* NULL when memory ran out; contents of krait__alloc are undefined. */
void *krait__alloc(size_t size) __attribute__((malloc, alloc_size(1), warn_unused_result));
void *krait__calloc(size_t count, size_t size)
    __attribute__((malloc, alloc_size(1, 2), warn_unused_result));

/* NULL when memory ran out or count * size overflows; `old` stays valid then. */
void *krait__realloc_array(void *old, size_t count, size_t size)
    __attribute__((warn_unused_result));

/* Copies; NULL when memory ran out. */
char *krait__strdup(const char *text) __attribute__((malloc, warn_unused_result));
void *krait__memdup(const void *data, size_t size) __attribute__((malloc, warn_unused_result));

/* Takes NULL. */
void krait__free(void *data);

/* Makes room for one more element in a growing array: doubles *capacity when
 * count reaches it.  Returns 0, or -1 when memory ran out or `limit` elements
 * would be exceeded. */
int krait__grow(void *array_pointer, size_t count, size_t *capacity, size_t size, size_t limit);

#ifdef KRAIT_FAULTS
/* Test builds only: the N-th allocation from now on fails (1 = the next one);
 * 0 turns it off.  Returns how many allocations were made since the last call. */
unsigned long krait__alloc_fail_at(unsigned long n);
#endif

#endif /* KRAIT_BASE_ALLOC_H */
