/* The batch tree over any objective.
 * SPDX-License-Identifier: MIT */
#include "train/batch.h"
#include "base/pool.h"
#include "math/kernels.h"
#include <stdatomic.h>

enum { MOST_LEVELS = 7, FEW_NODES = 4 };
#define NO_RESULT UINT_FAST64_MAX

struct tw__batch {
    tw_context *ctx;
    const tw_objective *o;
    const tw__kernels *k;
    size_t size;                /* weights */
    void *node[TW_MOST_LEAVES]; /* sums of blocks; made when first needed */
    /* per lane: right subtrees on their way into a node; likewise */
    void *(*scratch)[MOST_LEVELS];
    tw_sums sums[TW_MOST_LEAVES];
};

size_t tw__objective_size(const tw_objective *o)
{
    size_t end = 0;
    for (size_t i = 0; i < o->n_tensors; i++) {
        size_t n = 0;
        if (!tw__size_of_shape(o->tensors[i].rank, o->tensors[i].shape, &n) ||
            !tw__size_add(n, o->tensors[i].offset, &n))
            return 0;
        if (n > end) end = n;
    }
    return end;
}

tw_status tw__objective_read(tw_objective *o, const tw_objective *given, int with_loss, tw_error *err)
{
    TW_TRY(tw__sized_read(o, sizeof *o, given, "tw_objective", err));
    if (o->type != TW_F32 && o->type != TW_F64)
        return tw__fail(err, TW_ERR_SPEC, "an objective's type is f32 or f64, not %s", tw_type_name(o->type));
    if (!o->eval || !o->tensors || tw__objective_size(o) == 0)
        return tw__fail(err, TW_ERR_SPEC, "an objective needs eval and tensors with at least one weight");
    if (o->joins)
        return tw__fail(err, TW_ERR_SPEC, "an objective with %d joins cannot be run by this version",
                        o->joins);
    if (with_loss && o->only_outputs)
        return tw__fail(err, TW_ERR_DATA, "the rows have no labels, so there is no loss");
    return TW_OK;
}

tw_status tw__batch_create(tw__batch **out, tw_context *ctx, const tw_objective *o, tw_error *err)
{
    tw__batch *b;
    TW_TRY(tw__alloc(ctx, &b, 1, sizeof *b, err));
    *b = (tw__batch){.ctx = ctx,
                     .o = o,
                     .k = tw__kernels_for(o->type, tw_context_isa(ctx)),
                     .size = tw__objective_size(o)};
    tw_status s = tw__alloc(ctx, &b->scratch, (size_t)tw_context_threads(ctx), sizeof *b->scratch, err);
    if (s == TW_OK) *out = b;
    else tw__batch_free(b);
    return s;
}

void tw__batch_free(tw__batch *b)
{
    if (!b) return;
    for (size_t i = 0; i < TW_MOST_LEAVES; i++) tw__free(b->ctx, b->node[i], b->size, b->k->real);
    for (int i = 0; b->scratch && i < tw_context_threads(b->ctx); i++)
        for (int j = 0; j < MOST_LEVELS; j++) tw__free(b->ctx, b->scratch[i][j], b->size, b->k->real);
    tw__free(b->ctx, b->scratch, (size_t)tw_context_threads(b->ctx), sizeof *b->scratch);
    tw__free(b->ctx, b, 1, sizeof *b);
}

static size_t leaf_count(size_t rows)
{
    size_t n = (rows + TW_LEAF - 1) / TW_LEAF;
    return n == 0 ? 1 : n > TW_MOST_LEAVES ? TW_MOST_LEAVES : n;
}

static void leaf_rows(size_t rows, size_t leaf, size_t *first, size_t *n)
{
    size_t leaves = leaf_count(rows);
    if (rows <= (size_t)TW_LEAF * TW_MOST_LEAVES) {
        *first = leaf * TW_LEAF;
        *n = rows - *first < TW_LEAF ? rows - *first : TW_LEAF;
    } else {
        size_t each = rows / leaves, longer = rows % leaves;
        *first = leaf * each + (leaf < longer ? leaf : longer);
        *n = each + (leaf < longer);
    }
}

static int is_concurrent(const tw__batch *b) { return b->o->lanes >= tw_context_threads(b->ctx); }

/* One call's work, shared by its tasks. */
typedef struct call {
    tw__batch *b;
    const void *w;
    const uint64_t *rows;
    /* rows; my leaves; leaves of a block, a power of two */
    size_t n, lo, hi, block;
    const tw_draw *draw;
    unsigned want;
    /* where the first block goes; NULL: a node like the others */
    void *to;
    tw__fp_mode mode; /* the caller's, for its callbacks */
    /* leaf and answer of the first evaluation that stopped the call */
    atomic_uint_fast64_t result;
} call;

static void eval_leaf(call *c, size_t leaf, unsigned add, int lane, void *gradient)
{
    size_t first, n;
    tw_draw draw = *c->draw;
    leaf_rows(c->n, leaf, &first, &n);
    draw.first = first;
    draw.lane = lane;
    tw__fp_mode ours = tw__fp_enter();
    tw__fp_leave(c->mode);
    const tw_eval e = {.size = sizeof e,
                       .want = c->want | add,
                       .w = c->w,
                       .rows = c->rows ? c->rows + first : NULL,
                       .n = n,
                       .draw = &draw,
                       .sums = &c->b->sums[leaf],
                       .gradient = gradient};
    int result = c->b->o->eval(c->b->o->user, &e);
    tw__fp_leave(ours);
    if (!result) return;
    uint_fast64_t mine = (uint_fast64_t)leaf << 32 | (uint32_t)result, was = atomic_load(&c->result);
    while (mine < was && !atomic_compare_exchange_weak(&c->result, &was, mine)) continue;
}

static size_t half_of(size_t n)
{
    size_t half = 1;
    while (half * 2 < n) half *= 2;
    return half;
}

/* The sum over leaves first .. first+n-1 into `to`; level: scratch buffers from there on are free. */
static void eval_node(call *c, size_t first, size_t n, int level, int lane, void *to)
{
    if (n == 1) {
        eval_leaf(c, first, 0, lane, to);
        return;
    }
    size_t left = half_of(n), right = n - left, from, rows;
    eval_node(c, first, left, level, lane, to);
    leaf_rows(c->n, first + left, &from, &rows);
    if (right == 1 && rows <= TW_LEAF && c->b->o->can_add) {
        eval_leaf(c, first + left, TW_ADD, lane, to);
        return;
    }
    void *other = c->b->scratch[lane][level];
    eval_node(c, first + left, right, level + 1, lane, other);
    c->b->k->add(c->b->size, to, other);
}

static void *block_sum(const call *c, size_t i) { return i == 0 && c->to ? c->to : c->b->node[i]; }

static void gradient_task(void *arg, size_t i, int worker)
{
    call *c = arg;
    size_t first = c->lo + i * c->block, n = c->hi - first < c->block ? c->hi - first : c->block;
    eval_node(c, first, n, 0, worker, block_sum(c, i));
}

static void loss_task(void *arg, size_t i, int worker) { eval_leaf(arg, i, 0, worker, NULL); }

/* Leaves per block: a power of two, so that a block is a node; no more blocks than threads, or than a few
 * that the exchange adds while it steps; pairs rather than single leaves, because an evaluation adds its
 * second leaf for nothing. */
static size_t block_size(size_t leaves, size_t threads)
{
    if (threads > (leaves + 1) / 2) return 1;
    size_t most = threads > FEW_NODES ? threads : FEW_NODES, block = 2;
    while ((leaves + block - 1) / block > most) block *= 2;
    return block;
}

static tw_status make_buffers(const call *c, size_t blocks, int lanes, tw_error *err)
{
    tw__batch *b = c->b;
    for (size_t i = 0; i < blocks; i++)
        if (!block_sum(c, i)) TW_TRY(tw__alloc(b->ctx, &b->node[i], b->size, b->k->real, err));
    int levels = 0;
    while ((size_t)1 << levels < c->block) levels++;
    for (int i = 0; i < lanes; i++)
        for (int j = 0; j < levels; j++)
            if (!b->scratch[i][j]) TW_TRY(tw__alloc(b->ctx, &b->scratch[i][j], b->size, b->k->real, err));
    return TW_OK;
}

static tw_status run(call *c, size_t tasks, tw__task *task, tw_error *err)
{
    const tw_objective *o = c->b->o;
    int result = 0;
    atomic_store(&c->result, NO_RESULT);
    if (o->point) {
        tw__fp_mode ours = tw__fp_enter();
        tw__fp_leave(c->mode);
        result = o->point(o->user, c->w);
        tw__fp_leave(ours);
    }
    if (!result) {
        if (is_concurrent(c->b)) tw__pool_run(c->b->ctx, tasks, task, c);
        else
            for (size_t i = 0; i < tasks; i++) task(c, i, 0);
        uint_fast64_t first = atomic_load(&c->result);
        result = first == NO_RESULT ? 0 : (int)(uint32_t)first;
    }
    if (!result) return TW_OK;
    tw__fail(err, TW_STOPPED, "the objective stopped the evaluation (%d)", result);
    if (err) err->callback = result;
    return TW_STOPPED;
}

/* Evaluates leaves lo .. hi-1 block by block. */
static tw_status run_blocks(call *c, size_t *blocks, tw_error *err)
{
    int lanes = is_concurrent(c->b) ? tw_context_threads(c->b->ctx) : 1;
    c->block = block_size(c->hi - c->lo, (size_t)lanes);
    *blocks = (c->hi - c->lo + c->block - 1) / c->block;
    TW_TRY(make_buffers(c, *blocks, lanes, err));
    return run(c, *blocks, gradient_task, err);
}

tw_status tw__batch_gradient(tw__batch *b, tw__exchange *x, const void *w, const uint64_t *rows, size_t n,
                             const tw_draw *draw, tw__fp_mode callers, tw_sums *sums, tw_error *err)
{
    call c = {.b = b,
              .w = w,
              .rows = rows,
              .n = n,
              .draw = draw,
              .mode = callers,
              .want = TW_WANT_LOSS | TW_WANT_GRADIENT | TW_TRAINING};
    size_t leaves = leaf_count(n);
    TW_TRY(x->type->begin(x, draw->number, leaves, &c.lo, &c.hi, err));
    size_t blocks = 0;
    TW_TRY(run_blocks(&c, &blocks, err));
    for (size_t i = 0; i < blocks; i++) {
        size_t first = c.lo + i * c.block;
        TW_TRY(x->type->bucket(x, first, c.hi - first < c.block ? c.hi - first : c.block, b->node[i], err));
    }
    TW_TRY(x->type->reduce(x, (double *)b->sums, leaves, sizeof *sums / sizeof(double), err));
    *sums = b->sums[0];
    return TW_OK;
}

struct adding {
    const call *c;
    size_t blocks;
};

/* The tree above the blocks, for one chunk of the vector. */
static void add_task(void *arg, size_t i, int worker)
{
    (void)worker;
    const struct adding *a = arg;
    const tw__batch *b = a->c->b;
    size_t lo = i * TW_CHUNK, n = b->size - lo < TW_CHUNK ? b->size - lo : TW_CHUNK, at = lo * b->k->real;
    for (size_t stride = 1; stride < a->blocks; stride *= 2)
        for (size_t j = 0; j + stride < a->blocks; j += 2 * stride)
            b->k->add(n, (char *)block_sum(a->c, j) + at, (char *)block_sum(a->c, j + stride) + at);
}

tw_status tw__batch_sum(tw__batch *b, const void *w, const uint64_t *rows, size_t n, const tw_draw *draw,
                        tw__fp_mode callers, void *to, tw_sums *sums, tw_error *err)
{
    size_t leaves = leaf_count(n);
    call c = {.b = b,
              .w = w,
              .rows = rows,
              .n = n,
              .hi = leaves,
              .draw = draw,
              .to = to,
              .mode = callers,
              .want = TW_WANT_LOSS | TW_WANT_GRADIENT | TW_TRAINING};
    struct adding adding = {.c = &c};
    TW_TRY(run_blocks(&c, &adding.blocks, err));
    tw__pool_run(b->ctx, (b->size + TW_CHUNK - 1) / TW_CHUNK, add_task, &adding);
    tw__batch_tree_add((double *)b->sums, leaves, sizeof *sums / sizeof(double));
    *sums = b->sums[0];
    return TW_OK;
}

tw_status tw__batch_loss(tw__batch *b, const void *w, const uint64_t *rows, size_t n, const tw_draw *draw,
                         tw__fp_mode callers, tw_sums *sums, tw_error *err)
{
    const tw_draw none = {.number = 0};
    size_t leaves = leaf_count(n);
    call c = {.b = b,
              .w = w,
              .rows = rows,
              .n = n,
              .draw = draw ? draw : &none,
              .mode = callers,
              .want = TW_WANT_LOSS | (draw ? TW_TRAINING : 0)};
    TW_TRY(run(&c, leaves, loss_task, err));
    tw__batch_tree_add((double *)b->sums, leaves, sizeof *sums / sizeof(double));
    *sums = b->sums[0];
    return TW_OK;
}
