/* Paths on surfaces: the numbers known for the figures of the sources, the loop's own steps, views, noise,
 * float, ends that are not finite, failures.
 * SPDX-License-Identifier: MIT */
#include "context.h"
#include "faulty_io.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <thalweg/trajectory.h>

static tw_trajectory *walk_on(tw_context *ctx, const char *surface, tw_type type,
                              const tw_trajectory_options *o)
{
    tw_surface *s;
    tw_trajectory *p;
    tw_error err;
    if (tw_surface_create(&s, ctx, surface, type, &err) != TW_OK) fail_msg("%s", err.message);
    if (tw_trajectory_run(&p, ctx, s, o, &err) != TW_OK)
        fail_msg("%s on %s: %s", o->optimizer, surface, err.message);
    tw_surface_free(s);
    return p;
}

static tw_trajectory *walk(tw_context *ctx, const char *surface, const char *optimizer, uint64_t steps)
{
    tw_trajectory_options o = TW_TRAJECTORY_OPTIONS_INIT;
    o.optimizer = optimizer;
    o.steps = steps;
    return walk_on(ctx, surface, TW_F64, &o);
}

static int first(const double *v, size_t n, double limit, int above)
{
    for (size_t i = 0; i < n; i++)
        if (above ? fabs(v[i]) > limit : v[i] < limit) return (int)i;
    return -1;
}

/* What was measured by other means before this code was written, by the rules' formulas alone. */
static void known_steps_are_met(void **state)
{
    (void)state;
    static const struct {
        const char *surface, *optimizer;
        uint64_t steps;
        char column;
        int above;
        double limit;
        int step;
    } known[] = {
        {"saddle", "sgd:lr=0.01", 600, 'y', 1, 1, -1},
        {"saddle", "momentum:lr=0.01", 600, 'y', 1, 1, 140},
        {"saddle", "nag:lr=0.01", 600, 'y', 1, 1, 132},
        {"saddle", "adagrad:lr=0.08", 600, 'y', 1, 1, 25},
        {"saddle", "rmsprop:lr=0.008,rho=0.99", 600, 'y', 1, 1, 24},
        {"saddle", "adadelta:eps=1e-4", 600, 'y', 1, 1, 19},
        {"saddle", "adam:lr=0.07", 600, 'y', 1, 1, 15},
        {"saddle:y=1e-3", "sgd:lr=0.01", 600, 'y', 1, 1, 349},
        {"valley", "sgd:lr=0.1", 200, 'f', 0, 1e-3, 45},
        {"valley", "momentum:lr=0.1,momentum=0.5", 200, 'f', 0, 1e-3, 15},
        {"valley", "momentum:lr=0.1", 200, 'f', 0, 1e-3, 64},
        {"valley", "sgd:lr=0.4", 200, 'f', 0, 1e-3, 10},
        {"beale", "sgd:lr=0.002", 500, 'f', 0, 0.1, 464},
        {"beale", "momentum:lr=0.002", 500, 'f', 0, 0.1, 59},
        {"beale", "nag:lr=0.002", 500, 'f', 0, 0.1, 56},
        {"beale", "adam:lr=0.3", 500, 'f', 0, 0.1, 45},
    };
    tw_context *ctx = context(0);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        tw_trajectory *p = walk(ctx, known[i].surface, known[i].optimizer, known[i].steps);
        const int step =
            first(known[i].column == 'y' ? p->y : p->value, p->n, known[i].limit, known[i].above);
        if (step != known[i].step)
            fail_msg("%s on %s: step %d, not %d", known[i].optimizer, known[i].surface, step, known[i].step);
        tw_trajectory_free(ctx, p);
    }
    tw_context_free(ctx);
}

static void points_are_those_of_the_formula(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_trajectory_options o = TW_TRAJECTORY_OPTIONS_INIT;
    o.optimizer = "nag:lr=0.02,momentum=0.8";
    o.steps = 40;
    o.start = (double[]){3, -2};
    o.schedule = "linear:end_factor=0.5";
    tw_trajectory *p = walk_on(ctx, "bowl", TW_F64, &o);
    double x = 3, y = -2, u = 0, v = 0;
    assert_int_equal(p->n, 41);
    assert_true(p->x[0] == 3 && p->y[0] == -2 && isnan(p->lr[0]) && !p->diverged);
    assert_string_equal(p->spec, "nag:lr=0.02,momentum=0.8");
    for (size_t i = 1; i < p->n; i++) {
        const double lr = p->lr[i];
        u = 0.8 * u - lr * (x + 0.8 * u) / 10; /* the gradient one velocity ahead, the point behind it */
        v = 0.8 * v - lr * (y + 0.8 * v) * 2;
        x += u;
        y += v;
        if (!(fabs(p->x[i] - x) < 1e-12 && fabs(p->y[i] - y) < 1e-12))
            fail_msg("point %zu: (%g, %g), not (%g, %g)", i, p->x[i], p->y[i], x, y);
        assert_true(fabs(p->value[i] - (x * x / 20 + y * y)) < 1e-12);
        assert_true(i == 1 ? lr == 0.02 : lr < p->lr[i - 1]);
    }
    tw_trajectory_free(ctx, p);
    tw_context_free(ctx);
}

static void float_is_near_and_noise_is_its_seeds(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_trajectory_options o = TW_TRAJECTORY_OPTIONS_INIT;
    o.optimizer = "adam:lr=0.1";
    o.steps = 50;
    tw_trajectory *exact = walk_on(ctx, "rosenbrock", TW_F64, &o),
                  *near = walk_on(ctx, "rosenbrock", TW_F32, &o);
    assert_true(fabs(exact->x[50] - near->x[50]) < 1e-4 && exact->x[50] != near->x[50]);
    o.seed = 1;
    tw_trajectory *a = walk_on(ctx, "rosenbrock:noise=0.5", TW_F64, &o),
                  *b = walk_on(ctx, "rosenbrock:noise=0.5", TW_F64, &o);
    o.seed = 2;
    tw_trajectory *c = walk_on(ctx, "rosenbrock:noise=0.5", TW_F64, &o);
    assert_true(a->x[50] == b->x[50] && a->x[50] != c->x[50]);
    const double x = a->x[50], y = a->y[50];
    assert_true(fabs(a->value[50] - ((1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x))) < 1e-9);
    tw_trajectory *all[] = {exact, near, a, b, c};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) tw_trajectory_free(ctx, all[i]);
    tw_context_free(ctx);
}

static void a_path_ends_before_what_is_not_finite(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_trajectory *p = walk(ctx, "beale", "sgd:lr=1", 100);
    assert_true(p->diverged && p->n >= 2 && p->n < 20 && p->message[0]);
    for (size_t i = 0; i < p->n; i++)
        assert_true(isfinite(p->x[i]) && isfinite(p->y[i]) && isfinite(p->value[i]));
    tw_trajectory_free(ctx, p);
    tw_context_free(ctx);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_surface *s;
    tw_trajectory *p;
    tw_error err;
    assert_int_equal(tw_surface_create(&s, ctx, "bowl", TW_F64, NULL), TW_OK);
    tw_trajectory_options o = TW_TRAJECTORY_OPTIONS_INIT;
    o.optimizer = "adm";
    assert_int_equal(tw_trajectory_run(&p, ctx, s, &o, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "unknown rule \"adm\" (did you mean \"adam\"?)");
    assert_null(p);
    o.optimizer = "sgd";
    o.start = (double[]){INFINITY, 0};
    assert_int_equal(tw_trajectory_run(&p, ctx, s, &o, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "is no place on bowl"));
    o.start = NULL;
    o.steps = 100000001;
    assert_int_equal(tw_trajectory_run(&p, ctx, s, &o, &err), TW_ERR_SPEC);
    o.size = 1;
    assert_int_equal(tw_trajectory_run(&p, ctx, s, &o, &err), TW_ERR_SPEC);
    tw_trajectory_free(ctx, NULL);
    tw_surface_free(s);
    tw_context_free(ctx);
}

/* A line search that finds no step ends the trajectory at its last point. */
static void a_stalled_run_adds_no_point(void **state)
{
    (void)state;
    tw_context *ctx = context(0);
    tw_trajectory_options o = TW_TRAJECTORY_OPTIONS_INIT;
    o.optimizer = "sgd:lr=1";
    o.control = "armijo:most=1";
    o.steps = 5;
    tw_trajectory *p = walk_on(ctx, "expr:\"1000*x^2 + y^2\"", TW_F64, &o);
    assert_int_equal(p->n, 1);
    assert_false(p->diverged);
    tw_trajectory_free(ctx, p);
    tw_context_free(ctx);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        faults f = {0};
        tw_context *ctx;
        tw_context_options co = TW_CONTEXT_OPTIONS_INIT;
        co.resize = faulty_resize;
        co.user = &f;
        co.threads = 1;
        tw_surface *surface;
        tw_trajectory *p;
        tw_trajectory_options o = TW_TRAJECTORY_OPTIONS_INIT;
        o.optimizer = "nag";
        o.steps = 5;
        assert_int_equal(tw_context_create(&ctx, &co, NULL), TW_OK);
        assert_int_equal(tw_surface_create(&surface, ctx, "bowl", TW_F64, NULL), TW_OK);
        f.fail_allocation = f.allocations + n;
        const tw_status s = tw_trajectory_run(&p, ctx, surface, &o, NULL);
        const int met = f.allocations >= f.fail_allocation;
        assert_int_equal(s, met ? TW_ERR_MEMORY : TW_OK);
        tw_trajectory_free(ctx, p);
        tw_surface_free(surface);
        tw_context_free(ctx);
        assert_int_equal(f.live, 0);
        if (!met) break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_steps_are_met),
        cmocka_unit_test(points_are_those_of_the_formula),
        cmocka_unit_test(float_is_near_and_noise_is_its_seeds),
        cmocka_unit_test(a_path_ends_before_what_is_not_finite),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_stalled_run_adds_no_point),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
