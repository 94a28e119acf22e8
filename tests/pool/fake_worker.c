/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A krait-worker that has been taken over: it does what the guest's environment variable FAKE says,
 * which it finds among the bytes of the first frame.
 */
#include "pool/child.h"

#include <krait/guest_call.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

static krait_frame frame;
static char payload[1 << 20];
static size_t payload_size;
static uint64_t job;

static void
send_bytes(const void *bytes, size_t size)
{
    const char *next = bytes;

    while (size > 0) {
        ssize_t sent = send(KRAIT_WORKER_FD, next, size, MSG_NOSIGNAL);

        if (sent <= 0)
            _exit(0);
        next += sent;
        size -= (size_t)sent;
    }
}

static void
send_frame(krait_status status)
{
    if (status != KRAIT_OK)
        _exit(2);
    send_bytes(frame.buffer.bytes, frame.buffer.size);
}

static void
receive(void *bytes, size_t size)
{
    char *next = bytes;

    while (size > 0) {
        ssize_t got = recv(KRAIT_WORKER_FD, next, size, 0);

        if (got <= 0)
            _exit(0);
        next += got;
        size -= (size_t)got;
    }
}

static void
receive_frame(void)
{
    char head[KRAIT_WIRE_HEAD];
    uint64_t size = 0;
    uint32_t kind = 0;

    receive(head, sizeof(head));
    if (!krait__head_read(head, &kind, &size) || size > sizeof(payload))
        _exit(3);
    payload_size = (size_t)size;
    receive(payload, payload_size);
}

static void
send_ready(uint32_t ready)
{
    const krait_supply supply = {.ready = ready, .bytes = UINT64_MAX, .discarded = 0};

    send_frame(krait__ready_encode(&supply, &frame, NULL));
}

static void
send_begun(uint64_t number)
{
    send_frame(krait__number_encode(KRAIT_WIRE_BEGUN, number, &frame, NULL));
}

static void
send_call(uint32_t call, uint32_t function, uint64_t number)
{
    const krait_call_message message = {
        .job = number, .call = call, .function = function, .bytes = "[]", .size = 2};

    send_frame(krait__call_encode(&message, &frame, NULL));
}

/* An answer with so many files and bytes of output. */
static void
send_done(uint64_t number, uint32_t files, size_t output, uint32_t kind)
{
    krait_done done;
    char *bytes = calloc(output + 1, 1);

    memset(&done, 0, sizeof(done));
    done.result.kind = (krait_result_kind)kind;
    done.result.stdout_bytes = bytes;
    done.result.stdout_size = output;
    krait__done_begin(&frame, number, &done);
    krait__put_u32(&frame, files);
    for (uint32_t i = 0; i < files; i++) {
        krait__put_u32(&frame, 0);
        krait__put_bytes(&frame, "x", 1);
    }
    send_frame(krait__frame_end(&frame, NULL));
    free(bytes);
}

static void
send_head(uint32_t kind, uint64_t size)
{
    krait__frame_begin(&frame, (krait_wire_kind)kind);
    memcpy(frame.buffer.bytes + 8, &size, sizeof(size)); /* little-endian machines */
    send_bytes(frame.buffer.bytes, KRAIT_WIRE_HEAD);
}

static void
send_noise(unsigned seed, size_t size)
{
    static char noise[1 << 16];

    for (size_t i = 0; i < sizeof(noise); i++) {
        seed = seed * 1103515245u + 12345u;
        noise[i] = (char)(seed >> 16);
    }
    for (; size > sizeof(noise); size -= sizeof(noise))
        send_bytes(noise, sizeof(noise));
    send_bytes(noise, size);
}

static bool
does(const char *what)
{
    char wanted[64] = "FAKE=";
    size_t size;

    strncat(wanted, what, sizeof(wanted) - 6);
    size = strlen(wanted) + 1;
    return memmem(payload, payload_size, wanted, size) != NULL;
}

/* A child that no signal to this one's group reaches traces this process, where that is allowed. */
static void
be_traced(void)
{
    const pid_t own = getpid();
    char byte = 0;
    int pipes[2];

    if (pipe(pipes) != 0)
        _exit(5);
    /* Where the Yama module is: children may not without that. */
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    switch (fork()) {
    case -1:
        _exit(5);
    case 0:
        (void)setsid();
        (void)close(KRAIT_WORKER_FD);
        (void)ptrace(PTRACE_SEIZE, own, NULL, NULL);
        if (write(pipes[1], "x", 1) == 1)
            (void)sleep(300);
        _exit(0);
    default:
        if (read(pipes[0], &byte, 1) != 1)
            _exit(5);
        (void)close(pipes[0]);
        (void)close(pipes[1]);
    }
}

/* ---- before it is open ---------------------------------------------------------------------- */

static void
be_bad_at_first(void)
{
    const krait_error nothing = {.code = KRAIT_OK, .text = "no reason"};
    const krait_error reason = {.code = KRAIT_ENOTFOUND, .text = "there is no spoon"};
    const krait_error speechless = {.code = KRAIT_EIO, .text = ""};

    if (does("first-exit"))
        _exit(7);
    if (does("first-abort"))
        abort();
    if (does("first-noise"))
        send_noise(1, 1 << 20);
    if (does("first-huge"))
        send_head(KRAIT_WIRE_READY, UINT64_C(1) << 62);
    if (does("first-large"))
        send_head(KRAIT_WIRE_READY, 1 << 20);
    if (does("first-cut")) {
        send_head(KRAIT_WIRE_READY, 20);
        _exit(0);
    }
    if (does("first-done"))
        send_done(0, 0, 0, KRAIT_RESULT_RETURNED);
    if (does("first-kind"))
        send_head(12345, 0);
    if (does("first-failed"))
        send_frame(krait__failed_encode(&reason, &frame, NULL));
    if (does("first-failed-nothing"))
        send_frame(krait__failed_encode(&nothing, &frame, NULL));
    if (does("first-failed-speechless"))
        send_frame(krait__failed_encode(&speechless, &frame, NULL));
    if (does("first-ready-many"))
        send_ready(1000);
    if (does("traced"))
        be_traced();
}

/* ---- with a job ----------------------------------------------------------------------------- */

static void
be_bad_before_it_begins(void)
{
    if (does("job-exit"))
        _exit(7);
    if (does("job-done-not-begun"))
        send_done(job, 0, 0, KRAIT_RESULT_RETURNED);
    if (does("job-begun-another"))
        send_begun(job + 1);
    if (does("job-call-not-begun"))
        send_call(1, 0, job);
    if (does("job-failed"))
        send_head(KRAIT_WIRE_FAILED, 0);
    if (does("job-noise"))
        send_noise(2, 1 << 20);
}

static void
be_bad_with_calls(void)
{
    if (does("begun-call-unknown"))
        send_call(1, 1000, job);
    if (does("begun-call-another"))
        send_call(1, 0, job + 1);
    if (does("begun-call-again")) {
        send_call(1, 1, job);
        send_call(1, 1, job);
    }
    if (does("begun-call-flood")) {
        for (uint32_t i = 1;; i++)
            send_call(i, 1, job);
    }
    if (does("begun-deaf")) {
        for (uint32_t i = 1; i <= 1000; i++)
            send_call(i, 0, job);
        for (;;)
            pause();
    }
}

static void
be_bad_later(void)
{
    send_begun(job);
    if (does("begun-stopped") && job == 1)
        (void)raise(SIGSTOP);
    be_bad_with_calls();
    if (does("begun-exit"))
        _exit(7);
    if (does("begun-abort"))
        abort();
    if (does("begun-twice"))
        send_begun(job);
    if (does("begun-done-another"))
        send_done(job + 1, 0, 0, KRAIT_RESULT_RETURNED);
    if (does("begun-done-files"))
        send_done(job, 3, 0, KRAIT_RESULT_RETURNED);
    if (does("begun-done-kind"))
        send_done(job, 0, 0, 77);
    if (does("begun-done-limit"))
        send_done(job, 0, 0, KRAIT_RESULT_LIMIT);
    if (does("begun-done-large"))
        send_done(job, 0, 64 << 20, KRAIT_RESULT_RETURNED);
    if (does("begun-done-empty"))
        send_head(KRAIT_WIRE_DONE, 0);
    if (does("begun-done-cut")) {
        send_head(KRAIT_WIRE_DONE, 1000);
        send_noise(3, 500);
        _exit(0);
    }
    if (does("begun-noise"))
        send_noise(4, 1 << 20);
    if (does("begun-ready-flood")) {
        for (;;)
            send_ready(1);
    }
    if (does("begun-closed")) {
        (void)close(KRAIT_WORKER_FD);
        for (;;)
            pause();
    }
    if (does("done-twice"))
        send_done(job, 0, 0, KRAIT_RESULT_RETURNED);
    send_done(job, 0, 0, KRAIT_RESULT_RETURNED);
    if (does("done-ready-flood")) {
        for (;;)
            send_ready(1);
    }
}

int
main(void)
{
    krait_job_view view;

    receive_frame();
    be_bad_at_first();
    send_ready(1);
    for (;;) {
        static char opened[sizeof(payload)];
        size_t opened_size = payload_size;

        memcpy(opened, payload, payload_size);
        receive_frame();
        if (krait__job_decode(payload, payload_size, &view, NULL) != KRAIT_OK)
            _exit(4);
        job = view.number;
        krait__job_view_release(&view);
        memcpy(payload, opened, opened_size);
        payload_size = opened_size;
        be_bad_before_it_begins();
        be_bad_later();
    }
}
