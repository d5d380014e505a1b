/* Preparing a race: reading the specs, opening the data, checking everything before anything is computed.
 * SPDX-License-Identifier: MIT */
#include "race/run.h"
#include "base/spec.h"
#include "data/data.h"
#include "estimators/estimator.h"
#include "race/colours.h"
#include "train/job.h"
#include "train/json.h"
#include "train/lists.h"
#include "train/options.h"
#include "train/target.h"
#include <stdio.h>
#include <string.h>

/* ---- the entries --------------------------------------------------------------------------------------- */

static int names_solver(const char *spec)
{
    char name[TW_SPEC_MAX];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(spec, ":@+"), spec);
    return tw_solver_find(name) != NULL;
}

static tw_status read_solver(tw_race *race, const char *spec, tw__entry *out, tw_error *err)
{
    tw_solver_choice choice;
    TW_TRY(tw_solver_read(&choice, spec, err));
    out->is_solver = out->is_preset = 1;
    return tw__copy_text(race->ctx, &out->spec, choice.spec, err);
}

/* An optimiser of one weight reads the spec as a run's will, before any data is there. */
static tw_status canonical_optimizer(tw_race *race, const char *spec, tw__entry *out, tw_error *err)
{
    static const int64_t shape[] = {1};
    const tw_tensor weight = {.name = "w", .rank = 1, .shape = shape};
    tw_optimizer *opt;
    tw__preset preset;
    tw_estimator_choice estimator;
    if (names_solver(spec)) return read_solver(race, spec, out, err);
    TW_TRY(tw__preset_read(&preset, spec, race->o.job.run.estimator, NULL, err));
    TW_TRY(tw_estimator_read(&estimator, preset.estimator, err));
    out->is_preset = preset.is_one;
    out->takes_batch = estimator.estimator->takes_batch;
    if (preset.is_one) {
        char text[TW_SPEC_MAX];
        TW_TRY(tw__preset_text(&preset, text, err));
        return tw__copy_text(race->ctx, &out->spec, text, err);
    }
    if (tw__preset_lr_word(spec)) return tw__copy_text(race->ctx, &out->spec, spec, err);
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    o.rule = spec;
    o.tensors = &weight;
    o.n_tensors = 1;
    TW_TRY(tw_optimizer_create(&opt, race->ctx, &o, err));
    tw_status s = tw__copy_text(race->ctx, &out->spec, tw_optimizer_spec(opt), err);
    tw_optimizer_free(opt);
    return s;
}

/* With the exchange that the spec names, if it does. */
static tw_status canonical_spec(tw_race *race, const char *spec, tw__entry *out, tw_error *err)
{
    tw__method parts;
    tw_exchange_choice exchange;
    char whole[TW_SPEC_MAX];
    TW_TRY(tw__method_read(&parts, spec, err));
    TW_TRY(canonical_optimizer(race, parts.optimizer, out, err));
    if (!parts.exchange) return TW_OK;
    if (out->is_solver)
        return tw__fail(err, TW_ERR_SPEC, "%.200s: a solver has one process and no exchange", spec);
    TW_TRY(tw_exchange_read(&exchange, parts.exchange, err));
    parts.exchange = exchange.spec;
    snprintf(parts.optimizer, sizeof parts.optimizer, "%s", out->spec);
    if (!tw__method_write(&parts, whole))
        return tw__fail(err, TW_ERR_SPEC, "optimizer \"%.60s\" is too long", spec);
    tw__free_text(race->ctx, out->spec);
    return tw__copy_text(race->ctx, &out->spec, whole, err);
}

static int is_method(const char *name)
{
    return tw_rule_find(name) || tw_transform_find(name) || tw_estimator_find(name) || tw_solver_find(name);
}

static tw_status read_entry(tw_race *race, const char *spec, tw__entry *fresh, tw_error *err)
{
    TW_TRY(tw__list_check(spec, "optimizers", is_method, err));
    TW_TRY(canonical_spec(race, spec, fresh, err));
    for (size_t i = 0; i < race->n; i++)
        if (strcmp(race->entries[i].spec, fresh->spec) == 0)
            return tw__fail(err, TW_ERR_SPEC, "optimizer %.200s is listed twice", fresh->spec);
    if (race->o.tune) TW_TRY(tw__tune_range(race, spec, fresh, err));
    return tw__grow(race->ctx, &race->entries, &race->capacity, race->n + 1, sizeof *race->entries, err);
}

static tw_status make_runs(tw_race *race, tw__entry *entry, tw_error *err)
{
    if (race->n > TW__MOST_ENTRIES || tw__race_tasks(race) > TW__MOST_RUNS)
        return tw__fail(
            err, TW_ERR_SPEC,
            "%zu optimizers and %llu runs are more than the %d and %d of a race (fewer optimizers or seeds)",
            race->n, (unsigned long long)tw__race_tasks(race), TW__MOST_ENTRIES, TW__MOST_RUNS);
    TW_TRY(tw__alloc(race->ctx, &entry->runs, race->o.seeds, sizeof *entry->runs, err));
    for (uint64_t k = 0; k < race->o.seeds; k++) entry->runs[k].seed = race->o.job.run.seed + k;
    if (!race->o.tune) return TW_OK;
    TW_TRY(tw__alloc(race->ctx, &entry->trials, race->o.tune, sizeof *entry->trials, err));
    for (uint64_t k = 0; k < race->o.tune; k++)
        entry->trials[k] = (tw__trial){.lr = tw__tune_rate(entry, k), .run.seed = TW__TUNE_SEED};
    return TW_OK;
}

static tw_status add_entry(tw_race *race, tw__text word, tw_error *err)
{
    char *spec;
    tw__entry fresh = {.spec = NULL};
    TW_TRY(tw__alloc(race->ctx, &spec, word.n + 1, 1, err));
    memcpy(spec, word.at, word.n);
    tw_status s = read_entry(race, spec, &fresh, err);
    tw__free(race->ctx, spec, word.n + 1, 1);
    if (s != TW_OK) {
        tw__free_text(race->ctx, fresh.spec);
        return s;
    }
    race->entries[race->n++] = fresh;
    return make_runs(race, &race->entries[race->n - 1], err);
}

static tw_status choose_colours(tw_race *race, tw_error *err)
{
    tw__look *looks;
    TW_TRY(tw__alloc(race->ctx, &looks, race->n, sizeof *looks, err));
    for (size_t i = 0; i < race->n; i++) looks[i].spec = race->entries[i].spec;
    tw__choose_colours(looks, race->n);
    for (size_t i = 0; i < race->n; i++) race->entries[i].colour = looks[i].colour;
    tw__free(race->ctx, looks, race->n, sizeof *looks);
    return TW_OK;
}

/* What solvers take the place of needs another entry that has it. */
static tw_status check_solvers(const tw_race *race, tw_error *err)
{
    if (race->o.job.augment && tw__race_has_solver(race))
        return tw__fail(err, TW_ERR_SPEC,
                        "augment cannot be used with a solver, which looks at all rows as they are");
    for (size_t i = 0; i < race->n; i++)
        if (!race->entries[i].is_solver) return TW_OK;
    const char *odd = tw__fields_set(tw_race_fields, &race->o, TW_FIELD_NO_SOLVER, TW_FIELD_NO_SOLVER);
    return odd ? tw__fail(err, TW_ERR_SPEC, "%s has no effect: all optimizers of this race are solvers", odd)
               : TW_OK;
}

static tw_status read_entries(tw_race *race, tw_error *err)
{
    static const char spaces[] = " \t\r\n";
    for (const char *p = race->o.optimizers + strspn(race->o.optimizers, spaces); *p;
         p += strspn(p, spaces)) {
        tw__text word = {p, strcspn(p, spaces)};
        TW_TRY(add_entry(race, word, err));
        p += word.n;
    }
    if (race->n == 0)
        return tw__fail(err, TW_ERR_SPEC,
                        "no optimizers (give them separated by spaces: \"sgd momentum adam:lr=3e-4\")");
    int takes_batch = 0;
    for (size_t i = 0; i < race->n; i++)
        takes_batch |= race->entries[i].takes_batch || !race->entries[i].is_preset;
    if (!takes_batch && (race->o.job.run.batch || race->o.job.run.accumulate > 1))
        return tw__fail(err, TW_ERR_SPEC, "%s has no effect: no optimizer of this race takes one",
                        race->o.job.run.batch ? "batch" : "accumulate");
    TW_TRY(check_solvers(race, err));
    TW_TRY(choose_colours(race, err));
    return tw__alloc(race->ctx, &race->order, race->n, sizeof *race->order, err);
}

/* A race on a surface keeps every point of every path. */
static tw_status check_size(const tw_race *race, tw_error *err)
{
    const uint64_t runs = tw__race_tasks(race), points = runs * (race->o.steps + 1);
    if (!race->o.surface || points <= TW__MOST_POINTS) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "%llu runs of %llu steps are %llu points, above the %d that a race can keep (fewer seeds, steps or optimizers)",
        (unsigned long long)runs, (unsigned long long)race->o.steps, (unsigned long long)points,
        TW__MOST_POINTS);
}

/* ---- data and model ------------------------------------------------------------------------------------ */

static tw_status cut(tw_race *race, uint64_t seed, uint32_t **folds, tw_error *err)
{
    TW_TRY(tw__alloc(race->ctx, folds, race->n_train, sizeof **folds, err));
    return tw_data_folds(race->ctx, race->train, race->o.job.cv, seed, *folds, err);
}

/* The same for all entries; over all runs of one, every row is validated once. */
static tw_status make_folds(tw_race *race, tw_error *err)
{
    race->n_val = race->n_train;
    if (race->o.tune) TW_TRY(cut(race, TW__TUNE_SEED, &race->tune_folds, err));
    return cut(race, race->o.job.run.seed, &race->folds, err);
}

static tw_status open_data(tw_race *race, tw_error *err)
{
    TW_TRY(tw__job_open_data(race->ctx, &race->o.job, NULL, race->resumed, &race->train, &race->val,
                             &race->test, err));
    race->n_train = tw__data_rows(race->train);
    race->n_val = tw__data_rows(race->val);
    race->n_test = tw__data_rows(race->test);
    TW_TRY(tw__json_fingerprint(race->train, race->val, race->test, NULL, &race->fingerprint, err));
    if (race->train && race->o.job.cv) return make_folds(race, err);
    if (race->train) return TW_OK;
    return tw__fail(err, TW_ERR_DATA,
                    "%.300s holds no training data: its rows are test rows, or have no labels",
                    race->o.job.data);
}

/* Makes every entry's run once, so that a schedule that does not fit the last of them is found before the
 * first starts. */
static tw_status dry_run_on(tw_race *race, tw__problem *problem, tw_error *err)
{
    uint64_t longest = 0;
    for (size_t i = 0; i < race->n; i++) {
        tw_run *run;
        tw__method parts;
        tw__entry *entry = &race->entries[i];
        tw_run_options r = tw__race_run_options(race, entry, entry->spec, race->o.job.run.seed, &parts);
        TW_TRY(
            tw_run_create(&run, race->ctx, &problem->train, tw__problem_check(problem), problem->w, &r, err));
        const int is_first = !entry->is_solver && !race->schedule;
        tw_status s = TW_OK;
        if (is_first)
            s = tw__copy_text(race->ctx, &race->schedule, tw_optimizer_schedule(tw_run_optimizer(run)), err);
        if (s == TW_OK && is_first && tw_run_control(run))
            s = tw__copy_text(race->ctx, &race->control, tw_run_control(run), err);
        entry->batch = entry->is_solver ? problem->train.n_rows : tw_run_rows(run);
        entry->steps_per_epoch = tw_run_steps_per_epoch(run);
        if (tw__run_updates(run) > longest) longest = tw__run_updates(run);
        tw_run_free(run);
        if (s != TW_OK) return s;
    }
    if (!race->schedule) TW_TRY(tw__copy_text(race->ctx, &race->schedule, "constant", err));
    const tw__entry *common = race->entries;
    while (common < race->entries + race->n && common->is_preset) common++;
    if (common == race->entries + race->n) common = race->entries;
    race->batch = common->batch;
    race->steps_per_epoch = common->steps_per_epoch;
    TW_TRY(tw__check_eval_every(race->o.job.run.eval_every, longest, err));
    if (race->o.job.run.batch > problem->train.n_rows)
        tw__log(race->ctx, TW_LOG_WARNING,
                "batch = %llu is above the %llu rows: every update uses all of them",
                (unsigned long long)race->o.job.run.batch, (unsigned long long)problem->train.n_rows);
    race->weights = race->surface ? 2 : tw_model_size(problem->model);
    return race->surface ? TW_OK
                         : tw__copy_text(race->ctx, &race->network, tw_model_network(problem->model), err);
}

static tw_status dry_run(tw_race *race, tw_error *err)
{
    tw__problem problem;
    if (!race->surface) TW_TRY(open_data(race, err));
    if (!race->surface) TW_TRY(tw__target_check_model(race->o.job.run.target, err));
    TW_TRY(tw__problem_open(&problem, race, race->o.job.run.seed, err));
    tw_status s = dry_run_on(race, &problem, err);
    tw__problem_close(&problem);
    return s;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static tw_status prepare(tw_race *race, const tw_race_options *o, int with_data, tw_error *err)
{
    tw_estimator_choice estimator;
    TW_TRY(tw__race_copy_options(race, o, err));
    TW_TRY(tw_estimator_read(&estimator, race->o.job.run.estimator ? race->o.job.run.estimator : "minibatch",
                             err));
    TW_TRY(tw__copy_text(race->ctx, &race->estimator, estimator.spec, err));
    TW_TRY(read_entries(race, err));
    TW_TRY(check_size(race, err));
    if (race->o.surface) TW_TRY(tw__surface_open(race, err));
    return with_data ? dry_run(race, err) : TW_OK;
}

tw_status tw__race_prepare(tw_race **out, tw_context *ctx, const tw_race_options *o, enum tw__data_use use,
                           tw_error *err)
{
    tw_race *race;
    *out = NULL;
    TW_TRY(tw__race_check_options(o, err));
    TW_TRY(tw__alloc(ctx, &race, 1, sizeof *race, err));
    race->ctx = ctx;
    race->resumed = use == TW__DATA_AGAIN;
    tw_status s = prepare(race, o, use != TW__NO_DATA, err);
    if (s == TW_OK) *out = race;
    else tw_race_free(race);
    return s;
}
