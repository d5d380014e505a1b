/* Stochastic gradient descent, with momentum as PyTorch has it: the buffer holds gradients, the rate
 * multiplies it afterwards. (The rule `momentum` keeps the rate inside the velocity; the two differ as soon
 * as the rate changes.)
 * SPDX-License-Identifier: MIT */
#define RULE sgd
#define PAPER \
    "Robbins & Monro 1951; momentum: Polyak 1964; nesterov: Sutskever et al. 2013, in PyTorch's form"
#define USE \
    "The baseline: with a well-tuned rate and schedule it generalises as well as anything, and it keeps nothing per weight."
#define EQUATION                                                                           \
    "[!momentum] w = w - lr g\n"                                                           \
    "[momentum, !dampening] b = momentum b + g\n"                                          \
    "[momentum, dampening] b = momentum b + (1 - dampening) g,  at the first step b = g\n" \
    "[momentum, !nesterov] w = w - lr b\n"                                                 \
    "[momentum, nesterov] w = w - lr (g + momentum b)"
#define HYPER(REAL, INT, FLAG, WORD)                                                            \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")                                     \
    REAL(momentum, 0, 0, TW_INF, TW_OPEN_MAX, "decay of the buffer of gradients; 0: no buffer") \
    REAL(dampening, 0, 0, 1, TW_CLOSED,                                                         \
         "share of the gradient kept out of the buffer, but for the first step")                \
    FLAG(nesterov, 0, "step along g + momentum b")
#define NEEDS(NEED)                                    \
    NEED(dampening, h->momentum != 0, "momentum is 0") \
    NEED(nesterov, h->momentum != 0, "momentum is 0")
#define SLOTS(SLOT) SLOT(b, TW_ZERO, variant > 1)
#define VARIANTS 4
#define PLAIN(variant) ((variant) == 0)
#define TRAITS (h->momentum == 0 ? TW_ZERO_IS_NOTHING : 0)
#define SKIP
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT)                                                                                       \
    DIALECT(torch, NULL, "lr=0.001", "")                                                                        \
    DIALECT(keras, "momentum", "momentum=0,wd_mode=lr",                                                         \
            "with momentum the rate stands inside the velocity, unlike PyTorch and optax")                      \
    DIALECT(keras2, "momentum", "momentum=0", "as keras")                                                       \
    DIALECT(tf2, "momentum", "momentum=0", "as keras")                                                          \
    DIALECT(optax, NULL, "", "lr has no default there")                                                         \
    DIALECT(                                                                                                    \
        source000, "source000-sgd", "momentum=0",                                                               \
        "adds epsilon to the weight after every step, although nothing is divided: every weight drifts upward") \
    DIALECT(source001, NULL, "", "")                                                                            \
    DIALECT(source002, NULL, "",                                                                                \
            "its text also divides the rate by a factor every round, which is a schedule (step)")               \
    DIALECT(source003, NULL, "", "begins at w = 0 and takes one example at a time (estimator single)")          \
    DIALECT(source004, NULL, "", "SGD names there one example at a time (estimator single), MBGD a batch")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real lr, momentum, gain;
    struct linear skipped;
};

static int choose(const struct hyper *h)
{
    if (h->momentum == 0) return h->weight_decay != 0 || h->maximize != 0;
    return h->nesterov == 0 ? 2 : 3;
}

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.lr = h->lr, .momentum = h->momentum, .gain = now->t == 1 ? 1 : 1 - h->dampening};
}

static inline real update(real w, real g, real *b, const struct coef *k, int variant)
{
    if (variant <= 1) return w - k->lr * g;
    *b = k->momentum * *b + k->gain * g;
    return w - k->lr * (variant == 2 ? *b : g + k->momentum * *b);
}

static int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
{
    const struct hyper *h = now->h;
    double g = TW_COUPLE(h), gain = 1 - h->dampening, bare = h->nesterov != 0 ? g : 0,
           ahead = h->nesterov != 0 ? h->momentum : 1;
    struct linear one = {.vw = gain * g, .vv = h->momentum};
    one.ww = 1 - TW_SHRINK(h) - h->lr * (bare + ahead * one.vw);
    one.wv = -h->lr * ahead * one.vv;
    k->skipped = linear_n(one, steps);
    return now->t > 1 || g * h->dampening == 0; /* the first step is undampened, unlike those after it */
}

static inline real skip(real w, real *b, const struct coef *k, int variant)
{
    (void)variant;
    return linear_step(&k->skipped, w, b);
}

#include TW_RULE_END
