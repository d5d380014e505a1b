/* The estimators: one line each.
 * SPDX-License-Identifier: MIT */
TW__ESTIMATOR(minibatch)
TW__ESTIMATOR(full)
TW__ESTIMATOR(single)
TW__ESTIMATOR(sag)
TW__ESTIMATOR(saga)
TW__ESTIMATOR(svrg)
TW__ESTIMATOR(sarah)
TW__ESTIMATOR(katyusha)
TW__ESTIMATOR(miso)
TW__ESTIMATOR(sam)
