/* race.json, and the same with what only the page needs. Seconds are the only values that may differ between two equal races.
 * SPDX-License-Identifier: MIT */
#include "race/race.h"
#include "train/json.h"
#include <math.h>

/* ---- runs --------------------------------------------------------------------------------------------------------------- */

static json_t *run_json(const tw__race_run *run)
{
    json_t *o = json_pack("{s:I, s:s}", "seed", (json_int_t)run->seed, "status", run->diverged ? "diverged" : tw_run_status_name(run->status));
    int bad = !o || (run->diverged && json_object_set_new(o, "message", json_string(run->message)));
    bad = bad || json_object_set_new(o, "epochs", tw__json_epochs(run->epochs, run->n_epochs));
    if (!bad && !run->diverged && run->test.examples) bad = json_object_set_new(o, "test", tw__json_metrics(&run->test));
    return tw__json_unless(bad || json_object_set_new(o, "steps", json_integer((json_int_t)run->steps)) || tw__json_skipped(o, run->skipped) ||
                  json_object_set_new(o, "seconds", json_real(run->seconds)), o);
}

/* The trace as lists of the same length: shorter than a list of objects. */
static int add_trace(json_t *run, const tw__race_run *of, uint64_t steps_per_epoch)
{
    json_t *steps = json_array(), *seconds = json_array(), *loss = json_array();
    int bad = 0;
    for (size_t i = 0; i < of->n_trace && !bad; i++)
        bad = json_array_append_new(steps, json_integer((json_int_t)of->trace[i].step)) ||
              json_array_append_new(seconds, json_real(of->trace[i].seconds)) || json_array_append_new(loss, json_real(of->trace[i].loss));
    json_t *trace = json_pack("{s:I, s:o, s:o, s:o}", "steps_per_epoch", (json_int_t)steps_per_epoch, "steps", steps, "seconds", seconds, "loss", loss);
    return json_object_set_new(run, "trace", tw__json_unless(bad, trace));
}

/* ---- optimizers --------------------------------------------------------------------------------------------------------- */

static int add_spread(json_t *to, const char *key, const tw__racer *racer, int measure)
{
    const tw__spread *s = &racer->of[measure];
    if (isnan(s->median)) return 0;
    return json_object_set_new(to, key, json_pack("{s:f, s:f, s:f}", "median", s->median, "q1", s->q1, "q3", s->q3));
}

static json_t *summary_json(const tw_race *race, const tw__racer *racer)
{
    json_t *o = json_object(), *target = NULL;
    int bad = add_spread(o, "loss", racer, TW__LOSS) || add_spread(o, "accuracy", racer, TW__ACCURACY) ||
              add_spread(o, "val_loss", racer, TW__VAL_LOSS) || add_spread(o, "val_accuracy", racer, TW__VAL_ACCURACY) ||
              add_spread(o, "test_loss", racer, TW__TEST_LOSS) || add_spread(o, "test_accuracy", racer, TW__TEST_ACCURACY) ||
              add_spread(o, "seconds", racer, TW__SECONDS) || json_object_set_new(o, "diverged", json_integer((json_int_t)racer->diverged));
    if (!bad && race->o.target) {
        target = json_pack("{s:I}", "reached", (json_int_t)racer->reached);
        bad = json_object_set_new(o, "target", target) || add_spread(target, "epochs", racer, TW__TARGET_EPOCHS) ||
              add_spread(target, "seconds", racer, TW__TARGET_SECONDS);
    }
    return tw__json_unless(bad, o);
}

static json_t *racer_json(const tw_race *race, const tw__racer *racer, int for_page)
{
    json_t *runs = json_array();
    int bad = 0;
    for (uint64_t k = 0; k < race->o.seeds && !bad; k++) {
        json_t *run = run_json(&racer->runs[k]);
        bad = json_array_append(runs, run) || (for_page && add_trace(run, &racer->runs[k], racer->steps_per_epoch));
        json_decref(run);
    }
    json_t *o = json_pack("{s:s, s:o, s:o}", "spec", racer->spec, "runs", tw__json_unless(bad, runs), "summary", summary_json(race, racer));
    return tw__json_unless(for_page && json_object_set_new(o, "colour", json_integer(racer->colour)), o);
}

/* ---- the whole ---------------------------------------------------------------------------------------------------------- */

static json_t *config_json(const tw_race *race)
{
    const tw_race_options *o = &race->o;
    json_t *c = json_pack("{s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s}", "val", o->val, "limit", (json_int_t)o->limit,
        "batch", (json_int_t)race->batch, "accumulate", (json_int_t)(o->accumulate ? o->accumulate : 1), "epochs", (json_int_t)o->epochs, "seeds", (json_int_t)o->seeds, "first_seed", (json_int_t)o->first_seed,
        "schedule", race->schedule, "estimator", race->estimator, "exchange", o->exchange ? o->exchange : "local",
        "dtype", o->dtype ? o->dtype : "f32");
    c = tw__json_unless(tw__json_policies(c, race->control, o->groups, o->nonfinite), c);
    return tw__json_unless(o->target && json_object_set_new(c, "target", json_string(o->target)), c);
}

static tw_status make_json(const tw_race *race, int for_page, json_t **out, tw_error *err)
{
    json_t *racers = json_array();
    int bad = !racers;
    for (size_t i = 0; i < race->n && !bad; i++)
        bad = json_array_append_new(racers, racer_json(race, &race->racers[for_page ? race->order[i] : i], for_page));
    racers = tw__json_unless(bad, racers);
    *out = json_pack("{s:i, s:s, s:s, s:o, s:o, s:o}", "format", 1, "data", race->o.data, "model", race->network, "config", config_json(race),
                     "fingerprint", tw__json_fingerprint(race->train, race->val, race->test), "optimizers", racers);
    return *out ? TW_OK : tw__json_no_memory(err);
}

tw_status tw__race_json(const tw_race *race, json_t **out, tw_error *err) { return make_json(race, 0, out, err); }

tw_status tw__race_page_json(const tw_race *race, json_t **out, tw_error *err) { return make_json(race, 1, out, err); }
