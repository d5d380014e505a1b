/* A network's weights: how they begin, and between the saved order of their tensors and the flat vector.
 * SPDX-License-Identifier: MIT */
#include "models/nn/network.h"
#include <string.h>

const tw__layer *tw__network_tensor(const tw__network *net, size_t tensor, int *which)
{
    const tw__layer *l = net->layers;
    while (tensor >= l->n_tensors) tensor -= l++->n_tensors;
    *which = (int)tensor;
    return l;
}

size_t tw__network_place(const tw__layer *l, int which, size_t i)
{
    return l->tensor[which].offset + (l->type->place ? l->type->place(l, which, i) : i);
}

static tw_status fill(const tw__network *net, size_t tensor, uint64_t seed, tw_type type, void *w,
                      tw_error *err)
{
    int which;
    const tw__layer *l = tw__network_tensor(net, tensor, &which);
    const tw__layer_tensor *const t = &l->tensor[which];
    double *value;
    if (!t->initial) return TW_OK;
    TW_TRY(tw__alloc(net->ctx, &value, t->size, sizeof *value, err));
    const tw_status s = t->initial->fill(net->ctx, t, seed, (uint32_t)tensor, value, err);
    for (size_t i = 0; i < t->size && s == TW_OK; i++) {
        const size_t at = tw__network_place(l, which, i);
        if (type == TW_F32) ((float *)w)[at] = (float)value[i];
        else ((double *)w)[at] = value[i];
    }
    tw__free(net->ctx, value, t->size, sizeof *value);
    return s;
}

tw_status tw__network_start(const tw__network *net, uint64_t seed, tw_type type, void *w, tw_error *err)
{
    memset(w, 0, net->size * tw_type_size(type));
    for (size_t t = 0; t < net->n_tensors; t++) TW_TRY(fill(net, t, seed, type, w, err));
    return TW_OK;
}

/* Copies n elements of `bytes` bytes, 4 or 8, that are `from_step` and `to_step` elements apart. */
static void copy_steps(char *to, size_t to_step, const char *from, size_t from_step, size_t n, size_t bytes)
{
    if (to_step == 1 && from_step == 1) memcpy(to, from, n * bytes);
    else if (bytes == sizeof(float))
        for (size_t i = 0; i < n; i++) memcpy(to + i * to_step * 4, from + i * from_step * 4, 4);
    else
        for (size_t i = 0; i < n; i++) memcpy(to + i * to_step * 8, from + i * from_step * 8, 8);
}

/* Between the saved order of a tensor and the flat vector's: tiles of rows and columns (layout_of), since
 * along one of the two orders each element lies in another page. */
static void reorder(const tw__network *net, size_t tensor, tw_type type, char *saved, char *w, int save)
{
    enum { TILE = 32 };
    int which;
    const tw__layer *l = tw__network_tensor(net, tensor, &which);
    const size_t bytes = tw_type_size(type), size = l->tensor[which].size;
    const size_t rows = l->tensor[which].rank > 1 ? (size_t)l->tensor[which].shape[0] : 1,
                 columns = size / rows;
    const size_t step = rows > 1 ? tw__network_place(l, which, columns) - tw__network_place(l, which, 0) : 0;
    if (!l->type->place) {
        char *at = w + l->tensor[which].offset * bytes;
        memcpy(save ? saved : at, save ? at : saved, size * bytes);
        return;
    }
    for (size_t row = 0; row < rows; row += TILE)
        for (size_t column = 0; column < columns; column++) {
            const size_t n = rows - row < TILE ? rows - row : TILE;
            char *in_file = saved + (row * columns + column) * bytes,
                 *at = w + (tw__network_place(l, which, column) + row * step) * bytes;
            if (save) copy_steps(in_file, columns, at, step, n, bytes);
            else copy_steps(at, step, in_file, columns, n, bytes);
        }
}

void tw__network_export(const tw__network *net, size_t tensor, tw_type type, const void *w, void *saved)
{
    reorder(net, tensor, type, saved, (char *)(uintptr_t)w, 1);
}

void tw__network_import(const tw__network *net, size_t tensor, tw_type type, const void *saved, void *w)
{
    reorder(net, tensor, type, (char *)(uintptr_t)saved, w, 0);
}
