/* Makes a race's runs, one task after the other, alone or while other processes do the same; then the result.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/cpu.h"
#include "base/io.h"
#include "race/database.h"
#include "race/persist.h"
#include "race/render.h"
#include "race/run.h"
#include "train/json.h"
#include <time.h>

/* ---- work ---------------------------------------------------------------------------------------------- */

/* The next task: as many as there are where there is none at the moment. */
static tw_status take(tw_race *race, uint64_t *task, uint64_t *left, tw_error *err)
{
    if (race->database) return tw__database_take(race->database, task, left, err);
    *task = race->next;
    *left = tw__race_tasks(race) - race->next;
    return TW_OK;
}

static tw_status put(tw_race *race, uint64_t task, tw_error *err)
{
    if (race->database) {
        TW_TRY(tw__race_put(race, task, err));
        return tw__race_show(race, err);
    }
    race->next++;
    return TW_OK;
}

/* The rate of an entry whose trials are in, though perhaps made elsewhere. */
static tw_status settle_rate(tw_race *race, uint64_t task, tw_error *err)
{
    const tw__task p = tw__race_task(race, task);
    const uint64_t first = (uint64_t)(p.entry - race->entries) * race->o.tune;
    if (!race->o.tune || p.trial || p.entry->tuned) return TW_OK;
    for (uint64_t k = 0; race->database && k < race->o.tune; k++)
        TW_TRY(tw__race_fetch(race, first + k, err));
    return tw__tune_choose(race, p.entry, err);
}

static tw_status make(tw_race *race, uint64_t task, tw_error *err)
{
    tw_status s = settle_rate(race, task, err);
    if (s == TW_OK) s = tw__race_make(race, task, err);
    if (s == TW_OK) return put(race, task, err);
    if (race->database) tw__database_release(race->database, task);
    return s;
}

static tw_status wait_for_others(tw_race *race, tw_error *err)
{
    static const struct timespec pause = {0, 50000000};
    const tw_race_event e = {.kind = TW_RACE_WAIT, .runs = tw__race_tasks(race)};
    if (race->o.event && race->o.event(race->o.user, &e)) return tw__fail(err, TW_STOPPED, "stopped");
    nanosleep(&pause, NULL);
    return TW_OK;
}

static tw_status make_all(tw_race *race, tw_error *err)
{
    for (;;) {
        uint64_t task, left;
        TW_TRY(take(race, &task, &left, err));
        if (left == 0) return TW_OK;
        TW_TRY(task < tw__race_tasks(race) ? make(race, task, err) : wait_for_others(race, err));
    }
}

tw_status tw_race_work(tw_race *race, tw_error *err)
{
    TW_NEEDS(err, race);
    tw_status s = make_all(race, err);
    tw__race_show_end(race);
    return s;
}

/* ---- result -------------------------------------------------------------------------------------------- */

static tw_status make_texts(tw_race *race, tw_error *err)
{
    TW_TRY(tw__race_summarise(race, err));
    TW_TRY(tw__race_json(race, &race->json, err));
    TW_TRY(tw__json_record(race->ctx, race->json, JSON_INDENT(2), &race->text, err));
    return tw__race_table(race, &race->table, err);
}

/* A file that was removed is made anew. */
static tw_status is_written(const tw_race *race, int *written, tw_error *err)
{
    static const char *const files[] = {"report.html", "race.json"};
    char path[TW__PATH];
    int kind;
    *written = 1;
    for (int i = 0; i < 2; i++) {
        TW_TRY(tw__path_in(race->o.job.out, files[i], path, err));
        TW_TRY(tw__path_kind(race->ctx, path, &kind, err));
        *written = *written && kind != TW_PATH_NONE;
    }
    return TW_OK;
}

static tw_status write_files(const tw_race *race, tw_error *err)
{
    char *page;
    TW_TRY(tw__race_report(race, &page, err));
    tw_status s = tw__race_write(race, "report.html", page, err);
    tw__free_text(race->ctx, page);
    return s == TW_OK ? tw__race_write(race, "race.json", race->text, err) : s;
}

static tw_status write_locked(tw_race *race, tw_error *err)
{
    int written; /* by who had the lock before */
    TW_TRY(is_written(race, &written, err));
    return written ? TW_OK : write_files(race, err);
}

/* One process writes; the others wait for it, and would take its place if it were killed. */
static tw_status write_result(tw_race *race, tw_error *err)
{
    int written, got;
    TW_TRY(is_written(race, &written, err));
    if (written && !tw__database_is_unsettled(race->database)) return TW_OK;
    for (got = 0; !got;) {
        TW_TRY(tw__database_lock_result(race->database, &got, err));
        if (!got) TW_TRY(wait_for_others(race, err));
    }
    tw_status s = tw__database_settle(race->database, err);
    if (s == TW_OK) s = write_locked(race, err);
    tw__database_unlock_result(race->database);
    return s;
}

static tw_status make_result(tw_race *race, tw_error *err)
{
    for (uint64_t i = 0; race->database && i < tw__race_tasks(race); i++)
        TW_TRY(tw__race_fetch(race, i, err));
    for (size_t i = 0; race->o.tune && i < race->n; i++)
        TW_TRY(tw__tune_choose(race, &race->entries[i], err));
    tw__fp_mode mode = tw__fp_enter();
    tw_status s = make_texts(race, err);
    tw__fp_leave(mode);
    return s == TW_OK && race->database ? write_result(race, err) : s;
}

tw_status tw_race_run(tw_race *race, tw_error *err)
{
    TW_NEEDS(err, race);
    if (race->text) return tw__fail(err, TW_ERR_STATE, "the race was run before");
    TW_TRY(tw_race_work(race, err));
    return make_result(race, err);
}

tw_status tw_race_counts(tw_race *race, tw_race_count *out, tw_error *err)
{
    TW_TRY(tw__sized_clear(out, "tw_race_count", err));
    TW_NEEDS(err, race);
    uint64_t left = tw__race_tasks(race) - race->next;
    if (race->database) TW_TRY(tw__database_left(race->database, &left, err));
    tw_race_count all = {.runs = tw__race_tasks(race), .left = left, .raced = race->n * race->o.seeds};
    for (size_t i = 0; i < race->n; i++) all.diverged += race->entries[i].diverged;
    return tw__sized_write(out, &all, sizeof all, "tw_race_count", err);
}

tw_status tw_race_hold(tw_race *race, int *fd, tw_error *err)
{
    TW_NEEDS(err, race && fd);
    *fd = -1;
    return race->database ? tw__database_hold(race->database, fd, err) : TW_OK;
}
