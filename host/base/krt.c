/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See krt.h.
 */
#include "base/krt.h"
#include "base/alloc.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/hash.h"

#include <krait/abi.h>

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t
seal_hash(const krait_krt_seal *seal, const char *text)
{
    uint64_t hash = krait__hash(1, (const uint8_t *)text, seal->text_size);

    return krait__hash(hash, (const uint8_t *)seal, offsetof(krait_krt_seal, seal_hash));
}

static uint64_t
ranges_hash(const krait_krt_seal *seal, const uint8_t *object)
{
    uint64_t hash = 2;
    unsigned i;

    for (i = 0; i < KRAIT_KRT_RANGES; i++)
        hash = krait__hash(hash, object + seal->ranges[i].offset, (size_t)seal->ranges[i].size);
    return hash;
}

/* ---- making ----------------------------------------------------------------------------- */

static krait_status
find_ranges(krait_krt_seal *seal, const uint8_t *object, size_t size, krait_error *err)
{
    Elf64_Ehdr header;
    unsigned count = 0;
    unsigned i;

    if (size < sizeof(header) || !krait__krt_is_elf(object, size))
        return krait__error_set(err, KRAIT_EFORMAT, 0, "not an ELF-64 file");
    memcpy(&header, object, sizeof(header));
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > size ||
        (uint64_t)header.e_phnum * sizeof(Elf64_Phdr) > size - header.e_phoff)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "damaged program headers");
    for (i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;

        memcpy(&segment, object + header.e_phoff + i * sizeof(segment), sizeof(segment));
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) != 0 || segment.p_filesz == 0)
            continue;
        if (segment.p_offset > size || segment.p_filesz > size - segment.p_offset ||
            count == KRAIT_KRT_RANGES)
            return krait__error_set(err, KRAIT_EFORMAT, 0, "unexpected segments");
        seal->ranges[count++] = (krait_krt_range){segment.p_offset, segment.p_filesz};
    }
    seal->machine = header.e_machine;
    return KRAIT_OK;
}

krait_status
krait__krt_seal(krait_krt_seal *seal, const uint8_t *object, size_t object_size, const char *text,
                krait_error *err)
{
    size_t text_size = strlen(text);
    krait_status status;

    if (text_size > KRAIT_KRT_TEXT_MAX)
        return krait__error_set(err, KRAIT_EINVAL, 0, "the text of the seal is too long");
    memset(seal->ranges, 0, sizeof(seal->ranges));
    status = find_ranges(seal, object, object_size, err);
    if (status != KRAIT_OK)
        return status;
    memcpy(seal->magic, KRAIT_KRT_MAGIC, sizeof(seal->magic));
    seal->format = KRAIT_KRT_FORMAT;
    seal->abi_version = KRAIT_ABI_VERSION;
    seal->text_size = (uint32_t)text_size;
    seal->revision = KRAIT_TRANSLATOR_REVISION;
    seal->reserved = 0;
    seal->object_size = object_size;
    seal->quick_hash = ranges_hash(seal, object);
    krait__sha256(object, object_size, seal->object_sha256);
    seal->seal_hash = seal_hash(seal, text);
    return KRAIT_OK;
}

/* ---- reading ---------------------------------------------------------------------------- */

bool
krait__krt_is_wasm(const uint8_t *head, size_t size)
{
    return size >= 4 && memcmp(head, "\0asm", 4) == 0;
}

bool
krait__krt_is_elf(const uint8_t *head, size_t size)
{
    return size > EI_CLASS && memcmp(head, ELFMAG, SELFMAG) == 0 && head[EI_CLASS] == ELFCLASS64;
}

static krait_status
read_at(int fd, const char *path, void *data, size_t size, uint64_t offset, krait_error *err)
{
    uint8_t *to = data;

    while (size != 0) {
        ssize_t done = pread(fd, to, size, (off_t)offset);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return krait__error_set(err, KRAIT_EIO, done < 0 ? errno : EIO, "cannot read '%s'",
                                    path);
        to += done;
        size -= (size_t)done;
        offset += (uint64_t)done;
    }
    return KRAIT_OK;
}

static krait_status
no_seal(int fd, const char *path, uint64_t size, krait_error *err)
{
    uint8_t head[EI_NIDENT] = {0};
    size_t count = size < sizeof(head) ? (size_t)size : sizeof(head);
    krait_status status = read_at(fd, path, head, count, 0, err);

    if (status != KRAIT_OK)
        return status;
    if (krait__krt_is_wasm(head, count))
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "'%s' is a WebAssembly module that was not translated", path);
    if (krait__krt_is_elf(head, count))
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "'%s' is not a translated module, or its end is missing", path);
    return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s' is not a translated module", path);
}

static krait_status
damaged(const char *path, const char *where, krait_error *err)
{
    return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s' is damaged: %s; translate it again", path,
                            where);
}

static bool
ranges_fit(const krait_krt_seal *seal)
{
    unsigned i;

    for (i = 0; i < KRAIT_KRT_RANGES; i++) {
        if (seal->ranges[i].offset > seal->object_size ||
            seal->ranges[i].size > seal->object_size - seal->ranges[i].offset)
            return false;
    }
    return true;
}

static krait_status
read_text(int fd, const char *path, const krait_krt_seal *seal, char **ret_text, krait_error *err)
{
    char *text = krait__alloc(seal->text_size + 1u);
    krait_status status;

    if (text == NULL)
        return krait__error_nomem(err);
    text[seal->text_size] = '\0';
    status = read_at(fd, path, text, seal->text_size, seal->object_size, err);
    if (status == KRAIT_OK && seal_hash(seal, text) != seal->seal_hash)
        status = damaged(path, "its description has other bytes than were written", err);
    if (status != KRAIT_OK || ret_text == NULL)
        krait__free(text);
    else
        *ret_text = text;
    return status;
}

krait_status
krait__krt_read(int fd, const char *path, krait_krt_seal *ret_seal, char **ret_text,
                krait_error *err)
{
    struct stat file;
    krait_krt_seal seal;
    krait_status status;
    uint64_t size;

    if (fstat(fd, &file) != 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot read '%s'", path);
    if (!S_ISREG(file.st_mode))
        return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s' is not a regular file", path);
    size = (uint64_t)file.st_size;
    if (size < sizeof(seal))
        return no_seal(fd, path, size, err);
    status = read_at(fd, path, &seal, sizeof(seal), size - sizeof(seal), err);
    if (status != KRAIT_OK)
        return status;
    if (memcmp(seal.magic, KRAIT_KRT_MAGIC, sizeof(seal.magic)) != 0)
        return no_seal(fd, path, size, err);
    if (seal.format != KRAIT_KRT_FORMAT)
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "'%s' has format %u, this is %u; translate it again", path,
                                seal.format, KRAIT_KRT_FORMAT);
    if (seal.text_size > KRAIT_KRT_TEXT_MAX || seal.object_size > size ||
        size - seal.object_size != seal.text_size + sizeof(seal) || !ranges_fit(&seal))
        return damaged(path, "its size is not the one that was written", err);
    status = read_text(fd, path, &seal, ret_text, err);
    if (status == KRAIT_OK)
        *ret_seal = seal;
    return status;
}

/* ---- checking --------------------------------------------------------------------------- */

static krait_status
map_object(int fd, const char *path, const krait_krt_seal *seal, const uint8_t **ret_object,
           krait_error *err)
{
    void *object = mmap(NULL, (size_t)seal->object_size, PROT_READ, MAP_PRIVATE, fd, 0);

    if (object == MAP_FAILED)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot read '%s'", path);
    *ret_object = object;
    return KRAIT_OK;
}

static void
unmap_object(const krait_krt_seal *seal, const uint8_t *object)
{
    munmap((void *)(uintptr_t)object, (size_t)seal->object_size);
}

krait_status
krait__krt_check_kind(const char *path, const krait_krt_seal *seal, krait_error *err)
{
    uint64_t lacking = seal->cpu != 0 ? seal->cpu & ~krait__cpu_present() : 0;
    char names[256];

    if (seal->abi_version != KRAIT_ABI_VERSION)
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "'%s' was made for engine ABI %u, this is %u; translate it again",
                                path, seal->abi_version, KRAIT_ABI_VERSION);
    if (seal->revision != KRAIT_TRANSLATOR_REVISION)
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "'%s' was made by revision %u of the translator, this is %u; "
                                "translate it again",
                                path, seal->revision, KRAIT_TRANSLATOR_REVISION);
    if (seal->machine != krait__cpu_machine())
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "'%s' was made for %s, this is %s; translate it again", path,
                                krait__cpu_machine_name((uint16_t)seal->machine),
                                krait__cpu_machine_name(krait__cpu_machine()));
    if (lacking != 0) {
        krait__cpu_names((uint16_t)seal->machine, lacking, names, sizeof(names));
        return krait__error_set(
            err, KRAIT_EFORMAT, 0,
            "'%s' was made for a processor with %s, which this one lacks; translate it again", path,
            names[0] != '\0' ? names : "instructions of a later version of krait");
    }
    return KRAIT_OK;
}

krait_status
krait__krt_check(int fd, const char *path, const krait_krt_seal *seal, krait_error *err)
{
    const uint8_t *object = NULL;
    krait_status status = krait__krt_check_kind(path, seal, err);

    if (status != KRAIT_OK)
        return status;
    status = map_object(fd, path, seal, &object, err);
    if (status != KRAIT_OK)
        return status;
    if (ranges_hash(seal, object) != seal->quick_hash)
        status = damaged(path, "it has other bytes than were written", err);
    unmap_object(seal, object);
    return status;
}

krait_status
krait__krt_check_whole(int fd, const char *path, const krait_krt_seal *seal, krait_error *err)
{
    uint8_t digest[KRAIT_SHA256_SIZE];
    const uint8_t *object = NULL;
    krait_status status = map_object(fd, path, seal, &object, err);

    if (status != KRAIT_OK)
        return status;
    krait__sha256(object, (size_t)seal->object_size, digest);
    if (memcmp(digest, seal->object_sha256, sizeof(digest)) != 0)
        status = damaged(path, "it has other bytes than were written", err);
    unmap_object(seal, object);
    return status;
}
