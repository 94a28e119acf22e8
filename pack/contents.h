/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents of files, wherever they are: on the host, in the image that was there before, in memory.
 */
#ifndef KRAIT_PACK_CONTENTS_H
#define KRAIT_PACK_CONTENTS_H

#include "pack/image.h"
#include "pack/tree.h"

/* One file after the other; a block that was decoded is kept for the next. */
typedef struct krait_contents {
    const krait_packed *image; /* NULL: there was none */
    const char *path;          /* of the module, for messages */
    size_t image_at;           /* offset of the image in it */
    const krait_node *node;
    uint64_t at; /* what was read of the node */
    int fd;
    uint8_t *block;
    uint32_t block_number; /* KRAIT_PACK_NONE: none is decoded */
} krait_contents;

/* Zero, and fd -1, before the first call. */
krait_status krait__pack_contents_open(krait_contents *contents, const krait_node *node,
                                       krait_error *err);
/* The next `size` bytes, which must be there. */
krait_status krait__pack_contents_read(krait_contents *contents, void *to, size_t size,
                                       krait_error *err);
/* That nothing has become longer; closes the file. */
krait_status krait__pack_contents_end(krait_contents *contents, krait_error *err);
void krait__pack_contents_release(krait_contents *contents);

#endif /* KRAIT_PACK_CONTENTS_H */
