/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module for documents in C: how large each is, and how its bytes are distributed.
 *
 * A module exports process() and memory, and imports four functions; docs/module-interface.md says what
 * they take.  The document is a file.  process() returns 0, or the document has failed.
 */
#include <krait/module.h>

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define IMPORT(function)                                                                           \
    __attribute__((import_module(KRAIT_ENV_MODULE), import_name(function))) extern int

IMPORT(KRAIT_ENV_DEFINE_TABLE)
define_table(const char *name, size_t name_size, const char *columns, size_t columns_size);
IMPORT(KRAIT_ENV_INSERT_ROW)
insert_row(const char *table, size_t table_size, const char *row, size_t row_size);

__attribute__((export_name(KRAIT_MODULE_PROCESS))) int process(void);

typedef struct statistics {
    uint64_t size;
    uint64_t counts[256];
} statistics;

static int
failed(const char *what, int code)
{
    fprintf(stderr, "%s: %s\n", what, krait_env_reason(code));
    return 1;
}

static int
define(const char *table, const char *columns)
{
    int code = define_table(table, strlen(table), columns, strlen(columns));

    return code == KRAIT_ENV_OK ? 0 : failed(table, code);
}

static int
insert(const char *table, const char *row)
{
    int code = insert_row(table, strlen(table), row, strlen(row));

    return code == KRAIT_ENV_OK ? 0 : failed(table, code);
}

/* In pieces: a document may be larger than this memory. */
static int
count(statistics *found)
{
    static uint8_t piece[1 << 16];
    FILE *file = fopen(KRAIT_MODULE_DOCUMENT, "rb");
    size_t size;

    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", KRAIT_MODULE_DOCUMENT, strerror(errno));
        return 1;
    }
    while ((size = fread(piece, 1, sizeof(piece), file)) > 0) {
        found->size += size;
        for (size_t i = 0; i < size; i++)
            found->counts[piece[i]]++;
    }
    if (ferror(file)) {
        fprintf(stderr, "%s: %s\n", KRAIT_MODULE_DOCUMENT, strerror(errno));
        fclose(file);
        return 1;
    }
    fclose(file);
    return 0;
}

/* Bits for each byte, of 8: what is compressed or encrypted has nearly all of them. */
static double
entropy(const statistics *found)
{
    double bits = 0;

    for (size_t i = 0; i < 256; i++) {
        double share = (double)found->counts[i] / (double)found->size;

        if (found->counts[i] > 0)
            bits -= share * log2(share);
    }
    return bits;
}

static int
insert_distribution(const statistics *found)
{
    unsigned different = 0;
    size_t most = 0;
    char row[200];

    for (size_t i = 0; i < 256; i++) {
        different += found->counts[i] > 0;
        most = found->counts[i] > found->counts[most] ? i : most;
    }
    /* Of no bytes none is the most frequent one. */
    if (found->size == 0)
        return insert("byte_distribution", "[{\"Int64\":0},{\"Null\":null},{\"Null\":null},"
                                           "{\"Null\":null}]");
    snprintf(row, sizeof(row),
             "[{\"Int64\":%u},{\"Int64\":%zu},{\"Float64\":%.17g},{\"Boolean\":%s}]", different,
             most, entropy(found), found->counts[0] == 0 ? "true" : "false");
    return insert("byte_distribution", row);
}

int
process(void)
{
    statistics found = {0, {0}};
    char row[64];

    if (define("file_sizes", "[{\"name\":\"size_bytes\",\"data_type\":\"Int64\"}]") != 0 ||
        define("byte_distribution",
               "[{\"name\":\"different\",\"data_type\":\"Int64\"},"
               "{\"name\":\"most_frequent\",\"data_type\":\"Int64\"},"
               "{\"name\":\"entropy\",\"data_type\":\"Float64\"},"
               "{\"name\":\"without_zero\",\"data_type\":\"Boolean\"}]") != 0 ||
        count(&found) != 0)
        return 1;
    snprintf(row, sizeof(row), "[{\"Int64\":%llu}]", (unsigned long long)found.size);
    return insert("file_sizes", row) != 0 || insert_distribution(&found) != 0;
}
