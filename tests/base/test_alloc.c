/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator: overflow, growth with a ceiling, copies.
 */
#include "base/alloc.h"
#include "support/check.h"

#include <stdint.h>

static void
sizes(void)
{
    void *empty = krait__alloc(0);
    void *overflow;

    CHECK(empty != NULL);
    krait__free(empty);
    overflow = krait__realloc_array(NULL, SIZE_MAX / 2, 4);
    CHECK(overflow == NULL);
    krait__free(overflow);
    krait__free(NULL);
}

static void
growth(void)
{
    uint32_t *items = NULL;
    size_t capacity = 0;
    size_t count = 0;

    while (krait__grow(&items, count, &capacity, sizeof(*items), 100) == 0) {
        items[count] = (uint32_t)count;
        count++;
    }
    CHECK_UINT(count, 100);
    CHECK_UINT(capacity, 100);
    CHECK_UINT(items[0], 0);
    CHECK_UINT(items[99], 99);
    krait__free(items);
}

static void
copies(void)
{
    char *text = krait__strdup("krait");
    char *bytes = krait__memdup("a\0b", 3);

    REQUIRE(text != NULL && bytes != NULL);
    CHECK_STR(text, "krait");
    CHECK_MEM(bytes, "a\0b", 3);
    krait__free(text);
    krait__free(bytes);
}

CHECK_MAIN(CHECK_CASE(sizes), CHECK_CASE(growth), CHECK_CASE(copies))
