/* Convolutions of any kind.
 * SPDX-License-Identifier: MIT */
#include "models/nn/conv_cut.h"
#include <string.h>

enum { SAME = -1, MOST = 1 << 16 };

const tw_option tw__conv_options[TW__CONV_OPTIONS] = {
    TW__INIT,
    {"stride", TW_INT, NULL, 1, 1, MOST, TW_CLOSED, "steps from one position to the next"},
    {"padding", TW_REAL, "same", 0, 0, MOST, TW_CLOSED,
     "zeros on each side; same: as many as keep the size (divided by stride), an odd one at the end"},
    {"dilation", TW_INT, NULL, 1, 1, MOST, TW_CLOSED, "pixels from one number of the kernel to the next"},
    {"groups", TW_INT, NULL, 1, 1, MOST, TW_CLOSED,
     "channels fall into so many, each of which sees its share"},
    TW__PENALTY_OPTIONS,
};

/* How a kernel goes along one side of an image. */
typedef struct side {
    int64_t in, kernel, stride, dilation;
    int64_t before, out, padded; /* zeros before it; positions; length with the zeros that are seen */
} side;

/* 0: the kernel does not fit. */
static int measure(side *s, double padding)
{
    const int64_t reach = (s->kernel - 1) * s->dilation + 1;
    int64_t zeros = 2 * (int64_t)padding;
    if (padding == SAME) {
        const int64_t ends = ((s->in + s->stride - 1) / s->stride - 1) * s->stride + reach;
        zeros = ends > s->in ? ends - s->in : 0;
    }
    s->before = padding == SAME ? zeros / 2 : (int64_t)padding;
    s->padded = s->in + zeros;
    s->out = s->padded < reach ? 0 : (s->padded - reach) / s->stride + 1;
    return s->out > 0;
}

static tw_status add_tensors(tw__layer *l, const tw__layer_text *t, const tw__conv_general *c, tw_error *err)
{
    const int64_t high = (int64_t)c->k_h, wide = (int64_t)c->k_w, channels = (int64_t)c->out_c,
                  seen = (int64_t)(c->in_c / c->groups);
    tw__layer_tensor weight = {.name = "weight",
                               .rank = 4,
                               .shape = {channels, seen, high, wide},
                               .initial = tw__initial_at(t->value[TW__CONV_INIT]),
                               .fan_in = (double)(high * wide) * (double)seen,
                               .fan_out = (double)(high * wide) * (double)channels / (double)c->groups};
    if (l->in.rank == 2) { /* a sequence */
        weight.rank = 3;
        weight.shape[2] = wide;
    }
    TW_TRY(tw__layer_add_tensor(l, &weight, err));
    return tw__layer_add_tensor(l, &(tw__layer_tensor){.name = "bias", .rank = 1, .shape = {channels}}, err);
}

static tw_status check_options(const tw__layer *l, const tw__layer_text *t, const int64_t in[3],
                               int64_t channels, tw_error *err)
{
    const double padding = t->value[TW__CONV_PADDING];
    const int64_t groups = (int64_t)t->value[TW__CONV_GROUPS];
    if (padding != __builtin_floor(padding))
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): padding is a whole number or same", l->source + 1,
                        t->text);
    if (in[2] % groups || channels % groups)
        return tw__fail(
            err, TW_ERR_SPEC,
            "layer %d (%s): %lld groups do not divide its %lld channels and the %lld of its input "
            "into equal parts",
            l->source + 1, t->text, (long long)groups, (long long)channels, (long long)in[2]);
    return TW_OK;
}

tw_status tw__conv_setup(tw__layer *l, const tw__layer_text *t, const int64_t in[3], int64_t high,
                         int64_t wide, int64_t channels, int64_t out[3], tw_error *err)
{
    tw__conv_layer *const own = l->own;
    const int64_t stride = (int64_t)t->value[TW__CONV_STRIDE],
                  dilation = (int64_t)t->value[TW__CONV_DILATION];
    side down = {.in = in[0],
                 .kernel = high,
                 .stride = in[0] == 1 && high == 1 ? 1 : stride,
                 .dilation = dilation},
         across = {.in = in[1], .kernel = wide, .stride = stride, .dilation = dilation};
    TW_TRY(check_options(l, t, in, channels, err));
    const double padding = t->value[TW__CONV_PADDING];
    if (!measure(&down, in[0] == 1 && high == 1 ? 0 : padding) || !measure(&across, padding)) {
        char shape[TW__SHAPE_TEXT];
        return tw__fail(err, TW_ERR_SPEC,
                        "layer %d (%s): a %lldx%lld kernel does not fit into its input of %s", l->source + 1,
                        t->text, (long long)high, (long long)wide,
                        tw__shape_text(&l->in, shape, sizeof shape));
    }
    own->general = (tw__conv_general){.in_h = (size_t)in[0],
                                      .in_w = (size_t)in[1],
                                      .in_c = (size_t)in[2],
                                      .k_h = (size_t)high,
                                      .k_w = (size_t)wide,
                                      .out_h = (size_t)down.out,
                                      .out_w = (size_t)across.out,
                                      .out_c = (size_t)channels,
                                      .stride = (size_t)stride,
                                      .dilation = (size_t)dilation,
                                      .groups = (size_t)t->value[TW__CONV_GROUPS],
                                      .top = (size_t)down.before,
                                      .left = (size_t)across.before};
    own->valid = (tw__conv){.in_h = (size_t)down.padded,
                            .in_w = (size_t)across.padded,
                            .in_c = (size_t)in[2],
                            .k_h = (size_t)high,
                            .k_w = (size_t)wide,
                            .out_h = (size_t)down.out,
                            .out_w = (size_t)across.out,
                            .out_c = (size_t)channels,
                            .top = (size_t)down.before,
                            .bottom = (size_t)(down.padded - down.in - down.before),
                            .left = (size_t)across.before,
                            .right = (size_t)(across.padded - across.in - across.before)};
    own->is_general = stride != 1 || dilation != 1 || own->general.groups != 1;
    own->pads = down.padded != down.in || across.padded != across.in;
    out[0] = down.out;
    out[1] = across.out;
    out[2] = channels;
    return add_tensors(l, t, &own->general, err);
}

size_t tw__conv_place(const tw__layer *l, int tensor, size_t i)
{
    const tw__conv_general *const c = &((const tw__conv_layer *)l->own)->general;
    if (tensor == 1) return i;
    const size_t seen = c->in_c / c->groups, kx = i % c->k_w, ky = i / c->k_w % c->k_h,
                 in = i / (c->k_w * c->k_h) % seen, out = i / (c->k_w * c->k_h * seen);
    return ((ky * c->k_w + kx) * seen + in) * c->out_c + out;
}

extern const tw__layer_type tw__layer_conv2d, tw__layer_maxpool2d;

int tw__conv_pools(const tw__layer *l, const tw__layer *pool)
{
    if (l->type != &tw__layer_conv2d || pool->type != &tw__layer_maxpool2d) return 0;
    const tw__pooling *const window = pool->own;
    return !((const tw__conv_layer *)l->own)->is_general && window->k_h == 2 && window->k_w == 2;
}

/* ---- zeros around images ------------------------------------------------------------------------------- */

size_t tw__conv_padded(const tw__conv_layer *own)
{
    return own->pads ? TW__PASS_ROWS * own->valid.in_h * own->valid.in_w * own->valid.in_c : 0;
}

const void *tw__conv_pad(const tw__conv_layer *own, const tw__pass *p, const void *x)
{
    const tw__conv_general *const c = &own->general;
    const size_t line = c->in_w * c->in_c * p->k->real, step = own->valid.in_w * own->valid.in_c * p->k->real;
    const char *from = x;
    char *const to = (char *)p->scratch + (c->top * own->valid.in_w + c->left) * c->in_c * p->k->real;
    if (!own->pads) return x;
    memset(p->scratch, 0, tw__conv_padded(own) / TW__PASS_ROWS * p->rows * p->k->real);
    for (size_t r = 0; r < p->rows; r++)
        for (size_t y = 0; y < c->in_h; y++, from += line)
            memcpy(to + (r * own->valid.in_h + y) * step, from, line);
    return p->scratch;
}

void *tw__conv_rest(const tw__conv_layer *own, const tw__pass *p)
{
    return (char *)p->scratch + tw__conv_padded(own) * p->k->real;
}

/* ---- the layer ----------------------------------------------------------------------------------------- */

/* Those of a group see other channels than those of another. */
size_t tw__conv_units(const tw__layer *l)
{
    const tw__conv_general *const c = &((const tw__conv_layer *)l->own)->general;
    return c->groups == 1 ? c->out_c : 0;
}

void tw__conv_narrow(tw__layer *l)
{
    tw__conv_layer *const own = l->own;
    own->valid.out_c = own->general.out_c = (size_t)l->out.n[l->out.rank - 1];
}

size_t tw__conv_packed(const tw__layer *l, const tw__kernels *k)
{
    const tw__conv_layer *const own = l->own;
    if (tw__conv_is_cut(l)) return tw__conv_cut_packed(l, k);
    return own->is_general ? 0 : k->conv.packed(&own->valid);
}

void tw__conv_pack(const tw__layer *l, const tw__kernels *k, tw__part part, const char *w, char *packed)
{
    const tw__conv_layer *const own = l->own;
    if (part.i == 0 && tw__conv_is_cut(l)) tw__conv_cut_pack(l, k, w, packed);
    else if (!own->is_general && part.i == 0)
        k->conv.pack(&own->valid, w + l->tensor[0].offset * k->real, packed);
}

size_t tw__conv_scratch(const tw__layer *l, const tw__kernels *k)
{
    const tw__conv_layer *const own = l->own;
    if (tw__conv_is_cut(l)) return tw__conv_cut_scratch(l, k, NULL);
    return own->is_general ? k->conv_general.scratch(&own->general)
                           : tw__conv_padded(own) + k->conv.input_scratch(&own->valid);
}

void tw__conv_forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const tw__conv_layer *const own = l->own;
    const void *const w = tw__tensor_of(l, p, 0), *const b = tw__tensor_of(l, p, 1);
    if (own->is_general) p->k->conv_general.forward(p->rows, &own->general, x, w, b, y, p->scratch);
    else p->k->conv.forward(p->rows, &own->valid, tw__conv_pad(own, p, x), w, b, y);
}

void tw__conv_backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                       void *dx)
{
    const tw__conv_layer *const own = l->own;
    const void *const w = tw__tensor_of(l, p, 0);
    void *const dw = tw__gradient_of(l, p, 0), *const db = tw__gradient_of(l, p, 1);
    (void)y;
    const int is_cut = tw__conv_is_cut(l);
    if (own->is_general) {
        p->k->conv_general.weights(p->rows, &own->general, x, dy, p->into, dw, db, p->scratch);
        if (dx && !is_cut) p->k->conv_general.input(p->rows, &own->general, dy, w, dx, p->scratch);
    } else p->k->conv.weights(p->rows, &own->valid, tw__conv_pad(own, p, x), dy, p->into, dw, db);
    if (dx && is_cut) tw__conv_cut_input(l, p, NULL, x, dy, dx);
    else if (dx && !own->is_general)
        p->k->conv.input(p->rows, &own->valid, dy, p->packed, dx, tw__conv_rest(own, p));
}

/* A sequence is a line of pixels, which ONNX has along the last dimension. */
void tw__conv_onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    const tw__conv_layer *const own = l->own;
    const tw__conv_general *const c = &own->general;
    const int is_image = l->in.rank == 3, n = is_image ? 2 : 1;
    const int64_t high = (int64_t)c->k_h, wide = (int64_t)c->k_w, stride = (int64_t)c->stride,
                  dilation = (int64_t)c->dilation, top = (int64_t)c->top, left = (int64_t)c->left,
                  bottom = (int64_t)(own->valid.in_h - c->in_h - c->top),
                  right = (int64_t)(own->valid.in_w - c->in_w - c->left);
    const tw__onnx_attribute with[] = {is_image ? TW__ONNX_LIST("kernel_shape", n, high, wide)
                                                : TW__ONNX_LIST("kernel_shape", n, wide),
                                       TW__ONNX_LIST("strides", n, stride, stride),
                                       TW__ONNX_LIST("dilations", n, dilation, dilation),
                                       is_image ? TW__ONNX_LIST("pads", 4, top, left, bottom, right)
                                                : TW__ONNX_LIST("pads", 2, left, right),
                                       TW__ONNX_INT("group", (int64_t)c->groups)};
    const tw__onnx_name x = is_image ? *value : TW__ONNX_ORDER(g, *value, 3, 0, 2, 1),
                        w = tw__onnx_tensor(g, l, 0), b = tw__onnx_tensor(g, l, 1);
    *value = tw__onnx_node(g, "Conv", 3, (tw__onnx_name[]){x, w, b}, 5, with);
    if (!is_image) *value = TW__ONNX_ORDER(g, *value, 3, 0, 2, 1);
}
