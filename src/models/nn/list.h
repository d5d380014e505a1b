/* The layers: one line each.
 * SPDX-License-Identifier: MIT */
TW__LAYER(conv2d)
TW__LAYER(dense)
TW__LAYER(dropout)
TW__LAYER(flatten)
TW__LAYER(maxpool2d)
TW__LAYER(mse)
TW__LAYER(relu)
TW__LAYER(sigmoid)
TW__LAYER(softmax)
