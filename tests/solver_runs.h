/* Runs of solvers to their end.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_SOLVER_RUNS_H
#define TESTS_SOLVER_RUNS_H
#include "linear_models.h"
#include "fault_walk.h"
#include "least_squares.h"

static inline tw_run *new_run(tw_context *ctx, const tw_objective *f, void *w, const tw_run_options *o)
{
    tw_run *run;
    tw_error err;
    if (tw_run_create(&run, ctx, f, NULL, w, o, &err) != TW_OK) fail_msg("%s: %s", o->solver, err.message);
    return run;
}

static inline int go_on(tw_run *run)
{
    tw_error err;
    int status = TW_RUN_GOING;
    while (status == TW_RUN_GOING)
        if (tw_run_step(run, &status, &err) != TW_OK) fail_msg("%s", err.message);
    return status;
}

static inline tw_run_progress progress_of(const tw_run *run)
{
    tw_run_progress p = {.size = sizeof p};
    assert_int_equal(tw_run_progress_get(run, &p, NULL), TW_OK);
    return p;
}

/* A small problem for comparisons with other programs. */
enum { N = 40, D = 8 };

/* Numbers that any language works out alike. */
typedef struct table {
    double x[N * D], y[N], weights[N];
    int32_t labels[N], classes[N];
} table;

static inline table make_table(void)
{
    table t;
    for (int i = 0; i < N; i++) {
        double *x = t.x + (size_t)i * D;
        for (int j = 0; j < D; j++) x[j] = (i * 37 + j * 61 + i * i * (j + 1) * 7) % 101 / 50.0 - 1;
        t.y[i] = (i * 53 + i * i * 11) % 97 / 20.0 - 2 + 2 * x[0] - x[3];
        t.weights[i] = 1 + i % 3;
        t.labels[i] = t.y[i] > 0;
        t.classes[i] = i * 7 % 3;
    }
    return t;
}

enum { OF_NUMBERS, OF_TWO, OF_THREE };

static inline tw_data *table_data(tw_context *ctx, const table *t, int kind, int weighted)
{
    tw_data *data;
    const tw_data_info rows = {.size = sizeof rows,
                               .rows = N,
                               .rank = 1,
                               .shape = {D},
                               .type = TW_F64,
                               .x = t->x,
                               .labels = kind == OF_TWO     ? t->labels
                                         : kind == OF_THREE ? t->classes
                                                            : NULL,
                               .targets = kind == OF_NUMBERS ? t->y : NULL,
                               .n_targets = kind == OF_NUMBERS,
                               .weights = weighted ? t->weights : NULL};
    assert_int_equal(tw_data_create(&data, ctx, &rows, NULL), TW_OK);
    return data;
}

/* Solves, and compares weights and bias with what is wanted, to `within` of each; those that are 0
 * exactly. */
static inline void check_weights(const char *solver, const char *model, tw_data *data, tw_context *ctx,
                                 double tol, double within, const double *wanted)
{
    tw_objective f = TW_OBJECTIVE_INIT;
    tw_model *m = new_model(ctx, model, TW_F64, data);
    assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
    const tw_run_options o = {.size = sizeof o, .solver = solver, .seed = 3, .tol = tol};
    tw_run *run = new_run(ctx, &f, tw_model_weights(m), &o);
    const int status = go_on(run);
    assert_true(status == TW_RUN_STALLED || status == TW_RUN_CONVERGED);
    const double *w = tw_model_weights(m);
    for (size_t i = 0; i < tw_model_size(m); i++)
        if (wanted[i] == 0 ? w[i] != 0 : fabs(w[i] - wanted[i]) > within * fabs(wanted[i]))
            fail_msg("%s, %s: weight %zu is %.12g, not %.12g", solver, model, i, w[i], wanted[i]);
    tw_run_free(run);
    tw_model_objective_free(&f);
    tw_model_free(m);
}

static inline void check_refuses(const char *solver, const char *model, int kind, const char *message)
{
    const table t = make_table();
    tw_context *ctx = context(1);
    linear_problem p = open_rows(ctx, table_data(ctx, &t, kind, 0), model, TW_F64);
    const tw_run_options o = {.size = sizeof o, .solver = solver};
    tw_run *run;
    tw_error err;
    assert_int_equal(tw_run_create(&run, ctx, &p.objective, NULL, tw_model_weights(p.model), &o, &err),
                     TW_ERR_SPEC);
    assert_string_equal(err.message, message);
    close_problem(&p);
}

/* Where a run ends. */
typedef struct ending {
    double w[3 * (COLUMNS + 1)];
    uint64_t steps, gradients;
    double loss;
} ending;

/* stop: steps after which another run goes on from the saved state; 0: none */
static inline ending solve(const char *solver, const char *model, int classes, tw_type type, int sparse,
                           int threads, uint64_t stop)
{
    static some_rows r;
    ending to;
    memset(&to, 0, sizeof to);
    tw_context *ctx = context(threads);
    fill_rows(&r, classes ? classes : 1);
    linear_problem p = open_rows(ctx, rows_data(ctx, &r, TW_F32, sparse, classes, 1), model, type);
    tw_model *m = p.model;
    const tw_run_options o = {.size = sizeof o,
                              .solver = solver,
                              .seed = 5,
                              .tol = type == TW_F32                 ? 1e-4
                                     : strcmp(solver, "fista") == 0 ? 1e-7
                                                                    : 1e-11};
    tw_run *run = new_run(ctx, &p.objective, tw_model_weights(m), &o);
    int status = TW_RUN_GOING;
    if (stop) {
        ls_state kept;
        while (status == TW_RUN_GOING && tw_run_steps(run) < stop)
            assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
        assert_int_equal(ls_save(&kept, run), TW_OK);
        tw_run_free(run);
        memset(tw_model_weights(m), 0, tw_model_size(m) * tw_type_size(type));
        run = new_run(ctx, &p.objective, tw_model_weights(m), &o);
        assert_int_equal(ls_load(&kept, run), TW_OK);
        ls_forget(&kept);
        status = tw_run_status(run);
    }
    if (!tw_run_is_over(status)) go_on(run);
    memcpy(to.w, tw_model_weights(m), tw_model_size(m) * tw_type_size(type));
    to.steps = tw_run_steps(run);
    to.gradients = tw_run_gradients(run);
    to.loss = tw_run_history(run, &(size_t){0})[to.steps - 1].loss;
    if (tw_run_status(run) != TW_RUN_CONVERGED)
        fail_msg("%s, %s: after %d iterations the gradient is %g of %g", solver, model, (int)to.steps,
                 progress_of(run).gradient, progress_of(run).first_gradient);
    tw_run_free(run);
    close_problem(&p);
    return to;
}

/* With weights in double (first) and float (narrow) of dense rows, one thread. */
static inline void check_same_bits(const char *solver, const char *model, int classes, const ending *first,
                                   const ending *narrow)
{
    for (int threads = 1; threads <= 16; threads += threads < 3 ? 1 : 13) /* 16: more than outputs */
        for (int sparse = 0; sparse < 2; sparse++) {
            const ending wide = solve(solver, model, classes, TW_F64, sparse, threads, 0),
                         again = solve(solver, model, classes, TW_F32, sparse, threads, 0);
            assert_memory_equal(first, &wide, sizeof wide);
            assert_memory_equal(narrow, &again, sizeof again);
        }
    for (uint64_t stop = 1; stop < first->steps; stop += 1 + stop / 2) {
        const ending resumed = solve(solver, model, classes, TW_F64, 1, 1, stop);
        assert_memory_equal(first, &resumed, sizeof resumed);
    }
}

/* A short run in which each allocation fails in turn. */
static inline void check_allocations(const char *solver, const char *model, int classes)
{
    for (fault_walk k = {.what = solver, .least = 10}; fault_walk_next(&k);) {
        static some_rows r;
        tw_run *run = NULL;
        int status = TW_RUN_GOING;
        const tw_run_options o = {.size = sizeof o, .solver = solver, .epochs = 4};
        fill_rows(&r, classes ? classes : 1);
        tw_data *data = rows_data(k.ctx, &r, TW_F64, 1, classes, 1);
        tw_model *m = new_model(k.ctx, model, TW_F64, data);
        tw_objective f = TW_OBJECTIVE_INIT;
        assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
        fault_walk_arm(&k);
        tw_status s = tw_run_create(&run, k.ctx, &f, NULL, tw_model_weights(m), &o, NULL);
        while (s == TW_OK && status == TW_RUN_GOING) s = tw_run_step(run, &status, NULL);
        tw_run_free(run);
        tw_model_objective_free(&f);
        tw_model_free(m);
        tw_data_free(data);
        fault_walk_end(&k, s);
    }
}
#endif
