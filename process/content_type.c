/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Media types by content: marks at fixed places first, then texts by how they begin.
 *
 * A name is never looked at: whoever made the document chose it.  Formats that are told apart only by
 * reading them (CSV, what is inside of a zip) are left out.
 */
#include "content_type.h"

#include "json.h"

#define LOOK_MAX 8192u

typedef struct mark {
    unsigned short offset;
    unsigned short size;
    const char *bytes;
    const char *type;
} mark;

#define MARK(offset, bytes, type) {offset, sizeof(bytes) - 1, bytes, type}

static const mark marks[] = {
    MARK(0, "%PDF-", "application/pdf"),
    MARK(0, "PK\3\4", "application/zip"),
    MARK(0, "PK\5\6", "application/zip"),
    MARK(0, "\x1f\x8b", "application/gzip"),
    MARK(0, "BZh", "application/x-bzip2"),
    MARK(0,
         "\xfd"
         "7zXZ\0",
         "application/x-xz"),
    MARK(0, "\x28\xb5\x2f\xfd", "application/zstd"),
    MARK(0, "7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    MARK(0, "Rar!\x1a\7", "application/vnd.rar"),
    MARK(257, "ustar", "application/x-tar"),
    MARK(0, "SQLite format 3\0", "application/vnd.sqlite3"),
    MARK(0, "\x89PNG\r\n\x1a\n", "image/png"),
    MARK(0, "\xff\xd8\xff", "image/jpeg"),
    MARK(0, "GIF87a", "image/gif"),
    MARK(0, "GIF89a", "image/gif"),
    MARK(8, "WEBP", "image/webp"),
    MARK(0, "II*\0", "image/tiff"),
    MARK(0, "MM\0*", "image/tiff"),
    MARK(8, "WAVE", "audio/wav"),
    MARK(0, "OggS", "application/ogg"),
    MARK(0, "fLaC", "audio/flac"),
    MARK(0, "ID3", "audio/mpeg"),
    MARK(4, "ftyp", "video/mp4"),
    MARK(0, "\x1a\x45\xdf\xa3", "video/x-matroska"),
    MARK(0,
         "\x7f"
         "ELF",
         "application/x-executable"),
    MARK(0, "\0asm", "application/wasm"),
    MARK(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    MARK(0, "{\\rtf", "application/rtf"),
    MARK(0, "BM", "image/bmp"),
};

/* How texts begin, after white space, without the case of letters. */
static const mark texts[] = {
    MARK(0, "<!doctype html", "text/html"),     MARK(0, "<html", "text/html"),
    MARK(0, "<svg", "image/svg+xml"),           MARK(0, "<?xml", "text/xml"),
    MARK(0, "return-path:", "message/rfc822"),  MARK(0, "received:", "message/rfc822"),
    MARK(0, "delivered-to:", "message/rfc822"), MARK(0, "mime-version:", "message/rfc822"),
    MARK(0, "message-id:", "message/rfc822"),   MARK(0, "from:", "message/rfc822"),
};

static bool
begins(const uint8_t *bytes, size_t size, const mark *text)
{
    if (size < text->size)
        return false;
    for (size_t i = 0; i < text->size; i++) {
        const uint8_t c = bytes[i];

        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (uint8_t)text->bytes[i])
            return false;
    }
    return true;
}

/* Cut off in the middle of a character at the end of what is looked at? */
static size_t
whole_characters(const uint8_t *bytes, size_t size)
{
    size_t end = size;

    while (end > 0 && size - end < 4 && (bytes[end - 1] & 0xc0) == 0x80)
        end--;
    return end > 0 && bytes[end - 1] >= 0xc0 ? end - 1 : size;
}

static bool
is_text(const uint8_t *bytes, size_t size, bool is_cut)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] < 0x20 && (bytes[i] < '\t' || bytes[i] > '\r') && bytes[i] != 0x1b)
            return false;
    }
    return proc_is_utf8(bytes, is_cut ? whole_characters(bytes, size) : size);
}

/* By the first character and the next one that is no white space. */
static bool
is_json(const uint8_t *bytes, size_t size)
{
    uint8_t next = ' ';

    if (size == 0 || (*bytes != '{' && *bytes != '['))
        return false;
    for (size_t i = 1; i < size && next <= ' '; i++)
        next = bytes[i];
    if (*bytes == '{')
        return next == '"' || next == '}';
    return strchr("\"{[]-0123456789", next) != NULL && next > ' ';
}

static const char *
text_type(const uint8_t *bytes, size_t size)
{
    while (size > 0 && (*bytes == ' ' || (*bytes >= '\t' && *bytes <= '\r'))) {
        bytes++;
        size--;
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (begins(bytes, size, &texts[i]))
            return texts[i].type;
    }
    if (is_json(bytes, size))
        return "application/json";
    return "text/plain";
}

const char *
proc_content_type(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    const size_t look = size < LOOK_MAX ? size : LOOK_MAX;

    if (size == 0)
        return "application/x-empty";
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const mark *m = &marks[i];

        if (look >= (size_t)m->offset + m->size && bytes[m->offset] == (uint8_t)m->bytes[0] &&
            memcmp(bytes + m->offset, m->bytes, m->size) == 0)
            return m->type;
    }
    return is_text(bytes, look, size > look) ? text_type(bytes, look) : "application/octet-stream";
}
