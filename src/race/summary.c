/* Medians and quartiles of every entry, of folds means and standard errors, and the order.
 * SPDX-License-Identifier: MIT */
#include "race/render.h"
#include "race/run.h"
#include <math.h>

static double least_of(const tw__trajectory *trajectory)
{
    double least = trajectory->value[0];
    for (size_t i = 1; i < trajectory->n; i++)
        least = trajectory->value[i] < least ? trajectory->value[i] : least;
    return least;
}

/* From the end of a way to the nearest minimum; NaN where none is known. */
static double distance_of(const tw_race *race, const tw__trajectory *trajectory)
{
    double minima[4][2], nearest = NAN;
    const size_t n = tw__surface_minima(race, minima);
    for (size_t i = 0; i < n; i++) {
        const double dx = trajectory->x[trajectory->n - 1] - minima[i][0],
                     dy = trajectory->y[trajectory->n - 1] - minima[i][1], d = sqrt(dx * dx + dy * dy);
        if (!(d >= nearest)) nearest = d;
    }
    return nearest;
}

static double value_of(const tw_race *race, const tw__entry *entry, const tw__race_run *r, int measure)
{
    const tw_epoch *last = r->n_epochs ? &r->epochs[r->n_epochs - 1] : NULL;
    if (r->diverged || r->missing) return NAN;
    switch (measure) {
    case TW__LOSS: return last ? last->loss : NAN;
    case TW__ACCURACY: return last ? last->accuracy : NAN;
    case TW__VAL_LOSS: return last ? last->val_loss : NAN;
    case TW__VAL_ACCURACY: return last ? last->val_accuracy : NAN;
    case TW__TEST_LOSS: return r->test.loss;
    case TW__TEST_ACCURACY: return r->test.accuracy;
    case TW__SECONDS: return r->seconds;
    case TW__EPOCH_SECONDS: return last ? r->seconds / (double)r->n_epochs : NAN;
    case TW__GRADIENTS: return (double)r->gradients;
    case TW__GAP: return r->n_objective ? r->objective[r->n_objective - 1] - r->optimum : NAN;
    case TW__TARGET_EPOCHS: return r->reached ? tw__epochs_of(entry, r) : NAN;
    case TW__TARGET_SECONDS: return r->reached ? r->seconds : NAN;
    case TW__TARGET_STEPS: return r->reached ? (double)r->steps : NAN;
    case TW__TARGET_GRADIENTS: return r->reached ? (double)r->gradients : NAN;
    case TW__VALUE: return r->trajectory.n ? r->trajectory.value[r->trajectory.n - 1] : NAN;
    case TW__BEST: return r->trajectory.n ? least_of(&r->trajectory) : NAN;
    case TW__DISTANCE: return r->trajectory.n ? distance_of(race, &r->trajectory) : NAN;
    default: return NAN;
    }
}

/* The value below which a share p of a sorted list lies, between its neighbours in proportion (numpy's
 * default). */
static double quantile(const double *sorted, size_t n, double p)
{
    double at = p * (double)(n - 1);
    size_t i = (size_t)at;
    return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

tw__spread tw__spread_of(double *values, size_t n)
{
    if (n == 0) return (tw__spread){NAN, NAN, NAN};
    for (size_t i = 1; i < n; i++) {
        double value = values[i];
        size_t k = i;
        for (; k > 0 && values[k - 1] > value; k--) values[k] = values[k - 1];
        values[k] = value;
    }
    return (tw__spread){quantile(values, n, 0.5), quantile(values, n, 0.25), quantile(values, n, 0.75)};
}

/* The mean and a standard error to each side. */
static tw__spread mean_of(const double *values, size_t n)
{
    double sum = 0, squares = 0;
    if (n == 0) return (tw__spread){NAN, NAN, NAN};
    for (size_t i = 0; i < n; i++) sum += values[i];
    const double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) squares += (values[i] - mean) * (values[i] - mean);
    const double error = n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : 0;
    return (tw__spread){mean, mean - error, mean + error};
}

tw__spread tw__race_spread_of(const tw_race *race, double *values, size_t n)
{
    return race->o.job.cv ? mean_of(values, n) : tw__spread_of(values, n);
}

static tw__spread spread_of(const tw_race *race, const tw__entry *entry, int measure, double *values)
{
    size_t n = 0;
    for (uint64_t k = 0; k < race->o.seeds; k++) {
        double value = value_of(race, entry, &entry->runs[k], measure);
        if (!isnan(value)) values[n++] = value;
    }
    return tw__race_spread_of(race, values, n);
}

uint64_t tw__race_in(const tw_race *race, const tw__entry *entry) { return race->o.seeds - entry->missing; }

static int badness(const tw_race *race, const tw__entry *entry)
{
    return entry->diverged == tw__race_in(race, entry) ? 2 : entry->diverged > 0;
}

/* Entries without a diverged run first; with a target, those of whose runs a larger share reached it, then
 * with the fewest gradients; then by median validation loss, or test or training loss where there is none, on
 * a surface by the value in the end; last those that have none. */
static int before(const tw_race *race, const tw__entry *a, const tw__entry *b)
{
    const int bad_a = badness(race, a), bad_b = badness(race, b);
    const uint64_t share_a = a->reached * tw__race_in(race, b), share_b = b->reached * tw__race_in(race, a);
    if (bad_a != bad_b) return bad_a < bad_b;
    if (share_a != share_b) return share_a > share_b;
    int measure = a->reached         ? TW__TARGET_GRADIENTS
                  : race->surface    ? TW__VALUE
                  : race->n_val      ? TW__VAL_LOSS
                  : race->n_test     ? TW__TEST_LOSS
                  : race->optimum_of ? TW__GAP
                                     : TW__LOSS;
    const double of_a = a->of[measure].median, of_b = b->of[measure].median;
    return isnan(of_b) ? !isnan(of_a) : of_a < of_b;
}

/* The least objective of the runs from .. to - 1 of all entries, which a solver that came to its end has or
 * nearly has; they minimise the same. */
static double least_objective(tw_race *race, uint64_t from, uint64_t to)
{
    double least = NAN;
    for (size_t i = 0; i < race->n && tw__race_has_solver(race); i++)
        for (uint64_t k = from; k < to; k++) {
            const tw__race_run *r = &race->entries[i].runs[k];
            for (size_t j = 0; j < r->n_objective && !r->diverged; j++) {
                if (!isfinite(r->objective[j]) || r->objective[j] >= least) continue;
                least = r->objective[j];
                race->optimum_of = &race->entries[i];
            }
        }
    return least;
}

static void find_optimum(tw_race *race)
{
    const uint64_t runs = race->o.job.cv ? 1 : race->o.seeds; /* on the same rows */
    double sum = 0;
    size_t n = 0;
    race->optimum_of = NULL;
    for (uint64_t k = 0; k < race->o.seeds; k += runs) {
        const double least = least_objective(race, k, k + runs);
        for (size_t i = 0; i < race->n; i++)
            for (uint64_t of = k; of < k + runs; of++) race->entries[i].runs[of].optimum = least;
        if (!isnan(least)) sum += least, n++;
    }
    race->optimum = sum / (double)n;
}

tw_status tw__race_summarise(tw_race *race, tw_error *err)
{
    double *sorted;
    TW_TRY(tw__alloc(race->ctx, &sorted, race->o.seeds, sizeof *sorted, err));
    find_optimum(race);
    for (size_t i = 0; i < race->n; i++) {
        tw__entry *entry = &race->entries[i];
        entry->diverged = entry->reached = entry->missing = 0;
        for (uint64_t k = 0; k < race->o.seeds; k++) {
            entry->missing += (uint64_t)entry->runs[k].missing;
            entry->diverged += (uint64_t)entry->runs[k].diverged;
            entry->reached += (uint64_t)entry->runs[k].reached;
        }
        for (int m = 0; m < TW__MEASURES; m++) entry->of[m] = spread_of(race, entry, m, sorted);
    }
    tw__free(race->ctx, sorted, race->o.seeds, sizeof *sorted);
    for (size_t i = 0; i < race->n; i++) {
        size_t k = i;
        for (; k > 0 && before(race, &race->entries[i], &race->entries[race->order[k - 1]]); k--)
            race->order[k] = race->order[k - 1];
        race->order[k] = i;
    }
    return TW_OK;
}
