/* What the page's script draws from: curves, final values and paths as JSON in short numbers. The race in
 * full is in race.json.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include "train/json.h"
#include "file/json_parse.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- lists --------------------------------------------------------------------------------------------- */

/* As short as it can be. */
static json_t *number_json(double value)
{
    return value == floor(value) && fabs(value) < 1e15 ? json_integer((json_int_t)value)
                                                       : tw__json_real(value);
}

/* n numbers, each so many bytes behind the one before. */
static json_t *list_of(const void *first, size_t n, size_t apart)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < n; i++) {
        const double value = *(const double *)(const void *)((const char *)first + i * apart);
        if (json_array_append_new(list, number_json(value))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *spread_json(const tw__spread *s)
{
    return json_pack("[o, o, o]", tw__json_real(s->q1), tw__json_real(s->median), tw__json_real(s->q3));
}

/* ---- optimizers ---------------------------------------------------------------------------------------- */

static json_t *curve_json(const tw__page *g, const tw__curve *curve)
{
    json_t *o = json_object();
    int bad = !o;
    for (int a = 0; a < TW__AXES && !bad; a++)
        if (tw__page_has_axis(g, a))
            bad = json_object_set_new(o, tw__axes[a].key,
                                      list_of(&curve->points->at[a], curve->n, sizeof *curve->points));
    bad = bad || json_object_set_new(o, "median",
                                     list_of(&curve->points->y.median, curve->n, sizeof *curve->points));
    if (!bad && g->race->o.seeds > 1)
        bad = json_object_set_new(o, "q1", list_of(&curve->points->y.q1, curve->n, sizeof *curve->points)) ||
              json_object_set_new(o, "q3", list_of(&curve->points->y.q3, curve->n, sizeof *curve->points));
    return tw__json_unless(bad, o);
}

/* A path as it is played: every stride-th step and the last. */
static json_t *path_json(const tw__race_run *run, size_t most)
{
    const tw__trajectory *trajectory = &run->trajectory;
    const size_t stride = tw__trajectory_stride(trajectory, most),
                 n = trajectory->n ? (trajectory->n - 1) / stride : 0,
                 last = trajectory->n ? trajectory->n - 1 : 0;
    const double *from[] = {trajectory->x, trajectory->y, trajectory->value};
    static const char *const keys[] = {"x", "y", "value"};
    json_t *o = json_pack("{s:I, s:I, s:I, s:b}", "seed", (json_int_t)run->seed, "stride", (json_int_t)stride,
                          "last", (json_int_t)last, "diverged", run->diverged);
    int bad = !o;
    for (int k = 0; k < 3 && !bad && trajectory->n; k++) {
        json_t *list = list_of(from[k], n + 1, stride * sizeof(double));
        if (last % stride && json_array_append_new(list, number_json(from[k][last]))) bad = 1;
        bad = json_object_set_new(o, keys[k], tw__json_unless(bad, list));
    }
    return tw__json_unless(bad, o);
}

static json_t *paths_json(const tw__page *g, const tw__entry *entry)
{
    /* in all, and of one path: rather fewer seeds than paths with gaps */
    enum { POINTS = 8000, MANY = 500 };
    size_t longest = 1;
    for (size_t i = 0; i < g->race->n; i++)
        if (g->race->entries[i].runs[0].trajectory.n > longest)
            longest = g->race->entries[i].runs[0].trajectory.n;
    const size_t each = longest < MANY ? longest : MANY, fit = POINTS / (g->race->n * each),
                 seeds = fit < 1 ? 1 : fit;
    json_t *list = json_array();
    int bad = !list;
    for (size_t k = 0; k < seeds && k < g->race->o.seeds && !bad; k++)
        bad = json_array_append_new(list, path_json(&entry->runs[k], MANY));
    return tw__json_unless(bad, list);
}

static json_t *entry_json(const tw__page *g, size_t i)
{
    const tw__entry *entry = tw__page_entry(g, i);
    json_t *curves = json_object(), *finals = json_object();
    int bad = !curves || !finals;
    for (int q = 0; q < TW__QUANTITIES && g->quantities[q].key && !bad; q++) {
        const tw__curve *curve = tw__page_curve(g, i, q);
        const tw__spread *final = &entry->of[tw__page_curve_measure(g, i, q)];
        if (curve->n) bad = json_object_set_new(curves, g->quantities[q].key, curve_json(g, curve));
        if (!bad && !isnan(final->median))
            bad = json_object_set_new(finals, g->quantities[q].key, spread_json(final));
    }
    json_t *o =
        json_pack("{s:s, s:i, s:I, s:I, s:o, s:o}", "spec", entry->spec, "colour", entry->colour, "runs",
                  (json_int_t)tw__race_in(g->race, entry), "diverged", (json_int_t)entry->diverged, "curves",
                  tw__json_unless(bad, curves), "final", tw__json_unless(bad, finals));
    if (entry->colour >= TW__COLOURS)
        o = tw__json_unless(json_object_set_new(o, "mark",
                                                json_string(tw__mark_path(tw__mark_of(entry->colour)))),
                            o);
    return tw__json_unless(!bad && g->race->surface && json_object_set_new(o, "paths", paths_json(g, entry)),
                           o);
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static json_t *quantities_json(const tw__page *g)
{
    json_t *list = json_array();
    int bad = !list;
    for (int q = 0; q < TW__QUANTITIES && !bad; q++) {
        const tw__quantity *of = &g->quantities[q];
        if (!tw__page_has(g, q)) continue;
        bad = json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:b}", "key", of->key, "name", of->name,
                                                    "share", of->is_share, "log", tw__page_wants_log(g, q)));
    }
    return tw__json_unless(bad, list);
}

static json_t *axes_json(const tw__page *g)
{
    json_t *list = json_array();
    int bad = !list;
    for (int a = 0; a < TW__AXES && !bad; a++) {
        const tw__axis_name *of = &tw__axes[a];
        if (!tw__page_has_axis(g, a)) continue;
        bad = json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "key", of->key, "name", of->name,
                                                    "unit", of->unit));
    }
    return tw__json_unless(bad, list);
}

static json_t *surface_json(const tw__page *g)
{
    const tw__relief *r = &g->relief;
    double start[2], minima[4][2];
    const size_t n = tw__surface_minima(g->race, minima);
    json_t *list = json_array();
    int bad = !list;
    tw_surface_start(g->race->surface, start);
    for (size_t i = 0; i < n && !bad; i++)
        bad = json_array_append_new(list, json_pack("[f, f]", minima[i][0], minima[i][1]));
    return json_pack("{s:[f, f], s:[f, f], s:f, s:[f, f], s:o}", "low", r->low[0], r->low[1], "high",
                     r->high[0], r->high[1], "height", tw__stage_height(r), "start", start[0], start[1],
                     "minima", tw__json_unless(bad, list));
}

static json_t *page_json(const tw__page *g)
{
    json_t *entries = json_array();
    int bad = !entries;
    for (size_t i = 0; i < g->race->n && !bad; i++) bad = json_array_append_new(entries, entry_json(g, i));
    json_t *o =
        json_pack("{s:b, s:I, s:b, s:I, s:f, s:o, s:o, s:o, s:o}", "single", g->run != NULL, "seeds",
                  (json_int_t)g->race->o.seeds, "unfinished", g->race->of != NULL, "epochs",
                  (json_int_t)g->race->o.job.run.epochs, "linear", g->linear, "floor",
                  tw__page_has_floor(g) ? json_real(tw__page_floor(g)) : json_null(), "quantities",
                  quantities_json(g), "axes", axes_json(g), "optimizers", tw__json_unless(bad, entries));
    return tw__json_unless(o && g->race->surface && json_object_set_new(o, "surface", surface_json(g)), o);
}

/* "<" only stands inside strings of JSON, where it may be written so that no end tag can be read out of
 * it. */
void tw__page_data(tw__page *g)
{
    if (g->p.status != TW_OK) return;
    json_t *json = page_json(g);
    char *text = tw__json_dump(json, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(json);
    if (!text) g->p.status = tw__fail(g->p.err, TW_ERR_MEMORY, "out of memory for JSON");
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
