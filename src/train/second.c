/* Second derivatives through the batch tree.
 * SPDX-License-Identifier: MIT */
#include "train/second.h"
#include "train/objective.h"

/* An objective whose weights are the numbers of a sum, and its batch, made when it is first needed. */
struct part {
    tw__second *owner;
    tw_objective objective;
    int64_t shape[1];
    tw_tensor tensor;
    tw__batch *batch;
};

struct tw__second {
    tw_context *ctx;
    const tw_objective *of;
    const uint64_t *rows;
    tw__ring *ring;
    struct part matrix, product;
    double *kept;
    size_t n_kept;
    const double *vector; /* of the present product */
};

static int point(void *user, const void *w)
{
    const tw_objective *of = ((const struct part *)user)->owner->of;
    return of->point ? of->point(of->user, w) : 0;
}

static int matrix_eval(void *user, const tw_eval *e)
{
    const tw_objective *of = ((const struct part *)user)->owner->of;
    return of->hessian(of->user, e);
}

static int product_eval(void *user, const tw_eval *e)
{
    const tw__second *s = ((const struct part *)user)->owner;
    tw_eval own = *e;
    own.vector = s->vector;
    own.kept = s->kept;
    return s->of->hessian_times(s->of->user, &own);
}

static tw_status make_part(tw__second *s, struct part *p, size_t numbers,
                           int (*eval)(void *user, const tw_eval *e), tw_error *err)
{
    if (p->batch) return TW_OK;
    p->owner = s;
    p->shape[0] = (int64_t)numbers;
    p->tensor = (tw_tensor){.name = "hessian", .rank = 1, .shape = p->shape};
    p->objective = (tw_objective){.size = sizeof p->objective,
                                  .type = TW_F64,
                                  .tensors = &p->tensor,
                                  .n_tensors = 1,
                                  .n_rows = s->of->n_rows,
                                  .lanes = s->of->lanes,
                                  .user = p,
                                  .point = point,
                                  .eval = eval};
    return tw__batch_create(&p->batch, s->ctx, &p->objective, err);
}

tw_status tw__second_create(tw__second **out, tw_context *ctx, const tw_objective *of, const uint64_t *rows,
                            tw__ring *ring, tw_error *err)
{
    tw__second *s;
    TW_TRY(tw__alloc(ctx, &s, 1, sizeof *s, err));
    *s = (tw__second){.ctx = ctx, .of = of, .rows = rows, .ring = ring};
    *out = s;
    return TW_OK;
}

void tw__second_free(tw__second *s)
{
    if (!s) return;
    tw__batch_free(s->matrix.batch);
    tw__batch_free(s->product.batch);
    tw__free(s->ctx, s->kept, s->n_kept, sizeof *s->kept);
    tw__free(s->ctx, s, 1, sizeof *s);
}

/* The mean over all rows, of n numbers. */
static tw_status mean(tw__second *s, struct part *p, const void *w, tw__fp_mode callers, double *to, size_t n,
                      tw_error *err)
{
    tw_sums sums;
    TW_TRY(tw__ring_batch_sum(s->ring, p->batch, &p->objective, w, s->rows, (size_t)s->of->n_rows, callers,
                              to, &sums, err));
    for (size_t i = 0; i < n && !tw__ring_is_helper(s->ring); i++) to[i] /= sums.weight;
    return TW_OK;
}

tw_status tw__second_matrix(tw__second *s, const void *w, tw__fp_mode callers, double *to, tw_error *err)
{
    const size_t blocks = s->of->hessian_blocks ? s->of->hessian_blocks : 1,
                 width = tw__objective_size(s->of) / blocks, n = blocks * width * width;
    TW_TRY(make_part(s, &s->matrix, n, matrix_eval, err));
    return mean(s, &s->matrix, w, callers, to, n, err);
}

tw_status tw__second_times(tw__second *s, const void *w, const double *v, tw__fp_mode callers, double *to,
                           tw_error *err)
{
    const size_t n = tw__objective_size(s->of);
    s->vector = v;
    return mean(s, &s->product, w, callers, to, n, err);
}

tw_status tw__second_diagonal(tw__second *s, const void *w, tw__fp_mode callers, double *to, tw_error *err)
{
    const size_t rows = s->of->n_rows ? (size_t)s->of->n_rows : 1;
    TW_TRY(make_part(s, &s->product, tw__objective_size(s->of), product_eval, err));
    if (!tw__size_mul(rows, s->of->n_kept, &s->n_kept))
        return tw__fail(err, TW_ERR_MEMORY, "%zu numbers for each of %zu rows are too many", s->of->n_kept,
                        rows);
    if (!s->kept) TW_TRY(tw__alloc(s->ctx, &s->kept, s->n_kept, sizeof *s->kept, err));
    return tw__second_times(s, w, NULL, callers, to, err);
}
