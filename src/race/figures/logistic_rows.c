/* Rows for logistic regression that several figures run on, and what they measure of it.
 * SPDX-License-Identifier: MIT */
#include "math/normal.h"
#include "race/figures/figure.h"

enum { SEED = 5 };

/* Normal numbers, every second one times `spread`; a label is 1 with the probability that weights of normal
 * numbers give. */
static void fill(tw__rows *r, double spread)
{
    for (uint64_t i = 0; i < r->n; i++) {
        double h = 0;
        for (size_t j = 0; j < r->columns; j++) {
            double *x = &r->x[i * r->columns + j];
            *x = tw__random_normal(SEED, TW__FOR_FIGURE, j, i);
            h += *x * tw__random_normal(SEED, TW__FOR_FIGURE, r->columns, j) / 2;
            *x *= j % 2 ? 1 : spread;
        }
        r->y[i] =
            tw__random_unit(SEED, TW__FOR_FIGURE, r->columns + 1, i) * (1 + tw__exp_f64(-h)) < 1 ? 1 : -1;
    }
}

tw_status tw__rows_logistic(tw__rows *r, tw_context *ctx, uint64_t n, size_t columns, double spread,
                            tw_error *err)
{
    tw_linear_options o = TW_LINEAR_OPTIONS_INIT;
    o.loss = TW_LINEAR_LOGISTIC;
    o.intercept = 0;
    o.l2 = 0.001;
    TW_TRY(tw__rows_make(r, ctx, n, columns, err));
    fill(r, spread);
    return tw__rows_open(r, &o, err);
}

tw_status tw__rows_least(const tw__rows *r, double *least, tw_error *err)
{
    static const tw__trace_setting full = {.optimizer = "nag:lr=2,momentum=0.9",
                                           .estimator = "full",
                                           .updates = 400,
                                           .every = 20};
    tw__trace best;
    TW_TRY(tw__trace_make(&best, r, &full, err));
    *least = best.loss[0];
    for (size_t i = 1; i < best.n; i++) *least = best.loss[i] < *least ? best.loss[i] : *least;
    tw__trace_free(&best);
    return TW_OK;
}

double tw__late_gap(const tw__trace *t, double least)
{
    double sum = 0;
    for (size_t i = t->n / 2; i < t->n; i++) sum += t->loss[i] - least;
    return sum / (double)(t->n - t->n / 2);
}
