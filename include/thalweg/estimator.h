/* libthalweg-train. Gradient estimators by name: for programs that list them or check a spec. To use one,
 * name it in tw_run_options.estimator. minibatch, full and single take the mean over the rows that they draw;
 * the others combine gradients at several points or of several updates, and any rule can follow the result.
 * An update is one such direction, an epoch n / batch updates over n rows, however many gradients that takes.
 * Their equations call the mean over all rows f, a block of `batch` neighbouring rows i, and its mean f_i.
 *
 * Nothing here allocates or keeps anything, so any thread may call it at any time. Descriptors live as long
 * as the program.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_ESTIMATOR_H
#define THALWEG_ESTIMATOR_H
#include <thalweg/registry.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_estimator {
    size_t size;                                /* sizeof(tw_estimator) */
    const char *name, *help, *paper, *equation; /* equation: lines separated by newlines */
    int n_options;
    const tw_option *options;
    const tw_alias *aliases; /* ends with a NULL alias; may be NULL */
    int takes_batch;         /* 1: it has a batch size */
    /* 1: it cannot be used on an objective without rows */
    int needs_rows;
    /* 1: it keeps a snapshot, for which the exchange must bring all workers to one point */
    int needs_barrier;
    /* Memory beside the weights: vectors of their length in their type, in double, and for each block of
     * rows. */
    int vectors, doubles, per_block;
} tw_estimator;

/* entry i of the list; NULL past its end */
TW_API const tw_estimator *tw_estimator_at(size_t i);
TW_API const tw_estimator *tw_estimator_find(const char *name); /* NULL if there is none */

/* What an estimator's spec says. */
typedef struct tw_estimator_choice {
    const tw_estimator *estimator;
    /* of each option, in the order of the table, defaults included */
    double values[TW_OPTIONS_MAX];
    /* canonical: no aliases, shortest numbers, defaults left out */
    char spec[TW_SPEC_MAX];
} tw_estimator_choice;

/* Reads "svrg:option=II,m=100". TW_ERR_SPEC, with the nearest name as a suggestion: unknown, malformed, out
 * of bounds or given twice. */
TW_API tw_status tw_estimator_read(tw_estimator_choice *out, const char *spec, tw_error *err);
/* Bytes that the estimator keeps for n_weights weights of this type and n_rows rows in batches of `batch`; a
 * double, as it may exceed any integer. */
TW_API double tw_estimator_bytes(const tw_estimator *estimator, tw_type type, double n_weights, double n_rows,
                                 double batch);

#ifdef __cplusplus
}
#endif
#endif
