/* Fuzz target: any text as a network for small images. One that is understood is the same network when its
 * canonical form is read again.
 * SPDX-License-Identifier: MIT */
#include "text.h"
#include <thalweg/model.h>

static void network(tw_context *ctx, const char *text)
{
    static tw_data *data;
    static const uint8_t pixels[2 * 6 * 6];
    static const int32_t labels[] = {0, 1};
    tw_model *model, *again;
    tw_error err;
    if (!data)
        MUST(tw_data_create(&data, ctx,
                            &(tw_data_info){.size = sizeof(tw_data_info),
                                            .rows = 2,
                                            .rank = 2,
                                            .shape = {6, 6},
                                            .type = TW_U8,
                                            .x = pixels,
                                            .labels = labels},
                            &err) == TW_OK);
    if (tw_model_create(&model, ctx, text, TW_F32, data, 0, &err) != TW_OK) {
        /* TW_ERR_DATA: a network of several numbers, where rows have one label */
        MUST((err.code == TW_ERR_SPEC || err.code == TW_ERR_MEMORY || err.code == TW_ERR_DATA) &&
             err.message[0]);
        return;
    }
    MUST(tw_model_create(&again, ctx, tw_model_network(model), TW_F32, data, 0, &err) == TW_OK);
    MUST(strcmp(tw_model_network(again), tw_model_network(model)) == 0 &&
         tw_model_size(again) == tw_model_size(model));
    tw_model_free(again);
    tw_model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char text[TEXT];
    text_of(text, bytes, n);
    network(text_context(), text);
    return 0;
}
