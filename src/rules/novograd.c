/* NovoGrad: momentum over gradients divided by a running mean of each tensor's norm, one number per tensor
 * (Ginsburg et al. 2019, Algorithm 1). The momentum has neither a factor 1 - beta1 nor a bias correction.
 * SPDX-License-Identifier: MIT */
#define RULE novograd
#define PAPER "Ginsburg et al. 2019, Algorithm 1"
#define USE "Speech and language networks with little memory: half the state of adam."
#define EQUATION                                                      \
    "for each tensor, with |g| the root of the sum of its squares:\n" \
    "v = |g|^2 at t = 1, then v = beta2 v + (1 - beta2) |g|^2\n"      \
    "m = beta1 m + g/(sqrt(v) + eps) + weight_decay w\n"              \
    "w = w - lr m"
#define HYPER(REAL, INT, FLAG, WORD)                                       \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")                \
    REAL(beta1, 0.95, 0, 1, TW_OPEN_MAX, "decay of the momentum")          \
    REAL(beta2, 0.98, 0, 1, TW_OPEN_MAX, "decay of the mean squared norm") \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")
#define SLOTS(SLOT) SLOT(m, TW_ZERO, 1)
#define SCALARS(SCALAR) SCALAR(v, 0)
#define SUMS(SUM) SUM(squares)
#define SCOPE TW_PER_TENSOR
#define DECAY TW_DECAY_OWN
#define DIALECTS(DIALECT)        \
    DIALECT(paper, NULL, "", "") \
    DIALECT(optax, NULL, "beta1=0.9,beta2=0.25,eps=1e-6", "")
#include <thalweg/rule.h>

struct coef {
    real beta1, divisor, decay, step;
};

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.beta1 = now->h->beta1, .decay = now->h->weight_decay, .step = now->h->lr};
}

static inline void measure(struct sums *to, real w, real g, real m, const struct coef *k)
{
    (void)w, (void)m, (void)k;
    to->squares = (double)g * (double)g;
}

static void settle(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    const double squares = now->measured->squares;
    double v = now->kept->v = now->t == 1 ? squares : h->beta2 * now->kept->v + (1 - h->beta2) * squares;
    k->divisor = __builtin_sqrt(v) + h->eps;
}

static inline real update(real w, real g, real *m, const struct coef *k)
{
    *m = k->beta1 * *m + (real_ratio(g, k->divisor) + k->decay * w);
    return w - k->step * *m;
}

#include TW_RULE_END
