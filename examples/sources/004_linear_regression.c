/* Source 004, section 3.1: linear regression by gradient descent in its algebraic form (row by row) and in
 * its matrix form, begun at 0 with a step of 1, as it says, on points about its line y = 0.5 x + 1 (section
 * 5.1). It ends when no weight moves farther than a distance; the source compares the weights themselves with
 * it. Both forms are the same sums, and find what least squares gives directly.
 *
 *     cc -O2 004_linear_regression.c -o 004_linear_regression $(pkg-config --cflags --libs thalweg-train) -lm
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <thalweg/linear.h>
#include <thalweg/train.h>

enum { POINTS = 100, SLOPE = 0, INTERCEPT = 1, MOST_STEPS = 100000 };
#define DISTANCE 1e-10

/* The golden ratio's multiples spread evenly over [0, 1), and serve as noise of +-0.1 as well. */
static void measure(double *x, double *y)
{
    for (int i = 0; i < POINTS; i++) {
        x[i] = fmod(0.6180339887498949 * i, 1);
        y[i] = 0.5 * x[i] + 1 + 0.2 * (fmod(0.6180339887498949 * i * i, 1) - 0.5);
    }
}

/* The normal equations of a line. */
static void least_squares(const double *x, const double *y, double w[2])
{
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (int i = 0; i < POINTS; i++) {
        sx += x[i];
        sy += y[i];
        sxx += x[i] * x[i];
        sxy += x[i] * y[i];
    }
    w[SLOPE] = (POINTS * sxy - sx * sy) / (POINTS * sxx - sx * sx);
    w[INTERCEPT] = (sy - w[SLOPE] * sx) / POINTS;
}

/* theta = theta - alpha * gradient, (3.3) and (3.7), until it moves no farther than DISTANCE. */
static tw_status descend(tw_run *run, const double *w, tw_error *err)
{
    double moved = INFINITY;
    int status = TW_RUN_GOING;
    while (moved > DISTANCE && status == TW_RUN_GOING) {
        const double before[2] = {w[SLOPE], w[INTERCEPT]};
        tw_status s = tw_run_step(run, &status, err);
        if (s != TW_OK) return s;
        moved = fmax(fabs(w[SLOPE] - before[SLOPE]), fabs(w[INTERCEPT] - before[INTERCEPT]));
    }
    return TW_OK;
}

static tw_status fit(tw_context *ctx, enum tw_linear_form form, const double *x, const double *y, double w[2],
                     tw_error *err)
{
    tw_linear_options points = TW_LINEAR_OPTIONS_INIT;
    points.form = form;
    points.rows = POINTS;
    points.columns = 1;
    points.x = x;
    points.y = y;
    tw_run_options options = TW_RUN_OPTIONS_INIT;
    options.optimizer = "sgd:lr=1";
    options.estimator = "full";
    options.epochs = MOST_STEPS;
    tw_linear *line;
    tw_objective objective = TW_OBJECTIVE_INIT;
    tw_run *run = NULL;
    tw_status s = tw_linear_create(&line, ctx, &points, err);
    if (s != TW_OK) return s;
    s = tw_linear_objective(line, &objective, err);
    if (s == TW_OK) s = tw_run_create(&run, ctx, &objective, NULL, w, &options, err);
    if (s == TW_OK) s = descend(run, w, err);
    if (s == TW_OK)
        printf("%-9s  %llu steps  y = %.6f x + %.6f\n", form == TW_LINEAR_MATRIX ? "matrix" : "algebraic",
               (unsigned long long)tw_run_steps(run), w[SLOPE], w[INTERCEPT]);
    tw_run_free(run);
    tw_linear_free(line);
    return s;
}

int main(void)
{
    double x[POINTS], y[POINTS], algebraic[2] = {0}, matrix[2] = {0}, direct[2];
    tw_context *ctx = NULL;
    tw_error err;
    measure(x, y);
    tw_status s = tw_context_create(&ctx, NULL, &err);
    if (s == TW_OK) s = fit(ctx, TW_LINEAR_ALGEBRAIC, x, y, algebraic, &err);
    if (s == TW_OK) s = fit(ctx, TW_LINEAR_MATRIX, x, y, matrix, &err);
    tw_context_free(ctx);
    if (s != TW_OK) {
        fprintf(stderr, "004_linear_regression: %s\n", err.message);
        return 1;
    }
    least_squares(x, y, direct);
    printf("directly              y = %.6f x + %.6f\n", direct[SLOPE], direct[INTERCEPT]);
    int wrong = 0;
    for (int i = 0; i < 2; i++)
        wrong |= !(fabs(algebraic[i] - matrix[i]) < 1e-12 && fabs(algebraic[i] - direct[i]) < 1e-7);
    return wrong; /* so that a test sees it fail */
}
