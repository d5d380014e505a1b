/* minibatch: every epoch the rows in a new order, `batch` of them per update, the last update with what is
 * left. Its presets: full, all rows in every update (batch gradient descent), and single, one row (stochastic
 * gradient descent).
 * SPDX-License-Identifier: MIT */
#include "estimators/estimator.h"

static const tw_option options[] = {
    {"window", TW_INT, NULL, 0, 0, 0x1p53, TW_CLOSED,
     "rows are shuffled among so many neighbours at a time, and these windows among each other; 0: among all"},
    {"shards", TW_INT, NULL, 1, 1, TW_MOST_LEAVES, TW_CLOSED,
     "rows are cut into so many parts, and each of as many workers has rows of one: of every batch those it "
     "evaluates where workers share the updates, else its batches"}};

static uint64_t all(uint64_t rows, uint64_t wanted)
{
    (void)wanted;
    return rows;
}
static uint64_t one(uint64_t rows, uint64_t wanted)
{
    (void)rows, (void)wanted;
    return 1;
}

extern const tw__estimator_type tw__estimator_minibatch, tw__estimator_full, tw__estimator_single;
const tw__estimator_type tw__estimator_minibatch = {
    .about = {.size = sizeof(tw_estimator),
              .name = "minibatch",
              .help = "a few rows per update, shuffled every epoch",
              .paper = "Robbins & Monro 1951; Bottou, Curtis & Nocedal 2018, section 3",
              .equation =
                  "d = mean of f_i'(w) over the `batch` rows drawn, without replacement within an epoch",
              .n_options = 2,
              .options = options,
              .takes_batch = 1},
    .batch = tw__batch_as_wanted,
    .takes_joins = 1,
    .sampling = TW__SHUFFLED,
    .has_window = 1,
};
const tw__estimator_type tw__estimator_full = {
    .about = {.size = sizeof(tw_estimator),
              .name = "full",
              .help = "all rows in every update: batch gradient descent",
              .paper = "Cauchy 1847",
              .equation = "d = f'(w)"},
    .batch = all,
    .takes_joins = 1,
    .sampling = TW__IN_ORDER,
};
const tw__estimator_type tw__estimator_single = {
    .about = {.size = sizeof(tw_estimator),
              .name = "single",
              .help = "one row per update, shuffled every epoch: stochastic gradient descent",
              .paper = "Robbins & Monro 1951",
              .equation = "d = f_i'(w), i a row drawn without replacement within an epoch",
              .n_options = 1,
              .options = options},
    .batch = one,
    .takes_joins = 1,
    .sampling = TW__SHUFFLED,
    .has_window = 1,
};
