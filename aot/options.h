/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a build with every default filled in.
 */
#ifndef KRAIT_AOT_OPTIONS_H
#define KRAIT_AOT_OPTIONS_H

#include <krait/aot.h>

/* `given` may be NULL: all defaults.  KRAIT_EINVAL names what is wrong. */
krait_status krait__options_take(const krait_aot_options *given, krait_aot_options *ret_options,
                                 krait_error *err);

/* KRAIT_MODULE_... of abi.h that options ask for. */
uint32_t krait__options_flags(const krait_aot_options *options);

#endif /* KRAIT_AOT_OPTIONS_H */
