/* Evaluations of gradients are counted row by row, whatever an estimator looks at, and the count goes on
 * after a resumption.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "least_squares.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { ROWS = 20, BATCH = 5, STEPS = 13 };

static int bowl(void *user, const tw_eval *e)
{
    const double *w = e->w;
    (void)user;
    *e->sums = (tw_sums){.loss = *w * *w / 2, .weight = 1};
    if (e->want & TW_WANT_GRADIENT) *(double *)e->gradient = *w;
    return 0;
}

static const struct count {
    const char *optimizer, *control;
    int batch, without_rows;
    uint64_t gradients;
} cases[] = {
    {"sgd", NULL, BATCH, 0, STEPS *BATCH},
    {"sgd", NULL, 7, 0, 4 * ROWS + 7}, /* epochs of 7, 7 and 6 rows */
    {"full", NULL, 0, 0, STEPS *ROWS},
    {"single", NULL, 0, 0, STEPS},
    {"sag", NULL, BATCH, 0, STEPS *BATCH},
    {"saga", NULL, BATCH, 0, STEPS *BATCH},
    /* full at updates 0, 3, 6, 9, 12; else at w and at the snapshot */
    {"svrg:m=3", NULL, BATCH, 0, 5 * ROWS + 8 * 2 * BATCH},
    {"svrg:option=II,m=4", NULL, BATCH, 0, 4 * ROWS + 9 * 2 * BATCH},
    {"sarah:m=3", NULL, BATCH, 0, 5 * ROWS + 8 * 2 * BATCH},
    {"sam", NULL, BATCH, 0, STEPS * 2 * BATCH},
    {"sgd", "armijo", BATCH, 0, STEPS *BATCH}, /* its trials look at losses only */
    {"sgd", NULL, 0, 1, STEPS},
    {"sam", NULL, 0, 1, 2 * STEPS},
};

static uint64_t counted(tw_context *ctx, const struct count *c, int resumed_after)
{
    static const int64_t shape[] = {1};
    static const tw_tensor one = {"w", 1, shape, 0, 0};
    least_squares p = {.rows = ROWS, .columns = 3, .penalty = 0.1, .bad_row = -1};
    tw_objective f = ls_objective(&p, TW_F64);
    if (c->without_rows)
        f = (tw_objective){.size = sizeof f,
                           .type = TW_F64,
                           .tensors = &one,
                           .n_tensors = 1,
                           .lanes = 8,
                           .eval = bowl};
    double w[3] = {1, -1, 1}, v[3];
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = c->optimizer;
    o.control = c->control;
    o.batch = (uint64_t)c->batch;
    o.epochs = 100;
    tw_run *run;
    int status;
    assert_int_equal(tw_run_create(&run, ctx, &f, NULL, w, &o, NULL), TW_OK);
    for (int i = 0; i < STEPS; i++) {
        if (i == resumed_after) {
            ls_state state;
            assert_int_equal(ls_save(&state, run), TW_OK);
            tw_run_free(run);
            assert_int_equal(tw_run_create(&run, ctx, &f, NULL, v, &o, NULL), TW_OK);
            assert_int_equal(tw_run_gradients(run), 0);
            assert_int_equal(ls_load(&state, run), TW_OK);
            ls_forget(&state);
        }
        assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
    }
    uint64_t n = tw_run_gradients(run);
    tw_run_free(run);
    return n;
}

static void every_look_counts(void **state)
{
    (void)state;
    tw_context *ctx;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int resumed = -1; resumed < STEPS; resumed += 7) {
            uint64_t n = counted(ctx, &cases[i], resumed);
            if (n != cases[i].gradients)
                fail_msg("%s, batch %d, resumed after %d: %llu gradients, not %llu", cases[i].optimizer,
                         cases[i].batch, resumed, (unsigned long long)n,
                         (unsigned long long)cases[i].gradients);
        }
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_look_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
