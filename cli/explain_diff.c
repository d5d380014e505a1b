/* thalweg explain --diff: two rules side by side: equations, hyperparameters, and where their steps part on
 * the probe of compare.h.
 * SPDX-License-Identifier: MIT */
#include "explain.h"
#include "rule_text.h"
#include <stdlib.h>
#include <string.h>
#include <thalweg/compare.h>

struct diff {
    tw_choice a, b;
    char equation_a[CLI_EQUATION], equation_b[CLI_EQUATION];
    tw_line_pair lines[TW_LINE_PAIRS_MAX];
    tw_option_pair options[TW_OPTION_PAIRS_MAX];
    int n_lines, n_options;
    tw_rule_comparison probe;
};

static tw_status compare(struct diff *d, const struct cli_common *common, tw_error *err)
{
    tw_context *ctx = NULL;
    CLI_TRY(cli_context(common, &ctx, err));
    tw_equation_text(&d->a, d->equation_a, sizeof d->equation_a);
    tw_equation_text(&d->b, d->equation_b, sizeof d->equation_b);
    d->n_lines = tw_pair_lines(d->equation_a, d->equation_b, d->lines);
    d->n_options = tw_pair_options(&d->a, &d->b, d->options);
    d->probe.size = sizeof d->probe;
    tw_status s = tw_rules_compare(ctx, d->a.spec, d->b.spec, &d->probe, err);
    tw_context_free(ctx);
    return s;
}

/* ---- Side by side -------------------------------------------------------------------------------------- */

static int same(const tw_line_pair *p) { return p->a && p->b && strcmp(p->a, p->b) == 0; }

/* The specs, then their equations. */
static const char *line_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct diff *d = of;
    (void)to;
    if (row > (size_t)d->n_lines) return NULL;
    const tw_line_pair p = row ? d->lines[row - 1] : (tw_line_pair){d->a.spec, d->b.spec};
    if (column == 0) return p.a ? p.a : "";
    if (column == 2) return p.b ? p.b : "";
    return !row || same(&p) ? "" : !p.b ? "<" : p.a ? "|" : ">";
}

static void print_equations(const struct diff *d)
{
    static const char *const heads[] = {"first", "", "second", NULL};
    puts("equations");
    cli_print_table(
        stdout,
        &(struct cli_table){.heads = heads, .cell = line_cell, .of = d, .indent = 2, .bare = 1, .beside = 1},
        cli_columns(stdout, 0));
}

static const char *option_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct diff *d = of;
    if (row >= (size_t)d->n_options) return NULL;
    const tw_option_pair *p = &d->options[row];
    if (column == 0) return p->name;
    const tw_option *o = column == 1 ? p->a : p->b;
    return o ? tw_option_text(o, column == 1 ? p->value_a : p->value_b, to) : "-";
}

static void print_options(const struct diff *d)
{
    static const char *const heads[] = {"name", "first", "second", NULL};
    puts("\nhyperparameters that differ");
    if (!d->n_options) puts("  none");
    cli_print_table(stdout,
                    &(struct cli_table){.heads = heads, .cell = option_cell, .of = d, .indent = 2, .bare = 1},
                    cli_columns(stdout, CLI_PROSE));
}

static void print_difference(const char *what, const tw_probe_difference *p)
{
    printf("  %-8s  ", what);
    char text[200];
    snprintf(text, sizeof text, "step %3d, coordinate %d (%s): %.10g and %.10g, relative %.2g", p->step,
             p->coordinate, tw_probe_coordinate(p->coordinate), p->a, p->b, p->relative);
    cli_print_wrapped(12, text);
}

static void print_probe(const tw_rule_comparison *c)
{
    putchar('\n');
    cli_print_sentence(0, "where they part, on %d coordinates, lr %s", TW_PROBE_COORDINATES,
                       c->lr_drops ? "a tenth from step 51 on" : "the same throughout");
    if (!c->first.step) {
        printf("  nowhere: the same to rounding for %d steps\n", TW_PROBE_STEPS);
        return;
    }
    print_difference("first", &c->first);
    print_difference("furthest", &c->furthest);
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static json_t *difference_json(const tw_probe_difference *p)
{
    if (!p->step) return json_null();
    return json_pack("{s:i, s:i, s:s, s:o, s:o, s:o}", "step", p->step, "coordinate", p->coordinate, "kind",
                     tw_probe_coordinate(p->coordinate), "a", cli_number(p->a), "b", cli_number(p->b),
                     "relative", cli_number(p->relative));
}

static json_t *option_json(const tw_option *o, double value)
{
    return o ? cli_value_json(o, value) : json_null();
}

static tw_status print_json(const struct diff *d, tw_error *err)
{
    json_t *lines = json_array(), *options = json_array();
    for (int i = 0; i < d->n_lines; i++)
        lines = cli_add(lines, json_pack("{s:o, s:o, s:b}", "a", cli_string(d->lines[i].a), "b",
                                         cli_string(d->lines[i].b), "same", same(&d->lines[i])));
    for (int i = 0; i < d->n_options; i++) {
        const tw_option_pair *p = &d->options[i];
        options =
            cli_add(options, json_pack("{s:s, s:o, s:o}", "name", p->name, "a", option_json(p->a, p->value_a),
                                       "b", option_json(p->b, p->value_b)));
    }
    return cli_print_json(json_pack("{s:o, s:o, s:o, s:o, s:{s:i, s:b, s:f, s:b, s:o, s:o}}", "a",
                                    cli_string(d->a.spec), "b", cli_string(d->b.spec), "equation", lines,
                                    "hyperparameters", options, "probe", "steps", TW_PROBE_STEPS, "lr_drops",
                                    d->probe.lr_drops, "rounding", TW_PROBE_ROUNDING, "same",
                                    !d->probe.first.step, "first", difference_json(&d->probe.first),
                                    "furthest", difference_json(&d->probe.furthest)),
                          err);
}

tw_status cli_explain_diff(const struct cli_common *common, const char *a, const char *b, tw_error *err)
{
    struct diff *d = cli_alloc(1, sizeof *d, err);
    if (!d) return err->code;
    tw_status s = tw_rule_read(&d->a, a, NULL, err);
    if (s == TW_OK) s = tw_rule_read(&d->b, b, NULL, err);
    if (s == TW_OK) s = compare(d, common, err);
    if (s == TW_OK && common->json) s = print_json(d, err);
    else if (s == TW_OK) {
        print_equations(d);
        print_options(d);
        print_probe(&d->probe);
    }
    free(d);
    return s;
}
