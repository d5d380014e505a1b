/* Looking into a run: the gradient and the norms of its tensors in the event callback, with the bits of any
 * number of threads, from vectors, lists and solvers alike; the message of what is not finite.
 * SPDX-License-Identifier: MIT */
#include "small_data.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <thalweg/run_log.h>
#include <thalweg/train.h>

#define DIRECTORY "test_norms.tmp"
enum { STEPS = 40, TENSORS = 6 };

/* ---- an objective with known gradients ----------------------------------------------------------------- */

enum { LENGTH = 5000, WEIGHTS = 3 + LENGTH + 2 };
static const int64_t shape_a[] = {3}, shape_b[] = {LENGTH}, shape_c[] = {2};
static const tw_tensor tensors[] = {{"a", 1, shape_a, 0, 0},
                                    {"b\"x", 1, shape_b, 3, 0},
                                    {"held", 1, shape_c, 3 + LENGTH, TW_TENSOR_FROZEN}};
static const double slopes[WEIGHTS] = {1, 2, 2, 3, 4, [3 + LENGTH] = 100};

/* The loss is linear: the mean gradient is `slopes`, whatever the rows. */
static int eval(void *user, const tw_eval *e)
{
    (void)user;
    *e->sums = (tw_sums){.loss = 1, .weight = (double)e->n};
    const int list = e->sparse != NULL;
    for (uint32_t i = 0; e->want & TW_WANT_GRADIENT && i < WEIGHTS; i++)
        if (!list) ((double *)e->gradient)[i] = (double)e->n * slopes[i];
    if (!list) return 0;
    e->sparse->n = 2; /* 0 and 3 alone */
    for (uint32_t i = 0; i < 2; i++) {
        e->sparse->index[i] = 3 * i;
        ((double *)e->sparse->value)[i] = (double)e->n * slopes[3 * i];
    }
    return 0;
}

static size_t touched(void *user, const uint64_t *rows, size_t n, uint32_t *index)
{
    (void)user, (void)rows, (void)n;
    if (index) index[0] = 0, index[1] = 3;
    return 2;
}

static tw_objective linear(int lists)
{
    return (tw_objective){.size = sizeof(tw_objective),
                          .type = TW_F64,
                          .tensors = tensors,
                          .n_tensors = 3,
                          .n_rows = 5,
                          .lanes = 1,
                          .touched = lists ? touched : NULL,
                          .eval = eval};
}

static void known_gradients(void **state)
{
    (void)state;
    for (int lists = 0; lists < 2; lists++) {
        tw_context *ctx;
        tw_run *run;
        tw_norms norms;
        tw_error err;
        double w[WEIGHTS] = {0, 3, 4};
        const void *g;
        int status;
        tw_objective o = linear(lists);
        tw_run_options options = TW_RUN_OPTIONS_INIT;
        options.optimizer = "sgd:lr=1e-300";
        assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
        assert_int_equal(tw_run_create(&run, ctx, &o, NULL, w, &options, &err), TW_OK);
        assert_int_equal(tw_run_norms(run, 0, &norms, NULL), TW_OK);
        assert_true(norms.weights == 5 && isnan(norms.gradient));
        assert_int_equal(tw_run_gradient(run, &g, NULL), TW_OK);
        assert_null(g);
        assert_int_equal(tw_run_step(run, &status, &err), TW_OK);
        assert_int_equal(tw_run_gradient(run, &g, NULL), TW_OK);
        for (int i = 0; i < WEIGHTS; i++) {
            const double value = ((const double *)g)[i], right = lists && i != 0 && i != 3 ? 0 : slopes[i];
            if (value != right) fail_msg("lists %d: number %d is %g, not %g", lists, i, value, right);
        }
        assert_int_equal(tw_run_norms(run, 0, &norms, NULL), TW_OK);
        assert_true(norms.weights == 5 && norms.gradient == (lists ? 1 : 3));
        assert_int_equal(tw_run_norms(run, 1, &norms, NULL), TW_OK);
        assert_true(norms.weights == 0 && norms.gradient == (lists ? 3 : 5));
        assert_int_equal(tw_run_norms(run, 2, &norms, NULL), TW_OK);
        assert_true(isnan(norms.gradient));
        assert_int_equal(tw_run_norms(run, 3, &norms, &err), TW_ERR_SPEC);
        assert_string_equal(err.message, "tensor 3 is requested, the run has 3");
        tw_run_free(run);
        tw_context_free(ctx);
    }
}

/* ---- the log ------------------------------------------------------------------------------------------- */

static void entries_with_norms(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_run *run;
    double w[WEIGHTS] = {0, 3, 4};
    int status;
    tw_objective o = linear(0);
    tw_run_options options = TW_RUN_OPTIONS_INIT;
    char to[TW_RUN_LOG_MOST + 3 * TW_RUN_LOG_TENSOR + 1];
    options.optimizer = "sgd:lr=1e-300";
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(tw_run_create(&run, ctx, &o, NULL, w, &options, NULL), TW_OK);
    assert_int_equal(tw_run_step(run, &status, NULL), TW_OK);
    const tw_run_log_entry e =
        {.size = sizeof e, .step = 1, .epoch = 1, .update_loss = 0.5, .lr = 1, .norms = run};
    to[tw_run_log_bytes(TW_RUN_LOG_JSON, &e, to)] = 0;
    assert_string_equal(
        to, "{\"epoch\": 1, \"step\": 1, \"lr\": 1, \"update_loss\": 0.5, "
            "\"gradient\": {\"a\": 3, \"b_x\": 5}, \"weights\": {\"a\": 5, \"b_x\": 0, \"held\": 0}}\n");
    to[tw_run_log_head(TW_RUN_LOG_CSV, 0, run, to)] = 0;
    assert_string_equal(to,
                        "epoch,step,seconds,loss,accuracy,val_loss,val_accuracy,lr,update_loss,gradient/a,"
                        "gradient/b_x,gradient/held,weights/a,weights/b_x,weights/held\n");
    to[tw_run_log_bytes(TW_RUN_LOG_CSV, &e, to)] = 0;
    assert_string_equal(to, "1,1,,,,,,1,0.5,3,5,,5,0,0\n");
    const size_t n = tw_run_log_bytes(TW_RUN_LOG_EVENTS, &e, to);
    assert_int_equal(tw_run_log_kept(TW_RUN_LOG_EVENTS, to, n, 1, 1), n);
    tw_run_free(run);
    tw_context_free(ctx);
}

/* ---- jobs ---------------------------------------------------------------------------------------------- */

struct seen {
    tw_job *job;
    tw_norms norms[STEPS][TENSORS];
    size_t n;
};

static int look(void *user, const tw_event *event)
{
    struct seen *s = user;
    if (event->kind != TW_EVENT_STEP || !s->job || s->n == STEPS) return 0;
    for (size_t i = 0; i < TENSORS; i++)
        assert_int_equal(tw_run_norms(tw_job_run_of(s->job), i, &s->norms[s->n][i], NULL), TW_OK);
    s->n++;
    return 0;
}

static tw_job_options options(struct seen *seen)
{
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    o.data = DIRECTORY "/data";
    o.model = "flatten; dense 9 tanh; dense 7 tanh; dense classes softmax";
    o.run.epochs = 3;
    o.run.batch = 16;
    o.run.event = look;
    o.run.user = seen;
    return o;
}

static void run_with(int threads, const char *optimizer, const char *solver, struct seen *seen)
{
    tw_context *ctx;
    tw_error err = {0};
    tw_context_options c = TW_CONTEXT_OPTIONS_INIT;
    *seen = (struct seen){.n = 0};
    tw_job_options o = options(seen);
    c.threads = threads;
    o.run.optimizer = optimizer;
    o.run.solver = solver;
    if (solver) o.run.batch = 0;
    assert_int_equal(tw_context_create(&ctx, &c, NULL), TW_OK);
    if (tw_job_create(&seen->job, ctx, &o, &err) != TW_OK || tw_job_run(seen->job, &err) != TW_OK)
        fail_msg("%s", err.message);
    tw_job_free(seen->job);
    tw_context_free(ctx);
    assert_true(seen->n > 2);
}

static void any_number_of_threads(void **state)
{
    (void)state;
    static const char *const ways[][2] = {{"adam", NULL},
                                          {"svrg:m=3,lr=0.05", NULL},
                                          {"clip_global_norm:max=0.01+sgd", NULL},
                                          {NULL, "lbfgs"}};
    for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++) {
        struct seen one, three;
        run_with(1, ways[k][0], ways[k][1], &one);
        run_with(3, ways[k][0], ways[k][1], &three);
        assert_int_equal(one.n, three.n);
        assert_memory_equal(one.norms, three.norms, sizeof one.norms);
        assert_true(one.norms[1][0].gradient > 0.01 && one.norms[1][0].weights > 1);
    }
}

static int stop_at_checkpoint(void *user, const tw_event *event)
{
    int *left = user;
    return event->kind == TW_EVENT_CHECKPOINT && --*left == 0;
}

/* "norms": {...} of the result of a run that was interrupted at its checkpoint number `stop` and continues.
 * Returns 0 if it was over before. */
static int norms_text(tw_context *ctx, int stop, char to[2048])
{
    tw_job *job;
    const char *text;
    struct seen unused = {.n = STEPS};
    tw_job_options o = options(&unused), again = TW_JOB_OPTIONS_INIT;
    o.out = DIRECTORY "/run";
    o.force = 1;
    o.checkpoint_every = 1;
    o.run.event = stop_at_checkpoint;
    o.run.user = &stop;
    assert_int_equal(tw_job_create(&job, ctx, &o, NULL), TW_OK);
    assert_int_equal(tw_job_run(job, NULL), TW_OK);
    const int was_interrupted = tw_job_status(job) == TW_RUN_INTERRUPTED;
    if (was_interrupted) {
        tw_job_free(job);
        assert_int_equal(tw_job_resume(&job, ctx, o.out, &again, NULL), TW_OK);
        assert_int_equal(tw_job_run(job, NULL), TW_OK);
    }
    assert_int_equal(tw_job_json(job, &text, NULL), TW_OK);
    text = strstr(text, "\"norms\"");
    assert_non_null(text);
    snprintf(to, 2048, "%.*s", (int)(strstr(text, "\"seconds\"") - text), text);
    tw_job_free(job);
    return was_interrupted;
}

/* Also of a run that has no step left, and no gradient of its own. */
static void results_have_the_last_norms(void **state)
{
    (void)state;
    tw_context *ctx;
    char whole[2048], continued[2048];
    int stop = 0;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    norms_text(ctx, 0, whole);
    assert_non_null(strstr(whole, "\"1.weight\""));
    assert_non_null(strstr(whole, "\"gradient\""));
    while (norms_text(ctx, ++stop, continued)) assert_string_equal(continued, whole);
    assert_true(stop > 3);
    tw_context_free(ctx);
}

/* The number, its tensor, step, epoch and rows. */
static void what_is_not_finite(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_job *job;
    tw_error err;
    struct seen seen = {0};
    tw_job_options o = options(&seen);
    o.run.optimizer = "sgd:lr=1e38";
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(tw_job_create(&job, ctx, &o, NULL), TW_OK);
    assert_int_equal(tw_job_run(job, &err), TW_ERR_NOT_FINITE);
    static const char *const parts[] = {" is not finite at element ", " (epoch 1, training rows ",
                                        " and 8 more)"};
    for (size_t i = 0; i < 3; i++)
        if (!strstr(err.message, parts[i])) fail_msg("\"%s\" has no \"%s\"", err.message, parts[i]);
    assert_true(err.step > 1 && err.tensor[0]);
    tw_job_free(job);
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
        cmocka_unit_test(known_gradients),       cmocka_unit_test(entries_with_norms),
        cmocka_unit_test(any_number_of_threads), cmocka_unit_test(results_have_the_last_norms),
        cmocka_unit_test(what_is_not_finite),
    };
    return cmocka_run_group_tests(tests, make_data, NULL);
}
