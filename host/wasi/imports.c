/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of everything that a module may import: wasi_snapshot_preview1, and what
 * <krait/guest.h> declares.
 */
#include "wasi/state.h"

static const krait_host_import imports[] = {
#define KRAIT_WASI_ENTRY(name, params, results)                                                    \
    {"wasi_snapshot_preview1", #name, params, results, krait__wasi_##name, NULL},
    KRAIT_WASI_FUNCTIONS(KRAIT_WASI_ENTRY)
#undef KRAIT_WASI_ENTRY
#define KRAIT_HOST_ENTRY(name, params, results)                                                    \
    {KRAIT_HOST_MODULE, #name, params, results, krait__wasi_##name, NULL},
        KRAIT_HOST_FUNCTIONS(KRAIT_HOST_ENTRY)
#undef KRAIT_HOST_ENTRY
};

const krait_host_import *
krait__wasi_imports(size_t *ret_count)
{
    *ret_count = sizeof(imports) / sizeof(imports[0]);
    return imports;
}
