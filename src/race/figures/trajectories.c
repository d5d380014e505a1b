/* Several optimisers on one surface.
 * SPDX-License-Identifier: MIT */
#include "race/colours.h"
#include "race/figures/figure.h"
#include <stdio.h>
#include <string.h>

tw_status tw__trajectories_make(tw__trajectories *w, tw_context *ctx, const char *surface, uint64_t steps,
                                const tw__runner *runners, size_t n, tw_error *err)
{
    *w = (tw__trajectories){.ctx = ctx, .runner = runners, .n = n, .steps = steps};
    tw_status s = tw_surface_create(&w->surface, ctx, surface, TW_F64, err);
    for (size_t i = 0; i < n && s == TW_OK; i++) {
        tw_trajectory_options o = TW_TRAJECTORY_OPTIONS_INIT;
        o.optimizer = runners[i].spec;
        o.steps = steps;
        s = tw_trajectory_run(&w->trajectory[i], ctx, w->surface, &o, err);
    }
    if (s != TW_OK) tw__trajectories_free(w);
    return s;
}

void tw__trajectories_free(tw__trajectories *w)
{
    for (size_t i = 0; i < w->n; i++) tw_trajectory_free(w->ctx, w->trajectory[i]);
    tw_surface_free(w->surface);
    *w = (tw__trajectories){0};
}

enum { ABOUT = 200 };

/* A list as gnuplot's word() reads it. */
static void put_words(tw__figure_output *output, const char *name, const tw__runner *runners, size_t n,
                      const char *(*of)(const tw__runner *runner))
{
    tw__print(&output->names, "%s = \"", name);
    for (size_t i = 0; i < n; i++) tw__print(&output->names, "%s'%s'", i ? " " : "", of(&runners[i]));
    tw__print(&output->names, "\"\n");
}

static const char *key_of(const tw__runner *r) { return r->key; }
static const char *label_of(const tw__runner *r) { return r->label; }

/* What comes after the rule's name: "lr=0.1,momentum=0.9". */
static const char *setting_of(const tw__runner *r)
{
    const char *colon = strchr(r->spec, ':');
    return colon ? colon + 1 : "";
}

static void put_colours(tw__figure_output *output, const tw__runner *runners, size_t n)
{
    tw__look looks[TW__RUNNERS];
    for (size_t i = 0; i < n; i++) looks[i].spec = runners[i].spec;
    tw__choose_colours(looks, n);
    tw__print(&output->names, "colours = \"");
    for (size_t i = 0; i < n; i++)
        tw__print(&output->names, "%s'%s'", i ? " " : "", tw__palette[looks[i].colour % TW__COLOURS].light);
    tw__print(&output->names, "\"\n");
}

void tw__output_runners(tw__figure_output *output, const tw__runner *runners, size_t n)
{
    tw__output_number(output, "n", (double)n);
    put_words(output, "keys", runners, n, key_of);
    put_words(output, "labels", runners, n, label_of);
    put_words(output, "settings", runners, n, setting_of);
    put_colours(output, runners, n);
}

static tw_status write_trajectory(tw__figure_output *output, const char *key, const tw_trajectory *trajectory,
                                  tw_error *err)
{
    double *step;
    TW_TRY(tw__alloc(output->ctx, &step, trajectory->n, sizeof *step, err));
    for (size_t i = 0; i < trajectory->n; i++) step[i] = (double)i;
    const double *const columns[] = {step, trajectory->x, trajectory->y, trajectory->value};
    const tw_status s = tw__output_columns(output, key, "step,x,y,f", trajectory->n, 4, columns, err);
    tw__free(output->ctx, step, trajectory->n, sizeof *step);
    return s;
}

static size_t last_inside(const tw_trajectory *p, const tw__window *w)
{
    size_t i = 0;
    while (i < p->n && i <= w->steps && p->x[i] >= w->low[0] && p->x[i] <= w->high[0] &&
           p->y[i] >= w->low[1] && p->y[i] <= w->high[1])
        i++;
    return i ? i - 1 : 0;
}

static double value_at(const void *surface, const double at[2])
{
    return tw_surface_value(surface, at, NULL);
}

tw_status tw__trajectories_write(tw__figure_output *output, const tw__trajectories *w,
                                 const tw__window *window, tw_error *err)
{
    double start[2];
    char about[ABOUT] = "";
    tw_surface_start(w->surface, start);
    TW__APPEND(about, "%s from (%s, %s)", tw_surface_spec(w->surface), TW__REAL(start[0]),
               TW__REAL(start[1]));
    tw__output_text(output, "about", about);
    tw__output_runners(output, w->runner, w->n);
    tw__print(&output->names, "ends = \"");
    for (size_t i = 0; i < w->n; i++) {
        tw__print(&output->names, "%s%zu", i ? " " : "", last_inside(w->trajectory[i], window));
        TW_TRY(write_trajectory(output, w->runner[i].key, w->trajectory[i], err));
    }
    tw__print(&output->names, "\"\n");
    return tw__output_surface(output, value_at, w->surface, window, err);
}

void tw__append_trajectories(char *to, size_t size, const tw__trajectories *w, size_t first, size_t n)
{
    double start[2];
    tw_surface_start(w->surface, start);
    tw__append(to, size, "%s from (%s, %s), %llu steps (--surface %s):", tw_surface_formula(w->surface),
               TW__REAL(start[0]), TW__REAL(start[1]), (unsigned long long)w->steps,
               tw_surface_spec(w->surface));
    for (size_t i = first; i < first + n; i++)
        tw__append(to, size, "%s %s", i > first ? ";" : "", w->runner[i].spec);
}
