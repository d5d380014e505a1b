/* The gradient of the input of a convolution that is cut by its channels. Its sums go over positions and,
 * innermost, over channels, so that they cannot go from rank to rank. But a convolution's weights are few:
 * every rank gets all of them once per point, and then works out the whole gradient of some of a pass's rows.
 * Of a convolution fused with pooling it needs the winners of all channels in these rows, and computes them
 * again.
 * SPDX-License-Identifier: MIT */
#include "models/nn/conv_cut.h"
#include <string.h>

/* The layer with all channels, and where its numbers are among the packed ones; spare: for a rank's. */
typedef struct whole {
    tw__conv_layer conv;
    size_t weights, bias, spare, packed, end;
} whole;

static whole whole_of(const tw__layer *l, const tw__kernels *k)
{
    whole all = {.conv = *(const tw__conv_layer *)l->own};
    const tw__conv_general *const c = &all.conv.general;
    all.conv.valid.out_c = all.conv.general.out_c = l->all_units;
    all.bias = c->k_h * c->k_w * (c->in_c / c->groups) * l->all_units;
    all.spare = all.bias + l->all_units;
    all.packed = all.spare + all.bias;
    all.end = all.packed + (all.conv.is_general ? 0 : k->conv.packed(&all.conv.valid));
    return all;
}

size_t tw__conv_cut_packed(const tw__layer *l, const tw__kernels *k) { return whole_of(l, k).end; }

/* The tensor of all ranks, whose lines have the channels side by side. */
static void gather(const tw__layer *l, const tw__kernels *k, const tw__layer_tensor *t, const char *w,
                   char *to, char *spare)
{
    tw__comm *const comm = l->comm;
    const size_t lines = t->size / (size_t)t->shape[0];
    const char *const mine = w + t->offset * k->real;
    tw__comm_send_to_all(comm, mine, t->size * k->real);
    for (size_t rank = 0; rank < comm->ranks.ranks; rank++)
        if (rank != comm->ranks.rank) {
            tw__comm_receive(comm, rank, spare, lines * tw__comm_units(l, rank) * k->real);
            tw__comm_put(l, k, rank, lines, spare, to);
        } else tw__comm_put(l, k, rank, lines, mine, to);
}

void tw__conv_cut_pack(const tw__layer *l, const tw__kernels *k, const char *w, char *packed)
{
    const whole all = whole_of(l, k);
    char *const spare = packed + all.spare * k->real;
    gather(l, k, &l->tensor[0], w, packed, spare);
    gather(l, k, &l->tensor[1], w, packed + all.bias * k->real, spare);
    if (!all.conv.is_general) k->conv.pack(&all.conv.valid, packed, packed + all.packed * k->real);
}

/* ---- scratch -------------------------------------------------------------------------------------------
 *
 * What the kernels take, then of all channels the gradient of the rows here, and with a pooling what it makes
 * of them and its winners. */

static size_t of_kernels(const whole *all, const tw__kernels *k, const tw__pooling *pool)
{
    const tw__conv *const c = &all->conv.valid;
    if (all->conv.is_general) return k->conv_general.scratch(&all->conv.general);
    return tw__conv_padded(&all->conv) + (pool ? k->conv_pool.scratch(c) : k->conv.input_scratch(c));
}

/* Positions that come out of a row. */
static size_t places(const tw__conv_layer *conv, const tw__pooling *pool)
{
    return pool ? pool->out_h * pool->out_w : conv->general.out_h * conv->general.out_w;
}

/* Of all channels what comes out of as many rows as a pass can have. */
static size_t outputs(const whole *all, const tw__pooling *pool)
{
    return TW__PASS_ROWS * places(&all->conv, pool) * all->conv.general.out_c;
}

size_t tw__conv_cut_scratch(const tw__layer *l, const tw__kernels *k, const tw__pooling *pool)
{
    const whole all = whole_of(l, k);
    size_t n = of_kernels(&all, k, pool) + outputs(&all, pool);
    if (pool)
        n += outputs(&all, pool) +
             TW__PASS_ROWS * ((k->conv_pool.bits(&all.conv.valid, pool) + k->real - 1) / k->real);
    return n;
}

/* ---- the gradient -------------------------------------------------------------------------------------- */

/* The first of the pass's rows that are a rank's. */
static size_t row_of(const tw__layer *l, const tw__pass *p, size_t rank)
{
    return p->rows * rank / l->comm->ranks.ranks;
}

/* Each rank's rows of the gradient of its channels to that rank; of the rows here that of all channels. */
static void exchange_rows(const tw__layer *l, const tw__pass *p, size_t lines, const char *dy, char *to)
{
    tw__comm *const comm = l->comm;
    const size_t me = comm->ranks.rank, row = lines * tw__comm_units(l, me) * p->k->real,
                 mine = row_of(l, p, me), rows = row_of(l, p, me + 1) - mine;
    for (size_t i = 1; i < comm->ranks.ranks; i++) {
        const size_t rank = (me + i) % comm->ranks.ranks, first = row_of(l, p, rank);
        tw__comm_send(comm, rank, dy + first * row, (row_of(l, p, rank + 1) - first) * row);
    }
    for (size_t rank = 0; rank < comm->ranks.ranks; rank++)
        if (rank != me) {
            tw__comm_receive(comm, rank, comm->buffer, rows * lines * tw__comm_units(l, rank) * p->k->real);
            tw__comm_put(l, p->k, rank, rows * lines, comm->buffer, to);
        } else tw__comm_put(l, p->k, rank, rows * lines, dy + mine * row, to);
}

/* Of the rows of `p`, from the gradient of all channels. */
static void input(const tw__layer *l, const tw__pass *p, const tw__pooling *pool, const void *x, char *dy,
                  void *dx)
{
    const tw__kernels *const k = p->k;
    const whole all = whole_of(l, k);
    const char *const w = p->packed, *const packed = w + all.packed * k->real;
    if (all.conv.is_general) {
        k->conv_general.input(p->rows, &all.conv.general, dy, w, dx, p->scratch);
        return;
    }
    void *const rest = tw__conv_rest(&all.conv, p);
    if (!pool) {
        k->conv.input(p->rows, &all.conv.valid, dy, packed, dx, rest);
        return;
    }
    char *const y = dy + outputs(&all, pool) * k->real, *const winners = y + outputs(&all, pool) * k->real;
    k->conv_pool.forward(p->rows, &all.conv.valid, pool, tw__conv_pad(&all.conv, p, x), w,
                         w + all.bias * k->real, NULL, y, winners);
    k->conv_pool.input(p->rows, &all.conv.valid, pool, dy, winners, packed, dx, rest);
}

void tw__conv_cut_input(const tw__layer *l, const tw__pass *p, const tw__pooling *of, const void *x,
                        const void *dy, void *dx)
{
    tw__comm *const comm = l->comm;
    const whole all = whole_of(l, p->k);
    const size_t me = comm->ranks.rank, first = row_of(l, p, me), row = l->in_size * p->k->real;
    tw__pooling pool = {0};
    tw__pass here = *p;
    if (of) pool = *of;
    pool.c = l->all_units;
    here.rows = row_of(l, p, me + 1) - first;
    char *const whole_dy = (char *)p->scratch + of_kernels(&all, p->k, of ? &pool : NULL) * p->k->real,
                *const to = (char *)dx + first * row;
    exchange_rows(l, p, places(&all.conv, of), dy, whole_dy);
    input(l, &here, of ? &pool : NULL, (const char *)x + first * row, whole_dy, to);
    tw__comm_send_to_all(comm, to, here.rows * row);
    for (size_t rank = 0; rank < comm->ranks.ranks; rank++) {
        const size_t theirs = row_of(l, p, rank);
        if (rank != me)
            tw__comm_receive(comm, rank, (char *)dx + theirs * row, (row_of(l, p, rank + 1) - theirs) * row);
    }
}
