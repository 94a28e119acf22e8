/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path names of host and guest.  Running out of memory ends the program: the
 * command line has nothing to save then.
 */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *
cli_path_join(const char *folder, const char *name)
{
    size_t folder_size = strlen(folder);
    size_t name_size = strlen(name);
    char *path = cli_need(malloc(folder_size + name_size + 2));

    memcpy(path, folder, folder_size);
    if (folder_size == 0 || folder[folder_size - 1] != '/')
        path[folder_size++] = '/';
    memcpy(path + folder_size, name, name_size + 1);
    return path;
}

char *
cli_path_normal(const char *path)
{
    char *normal = cli_need(malloc(strlen(path) + 2));
    size_t used = 0;

    while (*path != '\0') {
        size_t length = strcspn(path, "/");

        if (length == 2 && path[0] == '.' && path[1] == '.') {
            while (used > 0 && normal[--used] != '/')
                continue;
        } else if (length != 0 && !(length == 1 && path[0] == '.')) {
            normal[used++] = '/';
            memcpy(normal + used, path, length);
            used += length;
        }
        path += length;
        while (*path == '/')
            path++;
    }
    if (used == 0)
        normal[used++] = '/';
    normal[used] = '\0';
    return normal;
}

char *
cli_path_host(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char *folder;
    char *real;
    char *whole;

    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return realpath(path, NULL);
    if (slash == NULL)
        folder = cli_need(strdup("."));
    else if (slash == path)
        folder = cli_need(strdup("/"));
    else
        folder = cli_need(strndup(path, (size_t)(slash - path)));
    real = realpath(folder, NULL);
    free(folder);
    if (real == NULL)
        return NULL;
    whole = cli_path_join(real, name);
    free(real);
    return whole;
}

const char *
cli_path_below(const char *path, const char *prefix)
{
    size_t length = strlen(prefix);

    if (length > 0 && prefix[length - 1] == '/')
        length--;
    if (strncmp(path, prefix, length) != 0)
        return NULL;
    if (path[length] == '\0')
        return path + length;
    return path[length] == '/' ? path + length + 1 : NULL;
}
