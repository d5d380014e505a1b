/* topksvrg: top-k SVRG. Every worker runs svrg on rows of its own, from the common weights, with the common
 * snapshot and the full gradient there; when a round ends, the mean of the k models that are nearest to where
 * it began is the next snapshot, from which all continue. Of the paper the abstract alone could be had; what
 * it leaves open is chosen here: the models count the same, whatever their rows, and distances are Euclidean.
 * SPDX-License-Identifier: MIT */
#include "exchange/nearest.h"

static tw_status create(tw__workers *x, tw_error *err)
{
    tw__rounds *r;
    const size_t nearest = (size_t)tw__exchange_value(x, "nearest");
    return tw__nearest_create(x, &r, nearest ? nearest : (x->n + 1) / 2, 0, err);
}

static const tw_option options[] = {
    {"nearest", TW_INT, NULL, 0, 0, TW_STEPS, TW_CLOSED,
     "k, the workers whose models are averaged; 0: half of them, rounded up"}};
static const tw_alias aliases[] = {{"k", "nearest"}, {NULL, NULL}};

const tw__protocol tw__protocol_topksvrg = {
    .about = {.size = sizeof(tw_exchange),
              .name = "topksvrg",
              .help = "svrg of each worker on rows of its own; the models nearest to the last are averaged",
              .paper = "Wang, Kang, Liu & Ye 2018",
              .equation =
                  "when all rest, every m updates: u = c, G = f'(u), whose rows the threads share\n"
                  "w_i = step(w_i, f_j'(w_i) - f_j'(u) + G),  j: rows i, i + n, ... of worker i\n"
                  "then c = c - (1/k) sum_i (c - w_i) of the k workers with the least |w_i - c|,  w_i = c",
              .n_options = sizeof options / sizeof options[0],
              .options = options,
              .aliases = aliases},
    .bits = TW__BITS_REPEAT,
    .takes_rounds = 1,
    .has_shards = 1,
    .estimator = "svrg",
    .create = create,
    .free = tw__nearest_free,
    .next = tw__rounds_next,
    .computed = tw__rounds_computed,
    .receive = tw__rounds_receive,
    .gather = tw__nearest_gather,
    .visit = tw__rounds_visit,
};
