/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where everything of the new image is: numbers, times, and which files share a block.
 *
 * Equal small files are stored once.  Small files share blocks in the order of their paths, those that a
 * start needs first; a larger one has blocks of its own.  A block of the old image is taken as it is
 * when all of it is still wanted.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "pack/pack.h"

#include <string.h>

typedef struct digest_slot {
    krait_node *node; /* NULL: free */
    uint8_t digest[KRAIT_SHA256_SIZE];
} digest_slot;

typedef struct planning {
    krait_plan *plan;
    const krait_pack *pack;
    krait_error *err;
    krait_node **same;    /* by number: a file with the same contents and a lower number */
    digest_slot *digests; /* open addressing */
    size_t digest_count;
    uint64_t *covered;   /* by old block: bytes that are still wanted */
    uint32_t *old_place; /* by old block: where it is in the plan */
    bool reuses;         /* the old image has blocks of the same size */
    uint8_t *scratch;    /* one block */
} planning;

/* ---- numbers and times -------------------------------------------------------------------- */

static krait_status
number_nodes(planning *p)
{
    krait_plan *plan = p->plan;
    size_t count = p->pack->tree.count;
    krait_node *node = p->pack->tree.root;

    plan->nodes = krait__calloc(count, sizeof(krait_node *));
    plan->files = krait__calloc(count, sizeof(krait_node *));
    if (plan->nodes == NULL || plan->files == NULL)
        return krait__error_nomem(p->err);
    for (; node != NULL; node = krait__pack_tree_next(node)) {
        node->number = (uint32_t)plan->node_count;
        node->block = 0;
        node->block_count = 0;
        node->offset = 0;
        plan->nodes[plan->node_count++] = node;
        if (node->kind == KRAIT_PACK_FILE)
            plan->contents += node->size;
    }
    return KRAIT_OK;
}

/* A folder that nobody gave a time has that of the newest file in it, a file that nobody gave a time that
 * of its folder. */
static krait_status
set_times(planning *p, int64_t newest_ns)
{
    krait_plan *plan = p->plan;
    int64_t *newest = krait__calloc(plan->node_count, sizeof(*newest));

    if (newest == NULL)
        return krait__error_nomem(p->err);
    for (size_t i = plan->node_count; i-- > 0;) {
        krait_node *node = plan->nodes[i];
        int64_t time = node->mtime_ns != KRAIT_TIME_UNKNOWN ? node->mtime_ns : newest[i];

        if (node->mtime_ns == KRAIT_TIME_UNKNOWN && node->kind == KRAIT_PACK_DIRECTORY)
            node->mtime_ns = time;
        if (node->parent != NULL && time > newest[node->parent->number])
            newest[node->parent->number] = time;
    }
    for (size_t i = 0; i < plan->node_count; i++) {
        krait_node *node = plan->nodes[i];

        if (node->mtime_ns == KRAIT_TIME_UNKNOWN)
            node->mtime_ns = newest[node->parent->number];
        if (newest_ns != 0 && node->mtime_ns > newest_ns)
            node->mtime_ns = newest_ns;
    }
    krait__free(newest);
    return KRAIT_OK;
}

/* Deflate, which large files are compressed with, makes nothing smaller than a 1032nd: a sparse file of terabytes
 * need not be read to know that it does not fit, and its blocks would not fit into memory. */
static krait_status
check_sizes(const planning *p)
{
    uint64_t least = 0;

    for (size_t i = 0; i < p->plan->node_count; i++) {
        const krait_node *node = p->plan->nodes[i];

        if (node->kind == KRAIT_PACK_FILE && node->size > KRAIT_PACK_LARGE)
            least += node->size / 1032;
        if (least > KRAIT_PACK_MOST_BYTES)
            return krait__error_set(p->err, KRAIT_ELIMIT, 0,
                                    "the files are too large for one image");
    }
    return KRAIT_OK;
}

/* ---- equal files -------------------------------------------------------------------------- */

static krait_status
digest_of(planning *p, const krait_node *node, uint8_t digest[KRAIT_SHA256_SIZE])
{
    krait_contents contents;
    krait_status status;

    if (node->source == KRAIT_SOURCE_OLD) {
        /* Where it is says enough: nothing needs to be decoded. */
        krait_pack_inode inode = krait__pack_packed_inode(&p->pack->image, node->old);
        uint32_t place[3] = {inode.first, inode.offset, inode.count};

        krait__sha256(place, sizeof(place), digest);
        return KRAIT_OK;
    }
    contents = krait__pack_contents(p->pack);
    status = krait__pack_contents_open(&contents, node, p->err);
    if (status == KRAIT_OK)
        status = krait__pack_contents_read(&contents, p->scratch, (size_t)node->size, p->err);
    if (status == KRAIT_OK)
        status = krait__pack_contents_end(&contents, p->err);
    krait__pack_contents_release(&contents);
    if (status == KRAIT_OK)
        krait__sha256(p->scratch, (size_t)node->size, digest);
    return status;
}

/* The first file with these contents; the table has twice as many places as there are files. */
static krait_node *
intern(planning *p, krait_node *node, const uint8_t digest[KRAIT_SHA256_SIZE])
{
    size_t at = (size_t)krait__pack_le_u64(digest) & (p->digest_count - 1);

    for (;; at = (at + 1) & (p->digest_count - 1)) {
        digest_slot *slot = &p->digests[at];

        if (slot->node == NULL) {
            slot->node = node;
            memcpy(slot->digest, digest, sizeof(slot->digest));
            return node;
        }
        if (slot->node->size == node->size && slot->node->source == node->source &&
            memcmp(slot->digest, digest, sizeof(slot->digest)) == 0)
            return slot->node;
    }
}

static krait_status
find_equal(planning *p)
{
    krait_plan *plan = p->plan;

    for (p->digest_count = 64; p->digest_count < 2 * plan->node_count;)
        p->digest_count *= 2;
    p->digests = krait__calloc(p->digest_count, sizeof(*p->digests));
    p->same = krait__calloc(plan->node_count, sizeof(krait_node *));
    if (p->digests == NULL || p->same == NULL)
        return krait__error_nomem(p->err);
    for (size_t i = 0; i < plan->node_count; i++) {
        krait_node *node = plan->nodes[i];
        uint8_t digest[KRAIT_SHA256_SIZE];
        krait_status status;

        if (node->kind != KRAIT_PACK_FILE || node->size == 0 ||
            (node->size > 1u << plan->block_log2 && node->source != KRAIT_SOURCE_OLD))
            continue;
        status = digest_of(p, node, digest);
        if (status != KRAIT_OK)
            return status;
        p->same[i] = intern(p, node, digest);
    }
    return KRAIT_OK;
}

static bool
is_copy(const planning *p, const krait_node *node)
{
    return p->same[node->number] != NULL && p->same[node->number] != node;
}

/* ---- blocks ------------------------------------------------------------------------------- */

static krait_planned *
add_block(planning *p)
{
    krait_plan *plan = p->plan;

    if (krait__grow(&plan->blocks, plan->block_count, &plan->block_capacity, sizeof(*plan->blocks),
                    UINT32_MAX / sizeof(krait_pack_block)) != 0)
        return NULL;
    memset(&plan->blocks[plan->block_count], 0, sizeof(*plan->blocks));
    plan->blocks[plan->block_count].old = KRAIT_PACK_NONE;
    return &plan->blocks[plan->block_count++];
}

/* True for files with contents of their own, of one kind of those that are stored one after the
 * other. */
static bool
is_stored(const planning *p, const krait_node *node, bool large, bool first)
{
    return node->kind == KRAIT_PACK_FILE && node->size > 0 && !is_copy(p, node) &&
           node->block_count == 0 && (node->size > 1u << p->plan->block_log2) == large &&
           (large || node->is_first == first);
}

static krait_status
plan_small(planning *p, bool first)
{
    krait_plan *plan = p->plan;
    krait_planned *open = NULL;

    for (size_t i = 0; i < plan->node_count; i++) {
        krait_node *node = plan->nodes[i];

        if (!is_stored(p, node, false, first))
            continue;
        if (open == NULL || node->size > (1u << plan->block_log2) - open->length) {
            open = add_block(p);
            if (open == NULL)
                return krait__error_nomem(p->err);
            open->first = plan->file_count;
        }
        node->block = (uint32_t)(plan->block_count - 1);
        node->block_count = 1;
        node->offset = open->length;
        open->length += (uint32_t)node->size;
        open->count++;
        plan->files[plan->file_count++] = node;
    }
    return KRAIT_OK;
}

static krait_status
plan_large(planning *p)
{
    krait_plan *plan = p->plan;
    uint64_t most = UINT64_C(1) << plan->block_log2;

    for (size_t i = 0; i < plan->node_count; i++) {
        krait_node *node = plan->nodes[i];

        if (!is_stored(p, node, true, false))
            continue;
        node->block = (uint32_t)plan->block_count;
        for (uint64_t at = 0; at < node->size; at += most) {
            krait_planned *block = add_block(p);

            if (block == NULL)
                return krait__error_set(p->err, KRAIT_ELIMIT, 0,
                                        "the files are too large for one image");
            block->first = plan->file_count;
            block->count = 1;
            block->skip = at;
            block->length = (uint32_t)(node->size - at < most ? node->size - at : most);
            node->block_count++;
        }
        plan->files[plan->file_count++] = node;
    }
    return KRAIT_OK;
}

/* ---- blocks of the old image -------------------------------------------------------------- */

static krait_status
count_old(planning *p)
{
    const krait_packed *image = &p->pack->image;

    p->reuses = p->pack->has_image && image->header.block_log2 == p->plan->block_log2;
    if (!p->reuses)
        return KRAIT_OK;
    p->covered = krait__calloc((size_t)image->header.block_count + 1, sizeof(*p->covered));
    p->old_place = krait__calloc((size_t)image->header.block_count + 1, sizeof(*p->old_place));
    if (p->covered == NULL || p->old_place == NULL)
        return krait__error_nomem(p->err);
    for (size_t i = 0; i < p->plan->node_count; i++) {
        const krait_node *node = p->plan->nodes[i];
        krait_pack_inode inode;

        if (node->source != KRAIT_SOURCE_OLD || node->size == 0 || is_copy(p, node))
            continue;
        inode = krait__pack_packed_inode(image, node->old);
        if (inode.count == 1)
            p->covered[inode.first] += inode.size;
    }
    return KRAIT_OK;
}

static krait_status
take_old(planning *p, krait_node *node)
{
    const krait_packed *image = &p->pack->image;
    krait_pack_inode inode = krait__pack_packed_inode(image, node->old);

    if (inode.count == 1 &&
        p->covered[inode.first] < krait__pack_packed_block(image, inode.first).length)
        return KRAIT_OK;
    if (inode.count > 1 || p->old_place[inode.first] == 0) {
        for (uint32_t i = 0; i < inode.count; i++) {
            krait_planned *block = add_block(p);

            if (block == NULL)
                return krait__error_nomem(p->err);
            block->old = inode.first + i;
            block->length = krait__pack_packed_block(image, inode.first + i).length;
        }
        p->old_place[inode.first] = (uint32_t)(p->plan->block_count - inode.count) + 1;
    }
    node->block = p->old_place[inode.first] - 1;
    node->block_count = inode.count;
    node->offset = inode.offset;
    return KRAIT_OK;
}

static krait_status
plan_old(planning *p)
{
    krait_status status = count_old(p);

    for (size_t i = 0; i < p->plan->node_count && status == KRAIT_OK && p->reuses; i++) {
        krait_node *node = p->plan->nodes[i];

        if (node->source == KRAIT_SOURCE_OLD && node->size > 0 && !is_copy(p, node))
            status = take_old(p, node);
    }
    return status;
}

/* ---- all ---------------------------------------------------------------------------------- */

static krait_status
make(planning *p, int64_t newest_ns)
{
    krait_plan *plan = p->plan;
    krait_status status;

    p->scratch = krait__alloc((size_t)1 << plan->block_log2);
    status = p->scratch == NULL ? krait__error_nomem(p->err) : number_nodes(p);
    if (status == KRAIT_OK)
        status = check_sizes(p);
    if (status == KRAIT_OK)
        status = set_times(p, newest_ns);
    if (status == KRAIT_OK)
        status = find_equal(p);
    if (status == KRAIT_OK)
        status = plan_old(p);
    if (status == KRAIT_OK)
        status = plan_small(p, true);
    if (status == KRAIT_OK)
        status = plan_small(p, false);
    if (status == KRAIT_OK)
        status = plan_large(p);
    for (size_t i = 0; i < plan->node_count && status == KRAIT_OK; i++) {
        krait_node *node = plan->nodes[i];

        if (!is_copy(p, node))
            continue;
        node->block = p->same[i]->block;
        node->block_count = p->same[i]->block_count;
        node->offset = p->same[i]->offset;
    }
    return status;
}

krait_status
krait__pack_plan_make(krait_plan *plan, krait_pack *pack, int64_t newest_ns, krait_error *err)
{
    planning p = {.plan = plan, .pack = pack, .err = err};
    krait_status status;

    memset(plan, 0, sizeof(*plan));
    plan->block_log2 = KRAIT_PACK_BLOCK_LOG2_DEFAULT;
    krait__pack_tree_sort(&pack->tree);
    status = make(&p, newest_ns);
    krait__free(p.same);
    krait__free(p.digests);
    krait__free(p.covered);
    krait__free(p.old_place);
    krait__free(p.scratch);
    return status;
}

void
krait__pack_plan_release(krait_plan *plan)
{
    krait__free(plan->nodes);
    krait__free(plan->files);
    krait__free(plan->blocks);
    memset(plan, 0, sizeof(*plan));
}
