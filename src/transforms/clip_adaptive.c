/* Adaptive clipping: the gradient of every unit (row of a matrix; a vector as a whole) is limited to a share
 * of that unit's weights, in norm.
 * SPDX-License-Identifier: MIT */
#define RULE clip_adaptive
#define PAPER "Brock, De, Smith & Simonyan 2021, equation 3, unit-wise"
#define USE \
    "Networks without normalisation layers, large batches: the limit goes with the size of the weights."
#define EQUATION                                           \
    "per row i of a matrix, or for a vector as a whole:\n" \
    "g_i = g_i max(|w_i|, eps) clip/|g_i| where |g_i| > max(|w_i|, eps) clip"
#define HYPER(REAL, INT, FLAG, WORD)                                                                      \
    REAL(clip, 0.01, 0, TW_INF, TW_OPEN, "largest norm of a unit's gradient, as a share of its weights'") \
    REAL(eps, 0.001, 0, TW_INF, TW_OPEN_MAX,                                                              \
         "least norm of the weights that is counted, so that units at 0 can grow")
#define ALIASES(ALIAS) ALIAS(clipping, clip) ALIAS(clip_factor, clip)
#define PLACE TW_ON_GRADIENT
#define TRAITS TW_ZERO_IS_NOTHING
#define SCRATCH(rows, columns) (6 * (rows))
#define NARROW
#include <thalweg/rule.h>
#include "transforms/rows.h"

struct coef {
    double clip, eps;
};

static void prepare(struct coef *k, const struct moment *now)
{
    *k = (struct coef){.clip = now->h->clip, .eps = now->h->eps};
}

/* The norm of each row of `of`, which lies as d does. Where the squares are too large for a double they are
 * those of numbers scaled by a power of two, which is exact. */
__attribute__((noinline)) static void TW_LOCAL(row_norms)(const struct matrix *x, const real *of,
                                                          double *norm, double *scaled)
{
    int is_finite = 1;
    TW_ROW_SUMS(norm, (double)of[at] * (double)of[at]);
    for (size_t row = 0; row < x->rows; row++) is_finite &= norm[row] - norm[row] == 0;
    if (!is_finite) TW_ROW_SUMS(scaled, (double)of[at] * 0x1p-600 * ((double)of[at] * 0x1p-600));
    for (size_t row = 0; row < x->rows; row++)
        norm[row] =
            norm[row] - norm[row] == 0 ? __builtin_sqrt(norm[row]) : __builtin_sqrt(scaled[row]) * 0x1p600;
}

static inline void whole(const struct matrix *x, struct coef *k)
{
    double *g = (double *)x->scratch, *w = g + x->rows, *scaled = w + x->rows;
    TW_LOCAL(row_norms)(x, x->d, g, scaled);
    TW_LOCAL(row_norms)(x, x->w, w, scaled);
    for (size_t row = 0; row < x->rows; row++) {
        double most = w[row], norm = g[row];
        most = k->clip * (most > k->eps ? most : k->eps);
        g[row] = norm > most ? most / norm : 1;
    }
    TW_EACH(x->d[at] *= (real)g[i]);
}

static inline real update(real w, real g, const struct coef *k)
{
    (void)w, (void)k;
    return g;
}

#include TW_RULE_END
