/* DC-ASGD: sgd for gradients that come late.  A gradient taken at `at` is carried on to where the weights are
 * now by the diagonal of g g', which stands for the second derivatives.  Without delay, at = w, it is plain
 * sgd.  There is no weight_decay: a decay of w before the step would look like delay, and the penalty's
 * gradient, taken at w, is not late.
 * SPDX-License-Identifier: MIT */
#define RULE dcasgd
#define PAPER "Zheng et al. 2017, equation 10 (DC-ASGD-c); adaptive: DC-ASGD-a"
#define USE "Asynchronous workers whose gradients are several steps old."
#define EQUATION                                         \
    "g at the point `at`, where the worker was\n"        \
    "[adaptive] s = rho s + (1 - rho) g^2\n"             \
    "[!adaptive] w = w - lr (g + lambda g^2 (w - at))\n" \
    "[adaptive] w = w - lr (g + lambda/sqrt(s + eps) g^2 (w - at))"
#define HYPER(REAL, INT, FLAG, WORD)                                            \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate")                     \
    REAL(lambda, 0.04, 0, TW_INF, TW_OPEN_MAX,                                  \
         "strength of the correction; the paper has 0.04, and 2 with adaptive") \
    FLAG(adaptive, 0, "divide lambda by the root mean square of the gradients") \
    REAL(rho, 0.95, 0, 1, TW_OPEN_MAX, "decay of that mean square")             \
    REAL(eps, 1e-7, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")
#define NEEDS(NEED)                                \
    NEED(adaptive, h->lambda != 0, "lambda is 0")  \
    NEED(rho, h->adaptive != 0, "adaptive is off") \
    NEED(eps, h->adaptive != 0, "adaptive is off")
#define ALIASES(ALIAS) ALIAS(lamda, lambda)
#define SLOTS(SLOT) SLOT(s, TW_ZERO, variant == 1)
#define VARIANTS 2
#define TRAITS (h->adaptive ? 0 : TW_ZERO_IS_NOTHING)
#define POINT
#define SKIP
#define DIALECTS(DIALECT) DIALECT(paper, NULL, "", "")
#define NARROW
#include <thalweg/rule.h>

struct coef {
    real lr, lambda, rho, rest, eps;
};

static int choose(const struct hyper *h) { return h->adaptive != 0; }

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.lr = h->lr, .lambda = h->lambda, .rho = h->rho, .rest = 1 - h->rho, .eps = h->eps};
}

static inline real update(real w, real g, real *s, const struct coef *k, int variant, real at)
{
    real late = k->lambda * (g * g);
    if (variant == 1) {
        *s = k->rho * *s + k->rest * g * g;
        late = real_ratio(late, real_sqrt(*s + k->eps));
    }
    return w - k->lr * (g + late * (w - at));
}

static int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
{
    *k = (struct coef){.rho = tw_pow_n(now->h->rho, steps)};
    return 1;
}

static inline real skip(real w, real *s, const struct coef *k, int variant)
{
    (void)variant;
    *s = k->rho * *s;
    return w;
}

#include TW_RULE_END
