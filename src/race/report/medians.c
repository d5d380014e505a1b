/* The curves of a race: median and quartiles over an optimiser's runs while they go.
 * SPDX-License-Identifier: MIT */
#include "race/report/medians.h"
#include <math.h>

enum { MOST_POINTS = 500 };                             /* of a path over a surface */

struct sample { double at[TW__AXES], y; };

static double of_epoch(const tw_epoch *e, enum tw__measure measure)
{
    return measure == TW__LOSS ? e->loss : measure == TW__ACCURACY ? e->accuracy : measure == TW__VAL_LOSS ? e->val_loss : e->val_accuracy;
}

static void place(struct sample *to, double epochs, double steps, double gradients, double seconds)
{
    to->at[TW__BY_EPOCHS] = epochs;
    to->at[TW__BY_STEPS] = steps;
    to->at[TW__BY_GRADIENTS] = gradients;
    to->at[TW__BY_SECONDS] = seconds;
}

/* The i-th step, or every stride-th of a long path; the last one is there in any case. A step costs the same wherever it is. */
static int sample_trajectory(const tw__race_run *run, size_t i, struct sample *to)
{
    const size_t n = run->trajectory.n, stride = (n + MOST_POINTS - 1) / MOST_POINTS;
    size_t step = i * stride;
    if (n == 0 || (step >= n && step - (n - 1) >= stride)) return 0;
    if (step >= n) step = n - 1;
    const double share = n > 1 ? (double)step / (double)(n - 1) : 0;
    place(to, NAN, (double)step, (double)run->gradients * share, run->seconds * share);
    to->y = run->trajectory.value[step];
    return 1;
}

static int sample_trace(const tw__race_run *run, double steps_per_epoch, size_t i, struct sample *to)
{
    if (i >= run->n_trace) return 0;
    const tw__point *p = &run->trace[i];
    place(to, (double)p->step / steps_per_epoch, (double)p->step, (double)p->gradients, p->seconds);
    to->y = p->loss;
    return 1;
}

/* As the trace has it, which has a point at the end of every epoch and of the run. */
static double gradients_after(const tw__race_run *run, double steps)
{
    for (size_t i = 0; i < run->n_trace; i++)
        if ((double)run->trace[i].step >= steps) return (double)run->trace[i].gradients;
    return (double)run->gradients;
}

static int sample_epochs(const tw__race_run *run, double steps_per_epoch, enum tw__measure measure, size_t i, struct sample *to)
{
    double seconds = 0;
    if (i >= run->n_epochs) return 0;
    const tw_epoch *e = &run->epochs[i];
    const double all = (double)run->steps, steps = (double)e->epoch * steps_per_epoch < all ? (double)e->epoch * steps_per_epoch : all;
    for (size_t k = 0; k <= i; k++) seconds += run->epochs[k].seconds;
    place(to, steps / steps_per_epoch, steps, gradients_after(run, steps), seconds);
    to->y = of_epoch(e, measure);
    return !isnan(to->y);
}

/* The i-th point of a run; 0 past its last one. */
static int sample(const tw__entry *entry, const tw__race_run *run, enum tw__measure measure, size_t i, struct sample *to)
{
    if (measure == TW__VALUE) return sample_trajectory(run, i, to);
    if (measure == TW__LOSS && run->n_trace > run->n_epochs) return sample_trace(run, (double)entry->steps_per_epoch, i, to);
    return sample_epochs(run, (double)entry->steps_per_epoch, measure, i, to);
}

static double last_value(const tw__race_run *run, enum tw__measure measure)
{
    if (measure == TW__VALUE) return run->trajectory.n ? run->trajectory.value[run->trajectory.n - 1] : NAN;
    if (measure == TW__LOSS && run->n_trace > run->n_epochs) return run->trace[run->n_trace - 1].loss;
    return run->n_epochs ? of_epoch(&run->epochs[run->n_epochs - 1], measure) : NAN;
}

/* The i-th point over all runs that count; 0 if too few have one. */
static int moment(const tw_race *race, const tw__entry *entry, enum tw__measure measure, size_t i, double *values, tw__moment *to)
{
    const uint64_t seeds = race->o.seeds;
    double *at = values, *y = values + TW__AXES * seeds;
    size_t runs = 0, alive = 0, told = 0;
    for (uint64_t k = 0; k < seeds; k++) {
        struct sample s;
        const tw__race_run *run = &entry->runs[k];
        if (run->missing || (run->diverged && entry->diverged < tw__race_in(race, entry))) continue;
        runs++;
        if (!sample(entry, run, measure, i, &s)) {
            if (run->reached && !isnan(last_value(run, measure))) y[told++] = last_value(run, measure);
            continue;
        }
        for (int a = 0; a < TW__AXES; a++) at[(uint64_t)a * seeds + alive] = s.at[a];
        y[told++] = s.y;
        alive++;
    }
    if (alive == 0 || alive * 2 < runs) return 0;
    for (int a = 0; a < TW__AXES; a++) to->at[a] = tw__spread_of(at + (uint64_t)a * seeds, alive).median;
    to->y = tw__spread_of(y, told);
    return 1;
}

tw_status tw__curve_make(tw__curve *out, const tw_race *race, const tw__entry *entry, enum tw__measure measure, tw_error *err)
{
    double *values;
    tw__moment point;
    tw_status s;
    *out = (tw__curve){.points = NULL};
    TW_TRY(tw__alloc(race->ctx, &values, race->o.seeds, (TW__AXES + 1) * sizeof *values, err));
    for (s = TW_OK; s == TW_OK && moment(race, entry, measure, out->n, values, &point);) {
        s = tw__grow(race->ctx, &out->points, &out->capacity, out->n + 1, sizeof *out->points, err);
        if (s == TW_OK) out->points[out->n++] = point;
    }
    tw__free(race->ctx, values, race->o.seeds, (TW__AXES + 1) * sizeof *values);
    if (s != TW_OK) tw__curve_free(race->ctx, out);
    return s;
}

void tw__curve_free(tw_context *ctx, tw__curve *curve)
{
    tw__free(ctx, curve->points, curve->capacity, sizeof *curve->points);
    *curve = (tw__curve){.points = NULL};
}
