/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions outside of it that translated code may call: those of aot/elf_check.c.
 */
#ifndef KRAIT_FRONT_LEAF_H
#define KRAIT_FRONT_LEAF_H

#include <stdint.h>

/* Its address, or 0. */
uintptr_t krait__leaf_find(const char *name);

#endif
