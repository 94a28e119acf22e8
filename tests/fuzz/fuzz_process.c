/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a module says of a document (process/call.h): definitions, rows, sub-content, and files of the
 * second interface, in any order, of any bytes.  Nothing of it may reach beyond what was given, and
 * what is kept must be what the writer reads: rows that end where they should, within the limits.
 *
 * The input: pieces with a newline behind each.  Their first byte says what they are, a "|" parts names
 * from texts.
 */
#include "fuzz.h"
#include "process/call.h"
#include "process/rows.h"

#include <string.h>

static const proc_limits limits = {.document = 1000,
                                   .rows = 20,
                                   .result = 4000,
                                   .output = 100,
                                   .children = 10,
                                   .expansion = 2000,
                                   .depth = 3};

static void
split(const char **name, size_t *name_size, const char **text, size_t *text_size)
{
    const char *bar = *text_size != 0 ? memchr(*text, '|', *text_size) : NULL;

    *name = *text;
    *name_size = bar != NULL ? (size_t)(bar - *text) : *text_size;
    *text = bar != NULL ? bar + 1 : *text + *text_size;
    *text_size -= *name_size + (bar != NULL ? 1 : 0);
}

static void
emit(proc_call *call, const char *name, size_t name_size, const char *text, size_t size)
{
    int status = KRAIT_ENV_OK;
    proc_blob *blob = proc_call_blob(call, size, &status);

    FUZZ_REQUIRE((blob == NULL) == (status != KRAIT_ENV_OK));
    if (blob == NULL)
        return;
    if (size != 0)
        memcpy(blob->bytes, text, size);
    (void)proc_call_emit(call, name, name_size, blob, blob->bytes, size);
    proc_blob_release(blob);
}

static void
say(proc_call *call, char what, const char *text, size_t size)
{
    proc_json json;
    char file[32] = "";
    const char *name;
    size_t name_size;

    split(&name, &name_size, &text, &size);
    json = (proc_json){(const uint8_t *)text, (const uint8_t *)text + size};
    memcpy(file, name, name_size < sizeof(file) ? name_size : sizeof(file) - 1);
    switch (what) {
    case 't':
        (void)proc_call_define(call, name, name_size, &json);
        break;
    case 'r':
        (void)proc_call_insert(call, name, name_size, &json);
        break;
    case 'e':
        emit(call, name, name_size, text, size);
        break;
    case 's':
        (void)proc_call_emit_slice(call, name, name_size, size, name_size);
        break;
    case 'm':
        proc_call_metadata(call, file, text, size);
        break;
    case 'c':
        proc_call_subcontent(call, file, text, size);
        break;
    default:
        (void)proc_call_output(call, what & 1, text, size);
    }
}

/* As the writer reads it. */
static void
check_rows(const proc_batch *batch)
{
    const uint8_t *at = batch->bytes.bytes;
    const proc_table *tables[PROC_INSTANCE_TABLES];
    proc_rows_record record;
    uint64_t count = 0;

    if (batch->bytes.size == 0)
        return;
    FUZZ_REQUIRE(batch->bytes.size >= sizeof(record));
    memcpy(&record, at, sizeof(record));
    at += sizeof(record);
    FUZZ_REQUIRE(record.head.size == batch->bytes.size && record.bytes <= limits.result);
    FUZZ_REQUIRE(record.row_count <= limits.rows && record.table_count <= PROC_INSTANCE_TABLES);
    memcpy(tables, at + record.bytes, record.table_count * sizeof(tables[0]));
    for (const uint8_t *end = at + record.bytes; at < end; count++) {
        uint32_t number;

        at = proc_row_number(at, &number);
        FUZZ_REQUIRE(number < record.table_count);
        for (uint32_t i = 0; i < tables[number]->column_count; i++) {
            proc_value value;

            at = proc_row_value(at, &value);
            FUZZ_REQUIRE(at <= end);
            FUZZ_REQUIRE(value.tag != PROC_TAG_TEXT ||
                         proc_is_utf8(value.as.text.bytes, value.as.text.size));
        }
        FUZZ_REQUIRE(at <= end);
    }
    FUZZ_REQUIRE(count == record.row_count);
}

static void
check_children(const proc_call *call, const proc_document *document)
{
    uint64_t count = 0;

    for (const proc_item *item = call->children; item != NULL; item = item->next) {
        FUZZ_REQUIRE(item->bytes >= item->blob->bytes &&
                     item->bytes + item->size <= item->blob->bytes + item->blob->size);
        FUZZ_REQUIRE(proc_is_utf8(item->filename, strlen(item->filename)));
        count++;
    }
    FUZZ_REQUIRE(count == call->child_count && count <= limits.children);
    if (document->tree != NULL)
        FUZZ_REQUIRE(atomic_load(&document->tree->children) == count &&
                     atomic_load(&document->tree->expansion) == call->child_bytes);
}

/* One call of process(); true: what it gave counts. */
static void
process(proc_call *call, proc_document *document, const char *text, size_t size)
{
    proc_batch batch = {.number = 1};
    bool is_good;

    document->tree = NULL;
    proc_call_clear(call);
    FUZZ_REQUIRE(proc_call_begin(call, document, &batch));
    while (size > 0) {
        const char *newline = memchr(text, '\n', size);
        const size_t line = newline != NULL ? (size_t)(newline - text) : size;

        if (line > 0)
            say(call, text[0], text + 1, line - 1);
        text += line + (newline != NULL);
        size -= line + (newline != NULL);
    }
    is_good = proc_call_end(call, true);
    FUZZ_REQUIRE(is_good || batch.bytes.size == 0);
    FUZZ_REQUIRE(is_good || call->children == NULL);
    check_rows(&batch);
    if (is_good)
        check_children(call, document);
    proc_call_drop_children(call);
    proc_tree_free(document->tree);
    proc_buffer_release(&batch.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *cut = size != 0 ? memchr(data, 0, size) : NULL;
    const size_t first = cut != NULL ? (size_t)(cut - text) : size;
    proc_tables *tables = proc_tables_new();
    proc_item *item = proc_item_new("in/document", 0, NULL);
    proc_call *call = calloc(1, sizeof(*call));
    proc_document document = {.item = item, .blob = proc_blob_new(100), .size = 100};

    FUZZ_REQUIRE(tables != NULL && item != NULL && call != NULL && document.blob != NULL);
    memset(document.blob->bytes, 'd', 100);
    document.blob->size = 100;
    document.bytes = document.blob->bytes;
    memcpy(document.uuid, "01234567-89ab-7cde-8f01-23456789abcd", PROC_UUID_SIZE + 1);
    proc_call_init(call, &limits, tables);
    /* Two documents in one instance, parted by a NUL. */
    process(call, &document, text, first);
    if (cut != NULL)
        process(call, &document, cut + 1, size - first - 1);
    proc_call_release(call);
    free(call);
    proc_blob_release(document.blob);
    proc_item_free(item);
    proc_tables_free(tables);
    return 0;
}
