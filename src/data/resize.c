/* Resizing images; see resize.h.
 * SPDX-License-Identifier: MIT */
#include "data/resize.h"
#include <string.h>

/* The pixels, first .. end - 1 of a side, that one of a side of another length is made of. */
typedef struct taps {
    size_t first, end;
    double middle, reach, total;
} taps;

static double weight_of(const taps *t, size_t i)
{
    const double away = __builtin_fabs((double)i + 0.5 - t->middle) / t->reach;
    return away < 1 ? 1 - away : 0;
}

static taps taps_of(size_t o, size_t n, size_t m)
{
    const double ratio = (double)m / (double)n;
    taps t = {.middle = ((double)o + 0.5) * ratio, .reach = ratio > 1 ? ratio : 1};
    const double low = t.middle - t.reach - 0.5, high = t.middle + t.reach + 0.5;
    t.first = low > 0 ? (size_t)low : 0;
    t.end = high < (double)m ? (size_t)high + 1 : m;
    if (t.end > m) t.end = m;
    for (size_t i = t.first; i < t.end; i++) t.total += weight_of(&t, i);
    return t;
}

/* The mean of rows of `n` numbers. */
static void mean_of_rows(const taps *t, size_t n, const uint8_t *from, double *to)
{
    memset(to, 0, n * sizeof *to);
    for (size_t i = t->first; i < t->end; i++) {
        const double weight = weight_of(t, i) / t->total;
        for (size_t k = 0; k < n; k++) to[k] += weight * from[i * n + k];
    }
}

static void mean_of_pixels(const taps *t, size_t channels, const double *row, uint8_t *to)
{
    for (size_t c = 0; c < channels; c++) {
        double sum = 0;
        for (size_t i = t->first; i < t->end; i++) sum += weight_of(t, i) / t->total * row[i * channels + c];
        to[c] = (uint8_t)(sum < 255 ? sum + 0.5 : 255);
    }
}

tw_status tw__image_resize(tw_context *ctx, const tw__image *form, const uint8_t *from, const tw__image *as,
                           uint8_t *to, tw_error *err)
{
    const size_t channels = (size_t)form->channels, width = (size_t)form->width, n = width * channels,
                 out_w = (size_t)as->width;
    double *row;
    taps *across;
    TW_TRY(tw__alloc(ctx, &row, n, sizeof *row, err));
    const tw_status s = tw__alloc(ctx, &across, out_w, sizeof *across, err);
    for (size_t x = 0; s == TW_OK && x < out_w; x++) across[x] = taps_of(x, out_w, width);
    for (size_t y = 0; s == TW_OK && y < (size_t)as->height; y++) {
        const taps down = taps_of(y, (size_t)as->height, (size_t)form->height);
        mean_of_rows(&down, n, from, row);
        for (size_t x = 0; x < out_w; x++)
            mean_of_pixels(&across[x], channels, row, to + (y * out_w + x) * channels);
    }
    if (s == TW_OK) tw__free(ctx, across, out_w, sizeof *across);
    tw__free(ctx, row, n, sizeof *row);
    return s;
}
