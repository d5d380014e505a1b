/* libthalweg-train. Estimators: which gradient an update looks at. minibatch, full and single take the mean over the rows they draw; the others make
 * a direction of their own out of gradients at several points or of several updates, and any rule can follow it.
 *
 * The mean over n rows that is minimised is f; block i is `batch` neighbouring rows, f_i its mean. An update is one direction, an epoch n / batch
 * updates, however many gradients that takes.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_ESTIMATOR_H
#define THALWEG_ESTIMATOR_H
#include <thalweg/registry.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_estimator {
    size_t size;                                        /* sizeof(tw_estimator) */
    const char *name, *help, *paper, *equation;         /* equation: lines separated by newlines */
    int n_options;
    const tw_option *options;
    const tw_alias *aliases;                            /* ends with a NULL alias; may be NULL */
    int takes_batch;                                    /* a batch size means something */
    int needs_rows;                                     /* an objective without rows is refused */
    int needs_barrier;                                  /* it keeps a snapshot: an exchange must be able to bring all workers to one point */
    /* What it keeps beside the weights: vectors of their length, in their type and in double; and vectors for each block of rows. */
    int vectors, doubles, per_block;
} tw_estimator;

TW_API const tw_estimator *tw_estimator_at(size_t i);                   /* in the order of the list; NULL past its end */
TW_API const tw_estimator *tw_estimator_find(const char *name);         /* NULL if there is none */

/* An estimator's spec, understood. */
typedef struct tw_estimator_choice {
    const tw_estimator *estimator;
    double values[TW_OPTIONS_MAX];                      /* every option, defaults included */
    char spec[TW_SPEC_MAX];                             /* canonical: known names, shortest numbers, defaults left out */
} tw_estimator_choice;

/* Reads "svrg:option=II,m=100". TW_ERR_SPEC, with a suggestion where one is near, for what is unknown, malformed, out of bounds or given twice. */
TW_API tw_status tw_estimator_read(tw_estimator_choice *out, const char *spec, tw_error *err);
/* Bytes that it keeps for so many weights of a type and rows in batches; in double, as it may be more than can be counted. */
TW_API double tw_estimator_bytes(const tw_estimator *estimator, tw_type type, double n_weights, double n_rows, double batch);

#ifdef __cplusplus
}
#endif
#endif
