/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The native code of a module in this process.  object.c leaves it to the system's loader; a program
 * that is linked statically has none and brings a loader of its own (host/front/object.c), which
 * takes the place of object.c when it is linked.
 */
#ifndef KRAIT_ENGINE_OBJECT_H
#define KRAIT_ENGINE_OBJECT_H

#include <krait/error.h>

#include <stdint.h>

typedef struct krait_object {
    void *handle;         /* of whoever opened it; NULL: not open */
    uintptr_t base;       /* what addresses in the file are relative to */
    uintptr_t code_begin; /* what of it can be executed */
    uintptr_t code_end;
    const void *symbol; /* KRAIT_MODULE_SYMBOL, or NULL: it has none */
} krait_object;

/* Maps the ELF file `path`, which is open as `fd` and of which the first `size` bytes are the
 * object.  They have been found whole: what they say is believed. */
krait_status krait__object_open(int fd, const char *path, uint64_t size, krait_object *ret_object,
                                krait_error *err);
void krait__object_close(krait_object *object);

#endif
