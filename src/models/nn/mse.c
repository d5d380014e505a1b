/* mse: the last layer of a network that predicts numbers, with the squared error as its loss.
 * SPDX-License-Identifier: MIT */
#define LOSS mse
#define HELP "\"dense 1 mse\" at the end: a number; loss: squared error"
#define EQUATION \
    "y = x\n"    \
    "as the last layer: loss = mean (y - target)^2; dx = 2 (y - target)/n"
#define OPTIONS TW__TARGET_OPTION
#define VALUE(x, t) ((x) - (t)) * ((x) - (t))
#define SLOPE(x, t) 2 * ((x) - (t))
#include "models/nn/number_loss.h"
