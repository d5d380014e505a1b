/* Fuzz target: any bytes as a model file. One that loads comes back the same, bit for bit, when it is saved
 * and loaded again.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include <thalweg/model.h>

static one_file file;
static uint8_t copy[sizeof file.written];
static tw_context *ctx;

static void save_and_load(tw_model *model)
{
    tw_model *again;
    tw_error err;
    if (tw_model_save(model, NULL, "output", &err) != TW_OK) {
        MUST(err.code == TW_ERR_SYSTEM); /* longer than what is kept of it */
        return;
    }
    memcpy(copy, file.written, file.n_written);
    file.bytes = copy;
    file.n = file.n_written;
    MUST(tw_model_load(&again, ctx, "input", &err) == TW_OK);
    MUST(tw_model_type(again) == tw_model_type(model) && tw_model_size(again) == tw_model_size(model) &&
         strcmp(tw_model_network(again), tw_model_network(model)) == 0);
    MUST(memcmp(tw_model_weights(again), tw_model_weights(model),
                tw_model_size(model) * tw_type_size(tw_model_type(model))) == 0);
    tw_model_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tw_model *model;
    tw_error err = {0};
    if (!ctx) ctx = one_file_context(&file);
    file.bytes = bytes;
    file.n = n;
    if (tw_model_load(&model, ctx, "input", &err) == TW_OK) {
        save_and_load(model);
        tw_model_free(model);
    } else {
        MUST(!model && err.message[0] && (err.code == TW_ERR_DATA || err.code == TW_ERR_MEMORY));
    }
    return 0;
}
