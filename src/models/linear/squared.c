/* linear and ridge: half the squared error.
 * SPDX-License-Identifier: MIT */
#include "models/linear/linear.h"

double tw__squared_loss(double score, double y, double parameter, double *slope)
{
    (void)parameter;
    *slope = score - y;
    return *slope * *slope / 2;
}

static double curvature(double score, double y, double parameter)
{
    (void)score, (void)y, (void)parameter;
    return 1;
}

static double conjugate(double slope, double y, double parameter)
{
    (void)parameter;
    return slope * (slope / 2 + y);
}

static double proximal(double t, double q, double near, double y, double parameter)
{
    (void)near, (void)parameter;
    return (t - y) / (1 + q);
}

static const tw__linear_loss squared = {.loss = tw__squared_loss,
                                        .curvature = curvature,
                                        .conjugate = conjugate,
                                        .proximal = proximal,
                                        .is_squared = 1,
                                        .smoothness = 1,
                                        .least = -TW_INF};
static const tw_option options[] = {TW__LINEAR_OPTIONS(0)};
static const tw_option ridge_options[] = {TW__LINEAR_OPTIONS(TW__LINEAR_L2_BY_ROWS)};

TW__LINEAR_MODEL(linear, squared, TW_OUTPUT_VALUE, options,
                 .help = "least squares: a number from a weighted sum of the columns",
                 .paper = "source 004, 3.1",
                 .equation = "h = w . x + b\n"
                             "f = mean (h - y)^2 / 2 + l2/2 |w|^2 + l1 |w|_1");
TW__LINEAR_MODEL(ridge, squared, TW_OUTPUT_VALUE, ridge_options,
                 .help = "linear with a penalty: l2 is scikit-learn's alpha divided by the rows",
                 .paper = "Hoerl & Kennard 1970",
                 .equation = "h = w . x + b\n"
                             "f = mean (h - y)^2 / 2 + l2/2 |w|^2 + l1 |w|_1");
