/* How much the learning rate matters: what came of every rate that was tried, as a picture and a table. Nothing in a race without --tune.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include <math.h>
#include <stdio.h>

/* The trial with the next larger rate; NULL behind the last. */
static const tw__trial *next_trial(const tw_race *race, const tw__racer *racer, const tw__trial *before)
{
    const tw__trial *next = NULL;
    for (uint64_t k = 0; k < race->o.tune; k++) {
        const tw__trial *t = &racer->trials[k];
        if ((!before || t->lr > before->lr) && (!next || t->lr < next->lr)) next = t;
    }
    return next;
}

static int failed(const tw__trial *t) { return t->run.diverged || !isfinite(t->value); }

/* ---- the picture -------------------------------------------------------------------------------------------------------- */

/* Of the value: a loss or what is left of it on a surface. Trials above the scale's end are shown with those that diverged. */
static void fit(tw__page *g, tw__chart *c)
{
    double low = INFINITY, high = 0, from = INFINITY, to = 0;
    for (size_t i = 0; i < g->race->n; i++) {
        const tw__racer *racer = tw__page_racer(g, i);
        for (uint64_t k = 0; racer->trials && k < g->race->o.tune; k++) {
            const tw__trial *t = &racer->trials[k];
            const double value = t->value - tw__page_floor(g);
            from = t->lr < from ? t->lr : from;
            to = t->lr > to ? t->lr : to;
            if (failed(t)) continue;
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
    }
    const int is_log = low > 0 && high > 4 * low, is_flat = !(high > low);
    if (is_log && high > 1e4 * low) high = 1e4 * low;
    const double pad = is_log ? tw_pow(high / low, 0.06) : 0.06 * (is_flat ? 1 : high - low);
    if (low == INFINITY) c->y = (tw__scale){.from = 0, .to = 1};
    else c->y = is_log ? (tw__scale){.is_log = 1, .from = low / pad, .to = high * pad} : (tw__scale){.from = low - pad, .to = high + pad};
    c->x = (tw__scale){.is_log = 1, .from = from / 1.4, .to = to * 1.4};
}

static int is_off(const tw__page *g, const tw__chart *c, const tw__trial *t) { return failed(t) || t->value - tw__page_floor(g) > c->y.to; }

static int has_off(const tw__page *g, const tw__chart *c)
{
    for (size_t i = 0; i < g->race->n; i++)
        for (uint64_t k = 0; k < g->race->o.tune && g->race->racers[i].trials; k++)
            if (is_off(g, c, &g->race->racers[i].trials[k])) return 1;
    return 0;
}

/* What is on no scale stands above it, each optimizer in a row of its own. */
static void put_mark(tw__page *g, tw__chart *c, size_t i, const tw__trial *t, char shape, const char *kind)
{
    if (is_off(g, c, t)) tw__chart_mark_top(c, shape, kind, t->lr, ((double)i + 0.5) / (double)g->race->n);
    else tw__chart_mark(c, shape, kind, t->lr, t->value - tw__page_floor(g));
}

static void put_line(tw__page *g, tw__chart *c, size_t i)
{
    const tw__racer *racer = tw__page_racer(g, i);
    tw__chart_begin(c, "line");
    for (const tw__trial *t = NULL; (t = next_trial(g->race, racer, t)) != NULL;)
        tw__chart_to(c, t->lr, is_off(g, c, t) ? NAN : t->value - tw__page_floor(g));
    tw__chart_end(c, 0);
    for (const tw__trial *t = NULL; (t = next_trial(g->race, racer, t)) != NULL;) {
        put_mark(g, c, i, t, failed(t) ? 'x' : is_off(g, c, t) ? '^' : 'o', failed(t) ? "cross" : "dot");
        if (racer->tuned && t->lr == racer->tuned_lr) put_mark(g, c, i, t, 'O', "ring");
    }
}

static void put_picture(tw__page *g, const char *measure)
{
    char name[96], kind[16];
    tw__chart c = {.p = &g->p, .x_name = "learning rate", .y_name = name, .width = 760, .height = 380, .top_name = "diverged",
                   .label = "What came of every learning rate that was tried, a line for each optimizer; the table below says the same"};
    fit(g, &c);
    if (has_off(g, &c)) c.headroom = 12 + 9 * (double)(g->race->n < 10 ? g->race->n : 10);
    c.height += c.headroom;
    snprintf(name, sizeof name, "%s%s%s", measure, tw__page_has_floor(g) ? " above the minimum" : "", c.y.is_log ? " (log)" : "");
    tw__print(&g->p, "<figure class=\"wide\">");
    tw__chart_open(&c);
    for (size_t i = g->race->n; i-- > 0;) {
        if (!tw__page_racer(g, i)->trials) continue;
        tw__print(&g->p, "<g class=\"series %s\" data-racer=\"%zu\">", tw__page_class(tw__page_racer(g, i), kind), i);
        put_line(g, &c, i);
        tw__print(&g->p, "</g>\n");
    }
    tw__chart_close(&c);
    tw__print(&g->p, "</figure>\n");
}

/* ---- the table ---------------------------------------------------------------------------------------------------------- */

/* Trials as good as the best but for a tenth of what it leaves to be gained. */
static uint64_t near_best(const tw__page *g, const tw__racer *racer, double best)
{
    uint64_t n = 0;
    for (uint64_t k = 0; k < g->race->o.tune; k++)
        n += !failed(&racer->trials[k]) && racer->trials[k].value - tw__page_floor(g) <= 1.1 * (best - tw__page_floor(g));
    return n;
}

static void put_row(tw__page *g, const tw__racer *racer)
{
    uint64_t diverged = 0;
    double best = INFINITY;
    for (uint64_t k = 0; k < g->race->o.tune; k++) {
        const tw__trial *t = &racer->trials[k];
        diverged += (uint64_t)failed(t);
        if (!failed(t) && t->value < best) best = t->value;
    }
    tw__page_row(g, racer);
    tw__print(&g->p, "</th><td>");
    tw__page_number(g, TW__AS_PLAIN, racer->from);
    tw__print(&g->p, " to ");
    tw__page_number(g, TW__AS_PLAIN, racer->to);
    tw__print(&g->p, "</td><td>");
    if (racer->tuned) tw__page_number(g, TW__AS_PLAIN, racer->tuned_lr);
    else tw__print(&g->p, "&ndash;");
    tw__print(&g->p, "</td><td>");
    if (isfinite(best)) tw__page_number(g, TW__AS_LOSS, best);
    else tw__print(&g->p, "&ndash;");
    tw__print(&g->p, "</td><td>%llu</td><td>%llu</td></tr>\n", (unsigned long long)near_best(g, racer, best), (unsigned long long)diverged);
}

static void put_table(tw__page *g, const char *measure)
{
    tw__page_open_table(g, "rates");
    tw__print(&g->p, "<th scope=\"col\">looked for in</th><th scope=\"col\">chosen rate</th><th scope=\"col\">%s there</th>"
                     "<th scope=\"col\">rates within 10&#8239;%% of it</th><th scope=\"col\">diverged</th></tr></thead>\n<tbody>\n", measure);
    for (size_t i = 0; i < g->race->n; i++)
        if (tw__page_racer(g, i)->trials) put_row(g, tw__page_racer(g, i));
    tw__page_close_table(g);
}

/* Who may do better outside of what was tried. */
static void put_ends(tw__page *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->race->n; i++) {
        const tw__racer *racer = tw__page_racer(g, i);
        if (!tw__tune_end(g->race, racer)) continue;
        tw__print(&g->p, n++ ? ", " : "<p class=\"hint\">At the end of what was tried, so that other rates may be better still: ");
        tw__put_escaped(&g->p, racer->spec);
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
    put_picture(g, measure);
    tw__print(&g->p, "<p class=\"hint\">Each optimizer got the same %llu trials, spread evenly over the logarithm of the range that is usual for it, "
                     "with a seed that was not raced. A ring marks the rate that was then raced; a cross at the top is a trial that diverged, "
                     "a triangle one above the scale.</p>\n", (unsigned long long)race->o.tune);
    put_table(g, measure);
    put_ends(g);
    tw__print(&g->p, "</section>\n");
}
