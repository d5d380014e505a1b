/* thalweg figures: the experiments of the source documents, as data, pictures and claims.
 * SPDX-License-Identifier: MIT */
#include "gnuplot.h"
#include "table.h"
#include <errno.h>
#include <string.h>
#include <thalweg/figure.h>
#include <thalweg/registry.h>
#include <unistd.h>

struct values {
    struct cli_common common;
    const char *out;
    int list, force;
};
#define AT(member) offsetof(struct values, member)

/* ---- The list ---- */

static const char *name_at(size_t i, const void *user)
{
    const tw_figure_kind *kind = tw_figure_kind_at(i);
    (void)user;
    return kind ? kind->name : NULL;
}

static const char *kind_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const tw_figure_kind *kind = tw_figure_kind_at(row);
    (void)of, (void)to;
    return !kind ? NULL : column == 0 ? kind->name : column == 1 ? kind->source : kind->shows;
}

static tw_status print_list(const struct values *v, tw_error *err)
{
    static const char *const heads[] = {"figure", "source", "what it shows", NULL};
    const tw_figure_kind *kind;
    if (!v->common.json) {
        cli_print_table(stdout, &(struct cli_table){.heads = heads, .cell = kind_cell},
                        cli_columns(stdout, 0));
        return TW_OK;
    }
    json_t *all = json_array();
    for (size_t i = 0; (kind = tw_figure_kind_at(i)) != NULL; i++)
        all = cli_add(all,
                      json_pack("{s:s, s:s, s:s, s:s, s:b}", "name", kind->name, "also", kind->also, "source",
                                kind->source, "shows", kind->shows, "animated", kind->is_animated));
    return cli_print_json(all, err);
}

/* By its name or one of the others. */
static int is_called(const tw_figure_kind *kind, const char *name)
{
    size_t n;
    if (!strcmp(kind->name, name)) return 1;
    for (const char *at = kind->also; *at; at += n + (at[n] == ' ')) {
        n = strcspn(at, " ");
        if (strlen(name) == n && !strncmp(at, name, n)) return 1;
    }
    return 0;
}

static const tw_figure_kind *kind_of(const char *name)
{
    const tw_figure_kind *kind;
    size_t i = 0;
    while ((kind = tw_figure_kind_at(i)) != NULL && !is_called(kind, name)) i++;
    return kind;
}

static tw_status check_names(const struct cli_call *call, tw_error *err)
{
    for (int i = 0; i < call->n; i++) {
        if (kind_of(call->word[i])) continue;
        return cli_unknown(err, TW_ERR_SPEC, "unknown figure", call->word[i],
                           tw_suggest(call->word[i], name_at, NULL), " (thalweg figures --list)");
    }
    return TW_OK;
}

static int is_wanted(const struct cli_call *call, const tw_figure_kind *kind)
{
    for (int i = 0; i < call->n; i++)
        if (is_called(kind, call->word[i])) return 1;
    return call->n == 0;
}

/* ---- Making them ---- */

/* Line by line; on a terminal each covers the one before. */
static void tell(const struct values *v, const char *name, int *width)
{
    if (v->common.quiet) return;
    const int live = isatty(STDERR_FILENO);
    const int n = (int)strlen(name);
    fprintf(stderr, live ? "\r%s%*s" : "%s%*s\n", name, live && *width > n ? *width - n : 0, "");
    *width = live ? n : 0;
}

static tw_status make_all(const struct cli_call *call, tw_figures *figures, struct cli_gnuplot *g,
                          tw_error *err)
{
    const struct values *v = call->values;
    const tw_figure_kind *kind;
    int width = 0;
    for (size_t i = 0; (kind = tw_figure_kind_at(i)) != NULL; i++) {
        if (!is_wanted(call, kind)) continue;
        if (cli_interrupted())
            return cli_fail(err, TW_STOPPED, "interrupted; what was made so far is in %.300s", g->directory);
        tell(v, kind->name, &width);
        CLI_TRY(tw_figures_make(figures, kind, err));
        CLI_TRY(cli_gnuplot_start(g, kind->name, kind->is_animated, err));
    }
    CLI_TRY(cli_gnuplot_wait(g, err));
    if (width) tell(v, "", &width);
    return TW_OK;
}

struct claims {
    const tw_claim *at;
    size_t n;
};

static const char *claim_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct claims *claims = of;
    (void)to;
    if (row >= claims->n) return NULL;
    const tw_claim *c = &claims->at[row];
    return column == 0 ? c->id : column == 1 ? tw_holds_name(c->holds) : c->measured;
}

static void print_claims(const tw_figures *figures)
{
    static const char *const heads[] = {"claim", "holds", "measured", NULL};
    struct claims claims;
    claims.n = tw_figures_claims(figures, &claims.at);
    if (claims.n)
        cli_print_table(stdout, &(struct cli_table){.heads = heads, .cell = claim_cell, .of = &claims},
                        cli_columns(stdout, 0));
}

static tw_status finish(const struct values *v, tw_figures *figures, const struct cli_gnuplot *g,
                        tw_error *err)
{
    const char *json;
    CLI_TRY(tw_figures_write_claims(figures, &json, err));
    cli_running(0);
    if (v->common.json) printf("%s", json);
    else print_claims(figures);
    if (g->error == ENOENT)
        cli_say(
            "no pictures: gnuplot is not installed (Debian, Ubuntu: gnuplot-nox); with it, \"gnuplot NAME.gp\" in %s draws them",
            g->directory);
    if (!v->common.quiet)
        cli_say("%d figure%s drawn; claims %s/claims.md", g->drawn, g->drawn == 1 ? "" : "s", g->directory);
    return cli_gnuplot_verdict(g, err);
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    char directory[PATH_MAX];
    tw_context *ctx = NULL;
    tw_figures *figures = NULL;
    CLI_TRY(check_names(call, err));
    if (v->list) return print_list(v, err);
    if (v->out) CLI_TRY(cli_check_out(v->out, err));
    cli_free_directory("figures", call->n ? call->word[0] : "all", directory);
    CLI_TRY(cli_context(&v->common, &ctx, err));
    struct cli_gnuplot g = {.directory = v->out ? v->out : directory,
                            .most = tw_context_threads(ctx),
                            .verbose = v->common.verbose};
    cli_catch_signals();
    cli_running(1);
    tw_status status = tw_figures_create(&figures, ctx, g.directory, v->force, err);
    if (status == TW_OK) status = make_all(call, figures, &g, err);
    cli_gnuplot_stop(&g);
    if (status == TW_OK) status = finish(v, figures, &g, err);
    tw_figures_free(figures);
    tw_context_free(ctx);
    return status;
}

static const struct cli_option options[] =
    {{"out", 0, CLI_TEXT, AT(out), "DIR", 0, 0,
      "the folder for data, scripts, pictures and claims (out/TIME-figures-all)"},
     {"list", 0, CLI_FLAG, AT(list), NULL, 0, 0, "list the figures and make none"},
     {"force", 0, CLI_FLAG, AT(force), NULL, 0, 0, "replace figures that are there"},
     CLI_THREADS,
     CLI_JSON,
     CLI_QUIET,
     CLI_VERBOSE,
     CLI_END};

const struct cli_command cli_command_figures = {
    .name = "figures",
    .usage = "[NAME...] [--out DIR]",
    .help =
        "make the figures of the source documents: data and scripts, through gnuplot SVG, PNG and GIF, and what the sources claim beside what "
        "was measured",
    .examples =
        "thalweg figures --list\nthalweg figures --out out/fig\nthalweg figures fig5.6 fig5.8 --out out/two",
    .least = 0,
    .most = 64,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
