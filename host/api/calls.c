/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of host functions: who has one, and its answer.
 *
 * A call has up to three owners: the guest, as long as it may ask for the answer; whoever is to
 * answer it; and the thread that is just calling the function.  The calls of a sandbox share a
 * group, with one lock, which lives as long as one of them does: so a call can be answered after the
 * sandbox is gone, and nothing happens then.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "base/error.h"

#include <krait/guest_call.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Most bytes of a failure's type and text together. */
#define FAILURE_MAX 65536u

typedef struct krait_calls {
    pthread_mutex_t lock;
    uint32_t references; /* the sandbox, and calls */
    int event_fd;        /* told when a call was answered; -1: nobody listens */
    uint64_t value_limit;
    uint64_t answer_limit;
    krait_call **slots; /* of the guest; NULL: free */
    size_t slot_count;
    size_t slot_capacity;
    uint64_t input_bytes;  /* of all calls: a guest must not fill the host with what it gave up */
    uint64_t answer_bytes; /* of all values that the guest may still fetch */
} krait_calls;

struct krait_call {
    krait_calls *group;
    uint32_t owners;
    uint32_t state; /* KRAIT_CALL_RUNS, ... */
    bool is_cancelled;
    krait_format format;
    krait_buffer input;
    krait_buffer answer;
    size_t type_size; /* of a failure */
};

krait_status
krait__calls_new(uint64_t value_limit, uint64_t answer_limit, krait_calls **ret_calls,
                 krait_error *err)
{
    krait_calls *calls = krait__calloc(1, sizeof(*calls));

    if (calls == NULL)
        return krait__error_nomem(err);
    /* Most guests never wait for one. */
    calls->event_fd = -1;
    if (pthread_mutex_init(&calls->lock, NULL) != 0) {
        krait__free(calls);
        return krait__error_nomem(err);
    }
    calls->references = 1;
    calls->value_limit = value_limit;
    calls->answer_limit = answer_limit;
    *ret_calls = calls;
    return KRAIT_OK;
}

/* Unlocks; the last one frees the group. */
static void
leave(krait_calls *calls, uint32_t references)
{
    bool is_last = (calls->references -= references) == 0;

    (void)pthread_mutex_unlock(&calls->lock);
    if (!is_last)
        return;
    (void)pthread_mutex_destroy(&calls->lock);
    krait__free(calls->slots);
    krait__free(calls);
}

/* One owner less; with the lock.  How many references the group loses. */
static uint32_t
disown(krait_call *call)
{
    if (--call->owners > 0)
        return 0;
    call->group->input_bytes -= call->input.size;
    if (call->state == KRAIT_CALL_RETURNED)
        call->group->answer_bytes -= call->answer.size;
    krait__buffer_release(&call->input);
    krait__buffer_release(&call->answer);
    krait__free(call);
    return 1;
}

/* The guest does not ask for it any more; with the lock. */
static uint32_t
forget(krait_calls *calls, size_t slot)
{
    krait_call *call = calls->slots[slot];

    calls->slots[slot] = NULL;
    call->is_cancelled = call->state == KRAIT_CALL_RUNS;
    return disown(call);
}

void
krait__calls_close(krait_calls *calls)
{
    uint32_t references = 1;

    if (calls == NULL)
        return;
    (void)pthread_mutex_lock(&calls->lock);
    for (size_t i = 0; i < calls->slot_count; i++) {
        if (calls->slots[i] != NULL)
            references += forget(calls, i);
    }
    if (calls->event_fd >= 0)
        (void)close(calls->event_fd);
    calls->event_fd = -1;
    leave(calls, references);
}

/* ---- for the guest ------------------------------------------------------------------------ */

/* A free slot; with the lock.  A call counts until both the guest and who answers it are done with
 * it. */
static int
find_slot(krait_calls *calls, uint64_t most, size_t input_size, size_t *ret_slot)
{
    size_t slot = 0;

    if (calls->references - 1 >= most || calls->references == UINT32_MAX ||
        input_size > calls->value_limit - calls->input_bytes)
        return EAGAIN;
    while (slot < calls->slot_count && calls->slots[slot] != NULL)
        slot++;
    if (slot == calls->slot_count) {
        if (krait__grow(&calls->slots, calls->slot_count, &calls->slot_capacity,
                        sizeof(krait_call *), UINT32_MAX - 1) != 0)
            return ENOMEM;
        calls->slots[calls->slot_count++] = NULL;
    }
    *ret_slot = slot;
    return 0;
}

/* Takes over the input when it succeeds. */
static int
add_call(krait_calls *calls, krait_format format, krait_buffer *input, uint64_t most,
         krait_call **ret_call, size_t *ret_slot)
{
    krait_call *call = krait__calloc(1, sizeof(*call));
    int error;

    if (call == NULL)
        return ENOMEM;
    (void)pthread_mutex_lock(&calls->lock);
    error = find_slot(calls, most, input->size, ret_slot);
    if (error == 0) {
        call->group = calls;
        call->owners = 3;
        call->format = format;
        call->input = *input;
        memset(input, 0, sizeof(*input));
        calls->slots[*ret_slot] = call;
        calls->input_bytes += call->input.size;
        calls->references++;
    }
    (void)pthread_mutex_unlock(&calls->lock);
    if (error != 0) {
        krait__free(call);
        return error;
    }
    *ret_call = call;
    return 0;
}

/* The function has returned this. */
static void
end_invocation(krait_call *call, int result)
{
    krait_calls *calls = call->group;
    bool answers;

    (void)pthread_mutex_lock(&calls->lock);
    answers = result != KRAIT_CALL_PENDING && call->state == KRAIT_CALL_RUNS;
    (void)pthread_mutex_unlock(&calls->lock);
    if (answers && result == 0)
        (void)krait_call_return(call, NULL, 0);
    else if (answers)
        (void)krait_call_fail(call, NULL, "the host function failed");
    (void)pthread_mutex_lock(&calls->lock);
    leave(calls, disown(call));
}

int
krait__calls_start(krait_calls *calls, const krait_named_function *function, krait_format format,
                   krait_buffer *input, uint64_t most, uint32_t *ret_number)
{
    krait_call *call = NULL;
    size_t slot = 0;
    int error = add_call(calls, format, input, most, &call, &slot);

    if (error != 0)
        return error;
    end_invocation(call, function->function(function->data, call));
    *ret_number = (uint32_t)slot + 1;
    return 0;
}

/* With the lock; NULL: there is no such call. */
static krait_call *
find(const krait_calls *calls, uint32_t number)
{
    return number != 0 && number <= calls->slot_count ? calls->slots[number - 1] : NULL;
}

int
krait__calls_status(krait_calls *calls, uint32_t number, krait_call_status *ret_status)
{
    const krait_call *call;

    (void)pthread_mutex_lock(&calls->lock);
    call = find(calls, number);
    if (call != NULL) {
        ret_status->state = call->state;
        ret_status->size = call->answer.size;
        ret_status->type_size = call->type_size;
    }
    (void)pthread_mutex_unlock(&calls->lock);
    return call != NULL ? 0 : EBADF;
}

int
krait__calls_answer(krait_calls *calls, uint32_t number, const void **ret_bytes, size_t *ret_size)
{
    const krait_call *call;
    int error = 0;

    (void)pthread_mutex_lock(&calls->lock);
    call = find(calls, number);
    if (call == NULL) {
        error = EBADF;
    } else if (call->state == KRAIT_CALL_RUNS) {
        error = EBUSY;
    } else {
        /* An answer never changes, and the guest's ownership keeps it. */
        *ret_bytes = krait__buffer_text(&call->answer);
        *ret_size = call->answer.size;
    }
    (void)pthread_mutex_unlock(&calls->lock);
    return error;
}

int
krait__calls_drop(krait_calls *calls, uint32_t number)
{
    uint32_t references = 0;
    int error = EBADF;

    (void)pthread_mutex_lock(&calls->lock);
    if (find(calls, number) != NULL) {
        references = forget(calls, number - 1);
        error = 0;
    }
    leave(calls, references);
    return error;
}

int
krait__calls_listen(krait_calls *calls)
{
    uint64_t count;
    int event_fd;

    (void)pthread_mutex_lock(&calls->lock);
    if (calls->event_fd < 0)
        calls->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    event_fd = calls->event_fd;
    (void)pthread_mutex_unlock(&calls->lock);
    /* Nothing to read is no error: it was not told. */
    if (event_fd >= 0 && read(event_fd, &count, sizeof(count)) < 0)
        return event_fd;
    return event_fd;
}

bool
krait__calls_are_unused(krait_calls *calls)
{
    bool are_unused;

    (void)pthread_mutex_lock(&calls->lock);
    are_unused = calls->references == 1 && calls->slot_count == 0 && calls->event_fd < 0;
    (void)pthread_mutex_unlock(&calls->lock);
    return are_unused;
}

bool
krait__calls_are_idle(krait_calls *calls)
{
    bool are_idle = true;

    (void)pthread_mutex_lock(&calls->lock);
    for (size_t i = 0; i < calls->slot_count; i++)
        are_idle = are_idle && calls->slots[i] == NULL;
    (void)pthread_mutex_unlock(&calls->lock);
    return are_idle;
}

/* ---- for the embedder --------------------------------------------------------------------- */

const void *
krait_call_input(const krait_call *call, size_t *ret_size)
{
    if (ret_size != NULL)
        *ret_size = call->input.size;
    return krait__buffer_text(&call->input);
}

krait_format
krait_call_format(const krait_call *call)
{
    return call->format;
}

int
krait_call_is_cancelled(const krait_call *call)
{
    bool is_cancelled;

    (void)pthread_mutex_lock(&call->group->lock);
    is_cancelled = call->is_cancelled;
    (void)pthread_mutex_unlock(&call->group->lock);
    return is_cancelled;
}

static krait_status fail(krait_call *call, const char *type, const char *message,
                         krait_status status);

/* Takes over the answer.  `status` is passed on. */
static krait_status
answer(krait_call *call, uint32_t state, krait_buffer *bytes, size_t type_size, krait_status status)
{
    const uint64_t one = 1;
    krait_calls *calls = call->group;

    (void)pthread_mutex_lock(&calls->lock);
    if (call->state != KRAIT_CALL_RUNS) {
        (void)pthread_mutex_unlock(&calls->lock);
        krait__buffer_release(bytes);
        return KRAIT_ESTATE;
    }
    if (state == KRAIT_CALL_RETURNED) {
        if (bytes->size > calls->answer_limit - calls->answer_bytes) {
            (void)pthread_mutex_unlock(&calls->lock);
            krait__buffer_release(bytes);
            return fail(call, "MemoryError", "too many values of the host wait to be fetched",
                        KRAIT_ELIMIT);
        }
        calls->answer_bytes += bytes->size;
    }
    call->state = state;
    call->answer = *bytes;
    call->type_size = type_size;
    /* The counter cannot overflow before the guest has looked. */
    if (calls->event_fd >= 0 && write(calls->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
        status = KRAIT_EIO;
    leave(calls, disown(call));
    return status;
}

static krait_status
fail(krait_call *call, const char *type, const char *message, krait_status status)
{
    krait_buffer bytes = {NULL, 0, 0};
    size_t type_size = strnlen(type, FAILURE_MAX);
    size_t size = strnlen(message, FAILURE_MAX - type_size);

    if (!krait__buffer_add(&bytes, type, type_size) || !krait__buffer_add(&bytes, message, size)) {
        /* A failure without words is still one. */
        bytes.size = type_size = 0;
        status = KRAIT_ENOMEM;
    }
    return answer(call, KRAIT_CALL_FAILED, &bytes, type_size, status);
}

krait_status
krait_call_return(krait_call *call, const void *bytes, size_t size)
{
    krait_buffer copy = {NULL, 0, 0};

    if (bytes == NULL && size != 0)
        return fail(call, "RuntimeError", "the host gave no value", KRAIT_EINVAL);
    if (size > call->group->value_limit || size > UINT32_MAX)
        return fail(call, "OverflowError", "the host's value is larger than allowed", KRAIT_ELIMIT);
    if (!krait__buffer_add(&copy, bytes, size))
        return fail(call, "MemoryError", "the host has no memory for the value", KRAIT_ENOMEM);
    return answer(call, KRAIT_CALL_RETURNED, &copy, 0, KRAIT_OK);
}

krait_status
krait_call_fail(krait_call *call, const char *type, const char *message)
{
    return fail(call, type != NULL ? type : "RuntimeError", message != NULL ? message : "",
                KRAIT_OK);
}
