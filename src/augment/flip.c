/* flip: left and right change places.
 * SPDX-License-Identifier: MIT */
#include "augment/augment.h"

static const tw_option options[] = {{"p", TW_REAL, NULL, 0.5, 0, 1, TW_OPEN_MIN, "how probable it is"}};

static void move(tw__picture *p, const double *h)
{
    if (tw__picture_draw(p, 0) < h[0]) tw__picture_turn(p, -1, 0, 0, 1);
}

extern const tw__augmentation_type tw__augmentation_flip;
const tw__augmentation_type tw__augmentation_flip =
    {.about = {.size = sizeof(tw_augmentation),
               .name = "flip",
               .help = "mirrors the image, left to right",
               .paper = "Krizhevsky, Sutskever & Hinton 2012, section 4.1",
               .use = "Photographs; not digits or letters, which mean something else then.",
               .equation = "y[i, j] = x[i, width - 1 - j] with probability p",
               .n_options = 1,
               .options = options},
     .move = move};
