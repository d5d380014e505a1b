/* RMSprop: the gradient divided by the root of a running mean of its square (Hinton, lecture 6e); centered
 * takes the variance instead (Graves 2013). With momentum the rate stands outside the buffer (torch) or
 * inside (keras).
 * SPDX-License-Identifier: MIT */
#define RULE rmsprop
#define PAPER "Hinton, Srivastava & Swersky 2012, lecture 6e; centered: Graves 2013, equations 38 to 45"
#define USE "Recurrent networks and problems whose gradients change in scale over time."
#define EQUATION                                                     \
    "s = rho s + (1 - rho) g^2\n"                                    \
    "[centered] a = rho a + (1 - rho) g\n"                           \
    "[!centered, eps_place=out] D = sqrt(s) + eps\n"                 \
    "[!centered, eps_place=in] D = sqrt(s + eps)\n"                  \
    "[centered, eps_place=out] D = sqrt(s - a^2) + eps\n"            \
    "[centered, eps_place=in] D = sqrt(s - a^2 + eps)\n"             \
    "[!centered, eps_place=tf2, !momentum] D = sqrt(s) + eps\n"      \
    "[!centered, eps_place=tf2, momentum] D = sqrt(s + eps)\n"       \
    "[centered, eps_place=tf2, !momentum] D = sqrt(s - a^2) + eps\n" \
    "[centered, eps_place=tf2, momentum] D = sqrt(s - a^2 + eps)\n"  \
    "[!momentum] w = w - lr g/D\n"                                   \
    "[momentum, style=torch] b = momentum b + g/D\n"                 \
    "[momentum, style=torch] w = w - lr b\n"                         \
    "[momentum, style=keras] b = momentum b + lr g/D\n"              \
    "[momentum, style=keras] w = w - b"
#define HYPER(REAL, INT, FLAG, WORD)                                                        \
    REAL(lr, 0.001, 0, TW_INF, TW_OPEN_MAX, "learning rate")                                \
    REAL(rho, 0.9, 0, 1, TW_OPEN_MAX, "decay of the running means")                         \
    REAL(eps, 1e-8, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                     \
    WORD(eps_place, 0, "out in tf2",                                                        \
         "eps is added to the root, or inside it; tf2: inside it where there is momentum")  \
    FLAG(centered, 0, "divide by the standard deviation instead of the root mean square")   \
    REAL(momentum, 0, 0, TW_INF, TW_OPEN_MAX, "decay of the buffer of steps; 0: no buffer") \
    WORD(style, 0, "torch keras",                                                           \
         "the learning rate multiplies what leaves the buffer (torch) or what enters it (keras)")
#define NEEDS(NEED)                          \
    NEED(eps_place, h->eps != 0, "eps is 0") \
    NEED(style, h->momentum != 0, "momentum is 0")
#define ALIASES(ALIAS) ALIAS(alpha, rho)
#define SLOTS(SLOT)               \
    SLOT(s, TW_ZERO, 1)           \
    SLOT(a, TW_ZERO, variant & 2) \
    SLOT(b, TW_ZERO, variant & 1)
#define VARIANTS 4
#define DECAY TW_DECAY_ANY
#define DIALECTS(DIALECT)                                                                                      \
    DIALECT(paper, NULL, "", "the lecture divides by the root alone; eps is what every library adds")          \
    DIALECT(torch, NULL, "lr=0.01,rho=0.99", "")                                                               \
    DIALECT(keras, NULL, "eps=1e-7,eps_place=in,style=keras,wd_mode=lr", "")                                   \
    DIALECT(keras2, NULL, "eps=1e-7", "has no momentum")                                                       \
    DIALECT(tf2, NULL, "eps=1e-7,eps_place=tf2,style=keras",                                                   \
            "epsilon moves inside the root with momentum, whose kernel is another")                            \
    DIALECT(optax, NULL, "eps_place=in,style=keras", "lr has no default there")                                \
    DIALECT(source001, NULL, "lr=0.01,rho=0.99,eps=1e-7", "its formula has no epsilon, its code has")          \
    DIALECT(                                                                                                   \
        source002, "source002-rmsprop", "",                                                                    \
        "divides g^2 by its running mean first; what is left tends to 1 and adapts nothing: nearly plain sgd") \
    DIALECT(source003, NULL, "lr=0.01,eps_place=in", "epsilon inside the root")                                \
    DIALECT(source004, NULL, "", "")
#include "rules/divisor.h"
#include <thalweg/rule.h>

TW_ONCE(enum {IN = 1, TF2};)

struct coef {
    real lr, rho, rest, eps_in, eps_out, momentum, enter, leave;
};

static int choose(const struct hyper *h) { return (h->momentum != 0) + 2 * (h->centered != 0); }

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    const int in = h->eps_place == IN || (h->eps_place == TF2 && h->momentum != 0);
    const struct tw__divisor d = tw__divisor(in ? TW__EPS_IN : TW__EPS_OUT, h->eps, 1, 1);
    *k = (struct coef){.lr = h->lr,
                       .rho = h->rho,
                       .rest = 1 - h->rho,
                       .eps_in = d.eps_in,
                       .eps_out = d.eps_out,
                       .momentum = h->momentum,
                       .enter = h->style ? h->lr : 1,
                       .leave = h->style ? 1 : h->lr};
}

static inline real update(real w, real g, real *s, real *a, real *b, const struct coef *k, int variant)
{
    *s = k->rho * *s + k->rest * g * g;
    real square = *s;
    if (variant & 2) {
        *a = k->rho * *a + k->rest * g;
        /* rounding can make it negative where the gradient hardly changes */
        square = real_max(0, *s - *a * *a);
    }
    real x = real_ratio((variant & 1 ? k->enter : k->lr) * g, real_sqrt(square + k->eps_in) + k->eps_out);
    if (!(variant & 1)) return w - x;
    *b = k->momentum * *b + x;
    return w - k->leave * *b;
}

#include TW_RULE_END
