/* The batch tree over any objective.
 * SPDX-License-Identifier: MIT */
#include "train/batch.h"
#include "base/pool.h"
#include "math/kernels.h"
#include "models/leaves.h"
#include "train/degree.h"
#include "train/blocks.h"
#include "train/objective.h"
#include <stdatomic.h>
#include <string.h>

/* A node is a list while that has at most one in LIST_SHARE of the weights: a number of a list takes about as
 * long as so many of a vector (docs/design/0028). */
enum { MOST_LEVELS = 7, LIST_SHARE = 32 };
#define NO_RESULT UINT_FAST64_MAX
/* a result of a leaf, beside what eval returned */
#define NO_LIST ((uint_fast64_t)1 << 32)

/* Room for a node's sum in both forms, each made when first needed. */
struct buffer {
    void *dense;
    tw_sparse_sum list;
};

struct tw__batch {
    tw_context *ctx;
    const tw_objective *o;
    const tw__kernels *k;
    size_t size, limit;                 /* weights; numbers that a list may have */
    unsigned want;                      /* beside what a call asks for */
    struct buffer node[TW_MOST_LEAVES]; /* of blocks */
    /* per lane: right subtrees on their way into a node */
    struct buffer (*scratch)[MOST_LEVELS];
    tw__sum block[TW_MOST_LEAVES]; /* the sums of the present call's blocks */
    /* numbers that lists of the leaves before a leaf may have, all together */
    size_t most[TW_MOST_LEAVES + 1];
    tw_sums sums[TW_MOST_LEAVES];
    /* With joins: of each segment the totals; of the present one each leaf's sums. */
    double *totals, *leaf_joins;
    /* With `carry`: what the rows of a batch begin with, and what they hand on, n_carried numbers each; NULL:
     * nobody follows them. */
    char *carried, *handed_on;
    size_t n_carried;
    const double *ratios; /* l2 is by these (degree.h); NULL: it is not by degree */
};

/* Segments of an evaluation while training. */
static size_t segments_of(const tw_objective *o, int with_gradient)
{
    return 1 + (size_t)o->joins * (with_gradient ? 2 : 1);
}

static size_t join_numbers(const tw_objective *o, size_t n) { return o->joins ? n * o->join_size : 0; }

tw_status tw__batch_create(tw__batch **out, tw_context *ctx, const tw_objective *o, tw_error *err)
{
    tw__batch *b;
    TW_TRY(tw__alloc(ctx, &b, 1, sizeof *b, err));
    *b = (tw__batch){.ctx = ctx,
                     .o = o,
                     .k = tw__kernels_for(o->type, tw_context_isa(ctx)),
                     .size = tw__objective_size(o)};
    b->limit = b->size / LIST_SHARE;
    tw_status s = tw__alloc(ctx, &b->scratch, (size_t)tw_context_threads(ctx), sizeof *b->scratch, err);
    if (s == TW_OK) s = tw__alloc(ctx, &b->totals, join_numbers(o, segments_of(o, 1)), sizeof(double), err);
    if (s == TW_OK) s = tw__alloc(ctx, &b->leaf_joins, join_numbers(o, TW_MOST_LEAVES), sizeof(double), err);
    if (s == TW_OK) *out = b;
    else tw__batch_free(b);
    return s;
}

/* Penalties move weights that no row touches, so that no list holds the whole gradient. */
static int has_lists(const tw__batch *b)
{
    const tw_glm *glm = b->o->glm;
    return b->o->touched && (!glm || b->want & TW_NO_PENALTY || (glm->l2 == 0 && glm->l1 == 0));
}

void tw__batch_only_lists(tw__batch *b) { b->limit = SIZE_MAX / TW_MOST_LEAVES - 1; }

void tw__batch_like(tw__batch *b, const tw__batch *other)
{
    b->limit = other->limit;
    b->want = other->want;
    b->ratios = other->ratios;
}

void tw__batch_without_penalty(tw__batch *b) { b->want = TW_NO_PENALTY; }

void tw__batch_by_degree(tw__batch *b, const double *ratios)
{
    tw__batch_without_penalty(b);
    b->ratios = ratios;
}

static void free_buffer(tw__batch *b, struct buffer *buffer)
{
    tw__free(b->ctx, buffer->dense, b->size, b->k->real);
    tw__list_free(b->ctx, &buffer->list, b->k->real);
}

void tw__batch_free(tw__batch *b)
{
    if (!b) return;
    for (size_t i = 0; i < TW_MOST_LEAVES; i++) free_buffer(b, &b->node[i]);
    for (int i = 0; b->scratch && i < tw_context_threads(b->ctx); i++)
        for (int j = 0; j < MOST_LEVELS; j++) free_buffer(b, &b->scratch[i][j]);
    tw__free(b->ctx, b->scratch, (size_t)tw_context_threads(b->ctx), sizeof *b->scratch);
    tw__free(b->ctx, b->totals, join_numbers(b->o, segments_of(b->o, 1)), sizeof(double));
    tw__free(b->ctx, b->leaf_joins, join_numbers(b->o, TW_MOST_LEAVES), sizeof(double));
    tw__free(b->ctx, b->carried, b->n_carried, b->k->real);
    tw__free(b->ctx, b->handed_on, b->n_carried, b->k->real);
    tw__free(b->ctx, b, 1, sizeof *b);
}

/* rows: NULL: the first n */
static double weight_of(const tw__batch *b, const uint64_t *rows, size_t n)
{
    double sum = 0;
    if (!b->o->weight) return (double)n;
    for (size_t i = 0; i < n; i++) sum += b->o->weight(b->o->user, rows ? rows[i] : i);
    return sum;
}

size_t tw__batch_leaves(size_t rows) { return tw__leaves_of(rows).n; }

static void leaf_rows(size_t rows, size_t leaf, size_t *first, size_t *n)
{
    const tw__leaves leaves = tw__leaves_of(rows);
    *first = tw__leaf_first(&leaves, leaf);
    *n = tw__leaf_rows(&leaves, leaf);
}

static int is_concurrent(const tw__batch *b) { return b->o->lanes >= tw_context_threads(b->ctx); }

/* One call's work, shared by its tasks. */
typedef struct call {
    tw__batch *b;
    const void *w;
    const uint64_t *rows; /* NULL: all, in their order */
    /* capacity for the rows of a task in each lane, where they are */
    uint64_t *counted;
    size_t most_counted;
    /* rows; my leaves; leaves of a block, a power of two, with and without a gradient */
    size_t n, lo, hi, block, loss_block;
    const tw_draw *draw;
    unsigned want;
    int segment, hands_on;
    double weight;     /* of all rows */
    size_t w_lo, w_hi; /* the weights whose gradient it computes */
    /* where the first block goes as a vector; NULL: a node like the others */
    void *to;
    tw__fp_mode mode; /* the caller's, for its callbacks */
    /* leaf and answer of the first evaluation that stopped the call */
    atomic_uint_fast64_t result;
} call;

/* Whether the sum over these leaves is kept as a list: only where no leaf could make it long, so that this is
 * known beforehand. The bits are the same. */
static int is_list(const call *c, size_t first, size_t n)
{
    const tw__batch *b = c->b;
    return has_lists(b) && b->most[first + n] - b->most[first] <= b->limit;
}

static int has_joins(const call *c) { return c->b->o->joins && c->want & TW_TRAINING; }

/* Whether the segment makes sums for the next one. */
static int ends_at_join(const call *c)
{
    const tw_objective *o = c->b->o;
    return c->want & TW_TRAINING && (size_t)c->segment + 1 < segments_of(o, c->want & TW_WANT_GRADIENT);
}

/* Leaves that one evaluation may take. */
static size_t together(const call *c)
{
    const tw_objective *o = c->b->o;
    size_t first, longest;
    if (o->touched || o->together <= 1) return 1;
    leaf_rows(c->n, 0, &first, &longest);
    const size_t n = longest <= TW_LEAF ? o->together : o->together / ((longest + TW_LEAF - 1) / TW_LEAF);
    return n ? n : 1;
}

/* Leaves that one evaluation takes wherever they are: of three or more it matters how long they are. */
static size_t surely_together(const call *c)
{
    const size_t n = together(c);
    return n > 2 && c->n > (size_t)TW_LEAF * TW_MOST_LEAVES && c->n % TW_MOST_LEAVES ? 2 : n;
}

/* Whether one evaluation takes leaves first .. first + n - 1: none but the last may have fewer rows. */
static int go_together(const call *c, size_t first, size_t n)
{
    size_t at, rows, last;
    if (n <= surely_together(c)) return 1;
    leaf_rows(c->n, first, &at, &rows);
    leaf_rows(c->n, first + n - 2, &at, &last);
    return n <= together(c) && rows == last;
}

/* One leaf, or with TW_LEAVES several. `to`: where their gradient goes; NULL: only the loss is computed. */
static void eval_leaves(call *c, size_t leaf, size_t leaves, unsigned how, int lane, tw__sum *to)
{
    const int as_list = to && is_list(c, leaf, 1);
    size_t first, n, end, of_leaf;
    tw_draw draw = *c->draw;
    leaf_rows(c->n, leaf + leaves - 1, &end, &n);
    leaf_rows(c->n, leaf, &first, &of_leaf);
    n += end - first;
    const size_t carry_at = first * c->b->o->carry * c->b->k->real;
    tw_sums none[TW_MOST_LEAVES];
    uint64_t *const counted = c->counted ? c->counted + (size_t)lane * c->most_counted : NULL;
    for (size_t i = 0; counted && i < n; i++) counted[i] = first + i;
    draw.first = first;
    draw.lane = lane;
    draw.segment = c->segment;
    double *const join = ends_at_join(c) ? c->b->leaf_joins + leaf * c->b->o->join_size : NULL;
    for (size_t i = 0; join && i < leaves * c->b->o->join_size; i++) join[i] = 0;
    tw__fp_mode ours = tw__fp_enter();
    tw__fp_leave(c->mode);
    const tw_eval e = {.size = sizeof e,
                       .want = c->want | c->b->want | how,
                       .w = c->w,
                       .rows = c->rows ? c->rows + first : counted,
                       .n = n,
                       .draw = &draw,
                       .sums = has_joins(c) && c->segment != c->b->o->joins ? none : &c->b->sums[leaf],
                       .gradient = to && !as_list ? to->dense : NULL,
                       .sparse = as_list ? to->list : NULL,
                       .totals = c->b->totals,
                       .join = join,
                       .carry_in = c->b->carried ? c->b->carried + carry_at : NULL,
                       .carry_out = c->hands_on ? c->b->handed_on + carry_at : NULL,
                       .penalised = leaf == 0 ? c->weight : 0,
                       .leaf = of_leaf};
    int result = c->b->o->eval(c->b->o->user, &e);
    tw__fp_leave(ours);
    if (to) to->is_list = as_list;
    const int is_wrong = !result && as_list && !tw__list_accept(to->list, c->b->o->type, c->b->size);
    if (!result && !is_wrong && to && c->b->ratios)
        tw__degree_add(c->b->o->glm, c->b->ratios, c->b->o->type, c->b->o->glm->l2, c->w, e.rows, n, to);
    if (!result && !is_wrong) return;
    if (as_list) to->list->n = 0;
    uint_fast64_t mine = (uint_fast64_t)leaf << 33 | (is_wrong ? NO_LIST : (uint32_t)result),
                  was = atomic_load(&c->result);
    while (mine < was && !atomic_compare_exchange_weak(&c->result, &was, mine)) continue;
}

static tw__sum sum_in(struct buffer *buffer)
{
    return (tw__sum){.dense = buffer->dense, .list = &buffer->list};
}

/* The sum over leaves first .. first+n-1 into `to`; level: scratch buffers from there on are free. */
static void eval_node(call *c, size_t first, size_t n, int level, int lane, tw__sum *to)
{
    const tw__batch *b = c->b;
    if (go_together(c, first, n)) {
        eval_leaves(c, first, n, n > 1 ? TW_LEAVES : 0, lane, to);
        return;
    }
    size_t left = tw__left_of(n), right = n - left, from, rows;
    eval_node(c, first, left, level, lane, to);
    leaf_rows(c->n, first + left, &from, &rows);
    if (!is_list(c, first, n)) tw__sum_spread(to, b->o->type, b->size);
    if (right == 1 && rows <= TW_LEAF && b->o->can_add && !is_list(c, first + left, 1)) {
        eval_leaves(c, first + left, 1, TW_ADD, lane, to);
        return;
    }
    tw__sum other = sum_in(&b->scratch[lane][level]);
    eval_node(c, first + left, right, level + 1, lane, &other);
    if (c->w_hi - c->w_lo == b->size) tw__sum_add(to, &other, b->k, b->o->type, b->size);
    else
        b->k->add(c->w_hi - c->w_lo, (char *)to->dense + c->w_lo * b->k->real,
                  (char *)other.dense + c->w_lo * b->k->real);
}

/* Blocks are lists if their sum can be one. */
static int blocks_are_lists(const call *c) { return is_list(c, c->lo, c->hi - c->lo); }

static void gradient_task(void *arg, size_t i, int worker)
{
    call *c = arg;
    tw__batch *b = c->b;
    size_t first = c->lo + i * c->block, n = c->hi - first < c->block ? c->hi - first : c->block;
    b->block[i] = sum_in(&b->node[i]);
    if (i == 0 && c->to) b->block[i].dense = c->to;
    eval_node(c, first, n, 0, worker, &b->block[i]);
    if (!blocks_are_lists(c)) tw__sum_spread(&b->block[i], b->o->type, b->size);
}

static void eval_losses(call *c, size_t first, size_t n, int lane)
{
    if (go_together(c, first, n)) eval_leaves(c, first, n, n > 1 ? TW_LEAVES : 0, lane, NULL);
    else {
        eval_losses(c, first, tw__left_of(n), lane);
        eval_losses(c, first + tw__left_of(n), n - tw__left_of(n), lane);
    }
}

static void loss_task(void *arg, size_t i, int worker)
{
    call *c = arg;
    const size_t first = c->lo + i * c->loss_block, left = c->hi - first;
    eval_losses(c, first, left < c->loss_block ? left : c->loss_block, worker);
}

static size_t loss_tasks(const call *c) { return (c->hi - c->lo + c->loss_block - 1) / c->loss_block; }

/* Counts what the leaves' lists may hold, which beyond the limit does not matter; the longest list there will
 * be. */
static size_t measure_lists(const call *c)
{
    tw__batch *b = c->b;
    const int lists = has_lists(b);
    size_t longest = 0;
    tw__fp_mode ours = tw__fp_enter();
    tw__fp_leave(c->mode);
    b->most[c->lo] = 0;
    for (size_t i = c->lo; lists && i < c->hi; i++) {
        size_t first, n;
        leaf_rows(c->n, i, &first, &n);
        const size_t most = b->o->touched(b->o->user, c->rows ? c->rows + first : NULL, n, NULL);
        b->most[i + 1] = b->most[i] + (most > b->limit ? b->limit + 1 : most);
        if (most <= b->limit) longest = b->most[i + 1] < b->limit ? b->most[i + 1] : b->limit;
    }
    tw__fp_leave(ours);
    return longest;
}

/* Whether the sum over n neighbouring leaves is a vector anywhere. */
static int any_dense(const call *c, size_t n)
{
    for (size_t first = c->lo; first < c->hi; first += n)
        if (!is_list(c, first, c->hi - first < n ? c->hi - first : n)) return 1;
    return 0;
}

static tw_status make_buffer(tw__batch *b, struct buffer *buffer, int dense, size_t longest, tw_error *err)
{
    if (dense && !buffer->dense) TW_TRY(tw__alloc(b->ctx, &buffer->dense, b->size, b->k->real, err));
    return tw__list_reserve(b->ctx, &buffer->list, longest, b->k->real, err);
}

static tw_status make_buffers(const call *c, size_t blocks, int lanes, tw_error *err)
{
    tw__batch *b = c->b;
    const size_t longest = measure_lists(c);
    const int dense = !blocks_are_lists(c);
    for (size_t i = 0; i < blocks; i++)
        TW_TRY(make_buffer(b, &b->node[i], dense && !(i == 0 && c->to), longest, err));
    for (int level = 0; c->block >> level > surely_together(c); level++) {
        const int any = any_dense(c, c->block >> (level + 1));
        for (int i = 0; i < lanes; i++) TW_TRY(make_buffer(b, &b->scratch[i][level], any, longest, err));
    }
    return TW_OK;
}

static tw_status not_a_list(const call *c, size_t leaf, tw_error *err)
{
    return tw__fail(
        err, TW_ERR_SPEC,
        "the objective answered leaf %zu of the batch with a list that is longer than the room, or "
        "whose indices do not rise or are not below %zu",
        leaf, c->b->size);
}

static tw_status run(call *c, size_t tasks, tw__task *task, tw_error *err)
{
    const tw_objective *o = c->b->o;
    int result = 0;
    atomic_store(&c->result, NO_RESULT);
    if (o->point && c->segment == 0) {
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
        if (first != NO_RESULT && first & NO_LIST) return not_a_list(c, (size_t)(first >> 33), err);
        result = first == NO_RESULT ? 0 : (int)(uint32_t)first;
    }
    if (!result) return TW_OK;
    tw__fail(err, TW_STOPPED, "the objective stopped the evaluation (%d)", result);
    if (err) err->callback = result;
    return TW_STOPPED;
}

static tw_status reserve_joins(const call *c, tw_error *err)
{
    const tw_objective *o = c->b->o;
    const int result = o->reserve ? o->reserve(o->user, c->n) : 0;
    if (!result) return TW_OK;
    tw__fail(err, TW_STOPPED, "the objective could not reserve memory for a batch of %zu rows", c->n);
    if (err) err->callback = result;
    return TW_STOPPED;
}

/* The totals of a segment from its leaves' sums, by the exchange or by ourselves. */
static tw_status end_segment(call *c, tw__exchange *x, size_t leaves, tw_error *err)
{
    tw__batch *b = c->b;
    if (!ends_at_join(c)) return TW_OK;
    if (x) TW_TRY(x->type->reduce(x, b->leaf_joins, leaves, b->o->join_size, err));
    else tw__batch_tree_add(b->leaf_joins, leaves, b->o->join_size);
    memcpy(b->totals + (size_t)c->segment * b->o->join_size, b->leaf_joins, b->o->join_size * sizeof(double));
    return TW_OK;
}

/* The segments that only go forward, up to the last join. */
static tw_status run_forward(call *c, tw__exchange *x, size_t leaves, tw_error *err)
{
    if (!has_joins(c)) return TW_OK;
    TW_TRY(reserve_joins(c, err));
    for (; c->segment < c->b->o->joins; c->segment++) {
        TW_TRY(run(c, loss_tasks(c), loss_task, err));
        TW_TRY(end_segment(c, x, leaves, err));
    }
    return TW_OK;
}

/* ---- what rows hand on --------------------------------------------------------------------------------- */

tw_status tw__batch_follow(tw__batch *b, size_t rows, tw_error *err)
{
    size_t n;
    if (!b->o->carry) return TW_OK;
    if (!tw__size_mul(rows, b->o->carry, &n))
        return tw__fail(err, TW_ERR_SPEC, "what %zu rows hand on is larger than memory", rows);
    TW_TRY(tw__alloc(b->ctx, &b->carried, n, b->k->real, err));
    b->n_carried = n;
    return tw__alloc(b->ctx, &b->handed_on, n, b->k->real, err);
}

void tw__batch_begin_streams(tw__batch *b)
{
    if (b->carried) memset(b->carried, 0, b->n_carried * b->k->real);
}

void tw__batch_hand_on(tw__batch *b)
{
    char *const before = b->carried;
    b->carried = b->handed_on;
    b->handed_on = before;
}

void *tw__batch_carried(tw__batch *b, size_t *n)
{
    *n = b->n_carried;
    return b->carried;
}

/* ---- calls --------------------------------------------------------------------------------------------- */

/* Evaluates leaves lo .. hi-1 block by block, segment by segment. */
static tw_status run_blocks(call *c, tw__exchange *x, size_t leaves, size_t *blocks, tw_error *err)
{
    const tw_objective *o = c->b->o;
    int lanes = is_concurrent(c->b) ? tw_context_threads(c->b->ctx) : 1;
    c->block = tw__block(c->lo, c->hi - c->lo, (size_t)lanes, together(c));
    c->loss_block = tw__loss_block(c->hi - c->lo, (size_t)lanes, together(c));
    *blocks = (c->hi - c->lo + c->block - 1) / c->block;
    c->w_hi = c->b->size;
    TW_TRY(make_buffers(c, *blocks, lanes, err));
    TW_TRY(run_forward(c, x, leaves, err));
    if (!has_joins(c)) return run(c, *blocks, gradient_task, err);
    for (; c->segment <= 2 * o->joins; c->segment++) {
        c->w_lo = o->cuts[2 * o->joins - c->segment];
        c->w_hi = o->cuts[2 * o->joins - c->segment + 1];
        TW_TRY(run(c, *blocks, gradient_task, err));
        TW_TRY(end_segment(c, x, leaves, err));
    }
    return TW_OK;
}

void tw__batch_commit(tw__batch *b, void *w)
{
    if (b->o->commit) b->o->commit(b->o->user, w, b->totals);
}

tw_status tw__batch_gradient(tw__batch *b, tw__exchange *x, const void *w, const uint64_t *rows, size_t n,
                             const tw_draw *draw, tw__fp_mode callers, tw_sums *sums, tw_error *err)
{
    const tw_draw none = {.number = 0};
    call c = {.b = b,
              .w = w,
              .rows = rows,
              .n = n,
              .weight = weight_of(b, rows, n),
              .draw = draw ? draw : &none,
              .mode = callers,
              .hands_on = b->carried != NULL,
              .want = TW_WANT_LOSS | TW_WANT_GRADIENT | (draw ? TW_TRAINING : 0)};
    size_t leaves = tw__batch_leaves(n);
    TW_TRY(x->type->begin(x, c.draw->number, leaves, &c.lo, &c.hi, err));
    size_t blocks = 0;
    TW_TRY(run_blocks(&c, x, leaves, &blocks, err));
    for (size_t i = 0; i < blocks; i++) {
        size_t first = c.lo + i * c.block;
        TW_TRY(x->type->bucket(x, first, c.hi - first < c.block ? c.hi - first : c.block, &b->block[i], err));
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
            b->k->add(n, (char *)b->block[j].dense + at, (char *)b->block[j + stride].dense + at);
}

/* The tree above the blocks, ending in the first one's vector. */
static void add_blocks(const call *c, size_t blocks)
{
    tw__batch *b = c->b;
    struct adding adding = {.c = c, .blocks = blocks};
    if (blocks_are_lists(c)) {
        tw__lists_add(b->block, blocks, b->o->type);
        tw__sum_spread(&b->block[0], b->o->type, b->size);
    } else tw__pool_run(b->ctx, (b->size + TW_CHUNK - 1) / TW_CHUNK, add_task, &adding);
}

tw_status tw__batch_sum(tw__batch *b, const void *w, const uint64_t *rows, size_t n, const tw_draw *draw,
                        tw__fp_mode callers, void *to, tw_sums *sums, tw_error *err)
{
    const tw_draw none = {.number = 0};
    size_t leaves = tw__batch_leaves(n);
    call c = {.b = b,
              .w = w,
              .rows = rows,
              .n = n,
              .weight = weight_of(b, rows, n),
              .hi = leaves,
              .draw = draw ? draw : &none,
              .to = to,
              .mode = callers,
              .hands_on = b->carried != NULL,
              .want = TW_WANT_LOSS | TW_WANT_GRADIENT | (draw ? TW_TRAINING : 0)};
    size_t blocks = 0;
    TW_TRY(run_blocks(&c, NULL, leaves, &blocks, err));
    add_blocks(&c, blocks);
    tw__batch_tree_add((double *)b->sums, leaves, sizeof *sums / sizeof(double));
    *sums = b->sums[0];
    return TW_OK;
}

tw_status tw__batch_loss(tw__batch *b, const void *w, const uint64_t *rows, size_t n, const tw_draw *draw,
                         tw__fp_mode callers, tw_sums *sums, tw_error *err)
{
    const tw_draw none = {.number = 0};
    const size_t leaves = tw__batch_leaves(n),
                 lanes = is_concurrent(b) ? (size_t)tw_context_threads(b->ctx) : 1;
    size_t first, longest;
    leaf_rows(n, 0, &first, &longest);
    call c = {.b = b,
              .w = w,
              .rows = rows,
              .n = n,
              .weight = weight_of(b, rows, n),
              .hi = leaves,
              .draw = draw ? draw : &none,
              .mode = callers,
              .hands_on = b->carried && !draw,
              .want = TW_WANT_LOSS | (draw ? TW_TRAINING : 0)};
    c.loss_block = tw__loss_block(leaves, lanes, together(&c));
    c.most_counted = c.loss_block * longest;
    if (n && !rows) TW_TRY(tw__alloc(b->ctx, &c.counted, lanes * c.most_counted, sizeof *c.counted, err));
    tw_status s = run_forward(&c, NULL, leaves, err);
    if (s == TW_OK) s = run(&c, loss_tasks(&c), loss_task, err);
    tw__free(b->ctx, c.counted, lanes * c.most_counted, sizeof *c.counted);
    TW_TRY(s);
    tw__batch_tree_add((double *)b->sums, leaves, sizeof *sums / sizeof(double));
    *sums = b->sums[0];
    return TW_OK;
}
