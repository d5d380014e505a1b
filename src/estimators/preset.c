/* --optimizer saga: an estimator's name where a rule is expected is that estimator with the rule sgd. Items of the spec that are options of the
 * estimator are its, all others are sgd's: svrg:m=100,lr=0.1.
 * SPDX-License-Identifier: MIT */
#include "estimators/estimator.h"
#include <stdio.h>
#include <string.h>

static int append(char to[TW_SPEC_MAX], const tw__item *item)
{
    size_t n = strlen(to);
    int wrote = snprintf(to + n, TW_SPEC_MAX - n, "%c%.*s=%.*s", strchr(to, ':') ? ',' : ':', (int)item->key.n, item->key.at, (int)item->value.n, item->value.at);
    return wrote > 0 && (size_t)wrote < TW_SPEC_MAX - n;
}

/* A key that is an option of neither of the two. */
static tw_status unknown_key(const tw__table *t, const tw__table *sgd, tw__text key, tw_error *err)
{
    tw__guess guess = tw__guess_for(key);
    for (int i = 0; i < t->n; i++) tw__guess_offer(&guess, t->options[i].name);
    for (int i = 0; i < sgd->n; i++) tw__guess_offer(&guess, sgd->options[i].name);
    return tw__fail(err, TW_ERR_SPEC, "%s with sgd has no option \"%.*s\"%s", t->owner, TW__SHOW(key), tw__guess_hint(&guess));
}

static tw_status split(tw__preset *p, const tw_estimator *e, const tw__spec *spec, int *n_own, tw_error *err)
{
    const tw_rule *rule = tw_rule_find("sgd");
    tw__table t = tw__estimator_table(e), sgd = {rule->name, rule->options, rule->n_options, rule->aliases};
    snprintf(p->spec, sizeof p->spec, "%s", e->name);
    snprintf(p->rule, sizeof p->rule, "%s", rule->name);
    *n_own = 0;
    for (int i = 0; i < spec->n; i++) {
        const tw__item *item = &spec->items[i];
        int own = tw__option_find(&t, item->key) >= 0;
        if (!own && tw__option_find(&sgd, item->key) < 0) return unknown_key(&t, &sgd, item->key, err);
        if (!append(own ? p->spec : p->rule, item)) return tw__fail(err, TW_ERR_SPEC, "the spec of %s is too long", e->name);
        *n_own += own;
    }
    return TW_OK;
}

tw_status tw__preset_read(tw__preset *out, const char *optimizer, const char *estimator, const char *own, tw_error *err)
{
    tw__spec spec, beside;
    int n_own;
    *out = (tw__preset){.optimizer = optimizer ? optimizer : "adam", .estimator = estimator ? estimator : "minibatch"};
    if (!optimizer || tw__spec_parse(&spec, tw__text_of(optimizer), NULL) != TW_OK) return TW_OK;
    const tw__estimator_type *type = tw__estimator_type_find(spec.name);
    if (!type || (own && tw__text_is(spec.name, own))) return TW_OK;
    if (spec.dialect.n) return tw__fail(err, TW_ERR_SPEC, "estimator \"%s\" has no dialects", type->about.name);
    TW_TRY(split(out, &type->about, &spec, &n_own, err));
    out->is_one = 1;
    out->optimizer = out->rule;
    if (!estimator) {
        out->estimator = out->spec;
        return TW_OK;
    }
    TW_TRY(tw__spec_parse(&beside, tw__text_of(estimator), err));
    if (tw__text_is(beside.name, type->about.name) && !n_own) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "optimizer %.60s is the estimator %s with the rule sgd; the estimator %.60s beside it is one too many", optimizer,
                    type->about.name, estimator);
}

tw_status tw__preset_text(const tw__preset *p, char to[TW_SPEC_MAX], tw_error *err)
{
    tw_estimator_choice estimator;
    tw_choice rule;
    TW_TRY(tw_estimator_read(&estimator, p->estimator, err));
    TW_TRY(tw_rule_read(&rule, p->optimizer, NULL, err));
    const char *items = strchr(rule.spec, ':');
    int n = snprintf(to, TW_SPEC_MAX, "%s%c%s", estimator.spec, strchr(estimator.spec, ':') ? ',' : ':', items ? items + 1 : "");
    if (n >= TW_SPEC_MAX) return tw__fail(err, TW_ERR_SPEC, "the spec of %s is too long", estimator.estimator->name);
    if (!items) to[n - 1] = 0;
    return TW_OK;
}
