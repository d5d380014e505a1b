/* find_lr.csv, and the curve as a picture that needs nothing beside itself.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "base/options.h"
#include "math/elementary.h"
#include "race/find_lr.h"
#include "race/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 640, HEIGHT = 360, LEFT = 64, RIGHT = 16, TOP = 20, BOTTOM = 48 };

/* ---- find_lr.csv -------------------------------------------------------------------------------------------------------- */

static tw_status make_csv(const tw__find_lr *f, char **out, tw_error *err)
{
    tw__paper p = {.ctx = f->ctx, .err = err};
    char lr[TW_VALUE_MAX], loss[TW_VALUE_MAX], smooth[TW_VALUE_MAX];
    tw__print(&p, "step,lr,loss,smooth\n");
    for (size_t i = 0; i < f->found.n; i++)
        tw__print(&p, "%zu,%s,%s,%s\n", i + 1, tw__number_text(f->points[i].lr, lr), tw__number_text(f->points[i].loss, loss),
                  tw__number_text(f->points[i].smooth, smooth));
    return tw__paper_take(&p, out);
}

/* ---- find_lr.svg -------------------------------------------------------------------------------------------------------- */

struct frame { tw__paper p; double from, to, low, high; };

static double across(const struct frame *f, double lr)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (tw__log_f64(lr / f->from) / tw__log_f64(f->to / f->from));
}

static double down(const struct frame *f, double loss)
{
    double y = loss < f->low ? f->low : loss > f->high ? f->high : loss;
    return TOP + (HEIGHT - TOP - BOTTOM) * (f->high - y) / (f->high - f->low);
}

static void put_number(tw__paper *p, const char *before, const char *format, double x, const char *after)
{
    char text[TW__DECIMAL];
    tw__print(p, "%s%s%s", before, tw__decimal(text, format, x), after);
}

static void put_axes(struct frame *f)
{
    const double loss[] = {f->low, (f->low + f->high) / 2, f->high};
    tw__print(&f->p, "<g stroke=\"#ddd\" fill=\"#444\">\n");
    for (int k = -320; k <= 308; k++) {
        double decade = tw_pow(10, k);
        if (decade < f->from * (1 - 1e-9) || decade > f->to * (1 + 1e-9)) continue;
        put_number(&f->p, "<path d=\"M", "%.1f", across(f, decade), "");
        tw__print(&f->p, " %dV%d\"/>", TOP, HEIGHT - BOTTOM);
        put_number(&f->p, "<text stroke=\"none\" text-anchor=\"middle\" x=\"", "%.1f", across(f, decade), "\"");
        tw__print(&f->p, " y=\"%d\">1e%d</text>\n", HEIGHT - BOTTOM + 16, k);
    }
    for (int i = 0; i < 3; i++) {
        tw__print(&f->p, "<path d=\"M%d ", LEFT);
        put_number(&f->p, "", "%.1f", down(f, loss[i]), "");
        tw__print(&f->p, "H%d\"/>", WIDTH - RIGHT);
        put_number(&f->p, "<text stroke=\"none\" text-anchor=\"end\" dominant-baseline=\"middle\" x=\"58\" y=\"", "%.1f", down(f, loss[i]), "\">");
        put_number(&f->p, "", "%.4g", loss[i], "</text>\n");
    }
    tw__print(&f->p, "<text stroke=\"none\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">learning rate</text>", LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 10);
    tw__print(&f->p, "<text stroke=\"none\" x=\"8\" y=\"14\">loss</text>\n</g>\n");
}

static void put_mark(struct frame *f, double lr, const char *name, int row)
{
    if (isnan(lr)) return;
    const double x = across(f, lr < f->from ? f->from : lr);
    const int on_the_left = x > WIDTH - 140; /* there the text would leave the picture */
    put_number(&f->p, "<path stroke=\"#b3541e\" stroke-dasharray=\"4 3\" d=\"M", "%.1f", x, "");
    tw__print(&f->p, " %dV%d\"/>", TOP, HEIGHT - BOTTOM);
    put_number(&f->p, "<text fill=\"#b3541e\" x=\"", "%.1f", on_the_left ? x - 4 : x + 4, "\"");
    tw__print(&f->p, " y=\"%d\"%s>%s ", TOP + 14 * row, on_the_left ? " text-anchor=\"end\"" : "", name);
    put_number(&f->p, "", "%.2g", lr, "</text>\n");
}

static tw_status make_svg(const tw__find_lr *find, char **out, tw_error *err)
{
    struct frame f = {.p = {.ctx = find->ctx, .err = err}, .from = find->from, .to = find->to, .low = find->points[0].smooth, .high = find->found.ceiling};
    for (size_t i = 0; i < find->found.n; i++)
        if (find->points[i].smooth < f.low) f.low = find->points[i].smooth;
    if (!(f.low < f.high)) f.high = f.low + 1;
    tw__print(&f.p, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n", WIDTH, HEIGHT);
    tw__print(&f.p, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, HEIGHT);
    put_axes(&f);
    tw__print(&f.p, "<g fill=\"#9ab\">\n");
    for (size_t i = 0; i < find->found.n; i++) {
        put_number(&f.p, "<circle r=\"1.5\" cx=\"", "%.1f", across(&f, find->points[i].lr), "\"");
        put_number(&f.p, " cy=\"", "%.1f", down(&f, find->points[i].loss), "\"/>\n");
    }
    tw__print(&f.p, "</g>\n<polyline fill=\"none\" stroke=\"#1f5fa8\" stroke-width=\"2\" points=\"");
    for (size_t i = 0; i < find->found.n; i++) {
        put_number(&f.p, i ? " " : "", "%.1f", across(&f, find->points[i].lr), ",");
        put_number(&f.p, "", "%.1f", down(&f, find->points[i].smooth), "");
    }
    tw__print(&f.p, "\"/>\n");
    put_mark(&f, find->found.minimum, "minimum", 1);
    put_mark(&f, find->found.steepest, "steepest", 2);
    put_mark(&f, find->found.suggestion, "suggestion", 3);
    tw__print(&f.p, "</svg>\n");
    return tw__paper_take(&f.p, out);
}

/* ---- the folder --------------------------------------------------------------------------------------------------------- */

static const char *const files[] = {"find_lr.svg", "find_lr.csv"}; /* where the second is, the first is */

tw_status tw__find_lr_check(tw_context *ctx, const char *folder, int force, tw_error *err)
{
    char path[TW__PATH];
    int kind;
    TW_TRY(tw__path_in(folder, files[1], path, err));
    TW_TRY(tw__path_kind(ctx, path, &kind, err));
    if (kind == TW_PATH_NONE || force) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%.300s is there already (give another --out, or --force to replace it)", path);
}

tw_status tw__find_lr_write(const tw__find_lr *f, const char *folder, tw_error *err)
{
    static tw_status (*const make[])(const tw__find_lr *f, char **out, tw_error *err) = {make_svg, make_csv};
    char path[TW__PATH];
    for (int i = 0; i < 2; i++) {
        char *text;
        TW_TRY(tw__path_in(folder, files[i], path, err));
        TW_TRY(tw__make_parents(f->ctx, path, err));
        TW_TRY(make[i](f, &text, err));
        tw_status s = tw__write_text(f->ctx, path, text, err);
        tw__free_text(f->ctx, text);
        if (s != TW_OK) return s;
    }
    return TW_OK;
}
