/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor flags, duplicates and locks; O_CLOEXEC is remembered by the host. */
#ifndef KRAIT_NATIVE_FCNTL_H
#define KRAIT_NATIVE_FCNTL_H

#include_next <fcntl.h>

#include <sys/types.h>

#undef O_CLOEXEC
#define O_CLOEXEC 0x0100 /* KRAIT_HOST_CLOEXEC */

#define F_DUPFD         0
#define F_GETLK         12
#define F_SETLK         13
#define F_SETLKW        14
#define F_DUPFD_CLOEXEC 1030

#define SPLICE_F_MOVE     1u
#define SPLICE_F_NONBLOCK 2u
#define SPLICE_F_MORE     4u

ssize_t splice(int from, off_t *from_offset, int to, off_t *to_offset, size_t size, unsigned flags);

#ifndef F_RDLCK
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#endif

#endif
