/* Images of another size.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_RESIZE_H
#define TW_DATA_RESIZE_H
#include "data/image.h"

/* to = from as `as->height` x `as->width` pixels of the same channels. Pixel o of a side of n is the mean of
 * the pixels i of the m there were, weighted by max(0, 1 - |i + 1/2 - (o + 1/2) m/n| / max(1, m/n)): bilinear
 * interpolation where it grows, a triangle over all pixels it covers where it shrinks. Means are made down
 * the columns, then along the rows, in double, and rounded once, halves up. */
tw_status tw__image_resize(tw_context *ctx, const tw__image *form, const uint8_t *from, const tw__image *as,
                           uint8_t *to, tw_error *err);
#endif
