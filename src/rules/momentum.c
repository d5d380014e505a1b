/* Momentum with the learning rate inside the velocity (Sutskever et al. 2013, Keras, all our sources).
 * PyTorch keeps the rate outside (rule sgd); the two differ as soon as the rate changes.
 * SPDX-License-Identifier: MIT */
#define RULE momentum
#define PAPER "Polyak 1964; Sutskever et al. 2013, equations 1 and 2"
#define USE "The usual step up from sgd: the same tuning, faster through valleys; convolutional networks."
#define EQUATION              \
    "v = momentum v - lr g\n" \
    "[!nesterov] w = w + v\n" \
    "[nesterov] w = w + momentum v - lr g,  with the new v"
#define HYPER(REAL, INT, FLAG, WORD)                                     \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")              \
    REAL(momentum, 0.9, 0, TW_INF, TW_OPEN_MAX, "decay of the velocity") \
    FLAG(nesterov, 0, "one velocity further ahead (Keras); the rule nag reports the point behind it")
#define NEEDS(NEED) NEED(nesterov, h->momentum != 0, "momentum is 0")
#define SLOTS(SLOT) SLOT(v, TW_ZERO, 1)
#define VARIANTS 3
#define PLAIN(variant) ((variant) == 2)
#define SKIP
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT)                                                                                     \
    DIALECT(paper, NULL, "",                                                                                  \
            "Sutskever's form; Polyak's heavy ball is the same method while lr is constant")                  \
    DIALECT(                                                                                                  \
        torch, "sgd", "lr=0.001,momentum=0.9",                                                                \
        "the buffer holds gradients and lr multiplies it afterwards: another path as soon as lr changes")     \
    DIALECT(keras, NULL, "wd_mode=lr", "")                                                                    \
    DIALECT(keras2, NULL, "", "")                                                                             \
    DIALECT(tf2, NULL, "", "")                                                                                \
    DIALECT(optax, "sgd", "lr=0.01,momentum=0.9", "PyTorch's form; lr and momentum have no defaults there")   \
    DIALECT(source000, "source000-sgd", "",                                                                   \
            "its class SGDM: PyTorch's form, but epsilon is added to the weight after every step")            \
    DIALECT(source001, NULL, "", "")                                                                          \
    DIALECT(                                                                                                  \
        source002, NULL, "",                                                                                  \
        "prints the velocity with the other sign; its text multiplies by lr once more, its formula does not") \
    DIALECT(source003, NULL, "", "prints the velocity with the other sign")                                   \
    DIALECT(                                                                                                  \
        source004, NULL, "",                                                                                  \
        "(4.1) takes the gradient at theta_t, which is not known yet; theta_(t-1) is meant. Velocity with the other sign")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real lr, momentum;
    struct linear skipped;
};

/* Body 2 is the usual case, without the factors of a decay that is off. */
static int choose(const struct hyper *h)
{
    if (h->nesterov != 0) return 1;
    return h->weight_decay == 0 && h->maximize == 0 ? 2 : 0;
}

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.lr = now->h->lr, .momentum = now->h->momentum};
}

static inline real update(real w, real g, real *v, const struct coef *k, int variant)
{
    *v = k->momentum * *v - k->lr * g;
    return variant == 1 ? w + (k->momentum * *v - k->lr * g) : w + *v;
}

static int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
{
    const struct hyper *h = now->h;
    double pull = h->lr * TW_COUPLE(h), ahead = h->nesterov != 0 ? h->momentum : 1;
    struct linear one = {.vw = -pull, .vv = h->momentum};
    one.ww = 1 - TW_SHRINK(h) + ahead * one.vw - (h->nesterov != 0 ? pull : 0);
    one.wv = ahead * one.vv;
    k->skipped = linear_n(one, steps);
    return 1;
}

static inline real skip(real w, real *v, const struct coef *k, int variant)
{
    (void)variant;
    return linear_step(&k->skipped, w, v);
}

#include TW_RULE_END
