/* SPDX-License-Identifier: Apache-2.0 */
/* The one system call that programs (CPython) make without a function. */
#ifndef KRAIT_NATIVE_SYS_SYSCALL_H
#define KRAIT_NATIVE_SYS_SYSCALL_H

#include <sys/random.h> /* its flags; on Linux they are in a header of the kernel's */

#define SYS_getrandom 318

#endif
