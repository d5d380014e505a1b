/* A job whose training rows stay in a file: what it cannot do, and the window that it draws rows from.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "data/data.h"
#include "train/job.h"
#include "train/run.h"
#include <stdio.h>
#include <string.h>

static tw_status refuse(const char *what, const char *why, const char *instead, tw_error *err)
{
    return tw__fail(err, TW_ERR_SPEC, "stream cannot be used with %s: %s (%s)", what, why, instead);
}

static tw_status check_estimator(const tw_run_options *r, tw_error *err)
{
    tw__preset preset;
    tw_estimator_choice choice;
    char what[TW_SPEC_MAX];
    TW_TRY(tw__preset_read(&preset, r->optimizer, r->estimator, r->custom_rule ? r->custom_rule->name : NULL,
                           err));
    TW_TRY(tw_estimator_read(&choice, preset.estimator, err));
    if (tw__estimator_type_find(tw__text_of(choice.estimator->name))->has_window) return TW_OK;
    snprintf(what, sizeof what, "estimator %s", choice.estimator->name);
    return refuse(what, "it looks at rows all over the file", "give minibatch or single", err);
}

tw_status tw__job_check_stream(const tw_job_options *o, tw_error *err)
{
    if (o->window && !o->stream)
        return tw__fail(err, TW_ERR_SPEC, "window = %llu has no effect without stream",
                        (unsigned long long)o->window);
    if (!o->stream) return TW_OK;
    if (o->cv) return refuse("cv", "its folds are copies of the rows", "give test or val", err);
    if (o->path) return refuse("path", "its fits go through all rows again and again", "give l1 and l2", err);
    if (o->run.solver)
        return refuse("solver", "every iteration of a solver looks at all rows", "give an optimizer", err);
    return check_estimator(&o->run, err);
}

/* NULL: it converts none for later. */
static const char *converted_path(const tw_job *job, int i, char path[TW__PATH])
{
    if (!job->o.stream || !job->o.out) return NULL;
    snprintf(path, TW__PATH, "%.4000s%s", job->o.out, i ? ".test.twd" : ".twd");
    return path;
}

tw_status tw__job_find_converted(const tw_job *job, int there[TW__CONVERTED], tw_error *err)
{
    char path[TW__PATH];
    int kind;
    for (int i = 0; i < TW__CONVERTED; i++) {
        there[i] = 1;
        if (!converted_path(job, i, path)) continue;
        TW_TRY(tw__path_kind(job->ctx, path, &kind, err));
        there[i] = kind != TW_PATH_NONE;
    }
    return TW_OK;
}

void tw__job_remove_converted(const tw_job *job, const int there[TW__CONVERTED])
{
    char path[TW__PATH];
    for (int i = 0; i < TW__CONVERTED; i++)
        if (!there[i] && converted_path(job, i, path)) job->ctx->io.remove(job->ctx->io.user, path);
}

/* *rows: those that `window` megabytes hold; 0: all. */
static tw_status count_rows(const tw_job *job, uint64_t *rows, tw_error *err)
{
    tw_data_info d = {.size = sizeof d};
    TW_TRY(tw_data_info_get(job->train, &d, err));
    const size_t each = tw_type_size(d.type) + (d.starts ? sizeof *d.columns : 0);
    const uint64_t numbers = d.starts ? d.starts[d.rows] - d.starts[0] : d.rows * tw__data_width(&d);
    const double bytes = (double)numbers * (double)each, window = (double)tw__data_window(job->train);
    const double share = window / bytes * (double)d.rows;
    *rows = bytes <= window ? 0 : share < 1 ? 1 : (uint64_t)share;
    return TW_OK;
}

tw_status tw__job_set_window(tw_job *job, tw_error *err)
{
    tw_run_options *r = &job->o.run;
    tw__preset preset;
    tw_estimator_choice choice;
    char spec[TW_SPEC_MAX];
    uint64_t rows;
    if (!job->o.stream) return TW_OK;
    TW_TRY(tw__preset_read(&preset, r->optimizer, r->estimator, r->custom_rule ? r->custom_rule->name : NULL,
                           err));
    TW_TRY(tw_estimator_read(&choice, preset.estimator, err));
    TW_TRY(count_rows(job, &rows, err));
    if (rows == 0 || choice.values[0] > 0) return TW_OK;
    snprintf(spec, sizeof spec, "%.400s%cwindow=%llu", choice.spec, strchr(choice.spec, ':') ? ',' : ':',
             (unsigned long long)rows);
    TW_TRY(tw__job_set_text(job, &r->estimator, spec, err));
    return preset.is_one ? tw__job_set_text(job, &r->optimizer, preset.optimizer, err) : TW_OK;
}
