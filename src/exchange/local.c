/* local: one process. Every leaf is mine; end() adds the nodes a few chunks at a time and steps them while
 * they are in the cache, or adds lists up and steps what they touch.
 * SPDX-License-Identifier: MIT */
#include "base/pool.h"
#include "exchange/exchange.h"
#include "exchange/protocol.h"
#include <stdatomic.h>
#include <string.h>

enum { MOST_NODES = TW_MOST_LEAVES, CHUNKS_PER_TASK = 4 };

typedef struct local {
    tw__exchange base;
    tw_context *ctx;
    const tw__kernels *k;
    tw_type type;
    size_t n_weights, n_nodes;
    tw__sum node[MOST_NODES];
    void *spread; /* a list's vector; made when needed */
    tw__sum mean; /* of the last step; neither vector nor list: none */
} local;

static const tw__exchange_type local_type;

tw_status tw__local_create(tw__exchange **out, tw_context *ctx, tw_type type, size_t n_weights, tw_error *err)
{
    local *x;
    TW_TRY(tw__alloc(ctx, &x, 1, sizeof *x, err));
    *x = (local){.base.type = &local_type,
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
    tw__free(x->ctx, x->spread, x->n_weights, x->k->real);
    tw__free(x->ctx, x, 1, sizeof *x);
}

static tw_status begin(tw__exchange *base, uint64_t clock, size_t leaves, size_t *lo, size_t *hi,
                       tw_error *err)
{
    (void)clock, (void)err;
    ((local *)base)->n_nodes = 0;
    ((local *)base)->mean = (tw__sum){0};
    *lo = 0;
    *hi = leaves;
    return TW_OK;
}

static tw_status bucket(tw__exchange *base, size_t first_leaf, size_t n_leaves, const tw__sum *sum,
                        tw_error *err)
{
    local *x = (local *)base;
    if (x->n_nodes == MOST_NODES)
        return tw__fail(err, TW_ERR_INTERNAL, "leaves %zu to %zu: more than %d nodes", first_leaf,
                        first_leaf + n_leaves, MOST_NODES);
    x->node[x->n_nodes++] = *sum;
    return TW_OK;
}

static tw_status reduce(tw__exchange *base, double *sums, size_t leaves, size_t n, tw_error *err)
{
    (void)base, (void)err;
    tw__batch_tree_add(sums, leaves, n);
    return TW_OK;
}

/* A pass over the chunks: the first adds the nodes up and divides, a measuring one measures, the last one
 * steps. */
struct pass {
    local *x;
    tw_optimizer *opt;
    void *w, *g;
    double weight;
    int is_first, measures;
    atomic_int failed;
};

static void add_nodes(const struct pass *p, size_t lo, size_t n)
{
    const local *x = p->x;
    const size_t at = lo * x->k->real;
    char *g = (char *)p->g + at;
    if (x->node[0].is_list) {
        memset(g, 0, n * x->k->real);
        tw__list_spread(x->node[0].list, x->type, lo, lo + n, g);
    } else
        for (size_t stride = 1; stride < x->n_nodes; stride *= 2)
            for (size_t j = 0; j + stride < x->n_nodes; j += 2 * stride)
                x->k->add(n, (char *)x->node[j].dense + at, (char *)x->node[j + stride].dense + at);
    if (p->weight != 1) x->k->divide(n, g, p->weight);
}

static tw_status do_range(const struct pass *p, size_t lo, size_t hi)
{
    if (p->x->type == TW_F32)
        return p->measures ? tw_step_measure_f32(p->opt, lo, hi, p->w, p->g, NULL)
                           : tw_step_range_f32(p->opt, lo, hi, p->w, p->g, NULL);
    return p->measures ? tw_step_measure_f64(p->opt, lo, hi, p->w, p->g, NULL)
                       : tw_step_range_f64(p->opt, lo, hi, p->w, p->g, NULL);
}

/* The sums of a task's chunks are made first: then a chunk is checked while the one before it is stepped. */
static void pass_task(void *arg, size_t i, int worker)
{
    (void)worker;
    struct pass *p = arg;
    const size_t length = (size_t)TW_CHUNK * CHUNKS_PER_TASK, n = p->x->n_weights, lo = i * length,
                 hi = n - lo > length ? lo + length : n;
    for (size_t at = lo; p->is_first && at < hi; at += TW_CHUNK)
        add_nodes(p, at, hi - at > TW_CHUNK ? TW_CHUNK : hi - at);
    const tw_status status = do_range(p, lo, hi);
    if (status != TW_OK && status != TW_ERR_NOT_FINITE) atomic_store(&p->failed, status);
}

/* Steps the whole vector, on the mean gradient in `g`, which the first pass makes. */
static tw_status step_all(local *x, tw_optimizer *opt, void *w, void *g, double weight, tw_error *err)
{
    TW_TRY(x->type == TW_F32 ? tw_sparse_flush_f32(opt, w, x->n_weights, NULL, err)
                             : tw_sparse_flush_f64(opt, w, x->n_weights, NULL, err));
    TW_TRY(tw_step_begin(opt, err));
    x->mean.dense = g;
    const size_t length = (size_t)TW_CHUNK * CHUNKS_PER_TASK, tasks = (x->n_weights + length - 1) / length;
    const int passes = tw_optimizer_passes(opt);
    for (int i = 0; i <= passes; i++) {
        struct pass p = {
            .x = x, .opt = opt, .w = w, .g = g, .weight = weight, .is_first = i == 0, .measures = i < passes};
        tw__pool_run(x->ctx, tasks, pass_task, &p);
        if (p.failed)
            return tw__fail(err, p.failed, "a range of the step failed (%s)", tw_status_name(p.failed));
        if (i < passes)
            TW_TRY(x->type == TW_F32 ? tw_step_settle_f32(opt, w, err) : tw_step_settle_f64(opt, w, err));
    }
    return tw_step_end(opt, err);
}

/* Steps what the list touches; the others' gradient is 0 / weight, so weight is above 0. */
static tw_status step_touched(local *x, tw_optimizer *opt, void *w, tw_sparse_sum *list, double weight,
                              tw_error *err)
{
    x->mean = (tw__sum){.is_list = 1, .list = list};
    if (weight != 1) x->k->divide(list->n, list->value, weight);
    return x->type == TW_F32 ? tw_step_sparse_f32(opt, w, list->n, list->index, list->value, err)
                             : tw_step_sparse_f64(opt, w, list->n, list->index, list->value, err);
}

static tw_status end(tw__exchange *base, tw_optimizer *opt, void *w, double weight, tw_error *err)
{
    local *x = (local *)base;
    const tw__sum *sum = &x->node[0];
    if (!sum->is_list) return step_all(x, opt, w, sum->dense, weight, err);
    tw__lists_add(x->node, x->n_nodes, x->type);
    if (base->steps_lists && weight > 0) return step_touched(x, opt, w, sum->list, weight, err);
    if (!x->spread) TW_TRY(tw__alloc(x->ctx, &x->spread, x->n_weights, x->k->real, err));
    return step_all(x, opt, w, x->spread, weight, err);
}

static const tw__sum *mean(const tw__exchange *base)
{
    const local *x = (const local *)base;
    return x->mean.dense || x->mean.list ? &x->mean : NULL;
}

static const tw__exchange_type local_type =
    {.free = destroy, .begin = begin, .bucket = bucket, .reduce = reduce, .end = end, .mean = mean};

static tw_status no_workers(tw__workers *x, tw_error *err)
{
    (void)x;
    return tw__fail(err, TW_ERR_INTERNAL, "local has no workers");
}

const tw__protocol tw__protocol_local = {.about = {.size = sizeof(tw_exchange),
                                                   .name = "local",
                                                   .help = "one process, all its threads",
                                                   .paper = "",
                                                   .equation = "w = step(w, mean of the update's rows)"},
                                         .create = no_workers};
