/* A step of a run once more: the job is opened as --resume opens it, but nothing of its directory is written,
 * and stepped up to there.
 * SPDX-License-Identifier: MIT */
#include "base/sized.h"
#include "file/safetensors.h"
#include "models/model.h"
#include "train/run.h"
#include "train/selection.h"
#include "train/steps.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/replay.h>

struct tw_replay {
    tw_context *ctx;
    tw_job *job;
    tw_replay_info info;
    tw_error failure;
    /* before the step, what the step added, in the layout of the run's weights; and its gradient, the
     * run's */
    void *before, *update;
    const void *gradient;
};

const char *tw_replay_part_name(int part)
{
    static const char *const names[TW_REPLAY_PARTS] = {"weights", "gradient", "update"};
    return part >= 0 && part < TW_REPLAY_PARTS ? names[part] : "unknown";
}

/* ---- up to the step ------------------------------------------------------------------------------------ */

static tw_status open_before(tw_replay *r, const char *directory, uint64_t step, const tw_job_options *given,
                             tw_error *err)
{
    TW_TRY(tw__job_reopen(&r->job, r->ctx, directory, given, 1, err));
    if (tw_run_steps(r->job->run) < step) return TW_OK;
    tw_job_free(r->job); /* its checkpoint is of a later step */
    r->job = NULL;
    return tw__job_reopen(&r->job, r->ctx, directory, given, 0, err);
}

static tw_status step_to(tw_replay *r, uint64_t steps, tw_error *err)
{
    tw_run *run = r->job->run;
    int status = TW_RUN_GOING;
    TW_TRY(tw__selection_run(r->job, &status, err));
    run = r->job->run; /* which may be another one now */
    while (status == TW_RUN_GOING && tw_run_steps(run) < steps)
        TW_TRY(tw__run_steps(run, steps - tw_run_steps(run), &status, err));
    if (status == TW_RUN_INTERRUPTED)
        return tw__fail(err, TW_STOPPED, "stopped before step %llu", (unsigned long long)steps + 1);
    if (tw_run_is_over(status))
        return tw__fail(err, TW_ERR_SPEC, "step %llu: the run has %llu", (unsigned long long)steps + 1,
                        (unsigned long long)tw_run_steps(run));
    return TW_OK;
}

/* ---- the step ------------------------------------------------------------------------------------------ */

static void take_difference(tw_replay *r, tw_type type, const void *after, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (type == TW_F32)
            ((float *)r->update)[i] = ((const float *)after)[i] - ((const float *)r->before)[i];
        else ((double *)r->update)[i] = ((const double *)after)[i] - ((const double *)r->before)[i];
}

/* A step that fails still has rows, loss and gradient, which say why. */
static tw_status take_step(tw_replay *r, uint64_t step, tw_error *err)
{
    tw_run *run = r->job->run;
    const size_t real = tw_type_size(run->train.type);
    int status;
    TW_TRY(tw__run_catch_up_all(run, err));
    TW_TRY(tw__alloc(r->ctx, &r->before, run->size, real, err));
    TW_TRY(tw__alloc(r->ctx, &r->update, run->size, real, err));
    memcpy(r->before, run->w, run->size * real);
    tw_replay_info *info = &r->info;
    info->epoch = run->epoch + 1;
    info->step_of_epoch = run->step + 1;
    if (tw_optimizer_value(run->optimizer, "lr", &info->lr, NULL) != TW_OK) info->lr = NAN;
    const tw_status s = tw_run_step(run, &status, &r->failure);
    if (s != TW_OK && s != TW_ERR_NOT_FINITE) {
        if (err) *err = r->failure;
        return s;
    }
    if (s == TW_OK && tw_run_steps(run) < step)
        return tw__fail(err, TW_ERR_SPEC, "step %llu: the run ended before it (%s)", (unsigned long long)step,
                        tw_run_status_name(status));
    if (s != TW_OK) info->failure = &r->failure;
    else TW_TRY(tw__run_catch_up_all(run, err));
    const tw__fp_mode mode = tw__fp_enter();
    take_difference(r, run->train.type, run->w, run->size);
    tw__fp_leave(mode);
    return tw_run_gradient(run, &r->gradient, err);
}

static void describe(tw_replay *r, uint64_t step)
{
    const tw_run *run = r->job->run;
    tw_replay_info *info = &r->info;
    info->step = step;
    info->steps_per_epoch = tw_run_steps_per_epoch(run);
    info->epochs = tw_run_epochs(run);
    info->loss = run->update_loss;
    info->type = run->train.type;
    info->rows = tw_run_drawn(run, &info->n_rows);
    info->tensors = tw_run_tensors(run, &info->n_tensors);
    info->has[TW_REPLAY_WEIGHTS] = 1;
    info->has[TW_REPLAY_GRADIENT] = r->gradient != NULL;
    info->has[TW_REPLAY_UPDATE] = !info->failure;
}

static tw_status replay(tw_replay *r, const char *directory, uint64_t step, const tw_job_options *given,
                        tw_error *err)
{
    TW_TRY(open_before(r, directory, step, given, err));
    TW_TRY(step_to(r, step - 1, err));
    TW_TRY(take_step(r, step, err));
    describe(r, step);
    return TW_OK;
}

tw_status tw_replay_create(tw_replay **out, tw_context *ctx, const char *directory, uint64_t step,
                           const tw_job_options *given, tw_error *err)
{
    TW_MAKES(err, out, ctx && directory);
    tw_replay *r;
    tw_job_options none = TW_JOB_OPTIONS_INIT;
    if (step == 0) return tw__fail(err, TW_ERR_SPEC, "step = 0: the first step of a run is 1");
    TW_TRY(tw__alloc(ctx, &r, 1, sizeof *r, err));
    r->ctx = ctx;
    const tw_status s = replay(r, directory, step, given ? given : &none, err);
    if (s == TW_OK) *out = r;
    else tw_replay_free(r);
    return s;
}

void tw_replay_free(tw_replay *r)
{
    if (!r) return;
    if (r->job && r->job->run) {
        const size_t real = tw_type_size(r->job->run->train.type);
        tw__free(r->ctx, r->before, r->job->run->size, real);
        tw__free(r->ctx, r->update, r->job->run->size, real);
    }
    tw_job_free(r->job);
    tw__free(r->ctx, r, 1, sizeof *r);
}

/* ---- what there is to see ------------------------------------------------------------------------------ */

tw_status tw_replay_read(const tw_replay *r, tw_replay_info *out, tw_error *err)
{
    TW_TRY(tw__sized_clear(out, "tw_replay_info", err));
    TW_NEEDS(err, r);
    tw_replay_info info = r->info;
    info.size = sizeof info;
    return tw__sized_write(out, &info, sizeof info, "tw_replay_info", err);
}

static const void *part_of(const tw_replay *r, int part)
{
    const void *const parts[] = {r->before, r->gradient, r->update};
    return part >= 0 && part < TW_REPLAY_PARTS && r->info.has[part] ? parts[part] : NULL;
}

static tw_status check_tensor(const tw_replay *r, size_t tensor, tw_error *err)
{
    return tensor < r->info.n_tensors ? TW_OK
                                      : tw__fail(err, TW_ERR_SPEC, "tensor %zu is requested, the run has %zu",
                                                 tensor, r->info.n_tensors);
}

static size_t size_of(const tw_replay *r, size_t tensor)
{
    return tw__tensor_size(r->info.tensors, r->info.n_tensors, tensor, r->job->run->size);
}

tw_status tw_replay_norms(const tw_replay *r, size_t tensor, double norm[TW_REPLAY_PARTS], tw_error *err)
{
    TW_NEEDS(err, r && norm);
    TW_TRY(check_tensor(r, tensor, err));
    const tw__sums *sums = tw__sums_for(tw_context_isa(r->ctx));
    const tw__fp_mode mode = tw__fp_enter();
    for (int part = 0; part < TW_REPLAY_PARTS; part++) {
        const void *x = part_of(r, part);
        norm[part] = x ? tw__norm_of(sums, r->job->run->train.type, x, r->info.tensors[tensor].offset,
                                     size_of(r, tensor))
                       : NAN;
    }
    tw__fp_leave(mode);
    return TW_OK;
}

tw_status tw_replay_numbers(const tw_replay *r, size_t tensor, int part, double *to, tw_error *err)
{
    TW_NEEDS(err, r && to);
    TW_TRY(check_tensor(r, tensor, err));
    const tw_type type = r->job->run->train.type;
    const size_t n = size_of(r, tensor);
    const void *x = part_of(r, part);
    void *saved;
    if (!x)
        return tw__fail(err, TW_ERR_SPEC, "part %d of tensor %zu: the step has no such numbers", part,
                        tensor);
    TW_TRY(tw__alloc(r->ctx, &saved, n, tw_type_size(type), err));
    tw__model_save_tensor(r->job->model, tensor, x, saved);
    for (size_t i = 0; i < n; i++) to[i] = type == TW_F32 ? ((float *)saved)[i] : ((double *)saved)[i];
    tw__free(r->ctx, saved, n, tw_type_size(type));
    return TW_OK;
}

/* ---- the file ------------------------------------------------------------------------------------------ */

enum { NAME = 256 };

/* The entries of one part, whose numbers go to `saved`. */
static void fill_entries(const tw_replay *r, int part, tw__tensor_entry *entries, char (*names)[NAME],
                         char *saved)
{
    const tw_type type = r->job->run->train.type;
    for (size_t i = 0; i < r->info.n_tensors; i++) {
        const tw_tensor *t = &r->info.tensors[i];
        snprintf(names[i], NAME, "%s/%s", tw_replay_part_name(part), t->name);
        entries[i] = (tw__tensor_entry){.name = names[i],
                                        .type = type,
                                        .rank = t->rank,
                                        .data = saved + t->offset * tw_type_size(type)};
        memcpy(entries[i].shape, t->shape, (size_t)t->rank * sizeof *t->shape);
        tw__model_save_tensor(r->job->model, i, part_of(r, part), entries[i].data);
    }
}

/* Room for all that is there of the three parts. */
struct file {
    tw__tensor_entry *entries;
    char (*names)[NAME];
    char *saved;
    size_t n;
};

static tw_status write_file(const tw_replay *r, struct file *f, const char *path, tw_error *err)
{
    const size_t bytes = r->job->run->size * tw_type_size(r->job->run->train.type);
    char step[24];
    const tw__text_pair meta[] = {{"format", "thalweg replay 1"}, {"step", step}};
    size_t n = 0;
    snprintf(step, sizeof step, "%llu", (unsigned long long)r->info.step);
    for (int part = 0; part < TW_REPLAY_PARTS; part++) {
        if (!part_of(r, part)) continue;
        fill_entries(r, part, f->entries + n, f->names + n, f->saved + (size_t)part * bytes);
        n += r->info.n_tensors;
    }
    return tw__safetensors_save(r->ctx, path, f->entries, n, meta, 2, err);
}

tw_status tw_replay_save(const tw_replay *r, const char *path, tw_error *err)
{
    TW_NEEDS(err, r && path);
    struct file f = {.n = TW_REPLAY_PARTS * r->info.n_tensors};
    const size_t n = TW_REPLAY_PARTS * r->job->run->size, real = tw_type_size(r->job->run->train.type);
    tw_status s = tw__alloc(r->ctx, &f.entries, f.n, sizeof *f.entries, err);
    if (s == TW_OK) s = tw__alloc(r->ctx, &f.names, f.n, sizeof *f.names, err);
    if (s == TW_OK) s = tw__alloc(r->ctx, &f.saved, n, real, err);
    if (s == TW_OK) s = write_file(r, &f, path, err);
    tw__free(r->ctx, f.saved, n, real);
    tw__free(r->ctx, f.names, f.n, sizeof *f.names);
    tw__free(r->ctx, f.entries, f.n, sizeof *f.entries);
    return s;
}
