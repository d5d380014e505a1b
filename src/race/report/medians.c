/* The curves of a race: median and quartiles over an optimiser's runs while they go.
 * SPDX-License-Identifier: MIT */
#include "race/report/medians.h"
#include <math.h>

enum { MOST_POINTS = 500 }; /* of a path over a surface, and of a history */

struct sample {
    double at[TW__AXES], y;
};
/* epochs of a run that were gone over, and the time they took */
struct cursor {
    size_t epochs;
    double seconds;
};

static double of_epoch(const tw_epoch *e, enum tw__measure measure)
{
    return measure == TW__LOSS       ? e->loss
           : measure == TW__ACCURACY ? e->accuracy
           : measure == TW__VAL_LOSS ? e->val_loss
                                     : e->val_accuracy;
}

static void place(struct sample *to, double epochs, double steps, double gradients, double seconds)
{
    to->at[TW__BY_EPOCHS] = epochs;
    to->at[TW__BY_STEPS] = steps;
    to->at[TW__BY_GRADIENTS] = gradients;
    to->at[TW__BY_SECONDS] = seconds;
}

/* Which of n things the i-th point is: every stride-th where there are many, and the last one in any case. 0:
 * there is none. */
static int thin(size_t n, size_t i, size_t *which)
{
    const size_t stride = (n + MOST_POINTS - 1) / MOST_POINTS;
    if (n == 0 || (i > 0 && (i - 1) * stride >= n - 1)) return 0;
    *which = i * stride < n - 1 ? i * stride : n - 1;
    return 1;
}

/* A step costs the same wherever it is. */
static int sample_trajectory(const tw__race_run *run, size_t i, struct sample *to)
{
    size_t step;
    if (!thin(run->trajectory.n, i, &step)) return 0;
    const double share = run->trajectory.n > 1 ? (double)step / (double)(run->trajectory.n - 1) : 0;
    place(to, NAN, (double)step, (double)run->gradients * share, run->seconds * share);
    to->y = run->trajectory.value[step];
    return 1;
}

static int sample_trace(const tw__race_run *run, double steps_per_epoch, size_t i, struct sample *to)
{
    if (i >= run->trace.n) return 0;
    const tw__point *p = &run->trace.points[i];
    place(to, (double)p->step / steps_per_epoch, (double)p->step, (double)p->gradients, p->seconds);
    to->y = p->loss;
    return 1;
}

/* As the trace has it, which has a point at the end of every epoch and of the run; else in proportion. */
static double gradients_after(const tw__race_run *run, double steps)
{
    for (size_t i = 0; i < run->trace.n; i++)
        if ((double)run->trace.points[i].step >= steps) return (double)run->trace.points[i].gradients;
    return run->trace.n || !run->steps ? (double)run->gradients
                                       : (double)run->gradients * steps / (double)run->steps;
}

/* The end of the k-th epoch. */
static void place_epoch(const tw__race_run *run, double steps_per_epoch, size_t k, struct cursor *c,
                        struct sample *to)
{
    const double all = (double)run->steps, number = (double)run->epochs[k].epoch,
                 steps = number * steps_per_epoch < all ? number * steps_per_epoch : all;
    while (c->epochs <= k) c->seconds += run->epochs[c->epochs++].seconds;
    place(to, steps / steps_per_epoch, steps, gradients_after(run, steps), c->seconds);
}

static int sample_epochs(const tw__race_run *run, double steps_per_epoch, enum tw__measure measure, size_t i,
                         struct cursor *c, struct sample *to)
{
    size_t k;
    if (!thin(run->n_epochs, i, &k)) return 0;
    place_epoch(run, steps_per_epoch, k, c, to);
    to->y = of_epoch(&run->epochs[k], measure);
    return !isnan(to->y);
}

/* The one point of what was evaluated when the run had ended, at the epoch whose weights were kept. */
static int sample_test(const tw__race_run *run, double steps_per_epoch, enum tw__measure measure, size_t i,
                       struct cursor *c, struct sample *to)
{
    if (i > 0 || run->n_epochs == 0) return 0;
    place_epoch(run, steps_per_epoch, run->kept ? run->kept - 1 : run->n_epochs - 1, c, to);
    to->y = measure == TW__TEST_LOSS ? run->test.loss : run->test.accuracy;
    return !isnan(to->y);
}

/* Up to where the least is reached: a logarithm goes no further. */
static int sample_gap(const tw__race_run *run, double steps_per_epoch, size_t i, struct cursor *c,
                      struct sample *to)
{
    size_t k;
    if (!thin(run->n_objective, i, &k)) return 0;
    if (k) place_epoch(run, steps_per_epoch, k - 1, c, to);
    else place(to, 0, 0, 0, 0);
    to->y = run->objective[k] - run->optimum;
    return to->y > 0;
}

/* The i-th point of a run; 0 past its last one. */
static int sample(const tw__entry *entry, const tw__race_run *run, enum tw__measure measure, size_t i,
                  struct cursor *c, struct sample *to)
{
    const double steps_per_epoch = (double)entry->steps_per_epoch;
    if (measure == TW__GAP) return sample_gap(run, steps_per_epoch, i, c, to);
    if (measure == TW__VALUE) return sample_trajectory(run, i, to);
    if (measure == TW__TEST_LOSS || measure == TW__TEST_ACCURACY)
        return sample_test(run, steps_per_epoch, measure, i, c, to);
    if (measure == TW__LOSS && run->trace.n > run->n_epochs) return sample_trace(run, steps_per_epoch, i, to);
    return sample_epochs(run, steps_per_epoch, measure, i, c, to);
}

static double last_value(const tw__race_run *run, enum tw__measure measure)
{
    if (measure == TW__VALUE) return run->trajectory.n ? run->trajectory.value[run->trajectory.n - 1] : NAN;
    if (measure == TW__LOSS && run->trace.n > run->n_epochs) return run->trace.points[run->trace.n - 1].loss;
    return run->n_epochs ? of_epoch(&run->epochs[run->n_epochs - 1], measure) : NAN;
}

/* What a curve is made with: numbers of one point, and where each run stands. */
struct work {
    double *values;
    struct cursor *cursors;
};

/* The i-th point over all runs that count; 0 if too few have one. */
static int moment(const tw_race *race, const tw__entry *entry, enum tw__measure measure, size_t i,
                  const struct work *work, tw__moment *to)
{
    const uint64_t seeds = race->o.seeds;
    double *at = work->values, *y = work->values + TW__AXES * seeds;
    size_t runs = 0, alive = 0, told = 0;
    for (uint64_t k = 0; k < seeds; k++) {
        struct sample s;
        const tw__race_run *run = &entry->runs[k];
        if (run->missing || (run->diverged && entry->diverged < tw__race_in(race, entry))) continue;
        runs++;
        if (!sample(entry, run, measure, i, &work->cursors[k], &s)) {
            if (run->reached && !isnan(last_value(run, measure))) y[told++] = last_value(run, measure);
            continue;
        }
        s.at[TW__BY_PASSES] = s.at[TW__BY_GRADIENTS] / (double)race->n_train;
        for (int a = 0; a < TW__AXES; a++) at[(uint64_t)a * seeds + alive] = s.at[a];
        y[told++] = s.y;
        alive++;
    }
    if (alive == 0 || alive * 2 < runs) return 0;
    for (int a = 0; a < TW__AXES; a++) to->at[a] = tw__spread_of(at + (uint64_t)a * seeds, alive).median;
    to->y = tw__race_spread_of(race, y, told);
    return 1;
}

static tw_status make(tw__curve *out, const tw_race *race, const tw__entry *entry, enum tw__measure measure,
                      const struct work *work, tw_error *err)
{
    tw__moment point;
    while (moment(race, entry, measure, out->n, work, &point)) {
        TW_TRY(tw__grow(race->ctx, &out->points, &out->capacity, out->n + 1, sizeof *out->points, err));
        out->points[out->n++] = point;
    }
    return TW_OK;
}

tw_status tw__curve_make(tw__curve *out, const tw_race *race, const tw__entry *entry,
                         enum tw__measure measure, tw_error *err)
{
    struct work work = {NULL, NULL};
    const size_t seeds = race->o.seeds, numbers = (TW__AXES + 1) * sizeof *work.values;
    *out = (tw__curve){.points = NULL};
    tw_status s = tw__alloc(race->ctx, &work.values, seeds, numbers, err);
    if (s == TW_OK) s = tw__alloc(race->ctx, &work.cursors, seeds, sizeof *work.cursors, err);
    if (s == TW_OK) s = make(out, race, entry, measure, &work, err);
    tw__free(race->ctx, work.cursors, seeds, sizeof *work.cursors);
    tw__free(race->ctx, work.values, seeds, numbers);
    if (s != TW_OK) tw__curve_free(race->ctx, out);
    return s;
}

void tw__curve_free(tw_context *ctx, tw__curve *curve)
{
    tw__free(ctx, curve->points, curve->capacity, sizeof *curve->points);
    *curve = (tw__curve){.points = NULL};
}
