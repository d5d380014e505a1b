/* Rules against their papers' algorithms, written down literally, one weight at a time in double with libm's
 * functions: rates that change, gradients of all sizes, none now and then.  What a rule file rearranges, as
 * ftml's, must come out the same.
 * SPDX-License-Identifier: MIT */
#include "optimizer_bench.h"
#include <float.h>
#include <math.h>
#include "optimizer/optimizer.h"

enum { N = 6, STEPS = 120 };
static const char *const schedule = "constant/40;constant:factor=0.3";
static double rate(int t, double lr) { return t <= 40 ? lr : 0.3 * lr; }

/* Gradient i at step t: sizes from 1e-6 to 1e4; weight 4 has one every seventh step, weight 5 never. */
static double gradient(int i, int t)
{
    static const double size[N] = {1, 1e-6, 1e4, 0.1, 1, 0};
    if (i == 4 && t % 7) return 0;
    return size[i] * (bench_number((uint64_t)i, (uint64_t)t) + 0.2);
}

/* One weight of an algorithm: w the reported weight, a, b, c its state. */
struct one {
    double w, w0, a, b, c;
};
typedef void algorithm(struct one *x, int t, double lr, double g);

static void madgrad(struct one *x, int t, double lr, double g)
{
    double lamb = lr * sqrt(t);
    x->a += lamb * g;
    x->b += lamb * g * g;
    double divisor = cbrt(x->b) + 1e-6, z = x->w0 - x->a / divisor;
    x->w = 0.9 * x->w + 0.1 * z;
}

static void adabound_of(struct one *x, int t, double lr, double g, int ams)
{
    const double gamma = 0.05, last = 0.02;
    x->a = 0.9 * x->a + (1 - 0.9) * g;
    x->b = 0.999 * x->b + (1 - 0.999) * g * g;
    x->c = ams ? fmax(x->c, x->b) : x->b;
    double eta = lr * sqrt(1 - pow(0.999, t)) / (1 - pow(0.9, t)) / (sqrt(x->c) + 1e-8);
    x->w -= fmin(fmax(eta, last * (1 - 1 / (gamma * t + 1))), last * (1 + 1 / (gamma * t))) * x->a;
}

static void adabound(struct one *x, int t, double lr, double g) { adabound_of(x, t, lr, g, 0); }
static void amsbound(struct one *x, int t, double lr, double g) { adabound_of(x, t, lr, g, 1); }

static void padam(struct one *x, int t, double lr, double g)
{
    x->a = 0.9 * x->a + (1 - 0.9) * g;
    x->b = 0.999 * x->b + (1 - 0.999) * g * g;
    x->c = fmax(x->c, x->b);
    x->w -= lr * sqrt(1 - pow(0.999, t)) / (1 - pow(0.9, t)) * x->a / pow(sqrt(x->c) + 1e-8, 2 * 0.125);
}

static void padam_paper(struct one *x, int t, double lr, double g)
{
    (void)t;
    x->a = 0.9 * x->a + (1 - 0.9) * g;
    x->b = 0.999 * x->b + (1 - 0.999) * g * g;
    x->c = fmax(x->c, x->b);
    if (x->c > 0) x->w -= lr * x->a / pow(x->c, 0.125);
}

static void adopt_of(struct one *x, int t, double lr, double g, double limit)
{
    if (t > 1) {
        double u = g / fmax(sqrt(x->b), 1e-6);
        x->a = 0.9 * x->a + (1 - 0.9) * fmin(fmax(u, -limit), limit);
        x->w -= lr * x->a;
    }
    x->b = t == 1 ? g * g : 0.9999 * x->b + (1 - 0.9999) * g * g;
}

static void adopt(struct one *x, int t, double lr, double g) { adopt_of(x, t, lr, g, pow(t - 1, 0.25)); }
static void adopt_paper(struct one *x, int t, double lr, double g) { adopt_of(x, t, lr, g, INFINITY); }

static void ademamix(struct one *x, int t, double lr, double g)
{
    /* half-lives, evenly from one to the other */
    const double total = 60, start = log(0.5) / log(0.9), end = log(0.5) / log(0.999);
    double q = fmin(t / total, 1), alpha = 5 * q, beta3 = pow(0.5, 1 / ((1 - q) * start + q * end));
    x->a = 0.9 * x->a + (1 - 0.9) * g;
    x->b = beta3 * x->b + (1 - beta3) * g;
    x->c = 0.999 * x->c + (1 - 0.999) * g * g;
    x->w -= lr * ((x->a / (1 - pow(0.9, t)) + alpha * x->b) / (sqrt(x->c / (1 - pow(0.999, t))) + 1e-8) +
                  0.1 * x->w);
}

static void ftml(struct one *x, int t, double lr, double g)
{
    x->a = 0.999 * x->a + (1 - 0.999) * g * g;
    double d = (1 - pow(0.6, t)) / lr * (sqrt(x->a / (1 - pow(0.999, t))) + 1e-8), sigma = d - 0.6 * x->b;
    x->c = 0.6 * x->c + (1 - 0.6) * g - sigma * x->w;
    x->b = d;
    x->w = -x->c / d;
}

/* w is x, a is z, b is v; g stands for the gradient at y. */
static void free_adamw(struct one *x, int t, double lr, double g)
{
    if (t == 1) x->a = x->w0;
    double y = 0.9 * x->w + (1 - 0.9) * x->a, c = 1.0 / t;
    x->b = 0.999 * x->b + (1 - 0.999) * g * g;
    x->a -= lr * (g / (sqrt(x->b / (1 - pow(0.999, t))) + 1e-8) + 0.1 * y);
    x->w = (1 - c) * x->w + c * x->a;
}

/* c is the sum of the weights, the square of the largest rate so far each. */
static void free_sgd(struct one *x, int t, double lr, double g)
{
    if (t == 1) x->a = x->w0;
    x->b = fmax(x->b, lr);
    x->c += x->b * x->b;
    x->a -= lr * g;
    double c = x->b * x->b / x->c;
    x->w = (1 - c) * x->w + c * x->a;
}

static void dcasgd(struct one *x, int t, double lr, double g)
{
    (void)t;
    x->w -= lr * g;
}

static void follows(const char *spec, double lr, algorithm *step, double within)
{
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt;
    tw_error err;
    const int64_t n = N;
    const tw_tensor tensor = {"all", 1, &n, 0, 0};
    double w[N], g[N], shown[N];
    struct one one[N];
    if (bench_create(&opt, ctx, spec, NULL, schedule, 0, TW_F64, &tensor, 1, 1, &err) != TW_OK)
        fail_msg("%s: %s", spec, err.message);
    for (int i = 0; i < N; i++) one[i] = (struct one){.w = w[i] = 0.3 + i, .w0 = 0.3 + i};
    for (int t = 1; t <= STEPS; t++) {
        for (int i = 0; i < N; i++) step(&one[i], t, rate(t, lr), g[i] = gradient(i, t));
        assert_int_equal(tw_step_f64(opt, w, g, NULL), TW_OK);
        assert_int_equal(tw_view_f64(opt, w, shown, NULL), TW_OK);
        for (int i = 0; i < N; i++)
            if (!(fabs(shown[i] - one[i].w) <= within * fmax(1, fabs(one[i].w))))
                fail_msg("%s: weight %d at step %d is %.17g, not %.17g", spec, i, t, shown[i], one[i].w);
    }
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

static void rules_follow_their_papers(void **state)
{
    (void)state;
    follows("madgrad:lr=0.1", 0.1, madgrad, 1e-13);
    follows("adabound:lr=0.01,gamma=0.05,final_lr=0.02", 0.01, adabound, 1e-12);
    follows("adabound:lr=0.01,gamma=0.05,final_lr=0.02,amsbound=1", 0.01, amsbound, 1e-12);
    follows("padam:lr=0.1", 0.1, padam, 1e-13);
    follows("padam@paper:lr=0.1", 0.1, padam_paper, 1e-13);
    follows("adopt:lr=0.1", 0.1, adopt, 1e-13);
    follows("adopt@paper:lr=0.1", 0.1, adopt_paper, 1e-13);
    follows("ademamix:lr=0.01,beta3=0.999,t_alpha_beta3=60,weight_decay=0.1", 0.01, ademamix, 1e-12);
    follows("ftml:lr=0.1", 0.1, ftml, 1e-12);
    follows("schedule-free-adamw:lr=0.1,weight_decay=0.1", 0.1, free_adamw, 1e-13);
    follows("schedule-free-sgd:lr=0.1,lr_power=2", 0.1, free_sgd, 1e-13);
    follows("dcasgd:lr=0.01,lambda=2", 0.01, dcasgd, 1e-13);
}

/* ---- The power functions in float ---- */

/* madgrad's first step from 0 with momentum 0 and eps 0 is -lr g/cbrt(lr g^2), and padam's -lr k g/x^partial
 * with x = (1 - beta2) g^2: over all sizes of g whose square is a normal number, to so many units in the last
 * place of float. */
static double worst_first_step(const char *spec, double (*truth)(double))
{
    enum { M = 20000 };
    static float w[M], g[M];
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt;
    const int64_t n = M;
    const tw_tensor tensor = {"all", 1, &n, 0, 0};
    double worst = 0;
    assert_int_equal(bench_create(&opt, ctx, spec, NULL, NULL, 0, TW_F32, &tensor, 1, 1, NULL), TW_OK);
    for (int i = 0; i < M; i++) w[i] = 0, g[i] = (float)pow(10, 16 * bench_number((uint64_t)i, 3));
    assert_int_equal(tw_step_f32(opt, w, g, NULL), TW_OK);
    for (int i = 0; i < M; i++)
        worst = fmax(worst, fabs((double)w[i] / truth((double)g[i]) - 1) / (double)FLT_EPSILON);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
    return worst;
}

static double by_cube_root(double g) { return -0.5 * g / cbrt(0.5 * g * g); }
static double by_eighth_root(double g) { return -0.5 * sqrt(0.5) * g / pow(0.5 * g * g, 0.125); }

static void roots_are_near_in_float(void **state)
{
    (void)state;
    double cube = worst_first_step("madgrad:lr=0.5,momentum=0,eps=0", by_cube_root);
    double eighth = worst_first_step("padam:lr=0.5,beta1=0,beta2=0.5,eps=0", by_eighth_root);
    if (!(cube < 3 && eighth < 8)) fail_msg("%g and %g units in the last place", cube, eighth);
}

/* ---- sgld ---- */

static void sgld_step(uint64_t seed, int threads, size_t n, uint64_t steps, double *w)
{
    tw_context *ctx = bench_context(threads, TW_ISA_DETECT);
    tw_optimizer *opt;
    const int64_t length = (int64_t)n;
    const tw_tensor tensor = {"all", 1, &length, 0, 0};
    double *g = calloc(n, sizeof *g);
    assert_int_equal(bench_create(&opt, ctx, "sgld:lr=0.04,temperature=0.25", NULL, NULL, 0, TW_F64, &tensor,
                                  1, seed, NULL),
                     TW_OK);
    for (size_t i = 0; i < n; i++) w[i] = 0;
    for (uint64_t t = 0; t < steps; t++) {
        for (size_t i = 0; i < n; i++) g[i] = w[i];
        assert_int_equal(tw_step_f64(opt, w, g, NULL), TW_OK);
    }
    free(g);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

/* The noise of the first step has mean 0 and variance lr temperature, is that of tw_normals, and nothing but
 * the seed, t and the index decides it. */
static void sgld_draws_as_it_says(void **state)
{
    (void)state;
    enum { M = 100003 };
    static double w[M], other[M], normal[M];
    double mean = 0, square = 0, fourth = 0, beside = 0;
    sgld_step(5, 1, M, 1, w);
    tw_normals(5, 1, 0, M, normal);
    for (int i = 0; i < M; i++) {
        assert_true(fabs(w[i] - 0.1 * normal[i]) < 1e-15);
        mean += w[i] / M, square += w[i] * w[i] / M, fourth += w[i] * w[i] * w[i] * w[i] / M;
        beside += i ? w[i] * w[i - 1] / M : 0;
    }
    assert_true(fabs(mean) < 4 * 0.1 / sqrt(M));
    assert_true(fabs(square / 0.01 - 1) < 4 * sqrt(2.0 / M));
    assert_true(fabs(fourth / 0.0003 - 1) < 4 * sqrt(96.0 / 9 / M));
    assert_true(fabs(beside / 0.01) < 4 / sqrt(M));
    sgld_step(5, 3, M, 1, other);
    assert_memory_equal(w, other, sizeof w);
    sgld_step(5, 1, 1000, 1, other);
    assert_memory_equal(w, other, 1000 * sizeof *w);
    sgld_step(6, 1, M, 1, other);
    for (int i = 0; i < M; i++) assert_true(w[i] != other[i]);
}

/* On f = w^2/2 the samples become those of exp(-f/temperature): of variance temperature/(1 - lr/4) = 0.2525,
 * as w = (1 - lr/2) w + noise has it. */
static void sgld_samples_the_posterior(void **state)
{
    (void)state;
    enum { M = 50000 };
    static double w[M];
    double square = 0;
    sgld_step(9, 2, M, 300, w);
    for (int i = 0; i < M; i++) square += w[i] * w[i] / M;
    assert_true(fabs(square / (0.25 / (1 - 0.01)) - 1) < 4 * sqrt(2.0 / M));
}

/* ---- dcasgd with delay ---- */

/* Two updates of a kernel, as a server makes them, with the gradient of a worker that was at `at`: equation
 * 10, and with lambda/sqrt(s + eps). */
static double late_gradients(const char *spec, int adaptive)
{
    const tw_rule *rule = tw_rule_find("dcasgd");
    tw_choice c;
    enum { VECTOR = TW_KERNEL_BYTES / sizeof(double) };
    double w[VECTOR] = {1, 2, -1}, s[VECTOR] = {0}, want[VECTOR] = {1, 2, -1}, square[VECTOR] = {0};
    void *slots[] = {s}, *coef = calloc(1, rule->coef_size[1]);
    assert_int_equal(tw_rule_read(&c, spec, NULL, NULL), TW_OK);
    for (uint64_t t = 1; t <= 2; t++) {
        const double g[VECTOR] = {0.5, -1, 0}, at[VECTOR] = {1.25, 1, -3};
        const tw_moment now = {.t = t, .h = c.values, .next = c.values};
        const tw_span span = {.n = VECTOR, .out = w, .w = w, .g = g, .at = at, .slots = slots};
        rule->prepare[1](&now, coef);
        assert_int_equal(rule->update[1][c.variant][0](&span, coef), 0);
        for (int i = 0; i < VECTOR; i++) {
            square[i] = 0.95 * square[i] + 0.05 * g[i] * g[i];
            double lambda = adaptive ? 2 / sqrt(square[i] + 1e-7) : 2;
            want[i] -= 0.1 * (g[i] + lambda * g[i] * g[i] * (want[i] - at[i]));
            if (!(fabs(w[i] - want[i]) < 1e-15))
                fail_msg("%s: weight %d is %.17g, not %.17g", spec, i, w[i], want[i]);
        }
    }
    free(coef);
    return w[0];
}

static void dcasgd_makes_up_for_delay(void **state)
{
    (void)state;
    double by_hand = 1 - 0.1 * (0.5 - 0.5 * 0.25) - 0.1 * (0.5 - 0.5 * (1.25 - 0.9625));
    assert_true(fabs(late_gradients("dcasgd:lr=0.1,lambda=2", 0) - by_hand) < 1e-15);
    late_gradients("dcasgd:lr=0.1,lambda=2,adaptive=1", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_follow_their_papers), cmocka_unit_test(roots_are_near_in_float),
        cmocka_unit_test(sgld_draws_as_it_says),     cmocka_unit_test(sgld_samples_the_posterior),
        cmocka_unit_test(dcasgd_makes_up_for_delay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
