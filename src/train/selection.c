/* The fits before a job's own run, with its seed and options. Cross-validation: a model is fitted to all rows
 * but those of one fold and evaluated on these, fold after fold. A path (path.c): a model for each of falling
 * penalties, each from the weights of the one before; with folds, such a path in each of them.
 * SPDX-License-Identifier: MIT */
#include "train/selection.h"
#include "data/data.h"
#include "train/augmented.h"
#include "train/json.h"
#include "train/path.h"
#include "train/steps.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/metrics.h>

/* The numbers of a fit, all double, so that a checkpoint holds them as one list: those of the run, the loss
 * of the fold's rows without a penalty, then their metrics, in the order of the list of metrics. */
enum column { ROWS, VAL_ROWS, STATUS, STEPS, GRADIENTS, SECONDS, TRAIN_LOSS, NONZERO, LOSS, METRICS };

typedef struct tw__selection {
    uint64_t parts;     /* folds; 1: all rows */
    uint64_t penalties; /* of the path; 1: none */
    size_t rows;        /* of the job, to train on */
    size_t columns;     /* numbers of a fit */
    int64_t done;       /* parts whose fits are made */
    int64_t is_chosen;  /* the job's own run is that of the chosen penalty */
    double *fits;       /* part after part */
    uint32_t *fold;     /* of each training row; NULL: no folds */
    double *scales;     /* of the penalties; made when they are first needed */
} tw__selection;

static size_t count_metrics(void)
{
    size_t n = 0;
    while (tw_metric_at(n)) n++;
    return n;
}

static double *fit_at(const tw__selection *s, uint64_t part, uint64_t penalty)
{
    return s->fits + (part * s->penalties + penalty) * s->columns;
}

static tw_status check_options(const tw_job_options *o, tw_error *err)
{
    if (o->cv && o->val > 0)
        return tw__fail(err, TW_ERR_SPEC,
                        "cv cannot be combined with val: its folds validate every row once");
    if (o->run.seconds > 0)
        return tw__fail(err, TW_ERR_SPEC, "%s cannot be combined with time: all its fits are made whole",
                        o->cv ? "cv" : "path");
    if ((o->cv || o->path) && (o->run.trace || o->run.replay))
        return tw__fail(err, TW_ERR_SPEC, "%s cannot be combined with %s: a trace is of one fit",
                        o->cv ? "cv" : "path", o->run.trace ? "trace" : "replay");
    if (o->path_ratio > 0 && !o->path)
        return tw__fail(err, TW_ERR_SPEC, "path_ratio = %g has no effect without path", o->path_ratio);
    return TW_OK;
}

/* Weights that have seen a fold's rows make its validation look better than it is. */
static void warn_of_start(const tw_job *job)
{
    if (job->from && job->o.cv)
        tw__log(
            job->ctx, TW_LOG_WARNING,
            "cv: every fit starts from %s; if that was trained on some of these rows, the folds look better than new rows will",
            job->o.from);
}

/* The text of a path's model stays the job's, whatever penalty is chosen. */
static tw_status keep_text(tw_job *job, tw_error *err)
{
    TW_TRY(tw__path_check(tw_model_network(job->model), err));
    return tw__job_set_text(job, &job->o.model, tw_model_network(job->model), err);
}

tw_status tw__selection_create(tw_job *job, tw_error *err)
{
    tw__selection *s;
    const uint64_t rows = job->train_objective.n_rows;
    const tw_job_options *o = &job->o;
    if (!o->cv && !o->path && !(o->path_ratio > 0)) return TW_OK;
    TW_TRY(check_options(o, err));
    warn_of_start(job);
    if (o->path) TW_TRY(keep_text(job, err));
    TW_TRY(tw__alloc(job->ctx, &s, 1, sizeof *s, err));
    job->selection = s;
    s->parts = 1;
    s->rows = (size_t)rows;
    s->penalties = o->path ? o->path : 1;
    s->columns = METRICS + count_metrics();
    if (o->cv) TW_TRY(tw__alloc(job->ctx, &s->fold, (size_t)rows, sizeof *s->fold, err));
    if (o->cv) TW_TRY(tw_data_folds(job->ctx, job->train, o->cv, o->run.seed, s->fold, err));
    if (o->cv) s->parts = o->cv;
    return tw__alloc(job->ctx, &s->fits, (size_t)(s->parts * s->penalties), s->columns * sizeof *s->fits,
                     err);
}

void tw__selection_free(tw_job *job)
{
    tw__selection *s = job->selection;
    if (!s) return;
    tw__free(job->ctx, s->fold, s->rows, sizeof *s->fold);
    tw__free(job->ctx, s->fits, (size_t)(s->parts * s->penalties), s->columns * sizeof *s->fits);
    tw__free(job->ctx, s->scales, (size_t)s->penalties, sizeof *s->scales);
    tw__free(job->ctx, s, 1, sizeof *s);
}

/* ---- one fit ------------------------------------------------------------------------------------------- */

/* Rows to fit and, or NULL, to validate. */
typedef struct part {
    tw_data *train, *val;
    int is_whole; /* the job's own rows */
} part;

/* What a fit works with. */
typedef struct fit {
    tw_job *job;
    const part *on;
    tw_model *model;
    tw_objective on_train, on_val;
    tw__augmented *augmented; /* NULL: rows as they are */
    tw_run *run;
    double *numbers; /* NULL: nobody wants them */
} fit;

static int on_event(void *user, const tw_event *event)
{
    return tw__job_tell_of_fit(((const fit *)user)->job, event);
}

static tw_status open_part(const tw_job *job, uint64_t number, part *to, tw_error *err)
{
    if (!job->selection->fold) {
        *to = (part){job->train, job->val, 1};
        return TW_OK;
    }
    TW_TRY(tw__data_take_fold(job->ctx, job->train, job->selection->fold, number, 0, &to->train, err));
    return tw__data_take_fold(job->ctx, job->train, job->selection->fold, number, 1, &to->val, err);
}

static void close_part(part *p)
{
    if (p->is_whole) return;
    tw_data_free(p->train);
    tw_data_free(p->val);
}

/* With the text of the job's own model, so that an l2 of 1/rows is the same number, or that of a penalty of
 * the path, from the model before it. */
static tw_status make_model(const tw_job *job, const tw_data *rows, const tw_model *before, const char *text,
                            tw_model **out, tw_error *err)
{
    const tw_type type = tw_model_type(job->model);
    if (!before) before = job->from;
    if (before) return tw_model_create_from(out, job->ctx, before, text, type, rows, err);
    return tw_model_create(out, job->ctx, text, type, rows, job->o.run.seed, err);
}

static tw_status open_fit(fit *f, uint64_t penalty, const tw_model *before, tw_error *err)
{
    tw_job *job = f->job;
    char path[TW_SPEC_MAX];
    const char *text = job->o.path ? path : tw_model_network(job->model);
    tw_run_options r = job->o.run;
    tw_objective train;
    r.event = on_event;
    r.user = f;
    if (job->o.path) TW_TRY(tw__path_text(job->o.model, job->selection->scales[penalty], path, err));
    TW_TRY(make_model(job, f->on->train, before, text, &f->model, err));
    TW_TRY(tw_model_objective(f->model, f->on->train, &f->on_train, err));
    if (f->on->val) TW_TRY(tw_model_objective(f->model, f->on->val, &f->on_val, err));
    train = f->on_train;
    if (job->o.augment)
        TW_TRY(tw__augmented_create(&f->augmented, job->ctx, job->o.augment, &f->on_train,
                                    tw__rows_of_update(&r), &train, err));
    return tw_run_create(&f->run, job->ctx, &train, f->on->val ? &f->on_val : NULL,
                         tw_model_weights(f->model), &r, err);
}

/* All but the model. */
static void close_fit(fit *f)
{
    tw_run_free(f->run);
    tw__augmented_free(f->augmented);
    tw_model_objective_free(&f->on_train);
    tw_model_objective_free(&f->on_val);
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
    TW_TRY(tw_scores_of_model(&scores, f->model, f->on->val, w, NULL, err));
    for (size_t i = 0; (score = tw_scores_at(scores, i)) != NULL; i++)
        for (size_t k = 0; tw_metric_at(k); k++)
            if (tw_metric_at(k) == score->metric) f->numbers[METRICS + k] = score->value;
    tw_scores_free(scores);
    return TW_OK;
}

static double count_nonzero(const fit *f, const void *w)
{
    const tw_glm *glm = f->on_train.glm;
    size_t n = 0;
    for (size_t i = 0; glm && i < glm->columns * glm->outputs; i++)
        n += weight_at(f->on_train.type, w, i) != 0;
    return glm ? (double)n : NAN;
}

static tw_status put_numbers(fit *f, int status, tw_error *err)
{
    tw_metrics train, val;
    const void *w;
    double *to = f->numbers;
    TW_TRY(tw_run_weights(f->run, &w, err));
    TW_TRY(tw_evaluate(f->job->ctx, &f->on_train, w, &train, err));
    for (size_t c = 0; c < f->job->selection->columns; c++) to[c] = NAN;
    to[ROWS] = (double)train.examples;
    to[TRAIN_LOSS] = train.loss;
    to[NONZERO] = count_nonzero(f, w);
    to[STEPS] = (double)tw_run_steps(f->run);
    to[GRADIENTS] = (double)tw_run_gradients(f->run);
    to[SECONDS] = tw_run_seconds(f->run);
    to[STATUS] = status;
    if (!f->on->val) return TW_OK;
    TW_TRY(tw_evaluate(f->job->ctx, &f->on_val, w, &val, err));
    to[VAL_ROWS] = (double)val.examples;
    to[LOSS] = val.loss - penalty_of(&f->on_val, w);
    return put_metrics(f, w, err);
}

/* numbers: NULL, or where those of the fit go. The model is handed out, also after an error. */
static tw_status make_fit(tw_job *job, const part *on, uint64_t penalty, const tw_model *before,
                          double *numbers, tw_model **out, int *status, tw_error *err)
{
    fit f = {.job = job,
             .on = on,
             .numbers = numbers,
             .on_train = TW_OBJECTIVE_INIT,
             .on_val = TW_OBJECTIVE_INIT};
    tw_status s = open_fit(&f, penalty, before, err);
    for (*status = TW_RUN_GOING; s == TW_OK && *status == TW_RUN_GOING;)
        s = tw__run_steps(f.run, UINT64_MAX, status, err);
    if (s == TW_OK && *status != TW_RUN_INTERRUPTED && numbers) s = put_numbers(&f, *status, err);
    close_fit(&f);
    *out = f.model;
    return s;
}

/* Fits for the first n penalties, each from the one before. last: NULL, or the last model goes there. */
static tw_status walk(tw_job *job, const part *on, uint64_t n, double *numbers, tw_model **last, int *status,
                      tw_error *err)
{
    tw_model *before = NULL, *now;
    tw_status s = TW_OK;
    *status = TW_RUN_GOING;
    for (uint64_t p = 0; s == TW_OK && p < n && *status != TW_RUN_INTERRUPTED; p++) {
        double *to = numbers ? numbers + p * job->selection->columns : NULL;
        s = make_fit(job, on, p, before, to, &now, status, err);
        tw_model_free(before);
        before = now;
    }
    if (last) *last = before;
    else tw_model_free(before);
    return s;
}

static tw_status in_fold(const tw__selection *sel, tw_status s, uint64_t number, tw_error *err)
{
    char text[sizeof err->message];
    if (s == TW_OK || s == TW_ERR_MEMORY || !err || !sel->fold) return s;
    memcpy(text, err->message, sizeof text);
    snprintf(err->message, sizeof err->message, "fold %llu: %.400s", (unsigned long long)number + 1, text);
    return s;
}

static tw_status make_part(tw_job *job, uint64_t number, int *status, tw_error *err)
{
    tw__selection *sel = job->selection;
    part on = {.train = NULL};
    tw_status s = open_part(job, number, &on, err);
    if (s == TW_OK) s = walk(job, &on, sel->penalties, fit_at(sel, number, 0), NULL, status, err);
    close_part(&on);
    return in_fold(sel, s, number, err);
}

/* ---- the choice ---------------------------------------------------------------------------------------- */

/* The mean over the parts, and the deviation with parts - 1; NaN where one has no number. */
static void spread_of(const tw__selection *s, uint64_t penalty, size_t column, double *mean,
                      double *deviation)
{
    double sum = 0, squares = 0;
    for (uint64_t k = 0; k < s->parts; k++) sum += fit_at(s, k, penalty)[column];
    *mean = sum / (double)s->parts;
    for (uint64_t k = 0; k < s->parts; k++) {
        const double apart = fit_at(s, k, penalty)[column] - *mean;
        squares += apart * apart;
    }
    *deviation = s->parts > 1 ? sqrt(squares / (double)(s->parts - 1)) : NAN;
}

/* The penalty with the least validation loss, the larger of equal ones; without such a loss the last. */
static uint64_t best_penalty(const tw__selection *s)
{
    double least = INFINITY, mean, deviation;
    uint64_t best = s->penalties - 1;
    for (uint64_t p = 0; p < s->penalties; p++) {
        spread_of(s, p, LOSS, &mean, &deviation);
        if (!(mean < least)) continue;
        least = mean;
        best = p;
    }
    return best;
}

/* The largest penalty whose loss is within a standard error of the least (Breiman et al. 1984). */
static uint64_t sparest_penalty(const tw__selection *s)
{
    double least, deviation, mean, unused;
    const uint64_t best = best_penalty(s);
    spread_of(s, best, LOSS, &least, &deviation);
    for (uint64_t p = 0; p < best; p++) {
        spread_of(s, p, LOSS, &mean, &unused);
        if (mean <= least + deviation / sqrt((double)s->parts)) return p;
    }
    return best;
}

/* Makes the job's own run that of the best penalty: from the model before it, or, where a checkpoint is
 * loaded into it, from any weights. */
static tw_status choose(tw_job *job, int is_loaded, int *status, tw_error *err)
{
    tw__selection *s = job->selection;
    const part whole = {job->train, job->val, 1};
    const uint64_t best = best_penalty(s);
    char text[TW_SPEC_MAX];
    tw_model *before = NULL, *fresh = NULL;
    tw_status result = is_loaded ? TW_OK : walk(job, &whole, best, NULL, &before, status, err);
    if (result == TW_OK && *status != TW_RUN_INTERRUPTED) {
        *status = TW_RUN_GOING;
        result = tw__path_text(job->o.model, s->scales[best], text, err);
        if (result == TW_OK) result = make_model(job, job->train, before, text, &fresh, err);
        if (result == TW_OK) result = tw__job_replace_model(job, fresh, err);
        s->is_chosen = result == TW_OK;
    }
    tw_model_free(before);
    return result;
}

static tw_status find_scales(tw_job *job, tw_error *err)
{
    enum { USUAL = 1000 };
    tw__selection *s = job->selection;
    const double ratio = job->o.path_ratio > 0 ? job->o.path_ratio : 1.0 / USUAL;
    if (!job->o.path || s->scales) return TW_OK;
    TW_TRY(tw__alloc(job->ctx, &s->scales, (size_t)s->penalties, sizeof *s->scales, err));
    return tw__path_scales(job->ctx, job->o.model, job->train, ratio, s->penalties, s->scales, err);
}

tw_status tw__selection_run(tw_job *job, int *status, tw_error *err)
{
    tw__selection *s = job->selection;
    *status = TW_RUN_GOING;
    if (!s) return TW_OK;
    TW_TRY(find_scales(job, err));
    while (s->done < (int64_t)s->parts) {
        TW_TRY(make_part(job, (uint64_t)s->done, status, err));
        if (*status == TW_RUN_INTERRUPTED) return TW_OK;
        *status = TW_RUN_GOING;
        s->done++;
        tw__log(job->ctx, TW_LOG_INFO, "%s %llu of %llu", s->fold ? "fold" : "path",
                (unsigned long long)s->done, (unsigned long long)s->parts);
        if (job->o.out) TW_TRY(tw__job_save_checkpoint(job, err));
    }
    return job->o.path && !s->is_chosen ? choose(job, 0, status, err) : TW_OK;
}

tw_status tw__selection_visit(tw_job *job, tw_visitor *v, tw_error *err)
{
    tw__selection *s = job->selection;
    int unused = TW_RUN_GOING;
    if (!s) return TW_OK;
    int64_t n = (int64_t)(s->parts * s->penalties * s->columns);
    TW_TRY(v->field(v, "cv.done", TW_I64, 0, NULL, &s->done, err));
    TW_TRY(v->field(v, "cv.chosen", TW_I64, 0, NULL, &s->is_chosen, err));
    TW_TRY(v->field(v, "cv.fits", TW_F64, 1, &n, s->fits, err));
    if (s->done < 0 || s->done > (int64_t)s->parts || (s->is_chosen && s->done < (int64_t)s->parts)) {
        const long long done = s->done;
        s->done = s->is_chosen = 0;
        return tw__fail(err, TW_ERR_DATA, "cv.done = %lld of %llu", done, (unsigned long long)s->parts);
    }
    if (v->loading != TW_LOAD || !s->is_chosen) return TW_OK;
    TW_TRY(find_scales(job, err));
    return choose(job, 1, &unused, err);
}

/* ---- the result ---------------------------------------------------------------------------------------- */

static const char *name_of(size_t column)
{
    static const char *const names[] = {[ROWS] = "rows",
                                        [VAL_ROWS] = "val_rows",
                                        [STATUS] = "status",
                                        [STEPS] = "steps",
                                        [GRADIENTS] = "gradients",
                                        [SECONDS] = "seconds",
                                        [TRAIN_LOSS] = "train_loss",
                                        [NONZERO] = "nonzero",
                                        [LOSS] = "loss"};
    return column < METRICS ? names[column] : tw_metric_at(column - METRICS)->name;
}

static void put_number(tw__json_builder *b, json_t *o, size_t column, double x)
{
    if (isnan(x)) return;
    if (column == STATUS) tw__json_put_text(b, o, name_of(column), tw_run_status_name((int)x));
    else if (column != SECONDS && column < TRAIN_LOSS)
        tw__json_put_natural(b, o, name_of(column), (uint64_t)x);
    else tw__json_put_real(b, o, name_of(column), x);
}

static void put_spreads(tw__json_builder *b, const tw__selection *s, uint64_t penalty, json_t *means,
                        json_t *deviations)
{
    for (size_t c = TRAIN_LOSS; c < s->columns; c++) {
        double mean, deviation;
        spread_of(s, penalty, c, &mean, &deviation);
        put_number(b, means, c, mean);
        put_number(b, deviations, c, deviation);
    }
}

static json_t *cv_json(tw__json_builder *b, const tw__selection *s, int is_whole)
{
    json_t *cv = tw__json_object(b), *folds = tw__json_list(b), *means = tw__json_object(b),
           *deviations = tw__json_object(b);
    const uint64_t penalty = is_whole ? best_penalty(s) : 0;
    for (int64_t k = 0; k < s->done; k++) {
        json_t *o = tw__json_object(b);
        for (size_t c = 0; c < s->columns; c++) put_number(b, o, c, fit_at(s, (uint64_t)k, penalty)[c]);
        tw__json_append(b, folds, o);
    }
    if (is_whole) put_spreads(b, s, penalty, means, deviations);
    tw__json_put(b, cv, "folds", folds);
    tw__json_put(b, cv, "mean", means);
    tw__json_put(b, cv, "deviation", deviations);
    return cv;
}

static void put_model(tw__json_builder *b, json_t *o, const char *model, double scale)
{
    char text[TW_SPEC_MAX];
    double l1, l2;
    if (b->status == TW_OK) b->status = tw__path_text(model, scale, text, b->err);
    if (b->status == TW_OK) b->status = tw__path_penalties(text, &l1, &l2, b->err);
    if (b->status != TW_OK) return;
    tw__json_put_text(b, o, "model", text);
    tw__json_put_real(b, o, "l1", l1);
    tw__json_put_real(b, o, "l2", l2);
}

static json_t *path_json(tw__json_builder *b, const tw_job *job)
{
    const tw__selection *s = job->selection;
    json_t *path = tw__json_object(b), *list = tw__json_list(b);
    for (uint64_t p = 0; p < s->penalties; p++) {
        json_t *o = tw__json_object(b), *deviations = tw__json_object(b);
        put_model(b, o, job->o.model, s->scales[p]);
        put_spreads(b, s, p, o, deviations);
        if (s->parts > 1) tw__json_put(b, o, "deviation", deviations);
        else json_decref(deviations);
        tw__json_append(b, list, o);
    }
    tw__json_put(b, path, "penalties", list);
    tw__json_put_natural(b, path, "best", best_penalty(s) + 1);
    if (s->fold) tw__json_put_natural(b, path, "one_standard_error", sparest_penalty(s) + 1);
    return path;
}

void tw__selection_json(tw__json_builder *b, json_t *result, const tw_job *job)
{
    const tw__selection *s = job->selection;
    const int is_whole = s && s->done == (int64_t)s->parts && (!job->o.path || s->scales);
    if (!s || s->done == 0) return;
    if (s->fold && (is_whole || !job->o.path)) tw__json_put(b, result, "cv", cv_json(b, s, is_whole));
    if (job->o.path && is_whole) tw__json_put(b, result, "path", path_json(b, job));
}
