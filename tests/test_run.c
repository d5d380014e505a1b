/* The loop over objectives of one's own: what it asks for, in which floating-point mode, and how it stops.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "context.h"
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <thalweg/train.h>

/* A sum of (w - row)^2 / 2 over the rows, with faults to order; what it notes, the lanes note together. */
struct custom {
    double loss_of_row_3;
    double gradient;
    int result, results_from;
    _Atomic int mode;
    _Atomic long calls;
};

static int eval(void *user, const tw_eval *e)
{
    struct custom *o = user;
    const double w = *(const double *)e->w;
    o->mode |= fegetround() == FE_UPWARD ? 1 : 2;
    o->calls++;
    *e->sums = (tw_sums){0};
    double g = 0;
    for (size_t i = 0; i < e->n || (!e->rows && i == 0); i++) {
        double row = e->rows ? (double)e->rows[i] : 0;
        if (o->result && e->rows && (int)e->rows[i] >= o->results_from) return o->result + (int)e->rows[i];
        e->sums->loss += e->rows && e->rows[i] == 3 ? o->loss_of_row_3 : (w - row) * (w - row) / 2;
        e->sums->weight += 1;
        g += w - row + o->gradient;
    }
    if (e->want & TW_WANT_GRADIENT) *(double *)e->gradient = g;
    return 0;
}

static const int64_t shape[] = {1};
static const tw_tensor tensor = {"w", 1, shape, 0, 0};

static tw_objective objective(struct custom *custom, uint64_t rows)
{
    return (tw_objective){.size = sizeof(tw_objective),
                          .type = TW_F64,
                          .tensors = &tensor,
                          .n_tensors = 1,
                          .n_rows = rows,
                          .lanes = 1,
                          .user = custom,
                          .eval = eval};
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
        struct custom custom = {.loss_of_row_3 = losses[i]};
        tw_context *ctx = context(2);
        tw_objective train = objective(&custom, 5);
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
    struct custom good = {.loss_of_row_3 = 1}, bad = {.loss_of_row_3 = NAN};
    tw_context *ctx = context(2);
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

static void the_first_result_is_handed_back(void **state)
{
    (void)state;
    struct custom custom = {.loss_of_row_3 = 1, .result = 100, .results_from = 20};
    tw_context *ctx = context(2);
    tw_objective train = objective(&custom, 64);
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
        struct custom custom = {0};
        tw_context *ctx = context(2);
        tw_objective train = objective(&custom, 0);
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
        struct custom custom = {.loss_of_row_3 = 0.1, .gradient = 1.0 / 3};
        tw_context *ctx = context(2);
        tw_objective train = objective(&custom, 40);
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
        assert_int_equal(custom.mode, upward ? 1 : 2);
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
    struct custom custom = {0};
    tw_context *ctx = context(2);
    tw_objective train = objective(&custom, 4), wrong = train;
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

/* ---- the target within an epoch ------------------------------------------------------------------------ */

enum { ROWS = 64, BATCH = 8, OF_EPOCH = ROWS / BATCH, EPOCHS = 3, STEPS = EPOCHS * OF_EPOCH };

struct made {
    double w[STEPS + 1], val[STEPS + 1];
    uint64_t steps, gradients, step_of_line;
    int status;
    size_t n;
    tw_epoch line[EPOCHS];
};

static int note_line(void *user, const tw_event *e)
{
    if (e->kind == TW_EVENT_EPOCH) ((struct made *)user)->step_of_line = e->step;
    return 0;
}

/* A run to its end, with the stored weight and the reported one's validation loss after every step. */
static struct made make(const char *target, uint64_t every)
{
    struct custom custom = {.loss_of_row_3 = 1};
    struct made m = {.status = TW_RUN_GOING};
    tw_context *ctx = context(2);
    tw_objective train = objective(&custom, ROWS), check = objective(&custom, 5);
    tw_run_options o = options();
    tw_run *run;
    double w = 100;
    o.optimizer = "sgd:lr=0.1+ema:decay=0.5";
    o.epochs = EPOCHS;
    o.batch = BATCH;
    o.target = target;
    o.eval_every = every;
    o.event = note_line;
    o.user = &m;
    assert_int_equal(tw_run_create(&run, ctx, &train, &check, &w, &o, NULL), TW_OK);
    while (m.status == TW_RUN_GOING) {
        const void *reported;
        tw_metrics metrics;
        assert_int_equal(tw_run_step(run, &m.status, NULL), TW_OK);
        assert_int_equal(tw_run_weights(run, &reported, NULL), TW_OK);
        assert_int_equal(tw_evaluate(ctx, &check, reported, &metrics, NULL), TW_OK);
        m.steps = tw_run_steps(run);
        m.w[m.steps] = w;
        m.val[m.steps] = metrics.loss;
    }
    m.gradients = tw_run_gradients(run);
    const tw_epoch *lines = tw_run_history(run, &m.n);
    memcpy(m.line, lines, m.n * sizeof *lines);
    tw_run_free(run);
    tw_context_free(ctx);
    return m;
}

static void a_target_is_reached_within_an_epoch(void **state)
{
    (void)state;
    const struct made whole = make(NULL, 0);
    int within = 0;
    assert_int_equal(whole.steps, STEPS);
    for (uint64_t of = 1; of <= STEPS; of += 4)
        for (uint64_t every = 1; every <= 9; every++) {
            char target[40];
            snprintf(target, sizeof target, "val_loss=%.17g", whole.val[of]);
            const struct made found = make(target, every);
            uint64_t first = 1;
            while (!((first % OF_EPOCH == 0 || first % every == 0) && whole.val[first] <= whole.val[of]))
                first++;
            const tw_epoch *last = &found.line[found.n - 1];
            assert_int_equal(found.status, TW_RUN_TARGET);
            assert_int_equal(found.steps, first);
            assert_int_equal(found.gradients, first * BATCH);
            assert_int_equal(found.n, (first + OF_EPOCH - 1) / OF_EPOCH);
            assert_int_equal(last->epoch, found.n);
            assert_int_equal(found.step_of_line, first - (found.n - 1) * OF_EPOCH);
            assert_true(last->val_loss == whole.val[first] && last->lr == 0.1 && last->loss > 0);
            assert_memory_equal(found.w, whole.w, (first + 1) * sizeof *whole.w);
            within += first % OF_EPOCH != 0;
        }
    assert_true(within > 10);
    const struct made missed = make("val_loss=-1", 1);
    assert_int_equal(missed.status, TW_RUN_FINISHED);
    assert_memory_equal(missed.w, whole.w, sizeof whole.w);
    for (size_t i = 0; i < EPOCHS; i++)
        assert_true(missed.line[i].loss == whole.line[i].loss &&
                    missed.line[i].val_loss == whole.line[i].val_loss);
}

static void looking_without_a_target_is_refused(void **state)
{
    (void)state;
    struct custom custom = {0};
    tw_context *ctx = context(2);
    tw_objective train = objective(&custom, 4);
    tw_run_options o = options();
    tw_run *run;
    tw_error err;
    double w = 1;
    o.eval_every = 3;
    assert_int_equal(tw_run_create(&run, ctx, &train, NULL, &w, &o, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "eval_every = 3 has no effect without target");
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_that_is_not_finite_changes_nothing),
        cmocka_unit_test(a_failing_validation_ends_the_run),
        cmocka_unit_test(the_first_result_is_handed_back),
        cmocka_unit_test(objectives_without_rows),
        cmocka_unit_test(the_callers_mode_is_his_own),
        cmocka_unit_test(wrong_sizes_are_refused),
        cmocka_unit_test(a_target_is_reached_within_an_epoch),
        cmocka_unit_test(looking_without_a_target_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
