/* A worker's end of the batch tree; see collect.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/collect.h"
#include "models/leaves.h"

static const tw__exchange_type collector_type;

void tw__collector_init(tw__collector *c) { *c = (tw__collector){.base.type = &collector_type}; }

void tw__collector_begin(tw__collector *c, size_t part, size_t parts, size_t joins, tw__gradient *to)
{
    c->part = part;
    c->parts = parts;
    c->joins_left = joins;
    c->to = to;
    to->n = 0;
}

static tw_status begin(tw__exchange *base, uint64_t clock, size_t leaves, size_t *lo, size_t *hi,
                       tw_error *err)
{
    tw__collector *c = (tw__collector *)base;
    (void)clock, (void)err;
    *lo = c->to->lo = tw__part_begin(leaves, c->whole, c->part, c->parts);
    *hi = c->to->hi = tw__part_begin(leaves, c->whole, c->part + 1, c->parts);
    c->to->leaves = leaves;
    return TW_OK;
}

static tw_status bucket(tw__exchange *base, size_t first_leaf, size_t n_leaves, const tw__sum *sum,
                        tw_error *err)
{
    tw__gradient *to = ((tw__collector *)base)->to;
    (void)n_leaves, (void)err;
    to->first[to->n] = first_leaf;
    to->node[to->n++] = *sum;
    return TW_OK;
}

/* The sums of joins are of all workers; those of the losses stay with the leaves. */
static tw_status reduce(tw__exchange *base, double *sums, size_t leaves, size_t n, tw_error *err)
{
    tw__collector *c = (tw__collector *)base;
    tw__gradient *to = c->to;
    if (c->joins_left > 0) {
        c->joins_left--;
        if (c->parts > 1) TW_TRY(tw__workers_reduce(c->x, c->worker, sums, to->lo, to->hi, leaves, n, err));
        tw__batch_tree_add(sums, leaves, n);
        return TW_OK;
    }
    for (size_t i = to->lo; i < to->hi; i++) to->leaf[i] = ((tw_sums *)sums)[i];
    if (c->parts == 1) tw__batch_tree_add((double *)to->leaf, leaves, n);
    return TW_OK;
}

static const tw__exchange_type collector_type = {.begin = begin, .bucket = bucket, .reduce = reduce};
