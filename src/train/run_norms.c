/* Looking into a run at a step: the tensors of its weights, the mean gradient that was stepped with, and the
 * norms of both. Nothing is measured unless it is asked for.
 * SPDX-License-Identifier: MIT */
#include "train/run.h"
#include <math.h>
#include <string.h>

const tw_tensor *tw_run_tensors(const tw_run *r, size_t *n)
{
    *n = r->train.n_tensors;
    return r->train.tensors;
}

/* What a list does not have is 0. */
static void spread(tw_run *r, const tw_sparse_sum *list)
{
    memset(r->shown, 0, r->size * tw_type_size(r->train.type));
    tw__list_spread(list, r->train.type, 0, r->size, r->shown);
}

/* A solver's gradient is in double. */
static void round_gradient(tw_run *r)
{
    const double *g = r->solver->at.g;
    for (size_t i = 0; i < r->size; i++)
        if (r->train.type == TW_F32) ((float *)r->shown)[i] = (float)g[i];
        else ((double *)r->shown)[i] = g[i];
}

/* Of a run with a solver or a fused estimator there is none. */
static const tw__sum *mean_of(const tw_run *r)
{
    return r->solver || r->by_row ? NULL : r->exchange->type->mean(r->exchange);
}

tw_status tw_run_gradient(tw_run *r, const void **gradient, tw_error *err)
{
    TW_MAKES(err, gradient, r);
    const tw__sum *mean = mean_of(r);
    const int is_known = r->solver ? r->solver->progress.started > 0 : mean != NULL;
    if (!is_known) return TW_OK;
    if (mean && !mean->is_list) {
        *gradient = mean->dense;
        return TW_OK;
    }
    if (!r->shown) TW_TRY(tw__alloc(r->ctx, &r->shown, r->size, tw_type_size(r->train.type), err));
    const tw__fp_mode mode = tw__fp_enter();
    if (mean) spread(r, mean->list);
    else round_gradient(r);
    tw__fp_leave(mode);
    *gradient = r->shown;
    return TW_OK;
}

size_t tw__tensor_size(const tw_tensor *tensors, size_t n, size_t i, size_t all)
{
    return (i + 1 < n ? tensors[i + 1].offset : all) - tensors[i].offset;
}

void tw__run_add_largest(const tw_run *r, tw_error *err)
{
    double largest = 0;
    size_t at = 0;
    for (size_t i = 0; i < r->size; i++) {
        const double w = r->train.type == TW_F64 ? ((const double *)r->w)[i] : ((const float *)r->w)[i];
        if (!(fabs(w) > fabs(largest))) continue;
        largest = w;
        at = i;
    }
    size_t t = r->train.n_tensors - 1;
    while (t > 0 && r->train.tensors[t].offset > at) t--;
    if (r->train.n_tensors > 1)
        tw__fail_more(err, "; its largest weight is %.4g, in %.60s", largest, r->train.tensors[t].name);
}

double tw__norm_of(const tw__sums *sums, tw_type type, const void *x, size_t first, size_t n)
{
    return sqrt(type == TW_F32 ? tw__sum_squares_f32(sums, (const float *)x + first, n)
                               : tw__sum_squares_f64(sums, (const double *)x + first, n));
}

/* The bits of the vector that the list stands for, without making it. */
static double list_norm(const tw__sums *sums, tw_type type, const tw_sparse_sum *list, size_t first, size_t n)
{
    double chunk[TW__CHUNK];
    tw__tree tree = {0};
    size_t at = tw__list_place(list, first);
    for (size_t lo = first, hi; lo < first + n; lo = hi) {
        hi = first + n - lo > TW__CHUNK ? lo + TW__CHUNK : first + n;
        memset(chunk, 0, (hi - lo) * sizeof *chunk);
        for (; at < list->n && list->index[at] < hi; at++)
            chunk[list->index[at] - lo] =
                type == TW_F32 ? ((const float *)list->value)[at] : ((const double *)list->value)[at];
        tw__tree_add(&tree, sums->sum_squares_f64(chunk, hi - lo));
    }
    return sqrt(tw__tree_total(&tree));
}

static double gradient_norm(const tw_run *r, const tw__sums *sums, size_t first, size_t n)
{
    const tw__sum *mean = mean_of(r);
    if (r->solver)
        return r->solver->progress.started > 0 ? tw__norm_of(sums, TW_F64, r->solver->at.g, first, n) : NAN;
    if (!mean) return NAN;
    return mean->is_list ? list_norm(sums, r->train.type, mean->list, first, n)
                         : tw__norm_of(sums, r->train.type, mean->dense, first, n);
}

tw_status tw_run_norms(const tw_run *r, size_t tensor, tw_norms *to, tw_error *err)
{
    TW_NEEDS(err, to);
    *to = (tw_norms){0};
    TW_NEEDS(err, r);
    if (tensor >= r->train.n_tensors)
        return tw__fail(err, TW_ERR_SPEC, "tensor %zu is requested, the run has %zu", tensor,
                        r->train.n_tensors);
    const tw_tensor *t = &r->train.tensors[tensor];
    const tw__sums *sums = tw__sums_for(tw_context_isa(r->ctx));
    const size_t n = tw__tensor_size(r->train.tensors, r->train.n_tensors, tensor, r->size);
    const int is_stepped = !(t->flags & (TW_TENSOR_BUFFER | TW_TENSOR_FROZEN));
    const tw__fp_mode mode = tw__fp_enter();
    *to = (tw_norms){tw__norm_of(sums, r->train.type, r->w, t->offset, n),
                     is_stepped ? gradient_norm(r, sums, t->offset, n) : NAN};
    tw__fp_leave(mode);
    return TW_OK;
}
