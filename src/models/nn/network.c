/* Making a network and laying out its weights.
 * SPDX-License-Identifier: MIT */
#include "models/nn/network.h"
#include <stdio.h>

tw_status tw__layer_add_tensor(tw__layer *l, const tw__layer_tensor *tensor, tw_error *err)
{
    TW_TRY(tw__grow(l->ctx, &l->tensor, &l->capacity, l->n_tensors + 1, sizeof *l->tensor, err));
    l->tensor[l->n_tensors++] = *tensor;
    return TW_OK;
}

/* As a matrix of its first length a tensor lies row by row, or column by column (TW_TENSOR_TRANSPOSED);
 * within a row the columns may stand in any order. */
static unsigned layout_of(const tw__layer *l, int which)
{
    const size_t rows = l->tensor[which].rank > 1 ? (size_t)l->tensor[which].shape[0] : 1;
    if (rows < 2 || l->tensor[which].size == rows) return 0;
    return tw__network_place(l, which, l->tensor[which].size / rows) - tw__network_place(l, which, 0) == 1
               ? TW_TENSOR_TRANSPOSED
               : 0;
}

tw_status tw__network_lay_out(tw__network *net, tw_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < net->n_layers; i++) n += net->layers[i].n_tensors;
    if (n == 0)
        return tw__fail(err, TW_ERR_SPEC, "the network \"%s\" has nothing to learn: no layer has weights",
                        net->text);
    net->n_tensors = n;
    TW_TRY(tw__alloc(net->ctx, &net->tensors, n, sizeof *net->tensors, err));
    TW_TRY(tw__alloc(net->ctx, &net->names, n, sizeof *net->names, err));
    n = 0;
    for (size_t i = 0; i < net->n_layers; i++) {
        tw__layer *l = &net->layers[i];
        for (size_t j = 0; j < l->n_tensors; j++, n++) {
            if (!tw__size_of_shape(l->tensor[j].rank, l->tensor[j].shape, &l->tensor[j].size) ||
                !tw__size_add(net->size, l->tensor[j].size, &net->size) || net->size > (size_t)1 << 40)
                return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): its weights are too many", l->source + 1,
                                tw__line_words(&net->source[l->source]));
            l->tensor[j].offset = net->size - l->tensor[j].size;
            snprintf(net->names[n], sizeof net->names[n], "%s.%s", l->path, l->tensor[j].name);
            net->tensors[n] = (tw_tensor){.name = net->names[n],
                                          .rank = l->tensor[j].rank,
                                          .shape = l->tensor[j].shape,
                                          .offset = l->tensor[j].offset,
                                          .flags = l->tensor[j].flags | layout_of(l, (int)j)};
        }
    }
    return TW_OK;
}

tw_status tw__network_create(tw__network **out, tw_context *ctx, const char *text, const tw__shape *in,
                             int64_t classes, tw_error *err)
{
    tw__network *net;
    TW_TRY(tw__alloc(ctx, &net, 1, sizeof *net, err));
    net->ctx = ctx;
    net->in = *in;
    net->classes = classes;
    tw_status s = tw__network_read(net, text, err);
    if (s == TW_OK) s = tw__network_lay_out(net, err);
    if (s == TW_OK) *out = net;
    else tw__network_free(net);
    return s;
}

void tw__network_free(tw__network *net)
{
    if (!net) return;
    for (size_t i = 0; i < net->n_layers; i++) {
        tw__layer *l = &net->layers[i];
        if (l->own) tw__free(net->ctx, l->own, l->type->own_size, 1);
        tw__free(net->ctx, l->tensor, l->capacity, sizeof *l->tensor);
    }
    tw__free(net->ctx, net->values, net->values_capacity, sizeof *net->values);
    tw__free(net->ctx, net->operations, net->operations_capacity, sizeof *net->operations);
    tw__free(net->ctx, net->layers, net->capacity, sizeof *net->layers);
    tw__free(net->ctx, net->tensors, net->n_tensors, sizeof *net->tensors);
    tw__free(net->ctx, net->names, net->n_tensors, sizeof *net->names);
    tw__free(net->ctx, net->source, net->source_capacity, sizeof *net->source);
    tw__free(net->ctx, net, 1, sizeof *net);
}

const tw__layer *tw__network_last(const tw__network *net)
{
    const int last = net->operations[net->n_operations - 1].layer;
    return last < 0 ? NULL : &net->layers[last];
}

int tw__network_is_by_time(const tw__network *net)
{
    for (size_t i = 0; i < net->n_layers; i++)
        if (!net->layers[i].by_time) return 0;
    return 1;
}
