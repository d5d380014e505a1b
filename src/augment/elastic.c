/* elastic: every pixel is moved, and neighbours nearly alike. It acts on the image that the other movements
 * have made, whatever the order.
 * SPDX-License-Identifier: MIT */
#include "augment/augment.h"
#include "math/elementary.h"
#include <math.h>

static const tw_option options[] = {
    {"alpha", TW_REAL, NULL, 34, 0, 1e4, TW_OPEN_MIN,
     "how far: draws of -1 to 1 are smoothed, then multiplied by it"},
    {"sigma", TW_REAL, NULL, 4, 0, 16, TW_OPEN_MIN, "deviation of the Gaussian that smooths, in pixels"},
};
enum { ALPHA, SIGMA, MOST_REACH = 48 };

/* Weights of the neighbours at distance 0 .. reach, whose sum over both sides is 1. */
static size_t gaussian(double sigma, double weight[MOST_REACH + 1])
{
    const size_t reach = (size_t)ceil(3 * sigma);
    double sum = 0;
    for (size_t i = 0; i <= reach; i++) {
        weight[i] = tw__exp_f64(-(double)(i * i) / (2 * sigma * sigma));
        sum += i ? 2 * weight[i] : weight[i];
    }
    for (size_t i = 0; i <= reach; i++) weight[i] /= sum;
    return reach;
}

/* to[i] = the smoothed n pairs of numbers, which are `step` pairs apart; beyond the ends there is 0. */
static void smooth(const double *from, double *to, size_t n, size_t step, const double *weight, size_t reach)
{
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 2; k++) {
            double sum = weight[0] * from[2 * i * step + (size_t)k];
            for (size_t d = 1; d <= reach; d++) {
                if (i >= d) sum += weight[d] * from[2 * (i - d) * step + (size_t)k];
                if (i + d < n) sum += weight[d] * from[2 * (i + d) * step + (size_t)k];
            }
            to[2 * i * step + (size_t)k] = sum;
        }
}

static void move(tw__picture *p, const double *h)
{
    double weight[MOST_REACH + 1];
    const size_t n = 2 * p->height * p->width, reach = gaussian(h[SIGMA], weight);
    for (size_t i = 0; i < n; i++) p->moved[i] = tw__picture_draw_around(p, i, h[ALPHA]);
    for (size_t row = 0; row < p->height; row++)
        smooth(p->moved + 2 * row * p->width, p->scratch + 2 * row * p->width, p->width, 1, weight, reach);
    for (size_t column = 0; column < p->width; column++)
        smooth(p->scratch + 2 * column, p->moved + 2 * column, p->height, p->width, weight, reach);
    p->is_moved = 1;
}

extern const tw__augmentation_type tw__augmentation_elastic;
const tw__augmentation_type tw__augmentation_elastic = {
    .about =
        {.size = sizeof(tw_augmentation),
         .name = "elastic",
         .help = "moves every pixel a little, neighbours nearly alike",
         .paper = "Simard, Steinkraus & Platt 2003, section 2",
         .use = "Handwriting.",
         .equation =
             "y(p) = x(p + d(p)), d = alpha G * u, u uniform in -1 .. 1 at each pixel, G a Gaussian of deviation sigma",
         .n_options = 2,
         .options = options},
    .move = move};
