/* A job's configuration and result as JSON.
 * SPDX-License-Identifier: MIT */
#include "train/job.h"
#include "train/json.h"
#include <stdlib.h>
#include <string.h>

static json_t *text_or_null(const char *text) { return text ? json_string(text) : json_null(); }
static json_t *or_default(const char *text, const char *otherwise) { return json_string(text ? text : otherwise); }

tw_status tw__job_config(const tw_job *job, json_t **out, tw_error *err)
{
    const tw_job_options *o = &job->o;
    const tw_run_options *r = &o->run;
    tw_optimizer *opt = tw_run_optimizer(job->run);
    *out = json_pack("{s:o, s:s, s:f, s:I, s:o, s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:o, s:f, s:o, s:I}",
        "data", json_string(o->data), "model", tw_model_network(job->model), "val", o->val, "limit", (json_int_t)o->limit, "dtype", or_default(o->dtype, "f32"),
        "optimizer", tw_optimizer_spec(opt), "estimator", tw_run_estimator(job->run), "schedule", tw_optimizer_schedule(opt),
        "exchange", or_default(r->exchange, "local"), "batch", (json_int_t)tw_run_batch(job->run),
        "accumulate", (json_int_t)(r->accumulate ? r->accumulate : 1), "epochs", (json_int_t)(r->epochs ? r->epochs : 5),
        "seed", (json_int_t)r->seed, "target", text_or_null(r->target), "time", r->seconds, "keep", or_default(o->keep, "last"),
        "checkpoint_every", (json_int_t)o->checkpoint_every);
    *out = tw__json_unless(tw__json_policies(*out, tw_run_control(job->run), r->groups, r->nonfinite), *out);
    return *out ? TW_OK : tw__json_no_memory(err);
}

tw_status tw__job_from_config(tw_job_options *o, const json_t *config, const char *file, tw_error *err)
{
    json_int_t limit, batch, accumulate = 1, epochs, seed, every;
    json_t *target;
    json_error_t e;
    tw_run_options *r = &o->run;
    if (json_unpack_ex((json_t *)config, &e, 0, "{s:s, s:s, s:F, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s?I, s:I, s:I, s:o, s:F, s:s, s:I}",
            "data", &o->data, "model", &o->model, "val", &o->val, "limit", &limit, "dtype", &o->dtype, "optimizer", &r->optimizer, "estimator", &r->estimator,
            "schedule", &r->schedule, "exchange", &r->exchange, "batch", &batch, "accumulate", &accumulate, "epochs", &epochs, "seed", &seed, "target", &target,
            "time", &r->seconds, "keep", &o->keep, "checkpoint_every", &every) != 0)
        return tw__fail(err, TW_ERR_DATA, "%.300s/run.json: config: %s", file, e.text);
    r->target = json_string_value(target);
    r->control = json_string_value(json_object_get(config, "control"));
    r->groups = json_string_value(json_object_get(config, "groups"));
    const char *nonfinite = json_string_value(json_object_get(config, "nonfinite"));
    if (nonfinite) TW_TRY(tw_nonfinite_from_name(nonfinite, &r->nonfinite, err));
    if (limit < 0 || batch < 0 || accumulate < 1 || epochs < 1 || every < 0) return tw__fail(err, TW_ERR_DATA, "%.300s/run.json: config: a number is below its range", file);
    o->limit = (uint64_t)limit;
    o->checkpoint_every = (uint64_t)every;
    r->batch = (uint64_t)batch;
    r->accumulate = (uint64_t)accumulate;
    r->epochs = (uint64_t)epochs;
    r->seed = (uint64_t)seed;
    return TW_OK;
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
    if (!bad && job->has_test) bad = json_object_set_new(result, "test", tw__json_metrics(&job->test_metrics));
    bad = bad || json_object_set_new(result, "status", json_string(tw_run_status_name(job->status))) ||
          json_object_set_new(result, "steps", json_integer((json_int_t)tw_run_steps(job->run))) ||
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
