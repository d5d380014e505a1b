/* Pictures in files of their own: PNG by libpng, JPEG by libjpeg-turbo, in memory of theirs. Pixels are
 * bytes, height, width and channels: one of grey, or red, green and blue. What cannot be so, or is damaged,
 * is TW_ERR_DATA with the file's name.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_IMAGE_H
#define TW_DATA_IMAGE_H
#include "base/context.h"

typedef struct tw__image {
    int64_t height, width, channels;
} tw__image;

/* Of one image, decoded: a header that declares more is refused before anything is allocated for it. */
enum { TW__IMAGE_MOST = 1 << 28 };

typedef struct tw__image_format {
    const char *magic; /* magic_length bytes, with which a file begins */
    size_t magic_length;
    /* What the header declares. */
    tw_status (*head)(tw__image *out, const uint8_t *bytes, size_t n, const char *path, tw_error *err);
    /* All pixels of an image whose header declares `as`. */
    tw_status (*decode)(const tw__image *as, const uint8_t *bytes, size_t n, const char *path,
                        uint8_t *pixels, tw_error *err);
} tw__image_format;

extern const tw__image_format tw__image_png, tw__image_jpeg;

/* The format of a file that begins like this; NULL: neither. */
const tw__image_format *tw__image_format_of(const uint8_t *bytes, size_t n);
#endif
