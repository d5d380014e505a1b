/* Solvers that take l1: the optima of scikit-learn 1.2.1, exact zeros, the same bits whatever runs them.
 * SPDX-License-Identifier: MIT */
#include "solver_runs.h"

static void for_each_l1_solver(void (*check)(const char *solver))
{
    static const char *const solvers[] = {"coordinate-descent", "cd:order=random", "lbfgs", "fista"};
    for (size_t i = 0; i < sizeof solvers / sizeof solvers[0]; i++) check(solvers[i]);
}

/* Lasso, ElasticNet (tol 1e-16), LogisticRegression (saga and liblinear, tol 1e-15) of scikit-learn. */
static void check_optima(const char *solver)
{
    static const struct {
        const char *model;
        int kind, weighted;
        double w[D + 1];
    } cases[] = {
        {"linear:l1=0.2", OF_NUMBERS, 0, {1.27887955506, 0, 0, -0.481718059012, 0, 0, 0, 0, 0.445600402883}},
        {"linear:l1=0.2", OF_NUMBERS, 1, {1.22393092047, 0, 0, -0.172052568498, 0, 0, 0, 0, 0.465821015937}},
        {"linear:l1=0.2,intercept=0", OF_NUMBERS, 0, {1.23355075161, 0, 0, -0.421742128282}},
        {"linear:l1=0.15,l2=0.15",
         OF_NUMBERS,
         0,
         {0.96912652313, 0, 0, -0.388102688847, 0, 0.0762199549575, 0, 0, 0.453461873396}},
        {"logistic:l1=0.05", OF_TWO, 0, {1.77918158297, 0, 0, 0, 0, 0.214955523976, 0, 0, 0.45637608916}},
        {"logistic:l1=0.05", OF_TWO, 1, {1.74530534863, 0, 0, 0, 0, 0, 0, 0, 0.449893294938}},
        {"logistic:l1=0.05,intercept=0", OF_TWO, 0, {1.74061892195}},
        {"logistic:l1=0.05,l2=0.05",
         OF_TWO,
         0,
         {0.978481332153, 0, 0, 0, 0, 0.143509102622, 0, 0, 0.383197333084}},
    };
    const table t = make_table();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_context *ctx = context(1);
        tw_data *data = table_data(ctx, &t, cases[i].kind, cases[i].weighted);
        check_weights(solver, cases[i].model, data, ctx, 1e-12, 1e-8, cases[i].w);
        tw_data_free(data);
        tw_context_free(ctx);
    }
}

/* The loss of softmax has no second derivatives by single scores. */
static void softmax_has_a_solver_with_l1(void **state)
{
    (void)state;
    static const double w[] = {0,
                               0,
                               0,
                               0,
                               0.294549560634,
                               0,
                               0,
                               -0.154025174046,
                               1.06421376195,
                               0,
                               -0.174025134235,
                               0,
                               -0.22707459464,
                               0,
                               0.296460090293,
                               0,
                               0,
                               0.139282015179,
                               0,
                               -0.357285792015,
                               0,
                               0.39189902399,
                               0,
                               0};
    const table t = make_table();
    tw_context *ctx = context(1);
    tw_data *data = table_data(ctx, &t, OF_THREE, 0);
    check_weights("fista", "softmax:l1=0.03,intercept=0", data, ctx, 1e-12, 1e-8, w);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void scikit_learns_optima_are_found(void **state)
{
    (void)state;
    for_each_l1_solver(check_optima);
}

/* Case R6. */
static void check_zeros(const char *solver)
{
    static const double x[] = {1, .2, 2, -.1, -1, .1, -2, .3, 1.5, .05}, some[] = {0.629454564551, 0},
                        none[] = {0, 0};
    static const int32_t y[] = {1, 1, 0, 0, 0};
    const tw_data_info rows =
        {.size = sizeof rows, .rows = 5, .rank = 1, .shape = {2}, .type = TW_F64, .x = x, .labels = y};
    tw_context *ctx = context(1);
    tw_data *data;
    assert_int_equal(tw_data_create(&data, ctx, &rows, NULL), TW_OK);
    check_weights(solver, "logistic:intercept=0,l1=0.1", data, ctx, 1e-12, 1e-8, some);
    check_weights(solver, "logistic:intercept=0,l1=0.45", data, ctx, 1e-12, 1e-8, none);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void zeros_are_exact(void **state)
{
    (void)state;
    for_each_l1_solver(check_zeros);
}

/* ---- every loss ---------------------------------------------------------------------------------------- */

/* Some weights are 0 and some are not, and where it ends depends on nothing but the problem. */
static void check_loss(const char *solver, const char *model, int classes)
{
    size_t zeros = 0;
    const ending first = solve(solver, model, classes, TW_F64, 0, 1, 0),
                 narrow = solve(solver, model, classes, TW_F32, 0, 1, 0);
    for (size_t i = 0; i < COLUMNS; i++) zeros += first.w[i] == 0;
    if (zeros == 0 || zeros == COLUMNS) fail_msg("%s, %s: %zu weights are 0", solver, model, zeros);
    assert_true(fabs(narrow.loss - first.loss) < 1e-6);
    check_same_bits(solver, model, classes, &first, &narrow);
}

static void check_losses(const char *solver)
{
    check_loss(solver, "linear:l1=0.03", 0);
    check_loss(solver, "huber:delta=0.5,l1=0.01", 0);
    check_loss(solver, "poisson:l1=0.03,l2=0.01", 0);
    check_loss(solver, "logistic:l1=0.02", 2);
    check_loss(solver, "logistic:l1=0.02,class_weight=balanced", 3);
    check_loss(solver, "svm:l1=0.05", 2);
    check_loss(solver, "svm:l1=0.05", 3);
}

static void every_loss_is_minimised_with_the_same_bits(void **state)
{
    (void)state;
    for_each_l1_solver(check_losses);
}

/* The set of weights that move must grow where more than it holds are not 0. */
static void many_columns_take_several_sets(void **state)
{
    (void)state;
    enum { WIDE = 700 };
    static double x[N * WIDE], w[WIDE + 1];
    const table t = make_table();
    tw_context *ctx = context(1);
    tw_data *data;
    tw_objective f = TW_OBJECTIVE_INIT;
    for (uint64_t i = 0; i < N * WIDE; i++) x[i] = unit(9, i) - 0.5;
    const tw_data_info rows = {.size = sizeof rows,
                               .rows = N,
                               .rank = 1,
                               .shape = {WIDE},
                               .type = TW_F64,
                               .x = x,
                               .targets = t.y,
                               .n_targets = 1};
    assert_int_equal(tw_data_create(&data, ctx, &rows, NULL), TW_OK);
    tw_model *m = new_model(ctx, "linear:l2=0.01,l1=0.001", TW_F64, data);
    assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
    const tw_run_options o = {.size = sizeof o, .solver = "cd", .tol = 1e-10};
    tw_run *run = new_run(ctx, &f, w, &o);
    assert_int_equal(go_on(run), TW_RUN_CONVERGED);
    size_t others = 0;
    for (size_t i = 0; i < WIDE; i++) others += w[i] != 0;
    assert_true(others > 200 && others < WIDE && tw_run_steps(run) > 2);
    tw_run_free(run);
    tw_model_objective_free(&f);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void what_it_cannot_take_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *model, *message;
    } cases[] = {
        {"softmax",
         "solver coordinate-descent needs a linear model whose loss has second derivatives, one for each score: newton, newton-cg, lbfgs, cg and fista take it"},
        {"svm:loss=hinge",
         "solver coordinate-descent needs a linear model whose loss has second derivatives, one for each score, and has none with loss=hinge: sdca takes it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_refuses("cd", cases[i].model, OF_THREE, cases[i].message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scikit_learns_optima_are_found),
        cmocka_unit_test(softmax_has_a_solver_with_l1),
        cmocka_unit_test(zeros_are_exact),
        cmocka_unit_test(every_loss_is_minimised_with_the_same_bits),
        cmocka_unit_test(many_columns_take_several_sets),
        cmocka_unit_test(what_it_cannot_take_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
