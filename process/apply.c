/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records to statements, which are prepared once.  Texts are bound where they lie in the batch.
 */
#include "writer.h"

#include "base/error.h"
#include "json.h"

static krait_status
prepare(proc_applier *applier, const char *sql, sqlite3_stmt **ret, krait_error *err)
{
    if (sqlite3_prepare_v3(applier->database->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, ret,
                           NULL) == SQLITE_OK)
        return KRAIT_OK;
    return proc_database_error(applier->database, "write", err);
}

krait_status
proc_applier_init(proc_applier *applier, proc_database *database, krait_error *err)
{
    krait_status status;

    memset(applier, 0, sizeof(*applier));
    applier->database = database;
    status = prepare(applier, "BEGIN IMMEDIATE", &applier->begin, err);
    if (status == KRAIT_OK)
        status = prepare(applier, "COMMIT", &applier->commit, err);
    if (status == KRAIT_OK)
        status = prepare(applier, "INSERT INTO __wadup_content VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                         &applier->document, err);
    if (status == KRAIT_OK)
        status = prepare(applier, "INSERT INTO __wadup_module_output VALUES (?,?,?,?,?,?)",
                         &applier->output, err);
    if (status == KRAIT_OK)
        status = prepare(applier,
                         "UPDATE __wadup_content SET status = ?, error_message = ? WHERE uuid = ?",
                         &applier->finish, err);
    return status;
}

void
proc_applier_release(proc_applier *applier)
{
    sqlite3_stmt *const own[] = {applier->begin,  applier->commit, applier->document,
                                 applier->output, applier->finish, applier->drop};

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        (void)sqlite3_finalize(own[i]);
    for (size_t i = 0; i < PROC_TABLES_MAX; i++)
        (void)sqlite3_finalize(applier->tables[i]);
}

krait_status
proc_apply_step(proc_applier *applier, sqlite3_stmt *statement, krait_error *err)
{
    const int code = sqlite3_step(statement);
    krait_status status = KRAIT_OK;

    if (code != SQLITE_DONE)
        status = proc_database_error(applier->database, "write", err);
    (void)sqlite3_reset(statement);
    return status;
}

static void
bind_text(sqlite3_stmt *statement, int at, const void *text, size_t size)
{
    if (size == 0)
        (void)sqlite3_bind_text(statement, at, "", 0, SQLITE_STATIC);
    else
        (void)sqlite3_bind_text64(statement, at, text, size, SQLITE_STATIC, SQLITE_UTF8);
}

static void
bind_optional(sqlite3_stmt *statement, int at, const void *text, size_t size)
{
    if (size == 0)
        (void)sqlite3_bind_null(statement, at);
    else
        bind_text(statement, at, text, size);
}

/* What is not UTF-8 keeps its bytes, as a BLOB. */
static void
bind_name(sqlite3_stmt *statement, int at, const uint8_t *bytes, size_t size)
{
    if (proc_is_utf8(bytes, size))
        bind_text(statement, at, bytes, size);
    else
        (void)sqlite3_bind_blob64(statement, at, bytes, size, SQLITE_STATIC);
}

static krait_status
apply_document(proc_applier *applier, const uint8_t *at, krait_error *err)
{
    sqlite3_stmt *statement = applier->document;
    proc_document_record record;
    const char *status;

    memcpy(&record, at, sizeof(record));
    at += sizeof(record);
    status = proc_status_name((proc_status)record.status);
    bind_text(statement, 1, record.head.uuid, PROC_UUID_SIZE);
    bind_name(statement, 2, at, record.filename_size);
    at += record.filename_size;
    bind_optional(statement, 3, record.parent, strlen(record.parent));
    (void)sqlite3_bind_int64(statement, 4, record.started_s);
    bind_text(statement, 5, status, strlen(status));
    if (record.error_size == 0)
        (void)sqlite3_bind_null(statement, 6);
    else
        bind_name(statement, 6, at + record.path_size, record.error_size);
    bind_name(statement, 7, at, record.path_size);
    bind_optional(statement, 8, record.sha256, strlen(record.sha256));
    if (record.sha256[0] != '\0')
        (void)sqlite3_bind_int64(statement, 9, (int64_t)record.size);
    else
        (void)sqlite3_bind_null(statement, 9);
    bind_optional(statement, 10, record.type, record.type != NULL ? strlen(record.type) : 0);
    (void)sqlite3_bind_int64(statement, 11, record.depth);
    return proc_apply_step(applier, statement, err);
}

static krait_status
apply_output(proc_applier *applier, const uint8_t *at, krait_error *err)
{
    sqlite3_stmt *statement = applier->output;
    proc_output_record record;

    memcpy(&record, at, sizeof(record));
    at += sizeof(record);
    bind_text(statement, 1, record.head.uuid, PROC_UUID_SIZE);
    bind_name(statement, 2, (const uint8_t *)record.module, strlen(record.module));
    bind_name(statement, 3, at, record.size[0]);
    bind_name(statement, 4, at + record.size[0], record.size[1]);
    (void)sqlite3_bind_int(statement, 5, record.truncated[0]);
    (void)sqlite3_bind_int(statement, 6, record.truncated[1]);
    return proc_apply_step(applier, statement, err);
}

static krait_status
apply_finish(proc_applier *applier, const uint8_t *at, krait_error *err)
{
    sqlite3_stmt *statement = applier->finish;
    proc_finish_record record;
    const char *status;

    memcpy(&record, at, sizeof(record));
    status = proc_status_name((proc_status)record.status);
    bind_text(statement, 1, status, strlen(status));
    if (record.error_size == 0)
        (void)sqlite3_bind_null(statement, 2);
    else
        bind_name(statement, 2, at + sizeof(record), record.error_size);
    bind_text(statement, 3, record.head.uuid, PROC_UUID_SIZE);
    return proc_apply_step(applier, statement, err);
}

/* Its rows are removed before the commit: that looks at whole tables, so it is done for many at once. */
static krait_status
apply_drop(proc_applier *applier, const proc_record *head, krait_error *err)
{
    krait_status status = KRAIT_OK;

    if (applier->drop == NULL)
        status = prepare(applier,
                         "INSERT OR IGNORE INTO temp.dropped WITH RECURSIVE tree(uuid) AS ("
                         "VALUES (?1) UNION SELECT c.uuid FROM main.__wadup_content c "
                         "JOIN tree t ON c.parent_uuid = t.uuid) SELECT uuid FROM tree",
                         &applier->drop, err);
    if (status != KRAIT_OK)
        return status;
    bind_text(applier->drop, 1, head->uuid, PROC_UUID_SIZE);
    applier->has_dropped = true;
    return proc_apply_step(applier, applier->drop, err);
}

krait_status
proc_apply_drops(proc_applier *applier, krait_error *err)
{
    if (!applier->has_dropped)
        return KRAIT_OK;
    applier->has_dropped = false;
    return proc_database_drop(applier->database, err);
}

krait_status
proc_apply(proc_applier *applier, const proc_batch *batch, krait_error *err)
{
    const uint8_t *at = batch->bytes.bytes;
    const uint8_t *end = at + batch->bytes.size;
    krait_status status = KRAIT_OK;
    proc_record head;

    for (; at < end && status == KRAIT_OK; at += head.size) {
        memcpy(&head, at, sizeof(head));
        switch ((proc_record_kind)head.kind) {
        case PROC_RECORD_ROWS:
            status = proc_apply_rows(applier, at, err);
            break;
        case PROC_RECORD_OUTPUT:
            status = apply_output(applier, at, err);
            break;
        case PROC_RECORD_DOCUMENT:
            status = apply_document(applier, at, err);
            break;
        case PROC_RECORD_FINISH:
            status = apply_finish(applier, at, err);
            break;
        case PROC_RECORD_DROP:
            status = apply_drop(applier, &head, err);
            break;
        }
    }
    return status;
}
