/* The least l1 at which all weights are 0: there the gradient's numbers are at most l1, at the best
 * intercept.
 * SPDX-License-Identifier: MIT */
#include "base/cpu.h"
#include "train/batch.h"
#include "train/gap.h"
#include "train/objective.h"
#include <math.h>
#include <string.h>
#include <thalweg/train.h>

typedef struct biases {
    const tw_glm *glm;
    uint64_t rows;
    double *b, *slopes;
} biases;

/* The sum of the slopes of output k where its bias is b. */
static double slope_at(biases *o, size_t k, double b)
{
    const double was = o->b[k];
    double sum = 0;
    o->b[k] = b;
    for (uint64_t i = 0; i < o->rows; i++) {
        o->glm->loss(o->glm->user, i, o->b, o->slopes);
        sum += o->glm->weight(o->glm->user, i) * o->slopes[k];
    }
    o->b[k] = was;
    return sum;
}

/* Where the rising slope is 0: an interval is found by doubling, and cut as by the Illinois method. */
static double best_bias(biases *o, size_t k)
{
    enum { MOST = 200 };
    double low = o->b[k], f_low = slope_at(o, k, low), high = low, f_high = f_low, reach = 1;
    for (; f_high < 0 && reach < 1e300; reach *= 2)
        low = high, f_low = f_high, f_high = slope_at(o, k, high += reach);
    for (; f_low > 0 && reach < 1e300; reach *= 2)
        high = low, f_high = f_low, f_low = slope_at(o, k, low -= reach);
    double at = f_low == 0 ? low : high;
    for (int i = 0; i < MOST && f_low < 0 && f_high > 0; i++) {
        at = i % 3 == 2 ? low + (high - low) / 2 : low - f_low * (high - low) / (f_high - f_low);
        if (!(at > low && at < high)) at = low + (high - low) / 2;
        if (!(at > low && at < high)) break;
        const double f = slope_at(o, k, at);
        if (f < 0) low = at, f_low = f;
        else high = at, f_high = f;
        if (f == 0) break;
    }
    return at;
}

/* In turns, since the scores of softmax depend on each other. */
static void set_biases(biases *o)
{
    enum { MOST = 100 };
    double change = INFINITY;
    for (int turn = 0; turn < MOST && change > 1e-14; turn++) {
        change = 0;
        for (size_t k = 0; k < o->glm->outputs; k++) {
            const double b = best_bias(o, k);
            if (fabs(b - o->b[k]) > change) change = fabs(b - o->b[k]);
            o->b[k] = b;
        }
        if (o->glm->outputs == 1) break;
    }
}

static tw_status best_biases(tw_context *ctx, const tw_objective *o, void *w, tw_error *err)
{
    biases b = {.glm = o->glm, .rows = o->n_rows};
    const size_t n = o->glm->outputs, first = n * o->glm->columns;
    if (!o->glm->intercept) return TW_OK;
    TW_TRY(tw__alloc(ctx, &b.b, 2 * n, sizeof(double), err));
    b.slopes = b.b + n;
    set_biases(&b);
    for (size_t k = 0; k < n; k++)
        if (o->type == TW_F64) ((double *)w)[first + k] = b.b[k];
        else ((float *)w)[first + k] = (float)b.b[k];
    tw__free(ctx, b.b, 2 * n, sizeof(double));
    return TW_OK;
}

/* The largest number of the gradient of the weights, by the sum that a run makes. */
static tw_status largest(tw_context *ctx, const tw_objective *o, const void *w, void *g, tw__fp_mode mode,
                         double *to, tw_error *err)
{
    tw__batch *batch;
    uint64_t *rows = NULL;
    tw_sums sums = {0};
    TW_TRY(tw__batch_create(&batch, ctx, o, err));
    tw_status s = tw__rows_from(ctx, 0, o->n_rows, &rows, err);
    if (s == TW_OK) s = tw__batch_sum(batch, w, rows, (size_t)o->n_rows, NULL, mode, g, &sums, err);
    for (size_t j = 0; s == TW_OK && j < o->glm->outputs * o->glm->columns; j++) {
        const double size = fabs(o->type == TW_F64 ? ((double *)g)[j] : (double)((float *)g)[j]);
        if (size / sums.weight > *to) *to = size / sums.weight;
    }
    tw__free(ctx, rows, (size_t)o->n_rows, sizeof *rows);
    tw__batch_free(batch);
    return s;
}

tw_status tw__l1_max(tw_context *ctx, const tw_objective *o, tw__fp_mode mode, double *l1, tw_error *err)
{
    const size_t n = tw__objective_size(o), bytes = tw_type_size(o->type);
    void *w, *g = NULL;
    *l1 = 0;
    TW_TRY(tw__alloc(ctx, &w, n, bytes, err));
    tw_status s = tw__alloc(ctx, &g, n, bytes, err);
    if (s == TW_OK) s = best_biases(ctx, o, w, err);
    if (s == TW_OK) s = largest(ctx, o, w, g, mode, l1, err);
    tw__free(ctx, w, n, bytes);
    tw__free(ctx, g, n, bytes);
    *l1 *= o->type == TW_F64 ? 1 + 1e-12 : 1 + 1e-6;
    return s;
}

tw_status tw_l1_max(tw_context *ctx, const tw_objective *objective, double *l1, tw_error *err)
{
    tw_objective o;
    TW_NEEDS(err, ctx && objective && l1);
    *l1 = NAN;
    TW_TRY(tw__objective_read(&o, objective, 1, err));
    if (!o.glm || o.glm->kinks)
        return tw__fail(err, TW_ERR_SPEC, "l1_max needs a linear model with a smooth loss%s%s",
                        o.glm ? ", not " : "", o.glm ? o.glm->kinks : "");
    const tw__fp_mode mode = tw__fp_enter();
    const tw_status s = tw__l1_max(ctx, &o, mode, l1, err);
    tw__fp_leave(mode);
    return s;
}
