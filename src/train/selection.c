/* Cross-validation: a model is fitted to all rows but those of one fold and evaluated on these, fold after
 * fold, with the seed and the options of the job's own run.
 * SPDX-License-Identifier: MIT */
#include "train/selection.h"
#include "base/io.h"
#include "train/json.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/metrics.h>

/* The numbers of a fit, all double, so that a checkpoint holds them as one list: those of the run, the loss
 * of the fold's rows without a penalty, then their metrics, in the order of the list of metrics. */
enum column { ROWS, VAL_ROWS, STATUS, STEPS, GRADIENTS, SECONDS, TRAIN_LOSS, LOSS, METRICS };

typedef struct tw__selection {
    uint64_t folds;
    size_t columns; /* numbers of a fit */
    int64_t done;   /* fits made */
    double *fits;
    uint32_t *fold; /* of each training row */
} tw__selection;

static size_t count_metrics(void)
{
    size_t n = 0;
    while (tw_metric_at(n)) n++;
    return n;
}

static double *fit_at(const tw__selection *s, uint64_t fold) { return s->fits + fold * s->columns; }

static tw_status check_options(const tw_job_options *o, tw_error *err)
{
    if (o->cv < 2)
        return tw__fail(err, TW_ERR_SPEC, "cv = 1 is no cross-validation: at least 2 folds are needed");
    if (o->val > 0)
        return tw__fail(err, TW_ERR_SPEC,
                        "cv cannot be combined with val: its folds validate every row once");
    if (o->run.seconds > 0)
        return tw__fail(err, TW_ERR_SPEC, "cv cannot be combined with time: all its fits are made whole");
    return TW_OK;
}

tw_status tw__selection_create(tw_job *job, tw_error *err)
{
    tw__selection *s;
    const uint64_t rows = job->train_objective.n_rows, folds = job->o.cv;
    if (!folds) return TW_OK;
    TW_TRY(check_options(&job->o, err));
    TW_TRY(tw__alloc(job->ctx, &s, 1, sizeof *s, err));
    job->selection = s;
    s->columns = METRICS + count_metrics();
    TW_TRY(tw__alloc(job->ctx, &s->fold, (size_t)rows, sizeof *s->fold, err));
    TW_TRY(tw_data_folds(job->ctx, job->train, folds, job->o.run.seed, s->fold, err));
    s->folds = folds;
    return tw__alloc(job->ctx, &s->fits, (size_t)folds, s->columns * sizeof *s->fits, err);
}

void tw__selection_free(tw_job *job)
{
    tw__selection *s = job->selection;
    if (!s) return;
    tw__free(job->ctx, s->fold, (size_t)job->train_objective.n_rows, sizeof *s->fold);
    tw__free(job->ctx, s->fits, (size_t)s->folds, s->columns * sizeof *s->fits);
    tw__free(job->ctx, s, 1, sizeof *s);
}

/* ---- one fit ------------------------------------------------------------------------------------------- */

/* What a fit works with. */
typedef struct fit {
    tw_job *job;
    tw_data *train, *val;
    tw_model *model;
    tw_objective on_train, on_val;
    tw_run *run;
    double *numbers;
} fit;

static int on_event(void *user, const tw_event *event)
{
    const tw_job *job = ((const fit *)user)->job;
    tw_event e = *event;
    if (!job->event || event->kind != TW_EVENT_STEP) return 0;
    e.kind = TW_EVENT_FIT;
    return job->event(job->user, &e);
}

/* The rows of a fold, or all others. */
static tw_status take_rows(const tw_job *job, uint64_t fold, int of_fold, tw_data **out, tw_error *err)
{
    const tw__selection *s = job->selection;
    const uint64_t all = job->train_objective.n_rows;
    uint64_t *rows, n = 0;
    TW_TRY(tw__alloc(job->ctx, &rows, (size_t)all, sizeof *rows, err));
    for (uint64_t i = 0; i < all; i++)
        if ((s->fold[i] == fold) == of_fold) rows[n++] = i;
    const tw_status status = tw_data_take(out, job->ctx, job->train, rows, n, err);
    tw__free(job->ctx, rows, (size_t)all, sizeof *rows);
    return status;
}

/* With the text of the job's own model, so that an l2 of 1/rows is the same number. */
static tw_status make_model(fit *f, tw_error *err)
{
    const tw_job *job = f->job;
    const char *text = tw_model_network(job->model);
    const tw_type type = tw_model_type(job->model);
    if (job->from) return tw_model_create_from(&f->model, job->ctx, job->from, text, type, f->train, err);
    return tw_model_create(&f->model, job->ctx, text, type, f->train, job->o.run.seed, err);
}

static tw_status open_fit(fit *f, uint64_t fold, tw_error *err)
{
    tw_run_options r = f->job->o.run;
    r.event = on_event;
    r.user = f;
    TW_TRY(take_rows(f->job, fold, 0, &f->train, err));
    TW_TRY(take_rows(f->job, fold, 1, &f->val, err));
    TW_TRY(make_model(f, err));
    TW_TRY(tw_model_objective(f->model, f->train, &f->on_train, err));
    TW_TRY(tw_model_objective(f->model, f->val, &f->on_val, err));
    return tw_run_create(&f->run, f->job->ctx, &f->on_train, &f->on_val, tw_model_weights(f->model), &r, err);
}

static void close_fit(fit *f)
{
    tw_run_free(f->run);
    tw_model_objective_free(&f->on_train);
    tw_model_objective_free(&f->on_val);
    tw_model_free(f->model);
    tw_data_free(f->train);
    tw_data_free(f->val);
}

static double weight_at(tw_type type, const void *w, size_t i)
{
    return type == TW_F64 ? ((const double *)w)[i] : (double)((const float *)w)[i];
}

/* What a linear model adds to the loss of its rows. */
static double penalty_of(const tw_objective *o, const void *w)
{
    double squares = 0, magnitudes = 0;
    for (size_t i = 0; o->glm && i < o->glm->columns * o->glm->outputs; i++) {
        const double x = weight_at(o->type, w, i);
        squares += x * x;
        magnitudes += fabs(x);
    }
    return o->glm ? o->glm->l2 / 2 * squares + o->glm->l1 * magnitudes : 0;
}

static tw_status put_metrics(fit *f, const void *w, tw_error *err)
{
    tw_scores *scores;
    const tw_score *score;
    for (size_t k = 0; tw_metric_at(k); k++) f->numbers[METRICS + k] = NAN;
    TW_TRY(tw_scores_of_model(&scores, f->model, f->val, w, NULL, err));
    for (size_t i = 0; (score = tw_scores_at(scores, i)) != NULL; i++)
        for (size_t k = 0; tw_metric_at(k); k++)
            if (tw_metric_at(k) == score->metric) f->numbers[METRICS + k] = score->value;
    tw_scores_free(scores);
    return TW_OK;
}

static tw_status put_numbers(fit *f, int status, tw_error *err)
{
    tw_metrics train, val;
    const void *w;
    double *to = f->numbers;
    TW_TRY(tw_run_weights(f->run, &w, err));
    TW_TRY(tw_evaluate(f->job->ctx, &f->on_train, w, &train, err));
    TW_TRY(tw_evaluate(f->job->ctx, &f->on_val, w, &val, err));
    to[ROWS] = (double)train.examples;
    to[VAL_ROWS] = (double)val.examples;
    to[LOSS] = val.loss - penalty_of(&f->on_val, w);
    to[TRAIN_LOSS] = train.loss;
    to[STEPS] = (double)tw_run_steps(f->run);
    to[GRADIENTS] = (double)tw_run_gradients(f->run);
    to[SECONDS] = tw_run_seconds(f->run);
    to[STATUS] = status;
    return put_metrics(f, w, err);
}

static tw_status make_fit(tw_job *job, uint64_t fold, int *status, tw_error *err)
{
    fit f = {.job = job, .on_train = TW_OBJECTIVE_INIT, .on_val = TW_OBJECTIVE_INIT};
    f.numbers = fit_at(job->selection, fold);
    tw_status s = open_fit(&f, fold, err);
    for (*status = TW_RUN_GOING; s == TW_OK && *status == TW_RUN_GOING;) s = tw_run_step(f.run, status, err);
    if (s == TW_OK && *status != TW_RUN_INTERRUPTED) s = put_numbers(&f, *status, err);
    close_fit(&f);
    return s;
}

static tw_status in_fold(tw_status s, uint64_t fold, tw_error *err)
{
    char text[sizeof err->message];
    if (s == TW_OK || s == TW_ERR_MEMORY || !err) return s;
    memcpy(text, err->message, sizeof text);
    snprintf(err->message, sizeof err->message, "fold %llu: %.400s", (unsigned long long)fold + 1, text);
    return s;
}

tw_status tw__selection_run(tw_job *job, int *status, tw_error *err)
{
    tw__selection *s = job->selection;
    *status = TW_RUN_GOING;
    while (s && s->done < (int64_t)s->folds) {
        const uint64_t fold = (uint64_t)s->done;
        TW_TRY(in_fold(make_fit(job, fold, status, err), fold, err));
        if (*status == TW_RUN_INTERRUPTED) return TW_OK;
        *status = TW_RUN_GOING;
        s->done++;
        tw__log(job->ctx, TW_LOG_INFO, "fold %llu of %llu: loss %.6g", (unsigned long long)s->done,
                (unsigned long long)s->folds, fit_at(s, fold)[LOSS]);
        if (job->o.out) TW_TRY(tw__job_save_checkpoint(job, err));
    }
    return TW_OK;
}

tw_status tw__selection_visit(tw_job *job, tw_visitor *v, tw_error *err)
{
    tw__selection *s = job->selection;
    if (!s) return TW_OK;
    int64_t n = (int64_t)(s->folds * s->columns);
    TW_TRY(v->field(v, "cv.done", TW_I64, 0, NULL, &s->done, err));
    TW_TRY(v->field(v, "cv.fits", TW_F64, 1, &n, s->fits, err));
    if (s->done >= 0 && s->done <= (int64_t)s->folds) return TW_OK;
    const long long done = s->done;
    s->done = 0;
    return tw__fail(err, TW_ERR_DATA, "cv.done = %lld of %llu folds", done, (unsigned long long)s->folds);
}

/* ---- the result ---------------------------------------------------------------------------------------- */

static const char *name_of(size_t column)
{
    static const char *const names[] =
        {[ROWS] = "rows",           [VAL_ROWS] = "val_rows", [STATUS] = "status",         [STEPS] = "steps",
         [GRADIENTS] = "gradients", [SECONDS] = "seconds",   [TRAIN_LOSS] = "train_loss", [LOSS] = "loss"};
    return column < METRICS ? names[column] : tw_metric_at(column - METRICS)->name;
}

static void put_number(tw__json_builder *b, json_t *o, size_t column, double x)
{
    const int is_count = column == ROWS || column == VAL_ROWS || column == STEPS || column == GRADIENTS;
    if (column == STATUS) tw__json_put_text(b, o, name_of(column), tw_run_status_name((int)x));
    else if (is_count) tw__json_put_natural(b, o, name_of(column), (uint64_t)x);
    else if (!isnan(x)) tw__json_put_real(b, o, name_of(column), x);
}

/* The mean over the folds, and the deviation with folds - 1; NaN where a fold has no number. */
static void spread_of(const tw__selection *s, size_t column, double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    for (uint64_t k = 0; k < s->folds; k++) sum += fit_at(s, k)[column];
    *mean = sum / (double)s->folds;
    for (uint64_t k = 0; k < s->folds; k++) {
        const double apart = fit_at(s, k)[column] - *mean;
        squares += apart * apart;
    }
    *deviation = sqrt(squares / (double)(s->folds - 1));
}

void tw__selection_json(tw__json_builder *b, json_t *result, const tw_job *job)
{
    const tw__selection *s = job->selection;
    if (!s || s->done == 0) return;
    json_t *cv = tw__json_object(b), *folds = tw__json_list(b), *means = tw__json_object(b),
           *deviations = tw__json_object(b);
    for (int64_t k = 0; k < s->done; k++) {
        json_t *o = tw__json_object(b);
        for (size_t c = 0; c < s->columns; c++) put_number(b, o, c, fit_at(s, (uint64_t)k)[c]);
        tw__json_append(b, folds, o);
    }
    for (size_t c = TRAIN_LOSS; c < s->columns && s->done == (int64_t)s->folds; c++) {
        double mean, deviation;
        spread_of(s, c, &mean, &deviation);
        put_number(b, means, c, mean);
        put_number(b, deviations, c, deviation);
    }
    tw__json_put(b, cv, "folds", folds);
    tw__json_put(b, cv, "mean", means);
    tw__json_put(b, cv, "deviation", deviations);
    tw__json_put(b, result, "cv", cv);
}
