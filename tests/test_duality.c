/* Conjugates and proximal points of losses, the duality gap that they give, and the largest useful l1.
 * SPDX-License-Identifier: MIT */
#include "solver_runs.h"

static linear_problem open_problem(const char *model, int classes, tw_type type)
{
    static some_rows r;
    tw_context *ctx = context(2);
    fill_rows(&r, classes ? classes : 1);
    return open_rows(ctx, rows_data(ctx, &r, TW_F32, 1, classes, 1), model, type);
}

/* loss(h) + conjugate(s) >= s h, and equal where s is the slope at h; the proximal point has its slope. */
static void check_duals(const char *model, int classes)
{
    linear_problem p = open_problem(model, classes, TW_F64);
    const tw_glm *glm = p.objective.glm;
    const size_t n = glm->outputs;
    double h[3], s[3], other[3];
    for (uint64_t i = 0; glm->conjugate && i < ROWS; i++)
        for (int trial = 0; trial < 20; trial++) {
            double product = 0;
            for (size_t k = 0; k < n; k++) h[k] = 8 * unit(20, i * 60 + (uint64_t)trial * 3 + k) - 4;
            const double loss = glm->loss(glm->user, i, h, s);
            for (size_t k = 0; k < n; k++) product += s[k] * h[k];
            const double gap = loss + glm->conjugate(glm->user, i, s) - product;
            if (!(fabs(gap) < 1e-12)) fail_msg("%s: loss and conjugate differ by %g", model, gap);
            for (size_t k = 0; k < n; k++) s[k] *= unit(21, i + (uint64_t)trial);
            product = 0;
            for (size_t k = 0; k < n; k++) product += s[k] * h[k];
            if (!(loss + glm->conjugate(glm->user, i, s) - product >= -1e-12)) fail_msg("%s: too low", model);
            const double q = exp(12 * unit(22, i + (uint64_t)trial) - 4), t = h[0];
            for (size_t k = 0; k < n; k++) {
                const double slope = glm->proximal(glm->user, i, k, t, q, s[k]);
                h[k] = t - q * slope;
                glm->loss(glm->user, i, h, other);
                const int at_kink = glm->kinks && fabs(fabs(h[k]) - 1) < 1e-9 * q;
                if (!at_kink && fabs(other[k] - slope) > 1e-14 * (100 + q))
                    fail_msg("%s: q %g, t %g: slope %.17g, not %.17g", model, q, t, slope, other[k]);
            }
        }
    close_problem(&p);
}

static void conjugates_and_proximal_points_fit_their_losses(void **state)
{
    (void)state;
    for_each_model(check_duals);
}

/* The margin m and a = 1 / (1 + exp(m)), which the slope is but for its sign, fit m = from + q a: of a margin
 * far above 0 by the logarithm of a. */
static void proximal_points_of_long_steps(void **state)
{
    (void)state;
    linear_problem p = open_problem("logistic:l2=0.01", 2, TW_F64);
    const tw_glm *glm = p.objective.glm;
    const double start[] = {-1e5, -300, -1, 0, 1, 30, 300};
    for (double q = 1e4; q < 1e300; q *= 1e10)
        for (size_t i = 0; i < sizeof start / sizeof start[0]; i++)
            for (double near = 0; near <= 1; near += 0.25) {
                double slope, y;
                glm->loss(glm->user, 0, &(double){0}, &slope);
                y = -2 * slope;
                const double a = -y * glm->proximal(glm->user, 0, 0, y * start[i], q, -y * near),
                             m = a < 1 ? log1p(-a) - log(a) : -INFINITY, at = start[i] + q * a;
                if (a < 1 ? !(fabs(m - at) <= 1e-9 * (1 + fabs(m) + fabs(start[i]))) : !(at < -30))
                    fail_msg("q %g from %g: a %g belongs to a margin of %g, not %g", q, start[i], a, m, at);
            }
    close_problem(&p);
}

/* Beside the loss at the end of a run to 1e-11. */
static void a_gap_bounds_what_is_left(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        int classes;
    } cases[] = {{"linear:l1=0.03", 0},
                 {"huber:delta=0.5,l1=0.01,l2=0.01", 0},
                 {"poisson:l1=0.03", 0},
                 {"logistic:l1=0.02", 3},
                 {"svm:l2=0.1", 2},
                 {"logistic:l2=0.1,intercept=0", 2},
                 {"svm:l1=0.05,intercept=0", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double least = 0;
        for (int loose = 0; loose < 2; loose++) {
            linear_problem p = open_problem(cases[i].model, cases[i].classes, TW_F64);
            const double tol = loose ? 1e-2 : 1e-11;
            const tw_run_options o = {.size = sizeof o, .solver = "cd", .stop = "gap", .tol = tol};
            tw_run *run = new_run(p.ctx, &p.objective, tw_model_weights(p.model), &o);
            size_t n;
            assert_int_equal(go_on(run), TW_RUN_CONVERGED);
            const double loss = tw_run_history(run, &n)[n - 1].loss;
            const tw_run_progress now = progress_of(run);
            assert_true(now.gap >= 0 && now.gap <= tol * loss && now.nonzero > 0 && isnan(now.l1_max));
            assert_string_equal(now.stop, "gap");
            if (!loose) least = loss;
            else if (!(loss - least <= now.gap * (1 + 1e-9) && loss - least >= -1e-11 * loss))
                fail_msg("%s: %g above the least, a gap of %g", cases[i].model, loss - least, now.gap);
            tw_run_free(run);
            close_problem(&p);
        }
    }
}

static void a_gap_needs_a_dual_problem(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"logistic", "stop = gap needs a penalty"},
                                           {"softmax:l2=1", "stop = gap needs a loss with a dual problem"}};
    for (size_t i = 0; i < 2; i++) {
        linear_problem p = open_problem(cases[i][0], 3, TW_F64);
        const tw_run_options o = {.size = sizeof o, .solver = "lbfgs", .stop = "gap", .tol = 1e-3};
        tw_run *run;
        tw_error err;
        assert_int_equal(tw_run_create(&run, p.ctx, &p.objective, NULL, tw_model_weights(p.model), &o, &err),
                         TW_ERR_SPEC);
        assert_string_equal(err.message, cases[i][1]);
        close_problem(&p);
    }
}

/* With l1 a little below, one weight is not 0. */
static void check_l1_max(const char *model, int classes, tw_type type)
{
    char text[120];
    double l1 = 0;
    for (int below = 0; below < 2; below++) {
        snprintf(text, sizeof text, "%s,l1=%.17g", model, below ? l1 * (1 - 1e-4) : l1);
        linear_problem p = open_problem(below || l1 > 0 ? text : model, classes, type);
        if (l1 == 0) {
            assert_int_equal(tw_l1_max(p.ctx, &p.objective, &l1, NULL), TW_OK);
            assert_true(l1 > 0 && isfinite(l1));
            below--;
        } else {
            const tw_run_options o = {.size = sizeof o, .solver = "cd", .tol = 1e-300};
            tw_run *run = new_run(p.ctx, &p.objective, tw_model_weights(p.model), &o);
            go_on(run);
            const tw_run_progress now = progress_of(run);
            if (now.nonzero != below) fail_msg("%s: %g weights are not 0", text, now.nonzero);
            if (!below) assert_true(fabs(now.l1_max / l1 - 1) < 1e-12);
            else assert_true(isnan(now.l1_max));
            tw_run_free(run);
        }
        close_problem(&p);
    }
}

static void from_l1_max_on_all_weights_are_0(void **state)
{
    (void)state;
    for (int type = 0; type < 2; type++) {
        const tw_type real = type ? TW_F64 : TW_F32;
        check_l1_max("linear:l2=0.1", 0, real);
        check_l1_max("huber:delta=0.5", 0, real);
        check_l1_max("poisson:l2=0.1", 0, real);
        check_l1_max("logistic:class_weight=balanced", 2, real);
        check_l1_max("logistic:l2=0", 3, real);
        check_l1_max("svm:intercept=0", 3, real);
    }
    /* the slopes of softmax at w = 0 are the classes' shares, less 1 for a row's own class */
    static const double shares[] = {0.1, 0.3, 0.6}, x[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 3};
    static const int32_t y[] = {2, 2, 2, 2, 2, 2, 1, 1, 1, 0};
    const tw_data_info rows =
        {.size = sizeof rows, .rows = 10, .rank = 1, .shape = {1}, .type = TW_F64, .x = x, .labels = y};
    linear_problem p = open_info(&rows, "softmax", 1);
    double l1;
    assert_int_equal(tw_l1_max(p.ctx, &p.objective, &l1, NULL), TW_OK);
    assert_true(fabs(l1 - (3 - 12 * shares[0]) / 10) < 1e-11);
    close_problem(&p);
}

/* The best intercept may be far from 0: x (mean of y - y) is 1 in the mean. */
static void l1_max_of_large_targets(void **state)
{
    (void)state;
    static const double x[] = {0, 0, 1, 1}, y[] = {1e6, 1e6, 1000004, 1000004};
    const tw_data_info rows = {.size = sizeof rows,
                               .rows = 4,
                               .rank = 1,
                               .shape = {1},
                               .type = TW_F64,
                               .x = x,
                               .targets = y,
                               .n_targets = 1};
    for (int i = 0; i < 2; i++) {
        linear_problem p = open_info(&rows, i ? "huber:delta=100" : "linear", 1);
        double l1;
        assert_int_equal(tw_l1_max(p.ctx, &p.objective, &l1, NULL), TW_OK);
        if (fabs(l1 - 1) > 1e-9) fail_msg("%.17g", l1);
        close_problem(&p);
    }
}

static void l1_max_is_for_smooth_losses(void **state)
{
    (void)state;
    tw_error err;
    double l1;
    linear_problem p = open_problem("svm:loss=hinge", 2, TW_F64);
    assert_int_equal(tw_l1_max(p.ctx, &p.objective, &l1, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "l1_max needs a linear model with a smooth loss, not loss=hinge");
    p.objective.glm = NULL;
    assert_int_equal(tw_l1_max(p.ctx, &p.objective, &l1, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "l1_max needs a linear model with a smooth loss");
    close_problem(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conjugates_and_proximal_points_fit_their_losses),
        cmocka_unit_test(proximal_points_of_long_steps),
        cmocka_unit_test(a_gap_bounds_what_is_left),
        cmocka_unit_test(a_gap_needs_a_dual_problem),
        cmocka_unit_test(from_l1_max_on_all_weights_are_0),
        cmocka_unit_test(l1_max_of_large_targets),
        cmocka_unit_test(l1_max_is_for_smooth_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
