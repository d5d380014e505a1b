/* Schedules: values of each, pieces in sequence, and what is refused.
 * SPDX-License-Identifier: MIT */
#include "optimizer_bench.h"
#include <math.h>
#include "schedules/plan.h"

static double value(const char *schedule, uint64_t done, uint64_t total)
{
    double x;
    tw_error err;
    if (tw_schedule_value(schedule, 0.1, done, total, &x, &err) != TW_OK) fail_msg("%s: %s", schedule, err.message);
    return x;
}

static void near(const char *schedule, uint64_t done, uint64_t total, double want)
{
    double x = value(schedule, done, total);
    if (!(fabs(x - want) <= 1e-15)) fail_msg("%s at %d is %.17g, not %.17g", schedule, (int)done, x, want);
}

static void values(void **state)
{
    (void)state;
    assert_true(value(NULL, 7, 0) == 0.1);
    assert_true(value("constant", 0, 0) == 0.1);
    near("constant:factor=0.5", 3, 0, 0.05);
    near("step:step_size=10,gamma=0.5", 9, 0, 0.1);
    near("step:step_size=10,gamma=0.5", 10, 0, 0.05);
    near("step:step_size=10,gamma=0.5", 39, 0, 0.0125);
    near("warmup/10", 0, 0, 0.01);
    near("warmup/10", 9, 0, 0.1);
    near("warmup/10", 500, 0, 0.1);
    near("cosine", 0, 40, 0.1);
    near("cosine", 20, 40, 0.05);
    near("cosine", 10, 40, 0.05 * (1 + sqrt(0.5)));
    near("cosine", 40, 40, 0);
    near("cosine:floor=0.1", 1000, 40, 0.01);
    near("cosine:alpha=0.1,steps=20", 10, 0, 0.1 * (0.9 / 2 + 0.1));
    near("cosine:steps=20,rise=1", 40, 0, 0.1);
    near("cosine:steps=20,rise=1", 30 + 40 * 1000000, 0, 0.05);
}

static void pieces(void **state)
{
    (void)state;
    near("constant/50;constant:factor=0.1", 49, 0, 0.1);
    near("constant/50;constant:factor=0.1", 50, 0, 0.01);
    near("warmup/10;cosine", 9, 50, 0.1);
    near("warmup/10;cosine", 10, 50, 0.1);
    near("warmup/10;cosine", 30, 50, 0.05);
    near("warmup/10;cosine/20", 20, 0, 0.05);
    near("warmup/10;cosine/20", 99, 0, 0);
    near("warmup/4;constant/4;step:step_size=2,gamma=0.5", 11, 0, 0.05);
    near("warmup/100;cosine", 49, 60, 0.05); /* a run that ends before the second piece */
}

static void keys(void **state)
{
    (void)state;
    const tw_rule *adam = tw_rule_find("adam");
    tw__plan plan;
    int lr = tw_rule_option(adam, "lr"), beta1 = tw_rule_option(adam, "beta1"), beta2 = tw_rule_option(adam, "beta2");
    assert_int_equal(tw__plan_read(&plan, "warmup/10;constant;beta_1=constant/5;constant:factor=0.5", adam, 0, NULL), TW_OK);
    assert_string_equal(plan.text, "warmup/10;constant;beta1=constant/5;constant:factor=0.5");
    assert_true(tw__plan_value(&plan, lr, 1, 4) == 0.5 && tw__plan_value(&plan, lr, 1, 40) == 1);
    assert_true(tw__plan_value(&plan, beta1, 0.8, 4) == 0.8 && tw__plan_value(&plan, beta1, 0.8, 5) == 0.4);
    assert_true(tw__plan_value(&plan, beta2, 0.9, 5) == 0.9);
    assert_int_equal(tw__plan_read(&plan, "learning_rate=cosine:T_max=30,floor=0", adam, 0, NULL), TW_OK);
    assert_string_equal(plan.text, "cosine:steps=30");
    tw__plan again;
    assert_int_equal(tw__plan_read(&again, plan.text, adam, 0, NULL), TW_OK);
    assert_memory_equal(&again, &plan, sizeof plan);
}

static void refusals(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"cosin", "unknown schedule \"cosin\" (did you mean \"cosine\"?)"},
        {"cosine", "schedule \"cosine\" ends with the run, whose length is not known here; give it, as in \"cosine/1000\""},
        {"warmup;constant", "\"warmup\" is followed by another piece and needs its number of steps, as in \"warmup/500\""},
        {"warmup/0", "\"0\" in \"warmup/0\" is not a number of steps"},
        {"warmup/ten", "\"ten\" in \"warmup/ten\" is not a number of steps"},
        {"step:gama=0.5", "step has no option \"gama\" (did you mean \"gamma\"?)"},
        {"step:step_size=0", "step_size = 0 is outside [1, 9007199254740992]"},
        {"step:step_size=1.5", "step_size = 1.5 is not a whole number"},
        {"beta=constant", "rule \"adam\" has no hyperparameter \"beta\" for a schedule (did you mean \"beta1\"?)"},
        {"amsgrad=constant", "amsgrad cannot have a schedule: it is no real number"},
        {"constant;lr=constant", "lr has two schedules"},
        {"constant/50", "\"/50\" behind \"constant\" has no effect: no piece follows, and \"constant\" has no length of its own"},
        {"warmup/5;step/100;beta1=constant", "\"/100\" behind \"step\" has no effect: no piece follows, and \"step\" has no length of its own"},
        {"cosine:T_max=30/100", "\"/100\" behind \"cosine\" has no effect: no piece follows, and steps = 30 is given"},
        {"constant/9007199254740992;constant/1;constant", "schedule \"constant/9007199254740992;constant/1;constant\" has too many steps"},
        {"", "an empty spec; a name is needed, as in \"adam:lr=0.001\""},
        {"constant;", "\"constant\" is followed by another piece and needs its number of steps, as in \"constant/500\""},
        {"constant@keras", "schedule \"constant\" has no dialects"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw__plan plan;
        tw_error err;
        assert_int_equal(tw__plan_read(&plan, cases[i][0], tw_rule_find("adam"), 0, &err), TW_ERR_SPEC);
        assert_string_equal(err.message, cases[i][1]);
    }
}

/* Without a rule any key will do. */
static void keys_without_a_rule(void **state)
{
    (void)state;
    double x;
    tw_error err;
    near("beta1=cosine", 20, 40, 0.05);
    near("warmup/10;beta1=constant:factor=0.5", 4, 0, 0.05);
    assert_int_equal(tw_schedule_value("beta1=constant;beta1=cosine", 1, 0, 9, &x, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "beta1 has two schedules");
    assert_int_equal(tw_schedule_value("=cosine", 1, 0, 9, &x, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "schedule \"=cosine\" lacks a name before \"=\"");
}

/* Twice the length of a run is a number, too. */
static void lengths_are_bounded(void **state)
{
    (void)state;
    double x;
    tw_error err;
    assert_int_equal(tw_schedule_value("cosine:rise=1", 1, 1, 1ull << 63, &x, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "a run of 9223372036854775808 steps is longer than 2^53");
    assert_int_equal(tw_schedule_value("warmup/10", 1, UINT64_MAX, 0, &x, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "step 18446744073709551615 is beyond 2^53");
    near("cosine:rise=1", 1ull << 53, 1ull << 53, 0);
    near("warmup/10", 1ull << 53, 0, 0.1);
}

static void registry(void **state)
{
    (void)state;
    size_t n = 0;
    for (; tw_schedule_at(n); n++) {
        assert_ptr_equal(tw_schedule_find(tw_schedule_at(n)->name), tw_schedule_at(n));
        assert_true(tw_schedule_at(n)->equation[0] && tw_schedule_at(n)->n_options <= TW__PIECE_OPTIONS);
    }
    assert_true(n >= 4);
    assert_null(tw_schedule_find("none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(pieces), cmocka_unit_test(keys), cmocka_unit_test(refusals),
                                       cmocka_unit_test(keys_without_a_rule), cmocka_unit_test(lengths_are_bounded),
                                       cmocka_unit_test(registry)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
