/* dropout 0.2: while training, each number is 0 with this probability and scaled by 1/(1-rate) otherwise.
 * Srivastava et al. 2014, in the inverted form.  The draw is keyed by step, layer, row in the batch and unit.
 * SPDX-License-Identifier: MIT */
#include "base/random.h"
#include "base/options.h"
#include "models/nn/same.h"
#include <string.h>

struct dropout {
    uint32_t threshold;
    double scale;
};

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    double rate;
    if (t->n_words != 1)
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): dropout takes one number, its rate in [0, 1)",
                        l->source + 1, t->text);
    if (tw__number_read(tw__text_of(t->word[0]), &rate) != 1 || !(rate >= 0 && rate < 1))
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): rate = %s is outside [0, 1)", l->source + 1,
                        t->text, t->word[0]);
    l->out = l->in;
    l->by_time = 1;
    struct dropout *const d = l->own;
    *d = (struct dropout){(uint32_t)(rate * 0x1p32), 1 / (1 - rate)};
    if (rate > 0 && d->threshold == 0)
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): a rate below 2.4e-10 drops nothing", l->source + 1,
                        t->text);
    return TW_OK;
}

static void mask(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    const struct dropout *const d = l->own;
    /* a counter word holds the low half of the step */
    uint64_t seed = p->draw->seed ^ (p->draw->number >> 32) << 32;
    size_t row = l->out_size * p->k->real;
    for (size_t r = 0; r < p->rows; r++)
        p->k->dropout(l->out_size, seed, (uint32_t)(p->first + r), (uint32_t)p->draw->number,
                      (uint32_t)TW__FOR_DROPOUT << 16 | (uint32_t)l->number, d->threshold, d->scale,
                      (const char *)x + r * row, (char *)y + r * row);
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    if (p->training) mask(l, p, x, y);
    else if (x != y) memcpy(y, x, p->rows * l->out_size * p->k->real);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    (void)x, (void)y;
    if (!dx) return;
    if (p->training) mask(l, p, dy, dx);
    else if (dx != dy) memcpy(dx, dy, p->rows * l->out_size * p->k->real);
}

const tw__layer_type tw__layer_dropout = {
    .name = "dropout",
    .usage = "dropout RATE",
    .help = "drops numbers at random while training",
    .equation =
        "while training: y = m x/(1 - rate), m = 0 with probability rate, else 1, drawn for every step, row and unit\n"
        "otherwise: y = x\n"
        "dx = m dy/(1 - rate)",
    .in_place = 1,
    .own_size = sizeof(struct dropout),
    .setup = setup,
    .forward = forward,
    .backward = backward,
    .onnx = tw__nothing_onnx};
