/* libthalweg-train. Metrics: how good a model's predictions are, in numbers that the field compares. `thalweg
 * eval` prints them; the loss is tw_evaluate's.
 *
 *     tw_scores *scores;
 *     tw_status s = tw_scores_of_model(&scores, model, data, NULL, "auc f1", &err);
 *     for (size_t i = 0; s == TW_OK && tw_scores_at(scores, i); i++)
 *         printf("%s %g\n", tw_scores_at(scores, i)->metric->name, tw_scores_at(scores, i)->value);
 *     tw_scores_free(scores);
 *
 * Rows count by their weights. Sums are rounded once, at their end, so that neither threads nor the order of
 * the rows change a bit. What cannot be computed, as the AUC of rows that are all of one class, is NaN with
 * the reason in `note`, and so is what is computed but needs a word: a class without rows.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_METRICS_H
#define THALWEG_METRICS_H
#include <thalweg/model.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_metric {
    size_t size; /* sizeof(tw_metric) */
    const char *name, *help;
    const char *equation; /* lines separated by newlines */
} tw_metric;
/* Entry i of the list; NULL past its end. Descriptors live as long as the program. */
TW_API const tw_metric *tw_metric_at(size_t i);

/* Predictions beside what is right: either classes or targets. */
typedef struct tw_outcomes {
    size_t size; /* sizeof(tw_outcomes) */
    uint64_t rows;
    /* TW_OUTPUT_PROBABILITY or _SCORE: of every class, or one, of the second of two; TW_OUTPUT_VALUE: the
     * predicted numbers */
    tw_output output;
    size_t n_outputs;
    const double *outputs; /* rows * n_outputs, finite */
    /* 1: they were floats, which tells a probability of 1 from one that was rounded to it */
    int are_floats;
    size_t n_classes;
    const int32_t *classes; /* the right one of each row, below n_classes */
    const double *targets;  /* rows * n_outputs */
    const double *weights;  /* above 0; NULL: 1 each */
    /* of each class, for the accuracy alone, which is the one of training; NULL: 1 each */
    const double *class_weights;
    /* 1: of several targets each also by itself; 0: the numbers of a row are one target, as an image is */
    int each_target;
} tw_outcomes;

typedef struct tw_score {
    const tw_metric *metric;
    double value; /* NaN: not defined, or a matrix */
    /* NULL, or of the confusion matrix n * n weights: row right class, column predicted class */
    const double *matrix;
    size_t n;
    char note[120]; /* "": nothing to say */
    /* NULL, or of several targets (each_target) the value of each, n of them; NaN: not defined */
    const double *of_target;
} tw_score;

typedef struct tw_scores tw_scores;
/* classes up to which the confusion matrix is among all that fit */
enum { TW_CONFUSION_CLASSES = 20 };
/* Computes metrics. names: "auc f1", in this order; NULL: all that fit, but for top_k
 * and perplexity. TW_ERR_SPEC: a name that is unknown,
 * given twice, or does not fit, with the reason; TW_ERR_DATA: no rows, or wrong ones; TW_ERR_NOT_FINITE: an
 * output. */
TW_API tw_status tw_scores_create(tw_scores **out, tw_context *ctx, const tw_outcomes *of, const char *names,
                                  tw_error *err);
/* The same for a model on data with labels or targets. weights: NULL for the model's own, or a vector in its
 * layout. TW_ERR_DATA also: rows without labels. */
TW_API tw_status tw_scores_of_model(tw_scores **out, tw_model *model, const tw_data *data,
                                    const void *weights, const char *names, tw_error *err);
TW_API void tw_scores_free(tw_scores *scores); /* NULL is allowed */
/* Result i; NULL past the last. */
TW_API const tw_score *tw_scores_at(const tw_scores *scores, size_t i);
/* All as a JSON object, valid until the next call: each metric by its name, null where it is not defined; the
 * confusion matrix as a list of rows, with the names of the model's (NULL: none) `classes`; `targets`, of
 * several a list with the metrics of each and its name; `notes`, by metric. */
TW_API tw_status tw_scores_json(tw_scores *scores, const tw_model *model, const char **text, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
