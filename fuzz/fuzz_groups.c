/* Fuzz target: any text as the groups of an optimiser. What is understood makes a step; what is refused has
 * a message.
 * SPDX-License-Identifier: MIT */
#include "text.h"
#include <thalweg/optimizer.h>

static void groups(const char *text)
{
    static const int64_t matrix[] = {3, 4}, vector[] = {3};
    static const tw_tensor tensors[] = {{"0.weight", 2, matrix, 0, 0}, {"0.bias", 1, vector, 12, 0}};
    float w[15] = {1}, g[15] = {0.5f};
    tw_optimizer *opt;
    tw_error err;
    tw_optimizer_options o = TW_OPTIMIZER_OPTIONS_INIT;
    o.rule = "adamw";
    o.groups = text;
    o.type = TW_F32;
    o.tensors = tensors;
    o.n_tensors = 2;
    o.total_steps = 10;
    if (tw_optimizer_create(&opt, text_context(), &o, &err) != TW_OK) {
        MUST(!opt && (err.code == TW_ERR_SPEC || err.code == TW_ERR_MEMORY) && err.message[0]);
        return;
    }
    if (tw_step_f32(opt, w, g, &err) != TW_OK) MUST(err.message[0]);
    tw_optimizer_free(opt);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char text[TEXT];
    text_of(text, bytes, n);
    groups(text);
    return 0;
}
