/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_engine and krait_module of krait.h, over host/engine.
 */
#include "engine/engine.h"
#include "base/alloc.h"
#include "base/error.h"
#include "wasi/wasi.h"

#include <krait/krait.h>

struct krait_engine {
    /* Holds nothing yet: the fault handlers belong to the process. */
    unsigned unused;
};

const char *
krait_version(void)
{
    return KRAIT_VERSION;
}

krait_status
krait_engine_new(krait_engine **ret_engine, krait_error *err)
{
    krait_engine *engine = krait__calloc(1, sizeof(*engine));
    krait_status status;

    if (engine == NULL)
        return krait__error_nomem(err);
    status = krait__signals_install(err);
    if (status != KRAIT_OK) {
        krait__free(engine);
        return status;
    }
    *ret_engine = engine;
    return KRAIT_OK;
}

void
krait_engine_free(krait_engine *engine)
{
    krait__free(engine);
}

krait_status
krait_module_open(krait_engine *engine, const char *path, krait_module **ret_module,
                  krait_error *err)
{
    if (engine == NULL || path == NULL || ret_module == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    return krait__module_open(path, ret_module, err);
}

size_t
krait_module_missing(const krait_module *module, size_t from, char *text, size_t size)
{
    size_t count;
    const krait_host_import *imports = krait__wasi_imports(&count);

    return krait__module_missing(module, imports, count, from, text, size);
}

void
krait_module_close(krait_module *module)
{
    krait__module_close(module);
}
