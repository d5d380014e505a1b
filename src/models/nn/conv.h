/* What conv1d and conv2d share: the kernels for both kinds of convolution, options, tensors.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_CONV_H
#define TW_MODELS_NN_CONV_H
#include "models/nn/layer.h"

/* What such a layer owns. Without strides, dilation and groups it is a valid convolution of its image, around
 * which zeros are put first if there is padding; else a general one. */
typedef struct tw__conv_layer {
    tw__conv valid; /* of the image with its zeros */
    tw__conv_general general;
    int is_general, pads;
} tw__conv_layer;

enum {
    TW__CONV_INIT,
    TW__CONV_STRIDE,
    TW__CONV_PADDING,
    TW__CONV_DILATION,
    TW__CONV_GROUPS,
    TW__CONV_OPTIONS = TW__CONV_GROUPS + 1 + TW__PENALTY_ROWS
};
extern const tw_option tw__conv_options[TW__CONV_OPTIONS];

/* From the options, the image `in` (height, width, channels), the kernel and the channels to come: l->own and
 * the tensors; *out is the image that comes out. */
tw_status tw__conv_setup(tw__layer *l, const tw__layer_text *t, const int64_t in[3], int64_t high,
                         int64_t wide, int64_t channels, int64_t out[3], tw_error *err);
/* of the saved weight [out][in / groups][ky][kx] */
size_t tw__conv_place(const tw__layer *l, int tensor, size_t i);
size_t tw__conv_packed(const tw__layer *l, const tw__kernels *k);
void tw__conv_pack(const tw__layer *l, const tw__kernels *k, tw__part part, const char *w, char *packed);
size_t tw__conv_scratch(const tw__layer *l, const tw__kernels *k);
void tw__conv_forward(const tw__layer *l, const tw__pass *p, const void *x, void *y);
void tw__conv_backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                       void *dx);

size_t tw__conv_units(const tw__layer *l);
void tw__conv_narrow(tw__layer *l);
void tw__conv_onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value);

/* Whether a convolution, with relu between, and a pooling can run as one (math/kernels/conv_pool.h). */
int tw__conv_pools(const tw__layer *l, const tw__layer *pool);

/* Images with zeros around them, where there is padding, else x itself. They stand in the first numbers of
 * the pass's scratch, as many as tw__conv_padded() says. */
size_t tw__conv_padded(const tw__conv_layer *own);
const void *tw__conv_pad(const tw__conv_layer *own, const tw__pass *p, const void *x);
/* The rest of the scratch. */
void *tw__conv_rest(const tw__conv_layer *own, const tw__pass *p);

#define TW__CONV_FIELDS                                                                                     \
    .options = tw__conv_options, .n_options = TW__CONV_OPTIONS, .reads = TW__READS_INPUT,                   \
    .own_size = sizeof(tw__conv_layer), .setup = setup, .place = tw__conv_place, .packed = tw__conv_packed, \
    .pack = tw__conv_pack, .scratch = tw__conv_scratch, .forward = tw__conv_forward,                        \
    .backward = tw__conv_backward, .onnx = tw__conv_onnx, .units = tw__conv_units, .narrow = tw__conv_narrow
#endif
