/* The registry of controls, and reading their specs.
 * SPDX-License-Identifier: MIT */
#include "train/controls/control.h"
#include <stdio.h>
#include <string.h>

#define TW__CONTROL(name) extern const tw__control_type tw__control_##name;
#include "train/controls/list.h"
#undef TW__CONTROL
#define TW__CONTROL(name) &tw__control_##name,
static const tw__control_type *const types[] = {
#include "train/controls/list.h"
};
#undef TW__CONTROL
enum { N_TYPES = sizeof types / sizeof types[0] };

static const char *name_at(size_t i, const void *user)
{
    (void)user;
    return i < N_TYPES ? types[i]->about.name : NULL;
}

const tw__control_type *tw__control_type_find(tw__text name)
{
    const int i = tw__name_find(name, name_at, NULL);
    return i < 0 ? NULL : types[i];
}

const tw_control *tw_control_at(size_t i) { return i < N_TYPES ? &types[i]->about : NULL; }

const tw_control *tw_control_find(const char *name)
{
    const tw__control_type *type = tw__control_type_find(tw__text_of(name));
    return type ? &type->about : NULL;
}

/* The dialect's values become the defaults. */
static tw_status speak(tw_control_choice *out, tw__text name, const tw__table *t, tw_error *err)
{
    tw__spec items = {.n = 0};
    tw__guess guess = tw__guess_for(name);
    if (!name.n) return TW_OK;
    for (const tw_dialect *d = out->control->dialects; d && d->name; d++) {
        tw__guess_offer(&guess, tw__text_of(d->name));
        if (tw__text_is(name, d->name)) out->dialect = d;
    }
    if (!out->dialect)
        return tw__fail(err, TW_ERR_SPEC, "control \"%s\" has no dialect \"%.*s\"%s", out->control->name,
                        TW__SHOW(name), tw__guess_hint(&guess));
    if (!*out->dialect->defaults) return TW_OK;
    TW_TRY(tw__spec_items(&items, tw__text_of(out->dialect->defaults), tw__text_of(out->dialect->defaults),
                          err));
    for (int i = 0; i < items.n; i++) TW_TRY(tw__option_read(t, &items.items[i], out->values, NULL, err));
    return TW_OK;
}

static tw_status check_effects(const tw_control_choice *c, const unsigned char *given, tw_error *err)
{
    for (int i = 0; c->control->ineffective && i < c->control->n_options; i++) {
        const char *why = given[i] ? c->control->ineffective(c->values, i) : NULL;
        if (why)
            return tw__fail(err, TW_ERR_SPEC, "%s: %s has no effect: %s", c->control->name,
                            c->control->options[i].name, why);
    }
    return TW_OK;
}

static tw_status read_control(tw_control_choice *out, tw__text text, tw_error *err)
{
    tw__spec spec;
    unsigned char given[TW_OPTIONS_MAX] = {0};
    double initial[TW_OPTIONS_MAX];
    TW_TRY(tw__spec_parse(&spec, text, err));
    const tw__control_type *type = tw__control_type_find(spec.name);
    if (!type) return tw__name_unknown("unknown control", spec.name, name_at, NULL, err);
    const tw_control *c = out->control = &type->about;
    const tw__table t = {.owner = c->name, .options = c->options, .n = c->n_options, .aliases = c->aliases};
    for (int i = 0; i < t.n; i++) out->values[i] = t.options[i].initial;
    TW_TRY(speak(out, spec.dialect, &t, err));
    memcpy(initial, out->values, sizeof initial);
    for (int i = 0; i < spec.n; i++) TW_TRY(tw__option_read(&t, &spec.items[i], out->values, given, err));
    TW_TRY(check_effects(out, given, err));
    int n = snprintf(out->spec, sizeof out->spec, "%s%s%s", c->name, out->dialect ? "@" : "",
                     out->dialect ? out->dialect->name : "");
    if (tw__options_write(&t, out->values, initial, out->spec + n, sizeof out->spec - (size_t)n))
        return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" is too long", TW__SHOW(text));
}

tw_status tw__control_read(tw_control_choice *out, tw__text text, tw_error *err)
{
    *out = (tw_control_choice){.control = NULL};
    const tw_status s = read_control(out, text, err);
    if (s != TW_OK) *out = (tw_control_choice){.control = NULL};
    return s;
}

tw_status tw_control_read(tw_control_choice *out, const char *spec, tw_error *err)
{
    TW_NEEDS(err, out);
    *out = (tw_control_choice){.control = NULL};
    TW_NEEDS(err, spec);
    return tw__control_read(out, tw__text_of(spec), err);
}
