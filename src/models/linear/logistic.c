/* logistic: two classes by the logarithm of their odds; more classes one against the rest.
 * SPDX-License-Identifier: MIT */
#include "models/linear/linear.h"
#include "math/elementary.h"

/* For margins m = y h below 0, log(1 + exp(-m)) is log(1 + exp(m)) - m. */
double tw__logistic_loss(double score, double y, double parameter, double *slope)
{
    const double margin = y * score, e = tw__exp_f64(-__builtin_fabs(margin));
    (void)parameter;
    *slope = -y * (margin < 0 ? 1 : e) / (1 + e);
    return tw__log1p_f64(e) - (margin < 0 ? margin : 0);
}

static double curvature(double score, double y, double parameter)
{
    const double e = tw__exp_f64(-__builtin_fabs(score));
    (void)y, (void)parameter;
    return e / ((1 + e) * (1 + e));
}

static double x_log_x(double x) { return x > 0 ? x * tw__log_f64(x) : 0; }

static double conjugate(double slope, double y, double parameter)
{
    const double a = -y * slope;
    (void)parameter;
    return a < 0 || a > 1 ? TW_INF : x_log_x(a) + x_log_x(1 - a);
}

/* a = 1 / (1 + exp(m)) at the margin m with m - q a = y t, by Newton's method from 0 or from where m cannot
 * be: between there and the solution the left side is curved so that no step goes too far. */
static double proximal(double t, double q, double y, double parameter)
{
    enum { MOST = 100 };
    const double from = y * t;
    const int is_above = -q / 2 - from < 0;
    double m = is_above ? (from > 0 ? from : 0) : from + q < 0 ? from + q : 0, step = 1;
    (void)parameter;
    for (int i = 0; i < MOST && step > 0; i++) {
        const double e = tw__exp_f64(-__builtin_fabs(m)), a = (m > 0 ? e : 1) / (1 + e),
                     change = (from + q * a - m) / (1 + q * e / ((1 + e) * (1 + e)));
        step = is_above ? change : -change;
        if (step > 1e-16 * __builtin_fabs(m)) m += change;
        else step = 0;
    }
    return -y * tw__sigmoid(-m);
}

double tw__sigmoid(double score) { return 1 / (1 + tw__exp_f64(-score)); }

/* Several are made to sum to 1, by their logarithms, as all may be 0 in double. */
static void output(double *score, size_t n)
{
    double slope;
    if (n == 1) score[0] = tw__sigmoid(score[0]);
    for (size_t i = 0; n > 1 && i < n; i++) score[i] = -tw__logistic_loss(score[i], 1, 0, &slope);
    if (n > 1) tw__softmax(score, n);
}

static const tw_option options[] = {TW__LINEAR_OPTIONS(0), TW__LINEAR_CLASS_OPTION};
static const tw__linear_loss logistic = {.loss = tw__logistic_loss,
                                         .curvature = curvature,
                                         .conjugate = conjugate,
                                         .proximal = proximal,
                                         .output = output,
                                         .smoothness = 0.25,
                                         .is_of_classes = 1};

TW__LINEAR_MODEL(logistic, logistic, TW_OUTPUT_PROBABILITY, options,
                 .help = "the probability of the second of two classes; more: one against the rest",
                 .paper = "Cox 1958",
                 .equation = "h = w . x + b, y = 1 or -1, P(second class) = 1 / (1 + exp(-h))\n"
                             "f = mean log(1 + exp(-y h)) + l2/2 |w|^2 + l1 |w|_1");
