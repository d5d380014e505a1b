/* A run in a checkpoint: weights, cursor, sums and history, and the state of its parts.
 * SPDX-License-Identifier: MIT */
#include "train/history.h"
#include "train/run.h"
#include "estimators/by_row.h"
#include <stdio.h>

enum { COLUMNS = TW__EPOCH_NUMBERS };

static tw_status visit_numbers(tw_run *r, tw_visitor *v, tw_error *err)
{
    int64_t cursor[] = {(int64_t)r->epoch, (int64_t)r->step, (int64_t)r->updates, r->status},
            gradients = (int64_t)r->gradients, n = 4;
    double sums[] = {r->sums.loss, r->sums.weight,   r->sums.correct, r->epoch_lr,
                     r->seconds,   r->epoch_seconds, r->first_loss};
    TW_TRY(v->field(v, "run.cursor", TW_I64, 1, &n, cursor, err));
    TW_TRY(v->field(v, "run.gradients", TW_I64, 0, NULL, &gradients, err));
    n = 7;
    TW_TRY(v->field(v, "run.sums", TW_F64, 1, &n, sums, err));
    if (v->loading != TW_LOAD) return TW_OK;
    int is_over = tw_run_is_over((int)cursor[3]);
    if (cursor[0] < 0 || (uint64_t)cursor[0] + !is_over > r->o.epochs || cursor[1] < 0 ||
        (uint64_t)cursor[1] >= r->steps_per_epoch || cursor[2] < 0 || cursor[3] < 0 ||
        cursor[3] > TW_RUN_MAX_EPOCHS)
        return tw__fail(err, TW_ERR_DATA,
                        "the stored run stands at epoch %lld, step %lld, which this run does not have",
                        (long long)cursor[0], (long long)cursor[1]);
    r->epoch = (uint64_t)cursor[0];
    r->step = (uint64_t)cursor[1];
    r->updates = (uint64_t)cursor[2];
    r->status = (int)cursor[3];
    r->gradients = (uint64_t)gradients;
    r->sums = (tw_sums){sums[0], sums[1], sums[2]};
    r->epoch_lr = sums[3];
    r->seconds = sums[4];
    r->epoch_seconds = sums[5];
    r->first_loss = sums[6];
    return TW_OK;
}

void tw__run_history_elsewhere(tw_run *r, size_t n) { r->elsewhere = n; }
tw_epoch *tw__run_history_reserve(tw_run *r) { return r->history; }

/* The history, but for what is kept elsewhere, as one list of numbers, COLUMNS per epoch. */
static tw_status visit_history(tw_run *r, tw_visitor *v, tw_error *err)
{
    double *list = NULL;
    const size_t first = v->loading == TW_SHOW ? r->elsewhere : 0;
    size_t n = (r->n_history - first) * COLUMNS;
    TW_TRY(tw__alloc(r->ctx, &list, n, sizeof *list, err));
    tw__epochs_to_numbers(r->history + first, r->n_history - first, list);
    tw_status s = v->list(v, "run.history", TW_F64, &n, (void **)&list, r->ctx, err);
    if (s == TW_OK && v->loading == TW_LOAD) {
        const size_t all = r->elsewhere + n / COLUMNS;
        if (n % COLUMNS || all != r->epoch)
            s = tw__fail(err, TW_ERR_DATA, "the stored history has %zu numbers for %llu epochs", n,
                         (unsigned long long)r->epoch);
        if (s == TW_OK) s = tw__grow(r->ctx, &r->history, &r->capacity, all, sizeof *r->history, err);
        if (s == TW_OK) {
            tw__epochs_from_numbers(list, n / COLUMNS, r->history + r->elsewhere);
            r->n_history = all;
        }
    }
    tw__free(r->ctx, list, n, sizeof *list);
    return s;
}

static tw_status visit_carried(tw_run *r, tw_visitor *v, tw_error *err)
{
    size_t n;
    void *const carried = tw__batch_carried(r->batch, &n);
    const int64_t size = (int64_t)n;
    if (n == 0) return TW_OK;
    if (v->loading == TW_SHOW) tw__run_share_carried(r, 0);
    TW_TRY(v->field(v, "run.carried", r->train.type, 1, &size, carried, err));
    if (v->loading == TW_LOAD) tw__run_share_carried(r, 1);
    return TW_OK;
}

static tw_status visit_all(tw_run *r, tw_visitor *v, tw_error *err)
{
    for (size_t i = 0; i < r->train.n_tensors; i++) {
        const tw_tensor *t = &r->train.tensors[i];
        char name[512];
        snprintf(name, sizeof name, "weight/%s", t->name);
        TW_TRY(v->field(v, name, r->train.type, t->rank, t->shape,
                        (char *)r->w + t->offset * tw_type_size(r->train.type), err));
    }
    TW_TRY(visit_numbers(r, v, err));
    TW_TRY(visit_history(r, v, err));
    if (r->solver) return tw__run_visit_solver(r, v, err);
    TW_TRY(r->by_row ? tw__by_row_visit(r->by_row, v, err) : tw__estimator_visit(r->estimator, v, err));
    TW_TRY(tw__estimator_visit_search(r->estimator, v, err));
    TW_TRY(visit_carried(r, v, err));
    TW_TRY(tw__run_visit_workers(r, v, err));
    TW_TRY(tw__controls_visit(r->controls, v, err));
    if (r->o.nonfinite == TW_NONFINITE_SKIP)
        TW_TRY(v->field(v, "run.left_out", TW_I64, 0, NULL, &r->skipped, err));
    return tw_optimizer_visit(r->optimizer, v, err);
}

tw_status tw_run_visit(tw_run *r, tw_visitor *v, tw_error *err)
{
    TW_NEEDS(err, r && v && v->field && v->list);
    if (v->loading == TW_SHOW) TW_TRY(tw__run_catch_up_all(r, err));
    if (v->loading == TW_SHOW) TW_TRY(tw__run_gather_ranges(r, err));
    const tw_status s = visit_all(r, v, err);
    if (v->loading == TW_LOAD) r->failed = s != TW_OK;
    return s;
}
