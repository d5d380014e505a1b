/* A card for every optimizer: its curve beside the others', its equation as it is computed, what it is made
 * of and where it is from.
 * SPDX-License-Identifier: MIT */
#include "race/report/run.h"
#include "estimators/estimator.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 132, HEIGHT = 44 };

/* What a spec is made of: an estimator, if it names one, and the chain around the rule. */
struct parts {
    tw__preset preset;
    tw_estimator_choice estimator;
    tw_chain chain;
};

/* ---- the small curves ---------------------------------------------------------------------------------- */

static double first_place(const tw__page *g, const tw__view *v)
{
    double first = INFINITY;
    for (size_t i = 0; i < g->race->n; i++) {
        const tw__curve *curve = tw__page_curve(g, i, v->quantity);
        if (curve->n && curve->points->at[v->axis] < first) first = curve->points->at[v->axis];
    }
    return isfinite(first) ? first : 0;
}

/* Once for all cards, to be referred to. */
static void put_small_curves(tw__page *g)
{
    tw__view v = tw__page_view(g);
    tw__scale x, y;
    /* to the training loss, which has more points */
    if (g->quantities[v.quantity].measure == TW__VAL_LOSS) v.quantity++;
    v.is_log = !g->race->surface || v.is_log;
    tw__page_fit(g, &v, &x, &y);
    x.from = first_place(g, &v);
    x.low = 2, x.high = WIDTH - 2, y.low = HEIGHT - 2, y.high = 2;
    tw__print(&g->p, "<svg class=\"store\" aria-hidden=\"true\"><defs>\n");
    for (size_t i = 0; i < g->race->n; i++) {
        const tw__curve *curve = tw__page_curve(g, i, v.quantity);
        int is_down = 0;
        tw__print(&g->p, "<path id=\"small-%zu\" d=\"", i);
        for (size_t k = 0; k < curve->n; k++) {
            const tw__moment *m = &curve->points[k];
            const double across = tw__scale_at(&x, m->at[v.axis]),
                         down = tw__scale_at(&y, tw__page_shown(&v, m->y.median));
            if (!isfinite(across) || !isfinite(down)) continue;
            tw__put_tenths(&g->p, is_down++ ? "L" : "M", across);
            tw__put_tenths(&g->p, " ", down < -HEIGHT ? -HEIGHT : down);
        }
        tw__print(&g->p, "%s\"/>\n", is_down ? "h.1" : "");
    }
    tw__print(&g->p, "</defs></svg>\n");
}

static void put_small(tw__page *g, size_t own)
{
    tw__print(&g->p, "<svg class=\"small\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\">", WIDTH, HEIGHT);
    for (size_t i = 0; i < g->race->n; i++)
        if (i != own) tw__print(&g->p, "<use class=\"other\" href=\"#small-%zu\"/>", i);
    tw__print(&g->p, "<use class=\"line\" href=\"#small-%zu\"/></svg>\n", own);
}

/* ---- what it is made of -------------------------------------------------------------------------------- */

/* estimator: given beside it, or NULL. own: a rule from outside the library, or NULL. */
static tw_status read_parts(struct parts *out, const char *spec, const char *estimator, const tw_rule *own,
                            tw_error *err)
{
    tw__method method;
    TW_TRY(tw__method_read(&method, spec, err));
    TW_TRY(tw__preset_read(&out->preset, method.optimizer, estimator, own ? own->name : NULL, err));
    TW_TRY(tw_estimator_read(&out->estimator, out->preset.estimator, err));
    return tw__preset_chain(&out->preset, own, &out->chain, err);
}

/* Paper and use stand with the rule that was named: adamw, where the one that runs is adam. */
static const tw_rule *named(const tw_choice *choice)
{
    char name[TW_SPEC_MAX];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(choice->spec, "@:"), choice->spec);
    const tw_rule *rule = choice->rule->place == TW_RULE ? tw_rule_find(name) : NULL;
    return rule ? rule : choice->rule;
}

static void put_lines(tw__page *g, const char *text)
{
    char line[TW_SPEC_MAX];
    while (*text) {
        size_t n = strcspn(text, "\n"), length = n < sizeof line ? n : sizeof line - 1;
        memcpy(line, text, length);
        line[length] = 0;
        tw__print(&g->p, "<p>");
        tw__put_equation(&g->p, line);
        tw__print(&g->p, "</p>");
        text += n + (text[n] != 0);
    }
}

static void put_equations(tw__page *g, const struct parts *of)
{
    enum { EQUATION = 4096 }; /* enough for any of the library */
    char text[EQUATION];
    tw__print(&g->p, "<div class=\"equation\">");
    if (g->run) tw__print(&g->p, "<p class=\"link\">%s</p>", of->estimator.estimator->name);
    if (g->run || of->preset.is_one) put_lines(g, of->estimator.estimator->equation);
    for (int i = 0; i < of->chain.n; i++) {
        if (g->run || of->chain.n > 1)
            tw__print(&g->p, "<p class=\"link\">%s</p>", of->chain.link[i].rule->name);
        tw_equation_text(&of->chain.link[i], text, sizeof text);
        put_lines(g, text);
    }
    tw__print(&g->p, "</div>\n");
}

/* Numbers, and what else differs from the default. */
static int is_told(const tw_choice *c, int i)
{
    const tw_option *o = &c->rule->options[i];
    if (c->given[i] || c->values[i] != o->initial) return 1;
    return (o->type == TW_REAL || o->type == TW_INT) && c->values[i] != 0 && isfinite(c->values[i]);
}

static void put_options(tw__page *g, const struct parts *of)
{
    char text[TW_VALUE_MAX];
    const char *word = tw__preset_lr_word(of->preset.optimizer);
    tw__print(&g->p, "<div><dt>Hyperparameters</dt><dd>");
    for (int k = 0, any = 0; k < of->chain.n; k++)
        for (int i = 0; i < of->chain.link[k].rule->n_options; i++) {
            const tw_option *o = &of->chain.link[k].rule->options[i];
            if (!is_told(&of->chain.link[k], i)) continue;
            tw_option_text(o, of->chain.link[k].values[i], text);
            tw__print(&g->p, "%s<span class=\"option\">%s = %s</span>", any++ ? ", " : "", o->name,
                      word && strcmp(o->name, "lr") == 0 ? word : text);
        }
    tw__print(&g->p, "</dd></div>\n");
}

static void put_state(tw__page *g, const struct parts *of)
{
    static const char *const extents[] = {"", " per row of a matrix", " per column of a matrix",
                                          " where it is no matrix"};
    int any = 0, per_weight = 0;
    const int bytes = tw__race_type(g->race) == TW_F64 ? 8 : 4;
    tw__print(&g->p, "<div><dt>State per weight</dt><dd>");
    for (int k = 0; k < of->chain.n; k++) {
        const tw_choice *c = &of->chain.link[k];
        for (int i = 0; i < c->rule->n_slots; i++) {
            if (!(c->slots >> i & 1)) continue;
            tw__print(&g->p, "%s<i>%s</i>%s", any++ ? ", " : "", c->rule->slots[i].name,
                      extents[c->rule->slots[i].extent]);
            per_weight += c->rule->slots[i].extent == TW_PER_WEIGHT;
        }
    }
    if (per_weight) tw__print(&g->p, "%s%d bytes", any ? ": " : "", per_weight * bytes);
    if (!any) tw__print(&g->p, "nothing");
    if (of->preset.is_one) tw__print(&g->p, "; the estimator keeps vectors of its own");
    tw__print(&g->p, "</dd></div>\n");
}

static void put_tuned(tw__page *g, const tw__entry *entry)
{
    if (!entry->tuned) return;
    tw__print(&g->p, "<div><dt>Learning rate</dt><dd>");
    tw__page_number(g, TW__AS_PLAIN, entry->tuned_lr);
    tw__print(&g->p, ", the best of %llu between ", (unsigned long long)g->race->o.tune);
    tw__page_number(g, TW__AS_PLAIN, entry->from);
    tw__print(&g->p, " and ");
    tw__page_number(g, TW__AS_PLAIN, entry->to);
    tw__print(&g->p, "</dd></div>\n");
}

/* ---- cards --------------------------------------------------------------------------------------------- */

/* Below a card's head: use, equation, what it is made of and where it is from. */
static void put_body(tw__page *g, const struct parts *of, const tw__entry *entry)
{
    const tw_rule *rule = named(&of->chain.link[of->chain.rule]);
    tw__print(&g->p, "<p class=\"use\">");
    tw__put_escaped(&g->p, of->preset.is_one ? of->estimator.estimator->help : rule->use ? rule->use : "");
    tw__print(&g->p, "</p>\n");
    put_equations(g, of);
    tw__print(&g->p, "<dl>\n");
    put_tuned(g, entry);
    put_options(g, of);
    put_state(g, of);
    tw__print(&g->p, "<div><dt>From</dt><dd>");
    tw__put_escaped(&g->p, of->preset.is_one ? of->estimator.estimator->paper
                           : rule->paper     ? rule->paper
                                             : "");
    tw__print(&g->p, "</dd></div>\n</dl>\n</article>\n");
}

/* Below a solver's head. */
static void put_solver(tw__page *g, const char *spec)
{
    tw_solver_choice choice;
    g->p.status = tw_solver_read(&choice, spec, g->p.err);
    if (g->p.status != TW_OK) return;
    tw__print(&g->p, "<p class=\"use\">");
    tw__put_escaped(&g->p, choice.solver->use);
    tw__print(&g->p, "</p>\n<div class=\"equation\">");
    put_lines(g, choice.solver->equation);
    tw__print(&g->p, "</div>\n<dl>\n<div><dt>From</dt><dd>");
    tw__put_escaped(&g->p, choice.solver->paper);
    tw__print(&g->p, "</dd></div>\n</dl>\n</article>\n");
}

static void put_card(tw__page *g, size_t i, const struct parts *of)
{
    const tw__entry *entry = tw__page_entry(g, i);
    char kind[16];
    tw__print(&g->p, "<article class=\"card %s\" aria-labelledby=\"card-%zu\">\n<header><h3 id=\"card-%zu\">",
              tw__page_class(entry, kind), i, i);
    tw__page_key(g, entry);
    tw__page_spec(g, entry->spec);
    tw__print(&g->p, "</h3>\n");
    put_small(g, i);
    tw__print(&g->p, "</header>\n");
    if (entry->is_solver) put_solver(g, entry->spec);
    else put_body(g, of, entry);
}

static void put_cards(tw__page *g, struct parts *parts)
{
    tw__page_open(g, "optimizers", "The optimizers");
    put_small_curves(g);
    tw__print(&g->p, "<div class=\"cards\">\n");
    for (size_t i = 0; i < g->race->n && g->p.status == TW_OK; i++) {
        const tw__entry *entry = tw__page_entry(g, i);
        tw_status s = entry->is_solver ? TW_OK
                                       : read_parts(parts, entry->tuned ? entry->tuned : entry->spec, NULL,
                                                    NULL, g->p.err);
        if (s == TW_OK) put_card(g, i, parts);
        else g->p.status = s;
    }
    tw__print(&g->p, "</div>\n</section>\n");
}

static void put_run_card(tw__page *g, struct parts *parts)
{
    const tw_run_options *o = &g->race->o.job.run;
    const tw__entry plain = {.spec = NULL}; /* no rate was looked for */
    g->p.status = read_parts(parts, o->optimizer, o->estimator, g->run->job->o.run.custom_rule, g->p.err);
    if (g->p.status != TW_OK) return;
    tw__page_open(g, "optimizers", "The optimizer");
    tw__print(&g->p, "<article class=\"card one\" aria-labelledby=\"card-0\">\n<h3 id=\"card-0\">");
    tw__page_spec(g, o->optimizer);
    tw__print(&g->p, "</h3>\n");
    put_body(g, parts, &plain);
    tw__print(&g->p, "</section>\n");
}

static void put_solver_card(tw__page *g)
{
    tw__page_open(g, "optimizers", "The solver");
    tw__print(&g->p, "<article class=\"card one\" aria-labelledby=\"card-0\">\n<h3 id=\"card-0\">");
    tw__page_spec(g, g->race->o.job.run.solver);
    tw__print(&g->p, "</h3>\n");
    put_solver(g, g->race->o.job.run.solver);
    tw__print(&g->p, "</section>\n");
}

static void with_parts(tw__page *g, void (*put)(tw__page *g, struct parts *parts))
{
    struct parts *parts;
    if (g->p.status == TW_OK) g->p.status = tw__alloc(g->race->ctx, &parts, 1, sizeof *parts, g->p.err);
    if (g->p.status != TW_OK) return;
    put(g, parts);
    tw__free(g->race->ctx, parts, 1, sizeof *parts);
}

void tw__page_cards(tw__page *g) { with_parts(g, put_cards); }

void tw__page_run_card(tw__page *g)
{
    if (g->race->o.job.run.solver) put_solver_card(g);
    else with_parts(g, put_run_card);
}
