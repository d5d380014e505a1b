/* cross_entropy_loss: the last layer of a network that predicts shares of classes, with the cross-entropy of
 * dense targets, a share for each class, as its loss, computed from the logits in double.
 * SPDX-License-Identifier: MIT */
#include "math/elementary.h"
#include "models/nn/same.h"

extern const tw__layer_type tw__layer_softmax;

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    char in[TW__SHAPE_TEXT];
    if (l->in.rank != 1)
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): cross_entropy_loss needs a vector and gets %s",
                        l->source + 1, t->text, tw__shape_text(&l->in, in, sizeof in));
    return tw__same_setup(l, t, err);
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    p->k->classes.softmax(p->rows, l->out_size, x, y);
}

/* It predicts numbers. */
static tw_status classes(const tw__layer *l, int64_t *n, tw_error *err)
{
    *n = 0;
    return l->out_size > 1
               ? TW_OK
               : tw__fail(err, TW_ERR_SPEC,
                          "the last layer has 1 output, cross_entropy_loss needs one for each of at "
                          "least 2 classes; \"dense 1 bce_loss\" is for one share");
}

/* The sum of e^(x - most), with the largest x, so that nothing is too large; of a NaN it is one. */
static double sum_up(const tw__kernels *k, const void *x, size_t first, size_t n, double *most)
{
    double sum = 0;
    *most = tw__number_at(k, x, first);
    for (size_t i = 1; i < n; i++) {
        const double next = tw__number_at(k, x, first + i);
        *most = *most > next ? *most : next;
    }
    for (size_t i = 0; i < n; i++) sum += tw__exp_f64(tw__number_at(k, x, first + i) - *most);
    return sum;
}

static void loss(const tw__layer *l, const tw__pass *p, const void *x, const int32_t *labels, tw_sums *sums,
                 void *dx)
{
    const size_t n = l->out_size;
    (void)labels;
    for (size_t r = 0; r < p->rows; r++) {
        const double *const share = p->targets + r * n;
        double most, value = 0, whole = 0;
        const double sum = sum_up(p->k, x, r * n, n, &most), log_sum = tw__log_f64(sum);
        for (size_t i = 0; i < n; i++) {
            value += share[i] * (log_sum - (tw__number_at(p->k, x, r * n + i) - most));
            whole += share[i];
        }
        sums->loss += value;
        for (size_t i = 0; dx && i < n; i++) {
            const double y = tw__exp_f64(tw__number_at(p->k, x, r * n + i) - most) / sum;
            tw__set_number(p->k, dx, r * n + i, whole * y - share[i]);
        }
    }
}

static void to_onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    tw__layer_softmax.onnx(l, g, value);
}

const tw__layer_type tw__layer_cross_entropy_loss = {
    .name = "cross_entropy_loss",
    .usage = "cross_entropy_loss",
    .help =
        "\"dense 3 cross_entropy_loss\" at the end: shares of classes; loss: categorical cross-entropy of shares "
        "from 0 to 1, where a row counts as much as they add up to",
    .equation =
        "y[i] = e^x[i]/sum over k of e^x[k]\n"
        "as the last layer: loss = -sum over i of target[i] log y[i]; dx[i] = y[i] sum(target) - target[i]",
    .activation = 1,
    .in_place = 1,
    .of_numbers = 1,
    .of_shares = 1,
    .of_whole = 1,
    .setup = setup,
    .forward = forward,
    .classes = classes,
    .loss = loss,
    .onnx = to_onnx};
