/* thalweg explain --diff: two rules side by side: equations, hyperparameters, and where their steps part on
 * the probe of compare.h.
 * SPDX-License-Identifier: MIT */
#include "explain.h"
#include "rule_text.h"
#include <stdlib.h>
#include <string.h>
#include <thalweg/compare.h>

enum { LINES = 64 };

struct side {
    tw_choice choice;
    char equation[CLI_EQUATION];
    char *line[LINES];
    int n;
};
struct diff {
    struct side a, b;
    tw_rule_comparison probe;
};

static tw_status read_side(struct side *s, const char *spec, tw_error *err)
{
    CLI_TRY(tw_rule_read(&s->choice, spec, NULL, err));
    tw_equation_text(&s->choice, s->equation, sizeof s->equation);
    for (char *line = s->equation; *line && s->n < LINES; s->n++) {
        s->line[s->n] = line;
        line += strcspn(line, "\n");
        if (*line) *line++ = 0;
    }
    return TW_OK;
}

static tw_status probe(struct diff *d, const struct cli_common *common, tw_error *err)
{
    tw_context *ctx = NULL;
    CLI_TRY(cli_context(common, &ctx, err));
    d->probe.size = sizeof d->probe;
    tw_status s = tw_rules_compare(ctx, d->a.choice.spec, d->b.choice.spec, &d->probe, err);
    tw_context_free(ctx);
    return s;
}

/* ---- Side by side -------------------------------------------------------------------------------------- */

struct pair {
    const char *a, *b;
}; /* NULL: no line on this side */

/* Equal lines face each other, as many as can (a longest common subsequence); between them lines that differ
 * face each other in order. */
static int pair_lines(const struct side *a, const struct side *b, struct pair to[2 * LINES])
{
    int common[LINES + 1][LINES + 1] = {{0}}, n = 0, i = 0, j = 0;
    for (i = a->n - 1; i >= 0; i--)
        for (j = b->n - 1; j >= 0; j--) {
            int skip = common[i + 1][j] > common[i][j + 1] ? common[i + 1][j] : common[i][j + 1];
            common[i][j] = strcmp(a->line[i], b->line[j]) == 0 ? 1 + common[i + 1][j + 1] : skip;
        }
    for (i = j = 0; i < a->n || j < b->n; n++) {
        if (i < a->n && j < b->n && strcmp(a->line[i], b->line[j]) == 0) {
            to[n] = (struct pair){a->line[i++], b->line[j++]};
            continue;
        }
        int take_a = i < a->n && (j == b->n || common[i + 1][j] == common[i][j]),
            take_b = j < b->n && (i == a->n || common[i][j + 1] == common[i][j]);
        if (take_a && take_b && i < a->n && j < b->n && common[i + 1][j + 1] != common[i][j]) take_b = 0;
        to[n] = (struct pair){take_a ? a->line[i++] : NULL, take_b ? b->line[j++] : NULL};
    }
    return n;
}

static int same(const struct pair *p) { return p->a && p->b && strcmp(p->a, p->b) == 0; }

struct pair_rows {
    const struct diff *d;
    struct pair pairs[2 * LINES];
    int n;
};

/* The specs, then their equations. */
static const char *pair_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct pair_rows *rows = of;
    (void)to;
    if (row > (size_t)rows->n) return NULL;
    const struct diff *d = rows->d;
    const struct pair p = row ? rows->pairs[row - 1] : (struct pair){d->a.choice.spec, d->b.choice.spec};
    if (column == 0) return p.a ? p.a : "";
    if (column == 2) return p.b ? p.b : "";
    return !row || same(&p) ? "" : !p.b ? "<" : p.a ? "|" : ">";
}

static void print_equations(const struct diff *d)
{
    static const char *const heads[] = {"first", "", "second", NULL};
    struct pair_rows rows = {.d = d};
    rows.n = pair_lines(&d->a, &d->b, rows.pairs);
    cli_print_table(stdout,
                    &(struct cli_table){
                        .heads = heads, .cell = pair_cell, .of = &rows, .indent = 2, .bare = 1, .beside = 1},
                    cli_columns(stdout, 0));
}

/* Row k of the hyperparameters that differ: those of A first, then what only B has. An option that one side
 * lacks counts if it has an effect. */
struct row {
    const char *name;
    const tw_option *a, *b;
    double value_a, value_b;
};

static const tw_option *option_of(const tw_choice *c, const char *name, double *value)
{
    for (int i = 0; i < c->rule->n_options; i++)
        if (strcmp(c->rule->options[i].name, name) == 0) {
            *value = c->values[i];
            return &c->rule->options[i];
        }
    return NULL;
}

static int has_effect(const tw_choice *c, const tw_option *o)
{
    return !c->rule->ineffective || !c->rule->ineffective(c->values, (int)(o - c->rule->options));
}

static int differs(const struct diff *d, struct row *r)
{
    char a[TW_VALUE_MAX], b[TW_VALUE_MAX];
    r->a = option_of(&d->a.choice, r->name, &r->value_a);
    r->b = option_of(&d->b.choice, r->name, &r->value_b);
    if (!r->a) return has_effect(&d->b.choice, r->b);
    if (!r->b) return has_effect(&d->a.choice, r->a);
    return strcmp(tw_option_text(r->a, r->value_a, a), tw_option_text(r->b, r->value_b, b)) != 0;
}

static int rows_that_differ(const struct diff *d, struct row to[2 * TW_OPTIONS_MAX])
{
    int n = 0;
    double ignored;
    const tw_rule *a = d->a.choice.rule, *b = d->b.choice.rule;
    for (int i = 0; i < a->n_options; i++) {
        to[n].name = a->options[i].name;
        n += differs(d, &to[n]);
    }
    for (int i = 0; i < b->n_options; i++) {
        if (option_of(&d->a.choice, b->options[i].name, &ignored)) continue;
        to[n].name = b->options[i].name;
        n += differs(d, &to[n]);
    }
    return n;
}

struct option_rows {
    struct row rows[2 * TW_OPTIONS_MAX + 1];
    int n;
};

static const char *option_cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    const struct option_rows *rows = of;
    if (row >= (size_t)rows->n) return NULL;
    const struct row *r = &rows->rows[row];
    if (column == 0) return r->name;
    const tw_option *o = column == 1 ? r->a : r->b;
    return o ? tw_option_text(o, column == 1 ? r->value_a : r->value_b, to) : "-";
}

static void print_rows(const struct diff *d)
{
    static const char *const heads[] = {"name", "first", "second", NULL};
    struct option_rows rows;
    rows.n = rows_that_differ(d, rows.rows);
    puts("\nhyperparameters that differ");
    if (!rows.n) puts("  none");
    cli_print_table(
        stdout, &(struct cli_table){.heads = heads, .cell = option_cell, .of = &rows, .indent = 2, .bare = 1},
        cli_columns(stdout, CLI_PROSE));
}

static void print_place(const char *what, const tw_probe_place *p)
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
    print_place("first", &c->first);
    print_place("furthest", &c->furthest);
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static json_t *place_json(const tw_probe_place *p)
{
    if (!p->step) return json_null();
    return json_pack("{s:i, s:i, s:s, s:o, s:o, s:o}", "step", p->step, "coordinate", p->coordinate, "kind",
                     tw_probe_coordinate(p->coordinate), "a", cli_number(p->a), "b", cli_number(p->b),
                     "relative", cli_number(p->relative));
}

static tw_status print_json(const struct diff *d, tw_error *err)
{
    struct pair pairs[2 * LINES];
    struct row rows[2 * TW_OPTIONS_MAX + 1];
    int n = pair_lines(&d->a, &d->b, pairs);
    json_t *lines = json_array(), *options = json_array();
    for (int i = 0; i < n; i++)
        json_array_append_new(lines, json_pack("{s:o, s:o, s:b}", "a", cli_string(pairs[i].a), "b",
                                               cli_string(pairs[i].b), "same", same(&pairs[i])));
    n = rows_that_differ(d, rows);
    for (int i = 0; i < n; i++)
        json_array_append_new(options,
                              json_pack("{s:s, s:o, s:o}", "name", rows[i].name, "a",
                                        rows[i].a ? cli_value_json(rows[i].a, rows[i].value_a) : json_null(),
                                        "b",
                                        rows[i].b ? cli_value_json(rows[i].b, rows[i].value_b)
                                                  : json_null()));
    return cli_print_json(json_pack("{s:o, s:o, s:o, s:o, s:{s:i, s:b, s:f, s:b, s:o, s:o}}", "a",
                                    cli_string(d->a.choice.spec), "b", cli_string(d->b.choice.spec),
                                    "equation", lines, "hyperparameters", options, "probe", "steps",
                                    TW_PROBE_STEPS, "lr_drops", d->probe.lr_drops, "rounding",
                                    TW_PROBE_ROUNDING, "same", !d->probe.first.step, "first",
                                    place_json(&d->probe.first), "furthest", place_json(&d->probe.furthest)),
                          err);
}

tw_status cli_explain_diff(const struct cli_common *common, const char *a, const char *b, tw_error *err)
{
    struct diff *d = cli_alloc(1, sizeof *d, err);
    if (!d) return err->code;
    tw_status s = read_side(&d->a, a, err);
    if (s == TW_OK) s = read_side(&d->b, b, err);
    if (s == TW_OK) s = probe(d, common, err);
    if (s == TW_OK && common->json) s = print_json(d, err);
    else if (s == TW_OK) {
        puts("equations");
        print_equations(d);
        print_rows(d);
        print_probe(&d->probe);
    }
    free(d);
    return s;
}
