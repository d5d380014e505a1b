/* The learning-rate range test: its rates, its losses against a run of its own, its mean and its verdict by
 * their definitions, its files.
 * SPDX-License-Identifier: MIT */
#include "context.h"
#include "faulty_io.h"
#include "small_data.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <thalweg/find_lr.h>
#include <unistd.h>

#define DATA TW_BINARY_DIR "/find_lr_data"
#define OUT TW_BINARY_DIR "/find_lr_out"

static tw_find_lr_options options(void)
{
    tw_find_lr_options o = TW_FIND_LR_OPTIONS_INIT;
    o.job.data = DATA;
    o.job.model = "flatten; dense 12 relu; dropout 0.2; dense classes softmax";
    o.job.run.optimizer = "momentum";
    o.job.run.batch = 5;
    o.job.run.seed = 7;
    o.from = 1e-4;
    o.to = 100;
    o.steps = 40;
    return o;
}

static void remove_files(void)
{
    remove(OUT "/find_lr.csv");
    remove(OUT "/find_lr.svg");
    remove(OUT);
}

static tw_find_lr *find(tw_context *ctx, const tw_find_lr_options *o)
{
    tw_find_lr *found;
    tw_error err;
    if (tw_find_lr_run(&found, ctx, o, &err) != TW_OK) fail_msg("%s", err.message);
    return found;
}

static void rates_and_means_are_as_defined(void **state)
{
    (void)state;
    tw_context *ctx = context(2);
    const tw_find_lr_options o = options();
    tw_find_lr *found = find(ctx, &o);
    assert_true(found->steps == 40 && found->n > 20 && found->n <= 40);
    double least = INFINITY;
    for (size_t i = 0; i < found->n; i++) {
        const tw_lr_point *p = found->points;
        double sum = 0, weight = 0, share = 1, rate = 1e-4 * pow(1e6, (double)i / 39);
        for (size_t k = i + 1; k-- > 0; share *= 0.9) {
            sum += share * p[k].loss;
            weight += share;
        }
        if (!(fabs(p[i].lr / rate - 1) < 1e-12)) fail_msg("rate %zu is %g, not %g", i, p[i].lr, rate);
        if (!(fabs(p[i].smooth - sum / weight) < 1e-9 * (1 + sum / weight)))
            fail_msg("mean %zu is %g, not %g", i, p[i].smooth, sum / weight);
        if (i + 1 < found->n) assert_true(!(p[i].smooth > 4 * least));
        least = p[i].smooth < least ? p[i].smooth : least;
    }
    if (found->n < 40) assert_true(found->exploded);
    assert_true(found->minimum > 1e-3 && found->minimum < 100);
    assert_true(found->steepest <= found->minimum && found->steepest >= found->minimum / 100);
    assert_true(found->suggestion == fmin(found->steepest, found->minimum / 10));
    tw_find_lr_free(found);
    tw_context_free(ctx);
}

struct seen {
    double loss[64];
    int n;
};

static int note(void *user, const tw_event *e)
{
    struct seen *s = user;
    if (e->kind == TW_EVENT_STEP && s->n < 64) s->loss[s->n++] = e->update_loss;
    return 0;
}

/* The test is a run whose rates are those of the schedule, no more. */
static void losses_are_those_of_a_run(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    const tw_find_lr_options o = options();
    tw_find_lr *found = find(ctx, &o);
    struct seen seen = {.n = 0};
    tw_job_options j = o.job;
    tw_job *job;
    j.run.schedule = "expr:\"0.0001 * (100 / 0.0001)^(t / 39)\"";
    j.run.epochs = 4;
    j.run.event = note;
    j.run.user = &seen;
    assert_int_equal(tw_job_create(&job, ctx, &j, NULL), TW_OK);
    tw_job_run(job, NULL);
    for (size_t i = 0; i < found->n; i++)
        if (seen.loss[i] != found->points[i].loss)
            fail_msg("loss %zu is %.17g, not %.17g", i, found->points[i].loss, seen.loss[i]);
    tw_job_free(job);
    tw_find_lr_free(found);
    tw_context_free(ctx);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    tw_find_lr_options o = options();
    tw_context *one = context(1), *three = context(3);
    o.job.run.estimator = "sam";
    o.job.run.groups = "*.bias:lr_mult=2";
    tw_find_lr *a = find(one, &o), *b = find(three, &o);
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->points, b->points, a->n * sizeof *a->points);
    tw_find_lr_free(a);
    tw_find_lr_free(b);
    tw_context_free(one);
    tw_context_free(three);
}

static void how_many_steps(void **state)
{
    (void)state;
    static const struct {
        uint64_t batch, steps, taken;
    } cases[] = {{5, 0, 12}, {60, 0, 10}, {1, 0, 60}, {30, 25, 25}};
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_find_lr_options o = options();
        o.job.run.batch = cases[i].batch;
        o.steps = cases[i].steps;
        o.to = 1e-3; /* nothing explodes */
        tw_find_lr *found = find(ctx, &o);
        assert_int_equal(found->steps, cases[i].taken);
        assert_int_equal(found->n, cases[i].taken);
        assert_false(found->exploded);
        tw_find_lr_free(found);
    }
    tw_context_free(ctx);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    for (int i = 0; i < 9; i++) {
        static const char *const why[] = {"schedule cannot be used",
                                          "control cannot be used",
                                          "target cannot be used",
                                          "keep cannot be used",
                                          "seconds cannot be used",
                                          "cannot rise from 1 to 0.5",
                                          "cannot rise from -1",
                                          "steps = 9 is outside [10, 1000000]",
                                          "set it to sizeof(tw_find_lr_options)"};
        tw_find_lr_options o = options();
        tw_find_lr *found;
        tw_error err;
        if (i == 0) o.job.run.schedule = "cosine";
        if (i == 1) o.job.run.control = "armijo";
        if (i == 2) o.job.run.target = "loss=1";
        if (i == 3) o.job.keep = "last";
        if (i == 4) o.job.run.seconds = 1;
        if (i == 5) o.from = 1, o.to = 0.5;
        if (i == 6) o.from = -1;
        if (i == 7) o.steps = 9;
        if (i == 8) o.size = 3;
        assert_int_equal(tw_find_lr_run(&found, ctx, &o, &err), TW_ERR_SPEC);
        assert_null(found);
        if (!strstr(err.message, why[i])) fail_msg("\"%s\" instead of \"%s\"", err.message, why[i]);
    }
    tw_context_free(ctx);
}

/* A line drawn after a name strikes it through. */
static void names_lie_over_lines(void **state)
{
    (void)state;
    static char text[1 << 16];
    tw_find_lr_options o = options();
    tw_context *ctx = context(1);
    const char *last = NULL;
    remove_files();
    o.job.out = OUT;
    tw_find_lr *found = find(ctx, &o);
    FILE *file = fopen(OUT "/find_lr.svg", "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    for (const char *c = text; (c = strstr(c, "class=\"mark\"")) != NULL; c++) last = c;
    const char *name = strstr(text, "note\" x=");
    assert_true(last && name && last < name);
    tw_find_lr_free(found);
    tw_context_free(ctx);
    remove_files();
}

static void the_files(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_find_lr_options o = options();
    tw_find_lr *found;
    tw_error err;
    char line[256];
    size_t n = 0;
    remove_files();
    o.job.out = OUT;
    found = find(ctx, &o);
    FILE *csv = fopen(OUT "/find_lr.csv", "r");
    assert_non_null(csv);
    assert_non_null(fgets(line, sizeof line, csv));
    assert_string_equal(line, "step,lr,loss,smooth\n");
    for (; fgets(line, sizeof line, csv); n++) {
        char *end;
        assert_int_equal(strtoul(line, &end, 10), n + 1);
        assert_true(strtod(end + 1, &end) == found->points[n].lr);
        assert_true(strtod(end + 1, &end) == found->points[n].loss);
        assert_true(strtod(end + 1, &end) == found->points[n].smooth);
    }
    fclose(csv);
    assert_int_equal(n, found->n);
    tw_find_lr_free(found);
    assert_int_equal(tw_find_lr_run(&found, ctx, &o, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "is there already"));
    o.job.force = 1;
    tw_find_lr_free(find(ctx, &o));
    remove_files();
    tw_context_free(ctx);
}

static void any_allocation_or_file_may_fail(void **state)
{
    (void)state;
    for (int files = 0; files < 2; files++) {
        long n = 0;
        for (tw_status s = TW_ERR_MEMORY; s != TW_OK; n++) {
            faults f;
            tw_context *ctx;
            tw_find_lr *found = NULL;
            tw_find_lr_options o = options();
            remove_files();
            o.job.out = OUT;
            o.steps = 10;
            assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
            if (files) f.fail_step = f.steps + n + 1;
            else f.fail_allocation = f.allocations + n + 1;
            s = tw_find_lr_run(&found, ctx, &o, NULL);
            assert_true((s == TW_OK) == (found != NULL));
            tw_find_lr_free(found);
            tw_context_free(ctx);
            if (!files && s != TW_OK && s != TW_ERR_MEMORY)
                fail_msg("allocation %ld fails: %s", n, tw_status_name(s));
            if (f.live != 0) fail_msg("%ld bytes are still held after failure %ld", f.live, n);
            /* it comes last */
            if (access(OUT "/find_lr.csv", F_OK) == 0) assert_int_equal(access(OUT "/find_lr.svg", F_OK), 0);
            assert_true(n < 3000);
        }
        assert_true(n > 10);
    }
    remove_files();
}

int main(void)
{
    if (!small_data(DATA, 60, 3)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_and_means_are_as_defined), cmocka_unit_test(losses_are_those_of_a_run),
        cmocka_unit_test(threads_change_nothing),         cmocka_unit_test(how_many_steps),
        cmocka_unit_test(what_cannot_be_is_refused),      cmocka_unit_test(the_files),
        cmocka_unit_test(names_lie_over_lines),           cmocka_unit_test(any_allocation_or_file_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
