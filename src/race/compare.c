/* The probe on which two rules are compared.
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
            const tw_probe_place here = {t, i, a, b, a == b ? 0 : fabs(a - b) / scale[i]};
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
    tw_rule_comparison c = {.lr_drops = 1};
    tw_status s = compare(ctx, a, b, &c, err);
    if (s == TW_ERR_SPEC) { /* a rule whose lr is where a slot begins has no schedule for it */
        c = (tw_rule_comparison){.lr_drops = 0};
        s = compare(ctx, a, b, &c, err);
    }
    return s == TW_OK ? tw__sized_write(to, &c, sizeof c, "tw_rule_comparison", err) : s;
}
