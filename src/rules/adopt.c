/* ADOPT: Adam that divides by the mean square before this gradient and only then takes the mean, which
 * converges with any beta2.  The first step only measures v.  clip keeps the divided gradient within (t -
 * 1)^(1/4), the authors' later version; without it a weight whose first gradients were next to nothing jumps.
 * With weight_decay, which the paper does not have, the first step already decays.
 * SPDX-License-Identifier: MIT */
#define RULE adopt
#define PAPER "Taniguchi et al. 2024, Algorithm 2; clip: the authors' code since November 2024"
#define USE "As adam, where adam with its beta2 fluctuates or does not converge: large noise, small batches."
#define EQUATION                                                                   \
    "first step: v = g^2, w stays; then\n"                                         \
    "[!clip] u = g/max(sqrt(v), eps)\n"                                            \
    "[clip] u = g/max(sqrt(v), eps), limited to [-(t - 1)^(1/4), (t - 1)^(1/4)]\n" \
    "m = beta1 m + (1 - beta1) u\n"                                                \
    "w = w - lr m\n"                                                               \
    "v = beta2 v + (1 - beta2) g^2"
#define HYPER(REAL, INT, FLAG, WORD)                                                  \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate")                          \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean of the divided gradients") \
    REAL(beta2, 0.9999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient")      \
    REAL(eps, 1e-6, 0, TW_INF, TW_OPEN_MAX, "least divisor")                          \
    FLAG(clip, 1, "limit the divided gradient to the fourth root of the step")
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1)
#define DECAY TW_DECAY_ANY
#define SKIP
#define DIALECTS(DIALECT)              \
    DIALECT(paper, NULL, "clip=0", "") \
    DIALECT(optax, NULL, "", "")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real beta1, rest1, beta2, rest2, lr, eps, limit;
    struct linear skipped;
};

/* In the first step nothing enters m, so that w stays, and the floor of the divisor is 1, so that nothing
 * overflows on the way. */
static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    int first = now->t == 1;
    double limit = __builtin_sqrt(__builtin_sqrt((double)(now->t - 1)));
    *k = (struct coef){.beta1 = h->beta1,
                       .rest1 = first ? 0 : 1 - h->beta1,
                       .beta2 = h->beta2,
                       .rest2 = first ? 1 : 1 - h->beta2,
                       .lr = h->lr,
                       .eps = first ? 1 : h->eps,
                       .limit = h->clip && !first ? limit : TW_INF};
}

static inline real update(real w, real g, real *m, real *v, const struct coef *k)
{
    real u = real_ratio(g, real_max(k->eps, real_sqrt(*v)));
    u = u > k->limit ? k->limit : u;
    u = u < -k->limit ? -k->limit : u;
    *m = k->beta1 * *m + k->rest1 * u;
    *v = k->beta2 * *v + k->rest2 * g * g;
    return w - k->lr * *m;
}

static int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.beta2 = tw_pow_n(h->beta2, steps),
                       .skipped = linear_n((struct linear){.ww = 1 - TW_SHRINK(h),
                                                           .wv = -h->lr * h->beta1,
                                                           .vv = h->beta1},
                                           steps)};
    return TW_COUPLE(h) == 0;
}

static inline real skip(real w, real *m, real *v, const struct coef *k)
{
    *v = k->beta2 * *v;
    return linear_step(&k->skipped, w, m);
}

#include TW_RULE_END
