/* Slices of a model, and what they hear of each other; see split.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/split.h"
#include "base/clock.h"
#include <stdio.h>

static tw_status fail(const tw_exchange_choice *choice, const char *why, size_t workers, tw_error *err)
{
    return tw__fail(err, TW_ERR_SPEC, "exchange %s: %s, and there %s %zu process%s", choice->spec, why,
                    workers == 1 ? "is" : "are", workers, workers == 1 ? "" : "es");
}

tw_status tw__grid_of(const tw_exchange_choice *choice, size_t workers, tw__grid *out, tw_error *err)
{
    const size_t given = (size_t)choice->values[0];
    char why[160];
    *out = (tw__grid){given, 1};
    if (choice->protocol->n_options > 1) {
        out->copies = (size_t)choice->values[1];
        if (given == 0 || out->copies == 0)
            return fail(choice,
                        "a grid has its size, as in grid:2x2, 2 slices of the model for each of 2 copies",
                        workers, err);
    } else if (given == 0) out->parts = workers;
    if (out->parts * out->copies == workers) return TW_OK;
    snprintf(why, sizeof why, "%zu slices of %zu cop%s of the model are for %zu processes (mpirun -n %zu)",
             out->parts, out->copies, out->copies == 1 ? "y" : "ies", out->parts * out->copies,
             out->parts * out->copies);
    return fail(choice, why, workers, err);
}

/* ---- within an evaluation ------------------------------------------------------------------------------ */

static int send(void *user, size_t to, const void *bytes, size_t n)
{
    const tw__rank *const rank = user;
    tw__workers *const x = rank->x;
    atomic_fetch_add(&x->messages, 1);
    atomic_fetch_add(&x->bytes, TW__MESSAGE_HEAD + n);
    x->worker[rank->me].info.bytes += TW__MESSAGE_HEAD + n;
    return (int)x->transport->send_numbers(x, rank->first + to, bytes, n, &x->failure);
}

/* The time that this takes is not that of an evaluation. */
static int receive(void *user, size_t from, void *bytes, size_t n)
{
    const tw__rank *const rank = user;
    tw_worker_info *const info = &rank->x->worker[rank->me].info;
    const double start = tw__seconds();
    const tw_status s =
        rank->x->transport->receive_numbers(rank->x, rank->first + from, bytes, n, &rank->x->failure);
    const double seconds = tw__seconds() - start;
    info->waiting += seconds;
    info->computing -= seconds;
    return (int)s;
}

tw_ranks tw__ranks_of(tw__rank *rank, const tw__grid *grid, size_t worker)
{
    rank->me = worker;
    rank->first = worker - worker % grid->parts;
    return (tw_ranks){.size = sizeof(tw_ranks),
                      .rank = worker % grid->parts,
                      .ranks = grid->parts,
                      .user = rank,
                      .send = send,
                      .receive = receive};
}
