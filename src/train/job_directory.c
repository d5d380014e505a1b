/* A run's folder: run.json, history.csv, model.safetensors; checkpoint.safetensors: job_checkpoint.c. Every
 * file appears whole or not at all.
 * SPDX-License-Identifier: MIT */
#include "train/history.h"
#include "train/json.h"
#include "base/io.h"
#include "base/options.h"
#include "file/directory.h"
#include "file/listing.h"
#include "file/parts.h"
#include "file/utf8.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/version.h>

/* ---- run.json ------------------------------------------------------------------------------------------ */

/* {"directory", "config", "fingerprint", and "result" once there is one}, the config also in the result, as
 * train --json prints it. */
static tw_status run_json(tw_job *job, int with_result, json_t **out, tw_error *err)
{
    json_t *config, *fingerprint, *result = NULL;
    tw__json_builder b = {.err = err};
    TW_TRY(tw__job_fingerprint(job, &fingerprint, err));
    tw_status s = with_result ? tw__job_result(job, &result, err) : TW_OK;
    if (s == TW_OK) s = tw__job_config(job, &config, err);
    if (s != TW_OK) {
        json_decref(fingerprint);
        json_decref(result);
        return s;
    }
    json_t *o = tw__json_object(&b);
    tw__json_put_natural(&b, o, "format", 1);
    tw__json_put_text(&b, o, "thalweg", TW_VERSION);
    /* not known, or no text that JSON can hold */
    if (job->o.directory && tw__utf8_is_valid(job->o.directory))
        tw__json_put_text(&b, o, "directory", job->o.directory);
    tw__json_put(&b, o, "config", json_incref(config));
    tw__json_put(&b, o, "fingerprint", fingerprint);
    if (with_result) {
        tw__json_put(&b, result, "config", json_incref(config));
        tw__json_put(&b, o, "result", result);
    }
    json_decref(config);
    tw__json_put_sum(&b, o);
    return tw__json_take(&b, o, out);
}

/* A new run.json, written but for the rename that puts it in place. */
static tw_status prepare_run(tw_job *job, const char *directory, int with_result, tw__writer *w,
                             tw_error *err)
{
    char path[TW__PATH], *text;
    json_t *run;
    TW_TRY(tw__path_in(directory, "run.json", path, err));
    TW_TRY(run_json(job, with_result, &run, err));
    tw_status s = tw__json_record(job->ctx, run, JSON_INDENT(2), &text, err);
    json_decref(run);
    if (s != TW_OK) return s;
    s = tw__writer_open(w, job->ctx, path, err);
    if (s == TW_OK) s = tw__writer_put(w, text, strlen(text), err);
    tw__free_text(job->ctx, text);
    return s;
}

static tw_status write_run(tw_job *job, const char *directory, int with_result, tw_error *err)
{
    tw__writer w;
    TW_TRY(prepare_run(job, directory, with_result, &w, err));
    return tw__writer_finish(&w, err);
}

tw_status tw__job_read_directory(tw_context *ctx, const char *directory, json_t **run, tw_error *err)
{
    char path[TW__PATH];
    int found;
    TW_TRY(tw__path_in(directory, "run.json", path, err));
    TW_TRY(tw__find_file(ctx, path, &found, err));
    if (!found)
        return tw__fail(err, TW_ERR_NOT_FOUND, "%.300s is not a run's folder: it has no run.json", directory);
    TW_TRY(tw__json_read_file(ctx, path, run, err));
    tw_status s = tw__json_check_run(*run, path, err);
    if (s == TW_OK) s = tw__json_check_result(ctx, *run, path, err);
    if (s == TW_OK && json_integer_value(json_object_get(*run, "format")) == 1) return TW_OK;
    json_decref(*run);
    *run = NULL;
    return s == TW_OK ? tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "its format is not 1") : s;
}

static int recorded_status(const json_t *run)
{
    return tw__json_run_status(json_string_value(json_object_get(json_object_get(run, "result"), "status")));
}

int tw__job_ended(const json_t *run)
{
    const int status = recorded_status(run);
    return tw_run_is_over(status) ? status : TW_RUN_GOING;
}

/* ---- the folder itself --------------------------------------------------------------------------------- */

static tw_status remove_file(tw_context *ctx, const char *directory, const char *file, tw_error *err)
{
    char path[TW__PATH];
    TW_TRY(tw__path_in(directory, file, path, err));
    int e = ctx->io.remove(ctx->io.user, path);
    return e && e != ENOENT ? tw__fail_system(err, e, "cannot remove", path) : TW_OK;
}

static tw_status in_the_way(const char *partial, tw_error *err)
{
    return tw__fail(err, TW_ERR_SPEC,
                    "%.300s is in the way: no run left it there (remove it, or give another --out)", partial);
}

/* Only what has not ended can be continued. */
static tw_status holds_a_run(tw_context *ctx, const char *directory, tw_error *err)
{
    char word[TW_SHELL_WORD];
    json_t *run = NULL;
    TW_TRY(tw__job_read_directory(ctx, directory, &run, err));
    const int has_ended = tw__job_ended(run) != TW_RUN_GOING, by_time = recorded_status(run) == TW_RUN_TIME;
    json_decref(run);
    if (has_ended)
        return tw__fail(err, TW_ERR_SPEC,
                        "%.300s holds a run already (give another --out, or --force to replace it)",
                        directory);
    return tw__fail(
        err, TW_ERR_SPEC,
        "%.150s holds an unfinished run (thalweg train --resume %s%s continues it; --force replaces it)",
        directory, tw_shell_word(directory, word), by_time ? " --time SECONDS" : "");
}

/* Whether a new run may have this name: nothing there, an empty folder, or, with force, an old run. */
static tw_status check_way(const tw_job *job, int *old, tw_error *err)
{
    char path[TW__PATH];
    int kind;
    *old = 0;
    TW_TRY(tw__directory_check(job->ctx, job->o.out, TW__WORK_RUN, err));
    TW_TRY(tw__path_in(job->o.out, "run.json", path, err));
    TW_TRY(tw__path_kind(job->ctx, path, &kind, err));
    *old = kind != TW_PATH_NONE;
    return *old && !job->o.force ? holds_a_run(job->ctx, job->o.out, err) : TW_OK;
}

/* A folder that only ever held run.json, with what a kill may have left of it. Its lock goes last, so that no
 * other process sees it half empty. */
static int remove_partial(tw_context *ctx, const char *partial)
{
    remove_file(ctx, partial, "run.json", NULL);
    remove_file(ctx, partial, "run.json" TW_PARTIAL, NULL);
    remove_file(ctx, partial, "run.lock", NULL);
    return ctx->io.remove(ctx->io.user, partial);
}

/* The folder in which run.json is written before it gets its name, locked. What a process that died has left
 * there is cleared away. */
static tw_status make_partial(tw_job *job, const char *partial, tw_error *err)
{
    tw_context *ctx = job->ctx;
    for (int tries = 0; tries < 100; tries++) {
        int kind, e = ctx->io.make_directory(ctx->io.user, partial);
        if (e && e != EEXIST)
            return tw__fail_system(err, e == ENOENT ? ENOTDIR : e, "cannot make the folder", partial);
        TW_TRY(tw__path_kind(ctx, partial, &kind, err));
        if (kind == TW_PATH_FILE || kind == TW_PATH_OTHER) return in_the_way(partial, err);
        tw_status s = tw__directory_lock(ctx, partial, TW__WORK_RUN, &job->lock, err);
        if (s == TW_ERR_NOT_FOUND) continue; /* another process has cleared it away, or given it its name */
        if (s != TW_OK || e == 0) return s;
        int left = remove_partial(ctx, partial);
        ctx->io.close(ctx->io.user, job->lock);
        job->lock = NULL;
        if (left) return in_the_way(partial, err);
    }
    return tw__directory_in_use(job->o.out, TW__WORK_RUN, err);
}

static tw_status fill_partial(tw_job *job, const char *partial, tw_error *err)
{
    int old;
    TW_TRY(write_run(job, partial, 0, err));
    int e = job->ctx->io.rename(job->ctx->io.user, partial, job->o.out);
    if (e != ENOTEMPTY && e != EEXIST)
        return e ? tw__fail_system(err, e, "cannot make the folder", job->o.out) : TW_OK;
    TW_TRY(check_way(job, &old, err)); /* another process may have made it meanwhile */
    return old ? tw__directory_in_use(job->o.out, TW__WORK_RUN, err)
               : tw__fail(err, TW_ERR_SPEC, "%.300s is a folder with other files in it (give another --out)",
                          job->o.out);
}

/* All files of a run but run.json, and what a kill may have left of them; names: what is there. As the run is
 * in pieces if this fails, it allocates nothing. */
static tw_status remove_old(tw_context *ctx, const char *directory, const tw__listing *names, tw_error *err)
{
    static const char *const files[] = {"checkpoint.safetensors", "model.safetensors", "history.csv",
                                        "report.html"};
    char partial[64];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(partial, sizeof partial, "%s" TW_PARTIAL, files[i]);
        TW_TRY(remove_file(ctx, directory, files[i], err));
        TW_TRY(remove_file(ctx, directory, partial, err));
    }
    TW_TRY(tw__parts_remove(ctx, directory, names, 0, err));
    TW_TRY(tw__history_remove(ctx, directory, err));
    int e = ctx->io.sync_directory(ctx->io.user, directory);
    return e ? tw__fail_system(err, e, "cannot sync", directory) : TW_OK;
}

/* The old run's files go before the new run.json gets its name, and not before that is written:
 * design/0019. */
static tw_status take_over(tw_job *job, tw_error *err)
{
    tw__writer w;
    tw__listing names;
    TW_TRY(tw__directory_lock(job->ctx, job->o.out, TW__WORK_RUN, &job->lock, err));
    tw_status s = tw__parts_list(job->ctx, job->o.out, &names, err);
    if (s == TW_OK) s = prepare_run(job, job->o.out, 0, &w, err);
    if (s == TW_OK) {
        s = remove_old(job->ctx, job->o.out, &names, err);
        if (s == TW_OK) s = tw__writer_finish(&w, err);
        else tw__writer_abandon(&w);
    }
    tw__listing_free(&names, job->ctx);
    return s;
}

static int is_left(tw_context *ctx, const char *directory)
{
    static const char *const files[] = {"checkpoint.safetensors", "history-000001", "run.lock"};
    char path[TW__PATH];
    int found = 0;
    for (size_t i = 0; !found && i < sizeof files / sizeof files[0]; i++)
        if (tw__path_in(directory, files[i], path, NULL) != TW_OK ||
            tw__find_file(ctx, path, &found, NULL) != TW_OK)
            return 0;
    return found;
}

/* Under the lock, as another process may have begun a new run there. */
void tw__job_tidy(tw_context *ctx, const char *directory)
{
    json_t *run = NULL;
    void *lock;
    if (!is_left(ctx, directory) || tw__directory_lock(ctx, directory, TW__WORK_RUN, &lock, NULL) != TW_OK)
        return;
    if (tw__job_read_directory(ctx, directory, &run, NULL) == TW_OK && tw__job_ended(run) != TW_RUN_GOING) {
        remove_file(ctx, directory, "checkpoint.safetensors", NULL);
        tw__parts_sweep(ctx, directory, 0, NULL, NULL);
        tw__history_remove(ctx, directory, NULL);
    }
    json_decref(run);
    tw__directory_unlock(ctx, directory, TW__WORK_RUN, lock);
}

static tw_status claim(tw_job *job, tw_error *err)
{
    char partial[TW__PATH];
    int old, n = snprintf(partial, sizeof partial, "%s" TW_PARTIAL, job->o.out);
    if (n < 0 || n >= TW__PATH - 64)
        return tw__fail(err, TW_ERR_SPEC, "the folder's name is too long (%zu characters)",
                        strlen(job->o.out));
    TW_TRY(check_way(job, &old, err));
    if (old) return take_over(job, err);
    tw_status s = make_partial(job, partial, err);
    if (s != TW_OK) return s;
    s = fill_partial(job, partial, err);
    if (s == TW_OK) return TW_OK;
    remove_partial(job->ctx, partial);
    job->ctx->io.close(job->ctx->io.user, job->lock);
    job->lock = NULL;
    return s;
}

tw_status tw__job_claim(tw_job *job, tw_error *err)
{
    char base[TW__PATH], name[TW__PATH + 16];
    TW_TRY(tw__make_parents(job->ctx, job->o.out, err));
    tw_status s = claim(job, err);
    if (!job->o.numbered) return s;
    snprintf(base, sizeof base, "%s", job->o.out);
    for (int i = 2; s == TW_ERR_SPEC && i < 10000; i++) {
        snprintf(name, sizeof name, "%s-%d", base, i);
        TW_TRY(tw__job_set_text(job, &job->o.out, name, err));
        s = claim(job, err);
    }
    return s;
}

/* ---- result -------------------------------------------------------------------------------------------- */

/* The shortest number that reads back the same, with a point in every locale. */
static int cell(char *to, size_t n, double value)
{
    char text[TW_VALUE_MAX];
    return snprintf(to, n, ",%s", isnan(value) ? "" : tw__number_text(value, text));
}

static tw_status write_history(tw_job *job, tw_error *err)
{
    static const char header[] = "epoch,seconds,loss,accuracy,val_loss,val_accuracy,lr\n";
    char path[TW__PATH], line[256];
    size_t n;
    tw__writer w;
    const tw_epoch *h = tw_run_history(job->run, &n);
    TW_TRY(tw__path_in(job->o.out, "history.csv", path, err));
    TW_TRY(tw__writer_open(&w, job->ctx, path, err));
    TW_TRY(tw__writer_put(&w, header, sizeof header - 1, err));
    for (size_t i = 0; i < n; i++) {
        const double cells[] = {h[i].seconds,  h[i].loss,         h[i].accuracy,
                                h[i].val_loss, h[i].val_accuracy, h[i].lr};
        int used = snprintf(line, sizeof line, "%llu", (unsigned long long)h[i].epoch);
        for (int j = 0; j < 6; j++) used += cell(line + used, sizeof line - (size_t)used, cells[j]);
        line[used++] = '\n';
        TW_TRY(tw__writer_put(&w, line, (size_t)used, err));
    }
    return tw__writer_finish(&w, err);
}

tw_status tw__job_find_model(const tw_job *job, tw_error *err)
{
    char path[TW__PATH];
    int found;
    TW_TRY(tw__path_in(job->o.out, "model.safetensors", path, err));
    TW_TRY(tw__find_file(job->ctx, path, &found, err));
    return found ? TW_OK
                 : tw__fail(err, TW_ERR_NOT_FOUND,
                            "the run in %.300s has ended, but its model.safetensors is gone", job->o.out);
}

tw_status tw__job_save_result(tw_job *job, tw_error *err)
{
    char path[TW__PATH];
    const void *kept;
    TW_TRY(tw__directory_still(job->ctx, job->o.out, TW__WORK_RUN, job->lock, err));
    TW_TRY(tw__job_kept(job, &kept, err));
    TW_TRY(tw__path_in(job->o.out, "model.safetensors", path, err));
    TW_TRY(tw_model_save(job->model, kept, path, err));
    TW_TRY(write_history(job, err));
    TW_TRY(write_run(job, job->o.out, 1, err));
    if (!tw_run_is_over(job->status)) return TW_OK;
    TW_TRY(remove_file(job->ctx, job->o.out, "checkpoint.safetensors", err));
    TW_TRY(tw__parts_sweep(job->ctx, job->o.out, 0, NULL, err));
    return tw__history_remove(job->ctx, job->o.out, err);
}
