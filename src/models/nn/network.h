/* A network: the layers read from a line of text, their places in the flat vector, and the canonical text.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_NETWORK_H
#define TW_MODELS_NN_NETWORK_H
#include "base/context.h"
#include "models/nn/layer.h"

enum { TW__NETWORK_TEXT = 4096 };

typedef struct tw__network {
    tw_context *ctx;
    tw__shape in;
    int64_t classes; /* what "classes" means; 0: unknown */
    int64_t labels;  /* how many classes the last layer has */
    tw__layer *layers;
    size_t n_layers, capacity;
    /* names "4.weight", shapes as saved; in memory a layer orders them as it likes */
    tw_tensor *tensors;
    size_t n_tensors;
    char (*names)[32];
    size_t size;        /* numbers in the flat vector */
    char (*source)[96]; /* the layers as written, canonical */
    size_t n_sources, source_capacity;
    char text[TW__NETWORK_TEXT];
} tw__network;

/* Reads the network for rows of shape `in`. The last layer must be one that has a loss. */
tw_status tw__network_create(tw__network **out, tw_context *ctx, const char *text, const tw__shape *in,
                             int64_t classes, tw_error *err);
void tw__network_free(tw__network *net);
/* Whether a network of this text predicts a number, by its last word. */
int tw__network_is_of_numbers(const char *text);

/* w = initial weights, converted from double: Glorot uniform, biases 0, drawn from `seed` by tensor and place
 * in the saved tensor. Glorot & Bengio 2010, equation 16. */
void tw__network_start(const tw__network *net, uint64_t seed, tw_type type, void *w);
/* Between the saved order of a tensor (its index in net->tensors) and the flat vector. */
void tw__network_export(const tw__network *net, size_t tensor, tw_type type, const void *w, void *saved);
void tw__network_import(const tw__network *net, size_t tensor, tw_type type, const void *saved, void *w);
/* The layer and the number in it of a tensor. */
const tw__layer *tw__network_tensor(const tw__network *net, size_t tensor, int *which);
#endif
