/* Linear models: both forms against each other, by hand, against differences and against the optimum by
 * normal equations; what is refused.
 * SPDX-License-Identifier: MIT */
#include "optimizer_bench.h"
#include "faulty_io.h"
#include <math.h>
#include <thalweg/linear.h>
#include <thalweg/train.h>

enum { ROWS = 150, COLUMNS = 4, SIZE = COLUMNS + 1 };

static tw_context *ctx;
static double x[ROWS * COLUMNS], y[ROWS], sign[ROWS];
static uint64_t rows[ROWS];

static tw_linear_options options(tw_type type, enum tw_linear_loss loss, enum tw_linear_form form, double l2)
{
    tw_linear_options o = TW_LINEAR_OPTIONS_INIT;
    o.type = type;
    o.loss = loss;
    o.form = form;
    o.rows = ROWS;
    o.columns = COLUMNS;
    o.x = x;
    o.y = loss == TW_LINEAR_SQUARED ? y : sign;
    o.l2 = l2;
    return o;
}

static tw_linear *linear(const tw_linear_options *o, tw_objective *objective)
{
    tw_linear *m;
    tw_error err;
    if (tw_linear_create(&m, ctx, o, &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(tw_linear_objective(m, objective, NULL), TW_OK);
    return m;
}

/* Sums over the first n rows at w, in double whatever the type; gradient and output may be NULL. */
static tw_sums evaluate(const tw_objective *o, const double *w, size_t n, double *gradient, double *output)
{
    float w32[SIZE], g32[SIZE], out32[ROWS];
    double unused[SIZE], unused_output[ROWS];
    tw_sums sums;
    const tw_draw draw = {0};
    double *g = gradient ? gradient : unused, *out = output ? output : unused_output;
    const unsigned want = TW_WANT_LOSS | (gradient ? TW_WANT_GRADIENT : 0) | (output ? TW_WANT_OUTPUT : 0);
    for (int j = 0; j < SIZE; j++) w32[j] = (float)w[j], g32[j] = NAN, g[j] = NAN;
    tw_eval e = {.size = sizeof e,
                 .want = want,
                 .w = w,
                 .rows = rows,
                 .n = n,
                 .draw = &draw,
                 .sums = &sums,
                 .gradient = g,
                 .output = out};
    if (o->type == TW_F32) e.w = w32, e.gradient = g32, e.output = out32;
    assert_int_equal(o->eval(o->user, &e), 0);
    for (int j = 0; j < SIZE && o->type == TW_F32; j++) g[j] = g32[j];
    for (size_t i = 0; i < n && output && o->type == TW_F32; i++) output[i] = out32[i];
    return sums;
}

static void by_hand(void **state)
{
    (void)state;
    const double two_x[] = {1, 2, -3, 0.5}, two_y[] = {1, -1}, w[SIZE] = {0.5, -0.25, 2};
    tw_linear_options o = TW_LINEAR_OPTIONS_INIT;
    o.rows = o.columns = 2;
    o.x = two_x;
    o.y = two_y;
    o.l2 = 0.5;
    for (int form = 0; form < 2; form++)
        for (int t = 0; t < 2; t++) {
            tw_objective f = TW_OBJECTIVE_INIT;
            double g[SIZE], out[ROWS];
            o.form = (enum tw_linear_form)form;
            o.type = t ? TW_F64 : TW_F32;
            o.loss = TW_LINEAR_SQUARED; /* scores 2 and 0.375, residuals 1 and 1.375 */
            tw_linear *m = linear(&o, &f);
            tw_sums s = evaluate(&f, w, 2, g, out);
            assert_true(s.loss == 0.5 + 1.375 * 1.375 / 2 + 2 * 0.25 * (0.25 + 0.0625) && s.weight == 2);
            assert_true(g[0] == 1 - 3 * 1.375 + 2 * 0.5 * 0.5 && g[1] == 2 + 0.5 * 1.375 - 2 * 0.5 * 0.25 &&
                        g[2] == 2.375);
            assert_true(out[0] == 2 && out[1] == 0.375);
            assert_int_equal(f.counts_correct, 0);
            tw_linear_free(m);
            o.loss = TW_LINEAR_LOGISTIC;
            m = linear(&o, &f);
            s = evaluate(&f, w, 2, g, out);
            const double slope[] = {-1 / (1 + exp(2)), 1 / (1 + exp(-0.375))}, bound = t ? 1e-15 : 1e-6;
            assert_true(fabs(s.loss - (log1p(exp(-2)) + log1p(exp(0.375)) + 2 * 0.25 * 0.3125)) < 2e-15);
            assert_true(fabs(g[0] - (slope[0] - 3 * slope[1] + 0.5)) < bound &&
                        fabs(g[1] - (2 * slope[0] + 0.5 * slope[1] - 0.25)) < bound);
            assert_true(fabs(g[2] - (slope[0] + slope[1])) < bound && s.correct == 1 && f.counts_correct);
            assert_true(fabs(out[0] - 1 / (1 + exp(-2))) < bound &&
                        fabs(out[1] - 1 / (1 + exp(-0.375))) < bound);
            tw_linear_free(m);
        }
}

/* Source 004: the sums of equation 3.3 are those of 3.6, and one step of 3.3 is one of 3.7 with the 1/m that
 * 3.7 leaves out. */
static void both_forms_are_one(void **state)
{
    (void)state;
    for (int loss = 0; loss < 2; loss++)
        for (int t = 0; t < 2; t++) {
            tw_objective f[2] = {TW_OBJECTIVE_INIT, TW_OBJECTIVE_INIT};
            tw_linear *m[2];
            for (int form = 0; form < 2; form++) {
                const tw_linear_options o =
                    options(t ? TW_F64 : TW_F32, (enum tw_linear_loss)loss, (enum tw_linear_form)form, 0.1);
                m[form] = linear(&o, &f[form]);
            }
            for (size_t n = 1; n <= ROWS; n += n < 8 ? 1 : 71) {
                double w[SIZE], g[2][SIZE];
                for (uint64_t j = 0; j < SIZE; j++) w[j] = (float)bench_number(j, n);
                const tw_sums a = evaluate(&f[0], w, n, g[0], NULL), b = evaluate(&f[1], w, n, g[1], NULL);
                assert_true(memcmp(&a, &b, sizeof a) == 0);
                for (int j = 0; j < SIZE; j++)
                    assert_true(fabs(g[0][j] - g[1][j]) <= (t ? 1e-14 : 1e-5) * (double)n);
                /* in a leaf the same additions */
                if (t && n <= TW_LEAF) assert_memory_equal(g[0], g[1], sizeof g[0]);
            }
            for (int form = 0; form < 2; form++) tw_linear_free(m[form]);
        }
}

static void a_step_of_both_forms(void **state)
{
    (void)state;
    double ends[2][SIZE] = {{0}}, by_matrix[SIZE] = {0};
    for (int form = 0; form < 2; form++) {
        const tw_linear_options o = options(TW_F64, TW_LINEAR_SQUARED, (enum tw_linear_form)form, 0);
        tw_run_options r = TW_RUN_OPTIONS_INIT;
        tw_objective f = TW_OBJECTIVE_INIT;
        tw_linear *m = linear(&o, &f);
        tw_run *run;
        int status;
        r.optimizer = "sgd:lr=0.3";
        r.estimator = "full";
        r.epochs = 20;
        assert_int_equal(tw_run_create(&run, ctx, &f, NULL, ends[form], &r, NULL), TW_OK);
        for (int step = 0; step < 20; step++) assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
        tw_run_free(run);
        tw_linear_free(m);
    }
    for (int step = 0; step < 20; step++) { /* theta - alpha / m X^T (X theta - Y), written out */
        double gradient[SIZE] = {0};
        for (int i = 0; i < ROWS; i++) {
            double off = by_matrix[COLUMNS] - y[i];
            for (int j = 0; j < COLUMNS; j++) off += x[i * COLUMNS + j] * by_matrix[j];
            for (int j = 0; j < SIZE; j++) gradient[j] += off * (j < COLUMNS ? x[i * COLUMNS + j] : 1);
        }
        for (int j = 0; j < SIZE; j++) by_matrix[j] -= 0.3 / ROWS * gradient[j];
    }
    for (int j = 0; j < SIZE; j++)
        assert_true(fabs(ends[0][j] - ends[1][j]) < 1e-14 && fabs(ends[0][j] - by_matrix[j]) < 1e-13);
}

static void gradients(void **state)
{
    (void)state;
    for (int loss = 0; loss < 2; loss++)
        for (int form = 0; form < 2; form++)
            for (int intercept = 0; intercept < 2; intercept++) {
                tw_linear_options o =
                    options(TW_F64, (enum tw_linear_loss)loss, (enum tw_linear_form)form, 0.3);
                tw_objective f = TW_OBJECTIVE_INIT;
                double w[SIZE], g[SIZE];
                o.intercept = intercept;
                tw_linear *m = linear(&o, &f);
                assert_int_equal(f.n_tensors, 1 + intercept);
                for (uint64_t j = 0; j < SIZE; j++) w[j] = bench_number(j, 77);
                evaluate(&f, w, ROWS, g, NULL);
                for (int j = 0; j < COLUMNS + intercept; j++) {
                    const double h = 0x1p-16, at = w[j];
                    w[j] = at + h;
                    const double more = evaluate(&f, w, ROWS, NULL, NULL).loss;
                    w[j] = at - h;
                    const double less = evaluate(&f, w, ROWS, NULL, NULL).loss;
                    w[j] = at;
                    assert_true(fabs((more - less) / (2 * h) - g[j]) < 1e-7);
                }
                /* nothing behind the last weight is touched */
                if (!intercept) assert_true(isnan(g[COLUMNS]));
                tw_linear_free(m);
            }
}

/* (X^T X / m + l2 I) w = X^T y / m with a column of ones that has no penalty, by elimination. */
static void optimum(double l2, double *w)
{
    double a[SIZE][SIZE + 1] = {{0}};
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < SIZE; j++) {
            const double xj = j < COLUMNS ? x[i * COLUMNS + j] : 1;
            for (int k = 0; k < SIZE; k++) a[j][k] += xj * (k < COLUMNS ? x[i * COLUMNS + k] : 1) / ROWS;
            a[j][SIZE] += xj * y[i] / ROWS;
        }
    for (int j = 0; j < COLUMNS; j++) a[j][j] += l2;
    for (int k = 0; k < SIZE; k++)
        for (int i = 0; i < SIZE; i++)
            for (int j = SIZE; i != k && j >= k; j--) a[i][j] -= a[i][k] / a[k][k] * a[k][j];
    for (int k = 0; k < SIZE; k++) w[k] = a[k][SIZE] / a[k][k];
}

static void the_optimum(void **state)
{
    (void)state;
    const double penalties[] = {0, 0.1, 3};
    for (int p = 0; p < 3; p++) {
        const tw_linear_options o = options(TW_F64, TW_LINEAR_SQUARED, TW_LINEAR_MATRIX, penalties[p]);
        tw_objective f = TW_OBJECTIVE_INIT;
        double w[SIZE], g[SIZE];
        tw_linear *m = linear(&o, &f);
        optimum(penalties[p], w);
        evaluate(&f, w, ROWS, g, NULL);
        for (int j = 0; j < SIZE; j++) assert_true(fabs(g[j]) < 1e-12 * ROWS);
        tw_linear_free(m);
    }
}

/* Trains to the end on so many threads; the weights as double. */
static void train(tw_type type, int threads, double *w)
{
    tw_context *own = bench_context(threads, TW_ISA_DETECT);
    const tw_linear_options o = options(type, TW_LINEAR_SQUARED, TW_LINEAR_ALGEBRAIC, 0.1);
    tw_run_options r = TW_RUN_OPTIONS_INIT;
    tw_objective f = TW_OBJECTIVE_INIT;
    tw_linear *m;
    tw_run *run;
    float w32[SIZE] = {0};
    int status = TW_RUN_GOING;
    memset(w, 0, SIZE * sizeof *w);
    assert_int_equal(tw_linear_create(&m, own, &o, NULL), TW_OK);
    assert_int_equal(tw_linear_objective(m, &f, NULL), TW_OK);
    r.optimizer = "sgd:lr=0.5";
    r.estimator = "full";
    r.epochs = 400;
    assert_int_equal(tw_run_create(&run, own, &f, NULL, type == TW_F32 ? (void *)w32 : w, &r, NULL), TW_OK);
    while (status == TW_RUN_GOING) assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
    for (int j = 0; j < SIZE && type == TW_F32; j++) w[j] = w32[j];
    tw_run_free(run);
    tw_linear_free(m);
    tw_context_free(own);
}

/* Training in both types finds the optimum; threads do not change a bit. */
static void training(void **state)
{
    (void)state;
    double want[SIZE], first[SIZE], w[SIZE];
    optimum(0.1, want);
    for (tw_type type = TW_F32; type <= TW_F64; type++) {
        train(type, 1, first);
        for (int j = 0; j < SIZE; j++)
            assert_true(fabs(first[j] - want[j]) < (type == TW_F32 ? 1e-6 : 1e-12));
        for (int threads = 2; threads <= 3; threads++) {
            train(type, threads, w);
            assert_memory_equal(first, w, sizeof w);
        }
    }
}

static void large_scores(void **state)
{
    (void)state;
    const double one = 1, label[] = {1, -1}, scores[] = {0, 1e-20, 1, 36, 40, 700, 1e4, 1e300};
    for (int l = 0; l < 2; l++) {
        tw_linear_options o = TW_LINEAR_OPTIONS_INIT;
        tw_objective f = TW_OBJECTIVE_INIT;
        o.loss = TW_LINEAR_LOGISTIC;
        o.rows = o.columns = 1;
        o.intercept = 0;
        o.x = &one;
        o.y = &label[l];
        tw_linear *m = linear(&o, &f);
        for (size_t i = 0; i < sizeof scores / sizeof *scores; i++)
            for (int side = -1; side <= 1; side += 2) {
                const double h = side * scores[i], margin = h * label[l], w[SIZE] = {h};
                double g[SIZE], out[ROWS];
                const double loss = margin > 0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin;
                const tw_sums s = evaluate(&f, w, 1, g, out);
                const double slope = -label[l] / (1 + exp(margin));
                assert_true(fabs(s.loss - loss) <= 1e-15 * loss &&
                            fabs(g[0] - slope) <= 1e-15 * fabs(slope) + 1e-300);
                assert_true(fabs(out[0] - 1 / (1 + exp(-h))) <= 1e-15 &&
                            s.correct == ((h > 0) == (label[l] > 0)));
            }
        tw_linear_free(m);
    }
}

static void refused(void **state)
{
    (void)state;
    const tw_linear_options good = options(TW_F64, TW_LINEAR_LOGISTIC, TW_LINEAR_MATRIX, 0);
    double bad[ROWS * COLUMNS];
    struct {
        tw_linear_options o;
        tw_status status;
        const char *message;
    } cases[] = {
        {good, TW_ERR_SPEC, "tw_linear_options.size = 3: set it to sizeof(tw_linear_options)"},
        {good, TW_ERR_SPEC, "a linear model's weights are f32 or f64, not u8"},
        {good, TW_ERR_SPEC, "loss = 2 is not one of enum tw_linear_loss"},
        {good, TW_ERR_SPEC, "form = 7 is not one of enum tw_linear_form"},
        {good, TW_ERR_SPEC, "l2 = -1 is outside [0, inf)"},
        {good, TW_ERR_SPEC, "l2 = nan is outside [0, inf)"},
        {good, TW_ERR_SPEC, "a linear model needs at least one row and one column, x and y"},
        {good, TW_ERR_SPEC, "a linear model needs at least one row and one column, x and y"},
        {good, TW_ERR_SPEC, "4611686018427387904 rows of 4 columns are more than memory can hold"},
        {good, TW_ERR_DATA, "x: row 3, column 1 is inf (rows and columns start at 0)"},
        {good, TW_ERR_DATA, "y: row 2 is nan (rows start at 0)"},
        {good, TW_ERR_DATA,
         "y: row 0 is 0 (rows start at 0); the labels of logistic regression are -1 and 1"},
    };
    double no_label[ROWS] = {0}, no_number[ROWS];
    memcpy(bad, x, sizeof bad);
    memcpy(no_number, sign, sizeof no_number);
    bad[3 * COLUMNS + 1] = INFINITY;
    no_number[2] = fabs(NAN);
    cases[0].o.size = 3;
    cases[1].o.type = TW_U8;
    cases[2].o.loss = (enum tw_linear_loss)2;
    cases[3].o.form = (enum tw_linear_form)7;
    cases[4].o.l2 = -1;
    cases[5].o.l2 = fabs(NAN);
    cases[6].o.rows = 0;
    cases[7].o.y = NULL;
    cases[8].o.rows = (uint64_t)1 << 62;
    cases[9].o.x = bad;
    cases[10].o.y = no_number;
    cases[11].o.y = no_label;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tw_linear *m;
        tw_error err;
        assert_int_equal(tw_linear_create(&m, ctx, &cases[i].o, &err), cases[i].status);
        assert_string_equal(err.message, cases[i].message);
        assert_null(m);
    }
}

static void the_allocation_may_fail(void **state)
{
    (void)state;
    faults faulty = {.allocations = 0};
    const tw_linear_options good = options(TW_F64, TW_LINEAR_SQUARED, TW_LINEAR_MATRIX, 0);
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    tw_context *own;
    tw_linear *m;
    o.resize = faulty_resize;
    o.user = &faulty;
    o.threads = 1;
    assert_int_equal(tw_context_create(&own, &o, NULL), TW_OK);
    const long held = faulty.live;
    faulty.fail_allocation = faulty.allocations + 1;
    assert_int_equal(tw_linear_create(&m, own, &good, NULL), TW_ERR_MEMORY);
    assert_true(m == NULL && faulty.live == held);
    assert_int_equal(tw_linear_create(&m, own, &good, NULL), TW_OK);
    tw_linear_free(m);
    assert_true(faulty.live == held);
    tw_context_free(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(both_forms_are_one),
        cmocka_unit_test(a_step_of_both_forms),
        cmocka_unit_test(gradients),
        cmocka_unit_test(the_optimum),
        cmocka_unit_test(training),
        cmocka_unit_test(large_scores),
        cmocka_unit_test(refused),
        cmocka_unit_test(the_allocation_may_fail),
    };
    for (uint64_t i = 0; i < ROWS; i++) {
        rows[i] = i;
        y[i] = 2 * bench_number(i, 100);
        sign[i] = bench_number(i, 101) > 0 ? 1 : -1;
        for (uint64_t j = 0; j < COLUMNS; j++) x[i * COLUMNS + j] = bench_number(i, j);
    }
    ctx = bench_context(2, TW_ISA_DETECT);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tw_context_free(ctx);
    return failed;
}
