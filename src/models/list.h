/* The kinds of models that have a name of their own: one line each. Every other text is a network
 * (nn/kind.c).
 * SPDX-License-Identifier: MIT */
TW__MODEL(linear)
TW__MODEL(ridge)
TW__MODEL(huber)
TW__MODEL(poisson)
TW__MODEL(logistic)
TW__MODEL(softmax)
TW__MODEL(svm)
TW__MODEL(mf)
