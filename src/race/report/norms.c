/* The norms of a network's tensors while it trained: whether gradients vanish on their way to the first
 * layers, or explode.
 * SPDX-License-Identifier: MIT */
#include "race/report/run.h"
#include <math.h>
#include <stdio.h>

static const tw__norm_trace *trace_of(const tw__page *g)
{
    const tw_job *job = g->run->job;
    return job->run && tw__norm_trace_points(&job->norms) > 1 ? &job->norms : NULL;
}

static const tw_tensor *tensor_of(const tw__page *g, size_t i)
{
    size_t n;
    return &tw_run_tensors(g->run->job->run, &n)[i];
}

/* Vectors are in the table alone: with them there would be twice the lines. */
static int is_drawn(const tw__page *g, size_t i) { return tensor_of(g, i)->rank > 1; }

static double norm_at(const tw__norm_trace *t, size_t point, size_t tensor, int is_gradient)
{
    const tw_norms norms = tw__norm_trace_of(t, point, tensor);
    return is_gradient ? norms.gradient : norms.weights;
}

/* ---- pictures ------------------------------------------------------------------------------------------ */

/* 0: there is nothing above 0 to show. */
static int fit(const tw__page *g, const tw__norm_trace *t, int is_gradient, tw__chart *c)
{
    const size_t n = tw__norm_trace_points(t);
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < t->n_tensors; i++)
        for (size_t k = 0; k < n && is_drawn(g, i); k++) {
            const double y = norm_at(t, k, i, is_gradient);
            if (!(y > 0 && isfinite(y))) continue;
            low = y < low ? y : low;
            high = y > high ? y : high;
        }
    c->x = (tw__scale){.from = 0, .to = tw__norm_trace_at(t, n - 1) * 1.01, .is_whole = 1};
    c->y = tw__page_scale(low, high, 1);
    return low <= high;
}

static void put_picture(tw__page *g, const tw__norm_trace *t, int is_gradient)
{
    tw__chart c = {.p = &g->p,
                   .label = is_gradient ? "The gradient's norm of each matrix against the updates"
                                        : "The norm of each matrix of weights against the updates",
                   .x_name = "updates",
                   .y_name = is_gradient ? "norm of the gradient (log)" : "norm of the weights (log)"};
    if (!fit(g, t, is_gradient, &c)) return;
    tw__print(&g->p, "<figure>");
    tw__chart_open(&c);
    for (size_t i = 0, colour = 0; i < t->n_tensors; i++) {
        char kind[16];
        if (!is_drawn(g, i)) continue;
        tw__print(&g->p, "<g class=\"%s\">", tw__page_class(&(tw__entry){.colour = (int)colour++}, kind));
        tw__chart_begin(&c, "line");
        for (size_t k = 0; k < tw__norm_trace_points(t); k++)
            tw__chart_to(&c, tw__norm_trace_at(t, k), norm_at(t, k, i, is_gradient));
        tw__chart_end(&c, 0);
        tw__print(&g->p, "</g>\n");
    }
    tw__chart_close(&c);
    tw__print(&g->p, "</figure>\n");
}

/* ---- table --------------------------------------------------------------------------------------------- */

static void put_cell(tw__page *g, double value)
{
    tw__page_cell(g, TW__AS_PLAIN, (tw__spread){value, value, value}, 0);
}

static void put_row(tw__page *g, const tw__norm_trace *t, size_t i, int colour)
{
    const size_t last = tw__norm_trace_points(t) - 1;
    double most = NAN;
    for (size_t k = 0; k <= last; k++) {
        const double y = norm_at(t, k, i, 1);
        if (!(y <= most) && !isnan(y)) most = y;
    }
    tw__print(&g->p, "<tr><th scope=\"row\">");
    if (is_drawn(g, i)) tw__page_key(g, &(tw__entry){.colour = colour});
    tw__put_escaped(&g->p, tensor_of(g, i)->name);
    tw__print(&g->p, "</th>");
    put_cell(g, norm_at(t, 0, i, 1));
    put_cell(g, most);
    put_cell(g, norm_at(t, last, i, 1));
    put_cell(g, norm_at(t, 0, i, 0));
    put_cell(g, norm_at(t, last, i, 0));
    tw__print(&g->p, "</tr>\n");
}

static void put_table(tw__page *g, const tw__norm_trace *t)
{
    tw__page_open_table(g, "norms", "tensor");
    tw__print(
        &g->p,
        "<th scope=\"col\">gradient, first</th><th scope=\"col\">largest</th><th scope=\"col\">last</th>"
        "<th scope=\"col\">weights, first</th><th scope=\"col\">last</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0, colour = 0; i < t->n_tensors; i++) {
        put_row(g, t, i, (int)colour);
        colour += (size_t)is_drawn(g, i);
    }
    tw__page_close_table(g);
}

void tw__page_norms(tw__page *g)
{
    const tw__norm_trace *t = trace_of(g);
    if (!t) return;
    tw__page_open(g, "norms", "Norms of the layers");
    tw__print(&g->p, "<div class=\"pictures\">\n");
    put_picture(g, t, 1);
    put_picture(g, t, 0);
    tw__print(&g->p, "</div>\n");
    put_table(g, t);
    tw__print(
        &g->p,
        "<p class=\"hint\">Euclidean norms of each tensor at %zu updates of the run: of the mean gradient of its rows, before it is clipped, and of the weights. "
        "A gradient that falls by decades towards the first layers vanishes; one that rises by decades explodes.</p>\n</section>\n",
        tw__norm_trace_points(t));
}

void tw__page_norms_nav(tw__page *g)
{
    if (trace_of(g)) tw__print(&g->p, "<a href=\"#norms\">Norms</a>");
}
