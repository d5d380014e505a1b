/* Layers that make something like their input, or the same.
 * SPDX-License-Identifier: MIT */
#include "models/nn/same.h"
#include <string.h>

tw_status tw__same_setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    l->out = l->in;
    l->by_time = 1;
    if (l->type->own_size) *(double *)l->own = t->value[0];
    return TW_OK;
}

void tw__same_forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    memcpy(y, x, p->rows * l->out_size * p->k->real);
}

void tw__nothing_forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    (void)l, (void)p, (void)x, (void)y;
}

void tw__nothing_backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                          void *dx)
{
    (void)l, (void)p, (void)x, (void)y, (void)dy, (void)dx;
}

void tw__nothing_onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    (void)l, (void)g, (void)value;
}
