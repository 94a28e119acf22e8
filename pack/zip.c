/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zip archives: wheels and zipped applications.  krait_pack_add_zip().
 *
 * PKWARE's APPNOTE 6.3, as far as Python's zipfile writes it: stored and deflated files, UTF-8 or
 * ASCII names, bytes in front of the archive (a line that starts an interpreter).  Left out, and refused:
 * encryption, other compressions, archives over several files or of more than 4 GiB (Zip64), links.  The
 * central directory decides; an archive may come from anybody.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "pack/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define END_SIGNATURE     0x06054b50u
#define CENTRAL_SIGNATURE 0x02014b50u
#define LOCAL_SIGNATURE   0x04034b50u
#define END_SIZE          22u
#define CENTRAL_SIZE      46u
#define LOCAL_SIZE        30u
#define COMMENT_MOST      65535u

#define FLAG_ENCRYPTED 1u
#define HOST_UNIX      3u
#define MODE_TYPE      0170000u
#define MODE_LINK      0120000u

/* More than so many times its size is no archive of files that somebody wrote. */
#define MOST_RATIO    200u
#define HARMLESS_SIZE (UINT64_C(64) << 20)

typedef struct zip {
    krait_pack *pack;
    const char *path;
    const char *guest;
    const uint8_t *bytes;
    size_t size;
    size_t start;          /* of the archive in the file */
    size_t directory;      /* of the central directory in the file */
    uint32_t count;        /* of files */
    uint64_t unpacked;     /* bytes so far */
    uint64_t (*places)[2]; /* where the bytes of each file begin and end */
    krait_error *err;
} zip;

typedef struct zip_file {
    char name[4096];
    size_t name_size;
    uint32_t flags;
    uint32_t method;
    uint32_t crc;
    uint64_t packed;
    uint64_t size;
    int64_t mtime_ns;
    size_t at; /* of the local header in the file */
    uint32_t mode;
} zip_file;

static krait_status
damaged(const zip *z, const char *what)
{
    return krait__error_set(z->err, KRAIT_EFORMAT, 0, "'%s' is no complete zip archive: %s",
                            z->path, what);
}

static krait_status
refuse(const zip *z, krait_status code, const zip_file *file, const char *why)
{
    return krait__error_set(z->err, code, 0, "'%s': the file '%.300s' %s", z->path, file->name,
                            why);
}

/* ---- the directory ------------------------------------------------------------------------ */

static krait_status
find_directory(zip *z)
{
    size_t least = z->size > END_SIZE + COMMENT_MOST ? z->size - END_SIZE - COMMENT_MOST : 0;
    size_t end = z->size >= END_SIZE ? z->size - END_SIZE + 1 : 0;
    uint64_t size;
    uint64_t at;

    while (end-- > least) {
        const uint8_t *p = z->bytes + end;

        if (krait__pack_le_u32(p) != END_SIGNATURE ||
            krait__pack_le_u16(p + 20) != z->size - end - END_SIZE)
            continue;
        z->count = krait__pack_le_u16(p + 10);
        size = krait__pack_le_u32(p + 12);
        at = krait__pack_le_u32(p + 16);
        if (z->count == 0xffff || size == UINT32_MAX || at == UINT32_MAX)
            return krait__error_set(z->err, KRAIT_EUNSUPPORTED, 0,
                                    "'%s' has the form for more than 65534 files or 4 GiB (Zip64)",
                                    z->path);
        if (krait__pack_le_u16(p + 4) != 0 || krait__pack_le_u16(p + 6) != 0)
            return krait__error_set(z->err, KRAIT_EUNSUPPORTED, 0,
                                    "'%s' is one of several parts of an archive", z->path);
        if (size > end || at > end - size)
            return damaged(z, "its directory is not inside of it");
        z->directory = end - (size_t)size;
        z->start = z->directory - (size_t)at;
        return KRAIT_OK;
    }
    return damaged(z, "its directory is missing");
}

/* Days since 1970 of a day of the Gregorian calendar. */
static int64_t
days(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return 365 * y + y / 4 - y / 100 + y / 400 + in_year - 719468;
}

/* The archive does not say in which time zone: it is taken for UTC, on every machine. */
static int64_t
time_ns(uint32_t date, uint32_t time)
{
    int64_t day = days(1980 + (date >> 9), date >> 5 & 15, date & 31);
    int64_t seconds = (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2;

    return (day * 86400 + seconds) * 1000000000;
}

/* Moves on to the next one. */
static krait_status
read_central(const zip *z, size_t *at, zip_file *file)
{
    const uint8_t *p = z->bytes + *at;
    size_t skip;

    if (z->size - *at < CENTRAL_SIZE || krait__pack_le_u32(p) != CENTRAL_SIGNATURE)
        return damaged(z, "its directory is damaged");
    file->flags = krait__pack_le_u16(p + 8);
    file->method = krait__pack_le_u16(p + 10);
    file->mtime_ns = time_ns(krait__pack_le_u16(p + 14), krait__pack_le_u16(p + 12));
    file->crc = krait__pack_le_u32(p + 16);
    file->packed = krait__pack_le_u32(p + 20);
    file->size = krait__pack_le_u32(p + 24);
    file->name_size = krait__pack_le_u16(p + 28);
    file->mode = p[5] == HOST_UNIX ? krait__pack_le_u32(p + 38) >> 16 : 0;
    file->at = krait__pack_le_u32(p + 42);
    skip = CENTRAL_SIZE + file->name_size + krait__pack_le_u16(p + 30) + krait__pack_le_u16(p + 32);
    if (skip > z->size - *at)
        return damaged(z, "its directory is damaged");
    if (file->name_size >= sizeof(file->name))
        return damaged(z, "a name has more than 4095 bytes");
    memcpy(file->name, p + CENTRAL_SIZE, file->name_size);
    file->name[file->name_size] = '\0';
    *at += skip;
    return KRAIT_OK;
}

/* ---- one file ----------------------------------------------------------------------------- */

static krait_status
check_name(const zip *z, const zip_file *file)
{
    const char *part = file->name;

    if (strlen(file->name) != file->name_size)
        return refuse(z, KRAIT_EINVAL, file, "has a NUL in its name");
    if (file->name[0] == '/' || strchr(file->name, '\\') != NULL)
        return refuse(z, KRAIT_EINVAL, file, "has a name that leads out of the archive");
    while (*part != '\0') {
        size_t size = strcspn(part, "/");
        const char *wrong = krait__pack_tree_bad_name(part, size);

        if (size == 2 && memcmp(part, "..", 2) == 0)
            return refuse(z, KRAIT_EINVAL, file, "has a name that leads out of the archive");
        if (wrong != NULL)
            return krait__error_set(z->err, KRAIT_EINVAL, 0,
                                    "'%s': in the name '%.300s' the part '%.*s' %s", z->path,
                                    file->name, (int)(size < 100 ? size : 100), part, wrong);
        part += size + (part[size] == '/');
    }
    return part == file->name ? refuse(z, KRAIT_EINVAL, file, "has no name") : KRAIT_OK;
}

static krait_status
check_kind(zip *z, const zip_file *file)
{
    if ((file->flags & FLAG_ENCRYPTED) != 0)
        return refuse(z, KRAIT_EUNSUPPORTED, file, "is encrypted");
    if (file->method != 0 && file->method != 8)
        return refuse(z, KRAIT_EUNSUPPORTED, file,
                      "has a compression other than deflate, which is not supported");
    if ((file->mode & MODE_TYPE) == MODE_LINK)
        return refuse(z, KRAIT_EUNSUPPORTED, file,
                      "is a symbolic link, which archives may not have here");
    if (file->method == 0 && file->packed != file->size)
        return refuse(z, KRAIT_EFORMAT, file, "has two sizes");
    z->unpacked += file->size;
    if (z->unpacked > KRAIT_PACK_MOST_UNPACKED)
        return krait__error_set(z->err, KRAIT_ELIMIT, 0,
                                "'%s' unpacks to more than %llu bytes, the most of an archive",
                                z->path, (unsigned long long)KRAIT_PACK_MOST_UNPACKED);
    if (z->unpacked > HARMLESS_SIZE && z->unpacked / MOST_RATIO > z->size)
        return krait__error_set(z->err, KRAIT_ELIMIT, 0,
                                "'%s' has %zu bytes and unpacks to more than %u times as many: "
                                "it is taken for an attack",
                                z->path, z->size, MOST_RATIO);
    return KRAIT_OK;
}

/* Where the bytes of the file are; the local header has to agree about the name. */
static krait_status
locate(zip *z, const zip_file *file, uint32_t number, const uint8_t **ret_data)
{
    size_t at = z->start + file->at;
    const uint8_t *p = z->bytes + at;
    uint64_t header;

    if (at > z->directory || z->directory - at < LOCAL_SIZE ||
        krait__pack_le_u32(p) != LOCAL_SIGNATURE)
        return refuse(z, KRAIT_EFORMAT, file, "is not where the directory says");
    header = LOCAL_SIZE + (uint64_t)krait__pack_le_u16(p + 26) + krait__pack_le_u16(p + 28);
    if (header + file->packed > z->directory - at)
        return refuse(z, KRAIT_EFORMAT, file, "is not inside of the archive");
    if (krait__pack_le_u16(p + 26) != file->name_size ||
        memcmp(p + LOCAL_SIZE, file->name, file->name_size) != 0)
        return refuse(z, KRAIT_EFORMAT, file, "has two names");
    z->places[number][0] = at;
    z->places[number][1] = at + header + file->packed;
    *ret_data = p + header;
    return KRAIT_OK;
}

static krait_status
unpack(const zip *z, const zip_file *file, const uint8_t *data, uint8_t *to)
{
    const char *wrong = krait__pack_decode(file->method == 0 ? KRAIT_PACK_STORED
                                                             : KRAIT_PACK_DEFLATE,
                                           data, (size_t)file->packed, to, (size_t)file->size);

    if (wrong != NULL)
        return refuse(z, KRAIT_EFORMAT, file, "is damaged: it cannot be unpacked");
    if (krait__pack_crc32(to, (size_t)file->size) != file->crc)
        return refuse(z, KRAIT_EFORMAT, file, "is damaged: its checksum is another one");
    return KRAIT_OK;
}

static krait_status
put_file(zip *z, const zip_file *file, const uint8_t *data, const char *path)
{
    bool is_folder = file->name[file->name_size - 1] == '/';
    krait_node *node = NULL;
    krait_status status;
    uint8_t *bytes;

    status = krait__pack_tree_put(&z->pack->tree, path,
                                  is_folder ? KRAIT_PACK_DIRECTORY : KRAIT_PACK_FILE, z->path,
                                  &node, z->err);
    if (status != KRAIT_OK)
        return status;
    node->mtime_ns = file->mtime_ns;
    if (is_folder)
        return file->size == 0 ? KRAIT_OK
                               : refuse(z, KRAIT_EFORMAT, file, "is a folder with contents");
    if (node->archive == z->pack->archives)
        return refuse(z, KRAIT_EFORMAT, file, "is there twice");
    node->archive = z->pack->archives;
    bytes = krait__alloc((size_t)file->size + 1);
    if (bytes == NULL)
        return krait__error_nomem(z->err);
    status = unpack(z, file, data, bytes);
    if (status != KRAIT_OK) {
        krait__free(bytes);
        return status;
    }
    node->bytes = bytes;
    node->size = file->size;
    node->source = KRAIT_SOURCE_BYTES;
    node->is_executable = (file->mode & 0100) != 0;
    return KRAIT_OK;
}

static krait_status
add_file(zip *z, size_t *at, uint32_t number, zip_file *file)
{
    char path[8192];
    const uint8_t *data = NULL;
    krait_status status = read_central(z, at, file);
    int size;

    if (status == KRAIT_OK)
        status = check_name(z, file);
    if (status == KRAIT_OK)
        status = check_kind(z, file);
    if (status == KRAIT_OK)
        status = locate(z, file, number, &data);
    if (status != KRAIT_OK)
        return status;
    size = snprintf(path, sizeof(path), "%s/%s", z->guest, file->name);
    if (size < 0 || (size_t)size >= sizeof(path))
        return refuse(z, KRAIT_EINVAL, file, "has too long a path");
    return put_file(z, file, data, path);
}

/* ---- all ---------------------------------------------------------------------------------- */

static int
compare_places(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;

    return (left[0] > right[0]) - (left[0] < right[0]);
}

/* Files that share bytes make a small archive large. */
static krait_status
check_places(const zip *z)
{
    qsort(z->places, z->count, sizeof(*z->places), compare_places);
    for (uint32_t i = 1; i < z->count; i++) {
        if (z->places[i][0] < z->places[i - 1][1])
            return damaged(z, "two of its files share bytes");
    }
    return KRAIT_OK;
}

static krait_status
add_all(zip *z)
{
    krait_status status = find_directory(z);
    zip_file *file;
    size_t at = z->directory;

    if (status != KRAIT_OK)
        return status;
    z->pack->archives++;
    file = krait__alloc(sizeof(*file));
    z->places = krait__calloc((size_t)z->count + 1, sizeof(*z->places));
    if (file == NULL || z->places == NULL)
        status = krait__error_nomem(z->err);
    for (uint32_t i = 0; i < z->count && status == KRAIT_OK; i++)
        status = add_file(z, &at, i, file);
    if (status == KRAIT_OK)
        status = check_places(z);
    krait__free(file);
    krait__free(z->places);
    return status;
}

krait_status
krait_pack_add_zip(krait_pack *pack, const char *path, const char *guest, krait_error *err)
{
    zip z = {.pack = pack, .path = path, .guest = guest, .err = err};
    uint8_t *bytes = NULL;
    krait_status status = krait__pack_whole_read(path, KRAIT_PACK_MOST_UNPACKED, &bytes, &z.size,
                                                 err);

    if (status != KRAIT_OK)
        return status;
    z.bytes = bytes;
    status = add_all(&z);
    krait__free(bytes);
    return status;
}
