/* Jobs: the result, resume, stopping, and what happens when memory, files or numbers fail.
 * SPDX-License-Identifier: MIT */
#include "base/context.h"
#include "context.h"
#include "faulty_io.h"
#include "file/checkpoint.h"
#include "files.h"
#include "small_data.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <thalweg/train.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#define DATA TW_BINARY_DIR "/test_train.data"
#define OUT TW_BINARY_DIR "/test_train.out"
static const char network[] = "conv2d 4 3x3 relu; maxpool2d 2x2; flatten; dropout 0.1; dense classes softmax";

static int make_data(void **state)
{
    (void)state;
    return small_data(DATA, 130, 30) ? 0 : -1;
}

static void remove_run(void) { assert_int_equal(system("rm -rf '" OUT "' '" OUT TW_PARTIAL "'"), 0); }

static tw_job_options options(const char *out)
{
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    o.data = DATA;
    o.model = network;
    o.val = 0.1;
    o.out = out;
    o.run.epochs = 3;
    o.run.batch = 20;
    o.run.seed = 11;
    o.run.optimizer = "nag:lr=0.05";
    o.run.schedule = "warmup/5;cosine";
    return o;
}

/* The model file of an undisturbed run. */
static size_t reference(char *to, size_t n)
{
    tw_context *ctx = context(1);
    tw_job *job;
    tw_error err;
    remove_run();
    tw_job_options o = options(OUT);
    if (tw_job_create(&job, ctx, &o, &err) != TW_OK || tw_job_run(job, &err) != TW_OK)
        fail_msg("%s", err.message);
    tw_job_free(job);
    tw_context_free(ctx);
    n = read_file(OUT "/model.safetensors", to, n);
    assert_true(n > 1000);
    return n;
}

static char expected[100000], found[100000];

static void assert_same_model(size_t n)
{
    assert_int_equal(read_file(OUT "/model.safetensors", found, sizeof found), n);
    assert_memory_equal(found, expected, n);
}

/* ---- stop and resume ----------------------------------------------------------------------------------- */

static int stop_after(void *user, const tw_event *event)
{
    int *left = user;
    return event->kind == TW_EVENT_STEP && (*left)-- == 0;
}

/* In OUT, a run that was stopped after `steps` steps. */
static void stopped_run(tw_context *ctx, int steps, enum tw_run_status status)
{
    tw_job *job;
    tw_error err;
    tw_job_options o = options(OUT);
    remove_run();
    o.run.event = stop_after;
    o.run.user = &steps;
    assert_int_equal(tw_job_create(&job, ctx, &o, &err), TW_OK);
    assert_int_equal(tw_job_run(job, &err), TW_OK);
    assert_int_equal(tw_job_status(job), status);
    tw_job_free(job);
}

static void stopped_at_any_step_and_resumed_is_the_same(void **state)
{
    (void)state;
    size_t n = reference(expected, sizeof expected);
    for (int stop = 0; stop < 18; stop += 1 + stop / 4) {
        tw_context *ctx = context(1 + stop % 3);
        tw_job *job;
        tw_error err;
        stopped_run(ctx, stop, stop == 17 ? TW_RUN_FINISHED : TW_RUN_INTERRUPTED);
        tw_job_options again = TW_JOB_OPTIONS_INIT;
        for (int round = 0; round < 2; round++) { /* the second time the run is over */
            const char *text;
            if (tw_job_resume(&job, ctx, OUT, &again, &err) != TW_OK || tw_job_run(job, &err) != TW_OK)
                fail_msg("%s", err.message);
            assert_int_equal(tw_job_status(job), TW_RUN_FINISHED);
            assert_int_equal(tw_job_json(job, &text, &err), TW_OK);
            assert_non_null(strstr(text, "\"val_accuracy\""));
            tw_job_free(job);
        }
        assert_same_model(n);
        tw_context_free(ctx);
    }
}

/* Each checkpoint is told of when it is there, and may be the last. */
static int stop_at_checkpoint(void *user, const tw_event *event)
{
    int *left = user;
    if (event->kind != TW_EVENT_CHECKPOINT) return 0;
    assert_int_equal(access(OUT "/checkpoint.safetensors", F_OK), 0);
    assert_int_equal(event->step, event->steps_per_epoch);
    return --*left == 0;
}

static void stopped_at_a_checkpoint(void **state)
{
    (void)state;
    const size_t n = reference(expected, sizeof expected);
    tw_context *ctx = context(2);
    tw_job *job;
    tw_job_options o = options(OUT), again = TW_JOB_OPTIONS_INIT;
    int left = 2;
    size_t epochs;
    remove_run();
    o.run.event = stop_at_checkpoint;
    o.run.user = &left;
    assert_int_equal(tw_job_create(&job, ctx, &o, NULL), TW_OK);
    assert_int_equal(tw_job_run(job, NULL), TW_OK);
    assert_int_equal(tw_job_status(job), TW_RUN_INTERRUPTED);
    tw_run_history(tw_job_run_of(job), &epochs);
    assert_int_equal(epochs, 2);
    tw_job_free(job);
    assert_int_equal(tw_job_resume(&job, ctx, OUT, &again, NULL), TW_OK);
    assert_int_equal(tw_job_run(job, NULL), TW_OK);
    tw_job_free(job);
    assert_same_model(n);
    tw_context_free(ctx);
}

static void other_data_is_refused(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_job *job;
    tw_error err;
    const tw_job_options again = TW_JOB_OPTIONS_INIT;
    stopped_run(ctx, 2, TW_RUN_INTERRUPTED);
    assert_true(small_data(DATA, 131, 30));
    assert_int_equal(tw_job_resume(&job, ctx, OUT, &again, &err), TW_ERR_STATE);
    assert_non_null(strstr(err.message, "is not what the run in"));
    assert_true(small_data(DATA, 130, 30));
    tw_context_free(ctx);
}

static tw_status no_state(void *object, tw_visitor *v, tw_error *err)
{
    (void)object, (void)v, (void)err;
    return TW_OK;
}

/* As checkpoints were once written: it does not say whose it is. */
static void a_checkpoint_without_settings_is_refused(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_job *job;
    tw_error err;
    const tw_job_options again = TW_JOB_OPTIONS_INIT;
    stopped_run(ctx, 2, TW_RUN_INTERRUPTED);
    assert_int_equal(tw__checkpoint_save(ctx, OUT "/checkpoint.safetensors", "run", NULL, no_state, NULL,
                                         &err),
                     TW_OK);
    assert_int_equal(tw_job_resume(&job, ctx, OUT, &again, &err), TW_ERR_DATA);
    assert_non_null(strstr(err.message, "does not say which settings it is of"));
    tw_context_free(ctx);
}

/* ---- memory and files that fail ------------------------------------------------------------------------ */

/* A job with its folder, from nothing: the code of the first failure. */
static tw_status whole_job(tw_context *ctx)
{
    tw_job *job = NULL;
    const char *text;
    tw_job_options o = options(OUT);
    o.run.epochs = 1;
    remove_run();
    tw_status s = tw_job_create(&job, ctx, &o, NULL);
    if (s == TW_OK) s = tw_job_run(job, NULL);
    if (s == TW_OK) s = tw_job_json(job, &text, NULL);
    tw_job_free(job);
    return s;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    long n = 0;
    for (tw_status s = TW_ERR_MEMORY; s != TW_OK; n++) {
        faults f;
        tw_context *ctx;
        assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
        f.fail_allocation = f.allocations + n;
        s = n ? whole_job(ctx) : TW_ERR_MEMORY;
        tw_context_free(ctx);
        if (s != TW_OK && s != TW_ERR_MEMORY) fail_msg("allocation %ld fails: %s", n, tw_status_name(s));
        if (f.live != 0) fail_msg("allocation %ld fails: %ld bytes are still held", n, f.live);
        assert_true(n < 2000);
    }
    assert_true(n > 50);
}

/* A run whose n-th change of a file fails says so, and resumed on a good disk it ends with the same model. */
static void any_file_operation_may_fail(void **state)
{
    (void)state;
    size_t n = reference(expected, sizeof expected);
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        long i = 1;
        for (tw_status s = TW_ERR_SYSTEM; s != TW_OK; i++) {
            faults f;
            tw_context *ctx;
            tw_job *job = NULL;
            tw_error err;
            tw_job_options o = options(OUT), again = TW_JOB_OPTIONS_INIT;
            remove_run();
            assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
            f.only_changes = 1;
            f.for_ever = for_ever;
            f.fail_step = i;
            s = tw_job_create(&job, ctx, &o, &err);
            if (s == TW_OK) s = tw_job_run(job, &err);
            tw_job_free(job);
            if (s == TW_OK) {
                tw_context_free(ctx);
                break;
            }
            if (s != TW_ERR_SYSTEM)
                fail_msg("operation %ld fails: %s: %s", i, tw_status_name(s), err.message);
            f.fail_step = 0;
            s = tw_job_resume(&job, ctx, OUT, &again, &err);
            if (s == TW_ERR_NOT_FOUND) s = tw_job_create(&job, ctx, &o, &err);
            if (s != TW_OK || tw_job_run(job, &err) != TW_OK)
                fail_msg("after operation %ld: %s", i, err.message);
            tw_job_free(job);
            tw_context_free(ctx);
            assert_same_model(n);
            s = TW_ERR_SYSTEM;
            assert_true(i < 500);
        }
        assert_true(i > 20);
    }
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

static void a_gradient_that_is_not_finite_stops_the_run(void **state)
{
    (void)state;
    uint64_t index = 0;
    for (int threads = 1; threads <= 3; threads += 2) {
        tw_context *ctx = context(threads);
        tw_job *job;
        tw_error err;
        tw_job_options o = options(NULL);
        o.run.optimizer = "sgd:lr=1e30";
        o.run.schedule = NULL;
        assert_int_equal(tw_job_create(&job, ctx, &o, &err), TW_OK);
        assert_int_equal(tw_job_run(job, &err), TW_ERR_NOT_FINITE);
        assert_string_equal(err.tensor, "0.weight");
        assert_int_equal(err.step, 2);
        if (threads == 1) index = err.index;
        assert_int_equal(err.index, index);
        assert_int_equal(tw_job_run(job, &err), TW_ERR_STATE);
        tw_job_free(job);
        tw_context_free(ctx);
    }
}

#if defined(__x86_64__)
static unsigned seen_mode;
static int look_at_mode(void *user, const tw_event *event)
{
    (void)user, (void)event;
    seen_mode |= _mm_getcsr() & ~0x3Fu;
    return 0;
}

static void the_callers_floating_point_mode_is_left_alone(void **state)
{
    (void)state;
    tw_context *ctx = context(2);
    tw_job *job;
    tw_job_options o = options(NULL);
    o.run.event = look_at_mode;
    unsigned was = _mm_getcsr() & ~0x3Fu;
    seen_mode = 0;
    assert_int_equal(tw_job_create(&job, ctx, &o, NULL), TW_OK);
    assert_int_equal(_mm_getcsr() & ~0x3Fu, was);
    assert_int_equal(tw_job_run(job, NULL), TW_OK);
    assert_int_equal(_mm_getcsr() & ~0x3Fu, was);
    assert_int_equal(seen_mode, was);
    tw_job_free(job);
    tw_context_free(ctx);
}
#endif

static void a_target_ends_the_run(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_job *job;
    tw_error err;
    tw_job_options o = options(NULL);
    o.run.optimizer = "adam:lr=0.01";
    o.run.schedule = NULL;
    o.run.epochs = 50;
    o.run.target = "val_loss=0.5";
    assert_int_equal(tw_job_create(&job, ctx, &o, &err), TW_OK);
    assert_int_equal(tw_job_run(job, &err), TW_OK);
    assert_int_equal(tw_job_status(job), TW_RUN_TARGET);
    size_t n;
    const tw_epoch *line = tw_run_history(tw_job_run_of(job), &n);
    assert_true(n < 50 && line[n - 1].val_loss <= 0.5);
    for (size_t i = 0; i + 1 < n; i++) assert_true(line[i].val_loss > 0.5);
    tw_job_free(job);
    o.run.target = "val_los=0.5";
    assert_int_equal(tw_job_create(&job, ctx, &o, &err), TW_ERR_SPEC);
    tw_context_free(ctx);
}

/* The step in which the target is reached is the same, wherever the run was stopped before. */
static void a_target_within_an_epoch_is_found_after_a_stop(void **state)
{
    (void)state;
    uint64_t reached = 0, gradients = 0;
    size_t n = 0;
    tw_job_options o = options(OUT);
    o.run.optimizer = "adam:lr=0.01";
    o.run.schedule = NULL;
    o.run.target = "val_loss=0.8";
    o.run.eval_every = 1;
    o.run.event = stop_after;
    for (int stop = -1; stop < (int)reached; stop++) {
        tw_context *ctx = context(1 + (stop & 1));
        tw_job *job;
        tw_error err;
        int left = stop;
        remove_run();
        o.run.user = &left;
        assert_int_equal(tw_job_create(&job, ctx, &o, &err), TW_OK);
        assert_int_equal(tw_job_run(job, &err), TW_OK);
        if (stop >= 0 && tw_job_status(job) == TW_RUN_INTERRUPTED) {
            const tw_job_options go_on = TW_JOB_OPTIONS_INIT;
            tw_job_free(job);
            assert_int_equal(tw_job_resume(&job, ctx, OUT, &go_on, &err), TW_OK);
            assert_int_equal(tw_job_run(job, &err), TW_OK);
        }
        assert_int_equal(tw_job_status(job), TW_RUN_TARGET);
        tw_run *run = tw_job_run_of(job);
        if (stop < 0) {
            reached = tw_run_steps(run);
            gradients = tw_run_gradients(run);
            assert_true(reached > 3 && reached % tw_run_steps_per_epoch(run) != 0);
            n = read_file(OUT "/model.safetensors", expected, sizeof expected);
        }
        assert_int_equal(tw_run_steps(run), reached);
        assert_int_equal(tw_run_gradients(run), gradients);
        assert_same_model(n);
        tw_job_free(job);
        tw_context_free(ctx);
    }
}

static void looking_after_the_end_is_refused(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_job *job;
    tw_error err;
    tw_job_options o = options(NULL);
    o.run.target = "val_loss=0.1";
    o.run.eval_every = 18;
    assert_int_equal(tw_job_create(&job, ctx, &o, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "eval_every = 18 has no effect: after 18 updates training is over");
    o.run.eval_every = 17;
    assert_int_equal(tw_job_create(&job, ctx, &o, &err), TW_OK);
    tw_job_free(job);
    tw_context_free(ctx);
}

static void a_directory_may_end_with_a_slash_and_an_old_run_stays_until_it_is_replaced(void **state)
{
    (void)state;
    size_t n = reference(expected, sizeof expected);
    tw_context *ctx = context(1);
    tw_job *job;
    tw_error err;
    tw_job_options o = options(OUT "//");
    assert_int_equal(tw_job_create(&job, ctx, &o, &err), TW_ERR_SPEC);
    assert_same_model(n);
    o.force = 1;
    assert_int_equal(tw_job_create(&job, ctx, &o, &err), TW_OK);
    assert_int_equal(tw_job_run(job, &err), TW_OK);
    assert_same_model(n);
    tw_job_free(job);
    faults f; /* the new folder can be made, and nothing written into it */
    tw_context *full;
    assert_int_equal(faulty_context(&full, &f, 1, NULL), TW_OK);
    f.only_changes = 1;
    f.for_ever = 1;
    f.fail_step = 2;
    assert_int_equal(tw_job_create(&job, full, &o, &err), TW_ERR_SYSTEM);
    tw_context_free(full);
    assert_same_model(n);
    assert_int_not_equal(access(OUT TW_PARTIAL, F_OK), 0);
    tw_context_free(ctx);
}

static int holds_seed(int seed)
{
    char line[40], run[8192];
    snprintf(line, sizeof line, "\"seed\": %d", seed);
    run[read_file(OUT "/run.json", run, sizeof run - 1)] = 0;
    return strstr(run, line) != NULL;
}

/* From some operation on none is made any more, as after a kill: beside the new run.json there is no file of
 * the old run, and before it is there all that is there is the old run's. */
static void no_file_of_a_replaced_run_stands_beside_the_new_one(void **state)
{
    (void)state;
    static const char page[] = "the old run's page";
    char history[4096], csv[4096], html[64];
    int old = 0, new = 0;
    tw_status s = TW_ERR_SYSTEM;
    for (long i = 1; s != TW_OK; i++) {
        size_t n = reference(expected, sizeof expected),
               n_history = read_file(OUT "/history.csv", history, sizeof history);
        faults f;
        tw_context *ctx;
        tw_job *job = NULL;
        tw_error err;
        tw_job_options o = options(OUT);
        write_file(OUT "/report.html", page, strlen(page));
        write_file(OUT "/model.safetensors" TW_PARTIAL, "left by a kill", 14);
        assert_false(holds_seed(99));
        o.run.seed = 99;
        o.force = 1;
        assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
        f.only_changes = f.for_ever = 1;
        f.fail_step = i;
        s = tw_job_create(&job, ctx, &o, &err);
        if (s == TW_OK) s = tw_job_run(job, &err);
        tw_job_free(job);
        tw_context_free(ctx);
        if (!holds_seed(99)) {
            old++;
            if (read_file(OUT "/model.safetensors", found, sizeof found)) assert_same_model(n);
            continue;
        }
        new ++;
        assert_false(read_file(OUT "/model.safetensors", found, sizeof found) == n &&
                     memcmp(found, expected, n) == 0);
        assert_false(read_file(OUT "/history.csv", csv, sizeof csv) == n_history &&
                     memcmp(csv, history, n_history) == 0);
        assert_int_equal(read_file(OUT "/report.html", html, sizeof html), 0);
        assert_true(i < 500);
    }
    assert_true(old > 5);
    assert_true(new > 10);
}

static void best_weights_are_kept(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_job *job;
    tw_model *model;
    tw_objective val = TW_OBJECTIVE_INIT;
    tw_data *data;
    tw_metrics m;
    tw_error err;
    remove_run();
    tw_job_options o = options(OUT);
    o.keep = "best";
    o.run.schedule = NULL;
    o.run.optimizer = "sgd:lr=0.9"; /* wild enough that the last epoch is not the best */
    o.run.epochs = 8;
    assert_int_equal(tw_job_create(&job, ctx, &o, &err), TW_OK);
    assert_int_equal(tw_job_run(job, &err), TW_OK);
    size_t n;
    const tw_epoch *line = tw_run_history(tw_job_run_of(job), &n);
    double best = INFINITY;
    for (size_t i = 0; i < n; i++) best = fmin(best, line[i].val_loss);
    tw_data_options d = TW_DATA_OPTIONS_INIT;
    d.val = 0.1;
    assert_int_equal(tw_data_open(ctx, DATA, &d, NULL, &data, NULL, &err), TW_OK);
    assert_int_equal(tw_model_load(&model, ctx, OUT "/model.safetensors", &err), TW_OK);
    assert_int_equal(tw_model_objective(model, data, &val, &err), TW_OK);
    assert_int_equal(tw_evaluate(ctx, &val, tw_model_weights(model), &m, &err), TW_OK);
    assert_true(m.loss == best);
    tw_model_objective_free(&val);
    tw_model_free(model);
    tw_data_free(data);
    tw_job_free(job);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] =
    { cmocka_unit_test(stopped_at_any_step_and_resumed_is_the_same),
      cmocka_unit_test(stopped_at_a_checkpoint),
      cmocka_unit_test(other_data_is_refused),
      cmocka_unit_test(a_checkpoint_without_settings_is_refused),
      cmocka_unit_test(any_allocation_may_fail),
      cmocka_unit_test(any_file_operation_may_fail),
      cmocka_unit_test(a_gradient_that_is_not_finite_stops_the_run),
#if defined(__x86_64__)
      cmocka_unit_test(the_callers_floating_point_mode_is_left_alone),
#endif
      cmocka_unit_test(a_target_ends_the_run),
      cmocka_unit_test(a_target_within_an_epoch_is_found_after_a_stop),
      cmocka_unit_test(looking_after_the_end_is_refused),
      cmocka_unit_test(a_directory_may_end_with_a_slash_and_an_old_run_stays_until_it_is_replaced),
      cmocka_unit_test(no_file_of_a_replaced_run_stands_beside_the_new_one),
      cmocka_unit_test(best_weights_are_kept),
    };
    return cmocka_run_group_tests(tests, make_data, NULL);
}
