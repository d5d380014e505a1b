/* thalweg explain: what a rule, a chain, a schedule, an estimator, a control, a solver or a surface does,
 * with every hyperparameter as this spec sets it; what a layer computes, how an augmentation changes images,
 * what a model is made of, and what an exchange is.
 * SPDX-License-Identifier: MIT */
#include "explain.h"
#include <thalweg/augment.h>
#include <thalweg/control.h>
#include <thalweg/estimator.h>
#include <thalweg/solver.h>
#include <thalweg/surface.h>
#include <thalweg/train.h>
#include <string.h>

static const struct cli_explain initial = {.base = 1};

static const struct cli_option options[] = {
    {"diff", 0, CLI_FLAG, offsetof(struct cli_explain, diff), NULL, 0, 0,
     "two rules: their equations side by side, and where their steps part"},
    {"steps", 0, CLI_NATURAL, offsetof(struct cli_explain, steps), "N", 1, 1000000,
     "length of the run under a schedule (two cycles where it has some, all of its drops or its own length; else 1000)"},
    {"base", 0, CLI_REAL, offsetof(struct cli_explain, base), "X", 0, 0,
     "the hyperparameter's value without the schedule (1)"},
    CLI_JSON,
    CLI_END};

/* All that can be explained. */
static const char *method_name(size_t i, const void *user)
{
    const tw_rule *r;
    const tw_schedule *s;
    const tw_estimator *e;
    const tw_control *c;
    const tw_solver *v;
    const tw_augmentation *a;
    const tw_surface_kind *f;
    const char *name, *text, *help;
    (void)user;
    for (size_t k = 0; (r = tw_rule_at(k)) != NULL; k++)
        if (i-- == 0) return r->name;
    for (size_t k = 0; (r = tw_transform_at(k)) != NULL; k++)
        if (i-- == 0) return r->name;
    for (size_t k = 0; (s = tw_schedule_at(k)) != NULL; k++)
        if (i-- == 0) return s->name;
    for (size_t k = 0; (e = tw_estimator_at(k)) != NULL; k++)
        if (i-- == 0) return e->name;
    for (size_t k = 0; (c = tw_control_at(k)) != NULL; k++)
        if (i-- == 0) return c->name;
    for (size_t k = 0; (v = tw_solver_at(k)) != NULL; k++)
        if (i-- == 0) return v->name;
    for (size_t k = 0; (a = tw_augmentation_at(k)) != NULL; k++)
        if (i-- == 0) return a->name;
    for (size_t k = 0; (f = tw_surface_kind_at(k)) != NULL; k++)
        if (i-- == 0) return f->name;
    for (size_t k = 0; (name = tw_layer_type(k, &text, &help)) != NULL; k++)
        if (i-- == 0) return name;
    for (size_t k = 0; (name = tw_model_name(k, &text)) != NULL; k++)
        if (i-- == 0) return name;
    for (size_t k = 0; (name = tw_exchange_name(k, &text)) != NULL; k++)
        if (i-- == 0) return name;
    return cli_metric_at(i, NULL);
}

enum kind {
    RULE,
    TRANSFORM,
    SCHEDULE,
    ESTIMATOR,
    CONTROL,
    SOLVER,
    SURFACE,
    LAYER,
    AUGMENTATION,
    MODEL,
    EXCHANGE,
    METRIC,
    UNKNOWN
};
static const char *const kind_words[] = {"a rule",          "a transform", "a schedule",  "an estimator",
                                         "a control",       "a solver",    "a surface",   "a layer",
                                         "an augmentation", "a model",     "an exchange", "a metric"};

/* The first name of a spec, or of a layer with its sizes. */
static void name_of(const char *spec, char to[40])
{
    size_t n = strcspn(spec, ":@+ ");
    snprintf(to, 40, "%.*s", (int)(n < 39 ? n : 39), spec);
}

static int is_surface(const char *name)
{
    const tw_surface_kind *k;
    for (size_t i = 0; (k = tw_surface_kind_at(i)) != NULL; i++)
        if (strcmp(k->name, name) == 0) return 1;
    return 0;
}

/* expr is a schedule, of t, and a surface, of x and y: what does not read as the one may be the other. */
static int is_own_surface(const char *spec, const char *name)
{
    tw_piece piece;
    tw_context *ctx;
    tw_surface *surface = NULL;
    tw_error why;
    if (strcmp(name, "expr") != 0 || tw_schedule_piece(&piece, spec, 0, 1000, &why) == TW_OK) return 0;
    if (tw_context_create(&ctx, NULL, &why) != TW_OK) return 0;
    const int is_one = tw_surface_create(&surface, ctx, spec, TW_F64, &why) == TW_OK;
    tw_surface_free(surface);
    tw_context_free(ctx);
    return is_one;
}

/* A chain is what its first link is. UNKNOWN is a name that no list has; what does not look like a name is
 * left to those who read rules. */
static enum kind kind_of(const char *spec)
{
    char name[40];
    name_of(spec, name);
    if (tw_rule_find(name)) return RULE;
    if (tw_transform_find(name)) return TRANSFORM;
    if (tw_estimator_find(name)) return ESTIMATOR;
    if (tw_control_find(name)) return CONTROL;
    if (tw_solver_find(name)) return SOLVER;
    if (is_surface(name) || is_own_surface(spec, name)) return SURFACE;
    if (tw_schedule_find(name)) return SCHEDULE;
    if (cli_is_layer(name)) return LAYER;
    if (tw_augmentation_find(name)) return AUGMENTATION;
    if (cli_is_model(name)) return MODEL;
    if (cli_is_exchange(name)) return EXCHANGE;
    if (cli_is_metric(name)) return METRIC;
    const size_t n = cli_name_length(spec);
    if (n && !spec[n] && n == strlen(name)) return UNKNOWN;
    if (cli_is_schedule(spec)) return SCHEDULE;
    return n && n == strlen(name) && !strchr(spec, '+') ? UNKNOWN : RULE;
}

static tw_status unknown(const char *spec, tw_error *err)
{
    char name[40];
    name_of(spec, name);
    return cli_unknown(
        err, TW_ERR_SPEC, "unknown name", name, tw_suggest(name, method_name, NULL),
        ": thalweg rules, transforms, schedules, estimators, controls, solvers, surfaces, layers, augmentations, models, exchanges and metrics list what there is");
}

static tw_status diff(const struct cli_call *call, tw_error *err)
{
    const struct cli_explain *v = call->values;
    if (call->n != 2) return cli_fail(err, TW_ERR_SPEC, "explain --diff needs two rules");
    for (int i = 0; i < 2; i++) {
        const enum kind kind = kind_of(call->word[i]);
        char name[40];
        name_of(call->word[i], name);
        if (kind != RULE && kind != UNKNOWN)
            return cli_fail(err, TW_ERR_SPEC, "explain --diff compares rules, and %s is %s", name,
                            kind_words[kind]);
    }
    return cli_explain_diff(&v->common, call->word[0], call->word[1], err);
}

static tw_status explain(const struct cli_explain *v, enum kind kind, const char *spec, tw_error *err)
{
    char name[40];
    name_of(spec, name);
    switch (kind) {
    case SCHEDULE: return cli_explain_schedule(v, spec, err);
    case ESTIMATOR: return cli_explain_estimator(&v->common, spec, err);
    case CONTROL: return cli_explain_control(&v->common, spec, err);
    case SOLVER: return cli_explain_solver(&v->common, spec, err);
    case SURFACE: return cli_explain_surface(&v->common, spec, err);
    case AUGMENTATION: return cli_explain_augmentation(&v->common, spec, err);
    case LAYER: return cli_explain_layer(&v->common, name, err);
    case MODEL: return cli_explain_model(&v->common, spec, err);
    case EXCHANGE: return cli_explain_exchange(&v->common, spec, err);
    case METRIC: return cli_explain_metric(&v->common, name, err);
    case UNKNOWN: return unknown(spec, err);
    default: return cli_explain_rule(&v->common, spec, err);
    }
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    static const char *const of_schedules[] = {"steps", "base"};
    const struct cli_explain *v = call->values;
    const char *spec = call->word[0];
    const enum kind kind = v->diff ? RULE : kind_of(spec);
    if (!v->diff && call->n != 1)
        return cli_fail(err, TW_ERR_SPEC,
                        "explain takes one name or spec, or --diff and two rules (\"%.60s\")", call->word[1]);
    for (size_t i = 0;
         kind != SCHEDULE && kind != UNKNOWN && i < sizeof of_schedules / sizeof of_schedules[0]; i++)
        if (cli_given(call, of_schedules[i]))
            return cli_fail(err, TW_ERR_SPEC, "--%s is for schedules only, and this is %s", of_schedules[i],
                            kind_words[kind]);
    if (v->diff) return diff(call, err);
    CLI_TRY(explain(v, kind, spec, err));
    if (kind == MODEL || v->common.json || !cli_is_model(spec)) return TW_OK;
    putchar('\n'); /* softmax is a layer and a model, linear a schedule and one */
    return cli_explain_model(&v->common, spec, err);
}

const struct cli_command cli_command_explain = {
    .name = "explain",
    .usage = "SPEC [--steps N] [--base X] [--json] | --diff SPEC SPEC [--json]",
    .help =
        "equation, hyperparameters and memory of a rule, transform, schedule, estimator, control or solver; what a surface, layer, model, exchange or metric is",
    .examples =
        "thalweg explain adam\nthalweg explain sgd@torch:momentum=0.9\nthalweg explain --diff momentum momentum@torch\n"
        "thalweg explain \"warmup/100;cosine\" --steps 2000\nthalweg explain svrg\nthalweg explain relu",
    .least = 1,
    .most = 2,
    .options = options,
    .size = sizeof(struct cli_explain),
    .initial = &initial,
    .run = run,
};
