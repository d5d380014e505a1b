/* race.json. Seconds are the only values that may differ between two equal races.
 * SPDX-License-Identifier: MIT */
#include "race/render.h"
#include "race/run.h"
#include "train/json.h"
#include "train/options.h"
#include <math.h>
#include <string.h>

enum { FORMAT = 2 };

/* ---- optimizers ---------------------------------------------------------------------------------------- */

static int add_spread(json_t *to, const char *key, const tw__entry *entry, int measure)
{
    const tw__spread *s = &entry->of[measure];
    if (isnan(s->median)) return 0;
    return json_object_set_new(to, key,
                               json_pack("{s:o, s:o, s:o}", "median", tw__json_real(s->median), "q1",
                                         tw__json_real(s->q1), "q3", tw__json_real(s->q3)));
}

struct entry {
    const char *key;
    int measure;
};

static int add_spreads(json_t *to, const tw__entry *entry, const struct entry *entries, size_t n)
{
    int bad = 0;
    for (size_t i = 0; i < n && !bad; i++) bad = add_spread(to, entries[i].key, entry, entries[i].measure);
    return bad;
}

static json_t *summary_json(const tw_race *race, const tw__entry *entry)
{
    static const struct entry all[] =
        {
            {"loss", TW__LOSS},           {"accuracy", TW__ACCURACY},
            {"val_loss", TW__VAL_LOSS},   {"val_accuracy", TW__VAL_ACCURACY},
            {"test_loss", TW__TEST_LOSS}, {"test_accuracy", TW__TEST_ACCURACY},
            {"value", TW__VALUE},         {"best", TW__BEST},
            {"distance", TW__DISTANCE},   {"gradients", TW__GRADIENTS},
            {"seconds", TW__SECONDS},
        },
                              target[] = {{"epochs", TW__TARGET_EPOCHS},
                                          {"steps", TW__TARGET_STEPS},
                                          {"gradients", TW__TARGET_GRADIENTS},
                                          {"seconds", TW__TARGET_SECONDS}};
    json_t *o = json_object(), *to;
    int bad = add_spreads(o, entry, all, sizeof all / sizeof all[0]) ||
              json_object_set_new(o, "diverged", json_integer((json_int_t)entry->diverged));
    if (!bad && race->o.job.run.target) {
        to = json_pack("{s:I}", "reached", (json_int_t)entry->reached);
        bad = json_object_set_new(o, "target", to) ||
              add_spreads(to, entry, target, sizeof target / sizeof target[0]);
    }
    return tw__json_unless(bad, o);
}

static json_t *trial_json(const tw__trial *t)
{
    const tw__race_run *run = &t->run;
    const tw_epoch *last = run->n_epochs && !run->diverged ? &run->epochs[run->n_epochs - 1] : NULL;
    json_t *o = json_pack("{s:f, s:s}", "lr", t->lr, "status",
                          run->diverged ? "diverged" : tw_run_status_name(run->status));
    int bad = !o || tw__json_number(o, "value", t->value);
    if (!bad && last)
        bad = tw__json_number(o, "loss", last->loss) || tw__json_number(o, "val_loss", last->val_loss) ||
              tw__json_number(o, "val_accuracy", last->val_accuracy);
    return tw__json_unless(bad || json_object_set_new(o, "steps", json_integer((json_int_t)run->steps)) ||
                               json_object_set_new(o, "gradients",
                                                   json_integer((json_int_t)run->gradients)) ||
                               json_object_set_new(o, "seconds", json_real(run->seconds)),
                           o);
}

static json_t *tuned_json(const tw_race *race, const tw__entry *entry)
{
    json_t *trials = json_array();
    int bad = !trials;
    for (uint64_t k = 0; k < race->o.tune && !bad; k++)
        bad = json_array_append_new(trials, trial_json(&entry->trials[k]));
    return json_pack("{s:s, s:f, s:f, s:f, s:s, s:o}", "spec", entry->tuned, "lr", entry->tuned_lr, "from",
                     entry->from, "to", entry->to, "measure", tw__tune_measure(race), "trials",
                     tw__json_unless(bad, trials));
}

static json_t *runs_json(const tw_race *race, const tw__entry *entry)
{
    json_t *runs = json_array();
    int bad = !runs;
    for (uint64_t k = 0; k < race->o.seeds && !bad; k++)
        bad = json_array_append_new(runs, tw__run_json(entry, &entry->runs[k], 0));
    return tw__json_unless(bad, runs);
}

static json_t *entry_json(const tw_race *race, const tw__entry *entry)
{
    json_t *o = json_pack("{s:s}", "spec", entry->spec);
    int bad = !o || (entry->tuned && json_object_set_new(o, "tuned", tuned_json(race, entry))) ||
              json_object_set_new(o, "runs", runs_json(race, entry)) ||
              json_object_set_new(o, "summary", summary_json(race, entry));
    return tw__json_unless(bad, o);
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

/* What the other keys of race.json say, and on a surface what only data has. */
static int is_elsewhere(const tw_race *race, const tw_field *f)
{
    static const char *const keys[] = {"data", "model", "surface", "optimizers"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(f->name, keys[i]) == 0) return 1;
    if (strcmp(f->name, "estimator") == 0 || strcmp(f->name, "exchange") == 0) return 0;
    return race->surface ? (f->traits & TW_FIELD_DATA_ONLY) != 0 : strcmp(f->name, "steps") == 0;
}

json_t *tw__race_config(const tw_race *race)
{
    tw_race_options o = race->o;
    tw_field f;
    o.job.dtype = tw_type_name(tw__race_type(race));
    o.job.run.batch = race->batch;
    o.job.run.schedule = race->schedule;
    o.job.run.estimator = race->estimator;
    o.job.run.control = race->control;
    json_t *c = tw__fields_json(tw_race_fields, &o, 1, 0);
    for (size_t i = 0; c && tw_race_fields(i, &f); i++)
        if (is_elsewhere(race, &f) || json_is_null(json_object_get(c, f.name))) json_object_del(c, f.name);
    return c;
}

static json_t *surface_json(const tw_race *race)
{
    double start[2], low[2], high[2], minima[4][2];
    json_t *list = json_array();
    int bad = !list;
    const size_t n = tw__surface_minima(race, minima);
    tw_surface_start(race->surface, start);
    tw_surface_window(race->surface, low, high);
    for (size_t i = 0; i < n && !bad; i++)
        bad = json_array_append_new(list, json_pack("[ff]", minima[i][0], minima[i][1]));
    return json_pack("{s:i, s:s, s:s, s:o, s:[ff], s:[[ff],[ff]], s:o}", "format", FORMAT, "surface",
                     tw_surface_spec(race->surface), "formula", tw_surface_formula(race->surface), "config",
                     tw__race_config(race), "start", start[0], start[1], "window", low[0], low[1], high[0],
                     high[1], "minima", tw__json_unless(bad, list));
}

static json_t *data_json(const tw_race *race)
{
    return json_pack("{s:i, s:s, s:s, s:o, s:O}", "format", FORMAT, "data", race->o.job.data, "model",
                     race->network, "config", tw__race_config(race), "fingerprint", race->fingerprint);
}

tw_status tw__race_json(const tw_race *race, json_t **out, tw_error *err)
{
    json_t *entries = json_array();
    int bad = !entries;
    for (size_t i = 0; i < race->n && !bad; i++)
        bad = json_array_append_new(entries, entry_json(race, &race->entries[i]));
    *out = race->surface ? surface_json(race) : data_json(race);
    *out = tw__json_unless(json_object_set_new(*out, "optimizers", tw__json_unless(bad, entries)), *out);
    return *out ? TW_OK : tw__json_no_memory(err);
}
