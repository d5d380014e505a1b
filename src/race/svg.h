/* Charts as SVG: scales, axes, lines and marks. Colours, strokes and type come by class names from the page's
 * style, or from the picture's own.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_SVG_H
#define TW_RACE_SVG_H
#include "race/strbuf.h"

/* Values from .. to stand at low .. high of the picture. is_whole: only whole numbers are worth a tick.
 * linear, on a log scale, if above 0: it has values of both signs, and is linear around 0 up to about so
 * much. */
typedef struct tw__scale {
    int is_log;
    double from, to, low, high;
    int is_whole;
    double linear;
} tw__scale;
double tw__scale_at(const tw__scale *scale, double value); /* NaN: not on a log scale */
/* The value at a share of the way from .. to. */
double tw__scale_value(const tw__scale *scale, double share);
/* The `linear` of a scale for values of this size: a power of ten three decades below it. */
double tw__scale_linear(double size);
/* About `wish` round values within the scale, ascending. Returns how many. */
enum { TW__TICKS = 32 };
int tw__scale_ticks(const tw__scale *scale, int wish, double ticks[TW__TICKS]);
/* A number by a format for one double, very small and large ones as "2.3·10⁻⁶". Returns `to`. */
enum { TW__TICK_TEXT = 64 };
const char *tw__plain_text(double value, const char *format, char to[TW__TICK_TEXT]);
/* The same as short as can be, large ones as "20k"; as a share "95%". */
const char *tw__tick_text(double value, int is_share, char to[TW__TICK_TEXT]);

/* Set first: p, label, x_name, y_name and both scales' is_log, from and to. tw__chart_open fits the scales
 * into the picture. */
typedef struct tw__chart {
    tw__strbuf *p;
    const char *label; /* what a screen reader says of it */
    /* CSS of a picture that is a file by itself; NULL: it stands in a page */
    const char *style;
    const char *x_name, *y_name;
    int is_share;         /* y: shares, in percent */
    double width, height; /* 0: 520 x 330 */
    /* kept free above and below the y scale for what is on no scale */
    double headroom, footroom;
    const char *top_name, *bottom_name; /* what that is */
    tw__scale x, y;
    int is_down; /* the pen, for tw__chart_to */
} tw__chart;
/* axes; then what is drawn is cut at their frame */
void tw__chart_open(tw__chart *c);
void tw__chart_close(tw__chart *c);
/* A path: begin, points (values, not places; what is on no scale lifts the pen), end. kind: its class,
 * "line", "band". */
void tw__chart_begin(tw__chart *c, const char *kind);
void tw__chart_to(tw__chart *c, double x, double y);
void tw__chart_end(tw__chart *c, int is_closed);
/* A mark of a class at a value: '.' a point, 'o' a dot, 'O' a ring, 'x' a cross, '^' an arrowhead, and those
 * of optimizers, 's' a square, 't' a triangle, 'd' a diamond, 'v' a triangle on its tip, '+' a plus; or in
 * the headroom, a share of it from its top; or in the middle of the footroom. */
void tw__chart_mark(tw__chart *c, char shape, const char *kind, double x, double y);
void tw__chart_mark_top(tw__chart *c, char shape, const char *kind, double x, double share);
/* as steps from the place: "m-3.5-3.5l7 7m0-7l-7 7" */
const char *tw__mark_path(char shape);
void tw__chart_mark_bottom(tw__chart *c, char shape, const char *kind, double x);
/* An arrow at the top of the frame, or its bottom, where a line leaves it at x, and what it reaches; `row`
 * lines from the edge. Classes "dot", "out". */
void tw__chart_arrow(tw__chart *c, double x, int is_down, int row, const char *text);

/* A line from top to bottom at x, class "mark". Draw all of them before the notes, or one strikes another's
 * through. */
void tw__chart_rule(tw__chart *c, double x);
/* A text beside x, `row` lines below the top, on the side where there is room: class "note", which may have a
 * halo. */
void tw__chart_note(tw__chart *c, double x, int row, const char *text);

/* " C" and a number with one decimal, as paths want it. */
void tw__put_tenths(tw__strbuf *p, const char *before, double value);
#endif
