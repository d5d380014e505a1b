/* PNG, by libpng's simplified interface: palettes and fewer bits than 8 are spread out. It leaves no other
 * way for an error than its return.
 * SPDX-License-Identifier: MIT */
#include "data/image.h"
#include <png.h>
#include <string.h>
#include <zlib.h>

static tw_status fail(const png_image *png, const char *path, tw_error *err)
{
    const int is_memory = strstr(png->message, "emory") != NULL;
    return is_memory
               ? tw__fail(err, TW_ERR_MEMORY, "%.300s: out of memory", path)
               : tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "the PNG image is damaged: %.64s", png->message);
}

static size_t big_endian(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* All chunks are there with their checksums, which libpng does not look at behind the last row. */
static tw_status check_chunks(const uint8_t *bytes, size_t n, const char *path, tw_error *err)
{
    enum { AROUND = 12 }; /* a chunk is its length, its type, so many bytes, and the sum of type and bytes */
    for (size_t at = 8, length; at < n; at += AROUND + length) {
        length = n - at >= AROUND ? big_endian(bytes + at) : n;
        if (length > n - at || length + AROUND > n - at) break;
        const uint8_t *type = bytes + at + 4;
        if (crc32(0, type, (uInt)length + 4) != big_endian(type + 4 + length))
            return tw__fail_in(err, TW_ERR_DATA, path, 0, (int64_t)at,
                               "the PNG image is damaged: the checksum of a chunk does not hold");
        if (memcmp(type, "IEND", 4) == 0) return TW_OK;
    }
    return tw__fail_in(err, TW_ERR_DATA, path, 0, (int64_t)n,
                       "the PNG image is damaged: it ends before its last chunk");
}

/* On success libpng holds memory, which finish or free gives back. */
static tw_status begin(png_image *png, const uint8_t *bytes, size_t n, const char *path, tw_error *err)
{
    *png = (png_image){.version = PNG_IMAGE_VERSION};
    return png_image_begin_read_from_memory(png, bytes, n) ? TW_OK : fail(png, path, err);
}

static tw_status head(tw__image *out, const uint8_t *bytes, size_t n, const char *path, tw_error *err)
{
    png_image png;
    TW_TRY(check_chunks(bytes, n, path, err));
    TW_TRY(begin(&png, bytes, n, path, err));
    const unsigned format = png.format;
    *out = (tw__image){png.height, png.width, format & PNG_FORMAT_FLAG_COLOR ? 3 : 1};
    png_image_free(&png);
    if (format & PNG_FORMAT_FLAG_LINEAR)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                           "has 16 bits for a channel; images have 8 or fewer");
    if (format & PNG_FORMAT_FLAG_ALPHA)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                           "is transparent; images are grey, or red, green and blue");
    return TW_OK;
}

static tw_status decode(const tw__image *as, const uint8_t *bytes, size_t n, const char *path,
                        uint8_t *pixels, tw_error *err)
{
    png_image png;
    TW_TRY(begin(&png, bytes, n, path, err));
    png.format = as->channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    return png_image_finish_read(&png, NULL, pixels, 0, NULL) ? TW_OK : fail(&png, path, err);
}

const tw__image_format tw__image_png = {.magic = "\x89PNG\r\n\x1a\n",
                                        .magic_length = 8,
                                        .head = head,
                                        .decode = decode};
