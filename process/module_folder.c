/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing the temporary folder of a script.  Links in it are removed and not followed.
 */
#include "module.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int
remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    (void)remove(path);
    return 0;
}

void
proc_module_remove_folder(proc_module *module)
{
    if (module->folder == NULL)
        return;
    (void)nftw(module->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(module->folder);
    module->folder = NULL;
}
