/* thalweg explain for surfaces: formula, minima, start, options.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include "explain.h"
#include <thalweg/surface.h>

static json_t *point_json(const double point[2])
{
    return json_pack("[o, o]", cli_number(point[0]), cli_number(point[1]));
}

json_t *cli_surface_json(const tw_surface_kind *k)
{
    json_t *minima = json_array();
    for (int i = 0; i < k->n_minima; i++) minima = cli_add(minima, point_json(k->minima[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:[o, o], s:o, s:o}", "name", k->name, "formula",
                     k->formula, "use", k->use, "paper", k->paper, "options",
                     cli_options_json(k->n_options, k->options, NULL), "start", point_json(k->start),
                     "window", point_json(k->low), point_json(k->high), "minima", minima, "least",
                     k->n_minima ? cli_number(k->least) : json_null());
}

/* A custom formula has no entry in the list. */
static const tw_surface_kind *kind_of(const tw_surface *s)
{
    static const tw_surface_kind own = {.name = "expr",
                                        .formula = "",
                                        .paper = "",
                                        .use =
                                            "A custom formula: race --surface takes it as it is given here."};
    const tw_surface_kind *k = tw_surface_kind_of(s);
    return k ? k : &own;
}

static void print_surface(const tw_surface *s)
{
    const tw_surface_kind *k = kind_of(s);
    double start[2], low[2], high[2], g[2];
    char formula[TW_SPEC_MAX + 8];
    tw_surface_start(s, start);
    tw_surface_window(s, low, high);
    const double value = tw_surface_value(s, start, g);
    puts(tw_surface_spec(s));
    cli_print_wrapped(0, *k->paper ? k->paper : "no paper");
    snprintf(formula, sizeof formula, "f = %s", tw_surface_formula(s));
    puts("\nformula");
    cli_print_equation(formula);
    printf("\nminima%s\n", k->n_options ? ", with the default options" : "");
    for (int i = 0; i < k->n_minima; i++)
        cli_print_sentence(2, "f = %.10g at (%.10g, %.10g)", k->least, k->minima[i][0], k->minima[i][1]);
    if (!k->n_minima) puts(tw_surface_kind_of(s) ? "  none: it is not bounded below" : "  not looked for");
    puts("\nstart");
    cli_print_sentence(2, "(%.10g, %.10g), where f = %.10g and its gradient is (%.10g, %.10g)", start[0],
                       start[1], value, g[0], g[1]);
    puts("\nwindow of a picture");
    cli_print_sentence(2, "x from %.10g to %.10g, y from %.10g to %.10g", low[0], high[0], low[1], high[1]);
    puts("\noptions");
    cli_print_options(k->n_options, k->options, NULL);
    if (!tw_surface_kind_of(s))
        cli_print_sentence(2, "low, high: least and greatest x and y of the window (-5, 5)");
    cli_print_sentence(
        2, "x, y: another start; noise=S: f + S (a x + b y), a and b standard normal in every draw");
    puts("\nwhen to use it");
    cli_print_sentence(2, "%s", k->use);
}

static tw_status show(const tw_surface *s, int json, tw_error *err)
{
    double start[2], low[2], high[2];
    if (!json) {
        print_surface(s);
        return TW_OK;
    }
    json_t *all = cli_surface_json(kind_of(s));
    tw_surface_start(s, start);
    tw_surface_window(s, low, high);
    all = cli_put(all, "spec", cli_string(tw_surface_spec(s)));
    all = cli_put(all, "formula", cli_string(tw_surface_formula(s)));
    all = cli_put(all, "start", point_json(start));
    all = cli_put(all, "window", json_pack("[o, o]", point_json(low), point_json(high)));
    return cli_print_json(all, err);
}

tw_status cli_explain_surface(const struct cli_common *common, const char *spec, tw_error *err)
{
    tw_context *ctx;
    tw_surface *s = NULL;
    CLI_TRY(cli_context(common, &ctx, err));
    tw_status status = tw_surface_create(&s, ctx, spec, TW_F64, err);
    if (status == TW_OK) status = show(s, common->json, err);
    tw_surface_free(s);
    tw_context_free(ctx);
    return status;
}
