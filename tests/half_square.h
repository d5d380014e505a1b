/* Runs over several workers whose weight can be worked out by hand: the loss of every row is x^2 / 2.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_HALF_SQUARE_H
#define TESTS_HALF_SQUARE_H
#include "worker_runs.h"

static inline int half_square(void *user, const tw_eval *e)
{
    const double x = *(const double *)e->w, n = e->n ? (double)e->n : 1;
    (void)user;
    *e->sums = (tw_sums){.loss = n * x * x / 2, .weight = n};
    if (e->want & TW_WANT_GRADIENT) *(double *)e->gradient = n * x;
    return 0;
}

static inline tw_status half_square_fork(void *user, tw_context *ctx, tw_objective *copy, tw_error *err);
static inline void half_square_free(tw_objective *copy) { (void)copy; }

/* rows: 0: it is no sum over rows. */
static inline tw_objective half_square_objective(uintptr_t rows)
{
    static const int64_t shape[] = {1};
    static const tw_tensor tensor = {.name = "x", .rank = 1, .shape = shape};
    return (tw_objective){.size = sizeof(tw_objective),
                          .type = TW_F64,
                          .tensors = &tensor,
                          .n_tensors = 1,
                          .n_rows = rows,
                          .lanes = 1,
                          .user = (void *)rows,
                          .eval = half_square,
                          .fork = half_square_fork,
                          .free_fork = half_square_free};
}

static inline tw_status half_square_fork(void *user, tw_context *ctx, tw_objective *copy, tw_error *err)
{
    (void)ctx, (void)err;
    *copy = half_square_objective((uintptr_t)user);
    return TW_OK;
}

/* A run from x = 1 on. */
static inline tw_run *half_square_run(tw_context *ctx, double *x, uintptr_t rows, const tw_run_options *o)
{
    const tw_objective objective = half_square_objective(rows);
    tw_run *run;
    tw_error err = {0};
    *x = 1;
    if (tw_run_create(&run, ctx, &objective, NULL, x, o, &err) != TW_OK)
        fail_msg("%s: %s", o->exchange, err.message);
    return run;
}

/* Where that ends. */
static inline double half_square_end(uintptr_t rows, const tw_run_options *o)
{
    tw_context *ctx = networks_context(1);
    tw_error err = {0};
    double x;
    tw_run *run = half_square_run(ctx, &x, rows, o);
    if (worker_epochs(run, &err) != TW_OK) fail_msg("%s: %s", o->exchange, err.message);
    tw_run_free(run);
    tw_context_free(ctx);
    return x;
}
#endif
