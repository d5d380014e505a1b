/* Chains of transforms around a rule, and what gradients do that are not finite.
 * SPDX-License-Identifier: MIT */
#include "subject.h"

static const char *const chains[] = {
    "clip_value:max=0.3+adam",
    "clip_norm:max=2+sgd:momentum=0.9",
    "clip_global_norm:max=2+adam:weight_decay=0.01",
    "clip_adaptive:clip=0.1+momentum",
    "centralize+sgd",
    "noise:eta=0.1+adam",
    "sgd:lr=0.5+clip_update:max=0.5",
    "adam:lr=0.1+clip_update:max=0.02,by=value",
    "nag+lookahead:k=3",
    "sgd+ema:decay=0.9",
    "nag+ema:decay=0.8",
    "adam+polyak",
    "nag:momentum=0.8+polyak:start=4",
    "sgd+swa:start=3,every=2",
    "adam+lookahead:k=2,alpha=0.3+ema",
    "clip_value:max=0.5+centralize+clip_norm:max=3+noise+clip_global_norm:max=1+momentum:nesterov=1+clip_update:max=0.1+ema:decay=0.7",
    "centralize+clip_adaptive+nadam+swa",
};
enum { CHAINS = sizeof chains / sizeof chains[0] };

static struct subject subject_of(size_t i)
{
    struct subject s = {.custom = NULL};
    snprintf(s.spec, sizeof s.spec, "%s", chains[i]);
    return s;
}

static void shown(const struct work *a, void *to)
{
    assert_int_equal(a->type == TW_F32 ? tw_view_f32(a->opt, a->w, to, NULL)
                                       : tw_view_f64(a->opt, a->w, to, NULL),
                     TW_OK);
}

static void assert_same_shown(const struct subject *s, const char *what, const struct work *a,
                              const struct work *b)
{
    const size_t bytes = a->n * tw_type_size(a->type);
    char *x = malloc(bytes), *y = malloc(bytes);
    assert_same_bits(s, what, a, b);
    shown(a, x);
    shown(b, y);
    if (memcmp(x, y, bytes) != 0) fail_msg("%s, %s: the reported weights differ", s->spec, what);
    free(x);
    free(y);
}

/* ---- What every chain must hold ---- */

static void isa_and_threads_change_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; k < CHAINS; k++)
        for (int type = TW_F32; type <= TW_F64; type++) {
            struct subject s = subject_of(k);
            tw_context *base = bench_context(1, TW_ISA_BASE);
            struct work a = begin(&s, base, (tw_type)type, 20000, NULL);
            steps(&a, 0, 7);
            for (int isa = TW_ISA_BASE; isa <= (int)tw_isa_of_cpu(); isa++)
                for (int threads = 1; threads <= 3; threads++) {
                    tw_context *ctx = bench_context(threads, (tw_isa)isa);
                    struct work b = begin(&s, ctx, (tw_type)type, 20000, NULL);
                    steps(&b, 0, 7);
                    assert_same_shown(&s, tw_isa_name((tw_isa)isa), &a, &b);
                    end(&b);
                    tw_context_free(ctx);
                }
            end(&a);
            tw_context_free(base);
        }
}

static void measure(struct work *a, size_t lo, size_t hi)
{
    assert_int_equal(tw_step_measure_f32(a->opt, lo, hi, a->w, a->g, NULL), TW_OK);
}

static void ranges_equal_the_whole(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    const size_t n = 5 * TW_CHUNK + 123;
    for (size_t k = 0; k < CHAINS; k++) {
        struct subject s = subject_of(k);
        struct work a = begin(&s, ctx, TW_F32, n, NULL), b = begin(&s, ctx, TW_F32, n, NULL);
        steps(&a, 0, 3);
        for (uint64_t t = 0; t < 3; t++) {
            gradient(&b, t, 1);
            assert_int_equal(tw_step_begin(b.opt, NULL), TW_OK);
            for (int pass = 0; pass < tw_optimizer_passes(b.opt); pass++) {
                measure(&b, 3 * TW_CHUNK, n);
                measure(&b, 0, 3 * TW_CHUNK);
                assert_int_equal(tw_step_settle_f32(b.opt, b.w, NULL), TW_OK);
            }
            assert_int_equal(tw_step_range_f32(b.opt, TW_CHUNK, n, b.w, b.g, NULL), TW_OK);
            assert_int_equal(tw_step_range_f32(b.opt, 0, TW_CHUNK, b.w, b.g, NULL), TW_OK);
            assert_int_equal(tw_step_end(b.opt, NULL), TW_OK);
        }
        assert_same_shown(&s, "ranges", &a, &b);
        end(&a);
        end(&b);
    }
    tw_context_free(ctx);
}

/* Two optimisers that measured half each and added their sums step like one. */
static void sums_may_be_added_over_ranks(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    const size_t n = 4 * TW_CHUNK + 50, half = 2 * TW_CHUNK;
    struct subject s = {"clip_global_norm:max=1+sgd:lr=0.5+clip_update:max=0.1", NULL};
    struct work one = begin(&s, ctx, TW_F32, n, NULL), left = begin(&s, ctx, TW_F32, n, NULL),
                right = begin(&s, ctx, TW_F32, n, NULL);
    steps(&one, 0, 1);
    gradient(&left, 0, 1);
    gradient(&right, 0, 1);
    assert_int_equal(tw_step_begin(left.opt, NULL), TW_OK);
    assert_int_equal(tw_step_begin(right.opt, NULL), TW_OK);
    assert_int_equal(tw_step_share(left.opt, 0, half, NULL), TW_OK);
    assert_int_equal(tw_step_share(right.opt, half, n, NULL), TW_OK);
    for (int pass = 0; pass < tw_optimizer_passes(left.opt); pass++) {
        double *a, *b;
        size_t count, same;
        measure(&left, 0, half);
        measure(&right, half, n);
        assert_int_equal(tw_step_sums(left.opt, &a, &count, NULL), TW_OK);
        assert_int_equal(tw_step_sums(right.opt, &b, &same, NULL), TW_OK);
        assert_int_equal(count, same);
        for (size_t i = 0; i < count; i++) a[i] = b[i] = a[i] + b[i];
        assert_int_equal(tw_step_settle_f32(left.opt, left.w, NULL), TW_OK);
        assert_int_equal(tw_step_settle_f32(right.opt, right.w, NULL), TW_OK);
    }
    assert_int_equal(tw_step_range_f32(left.opt, 0, half, left.w, left.g, NULL), TW_OK);
    assert_int_equal(tw_step_range_f32(right.opt, half, n, right.w, right.g, NULL), TW_OK);
    assert_int_equal(tw_step_end(left.opt, NULL), TW_OK);
    assert_int_equal(tw_step_end(right.opt, NULL), TW_OK);
    memcpy((float *)left.w + half, (float *)right.w + half, (n - half) * sizeof(float));
    assert_same_bits(&s, "two halves", &one, &left);
    end(&one);
    end(&left);
    end(&right);
    tw_context_free(ctx);
}

static void resume_equals_one_run(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < CHAINS; k++)
        for (uint64_t at = 0; at < 12; at++) {
            struct subject s = subject_of(k);
            struct work a = begin(&s, ctx, TW_F64, 50, "warmup/5;cosine"),
                        b = begin(&s, ctx, TW_F64, 50, "warmup/5;cosine");
            struct store kept;
            store_open(&kept);
            steps(&a, 0, at);
            assert_int_equal(tw_optimizer_visit(a.opt, &kept.v, NULL), TW_OK);
            memcpy(b.w, a.w, 50 * sizeof(double));
            store_load(&kept);
            assert_int_equal(tw_optimizer_visit(b.opt, &kept.v, NULL), TW_OK);
            assert_same_shown(&s, "just loaded", &a, &b);
            steps(&a, at, 14);
            steps(&b, at, 14);
            assert_same_shown(&s, "resumed", &a, &b);
            store_close(&kept);
            end(&a);
            end(&b);
        }
    tw_context_free(ctx);
}

static void a_bad_gradient_stops_the_run(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(2, TW_ISA_DETECT);
    for (size_t k = 0; k < CHAINS; k++) {
        struct subject s = subject_of(k);
        struct work a = begin(&s, ctx, TW_F32, 20000, NULL);
        tw_error err;
        steps(&a, 0, 2);
        gradient(&a, 2, 1);
        const float *w = a.w, before = w[16001];
        ((float *)a.g)[19999] = INFINITY;
        ((float *)a.g)[16000] = NAN;
        assert_int_equal(step(&a, &err), TW_ERR_NOT_FINITE);
        assert_string_equal(err.tensor, "rest");
        assert_int_equal(err.index, 16000 - subject_first(20000));
        if (tw_optimizer_passes(a.opt) > 0) assert_true(w[16001] == before);
        for (size_t i = 0; i < a.n; i++) assert_true(isfinite(w[i]));
        assert_int_equal(step(&a, &err), TW_ERR_STATE);
        end(&a);
    }
    tw_context_free(ctx);
}

/* Only gradients count as 0 where they are not finite: a weight that is NaN before the step stays NaN. */
static void a_bad_weight_is_not_hidden(void **state)
{
    (void)state;
    static const char *const specs[] = {"adam+ema", "sgd+polyak", "sgd+lookahead:k=1"};
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < sizeof specs / sizeof specs[0]; k++) {
        tw_optimizer *opt;
        float w[40], g[40], shown[40];
        const int64_t n = 40;
        const tw_tensor tensor = {"w", 1, &n, 0, 0};
        assert_int_equal(bench_create(&opt, ctx, specs[k], NULL, NULL, 0, TW_F32, &tensor, 1, 0, NULL),
                         TW_OK);
        for (int i = 0; i < 40; i++) w[i] = g[i] = 1;
        w[3] = w[39] = NAN;
        tw_error err;
        if (tw_step_f32(opt, w, g, &err) != TW_OK) fail_msg("%s: %s", specs[k], err.message);
        assert_int_equal(tw_view_f32(opt, w, shown, NULL), TW_OK);
        for (int i = 0; i < 40; i++)
            if (isnan(shown[i]) != (i == 3 || i == 39))
                fail_msg("%s: weight %d is %g", specs[k], i, shown[i]);
        tw_optimizer_free(opt);
    }
    tw_context_free(ctx);
}

/* ---- What each transform does, worked out by hand ---- */

/* w of three elements in one vector after `n` steps with the gradients g, g, ... */
static void run(const char *spec, const double w0[3], const double g[3], int n, double stored[3],
                double reported[3])
{
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    const int64_t three = 3;
    const tw_tensor tensor = {"w", 1, &three, 0, 0};
    tw_optimizer *opt;
    tw_error err;
    if (bench_create(&opt, ctx, spec, NULL, NULL, 0, TW_F64, &tensor, 1, 0, &err) != TW_OK)
        fail_msg("%s: %s", spec, err.message);
    memcpy(stored, w0, 3 * sizeof *w0);
    for (int t = 0; t < n; t++) assert_int_equal(tw_step_f64(opt, stored, g, NULL), TW_OK);
    assert_int_equal(tw_view_f64(opt, stored, reported, NULL), TW_OK);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

static void by_hand(void **state)
{
    (void)state;
    static const double w0[3] = {1, 1, 1}, g[3] = {3, 4, 0};
    const struct {
        const char *spec;
        int steps;
        double w[3];
    } cases[] = {
        {"clip_value:max=2+sgd:lr=1", 1, {-1, -1, 1}},
        {"clip_norm:max=1+sgd:lr=1", 1, {1 - 0.6, 1 - 0.8, 1}},
        {"clip_norm:max=6+sgd:lr=1", 1, {-2, -3, 1}},
        {"clip_global_norm:max=2.5+sgd:lr=1", 1, {-0.5, -1, 1}},
        {"clip_adaptive:clip=0.5+sgd:lr=1", 1, {1 - 0.3 * sqrt(3) / 2 * 2, 1 - 0.4 * sqrt(3) / 2 * 2, 1}},
        {"centralize+sgd:lr=1", 1, {-2, -3, 1}}, /* a vector stays as it is */
        {"sgd:lr=1+clip_update:max=0.5", 1, {1 - 0.3, 1 - 0.4, 1}},
        {"sgd:lr=1+clip_update:max=0.5,by=value", 1, {0.5, 0.5, 1}},
        {"sgd:lr=0.1+lookahead:k=2,alpha=0.5", 2, {1 - 0.3, 1 - 0.4, 1}},
        {"sgd:lr=0.1+lookahead:k=2,alpha=0.5", 3, {1 - 0.6, 1 - 0.8, 1}},
        {"sgd:lr=0.1+ema:decay=0.5",
         2,
         {(0.25 * 0.7 + 0.5 * 0.4) / 0.75, (0.25 * 0.6 + 0.5 * 0.2) / 0.75, 1}},
        {"sgd:lr=0.1+polyak", 3, {1 - 0.6, 1 - 0.8, 1}},
        {"sgd:lr=0.1+polyak:start=1", 3, {1 - 0.75, 1 - 1, 1}},
        {"sgd:lr=0.1+swa:start=2,every=2", 5, {1 - 0.9, 1 - 1.2, 1}},
        {"sgd:lr=0.1+swa:start=9", 2, {1 - 0.6, 1 - 0.8, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double stored[3], reported[3];
        run(cases[i].spec, w0, g, cases[i].steps, stored, reported);
        for (int k = 0; k < 3; k++)
            if (!(fabs(reported[k] - cases[i].w[k]) < 1e-12))
                fail_msg("%s: weight %d is %.17g after %d steps, not %.17g", cases[i].spec, k, reported[k],
                         cases[i].steps, cases[i].w[k]);
    }
}

/* Rows of a matrix are its first index, however it is stored: a transposed tensor gives the transposed
 * result. */
static void rows_however_they_are_stored(void **state)
{
    (void)state;
    static const char *const specs[] = {"centralize+sgd:lr=1", "clip_adaptive:clip=0.01+sgd:lr=1"};
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (int k = 0; k < 2; k++) {
        const int64_t shape[] = {3, 4};
        double w[2][12], g[2][12];
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 4; j++) {
                w[0][4 * i + j] = w[1][3 * j + i] = bench_number((uint64_t)(4 * i + j), 7);
                g[0][4 * i + j] = g[1][3 * j + i] = bench_number((uint64_t)(4 * i + j), 8);
            }
        for (int t = 0; t < 2; t++) {
            const tw_tensor tensor = {"w", 2, shape, 0, t ? TW_TENSOR_TRANSPOSED : 0};
            tw_optimizer *opt;
            assert_int_equal(bench_create(&opt, ctx, specs[k], NULL, NULL, 0, TW_F64, &tensor, 1, 0, NULL),
                             TW_OK);
            assert_int_equal(tw_step_f64(opt, w[t], g[t], NULL), TW_OK);
            tw_optimizer_free(opt);
        }
        for (int i = 0; i < 3; i++) {
            double moved = 0, row = 0;
            for (int j = 0; j < 4; j++) {
                assert_true(w[0][4 * i + j] == w[1][3 * j + i]);
                moved += bench_number((uint64_t)(4 * i + j), 7) - w[0][4 * i + j];
                row += g[0][4 * i + j];
            }
            if (k == 0) assert_true(fabs(moved) < 1e-15 && fabs(row) > 1e-3);
        }
    }
    tw_context_free(ctx);
}

/* The mean of nag's reported weights, not of its look-ahead points. */
static void wrappers_follow_what_is_reported(void **state)
{
    (void)state;
    static const double w0[3] = {1, 1, 1}, g[3] = {1, 2, 0};
    double stored[3], reported[3], plain[3], mean[3] = {0, 0, 0};
    for (int t = 1; t <= 4; t++) {
        run("nag:lr=0.1", w0, g, t, stored, plain);
        for (int i = 0; i < 3; i++) mean[i] += plain[i] / 4;
    }
    run("nag:lr=0.1+polyak", w0, g, 4, stored, reported);
    for (int i = 0; i < 3; i++) assert_true(fabs(reported[i] - mean[i]) < 1e-14);
}

static void noise_has_its_size(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"noise:eta=4,gamma=0+sgd:lr=1", NULL};
    struct work a = begin(&s, ctx, TW_F64, 100000, NULL), b = begin(&s, ctx, TW_F64, 100000, NULL);
    double sum = 0, squares = 0, product = 0, last = 0;
    gradient(&a, 0, 0);
    for (int t = 0; t < 2; t++) assert_int_equal(step(&a, NULL), TW_OK);
    gradient(&b, 0, 0);
    assert_int_equal(step(&b, NULL), TW_OK);
    for (size_t i = 0; i < a.n; i++) {
        double x = weight(&a, i) - weight(&b, i); /* the second step's */
        sum += x;
        squares += x * x;
        product += x * (weight(&b, i) - bench_number(i, 1000)) + x * last;
        last = x;
    }
    assert_true(fabs(sum / 1e5) < 0.03 && fabs(squares / 1e5 - 4) < 0.1 && fabs(product / 1e5) < 0.08);
    end(&a);
    end(&b);
    tw_context_free(ctx);
}

/* Two that draw do not draw the same: variances add up to 2, where equal numbers would cancel. */
static void noise_of_two_links(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"noise:eta=1,gamma=0+sgld:lr=2,temperature=0.5", NULL};
    struct work a = begin(&s, ctx, TW_F64, 100000, NULL);
    double squares = 0;
    gradient(&a, 0, 0);
    assert_int_equal(step(&a, NULL), TW_OK);
    for (size_t i = 0; i < a.n; i++) squares += pow(weight(&a, i) - bench_number(i, 1000), 2);
    assert_true(fabs(squares / 1e5 - 2) < 0.05);
    end(&a);
    tw_context_free(ctx);
}

/* ---- Policies, factors, delays ---- */

static void not_finite_is_skipped_or_counts_as_zero(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(2, TW_ISA_DETECT);
    static const char *const rules[] = {"momentum:lr=0.5", "clip_global_norm:max=100+momentum:lr=0.5"};
    const int64_t n = 9000;
    const tw_tensor tensor = {"w", 1, &n, 0, 0};
    float *w = calloc(9000, sizeof *w), *g = calloc(9000, sizeof *g);
    for (int k = 0; k < 2; k++)
        for (int policy = TW_NONFINITE_SKIP; policy <= TW_NONFINITE_ZERO; policy++) {
            tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
            tw_optimizer *opt;
            o.rule = rules[k];
            o.tensors = &tensor;
            o.n_tensors = 1;
            o.nonfinite = (enum tw_nonfinite)policy;
            assert_int_equal(tw_optimizer_create(&opt, ctx, &o, NULL), TW_OK);
            for (int i = 0; i < 9000; i++) w[i] = 0, g[i] = 0.25f;
            g[8000] = NAN;
            g[10] = -INFINITY;
            assert_int_equal(tw_step_f32(opt, w, g, NULL), TW_OK);
            int skips = policy == TW_NONFINITE_SKIP;
            assert_int_equal(tw_optimizer_steps(opt), !skips);
            assert_int_equal(tw_optimizer_skipped(opt), skips);
            for (int i = 0; i < 9000; i++)
                assert_true(w[i] == (skips || i == 10 || i == 8000 ? 0.f : -0.125f));
            g[8000] = g[10] = 0.25f;
            assert_int_equal(tw_step_f32(opt, w, g, NULL), TW_OK);
            assert_true(w[0] == (skips ? -0.125f : -0.125f - 0.1125f - 0.125f));
            tw_optimizer_free(opt);
        }
    free(w);
    free(g);
    tw_context_free(ctx);
}

static void a_factor_multiplies_lr(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"sgd:lr=0.5", NULL};
    struct work a = begin(&s, ctx, TW_F64, 20, NULL);
    double before = weight(&a, 3), lr;
    assert_int_equal(tw_optimizer_set_factor(a.opt, -1, NULL), TW_ERR_SPEC);
    assert_int_equal(tw_optimizer_set_factor(a.opt, 0.5, NULL), TW_OK);
    assert_int_equal(tw_optimizer_value(a.opt, "lr", &lr, NULL), TW_OK);
    assert_true(lr == 0.25);
    steps(&a, 0, 1);
    assert_true(weight(&a, 3) == before - 0.25 * bench_number(3, 0));
    end(&a);
    struct subject above_0 = {"ftrl", NULL};
    struct work b = begin(&above_0, ctx, TW_F64, 20, NULL);
    tw_error err;
    assert_int_equal(tw_optimizer_set_factor(b.opt, 0, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "lr = 0.1 times a factor of 0 is outside (0, inf)");
    assert_int_equal(tw_optimizer_set_factor(b.opt, INFINITY, &err), TW_ERR_SPEC);
    assert_int_equal(tw_optimizer_set_factor(b.opt, 2, &err), TW_OK);
    end(&b);
    tw_context_free(ctx);
}

/* A transform's hyperparameter goes by its name and a dot. */
static void schedules_of_transforms(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    static const struct {
        const char *schedule, *message;
    } cases[] = {
        {"emma.decay=cosine",
         "\"clip_norm:max=4+sgd:lr=1+ema:decay=0.5\" has no transform \"emma\" for the schedule of emma.decay"},
        {"ema.decy=cosine",
         "transform \"ema\" has no hyperparameter \"decy\" for a schedule (did you mean \"decay\"?)"},
        {"clip_norm.max=constant;clip_norm.max=constant", "clip_norm.max has two schedules"},
    };
    struct subject s = {"clip_norm:max=4+sgd:lr=1+ema:decay=0.5", NULL};
    struct work a =
        begin(&s, ctx, TW_F64, 3,
              "clip_norm.max=constant/1;constant:factor=0.5;ema.decay=constant/1;constant:factor=0.2");
    assert_string_equal(
        tw_optimizer_schedule(a.opt),
        "clip_norm.max=constant/1;constant:factor=0.5;ema.decay=constant/1;constant:factor=0.2");
    double *w = a.w, *g = a.g, shown[3];
    for (int i = 0; i < 3; i++) w[i] = 0, g[i] = i == 0 ? 10 : 0;
    assert_int_equal(step(&a, NULL), TW_OK);
    assert_true(w[0] == -4);
    assert_int_equal(step(&a, NULL), TW_OK);
    assert_true(w[0] == -6);
    assert_int_equal(tw_view_f64(a.opt, w, shown, NULL), TW_OK);
    assert_true(fabs(shown[0] - (0.1 * 0.5 * -4 + 0.9 * -6) / (1 - 0.5 * 0.1)) < 1e-15);
    end(&a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int64_t one = 1;
        const tw_tensor tensor = {"a", 1, &one, 0, 0};
        tw_optimizer *opt;
        tw_error err;
        assert_int_equal(bench_create(&opt, ctx, s.spec, NULL, cases[i].schedule, 10, TW_F64, &tensor, 1, 0,
                                      &err),
                         TW_ERR_SPEC);
        assert_string_equal(err.message, cases[i].message);
    }
    tw_context_free(ctx);
}

static void calls_out_of_order(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"clip_norm+sgd", NULL};
    struct work a = begin(&s, ctx, TW_F32, 20, NULL);
    tw_error err;
    gradient(&a, 0, 1);
    assert_int_equal(tw_step_measure_f32(a.opt, 0, 20, a.w, a.g, &err), TW_ERR_STATE);
    assert_int_equal(tw_step_settle_f32(a.opt, a.w, &err), TW_ERR_STATE);
    assert_int_equal(tw_step_begin(a.opt, &err), TW_OK);
    assert_int_equal(tw_step_range_f32(a.opt, 0, 20, a.w, a.g, &err), TW_ERR_STATE);
    assert_string_equal(err.message,
                        "this optimiser measures first: 1 more passes of tw_step_measure and tw_step_settle");
    assert_int_equal(tw_step_end(a.opt, &err), TW_ERR_STATE);
    assert_int_equal(tw_step_measure_f32(a.opt, 0, 20, a.w, a.g, &err), TW_OK);
    assert_int_equal(tw_step_settle_f32(a.opt, a.w, &err), TW_OK);
    assert_int_equal(tw_step_settle_f32(a.opt, a.w, &err), TW_ERR_STATE);
    assert_string_equal(err.message, "all 1 passes of this step are settled");
    assert_int_equal(tw_step_range_f32(a.opt, 0, 20, a.w, a.g, &err), TW_OK);
    assert_int_equal(tw_step_end(a.opt, &err), TW_OK);
    end(&a);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(rows_however_they_are_stored),
        cmocka_unit_test(wrappers_follow_what_is_reported),
        cmocka_unit_test(noise_has_its_size),
        cmocka_unit_test(noise_of_two_links),
        cmocka_unit_test(not_finite_is_skipped_or_counts_as_zero),
        cmocka_unit_test(a_factor_multiplies_lr),
        cmocka_unit_test(schedules_of_transforms),
        cmocka_unit_test(calls_out_of_order),
        cmocka_unit_test(isa_and_threads_change_nothing),
        cmocka_unit_test(ranges_equal_the_whole),
        cmocka_unit_test(sums_may_be_added_over_ranks),
        cmocka_unit_test(resume_equals_one_run),
        cmocka_unit_test(a_bad_gradient_stops_the_run),
        cmocka_unit_test(a_bad_weight_is_not_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
