/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshot files: their format, writing and reading them.  docs/snapshot-format.md explains it.
 *
 *     struct krait_snapshot_header | sections | zeros up to a page | linear memory
 *
 * The memory is last, in its full length, so that a mapping of the file is the memory; pages of
 * zeros are holes.  A snapshot in memory is a memfd of the same format.
 *
 * This layer knows nothing of what the sections hold.
 */
#ifndef KRAIT_SNAPSHOT_SNAPSHOT_H
#define KRAIT_SNAPSHOT_SNAPSHOT_H

#include "base/identity.h"
#include "base/sha256.h"

#include <krait/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KRAIT_SNAPSHOT_MAGIC  "krait\x1aSN"
#define KRAIT_SNAPSHOT_FORMAT 1u

/* Sections, in this order; each may be empty. */
typedef enum krait_snapshot_section {
    KRAIT_SECTION_TEXT = 0,    /* "key: value" lines: what was asked for, and by which version */
    KRAIT_SECTION_STATE = 1,   /* engine/image_state.c */
    KRAIT_SECTION_FILES = 2,   /* vfs: files in memory */
    KRAIT_SECTION_STREAMS = 3, /* wasi: descriptors 0 to 2 */
    KRAIT_SECTION_COUNT = 4
} krait_snapshot_section;

typedef struct krait_snapshot_range {
    uint64_t offset; /* in the file, a multiple of 16 */
    uint64_t size;   /* bytes */
} krait_snapshot_range;

/* As it is in the file; little-endian. */
typedef struct krait_snapshot_header {
    char magic[8];
    uint32_t format;      /* KRAIT_SNAPSHOT_FORMAT */
    uint32_t abi_version; /* KRAIT_ABI_VERSION */
    uint32_t kind;        /* KRAIT_SNAPSHOT_* of the layer above */
    uint32_t page_size;   /* of the machine that wrote it */
    int64_t created_ns;   /* CLOCK_REALTIME */
    uint64_t grants;      /* hash of the grants that Python has looked at when it started */
    uint64_t inputs;      /* hash of the arguments and the environment that it has seen */
    uint32_t streams;     /* what the layer above says of the streams that it has seen */
    uint32_t reserved;    /* 0 */
    uint64_t file_size;
    uint64_t memory_offset; /* a multiple of page_size */
    uint64_t memory_bytes;  /* a multiple of 64 KiB */
    krait_snapshot_range sections[KRAIT_SECTION_COUNT];
    uint8_t build_id[KRAIT_SHA256_SIZE]; /* SHA-256 of the translated module's object */
    krait_file_identity module;          /* the .krt, and ... */
    krait_file_identity library;         /* the standard library, when the guest's were opened;
                                            zeros: none */
    uint8_t sha256[KRAIT_SHA256_SIZE];   /* of sections and memory, as `verify` wants it; zeros in
                                            a snapshot that was never saved */
    uint64_t sections_hash;              /* base/hash.h, of all sections but the files */
    uint64_t header_hash;                /* of the header, up to here */
} krait_snapshot_header;

typedef struct krait_snapshot_bytes {
    const void *bytes;
    size_t size;
} krait_snapshot_bytes;

/* What a snapshot is written from; the header's kind, created_ns, inputs, build_id, module and
 * library are the caller's, the rest is filled in. */
typedef struct krait_snapshot_parts {
    krait_snapshot_header header;
    krait_snapshot_bytes sections[KRAIT_SECTION_COUNT];
    const uint8_t *memory;
    uint64_t memory_bytes;
} krait_snapshot_parts;

/* A snapshot that is open for reading. */
typedef struct krait_snapshot_view {
    const krait_snapshot_header *header;
    krait_snapshot_bytes sections[KRAIT_SECTION_COUNT];
    const uint8_t *map; /* the file up to the memory */
    size_t map_size;
} krait_snapshot_view;

/* Makes a memfd of it that nobody can change any more. */
krait_status krait__snapshot_make(const krait_snapshot_parts *parts, int *ret_fd, krait_error *err);

/* Copies an open snapshot to a file of mode 0600, with its hash; the file appears under its name
 * when it is whole, in the place of one that is there. */
krait_status krait__snapshot_store(int fd, const char *path, krait_error *err);

/* Opens a file for krait__snapshot_read: KRAIT_EFORMAT unless it is a regular file of this user's
 * that nobody else may read or write. */
krait_status krait__snapshot_open_file(const char *path, int *ret_fd, krait_error *err);

/* Checks the header, and maps header and sections.  `name` is for messages. */
krait_status krait__snapshot_read(int fd, const char *name, krait_snapshot_view *ret_view,
                                  krait_error *err);
void krait__snapshot_unread(krait_snapshot_view *view);

/* All of it against its SHA-256; slow. */
krait_status krait__snapshot_verify(int fd, const char *name, krait_error *err);

#endif /* KRAIT_SNAPSHOT_SNAPSHOT_H */
