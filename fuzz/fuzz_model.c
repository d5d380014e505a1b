/* Fuzz target: any bytes as a model file. One that loads comes back the same, bit for bit, when it is saved
 * and loaded again.
 * SPDX-License-Identifier: MIT */
#include "models.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tw_model *model = load_input(bytes, n), *again = model ? write_and_load(model, tw_model_save) : NULL;
    if (again)
        MUST(memcmp(tw_model_weights(again), tw_model_weights(model),
                    tw_model_size(model) * tw_type_size(tw_model_type(model))) == 0);
    tw_model_free(again);
    tw_model_free(model);
    return 0;
}
