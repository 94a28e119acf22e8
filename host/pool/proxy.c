/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host functions of jobs that run in a worker process: they are called here, on the driver's thread,
 * and answered when they are, now or later and from any thread.
 *
 * The calls of a job are a group of host/api/calls.c, as those of a sandbox are.  Its limits hold here
 * again, for a worker may not keep to them.
 */
#include "pool/child.h"

#include "base/alloc.h"

#include <krait/guest_call.h>

#include <string.h>

void
krait__proxy_begin(krait_proxy *proxy, const krait_config *config, uint64_t job, uint64_t calls)
{
    proxy->config = config;
    proxy->job = job;
    proxy->left = calls;
}

void
krait__proxy_end(krait_proxy *proxy)
{
    krait__calls_close(proxy->calls);
    proxy->calls = NULL;
    proxy->count = 0;
}

void
krait__proxy_release(krait_proxy *proxy)
{
    krait__proxy_end(proxy);
    krait__free(proxy->pairs);
    proxy->pairs = NULL;
    proxy->capacity = 0;
}

/* Is there such a call already?  Numbers are not used again while they wait. */
static bool
is_known(const krait_proxy *proxy, uint32_t theirs)
{
    for (size_t i = 0; i < proxy->count; i++) {
        if (proxy->pairs[i].theirs == theirs)
            return true;
    }
    return false;
}

bool
krait__proxy_call(krait_proxy *proxy, const krait_call_message *call)
{
    const krait_config *config = proxy->config;
    const uint64_t *limits = config->limits;
    krait_buffer input = {NULL, 0, 0};
    uint32_t ours = 0;
    bool is_started;

    if (call->job != proxy->job || call->function >= config->function_count ||
        call->size > limits[KRAIT_LIMIT_VALUE] || proxy->left == 0 || is_known(proxy, call->call))
        return false;
    proxy->left--;
    if (proxy->calls == NULL &&
        krait__calls_new(limits[KRAIT_LIMIT_VALUE], limits[KRAIT_LIMIT_MEMORY], &proxy->calls,
                         NULL) != KRAIT_OK)
        return false;
    if (krait__grow(&proxy->pairs, proxy->count, &proxy->capacity, sizeof(*proxy->pairs),
                    UINT32_MAX) != 0 ||
        !krait__buffer_add(&input, call->bytes, call->size))
        return false;
    is_started = krait__calls_start(proxy->calls, &config->functions[call->function],
                                    (krait_format)call->format, &input, limits[KRAIT_LIMIT_PENDING],
                                    &ours) == 0;
    krait__buffer_release(&input);
    if (is_started) {
        proxy->pairs[proxy->count].theirs = call->call;
        proxy->pairs[proxy->count++].ours = ours;
    }
    return is_started;
}

int
krait__proxy_fd(const krait_proxy *proxy)
{
    return proxy->count > 0 ? krait__calls_listen(proxy->calls) : -1;
}

/* One that is answered. */
static bool
send_answer(krait_proxy *proxy, size_t pair, const krait_call_status *status,
            krait_channel *channel)
{
    const uint32_t ours = proxy->pairs[pair].ours;
    krait_answer_message message = {.job = proxy->job,
                                    .call = proxy->pairs[pair].theirs,
                                    .state = status->state,
                                    .type_size = (uint32_t)status->type_size};
    krait_frame frame = {.failed = false};
    bool is_sent = krait__calls_answer(proxy->calls, ours, &message.bytes, &message.size) == 0 &&
                   krait__answer_encode(&message, &frame, NULL) == KRAIT_OK &&
                   krait__channel_send(channel, &frame);

    krait__frame_release(&frame);
    (void)krait__calls_drop(proxy->calls, ours);
    return is_sent;
}

bool
krait__proxy_send(krait_proxy *proxy, krait_channel *channel)
{
    size_t i = 0;

    while (i < proxy->count) {
        krait_call_status status;

        if (krait__calls_status(proxy->calls, proxy->pairs[i].ours, &status) != 0)
            return false;
        if (status.state == KRAIT_CALL_RUNS) {
            i++;
            continue;
        }
        if (!send_answer(proxy, i, &status, channel))
            return false;
        proxy->pairs[i] = proxy->pairs[--proxy->count];
    }
    return true;
}
