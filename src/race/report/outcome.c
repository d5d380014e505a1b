/* The outcome in a sentence or two, and what was raced.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include "base/options.h"
#include <math.h>
#include <stdio.h>

/* ---- the outcome --------------------------------------------------------------------------------------- */

static void put_strong(tw__page *g, const tw__entry *entry)
{
    char kind[16];
    tw__print(&g->p, "<strong class=\"%s\">", tw__page_class(entry, kind));
    tw__put_escaped(&g->p, entry->spec);
    tw__print(&g->p, "</strong>");
}

/* Who cannot be told from the best by so few runs: those whose quartiles begin below the end of its own. */
static void put_rivals(tw__page *g, const tw__entry *best, enum tw__measure measure)
{
    enum { NAMED = 3 };
    size_t n = 0, put = 0, rival[NAMED];
    for (size_t i = 1; i < g->race->n; i++) {
        const tw__spread *s = &tw__page_entry(g, i)->of[measure];
        if (tw__page_entry(g, i)->reached == best->reached && !isnan(s->median) &&
            s->q1 <= best->of[measure].q3 && n++ < NAMED)
            rival[n - 1] = i;
    }
    if (n == 0) {
        tw__print(&g->p, " Nobody else&rsquo;s %s down to that.",
                  tw__page_either(g, "quartiles reach", "standard error reaches"));
        return;
    }
    tw__print(&g->p, " That does not set it apart from ");
    for (; put < n && put < NAMED; put++) {
        if (put) tw__print(&g->p, put + 1 == n ? " and " : ", ");
        put_strong(g, tw__page_entry(g, rival[put]));
    }
    if (n > NAMED) tw__print(&g->p, " and %zu more", n - NAMED);
    tw__print(&g->p, ": their %s overlap.", tw__page_either(g, "quartiles", "standard errors"));
}

static void put_diverged(tw__page *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->race->n; i++) n += g->race->entries[i].diverged > 0;
    if (n)
        tw__print(&g->p, " %zu of the %zu diverged%s.", n, g->race->n,
                  g->race->o.seeds > 1 ? " in at least one run" : "");
}

/* Who ended lowest. */
static void put_lowest(tw__page *g, const tw__entry *best, const tw__spread *s)
{
    const tw_race *race = g->race;
    put_strong(g, best);
    tw__print(&g->p, race->n > 1 ? " ends with the lowest %s%s, " : " ends with a %s%s of ",
              tw__race_in(race, best) > 1 ? tw__page_either(g, "median ", "mean ") : "",
              tw__page_measure_name(race));
    tw__page_number(g, TW__AS_LOSS, s->median);
    if (s->q1 < s->q3) {
        tw__print(&g->p, " (%s ", tw__page_either(g, "quartiles", "with a standard error to each side"));
        tw__page_number(g, TW__AS_LOSS, s->q1);
        tw__print(&g->p, " to ");
        tw__page_number(g, TW__AS_LOSS, s->q3);
        tw__print(&g->p, ")");
    }
    if (!isnan(best->of[TW__TEST_ACCURACY].median)) {
        tw__print(&g->p, ", and is right on ");
        tw__page_number(g, TW__AS_SHARE, best->of[TW__TEST_ACCURACY].median);
        tw__print(&g->p, " of the test set");
    }
    tw__print(&g->p, ".");
    if (race->n > 1 && race->o.seeds > 1 && !race->of) put_rivals(g, best, tw__page_measure(race));
    if (race->n > 1 && race->o.seeds == 1 && !race->surface)
        tw__print(&g->p, " That is one seed: another may order them otherwise.");
}

/* Who got to the target, and with how little. */
static void put_soonest(tw__page *g, const tw__entry *best)
{
    const tw_race *race = g->race;
    const enum tw__measure measure = TW__TARGET_GRADIENTS;
    if (!best->reached) {
        tw__print(&g->p, "No run reached <code>");
        tw__put_escaped(&g->p, race->o.job.run.target);
        tw__print(&g->p, "</code>.");
        return;
    }
    put_strong(g, best);
    tw__print(&g->p, " gets to <code>");
    tw__put_escaped(&g->p, race->o.job.run.target);
    tw__print(&g->p, "</code>%s", race->n > 1 ? " soonest, " : " ");
    if (race->o.seeds > 1)
        tw__print(&g->p, "in %llu of %llu runs, ", (unsigned long long)best->reached,
                  (unsigned long long)tw__race_in(race, best));
    tw__print(&g->p, "after %s",
              tw__race_in(race, best) > 1 ? tw__page_either(g, "a median of ", "a mean of ") : "");
    tw__page_number(g, TW__AS_COUNT, best->of[measure].median);
    tw__print(&g->p, " gradient evaluations.");
    if (race->n > 1 && race->o.seeds > 1 && !race->of) put_rivals(g, best, measure);
}

/* A race of which not all runs are in. */
static void put_unfinished(tw__page *g)
{
    const tw_race *part = g->race, *race = part->of;
    if (!race) return;
    tw__print(&g->p, "<strong id=\"unfinished\">Unfinished:</strong> %llu of %llu runs are in. ",
              (unsigned long long)(tw__race_tasks(race) - part->left),
              (unsigned long long)tw__race_tasks(race));
    if (part->n < race->n)
        tw__print(&g->p, "The other optimizer%s %s as soon as a run is in. ", tw__plural(race->n - part->n),
                  race->n - part->n == 1 ? "follows" : "follow");
    tw__print(&g->p, "Load the page again for more. So far: ");
}

void tw__page_lead(tw__page *g)
{
    const tw_race *race = g->race;
    put_unfinished(g);
    const tw__entry *best = tw__page_entry(g, 0);
    const tw__spread *s = &best->of[tw__page_measure(race)];
    if (best->diverged == tw__race_in(race, best)) {
        tw__print(&g->p, "Every run%s diverged.", race->of ? " that is in" : "");
        return;
    }
    if (race->o.job.run.target) put_soonest(g, best);
    else if (isnan(s->median)) tw__print(&g->p, "No run came to an end that can be measured.");
    else put_lowest(g, best, s);
    put_diverged(g);
    if (race->o.tune)
        tw__print(&g->p, " Each was raced with the best of %llu learning rates.",
                  (unsigned long long)race->o.tune);
}

/* ---- what was raced ------------------------------------------------------------------------------------ */

static void put_fact(tw__page *g, const char *name, const char *value)
{
    if (!value) return;
    tw__print(&g->p, "<div><dt>%s</dt><dd>", name);
    tw__put_escaped(&g->p, value);
    tw__print(&g->p, "</dd></div>\n");
}

void tw__page_count(tw__page *g, const char *name, uint64_t n)
{
    tw__print(&g->p, "<div><dt>%s</dt><dd>", name);
    tw__put_count(&g->p, n);
    tw__print(&g->p, "</dd></div>\n");
}

static void put_rows(tw__page *g)
{
    const struct {
        const char *what;
        uint64_t rows;
    } parts[] = {{"to train on", g->race->n_train},
                 {"to validate", g->race->n_val},
                 {"to test", g->race->n_test}};
    tw__print(&g->p, "<div><dt>Rows</dt><dd>");
    for (int i = 0, any = 0; i < 3; i++) {
        if (!parts[i].rows) continue;
        if (any++) tw__print(&g->p, ", ");
        tw__put_count(&g->p, parts[i].rows);
        tw__print(&g->p, " %s", parts[i].what);
    }
    tw__print(&g->p, "</dd></div>\n");
}

static void put_data_facts(tw__page *g)
{
    const tw_race *race = g->race;
    char text[96];
    put_fact(g, "Data", race->o.job.data);
    put_rows(g);
    put_fact(g, "Model", race->network);
    tw__page_count(g, "Parameters", race->weights);
    snprintf(text, sizeof text, "%llu row%s, %llu update%s an epoch", (unsigned long long)race->batch,
             tw__plural(race->batch), (unsigned long long)race->steps_per_epoch,
             tw__plural(race->steps_per_epoch));
    put_fact(g, "Batch", text);
    tw__page_count(g, "Epochs", race->o.job.run.epochs);
    if (!race->optimum_of) return;
    char number[TW_VALUE_MAX];
    snprintf(text, sizeof text, "%s, %s%.60s", tw__number_text(race->optimum, number),
             race->o.job.cv ? "the mean of the folds'" : "of ", race->o.job.cv ? "" : race->optimum_of->spec);
    put_fact(g, "Least training loss", text);
}

static void put_surface_facts(tw__page *g)
{
    const tw_surface *surface = g->race->surface;
    const tw_surface_kind *kind = tw_surface_kind_of(surface);
    put_fact(g, "Surface", tw_surface_spec(surface));
    put_fact(g, "Formula", tw_surface_formula(surface));
    if (kind && *kind->paper) put_fact(g, "From", kind->paper);
}

void tw__page_setting(tw__page *g)
{
    const tw_race *race = g->race;
    const tw_race_options *o = &race->o;
    char text[96];
    tw__page_open(g, "setting", "What was raced");
    tw__print(&g->p, "<dl class=\"facts\">\n");
    (race->surface ? put_surface_facts : put_data_facts)(g);
    const unsigned long long first = o->job.run.seed, last = first + o->seeds - 1;
    if (o->seeds > 1) snprintf(text, sizeof text, "%llu to %llu", first, last);
    else snprintf(text, sizeof text, "%llu", first);
    put_fact(g, o->seeds > 1 ? "Seeds" : "Seed", text);
    if (o->job.cv) tw__page_count(g, "Folds, with a seed each", o->job.cv);
    if (o->tune) tw__page_count(g, "Learning rates tried, each optimizer", o->tune);
    put_fact(g, "Schedule", race->schedule);
    if (!race->surface) put_fact(g, "Estimator", race->estimator);
    put_fact(g, "Control", race->control);
    put_fact(g, "Groups", o->job.run.groups);
    if (o->job.run.nonfinite != TW_NONFINITE_ERROR)
        put_fact(g, "Not finite", tw_nonfinite_name(o->job.run.nonfinite));
    if (o->job.run.sparse != TW_RUN_SPARSE_EXACT)
        put_fact(g, "Sparse steps", tw_run_sparse_name(o->job.run.sparse));
    put_fact(g, "Numbers", tw__race_type(race) == TW_F64 ? "64-bit" : "32-bit");
    put_fact(g, "Target", o->job.run.target);
    if (o->job.run.eval_every) {
        snprintf(text, sizeof text, "after each epoch and every %llu updates",
                 (unsigned long long)o->job.run.eval_every);
        put_fact(g, "Target checked", text);
    }
    tw__print(&g->p, "</dl>\n</section>\n");
}
