/* Specs and options: what is read, how it is written back, and the exact words for what is refused.
 * SPDX-License-Identifier: MIT */
#include "optimizer_bench.h"
#include <fenv.h>
#include <locale.h>
#include <math.h>
#include "base/options.h"

static void accepted(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"adam", "adam"},
        {"adam:lr=3e-4,beta2=0.99", "adam:lr=0.0003,beta2=0.99"},
        {"adam:lr=1e+3", "adam:lr=1000"},
        {"adam:lr=.5,epsilon=1.e-7", "adam:lr=0.5,eps=1e-07"},
        {"adam:beta_2=0.99,learning_rate=0.1,beta_1=0.5", "adam:lr=0.1,beta1=0.5,beta2=0.99"},
        {"adam:lr=0.001,amsgrad=off", "adam"},
        {"adam@keras", "adam@keras"},
        {"adam@keras:eps=1e-7,eps_place=out", "adam@keras:eps_place=out"},
        {"adagrad@keras2:lr=0.01,epsilon=1e-7,decay=0.01", "adagrad@keras2:lr_decay=0.01"},
        {"nadam@keras2:lr=0.002,beta_1=0.9,schedule_decay=0.004", "nadam@keras2"},
        {"rmsprop@tf2:momentum=0.9", "rmsprop@tf2:momentum=0.9"},
        {"adam:wd=0.1,wd_mode=lr", "adam:weight_decay=0.1,wd_mode=lr"},
        {"rmsprop:alpha=0.99,centered=yes", "rmsprop:rho=0.99,centered=1"},
        {"momentum@torch:lr=0.1", "momentum@torch:lr=0.1"},
        {"sgd:lr=0.1234567890123456789", "sgd:lr=0.12345678901234568"},
        {"nag:momentum=convex", "nag:momentum=convex"},
        {"nag@paper:momentum=0.5", "nag@paper:momentum=0.5"},
        {"source003-adam:beta_1=0.5", "source003-adam:beta1=0.5"},
        {"adam@keras:eps=0", "adam@keras:eps=0"}, /* the dialect's eps_place may have no effect */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_choice c, again;
        tw_error err;
        if (tw_rule_read(&c, cases[i][0], NULL, &err) != TW_OK) fail_msg("%s: %s", cases[i][0], err.message);
        assert_string_equal(c.spec, cases[i][1]);
        assert_int_equal(tw_rule_read(&again, c.spec, NULL, NULL), TW_OK);
        assert_memory_equal(c.values, again.values, sizeof c.values);
    }
}

static void refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"adm", "unknown rule \"adm\" (did you mean \"adam\"?)"},
        {"xyz",
         "unknown rule \"xyz\"; supported: sgd, momentum, nag, adagrad, adadelta, rmsprop, adam, adamw, nadam, rprop, adamax, radam, asgd, lion, signum, "
         "ftrl, adabelief, yogi, qhm, qhadam, adan, sgdm-cubic, schedule-free-sgd, schedule-free-adamw, ..."},
        {"adam:beta1=1.2", "beta1 = 1.2 is outside [0, 1)"},
        {"adam:beta1=1", "beta1 = 1 is outside [0, 1)"},
        {"adam:lr=-1", "lr = -1 is outside [0, inf)"},
        {"adam:lr=nan", "lr = nan is not a number"},
        {"adam:lr=inf", "lr = inf is not a number"},
        {"adam:lr=1e999", "lr = 1e999 is too large for a number"},
        {"adam:lr=0.1x", "lr = 0.1x is not a number"},
        {"adam:lr=0x1p3", "lr = 0x1p3 is not a number"},
        {"adam:lr=1;2", "lr = 1;2 is not a number"},
        {"adam:betta1=0.9", "adam has no option \"betta1\" (did you mean \"beta1\"?)"},
        {"adam:rho=0.9",
         "adam has no option \"rho\" (it has lr, beta1, beta2, eps, eps_place, bias_correction, amsgrad, amsgrad_on, weight_decay, "
         "wd_mode, wd_mask, maximize)"},
        {"adam:lr=1,learning_rate=2", "lr is given twice: learning_rate is another name of it"},
        {"adam:amsgrad=maybe", "amsgrad = maybe is neither 0 nor 1 (true, false, on, off, yes, no)"},
        {"adam:eps_place=hut", "eps_place = hut is not one of out, hat, in (did you mean \"out\"?)"},
        {"adam:eps_place=middle", "eps_place = middle is not one of out, hat, in"},
        {"adam@kears",
         "adam has no dialect \"kears\" (it has paper, torch, keras, keras2, tf2, optax, source000, source002, source003, source004)"},
        {"sgd@keras2:decay=0.01",
         "sgd has no option \"decay\": the rate lr/(1 + decay t) is the schedule inverse_time:decay_rate=0.01"},
        {"adam@tf2:lr=0.1,decay=1e-6",
         "adam has no option \"decay\": the rate lr/(1 + decay t) is the schedule inverse_time:decay_rate=1e-6"},
        {"rmsprop@keras2:decay=0.0", "rmsprop has no option \"decay\": leave out decay=0.0"},
        {"rmsprop:decay=x",
         "rmsprop has no option \"decay\" (it has lr, rho, eps, eps_place, centered, momentum, style, weight_decay, wd_mode, wd_mask, "
         "maximize)"},
        {"adam@", "\"adam@\" lacks a dialect's name after \"@\""},
        {"adam:", "\"adam:\" has nothing where an option should stand, as key=value"},
        {"adam:lr", "\"lr\" in \"adam:lr\" is not key=value"},
        {"adam:lr=", "\"lr=\" in \"adam:lr=\" is not key=value"},
        {"adam:lr=1,", "\"adam:lr=1,\" has nothing where an option should stand, as key=value"},
        {"adam lr=1", "\"adam lr=1\" has a space in it; write NAME:KEY=VALUE,..."},
        {"adam;lr=1", "\"adam;lr=1\" has \";\" at character 5; write NAME:KEY=VALUE,..."},
        {":lr=1", "\":lr=1\" does not begin with a name"},
        {"", "an empty spec; a name is needed, as in \"adam:lr=0.001\""},
        {"clip+adam:lr=1e+3", "\"clip+adam:lr=1e+3\" joins transforms to a rule; give the rule alone"},
        {"sgd:nesterov=1", "nesterov = 1 has no effect: momentum is 0"},
        {"sgd:dampening=0.1", "dampening = 0.1 has no effect: momentum is 0"},
        {"adam:amsgrad_on=hat", "amsgrad_on = hat has no effect: amsgrad is off"},
        {"adam:wd_mode=lr", "wd_mode = lr has no effect: weight_decay is 0"},
        {"nadam:momentum_schedule=0,psi=1", "psi = 1 has no effect: momentum_schedule is off"},
        {"rmsprop:style=keras", "style = keras has no effect: momentum is 0"},
        {"adam:eps=0,eps_place=hat", "eps_place = hat has no effect: eps is 0"},
        {"adagrad:eps_place=in,eps=0", "eps_place = in has no effect: eps is 0"},
        {"rmsprop:eps=0,eps_place=in", "eps_place = in has no effect: eps is 0"},
        {"madgrad:momentum=0,weight_decay=0.1,wd_mode=lr",
         "wd_mode = lr has no effect: momentum is 0 and the new weights do not come from the old ones"},
        {"rmsprop:centred=1", "rmsprop has no option \"centred\" (did you mean \"centered\"?)"},
        {"mom", "unknown rule \"mom\" (did you mean \"momentum\"?)"},
        {NULL, "no rule is named; a name is needed, as in \"adam:lr=0.001\""},
        {"nag:wd_mode=lr",
         "nag has no option \"wd_mode\" (it has lr, momentum, weight_decay, wd_mask, maximize)"},
        {"nag:momentum=-1", "momentum = -1 is outside [0, inf) or convex"},
        {"nag:momentum=convx", "momentum = convx is not in [0, inf) or convex (did you mean \"convex\"?)"},
        {"sgd:momentum=convex", "momentum = convex is not a number"},
        {"source003-", "\"source003-\" has \"-\" at character 10; write NAME:KEY=VALUE,..."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_choice c;
        tw_error err;
        assert_int_equal(tw_rule_read(&c, cases[i][0], NULL, &err), TW_ERR_SPEC);
        assert_string_equal(err.message, cases[i][1]);
    }
}

static void dialects(void **state)
{
    (void)state;
    tw_choice c;
    assert_int_equal(tw_rule_read(&c, "momentum@torch", NULL, NULL), TW_OK);
    assert_string_equal(c.rule->name, "sgd");
    assert_true(c.values[tw_rule_option(c.rule, "momentum")] == 0.9);
    assert_int_equal(tw_rule_read(&c, "nag@keras", NULL, NULL), TW_OK);
    assert_string_equal(c.rule->name, "momentum");
    assert_true(c.values[tw_rule_option(c.rule, "nesterov")] == 1);
    for (size_t i = 0; tw_rule_at(i); i++)
        for (const tw_dialect *d = tw_rule_at(i)->dialects; d && d->name; d++) {
            char spec[64];
            snprintf(spec, sizeof spec, "%s@%s", tw_rule_at(i)->name, d->name);
            assert_int_equal(tw_rule_read(&c, spec, NULL, NULL), TW_OK);
            assert_string_equal(c.spec, spec);
        }
}

static void bounds(void **state)
{
    (void)state;
    const tw_rule *adam = tw_rule_find("adam");
    char text[TW_VALUE_MAX];
    assert_string_equal(tw_option_bounds(&adam->options[tw_rule_option(adam, "beta1")], text), "[0, 1)");
    assert_string_equal(tw_option_bounds(&adam->options[tw_rule_option(adam, "lr")], text), "[0, inf)");
    assert_string_equal(tw_option_bounds(&adam->options[tw_rule_option(adam, "eps_place")], text),
                        "out, hat, in");
    assert_string_equal(tw_option_bounds(&adam->options[tw_rule_option(adam, "amsgrad")], text), "0 or 1");
    assert_string_equal(tw_option_text(&adam->options[tw_rule_option(adam, "eps_place")], 1, text), "hat");
}

/* Every double comes back from its text; what is no number is refused; and a locale with a comma changes
 * neither. */
static void numbers_once(void)
{
    double x;
    char text[TW_VALUE_MAX];
    for (uint64_t i = 0; i < 2000; i++) {
        double want = ldexp(bench_number(i, 0), (int)(i % 600) - 300);
        assert_int_equal(tw__number_read(tw__text_of(tw__number_text(want, text)), &x), 1);
        assert_true(x == want);
    }
    assert_string_equal(tw__number_text(0.001, text), "0.001");
    assert_string_equal(tw__number_text(1e-8, text), "1e-08");
    assert_string_equal(tw__number_text(1000000, text), "1000000");
    assert_string_equal(tw__number_text(-0.5, text), "-0.5");
    static const char *const wrong[] = {"",   "-",   ".",    "e5",  "1e",  "1e+",   "1,5",  "1 ",
                                        " 1", "--1", "0x10", "inf", "nan", "1.2.3", "1_000"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(tw__number_read(tw__text_of(wrong[i]), &x), 0);
    assert_int_equal(tw__number_read(tw__text_of("-1e400"), &x), -1);
    assert_int_equal(tw__number_read((tw__text){"1.25garbage", 4}, &x), 1);
    assert_true(x == 1.25);
    assert_string_equal(tw__number_text(0x1p-1074, text), "5e-324");
    tw__number_read(tw__text_of("0.3"), &x);
    assert_true(x == 0x1.3333333333333p-2);
    tw__number_read(tw__text_of("0.1"), &x);
    assert_true(x == 0x1.999999999999ap-4);
}

static void numbers(void **state)
{
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    numbers_once();
    for (size_t i = 0; i < sizeof commas / sizeof commas[0]; i++)
        if (setlocale(LC_NUMERIC, commas[i])) numbers_once();
    setlocale(LC_NUMERIC, "C");
#if defined(__x86_64__)
    static const int roundings[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (size_t i = 0; i < 3; i++) {
        fesetround(roundings[i]);
        numbers_once();
        int left = fegetround();
        fesetround(FE_TONEAREST);
        assert_int_equal(left, roundings[i]);
    }
#endif
}

static const char *name_at(size_t i, const void *user) { return ((const char *const *)user)[i]; }

static void suggestions(void **state)
{
    (void)state;
    static const char *const names[] = {"momentum", "nag", "adam", NULL};
    assert_string_equal(tw_suggest("adma", name_at, names), "adam");
    /* neighbours swapped are one edit */
    assert_string_equal(tw_suggest("ngA", name_at, (const char *const[]){"nAg", NULL}), "nAg");
    assert_string_equal(tw_suggest("mome", name_at, names), "momentum");
    assert_null(tw_suggest("xyz", name_at, names));
    assert_null(tw_suggest("mo", name_at, names));
}

static void joints(void **state)
{
    (void)state;
    assert_int_equal(tw__spec_joint(tw__text_of("a:x=1e+3+b")), 8);
    assert_int_equal(tw__spec_joint(tw__text_of("adam:lr=1e+3")), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(accepted), cmocka_unit_test(refused),
                                       cmocka_unit_test(dialects), cmocka_unit_test(bounds),
                                       cmocka_unit_test(numbers),  cmocka_unit_test(suggestions),
                                       cmocka_unit_test(joints)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
