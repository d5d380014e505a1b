/* Several optimisers on one surface.
 * SPDX-License-Identifier: MIT */
#include "race/colours.h"
#include "race/figures/figure.h"
#include <stdio.h>
#include <string.h>

tw_status tw__walks_make(tw__walks *w, tw_context *ctx, const char *surface, uint64_t steps, const tw__runner *runners, size_t n, tw_error *err)
{
    *w = (tw__walks){.ctx = ctx, .runner = runners, .n = n, .steps = steps};
    tw_status s = tw_surface_create(&w->surface, ctx, surface, TW_F64, err);
    for (size_t i = 0; i < n && s == TW_OK; i++) {
        tw_path_options o = TW_PATH_OPTIONS_INIT;
        o.optimizer = runners[i].spec;
        o.steps = steps;
        s = tw_path_walk(&w->path[i], ctx, w->surface, &o, err);
    }
    if (s != TW_OK) tw__walks_free(w);
    return s;
}

void tw__walks_free(tw__walks *w)
{
    for (size_t i = 0; i < w->n; i++) tw_path_free(w->ctx, w->path[i]);
    tw_surface_free(w->surface);
    *w = (tw__walks){0};
}

enum { ABOUT = 200 };

/* A list as gnuplot's word() reads it. */
static void put_words(tw__sheet *sheet, const char *name, const tw__runner *runners, size_t n, const char *(*of)(const tw__runner *runner))
{
    tw__print(&sheet->names, "%s = \"", name);
    for (size_t i = 0; i < n; i++) tw__print(&sheet->names, "%s'%s'", i ? " " : "", of(&runners[i]));
    tw__print(&sheet->names, "\"\n");
}

static const char *key_of(const tw__runner *r) { return r->key; }
static const char *label_of(const tw__runner *r) { return r->label; }

/* What stands behind the rule's name: "lr=0.1,momentum=0.9". */
static const char *setting_of(const tw__runner *r)
{
    const char *colon = strchr(r->spec, ':');
    return colon ? colon + 1 : "";
}

static void put_colours(tw__sheet *sheet, const tw__runner *runners, size_t n)
{
    tw__look looks[TW__RUNNERS];
    for (size_t i = 0; i < n; i++) looks[i].spec = runners[i].spec;
    tw__choose_colours(looks, n);
    tw__print(&sheet->names, "colours = \"");
    for (size_t i = 0; i < n; i++) tw__print(&sheet->names, "%s'%s'", i ? " " : "", tw__palette[looks[i].colour % TW__COLOURS].light);
    tw__print(&sheet->names, "\"\n");
}

void tw__sheet_runners(tw__sheet *sheet, const tw__runner *runners, size_t n)
{
    tw__sheet_number(sheet, "n", (double)n);
    put_words(sheet, "keys", runners, n, key_of);
    put_words(sheet, "labels", runners, n, label_of);
    put_words(sheet, "settings", runners, n, setting_of);
    put_colours(sheet, runners, n);
}

static tw_status write_path(tw__sheet *sheet, const char *key, const tw_path *path, tw_error *err)
{
    double *step;
    TW_TRY(tw__alloc(sheet->ctx, &step, path->n, sizeof *step, err));
    for (size_t i = 0; i < path->n; i++) step[i] = (double)i;
    const double *const columns[] = {step, path->x, path->y, path->value};
    const tw_status s = tw__sheet_columns(sheet, key, "step,x,y,f", path->n, 4, columns, err);
    tw__free(sheet->ctx, step, path->n, sizeof *step);
    return s;
}

static size_t last_inside(const tw_path *p, const tw__window *w)
{
    size_t i = 0;
    while (i < p->n && i <= w->steps && p->x[i] >= w->low[0] && p->x[i] <= w->high[0] && p->y[i] >= w->low[1] && p->y[i] <= w->high[1]) i++;
    return i ? i - 1 : 0;
}

static double value_at(const void *surface, const double at[2]) { return tw_surface_value(surface, at, NULL); }

tw_status tw__walks_write(tw__sheet *sheet, const tw__walks *w, const tw__window *window, tw_error *err)
{
    double start[2];
    char about[ABOUT] = "";
    tw_surface_start(w->surface, start);
    TW__SAY(about, "%s from (%s, %s)", tw_surface_spec(w->surface), TW__REAL(start[0]), TW__REAL(start[1]));
    tw__sheet_text(sheet, "about", about);
    tw__sheet_runners(sheet, w->runner, w->n);
    tw__print(&sheet->names, "ends = \"");
    for (size_t i = 0; i < w->n; i++) {
        tw__print(&sheet->names, "%s%zu", i ? " " : "", last_inside(w->path[i], window));
        TW_TRY(write_path(sheet, w->runner[i].key, w->path[i], err));
    }
    tw__print(&sheet->names, "\"\n");
    return tw__sheet_surface(sheet, value_at, w->surface, window, err);
}

void tw__say_walks(char *to, size_t size, const tw__walks *w, size_t first, size_t n)
{
    double start[2];
    tw_surface_start(w->surface, start);
    tw__say(to, size, "%s from (%s, %s), %llu steps (--surface %s):", tw_surface_formula(w->surface), TW__REAL(start[0]), TW__REAL(start[1]),
            (unsigned long long)w->steps, tw_surface_spec(w->surface));
    for (size_t i = first; i < first + n; i++) tw__say(to, size, "%s %s", i > first ? ";" : "", w->runner[i].spec);
}
