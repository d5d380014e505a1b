/* Adding the gradients of several workers; see merge.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/merge.h"
#include "base/pool.h"
#include <string.h>

enum { CHUNKS_PER_TASK = 4 };

void tw__merge_free(tw__merge *m, const tw__workers *x)
{
    for (size_t i = 0; i < TW_MOST_LEAVES; i++) {
        tw__list_free(x->ctx, &m->list[i], x->k->real);
        tw__free(x->ctx, m->spread[i], x->set.size, x->k->real);
    }
}

/* A worker's nodes to their places. */
static void put(tw__merge *m, const tw__gradient *g)
{
    for (size_t i = 0; i < g->n; i++) {
        m->whole.node[g->first[i]] = g->node[i];
        m->has[g->first[i]] = 1;
    }
    for (size_t i = g->lo; i < g->hi; i++) m->whole.leaf[i] = g->leaf[i];
    if (g->hi > m->whole.leaves) m->whole.leaves = g->hi;
    m->whole.rows += g->rows;
}

static int are_lists(const tw__merge *m)
{
    for (size_t i = 0; i < m->whole.leaves; i++)
        if (m->has[i] && !m->whole.node[i].is_list) return 0;
    return 1;
}

/* ---- lists --------------------------------------------------------------------------------------------- */

/* Every node's list with room for all. */
static tw_status copy_lists(tw__merge *m, const tw__workers *x, tw_error *err)
{
    size_t all = 0;
    for (size_t i = 0; i < m->whole.leaves; i++) all += m->has[i] ? m->whole.node[i].list->n : 0;
    for (size_t i = 0; i < m->whole.leaves; i++) {
        if (!m->has[i]) continue;
        TW_TRY(tw__list_copy(x->ctx, &m->list[i], m->whole.node[i].list, all, x->k->real, err));
        m->whole.node[i].list = &m->list[i];
    }
    return TW_OK;
}

static tw_status add_lists(tw__merge *m, const tw__workers *x, tw_error *err)
{
    TW_TRY(copy_lists(m, x, err));
    for (size_t stride = 1; stride < m->whole.leaves; stride *= 2)
        for (size_t i = 0; i + stride < m->whole.leaves; i += 2 * stride)
            if (m->has[i + stride])
                tw__list_add(m->whole.node[i].list, m->whole.node[i + stride].list, x->set.type);
    return TW_OK;
}

/* ---- vectors ------------------------------------------------------------------------------------------- */

/* For every list a vector that it is spread in. */
static tw_status make_vectors(tw__merge *m, const tw__workers *x, tw_error *err)
{
    for (size_t i = 0; i < m->whole.leaves; i++) {
        tw__sum *const node = &m->whole.node[i];
        m->is_spread[i] = m->has[i] && node->is_list;
        if (!m->is_spread[i]) continue;
        if (!m->spread[i]) TW_TRY(tw__alloc(x->ctx, &m->spread[i], x->set.size, x->k->real, err));
        node->dense = m->spread[i];
        node->is_list = 0;
    }
    return TW_OK;
}

void tw__merge_range(const tw__merge *m, const tw__workers *x, size_t lo, size_t hi)
{
    const size_t at = lo * x->k->real;
    const tw__sum *const node = m->whole.node;
    for (size_t i = 0; i < m->whole.leaves; i++) {
        if (!m->is_spread[i]) continue;
        memset((char *)node[i].dense + at, 0, (hi - lo) * x->k->real);
        tw__list_spread(node[i].list, x->set.type, lo, hi, (char *)node[i].dense + at);
    }
    for (size_t stride = 1; stride < m->whole.leaves; stride *= 2)
        for (size_t i = 0; i + stride < m->whole.leaves; i += 2 * stride)
            if (m->has[i + stride])
                x->k->add(hi - lo, (char *)node[i].dense + at, (char *)node[i + stride].dense + at);
}

/* ---- both ---------------------------------------------------------------------------------------------- */

tw_status tw__merge_begin(tw__merge *m, tw__workers *x, tw__gradient **whole, tw_error *err)
{
    *whole = &x->worker[0].gradient;
    if (x->n == 1) return TW_OK;
    *whole = &m->whole;
    m->whole.leaves = 0;
    m->whole.rows = 0;
    m->whole.is_mean = 0;
    memset(m->has, 0, sizeof m->has);
    for (size_t i = 0; i < x->n; i++) put(m, &x->worker[i].gradient);
    m->whole.n = 1;
    if (!m->has[0]) return tw__fail(err, TW_ERR_DATA, "no worker has the gradient of an update's first rows");
    tw__batch_tree_add((double *)m->whole.leaf, m->whole.leaves, sizeof *m->whole.leaf / sizeof(double));
    return are_lists(m) ? add_lists(m, x, err) : make_vectors(m, x, err);
}

struct task {
    const tw__merge *merge;
    const tw__workers *x;
};

static void add_task(void *arg, size_t i, int worker)
{
    const struct task *t = arg;
    const size_t length = (size_t)TW_CHUNK * CHUNKS_PER_TASK, lo = i * length, left = t->x->set.size - lo;
    (void)worker;
    tw__merge_range(t->merge, t->x, lo, lo + (left < length ? left : length));
}

tw_status tw__merge_all(tw__merge *m, tw__workers *x, tw__gradient **whole, tw_error *err)
{
    const size_t length = (size_t)TW_CHUNK * CHUNKS_PER_TASK;
    struct task t = {m, x};
    TW_TRY(tw__merge_begin(m, x, whole, err));
    if (x->n > 1 && !(*whole)->node[0].is_list)
        tw__pool_run(x->ctx, (x->set.size + length - 1) / length, add_task, &t);
    return TW_OK;
}
