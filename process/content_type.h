/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bytes are, by looking at the first of them: a media type such as "text/plain".
 */
#ifndef KRAIT_PROCESS_CONTENT_TYPE_H
#define KRAIT_PROCESS_CONTENT_TYPE_H

#include <stddef.h>

/* A static string; "application/octet-stream" for what is not known, "application/x-empty" for
 * nothing.  Looks at 8192 bytes at most. */
const char *proc_content_type(const void *bytes, size_t size);

#endif /* KRAIT_PROCESS_CONTENT_TYPE_H */
