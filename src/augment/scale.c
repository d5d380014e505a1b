/* scale: about the middle.
 * SPDX-License-Identifier: MIT */
#include "augment/augment.h"

static const tw_option options[] = {
    {"by", TW_REAL, NULL, 0.1, 0, 1, TW_OPEN, "at most this share larger or smaller"}};

static void move(tw__picture *p, const double *h)
{
    const double size = 1 / (1 + tw__picture_draw_around(p, 0, h[0]));
    tw__picture_turn(p, size, 0, 0, size);
}

extern const tw__augmentation_type tw__augmentation_scale;
const tw__augmentation_type tw__augmentation_scale =
    {.about = {.size = sizeof(tw_augmentation),
               .name = "scale",
               .help = "makes the image larger or smaller",
               .paper = "LeCun, Bottou, Bengio & Haffner 1998, section III",
               .use = "Where objects are not of one size.",
               .equation = "y(p) = x(p/s), s uniform in 1 - by .. 1 + by",
               .n_options = 1,
               .options = options},
     .move = move};
