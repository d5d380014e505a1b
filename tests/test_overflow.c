/* Gradients that are finite, but whose squares or sums are not: every rule either goes on by its formula or
 * stops with TW_ERR_NOT_FINITE, and none stays where it is and says that all is well.
 * SPDX-License-Identifier: MIT */
#include "subject.h"
#include <thalweg/state.h>

enum { N = 24, STEPS = 12 };

static void fill(struct work *a, double x)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->type == TW_F32) ((float *)a->g)[i] = (float)x;
        else ((double *)a->g)[i] = x;
}

/* Against a gradient that is above 0 everywhere weights fall. adopt takes its first step with the second
 * gradient; where the first steps went far (radam), those of the usual size are lost in rounding. */
static void walks_or_stops(const char *spec, tw_type type, double size)
{
    struct subject s = {.custom = NULL};
    snprintf(s.spec, sizeof s.spec, "%s", spec);
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct work a = begin(&s, ctx, type, N, NULL);
    double before[N];
    tw_error err;
    tw_status status = TW_OK;
    fill(&a, size);
    for (size_t i = 0; i < N; i++) /* above 0, so that a decay pulls the same way */
        if (type == TW_F32) ((float *)a.w)[i] = 2 + ((float *)a.w)[i];
        else ((double *)a.w)[i] += 2;
    for (int t = 0; t < STEPS && status == TW_OK; t++) {
        for (size_t i = 0; i < N; i++) before[i] = weight(&a, i);
        status = step(&a, &err);
        for (size_t i = 0; i < N && status == TW_OK; i++)
            if (!(weight(&a, i) < before[i]) && t > 0 && fabs(before[i]) < 100)
                fail_msg("%s, %s: weight %zu goes from %g to %g at step %d", spec, tw_type_name(type), i,
                         before[i], weight(&a, i), t + 1);
    }
    if (status != TW_OK) {
        assert_int_equal(status, TW_ERR_NOT_FINITE);
        if (!strstr(err.message, "a number on the way to it"))
            assert_true(err.tensor[0] && strstr(err.message, "is not finite at element") &&
                        strstr(err.message, "though the gradient is: too large for f"));
        assert_true(err.step > 0);
        assert_int_equal(step(&a, NULL), TW_ERR_STATE);
    }
    end(&a);
    tw_context_free(ctx);
}

static void every_rule(void **state)
{
    (void)state;
    for (size_t i = 0; tw_rule_at(i); i++) {
        const tw_rule *r = tw_rule_at(i);
        walks_or_stops(r->name, TW_F32, 1e20);
        walks_or_stops(r->name, TW_F64, 1e200);
        for (const tw_dialect *d = r->dialects; d && d->name; d++) {
            char spec[64];
            snprintf(spec, sizeof spec, "%s@%s", r->name, d->name);
            walks_or_stops(spec, TW_F32, 1e20);
            walks_or_stops(spec, TW_F64, 1e200);
        }
    }
}

static void every_transform(void **state)
{
    (void)state;
    static const char *const specs[] =
        {"clip_value+sgd", "clip_norm+sgd",   "clip_global_norm+sgd",     "clip_adaptive+sgd",
         "noise+sgd",      "sgd+clip_update", "sgd+clip_update:by=value", "sgd+ema",
         "sgd+polyak",     "sgd+swa",         "clip_norm+adam",           "adam+clip_update"};
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        walks_or_stops(specs[i], TW_F32, 1e20);
        walks_or_stops(specs[i], TW_F64, 1e200);
    }
}

/* The first slot in the first tensor, its element and the step; the same for any number of threads. */
static void what_is_said(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads += 3) {
        tw_context *ctx = bench_context(threads, TW_ISA_DETECT);
        struct subject s = {"adagrad", NULL};
        const size_t n = 200000;
        struct work a = begin(&s, ctx, TW_F32, n, NULL);
        tw_error err;
        steps(&a, 0, 2);
        gradient(&a, 2, 1);
        ((float *)a.g)[n / 2] = 1e20f;
        ((float *)a.g)[n / 2 + 9000] = -1e30f;
        assert_int_equal(step(&a, &err), TW_ERR_NOT_FINITE);
        char want[200];
        snprintf(
            want, sizeof want,
            "adagrad: s of rest is not finite at element %zu, step 3, though the gradient is: too large for f32",
            n / 2 - subject_first(n));
        assert_non_null(strstr(err.message, want));
        assert_string_equal(err.tensor, "rest");
        assert_int_equal(err.index, n / 2 - subject_first(n));
        assert_int_equal(err.step, 3);
        assert_int_equal(tw_optimizer_steps(a.opt), 2);
        assert_int_equal(step(&a, NULL), TW_ERR_STATE);
        end(&a);
        tw_context_free(ctx);
    }
}

/* A state that is spoilt cannot be left out: every policy stops. */
static void policies(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (int policy = TW_NONFINITE_ERROR; policy <= TW_NONFINITE_ZERO; policy++) {
        struct work a = begin(&(struct subject){"rmsprop", NULL}, ctx, TW_F32, N, NULL);
        a.opt->nonfinite = (enum tw_nonfinite)policy;
        steps(&a, 0, 1);
        fill(&a, 1e30);
        assert_int_equal(step(&a, NULL), TW_ERR_NOT_FINITE);
        assert_int_equal(step(&a, NULL), TW_ERR_STATE);
        assert_int_equal(tw_optimizer_skipped(a.opt), 0);
        end(&a);
    }
    tw_context_free(ctx);
}

/* A gradient times a power of two makes the same step where its norm alone counts, to the bit, however large
 * its squares. */
static void norms_are_scaled(void **state)
{
    (void)state;
    static const char *const specs[] = {"clip_norm:max=0.25+sgd",
                                        "clip_global_norm:max=0.25+sgd",
                                        "clip_adaptive:clip=0.01+sgd",
                                        "lars",
                                        "lars@optax",
                                        "sgd+clip_update:max=0.1",
                                        "clip_norm:max=0.25+adam"};
    static const size_t sizes[] = {N, 30000};
    tw_context *ctx = bench_context(2, TW_ISA_DETECT);
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++)
        for (size_t k = 0; k < 2; k++) {
            struct subject s = {.custom = NULL};
            snprintf(s.spec, sizeof s.spec, "%s", specs[i]);
            struct work a = begin(&s, ctx, TW_F64, sizes[k], NULL),
                        b = begin(&s, ctx, TW_F64, sizes[k], NULL);
            const double small = strstr(s.spec, "clip_update") ? 0x1p10 : 0x1p5; /* above every limit */
            for (uint64_t t = 0; t < 3; t++) {
                tw_error err;
                gradient(&a, t, small);
                gradient(&b, t, 0x1p900);
                assert_int_equal(step(&a, NULL), TW_OK);
                if (step(&b, &err) != TW_OK) fail_msg("%s: %s", s.spec, err.message);
            }
            if (strstr(s.spec, "clip_update")) { /* w - lr g rounds otherwise */
                for (size_t j = 0; j < a.n; j++)
                    if (!(fabs(weight(&a, j) - weight(&b, j)) < 1e-3))
                        fail_msg("%s: weight %zu is %g, not %g", s.spec, j, weight(&b, j), weight(&a, j));
            } else assert_same_bits(&s, "scaled", &a, &b);
            end(&a);
            end(&b);
        }
    tw_context_free(ctx);
}

/* One block overflows, or none but all together; a norm that is itself too large for a double is refused. */
static void mixed_blocks(void **state)
{
    (void)state;
    enum { MANY = 10000 };
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    const struct {
        double each;
        size_t at;
        double one;
    } cases[] = {{1, 7000, 1e200}, {1e152, 0, 1e152}, {1.2e154, 3, 1.2e154}, {1e307, 0, 1e307}};
    for (size_t c = 0; c < 4; c++) {
        struct work a =
            begin(&(struct subject){"clip_global_norm:max=1+sgd:lr=1", NULL}, ctx, TW_F64, MANY, NULL);
        double *w = a.w, *g = a.g, before[MANY];
        for (size_t i = 0; i < MANY; i++) w[i] = 0, before[i] = 0, g[i] = cases[c].each;
        g[cases[c].at] = cases[c].one;
        const tw_status status = step(&a, NULL);
        assert_int_equal(status, c == 3 ? TW_ERR_NOT_FINITE : TW_OK);
        const double norm = c == 0 ? 1e200 : 100 * cases[c].each;
        for (size_t i = 0; i < MANY && c < 3; i++)
            assert_true(fabs(w[i] + (i == cases[c].at ? cases[c].one : cases[c].each) / norm) < 1e-14);
        if (c == 3) assert_memory_equal(w, before, sizeof before);
        end(&a);
    }
    tw_context_free(ctx);
}

/* What is found while it is measured changes no weight, and can be left out. */
static void measured_first(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (int skip = 0; skip < 2; skip++) {
        const int64_t n = N;
        const tw_tensor tensor = {"w", 1, &n, 0, 0};
        tw_optimizer *opt;
        tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
        double w[N], g[N], start[N];
        tw_error err;
        o.rule = "novograd";
        o.type = TW_F64;
        o.tensors = &tensor;
        o.n_tensors = 1;
        o.nonfinite = skip ? TW_NONFINITE_SKIP : TW_NONFINITE_ERROR;
        assert_int_equal(tw_optimizer_create(&opt, ctx, &o, NULL), TW_OK);
        for (size_t i = 0; i < N; i++) w[i] = start[i] = bench_number(i, 1000), g[i] = 1e200;
        assert_int_equal(tw_step_f64(opt, w, g, &err), skip ? TW_OK : TW_ERR_NOT_FINITE);
        assert_memory_equal(w, start, sizeof w);
        if (!skip)
            assert_non_null(
                strstr(err.message,
                       "novograd: the sum of w is not finite at element 0, step 1, though the gradient is"));
        assert_int_equal(tw_optimizer_skipped(opt), skip);
        for (size_t i = 0; i < N; i++) g[i] = 1;
        assert_int_equal(tw_step_f64(opt, w, g, NULL), skip ? TW_OK : TW_ERR_STATE);
        assert_true((w[0] != start[0]) == skip);
        tw_optimizer_free(opt);
    }
    tw_context_free(ctx);
}

static void sparse_steps(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct work a = begin(&(struct subject){"adagrad", NULL}, ctx, TW_F32, N, NULL);
    const uint32_t index[] = {3, 20};
    const float g[] = {1, 1e20f};
    tw_error err;
    assert_int_equal(tw_step_sparse_f32(a.opt, a.w, 2, index, g, &err), TW_ERR_NOT_FINITE);
    assert_non_null(strstr(err.message, "adagrad: s of rest is not finite at element 12, step 1"));
    end(&a);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_rule),   cmocka_unit_test(every_transform),
                                       cmocka_unit_test(what_is_said), cmocka_unit_test(measured_first),
                                       cmocka_unit_test(policies),     cmocka_unit_test(norms_are_scaled),
                                       cmocka_unit_test(mixed_blocks), cmocka_unit_test(sparse_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
