/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a document: its type, its description, its name.
 */
#include "content_type.h"
#include "document.h"
#include "done.h"
#include "names.h"
#include "paths.h"

#include "support/check.h"

#include <stdlib.h>

#define TYPE(text) proc_content_type(text, sizeof(text) - 1)

static void
types(void)
{
    char tar[512] = "name";
    char zeros[9000] = {0};
    char words[9000];

    CHECK_STR(proc_content_type(NULL, 0), "application/x-empty");
    CHECK_STR(TYPE("hello\n"), "text/plain");
    CHECK_STR(TYPE("gr\xc3\xbc\xc3\x9f"), "text/plain");
    CHECK_STR(TYPE("a\0b"), "application/octet-stream");
    CHECK_STR(TYPE("\xff\xfe"), "application/octet-stream");
    CHECK_STR(TYPE("%PDF-1.7"), "application/pdf");
    CHECK_STR(TYPE("PK\3\4rest"), "application/zip");
    CHECK_STR(TYPE("\x1f\x8b\x08"), "application/gzip");
    CHECK_STR(TYPE("SQLite format 3\0..."), "application/vnd.sqlite3");
    CHECK_STR(TYPE("\x89PNG\r\n\x1a\n...."), "image/png");
    CHECK_STR(TYPE("  {\"a\": 1}"), "application/json");
    CHECK_STR(TYPE("[1, 2]"), "application/json");
    CHECK_STR(TYPE("[section]"), "text/plain");
    CHECK_STR(TYPE("<!DOCTYPE HTML><p>"), "text/html");
    CHECK_STR(TYPE("<?xml version='1.0'?>"), "text/xml");
    CHECK_STR(TYPE("From: a@b\nTo: c\n"), "message/rfc822");
    memcpy(tar + 257, "ustar", 5);
    CHECK_STR(proc_content_type(tar, sizeof(tar)), "application/x-tar");
    CHECK_STR(proc_content_type(zeros, sizeof(zeros)), "application/octet-stream");
    /* Only the beginning is looked at, which may end in the middle of a character. */
    for (size_t i = 0; i < sizeof(words); i++)
        words[i] = "\xe2\x82\xac"[i % 3];
    CHECK_STR(proc_content_type(words, sizeof(words)), "text/plain");
}

static void
described(void)
{
    proc_item *item = proc_item_new("in/a\"\\\n\xff.txt", 0, NULL);
    proc_document document = {.item = item, .size = 12, .type = "text/plain"};
    proc_buffer text = {.bytes = NULL};

    REQUIRE(item != NULL);
    memcpy(document.uuid, "u", 2);
    memcpy(document.sha256, "5", 2);
    REQUIRE(proc_describe(&document, &text));
    CHECK_STR((const char *)text.bytes,
              "{\"filename\":\"a\\\"\\\\\\u000a\xef\xbf\xbd.txt\",\"path\":\"in/a\\\"\\\\\\u000a"
              "\xef\xbf\xbd.txt\",\"size\":12,\"sha256\":\"5\",\"type\":\"text/plain\",\"depth\":0,"
              "\"parent\":null,\"uuid\":\"u\"}");
    proc_buffer_release(&text);
    proc_item_free(item);
    item = proc_item_new("dir/a.zip!b/c.txt", 10, NULL);
    REQUIRE(item != NULL);
    CHECK_STR(item->filename, "c.txt");
    proc_item_free(item);
    item = proc_item_new("dir/a!b.txt", 0, NULL);
    REQUIRE(item != NULL);
    CHECK_STR(item->filename, "a!b.txt");
    proc_item_free(item);
}

static void
uuids(void)
{
    static proc_uuids source;
    char before[PROC_UUID_SIZE + 1] = "";
    char text[PROC_UUID_SIZE + 1];

    for (uint64_t i = 0; i < 1000; i++) {
        REQUIRE_INT(proc_uuid_make(&source, UINT64_C(0x0123456789ab) + i, text), 0);
        CHECK(strlen(text) == PROC_UUID_SIZE && strcmp(before, text) < 0);
        CHECK(text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-');
        CHECK(text[14] == '7' && strchr("89ab", text[19]) != NULL);
        memcpy(before, text, sizeof(text));
    }
    REQUIRE_INT(proc_uuid_make(&source, UINT64_C(0x0123456789ab), text), 0);
    CHECK(strncmp(text, "01234567-89ab-7", 15) == 0);
}

static void
paths(void)
{
    proc_paths set = {NULL, 0, 0};
    char path[32];

    CHECK(!proc_paths_has(&set, "a", 1));
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(path, sizeof(path), "in/%u", i);
        CHECK_INT(proc_paths_add(&set, path, strlen(path)), 1);
    }
    CHECK_INT(proc_paths_add(&set, "in/42", 5), 0);
    CHECK_UINT(set.count, 10000);
    CHECK(proc_paths_has(&set, "in/9999", 7));
    CHECK(!proc_paths_has(&set, "in/10000", 8));
    proc_paths_release(&set);
}

/* The number that looking at all of them gives. */
static uint64_t
first_free(const proc_paths *seen, const char *name)
{
    char path[64];
    uint64_t number = 1;

    snprintf(path, sizeof(path), "%s", name);
    while (proc_paths_has(seen, path, strlen(path)))
        snprintf(path, sizeof(path), "%s#%" PRIu64, name, ++number);
    return number;
}

/* One more member; it is asked for twice, as for one that cannot be read. */
static bool
add_name(proc_names *names, proc_paths *seen, const char *name, const char *wanted)
{
    char *path = proc_names_next(names, seen, name);
    char *again = proc_names_next(names, seen, name);
    bool is_good = path != NULL && CHECK_STR(path, wanted) && CHECK_STR(again, wanted) &&
                   CHECK_INT(proc_paths_add(seen, path, strlen(path)), 1);

    free(path);
    free(again);
    return is_good;
}

static void
names(void)
{
    proc_names set = {.slots = NULL};
    proc_paths seen = {NULL, 0, 0};
    uint32_t random = 1;
    char wanted[64];
    char name[32];

    /* Names that are numbers of others, too: "b#3#2". */
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t number;
        unsigned kind;
        int size;

        random = random * 1664525 + 1013904223;
        kind = random >> 28;
        size = snprintf(name, sizeof(name), "%c", 'a' + (int)(random >> 8 & 1));
        if (kind >= 8)
            size += snprintf(name + size, sizeof(name) - (size_t)size, "#%u", random >> 10 & 1023);
        if (kind >= 14)
            snprintf(name + size, sizeof(name) - (size_t)size, "#2");
        number = first_free(&seen, name);
        size = snprintf(wanted, sizeof(wanted), "%s", name);
        if (number > 1)
            snprintf(wanted + size, sizeof(wanted) - (size_t)size, "#%" PRIu64, number);
        if (!add_name(&set, &seen, name, wanted))
            break;
    }
    CHECK_UINT(seen.count, 3000);
    CHECK(set.count > 100);
    proc_names_release(&set);
    proc_paths_release(&seen);
}

/* What it costs does not grow with the number: the members of an archive are what somebody else wants. */
static void
names_cost(void)
{
    enum { MEMBERS = 100000 };
    proc_names set = {.slots = NULL};
    proc_paths seen = {NULL, 0, 0};
    char wanted[64];

    for (unsigned i = 1; i <= 64; i++) {
        snprintf(wanted, sizeof(wanted), "x#%" PRIu64, UINT64_C(1) << (i % 64));
        REQUIRE(add_name(&set, &seen, wanted, wanted));
    }
    set.lookups = 0;
    for (unsigned i = 0, number = 0; i < MEMBERS; i++) {
        number++;
        while (number > 1 && (number & (number - 1)) == 0)
            number++;
        snprintf(wanted, sizeof(wanted), "x#%u", number);
        if (number == 1)
            wanted[1] = '\0';
        if (!add_name(&set, &seen, "x", wanted))
            break;
    }
    CHECK(set.lookups <= 2 * 3 * MEMBERS + 64);
    CHECK_UINT(set.count, 1);
    proc_names_release(&set);
    proc_paths_release(&seen);
}

static void
done(void)
{
    static const char uuid[] = "0190a0b1-c2d3-74e5-86f7-0123456789ab";
    const char *sha256 = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
    proc_done set = {.slots = NULL};
    const proc_done_root *root;
    char text[PROC_UUID_SIZE + 1];

    CHECK(proc_done_find(&set, "a", 1) == NULL);
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(text, sizeof(text), "in/%u", i);
        CHECK_INT(proc_done_add(&set, text, strlen(text), uuid, i == 0 ? NULL : sha256), 1);
    }
    CHECK_UINT(set.count, 10000);
    CHECK(proc_done_find(&set, "in/10000", 8) == NULL);
    root = proc_done_find(&set, "in/0", 4);
    REQUIRE(root != NULL);
    CHECK(!proc_done_was_read(root));
    CHECK(!proc_done_is_same(root, sha256));
    root = proc_done_find(&set, "in/9999", 7);
    REQUIRE(root != NULL);
    CHECK(proc_done_was_read(root));
    CHECK(proc_done_is_same(root, sha256));
    CHECK(!proc_done_is_same(root, sha256 + 1));
    CHECK(!proc_done_is_same(root, ""));
    proc_done_uuid(root, text);
    CHECK_STR(text, uuid);
    CHECK_INT(proc_done_add(&set, "b", 1, "mine", sha256), 0);
    CHECK_INT(proc_done_add(&set, "b", 1, NULL, sha256), 0);
    CHECK_INT(proc_done_add(&set, "b", 1, uuid, "0011"), 0);
    CHECK(proc_done_find(&set, "b", 1) == NULL);
    proc_done_release(&set);
}

CHECK_MAIN(CHECK_CASE(types), CHECK_CASE(described), CHECK_CASE(uuids), CHECK_CASE(paths),
           CHECK_CASE(done), CHECK_CASE(names), CHECK_CASE(names_cost))
