/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where this program is: PREFIX/bin/krait, also when that one has started another one
 * in PREFIX/libexec/krait (front.c, cmd_process.c).
 */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FULL_FOLDER "/libexec/krait"

char *
cli_own_program(void)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    size_t folder = sizeof(FULL_FOLDER) - 1;
    char *slash;

    if (length <= 0)
        return NULL;
    path[length] = '\0';
    slash = strrchr(path, '/');
    if (slash == NULL)
        return NULL;
    if ((size_t)(slash - path) > folder && memcmp(slash - folder, FULL_FOLDER, folder) == 0)
        snprintf(slash - folder, folder, "/bin/krait");
    return cli_need(strdup(path));
}

char *
cli_own_prefix(void)
{
    char *path = cli_own_program();

    for (int level = 0; level < 2 && path != NULL; level++) {
        char *slash = strrchr(path, '/');

        if (slash != NULL) {
            *slash = '\0';
        } else {
            free(path);
            path = NULL;
        }
    }
    return path;
}

char *
cli_own_helper(const char *name)
{
    char *prefix = cli_own_prefix();
    char *folder;
    char *path;

    if (prefix == NULL)
        return NULL;
    folder = cli_path_join(prefix, &FULL_FOLDER[1]);
    path = cli_path_join(folder, name);
    free(folder);
    free(prefix);
    return path;
}
