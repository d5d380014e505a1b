/* The table of gradients; see table.h.
 * SPDX-License-Identifier: MIT */
#include "estimators/table.h"
#include <math.h>

static size_t entry_bytes(const tw__estimator *e) { return e->size * tw_type_size(e->real); }

static tw_status no_memory(const tw__estimator *e, size_t blocks, tw_error *err)
{
    double bytes = (double)blocks * (double)entry_bytes(e);
    return tw__fail(
        err, TW_ERR_MEMORY,
        "out of memory: %s keeps a gradient of %zu weights for each of %zu blocks of %llu rows, %.0f bytes (a batch "
        "above %llu needs fewer blocks; svrg keeps no table%s)",
        e->type->about.name, e->size, blocks, (unsigned long long)e->batch, bytes,
        (unsigned long long)e->batch,
        e->type->by_row ? "; a linear model with plain sgd keeps one number per row" : "");
}

tw_status tw__table_create(tw__estimator *e, tw_error *err)
{
    tw__gradients *t;
    TW_TRY(tw__alloc(e->ctx, &t, 1, sizeof *t, err));
    e->state = t;
    t->n_blocks = tw__estimator_steps(e);
    if ((double)t->n_blocks * (double)entry_bytes(e) > tw__memory_of_machine() ||
        tw__alloc(e->ctx, &t->entry, t->n_blocks, entry_bytes(e), NULL) != TW_OK)
        return no_memory(e, t->n_blocks, err);
    TW_TRY(tw__alloc(e->ctx, &t->sum, e->size, sizeof *t->sum, err));
    TW_TRY(tw__alloc(e->ctx, &t->seen, t->n_blocks, 1, err));
    return tw__estimator_vector(e, &t->gradient, err);
}

void tw__table_free(tw__estimator *e)
{
    tw__gradients *t = e->state;
    if (!t) return;
    tw__free(e->ctx, t->entry, t->n_blocks, entry_bytes(e));
    tw__free(e->ctx, t->sum, e->size, sizeof *t->sum);
    tw__free(e->ctx, t->seen, t->n_blocks, 1);
    tw__estimator_free_vector(e, t->gradient);
    tw__free(e->ctx, t, 1, sizeof *t);
}

static uint64_t rows_of(const tw__estimator *e, uint64_t block)
{
    uint64_t left = e->n_rows - block * e->batch;
    return left < e->batch ? left : e->batch;
}

tw_status tw__table_visit(tw__estimator *e, tw_visitor *v, tw_error *err)
{
    tw__gradients *t = e->state;
    int64_t table[] = {(int64_t)t->n_blocks, (int64_t)e->size};
    TW_TRY(v->field(v, "estimator.table", e->real, 2, table, t->entry, err));
    TW_TRY(v->field(v, "estimator.table_sum", TW_F64, 1, &table[1], t->sum, err));
    TW_TRY(v->field(v, "estimator.seen", TW_U8, 1, table, t->seen, err));
    TW_TRY(v->field(v, "estimator.weight", TW_F64, 0, NULL, &t->weight, err));
    if (v->loading != TW_LOAD) return TW_OK;
    t->rows = 0;
    for (size_t i = 0; i < t->n_blocks; i++) t->rows += t->seen[i] ? rows_of(e, i) : 0;
    return t->weight >= 0 && isfinite(t->weight)
               ? TW_OK
               : tw__fail(err, TW_ERR_DATA, "the stored table's weight is %g", t->weight);
}

tw_status tw__table_look(tw__estimator *e, tw__update *u, tw_error *err)
{
    tw__gradients *t = e->state;
    TW_TRY(u->gradient(u->user, u->w, u->rows, u->n, t->gradient, &u->sums, err));
    u->direction = t->gradient;
    if (t->seen[u->block]) return TW_OK;
    t->seen[u->block] = 1;
    t->rows += u->n;
    t->weight += u->sums.weight;
    return TW_OK;
}

void *tw__table_entry(const tw__estimator *e, uint64_t block)
{
    const tw__gradients *t = e->state;
    return t->entry + block * entry_bytes(e);
}

double tw__table_total(const tw__estimator *e)
{
    const tw__gradients *t = e->state;
    return e->weight > 0 ? e->weight : t->weight * (double)e->n_rows / (double)t->rows;
}
