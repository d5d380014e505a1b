/* gaussian_noise 0.3: while training, a normal number of this deviation is added to each number: of the input
 * of an autoencoder, whose target stays clean (Vincent et al. 2008). The draw is keyed as dropout's.
 * SPDX-License-Identifier: MIT */
#include "base/options.h"
#include "base/random.h"
#include "math/elementary.h"
#include "models/nn/same.h"
#include <string.h>

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    double *const deviation = l->own;
    if (t->n_words != 1)
        return tw__fail(err, TW_ERR_SPEC,
                        "layer %d (%s): gaussian_noise takes one number, its standard deviation",
                        l->source + 1, t->text);
    if (tw__number_read(tw__text_of(t->word[0]), deviation) != 1 || !(*deviation >= 0))
        return tw__fail(err, TW_ERR_SPEC, "layer %d (%s): deviation = %s is outside [0, inf)", l->source + 1,
                        t->text, t->word[0]);
    l->out = l->in;
    return TW_OK;
}

/* Four standard normal numbers of a block: Box & Muller's two branches, twice. */
static void normals(const tw__philox4 *r, double to[4])
{
    for (int i = 0; i < 4; i += 2) {
        const double length = __builtin_sqrt(-2 * tw__log_f64(((double)r->word[i] + 1) * 0x1p-32)),
                     angle = 0x1.921fb54442d18p2 * 0x1p-32 * (double)r->word[i + 1];
        to[i] = length * tw__cos_f64(angle);
        to[i + 1] = length * tw__sin_f64(angle);
    }
}

static void add_noise(const tw__layer *l, const tw__pass *p, size_t row, void *y)
{
    const double deviation = *(const double *)l->own;
    /* a counter word holds the low half of the step */
    const uint64_t seed = p->draw->seed ^ (p->draw->number >> 32) << 32;
    double normal[4];
    for (size_t i = 0; i < l->out_size; i++) {
        const size_t at = row * l->out_size + i;
        if (i % 4 == 0) {
            const tw__philox4 r =
                tw__philox(seed, (uint32_t)(i / 4), (uint32_t)(p->first + row), (uint32_t)p->draw->number,
                           (uint32_t)TW__FOR_NOISE << 16 | (uint32_t)l->number);
            normals(&r, normal);
        }
        tw__set_number(p->k, y, at, tw__number_at(p->k, y, at) + deviation * normal[i % 4]);
    }
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    if (x != y) memcpy(y, x, p->rows * l->out_size * p->k->real);
    for (size_t r = 0; p->training && r < p->rows; r++) add_noise(l, p, r, y);
}

static void backward(const tw__layer *l, const tw__pass *p, const void *x, const void *y, const void *dy,
                     void *dx)
{
    (void)x, (void)y;
    if (dx && dx != dy) memcpy(dx, dy, p->rows * l->out_size * p->k->real);
}

const tw__layer_type tw__layer_gaussian_noise =
    {.name = "gaussian_noise",
     .usage = "gaussian_noise DEVIATION",
     .help = "adds normal numbers while training",
     .equation =
         "while training: y = x + deviation e, e standard normal, drawn for every step, row and unit\n"
         "otherwise: y = x\n"
         "dx = dy",
     .in_place = 1,
     .own_size = sizeof(double),
     .setup = setup,
     .forward = forward,
     .backward = backward,
     .onnx = tw__nothing_onnx};
