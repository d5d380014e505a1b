/* Class probabilities and their losses.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_CLASSES_H
#define TW_MATH_KERNELS_CLASSES_H
#include <stddef.h>
#include <stdint.h>

typedef struct tw__classes_kernels {
    /* y[r] = softmax of x[r] over n classes, in working precision: e = exp(x - max), y = e / (plain sum of e,
     * class ascending); in place allowed */
    void (*softmax)(size_t rows, size_t n, const void *x, void *y);
    /* Softmax and cross-entropy with the class label[r] from the logits x.  *loss += -log
     * softmax(x[r])[label[r]] in double, row by row, as log(sum) - (x[r][label] - max), which is finite where
     * the probability underflows; *correct += 1 where the first largest logit is the label's; dx (may be
     * NULL) = softmax - onehot. dx may be x. */
    void (*softmax_loss)(size_t rows, size_t n, const void *x, const int32_t *label, double *loss,
                         double *correct, void *dx);

    /* Sigmoid and binary cross-entropy with label[r], 0 or 1, from one logit x[r] a row.  With m = x for
     * label 1, -x for label 0, e = exp(-|m|): *loss += log(1 + e) - min(m, 0) in double, row by row; *correct
     * += 1 where y > 0.5 is what the label says (Keras's binary_accuracy); dx (may be NULL) = -(m >= 0 ? e :
     * 1) / (1 + e) for label 1, and without the sign for 0: it keeps its digits as y nears the label.  dx may
     * be x. */
    void (*sigmoid_loss)(size_t rows, const void *x, const int32_t *label, double *loss, double *correct,
                         void *dx);
} tw__classes_kernels;

#endif
