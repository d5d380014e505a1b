/* report.html of a single run: takes what is to be shown from the job, live or as it was recorded, and writes
 * the page.
 * SPDX-License-Identifier: MIT */
#include "race/report/run.h"
#include "base/cpu.h"
#include "data/data.h"
#include "file/directory.h"
#include "train/json.h"
#include "train/options.h"
#include "train/selection.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/report.h>

static const tw__quantity quantities[TW__QUANTITIES] = {{"loss", "loss", TW__LOSS, 0},
                                                        {"accuracy", "accuracy", TW__ACCURACY, 1}};

/* ---- what the job knows -------------------------------------------------------------------------------- */

static tw_status take_result(tw__run_page *page, tw_error *err)
{
    tw__json_builder b = {.err = err};
    json_t *result = tw__json_object(&b);
    if (!page->failure) tw__job_held_out(page->job, &b, result);
    tw__selection_json(&b, result, page->job);
    tw__job_exchange(page->job, &b, result);
    return tw__json_take(&b, result, &page->result);
}

/* A run in this process: its history and trace are lent. */
static tw_status take_live(tw__run_page *page, tw_error *err)
{
    tw_job *job = page->job;
    tw__race_run *run = &page->run;
    run->epochs = (tw_epoch *)(uintptr_t)tw_run_history(job->run, &run->n_epochs);
    run->trace = job->trace;
    run->steps = tw_run_steps(job->run);
    run->gradients = tw_run_gradients(job->run);
    run->skipped = tw_run_optimizer(job->run) ? tw_optimizer_skipped(tw_run_optimizer(job->run)) : 0;
    run->seconds = tw_run_seconds(job->run);
    run->status = job->status;
    if (run->status == TW_RUN_DIVERGED) {
        tw_error why = {0};
        tw_run_diverged(job->run, &why);
        snprintf(run->message, sizeof run->message, "%s", why.message);
    }
    if (job->has_test && !page->failure) run->test = job->test_metrics;
    page->race.steps_per_epoch = tw_run_steps_per_epoch(job->run);
    page->rows[TW__TRAINING] = tw__data_rows(job->train);
    page->rows[TW__VALIDATION] = tw__data_rows(job->val);
    page->rows[TW__TEST] = tw__data_rows(job->test);
    page->model = job->model;
    TW_TRY(take_result(page, err));
    TW_TRY(tw__job_config(job, &page->owned, err));
    page->config = page->owned;
    return TW_OK;
}

/* The steps of an epoch where run.json is of a version that did not record them: as if the last epoch had
 * been whole. */
static uint64_t whole_epochs(const tw__race_run *run)
{
    const uint64_t steps = run->n_epochs ? (run->steps + run->n_epochs - 1) / run->n_epochs : run->steps;
    return steps ? steps : 1;
}

/* They were checked when run.json was read. */
static uint64_t count_of(const json_t *result, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(result, key));
}

/* A run that had finished before, as run.json and the model tell it. */
static tw_status take_finished(tw__run_page *page, tw_error *err)
{
    tw_job *job = page->job;
    tw__race_run *run = &page->run;
    const json_t *result = job->finished;
    const char *message = json_string_value(json_object_get(result, "message"));
    page->result = json_incref(job->finished);
    run->steps = count_of(result, "steps");
    run->gradients = count_of(result, "gradients");
    run->skipped = count_of(result, "skipped");
    run->seconds = json_number_value(json_object_get(result, "seconds"));
    run->status = job->status;
    snprintf(run->message, sizeof run->message, "%s", message ? message : "");
    page->race.steps_per_epoch = count_of(result, "steps_per_epoch");
    TW_TRY(tw__json_read_metrics(json_object_get(result, "test"), &run->test, err));
    TW_TRY(
        tw__json_read_epochs(job->ctx, json_object_get(result, "epochs"), &run->epochs, &run->n_epochs, err));
    if (!page->race.steps_per_epoch) page->race.steps_per_epoch = whole_epochs(run);
    TW_TRY(tw_model_load(&page->loaded, job->ctx, job->o.out, err));
    page->model = page->loaded;
    page->config = json_object_get(result, "config");
    return TW_OK;
}

/* The epoch whose weights are the model: with keep = best the first with the least validation loss. */
static size_t kept_epoch(const tw__race_run *run, const tw_job_options *o)
{
    size_t best = 0;
    if (!o->keep || strcmp(o->keep, "best") != 0) return 0;
    for (size_t i = 0; i < run->n_epochs; i++)
        if (isfinite(run->epochs[i].val_loss) &&
            (!best || run->epochs[i].val_loss < run->epochs[best - 1].val_loss))
            best = i + 1;
    return best;
}

/* ---- the page ------------------------------------------------------------------------------------------ */

static void add_line(tw__run_page *page, enum tw__set set, const char *name)
{
    /* blue, orange, green */
    static const int colours[TW__SETS] = {[TW__TRAINING] = 3, [TW__VALIDATION] = 7, [TW__TEST] = 1};
    tw_race *race = &page->race;
    page->sets[race->n] = set;
    page->lines[race->n] = (tw__entry){.spec = (char *)(uintptr_t)name,
                                       .runs = &page->run,
                                       .steps_per_epoch = race->steps_per_epoch,
                                       .colour = colours[set]};
    race->n++;
}

static tw_status make_lines(tw__run_page *page, tw_error *err)
{
    const tw__race_run *run = &page->run;
    add_line(page, TW__TRAINING, "training");
    if (page->race.o.job.val > 0) add_line(page, TW__VALIDATION, "validation");
    if (run->test.examples) add_line(page, TW__TEST, "test");
    TW_TRY(tw__race_summarise(&page->race, err));
    for (size_t i = 0; i < page->race.n; i++) page->order[i] = i;
    return TW_OK;
}

static tw_status take(tw__run_page *page, tw_error *err)
{
    tw_job *job = page->job;
    tw_race *race = &page->race;
    *race = (tw_race){.ctx = job->ctx,
                      .entries = page->lines,
                      .order = page->order,
                      .o = {.seeds = 1, .job = TW_JOB_OPTIONS_INIT}};
    page->run.test = (tw_metrics){NAN, NAN, 0};
    TW_TRY(job->run ? take_live(page, err) : take_finished(page, err));
    TW_TRY(tw__fields_read(tw_job_fields, &race->o.job, page->config, 1, err));
    race->o.job.out = job->o.out;
    page->run.kept = kept_epoch(&page->run, &race->o.job);
    return make_lines(page, err);
}

static tw_status write(tw__run_page *page, tw_error *err)
{
    char *text;
    TW_TRY(tw__directory_still(page->job->ctx, page->job->o.out, TW__WORK_RUN, page->job->lock, err));
    TW_TRY(take(page, err));
    TW_TRY(tw__page_make(&page->race, &(tw__page_kind){tw__run_parts, quantities, page}, &text, err));
    tw_status s = tw__race_write(&page->race, "report.html", text, err);
    tw__free_text(page->job->ctx, text);
    return s;
}

tw_status tw_job_report(tw_job *job, const tw_error *failure, tw_error *err)
{
    TW_NEEDS(err, job);
    tw__run_page *page;
    if (!job->o.out) return tw__fail(err, TW_ERR_SPEC, "a run without a folder has no place for its page");
    TW_TRY(tw__alloc(job->ctx, &page, 1, sizeof *page, err));
    page->job = job;
    page->failure = failure;
    tw__fp_mode mode = tw__fp_enter();
    tw_status s = write(page, err);
    tw__fp_leave(mode);
    if (!job->run) tw__free(job->ctx, page->run.epochs, page->run.n_epochs, sizeof *page->run.epochs);
    tw_model_free(page->loaded);
    json_decref(page->owned);
    json_decref(page->result);
    tw__free(job->ctx, page, 1, sizeof *page);
    return s;
}
