/* The estimators: one line each.
 * SPDX-License-Identifier: MIT */
TW__ESTIMATOR(minibatch)
TW__ESTIMATOR(full)
TW__ESTIMATOR(single)
