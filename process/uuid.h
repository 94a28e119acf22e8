/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UUIDs of version 7 (RFC 9562): milliseconds first, so that an index of them grows at its end.
 */
#ifndef KRAIT_PROCESS_UUID_H
#define KRAIT_PROCESS_UUID_H

#include <stddef.h>
#include <stdint.h>

#define PROC_UUID_SIZE 36 /* of the text, without the NUL */

/* One for each worker.  Start with zeros. */
typedef struct proc_uuids {
    uint8_t random[4096];
    size_t left;
} proc_uuids;

/* `now_ms` since 1970.  0, or -1 with errno when the system gives no random bytes. */
int proc_uuid_make(proc_uuids *uuids, uint64_t now_ms, char ret_text[PROC_UUID_SIZE + 1]);

/* Twice as many digits as bytes, and a NUL. */
void proc_hexadecimal(const uint8_t *bytes, size_t size, char *ret_text);

#endif /* KRAIT_PROCESS_UUID_H */
