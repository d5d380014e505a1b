/* The page of a single run: live, failed, of a finished run that was resumed; memory and disk that end
 * anywhere; no trace of a race in it.
 * SPDX-License-Identifier: MIT */
#include "faulty_io.h"
#include "small_data.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <thalweg/report.h>

#define DIRECTORY "test_run_page.tmp"
#define OUT DIRECTORY "/run"
#define PAGE OUT "/report.html"

static tw_job_options options(void)
{
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    o.data = DIRECTORY "/data";
    o.model = "flatten; dense 5 relu; dense classes softmax";
    o.val = 0.2;
    o.out = OUT;
    o.force = 1;
    o.run.epochs = 3;
    o.run.batch = 16;
    return o;
}

static tw_job_options path_options(uint64_t cv, double val)
{
    tw_job_options o = options();
    o.model = "logistic:l1=1";
    o.path = 4;
    o.cv = cv;
    o.val = val;
    o.run.epochs = 0;
    o.run.batch = 0;
    return o;
}

static tw_job *job_of(tw_context *ctx, const tw_job_options *o)
{
    tw_job *job;
    tw_error err = {0};
    if (tw_job_create(&job, ctx, o, &err) != TW_OK || tw_job_run(job, &err) != TW_OK)
        fail_msg("%s", err.message);
    return job;
}

/* Freed by free(). */
static char *page_text(void)
{
    char *text = calloc(1, 1 << 20);
    FILE *f = fopen(PAGE, "r");
    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

static void has(const char *page, const char *text)
{
    if (!strstr(page, text)) fail_msg("the page has no \"%s\"", text);
}

/* What stands behind the script is the page's own; before it nothing speaks of races. */
static void lacks_races(char *page)
{
    static const char *const words[] = {"optimizers on", "raced", "thalweg race", "race.json",
                                        "best first",    "nan",   "(null)"};
    char *script = strstr(page, "<script");
    assert_non_null(script);
    *script = 0;
    char *body = strstr(page, "<body>");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(body, words[i])) fail_msg("the page of a run says \"%s\"", words[i]);
    *script = '<';
}

static void live_and_finished(void **state)
{
    (void)state;
    tw_context *ctx;
    faults f;
    tw_job_options o = options(), again = TW_JOB_OPTIONS_INIT;
    tw_job *job;
    static const char *const both[] = {
        "Trained for 3 epochs in ",
        "\"spec\":\"training\"",
        "\"spec\":\"validation\"",
        "\"spec\":\"test\"",
        "dense 5 relu",
        "--estimator",
        "svrg:<wbr>m=3",
        "The optimizer</h2>",
        "\"epochs\":[1,2,3]",
        "classified correctly",
        "Learning rate</h2>",
    };
    assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
    o.run.optimizer = "svrg:m=3,lr=0.05";
    o.run.schedule = "cosine";
    for (int finished = 0; finished < 2; finished++) {
        if (!finished) job = job_of(ctx, &o);
        else assert_int_equal(tw_job_resume(&job, ctx, OUT, &again, NULL), TW_OK);
        assert_int_equal(tw_job_report(job, NULL, NULL), TW_OK);
        tw_job_free(job);
        char *page = page_text();
        for (size_t i = 0; i < sizeof both / sizeof both[0]; i++) has(page, both[i]);
        lacks_races(page);
        assert_int_equal(unlink(PAGE), 0);
        free(page);
    }
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
}

/* What the fits before the run say, live and of the finished run: with folds, with validation rows, with
 * nothing to compare by. */
static void paths_and_folds(void **state)
{
    (void)state;
    static const struct {
        uint64_t cv;
        double val;
        const char *has[8], *lacks;
    } cases[] = {
        {2,
         0,
         {"href=\"#path\">Path", "href=\"#folds\">Folds", ">mean loss of the folds", "class=\"band\"",
          ">weights that are not 0<", "<small>best</small>", "<th scope=\"row\">deviation</th>", "auc"},
         ">taken<"},
        {0,
         0.2,
         {">validation loss", "<small>best</small>", "<th scope=\"col\">validation loss</th>"},
         "Folds</a>"},
        {0, 0, {">training loss", "<small>taken</small>", "No rows are held out"}, ">best<"},
    };
    tw_context *ctx;
    faults f;
    assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const tw_job_options o = path_options(cases[i / 2].cv, cases[i / 2].val);
        tw_job_options again = TW_JOB_OPTIONS_INIT;
        tw_job *job;
        if (i % 2 == 0) job = job_of(ctx, &o);
        else assert_int_equal(tw_job_resume(&job, ctx, OUT, &again, NULL), TW_OK);
        assert_int_equal(tw_job_report(job, NULL, NULL), TW_OK);
        tw_job_free(job);
        char *page = page_text();
        for (size_t k = 0; k < 8 && cases[i / 2].has[k]; k++) has(page, cases[i / 2].has[k]);
        if (strstr(page, cases[i / 2].lacks)) fail_msg("the page has \"%s\"", cases[i / 2].lacks);
        lacks_races(page);
        assert_int_equal(unlink(PAGE), 0);
        free(page);
    }
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
}

/* The page counts a part of an epoch as one, live and of the finished run. */
static void a_last_epoch_that_ends_early(void **state)
{
    (void)state;
    tw_context *ctx;
    faults f;
    tw_job_options o = options(), again = TW_JOB_OPTIONS_INIT;
    tw_job *job;
    char expected[100];
    assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
    o.run.epochs = 50;
    o.run.optimizer = "adam:lr=0.02";
    o.run.target = "val_loss=0.6";
    o.run.eval_every = 1;
    for (int finished = 0; finished < 2; finished++) {
        if (!finished) {
            job = job_of(ctx, &o);
            tw_run *run = tw_job_run_of(job);
            const uint64_t steps = tw_run_steps(run), each = tw_run_steps_per_epoch(run);
            assert_int_not_equal(steps % each, 0);
            snprintf(expected, sizeof expected, "<dt>Epochs</dt><dd>%.3g</dd>", (double)steps / (double)each);
        } else assert_int_equal(tw_job_resume(&job, ctx, OUT, &again, NULL), TW_OK);
        assert_int_equal(tw_job_report(job, NULL, NULL), TW_OK);
        tw_job_free(job);
        char *page = page_text();
        has(page, expected);
        has(page, "the last epoch, which ended early,");
        assert_int_equal(unlink(PAGE), 0);
        free(page);
    }
    tw_context_free(ctx);
    assert_int_equal(f.live, 0);
}

static void failed_before_an_epoch(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_job *job;
    tw_error err = {0};
    tw_job_options o = options();
    o.run.optimizer = "sgd:lr=1e30";
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    assert_int_equal(tw_job_create(&job, ctx, &o, NULL), TW_OK);
    assert_int_equal(tw_job_run(job, &err), TW_ERR_NOT_FINITE);
    assert_int_equal(tw_job_report(job, &err, NULL), TW_OK);
    tw_job_free(job);
    char *page = page_text();
    has(page, "<title>Failed: sgd:lr=1e+30 on data</title>");
    has(page, "Failed</strong> in epoch 1 of 3: ");
    has(page, err.message);
    lacks_races(page);
    free(page);
    o = options();
    o.out = NULL;
    o.force = 0;
    job = job_of(ctx, &o);
    assert_int_equal(tw_job_report(job, NULL, &err), TW_ERR_SPEC);
    tw_job_free(job);
    tw_context_free(ctx);
}

/* The loss of every piece of an epoch, by its rows, adds up to the epoch's, also over a resumption in the
 * middle of one. */
static int stop_in_the_middle(void *user, const tw_event *e)
{
    return e->kind == TW_EVENT_STEP && ++*(int *)user == 9;
}

static void resumed_is_as_never_stopped(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_job_options o = options(), again = TW_JOB_OPTIONS_INIT;
    char *curves[2], *norms[2];
    int steps = 0;
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    for (int stopped = 0; stopped < 2; stopped++) {
        if (stopped) {
            o.run.event = stop_in_the_middle;
            o.run.user = &steps;
        }
        tw_job *job = job_of(ctx, &o);
        if (stopped) {
            assert_int_equal(tw_job_status(job), TW_RUN_INTERRUPTED);
            assert_int_equal(tw_job_report(job, NULL, NULL), TW_OK);
            char *page = page_text();
            has(page,
                "Unfinished:</strong> stopped after 1 of 3 epochs. To continue, run <code>thalweg train --resume " OUT
                "</code>");
            free(page);
            tw_job_free(job);
            assert_int_equal(tw_job_resume(&job, ctx, OUT, &again, NULL), TW_OK);
            assert_int_equal(tw_job_run(job, NULL), TW_OK);
        }
        assert_int_equal(tw_job_report(job, NULL, NULL), TW_OK);
        tw_job_free(job);
        char *page = page_text(), *at = strstr(page, "\"median\":[");
        assert_non_null(at);
        *strchr(at, ']') = 0;
        curves[stopped] = strdup(at);
        at = strstr(page, "<section id=\"norms\"");
        assert_non_null(at);
        *strstr(at, "</section>") = 0;
        norms[stopped] = strdup(at);
        free(page);
    }
    assert_string_equal(curves[0], curves[1]);
    assert_string_equal(norms[0], norms[1]);
    has(norms[0], "at 21 updates of the run");
    has(norms[0], "1.weight");
    size_t points = 1;
    for (const char *c = curves[0]; *c; c++) points += *c == ',';
    assert_int_equal(points, 3 * 7); /* 104 rows, every step of 16 */
    free(curves[0]);
    free(curves[1]);
    free(norms[0]);
    free(norms[1]);
    tw_context_free(ctx);
}

/* Of one section of the page. */
static size_t count_bars(const char *page)
{
    const char *at = strstr(page, "<section id=\"workers\""), *end = at ? strstr(at, "</section>") : NULL;
    size_t n = 0;
    assert_true(at && end);
    while ((at = strstr(at, "class=\"bar\"")) && at < end) n++, at++;
    return n;
}

/* Updates of three equal workers are 2 steps old but for the first two; three shapes for the shares, one for
 * each staleness, and in two sizes one for each of 21 evaluations, of which a run that had finished has
 * none. */
static void workers_are_drawn(void **state)
{
    (void)state;
    tw_context *ctx;
    tw_job_options o = options(), again = TW_JOB_OPTIONS_INIT;
    enum { SHARES = 3, STALENESS = 3, EVALUATIONS = 21 };
    assert_int_equal(tw_context_create(&ctx, NULL, NULL), TW_OK);
    o.run.exchange = "sim:workers=3,sync=asp";
    for (int finished = 0; finished < 2; finished++) {
        tw_job *job = NULL;
        if (!finished) job = job_of(ctx, &o);
        else assert_int_equal(tw_job_resume(&job, ctx, OUT, &again, NULL), TW_OK);
        assert_int_equal(tw_job_report(job, NULL, NULL), TW_OK);
        tw_job_free(job);
        char *page = page_text();
        has(page, "Workers</h2>");
        has(page, "same model, bit for bit");
        assert_int_equal(strstr(page, "virtual seconds") != NULL, !finished);
        assert_int_equal(count_bars(page), SHARES + STALENESS + (finished ? 0 : 2 * EVALUATIONS));
        free(page);
    }
    o.run.exchange = "ps:sync=asp,workers=2";
    tw_job *job = job_of(ctx, &o);
    assert_int_equal(tw_job_report(job, NULL, NULL), TW_OK);
    tw_job_free(job);
    char *page = page_text();
    has(page, "<code>--trace</code> and <code>--replay</code> repeat a run");
    free(page);
    tw_context_free(ctx);
}

/* Allocations and file operations fail one by one: the page is whole or as it was, and nothing is held. */
static void anything_may_fail(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        const tw_job_options o = i == 2 ? path_options(2, 0) : options();
        const int disk = i == 1;
        tw_context *ctx;
        faults f;
        assert_int_equal(faulty_context(&ctx, &f, 1, NULL), TW_OK);
        tw_job *job = job_of(ctx, &o);
        const long live = f.live;
        tw_status s = disk ? TW_ERR_SYSTEM : TW_ERR_MEMORY;
        for (long n = 1; s != TW_OK; n++) {
            unlink(PAGE);
            f.fail_allocation = disk ? 0 : f.allocations + n;
            f.fail_step = disk ? f.steps + n : 0;
            s = tw_job_report(job, NULL, NULL);
            f.fail_allocation = f.fail_step = 0;
            assert_true(s == TW_OK || s == (disk ? TW_ERR_SYSTEM : TW_ERR_MEMORY));
            if (f.live != live) fail_msg("failure %ld: %ld bytes are still held", n, f.live - live);
            if (access(PAGE, F_OK) == 0) {
                char *page = page_text();
                has(page, "</html>");
                free(page);
            }
            assert_int_equal(access(PAGE TW_PARTIAL, F_OK), -1);
            assert_true(n < 100000);
        }
        tw_job_free(job);
        tw_context_free(ctx);
    }
}

static int make_data(void **state)
{
    (void)state;
    mkdir(DIRECTORY, 0777);
    return small_data(DIRECTORY "/data", 130, 30) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_and_finished),
        cmocka_unit_test(paths_and_folds),
        cmocka_unit_test(a_last_epoch_that_ends_early),
        cmocka_unit_test(failed_before_an_epoch),
        cmocka_unit_test(resumed_is_as_never_stopped),
        cmocka_unit_test(workers_are_drawn),
        cmocka_unit_test(anything_may_fail),
    };
    return cmocka_run_group_tests(tests, make_data, NULL);
}
