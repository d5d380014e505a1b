/* The surface: its level curves and the paths over it, as a still picture and as the stage on which the
 * script plays them. Both use the same curves, which are in the page once.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include "math/elementary.h"
#include <math.h>

/* width in the picture's units; its height follows the window's shape */
enum { STAGE = 1000 };

double tw__stage_height(const tw__relief *r)
{
    const double shape = (r->high[1] - r->low[1]) / (r->high[0] - r->low[0]);
    return floor(STAGE * (shape < 0.5 ? 0.5 : shape > 1 ? 1 : shape) + 0.5);
}

static tw__scale across(const tw__relief *r)
{
    return (tw__scale){.from = r->low[0], .to = r->high[0], .low = 0, .high = STAGE};
}
static tw__scale down(const tw__relief *r)
{
    return (tw__scale){.from = r->low[1], .to = r->high[1], .low = tw__stage_height(r), .high = 0};
}

/* ---- level curves -------------------------------------------------------------------------------------- */

/* In whole units, as steps from the point before. */
static void put_ring(tw__page *g, const double (*points)[2], size_t n, const tw__scale *x, const tw__scale *y)
{
    long at[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
        const long to[2] = {(long)rint(tw__scale_at(x, points[i][0])),
                            (long)rint(tw__scale_at(y, points[i][1]))};
        if (i && to[0] == at[0] && to[1] == at[1]) continue;
        tw__print(&g->p, "%c%ld %ld", i ? 'l' : 'M', to[0] - at[0], to[1] - at[1]);
        at[0] = to[0], at[1] = to[1];
    }
    tw__print(&g->p, "z");
}

static void find_levels(const tw__page *g, double levels[TW__LEVELS])
{
    const double least = tw__page_floor(g);
    tw__relief_levels(&g->relief, tw__page_has_floor(g) ? &least : NULL, levels);
}

static double two_digits(double value)
{
    if (!(fabs(value) > 1e-290 && fabs(value) < 1e290)) return value;
    const double unit = tw_pow(10, floor(tw__log_f64(fabs(value)) / tw__log_f64(10)) - 1);
    return rint(value / unit) * unit;
}

/* What the blues mean: a swatch for every level, from the lowest on, and the values between some of them. */
static void put_heights(tw__page *g)
{
    double levels[TW__LEVELS];
    char text[TW__TICK_TEXT];
    find_levels(g, levels);
    tw__print(
        &g->p,
        "<div class=\"heights\" role=\"img\" aria-label=\"The colours of the levels, from the lowest to the highest\">");
    for (int k = 0; k < TW__LEVELS; k++) {
        tw__print(&g->p, "<span><i class=\"h%d\"></i>", k);
        if (k % 4 == 1) {
            tw__print(&g->p, "<b>%s</b>", tw__tick_text(two_digits(levels[k]), 0, text));
        }
        tw__print(&g->p, "</span>");
    }
    tw__print(&g->p, "<span><i></i></span></div>\n");
}

/* From above: each level lies on the one before. */
static void put_levels(tw__page *g)
{
    double levels[TW__LEVELS];
    const tw__scale x = across(&g->relief), y = down(&g->relief);
    find_levels(g, levels);
    tw__print(&g->p, "<g class=\"levels\">\n");
    for (int k = TW__LEVELS; k-- > 0 && g->p.status == TW_OK;) {
        tw__rings rings;
        g->p.status = tw__rings_make(&rings, g->race->ctx, &g->relief, levels[k], g->p.err);
        if (g->p.status != TW_OK) return;
        tw__print(&g->p, "<path class=\"h%d\" d=\"", k);
        for (size_t i = 0, from = 0; i < rings.n_rings; from = rings.ends[i++])
            put_ring(g, (const double(*)[2])rings.points + from, rings.ends[i] - from, &x, &y);
        tw__print(&g->p, "\"/>\n");
        tw__rings_free(g->race->ctx, &rings);
    }
    tw__print(&g->p, "</g>\n");
}

/* ---- paths --------------------------------------------------------------------------------------------- */

size_t tw__trajectory_stride(const tw__trajectory *trajectory, size_t most)
{
    return 1 + (trajectory->n > 1 ? (trajectory->n - 2) / most : 0);
}

/* The first seed's; as far as it can be drawn. */
static void put_path(tw__page *g, size_t i)
{
    enum { FAR = 100000, MOST = 500 };
    const tw__entry *entry = tw__page_entry(g, i);
    const tw__trajectory *trajectory = &entry->runs[0].trajectory;
    const size_t stride = tw__trajectory_stride(trajectory, MOST);
    const tw__scale x = across(&g->relief), y = down(&g->relief);
    char kind[16];
    tw__print(&g->p, "<path class=\"line %s\" d=\"", tw__page_class(entry, kind));
    for (size_t k = 0; k < trajectory->n;
         k = k + stride < trajectory->n || k + 1 == trajectory->n ? k + stride : trajectory->n - 1) {
        const double a = tw__scale_at(&x, trajectory->x[k]), b = tw__scale_at(&y, trajectory->y[k]);
        if (!(fabs(a) < FAR && fabs(b) < FAR)) break;
        tw__put_tenths(&g->p, k ? "L" : "M", a);
        tw__put_tenths(&g->p, " ", b);
    }
    tw__print(&g->p, "\"/>\n");
}

/* At equal distances along a path, as far as it can be drawn. */
static void put_path_marks(tw__page *g, size_t i)
{
    enum { FAR = 100000, MOST = 100 };
    const tw__entry *entry = tw__page_entry(g, i);
    const tw__trajectory *trajectory = &entry->runs[0].trajectory;
    const tw__scale x = across(&g->relief), y = down(&g->relief);
    const double every = TW__MARK_EVERY * STAGE;
    double left = tw__page_first_mark(g, i) * every;
    char kind[16];
    if (entry->colour < TW__COLOURS) return;
    tw__print(&g->p, "<g class=\"%s\">", tw__page_class(entry, kind));
    for (size_t k = 1, n = 0; k < trajectory->n && n < MOST; k++) {
        const double a[2] = {tw__scale_at(&x, trajectory->x[k - 1]), tw__scale_at(&y, trajectory->y[k - 1])};
        const double b[2] = {tw__scale_at(&x, trajectory->x[k]) - a[0],
                             tw__scale_at(&y, trajectory->y[k]) - a[1]},
                     length = sqrt(b[0] * b[0] + b[1] * b[1]);
        if (!(fabs(a[0]) + length < FAR && fabs(a[1]) < FAR)) break;
        for (; left < length && n < MOST; n++, left += every) {
            tw__put_tenths(&g->p, "<path class=\"sign\" transform=\"translate(", a[0] + b[0] * left / length);
            tw__put_tenths(&g->p, " ", a[1] + b[1] * left / length);
            tw__print(&g->p, ")scale(1.7)\" d=\"M0 0%s\"/>", tw__mark_path(tw__mark_of(entry->colour)));
        }
        left -= length;
    }
    tw__print(&g->p, "</g>\n");
}

static void put_point(tw__page *g, const char *kind, const char *shape, const double at[2])
{
    const tw__scale x = across(&g->relief), y = down(&g->relief);
    tw__print(&g->p, "<path class=\"%s\"", kind);
    tw__put_tenths(&g->p, " d=\"M", tw__scale_at(&x, at[0]));
    tw__put_tenths(&g->p, " ", tw__scale_at(&y, at[1]));
    tw__print(&g->p, "%s\"/>\n", shape);
}

static void put_points(tw__page *g)
{
    double start[2], minima[4][2];
    const size_t n = tw__surface_minima(g->race, minima);
    tw_surface_start(g->race->surface, start);
    for (size_t i = 0; i < n; i++) put_point(g, "minimum", "m-11 0h22m-11-11v22", minima[i]);
    put_point(g, "start", "m-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0z", start);
}

/* ---- the section --------------------------------------------------------------------------------------- */

static void put_ticks(tw__page *g)
{
    const double height = tw__stage_height(&g->relief);
    const tw__scale scales[2] = {across(&g->relief), down(&g->relief)};
    double ticks[TW__TICKS];
    char text[TW__TICK_TEXT];
    for (int axis = 0; axis < 2; axis++)
        for (int i = 0, n = tw__scale_ticks(&scales[axis], 6, ticks); i < n; i++) {
            const double at = tw__scale_at(&scales[axis], ticks[i]);
            tw__print(&g->p, "<text class=\"%c\"", axis ? 'y' : 'x');
            tw__put_tenths(&g->p, " x=\"", axis ? -12 : at);
            tw__put_tenths(&g->p, "\" y=\"", axis ? at : height + 30);
            tw__print(&g->p, "\">%s</text>", tw__tick_text(ticks[i], 0, text));
        }
    tw__print(&g->p, "\n");
}

static void put_picture(tw__page *g)
{
    const double height = tw__stage_height(&g->relief);
    tw__put_tenths(&g->p, "<svg class=\"surface\" role=\"img\" viewBox=\"-80 -10 1100 ", height + 60);
    tw__print(
        &g->p,
        "\" aria-label=\"Level curves of the surface, bluer where it is lower, and the path of every optimizer\">\n");
    put_ticks(g);
    tw__put_tenths(&g->p, "<svg width=\"1000\" height=\"", height);
    tw__put_tenths(&g->p, "\" viewBox=\"0 0 1000 ", height);
    tw__print(&g->p, "\">\n");
    put_levels(g);
    for (size_t i = g->race->n; i-- > 0;) {
        put_path(g, i);
        put_path_marks(g, i);
    }
    put_points(g);
    tw__print(&g->p, "</svg>\n");
    tw__put_tenths(&g->p, "<path class=\"frame\" d=\"M0 0H1000V", height);
    tw__print(&g->p, "H0z\"/>\n</svg>\n");
}

/* What the script plays on (assets/report/player.js). */
static const char stage[] =
    "<div id=\"stage\" class=\"live\" hidden>\n"
    "<div id=\"field\"><canvas id=\"ground\" tabindex=\"0\" role=\"img\" aria-label=\"The paths over the level curves. Space plays and pauses, "
    "arrow keys go step by step, plus and minus look closer, with Shift the arrow keys move the picture, 0 shows all. The table beside it says where "
    "everybody is.\"></canvas><div id=\"look\"><button type=\"button\" id=\"overview\" hidden>Show all</button>"
    "<button type=\"button\" id=\"closer\" aria-label=\"Closer\">+</button>"
    "<button type=\"button\" id=\"farther\" aria-label=\"Farther\">&minus;</button></div><div id=\"tip\" hidden></div></div>\n"
    "<div>\n<div id=\"player\"><input type=\"range\" id=\"scrub\" min=\"0\" step=\"1\" aria-label=\"Step\">"
    "<button type=\"button\" id=\"play\">Play</button><select id=\"speed\" aria-label=\"Speed\">"
    "<option value=\"0.25\">&frac14; speed</option><option value=\"0.5\">&frac12; speed</option><option value=\"1\" selected>full speed</option>"
    "<option value=\"2\">2 &times; speed</option><option value=\"4\">4 &times; speed</option></select>"
    "<select id=\"seed\" aria-label=\"Seed\"></select><span id=\"step\"></span></div>\n"
    "<table id=\"now\"><thead><tr><th scope=\"col\">optimizer</th><th scope=\"col\">x</th><th scope=\"col\">y</th>"
    "<th scope=\"col\">value</th></tr></thead><tbody></tbody></table>\n</div>\n</div>\n";

void tw__page_surface(tw__page *g)
{
    if (!g->race->surface || g->p.status != TW_OK) return;
    tw__page_open(g, "surface", "Paths over the surface");
    tw__put(&g->p, stage, sizeof stage - 1);
    tw__print(&g->p, "<div class=\"still\">\n");
    tw__page_keys(g);
    put_picture(g);
    tw__print(&g->p, "</div>\n");
    put_heights(g);
    tw__print(
        &g->p,
        "<p class=\"hint\">The bluer, the lower; the levels are evenly spaced in the logarithm. A ring marks the start%s.%s"
        "<span class=\"live\"> Wheel or pinch to look closer, drag to move, double-click to see all again.</span></p>\n</section>\n",
        tw__page_has_floor(g) ? ", a cross a minimum" : "",
        g->race->o.seeds > 1 ? " The still picture shows the first seed." : "");
}
