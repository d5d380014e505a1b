/* The list of figures, and making one: its data, its script, its claims.
 * SPDX-License-Identifier: MIT */
#include "race/figures/figures.h"
#include "base/io.h"
#include <stdio.h>
#include <string.h>

#define TW__FIGURE(name) extern const tw__figure tw__figure_##name;
#include "race/figures/list.h"
#undef TW__FIGURE
#define TW__FIGURE(name) &tw__figure_##name,
static const tw__figure *const figures[] = {
#include "race/figures/list.h"
};
#undef TW__FIGURE

extern const unsigned char tw__asset_figure_style[];

const tw_figure_kind *tw_figure_kind_at(size_t i) { return i < sizeof figures / sizeof figures[0] ? &figures[i]->kind : NULL; }

const char *tw_holds_name(enum tw_holds holds)
{
    static const char *const names[] = {"no", "yes", "depends"};
    return (unsigned)holds < sizeof names / sizeof names[0] ? names[holds] : "unknown";
}

/* ---- The folder ---- */

static tw_status check_folder(tw_context *ctx, const char *folder, int force, tw_error *err)
{
    char path[TW__PATH];
    int kind;
    TW_TRY(tw__path_kind(ctx, folder, &kind, err));
    if (kind != TW_PATH_NONE && kind != TW_PATH_FOLDER)
        return tw__fail(err, TW_ERR_SYSTEM, "cannot make the folder %.300s: a file has this name", folder);
    TW_TRY(tw__path_in(folder, "claims.json", path, err));
    TW_TRY(tw__path_kind(ctx, path, &kind, err));
    if (kind != TW_PATH_NONE && !force)
        return tw__fail(err, TW_ERR_SPEC, "%.300s holds figures already (give another --out, or --force to replace them)", folder);
    return tw__make_parents(ctx, path, err);
}

tw_status tw_figures_create(tw_figures **out, tw_context *ctx, const char *folder, int force, tw_error *err)
{
    tw_figures *f;
    *out = NULL;
    TW_TRY(check_folder(ctx, folder, force, err));
    TW_TRY(tw__alloc(ctx, &f, 1, sizeof *f, err));
    f->ctx = ctx;
    const tw_status s = tw__copy_text(ctx, &f->folder, folder, err);
    if (s == TW_OK) *out = f;
    else tw_figures_free(f);
    return s;
}

void tw_figures_free(tw_figures *f)
{
    if (!f) return;
    tw__free_text(f->ctx, f->folder);
    tw__free_text(f->ctx, f->json);
    tw__free(f->ctx, f->claims, f->room, sizeof *f->claims);
    tw__free(f->ctx, f, 1, sizeof *f);
}

size_t tw_figures_claims(const tw_figures *f, const tw_claim **claims)
{
    *claims = f->claims;
    return f->n;
}

/* ---- Making one ---- */

tw_status tw__figures_write(const tw_figures *f, const char *file, const char *text, tw_error *err)
{
    char path[TW__PATH];
    TW_TRY(tw__path_in(f->folder, file, path, err));
    return tw__write_text(f->ctx, path, text, err);
}

static void begin_script(tw__sheet *sheet)
{
    const tw_figure_kind *k = &sheet->figure->kind;
    tw__print(&sheet->names, "# %s: %s (%s)\n", k->name, k->shows, k->source);
    tw__print(&sheet->names, "# Made by `thalweg figures %s`; `gnuplot %s.gp` in this folder draws it again.\n", k->name, k->name);
    tw__sheet_text(sheet, "name", k->name);
}

static tw_status end_script(tw__sheet *sheet, tw_error *err)
{
    char file[64], *text;
    const unsigned char *const parts[] = {tw__asset_figure_style, sheet->figure->script};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        tw__put(&sheet->names, "\n", 1);
        tw__put(&sheet->names, (const char *)parts[i], strlen((const char *)parts[i]));
    }
    TW_TRY(tw__paper_take(&sheet->names, &text));
    snprintf(file, sizeof file, "%s.gp", sheet->figure->kind.name);
    const tw_status s = tw__figures_write(sheet->figures, file, text, err);
    tw__free_text(sheet->ctx, text);
    return s;
}

static const tw__figure *figure_of(const tw_figure_kind *kind)
{
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        if (kind == &figures[i]->kind) return figures[i];
    return NULL;
}

tw_status tw_figures_make(tw_figures *f, const tw_figure_kind *kind, tw_error *err)
{
    tw__sheet sheet = {.ctx = f->ctx, .figures = f, .figure = figure_of(kind), .names = {.ctx = f->ctx, .err = err}};
    const size_t claims = f->n;
    if (!sheet.figure) return tw__fail(err, TW_ERR_SPEC, "this is no figure of the list (tw_figure_kind_at)");
    begin_script(&sheet);
    tw_status s = sheet.figure->make(&sheet, err);
    if (s == TW_OK) s = end_script(&sheet, err);
    else tw__paper_drop(&sheet.names);
    if (s != TW_OK) f->n = claims;
    return s;
}
