/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host functions in a worker: each call is passed on to the pool, and is pending until the answer comes.
 */
#include "worker/worker.h"

#include "base/alloc.h"

#include <krait/guest_call.h>

#include <string.h>

/* A call that waits for its answer. */
typedef struct asked_call {
    krait_node node; /* first; by its number in the job */
    krait_call *call;
} asked_call;

static void
send_call(const krait_call_message *message)
{
    krait_frame frame = {.failed = false};

    krait__worker_write(&frame, krait__call_encode(message, &frame, NULL));
    krait__frame_release(&frame);
}

int
krait__worker_ask(void *data, krait_call *call)
{
    const krait_asked *asked = data;
    krait_worker *worker = asked->worker;
    asked_call *waiting = krait__calloc(1, sizeof(*waiting));
    krait_call_message message = {.function = asked->index,
                                  .format = (uint32_t)krait_call_format(call)};

    if (waiting == NULL)
        return -1;
    message.bytes = krait_call_input(call, &message.size);
    waiting->call = call;
    (void)pthread_mutex_lock(&worker->lock);
    message.job = worker->number;
    message.call = ++worker->last_call;
    waiting->node.key = message.call;
    krait__numbers_add(&worker->calls, &waiting->node);
    (void)pthread_mutex_unlock(&worker->lock);
    /* The call is its answerer's from now on; its input stays until it is answered, and that is
     * after this was sent. */
    send_call(&message);
    return KRAIT_CALL_PENDING;
}

static void
fail_call(krait_call *call, const krait_answer_message *answer)
{
    /* One NUL is behind the type, the other one is behind the bytes already. */
    char *type = krait__calloc(answer->type_size + 1, 1);

    if (type != NULL)
        memcpy(type, answer->bytes, answer->type_size);
    (void)krait_call_fail(call, type, (const char *)answer->bytes + answer->type_size);
    krait__free(type);
}

void
krait__worker_answer(krait_worker *worker, const krait_answer_message *answer)
{
    asked_call *waiting = NULL;

    (void)pthread_mutex_lock(&worker->lock);
    if (answer->job == worker->number)
        waiting = (asked_call *)krait__numbers_find(&worker->calls, answer->call);
    if (waiting != NULL)
        krait__numbers_remove(&worker->calls, &waiting->node);
    (void)pthread_mutex_unlock(&worker->lock);
    /* The job, or the worker, has ended since. */
    if (waiting == NULL)
        return;
    if (answer->state == KRAIT_CALL_RETURNED)
        (void)krait_call_return(waiting->call, answer->bytes, answer->size);
    else
        fail_call(waiting->call, answer);
    krait__free(waiting);
}

void
krait__worker_forget(krait_worker *worker)
{
    (void)pthread_mutex_lock(&worker->lock);
    for (size_t i = 0; i <= worker->calls.mask; i++) {
        while (worker->calls.buckets[i] != NULL) {
            asked_call *waiting = (asked_call *)worker->calls.buckets[i];

            worker->calls.buckets[i] = waiting->node.next;
            (void)krait_call_fail(waiting->call, NULL, "the job has ended");
            krait__free(waiting);
        }
    }
    worker->last_call = 0;
    (void)pthread_mutex_unlock(&worker->lock);
}
