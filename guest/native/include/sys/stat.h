/* SPDX-License-Identifier: Apache-2.0 */
/* Modes, and what makes FIFOs. */
#ifndef KRAIT_NATIVE_SYS_STAT_H
#define KRAIT_NATIVE_SYS_STAT_H

#include_next <sys/stat.h>

mode_t umask(mode_t mask);
int mkfifo(const char *path, mode_t mode);
int mkfifoat(int dirfd, const char *path, mode_t mode);
int mknod(const char *path, mode_t mode, dev_t device);
int mknodat(int dirfd, const char *path, mode_t mode, dev_t device);
int lchmod(const char *path, mode_t mode);

#endif
