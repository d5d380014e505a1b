/* Schedules: values of each, pieces in sequence, and what is refused.
 * SPDX-License-Identifier: MIT */
#include "optimizer_bench.h"
#include <math.h>
#include "plan_value.h"

static double value(const char *schedule, uint64_t done, uint64_t total)
{
    double x;
    tw_error err;
    if (tw_schedule_value(schedule, 0.1, done, total, &x, &err) != TW_OK)
        fail_msg("%s: %s", schedule, err.message);
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
    near("warmup/50%;constant", 14, 60, 0.05); /* a share of the run: 30 steps */
    near("warmup/1%;constant", 0, 60, 0.1);    /* at least one */
}

static void keys(void **state)
{
    (void)state;
    static tw_chain chain;
    const tw_rule *adam = tw_rule_find("adam");
    assert_int_equal(tw_chain_read(&chain, "adam+ema", NULL, NULL), TW_OK);
    tw__plan plan;
    int lr = tw_rule_option(adam, "lr"), beta1 = tw_rule_option(adam, "beta1"),
        beta2 = tw_rule_option(adam, "beta2");
    assert_int_equal(tw__plan_read(&plan, "warmup/10;constant;beta_1=constant/5;constant:factor=0.5", &chain,
                                   0, NULL),
                     TW_OK);
    assert_string_equal(plan.text, "warmup/10;constant;beta1=constant/5;constant:factor=0.5");
    assert_true(value_of(&plan, lr, 1, 4) == 0.5 && value_of(&plan, lr, 1, 40) == 1);
    assert_true(value_of(&plan, beta1, 0.8, 4) == 0.8 && value_of(&plan, beta1, 0.8, 5) == 0.4);
    assert_true(value_of(&plan, beta2, 0.9, 5) == 0.9);
    assert_int_equal(tw__plan_read(&plan, "learning_rate=cosine:T_max=30,floor=0", &chain, 0, NULL), TW_OK);
    assert_string_equal(plan.text, "cosine:steps=30");
    tw__plan again;
    assert_int_equal(tw__plan_read(&again, plan.text, &chain, 0, NULL), TW_OK);
    assert_memory_equal(&again, &plan, sizeof plan);
}

static void refusals(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"cosin", "unknown schedule \"cosin\" (did you mean \"cosine\"?)"},
        {"cosine",
         "schedule \"cosine\" ends with the run, whose length is not known here; give it, as in \"cosine/1000\""},
        {"warmup;constant",
         "\"warmup\" is followed by another piece and needs its number of steps, as in \"warmup/500\""},
        {"warmup/0", "\"0\" in \"warmup/0\" is not a number of steps"},
        {"warmup/ten", "\"ten\" in \"warmup/ten\" is not a number of steps"},
        {"step:gama=0.5", "step has no option \"gama\" (did you mean \"gamma\"?)"},
        {"step:step_size=0", "step_size = 0 is outside [1, 9007199254740992]"},
        {"step:step_size=1.5", "step_size = 1.5 is not a whole number"},
        {"beta=constant",
         "rule \"adam\" has no hyperparameter \"beta\" for a schedule (did you mean \"beta1\"?)"},
        {"amsgrad=constant", "amsgrad cannot have a schedule: it is no real number"},
        {"constant;lr=constant", "lr has two schedules"},
        {"constant/50",
         "\"/50\" behind \"constant\" has no effect: no piece follows, and \"constant\" has no length of its own"},
        {"warmup/5;step/100;beta1=constant",
         "\"/100\" behind \"step\" has no effect: no piece follows, and \"step\" has no length of its own"},
        {"cosine:T_max=30/100",
         "\"/100\" behind \"cosine\" has no effect: no piece follows, and steps = 30 is given"},
        {"constant/9007199254740992;constant/1;constant",
         "schedule \"constant/9007199254740992;constant/1;constant\" has too many steps"},
        {"", "an empty spec; a name is needed, as in \"adam:lr=0.001\""},
        {"constant;",
         "\"constant\" is followed by another piece and needs its number of steps, as in \"constant/500\""},
        {"constant@keras", "schedule \"constant\" has no dialects"},
        {"multistep", "milestones are needed, as in \"multistep:milestones=30|60\""},
        {"multistep:milestones=40|15", "milestones: 15 comes after 40; they must rise"},
        {"piecewise:boundaries=15|15,factors=1|0.5|0.1", "boundaries: 15 comes after 15; they must rise"},
        {"multistep:milestones=30|30", "milestones: 30 comes after 30; they must rise"},
        {"multistep:milestones=15.5", "milestones: 15.5 is not a whole number of steps"},
        {"multistep:milestones=15|", "milestones =  is not a number"},
        {"multistep:milestones=15||20", "milestones =  is not a number"},
        {"multistep:milestones=15|-3", "milestones = -3 is outside [0, 9007199254740992]"},
        {"multistep:milestones=1,milestones=2", "milestones is given twice"},
        {"multistep:gamma=1|2", "gamma = 1|2 is not a number"},
        {"piecewise:boundaries=10", "factors: 0 given, but one more than boundaries is needed, 2"},
        {"piecewise:boundaries=10|20,factors=1|2",
         "factors: 2 given, but one more than boundaries is needed, 3"},
        {"piecewise:factors=1",
         "boundaries are needed, as in \"piecewise:boundaries=10|30,factors=1|0.5|0.1\""},
        {"piecewise:boundaries=10,values=1|2",
         "piecewise has no option \"values\" (it has boundaries, factors)"},
        {"exponential:staircase=1", "staircase = 1 has no effect: decay_steps is 1, and s is whole anyway"},
        {"inverse_time:staircase=0", "staircase = 0 has no effect: decay_steps is 1, and s is whole anyway"},
        {"exponential:gamma=0", "gamma = 0 is outside (0, inf)"},
        {"linear:end_factor=1",
         "schedule \"linear\" ends with the run, whose length is not known here; give it, as in \"linear/1000\""},
        {"linear:end_factor=1,steps=9",
         "start_factor and end_factor are equal; the schedule \"constant\" does that"},
        {"cosine:floor=1", "floor = 1 is outside [0, 1)"},
        {"cosine:eta_min=0.001", "cosine has no option \"eta_min\" (it has steps, floor, rise)"},
        {"sgdr:T_mult=1.5", "T_mult = 1.5 is not a whole number"},
        {"triangular:max_factor=1",
         "max_factor = 1 leaves no room between bottom and top; the schedule \"constant\" does that"},
        {"onecycle:pct_start=1,steps=9", "pct_start = 1 is outside (0, 1)"},
        {"onecycle:three_phase=1,pct_start=0.6,steps=9",
         "pct_start = 0.6 is above 0.5: with three_phase the way up and the way down are equally long"},
        {"onecycle:div_factor=1,final_div_factor=1,steps=9",
         "with div_factor = 1 and final_div_factor = 1 nothing changes; the schedule \"constant\" does that"},
        {"onecycle:anneal=sine", "anneal = sine is not one of cos, linear"},
        {"wsd:warmup=6,decay=5/10", "warmup = 6 and decay = 5 need more than the 10 steps that wsd has"},
        {"chebyshev:period=12", "period = 12 is not a power of 2"},
        {"expr", "expr needs a formula in quotes, as in expr:\"base * exp(-t/500)\""},
        {"expr:base", "\"base\" in \"expr:base\" is not key=value"},
        {"expr:\"base", "a quote is not closed in expr:\"base"},
        {"expr:\"base\"x", "formula = \"base\"x is no text in quotes"},
        {"expr:\"\"", "formula = \"\" is no text in quotes"},
        {"expr:\"t\",\"t\"", "formula is given twice"},
        {"expr:\"base * (t\"", "formula \"base * (t\": character 10: the end comes where \")\" is needed"},
        {"expr:\"s\"",
         "formula \"s\": character 1: unknown name \"s\" (did you mean \"t\"?); there are t T base, functions, pi and e"},
        {"expr:\"t / T\"",
         "schedule \"expr\" ends with the run, whose length is not known here; give it, as in \"expr/1000\""},
        {"expr:\"t\"/9",
         "\"/9\" behind \"expr\" has no effect: no piece follows, and there is no T in the formula"},
        {"expr:\"t\",steps=9", "steps = 9 has no effect: there is no T in the formula"},
        {"cosine:\"t\"", "cosine has no formula: \"t\" is not key=value"},
        {"expr:\"base;\"",
         "formula \"base;\": character 5: \";\" stands where an operator or the end is needed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw__plan plan;
        tw_error err;
        static tw_chain chain;
        assert_int_equal(tw_chain_read(&chain, "adam+ema", NULL, NULL), TW_OK);
        assert_int_equal(tw__plan_read(&plan, cases[i][0], &chain, 0, &err), TW_ERR_SPEC);
        assert_string_equal(err.message, cases[i][1]);
    }
}

/* Without a rule any key will do. */
/* What begins after the end of the run has no effect; where the run's length is not known, nothing is refused
 * but a share of it. */
static void beyond_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *schedule;
        uint64_t total;
        const char *why;
    } cases[] = {
        {"warmup/60;cosine", 60,
         "\"cosine\" begins after step 60, and the run has 60: it has no effect (a share of the run is written \"/5%\")"},
        {"warmup/61;cosine", 60,
         "a warm-up of 61 steps does not end in the 60 that are left for it (a share of the run is written \"warmup/5%\")"},
        {"warmup:steps=61", 60, "a warm-up of 61 steps does not end in the 60"},
        {"constant/50;warmup:steps=11", 60, "a warm-up of 11 steps does not end in the 10"},
        {"constant/60;constant:factor=2", 60, "\"constant\" begins after step 60"},
        {"multistep:milestones=30|60", 60, "milestones = 60 has no effect: 60 steps are left for it"},
        {"multistep:milestones=5|10/10;constant", 60,
         "milestones = 10 has no effect: 10 steps are left for it"},
        {"piecewise:boundaries=60,factors=1|2", 60, "boundaries = 60 has no effect"},
        {"step:step_size=60", 60, "step_size = 60 has no effect"},
        {"triangular:step_size=61", 60, "step_size = 61 does not end in the 60 steps that are left for it"},
        {"constant/50;exp_range:step_size=11", 60, "step_size = 11 does not end in the 10 steps"},
        {"noam:warmup=61", 60, "warmup = 61 does not end in the 60 steps"},
        {"sgdr:T_0=61", 60, "T_0 = 61 does not end in the 60 steps"},
        {"sgdr:T_0=60,T_mult=3", 60, "T_mult = 3 has no effect: the run ends before the first restart"},
        {"sgdr:gamma=0.5", 60, "gamma = 0.5 has no effect: the run ends before the first restart"},
        {"exponential:decay_steps=60,staircase=1", 60,
         "staircase = 1 has no effect: the run ends before the first step down"},
        {"inverse_time:decay_steps=60,staircase=1", 60, "staircase = 1 has no effect: the run ends before"},
        {"warmup/0%;cosine", 60, "\"0%\" is not a share of the run, above 0% and at most 100%"},
        {"warmup/101%;cosine", 60, "\"101%\" is not a share of the run"},
        {"warmup/%;cosine", 60, "\"%\" is not a share of the run"},
        {"warmup/100%;cosine", 60, "\"cosine\" begins after step 60"},
        {"warmup/5%;cosine:steps=9", 0, "\"5%\" is a share of a run whose length is not known here"},
    };
    static const char *const good[] = {"warmup/59;cosine",
                                       "warmup:steps=60",
                                       "multistep:milestones=30|59",
                                       "step:step_size=59",
                                       "triangular:step_size=60",
                                       "noam:warmup=60",
                                       "sgdr:T_0=60",
                                       "sgdr:T_0=59,T_mult=3,gamma=0.5",
                                       "exponential:decay_steps=59,staircase=1",
                                       "exponential:decay_steps=60",
                                       "warmup/99%;cosine",
                                       "piecewise:boundaries=59,factors=1|2",
                                       "triangular",
                                       "sgdr",
                                       "noam",
                                       "warmup/2.5%;cosine/50%;constant:factor=0"};
    double value;
    tw_error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(tw_schedule_value(cases[i].schedule, 1, 0, cases[i].total, &value, &err),
                         TW_ERR_SPEC);
        if (strncmp(err.message, cases[i].why, strlen(cases[i].why)) != 0)
            fail_msg("%s: %s", cases[i].schedule, err.message);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (tw_schedule_value(good[i], 1, 0, 60, &value, &err) != TW_OK)
            fail_msg("%s: %s", good[i], err.message);
    assert_int_equal(tw_schedule_value("multistep:milestones=30|60", 1, 0, 0, &value, &err), TW_OK);
}

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

#define TW__SCHEDULE(name) +1
enum {
    LISTED = 0
#include "schedules/list.h"
};

static void registry(void **state)
{
    (void)state;
    size_t n = 0;
    for (; tw_schedule_at(n); n++) {
        assert_ptr_equal(tw_schedule_find(tw_schedule_at(n)->name), tw_schedule_at(n));
        const tw_schedule *s = tw_schedule_at(n);
        assert_true(s->size == sizeof(tw_schedule) && s->paper && s->equation[0] && s->use[0] &&
                    s->n_options <= TW__PIECE_OPTIONS);
        assert_true(strncmp(s->example, s->name, strlen(s->name)) == 0);
        for (uint64_t t = 0; t < 1000; t++) assert_true(value(s->example, t, 1000) >= 0);
    }
    assert_int_equal(n, LISTED);
    assert_null(tw_schedule_find("none"));
}

static void many_values(void **state)
{
    (void)state;
    static const char schedule[] = "warmup/10;cosine;beta1=step:step_size=3,gamma=0.5";
    double lr[60], beta1[60];
    tw_error err;
    assert_int_equal(tw_schedule_values(schedule, NULL, 2, 60, 60, lr, NULL), TW_OK);
    assert_int_equal(tw_schedule_values(schedule, "beta1", 2, 60, 60, beta1, NULL), TW_OK);
    for (uint64_t s = 0; s < 60; s++) {
        double want;
        assert_int_equal(tw_schedule_value(schedule, 2, s, 60, &want, NULL), TW_OK);
        assert_true(lr[s] == want && beta1[s] == ldexp(2, -(int)s / 3));
    }
    assert_int_equal(tw_schedule_values(schedule, "eps", 2, 60, 60, lr, &err), TW_ERR_SPEC);
    assert_string_equal(err.message,
                        "schedule \"warmup/10;cosine;beta1=step:step_size=3,gamma=0.5\" has nothing for eps");
}

static void pieces_understood(void **state)
{
    (void)state;
    tw_piece p;
    static const char schedule[] =
        "warmup/10;multistep:milestones=5|9,gamma=0.50;beta1=expr:\"t / T\",steps=7";
    assert_int_equal(tw_schedule_piece(&p, schedule, 0, 0, NULL), TW_OK);
    assert_true(p.schedule == tw_schedule_find("warmup") && p.first == 0 && p.steps == 10);
    assert_string_equal(p.key, "lr");
    assert_string_equal(p.spec, "warmup");
    assert_int_equal(tw_schedule_piece(&p, schedule, 1, 0, NULL), TW_OK);
    assert_true(p.schedule == tw_schedule_find("multistep") && p.first == 10 && p.steps == 0);
    assert_string_equal(p.spec, "multistep:milestones=5|9,gamma=0.5");
    assert_string_equal(p.values[0], "5|9");
    assert_string_equal(p.values[1], "0.5");
    assert_int_equal(tw_schedule_piece(&p, schedule, 2, 0, NULL), TW_OK);
    assert_true(p.first == 0 && p.steps == 0);
    assert_string_equal(p.key, "beta1");
    assert_string_equal(p.spec, "expr:\"t / T\",steps=7");
    assert_string_equal(p.values[0], "\"t / T\"");
    assert_int_equal(tw_schedule_piece(&p, schedule, 3, 0, NULL), TW_OK);
    assert_null(p.schedule);
    assert_int_equal(tw_schedule_piece(&p, "warmup", 0, 0, NULL), TW_ERR_SPEC);
}

/* Room in one schedule for lists, formulas and text is bounded, and said. */
static void too_much(void **state)
{
    (void)state;
    static char text[9000];
    double x;
    tw_error err;
    size_t n = (size_t)sprintf(text, "multistep:milestones=0");
    for (int i = 1; i < 126; i++) n += (size_t)sprintf(text + n, "|%d", i);
    assert_int_equal(tw_schedule_value(text, 1, 0, 0, &x, &err), TW_OK);
    sprintf(text + n, "|126");
    assert_int_equal(tw_schedule_value(text, 1, 0, 0, &x, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, ": there is room for 126 numbers in all lists"));
    n = (size_t)sprintf(text, "expr:\"1");
    for (int i = 1; i < 129; i++) n += (size_t)sprintf(text + n, "+1");
    sprintf(text + n, "\"");
    assert_int_equal(tw_schedule_value(text, 1, 0, 0, &x, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, ": the formula is too long"));
    n = (size_t)sprintf(text, "expr:\"1");
    for (int i = 1; i < 600; i++) n += (size_t)sprintf(text + n, " ");
    sprintf(text + n, "\"");
    assert_int_equal(tw_schedule_value(text, 1, 0, 0, &x, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, " is too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values),
                                       cmocka_unit_test(pieces),
                                       cmocka_unit_test(keys),
                                       cmocka_unit_test(refusals),
                                       cmocka_unit_test(beyond_the_end),
                                       cmocka_unit_test(keys_without_a_rule),
                                       cmocka_unit_test(lengths_are_bounded),
                                       cmocka_unit_test(registry),
                                       cmocka_unit_test(many_values),
                                       cmocka_unit_test(pieces_understood),
                                       cmocka_unit_test(too_much)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
