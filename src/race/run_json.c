/* A run as JSON, in race.json and, with its trace, in the race's folder; and back. Numbers that do not apply
 * are absent.
 * SPDX-License-Identifier: MIT */
#include "race/race.h"
#include "train/json.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- writing ------------------------------------------------------------------------------------------- */

/* As lists of the same length: shorter than a list of objects. */
static json_t *trajectory_json(tw__json_builder *b, const tw__trajectory *trajectory)
{
    json_t *o = tw__json_object(b);
    tw__json_put(b, o, "x", tw__json_reals(b, trajectory->x, trajectory->n));
    tw__json_put(b, o, "y", tw__json_reals(b, trajectory->y, trajectory->n));
    tw__json_put(b, o, "value", tw__json_reals(b, trajectory->value, trajectory->n));
    return o;
}

static json_t *trace_json(tw__json_builder *b, const tw__race_run *run)
{
    json_t *o = tw__json_object(b), *steps = tw__json_list(b), *gradients = tw__json_list(b),
           *seconds = tw__json_list(b), *loss = tw__json_list(b);
    for (size_t i = 0; i < run->trace.n; i++) {
        const tw__point *p = &run->trace.points[i];
        tw__json_append(b, steps, tw__json_natural(b, p->step));
        tw__json_append(b, gradients, tw__json_natural(b, p->gradients));
        tw__json_append(b, seconds, tw__json_real(b, p->seconds));
        tw__json_append(b, loss, tw__json_real(b, p->loss));
    }
    tw__json_put(b, o, "steps", steps);
    tw__json_put(b, o, "gradients", gradients);
    tw__json_put(b, o, "seconds", seconds);
    tw__json_put(b, o, "loss", loss);
    return o;
}

static json_t *reached_json(tw__json_builder *b, const tw__entry *entry, const tw__race_run *run)
{
    json_t *o = tw__json_object(b);
    const double epochs = tw__epochs_of(entry, run);
    tw__json_put_natural(b, o, "steps", run->steps);
    tw__json_put_natural(b, o, "gradients", run->gradients);
    tw__json_put_real(b, o, "seconds", run->seconds);
    if (epochs == floor(epochs)) tw__json_put_natural(b, o, "epochs", (uint64_t)epochs);
    else tw__json_put_real(b, o, "epochs", epochs);
    return o;
}

json_t *tw__run_json(tw__json_builder *b, const tw__entry *entry, const tw__race_run *run, int with_trace)
{
    json_t *o = tw__json_object(b);
    tw__json_put_natural(b, o, "seed", run->seed);
    tw__json_put_text(b, o, "status", run->diverged ? "diverged" : tw_run_status_name(run->status));
    if (run->diverged) tw__json_put_text(b, o, "message", run->message);
    if (run->trajectory.n) tw__json_put(b, o, "path", trajectory_json(b, &run->trajectory));
    else tw__json_put(b, o, "epochs", tw__json_epochs(b, run->epochs, run->n_epochs));
    if (run->n_objective)
        tw__json_put(b, o, "objective", tw__json_reals(b, run->objective, run->n_objective));
    if (!run->diverged && run->test.examples) tw__json_put(b, o, "test", tw__json_metrics(b, &run->test));
    tw__json_put_natural(b, o, "steps", run->steps);
    if (run->skipped) tw__json_put_natural(b, o, "skipped", run->skipped);
    tw__json_put_natural(b, o, "gradients", run->gradients);
    tw__json_put_real(b, o, "seconds", run->seconds);
    if (run->reached) tw__json_put(b, o, "reached", reached_json(b, entry, run));
    if (with_trace) tw__json_put(b, o, "trace", trace_json(b, run));
    return o;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* A list of n numbers in memory of its own. */
static tw_status read_numbers(tw_context *ctx, const json_t *list, size_t n, double **to, tw_error *err)
{
    if (json_array_size(list) != n)
        return tw__fail(err, TW_ERR_DATA, "a path's lists differ in their lengths");
    TW_TRY(tw__alloc(ctx, to, n, sizeof **to, err));
    for (size_t i = 0; i < n; i++) {
        if (!json_is_number(json_array_get(list, i)))
            return tw__fail(err, TW_ERR_DATA, "not all of a path is numbers");
        (*to)[i] = json_number_value(json_array_get(list, i));
    }
    return TW_OK;
}

static tw_status read_trajectory(tw_context *ctx, const json_t *from, tw__trajectory *to, tw_error *err)
{
    to->n = json_array_size(json_object_get(from, "x"));
    if (to->n == 0) return tw__fail(err, TW_ERR_DATA, "it has no path, as a run on a surface has");
    TW_TRY(read_numbers(ctx, json_object_get(from, "x"), to->n, &to->x, err));
    TW_TRY(read_numbers(ctx, json_object_get(from, "y"), to->n, &to->y, err));
    return read_numbers(ctx, json_object_get(from, "value"), to->n, &to->value, err);
}

/* Of races without a solver there is none. */
static tw_status read_objective(tw_context *ctx, const json_t *list, tw__race_run *to, tw_error *err)
{
    const size_t n = json_array_size(list);
    if (!list) return TW_OK;
    if (n != to->n_epochs + 1)
        return tw__fail(err, TW_ERR_DATA, "it has %zu objectives after %zu epochs", n, to->n_epochs);
    TW_TRY(tw__alloc(ctx, &to->objective, n, sizeof *to->objective, err));
    to->n_objective = to->objective_capacity = n;
    for (size_t i = 0; i < n; i++)
        TW_TRY(tw__json_read_real(json_array_get(list, i), "objective", &to->objective[i], err));
    return TW_OK;
}

static tw_status read_point(const json_t *from, size_t i, tw__point *to, tw_error *err)
{
    TW_TRY(
        tw__json_read_natural(json_array_get(json_object_get(from, "steps"), i), "steps", 0, &to->step, err));
    TW_TRY(tw__json_read_natural(json_array_get(json_object_get(from, "gradients"), i), "gradients", 0,
                                 &to->gradients, err));
    TW_TRY(tw__json_read_real(json_array_get(json_object_get(from, "seconds"), i), "seconds", &to->seconds,
                              err));
    return tw__json_read_real(json_array_get(json_object_get(from, "loss"), i), "loss", &to->loss, err);
}

static tw_status read_trace(tw_context *ctx, const json_t *from, tw__race_run *to, tw_error *err)
{
    static const char *const keys[] = {"steps", "gradients", "seconds", "loss"};
    tw_error why;
    const size_t n = json_array_size(json_object_get(from, keys[0]));
    for (int i = 0; i < 4; i++)
        if (!json_is_array(json_object_get(from, keys[i])) ||
            json_array_size(json_object_get(from, keys[i])) != n)
            return tw__fail(err, TW_ERR_DATA, "a trace's lists differ in their lengths");
    TW_TRY(tw__alloc(ctx, &to->trace.points, n, sizeof *to->trace.points, err));
    to->trace.capacity = to->trace.n = n;
    for (size_t i = 0; i < n; i++) {
        const tw_status s = read_point(from, i, &to->trace.points[i], &why);
        if (s != TW_OK) return tw__fail(err, s, "trace[%zu]: %s", i, why.message);
    }
    return TW_OK;
}

/* What every run has. */
static tw_status read_counts(const json_t *from, tw__race_run *to, const char **status, tw_error *err)
{
    uint64_t seed;
    TW_TRY(tw__json_get_natural(from, "seed", 0, &seed, err));
    TW_TRY(tw__json_get_text(from, "status", status, err));
    TW_TRY(tw__json_get_natural(from, "steps", 0, &to->steps, err));
    TW_TRY(tw__json_get_natural(from, "gradients", 0, &to->gradients, err));
    TW_TRY(tw__json_get_real(from, "seconds", &to->seconds, err));
    if (json_object_get(from, "skipped")) TW_TRY(tw__json_get_natural(from, "skipped", 0, &to->skipped, err));
    return seed == to->seed ? TW_OK
                            : tw__fail(err, TW_ERR_DATA, "it is no result of a run with seed %llu",
                                       (unsigned long long)to->seed);
}

tw_status tw__run_read(const tw_race *race, const json_t *from, tw__race_run *to, tw_error *err)
{
    const char *status, *message = "";
    tw__run_clear(race->ctx, to);
    TW_TRY(read_counts(from, to, &status, err));
    to->diverged = strcmp(status, "diverged") == 0;
    to->status = to->diverged ? 0 : tw__json_run_status(status);
    if (!to->diverged && to->status <= TW_RUN_GOING)
        return tw__fail(err, TW_ERR_DATA, "unknown status \"%.40s\"", status);
    to->reached = to->status == TW_RUN_TARGET;
    TW_TRY(tw__json_read_metrics(json_object_get(from, "test"), &to->test, err));
    if (to->diverged) TW_TRY(tw__json_get_text(from, "message", &message, err));
    snprintf(to->message, sizeof to->message, "%s", message);
    if (race->surface) return read_trajectory(race->ctx, json_object_get(from, "path"), &to->trajectory, err);
    TW_TRY(tw__json_read_epochs(race->ctx, json_object_get(from, "epochs"), &to->epochs, &to->n_epochs, err));
    TW_TRY(read_objective(race->ctx, json_object_get(from, "objective"), to, err));
    return read_trace(race->ctx, json_object_get(from, "trace"), to, err);
}
