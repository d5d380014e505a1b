/* Level curves of a surface inside a window. The same curves are the page's picture without a script and the
 * ground its canvas plays on.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_REPORT_CONTOURS_H
#define TW_RACE_REPORT_CONTOURS_H
#include "race/svg.h"
#include <thalweg/surface.h>

enum { TW__GRID = 121, TW__LEVELS = 14 };
/* Values at TW__GRID x TW__GRID places, row after row from the window's low corner; non-finite values count
 * as infinitely high. */
typedef struct tw__relief {
    double low[2], high[2], *values;
} tw__relief;
tw_status tw__relief_make(tw__relief *out, tw_context *ctx, const tw_surface *surface, tw_error *err);
void tw__relief_free(tw_context *ctx, tw__relief *relief);

/* Levels, ascending and evenly over the logarithm of what lies above the least value; where that is not known
 * (NULL) and values change their sign, over a scale that is linear around 0 and logarithmic on both sides. */
void tw__relief_levels(const tw__relief *relief, const double *least, double levels[TW__LEVELS]);

/* The borders of where the surface lies below a level, as closed rings in the surface's coordinates that have
 * the low side on their left; along the window's edge they are closed by it. Ring i ends before point
 * ends[i]. */
typedef struct tw__rings {
    double (*points)[2];
    size_t n, capacity;
    size_t *ends, n_rings, rings_capacity;
} tw__rings;
tw_status tw__rings_make(tw__rings *out, tw_context *ctx, const tw__relief *relief, double level,
                         tw_error *err);
void tw__rings_free(tw_context *ctx, tw__rings *rings);
#endif
