/* Means and outputs over all rows of an objective, dropout off.
 * SPDX-License-Identifier: MIT */
#include "base/cpu.h"
#include "base/pool.h"
#include "estimators/streams.h"
#include "train/batch.h"
#include "train/objective.h"
#include <math.h>
#include <stdatomic.h>
#include <thalweg/train.h>

tw_status tw__rows_from(tw_context *ctx, uint64_t first, uint64_t n, uint64_t **rows, tw_error *err)
{
    TW_TRY(tw__alloc(ctx, rows, n, sizeof **rows, err));
    for (uint64_t i = 0; i < n; i++) (*rows)[i] = first + i;
    return TW_OK;
}

/* Rows that hand something on, in this many streams: their state is lost where a stream begins. */
enum { STREAMS = 32 };
static size_t streams_of(uint64_t rows) { return rows < STREAMS ? (size_t)rows : STREAMS; }

static tw_status loss_of_streams(tw__batch *b, const tw_objective *o, const void *w, tw__fp_mode callers,
                                 tw_sums *sums, tw_error *err)
{
    const uint64_t streams = streams_of(o->n_rows);
    uint64_t rows[STREAMS];
    tw_sums of_step;
    *sums = (tw_sums){0};
    TW_TRY(tw__batch_follow(b, streams, err));
    for (uint64_t step = 0; step < tw__stream_steps(o->n_rows, streams); step++) {
        const size_t n = tw__stream_rows(o->n_rows, streams, step, rows);
        TW_TRY(tw__batch_loss(b, w, rows, n, NULL, callers, &of_step, err));
        tw__batch_hand_on(b);
        sums->loss += of_step.loss;
        sums->weight += of_step.weight;
        sums->correct += of_step.correct;
    }
    return TW_OK;
}

static tw_status evaluate(tw_context *ctx, const tw_objective *o, const void *w, tw__fp_mode callers,
                          tw_metrics *out, tw_error *err)
{
    tw__batch *b = NULL;
    tw_sums sums;
    tw_status s = tw__batch_create(&b, ctx, o, err);
    if (s == TW_OK)
        s = o->carry ? loss_of_streams(b, o, w, callers, &sums, err)
                     : tw__batch_loss(b, w, NULL, o->n_rows, NULL, callers, &sums, err);
    if (s == TW_OK && !(sums.weight > 0))
        s = tw__fail(err, TW_ERR_DATA, "the summed weight of the rows is %g", sums.weight);
    if (s == TW_OK)
        *out = (tw_metrics){sums.loss / sums.weight, o->counts_correct ? sums.correct / sums.weight : NAN,
                            o->n_rows};
    tw__batch_free(b);
    return s;
}

tw_status tw_evaluate(tw_context *ctx, const tw_objective *objective, const void *w, tw_metrics *out,
                      tw_error *err)
{
    tw_objective o;
    TW_NEEDS(err, out);
    *out = (tw_metrics){0};
    TW_NEEDS(err, ctx && objective && w);
    TW_TRY(tw__objective_read(&o, objective, 1, err));
    tw__fp_mode mode = tw__fp_enter();
    tw_status s = evaluate(ctx, &o, w, mode, out, err);
    tw__fp_leave(mode);
    return s;
}

/* Rows that one task predicts: outputs are each row's own, so that their number changes no bit. */
enum { ROWS_OF_TASK = 512 };

struct prediction {
    const tw_objective *o;
    const void *w;
    const uint64_t *rows;
    size_t n;
    char *output;
    char *carried;    /* of rows that hand something on: for each stream two places of o->carry numbers */
    tw__fp_mode mode; /* the caller's, for its callbacks */
    atomic_int result;
};

/* Rows first .. first + n - 1 of those to predict. */
static void predict_rows(struct prediction *p, size_t first, size_t n, int worker, const char *carry_in,
                         char *carry_out)
{
    tw_sums sums;
    const tw_draw draw = {.lane = worker};
    const tw_eval e = {.size = sizeof e,
                       .want = TW_WANT_OUTPUT,
                       .w = p->w,
                       .rows = p->rows + first,
                       .n = n,
                       .draw = &draw,
                       .sums = &sums,
                       .output = p->output + first * p->o->n_outputs * tw_type_size(p->o->type),
                       .carry_in = carry_in,
                       .carry_out = carry_out};
    const tw__fp_mode ours = tw__fp_enter();
    tw__fp_leave(p->mode);
    const int result = p->o->eval(p->o->user, &e);
    tw__fp_leave(ours);
    if (result) atomic_store(&p->result, result);
}

static void predict_task(void *arg, size_t i, int worker)
{
    struct prediction *p = arg;
    const size_t first = i * ROWS_OF_TASK, left = p->n - first;
    predict_rows(p, first, left < ROWS_OF_TASK ? left : ROWS_OF_TASK, worker, NULL, NULL);
}

static void predict_stream_task(void *arg, size_t i, int worker)
{
    struct prediction *p = arg;
    const size_t streams = streams_of(p->n), first = (size_t)tw__stream_first(p->n, streams, i),
                 n = (size_t)tw__stream_first(p->n, streams, i + 1) - first,
                 bytes = p->o->carry * tw_type_size(p->o->type);
    char *const at = p->carried + 2 * i * bytes;
    for (size_t row = 0; row < n; row++)
        predict_rows(p, first + row, 1, worker, row ? at + row % 2 * bytes : NULL,
                     at + (row + 1) % 2 * bytes);
}

static int predict(tw_context *ctx, struct prediction *p)
{
    tw__task *const task = p->carried ? predict_stream_task : predict_task;
    const size_t tasks = p->carried ? streams_of(p->n) : (p->n + ROWS_OF_TASK - 1) / ROWS_OF_TASK;
    const int result = p->o->point ? p->o->point(p->o->user, p->w) : 0;
    if (result) return result;
    const tw__fp_mode mode = p->mode = tw__fp_enter();
    if (p->o->lanes >= tw_context_threads(ctx)) tw__pool_run(ctx, tasks, task, p);
    else
        for (size_t i = 0; i < tasks; i++) task(p, i, 0);
    tw__fp_leave(mode);
    return atomic_load(&p->result);
}

static tw_status predict_all(tw_context *ctx, struct prediction *p, int *result, tw_error *err)
{
    const size_t n = 2 * streams_of(p->n), bytes = p->o->carry * tw_type_size(p->o->type);
    *result = 0;
    if (p->n == 0) return TW_OK;
    if (p->o->carry) TW_TRY(tw__alloc(ctx, &p->carried, n, bytes, err));
    *result = predict(ctx, p);
    if (p->o->carry) tw__free(ctx, p->carried, n, bytes);
    return TW_OK;
}

tw_status tw_predict(tw_context *ctx, const tw_objective *objective, const void *w, uint64_t first, size_t n,
                     void *output, tw_error *err)
{
    TW_NEEDS(err, ctx && objective && w && output);
    tw_objective o;
    TW_TRY(tw__objective_read(&o, objective, 0, err));
    if (first > o.n_rows || n > o.n_rows - first)
        return tw__fail(err, TW_ERR_SPEC, "rows %llu to %llu of %llu", (unsigned long long)first,
                        (unsigned long long)(first + n), (unsigned long long)o.n_rows);
    uint64_t *rows;
    TW_TRY(tw__rows_from(ctx, first, n, &rows, err));
    struct prediction p = {.o = &o, .w = w, .rows = rows, .n = n, .output = output};
    int result;
    const tw_status s = predict_all(ctx, &p, &result, err);
    tw__free(ctx, rows, n, sizeof *rows);
    if (s != TW_OK || !result) return s;
    tw__fail(err, TW_STOPPED, "the objective stopped the evaluation (%d)", result);
    if (err) err->callback = result;
    return TW_STOPPED;
}
