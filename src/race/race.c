/* A race's tasks, the options of its runs, and its end.
 * SPDX-License-Identifier: MIT */
#include "race/race.h"
#include "base/io.h"
#include "race/database.h"
#include "train/options.h"
#include <math.h>
#include <string.h>

uint64_t tw__race_tasks(const tw_race *race) { return race->n * (race->o.tune + race->o.seeds); }

tw__task tw__race_task(const tw_race *race, uint64_t number)
{
    const uint64_t trials = race->n * race->o.tune;
    if (number < trials) {
        tw__entry *entry = &race->entries[number / race->o.tune];
        tw__trial *trial = &entry->trials[number % race->o.tune];
        return (tw__task){entry, trial, &trial->run};
    }
    tw__entry *entry = &race->entries[(number - trials) / race->o.seeds];
    return (tw__task){entry, NULL, &entry->runs[(number - trials) % race->o.seeds]};
}

/* A common batch is not for entries whose own estimator takes none. */
tw_run_options tw__race_run_options(const tw_race *race, const tw__entry *entry, const char *spec,
                                    uint64_t seed, tw__method *parts)
{
    tw_run_options r = race->o.job.run;
    tw__method_read(parts, spec, NULL); /* of a length that was checked when the entry was read */
    r.optimizer = parts->optimizer;
    if (parts->exchange) r.exchange = parts->exchange;
    r.seed = seed;
    if (entry->is_solver)
        r = (tw_run_options){.size = r.size,
                             .seed = seed,
                             .epochs = r.epochs,
                             .target = r.target,
                             .solver = parts->optimizer,
                             .tol = 1e-300}; /* curves and f* down to rounding */
    if (race->surface) {
        r.epochs = race->o.steps;
        r.target = NULL;
    }
    if (entry->is_preset && !entry->takes_batch) r.batch = r.accumulate = 0;
    return r;
}

tw_type tw__race_type(const tw_race *race)
{
    const char *usual = race->o.surface ? "f64" : "f32";
    return strcmp(race->o.job.dtype ? race->o.job.dtype : usual, "f64") == 0 ? TW_F64 : TW_F32;
}

int tw__race_has_solver(const tw_race *race)
{
    for (size_t i = 0; i < race->n; i++)
        if (race->entries[i].is_solver) return 1;
    return 0;
}

double tw__epochs_of(const tw__entry *entry, const tw__race_run *run)
{
    return run->n_epochs ? (double)run->steps / (double)entry->steps_per_epoch : NAN;
}

tw_status tw__race_write(const tw_race *race, const char *file, const char *text, tw_error *err)
{
    char path[TW__PATH];
    TW_TRY(tw__path_in(race->o.job.out, file, path, err));
    return tw__write_text(race->ctx, path, text, err);
}

void tw__run_clear(tw_context *ctx, tw__race_run *run)
{
    tw__free(ctx, run->epochs, run->n_epochs, sizeof *run->epochs);
    tw__free(ctx, run->objective, run->objective_capacity, sizeof *run->objective);
    tw__loss_trace_free(&run->trace, ctx);
    tw__free(ctx, run->trajectory.x, run->trajectory.n, sizeof *run->trajectory.x);
    tw__free(ctx, run->trajectory.y, run->trajectory.n, sizeof *run->trajectory.y);
    tw__free(ctx, run->trajectory.value, run->trajectory.n, sizeof *run->trajectory.value);
    *run = (tw__race_run){.seed = run->seed};
}

static void free_entry(tw_race *race, tw__entry *entry)
{
    tw_context *ctx = race->ctx;
    for (uint64_t k = 0; entry->runs && k < race->o.seeds; k++) tw__run_clear(ctx, &entry->runs[k]);
    for (uint64_t k = 0; entry->trials && k < race->o.tune; k++) tw__run_clear(ctx, &entry->trials[k].run);
    tw__free(ctx, entry->runs, race->o.seeds, sizeof *entry->runs);
    tw__free(ctx, entry->trials, race->o.tune, sizeof *entry->trials);
    tw__free_text(ctx, entry->spec);
    tw__free_text(ctx, entry->tuned);
}

void tw_race_free(tw_race *race)
{
    if (!race) return;
    tw_context *ctx = race->ctx;
    tw__database_close(race->database);
    for (size_t i = 0; i < race->n; i++) free_entry(race, &race->entries[i]);
    tw__free(ctx, race->entries, race->capacity, sizeof *race->entries);
    tw__free(ctx, race->order, race->n, sizeof *race->order);
    tw__free(ctx, race->folds, race->n_train, sizeof *race->folds);
    tw__free(ctx, race->tune_folds, race->n_train, sizeof *race->tune_folds);
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
    tw__free_text(ctx, race->text);
    tw__fields_free(tw_race_fields, &race->o, ctx);
    tw__free(ctx, race, 1, sizeof *race);
}

const char *tw_race_json(const tw_race *race) { return race->text; }
const char *tw_race_table(const tw_race *race) { return race->table; }
