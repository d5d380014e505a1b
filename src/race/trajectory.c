/* A trajectory on a surface: the ordinary loop, one step at a time, and after each the point that it reports.
 * SPDX-License-Identifier: MIT */
#include <thalweg/trajectory.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/context.h"

enum { USUAL_STEPS = 300, MOST_STEPS = 100000000 };

/* four columns of `capacity` numbers */
struct recording {
    tw_trajectory path;
    double *block;
    size_t capacity;
};

static void lay_columns(struct recording *w, size_t capacity)
{
    double **const column[] = {&w->path.x, &w->path.y, &w->path.value, &w->path.lr};
    for (size_t i = 0; i < 4; i++) *column[i] = w->block + i * capacity;
    w->capacity = capacity;
}

static double reported(const void *weights, tw_type type, int i)
{
    return type == TW_F32 ? (double)((const float *)weights)[i] : ((const double *)weights)[i];
}

/* 0, with the reason in the path, if the run has left what numbers can say. */
static int add_point(struct recording *w, const tw_surface *surface, double x, double y, double lr)
{
    tw_trajectory *p = &w->path;
    const double value = tw_surface_value(surface, (double[]){x, y}, NULL);
    if (!(isfinite(x) && isfinite(y) && isfinite(value))) {
        p->diverged = 1;
        snprintf(p->message, sizeof p->message, "%s is not finite after step %zu",
                 isfinite(x) && isfinite(y) ? "the value" : "the point", p->n);
        return 0;
    }
    p->x[p->n] = x;
    p->y[p->n] = y;
    p->value[p->n] = value;
    p->lr[p->n++] = lr;
    return 1;
}

static void set_diverged(struct recording *w, const tw_run *run)
{
    tw_error why = {0};
    w->path.diverged = tw_run_diverged(run, &why) != TW_OK;
    snprintf(w->path.message, sizeof w->path.message, "%.250s", why.message);
}

static tw_status take_steps(struct recording *w, const tw_surface *surface, tw_type type, tw_run *run,
                            tw_error *err)
{
    int status = TW_RUN_GOING;
    while (!tw_run_is_over(status)) {
        tw_error why = {0};
        const void *weights;
        double lr;
        if (tw_optimizer_value(tw_run_optimizer(run), "lr", &lr, NULL) != TW_OK) lr = NAN;
        const tw_status s = tw_run_step(run, &status, &why);
        if (s == TW_ERR_NOT_FINITE) {
            w->path.diverged = 1;
            snprintf(w->path.message, sizeof w->path.message, "%.250s", why.message);
            return TW_OK;
        }
        if (s != TW_OK) {
            if (err) *err = why;
            return s;
        }
        if (status == TW_RUN_STALLED) return TW_OK; /* no step was made */
        if (status == TW_RUN_DIVERGED) set_diverged(w, run);
        TW_TRY(tw_run_weights(run, &weights, err));
        if (!add_point(w, surface, reported(weights, type, 0), reported(weights, type, 1), lr)) return TW_OK;
    }
    return TW_OK;
}

static tw_status record(struct recording *w, tw_context *ctx, const tw_surface *surface,
                        const tw_trajectory_options *o, tw_error *err)
{
    tw_objective objective = TW_OBJECTIVE_INIT;
    tw_run *run;
    double start[2];
    TW_TRY(tw_surface_objective(surface, 1, &objective, err));
    if (o->start) memcpy(start, o->start, sizeof start);
    else tw_surface_start(surface, start);
    float near[2] = {(float)start[0], (float)start[1]};
    void *weights = objective.type == TW_F32 ? (void *)near : start;
    const tw_run_options options = {.size = sizeof options,
                                    .optimizer = o->optimizer,
                                    .schedule = o->schedule,
                                    .control = o->control,
                                    .seed = o->seed,
                                    .epochs = w->capacity - 1};
    if (!add_point(w, surface, reported(weights, objective.type, 0), reported(weights, objective.type, 1),
                   NAN))
        return tw__fail(err, TW_ERR_SPEC, "the start (%g, %g) is no place on %s: %s", start[0], start[1],
                        tw_surface_spec(surface), w->path.message);
    TW_TRY(tw_run_create(&run, ctx, &objective, NULL, weights, &options, err));
    snprintf(w->path.spec, sizeof w->path.spec, "%s", tw_optimizer_spec(tw_run_optimizer(run)));
    const tw_status s = take_steps(w, surface, objective.type, run, err);
    tw_run_free(run);
    return s;
}

tw_status tw_trajectory_run(tw_trajectory **out, tw_context *ctx, const tw_surface *surface,
                            const tw_trajectory_options *given, tw_error *err)
{
    TW_MAKES(err, out, ctx && surface && given);
    struct recording *w;
    tw_trajectory_options options;
    const tw_trajectory_options *o = &options;
    TW_TRY(tw__sized_read(&options, sizeof options, given, "tw_trajectory_options", err));
    if (o->steps > MOST_STEPS)
        return tw__fail(err, TW_ERR_SPEC, "steps = %llu is outside [0, %d]", (unsigned long long)o->steps,
                        MOST_STEPS);
    const size_t capacity = (size_t)(o->steps ? o->steps : USUAL_STEPS) + 1;
    TW_TRY(tw__alloc(ctx, &w, 1, sizeof *w, err));
    tw_status s = tw__alloc(ctx, &w->block, 4 * capacity, sizeof(double), err);
    if (s == TW_OK) {
        lay_columns(w, capacity);
        s = record(w, ctx, surface, o, err);
    }
    if (s == TW_OK) *out = &w->path;
    else tw_trajectory_free(ctx, &w->path);
    return s;
}

void tw_trajectory_free(tw_context *ctx, tw_trajectory *path)
{
    struct recording *w = (struct recording *)path; /* its first member */
    if (!w) return;
    tw__free(ctx, w->block, 4 * w->capacity, sizeof(double));
    tw__free(ctx, w, 1, sizeof *w);
}
