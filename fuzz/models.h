/* Shared by the fuzz targets of models: loading the input, and a model that is written and read again.
 * SPDX-License-Identifier: MIT */
#ifndef TW_FUZZ_MODELS_H
#define TW_FUZZ_MODELS_H
#include "one_file.h"
#include <thalweg/model.h>

static one_file file;

/* NULL: it was refused, with a message. */
static inline tw_model *load_input(const uint8_t *bytes, size_t n)
{
    static tw_context *ctx;
    tw_model *model;
    tw_error err = {0};
    if (!ctx) ctx = one_file_context(&file);
    file.bytes = bytes;
    file.n = n;
    if (tw_model_load(&model, ctx, "input", &err) == TW_OK) return model;
    MUST(!model && err.message[0] && (err.code == TW_ERR_DATA || err.code == TW_ERR_MEMORY));
    return NULL;
}

typedef tw_status save_model(const tw_model *model, const void *weights, const char *path, tw_error *err);

/* The same model read from what `save` wrote; NULL: that is longer than what is kept of it. */
static inline tw_model *write_and_load(const tw_model *model, save_model *save)
{
    static uint8_t copy[sizeof file.written];
    tw_error err;
    if (save(model, NULL, "output", &err) != TW_OK) {
        MUST(err.code == TW_ERR_SYSTEM);
        return NULL;
    }
    memcpy(copy, file.written, file.n_written);
    tw_model *again = load_input(copy, file.n_written);
    MUST(again && tw_model_type(again) == tw_model_type(model) &&
         tw_model_size(again) == tw_model_size(model) &&
         strcmp(tw_model_network(again), tw_model_network(model)) == 0);
    return again;
}
#endif
