/* AdaBound: Adam whose rate per weight is kept between two bounds that close in on final_lr, so that it ends
 * as sgd.  As the authors' code: Algorithm 2 has no bias correction and divides by sqrt(t) once more.  Their
 * code scales final_lr when a scheduler changes lr; here it is a hyperparameter like others, and gets a
 * schedule of its own ("cosine,final_lr=cosine").
 * SPDX-License-Identifier: MIT */
#define RULE adabound
#define PAPER \
    "Luo et al. 2019, Algorithm 2, with the bias correction of the authors' code; amsbound: their Algorithm 3"
#define USE \
    "When adam is fast at first but sgd ends better: one run that begins as the one and ends as the other."
#define EQUATION                                                             \
    "m = beta1 m + (1 - beta1) g\n"                                          \
    "v = beta2 v + (1 - beta2) g^2\n"                                        \
    "[amsbound] x = max(x, v)\n"                                             \
    "[!amsbound] r = lr sqrt(1 - beta2^t)/(1 - beta1^t) / (sqrt(v) + eps)\n" \
    "[amsbound] r = lr sqrt(1 - beta2^t)/(1 - beta1^t) / (sqrt(x) + eps)\n"  \
    "w = w - clip(r, final_lr (1 - 1/(gamma t + 1)), final_lr (1 + 1/(gamma t))) m"
#define HYPER(REAL, INT, FLAG, WORD)                                                     \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate of the beginning, as adam's") \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")                    \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient")          \
    REAL(final_lr, 0.1, 0, TW_INF, TW_OPEN_MAX, "learning rate of the end, as sgd's")    \
    REAL(gamma, 1e-3, 0, 1, TW_OPEN,                                                     \
         "how fast the bounds close: at step 1/gamma the lower one is half of final_lr") \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                  \
    FLAG(amsbound, 0, "let the mean squared gradient never fall")
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1) \
    SLOT(x, TW_ZERO, variant == 1)
#define VARIANTS 2
#define DECAY TW_DECAY_ANY
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real beta1, rest1, beta2, rest2, rate, eps, least, most;
};

static int choose(const struct hyper *h) { return h->amsbound != 0; }

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    double unbias1 = 1 / (1 - tw_pow_n(h->beta1, now->t)),
           bias2 = __builtin_sqrt(1 - tw_pow_n(h->beta2, now->t)), age = h->gamma * (double)now->t;
    *k = (struct coef){.beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .rate = h->lr * bias2 * unbias1,
                       .eps = h->eps,
                       .least = h->final_lr * (1 - 1 / (age + 1)),
                       .most = h->final_lr * (1 + 1 / age)};
}

static inline real update(real w, real g, real *m, real *v, real *x, const struct coef *k, int variant)
{
    *m = k->beta1 * *m + k->rest1 * g;
    *v = k->beta2 * *v + k->rest2 * g * g;
    real square = *v;
    if (variant == 1) square = *x = real_max(*x, *v);
    real rate = real_ratio(k->rate, real_sqrt(square) + k->eps);
    rate = rate < k->least ? k->least : rate;
    rate = rate > k->most ? k->most : rate;
    return w - rate * *m;
}

#include TW_RULE_END
