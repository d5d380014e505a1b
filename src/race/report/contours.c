/* Level curves of a surface: marching squares over a grid whose outside is infinitely high, so that every
 * curve is closed.
 * SPDX-License-Identifier: MIT */
#include "race/report/contours.h"
#include "math/elementary.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = TW__GRID + 2, NONE = -1 }; /* nodes along a side with those outside */

/* ---- heights ------------------------------------------------------------------------------------------- */

/* Node i of a side, 0 and SIDE - 1 being outside, which has no width. */
static double place_of(const tw__relief *r, int axis, int i)
{
    int k = i < 1 ? 0 : i > TW__GRID ? TW__GRID - 1 : i - 1;
    return r->low[axis] + (r->high[axis] - r->low[axis]) * ((double)k / (TW__GRID - 1));
}

static double height_of(const tw__relief *r, int i, int j)
{
    if (i < 1 || j < 1 || i > TW__GRID || j > TW__GRID) return INFINITY;
    return r->values[(j - 1) * TW__GRID + i - 1];
}

tw_status tw__relief_make(tw__relief *out, tw_context *ctx, const tw_surface *surface, tw_error *err)
{
    *out = (tw__relief){.values = NULL};
    TW_TRY(tw__alloc(ctx, &out->values, TW__GRID * TW__GRID, sizeof *out->values, err));
    tw_surface_window(surface, out->low, out->high);
    for (int j = 1; j <= TW__GRID; j++)
        for (int i = 1; i <= TW__GRID; i++) {
            const double point[2] = {place_of(out, 0, i), place_of(out, 1, j)},
                         value = tw_surface_value(surface, point, NULL);
            out->values[(j - 1) * TW__GRID + i - 1] = isfinite(value) ? value : INFINITY;
        }
    return TW_OK;
}

void tw__relief_free(tw_context *ctx, tw__relief *r)
{
    tw__free(ctx, r->values, TW__GRID * TW__GRID, sizeof *r->values);
    r->values = NULL;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Levels at even places of the scale. */
static void spread_levels(const tw__scale *s, double bottom, double levels[TW__LEVELS])
{
    for (int k = 0; k < TW__LEVELS; k++) levels[k] = bottom + tw__scale_value(s, (k + 0.5) / TW__LEVELS);
}

void tw__relief_levels(const tw__relief *r, const double *least, double levels[TW__LEVELS])
{
    enum { MOST = TW__GRID * TW__GRID };
    double sample[MOST / 7 + 1];
    int n = 0;
    for (int i = 0; i < MOST; i += 7) /* prime to the side: every column has its part */
        if (isfinite(r->values[i])) sample[n++] = r->values[i];
    qsort(sample, (size_t)n, sizeof *sample, ascending);
    const double lowest = n ? sample[0] : 0, highest = n ? sample[n - 1] : 0;
    if (!least && lowest < 0 && highest > 0) {
        const double size = highest > -lowest ? highest : -lowest;
        spread_levels(&(tw__scale){.is_log = 1,
                                   .from = lowest,
                                   .to = highest,
                                   .linear = 10 * tw__scale_linear(size)},
                      0, levels);
        return;
    }
    const double bottom = least ? *least : lowest, first = n ? sample[n / 100] - bottom : 0,
                 last = highest - bottom;
    spread_levels(&(tw__scale){.is_log = first > 0 && last > 4 * first, .from = first, .to = last}, bottom,
                  levels);
}

/* ---- rings --------------------------------------------------------------------------------------------- */

/* A cell's corners are a (i, j), b (i + 1, j), c (i + 1, j + 1), d (i, j + 1), bits 1, 2, 4, 8 of its case
 * where they are low; its sides are 0 ab, 1 bc, 2 dc, 3 ad. The lines of a case go from a side to a side with
 * the low corners on their left. Cases 5 and 10 have a second form, 16 and 17, for a middle that is low. */
static const signed char lines[18][4] = {
    {NONE, 0, NONE, 0}, {0, 3, NONE, 0}, {1, 0, NONE, 0}, {1, 3, NONE, 0}, {2, 1, NONE, 0},
    {0, 3, 2, 1},       {2, 0, NONE, 0}, {2, 3, NONE, 0}, {3, 2, NONE, 0}, {0, 2, NONE, 0},
    {1, 0, 3, 2},       {1, 2, NONE, 0}, {3, 1, NONE, 0}, {0, 1, NONE, 0}, {3, 0, NONE, 0},
    {NONE, 0, NONE, 0}, {0, 1, 2, 3},    {3, 0, 1, 2},
};

/* Sides by number: first those along x, then those along y; each from its lower left node. */
static int side_of(int i, int j, int side)
{
    const int node = (j + (side == 2)) * SIDE + i + (side == 1);
    return side == 0 || side == 2 ? node : SIDE * SIDE + node;
}

static int case_of(const tw__relief *r, int i, int j, double level)
{
    const double a = height_of(r, i, j), b = height_of(r, i + 1, j), c = height_of(r, i + 1, j + 1),
                 d = height_of(r, i, j + 1);
    const int bits = (a < level) | (b < level) << 1 | (c < level) << 2 | (d < level) << 3;
    return (bits == 5 || bits == 10) && (a + b + c + d) / 4 < level ? bits == 5 ? 16 : 17 : bits;
}

static void cross(const tw__relief *r, int side, double level, double to[2])
{
    const int along_y = side >= SIDE * SIDE, node = along_y ? side - SIDE * SIDE : side, i = node % SIDE,
              j = node / SIDE;
    const double from = height_of(r, i, j), there = height_of(r, i + !along_y, j + along_y);
    const double share = !isfinite(from) ? 1 : !isfinite(there) ? 0 : (level - from) / (there - from);
    const double at[2] = {place_of(r, 0, i), place_of(r, 1, j)},
                 end[2] = {place_of(r, 0, i + !along_y), place_of(r, 1, j + along_y)};
    for (int k = 0; k < 2; k++) to[k] = at[k] + share * (end[k] - at[k]);
}

static tw_status follow(tw__rings *out, tw_context *ctx, const tw__relief *r, double level, int *next,
                        int side, tw_error *err)
{
    while (next[side] != NONE) {
        const int then = next[side];
        TW_TRY(tw__grow(ctx, &out->points, &out->capacity, out->n + 1, sizeof *out->points, err));
        cross(r, side, level, out->points[out->n++]);
        next[side] = NONE;
        side = then;
    }
    TW_TRY(tw__grow(ctx, &out->ends, &out->rings_capacity, out->n_rings + 1, sizeof *out->ends, err));
    out->ends[out->n_rings++] = out->n;
    return TW_OK;
}

tw_status tw__rings_make(tw__rings *out, tw_context *ctx, const tw__relief *r, double level, tw_error *err)
{
    enum { SIDES = 2 * SIDE * SIDE };
    int *next;
    tw_status s = TW_OK;
    *out = (tw__rings){.points = NULL};
    TW_TRY(tw__alloc(ctx, &next, SIDES, sizeof *next, err));
    for (int k = 0; k < SIDES; k++) next[k] = NONE;
    for (int j = 0; j < SIDE - 1; j++)
        for (int i = 0; i < SIDE - 1; i++) {
            const signed char *line = lines[case_of(r, i, j, level)];
            for (int k = 0; k < 4 && line[k] != NONE; k += 2)
                next[side_of(i, j, line[k])] = side_of(i, j, line[k + 1]);
        }
    for (int k = 0; k < SIDES && s == TW_OK; k++)
        if (next[k] != NONE) s = follow(out, ctx, r, level, next, k, err);
    tw__free(ctx, next, SIDES, sizeof *next);
    if (s != TW_OK) tw__rings_free(ctx, out);
    return s;
}

void tw__rings_free(tw_context *ctx, tw__rings *rings)
{
    tw__free(ctx, rings->points, rings->capacity, sizeof *rings->points);
    tw__free(ctx, rings->ends, rings->rings_capacity, sizeof *rings->ends);
    *rings = (tw__rings){.points = NULL};
}
