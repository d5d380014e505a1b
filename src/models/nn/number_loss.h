/* The template of a last layer of a network that predicts a number: its output is its input, its loss a
 * function of how far that is from the target, summed in double. The file that includes this defines
 *
 *     LOSS              its name, an identifier of C
 *     HELP, EQUATION    of the type
 *     VALUE(r)          the loss of r = output - target, an expression in double
 *     SLOPE(r)          its derivative
 *
 * and if needed OPTIONS, as activation.h has them.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "models/nn/layer.h"

#ifdef OPTIONS
static const tw_option options[] = {OPTIONS};
#define OPTION_FIELDS .options = options, .n_options = sizeof options / sizeof options[0],
#else
#define OPTION_FIELDS
#endif

static tw_status setup(tw__layer *l, const tw__layer_text *t, tw_error *err)
{
    TW_TRY(tw__layer_no_words(t, err));
    l->out = l->in;
    *(double *)l->own = t->value[0];
    return TW_OK;
}

static void forward(const tw__layer *l, const tw__pass *p, const void *x, void *y)
{
    memcpy(y, x, p->rows * l->out_size * p->k->real);
}

static tw_status classes(const tw__layer *l, int64_t *n, tw_error *err)
{
    *n = 0;
    if (l->out_size == 1) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "the last layer has %zu outputs; %s at the end has one: \"dense 1 %s\"",
                    l->out_size, l->type->name, l->type->name);
}

static void loss(const tw__layer *l, const tw__pass *p, const void *x, const int32_t *labels, tw_sums *sums,
                 void *dx)
{
    const double a = *(const double *)l->own;
    (void)a, (void)labels;
    for (size_t i = 0; i < p->rows; i++) {
        const double y = p->k->real == sizeof(double) ? ((const double *)x)[i]
                                                      : (double)((const float *)x)[i],
                     r = y - p->targets[i];
        sums->loss += VALUE(r);
        if (dx && p->k->real == sizeof(double)) ((double *)dx)[i] = SLOPE(r);
        else if (dx) ((float *)dx)[i] = (float)(SLOPE(r));
    }
}

#define JOIN_(name) tw__layer_##name
#define JOIN(name) JOIN_(name)
#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)
const tw__layer_type JOIN(LOSS) = {.name = TEXT(LOSS),
                                   .usage = TEXT(LOSS),
                                   .help = HELP,
                                   .equation = EQUATION,
                                   OPTION_FIELDS.activation = 1,
                                   .in_place = 1,
                                   .of_numbers = 1,
                                   .own_size = sizeof(double),
                                   .setup = setup,
                                   .forward = forward,
                                   .classes = classes,
                                   .loss = loss};
