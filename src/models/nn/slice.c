/* Cuts a network: each layer with units enough becomes one of the rank's units, so do the layers by_unit that
 * follow it, and then comes a gather. All else each rank has whole.
 *
 *     dense 512 relu; dense 10        of two ranks        dense 256 relu; gather 512; dense 10
 *
 * SPDX-License-Identifier: MIT */
#include "models/nn/slice.h"
#include <string.h>

/* ---- parts of a network -------------------------------------------------------------------------------- */

/* Memory for all that can come, so that nothing moves later: every operation may make another value, and be
 * followed by a gather. */
static tw_status reserve(tw__network *net, const tw__network *whole, tw_error *err)
{
    const size_t most = whole->n_operations;
    TW_TRY(
        tw__grow(net->ctx, &net->layers, &net->capacity, whole->n_layers + most, sizeof *net->layers, err));
    TW_TRY(tw__grow(net->ctx, &net->operations, &net->operations_capacity, 2 * most, sizeof *net->operations,
                    err));
    TW_TRY(tw__grow(net->ctx, &net->values, &net->values_capacity, whole->n_values + most,
                    sizeof *net->values, err));
    memcpy(net->values, whole->values, whole->n_values * sizeof *net->values);
    net->n_values = whole->n_values;
    return TW_OK;
}

/* A copy of a layer, with memory of its own. */
static tw_status copy_layer(tw__network *net, const tw__layer *from, tw_error *err)
{
    tw__layer *const l = &net->layers[net->n_layers++];
    *l = *from;
    l->ctx = net->ctx;
    l->own = NULL;
    l->tensor = NULL;
    l->n_tensors = l->capacity = 0;
    if (from->own) {
        TW_TRY(tw__alloc(net->ctx, &l->own, from->type->own_size, 1, err));
        memcpy(l->own, from->own, from->type->own_size);
    }
    for (size_t i = 0; i < from->n_tensors; i++) TW_TRY(tw__layer_add_tensor(l, &from->tensor[i], err));
    return TW_OK;
}

static void add_operation(tw__network *net, const tw__operation *like, size_t in, size_t out)
{
    tw__operation *const o = &net->operations[net->n_operations++];
    *o = *like;
    if (like->layer >= 0) o->layer = (int)net->n_layers - 1;
    o->in[0] = in;
    o->out = out;
}

static size_t add_value(tw__network *net, const tw__shape *shape)
{
    net->values[net->n_values] = (tw__value){*shape, tw__shape_size(shape)};
    return net->n_values++;
}

/* ---- cutting ------------------------------------------------------------------------------------------- */

static int is_cut(const tw__layer *l, const tw__comm *comm)
{
    return comm->ranks.ranks > 1 && l->type->units && l->type->units(l) >= TW__COMM_UNITS * comm->ranks.ranks;
}

static int reads(const tw__operation *o, size_t value)
{
    return o->in[0] == value || (o->layer < 0 && o->in[1] == value);
}

/* Whether operation i does nothing but take up a value that no other one reads, unit by unit. */
static int follows(const tw__network *whole, size_t i, size_t value)
{
    const tw__operation *const o = &whole->operations[i];
    if (o->layer < 0 || o->in[0] != value || !whole->layers[o->layer].type->by_unit) return 0;
    for (size_t j = i + 1; j < whole->n_operations; j++)
        if (reads(&whole->operations[j], value)) return 0;
    return 1;
}

/* The last layer becomes one of this rank's units of so many; its tensors have them first. */
static void narrow(tw__layer *l, tw__comm *comm, size_t units, const tw__shape *in)
{
    l->first_unit = tw__comm_unit(comm, units, comm->ranks.rank);
    const size_t n = tw__comm_unit(comm, units, comm->ranks.rank + 1) - l->first_unit;
    l->comm = comm;
    l->all_units = units;
    l->in = *in;
    l->out.n[l->out.rank - 1] = (int64_t)n;
    l->in_size = tw__shape_size(&l->in);
    l->out_size = tw__shape_size(&l->out);
    for (size_t i = 0; i < l->n_tensors; i++) l->tensor[i].shape[0] = (int64_t)n;
    if (l->type->narrow) l->type->narrow(l);
}

static tw_status gather(tw__network *net, tw__comm *comm, size_t units, size_t in, size_t out, tw_error *err)
{
    const tw__operation o = {.layer = 0};
    const tw__layer l = {.type = &tw__layer_gather,
                         .in = net->values[in].shape,
                         .out = net->values[out].shape,
                         .in_size = net->values[in].size,
                         .out_size = net->values[out].size,
                         .comm = comm,
                         .all_units = units};
    TW_TRY(copy_layer(net, &l, err));
    add_operation(net, &o, in, out);
    return TW_OK;
}

/* Whether there is a layer with weights before operation i. */
static int has_trained(const tw__network *whole, size_t i)
{
    while (i-- > 0) {
        const int layer = whole->operations[i].layer;
        if (layer >= 0 && whole->layers[layer].n_tensors > 0) return 1;
    }
    return 0;
}

/* The layer of operation i and those that follow it; *n: how many. */
static tw_status cut(tw__network *net, const tw__network *whole, tw__comm *comm, size_t i, size_t *n,
                     tw_error *err)
{
    const tw__layer *const first = &whole->layers[whole->operations[i].layer];
    const size_t units = first->type->units(first);
    const int is_trained = has_trained(whole, i);
    size_t value = whole->operations[i].in[0];
    for (*n = 0; *n == 0 ||
                 (i + *n < whole->n_operations && follows(whole, i + *n, whole->operations[i + *n - 1].out));
         ++*n) {
        const tw__operation *const o = &whole->operations[i + *n];
        TW_TRY(copy_layer(net, &whole->layers[o->layer], err));
        tw__layer *const l = &net->layers[net->n_layers - 1];
        l->has_input_gradient = is_trained;
        narrow(l, comm, units, &net->values[value].shape);
        const size_t made = add_value(net, &l->out);
        add_operation(net, o, value, made);
        value = made;
    }
    return gather(net, comm, units, value, whole->operations[i + *n - 1].out, err);
}

static tw_status cut_all(tw__network *net, const tw__network *whole, tw__comm *comm, size_t *cuts,
                         tw_error *err)
{
    *cuts = 0;
    for (size_t i = 0, n = 1; i < whole->n_operations; i += n, n = 1) {
        const tw__operation *const o = &whole->operations[i];
        if (o->layer >= 0 && is_cut(&whole->layers[o->layer], comm)) {
            TW_TRY(cut(net, whole, comm, i, &n, err));
            ++*cuts;
            continue;
        }
        if (o->layer >= 0) TW_TRY(copy_layer(net, &whole->layers[o->layer], err));
        add_operation(net, o, o->in[0], o->out);
    }
    return TW_OK;
}

static tw_status make(tw__network *net, const tw__network *whole, tw__comm *comm, tw_error *err)
{
    size_t cuts;
    TW_TRY(reserve(net, whole, err));
    TW_TRY(cut_all(net, whole, comm, &cuts, err));
    if (cuts == 0 && comm->ranks.ranks > 1)
        return tw__fail(
            err, TW_ERR_SPEC,
            "no layer of the network can be split among %zu processes: a dense layer needs %zu units, a convolution without groups as many channels",
            comm->ranks.ranks, TW__COMM_UNITS * comm->ranks.ranks);
    return tw__network_lay_out(net, err);
}

tw_status tw__network_slice(tw__network **out, tw_context *ctx, const tw__network *whole, tw__comm *comm,
                            tw_error *err)
{
    tw__network *net;
    TW_TRY(tw__alloc(ctx, &net, 1, sizeof *net, err));
    net->ctx = ctx;
    net->in = whole->in;
    net->classes = whole->classes;
    net->labels = whole->labels;
    const tw_status s = make(net, whole, comm, err);
    if (s == TW_OK) *out = net;
    else tw__network_free(net);
    return s;
}

void tw__network_slices(const tw__network *slice, const tw__network *whole, tw_slice *to)
{
    for (size_t i = 0; i < slice->n_tensors; i++) {
        int which;
        const tw__layer *const l = tw__network_tensor(slice, i, &which);
        const size_t offset = whole->tensors[i].offset, size = l->tensor[which].size;
        if (!l->comm) to[i] = (tw_slice){.rows = 1, .width = size, .first = offset, .is_shared = 1};
        else {
            const size_t width = (size_t)l->tensor[which].shape[0];
            to[i] = (tw_slice){.rows = size / width,
                               .width = width,
                               .first = offset + l->first_unit,
                               .step = l->all_units};
        }
    }
}
