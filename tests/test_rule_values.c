/* Rules by numbers: first steps worked out on paper, matrices, what a rule remembers, and a bound that its
 * paper proves.
 * SPDX-License-Identifier: MIT */
#include "subject.h"
#include <float.h>
#include <math.h>

/* ---- First steps worked out on paper, from w = 1 with the constant gradient 0.5 ---- */

static double constant_gradient(const char *spec, int steps_wanted)
{
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    const struct subject s = {.spec = ""};
    struct subject named = s;
    snprintf(named.spec, sizeof named.spec, "%s", spec);
    struct work a = begin(&named, ctx, TW_F64, 3, NULL);
    double shown[3];
    for (int i = 0; i < 3; i++) ((double *)a.w)[i] = 1;
    for (int t = 0; t < steps_wanted; t++) {
        for (int i = 0; i < 3; i++) ((double *)a.g)[i] = 0.5;
        assert_int_equal(step(&a, NULL), TW_OK);
    }
    assert_int_equal(tw_view_f64(a.opt, a.w, shown, NULL), TW_OK);
    double w = shown[1];
    end(&a);
    tw_context_free(ctx);
    return w;
}

static void first_steps(void **state)
{
    (void)state;
    const double g = 0.5, mu1 = 0.9 * (1 - 0.5 * pow(0.96, 0.004)), mu2 = 0.9 * (1 - 0.5 * pow(0.96, 0.008));
    const double half_way = exp(2 / (1 / log(0.9) + 1 / log(0.99)));
    /* where d is found: the first step, with d = 0.01; the d, m and v of the third, from the sums that the
     * first two give */
    const double first = 0.01 * 0.1 / sqrt(0.001), d_prodigy = first / (1 + sqrt(0.999)),
                 m_prodigy = 0.9 * 0.0005 * 1.9 + 0.1 * d_prodigy * g;
    const double v_prodigy = 0.999 * 0.001 * 1e-4 * g * g * 1.999 + 0.001 * d_prodigy * d_prodigy * g * g;
    const double m_adapted = 0.9 * 0.0005 * 1.9 + 0.1 * g * 0.01 / (sqrt(0.001) * (1 + sqrt(0.999)));
    const struct {
        const char *spec;
        int steps;
        double w;
    } cases[] = {
        {"sgd:lr=0.1", 3, 1 - 0.1 * 1.5},
        {"sgd:lr=0.1,momentum=0.9", 3, 1 - 0.1 * g * (1 + 1.9 + 2.71)},
        {"sgd:lr=0.1,momentum=0.9,dampening=0.5", 2, 1 - 0.1 * g * (1 + 1.4)},
        {"sgd:lr=0.1,momentum=0.9,nesterov=1", 2, 1 - 0.1 * g * (1.9 + 1 + 0.9 * 1.9)},
        {"sgd:lr=0.1,maximize=1", 1, 1 + 0.05},
        {"sgd:lr=0.1,weight_decay=0.2", 1, 1 - 0.1 * (0.5 + 0.2)},
        {"sgd:lr=0.1,weight_decay=0.2,wd_mode=lr", 1, 1 - 0.02 - 0.05},
        {"sgd:lr=0.1,weight_decay=0.2,wd_mode=pure", 1, 1 - 0.2 - 0.05},
        {"momentum:lr=0.1", 3, 1 - 0.1 * g * (1 + 1.9 + 2.71)},
        {"momentum:lr=0.1,nesterov=1", 2, 1 - 0.1 * g * (1.9 + 1 + 0.9 * 1.9)},
        {"nag:lr=0.1", 3, 1 - 0.1 * g * (1 + 1.9 + 2.71)},
        {"adagrad:lr=0.1,eps=0", 3, 1 - 0.1 * (1 + 1 / sqrt(2) + 1 / sqrt(3))},
        {"adagrad:lr=0.1,eps=0,lr_decay=1", 2, 1 - 0.1 * (1 + 1 / sqrt(2) / 2)},
        {"adagrad:lr=0.1,eps=0.75,eps_place=in", 1, 1 - 0.1 * 0.5},
        {"adadelta:rho=0.9,eps=0.01", 1, 1 - sqrt(0.01 / (0.025 + 0.01)) * g},
        {"rmsprop:lr=0.1,eps=0", 2, 1 - 0.1 * (1 / sqrt(1 - 0.9) + 1 / sqrt(1 - 0.81))},
        {"rmsprop:lr=0.1,eps=0,centered=1", 1, 1 - 0.1 * g / sqrt(0.1 * 0.25 - 0.01 * 0.25)},
        {"rmsprop:lr=0.1,eps=0,momentum=0.5", 2, 1 - 0.1 * (1.5 / sqrt(0.1) + 1 / sqrt(0.19))},
        {"adam:lr=0.1", 4, 1 - 0.4 * g / (g + 1e-8)},
        {"adam:lr=0.1,eps=0.1,eps_place=hat", 1, 1 - 0.1 * g / (g + 0.1 / sqrt(0.001))},
        {"adam:lr=0.1,eps=0.75,eps_place=in", 1, 1 - 0.1 * g},
        {"adam:lr=0.1,eps=0,bias_correction=0", 1, 1 - 0.1 * 0.1 / sqrt(0.001)},
        {"adam:lr=0.1,eps=0,amsgrad=1", 3, 1 - 0.3},
        {"nadam:lr=0.1,eps=0", 1, 1 - 0.1 * (1 + mu2 * (1 - mu1) / (1 - mu1 * mu2))},
        {"rprop:lr=0.1", 3, 1 - 0.1 * (1 + 1.2 + 1.44)},
        {"rprop:lr=0.1,step_max=0.11", 3, 1 - (0.1 + 2 * 0.11)},
        {"rprop:lr=0.1,step_min=0.2", 2, 1 - (0.2 + 0.24)},
        {"adamax:lr=0.1,eps=0.5", 1, 1 - 0.1 * g / (g + 0.5)},
        {"adamax:lr=0.1,eps=0.5,eps_place=u", 3, 1 - 0.3 * g / (g + 0.5)},
        {"adamax:lr=0.1,eps_place=none", 3, 1 - 0.3},
        /* r is 1, 2, 3, 4, 5 less a little: no division yet */
        {"radam:lr=0.1", 5, 1 - 0.5 * g},
        {"radam:lr=0.1,beta2=0.5", 9, 1 - 0.9 * g}, /* R = 3: never */
        {"asgd:lr=0.1,lambd=0.1,alpha=1,report=weights", 2,
         (1 - 0.1 * (0.1 + g)) * (1 - 0.01 / 1.01) - 0.1 / 1.01 * g},
        {"asgd:lr=0.1,lambd=0", 3, 1 - 0.3 * g},
        /* w after steps 2, 3, 4 are averaged */
        {"asgd:lr=0.1,lambd=0,t0=0", 4, 1 - 0.1 * g * (2 + 3 + 4) / 3},
        {"lion:lr=0.1", 3, 1 - 0.3},
        {"lion:lr=0.1,weight_decay=0.5", 1, 1 - 0.05 - 0.1},
        {"signum:lr=0.1", 3, 1 - 0.3},
        {"signum:lr=0.1,beta=0,maximize=1", 2, 1 + 0.2},
        {"ftrl:lr=0.5", 1, -(g - g / 0.5) / ((1 + g) / 0.5)},
        {"ftrl:lr=0.5,l1=0.2,l2=3", 1, (-(g - g / 0.5) - 0.2) / ((1 + g) / 0.5 + 3)},
        {"ftrl:lr=0.5,l1=0.6", 1, 0},
        {"adabelief:lr=0.1,eps=0", 1, 1 - 0.1 * g / (0.9 * g)},
        {"adabelief:lr=0.1,eps=0.1", 1, 1 - 0.1 * g / (sqrt((0.001 * 0.45 * 0.45 + 0.1) / 0.001) + 0.1)},
        {"yogi:lr=0.1,eps=0.5", 1, 1 - 0.1 * g / (g + 0.5)},
        {"yogi:lr=0.1,eps=0.5,bias_correction=0", 1, 1 - 0.1 * 0.1 * g / (sqrt(0.001) * g + 0.5)},
        {"yogi:lr=0.1,eps=0.5,initial_accumulator=1", 1,
         1 - 0.1 * (0.9 + 0.1 * g) / 0.1 / (sqrt((1 - 0.001 * 0.25) / 0.001) + 0.5)},
        {"qhm:lr=0.1,beta=0.9,nu=0.5", 2, 1 - 0.1 * g * (1 + 0.5 * (0.1 + 0.19))},
        {"qhadam:lr=0.1,eps=0,nu2=0.5", 3, 1 - 0.3},
        {"qhadam:lr=0.1,eps=0.5,nu1=0", 1, 1 - 0.1 * g / (g + 0.5)},
        {"adan:lr=0.1,eps=0.5", 3, 1 - 0.3 * g / (g + 0.5)},
        {"adan:lr=0.1,eps=0.5,weight_decay=1", 1, (1 - 0.1 * g / (g + 0.5)) / 1.1},
        {"sgdm-cubic:lr=0.1,beta=0.5,alpha=0.2", 2, 0.975 - 0.095 + 0.2 * 0.025 * 0.025 * 0.025 / 0.975},
        {"schedule-free-sgd:lr=0.1", 3, (0.95 + 0.9 + 0.85) / 3},
        {"schedule-free-sgd:lr=0.1,weight_decay=0.2", 2, (0.93 + (0.93 - 0.1 * (0.5 + 0.2 * 0.93))) / 2},
        {"schedule-free-adamw:lr=0.1,eps=0", 3, (0.9 + 0.8 + 0.7) / 3},
        {"schedule-free-adamw:lr=0.1,eps=0,weight_decay=0.2", 2, (0.88 + 0.7624) / 2},
        {"madgrad:lr=0.1,momentum=0,eps=0", 1, 1 - 0.05 / cbrt(0.025)},
        {"madgrad:lr=0.1,eps=0", 1, 1 - 0.1 * 0.05 / cbrt(0.025)},
        {"madgrad:lr=0.1,momentum=0,eps=0", 2, 1 - 0.05 * (1 + sqrt(2)) / cbrt(0.025 * (1 + sqrt(2)))},
        {"adabound:lr=0.1,eps=0", 1, 1 - 0.1},
        {"adabound:lr=0.1,eps=0,final_lr=0.001", 1, 1 - 1.001 * 0.05},
        {"adabound:lr=0.1,eps=0,final_lr=10,gamma=0.5", 1, 1 - 10 / 3.0 * 0.05},
        {"padam:lr=0.1,eps=0", 1, 1 - 0.1 * sqrt(0.001) * g / pow(0.00025, 0.125)},
        {"padam:lr=0.1,eps=0,partial=0.5", 1, 1 - 0.1},
        {"padam@paper:lr=0.1", 1, 1 - 0.1 * 0.05 / pow(0.00025, 0.125)},
        {"adopt:lr=0.1", 1, 1},
        {"adopt:lr=0.1", 3, 1 - 0.01 - 0.019},
        {"ademamix:lr=0.1,eps=0", 1, 1 - 0.1 * (1 + 5 * 0.0001)},
        {"ademamix:lr=0.1,eps=0,alpha=4,beta3=0.99,t_alpha_beta3=2", 1, 1 - 0.1 * (1 + 2 * (1 - half_way))},
        {"ftml:lr=0.1,eps=0", 2, 1 - 0.1 - 0.1 * 0.4 / 0.64},
        {"sgld:lr=0.1,temperature=0", 1, 1 - 0.025},
        {"dcasgd:lr=0.1,lambda=3", 3, 1 - 0.15},
        {"dcasgd:lr=0.1,lambda=3,adaptive=1", 3, 1 - 0.15},
        {"lars:lr=0.1,trust=0.01", 2, 0.999 - (0.0009 + 0.000999)},
        {"lars:lr=0.1,trust=0.01,weight_decay=0.5", 1, 1 - 0.1 * 0.01 / (g + 0.5) * (g + 0.5)},
        {"lars:lr=0.1,trust=0.01,weight_decay=2,maximize=1", 1, 1 - 0.1 * 0.01 / (g + 2) * (2 - g)},
        {"lars:lr=0.1,trust=0.01,weight_decay=2,maximize=1,divisor=sum", 1, 1 - 0.1 * 0.01},
        {"lamb:lr=0.1,eps=0", 2, 0.81},
        {"lamb:lr=0.1,eps=0,weight_decay=1", 1, 0.9},
        {"lamb:lr=0.1,eps=0,weight_decay=1,wd_mode=lr", 1, 0.81},
        {"novograd:lr=0.1,eps=0", 2, 1 - 0.1 * sqrt(1 / 3.0) * (1 + 1.95)},
        {"novograd:lr=0.1,eps=0,weight_decay=0.1", 1, 1 - 0.1 * (sqrt(1 / 3.0) + 0.1)},
        {"prodigy:d0=0.01,eps=0", 2, 1 - first - first * 1.9 / sqrt(1.999)},
        {"prodigy:d0=0.01,eps=0", 3,
         1 - first - first * 1.9 / sqrt(1.999) - d_prodigy * m_prodigy / sqrt(v_prodigy)},
        {"prodigy:d0=0.01,eps=0,weight_decay=1", 1, 1 - 0.01 - first},
        {"d-adaptation:d0=0.01,eps=0", 2, 1 - first - first * 1.9 / sqrt(1.999)},
        {"d-adaptation:d0=0.01,eps=0", 3,
         1 - first - first * 1.9 / sqrt(1.999) - m_adapted / sqrt(0.00025 * (1 + 0.999 + 0.998001))},
        {"d-adaptation:d0=0.01,eps=0,weight_decay=1,wd_mode=lr", 1, 1 - 0.01 - first},
        {"swats:lr=0.1,eps=0", 2, 0.8},
        {"swats:lr=0.1,eps=0", 4, 0.8 - 0.1 * 0.2 * g * (1 + 1.9)},
        {"swats:lr=0.1,eps=0,threshold=0", 4, 0.6},
        {"adafactor", 2, 0.9801},
        {"adafactor:lr=1,scale_parameter=0", 3, -1 / sqrt(2) - 1 / sqrt(3)},
        {"adafactor:relative_step=0,lr=2,clip=0.5", 1, 1 - 2 * 0.5},
        {"adafactor:beta1=0.9,weight_decay=1", 1, 1 - 0.01 - 0.1 * 0.01},
        {"adafactor:eps1=2,eps_place=clamp", 1, 1 - 0.01 * g / 2},
        {"muon:lr=0.1", 1, 1 - 0.1 * g * 0.05 * 1.95},
        {"muon:lr=0.1,nesterov=0", 2, 1 - 0.1 * g * (0.05 + 0.05 * 1.95)},
        {"muon:lr=0.1,weight_decay=0.5", 1, 1 - 0.05 - 0.1 * g * 0.05 * 1.95},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double w = constant_gradient(cases[i].spec, cases[i].steps);
        if (!(fabs(w - cases[i].w) < 1e-13))
            fail_msg("%s: %.17g after %d steps, not %.17g", cases[i].spec, w, cases[i].steps, cases[i].w);
    }
}

/* One step from 0 with this gradient for a tensor of so many rows and columns. */
static void step_of_matrix(const char *spec, int64_t rows, int64_t columns, unsigned flags, const double *g,
                           double *w)
{
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt;
    tw_error err;
    const int64_t shape[] = {rows, columns};
    const tw_tensor tensor = {"matrix", 2, shape, 0, flags};
    if (bench_create(&opt, ctx, spec, NULL, NULL, 0, TW_F64, &tensor, 1, 0, &err) != TW_OK)
        fail_msg("%s: %s", spec, err.message);
    for (int64_t i = 0; i < rows * columns; i++) w[i] = 0;
    assert_int_equal(tw_step_f64(opt, w, g, &err), TW_OK);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

/* A matrix whose rows and columns are orthogonal keeps its direction; of its singular value muon's iteration
 * is a polynomial. */
static void muon_turns_a_matrix(void **state)
{
    (void)state;
    const double g[] = {0, 3, 0, 0, 0, 0, 0, 3}, turned[] = {0, 0, 3, 0, 0, 0, 0, 3};
    double w[8], s = 1 / sqrt(2);
    for (int i = 0; i < 5; i++) s = 3.4445 * s - 4.7750 * s * s * s + 2.0315 * s * s * s * s * s;
    step_of_matrix("muon:lr=0.1,eps=0", 2, 4, 0, g, w);
    for (int i = 0; i < 8; i++) assert_true(fabs(w[i] + (g[i] > 0 ? 0.1 * s : 0)) < 1e-14);
    step_of_matrix("muon:lr=0.1,eps=0", 4, 2, 0, turned, w);
    for (int i = 0; i < 8; i++) assert_true(fabs(w[i] + (turned[i] > 0 ? 0.1 * sqrt(2) * s : 0)) < 1e-14);
    step_of_matrix("muon:lr=0.1,eps=0,scale=rms", 4, 2, 0, turned, w);
    for (int i = 0; i < 8; i++) assert_true(fabs(w[i] + (turned[i] > 0 ? 0.1 * 0.4 * s : 0)) < 1e-14);
}

/* More rows than the product's blocks hold, and no multiple of them: what comes out is nearly orthogonal,
 * every singular value near 1. */
static void muon_takes_any_size(void **state)
{
    (void)state;
    enum { H = 149, W = 75 };
    static double g[H * W], w[H * W], turned[H * W], v[H * W];
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++) turned[j * H + i] = g[i * W + j] = bench_number((uint64_t)(i * W + j), 3);
    step_of_matrix("muon:lr=1,scale=none", H, W, 0, g, w);
    step_of_matrix("muon:lr=1,scale=none", W, H, 0, turned, v);
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++) assert_true(fabs(w[i * W + j] - v[j * H + i]) < 1e-12);
    double along = 0, squares = 0;
    step_of_matrix("muon:lr=1,scale=none", H, W, TW_TENSOR_TRANSPOSED, turned, v);
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++) assert_true(fabs(w[i * W + j] - v[j * H + i]) < 1e-12);
    for (int i = 0; i < H * W; i++) along -= g[i] * w[i], squares += w[i] * w[i];
    assert_true(squares > 0.5 * W && squares < 1.5 * W && along > 0);
    for (int j = 0; j < W; j++) {
        double column = 0;
        for (int i = 0; i < H; i++) column += w[i * W + j] * w[i * W + j];
        assert_true(column > 0.4 && column < 1.6);
    }
}

/* The squares of a matrix of rank 1 are the product of its row and column means: each weight then moves by
 * the same. */
static void adafactor_factors_rank_one(void **state)
{
    (void)state;
    const double rows[] = {1, -20, 300}, columns[] = {0.5, 7};
    double g[6], w[6];
    for (int i = 0; i < 6; i++) g[i] = rows[i / 2] * columns[i % 2];
    step_of_matrix("adafactor:lr=0.1", 3, 2, 0, g, w);
    for (int i = 0; i < 6; i++) assert_true(fabs(w[i] + copysign(0.1 * 0.001, g[i])) < 1e-18);
}

/* A matrix stored column by column is the same matrix; what its row and column means give is worked out
 * here. */
static void adafactor_factors_a_matrix(void **state)
{
    (void)state;
    const double g[] = {1, 2, 3, 4, -5, 6}, turned[] = {1, 3, -5, 2, 4, 6};
    const double row[] = {2.5, 12.5, 30.5}, column[] = {35.0 / 3, 56.0 / 3}, mean = 45.5 / 3;
    double w[6], v[6], u[6], squares = 0;
    for (int i = 0; i < 6; i++) u[i] = g[i] / sqrt(row[i / 2] * column[i % 2] / mean), squares += u[i] * u[i];
    step_of_matrix("adafactor:lr=0.1", 3, 2, 0, g, w);
    step_of_matrix("adafactor:lr=0.1", 3, 2, TW_TENSOR_TRANSPOSED, turned, v);
    for (int i = 0; i < 6; i++) {
        assert_true(fabs(w[i] + 0.1 * 0.001 * u[i] / fmax(1, sqrt(squares / 6))) < 1e-18);
        assert_true(fabs(v[i % 2 * 3 + i / 2] - w[i]) < 1e-18);
    }
}

/* The largest v stays when gradients shrink; without amsgrad it fades and the step grows again. */
static void amsgrad_remembers(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    double moved[2];
    for (int ams = 0; ams < 2; ams++) {
        struct subject s = {"adam:beta1=0,beta2=0.5,eps=0,amsgrad=0", NULL};
        s.spec[strlen(s.spec) - 1] = (char)('0' + ams);
        struct work a = begin(&s, ctx, TW_F64, 1, NULL);
        for (int t = 0; t < 20; t++) {
            *(double *)a.g = t == 0 ? 100 : 1;
            double before = *(double *)a.w;
            assert_int_equal(step(&a, NULL), TW_OK);
            moved[ams] = fabs(*(double *)a.w - before) / 0.001;
        }
        end(&a);
    }
    assert_true(fabs(moved[0] - 1) < 0.01);
    assert_true(fabs(moved[1] - 1 / sqrt(5000)) < 1e-3);
    tw_context_free(ctx);
}

/* After a change of sign the step is halved and the weight waits; then it goes on with what it has. */
static void rprop_waits_after_a_change_of_sign(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    const double g[] = {3, 1e-200, -5, -1e-200, -2, 0, -1}, moved[] = {-0.1, -0.12, 0, 0.06, 0.072, 0, 0.072};
    struct work a = begin(&(struct subject){"rprop:lr=0.1", NULL}, ctx, TW_F64, 1, NULL);
    for (int t = 0; t < 7; t++) {
        double before = *(double *)a.w;
        *(double *)a.g = g[t];
        assert_int_equal(step(&a, NULL), TW_OK);
        if (!(fabs(*(double *)a.w - before - moved[t]) < 1e-15))
            fail_msg("step %d: moved by %.17g, not %.17g", t + 1, *(double *)a.w - before, moved[t]);
    }
    end(&a);
    tw_context_free(ctx);
}

/* nag with a schedule for momentum looks ahead with the next step's value: its view must equal the method
 * written with theta itself. */
static void nag_looks_ahead_with_the_next_momentum(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"nag:lr=0.1,momentum=0.8", NULL};
    struct work a = begin(&s, ctx, TW_F64, 2, "momentum=step:step_size=2,gamma=0.5");
    double *y = a.w, *g = a.g, shown[2], theta[2] = {y[0], y[1]}, v[2] = {0, 0};
    for (int t = 0; t < 6; t++) {
        double mu = 0.8 * pow(0.5, t / 2);
        for (int i = 0; i < 2; i++) {
            g[i] = 0.7 * y[i];
            v[i] = mu * v[i] - 0.1 * 0.7 * (theta[i] + mu * v[i]);
            theta[i] += v[i];
        }
        assert_int_equal(step(&a, NULL), TW_OK);
        assert_int_equal(tw_view_f64(a.opt, y, shown, NULL), TW_OK);
        for (int i = 0; i < 2; i++) assert_true(fabs(shown[i] - theta[i]) < 1e-14);
    }
    end(&a);
    tw_context_free(ctx);
}

/* A momentum of 0 in the first step alone: what enters the buffer then is what the second step's momentum
 * multiplies. */
static void rmsprop_has_a_momentum_that_begins_at_0(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"rmsprop:lr=0.1,eps=0,momentum=0.5", NULL};
    struct work a = begin(&s, ctx, TW_F64, 1, "momentum=constant:factor=0/1;constant");
    *(double *)a.w = 1;
    for (int t = 0; t < 2; t++) {
        *(double *)a.g = 0.5;
        assert_int_equal(step(&a, NULL), TW_OK);
    }
    assert_true(fabs(weight(&a, 0) - (1 - 0.1 * (1.5 / sqrt(0.1) + 1 / sqrt(0.19)))) < 1e-14);
    end(&a);
    tw_context_free(ctx);
}

/* f - f* of a quadratic with curvatures from 1e-6 to 1, as a multiple of what the bound leaves, at its worst
 * over `n` steps of 1/L.  The bound is Nesterov's potential argument for (t - 1)/(t + 2), t from 1: f - f* <=
 * 3.5 |w0 - w*|^2 / (lr (t + 2)^2). */
static double worst_of_bound(const char *spec, int n)
{
    enum { N = 40 };
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"", NULL};
    snprintf(s.spec, sizeof s.spec, "%s", spec);
    struct work a = begin(&s, ctx, TW_F64, N, NULL);
    double *y = a.w, *g = a.g, theta[N], worst = 0;
    for (int i = 0; i < N; i++) y[i] = 1;
    for (int t = 1; t <= n; t++) {
        double f = 0;
        for (int i = 0; i < N; i++) g[i] = pow(1e-6, (double)i / (N - 1)) * y[i];
        assert_int_equal(step(&a, NULL), TW_OK);
        assert_int_equal(tw_view_f64(a.opt, y, theta, NULL), TW_OK);
        for (int i = 0; i < N; i++) f += pow(1e-6, (double)i / (N - 1)) * theta[i] * theta[i] / 2;
        worst = fmax(worst, f * (t + 2.0) * (t + 2.0) / (3.5 * N));
    }
    end(&a);
    tw_context_free(ctx);
    return worst;
}

static void convex_momentum_falls_like_one_over_t_squared(void **state)
{
    (void)state;
    assert_true(worst_of_bound("nag:lr=1,momentum=convex", 5000) <= 1);
    assert_true(worst_of_bound("sgd:lr=1", 5000) > 1);
    assert_true(worst_of_bound("nag:lr=1,momentum=0.9", 5000) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_steps),
        cmocka_unit_test(amsgrad_remembers),
        cmocka_unit_test(rprop_waits_after_a_change_of_sign),
        cmocka_unit_test(muon_turns_a_matrix),
        cmocka_unit_test(muon_takes_any_size),
        cmocka_unit_test(adafactor_factors_rank_one),
        cmocka_unit_test(adafactor_factors_a_matrix),
        cmocka_unit_test(nag_looks_ahead_with_the_next_momentum),
        cmocka_unit_test(rmsprop_has_a_momentum_that_begins_at_0),
        cmocka_unit_test(convex_momentum_falls_like_one_over_t_squared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
