/* What all parts of a page use: entries and curves, numbers, cells, keys, sections.
 * SPDX-License-Identifier: MIT */
#include "race/report/run.h"
#include "base/spec.h"
#include "race/colours.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const tw__size tw__sizes[TW__SIZES] = {{"wide", 1040, 420}, {"narrow", 400, 380}};
const tw__axis_name tw__axes[TW__AXES] = {
    [TW__BY_EPOCHS] = {"epochs", "epochs", "epoch"},
    [TW__BY_PASSES] = {"passes", "passes over the rows", "pass"},
    [TW__BY_STEPS] = {"steps", "steps", "step"},
    [TW__BY_GRADIENTS] = {"gradients", "gradient evaluations", "gradient evaluation"},
    [TW__BY_SECONDS] = {"seconds", "seconds", "second"},
};

const tw__entry *tw__page_entry(const tw__page *g, size_t i) { return &g->race->entries[g->race->order[i]]; }
const tw__curve *tw__page_curve(const tw__page *g, size_t i, int quantity)
{
    return &g->curves[i * TW__QUANTITIES + (size_t)quantity];
}

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

/* On a surface there are no epochs, a step is too short for a clock, and most optimizers look at one gradient
 * for each. Where solvers are raced, passes are the common measure. */
int tw__page_has_axis(const tw__page *g, int axis)
{
    if (axis == TW__BY_PASSES) return g->race->optimum_of != NULL;
    if (axis == TW__BY_EPOCHS && g->race->optimum_of) return 0;
    if (!g->race->surface || axis == TW__BY_STEPS) return 1;
    for (size_t i = 0; i < g->race->n && axis == TW__BY_GRADIENTS; i++)
        for (uint64_t k = 0; k < g->race->o.seeds; k++)
            if (g->race->entries[i].runs[k].gradients != g->race->entries[i].runs[k].steps) return 1;
    return 0;
}

enum tw__measure tw__page_measure(const tw_race *race)
{
    return race->surface      ? TW__VALUE
           : race->n_val      ? TW__VAL_LOSS
           : race->n_test     ? TW__TEST_LOSS
           : race->optimum_of ? TW__GAP
                              : TW__LOSS;
}

const char *tw__page_measure_name(const tw_race *race)
{
    switch (tw__page_measure(race)) {
    case TW__VALUE: return "value";
    case TW__VAL_LOSS: return "validation loss";
    case TW__TEST_LOSS: return "test loss";
    case TW__GAP: return "training loss above the optimum";
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
    return g->race->surface && tw__surface_minima(g->race, minima)
               ? tw_surface_value(g->race->surface, minima[0], NULL)
               : 0;
}

static int is_lost(const tw__page *g, const tw__entry *entry)
{
    return entry->diverged == tw__race_in(g->race, entry);
}

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
    if (g->quantities[quantity].measure == TW__GAP) return 1;
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
    static const char breaks[] = ":,+";
    size_t n = strcspn(spec, breaks);
    while (spec[n] == '+' && tw__spec_joint((tw__text){spec + n, 1 + (spec[n + 1] != 0)}) > 0)
        n += 1 + strcspn(spec + n + 1, breaks);
    return n + (spec[n] != 0);
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

const char *tw__page_mark_class(const tw__entry *entry)
{
    return entry->colour < TW__COLOURS ? "dot" : "sign";
}

double tw__page_first_mark(const tw__page *g, size_t i) { return ((double)i + 0.5) / (double)g->race->n; }

void tw__page_key(tw__page *g, const tw__entry *entry)
{
    char kind[16];
    tw__print(
        &g->p,
        "<svg class=\"key %s\" viewBox=\"0 0 24 10\" aria-hidden=\"true\"><path class=\"line\" d=\"M1 5H23\"/>",
        tw__page_class(entry, kind));
    if (entry->colour >= TW__COLOURS)
        tw__print(&g->p, "<path class=\"sign\" d=\"M12 5%s\"/>", tw__mark_path(tw__mark_of(entry->colour)));
    tw__print(&g->p, "</svg>");
}

void tw__page_missing(tw__page *g, const tw__entry *entry)
{
    if (!entry->missing) return;
    tw__print(&g->p, " <small class=\"part\">%llu of %llu seeds</small>",
              (unsigned long long)tw__race_in(g->race, entry), (unsigned long long)g->race->o.seeds);
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
    tw__print(&g->p, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s</h2>\n", id,
              id, id, title);
}

void tw__page_open_table(tw__page *g, const char *id, const char *first)
{
    tw__print(&g->p,
              "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"%s-title\">\n<table>\n"
              "<thead><tr><th scope=\"col\">%s</th>",
              id, first);
}

void tw__page_close_table(tw__page *g) { tw__print(&g->p, "</tbody>\n</table>\n</div>\n"); }

const char *tw__page_subject(const tw_race *race)
{
    const char *slash = race->surface ? NULL : strrchr(race->o.job.data, '/');
    return race->surface ? tw_surface_spec(race->surface) : slash && slash[1] ? slash + 1 : race->o.job.data;
}

enum tw__measure tw__run_page_measure(enum tw__set set, int is_share)
{
    static const enum tw__measure of[TW__SETS][2] = {[TW__TRAINING] = {TW__LOSS, TW__ACCURACY},
                                                     [TW__VALIDATION] = {TW__VAL_LOSS, TW__VAL_ACCURACY},
                                                     [TW__TEST] = {TW__TEST_LOSS, TW__TEST_ACCURACY}};
    return of[set][is_share];
}
