/* What a race's runs minimise: a model bound to the data, or a surface.
 * SPDX-License-Identifier: MIT */
#include "base/options.h"
#include "data/data.h"
#include "estimators/estimator.h"
#include "race/run.h"
#include "train/augmented.h"
#include <math.h>
#include <string.h>

/* The rows of the fold that a run with this seed validates, and all others. */
static tw_status take_fold(tw__problem *to, tw_race *race, uint64_t seed, tw_error *err)
{
    const int is_trial = seed == TW__TUNE_SEED;
    const uint32_t *folds = is_trial ? race->tune_folds : race->folds;
    const uint64_t fold = is_trial ? 0 : seed - race->o.job.run.seed;
    if (!folds) return TW_OK;
    TW_TRY(tw__data_take_fold(race->ctx, race->train, folds, fold, 0, &to->rows, err));
    return tw__data_take_fold(race->ctx, race->train, folds, fold, 1, &to->fold, err);
}

/* The model on its training rows, which augment changes at random. */
static tw_status bind_train(tw__problem *to, tw_race *race, const tw_data *train, tw_error *err)
{
    const tw_job_options *const o = &race->o.job;
    TW_TRY(tw_model_objective(to->model, train, &to->plain, err));
    to->train = to->plain;
    if (!o->augment) return TW_OK;
    return tw__augmented_create(&to->augmented, race->ctx, o->augment, &to->plain,
                                tw__rows_of_update(&o->run), &to->train, err);
}

static tw_status open_model(tw__problem *to, tw_race *race, uint64_t seed, tw_error *err)
{
    tw_status s = take_fold(to, race, seed, err);
    const tw_data *train = to->rows ? to->rows : race->train, *val = to->fold ? to->fold : race->val;
    if (s == TW_OK)
        s = tw_model_create(&to->model, race->ctx, race->o.job.model, tw__race_type(race), train, seed, err);
    if (s == TW_OK) s = bind_train(to, race, train, err);
    if (s == TW_OK && val) s = tw_model_objective(to->model, val, &to->val, err);
    if (s == TW_OK && race->test) s = tw_model_objective(to->model, race->test, &to->test, err);
    if (s == TW_OK) to->w = tw_model_weights(to->model);
    else tw__problem_close(to);
    return s;
}

tw_status tw__problem_open(tw__problem *to, tw_race *race, uint64_t seed, tw_error *err)
{
    *to = (tw__problem){.plain = TW_OBJECTIVE_INIT,
                        .train = TW_OBJECTIVE_INIT,
                        .val = TW_OBJECTIVE_INIT,
                        .test = TW_OBJECTIVE_INIT,
                        .w = to->point};
    if (!race->surface) return open_model(to, race, seed, err);
    tw_surface_start(race->surface, to->point);
    if (tw__race_type(race) == TW_F32)
        memcpy(to->point, (float[]){(float)to->point[0], (float)to->point[1]}, 2 * sizeof(float));
    return tw_surface_objective(race->surface, 1, &to->train, err);
}

const tw_objective *tw__problem_check(const tw__problem *problem)
{
    return problem->val.eval ? &problem->val : NULL;
}

void tw__problem_close(tw__problem *problem)
{
    if (problem->model) {
        tw__augmented_free(problem->augmented);
        tw_model_objective_free(&problem->plain);
        tw_model_objective_free(&problem->val);
        tw_model_objective_free(&problem->test);
        tw_model_free(problem->model);
    }
    tw_data_free(problem->rows);
    tw_data_free(problem->fold);
    *problem = (tw__problem){0};
}

/* ---- surfaces ------------------------------------------------------------------------------------------ */

static int draws_noise(const tw_race *race, const tw__entry *entry)
{
    tw__preset preset;
    tw__method parts;
    tw_chain chain;
    if (tw__method_read(&parts, entry->spec, NULL) != TW_OK) return 0;
    if (tw__preset_read(&preset, parts.optimizer, race->o.job.run.estimator, NULL, NULL) != TW_OK) return 0;
    if (tw_chain_read(&chain, preset.optimizer, NULL, NULL) != TW_OK) return 0;
    for (int i = 0; i < chain.n; i++)
        if (chain.link[i].rule->traits(chain.link[i].values) & TW_DRAWS_NOISE) return 1;
    return 0;
}

/* Seeds are told apart by noise alone: the surface's, or one that an optimiser draws. */
static tw_status check_seeds(const tw_race *race, tw_error *err)
{
    if (race->o.seeds == 1 || strstr(tw_surface_spec(race->surface), "noise=")) return TW_OK;
    for (size_t i = 0; i < race->n; i++)
        if (draws_noise(race, &race->entries[i])) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "seeds = %llu has no effect: without noise all runs of an optimizer are the same (%.60s%cnoise=0.1)",
        (unsigned long long)race->o.seeds, tw_surface_spec(race->surface),
        strchr(tw_surface_spec(race->surface), ':') ? ',' : ':');
}

static tw_status read_target(tw_race *race, tw_error *err)
{
    static const char metric[] = "value=";
    const char *target = race->o.job.run.target;
    if (!target) return TW_OK;
    if (strncmp(target, metric, sizeof metric - 1) == 0 &&
        tw__number_read(tw__text_of(target + sizeof metric - 1), &race->target) == 1)
        return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "target \"%.80s\" is not value=NUMBER", target);
}

/* A race begins where there is a value, and above its target. */
static tw_status check_start(const tw_race *race, tw_error *err)
{
    double start[2];
    tw_surface_start(race->surface, start);
    const double value = tw_surface_value(race->surface, start, NULL);
    if (!isfinite(value))
        return tw__fail(err, TW_ERR_SPEC, "the value of %.200s is %g at the start, (%g, %g)",
                        tw_surface_spec(race->surface), value, start[0], start[1]);
    if (!race->o.job.run.target || value > race->target) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "target %.80s is reached at the start already, where the value of %.200s is %.4g",
                    race->o.job.run.target, tw_surface_spec(race->surface), value);
}

/* Minima are known to about 12 digits. */
static tw_status check_least(const tw_race *race, tw_error *err)
{
    double minima[4][2];
    if (!race->o.job.run.target || tw__surface_minima(race, minima) == 0) return TW_OK;
    const double least = tw_surface_value(race->surface, minima[0], NULL);
    if (race->target >= least - 1e-9 * (1 + fabs(least))) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "target %.80s cannot be reached: the least value of %.200s is %.6g",
                    race->o.job.run.target, tw_surface_spec(race->surface), least);
}

tw_status tw__surface_open(tw_race *race, tw_error *err)
{
    TW_TRY(tw_surface_create(&race->surface, race->ctx, race->o.surface, tw__race_type(race), err));
    TW_TRY(check_seeds(race, err));
    TW_TRY(read_target(race, err));
    TW_TRY(check_least(race, err));
    return check_start(race, err);
}

/* A kind's minima are those with its default options; with others, those that are still flat. */
size_t tw__surface_minima(const tw_race *race, double minima[4][2])
{
    const tw_surface_kind *kind = tw_surface_kind_of(race->surface);
    size_t n = 0;
    for (int i = 0; kind && i < kind->n_minima; i++) {
        double gradient[2];
        tw_surface_value(race->surface, kind->minima[i], gradient);
        if (kind->n_options && (fabs(gradient[0]) > 1e-9 || fabs(gradient[1]) > 1e-9)) continue;
        memcpy(minima[n++], kind->minima[i], sizeof minima[0]);
    }
    return n;
}
