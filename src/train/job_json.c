/* A job's configuration and result as JSON.
 * SPDX-License-Identifier: MIT */
#include "train/job.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static tw_status no_memory(tw_error *err) { return tw__fail(err, TW_ERR_MEMORY, "cannot allocate JSON"); }

static json_t *text_or_null(const char *text) { return text ? json_string(text) : json_null(); }
static json_t *or_default(const char *text, const char *otherwise) { return json_string(text ? text : otherwise); }

tw_status tw__job_config(const tw_job *job, json_t **out, tw_error *err)
{
    const tw_job_options *o = &job->o;
    const tw_run_options *r = &o->run;
    tw_optimizer *opt = tw_run_optimizer(job->run);
    *out = json_pack("{s:o, s:s, s:f, s:I, s:o, s:s, s:o, s:s, s:o, s:I, s:I, s:I, s:o, s:f, s:o, s:I}",
        "data", json_string(o->data), "model", tw_model_network(job->model), "val", o->val, "limit", (json_int_t)o->limit, "dtype", or_default(o->dtype, "f32"),
        "optimizer", tw_optimizer_spec(opt), "estimator", or_default(r->estimator, "minibatch"), "schedule", tw_optimizer_schedule(opt),
        "exchange", or_default(r->exchange, "local"), "batch", (json_int_t)r->batch, "epochs", (json_int_t)(r->epochs ? r->epochs : 5),
        "seed", (json_int_t)r->seed, "target", text_or_null(r->target), "time", r->seconds, "keep", or_default(o->keep, "last"),
        "checkpoint_every", (json_int_t)o->checkpoint_every);
    return *out ? TW_OK : no_memory(err);
}

tw_status tw__job_from_config(tw_job_options *o, const json_t *config, const char *file, tw_error *err)
{
    json_int_t limit, batch, epochs, seed, every;
    json_error_t e;
    tw_run_options *r = &o->run;
    if (json_unpack_ex((json_t *)config, &e, 0, "{s:s, s:s, s:F, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s?:s, s:F, s:s, s:I}",
            "data", &o->data, "model", &o->model, "val", &o->val, "limit", &limit, "dtype", &o->dtype, "optimizer", &r->optimizer, "estimator", &r->estimator,
            "schedule", &r->schedule, "exchange", &r->exchange, "batch", &batch, "epochs", &epochs, "seed", &seed, "target", &r->target,
            "time", &r->seconds, "keep", &o->keep, "checkpoint_every", &every) != 0 &&
        /* a null target is no string: read the rest without it */
        json_unpack_ex((json_t *)config, &e, 0, "{s:s, s:s, s:F, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:n, s:F, s:s, s:I}",
            "data", &o->data, "model", &o->model, "val", &o->val, "limit", &limit, "dtype", &o->dtype, "optimizer", &r->optimizer, "estimator", &r->estimator,
            "schedule", &r->schedule, "exchange", &r->exchange, "batch", &batch, "epochs", &epochs, "seed", &seed, "target",
            "time", &r->seconds, "keep", &o->keep, "checkpoint_every", &every) != 0)
        return tw__fail(err, TW_ERR_DATA, "%.300s/run.json: config: %s", file, e.text);
    if (limit < 0 || batch < 0 || epochs < 1 || every < 0) return tw__fail(err, TW_ERR_DATA, "%.300s/run.json: config: a number is below its range", file);
    o->limit = (uint64_t)limit;
    o->checkpoint_every = (uint64_t)every;
    r->batch = (uint64_t)batch;
    r->epochs = (uint64_t)epochs;
    r->seed = (uint64_t)seed;
    return TW_OK;
}

tw_status tw__job_fingerprint(const tw_job *job, json_t **out, tw_error *err)
{
    const struct { const char *name; const tw_data *data; } parts[] = {{"train", job->train}, {"val", job->val}, {"test", job->test}};
    *out = json_object();
    for (int i = 0; *out && i < 3; i++) {
        tw_data_info info = {.size = sizeof info};
        if (!parts[i].data) continue;
        TW_TRY(tw_data_info_get(parts[i].data, &info, err));
        if (json_object_set_new(*out, parts[i].name, json_string(info.fingerprint)) != 0) {
            json_decref(*out);
            *out = NULL;
        }
    }
    return *out ? TW_OK : no_memory(err);
}

/* Adds a number under a key, unless it does not apply (NaN). */
static int add(json_t *object, const char *key, double value)
{
    return isnan(value) ? 0 : json_object_set_new(object, key, json_real(value));
}

static json_t *epoch_json(const tw_epoch *e)
{
    json_t *line = json_pack("{s:I}", "epoch", (json_int_t)e->epoch);
    if (line && !add(line, "seconds", e->seconds) && !add(line, "loss", e->loss) && !add(line, "accuracy", e->accuracy) &&
        !add(line, "val_loss", e->val_loss) && !add(line, "val_accuracy", e->val_accuracy) && !add(line, "lr", e->lr))
        return line;
    json_decref(line);
    return NULL;
}

tw_status tw__job_result(tw_job *job, json_t **out, tw_error *err)
{
    size_t n;
    const tw_epoch *history = tw_run_history(job->run, &n);
    json_t *epochs = json_array(), *result = json_object();
    int bad = !epochs || !result;
    for (size_t i = 0; i < n && !bad; i++) bad = json_array_append_new(epochs, epoch_json(&history[i]));
    bad = json_object_set_new(result, "epochs", epochs) || bad;
    if (!bad && job->has_test) {
        json_t *test = json_object();
        bad = json_object_set_new(result, "test", test) || add(test, "loss", job->test_metrics.loss) || add(test, "accuracy", job->test_metrics.accuracy);
    }
    bad = bad || json_object_set_new(result, "status", json_string(tw_run_status_name(job->status))) ||
          json_object_set_new(result, "steps", json_integer((json_int_t)tw_run_steps(job->run))) ||
          json_object_set_new(result, "seconds", json_real(tw_run_seconds(job->run)));
    if (!bad) {
        *out = result;
        return TW_OK;
    }
    json_decref(result);
    return no_memory(err);
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
        if (!all || json_object_set_new(all, "model", path) != 0) s = no_memory(err);
    }
    if (s == TW_OK && !job->finished) {
        s = tw__job_config(job, &config, err);
        if (s == TW_OK && json_object_set_new(all, "config", config) != 0) s = no_memory(err);
    }
    if (s == TW_OK) {
        free(job->text);
        job->text = json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
        if (!job->text) s = no_memory(err);
        *text = job->text;
    }
    json_decref(all);
    return s;
}
