/* A model: a network with its weights, and what its file says about the data it takes.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_MODEL_H
#define TW_MODELS_MODEL_H
#include "models/nn/network.h"

struct tw_model {
    tw_context *ctx;
    tw__network *net;
    tw_type type; /* of the weights */
    /* TW_U8: rows are scaled by 1/255; TW_F32: as they are */
    tw_type input;
    int64_t classes; /* of the training labels */
    void *w;
};

/* A model for rows of this shape and type, without weights yet; then room for them, 0. */
tw_status tw__model_new(tw_model **out, tw_context *ctx, const char *network, tw_type type, tw_type input,
                        int rank, const int64_t *shape, int64_t classes, tw_error *err);
tw_status tw__model_allocate(tw_model *m, tw_error *err);
#endif
