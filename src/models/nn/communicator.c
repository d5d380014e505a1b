/* Numbers between the ranks of a split network; see communicator.h.
 * SPDX-License-Identifier: MIT */
#include "models/nn/communicator.h"
#include <string.h>

/* Whole vectors of kernels, as even as these are. */
size_t tw__comm_unit(const tw__comm *comm, size_t units, size_t rank)
{
    const size_t pieces = units / TW__COMM_UNITS, ranks = comm->ranks.ranks, each = pieces / ranks,
                 longer = pieces % ranks;
    return rank == ranks ? units : (each * rank + (rank < longer ? rank : longer)) * TW__COMM_UNITS;
}

void tw__comm_send(tw__comm *comm, size_t to, const void *numbers, size_t bytes)
{
    if (!comm->result) comm->result = comm->ranks.send(comm->ranks.user, to, numbers, bytes);
}

void tw__comm_send_to_all(tw__comm *comm, const void *numbers, size_t bytes)
{
    for (size_t i = 1; i < comm->ranks.ranks; i++)
        tw__comm_send(comm, (comm->ranks.rank + i) % comm->ranks.ranks, numbers, bytes);
}

void tw__comm_receive(tw__comm *comm, size_t from, void *numbers, size_t bytes)
{
    if (!comm->result) comm->result = comm->ranks.receive(comm->ranks.user, from, numbers, bytes);
    if (comm->result) memset(numbers, 0, bytes);
}

size_t tw__comm_units(const tw__layer *l, size_t rank)
{
    return tw__comm_unit(l->comm, l->all_units, rank + 1) - tw__comm_unit(l->comm, l->all_units, rank);
}

void tw__comm_put(const tw__layer *l, const tw__kernels *k, size_t rank, size_t lines, const char *from,
                  char *to)
{
    const size_t bytes = tw__comm_units(l, rank) * k->real, whole = l->all_units * k->real;
    to += tw__comm_unit(l->comm, l->all_units, rank) * k->real;
    for (size_t i = 0; i < lines; i++, from += bytes, to += whole) memcpy(to, from, bytes);
}

char *tw__comm_row(const tw__pass *p, const void *x, size_t i, size_t size)
{
    size_t at = i * size;
    if (p->step) {
        const size_t frames = (p->leaf + TW__PASS_ROWS - 1) / TW__PASS_ROWS, in_leaf = i % p->leaf;
        at = (i / p->leaf * frames + in_leaf / TW__PASS_ROWS) * p->step + in_leaf % TW__PASS_ROWS * size;
    }
    return (char *)(uintptr_t)x + at * p->k->real;
}
