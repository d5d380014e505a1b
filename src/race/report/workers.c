/* The workers of a run: how each spent its time, how stale gradients were when they were stepped, and when
 * the first evaluations were.
 * SPDX-License-Identifier: MIT */
#include "race/report/run.h"
#include <math.h>
#include <stdio.h>

/* What a worker's time goes into; blue, orange, green, black. The last only where workers have failed. */
static const struct {
    const char *key;
    int colour;
} kinds[] = {{"computing", 3}, {"waiting", 7}, {"exchanging", 1}, {"down", 0}};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static const json_t *exchange_of(const tw__page *g) { return json_object_get(g->run->result, "exchange"); }

static void begin_colour(tw__page *g, int colour)
{
    char kind[16];
    tw__print(&g->p, "<g class=\"%s\">", tw__page_class(&(tw__entry){.colour = colour}, kind));
}
static void end_colour(tw__page *g) { tw__print(&g->p, "</g>\n"); }

static void put_box(tw__chart *c, double left, double right, double low, double high)
{
    tw__chart_begin(c, "bar");
    tw__chart_to(c, left, low);
    tw__chart_to(c, right, low);
    tw__chart_to(c, right, high);
    tw__chart_to(c, left, high);
    tw__chart_end(c, 1);
}

/* ---- shares -------------------------------------------------------------------------------------------- */

/* The share of a worker's time that goes into the first n kinds. */
static double share_below(const json_t *worker, int n)
{
    double part = 0, all = 0;
    for (int i = 0; i < KINDS; i++) {
        const double seconds = json_number_value(json_object_get(worker, kinds[i].key));
        all += seconds;
        if (i < n) part += seconds;
    }
    return all > 0 ? part / all : 0;
}

/* The last kind is not there where nobody has failed. */
static int kinds_there(const json_t *exchange)
{
    return json_object_get(json_object_get(exchange, "all"), kinds[KINDS - 1].key) ? KINDS : KINDS - 1;
}

static void put_keys(tw__page *g)
{
    const int n = kinds_there(exchange_of(g));
    tw__print(&g->p, "<ul class=\"names\">");
    for (int k = 0; k < n; k++) {
        tw__print(&g->p, "<li>");
        tw__page_key(g, &(tw__entry){.colour = kinds[k].colour});
        tw__print(&g->p, "%s</li>", kinds[k].key);
    }
    tw__print(&g->p, "</ul>\n");
}

/* One shape for each kind, with a step for each worker. */
static void put_shares(tw__page *g, const json_t *each)
{
    const size_t n = json_array_size(each);
    tw__chart c = {.p = &g->p,
                   .label = "What each worker's time went into",
                   .x_name = "worker",
                   .y_name = "share of its time",
                   .is_share = 1,
                   .x = {.from = -0.5, .to = (double)n - 0.5, .is_whole = 1},
                   .y = {.from = 0, .to = 1}};
    if (n == 0) return;
    tw__print(&g->p, "<figure>");
    tw__chart_open(&c);
    for (int k = 0; k < kinds_there(exchange_of(g)); k++) {
        begin_colour(g, kinds[k].colour);
        tw__chart_begin(&c, "bar");
        for (size_t i = 0; i < 2 * n; i++)
            tw__chart_to(&c, (double)((i + 1) / 2) - 0.5, share_below(json_array_get(each, i / 2), k));
        for (size_t i = 2 * n; i-- > 0;)
            tw__chart_to(&c, (double)((i + 1) / 2) - 0.5, share_below(json_array_get(each, i / 2), k + 1));
        tw__chart_end(&c, 1);
        end_colour(g);
    }
    tw__chart_close(&c);
    tw__print(&g->p, "</figure>\n");
}

/* ---- staleness ----------------------------------------------------------------------------------------- */

static void put_staleness(tw__page *g, const json_t *staleness)
{
    const json_t *counts = json_object_get(staleness, "counts");
    const size_t n = json_array_size(counts);
    double all = 0, most = 0;
    for (size_t i = 0; i < n; i++) {
        const double count = (double)json_integer_value(json_array_get(counts, i));
        all += count;
        most = count > most ? count : most;
    }
    if (most == 0) return;
    tw__chart c = {.p = &g->p,
                   .label = "How many updates old the gradients were that were stepped",
                   .x_name = n == TW_STALENESS_BINS ? "staleness in updates; the last bar: or more"
                                                    : "staleness in updates",
                   .y_name = "share of updates",
                   .is_share = 1,
                   .x = {.from = -0.5, .to = (double)n - 0.5, .is_whole = 1},
                   .y = {.from = 0, .to = most / all * 1.06}};
    tw__print(&g->p, "<figure>");
    tw__chart_open(&c);
    begin_colour(g, kinds[0].colour);
    for (size_t i = 0; i < n; i++)
        put_box(&c, (double)i - 0.4, (double)i + 0.4, 0,
                (double)json_integer_value(json_array_get(counts, i)) / all);
    end_colour(g);
    tw__chart_close(&c);
    tw__print(&g->p, "</figure>\n");
}

/* ---- timeline ------------------------------------------------------------------------------------------ */

enum { MOST_ROWS = 24, MOST_BOXES = 30 }; /* boxes: of a worker, in the mean */

static double end_of_line(const tw_exchange_info *x, size_t rows)
{
    size_t shown = 0;
    double end = 0;
    for (size_t i = 0; i < x->n_evaluations && shown < rows * MOST_BOXES; i++) {
        const tw_worker_evaluation *e = &x->evaluation[i];
        if (e->worker >= rows) continue;
        shown++;
        end = e->end > end ? e->end : end;
    }
    return end;
}

static void put_timeline(tw__page *g, const tw__size *size, const tw_exchange_info *x)
{
    const size_t rows = x->workers < MOST_ROWS ? x->workers : MOST_ROWS;
    tw__chart c = {.p = &g->p,
                   .label = "When each worker evaluated its first updates",
                   .x_name = x->is_virtual ? "virtual seconds" : "seconds",
                   .y_name = "worker",
                   .width = size->width,
                   .height = size->height,
                   .x = {.from = 0, .to = end_of_line(x, rows)},
                   .y = {.from = -0.5, .to = (double)rows - 0.5, .is_whole = 1}};
    if (!(c.x.to > 0)) return;
    tw__print(&g->p, "<figure class=\"%s\">", size->kind);
    tw__chart_open(&c);
    begin_colour(g, kinds[0].colour);
    for (size_t i = 0; i < x->n_evaluations; i++) {
        const tw_worker_evaluation *e = &x->evaluation[i];
        const double gap = (c.x.to - c.x.from) / 1000;
        if (e->worker < rows && e->end <= c.x.to)
            put_box(&c, e->begin, e->end > e->begin + 2 * gap ? e->end - gap : e->end,
                    (double)e->worker - 0.35, (double)e->worker + 0.35);
    }
    end_colour(g);
    tw__chart_close(&c);
    tw__print(&g->p, "</figure>\n");
}

static int live(const tw__page *g, tw_exchange_info *x)
{
    *x = (tw_exchange_info){.size = sizeof *x};
    return g->run->job->run && tw_run_exchange(g->run->job->run, x, NULL) == TW_OK && x->n_evaluations > 0;
}

void tw__page_workers(tw__page *g)
{
    const json_t *exchange = exchange_of(g);
    tw_exchange_info x;
    if (!exchange) return;
    tw__page_open(g, "workers", "Workers");
    put_keys(g);
    tw__print(&g->p, "<div class=\"pictures\">\n");
    put_shares(g, json_object_get(exchange, "each"));
    put_staleness(g, json_object_get(exchange, "staleness"));
    tw__print(&g->p, "</div>\n");
    const int has_line = live(g, &x);
    for (int i = 0; has_line && i < TW__SIZES; i++) put_timeline(g, &tw__sizes[i], &x);
    tw__print(
        &g->p,
        "<p class=\"hint\">Exchanging is the time of messages and of steps that a worker makes for a server; waiting is the rest until it "
        "has what it needs. Staleness counts the updates that others made between the weights that a gradient was taken at and its step.%s</p>\n</section>\n",
        has_line ? " The line of time has the first evaluations of each worker." : "");
}

void tw__page_workers_nav(tw__page *g)
{
    if (exchange_of(g)) tw__print(&g->p, "<a href=\"#workers\">Workers</a>");
}
