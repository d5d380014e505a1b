/* Runs of the ordinary loop on made-up rows, with their gradient evaluations counted.
 * SPDX-License-Identifier: MIT */
#include "race/figures/figure.h"
#include <math.h>
#include <string.h>

/* ---- Rows ---- */

tw_status tw__rows_make(tw__rows *r, tw_context *ctx, uint64_t n, size_t columns, tw_error *err)
{
    *r = (tw__rows){.ctx = ctx, .n = n, .columns = columns};
    TW_TRY(tw__alloc(ctx, &r->x, (size_t)n * columns, sizeof *r->x, err));
    const tw_status s = tw__alloc(ctx, &r->y, (size_t)n, sizeof *r->y, err);
    if (s != TW_OK) tw__rows_free(r);
    return s;
}

tw_status tw__rows_open(tw__rows *r, const tw_linear_options *options, tw_error *err)
{
    tw_linear_options o = *options;
    o.type = TW_F64;
    o.rows = r->n;
    o.columns = r->columns;
    o.x = r->x;
    o.y = r->y;
    r->objective = (tw_objective)TW_OBJECTIVE_INIT;
    tw_status s = tw_linear_create(&r->model, r->ctx, &o, err);
    if (s == TW_OK) s = tw_linear_objective(r->model, &r->objective, err);
    r->objective.lanes = 1; /* a few hundred numbers: waking threads takes longer */
    if (s != TW_OK) tw__rows_free(r);
    return s;
}

void tw__rows_free(tw__rows *r)
{
    tw_linear_free(r->model);
    tw__free(r->ctx, r->x, (size_t)r->n * r->columns, sizeof *r->x);
    tw__free(r->ctx, r->y, (size_t)r->n, sizeof *r->y);
    *r = (tw__rows){0};
}

/* ---- Counting ---- */

struct counted {
    const tw_objective *inner;
    uint64_t gradients;
};

static int eval(void *user, const tw_eval *e)
{
    struct counted *c = user;
    if (e->want & TW_WANT_GRADIENT) __atomic_fetch_add(&c->gradients, e->n, __ATOMIC_RELAXED);
    return c->inner->eval(c->inner->user, e);
}

static uint64_t of_estimator(const char *name, uint64_t n)
{
    return strncmp(name, "estimator.", strlen("estimator.")) == 0 ? n : 0;
}

static tw_status count_field(tw_visitor *v, const char *name, tw_type type, int rank, const int64_t *shape,
                             void *data, tw_error *err)
{
    uint64_t n = 1;
    (void)type, (void)data, (void)err;
    for (int i = 0; i < rank; i++) n *= (uint64_t)shape[i];
    *(uint64_t *)v->user += of_estimator(name, n);
    return TW_OK;
}

static tw_status count_list(tw_visitor *v, const char *name, tw_type type, size_t *n, void **data,
                            tw_context *ctx, tw_error *err)
{
    (void)type, (void)data, (void)ctx, (void)err;
    *(uint64_t *)v->user += of_estimator(name, *n);
    return TW_OK;
}

/* ---- A trace ---- */

enum { COLUMNS = 6 };

static tw_status look(tw__trace *c, const tw__rows *rows, tw_run *loop, uint64_t gradients, double enough,
                      int *ended, tw_error *err)
{
    const void *weights;
    tw_metrics m;
    TW_TRY(tw_run_weights(loop, &weights, err));
    TW_TRY(tw_evaluate(c->ctx, &rows->objective, weights, &m, err));
    *ended = !isfinite(m.loss);
    if (*ended) return TW_OK;
    const double *w = weights;
    c->seconds[c->n] = tw_run_seconds(loop);
    c->update[c->n] = (double)tw_run_steps(loop);
    c->passes[c->n] = (double)gradients / (double)rows->n;
    c->loss[c->n] = m.loss;
    c->first[c->n] = w[0];
    c->second[c->n++] = rows->columns > 1 || rows->objective.n_tensors > 1 ? w[1] : 0;
    *ended = m.loss < enough;
    return TW_OK;
}

static tw_status go(tw__trace *c, const tw__rows *rows, tw_run *loop, const struct counted *counted,
                    const tw__trace_setting *s, tw_error *err)
{
    tw_visitor visitor = {.user = &c->kept, .field = count_field, .list = count_list};
    tw_error why = {0};
    int status, ended = 0;
    TW_TRY(look(c, rows, loop, 0, s->enough, &ended, err));
    for (uint64_t i = 1; i <= s->updates && !ended; i++) {
        const tw_status step = tw_run_step(loop, &status, &why);
        if (step == TW_ERR_NOT_FINITE) return TW_OK;
        if (step != TW_OK && err) *err = why;
        if (step != TW_OK) return step;
        if (i % s->every == 0) TW_TRY(look(c, rows, loop, counted->gradients, s->enough, &ended, err));
    }
    tw_exchange_info info = {.size = sizeof info};
    c->staleness = tw_run_exchange(loop, &info, NULL) == TW_OK ? info.mean_staleness : NAN;
    return ended || c->is_simulated ? TW_OK : tw_run_visit(loop, &visitor, err);
}

static tw_status run(tw__trace *c, const tw__rows *rows, double *w, const tw__trace_setting *s, tw_error *err)
{
    struct counted counted = {.inner = &rows->objective};
    tw_objective objective = rows->objective;
    tw_run *loop;
    objective.eval = eval;
    objective.user = &counted;
    const tw_run_options o = {.size = sizeof o,
                              .optimizer = s->optimizer,
                              .estimator = s->estimator,
                              .schedule = s->schedule,
                              .exchange = s->exchange,
                              .seed = s->seed,
                              .batch = s->batch,
                              .epochs = s->updates};
    TW_TRY(tw_run_create(&loop, c->ctx, &objective, NULL, w, &o, err));
    const tw_status status = go(c, rows, loop, &counted, s, err);
    tw_run_free(loop);
    return status;
}

tw_status tw__trace_make(tw__trace *c, const tw__rows *rows, const tw__trace_setting *s, tw_error *err)
{
    const size_t weights = rows->columns + 1;
    double **const column[COLUMNS] = {&c->update, &c->passes, &c->loss, &c->first, &c->second, &c->seconds},
                   *w;
    *c = (tw__trace){.ctx = rows->ctx,
                     .is_simulated = s->exchange != NULL,
                     .capacity = (size_t)(s->updates / s->every) + 1};
    TW_TRY(tw__alloc(c->ctx, &c->update, COLUMNS * c->capacity, sizeof *c->update, err));
    for (size_t i = 1; i < COLUMNS; i++) *column[i] = c->update + i * c->capacity;
    tw_status status = tw__alloc(c->ctx, &w, weights, sizeof *w, err);
    if (status == TW_OK) status = run(c, rows, w, s, err);
    tw__free(c->ctx, w, weights, sizeof *w);
    if (status != TW_OK) tw__trace_free(c);
    return status;
}

void tw__trace_free(tw__trace *c)
{
    tw__free(c->ctx, c->update, COLUMNS * c->capacity, sizeof *c->update);
    *c = (tw__trace){0};
}

tw_status tw__trace_write(tw__figure_output *output, const char *part, const tw__trace *c, double least,
                          tw_error *err)
{
    double *gap;
    TW_TRY(tw__alloc(c->ctx, &gap, c->capacity, sizeof *gap, err));
    for (size_t i = 0; i < c->n; i++) gap[i] = c->loss[i] - least;
    const double *const columns[] = {c->update, c->passes, c->loss, gap, c->first, c->second, c->seconds};
    const char *const names =
        c->is_simulated ? "update,passes,loss,gap,w0,w1,seconds" : "update,passes,loss,gap,w0,w1";
    const tw_status s = tw__output_columns(output, part, names, c->n, c->is_simulated ? 7 : 6, columns, err);
    tw__free(c->ctx, gap, c->capacity, sizeof *gap);
    return s;
}
