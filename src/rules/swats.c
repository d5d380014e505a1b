/* SWATS: Adam that becomes SGD with momentum, at a rate it has found itself (Keskar & Socher 2017, Algorithm
 * 1). Each step p of Adam is compared with the gradient step of the same projection on it; when the running
 * mean of that step's rate comes near its last value, Adam is done: the step that finds this is still Adam's.
 * Each group of tensors switches by itself. The paper has one epsilon for eps and threshold.
 * SPDX-License-Identifier: MIT */
#define RULE swats
#define PAPER "Keskar & Socher 2017, Algorithm 1"
#define USE "Adam's fast start with the generalisation of sgd, and no rate for sgd to be tuned."
#define EQUATION                                                                                              \
    "at first, as in adam:\n"                                                                                 \
    "m = beta1 m + (1 - beta1) g\n"                                                                           \
    "v = beta2 v + (1 - beta2) g^2\n"                                                                         \
    "p = -lr sqrt(1 - beta2^t)/(1 - beta1^t) m/(sqrt(v) + eps)\n"                                             \
    "w = w + p\n"                                                                                             \
    "where p.g is not 0: c = p.p/(-p.g),  lambda = beta2 lambda + (1 - beta2) c,  L = lambda/(1 - beta2^t)\n" \
    "if t > 1, L > 0 and |L - c| < threshold: m = 0, and from the next step on\n"                             \
    "m = beta1 m + g\n"                                                                                       \
    "w = w - (1 - beta1) L m, L multiplied as lr is by its schedule"
#define HYPER(REAL, INT, FLAG, WORD)                                                                 \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "Adam's learning rate")                                  \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient, then momentum")                 \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient and of the mean rate") \
    REAL(eps, 1e-9, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                              \
    REAL(threshold, 1e-9, 0, TW_INF, TW_OPEN_MAX, "how near the rate must be to its running mean")
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1)
#define SCALARS(SCALAR) \
    SCALAR(lambda, 0)   \
    SCALAR(rate, 0) /* L over lr when the switch came; 0 before it */
#define SUMS(SUM) SUM(steps) SUM(along)
#define SCOPE TW_OVER_ALL
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT) DIALECT(paper, NULL, "", "")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real beta1, enter, beta2, rest2, step, outer, eps, keep;
};

/* SGD is the same formula with a divisor of 1, so one body does for both. */
static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    const double unbias2 = 1 / __builtin_sqrt(1 - tw_pow_n(h->beta2, now->t));
    if (now->kept->rate > 0)
        *k = (struct coef){.beta1 = h->beta1,
                           .enter = 1,
                           .beta2 = 1,
                           .step = (1 - h->beta1) * now->kept->rate * h->lr,
                           .eps = 1,
                           .keep = 1};
    else
        *k = (struct coef){.beta1 = h->beta1,
                           .enter = 1 - h->beta1,
                           .beta2 = h->beta2,
                           .rest2 = 1 - h->beta2,
                           .step = h->lr / (1 - tw_pow_n(h->beta1, now->t)),
                           .outer = unbias2,
                           .eps = h->eps * unbias2,
                           .keep = 1};
}

/* m and v stepped; how far the weight goes down. */
TW_INLINE real TW_LOCAL(down)(real g, real *m, real *v, const struct coef *k)
{
    *m = k->beta1 * *m + k->enter * g;
    *v = k->beta2 * *v + k->rest2 * g * g;
    return real_ratio(k->step * *m, real_sqrt(*v) * k->outer + k->eps);
}

static inline void measure(struct sums *to, real w, real g, real m, real v, const struct coef *k)
{
    const double down = TW_LOCAL(down)(g, &m, &v, k);
    (void)w;
    to->steps = down * down;
    to->along = down * (double)g;
}

static void settle(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    struct kept *kept = now->kept;
    if (kept->rate > 0 || now->measured->along == 0) return;
    double rate = now->measured->steps / now->measured->along;
    kept->lambda = h->beta2 * kept->lambda + (1 - h->beta2) * rate;
    double mean = kept->lambda / (1 - tw_pow_n(h->beta2, now->t));
    /* the paper would climb with a mean below 0 */
    if (now->t == 1 || !(mean > 0) || !(__builtin_fabs(mean - rate) < h->threshold)) return;
    kept->rate = mean / h->lr;
    k->keep = 0;
}

static inline real update(real w, real g, real *m, real *v, const struct coef *k)
{
    const real down = TW_LOCAL(down)(g, m, v, k);
    *m *= k->keep;
    return w - down;
}

#include TW_RULE_END
