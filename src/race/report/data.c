/* What the page's script draws from: curves, final values and paths as JSON in short numbers. The race in
 * full is in race.json.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include "train/json.h"
#include <math.h>
#include <string.h>

/* ---- lists --------------------------------------------------------------------------------------------- */

/* As short as it can be. */
static json_t *number_json(tw__json_builder *b, double value)
{
    const int is_whole = value == floor(value) && fabs(value) < 1e15;
    return is_whole ? tw__json_integer(b, (int64_t)value) : tw__json_real(b, value);
}

/* n numbers, each so many bytes behind the one before. */
static json_t *list_of(tw__json_builder *b, const void *first, size_t n, size_t apart)
{
    json_t *list = tw__json_list(b);
    for (size_t i = 0; i < n; i++) {
        const double value = *(const double *)(const void *)((const char *)first + i * apart);
        tw__json_append(b, list, number_json(b, value));
    }
    return list;
}

static void put_flag(tw__json_builder *b, json_t *o, const char *key, int flag)
{
    tw__json_put(b, o, key, json_boolean(flag));
}

static json_t *spread_json(tw__json_builder *b, const tw__spread *s)
{
    return tw__json_reals(b, (const double[]){s->q1, s->median, s->q3}, 3);
}

/* ---- optimizers ---------------------------------------------------------------------------------------- */

static json_t *curve_json(tw__json_builder *b, const tw__page *g, const tw__curve *curve)
{
    const size_t n = curve->n, apart = sizeof *curve->points;
    json_t *o = tw__json_object(b);
    for (int a = 0; a < TW__AXES; a++)
        if (tw__page_has_axis(g, a))
            tw__json_put(b, o, tw__axes[a].key, list_of(b, &curve->points->at[a], n, apart));
    tw__json_put(b, o, "median", list_of(b, &curve->points->y.median, n, apart));
    if (g->race->o.seeds <= 1) return o;
    tw__json_put(b, o, "q1", list_of(b, &curve->points->y.q1, n, apart));
    tw__json_put(b, o, "q3", list_of(b, &curve->points->y.q3, n, apart));
    return o;
}

/* A path as it is played: every stride-th step and the last. */
static json_t *path_json(tw__json_builder *b, const tw__race_run *run, size_t most)
{
    const tw__trajectory *trajectory = &run->trajectory;
    const size_t stride = tw__trajectory_stride(trajectory, most),
                 n = trajectory->n ? (trajectory->n - 1) / stride : 0,
                 last = trajectory->n ? trajectory->n - 1 : 0;
    const double *from[] = {trajectory->x, trajectory->y, trajectory->value};
    static const char *const keys[] = {"x", "y", "value"};
    json_t *o = tw__json_object(b);
    tw__json_put_natural(b, o, "seed", run->seed);
    tw__json_put_natural(b, o, "stride", stride);
    tw__json_put_natural(b, o, "last", last);
    put_flag(b, o, "diverged", run->diverged);
    for (int k = 0; k < 3 && trajectory->n; k++) {
        json_t *list = list_of(b, from[k], n + 1, stride * sizeof(double));
        if (last % stride) tw__json_append(b, list, number_json(b, from[k][last]));
        tw__json_put(b, o, keys[k], list);
    }
    return o;
}

static json_t *paths_json(tw__json_builder *b, const tw__page *g, const tw__entry *entry)
{
    /* in all, and of one path: rather fewer seeds than paths with gaps */
    enum { POINTS = 8000, MANY = 500 };
    size_t longest = 1;
    for (size_t i = 0; i < g->race->n; i++)
        if (g->race->entries[i].runs[0].trajectory.n > longest)
            longest = g->race->entries[i].runs[0].trajectory.n;
    const size_t each = longest < MANY ? longest : MANY, fit = POINTS / (g->race->n * each),
                 seeds = fit < 1 ? 1 : fit;
    json_t *list = tw__json_list(b);
    for (size_t k = 0; k < seeds && k < g->race->o.seeds; k++)
        tw__json_append(b, list, path_json(b, &entry->runs[k], MANY));
    return list;
}

static json_t *entry_json(tw__json_builder *b, const tw__page *g, size_t i)
{
    const tw__entry *entry = tw__page_entry(g, i);
    json_t *o = tw__json_object(b), *curves = tw__json_object(b), *finals = tw__json_object(b);
    for (int q = 0; q < TW__QUANTITIES && g->quantities[q].key; q++) {
        const tw__curve *curve = tw__page_curve(g, i, q);
        const tw__spread *final = &entry->of[tw__page_curve_measure(g, i, q)];
        if (curve->n) tw__json_put(b, curves, g->quantities[q].key, curve_json(b, g, curve));
        if (!isnan(final->median)) tw__json_put(b, finals, g->quantities[q].key, spread_json(b, final));
    }
    tw__json_put_text(b, o, "spec", entry->spec);
    tw__json_put_natural(b, o, "colour", (uint64_t)entry->colour);
    tw__json_put_natural(b, o, "runs", tw__race_in(g->race, entry));
    tw__json_put_natural(b, o, "diverged", entry->diverged);
    tw__json_put(b, o, "curves", curves);
    tw__json_put(b, o, "final", finals);
    if (entry->colour >= TW__COLOURS)
        tw__json_put_text(b, o, "mark", tw__mark_path(tw__mark_of(entry->colour)));
    if (g->race->surface) tw__json_put(b, o, "paths", paths_json(b, g, entry));
    return o;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static json_t *quantities_json(tw__json_builder *b, const tw__page *g)
{
    json_t *list = tw__json_list(b);
    for (int q = 0; q < TW__QUANTITIES; q++) {
        const tw__quantity *of = &g->quantities[q];
        if (!tw__page_has(g, q)) continue;
        json_t *o = tw__json_object(b);
        tw__json_put_text(b, o, "key", of->key);
        tw__json_put_text(b, o, "name", of->name);
        put_flag(b, o, "share", of->is_share);
        put_flag(b, o, "log", tw__page_wants_log(g, q));
        tw__json_append(b, list, o);
    }
    return list;
}

static json_t *axes_json(tw__json_builder *b, const tw__page *g)
{
    json_t *list = tw__json_list(b);
    for (int a = 0; a < TW__AXES; a++) {
        if (!tw__page_has_axis(g, a)) continue;
        json_t *o = tw__json_object(b);
        tw__json_put_text(b, o, "key", tw__axes[a].key);
        tw__json_put_text(b, o, "name", tw__axes[a].name);
        tw__json_put_text(b, o, "unit", tw__axes[a].unit);
        tw__json_append(b, list, o);
    }
    return list;
}

static json_t *surface_json(tw__json_builder *b, const tw__page *g)
{
    const tw__relief *r = &g->relief;
    double start[2], minima[4][2];
    const size_t n = tw__surface_minima(g->race, minima);
    json_t *o = tw__json_object(b), *list = tw__json_list(b);
    tw_surface_start(g->race->surface, start);
    for (size_t i = 0; i < n; i++) tw__json_append(b, list, tw__json_reals(b, minima[i], 2));
    tw__json_put(b, o, "low", tw__json_reals(b, r->low, 2));
    tw__json_put(b, o, "high", tw__json_reals(b, r->high, 2));
    tw__json_put_real(b, o, "height", tw__stage_height(r));
    tw__json_put(b, o, "start", tw__json_reals(b, start, 2));
    tw__json_put(b, o, "minima", list);
    return o;
}

static json_t *page_json(tw__json_builder *b, const tw__page *g)
{
    json_t *o = tw__json_object(b), *entries = tw__json_list(b);
    put_flag(b, o, "single", g->run != NULL);
    tw__json_put_natural(b, o, "seeds", g->race->o.seeds);
    put_flag(b, o, "folds", g->race->o.job.cv > 0);
    put_flag(b, o, "unfinished", g->race->of != NULL);
    tw__json_put_natural(b, o, "epochs", g->race->o.job.run.epochs);
    tw__json_put_real(b, o, "linear", g->linear);
    tw__json_put(b, o, "floor", tw__page_has_floor(g) ? tw__json_real(b, tw__page_floor(g)) : json_null());
    tw__json_put(b, o, "quantities", quantities_json(b, g));
    tw__json_put(b, o, "axes", axes_json(b, g));
    for (size_t i = 0; i < g->race->n; i++) tw__json_append(b, entries, entry_json(b, g, i));
    tw__json_put(b, o, "optimizers", entries);
    if (g->race->surface) tw__json_put(b, o, "surface", surface_json(b, g));
    return o;
}

/* "<" only stands inside strings of JSON, where it may be written so that no end tag can be read out of
 * it. */
void tw__page_data(tw__page *g)
{
    tw__json_builder b = {.err = g->p.err};
    json_t *json;
    char *text = NULL;
    if (g->p.status != TW_OK) return;
    g->p.status = tw__json_take(&b, page_json(&b, g), &json);
    if (g->p.status == TW_OK)
        g->p.status = tw__json_dump(g->p.ctx, json, JSON_COMPACT | JSON_REAL_PRECISION(6), &text, g->p.err);
    json_decref(json);
    for (const char *c = text; c && *c;) {
        size_t n = strcspn(c, "<");
        tw__put(&g->p, c, n);
        c += n;
        if (*c) {
            tw__put(&g->p, "\\u003c", 6);
            c++;
        }
    }
    tw__free_text(g->p.ctx, text);
}
