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

static void put_spread(tw__json_builder *b, json_t *to, const char *key, const tw__spread *s, int of_folds)
{
    if (isnan(s->median)) return;
    json_t *o = tw__json_object(b);
    tw__json_put(b, o, of_folds ? "mean" : "median", tw__json_real(b, s->median));
    if (of_folds) tw__json_put(b, o, "standard_error", tw__json_real(b, s->q3 - s->median));
    else tw__json_put(b, o, "q1", tw__json_real(b, s->q1));
    if (!of_folds) tw__json_put(b, o, "q3", tw__json_real(b, s->q3));
    tw__json_put(b, to, key, o);
}

struct entry {
    const char *key;
    int measure;
};

static void put_spreads(tw__json_builder *b, json_t *to, const tw_race *race, const tw__entry *entry,
                        const struct entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_spread(b, to, entries[i].key, &entry->of[entries[i].measure], race->o.job.cv > 0);
}

static json_t *summary_json(tw__json_builder *b, const tw_race *race, const tw__entry *entry)
{
    static const struct entry all[] =
        {
            {"loss", TW__LOSS},           {"accuracy", TW__ACCURACY},
            {"val_loss", TW__VAL_LOSS},   {"val_accuracy", TW__VAL_ACCURACY},
            {"test_loss", TW__TEST_LOSS}, {"test_accuracy", TW__TEST_ACCURACY},
            {"value", TW__VALUE},         {"best", TW__BEST},
            {"distance", TW__DISTANCE},   {"gradients", TW__GRADIENTS},
            {"seconds", TW__SECONDS},     {"gap", TW__GAP},
        },
                              target[] = {{"epochs", TW__TARGET_EPOCHS},
                                          {"steps", TW__TARGET_STEPS},
                                          {"gradients", TW__TARGET_GRADIENTS},
                                          {"seconds", TW__TARGET_SECONDS}};
    json_t *o = tw__json_object(b);
    put_spreads(b, o, race, entry, all, sizeof all / sizeof all[0]);
    tw__json_put_natural(b, o, "diverged", entry->diverged);
    if (!race->o.job.run.target) return o;
    json_t *to = tw__json_object(b);
    tw__json_put_natural(b, to, "reached", entry->reached);
    put_spreads(b, to, race, entry, target, sizeof target / sizeof target[0]);
    tw__json_put(b, o, "target", to);
    return o;
}

static json_t *trial_json(tw__json_builder *b, const tw__trial *t)
{
    const tw__race_run *run = &t->run;
    const tw_epoch *last = run->n_epochs && !run->diverged ? &run->epochs[run->n_epochs - 1] : NULL;
    json_t *o = tw__json_object(b);
    tw__json_put_real(b, o, "lr", t->lr);
    tw__json_put_text(b, o, "status", run->diverged ? "diverged" : tw_run_status_name(run->status));
    tw__json_put_real(b, o, "value", t->value);
    if (last) {
        tw__json_put_real(b, o, "loss", last->loss);
        tw__json_put_real(b, o, "val_loss", last->val_loss);
        tw__json_put_real(b, o, "val_accuracy", last->val_accuracy);
    }
    tw__json_put_natural(b, o, "steps", run->steps);
    tw__json_put_natural(b, o, "gradients", run->gradients);
    tw__json_put_real(b, o, "seconds", run->seconds);
    return o;
}

static json_t *tuned_json(tw__json_builder *b, const tw_race *race, const tw__entry *entry)
{
    json_t *o = tw__json_object(b), *trials = tw__json_list(b);
    for (uint64_t k = 0; k < race->o.tune; k++) tw__json_append(b, trials, trial_json(b, &entry->trials[k]));
    tw__json_put_text(b, o, "spec", entry->tuned);
    tw__json_put_real(b, o, "lr", entry->tuned_lr);
    tw__json_put_real(b, o, "from", entry->from);
    tw__json_put_real(b, o, "to", entry->to);
    tw__json_put_text(b, o, "measure", tw__tune_measure(race));
    tw__json_put(b, o, "trials", trials);
    return o;
}

static json_t *runs_json(tw__json_builder *b, const tw_race *race, const tw__entry *entry)
{
    json_t *runs = tw__json_list(b);
    for (uint64_t k = 0; k < race->o.seeds; k++)
        tw__json_append(b, runs, tw__run_json(b, entry, &entry->runs[k], 0));
    return runs;
}

static json_t *entry_json(tw__json_builder *b, const tw_race *race, const tw__entry *entry)
{
    json_t *o = tw__json_object(b);
    tw__json_put_text(b, o, "spec", entry->spec);
    if (entry->tuned) tw__json_put(b, o, "tuned", tuned_json(b, race, entry));
    tw__json_put(b, o, "runs", runs_json(b, race, entry));
    tw__json_put(b, o, "summary", summary_json(b, race, entry));
    return o;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

/* What the other keys of race.json say, and on a surface what only data has. */
static int is_elsewhere(const tw_race *race, const tw_field *f)
{
    static const char *const keys[] = {"data", "model", "surface", "optimizers"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(f->name, keys[i]) == 0) return 1;
    if (race->o.job.cv && strcmp(f->name, "val") == 0) return 1;
    if (strcmp(f->name, "estimator") == 0 || strcmp(f->name, "exchange") == 0) return 0;
    return race->surface ? (f->traits & TW_FIELD_DATA_ONLY) != 0 : strcmp(f->name, "steps") == 0;
}

json_t *tw__race_config(tw__json_builder *b, const tw_race *race)
{
    tw_race_options o = race->o;
    tw_field f;
    o.job.dtype = tw_type_name(tw__race_type(race));
    o.job.run.batch = race->batch;
    o.job.run.schedule = race->schedule;
    o.job.run.estimator = race->estimator;
    o.job.run.control = race->control;
    json_t *c = tw__fields_json(b, tw_race_fields, &o, 1, 0);
    for (size_t i = 0; tw_race_fields(i, &f); i++)
        if (is_elsewhere(race, &f) || json_is_null(json_object_get(c, f.name))) json_object_del(c, f.name);
    return c;
}

static json_t *points_json(tw__json_builder *b, const double (*at)[2], size_t n)
{
    json_t *list = tw__json_list(b);
    for (size_t i = 0; i < n; i++) tw__json_append(b, list, tw__json_reals(b, at[i], 2));
    return list;
}

static void put_surface(tw__json_builder *b, json_t *o, const tw_race *race)
{
    double start[2], window[2][2], minima[4][2];
    const size_t n = tw__surface_minima(race, minima);
    tw_surface_start(race->surface, start);
    tw_surface_window(race->surface, window[0], window[1]);
    tw__json_put_text(b, o, "surface", tw_surface_spec(race->surface));
    tw__json_put_text(b, o, "formula", tw_surface_formula(race->surface));
    tw__json_put(b, o, "config", tw__race_config(b, race));
    tw__json_put(b, o, "start", tw__json_reals(b, start, 2));
    tw__json_put(b, o, "window", points_json(b, window, 2));
    tw__json_put(b, o, "minima", points_json(b, minima, n));
}

static void put_data(tw__json_builder *b, json_t *o, const tw_race *race)
{
    tw__json_put_text(b, o, "data", race->o.job.data);
    tw__json_put_text(b, o, "model", race->network);
    tw__json_put(b, o, "config", tw__race_config(b, race));
    tw__json_put(b, o, "fingerprint", json_incref(race->fingerprint));
}

/* The least objective, and whose it is; of folds their mean, and each. */
static json_t *optimum_json(tw__json_builder *b, const tw_race *race)
{
    json_t *o = tw__json_object(b);
    tw__json_put_real(b, o, "value", race->optimum);
    if (!race->o.job.cv) {
        tw__json_put_text(b, o, "of", race->optimum_of->spec);
        return o;
    }
    json_t *folds = tw__json_list(b);
    for (uint64_t k = 0; k < race->o.seeds; k++)
        tw__json_append(b, folds, tw__json_real(b, race->entries[0].runs[k].optimum));
    tw__json_put(b, o, "folds", folds);
    return o;
}

tw_status tw__race_json(const tw_race *race, json_t **out, tw_error *err)
{
    tw__json_builder b = {.err = err};
    json_t *o = tw__json_object(&b), *entries = tw__json_list(&b);
    tw__json_put_natural(&b, o, "format", FORMAT);
    if (race->surface) put_surface(&b, o, race);
    else put_data(&b, o, race);
    if (race->optimum_of) tw__json_put(&b, o, "optimum", optimum_json(&b, race));
    for (size_t i = 0; i < race->n; i++)
        tw__json_append(&b, entries, entry_json(&b, race, &race->entries[i]));
    tw__json_put(&b, o, "optimizers", entries);
    return tw__json_take(&b, o, out);
}
