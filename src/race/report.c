/* report.html: one file with everything in it. The page is assets/report.html with its {{parts}} filled in; what can be read without
 * JavaScript (head, table, settings) is written here, the chart is drawn by assets/report.js from the race's JSON.
 * SPDX-License-Identifier: MIT */
#include "race/assets.h"
#include "race/race.h"
#include "race/text.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/registry.h>

typedef struct page { const tw_race *race; tw__paper p; } page;

static const char *plural(uint64_t n) { return n == 1 ? "" : "s"; }

enum form { LOSS, SHARE, SECONDS, PLAIN };

static void put_number(page *g, enum form form, double value)
{
    char text[TW__DECIMAL];
    const char *format = form == SHARE || (form == SECONDS && value >= 1) ? "%.2f" : form == SECONDS ? "%.3f" : form == PLAIN ? "%.3g" : value >= 0.01 && value < 100 ? "%.4f" : "%.4g";
    tw__print(&g->p, form == SHARE ? "%s&#8239;%%" : "%s", tw__decimal(text, format, form == SHARE ? 100 * value : value));
}

/* ---- head --------------------------------------------------------------------------------------------------------------- */

static void put_title(page *g)
{
    tw__print(&g->p, "%zu optimizer%s on ", g->race->n, plural(g->race->n));
    const char *name = g->race->surface ? tw_surface_spec(g->race->surface) : g->race->o.data, *slash = g->race->surface ? NULL : strrchr(name, '/');
    tw__put_escaped(&g->p, slash && slash[1] ? slash + 1 : name);
}

/* The result in a sentence. */
static void put_lead(page *g)
{
    const tw_race *race = g->race;
    const tw__racer *best = &race->racers[race->order[0]];
    int measure = race->n_val ? TW__VAL_LOSS : race->n_test ? TW__TEST_LOSS : TW__LOSS;
    if (best->diverged == race->o.seeds) {
        tw__print(&g->p, "Every run diverged.");
        return;
    }
    tw__print(&g->p, "<strong class=\"c%d\">", best->colour % TW__COLOURS);
    tw__put_escaped(&g->p, best->spec);
    tw__print(&g->p, "</strong> ends with the lowest %s%s loss, ", race->o.seeds > 1 ? "median " : "",
              measure == TW__VAL_LOSS ? "validation" : measure == TW__TEST_LOSS ? "test" : "training");
    put_number(g, LOSS, best->of[measure].median);
    if (!isnan(best->of[TW__TEST_ACCURACY].median)) {
        tw__print(&g->p, ", and is right on ");
        put_number(g, SHARE, best->of[TW__TEST_ACCURACY].median);
        tw__print(&g->p, " of the test set");
    }
    tw__print(&g->p, ".");
}

static void put_fact(page *g, const char *name, const char *value)
{
    tw__print(&g->p, "<div><dt>%s</dt><dd>", name);
    tw__put_escaped(&g->p, value);
    tw__print(&g->p, "</dd></div>\n");
}

static void put_rows(page *g)
{
    const struct { const char *what; uint64_t rows; } parts[] = {
        {"to train on", g->race->n_train}, {"to validate", g->race->n_val}, {"to test", g->race->n_test}};
    tw__print(&g->p, "<div><dt>Rows</dt><dd>");
    for (int i = 0, any = 0; i < 3; i++) {
        if (!parts[i].rows) continue;
        if (any++) tw__print(&g->p, ", ");
        tw__put_count(&g->p, parts[i].rows);
        tw__print(&g->p, " %s", parts[i].what);
    }
    tw__print(&g->p, "</dd></div>\n");
}

static void put_facts(page *g)
{
    const tw_race *race = g->race;
    const tw_race_options *o = &race->o;
    char text[160];
    if (race->surface) {
        put_fact(g, "Surface", tw_surface_formula(race->surface));
        return;
    }
    put_fact(g, "Data", o->data);
    put_rows(g);
    put_fact(g, "Network", race->network);
    tw__print(&g->p, "<div><dt>Parameters</dt><dd>");
    tw__put_count(&g->p, race->weights);
    tw__print(&g->p, "</dd></div>\n");
    snprintf(text, sizeof text, "%llu row%s, %llu update%s an epoch", (unsigned long long)race->batch, plural(race->batch),
             (unsigned long long)race->steps_per_epoch, plural(race->steps_per_epoch));
    put_fact(g, "Batch", text);
    snprintf(text, sizeof text, "%llu", (unsigned long long)o->epochs);
    put_fact(g, "Epochs", text);
    if (o->seeds > 1) snprintf(text, sizeof text, "%llu to %llu", (unsigned long long)o->first_seed, (unsigned long long)(o->first_seed + o->seeds - 1));
    else snprintf(text, sizeof text, "%llu", (unsigned long long)o->first_seed);
    put_fact(g, o->seeds > 1 ? "Seeds" : "Seed", text);
    put_fact(g, "Schedule", race->schedule);
    put_fact(g, "Estimator", race->estimator);
    if (race->control) put_fact(g, "Control", race->control);
    if (o->groups) put_fact(g, "Groups", o->groups);
    if (o->nonfinite != TW_NONFINITE_ERROR) put_fact(g, "Not finite", tw_nonfinite_name(o->nonfinite));
    put_fact(g, "Numbers", o->dtype && strcmp(o->dtype, "f64") == 0 ? "64-bit" : "32-bit");
    if (o->target) put_fact(g, "Target", o->target);
}

/* ---- table -------------------------------------------------------------------------------------------------------------- */

struct column { const char *head; int measure; enum form form; int best; /* -1: the lowest is, 1: the highest, 0: neither */ };
static const struct column columns[] = {
    {"training loss", TW__LOSS, LOSS, -1},
    {"validation loss", TW__VAL_LOSS, LOSS, -1},
    {"validation accuracy", TW__VAL_ACCURACY, SHARE, 1},
    {"test accuracy", TW__TEST_ACCURACY, SHARE, 1},
    {"seconds per epoch", TW__EPOCH_SECONDS, SECONDS, 0},
    {"epochs to target", TW__TARGET_EPOCHS, PLAIN, -1},
    {"seconds to target", TW__TARGET_SECONDS, SECONDS, -1},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* The best median of a column; NaN if nobody has a value. */
static double best_of(const tw_race *race, const struct column *c)
{
    double best = NAN;
    for (size_t i = 0; i < race->n; i++) {
        double value = race->racers[i].of[c->measure].median;
        if (isnan(value)) continue;
        if (isnan(best) || (c->best > 0 ? value > best : value < best)) best = value;
    }
    return best;
}

static void put_cell(page *g, const struct column *c, const tw__racer *racer, double best)
{
    tw__spread s = racer->of[c->measure];
    if (isnan(s.median)) {
        tw__print(&g->p, "<td class=\"none\">&ndash;</td>");
        return;
    }
    tw__print(&g->p, c->best && s.median == best && g->race->n > 1 ? "<td class=\"best\">" : "<td>");
    put_number(g, c->form, s.median);
    if (g->race->o.seeds > 1 && (c->form == LOSS || c->form == SHARE)) {
        tw__print(&g->p, "<small>");
        put_number(g, c->form, s.q1);
        tw__print(&g->p, " to ");
        put_number(g, c->form, s.q3);
        tw__print(&g->p, "</small>");
    } else if (c->measure == TW__TARGET_EPOCHS && racer->reached < g->race->o.seeds) {
        tw__print(&g->p, "<small>%llu of %llu runs</small>", (unsigned long long)racer->reached, (unsigned long long)g->race->o.seeds);
    }
    tw__print(&g->p, "</td>");
}

/* A spec that may be broken after its colon and commas. */
static void put_spec(page *g, const char *spec)
{
    char part[TW_SPEC_MAX];
    for (size_t n; *spec; spec += n) {
        n = strcspn(spec, ":,");
        if (spec[n]) n++;
        if (n >= sizeof part) n = sizeof part - 1;
        memcpy(part, spec, n);
        part[n] = 0;
        tw__put_escaped(&g->p, part);
        if (spec[n]) tw__print(&g->p, "<wbr>");
    }
}

static void put_name(page *g, const tw__racer *racer)
{
    tw__print(&g->p, "<tr><th scope=\"row\"><span class=\"key c%d%s\"></span>", racer->colour % TW__COLOURS, racer->colour >= TW__COLOURS ? " dashed" : "");
    put_spec(g, racer->spec);
    if (racer->diverged) {
        const tw__race_run *run = racer->runs;
        while (!run->diverged) run++;
        tw__print(&g->p, "<small class=\"bad\">");
        if (g->race->o.seeds > 1) tw__print(&g->p, "%llu of %llu runs ", (unsigned long long)racer->diverged, (unsigned long long)g->race->o.seeds);
        tw__print(&g->p, "diverged: ");
        tw__put_escaped(&g->p, run->message);
        tw__print(&g->p, "</small>");
    }
    tw__print(&g->p, "</th>");
}

static void put_table(page *g)
{
    const tw_race *race = g->race;
    double best[COLUMNS];
    tw__print(&g->p, "<table>\n<thead><tr><th scope=\"col\">optimizer</th>");
    for (int c = 0; c < COLUMNS; c++) {
        best[c] = best_of(race, &columns[c]);
        if (!isnan(best[c])) tw__print(&g->p, "<th scope=\"col\">%s</th>", columns[c].head);
    }
    tw__print(&g->p, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < race->n; i++) {
        const tw__racer *racer = &race->racers[race->order[i]];
        put_name(g, racer);
        for (int c = 0; c < COLUMNS; c++)
            if (!isnan(best[c])) put_cell(g, &columns[c], racer, best[c]);
        tw__print(&g->p, "</tr>\n");
    }
    tw__print(&g->p, "</tbody>\n</table>\n");
}

static void put_note(page *g)
{
    const tw_race *race = g->race;
    tw__print(&g->p, "After the last epoch, best first. ");
    if (race->o.seeds > 1)
        tw__print(&g->p, "Medians of %llu seeds, with the first and third quartile; runs that diverged are left out of them. ", (unsigned long long)race->o.seeds);
    tw__print(&g->p, "For each seed all optimizers start from the same weights and see the same batches.");
}

/* ---- data --------------------------------------------------------------------------------------------------------------- */

/* "<" only stands inside strings of JSON, where it may be written so that no end tag can be read out of it. */
static void put_data(page *g)
{
    json_t *json;
    if (g->p.status != TW_OK) return;
    g->p.status = tw__race_page_json(g->race, &json, g->p.err);
    if (g->p.status != TW_OK) return;
    char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(json);
    if (!text) g->p.status = tw__fail(g->p.err, TW_ERR_MEMORY, "cannot allocate JSON");
    for (const char *c = text; c && *c;) {
        size_t n = strcspn(c, "<");
        tw__put(&g->p, c, n);
        c += n;
        if (*c) {
            tw__put(&g->p, "\\u003c", 6);
            c++;
        }
    }
    free(text);
}

/* ---- page --------------------------------------------------------------------------------------------------------------- */

static void put_asset(page *g, const unsigned char *bytes, size_t n) { tw__put(&g->p, (const char *)bytes, n); }

/* The palette as --c0 and on, and the classes that choose one of them as --c. */
static void put_palette(page *g)
{
    static const char *const heads[] = {":root {", "@media (prefers-color-scheme: dark) { :root:not([data-paper]) {"}, *const ends[] = {" }\n", " } }\n"};
    for (int dark = 0; dark < 2; dark++) {
        tw__print(&g->p, "%s", heads[dark]);
        for (int i = 0; i < TW__COLOURS; i++) tw__print(&g->p, " --c%d: %s;", i, dark ? tw__palette[i].dark : tw__palette[i].light);
        tw__print(&g->p, "%s", ends[dark]);
    }
    for (int i = 0; i < TW__COLOURS; i++) tw__print(&g->p, ".c%d { --c: var(--c%d); }\n", i, i);
}

static void put_style(page *g) { put_asset(g, tw__asset_style, tw__asset_style_size); }
static void put_script(page *g) { put_asset(g, tw__asset_script, tw__asset_script_size); }
static void put_dygraphs(page *g) { put_asset(g, tw__asset_dygraphs, tw__asset_dygraphs_size); }
static void put_dygraphs_style(page *g) { put_asset(g, tw__asset_dygraphs_style, tw__asset_dygraphs_style_size); }

static const struct { const char *name; void (*put)(page *g); } parts[] = {
    {"title", put_title}, {"lead", put_lead}, {"facts", put_facts}, {"table", put_table}, {"note", put_note}, {"data", put_data},
    {"palette", put_palette}, {"style", put_style}, {"script", put_script}, {"dygraphs", put_dygraphs}, {"dygraphs_style", put_dygraphs_style},
};

static int put_part(page *g, const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strlen(parts[i].name) == n && memcmp(parts[i].name, name, n) == 0) {
            parts[i].put(g);
            return 1;
        }
    return 0;
}

tw_status tw__race_report(const tw_race *race, char **out, tw_error *err)
{
    page g = {race, {.ctx = race->ctx, .err = err}};
    const char *at = (const char *)tw__asset_page, *open;
    while ((open = strstr(at, "{{")) != NULL) {
        const char *close = strstr(open, "}}");
        tw__put(&g.p, at, (size_t)(open - at));
        if (!close || !put_part(&g, open + 2, (size_t)(close - open - 2)))
            g.p.status = g.p.status != TW_OK ? g.p.status : tw__fail(err, TW_ERR_INTERNAL, "report.html: unknown part at \"%.20s\"", open);
        if (g.p.status != TW_OK) break;
        at = close + 2;
    }
    tw__put(&g.p, at, strlen(at));
    return tw__paper_take(&g.p, out);
}
