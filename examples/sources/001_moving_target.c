/* Sources 001, section 5, and 004, section 4.2.3: RMSprop suits processes that are not stationary. Here the
 * least value of (w - c)^2 / 2 is at a c that goes round in a sine, and gradients are noisy. AdaGrad divides
 * by the root of the sum of all squares so far, and so its steps shorten for ever; RMSprop forgets old ones.
 * Of each rule the rate is shown, of nine, that is the best in the first tenth of the steps, with the mean
 * squared distance to c there and in the last tenth.
 *
 *     cc -O2 001_moving_target.c -o 001_moving_target $(pkg-config --cflags --libs thalweg) -lm
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <thalweg/optimizer.h>

enum { STEPS = 200000, TENTH = STEPS / 10, PERIOD = 2000, RATES = 9 };

typedef struct distance {
    double first, last;
} distance;

/* Even over [-1, 1): Weyl's sequence of i^2. */
static double noise(uint64_t i)
{
    const double x = 0.6180339887498949 * (double)(i % 94906265) * (double)(i % 94906265);
    return 2 * (x - floor(x)) - 1;
}

static tw_status follow(tw_context *ctx, const char *rule, distance *out, tw_error *err)
{
    static const int64_t one = 1;
    static const tw_tensor tensor = {.name = "w", .rank = 1, .shape = &one};
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    tw_optimizer *opt;
    double w = 0;
    o.rule = rule;
    o.type = TW_F64;
    o.tensors = &tensor;
    o.n_tensors = 1;
    o.total_steps = STEPS;
    *out = (distance){0};
    tw_status s = tw_optimizer_create(&opt, ctx, &o, err);
    for (int i = 0; s == TW_OK && i < STEPS; i++) {
        const double c = sin(6.283185307179586 * i / PERIOD), g = w - c + noise((uint64_t)i);
        const double squared = (w - c) * (w - c);
        if (i < TENTH) out->first += squared / TENTH;
        if (i >= STEPS - TENTH) out->last += squared / TENTH;
        s = tw_step_f64(opt, &w, &g, err);
    }
    tw_optimizer_free(opt);
    return s;
}

static tw_status show_best(tw_context *ctx, const char *name, tw_error *err)
{
    static const double rates[RATES] = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10};
    distance best = {.first = INFINITY}, d;
    double best_rate = 0;
    for (int i = 0; i < RATES; i++) {
        char rule[64];
        snprintf(rule, sizeof rule, "%s:lr=%g", name, rates[i]);
        tw_status s = follow(ctx, rule, &d, err);
        if (s != TW_OK) return s;
        if (d.first < best.first) {
            best = d;
            best_rate = rates[i];
        }
    }
    printf("%-9s  %6g  %7.5f  %7.5f\n", name, best_rate, best.first, best.last);
    return TW_OK;
}

int main(void)
{
    tw_context *ctx;
    tw_error err;
    tw_status s = tw_context_create(&ctx, NULL, &err);
    puts("optimizer  lr      first    last");
    if (s == TW_OK) s = show_best(ctx, "adagrad", &err);
    if (s == TW_OK) s = show_best(ctx, "rmsprop", &err);
    tw_context_free(ctx);
    if (s != TW_OK) fprintf(stderr, "%s\n", err.message);
    return s != TW_OK;
}
