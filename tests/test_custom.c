/* Rules from outside: one that cannot be used is refused with what is wrong, before anything relies on its
 * tables.
 * SPDX-License-Identifier: MIT */
#include "subject.h"
#include "rules/registry.h"

static void refused(const tw_rule *custom, const char *why)
{
    tw_optimizer *opt;
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    const int64_t n = 4;
    const tw_tensor tensor = {"w", 1, &n, 0, 0};
    tw_error err = {0};
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    o.rule = "mine";
    o.custom = custom;
    o.tensors = &tensor;
    o.n_tensors = 1;
    if (tw_optimizer_create(&opt, ctx, &o, &err) != TW_ERR_SPEC || !strstr(err.message, why))
        fail_msg("\"%s\" where \"%s\" is expected", err.message, why);
    assert_null(opt);
    tw_context_free(ctx);
}

/* adam's tables, copied, so that one thing can be spoilt in each. */
typedef struct mine {
    tw_rule rule;
    tw_option options[TW_OPTIONS_MAX];
    tw_slot slots[TW_SLOTS_MAX + 1];
} mine;

static mine *sound(mine *m)
{
    m->rule = *tw_rule_find("adam");
    m->rule.name = "mine";
    memcpy(m->options, m->rule.options, (size_t)m->rule.n_options * sizeof *m->options);
    memcpy(m->slots, m->rule.slots, (size_t)m->rule.n_slots * sizeof *m->slots);
    m->rule.options = m->options;
    m->rule.slots = m->slots;
    assert_int_equal(tw__custom_check(&m->rule, NULL), TW_OK);
    return m;
}

static void options(void **state)
{
    (void)state;
    mine m;
    const int beta1 = tw_rule_option(tw_rule_find("adam"), "beta1"),
              place = tw_rule_option(tw_rule_find("adam"), "eps_place"),
              flag = tw_rule_option(tw_rule_find("adam"), "amsgrad");
    sound(&m)->options[beta1].initial = 1;
    refused(&m.rule, "the default beta1 = 1 is outside [0, 1)");
    sound(&m)->options[beta1].initial = NAN;
    refused(&m.rule, "the default beta1 = nan is outside [0, 1)");
    sound(&m)->options[beta1].min = 2;
    refused(&m.rule, "beta1 has the bounds [2, 1); they must rise from a finite number");
    sound(&m)->options[beta1].max = NAN;
    refused(&m.rule, "they must rise");
    sound(&m)->options[place].initial = 3;
    refused(&m.rule, "the default eps_place = 3 is outside out, hat, in");
    sound(&m)->options[place].words = NULL;
    refused(&m.rule, "eps_place is neither a number, a flag nor one of some words");
    sound(&m)->options[flag].initial = 0.5;
    refused(&m.rule, "the default amsgrad = 0.5 is outside 0 or 1");
    sound(&m)->options[beta1].type = TW_LIST;
    refused(&m.rule, "beta1 is neither a number");
    sound(&m)->options[beta1].name = "beta2";
    refused(&m.rule, "has two options with the name \"beta2\"");
    sound(&m)->options[beta1].name = NULL;
    refused(&m.rule, "needs a name of letters, digits and _, not \"\"");
    sound(&m)->options[beta1].name = "beta 1";
    refused(&m.rule, "needs a name of letters, digits and _, not \"beta 1\"");
    sound(&m)->rule.options = NULL;
    refused(&m.rule, "has no table of them");
    const tw_alias aliases[] = {{"b", "beta9"}, {NULL, NULL}};
    sound(&m)->rule.aliases = aliases;
    refused(&m.rule, "b is an alias of \"beta9\", which is no option");
}

static void slots_and_functions(void **state)
{
    (void)state;
    mine m;
    sound(&m);
    m.slots[1].name = m.slots[0].name; /* apart: which side of = comes first is not said */
    refused(&m.rule, "has two slots with the name \"m\"");
    sound(&m)->slots[0] = (tw_slot){"m", TW_START_OPTION, 99, TW_PER_WEIGHT};
    refused(&m.rule, "slot m starts as nothing that there is");
    sound(&m)->slots[0].extent = TW_PER_ROW;
    refused(&m.rule, "only a rule with whole() keeps state per row");
    sound(&m)->rule.n_slots = -1;
    refused(&m.rule, "declares -1 slots");
    sound(&m)->rule.n_options = TW_OPTIONS_MAX + 1;
    refused(&m.rule, "has more than 24 options");
    sound(&m)->rule.update[0] = NULL;
    refused(&m.rule, "lacks a function");
    sound(&m)->rule.kind = TW_NORMS;
    refused(&m.rule, "lacks a function");
    sound(&m)->rule.name = "not a name";
    refused(&m.rule, "\"not a name\" is no name for a rule");
    sound(&m)->rule.name = NULL;
    refused(&m.rule, "\"\" is no name for a rule");
    sound(&m)->rule.size = 8;
    refused(&m.rule, "tw_rule.size = 8");
    sound(&m)->rule.like = "adams";
    m.rule.defaults = "";
    refused(&m.rule, "is like \"adams\", which is no rule");
}

static void no_tensors(void **state)
{
    (void)state;
    tw_optimizer *opt;
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    const int64_t n = 4;
    const tw_tensor tensor = {"w", 1, &n, 0, 0};
    tw_error err;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (int k = 0; k < 2; k++) {
        o.tensors = k ? &tensor : NULL;
        o.n_tensors = k ? 0 : 1;
        assert_int_equal(tw_optimizer_create(&opt, ctx, &o, &err), TW_ERR_SPEC);
        assert_non_null(strstr(err.message, "an optimiser needs a tensor at least"));
        assert_null(opt);
    }
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(options), cmocka_unit_test(slots_and_functions),
                                       cmocka_unit_test(no_tensors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
