/* lr=search: against the paper's search, programmed plainly. (That fused runs find the same rates,
 * test_finite_sums says.)
 * SPDX-License-Identifier: MIT */
#include "estimator_runs.h"

/* The loss of row i, with its share of the penalty. */
static double loss_of(const least_squares *p, int row, const double *w)
{
    double off = -ls_y(row), square = 0;
    for (int j = 0; j < p->columns; j++) off += ls_x(row, j) * w[j], square += w[j] * w[j];
    return (off * off + p->penalty * square) / 2;
}

/* Schmidt, Le Roux & Bach 2017, section 4.6, with sag of norm n. */
static void sag_is_the_papers(void **state)
{
    (void)state;
    enum { ROWS_HERE = 7, COLUMNS_HERE = 4, UPDATES = 60 };
    least_squares p = {.rows = ROWS_HERE, .columns = COLUMNS_HERE, .penalty = 0.1, .bad_row = -1};
    tw_context *ctx = context(1, TW_ISA_DETECT);
    tw_objective f = ls_objective(&p, TW_F64);
    double w[COLUMNS_HERE] = {0}, v[COLUMNS_HERE] = {0}, table[ROWS_HERE][COLUMNS_HERE] = {{0}}, l = 1,
           lr = 0;
    uint64_t order[UPDATES];
    tw_run_options o = options("sgd:lr=search", "sag", 1);
    for (int k = 0; k < UPDATES; k++) order[k] = (uint64_t)(k * 3 + k / 5) % ROWS_HERE;
    o.order = order;
    o.n_order = UPDATES;
    tw_run *run = make(ctx, &f, w, &o);
    for (int k = 0; k < UPDATES; k++) {
        const int i = (int)order[k];
        double g[COLUMNS_HERE], off = -ls_y(i), square = 0, to[COLUMNS_HERE];
        for (int j = 0; j < COLUMNS_HERE; j++) off += ls_x(i, j) * v[j];
        for (int j = 0; j < COLUMNS_HERE; j++) g[j] = off * ls_x(i, j) + p.penalty * v[j];
        for (int j = 0; j < COLUMNS_HERE; j++) square += g[j] * g[j];
        for (;; l *= 2) {
            for (int j = 0; j < COLUMNS_HERE; j++) to[j] = v[j] - g[j] / l;
            if (square <= 1e-8 || loss_of(&p, i, to) <= loss_of(&p, i, v) - square / (2 * l)) break;
        }
        memcpy(table[i], g, sizeof g);
        for (int j = 0; j < COLUMNS_HERE; j++)
            for (int row = 0; row < ROWS_HERE; row++) v[j] -= table[row][j] / (l * ROWS_HERE);
        lr = 1 / l;
        l *= pow(2, -1.0 / ROWS_HERE);
        steps(run, 1);
        for (int j = 0; j < COLUMNS_HERE; j++)
            if (!(fabs(w[j] - v[j]) < 1e-12)) fail_msg("update %d: %.15g for %.15g", k + 1, w[j], v[j]);
    }
    double got;
    assert_int_equal(tw_optimizer_value(tw_run_optimizer(run), "lr", &got, NULL), TW_OK);
    assert_true(fabs(got / lr - 1) < 1e-14 && lr < 1);
    tw_run_free(run);
    tw_context_free(ctx);
}

/* A batch is searched along as one, in vectors; resumed anywhere it ends in the same place. */
static void batches_resume(void **state)
{
    (void)state;
    for (int at = 0; at < 12; at++) {
        least_squares p = {.rows = 23, .columns = 5, .penalty = 0.1, .uneven = 1, .bad_row = -1};
        tw_context *ctx = context(1 + at % 3, TW_ISA_DETECT);
        tw_objective f = ls_objective(&p, TW_F32);
        float w[5] = {1, -1, 1, -1, 1}, v[5];
        ls_state kept;
        const tw_run_options o = options("sgd:lr=search", at % 2 ? "saga" : "svrg:m=3", 5);
        tw_run *run = make(ctx, &f, w, &o), *again = make(ctx, &f, v, &o);
        steps(run, at);
        assert_int_equal(ls_save(&kept, run), TW_OK);
        steps(run, 12 - at);
        assert_int_equal(ls_load(&kept, again), TW_OK);
        steps(again, 12 - at);
        assert_memory_equal(v, w, sizeof v);
        *(double *)ls_find(&kept, "estimator.lipschitz") = -1;
        assert_int_equal(ls_load(&kept, again), TW_ERR_DATA);
        ls_forget(&kept);
        tw_run_free(run);
        tw_run_free(again);
        tw_context_free(ctx);
    }
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    for (fault_walk k = {.least = 8}; fault_walk_next(&k);) {
        least_squares p = {.rows = 23, .columns = 5, .penalty = 0.1, .bad_row = -1};
        tw_objective f = ls_objective(&p, TW_F32);
        const tw_run_options o = options("sgd:lr=search", "saga", 4);
        float w[5] = {0};
        tw_run *run = NULL;
        int status;
        fault_walk_arm(&k);
        tw_status s = tw_run_create(&run, k.ctx, &f, NULL, w, &o, NULL);
        for (int i = 0; s == TW_OK && i < 7; i++) s = tw_run_step(run, &status, NULL);
        tw_run_free(run);
        fault_walk_end(&k, s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sag_is_the_papers),
        cmocka_unit_test(batches_resume),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
