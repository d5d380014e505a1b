/* How much the learning rate matters: what came of every rate that was tried, as a picture and a table.
 * Nothing in a race without --tune.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include <math.h>
#include <stdio.h>

/* The trial with the next larger rate; NULL behind the last. */
static const tw__trial *next_trial(const tw_race *race, const tw__entry *entry, const tw__trial *before)
{
    const tw__trial *next = NULL;
    for (uint64_t k = 0; k < race->o.tune; k++) {
        const tw__trial *t = &entry->trials[k];
        if ((!before || t->lr > before->lr) && (!next || t->lr < next->lr)) next = t;
    }
    return next;
}

static int failed(const tw__trial *t) { return t->run.diverged || !isfinite(t->value); }

/* ---- the picture --------------------------------------------------------------------------------------- */

/* What a trial came to: a loss, or what is left of it on a surface. */
static double shown(const tw__page *g, const tw__trial *t) { return t->value - tw__page_floor(g); }

static const tw__trial *trial_of(const tw__page *g, size_t i, uint64_t k)
{
    const tw__entry *entry = tw__page_entry(g, i);
    return entry->trials ? &entry->trials[k] : NULL;
}

/* Where the scale ends: on a surface at the start's value; on data, where that is no single number, at ten
 * times what half of the trials stay below. */
static double find_top(tw__page *g, double *values, size_t n)
{
    double start[2];
    if (!g->race->surface) return n ? 10 * tw__spread_of(values, n).median : 1;
    tw_surface_start(g->race->surface, start);
    return tw_surface_value(g->race->surface, start, NULL) - tw__page_floor(g);
}

/* low above high: no trial has a value. */
static tw__scale scale_of(double low, double high, double top, double linear)
{
    if (linear > 0 && low > high) low = top - linear;
    if (linear > 0)
        return (tw__scale){.is_log = 1,
                           .from = low - 0.5 * fabs(low),
                           .to = top + 0.5 * fabs(top),
                           .linear = linear};
    if (!(top > 0)) top = high > 0 ? high : 1;
    if (!(low > 0 && low < top)) low = top / 10;
    if (low < top * 1e-200) low = top * 1e-200;
    const double pad = tw_pow(top / low, 0.05);
    return (tw__scale){.is_log = 1, .from = low / pad, .to = top * (1 + 1e-9)};
}

/* The log scale goes from the least value to the top; what is exactly at the minimum stands below it, what is
 * above it or diverged in rows above. */
static void fit(tw__page *g, tw__chart *c, double *values)
{
    double low = INFINITY, high = -INFINITY, from = INFINITY, to = 0;
    size_t n = 0;
    for (size_t i = 0; i < g->race->n; i++)
        for (uint64_t k = 0; k < g->race->o.tune && trial_of(g, i, k); k++) {
            const tw__trial *t = trial_of(g, i, k);
            from = t->lr < from ? t->lr : from;
            to = t->lr > to ? t->lr : to;
            if (failed(t)) continue;
            values[n++] = shown(g, t);
            if (g->linear > 0 || shown(g, t) > 0) low = shown(g, t) < low ? shown(g, t) : low;
            high = shown(g, t) > high ? shown(g, t) : high;
        }
    const double top = find_top(g, values, n);
    c->y = scale_of(low, high, g->race->surface ? top : high < top ? high * 1.05 : top, g->linear);
    c->x = (tw__scale){.is_log = 1, .from = from / 1.4, .to = to * 1.4};
}

static int is_off(const tw__page *g, const tw__chart *c, const tw__trial *t)
{
    return failed(t) || shown(g, t) > c->y.to;
}
static int is_zero(const tw__page *g, const tw__trial *t)
{
    return !failed(t) && !(g->linear > 0) && !(shown(g, t) > 0);
}

/* Optimizers with a trial above the scale get a lane each: their numbers, -1 for none. Returns how many. */
static int find_lanes(const tw__page *g, const tw__chart *c, int *lanes, int *has_zero)
{
    int n = 0;
    *has_zero = 0;
    for (size_t i = 0; i < g->race->n; i++) {
        int off = 0;
        for (uint64_t k = 0; k < g->race->o.tune && trial_of(g, i, k); k++) {
            off |= is_off(g, c, trial_of(g, i, k));
            *has_zero |= is_zero(g, trial_of(g, i, k));
        }
        lanes[i] = off ? n++ : -1;
    }
    return n;
}

struct off {
    int lane, lanes;
};
static void put_mark(tw__page *g, tw__chart *c, struct off off, const tw__trial *t, char shape,
                     const char *kind)
{
    if (is_off(g, c, t))
        tw__chart_mark_top(c, shape, kind, t->lr, ((double)off.lane + 0.5) / (double)off.lanes);
    else if (is_zero(g, t)) tw__chart_mark_bottom(c, shape, kind, t->lr);
    else tw__chart_mark(c, shape, kind, t->lr, shown(g, t));
}

static void put_line(tw__page *g, tw__chart *c, size_t i, struct off off)
{
    const tw__entry *entry = tw__page_entry(g, i);
    tw__chart_begin(c, "line");
    for (const tw__trial *t = NULL; (t = next_trial(g->race, entry, t)) != NULL;)
        tw__chart_to(c, t->lr, is_off(g, c, t) || is_zero(g, t) ? NAN : shown(g, t));
    tw__chart_end(c, 0);
    for (const tw__trial *t = NULL; (t = next_trial(g->race, entry, t)) != NULL;) {
        if (failed(t)) put_mark(g, c, off, t, 'x', "cross");
        else if (is_off(g, c, t)) put_mark(g, c, off, t, '^', "dot");
        else put_mark(g, c, off, t, tw__mark_of(entry->colour), tw__page_mark_class(entry));
        if (entry->tuned && t->lr == entry->tuned_lr) put_mark(g, c, off, t, 'O', "ring");
    }
}

/* scratch: a number for every trial. lanes: for every optimizer. */
static void put_picture(tw__page *g, const char *measure, const tw__size *size, double *scratch, int *lanes)
{
    char name[96], kind[16];
    int has_zero;
    tw__chart c = {
        .p = &g->p,
        .x_name = "learning rate",
        .y_name = name,
        .width = size->width,
        .height = size->height,
        .bottom_name = "0",
        .top_name = g->race->surface ? "above the start, or diverged" : "above the scale, or diverged",
        .label =
            "What came of every learning rate that was tried, a line for each optimizer; the table below says the same"};
    fit(g, &c, scratch);
    const int n = find_lanes(g, &c, lanes, &has_zero);
    if (n) c.headroom = 26 + 10 * (double)(n < 12 ? n : 12);
    if (has_zero) c.footroom = 22;
    c.height += c.headroom + c.footroom;
    snprintf(name, sizeof name, "%s%s (log)", measure, tw__page_has_floor(g) ? " above the minimum" : "");
    tw__print(&g->p, "<figure class=\"%s\">", size->kind);
    tw__chart_open(&c);
    for (size_t i = g->race->n; i-- > 0;) {
        if (!tw__page_entry(g, i)->trials) continue;
        tw__print(&g->p, "<g class=\"series %s\" data-entry=\"%zu\">",
                  tw__page_class(tw__page_entry(g, i), kind), i);
        put_line(g, &c, i, (struct off){lanes[i], n});
        tw__print(&g->p, "</g>\n");
    }
    tw__chart_close(&c);
    tw__print(&g->p, "</figure>\n");
}

static void put_pictures(tw__page *g, const char *measure)
{
    tw_context *ctx = g->race->ctx;
    const size_t trials = g->race->n * g->race->o.tune;
    double *scratch = NULL;
    int *lanes = NULL;
    if (g->p.status == TW_OK) g->p.status = tw__alloc(ctx, &scratch, trials, sizeof *scratch, g->p.err);
    if (g->p.status == TW_OK) g->p.status = tw__alloc(ctx, &lanes, g->race->n, sizeof *lanes, g->p.err);
    for (int i = 0; i < TW__SIZES && g->p.status == TW_OK; i++)
        put_picture(g, measure, &tw__sizes[i], scratch, lanes);
    tw__free(ctx, lanes, g->race->n, sizeof *lanes);
    tw__free(ctx, scratch, trials, sizeof *scratch);
}

/* ---- the table ----------------------------------------------------------------------------------------- */

/* Trials as good as the best but for a tenth of what it leaves to be gained. */
static uint64_t near_best(const tw__page *g, const tw__entry *entry, double best)
{
    uint64_t n = 0;
    for (uint64_t k = 0; k < g->race->o.tune; k++)
        n += !failed(&entry->trials[k]) &&
             entry->trials[k].value - tw__page_floor(g) <= 1.1 * (best - tw__page_floor(g));
    return n;
}

static void put_row(tw__page *g, const tw__entry *entry)
{
    uint64_t diverged = 0;
    double best = INFINITY;
    for (uint64_t k = 0; k < g->race->o.tune; k++) {
        const tw__trial *t = &entry->trials[k];
        diverged += (uint64_t)failed(t);
        if (!failed(t) && t->value < best) best = t->value;
    }
    tw__page_row(g, entry);
    tw__print(&g->p, "</th><td>");
    tw__page_number(g, TW__AS_PLAIN, entry->from);
    tw__print(&g->p, " to ");
    tw__page_number(g, TW__AS_PLAIN, entry->to);
    tw__print(&g->p, "</td><td>");
    if (entry->tuned) tw__page_number(g, TW__AS_PLAIN, entry->tuned_lr);
    else tw__print(&g->p, "&ndash;");
    tw__print(&g->p, "</td><td>");
    if (isfinite(best)) tw__page_number(g, TW__AS_LOSS, best);
    else tw__print(&g->p, "&ndash;");
    tw__print(&g->p, "</td><td>%llu</td><td>%llu</td></tr>\n", (unsigned long long)near_best(g, entry, best),
              (unsigned long long)diverged);
}

static void put_table(tw__page *g, const char *measure)
{
    tw__page_open_table(g, "rates", "optimizer");
    tw__print(
        &g->p,
        "<th scope=\"col\">looked for in</th><th scope=\"col\">chosen rate</th><th scope=\"col\">%s there</th>"
        "<th scope=\"col\">rates within 10&#8239;%% of it</th><th scope=\"col\">diverged</th></tr></thead>\n<tbody>\n",
        measure);
    for (size_t i = 0; i < g->race->n; i++)
        if (tw__page_entry(g, i)->trials) put_row(g, tw__page_entry(g, i));
    tw__page_close_table(g);
}

/* Who may do better outside of what was tried. */
static void put_ends(tw__page *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->race->n; i++) {
        const tw__entry *entry = tw__page_entry(g, i);
        if (!tw__tune_end(g->race, entry)) continue;
        tw__print(
            &g->p,
            n++ ? ", "
                : "<p class=\"hint\">At the end of what was tried, so that other rates may be better still: ");
        tw__put_escaped(&g->p, entry->spec);
    }
    if (n) tw__print(&g->p, ".</p>\n");
}

void tw__page_rates(tw__page *g)
{
    const tw_race *race = g->race;
    const char *measure = tw__page_measure_name(race);
    if (!race->o.tune) return;
    tw__page_open(g, "rates", "Sensitivity to the learning rate");
    tw__page_keys(g);
    put_pictures(g, measure);
    tw__print(
        &g->p,
        "<p class=\"hint\">Each optimizer got the same %llu trials, spread evenly over the logarithm of the range that is usual for it, "
        "with a seed that was not raced. A ring marks the rate that was then raced; a cross at the top is a trial that diverged, "
        "a triangle one that ended above %s.</p>\n",
        (unsigned long long)race->o.tune, race->surface ? "the value at the start" : "the scale");
    put_table(g, measure);
    put_ends(g);
    tw__print(&g->p, "</section>\n");
}
