/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files in memory.
 */
#ifndef KRAIT_AOT_INPUT_H
#define KRAIT_AOT_INPUT_H

#include <krait/error.h>

#include <stddef.h>
#include <stdint.h>

/* The caller releases *ret_data with krait__free.  KRAIT_ENOTFOUND: it does not exist;
 * KRAIT_EINVAL: it cannot be read; KRAIT_ELIMIT: it has more than `limit` bytes. */
krait_status krait__input_read(const char *path, uint64_t limit, uint8_t **ret_data,
                               size_t *ret_size, krait_error *err);

/* The same for a text that an option names: a NUL is behind it, and it has none.  KRAIT_EIO: it
 * cannot be read; KRAIT_EINVAL: it is too large or no text. */
krait_status krait__input_text(const char *path, uint64_t limit, char **ret_text, krait_error *err);

#endif /* KRAIT_AOT_INPUT_H */
