/* Nadam: Adam with Nesterov's momentum, the next step's momentum already applied. Dozat also decays m by mu_t
 * (moment=mu) and warms the momentum up slowly (psi = 0.004); PyTorch and Keras decay m by beta1, and Keras 3
 * warms up 250 times faster. Departure from Dozat's Algorithm 2, as in every library: v^ is Adam's, without
 * one more factor beta2.
 * SPDX-License-Identifier: MIT */
#define RULE nadam
#define PAPER "Dozat 2016"
#define USE "As adam, often a little faster early on."
#define EQUATION                                                                         \
    "[momentum_schedule] mu_t = beta1 (1 - 0.96^(t psi)/2),  P_t = mu_1 ... mu_t\n"      \
    "[momentum_schedule, moment=mu] m = mu_t m + (1 - mu_t) g\n"                         \
    "[momentum_schedule, moment=beta1] m = beta1 m + (1 - beta1) g\n"                    \
    "[!momentum_schedule] m = beta1 m + (1 - beta1) g\n"                                 \
    "v = beta2 v + (1 - beta2) g^2\n"                                                    \
    "v^ = v/(1 - beta2^t)\n"                                                             \
    "[momentum_schedule] n = (1 - mu_t) g/(1 - P_t) + mu_(t+1) m/(1 - P_(t+1))\n"        \
    "[!momentum_schedule] n = (1 - beta1) g/(1 - beta1^t) + beta1 m/(1 - beta1^(t+1))\n" \
    "w = w - lr n/(sqrt(v^) + eps)"
#define HYPER(REAL, INT, FLAG, WORD)                                            \
    REAL(lr, 0.002, 0, TW_INF, TW_OPEN_MAX, "learning rate")                    \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "what the momentum mu_t rises to")      \
    REAL(beta2, 0.999, 0, 1, TW_OPEN_MAX, "decay of the mean squared gradient") \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")         \
    FLAG(momentum_schedule, 1, "let mu_t rise from beta1/2 to beta1")           \
    REAL(psi, 0.004, 0, TW_INF, TW_OPEN_MAX, "how fast it rises")               \
    WORD(moment, 0, "mu beta1", "what decays m")
#define NEEDS(NEED)                                                  \
    NEED(psi, h->momentum_schedule != 0, "momentum_schedule is off") \
    NEED(moment, h->momentum_schedule != 0, "momentum_schedule is off")
#define ALIASES(ALIAS)         \
    ALIAS(momentum_decay, psi) \
    ALIAS(schedule_decay, psi)
#define SLOTS(SLOT)     \
    SLOT(m, TW_ZERO, 1) \
    SLOT(v, TW_ZERO, 1)
#define SCALARS(SCALAR) SCALAR(product, 1)
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT)                                                                              \
    DIALECT(paper, NULL, "",                                                                           \
            "Algorithm 2 multiplies v^ by beta2 once more; left out here as in every library")         \
    DIALECT(torch, NULL, "moment=beta1", "m decays with beta1 instead of mu_t")                        \
    DIALECT(keras, NULL, "lr=0.001,eps=1e-7,psi=1,moment=beta1,wd_mode=lr",                            \
            "psi = 1 warms the momentum up 250 times faster than the paper")                           \
    DIALECT(keras2, NULL, "eps=1e-7,moment=beta1", "m decays with beta1 instead of mu_t")              \
    DIALECT(tf2, NULL, "lr=0.001,eps=1e-7,moment=beta1", "m decays with beta1 instead of mu_t")        \
    DIALECT(optax, NULL, "momentum_schedule=0", "no warm-up of the momentum; lr has no default there") \
    DIALECT(source004, NULL, "", "the paper's form; no values are named")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real keep, rest, beta2, rest2, from_g, from_m, unbias2, eps;
};

TW_ONCE(static double mu(uint64_t t, double beta1, double psi, double rises) {
    return rises != 0 ? beta1 * (1 - 0.5 * tw_pow(0.96, (double)t * psi)) : beta1;
})

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h, *next = now->next;
    double mu_t = mu(now->t, h->beta1, h->psi, h->momentum_schedule);
    double mu_next = mu(now->t + 1, next->beta1, next->psi, next->momentum_schedule);
    double product = now->kept->product *= mu_t, keep = h->moment == 0 ? mu_t : h->beta1;
    *k = (struct coef){.keep = keep,
                       .rest = 1 - keep,
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2,
                       .from_g = h->lr * (1 - mu_t) / (1 - product),
                       .from_m = h->lr * mu_next / (1 - product * mu_next),
                       .unbias2 = __builtin_sqrt(1 / (1 - tw_pow_n(h->beta2, now->t))),
                       .eps = h->eps};
}

static inline real update(real w, real g, real *m, real *v, const struct coef *k)
{
    *m = k->keep * *m + k->rest * g;
    *v = k->beta2 * *v + k->rest2 * g * g;
    return w - real_ratio(k->from_g * g + k->from_m * *m, real_sqrt(*v) * k->unbias2 + k->eps);
}

#include TW_RULE_END
