/* Steps over few elements against the same steps with the gradient written out, for every rule: free, in
 * closed form, replayed; and the method that only looks at what is touched.
 * SPDX-License-Identifier: MIT */
#include "subject.h"
#include <float.h>

enum { N = 3000, STEPS = 40 };

static struct work make(tw_context *ctx, const char *spec, tw_type type, const char *schedule,
                        enum tw_sparse sparse)
{
    static const int64_t first = 1000, frozen = 50, rest = N - 1050;
    static const tw_tensor tensors[] = {{"first", 1, &first, 0, 0},
                                        {"frozen", 1, &frozen, 1000, TW_TENSOR_FROZEN},
                                        {"rest", 1, &rest, 1050, 0}};
    struct work a = {.ctx = ctx, .type = type, .n = N, .w = malloc(N * 8), .g = calloc(N, 8)};
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    tw_error err;
    o.rule = spec;
    o.schedule = schedule;
    o.total_steps = STEPS;
    o.type = type;
    o.tensors = tensors;
    o.n_tensors = 3;
    o.sparse = sparse;
    if (tw_optimizer_create(&a.opt, ctx, &o, &err) != TW_OK) fail_msg("%s: %s", spec, err.message);
    for (size_t i = 0; i < N; i++)
        if (type == TW_F32) ((float *)a.w)[i] = (float)bench_number(i, 1000);
        else ((double *)a.w)[i] = bench_number(i, 1000);
    return a;
}

/* Element i is touched at step t: some often, some never. */
static int touched(size_t i, uint64_t t)
{
    return i % 7 != 3 && (i + 3 * t) % (2 + i % 11) == 0 && bench_number(i, t + 50) > -0.5;
}

static void put(struct work *a, size_t at, double x)
{
    if (a->type == TW_F32) ((float *)a->g)[at] = (float)x;
    else ((double *)a->g)[at] = x;
}

static tw_status sparse_step(struct work *a, uint64_t t, tw_error *err)
{
    static uint32_t index[N];
    size_t n = 0;
    for (size_t i = 0; i < N; i++)
        if (touched(i, t)) {
            put(a, n, bench_number(i, t));
            index[n++] = (uint32_t)i;
        }
    return a->type == TW_F32 ? tw_step_sparse_f32(a->opt, a->w, n, index, a->g, err)
                             : tw_step_sparse_f64(a->opt, a->w, n, index, a->g, err);
}

static void dense_step(struct work *a, uint64_t t)
{
    for (size_t i = 0; i < N; i++) put(a, i, touched(i, t) ? bench_number(i, t) : 0);
    assert_int_equal(step(a, NULL), TW_OK);
}

static tw_status flush(struct work *a, size_t n, const uint32_t *index)
{
    return a->type == TW_F32 ? tw_sparse_flush_f32(a->opt, a->w, n, index, NULL)
                             : tw_sparse_flush_f64(a->opt, a->w, n, index, NULL);
}

/* Exactly, or to `units` in the last place of the largest number of all. */
static void compare(const char *spec, const struct work *dense, const struct work *sparse, double units)
{
    const tw__link *l = &dense->opt->links[0];
    double unit = units * (dense->type == TW_F64 ? DBL_EPSILON : FLT_EPSILON);
    for (int c = -1; c < l->r->n_slots; c++) {
        const void *x = c < 0 ? dense->w : l->slots[c],
                   *y = c < 0 ? sparse->w : sparse->opt->links[0].slots[c];
        for (size_t i = 0; x && i < N; i++) {
            double a = dense->type == TW_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
            double b = dense->type == TW_F32 ? (double)((const float *)y)[i] : ((const double *)y)[i];
            if (!(fabs(a - b) <= unit * fmax(1, fabs(a))))
                fail_msg("%s, %s: column %d, element %zu: %.17g dense, %.17g sparse", spec,
                         tw_type_name(dense->type), c, i, a, b);
        }
    }
}

static int can_be_sparse(const tw_rule *r)
{
    tw_choice c;
    assert_int_equal(tw_rule_read(&c, r->name, NULL, NULL), TW_OK);
    return c.rule->kind == TW_ELEMENT && !(c.rule->traits(c.values) & TW_DRAWS_NOISE);
}

static void equal_after(tw_context *ctx, const char *spec, tw_type type, const char *schedule,
                        enum tw_sparse how, double units)
{
    struct work a = make(ctx, spec, type, schedule, how), b = make(ctx, spec, type, schedule, how);
    tw_error err;
    for (uint64_t t = 0; t < STEPS; t++) {
        static const uint32_t some[] = {0, 3, 999, 1000, 1050, 2999};
        dense_step(&a, t);
        if (sparse_step(&b, t, &err) != TW_OK) fail_msg("%s: %s", spec, err.message);
        if (t == 20) assert_int_equal(flush(&b, 6, some), TW_OK);
        if (t == 25) assert_int_equal(flush(&b, N, NULL), TW_OK);
    }
    assert_int_equal(flush(&b, N, NULL), TW_OK);
    compare(spec, &a, &b, units);
    dense_step(&a, STEPS); /* and it goes on */
    dense_step(&b, STEPS);
    compare(spec, &a, &b, units);
    end(&a);
    end(&b);
}

static void every_rule_replayed(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(2, TW_ISA_DETECT);
    for (size_t i = 0; tw_rule_at(i); i++) {
        if (!can_be_sparse(tw_rule_at(i))) continue;
        equal_after(ctx, tw_rule_at(i)->name, TW_F32, NULL, TW_SPARSE_REPLAY, 0);
        equal_after(ctx, tw_rule_at(i)->name, TW_F64, NULL, TW_SPARSE_REPLAY, 0);
    }
    equal_after(ctx, "adam:amsgrad=1,weight_decay=0.01,wd_mode=lr", TW_F32, "warmup/5;cosine",
                TW_SPARSE_REPLAY, 0);
    equal_after(ctx, "nag:momentum=0.8,weight_decay=0.1", TW_F64, "momentum=step:step_size=9,gamma=0.5",
                TW_SPARSE_REPLAY, 0);
    tw_context_free(ctx);
}

static void free_and_closed_forms(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    equal_after(ctx, "sgd", TW_F32, "cosine", TW_SPARSE_EXACT, 0);
    equal_after(ctx, "adagrad:lr_decay=0.1", TW_F64, "cosine", TW_SPARSE_EXACT, 0);
    static const char *const closed[] = {"sgd:momentum=0.9",
                                         "sgd:momentum=0.9,nesterov=1,weight_decay=0.01",
                                         "sgd:weight_decay=0.1,wd_mode=lr",
                                         "momentum",
                                         "momentum:nesterov=1,weight_decay=0.1",
                                         "nag",
                                         "nag:weight_decay=0.1",
                                         "sgd:momentum=0.9,dampening=0.5,weight_decay=0.1",
                                         "schedule-free-sgd",
                                         "schedule-free-adamw"};
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        equal_after(ctx, closed[i], TW_F32, NULL, TW_SPARSE_EXACT, 40);
        equal_after(ctx, closed[i], TW_F64, NULL, TW_SPARSE_EXACT, 40);
    }
    tw_context_free(ctx);
}

/* Sparse steps, steps of the whole vector and another factor on lr, in turn. */
static void whole_steps_between(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        enum tw_sparse how;
        double units;
    } cases[] = {
        {"sgd", TW_SPARSE_EXACT, 0},
        {"momentum", TW_SPARSE_EXACT, 40},
        {"nag:weight_decay=0.1", TW_SPARSE_EXACT, 40},
        {"adam", TW_SPARSE_REPLAY, 0},
        {"nadam", TW_SPARSE_REPLAY, 0},
    };
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct work a = make(ctx, cases[k].spec, TW_F64, NULL, cases[k].how),
                    b = make(ctx, cases[k].spec, TW_F64, NULL, cases[k].how);
        for (uint64_t t = 0; t < STEPS; t++) {
            dense_step(&a, t);
            if (t % 10 < 7) assert_int_equal(sparse_step(&b, t, NULL), TW_OK);
            else dense_step(&b, t);
            if (t % 10 < 6) continue;
            assert_int_equal(flush(&b, N, NULL), TW_OK);
            compare(cases[k].spec, &a, &b, cases[k].units);
            const double factor = 1 / (double)(t % 4 + 1);
            assert_int_equal(tw_optimizer_set_factor(a.opt, factor, NULL), TW_OK);
            assert_int_equal(tw_optimizer_set_factor(b.opt, factor, NULL), TW_OK);
        }
        end(&a);
        end(&b);
    }
    tw_context_free(ctx);
}

/* Loading ends whatever is on, also a step and steps that elements have missed. */
static void loading_in_the_middle(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct work a = make(ctx, "adam", TW_F64, NULL, TW_SPARSE_REPLAY),
                b = make(ctx, "adam", TW_F64, NULL, TW_SPARSE_REPLAY);
    struct store kept;
    store_open(&kept);
    assert_int_equal(sparse_step(&a, 0, NULL), TW_OK);
    assert_int_equal(flush(&a, N, NULL), TW_OK);
    assert_int_equal(tw_optimizer_visit(a.opt, &kept.v, NULL), TW_OK);
    memcpy(b.w, a.w, N * sizeof(double));
    for (int in_a_step = 0; in_a_step < 2; in_a_step++) {
        if (in_a_step) assert_int_equal(tw_step_begin(b.opt, NULL), TW_OK);
        else
            for (uint64_t t = 0; t < 3; t++) assert_int_equal(sparse_step(&b, t, NULL), TW_OK);
        memcpy(b.w, a.w, N * sizeof(double));
        store_load(&kept);
        assert_int_equal(tw_optimizer_visit(b.opt, &kept.v, NULL), TW_OK);
    }
    for (uint64_t t = 1; t < 4; t++) {
        assert_int_equal(sparse_step(&a, t, NULL), TW_OK);
        assert_int_equal(sparse_step(&b, t, NULL), TW_OK);
    }
    assert_int_equal(flush(&a, N, NULL), TW_OK);
    assert_int_equal(flush(&b, N, NULL), TW_OK);
    compare("adam", &a, &b, 0);
    store_close(&kept);
    end(&a);
    end(&b);
    tw_context_free(ctx);
}

/* Adam on what is touched alone, with its step count of all steps: SparseAdam. */
static void touched_alone(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct work a = make(ctx, "adam:lr=0.1,eps=0", TW_F64, NULL, TW_SPARSE_TOUCHED);
    double w[N], m[N] = {0}, v[N] = {0};
    for (size_t i = 0; i < N; i++) w[i] = bench_number(i, 1000);
    for (uint64_t t = 0; t < 20; t++) {
        assert_int_equal(sparse_step(&a, t, NULL), TW_OK);
        for (size_t i = 0; i < N; i++) {
            if (!touched(i, t) || (i >= 1000 && i < 1050)) continue;
            double g = bench_number(i, t), c1 = 1 - pow(0.9, (double)t + 1),
                   c2 = 1 - pow(0.999, (double)t + 1);
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            w[i] -= 0.1 * (m[i] / c1) / sqrt(v[i] / c2);
        }
    }
    for (size_t i = 0; i < N; i++) assert_true(fabs(w[i] - ((double *)a.w)[i]) < 1e-12);
    end(&a);
    tw_context_free(ctx);
}

/* More steps than coefficients are kept for, with elements that are never touched. */
static void long_histories(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct work a = make(ctx, "adam", TW_F32, NULL, TW_SPARSE_REPLAY),
                b = make(ctx, "adam", TW_F32, NULL, TW_SPARSE_REPLAY);
    const uint32_t index[] = {5};
    for (int t = 0; t < 2500; t++) {
        float g = t % 900 == 0 ? 1.f : 0.25f;
        assert_int_equal(tw_step_sparse_f32(b.opt, b.w, t % 900 == 0, index, &g, NULL), TW_OK);
        memset(a.g, 0, N * sizeof(float));
        if (t % 900 == 0) ((float *)a.g)[5] = g;
        assert_int_equal(step(&a, NULL), TW_OK);
    }
    assert_int_equal(flush(&b, N, NULL), TW_OK);
    compare("adam", &a, &b, 0);
    end(&a);
    end(&b);
    tw_context_free(ctx);
}

static void refuse(tw_context *ctx, const char *spec, const char *schedule, enum tw_sparse how,
                   const char *message)
{
    struct work a = make(ctx, spec, TW_F64, schedule, how);
    tw_error err;
    assert_int_equal(sparse_step(&a, 0, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, message);
    end(&a);
}

static void refused(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    static const char unknown[] =
        "a gradient of 0 moves the weights of \"%s\", and how far is not known in closed form; "
        "replay does those steps one by one (exact), touched leaves them out (another method)";
    char text[400];
    snprintf(text, sizeof text, unknown, "adam");
    refuse(ctx, "adam", NULL, TW_SPARSE_EXACT, text);
    snprintf(text, sizeof text, unknown, "momentum");
    refuse(ctx, "momentum", "cosine", TW_SPARSE_EXACT, text); /* the closed form is for values that stay */
    refuse(ctx, "clip_global_norm+sgd", NULL, TW_SPARSE_EXACT,
           "\"clip_global_norm+sgd\" cannot take sparse steps: a transform looks at every element");
    struct work a = make(ctx, "momentum", TW_F64, NULL, TW_SPARSE_EXACT);
    const uint32_t falling[] = {4, 4}, beyond[] = {N};
    double g[2] = {NAN, 1}, shown[N];
    tw_error err;
    assert_int_equal(tw_step_sparse_f64(a.opt, a.w, 2, falling, g, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "index[1] = 4 is not above the one before it and below 3000");
    assert_int_equal(tw_step_sparse_f64(a.opt, a.w, 1, beyond, g, &err), TW_ERR_SPEC);
    assert_int_equal(tw_step_sparse_f64(a.opt, a.w, 0, NULL, NULL, &err), TW_OK);
    assert_int_equal(tw_view_f64(a.opt, a.w, shown, &err), TW_ERR_STATE);
    assert_int_equal(tw_step_f64(a.opt, a.w, a.g, &err), TW_ERR_STATE);
    assert_string_equal(err.message,
                        "after sparse steps tw_sparse_flush comes before a step of the whole vector");
    const uint32_t one[] = {1100};
    assert_int_equal(tw_step_sparse_f64(a.opt, a.w, 1, one, g, &err), TW_ERR_NOT_FINITE);
    assert_string_equal(err.message, "the gradient of rest is not finite at element 50, step 2");
    end(&a);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(free_and_closed_forms),
        cmocka_unit_test(every_rule_replayed),
        cmocka_unit_test(whole_steps_between),
        cmocka_unit_test(loading_in_the_middle),
        cmocka_unit_test(touched_alone),
        cmocka_unit_test(long_histories),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
