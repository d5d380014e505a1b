/* How two rules differ: lines, options, and their steps on a probe.
 * SPDX-License-Identifier: MIT */
#include <thalweg/compare.h>
#include "base/sized.h"
#include <math.h>
#include <string.h>
#include <thalweg/optimizer.h>

enum { N = TW_PROBE_COORDINATES };
static const char *const coordinates[N] = {"ordinary", "tiny", "large", "alternating",
                                           "constant", "zero", "rare",  "jump"};

const char *tw_probe_coordinate(int i) { return i >= 0 && i < N ? coordinates[i] : NULL; }

/* In (-1, 1), without a pattern. */
static double irregular(int t, int i)
{
    uint32_t x = (uint32_t)(t * N + i) * 2654435769u;
    x = (x ^ x >> 15) * 2246822519u;
    x = (x ^ x >> 13) * 3266489917u;
    return (double)(int32_t)(x ^ x >> 16) * 0x1p-31;
}

static void gradient(int t, double g[N])
{
    const double of[N] =
        {irregular(t, 0),  1e-9 * irregular(t, 1),      1e4 * irregular(t, 2), t % 2 ? 0.5 : -0.5, 0.3, 0,
         t % 10 ? 0 : 0.4, t < TW_PROBE_DROP ? 0.1 : 10};
    memcpy(g, of, sizeof of);
}

struct side {
    tw_optimizer *opt;
    double w[N], shown[N];
};

static tw_status make(struct side *s, tw_context *ctx, const char *rule, int drops, tw_error *err)
{
    static const int64_t shape[] = {2, N / 2};
    static const tw_tensor tensor = {"probe", 2, shape, 0, 0};
    for (int i = 0; i < N; i++) s->w[i] = 0.5;
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    o.rule = rule;
    o.schedule = drops ? "constant/50;constant:factor=0.1" : NULL;
    o.total_steps = TW_PROBE_STEPS;
    o.seed = 1;
    o.type = TW_F64;
    o.tensors = &tensor;
    o.n_tensors = 1;
    return tw_optimizer_create(&s->opt, ctx, &o, err);
}

static tw_status step(struct side *s, const double *g, tw_error *err)
{
    TW_TRY(tw_step_f64(s->opt, s->w, g, err));
    return tw_view_f64(s->opt, s->w, s->shown, err);
}

static double larger(double x, double y) { return fabs(y) > x ? fabs(y) : x; }

static tw_status run(struct side side[2], tw_rule_comparison *c, tw_error *err)
{
    double g[N], scale[N] = {0};
    for (int t = 1; t <= TW_PROBE_STEPS; t++) {
        gradient(t, g);
        TW_TRY(step(&side[0], g, err));
        TW_TRY(step(&side[1], g, err));
        for (int i = 0; i < N; i++) {
            const double a = side[0].shown[i], b = side[1].shown[i];
            scale[i] = larger(larger(scale[i], a), b);
            const tw_probe_difference here = {t, i, a, b, a == b ? 0 : fabs(a - b) / scale[i]};
            if (!(here.relative <= TW_PROBE_ROUNDING) && !c->first.step) c->first = here;
            if (!(here.relative <= TW_PROBE_ROUNDING) && !(here.relative <= c->furthest.relative))
                c->furthest = here;
        }
    }
    return TW_OK;
}

static tw_status compare(tw_context *ctx, const char *a, const char *b, tw_rule_comparison *c, tw_error *err)
{
    struct side side[2] = {{.opt = NULL}};
    tw_status s = make(&side[0], ctx, a, c->lr_drops, err);
    if (s == TW_OK) s = make(&side[1], ctx, b, c->lr_drops, err);
    if (s == TW_OK) s = run(side, c, err);
    tw_optimizer_free(side[0].opt);
    tw_optimizer_free(side[1].opt);
    return s;
}

tw_status tw_rules_compare(tw_context *ctx, const char *a, const char *b, tw_rule_comparison *to,
                           tw_error *err)
{
    TW_TRY(tw__sized_clear(to, "tw_rule_comparison", err));
    TW_NEEDS(err, ctx && a && b);
    tw_rule_comparison c = {.lr_drops = 1};
    tw_status s = compare(ctx, a, b, &c, err);
    if (s == TW_ERR_SPEC) { /* a rule whose lr is where a slot begins has no schedule for it */
        c = (tw_rule_comparison){.lr_drops = 0};
        s = compare(ctx, a, b, &c, err);
    }
    return s == TW_OK ? tw__sized_write(to, &c, sizeof c, "tw_rule_comparison", err) : s;
}

/* ---- equations ----------------------------------------------------------------------------------------- */

static int cut(char *text, const char *lines[TW_LINES_MAX])
{
    int n = 0;
    while (*text && n < TW_LINES_MAX) {
        lines[n++] = text;
        text += strcspn(text, "\n");
        if (*text) *text++ = 0;
    }
    return n;
}

int tw_pair_lines(char *text_a, char *text_b, tw_line_pair to[TW_LINE_PAIRS_MAX])
{
    const char *a[TW_LINES_MAX], *b[TW_LINES_MAX];
    const int n_a = cut(text_a, a), n_b = cut(text_b, b);
    int common[TW_LINES_MAX + 1][TW_LINES_MAX + 1] = {{0}}, n = 0, i = 0, j = 0;
    for (i = n_a - 1; i >= 0; i--)
        for (j = n_b - 1; j >= 0; j--) {
            int skip = common[i + 1][j] > common[i][j + 1] ? common[i + 1][j] : common[i][j + 1];
            common[i][j] = strcmp(a[i], b[j]) == 0 ? 1 + common[i + 1][j + 1] : skip;
        }
    for (i = j = 0; i < n_a || j < n_b; n++) {
        if (i < n_a && j < n_b && strcmp(a[i], b[j]) == 0) {
            to[n] = (tw_line_pair){a[i++], b[j++]};
            continue;
        }
        int take_a = i < n_a && (j == n_b || common[i + 1][j] == common[i][j]),
            take_b = j < n_b && (i == n_a || common[i][j + 1] == common[i][j]);
        if (take_a && take_b && i < n_a && j < n_b && common[i + 1][j + 1] != common[i][j]) take_b = 0;
        to[n] = (tw_line_pair){take_a ? a[i++] : NULL, take_b ? b[j++] : NULL};
    }
    return n;
}

/* ---- options ------------------------------------------------------------------------------------------- */

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

static int differs(const tw_choice *a, const tw_choice *b, const char *name, tw_option_pair *p)
{
    char text_a[TW_VALUE_MAX], text_b[TW_VALUE_MAX];
    *p = (tw_option_pair){.name = name};
    p->a = option_of(a, name, &p->value_a);
    p->b = option_of(b, name, &p->value_b);
    if (!p->a) return has_effect(b, p->b);
    if (!p->b) return has_effect(a, p->a);
    return strcmp(tw_option_text(p->a, p->value_a, text_a), tw_option_text(p->b, p->value_b, text_b)) != 0;
}

int tw_pair_options(const tw_choice *a, const tw_choice *b, tw_option_pair to[TW_OPTION_PAIRS_MAX])
{
    int n = 0;
    double ignored;
    for (int i = 0; i < a->rule->n_options; i++) n += differs(a, b, a->rule->options[i].name, &to[n]);
    for (int i = 0; i < b->rule->n_options; i++) {
        const char *name = b->rule->options[i].name;
        if (!option_of(a, name, &ignored)) n += differs(a, b, name, &to[n]);
    }
    return n;
}
