/* Pre-training as part of a job: stopped at any of its steps, the job continues with the bits of one that was
 * left alone, in the same process or from its folder.
 * SPDX-License-Identifier: MIT */
#include "files.h"
#include "small_data.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <thalweg/train.h>

#define DIRECTORY TW_BINARY_DIR "/test_pretrain.d"
#define OUT DIRECTORY "/run"

enum { MOST = 1 << 20, EPOCHS = 2, BATCH = 32, ROWS = 100, LAYERS = 2 };

/* Stops at FIT event number `left`. */
struct stop {
    int left, fits;
};

static int on_event(void *user, const tw_event *event)
{
    struct stop *s = user;
    if (event->kind != TW_EVENT_FIT) return 0;
    s->fits++;
    return s->left > 0 && --s->left == 0;
}

static tw_job *open_job(tw_context *ctx, struct stop *stop)
{
    tw_job *job;
    tw_error err;
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    o.data = DIRECTORY "/data";
    o.model = "flatten; dense 7 sigmoid; dense 5 sigmoid; dense classes softmax";
    o.pretrain = EPOCHS;
    o.pretrain_noise = 0.1;
    o.out = OUT;
    o.force = 1;
    o.run.epochs = 1;
    o.run.batch = BATCH;
    o.run.event = on_event;
    o.run.user = stop;
    if (tw_job_create(&job, ctx, &o, &err) != TW_OK) fail_msg("%s", err.message);
    return job;
}

static size_t model_of(uint8_t *to) { return read_file(OUT "/model.safetensors", to, MOST); }

static void it_can_be_stopped_anywhere(void **state)
{
    (void)state;
    static uint8_t whole[MOST], other[MOST];
    const int per_layer = EPOCHS * ((ROWS + BATCH - 1) / BATCH);
    tw_context *ctx;
    struct stop stop = {0, 0};
    assert_int_equal(system("rm -rf '" DIRECTORY "' && mkdir -p '" DIRECTORY "'"), 0);
    assert_true(small_data(DIRECTORY "/data", ROWS, 20));
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    tw_job *job = open_job(ctx, &stop);
    assert_int_equal(stop.fits, 0);
    assert_int_equal(tw_job_run(job, NULL), TW_OK);
    assert_int_equal(stop.fits, LAYERS * per_layer);
    tw_job_free(job);
    const size_t n = model_of(whole);
    for (int at = 1; at < LAYERS * per_layer; at += 3)
        for (int from_folder = 0; from_folder < 2; from_folder++) {
            const tw_job_options again = TW_JOB_OPTIONS_INIT;
            stop = (struct stop){at, 0};
            job = open_job(ctx, &stop);
            assert_int_equal(tw_job_run(job, NULL), TW_OK);
            assert_int_equal(tw_job_status(job), TW_RUN_INTERRUPTED);
            assert_int_equal(stop.fits, at);
            if (from_folder) {
                tw_job_free(job);
                assert_int_equal(tw_job_resume(&job, ctx, OUT, &again, NULL), TW_OK);
            }
            assert_int_equal(tw_job_run(job, NULL), TW_OK);
            assert_int_equal(tw_job_status(job), TW_RUN_FINISHED);
            /* a layer that was stopped begins anew; those before it are kept */
            if (!from_folder) assert_int_equal(stop.fits, LAYERS * per_layer + at % per_layer);
            tw_job_free(job);
            assert_int_equal(model_of(other), n);
            assert_memory_equal(other, whole, n);
        }
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_can_be_stopped_anywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
