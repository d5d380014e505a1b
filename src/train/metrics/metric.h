/* A metric: what it needs, and how it is computed. One file per family, one line per metric in list.h.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_METRICS_METRIC_H
#define TW_TRAIN_METRICS_METRIC_H
#include <thalweg/metrics.h>
#include "base/context.h"

enum {
    TW__OF_CLASSES = 1,
    TW__OF_NUMBERS = 2,
    TW__OF_PROBABILITIES = 4,
    TW__OF_TWO_CLASSES = 8,
    /* not taken by itself: of two classes; of many classes */
    TW__FOR_MORE_CLASSES = 16,
    TW__FOR_FEW_CLASSES = 32,
    TW__ON_REQUEST = 64, /* taken by name alone */
    TW__OF_EACH_TARGET =
        128 /* of a target: not of many numbers that are none by themselves, as of a row's pixels */
};

/* What metrics are computed from. */
typedef struct tw__predicted {
    tw_context *ctx;
    tw_outcomes o;
    int32_t *classes; /* predicted, of each row; NULL: numbers */
} tw__predicted;

typedef struct tw__metric_type {
    tw_metric about;
    unsigned traits;
    size_t top; /* of top_k the k: with so many classes it says nothing; 0: any number will do */
    /* Sets the value, or the matrix, which is freed with n * n; and a note where one is due. */
    tw_status (*compute)(const tw__predicted *p, tw_score *to, tw_error *err);
} tw__metric_type;

#define TW__METRIC_TYPE(metric, its_traits, function, ...)                            \
    extern const tw__metric_type tw__metric_##metric;                                 \
    const tw__metric_type tw__metric_##metric = {.about = {.size = sizeof(tw_metric), \
                                                           .name = #metric,           \
                                                           __VA_ARGS__},              \
                                                 .traits = (its_traits),              \
                                                 .compute = function}

enum { TW__METRICS_MOST = 32 };
struct tw_scores {
    tw_context *ctx;
    size_t n;
    const tw__metric_type *type[TW__METRICS_MOST];
    tw_score score[TW__METRICS_MOST];
    char *json; /* tw_scores_json's text */
};

/* scores.c: TW_ERR_SPEC as tw_scores_create's, for names that a model is asked for later. */
tw_status tw__scores_check(const tw_model *model, const char *names, tw_error *err);
/* Names the few metrics of a linear model that are computed without a request; "none" for other models. */
const char *tw__scores_usual(const tw_model *model);

/* registry.c */
const tw__metric_type *tw__metric_type_at(size_t i);
int tw__metric_is(const char *name);
/* Reads one name of a list. */
tw_status tw__metric_find(const tw__metric_type **out, const char *name, size_t n, tw_error *err);

/* How much a row counts in the loss, and so in the accuracy of training. */
static inline double tw__row_loss_weight(const tw__predicted *p, uint64_t row)
{
    const double weight = p->o.weights ? p->o.weights[row] : 1;
    return weight * (p->o.class_weights ? p->o.class_weights[p->o.classes[row]] : 1);
}

static inline double tw__row_weight(const tw__predicted *p, uint64_t row)
{
    return p->o.weights ? p->o.weights[row] : 1;
}
#endif
