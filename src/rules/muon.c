/* Muon: momentum whose step, where the weights are a matrix, is replaced by nearly the orthogonal matrix next
 * to it, found by a Newton-Schulz iteration (Jordan et al. 2024). Vectors take the momentum's step itself. A
 * tensor of three or more dimensions, such as a convolution's, is the matrix of its first against all others.
 * The momentum has the factor 1 - momentum, as later versions of its authors' code; without it the iteration
 * would see the same matrix but for eps.
 * SPDX-License-Identifier: MIT */
#define RULE muon
#define PAPER "Jordan et al. 2024, Muon: an optimizer for hidden layers in neural networks"
#define USE \
    "Hidden layers of networks with large matrices: fewer steps than adam, for some matrix products each."
#define EQUATION                                                                                                    \
    "m = momentum m + (1 - momentum) g\n"                                                                           \
    "[nesterov] u = momentum m + (1 - momentum) g\n"                                                                \
    "[!nesterov] u = m\n"                                                                                           \
    "vector: w = w - lr u\n"                                                                                        \
    "matrix of h rows and k columns: X = u/(|u| + eps), transposed if h > k;  |u| the root of the sum of squares\n" \
    "matrix: ns_steps times A = X X',  X = 3.4445 X + (-4.7750 A + 2.0315 A A) X\n"                                 \
    "[scale=shape] matrix: w = w - lr sqrt(max(1, h/k)) X, transposed back\n"                                       \
    "[scale=rms] matrix: w = w - 0.2 lr sqrt(max(h, k)) X, transposed back\n"                                       \
    "[scale=none] matrix: w = w - lr X, transposed back"
#define HYPER(REAL, INT, FLAG, WORD)                                                  \
    REAL(lr, 0.02, 0, TW_INF, TW_OPEN_MAX, "learning rate")                           \
    REAL(momentum, 0.95, 0, 1, TW_OPEN_MAX, "decay of the mean gradient")             \
    FLAG(nesterov, 1, "look ahead: the new gradient counts once more")                \
    INT(ns_steps, 5, 0, 99, "Newton-Schulz iterations; 0: only the norm is set to 1") \
    REAL(eps, 1e-7, 0, TW_INF, TW_OPEN_MAX, "keeps the divisor from 0")               \
    WORD(                                                                             \
        scale, 0, "shape rms none",                                                   \
        "what a matrix's step is multiplied by: sqrt(max(1, h/k)), 0.2 sqrt(max(h, k)) as adamw's steps, or 1")
#define NEEDS(NEED) NEED(nesterov, h->momentum != 0, "momentum is 0")
#define SLOTS(SLOT) SLOT(m, TW_ZERO, 1)
#define WIDE
#define SCRATCH(rows, columns) \
    (2 * (muon_rows(rows) + muon_rows(columns)) * muon_pitch((rows) < (columns) ? (rows) : (columns)))
#define DECAY TW_DECAY_ANY
#define WD_MODE 1
#define DIALECTS(DIALECT)                                                                   \
    DIALECT(authors, NULL, "", "")                                                          \
    DIALECT(torch, NULL, "lr=0.001,weight_decay=0.1",                                       \
            "torch iterates in bfloat16, divides by max(|u|, eps) and takes matrices only") \
    DIALECT(                                                                                \
        keras, NULL, "lr=0.001,weight_decay=0.004,eps=5e-9,scale=rms",                      \
        "its momentum has no factor 1 - momentum, hence eps = 0.05 * 1e-7; vectors and embeddings take adamw's steps there")
#include <thalweg/rule.h>

struct coef {
    real momentum, rest, from_m, from_g, lr, eps;
    int steps, scale;
};

static void prepare(struct coef *k, const struct moment *now)
{
    const struct hyper *h = now->h;
    *k = (struct coef){.momentum = h->momentum,
                       .rest = 1 - h->momentum,
                       .from_m = h->nesterov ? h->momentum : 1,
                       .from_g = h->nesterov ? 1 - h->momentum : 0,
                       .lr = h->lr,
                       .eps = h->eps,
                       .steps = (int)h->ns_steps,
                       .scale = (int)h->scale};
}

/* Matrices in scratch have `side` columns, rows a pitch apart that is no power of 2, so that eight of them
 * find room in the cache, and up to seven rows of zeros at the end, so that they come by eights. */
TW_ONCE(enum {PASSING = 8, WAITING = 64};)
TW_ONCE(static inline size_t muon_pitch(size_t side) {
    return (side / 32 * 2 + 1 + 2 * (side % 32 > 16)) * 16;
})
TW_ONCE(static inline size_t muon_rows(size_t rows) { return (rows + PASSING - 1) / PASSING * PASSING; })

/* To be done: `to` (rows x side) = share other + gain L Q. Element (i, k) of L is at i * down + k * right;
 * `other` lies as `to` does, and Q has `inner` rows. Of a symmetric product only half is computed. */
struct TW_LOCAL(product) {
    real *to;
    const real *other, *L, *Q;
    real share, gain;
    size_t rows, side, inner, down, right;
    int symmetric;
};

TW_APART void TW_LOCAL(start)(const struct TW_LOCAL(product) * p)
{
    const size_t n = p->rows * muon_pitch(p->side);
    for (size_t i = 0; i < n; i++) p->to[i] = p->share * p->other[i];
}

TW_APART void TW_LOCAL(mirror)(real *A, size_t side)
{
    const size_t c = muon_pitch(side);
    for (size_t i = 1; i < side; i++)
        for (size_t j = 0; j < i; j++) A[i * c + j] = A[j * c + i];
}

/* Each sum is taken in the order of k. Rows of `to` wait in the cache while those of Q pass by, eight at a
 * time. A row's rest is zeros, so that it may end with a whole vector. */
TW_INLINE void TW_LOCAL(multiply)(const struct TW_LOCAL(product) * p)
{
    const size_t c = muon_pitch(p->side), end = (p->side + 15) / 16 * 16;
    TW_LOCAL(start)(p);
    for (size_t top = 0; top < p->rows; top += WAITING)
        for (size_t k = 0; k < p->inner; k += PASSING)
            for (size_t i = top; i < p->rows && i < top + WAITING; i++) {
                real *restrict const row = p->to + i * c;
                const real *restrict const q = p->Q + k * c, *const f = p->L + i * p->down + k * p->right;
                real by[PASSING];
                for (size_t n = 0; n < PASSING; n++) by[n] = k + n < p->inner ? p->gain * f[n * p->right] : 0;
                TW__EACH_WEIGHT
                for (size_t j = p->symmetric ? i - i % 16 : 0; j < end; j++)
                    row[j] = row[j] + by[0] * q[j] + by[1] * q[c + j] + by[2] * q[2 * c + j] +
                             by[3] * q[3 * c + j] + by[4] * q[4 * c + j] + by[5] * q[5 * c + j] +
                             by[6] * q[6 * c + j] + by[7] * q[7 * c + j];
            }
    if (p->symmetric) TW_LOCAL(mirror)(p->to, p->side);
}

/* A tensor's direction as T, the transpose of X: n rows, not fewer than `side`, an element `step` from the
 * one above it and `across` from the one before it. */
struct TW_LOCAL(shape) {
    size_t n, side, step, across;
};

TW_APART struct TW_LOCAL(shape) TW_LOCAL(shape_of)(const struct matrix *x)
{
    if (x->rows <= x->columns) return (struct TW_LOCAL(shape)){x->columns, x->rows, x->right, x->down};
    return (struct TW_LOCAL(shape)){x->rows, x->columns, x->down, x->right};
}

/* Where the squares are too large for a double they are those of numbers scaled by a power of two, which is
 * exact; scratch holds these. */
TW_APART double TW_LOCAL(norm)(const struct matrix *x, size_t n)
{
    const double squares = sum_squares(x->d, n, x->wide);
    if (squares - squares == 0) return __builtin_sqrt(squares);
    for (size_t i = 0; i < n; i++) x->scratch[i] = x->d[i] * (real)0x1p-600;
    return __builtin_sqrt(sum_squares(x->scratch, n, x->wide)) * 0x1p600;
}

/* T in scratch, and zeros behind it for what follows it there. */
TW_APART void TW_LOCAL(take)(const struct matrix *x, const struct coef *k)
{
    const struct TW_LOCAL(shape) t = TW_LOCAL(shape_of)(x);
    const size_t pitch = muon_pitch(t.side), all = 2 * (muon_rows(t.n) + muon_rows(t.side)) * pitch;
    const real norm = (real)TW_LOCAL(norm)(x, t.n * t.side) + k->eps;
    for (size_t i = 0; i < all; i++) x->scratch[i] = 0;
    for (size_t i = 0; i < t.n; i++)
        for (size_t j = 0; j < t.side; j++)
            x->scratch[i * pitch + j] = real_ratio(x->d[i * t.step + j * t.across], norm);
}

TW_APART void TW_LOCAL(give)(const struct matrix *x, const struct coef *k, const real *T)
{
    const struct TW_LOCAL(shape) t = TW_LOCAL(shape_of)(x);
    const double h = (double)x->rows, w = (double)x->columns;
    const real scale = k->scale == 0   ? (h > w ? __builtin_sqrt(h / w) : 1)
                       : k->scale == 1 ? 0.2 * __builtin_sqrt(h > w ? h : w)
                                       : 1;
    for (size_t i = 0; i < t.n; i++)
        for (size_t j = 0; j < t.side; j++)
            x->d[i * t.step + j * t.across] = scale * T[i * muon_pitch(t.side) + j];
}

/* For T an iteration is A = T' T,  B = b A + c A A,  T = a T + T B. */
TW_INLINE void TW_LOCAL(orthogonal)(const struct matrix *x, const struct coef *k)
{
    const struct TW_LOCAL(shape) t = TW_LOCAL(shape_of)(x);
    const size_t n = t.n, side = t.side, pitch = muon_pitch(side);
    real *T = x->scratch, *next = T + muon_rows(n) * pitch, *const A = next + muon_rows(n) * pitch,
         *const B = A + muon_rows(side) * pitch;
    TW_LOCAL(take)(x, k);
    for (int s = 0; s < k->steps; s++) {
        const struct TW_LOCAL(product) products[] = {{.to = A,
                                                      .other = A,
                                                      .gain = 1,
                                                      .L = T,
                                                      .Q = T,
                                                      .rows = side,
                                                      .side = side,
                                                      .inner = n,
                                                      .down = 1,
                                                      .right = pitch,
                                                      .symmetric = 1},
                                                     {.to = B,
                                                      .other = A,
                                                      .share = (real)-4.7750,
                                                      .gain = (real)2.0315,
                                                      .L = A,
                                                      .Q = A,
                                                      .rows = side,
                                                      .side = side,
                                                      .inner = side,
                                                      .down = pitch,
                                                      .right = 1,
                                                      .symmetric = 1},
                                                     {.to = next,
                                                      .other = T,
                                                      .share = (real)3.4445,
                                                      .gain = 1,
                                                      .L = T,
                                                      .Q = B,
                                                      .rows = n,
                                                      .side = side,
                                                      .inner = side,
                                                      .down = pitch,
                                                      .right = 1}};
        TW__ROLLED
        for (size_t i = 0; i < 3; i++) TW_LOCAL(multiply)(&products[i]);
        real *const old = T;
        T = next;
        next = old;
    }
    TW_LOCAL(give)(x, k, T);
}

TW_APART void TW_LOCAL(momentum)(const struct matrix *x, const struct coef *k)
{
    real *restrict const m = x->m, *restrict const d = x->d;
    for (size_t i = 0; i < x->rows * x->columns; i++) {
        m[i] = k->momentum * m[i] + k->rest * d[i];
        d[i] = k->from_m * m[i] + k->from_g * d[i];
    }
}

static inline void whole(const struct matrix *x, struct coef *k)
{
    TW_LOCAL(momentum)(x, k);
    if (x->rank > 1) TW_LOCAL(orthogonal)(x, k);
}

static inline real update(real w, real g, const struct coef *k) { return w - k->lr * g; }

#include TW_RULE_END
