/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader, validator, plan and emitter one after the other.
 */
#include "aot/translate.h"
#include "aot/limits.h"
#include "aot/reader.h"
#include "aot/validate.h"
#include "base/alloc.h"
#include "base/error.h"

#include <krait/aot.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static krait_status
plan_parts(const krait_plan *plan, const krait_translation *how, krait_parts *ret_parts,
           krait_error *err)
{
    krait_status status = krait__parts_refuse_large(plan, how->max_function, err);

    if (status == KRAIT_OK)
        status = krait__parts_plan(plan->module, how->parts, ret_parts, err);
    if (status == KRAIT_OK)
        status = krait__parts_isolate(plan, how->plain_function, ret_parts, err);
    if (status == KRAIT_OK)
        krait__parts_describe(plan, ret_parts);
    return status;
}

krait_status
krait__translate(const void *wasm, size_t size, int directory, krait_translation *how,
                 krait_parts *ret_parts, krait_error *err)
{
    krait_wasm_module module;
    krait_plan plan;
    krait_parts made = {NULL, 0, 0};
    krait_status status = krait__wasm_read(wasm, size, &module, err);

    if (status != KRAIT_OK)
        return status;
    status = krait__wasm_validate(&module, err);
    if (status == KRAIT_OK)
        status = krait__plan_make(&module, &plan, err);
    if (status == KRAIT_OK) {
        plan.flags = how->flags;
        if (how->first != NULL)
            status = krait__plan_first(&plan, how->first, &how->first_unknown, err);
        if (status == KRAIT_OK)
            status = plan_parts(&plan, how, &made, err);
        if (status == KRAIT_OK)
            status = krait__emit_module(&plan, &made, directory, err);
        krait__plan_release(&plan);
    }
    krait__wasm_module_release(&module);
    if (status == KRAIT_OK)
        *ret_parts = made;
    else
        krait__free(made.parts);
    return status;
}

krait_status
krait_aot_validate(const void *wasm, size_t size, krait_error *err)
{
    krait_wasm_module module;
    krait_status status = krait__wasm_read(wasm, size, &module, err);

    if (status != KRAIT_OK)
        return status;
    status = krait__wasm_validate(&module, err);
    krait__wasm_module_release(&module);
    return status;
}

krait_status
krait__translate_into(const void *wasm, size_t size, const char *directory, krait_translation *how,
                      krait_error *err)
{
    krait_parts made;
    krait_status status;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot open directory '%s'", directory);
    status = krait__translate(wasm, size, fd, how, &made, err);
    if (status == KRAIT_OK)
        krait__free(made.parts);
    close(fd);
    return status;
}

krait_status
krait_aot_translate(const void *wasm, size_t size, const char *directory, unsigned parts,
                    krait_error *err)
{
    krait_translation how = {.parts = parts,
                             .plain_function = KRAIT_EMIT_PLAIN_FUNCTION,
                             .max_function = KRAIT_EMIT_MAX_FUNCTION};

    if (parts > KRAIT_EMIT_MAX_PARTS)
        return krait__error_set(err, KRAIT_EINVAL, 0, "at most %u parts are possible",
                                KRAIT_EMIT_MAX_PARTS);
    return krait__translate_into(wasm, size, directory, &how, err);
}
