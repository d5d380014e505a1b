/* The list of figures, and making one: its data, its script, its claims.
 * SPDX-License-Identifier: MIT */
#include "race/figures/figures.h"
#include "base/io.h"
#include "file/directory.h"
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

const tw_figure_kind *tw_figure_kind_at(size_t i)
{
    return i < sizeof figures / sizeof figures[0] ? &figures[i]->kind : NULL;
}

/* ---- The folder ---- */

static tw_status check_directory(const tw_figures *f, int force, int *is_new, tw_error *err)
{
    char path[TW__PATH];
    int kind;
    TW_TRY(tw__directory_check(f->ctx, f->directory, TW__WORK_FIGURES, err));
    TW_TRY(tw__path_in(f->directory, "claims.json", path, err));
    TW_TRY(tw__path_kind(f->ctx, path, &kind, err));
    *is_new = kind == TW_PATH_NONE;
    if (*is_new || force) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "%.300s holds figures already (give another --out, or --force to replace them)",
                    f->directory);
}

/* A new folder begins with a claims.json without claims, which says whose the files are. It is checked again
 * once it is locked: another process may have filled it meanwhile. */
static tw_status begin_directory(tw_figures *f, int force, tw_error *err)
{
    char path[TW__PATH];
    int is_new;
    TW_TRY(check_directory(f, force, &is_new, err));
    TW_TRY(tw__path_in(f->directory, "claims.json", path, err));
    TW_TRY(tw__make_parents(f->ctx, path, err));
    TW_TRY(tw__directory_lock(f->ctx, f->directory, TW__WORK_FIGURES, &f->lock, err));
    TW_TRY(check_directory(f, force, &is_new, err));
    return is_new ? tw__figures_write_json(f, err) : TW_OK;
}

tw_status tw_figures_create(tw_figures **out, tw_context *ctx, const char *directory, int force,
                            tw_error *err)
{
    TW_MAKES(err, out, ctx && directory);
    tw_figures *f;
    TW_TRY(tw__alloc(ctx, &f, 1, sizeof *f, err));
    f->ctx = ctx;
    tw_status s = tw__copy_text(ctx, &f->directory, directory, err);
    if (s == TW_OK) s = begin_directory(f, force, err);
    if (s == TW_OK) *out = f;
    else tw_figures_free(f);
    return s;
}

void tw_figures_free(tw_figures *f)
{
    if (!f) return;
    tw__directory_unlock(f->ctx, f->directory, TW__WORK_FIGURES, f->lock);
    tw__free_text(f->ctx, f->directory);
    tw__free_text(f->ctx, f->json);
    tw__free(f->ctx, f->claims, f->capacity, sizeof *f->claims);
    tw__free(f->ctx, f, 1, sizeof *f);
}

size_t tw_figures_claims(const tw_figures *f, const tw_claim **claims)
{
    *claims = f->claims;
    return f->n;
}

/* ---- Making one ---- */

static void begin_script(tw__figure_output *output)
{
    const tw_figure_kind *k = &output->figure->kind;
    tw__print(&output->names, "# %s: %s (%s)\n", k->name, k->shows, k->source);
    tw__print(&output->names,
              "# Made by `thalweg figures %s`; `gnuplot %s.gp` in this folder draws it again.\n", k->name,
              k->name);
    tw__output_text(output, "name", k->name);
}

static tw_status end_script(tw__figure_output *output, tw_error *err)
{
    char file[64], *text;
    const unsigned char *const parts[] = {tw__asset_figure_style, output->figure->script};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        tw__put(&output->names, "\n", 1);
        tw__put(&output->names, (const char *)parts[i], strlen((const char *)parts[i]));
    }
    TW_TRY(tw__strbuf_take(&output->names, &text));
    snprintf(file, sizeof file, "%s.gp", output->figure->kind.name);
    const tw_status s = tw__figures_write(output->figures, file, text, err);
    tw__free_text(output->ctx, text);
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
    TW_NEEDS(err, f && kind);
    tw__figure_output output = {.ctx = f->ctx,
                                .figures = f,
                                .figure = figure_of(kind),
                                .names = {.ctx = f->ctx, .err = err}};
    const size_t claims = f->n;
    if (!output.figure)
        return tw__fail(err, TW_ERR_SPEC, "this is no figure of the list (tw_figure_kind_at)");
    begin_script(&output);
    tw_status s = output.figure->make(&output, err);
    if (s == TW_OK) s = end_script(&output, err);
    else tw__strbuf_drop(&output.names);
    if (s != TW_OK) f->n = claims;
    return s;
}
