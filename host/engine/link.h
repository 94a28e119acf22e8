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

/* "MODULE.NAME: TYPE", cut at `size`. */
void krait__import_text(const krait_module_desc *desc, const krait_import_desc *import, char *text,
                        size_t size);

/* The same of an export; of what is no function only the kind is said. */
void krait__export_text(const krait_module_desc *desc, const krait_export_desc *export, char *text,
                        size_t size);

#endif /* KRAIT_ENGINE_LINK_H */
