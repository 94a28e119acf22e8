/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small frames of wire.h: READY, FAILED, BEGUN, CANCEL, CALL, ANSWER.
 */
#include "pool/wire.h"

#include "base/error.h"

#include <krait/guest_call.h>

#include <stdio.h>
#include <string.h>

krait_status
krait__ready_encode(const krait_supply *ready, krait_frame *frame, krait_error *err)
{
    krait__frame_begin(frame, KRAIT_WIRE_READY);
    krait__put_u32(frame, ready->ready);
    krait__put_u64(frame, ready->bytes);
    krait__put_u64(frame, ready->discarded);
    return krait__frame_end(frame, err);
}

bool
krait__ready_decode(const void *payload, size_t size, krait_supply *ret_ready)
{
    krait_reader reader = krait__reader(payload, size);

    ret_ready->ready = krait__take_count(&reader, KRAIT_WIRE_READY_MAX);
    ret_ready->bytes = krait__take_u64(&reader);
    ret_ready->discarded = krait__take_u64(&reader);
    return krait__reader_ends(&reader);
}

krait_status
krait__failed_encode(const krait_error *error, krait_frame *frame, krait_error *err)
{
    krait__frame_begin(frame, KRAIT_WIRE_FAILED);
    krait__put_u32(frame, (uint32_t)error->code);
    krait__put_u32(frame, (uint32_t)error->sys_errno);
    krait__put_text(frame, error->text);
    return krait__frame_end(frame, err);
}

bool
krait__failed_decode(const void *payload, size_t size, krait_error *ret_error)
{
    krait_reader reader = krait__reader(payload, size);
    const uint32_t code = krait__take_u32(&reader);
    const char *text;

    ret_error->sys_errno = (int)krait__take_u32(&reader);
    text = krait__take_text(&reader);
    if (!krait__reader_ends(&reader) || code == KRAIT_OK || code > KRAIT_ESTATE ||
        text[0] == '\0' || strlen(text) >= sizeof(ret_error->text))
        return false;
    ret_error->code = (krait_status)code;
    (void)snprintf(ret_error->text, sizeof(ret_error->text), "%s", text);
    return true;
}

krait_status
krait__number_encode(krait_wire_kind kind, uint64_t number, krait_frame *frame, krait_error *err)
{
    krait__frame_begin(frame, kind);
    krait__put_u64(frame, number);
    return krait__frame_end(frame, err);
}

bool
krait__number_decode(const void *payload, size_t size, uint64_t *ret_number)
{
    krait_reader reader = krait__reader(payload, size);

    *ret_number = krait__take_u64(&reader);
    return krait__reader_ends(&reader);
}

krait_status
krait__call_encode(const krait_call_message *call, krait_frame *frame, krait_error *err)
{
    krait__frame_begin(frame, KRAIT_WIRE_CALL);
    krait__put_u64(frame, call->job);
    krait__put_u32(frame, call->call);
    krait__put_u32(frame, call->function);
    krait__put_u32(frame, call->format);
    krait__put_bytes(frame, call->bytes, call->size);
    return krait__frame_end(frame, err);
}

bool
krait__call_decode(const void *payload, size_t size, krait_call_message *ret_call)
{
    krait_reader reader = krait__reader(payload, size);

    ret_call->job = krait__take_u64(&reader);
    ret_call->call = krait__take_u32(&reader);
    ret_call->function = krait__take_u32(&reader);
    ret_call->format = krait__take_u32(&reader);
    ret_call->bytes = krait__take_bytes(&reader, &ret_call->size);
    return krait__reader_ends(&reader) && ret_call->format <= KRAIT_BYTES;
}

krait_status
krait__answer_encode(const krait_answer_message *answer, krait_frame *frame, krait_error *err)
{
    krait__frame_begin(frame, KRAIT_WIRE_ANSWER);
    krait__put_u64(frame, answer->job);
    krait__put_u32(frame, answer->call);
    krait__put_u32(frame, answer->state);
    krait__put_u32(frame, answer->type_size);
    krait__put_bytes(frame, answer->bytes, answer->size);
    return krait__frame_end(frame, err);
}

bool
krait__answer_decode(const void *payload, size_t size, krait_answer_message *ret_answer)
{
    krait_reader reader = krait__reader(payload, size);

    ret_answer->job = krait__take_u64(&reader);
    ret_answer->call = krait__take_u32(&reader);
    ret_answer->state = krait__take_u32(&reader);
    ret_answer->type_size = krait__take_u32(&reader);
    ret_answer->bytes = krait__take_bytes(&reader, &ret_answer->size);
    if (!krait__reader_ends(&reader))
        return false;
    if (ret_answer->state == KRAIT_CALL_RETURNED)
        return ret_answer->type_size == 0;
    return ret_answer->state == KRAIT_CALL_FAILED && ret_answer->type_size <= ret_answer->size;
}
