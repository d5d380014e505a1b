/* reshape 28x28: the same numbers as a vector (84), a sequence (time x features) or an image (height x width
 * x channels), in the order of row, column, channel.
 * SPDX-License-Identifier: MIT */
#include "models/nn/same.h"

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    size_t size;
    TW_TRY(tw__layer_most_words(l, t, 1, err));
    if (t->n_words == 0 || !tw__shape_read(t->word[0], &l->out) ||
        !tw__size_of_shape(l->out.rank, l->out.n, &size) || size != l->in_size) {
        char in[TW__SHAPE_TEXT];
        return tw__fail(
            err, TW_ERR_SPEC,
            "layer %d (%s): reshape needs a shape of %zu numbers (its input is %s): 84, 12x7 or 4x7x3, "
            "for example, have 84",
            l->source + 1, t->text, l->in_size, tw__shape_text(&l->in, in, sizeof in));
    }
    return TW_OK;
}

/* By way of the order in memory. */
static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    const int64_t shape[] = {0, l->out.n[0], l->out.n[1], l->out.n[2]};
    tw__onnx_name x = tw__onnx_native(g, &l->in, *value);
    if (l->in.rank == 3) x = TW__ONNX_ORDER(g, x, 4, 0, 2, 3, 1);
    x = tw__onnx_reshape(g, x, 1 + l->out.rank, shape);
    *value = l->out.rank == 3 ? TW__ONNX_ORDER(g, x, 4, 0, 3, 1, 2) : x;
}

const tw__layer_type tw__layer_reshape = {.name = "reshape",
                                          .usage = "reshape SHAPE",
                                          .help = "the same numbers as a vector, a sequence or an image",
                                          .equation = "y = x, numbered by row, column, channel",
                                          .in_place = TW__SAME_NUMBERS,
                                          .setup = setup,
                                          .forward = tw__nothing_forward,
                                          .backward = tw__nothing_backward,
                                          .onnx = onnx};
