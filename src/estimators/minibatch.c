/* minibatch: every epoch the rows in a new order, `batch` of them per update, the last update with what is left.
 * Its presets: full, all rows in every update (batch gradient descent), and single, one row (stochastic gradient descent).
 * SPDX-License-Identifier: MIT */
#include "estimators/estimator.h"

static uint64_t as_wanted(uint64_t rows, uint64_t wanted) { return wanted < rows ? wanted : rows; }
static uint64_t all(uint64_t rows, uint64_t wanted) { (void)wanted; return rows; }
static uint64_t one(uint64_t rows, uint64_t wanted) { (void)rows, (void)wanted; return 1; }

extern const tw__estimator_type tw__estimator_minibatch, tw__estimator_full, tw__estimator_single;
const tw__estimator_type tw__estimator_minibatch = {"minibatch", "a few rows per update, shuffled every epoch", 1, as_wanted, 1};
const tw__estimator_type tw__estimator_full = {"full", "all rows in every update: batch gradient descent", 0, all, 0};
const tw__estimator_type tw__estimator_single = {"single", "one row per update, shuffled every epoch: stochastic gradient descent", 0, one, 1};
