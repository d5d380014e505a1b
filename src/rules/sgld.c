/* Stochastic gradient Langevin dynamics: sgd with noise of a size that makes the weights a sample of
 * exp(-f/temperature), f being what is minimised.  Equation 4 has the sum over all N rows for f and
 * temperature 1; where f is a mean over the rows, as with us, temperature = 1/N gives the same posterior and
 * lr is N times the paper's.  The noise of weight i at step t is a function of the seed, t and i alone.
 * SPDX-License-Identifier: MIT */
#define RULE sgld
#define PAPER "Welling & Teh 2011, equation 4"
#define USE \
    "To sample weights from a posterior instead of one best point: temperature = 1/rows and a small or falling rate."
#define EQUATION "w = w - lr/2 g + sqrt(lr temperature) xi, xi from N(0, 1)"
#define HYPER(REAL, INT, FLAG, WORD)                                          \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX,                                    \
         "step size: half of it multiplies the gradient, its root the noise") \
    REAL(temperature, 1, 0, TW_INF, TW_OPEN_MAX,                              \
         "1 where the loss is a negative log density, 1/rows where it is that per row; 0: no noise")
#define TRAITS (h->temperature == 0 ? TW_ZERO_IS_NOTHING : 0)
#define DECAY TW_DECAY_ANY
#define NOISE
#define NARROW
#define DIALECTS(DIALECT) DIALECT(paper, NULL, "", "")
#include <thalweg/rule.h>

struct coef {
    real step, noise;
};

/* The root of lr, not lr, multiplies the noise: its variance over a stretch of time must not depend on how
 * many steps the stretch is cut into. */
static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.step = now->h->lr / 2, .noise = __builtin_sqrt(now->h->lr * now->h->temperature)};
}

static inline real update(real w, real g, const struct coef *k, real normal)
{
    return w - k->step * g + k->noise * normal;
}

#include TW_RULE_END
