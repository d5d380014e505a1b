/* Groups of tensors, which a name picks and which may differ in hyperparameters; chains and groups that are
 * refused.
 * SPDX-License-Identifier: MIT */
#include "subject.h"

static tw_status with_groups(tw_optimizer **opt, tw_context *ctx, const char *rule, const char *groups,
                             tw_error *err)
{
    static const int64_t four[] = {2, 2}, two = 2;
    static const tw_tensor tensors[] = {{"0.weight", 2, four, 0, 0},
                                        {"0.bias", 1, &two, 4, 0},
                                        {"1.weight", 2, four, 6, 0},
                                        {"1.bias", 1, &two, 10, 0}};
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    o.rule = rule;
    o.groups = groups;
    o.type = TW_F64;
    o.tensors = tensors;
    o.n_tensors = 4;
    return tw_optimizer_create(opt, ctx, &o, err);
}

/* What one step with gradients of 1 from weights of 1 takes from a weight of each tensor. */
static void moves(const char *rule, const char *groups, double to[4])
{
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt;
    tw_error err;
    double w[12], g[12];
    static const int at[] = {0, 4, 6, 10};
    for (int i = 0; i < 12; i++) w[i] = g[i] = 1;
    if (with_groups(&opt, ctx, rule, groups, &err) != TW_OK)
        fail_msg("%s, %s: %s", rule, groups, err.message);
    assert_int_equal(tw_step_f64(opt, w, g, NULL), TW_OK);
    for (int i = 0; i < 4; i++) to[i] = 1 - w[at[i]];
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

static void groups_by_name(void **state)
{
    (void)state;
    const struct {
        const char *rule, *groups;
        double moved[4];
    } cases[] = {
        {"sgd:lr=0.5", NULL, {0.5, 0.5, 0.5, 0.5}},
        {"sgd:lr=0.5", "*.bias:lr=0.25", {0.5, 0.25, 0.5, 0.25}},
        {"sgd:lr=0.5", "0.*:lr_mult=0.5 *.bias:freeze=1", {0.25, 0.25, 0.5, 0}},
        {"sgd:lr=0.5,weight_decay=1", "*.bias:weight_decay=0", {1, 0.5, 1, 0.5}},
        {"sgd:lr=0.5,weight_decay=1", "?.weight:wd_mult=3", {2, 1, 2, 1}},
        {"sgd:lr=0.5,weight_decay=1,wd_mask=matrices", NULL, {1, 0.5, 1, 0.5}},
        {"sgd:lr=0.5,weight_decay=1,wd_mask=matrices", "1.*:lr=1", {1, 0.5, 2, 1}},
        {"momentum:lr=0.5", "1.weight:nesterov=1", {0.5, 0.5, 0.95, 0.5}},
        {"clip_value:max=0.5+sgd:lr=1+clip_update:by=value,max=0.25", "1.*:lr=0.1", {0.25, 0.25, 0.05, 0.05}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double moved[4];
        moves(cases[i].rule, cases[i].groups, moved);
        for (int k = 0; k < 4; k++)
            if (fabs(moved[k] - cases[i].moved[k]) > 1e-15)
                fail_msg("%s, groups %s: tensor %d moved by %.17g, not %.17g", cases[i].rule, cases[i].groups,
                         k, moved[k], cases[i].moved[k]);
    }
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *groups, *message;
    } cases[] = {
        {"sgd", "bias:lr=1", "group \"bias\" fits no tensor (the first is \"0.weight\")"},
        {"sgd", "*.bias", "group \"*.bias\" is not PATTERN:key=value, as in \"*.bias:weight_decay=0\""},
        {"sgd", "*.bias:weight_decy=1", "sgd has no option \"weight_decy\" (did you mean \"weight_decay\"?)"},
        {"sgd", "*.bias:lr_mult=-1", "lr_mult = -1 is not a number from 0 on"},
        {"sgd", "*.bias:freeze=2", "freeze = 2 is not 0 or 1"},
        {"sgd", "*.bias:lr_mult=2,lr_mult=3", "lr_mult is given twice"},
        {"sgd", "*:lr=1 *.bias:lr=2",
         "group \"*.bias\" has no effect: the tensors it fits belong to groups before it"},
        {"ftrl", "*.bias:lr_mult=0", "lr = 0.1 times 0 is outside (0, inf)"},
        {"prodigy", "*.bias:lr_mult=2",
         "prodigy finds one rate for all weights: in a group only weight_decay may differ, and lr be 0, not lr"},
        {"d-adaptation", "*.bias:d0=0.1",
         "d-adaptation finds one rate for all weights: in a group only weight_decay may differ, and lr be 0, not d0"},
        {"sgd:lr=10", "*.bias:lr_mult=1e308", "lr = 10 times 1e+308 is outside [0, inf)"},
        {"sgd", "*.bias:freeze=1,lr_mult=2",
         "group \"*.bias:freeze=1,lr_mult=2\": freeze = 1 leaves its other keys without effect"},
        {"sgd", "*.bias:wd_mult=2", "a factor on weight_decay has no effect: weight_decay is 0"},
        {"sgd", "*.bias:nesterov=1",
         "group \"*.bias:nesterov=1\": nesterov = 1 has no effect: momentum is 0"},
        {"sgd+clip_norm", NULL,
         "clip_norm changes the gradient: it comes before the rule, as in \"clip_norm+sgd\""},
        {"ema+sgd", NULL, "ema works on what the rule has done: it comes after the rule, as in \"sgd+ema\""},
        {"sgd+ema+clip_update", NULL,
         "clip_update limits the rule's step and stands right behind the rule, before ema"},
        {"sgd+ema+swa", NULL,
         "swa is the second transform that changes the reported weights; there can be one"},
        {"sgd+lookahead+lookahead:k=3", NULL,
         "lookahead appears twice; its schedules and what it keeps go by its name, so there can be one"},
        {"clip_norm+clip_norm:max=2+sgd", NULL,
         "clip_norm appears twice; its schedules and what it keeps go by its name, so there can be one"},
        {"sgd", "*:freeze=1", "the groups freeze every tensor: there is nothing to step"},
        {"sgd+adam", NULL,
         "\"sgd+adam\" names two rules, sgd and adam; there can be one, with transforms around it"},
        {"clip_norm", NULL,
         "\"clip_norm\" names no rule; a transform needs one, as in \"clip_norm:max=1+adam\""},
        {"emma+sgd", NULL, "unknown rule or transform \"emma\" (did you mean \"ema\"?)"},
        {"clip_norm:max=0+sgd", NULL, "max = 0 is outside (0, inf)"},
        {"sgd+ema:beta=1", NULL, "ema has no option \"beta\" (it has decay)"},
    };
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_optimizer *opt;
        tw_error err = {.code = TW_OK};
        assert_int_equal(with_groups(&opt, ctx, cases[i].rule, cases[i].groups, &err), TW_ERR_SPEC);
        assert_null(opt);
        assert_string_equal(err.message, cases[i].message);
    }
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(groups_by_name), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
