/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebAssembly modules as packing sees them: sections, the memory, the place of the image.
 *
 * WebAssembly core 2.0 section 5.5.  What is read is checked against its bounds; function bodies
 * and everything else that packing does not touch are copied as they are.
 */
#ifndef KRAIT_PACK_WASM_H
#define KRAIT_PACK_WASM_H

#include "pack/buffer.h"

#include <krait/error.h>

enum {
    KRAIT_SECTION_CUSTOM = 0,
    KRAIT_SECTION_IMPORT = 2,
    KRAIT_SECTION_MEMORY = 5,
    KRAIT_SECTION_GLOBAL = 6,
    KRAIT_SECTION_EXPORT = 7,
    KRAIT_SECTION_CODE = 10,
    KRAIT_SECTION_DATA = 11,
    KRAIT_SECTION_DATA_COUNT = 12
};

typedef struct krait_section {
    uint8_t id;
    size_t at;   /* of its contents in the module */
    size_t size; /* of them; of a custom section without its name */
    const char *name;
    size_t name_size; /* of a custom section */
} krait_section;

/* An active segment at a constant address of memory 0. */
typedef struct krait_segment {
    uint32_t address;
    const uint8_t *data;
    size_t size;
    size_t at;     /* of the whole segment in the module */
    size_t number; /* among all segments */
} krait_segment;

typedef struct krait_wasm {
    const uint8_t *bytes; /* borrowed */
    size_t size;
    krait_section *sections;
    size_t section_count;
    bool has_slot;
    bool is_packed;
    uint32_t slot;         /* address of the slot */
    uint32_t slot_version; /* newest version of images that the program reads */
    uint64_t pages;        /* minimum of the memory, without the image that is there */
    uint64_t min_pages;    /* the same as the module says it: with that image */
    uint64_t max_pages;    /* UINT64_MAX: none */
    size_t segment_count;  /* data segments, without those of packing */
    krait_segment image;   /* when packed */
    krait_segment pointer; /* the one that writes address and size of the image */
} krait_wasm;

/* `bytes` must outlive it; released by the caller also after a failure.  `path` is for messages. */
krait_status krait__pack_wasm_open(krait_wasm *wasm, const char *path, const uint8_t *bytes,
                                   size_t size, krait_error *err);
void krait__pack_wasm_release(krait_wasm *wasm);
/* The custom section with this name, or NULL. */
const krait_section *krait__pack_wasm_custom(const krait_wasm *wasm, const char *name);
/* Whether a function is exported under the name. */
bool krait__pack_wasm_exports(const krait_wasm *wasm, const char *name);
/* True for those that packing writes anew. */
bool krait__pack_wasm_is_own(const krait_section *section);
/* True for names, debugging information and the like. */
bool krait__pack_wasm_is_debug(const krait_section *section);

/* What is written instead of, or besides, what is there. */
typedef struct krait_wasm_change {
    size_t image_size;    /* 0: no image */
    const char *manifest; /* contents of the section krait.pack */
    size_t manifest_size;
    const char *module; /* contents of the section krait.module */
    size_t module_size; /* 0: no such section */
    bool strip;
} krait_wasm_change;

/* The new module is head, image, tail.  The size of the head does not depend on that of the image. */
krait_status krait__pack_wasm_rewrite(const krait_wasm *wasm, const krait_wasm_change *change,
                                      krait_bytes *ret_head, krait_bytes *ret_tail,
                                      krait_error *err);

#endif /* KRAIT_PACK_WASM_H */
