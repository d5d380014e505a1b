/* mse: the last layer of a network that predicts a number, with the squared error as its loss.
 * SPDX-License-Identifier: MIT */
#define LOSS mse
#define HELP "\"dense 1 mse\" at the end: a number; loss: squared error"
#define EQUATION \
    "y = x\n"    \
    "as the last layer: loss = (y - target)^2; dx = 2 (y - target)"
#define VALUE(r) (r) * (r)
#define SLOPE(r) 2 * (r)
#include "models/nn/number_loss.h"
