/* Points of the norms: every so many updates of the whole run, so that their number has a bound.
 * SPDX-License-Identifier: MIT */
#include "train/norm_trace.h"
#include "train/job.h"
#include <math.h>

enum { POINTS = 120, FEW_TENSORS = 2 };

static size_t point_size(const tw__norm_trace *t) { return 1 + 2 * t->n_tensors; }

void tw__norm_trace_begin(tw__norm_trace *t, const tw_run *run)
{
    tw_run_tensors(run, &t->n_tensors);
    t->every = t->n_tensors > FEW_TENSORS ? (tw__run_updates(run) + POINTS - 1) / POINTS : 0;
}

tw_status tw__norm_trace_step(tw__norm_trace *t, tw_context *ctx, const tw_run *run, tw_error *err)
{
    if (!t->every || tw_run_steps(run) % t->every != 0) return TW_OK;
    TW_TRY(tw__grow(ctx, &t->numbers, &t->capacity, t->n + point_size(t), sizeof *t->numbers, err));
    double *point = t->numbers + t->n;
    point[0] = (double)tw_run_steps(run);
    for (size_t i = 0; i < t->n_tensors; i++) {
        tw_norms norms;
        TW_TRY(tw_run_norms(run, i, &norms, err));
        point[1 + 2 * i] = norms.weights;
        point[2 + 2 * i] = norms.gradient;
    }
    t->n += point_size(t);
    return TW_OK;
}

static tw_status visit_points(tw__norm_trace *t, tw_context *ctx, tw_visitor *v, tw_error *err)
{
    double *list = NULL;
    size_t n = t->n;
    if (!t->every) return TW_OK;
    TW_TRY(tw__alloc(ctx, &list, n, sizeof *list, err));
    for (size_t i = 0; i < n; i++) list[i] = t->numbers[i];
    tw_status s = v->list(v, "trace.norms", TW_F64, &n, (void **)&list, ctx, err);
    if (s == TW_OK && v->loading == TW_LOAD && n % point_size(t) != 0)
        s = tw__fail(err, TW_ERR_DATA, "the stored norms are %zu numbers, which are not %zu each", n,
                     point_size(t));
    if (s == TW_OK && v->loading == TW_LOAD)
        s = tw__grow(ctx, &t->numbers, &t->capacity, n, sizeof *t->numbers, err);
    if (s == TW_OK && v->loading == TW_LOAD) {
        for (size_t i = 0; i < n; i++) t->numbers[i] = list[i];
        t->n = n;
    }
    tw__free(ctx, list, n, sizeof *list);
    return s;
}

tw_status tw__norm_trace_last(const tw__norm_trace *t, const tw_run *run, size_t tensor, tw_norms *to,
                              tw_error *err)
{
    TW_TRY(tw_run_norms(run, tensor, to, err));
    if (isnan(to->gradient) && t->read) to->gradient = t->read[tensor];
    return TW_OK;
}

static tw_status visit_last(tw__norm_trace *t, tw_context *ctx, const tw_run *run, tw_visitor *v,
                            tw_error *err)
{
    int64_t n = (int64_t)t->n_tensors;
    double *last;
    TW_TRY(tw__alloc(ctx, &last, t->n_tensors, sizeof *last, err));
    tw_status s = TW_OK;
    for (size_t i = 0; i < t->n_tensors && s == TW_OK; i++) {
        tw_norms norms = {0};
        s = tw__norm_trace_last(t, run, i, &norms, err);
        last[i] = norms.gradient;
    }
    if (s == TW_OK) s = v->field(v, "trace.gradient", TW_F64, 1, &n, last, err);
    if (s == TW_OK && v->loading == TW_LOAD) {
        tw__free(ctx, t->read, t->n_tensors, sizeof *t->read);
        t->read = last;
        return TW_OK;
    }
    tw__free(ctx, last, t->n_tensors, sizeof *last);
    return s;
}

tw_status tw__norm_trace_visit(tw__norm_trace *t, tw_context *ctx, const tw_run *run, tw_visitor *v,
                               tw_error *err)
{
    TW_TRY(visit_points(t, ctx, v, err));
    return visit_last(t, ctx, run, v, err);
}

void tw__norm_trace_free(tw__norm_trace *t, tw_context *ctx)
{
    tw__free(ctx, t->numbers, t->capacity, sizeof *t->numbers);
    tw__free(ctx, t->read, t->n_tensors, sizeof *t->read);
}

size_t tw__norm_trace_points(const tw__norm_trace *t) { return t->n / point_size(t); }

double tw__norm_trace_at(const tw__norm_trace *t, size_t point) { return t->numbers[point * point_size(t)]; }

tw_norms tw__norm_trace_of(const tw__norm_trace *t, size_t point, size_t tensor)
{
    const double *norms = t->numbers + point * point_size(t) + 1 + 2 * tensor;
    return (tw_norms){norms[0], norms[1]};
}
