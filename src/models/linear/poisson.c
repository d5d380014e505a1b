/* poisson: counts and rates, by the logarithm of their mean.
 * SPDX-License-Identifier: MIT */
#include "models/linear/linear.h"
#include "math/elementary.h"

/* Half the deviance: 0 where the prediction is right. */
static double loss(double score, double y, double parameter, double *slope)
{
    const double mean = tw__exp_f64(score);
    (void)parameter;
    *slope = mean - y;
    return y > 0 ? mean - y + y * (tw__log_f64(y) - score) : mean;
}

static double curvature(double score, double y, double parameter)
{
    (void)y, (void)parameter;
    return tw__exp_f64(score);
}

static double x_log_x(double x) { return x > 0 ? x * tw__log_f64(x) : 0; }

static double conjugate(double slope, double y, double parameter)
{
    const double mean = slope + y;
    (void)parameter;
    return mean < 0 ? TW_INF : x_log_x(mean) - mean - x_log_x(y) + y;
}

/* h + q exp(h) = t + q y, by Newton's method from above, where it never goes too far. */
static double proximal(double t, double q, double near, double y, double parameter)
{
    enum { MOST = 100 };
    const double sum = t + q * y;
    double h = sum, last = TW_INF;
    (void)near, (void)parameter;
    if (sum > 0) {
        const double bound = tw__log_f64(sum / q);
        if (bound < h) h = bound > 0 ? bound : 0;
    }
    for (int i = 0; i < MOST && h < last; i++) {
        const double mean = tw__exp_f64(h);
        last = h;
        h -= (h + q * mean - sum) / (1 + q * mean);
    }
    return tw__exp_f64(h) - y;
}

static void output(double *score, size_t n)
{
    for (size_t i = 0; i < n; i++) score[i] = tw__exp_f64(score[i]);
}

static const tw_option options[] = {TW__LINEAR_OPTIONS(0)};
static const tw__linear_loss poisson = {.loss = loss,
                                        .curvature = curvature,
                                        .conjugate = conjugate,
                                        .proximal = proximal,
                                        .output = output,
                                        .least = 0};

TW__LINEAR_MODEL(poisson, poisson, TW_OUTPUT_VALUE, options,
                 .help = "counts: the logarithm of their mean is a weighted sum of the columns",
                 .paper = "Nelder & Wedderburn 1972",
                 .equation = "h = w . x + b, predicted: exp(h)\n"
                             "f = mean (exp(h) - y + y (log y - h)) + l2/2 |w|^2 + l1 |w|_1");
