/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of files before they are packed.
 */
#include "pack/tree.h"

#include "support/check.h"

#include <stdio.h>

static krait_tree tree;

static void
put(unsigned number, const char *ending)
{
    krait_node *node = NULL;
    krait_error err;
    char path[64];

    snprintf(path, sizeof(path), "/d/%06u%s", number, ending);
    REQUIRE(krait__pack_tree_put(&tree, path, KRAIT_PACK_FILE, "test", &node, &err) == KRAIT_OK);
}

static krait_node *
find(unsigned number, const char *ending)
{
    char path[64];

    snprintf(path, sizeof(path), "/d/%06u%s", number, ending);
    return krait__pack_tree_find(&tree, path);
}

/* What is left, in order, from both ends of what was removed. */
static void
removes(void)
{
    krait_error err;

    for (unsigned order = 0; order < 8; order++) {
        unsigned count = 0;

        REQUIRE(krait__pack_tree_init(&tree, &err) == KRAIT_OK);
        for (unsigned i = 0; i < 5; i++)
            put((i * 3 + order) % 5, "");
        if (order >= 4)
            krait__pack_tree_sort(&tree);
        krait__pack_tree_remove(&tree, find(order % 5, ""));
        put(7, "");
        krait__pack_tree_remove(&tree, find((order + 1) % 5, ""));
        krait__pack_tree_remove(&tree, find(order % 2 != 0 ? 7 : (order + 2) % 5, ""));
        krait__pack_tree_sort(&tree);
        for (krait_node *node = tree.root->first->first; node != NULL; node = node->next) {
            CHECK(node->next == NULL || strcmp(node->name, node->next->name) < 0);
            count++;
        }
        CHECK_UINT(count, 3);
        CHECK_UINT(tree.count, 5);
        krait__pack_tree_remove(&tree, tree.root->first);
        CHECK_UINT(tree.count, 1);
        krait__pack_tree_release(&tree);
    }
}

/* Byte code takes the place of each source in a large folder: minutes when the others are looked through for each. */
static void
replaces_many(void)
{
    enum { MANY = 300000 };
    krait_error err;

    REQUIRE(krait__pack_tree_init(&tree, &err) == KRAIT_OK);
    for (unsigned i = 0; i < MANY; i++)
        put(i, ".py");
    krait__pack_tree_sort(&tree);
    for (unsigned i = 0; i < MANY; i++) {
        put(i, ".pyc");
        krait__pack_tree_remove(&tree, find(i, ".py"));
    }
    CHECK_UINT(tree.count, MANY + 2);
    krait__pack_tree_release(&tree);
}

CHECK_MAIN(CHECK_CASE(removes), CHECK_CASE(replaces_many))
