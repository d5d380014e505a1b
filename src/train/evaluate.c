/* Means and outputs over all rows of an objective, dropout off.
 * SPDX-License-Identifier: MIT */
#include "base/cpu.h"
#include "train/batch.h"
#include <math.h>
#include <thalweg/train.h>

tw_status tw__rows_from(tw_context *ctx, uint64_t first, uint64_t n, uint64_t **rows, tw_error *err)
{
    TW_TRY(tw__alloc(ctx, rows, n, sizeof **rows, err));
    for (uint64_t i = 0; i < n; i++) (*rows)[i] = first + i;
    return TW_OK;
}

static tw_status evaluate(tw_context *ctx, const tw_objective *o, const void *w, tw__fp_mode callers,
                          tw_metrics *out, tw_error *err)
{
    tw__batch *b = NULL;
    uint64_t *rows = NULL;
    tw_sums sums;
    TW_TRY(tw__rows_from(ctx, 0, o->n_rows, &rows, err));
    tw_status s = tw__batch_create(&b, ctx, o, err);
    if (s == TW_OK) s = tw__batch_loss(b, w, o->n_rows ? rows : NULL, o->n_rows, NULL, callers, &sums, err);
    if (s == TW_OK && !(sums.weight > 0))
        s = tw__fail(err, TW_ERR_DATA, "the summed weight of the rows is %g", sums.weight);
    if (s == TW_OK)
        *out = (tw_metrics){sums.loss / sums.weight, o->counts_correct ? sums.correct / sums.weight : NAN,
                            o->n_rows};
    tw__batch_free(b);
    tw__free(ctx, rows, o->n_rows, sizeof *rows);
    return s;
}

tw_status tw_evaluate(tw_context *ctx, const tw_objective *objective, const void *w, tw_metrics *out,
                      tw_error *err)
{
    tw_objective o;
    TW_NEEDS(err, out);
    *out = (tw_metrics){0};
    TW_NEEDS(err, ctx && objective && w);
    TW_TRY(tw__objective_read(&o, objective, 1, err));
    tw__fp_mode mode = tw__fp_enter();
    tw_status s = evaluate(ctx, &o, w, mode, out, err);
    tw__fp_leave(mode);
    return s;
}

tw_status tw_predict(tw_context *ctx, const tw_objective *objective, const void *w, uint64_t first, size_t n,
                     void *output, tw_error *err)
{
    TW_NEEDS(err, ctx && objective && w && output);
    tw_objective o;
    TW_TRY(tw__objective_read(&o, objective, 0, err));
    if (first > o.n_rows || n > o.n_rows - first)
        return tw__fail(err, TW_ERR_SPEC, "rows %llu to %llu of %llu", (unsigned long long)first,
                        (unsigned long long)(first + n), (unsigned long long)o.n_rows);
    uint64_t *rows;
    tw_sums sums;
    const tw_draw draw = {.number = 0};
    tw_eval e = {.size = sizeof e,
                 .want = TW_WANT_OUTPUT,
                 .w = w,
                 .n = n,
                 .draw = &draw,
                 .sums = &sums,
                 .output = output};
    TW_TRY(tw__rows_from(ctx, first, n, &rows, err));
    e.rows = rows;
    int result = o.point ? o.point(o.user, w) : 0;
    if (!result) result = o.eval(o.user, &e);
    tw__free(ctx, rows, n, sizeof *rows);
    if (!result) return TW_OK;
    tw__fail(err, TW_STOPPED, "the objective stopped the evaluation (%d)", result);
    if (err) err->callback = result;
    return TW_STOPPED;
}
