/* A job's configuration and result as JSON.
 * SPDX-License-Identifier: MIT */
#include "train/job.h"
#include "train/json.h"
#include "train/options.h"
#include "train/run.h"
#include "train/selection.h"
#include "base/io.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/link.h>

/* Fits before the run find their solver and learning rate from their own rows and penalty, so that `auto` is
 * what a resumed run must read. */
void tw_job_resolved(const tw_job *job, tw_job_options *out)
{
    const int has_fits = job->o.cv || job->o.path;
    const tw_optimizer *opt = tw_run_optimizer(job->run);
    tw_run_progress solver = {.size = sizeof solver};
    *out = job->o;
    if (!job->o.path) out->model = tw_model_network(job->model);
    out->run.epochs = tw_run_epochs(job->run);
    if (tw_run_progress_get(job->run, &solver, NULL) == TW_OK) {
        if (!(solver.why && has_fits)) out->run.solver = solver.solver;
        out->run.tol = solver.tol;
        return;
    }
    out->run.optimizer = job->run->searches                 ? TW__SGD_SEARCH_LR
                         : job->run->lr_is_auto && has_fits ? TW__SGD_AUTO_LR
                                                            : tw_optimizer_spec(opt);
    out->run.estimator = tw_run_estimator(job->run);
    out->run.schedule = tw_optimizer_schedule(opt);
    out->run.control = tw_run_control(job->run);
    out->run.batch = tw_run_batch(job->run);
    if (!out->run.exchange) out->run.exchange = "local";
}

static json_t *options_json(const tw_job *job, tw__json_builder *b, unsigned without)
{
    tw_job_options o;
    tw_job_resolved(job, &o);
    json_t *all = tw__fields_json(b, tw_job_fields, &o, 1, without | (o.run.solver ? TW_FIELD_NO_SOLVER : 0));
    if (o.run.solver && o.run.exchange) tw__json_put_text(b, all, "exchange", o.run.exchange);
    return all;
}

tw_status tw__job_config(const tw_job *job, json_t **out, tw_error *err)
{
    tw__json_builder b = {.err = err};
    return tw__json_take(&b, options_json(job, &b, 0), out);
}

tw_status tw__job_settings(const tw_job *job, json_t **out, tw_error *err)
{
    json_t *data;
    tw__json_builder b = {.err = err};
    TW_TRY(tw__job_fingerprint(job, &data, err));
    json_t *settings = options_json(job, &b, TW_FIELD_NO_BITS);
    if (job->o.run.link && !tw__run_regroups(job->run))
        tw__json_put_natural(&b, settings, "processes", tw_link_ranks(job->o.run.link));
    tw__json_put(&b, settings, "data", data);
    return tw__json_take(&b, settings, out);
}

tw_status tw__job_fingerprint(const tw_job *job, json_t **out, tw_error *err)
{
    return tw__json_fingerprint(job->train, job->val, job->test, job->from, out, err);
}

/* ---- the same in every process ------------------------------------------------------------------------- */

/* The settings, with the hashes of the data among them. */
static tw_status flat_settings(const tw_job *job, json_t **out, tw_error *err)
{
    const char *part;
    char name[40];
    json_t *settings, *value;
    tw__json_builder b = {.err = err};
    TW_TRY(tw__job_settings(job, &settings, err));
    json_t *flat = tw__json_object(&b);
    tw__json_put_members(&b, flat, settings, "data");
    json_object_foreach (json_object_get(settings, "data"), part, value) {
        snprintf(name, sizeof name, "%s data", part);
        tw__json_put(&b, flat, name, json_incref(value));
    }
    json_decref(settings);
    return tw__json_take(&b, flat, out);
}

/* Makes an object's text, a member in each line, lines of names and values. */
static void plain_lines(char *text)
{
    char *to = text;
    for (const char *at = text + strcspn(text, "\n"), *end; *at == '\n'; at = end) {
        end = at + 1 + strcspn(at + 1, "\n");
        const char *line = at + 1 + strspn(at + 1, " \""), *colon = strstr(line, "\": ");
        if (!colon || colon > end) continue;
        const size_t key = (size_t)(colon - line), value = (size_t)(end - colon - 3) - (end[-1] == ',');
        memmove(to, line, key);
        to[key] = ' ';
        memmove(to + key + 1, colon + 3, value);
        to += key + 1 + value;
        *to++ = '\n';
    }
    *to = 0;
}

tw_status tw__job_agree(const tw_job *job, tw_error *err)
{
    json_t *settings;
    char *lines;
    if (!job->o.run.link) return TW_OK;
    TW_TRY(flat_settings(job, &settings, err));
    tw_status s = tw__json_text(job->ctx, settings, JSON_INDENT(1), &lines, err);
    json_decref(settings);
    TW_TRY(s);
    const size_t n = strlen(lines) + 1;
    plain_lines(lines);
    s = tw__run_agree(job->run, lines, err);
    tw__free(job->ctx, lines, n, 1);
    return s;
}

/* ---- the result ---------------------------------------------------------------------------------------- */

static json_t *solver_json(tw__json_builder *b, const tw_run_progress *p)
{
    json_t *o = tw__json_object(b);
    tw__json_put_text(b, o, "name", p->solver);
    tw__json_put_real(b, o, "first_gradient", p->first_gradient);
    tw__json_put_real(b, o, "gradient", p->gradient);
    tw__json_put_real(b, o, "step", p->step);
    tw__json_put_real(b, o, "decrease", p->decrease);
    if (!isnan(p->gap)) tw__json_put_real(b, o, "gap", p->gap);
    if (!isnan(p->nonzero)) tw__json_put_natural(b, o, "nonzero", (uint64_t)p->nonzero);
    if (!isnan(p->l1_max)) tw__json_put_real(b, o, "l1_max", p->l1_max);
    if (!isnan(p->condition)) tw__json_put_real(b, o, "condition", p->condition);
    tw__json_put_text(b, o, "stop", p->stop);
    tw__json_put_real(b, o, "tol", p->tol);
    return o;
}

static json_t *worker_json(tw__json_builder *b, const tw_worker_info *w)
{
    json_t *o = tw__json_object(b);
    tw__json_put_natural(b, o, "updates", w->updates);
    tw__json_put_real(b, o, "computing", w->computing);
    tw__json_put_real(b, o, "waiting", w->waiting);
    tw__json_put_real(b, o, "exchanging", w->exchanging);
    tw__json_put_natural(b, o, "bytes", w->bytes);
    if (w->host) tw__json_put_text(b, o, "host", w->host);
    if (!w->failures) return o;
    tw__json_put_natural(b, o, "failures", w->failures);
    tw__json_put_real(b, o, "down", w->down);
    return o;
}

/* Counts up to the last one that is not 0. */
static json_t *staleness_json(tw__json_builder *b, const tw_exchange_info *x)
{
    json_t *o = tw__json_object(b), *counts = tw__json_list(b);
    size_t n = TW_STALENESS_BINS;
    while (n > 0 && x->staleness[n - 1] == 0) n--;
    for (size_t i = 0; i < n; i++) tw__json_append(b, counts, tw__json_natural(b, x->staleness[i]));
    tw__json_put_real(b, o, "mean", x->mean_staleness);
    tw__json_put_natural(b, o, "most", x->most_stale);
    tw__json_put(b, o, "counts", counts);
    return o;
}

/* Very many workers are not listed one by one. */
static json_t *exchange_json(tw__json_builder *b, const tw_exchange_info *x)
{
    enum { LISTED = 1000 };
    json_t *o = tw__json_object(b), *workers = tw__json_list(b);
    tw_worker_info all = {0};
    for (size_t i = 0; i < x->workers; i++) {
        const tw_worker_info *w = &x->worker[i];
        all.updates += w->updates;
        all.computing += w->computing;
        all.waiting += w->waiting;
        all.exchanging += w->exchanging;
        all.failures += w->failures;
        all.down += w->down;
        all.bytes += w->bytes;
        if (x->workers <= LISTED) tw__json_append(b, workers, worker_json(b, w));
    }
    tw__json_put_text(b, o, "spec", x->spec);
    tw__json_put_natural(b, o, "workers", x->workers);
    tw__json_put_real(b, o, x->is_virtual ? "virtual_seconds" : "seconds", x->seconds);
    tw__json_put_natural(b, o, "messages", x->messages);
    tw__json_put_natural(b, o, "bytes", x->bytes);
    if (!isnan(x->mean_staleness)) tw__json_put(b, o, "staleness", staleness_json(b, x));
    if (x->ignored) tw__json_put_natural(b, o, "ignored", x->ignored);
    if (x->stores) tw__json_put_real(b, o, "lost", (double)x->lost / (double)x->stores);
    tw__json_put(b, o, "all", worker_json(b, &all));
    if (x->workers <= LISTED) tw__json_put(b, o, "each", workers);
    else json_decref(workers);
    return o;
}

void tw__job_exchange(const tw_job *job, tw__json_builder *b, json_t *result)
{
    tw_exchange_info exchange = {.size = sizeof exchange};
    if (tw_run_exchange(job->run, &exchange, NULL) == TW_OK)
        tw__json_put(b, result, "exchange", exchange_json(b, &exchange));
}

/* Loss, accuracy and metrics of rows that were held out. */
static json_t *held_out_json(tw__json_builder *b, const tw_job *job, const tw_metrics *m,
                             const tw_scores *scores)
{
    json_t *o = tw__json_metrics(b, m);
    if (!scores) return o;
    json_t *its = tw__scores_json(b, scores, job->model);
    tw__json_put_members(b, o, its, "accuracy");
    json_decref(its);
    return o;
}

void tw__job_held_out(const tw_job *job, tw__json_builder *b, json_t *o)
{
    if (job->has_test)
        tw__json_put(b, o, "test", held_out_json(b, job, &job->test_metrics, job->test_scores));
    if (job->has_val) tw__json_put(b, o, "val", held_out_json(b, job, &job->val_metrics, job->val_scores));
}

/* Of each tensor after the last update: of the weights, and of the gradient that was stepped with, if one is
 * known. */
static json_t *norms_json(tw__json_builder *b, const tw_job *job)
{
    size_t n;
    const tw_tensor *tensors = tw_run_tensors(job->run, &n);
    json_t *all = tw__json_object(b);
    for (size_t i = 0; i < n; i++) {
        tw_norms norms = {0};
        if (b->status == TW_OK) b->status = tw__norm_trace_last(&job->norms, job->run, i, &norms, b->err);
        json_t *o = tw__json_object(b);
        tw__json_put_real(b, o, "weights", norms.weights);
        if (!isnan(norms.gradient)) tw__json_put_real(b, o, "gradient", norms.gradient);
        tw__json_put(b, all, tensors[i].name, o);
    }
    return all;
}

tw_status tw__job_result(tw_job *job, json_t **out, tw_error *err)
{
    size_t n;
    const tw_epoch *history = tw_run_history(job->run, &n);
    const tw_optimizer *opt = tw_run_optimizer(job->run);
    const uint64_t skipped = opt ? tw_optimizer_skipped(opt) : 0;
    tw_run_progress solver = {.size = sizeof solver};
    tw__json_builder b = {.err = err};
    tw_error why = {0};
    json_t *o = tw__json_object(&b);
    tw__json_put(&b, o, "epochs", tw__json_epochs(&b, history, n));
    tw__job_held_out(job, &b, o);
    tw__selection_json(&b, o, job);
    tw__json_put_text(&b, o, "status", tw_run_status_name(job->status));
    if (job->status == TW_RUN_DIVERGED) {
        tw_run_diverged(job->run, &why);
        tw__json_put_text(&b, o, "message", why.message);
    }
    tw__json_put_natural(&b, o, "steps", tw_run_steps(job->run));
    tw__json_put_natural(&b, o, "steps_per_epoch", tw_run_steps_per_epoch(job->run));
    tw__json_put_natural(&b, o, "gradients", tw_run_gradients(job->run));
    if (tw_run_fused(job->run)) tw__json_put_text(&b, o, "fused", tw_run_fused(job->run));
    if (tw_run_progress_get(job->run, &solver, NULL) == TW_OK)
        tw__json_put(&b, o, "solver", solver_json(&b, &solver));
    if (skipped) tw__json_put_natural(&b, o, "skipped", skipped);
    tw__json_put(&b, o, "norms", norms_json(&b, job));
    tw__job_exchange(job, &b, o);
    tw__json_put_real(&b, o, "seconds", tw_run_seconds(job->run));
    return tw__json_take(&b, o, out);
}

/* ---- the result ---------------------------------------------------------------------------------------- */

/* As a finished run's result has it. */
static enum tw_job_rows score_of(const json_t *result, double *loss, double *accuracy)
{
    const json_t *test = json_object_get(result, "test"), *epochs = json_object_get(result, "epochs");
    const size_t n = json_array_size(epochs);
    const json_t *from = test ? test : n ? json_array_get(epochs, n - 1) : NULL;
    *loss = tw__json_number_of(from, "loss");
    *accuracy = tw__json_number_of(from, "accuracy");
    return test ? TW_JOB_TEST : n ? TW_JOB_LAST_EPOCH : TW_JOB_NO_ROWS;
}

enum tw_job_rows tw_job_score(const tw_job *job, double *loss, double *accuracy)
{
    size_t n;
    if (job->finished) return score_of(job->finished, loss, accuracy);
    const tw_epoch *history = tw_run_history(job->run, &n);
    *loss = job->has_test ? job->test_metrics.loss : n ? history[n - 1].loss : NAN;
    *accuracy = job->has_test ? job->test_metrics.accuracy : n ? history[n - 1].accuracy : NAN;
    return job->has_test ? TW_JOB_TEST : n ? TW_JOB_LAST_EPOCH : TW_JOB_NO_ROWS;
}

const tw_scores *tw_job_scores(const tw_job *job, int validation, tw_metrics *out)
{
    if (!job || !out) return NULL;
    *out = validation ? job->val_metrics : job->test_metrics;
    return validation ? job->val_scores : job->test_scores;
}

tw_status tw_job_diverged(const tw_job *job, tw_error *err)
{
    TW_NEEDS(err, job);
    if (job->status != TW_RUN_DIVERGED) return TW_OK;
    if (!job->finished) return tw_run_diverged(job->run, err);
    const char *message = json_string_value(json_object_get(job->finished, "message"));
    return tw__fail(err, TW_ERR_NOT_FINITE, "%s", message ? message : "the run has diverged");
}

/* The result, the model's path and the config. */
static tw_status whole_json(tw_job *job, json_t **out, tw_error *err)
{
    char path[TW__PATH];
    json_t *result = NULL;
    tw__json_builder b = {.err = err};
    if (job->o.out) TW_TRY(tw__path_in(job->o.out, "model.safetensors", path, err));
    if (job->finished) result = json_incref(job->finished);
    else TW_TRY(tw__job_result(job, &result, err));
    json_t *all = tw__json_object(&b);
    tw__json_put_members(&b, all, result, NULL);
    json_decref(result);
    if (job->o.out) tw__json_put_text(&b, all, "model", path);
    if (!job->finished) tw__json_put(&b, all, "config", options_json(job, &b, 0));
    return tw__json_take(&b, all, out);
}

tw_status tw_job_json(tw_job *job, const char **text, tw_error *err)
{
    TW_MAKES(err, text, job);
    json_t *all;
    char *fresh;
    TW_TRY(whole_json(job, &all, err));
    tw_status s = tw__json_text(job->ctx, all, JSON_INDENT(2), &fresh, err);
    json_decref(all);
    if (s != TW_OK) return s;
    tw__free_text(job->ctx, job->text);
    *text = job->text = fresh;
    return TW_OK;
}
