/* A step in parts, used as its header forbids: every misuse is an error that names the element and leaves
 * the step as it was; completed after it, the step has the bits of a whole one. Ranges come from several
 * threads.
 * SPDX-License-Identifier: MIT */
#include "subject.h"
#include <pthread.h>

enum { CHUNKS = 9, N = (CHUNKS - 1) * TW_CHUNK + 77, THREADS = 4 };
static const char *const specs[] = {"adam", "clip_global_norm:max=1+sgd:lr=0.5+clip_update:max=0.1", "lars",
                                    "muon", "nag+ema"};
#define SPECS (sizeof specs / sizeof *specs)

static struct subject subject_named(const char *spec)
{
    struct subject s = {"", NULL};
    snprintf(s.spec, sizeof s.spec, "%s", spec);
    return s;
}

static tw_status measure(struct work *a, size_t lo, size_t hi, tw_error *err)
{
    return tw_step_measure_f32(a->opt, lo, hi, a->w, a->g, err);
}

static tw_status update(struct work *a, size_t lo, size_t hi, tw_error *err)
{
    return tw_step_range_f32(a->opt, lo, hi, a->w, a->g, err);
}

static void assert_state(const char *call, tw_status s, const tw_error *err, const char *message)
{
    if (s != TW_ERR_STATE || strcmp(err->message, message) != 0)
        fail_msg("%s: %s, \"%s\"; expected TW_ERR_STATE, \"%s\"", call, tw_status_name(s), err->message,
                 message);
}
#define MISUSED(call, message) assert_state(#call, call, &err, message)

/* One pass over the ranges by `work`, with everything in it that is forbidden. */
static void pass_with_misuse(struct work *a, tw_status (*work)(struct work *, size_t, size_t, tw_error *),
                             tw_status (*finish)(struct work *, tw_error *))
{
    tw_error err;
    MISUSED(finish(a, &err), "element 0 is in no range of this pass");
    assert_int_equal(work(a, 2 * TW_CHUNK, 4 * TW_CHUNK, &err), TW_OK);
    assert_int_equal(work(a, 2 * TW_CHUNK, 2 * TW_CHUNK, &err), TW_OK); /* of no elements */
    MISUSED(work(a, 2 * TW_CHUNK, 4 * TW_CHUNK, &err),
            "element 8192 comes a second time in this pass over the ranges");
    MISUSED(work(a, 0, N, &err), "element 8192 comes a second time in this pass over the ranges");
    MISUSED(work(a, 3 * TW_CHUNK, N, &err), "element 12288 comes a second time in this pass over the ranges");
    MISUSED(tw_step_at(a->opt, a->w, &err), "tw_step_at after the first range of the step");
    MISUSED(tw_step_share(a->opt, 0, N, &err), "tw_step_share after the first range of the step");
    assert_int_equal(work(a, 0, 2 * TW_CHUNK, &err), TW_OK);
    MISUSED(finish(a, &err), "element 16384 is in no range of this pass");
    assert_int_equal(work(a, 4 * TW_CHUNK, N - 77, &err), TW_OK);
    MISUSED(finish(a, &err), "element 32768 is in no range of this pass");
    assert_int_equal(work(a, N - 77, N, &err), TW_OK);
    MISUSED(work(a, N - 77, N, &err), "element 32768 comes a second time in this pass over the ranges");
    assert_int_equal(finish(a, &err), TW_OK);
}

static tw_status settle(struct work *a, tw_error *err) { return tw_step_settle_f32(a->opt, a->w, err); }
static tw_status finish_step(struct work *a, tw_error *err) { return tw_step_end(a->opt, err); }

static void misuse_changes_nothing(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < SPECS; k++) {
        struct subject s = subject_named(specs[k]);
        struct work whole = begin(&s, ctx, TW_F32, N, NULL), parts = begin(&s, ctx, TW_F32, N, NULL);
        steps(&whole, 0, 3);
        for (uint64_t t = 0; t < 3; t++) {
            gradient(&parts, t, 1);
            assert_int_equal(tw_step_begin(parts.opt, NULL), TW_OK);
            for (int pass = 0; pass < tw_optimizer_passes(parts.opt); pass++)
                pass_with_misuse(&parts, measure, settle);
            pass_with_misuse(&parts, update, finish_step);
        }
        assert_int_equal(tw_optimizer_steps(parts.opt), 3);
        assert_same_bits(&s, "in parts, with misuse", &whole, &parts);
        end(&whole);
        end(&parts);
    }
    tw_context_free(ctx);
}

/* All threads try all chunks, each from another one on: each chunk is taken by exactly one of them. */
struct thread {
    pthread_t id;
    struct work *a;
    tw_status (*work)(struct work *, size_t, size_t, tw_error *);
    size_t first, done;
};

static void *try_all(void *arg)
{
    struct thread *t = arg;
    for (size_t k = 0; k < CHUNKS; k++) {
        const size_t lo = (t->first + k) % CHUNKS * TW_CHUNK, hi = lo + TW_CHUNK < N ? lo + TW_CHUNK : N;
        t->done += t->work(t->a, lo, hi, NULL) == TW_OK;
    }
    return NULL;
}

static void run_threads(struct work *a, tw_status (*work)(struct work *, size_t, size_t, tw_error *))
{
    struct thread threads[THREADS];
    size_t done = 0;
    for (size_t i = 0; i < THREADS; i++) {
        threads[i] = (struct thread){.a = a, .work = work, .first = i * 2};
        assert_int_equal(pthread_create(&threads[i].id, NULL, try_all, &threads[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i].id, NULL);
        done += threads[i].done;
    }
    assert_int_equal(done, CHUNKS);
}

static void threads_take_each_chunk_once(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < SPECS; k++) {
        struct subject s = subject_named(specs[k]);
        struct work whole = begin(&s, ctx, TW_F32, N, NULL), parts = begin(&s, ctx, TW_F32, N, NULL);
        steps(&whole, 0, 20);
        for (uint64_t t = 0; t < 20; t++) {
            gradient(&parts, t, 1);
            assert_int_equal(tw_step_begin(parts.opt, NULL), TW_OK);
            for (int pass = 0; pass < tw_optimizer_passes(parts.opt); pass++) {
                run_threads(&parts, measure);
                assert_int_equal(settle(&parts, NULL), TW_OK);
            }
            run_threads(&parts, update);
            assert_int_equal(finish_step(&parts, NULL), TW_OK);
        }
        assert_same_bits(&s, "from four threads", &whole, &parts);
        end(&whole);
        end(&parts);
    }
    tw_context_free(ctx);
}

/* A share is of one step; its ranges cover it and nothing else. */
static void shares(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = subject_named("adam");
    struct work a = begin(&s, ctx, TW_F32, N, NULL);
    tw_error err;
    gradient(&a, 0, 1);
    MISUSED(tw_step_share(a.opt, 0, N, &err), "tw_step_share without tw_step_begin");
    assert_int_equal(tw_step_begin(a.opt, &err), TW_OK);
    assert_int_equal(tw_step_share(a.opt, TW_CHUNK, 3 * TW_CHUNK, &err), TW_OK);
    assert_int_equal(update(&a, 0, TW_CHUNK, &err), TW_ERR_SPEC);
    assert_string_equal(err.message,
                        "the range [0, 4096) does not fall on multiples of 4096 within [4096, 12288)");
    MISUSED(tw_step_end(a.opt, &err), "element 4096 is in no range of this pass");
    assert_int_equal(tw_step_share(a.opt, 5, 3 * TW_CHUNK, &err), TW_ERR_SPEC);
    assert_string_equal(err.message,
                        "the range [5, 12288) does not fall on multiples of 4096 within [0, 32845)");
    assert_int_equal(tw_step_share(a.opt, 2 * TW_CHUNK, N, &err), TW_OK); /* the last one counts */
    assert_int_equal(update(&a, 2 * TW_CHUNK, N, &err), TW_OK);
    assert_int_equal(tw_step_end(a.opt, &err), TW_OK);
    assert_int_equal(tw_step_begin(a.opt, &err), TW_OK);
    assert_int_equal(update(&a, 2 * TW_CHUNK, N, &err), TW_OK);
    MISUSED(tw_step_end(a.opt, &err), "element 0 is in no range of this pass");
    assert_int_equal(update(&a, 0, 2 * TW_CHUNK, &err), TW_OK);
    assert_int_equal(tw_step_end(a.opt, &err), TW_OK);
    end(&a);
    tw_context_free(ctx);
}

/* After a gradient that is not finite the step may end at once, and whole steps count no ranges. */
static void ends_that_need_no_ranges(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = subject_named("adam");
    struct work a = begin(&s, ctx, TW_F32, N, NULL);
    tw_error err;
    steps(&a, 0, 2);
    ((float *)a.g)[TW_CHUNK + 1] = INFINITY;
    assert_int_equal(tw_step_begin(a.opt, &err), TW_OK);
    assert_int_equal(update(&a, TW_CHUNK, 2 * TW_CHUNK, &err), TW_OK);
    assert_int_equal(tw_step_end(a.opt, &err), TW_ERR_NOT_FINITE);
    assert_int_equal(tw_optimizer_steps(a.opt), 2);
    end(&a);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misuse_changes_nothing),
        cmocka_unit_test(threads_take_each_chunk_once),
        cmocka_unit_test(shares),
        cmocka_unit_test(ends_that_need_no_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
