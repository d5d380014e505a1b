/* AdaMax: Adam with the largest recent gradient, which fades by beta2, in place of the root of the mean
 * square (Kingma & Ba 2015, Algorithm 2). The paper has no epsilon; here 0/0 is 0 without one.
 * SPDX-License-Identifier: MIT */
#define RULE adamax
#define PAPER "Kingma & Ba 2015, Algorithm 2"
#define USE "As adam, where a few gradients are far larger than the others: embeddings, sparse features."
#define EQUATION                                    \
    "m = beta1 m + (1 - beta1) g\n"                 \
    "[eps_place=g] u = max(beta2 u, |g| + eps)\n"   \
    "[eps_place!=g] u = max(beta2 u, |g|)\n"        \
    "[eps_place!=u] w = w - lr/(1 - beta1^t) m/u\n" \
    "[eps_place=u] w = w - lr/(1 - beta1^t) m/(u + eps)"
#define HYPER(REAL, INT, FLAG, WORD)                                       \
    REAL(lr, 0.002, 0, TW_INF, TW_OPEN_MAX, "learning rate")               \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")      \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the largest gradient") \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")    \
    WORD(eps_place, 0, "g u none",                                         \
         "where eps is added: to the size of the gradient, to the maximum u, or nowhere")
#define NEEDS(NEED)                                   \
    NEED(eps, h->eps_place != 2, "eps_place is none") \
    NEED(eps_place, h->eps != 0 || h->eps_place == 2, "eps is 0")
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(u, TW_ZERO, 1)
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT)                                                \
    DIALECT(paper, NULL, "eps_place=none", "")                           \
    DIALECT(torch, NULL, "", "")                                         \
    DIALECT(keras, NULL, "lr=0.001,eps=1e-7,eps_place=u,wd_mode=lr", "") \
    DIALECT(keras2, NULL, "eps=1e-7,eps_place=u", "")                    \
    DIALECT(tf2, NULL, "lr=0.001,eps=1e-7,eps_place=u", "as keras")      \
    DIALECT(optax, NULL, "", "")                                         \
    DIALECT(source004, NULL, "eps_place=none", "the source says nothing of 0/0, which is 0 here")
#define AVX512
#include <thalweg/rule.h>

TW_ONCE(enum {AT_G, AT_U};)

struct coef {
    real beta1, rest1, beta2, step, eps_g, eps_u;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .beta2 = h->beta2,
                       .step = h->lr / (1 - tw_pow_n(h->beta1, now->t)),
                       .eps_g = h->eps_place == AT_G ? h->eps : 0,
                       .eps_u = h->eps_place == AT_U ? h->eps : 0};
}

static inline real update(real w, real g, real *m, real *u, const struct coef *k)
{
    *m = k->beta1 * *m + k->rest1 * g;
    *u = real_max(k->beta2 * *u, real_abs(g) + k->eps_g);
    return w - real_ratio(k->step * *m, *u + k->eps_u);
}

#include TW_RULE_END
