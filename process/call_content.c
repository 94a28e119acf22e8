/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sub-content of a call: documents that a document holds.
 */
#include "call.h"

#include <stdlib.h>

/* What one costs besides its bytes; and a path grows with each level. */
#define ITEM_BYTES 256u

#define PATH_MAX_BYTES 65536u

/* Takes one from a counter that the whole tree shares, when there are that many. */
static bool
take(atomic_uint_fast64_t *counter, uint64_t count, uint64_t limit)
{
    uint64_t before = atomic_fetch_add(counter, count);

    if (before <= limit && count <= limit - before)
        return true;
    atomic_fetch_sub(counter, count);
    return false;
}

static int
take_shares(proc_call *call, proc_tree *tree, uint64_t bytes)
{
    const proc_limits *limits = call->limits;

    if (call->document->item->depth >= limits->depth)
        return proc_call_refuse(call, KRAIT_ENV_LIMIT,
                                "exceeded the limit of %u levels of sub-content", limits->depth);
    if (!take(&tree->children, 1, limits->children))
        return proc_call_refuse(call, KRAIT_ENV_LIMIT,
                                "exceeded the limit of %llu documents in one document",
                                (unsigned long long)limits->children);
    if (!take(&tree->expansion, bytes, limits->expansion)) {
        atomic_fetch_sub(&tree->children, 1);
        return proc_call_refuse(call, KRAIT_ENV_LIMIT,
                                "exceeded the limit of %llu bytes in the documents of one document",
                                (unsigned long long)limits->expansion);
    }
    call->child_count++;
    call->child_bytes += bytes;
    return KRAIT_ENV_OK;
}

static int
check_name(proc_call *call, const char *name, size_t size)
{
    if (size > KRAIT_ENV_FILENAME_MAX || (size != 0 && memchr(name, 0, size) != NULL))
        return proc_call_refuse(call, KRAIT_ENV_NAME, "sub-content: bad filename");
    if (!proc_is_utf8(name, size))
        return proc_call_refuse(call, KRAIT_ENV_MALFORMED,
                                "sub-content: the filename is not UTF-8");
    return KRAIT_ENV_OK;
}

bool
proc_call_has_room(const proc_call *call, uint64_t size)
{
    const uint64_t taken = call->data_bytes + (call->batch->bytes.size - call->record);

    return taken <= call->limits->result && size <= call->limits->result - taken;
}

int
proc_call_too_much(proc_call *call)
{
    return proc_call_refuse(call, KRAIT_ENV_LIMIT,
                            "exceeded the limit of %llu bytes of rows and sub-content",
                            (unsigned long long)call->limits->result);
}

proc_blob *
proc_call_blob(proc_call *call, uint64_t size, int *ret_status)
{
    proc_blob *blob;

    if (call->limit[0] != '\0') {
        *ret_status = KRAIT_ENV_LIMIT;
        return NULL;
    }
    if (size > call->limits->document) {
        *ret_status = proc_call_refuse(call, KRAIT_ENV_LIMIT,
                                       "exceeded the limit of %llu bytes of one document",
                                       (unsigned long long)call->limits->document);
        return NULL;
    }
    if (!proc_call_has_room(call, size)) {
        *ret_status = proc_call_too_much(call);
        return NULL;
    }
    blob = proc_blob_new((size_t)size);
    if (blob == NULL) {
        *ret_status = proc_call_refuse(call, KRAIT_ENV_FAILED, "out of memory");
        return NULL;
    }
    blob->size = (size_t)size;
    call->data_bytes += size + ITEM_BYTES;
    return blob;
}

int
proc_call_emit(proc_call *call, const char *filename, size_t name_size, proc_blob *blob,
               const uint8_t *bytes, size_t size)
{
    size_t item_bytes;
    proc_tree *tree;
    proc_item *item;
    int status;

    if (call->limit[0] != '\0')
        return KRAIT_ENV_LIMIT;
    status = check_name(call, filename, name_size);
    if (status != KRAIT_ENV_OK)
        return status;
    item_bytes = strlen(call->document->item->path) + name_size + ITEM_BYTES;
    if (item_bytes > PATH_MAX_BYTES)
        return proc_call_refuse(call, KRAIT_ENV_LIMIT, "exceeded the limit of %u bytes of one path",
                                PATH_MAX_BYTES);
    if (!proc_call_has_room(call, item_bytes))
        return proc_call_too_much(call);
    call->data_bytes += item_bytes;
    tree = proc_document_tree(call->document);
    if (tree == NULL)
        return proc_call_refuse(call, KRAIT_ENV_FAILED, "out of memory");
    status = take_shares(call, tree, size);
    if (status != KRAIT_ENV_OK)
        return status;
    item = proc_item_new_child(call->document, filename, name_size, blob, bytes, size);
    if (item == NULL)
        return proc_call_refuse(call, KRAIT_ENV_FAILED, "out of memory");
    *call->last_child = item;
    call->last_child = &item->next;
    return KRAIT_ENV_OK;
}

int
proc_call_emit_slice(proc_call *call, const char *filename, size_t name_size, uint64_t offset,
                     uint64_t size)
{
    const proc_document *document = call->document;

    if (offset > document->size || size > document->size - offset)
        return proc_call_refuse(
            call, KRAIT_ENV_BOUNDS, "sub-content: bytes %llu to %llu of a document of %zu bytes",
            (unsigned long long)offset, (unsigned long long)(offset + size), document->size);
    return proc_call_emit(call, filename, name_size, document->blob, document->bytes + offset,
                          (size_t)size);
}
