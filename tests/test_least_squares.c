/* least-squares: optima worked out in rational numbers, the shortest of many, several outputs, and what every
 * solver must do.
 * SPDX-License-Identifier: MIT */
#include "solver_runs.h"

static const char *const methods[] = {"least-squares:method=direct", "least-squares:method=cg"};
enum { N_METHODS = 2 };

/* ---- optima -------------------------------------------------------------------------------------------- */

static void check_table(const char *model, int weighted, double within, const double *wanted)
{
    const table t = make_table();
    for (int i = 0; i < N_METHODS; i++) {
        tw_context *ctx = context(1);
        tw_data *data = table_data(ctx, &t, OF_NUMBERS, weighted);
        check_weights(methods[i], model, data, ctx, 1e-300, within, wanted);
        tw_data_free(data);
        tw_context_free(ctx);
    }
}

static void exact_optima_are_found(void **state)
{
    static const double plain[] = {1.96230918895589,  0.0542027229151112, -0.0239198860223527,
                                   -1.38371265385241, 0.0234175175208035, 0.558266217757863,
                                   0.291086146769811, 0.120223714912173,  0.655166184060346},
                        heavy[] = {2.0120522874307,   -0.0206934534107225, -0.284972052927395,
                                   -1.15030785723608, -0.150417899281287,  0.632068270600218,
                                   0.258841149657257, 0.0651759703428617,  0.654372374933945},
                        ridge[] = {1.43028318704444,   0.0451163567344196, 0.0224102341613048,
                                   -0.940759697107272, 0.0797187347427999, 0.434790398589736,
                                   0.277229643434962,  0.0130208380643931, 0.583981904646346},
                        both[] = {1.43123968239684,   -0.0109509834283915, -0.154756071326833,
                                  -0.732202482198054, -0.0103724085644892, 0.397450249495503,
                                  0.258622857433584,  -0.0765964059332984, 0.576629266698515};
    (void)state;
    check_table("linear", 0, 1e-12, plain);
    check_table("linear", 1, 1e-12, heavy);
    check_table("ridge:l2=0.1", 0, 1e-12, ridge);
    check_table("ridge:l2=0.1", 1, 1e-12, both);
}

/* Rows of numbers with a target each. */
static tw_data *rows_of(tw_context *ctx, const double *x, const double *y, uint64_t rows, int64_t columns)
{
    tw_data *data;
    const tw_data_info info = {.size = sizeof info,
                               .rows = rows,
                               .rank = 1,
                               .shape = {columns},
                               .type = TW_F64,
                               .x = x,
                               .targets = y,
                               .n_targets = 1};
    assert_int_equal(tw_data_create(&data, ctx, &info, NULL), TW_OK);
    return data;
}

static void check_rows(const char *method, const char *model, const double *x, const double *y, uint64_t rows,
                       int64_t columns, double within, const double *wanted)
{
    tw_context *ctx = context(1);
    tw_data *data = rows_of(ctx, x, y, rows, columns);
    check_weights(method, model, data, ctx, 1e-300, within, wanted);
    tw_data_free(data);
    tw_context_free(ctx);
}

/* Longley 1967, with the weights that NIST certifies: columns of sizes from 80 to 600,000 that nearly depend
 * on each other. */
static void badly_conditioned_rows_lose_no_digits(void **state)
{
    static const double x[] = {83,     234289, 2356,   1590,   107608, 1947,   88.5,   259426, 2325,   1456,
                               108632, 1948,   88.2,   258054, 3682,   1616,   109773, 1949,   89.5,   284599,
                               3351,   1650,   110929, 1950,   96.2,   328975, 2099,   3099,   112075, 1951,
                               98.1,   346999, 1932,   3594,   113270, 1952,   99,     365385, 1870,   3547,
                               115094, 1953,   100,    363112, 3578,   3350,   116219, 1954,   101.2,  397469,
                               2904,   3048,   117388, 1955,   104.6,  419180, 2822,   2857,   118734, 1956,
                               108.4,  442769, 2936,   2798,   120445, 1957,   110.8,  444546, 4681,   2637,
                               121950, 1958,   112.6,  482704, 3813,   2552,   123366, 1959,   114.2,  502601,
                               3931,   2514,   125368, 1960,   115.7,  518173, 4806,   2572,   127852, 1961,
                               116.9,  554894, 4007,   2827,   130081, 1962},
                        y[] = {60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761,
                               66019, 67857, 68169, 66513, 68655, 69564, 69331, 70551},
                        certified[] = {15.0618722713733,  -0.0358191792925910, -2.02022980381683,
                                       -1.03322686717359, -0.0511041056535807, 1829.15146461355,
                                       -3482258.63459582};
    (void)state;
    check_rows(methods[0], "linear", x, y, 16, 6, 1e-10, certified);
    check_rows(methods[1], "linear", x, y, 16, 6, 1e-6, certified);
}

/* x_1 = x_2 or fewer rows than columns: the weights' norm is least, the intercept's does not count. */
static void of_many_optima_the_shortest_is_taken(void **state)
{
    static const double twice[] = {1, 1, 2, 2, 4, 4}, y[] = {5, 7, 11}, halves[] = {1, 1, 3}, one[] = {3, 4},
                        five[] = {5}, by_norm[] = {0.6, 0.8}, two[] = {1, 2, 3, 2, 4, 5}, sums[] = {10, 12},
                        apart[] = {2 / 9.0, 4 / 9.0, 4 / 9.0, 68 / 9.0}, none[] = {0, 0, 5};
    (void)state;
    check_rows(methods[0], "linear", twice, y, 3, 2, 1e-14, halves);
    for (int i = 0; i < N_METHODS; i++) {
        check_rows(methods[i], "linear:intercept=0", one, five, 1, 2, 1e-14, by_norm);
        check_rows(methods[i], "linear", two, sums, 2, 3, 1e-14, apart);
        check_rows(methods[i], "linear", one, five, 1, 2, 1e-14, none);
    }
}

/* More columns than rows, of which many numbers are 0: two ways to the one optimum. */
static void both_methods_agree(void **state)
{
    static const char *const models[] = {"linear", "linear:intercept=0", "ridge:l2=0.01",
                                         "linear:standardize=1,l2=0.1"};
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        for (int sparse = 0; sparse < 2; sparse++) {
            const ending direct = solve(methods[0], models[i], 0, TW_F64, sparse, 1, 0),
                         cg = solve(methods[1], models[i], 0, TW_F64, sparse, 1, 0);
            for (size_t k = 0; k <= COLUMNS; k++)
                if (!(fabs(direct.w[k] - cg.w[k]) < 1e-8))
                    fail_msg("%s: weight %zu is %.12g and %.12g", models[i], k, direct.w[k], cg.w[k]);
        }
}

/* ---- several outputs ----------------------------------------------------------------------------------- */

/* Two targets of each row: y and 3 - y / 2 + x_0; the weights of the first, then the second, then two
 * intercepts. */
enum { OUTPUTS = 2, ALL = OUTPUTS * (D + 1) };

static double target_of(const table *t, uint64_t i, size_t k)
{
    return k ? 3 - t->y[i] / 2 + t->x[i * D] : t->y[i];
}

static void row_of(void *user, uint64_t i, tw_row *to)
{
    const table *t = user;
    *to = (tw_row){.x = t->x + i * D, .n = D};
}

static double weight_of(void *user, uint64_t i) { return ((const table *)user)->weights[i]; }

static double loss_of(void *user, uint64_t i, const double *scores, double *slopes)
{
    double sum = 0;
    for (size_t k = 0; k < OUTPUTS; k++) {
        slopes[k] = scores[k] - target_of(user, i, k);
        sum += slopes[k] * slopes[k] / 2;
    }
    return sum;
}

/* to += by times the row and 1, of an output */
static void add(double *to, const table *t, uint64_t i, size_t k, double by)
{
    for (size_t j = 0; j < D; j++) to[k * D + j] += by * t->x[i * D + j];
    to[OUTPUTS * D + k] += by;
}

static double score_of(const double *w, const table *t, uint64_t i, size_t k)
{
    double sum = w[OUTPUTS * D + k];
    for (size_t j = 0; j < D; j++) sum += w[k * D + j] * t->x[i * D + j];
    return sum;
}

static int eval_two(void *user, const tw_eval *e)
{
    const table *t = user;
    *e->sums = (tw_sums){0};
    if (e->want & TW_WANT_GRADIENT) memset(e->gradient, 0, ALL * sizeof(double));
    for (size_t i = 0; i < e->n; i++) {
        double scores[OUTPUTS], slopes[OUTPUTS];
        const double weight = t->weights[e->rows[i]];
        for (size_t k = 0; k < OUTPUTS; k++) scores[k] = score_of(e->w, t, e->rows[i], k);
        e->sums->loss += weight * loss_of(user, e->rows[i], scores, slopes);
        e->sums->weight += weight;
        for (size_t k = 0; k < OUTPUTS && (e->want & TW_WANT_GRADIENT); k++)
            add(e->gradient, t, e->rows[i], k, weight * slopes[k]);
    }
    return 0;
}

static int two_times(void *user, const tw_eval *e)
{
    const table *t = user;
    double *to = e->gradient;
    *e->sums = (tw_sums){0};
    memset(to, 0, ALL * sizeof *to);
    for (size_t i = 0; i < e->n; i++) {
        const double weight = t->weights[e->rows[i]];
        e->sums->weight += weight;
        for (size_t k = 0; k < OUTPUTS && e->vector; k++)
            add(to, t, e->rows[i], k, weight * score_of(e->vector, t, e->rows[i], k));
        for (size_t j = 0; j < ALL && !e->vector; j++) {
            const double x = j < OUTPUTS * D ? t->x[e->rows[i] * D + j % D] : 1;
            to[j] += weight * x * x;
        }
    }
    return 0;
}

static void several_outputs_are_solved_at_once(void **state)
{
    static const double first[] = {2.0120522874307,   -0.0206934534107225, -0.284972052927395,
                                   -1.15030785723608, -0.150417899281287,  0.632068270600218,
                                   0.258841149657257, 0.0651759703428617,  0.654372374933945};
    static const int64_t shape[] = {ALL};
    static const tw_tensor tensor = {"w", 1, shape, 0, 0};
    table t = make_table();
    const tw_glm glm = {.size = sizeof glm,
                        .columns = D,
                        .outputs = OUTPUTS,
                        .intercept = 1,
                        .row_type = TW_F64,
                        .user = &t,
                        .row = row_of,
                        .weight = weight_of,
                        .loss = loss_of,
                        .smoothness = 1,
                        .is_squared = 1};
    const tw_objective f = {.size = sizeof f,
                            .type = TW_F64,
                            .tensors = &tensor,
                            .n_tensors = 1,
                            .n_rows = N,
                            .lanes = 1,
                            .user = &t,
                            .eval = eval_two,
                            .glm = &glm,
                            .hessian_times = two_times,
                            .n_kept = 1};
    (void)state;
    for (int m = 0; m < N_METHODS; m++) {
        tw_context *ctx = context(1);
        double w[ALL] = {0};
        const tw_run_options o = {.size = sizeof o, .solver = methods[m], .tol = 1e-300};
        tw_run *run = new_run(ctx, &f, w, &o);
        go_on(run);
        for (size_t j = 0; j <= D; j++) {
            const double now = w[j < D ? j : OUTPUTS * D], second = w[j < D ? D + j : OUTPUTS * D + 1],
                         wanted = (j == D ? 3 : j == 0) - first[j] / 2;
            if (fabs(now - first[j]) > 1e-12 || fabs(second - wanted) > 1e-12)
                fail_msg("%s: weights %zu are %.13g and %.13g", methods[m], j, now, second);
        }
        tw_run_free(run);
        tw_context_free(ctx);
    }
}

/* ---- as every solver ----------------------------------------------------------------------------------- */

static void threads_sparsity_and_a_stop_change_no_bit(void **state)
{
    static const char *const slowly = "least-squares:method=cg,cg_steps=2";
    (void)state;
    for (int type = 0; type < 2; type++)
        for (int m = 0; m <= N_METHODS; m++) {
            const char *solver = m < N_METHODS ? methods[m] : slowly;
            const tw_type real = type ? TW_F64 : TW_F32;
            const ending first = solve(solver, "ridge:l2=0.1", 0, real, 0, 1, 0);
            for (int threads = 1; threads <= 3; threads++)
                for (int sparse = 0; sparse < 2; sparse++) {
                    const ending again = solve(solver, "ridge:l2=0.1", 0, real, sparse, threads, 0);
                    assert_memory_equal(&first, &again, sizeof first);
                }
            for (uint64_t stop = 1; stop < first.steps; stop++) {
                const ending resumed = solve(solver, "ridge:l2=0.1", 0, real, 1, 1, stop);
                assert_memory_equal(&first, &resumed, sizeof first);
            }
        }
}

/* Rows enough for several pieces of a factorisation, in which two columns are all but the same. */
static void pieces_of_rows_are_the_same_on_any_threads(void **state)
{
    enum { MANY = 300, WIDE = 3 };
    static double x[MANY * WIDE], y[MANY];
    double w[3][WIDE + 1];
    (void)state;
    for (int i = 0; i < MANY; i++) {
        x[i * WIDE] = (i * 37 % 101) / 50.0, x[i * WIDE + 1] = (i * 61 % 97) / 50.0;
        x[i * WIDE + 2] = x[i * WIDE] + 1e-6 * (i * 7 % 13);
        y[i] = 1 + 2 * x[i * WIDE] - x[i * WIDE + 1] + 3 * x[i * WIDE + 2];
    }
    for (int threads = 1; threads <= 3; threads++) {
        tw_context *ctx = context(threads);
        tw_data *data = rows_of(ctx, x, y, MANY, WIDE);
        tw_model *m = new_model(ctx, "linear", TW_F64, data);
        tw_objective f = TW_OBJECTIVE_INIT;
        assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
        const tw_run_options o = {.size = sizeof o, .solver = "least-squares", .tol = 1e-300};
        tw_run *run = new_run(ctx, &f, tw_model_weights(m), &o);
        go_on(run);
        memcpy(w[threads - 1], tw_model_weights(m), sizeof w[0]);
        tw_run_free(run);
        tw_model_objective_free(&f);
        tw_model_free(m);
        tw_data_free(data);
        tw_context_free(ctx);
    }
    for (int k = 0; k < WIDE + 1; k++) {
        static const double wanted[] = {2, -1, 3, 1};
        if (fabs(w[0][k] - wanted[k]) > 1e-8) fail_msg("weight %d is %.12g", k, w[0][k]);
    }
    assert_memory_equal(w[0], w[1], sizeof w[0]);
    assert_memory_equal(w[0], w[2], sizeof w[0]);
}

static void auto_takes_it(void **state)
{
    const table t = make_table();
    tw_context *ctx = context(1);
    tw_data *data = table_data(ctx, &t, OF_NUMBERS, 0);
    tw_model *m = new_model(ctx, "linear", TW_F32, data);
    tw_objective f = TW_OBJECTIVE_INIT;
    (void)state;
    assert_int_equal(tw_model_objective(m, data, &f, NULL), TW_OK);
    const tw_run_options o = {.size = sizeof o, .solver = "auto", .tol = 1e-5};
    tw_run *run = new_run(ctx, &f, tw_model_weights(m), &o);
    assert_int_equal(go_on(run), TW_RUN_CONVERGED);
    assert_string_equal(progress_of(run).solver, "least-squares");
    assert_string_equal(progress_of(run).why, "the squared loss of 9 weights");
    assert_int_equal(tw_run_steps(run), 1);
    tw_run_free(run);
    tw_model_objective_free(&f);
    tw_model_free(m);
    tw_data_free(data);
    tw_context_free(ctx);
}

static void other_losses_are_refused(void **state)
{
    (void)state;
    check_refuses("least-squares", "logistic", OF_TWO,
                  "solver least-squares needs a linear model with the squared loss: newton, newton-cg, "
                  "coordinate-descent, lbfgs, cg and fista take it");
    check_refuses("least-squares", "linear:l1=0.1", OF_NUMBERS,
                  "solver least-squares takes no l1: coordinate-descent, lbfgs and fista take it");
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    for (int i = 0; i < N_METHODS; i++) check_allocations(methods[i], "linear", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_optima_are_found),
        cmocka_unit_test(badly_conditioned_rows_lose_no_digits),
        cmocka_unit_test(of_many_optima_the_shortest_is_taken),
        cmocka_unit_test(both_methods_agree),
        cmocka_unit_test(several_outputs_are_solved_at_once),
        cmocka_unit_test(threads_sparsity_and_a_stop_change_no_bit),
        cmocka_unit_test(pieces_of_rows_are_the_same_on_any_threads),
        cmocka_unit_test(auto_takes_it),
        cmocka_unit_test(other_losses_are_refused),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
