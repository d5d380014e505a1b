/* A race in its directory: its options as requested and as resolved, and its runs; written and read back.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "race/database.h"
#include "race/persist.h"
#include "race/run.h"
#include "train/job.h"
#include "train/json.h"
#include "train/options.h"
#include "file/json_parse.h"
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- description --------------------------------------------------------------------------------------- */

static json_t *number(uint64_t n) { return json_integer((json_int_t)n); }

static int set_text(json_t *o, const char *key, const char *text)
{
    return text ? json_object_set_new(o, key, json_string(text)) : 0;
}

/* What was found out with the data: a race whose runs are all in is shown without them. */
static json_t *found_json(const tw_race *race)
{
    json_t *entries = json_array(), *seeds = json_array();
    int bad = 0;
    for (size_t i = 0; i < race->n && !bad; i++) {
        const tw__entry *r = &race->entries[i];
        bad = json_array_append_new(entries, json_pack("{s:o, s:o}", "batch", number(r->batch),
                                                       "steps_per_epoch", number(r->steps_per_epoch)));
    }
    for (uint64_t k = 0; k < race->o.seeds && !bad; k++)
        bad = json_array_append_new(seeds, number(race->entries[0].runs[k].seed));
    json_t *o = json_pack("{s:o, s:o, s:[ooo], s:o, s:o, s:o}", "racers", entries, "seeds", seeds, "rows",
                          number(race->n_train), number(race->n_val), number(race->n_test), "weights",
                          number(race->weights), "batch", number(race->batch), "steps_per_epoch",
                          number(race->steps_per_epoch));
    bad = bad || !o || set_text(o, "network", race->network) || set_text(o, "schedule", race->schedule) ||
          set_text(o, "control", race->control);
    return tw__json_unless(bad || (race->fingerprint && json_object_set(o, "fingerprint", race->fingerprint)),
                           o);
}

static tw_status describe(const tw_race *race, char **text, tw_error *err)
{
    const char *directory = race->o.job.directory;
    json_t *all =
        json_pack("{s:o, s:o*, s:o}", "asked", tw__fields_json(tw_race_fields, &race->o, 0, 0), "directory",
                  directory ? json_string(directory) : NULL, "found", found_json(race));
    *text = all ? tw__json_text(all, JSON_INDENT(1)) : NULL;
    json_decref(all);
    return *text ? TW_OK : tw__json_no_memory(err);
}

tw_status tw__race_keep(tw_race *race, tw_error *err)
{
    const uint64_t n = tw__race_tasks(race);
    tw__database_row *rows;
    char *text;
    TW_TRY(tw__alloc(race->ctx, &rows, n, sizeof *rows, err));
    for (uint64_t i = 0; i < n; i++) {
        const tw__task p = tw__race_task(race, i);
        rows[i] =
            (tw__database_row){p.entry->spec, p.trial != NULL, p.trial ? p.trial->lr : NAN, p.run->seed};
    }
    tw_status s = describe(race, &text, err);
    if (s == TW_OK)
        s = tw__database_create(&race->database, race->ctx, race->o.job.out, race->o.job.force, text, rows, n,
                                err);
    free(text);
    tw__free(race->ctx, rows, n, sizeof *rows);
    return s;
}

/* ---- back ---------------------------------------------------------------------------------------------- */

/* What is wrong in a file that we wrote is said of that file. */
static tw_status in_directory(tw_status s, const char *directory, const char *what, tw_error *err)
{
    char text[sizeof err->message];
    if ((s != TW_ERR_SPEC && s != TW_ERR_DATA) || !err) return s;
    memcpy(text, err->message, sizeof text);
    return tw__fail(err, TW_ERR_DATA, "%.150s/race.db: %s: %.280s", directory, what, text);
}

/* What must be there, as json_unpack reads it. */
static tw_status unpack(tw_error *err, const json_t *from, const char *format, ...)
{
    json_error_t e;
    va_list to;
    va_start(to, format);
    const int bad = json_vunpack_ex((json_t *)(uintptr_t)from, &e, 0, format, to);
    va_end(to);
    return bad ? tw__fail(err, TW_ERR_DATA, "%s", e.text) : TW_OK;
}

static tw_status copy_unless(tw_race *race, char **to, const char *text, tw_error *err)
{
    return text && !*to ? tw__copy_text(race->ctx, to, text, err) : TW_OK;
}

static tw_status check_found(const tw_race *race, const json_t *found, tw_error *err)
{
    const json_t *entries = json_object_get(found, "racers"), *seeds = json_object_get(found, "seeds");
    if (json_array_size(entries) == race->n && json_array_size(seeds) == race->o.seeds &&
        tw__database_rows(race->database) == tw__race_tasks(race))
        return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "it has %llu runs for %zu optimizers and %llu seeds",
                    (unsigned long long)tw__database_rows(race->database), race->n,
                    (unsigned long long)race->o.seeds);
}

static tw_status take_entry(tw_race *race, tw__entry *entry, const json_t *of, const json_t *seeds,
                            tw_error *err)
{
    json_int_t batch, steps;
    TW_TRY(unpack(err, of, "{s:I, s:I}", "batch", &batch, "steps_per_epoch", &steps));
    entry->batch = (uint64_t)batch;
    entry->steps_per_epoch = (uint64_t)steps;
    for (uint64_t k = 0; k < race->o.seeds; k++)
        entry->runs[k].seed = (uint64_t)json_integer_value(json_array_get(seeds, k));
    return TW_OK;
}

static tw_status take_found(tw_race *race, const json_t *found, tw_error *err)
{
    json_int_t rows[3], weights, batch, steps;
    json_t *entries, *seeds, *fingerprint = NULL;
    const char *schedule, *network = NULL, *control = NULL;
    TW_TRY(check_found(race, found, err));
    TW_TRY(unpack(err, found, "{s:o, s:o, s:[III], s:I, s:I, s:I, s:s, s?s}", "racers", &entries, "seeds",
                  &seeds, "rows", &rows[0], &rows[1], &rows[2], "weights", &weights, "batch", &batch,
                  "steps_per_epoch", &steps, "schedule", &schedule, "control", &control));
    if (!race->surface)
        TW_TRY(unpack(err, found, "{s:s, s:o}", "network", &network, "fingerprint", &fingerprint));
    race->n_train = (uint64_t)rows[0];
    race->n_val = (uint64_t)rows[1];
    race->n_test = (uint64_t)rows[2];
    race->weights = (uint64_t)weights;
    race->batch = (uint64_t)batch;
    race->steps_per_epoch = (uint64_t)steps;
    for (size_t i = 0; i < race->n; i++)
        TW_TRY(take_entry(race, &race->entries[i], json_array_get(entries, i), seeds, err));
    if (!race->fingerprint) race->fingerprint = json_incref(fingerprint);
    TW_TRY(copy_unless(race, &race->network, network, err));
    TW_TRY(copy_unless(race, &race->schedule, schedule, err));
    return copy_unless(race, &race->control, control, err);
}

/* The data is opened only where runs are to be made. */
static tw_status restore(tw_race **out, tw_context *ctx, const char *directory, tw__database *database,
                         const json_t *all, const tw_race_options *given, tw_error *err)
{
    const json_t *found = json_object_get(all, "found");
    tw_race_options o = TW_RACE_OPTIONS_INIT;
    uint64_t left;
    TW_TRY(tw__database_left(database, &left, err));
    TW_TRY(in_directory(tw__fields_read(tw_race_fields, &o, json_object_get(all, "asked"), 1, err), directory,
                        "what the race is", err));
    o.job.out = directory;
    o.job.directory = json_string_value(json_object_get(all, "directory"));
    o.job.cache = given->job.cache;
    o.job.home = given->job.home;
    o.event = given->event;
    o.user = given->user;
    tw_status s = tw__race_prepare(out, ctx, &o, left > 0 ? TW__DATA_AGAIN : TW__NO_DATA, err);
    if (s == TW_ERR_SPEC) s = in_directory(s, directory, "what the race is", err);
    if (s != TW_OK) return s;
    (*out)->database = database;
    if (left > 0 && !(*out)->surface)
        s = tw__same_data(json_object_get(found, "fingerprint"), (*out)->fingerprint, "race", directory,
                          o.job.data, err);
    if (s == TW_OK)
        s = in_directory(take_found(*out, found, err), directory, "what was found of the race", err);
    if (s == TW_OK) return TW_OK;
    (*out)->database = NULL;
    tw_race_free(*out);
    *out = NULL;
    return s;
}

static tw_status check_finished(tw__database *database, const char *directory, tw_error *err)
{
    uint64_t left;
    char word[TW_SHELL_WORD];
    TW_TRY(tw__database_left(database, &left, err));
    if (left == 0) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "the race in %.150s is not finished, %llu of its runs are not in (thalweg race --resume %s makes them)",
        directory, (unsigned long long)left, tw_shell_word(directory, word));
}

static tw_status open_race(tw_race **out, tw_context *ctx, const char *directory,
                           const tw_race_options *given, int finished, tw_error *err)
{
    tw__database *database;
    char *text = NULL;
    json_error_t e;
    *out = NULL;
    TW_TRY(tw__database_open(&database, ctx, directory, err));
    tw_status s = finished ? check_finished(database, directory, err) : TW_OK;
    if (s == TW_OK) s = tw__database_description(database, &text, err);
    json_t *all = s == TW_OK ? tw__json_parse(text, strlen(text), &e) : NULL;
    if (s == TW_OK && !all)
        s = tw__fail(err, TW_ERR_DATA, "%.300s/race.db: what the race is: %s", directory, e.text);
    if (s == TW_OK) s = restore(out, ctx, directory, database, all, given, err);
    json_decref(all);
    tw__free_text(ctx, text);
    if (s != TW_OK) tw__database_close(database);
    return s;
}

tw_status tw_race_create(tw_race **out, tw_context *ctx, const tw_race_options *options, tw_error *err)
{
    tw_race_options o;
    *out = NULL;
    TW_TRY(tw__sized_read(&o, sizeof o, options, "tw_race_options", err));
    TW_TRY(tw__race_prepare(out, ctx, &o, TW__NEW_DATA, err));
    tw_status s = (*out)->o.job.out ? tw__race_keep(*out, err) : TW_OK;
    if (s == TW_OK) return TW_OK;
    tw_race_free(*out);
    *out = NULL;
    return s;
}

tw_status tw_race_resume(tw_race **out, tw_context *ctx, const char *directory, const tw_race_options *caller,
                         tw_error *err)
{
    tw_race_options given;
    *out = NULL;
    TW_TRY(tw__sized_read(&given, sizeof given, caller, "tw_race_options", err));
    return open_race(out, ctx, directory, &given, 0, err);
}

tw_status tw__race_put(tw_race *race, uint64_t task, tw_error *err)
{
    const tw__task p = tw__race_task(race, task);
    json_t *json = tw__run_json(p.entry, p.run, 1);
    char *text = tw__json_dump(json, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(json);
    tw_status s = text ? tw__database_put(race->database, task, text, err) : tw__json_no_memory(err);
    free(text);
    return s;
}

tw_status tw__race_fetch(tw_race *race, uint64_t task, tw_error *err)
{
    const tw__task p = tw__race_task(race, task);
    char *text, what[40];
    json_error_t e;
    snprintf(what, sizeof what, "run %llu", (unsigned long long)task + 1);
    TW_TRY(tw__database_get(race->database, task, &text, err));
    if (!text)
        return tw__fail(err, TW_ERR_STATE, "the result of run %llu is not in", (unsigned long long)task + 1);
    json_t *json = tw__json_parse(text, strlen(text), &e);
    tw__free_text(race->ctx, text);
    tw_status s = json ? tw__run_read(race, json, p.run, err) : tw__fail(err, TW_ERR_DATA, "%s", e.text);
    json_decref(json);
    return in_directory(s, race->o.job.out, what, err);
}

tw_status tw__race_load(tw_race **out, tw_context *ctx, const char *directory, const tw_race_options *given,
                        tw_error *err)
{
    TW_TRY(open_race(out, ctx, directory, given, 1, err));
    tw_race *race = *out;
    for (uint64_t i = 0; i < tw__race_tasks(race); i++) TW_TRY(tw__race_fetch(race, i, err));
    return TW_OK;
}

tw_status tw__race_enter(tw_race *race, tw_error *err)
{
    race->next = tw__race_tasks(race);
    if (!race->o.job.out) return TW_OK;
    TW_TRY(tw__race_keep(race, err));
    for (uint64_t i = 0; i < tw__race_tasks(race); i++) TW_TRY(tw__race_put(race, i, err));
    return TW_OK;
}
