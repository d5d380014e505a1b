/* The loop over objectives of one's own: what it asks for, in which floating-point mode, and how it stops.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <thalweg/train.h>

/* A sum of (w - row)^2 / 2 over the rows, with faults to order; what it notes, the lanes note together. */
struct own { double loss_of_row_3; double gradient; int answer, answers_from; _Atomic int mode; _Atomic long calls; };

static int eval(void *user, unsigned want, const void *weights, const uint64_t *rows, size_t n, const tw_draw *draw, tw_sums *sums, void *gradient, void *output)
{
    struct own *o = user;
    const double w = *(const double *)weights;
    (void)draw, (void)output;
    o->mode |= fegetround() == FE_UPWARD ? 1 : 2;
    o->calls++;
    *sums = (tw_sums){0};
    double g = 0;
    for (size_t i = 0; i < n || (!rows && i == 0); i++) {
        double row = rows ? (double)rows[i] : 0;
        if (o->answer && rows && (int)rows[i] >= o->answers_from) return o->answer + (int)rows[i];
        sums->loss += rows && rows[i] == 3 ? o->loss_of_row_3 : (w - row) * (w - row) / 2;
        sums->weight += 1;
        g += w - row + o->gradient;
    }
    if (want & TW_WANT_GRADIENT) *(double *)gradient = g;
    return 0;
}

static const int64_t shape[] = {1};
static const tw_tensor tensor = {"w", 1, shape, 0, 0};

static tw_objective objective(struct own *own, uint64_t rows)
{
    return (tw_objective){.size = sizeof(tw_objective), .type = TW_F64, .tensors = &tensor, .n_tensors = 1, .n_rows = rows, .lanes = 1, .user = own, .eval = eval};
}

static tw_context *context(void)
{
    tw_context *ctx;
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    o.threads = 2;
    assert_int_equal(tw_context_create(&ctx, &o, NULL), TW_OK);
    return ctx;
}

static tw_run_options options(void)
{
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = "sgd:lr=0.1";
    o.epochs = 2;
    return o;
}

static void a_loss_that_is_not_finite_changes_nothing(void **state)
{
    (void)state;
    const double losses[] = {INFINITY, NAN};
    for (int i = 0; i < 2; i++) {
        struct own own = {.loss_of_row_3 = losses[i]};
        tw_context *ctx = context();
        tw_objective train = objective(&own, 5);
        tw_run_options o = options();
        tw_run *run;
        tw_error err;
        double w = 1;
        int status;
        assert_int_equal(tw_run_create(&run, ctx, &train, NULL, &w, &o, &err), TW_OK);
        assert_int_equal(tw_run_step(run, &status, &err), TW_ERR_NOT_FINITE);
        assert_true(w == 1);
        assert_int_equal(err.step, 1);
        assert_int_equal(tw_run_steps(run), 0);
        assert_int_equal(tw_run_step(run, &status, &err), TW_ERR_STATE);
        assert_true(w == 1);
        tw_run_free(run);
        tw_context_free(ctx);
    }
}

static void a_failing_validation_ends_the_run(void **state)
{
    (void)state;
    struct own good = {.loss_of_row_3 = 1}, bad = {.loss_of_row_3 = NAN};
    tw_context *ctx = context();
    tw_objective train = objective(&good, 40), check = objective(&bad, 5);
    tw_run_options o = options();
    tw_run *run;
    tw_error err;
    double w = 1;
    int status = TW_RUN_GOING;
    assert_int_equal(tw_run_create(&run, ctx, &train, &check, &w, &o, &err), TW_OK);
    assert_int_equal(tw_run_step(run, &status, &err), TW_OK);
    assert_int_equal(tw_run_step(run, &status, &err), TW_ERR_NOT_FINITE);
    assert_int_equal(tw_run_step(run, &status, &err), TW_ERR_STATE);
    tw_run_free(run);
    check.type = TW_F32;
    assert_int_equal(tw_run_create(&run, ctx, &train, &check, &w, &o, &err), TW_ERR_SPEC);
    assert_null(run);
    tw_context_free(ctx);
}

static void the_first_answer_is_handed_back(void **state)
{
    (void)state;
    struct own own = {.loss_of_row_3 = 1, .answer = 100, .answers_from = 20};
    tw_context *ctx = context();
    tw_objective train = objective(&own, 64);
    train.lanes = 2;
    tw_run_options o = options();
    o.estimator = "full";
    tw_run *run;
    tw_error err;
    double w = 1;
    int status;
    assert_int_equal(tw_run_create(&run, ctx, &train, NULL, &w, &o, &err), TW_OK);
    assert_int_equal(tw_run_step(run, &status, &err), TW_STOPPED);
    assert_int_equal(err.callback, 120);
    tw_run_free(run);
    tw_context_free(ctx);
}

static void objectives_without_rows(void **state)
{
    (void)state;
    const char *const estimators[] = {"minibatch", "full", "single"};
    for (int i = 0; i < 3; i++) {
        struct own own = {0};
        tw_context *ctx = context();
        tw_objective train = objective(&own, 0);
        tw_run_options o = options();
        o.estimator = estimators[i];
        tw_run *run;
        tw_error err;
        double w = 1;
        int status = TW_RUN_GOING;
        assert_int_equal(tw_run_create(&run, ctx, &train, NULL, &w, &o, &err), TW_OK);
        assert_int_equal(tw_run_step(run, &status, &err), TW_OK);
        assert_int_equal(tw_run_step(run, &status, &err), TW_OK);
        assert_int_equal(status, TW_RUN_FINISHED);
        assert_true(fabs(w - 0.81) < 1e-15);
        tw_run_free(run);
        o.batch = 3;
        assert_int_equal(tw_run_create(&run, ctx, &train, NULL, &w, &o, &err), TW_ERR_SPEC);
        tw_context_free(ctx);
    }
}

/* The caller's mode is seen by its callbacks and comes back; the results are those of round to nearest. */
static void the_callers_mode_is_his_own(void **state)
{
    (void)state;
    double results[2], losses[2];
    for (int upward = 0; upward < 2; upward++) {
        struct own own = {.loss_of_row_3 = 0.1, .gradient = 1.0 / 3};
        tw_context *ctx = context();
        tw_objective train = objective(&own, 40);
        tw_run_options o = options();
        tw_run *run;
        tw_metrics m;
        double w = 1;
        int status = TW_RUN_GOING;
        assert_int_equal(tw_run_create(&run, ctx, &train, NULL, &w, &o, NULL), TW_OK);
        if (upward) fesetround(FE_UPWARD);
        while (status == TW_RUN_GOING) assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
        assert_int_equal(tw_evaluate(ctx, &train, &w, &m, NULL), TW_OK);
        assert_int_equal(fegetround(), upward ? FE_UPWARD : FE_TONEAREST);
        fesetround(FE_TONEAREST);
        assert_int_equal(own.mode, upward ? 1 : 2);
        results[upward] = w;
        losses[upward] = m.loss;
        tw_run_free(run);
        tw_context_free(ctx);
    }
    assert_true(fabs(results[0] - results[1]) < 1e-12); /* its own sums were rounded upward */
    assert_true(fabs(losses[0] - losses[1]) < 1e-9);
}

static void wrong_sizes_are_refused(void **state)
{
    (void)state;
    struct own own = {0};
    tw_context *ctx = context();
    tw_objective train = objective(&own, 4), wrong = train;
    tw_run_options o = options(), wrong_options = o;
    tw_job_options job = TW_JOB_OPTIONS_INIT;
    tw_run *run;
    tw_job *j;
    tw_metrics m;
    double w = 1;
    wrong.size = 3;
    wrong_options.size = 3;
    job.size = 3;
    assert_int_equal(tw_run_create(&run, ctx, &wrong, NULL, &w, &o, NULL), TW_ERR_SPEC);
    assert_int_equal(tw_run_create(&run, ctx, &train, NULL, &w, &wrong_options, NULL), TW_ERR_SPEC);
    assert_int_equal(tw_evaluate(ctx, &wrong, &w, &m, NULL), TW_ERR_SPEC);
    assert_int_equal(tw_job_create(&j, ctx, &job, NULL), TW_ERR_SPEC);
    assert_int_equal(tw_job_resume(&j, ctx, "/nowhere", &job, NULL), TW_ERR_SPEC);
    wrong = train;
    wrong.joins = 1;
    assert_int_equal(tw_run_create(&run, ctx, &wrong, NULL, &w, &o, NULL), TW_ERR_SPEC);
    wrong = train;
    wrong.only_outputs = 1;
    assert_int_equal(tw_evaluate(ctx, &wrong, &w, &m, NULL), TW_ERR_DATA);
    o.epochs = UINT64_MAX;
    assert_int_equal(tw_run_create(&run, ctx, &train, NULL, &w, &o, NULL), TW_ERR_SPEC);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_that_is_not_finite_changes_nothing), cmocka_unit_test(a_failing_validation_ends_the_run),
        cmocka_unit_test(the_first_answer_is_handed_back),           cmocka_unit_test(objectives_without_rows),
        cmocka_unit_test(the_callers_mode_is_his_own),               cmocka_unit_test(wrong_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
