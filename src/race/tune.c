/* --tune N: every optimiser is tried with N learning rates before it is raced with the best of them.
 *
 * The k-th rate lies at the k-th point of van der Corput's sequence (1/2, 1/4, 3/4, 1/8, ...) between the
 * logarithms of the range's ends: evenly for any N, the first N of N + 1, the same points for all. Rates have
 * three digits. What is compared is the loss in the end, on validation rows where there are some; with a
 * target the trial that reached it with the fewest gradients comes before.
 * SPDX-License-Identifier: MIT */
#include "base/cpu.h"
#include "base/options.h"
#include "estimators/estimator.h"
#include "math/elementary.h"
#include "race/run.h"
#include "race/strbuf.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The ranges that optimisers were tuned in when they were compared: [1] Schmidt, Schneider & Hennig 2021,
 * "Descending through a Crowded Valley" (the rates of the runs they published); [2] Dahl et al. 2023,
 * "Benchmarking Neural Network Training Algorithms" (the search spaces in its code, paper_baselines). Where
 * the rate is a factor on a step that the rule finds by itself, around the 1 of its paper; [1] tuned adadelta
 * below that 1 alone. All others: around the rule's default, a factor of 30 down and up. */
static const struct range {
    const char *rule;
    double from, to;
} ranges[] = {
    {"sgd", 1e-4, 1},          /* 1 */
    {"momentum", 1e-4, 1},     /* 1 */
    {"nag", 1e-4, 1},          /* 1 */
    {"adagrad", 1e-4, 1},      /* 1 */
    {"rmsprop", 1e-4, 1},      /* 1 */
    {"adam", 1e-4, 1},         /* 1 */
    {"nadam", 1e-4, 1},        /* 1 */
    {"radam", 1e-4, 1},        /* 1 */
    {"adabound", 1e-4, 1},     /* 1 */
    {"adabelief", 1e-4, 1},    /* 1 */
    {"adamw", 1e-4, 1e-2},     /* 2 */
    {"lamb", 1e-4, 1e-2},      /* 2 */
    {"adafactor", 1e-4, 1e-2}, /* 2 */
    {"adadelta", 0.1, 10},     {"prodigy", 0.5, 2}, {"d-adaptation", 0.5, 2},
};
static const double around = 30;

/* ---- the range ----------------------------------------------------------------------------------------- */

static tw_status read_chain(const tw_race *race, const char *spec, tw_chain *chain, tw_error *err)
{
    tw__preset preset;
    TW_TRY(tw__preset_read(&preset, spec, race->o.job.run.estimator, NULL, err));
    const char *word = tw__preset_lr_word(preset.optimizer);
    if (word)
        return tw__fail(err, TW_ERR_SPEC,
                        "%.60s: lr = %s is found in the run and cannot be tuned (leave lr out)", spec, word);
    return tw_chain_read(chain, preset.optimizer, NULL, err);
}

/* "1e-4,1" or "1e-4:1" */
static tw_status given_range(const char *text, double *from, double *to, tw_error *err)
{
    const size_t n = strcspn(text, ",:");
    const tw__text low = {text, n}, high = tw__text_of(text[n] ? text + n + 1 : "");
    if (tw__number_read(low, from) == 1 && tw__number_read(high, to) == 1 && *from > 0 && *from < *to)
        return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "tune_range = %.60s is not LO,HI with 0 < LO < HI, as in 1e-4,1", text);
}

tw_status tw__tune_range(const tw_race *race, const char *requested, tw__entry *entry, tw_error *err)
{
    tw_chain chain;
    if (entry->is_solver)
        return tw__fail(
            err, TW_ERR_SPEC,
            "%.200s finds its steps itself and has no learning rate to tune: race it without tune",
            requested);
    tw__method parts;
    TW_TRY(tw__method_read(&parts, requested, err));
    TW_TRY(read_chain(race, parts.optimizer, &chain, err));
    const tw_choice *rule = &chain.link[chain.rule];
    int lr = tw_rule_option(rule->rule, "lr");
    if (lr < 0) return tw__fail(err, TW_ERR_SPEC, "%.200s has no learning rate to tune", requested);
    if (rule->given[lr])
        return tw__fail(
            err, TW_ERR_SPEC,
            "%.200s comes with a learning rate, while the others' are tuned: give it without, or race without tune",
            requested);
    if (race->o.tune_range) return given_range(race->o.tune_range, &entry->from, &entry->to, err);
    const tw__text name = {rule->spec, strcspn(rule->spec, "@:")}; /* adamw's rule is adam */
    entry->from = rule->values[lr] / around;
    entry->to = rule->values[lr] * around;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (!tw__text_is(name, ranges[i].rule)) continue;
        entry->from = ranges[i].from;
        entry->to = ranges[i].to;
    }
    return TW_OK;
}

static double van_der_corput(uint64_t i)
{
    double x = 0, digit = 0.5;
    for (; i; i >>= 1, digit /= 2) x += i & 1 ? digit : 0;
    return x;
}

double tw__tune_rate(const tw__entry *entry, uint64_t k)
{
    char text[TW__DECIMAL];
    double rounded;
    tw__fp_mode mode = tw__fp_enter();
    double lr = entry->from * tw__exp_f64(van_der_corput(k + 1) * tw__log_f64(entry->to / entry->from));
    tw__fp_leave(mode);
    return tw__number_read(tw__text_of(tw__decimal(text, "%.3g", lr)), &rounded) == 1 ? rounded : lr;
}

/* Puts the rate behind the items of the rule's link of the chain. */
static int put_rate(const char *spec, int link, double lr, char to[TW_SPEC_MAX])
{
    char rate[TW_VALUE_MAX];
    tw__text rest = tw__text_of(spec);
    size_t n = tw__spec_joint(rest);
    for (; link > 0; link--) {
        rest = (tw__text){rest.at + n + 1, rest.n - n - 1};
        n = tw__spec_joint(rest);
    }
    int has_items = memchr(rest.at, ':', n) != NULL, before = (int)(rest.at + n - spec);
    int wrote = snprintf(to, TW_SPEC_MAX, "%.*s%clr=%s%s", before, spec, has_items ? ',' : ':',
                         tw__number_text(lr, rate), rest.at + n);
    return wrote > 0 && wrote < TW_SPEC_MAX;
}

/* The optimizer with the rate, as its canonical text. */
static tw_status tune_optimizer(const tw_race *race, tw__method *parts, double lr, tw_error *err)
{
    char text[TW_SPEC_MAX], made[TW_SPEC_MAX];
    tw__preset preset;
    tw_chain chain;
    TW_TRY(read_chain(race, parts->optimizer, &chain, err));
    if (!put_rate(parts->optimizer, chain.rule, lr, text))
        return tw__fail(err, TW_ERR_SPEC, "optimizer %.60s is too long", parts->optimizer);
    TW_TRY(tw__preset_read(&preset, text, race->o.job.run.estimator, NULL, err));
    if (preset.is_one) {
        TW_TRY(tw__preset_text(&preset, made, err));
    } else {
        TW_TRY(tw_chain_read(&chain, text, NULL, err));
        snprintf(made, sizeof made, "%s", chain.spec);
    }
    /* the default rate, which a canonical spec does not name */
    const int is_default = strcmp(made, parts->optimizer) == 0;
    memcpy(parts->optimizer, is_default ? text : made, TW_SPEC_MAX);
    return TW_OK;
}

tw_status tw__tune_spec(const tw_race *race, const tw__entry *entry, double lr, char to[TW_SPEC_MAX],
                        tw_error *err)
{
    tw__method parts;
    TW_TRY(tw__method_read(&parts, entry->spec, err));
    TW_TRY(tune_optimizer(race, &parts, lr, err));
    return tw__method_write(&parts, to)
               ? TW_OK
               : tw__fail(err, TW_ERR_SPEC, "optimizer %.60s is too long", entry->spec);
}

/* ---- the choice ---------------------------------------------------------------------------------------- */

const char *tw__tune_measure(const tw_race *race)
{
    return race->surface ? "value" : race->n_val ? "val_loss" : "loss";
}

static double value_of(const tw_race *race, const tw__race_run *run)
{
    if (run->diverged) return NAN;
    if (race->surface) return run->trajectory.value[run->trajectory.n - 1];
    if (run->n_epochs == 0) return NAN;
    const tw_epoch *last = &run->epochs[run->n_epochs - 1];
    return race->n_val ? last->val_loss : last->loss;
}

static int is_better(const tw__trial *a, const tw__trial *b)
{
    if (isnan(a->value) || isnan(b->value)) return !isnan(a->value);
    if (a->run.reached != b->run.reached) return a->run.reached;
    if (a->run.reached && a->run.gradients != b->run.gradients) return a->run.gradients < b->run.gradients;
    return a->value < b->value;
}

int tw__tune_end(const tw_race *race, const tw__entry *entry)
{
    double least = INFINITY, most = 0;
    for (uint64_t k = 0; k < race->o.tune && entry->trials; k++) {
        const double lr = entry->trials[k].lr;
        if (lr < least) least = lr;
        if (lr > most) most = lr;
    }
    if (!entry->tuned) return 0;
    return entry->tuned_lr <= least ? -1 : entry->tuned_lr >= most;
}

/* Where no rate worked, the smallest is raced. */
tw_status tw__tune_choose(tw_race *race, tw__entry *entry, tw_error *err)
{
    char spec[TW_SPEC_MAX];
    const tw__trial *best = entry->trials, *smallest = entry->trials;
    for (uint64_t k = 0; k < race->o.tune; k++) {
        tw__trial *t = &entry->trials[k];
        t->value = value_of(race, &t->run);
        if (is_better(t, best)) best = t;
        if (t->lr < smallest->lr) smallest = t;
    }
    entry->tuned_lr = isnan(best->value) ? smallest->lr : best->lr;
    TW_TRY(tw__tune_spec(race, entry, entry->tuned_lr, spec, err));
    tw__free_text(race->ctx, entry->tuned);
    return tw__copy_text(race->ctx, &entry->tuned, spec, err);
}
