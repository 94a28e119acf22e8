/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two programs of tree shaking, and where they find things in the sandbox.
 */
#ifndef KRAIT_CLI_PACK_SHAKE_H
#define KRAIT_CLI_PACK_SHAKE_H

#include "pack.h"

#define SHAKE_WORK "/tmp/krait-pack"
#define SHAKE_SITE "/tmp/krait-pack/site"

/* Runs the application and writes "file PATH" and "module NAME" for each that it used. */
extern const char shake_record_code[];
/* Follows the import statements from there, and writes "file PATH". */
extern const char shake_graph_code[];

#endif /* KRAIT_CLI_PACK_SHAKE_H */
