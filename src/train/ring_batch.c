/* Leaves of a batch on several processes; see ring_batch.h.
 * SPDX-License-Identifier: MIT */
#include "train/ring_batch.h"
#include "models/leaves.h"
#include "train/objective.h"
#include <string.h>

/* An exchange that keeps the nodes of this process. */
typedef struct shared {
    tw__exchange base;
    tw__ring *ring;
    tw__gradient mine;
} shared;

static tw_status begin(tw__exchange *base, uint64_t clock, size_t leaves, size_t *lo, size_t *hi,
                       tw_error *err)
{
    shared *s = (shared *)base;
    (void)clock, (void)err;
    tw__ring_leaves(s->ring, leaves, tw__ring_rank(s->ring), lo, hi);
    s->mine.lo = *lo;
    s->mine.hi = *hi;
    s->mine.leaves = leaves;
    return TW_OK;
}

static tw_status bucket(tw__exchange *base, size_t first_leaf, size_t n_leaves, const tw__sum *sum,
                        tw_error *err)
{
    tw__gradient *mine = &((shared *)base)->mine;
    (void)n_leaves, (void)err;
    mine->first[mine->n] = first_leaf;
    mine->node[mine->n++] = *sum;
    return TW_OK;
}

static tw_status reduce(tw__exchange *base, double *sums, size_t leaves, size_t n, tw_error *err)
{
    const shared *s = (const shared *)base;
    memset(sums, 0, s->mine.lo * n * sizeof *sums);
    memset(sums + s->mine.hi * n, 0, (leaves - s->mine.hi) * n * sizeof *sums);
    TW_TRY(tw__ring_add(s->ring, sums, leaves * n, 1, leaves * n, err));
    tw__batch_tree_add(sums, leaves, n);
    return TW_OK;
}

static const tw__exchange_type shared_type = {.begin = begin, .bucket = bucket, .reduce = reduce};

tw_status tw__ring_batch_sum(tw__ring *ring, tw__batch *b, const tw_objective *o, const void *w,
                             const uint64_t *rows, size_t n, tw__fp_mode callers, void *to, tw_sums *sums,
                             tw_error *err)
{
    shared s = {.base.type = &shared_type, .ring = ring};
    if (!ring) return tw__batch_sum(b, w, rows, n, NULL, callers, to, sums, err);
    TW_TRY(tw__batch_gradient(b, &s.base, w, rows, n, NULL, callers, sums, err));
    return tw__ring_merge(ring, &s.mine, o->type, tw__objective_size(o), to, err);
}
