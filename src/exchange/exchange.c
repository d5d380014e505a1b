/* The registry of exchanges.
 * SPDX-License-Identifier: MIT */
#include "exchange/exchange.h"
#include "base/names.h"
#include <thalweg/train.h>

#define TW__EXCHANGE(name) extern const tw__exchange_type tw__exchange_##name;
#include "exchange/list.h"
#undef TW__EXCHANGE
#define TW__EXCHANGE(name) &tw__exchange_##name,
static const tw__exchange_type *const types[] = {
#include "exchange/list.h"
};
#undef TW__EXCHANGE
enum { N_TYPES = sizeof types / sizeof types[0] };

const char *tw_exchange_name(size_t i, const char **help)
{
    if (i >= N_TYPES) return NULL;
    if (help) *help = types[i]->help;
    return types[i]->name;
}

static const char *name_at(size_t i, const void *user)
{
    (void)user;
    return tw_exchange_name(i, NULL);
}

tw_status tw__exchange_create(tw__exchange **out, tw_context *ctx, const char *spec, tw_type type,
                              size_t n_weights, tw_error *err)
{
    const int i = tw__name_find(tw__text_of(spec), name_at, NULL);
    if (i < 0) return tw__name_unknown("unknown exchange", tw__text_of(spec), name_at, NULL, err);
    return types[i]->create(out, ctx, type, n_weights, err);
}

void tw__exchange_free(tw__exchange *x)
{
    if (x) x->type->free(x);
}

void tw__batch_tree_add(double *rows, size_t count, size_t n)
{
    for (size_t stride = 1; stride < count; stride *= 2)
        for (size_t i = 0; i + stride < count; i += 2 * stride)
            for (size_t j = 0; j < n; j++) rows[i * n + j] += rows[(i + stride) * n + j];
}
