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

/* At how many places of a row a layer's weights are: in an image, at the times of a sequence. */
static double places(const tw__layer *l)
{
    if (l->out.rank == 3) return (double)l->out.n[0] * (double)l->out.n[1];
    if (l->out.rank == 2) return (double)l->out.n[0];
    return l->in.rank == 2 ? (double)l->in.n[0] : 1;
}

double tw__layer_products(const tw__layer *l)
{
    double weights = 0;
    if (l->type->products) return l->type->products(l);
    if (l->type->indices) return 0;
    for (size_t i = 0; i < l->n_tensors; i++)
        if (l->tensor[i].rank > 1) weights += (double)l->tensor[i].size;
    return weights * places(l);
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
