/* Making one run of a race on a surface: where it goes, point by point.
 * SPDX-License-Identifier: MIT */
#include "race/run.h"
#include <math.h>
#include <string.h>

struct descent {
    tw__run_recorder *recorder;
    tw_run *run;
    double *x, *y, *value;
    size_t n;
};

/* Where the run is, as it is reported; the value is without noise. */
static tw_status add_point(struct descent *k, tw_error *err)
{
    const tw_race *race = k->recorder->race;
    const void *w;
    double point[2];
    TW_TRY(tw_run_weights(k->run, &w, err));
    for (int i = 0; i < 2; i++)
        point[i] = tw__race_type(race) == TW_F32 ? (double)((const float *)w)[i] : ((const double *)w)[i];
    double value = tw_surface_value(race->surface, point, NULL);
    if (!isfinite(value) || !isfinite(point[0]) || !isfinite(point[1]))
        return tw__fail(err, TW_ERR_NOT_FINITE, "the value is %g at (%.4g, %.4g), after step %llu",
                        tw__shown(value), point[0], point[1], (unsigned long long)tw_run_steps(k->run));
    k->x[k->n] = point[0];
    k->y[k->n] = point[1];
    k->value[k->n++] = value;
    return TW_OK;
}

static tw_status go(struct descent *k, tw_error *err)
{
    tw__run_recorder *w = k->recorder;
    int *status = &w->run->status;
    const tw_race *race = w->race;
    TW_TRY(add_point(k, err));
    for (*status = TW_RUN_GOING; *status == TW_RUN_GOING;) {
        const uint64_t steps = tw_run_steps(k->run);
        TW_TRY(tw_run_step(k->run, status, err));
        if (w->stop) return tw__fail(err, TW_STOPPED, "stopped");
        if (tw_run_steps(k->run) == steps) return TW_OK;
        TW_TRY(add_point(k, err));
        if (race->o.job.run.target && k->value[k->n - 1] <= race->target) *status = TW_RUN_TARGET;
    }
    return TW_OK;
}

static tw_status keep(const struct descent *k, tw__trajectory *to, tw_error *err)
{
    tw_context *ctx = k->recorder->race->ctx;
    to->n = k->n;
    TW_TRY(tw__alloc(ctx, &to->x, k->n, sizeof *to->x, err));
    TW_TRY(tw__alloc(ctx, &to->y, k->n, sizeof *to->y, err));
    TW_TRY(tw__alloc(ctx, &to->value, k->n, sizeof *to->value, err));
    memcpy(to->x, k->x, k->n * sizeof *to->x);
    memcpy(to->y, k->y, k->n * sizeof *to->y);
    memcpy(to->value, k->value, k->n * sizeof *to->value);
    return TW_OK;
}

static tw_status descend(tw__run_recorder *w, tw_run *run, double *columns, size_t points, tw_error *err)
{
    struct descent k = {w, run, columns, columns + points, columns + 2 * points, 0};
    TW_TRY(tw__recorder_end(w, run, go(&k, &w->why), err));
    return keep(&k, &w->run->trajectory, err);
}

tw_status tw__run_on_surface(tw__run_recorder *w, tw__problem *problem, tw_error *err)
{
    tw_run *run;
    double *columns;
    tw_context *ctx = w->race->ctx;
    const size_t points = (size_t)w->race->o.steps + 1;
    tw__method parts;
    tw_run_options r = tw__race_run_options(w->race, w->entry, w->spec, w->run->seed, &parts);
    r.event = tw__recorder_event;
    r.user = w;
    w->run->test = (tw_metrics){NAN, NAN, 0};
    TW_TRY(tw_run_create(&run, ctx, &problem->train, NULL, problem->w, &r, err));
    tw_status s = tw__alloc(ctx, &columns, 3 * points, sizeof *columns, err);
    if (s == TW_OK) s = descend(w, run, columns, points, err);
    tw__free(ctx, columns, 3 * points, sizeof *columns);
    tw_run_free(run);
    return s;
}
