/* Source 004's pseudo-code of SAG (figure 3.3) and SVRG (figure 4.5, option I) as plain loops, beside the
 * library's estimators, on logistic regression. Both draw the same rows and end in the same weights but for
 * rounding.
 *
 *     cc -O2 004_finite_sums.c -o 004_finite_sums $(pkg-config --cflags --libs thalweg-train) -lm
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/linear.h>
#include <thalweg/train.h>

enum { ROWS = 40, N = 3, PASSES = 100, STEPS = PASSES * ROWS, M = 2 * ROWS };
#define LR 0.5
#define L2 0.1

struct problem {
    double x[ROWS][N], y[ROWS];
    uint64_t drawn[STEPS];
};

/* Multiples of square roots spread evenly over an interval; the class is the side of a plane, but for every
 * seventh row. */
static void make(struct problem *p)
{
    static const double root[N] = {1.4142135623730951, 1.7320508075688772, 2.23606797749979};
    for (int i = 0; i < ROWS; i++) {
        for (int k = 0; k < N; k++) p->x[i][k] = 2 * fmod(root[k] * (i + 1), 1) - 1;
        p->y[i] = (p->x[i][0] - p->x[i][1] + 0.5 * p->x[i][2] > 0) == (i % 7 != 0) ? 1 : -1;
    }
    for (int t = 0; t < STEPS; t++) p->drawn[t] = (uint64_t)(ROWS * fmod(0.6180339887498949 * t, 1));
}

/* f'_i(w) of f_i = log(1 + exp(-y_i w.x_i)) + L2/2 |w|^2 */
static void gradient(const struct problem *p, uint64_t i, const double *w, double *to)
{
    double h = 0;
    for (int k = 0; k < N; k++) h += w[k] * p->x[i][k];
    for (int k = 0; k < N; k++) to[k] = -p->y[i] / (1 + exp(p->y[i] * h)) * p->x[i][k] + L2 * w[k];
}

/* Figure 3.3 */
static void sag(const struct problem *p, double *x)
{
    double d[N] = {0}, y[ROWS][N] = {{0}}, g[N];
    for (int k = 0; k < STEPS; k++) {
        const uint64_t i = p->drawn[k];
        gradient(p, i, x, g);
        for (int j = 0; j < N; j++) {
            d[j] = d[j] - y[i][j] + g[j];
            y[i][j] = g[j];
            x[j] = x[j] - LR / ROWS * d[j];
        }
    }
}

/* Figure 4.5, option I */
static void svrg(const struct problem *p, double *w)
{
    for (int s = 0; s < STEPS / M; s++) {
        double snapshot[N], mean[N] = {0}, g[N], there[N];
        memcpy(snapshot, w, sizeof snapshot);
        for (uint64_t i = 0; i < ROWS; i++) {
            gradient(p, i, snapshot, g);
            for (int j = 0; j < N; j++) mean[j] += g[j] / ROWS;
        }
        for (int t = 0; t < M; t++) {
            gradient(p, p->drawn[s * M + t], w, g);
            gradient(p, p->drawn[s * M + t], snapshot, there);
            for (int j = 0; j < N; j++) w[j] -= LR * (g[j] - there[j] + mean[j]);
        }
    }
}

/* The same by the library: an estimator with the rule sgd, which draws the rows that are given. */
static tw_status run_library(tw_context *ctx, const struct problem *p, const char *estimator, double *w,
                             tw_error *err)
{
    tw_linear_options rows = TW_LINEAR_OPTIONS_INIT;
    rows.loss = TW_LINEAR_LOGISTIC;
    rows.rows = ROWS;
    rows.columns = N;
    rows.x = p->x[0];
    rows.y = p->y;
    rows.intercept = 0;
    rows.l2 = L2;
    tw_run_options options = TW_RUN_OPTIONS_INIT;
    options.optimizer = "sgd:lr=0.5";
    options.estimator = estimator;
    options.batch = 1;
    options.epochs = PASSES;
    options.order = p->drawn;
    options.n_order = STEPS;
    tw_linear *model;
    tw_objective objective = TW_OBJECTIVE_INIT;
    tw_run *run = NULL;
    tw_status s = tw_linear_create(&model, ctx, &rows, err);
    if (s != TW_OK) return s;
    s = tw_linear_objective(model, &objective, err);
    if (s == TW_OK) s = tw_run_create(&run, ctx, &objective, NULL, w, &options, err);
    for (int status = TW_RUN_GOING; s == TW_OK && status == TW_RUN_GOING;) s = tw_run_step(run, &status, err);
    tw_run_free(run);
    tw_linear_free(model);
    return s;
}

static double apart(const double *a, const double *b)
{
    double most = 0;
    for (int j = 0; j < N; j++) most = fmax(most, fabs(a[j] - b[j]));
    return most;
}

int main(void)
{
    static struct problem p;
    double plain[2][N] = {{0}}, library[2][N] = {{0}};
    tw_context *ctx = NULL;
    tw_error err;
    make(&p);
    sag(&p, plain[0]);
    svrg(&p, plain[1]);
    tw_status s = tw_context_create(&ctx, NULL, &err);
    if (s == TW_OK) s = run_library(ctx, &p, "sag", library[0], &err);
    if (s == TW_OK) s = run_library(ctx, &p, "svrg:m=80", library[1], &err);
    tw_context_free(ctx);
    if (s != TW_OK) {
        fprintf(stderr, "004_finite_sums: %s\n", err.message);
        return 1;
    }
    printf("SAG   %.6f %.6f %.6f  the library %.1e away\n", plain[0][0], plain[0][1], plain[0][2],
           apart(plain[0], library[0]));
    printf("SVRG  %.6f %.6f %.6f  the library %.1e away, SAG %.1e\n", plain[1][0], plain[1][1], plain[1][2],
           apart(plain[1], library[1]), apart(plain[1], plain[0]));
    /* for a test */
    return !(apart(plain[0], library[0]) < 1e-12 && apart(plain[1], library[1]) < 1e-12 &&
             apart(plain[0], plain[1]) < 1e-6);
}
