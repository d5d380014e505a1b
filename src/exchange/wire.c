/* Gradients in fewer bits; see wire.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/wire.h"
#include <string.h>

static tw_status make_factors(tw__workers *x, size_t rank, tw_error *err)
{
    TW_TRY(tw__powersgd_create(&x->wire->matrices, x, rank, err));
    const size_t n = tw__powersgd_factors(x->wire->matrices);
    TW_TRY(tw__workers_keep(x, n * sizeof(float), err));
    for (size_t i = 0; i < x->n; i++)
        TW_TRY(tw__alloc(x->ctx, &x->wire->line[i].factors, n, sizeof(float), err));
    return TW_OK;
}

tw_status tw__wire_create(tw__workers *x, tw_error *err)
{
    const tw__codec *codec = tw__codec_at((size_t)tw__exchange_value(x, "wire"));
    const double keep = tw__exchange_value(x, "keep"), rank = tw__exchange_value(x, "rank");
    if (keep > 0 && keep != TW__WIRE_KEEP && !(codec && codec->leaves_out))
        return tw__fail(err, TW_ERR_SPEC, "exchange %s: keep is for wire=topk", x->choice.spec);
    if (rank > 0 && rank != TW__WIRE_RANK && !(codec && codec->is_of_matrices))
        return tw__fail(err, TW_ERR_SPEC, "exchange %s: rank is for wire=powersgd", x->choice.spec);
    if (!codec) return TW_OK;
    TW_TRY(tw__alloc(x->ctx, &x->wire, 1, sizeof *x->wire, err));
    *x->wire = (tw__wire){.codec = codec, .keep = keep};
    TW_TRY(tw__alloc(x->ctx, &x->wire->line, x->n, sizeof *x->wire->line, err));
    for (size_t i = 0; x->codes_sums && i < x->n; i++)
        if (!x->worker[i].pushed) x->worker[i].pushed = &x->wire->line[i].pushed;
    if (codec->is_of_matrices) TW_TRY(make_factors(x, (size_t)rank, err));
    if (!codec->feeds_back) return TW_OK;
    TW_TRY(tw__workers_keep(x, x->set.size * x->k->real, err));
    for (size_t i = 0; i < x->n; i++)
        TW_TRY(tw__alloc(x->ctx, &x->wire->line[i].rest, x->set.size, x->k->real, err));
    return TW_OK;
}

void tw__wire_free(tw__workers *x)
{
    tw__wire *wire = x->wire;
    if (!wire) return;
    for (size_t i = 0; wire->line && i < x->n; i++) {
        tw__free(x->ctx, wire->line[i].rest, x->set.size, x->k->real);
        tw__list_free(x->ctx, &wire->line[i].list, x->k->real);
        if (wire->matrices)
            tw__free(x->ctx, wire->line[i].factors, tw__powersgd_factors(wire->matrices), sizeof(float));
    }
    tw__powersgd_free(wire->matrices, x);
    tw__free(x->ctx, wire->line, x->n, sizeof *wire->line);
    tw__free(x->ctx, wire, 1, sizeof *wire);
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

/* index NULL: all places from 0 on. rest NULL: nothing is added; it is a mean, and the gradient the sum of
 * rows of so much weight. */
#define NUMBERS(real, t)                                                                                  \
    static void begin_##t(size_t n, const uint32_t *index, real weight, real *g, real *rest)              \
    {                                                                                                     \
        for (size_t i = 0; i < n; i++) {                                                                  \
            real *const r = &rest[index ? index[i] : i];                                                  \
            *r = g[i] += *r * weight;                                                                     \
        }                                                                                                 \
    }                                                                                                     \
    static void end_##t(size_t n, const uint32_t *index, real weight, const real *sent, real *rest)       \
    {                                                                                                     \
        for (size_t i = 0; i < n; i++) {                                                                  \
            real *const r = &rest[index ? index[i] : i];                                                  \
            *r = (*r - sent[i]) / weight;                                                                 \
        }                                                                                                 \
    }                                                                                                     \
    static void encode_##t(const tw__wire *w, const tw__wire_line *line, size_t n, const uint32_t *index, \
                           double weight, real *g)                                                        \
    {                                                                                                     \
        real *const rest = line->rest;                                                                    \
        if (rest) begin_##t(n, index, (real)weight, g, rest);                                             \
        if (w->matrices) tw__powersgd_##t(w->matrices, g, line->factors);                                 \
        else w->codec->t(n, g, w->keep);                                                                  \
        if (rest) end_##t(n, index, (real)weight, g, rest);                                               \
    }                                                                                                     \
    static size_t count_##t(size_t n, const real *g)                                                      \
    {                                                                                                     \
        size_t left = 0;                                                                                  \
        for (size_t i = 0; i < n; i++) left += g[i] != 0;                                                 \
        return left;                                                                                      \
    }                                                                                                     \
    /* What is not 0 of n numbers; to->index and `index`, to->value and `g` may be the same. */           \
    static void pick_##t(size_t n, const uint32_t *index, const real *g, tw_sparse_sum *to)               \
    {                                                                                                     \
        to->n = 0;                                                                                        \
        for (size_t i = 0; i < n; i++) {                                                                  \
            if (g[i] == 0) continue;                                                                      \
            to->index[to->n] = index ? index[i] : (uint32_t)i;                                            \
            ((real *)to->value)[to->n++] = g[i];                                                          \
        }                                                                                                 \
    }

NUMBERS(float, f32)
NUMBERS(double, f64)

/* ---- gradients ----------------------------------------------------------------------------------------- */

static void add_node(tw__workers *x, tw__sum *to, tw__sum *node)
{
    if (!node->is_list) tw__sum_spread(to, x->set.type, x->set.size);
    tw__sum_add(to, node, x->k, x->set.type, x->set.size);
    node->is_list = 1;
    node->list->n = 0;
}

/* All nodes into the first, as one sum is coded: those that are one of the batch tree as that adds them, so
 * that it does not matter in how many an evaluation gives it, and these in their order. The others stay in
 * their places, empty. */
static void fold(tw__workers *x, tw__gradient *g)
{
    tw__sum *at[TW_MOST_LEAVES] = {NULL};
    for (size_t i = 0; i < g->n; i++) at[g->first[i]] = &g->node[i];
    for (size_t stride = 1; stride < g->leaves; stride *= 2)
        for (size_t i = 0; i + stride < g->leaves; i += 2 * stride)
            if (at[i] && at[i + stride]) {
                add_node(x, at[i], at[i + stride]);
                at[i + stride] = NULL;
            }
    for (size_t i = g->first[0] + 1; i < g->leaves; i++)
        if (at[i]) add_node(x, &g->node[0], at[i]);
}

/* Of the rows whose gradient a worker has. */
static double weight_of(const tw__gradient *g)
{
    double weight = 0;
    for (size_t i = g->lo; i < g->hi; i++) weight += g->leaf[i].weight;
    return weight;
}

static tw_status encode_vector(tw__workers *x, tw__wire_line *line, double weight, tw__sum *node,
                               tw_error *err)
{
    const tw__wire *wire = x->wire;
    const size_t n = x->set.size;
    TW__FOR_TYPE(x->set.type, encode, wire, line, n, NULL, weight, node->dense);
    if (!wire->codec->leaves_out) return TW_OK;
    size_t left = x->set.type == TW_F32 ? count_f32(n, node->dense) : count_f64(n, node->dense);
    TW_TRY(tw__list_reserve(x->ctx, &line->list, left, x->k->real, err));
    TW__FOR_TYPE(x->set.type, pick, n, NULL, node->dense, &line->list);
    node->list = &line->list;
    node->is_list = 1;
    return TW_OK;
}

static void encode_list(tw__workers *x, tw__wire_line *line, double weight, tw_sparse_sum *list)
{
    if (!x->wire->codec->takes_lists) return;
    TW__FOR_TYPE(x->set.type, encode, x->wire, line, list->n, list->index, weight, list->value);
    if (x->wire->codec->leaves_out) TW__FOR_TYPE(x->set.type, pick, list->n, list->index, list->value, list);
}

static tw_status encode(tw__workers *x, tw__wire_line *line, double weight, tw__sum *sum, tw_error *err)
{
    if (!sum->is_list) return encode_vector(x, line, weight, sum, err);
    encode_list(x, line, weight, sum->list);
    return TW_OK;
}

tw_status tw__wire_gradient(tw__workers *x, tw__worker *me, tw_error *err)
{
    tw__gradient *const g = &me->gradient;
    if (!x->wire || x->codes_sums || g->n == 0) return TW_OK;
    if (!x->splits) tw__mean_gradient(x, g);
    fold(x, g);
    const double weight = g->is_mean ? 1 : weight_of(g);
    return weight > 0 ? encode(x, &x->wire->line[me->index], weight, &g->node[0], err) : TW_OK;
}

tw_status tw__wire_push(tw__workers *x, tw__worker *me, tw__sum *sum, tw_error *err)
{
    if (x->wire) TW_TRY(encode(x, &x->wire->line[me->index], 1, sum, err));
    *me->pushed = (tw__gradient){.hi = 1, .leaves = 1, .n = 1, .node = {*sum}};
    return TW_OK;
}

int tw__wire_is_whole(const tw__workers *x)
{
    const tw__codec *codec = x->wire ? x->wire->codec : NULL;
    if (!codec || codec->leaves_out || codec->is_of_matrices) return codec != NULL;
    const size_t sent = codec->bytes(TW_CHUNK), returned = tw__codec_bf16.bytes(TW_CHUNK);
    return x->n * sent <= sent + returned;
}

void tw__wire_mean(const tw__workers *x, size_t n, void *mean)
{
    if (!x->wire) return;
    if (x->set.type == TW_F32) tw__codec_bf16.f32(n, mean, 0);
    else tw__codec_bf16.f64(n, mean, 0);
}

tw_status tw__wire_visit_worker(tw__workers *x, size_t worker, tw_visitor *v, tw_error *err)
{
    const int64_t size = (int64_t)x->set.size;
    if (!x->wire || !x->wire->codec->feeds_back) return TW_OK;
    const tw__wire_line *line = &x->wire->line[worker];
    TW_TRY(v->field(v, "rest", x->set.type, 1, &size, line->rest, err));
    if (!x->wire->matrices) return TW_OK;
    const int64_t kept = (int64_t)tw__powersgd_kept(x->wire->matrices);
    return v->field(v, "factors", TW_F32, 1, &kept, line->factors, err);
}

tw_status tw__wire_visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    for (size_t i = 0; i < x->n; i++) {
        tw__numbered numbered;
        TW_TRY(tw__wire_visit_worker(x, i, tw__numbered_visitor(&numbered, v, "worker", i), err));
    }
    return TW_OK;
}
