/* Races on surfaces: the way of every run, point by point; targets, minima, noise; and what cannot be used
 * there.
 * SPDX-License-Identifier: MIT */
#include "races.h"
#include <math.h>

#define DIRECTORY TW_BINARY_DIR "/test_race_surface.data"

static const tw__trajectory *trajectory_of(const tw_race *race, size_t entry, size_t seed)
{
    return &race->entries[entry].runs[seed].trajectory;
}

static void a_trajectory_is_what_the_rule_says(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_race_options o = races_on_surface("bowl", "sgd:lr=0.3 momentum:lr=0.1,momentum=0.8");
    o.steps = 20;
    tw_race *race = races_run(races_created(ctx, &o));
    const tw__trajectory *sgd = trajectory_of(race, 0, 0), *momentum = trajectory_of(race, 1, 0);
    double x = -7, y = 2, mx = -7, my = 2, vx = 0, vy = 0;
    assert_int_equal(sgd->n, 21);
    for (int i = 0; i <= 20; i++) {
        assert_true(fabs(sgd->x[i] - x) < 1e-13 && fabs(sgd->y[i] - y) < 1e-13);
        assert_true(fabs(sgd->value[i] - (x * x / 20 + y * y)) < 1e-13);
        assert_true(fabs(momentum->x[i] - mx) < 1e-13 && fabs(momentum->y[i] - my) < 1e-13);
        x -= 0.3 * x / 10;
        y -= 0.3 * 2 * y;
        vx = 0.8 * vx - 0.1 * mx / 10;
        vy = 0.8 * vy - 0.1 * 2 * my;
        mx += vx;
        my += vy;
    }
    const tw__race_run *run = &race->entries[0].runs[0];
    assert_int_equal(run->steps, 20);
    assert_int_equal(run->gradients, 20);
    assert_int_equal(run->n_epochs, 0);
    tw_race_free(race);
    tw_context_free(ctx);
}

/* nag stores the look-ahead point; what is kept is what it reports. */
static void the_trajectory_is_the_view(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_race_options o = races_on_surface("bowl", "nag:lr=0.1");
    o.steps = 1;
    tw_race *race = races_run(races_created(ctx, &o));
    assert_true(fabs(trajectory_of(race, 0, 0)->x[1] - (-7 + 0.1 * 0.7)) < 1e-13);
    tw_race_free(race);
    tw_context_free(ctx);
}

static void the_target_is_a_value(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_race_options o = races_on_surface("quadratic:condition=4,x=1,y=1",
                                         "sgd:lr=0.1 sgd:lr=0.2 sgd:lr=0.001 sam:lr=0.1,rho=0.001");
    o.job.run.target = "value=0.5";
    o.steps = 50;
    tw_race *race = races_run(races_created(ctx, &o));
    for (int i = 0; i < 2; i++) {
        const tw__race_run *run = &race->entries[i].runs[0];
        assert_int_equal(run->status, TW_RUN_TARGET);
        assert_true(run->reached && run->trajectory.value[run->trajectory.n - 1] <= 0.5 &&
                    run->trajectory.value[run->trajectory.n - 2] > 0.5);
        assert_int_equal(run->steps, run->trajectory.n - 1);
    }
    assert_int_equal(race->entries[2].runs[0].status, TW_RUN_FINISHED);
    assert_false(race->entries[2].runs[0].reached);
    assert_int_equal(race->entries[3].runs[0].steps, race->entries[0].runs[0].steps);
    assert_int_equal(race->entries[3].runs[0].gradients, 2 * race->entries[0].runs[0].gradients);
    /* by gradients to the target; last who did not reach it */
    static const size_t order[] = {1, 0, 3, 2};
    for (int i = 0; i < 4; i++) assert_int_equal(race->order[i], order[i]);
    json_t *json = races_json(race);
    int steps, gradients;
    double median;
    assert_int_equal(json_unpack(json, "{s:[{s:[{s:{s:i, s:i}}], s:{s:{s:i, s:{s:F}}}}]}", "optimizers",
                                 "runs", "reached", "steps", &steps, "gradients", &gradients, "summary",
                                 "target", "reached", &gradients, "steps", "median", &median),
                     0);
    assert_true(steps == median && gradients == 1);
    json_decref(json);
    tw_race_free(race);
    tw_context_free(ctx);
}

static void minima_that_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *surface;
        size_t n;
        double nearest;
    } cases[] = {
        {"himmelblau:x=3,y=2.5", 4, 0.5},
        {"quadratic:condition=50,x=3,y=4", 1, 5},
        {"rosenbrock:x=1,y=2", 1, 1},
        {"rosenbrock:a=2", 0, 0},
        {"saddle", 0, 0},
        {"ackley:x=0.5,y=0", 1, 0.5},
        {"expr:\"x^2+y^2\"", 0, 0},
    };
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_race_options o = races_on_surface(cases[i].surface, "sgd:lr=1e-300");
        o.steps = 1;
        tw_race *race = races_run(races_created(ctx, &o));
        json_t *json = races_json(race);
        assert_int_equal(json_array_size(json_object_get(json, "minima")), cases[i].n);
        const double distance = race->entries[0].of[TW__DISTANCE].median;
        if (cases[i].n ? fabs(distance - cases[i].nearest) > 1e-12 : !isnan(distance))
            fail_msg("%s: distance %g", cases[i].surface, distance);
        json_decref(json);
        tw_race_free(race);
    }
    tw_context_free(ctx);
}

static void noise_is_a_seeds(void **state)
{
    (void)state;
    tw_context *ctx = context(2);
    tw_race_options o = races_on_surface("beale:noise=0.5", "adam:lr=0.1 sgd:lr=0.001");
    o.seeds = 2;
    o.steps = 40;
    tw_race *race = races_run(races_created(ctx, &o));
    o.seeds = 1;
    o.job.run.seed = 1;
    tw_race *again = races_run(races_created(ctx, &o));
    const tw__trajectory *zero = trajectory_of(race, 0, 0), *one = trajectory_of(race, 0, 1),
                         *alone = trajectory_of(again, 0, 0);
    assert_true(zero->x[1] == one->x[1] || zero->x[40] != one->x[40]);
    assert_memory_equal(one->x, alone->x, 41 * sizeof *one->x);
    for (int i = 0; i <= 40; i++) {
        const double point[] = {one->x[i], one->y[i]};
        assert_true(one->value[i] == tw_surface_value(race->surface, point, NULL));
    }
    tw_race_free(race);
    tw_race_free(again);
    tw_context_free(ctx);
}

static void in_single_precision(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_race_options o = races_on_surface("bowl", "sgd:lr=0.1");
    o.job.dtype = "f32";
    tw_race *race = races_run(races_created(ctx, &o));
    const tw__trajectory *trajectory = trajectory_of(race, 0, 0);
    for (size_t i = 0; i < trajectory->n; i++)
        assert_true(trajectory->x[i] == (float)trajectory->x[i] &&
                    trajectory->y[i] == (float)trajectory->y[i]);
    tw_race_free(race);
    tw_context_free(ctx);
}

static void divergence_is_a_result(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_race_options o = races_on_surface("rosenbrock", "sgd:lr=1 adam:lr=0.1");
    tw_race *race = races_run(races_created(ctx, &o));
    const tw__race_run *run = &race->entries[0].runs[0];
    assert_int_equal(run->diverged, 1);
    assert_non_null(strstr(run->message, "the value is inf at ("));
    /* up to the point before */
    assert_true(run->trajectory.n > 1 && run->trajectory.n == run->steps);
    for (size_t i = 0; i < run->trajectory.n; i++) assert_true(isfinite(run->trajectory.value[i]));
    assert_true(isnan(race->entries[0].of[TW__VALUE].median));
    assert_int_equal(race->order[0], 1);
    tw_race_free(race);
    tw_context_free(ctx);
}

/* exp(x) is 0 where a step of infinite length leads to; the root of what is below 0 is a NaN, whose sign is
 * nobody's business. */
static void what_is_nowhere(void **state)
{
    (void)state;
    static const struct {
        const char *surface, *message;
    } cases[] = {
        {"expr:\"exp(x)\",x=700",
         "sgd: step 1 overflows f64, though the gradient is finite: a weight, or a number on the way to it; clip or scale the gradient"},
        {"expr:\"sqrt(x)\",x=4", "the value is nan at (-2.5e+299, 1), after step 1"},
    };
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const tw_race_options o = races_on_surface(cases[i].surface, "sgd:lr=1e300");
        tw_race *race = races_run(races_created(ctx, &o));
        const tw__race_run *run = race->entries[0].runs;
        assert_int_equal(run->diverged, 1);
        assert_int_equal(run->trajectory.n, 1);
        assert_string_equal(run->message, cases[i].message);
        tw_race_free(race);
    }
    tw_context_free(ctx);
}

static void what_a_surface_does_not_have(void **state)
{
    (void)state;
    tw_race_options o = races_on_surface("beale", "sgd");
    const tw_race_options plain = o;
#define REFUSED(set, message)       \
    do {                            \
        o = plain;                  \
        set;                        \
        races_refused(&o, message); \
    } while (0)
    REFUSED(o.job.data = "digits", "data cannot be used on a surface");
    REFUSED(o.job.model = "mlp", "model cannot be used on a surface");
    REFUSED(o.job.run.epochs = 3, "epochs cannot be used on a surface");
    REFUSED(o.job.run.batch = 3, "batch cannot be used on a surface");
    REFUSED(o.job.run.accumulate = 3, "accumulate cannot be used on a surface");
    REFUSED(o.job.limit = 3, "limit cannot be used on a surface");
    REFUSED(o.job.run.estimator = "sam", "estimator cannot be used on a surface");
    REFUSED(o.job.run.exchange = "local", "exchange cannot be used on a surface");
    REFUSED(o.job.run.groups = "*:lr=1", "groups cannot be used on a surface");
    REFUSED(o.job.run.nonfinite = TW_NONFINITE_SKIP, "nonfinite cannot be used on a surface");
    REFUSED(o.steps = 100001, "steps = 100001 is outside [1, 100000]");
    REFUSED(o.seeds = 2,
            "seeds = 2 has no effect: without noise all runs of an optimizer are the same (beale:noise=0.1)");
    REFUSED(o.job.run.target = "val_loss=1", "target \"val_loss=1\" is not value=NUMBER");
    REFUSED(o.job.run.target = "value=low", "target \"value=low\" is not value=NUMBER");
    REFUSED(o.job.run.target = "value=41.25",
            "target value=41.25 is reached at the start already, where the value of beale is 41.25");
    REFUSED((o.surface = "beale:noise=0.1", o.optimizers = "sgd", o.seeds = 101, o.steps = 99999),
            "101 runs of 99999 steps are 10100000 points, above the 10000000 that a race can keep");
    REFUSED(o.surface = "beal", "did you mean \"beale\"?");
    REFUSED(o.surface = "expr:\"log(x)\",x=-1", "at the start, (-1, ");
    REFUSED(o.optimizers = "svrg", "estimator svrg is for sums over rows");
    REFUSED(o.job.run.schedule = "cosin", "cosin");
    REFUSED(o.surface = NULL, "a race needs data or a surface");
    o = races_on_data("digits", "sgd");
    o.steps = 3;
    races_refused(&o, "steps can be used on a surface only");
}

/* Rules that draw noise of their own tell seeds apart. */
static void noise_of_a_rule(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_race_options o = races_on_surface("bowl", "sgld:lr=0.01 sgd");
    o.seeds = 2;
    tw_race *race = races_run(races_created(ctx, &o));
    assert_true(trajectory_of(race, 0, 0)->x[300] != trajectory_of(race, 0, 1)->x[300]);
    assert_true(trajectory_of(race, 1, 0)->x[300] == trajectory_of(race, 1, 1)->x[300]);
    tw_race_free(race);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trajectory_is_what_the_rule_says),
        cmocka_unit_test(the_trajectory_is_the_view),
        cmocka_unit_test(the_target_is_a_value),
        cmocka_unit_test(minima_that_are_known),
        cmocka_unit_test(noise_is_a_seeds),
        cmocka_unit_test(in_single_precision),
        cmocka_unit_test(divergence_is_a_result),
        cmocka_unit_test(what_is_nowhere),
        cmocka_unit_test(what_a_surface_does_not_have),
        cmocka_unit_test(noise_of_a_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
