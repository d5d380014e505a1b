/* shift: by whole pixels, so that nothing is blurred.
 * SPDX-License-Identifier: MIT */
#include "augment/augment.h"
#include <math.h>

static const tw_option options[] = {
    {"pixels", TW_INT, NULL, 2, 1, 1024, TW_CLOSED, "at most so far, each way"}};

static double pixels(const tw__picture *p, uint64_t i, double most)
{
    return floor(tw__picture_draw(p, i) * (2 * most + 1)) - most;
}

static void move(tw__picture *p, const double *h)
{
    tw__picture_shift(p, pixels(p, 0, h[0]), pixels(p, 1, h[0]));
}

extern const tw__augmentation_type tw__augmentation_shift;
const tw__augmentation_type tw__augmentation_shift =
    {.about = {.size = sizeof(tw_augmentation),
               .name = "shift",
               .help = "moves the image by whole pixels",
               .paper = "LeCun, Bottou, Bengio & Haffner 1998, section III",
               .use = "Where objects are not centred alike.",
               .equation = "y[i, j] = x[i + a, j + b], a and b uniform in -pixels .. pixels",
               .n_options = 1,
               .options = options},
     .move = move};
