/* The registry of layers.
 * SPDX-License-Identifier: MIT */
#include "base/names.h"
#include "models/nn/layer.h"

#define TW__LAYER(name) extern const tw__layer_type tw__layer_##name;
#include "models/nn/list.h"
#undef TW__LAYER
#define TW__LAYER(name) &tw__layer_##name,
static const tw__layer_type *const types[] = {
#include "models/nn/list.h"
};
#undef TW__LAYER
enum { N_TYPES = sizeof types / sizeof types[0] };

const char *tw_layer_type(size_t i, const char **usage, const char **help)
{
    if (i >= N_TYPES) return NULL;
    if (usage) *usage = types[i]->usage;
    if (help) *help = types[i]->help;
    return types[i]->name;
}

const char *tw_layer_equation(size_t i) { return i < N_TYPES ? types[i]->equation : NULL; }

const tw_option *tw_layer_options(size_t i, int *n)
{
    *n = i < N_TYPES ? types[i]->n_options : 0;
    return i < N_TYPES ? types[i]->options : NULL;
}

const char *tw__layer_type_name(size_t i, const void *unused)
{
    (void)unused;
    return tw_layer_type(i, NULL, NULL);
}

const tw__layer_type *tw__layer_type_find(const char *name)
{
    const int i = tw__name_find(tw__text_of(name), tw__layer_type_name, NULL);
    return i < 0 ? NULL : types[i];
}
