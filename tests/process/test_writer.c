/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer: what ends a transaction, counted by SQLite's hook at commits.  Here a second is an hour or a moment, so that
 * nothing depends on how fast the machine is.
 */
#include "writer.h"

#include "support/check.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DOCUMENTS = 40 };

static const int64_t hour_ns = INT64_C(3600000000000);
static const int64_t moment_ns = 1000000;
static const uint64_t many = UINT64_C(1) << 60;

typedef struct scene {
    char folder[64];
    char path[80];
    proc_tables *tables;
    proc_done done;
    proc_database database;
    proc_writer *writer;
    atomic_uint commits;
    char uuids[DOCUMENTS][PROC_UUID_SIZE + 1];
    uint64_t bytes; /* of the last batch */
} scene;

static void
a_little(void)
{
    const struct timespec time = {0, 10000000};

    nanosleep(&time, NULL);
}

static int
count_commit(void *data)
{
    scene *s = data;

    atomic_fetch_add(&s->commits, 1);
    return 0;
}

static void
failed(void *data)
{
    (void)data;
}

static bool
scene_open(scene *s, const proc_pace *pace)
{
    s->tables = proc_tables_new();
    if (s->tables == NULL ||
        proc_database_open(s->path, true, s->tables, &s->done, &s->database, NULL) != KRAIT_OK)
        return false;
    atomic_store(&s->commits, 0);
    (void)sqlite3_commit_hook(s->database.connection, count_commit, s);
    return proc_writer_start(&s->database, pace, failed, NULL, &s->writer, NULL) == KRAIT_OK;
}

static void
scene_close(scene *s)
{
    CHECK_INT(proc_database_close(&s->database, NULL), KRAIT_OK);
    proc_tables_free(s->tables);
    proc_done_release(&s->done);
    s->done = (proc_done){.slots = NULL};
}

/* A document with what it has written, in a batch of its own; in place of what it was before. */
static bool
put(scene *s, unsigned number, size_t size)
{
    static proc_uuids source;
    const bool truncated[2] = {false, false};
    proc_item *item;
    proc_document document = {.type = "text/plain"};
    proc_buffer output[2] = {{.bytes = NULL}, {.bytes = NULL}};
    proc_batch *batch = proc_writer_take(s->writer);
    char *text = calloc(1, size);
    char name[32];
    size_t record;
    bool is_good;

    snprintf(name, sizeof(name), "in/%u", number);
    item = proc_item_new(name, 0, NULL);
    document.item = item;
    memset(document.sha256, '0', sizeof(document.sha256) - 1);
    is_good = batch != NULL && item != NULL && text != NULL &&
              proc_uuid_make(&source, 1, document.uuid) == 0 &&
              (s->uuids[number][0] == '\0' || proc_batch_drop(batch, s->uuids[number])) &&
              proc_buffer_put(&output[0], text, size) &&
              proc_batch_output(batch, document.uuid, "m", output, truncated) &&
              proc_batch_document(batch, &document, PROC_STATUS_SUCCESS, NULL, &record);
    if (is_good) {
        memcpy(s->uuids[number], document.uuid, sizeof(document.uuid));
        batch->counts.documents = 1;
        s->bytes = batch->bytes.size;
        is_good = proc_writer_put(s->writer, batch);
    }
    proc_buffer_release(&output[0]);
    proc_item_free(item);
    free(text);
    return is_good;
}

/* All of them; the commits that there were. */
static unsigned
put_all(scene *s, const proc_pace *pace, bool slowly)
{
    proc_counts counts;

    if (!CHECK(scene_open(s, pace)))
        return DOCUMENTS + 1;
    for (unsigned i = 0; i < DOCUMENTS; i++) {
        CHECK(put(s, i, 4000));
        if (slowly)
            a_little();
    }
    CHECK_INT(proc_writer_finish(s->writer, &counts, NULL), KRAIT_OK);
    CHECK_UINT(counts.documents, DOCUMENTS);
    scene_close(s);
    return atomic_load(&s->commits);
}

static int64_t
count_rows(const scene *s, const char *table)
{
    sqlite3_stmt *statement = NULL;
    sqlite3 *connection = NULL;
    int64_t count = -1;
    char sql[64];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    if (sqlite3_open(s->path, &connection) == SQLITE_OK &&
        sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        count = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(connection);
    return count;
}

static bool
scene_make(scene *s)
{
    const proc_pace pace = {hour_ns, hour_ns, many, many};

    memset(s, 0, sizeof(*s));
    snprintf(s->folder, sizeof(s->folder), "/tmp/krait-writer-XXXXXX");
    if (mkdtemp(s->folder) == NULL)
        return false;
    snprintf(s->path, sizeof(s->path), "%s/x.db", s->folder);
    return CHECK_UINT(put_all(s, &pace, false), 1);
}

/* Whatever was done, each document is there once. */
static void
scene_remove(scene *s)
{
    CHECK_INT(count_rows(s, "__wadup_content"), DOCUMENTS);
    CHECK_INT(count_rows(s, "__wadup_module_output"), DOCUMENTS);
    CHECK(unlink(s->path) == 0);
    CHECK(rmdir(s->folder) == 0);
}

/* Until there is a commit; in a minute at most. */
static unsigned
wait_for_commit(scene *s)
{
    for (int i = 0; i < 6000 && atomic_load(&s->commits) == 0; i++)
        a_little();
    return atomic_load(&s->commits);
}

/* Documents that are new. */
static void
ends(void)
{
    const proc_pace by_count = {hour_ns, hour_ns, 2, many};
    const proc_pace by_bytes = {hour_ns, hour_ns, many, 8000};
    const proc_pace idle = {hour_ns, moment_ns, many, many};
    const proc_pace by_time = {moment_ns, hour_ns, many, many};
    scene s;

    REQUIRE(scene_make(&s));
    memset(s.uuids, 0, sizeof(s.uuids));
    CHECK_UINT(put_all(&s, &by_count, false), DOCUMENTS / 2);
    memset(s.uuids, 0, sizeof(s.uuids));
    CHECK_UINT(put_all(&s, &by_bytes, false), DOCUMENTS / 2);
    memset(s.uuids, 0, sizeof(s.uuids));
    REQUIRE(scene_open(&s, &idle));
    CHECK(put(&s, 0, 100));
    CHECK_UINT(wait_for_commit(&s), 1);
    CHECK_INT(proc_writer_finish(s.writer, NULL, NULL), KRAIT_OK);
    scene_close(&s);
    CHECK_INT(count_rows(&s, "__wadup_content"), 3 * DOCUMENTS + 1);
    REQUIRE(scene_open(&s, &by_time));
    for (int i = 0; i < 6000 && atomic_load(&s.commits) == 0; i++) {
        memset(s.uuids, 0, sizeof(s.uuids));
        CHECK(put(&s, 0, 100));
        a_little();
    }
    CHECK(atomic_load(&s.commits) > 0);
    CHECK_INT(proc_writer_finish(s.writer, NULL, NULL), KRAIT_OK);
    scene_close(&s);
    CHECK(unlink(s.path) == 0);
    CHECK(rmdir(s.folder) == 0);
}

/* Neither their number, nor that nothing comes, is worth another scan of the tables. */
static void
changed_together(void)
{
    const proc_pace by_count = {hour_ns, hour_ns, 1, many};
    const proc_pace idle = {hour_ns, moment_ns, many, many};
    scene s;

    REQUIRE(scene_make(&s));
    CHECK_UINT(put_all(&s, &by_count, false), 1);
    CHECK_UINT(put_all(&s, &idle, true), 1);
    scene_remove(&s);
}

/* As many bytes as the file has. */
static void
changed_bytes(void)
{
    const proc_pace small = {hour_ns, hour_ns, many, 1};
    const proc_pace large = {hour_ns, hour_ns, many, many};
    struct stat status;
    unsigned commits = 0;
    uint64_t open = 0;
    scene s;

    REQUIRE(scene_make(&s));
    REQUIRE(stat(s.path, &status) == 0);
    REQUIRE(status.st_size > DOCUMENTS * 4000);
    REQUIRE(scene_open(&s, &small));
    for (unsigned i = 0; i < DOCUMENTS; i++) {
        CHECK(put(&s, i, 20000));
        open += s.bytes;
        if (open >= (uint64_t)status.st_size) {
            commits++;
            open = 0;
        }
    }
    CHECK_INT(proc_writer_finish(s.writer, NULL, NULL), KRAIT_OK);
    CHECK(commits > 2 && commits < DOCUMENTS / 4);
    CHECK_UINT(atomic_load(&s.commits), commits + (open != 0));
    scene_close(&s);
    CHECK_UINT(put_all(&s, &large, false), 1);
    scene_remove(&s);
}

/* It does not wait for what never comes. */
static void
changed_in_time(void)
{
    const proc_pace pace = {20 * moment_ns, hour_ns, many, many};
    scene s;

    REQUIRE(scene_make(&s));
    REQUIRE(scene_open(&s, &pace));
    CHECK(put(&s, 7, 100));
    CHECK_UINT(wait_for_commit(&s), 1);
    CHECK_INT(count_rows(&s, "__wadup_content"), DOCUMENTS);
    CHECK_INT(proc_writer_finish(s.writer, NULL, NULL), KRAIT_OK);
    CHECK_UINT(atomic_load(&s.commits), 1);
    scene_close(&s);
    scene_remove(&s);
}

CHECK_MAIN(CHECK_CASE(ends), CHECK_CASE(changed_together), CHECK_CASE(changed_bytes),
           CHECK_CASE(changed_in_time))
