/* Fuzz target: any bytes as a text model of liblinear's. One that loads comes back with the same weights, but
 * for the sign of zeros, when it is written and read again.
 * SPDX-License-Identifier: MIT */
#include "one_file.h"
#include <thalweg/model.h>

static one_file file;
static uint8_t copy[sizeof file.written], input[sizeof file.written];
static tw_context *ctx;

static void write_and_load(tw_model *model)
{
    tw_model *again;
    tw_error err;
    if (tw_model_save_liblinear(model, NULL, "output", &err) != TW_OK) {
        MUST(err.code == TW_ERR_SYSTEM); /* longer than what is kept of it */
        return;
    }
    memcpy(copy, file.written, file.n_written);
    file.bytes = copy;
    file.n = file.n_written;
    MUST(tw_model_load(&again, ctx, "input", &err) == TW_OK);
    MUST(tw_model_size(again) == tw_model_size(model) &&
         strcmp(tw_model_network(again), tw_model_network(model)) == 0);
    const double *a = tw_model_weights(model), *b = tw_model_weights(again);
    for (size_t i = 0; i < tw_model_size(model); i++) MUST(a[i] == b[i]);
    tw_model_free(again);
}

/* Behind the word by which such a file is known. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char word[] = "solver_type";
    tw_model *model;
    tw_error err = {0};
    if (!ctx) ctx = one_file_context(&file);
    if (n > sizeof input - sizeof word) return 0;
    memcpy(input, word, sizeof word - 1);
    memcpy(input + sizeof word - 1, bytes, n);
    file.bytes = input;
    file.n = n + sizeof word - 1;
    if (tw_model_load(&model, ctx, "input", &err) == TW_OK) {
        write_and_load(model);
        tw_model_free(model);
    } else {
        MUST(!model && err.message[0] && (err.code == TW_ERR_DATA || err.code == TW_ERR_MEMORY));
    }
    return 0;
}
