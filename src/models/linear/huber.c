/* huber: squared near the target, linear beyond delta, so that outliers do not decide.
 * SPDX-License-Identifier: MIT */
#include "models/linear/linear.h"

static double loss(double score, double y, double delta, double *slope)
{
    const double r = score - y;
    if (r > delta || r < -delta) {
        *slope = r > 0 ? delta : -delta;
        return delta * (__builtin_fabs(r) - delta / 2);
    }
    *slope = r;
    return r * r / 2;
}

static double curvature(double score, double y, double delta)
{
    return score - y <= delta && y - score <= delta;
}

static double conjugate(double slope, double y, double delta)
{
    return slope > delta || slope < -delta ? TW_INF : slope * (slope / 2 + y);
}

static double proximal(double t, double q, double near, double y, double delta)
{
    const double slope = (t - y) / (1 + q);
    (void)near;
    return slope > delta ? delta : slope < -delta ? -delta : slope;
}

static const tw_option options[] = {TW__LINEAR_OPTIONS(0),
                                    {"delta", TW_REAL, NULL, 1, 0, TW_INF, TW_OPEN,
                                     "errors above it count by their size, not its square"}};
enum { DELTA = 4 };
static const tw__linear_loss huber = {.loss = loss,
                                      .curvature = curvature,
                                      .conjugate = conjugate,
                                      .proximal = proximal,
                                      .smoothness = 1,
                                      .least = -TW_INF,
                                      .option = DELTA};

TW__LINEAR_MODEL(
    huber, huber, TW_OUTPUT_VALUE, options, .help = "linear with a loss that outliers hardly move",
    .paper = "Huber 1964",
    .equation = "h = w . x + b, r = h - y\n"
                "f = mean (r^2 / 2 if |r| <= delta, else delta (|r| - delta/2)) + l2/2 |w|^2 + l1 |w|_1");
