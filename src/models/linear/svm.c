/* svm: the linear support vector machine, two classes or one against the rest.
 * SPDX-License-Identifier: MIT */
#include "models/linear/linear.h"

enum { HINGE, SQUARED_HINGE };

static double loss(double score, double y, double which, double *slope)
{
    const double short_of = 1 - y * score;
    *slope = 0;
    if (short_of <= 0) return 0;
    *slope = which == HINGE ? -y : -2 * y * short_of;
    return which == HINGE ? short_of : short_of * short_of;
}

/* of the squared hinge */
static double curvature(double score, double y, double which)
{
    (void)which;
    return 1 - y * score > 0 ? 2 : 0;
}

static double conjugate(double slope, double y, double which)
{
    const double a = -y * slope;
    if (a < 0 || (which == HINGE && a > 1)) return TW_INF;
    return which == HINGE ? -a : a * (a / 4 - 1);
}

static double proximal(double t, double q, double near, double y, double which)
{
    const double short_of = 1 - y * t, a = which == HINGE ? short_of / q : 2 * short_of / (1 + 2 * q);
    (void)near;
    return a < 0 ? 0 : which == HINGE && a > 1 ? -y : -y * a;
}

static const tw_option options[] = {TW__LINEAR_OPTIONS(TW__LINEAR_L2_BY_ROWS),
                                    TW__CLASS_WEIGHT_OPTION,
                                    {"loss", TW_WORD, "hinge squared_hinge", SQUARED_HINGE, HINGE,
                                     SQUARED_HINGE, TW_CLOSED,
                                     "what a row costs whose margin y h is below 1: 1 - y h, or its square"}};
enum { LOSS = 5 };
static const tw__linear_loss svm = {.loss = loss,
                                    .curvature = curvature,
                                    .conjugate = conjugate,
                                    .proximal = proximal,
                                    .smoothness = 2,
                                    .is_of_classes = 1,
                                    .option = LOSS,
                                    .kinks = "loss=hinge"};

TW__LINEAR_MODEL(svm, svm, TW_OUTPUT_SCORE, options,
                 .help = "support vector machine: two classes by a margin; more: one against the rest",
                 .paper = "Cortes & Vapnik 1995",
                 .equation = "h = w . x + b, y = 1 or -1; l2 = 1/(C rows) of liblinear\n"
                             "f = mean max(0, 1 - y h)^2 (loss=hinge: not squared) + l2/2 |w|^2 + l1 |w|_1");
