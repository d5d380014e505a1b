/* local: one process. Every leaf is mine; end() adds the nodes chunk by chunk and steps each chunk while it
 * is in the cache.
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
    *x = (local){.base.type = &tw__exchange_local,
                 .ctx = ctx,
                 .k = tw__kernels_for(type, tw_context_isa(ctx)),
                 .type = type,
                 .n_weights = n_weights};
    *out = &x->base;
    return TW_OK;
}

static void destroy(tw__exchange *base)
{
    local *x = (local *)base;
    tw__free(x->ctx, x, 1, sizeof *x);
}

static tw_status begin(tw__exchange *base, uint64_t clock, size_t leaves, size_t *lo, size_t *hi,
                       tw_error *err)
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
    if (x->n_nodes == MOST_NODES)
        return tw__fail(err, TW_ERR_INTERNAL, "leaves %zu to %zu: more than %d nodes", first_leaf,
                        first_leaf + n_leaves, MOST_NODES);
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

/* A pass over the chunks: the first adds the nodes up and divides, a measuring one measures, the last one
 * steps. */
struct pass {
    local *x;
    tw_optimizer *opt;
    void *w;
    double weight;
    int is_first, measures;
    atomic_int failed;
};

static void add_nodes(const local *x, size_t lo, size_t n, double weight)
{
    const size_t at = lo * x->k->real;
    for (size_t stride = 1; stride < x->n_nodes; stride *= 2)
        for (size_t j = 0; j + stride < x->n_nodes; j += 2 * stride)
            x->k->add(n, x->node[j] + at, x->node[j + stride] + at);
    if (weight != 1) x->k->divide(n, x->node[0] + at, weight);
}

static tw_status do_range(const struct pass *p, size_t lo, size_t hi)
{
    const void *g = p->x->node[0];
    if (p->x->type == TW_F32)
        return p->measures ? tw_step_measure_f32(p->opt, lo, hi, p->w, g, NULL)
                           : tw_step_range_f32(p->opt, lo, hi, p->w, g, NULL);
    return p->measures ? tw_step_measure_f64(p->opt, lo, hi, p->w, g, NULL)
                       : tw_step_range_f64(p->opt, lo, hi, p->w, g, NULL);
}

static void pass_task(void *arg, size_t i, int worker)
{
    (void)worker;
    struct pass *p = arg;
    const size_t length = (size_t)TW_CHUNK * CHUNKS_PER_TASK, n = p->x->n_weights;
    for (size_t lo = i * length, hi = lo; lo < n && lo < (i + 1) * length; lo = hi) {
        hi = lo + TW_CHUNK < n ? lo + TW_CHUNK : n;
        if (p->is_first) add_nodes(p->x, lo, hi - lo, p->weight);
        tw_status status = do_range(p, lo, hi);
        if (status != TW_OK && status != TW_ERR_NOT_FINITE) atomic_store(&p->failed, status);
    }
}

static tw_status end(tw__exchange *base, tw_optimizer *opt, void *w, double weight, tw_error *err)
{
    local *x = (local *)base;
    TW_TRY(tw_step_begin(opt, err));
    const size_t length = (size_t)TW_CHUNK * CHUNKS_PER_TASK, tasks = (x->n_weights + length - 1) / length;
    const int passes = tw_optimizer_passes(opt);
    for (int i = 0; i <= passes; i++) {
        struct pass p =
            {.x = x, .opt = opt, .w = w, .weight = weight, .is_first = i == 0, .measures = i < passes};
        tw__pool_run(x->ctx, tasks, pass_task, &p);
        if (p.failed)
            return tw__fail(err, p.failed, "a range of the step failed (%s)", tw_status_name(p.failed));
        if (i < passes)
            TW_TRY(x->type == TW_F32 ? tw_step_settle_f32(opt, w, err) : tw_step_settle_f64(opt, w, err));
    }
    return tw_step_end(opt, err);
}

static tw_status visit(tw__exchange *base, tw_visitor *v, tw_error *err)
{
    (void)base, (void)v, (void)err;
    return TW_OK;
}

const tw__exchange_type tw__exchange_local = {.name = "local",
                                              .help = "one process, all its threads",
                                              .traits = TW__EXCHANGE_BARRIER | TW__EXCHANGE_EXACT,
                                              .create = create,
                                              .free = destroy,
                                              .begin = begin,
                                              .bucket = bucket,
                                              .reduce = reduce,
                                              .barrier = barrier,
                                              .end = end,
                                              .visit = visit};
