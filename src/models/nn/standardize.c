/* standardize: the columns of the rows, the channels of images, have mean 0 and deviation 1 over the training
 * rows. Means and deviations are found before training begins and stay.
 * SPDX-License-Identifier: MIT */
#include "models/moments.h"
#include "models/nn/layer.h"
#include <math.h>

enum { MEAN, DEVIATION };
enum { LEAST_PERIOD = 64 }; /* numbers that a loop goes over at least */

static size_t columns_of(const tw__layer *l) { return (size_t)l->in.n[l->in.rank - 1]; }

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    if (!l->is_first || l->number > 0)
        return tw__fail(err, TW_ERR_SPEC,
                        "layer %d (%s): standardize takes the rows as they are, so it is the first layer",
                        l->source + 1, t->text);
    const int64_t n = l->in.n[l->in.rank - 1];
    l->out = l->in;
    l->by_time = 1;
    TW_TRY(tw__layer_add_tensor(
        l, &(tw__layer_tensor){.name = "mean", .rank = 1, .shape = {n}, .flags = TW_TENSOR_BUFFER}, err));
    return tw__layer_add_tensor(l,
                                &(tw__layer_tensor){.name = "deviation",
                                                    .rank = 1,
                                                    .shape = {n},
                                                    .flags = TW_TENSOR_BUFFER,
                                                    .initial = &tw__initial_ones},
                                err);
}

/* Bytes count as they are fetched, from 0 to 1. A deviation that the network's numbers cannot hold is 1. */
static void keep(const tw__layer *l, const tw_data_info *rows, const tw__kernels *k, const double *moments,
                 void *w)
{
    const size_t n = columns_of(l);
    const double unit = rows->type == TW_U8 ? 255 : 1,
                 least = k->real == sizeof(double) ? 0x1p-1022 : 0x1p-126;
    size_t constant = 0;
    for (size_t i = 0; i < n; i++) {
        const double deviation = moments[n + i] / unit;
        const int changes = deviation >= least && isfinite(deviation);
        tw__set_number(k, w, l->tensor[MEAN].offset + i, moments[i] / unit);
        tw__set_number(k, w, l->tensor[DEVIATION].offset + i, changes ? deviation : 1);
        constant += !changes;
    }
    if (constant)
        tw__log(l->ctx, TW_LOG_WARNING, "%s: %zu of %zu %s never change: standardize does not scale them",
                rows->name, constant, n, l->in.rank == 1 ? "columns" : "channels");
}

static tw_status learn(const tw__layer *l, const tw_data_info *rows, const tw__kernels *k, void *w,
                       tw_error *err)
{
    const size_t n = columns_of(l);
    double *moments;
    TW_TRY(tw__alloc(l->ctx, &moments, 2 * n, sizeof *moments, err));
    const tw_status s = tw__column_moments(l->ctx, rows, l->in_size, n, moments, moments + n, err);
    if (s == TW_OK) keep(l, rows, k, moments, w);
    tw__free(l->ctx, moments, 2 * n, sizeof *moments);
    return s;
}

/* Means and deviations side by side as often as make a long loop. */
static size_t period_of(const tw__layer *l)
{
    const size_t n = columns_of(l);
    return (LEAST_PERIOD + n - 1) / n * n;
}

static size_t packed(const tw__layer *l, const tw__kernels *k)
{
    (void)k;
    return 2 * period_of(l);
}

static void pack(const tw__layer *l, const tw__kernels *k, tw__part part, const char *w, char *to)
{
    const size_t n = columns_of(l), period = period_of(l);
    for (size_t i = 0; part.i == 0 && i < period; i++)
        for (size_t t = MEAN; t <= DEVIATION; t++)
            tw__set_number(k, to, t * period + i, tw__number_at(k, w, l->tensor[t].offset + i % n));
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const size_t period = period_of(l);
    p->k->norm.columns_standardize(p->rows * l->in_size, period, x, p->packed,
                                   p->packed + period * p->k->real, y);
}

/* Along the second dimension of images. */
static tw__onnx_name constants(const tw__layer *l, tw__onnx *g, size_t tensor)
{
    const int64_t shape[] = {(int64_t)columns_of(l), 1, 1};
    double *const x = tw__onnx_values(g, l, tensor);
    const tw__onnx_name made = tw__onnx_numbers(g, l->in.rank == 3 ? 3 : 1, shape, x);
    tw__free(g->m->ctx, x, columns_of(l), sizeof *x);
    return made;
}

static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    const tw__onnx_name mean = constants(l, g, MEAN), deviation = constants(l, g, DEVIATION);
    *value = tw__onnx_two(g, "Div", tw__onnx_two(g, "Sub", *value, mean), deviation);
}

const tw__layer_type tw__layer_standardize =
    {.name = "standardize",
     .usage = "standardize",
     .help =
         "columns, or channels of images, of mean 0 and deviation 1 over the training rows; the first layer",
     .equation = "y = (x - mean)/deviation\n"
                 "mean and deviation are of the training rows, and are not trained",
     .in_place = 1,
     .setup = setup,
     .learn = learn,
     .packed = packed,
     .pack = pack,
     .forward = forward,
     .onnx = onnx};
