/* --optimizer saga: an estimator's name where a rule is expected is that estimator with the rule sgd. Items
 * of the spec that are options of the estimator are its, all others are sgd's, and transforms stay around it:
 * clip_norm:max=1+svrg:m=100,lr=0.1.
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "estimators/estimator.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Text joined to what is in `to`; 0 if it does not fit. */
__attribute__((format(printf, 2, 3))) static int join(char to[TW_SPEC_MAX], const char *format, ...)
{
    size_t n = strlen(to);
    va_list args;
    va_start(args, format);
    int wrote = tw__vformat(to + n, TW_SPEC_MAX - n, format, args);
    va_end(args);
    return wrote >= 0 && (size_t)wrote < TW_SPEC_MAX - n;
}

static tw_status too_long(const char *spec, tw_error *err)
{
    return tw__fail(err, TW_ERR_SPEC, "optimizer \"%.60s\" is too long", spec);
}

/* A key that is an option of neither of the two. */
static tw_status unknown_key(const tw__table *t, const tw__table *sgd, tw__text key, tw_error *err)
{
    tw__guess guess = tw__guess_for(key);
    for (int i = 0; i < t->n; i++) tw__guess_offer(&guess, tw__text_of(t->options[i].name));
    for (int i = 0; i < sgd->n; i++) tw__guess_offer(&guess, tw__text_of(sgd->options[i].name));
    return tw__fail(err, TW_ERR_SPEC, "%s with sgd has no option \"%.*s\"%s", t->owner, TW__SHOW(key),
                    tw__guess_hint(&guess));
}

/* Items of the link: to p->spec those of the estimator, *n_taken of them, to p->rule those of sgd. */
static tw_status split(tw__preset *p, const tw_estimator *e, const tw__spec *link, int *n_taken,
                       tw_error *err)
{
    const tw_rule *rule = tw_rule_find("sgd");
    tw__table t = tw__estimator_table(e), sgd = {.owner = rule->name,
                                                 .options = rule->options,
                                                 .n = rule->n_options,
                                                 .aliases = rule->aliases};
    int fits = join(p->spec, "%s", e->name) && join(p->rule, "%s", rule->name);
    *n_taken = 0;
    for (int i = 0; fits && i < link->n; i++) {
        const tw__item *item = &link->items[i];
        int is_its = tw__option_find(&t, item->key) >= 0;
        if (!is_its && tw__option_find(&sgd, item->key) < 0) return unknown_key(&t, &sgd, item->key, err);
        fits = join(is_its ? p->spec : p->rule, "%c%.*s=%.*s", (is_its ? *n_taken : i - *n_taken) ? ',' : ':',
                    (int)item->key.n, item->key.at, (int)item->value.n, item->value.at);
        *n_taken += is_its;
    }
    return fits ? TW_OK : too_long(p->optimizer, err);
}

/* The first link of the chain that is named like an estimator. */
static const tw__estimator_type *find_link(const char *optimizer, const char *custom, tw__text *link)
{
    tw__text rest = tw__text_of(optimizer);
    for (;; rest = (tw__text){rest.at + link->n + 1, rest.n - link->n - 1}) {
        *link = (tw__text){rest.at, tw__spec_joint(rest)};
        size_t n = strcspn(rest.at, ":@+");
        tw__text name = {rest.at, n < link->n ? n : link->n};
        const tw__estimator_type *type =
            custom && tw__text_is(name, custom) ? NULL : tw__estimator_type_find(name);
        if (type || link->n == rest.n) return type;
    }
}

tw_status tw__preset_read(tw__preset *out, const char *optimizer, const char *estimator, const char *custom,
                          tw_error *err)
{
    tw__spec spec, beside;
    tw__text link;
    int n_taken;
    *out = (tw__preset){.optimizer = optimizer ? optimizer : "adam",
                        .estimator = estimator ? estimator : "minibatch"};
    const tw__estimator_type *type = find_link(out->optimizer, custom, &link);
    if (!type) return TW_OK;
    TW_TRY(tw__spec_parse(&spec, link, err));
    if (spec.dialect.n)
        return tw__fail(err, TW_ERR_SPEC, "estimator \"%s\" has no dialects", type->about.name);
    if (!join(out->rule, "%.*s", (int)(link.at - optimizer), optimizer)) return too_long(optimizer, err);
    TW_TRY(split(out, &type->about, &spec, &n_taken, err));
    if (!join(out->rule, "%s", link.at + link.n)) return too_long(optimizer, err);
    out->is_one = 1;
    out->optimizer = out->rule;
    if (!estimator) {
        out->estimator = out->spec;
        return TW_OK;
    }
    TW_TRY(tw__spec_parse(&beside, tw__text_of(estimator), err));
    if (tw__text_is(beside.name, type->about.name) && !n_taken) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "optimizer %.60s means estimator %s with optimizer sgd: it cannot be combined with estimator %.60s",
        optimizer, type->about.name, estimator);
}

const char *tw__preset_lr_word(const char *optimizer)
{
    static const char before[] = "sgd:lr=", *const words[] = {"auto", "search"};
    if (strncmp(optimizer, before, strlen(before)) != 0) return NULL;
    for (int i = 0; i < 2; i++)
        if (strcmp(optimizer + strlen(before), words[i]) == 0) return words[i];
    return NULL;
}

tw_status tw__preset_chain(const tw__preset *p, const tw_rule *custom, tw_chain *to, tw_error *err)
{
    return tw_chain_read(to, tw__preset_lr_word(p->optimizer) ? "sgd" : p->optimizer, custom, err);
}

tw_status tw__preset_text(const tw__preset *p, char to[TW_SPEC_MAX], tw_error *err)
{
    tw_estimator_choice estimator;
    tw_chain chain;
    const char *word = tw__preset_lr_word(p->optimizer);
    int fits = 1;
    to[0] = 0;
    TW_TRY(tw_estimator_read(&estimator, p->estimator, err));
    if (word)
        return join(to, "%s%clr=%s", estimator.spec, strchr(estimator.spec, ':') ? ',' : ':', word)
                   ? TW_OK
                   : too_long(p->optimizer, err);
    TW_TRY(tw_chain_read(&chain, p->optimizer, NULL, err));
    for (int i = 0; fits && i < chain.n; i++) {
        const char *items = strchr(chain.link[i].spec, ':');
        if (i > 0) fits = join(to, "+");
        if (i != chain.rule) fits = fits && join(to, "%s", chain.link[i].spec);
        else
            fits = fits && join(to, "%s", estimator.spec) &&
                   (!items || join(to, "%c%s", strchr(estimator.spec, ':') ? ',' : ':', items + 1));
    }
    return fits ? TW_OK : too_long(p->optimizer, err);
}
