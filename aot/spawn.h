/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting one confined child.
 *
 *     this process --fork--> keeper --fork--> program, leader of a process group
 *
 * The keeper ends with the program's status.  Before, and also when this process
 * dies, however it dies, it kills the group and waits for all of it.
 */
#ifndef KRAIT_AOT_SPAWN_H
#define KRAIT_AOT_SPAWN_H

#include "aot/confine.h"

#include <sys/types.h>

typedef struct krait_spawn {
    char *const *argv; /* argv[0] is a path with a slash */
    const char *directory;
    int output; /* what becomes stdout and stderr; stdin is empty */
    const krait_confine *confine;
} krait_spawn;

/* 0, or errno. */
int krait__spawn(const krait_spawn *spawn, pid_t *ret_keeper);

/* The program's wait status, when it has ended and nothing of it is left. */
int krait__spawn_wait(pid_t keeper);

/* Ends the program and all that it has started. */
void krait__spawn_kill(pid_t keeper);

#endif /* KRAIT_AOT_SPAWN_H */
