/* report.html while runs come in: the optimizers with runs that are in, as if the race were theirs alone,
 * marked unfinished. The process that gets the result's lock first keeps it and writes, until its work is
 * done.
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/cpu.h"
#include "race/persist.h"
#include "race/render.h"
#include "race/run.h"
#include "race/database.h"
#include "train/batch.h"

/* The k-th of an entry's trials and runs. */
static uint64_t task_of(const tw_race *race, size_t entry, uint64_t k)
{
    const uint64_t tune = race->o.tune, seeds = race->o.seeds;
    return k < tune ? entry * tune + k : race->n * tune + entry * seeds + k - tune;
}

/* Fetches a run that is in; one that is not is marked so. */
static tw_status fetch_run(tw_race *race, uint64_t task, int *in, tw_error *err)
{
    TW_TRY(tw__database_has(race->database, task, in, err));
    tw__race_task(race, task).run->missing = !*in;
    return *in ? tw__race_fetch(race, task, err) : TW_OK;
}

/* An entry is shown once its trials, which decide its rate, and one of its runs are in. */
static tw_status take_entry(tw_race *race, size_t i, tw_race *part, tw_error *err)
{
    const uint64_t tune = race->o.tune;
    int in = 1, any = 0;
    for (uint64_t k = 0; k < tune && in; k++) TW_TRY(fetch_run(race, task_of(race, i, k), &in, err));
    if (!in) return TW_OK;
    for (uint64_t k = 0; k < race->o.seeds; k++) {
        TW_TRY(fetch_run(race, task_of(race, i, tune + k), &in, err));
        any |= in;
    }
    if (!any) return TW_OK;
    if (tune) TW_TRY(tw__tune_choose(race, &race->entries[i], err));
    part->entries[part->n++] = race->entries[i];
    return TW_OK;
}

static tw_status write_part(tw_race *part, tw_error *err)
{
    char *page;
    TW_TRY(tw__race_summarise(part, err));
    TW_TRY(tw__race_report(part, &page, err));
    tw_status s = tw__race_write(part, "report.html", page, err);
    tw__free_text(part->ctx, page);
    return s;
}

static tw_status fill_part(tw_race *race, tw_race *part, tw_error *err)
{
    part->n = 0;
    for (size_t i = 0; i < race->n; i++) TW_TRY(take_entry(race, i, part, err));
    if (part->n == 0) return TW_OK;
    tw__fp_mode mode = tw__fp_enter();
    tw_status s = write_part(part, err);
    tw__fp_leave(mode);
    return s;
}

/* Nothing while no entry can be shown. */
static tw_status write_page(tw_race *race, uint64_t left, int *written, tw_error *err)
{
    tw_race part = *race;
    part.of = race;
    part.left = left;
    part.entries = NULL;
    part.order = NULL;
    tw_status s = tw__alloc(race->ctx, &part.entries, race->n, sizeof *part.entries, err);
    if (s == TW_OK) s = tw__alloc(race->ctx, &part.order, race->n, sizeof *part.order, err);
    if (s == TW_OK) s = fill_part(race, &part, err);
    *written = part.n > 0;
    tw__free(race->ctx, part.entries, race->n, sizeof *part.entries);
    tw__free(race->ctx, part.order, race->n, sizeof *part.order);
    return s;
}

tw_status tw__race_show(tw_race *race, tw_error *err)
{
    /* seconds between two pages at the least; at most a twentieth of the time */
    enum { PAUSE = 3, SHARE = 20 };
    const double start = tw__seconds();
    uint64_t left;
    int written;
    if (start < race->page.due) return TW_OK;
    if (!race->page.locked) TW_TRY(tw__database_lock_result(race->database, &race->page.locked, err));
    if (!race->page.locked) return TW_OK;
    TW_TRY(tw__database_left(race->database, &left, err));
    if (left == 0) return TW_OK;
    TW_TRY(write_page(race, left, &written, err));
    const double took = tw__seconds() - start;
    if (written) race->page.due = start + (SHARE * took > PAUSE ? SHARE * took : PAUSE);
    return TW_OK;
}

void tw__race_show_end(tw_race *race)
{
    if (race->page.locked) tw__database_unlock_result(race->database);
    race->page.locked = 0;
}
