/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seal of a .krt file: what it was made from and whether it is whole.
 *
 *     ELF shared object | text, "key: value" lines | struct krait_krt_seal
 *
 * The system's loader ignores what follows the object.  The seal is looked at
 * before the object is loaded: a file that was cut, damaged, or made for
 * another engine or processor, or by another translator, is refused with a reason.  This is no protection
 * against a forged file: a .krt is native code and trusted like a program.
 */
#ifndef KRAIT_BASE_KRT_H
#define KRAIT_BASE_KRT_H

#include "base/sha256.h"

#include <krait/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KRAIT_KRT_FORMAT   2u
#define KRAIT_KRT_TEXT_MAX 65536u

/* Raised when the same module would be translated to other code (tests/aot/revision.sh
 * notices).  What an earlier translator made is refused: it may have errors that are
 * mended since.  Which C compiler made the code is in the text, and no reason to refuse. */
#define KRAIT_TRANSLATOR_REVISION 4u

/* Parts of the object that quick_hash covers. */
#define KRAIT_KRT_RANGES 6

typedef struct krait_krt_range {
    uint64_t offset;
    uint64_t size;
} krait_krt_range;

/* As it is in the file; all machines that are supported are little-endian. */
typedef struct krait_krt_seal {
    char magic[8];        /* KRAIT_KRT_MAGIC */
    uint32_t format;      /* KRAIT_KRT_FORMAT */
    uint32_t abi_version; /* KRAIT_ABI_VERSION of the translator */
    uint32_t machine;     /* ELF number */
    uint32_t text_size;   /* bytes, without a NUL */
    uint32_t revision;    /* KRAIT_TRANSLATOR_REVISION */
    uint32_t reserved;    /* 0 */
    uint64_t cpu;         /* sets of base/cpu.h that the code may use */
    uint64_t object_size; /* bytes */
    krait_krt_range ranges[KRAIT_KRT_RANGES];
    uint64_t quick_hash; /* of the ranges: all that is loaded but the code */
    uint8_t wasm_sha256[KRAIT_SHA256_SIZE];
    uint8_t object_sha256[KRAIT_SHA256_SIZE];
    uint64_t seal_hash; /* of the text and of this, up to here */
} krait_krt_seal;

#define KRAIT_KRT_MAGIC "krt\x1aSEAL"

/* True when the bytes begin like a WebAssembly module, or like an ELF file. */
bool krait__krt_is_wasm(const uint8_t *head, size_t size);
bool krait__krt_is_elf(const uint8_t *head, size_t size);

/* Reads and checks the seal of an open file: KRAIT_EFORMAT when there is none, or the
 * size or the seal itself is not right.  `text` (may be NULL) receives a copy that
 * the caller releases with krait__free. */
krait_status krait__krt_read(int fd, const char *path, krait_krt_seal *ret_seal, char **ret_text,
                             krait_error *err);

/* KRAIT_EFORMAT when it is for another engine, machine or processor. */
krait_status krait__krt_check_kind(const char *path, const krait_krt_seal *seal, krait_error *err);

/* The same, and when it is damaged where
 * the system's loader and the engine read. */
krait_status krait__krt_check(int fd, const char *path, const krait_krt_seal *seal,
                              krait_error *err);

/* The whole object against its SHA-256; slow. */
krait_status krait__krt_check_whole(int fd, const char *path, const krait_krt_seal *seal,
                                    krait_error *err);

/* Completes a seal (ranges, sizes, hashes) for an object and a text.  The caller has
 * set cpu and wasm_sha256.  KRAIT_EFORMAT when the object is no ELF-64 file. */
krait_status krait__krt_seal(krait_krt_seal *seal, const uint8_t *object, size_t object_size,
                             const char *text, krait_error *err);

#endif /* KRAIT_BASE_KRT_H */
