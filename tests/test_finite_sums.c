/* Finite sums on linear models: penalties apart from the losses, optima that are known.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"
#include "least_squares.h"

static const char *const estimators[] = {"sag",  "sag:norm=seen",      "saga",
                                         "svrg", "svrg:option=II,m=7", "sarah:m=11"};
enum { N_ESTIMATORS = sizeof estimators / sizeof *estimators };

static tw_run_options options(const char *rule, const char *estimator, uint64_t batch, uint64_t epochs)
{
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = rule;
    o.estimator = estimator;
    o.batch = batch;
    o.epochs = epochs;
    o.seed = 4;
    return o;
}

/* A model on some rows, and what is minimised. */
typedef struct problem {
    tw_context *ctx;
    tw_data *data;
    tw_model *model;
    tw_objective objective;
} problem;

static problem open_rows(tw_context *ctx, tw_data *data, const char *model, tw_type type)
{
    problem p = {.ctx = ctx, .data = data, .objective = TW_OBJECTIVE_INIT};
    p.model = new_model(ctx, model, type, data);
    assert_int_equal(tw_model_objective(p.model, data, &p.objective, NULL), TW_OK);
    return p;
}

static problem open_info(const tw_data_info *info, const char *model, int threads)
{
    tw_context *ctx = context(threads);
    tw_data *data;
    tw_error err;
    if (tw_data_create(&data, ctx, info, &err) != TW_OK) fail_msg("%s", err.message);
    return open_rows(ctx, data, model, TW_F64);
}

static void close_problem(problem *p)
{
    tw_model_objective_free(&p->objective);
    tw_model_free(p->model);
    tw_data_free(p->data);
    tw_context_free(p->ctx);
}

/* All epochs of a run, from the model's weights, which are then those to report. */
static tw_epoch train(problem *p, const tw_run_options *o)
{
    tw_run *run;
    tw_error err = {0};
    size_t n;
    int status = TW_RUN_GOING;
    const void *w;
    if (tw_run_create(&run, p->ctx, &p->objective, NULL, tw_model_weights(p->model), o, &err) != TW_OK)
        fail_msg("%s: %s", o->estimator, err.message);
    while (!tw_run_is_over(status))
        if (tw_run_step(run, &status, &err) != TW_OK) fail_msg("%s: %s", o->estimator, err.message);
    assert_int_equal(tw_run_weights(run, &w, &err), TW_OK);
    const tw_epoch last = tw_run_history(run, &n)[n - 1];
    if (w != tw_model_weights(p->model))
        memcpy(tw_model_weights(p->model), w, tw_model_size(p->model) * tw_type_size(p->objective.type));
    tw_run_free(run);
    return last;
}

/* ---- penalties ----------------------------------------------------------------------------------------- */

static void check_parts(const char *text, int classes)
{
    static some_rows r;
    static const uint64_t some[] = {3, 0, 7, 1};
    fill_rows(&r, classes ? classes : 1);
    for (int sparse = 0; sparse < 2; sparse++) {
        tw_context *ctx = context(1);
        problem p = open_rows(ctx, rows_data(ctx, &r, TW_F64, sparse, classes, 1), text, TW_F64);
        const tw_glm *f = p.objective.glm;
        const size_t n = tw_model_size(p.model);
        const double *w = tw_model_weights(p.model);
        double *g = calloc(2 * n, sizeof *g), *bare = g + n, penalty = 0;
        set_weights(p.model);
        const unsigned want = TW_WANT_LOSS | TW_WANT_GRADIENT;
        const tw_sums all = evaluate(&p.objective, w, want, some, 4, g, NULL),
                      part = evaluate(&p.objective, w, want | TW_NO_PENALTY, some, 4, bare, NULL);
        for (size_t i = 0; i < f->outputs * f->columns; i++) {
            penalty += f->l2 / 2 * w[i] * w[i] + f->l1 * fabs(w[i]);
            bare[i] += all.weight * (f->l2 * w[i] + f->l1 * ((w[i] > 0) - (w[i] < 0)));
        }
        assert_true(fabs(all.loss - part.loss - all.weight * penalty) < 1e-12 * all.loss);
        for (size_t i = 0; i < n; i++) assert_true(fabs(g[i] - bare[i]) < 1e-12);
        free(g);
        close_problem(&p);
    }
}

static void penalties_can_be_left_out(void **state)
{
    (void)state;
    for_each_model(check_parts);
}

/* ../shared/cases/data.md, R6: one weight, and one that is exactly 0; from l1 = 0.45, where rounding decides,
 * both are. */
static void the_proximal_step_leaves_exact_zeros(void **state)
{
    (void)state;
    static const double x[] = {1, .2, 2, -.1, -1, .1, -2, .3, 1.5, .05};
    static const int32_t y[] = {1, 1, 0, 0, 0};
    const tw_data_info rows =
        {.size = sizeof rows, .rows = 5, .rank = 1, .shape = {2}, .type = TW_F64, .x = x, .labels = y};
    for (int i = 0; i < N_ESTIMATORS; i++)
        for (int strong = 0; strong < 2; strong++) {
            problem p =
                open_info(&rows, strong ? "logistic:intercept=0,l1=0.46" : "logistic:intercept=0,l1=0.1", 1);
            double *w = tw_model_weights(p.model);
            tw_metrics m;
            const tw_run_options o = options("sgd:lr=0.05", estimators[i], 1, 3000);
            w[0] = w[1] = 0.5;
            train(&p, &o);
            if (!(fabs(w[0] - (strong ? 0 : 0.629454564551)) < 1e-11 && w[1] == 0 && (!strong || w[0] == 0)))
                fail_msg("%s: %.15g %.15g", estimators[i], w[0], w[1]);
            assert_int_equal(tw_evaluate(p.ctx, &p.objective, w, &m, NULL), TW_OK);
            const tw_run_options still = options("sgd:lr=1e-30", estimators[i], 5, 1);
            assert_true(strstr(estimators[i], "sa") == NULL || fabs(m.loss - train(&p, &still).loss) < 1e-15);
            close_problem(&p);
        }
}

/* R3: rows that weigh differently, and a penalty. */
static void rows_with_weights_reach_the_known_optimum(void **state)
{
    (void)state;
    static const double x[] = {1, 2, 2, -1, -1, 1, 0, 3, 3, 0}, weights[] = {10, 1, 1, 5, 2},
                        optimum[] = {-1.004396769778, 1.248560494912, 1.520186218241};
    static const int32_t y[] = {1, 0, 1, 1, 0};
    const tw_data_info rows = {.size = sizeof rows,
                               .rows = 5,
                               .rank = 1,
                               .shape = {2},
                               .type = TW_F64,
                               .x = x,
                               .labels = y,
                               .weights = weights};
    for (int i = 0; i < N_ESTIMATORS; i++) {
        problem p = open_info(&rows, "logistic:l2=0.05", 1);
        const double *w = tw_model_weights(p.model);
        const tw_run_options o = options("sgd:lr=0.08", estimators[i], 1, 12000);
        train(&p, &o);
        for (int j = 0; j < 3; j++)
            if (!(fabs(w[j] - optimum[j]) < 1e-9)) fail_msg("%s: weight %d is %.15g", estimators[i], j, w[j]);
        close_problem(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(penalties_can_be_left_out),
        cmocka_unit_test(the_proximal_step_leaves_exact_zeros),
        cmocka_unit_test(rows_with_weights_reach_the_known_optimum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
