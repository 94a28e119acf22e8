/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules: opening a .krt and looking at what it says of itself.
 *
 * A .krt is native code and trusted as such (it is only ever loaded from the
 * installation or from the user's own cache).  The checks here catch files that
 * were cut or damaged, or made for another version or machine, not attacks.
 * They come before the loader, which believes every byte.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/krt.h"
#include "engine/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Looks at the seal, and at what it covers unless it was `searched` before. */
static krait_status
check_seal(int fd, const char *path, bool searched, krait_krt_seal *ret_seal, krait_error *err)
{
    krait_status status = krait__krt_read(fd, path, ret_seal, NULL, err);

    if (status != KRAIT_OK)
        return status;
    return searched ? krait__krt_check_kind(path, ret_seal, err)
                    : krait__krt_check(fd, path, ret_seal, err);
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

static krait_status
load_open(krait_module *module, int fd, const char *path, const krait_file_identity *known,
          krait_error *err)
{
    krait_krt_seal seal;
    krait_status status;

    /* First of all: what is changed while it is read is another file then. */
    module->identity = krait__file_identity_of(fd);
    status = check_seal(fd, path,
                        known != NULL && krait__file_identity_equal(&module->identity, known),
                        &seal, err);
    if (status != KRAIT_OK)
        return status;
    memcpy(module->build_id, seal.object_sha256, sizeof(module->build_id));
    module->path = krait__strdup(path);
    if (module->path == NULL)
        return krait__error_nomem(err);
    status = krait__object_open(fd, path, seal.object_size, &module->object, err);
    if (status != KRAIT_OK)
        return status;
    module->desc = module->object.symbol;
    if (module->desc == NULL)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s' is not a translated module", path);
    if (memcmp(module->desc->wasm_sha256, seal.wasm_sha256, sizeof(seal.wasm_sha256)) != 0)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s' has the seal of another module", path);
    return check_desc(module->desc, path, err);
}

static krait_status
load(krait_module *module, const char *path, const krait_file_identity *known, krait_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    krait_status status;

    if (fd < 0)
        return krait__error_set(err, errno == ENOENT ? KRAIT_ENOTFOUND : KRAIT_EIO, errno,
                                "cannot open '%s'", path);
    status = load_open(module, fd, path, known, err);
    close(fd);
    return status;
}

krait_status
krait__module_open(const char *path, krait_module **ret_module, krait_error *err)
{
    return krait__module_open_known(path, NULL, ret_module, err);
}

krait_status
krait__module_open_known(const char *path, const krait_file_identity *known,
                         krait_module **ret_module, krait_error *err)
{
    krait_module *module = krait__calloc(1, sizeof(*module));
    krait_status status;

    if (module == NULL)
        return krait__error_nomem(err);
    pthread_mutex_init(&module->stacks.lock, NULL);
    status = load(module, path, known, err);
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
    if (module->release_attached != NULL)
        module->release_attached(module->attached);
    krait__object_close(&module->object);
    krait__stack_pool_close(&module->stacks);
    krait__free(module->path);
    krait__free(module);
}

void
krait__module_attach(krait_module *module, void *data, void (*release)(void *data))
{
    module->attached = data;
    module->release_attached = release;
}

void *
krait__module_attached(const krait_module *module)
{
    return module->attached;
}

const krait_file_identity *
krait__module_identity(const krait_module *module)
{
    return &module->identity;
}

const uint8_t *
krait__module_build_id(const krait_module *module)
{
    return module->build_id;
}

const krait_module_desc *
krait__module_desc(const krait_module *module)
{
    return module->desc;
}
