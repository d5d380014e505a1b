/* Reading the words of a layer.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "models/nn/layer.h"

static int read_count(const char **p, int64_t *value)
{
    if (!isdigit((unsigned char)**p)) return 0;
    int64_t v = 0;
    for (; isdigit((unsigned char)**p); ++*p) {
        v = v * 10 + (**p - '0');
        if (v > 1 << 24) return 0;
    }
    *value = v;
    return v > 0;
}

enum { NAMES = 200 };

static const char *list_activations(char to[NAMES])
{
    const char *name;
    size_t used = 0;
    for (size_t i = 0; (name = tw__layer_type_name(i, NULL)) && used < NAMES; i++)
        if (tw__layer_type_find(name)->activation)
            used += (size_t)snprintf(to + used, NAMES - used, "%s%s", used ? ", " : "", name);
    return to;
}

tw_status tw__layer_no_words(const tw__layer_text *t, tw_error *err)
{
    char names[NAMES];
    const tw__layer_type *type = tw__layer_type_find(t->name);
    if (t->n_words == 0) return TW_OK;
    if (type && type->activation)
        return tw__fail(err, TW_ERR_SPEC, "%s takes no arguments: unexpected \"%s\"", t->name, t->word[0]);
    return tw__fail(err, TW_ERR_SPEC, "%s takes no arguments but an activation (%s): unexpected \"%s\"",
                    t->name, list_activations(names), t->word[0]);
}

tw_status tw__layer_most_words(const tw__layer *l, const tw__layer_text *t, int most, tw_error *err)
{
    char names[NAMES];
    if (t->n_words <= most) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "layer %d (%s): \"%s\" is not supported; write %s (%s), then an activation: %s",
                    l->source + 1, t->text, t->word[most], l->type->usage, l->type->help,
                    list_activations(names));
}

tw_status tw__layer_count(const tw__layer_text *t, int i, const char *what, int64_t *value, tw_error *err)
{
    if (i >= t->n_words)
        return tw__fail(err, TW_ERR_SPEC, "%s needs its %s, a number from 1 to 16777216", t->name, what);
    const char *p = t->word[i];
    if (read_count(&p, value) && *p == 0) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%s: %s = %s is not a number from 1 to 16777216", t->name, what,
                    t->word[i]);
}

tw_status tw__layer_window(const tw__layer_text *t, int i, const char *what, int64_t *high, int64_t *wide,
                           tw_error *err)
{
    if (i >= t->n_words)
        return tw__fail(err, TW_ERR_SPEC, "%s needs its %s as HIGHxWIDE, for example 3x3", t->name, what);
    const char *p = t->word[i];
    if (read_count(&p, high) && *p == 'x' && (p++, read_count(&p, wide)) && *p == 0) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%s: %s = %s is not HIGHxWIDE, for example 3x3", t->name, what,
                    t->word[i]);
}

static tw_status needs(const tw__layer *l, const tw__layer_text *t, int rank, tw_error *err)
{
    static const char *const kinds[] = {"a vector", "a sequence", "an image"};
    char in[TW__SHAPE_TEXT];
    if (l->in.rank == rank) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): %s needs %s (%s) and gets %s of %s%s", l->source + 1,
                    t->text, t->name, kinds[rank - 1],
                    rank == 3 ? "height x width x channels" : "time x features", kinds[l->in.rank - 1],
                    tw__shape_text(&l->in, in, sizeof in), rank == 2 ? "; put reshape before it" : "");
}

tw_status tw__layer_needs_image(const tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    return needs(l, t, 3, err);
}

tw_status tw__layer_needs_sequence(const tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    return needs(l, t, 2, err);
}
