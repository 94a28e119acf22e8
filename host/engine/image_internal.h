/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files about images share.
 */
#ifndef KRAIT_ENGINE_IMAGE_INTERNAL_H
#define KRAIT_ENGINE_IMAGE_INTERNAL_H

#include "engine/dirty.h"
#include "engine/image.h"
#include "engine/internal.h"

struct krait_image {
    const krait_module *module;
    int fd;
    uint64_t offset;
    uint64_t memory_bytes;
    void *state;
    size_t state_size;
    krait_dirty_mode worst_mode; /* that a test asks for */
    pthread_mutex_t lock; /* for what follows, which is made when an instance first goes back:
                                    a program that runs once does not need it */
    atomic_bool is_ready;
    const uint8_t *bytes; /* the memory, mapped for reading; NULL: no bytes */
    krait_dirty dirty;
    krait_dirty_mode mode;
    bool counts_faults; /* a page that is written first is a page fault that is counted */
};

/* Fills in what going back needs. */
krait_status krait__image_prepare(krait_image *image, krait_error *err);

/* Maps the memory at `base`, in the place of what is there; 0 or an errno. */
int krait__image_map(const krait_image *image, uint8_t *base);

/* ---- written.c ---- */

/* Is a first write to a page of the file, mapped privately, counted? */
bool krait__page_faults_count(int fd, uint64_t offset);
/* True when everything that was written is as in the image again; false when it is more than
 * `keep` bytes, or cannot be told: all of the memory at `base` has to be given back then. */
bool krait__written_copy_back(krait_instance *instance, uint8_t *base, uint64_t keep);

/* ---- image_state.c ---- */

/* Is this a whole state of an instance of the module? */
krait_status krait__image_state_check(const krait_module *module, const void *state, size_t size,
                                      krait_error *err);
/* Sets globals, tables and segments of the instance from its image. */
krait_status krait__image_state_apply(krait_instance *instance, krait_error *err);

#endif /* KRAIT_ENGINE_IMAGE_INTERNAL_H */
