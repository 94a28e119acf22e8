/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checked access to guest memory from host functions: the only way.
 *
 * Addresses and lengths are 64-bit so that sums cannot wrap.  What is read is
 * copied: the guest (another thread of it) may change the bytes at any time,
 * so look at the copy only.  -1 means out of bounds; nothing was copied then.
 * The span functions give a pointer for one system call to fill or send
 * (iovec); it is valid until the next call into the guest.
 */
#ifndef KRAIT_ENGINE_GUEST_H
#define KRAIT_ENGINE_GUEST_H

#include <krait/abi.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Pointer to [address, address + size) in memory 0, or NULL when it is not
 * wholly inside.  A size of 0 at the very end is inside. */
static inline void *
krait__guest_span(krait_ctx *ctx, uint64_t address, uint64_t size)
{
    const krait_memory *memory;

    if (ctx->memory_base == NULL)
        return NULL;
    memory = ctx->memories[0];
    if (size > memory->size || address > memory->size - size)
        return NULL;
    return memory->base + address;
}

static inline int
krait__guest_read(krait_ctx *ctx, void *to, uint64_t address, size_t size)
{
    const void *from = krait__guest_span(ctx, address, size);

    if (from == NULL)
        return -1;
    memcpy(to, from, size);
    return 0;
}

static inline int
krait__guest_write(krait_ctx *ctx, uint64_t address, const void *from, size_t size)
{
    void *to = krait__guest_span(ctx, address, size);

    if (to == NULL)
        return -1;
    memcpy(to, from, size);
    return 0;
}

static inline int
krait__guest_write_u32(krait_ctx *ctx, uint64_t address, uint32_t value)
{
    return krait__guest_write(ctx, address, &value, sizeof(value));
}

static inline int
krait__guest_write_u64(krait_ctx *ctx, uint64_t address, uint64_t value)
{
    return krait__guest_write(ctx, address, &value, sizeof(value));
}

#endif /* KRAIT_ENGINE_GUEST_H */
