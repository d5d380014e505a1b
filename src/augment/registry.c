/* The registry of augmentations, and reading their specs.
 * SPDX-License-Identifier: MIT */
#include "augment/augment.h"
#include "base/names.h"
#include "base/options.h"
#include "base/spec.h"
#include <stdio.h>
#include <string.h>

#define TW__AUGMENTATION(name) extern const tw__augmentation_type tw__augmentation_##name;
#include "augment/list.h"
#undef TW__AUGMENTATION
#define TW__AUGMENTATION(name) &tw__augmentation_##name,
static const tw__augmentation_type *const types[] = {
#include "augment/list.h"
};
#undef TW__AUGMENTATION
enum { N_TYPES = sizeof types / sizeof types[0] };

const tw_augmentation *tw_augmentation_at(size_t i) { return i < N_TYPES ? &types[i]->about : NULL; }

static const char *name_at(size_t i, const void *user)
{
    (void)user;
    return i < N_TYPES ? types[i]->about.name : NULL;
}

const tw_augmentation *tw_augmentation_find(const char *name)
{
    const int i = tw__name_find(tw__text_of(name), name_at, NULL);
    return i < 0 ? NULL : &types[i]->about;
}

static tw_status read_spec(tw_augmentation_choice *out, tw__text text, tw_error *err)
{
    tw__spec spec;
    unsigned char given[TW_OPTIONS_MAX] = {0};
    double initial[TW_OPTIONS_MAX];
    TW_TRY(tw__spec_parse(&spec, text, err));
    const int found = tw__name_find(spec.name, name_at, NULL);
    if (found < 0) return tw__name_unknown("unknown augmentation", spec.name, name_at, NULL, err);
    const tw_augmentation *a = out->augmentation = &types[found]->about;
    const tw__table t = {.owner = a->name, .options = a->options, .n = a->n_options};
    if (spec.dialect.n) return tw__fail(err, TW_ERR_SPEC, "augmentation \"%s\" has no dialects", a->name);
    for (int i = 0; i < t.n; i++) initial[i] = out->values[i] = t.options[i].initial;
    for (int i = 0; i < spec.n; i++) TW_TRY(tw__option_read(&t, &spec.items[i], out->values, given, err));
    const int n = snprintf(out->spec, sizeof out->spec, "%s", a->name);
    if (tw__options_write(&t, out->values, initial, out->spec + n, sizeof out->spec - (size_t)n))
        return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "\"%.*s\" is too long", TW__SHOW(text));
}

static tw_status read_whole(tw_augmentation_choice *out, tw__text text, tw_error *err)
{
    *out = (tw_augmentation_choice){.augmentation = NULL};
    const tw_status s = read_spec(out, text, err);
    if (s != TW_OK) out->augmentation = NULL;
    return s;
}

tw_status tw_augmentation_read(tw_augmentation_choice *out, const char *spec, tw_error *err)
{
    TW_NEEDS(err, out);
    out->augmentation = NULL;
    TW_NEEDS(err, spec);
    return read_whole(out, tw__text_of(spec), err);
}

tw_status tw__augment_read(tw__augment *out, const char *list, tw_error *err)
{
    static const char spaces[] = " \t\r\n";
    out->n = 0;
    for (const char *at = list + strspn(list, spaces); *at; at += strspn(at, spaces)) {
        const tw__text word = {at, strcspn(at, spaces)};
        if (out->n == TW__AUGMENT_MOST)
            return tw__fail(err, TW_ERR_SPEC, "more than %d augmentations", TW__AUGMENT_MOST);
        TW_TRY(read_whole(&out->each[out->n], word, err));
        for (int i = 0; i < out->n; i++)
            if (out->each[i].augmentation == out->each[out->n].augmentation)
                return tw__fail(err, TW_ERR_SPEC, "augmentation %s is listed twice",
                                out->each[i].augmentation->name);
        out->n++;
        at += word.n;
    }
    return out->n ? TW_OK
                  : tw__fail(err, TW_ERR_SPEC, "augment is empty; thalweg augmentations lists what there is");
}
