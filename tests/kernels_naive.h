/* The definitions of the network kernels: plain scalar loops with fma, in the order that docs/design.md
 * fixes.  Whatever is fast equals these bit for bit.  Included once per precision, with REAL, FMA and
 * NAIVE(name) defined by test_kernels.c.
 * SPDX-License-Identifier: MIT */

static void NAIVE(fetch_u8)(size_t n, const uint8_t *from, void *x)
{
    for (size_t i = 0; i < n; i++) ((REAL *)x)[i] = (REAL)from[i] / 255;
}

static void NAIVE(fetch_f32)(size_t n, const float *from, void *x)
{
    for (size_t i = 0; i < n; i++) ((REAL *)x)[i] = (REAL)from[i];
}

/* Rows together. */
static void NAIVE(dense_forward)(tw__rows rows, size_t in, size_t out, const void *x, const void *w,
                                 const void *packed, const void *bias, void *y)
{
    (void)packed;
    for (size_t r = 0; r < rows.n; r++)
        for (size_t o = 0; o < out; o++) {
            REAL sum = ((const REAL *)bias)[o];
            for (size_t i = 0; i < in; i++)
                sum = FMA(((const REAL *)x)[r * in + i], ((const REAL *)w)[tw__dense_at(in, out, i, o)], sum);
            ((REAL *)y)[r * out + o] = sum;
        }
}

static void NAIVE(dense_input)(tw__rows rows, size_t in, size_t out, const void *dy, const void *w,
                               tw__into into, void *dx)
{
    for (size_t r = 0; r < rows.n; r++)
        for (size_t i = 0; i < in; i++) {
            REAL sum = into == TW__CONTINUE ? ((const REAL *)dx)[r * in + i] : 0;
            for (size_t o = 0; o < out; o++)
                sum =
                    FMA(((const REAL *)dy)[r * out + o], ((const REAL *)w)[tw__dense_at(in, out, i, o)], sum);
            ((REAL *)dx)[r * in + i] = sum;
        }
}

static void NAIVE(dense_weights)(tw__rows rows, size_t in, size_t out, const void *x, const void *dy,
                                 tw__into into, void *dw, void *db)
{
    const REAL *d = dy;
    for (size_t o = 0; o < out; o++) {
        REAL *b = (REAL *)db + o, sum = into == TW__CONTINUE ? *b : 0;
        for (size_t r = 0; r < rows.n; r++) sum += d[r * out + o];
        *b = into == TW__ADD ? *b + sum : sum;
        for (size_t i = 0; i < in; i++) {
            REAL *w = (REAL *)dw + tw__dense_at(in, out, i, o);
            sum = into == TW__CONTINUE ? *w : 0;
            for (size_t r = 0; r < rows.n; r++) sum = FMA(((const REAL *)x)[r * in + i], d[r * out + o], sum);
            *w = into == TW__ADD ? *w + sum : sum;
        }
    }
}

static void NAIVE(conv_forward)(size_t rows, const tw__conv *c, const void *x, const void *w,
                                const void *bias, void *y)
{
    REAL *to = y;
    for (size_t r = 0; r < rows; r++)
        for (size_t oy = 0; oy < c->out_h; oy++)
            for (size_t ox = 0; ox < c->out_w; ox++)
                for (size_t oc = 0; oc < c->out_c; oc++) {
                    REAL sum = ((const REAL *)bias)[oc];
                    for (size_t ky = 0; ky < c->k_h; ky++)
                        for (size_t kx = 0; kx < c->k_w; kx++)
                            for (size_t ic = 0; ic < c->in_c; ic++)
                                sum =
                                    FMA(((const REAL *)
                                             x)[((r * c->in_h + oy + ky) * c->in_w + ox + kx) * c->in_c + ic],
                                        ((const REAL *)
                                             w)[((ky * c->k_w + kx) * c->in_c + ic) * c->out_c + oc],
                                        sum);
                    *to++ = sum;
                }
}

/* One chain of a convolution's weight gradient: gradients of channel oc times the pixels from x on, or (x
 * NULL) the gradients alone. */
static void NAIVE(conv_chain)(size_t rows, const tw__conv *c, const REAL *x, const REAL *dy, size_t oc,
                              tw__into into, REAL *to)
{
    REAL sum = into == TW__CONTINUE ? *to : 0;
    for (size_t r = 0; r < rows; r++)
        for (size_t wy = 0; wy < c->out_h; wy += 2)
            for (size_t wx = 0; wx < c->out_w; wx += 2)
                for (size_t place = 0; place < 4; place++) {
                    size_t oy = wy + place / 2, ox = wx + place % 2;
                    if (oy >= c->out_h || ox >= c->out_w) continue;
                    REAL d = dy[((r * c->out_h + oy) * c->out_w + ox) * c->out_c + oc];
                    if (d != 0)
                        sum = x ? FMA(x[((r * c->in_h + oy) * c->in_w + ox) * c->in_c], d, sum) : sum + d;
                }
    sum += 0;
    *to = into == TW__ADD ? *to + sum : sum;
}

static void NAIVE(conv_weights)(size_t rows, const tw__conv *c, const void *x, const void *dy, tw__into into,
                                void *dw, void *db)
{
    for (size_t oc = 0; oc < c->out_c; oc++) {
        NAIVE(conv_chain)(rows, c, NULL, dy, oc, into, (REAL *)db + oc);
        for (size_t ky = 0; ky < c->k_h; ky++)
            for (size_t kx = 0; kx < c->k_w; kx++)
                for (size_t ic = 0; ic < c->in_c; ic++) NAIVE(conv_chain)
        (rows, c, (const REAL *)x + (ky * c->in_w + kx) * c->in_c + ic, dy, oc, into,
         (REAL *)dw + ((ky * c->k_w + kx) * c->in_c + ic) * c->out_c + oc);
    }
}

/* What is packed is w itself. */
static void NAIVE(conv_input)(size_t rows, const tw__conv *c, const void *dy, const void *w, void *dx,
                              void *scratch)
{
    (void)scratch;
    REAL *to = dx;
    for (size_t r = 0; r < rows; r++)
        for (size_t iy = 0; iy < c->in_h; iy++)
            for (size_t ix = 0; ix < c->in_w; ix++)
                for (size_t ic = 0; ic < c->in_c; ic++) {
                    REAL sum = 0;
                    for (size_t oy = 0; oy < c->out_h; oy++)
                        for (size_t ox = 0; ox < c->out_w; ox++)
                            for (size_t oc = 0; oc < c->out_c && oy <= iy && iy < oy + c->k_h && ox <= ix &&
                                                ix < ox + c->k_w;
                                 oc++) {
                                REAL d =
                                    ((const REAL *)dy)[((r * c->out_h + oy) * c->out_w + ox) * c->out_c + oc];
                                if (d != 0)
                                    sum = FMA(
                                        d,
                                        ((const REAL *)
                                             w)[(((iy - oy) * c->k_w + ix - ox) * c->in_c + ic) * c->out_c +
                                                oc],
                                        sum);
                            }
                    *to++ = sum + 0;
                }
}

static void NAIVE(pool_forward)(size_t rows, const tw__pooling *p, const void *x, void *y, uint8_t *which)
{
    REAL *to = y;
    for (size_t r = 0; r < rows; r++)
        for (size_t oy = 0; oy < p->out_h; oy++)
            for (size_t ox = 0; ox < p->out_w; ox++)
                for (size_t c = 0; c < p->c; c++) {
                    REAL best = 0;
                    size_t winner = 0;
                    for (size_t place = 0; place < p->k_h * p->k_w; place++) {
                        size_t iy = oy * p->k_h + place / p->k_w, ix = ox * p->k_w + place % p->k_w;
                        REAL v = ((const REAL *)x)[((r * p->in_h + iy) * p->in_w + ix) * p->c + c];
                        if (place == 0 || v > best || v != v) {
                            best = v;
                            winner = place;
                        }
                    }
                    *to++ = best;
                    if (which) *which++ = (uint8_t)winner;
                }
}

static void NAIVE(pool_input)(size_t rows, const tw__pooling *p, const void *dy, const uint8_t *which,
                              void *dx)
{
    const REAL *from = dy;
    for (size_t i = 0; i < rows * p->in_h * p->in_w * p->c; i++) ((REAL *)dx)[i] = 0;
    for (size_t r = 0; r < rows; r++)
        for (size_t oy = 0; oy < p->out_h; oy++)
            for (size_t ox = 0; ox < p->out_w; ox++)
                for (size_t c = 0; c < p->c; c++, which++)
                    ((REAL *)dx)[((r * p->in_h + oy * p->k_h + *which / p->k_w) * p->in_w + ox * p->k_w +
                                  *which % p->k_w) *
                                     p->c +
                                 c] = *from++;
}

static inline void NAIVE(relu_forward)(size_t n, const void *x, void *y)
{
    for (size_t i = 0; i < n; i++) ((REAL *)y)[i] = 0 > ((const REAL *)x)[i] ? 0 : ((const REAL *)x)[i];
}

static inline void NAIVE(relu_input)(size_t n, const void *y, const void *dy, void *dx)
{
    for (size_t i = 0; i < n; i++) ((REAL *)dx)[i] = ((const REAL *)y)[i] > 0 ? ((const REAL *)dy)[i] : 0;
}

static void NAIVE(columns_forward)(size_t lines, size_t n, const void *x, const tw__normalised *by, void *y)
{
    const REAL *const m = by->mean, *const s = by->scale, *const g = by->gain, *const b = by->shift;
    for (size_t l = 0; l < lines * n; l++) {
        const REAL v = (((const REAL *)x)[l] - m[l % n]) * s[l % n] * g[l % n] + b[l % n];
        ((REAL *)y)[l] = by->relu && 0 > v ? 0 : v;
    }
}

static void NAIVE(dropout)(size_t n, uint64_t seed, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t threshold,
                           double scale, const void *x, void *y)
{
    for (size_t u = 0; u < n; u++)
        ((REAL *)y)[u] = tw__philox(seed, (uint32_t)(u / 4), c1, c2, c3).word[u % 4] < threshold
                             ? 0
                             : ((const REAL *)x)[u] * (REAL)scale;
}

static void NAIVE(softmax)(size_t rows, size_t n, const void *x, void *y)
{
    for (size_t r = 0; r < rows; r++) {
        const REAL *from = (const REAL *)x + r * n;
        REAL *to = (REAL *)y + r * n, most = from[0], sum = 0;
        for (size_t i = 1; i < n; i++) most = from[i] > most || from[i] != from[i] ? from[i] : most;
        for (size_t i = 0; i < n; i++) sum += to[i] = EXP(from[i] - most);
        for (size_t i = 0; i < n; i++) to[i] /= sum;
    }
}

static void NAIVE(softmax_loss)(size_t rows, size_t n, const void *x, const int32_t *label, double *loss,
                                double *correct, void *dx)
{
    for (size_t r = 0; r < rows; r++) {
        const REAL *from = (const REAL *)x + r * n;
        REAL most = from[0], own = from[label[r]], sum = 0;
        size_t first = 0;
        for (size_t i = 1; i < n; i++) {
            most = from[i] > most || from[i] != from[i] ? from[i] : most;
            first = from[i] > from[first] ? i : first;
        }
        for (size_t i = 0; i < n; i++) sum += EXP(from[i] - most);
        for (size_t i = 0; dx && i < n; i++)
            ((REAL *)dx)[r * n + i] = EXP(from[i] - most) / sum - (i == (size_t)label[r]);
        *loss += tw__log_f64((double)sum) - ((double)own - (double)most);
        *correct += first == (size_t)label[r];
    }
}

static REAL NAIVE(sigmoid)(REAL x)
{
    const REAL e = EXP(x < 0 ? x : -x);
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static void NAIVE(sigmoid_loss)(size_t rows, const void *x, const int32_t *label, double *loss,
                                double *correct, void *dx)
{
    for (size_t r = 0; r < rows; r++) {
        const REAL logit = ((const REAL *)x)[r], margin = label[r] ? logit : -logit,
                   e = EXP(margin < 0 ? margin : -margin);
        *loss += tw__log1p_f64((double)e) - (margin < 0 ? (double)margin : 0);
        *correct += label[r] ? NAIVE(sigmoid)(logit) > (REAL)0.5 : !(NAIVE(sigmoid)(logit) > (REAL)0.5);
        if (dx) ((REAL *)dx)[r] = label[r] ? -NAIVE(sigmoid)(-margin) : NAIVE(sigmoid)(-margin);
    }
}

static void NAIVE(add)(size_t n, void *a, const void *b)
{
    for (size_t i = 0; i < n; i++) ((REAL *)a)[i] += ((const REAL *)b)[i];
}

static void NAIVE(divide)(size_t n, void *a, double divisor)
{
    for (size_t i = 0; i < n; i++) ((REAL *)a)[i] /= (REAL)divisor;
}

/* Index of the pixel that (oy, ox) sees at (ky, kx) in channel ic of group g; -1: it is a zero. */
static long NAIVE(seen)(const tw__conv_general *c, size_t oy, size_t ox, size_t ky, size_t kx, size_t g,
                        size_t ic)
{
    const long iy = (long)(oy * c->stride + ky * c->dilation) - (long)c->top,
               ix = (long)(ox * c->stride + kx * c->dilation) - (long)c->left;
    if (iy < 0 || ix < 0 || iy >= (long)c->in_h || ix >= (long)c->in_w) return -1;
    return (iy * (long)c->in_w + ix) * (long)c->in_c + (long)(g * (c->in_c / c->groups) + ic);
}

/* Every product of a general convolution, in the order of the definition: row, group, oy, ox, oc, ky, kx, ic.
 * what: 0 forward, 1 weights, 2 input. */
static inline void NAIVE(conv_general)(int what, size_t rows, const tw__conv_general *c, const REAL *x,
                                       const REAL *w, const REAL *bias, const REAL *dy, REAL *to)
{
    const size_t seen = c->in_c / c->groups, width = c->out_c / c->groups,
                 pixels = c->in_h * c->in_w * c->in_c;
    if (what == 2) memset(to, 0, rows * pixels * sizeof *to);
    if (what == 1) memset(to, 0, c->k_h * c->k_w * seen * c->out_c * sizeof *to);
    for (size_t r = 0; r < rows; r++)
        for (size_t g = 0; g < c->groups; g++)
            for (size_t o = 0; o < c->out_h * c->out_w; o++) {
                for (size_t k = 0; what == 2 && k < c->k_h * c->k_w * seen; k++) {
                    const long at = NAIVE(seen)(c, o / c->out_w, o % c->out_w, k / seen / c->k_w,
                                                k / seen % c->k_w, g, k % seen);
                    REAL sum = 0;
                    for (size_t j = 0; j < width; j++)
                        sum = FMA(dy[(r * c->out_h * c->out_w + o) * c->out_c + g * width + j],
                                  w[k * c->out_c + g * width + j], sum);
                    if (at >= 0) to[r * pixels + (size_t)at] += sum;
                }
                for (size_t j = 0; what < 2 && j < width; j++) {
                    const size_t oc = g * width + j, y = (r * c->out_h * c->out_w + o) * c->out_c + oc;
                    REAL sum = what == 0 ? bias[oc] : 0;
                    for (size_t k = 0; k < c->k_h * c->k_w * seen; k++) {
                        const long at = NAIVE(seen)(c, o / c->out_w, o % c->out_w, k / seen / c->k_w,
                                                    k / seen % c->k_w, g, k % seen);
                        const REAL pixel = at < 0 ? 0 : x[r * pixels + (size_t)at];
                        if (what == 0) sum = FMA(pixel, w[k * c->out_c + oc], sum);
                        else to[k * c->out_c + oc] = FMA(pixel, dy[y], to[k * c->out_c + oc]);
                    }
                    if (what == 0) to[y] = sum;
                }
            }
}

static void NAIVE(columns_sums)(size_t lines, size_t n, const void *x, double *sums)
{
    for (size_t i = 0; i < lines * n; i++) {
        const double number = (double)((const REAL *)x)[i];
        sums[i % n] += number;
        sums[n + i % n] += number * number;
    }
}

static void NAIVE(columns_slopes)(size_t lines, size_t n, const void *x, const void *mean, const void *scale,
                                  const void *dy, double *sums)
{
    for (size_t i = 0; i < lines * n; i++) {
        const REAL d = ((const REAL *)dy)[i],
                   h = (((const REAL *)x)[i] - ((const REAL *)mean)[i % n]) * ((const REAL *)scale)[i % n];
        sums[i % n] += (double)d;
        sums[n + i % n] += (double)(d * h);
    }
}

static const tw__kernels NAIVE(kernels) = {
    .real = sizeof(REAL),
    .fetch_u8 = NAIVE(fetch_u8),
    .fetch_f32 = NAIVE(fetch_f32),
    .dense.forward = NAIVE(dense_forward),
    .dense.input = NAIVE(dense_input),
    .dense.weights = NAIVE(dense_weights),
    .conv.forward = NAIVE(conv_forward),
    .conv.weights = NAIVE(conv_weights),
    .conv.input = NAIVE(conv_input),
    .pool.forward = NAIVE(pool_forward),
    .pool.input = NAIVE(pool_input),
    .norm.columns_forward = NAIVE(columns_forward),
    .norm.columns_sums = NAIVE(columns_sums),
    .norm.columns_slopes = NAIVE(columns_slopes),
    .dropout = NAIVE(dropout),
    .classes.softmax = NAIVE(softmax),
    .classes.softmax_loss = NAIVE(softmax_loss),
    .classes.sigmoid_loss = NAIVE(sigmoid_loss),
    .add = NAIVE(add),
    .divide = NAIVE(divide),
};
