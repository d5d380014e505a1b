/* l1_loss: the last layer of a network that predicts a number, with the absolute error as its loss: the
 * median of what may come is best.
 * SPDX-License-Identifier: MIT */
#define LOSS l1_loss
#define HELP "\"dense 1 l1_loss\" at the end: a number; loss: absolute error"
#define EQUATION \
    "y = x\n"    \
    "as the last layer: loss = |y - target|; dx = sign(y - target), 0 where they are equal"
#define VALUE(r) __builtin_fabs(r)
#define SLOPE(r) ((r) > 0 ? 1 : (r) < 0 ? -1 : (r))
#include "models/nn/number_loss.h"
