/* The range test. The rates come from an `expr` schedule, so that everything else, groups and transforms
 * included, is as in a run; the losses from the loop's events.
 * SPDX-License-Identifier: MIT */
#include "race/find_lr.h"
#include "base/options.h"
#include "train/job.h"
#include <math.h>
#include <stdio.h>

enum { LEAST_STEPS = 10, USUAL_STEPS = 100, MOST_STEPS = 1000000 };
static const double default_from = 1e-7, default_to = 10, memory = 0.9, explosion = 4;

struct record {
    const tw_run_options *caller;
    double loss;
};

static int on_event(void *user, const tw_event *e)
{
    struct record *w = user;
    if (e->kind == TW_EVENT_STEP) w->loss = e->update_loss;
    return w->caller->event ? w->caller->event(w->caller->user, e) : 0;
}

static tw_status check(const tw_find_lr_options *o, double *from, double *to, tw_error *err)
{
    const tw_job_options *j = &o->job;
    *from = o->from != 0 ? o->from : default_from;
    *to = o->to != 0 ? o->to : default_to;
    if (!(*from > 0 && *from < *to && *to - *to == 0))
        return tw__fail(err, TW_ERR_SPEC, "the rate cannot rise from %g to %g (both above 0)", *from, *to);
    if (o->steps && (o->steps < LEAST_STEPS || o->steps > MOST_STEPS))
        return tw__fail(err, TW_ERR_SPEC, "steps = %llu is outside [%d, %d]", (unsigned long long)o->steps,
                        LEAST_STEPS, MOST_STEPS);
    const char *odd = j->run.solver        ? "solver"
                      : j->run.schedule    ? "schedule"
                      : j->run.control     ? "control"
                      : j->run.target      ? "target"
                      : j->run.eval_every  ? "eval_every"
                      : j->keep            ? "keep"
                      : j->run.seconds > 0 ? "seconds"
                      : j->cv              ? "cv"
                      : j->path            ? "path"
                                           : NULL;
    return odd ? tw__fail(err, TW_ERR_SPEC, "%s cannot be used in a range test of the learning rate", odd)
               : TW_OK;
}

/* ---- the run ------------------------------------------------------------------------------------------- */

/* "expr" with the i-th of n rates after i steps. */
static void rates(double from, double to, uint64_t n, char text[TW_SPEC_MAX])
{
    char a[TW_VALUE_MAX], b[TW_VALUE_MAX];
    snprintf(text, TW_SPEC_MAX, "expr:\"%s * (%s / %s)^(t / %llu)\"", tw__number_text(from, a),
             tw__number_text(to, b), a, (unsigned long long)(n - 1));
}

static tw_status add_point(tw__find_lr *f, double lr, double loss, tw_error *err)
{
    const size_t n = f->found.n;
    /* of the newest: the mean begins at 0 and is corrected for it */
    double weight = (1 - memory) / (1 - tw_pow_n(memory, n + 1));
    TW_TRY(tw__grow(f->ctx, &f->points, &f->capacity, n + 1, sizeof *f->points, err));
    f->points[n] =
        (tw_lr_point){lr, loss,
                      n ? f->points[n - 1].smooth + weight * (loss - f->points[n - 1].smooth) : loss};
    f->found.points = f->points;
    f->found.n = n + 1;
    return TW_OK;
}

static tw_status take_steps(tw__find_lr *f, tw_run *run, const struct record *w, tw_error *err)
{
    tw_error why = {0};
    double least = INFINITY;
    int status = TW_RUN_GOING;
    while (f->found.n < f->found.steps && !f->found.exploded) {
        double lr;
        TW_TRY(tw_optimizer_value(tw_run_optimizer(run), "lr", &lr, err));
        tw_status s = tw_run_step(run, &status, &why);
        const int is_lost = s == TW_ERR_NOT_FINITE || (s == TW_OK && !isfinite(w->loss));
        if (s != TW_OK && !(is_lost && f->found.n)) {
            if (err) *err = why;
            return s;
        }
        if (status == TW_RUN_INTERRUPTED) return tw__fail(err, TW_STOPPED, "stopped");
        if (!is_lost) {
            TW_TRY(add_point(f, lr, w->loss, err));
            least = f->points[f->found.n - 1].smooth < least ? f->points[f->found.n - 1].smooth : least;
        }
        f->found.exploded = is_lost || f->points[f->found.n - 1].smooth > explosion * least;
    }
    return TW_OK;
}

static tw_status run_job(tw__find_lr *f, tw_job *job, const tw_find_lr_options *o, tw_error *err)
{
    char schedule[TW_SPEC_MAX];
    struct record record = {.caller = &o->job.run};
    tw_run *run;
    tw_run_options r = job->o.run;
    if (o->job.augment)
        return tw__fail(err, TW_ERR_SPEC,
                        "augment cannot be used with the range test: it looks at the rows as they are");
    const uint64_t of_epoch = tw_run_steps_per_epoch(job->run),
                   usual = of_epoch < USUAL_STEPS ? of_epoch : USUAL_STEPS;
    f->found.steps = o->steps ? o->steps : usual > LEAST_STEPS ? usual : LEAST_STEPS;
    rates(f->from, f->to, f->found.steps, schedule);
    r.schedule = schedule;
    r.epochs = (f->found.steps + of_epoch - 1) / of_epoch;
    r.event = on_event;
    r.user = &record;
    TW_TRY(tw_run_create(&run, f->ctx, &job->train_objective, NULL, tw_model_weights(job->model), &r, err));
    tw_status s = take_steps(f, run, &record, err);
    tw_run_free(run);
    return s;
}

/* ---- what it says -------------------------------------------------------------------------------------- */

/* The rates are evenly spaced in log lr, so differences between equally distant points stand for slopes. Far
 * below the minimum only noise is steep: the mean has just begun, and the steps are too short to lower
 * anything. */
static void find_rates(tw_find_lr *found)
{
    const tw_lr_point *p = found->points;
    const size_t reach = found->steps / 20 > 1 ? found->steps / 20 : 1, first = found->steps / 10;
    size_t lowest = 0, steep = 0;
    double fall = 0;
    found->minimum = found->steepest = found->suggestion = NAN;
    for (size_t i = 0; i < found->n; i++)
        if (p[i].smooth < p[lowest].smooth) lowest = i;
    found->ceiling = p[0].smooth;
    for (size_t i = 0; i < (lowest ? lowest : found->n); i++)
        if (p[i].smooth > found->ceiling) found->ceiling = p[i].smooth;
    if (lowest == 0) return;
    found->ceiling += (found->ceiling - p[lowest].smooth) / 2;
    found->minimum = p[lowest].lr;
    for (size_t i = first > reach ? first : reach; i <= lowest && i + reach < found->n; i++) {
        if (p[i].lr < found->minimum / 100) continue;
        double change = p[i + reach].smooth - p[i - reach].smooth;
        if (!(change < fall)) continue;
        fall = change;
        steep = i;
    }
    if (steep) found->steepest = p[steep].lr;
    found->suggestion =
        steep && found->steepest < found->minimum / 10 ? found->steepest : found->minimum / 10;
}

tw_status tw_find_lr_run(tw_find_lr **out, tw_context *ctx, const tw_find_lr_options *given, tw_error *err)
{
    TW_MAKES(err, out, ctx && given);
    tw__find_lr *f;
    tw_job *job = NULL;
    double from = 0, to = 0;
    tw_find_lr_options options;
    const tw_find_lr_options *o = &options;
    TW_TRY(tw__sized_read(&options, sizeof options, given, "tw_find_lr_options", err));
    options.job.run.size = sizeof options.job.run;
    tw_job_options inside = o->job;
    inside.size = sizeof inside;
    TW_TRY(check(o, &from, &to, err));
    if (o->job.out) TW_TRY(tw__find_lr_check(ctx, o->job.out, o->job.force, err));
    inside.out = NULL; /* the folder is for the test's files, not for a run */
    TW_TRY(tw__alloc(ctx, &f, 1, sizeof *f, err));
    f->ctx = ctx;
    f->from = from;
    f->to = to;
    tw_status s = tw_job_create(&job, ctx, &inside, err);
    if (s == TW_OK) s = run_job(f, job, o, err);
    tw_job_free(job);
    if (s == TW_OK) find_rates(&f->found);
    if (s == TW_OK && o->job.out) s = tw__find_lr_write(f, o->job.out, o->job.force, err);
    if (s == TW_OK) *out = &f->found;
    else tw_find_lr_free(&f->found);
    return s;
}

void tw_find_lr_free(tw_find_lr *found)
{
    tw__find_lr *f = (tw__find_lr *)found; /* its first member */
    if (!f) return;
    tw__free(f->ctx, f->points, f->capacity, sizeof *f->points);
    tw__free(f->ctx, f, 1, sizeof *f);
}
