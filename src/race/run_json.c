/* A run as JSON, in race.json and, with its trace, in the race's folder; and back. Numbers that do not apply
 * are absent.
 * SPDX-License-Identifier: MIT */
#include "race/race.h"
#include "train/json.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- writing ------------------------------------------------------------------------------------------- */

static json_t *numbers(const double *values, size_t n)
{
    json_t *list = json_array();
    int bad = !list;
    for (size_t i = 0; i < n && !bad; i++) bad = json_array_append_new(list, tw__json_real(values[i]));
    return tw__json_unless(bad, list);
}

/* As lists of the same length: shorter than a list of objects. */
static json_t *trajectory_json(const tw__trajectory *trajectory)
{
    return json_pack("{s:o, s:o, s:o}", "x", numbers(trajectory->x, trajectory->n), "y",
                     numbers(trajectory->y, trajectory->n), "value",
                     numbers(trajectory->value, trajectory->n));
}

static json_t *trace_json(const tw__race_run *run)
{
    json_t *steps = json_array(), *gradients = json_array(), *seconds = json_array(), *loss = json_array();
    int bad = 0;
    for (size_t i = 0; i < run->trace.n && !bad; i++) {
        const tw__point *p = &run->trace.points[i];
        bad = json_array_append_new(steps, json_integer((json_int_t)p->step)) ||
              json_array_append_new(gradients, json_integer((json_int_t)p->gradients)) ||
              json_array_append_new(seconds, tw__json_real(p->seconds)) ||
              json_array_append_new(loss, tw__json_real(p->loss));
    }
    return tw__json_unless(bad, json_pack("{s:o, s:o, s:o, s:o}", "steps", steps, "gradients", gradients,
                                          "seconds", seconds, "loss", loss));
}

static json_t *reached_json(const tw__entry *entry, const tw__race_run *run)
{
    json_t *o = json_pack("{s:I, s:I, s:f}", "steps", (json_int_t)run->steps, "gradients",
                          (json_int_t)run->gradients, "seconds", run->seconds);
    const double epochs = tw__epochs_of(entry, run);
    if (isnan(epochs)) return o;
    return tw__json_unless(json_object_set_new(o, "epochs",
                                               epochs == floor(epochs) ? json_integer((json_int_t)epochs)
                                                                       : json_real(epochs)),
                           o);
}

json_t *tw__run_json(const tw__entry *entry, const tw__race_run *run, int with_trace)
{
    json_t *o = json_pack("{s:I, s:s}", "seed", (json_int_t)run->seed, "status",
                          run->diverged ? "diverged" : tw_run_status_name(run->status));
    int bad = !o || (run->diverged && json_object_set_new(o, "message", json_string(run->message)));
    if (!bad && run->trajectory.n) bad = json_object_set_new(o, "path", trajectory_json(&run->trajectory));
    else if (!bad) bad = json_object_set_new(o, "epochs", tw__json_epochs(run->epochs, run->n_epochs));
    if (!bad && !run->diverged && run->test.examples)
        bad = json_object_set_new(o, "test", tw__json_metrics(&run->test));
    bad = bad || json_object_set_new(o, "steps", json_integer((json_int_t)run->steps)) ||
          tw__json_skipped(o, run->skipped) ||
          json_object_set_new(o, "gradients", json_integer((json_int_t)run->gradients)) ||
          json_object_set_new(o, "seconds", json_real(run->seconds)) ||
          (run->reached && json_object_set_new(o, "reached", reached_json(entry, run)));
    return tw__json_unless(bad || (with_trace && json_object_set_new(o, "trace", trace_json(run))), o);
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

static double number_at(const json_t *list, size_t i)
{
    const json_t *value = json_array_get(list, i);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static tw_status read_trace(tw_context *ctx, const json_t *from, tw__race_run *to, tw_error *err)
{
    const json_t *steps = json_object_get(from, "steps"), *gradients = json_object_get(from, "gradients"),
                 *seconds = json_object_get(from, "seconds"), *loss = json_object_get(from, "loss");
    size_t n = json_array_size(steps);
    if (json_array_size(gradients) != n || json_array_size(seconds) != n || json_array_size(loss) != n)
        return tw__fail(err, TW_ERR_DATA, "a trace's lists differ in their lengths");
    TW_TRY(tw__alloc(ctx, &to->trace.points, n, sizeof *to->trace.points, err));
    to->trace.capacity = to->trace.n = n;
    for (size_t i = 0; i < n; i++)
        to->trace.points[i] = (tw__point){(uint64_t)json_integer_value(json_array_get(steps, i)),
                                          (uint64_t)json_integer_value(json_array_get(gradients, i)),
                                          number_at(seconds, i), number_at(loss, i)};
    return TW_OK;
}

/* What every run has. */
static tw_status read_counts(const json_t *from, tw__race_run *to, const char **status, tw_error *err)
{
    json_int_t seed, steps, gradients;
    json_error_t e;
    if (json_unpack_ex((json_t *)(uintptr_t)from, &e, 0, "{s:I, s:s, s:I, s:I, s:F}", "seed", &seed, "status",
                       status, "steps", &steps, "gradients", &gradients, "seconds", &to->seconds))
        return tw__fail(err, TW_ERR_DATA, "%s", e.text);
    if (seed < 0 || (uint64_t)seed != to->seed)
        return tw__fail(err, TW_ERR_DATA, "it is no result of a run with seed %llu",
                        (unsigned long long)to->seed);
    if (steps < 0 || gradients < 0) return tw__fail(err, TW_ERR_DATA, "steps or gradients are below 0");
    to->steps = (uint64_t)steps;
    to->gradients = (uint64_t)gradients;
    return TW_OK;
}

tw_status tw__run_read(const tw_race *race, const json_t *from, tw__race_run *to, tw_error *err)
{
    const char *status, *message = json_string_value(json_object_get(from, "message"));
    const json_t *test = json_object_get(from, "test");
    tw__run_clear(race->ctx, to);
    TW_TRY(read_counts(from, to, &status, err));
    to->diverged = strcmp(status, "diverged") == 0;
    to->status = to->diverged ? 0 : tw__json_run_status(status);
    if (to->status < 0) return tw__fail(err, TW_ERR_DATA, "unknown status \"%.40s\"", status);
    to->reached = to->status == TW_RUN_TARGET;
    to->skipped = (uint64_t)json_integer_value(json_object_get(from, "skipped"));
    to->test =
        (tw_metrics){tw__json_number_of(test, "loss"), tw__json_number_of(test, "accuracy"), test != NULL};
    snprintf(to->message, sizeof to->message, "%s", message ? message : "");
    if (race->surface) return read_trajectory(race->ctx, json_object_get(from, "path"), &to->trajectory, err);
    TW_TRY(tw__json_read_epochs(race->ctx, json_object_get(from, "epochs"), &to->epochs, &to->n_epochs, err));
    return read_trace(race->ctx, json_object_get(from, "trace"), to, err);
}
