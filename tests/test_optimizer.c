/* The optimiser: calls out of order, tensors that are not stepped, memory that runs out, state that does not
 * fit.
 * SPDX-License-Identifier: MIT */
#include "optimizer_bench.h"
#include "rounding.h"
#include <math.h>
#include "base/cpu.h"

static const int64_t two_by_three[] = {2, 3}, four[] = {4};
static const tw_tensor layout[] = {
    {"0.weight", 2, two_by_three, 0, 0},
    {"1.mean", 1, four, 6, TW_TENSOR_BUFFER},
    {"2.weight", 1, four, 10, TW_TENSOR_FROZEN},
    {"3.bias", 1, four, 14, 0},
};
enum { N = 18, MOST = 40 };

static tw_optimizer *make(tw_context *ctx, const char *spec, const char *schedule, uint64_t total)
{
    tw_optimizer *opt;
    tw_error err;
    if (bench_create(&opt, ctx, spec, NULL, schedule, total, TW_F32, layout, 4, 0, &err) != TW_OK)
        fail_msg("%s: %s", spec, err.message);
    return opt;
}

static void refused(tw_context *ctx, const char *spec, const char *schedule, const tw_tensor *tensors,
                    size_t n, const char *message)
{
    tw_optimizer *opt;
    tw_error err;
    assert_int_equal(bench_create(&opt, ctx, spec, NULL, schedule, 0, TW_F32, tensors, n, 0, &err),
                     TW_ERR_SPEC);
    assert_null(opt);
    assert_string_equal(err.message, message);
}

static void only_weights_are_stepped(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt = make(ctx, "sgd:lr=1", NULL, 0);
    float w[N] = {0}, g[N];
    /* nobody looks at the gradient of what is not stepped */
    for (int i = 0; i < N; i++) g[i] = i >= 6 && i < 14 ? NAN : 1;
    assert_int_equal(tw_step_f32(opt, w, g, NULL), TW_OK);
    for (int i = 0; i < N; i++) assert_true(w[i] == (i >= 6 && i < 14 ? 0.f : -1.f));
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

/* Kernels take whole vectors; what is left of a run is stepped on a copy. A run of any length has the bits it
 * has inside a longer one. */
static void length(const char *spec, tw_type type, int64_t n, double w[MOST])
{
    const tw_tensor all = {"all", 1, &n, 0, 0};
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt;
    double g[MOST];
    memset(w, 0, MOST * sizeof *w);
    assert_int_equal(bench_create(&opt, ctx, spec, NULL, NULL, 0, type, &all, 1, 3, NULL), TW_OK);
    for (uint64_t t = 0; t < 3; t++) {
        for (size_t i = 0; i < MOST; i++)
            if (type == TW_F32) ((float *)g)[i] = (float)bench_number(i, t);
            else g[i] = bench_number(i, t);
        assert_int_equal(type == TW_F32 ? tw_step_f32(opt, (float *)w, (float *)g, NULL)
                                        : tw_step_f64(opt, w, g, NULL),
                         TW_OK);
    }
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

static void a_step_of_any_length(void **state)
{
    static const char *const specs[] = {"adam:amsgrad=1,weight_decay=0.1",
                                        "sgd:momentum=0.9",
                                        "signum",
                                        "sgld",
                                        "clip_value:max=0.5+rmsprop:centered=1",
                                        "padam"};
    static const char nothing[MOST * sizeof(double)];
    (void)state;
    for (size_t s = 0; s < sizeof specs / sizeof specs[0]; s++)
        for (int type = TW_F32; type <= TW_F64; type++) {
            double whole[MOST], w[MOST];
            length(specs[s], (tw_type)type, MOST, whole);
            for (int64_t n = 1; n < MOST; n++) {
                const size_t bytes = (size_t)n * tw_type_size((tw_type)type);
                length(specs[s], (tw_type)type, n, w);
                assert_memory_equal(w, whole, bytes);
                assert_memory_equal((char *)w + bytes, nothing, sizeof w - bytes);
            }
        }
}

/* Whether all that is kept is finite: the slots and scalars of a state. */
static int all_finite(const struct store *kept)
{
    for (int i = 0; i < kept->n; i++)
        for (size_t k = 0; k < kept->pieces[i].bytes / tw_type_size(kept->pieces[i].type); k++) {
            if (kept->pieces[i].type == TW_F32 && !isfinite(((float *)kept->pieces[i].data)[k])) return 0;
            if (kept->pieces[i].type == TW_F64 && !isfinite(((double *)kept->pieces[i].data)[k])) return 0;
        }
    return 1;
}

static void tensors_of_no_elements(void **state)
{
    (void)state;
    static const int64_t none[] = {0, 3}, rest[] = {2, 6};
    const tw_tensor with[] = {{"none", 2, none, 0, 0},
                              {"a", 2, two_by_three, 0, 0},
                              {"b", 1, none, 6, 0},
                              {"c", 2, rest, 6, 0},
                              {"d", 1, none, N, 0}};
    const tw_tensor without[] = {with[1], with[3]};
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t r = 0; tw_rule_at(r); r++) {
        tw_optimizer *a, *b;
        float w[N], v[N], g[N];
        struct store kept;
        assert_int_equal(bench_create(&a, ctx, tw_rule_at(r)->name, NULL, NULL, 0, TW_F32, with, 5, 0, NULL),
                         TW_OK);
        assert_int_equal(bench_create(&b, ctx, tw_rule_at(r)->name, NULL, NULL, 0, TW_F32, without, 2, 0,
                                      NULL),
                         TW_OK);
        for (int i = 0; i < N; i++) w[i] = v[i] = 1, g[i] = (float)bench_number((uint64_t)i, 0);
        for (int t = 0; t < 3; t++) {
            assert_int_equal(tw_step_f32(a, w, g, NULL), TW_OK);
            assert_int_equal(tw_step_f32(b, v, g, NULL), TW_OK);
        }
        if (memcmp(w, v, sizeof w) != 0)
            fail_msg("%s: empty tensors change the others' weights", tw_rule_at(r)->name);
        store_open(&kept);
        assert_int_equal(tw_optimizer_visit(a, &kept.v, NULL), TW_OK);
        if (!all_finite(&kept)) fail_msg("%s: the state is not finite", tw_rule_at(r)->name);
        store_close(&kept);
        tw_optimizer_free(a);
        tw_optimizer_free(b);
    }
    tw_context_free(ctx);
}

static void calls_out_of_order(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt = make(ctx, "adam", NULL, 0);
    struct store kept;
    float w[N] = {0}, g[N] = {0};
    double d[N] = {0};
    tw_error err;
    store_open(&kept);
    assert_int_equal(tw_step_end(opt, &err), TW_ERR_STATE);
    assert_int_equal(tw_step_range_f32(opt, 0, N, w, g, &err), TW_ERR_STATE);
    assert_int_equal(tw_step_f64(opt, d, d, &err), TW_ERR_STATE);
    assert_string_equal(err.message, "this optimiser was made for f32 and is called with f64");
    assert_int_equal(tw_view_f64(opt, d, d, &err), TW_ERR_STATE);
    assert_int_equal(tw_step_begin(opt, &err), TW_OK);
    assert_int_equal(tw_step_begin(opt, &err), TW_ERR_STATE);
    assert_int_equal(tw_optimizer_visit(opt, &kept.v, &err), TW_ERR_STATE);
    assert_int_equal(tw_step_range_f32(opt, 5, N, w, g, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "the range [5, 18) does not fall on multiples of 4096 within [0, 18)");
    assert_int_equal(tw_step_range_f32(opt, 0, N + 1, w, g, &err), TW_ERR_SPEC);
    assert_int_equal(tw_step_range_f32(opt, 0, N, w, g, &err), TW_OK);
    assert_int_equal(tw_step_end(opt, &err), TW_OK);
    assert_int_equal(tw_optimizer_steps(opt), 1);
    g[15] = INFINITY;
    assert_int_equal(tw_step_f32(opt, w, g, &err), TW_ERR_NOT_FINITE);
    assert_string_equal(err.message, "the gradient of 3.bias is not finite at element 1, step 2");
    assert_int_equal(tw_step_begin(opt, &err), TW_ERR_STATE);
    assert_int_equal(tw_optimizer_visit(opt, &kept.v, &err), TW_ERR_STATE);
    store_close(&kept);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

static void bad_tensors(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    const int64_t huge[] = {INT64_MAX, INT64_MAX}, negative[] = {-1};
    refused(ctx, "adam", NULL, &layout[1], 1,
            "tensor 1.mean begins at element 6, not at 0 where the one before it ends");
    refused(ctx, "adam", NULL, &(tw_tensor){"a", 2, huge, 0, 0}, 1, "tensor a: its shape has no size");
    refused(ctx, "adam", NULL, &(tw_tensor){"a", 1, negative, 0, 0}, 1, "tensor a: its shape has no size");
    refused(ctx, "adam", NULL, &(tw_tensor){"", 1, four, 0, 0}, 1,
            "a tensor's name must have 1 to 200 characters");
    const tw_tensor same[] = {{"a", 1, four, 0, 0}, {"b", 1, four, 4, 0}, {"a", 1, four, 8, 0}};
    refused(ctx, "adam", NULL, same, 3, "two tensors have the name a");
    refused(ctx, "sgd", "momentum=cosine/5", layout, 4,
            "a schedule for momentum has no effect: momentum is 0");
    refused(ctx, "adagrad:initial_accumulator=0.1", "initial_accumulator=cosine/5", layout, 4,
            "a schedule for initial_accumulator has no effect: it is what s begins with");
    refused(ctx, NULL, NULL, layout, 4, "no rule is named; a name is needed, as in \"adam:lr=0.001\"");
    tw_optimizer *opt;
    tw_error err;
    assert_int_equal(bench_create(&opt, ctx, "adam", NULL, "cosine:rise=1", 1ull << 63, TW_F32, layout, 4, 0,
                                  &err),
                     TW_ERR_SPEC);
    assert_string_equal(err.message, "a run of 9223372036854775808 steps is longer than 2^53");
    assert_int_equal(bench_create(&opt, ctx, "adam", NULL, NULL, 0, TW_U8, layout, 4, 0, NULL), TW_ERR_SPEC);
    /* nothing to step */
    assert_int_equal(bench_create(&opt, ctx, "adam", NULL, NULL, 0, TW_F32, NULL, 0, 0, NULL), TW_ERR_SPEC);
    tw_context_free(ctx);
}

static void values_and_specs(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt =
        make(ctx, "adam:learning_rate=0.002,beta_2=0.999,amsgrad=true", "warmup/4;cosine", 12);
    float w[N] = {0}, g[N] = {0};
    double x;
    assert_string_equal(tw_optimizer_spec(opt), "adam:lr=0.002,amsgrad=1");
    assert_string_equal(tw_optimizer_schedule(opt), "warmup/4;cosine");
    assert_int_equal(tw_optimizer_state_bytes(opt), 3 * N * 4);
    assert_int_equal(tw_optimizer_value(opt, "lr", &x, NULL), TW_OK);
    assert_true(x == 0.002 / 4);
    for (int t = 0; t < 8; t++) assert_int_equal(tw_step_f32(opt, w, g, NULL), TW_OK);
    assert_int_equal(tw_optimizer_value(opt, "learning_rate", &x, NULL), TW_OK);
    assert_true(fabs(x - 0.001) < 1e-15);
    assert_int_equal(tw_optimizer_value(opt, "rho", &x, NULL), TW_ERR_SPEC);
    tw_optimizer_free(opt);
    opt = make(ctx, "sgd", NULL, 0);
    assert_int_equal(tw_optimizer_state_bytes(opt), 0);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

static void a_schedule_out_of_bounds_stops_before_the_step(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt = make(ctx, "adam", "beta1=constant/2;constant:factor=2", 0);
    float w[N] = {0}, g[N] = {0};
    tw_error err;
    assert_int_equal(tw_step_f32(opt, w, g, &err), TW_OK);
    assert_int_equal(tw_step_f32(opt, w, g, &err), TW_OK);
    assert_int_equal(tw_step_f32(opt, w, g, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "the schedule sets beta1 = 1.8 at step 3, outside [0, 1)");
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

static void names_of_the_state(void **state)
{
    (void)state;
    static const char *const names[] = {"optimizer.spec",    "optimizer.steps", "optimizer.factor",
                                        "optimizer.scalars", "slot.m/0.weight", "slot.m/1.mean",
                                        "slot.m/2.weight",   "slot.m/3.bias",   "slot.v/0.weight",
                                        "slot.v/1.mean",     "slot.v/2.weight", "slot.v/3.bias"};
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt = make(ctx, "nadam", "cosine", 50), *other = make(ctx, "nadam:lr=0.5", "cosine", 50),
                 *longer = make(ctx, "nadam", "cosine", 51);
    struct store kept;
    tw_error err;
    float w[N] = {0}, g[N] = {0};
    store_open(&kept);
    assert_int_equal(tw_optimizer_visit(opt, &kept.v, &err), TW_OK);
    assert_int_equal(kept.n, sizeof names / sizeof names[0]);
    for (int i = 0; i < kept.n; i++) assert_string_equal(kept.pieces[i].name, names[i]);
    store_load(&kept);
    assert_int_equal(tw_optimizer_visit(other, &kept.v, &err), TW_ERR_STATE);
    assert_string_equal(
        err.message,
        "the stored optimiser is \"nadam cosine over 50 steps\", this one is \"nadam:lr=0.5 cosine over 50 steps\"");
    assert_int_equal(tw_step_f32(other, w, g, &err), TW_OK); /* nothing was loaded */
    store_load(&kept);
    assert_int_equal(tw_optimizer_visit(longer, &kept.v, &err), TW_ERR_STATE);
    store_close(&kept);
    tw_optimizer_free(opt);
    tw_optimizer_free(other);
    tw_optimizer_free(longer);
    tw_context_free(ctx);
}

/* Noise goes on as it began, or not at all. */
static void the_seed_belongs_to_noise(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    static const char *const specs[] = {"sgd", "noise+sgd"};
    for (int noisy = 0; noisy < 2; noisy++) {
        tw_optimizer *a, *b;
        struct store kept;
        tw_error err;
        assert_int_equal(bench_create(&a, ctx, specs[noisy], NULL, NULL, 0, TW_F32, layout, 4, 1, NULL),
                         TW_OK);
        assert_int_equal(bench_create(&b, ctx, specs[noisy], NULL, NULL, 0, TW_F32, layout, 4, 2, NULL),
                         TW_OK);
        store_open(&kept);
        assert_int_equal(tw_optimizer_visit(a, &kept.v, NULL), TW_OK);
        store_load(&kept);
        assert_int_equal(tw_optimizer_visit(b, &kept.v, &err), noisy ? TW_ERR_STATE : TW_OK);
        if (noisy)
            assert_string_equal(
                err.message,
                "the stored optimiser is \"noise+sgd constant seed 1\", this one is \"noise+sgd constant seed 2\"");
        store_close(&kept);
        tw_optimizer_free(a);
        tw_optimizer_free(b);
    }
    tw_context_free(ctx);
}

static void loading_revives_a_stopped_optimiser(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt = make(ctx, "adam", NULL, 0);
    struct store kept;
    float w[N] = {0}, g[N] = {0};
    store_open(&kept);
    assert_int_equal(tw_optimizer_visit(opt, &kept.v, NULL), TW_OK);
    g[0] = NAN;
    assert_int_equal(tw_step_f32(opt, w, g, NULL), TW_ERR_NOT_FINITE);
    g[0] = 0;
    store_load(&kept);
    assert_int_equal(tw_optimizer_visit(opt, &kept.v, NULL), TW_OK);
    assert_int_equal(tw_step_f32(opt, w, g, NULL), TW_OK);
    store_close(&kept);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

/* Wherever it stands it counts as 0, and a rule alone, or one with transforms, makes the rest of the step.
 * Frozen tensors cut chunks into parts. */
static void bad_gradients_at_every_border(void **state)
{
    (void)state;
    const int64_t sizes[] = {5000, 100, 3 * TW_CHUNK, 2 * TW_CHUNK + 7};
    const size_t places[] = {0,     1,     4095,  4096,  4999,  5100,  8191,  8192,
                             12287, 12288, 16384, 17387, 17388, 20480, 24576, 25586};
    tw_tensor tensors[4];
    size_t n = 0;
    for (int i = 0; i < 4; i++) {
        tensors[i] = (tw_tensor){i == 0   ? "a"
                                 : i == 1 ? "frozen"
                                 : i == 2 ? "b"
                                          : "c",
                                 1, &sizes[i], n, i == 1 ? TW_TENSOR_FROZEN : 0};
        n += (size_t)sizes[i];
    }
    float *w = calloc(n, sizeof *w), *g = calloc(n, sizeof *g);
    for (int isa = TW_ISA_BASE; isa <= (int)tw_isa_of_cpu(); isa++)
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
            tw_context *ctx = bench_context(1, (tw_isa)isa);
            tw_optimizer *opt;
            tw_error err;
            size_t at = places[k], tensor = 3;
            assert_int_equal(bench_create(&opt, ctx, k % 3 ? "sgd:lr=1" : "clip_value:max=2+sgd:lr=1+ema",
                                          NULL, NULL, 0, TW_F32, tensors, 4, 0, NULL),
                             TW_OK);
            for (size_t i = 0; i < n; i++) w[i] = 0, g[i] = 1;
            g[at] = k % 2 ? NAN : -INFINITY;
            while (tensors[tensor].offset > at) tensor--;
            assert_int_equal(tw_step_f32(opt, w, g, &err), TW_ERR_NOT_FINITE);
            assert_string_equal(err.tensor, tensors[tensor].name);
            assert_int_equal(err.index, at - tensors[tensor].offset);
            for (size_t i = 0; i < n; i++)
                if (w[i] != (i == at || (i >= 5000 && i < 5100) ? 0.f : -1.f))
                    fail_msg("bad %zu: weight %zu is %g", at, i, (double)w[i]);
            tw_optimizer_free(opt);
            tw_context_free(ctx);
        }
    free(w);
    free(g);
}

/* ---- Every allocation fails in turn ---- */

struct counted {
    int left;
    long live;
};

static void *counting_resize(void *user, void *p, size_t old, size_t now, size_t align)
{
    struct counted *c = user;
    if (now == 0) {
        free(p);
        c->live--;
        return NULL;
    }
    if (c->left-- <= 0) return NULL;
    void *q = aligned_alloc(align, (now + align - 1) / align * align);
    if (q && p) {
        memcpy(q, p, old < now ? old : now);
        free(p);
    } else if (q) c->live++;
    return q;
}

/* What a life needs that is given: each allocates in another way. */
struct plan {
    const char *rule, *schedule, *groups;
    enum tw_sparse sparse;
    enum tw_nonfinite nonfinite;
    int sparse_steps;
};
static const struct plan plans[] = {
    {"nag", "warmup/5;cosine", NULL, TW_SPARSE_EXACT, TW_NONFINITE_ERROR, 0},
    {"clip_adaptive+clip_norm+noise+prodigy:wd_mask=matrices,weight_decay=0.1+clip_update+lookahead+ema",
     NULL, "*.bias:lr=0", TW_SPARSE_EXACT, TW_NONFINITE_ZERO, 0},
    {"centralize+muon", "lr=cosine", "0.*:lr_mult=2 3.*:freeze=1", TW_SPARSE_EXACT, TW_NONFINITE_SKIP, 0},
    {"adafactor:beta1=0.9+polyak", NULL, NULL, TW_SPARSE_EXACT, TW_NONFINITE_ERROR, 0},
    {"novograd", NULL, NULL, TW_SPARSE_EXACT, TW_NONFINITE_SKIP, 0},
    {"adam", "cosine", "0.*:amsgrad=1", TW_SPARSE_REPLAY, TW_NONFINITE_ERROR, 5},
    {"momentum", NULL, NULL, TW_SPARSE_EXACT, TW_NONFINITE_ERROR, 5},
};

static tw_status make_planned(tw_optimizer **opt, tw_context *ctx, const struct plan *plan, tw_error *err)
{
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    o.rule = plan->rule;
    o.schedule = plan->schedule;
    o.groups = plan->groups;
    o.sparse = plan->sparse;
    o.nonfinite = plan->nonfinite;
    o.total_steps = 20;
    o.tensors = layout;
    o.n_tensors = 4;
    return tw_optimizer_create(opt, ctx, &o, err);
}

/* An allocation that fails in a step leaves the optimiser as it was: the step may be tried again. */
static tw_status a_life(tw_context *ctx, const struct plan *plan, tw_error *err)
{
    static const uint32_t index[] = {0, 15};
    tw_optimizer *opt;
    float w[N] = {0}, g[N] = {0}, shown[N];
    struct store kept;
    TW_TRY(make_planned(&opt, ctx, plan, err));
    store_open(&kept);
    tw_status s = plan->sparse_steps ? TW_OK : tw_step_f32(opt, w, g, err);
    for (int i = 0; s == TW_OK && i < plan->sparse_steps; i++) {
        s = tw_step_sparse_f32(opt, w, 2, index, g, err);
        assert_int_equal(tw_optimizer_steps(opt), i + (s == TW_OK));
    }
    if (plan->sparse_steps) assert_int_equal(tw_sparse_flush_f32(opt, w, N, NULL, NULL), TW_OK);
    if (s == TW_OK) s = tw_view_f32(opt, w, shown, err);
    if (s == TW_OK) s = tw_optimizer_visit(opt, &kept.v, err);
    store_load(&kept);
    if (s == TW_OK) s = tw_optimizer_visit(opt, &kept.v, err);
    store_close(&kept);
    tw_optimizer_free(opt);
    return s;
}

/* 1 once so many allocations are enough. */
static int survives(const struct plan *plan, int allowed)
{
    struct counted count = {1000, 0};
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    tw_context *ctx;
    tw_error err = {.code = TW_OK};
    o.resize = counting_resize;
    o.user = &count;
    o.threads = 2;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    long before = count.live;
    count.left = allowed;
    tw_status s = a_life(ctx, plan, &err);
    assert_int_equal(count.live, before);
    tw_context_free(ctx);
    assert_int_equal(count.live, 0);
    if (s != TW_OK) assert_int_equal(s, TW_ERR_MEMORY);
    assert_int_equal(err.code, s);
    return s == TW_OK;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        int allowed = 0;
        while (!survives(&plans[i], allowed)) allowed++;
        if (allowed <= 10) fail_msg("%s: %d allocations", plans[i].rule, allowed);
    }
}

/* Calls leave the caller's floating-point mode as it was, and work in flush-to-zero whatever it was. */
static void floating_point_mode(void **state)
{
    (void)state;
#if defined(__x86_64__)
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt = make(ctx, "sgd:lr=0.5", NULL, 0);
    float w[N], g[N] = {0};
    uint32_t before, after;
    for (int i = 0; i < N; i++) w[i] = 0x1p-126f, g[i] = 0x1p-126f;
    __asm__ volatile("stmxcsr %0" : "=m"(before));
    assert_int_equal(tw_step_f32(opt, w, g, NULL), TW_OK);
    __asm__ volatile("stmxcsr %0" : "=m"(after));
    assert_int_equal(before & 0xFFC0, after & 0xFFC0);
    assert_true(w[0] == 0x1p-126f); /* lr g is subnormal, so it counts as 0 */
    tw_optimizer_free(opt);
    tw_context_free(ctx);
#endif
}

#if defined(__x86_64__)
static uint32_t mxcsr(void)
{
    uint32_t now;
    __asm__ volatile("stmxcsr %0" : "=m"(now));
    return now & 0xFFC0; /* without the flags of what happened */
}

/* Whatever a caller of the library can read, as numbers. */
struct outcome {
    float w[3][N], shown[3][N];
    double lr, scheduled;
    char spec[64];
};

static void live(tw_context *ctx, struct outcome *to)
{
    const uint32_t mode = mxcsr();
    float g[N];
    memset(to, 0, sizeof *to);
    for (int i = 0; i < N; i++) g[i] = (float)(i + 1) / 1024;
    static const char *const rules[] = {"adagrad:lr=0.3,initial_accumulator=0.7", "nag:lr=0.3,momentum=0.7",
                                        "nadam:lr=0.7"};
    for (int r = 0; r < 3; r++) {
        tw_optimizer *opt = make(ctx, rules[r], "warmup/3;cosine:floor=0.3", 19);
        for (int t = 0; t < 7; t++) assert_int_equal(tw_step_f32(opt, to->w[r], g, NULL), TW_OK);
        assert_int_equal(tw_view_f32(opt, to->w[r], to->shown[r], NULL), TW_OK);
        assert_int_equal(tw_optimizer_value(opt, "lr", &to->lr, NULL), TW_OK);
        snprintf(to->spec, sizeof to->spec, "%s", tw_optimizer_spec(opt));
        tw_optimizer_free(opt);
    }
    assert_int_equal(tw_schedule_value("warmup/3", 0.7, 0, 0, &to->scheduled, NULL), TW_OK);
    assert_int_equal(mxcsr(), mode);
}

/* The same bits in whatever mode the caller rounds, which every call leaves as it was. */
static void every_rounding_mode(void **state)
{
    (void)state;
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    struct outcome want, got;
    tw_context *ctx = bench_context(2, TW_ISA_DETECT);
    const int before = fegetround();
    fesetround(FE_TONEAREST);
    live(ctx, &want);
    for (int i = 0; i < 3; i++) {
        fesetround(modes[i]);
        live(ctx, &got);
        fesetround(before);
        assert_memory_equal(&got, &want, sizeof want);
    }
    tw_context_free(ctx);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] =
    { cmocka_unit_test(only_weights_are_stepped),
      cmocka_unit_test(a_step_of_any_length),
      cmocka_unit_test(tensors_of_no_elements),
      cmocka_unit_test(calls_out_of_order),
      cmocka_unit_test(bad_tensors),
      cmocka_unit_test(values_and_specs),
      cmocka_unit_test(a_schedule_out_of_bounds_stops_before_the_step),
      cmocka_unit_test(names_of_the_state),
      cmocka_unit_test(loading_revives_a_stopped_optimiser),
      cmocka_unit_test(the_seed_belongs_to_noise),
      cmocka_unit_test(bad_gradients_at_every_border),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(floating_point_mode),
#if defined(__x86_64__)
      cmocka_unit_test(every_rounding_mode),
#endif
    };
    int failed = cmocka_run_group_tests_name("tests", tests, NULL, NULL);
#if defined(__x86_64__)
    failed += cmocka_run_group_tests_name("tests, rounding up", tests, round_up, still_up);
#endif
    return failed;
}
