/* A race in its directory: its options as requested and as resolved, and its runs; written and read back.
 * SPDX-License-Identifier: MIT */
#include "file/utf8.h"
#include "race/database.h"
#include "race/persist.h"
#include "race/run.h"
#include "train/job.h"
#include "train/json.h"
#include "train/options.h"
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- description --------------------------------------------------------------------------------------- */

static json_t *found_entry_json(tw__json_builder *b, const tw__entry *entry)
{
    json_t *o = tw__json_object(b);
    tw__json_put_natural(b, o, "batch", entry->batch);
    tw__json_put_natural(b, o, "steps_per_epoch", entry->steps_per_epoch);
    return o;
}

/* What was found out with the data: a race whose runs are all in is shown without them. */
static json_t *found_json(tw__json_builder *b, const tw_race *race)
{
    const uint64_t counts[] = {race->n_train, race->n_val, race->n_test};
    json_t *o = tw__json_object(b), *entries = tw__json_list(b), *seeds = tw__json_list(b),
           *rows = tw__json_list(b);
    for (size_t i = 0; i < race->n; i++) tw__json_append(b, entries, found_entry_json(b, &race->entries[i]));
    for (uint64_t k = 0; k < race->o.seeds; k++)
        tw__json_append(b, seeds, tw__json_natural(b, race->entries[0].runs[k].seed));
    for (int i = 0; i < 3; i++) tw__json_append(b, rows, tw__json_natural(b, counts[i]));
    tw__json_put(b, o, "racers", entries);
    tw__json_put(b, o, "seeds", seeds);
    tw__json_put(b, o, "rows", rows);
    tw__json_put_natural(b, o, "weights", race->weights);
    tw__json_put_natural(b, o, "batch", race->batch);
    tw__json_put_natural(b, o, "steps_per_epoch", race->steps_per_epoch);
    tw__json_put_text(b, o, "network", race->network);
    tw__json_put_text(b, o, "schedule", race->schedule);
    tw__json_put_text(b, o, "control", race->control);
    if (race->fingerprint) tw__json_put(b, o, "fingerprint", json_incref(race->fingerprint));
    return o;
}

static tw_status describe(const tw_race *race, char **text, tw_error *err)
{
    tw__json_builder b = {.err = err};
    json_t *all = tw__json_object(&b);
    tw__json_put(&b, all, "asked", tw__fields_json(&b, tw_race_fields, &race->o, 0, 0));
    if (race->o.job.directory && tw__utf8_is_valid(race->o.job.directory))
        tw__json_put_text(&b, all, "directory", race->o.job.directory);
    tw__json_put(&b, all, "found", found_json(&b, race));
    tw__json_put_sum(&b, all);
    TW_TRY(tw__json_take(&b, all, &all));
    tw_status s = tw__json_record(race->ctx, all, JSON_INDENT(1), text, err);
    json_decref(all);
    return s;
}

/* Makes the directory, with every task as a row. */
static tw_status keep(tw_race *race, tw_error *err)
{
    const uint64_t n = tw__race_tasks(race);
    tw__database_row *rows;
    char *text = NULL;
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
    tw__free_text(race->ctx, text);
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

/* Of a race that was joined they need not follow each other, but they rise. */
static tw_status take_seeds(tw_race *race, const json_t *seeds, tw_error *err)
{
    uint64_t least = race->o.job.run.seed, seed;
    for (uint64_t k = 0; k < race->o.seeds; k++, least = seed + 1) {
        TW_TRY(tw__json_read_natural(json_array_get(seeds, k), "seeds", least, &seed, err));
        for (size_t i = 0; i < race->n; i++) race->entries[i].runs[k].seed = seed;
    }
    return TW_OK;
}

static tw_status take_entries(tw_race *race, const json_t *entries, tw_error *err)
{
    tw_error why;
    for (size_t i = 0; i < race->n; i++) {
        const json_t *of = json_array_get(entries, i);
        tw_status s = tw__json_get_natural(of, "batch", 0, &race->entries[i].batch, &why);
        if (s == TW_OK)
            s = tw__json_get_natural(of, "steps_per_epoch", 1, &race->entries[i].steps_per_epoch, &why);
        if (s != TW_OK) return tw__fail(err, s, "racers[%zu]: %s", i, why.message);
    }
    return TW_OK;
}

static tw_status take_rows(tw_race *race, const json_t *rows, tw_error *err)
{
    uint64_t *const to[] = {&race->n_train, &race->n_val, &race->n_test};
    for (size_t i = 0; i < 3; i++)
        TW_TRY(tw__json_read_natural(json_array_get(rows, i), "rows", 0, to[i], err));
    return TW_OK;
}

static tw_status take_texts(tw_race *race, const json_t *found, tw_error *err)
{
    const char *schedule, *network = NULL, *control = NULL;
    TW_TRY(tw__json_get_text(found, "schedule", &schedule, err));
    if (!race->surface) TW_TRY(tw__json_get_text(found, "network", &network, err));
    if (json_object_get(found, "control")) TW_TRY(tw__json_get_text(found, "control", &control, err));
    TW_TRY(copy_unless(race, &race->network, network, err));
    TW_TRY(copy_unless(race, &race->schedule, schedule, err));
    return copy_unless(race, &race->control, control, err);
}

static tw_status take_found(tw_race *race, const json_t *found, tw_error *err)
{
    json_t *fingerprint = json_object_get(found, "fingerprint"), *sum;
    const char *key, *text;
    TW_TRY(check_found(race, found, err));
    TW_TRY(take_seeds(race, json_object_get(found, "seeds"), err));
    TW_TRY(take_entries(race, json_object_get(found, "racers"), err));
    TW_TRY(take_rows(race, json_object_get(found, "rows"), err));
    TW_TRY(tw__json_get_natural(found, "weights", 1, &race->weights, err));
    TW_TRY(tw__json_get_natural(found, "batch", 0, &race->batch, err));
    TW_TRY(tw__json_get_natural(found, "steps_per_epoch", 1, &race->steps_per_epoch, err));
    TW_TRY(take_texts(race, found, err));
    if (race->surface || race->fingerprint) return TW_OK;
    if (!json_is_object(fingerprint)) return tw__fail(err, TW_ERR_DATA, "\"fingerprint\" is missing");
    json_object_foreach (fingerprint, key, sum) TW_TRY(tw__json_get_text(fingerprint, key, &text, err));
    race->fingerprint = json_incref(fingerprint);
    return TW_OK;
}

/* Compares what was found with the data at hand with what the race recorded. */
static tw_status compare_found(const json_t *then, const json_t *now, tw_error *err)
{
    const char *key;
    json_t *value;
    char a[TW__JSON_BRIEF], b[TW__JSON_BRIEF];
    json_object_foreach ((json_t *)(uintptr_t)now, key, value)
        if (strcmp(key, "seeds") != 0 && !json_equal(value, json_object_get(then, key)))
            return tw__fail(err, TW_ERR_DATA, "%s = %s, but its options and data give %s", key,
                            tw__json_brief(json_object_get(then, key), a), tw__json_brief(value, b));
    return TW_OK;
}

/* Checks what was found of the race and takes it, of a finished one without its data. */
static tw_status take_checked(tw_race *race, const json_t *found, int with_data, tw_error *err)
{
    tw__json_builder b = {.err = err};
    json_t *now = NULL;
    if (with_data) TW_TRY(tw__json_take(&b, found_json(&b, race), &now));
    tw_status s = take_found(race, found, err);
    if (s == TW_OK && now) s = compare_found(found, now, err);
    json_decref(now);
    return s;
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
    if (json_object_get(all, "directory"))
        TW_TRY(in_directory(tw__json_get_text(all, "directory", &o.job.directory, err), directory,
                            "what the race is", err));
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
                          &o.job, err);
    if (s == TW_OK)
        s = in_directory(take_checked(*out, found, left > 0, err), directory, "what was found of the race",
                         err);
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

/* JSON that this library has put into race.db. */
static tw_status parse(tw_context *ctx, json_t **out, const char *text, tw_error *err)
{
    tw__json_fault fault;
    tw_status s = tw__json_parse(ctx, out, text, strlen(text), &fault);
    return s == TW_OK ? tw__json_check_sum(*out, err) : tw__fail(err, s, "%s", fault.text);
}

static tw_status read_description(tw_context *ctx, tw__database *database, const char *directory,
                                  json_t **out, tw_error *err)
{
    char *text;
    *out = NULL;
    TW_TRY(tw__database_description(database, &text, err));
    tw_status s = in_directory(parse(ctx, out, text, err), directory, "what the race is", err);
    tw__free_text(ctx, text);
    return s;
}

static tw_status open_race(tw_race **out, tw_context *ctx, const char *directory,
                           const tw_race_options *given, int finished, tw_error *err)
{
    tw__database *database;
    json_t *all = NULL;
    *out = NULL;
    TW_TRY(tw__database_open(&database, ctx, directory, err));
    tw_status s = finished ? check_finished(database, directory, err) : TW_OK;
    if (s == TW_OK) s = read_description(ctx, database, directory, &all, err);
    if (s == TW_OK) s = restore(out, ctx, directory, database, all, given, err);
    json_decref(all);
    if (s != TW_OK) tw__database_close(database);
    return s;
}

tw_status tw_race_create(tw_race **out, tw_context *ctx, const tw_race_options *options, tw_error *err)
{
    TW_MAKES(err, out, ctx && options);
    tw_race_options o;
    TW_TRY(tw__sized_read(&o, sizeof o, options, "tw_race_options", err));
    TW_TRY(tw__race_prepare(out, ctx, &o, TW__NEW_DATA, err));
    tw_status s = (*out)->o.job.out ? keep(*out, err) : TW_OK;
    if (s == TW_OK) return TW_OK;
    tw_race_free(*out);
    *out = NULL;
    return s;
}

tw_status tw_race_resume(tw_race **out, tw_context *ctx, const char *directory, const tw_race_options *caller,
                         tw_error *err)
{
    TW_MAKES(err, out, ctx && directory && caller);
    tw_race_options given;
    TW_TRY(tw__sized_read(&given, sizeof given, caller, "tw_race_options", err));
    return open_race(out, ctx, directory, &given, 0, err);
}

tw_status tw__race_put(tw_race *race, uint64_t task, tw_error *err)
{
    const tw__task p = tw__race_task(race, task);
    tw__json_builder b = {.err = err};
    json_t *json;
    char *text;
    json = tw__run_json(&b, p.entry, p.run, 1);
    tw__json_put_sum(&b, json);
    TW_TRY(tw__json_take(&b, json, &json));
    tw_status s = tw__json_record(race->ctx, json, JSON_COMPACT, &text, err);
    json_decref(json);
    if (s == TW_OK) s = tw__database_put(race->database, task, text, err);
    tw__free_text(race->ctx, text);
    return s;
}

tw_status tw__race_fetch(tw_race *race, uint64_t task, tw_error *err)
{
    const tw__task p = tw__race_task(race, task);
    char *text, what[40];
    json_t *json;
    snprintf(what, sizeof what, "run %llu", (unsigned long long)task + 1);
    TW_TRY(tw__database_get(race->database, task, &text, err));
    if (!text)
        return tw__fail(err, TW_ERR_STATE, "the result of run %llu is not in", (unsigned long long)task + 1);
    tw_status s = parse(race->ctx, &json, text, err);
    tw__free_text(race->ctx, text);
    if (s == TW_OK) s = tw__run_read(race, json, p.run, err);
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
    TW_TRY(keep(race, err));
    for (uint64_t i = 0; i < tw__race_tasks(race); i++) TW_TRY(tw__race_put(race, i, err));
    return TW_OK;
}
