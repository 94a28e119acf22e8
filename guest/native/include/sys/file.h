/* SPDX-License-Identifier: Apache-2.0 */
/* flock() is declared by wasi-libc; fcntl.h because programs expect it here. */
#ifndef KRAIT_NATIVE_SYS_FILE_H
#define KRAIT_NATIVE_SYS_FILE_H

#include_next <sys/file.h>

#include <fcntl.h>

#endif
