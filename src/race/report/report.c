/* report.html: one file with everything in it. The page is assets/report.html with its {{parts}} filled in. What can be read without JavaScript
 * (tables, cards, still pictures) is written here and in report_*.c; assets/report/ brings it to life.
 * SPDX-License-Identifier: MIT */
#include "race/report/run.h"
#include "base/spec.h"
#include "race/assets.h"
#include "race/colours.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what all parts use ------------------------------------------------------------------------------------------------- */

static const tw__quantity race_quantities[TW__QUANTITIES] = {
    {"val_loss", "validation loss", TW__VAL_LOSS, 0},
    {"loss", "training loss", TW__LOSS, 0},
    {"val_accuracy", "validation accuracy", TW__VAL_ACCURACY, 1},
    {"accuracy", "training accuracy", TW__ACCURACY, 1},
    {"value", "value", TW__VALUE, 0},
};
const tw__size tw__sizes[TW__SIZES] = {{"wide", 1040, 420}, {"narrow", 400, 380}};
const tw__axis_name tw__axes[TW__AXES] = {
    [TW__BY_EPOCHS] = {"epochs", "epochs", "epoch"},
    [TW__BY_STEPS] = {"steps", "steps", "step"},
    [TW__BY_GRADIENTS] = {"gradients", "gradient evaluations", "gradient evaluation"},
    [TW__BY_SECONDS] = {"seconds", "seconds", "second"},
};

const tw__entry *tw__page_entry(const tw__page *g, size_t i) { return &g->race->entries[g->race->order[i]]; }
const tw__curve *tw__page_curve(const tw__page *g, size_t i, int quantity) { return &g->curves[i * TW__QUANTITIES + (size_t)quantity]; }

enum tw__measure tw__page_curve_measure(const tw__page *g, size_t i, int quantity)
{
    const tw__quantity *q = &g->quantities[quantity];
    return g->run ? tw__run_page_measure(g->run->sets[g->race->order[i]], q->is_share) : q->measure;
}

int tw__page_has(const tw__page *g, int quantity)
{
    for (size_t i = 0; i < g->race->n; i++)
        if (tw__page_curve(g, i, quantity)->n) return 1;
    return 0;
}

/* On a surface there are no epochs, a step is too short for a clock, and most optimizers look at one gradient for each. */
int tw__page_has_axis(const tw__page *g, int axis)
{
    if (!g->race->surface || axis == TW__BY_STEPS) return 1;
    for (size_t i = 0; i < g->race->n && axis == TW__BY_GRADIENTS; i++)
        for (uint64_t k = 0; k < g->race->o.seeds; k++)
            if (g->race->entries[i].runs[k].gradients != g->race->entries[i].runs[k].steps) return 1;
    return 0;
}

enum tw__measure tw__page_measure(const tw_race *race)
{
    return race->surface ? TW__VALUE : race->n_val ? TW__VAL_LOSS : race->n_test ? TW__TEST_LOSS : TW__LOSS;
}

const char *tw__page_measure_name(const tw_race *race)
{
    switch (tw__page_measure(race)) {
    case TW__VALUE: return "value";
    case TW__VAL_LOSS: return "validation loss";
    case TW__TEST_LOSS: return "test loss";
    default: return "training loss";
    }
}

int tw__page_has_floor(const tw__page *g)
{
    double minima[4][2];
    return g->race->surface && tw__surface_minima(g->race, minima) > 0;
}

double tw__page_floor(const tw__page *g)
{
    double minima[4][2];
    return g->race->surface && tw__surface_minima(g->race, minima) ? tw_surface_value(g->race->surface, minima[0], NULL) : 0;
}

static int is_lost(const tw__page *g, const tw__entry *entry) { return entry->diverged == tw__race_in(g->race, entry); }

/* Whether the curves of a run go over more than a decade. */
static int is_wide(const tw__page *g, int quantity)
{
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < g->race->n; i++) {
        const tw__curve *curve = tw__page_curve(g, i, quantity);
        for (size_t k = 0; k < curve->n; k++) {
            const double y = curve->points[k].y.median;
            low = y < low ? y : low;
            high = y > high ? y : high;
        }
    }
    return low > 0 && high > 10 * low;
}

int tw__page_wants_log(const tw__page *g, int quantity)
{
    double low = INFINITY, high = 0;
    if (g->quantities[quantity].is_share) return 0;
    if (g->run) return is_wide(g, quantity);
    for (size_t i = 0; i < g->race->n; i++) {
        const tw__curve *curve = tw__page_curve(g, i, quantity);
        if (curve->n == 0 || is_lost(g, tw__page_entry(g, i))) continue;
        const double end = curve->points[curve->n - 1].y.median - tw__page_floor(g);
        low = end < low ? end : low;
        high = end > high ? end : high;
    }
    if (g->linear > 0) return 1;
    return g->race->surface ? low > -1e-12 && high > 0 : low > 0 && high > 4 * low;
}

/* Where values on a surface without a known least value change their sign: of the size that half of the curves reach. */
static double find_linear(tw__page *g)
{
    const int value = TW__QUANTITIES - 1;
    size_t n = 0;
    int is_signed = 0;
    for (size_t i = 0; i < g->race->n; i++) {
        const tw__curve *curve = tw__page_curve(g, i, value);
        double most = 0;
        for (size_t k = 0; k < curve->n; k++) {
            const double y = curve->points[k].y.median;
            is_signed |= y < 0;
            if (isfinite(y) && fabs(y) > most) most = fabs(y);
        }
        if (most > 0) g->scratch[n++] = most;
    }
    return is_signed && n ? tw__scale_linear(tw__spread_of(g->scratch, n).median) : 0;
}

static const char *format_of(enum tw__form form, double size)
{
    switch (form) {
    case TW__AS_SECONDS: return size >= 1 ? "%.2f" : "%.3f";
    case TW__AS_PLAIN: return "%.3g";
    default: return size == 0 ? "%.0f" : size >= 0.01 && size < 100 ? "%.4f" : "%.4g";
    }
}

void tw__page_number(tw__page *g, enum tw__form form, double value)
{
    char text[TW__TICK_TEXT];
    if (form == TW__AS_COUNT) tw__put_count(&g->p, (uint64_t)(value + 0.5));
    else if (form == TW__AS_SHARE) tw__print(&g->p, "%s&#8239;%%", tw__decimal(text, "%.2f", 100 * value));
    else tw__print(&g->p, "%s", tw__plain_text(value, format_of(form, fabs(value)), text));
}

void tw__page_cell(tw__page *g, enum tw__form form, tw__spread s, int is_best)
{
    if (isnan(s.median)) {
        tw__print(&g->p, "<td class=\"none\">&ndash;</td>");
        return;
    }
    tw__print(&g->p, is_best ? "<td class=\"best\">" : "<td>");
    tw__page_number(g, form, s.median);
    if (s.q1 < s.q3) {
        tw__print(&g->p, "<small>");
        tw__page_number(g, form, s.q1);
        tw__print(&g->p, " to ");
        tw__page_number(g, form, s.q3);
        tw__print(&g->p, "</small>");
    }
    tw__print(&g->p, "</td>");
}

/* Bytes up to where a spec may be broken: behind a colon or comma, and where transforms are joined. */
static size_t unbroken(const char *spec)
{
    const size_t joint = tw__spec_joint(tw__text_of(spec)), n = strcspn(spec, ":,");
    return n < joint ? n + (spec[n] != 0) : joint + (spec[joint] != 0);
}

void tw__page_spec(tw__page *g, const char *spec)
{
    char part[TW_SPEC_MAX];
    for (size_t n; *spec; spec += n) {
        n = unbroken(spec);
        if (n >= sizeof part) n = sizeof part - 1;
        memcpy(part, spec, n);
        part[n] = 0;
        tw__put_escaped(&g->p, part);
        if (spec[n]) tw__print(&g->p, "<wbr>");
    }
}

const char *tw__page_class(const tw__entry *entry, char to[16])
{
    snprintf(to, 16, "c%d d%d", entry->colour % TW__COLOURS, tw__dash_of(entry->colour));
    return to;
}

const char *tw__page_mark_class(const tw__entry *entry) { return entry->colour < TW__COLOURS ? "dot" : "sign"; }

double tw__page_first_mark(const tw__page *g, size_t i) { return ((double)i + 0.5) / (double)g->race->n; }

void tw__page_key(tw__page *g, const tw__entry *entry)
{
    char kind[16];
    tw__print(&g->p, "<svg class=\"key %s\" viewBox=\"0 0 24 10\" aria-hidden=\"true\"><path class=\"line\" d=\"M1 5H23\"/>", tw__page_class(entry, kind));
    if (entry->colour >= TW__COLOURS) tw__print(&g->p, "<path class=\"sign\" d=\"M12 5%s\"/>", tw__mark_path(tw__mark_of(entry->colour)));
    tw__print(&g->p, "</svg>");
}

void tw__page_missing(tw__page *g, const tw__entry *entry)
{
    if (!entry->missing) return;
    tw__print(&g->p, " <small class=\"part\">%llu of %llu seeds</small>", (unsigned long long)tw__race_in(g->race, entry), (unsigned long long)g->race->o.seeds);
}

void tw__page_row(tw__page *g, const tw__entry *entry)
{
    tw__print(&g->p, "<tr><th scope=\"row\">");
    tw__page_key(g, entry);
    tw__page_spec(g, entry->spec);
    tw__page_missing(g, entry);
}

void tw__page_tuned(tw__page *g, const tw__entry *entry)
{
    if (!entry->tuned) return;
    tw__print(&g->p, "<small>lr = ");
    tw__page_number(g, TW__AS_PLAIN, entry->tuned_lr);
    tw__print(&g->p, "</small>");
}

void tw__page_open(tw__page *g, const char *id, const char *title)
{
    tw__print(&g->p, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s</h2>\n", id, id, id, title);
}

void tw__page_open_table(tw__page *g, const char *id, const char *first)
{
    tw__print(&g->p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"%s-title\">\n<table>\n"
                     "<thead><tr><th scope=\"col\">%s</th>", id, first);
}

void tw__page_close_table(tw__page *g) { tw__print(&g->p, "</tbody>\n</table>\n</div>\n"); }

/* ---- head, style and script ---------------------------------------------------------------------------------------- */

const char *tw__page_subject(const tw_race *race)
{
    const char *slash = race->surface ? NULL : strrchr(race->o.job.data, '/');
    return race->surface ? tw_surface_spec(race->surface) : slash && slash[1] ? slash + 1 : race->o.job.data;
}

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
    tw__print(&g->p, "Made by <code>thalweg race</code>; the numbers in full %s race.json beside this file%s. The curves are drawn by dygraphs (MIT).",
              g->race->of ? "will be in" : "are in", g->race->of ? " when the race has finished" : "");
}

static void put_nav(tw__page *g)
{
    const struct { const char *id, *name; int is_there; } sections[] = {
        {"surface", "Paths", g->race->surface != NULL},
        {"curves", "Curves", 1},
        {"results", "Results", 1},
        {"rates", "Learning rates", g->race->o.tune > 0},
        {"target", "Time to target", 1},
        {"optimizers", "Optimizers", 1},
        {"setting", "What was raced", 1},
    };
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (sections[i].is_there) tw__print(&g->p, "<a href=\"#%s\">%s</a>", sections[i].id, sections[i].name);
}

/* The palette as --c0 and on, and the classes that choose one of them as --c. */
static void put_palette(tw__page *g)
{
    tw__print(&g->p, ":root {");
    for (int i = 0; i < TW__COLOURS; i++) tw__print(&g->p, " --c%d: light-dark(%s, %s);", i, tw__palette[i].light, tw__palette[i].dark);
    tw__print(&g->p, " }\n");
    for (int i = 0; i < TW__COLOURS; i++) tw__print(&g->p, ".c%d { --c: var(--c%d); }%s", i, i, i + 1 < TW__COLOURS ? " " : "\n");
}

static void put_asset(tw__page *g, const unsigned char *bytes, size_t n) { tw__put(&g->p, (const char *)bytes, n); }
static void put_style(tw__page *g) { put_asset(g, tw__asset_style, tw__asset_style_size); }
static void put_script(tw__page *g) { put_asset(g, tw__asset_script, tw__asset_script_size); }
static void put_dygraphs(tw__page *g) { put_asset(g, tw__asset_dygraphs, tw__asset_dygraphs_size); }
static void put_dygraphs_style(tw__page *g) { put_asset(g, tw__asset_dygraphs_style, tw__asset_dygraphs_style_size); }

/* ---- page --------------------------------------------------------------------------------------------------------------- */

static const tw__part common_parts[] = {
    {"curves", tw__page_curves}, {"data", tw__page_data},        {"palette", put_palette},
    {"style", put_style},        {"script", put_script},         {"dygraphs", put_dygraphs},
    {"dygraphs_style", put_dygraphs_style}, {NULL, NULL},
};
static const tw__part race_parts[] = {
    {"title", put_title},       {"heading", put_heading},     {"nav", put_nav},
    {"lead", tw__page_lead},    {"surface", tw__page_surface}, {"results", tw__page_results},
    {"rates", tw__page_rates},  {"target", tw__page_target},  {"cards", tw__page_cards},
    {"setting", tw__page_setting}, {"footer", put_footer},    {NULL, NULL},
};

static int put_part(tw__page *g, const tw__part *parts, const char *name, size_t n)
{
    for (; parts->name; parts++)
        if (strlen(parts->name) == n && memcmp(parts->name, name, n) == 0) {
            if (parts->put) parts->put(g);
            return 1;
        }
    return 0;
}

static int put_named(tw__page *g, const char *name, size_t n)
{
    return put_part(g, common_parts, name, n) || put_part(g, g->run ? tw__run_parts : race_parts, name, n);
}

static void fill(tw__page *g)
{
    const char *at = (const char *)tw__asset_page, *open;
    while ((open = strstr(at, "{{")) != NULL) {
        const char *close = strstr(open, "}}");
        tw__put(&g->p, at, (size_t)(open - at));
        if (!close || !put_named(g, open + 2, (size_t)(close - open - 2)))
            g->p.status = g->p.status != TW_OK ? g->p.status : tw__fail(g->p.err, TW_ERR_INTERNAL, "report.html: unknown part at \"%.20s\"", open);
        if (g->p.status != TW_OK) return;
        at = close + 2;
    }
    tw__put(&g->p, at, strlen(at));
}

static tw_status prepare(tw__page *g, tw_error *err)
{
    const tw_race *race = g->race;
    TW_TRY(tw__alloc(race->ctx, &g->scratch, race->n, 2 * sizeof *g->scratch, err));
    TW_TRY(tw__alloc(race->ctx, &g->curves, race->n, TW__QUANTITIES * sizeof *g->curves, err));
    for (size_t i = 0; i < race->n; i++)
        for (int q = 0; q < TW__QUANTITIES && g->quantities[q].key; q++) {
            const enum tw__measure measure = tw__page_curve_measure(g, i, q);
            if ((measure == TW__VALUE) != (race->surface != NULL)) continue;
            TW_TRY(tw__curve_make(&g->curves[i * TW__QUANTITIES + (size_t)q], race, tw__page_entry(g, i), measure, err));
        }
    if (!race->surface) return TW_OK;
    if (!tw__page_has_floor(g)) g->linear = find_linear(g);
    return tw__relief_make(&g->relief, race->ctx, race->surface, err);
}

tw_status tw__page_make(const tw_race *race, const struct tw__run_page *run, char **out, tw_error *err)
{
    tw__page g = {.race = race, .run = run, .quantities = run ? tw__run_quantities : race_quantities, .p = {.ctx = race->ctx, .err = err}};
    g.p.status = prepare(&g, err);
    if (g.p.status == TW_OK) fill(&g);
    for (size_t k = 0; g.curves && k < race->n * TW__QUANTITIES; k++) tw__curve_free(race->ctx, &g.curves[k]);
    tw__free(race->ctx, g.curves, race->n, TW__QUANTITIES * sizeof *g.curves);
    tw__free(race->ctx, g.scratch, race->n, 2 * sizeof *g.scratch);
    tw__relief_free(race->ctx, &g.relief);
    return tw__strbuf_take(&g.p, out);
}

tw_status tw__race_report(const tw_race *race, char **out, tw_error *err) { return tw__page_make(race, NULL, out, err); }
