/* The arithmetic of directions, on vectors of the weights' length and type, chunk by chunk on the context's
 * threads. Everything is elementwise, with products and sums in double, rounded once; no fma: the same bits
 * for any threads and any instruction set.
 * SPDX-License-Identifier: MIT */
#ifndef TW_ESTIMATORS_VECTORS_H
#define TW_ESTIMATORS_VECTORS_H
#include "estimators/estimator.h"

void tw__vectors_copy(const tw__estimator *e, void *to, const void *from);
/* a = a / divisor */
void tw__vectors_divide(const tw__estimator *e, void *a, double divisor);
/* a = (a - b) / divisor + c: the difference of two gradients corrects a third. */
void tw__vectors_correct(const tw__estimator *e, void *a, const void *b, double divisor, const void *c);
/* to = w + factor * a; `to` may be w or a. */
void tw__vectors_move(const tw__estimator *e, void *to, const void *w, double factor, const void *a);
/* w = a * z + b * s + (1 - a - b) * w */
void tw__vectors_mix(const tw__estimator *e, void *w, double a, const void *z, double b, const void *s);
/* mean = mean + share * (a - mean) */
void tw__vectors_average(const tw__estimator *e, double *mean, double share, const void *a);
void tw__vectors_round(const tw__estimator *e, void *to, const double *from);
/* sum = sum + (a - y), then a = sum / divisor and y = the old a. */
void tw__vectors_sag(const tw__estimator *e, double *sum, void *y, void *a, double divisor);
/* a = (a - y) / step + sum / divisor with the old sum; sum = sum + (a - y); y = the old a. */
void tw__vectors_saga(const tw__estimator *e, double *sum, void *y, void *a, double step, double divisor);
/* The Euclidean norm, by the fixed-lane sums over chunks and their tree. partial: one number per chunk
 * (tw__vectors_chunks). */
double tw__vectors_norm(const tw__estimator *e, const void *a, double *partial);
size_t tw__vectors_chunks(const tw__estimator *e);
#endif
