/* rotate: about the middle.
 * SPDX-License-Identifier: MIT */
#include "augment/augment.h"
#include "math/elementary.h"

static const tw_option options[] = {
    {"degrees", TW_REAL, NULL, 10, 0, 180, TW_OPEN_MIN, "at most so far, each way"}};

static void move(tw__picture *p, const double *h)
{
    const double angle = tw__picture_draw_around(p, 0, h[0]) * 0x1.1df46a2529d39p-6; /* pi / 180 */
    const double sine = tw__sin_f64(angle), cosine = tw__cos_f64(angle);
    tw__picture_turn(p, cosine, -sine, sine, cosine);
}

extern const tw__augmentation_type tw__augmentation_rotate;
const tw__augmentation_type tw__augmentation_rotate =
    {.about = {.size = sizeof(tw_augmentation),
               .name = "rotate",
               .help = "turns the image about its middle",
               .paper = "LeCun, Bottou, Bengio & Haffner 1998, section III",
               .use = "Where objects stand at slightly different angles.",
               .equation = "y(p) = x(R p), R the rotation by an angle uniform in -degrees .. degrees",
               .n_options = 1,
               .options = options},
     .move = move};
