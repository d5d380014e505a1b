/* Adafactor: the mean squared gradient of a matrix kept as one number per row and one per column, and steps
 * relative to the size of the weights (Shazeer & Stern 2018, Algorithms 4 to 6; beta1: section 9's momentum
 * of the steps). R and C are means where the paper has sums, which is the same V. A tensor of three or more
 * dimensions is the matrix of its first against all others.
 * SPDX-License-Identifier: MIT */
#define RULE adafactor
#define PAPER "Shazeer & Stern 2018, Algorithms 4 (matrices), 5 (vectors) and 6"
#define USE "Large matrices and little memory: next to no state, and steps that need little tuning."
#define EQUATION                                                                   \
    "b = 1 - t^-decay,  q = g^2 + e,  rms(x) the root of a tensor's mean square\n" \
    "[eps_place=square] e = eps1,  f = 0;  0/0 is 0\n"                             \
    "[eps_place=clamp] e = 0,  f = eps1\n"                                         \
    "matrix: R = b R + (1 - b) (mean of each row of q)\n"                          \
    "matrix: C = b C + (1 - b) (mean of each column of q)\n"                       \
    "matrix: u_ij = g_ij/sqrt(max(f^2, R_i C_j/max(f, mean(R))))\n"                \
    "vector: V = b V + (1 - b) q,  u = g/sqrt(max(f^2, V))\n"                      \
    "[clip] u = u/max(1, rms(u)/clip)\n"                                           \
    "[relative_step] a = min(lr, 1/sqrt(t))\n"                                     \
    "[!relative_step] a = lr\n"                                                    \
    "[scale_parameter] a = a max(eps2, rms(w)), w before it decays\n"              \
    "[!beta1] w = w - a u\n"                                                       \
    "[beta1] m = beta1 m + (1 - beta1) a u,  w = w - m"
#define HYPER(REAL, INT, FLAG, WORD)                                                                  \
    REAL(lr, 0.01, 0, TW_INF, TW_OPEN_MAX, "learning rate, or with relative_step the most it may be") \
    REAL(decay, 0.8, 0, TW_INF, TW_OPEN_MAX,                                                          \
         "how fast the memory of squares grows: it forgets t^-decay per step")                        \
    REAL(eps1, 1e-30, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")                             \
    REAL(eps2, 0.001, 0, TW_INF, TW_OPEN_MAX, "the least root mean square that weights count as")     \
    REAL(clip, 1, 0, TW_INF, TW_OPEN_MAX, "the largest root mean square of u; 0: any")                \
    REAL(beta1, 0, 0, 1, TW_OPEN_MAX, "decay of the mean step; 0: no mean")                           \
    FLAG(relative_step, 1, "at most 1/sqrt(t) for the rate")                                          \
    FLAG(scale_parameter, 1, "multiply the rate by the root mean square of the weights")              \
    WORD(eps_place, 0, "square clamp",                                                                \
         "eps1 is added to g^2, or is the least for the mean of R and for the root of V")
#define NEEDS(NEED)                                               \
    NEED(eps2, h->scale_parameter != 0, "scale_parameter is off") \
    NEED(eps_place, h->eps1 != 0, "eps1 is 0")
#define ALIASES(ALIAS) ALIAS(clip_threshold, clip)
#define SLOTS(SLOT)        \
    SLOT(R, TW_ROWS, 1)    \
    SLOT(C, TW_COLUMNS, 1) \
    SLOT(V, TW_VECTORS, 1) \
    SLOT(m, TW_ZERO, variant == 1)
#define VARIANTS 2
#define SCRATCH(rows, columns) (2 * ((rows) + (columns))) /* room for as many sums in double */
#define SCOPE TW_PER_TENSOR                               /* for the rate */
#define DECAY TW_DECAY_ANY
#define WD_MODE 1
#define WIDE
#define DIALECTS(DIALECT)                                                                                                              \
    DIALECT(paper, NULL, "", "")                                                                                                       \
    DIALECT(                                                                                                                           \
        torch, NULL, "eps1=1.1920928955078125e-07,eps_place=clamp",                                                                    \
        "eps1 is float's precision (torch takes 2.2e-16 in double); a tensor of more than two dimensions is factored by its last two") \
    DIALECT(                                                                                                                           \
        keras, NULL, "lr=0.001",                                                                                                       \
        "a tensor of more than two dimensions is factored by its last two; rms(w) is of w after its decay")
#include <thalweg/rule.h>

struct coef {
    real keep, rest, least, beta1, rest1, step;
    double add, least_mean, rate, eps2, clip;
};

static int choose(const struct hyper *h) { return h->beta1 != 0; }

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    double t = (double)now->t, forget = tw_pow(t, -h->decay), most = 1 / __builtin_sqrt(t),
           clamp = h->eps_place * h->eps1;
    *k = (struct coef){.keep = 1 - forget,
                       .rest = forget,
                       .least = clamp * clamp,
                       .beta1 = h->beta1,
                       .rest1 = 1 - h->beta1,
                       .add = h->eps1 - clamp,
                       .least_mean = clamp,
                       .rate = h->relative_step && most < h->lr ? most : h->lr,
                       .eps2 = h->scale_parameter ? h->eps2 : -1,
                       .clip = h->clip};
}

/* The squares of directions and weights, taken while the directions are in the cache. */
struct TW_LOCAL(sizes) {
    struct squares d, w;
};

TW_INLINE void TW_LOCAL(add_sizes)(struct TW_LOCAL(sizes) * s, const struct matrix *x, size_t to)
{
    add_squares(&s->d, x->d, to, x->wide);
    add_squares(&s->w, x->w, to, x->wide);
}

/* g over the root of R_i C_j / mean(R), in place. Rows and columns are as they lie in memory: lines, and what
 * stands across them. */
TW_INLINE void TW_LOCAL(divide_matrix)(const struct matrix *x, const struct coef *k,
                                       struct TW_LOCAL(sizes) * sizes)
{
    const int by_rows = x->right == 1;
    const size_t lines = by_rows ? x->rows : x->columns, n = by_rows ? x->columns : x->rows;
    real *const along = by_rows ? x->R : x->C, *const across = by_rows ? x->C : x->R;
    double *const sums = (double *)x->scratch;
    double mean = 0;
    for (size_t j = 0; j < n; j++) sums[j] = 0;
    for (size_t i = 0; i < lines; i++) {
        const real *const line = x->d + i * n;
        along[i] = k->keep * along[i] + k->rest * (real)(sum_squares(line, n, x->wide) / (double)n + k->add);
        for (size_t j = 0; j < n; j++) sums[j] += (double)line[j] * (double)line[j];
    }
    for (size_t j = 0; j < n; j++)
        across[j] = k->keep * across[j] + k->rest * (real)(sums[j] / (double)lines + k->add);
    for (size_t i = 0; i < x->rows; i++) mean += (double)x->R[i];
    mean /= (double)x->rows;
    if (k->least_mean > mean) mean = k->least_mean;
    for (size_t i = 0; i < lines; i++) {
        /* R C could be below float's range */
        real *const line = x->d + i * n, share = real_ratio(along[i], (real)mean);
        for (size_t j = 0; j < n; j++)
            line[j] = real_ratio(line[j], real_sqrt(real_max(k->least, share * across[j])));
        TW_LOCAL(add_sizes)(sizes, x, (i + 1) * n);
    }
}

TW_INLINE void TW_LOCAL(divide_vector)(const struct matrix *x, const struct coef *k,
                                       struct TW_LOCAL(sizes) * sizes)
{
    enum { PIECE = 2048 };
    const size_t n = x->columns;
    for (size_t i = 0; i < n;) {
        const size_t to = n - i < PIECE ? n : i + PIECE;
        for (; i < to; i++) {
            x->V[i] = k->keep * x->V[i] + k->rest * (x->d[i] * x->d[i] + (real)k->add);
            x->d[i] = real_ratio(x->d[i], real_sqrt(real_max(k->least, x->V[i])));
        }
        TW_LOCAL(add_sizes)(sizes, x, to);
    }
}

/* The direction in place, for both bodies: they differ in the last loop. */
TW_APART void TW_LOCAL(turn)(const struct matrix *x, struct coef *k, int variant)
{
    const size_t n = x->rows * x->columns;
    struct TW_LOCAL(sizes) sizes = {{{0}, 0}, {{0}, 0}};
    if (x->rank > 1) TW_LOCAL(divide_matrix)(x, k, &sizes);
    else TW_LOCAL(divide_vector)(x, k, &sizes);
    double rms = __builtin_sqrt(end_squares(&sizes.d, x->d, n, x->wide) / (double)n),
           size = __builtin_sqrt(end_squares(&sizes.w, x->w, n, x->wide) / (double)n);
    double rate = k->rate;
    if (k->eps2 >= 0) rate *= size > k->eps2 ? size : k->eps2;
    if (k->clip > 0 && rms > k->clip) rate *= k->clip / rms;
    k->step = rate;
    if (variant == 0) return;
    for (size_t i = 0; i < n; i++) x->d[i] = x->m[i] = k->beta1 * x->m[i] + k->rest1 * (k->step * x->d[i]);
    k->step = 1;
}

static inline void whole(const struct matrix *x, struct coef *k, int variant)
{
    TW_LOCAL(turn)(x, k, variant);
}

static inline real update(real w, real g, const struct coef *k, int variant)
{
    (void)variant;
    return w - k->step * g;
}

#include TW_RULE_END
