/* The page's tables of results, and of who reached the target when.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include <math.h>

struct column {
    const char *head;
    enum tw__measure measure;
    enum tw__form form;
    int best; /* -1: the lowest is, 1: the highest, 0: neither */
};

static const struct column results[] = {
    {"training loss", TW__LOSS, TW__AS_LOSS, -1},
    {"validation loss", TW__VAL_LOSS, TW__AS_LOSS, -1},
    {"validation accuracy", TW__VAL_ACCURACY, TW__AS_SHARE, 1},
    {"test loss", TW__TEST_LOSS, TW__AS_LOSS, -1},
    {"test accuracy", TW__TEST_ACCURACY, TW__AS_SHARE, 1},
    {"value", TW__VALUE, TW__AS_LOSS, -1},
    {"least value", TW__BEST, TW__AS_LOSS, -1},
    {"distance to a minimum", TW__DISTANCE, TW__AS_LOSS, -1},
    {"gradient evaluations", TW__GRADIENTS, TW__AS_COUNT, 0},
    {"seconds per epoch", TW__EPOCH_SECONDS, TW__AS_SECONDS, 0},
};
static const struct column targets[] = {
    {"epochs", TW__TARGET_EPOCHS, TW__AS_PLAIN, -1},
    {"steps", TW__TARGET_STEPS, TW__AS_COUNT, -1},
    {"gradient evaluations", TW__TARGET_GRADIENTS, TW__AS_COUNT, -1},
    {"seconds", TW__TARGET_SECONDS, TW__AS_SECONDS, -1},
};
enum { COLUMNS = 10, TARGETS = 4 };

/* The best median of a column; NaN if no entry has one. */
static double best_of(const tw_race *race, const struct column *c)
{
    double best = NAN;
    for (size_t i = 0; i < race->n; i++) {
        double value = race->entries[i].of[c->measure].median;
        if (isnan(value)) continue;
        if (isnan(best) || (c->best > 0 ? value > best : value < best)) best = value;
    }
    return best;
}

/* The same for everybody. */
static int is_common(const tw_race *race, const struct column *c)
{
    const double first = race->entries[0].of[c->measure].median;
    for (size_t i = 0; i < race->n; i++)
        if (race->entries[i].of[c->measure].median != first) return 0;
    return 1;
}

/* Everybody's least value is that in the end. */
static int is_at_end(const tw_race *race)
{
    for (size_t i = 0; i < race->n; i++)
        if (race->entries[i].of[TW__BEST].median < race->entries[i].of[TW__VALUE].median) return 0;
    return 1;
}

/* Whether a column says something: that runs went on for as long or as often is no news, and where they end
 * at a target its own table has it. */
static int is_told(const tw_race *race, const struct column *c)
{
    switch (c->measure) {
    case TW__BEST: return !is_at_end(race);
    case TW__TEST_LOSS: return !race->n_val;
    case TW__GRADIENTS: return !race->o.job.run.target && !is_common(race, c);
    case TW__EPOCH_SECONDS: return !race->o.job.run.target;
    case TW__TARGET_SECONDS: return !race->surface;
    default: return 1;
    }
}

/* Columns for which an entry has a value; the others' best is NaN. */
static void put_heads(tw__page *g, const struct column *columns, int n, double *best)
{
    for (int c = 0; c < n; c++) {
        best[c] = is_told(g->race, &columns[c]) ? best_of(g->race, &columns[c]) : NAN;
        if (!isnan(best[c])) tw__print(&g->p, "<th scope=\"col\">%s</th>", columns[c].head);
    }
}

/* Where runs end at a target, what they had reached there does not make one of them the best. */
static int is_contest(const tw_race *race, const struct column *c)
{
    return c->best && !is_common(race, c) &&
           (!race->o.job.run.target || (c >= targets && c < targets + TARGETS));
}

static void put_cells(tw__page *g, const struct column *columns, int n, const double *best,
                      const tw__entry *entry)
{
    for (int c = 0; c < n; c++) {
        if (isnan(best[c])) continue;
        const tw__spread s = entry->of[columns[c].measure];
        tw__page_cell(g, columns[c].form, s, s.median == best[c] && is_contest(g->race, &columns[c]));
    }
}

/* ---- results ------------------------------------------------------------------------------------------- */

static void put_failure(tw__page *g, const tw__entry *entry)
{
    const tw__race_run *run = entry->runs;
    if (!entry->diverged) return;
    while (!run->diverged) run++;
    tw__print(&g->p, "<small class=\"bad\">");
    if (g->race->o.seeds > 1)
        tw__print(&g->p, "%llu of %llu runs ", (unsigned long long)entry->diverged,
                  (unsigned long long)tw__race_in(g->race, entry));
    tw__print(&g->p, "diverged: ");
    tw__put_escaped(&g->p, run->message);
    tw__print(&g->p, "</small>");
}

static void put_note(tw__page *g)
{
    const tw_race *race = g->race;
    if (race->o.job.run.target)
        tw__print(&g->p,
                  "<p class=\"hint\">Where each run ended: those that reached the target ended there. ");
    else
        tw__print(&g->p, "<p class=\"hint\">After the last %s, best first. ",
                  race->surface ? "step" : "epoch");
    if (race->o.seeds > 1)
        tw__print(
            &g->p,
            tw__page_either(
                g,
                "Medians of %s%llu seeds, below them the first and third quartile; runs that diverged are left out of them. ",
                "Means of %s%llu folds, below them those less and more a standard error; runs that diverged are left out of them. "),
            race->of ? "up to " : "", (unsigned long long)race->o.seeds);
    tw__print(
        &g->p, "%s</p>\n",
        race->surface
            ? "All start from the same point; for each seed they meet the same noise."
            : tw__page_either(
                  g, "For each seed all optimizers start from the same weights and see the same batches.",
                  "In each fold all optimizers see the same rows, from the same weights and in the same batches, "
                  "and are validated on the others."));
}

static void put_rows(tw__page *g, const double *best)
{
    for (size_t i = 0; i < g->race->n; i++) {
        const tw__entry *entry = tw__page_entry(g, i);
        tw__page_row(g, entry);
        tw__page_tuned(g, entry);
        put_failure(g, entry);
        tw__print(&g->p, "</th>");
        put_cells(g, results, COLUMNS, best, entry);
        tw__print(&g->p, "</tr>\n");
    }
}

void tw__page_results(tw__page *g)
{
    double best[COLUMNS];
    tw__page_open(g, "results", "Results");
    tw__page_open_table(g, "results", "optimizer");
    put_heads(g, results, COLUMNS, best);
    tw__print(&g->p, "</tr></thead>\n<tbody>\n");
    put_rows(g, best);
    tw__page_close_table(g);
    put_note(g);
    tw__print(&g->p, "</section>\n");
}

/* ---- time to target ------------------------------------------------------------------------------------ */

void tw__page_target_table(tw__page *g)
{
    double best[COLUMNS];
    tw__page_open_table(g, "target", "optimizer");
    tw__print(&g->p, "<th scope=\"col\">reached</th>");
    put_heads(g, targets, TARGETS, best);
    tw__print(&g->p, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < g->race->n; i++) {
        const tw__entry *entry = tw__page_entry(g, i);
        tw__page_row(g, entry);
        tw__page_tuned(g, entry);
        tw__print(&g->p, "</th><td>%llu of %llu</td>", (unsigned long long)entry->reached,
                  (unsigned long long)tw__race_in(g->race, entry));
        put_cells(g, targets, TARGETS, best, entry);
        tw__print(&g->p, "</tr>\n");
    }
    tw__page_close_table(g);
}
