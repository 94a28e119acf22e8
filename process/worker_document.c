/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One document: read, hash, all modules, and its place in the tree.
 */
#include "worker.h"

#include "content_type.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A blob larger than this is not kept for the next document. */
#define KEEP_BLOB (UINT64_C(4) << 20)

static const char *
why_unreadable(int number, const proc_limits *limits, char *text, size_t size)
{
    switch (number) {
    case -EFBIG:
        snprintf(text, size, "cannot read: larger than %llu bytes",
                 (unsigned long long)limits->document);
        break;
    case -ENOTSUP:
        snprintf(text, size, "cannot read: no regular file");
        break;
    default:
        snprintf(text, size, "cannot read: %s", strerror(-number));
    }
    return text;
}

/* The bytes of the document; NULL, or why they cannot be had. */
static const char *
read_document(proc_worker *worker, const proc_item *item, proc_document *document, char *text,
              size_t size)
{
    int failed;

    document->bytes = item->bytes;
    document->size = item->size;
    document->blob = item->blob;
    if (item->error != NULL)
        return item->error;
    if (item->blob != NULL)
        return NULL;
    if (worker->blob != NULL &&
        (proc_blob_is_shared(worker->blob) || worker->blob->capacity > KEEP_BLOB)) {
        proc_blob_release(worker->blob);
        worker->blob = NULL;
    }
    failed = proc_read_file(item->path, worker->shop->modules->options.limits.document,
                            &worker->blob, &worker->ahead);
    if (failed != 0)
        return why_unreadable(failed, &worker->shop->modules->options.limits, text, size);
    document->bytes = worker->blob->bytes;
    document->size = worker->blob->size;
    document->blob = worker->blob;
    return NULL;
}

static void
look_at(proc_worker *worker, proc_document *document)
{
    krait_sha256 hash = worker->empty_hash;
    uint8_t digest[KRAIT_SHA256_SIZE];

    krait__sha256_add(&hash, document->bytes, document->size);
    krait__sha256_finish(&hash, digest);
    proc_hexadecimal(digest, sizeof(digest), document->sha256);
    document->type = proc_content_type(document->bytes, document->size);
}

/* What an earlier run has made of it holds.  So it does when it cannot be read any more: nothing is known
 * then of what it is. */
static bool
is_as_before(proc_worker *worker, const proc_document *document, const char *error)
{
    const proc_done_root *before = document->item->before;
    proc_inputs *inputs = worker->shop->inputs;

    if (before == NULL || (error == NULL && !proc_done_is_same(before, document->sha256)))
        return false;
    if (error != NULL && proc_done_was_read(before))
        proc_inputs_note(inputs, "'%s': %s: it keeps what was found before", document->item->path,
                         error);
    inputs->found--;
    inputs->resumed++;
    return true;
}

/* Before anything new of it: in the database that is one transaction. */
static bool
forget_before(proc_worker *worker, const proc_document *document)
{
    char uuid[PROC_UUID_SIZE + 1];

    if (document->item->before == NULL)
        return true;
    proc_done_uuid(document->item->before, uuid);
    worker->batch->counts.changed++;
    return proc_batch_drop(worker->batch, uuid);
}

static bool
add_error(proc_worker *worker, const char *module, const char *text)
{
    proc_buffer *errors = &worker->errors;

    return (errors->size == 0 || proc_buffer_put(errors, "; ", 2)) &&
           proc_buffer_put(errors, "Module '", 8) &&
           proc_buffer_put(errors, module, strlen(module)) && proc_buffer_put(errors, "' ", 2) &&
           proc_buffer_put(errors, text, strlen(text));
}

static bool
run_module(proc_worker *worker, proc_instance *instance, proc_document *document,
           proc_item ***ret_end)
{
    proc_call *call = &instance->call;
    proc_verdict verdict;

    proc_instance_run(instance, document, &worker->description, worker->batch, &verdict);
    worker->batch->counts.rows += verdict.is_good ? call->rows : 0;
    if (call->children != NULL) {
        **ret_end = call->children;
        *ret_end = call->last_child;
        worker->stack_size += call->child_count;
        atomic_fetch_add(&document->tree->waiting, call->child_count);
        call->children = NULL;
    }
    if (!verdict.is_good && !add_error(worker, instance->module->name, verdict.text))
        return false;
    return (call->output[0].size == 0 && call->output[1].size == 0) ||
           proc_batch_output(worker->batch, document->uuid, instance->module->name, call->output,
                             call->truncated);
}

/* Through all modules; their sub-content waits in `stack` then, that of the first module first. */
static bool
run_modules(proc_worker *worker, proc_document *document)
{
    const size_t count = worker->shop->modules->count;
    proc_item *children = NULL;
    proc_item **end = &children;
    bool is_good = proc_describe(document, &worker->description);

    for (size_t i = 0; i < count && is_good; i++)
        is_good = run_module(worker, &worker->instances[i], document, &end);
    if (children != NULL) {
        *end = worker->stack;
        worker->stack = children;
    }
    return is_good;
}

/* The tree of a root that has children: who counts its last document finishes it. */
static bool
put_root(proc_worker *worker, proc_document *document, proc_status status, const char *error)
{
    proc_tree *tree = document->tree;
    size_t record;

    if (tree == NULL)
        return proc_batch_document(worker->batch, document, status, error, &record);
    tree->status = status;
    if (!proc_batch_document(worker->batch, document, PROC_STATUS_PROCESSING, error, &tree->record))
        return false;
    tree->batch = worker->batch->number;
    return true;
}

static bool
finish_tree(proc_worker *worker, proc_tree *tree)
{
    bool is_good = true;

    if (tree->batch == worker->batch->number)
        proc_batch_set_status(worker->batch, tree->record, tree->status);
    else
        is_good = proc_batch_finish(worker->batch, tree->uuid, tree->status, tree->error);
    worker->batch->counts.roots++;
    proc_tree_free(tree);
    return is_good;
}

/* One document of the tree is done; see worker.h for the order. */
static bool
count_down(proc_worker *worker, proc_tree *tree)
{
    if (tree == NULL) {
        worker->batch->counts.roots++;
        return true;
    }
    if (atomic_load(&tree->is_shared))
        proc_worker_flush(worker);
    if (worker->batch == NULL)
        return false;
    if (atomic_fetch_sub(&tree->waiting, 1) != 1)
        return true;
    return finish_tree(worker, tree);
}

static bool
put_document(proc_worker *worker, proc_document *document, const char *error)
{
    const proc_status status = error != NULL ? PROC_STATUS_FAILED : PROC_STATUS_SUCCESS;
    proc_counts *counts = &worker->batch->counts;
    size_t record;

    counts->documents++;
    counts->failed += error != NULL;
    counts->bytes += document->size;
    if (document->item->tree != NULL)
        return proc_batch_document(worker->batch, document, status, error, &record);
    /* The error is needed again when the root is finished. */
    if (document->tree != NULL && error != NULL) {
        document->tree->error = strdup(error);
        if (document->tree->error == NULL)
            return false;
    }
    return put_root(worker, document, status, error);
}

static bool
process(proc_worker *worker, proc_document *document)
{
    char text[256];
    const char *error = read_document(worker, document->item, document, text, sizeof(text));

    worker->errors.size = 0;
    if (error == NULL)
        look_at(worker, document);
    document->is_as_before = is_as_before(worker, document, error);
    if (document->is_as_before)
        return true;
    if (!forget_before(worker, document))
        return false;
    if (error == NULL) {
        if (!run_modules(worker, document))
            return false;
        if (worker->errors.size != 0) {
            if (!proc_buffer_put_byte(&worker->errors, 0))
                return false;
            error = (const char *)worker->errors.bytes;
        }
    } else {
        document->size = 0;
    }
    return put_document(worker, document, error);
}

bool
proc_worker_do(proc_worker *worker, proc_item *item)
{
    proc_document document = {.item = item, .tree = item->tree, .started_s = worker->now_ms / 1000};
    const size_t start = worker->batch->bytes.size;
    bool is_good = proc_uuid_make(&worker->uuids, (uint64_t)worker->now_ms, document.uuid) == 0 &&
                   process(worker, &document);

    /* Rows without their document are worse than neither. */
    if (!is_good)
        worker->batch->bytes.size = start;
    is_good = is_good && (document.is_as_before || count_down(worker, document.tree));
    proc_item_free(item);
    return is_good;
}
