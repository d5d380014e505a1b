/* libthalweg-train. Linear models on rows in memory, as objectives: linear regression (half the squared
 * error) and logistic regression, on dense rows.
 *
 *   mean over rows of loss(theta . x_i + intercept, y_i)  +  l2 / 2 |theta|^2           the intercept is not
 *     penalised
 *
 * The gradient can be computed in two forms of the same sum: row by row (algebraic: source 004, 3.1.2,
 * equations 3.1 to 3.3, with 3.2's sum from 1) and as a product of matrices, X^T (X theta - Y) (3.1.3,
 * equations 3.4 to 3.7, with the 1/m that 3.6 and 3.7 leave out).
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_LINEAR_H
#define THALWEG_LINEAR_H
#include <thalweg/objective.h>
#ifdef __cplusplus
extern "C" {
#endif

enum tw_linear_loss {
    TW_LINEAR_SQUARED = 0 /* (h - y)^2 / 2 */,
    TW_LINEAR_LOGISTIC = 1 /* log(1 + exp(-y h)), y is -1 or 1 */
};
enum tw_linear_form { TW_LINEAR_ALGEBRAIC = 0, TW_LINEAR_MATRIX = 1 };

typedef struct tw_linear_options {
    size_t size; /* sizeof(tw_linear_options) */
    /* of weights and gradient: TW_F32 or TW_F64; sums are in double */
    tw_type type;
    enum tw_linear_loss loss;
    enum tw_linear_form form;
    uint64_t rows;
    size_t columns;
    /* rows * columns numbers, row by row; one per row. Not copied: they must outlive the model */
    const double *x, *y;
    /* 1: one more weight, in a tensor "bias" after "weight" */
    int intercept;
    double l2; /* from 0 on */
} tw_linear_options;
#define TW_LINEAR_OPTIONS_INIT                                                                              \
    {                                                                                                       \
        sizeof(tw_linear_options), TW_F64, TW_LINEAR_SQUARED, TW_LINEAR_ALGEBRAIC, 0, 0, NULL, NULL, 1, 0.0 \
    }

typedef struct tw_linear tw_linear;
/* Checks the options and every number. TW_ERR_DATA: a number that is not finite, or a label that is not -1 or
 * 1, with its row and column; TW_ERR_SPEC: an option. */
TW_API tw_status tw_linear_create(tw_linear **out, tw_context *ctx, const tw_linear_options *options,
                                  tw_error *err);
TW_API void tw_linear_free(tw_linear *linear); /* NULL is allowed */
/* Fills `out`, whose size is set, with the model as an objective, which the model must outlive; there is
 * nothing to free. It has one output per row: the prediction theta . x + intercept, or with the logistic loss
 * the probability of y = 1, and then a row counts as correct if its score has y's sign. */
TW_API tw_status tw_linear_objective(tw_linear *linear, tw_objective *out, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
