/* Claims: adding one, and the two files that they are read in.
 * SPDX-License-Identifier: MIT */
#include "race/figures/figures.h"
#include "train/json.h"
#include <stdlib.h>
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

static json_t *claim_json(const tw_claim *c)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "id", c->id, "figure", c->figure,
                     "source", c->source, "printed", c->printed, "english", c->english, "setting", c->setting,
                     "measured", c->measured, "holds", tw_holds_name(c->holds), "because", c->because,
                     "control", c->is_control);
}

static tw_status make_json(tw_figures *f, char **out, tw_error *err)
{
    json_t *claims = json_array();
    int bad = !claims;
    for (size_t i = 0; i < f->n && !bad; i++) bad = json_array_append_new(claims, claim_json(&f->claims[i]));
    json_t *all = json_pack("{s:i, s:o}", "format", 1, "claims", tw__json_unless(bad, claims));
    char *text = tw__json_text(all, JSON_INDENT(2));
    json_decref(all);
    if (!text) return tw__json_no_memory(err);
    tw__strbuf p = {.ctx = f->ctx, .err = err};
    tw__put(&p, text, strlen(text));
    tw__put(&p, "\n", 1);
    free(text);
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
    TW_TRY(make_page(f, &page, err));
    tw_status s = tw__figures_write(f, "claims.md", page, err);
    tw__free_text(f->ctx, page);
    if (s == TW_OK) s = tw__figures_write_json(f, err);
    if (s == TW_OK && json) *json = f->json;
    return s;
}
