/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compression of blocks: deflate by zlib, LZMA by liblzma.
 *
 * The settings are fixed, so that the same bytes come out wherever the same version of these libraries is
 * used.  The guest has a decoder of its own (guest/pack/lzma.c).
 */
#include "base/alloc.h"
#include "pack/image.h"

#include <lzma.h>
#include <zlib.h>

#include <string.h>

#define LZMA_DICTIONARY_LEAST 4096u

uint32_t
krait__pack_crc32(const void *data, size_t size)
{
    return (uint32_t)crc32_z(crc32_z(0, NULL, 0), data, size);
}

static bool
inflate_exactly(const uint8_t *data, size_t size, uint8_t *out, size_t length)
{
    z_stream stream;
    int result;

    memset(&stream, 0, sizeof(stream));
    if (inflateInit2(&stream, -15) != Z_OK)
        return false;
    /* zlib does not write to its input. */
    stream.next_in = (uint8_t *)(uintptr_t)data;
    stream.avail_in = (uInt)size;
    stream.next_out = out;
    stream.avail_out = (uInt)length;
    result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return result == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0;
}

static void
lzma_settings(lzma_options_lzma *options, size_t length)
{
    (void)lzma_lzma_preset(options, 9);
    options->lc = 3;
    options->lp = 0;
    options->pb = 0;
    options->nice_len = 273;
    options->dict_size = length > LZMA_DICTIONARY_LEAST ? (uint32_t)length : LZMA_DICTIONARY_LEAST;
}

static bool
unlzma_exactly(const uint8_t *data, size_t size, uint8_t *out, size_t length)
{
    lzma_options_lzma options;
    lzma_filter filters[2] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_ret result;

    lzma_settings(&options, length);
    if (lzma_raw_decoder(&stream, filters) != LZMA_OK)
        return false;
    stream.next_in = data;
    stream.avail_in = size;
    stream.next_out = out;
    stream.avail_out = length;
    result = lzma_code(&stream, LZMA_RUN);
    lzma_end(&stream);
    /* A mark at the end is allowed, and not needed. */
    return (result == LZMA_OK || result == LZMA_STREAM_END) && stream.avail_out == 0;
}

const char *
krait__pack_decode(uint32_t codec, const uint8_t *data, size_t size, uint8_t *out, size_t length)
{
    switch (codec) {
    case KRAIT_PACK_STORED:
        if (size != length)
            return "it is not as long as it says";
        memcpy(out, data, length);
        return NULL;
    case KRAIT_PACK_DEFLATE:
        return inflate_exactly(data, size, out, length) ? NULL : "it cannot be inflated";
    case KRAIT_PACK_LZMA:
        return unlzma_exactly(data, size, out, length) ? NULL : "its LZMA cannot be decoded";
    default:
        return "its compression is unknown";
    }
}

static uint32_t
encode_deflate(const uint8_t *data, size_t size, uint8_t *out)
{
    z_stream stream;
    int result;

    memset(&stream, 0, sizeof(stream));
    if (deflateInit2(&stream, 6, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return UINT32_MAX;
    stream.next_in = (uint8_t *)(uintptr_t)data;
    stream.avail_in = (uInt)size;
    stream.next_out = out;
    stream.avail_out = (uInt)size - 1;
    result = deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return result == Z_STREAM_END ? (uint32_t)stream.total_out : 0;
}

static uint32_t
encode_lzma(const uint8_t *data, size_t size, uint8_t *out)
{
    lzma_options_lzma options;
    lzma_filter filters[2] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    size_t used = 0;
    lzma_ret result;

    lzma_settings(&options, size);
    result = lzma_raw_buffer_encode(filters, NULL, data, size, out, &used, size - 1);
    if (result == LZMA_MEM_ERROR)
        return UINT32_MAX;
    return result == LZMA_OK ? (uint32_t)used : 0;
}

uint32_t
krait__pack_encode(uint32_t codec, const uint8_t *data, size_t size, uint8_t *out)
{
    if (size < 2 || codec == KRAIT_PACK_STORED)
        return 0;
    return codec == KRAIT_PACK_LZMA ? encode_lzma(data, size, out)
                                    : encode_deflate(data, size, out);
}

const char *
krait__pack_packed_decode(const krait_packed *image, uint32_t block, uint8_t *out)
{
    krait_pack_block b = krait__pack_packed_block(image, block);

    if (krait__pack_crc32(image->bytes + b.at, b.size) != b.crc)
        return "its bytes are not those that were packed";
    return krait__pack_decode(b.codec, image->bytes + b.at, b.size, out, b.length);
}
