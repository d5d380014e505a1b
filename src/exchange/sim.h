/* The simulator from inside: events in the order of their virtual times, and what each worker has in hand.
 * sim.c runs them, sim_state.c keeps them in checkpoints.
 * SPDX-License-Identifier: MIT */
#ifndef TW_EXCHANGE_SIM_H
#define TW_EXCHANGE_SIM_H
#include "exchange/sim_clock.h"

/* Of a worker: it has evaluated; it is back after a failure. A message arrives; an alarm is a message of a
 * server to itself, and comes after all else of its time. */
enum tw__sim_kind { TW__SIM_COMPUTED, TW__SIM_RETURNED, TW__SIM_ARRIVED, TW__SIM_ALARM, TW__SIM_KINDS };

typedef struct tw__sim_event {
    double time;
    uint64_t number; /* of the event: of two at the same time the first comes first */
    enum tw__sim_kind kind;
    tw__message message; /* of a worker: `to` */
} tw__sim_event;

/* A node of a gradient, in one form or the other. */
typedef struct tw__sim_node {
    tw_sparse_sum list;
    void *dense;
} tw__sim_node;

/* A worker's side of the clock. */
typedef struct tw__sim_seat {
    double ready, since; /* when it has what it waits for; when it began to wait */
    double moving;       /* seconds that its messages and a server's work on them take */
    int is_busy;         /* evaluating, or down */
    uint64_t draws;      /* of random numbers, so far */
    tw__sim_node *node;  /* of its gradient */
    size_t n_nodes;      /* room for */
} tw__sim_seat;

typedef struct tw__sim {
    double now;
    uint64_t events;     /* that there have been */
    tw__sim_event *heap; /* a binary heap of those to come */
    size_t n, capacity;
    tw__sim_seat *seat;
    double *server_free; /* when each server has done what has arrived */
    tw__sim_clock clock;
    int has_begun, has_vectors; /* has_vectors: gradients are not lists alone */
} tw__sim;

/* A copy of the worker's gradient where the next worker's evaluation does not reach. */
tw_status tw__sim_keep(tw__workers *x, tw__worker *me, tw_error *err);
tw_status tw__sim_visit(tw__workers *x, tw_visitor *v, tw_error *err);
#endif
