/* Nesterov's accelerated gradient, the look-ahead method itself: the gradient is taken where the velocity
 * will carry the weights. Stored is that point, y = theta + momentum v; reported is theta.  With a schedule
 * for momentum, y looks ahead with the next step's value. momentum=convex is the sequence for which f - f*
 * falls like 1/t^2 on smooth convex functions.  (Keras and PyTorch report y: nag@keras, nag@torch.)
 * SPDX-License-Identifier: MIT */
#define RULE nag
#define PAPER "Nesterov 1983; Sutskever et al. 2013, equations 3 and 4"
#define USE "As momentum, with less overshoot; optimal on smooth convex problems."
#define EQUATION                                                              \
    "[momentum=convex] momentum = (t - 1)/(t + 2)\n"                          \
    "v = momentum v - lr g\n"                                                 \
    "theta = theta + v\n"                                                     \
    "w = theta + momentum v,  where the next g is taken; theta is reported\n" \
    "[momentum=convex] (in w the next step's momentum)"
#define HYPER(REAL, INT, FLAG, WORD)                        \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate") \
    REAL(momentum, 0.9, 0, TW_INF, TW_OPEN_MAX,             \
         "decay of the velocity; convex: (t - 1)/(t + 2), for convex problems", "convex")
#define SLOTS(SLOT) SLOT(v, TW_ZERO, 1)
#define DECAY TW_DECAY_COUPLED
#define DIALECTS(DIALECT)                                                                                  \
    DIALECT(paper, NULL, "momentum=convex",                                                                \
            "for convex problems; Nesterov's own sequence (a_t - 1)/a_(t+1) tends to this one")            \
    DIALECT(torch, "sgd", "lr=0.001,momentum=0.9,nesterov=1",                                              \
            "reports the point where the gradient is taken, one velocity ahead; lr outside the buffer")    \
    DIALECT(keras, "momentum", "nesterov=1,wd_mode=lr",                                                    \
            "reports the point where the gradient is taken, one velocity ahead")                           \
    DIALECT(keras2, "momentum", "nesterov=1", "as keras")                                                  \
    DIALECT(tf2, "momentum", "nesterov=1", "as keras")                                                     \
    DIALECT(optax, "sgd", "lr=0.01,momentum=0.9,nesterov=1",                                               \
            "PyTorch's form; lr and momentum have no defaults there")                                      \
    DIALECT(source003, NULL, "",                                                                           \
            "its formulas are this rule; its TensorFlow example leaves momentum at 0, which is plain sgd") \
    DIALECT(source004, NULL, "", "prints the velocity with the other sign")
#define VIEW
#define SKIP
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real lr, momentum, ahead;
    struct linear skipped;
};

/* The momentum of step t. */
TW_ONCE(static double mu(double momentum, uint64_t t) {
    return momentum >= 0 ? momentum : (double)(t - 1) / (double)(t + 2);
})

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.lr = now->h->lr,
                       .momentum = mu(now->h->momentum, now->t),
                       .ahead = mu(now->next->momentum, now->t + 1)};
}

/* theta + v = (y - momentum v) + (momentum v - lr g) = y - lr g */
static inline real update(real y, real g, real *v, const struct coef *k)
{
    *v = k->momentum * *v - k->lr * g;
    return y - k->lr * g + k->ahead * *v;
}

static void prepare_view(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.ahead = mu(now->next->momentum, now->t + 1)};
}

static inline real view(real y, real *v, const struct coef *k) { return y - k->ahead * *v; }

static int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
{
    const double momentum = now->h->momentum, pull = now->h->lr * TW_COUPLE(now->h);
    const struct linear one = {.ww = 1 - pull - momentum * pull,
                               .wv = momentum * momentum,
                               .vw = -pull,
                               .vv = momentum};
    k->skipped = linear_n(one, steps);
    return momentum >= 0; /* otherwise no two steps are the same */
}

static inline real skip(real y, real *v, const struct coef *k) { return linear_step(&k->skipped, y, v); }

#include TW_RULE_END
