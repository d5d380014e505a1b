/* Training on changed images: an evaluation's rows are written to its lane's part of a block, and the network
 * is asked about that.
 * SPDX-License-Identifier: MIT */
#include "train/augmented.h"
#include "augment/augment.h"
#include "base/cpu.h"
#include <string.h>

struct tw__augmented {
    tw_context *ctx;
    tw__augment list;
    tw__picture size;
    size_t row_bytes, n_targets, rows, lanes; /* n_targets: of a row; rows: of a lane */
    const tw_objective *plain;
    const tw__bound *source; /* plain's rows */
    tw_objective changed;    /* the network on what follows */
    uint8_t *x;
    int32_t *classes;
    double *targets, *weights, *scratch;
    uint64_t *number; /* of each row in x */
};

/* ---- evaluating ---------------------------------------------------------------------------------------- */

static void fill(tw__augmented *a, const tw_eval *e, size_t first)
{
    const size_t scratch = tw__augment_scratch(&a->size);
    const uint8_t *x = a->source->data.x;
    for (size_t i = 0; i < e->n; i++) {
        const uint64_t row = e->rows[i];
        tw__augment_apply(&a->list, &a->size, e->draw->seed, e->draw->epoch, row, x + row * a->row_bytes,
                          a->x + (first + i) * a->row_bytes, a->scratch + (size_t)e->draw->lane * scratch);
        if (a->source->classes) a->classes[first + i] = a->source->classes[row];
        if (a->source->targets)
            memcpy(a->targets + (first + i) * a->n_targets, a->source->targets + row * a->n_targets,
                   a->n_targets * sizeof *a->targets);
        if (a->source->data.weights) a->weights[first + i] = a->source->data.weights[row];
    }
}

static int eval(void *user, const tw_eval *e)
{
    tw__augmented *a = user;
    if (!(e->want & TW_TRAINING)) return a->plain->eval(a->plain->user, e);
    if (e->n > a->rows) return 1;
    const size_t first = (size_t)e->draw->lane * a->rows;
    const tw__fp_mode mode = tw__fp_enter();
    fill(a, e, first);
    tw__fp_leave(mode);
    tw_eval on = *e;
    on.rows = a->number + first;
    return a->changed.eval(a->changed.user, &on);
}

static int point(void *user, const void *w)
{
    tw__augmented *a = user;
    const int stopped = a->plain->point(a->plain->user, w);
    return stopped ? stopped : a->changed.point(a->changed.user, w);
}

static int reserve(void *user, size_t rows)
{
    tw__augmented *a = user;
    return a->changed.reserve(a->changed.user, rows);
}

static void commit(void *user, void *w, const double *totals)
{
    tw__augmented *a = user;
    a->changed.commit(a->changed.user, w, totals);
}

static double weight(void *user, uint64_t row)
{
    const tw__augmented *a = user;
    return a->plain->weight(a->plain->user, row);
}

/* ---- making -------------------------------------------------------------------------------------------- */

static tw_status check(const tw__augmented *a, tw_error *err)
{
    const tw_data_info *r = &a->source->data;
    if (a->source->model->kind == &tw__model_network && r->rank > 1 && r->type == TW_U8) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "augment is for networks on images, and %.200s %s", r->name,
                    r->rank > 1 && r->type == TW_U8 ? "is given to a linear model" : "has rows of numbers");
}

static tw_status allocate(tw__augmented *a, tw_error *err)
{
    const size_t all = a->rows * a->lanes;
    TW_TRY(tw__alloc(a->ctx, &a->x, all, a->row_bytes, err));
    TW_TRY(tw__alloc(a->ctx, &a->classes, all, sizeof *a->classes, err));
    TW_TRY(tw__alloc(a->ctx, &a->targets, all, a->n_targets * sizeof *a->targets, err));
    TW_TRY(tw__alloc(a->ctx, &a->weights, all, sizeof *a->weights, err));
    TW_TRY(tw__alloc(a->ctx, &a->number, all, sizeof *a->number, err));
    TW_TRY(tw__alloc(a->ctx, &a->scratch, tw__augment_scratch(&a->size) * a->lanes, sizeof *a->scratch, err));
    for (size_t i = 0; i < all; i++) a->number[i] = i;
    return TW_OK;
}

/* The network on the rows of a->x, whose classes, targets and weights are not its own. */
static tw_status bind(tw__augmented *a, tw_error *err)
{
    tw__bound on = *a->source;
    on.data.x = a->x;
    on.data.rows = a->rows * a->lanes;
    if (on.classes) on.classes = a->classes;
    if (on.targets) on.targets = a->targets;
    if (on.data.weights) on.data.weights = a->weights;
    a->changed = (tw_objective)TW_OBJECTIVE_INIT;
    return on.model->kind->objective(&on, &a->changed, err);
}

static tw_status fill_in(tw__augmented *a, const char *list, uint64_t most, tw_error *err)
{
    const tw_data_info *r = &a->source->data;
    TW_TRY(tw__augment_read(&a->list, list, err));
    TW_TRY(check(a, err));
    a->size = (tw__picture){.height = (size_t)r->shape[0],
                            .width = (size_t)r->shape[1],
                            .channels = r->rank > 2 ? (size_t)r->shape[2] : 1};
    a->row_bytes = a->size.height * a->size.width * a->size.channels;
    a->rows = (size_t)(most > r->rows ? most : r->rows) / TW_MOST_LEAVES + TW_LEAF;
    if (a->rows < a->plain->together * TW_LEAF) a->rows = a->plain->together * TW_LEAF;
    a->lanes = (size_t)a->plain->lanes;
    a->n_targets = a->source->targets ? a->plain->n_outputs : 0;
    TW_TRY(allocate(a, err));
    return bind(a, err);
}

tw_status tw__augmented_create(tw__augmented **made, tw_context *ctx, const char *list,
                               const tw_objective *plain, uint64_t most, tw_objective *out, tw_error *err)
{
    tw__augmented *a;
    TW_TRY(tw__alloc(ctx, &a, 1, sizeof *a, err));
    a->ctx = ctx;
    a->plain = plain;
    a->source = plain->user;
    const tw_status s = fill_in(a, list, most, err);
    if (s != TW_OK) {
        tw__augmented_free(a);
        return s;
    }
    *made = a;
    *out = *plain;
    out->user = a;
    out->eval = eval;
    out->point = point;
    out->reserve = reserve;
    if (plain->commit) out->commit = commit;
    if (plain->weight) out->weight = weight;
    return TW_OK;
}

void tw__augmented_free(tw__augmented *a)
{
    if (!a) return;
    const size_t all = a->rows * a->lanes;
    tw__bound *on = a->changed.user;
    if (on) on->free(on);
    tw__free(a->ctx, a->x, all, a->row_bytes);
    tw__free(a->ctx, a->classes, all, sizeof *a->classes);
    tw__free(a->ctx, a->targets, all, a->n_targets * sizeof *a->targets);
    tw__free(a->ctx, a->weights, all, sizeof *a->weights);
    tw__free(a->ctx, a->number, all, sizeof *a->number);
    tw__free(a->ctx, a->scratch, tw__augment_scratch(&a->size) * a->lanes, sizeof *a->scratch);
    tw__free(a->ctx, a, 1, sizeof *a);
}
