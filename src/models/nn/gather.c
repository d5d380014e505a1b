/* gather: the units of all ranks together, after a layer that is cut or the last of those by_unit after it.
 * No text names it: slice.c puts it there.
 * SPDX-License-Identifier: MIT */
#include "models/nn/communicator.h"
#include <string.h>

/* Places of a row: each has all units. */
static size_t places(const tw__layer *l) { return l->out_size / l->all_units; }

/* With rows of several passes it sends one message for all of them. */
static int wide(const tw__layer *l)
{
    (void)l;
    return 1;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    tw__comm *const comm = l->comm;
    const size_t row = l->in_size * p->k->real;
    for (size_t i = 0; i < p->rows; i++) {
        char *const mine = comm->buffer + i * row;
        memcpy(mine, tw__comm_row(p, x, i, l->in_size), row);
        tw__comm_put(l, p->k, comm->ranks.rank, places(l), mine, tw__comm_row(p, y, i, l->out_size));
    }
    tw__comm_send_to_all(comm, comm->buffer, p->rows * row);
    for (size_t rank = 0; rank < comm->ranks.ranks; rank++) {
        const size_t bytes = tw__comm_units(l, rank) * places(l) * p->k->real;
        if (rank == comm->ranks.rank) continue;
        tw__comm_receive(comm, rank, comm->buffer, p->rows * bytes);
        for (size_t i = 0; i < p->rows; i++)
            tw__comm_put(l, p->k, rank, places(l), comm->buffer + i * bytes,
                         tw__comm_row(p, y, i, l->out_size));
    }
}

/* Every rank has the gradient of all units, and takes that of its own. */
static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    const size_t whole = l->all_units * p->k->real,
                 units = tw__comm_units(l, l->comm->ranks.rank) * p->k->real;
    (void)x, (void)y;
    for (size_t i = 0; dx && i < p->rows; i++) {
        char *to = tw__comm_row(p, dx, i, l->in_size);
        const char *from = tw__comm_row(p, dy, i, l->out_size) +
                           tw__comm_unit(l->comm, l->all_units, l->comm->ranks.rank) * p->k->real;
        for (size_t j = 0; j < places(l); j++, to += units, from += whole) memcpy(to, from, units);
    }
}

const tw__layer_type tw__layer_gather = {.name = "gather",
                                         .wide = wide,
                                         .forward = forward,
                                         .backward = backward};
