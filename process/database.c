/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing the database.
 *
 * The header of the file is read before SQLite sees it, so that what is refused is not touched, not
 * even by the recovery of a journal.  The tables are made in one transaction with a journal beside the file, and
 * only then is the log (WAL) switched on: so the header is in the file itself from the beginning.
 * SQLite's locks are of single transactions; flock() keeps a second run away in between, and does not
 * disturb them.  Its descriptor is closed after SQLite's, which would lose its locks otherwise.
 */
#include "database.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_SIZE 100

static const char tables_sql[] =
    "CREATE TABLE __wadup_content (uuid TEXT PRIMARY KEY, filename TEXT NOT NULL, parent_uuid "
    "TEXT, "
    "processed_at INTEGER NOT NULL, status TEXT NOT NULL, error_message TEXT, path TEXT, sha256 "
    "TEXT, "
    "size INTEGER, content_type TEXT, depth INTEGER);"
    "CREATE INDEX __wadup_content_parent ON __wadup_content(parent_uuid) "
    "WHERE parent_uuid IS NOT NULL;"
    "CREATE TABLE __wadup_module_output (content_uuid TEXT NOT NULL, module_name TEXT NOT NULL, "
    "stdout TEXT, stderr TEXT, stdout_truncated INTEGER NOT NULL, stderr_truncated INTEGER NOT "
    "NULL, "
    "PRIMARY KEY(content_uuid, module_name), "
    "FOREIGN KEY(content_uuid) REFERENCES __wadup_content(uuid));";

krait_status
proc_database_error(const proc_database *database, const char *what, krait_error *err)
{
    const int code = sqlite3_extended_errcode(database->connection);
    const int number = sqlite3_system_errno(database->connection);
    const char *text = sqlite3_errmsg(database->connection);

    if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
        return krait__error_set(err, KRAIT_EBUSY, 0, "cannot %s '%s': another program uses it",
                                what, database->path);
    if ((code & 0xff) == SQLITE_NOMEM)
        return krait__error_set(err, KRAIT_ENOMEM, 0, "cannot %s '%s': out of memory", what,
                                database->path);
    if ((code & 0xff) == SQLITE_IOERR && number != 0)
        return krait__error_set(err, KRAIT_EIO, number, "cannot %s '%s'", what, database->path);
    return krait__error_set(err, (code & 0xff) == SQLITE_NOTADB ? KRAIT_EFORMAT : KRAIT_EIO, 0,
                            "cannot %s '%s': %s", what, database->path, text);
}

krait_status
proc_database_run(const proc_database *database, const char *sql, const char *what,
                  krait_error *err)
{
    if (sqlite3_exec(database->connection, sql, NULL, NULL, NULL) == SQLITE_OK)
        return KRAIT_OK;
    return proc_database_error(database, what, err);
}

static uint32_t
big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* By the file format, sections 1.3.14 and 1.3.9: the numbers that a program gives its databases. */
static krait_status
check_header(const proc_database *database, krait_error *err)
{
    uint8_t header[HEADER_SIZE];
    ssize_t got = pread(database->lock, header, sizeof(header), 0);

    if (got < 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot read '%s'", database->path);
    if (got != HEADER_SIZE || memcmp(header, "SQLite format 3", 16) != 0)
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "'%s' is there and no SQLite database: it is left as it is",
                                database->path);
    if (big_endian(header + 68) != PROC_APPLICATION_ID)
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "'%s' is the database of another program: it is left as it is",
                                database->path);
    if (big_endian(header + 60) != PROC_DATABASE_FORMAT)
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "'%s' is of version %u, this program writes version %u: it is left "
                                "as it is",
                                database->path, big_endian(header + 60), PROC_DATABASE_FORMAT);
    return KRAIT_OK;
}

/* Opens the descriptor and says whether there is something in the file. */
static krait_status
lock_file(proc_database *database, bool *ret_is_new, krait_error *err)
{
    struct stat status;

    database->lock = open(database->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                          0666);
    if (database->lock < 0 || fstat(database->lock, &status) != 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot open '%s'", database->path);
    if (!S_ISREG(status.st_mode))
        return krait__error_set(err, KRAIT_EINVAL, 0, "'%s' is no file", database->path);
    if (flock(database->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return krait__error_set(err, KRAIT_EBUSY, 0, "'%s' is in use by another `krait process`",
                                database->path);
    *ret_is_new = status.st_size == 0;
    return KRAIT_OK;
}

/* Nothing is in the file yet, or nothing that counts: its making was interrupted. */
static krait_status
make(proc_database *database, krait_error *err)
{
    char numbers[96];
    krait_status status = proc_database_run(database, "BEGIN EXCLUSIVE", "make", err);

    sqlite3_snprintf(sizeof(numbers), numbers,
                     "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                     PROC_APPLICATION_ID, PROC_DATABASE_FORMAT);
    if (status == KRAIT_OK)
        status = proc_database_run(database, tables_sql, "make", err);
    if (status == KRAIT_OK)
        status = proc_database_run(database, numbers, "make", err);
    return status;
}

static bool
is_empty(const proc_database *database)
{
    sqlite3_stmt *statement = NULL;
    bool empty = false;

    if (sqlite3_prepare_v2(database->connection, "SELECT count(*) FROM sqlite_master", -1,
                           &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        empty = sqlite3_column_int64(statement, 0) == 0;
    (void)sqlite3_finalize(statement);
    return empty;
}

static krait_status
connect_to(proc_database *database, krait_error *err)
{
    if (sqlite3_open_v2(database->path, &database->connection,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        if (database->connection == NULL)
            return krait__error_nomem(err);
        return proc_database_error(database, "open", err);
    }
    (void)sqlite3_extended_result_codes(database->connection, 1);
    return KRAIT_OK;
}

static krait_status
prepare(proc_database *database, bool is_new, proc_tables *tables, proc_done *done,
        krait_error *err)
{
    krait_status status = connect_to(database, err);

    if (status == KRAIT_OK && (is_new || is_empty(database)))
        status = make(database, err);
    if (status == KRAIT_OK)
        status = proc_database_run(database,
                                   "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                   "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;"
                                   "PRAGMA wal_autocheckpoint = 4000;",
                                   "prepare", err);
    if (status == KRAIT_OK && !is_new)
        status = proc_database_resume(database, tables, done, err);
    /* From here on somebody who reads, or even writes, is waited for. */
    (void)sqlite3_busy_timeout(database->connection, 60000);
    return status;
}

krait_status
proc_database_open(const char *path, bool resume, proc_tables *tables, proc_done *done,
                   proc_database *ret, krait_error *err)
{
    proc_database database = {.lock = -1, .path = path};
    bool is_new = true;
    krait_status status = lock_file(&database, &is_new, err);

    if (status == KRAIT_OK && !is_new)
        status = check_header(&database, err);
    if (status == KRAIT_OK && !is_new && !resume)
        status = krait__error_set(err, KRAIT_ESTATE, 0,
                                  "'%s' holds results already; --resume goes on with it", path);
    if (status == KRAIT_OK)
        status = prepare(&database, is_new, tables, done, err);
    if (status == KRAIT_OK) {
        *ret = database;
        return KRAIT_OK;
    }
    (void)sqlite3_close_v2(database.connection);
    if (database.lock >= 0)
        (void)close(database.lock);
    return status;
}

krait_status
proc_database_close(proc_database *database, krait_error *err)
{
    krait_status status = KRAIT_OK;

    if (sqlite3_close(database->connection) != SQLITE_OK) {
        status = proc_database_error(database, "close", err);
        (void)sqlite3_close_v2(database->connection);
    }
    (void)close(database->lock);
    *database = (proc_database){.lock = -1};
    return status;
}
