/* Draws sparse rows; see planted.h.
 * SPDX-License-Identifier: MIT */
#include "data/planted.h"
#include "math/elementary.h"
#include "math/normal.h"
#include <math.h>
#include <stdlib.h>

enum { COLUMN, VALUE, LENGTH, FLIP, WEIGHT, STREAMS };
_Static_assert((int)STREAMS <= TW__PLANTED_STREAMS, "more streams than there are");

static int is_dense(const tw__planted *p) { return p->nonzeros >= p->columns; }

size_t tw__planted_most(const tw__planted *p)
{
    return is_dense(p) ? p->columns : p->nonzeros + p->nonzeros / 2 + 1;
}

tw_status tw__planted_new(const tw__planted *p, tw_context *ctx, tw__planted_row *row, tw_error *err)
{
    const size_t most = tw__planted_most(p);
    *row = (tw__planted_row){0};
    TW_TRY(tw__alloc(ctx, &row->column, most, sizeof *row->column, err));
    TW_TRY(tw__alloc(ctx, &row->units, most, sizeof *row->units, err));
    return tw__alloc(ctx, &row->scratch, most, sizeof *row->scratch, err);
}

void tw__planted_free(const tw__planted *p, tw_context *ctx, tw__planted_row *row)
{
    const size_t most = tw__planted_most(p);
    tw__free(ctx, row->column, most, sizeof *row->column);
    tw__free(ctx, row->units, most, sizeof *row->units);
    tw__free(ctx, row->scratch, most, sizeof *row->scratch);
}

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

uint32_t tw__planted_pick(uint32_t n, uint64_t seed, uint32_t stream, uint64_t at)
{
    const double u = tw__random_unit(seed, TW__FOR_PLANTED, stream, at);
    const double j = floor(tw__exp_f64(u * tw__log_f64(n + 1.0))) - 1;
    return j < 0 ? 0 : j < n ? (uint32_t)j : n - 1;
}

static void draw_columns(const tw__planted *p, uint64_t number, uint64_t first, tw__planted_row *row)
{
    const uint32_t drawn =
        p->nonzeros - p->nonzeros / 2 +
        (uint32_t)tw__random_below(p->seed, TW__FOR_PLANTED, LENGTH, number, p->nonzeros / 2 * 2 + 1u);
    row->n = 0;
    if (is_dense(p))
        for (; row->n < p->columns; row->n++) row->column[row->n] = row->n;
    if (is_dense(p)) return;
    for (uint32_t i = 0; i < drawn; i++)
        row->column[i] = tw__planted_pick(p->columns, p->seed, COLUMN, first + i);
    qsort(row->column, drawn, sizeof *row->column, compare);
    for (uint32_t i = 0; i < drawn; i++)
        if (i == 0 || row->column[i] != row->column[row->n - 1]) row->column[row->n++] = row->column[i];
}

/* Like a count of words times the logarithm of how rare they are; then of norm 1. */
static void draw_values(const tw__planted *p, uint64_t first, tw__planted_row *row)
{
    double squares = 0;
    for (uint32_t i = 0; i < row->n; i++) {
        const double count = 0.2 + fabs(tw__random_normal(p->seed, TW__FOR_PLANTED, VALUE, first + i)),
                     rare = is_dense(p) ? 1 : tw__log_f64(2 + 0.02 * row->column[i]);
        row->scratch[i] = count * rare;
        squares += row->scratch[i] * row->scratch[i];
    }
    for (uint32_t i = 0; i < row->n; i++) {
        const double units = rint(TW__PLANTED_UNIT * row->scratch[i] / sqrt(squares));
        row->units[i] = units < 1 ? 1 : (uint32_t)units;
    }
}

void tw__planted_draw(const tw__planted *p, uint64_t number, tw__planted_row *row)
{
    const uint64_t first = number * tw__planted_most(p);
    double score = 0;
    draw_columns(p, number, first, row);
    draw_values(p, first, row);
    for (uint32_t i = 0; i < row->n; i++)
        score += row->units[i] * tw__random_normal(p->seed, TW__FOR_PLANTED, WEIGHT, row->column[i]);
    row->class = (score > 0) != (tw__random_unit(p->seed, TW__FOR_PLANTED, FLIP, number) < 0.05);
}
