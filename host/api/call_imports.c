/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of guest_call.h that start calls of host functions and look after them.
 *
 * Everything that comes from the guest is copied before it is looked at.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "engine/guest.h"

#include <krait/guest_call.h>

#include <errno.h>
#include <string.h>

/* Longest name of a function, and most calls of one wait. */
enum { NAME_MAX_BYTES = 1024, WAIT_MAX = 65536 };

static int
find_function(const krait_sandbox *sandbox, const char *name,
              const krait_named_function **ret_function)
{
    const krait_config *config = sandbox->config;

    for (size_t i = 0; i < config->function_count; i++) {
        if (strcmp(config->functions[i].name, name) == 0) {
            *ret_function = &config->functions[i];
            return 0;
        }
    }
    return ENOENT;
}

static int
read_name(krait_ctx *ctx, uint32_t address, uint32_t size, char name[NAME_MAX_BYTES + 1])
{
    if (size > NAME_MAX_BYTES)
        return ENOENT;
    if (krait__guest_read(ctx, name, address, size) != 0)
        return EFAULT;
    name[size] = '\0';
    return strlen(name) == size ? 0 : ENOENT;
}

static int
read_input(const krait_sandbox *sandbox, krait_ctx *ctx, uint32_t address, uint32_t size,
           krait_buffer *ret_input)
{
    const void *bytes = krait__guest_span(ctx, address, size);

    if (bytes == NULL)
        return EFAULT;
    if (size > sandbox->config->limits[KRAIT_LIMIT_VALUE])
        return E2BIG;
    return krait__buffer_add(ret_input, bytes, size) ? 0 : ENOMEM;
}

/* Counts it; a guest that goes on without end is told to stop. */
static int
count_call(krait_sandbox *sandbox, krait_ctx *ctx)
{
    if (sandbox->host_calls >= sandbox->config->limits[KRAIT_LIMIT_HOST_CALLS]) {
        krait__ctx_limit(ctx, KRAIT_CAUSE_HOST_CALLS);
        return EDQUOT;
    }
    sandbox->host_calls++;
    return 0;
}

static int
start(krait_sandbox *sandbox, krait_ctx *ctx, const krait_cell *args)
{
    const uint64_t start_ns = krait__wasi_monotonic_ns();
    const krait_named_function *function = NULL;
    krait_buffer input = {NULL, 0, 0};
    char name[NAME_MAX_BYTES + 1];
    uint32_t number = 0;
    int error = read_name(ctx, args[0].i32, args[1].i32, name);

    if (error == 0 && (args[2].i32 > KRAIT_GUEST_BYTES ||
                       krait__guest_span(ctx, args[5].i32, sizeof(number)) == NULL))
        error = args[2].i32 > KRAIT_GUEST_BYTES ? EINVAL : EFAULT;
    if (error == 0)
        error = find_function(sandbox, name, &function);
    if (error == 0)
        error = read_input(sandbox, ctx, args[3].i32, args[4].i32, &input);
    if (error == 0)
        error = count_call(sandbox, ctx);
    if (error == 0) {
        error = krait__calls_start(sandbox->calls, function, (krait_format)args[2].i32, &input,
                                   sandbox->config->limits[KRAIT_LIMIT_PENDING], &number);
        krait__trace_call(sandbox, function->name, start_ns, (uint32_t)error);
    }
    krait__buffer_release(&input);
    if (error == 0 && krait__guest_write_u32(ctx, args[5].i32, number) != 0)
        error = EFAULT;
    return error;
}

krait_trap
krait__call_start(void *env, krait_ctx *ctx, krait_cell *slots)
{
    return krait__wasi_return(slots, start(env, ctx, slots));
}

krait_trap
krait__call_poll(void *env, krait_ctx *ctx, krait_cell *slots)
{
    krait_sandbox *sandbox = env;
    krait_call_status status = {.state = 0};
    krait_guest_call told = {.state = 0};
    int error = krait__calls_status(sandbox->calls, slots[0].i32, &status);

    if (error == 0) {
        told.state = status.state;
        told.size = (uint32_t)status.size;
        told.type_size = (uint32_t)status.type_size;
        if (krait__guest_write(ctx, slots[1].i32, &told, sizeof(told)) != 0)
            error = EFAULT;
    }
    return krait__wasi_return(slots, error);
}

krait_trap
krait__call_take(void *env, krait_ctx *ctx, krait_cell *slots)
{
    krait_sandbox *sandbox = env;
    const void *bytes = NULL;
    size_t size = 0;
    int error = krait__calls_answer(sandbox->calls, slots[0].i32, &bytes, &size);

    if (error == 0 && size != slots[2].i32)
        error = EINVAL;
    if (error == 0 && krait__guest_write(ctx, slots[1].i32, bytes, size) != 0)
        error = EFAULT;
    if (error == 0)
        error = krait__calls_drop(sandbox->calls, slots[0].i32);
    return krait__wasi_return(slots, error);
}

krait_trap
krait__call_cancel(void *env, krait_ctx *ctx, krait_cell *slots)
{
    krait_sandbox *sandbox = env;

    (void)ctx;
    return krait__wasi_return(slots, krait__calls_drop(sandbox->calls, slots[0].i32));
}

/* 0: one of them is done; EAGAIN: none is. */
static int
look(krait_sandbox *sandbox, const uint32_t *numbers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        krait_call_status status;
        int error = krait__calls_status(sandbox->calls, numbers[i], &status);

        if (error != 0)
            return error;
        if (status.state != KRAIT_CALL_RUNS)
            return 0;
    }
    return EAGAIN;
}

static int
wait_for(krait_sandbox *sandbox, krait_ctx *ctx, const uint32_t *numbers, uint32_t count,
         uint64_t timeout)
{
    uint64_t now = krait__wasi_now(sandbox->wasi);
    uint64_t deadline = timeout < UINT64_MAX - now ? now + timeout : UINT64_MAX;

    for (;;) {
        int event_fd = krait__calls_listen(sandbox->calls);
        int error = look(sandbox, numbers, count);

        if (error != EAGAIN)
            return error;
        if (event_fd < 0)
            return EMFILE;
        error = krait__wasi_wait_fd(sandbox->wasi, ctx, event_fd, deadline);
        if (error != 0)
            return error;
    }
}

krait_trap
krait__call_wait(void *env, krait_ctx *ctx, krait_cell *slots)
{
    const uint32_t count = slots[1].i32;
    uint32_t *numbers = NULL;
    int error = count == 0 || count > WAIT_MAX ? EINVAL : 0;

    if (error == 0) {
        numbers = krait__calloc(count, sizeof(*numbers));
        error = numbers == NULL ? ENOMEM : 0;
    }
    if (error == 0 && krait__guest_read(ctx, numbers, slots[0].i32, count * sizeof(*numbers)) != 0)
        error = EFAULT;
    if (error == 0)
        error = wait_for(env, ctx, numbers, count, slots[2].i64);
    krait__free(numbers);
    return krait__wasi_return(slots, error);
}
