/* D-Adaptation: Adam that finds its own rate: d, a lower bound of how far the solution is from the start
 * (Defazio & Mishchenko 2023, the algorithm for Adam). As the authors' code (DAdaptAdam, version 3), and
 * unlike the algorithm: r is formed with the v of before the step, and d grows by no more than growth_rate
 * per step if that is given. Unlike both, each group of tensors has a d of its own; wd_mask=matrices makes
 * the vectors a group.
 * SPDX-License-Identifier: MIT */
#define RULE d_adaptation
#define NAME "d-adaptation"
#define PAPER "Defazio & Mishchenko 2023, Algorithm 5"
#define USE "Networks where the learning rate should not be tuned: leave lr at 1; prodigy finds its d sooner."
#define EQUATION                                                                                           \
    "[!bias_correction] L = d lr,  d at first d0\n"                                                        \
    "[bias_correction] L = d lr sqrt(1 - beta2^t)/(1 - beta1^t),  d at first d0\n"                         \
    "[weight_decay, wd_mode=coupled] g = g + weight_decay w\n"                                             \
    "r = b r + (1 - b) L s.(g/(sqrt(v) + eps)) over all weights, with the old s and v;  b = sqrt(beta2)\n" \
    "m = beta1 m + (1 - beta1) L g\n"                                                                      \
    "v = beta2 v + (1 - beta2) g^2\n"                                                                      \
    "s = b s + (1 - b) L g\n"                                                                              \
    "d = max(d, r/((1 - b) |s|)),  |s| the sum of absolute values over all weights\n"                      \
    "[weight_decay, wd_mode=lr] w = w - L weight_decay w\n"                                                \
    "w = w - m/(sqrt(v) + eps)"
#define HYPER(REAL, INT, FLAG, WORD)                                                                         \
    REAL(lr, 1, 0, TW_INF, TW_OPEN_MAX,                                                                      \
         "what d is multiplied by: a schedule's factor, rarely another number than 1")                       \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")                                        \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient; its root is that of r and s") \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                                      \
    REAL(d0, 1e-6, 0, TW_INF, TW_OPEN, "the first d, far too small")                                         \
    REAL(growth_rate, 0, 0, TW_INF, TW_OPEN_MAX,                                                             \
         "the most that d grows by in a step, as a factor; 0: without limit")                                \
    FLAG(bias_correction, 0, "Adam's bias correction of the step")                                           \
    WORD(wd_mode, 0, "coupled lr", "coupled: g += weight_decay * w; lr: w -= d * lr * weight_decay * w")
#define TRAITS (h->wd_mode || h->maximize ? 0 : TW_DECAY_IS_L2)
#define NEEDS(NEED) NEED(wd_mode, h->weight_decay != 0, "weight_decay is 0")
#define ALIASES(ALIAS) ALIAS(use_bias_correction, bias_correction)
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1) \
    SLOT(s, TW_ZERO, 1)
#define SCALARS(SCALAR) \
    SCALAR(d, 0)        \
    SCALAR(r, 0)
#define SUMS(SUM) SUM(along) SUM(absolute)
#define SCOPE TW_OVER_ALL
#define DECAY TW_DECAY_OWN
#define DIALECTS(DIALECT) DIALECT(authors, NULL, "", "")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real beta1, from_m, beta2, rest2, root, from_s, couple, shrink, eps, step;
    double rate;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    if (now->t == 1) now->kept->d = h->d0;
    if (h->lr == 0) { /* such a step changes nothing at all */
        *k = (struct coef){.beta1 = 1, .beta2 = 1, .root = 1};
        return;
    }
    double unbias = h->bias_correction
                        ? __builtin_sqrt(1 - tw_pow_n(h->beta2, now->t)) / (1 - tw_pow_n(h->beta1, now->t))
                        : 1;
    double rate = now->kept->d * h->lr * unbias, root = __builtin_sqrt(h->beta2);
    *k = (struct coef){.beta1 = h->beta1,
                       .from_m = rate * (1 - h->beta1),
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .root = root,
                       .from_s = rate * (1 - root),
                       .couple = h->wd_mode ? 0 : h->weight_decay,
                       .shrink = h->wd_mode ? rate * h->weight_decay : 0,
                       .eps = h->eps,
                       .step = 1,
                       .rate = rate};
}

static inline void measure(struct sums *to, real w, real g, real m, real v, real s, const struct coef *k)
{
    (void)m;
    g += k->couple * w;
    to->along = (double)g * (double)real_ratio(s, real_sqrt(v) + k->eps);
    to->absolute = (double)real_abs(k->root * s + k->from_s * g);
}

static void settle(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    if (h->lr == 0) return;
    double root = __builtin_sqrt(h->beta2), s = now->measured->absolute, *d = &now->kept->d,
           *r = &now->kept->r;
    *r = root * *r + (1 - root) * k->rate * now->measured->along;
    if (s == 0) return;
    double estimate = *r / ((1 - root) * s);
    if (h->growth_rate > 0 && estimate > *d * h->growth_rate) estimate = *d * h->growth_rate;
    if (estimate > *d) *d = estimate;
}

static inline real update(real w, real g, real *m, real *v, real *s, const struct coef *k)
{
    g += k->couple * w;
    *m = k->beta1 * *m + k->from_m * g;
    *v = k->beta2 * *v + k->rest2 * g * g;
    *s = k->root * *s + k->from_s * g;
    return w - k->shrink * w - real_ratio(k->step * *m, real_sqrt(*v) + k->eps);
}

#include TW_RULE_END
