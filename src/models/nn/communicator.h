/* The ranks among which a network is split, as its layers see them. A layer that is cut has some of its units
 * at each rank; gather.c puts what they make together again. What the sums of a layer go over is never cut,
 * or goes from rank to rank in their order: so the bits are those of the whole network.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_NN_COMMUNICATOR_H
#define TW_MODELS_NN_COMMUNICATOR_H
#include "models/nn/layer.h"

typedef struct tw__comm {
    tw_ranks ranks;
    int result;   /* what has stopped it: nothing is sent any more, and zeros are received */
    char *buffer; /* for numbers of the rows of a group, as many as the widest value has */
} tw__comm;

/* Units that a layer must have for each rank to be cut. */
enum { TW__COMM_UNITS = 16 };

/* Where the units of a rank begin among so many; of rank `ranks`: where they end. */
size_t tw__comm_unit(const tw__comm *comm, size_t units, size_t rank);

void tw__comm_send(tw__comm *comm, size_t to, const void *numbers, size_t bytes);
void tw__comm_send_to_all(tw__comm *comm, const void *numbers, size_t bytes);
void tw__comm_receive(tw__comm *comm, size_t from, void *numbers, size_t bytes);

/* How many of the layer's units a rank has; puts its lines of these among those of all units. */
size_t tw__comm_units(const tw__layer *l, size_t rank);
void tw__comm_put(const tw__layer *l, const tw__kernels *k, size_t rank, size_t lines, const char *from,
                  char *to);

/* Rows of numbers as a layer sees them, in a pass: row i of `size` numbers each. */
char *tw__comm_row(const tw__pass *p, const void *x, size_t i, size_t size);

/* Follows a layer that is cut, or the last of those by_unit after it: the units of all ranks together. */
extern const tw__layer_type tw__layer_gather;
#endif
