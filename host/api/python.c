/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening an installed Python.
 *
 * The one that belongs to this library is found from the file that holds the library's code: the
 * program when it is linked statically.  lib/krait/python3.13 is where the build puts it,
 * beside lib/libkrait.so, or above lib/x86_64-linux-gnu, or beside bin.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PYTHON_FOLDER "krait/python3.13"

/* FOLDER/NAME, allocated. */
static char *
join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = krait__alloc(size);

    if (path != NULL)
        (void)snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* The installed folder, allocated. */
static krait_status
find_folder(char **ret_folder, krait_error *err)
{
    static const char *const ways[] = {PYTHON_FOLDER, "../" PYTHON_FOLDER, "../lib/" PYTHON_FOLDER};
    char base[PATH_MAX];

    if (!krait__own_folder(base))
        return krait__error_set(err, KRAIT_ENOTFOUND, errno,
                                "cannot find the file that this library is in");
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        char *folder = join(base, ways[i]);

        if (folder == NULL)
            return krait__error_nomem(err);
        if (access(folder, X_OK) == 0) {
            *ret_folder = folder;
            return KRAIT_OK;
        }
        krait__free(folder);
    }
    return krait__error_set(err, KRAIT_ENOTFOUND, 0,
                            "no Python is installed with this library: there is no '%s/%s'", base,
                            ways[0]);
}

static krait_status
open_folder(krait_engine *engine, const char *folder, const char *krt,
            const krait_file_identity *known, krait_module **ret_module, krait_error *err)
{
    krait_module_notes *notes = krait__calloc(1, sizeof(*notes));

    if (notes != NULL) {
        notes->folder = krait__strdup(folder);
        notes->library = join(folder, "usr/local/lib/python3.13");
        notes->program = join(folder, "bin/python.wasm");
    }
    if (notes == NULL || notes->folder == NULL || notes->library == NULL ||
        notes->program == NULL) {
        krait__module_notes_free(notes);
        return krait__error_nomem(err);
    }
    if (access(krt, F_OK) != 0 || access(notes->library, X_OK) != 0 ||
        access(notes->program, R_OK) != 0) {
        int error = errno;

        krait__module_notes_free(notes);
        return krait__error_set(err, KRAIT_ENOTFOUND, error, "there is no whole Python in '%s'",
                                folder);
    }
    return krait__module_open_noted(engine, krt, known, notes, ret_module, err);
}

krait_status
krait_python_open(krait_engine *engine, const char *folder, krait_module **ret_module,
                  krait_error *err)
{
    return krait_python_open_with(engine, folder, NULL, ret_module, err);
}

krait_status
krait_python_open_with(krait_engine *engine, const char *folder, const char *krt,
                       krait_module **ret_module, krait_error *err)
{
    return krait__python_open(engine, folder, krt, NULL, ret_module, err);
}

krait_status
krait__python_open(krait_engine *engine, const char *folder, const char *krt,
                   const krait_file_identity *known, krait_module **ret_module, krait_error *err)
{
    char *found = NULL;
    char *usual = NULL;
    krait_status status = KRAIT_OK;

    if (engine == NULL || ret_module == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (folder == NULL) {
        status = find_folder(&found, err);
        folder = found;
    }
    if (status == KRAIT_OK && krt == NULL) {
        usual = join(folder, "python.krt");
        krt = usual;
        if (usual == NULL)
            status = krait__error_nomem(err);
    }
    if (status == KRAIT_OK)
        status = open_folder(engine, folder, krt, known, ret_module, err);
    krait__free(usual);
    krait__free(found);
    return status;
}
