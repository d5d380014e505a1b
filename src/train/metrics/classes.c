/* Metrics of predicted classes: shares of the rows in the cells of the confusion matrix.
 * SPDX-License-Identifier: MIT */
#include "train/metrics/exact.h"
#include "train/metrics/metric.h"
#include <math.h>
#include <stdio.h>

/* ---- counting ------------------------------------------------------------------------------------------ */

/* The cells that row i belongs to; returns how many. */
typedef size_t cells_of(const tw__predicted *p, uint64_t i, size_t cell[3]);

/* to[c] = the summed weight of the rows of cell c. */
static tw_status count(const tw__predicted *p, cells_of *cells, size_t n, double *to, tw_error *err)
{
    tw__exact *sum = NULL;
    size_t cell[3];
    if (p->o.weights) TW_TRY(tw__alloc(p->ctx, &sum, n, sizeof *sum, err));
    for (size_t c = 0; c < n; c++) to[c] = 0;
    for (uint64_t i = 0; i < p->o.rows; i++)
        for (size_t k = cells(p, i, cell); k-- > 0;)
            if (sum) tw__exact_add(&sum[cell[k]], p->o.weights[i]);
            else to[cell[k]]++;
    for (size_t c = 0; sum && c < n; c++) to[c] = tw__exact_value(&sum[c]);
    tw__free(p->ctx, sum, n, sizeof *sum);
    return TW_OK;
}

/* Of each class the rows that are of it, those predicted as it, and those that are both. */
enum { RIGHT, PREDICTED, BOTH, N_COUNTS };

static size_t cells_of_classes(const tw__predicted *p, uint64_t i, size_t cell[3])
{
    const size_t right = (size_t)p->o.classes[i], predicted = (size_t)p->classes[i];
    cell[0] = right * N_COUNTS + RIGHT;
    cell[1] = predicted * N_COUNTS + PREDICTED;
    cell[2] = right * N_COUNTS + BOTH;
    return right == predicted ? 3 : 2;
}

static size_t cell_of_matrix(const tw__predicted *p, uint64_t i, size_t cell[3])
{
    cell[0] = (size_t)p->o.classes[i] * p->o.n_classes + (size_t)p->classes[i];
    return 1;
}

/* ---- metrics of one class and their means -------------------------------------------------------------- */

/* Of a class by its counts; 0 / 0 is 0. */
typedef double of_class(const double n[N_COUNTS]);

static double share(double part, double all) { return all > 0 ? part / all : 0; }
static double precision(const double n[N_COUNTS]) { return share(n[BOTH], n[PREDICTED]); }
static double recall(const double n[N_COUNTS]) { return share(n[BOTH], n[RIGHT]); }
static double f1(const double n[N_COUNTS]) { return share(2 * n[BOTH], n[RIGHT] + n[PREDICTED]); }

/* Over the classes that have rows; with `also_predicted` over those, too, that are only predicted. */
static void mean_of(const double *counts, size_t n_classes, of_class *of, int also_predicted, tw_score *to)
{
    double sum = 0;
    size_t n = 0, empty = 0;
    for (size_t c = 0; c < n_classes; c++) {
        const double *its = counts + c * N_COUNTS;
        empty += !(its[RIGHT] > 0);
        if (!(its[RIGHT] > 0) && !(also_predicted && its[PREDICTED] > 0)) continue;
        sum += of(its);
        n++;
    }
    to->value = sum / (double)n;
    if (empty)
        snprintf(to->note, sizeof to->note, "%zu of %zu classes have no rows: the mean is over %zu", empty,
                 n_classes, n);
}

static tw_status mean(const tw__predicted *p, of_class *of, int also_predicted, tw_score *to, tw_error *err)
{
    const size_t n = p->o.n_classes * N_COUNTS;
    double *counts;
    TW_TRY(tw__alloc(p->ctx, &counts, n, sizeof *counts, err));
    const tw_status s = count(p, cells_of_classes, n, counts, err);
    if (s == TW_OK) mean_of(counts, p->o.n_classes, of, also_predicted, to);
    tw__free(p->ctx, counts, n, sizeof *counts);
    return s;
}

/* Of the second of two classes. */
static tw_status second(const tw__predicted *p, of_class *of, tw_score *to, tw_error *err)
{
    double counts[2 * N_COUNTS];
    TW_TRY(count(p, cells_of_classes, 2 * N_COUNTS, counts, err));
    const double *its = counts + N_COUNTS;
    to->value = of(its);
    if (!(its[RIGHT] > 0)) {
        if (of == recall || !(its[PREDICTED] > 0)) to->value = NAN;
        snprintf(to->note, sizeof to->note, "no row is of the second class");
    } else if (!(its[PREDICTED] > 0) && of == precision)
        snprintf(to->note, sizeof to->note, "no row is predicted as the second class, which counts 0");
    return TW_OK;
}

#define METRIC_FUNCTION(name, call) \
    static tw_status compute_##name(const tw__predicted *p, tw_score *to, tw_error *err) { return call; }
METRIC_FUNCTION(balanced_accuracy, mean(p, recall, 0, to, err))
METRIC_FUNCTION(precision, second(p, precision, to, err))
METRIC_FUNCTION(recall, second(p, recall, to, err))
METRIC_FUNCTION(f1, second(p, f1, to, err))

/* As the loss weighs rows, so that it is the accuracy of training. */
static tw_status compute_accuracy(const tw__predicted *p, tw_score *to, tw_error *err)
{
    tw__exact right = {.n = 0}, all = {.n = 0};
    (void)err;
    for (uint64_t i = 0; i < p->o.rows; i++) {
        const double weight = tw__row_loss_weight(p, i);
        if (p->classes[i] == p->o.classes[i]) tw__exact_add(&right, weight);
        tw__exact_add(&all, weight);
    }
    to->value = tw__exact_value(&right) / tw__exact_value(&all);
    return TW_OK;
}

static tw_status compute_confusion(const tw__predicted *p, tw_score *to, tw_error *err)
{
    const size_t n = p->o.n_classes;
    double *matrix;
    size_t cells;
    if (!tw__size_mul(n, n, &cells)) return tw__fail(err, TW_ERR_MEMORY, "%zu classes are too many", n);
    TW_TRY(tw__alloc(p->ctx, &matrix, cells, sizeof *matrix, err));
    const tw_status s = count(p, cell_of_matrix, cells, matrix, err);
    to->matrix = matrix;
    to->n = n;
    return s;
}

TW__METRIC_TYPE(accuracy, TW__OF_CLASSES, compute_accuracy, .help = "share of the rows whose class is right",
                .equation = "sum of the weights of rows that are right / sum of all");
TW__METRIC_TYPE(balanced_accuracy, TW__OF_CLASSES, compute_balanced_accuracy,
                .help = "mean over the classes of the share that is right",
                .equation = "mean recall of the classes that have rows");
TW__METRIC_TYPE(precision, TW__OF_CLASSES | TW__OF_TWO_CLASSES, compute_precision,
                .help = "how many of those predicted as the second class are of it",
                .equation = "right / predicted; 0 where none is predicted");
TW__METRIC_TYPE(recall, TW__OF_CLASSES | TW__OF_TWO_CLASSES, compute_recall,
                .help = "how many of the second class are predicted as it", .equation = "right / all of it");
TW__METRIC_TYPE(f1, TW__OF_CLASSES | TW__OF_TWO_CLASSES, compute_f1,
                .help = "harmonic mean of precision and recall",
                .equation = "2 right / (predicted + all of it)");
#define MACRO_METRIC(name)                                                                       \
    METRIC_FUNCTION(name##_macro, mean(p, name, 1, to, err))                                     \
    TW__METRIC_TYPE(name##_macro, TW__OF_CLASSES | TW__FOR_MORE_CLASSES, compute_##name##_macro, \
                    .help = "mean " #name " over the classes",                                   \
                    .equation = "mean " #name " of the classes that rows have or are predicted as")
MACRO_METRIC(precision);
MACRO_METRIC(recall);
MACRO_METRIC(f1);
TW__METRIC_TYPE(confusion, TW__OF_CLASSES | TW__FOR_FEW_CLASSES, compute_confusion,
                .help = "rows by their right and their predicted class",
                .equation = "row i, column j: summed weight of the rows of class i predicted as j");
