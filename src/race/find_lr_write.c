/* find_lr.csv, and the curve as a picture that needs nothing beside itself.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "base/options.h"
#include "file/directory.h"
#include "file/together.h"
#include "race/find_lr.h"
#include "race/svg.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- find_lr.csv --------------------------------------------------------------------------------------- */

static tw_status make_csv(const tw__find_lr *f, char **out, tw_error *err)
{
    tw__strbuf p = {.ctx = f->ctx, .err = err};
    char lr[TW_VALUE_MAX], loss[TW_VALUE_MAX], smooth[TW_VALUE_MAX];
    tw__print(&p, "step,lr,loss,smooth\n");
    for (size_t i = 0; i < f->found.n; i++)
        tw__print(&p, "%zu,%s,%s,%s\n", i + 1, tw__number_text(f->points[i].lr, lr),
                  tw__number_text(f->points[i].loss, loss), tw__number_text(f->points[i].smooth, smooth));
    return tw__strbuf_take(&p, out);
}

/* ---- find_lr.svg --------------------------------------------------------------------------------------- */

static const char style[] =
    "svg{font:13px sans-serif;background:#fff;fill:#444}.grid,.axis,.tick{fill:none;stroke:#dde2e8}.axis,.tick{stroke:#9aa6b3}"
    ".y,.left{text-anchor:end}.y{dominant-baseline:middle}.x{text-anchor:middle}.loss{fill:#9ab}"
    ".smooth{fill:none;stroke:#1f5fa8;stroke-width:2}.mark{fill:none;stroke:#b3541e;stroke-dasharray:4 3}.note{fill:#b3541e;"
    "paint-order:stroke;stroke:#fff;stroke-width:4;stroke-linejoin:round}";

/* The lines first, then the names over all of them. */
static void put_notes(tw__chart *c, const tw__find_lr *f)
{
    const struct {
        double lr;
        const char *name;
    } notes[] = {
        {f->found.minimum, "minimum"},
        {f->found.steepest, "steepest"},
        {f->found.suggestion, "suggestion"},
    };
    enum { N = sizeof notes / sizeof notes[0] };
    for (int i = 0; i < 2 * N; i++) {
        char text[64], number[TW__DECIMAL];
        const double lr = notes[i % N].lr, shown = lr < c->x.from ? c->x.from : lr;
        if (isnan(lr)) continue;
        snprintf(text, sizeof text, "%s %s", notes[i % N].name, tw__decimal(number, "%.2g", lr));
        if (i < N) tw__chart_rule(c, shown);
        else tw__chart_note(c, shown, i % N + 1, text);
    }
}

static double least(const tw__find_lr *f)
{
    double low = f->points[0].smooth;
    for (size_t i = 0; i < f->found.n; i++)
        if (f->points[i].smooth < low) low = f->points[i].smooth;
    return low;
}

static tw_status make_svg(const tw__find_lr *f, char **out, tw_error *err)
{
    const double low = least(f), high = low < f->found.ceiling ? f->found.ceiling : low + 1;
    tw__strbuf p = {.ctx = f->ctx, .err = err};
    tw__chart c = {.p = &p,
                   .style = style,
                   .width = 640,
                   .height = 380,
                   .label = "loss against the learning rate",
                   .x_name = "learning rate",
                   .y_name = "loss",
                   .x = {.is_log = 1, .from = f->from, .to = f->to},
                   .y = {.from = low, .to = high}};
    tw__chart_open(&c);
    for (size_t i = 0; i < f->found.n; i++)
        tw__chart_mark(&c, '.', "loss", f->points[i].lr, f->points[i].loss);
    tw__chart_begin(&c, "smooth");
    for (size_t i = 0; i < f->found.n; i++) tw__chart_to(&c, f->points[i].lr, f->points[i].smooth);
    tw__chart_end(&c, 0);
    put_notes(&c, f);
    tw__chart_close(&c);
    return tw__strbuf_take(&p, out);
}

/* ---- the folder ---------------------------------------------------------------------------------------- */

static const char *const files[] = {"find_lr.svg", "find_lr.csv"}; /* where the second is, the first is */

tw_status tw__find_lr_check(tw_context *ctx, const char *directory, int force, tw_error *err)
{
    char path[TW__PATH];
    int kind;
    TW_TRY(tw__directory_check(ctx, directory, TW__WORK_RATES, err));
    TW_TRY(tw__path_in(directory, files[1], path, err));
    TW_TRY(tw__path_kind(ctx, path, &kind, err));
    if (kind == TW_PATH_NONE || force) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "%.300s is there already (give another --out, or --force to replace it)", path);
}

static tw_status write_one(const tw__find_lr *f, const char *directory, int i, tw__writer *w, tw_error *err)
{
    static tw_status (*const make[])(const tw__find_lr *f, char **out, tw_error *err) = {make_svg, make_csv};
    char path[TW__PATH], *text;
    TW_TRY(tw__path_in(directory, files[i], path, err));
    TW_TRY(tw__make_parents(f->ctx, path, err));
    TW_TRY(make[i](f, &text, err));
    tw_status s = tw__writer_open(w, f->ctx, path, err);
    if (s == TW_OK) s = tw__writer_put(w, text, strlen(text), err);
    tw__free_text(f->ctx, text);
    return s;
}

/* Checks the directory again at the end: another process may have filled it meanwhile. */
tw_status tw__find_lr_write(const tw__find_lr *f, const char *directory, int force, tw_error *err)
{
    tw__writer w[2] = {{.file = NULL}, {.file = NULL}};
    tw_status s = tw__find_lr_check(f->ctx, directory, force, err);
    for (int i = 0; i < 2 && s == TW_OK; i++) s = write_one(f, directory, i, &w[i], err);
    if (s == TW_OK) s = tw__find_lr_check(f->ctx, directory, force, err);
    if (s == TW_OK) return tw__together_finish(w, 2, err);
    tw__together_abandon(w, 2);
    return s;
}
