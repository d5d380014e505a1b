/* State files: they go by names and shapes, hold all that a rule keeps, and say what does not fit.
 * SPDX-License-Identifier: MIT */
#include "subject.h"
#include <unistd.h>
#include <thalweg/state.h>

static const int64_t matrix[] = {2, 3}, other[] = {3, 2}, vector = 4;
static const tw_tensor in_order[] = {{"a", 2, matrix, 0, 0},
                                     {"b", 1, &vector, 6, 0},
                                     {"c", 2, matrix, 10, 0}};
static const tw_tensor turned[] = {{"c", 2, matrix, 0, 0}, {"a", 2, matrix, 6, 0}, {"b", 1, &vector, 12, 0}};
static const tw_tensor misfits[] = {{"a", 2, other, 0, 0}, {"b", 1, &vector, 6, 0}, {"d", 2, matrix, 10, 0}};
enum { N = 16 };
static const char *path;

static tw_optimizer *make(tw_context *ctx, const char *rule, const char *schedule, const tw_tensor *tensors)
{
    tw_optimizer *opt;
    tw_error err;
    if (bench_create(&opt, ctx, rule, NULL, schedule, 100, TW_F64, tensors, 3, 3, &err) != TW_OK)
        fail_msg("%s: %s", rule, err.message);
    return opt;
}

/* The numbers of tensor a, b, c where another order has them. */
static void turn(const double *from, double *to)
{
    memcpy(to, from + 10, 6 * sizeof *to);
    memcpy(to + 6, from, 10 * sizeof *to);
}

static void run(tw_optimizer *opt, double *w, uint64_t from, uint64_t to, int is_turned)
{
    for (uint64_t t = from; t < to; t++) {
        double g[N], h[N];
        for (size_t i = 0; i < N; i++) g[i] = bench_number(i, t);
        turn(g, h);
        assert_int_equal(tw_step_f64(opt, w, is_turned ? h : g, NULL), TW_OK);
    }
}

static int goes_by_index(const char *rule)
{
    tw_choice c;
    assert_int_equal(tw_rule_read(&c, rule, NULL, NULL), TW_OK);
    return (c.rule->traits(c.values) & TW_DRAWS_NOISE) != 0;
}

/* Rules whose sums run over all weights give them other bits in another order. */
static int sums_over_all(const char *rule)
{
    tw_choice c;
    assert_int_equal(tw_rule_read(&c, rule, NULL, NULL), TW_OK);
    return c.rule->kind == TW_NORMS && c.rule->scope == TW_OVER_ALL;
}

static void another_order_of_tensors(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; tw_rule_at(k); k++) {
        const char *rule = tw_rule_at(k)->name;
        if (goes_by_index(rule)) continue;
        double w[N], v[N], want[N], unit = sums_over_all(rule) ? 1e-12 : 0;
        tw_optimizer *a = make(ctx, rule, NULL, in_order), *b = make(ctx, rule, NULL, turned);
        tw_error err;
        for (size_t i = 0; i < N; i++) w[i] = bench_number(i, 1000);
        run(a, w, 0, 7, 0);
        assert_int_equal(tw_state_save(a, path, NULL), TW_OK);
        if (tw_state_load(b, path, &err) != TW_OK) fail_msg("%s: %s", rule, err.message);
        turn(w, v);
        run(a, w, 7, 12, 0);
        run(b, v, 7, 12, 1);
        turn(w, want);
        for (size_t i = 0; i < N; i++)
            if (!(fabs(v[i] - want[i]) <= unit))
                fail_msg("%s: element %zu is %.17g, not %.17g", rule, i, v[i], want[i]);
        assert_int_equal(tw_optimizer_steps(b), 12);
        tw_optimizer_free(a);
        tw_optimizer_free(b);
    }
    tw_context_free(ctx);
}

static void what_does_not_fit(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    double w[N] = {0};
    tw_error err;
    tw_optimizer *a = make(ctx, "momentum@keras", "cosine", in_order),
                 *names = make(ctx, "momentum@keras", "cosine", misfits),
                 *rule = make(ctx, "momentum@keras:lr=0.5", "cosine", in_order);
    run(a, w, 0, 2, 0);
    assert_int_equal(tw_state_save(a, path, NULL), TW_OK);
    assert_int_equal(tw_state_load(names, path, &err), TW_ERR_DATA);
    assert_non_null(strstr(
        err.message,
        "mismatched \"slot.v/a\" is f64 [2,3], should be f64 [3,2]; missing \"slot.v/d\"; unknown \"slot.v/c\""));
    assert_int_equal(tw_optimizer_steps(names), 0);
    run(names, w, 0, 1, 0); /* it is as it was */
    assert_int_equal(tw_state_load(rule, path, &err), TW_ERR_STATE);
    assert_non_null(strstr(
        err.message,
        "the stored optimiser is \"momentum@keras cosine over 100 steps\", this one is \"momentum@keras:lr=0.5 cosine"));
    run(rule, w, 0, 1, 0);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, -3, SEEK_END);
    fputc(77, f);
    fclose(f);
    assert_int_equal(tw_state_load(a, path, &err), TW_ERR_DATA);
    assert_non_null(strstr(err.message, "the checkpoint is damaged"));
    assert_int_equal(tw_state_load(a, "no/such/file", &err), TW_ERR_NOT_FOUND);
    tw_optimizer_free(a);
    tw_optimizer_free(names);
    tw_optimizer_free(rule);
    tw_context_free(ctx);
}

/* The state of every rule into an optimiser of every other, and of chains: refused for what it is, whatever
 * slots they share. */
static void state_of_another_rule(void **state)
{
    (void)state;
    static const char *const specs[] =
        {"adam",           "nadam",          "adamax", "sgd",  "sgd:momentum=0.9", "adam+ema",
         "clip_norm+adam", "adam:amsgrad=1", "muon",   "lamb", "adafactor"};
    enum { SPECS = sizeof specs / sizeof specs[0] };
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t a = 0; a < SPECS; a++) {
        double w[N] = {0}, v[N] = {0};
        tw_optimizer *saved = make(ctx, specs[a], NULL, in_order);
        run(saved, w, 0, 2, 0);
        assert_int_equal(tw_state_save(saved, path, NULL), TW_OK);
        tw_optimizer_free(saved);
        for (size_t b = 0; b < SPECS; b++) {
            if (a == b) continue;
            tw_error err;
            char want[200];
            tw_optimizer *into = make(ctx, specs[b], NULL, in_order);
            if (tw_state_load(into, path, &err) != TW_ERR_STATE)
                fail_msg("%s into %s: %s", specs[a], specs[b], err.message);
            snprintf(want, sizeof want,
                     "the stored optimiser is \"%s constant\", this one is \"%s constant\"", specs[a],
                     specs[b]);
            assert_non_null(strstr(err.message, want));
            assert_int_equal(tw_optimizer_steps(into), 0);
            run(into, v, 0, 1, 0); /* it is as it was */
            tw_optimizer_free(into);
        }
    }
    tw_context_free(ctx);
}

/* A load is the way out for an optimiser that a bad gradient has stopped, and for one in the middle of a
 * step. */
static void loading_ends_what_was_on(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    double w[N] = {0}, start[N], bad[N] = {NAN};
    tw_optimizer *opt = make(ctx, "adam", NULL, in_order);
    run(opt, w, 0, 2, 0);
    memcpy(start, w, sizeof w);
    assert_int_equal(tw_state_save(opt, path, NULL), TW_OK);
    for (int is_begun = 0; is_begun < 2; is_begun++) {
        double again[N];
        memcpy(again, start, sizeof again);
        if (is_begun) assert_int_equal(tw_step_begin(opt, NULL), TW_OK);
        else assert_int_equal(tw_step_f64(opt, again, bad, NULL), TW_ERR_NOT_FINITE);
        assert_int_equal(tw_state_load(opt, path, NULL), TW_OK);
        memcpy(again, start, sizeof again);
        run(opt, again, 2, 4, 0);
        if (!is_begun) memcpy(w, again, sizeof w);
        assert_memory_equal(again, w, sizeof w);
    }
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

static void a_chain_and_its_groups(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt[2];
    double w[2][N], shown[2][N];
    for (int k = 0; k < 2; k++) {
        tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
        o.rule = "clip_norm:max=0.5+adam:amsgrad=1+lookahead:k=3+ema:decay=0.9";
        o.groups = "b:beta1=0.5";
        o.type = TW_F64;
        o.tensors = in_order;
        o.n_tensors = 3;
        assert_int_equal(tw_optimizer_create(&opt[k], ctx, &o, NULL), TW_OK);
        for (size_t i = 0; i < N; i++) w[k][i] = bench_number(i, 1000);
    }
    run(opt[0], w[0], 0, 5, 0);
    assert_int_equal(tw_state_save(opt[0], path, NULL), TW_OK);
    assert_int_equal(tw_state_load(opt[1], path, NULL), TW_OK);
    memcpy(w[1], w[0], sizeof w[0]);
    for (int k = 0; k < 2; k++) {
        run(opt[k], w[k], 5, 9, 0);
        assert_int_equal(tw_view_f64(opt[k], w[k], shown[k], NULL), TW_OK);
        tw_optimizer_free(opt[k]);
    }
    assert_memory_equal(w[0], w[1], sizeof w[0]);
    assert_memory_equal(shown[0], shown[1], sizeof shown[0]);
    tw_context_free(ctx);
}

int main(void)
{
    char name[] = "test_state.XXXXXX";
    int fd = mkstemp(name);
    if (fd < 0) return 1;
    close(fd);
    path = name;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_order_of_tensors), cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(a_chain_and_its_groups),   cmocka_unit_test(state_of_another_rule),
        cmocka_unit_test(loading_ends_what_was_on),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(name);
    return failed;
}
