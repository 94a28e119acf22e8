/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resolving the imports of an instance.
 */
#ifndef KRAIT_ENGINE_LINK_H
#define KRAIT_ENGINE_LINK_H

#include "engine/internal.h"

/* Fills imports, memories, tables and global_imports of the instance.  What
 * is missing or of another type is named in the error, all of it. */
krait_status krait__link(krait_instance *instance, const krait_instance_options *options,
                         krait_error *err);

#endif /* KRAIT_ENGINE_LINK_H */
