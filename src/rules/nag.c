/* Nesterov's accelerated gradient, the look-ahead method itself: the gradient is taken where the velocity will carry the weights.
 * Stored is that point, y = theta + momentum v; reported is theta.  With a schedule for momentum, y looks ahead with the next step's value.
 * (Keras and PyTorch report y: nag@keras, nag@torch.)
 * SPDX-License-Identifier: MIT */
#define RULE nag
#define PAPER "Nesterov 1983; Sutskever et al. 2013, equations 3 and 4"
#define USE "As momentum, with less overshoot; optimal on smooth convex problems."
#define EQUATION                                                                                                                             \
    "g at theta + momentum v\n"                                                                                                              \
    "v = momentum v - lr g\n"                                                                                                                \
    "theta = theta + v\n"                                                                                                                    \
    "weight_decay: of the point the gradient was taken at, whose penalty's gradient it is"
#define HYPER(REAL, INT, FLAG, WORD)                                                                                                         \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")                                                                                  \
    REAL(momentum, 0.9, 0, TW_INF, TW_OPEN_MAX, "decay of the velocity")
#define SLOTS(SLOT) SLOT(v, TW_ZERO, 1)
#define DECAY TW_DECAY_COUPLED
#define DIALECTS(DIALECT)                                                                                                                    \
    DIALECT(keras, "momentum", "nesterov=1", "")                                                                                                 \
    DIALECT(torch, "sgd", "lr=0.001,momentum=0.9,nesterov=1", "")
#define VIEW
#define SKIP
#include <thalweg/rule.h>

struct coef { real lr, momentum, ahead; struct linear skipped; };

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.lr = now->h->lr, .momentum = now->h->momentum, .ahead = now->next->momentum};
}

/* theta + v = (y - momentum v) + (momentum v - lr g) = y - lr g */
static inline real update(real y, real g, real *v, const struct coef *k)
{
    *v = k->momentum * *v - k->lr * g;
    return y - k->lr * g + k->ahead * *v;
}

static void prepare_view(struct coef *k, const struct moment *now) { *k = (struct coef){.ahead = now->next->momentum}; }

static inline real view(real y, real *v, const struct coef *k) { return y - k->ahead * *v; }

static int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
{
    const double mu = now->h->momentum, pull = now->h->lr * TW_COUPLE(now->h);
    k->skipped = linear_n((struct linear){.ww = 1 - pull - mu * pull, .wv = mu * mu, .vw = -pull, .vv = mu}, steps);
    return 1;
}

static inline real skip(real y, real *v, const struct coef *k) { return linear_step(&k->skipped, y, v); }

#include TW_RULE_END
