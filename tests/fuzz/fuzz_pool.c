/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes between a pool and its worker processes, read as either of them does: the input is what
 * came on the socket.  It is read in pieces, as frames, and each of them by the function for its kind.
 * What was taken for right has to be inside of what may be, and to be written and read again as the
 * same.
 */
#include "fuzz.h"
#include "pool/child.h"
#include "pool/queue.h"

#include "base/alloc.h"

#include <krait/guest_call.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 65536u

static bool
most_of(void *data, uint32_t kind, uint64_t *ret_most)
{
    (void)data;
    *ret_most = MOST;
    return kind <= KRAIT_WIRE_DONE;
}

/* Every byte of it can be read, and a NUL is behind it. */
static void
look(const void *bytes, size_t size)
{
    unsigned sum = 0;

    FUZZ_REQUIRE(bytes != NULL && ((const char *)bytes)[size] == '\0');
    for (size_t i = 0; i < size; i++)
        sum += ((const unsigned char *)bytes)[i];
    FUZZ_REQUIRE(sum <= 255u * size);
}

static void
check_job(const void *payload, size_t size)
{
    krait_error error = {KRAIT_OK, 0, ""};
    krait_frame frame = {.failed = false};
    krait_job_view view;
    krait_job_view again;

    if (krait__job_decode(payload, size, &view, &error) == KRAIT_OK) {
        const krait_job_spec *spec = &view.spec;

        look(spec->args, spec->args_size);
        for (size_t i = 0; i < spec->file_count; i++)
            look(spec->files[i].bytes, spec->files[i].size);
        for (size_t i = 0; i < spec->wanted_count; i++)
            look(spec->wanted[i], strlen(spec->wanted[i]));
        FUZZ_REQUIRE(krait__job_encode(view.number, spec, &frame, &error) == KRAIT_OK);
        FUZZ_REQUIRE(krait__job_decode(frame.buffer.bytes + KRAIT_WIRE_HEAD,
                                       frame.buffer.size - KRAIT_WIRE_HEAD, &again,
                                       &error) == KRAIT_OK);
        FUZZ_REQUIRE(again.number == view.number && again.spec.file_count == spec->file_count &&
                     again.spec.wanted_count == spec->wanted_count &&
                     again.spec.args_size == spec->args_size);
        krait__job_view_release(&again);
        krait__frame_release(&frame);
    } else {
        FUZZ_REQUIRE(error.text[0] != '\0');
    }
    krait__job_view_release(&view);
}

static void
check_done(const void *payload, size_t size)
{
    krait_job_result result;
    krait_job_file files[3];

    for (size_t count = 0; count < 4; count++) {
        memset(&result, 0, sizeof(result));
        memset(files, 0, sizeof(files));
        if (!krait__done_decode(payload, size, &result, files, count))
            continue;
        look(result.result.stdout_bytes, result.result.stdout_size);
        look(result.result.stderr_bytes, result.result.stderr_size);
        if (result.result.value != NULL)
            look(result.result.value, result.result.value_size);
        FUZZ_REQUIRE(result.result.kind <= KRAIT_RESULT_RETURNED &&
                     result.result.limit < KRAIT_LIMIT_COUNT && result.status <= KRAIT_ESTATE);
        FUZZ_REQUIRE((result.status == KRAIT_OK) == (result.error.text[0] == '\0'));
        FUZZ_REQUIRE(memchr(result.result.backtrace, '\0', sizeof(result.result.backtrace)) !=
                     NULL);
        for (size_t i = 0; i < count; i++) {
            FUZZ_REQUIRE((files[i].bytes != NULL) == (files[i].status == KRAIT_OK));
            if (files[i].bytes != NULL)
                look(files[i].bytes, files[i].size);
        }
    }
    (void)krait__done_number(payload, size);
}

static int
never(void *data, krait_call *call)
{
    (void)data, (void)call;
    return 0;
}

static void
check_open(const void *payload, size_t size)
{
    krait_error error = {KRAIT_OK, 0, ""};
    krait_open open;

    if (krait__open_decode(payload, size, never, &open, &error) == KRAIT_OK) {
        FUZZ_REQUIRE(open.ready <= KRAIT_WIRE_READY_MAX && open.config != NULL);
        look(open.krt, strlen(open.krt));
        krait_config_free(open.config);
    } else {
        FUZZ_REQUIRE(error.text[0] != '\0');
    }
}

static void
check_call(const void *payload, size_t size)
{
    krait_call_message call;

    if (krait__call_decode(payload, size, &call)) {
        look(call.bytes, call.size);
        FUZZ_REQUIRE(call.format <= KRAIT_BYTES);
    }
}

static void
check_answer(const void *payload, size_t size)
{
    krait_answer_message answer;

    if (krait__answer_decode(payload, size, &answer)) {
        look(answer.bytes, answer.size);
        FUZZ_REQUIRE(answer.type_size <= answer.size);
        FUZZ_REQUIRE(answer.state == KRAIT_CALL_RETURNED || answer.state == KRAIT_CALL_FAILED);
    }
}

static void
check_failed(const void *payload, size_t size)
{
    krait_error error;

    if (krait__failed_decode(payload, size, &error))
        FUZZ_REQUIRE(error.code != KRAIT_OK && error.text[0] != '\0');
}

static void
check_frame(const krait_channel *channel)
{
    const size_t size = channel->payload.size;
    krait_supply supply;
    uint64_t number;
    /* Exactly as large, so that a sanitizer sees a read beyond it. */
    char *payload = krait__memdup(size != 0 ? channel->payload.bytes : "", size != 0 ? size : 1);

    FUZZ_REQUIRE(payload != NULL && size == channel->size);
    switch (channel->kind) {
    case KRAIT_WIRE_OPEN:
        check_open(payload, size);
        break;
    case KRAIT_WIRE_JOB:
        check_job(payload, size);
        break;
    case KRAIT_WIRE_ANSWER:
        check_answer(payload, size);
        break;
    case KRAIT_WIRE_READY:
        if (krait__ready_decode(payload, size, &supply))
            FUZZ_REQUIRE(supply.ready <= KRAIT_WIRE_READY_MAX);
        break;
    case KRAIT_WIRE_FAILED:
        check_failed(payload, size);
        break;
    case KRAIT_WIRE_CALL:
        check_call(payload, size);
        break;
    case KRAIT_WIRE_DONE:
        check_done(payload, size);
        break;
    default:
        (void)krait__number_decode(payload, size, &number);
        break;
    }
    krait__free(payload);
}

/* Frames until nothing is left of what came. */
static krait_got
read_frames(krait_channel *channel)
{
    for (;;) {
        const krait_got got = krait__channel_read(channel, most_of, NULL);

        if (got != KRAIT_GOT_FRAME)
            return got;
        check_frame(channel);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    krait_channel channel;
    krait_got got = KRAIT_GOT_NOTHING;
    int fds[2];

    FUZZ_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
    memset(&channel, 0, sizeof(channel));
    krait__channel_begin(&channel, fds[0]);
    for (size_t piece = 7; size > 0 && got == KRAIT_GOT_NOTHING; piece = piece * 3 + 1) {
        const size_t part = piece < size ? piece : size;
        const ssize_t sent = send(fds[1], data, part, MSG_NOSIGNAL);

        FUZZ_REQUIRE(sent > 0);
        data += sent;
        size -= (size_t)sent;
        got = read_frames(&channel);
        FUZZ_REQUIRE(got == KRAIT_GOT_NOTHING || got == KRAIT_GOT_WRONG);
    }
    FUZZ_REQUIRE(close(fds[1]) == 0);
    if (got == KRAIT_GOT_NOTHING)
        FUZZ_REQUIRE(read_frames(&channel) == KRAIT_GOT_END);
    krait__channel_release(&channel);
    FUZZ_REQUIRE(close(fds[0]) == 0);
    return 0;
}
