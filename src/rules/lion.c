/* Lion: every weight moves by lr in the direction of the sign of a mean gradient, in which the newest
 * gradient counts more than in the mean that is kept (Chen et al. 2023).
 * SPDX-License-Identifier: MIT */
#define RULE lion
#define PAPER "Chen et al. 2023, Algorithm 2"
#define USE \
    "Large networks and batches, at half of adam's memory; a rate 3 to 10 times below adam's, a decay as much above."
#define EQUATION                                 \
    "w = w - lr sign(beta1 m + (1 - beta1) g)\n" \
    "m = beta2 m + (1 - beta2) g"
#define HYPER(REAL, INT, FLAG, WORD)                                                   \
    REAL(lr, 1e-4, 0, TW_INF, TW_OPEN_MAX, "learning rate: how far each weight moves") \
    REAL(beta1, 0.9, 0, 1, TW_OPEN_MAX, "share of the kept mean in the direction")     \
    REAL(beta2, 0.99, 0, 1, TW_OPEN_MAX, "decay of the mean that is kept")
#define SLOTS(SLOT) SLOT(m, TW_ZERO, 1)
#define DECAY TW_DECAY_ANY
#define WD_MODE 1
#define DIALECTS(DIALECT)                \
    DIALECT(paper, NULL, "", "")         \
    DIALECT(keras, NULL, "lr=0.001", "") \
    DIALECT(optax, NULL, "weight_decay=0.001", "")
#define AVX512
#include <thalweg/rule.h>

struct coef {
    real lr, beta1, rest1, beta2, rest2;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.lr = h->lr,
                       .beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .beta2 = h->beta2,
                       .rest2 = 1 - h->beta2};
}

static inline real update(real w, real g, real *m, const struct coef *k)
{
    real c = k->beta1 * *m + k->rest1 * g;
    *m = k->beta2 * *m + k->rest2 * g;
    return w - (c > 0 ? k->lr : c < 0 ? -k->lr : 0);
}

#include TW_RULE_END
