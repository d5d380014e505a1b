/* A job's configuration and result as JSON.
 * SPDX-License-Identifier: MIT */
#include "train/job.h"
#include "train/json.h"
#include "train/options.h"
#include <stdlib.h>
#include <string.h>

static tw_status options_json(const tw_job *job, unsigned without, json_t **out, tw_error *err)
{
    tw_job_options o = job->o;
    const tw_optimizer *opt = tw_run_optimizer(job->run);
    o.model = tw_model_network(job->model);
    o.run.optimizer = tw_optimizer_spec(opt);
    o.run.estimator = tw_run_estimator(job->run);
    o.run.schedule = tw_optimizer_schedule(opt);
    o.run.control = tw_run_control(job->run);
    o.run.batch = tw_run_batch(job->run);
    *out = tw__fields_json(tw_job_fields, &o, 1, without);
    return *out ? TW_OK : tw__json_no_memory(err);
}

tw_status tw__job_config(const tw_job *job, json_t **out, tw_error *err)
{
    return options_json(job, 0, out, err);
}

tw_status tw__job_settings(const tw_job *job, json_t **out, tw_error *err)
{
    json_t *data = NULL;
    TW_TRY(options_json(job, TW_FIELD_NO_BITS, out, err));
    tw_status s = tw__job_fingerprint(job, &data, err);
    if (s == TW_OK && json_object_set(*out, "data", data) != 0) s = tw__json_no_memory(err);
    json_decref(data);
    if (s != TW_OK) json_decref(*out);
    return s;
}

tw_status tw__job_fingerprint(const tw_job *job, json_t **out, tw_error *err)
{
    *out = tw__json_fingerprint(job->train, job->val, job->test);
    return *out ? TW_OK : tw__json_no_memory(err);
}

tw_status tw__job_result(tw_job *job, json_t **out, tw_error *err)
{
    size_t n;
    const tw_epoch *history = tw_run_history(job->run, &n);
    json_t *result = json_object();
    int bad = json_object_set_new(result, "epochs", tw__json_epochs(history, n));
    if (!bad && job->has_test)
        bad = json_object_set_new(result, "test", tw__json_metrics(&job->test_metrics));
    bad = bad || json_object_set_new(result, "status", json_string(tw_run_status_name(job->status))) ||
          json_object_set_new(result, "steps", json_integer((json_int_t)tw_run_steps(job->run))) ||
          json_object_set_new(result, "steps_per_epoch",
                              json_integer((json_int_t)tw_run_steps_per_epoch(job->run))) ||
          json_object_set_new(result, "gradients", json_integer((json_int_t)tw_run_gradients(job->run))) ||
          tw__json_skipped(result, tw_optimizer_skipped(tw_run_optimizer(job->run))) ||
          json_object_set_new(result, "seconds", json_real(tw_run_seconds(job->run)));
    *out = tw__json_unless(bad, result);
    return *out ? TW_OK : tw__json_no_memory(err);
}

/* The result, the model's path and the config. */
tw_status tw_job_json(tw_job *job, const char **text, tw_error *err)
{
    json_t *all = NULL, *config = NULL;
    tw_status s = TW_OK;
    *text = NULL;
    if (job->finished) all = json_deep_copy(job->finished);
    else s = tw__job_result(job, &all, err);
    if (s == TW_OK && job->o.out) {
        json_t *path = json_sprintf("%s/model.safetensors", job->o.out);
        if (!all || json_object_set_new(all, "model", path) != 0) s = tw__json_no_memory(err);
    }
    if (s == TW_OK && !job->finished) {
        s = tw__job_config(job, &config, err);
        if (s == TW_OK && json_object_set_new(all, "config", config) != 0) s = tw__json_no_memory(err);
    }
    if (s == TW_OK) {
        free(job->text);
        job->text = tw__json_text(all, JSON_INDENT(2));
        if (!job->text) s = tw__json_no_memory(err);
        *text = job->text;
    }
    json_decref(all);
    return s;
}
