/* A custom objective: fits y = a exp(-k t) + c to measured points. The library asks for sums over rows; how
 * they come about is ours.
 *
 *     cc -O2 own_objective.c -o own_objective $(pkg-config --cflags --libs thalweg-train) -lm
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/train.h>

enum { POINTS = 256, A = 0, K = 1, C = 2, WEIGHTS = 3 };
struct points {
    double t[POINTS], y[POINTS];
};

/* Squared error over the rows asked for, and its gradient; the library divides by the summed weight. */
static int squared_error(void *user, const tw_eval *e)
{
    const struct points *points = user;
    const double *w = e->w;
    double *g = e->gradient, *predicted = e->output;
    *e->sums = (tw_sums){0};
    if (e->want & TW_WANT_GRADIENT) memset(g, 0, WEIGHTS * sizeof *g);
    for (size_t i = 0; i < e->n; i++) {
        double t = points->t[e->rows[i]], falling = exp(-w[K] * t), value = w[A] * falling + w[C],
               error = value - points->y[e->rows[i]];
        e->sums->loss += error * error;
        e->sums->weight += 1;
        if (e->want & TW_WANT_OUTPUT) predicted[i] = value;
        if (e->want & TW_WANT_GRADIENT) {
            g[A] += 2 * error * falling;
            g[K] += 2 * error * w[A] * -t * falling;
            g[C] += 2 * error;
        }
    }
    return 0;
}

/* A decay from 5 to 1 at rate 0.7, measured with a small error. */
static void measure(struct points *points)
{
    for (int i = 0; i < POINTS; i++) {
        points->t[i] = i * (6.0 / POINTS);
        points->y[i] = 4 * exp(-0.7 * points->t[i]) + 1 + 0.05 * sin(40.0 * i);
    }
}

static tw_status fit(tw_context *ctx, struct points *points, double *w, tw_error *err)
{
    static const int64_t shape[] = {WEIGHTS};
    const tw_tensor tensor = {.name = "decay", .rank = 1, .shape = shape};
    const tw_objective objective = {.size = sizeof objective,
                                    .type = TW_F64,
                                    .tensors = &tensor,
                                    .n_tensors = 1,
                                    .n_rows = POINTS,
                                    .n_outputs = 1,
                                    .lanes = 1,
                                    .user = points,
                                    .eval = squared_error};
    tw_run_options options = TW_RUN_OPTIONS_INIT;
    options.optimizer = "adam:lr=0.05";
    options.schedule = "cosine";
    options.epochs = 100;
    tw_run *run;
    tw_status s = tw_run_create(&run, ctx, &objective, NULL, w, &options, err);
    if (s != TW_OK) return s;
    for (int status = TW_RUN_GOING; s == TW_OK && status == TW_RUN_GOING;) s = tw_run_step(run, &status, err);
    tw_metrics metrics;
    if (s == TW_OK) s = tw_evaluate(ctx, &objective, w, &metrics, err);
    if (s == TW_OK)
        printf("%llu steps, mean squared error %.5f\n", (unsigned long long)tw_run_steps(run), metrics.loss);
    tw_run_free(run);
    return s;
}

int main(void)
{
    static struct points points;
    double w[WEIGHTS] = {1, 1, 0};
    tw_context *ctx = NULL;
    tw_error err;
    measure(&points);
    tw_status s = tw_context_create(&ctx, NULL, &err);
    if (s == TW_OK) s = fit(ctx, &points, w, &err);
    tw_context_free(ctx);
    if (s != TW_OK) {
        fprintf(stderr, "own_objective: %s\n", err.message);
        return 1;
    }
    printf("y = %.3f exp(-%.3f t) + %.3f\n", w[A], w[K], w[C]);
    /* so that a test sees it fail */
    return fabs(w[A] - 4) > 0.1 || fabs(w[K] - 0.7) > 0.05 || fabs(w[C] - 1) > 0.05;
}
