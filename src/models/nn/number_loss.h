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
#include "models/nn/same.h"
#include "models/nn/stamp.h"

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
        const double r = tw__number_at(p->k, x, i) - p->targets[i];
        sums->loss += VALUE(r);
        if (dx) tw__set_number(p->k, dx, i, SLOPE(r));
    }
}

const tw__layer_type LAYER(LOSS) = {.name = TEXT(LOSS),
                                    .usage = TEXT(LOSS),
                                    .help = HELP,
                                    .equation = EQUATION,
                                    OPTION_FIELDS.activation = 1,
                                    .in_place = 1,
                                    .of_numbers = 1,
                                    .own_size = sizeof(double),
                                    .setup = tw__same_setup,
                                    .forward = tw__same_forward,
                                    .onnx = tw__nothing_onnx,
                                    .classes = classes,
                                    .loss = loss};
