/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images: the state of an instance between two calls, from which others are made.
 *
 * The linear memory of an image lies in a file (a sealed memfd, or one that nobody writes) and is
 * mapped copy-on-write: an instance has pages of its own only where it has written.  Everything else
 * - memory size, globals, tables, dropped segments - is bytes without an address of this process, as
 * docs/snapshot-format.md says.  An instance that was made from an image can be brought back to it.
 *
 * Modules with one own memory that is not shared and without imported memories, tables or globals
 * can have images.
 */
#ifndef KRAIT_ENGINE_IMAGE_H
#define KRAIT_ENGINE_IMAGE_H

#include "engine/engine.h"

typedef struct krait_image krait_image;

/* What an image is made of. */
typedef struct krait_image_parts {
    int fd;                /* duplicated; readable; its bytes must not change any more */
    uint64_t offset;       /* of the memory in it; a multiple of the host's page size */
    uint64_t memory_bytes; /* a multiple of KRAIT_PAGE_SIZE; the file is at least that long */
    const void *state;     /* copied; krait__instance_save made it */
    size_t state_size;
} krait_image_parts;

/* Used by any number of instances of this module, in any threads; they and the module must be
 * closed after and before it.  KRAIT_EFORMAT: the state is not one of this module's. */
krait_status krait__image_open(const krait_module *module, const krait_image_parts *parts,
                               krait_image **ret_image, krait_error *err);
void krait__image_close(krait_image *image); /* takes NULL */

/* Everything of an instance but its memory, as bytes that the caller releases (krait__free).
 * KRAIT_EUNSUPPORTED: such a module has no images, or a table or global refers to something outside
 * of the instance.  Not while it runs. */
krait_status krait__instance_save(const krait_instance *instance, void **ret_state,
                                  size_t *ret_size, krait_error *err);
/* The memory that belongs to that state. */
const uint8_t *krait__instance_memory(const krait_instance *instance, uint64_t *ret_size);

/* Makes an instance that was made from an image equal to it again; pending signals and
 * cancellations are forgotten, fuel is what it was given.  Not while it runs. */
krait_status krait__instance_restore(krait_instance *instance, krait_error *err);

/* How pages that an instance has written are found. */
typedef enum krait_dirty_mode {
    KRAIT_DIRTY_SCAN = 0,    /* ioctl PAGEMAP_SCAN, from Linux 6.7 on */
    KRAIT_DIRTY_PAGEMAP = 1, /* /proc/self/pagemap */
    KRAIT_DIRTY_UNKNOWN = 2  /* not at all: all are given back to the system */
} krait_dirty_mode;

/* The best mode that this machine has, or a lesser one that a test asks for before instances of the
 * image go back to it. */
krait_dirty_mode krait__image_mode(krait_image *image);
void krait__image_set_mode(krait_image *image, krait_dirty_mode mode);

#endif /* KRAIT_ENGINE_IMAGE_H */
