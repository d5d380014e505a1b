/* Cutting training, validation and test rows from the parts of a data set.
 * SPDX-License-Identifier: MIT */
#include "data/data.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* "28x28" */
static void shape_text(const tw__block *b, char to[TW__ROW_MOST_RANK * 24])
{
    int n = 0;
    for (int i = 0; i < b->all.rank; i++)
        n += snprintf(to + n, (size_t)(TW__ROW_MOST_RANK * 24 - n), i ? "x%lld" : "%lld",
                      (long long)b->all.shape[i]);
}

/* "0 to 9" or "0, 2, 5": the labels of the classes, or of those that `where` has not as 1. */
static const char *classes_text(const tw__block *b, const uint8_t *where, char *to, size_t size)
{
    size_t used = 0;
    *to = 0;
    if (!where && !b->all.class_labels && !b->all.class_names && b->all.classes > 1) {
        snprintf(to, size, "0 to %d", b->all.classes - 1);
        return to;
    }
    for (int32_t i = 0; i < b->all.classes; i++) {
        if (where && where[i] == 1) continue;
        if (used + 24 > size) {
            snprintf(to + used, size - used, ", ...");
            break;
        }
        const char *comma = used ? ", " : "";
        if (b->all.class_names)
            used += (size_t)snprintf(to + used, size - used, "%s%.20s", comma, b->all.class_names[i]);
        else
            used += (size_t)snprintf(to + used, size - used, "%s%d", comma,
                                     b->all.class_labels ? b->all.class_labels[i] : i);
    }
    return to;
}

/* Test rows must have the training rows' form, and labels the model knows. */
static tw_status check_test(const tw__parts *p, tw_error *err)
{
    const tw__block *a = p->train, *b = p->test;
    if (a->all.rank != b->all.rank ||
        memcmp(a->all.shape, b->all.shape, (size_t)a->all.rank * sizeof *a->all.shape) != 0) {
        char have[TW__ROW_MOST_RANK * 24], want[TW__ROW_MOST_RANK * 24];
        shape_text(b, have);
        shape_text(a, want);
        return tw__fail_in(err, TW_ERR_DATA, b->all.name, 0, 8,
                           "rows of %s, where the training rows are %s (%s)", have, want, a->all.name);
    }
    char known[80];
    const size_t each = tw__data_labels_of_row(&b->all);
    for (size_t i = 0; i < tw__data_labels(&b->all); i++)
        if (tw__block_class(a, b->all.labels[i]) < 0)
            return tw__fail_in(err, TW_ERR_DATA, p->test_labels, 0, (int64_t)(8 + i),
                               "label %d of row %llu is not among the training labels, %s (%d class%s)",
                               b->all.labels[i], (unsigned long long)(i / each) + 1,
                               classes_text(a, NULL, known, sizeof known), a->all.classes,
                               a->all.classes == 1 ? "" : "es");
    return tw__block_share_classes(p->test, a, err);
}

/* Says which classes no training row has: nothing can be learnt of them. */
static tw_status warn_of_untrained(const tw__parts *p, uint64_t front, uint64_t back, tw_error *err)
{
    const tw__block *b = p->train;
    uint8_t *where = NULL;
    int32_t none = 0, held = 0;
    char text[80];
    if (!b->all.labels) return TW_OK;
    TW_TRY(tw__alloc(b->ctx, &where, (size_t)b->all.classes, 1, err));
    const size_t each = tw__data_labels_of_row(&b->all), all = tw__data_labels(&b->all);
    for (size_t i = 0; i < front * each; i++) where[tw__block_class(b, b->all.labels[i])] = 1;
    for (size_t i = all - back * each; i < all; i++) {
        const int32_t class = tw__block_class(b, b->all.labels[i]);
        if (where[class] == 0) where[class] = 2;
    }
    for (int32_t i = 0; i < b->all.classes; i++) {
        none += where[i] != 1;
        held += where[i] == 2;
    }
    if (none)
        tw__log(b->ctx, TW_LOG_WARNING, "%d of %d classes have no row among the %llu to train on: %s%s", none,
                b->all.classes, (unsigned long long)front, classes_text(b, where, text, sizeof text),
                held ? "; validation rows have such labels" : "");
    tw__free(b->ctx, where, (size_t)b->all.classes, 1);
    return TW_OK;
}

static tw_status cut_train(const tw__parts *p, double val, uint64_t limit, tw_data **train, tw_data **val_out,
                           tw_error *err)
{
    uint64_t all = p->train->all.rows,
             back = p->val_rows ? p->val_rows : (uint64_t)floor((double)all * val + 0.5), front = all - back;
    if (val > 0 && (back == 0 || front == 0))
        return tw__fail(err, TW_ERR_SPEC,
                        "val = %g of %llu rows leaves %llu to train on and %llu to validate", val,
                        (unsigned long long)all, (unsigned long long)front, (unsigned long long)back);
    if (val_out && back > 0) TW_TRY(tw__data_cut(val_out, p->train, front, back, err));
    if (limit > 0 && limit < front) front = limit;
    if (front < all) TW_TRY(warn_of_untrained(p, front, back, err));
    return train ? tw__data_cut(train, p->train, 0, front, err) : TW_OK;
}

tw_status tw__data_split(const tw__parts *p, double val, uint64_t limit, tw_data **train, tw_data **val_out,
                         tw_data **test, tw_error *err)
{
    tw_data *cut[2] = {NULL, NULL};
    if (p->train && p->test && p->test->all.labels) TW_TRY(check_test(p, err));
    tw_status s =
        p->train ? cut_train(p, val, limit, train ? &cut[0] : NULL, val_out ? &cut[1] : NULL, err) : TW_OK;
    if (s == TW_OK && p->test && test) s = tw__data_cut(test, p->test, 0, p->test->all.rows, err);
    if (s != TW_OK) {
        tw_data_free(cut[0]);
        tw_data_free(cut[1]);
        return s;
    }
    if (train) *train = cut[0];
    if (val_out) *val_out = cut[1];
    return TW_OK;
}
