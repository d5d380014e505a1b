/* katyusha and miso on linear models, whose penalties are proximal steps: against their papers' equations,
 * programmed plainly.
 * SPDX-License-Identifier: MIT */
#include "linear_models.h"

enum { N = 8, D = 3, M = 5, STEPS = 64 };

/* Least squares with l1 and l2 on N rows of random numbers. */
typedef struct rows {
    double x[N * D], y[N];
} rows;

static rows make_rows(void)
{
    rows r;
    for (uint64_t i = 0; i < N * D; i++) r.x[i] = 2 * unit(11, i) - 1;
    for (uint64_t i = 0; i < N; i++) r.y[i] = 4 * unit(12, i) - 2;
    return r;
}

static uint64_t row_at(int k) { return (uint64_t)(k * 5 + k / 3) % N; }

/* The gradient of row i's loss, half a square, and of l2 where it is inside. */
static void row_gradient(const rows *r, uint64_t i, const double *w, double l2, double *to)
{
    double off = -r->y[i];
    for (int j = 0; j < D; j++) off += r->x[i * D + (uint64_t)j] * w[j];
    for (int j = 0; j < D; j++) to[j] = off * r->x[i * D + (uint64_t)j] + l2 * w[j];
}

static double prox(double x, double step, double l1, double l2)
{
    const double by = step * l1, shrunk = x > by ? x - by : x < -by ? x + by : 0;
    return shrunk / (1 + step * l2);
}

/* The weights after each of STEPS updates. */
static void run_model(const rows *r, const char *model, const char *rule, const char *estimator,
                      enum tw_run_fused fused, double to[STEPS][D])
{
    uint64_t order[STEPS];
    tw_run *run;
    tw_error err = {0};
    int status;
    const tw_data_info info = {.size = sizeof info,
                               .rows = N,
                               .rank = 1,
                               .shape = {D},
                               .type = TW_F64,
                               .x = r->x,
                               .targets = r->y,
                               .n_targets = 1};
    linear_problem p = open_info(&info, model, 1);
    for (int k = 0; k < STEPS; k++) order[k] = row_at(k);
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = rule;
    o.estimator = estimator;
    o.fused = fused;
    o.order = order;
    o.n_order = STEPS;
    o.epochs = STEPS / N + 1;
    double *w = tw_model_weights(p.model);
    memset(w, 0, D * sizeof *w);
    if (tw_run_create(&run, p.ctx, &p.objective, NULL, w, &o, &err) != TW_OK) fail_msg("%s", err.message);
    for (int k = 0; k < STEPS; k++) {
        const void *now;
        assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
        assert_int_equal(tw_run_weights(run, &now, NULL), TW_OK);
        memcpy(to[k], now, D * sizeof *w);
    }
    tw_run_free(run);
    close_problem(&p);
}

static void compare(double got[STEPS][D], double want[STEPS][D], const char *what, double within)
{
    for (int k = 0; k < STEPS; k++)
        for (int j = 0; j < D; j++)
            if (!(fabs(got[k][j] - want[k][j]) < within))
                fail_msg("%s, update %d, weight %d: %.17g for %.17g", what, k + 1, j, got[k][j], want[k][j]);
}

/* Allen-Zhu 2017, algorithm 1 with option I; sigma = 0: algorithm 2. */
static void plain_katyusha(const rows *r, double lr, double l1, double l2, double to[STEPS][D])
{
    double y[D] = {0}, z[D] = {0}, snapshot[D] = {0}, mean[D];
    for (int k = 0; k < STEPS; k++) {
        const double tau1 = l2 > 0 ? fmin(sqrt(M * l2 * lr), 0.5) : 2 / (k / M + 4.0), alpha = lr / tau1;
        double x[D], g[D], there[D];
        if (k % M == 0) {
            double all = 0, power = 1, sum[D] = {0};
            for (int i = k - M; k > 0 && i < k; i++, power *= 1 + alpha * l2) {
                all += power;
                for (int j = 0; j < D; j++) sum[j] += power * to[i][j];
            }
            memset(mean, 0, sizeof mean);
            for (int j = 0; k > 0 && j < D; j++) snapshot[j] = sum[j] / all;
            for (uint64_t i = 0; i < N; i++) {
                row_gradient(r, i, snapshot, 0, g);
                for (int j = 0; j < D; j++) mean[j] += g[j] / N;
            }
        }
        for (int j = 0; j < D; j++) x[j] = tau1 * z[j] + 0.5 * snapshot[j] + (0.5 - tau1) * y[j];
        row_gradient(r, row_at(k), x, 0, g);
        row_gradient(r, row_at(k), snapshot, 0, there);
        for (int j = 0; j < D; j++) {
            const double d = g[j] - there[j] + mean[j];
            z[j] = prox(z[j] - alpha * d, alpha, l1, l2);
            to[k][j] = y[j] = prox(x[j] - lr * d, lr, l1, l2);
        }
    }
}

static void katyusha_is_the_papers(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        double l1, l2;
    } cases[] = {{"linear:intercept=0", 0, 0},
                 {"linear:intercept=0,l1=0.05", 0.05, 0},
                 {"linear:intercept=0,l2=0.3", 0, 0.3},
                 {"linear:intercept=0,l1=0.05,l2=0.3", 0.05, 0.3}};
    const rows r = make_rows();
    for (int i = 0; i < 8; i++) {
        double want[STEPS][D], got[STEPS][D];
        const int k = i / 2;
        plain_katyusha(&r, 0.125, cases[k].l1, cases[k].l2, want);
        run_model(&r, cases[k].model, "sgd:lr=0.125", "katyusha:m=5",
                  i % 2 ? TW_RUN_FUSED_NO : TW_RUN_FUSED_AUTO, got);
        compare(got, want, cases[k].model, 1e-13);
    }
}

/* The last point of each row and its gradient there: with l2 inside, Finito; outside, MISO. */
static void plain_miso(const rows *r, double lr, double l1, double l2, int is_finito, double to[STEPS][D])
{
    double w[D] = {0}, point[N][D], y[N][D];
    int seen[N] = {0};
    for (int k = 0; k < STEPS; k++) {
        const uint64_t i = row_at(k);
        int n = 0;
        seen[i] = 1;
        memcpy(point[i], w, sizeof w);
        row_gradient(r, i, w, is_finito ? l2 : 0, y[i]);
        memset(w, 0, sizeof w);
        for (int row = 0; row < N; row++) n += seen[row];
        for (int row = 0; row < N; row++)
            for (int j = 0; seen[row] && j < D; j++) w[j] += (point[row][j] - lr * y[row][j]) / n;
        for (int j = 0; j < D; j++) to[k][j] = w[j] = prox(w[j], lr, l1, is_finito ? 0 : l2);
    }
}

static void miso_is_the_papers(void **state)
{
    (void)state;
    const rows r = make_rows();
    double want[STEPS][D], got[STEPS][D];
    plain_miso(&r, 0.125, 0.05, 0.3, 0, want);
    run_model(&r, "linear:intercept=0,l1=0.05,l2=0.3", "sgd:lr=0.125", "miso", 0, got);
    compare(got, want, "miso", 1e-13);
}

/* Finito with alpha = 2 is miso with lr = 1/l2. */
static void finito_is_miso(void **state)
{
    (void)state;
    const rows r = make_rows();
    double want[STEPS][D], got[STEPS][D];
    plain_miso(&r, 1 / (2 * 2.0), 0, 2, 1, want);
    run_model(&r, "linear:intercept=0,l2=2", "sgd:lr=0.5", "miso", 0, got);
    compare(got, want, "finito", 1e-13);
    run_model(&r, "linear:intercept=0,l2=2", "sgd:lr=auto", "miso", 0, want);
    compare(got, want, "8 rows are many: lr = auto", 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(katyusha_is_the_papers),
        cmocka_unit_test(miso_is_the_papers),
        cmocka_unit_test(finito_is_miso),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
