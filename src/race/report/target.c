/* Time to target: a table, and performance profiles (Dolan & More 2002) with each seed as a problem.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include <math.h>
#include <stdio.h>

static const char *const costs[TW__COSTS] =
    {[TW__COST_GRADIENTS] = "gradient evaluations", [TW__COST_SECONDS] = "seconds"};

/* ---- ratios -------------------------------------------------------------------------------------------- */

static double cost_of(const tw__race_run *run, enum tw__cost by)
{
    if (!run->reached) return INFINITY;
    return by == TW__COST_SECONDS ? run->seconds : (double)run->gradients;
}

/* A seed that every optimizer has run: of others the best is unknown. */
static int is_raced(const tw_race *race, uint64_t seed)
{
    for (size_t i = 0; i < race->n; i++)
        if (race->entries[i].runs[seed].missing) return 0;
    return 1;
}

static uint64_t count_raced(const tw_race *race)
{
    uint64_t n = 0;
    for (uint64_t k = 0; k < race->o.seeds; k++) n += (uint64_t)is_raced(race, k);
    return n;
}

/* What a run cost in terms of the best run with its seed; infinite if it did not reach the target. */
static double ratio_of(const tw_race *race, const tw__entry *entry, uint64_t seed, enum tw__cost by)
{
    double best = INFINITY, own = is_raced(race, seed) ? cost_of(&entry->runs[seed], by) : INFINITY;
    for (size_t i = 0; i < race->n; i++) {
        double cost = cost_of(&race->entries[i].runs[seed], by);
        if (cost < best) best = cost;
    }
    return own == INFINITY ? INFINITY : best > 0 ? own / best : own > 0 ? INFINITY : 1;
}

double tw__profile_at(const tw_race *race, const tw__entry *entry, enum tw__cost by, double factor)
{
    uint64_t n = 0;
    for (uint64_t k = 0; k < race->o.seeds; k++) n += ratio_of(race, entry, k, by) <= factor * (1 + 1e-12);
    return (double)n / (double)count_raced(race);
}

/* The smallest ratio of an entry's runs above `above`; infinite behind the last. */
static double next_ratio(const tw_race *race, const tw__entry *entry, enum tw__cost by, double above)
{
    double next = INFINITY;
    for (uint64_t k = 0; k < race->o.seeds; k++) {
        double ratio = ratio_of(race, entry, k, by);
        if (ratio > above && ratio < next) next = ratio;
    }
    return next;
}

/* ---- the picture --------------------------------------------------------------------------------------- */

static double last_ratio(const tw_race *race, enum tw__cost by)
{
    double last = 2;
    for (size_t i = 0; i < race->n; i++)
        for (uint64_t k = 0; k < race->o.seeds; k++) {
            double ratio = ratio_of(race, &race->entries[i], k, by);
            if (isfinite(ratio) && ratio > last) last = ratio;
        }
    return last;
}

/* Stairs; those of the optimizers stand a little apart, for where they coincide. */
static void put_stairs(tw__page *g, tw__chart *c, size_t i, enum tw__cost by)
{
    const tw__entry *entry = tw__page_entry(g, i);
    const double apart = 0.006 * ((double)(g->race->n - 1) / 2 - (double)i);
    double share = tw__profile_at(g->race, entry, by, 1);
    tw__chart_begin(c, "line");
    tw__chart_to(c, 1, share + apart);
    for (double at = next_ratio(g->race, entry, by, 1 + 1e-12); isfinite(at);
         at = next_ratio(g->race, entry, by, at)) {
        tw__chart_to(c, at, share + apart);
        share = tw__profile_at(g->race, entry, by, at);
        tw__chart_to(c, at, share + apart);
    }
    tw__chart_to(c, c->x.to, share + apart);
    tw__chart_end(c, 0);
    if (entry->colour < TW__COLOURS) return;
    for (double place = tw__page_first_mark(g, i) * TW__MARK_EVERY; place < 1; place += TW__MARK_EVERY) {
        const double at = tw__scale_value(&c->x, place);
        tw__chart_mark(c, tw__mark_of(entry->colour), "sign", at,
                       tw__profile_at(g->race, entry, by, at) + apart);
    }
}

static void put_picture(tw__page *g, enum tw__cost by, const tw__size *size)
{
    char name[96], kind[16], label[200];
    snprintf(name, sizeof name, "%s, times the seed's best (log)", costs[by]);
    snprintf(
        label, sizeof label,
        "Performance profile: share of the runs that reached the target within a factor of the best, by %s",
        costs[by]);
    tw__chart c = {.p = &g->p,
                   .label = label,
                   .x_name = name,
                   .y_name = "share of runs that reached the target",
                   .is_share = 1};
    c.width = size->width;
    c.height = size->height;
    c.x = (tw__scale){.is_log = 1, .from = 1, .to = last_ratio(g->race, by) * 1.15};
    c.y = (tw__scale){.from = -0.05, .to = 1.05};
    tw__print(&g->p, "<div class=\"%s\">", size->kind);
    tw__chart_open(&c);
    for (size_t i = g->race->n; i-- > 0;) {
        tw__print(&g->p, "<g class=\"series %s\" data-entry=\"%zu\">",
                  tw__page_class(tw__page_entry(g, i), kind), i);
        put_stairs(g, &c, i, by);
        tw__print(&g->p, "</g>\n");
    }
    tw__chart_close(&c);
    tw__print(&g->p, "</div>\n");
}

static void put_pictures(tw__page *g, enum tw__cost by)
{
    tw__print(&g->p, "<figure data-name=\"%s\">", costs[by]);
    for (int i = 0; i < TW__SIZES; i++) put_picture(g, by, &tw__sizes[i]);
    tw__print(&g->p, "</figure>\n");
}

/* ---- the section --------------------------------------------------------------------------------------- */

void tw__page_target(tw__page *g)
{
    const tw_race *race = g->race;
    uint64_t reached = 0;
    for (size_t i = 0; i < race->n; i++) reached += race->entries[i].reached;
    tw__page_open(g, "target", "Time to target");
    if (!race->o.job.run.target) {
        tw__print(
            &g->p,
            "<p class=\"hint\">This race had no target. With <code>--target %s</code> it shows here the runs that reached the target, how often "
            "and how soon.</p>\n</section>\n",
            race->surface ? "value=1e-6"
            : race->n_val ? "val_accuracy=0.95"
                          : "loss=0.1");
        return;
    }
    tw__print(&g->p, "<p>The target is <code>");
    tw__put_escaped(&g->p, race->o.job.run.target);
    tw__print(&g->p, "</code>%s. Medians are over the runs that reached it.</p>\n",
              reached ? "" : ", which no run reached");
    tw__page_target_table(g);
    if (reached && count_raced(race)) {
        tw__print(&g->p, "<div id=\"profile\">\n<h3>Performance profile</h3>\n"
                         "<fieldset id=\"profile-cost\" hidden><legend>Measured in</legend></fieldset>\n");
        tw__page_keys(g);
        /* there a step is too short for a clock */
        for (enum tw__cost by = 0; by < (race->surface ? 1 : TW__COSTS); by++) put_pictures(g, by);
        tw__print(
            &g->p,
            "<p class=\"hint\">For each seed, what an optimizer needed is divided by what the best one needed. At the left edge stands "
            "how often it was the best, at the right how often it got there at all; higher is better. Lines that coincide are drawn "
            "a little apart.</p>\n</div>\n");
    }
    tw__print(&g->p, "</section>\n");
}
