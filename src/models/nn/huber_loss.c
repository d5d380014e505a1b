/* huber_loss: the last layer of a network that predicts a number: squared error near the target, absolute
 * error far from it, so that few outliers do not decide. Huber 1964.
 * SPDX-License-Identifier: MIT */
#define LOSS huber_loss
#define HELP "\"dense 1 huber_loss\" at the end: a number; loss: squared error, absolute beyond delta"
#define EQUATION              \
    "y = x, r = y - target\n" \
    "as the last layer: loss = r^2/2 where |r| <= delta, else delta (|r| - delta/2); dx = r, at most delta in size"
#define OPTIONS                                                                                            \
    {                                                                                                      \
        "delta", TW_REAL, NULL, 1, 0, 1e100, TW_OPEN_MIN, "from which distance on the loss grows linearly" \
    }
#define VALUE(r) (__builtin_fabs(r) <= a ? (r) * (r) / 2 : a * (__builtin_fabs(r) - a / 2))
#define SLOPE(r) ((r) > a ? a : (r) < -a ? -a : (r))
#include "models/nn/number_loss.h"
