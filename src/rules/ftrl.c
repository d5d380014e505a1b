/* FTRL-proximal: online learning for sparse linear models.  A weight is a function of what is kept, and
 * exactly 0 while its gradients do not outweigh l1; the start counts in the first step alone.
 * SPDX-License-Identifier: MIT */
#define RULE ftrl
#define PAPER "McMahan et al. 2013, Algorithm 1"
#define USE "Linear models with very many sparse features, most of whose weights shall be 0."
#define EQUATION                         \
    "s = (sqrt(n + g^2) - sqrt(n))/lr\n" \
    "z = z + g - s w\n"                  \
    "n = n + g^2\n"                      \
    "|z| <= l1: w = 0;  otherwise w = -(z - sign(z) l1)/((beta + sqrt(n))/lr + l2)"
#define HYPER(REAL, INT, FLAG, WORD)                                             \
    REAL(lr, 0.1, 0, TW_INF, TW_OPEN, "learning rate (the paper's alpha)")       \
    REAL(beta, 1, 0, TW_INF, TW_OPEN_MAX, "tames the first steps")               \
    REAL(l1, 0, 0, TW_INF, TW_OPEN_MAX,                                          \
         "how much a weight's gradients must come to before it is other than 0") \
    REAL(l2, 0, 0, TW_INF, TW_OPEN_MAX, "pulls the weights towards 0")           \
    REAL(initial_accumulator, 0, 0, TW_INF, TW_OPEN_MAX, "what n begins with")
#define SLOTS(SLOT)     \
    SLOT(z, TW_ZERO, 1) \
    SLOT(n, TW_OPTION(initial_accumulator), 1)
#define DIALECTS(DIALECT)                                           \
    DIALECT(paper, NULL, "", "")                                    \
    DIALECT(keras, NULL, "lr=0.001,beta=0,initial_accumulator=0.1", \
            "Keras doubles its l2: give twice as much here")        \
    DIALECT(tf2, NULL, "lr=0.001,beta=0,initial_accumulator=0.1", "as keras, and doubles its l2 too")
#define SKIP
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real l1, rate, base;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.l1 = h->l1, .rate = 1 / h->lr, .base = h->beta / h->lr + h->l2};
}

static inline real TW_LOCAL(weight)(real z, real root, const struct coef *k)
{
    real beyond = real_abs(z) <= k->l1 ? 0 : z > 0 ? k->l1 - z : -k->l1 - z;
    return real_ratio(beyond, k->base + k->rate * root);
}

/* sqrt(n + g^2) - sqrt(n) as g^2 / (their sum), which loses no digits. */
static inline real update(real w, real g, real *z, real *n, const struct coef *k)
{
    real square = g * g, before = real_sqrt(*n);
    *n += square;
    real root = real_sqrt(*n);
    *z += g - k->rate * real_ratio(square, root + before) * w;
    return TW_LOCAL(weight)(*z, root, k);
}

static int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
{
    prepare(k, now);
    return steps > 0;
}

static inline real skip(real w, real *z, real *n, const struct coef *k)
{
    (void)w;
    return TW_LOCAL(weight)(*z, real_sqrt(*n), k);
}

#include TW_RULE_END
