/* replay: every step of a run has the weights, gradient, rows and loss that it had, of networks and linear
 * models, finished, unfinished or failed; and what is refused.
 * SPDX-License-Identifier: MIT */
#include "file/safetensors.h"
#include "small_data.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <thalweg/replay.h>

#define DIRECTORY "test_replay.tmp"
#define OUT DIRECTORY "/run"
enum { MOST = 64, MOST_TENSORS = 12 };

/* What the run was like while it was made. */
struct seen {
    tw_job *job;
    uint64_t stop_after; /* steps; 0: never */
    double loss[MOST + 1];
    uint64_t row[MOST + 1];
    tw_norms norms[MOST + 1][MOST_TENSORS];
    uint64_t steps;
};

static int look(void *user, const tw_event *e)
{
    struct seen *s = user;
    size_t n, rows;
    if (e->kind != TW_EVENT_STEP) return 0;
    const tw_run *run = tw_job_run_of(s->job);
    s->steps = tw_run_steps(run);
    assert_true(s->steps <= MOST);
    tw_run_tensors(run, &n);
    assert_true(n <= MOST_TENSORS);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(tw_run_norms(run, i, &s->norms[s->steps][i], NULL), TW_OK);
    s->loss[s->steps] = e->update_loss;
    s->row[s->steps] = tw_run_drawn(run, &rows)[0];
    return s->steps == s->stop_after;
}

static tw_job_options options(struct seen *seen)
{
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    o.data = DIRECTORY "/data";
    o.model = "conv2d 3 3x3 relu; flatten; dropout 0.2; dense 7; batchnorm tanh; dense classes softmax";
    o.val = 0.2;
    o.out = OUT;
    o.force = 1;
    o.run.optimizer = "clip_global_norm:max=1+momentum";
    o.run.schedule = "cosine";
    o.run.epochs = 3;
    o.run.batch = 16;
    o.run.event = look;
    o.run.user = seen;
    return o;
}

static tw_context *context(int threads)
{
    tw_context *ctx;
    tw_context_options c = TW_CONTEXT_OPTIONS_INIT;
    c.threads = threads;
    assert_int_equal(tw_context_create(&ctx, &c, NULL), TW_OK);
    return ctx;
}

static tw_status make_run(tw_context *ctx, const tw_job_options *o, struct seen *seen)
{
    tw_error err = {0};
    if (tw_job_create(&seen->job, ctx, o, &err) != TW_OK) fail_msg("%s", err.message);
    const tw_status s = tw_job_run(seen->job, &err);
    tw_job_free(seen->job);
    return s;
}

static tw_replay *replay_of(tw_context *ctx, uint64_t step, tw_replay_info *info)
{
    tw_replay *r;
    tw_error err = {0};
    *info = (tw_replay_info){.size = sizeof *info};
    if (tw_replay_create(&r, ctx, OUT, step, NULL, &err) != TW_OK) fail_msg("%s", err.message);
    assert_int_equal(tw_replay_read(r, info, NULL), TW_OK);
    return r;
}

/* The norms of a step's weights are those after the step before. */
static void check_step(tw_context *ctx, const struct seen *seen, uint64_t step)
{
    tw_replay_info info;
    tw_replay *r = replay_of(ctx, step, &info);
    assert_true(info.step == step && info.loss == seen->loss[step] && info.rows[0] == seen->row[step]);
    for (size_t i = 0; i < info.n_tensors; i++) {
        double norm[TW_REPLAY_PARTS];
        const double before = seen->norms[step - 1][i].weights, gradient = seen->norms[step][i].gradient;
        assert_int_equal(tw_replay_norms(r, i, norm, NULL), TW_OK);
        if (step > 1) assert_true(norm[TW_REPLAY_WEIGHTS] == before);
        assert_true(isnan(gradient) || norm[TW_REPLAY_GRADIENT] == gradient);
        assert_true(isnan(gradient) || norm[TW_REPLAY_UPDATE] > 0);
    }
    tw_replay_free(r);
}

static void every_step(void **state)
{
    (void)state;
    static struct seen seen;
    memset(&seen, 0, sizeof seen);
    tw_context *ctx = context(2), *one = context(1);
    tw_job_options o = options(&seen);
    assert_int_equal(make_run(ctx, &o, &seen), TW_OK);
    assert_int_equal(seen.steps, 3 * 5);
    for (uint64_t step = 1; step <= seen.steps; step++) check_step(one, &seen, step);
    tw_context_free(one);
    tw_context_free(ctx);
}

/* From a checkpoint before the step, from the start if it is after it, and beyond where the run stopped. */
static void an_unfinished_run(void **state)
{
    (void)state;
    static struct seen seen;
    memset(&seen, 0, sizeof seen);
    tw_context *ctx = context(2);
    tw_job_options o = options(&seen);
    tw_replay_info info;
    seen.stop_after = 7;
    assert_int_equal(make_run(ctx, &o, &seen), TW_OK);
    const uint64_t steps[] = {2, 7};
    for (size_t i = 0; i < 2; i++) check_step(ctx, &seen, steps[i]);
    tw_replay *r = replay_of(ctx, 8, &info);
    assert_true(info.epoch == 2 && info.step_of_epoch == 3 && info.steps_per_epoch == 5 && info.epochs == 3);
    tw_replay_free(r);
    assert_int_equal(access(OUT "/checkpoint.safetensors", F_OK), 0);
    tw_context_free(ctx);
}

/* Those of the weights are the model's, in its order; the gradient times the rate is the update of sgd. */
static void numbers_as_they_are_saved(void **state)
{
    (void)state;
    static struct seen seen;
    memset(&seen, 0, sizeof seen);
    tw_context *ctx = context(2);
    tw_job_options o = options(&seen);
    tw_replay_info info;
    tw__safetensors file, model;
    o.run.optimizer = "sgd:lr=0.5";
    o.run.schedule = NULL;
    assert_int_equal(make_run(ctx, &o, &seen), TW_OK);
    tw_replay *r = replay_of(ctx, seen.steps, &info);
    assert_int_equal(tw_replay_save(r, DIRECTORY "/step.safetensors", NULL), TW_OK);
    assert_int_equal(tw__safetensors_open(&file, ctx, DIRECTORY "/step.safetensors", NULL), TW_OK);
    assert_int_equal(tw__safetensors_open(&model, ctx, OUT "/model.safetensors", NULL), TW_OK);
    assert_int_equal(file.n, 3 * info.n_tensors);
    for (size_t i = 0; i < info.n_tensors; i++) {
        char name[64];
        size_t bytes;
        const tw__tensor_entry *end = tw__safetensors_find(&model, info.tensors[i].name), *part[3];
        double *number[3];
        assert_non_null(end);
        assert_true(tw__tensor_bytes(end, &bytes));
        for (int k = 0; k < 3; k++) {
            snprintf(name, sizeof name, "%s/%s", tw_replay_part_name(k), end->name);
            part[k] = tw__safetensors_find(&file, name);
            assert_true(part[k] && part[k]->rank == end->rank);
            number[k] = malloc(bytes * 2);
            assert_int_equal(tw_replay_numbers(r, i, k, number[k], NULL), TW_OK);
            for (size_t j = 0; j < bytes / 4; j++) {
                float saved;
                memcpy(&saved, (char *)part[k]->data + 4 * j, 4);
                assert_true((double)saved == number[k][j]);
            }
        }
        for (size_t j = 0; j < bytes / 4; j++) {
            float w;
            memcpy(&w, (char *)end->data + 4 * j, 4);
            const double after = (double)w, sum = number[0][j] + number[2][j];
            if (fabs(after - sum) > 1e-6 * fabs(after)) fail_msg("%s: %g, not %g", end->name, sum, after);
            if (!(info.tensors[i].flags & TW_TENSOR_BUFFER) &&
                fabs(number[2][j] + 0.5 * number[1][j]) > 1e-6 * (fabs(after) + fabs(number[1][j])))
                fail_msg("%s: %g by a gradient of %g", end->name, number[2][j], number[1][j]);
        }
        for (int k = 0; k < 3; k++) free(number[k]);
    }
    double none[1];
    tw_error err;
    assert_int_equal(tw_replay_numbers(r, 0, 3, none, &err), TW_ERR_SPEC);
    assert_int_equal(tw_replay_numbers(r, info.n_tensors, 0, none, &err), TW_ERR_SPEC);
    tw__safetensors_free(&file);
    tw__safetensors_free(&model);
    tw_replay_free(r);
    tw_context_free(ctx);
}

/* A fused estimator has weights and updates, and no gradient. */
static void linear_models(void **state)
{
    (void)state;
    static const char *const optimizers[] = {"adam", "saga:lr=0.1", "svrg:m=3,lr=0.1"};
    for (size_t i = 0; i < 3; i++) {
        static struct seen seen;
        memset(&seen, 0, sizeof seen);
        tw_context *ctx = context(2);
        tw_job_options o = options(&seen);
        tw_replay_info info;
        double norm[TW_REPLAY_PARTS];
        o.model = "logistic:l2=0.01";
        o.run.optimizer = optimizers[i];
        o.run.schedule = NULL;
        assert_int_equal(make_run(ctx, &o, &seen), TW_OK);
        tw_replay *r = replay_of(ctx, 7, &info);
        assert_true(info.loss == seen.loss[7] && info.rows[0] == seen.row[7]);
        assert_int_equal(tw_replay_norms(r, 0, norm, NULL), TW_OK);
        assert_true(norm[TW_REPLAY_UPDATE] > 0);
        assert_true(info.has[TW_REPLAY_GRADIENT] ? norm[TW_REPLAY_GRADIENT] == seen.norms[7][0].gradient
                                                 : isnan(norm[TW_REPLAY_GRADIENT]));
        tw_replay_free(r);
        tw_context_free(ctx);
    }
}

static void a_step_that_failed(void **state)
{
    (void)state;
    static struct seen seen;
    memset(&seen, 0, sizeof seen);
    tw_context *ctx = context(2);
    tw_job_options o = options(&seen);
    tw_replay_info info;
    tw_replay *r;
    tw_error err;
    o.model = "flatten; dense 7 relu; dense classes softmax";
    o.run.optimizer = "sgd:lr=1e38";
    assert_int_equal(make_run(ctx, &o, &seen), TW_ERR_NOT_FINITE);
    const uint64_t failed = seen.steps + 1;
    r = replay_of(ctx, failed, &info);
    assert_non_null(info.failure);
    assert_true(info.failure->step == failed && info.failure->tensor[0]);
    assert_true(info.has[TW_REPLAY_GRADIENT] && !info.has[TW_REPLAY_UPDATE] && info.n_rows == 16);
    tw_replay_free(r);
    assert_int_equal(tw_replay_create(&r, ctx, OUT, failed + 1, NULL, &err), TW_ERR_NOT_FINITE);
    assert_null(r);
    tw_context_free(ctx);
}

static void what_is_refused(void **state)
{
    (void)state;
    static struct seen seen;
    memset(&seen, 0, sizeof seen);
    tw_context *ctx = context(1);
    tw_job_options o = options(&seen);
    tw_replay *r;
    tw_error err;
    assert_int_equal(make_run(ctx, &o, &seen), TW_OK);
    assert_int_equal(tw_replay_create(&r, ctx, OUT, 0, NULL, &err), TW_ERR_SPEC);
    assert_int_equal(tw_replay_create(&r, ctx, OUT, 16, NULL, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "step 16: the run has 15");
    assert_int_equal(tw_replay_create(&r, ctx, DIRECTORY "/nowhere", 1, NULL, &err), TW_ERR_NOT_FOUND);
    o.run.event = NULL;
    o.model = "logistic:l2=0.1";
    o.run.optimizer = o.run.schedule = NULL;
    o.run.batch = 0;
    o.run.solver = "lbfgs";
    assert_int_equal(make_run(ctx, &o, &seen), TW_OK);
    assert_int_equal(tw_replay_create(&r, ctx, OUT, 1, NULL, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "the run has a solver"));
    assert_null(r);
    tw_context_free(ctx);
}

static int make_data(void **state)
{
    (void)state;
    mkdir(DIRECTORY, 0777);
    return small_data(DIRECTORY "/data", 100, 20) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step),
        cmocka_unit_test(an_unfinished_run),
        cmocka_unit_test(numbers_as_they_are_saved),
        cmocka_unit_test(linear_models),
        cmocka_unit_test(a_step_that_failed),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, make_data, NULL);
}
