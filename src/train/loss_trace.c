/* Points of the training loss, taken from the epochs' running means.
 * SPDX-License-Identifier: MIT */
#include "train/loss_trace.h"
#include "train/run.h"

enum { NUMBERS = 4 }; /* of a point in a checkpoint */

uint64_t tw__loss_trace_every(uint64_t steps_per_epoch, uint64_t most)
{
    uint64_t every = (steps_per_epoch + most - 1) / most;
    while (steps_per_epoch % every && 2 * (steps_per_epoch % every) < every) every++;
    return every;
}

void tw__loss_trace_event(tw__loss_trace *t, const tw_event *e)
{
    t->loss = e->loss;
    t->weight = e->weight;
    t->step = e->step;
}

uint64_t tw__loss_trace_left(const tw__loss_trace *t, const tw_run *run)
{
    return t->every ? t->every - run->step % t->every : UINT64_MAX;
}

tw_status tw__loss_trace_step(tw__loss_trace *t, tw_context *ctx, const tw_run *run, tw_error *err)
{
    const int ended = t->step == tw_run_steps_per_epoch(run) || tw_run_is_over(tw_run_status(run));
    const double sum = t->weight > 0 ? t->loss * t->weight : 0;
    if (!t->every || (!ended && t->step % t->every != 0)) return TW_OK;
    TW_TRY(tw__grow(ctx, &t->points, &t->capacity, t->n + 1, sizeof *t->points, err));
    if (t->weight > t->last_weight) /* not all updates since then were left out */
        t->points[t->n++] = (tw__point){tw_run_steps(run), tw_run_gradients(run), tw_run_seconds(run),
                                        (sum - t->last_sum) / (t->weight - t->last_weight)};
    t->last_sum = ended ? 0 : sum;
    t->last_weight = ended ? 0 : t->weight;
    return TW_OK;
}

static void to_numbers(const tw__loss_trace *t, double *to)
{
    for (size_t i = 0; i < t->n; i++) {
        const tw__point *p = &t->points[i];
        const double row[NUMBERS] = {(double)p->step, (double)p->gradients, p->seconds, p->loss};
        for (int k = 0; k < NUMBERS; k++) to[i * NUMBERS + (size_t)k] = row[k];
    }
}

static tw_status from_numbers(tw__loss_trace *t, tw_context *ctx, const double *from, size_t n, tw_error *err)
{
    if (n % NUMBERS)
        return tw__fail(err, TW_ERR_DATA, "the stored trace has %zu numbers, which are not %d each", n,
                        NUMBERS);
    TW_TRY(tw__grow(ctx, &t->points, &t->capacity, n / NUMBERS, sizeof *t->points, err));
    t->n = n / NUMBERS;
    for (size_t i = 0; i < t->n; i++, from += NUMBERS) {
        if (!(from[0] >= 0 && from[0] < 0x1p63 && from[1] >= 0 && from[1] < 0x1p63))
            return tw__fail(err, TW_ERR_DATA, "the stored trace has counts outside [0, 2^63)");
        t->points[i] = (tw__point){(uint64_t)from[0], (uint64_t)from[1], from[2], from[3]};
    }
    return TW_OK;
}

tw_status tw__loss_trace_visit(tw__loss_trace *t, tw_context *ctx, tw_visitor *v, tw_error *err)
{
    double cursor[] = {t->last_sum, t->last_weight}, *list = NULL;
    int64_t n_cursor = 2;
    size_t n = t->n * NUMBERS;
    TW_TRY(v->field(v, "trace.cursor", TW_F64, 1, &n_cursor, cursor, err));
    TW_TRY(tw__alloc(ctx, &list, n, sizeof *list, err));
    to_numbers(t, list);
    tw_status s = v->list(v, "trace.points", TW_F64, &n, (void **)&list, ctx, err);
    if (s == TW_OK && v->loading == TW_LOAD) s = from_numbers(t, ctx, list, n, err);
    tw__free(ctx, list, n, sizeof *list);
    t->last_sum = cursor[0];
    t->last_weight = cursor[1];
    return s;
}

void tw__loss_trace_free(tw__loss_trace *t, tw_context *ctx)
{
    tw__free(ctx, t->points, t->capacity, sizeof *t->points);
}
