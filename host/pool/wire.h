/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire between a pool and its worker processes: frames on a stream socket.
 *
 *     frame    kind u32 | 0 u32 | size u64 | payload of `size` bytes
 *     u32 u64  little-endian
 *     bytes    size u64 | the bytes | a NUL
 *     text     bytes without a NUL among them
 *     list     count u32 | the elements
 *
 * From the pool to the worker:
 *
 *     OPEN     version u32, library text, module, ready u32, idle bytes u64, configuration;
 *              the first frame, once (open_code.c has its parts)
 *     JOB      number u64, limits 4 x u64 (wall ns, CPU ns, output bytes, host calls), has code u32,
 *              code bytes, function text (empty: none), format u32, args bytes, files: list of
 *              (path text, bytes), wanted: list of path text; not before the last DONE
 *     CANCEL   number u64
 *     ANSWER   number u64, call u32, state u32 (KRAIT_CALL_RETURNED, _FAILED), size of the
 *              exception's type u32, bytes; to a CALL
 *
 * From the worker:
 *
 *     READY    ready u32, memory bytes u64, discarded u64; after OPEN, and when they change between
 *              jobs, at most READY_MAX + 2 times
 *     FAILED   code u32, errno u32, text; instead of READY: it cannot open what it should
 *     BEGUN    number u64; the guest's code begins
 *     CALL     number u64, call u32 (chosen by the worker, new for each call of a job), function
 *              u32 (index in the configuration), format u32, bytes
 *     DONE     number u64, code u32, errno u32, error text, kind exit_code trap limit truncated 5 x
 *              u32, fuel wall cpu memory 4 x u64, stdout bytes, stderr bytes, has value u32, value
 *              bytes, message text, backtrace text, files: list of (code u32, bytes), as many as
 *              were wanted
 *
 * A worker may have been taken over by its guest.  So the pool takes each of its frames for a lie until
 * it is checked: kinds at their time, sizes against what the limits allow before memory is taken for
 * them, and numbers against what it asked for.  Anything wrong ends the worker.  The worker believes
 * the pool, but reads with the same care.
 *
 * Both are of the same version: the worker is installed with the library.  KRAIT_WIRE_VERSION
 * and krait_version() are compared, nothing is negotiated.
 */
#ifndef KRAIT_POOL_WIRE_H
#define KRAIT_POOL_WIRE_H

#include "api/internal.h"

#include <krait/pool.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KRAIT_WIRE_VERSION 1u

/* Bytes of a frame's head. */
#define KRAIT_WIRE_HEAD 16u

/* Most bytes of a payload, whatever the limits say. */
#define KRAIT_WIRE_MAX (UINT64_C(1) << 30)

/* Most elements of a list, and instances that a worker may have ready. */
#define KRAIT_WIRE_FILES_MAX 1024u
#define KRAIT_WIRE_READY_MAX 1024u

typedef enum krait_wire_kind {
    KRAIT_WIRE_OPEN = 1,
    KRAIT_WIRE_JOB = 2,
    KRAIT_WIRE_CANCEL = 3,
    KRAIT_WIRE_ANSWER = 4,
    KRAIT_WIRE_READY = 16,
    KRAIT_WIRE_FAILED = 17,
    KRAIT_WIRE_BEGUN = 18,
    KRAIT_WIRE_CALL = 19,
    KRAIT_WIRE_DONE = 20
} krait_wire_kind;

/* ---- writing: wire.c -------------------------------------------------------------------- */

/* A frame that grows.  After `failed` (out of memory) nothing more is added. */
typedef struct krait_frame {
    krait_buffer buffer;
    bool failed;
} krait_frame;

/* Begins a frame in the place of what was there. */
void krait__frame_begin(krait_frame *frame, krait_wire_kind kind);
/* Completes its head; KRAIT_ENOMEM, or KRAIT_ELIMIT above KRAIT_WIRE_MAX. */
krait_status krait__frame_end(krait_frame *frame, krait_error *err);
void krait__frame_release(krait_frame *frame);

void krait__put_u32(krait_frame *frame, uint32_t value);
void krait__put_u64(krait_frame *frame, uint64_t value);
void krait__put_bytes(krait_frame *frame, const void *bytes, size_t size);
void krait__put_text(krait_frame *frame, const char *text);

/* ---- reading: wire.c -------------------------------------------------------------------- */

/* What is left of a payload.  Once something was wrong (`failed`) everything else is 0 or empty. */
typedef struct krait_reader {
    const char *bytes;
    size_t size;
    bool failed;
} krait_reader;

krait_reader krait__reader(const void *payload, size_t size);
uint32_t krait__take_u32(krait_reader *reader);
uint64_t krait__take_u64(krait_reader *reader);
/* They point into the payload; never NULL. */
const void *krait__take_bytes(krait_reader *reader, size_t *ret_size);
const char *krait__take_text(krait_reader *reader);
/* A list's count: 0 unless there are at most so many. */
uint32_t krait__take_count(krait_reader *reader, uint32_t most);
/* Was everything right, and is nothing left? */
bool krait__reader_ends(const krait_reader *reader);

/* A head, as it came: false when it is none. */
bool krait__head_read(const char head[KRAIT_WIRE_HEAD], uint32_t *ret_kind, uint64_t *ret_size);

/* ---- jobs and answers: job_code.c --------------------------------------------------------- */

/* Limits that a job may have for itself, in the order of JOB. */
#define KRAIT_WIRE_LIMITS 4
extern const krait_limit krait__wire_limits[KRAIT_WIRE_LIMITS];

/* Writes a whole frame; the spec was checked. */
krait_status krait__job_encode(uint64_t number, const krait_job_spec *spec, krait_frame *frame,
                               krait_error *err);

/* A job as it was read; all of it points into the payload but the lists. */
typedef struct krait_job_view {
    uint64_t number;
    krait_job_spec spec;
    krait_job_file *files;
    const char **wanted;
} krait_job_view;

/* KRAIT_EFORMAT, KRAIT_ENOMEM.  Release it with krait__job_view_release, also after a failure. */
krait_status krait__job_decode(const void *payload, size_t size, krait_job_view *ret_view,
                               krait_error *err);
void krait__job_view_release(krait_job_view *view);

/* What DONE begins with. */
typedef struct krait_done {
    krait_status status;
    krait_error error;
    krait_result result;
} krait_done;

/* Begins the frame; the files follow: a count, and for each a code and bytes. */
void krait__done_begin(krait_frame *frame, uint64_t number, const krait_done *done);
/* The number of a DONE, 0 when it has none. */
uint64_t krait__done_number(const void *payload, size_t size);
/* Fills status, error, result and files[0..file_count-1] (their paths are not touched) with what points
 * into the payload; false: it is malformed, and nothing of that may be used. */
bool krait__done_decode(const void *payload, size_t size, krait_job_result *result,
                        krait_job_file *files, size_t file_count);

/* ---- the first frame: open_code.c --------------------------------------------------------- */

typedef struct krait_open {
    const char *library; /* krait_version() */
    const char *folder;  /* of a Python; empty: none */
    const char *krt;
    uint32_t ready;
    uint64_t idle_bytes;
    krait_config *config;
} krait_open;

/* KRAIT_EUNSUPPORTED: the configuration cannot be passed on. */
krait_status krait__open_encode(const krait_open *open, krait_frame *frame, krait_error *err);
/* KRAIT_EFORMAT, KRAIT_EUNSUPPORTED another version, KRAIT_ENOMEM.  The texts point into the payload;
 * all functions of the configuration, which the caller releases, are `function`, without data. */
krait_status krait__open_decode(const void *payload, size_t size, krait_function function,
                                krait_open *ret_open, krait_error *err);

/* ---- the other frames: message_code.c ----------------------------------------------------- */

typedef struct krait_supply {
    uint32_t ready;
    uint64_t bytes;
    uint64_t discarded;
} krait_supply;

typedef struct krait_call_message {
    uint64_t job;
    uint32_t call;
    uint32_t function;
    uint32_t format;
    const void *bytes;
    size_t size;
} krait_call_message;

typedef struct krait_answer_message {
    uint64_t job;
    uint32_t call;
    uint32_t state;
    uint32_t type_size;
    const void *bytes;
    size_t size;
} krait_answer_message;

krait_status krait__ready_encode(const krait_supply *ready, krait_frame *frame, krait_error *err);
bool krait__ready_decode(const void *payload, size_t size, krait_supply *ret_ready);
krait_status krait__failed_encode(const krait_error *error, krait_frame *frame, krait_error *err);
bool krait__failed_decode(const void *payload, size_t size, krait_error *ret_error);
/* CANCEL and BEGUN. */
krait_status krait__number_encode(krait_wire_kind kind, uint64_t number, krait_frame *frame,
                                  krait_error *err);
bool krait__number_decode(const void *payload, size_t size, uint64_t *ret_number);
krait_status krait__call_encode(const krait_call_message *call, krait_frame *frame,
                                krait_error *err);
bool krait__call_decode(const void *payload, size_t size, krait_call_message *ret_call);
krait_status krait__answer_encode(const krait_answer_message *answer, krait_frame *frame,
                                  krait_error *err);
bool krait__answer_decode(const void *payload, size_t size, krait_answer_message *ret_answer);

#endif /* KRAIT_POOL_WIRE_H */
