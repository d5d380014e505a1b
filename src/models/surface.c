/* Surfaces: a spec becomes a formula of x and y, which is evaluated together with its gradient.
 * SPDX-License-Identifier: MIT */
#include <thalweg/surface.h>
#include <stdio.h>
#include <string.h>
#include "base/context.h"
#include "base/cpu.h"
#include "base/options.h"
#include "math/normal.h"
#include "models/formula_gradient.h"
#include "models/surfaces.h"

enum {
    N_KINDS = sizeof kinds / sizeof kinds[0],
    TERMS = TW_SPEC_MAX /* each takes at least one character */
};

struct tw_surface {
    tw_context *ctx;
    tw_type type;
    const tw_surface_kind *kind;
    double start[2], low[2], high[2], noise;
    char spec[TW_SPEC_MAX], formula[TW_SPEC_MAX];
    tw_formula program;
    tw__term terms[TERMS];
};

/* A custom formula is a kind whose formula is an option. */
static const tw_option expr_options[] = {
    {"formula", TW_FORMULA, "x y", 0, 0, 0, TW_CLOSED, "in quotes"},
    {"low", TW_REAL, NULL, -5, -1e30, 1e30, TW_CLOSED, "least x and y that a picture shows"},
    {"high", TW_REAL, NULL, 5, -1e30, 1e30, TW_CLOSED, "greatest x and y that a picture shows"},
};
enum { FORMULA, LOW, HIGH, N_EXPR };
static const tw_surface_kind expr = {.name = "expr",
                                     .n_options = N_EXPR,
                                     .options = expr_options,
                                     .start = {1, 1}};

/* Behind a kind's own options. */
static const tw_option common_options[] = {
    {"x", TW_REAL, NULL, 0, -1e30, 1e30, TW_CLOSED, "where to start"},
    {"y", TW_REAL, NULL, 0, -1e30, 1e30, TW_CLOSED, "where to start"},
    {"noise", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX,
     "s in f + s (a x + b y), a and b standard normal in every draw"},
};
enum { X, Y, NOISE, N_COMMON, OWN_MAX = 4, OPTIONS_MAX = OWN_MAX + N_COMMON };

const tw_surface_kind *tw_surface_kind_at(size_t i) { return i < N_KINDS ? &kinds[i] : NULL; }

/* ---- Reading ---- */

struct reader {
    tw_surface *surface;
    /* the kind's own, then the common ones */
    tw_option options[OPTIONS_MAX];
    tw__table table;
    double values[OPTIONS_MAX], initial[OPTIONS_MAX];
    tw__text formula; /* of expr */
};

static const char *kind_name(size_t i, const void *user)
{
    (void)user;
    return i < N_KINDS ? kinds[i].name : NULL;
}

static tw_status find_kind(const tw__spec *spec, const tw_surface_kind **out, tw_error *err)
{
    const int i = tw__name_find(spec->name, kind_name, NULL);
    *out = i >= 0 ? &kinds[i] : &expr;
    if (i < 0 && !tw__text_is(spec->name, expr.name))
        return tw__name_unknown("unknown surface", spec->name, kind_name, NULL, err);
    return spec->dialect.n ? tw__fail(err, TW_ERR_SPEC, "surface \"%s\" has no dialects", (*out)->name)
                           : TW_OK;
}

static void lay_table(struct reader *r)
{
    const tw_surface_kind *k = r->surface->kind;
    for (int i = 0; i < k->n_options; i++) r->options[i] = k->options[i];
    memcpy(r->options + k->n_options, common_options, sizeof common_options);
    for (int i = 0; i < 2; i++) r->options[k->n_options + X + i].initial = k->start[i];
    r->table = (tw__table){.owner = k->name,
                           .options = r->options,
                           .n = k->n_options + N_COMMON,
                           .quoted = &r->formula};
    for (int i = 0; i < r->table.n; i++) r->values[i] = r->initial[i] = r->options[i].initial;
}

static tw_status read_items(struct reader *r, const tw__spec *spec, tw_error *err)
{
    unsigned char given[OPTIONS_MAX] = {0};
    for (int i = 0; i < spec->n; i++)
        TW_TRY(tw__option_read(&r->table, &spec->items[i], r->values, given, err));
    if (r->surface->kind != &expr) return TW_OK;
    if (!(r->values[LOW] < r->values[HIGH]))
        return tw__fail(err, TW_ERR_SPEC, "low = %g is not below high = %g", r->values[LOW], r->values[HIGH]);
    return TW_OK;
}

static size_t word_length(const char *at)
{
    size_t n = 0;
    while ((at[n] >= 'a' && at[n] <= 'z') || (n && at[n] == '_')) n++;
    return n;
}

/* The formula with numbers in place of the kind's own options. */
static tw_status fill_in(const struct reader *r, const char *formula, char to[TW_SPEC_MAX], tw_error *err)
{
    const tw_surface_kind *kind = r->surface->kind;
    size_t used = 0, n;
    for (const char *at = formula; *at && used < TW_SPEC_MAX; at += n) {
        char number[TW_VALUE_MAX];
        n = word_length(at);
        const int i = n ? tw__option_find(&r->table, (tw__text){at, n}) : -1;
        if (n == 0) n = 1;
        if (i < 0 || i >= kind->n_options)
            used += (size_t)snprintf(to + used, TW_SPEC_MAX - used, "%.*s", (int)n, at);
        else
            used += (size_t)snprintf(to + used, TW_SPEC_MAX - used, r->values[i] < 0 ? "(%s)" : "%s",
                                     tw__number_text(r->values[i], number));
    }
    return used < TW_SPEC_MAX ? TW_OK
                              : tw__fail(err, TW_ERR_SPEC, "the formula of %s is longer than %d characters",
                                         kind->name, TW_SPEC_MAX - 1);
}

static tw_status read_formula(struct reader *r, tw_error *err)
{
    tw_surface *s = r->surface;
    if (s->kind->formula) TW_TRY(fill_in(r, s->kind->formula, s->formula, err));
    else snprintf(s->formula, sizeof s->formula, "%.*s", (int)r->formula.n, r->formula.at);
    s->program.terms = s->terms;
    return tw__formula_read(s->terms, TERMS, &s->program.n, tw__text_of(s->formula), "x y", err);
}

/* The kind's window, widened to hold the start with a tenth of its width beyond. */
static void set_window(tw_surface *s, const double *values)
{
    for (int k = 0; k < 2; k++) {
        s->low[k] = s->kind == &expr ? values[LOW] : s->kind->low[k];
        s->high[k] = s->kind == &expr ? values[HIGH] : s->kind->high[k];
        const double beyond = (s->high[k] - s->low[k]) / 10;
        if (s->start[k] < s->low[k]) s->low[k] = s->start[k] - beyond;
        if (s->start[k] > s->high[k]) s->high[k] = s->start[k] + beyond;
    }
}

/* A shell takes the quotes away that are not in quotes themselves. */
static tw_status check_quotes(const char *text, tw_error *err)
{
    const size_t n = strcspn(text, ":");
    if (!tw__text_is((tw__text){text, n}, expr.name) || strchr(text, '"')) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "expr needs a formula in quotes, as in expr:\"x^2/20 + y^2\"; a shell wants others around: 'expr:\"x^2/20 + y^2\"'");
}

/* A formula alone is no name of a surface. */
static tw_status check_formula(struct reader *r, const char *text, tw_error *err)
{
    int n;
    tw_error why;
    if (tw__formula_read(r->surface->terms, TERMS, &n, tw__text_of(text), "x y", &why) != TW_OK) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "surface \"%.60s\": a formula is written expr:\"%.60s\", in a shell 'expr:\"%.60s\"'",
                    text, text, text);
}

static tw_status read_surface(struct reader *r, const char *text, tw_error *err)
{
    tw_surface *s = r->surface;
    tw__spec spec;
    if (strlen(text) >= TW_SPEC_MAX)
        return tw__fail(err, TW_ERR_SPEC, "the surface \"%.60s...\" is longer than %d characters", text,
                        TW_SPEC_MAX - 1);
    TW_TRY(check_quotes(text, err));
    TW_TRY(check_formula(r, text, err));
    TW_TRY(tw__spec_parse(&spec, tw__text_of(text), err));
    TW_TRY(find_kind(&spec, &s->kind, err));
    lay_table(r);
    TW_TRY(read_items(r, &spec, err));
    TW_TRY(read_formula(r, err));
    const double *common = r->values + s->kind->n_options;
    s->start[0] = common[X];
    s->start[1] = common[Y];
    s->noise = common[NOISE];
    set_window(s, r->values);
    const int n = snprintf(s->spec, sizeof s->spec, "%s", s->kind->name);
    if (!tw__options_write(&r->table, r->values, r->initial, s->spec + n, sizeof s->spec - (size_t)n))
        return tw__fail(err, TW_ERR_SPEC, "the surface \"%.60s...\" is longer than %d characters", text,
                        TW_SPEC_MAX - 1);
    return TW_OK;
}

/* ---- Public ---- */

tw_status tw_surface_create(tw_surface **out, tw_context *ctx, const char *spec, tw_type type, tw_error *err)
{
    TW_MAKES(err, out, ctx && spec);
    tw_surface *s;
    if (type != TW_F32 && type != TW_F64)
        return tw__fail(err, TW_ERR_SPEC, "a surface's point is of type f32 or f64, not %s",
                        tw_type_name(type));
    TW_TRY(tw__alloc(ctx, &s, 1, sizeof *s, err));
    s->ctx = ctx;
    s->type = type;
    struct reader r = {.surface = s};
    const tw_status status = read_surface(&r, spec, err);
    if (status == TW_OK) *out = s;
    else tw_surface_free(s);
    return status;
}

void tw_surface_free(tw_surface *s)
{
    if (s) tw__free(s->ctx, s, 1, sizeof *s);
}

const char *tw_surface_spec(const tw_surface *s) { return s->spec; }
const char *tw_surface_formula(const tw_surface *s) { return s->formula; }
const tw_surface_kind *tw_surface_kind_of(const tw_surface *s) { return s->kind == &expr ? NULL : s->kind; }
void tw_surface_start(const tw_surface *s, double point[2]) { memcpy(point, s->start, sizeof s->start); }

void tw_surface_window(const tw_surface *s, double low[2], double high[2])
{
    memcpy(low, s->low, sizeof s->low);
    memcpy(high, s->high, sizeof s->high);
}

double tw_surface_value(const tw_surface *s, const double point[2], double gradient[2])
{
    double unused[2];
    const tw__fp_mode mode = tw__fp_enter();
    const double value = tw__formula_gradient(&s->program, point, gradient ? gradient : unused);
    tw__fp_leave(mode);
    return value;
}

/* ---- As an objective ---- */

/* Adds noise (a x + b y): numbers 2n and 2n + 1 of the surface's stream for draw n. */
static void add_noise(const tw_surface *s, const tw_draw *draw, const double point[2], double *value,
                      double gradient[2])
{
    for (int k = 0; k < 2; k++) {
        const double slope =
            s->noise * tw__random_normal(draw->seed, TW__FOR_SURFACE, 0, 2 * draw->number + (uint64_t)k);
        *value += slope * point[k];
        gradient[k] += slope;
    }
}

static int evaluate(const tw_surface *s, int with_noise, const tw_eval *e)
{
    double point[2], g[2];
    const tw__fp_mode mode = tw__fp_enter();
    for (int k = 0; k < 2; k++)
        point[k] = s->type == TW_F32 ? (double)((const float *)e->w)[k] : ((const double *)e->w)[k];
    double value = tw__formula_gradient(&s->program, point, g);
    if (with_noise && s->noise > 0) add_noise(s, e->draw, point, &value, g);
    *e->sums = (tw_sums){.loss = value, .weight = 1};
    for (int k = 0; k < 2 && (e->want & TW_WANT_GRADIENT); k++) {
        if (s->type == TW_F32) ((float *)e->gradient)[k] = (float)g[k];
        else ((double *)e->gradient)[k] = g[k];
    }
    tw__fp_leave(mode);
    return 0;
}

static int eval_noisy(void *user, const tw_eval *e) { return evaluate(user, 1, e); }

static int eval_exact(void *user, const tw_eval *e) { return evaluate(user, 0, e); }

tw_status tw_surface_objective(const tw_surface *s, int with_noise, tw_objective *out, tw_error *err)
{
    static const int64_t shape[] = {2};
    static const tw_tensor point = {.name = "point", .rank = 1, .shape = shape};
    TW_TRY(tw__sized_clear(out, "tw_objective", err));
    TW_NEEDS(err, s);
    const tw_objective all = {.type = s->type,
                              .tensors = &point,
                              .n_tensors = 1,
                              .lanes = 1,
                              .user = (void *)(uintptr_t)s,
                              .eval = with_noise ? eval_noisy : eval_exact};
    return tw__sized_write(out, &all, sizeof all, "tw_objective", err);
}
