/* Adding the gradients of several workers; see merge.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/merge.h"
#include "base/pool.h"
#include <string.h>

enum { CHUNKS_PER_TASK = 4 };

/* All nodes in their places. */
struct tree {
    const tw__workers *x;
    size_t leaves;
    int has[TW_MOST_LEAVES];
    tw__sum node[TW_MOST_LEAVES];
    tw_sums leaf[TW_MOST_LEAVES];
    uint64_t rows;
};

void tw__merge_free(tw__merge *m, const tw__workers *x)
{
    for (size_t i = 0; i < TW_MOST_LEAVES; i++) {
        tw__list_free(x->ctx, &m->list[i], x->k->real);
        tw__free(x->ctx, m->spread[i], x->set.size, x->k->real);
    }
}

static void put(struct tree *t, const tw__gradient *g)
{
    for (size_t i = 0; i < g->n; i++) {
        t->node[g->first[i]] = g->node[i];
        t->has[g->first[i]] = 1;
    }
    for (size_t i = g->lo; i < g->hi; i++) t->leaf[i] = g->leaf[i];
    if (g->hi > t->leaves) t->leaves = g->hi;
    t->rows += g->rows;
}

static int are_lists(const struct tree *t)
{
    for (size_t i = 0; i < t->leaves; i++)
        if (t->has[i] && !t->node[i].is_list) return 0;
    return 1;
}

/* ---- lists --------------------------------------------------------------------------------------------- */

/* Every node's list with room for all. */
static tw_status copy_lists(tw__merge *m, struct tree *t, tw_error *err)
{
    const tw__workers *x = t->x;
    size_t all = 0;
    for (size_t i = 0; i < t->leaves; i++) all += t->has[i] ? t->node[i].list->n : 0;
    for (size_t i = 0; i < t->leaves; i++) {
        if (!t->has[i]) continue;
        const tw_sparse_sum *from = t->node[i].list;
        TW_TRY(tw__list_reserve(x->ctx, &m->list[i], all, x->k->real, err));
        m->list[i].n = from->n;
        memcpy(m->list[i].index, from->index, from->n * sizeof *from->index);
        memcpy(m->list[i].value, from->value, from->n * x->k->real);
        t->node[i].list = &m->list[i];
    }
    return TW_OK;
}

static tw_status add_lists(tw__merge *m, struct tree *t, tw_error *err)
{
    TW_TRY(copy_lists(m, t, err));
    for (size_t stride = 1; stride < t->leaves; stride *= 2)
        for (size_t i = 0; i + stride < t->leaves; i += 2 * stride)
            if (t->has[i + stride]) tw__list_add(t->node[i].list, t->node[i + stride].list, t->x->set.type);
    return TW_OK;
}

/* ---- vectors ------------------------------------------------------------------------------------------- */

static void add_range(const struct tree *t, size_t lo, size_t hi)
{
    const tw__workers *x = t->x;
    const size_t at = lo * x->k->real;
    for (size_t i = 0; i < t->leaves; i++) {
        if (!t->has[i] || !t->node[i].is_list) continue;
        memset((char *)t->node[i].dense + at, 0, (hi - lo) * x->k->real);
        tw__list_spread(t->node[i].list, x->set.type, lo, hi, (char *)t->node[i].dense + at);
    }
    for (size_t stride = 1; stride < t->leaves; stride *= 2)
        for (size_t i = 0; i + stride < t->leaves; i += 2 * stride)
            if (t->has[i + stride])
                x->k->add(hi - lo, (char *)t->node[i].dense + at, (char *)t->node[i + stride].dense + at);
}

static void add_task(void *arg, size_t i, int worker)
{
    const struct tree *t = arg;
    const size_t length = (size_t)TW_CHUNK * CHUNKS_PER_TASK, lo = i * length, left = t->x->set.size - lo;
    (void)worker;
    add_range(t, lo, lo + (left < length ? left : length));
}

static tw_status add_vectors(tw__merge *m, struct tree *t, tw_error *err)
{
    const tw__workers *x = t->x;
    const size_t length = (size_t)TW_CHUNK * CHUNKS_PER_TASK;
    for (size_t i = 0; i < t->leaves; i++) {
        if (!t->has[i] || !t->node[i].is_list) continue;
        if (!m->spread[i]) TW_TRY(tw__alloc(x->ctx, &m->spread[i], x->set.size, x->k->real, err));
        t->node[i].dense = m->spread[i];
    }
    tw__pool_run(x->ctx, (x->set.size + length - 1) / length, add_task, t);
    t->node[0].is_list = 0;
    return TW_OK;
}

tw_status tw__merge_all(tw__merge *m, tw__workers *x, tw_error *err)
{
    struct tree t = {.x = x};
    tw__gradient *whole = &x->worker[0].gradient;
    for (size_t i = 0; i < x->n; i++) put(&t, &x->worker[i].gradient);
    TW_TRY(are_lists(&t) ? add_lists(m, &t, err) : add_vectors(m, &t, err));
    tw__batch_tree_add((double *)t.leaf, t.leaves, sizeof *t.leaf / sizeof(double));
    whole->n = 1;
    whole->node[0] = t.node[0];
    whole->leaf[0] = t.leaf[0];
    whole->rows = t.rows;
    return TW_OK;
}
