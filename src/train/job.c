/* A job's life: open the data, make the model and the run, step until it ends, keep what is worth keeping.
 * SPDX-License-Identifier: MIT */
#include "train/augmented.h"
#include "train/job.h"
#include "train/json.h"
#include "train/metrics/metric.h"
#include "train/options.h"
#include "train/pretrain.h"
#include "train/run.h"
#include "train/selection.h"
#include "train/steps.h"
#include "train/target.h"
#include "base/io.h"
#include "file/directory.h"
#include "math/sums.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- creation ------------------------------------------------------------------------------------------ */

/* Penalties need exact fits, which no usual optimizer makes. */
static int is_path_without_method(const tw_job_options *o)
{
    return o->path && !o->run.solver && !o->run.custom_rule &&
           !tw__fields_set(tw_job_fields, o, TW_FIELD_NO_SOLVER, TW_FIELD_NO_SOLVER);
}

/* Another process of several has the result, and writes it. */
static int is_follower(const tw_job_options *o) { return o->run.link && tw_link_rank(o->run.link) > 0; }

static tw_status copy_options(tw_job *job, const tw_job_options *o, tw_error *err)
{
    tw_job_options copy = *o;
    char directory[4096] = "";
    if (is_path_without_method(o)) copy.run.solver = "auto";
    if (o->out && snprintf(directory, sizeof directory, "%s", o->out) >= (int)sizeof directory)
        return tw__fail(err, TW_ERR_SPEC, "the folder's name is too long (%zu characters)", strlen(o->out));
    for (size_t n = strlen(directory); n > 1 && directory[n - 1] == '/';) directory[--n] = 0;
    if (o->out) copy.out = directory;
    tw_status s = tw__fields_copy(tw_job_fields, &copy, job->ctx, err);
    job->o = copy;
    return s;
}

tw_status tw__job_set_text(tw_job *job, const char **option, const char *text, tw_error *err)
{
    char *copy;
    TW_TRY(tw__copy_text(job->ctx, &copy, text, err));
    tw__free_text(job->ctx, (char *)(uintptr_t)*option);
    *option = copy;
    return TW_OK;
}

static int on_event(void *user, const tw_event *event)
{
    tw_job *job = user;
    if (event->kind == TW_EVENT_EPOCH) job->epoch_ended = 1;
    tw__loss_trace_event(&job->trace, event);
    return job->event ? job->event(job->user, event) : 0;
}

static tw_status check_options(const tw_job_options *o, tw_error *err)
{
    if (!o->data || !(o->model || o->from)) return tw__fail(err, TW_ERR_SPEC, "a job needs data and a model");
    TW_TRY(tw__fields_check(tw_job_fields, o, err));
    TW_TRY(tw__json_check_text("the folder's name", o->out, err));
    TW_TRY(tw__job_check_stream(o, err));
    TW_TRY(tw__pretrain_check(o, err));
    if (o->run.link && (o->pretrain || o->cv || o->path))
        return tw__fail(err, TW_ERR_SPEC, "fits before the run (pretrain, cv, path) are made by one process");
    if (o->run.order)
        return tw__fail(
            err, TW_ERR_SPEC,
            "an order of rows is for tw_run alone: a job records what it does and could not record this");
    if (o->augment && o->run.solver)
        return tw__fail(err, TW_ERR_SPEC,
                        "augment cannot be used with a solver, which looks at all rows as they are");
    if (o->keep && strcmp(o->keep, "best") == 0 && !(o->val > 0))
        return tw__fail(err, TW_ERR_SPEC, "keep = best " TW__NEEDS_VAL);
    return TW_OK;
}

/* About 120 points for a run; none where its epochs are as many. */
static uint64_t trace_every(const tw_run *run)
{
    enum { POINTS = 120 };
    const uint64_t per_epoch = POINTS / tw_run_epochs(run);
    return per_epoch > 1 ? tw__loss_trace_every(tw_run_steps_per_epoch(run), per_epoch) : 0;
}

/* What the run is to start from must still be there when it is resumed. */
static tw_status open_from(tw_job *job, tw_error *err)
{
    const char *from = job->o.from;
    char inside[TW__PATH];
    if (!from) return TW_OK;
    if (job->o.out) {
        TW_TRY(tw__path_in(job->o.out, "model.safetensors", inside, err));
        if (strcmp(from, job->o.out) == 0 || strcmp(from, inside) == 0)
            return tw__fail(err, TW_ERR_SPEC, "from = %.300s would be replaced by the run (give another out)",
                            from);
    }
    TW_TRY(tw__job_open_from(job->ctx, from, job->resumed ? job->o.directory : NULL, &job->from, err));
    if (job->o.dtype) return TW_OK;
    char *dtype;
    TW_TRY(tw__copy_text(job->ctx, &dtype, tw_type_name(tw_model_type(job->from)), err));
    job->o.dtype = dtype;
    return TW_OK;
}

static tw_status make_model(tw_job *job, tw_type type, tw_error *err)
{
    if (job->from)
        return tw_model_create_from(&job->model, job->ctx, job->from, job->o.model, type, job->train, err);
    return tw_model_create(&job->model, job->ctx, job->o.model, type, job->train, job->o.run.seed, err);
}

/* The run of the model on the job's rows. */
static tw_status bind(tw_job *job, tw_error *err)
{
    tw_run_options r = job->o.run;
    r.event = on_event;
    r.user = job;
    TW_TRY(tw_model_objective(job->model, job->train, &job->train_objective, err));
    if (job->val) TW_TRY(tw_model_objective(job->model, job->val, &job->val_objective, err));
    if (job->test) TW_TRY(tw_model_objective(job->model, job->test, &job->test_objective, err));
    TW_TRY(tw__target_check_model(r.target, err));
    tw_objective train = job->train_objective;
    if (job->o.augment)
        TW_TRY(tw__augmented_create(&job->augmented, job->ctx, job->o.augment, &job->train_objective,
                                    tw__rows_of_update(&r), &train, err));
    TW_TRY(tw_run_create(&job->run, job->ctx, &train, job->val ? &job->val_objective : NULL,
                         tw_model_weights(job->model), &r, err));
    job->trace.every = trace_every(job->run);
    tw__norm_trace_begin(&job->norms, job->run);
    return TW_OK;
}

static void unbind(tw_job *job)
{
    tw_run_free(job->run);
    job->run = NULL;
    tw__augmented_free(job->augmented);
    job->augmented = NULL;
    tw_model_objective_free(&job->train_objective);
    tw_model_objective_free(&job->val_objective);
    tw_model_objective_free(&job->test_objective);
}

tw_status tw__job_replace_model(tw_job *job, tw_model *model, tw_error *err)
{
    unbind(job);
    tw_model_free(job->model);
    job->model = model;
    return bind(job, err);
}

int tw__job_tell_of_fit(const tw_job *job, const tw_event *event)
{
    tw_event e = *event;
    if (!job->event || event->kind != TW_EVENT_STEP) return 0;
    e.kind = TW_EVENT_FIT;
    return job->event(job->user, &e);
}

/* What a run keeps may begin with the weights, so that it is made anew. */
static tw_status pretrain(tw_job *job, int *status, tw_error *err)
{
    if (!job->o.pretrain || job->continues || job->is_pretrained) return TW_OK;
    TW_TRY(tw__pretrain(job, status, err));
    if (*status == TW_RUN_INTERRUPTED) return TW_OK;
    job->is_pretrained = 1;
    unbind(job);
    return bind(job, err);
}

static tw_status check_metrics(const tw_job *job, tw_error *err)
{
    const char *names = job->o.metrics;
    if (!names || strcmp(names, "none") == 0) return TW_OK;
    if (!job->test && !job->val)
        return tw__fail(err, TW_ERR_SPEC, "metrics need rows that are held out (test or val)");
    return strcmp(names, "all") == 0 ? TW_OK : tw__scores_check(job->model, names, err);
}

static tw_status open_all(tw_job *job, tw_error *err)
{
    int converted[TW__CONVERTED];
    TW_TRY(open_from(job, err));
    TW_TRY(tw__job_find_converted(job, converted, err));
    TW_TRY(tw__job_open_data(job->ctx, &job->o, job->from, job->resumed, &job->train, &job->val, &job->test,
                             err));
    if (!job->train)
        return tw__fail(err, TW_ERR_DATA,
                        "%.300s holds no training data: its rows are test rows, or have no labels",
                        job->o.data);
    TW_TRY(tw__job_set_window(job, err));
    tw_type type = job->o.dtype && strcmp(job->o.dtype, "f64") == 0 ? TW_F64 : TW_F32;
    const tw_status made = make_model(job, type, err);
    if (made != TW_OK) {
        tw__job_remove_converted(job, converted); /* rows that the model does not take */
        return made;
    }
    if (job->o.pretrain) TW_TRY(tw__pretrain_check_model(job->model, err));
    job->event = job->o.run.event;
    job->user = job->o.run.user;
    TW_TRY(bind(job, err));
    uint64_t rows = job->train_objective.n_rows;
    if (job->o.run.batch > rows / (job->o.run.accumulate ? job->o.run.accumulate : 1))
        tw__log(job->ctx, TW_LOG_WARNING,
                "batch = %llu is above the %llu rows: every update uses all of them",
                (unsigned long long)job->o.run.batch * (job->o.run.accumulate ? job->o.run.accumulate : 1),
                (unsigned long long)rows);
    if (job->o.keep && strcmp(job->o.keep, "best") == 0)
        TW_TRY(tw__alloc(job->ctx, &job->best, tw_model_size(job->model), tw_type_size(type), err));
    job->best_loss = INFINITY;
    TW_TRY(tw__check_eval_every(job->o.run.eval_every, tw__run_updates(job->run), err));
    TW_TRY(check_metrics(job, err));
    TW_TRY(tw__job_agree(job, err));
    return tw__selection_create(job, err);
}

static tw_status new_job(tw_job **out, tw_context *ctx, const tw_job_options *o, tw_error *err)
{
    tw_job *job;
    *out = NULL;
    TW_TRY(check_options(o, err));
    TW_TRY(tw__alloc(ctx, &job, 1, sizeof *job, err));
    job->ctx = ctx;
    job->train_objective = job->val_objective = job->test_objective = (tw_objective)TW_OBJECTIVE_INIT;
    tw__hash_start(&job->history_hash);
    tw_status s = copy_options(job, o, err);
    if (s == TW_OK) *out = job;
    else tw_job_free(job);
    return s;
}

/* The caller's options, whose size and whose run's size may be another version's. */
static tw_status read_options(tw_job_options *to, const tw_job_options *given, tw_error *err)
{
    TW_TRY(tw__sized_read(to, sizeof *to, given, "tw_job_options", err));
    to->run.size = sizeof to->run; /* it stands last: what either lacks is 0 */
    return TW_OK;
}

tw_status tw_job_create(tw_job **out, tw_context *ctx, const tw_job_options *given, tw_error *err)
{
    TW_MAKES(err, out, ctx && given);
    tw_job *job;
    tw_job_options o;
    TW_TRY(read_options(&o, given, err));
    if (is_follower(&o)) o.out = NULL;
    TW_TRY(new_job(&job, ctx, &o, err));
    tw_status s = open_all(job, err);
    if (s == TW_OK && job->o.out) s = tw__job_claim(job, err);
    if (s != TW_OK) tw_job_free(job);
    *out = s == TW_OK ? job : NULL;
    return s;
}

void tw_job_free(tw_job *job)
{
    if (!job) return;
    tw__directory_unlock(job->ctx, job->o.out, TW__WORK_RUN, job->lock);
    tw__selection_free(job);
    tw_run_free(job->run);
    tw__augmented_free(job->augmented);
    tw__loss_trace_free(&job->trace, job->ctx);
    tw__norm_trace_free(&job->norms, job->ctx);
    tw_scores_free(job->test_scores);
    tw_scores_free(job->val_scores);
    if (job->model)
        tw__free(job->ctx, job->best, tw_model_size(job->model), tw_type_size(tw_model_type(job->model)));
    tw_model_objective_free(&job->train_objective);
    tw_model_objective_free(&job->val_objective);
    tw_model_objective_free(&job->test_objective);
    tw_model_free(job->model);
    tw_model_free(job->from);
    tw_data_free(job->train);
    tw_data_free(job->val);
    tw_data_free(job->test);
    json_decref(job->finished);
    tw__free_text(job->ctx, job->text);
    tw__free_text(job->ctx, job->table);
    tw__free_text(job->ctx, job->settings);
    tw__fields_free(tw_job_fields, &job->o, job->ctx);
    tw__free(job->ctx, job, 1, sizeof *job);
}

/* ---- resume -------------------------------------------------------------------------------------------- */

/* Data and model are those that run.json has the fingerprints of. */
static tw_status check_data(const tw_job *job, const json_t *run, tw_error *err)
{
    json_t *now = NULL;
    const json_t *then = json_object_get(run, "fingerprint");
    TW_TRY(tw__job_fingerprint(job, &now, err));
    tw_status s = tw__same_data(then, now, "run", job->o.out, &job->o, err);
    if (s == TW_OK && job->from && !json_equal(json_object_get(then, "from"), json_object_get(now, "from")))
        s = tw__fail(err, TW_ERR_STATE, "%.200s is not the model that the run in %.200s started from",
                     job->o.from, job->o.out);
    json_decref(now);
    return s;
}

/* What cannot be in a run.json that we wrote is said of that file. */
static tw_status in_run_json(tw_status s, const char *directory, tw_error *err)
{
    if (s != TW_ERR_SPEC || !err) return s;
    char text[sizeof err->message];
    memcpy(text, err->message, sizeof text);
    return tw__fail(err, TW_ERR_DATA, "%.200s/run.json: %.280s", directory, text);
}

static tw_status resume_run(tw_job *job, json_t *run, tw_error *err)
{
    job->resumed = 1;
    if (tw__job_ended(run) != TW_RUN_GOING) {
        TW_TRY(tw__job_find_model(job, err));
        job->finished = json_incref(json_object_get(run, "result"));
        job->status = tw__job_ended(run);
        return TW_OK;
    }
    int found;
    TW_TRY(tw__job_find_checkpoint(job, &job->continues, err));
    TW_TRY(open_all(job, err));
    TW_TRY(check_data(job, run, err));
    return tw__job_load_checkpoint(job, &found, err);
}

static tw_status read_run(tw_context *ctx, const char *directory, json_t **run, tw_error *err)
{
    tw_error why;
    char word[TW_SHELL_WORD];
    TW_TRY(tw__job_read_directory(ctx, directory, run, err));
    if (tw__json_check_sum(*run, &why) == TW_OK) return TW_OK;
    json_decref(*run);
    *run = NULL;
    return tw__fail(err, TW_ERR_DATA,
                    "%.150s/run.json: %s (thalweg train --config %s/run.json takes it as it is)", directory,
                    why.message, tw_shell_word(directory, word));
}

/* Reads run.json and, unless the run has ended or another process leads it, locks its folder; then it is read
 * once more, as another process may have begun a new run there. */
static tw_status read_and_lock(tw_context *ctx, const char *directory, int follows, json_t **run, void **lock,
                               tw_error *err)
{
    TW_TRY(read_run(ctx, directory, run, err));
    if (tw__job_ended(*run) != TW_RUN_GOING) {
        if (!follows) tw__job_tidy(ctx, directory);
        return TW_OK;
    }
    if (follows) return TW_OK;
    json_decref(*run);
    *run = NULL;
    TW_TRY(tw__directory_lock(ctx, directory, TW__WORK_RUN, lock, err));
    return read_run(ctx, directory, run, err);
}

/* The options that run.json records, with what is not recorded as it is given now. */
static tw_status recorded_options(tw_job_options *o, const char *directory, const tw_job_options *given,
                                  const json_t *run, tw_error *err)
{
    *o = (tw_job_options)TW_JOB_OPTIONS_INIT;
    TW_TRY(tw__fields_read(tw_job_fields, o, json_object_get(run, "config"), 1, err));
    o->out = directory;
    o->directory = json_string_value(json_object_get(run, "directory"));
    o->cache = given->cache;
    o->home = given->home;
    o->run.custom_rule = given->run.custom_rule;
    o->run.event = given->run.event;
    o->run.user = given->run.user;
    o->run.link = given->run.link;
    return TW_OK;
}

/* Nothing is written from here on. */
static void forget_directory(tw_job *job)
{
    tw__free_text(job->ctx, (char *)(uintptr_t)job->o.out);
    job->o.out = NULL;
}

static tw_status resume(tw_job **out, tw_context *ctx, const char *directory, const tw_job_options *given,
                        json_t *run, tw_error *err)
{
    tw_job_options o;
    TW_TRY(recorded_options(&o, directory, given, run, err));
    if (given->run.seconds > 0) o.run.seconds = given->run.seconds;
    TW_TRY(new_job(out, ctx, &o, err));
    return resume_run(*out, run, err);
}

tw_status tw_job_resume(tw_job **out, tw_context *ctx, const char *directory, const tw_job_options *options,
                        tw_error *err)
{
    TW_MAKES(err, out, ctx && directory && options);
    json_t *run = NULL;
    void *lock = NULL;
    tw_job *job = NULL;
    tw_job_options given;
    TW_TRY(read_options(&given, options, err));
    tw_status s = read_and_lock(ctx, directory, is_follower(&given), &run, &lock, err);
    if (s == TW_OK) s = in_run_json(resume(&job, ctx, directory, &given, run, err), directory, err);
    json_decref(run);
    if (s != TW_OK) {
        tw_job_free(job);
        tw__directory_unlock(ctx, directory, TW__WORK_RUN, lock);
        return s;
    }
    if (is_follower(&given)) forget_directory(job);
    job->lock = lock;
    *out = job;
    return TW_OK;
}

/* ---- once more ----------------------------------------------------------------------------------------- */

static tw_status check_again(const tw_job_options *o, tw_error *err)
{
    if (o->run.solver)
        return tw__fail(
            err, TW_ERR_SPEC,
            "the run has a solver, whose iterations are no updates of some rows: train -v shows its gradients");
    if (o->stream)
        return tw__fail(err, TW_ERR_SPEC,
                        "the run leaves its rows in a file (stream); they must be in memory");
    return TW_OK;
}

static tw_status open_again(tw_job **out, tw_context *ctx, const char *directory, const tw_job_options *given,
                            const json_t *run, int from_checkpoint, tw_error *err)
{
    tw_job_options o;
    int found, status = TW_RUN_GOING;
    TW_TRY(recorded_options(&o, directory, given, run, err));
    TW_TRY(check_again(&o, err));
    o.run.seconds = 0;
    TW_TRY(new_job(out, ctx, &o, err));
    tw_job *job = *out;
    job->resumed = 1;
    if (from_checkpoint) TW_TRY(tw__job_find_checkpoint(job, &job->continues, err));
    TW_TRY(open_all(job, err));
    TW_TRY(check_data(job, run, err));
    TW_TRY(pretrain(job, &status, err));
    if (status == TW_RUN_INTERRUPTED) return tw__fail(err, TW_STOPPED, "interrupted while it was pretrained");
    if (from_checkpoint) TW_TRY(tw__job_load_checkpoint(job, &found, err));
    forget_directory(job);
    return TW_OK;
}

tw_status tw__job_reopen(tw_job **out, tw_context *ctx, const char *directory, const tw_job_options *given,
                         int from_checkpoint, tw_error *err)
{
    json_t *run;
    tw_job_options options;
    *out = NULL;
    TW_TRY(read_options(&options, given, err));
    TW_TRY(read_run(ctx, directory, &run, err));
    const tw_status s = open_again(out, ctx, directory, &options, run, from_checkpoint, err);
    json_decref(run);
    if (s == TW_OK) return TW_OK;
    tw_job_free(*out);
    *out = NULL;
    return s;
}

/* ---- running ------------------------------------------------------------------------------------------- */

static tw_status keep_best(tw_job *job, tw_error *err)
{
    size_t n;
    const void *w;
    const tw_epoch *line = tw_run_history(job->run, &n);
    if (!job->best || n == 0 || !(line[n - 1].val_loss < job->best_loss)) return TW_OK;
    TW_TRY(tw_run_weights(job->run, &w, err));
    memcpy(job->best, w, tw_model_size(job->model) * tw_type_size(tw_model_type(job->model)));
    job->best_loss = line[n - 1].val_loss;
    return TW_OK;
}

tw_status tw__job_kept(tw_job *job, const void **weights, tw_error *err)
{
    *weights = job->best;
    return job->best && isfinite(job->best_loss) ? TW_OK : tw_run_weights(job->run, weights, err);
}

/* The last update may have been one too many. */
static tw_status check_weights(const tw_job *job, const void *w, tw_error *err)
{
    size_t n = tw_model_size(job->model), bad;
    const tw__sums *sums = tw__sums_for(tw_context_isa(job->ctx));
    bad = tw_model_type(job->model) == TW_F32 ? tw__first_not_finite_f32(sums, w, n)
                                              : tw__first_not_finite_f64(sums, w, n);
    return bad == n ? TW_OK
                    : tw__fail(err, TW_ERR_NOT_FINITE, "the weights are not finite after step %llu",
                               (unsigned long long)tw_run_steps(job->run));
}

/* "none", "all", or names. The scores of rows in a file are kept on request only. */
static const char *metrics_of(const tw_job *job)
{
    return job->o.metrics ? job->o.metrics : job->o.stream ? "none" : tw__scores_usual(job->model);
}

/* Loss and metrics on rows that were held out. */
static tw_status score(tw_job *job, const tw_data *rows, const tw_objective *f, const void *w, tw_metrics *to,
                       tw_scores **scores, tw_error *err)
{
    tw_scores_free(*scores);
    *scores = NULL;
    TW_TRY(tw_evaluate(job->ctx, f, w, to, err));
    const char *names = metrics_of(job);
    if (strcmp(names, "none") == 0 || !isfinite(to->loss)) return TW_OK;
    return tw_scores_of_model(scores, job->model, rows, w, strcmp(names, "all") == 0 ? NULL : names, err);
}

static tw_status finish(tw_job *job, tw_error *err)
{
    const void *kept;
    if (is_follower(&job->o)) return TW_OK;
    TW_TRY(tw__job_kept(job, &kept, err));
    TW_TRY(check_weights(job, kept, err));
    if (job->test) {
        TW_TRY(score(job, job->test, &job->test_objective, kept, &job->test_metrics, &job->test_scores, err));
        if (!isfinite(job->test_metrics.loss))
            return tw__fail(err, TW_ERR_NOT_FINITE, "the test loss is %g", tw__shown(job->test_metrics.loss));
        job->has_test = 1;
    }
    job->has_val = job->val && strcmp(metrics_of(job), "none") != 0;
    if (job->has_val)
        TW_TRY(score(job, job->val, &job->val_objective, kept, &job->val_metrics, &job->val_scores, err));
    return job->o.out ? tw__job_save_result(job, err) : TW_OK;
}

/* Steps that may be made until something is due. */
static uint64_t most_steps(const tw_job *job)
{
    const uint64_t every = job->o.checkpoint_every, trace = tw__loss_trace_left(&job->trace, job->run),
                   checkpoint = every ? every - tw_run_steps(job->run) % every : UINT64_MAX;
    return trace < checkpoint ? trace : checkpoint;
}

static tw_status trace_step(tw_job *job, tw_error *err)
{
    TW_TRY(tw__loss_trace_step(&job->trace, job->ctx, job->run, err));
    return tw__norm_trace_step(&job->norms, job->ctx, job->run, err);
}

/* Whether the callback stops the run. A step of 0 is the end of the epoch before. */
static int tell_of_checkpoint(tw_job *job)
{
    const uint64_t each = tw_run_steps_per_epoch(job->run), step = job->run->step;
    const tw_event e = {.kind = TW_EVENT_CHECKPOINT,
                        .epoch = job->run->epoch + (step > 0),
                        .step = step ? step : each,
                        .steps_per_epoch = each,
                        .loss = NAN,
                        .accuracy = NAN,
                        .update_loss = NAN};
    return job->event ? job->event(job->user, &e) : 0;
}

tw_status tw_job_run(tw_job *job, tw_error *err)
{
    TW_NEEDS(err, job);
    if (job->finished) return TW_OK;
    int status = tw_run_status(job->run); /* a run may have ended and then failed to write its result */
    if (status == TW_RUN_INTERRUPTED || status == TW_RUN_TIME) status = TW_RUN_GOING;
    if (status == TW_RUN_GOING) TW_TRY(pretrain(job, &status, err));
    if (status == TW_RUN_GOING) TW_TRY(tw__selection_run(job, &status, err));
    uint64_t every = job->o.checkpoint_every;
    while (status == TW_RUN_GOING) {
        job->epoch_ended = 0;
        const uint64_t steps = tw_run_steps(job->run);
        TW_TRY(tw__run_steps(job->run, most_steps(job), &status, err));
        if (tw_run_steps(job->run) != steps) TW_TRY(trace_step(job, err));
        if (job->epoch_ended) TW_TRY(keep_best(job, err));
        int due =
            job->checkpoint_requested || (every ? tw_run_steps(job->run) % every == 0 : job->epoch_ended);
        if (!job->o.out || (!due && status == TW_RUN_GOING)) continue;
        TW_TRY(tw__job_save_checkpoint(job, err));
        tw__log(job->ctx, TW_LOG_INFO, "checkpoint after step %llu",
                (unsigned long long)tw_run_steps(job->run));
        job->checkpoint_requested = 0;
        if (tell_of_checkpoint(job) && status == TW_RUN_GOING) status = TW_RUN_INTERRUPTED;
    }
    job->status = status;
    return finish(job, err);
}

void tw_job_checkpoint(tw_job *job) { job->checkpoint_requested = 1; }
int tw_job_status(const tw_job *job) { return job->status; }
tw_model *tw_job_model(tw_job *job) { return job->model; }
const char *tw_job_directory(const tw_job *job) { return job->o.out; }
tw_run *tw_job_run_of(tw_job *job) { return job->run; }
