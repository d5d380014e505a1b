/* Runs over several workers that are stored in the middle and loaded elsewhere.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_STORED_RUNS_H
#define TESTS_STORED_RUNS_H
#include "worker_runs.h"

typedef struct subject {
    tw_context *ctx;
    tw_data *data;
    tw_model *model;
    tw_objective objective;
    tw_run *run;
} subject;

static inline void make(subject *s, const worker_run *r, const char *exchange)
{
    tw_error err = {0};
    tw_run_options o = r->o;
    s->ctx = networks_context(2);
    s->data = r->rows(s->ctx, r->n_rows, r->classes);
    s->objective = (tw_objective)TW_OBJECTIVE_INIT;
    o.size = sizeof o;
    o.exchange = exchange;
    if (!o.epochs) o.epochs = 2;
    o.seed = 3;
    assert_int_equal(tw_model_create(&s->model, s->ctx, r->model, TW_F64, s->data, 5, NULL), TW_OK);
    assert_int_equal(tw_model_objective(s->model, s->data, &s->objective, NULL), TW_OK);
    if (tw_run_create(&s->run, s->ctx, &s->objective, NULL, tw_model_weights(s->model), &o, &err) != TW_OK)
        fail_msg("%s: %s", exchange, err.message);
}

static inline void release(subject *s)
{
    tw_run_free(s->run);
    tw_model_objective_free(&s->objective);
    tw_model_free(s->model);
    tw_data_free(s->data);
    tw_context_free(s->ctx);
}
#endif
