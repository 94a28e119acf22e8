/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects that object.c has mapped, for the unwinder (unwind.c), which may ask at any time, in a
 * signal handler too.
 */
#ifndef KRAIT_FRONT_LOADED_H
#define KRAIT_FRONT_LOADED_H

#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Of the linker; its address says where the program is. */
extern ElfW(Dyn) _DYNAMIC[];

#define KRAIT_LOADED_PARTS 16

typedef struct krait_loaded {
    _Atomic(uintptr_t) begin; /* of the mapping; 0: none, the entry waits for another object */
    size_t size;
    uintptr_t eh_frame_hdr; /* 0: it has none */
    char *path;
    unsigned part_count;
    ElfW(Phdr) parts[KRAIT_LOADED_PARTS];
    struct krait_loaded *next; /* entries are never freed */
} krait_loaded;

/* The first of all entries. */
krait_loaded *krait__loaded_first(void);

#endif
