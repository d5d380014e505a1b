/* auc: the area under the curve of true over false positives.
 * SPDX-License-Identifier: MIT */
#include "train/metrics/metric.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct ranked {
    double score, weight;
    int is_of_class;
} ranked;

static int compare(double a, double b) { return (a > b) - (a < b); }

/* By everything that a row is, so that the order of the rows does not matter. */
static int by_score(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->score != y->score) return compare(x->score, y->score);
    if (x->is_of_class != y->is_of_class) return x->is_of_class - y->is_of_class;
    return compare(x->weight, y->weight);
}

/* Of all pairs of a row of the class and another one the share in which the first has the higher score;
 * equal scores count half. NaN: there is no pair. */
static double area(ranked *r, size_t n)
{
    double below = 0, of_class = 0, pairs = 0;
    qsort(r, n, sizeof *r, by_score);
    for (size_t i = 0; i < n;) {
        double others = 0, ours = 0;
        const double score = r[i].score;
        for (; i < n && r[i].score == score; i++) *(r[i].is_of_class ? &ours : &others) += r[i].weight;
        pairs += ours * (below + others / 2);
        below += others;
        of_class += ours;
    }
    return below > 0 && of_class > 0 ? pairs / (below * of_class) : NAN;
}

/* Ranks the rows by their score for this class. */
static void fill(const tw__predicted *p, size_t class, ranked *to)
{
    const size_t n = p->o.n_outputs, output = n == 1 ? 0 : class;
    for (uint64_t i = 0; i < p->o.rows; i++)
        to[i] =
            (ranked){p->o.outputs[i * n + output], tw__row_weight(p, i), p->o.classes[i] == (int32_t) class};
}

static tw_status compute_auc(const tw__predicted *p, tw_score *to, tw_error *err)
{
    const size_t n_classes = p->o.n_classes, rows = (size_t)p->o.rows;
    double sum = 0;
    size_t n = 0;
    ranked *r;
    TW_TRY(tw__alloc(p->ctx, &r, rows, sizeof *r, err));
    for (size_t class = n_classes == 2; class < n_classes; class ++) {
        fill(p, class, r);
        const double its = area(r, rows);
        if (!(its >= 0)) continue;
        sum += its;
        n++;
    }
    tw__free(p->ctx, r, rows, sizeof *r);
    to->value = n ? sum / (double)n : NAN;
    if (n == 0) snprintf(to->note, sizeof to->note, "all rows are of one class");
    else if (n_classes > 2 && n < n_classes)
        snprintf(to->note, sizeof to->note, "%zu of %zu classes have no rows: the mean is over %zu",
                 n_classes - n, n_classes, n);
    return TW_OK;
}

TW__METRIC_TYPE(auc, TW__OF_CLASSES, compute_auc,
                .help = "area under the ROC curve; more than two classes: mean of one against the rest",
                .equation =
                    "share of the pairs, one row of the class and one of another, in which the first\n"
                    "has the higher score; equal scores count half");
