/* batchnorm: over the rows of a batch, and the pixels or times of each, every channel has mean 0 and variance
 * 1, then a gain and a shift. When not training the means and variances are running ones. Ioffe & Szegedy
 * 2015, algorithms 1 and 2; the variance kept is unbiased there and in PyTorch, biased in Keras.
 * SPDX-License-Identifier: MIT */
#include "models/nn/batchnorm.h"
#include <string.h>

static const tw_option options[] = {{"momentum", TW_REAL, NULL, 0.1, 0, 1, TW_OPEN_MIN,
                                     "share of a batch in the running mean and variance"},
                                    {"eps", TW_REAL, NULL, 1e-5, 0, 1, TW_CLOSED, "added to the variance"},
                                    {"unbiased", TW_FLAG, NULL, 1, 0, 1, TW_CLOSED,
                                     "the running variance is n/(n - 1) times a batch's"}};
enum { MOMENTUM, EPS, UNBIASED, N_OPTIONS };
static const tw_dialect dialects[] = {{"torch", NULL, "momentum=0.1,eps=1e-5,unbiased=1",
                                       "as PyTorch's BatchNorm; the default"},
                                      {"keras", NULL, "momentum=0.01,eps=1e-3,unbiased=0",
                                       "as Keras's, whose momentum is 0.99"},
                                      {NULL, NULL, NULL, NULL}};

enum { GAIN, SHIFT, RUNNING_MEAN, RUNNING_VARIANCE };

struct batchnorm {
    size_t lines, n; /* per row; channels */
    double momentum, eps;
    int unbiased;
};

static tw_status add_tensor(tw__layer *l, const char *name, unsigned flags, const tw__initial *initial,
                            tw_error *err)
{
    const int64_t n = l->in.n[l->in.rank - 1];
    return tw__layer_add_tensor(
        l, &(tw__layer_tensor){.name = name, .rank = 1, .shape = {n}, .flags = flags, .initial = initial},
        err);
}

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    const size_t n = (size_t)l->in.n[l->in.rank - 1];
    *(struct batchnorm *)l->own = (struct batchnorm){.lines = l->in_size / n,
                                                     .n = n,
                                                     .momentum = t->value[MOMENTUM],
                                                     .eps = t->value[EPS],
                                                     .unbiased = t->value[UNBIASED] != 0};
    l->out = l->in;
    l->by_time = 1;
    l->least_rows = l->in_size == n ? 2 : 1;
    TW_TRY(add_tensor(l, "weight", 0, &tw__initial_ones, err));
    TW_TRY(add_tensor(l, "bias", 0, NULL, err));
    TW_TRY(add_tensor(l, "running_mean", TW_TENSOR_BUFFER, NULL, err));
    return add_tensor(l, "running_var", TW_TENSOR_BUFFER, &tw__initial_ones, err);
}

/* sums, sums of squares, and how many numbers they are of */
static size_t join(const tw__layer *l) { return 2 * ((const struct batchnorm *)l->own)->n + 1; }

static double mean_of(const double *totals, size_t n, size_t i) { return totals[i] / totals[2 * n]; }
static double variance_of(const double *totals, size_t n, size_t i)
{
    const double mean = mean_of(totals, n, i), v = totals[n + i] / totals[2 * n] - mean * mean;
    return v > 0 ? v : 0;
}

/* What the layer makes of a batch, or of the running statistics: for each channel the mean, the scale
 * 1/sqrt(variance + eps), and the means of dy and dy h. */
enum { MEANS, SCALES, SLOPES, PRODUCTS, N_SETTLED };

static size_t settled(const tw__layer *l) { return N_SETTLED * ((const struct batchnorm *)l->own)->n; }

static const void *settled_at(const tw__layer *l, const tw__kernels *k, const void *of, size_t which)
{
    return (const char *)of + which * ((const struct batchnorm *)l->own)->n * k->real;
}

static void set_moments(const struct batchnorm *own, const tw__kernels *k, void *to, size_t i, double mean,
                        double variance)
{
    tw__set_number(k, to, MEANS * own->n + i, mean);
    tw__set_number(k, to, SCALES * own->n + i, 1 / __builtin_sqrt(variance + own->eps));
}

static void settle(const tw__layer *l, const tw__kernels *k, const double *totals, const double *back_totals,
                   char *to)
{
    const struct batchnorm *const own = l->own;
    for (size_t i = 0; i < own->n; i++)
        set_moments(own, k, to, i, mean_of(totals, own->n, i), variance_of(totals, own->n, i));
    for (size_t i = 0; back_totals && i < 2 * own->n; i++)
        tw__set_number(k, to, SLOPES * own->n + i, back_totals[i] / back_totals[2 * own->n]);
}

static size_t packed(const tw__layer *l, const tw__kernels *k)
{
    (void)k;
    return settled(l);
}

/* The running ones, once per point; as constants they have no slopes. */
static void pack(const tw__layer *l, const tw__kernels *k, tw__part part, const char *w, char *to)
{
    const struct batchnorm *const own = l->own;
    for (size_t i = 0; part.i == 0 && i < own->n; i++)
        set_moments(own, k, to, i, tw__number_at(k, w, l->tensor[RUNNING_MEAN].offset + i),
                    tw__number_at(k, w, l->tensor[RUNNING_VARIANCE].offset + i));
    for (size_t i = 0; part.i == 0 && i < 2 * own->n; i++) tw__set_number(k, to, SLOPES * own->n + i, 0);
}

static tw__normalised normalised_by(const tw__layer *l, const tw__pass *p, const void *settled)
{
    return (tw__normalised){.mean = settled_at(l, p->k, settled, MEANS),
                            .scale = settled_at(l, p->k, settled, SCALES),
                            .gain = tw__tensor_of(l, p, GAIN),
                            .shift = tw__tensor_of(l, p, SHIFT)};
}

tw__normalised tw__batchnorm_running(const tw__layer *l, const tw__pass *p)
{
    return normalised_by(l, p, p->packed);
}

static const void *settled_of(const tw__pass *p) { return p->settled ? p->settled : p->packed; }

static size_t scratch(const tw__layer *l, const tw__kernels *k)
{
    return 2 * ((const struct batchnorm *)l->own)->n * (sizeof(double) / k->real); /* of constant_weights */
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const struct batchnorm *const own = l->own;
    const tw__normalised by = normalised_by(l, p, settled_of(p));
    p->k->norm.columns_forward(p->rows * own->lines, own->n, x, &by, y);
}

static void join_forward(const tw__layer *l, const tw__pass *p, const void *x, double *sums)
{
    const struct batchnorm *const own = l->own;
    p->k->norm.columns_sums(p->rows * own->lines, own->n, x, sums);
    sums[2 * own->n] += (double)(p->rows * own->lines);
}

/* A leaf's sum so far, rounded, goes to a gradient as p->into says. */
static void put_gradient(const tw__pass *p, void *gradient, size_t i, double sum)
{
    if (p->into != TW__ADD) tw__set_number(p->k, gradient, i, sum);
    else if (p->k->real == sizeof(double)) ((double *)gradient)[i] += sum;
    else ((float *)gradient)[i] += (float)sum;
}

/* From a leaf's sums of dy and dy h so far; the gradient of what is running is 0. */
static void set_weights(const struct batchnorm *own, const tw__layer *l, const tw__pass *p,
                        const double *sums)
{
    for (size_t i = 0; i < own->n; i++) {
        put_gradient(p, tw__gradient_of(l, p, GAIN), i, sums[own->n + i]);
        put_gradient(p, tw__gradient_of(l, p, SHIFT), i, sums[i]);
    }
    memset(tw__gradient_of(l, p, RUNNING_MEAN), 0, own->n * p->k->real);
    memset(tw__gradient_of(l, p, RUNNING_VARIANCE), 0, own->n * p->k->real);
}

static void add_slopes(const struct batchnorm *own, const tw__pass *p, const tw__normalised *by,
                       const void *x, const void *dy, double *sums)
{
    p->k->norm.columns_slopes(p->rows * own->lines, own->n, x, by->mean, by->scale, dy, sums);
}

static void join_backward(const tw__layer *l, const tw__pass *p, const void *x, const void *dy, double *sums)
{
    const struct batchnorm *const own = l->own;
    const tw__normalised by = normalised_by(l, p, p->settled);
    add_slopes(own, p, &by, x, dy, sums);
    sums[2 * own->n] += (double)(p->rows * own->lines);
    set_weights(own, l, p, sums);
}

/* Not training there is no join: mean and variance are constants, and the tensors' gradient is made here, the
 * pieces of a leaf one after the other. */
static void constant_weights(const tw__layer *l, const tw__pass *p, const tw__normalised *by, const void *x,
                             const void *dy)
{
    const struct batchnorm *const own = l->own;
    double *const sums = p->scratch;
    memset(sums, 0, 2 * own->n * sizeof *sums);
    for (size_t i = 0; p->into == TW__CONTINUE && i < own->n; i++) {
        sums[i] = tw__number_at(p->k, tw__gradient_of(l, p, SHIFT), i);
        sums[own->n + i] = tw__number_at(p->k, tw__gradient_of(l, p, GAIN), i);
    }
    add_slopes(own, p, by, x, dy, sums);
    set_weights(own, l, p, sums);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    const struct batchnorm *const own = l->own;
    (void)y;
    const void *const settled = settled_of(p);
    const tw__normalised by = normalised_by(l, p, settled);
    if (!p->settled) constant_weights(l, p, &by, x, dy);
    if (!dx) return;
    p->k->norm.columns_input(p->rows * own->lines, own->n, x, by.mean, by.scale, by.gain,
                             settled_at(l, p->k, settled, SLOPES), settled_at(l, p->k, settled, PRODUCTS), dy,
                             dx);
}

static void commit(const tw__layer *l, const double *totals, const tw__kernels *k, void *w)
{
    const struct batchnorm *const own = l->own;
    const double count = totals[2 * own->n], share = own->momentum,
                 wider = own->unbiased && count > 1 ? count / (count - 1) : 1;
    for (size_t i = 0; i < own->n; i++) {
        const size_t mean = l->tensor[RUNNING_MEAN].offset + i,
                     variance = l->tensor[RUNNING_VARIANCE].offset + i;
        tw__set_number(k, w, mean,
                       (1 - share) * tw__number_at(k, w, mean) + share * mean_of(totals, own->n, i));
        tw__set_number(k, w, variance,
                       (1 - share) * tw__number_at(k, w, variance) +
                           share * wider * variance_of(totals, own->n, i));
    }
}

/* Channels are the second dimension there. */
static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    const struct batchnorm *const own = l->own;
    const int is_sequence = l->in.rank == 2;
    tw__onnx_name in[5] = {tw__onnx_native(g, &l->in, *value)};
    if (is_sequence) in[0] = TW__ONNX_ORDER(g, in[0], 3, 0, 2, 1);
    for (size_t i = 0; i < 4; i++) in[1 + i] = tw__onnx_tensor(g, l, i);
    const tw__onnx_name y =
        tw__onnx_node(g, "BatchNormalization", 5, in, 1, &TW__ONNX_REAL("epsilon", own->eps));
    *value = tw__onnx_filed(g, &l->in, is_sequence ? TW__ONNX_ORDER(g, y, 3, 0, 2, 1) : y);
}

const tw__layer_type tw__layer_batchnorm =
    {.name = "batchnorm",
     .usage = "batchnorm",
     .help = "mean 0 and variance 1 of each channel over the batch; running ones when not training",
     .equation = "h = (x - mean)/sqrt(variance + eps), over rows and places; y = gain h + shift\n"
                 "dx = gain (dy - mean(dy) - h mean(dy h))/sqrt(variance + eps)\n"
                 "dgain = sum of dy h; dshift = sum of dy\n"
                 "running = (1 - momentum) running + momentum (mean, or variance) of the batch",
     .options = options,
     .n_options = N_OPTIONS,
     .dialects = dialects,
     .reads = TW__READS_INPUT,
     .own_size = sizeof(struct batchnorm),
     .setup = setup,
     .packed = packed,
     .pack = pack,
     .scratch = scratch,
     .forward = forward,
     .backward = backward,
     .join = join,
     .join_forward = join_forward,
     .join_backward = join_backward,
     .settled = settled,
     .settle = settle,
     .commit = commit,
     .onnx = onnx};
