/* Adam: steps of about lr per weight, from running means of the gradient and of its square (Kingma & Ba 2015,
 * Algorithm 1). amsgrad: the mean of squares never falls (Reddi et al. 2018); raw takes the maximum before
 * the bias correction, hat after it.
 * SPDX-License-Identifier: MIT */
#define RULE adam
#define PAPER "Kingma & Ba 2015, Algorithm 1; amsgrad: Reddi, Kale & Kumar 2018"
#define USE "A good first choice for networks: little tuning, sparse and noisy gradients."
#define EQUATION                                                                          \
    "m = beta1 m + (1 - beta1) g\n"                                                       \
    "v = beta2 v + (1 - beta2) g^2\n"                                                     \
    "[amsgrad, amsgrad_on=raw] x = max(x, v)\n"                                           \
    "[amsgrad, amsgrad_on=hat, bias_correction] x = max(x, v/(1 - beta2^t))\n"            \
    "[amsgrad, amsgrad_on=hat, !bias_correction] x = max(x, v)\n"                         \
    "[bias_correction] m^ = m/(1 - beta1^t)\n"                                            \
    "[bias_correction, !amsgrad] v^ = v/(1 - beta2^t)\n"                                  \
    "[bias_correction, amsgrad, amsgrad_on=raw] v^ = x/(1 - beta2^t)\n"                   \
    "[bias_correction, amsgrad, amsgrad_on=hat] v^ = x\n"                                 \
    "[bias_correction, eps_place=out] w = w - lr m^/(sqrt(v^) + eps)\n"                   \
    "[bias_correction, eps_place=hat] w = w - lr m^/(sqrt(v^) + eps/sqrt(1 - beta2^t))\n" \
    "[bias_correction, eps_place=in] w = w - lr m^/sqrt(v^ + eps)\n"                      \
    "[!bias_correction, !amsgrad, eps_place!=in] w = w - lr m/(sqrt(v) + eps)\n"          \
    "[!bias_correction, !amsgrad, eps_place=in] w = w - lr m/sqrt(v + eps)\n"             \
    "[!bias_correction, amsgrad, eps_place!=in] w = w - lr m/(sqrt(x) + eps)\n"           \
    "[!bias_correction, amsgrad, eps_place=in] w = w - lr m/sqrt(x + eps)"
#define HYPER(REAL, INT, FLAG, WORD)                                                              \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate")                                      \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")                             \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient")                   \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                           \
    WORD(eps_place, 0, "out hat in",                                                              \
         "where eps is added: to the root, to the root of the uncorrected v, or inside the root") \
    FLAG(bias_correction, 1, "divide the means by 1 - beta^t")                                    \
    FLAG(amsgrad, 0, "let the mean squared gradient never fall")                                  \
    WORD(amsgrad_on, 0, "raw hat", "maximum of v before (raw) or after (hat) the bias correction")
#define NEEDS(NEED)                                     \
    NEED(eps_place, h->eps != 0, "eps is 0")            \
    NEED(amsgrad_on, h->amsgrad != 0, "amsgrad is off") \
    NEED(amsgrad_on, h->bias_correction != 0, "bias_correction is off")
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1) \
    SLOT(x, TW_ZERO, variant & 1)
#define VARIANTS 4
#define PLAIN(variant) ((variant & 2))
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT)                                                                                          \
    DIALECT(paper, NULL, "", "")                                                                                   \
    DIALECT(torch, NULL, "", "")                                                                                   \
    DIALECT(keras, NULL, "eps=1e-7,eps_place=hat,wd_mode=lr",                                                      \
            "epsilon at the uncorrected root: the paper's epsilon-hat, larger at first")                           \
    DIALECT(keras2, NULL, "eps=1e-7,eps_place=hat", "as keras")                                                    \
    DIALECT(tf2, NULL, "eps=1e-7,eps_place=hat", "as keras")                                                       \
    DIALECT(optax, NULL, "amsgrad_on=hat",                                                                         \
            "lr has no default there; amsgrad takes the maximum after the bias correction")                        \
    DIALECT(source000, NULL, "beta2=0.99", "beta2 = 0.99 is called usual; everywhere else it is 0.999")            \
    DIALECT(source002, NULL, "bias_correction=0",                                                                  \
            "no bias correction: the first steps are about 3 times the paper's")                                   \
    DIALECT(                                                                                                       \
        source003, "source003-adam", "",                                                                           \
        "step 7 multiplies by the gradient once more, so weights fall whatever its sign; epsilon inside the root") \
    DIALECT(source004, NULL, "eps_place=in",                                                                       \
            "epsilon inside the root: 1e-8 there weighs like 1e-4 outside it")
#define AVX512
#include "rules/divisor.h"
#include <thalweg/rule.h>

struct coef {
    real beta1, rest1, beta2, rest2, step, scale, inner, eps_in, outer, eps_out;
};

/* Body 2 is the usual case, without decay, amsgrad and an epsilon inside the root, whose factors would be 1
 * and 0: in the cache they cost a sixth. */
static int choose(const struct hyper *h)
{
    const int plain = h->weight_decay == 0 && h->maximize == 0;
    if (h->amsgrad != 0) return plain ? 3 : 1;
    return plain && h->eps_place != TW__EPS_IN ? 2 : 0;
}

/* The divisor is tw__divisor's formula, of v * scale. */
static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    double unbias1 = h->bias_correction ? 1 / (1 - tw_pow_n(h->beta1, now->t)) : 1;
    double unbias2 = h->bias_correction ? 1 / (1 - tw_pow_n(h->beta2, now->t)) : 1;
    double after = h->amsgrad && h->amsgrad_on ? 1 : unbias2; /* the correction left to do once x is chosen */
    const struct tw__divisor d = tw__divisor((enum tw__eps_place)h->eps_place, h->eps, after, unbias2);
    *k = (struct coef){.beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .step = h->lr * unbias1,
                       .scale = unbias2 / after,
                       .inner = d.inner,
                       .eps_in = d.eps_in,
                       .outer = d.outer,
                       .eps_out = d.eps_out};
}

static inline real update(real w, real g, real *m, real *v, real *x, const struct coef *k, int variant)
{
    *m = k->beta1 * *m + k->rest1 * g;
    *v = k->beta2 * *v + k->rest2 * g * g;
    real square = *v;
    if (variant & 1) square = *x = real_max(*x, *v * k->scale);
    if (variant != 2) square = square * k->inner + k->eps_in;
    return w - real_ratio(k->step * *m, real_sqrt(square) * k->outer + k->eps_out);
}

#include TW_RULE_END
