/* cutout: a square of the image is 0, after all movements.
 * SPDX-License-Identifier: MIT */
#include "augment/augment.h"
#include <math.h>
#include <string.h>

static const tw_option options[] = {
    {"size", TW_INT, NULL, 8, 1, 1024, TW_CLOSED, "side of the square, in pixels"}};

/* The square's middle is anywhere in the image, so part of it may be outside. */
static void span(const tw__picture *p, uint64_t i, size_t length, double size, size_t *first, size_t *end)
{
    const double from = floor(tw__picture_draw(p, i) * (double)length) - floor(size / 2), to = from + size;
    *first = from > 0 ? (size_t)from : 0;
    *end = to < (double)length ? (size_t)to : length;
}

static void paint(tw__picture *p, const double *h)
{
    size_t top, bottom, left, right;
    span(p, 0, p->height, h[0], &top, &bottom);
    span(p, 1, p->width, h[0], &left, &right);
    for (size_t row = top; row < bottom; row++)
        memset(p->to + (row * p->width + left) * p->channels, 0, (right - left) * p->channels);
}

extern const tw__augmentation_type tw__augmentation_cutout;
const tw__augmentation_type tw__augmentation_cutout =
    {.about = {.size = sizeof(tw_augmentation),
               .name = "cutout",
               .help = "makes a square black",
               .paper = "DeVries & Taylor 2017",
               .use = "Photographs, where a network looks at one detail alone.",
               .equation = "y = 0 in a square of side `size`, whose middle is uniform in the image",
               .n_options = 1,
               .options = options},
     .paint = paint};
