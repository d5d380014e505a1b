/* local: one process. Every leaf is mine; end() adds the nodes chunk by chunk and steps each chunk while it is in the cache.
 * SPDX-License-Identifier: MIT */
#include "base/pool.h"
#include "exchange/exchange.h"
#include "math/kernels.h"
#include <stdatomic.h>

enum { MOST_NODES = TW_MOST_LEAVES, CHUNKS_PER_TASK = 4 };

typedef struct local {
    tw__exchange base;
    tw_context *ctx;
    const tw__kernels *k;
    tw_type type;
    size_t n_weights, n_nodes;
    char *node[MOST_NODES];
} local;

extern const tw__exchange_type tw__exchange_local;

static tw_status create(tw__exchange **out, tw_context *ctx, tw_type type, size_t n_weights, tw_error *err)
{
    local *x;
    TW_TRY(tw__alloc(ctx, &x, 1, sizeof *x, err));
    *x = (local){.base.type = &tw__exchange_local, .ctx = ctx, .k = tw__kernels_for(type, tw_context_isa(ctx)), .type = type, .n_weights = n_weights};
    *out = &x->base;
    return TW_OK;
}

static void destroy(tw__exchange *base)
{
    local *x = (local *)base;
    tw__free(x->ctx, x, 1, sizeof *x);
}

static tw_status begin(tw__exchange *base, uint64_t clock, size_t leaves, size_t *lo, size_t *hi, tw_error *err)
{
    (void)clock, (void)err;
    ((local *)base)->n_nodes = 0;
    *lo = 0;
    *hi = leaves;
    return TW_OK;
}

static tw_status bucket(tw__exchange *base, size_t first_leaf, size_t n_leaves, void *sum, tw_error *err)
{
    local *x = (local *)base;
    if (x->n_nodes == MOST_NODES) return tw__fail(err, TW_ERR_INTERNAL, "leaves %zu to %zu: more than %d nodes", first_leaf, first_leaf + n_leaves, MOST_NODES);
    x->node[x->n_nodes++] = sum;
    return TW_OK;
}

static tw_status reduce(tw__exchange *base, double *sums, size_t leaves, size_t n, tw_error *err)
{
    (void)base, (void)err;
    tw__batch_tree_add(sums, leaves, n);
    return TW_OK;
}

static tw_status barrier(tw__exchange *base, tw_error *err)
{
    (void)base, (void)err;
    return TW_OK;
}

struct stepping { local *x; tw_optimizer *opt; void *w; double weight; atomic_int failed; };

static void step_task(void *arg, size_t i, int worker)
{
    (void)worker;
    struct stepping *s = arg;
    local *x = s->x;
    const size_t length = (size_t)TW_CHUNK * CHUNKS_PER_TASK;
    for (size_t lo = i * length, hi = lo; lo < x->n_weights && lo < (i + 1) * length; lo = hi) {
        hi = lo + TW_CHUNK < x->n_weights ? lo + TW_CHUNK : x->n_weights;
        size_t n = hi - lo, at = lo * x->k->real;
        for (size_t stride = 1; stride < x->n_nodes; stride *= 2)
            for (size_t j = 0; j + stride < x->n_nodes; j += 2 * stride) x->k->add(n, x->node[j] + at, x->node[j + stride] + at);
        if (s->weight != 1) x->k->divide(n, x->node[0] + at, s->weight);
        tw_status status = x->type == TW_F32 ? tw_step_range_f32(s->opt, lo, hi, s->w, (const float *)x->node[0], NULL)
                                             : tw_step_range_f64(s->opt, lo, hi, s->w, (const double *)x->node[0], NULL);
        if (status != TW_OK && status != TW_ERR_NOT_FINITE) atomic_store(&s->failed, status);
    }
}

static tw_status end(tw__exchange *base, tw_optimizer *opt, void *w, double weight, tw_error *err)
{
    local *x = (local *)base;
    TW_TRY(tw_step_begin(opt, err));
    struct stepping s = {.x = x, .opt = opt, .w = w, .weight = weight};
    const size_t length = (size_t)TW_CHUNK * CHUNKS_PER_TASK;
    tw__pool_run(x->ctx, (x->n_weights + length - 1) / length, step_task, &s);
    if (s.failed) return tw__fail(err, s.failed, "a range of the step failed (%s)", tw_status_name(s.failed));
    return tw_step_end(opt, err);
}

static tw_status visit(tw__exchange *base, tw_visitor *v, tw_error *err)
{
    (void)base, (void)v, (void)err;
    return TW_OK;
}

const tw__exchange_type tw__exchange_local = {.name = "local", .help = "one process, all its threads", .traits = TW__EXCHANGE_BARRIER | TW__EXCHANGE_EXACT,
    .create = create, .free = destroy, .begin = begin, .bucket = bucket, .reduce = reduce, .barrier = barrier, .end = end, .visit = visit};
