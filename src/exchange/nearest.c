/* Means of replicas; see nearest.h.
 *
 * The square of a distance is in double, by the fixed lanes and chunks of all sums, without the buffers,
 * which no rule steps. Of workers at the same distance the one of the lower number counts as nearer.
 * SPDX-License-Identifier: MIT */
#include "exchange/nearest.h"
#include "math/sums.h"
#include <stdlib.h>
#include <string.h>

struct place {
    double square;
    size_t worker;
};
struct nearest {
    size_t k; /* 0: all */
    int by_rows;
    struct place *place; /* of each worker, if k is not 0 */
};

/* ---- distances ----------------------------------------------------------------------------------------- */

#define SQUARE(real, t)                                                                                  \
    static void add_square_##t(const tw__sums *sums, const real *a, const real *b, size_t lo, size_t hi, \
                               tw__tree *to)                                                             \
    {                                                                                                    \
        real way[TW__CHUNK];                                                                             \
        for (size_t n; lo < hi; lo += n) {                                                               \
            n = hi - lo < TW__CHUNK ? hi - lo : TW__CHUNK;                                               \
            for (size_t i = 0; i < n; i++) way[i] = a[lo + i] - b[lo + i];                               \
            tw__tree_add(to, sums->sum_squares_##t(way, n));                                             \
        }                                                                                                \
    }
SQUARE(float, f32)
SQUARE(double, f64)

static double square_of_distance(const tw__workers *x, const void *a, const void *b)
{
    const tw__sums *sums = tw__sums_for(tw_context_isa(x->ctx));
    tw__tree tree = {0};
    size_t lo = 0;
    for (size_t i = 0; i < x->set.n_tensors; i++) {
        const tw_tensor *t = &x->set.tensors[i];
        if (!(t->flags & TW_TENSOR_BUFFER)) continue;
        TW__FOR_TYPE(x->set.type, add_square, sums, a, b, lo, t->offset, &tree);
        lo = i + 1 < x->set.n_tensors ? t[1].offset : x->set.size;
    }
    TW__FOR_TYPE(x->set.type, add_square, sums, a, b, lo, x->set.size, &tree);
    return tw__tree_total(&tree);
}

static int by_nearness(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    if (p->square < q->square || p->square > q->square) return p->square < q->square ? -1 : 1;
    return p->worker < q->worker ? -1 : p->worker > q->worker;
}

/* ---- the mean ------------------------------------------------------------------------------------------ */

/* 0: the worker has made no update in this round. */
static uint64_t weight_of(const tw__workers *x, const tw__rounds *r, size_t worker)
{
    const struct nearest *n = r->more;
    const tw__worker *w = &x->worker[worker];
    if (n->by_rows) return r->replicas.rows[worker];
    return w->clock > 0 && tw__replicas_update(x, w, w->clock - 1) >= x->round_begin;
}

/* The shares of the nearest; all others have none. */
static void share_among_nearest(const tw__workers *x, tw__rounds *r)
{
    const struct nearest *n = r->more;
    uint64_t all = 0;
    size_t taking_part = 0;
    for (size_t i = 0; i < x->n; i++) {
        r->replicas.share[i] = 0;
        if (weight_of(x, r, i) == 0) continue;
        n->place[taking_part++] = (struct place){square_of_distance(x, x->worker[i].w, r->centre), i};
    }
    qsort(n->place, taking_part, sizeof *n->place, by_nearness);
    if (taking_part > n->k) taking_part = n->k;
    for (size_t i = 0; i < taking_part; i++) all += weight_of(x, r, n->place[i].worker);
    for (size_t i = 0; i < taking_part; i++) {
        const size_t worker = n->place[i].worker;
        r->replicas.share[worker] = (double)weight_of(x, r, worker) / (double)all;
    }
}

/* Of one worker there is nothing to average. */
static void mean(tw__workers *x, tw__rounds *r, void *to)
{
    if (x->n == 1) {
        memcpy(to, x->worker[0].w, x->set.size * x->k->real);
        return;
    }
    if (((const struct nearest *)r->more)->k > 0) share_among_nearest(x, r);
    else tw__replicas_share(x, &r->replicas, 1);
    tw__replicas_way(x, &r->replicas, r->centre);
    tw__replicas_go(x, &r->replicas, r->centre, to, 1, 0, x->set.size);
}

static tw_status settle(tw__workers *x, tw__rounds *r, tw_error *err)
{
    (void)err;
    mean(x, r, r->centre);
    return TW_OK;
}

tw_status tw__nearest_gather(tw__workers *x, tw_error *err)
{
    (void)err;
    mean(x, x->state, x->set.w);
    return TW_OK;
}

/* ---- making -------------------------------------------------------------------------------------------- */

tw_status tw__nearest_create(tw__workers *x, tw__rounds **out, size_t nearest, int by_rows, tw_error *err)
{
    struct nearest *n;
    TW_TRY(tw__rounds_create(x, out, err));
    TW_TRY(tw__replicas_make_means(x, &(*out)->replicas, err));
    TW_TRY(tw__alloc(x->ctx, &n, 1, sizeof *n, err));
    *n = (struct nearest){.k = nearest, .by_rows = by_rows};
    (*out)->more = n;
    (*out)->settle = settle;
    (*out)->ends_with_run = (*out)->takes_centre = 1;
    if (nearest > x->n)
        return tw__fail(err, TW_ERR_SPEC, "exchange %s: nearest = %zu is more than the %zu workers",
                        x->choice.spec, nearest, x->n);
    return nearest > 0 ? tw__alloc(x->ctx, &n->place, x->n, sizeof *n->place, err) : TW_OK;
}

void tw__nearest_free(tw__workers *x)
{
    tw__rounds *r = x->state;
    if (r && r->more) {
        struct nearest *n = r->more;
        tw__free(x->ctx, n->place, x->n, sizeof *n->place);
        tw__free(x->ctx, n, 1, sizeof *n);
    }
    tw__rounds_free(x);
}
