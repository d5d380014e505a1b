/* Prodigy: Adam that finds its own rate: d, an estimate from below of how far the solution is from the start
 * (Mishchenko & Defazio 2023, Algorithm 4). As the authors' code, and unlike the algorithm: r and s are in
 * units of d0 and without the common factor 1 - beta3, the step's eps is multiplied by the new d, and d grows
 * by no more than growth_rate per step if that is given. Unlike both, each group of tensors has a d of its
 * own; wd_mask=matrices makes the vectors a group.
 * SPDX-License-Identifier: MIT */
#define RULE prodigy
#define PAPER "Mishchenko & Defazio 2023, Algorithm 4"
#define USE "Networks where the learning rate should not be tuned: leave lr at 1 and add a cosine schedule."
#define EQUATION                                                                   \
    "[!bias_correction] L = d lr,  d at first d0\n"                                \
    "[bias_correction] L = d lr sqrt(1 - beta2^t)/(1 - beta1^t),  d at first d0\n" \
    "[weight_decay, wd_mode=coupled] g = g + weight_decay w\n"                     \
    "m = beta1 m + (1 - beta1) d g\n"                                              \
    "v = beta2 v + (1 - beta2) d^2 g^2\n"                                          \
    "r = beta3 r + d/d0 L (w0 - w).g over all weights,  w0 where w began\n"        \
    "[!safeguard_warmup] s = beta3 s + d/d0 L g\n"                                 \
    "[safeguard_warmup] s = beta3 s + d/d0 d g\n"                                  \
    "d = max(d, d_coef r/|s|),  |s| the sum of absolute values over all weights\n" \
    "[weight_decay, wd_mode=lr] w = w - L weight_decay w\n"                        \
    "w = w - L m/(sqrt(v) + d eps), L still with the old d"
#define HYPER(REAL, INT, FLAG, WORD)                                                   \
    REAL(lr, 1, 0, TW_INF, TW_OPEN_MAX,                                                \
         "what d is multiplied by: a schedule's factor, rarely another number than 1") \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")                  \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient")        \
    REAL(beta3, 0, 0, 1, TW_OPEN_MAX, "decay of r and s; 0: the root of beta2")        \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                \
    REAL(d0, 1e-6, 0, TW_INF, TW_OPEN, "the first d, far too small")                   \
    REAL(d_coef, 1, 0, TW_INF, TW_OPEN, "multiplies the estimate of d")                \
    REAL(growth_rate, 0, 0, TW_INF, TW_OPEN_MAX,                                       \
         "the most that d grows by in a step, as a factor; 0: without limit")          \
    FLAG(bias_correction, 0, "Adam's bias correction of the step")                     \
    FLAG(safeguard_warmup, 0, "keep lr out of s, as a long warm-up needs it")          \
    WORD(wd_mode, 1, "coupled lr", "coupled: g += weight_decay * w; lr: w -= d * lr * weight_decay * w")
#define TRAITS (h->wd_mode || h->maximize ? 0 : TW_DECAY_IS_L2)
#define NEEDS(NEED) NEED(wd_mode, h->weight_decay != 0, "weight_decay is 0")
#define ALIASES(ALIAS) ALIAS(use_bias_correction, bias_correction)
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1) \
    SLOT(s, TW_ZERO, 1) \
    SLOT(w0, TW_WEIGHT, 1)
#define SCALARS(SCALAR) \
    SCALAR(d, 0)        \
    SCALAR(d_max, 0)    \
    SCALAR(d0, 0)       \
    SCALAR(r, 0)
#define SUMS(SUM) SUM(along) SUM(absolute)
#define SCOPE TW_OVER_ALL
#define DECAY TW_DECAY_OWN
#define DIALECTS(DIALECT) DIALECT(authors, NULL, "", "")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real beta1, from_m, beta2, from_v, beta3, from_s, couple, shrink, step, eps;
    double rate;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    struct kept *kept = now->kept;
    if (now->t == 1) kept->d = kept->d_max = kept->d0 = h->d0;
    const double d = kept->d;
    double unbias = h->bias_correction
                        ? __builtin_sqrt(1 - tw_pow_n(h->beta2, now->t)) / (1 - tw_pow_n(h->beta1, now->t))
                        : 1;
    double rate = d * h->lr * unbias, beta3 = h->beta3 > 0 ? h->beta3 : __builtin_sqrt(h->beta2);
    if (h->lr == 0) { /* such a step changes nothing at all */
        *k = (struct coef){.beta1 = 1, .beta2 = 1, .beta3 = 1};
        return;
    }
    *k = (struct coef){.beta1 = h->beta1,
                       .from_m = d * (1 - h->beta1),
                       .beta2 = h->beta2,
                       .from_v = d * d * (1 - h->beta2),
                       .beta3 = beta3,
                       .from_s = d / kept->d0 * (h->safeguard_warmup ? d : rate),
                       .couple = h->wd_mode ? 0 : h->weight_decay,
                       .shrink = h->wd_mode ? rate * h->weight_decay : 0,
                       .step = rate,
                       .rate = rate};
}

static inline void measure(struct sums *to, real w, real g, real m, real v, real s, real w0,
                           const struct coef *k)
{
    (void)m, (void)v;
    g += k->couple * w;
    to->along = (double)g * ((double)w0 - (double)w);
    to->absolute = (double)real_abs(k->beta3 * s + k->from_s * g);
}

static void settle(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    struct kept *kept = now->kept;
    if (h->lr == 0) return;
    double beta3 = h->beta3 > 0 ? h->beta3 : __builtin_sqrt(h->beta2);
    kept->r = beta3 * kept->r + kept->d / kept->d0 * k->rate * now->measured->along;
    if (now->measured->absolute > 0) {
        double estimate = h->d_coef * kept->r / now->measured->absolute, d = kept->d;
        if (estimate > d && d == kept->d0) d = estimate; /* the first estimate knows no limit */
        if (estimate > kept->d_max) kept->d_max = estimate;
        kept->d = h->growth_rate > 0 && d * h->growth_rate < kept->d_max ? d * h->growth_rate : kept->d_max;
    }
    k->eps = kept->d * h->eps;
}

static inline real update(real w, real g, real *m, real *v, real *s, real *w0, const struct coef *k)
{
    (void)w0;
    g += k->couple * w;
    *m = k->beta1 * *m + k->from_m * g;
    *v = k->beta2 * *v + k->from_v * g * g;
    *s = k->beta3 * *s + k->from_s * g;
    return w - k->shrink * w - real_ratio(k->step * *m, real_sqrt(*v) + k->eps);
}

#include TW_RULE_END
