/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the bytes of a module to a .krt file.
 */
#ifndef KRAIT_AOT_BUILD_H
#define KRAIT_AOT_BUILD_H

#include <krait/aot.h>

/* krait_aot_compile for a module that was read already; `name` is for messages. */
krait_status krait__build(const uint8_t *data, size_t size, const char *name, const char *krt_path,
                          const krait_aot_options *options, krait_error *err);

#endif /* KRAIT_AOT_BUILD_H */
