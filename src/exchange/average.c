/* average: local SGD. Every worker steps weights of its own, and every so many steps all continue from the
 * mean, to which each counts as much as its rows do. every=0 takes the mean once, when the run ends. Means of
 * batch normalisation are averaged with the weights; the optimisers keep their state.
 * SPDX-License-Identifier: MIT */
#include "exchange/nearest.h"

static tw_status create(tw__workers *x, tw_error *err)
{
    tw__rounds *r;
    TW_TRY(tw__nearest_create(x, &r, (size_t)tw__exchange_value(x, "nearest"), 1, err));
    r->every = (uint64_t)tw__exchange_value(x, "every");
    return TW_OK;
}

static const tw_option options[] =
    {{"every", TW_INT, NULL, 8, 0, TW_STEPS, TW_CLOSED,
      "steps of each worker from one mean to the next; 0: one mean, at the end"},
     {"nearest", TW_INT, NULL, 0, 0, TW_STEPS, TW_CLOSED,
      "workers in the mean: those whose weights are nearest to the last one; 0: all"}};
static const tw_alias aliases[] = {{"tau", "every"}, {NULL, NULL}};

const tw__protocol tw__protocol_average = {
    .about = {.size = sizeof(tw_exchange),
              .name = "average",
              .help = "local SGD: workers step their own weights, and continue from the mean every few steps",
              .paper = "Zinkevich et al. 2010 (every=0); Stich 2019",
              .equation = "w_i = step(w_i, mean of an update's rows)\n"
                          "every `every` steps: c = c - sum_i (rows_i/rows) (c - w_i),  w_i = c\n"
                          "nearest=k: the sum over the k workers with the least |w_i - c|",
              .n_options = sizeof options / sizeof options[0],
              .options = options,
              .aliases = aliases},
    .bits = TW__BITS_REPEAT,
    .is_for_processes = 1,
    .create = create,
    .free = tw__nearest_free,
    .next = tw__rounds_next,
    .computed = tw__rounds_computed,
    .receive = tw__rounds_receive,
    .gather = tw__nearest_gather,
    .visit = tw__rounds_visit,
    .content = tw__rounds_content,
    .visit_worker = tw__rounds_visit_worker,
};
