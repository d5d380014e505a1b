/* huber_loss: the last layer of a network that predicts numbers: squared error near the target, absolute
 * error far from it, so that few outliers do not decide. Huber 1964.
 * SPDX-License-Identifier: MIT */
#define LOSS huber_loss
#define HELP "\"dense 1 huber_loss\" at the end: a number; loss: squared error, absolute beyond delta"
#define EQUATION              \
    "y = x, r = y - target\n" \
    "as the last layer: loss = mean of r^2/2 where |r| <= delta, else delta (|r| - delta/2); dx = r/n, |r| at most delta"
#define OPTIONS                                                                                           \
    {"delta", TW_REAL, NULL, 1, 0, 1e100, TW_OPEN_MIN, "from which distance on the loss grows linearly"}, \
        TW__TARGET_OPTION
#define FAR(x, t) __builtin_fabs((x) - (t))
#define VALUE(x, t) (FAR(x, t) <= a ? ((x) - (t)) * ((x) - (t)) / 2 : a * (FAR(x, t) - a / 2))
#define SLOPE(x, t) ((x) - (t) > a ? a : (x) - (t) < -a ? -a : (x) - (t))
#include "models/nn/number_loss.h"
