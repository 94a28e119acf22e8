/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules: opening a .krt and looking at what it says of itself.
 *
 * A .krt is native code and trusted as such (it is only ever loaded from the
 * installation or from the user's own cache).  The checks here catch files of
 * another version or machine, not attacks.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* dlopen's own text for a missing file is longer and names no reason. */
static krait_status
check_readable(const char *path, krait_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return krait__error_set(err, errno == ENOENT ? KRAIT_ENOTFOUND : KRAIT_EIO, errno,
                                "cannot open '%s'", path);
    close(fd);
    return KRAIT_OK;
}

static krait_status
check_desc(const krait_module_desc *desc, const char *path, krait_error *err)
{
    if (desc->abi_version != KRAIT_ABI_VERSION || desc->desc_size != sizeof(*desc))
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "'%s' was made for engine ABI %u, this is %u; translate it again",
                                path, desc->abi_version, KRAIT_ABI_VERSION);
    return KRAIT_OK;
}

/* dlopen searches its own path for names without a slash. */
static void *
open_object(const char *path)
{
    char local[4096];

    if (strchr(path, '/') != NULL)
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (strlen(path) + 3 > sizeof(local))
        return NULL;
    memcpy(local, "./", 2);
    memcpy(local + 2, path, strlen(path) + 1);
    return dlopen(local, RTLD_NOW | RTLD_LOCAL);
}

static krait_status
load(krait_module *module, const char *path, krait_error *err)
{
    krait_status status = check_readable(path, err);

    if (status != KRAIT_OK)
        return status;
    module->path = krait__strdup(path);
    if (module->path == NULL)
        return krait__error_nomem(err);
    module->handle = open_object(path);
    if (module->handle == NULL) {
        const char *reason = dlerror();

        return krait__error_set(err, KRAIT_EFORMAT, 0, "cannot load '%s': %s", path,
                                reason != NULL ? reason : "unknown reason");
    }
    module->desc = dlsym(module->handle, KRAIT_MODULE_SYMBOL);
    if (module->desc == NULL)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s' is not a translated module", path);
    return check_desc(module->desc, path, err);
}

krait_status
krait__module_open(const char *path, krait_module **ret_module, krait_error *err)
{
    krait_module *module = krait__calloc(1, sizeof(*module));
    krait_status status;

    if (module == NULL)
        return krait__error_nomem(err);
    status = load(module, path, err);
    if (status != KRAIT_OK) {
        krait__module_close(module);
        return status;
    }
    *ret_module = module;
    return KRAIT_OK;
}

void
krait__module_close(krait_module *module)
{
    if (module == NULL)
        return;
    if (module->handle != NULL)
        dlclose(module->handle);
    krait__free(module->path);
    krait__free(module);
}

const krait_module_desc *
krait__module_desc(const krait_module *module)
{
    return module->desc;
}
