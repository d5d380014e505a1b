/* The loop: draw rows, evaluate, exchange, step; at an epoch's end, or where a target ends it early, evaluate
 * the validation data and keep the line.
 * SPDX-License-Identifier: MIT */
#include "base/cpu.h"
#include "base/options.h"
#include "estimators/estimator.h"
#include "exchange/exchange.h"
#include "math/kernels.h"
#include "train/history.h"
#include "train/batch.h"
#include "train/controls/control.h"
#include "train/options.h"
#include "train/target.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/train.h>
#include <time.h>

enum { COLUMNS = TW__EPOCH_NUMBERS };

struct tw_run {
    tw_context *ctx;
    tw_objective train, check; /* check.eval NULL: none */
    tw_run_options o;
    tw__target target;
    void *w, *view; /* the caller's; the rule's view, made when needed */
    size_t size;
    tw__estimator *estimator;
    tw__exchange *exchange;
    tw__batch *batch;
    tw_optimizer *optimizer;
    tw__controls *controls;
    /* the mean, for controls that look at every step; else NULL */
    void *gradient;
    /* cursor: epochs done, updates done in this one, updates in all */
    uint64_t epoch, step, updates, steps_per_epoch;
    tw_sums sums;                            /* of this epoch */
    uint64_t skipped;                        /* updates of this epoch */
    uint64_t gradients;                      /* of one row each, in all */
    double update_loss;                      /* of the last update */
    double first_loss;                       /* of the first update that had a finite one; NaN: none yet */
    double epoch_lr, seconds, epoch_seconds; /* time before this call is counted in by visit */
    int status, failed;                      /* failed: by an error; no further steps */
    tw__fp_mode mode;                        /* the caller's, for its callbacks */
    const tw_draw *draw;                     /* of the update that is going on */
    tw_epoch *history;
    /* elsewhere: the first so many are not visited (history.h) */
    size_t n_history, capacity, elsewhere;
};

double tw__seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- creation ------------------------------------------------------------------------------------------ */

static tw_status read_objectives(tw_run *r, const tw_objective *train_given, const tw_objective *check_given,
                                 tw_error *err)
{
    tw_objective *train = &r->train, *check = &r->check;
    TW_TRY(tw__objective_read(train, train_given, 1, err));
    r->size = tw__objective_size(train);
    if (!check_given) return TW_OK;
    TW_TRY(tw__objective_read(check, check_given, 1, err));
    if (check->type == train->type && tw__objective_size(check) == r->size) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "the validation objective has %zu weights of %s, the training objective %zu of %s",
                    tw__objective_size(check), tw_type_name(check->type), tw__objective_size(train),
                    tw_type_name(train->type));
}

static tw_status count_steps(const tw_run *r, uint64_t *total, tw_error *err)
{
    if (r->o.epochs <= UINT32_MAX && !__builtin_mul_overflow(r->o.epochs, r->steps_per_epoch, total) &&
        *total < (uint64_t)1 << 53)
        return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%llu epochs of %llu updates are too many",
                    (unsigned long long)r->o.epochs, (unsigned long long)r->steps_per_epoch);
}

uint64_t tw_run_epochs(const tw_run *r) { return r->o.epochs; }
uint64_t tw__run_updates(const tw_run *r) { return r->o.epochs * r->steps_per_epoch; }

tw_status tw__check_eval_every(uint64_t every, uint64_t longest, tw_error *err)
{
    if (every < longest || every == 0) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "eval_every = %llu has no effect: after %llu updates training is over",
                    (unsigned long long)every, (unsigned long long)longest);
}

static tw_status make_estimator(tw_run *r, const char *spec, tw_error *err)
{
    const tw_run_options *o = &r->o;
    tw__estimator_setting s = {.spec = spec,
                               .n_rows = r->train.n_rows,
                               .batch = o->batch,
                               .seed = o->seed,
                               .real = r->train.type,
                               .size = r->size,
                               .order = o->order,
                               .n_order = o->n_order,
                               .accumulate = o->accumulate};
    TW_TRY(tw__estimator_create(&r->estimator, r->ctx, &s, err));
    r->steps_per_epoch = tw__estimator_steps(r->estimator);
    return TW_OK;
}

static tw_status make_controls(tw_run *r, tw_error *err)
{
    const tw__exchange_type *exchange = r->exchange->type;
    const tw__control_setting s = {.train = &r->train,
                                   .size = r->size,
                                   .has_check = r->check.eval != NULL,
                                   .epochs = r->o.epochs,
                                   .optimizer = r->optimizer,
                                   .custom = r->o.custom_rule,
                                   .groups = r->o.groups,
                                   .estimator = r->estimator->type->about.name,
                                   .exchange = exchange->name,
                                   .nonfinite = r->o.nonfinite,
                                   .has_direction = r->estimator->type->direction != NULL,
                                   .races = (exchange->traits & TW__EXCHANGE_RACES) != 0};
    TW_TRY(tw__controls_create(&r->controls, r->ctx, r->o.control, &s, err));
    return tw__controls_search(r->controls)
               ? tw__alloc(r->ctx, &r->gradient, r->size, tw_type_size(r->train.type), err)
               : TW_OK;
}

static tw_status make_parts(tw_run *r, tw_error *err)
{
    const tw_run_options *o = &r->o;
    tw__preset preset;
    TW_TRY(tw__preset_read(&preset, o->optimizer, o->estimator, o->custom_rule ? o->custom_rule->name : NULL,
                           err));
    TW_TRY(make_estimator(r, preset.estimator, err));
    TW_TRY(tw__exchange_create(&r->exchange, r->ctx, o->exchange ? o->exchange : "local", r->train.type,
                               r->size, err));
    const tw__exchange_type *exchange = r->exchange->type;
    if (o->nonfinite != TW_NONFINITE_ERROR && r->estimator->type->visit)
        return tw__fail(
            err, TW_ERR_SPEC,
            "estimator %s remembers gradients: one that is not finite cannot be left out (nonfinite must be error)",
            r->estimator->type->about.name);
    TW_TRY(tw__estimator_needs(r->estimator, exchange->name, (exchange->traits & TW__EXCHANGE_BARRIER) != 0,
                               err));
    TW_TRY(tw__batch_create(&r->batch, r->ctx, &r->train, err));
    uint64_t total = 0;
    TW_TRY(count_steps(r, &total, err));
    tw_optimizer_options optimizer = TW_OPTIMIZER_OPTIONS_INIT;
    optimizer.rule = preset.optimizer;
    optimizer.custom = o->custom_rule;
    optimizer.schedule = o->schedule;
    optimizer.groups = o->groups;
    optimizer.total_steps = total;
    optimizer.seed = o->seed;
    optimizer.type = r->train.type;
    optimizer.tensors = r->train.tensors;
    optimizer.n_tensors = r->train.n_tensors;
    optimizer.nonfinite = o->nonfinite;
    TW_TRY(tw_optimizer_create(&r->optimizer, r->ctx, &optimizer, err));
    if (tw_optimizer_full_batch(r->optimizer) && !tw__estimator_is_full(r->estimator))
        return tw__fail(err, TW_ERR_SPEC, "%s needs the full batch: use --estimator full",
                        tw_optimizer_spec(r->optimizer));
    TW_TRY(make_controls(r, err));
    if (!tw_optimizer_has_view(r->optimizer)) return TW_OK;
    return tw__alloc(r->ctx, &r->view, r->size, tw_type_size(r->train.type), err);
}

tw_status tw_run_create(tw_run **out, tw_context *ctx, const tw_objective *train, const tw_objective *check,
                        void *w, const tw_run_options *given, tw_error *err)
{
    TW_MAKES(err, out, ctx && train && w && given);
    tw_run *r;
    tw_run_options o;
    TW_TRY(tw__sized_read(&o, sizeof o, given, "tw_run_options", err));
    if (!(o.seconds >= 0)) return tw__fail(err, TW_ERR_SPEC, "seconds = %g is below 0", o.seconds);
    if (o.eval_every && !o.target)
        return tw__fail(err, TW_ERR_SPEC, "eval_every = %llu has no effect without target",
                        (unsigned long long)o.eval_every);
    TW_TRY(tw__alloc(ctx, &r, 1, sizeof *r, err));
    r->ctx = ctx;
    r->o = o;
    if (!r->o.epochs) r->o.epochs = 5;
    r->first_loss = NAN;
    r->w = w;
    tw_status s = read_objectives(r, train, check, err);
    if (s == TW_OK && o.target)
        s = tw__target_read(&r->target, o.target, r->train.counts_correct, check != NULL, err);
    if (s == TW_OK) s = make_parts(r, err);
    if (s == TW_OK) *out = r;
    else tw_run_free(r);
    return s;
}

void tw_run_free(tw_run *r)
{
    if (!r) return;
    tw__controls_free(r->controls);
    tw_optimizer_free(r->optimizer);
    tw__batch_free(r->batch);
    tw__exchange_free(r->exchange);
    tw__estimator_free(r->estimator);
    tw__free(r->ctx, r->view, r->size, tw_type_size(r->train.type));
    tw__free(r->ctx, r->gradient, r->size, tw_type_size(r->train.type));
    tw__free(r->ctx, r->history, r->capacity, sizeof *r->history);
    tw__free(r->ctx, r, 1, sizeof *r);
}

/* ---- one step ------------------------------------------------------------------------------------------ */

static double mean_of(double sum, double weight) { return weight > 0 ? sum / weight : NAN; }

static tw_status not_finite(uint64_t step, const char *what, double value, tw_error *err)
{
    tw__fail(err, TW_ERR_NOT_FINITE, "%s is %g at step %llu", what, tw__shown(value),
             (unsigned long long)step);
    if (err) err->step = step;
    return TW_ERR_NOT_FINITE;
}

/* A loss that is not finite: if its gradient is not either, the error names the tensor. A step on a copy that
 * is thrown away finds it. */
static tw_status refuse_loss(tw_run *r, const tw_sums *sums, double weight, tw_error *err)
{
    void *throwaway = NULL;
    size_t bytes = tw_type_size(r->train.type);
    TW_TRY(tw__alloc(r->ctx, &throwaway, r->size, bytes, err));
    tw_status s = r->exchange->type->end(r->exchange, r->optimizer, throwaway, weight, err);
    tw__free(r->ctx, throwaway, r->size, bytes);
    return s != TW_OK ? s : not_finite(r->updates + 1, "the loss", sums->loss, err);
}

/* Counts an evaluation of these rows' gradients; without rows it is one. */
static void count_gradients(tw_run *r, size_t rows) { r->gradients += rows ? rows : 1; }

static tw_status gradient_at(void *user, const void *point, const uint64_t *rows, size_t n, void *to,
                             tw_sums *sums, tw_error *err)
{
    tw_run *r = user;
    count_gradients(r, n);
    return tw__batch_sum(r->batch, point, rows, n, r->draw, r->mode, to, sums, err);
}

static tw_status barrier(void *user, tw_error *err)
{
    tw_run *r = user;
    return r->exchange->type->barrier(r->exchange, err);
}

/* A vector that was made whole is the only node of a tree of one leaf. */
static tw_status hand_over(tw_run *r, const tw__update *u, tw_sums *sums, tw_error *err)
{
    const tw__exchange_type *exchange = r->exchange->type;
    size_t lo, hi;
    TW_TRY(exchange->begin(r->exchange, u->number, 1, &lo, &hi, err));
    if (lo < hi) TW_TRY(exchange->bucket(r->exchange, 0, 1, u->direction, err));
    *sums = u->sums;
    return exchange->reduce(r->exchange, (double *)sums, 1, sizeof *sums / sizeof(double), err);
}

/* The mean gradient as a control sees it: 0 where nothing is stepped. */
static tw_status whole_gradient(tw_run *r, tw__update *u, tw_error *err)
{
    const size_t real = tw_type_size(r->train.type);
    u->direction = r->gradient;
    TW_TRY(gradient_at(r, r->w, u->rows, u->n, r->gradient, &u->sums, err));
    if (u->sums.weight != 1)
        tw__kernels_for(r->train.type, tw_context_isa(r->ctx))->divide(r->size, r->gradient, u->sums.weight);
    for (size_t i = 0; i < r->train.n_tensors; i++) {
        const tw_tensor *t = &r->train.tensors[i];
        const size_t end = i + 1 < r->train.n_tensors ? t[1].offset : r->size;
        if (t->flags & (TW_TENSOR_BUFFER | TW_TENSOR_FROZEN))
            memset((char *)r->gradient + t->offset * real, 0, (end - t->offset) * real);
    }
    return TW_OK;
}

struct draw_of {
    tw_run *r;
    const tw__update *u;
};

static tw_status loss_at(void *user, const void *point, double *loss, tw_error *err)
{
    const struct draw_of *d = user;
    tw_sums sums;
    TW_TRY(tw__batch_loss(d->r->batch, point, d->u->rows, d->u->n, d->r->draw, d->r->mode, &sums, err));
    *loss = mean_of(sums.loss, sums.weight);
    return TW_OK;
}

/* Lets the controls look for the length of this step; the run's status says if there is none. */
static tw_status search(tw_run *r, const tw__update *u, tw_error *err)
{
    struct draw_of draw = {r, u};
    tw__trial t = {.w = r->w,
                   .g = r->gradient,
                   .loss = mean_of(u->sums.loss, u->sums.weight),
                   .user = &draw,
                   .loss_at = loss_at};
    TW_TRY(tw_optimizer_set_factor(r->optimizer, 1, err));
    TW_TRY(tw_optimizer_value(r->optimizer, "lr", &t.lr, err));
    TW_TRY(tw__controls_step(r->controls, &t, &r->status, err));
    return tw_optimizer_set_factor(r->optimizer, tw__controls_factor(r->controls), err);
}

/* The gradient of the drawn rows, or what the estimator makes of it, to the exchange. */
static tw_status gradient(tw_run *r, tw__update *u, tw_sums *sums, double *weight, tw_error *err)
{
    *weight = 1;
    if (r->estimator->type->direction || r->gradient) {
        TW_TRY(r->gradient ? whole_gradient(r, u, err) : r->estimator->type->direction(r->estimator, u, err));
        return hand_over(r, u, sums, err);
    }
    count_gradients(r, u->n);
    TW_TRY(tw__batch_gradient(r->batch, r->exchange, r->w, u->rows, u->n, r->draw, r->mode, sums, err));
    *weight = sums->weight;
    return TW_OK;
}

/* Losses that are finite may have a sum that is not. */
static tw_status check_mean(const tw_run *r, tw_error *err)
{
    char what[48];
    const double mean = mean_of(r->sums.loss, r->sums.weight);
    if (!isinf(mean)) return TW_OK;
    snprintf(what, sizeof what, "the mean loss of epoch %llu", (unsigned long long)r->epoch + 1);
    return not_finite(r->updates, what, mean, err);
}

/* Steps, and adds to the epoch's means what belongs there. */
static tw_status end_update(tw_run *r, const tw_sums *sums, double weight, tw_error *err)
{
    const uint64_t skipped = tw_optimizer_skipped(r->optimizer);
    TW_TRY(r->exchange->type->end(r->exchange, r->optimizer, r->w, weight, err));
    const int is_skipped = tw_optimizer_skipped(r->optimizer) != skipped;
    r->skipped += (uint64_t)is_skipped;
    if (!is_skipped && isfinite(sums->loss)) {
        if (isnan(r->first_loss)) r->first_loss = r->update_loss;
        r->sums.loss += sums->loss;
        r->sums.correct += sums->correct;
        r->sums.weight += sums->weight;
    }
    r->updates++;
    r->step++;
    return check_mean(r, err);
}

/* The target is checked after so many updates, wherever in an epoch that is. */
static int is_due(const tw_run *r, uint64_t updates)
{
    return r->o.eval_every && updates % r->o.eval_every == 0;
}

static tw_status update(tw_run *r, tw_error *err)
{
    const tw_draw draw = {.number = r->updates, .epoch = r->epoch, .seed = r->o.seed};
    tw__update u = {.number = r->updates, .w = r->w, .user = r, .gradient = gradient_at, .barrier = barrier};
    tw_sums sums;
    double weight;
    r->draw = &draw;
    tw__estimator_draw(r->estimator, r->epoch, r->step, &u);
    TW_TRY(gradient(r, &u, &sums, &weight, err));
    if (!isfinite(sums.loss)) {
        if (r->o.nonfinite == TW_NONFINITE_ERROR) return refuse_loss(r, &sums, weight, err);
        /* over which no mean is finite: the optimiser leaves the step out and counts it */
        if (r->o.nonfinite == TW_NONFINITE_SKIP) weight = NAN;
    } else if (r->gradient) {
        TW_TRY(search(r, &u, err));
        if (r->status != TW_RUN_GOING) return TW_OK;
    }
    r->update_loss = mean_of(sums.loss, sums.weight);
    const int needs_lr = r->step + 1 == r->steps_per_epoch || is_due(r, r->updates + 1);
    if (needs_lr && tw_optimizer_value(r->optimizer, "lr", &r->epoch_lr, NULL) != TW_OK) r->epoch_lr = NAN;
    return end_update(r, &sums, weight, err);
}

/* The line of this epoch as it stands. */
static tw_status evaluate(tw_run *r, tw_epoch *line, tw_error *err)
{
    const void *w;
    tw_metrics m;
    *line = (tw_epoch){.epoch = r->epoch + 1,
                       .loss = mean_of(r->sums.loss, r->sums.weight),
                       .val_loss = NAN,
                       .val_accuracy = NAN,
                       .lr = r->epoch_lr};
    line->accuracy = r->train.counts_correct ? mean_of(r->sums.correct, r->sums.weight) : NAN;
    if (!r->check.eval) return TW_OK;
    TW_TRY(tw_run_weights(r, &w, err));
    TW_TRY(tw_evaluate(r->ctx, &r->check, w, &m, err));
    if (!isfinite(m.loss)) return not_finite(r->updates, "the validation loss", m.loss, err);
    line->val_loss = m.loss;
    line->val_accuracy = m.accuracy;
    return TW_OK;
}

static tw_status end_epoch(tw_run *r, const tw_epoch *line, tw_error *err)
{
    TW_TRY(tw__grow(r->ctx, &r->history, &r->capacity, r->n_history + 1, sizeof *r->history, err));
    r->history[r->n_history++] = *line;
    const uint64_t skipped = r->skipped;
    r->epoch++;
    r->step = 0;
    r->sums = (tw_sums){0};
    r->skipped = 0;
    if (skipped < r->steps_per_epoch) return TW_OK;
    return tw__fail(err, TW_ERR_NOT_FINITE,
                    "loss or gradient was not finite in all %llu updates of epoch %llu",
                    (unsigned long long)skipped, (unsigned long long)r->epoch);
}

/* Ends the epoch whose steps are done, or in whose middle the target is reached. */
static tw_status check_epoch(tw_run *r, int *ended, tw_error *err)
{
    tw_epoch line;
    *ended = r->step == r->steps_per_epoch;
    if (!*ended && !is_due(r, r->updates)) return TW_OK;
    TW_TRY(evaluate(r, &line, err));
    *ended = *ended || tw__target_reached(&r->target, &line);
    return *ended ? end_epoch(r, &line, err) : TW_OK;
}

/* step, weight: of the epoch so far, of which an ended epoch's sums know nothing any more. */
static int notify(tw_run *r, int kind, const tw_epoch *line, uint64_t step, double weight)
{
    if (!r->o.event) return 0;
    tw_event e = {.kind = kind,
                  .epoch = line ? line->epoch : r->epoch + 1,
                  .step = step,
                  .steps_per_epoch = r->steps_per_epoch,
                  .line = line,
                  .weight = weight};
    e.loss = line ? line->loss : mean_of(r->sums.loss, r->sums.weight);
    e.update_loss = line ? NAN : r->update_loss;
    e.accuracy = line                      ? line->accuracy
                 : r->train.counts_correct ? mean_of(r->sums.correct, r->sums.weight)
                                           : NAN;
    tw__fp_leave(r->mode);
    int result = r->o.event(r->o.user, &e);
    tw__fp_enter();
    return result;
}

/* What the epoch that has ended means for those to come. */
static tw_status apply_controls(tw_run *r, const tw_epoch *line, tw_error *err)
{
    int status = TW_RUN_GOING;
    tw__controls_epoch(r->controls, line, &status);
    if (r->controls) TW_TRY(tw_optimizer_set_factor(r->optimizer, tw__controls_factor(r->controls), err));
    if (r->epoch == r->o.epochs) status = TW_RUN_FINISHED;
    if (status != TW_RUN_GOING && tw_run_diverged(r, NULL) != TW_OK) status = TW_RUN_DIVERGED;
    r->status = tw__target_reached(&r->target, line) ? TW_RUN_TARGET : status;
    return TW_OK;
}

static int is_over_time(const tw_run *r) { return r->o.seconds > 0 && r->seconds >= r->o.seconds; }

static tw_status step(tw_run *r, tw_error *err)
{
    if (r->failed)
        return tw__fail(err, TW_ERR_STATE,
                        "the run was stopped by an earlier error and takes no further steps");
    if (tw_run_is_over(r->status))
        return tw__fail(err, TW_ERR_STATE, "the run has ended (%s)", tw_run_status_name(r->status));
    double start = tw__seconds();
    r->status = is_over_time(r) ? TW_RUN_TIME : TW_RUN_GOING;
    if (r->status == TW_RUN_TIME) return TW_OK; /* taken up again under the limit that had stopped it */
    TW_TRY(update(r, err));
    const uint64_t done = r->step;
    const double weight = r->sums.weight;
    const int stalled = r->status != TW_RUN_GOING;
    int stop = stalled ? 0 : notify(r, TW_EVENT_STEP, NULL, done, weight), ended = 0;
    if (!stalled) TW_TRY(check_epoch(r, &ended, err));
    double spent = tw__seconds() - start;
    r->seconds += spent;
    r->epoch_seconds += spent;
    if (ended) {
        tw_epoch *line = &r->history[r->n_history - 1];
        line->seconds = r->epoch_seconds;
        r->epoch_seconds = 0;
        stop |= notify(r, TW_EVENT_EPOCH, line, done, weight);
        TW_TRY(apply_controls(r, line, err));
    }
    if (r->status == TW_RUN_GOING && is_over_time(r)) r->status = TW_RUN_TIME;
    if (r->status == TW_RUN_GOING && stop) r->status = TW_RUN_INTERRUPTED;
    return TW_OK;
}

tw_status tw_run_step(tw_run *r, int *status, tw_error *err)
{
    TW_NEEDS(err, r && status);
    r->mode = tw__fp_enter();
    tw_status s = step(r, err);
    tw__fp_leave(r->mode);
    r->failed |= s != TW_OK;
    *status = r->status;
    return s;
}

/* ---- looking at it ------------------------------------------------------------------------------------- */

uint64_t tw_run_batch(const tw_run *r) { return r->estimator->requested; }
uint64_t tw_run_rows(const tw_run *r) { return r->estimator->batch; }
uint64_t tw_run_steps_per_epoch(const tw_run *r) { return r->steps_per_epoch; }
const char *tw_run_estimator(const tw_run *r) { return r->estimator->choice.spec; }
const char *tw_run_control(const tw_run *r) { return tw__controls_text(r->controls); }
int tw_run_status(const tw_run *r) { return r->status; }
uint64_t tw_run_steps(const tw_run *r) { return r->updates; }
uint64_t tw_run_gradients(const tw_run *r) { return r->gradients; }
double tw_run_seconds(const tw_run *r) { return r->seconds; }
tw_optimizer *tw_run_optimizer(tw_run *r) { return r->optimizer; }

const tw_epoch *tw_run_history(const tw_run *r, size_t *n)
{
    *n = r->n_history;
    return r->history;
}

tw_status tw_run_diverged(const tw_run *r, tw_error *err)
{
    TW_NEEDS(err, r);
    if (r->n_history == 0) return TW_OK;
    const double bound = r->first_loss > 1 ? r->first_loss : 1;
    const tw_epoch *last = r->history + r->n_history - 1, *worst = r->history;
    if (isnan(last->loss) && r->o.nonfinite != TW_NONFINITE_ERROR)
        return tw__fail(err, TW_ERR_NOT_FINITE, "no loss of epoch %llu was finite",
                        (unsigned long long)last->epoch);
    for (const tw_epoch *e = r->history; e <= last; e++)
        if (e->loss > worst->loss || isnan(worst->loss)) worst = e;
    if (!(worst->loss > TW_DIVERGED_ABOVE * bound && last->loss > bound)) return TW_OK;
    return tw__fail(err, TW_ERR_NOT_FINITE,
                    "the loss rose from %.4g to %.4g (%s %llu) and is %.4g in the end", r->first_loss,
                    worst->loss, r->train.n_rows ? "epoch" : "step", (unsigned long long)worst->epoch,
                    last->loss);
}

tw_status tw_run_weights(tw_run *r, const void **weights, tw_error *err)
{
    TW_MAKES(err, weights, r);
    tw_status s = TW_OK;
    if (r->view)
        s = r->train.type == TW_F32 ? tw_view_f32(r->optimizer, r->w, r->view, err)
                                    : tw_view_f64(r->optimizer, r->w, r->view, err);
    *weights = s != TW_OK ? NULL : r->view ? r->view : r->w;
    return s;
}

static tw_status visit_numbers(tw_run *r, tw_visitor *v, tw_error *err)
{
    int64_t cursor[] = {(int64_t)r->epoch, (int64_t)r->step, (int64_t)r->updates, r->status},
            gradients = (int64_t)r->gradients, n = 4;
    double sums[] = {r->sums.loss, r->sums.weight,   r->sums.correct, r->epoch_lr,
                     r->seconds,   r->epoch_seconds, r->first_loss};
    TW_TRY(v->field(v, "run.cursor", TW_I64, 1, &n, cursor, err));
    TW_TRY(v->field(v, "run.gradients", TW_I64, 0, NULL, &gradients, err));
    n = 7;
    TW_TRY(v->field(v, "run.sums", TW_F64, 1, &n, sums, err));
    if (v->loading != TW_LOAD) return TW_OK;
    int is_over = tw_run_is_over((int)cursor[3]);
    if (cursor[0] < 0 || (uint64_t)cursor[0] + !is_over > r->o.epochs || cursor[1] < 0 ||
        (uint64_t)cursor[1] >= r->steps_per_epoch || cursor[2] < 0 || cursor[3] < 0 ||
        cursor[3] > TW_RUN_DIVERGED)
        return tw__fail(err, TW_ERR_DATA,
                        "the stored run stands at epoch %lld, step %lld, which this run does not have",
                        (long long)cursor[0], (long long)cursor[1]);
    r->epoch = (uint64_t)cursor[0];
    r->step = (uint64_t)cursor[1];
    r->updates = (uint64_t)cursor[2];
    r->status = (int)cursor[3];
    r->gradients = (uint64_t)gradients;
    r->sums = (tw_sums){sums[0], sums[1], sums[2]};
    r->epoch_lr = sums[3];
    r->seconds = sums[4];
    r->epoch_seconds = sums[5];
    r->first_loss = sums[6];
    return TW_OK;
}

void tw__run_history_elsewhere(tw_run *r, size_t n) { r->elsewhere = n; }
tw_epoch *tw__run_history_reserve(tw_run *r) { return r->history; }

/* The history, but for what is kept elsewhere, as one list of numbers, COLUMNS per epoch. */
static tw_status visit_history(tw_run *r, tw_visitor *v, tw_error *err)
{
    double *list = NULL;
    const size_t first = v->loading == TW_SHOW ? r->elsewhere : 0;
    size_t n = (r->n_history - first) * COLUMNS;
    TW_TRY(tw__alloc(r->ctx, &list, n, sizeof *list, err));
    tw__epochs_to_numbers(r->history + first, r->n_history - first, list);
    tw_status s = v->list(v, "run.history", TW_F64, &n, (void **)&list, r->ctx, err);
    if (s == TW_OK && v->loading == TW_LOAD) {
        const size_t all = r->elsewhere + n / COLUMNS;
        if (n % COLUMNS || all != r->epoch)
            s = tw__fail(err, TW_ERR_DATA, "the stored history has %zu numbers for %llu epochs", n,
                         (unsigned long long)r->epoch);
        if (s == TW_OK) s = tw__grow(r->ctx, &r->history, &r->capacity, all, sizeof *r->history, err);
        if (s == TW_OK) {
            tw__epochs_from_numbers(list, n / COLUMNS, r->history + r->elsewhere);
            r->n_history = all;
        }
    }
    tw__free(r->ctx, list, n, sizeof *list);
    return s;
}

static tw_status visit_all(tw_run *r, tw_visitor *v, tw_error *err)
{
    for (size_t i = 0; i < r->train.n_tensors; i++) {
        const tw_tensor *t = &r->train.tensors[i];
        char name[512];
        snprintf(name, sizeof name, "weight/%s", t->name);
        TW_TRY(v->field(v, name, r->train.type, t->rank, t->shape,
                        (char *)r->w + t->offset * tw_type_size(r->train.type), err));
    }
    TW_TRY(visit_numbers(r, v, err));
    TW_TRY(visit_history(r, v, err));
    TW_TRY(tw__estimator_visit(r->estimator, v, err));
    TW_TRY(r->exchange->type->visit(r->exchange, v, err));
    TW_TRY(tw__controls_visit(r->controls, v, err));
    if (r->o.nonfinite == TW_NONFINITE_SKIP)
        TW_TRY(v->field(v, "run.left_out", TW_I64, 0, NULL, &r->skipped, err));
    return tw_optimizer_visit(r->optimizer, v, err);
}

tw_status tw_run_visit(tw_run *r, tw_visitor *v, tw_error *err)
{
    TW_NEEDS(err, r && v && v->field && v->list);
    const tw_status s = visit_all(r, v, err);
    if (v->loading == TW_LOAD) r->failed = s != TW_OK;
    return s;
}
