/* Rows around a line.
 * SPDX-License-Identifier: MIT */
#include "race/figures/line.h"
#include "math/normal.h"

enum { ROWS = 128, SEED = 2 };
static const double slope = 0.5, intercept = 1, noise = 0.5, widest = 4;

static tw_status fit(tw__line *l, tw_error *err)
{
    double x = 0, y = 0;
    tw_metrics m;
    for (size_t i = 0; i < ROWS; i++) {
        x += l->rows.x[i] / ROWS;
        y += l->rows.y[i] / ROWS;
    }
    l->slope = tw__slope(l->rows.x, l->rows.y, ROWS, NULL);
    l->intercept = y - l->slope * x;
    TW_TRY(tw_evaluate(l->rows.ctx, &l->rows.objective, (double[]){l->slope, l->intercept}, &m, err));
    l->least = m.loss;
    return TW_OK;
}

tw_status tw__line_make(tw__line *l, tw_context *ctx, tw_error *err)
{
    const tw_linear_options options = TW_LINEAR_OPTIONS_INIT;
    TW_TRY(tw__rows_make(&l->rows, ctx, ROWS, 1, err));
    for (size_t i = 0; i < ROWS; i++) {
        l->rows.x[i] = widest * tw__random_unit(SEED, TW__FOR_FIGURE, 0, i);
        l->rows.y[i] =
            slope * l->rows.x[i] + intercept + noise * tw__random_normal(SEED, TW__FOR_FIGURE, 1, i);
    }
    TW_TRY(tw__rows_open(&l->rows, &options, err));
    const tw_status s = fit(l, err);
    if (s != TW_OK) tw__rows_free(&l->rows);
    return s;
}

tw_status tw__line_write(tw__figure_output *output, const tw__line *l, tw_error *err)
{
    const double *const columns[] = {l->rows.x, l->rows.y};
    tw__output_number(output, "slope", l->slope);
    tw__output_number(output, "intercept", l->intercept);
    tw__output_number(output, "least", l->least);
    return tw__output_columns(output, "rows", "x,y", ROWS, 2, columns, err);
}

double tw__line_excess(const tw__line *l, const tw__trace *c) { return c->loss[c->n - 1] - l->least; }
