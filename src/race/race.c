/* A race's beginning and end: reading the specs, opening the data, checking everything before anything is computed.
 * SPDX-License-Identifier: MIT */
#include "race/race.h"
#include "base/spec.h"
#include "estimators/estimator.h"
#include "race/store.h"
#include "train/json.h"
#include "train/lists.h"
#include <stdlib.h>
#include <string.h>

/* ---- options ------------------------------------------------------------------------------------------------------------ */

enum { N_TEXTS = 14 };
static void texts_of(tw_race_options *o, const char **texts[N_TEXTS])
{
    const char **all[N_TEXTS] = {&o->data, &o->model, &o->dtype, &o->cache, &o->home, &o->optimizers,
                                 &o->estimator, &o->schedule, &o->exchange, &o->target, &o->out, &o->control, &o->groups, &o->surface};
    memcpy(texts, all, sizeof all);
}

static tw_status copy_options(tw_race *race, const tw_race_options *o, tw_error *err)
{
    const char **texts[N_TEXTS];
    tw_status s = TW_OK;
    race->o = *o;
    texts_of(&race->o, texts);
    for (int i = 0; i < N_TEXTS; i++) {
        char *copy = NULL;
        if (s == TW_OK && *texts[i]) s = tw__copy_text(race->ctx, &copy, *texts[i], err);
        *texts[i] = copy;
    }
    if (!race->o.seeds) race->o.seeds = 1;
    if (!race->o.epochs && !race->o.surface) race->o.epochs = 5;
    if (!race->o.steps && race->o.surface) race->o.steps = 300;
    return s;
}

static tw_status check_seeds(const tw_race_options *o, tw_error *err)
{
    const uint64_t seeds = o->seeds ? o->seeds : 1, last = o->first_seed + (seeds - 1);
    if (seeds > TW__MOST_SEEDS) return tw__fail(err, TW_ERR_SPEC, "seeds = %llu is above %d", (unsigned long long)seeds, TW__MOST_SEEDS);
    if (last < o->first_seed || last > INT64_MAX)
        return tw__fail(err, TW_ERR_SPEC, "seed %llu: the last of %llu seeds is above %lld", (unsigned long long)o->first_seed,
                        (unsigned long long)seeds, (long long)INT64_MAX);
    if (o->tune && last == TW__TUNE_SEED)
        return tw__fail(err, TW_ERR_SPEC, "seed %llu is the one that learning rates are tried with (tune)", (unsigned long long)last);
    return TW_OK;
}

/* What only data has, and what only a surface has. */
static tw_status check_ground(const tw_race_options *o, tw_error *err)
{
    const struct { const char *name; int given; } on_data[] = {
        {"data", o->data != NULL}, {"model", o->model != NULL}, {"limit", o->limit > 0}, {"epochs", o->epochs > 0}, {"batch", o->batch > 0},
        {"accumulate", o->accumulate > 1}, {"estimator", o->estimator != NULL}, {"exchange", o->exchange != NULL}, {"groups", o->groups != NULL},
        {"nonfinite", o->nonfinite != TW_NONFINITE_ERROR}};
    if (!o->optimizers || (!o->surface && (!o->data || !o->model))) return tw__fail(err, TW_ERR_SPEC, "a race needs data, a model and optimizers");
    if (!o->surface && o->steps) return tw__fail(err, TW_ERR_SPEC, "steps has a meaning on a surface only (on data there are epochs)");
    for (size_t i = 0; o->surface && i < sizeof on_data / sizeof on_data[0]; i++)
        if (on_data[i].given) return tw__fail(err, TW_ERR_SPEC, "%s has no meaning on a surface", on_data[i].name);
    if (o->steps > TW__MOST_STEPS) return tw__fail(err, TW_ERR_SPEC, "steps = %llu is above %d", (unsigned long long)o->steps, TW__MOST_STEPS);
    return TW_OK;
}

static tw_status check_options(const tw_race_options *o, tw_error *err)
{
    TW_TRY(check_ground(o, err));
    if (o->dtype && strcmp(o->dtype, "f32") != 0 && strcmp(o->dtype, "f64") != 0)
        return tw__fail(err, TW_ERR_SPEC, "dtype = %.40s is not f32 or f64", o->dtype);
    if (o->tune > TW__MOST_TRIALS) return tw__fail(err, TW_ERR_SPEC, "tune = %llu is above %d", (unsigned long long)o->tune, TW__MOST_TRIALS);
    TW_TRY(tw__json_check_text("the data's name", o->data, err));
    TW_TRY(tw__json_check_text("a group's pattern", o->groups, err));
    return check_seeds(o, err);
}

/* ---- the racers --------------------------------------------------------------------------------------------------------- */

/* An optimiser of one weight reads the spec as a run's will, before any data is there. */
static tw_status canonical_spec(tw_race *race, const char *spec, tw__racer *out, tw_error *err)
{
    static const int64_t shape[] = {1};
    const tw_tensor weight = {.name = "w", .rank = 1, .shape = shape};
    tw_optimizer *opt;
    tw__preset preset;
    tw_estimator_choice estimator;
    TW_TRY(tw__preset_read(&preset, spec, race->o.estimator, NULL, err));
    TW_TRY(tw_estimator_read(&estimator, preset.estimator, err));
    out->is_preset = preset.is_one;
    out->takes_batch = estimator.estimator->takes_batch;
    if (preset.is_one) {
        char text[TW_SPEC_MAX];
        TW_TRY(tw__preset_text(&preset, text, err));
        return tw__copy_text(race->ctx, &out->spec, text, err);
    }
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    o.rule = spec;
    o.tensors = &weight;
    o.n_tensors = 1;
    TW_TRY(tw_optimizer_create(&opt, race->ctx, &o, err));
    tw_status s = tw__copy_text(race->ctx, &out->spec, tw_optimizer_spec(opt), err);
    tw_optimizer_free(opt);
    return s;
}

static int is_method(const char *name) { return tw_rule_find(name) || tw_transform_find(name) || tw_estimator_find(name); }

static tw_status read_racer(tw_race *race, const char *spec, tw__racer *fresh, tw_error *err)
{
    TW_TRY(tw__list_check(spec, "optimizers", is_method, err));
    TW_TRY(canonical_spec(race, spec, fresh, err));
    for (size_t i = 0; i < race->n; i++)
        if (strcmp(race->racers[i].spec, fresh->spec) == 0) return tw__fail(err, TW_ERR_SPEC, "optimizer %.200s is listed twice", fresh->spec);
    if (race->o.tune) TW_TRY(tw__tune_range(race, spec, fresh, err));
    return tw__grow(race->ctx, &race->racers, &race->room, race->n + 1, sizeof *race->racers, err);
}

static tw_status make_runs(tw_race *race, tw__racer *racer, tw_error *err)
{
    TW_TRY(tw__alloc(race->ctx, &racer->runs, race->o.seeds, sizeof *racer->runs, err));
    for (uint64_t k = 0; k < race->o.seeds; k++) racer->runs[k].seed = race->o.first_seed + k;
    if (!race->o.tune) return TW_OK;
    TW_TRY(tw__alloc(race->ctx, &racer->trials, race->o.tune, sizeof *racer->trials, err));
    for (uint64_t k = 0; k < race->o.tune; k++) racer->trials[k] = (tw__trial){.lr = tw__tune_rate(racer, k), .run.seed = TW__TUNE_SEED};
    return TW_OK;
}

static tw_status add_racer(tw_race *race, tw__text word, tw_error *err)
{
    char *spec;
    tw__racer fresh = {.spec = NULL};
    TW_TRY(tw__alloc(race->ctx, &spec, word.n + 1, 1, err));
    memcpy(spec, word.at, word.n);
    tw_status s = read_racer(race, spec, &fresh, err);
    tw__free(race->ctx, spec, word.n + 1, 1);
    if (s != TW_OK) {
        tw__free_text(race->ctx, fresh.spec);
        return s;
    }
    race->racers[race->n] = fresh;
    return make_runs(race, &race->racers[race->n++], err);
}

static tw_status read_racers(tw_race *race, tw_error *err)
{
    static const char blanks[] = " \t\r\n";
    for (const char *p = race->o.optimizers + strspn(race->o.optimizers, blanks); *p; p += strspn(p, blanks)) {
        tw__text word = {p, strcspn(p, blanks)};
        TW_TRY(add_racer(race, word, err));
        p += word.n;
    }
    if (race->n == 0) return tw__fail(err, TW_ERR_SPEC, "no optimizers (give them separated by blanks: \"sgd momentum adam:lr=3e-4\")");
    int takes_batch = 0;
    for (size_t i = 0; i < race->n; i++) takes_batch |= race->racers[i].takes_batch || !race->racers[i].is_preset;
    if (!takes_batch && (race->o.batch || race->o.accumulate > 1))
        return tw__fail(err, TW_ERR_SPEC, "%s has no meaning: no optimizer of this race takes one", race->o.batch ? "batch" : "accumulate");
    TW_TRY(tw__race_colours(race, err));
    return tw__alloc(race->ctx, &race->order, race->n, sizeof *race->order, err);
}

/* A race on a surface keeps every point of every path. */
static tw_status check_size(const tw_race *race, tw_error *err)
{
    const uint64_t runs = tw__race_places(race), points = runs * (race->o.steps + 1);
    if (!race->o.surface || points <= TW__MOST_POINTS) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%llu runs of %llu steps are %llu points, above the %d that a race can keep (fewer seeds, steps or optimizers)",
                    (unsigned long long)runs, (unsigned long long)race->o.steps, (unsigned long long)points, TW__MOST_POINTS);
}

/* ---- data and model ----------------------------------------------------------------------------------------------------- */

static uint64_t rows_of(const tw_data *data)
{
    tw_data_info info = {.size = sizeof info};
    return data && tw_data_info_get(data, &info, NULL) == TW_OK ? info.rows : 0;
}

static tw_status open_data(tw_race *race, tw_error *err)
{
    tw_data_options d = TW_DATA_OPTIONS_INIT;
    d.val = race->o.val;
    d.limit = race->o.limit;
    d.cache = race->o.cache;
    d.home = race->o.home;
    TW_TRY(tw_data_open(race->ctx, race->o.data, &d, &race->train, &race->val, &race->test, err));
    race->n_train = rows_of(race->train);
    race->n_val = rows_of(race->val);
    race->n_test = rows_of(race->test);
    race->fingerprint = tw__json_fingerprint(race->train, race->val, race->test);
    if (!race->fingerprint) return tw__json_no_memory(err);
    if (race->train) return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "%.300s holds no training data (a folder with the four IDX files does)", race->o.data);
}

/* A common batch is not for racers whose own estimator takes none. */
tw_run_options tw__race_run_options(const tw_race *race, const tw__racer *racer, const char *spec, uint64_t seed)
{
    tw_run_options r = TW_RUN_OPTIONS_INIT;
    r.optimizer = spec;
    r.estimator = race->o.estimator;
    r.schedule = race->o.schedule;
    r.exchange = race->o.exchange;
    r.seed = seed;
    r.epochs = race->surface ? race->o.steps : race->o.epochs;
    int takes_batch = racer->takes_batch || !racer->is_preset;
    r.batch = takes_batch ? race->o.batch : 0;
    r.accumulate = takes_batch ? race->o.accumulate : 0;
    r.target = race->surface ? NULL : race->o.target;
    r.control = race->o.control;
    r.groups = race->o.groups;
    r.nonfinite = race->o.nonfinite;
    return r;
}

/* Makes every racer's run once, so that a schedule that does not fit the last of them is found before the first starts. */
static tw_status rehearse_on(tw_race *race, tw__track *track, tw_error *err)
{
    for (size_t i = 0; i < race->n; i++) {
        tw_run *run;
        tw__racer *racer = &race->racers[i];
        tw_run_options r = tw__race_run_options(race, racer, racer->spec, race->o.first_seed);
        TW_TRY(tw_run_create(&run, race->ctx, &track->train, race->val ? &track->val : NULL, track->w, &r, err));
        tw_status s = i ? TW_OK : tw__copy_text(race->ctx, &race->schedule, tw_optimizer_schedule(tw_run_optimizer(run)), err);
        if (s == TW_OK && !i && tw_run_control(run)) s = tw__copy_text(race->ctx, &race->control, tw_run_control(run), err);
        racer->batch = tw_run_rows(run);
        racer->steps_per_epoch = tw_run_steps_per_epoch(run);
        tw_run_free(run);
        if (s != TW_OK) return s;
    }
    const tw__racer *common = race->racers;
    while (common < race->racers + race->n && common->is_preset) common++;
    if (common == race->racers + race->n) common = race->racers;
    race->batch = common->batch;
    race->steps_per_epoch = common->steps_per_epoch;
    if (race->o.batch > track->train.n_rows)
        tw__log(race->ctx, TW_LOG_WARNING, "batch = %llu is above the %llu rows: every update uses all of them", (unsigned long long)race->o.batch,
                (unsigned long long)track->train.n_rows);
    race->weights = race->surface ? 2 : tw_model_size(track->model);
    return race->surface ? TW_OK : tw__copy_text(race->ctx, &race->network, tw_model_network(track->model), err);
}

static tw_status rehearse(tw_race *race, tw_error *err)
{
    tw__track track;
    if (!race->surface) TW_TRY(open_data(race, err));
    TW_TRY(tw__track_open(&track, race, race->o.first_seed, err));
    tw_status s = rehearse_on(race, &track, err);
    tw__track_close(&track);
    return s;
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static tw_status prepare(tw_race *race, const tw_race_options *o, int with_data, tw_error *err)
{
    tw_estimator_choice estimator;
    TW_TRY(copy_options(race, o, err));
    TW_TRY(tw_estimator_read(&estimator, race->o.estimator ? race->o.estimator : "minibatch", err));
    TW_TRY(tw__copy_text(race->ctx, &race->estimator, estimator.spec, err));
    TW_TRY(read_racers(race, err));
    TW_TRY(check_size(race, err));
    if (race->o.surface) TW_TRY(tw__surface_open(race, err));
    return with_data ? rehearse(race, err) : TW_OK;
}

tw_status tw__race_prepare(tw_race **out, tw_context *ctx, const tw_race_options *o, int with_data, tw_error *err)
{
    tw_race *race;
    *out = NULL;
    TW_TRY(check_options(o, err));
    TW_TRY(tw__alloc(ctx, &race, 1, sizeof *race, err));
    race->ctx = ctx;
    tw_status s = prepare(race, o, with_data, err);
    if (s == TW_OK) *out = race;
    else tw_race_free(race);
    return s;
}

tw_status tw_race_create(tw_race **out, tw_context *ctx, const tw_race_options *options, tw_error *err)
{
    tw_race_options o;
    *out = NULL;
    TW_TRY(tw__sized_read(&o, sizeof o, options, "tw_race_options", err));
    TW_TRY(tw__race_prepare(out, ctx, &o, 1, err));
    tw_status s = (*out)->o.out ? tw__race_keep(*out, err) : TW_OK;
    if (s == TW_OK) return TW_OK;
    tw_race_free(*out);
    *out = NULL;
    return s;
}

void tw__run_clear(tw_context *ctx, tw__race_run *run)
{
    tw__free(ctx, run->epochs, run->n_epochs, sizeof *run->epochs);
    tw__free(ctx, run->trace, run->trace_room, sizeof *run->trace);
    tw__free(ctx, run->way.x, run->way.n, sizeof *run->way.x);
    tw__free(ctx, run->way.y, run->way.n, sizeof *run->way.y);
    tw__free(ctx, run->way.value, run->way.n, sizeof *run->way.value);
    *run = (tw__race_run){.seed = run->seed};
}

static void free_racer(tw_race *race, tw__racer *racer)
{
    tw_context *ctx = race->ctx;
    for (uint64_t k = 0; racer->runs && k < race->o.seeds; k++) tw__run_clear(ctx, &racer->runs[k]);
    for (uint64_t k = 0; racer->trials && k < race->o.tune; k++) tw__run_clear(ctx, &racer->trials[k].run);
    tw__free(ctx, racer->runs, race->o.seeds, sizeof *racer->runs);
    tw__free(ctx, racer->trials, race->o.tune, sizeof *racer->trials);
    tw__free_text(ctx, racer->spec);
    tw__free_text(ctx, racer->tuned);
}

void tw_race_free(tw_race *race)
{
    if (!race) return;
    tw_context *ctx = race->ctx;
    const char **texts[N_TEXTS];
    tw__store_close(race->store);
    for (size_t i = 0; i < race->n; i++) free_racer(race, &race->racers[i]);
    tw__free(ctx, race->racers, race->room, sizeof *race->racers);
    tw__free(ctx, race->order, race->n, sizeof *race->order);
    tw_data_free(race->train);
    tw_data_free(race->val);
    tw_data_free(race->test);
    tw_surface_free(race->surface);
    tw__free_text(ctx, race->network);
    tw__free_text(ctx, race->schedule);
    tw__free_text(ctx, race->control);
    tw__free_text(ctx, race->estimator);
    tw__free_text(ctx, race->table);
    json_decref(race->fingerprint);
    json_decref(race->json);
    free(race->text);
    texts_of(&race->o, texts);
    for (int i = 0; i < N_TEXTS; i++) tw__free_text(ctx, (char *)*texts[i]);
    tw__free(ctx, race, 1, sizeof *race);
}

const char *tw_race_json(const tw_race *race) { return race->text; }
const char *tw_race_table(const tw_race *race) { return race->table; }
