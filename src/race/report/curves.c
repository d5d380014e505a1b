/* The page's curves: controls and a place for the chart that the script draws, and the same as still
 * pictures.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include <math.h>
#include <stdio.h>

double tw__page_shown(const tw__view *v, double y)
{
    if (!v->is_log) return y;
    return v->is_share ? 1 - y : y - v->floor;
}

/* ---- ranges -------------------------------------------------------------------------------------------- */

/* The least and the largest that a curve and its band show; 0 if that is nothing. */
static int ends_of(const tw__view *v, const tw__curve *curve, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t k = 0; k < curve->n; k++) {
        const double a = tw__page_shown(v, curve->points[k].y.q1),
                     b = tw__page_shown(v, curve->points[k].y.q3);
        if (!isfinite(a) || !isfinite(b) || (v->is_log && !(v->linear > 0) && !(a > 0 && b > 0))) continue;
        *low = a < *low ? a : *low;
        *low = b < *low ? b : *low;
        *high = a > *high ? a : *high;
        *high = b > *high ? b : *high;
    }
    return *low <= *high;
}

static tw__scale signed_scale(double low, double high, double linear)
{
    return (tw__scale){.is_log = 1,
                       .from = low - 0.5 * fabs(low),
                       .to = high + 0.5 * fabs(high),
                       .linear = linear};
}

/* At most 200 decades, and ends that are normal numbers. */
static tw__scale log_scale(double low, double high)
{
    if (high > 1e290) high = 1e290;
    if (high < 1e-90) high = 1e-90;
    if (low < high * 1e-200) low = high * 1e-200;
    const double pad = tw_pow(high / low > 1.0001 ? high / low : 1.1, 0.06);
    return (tw__scale){.is_log = 1, .from = low / pad, .to = high * pad};
}

static tw__scale linear_scale(double low, double high)
{
    const double pad = 0.06 * (high > low ? high - low : fabs(high) > 0 ? fabs(high) : 1);
    return (tw__scale){.from = low >= 0 && low < pad ? 0 : low - pad, .to = high + pad};
}

tw__scale tw__page_scale(double low, double high, int is_log)
{
    return is_log ? log_scale(low, high) : linear_scale(low, high);
}

/* What shot up or fell for ever would press all others flat: four times the median of the curves' maxima is
 * enough, on a log scale two decades above it and twelve below the median of the minima; and below 0 three
 * times the distance between the two. What lies outside has an arrow. */
static tw__scale fit_values(const tw__view *v, double low, double high, double bottom, double top)
{
    const double apart = top > bottom ? top - bottom : fabs(top),
                 size = fabs(top) > fabs(bottom) ? fabs(top) : fabs(bottom);
    if (!v->is_log) {
        const double most = top + 3 * (top > apart ? top : apart), least = bottom - 3 * apart;
        return linear_scale(low < 0 && low < least ? least : low, high < most ? high : most);
    }
    if (v->linear > 0)
        return signed_scale(low < -100 * size ? -100 * size : low, high > 100 * size ? 100 * size : high,
                            v->linear);
    return log_scale(low < 1e-12 * bottom ? 1e-12 * bottom : low, high > 100 * top ? 100 * top : high);
}

void tw__page_fit(tw__page *g, const tw__view *v, tw__scale *x, tw__scale *y)
{
    double *lows = g->scratch, *highs = g->scratch + g->race->n, right = 0;
    size_t n = 0;
    for (size_t i = 0; i < g->race->n; i++) {
        const tw__curve *curve = tw__page_curve(g, i, v->quantity);
        for (size_t k = 0; k < curve->n; k++)
            if (curve->points[k].at[v->axis] > right) right = curve->points[k].at[v->axis];
        n += (size_t)ends_of(v, curve, &lows[n], &highs[n]);
    }
    *x = (tw__scale){.from = 0, .to = right > 0 ? right * 1.01 : 1, .is_whole = v->axis != TW__BY_SECONDS};
    *y = (tw__scale){.from = 0, .to = 1};
    if (n == 0) return;
    /* which sorts them */
    const double bottom = tw__spread_of(lows, n).median, top = tw__spread_of(highs, n).median;
    *y = fit_values(v, lows[0], highs[n - 1], bottom, top);
}

/* ---- one picture --------------------------------------------------------------------------------------- */

/* Of a few points each has a mark; of many, with a mark that tells the entry apart, some. */
static void put_marks(tw__page *g, tw__chart *c, const tw__view *v, const tw__curve *curve, size_t i)
{
    enum { FEW = 25 };
    const tw__entry *entry = tw__page_entry(g, i);
    const double every = TW__MARK_EVERY * (c->x.high - c->x.low);
    double next = c->x.low + tw__page_first_mark(g, i) * every;
    if (curve->n > FEW && entry->colour < TW__COLOURS) return;
    for (size_t k = 0; k < curve->n; k++) {
        const double across = tw__scale_at(&c->x, curve->points[k].at[v->axis]);
        if (curve->n > FEW && !(across >= next)) continue;
        tw__chart_mark(c, tw__mark_of(entry->colour), tw__page_mark_class(entry),
                       curve->points[k].at[v->axis], tw__page_shown(v, curve->points[k].y.median));
        while (next <= across) next += every;
    }
}

static void put_curve(tw__chart *c, const tw__view *v, const tw__curve *curve, int has_band)
{
    if (has_band) {
        tw__chart_begin(c, "band");
        for (size_t k = 0; k < curve->n; k++)
            tw__chart_to(c, curve->points[k].at[v->axis], tw__page_shown(v, curve->points[k].y.q3));
        for (size_t k = curve->n; k-- > 0;)
            tw__chart_to(c, curve->points[k].at[v->axis], tw__page_shown(v, curve->points[k].y.q1));
        tw__chart_end(c, 1);
    }
    tw__chart_begin(c, "line");
    for (size_t k = 0; k < curve->n; k++)
        tw__chart_to(c, curve->points[k].at[v->axis], tw__page_shown(v, curve->points[k].y.median));
    tw__chart_end(c, 0);
}

/* An arrow where a curve first leaves the frame, with the farthest value it reaches; *row: the next free
 * line. */
static void put_arrow(tw__chart *c, const tw__view *v, const tw__curve *curve, int is_down, int *row)
{
    char text[TW__TICK_TEXT];
    double x = NAN, most = is_down ? c->y.from : c->y.to;
    for (size_t k = 0; k < curve->n; k++) {
        const double y = tw__page_shown(v, curve->points[k].y.median);
        if (!isfinite(y) || (is_down ? y >= most : y <= most)) continue;
        if (isnan(x)) x = curve->points[k > 0 ? k - 1 : 0].at[v->axis];
        most = y;
    }
    if (!isnan(x)) tw__chart_arrow(c, x, is_down, (*row)++, tw__tick_text(most, c->is_share, text));
}

static void put_picture(tw__page *g, const tw__view *v)
{
    char name[96], label[200], kind[16];
    const char *quantity = g->quantities[v->quantity].name;
    if (!v->is_log) snprintf(name, sizeof name, "%s", quantity);
    else if (g->quantities[v->quantity].is_share) snprintf(name, sizeof name, "1 − %s (log)", quantity);
    else
        snprintf(name, sizeof name, "%s%s (log)", quantity,
                 tw__page_has_floor(g) ? " above the minimum" : "");
    snprintf(label, sizeof label, "%s against %s, a line for each %s", name, tw__axes[v->axis].name,
             g->run ? "set of rows" : "optimizer");
    tw__chart c = {.p = &g->p,
                   .label = label,
                   .x_name = tw__axes[v->axis].name,
                   .y_name = name,
                   .is_share = g->quantities[v->quantity].is_share};
    tw__page_fit(g, v, &c.x, &c.y);
    int above = 0, below = 0;
    tw__print(&g->p, "<figure>");
    tw__chart_open(&c);
    for (size_t i = g->race->n; i-- > 0;) {
        const tw__curve *curve = tw__page_curve(g, i, v->quantity);
        if (curve->n == 0) continue;
        tw__print(&g->p, "<g class=\"%s\">", tw__page_class(tw__page_entry(g, i), kind));
        put_curve(&c, v, curve, g->race->o.seeds > 1);
        put_marks(g, &c, v, curve, i);
        put_arrow(&c, v, curve, 0, &above);
        put_arrow(&c, v, curve, 1, &below);
        tw__print(&g->p, "</g>\n");
    }
    tw__chart_close(&c);
    tw__print(&g->p, "</figure>\n");
}

/* ---- the section --------------------------------------------------------------------------------------- */

void tw__page_keys(tw__page *g)
{
    tw__print(&g->p, "<ul class=\"keys\">");
    for (size_t i = 0; i < g->race->n; i++) {
        tw__print(&g->p, "<li>");
        tw__page_key(g, tw__page_entry(g, i));
        tw__page_spec(g, tw__page_entry(g, i)->spec);
        tw__page_missing(g, tw__page_entry(g, i));
        tw__print(&g->p, "</li>");
    }
    tw__print(&g->p, "</ul>\n");
}

tw__view tw__page_view(const tw__page *g)
{
    tw__view v = {.floor = tw__page_floor(g), .linear = g->linear};
    while (v.quantity < TW__QUANTITIES - 1 && !tw__page_has(g, v.quantity)) v.quantity++;
    while (!tw__page_has_axis(g, v.axis)) v.axis++;
    v.is_log = tw__page_wants_log(g, v.quantity);
    v.is_share = g->quantities[v.quantity].is_share;
    return v;
}

/* Every quantity against the first axis, the first quantity against every axis. */
static void put_pictures(tw__page *g)
{
    const tw__view first = tw__page_view(g);
    for (int q = 0; q < TW__QUANTITIES; q++)
        for (int a = 0; a < TW__AXES; a++)
            if (tw__page_has(g, q) && tw__page_has_axis(g, a) && (q == first.quantity || a == first.axis))
                put_picture(g, &(tw__view){q, a, tw__page_wants_log(g, q), g->quantities[q].is_share,
                                           first.floor, first.linear});
}

void tw__page_curves(tw__page *g)
{
    const tw__view first = tw__page_view(g);
    if (!tw__page_has(g, first.quantity)) {
        tw__print(&g->p, "<p class=\"still\">%s got far enough to be drawn.</p>\n",
                  g->run ? "The run never" : "No run");
        return;
    }
    tw__print(&g->p, "<div class=\"still\">\n");
    tw__page_keys(g);
    tw__print(&g->p, "<div class=\"pictures\">\n");
    put_pictures(g);
    tw__print(&g->p, "</div>\n");
    if (g->race->o.seeds > 1)
        tw__print(
            &g->p,
            tw__page_either(
                g,
                "<p class=\"hint\">Lines are medians of %s%llu seeds, bands go from the first to the third quartile.</p>\n",
                "<p class=\"hint\">Lines are means of %s%llu folds, bands go a standard error to each side.</p>\n"),
            g->race->of ? "up to " : "", (unsigned long long)g->race->o.seeds);
    tw__print(&g->p, "</div>\n");
}
