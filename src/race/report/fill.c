/* Filling assets/report.html: its {{parts}} are written one by one. What can be read without JavaScript
 * (tables, cards, still pictures) is written by the parts; assets/report/ brings it to life.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include "race/assets.h"
#include "race/colours.h"
#include <math.h>
#include <string.h>

/* ---- style and script ---------------------------------------------------------------------------------- */

/* The palette as --c0 and on, and the classes that choose one of them as --c. */
static void put_palette(tw__page *g)
{
    tw__print(&g->p, ":root {");
    for (int i = 0; i < TW__COLOURS; i++)
        tw__print(&g->p, " --c%d: light-dark(%s, %s);", i, tw__palette[i].light, tw__palette[i].dark);
    tw__print(&g->p, " }\n");
    for (int i = 0; i < TW__COLOURS; i++)
        tw__print(&g->p, ".c%d { --c: var(--c%d); }%s", i, i, i + 1 < TW__COLOURS ? " " : "\n");
}

static void put_asset(tw__page *g, const unsigned char *bytes, size_t n)
{
    tw__put(&g->p, (const char *)bytes, n);
}
static void put_style(tw__page *g) { put_asset(g, tw__asset_style, tw__asset_style_size); }
static void put_script(tw__page *g) { put_asset(g, tw__asset_script, tw__asset_script_size); }
static void put_dygraphs(tw__page *g) { put_asset(g, tw__asset_dygraphs, tw__asset_dygraphs_size); }
static void put_dygraphs_style(tw__page *g)
{
    put_asset(g, tw__asset_dygraphs_style, tw__asset_dygraphs_style_size);
}

static const tw__part common_parts[] = {
    {"curves", tw__page_curves},
    {"data", tw__page_data},
    {"palette", put_palette},
    {"style", put_style},
    {"script", put_script},
    {"dygraphs", put_dygraphs},
    {"dygraphs_style", put_dygraphs_style},
    {NULL, NULL},
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
    return put_part(g, common_parts, name, n) || put_part(g, g->parts, name, n);
}

static void fill(tw__page *g)
{
    const char *at = (const char *)tw__asset_page, *open;
    while ((open = strstr(at, "{{")) != NULL) {
        const char *close = strstr(open, "}}");
        tw__put(&g->p, at, (size_t)(open - at));
        if (!close || !put_named(g, open + 2, (size_t)(close - open - 2)))
            g->p.status = g->p.status != TW_OK ? g->p.status
                                               : tw__fail(g->p.err, TW_ERR_INTERNAL,
                                                          "report.html: unknown part at \"%.20s\"", open);
        if (g->p.status != TW_OK) return;
        at = close + 2;
    }
    tw__put(&g->p, at, strlen(at));
}

/* ---- the page ------------------------------------------------------------------------------------------ */

/* Where values on a surface without a known least value change their sign: of the size that half of the
 * curves reach. */
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

static tw_status prepare(tw__page *g, tw_error *err)
{
    const tw_race *race = g->race;
    TW_TRY(tw__alloc(race->ctx, &g->scratch, race->n, 2 * sizeof *g->scratch, err));
    TW_TRY(tw__alloc(race->ctx, &g->curves, race->n, TW__QUANTITIES * sizeof *g->curves, err));
    for (size_t i = 0; i < race->n; i++)
        for (int q = 0; q < TW__QUANTITIES && g->quantities[q].key; q++) {
            const enum tw__measure measure = tw__page_curve_measure(g, i, q);
            if ((measure == TW__VALUE) != (race->surface != NULL)) continue;
            TW_TRY(tw__curve_make(&g->curves[i * TW__QUANTITIES + (size_t)q], race, tw__page_entry(g, i),
                                  measure, err));
        }
    if (!race->surface) return TW_OK;
    if (!tw__page_has_floor(g)) g->linear = find_linear(g);
    return tw__relief_make(&g->relief, race->ctx, race->surface, err);
}

tw_status tw__page_make(const tw_race *race, const tw__page_kind *kind, char **out, tw_error *err)
{
    tw__page g = {.race = race,
                  .parts = kind->parts,
                  .quantities = kind->quantities,
                  .run = kind->run,
                  .p = {.ctx = race->ctx, .err = err}};
    g.p.status = prepare(&g, err);
    if (g.p.status == TW_OK) fill(&g);
    for (size_t k = 0; g.curves && k < race->n * TW__QUANTITIES; k++) tw__curve_free(race->ctx, &g.curves[k]);
    tw__free(race->ctx, g.curves, race->n, TW__QUANTITIES * sizeof *g.curves);
    tw__free(race->ctx, g.scratch, race->n, 2 * sizeof *g.scratch);
    tw__relief_free(race->ctx, &g.relief);
    return tw__strbuf_take(&g.p, out);
}
