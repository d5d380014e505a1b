/* Claims: adding one, and the two files that they are read in.
 * SPDX-License-Identifier: MIT */
#include "race/figures/figures.h"
#include "train/json.h"
#include <string.h>

tw_status tw__claim_add(tw__figure_output *output, const tw__claim_text *claim_text, tw_claim **out,
                        tw_error *err)
{
    tw_figures *f = output->figures;
    TW_TRY(tw__grow(f->ctx, &f->claims, &f->capacity, f->n + 1, sizeof *f->claims, err));
    *out = &f->claims[f->n++];
    **out = (tw_claim){.id = claim_text->id,
                       .figure = output->figure->kind.name,
                       .source = claim_text->source,
                       .printed = claim_text->printed,
                       .english = claim_text->english,
                       .because = "",
                       .is_control = claim_text->is_control};
    return TW_OK;
}

void tw__claim_decide(tw_claim *claim, const tw__claim_text *claim_text, enum tw_holds holds)
{
    const char *const because[] =
        {[TW_HOLDS_NO] = claim_text->no, [TW_HOLDS_YES] = "", [TW_HOLDS_DEPENDS] = claim_text->depends};
    claim->holds = holds;
    claim->because = because[holds];
}

const char *tw_holds_name(enum tw_holds holds)
{
    static const char *const names[] = {"no", "yes", "depends"};
    return (unsigned)holds < sizeof names / sizeof names[0] ? names[holds] : "unknown";
}

enum tw_holds tw__holds(int here, int elsewhere)
{
    return !here == !elsewhere ? here ? TW_HOLDS_YES : TW_HOLDS_NO : TW_HOLDS_DEPENDS;
}

/* ---- claims.json ---- */

static json_t *claim_json(tw__json_builder *b, const tw_claim *c)
{
    json_t *o = tw__json_object(b);
    tw__json_put_text(b, o, "id", c->id);
    tw__json_put_text(b, o, "figure", c->figure);
    tw__json_put_text(b, o, "source", c->source);
    tw__json_put_text(b, o, "printed", c->printed);
    tw__json_put_text(b, o, "english", c->english);
    tw__json_put_text(b, o, "setting", c->setting);
    tw__json_put_text(b, o, "measured", c->measured);
    tw__json_put_text(b, o, "holds", tw_holds_name(c->holds));
    tw__json_put_text(b, o, "because", c->because);
    tw__json_put(b, o, "control", json_boolean(c->is_control));
    return o;
}

static tw_status make_json(tw_figures *f, char **out, tw_error *err)
{
    tw__json_builder b = {.err = err};
    json_t *all = tw__json_object(&b), *claims = tw__json_list(&b);
    char *text;
    for (size_t i = 0; i < f->n; i++) tw__json_append(&b, claims, claim_json(&b, &f->claims[i]));
    tw__json_put_natural(&b, all, "format", 1);
    tw__json_put(&b, all, "claims", claims);
    TW_TRY(tw__json_take(&b, all, &all));
    tw_status s = tw__json_record(f->ctx, all, JSON_INDENT(2), &text, err);
    json_decref(all);
    if (s != TW_OK) return s;
    tw__strbuf p = {.ctx = f->ctx, .err = err};
    tw__put(&p, text, strlen(text));
    tw__put(&p, "\n", 1);
    tw__free_text(f->ctx, text);
    return tw__strbuf_take(&p, out);
}

/* ---- claims.md ---- */

static void put_overview(const tw_figures *f, tw__strbuf *p)
{
    tw__print(
        p,
        "# Claims of the sources, measured\n\n"
        "Made by `thalweg figures`. Every verdict is a comparison of the numbers beside it. \"Depends\": it holds as shown, and does not\n"
        "with another setting, which is named. A control shows that the test can fail.\n\n| claim | in short | holds |\n|---|---|---|\n");
    for (size_t i = 0; i < f->n; i++) {
        const tw_claim *c = &f->claims[i];
        tw__print(p, "| [%s](#%s) | %s | %s%s |\n", c->id, c->id, c->english, tw_holds_name(c->holds),
                  c->is_control ? " (control)" : "");
    }
}

static void put_claim(const tw_claim *c, tw__strbuf *p)
{
    tw__print(p, "\n### %s\n\n", c->id);
    if (*c->printed) tw__print(p, "> %s (%s)\n\n", c->printed, c->source);
    tw__print(p, "%s%s: **%s**.", c->is_control ? "Control: " : "", c->english, tw_holds_name(c->holds));
    if (*c->because) tw__print(p, " %s.", c->because);
    tw__print(p, "\n\n- measured: %s\n- setting: `%s`\n", c->measured, c->setting);
}

static tw_status make_page(const tw_figures *f, char **out, tw_error *err)
{
    tw__strbuf p = {.ctx = f->ctx, .err = err};
    const char *figure = NULL;
    put_overview(f, &p);
    for (size_t i = 0; i < f->n; i++) {
        const tw_claim *c = &f->claims[i];
        if (figure != c->figure) tw__print(&p, "\n## %s\n\n![%s](%s.svg)\n", c->figure, c->figure, c->figure);
        figure = c->figure;
        put_claim(c, &p);
    }
    return tw__strbuf_take(&p, out);
}

tw_status tw__figures_write_json(tw_figures *f, tw_error *err)
{
    char *text;
    TW_TRY(make_json(f, &text, err));
    tw__free_text(f->ctx, f->json);
    f->json = text;
    return tw__figures_write(f, "claims.json", text, err);
}

tw_status tw_figures_write_claims(tw_figures *f, const char **json, tw_error *err)
{
    char *page;
    if (json) *json = NULL;
    TW_NEEDS(err, f);
    TW_TRY(make_page(f, &page, err));
    tw_status s = tw__figures_write(f, "claims.md", page, err);
    tw__free_text(f->ctx, page);
    if (s == TW_OK) s = tw__figures_write_json(f, err);
    if (s == TW_OK && json) *json = f->json;
    return s;
}
