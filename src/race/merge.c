/* --join A B: one race of several finished ones. All but optimisers and seeds must agree, as if they had been
 * raced together; and since a seed stands for weights and batches that are the same for all, all optimisers
 * must have the same seeds in the end.
 * SPDX-License-Identifier: MIT */
#include "race/persist.h"
#include "race/render.h"
#include "race/run.h"
#include "race/database.h"
#include "race/strbuf.h"
#include "train/json.h"
#include <stdlib.h>
#include <string.h>

struct merge {
    tw_context *ctx;
    const char *const *directories;
    tw_race **from;
    size_t n;
};

/* ---- what must agree ----------------------------------------------------------------------------------- */

enum { USUAL_BATCH = 32 };

/* A batch size counts as it was asked for: what is resolved belongs to an optimiser. */
static tw_status terms(const tw_race *race, json_t **out, tw_error *err)
{
    tw__json_builder b = {.err = err};
    json_t *t = tw__race_config(&b, race);
    if (race->fingerprint) tw__json_put(&b, t, "fingerprint", json_incref(race->fingerprint));
    json_object_del(t, "seeds");
    json_object_del(t, "first_seed");
    if (race->surface) tw__json_put_text(&b, t, "surface", tw_surface_spec(race->surface));
    else {
        tw__json_put_text(&b, t, "model", race->network);
        tw__json_put_natural(&b, t, "batch", race->o.job.run.batch ? race->o.job.run.batch : USUAL_BATCH);
    }
    return tw__json_take(&b, t, out);
}

static void put_difference(tw__strbuf *p, const char *key, const json_t *a, const json_t *b)
{
    char x[TW__JSON_BRIEF] = "none", y[TW__JSON_BRIEF] = "none";
    if (a && b && json_equal(a, b)) return;
    if (a) tw__json_brief(a, x);
    if (b) tw__json_brief(b, y);
    tw__print(p, "%s%s (%s, %s)", p->n ? ", " : "", key, x, y);
}

/* Every key that one of the two has. */
static void put_differences(tw__strbuf *p, json_t *a, json_t *b)
{
    const char *key;
    json_t *value;
    json_object_foreach (a, key, value) put_difference(p, key, value, json_object_get(b, key));
    json_object_foreach (b, key, value)
        if (!json_object_get(a, key)) put_difference(p, key, NULL, value);
}

static tw_status compare_ground(const struct merge *j, size_t i, tw_error *err)
{
    const int on_surface = j->from[0]->surface != NULL;
    if (on_surface == (j->from[i]->surface != NULL)) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "%.100s and %.100s cannot be joined: %.100s is a race on a surface, the other one on data",
        j->directories[0], j->directories[i], j->directories[on_surface ? 0 : i]);
}

static tw_status compare_terms(const struct merge *j, size_t i, tw_error *err)
{
    tw__strbuf p = {.ctx = j->ctx, .err = err};
    json_t *a = NULL, *b = NULL;
    char *text = NULL;
    tw_status s = terms(j->from[0], &a, err);
    if (s == TW_OK) s = terms(j->from[i], &b, err);
    if (s == TW_OK) {
        put_differences(&p, a, b);
        s = tw__strbuf_take(&p, &text);
    }
    if (s == TW_OK && text[0])
        s = tw__fail(err, TW_ERR_SPEC, "%.100s and %.100s cannot be joined, they differ in %.250s",
                     j->directories[0], j->directories[i], text);
    tw__free_text(j->ctx, text);
    json_decref(a);
    json_decref(b);
    return s;
}

/* ---- what is the same twice ---------------------------------------------------------------------------- */

static tw_status run_json(const tw__entry *entry, const tw__race_run *run, json_t **out, tw_error *err)
{
    tw__json_builder b = {.err = err};
    TW_TRY(tw__json_take(&b, tw__run_json(&b, entry, run, 0), out));
    tw__json_remove(*out, "seconds");
    return TW_OK;
}

static tw_status compare_runs(const tw__entry *entry, const tw__race_run *a, const tw__race_run *b,
                              int *equal, tw_error *err)
{
    json_t *x = NULL, *y = NULL;
    tw_status s = run_json(entry, a, &x, err);
    if (s == TW_OK) s = run_json(entry, b, &y, err);
    *equal = s == TW_OK && json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return s;
}

static tw__entry *entry_named(const tw_race *race, const char *spec)
{
    for (size_t i = 0; i < race->n; i++)
        if (strcmp(race->entries[i].spec, spec) == 0) return &race->entries[i];
    return NULL;
}

static tw__race_run *run_of(const tw_race *race, const tw__entry *entry, uint64_t seed)
{
    for (uint64_t k = 0; k < race->o.seeds; k++)
        if (entry->runs[k].seed == seed) return &entry->runs[k];
    return NULL;
}

/* An entry's trials are those of every race that tuned it. */
static tw_status check_trials(const struct merge *j, const tw__entry *a, size_t first, size_t i,
                              tw_error *err)
{
    const tw__entry *b = entry_named(j->from[i], a->spec);
    int equal = 1;
    for (uint64_t k = 0; b && equal && k < j->from[0]->o.tune; k++) {
        equal = a->trials[k].lr == b->trials[k].lr;
        if (equal) TW_TRY(compare_runs(a, &a->trials[k].run, &b->trials[k].run, &equal, err));
    }
    if (equal) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "%.100s and %.100s cannot be joined: tuning %.100s had other results there",
                    j->directories[first], j->directories[i], a->spec);
}

/* Of a seed that several have the results are the same, and one of them is taken. */
static tw_status check_runs(const struct merge *j, const tw__entry *a, size_t first, size_t i, tw_error *err)
{
    const tw__entry *b = entry_named(j->from[i], a->spec);
    for (uint64_t k = 0; b && k < j->from[first]->o.seeds; k++) {
        const tw__race_run *mine = &a->runs[k], *theirs = run_of(j->from[i], b, mine->seed);
        int equal = 1;
        if (theirs) TW_TRY(compare_runs(a, mine, theirs, &equal, err));
        if (!equal)
            return tw__fail(
                err, TW_ERR_SPEC,
                "%.100s and %.100s cannot be joined: %.100s has another result for seed %llu there",
                j->directories[first], j->directories[i], a->spec, (unsigned long long)mine->seed);
    }
    return TW_OK;
}

static tw_status check_pair(const struct merge *j, size_t a, size_t b, tw_error *err)
{
    for (size_t i = 0; i < j->from[a]->n; i++) {
        TW_TRY(check_trials(j, &j->from[a]->entries[i], a, b, err));
        TW_TRY(check_runs(j, &j->from[a]->entries[i], a, b, err));
    }
    return TW_OK;
}

/* ---- seeds --------------------------------------------------------------------------------------------- */

static int compare_seeds(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The seeds of an entry in all races, sorted, each once. */
static size_t seeds_of(const struct merge *j, const char *spec, uint64_t *to)
{
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < j->n; i++) {
        const tw__entry *entry = entry_named(j->from[i], spec);
        for (uint64_t k = 0; entry && k < j->from[i]->o.seeds; k++) to[n++] = entry->runs[k].seed;
    }
    qsort(to, n, sizeof *to, compare_seeds);
    for (size_t i = 0; i < n; i++)
        if (!kept || to[i] != to[kept - 1]) to[kept++] = to[i];
    return kept;
}

/* Every entry's seeds are those of the first. */
static tw_status check_seeds(const struct merge *j, const uint64_t *seeds, size_t n, uint64_t *scratch,
                             tw_error *err)
{
    const char *first = j->from[0]->entries[0].spec;
    for (size_t i = 0; i < j->n; i++)
        for (size_t r = 0; r < j->from[i]->n; r++) {
            const char *spec = j->from[i]->entries[r].spec;
            size_t m = seeds_of(j, spec, scratch), k = 0;
            while (k < m && k < n && scratch[k] == seeds[k]) k++;
            if (k == m && k == n) continue;
            const int lacks = k == m || (k < n && seeds[k] < scratch[k]);
            return tw__fail(
                err, TW_ERR_SPEC,
                "the races cannot be joined: %.100s has no run with seed %llu, which %.100s has (race the missing seeds "
                "first: --seed, --seeds)",
                lacks ? spec : first, (unsigned long long)(lacks ? seeds[k] : scratch[k]),
                lacks ? first : spec);
        }
    return TW_OK;
}

/* ---- joining ------------------------------------------------------------------------------------------- */

/* The first race that has the entry, and the seed if there is one. */
static tw__entry *find_entry(const struct merge *j, const char *spec, const uint64_t *seed)
{
    for (size_t i = 0; i < j->n; i++) {
        tw__entry *entry = entry_named(j->from[i], spec);
        if (entry && (!seed || run_of(j->from[i], entry, *seed))) return entry;
    }
    return NULL;
}

static tw_status put_specs(const struct merge *j, char **text, tw_error *err)
{
    tw__strbuf p = {.ctx = j->ctx, .err = err};
    for (size_t i = 0; i < j->n; i++)
        for (size_t r = 0; r < j->from[i]->n; r++) {
            const tw__entry *entry = &j->from[i]->entries[r];
            if (find_entry(j, entry->spec, NULL) != entry) continue;
            tw__put(&p, " ", 1);
            tw__put(&p, entry->spec, strlen(entry->spec));
        }
    return tw__strbuf_take(&p, text);
}

static void move_run(tw__race_run *to, tw__race_run *from)
{
    *to = *from;
    *from = (tw__race_run){.seed = to->seed};
}

static void move_entry(const struct merge *j, tw_race *race, tw__entry *to)
{
    const tw__entry *first = find_entry(j, to->spec, NULL);
    to->batch = first->batch;
    to->steps_per_epoch = first->steps_per_epoch;
    for (uint64_t k = 0; k < race->o.tune; k++) move_run(&to->trials[k].run, &first->trials[k].run);
    for (uint64_t k = 0; k < race->o.seeds; k++) {
        tw__race_run *run = find_entry(j, to->spec, &to->runs[k].seed)->runs;
        while (run->seed != to->runs[k].seed) run++;
        move_run(&to->runs[k], run);
    }
}

static tw_status copy_text(tw_context *ctx, char **to, const char *text, tw_error *err)
{
    return text ? tw__copy_text(ctx, to, text, err) : TW_OK;
}

static tw_status copy_found(tw_race *race, const tw_race *from, tw_error *err)
{
    race->n_train = from->n_train;
    race->n_val = from->n_val;
    race->n_test = from->n_test;
    race->weights = from->weights;
    race->batch = from->batch;
    race->steps_per_epoch = from->steps_per_epoch;
    race->fingerprint = json_incref(from->fingerprint);
    TW_TRY(copy_text(race->ctx, &race->network, from->network, err));
    TW_TRY(copy_text(race->ctx, &race->schedule, from->schedule, err));
    return copy_text(race->ctx, &race->control, from->control, err);
}

static tw_status make_race(const struct merge *j, tw_race **out, const tw_race_options *given,
                           const uint64_t *seeds, size_t n, tw_error *err)
{
    tw_race_options o = j->from[0]->o;
    char *specs;
    o.seeds = n;
    o.job.run.seed = seeds[0];
    o.job.out = given->job.out;
    o.job.force = given->job.force;
    o.event = given->event;
    o.user = given->user;
    TW_TRY(put_specs(j, &specs, err));
    o.optimizers = specs;
    tw_status s = tw__race_prepare(out, j->ctx, &o, TW__NO_DATA, err);
    tw__free_text(j->ctx, specs);
    if (s != TW_OK) return s;
    TW_TRY(copy_found(*out, j->from[0], err));
    for (size_t i = 0; i < (*out)->n; i++) {
        for (size_t k = 0; k < n; k++) (*out)->entries[i].runs[k].seed = seeds[k];
        move_entry(j, *out, &(*out)->entries[i]);
    }
    return TW_OK;
}

static tw_status merge(const struct merge *j, tw_race **out, const tw_race_options *given, uint64_t *seeds,
                       uint64_t *scratch, tw_error *err)
{
    for (size_t i = 1; i < j->n; i++) TW_TRY(compare_ground(j, i, err));
    for (size_t i = 1; i < j->n; i++) TW_TRY(compare_terms(j, i, err));
    for (size_t a = 0; a < j->n; a++)
        for (size_t b = a + 1; b < j->n; b++) TW_TRY(check_pair(j, a, b, err));
    size_t n = seeds_of(j, j->from[0]->entries[0].spec, seeds);
    TW_TRY(check_seeds(j, seeds, n, scratch, err));
    TW_TRY(make_race(j, out, given, seeds, n, err));
    return tw__race_enter(*out, err);
}

static tw_status open_and_merge(struct merge *j, tw_race **out, const tw_race_options *given, tw_error *err)
{
    size_t most = 0;
    uint64_t *seeds;
    for (size_t i = 0; i < j->n; i++) {
        TW_TRY(tw__race_load(&j->from[i], j->ctx, j->directories[i], given, err));
        most += j->from[i]->o.seeds;
    }
    TW_TRY(tw__alloc(j->ctx, &seeds, 2 * most, sizeof *seeds, err));
    tw_status s = merge(j, out, given, seeds, seeds + most, err);
    tw__free(j->ctx, seeds, 2 * most, sizeof *seeds);
    if (s == TW_OK) return TW_OK;
    tw_race_free(*out);
    *out = NULL;
    return s;
}

tw_status tw_race_join(tw_race **out, tw_context *ctx, const char *const *directories, size_t n,
                       const tw_race_options *options, tw_error *err)
{
    TW_MAKES(err, out, ctx && directories && options);
    struct merge j = {ctx, directories, NULL, n};
    tw_race_options given;
    TW_TRY(tw__sized_read(&given, sizeof given, options, "tw_race_options", err));
    if (n < 2) return tw__fail(err, TW_ERR_SPEC, "%zu race%s to join (at least 2)", n, n == 1 ? "" : "s");
    TW_TRY(tw__alloc(ctx, &j.from, n, sizeof *j.from, err));
    tw_status s = open_and_merge(&j, out, &given, err);
    for (size_t i = 0; i < n; i++) tw_race_free(j.from[i]);
    tw__free(ctx, j.from, n, sizeof *j.from);
    return s;
}
