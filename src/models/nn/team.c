/* Numbers between the ranks of a split network; see team.h.
 * SPDX-License-Identifier: MIT */
#include "models/nn/team.h"
#include <string.h>

/* Whole vectors of kernels, as even as these are. */
size_t tw__team_unit(const tw__team *team, size_t units, size_t rank)
{
    const size_t pieces = units / TW__TEAM_UNITS, ranks = team->ranks.ranks, each = pieces / ranks,
                 longer = pieces % ranks;
    return rank == ranks ? units : (each * rank + (rank < longer ? rank : longer)) * TW__TEAM_UNITS;
}

void tw__team_send(tw__team *team, size_t to, const void *numbers, size_t bytes)
{
    if (!team->result) team->result = team->ranks.send(team->ranks.user, to, numbers, bytes);
}

void tw__team_send_to_all(tw__team *team, const void *numbers, size_t bytes)
{
    for (size_t i = 1; i < team->ranks.ranks; i++)
        tw__team_send(team, (team->ranks.rank + i) % team->ranks.ranks, numbers, bytes);
}

void tw__team_receive(tw__team *team, size_t from, void *numbers, size_t bytes)
{
    if (!team->result) team->result = team->ranks.receive(team->ranks.user, from, numbers, bytes);
    if (team->result) memset(numbers, 0, bytes);
}

size_t tw__team_units(const tw__layer *l, size_t rank)
{
    return tw__team_unit(l->team, l->all_units, rank + 1) - tw__team_unit(l->team, l->all_units, rank);
}

void tw__team_put(const tw__layer *l, const tw__kernels *k, size_t rank, size_t lines, const char *from,
                  char *to)
{
    const size_t bytes = tw__team_units(l, rank) * k->real, whole = l->all_units * k->real;
    to += tw__team_unit(l->team, l->all_units, rank) * k->real;
    for (size_t i = 0; i < lines; i++, from += bytes, to += whole) memcpy(to, from, bytes);
}

char *tw__team_row(const tw__pass *p, const void *x, size_t i, size_t size)
{
    size_t at = i * size;
    if (p->step) {
        const size_t frames = (p->leaf + TW__PASS_ROWS - 1) / TW__PASS_ROWS, in_leaf = i % p->leaf;
        at = (i / p->leaf * frames + in_leaf / TW__PASS_ROWS) * p->step + in_leaf % TW__PASS_ROWS * size;
    }
    return (char *)(uintptr_t)x + at * p->k->real;
}

/* ---- gather -------------------------------------------------------------------------------------------- */

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
    tw__team *const team = l->team;
    const size_t row = l->in_size * p->k->real;
    for (size_t i = 0; i < p->rows; i++) {
        char *const mine = team->buffer + i * row;
        memcpy(mine, tw__team_row(p, x, i, l->in_size), row);
        tw__team_put(l, p->k, team->ranks.rank, places(l), mine, tw__team_row(p, y, i, l->out_size));
    }
    tw__team_send_to_all(team, team->buffer, p->rows * row);
    for (size_t rank = 0; rank < team->ranks.ranks; rank++) {
        const size_t bytes = tw__team_units(l, rank) * places(l) * p->k->real;
        if (rank == team->ranks.rank) continue;
        tw__team_receive(team, rank, team->buffer, p->rows * bytes);
        for (size_t i = 0; i < p->rows; i++)
            tw__team_put(l, p->k, rank, places(l), team->buffer + i * bytes,
                         tw__team_row(p, y, i, l->out_size));
    }
}

/* Every rank has the gradient of all units, and takes that of its own. */
static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    const size_t whole = l->all_units * p->k->real,
                 units = tw__team_units(l, l->team->ranks.rank) * p->k->real;
    (void)x, (void)y;
    for (size_t i = 0; dx && i < p->rows; i++) {
        char *to = tw__team_row(p, dx, i, l->in_size);
        const char *from = tw__team_row(p, dy, i, l->out_size) +
                           tw__team_unit(l->team, l->all_units, l->team->ranks.rank) * p->k->real;
        for (size_t j = 0; j < places(l); j++, to += units, from += whole) memcpy(to, from, units);
    }
}

const tw__layer_type tw__layer_gather = {.name = "gather",
                                         .wide = wide,
                                         .forward = forward,
                                         .backward = backward};
