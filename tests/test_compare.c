/* Two rules on the probe: where they part, and that a failed allocation is not taken for a rule without lr.
 * SPDX-License-Identifier: MIT */
#include "faulty_io.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <thalweg/compare.h>

static tw_rule_comparison compared(const char *a, const char *b)
{
    tw_context *ctx;
    tw_error err;
    tw_rule_comparison c = {.size = sizeof c};
    assert_int_equal(tw_context_create(&ctx, NULL, &err), TW_OK);
    if (tw_rules_compare(ctx, a, b, &c, &err) != TW_OK) fail_msg("%s and %s: %s", a, b, err.message);
    tw_context_free(ctx);
    return c;
}

static void equal_rules_part_nowhere(void **state)
{
    (void)state;
    tw_rule_comparison c = compared("adam", "adam:lr=0.001");
    assert_true(c.lr_drops && c.first.step == 0 && c.furthest.step == 0);
    /* the same but for rounding: heavy ball with and without lr inside, while lr stays */
    c = compared("momentum:lr=0.01", "momentum@torch:lr=0.01");
    assert_int_equal(c.first.step, TW_PROBE_DROP);
    assert_true(c.first.relative > TW_PROBE_ROUNDING && c.furthest.relative >= c.first.relative);
}

static void rules_part_where_their_equations_do(void **state)
{
    (void)state;
    tw_rule_comparison c = compared("sgd:lr=0.01", "sgd:lr=0.02");
    assert_int_equal(c.first.step, 1);
    assert_string_equal(tw_probe_coordinate(c.first.coordinate), "ordinary");
    c = compared("adam", "adam:eps=1e-12"); /* eps matters first where gradients are tiny */
    assert_int_equal(c.first.step, 1);
    assert_string_equal(tw_probe_coordinate(c.furthest.coordinate), "tiny");
    assert_null(tw_probe_coordinate(-1));
    assert_null(tw_probe_coordinate(TW_PROBE_COORDINATES));
}

/* rprop's steps begin at lr, which therefore has no schedule. */
static void a_rule_without_a_schedule_for_lr_keeps_it(void **state)
{
    (void)state;
    const tw_rule_comparison c = compared("rprop", "sgd:lr=0.01");
    assert_int_equal(c.lr_drops, 0);
    assert_int_equal(c.first.step, 1);
}

static void bad_specs_are_refused(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_error err;
    tw_rule_comparison c = {.size = sizeof c, .lr_drops = 7};
    assert_int_equal(tw_context_create(&ctx, NULL, &err), TW_OK);
    assert_int_equal(tw_rules_compare(ctx, "adam", "adma", &c, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "adma"));
    assert_int_equal(c.lr_drops, 0);
    tw_context_free(ctx);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    const tw_rule_comparison right = compared("adam", "sgd:lr=0.01");
    faults f;
    for (long n = 1;; n++) {
        tw_context *ctx;
        tw_error err;
        tw_rule_comparison c = {.size = sizeof c};
        assert_int_equal(faulty_context(&ctx, &f, 1, &err), TW_OK);
        f.fail_allocation = f.allocations + n;
        const tw_status s = tw_rules_compare(ctx, "adam", "sgd:lr=0.01", &c, &err);
        const int failed = f.allocations >= f.fail_allocation;
        tw_context_free(ctx);
        assert_int_equal(f.live, 0);
        if (s == TW_OK) assert_memory_equal(&c, &right, sizeof c);
        else assert_int_equal(s, TW_ERR_MEMORY);
        if (!failed) break;
        assert_int_equal(s, TW_ERR_MEMORY);
    }
}

static void lines_face_each_other(void **state)
{
    (void)state;
    char a[] = "x = 1\ny = 2\nz = 3\n", b[] = "y = 2\nq = 4\nz = 3\nend";
    static const tw_line_pair right[] = {{"x = 1", NULL},
                                         {"y = 2", "y = 2"},
                                         {NULL, "q = 4"},
                                         {"z = 3", "z = 3"},
                                         {NULL, "end"}};
    tw_line_pair pairs[TW_LINE_PAIRS_MAX];
    assert_int_equal(tw_pair_lines(a, b, pairs), 5);
    for (int i = 0; i < 5; i++) {
        assert_true(!pairs[i].a == !right[i].a && !pairs[i].b == !right[i].b);
        if (right[i].a) assert_string_equal(pairs[i].a, right[i].a);
        if (right[i].b) assert_string_equal(pairs[i].b, right[i].b);
    }
}

static void options_that_differ_are_listed(void **state)
{
    (void)state;
    tw_choice a, b;
    tw_option_pair pairs[TW_OPTION_PAIRS_MAX];
    assert_int_equal(tw_rule_read(&a, "sgd:lr=0.5", NULL, NULL), TW_OK);
    assert_int_equal(tw_rule_read(&b, "rmsprop:lr=0.25", NULL, NULL), TW_OK);
    assert_int_equal(tw_pair_options(&a, &a, pairs), 0);
    const int n = tw_pair_options(&a, &b, pairs);
    assert_true(n > 1);
    assert_string_equal(pairs[0].name, "lr");
    assert_true(pairs[0].value_a == 0.5 && pairs[0].value_b == 0.25);
    for (int i = 1; i < n; i++) assert_true(pairs[i].a || pairs[i].b);
    assert_null(pairs[n - 1].a); /* what only rmsprop has comes last */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_rules_part_nowhere),
        cmocka_unit_test(rules_part_where_their_equations_do),
        cmocka_unit_test(a_rule_without_a_schedule_for_lr_keeps_it),
        cmocka_unit_test(bad_specs_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(lines_face_each_other),
        cmocka_unit_test(options_that_differ_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
