/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of fields with colons between them: /etc/passwd and /etc/group.
 */
#ifndef KRAIT_NATIVE_DATABASE_H
#define KRAIT_NATIVE_DATABASE_H

#include <stdio.h>

/** Where the reading is: in a file, or at a built-in line. */
typedef struct native_database {
    FILE *file;
    int begun;
    int line;
} native_database;

/** Longest line; longer ones are left out, as are lines with too few fields. */
enum { NATIVE_LINE = 1024 };

/** Reads the next line with exactly `count` fields, which then lie in `line`.  Without the file
 *  there are two lines, `built_in`.  0: there is none. */
int native_database_next(native_database *database, const char *path, const char *const built_in[2],
                         char line[NATIVE_LINE], char **fields, int count);

/** Begins again with the first line. */
void native_database_rewind(native_database *database);

/** A number that fills its field.  0: it is none. */
int native_database_id(const char *field, unsigned *ret_id);

#endif
