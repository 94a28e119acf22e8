/* SPDX-License-Identifier: Apache-2.0 */
/* sendfile(). */
#ifndef KRAIT_NATIVE_SYS_SENDFILE_H
#define KRAIT_NATIVE_SYS_SENDFILE_H

#include <sys/types.h>

ssize_t sendfile(int out, int in, off_t *offset, size_t size);

#endif
