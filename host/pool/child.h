/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worker processes, and the frames that go between the pool and one of them: the pool's side.
 */
#ifndef KRAIT_POOL_CHILD_H
#define KRAIT_POOL_CHILD_H

#include "pool/wire.h"

#include <sys/types.h>

/* The descriptor that a worker finds open. */
#define KRAIT_WORKER_FD 3

/* ---- child.c ---------------------------------------------------------------------------- */

typedef struct krait_child {
    pid_t pid;  /* 0: none */
    int pid_fd; /* -1: an old kernel */
    int fd;     /* the pool's end of the socket */
} krait_child;

/* The program that was installed with the library; allocated. */
krait_status krait__child_program(char **ret_path, krait_error *err);
/* With nothing of this process but one end of a socket; KRAIT_ENOTFOUND, KRAIT_EIO. */
krait_status krait__child_start(const char *program, krait_child *child, krait_error *err);
/* Ends it, whatever it does, and says how it ended: "ended by signal 9".  One that another process
 * traces is dead then and stays a zombie; kernels without a pidfd wait for the tracer.  Takes one
 * without a pid. */
void krait__child_end(krait_child *child, char *how, size_t size);

/* ---- channel.c -------------------------------------------------------------------------- */

typedef enum krait_got {
    KRAIT_GOT_NOTHING, /* no whole frame yet */
    KRAIT_GOT_FRAME,
    KRAIT_GOT_END,  /* the other side closed it, or it cannot be read */
    KRAIT_GOT_WRONG /* what came is no frame, or one that is too large */
} krait_got;

/* Most bytes of a frame of this kind; 0 for kinds that are not expected now, -1 of no bytes. */
typedef bool (*krait_most_fn)(void *data, uint32_t kind, uint64_t *ret_most);

typedef struct krait_channel {
    int fd; /* not blocking */
    char head[KRAIT_WIRE_HEAD];
    size_t head_size;
    uint32_t kind;
    uint64_t size;
    krait_buffer payload; /* of the frame that krait__channel_read got; may be taken away */
} krait_channel;

void krait__channel_begin(krait_channel *channel, int fd);
void krait__channel_release(krait_channel *channel);
/* Reads what is there, up to the end of one frame. */
krait_got krait__channel_read(krait_channel *channel, krait_most_fn most, void *data);
/* Sends a whole frame; false: it cannot be sent, or nothing went for ten seconds. */
bool krait__channel_send(krait_channel *channel, const krait_frame *frame);

/* ---- proxy.c ---------------------------------------------------------------------------- */

/* The host functions that the job of a worker calls. */
typedef struct krait_proxy {
    const krait_config *config;
    struct krait_calls *calls; /* NULL: it has called none yet */
    struct krait_proxy_pair {
        uint32_t theirs; /* number of the call in the worker */
        uint32_t ours;
    } *pairs;
    size_t count;
    size_t capacity;
    uint64_t job;
    uint64_t left; /* calls that it may make */
} krait_proxy;

void krait__proxy_begin(krait_proxy *proxy, const krait_config *config, uint64_t job,
                        uint64_t calls);
/* Nobody waits for its calls any more. */
void krait__proxy_end(krait_proxy *proxy);
void krait__proxy_release(krait_proxy *proxy);
/* Calls the function; false: the worker may not ask for that. */
bool krait__proxy_call(krait_proxy *proxy, const krait_call_message *call);
/* A descriptor that can be read when an answer may be there; -1: there is none. */
int krait__proxy_fd(const krait_proxy *proxy);
/* Sends the answers that are there; false: they cannot be sent. */
bool krait__proxy_send(krait_proxy *proxy, krait_channel *channel);

#endif /* KRAIT_POOL_CHILD_H */
