/* sgd:lr=search in the loop: the search along the gradient of the drawn rows, where it is a vector. Fused
 * runs make theirs in by_row.c.
 * SPDX-License-Identifier: MIT */
#include "train/run.h"
#include "estimators/vectors.h"

struct along {
    tw_run *r;
    const uint64_t *rows;
    size_t n;
    const void *gradient;
    double divisor;
};

static tw_status loss_at(void *user, double step, double *loss, tw_error *err)
{
    const struct along *a = user;
    tw_run *r = a->r;
    tw_sums sums;
    tw__vectors_move(r->estimator, r->trial, r->w, -step / a->divisor, a->gradient);
    TW_TRY(tw__batch_loss(r->batch, r->trial, a->rows, a->n, r->draw, r->mode, &sums, err));
    *loss = sums.loss / a->divisor;
    return TW_OK;
}

tw_status tw__run_make_search(tw_run *r, tw_error *err)
{
    if (!(r->estimator->lipschitz > 0) || r->by_row) return TW_OK;
    TW_TRY(tw__estimator_vector(r->estimator, &r->trial, err));
    return tw__alloc(r->ctx, &r->partial, tw__vectors_chunks(r->estimator), sizeof *r->partial, err);
}

void tw__run_free_search(tw_run *r)
{
    if (!r->trial) return;
    tw__estimator_free_vector(r->estimator, r->trial);
    tw__free(r->ctx, r->partial, tw__vectors_chunks(r->estimator), sizeof *r->partial);
}

tw_status tw__run_begin_search(tw_run *r, const uint64_t *rows, tw_error *err)
{
    if (!r->trial) return TW_OK;
    r->searched = rows;
    return tw_optimizer_set_factor(r->optimizer, tw__estimator_search_rate(r->estimator), err);
}

tw_status tw__run_search(tw_run *r, const uint64_t *rows, size_t n, const void *gradient, const tw_sums *sums,
                         tw_error *err)
{
    tw__estimator *e = r->estimator;
    if (!r->trial || rows != r->searched) return TW_OK;
    r->searched = NULL;
    struct along a = {r, rows, n, gradient,
                      e->weight > 0 ? (double)n * e->weight / (double)e->n_rows : sums->weight};
    const double norm = tw__vectors_norm(e, gradient, r->partial) / a.divisor;
    const tw__line line = {sums->loss / a.divisor, norm * norm, &a, loss_at};
    double lr;
    TW_TRY(tw__estimator_search(e, &line, &lr, err));
    return tw_optimizer_set_factor(r->optimizer, lr, err);
}
