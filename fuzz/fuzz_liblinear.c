/* Fuzz target: any bytes as a text model of liblinear's. One that loads comes back with the same weights, but
 * for the sign of zeros, when it is written and read again.
 * SPDX-License-Identifier: MIT */
#include "models.h"

/* Behind the word by which such a file is known. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char word[] = "solver_type";
    static uint8_t input[sizeof file.written];
    if (n > sizeof input - sizeof word) return 0;
    memcpy(input, word, sizeof word - 1);
    memcpy(input + sizeof word - 1, bytes, n);
    tw_model *model = load_input(input, n + sizeof word - 1),
             *again = model ? write_and_load(model, tw_model_save_liblinear) : NULL;
    if (again) {
        const double *a = tw_model_weights(model), *b = tw_model_weights(again);
        for (size_t i = 0; i < tw_model_size(model); i++) MUST(a[i] == b[i]);
    }
    tw_model_free(again);
    tw_model_free(model);
    return 0;
}
