/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a module may call and write while it processes a document: include/krait/module.h.
 */
#ifndef KRAIT_PROCESS_IMPORTS_H
#define KRAIT_PROCESS_IMPORTS_H

#include "call.h"

#include <krait/config.h>

/* The four functions and the two directories.  `call` outlives the sandboxes. */
krait_status proc_imports_add(krait_config *config, proc_call *call, krait_error *err);

#endif /* KRAIT_PROCESS_IMPORTS_H */
