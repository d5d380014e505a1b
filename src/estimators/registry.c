/* The registry of estimators, and reading their specs.
 * SPDX-License-Identifier: MIT */
#include "estimators/estimator.h"
#include <string.h>

#define TW__ESTIMATOR(name) extern const tw__estimator_type tw__estimator_##name;
#include "estimators/list.h"
#undef TW__ESTIMATOR
#define TW__ESTIMATOR(name) &tw__estimator_##name,
static const tw__estimator_type *const types[] = {
#include "estimators/list.h"
};
#undef TW__ESTIMATOR
enum { N_TYPES = sizeof types / sizeof types[0] };

static const char *name_at(size_t i, const void *user)
{
    (void)user;
    return i < N_TYPES ? types[i]->about.name : NULL;
}

const tw__estimator_type *tw__estimator_type_find(tw__text name)
{
    const int i = tw__name_find(name, name_at, NULL);
    return i < 0 ? NULL : types[i];
}

const tw_estimator *tw_estimator_at(size_t i) { return i < N_TYPES ? &types[i]->about : NULL; }

const tw_estimator *tw_estimator_find(const char *name)
{
    const tw__estimator_type *type = tw__estimator_type_find(tw__text_of(name));
    return type ? &type->about : NULL;
}

tw__table tw__estimator_table(const tw_estimator *e)
{
    return (tw__table){.owner = e->name, .options = e->options, .n = e->n_options, .aliases = e->aliases};
}

static tw_status read_estimator(tw_estimator_choice *out, const char *text, tw_error *err)
{
    tw__spec spec;
    unsigned char given[TW_OPTIONS_MAX] = {0};
    double initial[TW_OPTIONS_MAX];
    TW_TRY(tw__spec_parse(&spec, tw__text_of(text), err));
    const tw__estimator_type *type = tw__estimator_type_find(spec.name);
    if (!type) return tw__name_unknown("unknown estimator", spec.name, name_at, NULL, err);
    if (spec.dialect.n)
        return tw__fail(err, TW_ERR_SPEC, "estimator \"%s\" has no dialects", type->about.name);
    out->estimator = &type->about;
    tw__table t = tw__estimator_table(out->estimator);
    for (int i = 0; i < t.n; i++) out->values[i] = initial[i] = t.options[i].initial;
    for (int i = 0; i < spec.n; i++) TW_TRY(tw__option_read(&t, &spec.items[i], out->values, given, err));
    size_t n = strlen(t.owner);
    memcpy(out->spec, t.owner, n);
    if (tw__options_write(&t, out->values, initial, out->spec + n, sizeof out->spec - n)) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "\"%.60s\" is too long", text);
}

tw_status tw_estimator_read(tw_estimator_choice *out, const char *text, tw_error *err)
{
    TW_NEEDS(err, out);
    *out = (tw_estimator_choice){.estimator = NULL};
    TW_NEEDS(err, text);
    const tw_status s = read_estimator(out, text, err);
    if (s != TW_OK) *out = (tw_estimator_choice){.estimator = NULL};
    return s;
}

double tw_estimator_bytes(const tw_estimator *e, tw_type type, double n_weights, double n_rows, double batch)
{
    double blocks = n_rows > 0 && batch > 0 ? __builtin_ceil(n_rows / batch) : 0,
           real = (double)tw_type_size(type);
    return n_weights * ((e->vectors + e->per_block * blocks) * real + e->doubles * (double)sizeof(double));
}
