/* Charts as SVG: scales, axes, lines and marks.
 * SPDX-License-Identifier: MIT */
#include "race/svg.h"
#include "math/elementary.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/rule.h>

enum { LEFT = 62, RIGHT = 14, TOP = 34, BOTTOM = 46 };

/* ---- scales -------------------------------------------------------------------------------------------- */

static double decades(double ratio) { return tw__log_f64(ratio) / tw__log_f64(10); }

double tw__scale_linear(double size)
{
    const double most = size > 1e290 ? 1e290 : size < 1e-280 ? 1e-280 : size;
    return tw_pow(10, floor(decades(most)) - 3);
}

/* How far a value stands from 0 on a log scale of both signs. */
static double signed_place(const tw__scale *s, double value)
{
    return copysign(tw__log_f64(1 + fabs(value) / s->linear), value);
}

static double share_of(const tw__scale *s, double value)
{
    if (!s->is_log) return (value - s->from) / (s->to - s->from);
    if (s->linear > 0)
        return (signed_place(s, value) - signed_place(s, s->from)) /
               (signed_place(s, s->to) - signed_place(s, s->from));
    return tw__log_f64(value / s->from) / tw__log_f64(s->to / s->from);
}

double tw__scale_value(const tw__scale *s, double share)
{
    if (!s->is_log) return s->from + share * (s->to - s->from);
    if (!(s->linear > 0)) return s->from * tw_pow(s->to / s->from, share);
    const double place =
        signed_place(s, s->from) + share * (signed_place(s, s->to) - signed_place(s, s->from));
    return copysign(s->linear * (tw__exp_f64(fabs(place)) - 1), place);
}

double tw__scale_at(const tw__scale *s, double value)
{
    if (s->is_log && !(s->linear > 0) && !(value > 0)) return NAN;
    return s->low + share_of(s, value) * (s->high - s->low);
}

/* 1, 2 or 5 times a power of ten, not below `least`. */
static double round_step(double least)
{
    double power = tw_pow(10, floor(decades(least)));
    return least <= power       ? power
           : least <= 2 * power ? 2 * power
           : least <= 5 * power ? 5 * power
                                : 10 * power;
}

static int linear_ticks(const tw__scale *s, int wish, double ticks[TW__TICKS])
{
    int n = 0;
    const double least = round_step((s->to - s->from) / wish), step = s->is_whole && least < 1 ? 1 : least,
                 slack = step * 1e-9;
    for (double k = ceil((s->from - slack) / step); k * step <= s->to + slack && n < TW__TICKS; k++)
        ticks[n++] = k * step + 0.0;
    return n;
}

/* Powers of ten, so many apart that they fit; 1, 2 and 5 times them where there are few of them. */
static int log_ticks(const tw__scale *s, int wish, double ticks[TW__TICKS])
{
    static const double few[] = {1, 2, 5};
    int n = 0, first = (int)floor(decades(s->from) + 1e-9), last = (int)ceil(decades(s->to) - 1e-9);
    int apart = 1 + (last - first - 1) / wish, parts = 3 * (last - first) <= wish + 3 ? 3 : 1;
    for (int k = first; k <= last; k++)
        for (int i = 0; i < parts && n < TW__TICKS; i++) {
            double value = few[i] * tw_pow(10, k);
            if (k % apart == 0 && value >= s->from * (1 - 1e-9) && value <= s->to * (1 + 1e-9))
                ticks[n++] = value;
        }
    return n;
}

/* 0, and powers of ten on both sides of it. */
static int signed_ticks(const tw__scale *s, int wish, double ticks[TW__TICKS])
{
    const double ten = tw__log_f64(10);
    const double least = floor(signed_place(s, s->from) / ten), most = ceil(signed_place(s, s->to) / ten);
    if (!isfinite(least) || !isfinite(most)) return 0;
    const int first = (int)least, last = (int)most, apart = 1 + (last - first - 1) / wish;
    int n = 0;
    for (int k = first; k <= last && n < TW__TICKS; k++) {
        const double value = k ? copysign(s->linear * tw_pow(10, abs(k)), k) : 0;
        if (k % apart == 0 && value >= s->from && value <= s->to) ticks[n++] = value;
    }
    return n;
}

int tw__scale_ticks(const tw__scale *s, int wish, double ticks[TW__TICKS])
{
    int n = !s->is_log ? 0 : s->linear > 0 ? signed_ticks(s, wish, ticks) : log_ticks(s, wish, ticks);
    return n >= 2 ? n : linear_ticks(s, wish, ticks);
}

/* 2·10⁻⁶, its first part in a format. */
static void put_power(double size, const char *sign, const char *format, char to[TW__TICK_TEXT])
{
    static const char *const raised[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    char digits[TW__DECIMAL];
    int power = (int)floor(decades(size) + 1e-9);
    const double first = size / tw_pow(10, power);
    size_t n = (size_t)snprintf(to, TW__TICK_TEXT, fabs(first - 1) < 1e-9 ? "%s" : "%s%s·", sign,
                                tw__decimal(digits, format, first));
    n += (size_t)snprintf(to + n, TW__TICK_TEXT - n, "10%s", power < 0 ? "⁻" : "");
    snprintf(digits, sizeof digits, "%d", power < 0 ? -power : power);
    for (const char *c = digits; *c; c++)
        n += (size_t)snprintf(to + n, TW__TICK_TEXT - n, "%s", raised[*c - '0']);
}

const char *tw__plain_text(double value, const char *format, char to[TW__TICK_TEXT])
{
    char digits[TW__DECIMAL];
    const char *sign = value < 0 ? "−" : "";
    const double size = fabs(value);
    if (size == 0 || (size >= 1e-3 && size < 1e5))
        snprintf(to, TW__TICK_TEXT, "%s%s", sign, tw__decimal(digits, format, size));
    else put_power(size, sign, format, to);
    return to;
}

const char *tw__tick_text(double value, int is_share, char to[TW__TICK_TEXT])
{
    static const struct {
        double unit, from;
        const char *name;
    } units[] = {{1e9, 1e9, "G"}, {1e6, 1e6, "M"}, {1e3, 1e4, "k"}};
    char digits[TW__DECIMAL];
    const char *sign = value < 0 ? "−" : "";
    const double size = fabs(value);
    if (is_share) {
        snprintf(to, TW__TICK_TEXT, "%s%s%%", sign, tw__decimal(digits, "%.6g", 100 * size));
        return to;
    }
    for (int i = 0; i < 3; i++)
        if (size >= units[i].from && size < 1e12) {
            snprintf(to, TW__TICK_TEXT, "%s%s%s", sign, tw__decimal(digits, "%.4g", size / units[i].unit),
                     units[i].name);
            return to;
        }
    return tw__plain_text(value, "%.4g", to);
}

/* ---- axes ---------------------------------------------------------------------------------------------- */

void tw__put_tenths(tw__strbuf *p, const char *before, double value)
{
    char text[TW__DECIMAL];
    tw__print(p, "%s%s", before, tw__decimal(text, "%.1f", value + 0.0));
}

static void put_text(tw__chart *c, const char *kind, double x, double y, const char *text)
{
    tw__print(c->p, "<text class=\"%s\"", kind);
    tw__put_tenths(c->p, " x=\"", x);
    tw__put_tenths(c->p, "\" y=\"", y);
    tw__print(c->p, "\">%s</text>", text);
}

/* A ground for what is on no scale. */
static void put_band(tw__chart *c, double top, double height)
{
    tw__print(c->p, "<path class=\"row\" d=\"M%d", LEFT);
    tw__put_tenths(c->p, " ", top);
    tw__put_tenths(c->p, "H", c->width - RIGHT);
    tw__put_tenths(c->p, "v", height);
    tw__print(c->p, "H%dz\"/>", LEFT);
}

static void put_axes(tw__chart *c)
{
    double ticks[TW__TICKS];
    char text[TW__TICK_TEXT];
    int n = tw__scale_ticks(&c->y, 6, ticks);
    for (int i = 0; i < n; i++) {
        double y = tw__scale_at(&c->y, ticks[i]);
        tw__print(c->p, "<path class=\"grid\" d=\"M%d", LEFT);
        tw__put_tenths(c->p, " ", y);
        tw__put_tenths(c->p, "H", c->width - RIGHT);
        tw__print(c->p, "\"/>");
        put_text(c, "y", LEFT - 8, y, tw__tick_text(ticks[i], c->is_share, text));
    }
    n = tw__scale_ticks(&c->x, c->width < 460 ? 4 : 8, ticks);
    for (int i = 0; i < n; i++) {
        tw__put_tenths(c->p, "<path class=\"tick\" d=\"M", tw__scale_at(&c->x, ticks[i]));
        tw__put_tenths(c->p, " ", c->height - BOTTOM);
        tw__print(c->p, "v5\"/>");
        put_text(c, "x", tw__scale_at(&c->x, ticks[i]), c->height - BOTTOM + 18,
                 tw__tick_text(ticks[i], 0, text));
    }
    if (c->headroom > 0) put_band(c, TOP, c->headroom);
    if (c->headroom > 0) put_text(c, "top", LEFT + 6, TOP + 10, c->top_name);
    if (c->footroom > 0) put_band(c, c->height - BOTTOM - c->footroom, c->footroom);
    if (c->footroom > 0) put_text(c, "y", LEFT - 8, c->height - BOTTOM - c->footroom / 2, c->bottom_name);
    put_text(c, "name", 0, 14, c->y_name);
    put_text(c, "x name", (LEFT + c->width - RIGHT) / 2, c->height - 6, c->x_name);
}

void tw__chart_open(tw__chart *c)
{
    if (c->width <= 0) c->width = 520;
    if (c->height <= 0) c->height = 330;
    c->x.low = LEFT;
    c->x.high = c->width - RIGHT;
    c->y.low = c->height - BOTTOM - c->footroom - (c->footroom > 0 ? 6 : 0);
    c->y.high = TOP + c->headroom;
    tw__print(c->p, "<svg class=\"chart\"%s", c->style ? " xmlns=\"http://www.w3.org/2000/svg\"" : "");
    tw__put_tenths(c->p, " role=\"img\" viewBox=\"0 0 ", c->width);
    tw__put_tenths(c->p, " ", c->height);
    tw__print(c->p, "\" aria-label=\"");
    tw__put_escaped(c->p, c->label);
    tw__print(c->p, "\">\n");
    if (c->style) tw__print(c->p, "<style>%s</style>\n", c->style);
    put_axes(c);
    tw__put_tenths(c->p, "<path class=\"axis\" d=\"M62 ", c->height - BOTTOM);
    tw__put_tenths(c->p, "H", c->width - RIGHT);
    tw__put_tenths(c->p, "\"/>\n<svg y=\"34\" width=\"", c->width);
    tw__put_tenths(c->p, "\" height=\"", c->height - BOTTOM - TOP);
    tw__put_tenths(c->p, "\" viewBox=\"0 34 ", c->width);
    tw__put_tenths(c->p, " ", c->height - BOTTOM - TOP);
    tw__print(c->p, "\">\n");
}

void tw__chart_close(tw__chart *c) { tw__print(c->p, "</svg>\n</svg>\n"); }

/* ---- what is drawn ------------------------------------------------------------------------------------- */

void tw__chart_begin(tw__chart *c, const char *kind)
{
    tw__print(c->p, "<path class=\"%s\" d=\"", kind);
    c->is_down = 0;
}

/* Far above the frame is far enough: a path is cut there by its viewport. */
static double within(const tw__scale *s, double place)
{
    const double low = s->low < s->high ? s->low : s->high, high = s->low < s->high ? s->high : s->low,
                 far = 2 * (high - low);
    return place < low - far ? low - far : place > high + far ? high + far : place;
}

void tw__chart_to(tw__chart *c, double x, double y)
{
    double across = within(&c->x, tw__scale_at(&c->x, x)), down = within(&c->y, tw__scale_at(&c->y, y));
    if (!isfinite(across) || !isfinite(down)) {
        c->is_down = 0;
        return;
    }
    tw__put_tenths(c->p, c->is_down ? "L" : "M", across);
    tw__put_tenths(c->p, " ", down);
    c->is_down = 1;
}

void tw__chart_end(tw__chart *c, int is_closed) { tw__print(c->p, "%s\"/>", is_closed ? "Z" : ""); }

const char *tw__mark_path(char shape)
{
    static const struct {
        char shape;
        const char *path;
    } shapes[] = {
        {'o', "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z"},
        {'O', "m-6.5 0a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0z"},
        {'.', "m-1.5 0a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0z"},
        {'x', "m-3.5-3.5l7 7m0-7l-7 7"},
        {'^', "m-4 3.5l4-7l4 7z"},
        {'s', "m-4-4h8v8h-8z"},
        {'t', "m-5 4l5-9l5 9z"},
        {'d', "m-5.5 0l5.5-5.5l5.5 5.5l-5.5 5.5z"},
        {'v', "m-5-4h10l-5 9z"},
        {'+', "m-2-5.5h4v3.5h3.5v4h-3.5v3.5h-4v-3.5h-3.5v-4h3.5z"},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (shapes[i].shape == shape) return shapes[i].path;
    return "";
}

static void put_mark(tw__chart *c, char shape, const char *kind, double across, double down)
{
    if (!isfinite(across) || !isfinite(down)) return;
    tw__print(c->p, "<path class=\"%s\"", kind);
    tw__put_tenths(c->p, " d=\"M", across);
    tw__put_tenths(c->p, " ", down);
    tw__print(c->p, "%s\"/>", tw__mark_path(shape));
}

void tw__chart_mark(tw__chart *c, char shape, const char *kind, double x, double y)
{
    put_mark(c, shape, kind, tw__scale_at(&c->x, x), tw__scale_at(&c->y, y));
}

void tw__chart_mark_top(tw__chart *c, char shape, const char *kind, double x, double share)
{
    put_mark(c, shape, kind, tw__scale_at(&c->x, x), TOP + 18 + share * (c->headroom - 18 - 6));
}

void tw__chart_mark_bottom(tw__chart *c, char shape, const char *kind, double x)
{
    put_mark(c, shape, kind, tw__scale_at(&c->x, x), c->height - BOTTOM - c->footroom / 2);
}

void tw__chart_arrow(tw__chart *c, double x, int is_down, int row, const char *text)
{
    const double across = tw__scale_at(&c->x, x),
                 edge = is_down ? c->y.low - 16.0 * row : c->y.high + 16.0 * row;
    const int is_left = across > (c->x.low + 2 * c->x.high) / 3;
    if (!isfinite(across)) return;
    tw__put_tenths(c->p, "<path class=\"dot\" d=\"M", across);
    tw__put_tenths(c->p, " ", edge);
    tw__print(c->p, "l5 %dh-10z\"/>", is_down ? -9 : 9);
    put_text(c, is_left ? "left out" : "out", is_left ? across - 8 : across + 8,
             is_down ? edge - 1 : edge + 10, text);
}

void tw__chart_rule(tw__chart *c, double x)
{
    const double across = tw__scale_at(&c->x, x);
    if (!isfinite(across)) return;
    tw__put_tenths(c->p, "<path class=\"mark\" d=\"M", across);
    tw__put_tenths(c->p, " ", TOP);
    tw__put_tenths(c->p, "V", c->height - BOTTOM);
    tw__print(c->p, "\"/>");
}

void tw__chart_note(tw__chart *c, double x, int row, const char *text)
{
    const double across = tw__scale_at(&c->x, x);
    const int is_left = across > (c->x.low + c->x.high) / 2;
    if (!isfinite(across)) return;
    put_text(c, is_left ? "left note" : "note", is_left ? across - 5 : across + 5, TOP + 15.0 * row, text);
}
