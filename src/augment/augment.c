/* Applying augmentations to an image.
 * SPDX-License-Identifier: MIT */
#include "augment/augment.h"
#include "base/random.h"
#include <math.h>
#include <string.h>

double tw__picture_draw(const tw__picture *p, uint64_t i)
{
    return tw__random_unit(p->key, TW__FOR_AUGMENT, p->place, i);
}

double tw__picture_draw_around(const tw__picture *p, uint64_t i, double most)
{
    return most * (2 * tw__picture_draw(p, i) - 1);
}

void tw__picture_turn(tw__picture *p, double xx, double xy, double yx, double yy)
{
    for (int k = 0; k < 2; k++) {
        const double x = p->map[k][0], y = p->map[k][1];
        p->map[k][0] = x * xx + y * yx;
        p->map[k][1] = x * xy + y * yy;
    }
}

void tw__picture_shift(tw__picture *p, double x, double y)
{
    for (int k = 0; k < 2; k++) p->map[k][2] += p->map[k][0] * x + p->map[k][1] * y;
}

/* ---- interpolation ------------------------------------------------------------------------------------- */

/* A pixel of the source; 0 beyond its edges. */
static double pixel(const tw__picture *p, double x, double y, size_t c)
{
    if (!(x >= 0 && y >= 0 && x < (double)p->width && y < (double)p->height)) return 0;
    return p->from[((size_t)y * p->width + (size_t)x) * p->channels + c];
}

static void take(const tw__picture *p, double x, double y, uint8_t *to)
{
    const double left = floor(x), above = floor(y), fx = x - left, fy = y - above;
    for (size_t c = 0; c < p->channels; c++) {
        const double top = (1 - fx) * pixel(p, left, above, c) + fx * pixel(p, left + 1, above, c),
                     bottom = (1 - fx) * pixel(p, left, above + 1, c) + fx * pixel(p, left + 1, above + 1, c);
        to[c] = (uint8_t)floor((1 - fy) * top + fy * bottom + 0.5);
    }
}

static void resample(const tw__picture *p)
{
    const double middle_x = (double)(p->width - 1) / 2, middle_y = (double)(p->height - 1) / 2;
    for (size_t row = 0, i = 0; row < p->height; row++)
        for (size_t column = 0; column < p->width; column++, i++) {
            double x = (double)column - middle_x, y = (double)row - middle_y;
            if (p->is_moved) {
                x += p->moved[2 * i];
                y += p->moved[2 * i + 1];
            }
            take(p, p->map[0][0] * x + p->map[0][1] * y + p->map[0][2] + middle_x,
                 p->map[1][0] * x + p->map[1][1] * y + p->map[1][2] + middle_y, p->to + i * p->channels);
        }
}

/* ---- an image ------------------------------------------------------------------------------------------ */

/* `about` is the first member of its type. */
static const tw__augmentation_type *type_of(const tw_augmentation_choice *choice)
{
    return (const tw__augmentation_type *)choice->augmentation;
}

size_t tw__augment_scratch(const tw__picture *size) { return 4 * size->height * size->width; }

void tw__augment_apply(const tw__augment *a, const tw__picture *size, uint64_t seed, uint64_t epoch,
                       uint64_t row, const uint8_t *from, uint8_t *to, double *scratch)
{
    tw__picture p = {.height = size->height,
                     .width = size->width,
                     .channels = size->channels,
                     .key = tw__random_bits(seed, TW__FOR_AUGMENT, (uint32_t)epoch, row),
                     .map = {{1, 0, 0}, {0, 1, 0}},
                     .moved = scratch,
                     .scratch = scratch + 2 * size->height * size->width,
                     .from = from,
                     .to = to};
    for (int i = 0; i < a->n; i++) {
        const tw__augmentation_type *type = type_of(&a->each[i]);
        p.place = (unsigned)i;
        if (type->move) type->move(&p, a->each[i].values);
    }
    resample(&p);
    for (int i = 0; i < a->n; i++) {
        const tw__augmentation_type *type = type_of(&a->each[i]);
        p.place = (unsigned)i;
        if (type->paint) type->paint(&p, a->each[i].values);
    }
}
