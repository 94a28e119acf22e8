/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small helpers on modules: release, names of types, comparison.
 */
#include "aot/module.h"
#include "base/alloc.h"

#include <string.h>

void
krait__wasm_module_release(krait_wasm_module *module)
{
    krait__free(module->types);
    krait__free(module->imports);
    krait__free(module->funcs);
    krait__free(module->tables);
    krait__free(module->memories);
    krait__free(module->globals);
    krait__free(module->exports);
    krait__free(module->elems);
    krait__free(module->items);
    krait__free(module->datas);
    memset(module, 0, sizeof(*module));
}

const char *
krait__wasm_type_name(krait_wasm_valtype type)
{
    switch (type) {
    case 0x7f:
        return "i32";
    case 0x7e:
        return "i64";
    case 0x7d:
        return "f32";
    case 0x7c:
        return "f64";
    case 0x7b:
        return "v128";
    case 0x70:
        return "funcref";
    case 0x6f:
        return "externref";
    default:
        return "unknown";
    }
}

bool
krait__wasm_types_equal(const krait_wasm_type *a, const krait_wasm_type *b)
{
    return a->param_count == b->param_count && a->result_count == b->result_count &&
           (a->param_count == 0 || memcmp(a->params, b->params, a->param_count) == 0) &&
           (a->result_count == 0 || memcmp(a->results, b->results, a->result_count) == 0);
}
