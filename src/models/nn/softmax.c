/* softmax: the last layer, for two classes or more; the loss is the cross-entropy with the row's class, of a
 * sequence with that of each time, computed from the logits.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static const tw_option options[] = {{"smoothing", TW_REAL, NULL, 0, 0, 1, TW_OPEN_MAX,
                                     "of the label, spread over all classes"},
                                    TW__CLASS_WEIGHT_OPTION};

struct softmax {
    double smoothing;
    size_t times, n; /* vectors of a row; numbers of one, which are the classes */
};

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    if (l->in.rank == 3) {
        char in[TW__SHAPE_TEXT];
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): softmax needs a vector or a sequence and gets %s",
                        l->source + 1, t->text, tw__shape_text(&l->in, in, sizeof in));
    }
    const size_t n = (size_t)l->in.n[l->in.rank - 1];
    *(struct softmax *)l->own = (struct softmax){t->value[0], l->in_size / n, n};
    l->out = l->in;
    l->by_time = 1;
    l->predictions = l->in_size / n;
    return TW_OK;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const struct softmax *const own = l->own;
    p->k->classes.softmax(p->rows * own->times, own->n, x, y);
}

static tw_status classes(const tw__layer *l, int64_t *n, tw_error *err)
{
    *n = (int64_t)((const struct softmax *)l->own)->n;
    if (*n > 1) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "the last layer has 1 output, softmax needs at least 2; \"dense 1 sigmoid\" is for two classes");
}

/* Smoothing: (1 - share) of the label and share/n of each class are right in place of the label alone.
 * Szegedy et al. 2016, section 7. */
static double smoothing_of(const tw__layer *l, const tw__pass *p, const void *x, int32_t label)
{
    const struct softmax *const own = l->own;
    const size_t n = own->n;
    double mean = 0;
    for (size_t i = 0; i < n; i++) mean += tw__number_at(p->k, x, i) / (double)n;
    return own->smoothing * (tw__number_at(p->k, x, (size_t)label) - mean);
}

static void add_slope(const tw__layer *l, const tw__pass *p, int32_t label, void *dx)
{
    const struct softmax *const own = l->own;
    const size_t n = own->n;
    for (size_t i = 0; i < n; i++) {
        const double slope = own->smoothing * ((i == (size_t)label) - 1 / (double)n);
        if (p->k->real == sizeof(double)) ((double *)dx)[i] += slope;
        else ((float *)dx)[i] += (float)slope;
    }
}

static void smooth_loss(const tw__layer *l, const tw__pass *p, const void *x, int32_t label, tw_sums *sums,
                        void *dx)
{
    sums->loss += smoothing_of(l, p, x, label);
    p->k->classes.softmax_loss(1, ((const struct softmax *)l->own)->n, x, &label, &sums->loss, &sums->correct,
                               dx);
    if (dx) add_slope(l, p, label, dx);
}

static void loss(const tw__layer *l, const tw__pass *p, const void *x, const int32_t *labels, tw_sums *sums,
                 void *dx)
{
    const struct softmax *const own = l->own;
    const size_t lines = p->rows * own->times, line = own->n * p->k->real;
    if (own->smoothing == 0) {
        p->k->classes.softmax_loss(lines, own->n, x, labels, &sums->loss, &sums->correct, dx);
        return;
    }
    for (size_t i = 0; i < lines; i++)
        smooth_loss(l, p, (const char *)x + i * line, labels[i], sums, dx ? (char *)dx + i * line : NULL);
}

static void onnx(const tw__layer *l, tw__onnx *g, tw__onnx_name *value)
{
    (void)l;
    *value = tw__onnx_one(g, "Softmax", *value);
}

const tw__layer_type tw__layer_softmax = {
    .name = "softmax",
    .usage = "softmax",
    .help = "class probabilities, of a sequence at each time; loss: sparse categorical cross-entropy",
    .options = options,
    .n_options = 2,
    .own_size = sizeof(struct softmax),
    .equation =
        "y[i] = e^x[i]/sum over k of e^x[k]\n"
        "as the last layer: loss = -log y[label]; dx[i] = y[i] - (i = label)\n"
        "with smoothing s: loss = -sum over i of q[i] log y[i], q[i] = (1 - s) (i = label) + s/n; dx = y - q",
    .activation = 1,
    .in_place = 1,
    .setup = setup,
    .forward = forward,
    .classes = classes,
    .loss = loss,
    .onnx = onnx};
