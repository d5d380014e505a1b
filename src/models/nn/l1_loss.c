/* l1_loss: the last layer of a network that predicts numbers, with the absolute error as its loss: the median
 * of what may come is best.
 * SPDX-License-Identifier: MIT */
#define LOSS l1_loss
#define HELP "\"dense 1 l1_loss\" at the end: a number; loss: absolute error"
#define EQUATION \
    "y = x\n"    \
    "as the last layer: loss = mean |y - target|; dx = sign(y - target)/n, 0 where they are equal"
#define OPTIONS TW__TARGET_OPTION
#define VALUE(x, t) __builtin_fabs((x) - (t))
#define SLOPE(x, t) ((x) - (t) > 0 ? 1 : (x) - (t) < 0 ? -1 : (x) - (t))
#include "models/nn/number_loss.h"
