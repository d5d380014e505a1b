/* A race's beginning and end: reading the specs, opening the data, checking everything before anything is computed, the folder.
 * SPDX-License-Identifier: MIT */
#include "race/race.h"
#include "base/io.h"
#include "base/spec.h"
#include "estimators/estimator.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SEEDS = 10000 };

/* ---- options ------------------------------------------------------------------------------------------------------------ */

enum { N_TEXTS = 13 };
static void texts_of(tw_race_options *o, const char **texts[N_TEXTS])
{
    const char **all[N_TEXTS] = {&o->data, &o->model, &o->dtype, &o->cache, &o->home, &o->optimizers,
                                 &o->estimator, &o->schedule, &o->exchange, &o->target, &o->out, &o->control, &o->groups};
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
    if (!race->o.epochs) race->o.epochs = 5;
    return s;
}

static tw_status check_options(const tw_race_options *o, tw_error *err)
{
    if (o->size != sizeof *o) return tw__fail(err, TW_ERR_SPEC, "tw_race_options.size = %zu is not %zu", o->size, sizeof *o);
    if (!o->data || !o->model || !o->optimizers) return tw__fail(err, TW_ERR_SPEC, "a race needs data, a model and optimizers");
    if (o->dtype && strcmp(o->dtype, "f32") != 0 && strcmp(o->dtype, "f64") != 0)
        return tw__fail(err, TW_ERR_SPEC, "dtype = %.40s is not f32 or f64", o->dtype);
    if (o->seeds > MOST_SEEDS) return tw__fail(err, TW_ERR_SPEC, "seeds = %llu is above %d", (unsigned long long)o->seeds, MOST_SEEDS);
    return TW_OK;
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

static tw_status add_racer(tw_race *race, tw__text word, tw_error *err)
{
    char *spec;
    tw__racer fresh = {.spec = NULL};
    TW_TRY(tw__alloc(race->ctx, &spec, word.n + 1, 1, err));
    memcpy(spec, word.at, word.n);
    tw_status s = canonical_spec(race, spec, &fresh, err);
    tw__free(race->ctx, spec, word.n + 1, 1);
    if (s != TW_OK) return s;
    for (size_t i = 0; s == TW_OK && i < race->n; i++)
        if (strcmp(race->racers[i].spec, fresh.spec) == 0) s = tw__fail(err, TW_ERR_SPEC, "optimizer %.200s is listed twice", fresh.spec);
    if (s == TW_OK) s = tw__grow(race->ctx, &race->racers, &race->room, race->n + 1, sizeof *race->racers, err);
    if (s != TW_OK) {
        tw__free_text(race->ctx, fresh.spec);
        return s;
    }
    tw__racer *racer = &race->racers[race->n++];
    *racer = fresh;
    TW_TRY(tw__alloc(race->ctx, &racer->runs, race->o.seeds, sizeof *racer->runs, err));
    for (uint64_t k = 0; k < race->o.seeds; k++) racer->runs[k].seed = race->o.first_seed + k;
    return TW_OK;
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
    tw__race_colours(race);
    return tw__alloc(race->ctx, &race->order, race->n, sizeof *race->order, err);
}

/* ---- data and model ----------------------------------------------------------------------------------------------------- */

static tw_status open_data(tw_race *race, tw_error *err)
{
    tw_data_options d = TW_DATA_OPTIONS_INIT;
    d.val = race->o.val;
    d.limit = race->o.limit;
    d.cache = race->o.cache;
    d.home = race->o.home;
    TW_TRY(tw_data_open(race->ctx, race->o.data, &d, &race->train, &race->val, &race->test, err));
    tw_data *parts[] = {race->train, race->val, race->test};
    uint64_t *rows[] = {&race->n_train, &race->n_val, &race->n_test};
    for (int i = 0; i < 3; i++) {
        tw_data_info info = {.size = sizeof info};
        if (parts[i] && tw_data_info_get(parts[i], &info, NULL) == TW_OK) *rows[i] = info.rows;
    }
    if (race->train) return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "%.300s holds no training data (a folder with the four IDX files does)", race->o.data);
}

tw_status tw__track_open(tw__track *to, tw_race *race, uint64_t seed, tw_error *err)
{
    *to = (tw__track){0};
    tw_type type = race->o.dtype && strcmp(race->o.dtype, "f64") == 0 ? TW_F64 : TW_F32;
    tw_status s = tw_model_create(&to->model, race->ctx, race->o.model, type, race->train, seed, err);
    if (s == TW_OK) s = tw_model_objective(to->model, race->train, &to->train, err);
    if (s == TW_OK && race->val) s = tw_model_objective(to->model, race->val, &to->val, err);
    if (s == TW_OK && race->test) s = tw_model_objective(to->model, race->test, &to->test, err);
    if (s != TW_OK) tw__track_close(to);
    return s;
}

void tw__track_close(tw__track *track)
{
    tw_model_objective_free(&track->train);
    tw_model_objective_free(&track->val);
    tw_model_objective_free(&track->test);
    tw_model_free(track->model);
    *track = (tw__track){0};
}

/* A common batch is not for racers whose own estimator takes none. */
tw_run_options tw__race_run_options(const tw_race *race, const tw__racer *racer, uint64_t seed)
{
    tw_run_options r = TW_RUN_OPTIONS_INIT;
    r.optimizer = racer->spec;
    r.estimator = race->o.estimator;
    r.schedule = race->o.schedule;
    r.exchange = race->o.exchange;
    r.seed = seed;
    r.epochs = race->o.epochs;
    int takes_batch = racer->takes_batch || !racer->is_preset;
    r.batch = takes_batch ? race->o.batch : 0;
    r.accumulate = takes_batch ? race->o.accumulate : 0;
    r.target = race->o.target;
    r.control = race->o.control;
    r.groups = race->o.groups;
    r.nonfinite = race->o.nonfinite;
    return r;
}

/* Makes every racer's run once, so that a schedule that does not fit the last of them is found before the first starts. */
static tw_status rehearse(tw_race *race, tw__track *track, tw_error *err)
{
    for (size_t i = 0; i < race->n; i++) {
        tw_run *run;
        tw__racer *racer = &race->racers[i];
        tw_run_options r = tw__race_run_options(race, racer, race->o.first_seed);
        TW_TRY(tw_run_create(&run, race->ctx, &track->train, race->val ? &track->val : NULL, tw_model_weights(track->model), &r, err));
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
    race->weights = tw_model_size(track->model);
    return tw__copy_text(race->ctx, &race->network, tw_model_network(track->model), err);
}

/* ---- folder ------------------------------------------------------------------------------------------------------------- */

static tw_status claim(tw_race *race, tw_error *err)
{
    char path[TW__PATH];
    int kind;
    TW_TRY(tw__path_in(race->o.out, "race.json", path, err));
    TW_TRY(tw__path_kind(race->ctx, path, &kind, err));
    if (kind != TW_PATH_NONE && !race->o.force)
        return tw__fail(err, TW_ERR_SPEC, "%.300s holds a race already (give another --out, or --force to replace it)", race->o.out);
    TW_TRY(tw__path_kind(race->ctx, race->o.out, &kind, err));
    if (kind != TW_PATH_NONE && kind != TW_PATH_FOLDER) return tw__fail(err, TW_ERR_SYSTEM, "cannot make the folder %.300s: a file has this name", race->o.out);
    race->made_folder = kind == TW_PATH_NONE;
    TW_TRY(tw__path_in(race->o.out, "", path, err));       /* "out/": out itself is above it */
    return tw__make_parents(race->ctx, path, err);
}

static tw_status write_text(tw_race *race, const char *file, const char *text, tw_error *err)
{
    char path[TW__PATH];
    TW_TRY(tw__path_in(race->o.out, file, path, err));
    return tw__write_text(race->ctx, path, text, err);
}

/* race.json comes last: where it is, the rest is. */
tw_status tw__race_write(tw_race *race, tw_error *err)
{
    char *page;
    TW_TRY(tw__race_report(race, &page, err));
    tw_status s = write_text(race, "report.html", page, err);
    tw__free_text(race->ctx, page);
    if (s == TW_OK) s = write_text(race, "race.json", race->text, err);
    race->written = s == TW_OK;
    return s;
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static tw_status prepare(tw_race *race, const tw_race_options *o, tw_error *err)
{
    tw__track track;
    tw_estimator_choice estimator;
    TW_TRY(copy_options(race, o, err));
    TW_TRY(tw_estimator_read(&estimator, race->o.estimator ? race->o.estimator : "minibatch", err));
    TW_TRY(tw__copy_text(race->ctx, &race->estimator, estimator.spec, err));
    TW_TRY(read_racers(race, err));
    TW_TRY(open_data(race, err));
    TW_TRY(tw__track_open(&track, race, race->o.first_seed, err));
    tw_status s = rehearse(race, &track, err);
    tw__track_close(&track);
    return s == TW_OK && race->o.out ? claim(race, err) : s;
}

tw_status tw_race_create(tw_race **out, tw_context *ctx, const tw_race_options *o, tw_error *err)
{
    tw_race *race;
    *out = NULL;
    TW_TRY(check_options(o, err));
    TW_TRY(tw__alloc(ctx, &race, 1, sizeof *race, err));
    race->ctx = ctx;
    tw_status s = prepare(race, o, err);
    if (s == TW_OK) *out = race;
    else tw_race_free(race);
    return s;
}

static void free_racer(tw_race *race, tw__racer *racer)
{
    tw_context *ctx = race->ctx;
    for (uint64_t k = 0; racer->runs && k < race->o.seeds; k++) {
        tw__race_run *run = &racer->runs[k];
        tw__free(ctx, run->epochs, run->n_epochs, sizeof *run->epochs);
        tw__free(ctx, run->trace, run->trace_room, sizeof *run->trace);
    }
    tw__free(ctx, racer->runs, race->o.seeds, sizeof *racer->runs);
    tw__free_text(ctx, racer->spec);
}

void tw_race_free(tw_race *race)
{
    if (!race) return;
    tw_context *ctx = race->ctx;
    const char **texts[N_TEXTS];
    if (race->made_folder && !race->written) ctx->io.remove(ctx->io.user, race->o.out);     /* only if nothing is in it */
    for (size_t i = 0; i < race->n; i++) free_racer(race, &race->racers[i]);
    tw__free(ctx, race->racers, race->room, sizeof *race->racers);
    tw__free(ctx, race->order, race->n, sizeof *race->order);
    tw_data_free(race->train);
    tw_data_free(race->val);
    tw_data_free(race->test);
    tw__free_text(ctx, race->network);
    tw__free_text(ctx, race->schedule);
    tw__free_text(ctx, race->control);
    tw__free_text(ctx, race->estimator);
    tw__free_text(ctx, race->table);
    json_decref(race->json);
    free(race->text);
    texts_of(&race->o, texts);
    for (int i = 0; i < N_TEXTS; i++) tw__free_text(ctx, (char *)*texts[i]);
    tw__free(ctx, race, 1, sizeof *race);
}

const char *tw_race_json(const tw_race *race) { return race->text; }
const char *tw_race_table(const tw_race *race) { return race->table; }
