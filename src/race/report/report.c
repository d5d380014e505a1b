/* report.html of a race: one file with everything in it.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include "race/render.h"

static const tw__quantity race_quantities[TW__QUANTITIES] = {
    {"gap", "training loss above the optimum", TW__GAP, 0},
    {"val_loss", "validation loss", TW__VAL_LOSS, 0},
    {"loss", "training loss", TW__LOSS, 0},
    {"val_accuracy", "validation accuracy", TW__VAL_ACCURACY, 1},
    {"accuracy", "training accuracy", TW__ACCURACY, 1},
    {"value", "value", TW__VALUE, 0},
};

/* "8 optimizers on "; "3 of 8 optimizers so far on " */
static void put_count(tw__page *g)
{
    const size_t all = g->race->of ? g->race->of->n : g->race->n;
    if (g->race->n < all) tw__print(&g->p, "%zu of ", g->race->n);
    tw__print(&g->p, "%zu optimizer%s %son ", all, all == 1 ? "" : "s", g->race->of ? "so far " : "");
}

static void put_title(tw__page *g)
{
    if (g->race->of) tw__print(&g->p, "Unfinished: ");
    put_count(g);
    tw__put_escaped(&g->p, tw__page_subject(g->race));
}

static void put_heading(tw__page *g)
{
    put_count(g);
    tw__page_spec(g, tw__page_subject(g->race));
}

static void put_footer(tw__page *g)
{
    tw__print(
        &g->p,
        "Made by <code>thalweg race</code>; the numbers in full %s race.json beside this file%s. The curves are drawn by dygraphs (MIT).",
        g->race->of ? "will be in" : "are in", g->race->of ? " when the race has finished" : "");
}

static void put_nav(tw__page *g)
{
    const struct {
        const char *id, *name;
        int is_there;
    } sections[] = {
        {"surface", "Paths", g->race->surface != NULL},
        {"curves", "Curves", 1},
        {"results", "Results", 1},
        {"rates", "Learning rates", g->race->o.tune > 0},
        {"target", "Time to target", 1},
        {"optimizers", "Optimizers", 1},
        {"setting", "What was raced", 1},
    };
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (sections[i].is_there)
            tw__print(&g->p, "<a href=\"#%s\">%s</a>", sections[i].id, sections[i].name);
}

static const tw__part race_parts[] = {
    {"title", put_title},
    {"heading", put_heading},
    {"nav", put_nav},
    {"lead", tw__page_lead},
    {"surface", tw__page_surface},
    {"results", tw__page_results},
    {"fits", NULL},
    {"rates", tw__page_rates},
    {"target", tw__page_target},
    {"cards", tw__page_cards},
    {"setting", tw__page_setting},
    {"footer", put_footer},
    {NULL, NULL},
};

tw_status tw__race_report(const tw_race *race, char **out, tw_error *err)
{
    return tw__page_make(race, &(tw__page_kind){race_parts, race_quantities, NULL}, out, err);
}
