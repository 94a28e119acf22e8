/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call: what it costs to find its tables, which its module names, and what ends it.
 */
#include "call.h"

#include <krait/result.h>

#include "support/check.h"

#include <stdarg.h>
#include <stdlib.h>

static proc_limits limits = PROC_LIMITS_INIT;

typedef struct scene {
    proc_tables *tables;
    proc_item *item;
    proc_document document;
    proc_batch batch;
    proc_call call;
    proc_buffer text;
} scene;

static void put(scene *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
put(scene *s, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    int size;

    va_start(args, fmt);
    size = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    CHECK(size >= 0 && (size_t)size < sizeof(text) &&
          proc_buffer_put(&s->text, text, (size_t)size));
}

static bool
begin(scene *s)
{
    s->text.size = 0;
    proc_call_clear(&s->call);
    return proc_call_begin(&s->call, &s->document, &s->batch);
}

static scene *
open_scene(void)
{
    scene *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->tables = proc_tables_new();
    s->item = proc_item_new("in/document", 0, NULL);
    s->document.item = s->item;
    memcpy(s->document.uuid, "01234567-89ab-7cde-8f01-23456789abcd", PROC_UUID_SIZE + 1);
    proc_call_init(&s->call, &limits, s->tables);
    return s->tables != NULL && s->item != NULL && begin(s) ? s : NULL;
}

static void
close_scene(scene *s)
{
    proc_call_release(&s->call);
    proc_buffer_release(&s->batch.bytes);
    proc_buffer_release(&s->text);
    proc_item_free(s->item);
    proc_tables_free(s->tables);
    free(s);
}

/* A thousand names of 254 bytes that differ at their ends. */
static void
put_name(scene *s, unsigned number)
{
    put(s, "\"%0250d%04u\"", 0, number);
}

/* The tables, then rows of the last two of them in turns. */
static void
put_metadata(scene *s, unsigned tables, unsigned rows)
{
    put(s, "{\"tables\":[");
    for (unsigned i = 0; i < tables; i++) {
        put(s, "%s{\"name\":", i == 0 ? "" : ",");
        put_name(s, i);
        put(s, ",\"columns\":[]}");
    }
    put(s, "],\"rows\":[");
    for (unsigned i = 0; i < rows; i++) {
        put(s, "%s{\"table_name\":", i == 0 ? "" : ",");
        put_name(s, tables - 1 - i % 2);
        put(s, ",\"values\":[]}");
    }
    put(s, "]}");
}

/* Each row finds its table at once, in a document that defines them, and in one that the database knows them from. */
static void
many_tables(void)
{
    scene *s = open_scene();

    REQUIRE(s != NULL);
    for (unsigned i = 0; i < 2; i++) {
        REQUIRE(i == 0 || begin(s));
        s->call.compared = 0;
        put_metadata(s, PROC_INSTANCE_TABLES, 5000);
        proc_call_metadata(&s->call, "1.json", s->text.bytes, s->text.size);
        CHECK_STR(s->call.limit, "");
        CHECK_UINT(s->call.rows, 5000);
        CHECK_UINT(s->call.used_count, PROC_INSTANCE_TABLES);
        CHECK(s->call.compared >= 5000);
        CHECK(s->call.compared <= 4 * (PROC_INSTANCE_TABLES + 5000));
        CHECK(proc_call_end(&s->call, true));
    }
    CHECK_UINT(proc_tables_count(s->tables), PROC_INSTANCE_TABLES);
    close_scene(s);
}

/* Names of tables are looked up whatever the case of their letters. */
static void
cases(void)
{
    scene *s = open_scene();

    REQUIRE(s != NULL);
    put(s, "{\"tables\":[{\"name\":\"One\",\"columns\":[]},{\"name\":\"two\",\"columns\":[]},"
           "{\"name\":\"ONE\",\"columns\":[]}],\"rows\":[{\"table_name\":\"oNE\",\"values\":[]},"
           "{\"table_name\":\"TWO\",\"values\":[]}]}");
    proc_call_metadata(&s->call, "1.json", s->text.bytes, s->text.size);
    CHECK_STR(s->call.limit, "");
    CHECK_UINT(s->call.used_count, 2);
    CHECK(proc_call_end(&s->call, true));
    CHECK_UINT(proc_tables_count(s->tables), 2);
    close_scene(s);
}

/* A file is read by the host, where nothing else ends the call. */
static void
late(void)
{
    scene *s;

    limits.timeout_ns = 0;
    s = open_scene();
    REQUIRE(s != NULL);
    put_metadata(s, 2, 2);
    proc_call_metadata(&s->call, "1.json", s->text.bytes, s->text.size);
    CHECK_STR(s->call.limit, "exceeded the time limit of 0 s");
    CHECK_UINT(s->call.used_count, 0);
    CHECK(!proc_call_end(&s->call, true));
    limits.timeout_ns = KRAIT_UNLIMITED;
    REQUIRE(begin(s));
    put_metadata(s, 2, 2);
    proc_call_metadata(&s->call, "1.json", s->text.bytes, s->text.size);
    CHECK_STR(s->call.limit, "");
    CHECK(proc_call_end(&s->call, true));
    close_scene(s);
}

/* What a table is made of counts as a row does, when it is a new one; and all that are not used. */
static void
new_tables(void)
{
    scene *s = open_scene();
    const uint64_t size = 254;

    REQUIRE(s != NULL);
    limits.result = s->batch.bytes.size - s->call.record + 2 * size;
    put_metadata(s, 2, 0);
    proc_call_metadata(&s->call, "1.json", s->text.bytes, s->text.size);
    CHECK_STR(s->call.limit, "");
    proc_call_metadata(&s->call, "2.json", s->text.bytes, s->text.size);
    CHECK_STR(s->call.limit, "");
    CHECK(proc_call_end(&s->call, true));
    CHECK_UINT(proc_tables_count(s->tables), 2);
    for (unsigned i = 0; i < 3; i++) {
        char text[64];

        REQUIRE(begin(s));
        put_metadata(s, 5, 0);
        proc_call_metadata(&s->call, "1.json", s->text.bytes, s->text.size);
        snprintf(text, sizeof(text),
                 "exceeded the limit of %" PRIu64 " bytes of rows and sub-content", limits.result);
        CHECK_STR(s->call.limit, text);
        CHECK_UINT(s->call.own_count, 2);
        CHECK(!proc_call_end(&s->call, true));
    }
    CHECK_UINT(proc_tables_count(s->tables), 2);
    close_scene(s);
}

CHECK_MAIN(CHECK_CASE(many_tables), CHECK_CASE(cases), CHECK_CASE(late), CHECK_CASE(new_tables))
