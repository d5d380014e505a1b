/* flatten: an image becomes a vector. In memory nothing moves; files number the elements by channel first.
 * SPDX-License-Identifier: MIT */
#include "models/nn/same.h"

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    l->out = (tw__shape){.rank = 1, .n = {(int64_t)tw__shape_size(&l->in)}};
    for (int i = 0; i < 3; i++) l->out.image[i] = l->in.rank == 3 ? l->in.n[i] : l->in.image[i];
    return TW_OK;
}

static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    if (l->in.rank > 1) *value = tw__onnx_one(g, "Flatten", *value);
}

const tw__layer_type tw__layer_flatten = {.name = "flatten",
                                          .usage = "flatten",
                                          .help = "an image becomes a vector",
                                          .equation = "y = x, numbered by channel, row, column in files",
                                          .in_place = TW__SAME_NUMBERS,
                                          .setup = setup,
                                          .forward = tw__nothing_forward,
                                          .backward = tw__nothing_backward,
                                          .onnx = onnx};
