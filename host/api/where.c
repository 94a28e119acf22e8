/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of the file that holds this code, the library or a program that is linked with it
 * statically: what was installed with it is found from there.
 */
#include "api/internal.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

bool
krait__own_folder(char path[PATH_MAX])
{
    char *slash;
    char *real;
    const char *file = "/proc/self/exe";
/* A static program is one file. */
#ifndef KRAIT_STATIC_PROGRAM
    static const char here = 0; /* an address in this file */
    struct link_map *map = NULL;
    Dl_info info;

    if (dladdr1(&here, &info, (void **)&map, RTLD_DL_LINKMAP) == 0)
        return false;
    /* The program itself has no name there. */
    if (map != NULL && map->l_name[0] != '\0')
        file = map->l_name;
#endif

    real = realpath(file, path);
    slash = real != NULL ? strrchr(path, '/') : NULL;
    if (slash == NULL)
        return false;
    *slash = '\0';
    return true;
}
