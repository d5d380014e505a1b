/* The loop: draw rows, evaluate, exchange, step; at an epoch's end, or where a target ends it early, evaluate
 * the validation data and keep the line.
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "estimators/by_row.h"
#include "math/kernels.h"
#include "train/run.h"
#include "train/steps.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- one step ------------------------------------------------------------------------------------------ */

static double mean_of(double sum, double weight) { return weight > 0 ? sum / weight : NAN; }

tw_status tw__run_not_finite(uint64_t step, const char *what, double value, tw_error *err)
{
    tw__fail(err, TW_ERR_NOT_FINITE, "%s is %g at step %llu", what, tw__shown(value),
             (unsigned long long)step);
    if (err) err->step = step;
    return TW_ERR_NOT_FINITE;
}

void tw__run_add_place(uint64_t epoch, const tw__update *u, tw_error *err)
{
    enum { SHOWN = 8 };
    if (!u->rows) return;
    tw__fail_more(err, " (epoch %llu, training row%s", (unsigned long long)epoch + 1, u->n == 1 ? "" : "s");
    for (size_t i = 0; i < u->n && i < SHOWN; i++)
        tw__fail_more(err, "%s %llu", i ? "," : "", (unsigned long long)u->rows[i]);
    if (u->n > SHOWN) tw__fail_more(err, " and %zu more", u->n - SHOWN);
    tw__fail_more(err, ")");
}

/* A loss that is not finite: the error names the tensor whose gradient is not either, which a step on a copy
 * that is thrown away finds, or else the one with the largest weight. */
static tw_status refuse_loss(tw_run *r, const tw_sums *sums, double weight, tw_error *err)
{
    void *throwaway = NULL;
    size_t bytes = tw_type_size(r->train.type);
    TW_TRY(tw__alloc(r->ctx, &throwaway, r->size, bytes, err));
    tw_status s = r->exchange->type->end(r->exchange, r->optimizer, throwaway, weight, err);
    tw__free(r->ctx, throwaway, r->size, bytes);
    if (s != TW_OK) return s;
    tw__run_not_finite(r->updates + 1, "the loss", sums->loss, err);
    tw__run_add_largest(r, err);
    return TW_ERR_NOT_FINITE;
}

/* Counts an evaluation of these rows' gradients; without rows it is one. */
static void count_gradients(tw_run *r, size_t rows) { r->gradients += rows ? rows : 1; }

static tw_status gradient_at(void *user, const void *point, const uint64_t *rows, size_t n, void *to,
                             tw_sums *sums, tw_error *err)
{
    tw_run *r = user;
    count_gradients(r, n);
    if (r->ring)
        return tw__ring_batch_sum(r->ring, r->batch, &r->train, point, rows, n, r->mode, to, sums, err);
    TW_TRY(tw__batch_sum(r->batch, point, rows, n, r->draw, r->mode, to, sums, err));
    return tw__run_search(r, rows, n, to, sums, err);
}

/* One process is always at one point. */
static tw_status barrier(void *user, tw_error *err)
{
    (void)user, (void)err;
    return TW_OK;
}

static void shrink(void *user, void *point, double lr) { tw__run_shrink(user, point, lr); }

/* A vector that was made whole is the only node of a tree of one leaf. */
static tw_status hand_over(tw_run *r, const tw__update *u, tw_sums *sums, tw_error *err)
{
    const tw__exchange_type *exchange = r->exchange->type;
    const tw__sum whole = {.dense = u->direction};
    size_t lo, hi;
    TW_TRY(exchange->begin(r->exchange, u->number, 1, &lo, &hi, err));
    if (lo < hi) TW_TRY(exchange->bucket(r->exchange, 0, 1, &whole, err));
    *sums = u->sums;
    return exchange->reduce(r->exchange, (double *)sums, 1, sizeof *sums / sizeof(double), err);
}

tw_status tw__run_mean_gradient(tw_run *r, const uint64_t *rows, size_t n, tw_sums *sums, tw_error *err)
{
    const size_t real = tw_type_size(r->train.type);
    TW_TRY(gradient_at(r, r->w, rows, n, r->gradient, sums, err));
    if (sums->weight != 1)
        tw__kernels_for(r->train.type, tw_context_isa(r->ctx))->divide(r->size, r->gradient, sums->weight);
    for (size_t i = 0; i < r->train.n_tensors; i++) {
        const tw_tensor *t = &r->train.tensors[i];
        if (t->flags & (TW_TENSOR_BUFFER | TW_TENSOR_FROZEN))
            memset((char *)r->gradient + t->offset * real, 0,
                   tw__tensor_size(r->train.tensors, r->train.n_tensors, i, r->size) * real);
    }
    return TW_OK;
}

/* The mean gradient as a control sees it. */
static tw_status whole_gradient(tw_run *r, tw__update *u, tw_error *err)
{
    u->direction = r->gradient;
    return tw__run_mean_gradient(r, u->rows, u->n, &u->sums, err);
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
    if (r->by_row) {
        TW_TRY(tw__run_fused_update(r, u, err));
        *sums = u->sums;
        return TW_OK;
    }
    if (r->estimator->type->direction || r->gradient) {
        TW_TRY(r->gradient ? whole_gradient(r, u, err) : r->estimator->type->direction(r->estimator, u, err));
        tw__run_add_penalty(r, r->w, u->direction);
        tw__estimator_keep_block(r->estimator, u->number, u->direction);
        return hand_over(r, u, sums, err);
    }
    count_gradients(r, u->n);
    TW_TRY(tw__run_catch_up(r, u->rows, u->n, err));
    TW_TRY(tw__batch_gradient(r->batch, r->exchange, r->w, u->rows, u->n, r->draw, r->mode, sums, err));
    *weight = sums->weight;
    return TW_OK;
}

/* Losses that are finite may have a sum that is not. */
static tw_status check_mean(const tw_run *r, tw_error *err)
{
    char what[48];
    if (isfinite(r->sums.loss) && r->sums.weight >= 1) return TW_OK;
    const double mean = mean_of(r->sums.loss, r->sums.weight);
    if (!isinf(mean)) return TW_OK;
    snprintf(what, sizeof what, "the mean loss of epoch %llu", (unsigned long long)r->epoch + 1);
    return tw__run_not_finite(r->updates, what, mean, err);
}

void tw__run_count_update(tw_run *r, const tw_sums *sums)
{
    if (sums->weight > 0) {
        if (isnan(r->first_loss)) r->first_loss = r->update_loss;
        r->sums.loss += sums->loss;
        r->sums.correct += sums->correct;
        r->sums.weight += sums->weight;
    }
    r->updates++;
    r->step++;
}

/* Steps, and adds to the epoch's means what belongs there. */
static tw_status end_update(tw_run *r, const tw_sums *sums, double weight, tw_error *err)
{
    const uint64_t skipped = tw_optimizer_skipped(r->optimizer);
    double lr = 0;
    if (r->is_proximal) TW_TRY(tw_optimizer_value(r->optimizer, "lr", &lr, err));
    TW_TRY(r->by_row ? tw__run_fused_end(r, err)
                     : r->exchange->type->end(r->exchange, r->optimizer, r->w, weight, err));
    tw__run_shrink(r, r->w, lr);
    const int is_skipped = tw_optimizer_skipped(r->optimizer) != skipped;
    r->skipped += (uint64_t)is_skipped;
    if (!is_skipped) {
        tw__batch_commit(r->batch, r->w);
        tw__batch_hand_on(r->batch);
    }
    const tw_sums none = {0};
    tw__run_count_update(r, !is_skipped && isfinite(sums->loss) ? sums : &none);
    return TW_OK;
}

/* The target is checked after so many updates, wherever in an epoch that is. */
static int is_due(const tw_run *r, uint64_t updates)
{
    return r->o.eval_every && updates % r->o.eval_every == 0;
}

int tw__run_needs_rate(const tw_run *r)
{
    return r->step + 1 == r->steps_per_epoch || is_due(r, r->updates + 1);
}

/* The update of the rows that were drawn. */
static tw_status update_rows(tw_run *r, tw__update *u, tw_error *err)
{
    tw_sums sums;
    double weight;
    TW_TRY(tw__run_begin_search(r, u->rows, err));
    TW_TRY(gradient(r, u, &sums, &weight, err));
    r->update_loss = mean_of(sums.loss, sums.weight);
    if (!isfinite(sums.loss)) {
        if (r->by_row) return tw__run_not_finite(r->updates + 1, "the loss", sums.loss, err);
        if (r->o.nonfinite == TW_NONFINITE_ERROR) return refuse_loss(r, &sums, weight, err);
        /* over which no mean is finite: the optimiser leaves the step out and counts it */
        if (r->o.nonfinite == TW_NONFINITE_SKIP) weight = NAN;
    } else if (r->gradient) {
        TW_TRY(search(r, u, err));
        if (r->status != TW_RUN_GOING) return TW_OK;
    }
    if (tw__run_needs_rate(r) && tw_optimizer_value(r->optimizer, "lr", &r->epoch_lr, NULL) != TW_OK)
        r->epoch_lr = NAN;
    return end_update(r, &sums, weight, err);
}

static tw_status update(tw_run *r, tw_error *err)
{
    const tw_draw draw = {.number = r->updates, .epoch = r->epoch, .seed = r->o.seed};
    tw__update u = {.number = r->updates,
                    .w = r->w,
                    .user = r,
                    .gradient = gradient_at,
                    .barrier = barrier,
                    .shrink = shrink};
    r->draw = &draw;
    if (r->step == 0) tw__batch_begin_streams(r->batch);
    if (r->estimator->type->pace) TW_TRY(tw_optimizer_value(r->optimizer, "lr", &u.lr, err));
    tw__estimator_draw(r->estimator, r->epoch, r->step, &u);
    r->drawn = u.rows;
    r->n_drawn = u.n;
    const tw_status s = update_rows(r, &u, err);
    if (s == TW_ERR_NOT_FINITE) tw__run_add_place(r->epoch, &u, err);
    return s == TW_OK ? check_mean(r, err) : s;
}

tw_status tw__run_lead(tw_run *r, tw_error *err)
{
    const tw_draw draw = {.number = r->updates, .epoch = r->epoch, .seed = r->o.seed};
    tw__update u = {.number = r->updates, .w = r->w, .user = r, .gradient = gradient_at, .barrier = barrier};
    r->draw = &draw;
    return r->estimator->type->begin_round(r->estimator, &u, err);
}

/* The line of this epoch as it stands. */
static tw_status evaluate(tw_run *r, tw_epoch *line, tw_error *err)
{
    const void *w;
    tw_metrics m;
    if (r->parts_penalty) TW_TRY(tw__run_catch_up_all(r, err));
    *line = (tw_epoch){.epoch = r->epoch + 1,
                       .loss = mean_of(r->sums.loss, r->sums.weight) + tw__run_penalty(r),
                       .val_loss = NAN,
                       .val_accuracy = NAN,
                       .lr = r->epoch_lr};
    line->accuracy = r->train.counts_correct ? mean_of(r->sums.correct, r->sums.weight) : NAN;
    if (!r->check.eval) return TW_OK;
    TW_TRY(tw_run_weights(r, &w, err));
    TW_TRY(tw_evaluate(r->ctx, &r->check, w, &m, err));
    if (!isfinite(m.loss)) return tw__run_not_finite(r->updates, "the validation loss", m.loss, err);
    line->val_loss = m.loss;
    line->val_accuracy = m.accuracy;
    return TW_OK;
}

/* Whether anyone looks or not, all weights are brought up to date here, as that can change how they are
 * rounded. */
static tw_status end_epoch(tw_run *r, const tw_epoch *line, tw_error *err)
{
    TW_TRY(tw__run_catch_up_all(r, err));
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
    if (r->solver) status = r->solver->status;
    if (r->epoch == r->o.epochs && !(r->solver && status != TW_RUN_GOING))
        status = r->solver ? TW_RUN_MAX_EPOCHS : TW_RUN_FINISHED;
    if (status != TW_RUN_GOING && tw_run_diverged(r, NULL) != TW_OK) status = TW_RUN_DIVERGED;
    r->status = tw__target_reached(&r->target, line) ? TW_RUN_TARGET : status;
    return TW_OK;
}

static int is_over_time(const tw_run *r) { return r->o.seconds > 0 && r->seconds >= r->o.seconds; }

/* What the result says is none of the solver's work. */
static tw_status finish_solver(tw_run *r, tw_error *err)
{
    enum { SLOW = 100 }; /* iterations */
    const uint64_t gradients = r->gradients;
    const int was_slow = r->status != TW_RUN_CONVERGED || r->updates >= SLOW;
    const tw_status s = tw__solver_finish(r->solver, was_slow, r->mode, err);
    r->gradients = gradients;
    return s;
}

/* The step that was taken last: of its epoch the number and the weight of all rows so far, whether the
 * callback stops the run, whether the epoch has ended. */
struct taken {
    uint64_t step;
    double weight;
    int stop, ended;
};

/* An update, a stretch of them, or a solver's iteration. */
static tw_status take_step(tw_run *r, struct taken *t, tw_error *err)
{
    TW_TRY(r->solver ? tw__run_solve(r, err) : r->workers ? tw__run_work(r, err) : update(r, err));
    t->step = r->step;
    t->weight = r->sums.weight;
    if (r->status != TW_RUN_GOING) return TW_OK;
    t->stop = notify(r, TW_EVENT_STEP, NULL, t->step, t->weight);
    return check_epoch(r, &t->ended, err);
}

/* So many are timed as one: a fused update takes no longer than a look at the clock. */
static uint64_t most_at_once(const tw_run *r) { return r->by_row ? TW__AHEAD - r->step % TW__AHEAD : 1; }

static tw_status take_steps(tw_run *r, uint64_t most, tw_error *err)
{
    if (r->failed)
        return tw__fail(err, TW_ERR_STATE,
                        "the run was stopped by an earlier error and takes no further steps");
    if (tw_run_is_over(r->status))
        return tw__fail(err, TW_ERR_STATE, "the run has ended (%s)", tw_run_status_name(r->status));
    const double start = tw__seconds(), clock = tw__run_clock(r);
    r->status = is_over_time(r) ? TW_RUN_TIME : TW_RUN_GOING;
    if (r->status == TW_RUN_TIME) return TW_OK; /* taken up again under the limit that had stopped it */
    if (most > most_at_once(r)) most = most_at_once(r);
    struct taken t = {.stop = 0};
    for (; most > 0 && !t.stop && !t.ended && r->status == TW_RUN_GOING; most--)
        TW_TRY(take_step(r, &t, err));
    double spent = tw__seconds() - start;
    r->seconds += spent;
    r->epoch_seconds += tw__run_clock(r) - clock;
    if (t.ended) {
        tw_epoch *line = &r->history[r->n_history - 1];
        line->seconds = r->epoch_seconds;
        r->epoch_seconds = 0;
        t.stop |= notify(r, TW_EVENT_EPOCH, line, t.step, t.weight);
        TW_TRY(apply_controls(r, line, err));
    }
    if (r->solver && tw_run_is_over(r->status)) return finish_solver(r, err);
    if (r->status == TW_RUN_GOING && is_over_time(r)) r->status = TW_RUN_TIME;
    if (r->status == TW_RUN_GOING && t.stop) r->status = TW_RUN_INTERRUPTED;
    return TW_OK;
}

tw_status tw__run_steps(tw_run *r, uint64_t most, int *status, tw_error *err)
{
    r->mode = tw__fp_enter();
    tw_status s = take_steps(r, most, err);
    tw__fp_leave(r->mode);
    r->failed |= s != TW_OK;
    *status = r->status;
    return s;
}

tw_status tw_run_step(tw_run *r, int *status, tw_error *err)
{
    TW_NEEDS(err, r && status);
    return tw__run_steps(r, 1, status, err);
}

/* ---- looking at it ------------------------------------------------------------------------------------- */

uint64_t tw_run_batch(const tw_run *r) { return r->solver ? 0 : r->estimator->requested; }
uint64_t tw_run_rows(const tw_run *r) { return r->solver ? r->train.n_rows : r->estimator->batch; }
uint64_t tw_run_steps_per_epoch(const tw_run *r) { return r->steps_per_epoch; }
const char *tw_run_estimator(const tw_run *r) { return r->solver ? NULL : r->estimator->choice.spec; }
const char *tw_run_control(const tw_run *r) { return tw__controls_text(r->controls); }
int tw_run_status(const tw_run *r) { return r->status; }
uint64_t tw_run_steps(const tw_run *r) { return r->updates; }
uint64_t tw_run_gradients(const tw_run *r) { return r->gradients; }
double tw_run_seconds(const tw_run *r) { return tw__run_clock(r); }
tw_optimizer *tw_run_optimizer(tw_run *r) { return r->optimizer; }

const uint64_t *tw_run_drawn(const tw_run *r, size_t *n)
{
    *n = r->drawn ? r->n_drawn : 0;
    return r->drawn;
}

const tw_epoch *tw_run_history(const tw_run *r, size_t *n)
{
    *n = r->n_history;
    return r->history;
}

tw_status tw_run_weights(tw_run *r, const void **weights, tw_error *err)
{
    TW_MAKES(err, weights, r);
    tw_status s = tw__run_catch_up_all(r, err);
    if (s == TW_OK) s = tw__run_gather(r, err);
    if (s == TW_OK && r->view)
        s = r->train.type == TW_F32 ? tw_view_f32(r->optimizer, r->w, r->view, err)
                                    : tw_view_f64(r->optimizer, r->w, r->view, err);
    *weights = s != TW_OK ? NULL : r->view ? r->view : r->w;
    return s;
}
