/* A run's checkpoint, checkpoint.safetensors with parts of its history (history.h), where several processes
 * write it with parts of its state (file/parts.h), and whether it is of this run.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "file/directory.h"
#include "file/parts.h"
#include "train/history.h"
#include "train/json.h"
#include "train/run.h"
#include "train/run_workers.h"
#include "train/selection.h"
#include <stdio.h>
#include <string.h>

#define CHECKPOINT "checkpoint.safetensors"

static tw_status visit(void *object, tw_visitor *v, tw_error *err)
{
    tw_job *job = object;
    TW_TRY(tw__history_visit(job, v, err));
    TW_TRY(tw__selection_visit(job, v, err));
    TW_TRY(tw_run_visit(job->run, v, err));
    TW_TRY(tw__loss_trace_visit(&job->trace, job->ctx, v, err));
    TW_TRY(tw__norm_trace_visit(&job->norms, job->ctx, job->run, v, err));
    if (!job->best) return TW_OK;
    int64_t n = (int64_t)tw_model_size(job->model);
    TW_TRY(v->field(v, "best.val_loss", TW_F64, 0, NULL, &job->best_loss, err));
    return v->field(v, "best.weights", tw_model_type(job->model), 1, &n, job->best, err);
}

/* The text of what the checkpoint is of, once. */
static tw_status set_settings(tw_job *job, tw_error *err)
{
    json_t *settings;
    if (job->settings) return TW_OK;
    TW_TRY(tw__job_settings(job, &settings, err));
    const tw_status s = tw__json_record(job->ctx, settings, JSON_COMPACT, &job->settings, err);
    json_decref(settings);
    return s;
}

/* ---- in parts ------------------------------------------------------------------------------------------ */

/* A part that another process has written can be seen here. */
static tw_status find_part(const tw_job *job, const tw__parts_saving *s, size_t rank, tw_error *err)
{
    char name[TW__PART_NAME], path[TW__PATH];
    int found;
    tw__part_name(s->number, rank, name);
    TW_TRY(tw__path_in(s->directory, name, path, err));
    TW_TRY(tw__find_file(job->ctx, path, &found, err));
    if (found) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "%.200s, which rank %zu on %.60s has written, is not here: parts=1 needs a directory that all "
        "processes share (leave it out)",
        path, rank, tw_link_host(job->o.run.link, rank));
}

/* The parts are there: so may the checkpoint be. */
static tw_status finish_parts(const tw__parts_saving *s, const tw__written *files, size_t n,
                              tw__small_fields *rest, tw_error *err)
{
    tw_job *const job = s->object;
    char path[TW__PATH], *parts;
    for (size_t i = 1; i < n; i++)
        if (files[i].bytes) TW_TRY(find_part(job, s, i, err));
    TW_TRY(tw__path_in(s->directory, CHECKPOINT, path, err));
    TW_TRY(tw__parts_text(job->ctx, s->number, files, n, &parts, err));
    const tw__checkpoint_head head = {.kind = "run", .settings = job->settings, .parts = parts};
    const tw_status status =
        tw__checkpoint_write(job->ctx, path, &head, tw__small_fields_visit, rest, NULL, err);
    tw__free_text(job->ctx, parts);
    return status;
}

static tw_status save_parts(tw_job *job, tw__workers *x, tw_error *err)
{
    tw__parts_saving s = {.directory = job->o.out, .visit = visit, .object = job, .finish = finish_parts};
    TW_TRY(tw__parts_sweep(job->ctx, job->o.out, job->parts, &s.number, err));
    TW_TRY(x->transport->save_parts(x, &s, err));
    job->parts = s.number;
    return tw__parts_sweep(job->ctx, job->o.out, job->parts, NULL, err);
}

/* ---- saving -------------------------------------------------------------------------------------------- */

tw_status tw__job_save_checkpoint(tw_job *job, tw_error *err)
{
    char path[TW__PATH];
    tw__workers *const x = job->run->workers ? job->run->workers->x : NULL;
    TW_TRY(tw__directory_still(job->ctx, job->o.out, TW__WORK_RUN, job->lock, err));
    TW_TRY(tw__path_in(job->o.out, CHECKPOINT, path, err));
    TW_TRY(set_settings(job, err));
    TW_TRY(tw__history_save(job, err));
    if (x && tw__workers_in_parts(x)) return save_parts(job, x, err);
    TW_TRY(tw__checkpoint_save(job->ctx, path, "run", job->settings, visit, job, err));
    if (job->has_swept) return TW_OK;
    job->has_swept = 1;
    return tw__parts_sweep(job->ctx, job->o.out, 0, NULL, err);
}

/* ---- loading ------------------------------------------------------------------------------------------- */

static const char *brief(const json_t *value, char to[TW__JSON_BRIEF])
{
    return value ? tw__json_brief(value, to) : "none";
}

static tw_status differs(const char *directory, const char *key, const char *of, const json_t *then,
                         const json_t *now, tw_error *err)
{
    char a[TW__JSON_BRIEF], b[TW__JSON_BRIEF];
    return tw__fail(err, TW_ERR_STATE,
                    "%.150s/checkpoint.safetensors is of another run: its %s%s is %s, here it is %s",
                    directory, key, of, brief(then, a), brief(now, b));
}

/* A checkpoint is continued only by a run with its settings and data: with others the bits would be neither
 * run's. */
static tw_status same_settings(const json_t *then, const json_t *now, const char *of, const char *directory,
                               tw_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)now, key, value) {
        const json_t *before = json_object_get(then, key);
        if (json_is_object(value) && json_is_object(before))
            TW_TRY(same_settings(before, value, " data", directory, err));
        else if (!json_equal(value, before)) return differs(directory, key, of, before, value, err);
    }
    json_object_foreach ((json_t *)(uintptr_t)then, key, value)
        if (!json_object_get(now, key)) return differs(directory, key, of, value, NULL, err);
    return TW_OK;
}

/* Where each has the state of a worker. */
static tw_status same_processes(const json_t *then, const json_t *now, tw_error *err)
{
    const json_int_t before = json_integer_value(json_object_get(then, "processes")),
                     given = json_integer_value(json_object_get(now, "processes")), n = given ? given : 1;
    if (before == n || before == 0) return TW_OK;
    return tw__fail(err, TW_ERR_STATE,
                    "the run had %lld %s, and %lld %s started: start it with mpirun -n %lld",
                    (long long)before, before == 1 ? "process" : "processes", (long long)n,
                    n == 1 ? "was" : "were", (long long)before);
}

static tw_status check_settings(void *object, const char *settings, tw_error *err)
{
    const tw_job *job = object;
    tw__json_fault fault;
    json_t *now = NULL, *then;
    if (!settings) settings = "";
    tw_status s = tw__json_parse(job->ctx, &then, settings, strlen(settings), &fault);
    if (s == TW_ERR_DATA)
        return tw__fail(err, s, "%.300s/checkpoint.safetensors does not say which settings it is of",
                        job->o.out);
    if (s != TW_OK) return tw__fail(err, s, "%s", fault.text);
    s = tw__job_settings(job, &now, err);
    if (s == TW_OK) s = same_processes(then, now, err);
    if (s == TW_OK) s = same_settings(then, now, "", job->o.out, err);
    json_decref(then);
    json_decref(now);
    return s;
}

tw_status tw__job_find_checkpoint(const tw_job *job, int *found, tw_error *err)
{
    char path[TW__PATH];
    TW_TRY(tw__path_in(job->o.out, CHECKPOINT, path, err));
    return tw__find_file(job->ctx, path, found, err);
}

tw_status tw__job_load_checkpoint(tw_job *job, int *found, tw_error *err)
{
    char path[TW__PATH];
    TW_TRY(tw__job_find_checkpoint(job, found, err));
    if (!*found) return TW_OK;
    TW_TRY(tw__path_in(job->o.out, CHECKPOINT, path, err));
    TW_TRY(tw__checkpoint_read(job->ctx, path, "run", check_settings, visit, job, &job->parts, err));
    return tw__history_load(job, err);
}
