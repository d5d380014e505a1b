/* The template of a last layer of a network that predicts numbers: its output is its input, and its loss the
 * mean over a row's numbers of a function of the number and its target, in double. The file that includes
 * this defines
 *
 *     LOSS              its name, an identifier of C
 *     HELP, EQUATION    of the type
 *     VALUE(x, t)       the loss of x, what comes in, where t is the target: an expression in double
 *     SLOPE(x, t)       its derivative by x
 *     OPTIONS           as activation.h has them; TW__TARGET_OPTION, or that after others
 *
 * and if needed FORWARD and TO_ONNX, where the output is another than x, and FIELDS (more fields of the
 * type).
 * SPDX-License-Identifier: MIT */
#include "models/nn/same.h"
#include "models/nn/stamp.h"

#ifndef FORWARD
#define FORWARD tw__same_forward
#define TO_ONNX tw__nothing_onnx
#endif

static tw_status classes(const tw__layer *l, int64_t *n, tw_error *err)
{
    (void)l, (void)err;
    *n = 0;
    return TW_OK;
}

/* Values first, so that they are computed some at a time, then their sum in order. */
enum { SOME = 64 };

#define LOSS_OF(number, type)                                                                                \
    static double loss_##type(size_t n, double a, const number *from, const double *targets, number *slopes) \
    {                                                                                                        \
        double sum = 0, value[SOME], slope[SOME];                                                            \
        (void)a;                                                                                             \
        for (size_t first = 0; first < n; first += SOME) {                                                   \
            const size_t some = n - first < SOME ? n - first : SOME;                                         \
            for (size_t i = 0; i < some; i++) {                                                              \
                const double x = (double)from[first + i], t = targets[first + i];                            \
                value[i] = VALUE(x, t);                                                                      \
                slope[i] = SLOPE(x, t);                                                                      \
            }                                                                                                \
            for (size_t i = 0; i < some; i++) sum += value[i];                                               \
            for (size_t i = 0; slopes && i < some; i++)                                                      \
                slopes[first + i] = (number)(1 / (double)n * slope[i]);                                      \
        }                                                                                                    \
        return sum / (double)n;                                                                              \
    }
LOSS_OF(float, f32)
LOSS_OF(double, f64)

static void loss(const tw__layer *l, const tw__pass *p, const void *x, const int32_t *labels, tw_sums *sums,
                 void *dx)
{
    const double a = *(const double *)l->own;
    const size_t n = l->out_size;
    (void)labels;
    for (size_t r = 0; r < p->rows; r++) {
        const double *const targets = p->targets + r * n;
        if (p->k->real == sizeof(double))
            sums->loss +=
                loss_f64(n, a, (const double *)x + r * n, targets, dx ? (double *)dx + r * n : NULL);
        else sums->loss += loss_f32(n, a, (const float *)x + r * n, targets, dx ? (float *)dx + r * n : NULL);
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
                                    .onnx = TO_ONNX,
                                    .forward = FORWARD,
                                    .classes = classes,
                                    .loss = loss,
#ifdef FIELDS
                                    FIELDS
#endif
};
