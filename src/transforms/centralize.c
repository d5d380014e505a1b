/* Gradient centralisation: from every row of a matrix (all that leads to one unit) its mean is taken away.
 * Vectors stay as they are.
 * SPDX-License-Identifier: MIT */
#define RULE centralize
#define PAPER "Yong, Huang, Hua & Zhang 2020, equation 1"
#define USE "Convolutional and wide dense layers: a cheap regulariser that steadies training."
#define EQUATION \
    "g_ij = g_ij - mean over j of g_ij, for tensors of two or more dimensions (i the first of them)"
#define HYPER(REAL, INT, FLAG, WORD) INT(least, 2, 2, 8, "dimensions that a tensor must have")
#define PLACE TW_ON_GRADIENT
#define SCRATCH(rows, columns) (2 * (rows))
#define NARROW
#include <thalweg/rule.h>
#include "transforms/rows.h"

struct coef {
    int least;
};

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.least = (int)now->h->least};
}

static inline void whole(const struct matrix *x, struct coef *k)
{
    double *sum = (double *)x->scratch;
    if (x->rank < k->least) return;
    TW_ROW_SUMS(sum, (double)x->d[at]);
    TW_EACH(x->d[at] -= (real)(sum[i] / (double)x->columns));
}

static inline real update(real w, real g, const struct coef *k)
{
    (void)w, (void)k;
    return g;
}

#include TW_RULE_END
