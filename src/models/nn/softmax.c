/* softmax: the last layer, for two classes or more; the loss is the cross-entropy with the row's class,
 * computed from the logits.
 * SPDX-License-Identifier: MIT */
#include "models/nn/layer.h"

static const tw_option options[] = {{"smoothing", TW_REAL, NULL, 0, 0, 1, TW_OPEN_MAX,
                                     "of the label, spread over all classes"},
                                    TW__CLASS_WEIGHT_OPTION};

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    if (l->in.rank != 1) {
        char in[64];
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): softmax needs a vector and gets %s", l->source + 1,
                        t->text, tw__shape_text(&l->in, in, sizeof in));
    }
    l->out = l->in;
    *(double *)l->own = t->value[0];
    return TW_OK;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    p->k->classes.softmax(p->rows, l->out_size, x, y);
}

static tw_status classes(const tw__layer *l, int64_t *n, tw_error *err)
{
    *n = l->out.n[0];
    if (*n > 1) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "the last layer has 1 output, softmax needs at least 2; \"dense 1 sigmoid\" is for two classes");
}

/* Smoothing: (1 - share) of the label and share/n of each class are right in place of the label alone.
 * Szegedy et al. 2016, section 7. */
static double smoothing_of(const tw__layer *l, const tw__pass *p, const void *x, int32_t label)
{
    const size_t n = l->out_size;
    const double share = *(const double *)l->own;
    double mean = 0;
    for (size_t i = 0; i < n; i++) mean += tw__number_at(p->k, x, i) / (double)n;
    return share * (tw__number_at(p->k, x, (size_t)label) - mean);
}

static void add_slope(const tw__layer *l, const tw__pass *p, int32_t label, void *dx)
{
    const size_t n = l->out_size;
    const double share = *(const double *)l->own;
    for (size_t i = 0; i < n; i++) {
        const double slope = share * ((i == (size_t)label) - 1 / (double)n);
        if (p->k->real == sizeof(double)) ((double *)dx)[i] += slope;
        else ((float *)dx)[i] += (float)slope;
    }
}

static void smooth_loss(const tw__layer *l, const tw__pass *p, const void *x, int32_t label, tw_sums *sums,
                        void *dx)
{
    sums->loss += smoothing_of(l, p, x, label);
    p->k->classes.softmax_loss(1, l->out_size, x, &label, &sums->loss, &sums->correct, dx);
    if (dx) add_slope(l, p, label, dx);
}

static void loss(const tw__layer *l, const tw__pass *p, const void *x, const int32_t *labels, tw_sums *sums,
                 void *dx)
{
    const size_t row = l->out_size * p->k->real;
    if (*(const double *)l->own == 0) {
        p->k->classes.softmax_loss(p->rows, l->out_size, x, labels, &sums->loss, &sums->correct, dx);
        return;
    }
    for (size_t r = 0; r < p->rows; r++)
        smooth_loss(l, p, (const char *)x + r * row, labels[r], sums, dx ? (char *)dx + r * row : NULL);
}

const tw__layer_type tw__layer_softmax = {
    .name = "softmax",
    .usage = "softmax",
    .help = "class probabilities; loss: sparse categorical cross-entropy",
    .options = options,
    .n_options = 2,
    .own_size = sizeof(double),
    .equation =
        "y[i] = e^x[i]/sum over k of e^x[k]\n"
        "as the last layer: loss = -log y[label]; dx[i] = y[i] - (i = label)\n"
        "with smoothing s: loss = -sum over i of q[i] log y[i], q[i] = (1 - s) (i = label) + s/n; dx = y - q",
    .activation = 1,
    .in_place = 1,
    .setup = setup,
    .forward = forward,
    .classes = classes,
    .loss = loss};
