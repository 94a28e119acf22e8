/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments and environment.
 */
#include "wasi/state.h"

#include <string.h>

static int
write_sizes(krait_ctx *ctx, const krait_strings *strings, const krait_cell *args)
{
    if (krait__guest_write_u32(ctx, args[0].i32, strings->count) != 0 ||
        krait__guest_write_u32(ctx, args[1].i32, strings->size) != 0)
        return EFAULT;
    return 0;
}

static int
write_strings(krait_ctx *ctx, const krait_strings *strings, const krait_cell *args)
{
    uint64_t pointer = args[0].i32;
    uint64_t buffer = args[1].i32;
    size_t at = 0;

    if (krait__guest_write(ctx, buffer, strings->bytes, strings->size) != 0)
        return EFAULT;
    for (uint32_t i = 0; i < strings->count; i++) {
        if (krait__guest_write_u32(ctx, pointer + 4u * (uint64_t)i, (uint32_t)(buffer + at)) != 0)
            return EFAULT;
        at += strlen(strings->bytes + at) + 1;
    }
    return 0;
}

KRAIT_WASI_CALL(args_sizes_get)
{
    return write_sizes(ctx, &wasi->args, args);
}

KRAIT_WASI_CALL(args_get)
{
    return write_strings(ctx, &wasi->args, args);
}

KRAIT_WASI_CALL(environ_sizes_get)
{
    return write_sizes(ctx, &wasi->environ, args);
}

KRAIT_WASI_CALL(environ_get)
{
    return write_strings(ctx, &wasi->environ, args);
}
