/* globalavgpool: the mean of each channel over the whole image, or of each feature over a sequence. Lin, Chen
 * & Yan 2014, section 3.2.
 * SPDX-License-Identifier: MIT */
#include "models/nn/pool.h"

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    if (l->in.rank == 1) return tw__layer_needs_image(l, t, err);
    const int64_t channels = l->in.n[l->in.rank - 1];
    const size_t high = (size_t)l->in.n[0], wide = l->in.rank == 3 ? (size_t)l->in.n[1] : 1;
    *(tw__pooling *)l->own = (tw__pooling){
        .in_h = high, .in_w = wide, .c = (size_t)channels, .k_h = high, .k_w = wide, .out_h = 1, .out_w = 1};
    l->out = (tw__shape){.rank = 1, .n = {channels}};
    return TW_OK;
}

static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    const tw__onnx_attribute with[] = {l->in.rank == 3 ? TW__ONNX_LIST("axes", 2, 2, 3)
                                                       : TW__ONNX_LIST("axes", 1, 1),
                                       TW__ONNX_INT("keepdims", 0)};
    *value = tw__onnx_node(g, "ReduceMean", 1, value, 2, with);
}

const tw__layer_type tw__layer_globalavgpool =
    {.name = "globalavgpool",
     .usage = "globalavgpool",
     .help = "mean of each channel, or of each feature of a sequence: a vector",
     .equation = "y[c] = mean of x[., ., c]\n"
                 "dx[., ., c] = dy[c]/places",
     .by_unit = 1,
     .own_size = sizeof(tw__pooling),
     .setup = setup,
     .narrow = tw__pool_narrow,
     .forward = tw__pool_mean_forward,
     .backward = tw__pool_mean_backward,
     .onnx = onnx};
