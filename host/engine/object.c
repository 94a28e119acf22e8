/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Native code of modules by the system's loader, which debuggers and profilers listen to.
 */
#include "engine/object.h"
#include "base/error.h"

#include <krait/abi.h>

#include <dlfcn.h>
#include <link.h>
#include <string.h>

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

/* Notes where the code is. */
static int
find_code(struct dl_phdr_info *info, size_t size, void *argument)
{
    krait_object *object = argument;

    (void)size;
    if (info->dlpi_addr != object->base)
        return 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];

        if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
            continue;
        object->code_begin = info->dlpi_addr + part->p_vaddr;
        object->code_end = object->code_begin + part->p_memsz;
    }
    return 1;
}

krait_status
krait__object_open(int fd, const char *path, uint64_t size, krait_object *ret_object,
                   krait_error *err)
{
    const struct link_map *map;

    (void)fd;
    (void)size;
    memset(ret_object, 0, sizeof(*ret_object));
    ret_object->handle = open_object(path);
    if (ret_object->handle == NULL) {
        const char *reason = dlerror();

        return krait__error_set(err, KRAIT_EFORMAT, 0, "cannot load '%s': %s", path,
                                reason != NULL ? reason : "unknown reason");
    }
    map = ret_object->handle;
    ret_object->base = map->l_addr;
    (void)dl_iterate_phdr(find_code, ret_object);
    ret_object->symbol = dlsym(ret_object->handle, KRAIT_MODULE_SYMBOL);
    return KRAIT_OK;
}

void
krait__object_close(krait_object *object)
{
    if (object->handle != NULL)
        dlclose(object->handle);
    object->handle = NULL;
}
