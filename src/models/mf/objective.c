/* Matrix factorisation on some rows: the sums over a leaf of the batch. A row touches its user's and its
 * item's vectors and biases and nothing else, so that gradients are lists.
 * SPDX-License-Identifier: MIT */
#include "base/cpu.h"
#include "models/list_take.h"
#include "models/balance.h"
#include "models/linear/rows.h"
#include "models/mf/mf.h"
#include <stdlib.h>
#include <string.h>

typedef struct objective {
    tw__bound on;
    const tw__mf_state *s;
    const tw__rows *k;  /* products of two vectors of weights */
    tw__mf_pair *pairs; /* of each row */
    /* With l2_per=id, of each user, then each item: l2 divided by the weight of the rows; NULL: l2 */
    double *share;
    /* per lane, a gradient that is 0 between two evaluations; NULL: no answers with lists */
    char *sums;
    int lanes;
} objective;

/* ---- a row --------------------------------------------------------------------------------------------- */

/* What a row has of one side. */
typedef struct half {
    size_t vector, bias; /* in the flat vector */
    double penalty;      /* l2, or its share */
    int is_known;
} half;

static half half_of(const objective *o, uint64_t row, int side)
{
    const tw__mf_state *s = o->s;
    const uint32_t id = o->pairs[row].id[side];
    if (id == TW__MF_NOBODY) return (half){.is_known = 0};
    return (half){.vector = tw__mf_vector(s, side, id),
                  .bias = tw__mf_bias(s, side, id),
                  .penalty = o->share ? o->share[tw__mf_column(s, side, id)] : s->choice.values[TW__MF_L2],
                  .is_known = 1};
}

static const char *vector_at(const objective *o, const void *w, const half *h)
{
    return (const char *)w + h->vector * tw_type_size(o->on.model->type);
}

static double bias_at(const objective *o, const void *w, const half *h)
{
    return tw__mf_has(o->s, TW__MF_BIASES) ? tw__weight_at(o->on.model->type, w, h->bias) : 0;
}

static double score_of(const objective *o, const void *w, const half *h)
{
    const tw_model *m = o->on.model;
    double score = tw__mf_has(o->s, TW__MF_MEAN) ? tw__weight_at(m->type, w, m->size - 1) : 0;
    for (int side = 0; side < TW__MF_SIDES; side++)
        if (h[side].is_known) score += bias_at(o, w, &h[side]);
    if (h[TW__MF_USER].is_known && h[TW__MF_ITEM].is_known)
        score +=
            o->k->dot(vector_at(o, w, &h[TW__MF_USER]), vector_at(o, w, &h[TW__MF_ITEM]), NULL, o->s->rank);
    return score;
}

static double penalty_of(const objective *o, const void *w, const half *h)
{
    if (!h->is_known || h->penalty == 0) return 0;
    const char *v = vector_at(o, w, h);
    const double b = bias_at(o, w, h);
    return h->penalty / 2 * (o->k->dot(v, v, NULL, o->s->rank) + b * b);
}

/* slope: of the loss by the score, times the row's weight */
static void add_gradient(const objective *o, const void *w, void *g, const half *h, double slope,
                         double weight)
{
    const tw_type type = o->on.model->type;
    for (int side = 0; side < TW__MF_SIDES; side++) {
        const half *const own = &h[side], *const other = &h[!side];
        if (!own->is_known) continue;
        char *const to = (char *)g + own->vector * tw_type_size(type);
        const double decay = weight * own->penalty;
        if (other->is_known) o->k->add(to, slope, vector_at(o, w, other), NULL, o->s->rank);
        if (decay > 0) o->k->add(to, decay, vector_at(o, w, own), NULL, o->s->rank);
        if (!tw__mf_has(o->s, TW__MF_BIASES)) continue;
        const double by = slope + decay * bias_at(o, w, own);
        if (type == TW_F64) ((double *)g)[own->bias] += by;
        else ((float *)g)[own->bias] += (float)by;
    }
}

static void add_row(const objective *o, const tw_eval *e, size_t i, void *g)
{
    const uint64_t row = e->rows[i];
    const half h[] = {half_of(o, row, TW__MF_USER), half_of(o, row, TW__MF_ITEM)};
    const double score = score_of(o, e->w, h);
    if (e->want & (TW_WANT_LOSS | TW_WANT_GRADIENT)) {
        const double weight = tw__bound_weight(&o->on, row), slope = score - o->on.targets[row];
        e->sums->loss += weight * (slope * slope / 2 + penalty_of(o, e->w, &h[TW__MF_USER]) +
                                   penalty_of(o, e->w, &h[TW__MF_ITEM]));
        e->sums->weight += weight;
        if (e->want & TW_WANT_GRADIENT) add_gradient(o, e->w, g, h, weight * slope, weight);
    }
    if (!(e->want & TW_WANT_OUTPUT)) return;
    if (o->on.model->type == TW_F64) ((double *)e->output)[i] = score;
    else ((float *)e->output)[i] = (float)score;
}

/* ---- lists --------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Who of one side is in some rows, rising, each once; returns how many. */
static size_t list_ids(const objective *o, const tw_eval *e, int side, uint32_t *to)
{
    size_t n = 0, once = 0;
    for (size_t i = 0; i < e->n; i++) {
        const uint32_t id = o->pairs[e->rows[i]].id[side];
        if (id != TW__MF_NOBODY) to[n++] = id;
    }
    qsort(to, n, sizeof *to, compare);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || to[i] != to[once - 1]) to[once++] = to[i];
    return once;
}

/* Appends the weights of one of a side: its vector or its bias. Returns how many. */
static size_t list_vector(const tw__mf_state *s, int side, uint32_t id, uint32_t *to)
{
    const size_t first = tw__mf_vector(s, side, id);
    for (size_t k = 0; k < s->rank; k++) to[k] = (uint32_t)(first + k);
    return s->rank;
}
static size_t list_bias(const tw__mf_state *s, int side, uint32_t id, uint32_t *to)
{
    if (!tw__mf_has(s, TW__MF_BIASES)) return 0;
    *to = (uint32_t)tw__mf_bias(s, side, id);
    return 1;
}

/* Moves the sum out of the lane's vector. Who is in the rows stands in the values' place, which has a vector
 * for each of them, until their weights are listed. */
static void write_list(const objective *o, const tw_eval *e, void *sum)
{
    tw_sparse_sum *to = e->sparse;
    uint32_t *const id = to->value;
    size_t n[TW__MF_SIDES] = {list_ids(o, e, TW__MF_USER, id)};
    n[TW__MF_ITEM] = list_ids(o, e, TW__MF_ITEM, id + n[TW__MF_USER]);
    to->n = 0;
    for (int side = 0; side < TW__MF_SIDES; side++)
        for (size_t i = 0; i < n[side]; i++)
            to->n += list_vector(o->s, side, id[side * n[TW__MF_USER] + i], to->index + to->n);
    for (int side = 0; side < TW__MF_SIDES; side++)
        for (size_t i = 0; i < n[side]; i++)
            to->n += list_bias(o->s, side, id[side * n[TW__MF_USER] + i], to->index + to->n);
    tw__list_take(to, o->on.model->type, sum);
}

static size_t touched(void *user, const uint64_t *rows, size_t n, uint32_t *index)
{
    const objective *o = user;
    const size_t each = o->s->rank + (size_t)tw__mf_has(o->s, TW__MF_BIASES);
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        for (int side = 0; side < TW__MF_SIDES; side++) {
            const uint32_t id = o->pairs[rows[i]].id[side];
            if (id == TW__MF_NOBODY) continue;
            if (index) {
                const size_t listed = list_vector(o->s, side, id, index + count);
                list_bias(o->s, side, id, index + count + listed);
            }
            count += each;
        }
    return count;
}

/* ---- a leaf -------------------------------------------------------------------------------------------- */

/* As in a list, a -0 is a 0. */
static void add_zero(tw_type type, void *g, size_t n)
{
    if (type == TW_F64)
        for (size_t i = 0; i < n; i++) ((double *)g)[i] += 0;
    else
        for (size_t i = 0; i < n; i++) ((float *)g)[i] += 0;
}

static int eval(void *user, const tw_eval *e)
{
    const objective *o = user;
    const tw_model *m = o->on.model;
    const size_t bytes = m->size * tw_type_size(m->type);
    const int wanted = (e->want & TW_WANT_GRADIENT) != 0, lists = wanted && e->sparse;
    void *g = lists ? o->sums + (size_t)e->draw->lane * bytes : e->gradient;
    const tw__fp_mode mode = tw__fp_enter();
    *e->sums = (tw_sums){0};
    if (wanted && !lists) memset(g, 0, bytes);
    for (size_t i = 0; i < e->n; i++) add_row(o, e, i, g);
    if (lists) write_list(o, e, g);
    else if (wanted) add_zero(m->type, g, m->size);
    tw__fp_leave(mode);
    return 0;
}

/* ---- making -------------------------------------------------------------------------------------------- */

static void destroy(tw__bound *on)
{
    objective *o = (objective *)on;
    const tw_model *m = on->model;
    tw__free(m->ctx, o->pairs, (size_t)on->data.rows, sizeof *o->pairs);
    tw__free(m->ctx, o->share, tw__shape_size(&m->in), sizeof *o->share);
    tw__free(m->ctx, o->sums, (size_t)o->lanes * m->size, tw_type_size(m->type));
    tw__free(m->ctx, o, 1, sizeof *o);
}

static tw_status fill_shares(objective *o, tw_error *err)
{
    const tw__mf_state *s = o->s;
    const size_t columns = tw__shape_size(&o->on.model->in);
    TW_TRY(tw__alloc(o->on.model->ctx, &o->share, columns, sizeof *o->share, err));
    for (uint64_t i = 0; i < o->on.data.rows; i++)
        for (int side = 0; side < TW__MF_SIDES; side++) {
            const uint32_t id = o->pairs[i].id[side];
            if (id != TW__MF_NOBODY) o->share[tw__mf_column(s, side, id)] += tw__bound_weight(&o->on, i);
        }
    for (size_t i = 0; i < columns; i++)
        if (o->share[i] > 0) o->share[i] = s->choice.values[TW__MF_L2] / o->share[i];
    return TW_OK;
}

static tw_status fill(objective *o, tw_error *err)
{
    const tw_model *m = o->on.model;
    const uint64_t rows = o->on.data.rows;
    TW_TRY(tw__alloc(m->ctx, &o->pairs, (size_t)rows, sizeof *o->pairs, err));
    for (uint64_t i = 0; i < rows; i++) TW_TRY(tw__mf_pair_of(m, &o->on.data, i, &o->pairs[i], err));
    if (o->s->choice.values[TW__MF_L2_PER] == TW__MF_PER_ID) TW_TRY(fill_shares(o, err));
    o->k = tw__rows_for(m->type, m->type, tw_context_isa(m->ctx));
    if (m->size > UINT32_MAX) return TW_OK;
    return tw__alloc(m->ctx, &o->sums, (size_t)o->lanes * m->size, tw_type_size(m->type), err);
}

tw_status tw__mf_bind(const tw__bound *on, tw_objective *out, tw_error *err)
{
    const tw_model *m = on->model;
    objective *o;
    TW_TRY(tw__alloc(m->ctx, &o, 1, sizeof *o, err));
    *o = (objective){.on = *on, .s = m->state, .lanes = tw_context_threads(m->ctx)};
    o->on.free = destroy;
    const tw_status s = fill(o, err);
    if (s != TW_OK) {
        destroy(&o->on);
        return s;
    }
    *out = (tw_objective){.size = sizeof *out,
                          .type = m->type,
                          .tensors = m->tensors,
                          .n_tensors = m->n_tensors,
                          .n_rows = on->data.rows,
                          .n_outputs = 1,
                          .only_outputs = !on->targets,
                          .lanes = o->lanes,
                          .user = o,
                          .eval = eval,
                          .touched = o->sums ? touched : NULL};
    return TW_OK;
}
