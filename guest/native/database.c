/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads /etc/passwd and /etc/group.
 */
#include "database.h"

#include "native.h"

#include <stdlib.h>
#include <string.h>

void
native_database_rewind(native_database *database)
{
    if (database->file != NULL)
        (void)fclose(database->file);
    *database = (native_database){0};
}

int
native_database_id(const char *field, unsigned *ret_id)
{
    char *end;
    unsigned long id;

    if (field[0] < '0' || field[0] > '9')
        return 0;
    errno = 0;
    id = strtoul(field, &end, 10);
    *ret_id = (unsigned)id;
    return *end == '\0' && errno == 0;
}

/* The next whole line without its end. */
static int
read_line(FILE *file, char *line)
{
    size_t length;
    int c;

    while (fgets(line, NATIVE_LINE, file) != NULL) {
        length = strlen(line);
        if (length > 0 && line[length - 1] == '\n') {
            line[length - 1] = '\0';
            return 1;
        }
        c = getc(file);
        if (c == EOF)
            return 1;
        while (c != EOF && c != '\n')
            c = getc(file);
    }
    return 0;
}

static int
split(char *line, char **fields, int count)
{
    int found = 0;

    for (char *at = line; at != NULL && found <= count; found++) {
        char *colon = strchr(at, ':');

        if (found < count)
            fields[found] = at;
        if (colon != NULL)
            *colon++ = '\0';
        at = colon;
    }
    return found == count;
}

int
native_database_next(native_database *database, const char *path, const char *const built_in[2],
                     char line[NATIVE_LINE], char **fields, int count)
{
    int saved = errno;

    if (!database->begun) {
        database->begun = 1;
        database->file = fopen(path, "r");
        database->line = database->file != NULL ? 2 : 0;
        errno = saved;
    }
    if (database->line < 2) {
        (void)snprintf(line, NATIVE_LINE, "%s", built_in[database->line++]);
        return split(line, fields, count);
    }
    while (database->file != NULL && read_line(database->file, line)) {
        if (split(line, fields, count))
            return 1;
    }
    return 0;
}
