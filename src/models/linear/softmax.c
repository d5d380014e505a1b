/* softmax: multinomial logistic regression.
 * SPDX-License-Identifier: MIT */
#include "models/linear/linear.h"
#include "math/elementary.h"

static size_t largest(const double *score, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (score[i] > score[best]) best = i;
    return best;
}

void tw__softmax(double *score, size_t n)
{
    const double most = score[largest(score, n)];
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += score[i] = tw__exp_f64(score[i] - most);
    for (size_t i = 0; i < n; i++) score[i] /= sum;
}

/* With `rest` the sum of exp(score - the largest) over all but the largest one, the loss is log(1 + rest) +
 * the largest - score[class], exact also where the class is all but certain. */
static double loss(const double *score, size_t n, size_t class, double *slope)
{
    const size_t best = largest(score, n);
    double rest = 0, others = 0;
    for (size_t i = 0; i < n; i++) {
        slope[i] = i == best ? 1 : tw__exp_f64(score[i] - score[best]);
        rest += i == best ? 0 : slope[i];
    }
    for (size_t i = 0; i < n; i++) {
        slope[i] /= 1 + rest;
        others += i == class ? 0 : slope[i];
    }
    slope[class] = -others;
    return (rest <= 1 ? tw__log1p_f64(rest) : tw__log_f64(1 + rest)) + (score[best] - score[class]);
}

static const tw_option options[] = {TW__LINEAR_OPTIONS(0), TW__CLASS_WEIGHT_OPTION};
static const tw__linear_loss softmax = {.of_all = loss,
                                        .output = tw__softmax,
                                        .smoothness = 0.5,
                                        .is_of_classes = 1};

TW__LINEAR_MODEL(softmax, softmax, TW_OUTPUT_PROBABILITY, options,
                 .help = "a probability for every class (multinomial logistic regression)",
                 .paper = "Bridle 1990",
                 .equation = "h_k = w_k . x + b_k, P(class k) = exp(h_k) / sum exp(h)\n"
                             "f = mean -log P(right class) + l2/2 |w|^2 + l1 |w|_1");
