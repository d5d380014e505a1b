/* Adding gradients up; see gather.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/gather.h"
#include <string.h>

void tw__gathered_free(tw__workers *x, tw__gathered *g)
{
    for (int i = 0; i < 2; i++) tw__list_free(x->ctx, &g->list[i], x->k->real);
    tw__free(x->ctx, g->sum.dense, x->set.size, x->k->real);
}

/* Room for `more` numbers after those in the list. */
static tw_status grow_list(tw__workers *x, tw__gathered *g, size_t more, tw_error *err)
{
    const tw_sparse_sum *from = g->sum.list;
    tw_sparse_sum *to = &g->list[from == &g->list[0]];
    if (from->most - from->n >= more) return TW_OK;
    TW_TRY(tw__list_copy(x->ctx, to, from, 2 * (from->n + more), x->k->real, err));
    g->sum.list = to;
    return TW_OK;
}

tw_status tw__gathered_add(tw__workers *x, tw__gathered *g, const tw__sum *mean, tw_error *err)
{
    if (g->n++ == 0) {
        g->sum.is_list = 1;
        g->sum.list = &g->list[0];
        g->list[0].n = 0;
    }
    if (g->sum.is_list && mean->is_list) TW_TRY(grow_list(x, g, mean->list->n, err));
    else {
        if (!g->sum.dense) TW_TRY(tw__alloc(x->ctx, &g->sum.dense, x->set.size, x->k->real, err));
        tw__sum_spread(&g->sum, x->set.type, x->set.size);
    }
    tw__sum_add(&g->sum, mean, x->k, x->set.type, x->set.size);
    return TW_OK;
}

const tw__sum *tw__gathered_mean(const tw__workers *x, tw__gathered *g)
{
    if (g->sum.is_list) x->k->divide(g->sum.list->n, g->sum.list->value, (double)g->n);
    else x->k->divide(x->set.size, g->sum.dense, (double)g->n);
    g->n = 0;
    return &g->sum;
}

/* ---- state --------------------------------------------------------------------------------------------- */

/* What there is as a list or a vector, whichever it is, the other one empty. */
struct flat {
    int64_t *index;
    void *value;
    size_t indices, values;
};

static tw_status flatten(const tw__workers *x, const tw__gathered *g, struct flat *f, tw_error *err)
{
    if (g->n == 0) return TW_OK;
    f->indices = g->sum.is_list ? g->sum.list->n : 0;
    f->values = g->sum.is_list ? f->indices : x->set.size;
    TW_TRY(tw__alloc(x->ctx, &f->index, f->indices, sizeof *f->index, err));
    TW_TRY(tw__alloc(x->ctx, &f->value, f->values, x->k->real, err));
    for (size_t i = 0; i < f->indices; i++) f->index[i] = g->sum.list->index[i];
    if (f->values)
        memcpy(f->value, g->sum.is_list ? g->sum.list->value : g->sum.dense, f->values * x->k->real);
    return TW_OK;
}

static tw_status take_up(tw__workers *x, tw__gathered *g, const struct flat *f, int is_list, tw_error *err)
{
    int fits = f->indices == (is_list ? f->values : 0) && (is_list || f->values == x->set.size);
    for (size_t i = 0; fits && i < f->indices; i++)
        fits = f->index[i] >= 0 && (uint64_t)f->index[i] < x->set.size &&
               (i == 0 || f->index[i] > f->index[i - 1]);
    if (!fits) return tw__fail(err, TW_ERR_DATA, "the stored sums of gradients do not fit together");
    g->sum.is_list = is_list;
    g->sum.list = &g->list[0];
    if (is_list) TW_TRY(tw__list_reserve(x->ctx, &g->list[0], f->values, x->k->real, err));
    else if (!g->sum.dense) TW_TRY(tw__alloc(x->ctx, &g->sum.dense, x->set.size, x->k->real, err));
    g->list[0].n = f->indices;
    for (size_t i = 0; i < f->indices; i++) g->list[0].index[i] = (uint32_t)f->index[i];
    if (f->values) memcpy(is_list ? g->list[0].value : g->sum.dense, f->value, f->values * x->k->real);
    return TW_OK;
}

static tw_status visit_flat(tw__workers *x, tw__gathered *g, struct flat *f, tw_visitor *v, tw_error *err)
{
    uint64_t numbers[] = {g->n, (uint64_t)g->sum.is_list};
    const int64_t two = 2;
    TW_TRY(v->field(v, "gathered", TW_I64, 1, &two, numbers, err));
    TW_TRY(v->list(v, "gathered_indices", TW_I64, &f->indices, (void **)&f->index, x->ctx, err));
    TW_TRY(v->list(v, "gathered_values", x->set.type, &f->values, &f->value, x->ctx, err));
    if (v->loading != TW_LOAD) return TW_OK;
    g->n = numbers[0];
    return g->n > 0 ? take_up(x, g, f, numbers[1] != 0, err) : TW_OK;
}

tw_status tw__gathered_visit(tw__workers *x, tw__gathered *g, tw_visitor *v, tw_error *err)
{
    struct flat f = {.index = NULL};
    tw_status s = v->loading == TW_SHOW ? flatten(x, g, &f, err) : TW_OK;
    if (s == TW_OK) s = visit_flat(x, g, &f, v, err);
    tw__free(x->ctx, f.value, f.values, x->k->real);
    tw__free(x->ctx, f.index, f.indices, sizeof *f.index);
    return s;
}
