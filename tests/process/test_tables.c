/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Definitions of tables: process/tables.h, and their SQL.
 */
#include "database.h"
#include "tables.h"

#include "support/check.h"

#include <stdlib.h>

static const proc_table *
find_table(proc_tables *tables, const char *name)
{
    const size_t size = strlen(name);

    return proc_tables_find(tables, name, size, proc_tables_hash(tables, name, size));
}

static int
define(const char *name, const char *columns, proc_table **ret)
{
    return proc_table_parse(name, strlen(name), columns, strlen(columns), ret);
}

static int
status_of(const char *name, const char *columns)
{
    proc_table *table = NULL;
    const int status = define(name, columns, &table);

    free(table);
    return status;
}

static void
definitions(void)
{
    proc_table *table = NULL;

    REQUIRE_INT(
        define("t",
               "[{\"name\":\"a\",\"data_type\":\"Int64\"}, {\"data_type\":\"Bytes\",\"name\":"
               "\"\\u00e4 b\"}]",
               &table),
        KRAIT_ENV_OK);
    CHECK_INT(table->column_count, 2);
    CHECK_INT(table->columns[0].type, PROC_INT64);
    CHECK_INT(table->columns[1].type, PROC_BYTES);
    CHECK_INT(table->columns[1].name_size, 4);
    CHECK(memcmp(table->names + table->columns[1].name, "\xc3\xa4 b", 4) == 0);
    CHECK(proc_table_is_named(table, "T", 1));
    CHECK(!proc_table_is_named(table, "tt", 2));
    free(table);
    CHECK_INT(status_of("empty", "[]"), KRAIT_ENV_OK);
}

static void
names(void)
{
    char longest[257];

    memset(longest, 'n', sizeof(longest) - 1);
    longest[256] = '\0';
    CHECK_INT(status_of("", "[]"), KRAIT_ENV_NAME);
    CHECK_INT(status_of(longest, "[]"), KRAIT_ENV_NAME);
    CHECK_INT(status_of(longest + 1, "[]"), KRAIT_ENV_OK);
    CHECK_INT(status_of("__wadup_content", "[]"), KRAIT_ENV_NAME);
    CHECK_INT(status_of("__WADUP_x", "[]"), KRAIT_ENV_NAME);
    CHECK_INT(status_of("__krait_x", "[]"), KRAIT_ENV_NAME);
    CHECK_INT(status_of("SQLite_sequence", "[]"), KRAIT_ENV_NAME);
    CHECK_INT(status_of("sqlite", "[]"), KRAIT_ENV_OK);
    CHECK_INT(status_of("\xff", "[]"), KRAIT_ENV_MALFORMED);
    CHECK_INT(status_of("x\"; DROP TABLE __wadup_content; --", "[]"), KRAIT_ENV_OK);
    CHECK_INT(status_of("t", "[{\"name\":\"\",\"data_type\":\"Int64\"}]"), KRAIT_ENV_NAME);
    CHECK_INT(status_of("t", "[{\"name\":\"a\\u0000\",\"data_type\":\"Int64\"}]"), KRAIT_ENV_NAME);
    CHECK_INT(status_of("t", "[{\"name\":\"Content_UUID\",\"data_type\":\"Int64\"}]"),
              KRAIT_ENV_NAME);
    CHECK_INT(status_of("t", "[{\"name\":\"a\",\"data_type\":\"Int64\"},"
                             "{\"name\":\"A\",\"data_type\":\"Int64\"}]"),
              KRAIT_ENV_NAME);
}

static void
malformed(void)
{
    static const char *const wrong[] = {"",
                                        "{}",
                                        "[",
                                        "[1]",
                                        "[{}]",
                                        "[{\"name\":\"a\"}]",
                                        "[{\"data_type\":\"Int64\"}]",
                                        "[{\"name\":\"a\",\"data_type\":\"int64\"}]",
                                        "[{\"name\":1,\"data_type\":\"Int64\"}]",
                                        "[{\"name\":\"a\",\"data_type\":\"Int64\",\"x\":1}]",
                                        "[{\"name\":\"a\",\"name\":\"b\",\"data_type\":\"Int64\"}]",
                                        "[{\"name\":\"a\",\"data_type\":\"Int64\"}] 1",
                                        "[{\"name\":\"\\ud800\",\"data_type\":\"Int64\"}]"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (!CHECK_INT(status_of("t", wrong[i]), KRAIT_ENV_MALFORMED))
            printf("    %s\n", wrong[i]);
    }
}

static void
mismatches(void)
{
    proc_table *one = NULL;
    proc_table *two = NULL;
    char why[256] = "";

    REQUIRE_INT(define("t", "[{\"name\":\"a\",\"data_type\":\"Int64\"}]", &one), KRAIT_ENV_OK);
    REQUIRE_INT(define("T", "[{\"name\":\"A\",\"data_type\":\"Int64\"}]", &two), KRAIT_ENV_OK);
    CHECK(proc_table_is_same(one, two, why, sizeof(why)));
    free(two);
    REQUIRE_INT(define("t", "[]", &two), KRAIT_ENV_OK);
    CHECK(!proc_table_is_same(one, two, why, sizeof(why)));
    CHECK_STR(why, "Schema mismatch for table 't': different column count (1 vs 0)");
    free(two);
    REQUIRE_INT(define("t", "[{\"name\":\"b\",\"data_type\":\"Int64\"}]", &two), KRAIT_ENV_OK);
    CHECK(!proc_table_is_same(one, two, why, sizeof(why)));
    CHECK_STR(why, "Schema mismatch for table 't': column name 'a' vs 'b'");
    free(two);
    REQUIRE_INT(define("t", "[{\"name\":\"a\",\"data_type\":\"String\"}]", &two), KRAIT_ENV_OK);
    CHECK(!proc_table_is_same(one, two, why, sizeof(why)));
    CHECK_STR(why, "Schema mismatch for table 't': column 'a' type mismatch (Int64 vs String)");
    free(two);
    free(one);
}

static void
registry(void)
{
    proc_tables *tables = proc_tables_new();
    const proc_table *registered = NULL;
    proc_table *table = NULL;
    char name[32];
    char why[256] = "";

    REQUIRE(tables != NULL);
    for (unsigned i = 0; i <= PROC_TABLES_MAX; i++) {
        int status;

        snprintf(name, sizeof(name), "t%u", i);
        REQUIRE_INT(define(name, "[]", &table), KRAIT_ENV_OK);
        status = proc_tables_register(tables, table, &registered, why, sizeof(why));
        free(table);
        if (i == PROC_TABLES_MAX) {
            CHECK_INT(status, KRAIT_ENV_LIMIT);
        } else if (status != KRAIT_ENV_OK || registered->index != i) {
            CHECK_INT(status, KRAIT_ENV_OK);
            break;
        }
    }
    CHECK_INT(proc_tables_count(tables), PROC_TABLES_MAX);
    CHECK(find_table(tables, "T42") != NULL);
    CHECK(find_table(tables, "none") == NULL);
    REQUIRE_INT(define("t42", "[{\"name\":\"a\",\"data_type\":\"Int64\"}]", &table), KRAIT_ENV_OK);
    CHECK_INT(proc_tables_register(tables, table, &registered, why, sizeof(why)), KRAIT_ENV_SCHEMA);
    free(table);
    proc_tables_free(tables);
}

/* A list of so many columns; the caller frees it. */
static char *
columns_of(unsigned count)
{
    const size_t size = 64 * (count + 1);
    char *columns = malloc(size);
    size_t at = 0;

    for (unsigned i = 0; columns != NULL && i < count; i++)
        at += (size_t)snprintf(columns + at, size - at,
                               "%c{\"name\":\"c\\\"%04u\",\"data_type\":\"String\"}",
                               i == 0 ? '[' : ',', i);
    if (columns != NULL)
        snprintf(columns + at, size - at, "]");
    return columns;
}

/* As many as there may be, and one more; the statement is one that SQLite takes. */
static void
many_columns(void)
{
    char *most = columns_of(KRAIT_ENV_COLUMNS_MAX);
    char *more = columns_of(KRAIT_ENV_COLUMNS_MAX + 1);
    proc_table *table = NULL;
    sqlite3 *connection = NULL;
    char *sql;

    REQUIRE(most != NULL && more != NULL);
    CHECK_INT(define("t", more, &table), KRAIT_ENV_LIMIT);
    REQUIRE_INT(define("t", most, &table), KRAIT_ENV_OK);
    CHECK_INT(table->column_count, KRAIT_ENV_COLUMNS_MAX);
    REQUIRE_INT(sqlite3_open(":memory:", &connection), SQLITE_OK);
    sql = proc_sql_create(table);
    REQUIRE(sql != NULL);
    CHECK_INT(sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_free(sql);
    sqlite3_close(connection);
    free(table);
    free(most);
    free(more);
}

static int
add(proc_tables *tables, const char *name, unsigned columns, char *why, size_t size)
{
    const proc_table *registered = NULL;
    proc_table *table = NULL;
    char *text = columns_of(columns);
    int status = KRAIT_ENV_FAILED;

    if (CHECK(text != NULL) && CHECK_INT(define(name, text, &table), KRAIT_ENV_OK))
        status = proc_tables_register(tables, table, &registered, why, size);
    free(table);
    free(text);
    return status;
}

/* The columns of all tables are counted: they are what tables cost. */
static void
all_columns(void)
{
    proc_tables *tables = proc_tables_new();
    unsigned left = PROC_COLUMNS_MAX;
    char name[32];
    char why[256] = "";

    REQUIRE(tables != NULL);
    for (unsigned i = 0; left >= KRAIT_ENV_COLUMNS_MAX; i++, left -= KRAIT_ENV_COLUMNS_MAX) {
        snprintf(name, sizeof(name), "t%u", i);
        REQUIRE_INT(add(tables, name, KRAIT_ENV_COLUMNS_MAX, why, sizeof(why)), KRAIT_ENV_OK);
    }
    CHECK_INT(add(tables, "more", left + 1, why, sizeof(why)), KRAIT_ENV_LIMIT);
    CHECK_STR(why, "exceeded the limit of 200000 columns of all tables");
    CHECK(find_table(tables, "more") == NULL);
    CHECK_INT(add(tables, "rest", left, why, sizeof(why)), KRAIT_ENV_OK);
    CHECK_INT(add(tables, "one", 1, why, sizeof(why)), KRAIT_ENV_LIMIT);
    CHECK_INT(add(tables, "T0", KRAIT_ENV_COLUMNS_MAX, why, sizeof(why)), KRAIT_ENV_OK);
    proc_tables_free(tables);
}

/* FNV-1a, which has no key: names are soon found that share a place in a table of 4096. */
static uint32_t
hash_of(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash;
}

/* Two columns of one name are looked for with a few comparisons, whatever they are called. */
static void
columns_cost(void)
{
    const size_t size = 64 * KRAIT_ENV_COLUMNS_MAX;
    char *columns = malloc(size);
    proc_table *table = NULL;
    size_t at = 0;
    char name[16];

    REQUIRE(columns != NULL);
    for (unsigned i = 0, found = 0; found < KRAIT_ENV_COLUMNS_MAX; i++) {
        snprintf(name, sizeof(name), "%x", i);
        if (hash_of(name) % 4096 != 0)
            continue;
        at += (size_t)snprintf(columns + at, size - at,
                               "%c{\"name\":\"%s\",\"data_type\":\"Int64\"}",
                               found++ == 0 ? '[' : ',', name);
    }
    snprintf(columns + at, size - at, "]");
    REQUIRE_INT(define("t", columns, &table), KRAIT_ENV_OK);
    CHECK_INT(table->column_count, KRAIT_ENV_COLUMNS_MAX);
    CHECK(table->compared <= 4 * KRAIT_ENV_COLUMNS_MAX);
    free(table);
    free(columns);
}

static void
statements(void)
{
    proc_table *table = NULL;
    char *sql;

    REQUIRE_INT(
        define("a\"b", "[{\"name\":\"x\\\" TEXT); --\",\"data_type\":\"Float64\"}]", &table),
        KRAIT_ENV_OK);
    sql = proc_sql_create(table);
    CHECK_STR(sql, "CREATE TABLE \"a\"\"b\" (content_uuid TEXT NOT NULL, \"x\"\" TEXT); --\" REAL, "
                   "FOREIGN KEY(content_uuid) REFERENCES __wadup_content(uuid))");
    sqlite3_free(sql);
    sql = proc_sql_insert(table);
    CHECK_STR(sql, "INSERT INTO \"a\"\"b\" VALUES (?,?)");
    sqlite3_free(sql);
    free(table);
    for (unsigned i = 0; i < PROC_TYPE_COUNT; i++)
        CHECK(strlen(proc_type_name((proc_type)i)) > 0);
    CHECK_INT(proc_sql_type("INTEGER"), PROC_INT64);
    CHECK_INT(proc_sql_type("BOOLEAN"), PROC_BOOLEAN);
    CHECK_INT(proc_sql_type("VARCHAR(3)"), PROC_TYPE_COUNT);
    CHECK_INT(proc_sql_type(NULL), PROC_TYPE_COUNT);
}

CHECK_MAIN(CHECK_CASE(definitions), CHECK_CASE(names), CHECK_CASE(malformed),
           CHECK_CASE(mismatches), CHECK_CASE(registry), CHECK_CASE(many_columns),
           CHECK_CASE(all_columns), CHECK_CASE(columns_cost), CHECK_CASE(statements))
