/* Reading and following a schedule; see plan.h.
 * SPDX-License-Identifier: MIT */
#include "schedules/plan.h"
#include <stdio.h>
#include <string.h>
#include "base/cpu.h"
#include "base/options.h"

#define TW__SCHEDULE(name) extern const tw_schedule tw_schedule_##name;
#include "schedules/list.h"
#undef TW__SCHEDULE
#define TW__SCHEDULE(name) &tw_schedule_##name,
static const tw_schedule *const schedules[] = {
#include "schedules/list.h"
};
enum { N_SCHEDULES = sizeof schedules / sizeof schedules[0] };

const tw_schedule *tw_schedule_at(size_t i) { return i < N_SCHEDULES ? schedules[i] : NULL; }

static const char *name_at(size_t i, const void *user)
{
    (void)user;
    return i < N_SCHEDULES ? schedules[i]->name : NULL;
}

static const tw_schedule *find(tw__text name)
{
    const int i = tw__name_find(name, name_at, NULL);
    return i < 0 ? NULL : schedules[i];
}

const tw_schedule *tw_schedule_find(const char *name) { return find(tw__text_of(name)); }

struct reader {
    tw__plan *plan;
    const tw_chain *chain;
    /* names: of the keys so far, where there is no rule to count them */
    tw__text whole, names[TW__PIECES];
    tw__text formulas[TW__PIECES]; /* as they were written, for each piece */
    uint64_t total, first;
    int key, n_names;
    size_t used;
    unsigned char given[TW__PIECE_OPTIONS]; /* options of the last piece */
};

static tw_status write(struct reader *r, const char *text, tw_error *err)
{
    int n = snprintf(r->plan->text + r->used, TW_SPEC_MAX - r->used, "%s", text);
    r->used += (size_t)n;
    return r->used < TW_SPEC_MAX
               ? TW_OK
               : tw__fail(err, TW_ERR_SPEC, "schedule \"%.*s\" is too long", TW__SHOW(r->whole));
}

static tw_status key_without_rule(struct reader *r, tw__text name, tw_error *err)
{
    if (name.n == 0)
        return tw__fail(err, TW_ERR_SPEC, "schedule \"%.*s\" lacks a name before \"=\"", TW__SHOW(r->whole));
    for (int i = 0; i < r->n_names; i++)
        if (r->names[i].n == name.n && memcmp(r->names[i].at, name.at, name.n) == 0)
            return tw__fail(err, TW_ERR_SPEC, "%.*s has two schedules", TW__SHOW(name));
    r->key = r->n_names;
    r->names[r->n_names++] = name;
    return TW_OK;
}

/* The hyperparameter a name means: "beta1" the rule's, "ema.decay" that of the transform of this name. */
static tw_status find_key(struct reader *r, tw__text name, const tw_option **option, tw_error *err)
{
    const tw_chain *c = r->chain;
    tw__text rest = name, owner = tw__text_cut(&rest, '.');
    int link = c->rule;
    if (rest.at) {
        for (link = 0; link < c->n && (link == c->rule || !tw__text_is(owner, c->link[link].rule->name));)
            link++;
        if (link == c->n)
            return tw__fail(err, TW_ERR_SPEC, "\"%.100s\" has no transform \"%.*s\" for the schedule of %.*s",
                            c->spec, TW__SHOW(owner), TW__SHOW(name));
    }
    const tw_rule *rule = c->link[link].rule;
    const tw__table t = {.owner = rule->name,
                         .options = rule->options,
                         .n = rule->n_options,
                         .aliases = rule->aliases};
    const int i = tw__option_find(&t, rest.at ? rest : name);
    if (i < 0) {
        tw__guess guess = tw__guess_for(rest.at ? rest : name);
        for (int k = 0; k < t.n; k++)
            if (t.options[k].type == TW_REAL) tw__guess_offer(&guess, tw__text_of(t.options[k].name));
        return tw__fail(err, TW_ERR_SPEC, "%s \"%s\" has no hyperparameter \"%.*s\" for a schedule%s",
                        link == c->rule ? "rule" : "transform", t.owner, TW__SHOW(guess.wanted),
                        tw__guess_hint(&guess));
    }
    r->key = tw__plan_key(link, i);
    *option = &t.options[i];
    return TW_OK;
}

/* "beta1=" before a piece: its sequence, and a new count of steps. */
static tw_status read_key(struct reader *r, tw__text *piece, int is_first, tw_error *err)
{
    size_t n = strcspn(piece->at, "=:@/;");
    int named = n < piece->n && piece->at[n] == '=';
    if (!named && !is_first) return TW_OK;
    tw__text name = named ? (tw__text){piece->at, n} : tw__text_of("lr");
    if (named) *piece = (tw__text){piece->at + n + 1, piece->n - n - 1};
    r->first = 0;
    if (!r->chain) return key_without_rule(r, name, err);
    const tw_option *o = NULL;
    TW_TRY(find_key(r, name, &o, err));
    if (o->type != TW_REAL)
        return tw__fail(err, TW_ERR_SPEC, "%.*s cannot have a schedule: it is no real number",
                        TW__SHOW(name));
    if (tw__plan_has(r->plan, r->key))
        return tw__fail(err, TW_ERR_SPEC, "%.*s has two schedules", TW__SHOW(name));
    const int link = r->key / TW_OPTIONS_MAX;
    if (is_first && link == r->chain->rule && strcmp(o->name, "lr") == 0) return TW_OK;
    if (link != r->chain->rule) {
        TW_TRY(write(r, r->chain->link[link].rule->name, err));
        TW_TRY(write(r, ".", err));
    }
    TW_TRY(write(r, o->name, err));
    return write(r, "=", err);
}

/* "5%": a share of the whole run, at least one step. */
static tw_status read_share(struct reader *r, tw__text share, uint64_t *steps, tw_error *err)
{
    double x;
    if (tw__number_read((tw__text){share.at, share.n - 1}, &x) != 1 || !(x > 0 && x <= 100))
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" is not a share of the run, above 0%% and at most 100%%",
                        TW__SHOW(share));
    if (r->total == 0)
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" is a share of a run whose length is not known here",
                        TW__SHOW(share));
    *steps = (uint64_t)(x / 100 * (double)r->total + 0.5);
    if (*steps == 0) *steps = 1;
    r->plan->uses_total = 1;
    return TW_OK;
}

/* "/500" or "/5%" at a piece's end, cut off it; `written`: what comes after the slash. */
static tw_status read_steps(struct reader *r, tw__text *piece, tw__text *source, uint64_t *steps,
                            tw_error *err)
{
    const char *slash = tw__text_find(*piece, '/');
    double x;
    *steps = 0;
    *source = (tw__text){NULL, 0};
    if (!slash) return TW_OK;
    const tw__text number = {slash + 1, piece->n - (size_t)(slash - piece->at) - 1};
    *source = number;
    if (number.n && number.at[number.n - 1] == '%') TW_TRY(read_share(r, number, steps, err));
    else if (tw__number_read(number, &x) != 1 || x < 1 || x > 0x1p53 || x != __builtin_floor(x))
        return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" in \"%.*s\" is not a number of steps", TW__SHOW(number),
                        TW__SHOW(*piece));
    else *steps = (uint64_t)x;
    piece->n = (size_t)(slash - piece->at);
    return TW_OK;
}

/* What a schedule sees of a piece; formula: where to put its view of it. */
static tw_instant instant(const tw__plan *plan, const tw__piece *p, tw_formula *formula)
{
    *formula = (tw_formula){p->n_terms, plan->terms + p->first_term};
    return (tw_instant){.h = p->h, .lists = plan->lists.at, .formula = p->n_terms ? formula : NULL};
}

/* left: steps that the run leaves to the piece; 0: not known */
static const char *no_effect(const tw__plan *plan, const tw__piece *p, uint64_t left, int option)
{
    tw_formula formula;
    tw_instant now = instant(plan, p, &formula);
    now.s = left;
    return p->kind->ineffective ? p->kind->ineffective(&now, option) : NULL;
}

static tw_status read_formula(struct reader *r, tw__piece *p, tw__text text, tw_error *err)
{
    tw__plan *plan = r->plan;
    const tw_option *o = p->kind->options;
    int i = 0;
    while (i < p->kind->n_options && o[i].type != TW_FORMULA) i++;
    if (i == p->kind->n_options) return TW_OK;
    if (!text.at)
        return tw__fail(err, TW_ERR_SPEC, "%s needs a formula in quotes, as in %s:\"base * exp(-t/500)\"",
                        p->kind->name, p->kind->name);
    p->first_term = plan->n_terms;
    TW_TRY(tw__formula_read(plan->terms + plan->n_terms, TW__PLAN_TERMS - plan->n_terms, &p->n_terms, text,
                            o[i].words, err));
    plan->n_terms += p->n_terms;
    return TW_OK;
}

static tw_status read_spec(tw__piece *p, tw__text text, struct reader *r, tw_error *err)
{
    tw__spec spec;
    double start[TW__PIECE_OPTIONS];
    tw__text *formula = &r->formulas[r->plan->n];
    memset(r->given, 0, sizeof r->given);
    TW_TRY(tw__spec_parse(&spec, text, err));
    p->kind = find(spec.name);
    if (!p->kind) return tw__name_unknown("unknown schedule", spec.name, name_at, NULL, err);
    if (spec.dialect.n) return tw__fail(err, TW_ERR_SPEC, "schedule \"%s\" has no dialects", p->kind->name);
    tw__table t = {p->kind->name,    p->kind->options, p->kind->n_options,
                   p->kind->aliases, &r->plan->lists,  formula};
    for (int i = 0; i < t.n; i++) p->h[i] = start[i] = t.options[i].initial;
    for (int i = 0; i < spec.n; i++) TW_TRY(tw__option_read(&t, &spec.items[i], p->h, r->given, err));
    TW_TRY(read_formula(r, p, *formula, err));
    TW_TRY(write(r, p->kind->name, err));
    char options[TW_SPEC_MAX] = "";
    if (!tw__options_write(&t, p->h, start, options, sizeof options))
        return tw__fail(err, TW_ERR_SPEC, "schedule \"%.*s\" is too long", TW__SHOW(r->whole));
    return write(r, options, err);
}

/* The last piece never ends: "/steps" can only be its length option. */
static tw_status check_steps(const tw__plan *plan, const tw__piece *p, uint64_t steps, tw_error *err)
{
    int option = p->kind->length_option;
    const char *name = p->kind->name, *reason = option >= 0 ? no_effect(plan, p, 0, option) : NULL;
    char value[TW_VALUE_MAX];
    if (!steps) return TW_OK;
    if (reason)
        return tw__fail(err, TW_ERR_SPEC, "\"/%llu\" behind \"%s\" has no effect: no piece follows, and %s",
                        (unsigned long long)steps, name, reason);
    if (option < 0)
        return tw__fail(
            err, TW_ERR_SPEC,
            "\"/%llu\" behind \"%s\" has no effect: no piece follows, and \"%s\" has no length of its own",
            (unsigned long long)steps, name, name);
    if (p->h[option] > 0)
        return tw__fail(err, TW_ERR_SPEC,
                        "\"/%llu\" behind \"%s\" has no effect: no piece follows, and %s = %s is given",
                        (unsigned long long)steps, name, p->kind->options[option].name,
                        tw_option_text(&p->kind->options[option], p->h[option], value));
    return TW_OK;
}

/* The steps that the run, or its own length, leaves to a piece; 0: not known. */
static uint64_t steps_left(const struct reader *r, const tw__piece *p)
{
    const uint64_t left = r->total > p->first ? r->total - p->first : 0;
    return p->length && (!left || p->length < left) ? p->length : left;
}

static tw_status check_together(const struct reader *r, const tw__piece *p, tw_error *err)
{
    tw_formula formula;
    tw_instant now = instant(r->plan, p, &formula);
    now.s = steps_left(r, p);
    now.length = p->scale;
    return p->kind->check ? p->kind->check(&now, err) : TW_OK;
}

static tw_status check_given(struct reader *r, const tw__piece *p, tw_error *err)
{
    const tw__table t = {p->kind->name,    p->kind->options, p->kind->n_options,
                         p->kind->aliases, &r->plan->lists,  &r->formulas[p - r->plan->pieces]};
    for (int i = 0; i < t.n; i++) {
        const char *reason = r->given[i] ? no_effect(r->plan, p, steps_left(r, p), i) : NULL;
        char text[TW_SPEC_MAX];
        if (!reason) continue;
        if (!tw__option_write(&t, i, p->h[i], text, sizeof text)) *text = 0;
        return tw__fail(err, TW_ERR_SPEC, "%s = %.60s has no effect: %s", t.options[i].name, text, reason);
    }
    return TW_OK;
}

/* Length and scale, once it is known whether another piece follows. */
static tw_status place(tw__piece *p, struct reader *r, uint64_t steps, int is_last, tw_error *err)
{
    int option = p->kind->length_option;
    p->first = r->first;
    if (r->total && r->first >= r->total)
        return tw__fail(
            err, TW_ERR_SPEC,
            "\"%s\" begins after step %llu, and the run has %llu: it has no effect (a share of the run is written \"/5%%\")",
            p->kind->name, (unsigned long long)r->first, (unsigned long long)r->total);
    p->length = is_last ? 0 : steps;
    p->scale = option >= 0 && p->h[option] > 0 ? (uint64_t)p->h[option] : steps;
    if (!is_last && !steps)
        return tw__fail(err, TW_ERR_SPEC,
                        "\"%s\" is followed by another piece and needs its number of steps, as in \"%s/500\"",
                        p->kind->name, p->kind->name);
    if (is_last) TW_TRY(check_steps(r->plan, p, steps, err));
    if (is_last && option >= 0 && p->scale == 0 && !no_effect(r->plan, p, 0, option)) {
        if (r->total == 0)
            return tw__fail(
                err, TW_ERR_SPEC,
                "schedule \"%s\" ends with the run, whose length is not known here; give it, as in \"%s/1000\"",
                p->kind->name, p->kind->name);
        p->scale = r->total > r->first ? r->total - r->first : 1;
        r->plan->uses_total = 1;
    }
    r->first += steps;
    if (r->first > TW__STEPS_MAX)
        return tw__fail(err, TW_ERR_SPEC, "schedule \"%.*s\" has too many steps", TW__SHOW(r->whole));
    TW_TRY(check_given(r, p, err));
    return check_together(r, p, err);
}

static tw_status read_piece(struct reader *r, tw__text text, tw__text rest, tw_error *err)
{
    uint64_t steps;
    tw__text source;
    if (r->plan->n == TW__PIECES)
        return tw__fail(err, TW_ERR_SPEC, "schedule \"%.*s\" has more than %d pieces", TW__SHOW(r->whole),
                        (int)TW__PIECES);
    if (r->plan->n) TW_TRY(write(r, ";", err));
    TW_TRY(read_key(r, &text, r->plan->n == 0, err));
    TW_TRY(read_steps(r, &text, &source, &steps, err));
    tw__piece *p = &r->plan->pieces[r->plan->n];
    p->key = r->key;
    TW_TRY(read_spec(p, text, r, err));
    if (steps) {
        char number[TW_VALUE_MAX];
        if (source.at[source.n - 1] == '%') snprintf(number, sizeof number, "/%.*s", TW__SHOW(source));
        else snprintf(number, sizeof number, "/%llu", (unsigned long long)steps);
        TW_TRY(write(r, number, err));
    }
    size_t n = rest.at ? strcspn(rest.at, "=:@/;") : 0;
    int is_last = !rest.at || rest.at[n] == '=';
    r->plan->n++;
    return place(p, r, steps, is_last, err);
}

static tw_status read_plan(struct reader *r, tw__plan *out, const char *schedule, const tw_chain *chain,
                           uint64_t total, tw_error *err)
{
    memset(out, 0, sizeof *out);
    out->lists.n = 1;
    if (total > TW__STEPS_MAX)
        return tw__fail(err, TW_ERR_SPEC, "a run of %llu steps is longer than 2^53",
                        (unsigned long long)total);
    tw__text whole = tw__text_of(schedule ? schedule : "constant"), rest = whole;
    *r = (struct reader){.plan = out, .chain = chain, .whole = whole, .total = total};
    while (rest.at) {
        tw__text piece = tw__text_cut(&rest, ';');
        TW_TRY(read_piece(r, piece, rest, err));
    }
    return TW_OK;
}

tw_status tw__plan_read(tw__plan *out, const char *schedule, const tw_chain *chain, uint64_t total,
                        tw_error *err)
{
    struct reader r;
    return read_plan(&r, out, schedule, chain, total, err);
}

int tw__plan_has(const tw__plan *plan, int key)
{
    for (int i = 0; i < plan->n; i++)
        if (plan->pieces[i].key == key) return 1;
    return 0;
}

void tw__plan_values(const tw__plan *plan, int key, int n, const double *base, uint64_t done, double *h)
{
    for (int i = 0; i < n; i++) h[i] = base[i];
    for (int i = plan->n; i-- > 0;) { /* the first that counts, as the last word */
        const tw__piece *p = &plan->pieces[i];
        const int k = p->key - key;
        if (k < 0 || k >= n || done < p->first || (p->length && done - p->first >= p->length)) continue;
        tw_formula formula;
        tw_instant now = instant(plan, p, &formula);
        now.s = done - p->first;
        now.length = p->scale;
        now.base = base[k];
        h[k] = p->kind->rate(&now);
    }
}

/* After `done` steps and the n - 1 that follow; key NULL: the first that the schedule names. */
static tw_status read_values(const char *schedule, const char *key, double base, uint64_t done,
                             uint64_t total, size_t n, double *values, tw_error *err)
{
    TW_NEEDS(err, values);
    tw__plan plan;
    struct reader r;
    int k = 0;
    TW_TRY(read_plan(&r, &plan, schedule, NULL, total, err));
    while (key && k < r.n_names && !tw__text_is(r.names[k], key)) k++;
    if (k == r.n_names)
        return tw__fail(err, TW_ERR_SPEC, "schedule \"%.*s\" has nothing for %.60s", TW__SHOW(r.whole), key);
    tw__fp_mode mode = tw__fp_enter();
    for (size_t i = 0; i < n; i++) tw__plan_values(&plan, k, 1, &base, done + i, &values[i]);
    tw__fp_leave(mode);
    return TW_OK;
}

tw_status tw_schedule_value(const char *schedule, double base, uint64_t done, uint64_t total, double *value,
                            tw_error *err)
{
    if (done > TW__STEPS_MAX)
        return tw__fail(err, TW_ERR_SPEC, "step %llu is beyond 2^53", (unsigned long long)done);
    return read_values(schedule, NULL, base, done, total, 1, value, err);
}

tw_status tw_schedule_values(const char *schedule, const char *key, double base, uint64_t total, size_t n,
                             double *values, tw_error *err)
{
    return read_values(schedule, key, base, 0, total, n, values, err);
}

static uint64_t span_of(const tw__plan *plan, const tw__piece *p)
{
    tw_formula formula;
    const tw_instant now = instant(plan, p, &formula);
    const int option = p->kind->length_option;
    return p->kind->span ? p->kind->span(&now) : option >= 0 ? (uint64_t)p->h[option] : 0;
}

static tw_status read_piece_at(tw_piece *out, const char *schedule, size_t i, uint64_t total, tw_error *err)
{
    tw__plan plan;
    struct reader r;
    TW_TRY(read_plan(&r, &plan, schedule, NULL, total, err));
    if (i >= (size_t)plan.n) return TW_OK;
    tw__piece *p = &plan.pieces[i];
    tw__text key = r.names[p->key];
    const tw__table t = {p->kind->name,    p->kind->options, p->kind->n_options,
                         p->kind->aliases, &plan.lists,      &r.formulas[i]};
    double start[TW__PIECE_OPTIONS];
    if (key.n >= sizeof out->key)
        return tw__fail(err, TW_ERR_SPEC, "the name \"%.*s\" is too long", TW__SHOW(key));
    memcpy(out->key, key.at, key.n);
    int n = snprintf(out->spec, sizeof out->spec, "%s", t.owner), fits = 1;
    for (int k = 0; k < t.n; k++) {
        start[k] = t.options[k].initial;
        fits &= tw__option_write(&t, k, p->h[k], out->values[k], sizeof out->values[k]);
    }
    if (!fits || !tw__options_write(&t, p->h, start, out->spec + n, sizeof out->spec - (size_t)n))
        return tw__fail(err, TW_ERR_SPEC, "schedule \"%.*s\" is too long", TW__SHOW(r.whole));
    out->schedule = p->kind;
    out->first = p->first;
    out->steps = p->length;
    out->span = span_of(&plan, p);
    return TW_OK;
}

tw_status tw_schedule_piece(tw_piece *out, const char *schedule, size_t i, uint64_t total, tw_error *err)
{
    TW_NEEDS(err, out);
    memset(out, 0, sizeof *out);
    const tw_status s = read_piece_at(out, schedule, i, total, err);
    if (s != TW_OK) memset(out, 0, sizeof *out);
    return s;
}
