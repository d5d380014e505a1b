/* thalweg explain: what a rule, a chain, a schedule, an estimator or a control does, with every hyperparameter as this spec sets it.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include "explain.h"
#include "explain_rule.h"
#include <string.h>

static const struct cli_explain initial = { .steps = 1000, .base = 1 };

static const struct cli_option options[] = {
    { "diff", 0, CLI_FLAG, offsetof(struct cli_explain, diff), NULL, 0, 0, "two rules: their equations side by side, and where their steps part" },
    { "steps", 0, CLI_NATURAL, offsetof(struct cli_explain, steps), "N", 1, 1000000, "length of the run under a schedule (1000)" },
    { "base", 0, CLI_REAL, offsetof(struct cli_explain, base), "X", 0, 0, "the hyperparameter's value without the schedule (1)" },
    CLI_JSON, CLI_END
};

static int is_transform(const char *spec)
{
    char name[40];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(spec, ":@+"), spec);
    return tw_transform_find(name) != NULL;
}

static void name_of(const char *spec, char to[40])
{
    size_t n = strcspn(spec, ":@+");
    snprintf(to, 40, "%.*s", (int)(n < 39 ? n : 39), spec);
}

/* All that can be explained. */
static const char *method_name(size_t i, const void *user)
{
    const tw_rule *r;
    const tw_schedule *s;
    const tw_estimator *e;
    const tw_control *c;
    (void)user;
    for (size_t k = 0; (r = tw_rule_at(k)) != NULL; k++) if (i-- == 0) return r->name;
    for (size_t k = 0; (r = tw_transform_at(k)) != NULL; k++) if (i-- == 0) return r->name;
    for (size_t k = 0; (s = tw_schedule_at(k)) != NULL; k++) if (i-- == 0) return s->name;
    for (size_t k = 0; (e = tw_estimator_at(k)) != NULL; k++) if (i-- == 0) return e->name;
    for (size_t k = 0; (c = tw_control_at(k)) != NULL; k++) if (i-- == 0) return c->name;
    return NULL;
}

/* A name that no list has. What does not look like one (a chain, say) is left to those who read it. */
static int is_unknown(const char *spec, const char *name)
{
    const size_t n = cli_name_length(spec);
    return n && n == strlen(name) && !strchr(spec, '+') && !tw_rule_find(name) && !is_transform(spec) && !tw_estimator_find(name) && !tw_control_find(name);
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    static const char *const of_schedules[] = { "steps", "base" };
    const struct cli_explain *v = call->values;
    const char *spec = call->word[0];
    char name[40];
    name_of(spec, name);
    const int estimator = tw_estimator_find(name) != NULL, control = tw_control_find(name) != NULL;
    if (v->diff && call->n != 2) return cli_fail(err, TW_ERR_SPEC, "explain --diff needs two rules");
    for (int i = 0; v->diff && i < 2; i++) {
        name_of(call->word[i], name);
        if (tw_estimator_find(name) || tw_control_find(name) || is_transform(call->word[i]))
            return cli_fail(err, TW_ERR_SPEC, "explain --diff compares rules, and %s is %s", name,
                            tw_estimator_find(name) ? "an estimator" : tw_control_find(name) ? "a control" : "a transform");
    }
    if (!v->diff && call->n != 1)
        return cli_fail(err, TW_ERR_SPEC, "explain takes one rule or schedule, or --diff and two rules (\"%.60s\")", call->word[1]);
    if (!v->diff && !estimator && !control && !is_transform(spec) && cli_is_schedule(spec)) return cli_explain_schedule(v, spec, err);
    for (size_t i = 0; i < sizeof of_schedules / sizeof of_schedules[0]; i++)
        if (cli_given(call, of_schedules[i]))
            return cli_fail(err, TW_ERR_SPEC, "--%s has a meaning for schedules only, and this is %s", of_schedules[i],
                            estimator ? "an estimator" : control ? "a control" : "a rule");
    if (!v->diff && is_unknown(spec, name)) {
        const char *near = tw_suggest(name, method_name, NULL);
        if (near) return cli_fail(err, TW_ERR_SPEC, "unknown name \"%s\" (did you mean \"%s\"?)", name, near);
        return cli_fail(err, TW_ERR_SPEC, "unknown name \"%s\": thalweg rules, transforms, schedules, estimators and controls list what there is", name);
    }
    if (!v->diff && estimator) return cli_explain_estimator(&v->common, spec, err);
    if (!v->diff && control) return cli_explain_control(&v->common, spec, err);
    return v->diff ? cli_explain_diff(&v->common, spec, call->word[1], err) : cli_explain_rule(&v->common, spec, err);
}

const struct cli_command cli_command_explain = {
    .name = "explain", .usage = "SPEC [--steps N] [--base X] [--json] | --diff SPEC SPEC [--json]",
    .help = "equation, hyperparameters and memory of a rule, schedule, estimator or control",
    .examples = "thalweg explain adam\nthalweg explain sgd@torch:momentum=0.9\nthalweg explain --diff momentum momentum@torch\n"
                "thalweg explain \"warmup/100;cosine\" --steps 2000\nthalweg explain svrg",
    .least = 1, .most = 2, .options = options, .size = sizeof(struct cli_explain), .initial = &initial, .run = run,
};
