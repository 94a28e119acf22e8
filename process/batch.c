/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing records.  They lie in the buffer as they come, at any address: who reads one copies its
 * fixed part first.
 */
#include "batch.h"

static proc_record
head_of(proc_record_kind kind, const char *uuid)
{
    proc_record head = {0, (uint32_t)kind, ""};

    memcpy(head.uuid, uuid, PROC_UUID_SIZE);
    return head;
}

static size_t
text_size(const char *text)
{
    return text != NULL ? strlen(text) : 0;
}

bool
proc_batch_document(proc_batch *batch, const proc_document *document, proc_status status,
                    const char *error, size_t *ret_record)
{
    const proc_item *item = document->item;
    const size_t start = batch->bytes.size;
    proc_document_record record = {
        .head = head_of(PROC_RECORD_DOCUMENT, document->uuid),
        .status = (uint32_t)status,
        .depth = item->depth,
        .started_s = document->started_s,
        .size = document->size,
        .type = document->type,
        .filename_size = (uint32_t)strlen(item->filename),
        .path_size = (uint32_t)strlen(item->path),
        .error_size = (uint32_t)text_size(error),
    };

    memcpy(record.parent, item->parent, sizeof(record.parent));
    memcpy(record.sha256, document->sha256, sizeof(record.sha256));
    record.head.size = sizeof(record) + record.filename_size + record.path_size + record.error_size;
    if (!proc_buffer_put(&batch->bytes, &record, sizeof(record)) ||
        !proc_buffer_put(&batch->bytes, item->filename, record.filename_size) ||
        !proc_buffer_put(&batch->bytes, item->path, record.path_size) ||
        !proc_buffer_put(&batch->bytes, error, record.error_size)) {
        batch->bytes.size = start;
        return false;
    }
    *ret_record = start;
    return true;
}

bool
proc_batch_output(proc_batch *batch, const char *uuid, const char *module,
                  const proc_buffer output[2], const bool truncated[2])
{
    const size_t start = batch->bytes.size;
    proc_output_record record = {.head = head_of(PROC_RECORD_OUTPUT, uuid),
                                 .truncated = {truncated[0], truncated[1]},
                                 .module = module,
                                 .size = {output[0].size, output[1].size}};

    record.head.size = sizeof(record) + record.size[0] + record.size[1];
    if (!proc_buffer_put(&batch->bytes, &record, sizeof(record)) ||
        !proc_buffer_put(&batch->bytes, output[0].bytes, output[0].size) ||
        !proc_buffer_put(&batch->bytes, output[1].bytes, output[1].size)) {
        batch->bytes.size = start;
        return false;
    }
    return true;
}

bool
proc_batch_finish(proc_batch *batch, const char *uuid, proc_status status, const char *error)
{
    const size_t start = batch->bytes.size;
    proc_finish_record record = {.head = head_of(PROC_RECORD_FINISH, uuid),
                                 .status = (uint32_t)status,
                                 .error_size = (uint32_t)text_size(error)};

    record.head.size = sizeof(record) + record.error_size;
    if (!proc_buffer_put(&batch->bytes, &record, sizeof(record)) ||
        !proc_buffer_put(&batch->bytes, error, record.error_size)) {
        batch->bytes.size = start;
        return false;
    }
    return true;
}

bool
proc_batch_drop(proc_batch *batch, const char *uuid)
{
    proc_record head = head_of(PROC_RECORD_DROP, uuid);

    head.size = sizeof(head);
    return proc_buffer_put(&batch->bytes, &head, sizeof(head));
}

void
proc_batch_set_status(proc_batch *batch, size_t record, proc_status status)
{
    const uint32_t value = (uint32_t)status;

    memcpy(batch->bytes.bytes + record + offsetof(proc_document_record, status), &value,
           sizeof(value));
}

bool
proc_batch_open_rows(proc_batch *batch, const char *uuid, size_t *ret_record)
{
    const proc_rows_record record = {.head = head_of(PROC_RECORD_ROWS, uuid)};

    *ret_record = batch->bytes.size;
    return proc_buffer_put(&batch->bytes, &record, sizeof(record));
}

bool
proc_batch_close_rows(proc_batch *batch, size_t start, uint64_t row_count,
                      const proc_table *const *tables, uint32_t table_count)
{
    proc_rows_record record;

    memcpy(&record, batch->bytes.bytes + start, sizeof(record));
    record.bytes = batch->bytes.size - start - sizeof(record);
    record.row_count = row_count;
    record.table_count = table_count;
    record.head.size = sizeof(record) + record.bytes + table_count * sizeof(tables[0]);
    if (!proc_buffer_put(&batch->bytes, tables, table_count * sizeof(tables[0])))
        return false;
    memcpy(batch->bytes.bytes + start, &record, sizeof(record));
    return true;
}
