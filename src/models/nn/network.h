/* A network: the layers read from a line of text, the operations they make, their places in the flat vector,
 * and the canonical text.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_NETWORK_H
#define TW_MODELS_NN_NETWORK_H
#include "base/context.h"
#include "models/nn/layer.h"

enum { TW__NETWORK_TEXT = 4096 };

/* What stands between operations: numbers of this shape for each row. Value 0 is the network's input. */
typedef struct tw__value {
    tw__shape shape;
    size_t size;
} tw__value;

/* An operation: value `out` from in[0] by a layer, or (layer -1) the sum of in[0] and in[1]. */
typedef struct tw__operation {
    int layer;
    size_t in[2], out;
} tw__operation;

/* A layer as written, with its activations, canonical, one inside of a residual indented. */
typedef struct tw__line {
    char text[96];
    size_t value; /* what it makes */
} tw__line;

typedef struct tw__network {
    tw_context *ctx;
    tw__shape in;
    int64_t classes; /* what "classes" means; 0: unknown */
    int64_t labels;  /* how many classes the last layer has */
    tw__layer *layers;
    size_t n_layers, capacity;
    tw__value *values;
    size_t n_values, values_capacity;
    tw__operation *operations; /* in the order in which they run; the last one is the last layer's */
    size_t n_operations, operations_capacity;
    /* names "4.weight", shapes as saved; in memory a layer orders them as it likes */
    tw_tensor *tensors;
    size_t n_tensors;
    char (*names)[48];
    size_t size;      /* numbers in the flat vector */
    tw__line *source; /* of the summary */
    size_t n_sources, source_capacity;
    char text[TW__NETWORK_TEXT];
} tw__network;

/* Reads the network for rows of shape `in`. The last layer must be one that has a loss. */
tw_status tw__network_create(tw__network **out, tw_context *ctx, const char *text, const tw__shape *in,
                             int64_t classes, tw_error *err);
void tw__network_free(tw__network *net);
/* Gives the tensors of all layers their places in the flat vector. */
tw_status tw__network_lay_out(tw__network *net, tw_error *err);
/* text.c: fills in the layers, values, operations and the text of a network. */
tw_status tw__network_read(tw__network *net, const char *text, tw_error *err);
const char *tw__line_words(const tw__line *line); /* without what indents it */
/* Whether a network of this text predicts numbers, and whether those are its input, by its last layer. */
int tw__network_is_of_numbers(const char *text);
int tw__network_is_of_input(const char *text);
/* Whether it goes through a sequence time by time, with what rows hand on and nothing else from before. */
int tw__network_is_by_time(const tw__network *net);
/* The last layer, which has the loss. */
const tw__layer *tw__network_last(const tw__network *net);

/* weights.c
 *
 * w = initial weights, converted from double, drawn from `seed` by tensor and place in the saved tensor. */
tw_status tw__network_start(const tw__network *net, uint64_t seed, tw_type type, void *w, tw_error *err);
/* Between the saved order of a tensor (its index in net->tensors) and the flat vector. */
void tw__network_export(const tw__network *net, size_t tensor, tw_type type, const void *w, void *saved);
void tw__network_import(const tw__network *net, size_t tensor, tw_type type, const void *saved, void *w);
/* The layer and the number in it of a tensor. */
const tw__layer *tw__network_tensor(const tw__network *net, size_t tensor, int *which);
/* Where element i of a saved tensor stands in the flat vector. */
size_t tw__network_place(const tw__layer *l, int which, size_t i);
#endif
