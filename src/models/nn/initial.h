/* How a tensor's numbers begin: a list of distributions by name, the option `init` of layers with weights.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_INITIAL_H
#define TW_MODELS_NN_INITIAL_H
#include <thalweg/registry.h>
#include "base/context.h"

struct tw__layer_tensor;

typedef struct tw__initial {
    const char *name;
    /* Sets to[0 .. t->size - 1], in the saved order, from seed and the tensor's number. */
    tw_status (*fill)(tw_context *ctx, const struct tw__layer_tensor *t, uint64_t seed, uint32_t number,
                      double *to, tw_error *err);
} tw__initial;

/* Of the option's value. */
const tw__initial *tw__initial_at(double value);
extern const tw__initial tw__initial_ones;

enum { TW__GLOROT_UNIFORM, TW__LECUN_NORMAL = 5, TW__ORTHOGONAL, TW__ZEROS };
#define TW__INIT_WORDS \
    "glorot_uniform glorot_normal he_uniform he_normal lecun_uniform lecun_normal orthogonal zeros"
#define TW__INIT_OPTION(name, initial, help)                          \
    {                                                                 \
        name, TW_WORD, TW__INIT_WORDS, initial, 0, 0, TW_CLOSED, help \
    }
#define TW__INIT                                \
    TW__INIT_OPTION("init", TW__GLOROT_UNIFORM, \
                    "how the weights begin; the spread by what comes in and goes out")
#endif
