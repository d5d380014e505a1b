/* Estimators that keep a snapshot, on several workers. When the updates of a round are made all workers rest;
 * the run takes the snapshot, with all threads of its context in the batch tree, and workers make the
 * directions of the next round's updates from it, each at its weights.
 *
 * A direction is a vector: the mean gradient at the snapshot moves every weight. With sparse=degree it is a
 * list of what the drawn rows touch, and has that mean by degree (Mania et al. 2017): over all rows that is
 * the mean itself.
 * SPDX-License-Identifier: MIT */
#include "train/degree.h"
#include "train/job.h"
#include "train/run.h"
#include <string.h>

/* ---- rounds -------------------------------------------------------------------------------------------- */

/* The update that began the round of this one. */
static uint64_t this_round(const tw_run *r)
{
    uint64_t number = r->updates;
    while (number > 0 && !r->estimator->type->begins_round(r->estimator, number)) number--;
    return number;
}

/* The update after this one that begins a round, or the run's end. */
static uint64_t next_round(const tw_run *r)
{
    const tw__estimator *e = r->estimator;
    const uint64_t end = tw__run_updates(r);
    uint64_t number = r->updates + 1;
    while (number < end && !e->type->begins_round(e, number)) number++;
    return number;
}

tw_status tw__run_begin_round(tw_run *r, tw__workers *x, tw_error *err)
{
    tw__estimator *e = r->estimator;
    if (!e->is_led) return TW_OK;
    if (r->updates >= x->round_end) {
        x->round_begin = this_round(r);
        x->round_end = next_round(r);
    }
    if (!e->type->begins_round(e, r->updates)) return TW_OK;
    TW_TRY(tw__run_lead(r, err));
    if (x->protocol->refresh) TW_TRY(x->protocol->refresh(x, err));
    if (x->transport->pass) x->transport->pass(x, (double)r->steps_per_epoch);
    return TW_OK;
}

/* ---- directions ---------------------------------------------------------------------------------------- */

/* An evaluation as the estimator asks for it. */
struct at {
    const tw__follower *f;
    const tw_draw *draw;
};

static tw_status gradient_at(void *user, const void *point, const uint64_t *rows, size_t n, void *to,
                             tw_sums *sums, tw_error *err)
{
    const struct at *a = user;
    return tw__batch_sum(a->f->batch, point, rows, n, a->draw, a->f->r->mode, to, sums, err);
}

static tw_status vector_direction(tw__follower *f, const tw_draw *draw, tw__update *u, const void *at,
                                  tw__gradient *to, tw_error *err)
{
    struct at place = {f, draw};
    u->w = (void *)(uintptr_t)at; /* which a led estimator only reads */
    u->user = &place;
    u->gradient = gradient_at;
    TW_TRY(f->estimator->type->direction(f->estimator, u, err));
    tw__run_add_penalty(f->r, at, u->direction);
    tw__estimator_keep_block(f->estimator, u->number, u->direction);
    to->lo = to->first[0] = 0;
    to->hi = to->leaves = to->n = 1;
    to->node[0] = (tw__sum){.dense = u->direction};
    to->leaf[0] = u->sums;
    to->rows = f->estimator->type->begins_round(f->estimator, u->number) ? 0 : 2 * u->n;
    to->is_mean = 1;
    return TW_OK;
}

/* The sum of the drawn rows' gradients at a point: a list. */
static tw_status list_at(tw__follower *f, const tw_draw *draw, const tw__update *u, const void *point,
                         tw__gradient *to, tw_error *err)
{
    tw_sums sums;
    tw__collector_begin(f->collector, 0, 1, 0, to);
    TW_TRY(tw__batch_gradient(f->batch, &f->collector->base, point, u->rows, u->n, draw, f->r->mode, &sums,
                              err));
    tw__run_fold(f->r, f->r->size, to);
    return TW_OK;
}

static void negate(tw_sparse_sum *to, const tw_sparse_sum *from, tw_type type)
{
    to->n = from->n;
    for (size_t i = 0; i < from->n; i++) {
        to->index[i] = from->index[i];
        if (type == TW_F64) ((double *)to->value)[i] = -((const double *)from->value)[i];
        else ((float *)to->value)[i] = -((const float *)from->value)[i];
    }
}

/* Every row has the intercepts. */
static void add_intercepts(const tw_run *r, const void *mean, double weight, tw_sparse_sum *to)
{
    const size_t first = r->glm.outputs * r->glm.columns;
    for (size_t i = tw__list_place(to, first); i < to->n; i++)
        if (r->train.type == TW_F64)
            ((double *)to->value)[i] += weight * ((const double *)mean)[to->index[i]];
        else ((float *)to->value)[i] += (float)(weight * (double)((const float *)mean)[to->index[i]]);
}

static void keep_block(const tw__follower *f, uint64_t number, tw_sparse_sum *list)
{
    const size_t real = tw_type_size(f->r->train.type);
    size_t lo, hi;
    if (!tw__estimator_has_blocks(f->estimator)) return;
    f->estimator->type->block(f->estimator, number, &lo, &hi);
    const size_t first = tw__list_place(list, lo);
    list->n = tw__list_place(list, hi) - first;
    memmove(list->index, list->index + first, list->n * sizeof *list->index);
    memmove(list->value, (char *)list->value + first * real, list->n * real);
}

/* A sum over the rows, which is divided by their weight like any other. */
static tw_status list_direction(tw__follower *f, const tw_draw *draw, const tw__update *u, const void *at,
                                tw__gradient *to, tw_error *err)
{
    const tw_run *r = f->r;
    const void *snapshot, *mean;
    const size_t most = f->objective->touched(f->objective->user, u->rows, u->n, NULL);
    tw__sum sum = {.is_list = 1, .list = &f->there};
    f->estimator->type->round(f->estimator, &snapshot, &mean);
    TW_TRY(tw__list_reserve(f->ctx, &f->there, 2 * most, tw_type_size(r->train.type), err));
    TW_TRY(list_at(f, draw, u, snapshot, to, err));
    negate(&f->there, to->node[0].list, r->train.type);
    TW_TRY(list_at(f, draw, u, at, to, err));
    tw__list_add(&f->there, to->node[0].list, r->train.type);
    tw__degree_add(&r->glm, r->degree_ratios, r->train.type, 1, mean, u->rows, u->n, &sum);
    add_intercepts(r, mean, to->leaf[0].weight, &f->there);
    keep_block(f, u->number, &f->there);
    to->node[0] = sum;
    to->rows = 2 * u->n;
    return TW_OK;
}

tw_status tw__run_direction(tw__follower *f, const tw_draw *draw, tw__update *u, const void *at,
                            tw__gradient *to, tw_error *err)
{
    return f->r->exchange->steps_lists ? list_direction(f, draw, u, at, to, err)
                                       : vector_direction(f, draw, u, at, to, err);
}
