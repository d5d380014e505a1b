/* The table for people: a row for every optimiser, best first, in 100 columns unless the names need more.
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "base/options.h"
#include "race/render.h"
#include "race/run.h"
#include "race/strbuf.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 100, MESSAGE = 40 /* the least of it that is shown */, CELL = 80 };

struct column {
    const char *head;
    int measure;
    const char *format;
}; /* format NULL: as fits a loss */
static const struct column columns[] = {
    {"loss", TW__LOSS, NULL},
    {"val loss", TW__VAL_LOSS, NULL},
    {"val acc", TW__VAL_ACCURACY, "%.4f"},
    {"test loss", TW__TEST_LOSS, NULL},
    {"test acc", TW__TEST_ACCURACY, "%.4f"},
    {"value", TW__VALUE, NULL},
    {"best", TW__BEST, NULL},
    {"distance", TW__DISTANCE, NULL},
    {"above f*", TW__GAP, "%.2e"},
    {"gradients", TW__GRADIENTS, "%.7g"},
    {"s/epoch", TW__EPOCH_SECONDS, "%.3f"},
    {"epochs", TW__TARGET_EPOCHS, "%.3g"},
    {"steps", TW__TARGET_STEPS, "%.7g"},
    {"gradients", TW__TARGET_GRADIENTS, "%.7g"},
    {"seconds", TW__TARGET_SECONDS, "%.3f"},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static int is_to_target(int measure)
{
    return measure == TW__TARGET_EPOCHS || measure == TW__TARGET_STEPS || measure == TW__TARGET_GRADIENTS ||
           measure == TW__TARGET_SECONDS;
}

/* The column has a value for an entry, or is about the target that was set; test loss only where nothing else
 * was held out. With a target, seconds and gradients are those to it. */
static int is_shown(const tw_race *race, int c)
{
    int m = columns[c].measure;
    if (is_to_target(m))
        return race->o.job.run.target &&
               !(race->surface && (m == TW__TARGET_EPOCHS || m == TW__TARGET_SECONDS));
    if (m == TW__TEST_LOSS && race->n_val) return 0;
    if ((m == TW__EPOCH_SECONDS || m == TW__GRADIENTS) && race->o.job.run.target) return 0;
    for (size_t i = 0; i < race->n; i++)
        if (!isnan(race->entries[i].of[m].median)) return 1;
    return 0;
}

/* Shown with a standard error over the folds. */
static int is_compared(int measure)
{
    return measure == TW__VAL_LOSS || measure == TW__VAL_ACCURACY || measure == TW__TEST_LOSS ||
           measure == TW__TEST_ACCURACY;
}

/* A number, or "-"; a target that only some of the seeds reached with how many: "3 (2/5)". */
static void cell_text(const tw_race *race, const tw__entry *entry, int c, char to[CELL])
{
    double value = entry->of[columns[c].measure].median;
    if (isnan(value)) snprintf(to, CELL, "-");
    else
        tw__decimal(to,
                    columns[c].format              ? columns[c].format
                    : value >= 0.01 && value < 100 ? "%.4f"
                                                   : "%.3g",
                    value);
    if (race->o.job.cv && is_compared(columns[c].measure))
        tw__format(to + strlen(to), CELL - strlen(to), " +- %.2g", entry->of[columns[c].measure].q3 - value);
    int counts = columns[c].measure == (race->surface ? TW__TARGET_STEPS : TW__TARGET_EPOCHS);
    if (counts && entry->reached && entry->reached < race->o.seeds && strlen(to) < 8)
        snprintf(to + strlen(to), CELL - strlen(to), " (%llu/%llu)", (unsigned long long)entry->reached,
                 (unsigned long long)race->o.seeds);
}

/* Of a column: its head, or the longest number in it. */
static int width_of(const tw_race *race, int c)
{
    char cell[CELL];
    int n = (int)strlen(columns[c].head);
    for (size_t i = 0; i < race->n; i++) {
        cell_text(race, &race->entries[i], c, cell);
        if ((int)strlen(cell) > n) n = (int)strlen(cell);
    }
    return n < 8 ? 8 : n;
}

static const char *name_of(const tw__entry *entry) { return entry->tuned ? entry->tuned : entry->spec; }

/* As much of a text as fits, its cut said by dots. */
static void put_cut(tw__strbuf *p, const char *text, int width)
{
    char shown[1024];
    if ((int)strlen(tw_printable(text, shown, sizeof shown)) <= width) tw__print(p, "%s", shown);
    else tw__print(p, "%s...", tw_printable(text, shown, (size_t)(width < 1000 ? width : 1000) - 2));
}

/* 54,000 rows, 1 epoch */
static void put_counted(tw__strbuf *p, uint64_t n, const char *what)
{
    tw__put_count(p, n);
    tw__print(p, " %s%s", what, n == 1 ? "" : "s");
}

/* batch 32; batch 1 to 54,000 where estimators differ in it */
static void put_batch(const tw_race *race, tw__strbuf *p)
{
    uint64_t least = race->entries[0].batch, most = least;
    for (size_t i = 1; i < race->n; i++) {
        if (race->entries[i].batch < least) least = race->entries[i].batch;
        if (race->entries[i].batch > most) most = race->entries[i].batch;
    }
    tw__print(p, ", batch ");
    tw__put_count(p, least);
    if (least == most) return;
    tw__print(p, " to ");
    tw__put_count(p, most);
}

static void put_ground(const tw_race *race, tw__strbuf *p)
{
    if (race->surface) {
        double start[2];
        char x[TW__DECIMAL], y[TW__DECIMAL];
        tw_surface_start(race->surface, start);
        put_cut(p, tw_surface_spec(race->surface), 40);
        tw__print(p, ": ");
        put_counted(p, race->o.steps, "step");
        tw__print(p, " from (%s, %s)", tw__decimal(x, "%.4g", start[0]), tw__decimal(y, "%.4g", start[1]));
        return;
    }
    put_cut(p, race->o.job.data, 40);
    tw__print(p, ": ");
    put_counted(p, race->n_train, "row");
    put_batch(race, p);
    tw__print(p, ", ");
    put_counted(p, race->o.job.run.epochs, "epoch");
}

static void put_head(const tw_race *race, tw__strbuf *p)
{
    char number[TW_VALUE_MAX];
    put_ground(race, p);
    if (race->o.job.cv)
        tw__print(p, ", means of %llu folds, seed %llu\n", (unsigned long long)race->o.seeds,
                  (unsigned long long)race->o.job.run.seed);
    else if (race->o.seeds > 1) tw__print(p, ", medians of %llu seeds\n", (unsigned long long)race->o.seeds);
    else tw__print(p, ", seed %llu\n", (unsigned long long)race->o.job.run.seed);
    if (race->o.tune) tw__print(p, "learning rate: the best of %llu\n", (unsigned long long)race->o.tune);
    if (race->o.job.run.target)
        tw__print(p, "%s: to %.60s\n",
                  race->surface ? "steps, gradients" : "epochs, steps, gradients, seconds",
                  race->o.job.run.target);
    if (race->optimum_of && race->o.job.cv)
        tw__print(p, "f* = %s, the mean of the least loss of each fold's training rows\n",
                  tw__number_text(race->optimum, number));
    else if (race->optimum_of)
        tw__print(p, "f* = %s, the least mean loss over all rows, of %s\n",
                  tw__number_text(race->optimum, number), race->optimum_of->spec);
    tw__print(p, "\n");
}

static const char *first_message(const tw_race *race, const tw__entry *entry)
{
    for (uint64_t k = 0; k < race->o.seeds; k++)
        if (entry->runs[k].diverged) return entry->runs[k].message;
    return "";
}

static void put_row(const tw_race *race, tw__strbuf *p, const tw__entry *entry, int width)
{
    char cell[CELL];
    tw__print(p, "%-*s", width, name_of(entry));
    if (entry->diverged == race->o.seeds) {
        char losses[512]; /* without the tensor, which is in race.json */
        const char *why = first_message(race, entry);
        snprintf(losses, sizeof losses, "%.*s", (int)strcspn(why, ";"), why);
        tw__print(p, "  diverged: ");
        put_cut(p, losses, width < WIDTH - 12 - MESSAGE ? WIDTH - width - 12 : MESSAGE);
    } else {
        for (int c = 0; c < COLUMNS; c++) {
            if (!is_shown(race, c)) continue;
            cell_text(race, entry, c, cell);
            tw__print(p, "  %*s", width_of(race, c), cell);
        }
    }
    tw__print(p, "\n");
}

/* The best of its trials did not get through either. */
static int no_rate_worked(const tw_race *race, const tw__entry *entry)
{
    for (uint64_t k = 0; k < race->o.tune; k++)
        if (!entry->trials[k].run.diverged) return 0;
    return race->o.tune > 0;
}

static void put_note(tw__strbuf *p, int *any, const char *note)
{
    if (!(*any)++) tw__print(p, "\n");
    put_cut(p, note, WIDTH);
    tw__print(p, "\n");
}

/* Those of whom only some runs diverged, as their numbers are of the others; those that no rate suited, and
 * those whose best rate is the first or the last that was tried. */
static void put_notes(const tw_race *race, tw__strbuf *p)
{
    int any = 0, end;
    for (size_t i = 0; i < race->n; i++) {
        const tw__entry *entry = &race->entries[race->order[i]];
        char note[700];
        if (entry->diverged && entry->diverged < race->o.seeds) {
            snprintf(note, sizeof note,
                     "%.60s: %llu of %llu runs diverged, the numbers are of the others: %s", name_of(entry),
                     (unsigned long long)entry->diverged, (unsigned long long)race->o.seeds,
                     first_message(race, entry));
            put_note(p, &any, note);
        }
        if (no_rate_worked(race, entry)) {
            snprintf(note, sizeof note,
                     "%.60s: with every rate that was tried it diverged; it was raced with the smallest",
                     entry->spec);
            put_note(p, &any, note);
        } else if (race->o.tune > 1 && (end = tw__tune_end(race, entry)) != 0) {
            snprintf(note, sizeof note,
                     "%.60s: its best rate is the %s that was tried; a %s one may be better", entry->spec,
                     end < 0 ? "smallest" : "largest", end < 0 ? "smaller" : "larger");
            put_note(p, &any, note);
        }
    }
}

tw_status tw__race_table(const tw_race *race, char **out, tw_error *err)
{
    tw__strbuf p = {.ctx = race->ctx, .err = err};
    int width = (int)strlen("optimizer"), others = 0;
    for (int c = 0; c < COLUMNS; c++) others += is_shown(race, c);
    for (size_t i = 0; i < race->n; i++)
        if ((int)strlen(name_of(&race->entries[i])) > width) width = (int)strlen(name_of(&race->entries[i]));
    put_head(race, &p);
    tw__print(&p, "%-*s", others ? width : 0, "optimizer");
    for (int c = 0; c < COLUMNS; c++)
        if (is_shown(race, c)) tw__print(&p, "  %*s", width_of(race, c), columns[c].head);
    tw__print(&p, "\n");
    for (size_t i = 0; i < race->n; i++) put_row(race, &p, &race->entries[race->order[i]], width);
    put_notes(race, &p);
    return tw__strbuf_take(&p, out);
}
