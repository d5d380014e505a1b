/* Data in memory: blocks, the views cut from them, and what tw_data shows of itself.
 * SPDX-License-Identifier: MIT */
#include "data/data.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tw_data {
    tw__block *block;
    uint64_t first, rows;
    char fingerprint[TW__HASH_DIGITS + 1];
};

static int compare_labels(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static tw_status set_classes(tw__block *b, const int32_t *labels, int32_t n, tw_error *err)
{
    tw__free(b->ctx, b->class_labels, (size_t)b->classes, sizeof *labels);
    b->class_labels = NULL;
    b->classes = n;
    if (n == 0 || !labels || labels[n - 1] == n - 1) return TW_OK;
    TW_TRY(tw__alloc(b->ctx, &b->class_labels, (size_t)n, sizeof *labels, err));
    memcpy(b->class_labels, labels, (size_t)n * sizeof *labels);
    return TW_OK;
}

/* The classes are the labels that occur. */
static tw_status find_classes(tw__block *b, tw_error *err)
{
    int32_t *sorted, n = 0;
    if (!b->labels) return TW_OK;
    TW_TRY(tw__alloc(b->ctx, &sorted, (size_t)b->rows, sizeof *sorted, err));
    memcpy(sorted, b->labels, (size_t)b->rows * sizeof *sorted);
    qsort(sorted, (size_t)b->rows, sizeof *sorted, compare_labels);
    for (uint64_t i = 0; i < b->rows; i++)
        if (i == 0 || sorted[i] != sorted[n - 1]) sorted[n++] = sorted[i];
    const tw_status s = set_classes(b, sorted, n, err);
    tw__free(b->ctx, sorted, (size_t)b->rows, sizeof *sorted);
    return s;
}

/* The class of a label; -1: none. */
static int32_t class_of(const tw__block *b, int32_t label)
{
    if (!b->class_labels) return label < b->classes ? label : -1;
    const int32_t *at = bsearch(&label, b->class_labels, (size_t)b->classes, sizeof label, compare_labels);
    return at ? (int32_t)(at - b->class_labels) : -1;
}

tw_status tw__block_create(tw__block **out, tw_context *ctx, tw_type type, uint64_t rows, int rank,
                           const int64_t *shape, uint8_t *x, int32_t *labels, const char *name, tw_error *err)
{
    size_t row_bytes = 0;
    tw__block *b = NULL;
    *out = NULL;
    /* x exists, so it fits */
    (void)(tw__size_of_shape(rank, shape, &row_bytes) &&
           tw__size_mul(row_bytes, tw_type_size(type), &row_bytes));
    tw_status s = tw__alloc(ctx, &b, 1, sizeof *b, err);
    if (s == TW_OK) s = tw__copy_text(ctx, &b->name, name, err);
    if (s != TW_OK) {
        tw__free(ctx, b, 1, sizeof *b);
        tw__free(ctx, x, (size_t)rows, row_bytes);
        tw__free(ctx, labels, (size_t)rows, sizeof *labels);
        return s;
    }
    b->ctx = ctx;
    atomic_init(&b->references, 1);
    b->type = type;
    b->rank = rank;
    memcpy(b->shape, shape, (size_t)rank * sizeof *shape);
    b->rows = rows;
    b->row_bytes = row_bytes;
    b->x = x;
    b->labels = labels;
    s = find_classes(b, err);
    if (s == TW_OK) *out = b;
    else tw__block_release(b);
    return s;
}

void tw__block_release(tw__block *b)
{
    if (!b || atomic_fetch_sub(&b->references, 1) > 1) return;
    tw_context *ctx = b->ctx;
    tw__free(ctx, b->x, (size_t)b->rows, b->row_bytes);
    tw__free(ctx, b->labels, (size_t)b->rows, sizeof *b->labels);
    tw__free(ctx, b->class_labels, (size_t)b->classes, sizeof *b->class_labels);
    tw__free_text(ctx, b->name);
    tw__free(ctx, b, 1, sizeof *b);
}

void tw__block_drop_labels(tw__block *b)
{
    if (!b) return;
    tw__free(b->ctx, b->labels, (size_t)b->rows, sizeof *b->labels);
    b->labels = NULL;
    (void)set_classes(b, NULL, 0, NULL);
}

void tw__block_hash(const tw__block *b, uint64_t first, uint64_t rows, char to[TW__HASH_DIGITS + 1])
{
    tw__hash h;
    tw__hash_start(&h);
    tw__hash_add_number(&h, (uint64_t)b->type);
    tw__hash_add_number(&h, rows);
    tw__hash_add_number(&h, (uint64_t)b->rank);
    for (int i = 0; i < b->rank; i++) tw__hash_add_number(&h, (uint64_t)b->shape[i]);
    tw__hash_add_number(&h, b->labels != NULL);
    tw__hash_add(&h, b->x + first * b->row_bytes, (size_t)rows * b->row_bytes);
    if (b->labels) tw__hash_add(&h, b->labels + first, (size_t)rows * sizeof *b->labels);
    tw__hash_hex(&h, to);
}

tw_status tw__data_cut(tw_data **out, tw__block *block, uint64_t first, uint64_t rows, tw_error *err)
{
    tw_data *d;
    *out = NULL;
    TW_TRY(tw__alloc(block->ctx, &d, 1, sizeof *d, err));
    atomic_fetch_add(&block->references, 1);
    d->block = block;
    d->first = first;
    d->rows = rows;
    tw__block_hash(block, first, rows, d->fingerprint);
    *out = d;
    return TW_OK;
}

void tw_data_free(tw_data *data)
{
    if (!data) return;
    tw__block *block = data->block;
    tw__free(block->ctx, data, 1, sizeof *data);
    tw__block_release(block);
}

tw_status tw_data_info_get(const tw_data *data, tw_data_info *info, tw_error *err)
{
    const tw__block *b = data->block;
    tw_data_info all = {.rows = data->rows,
                        .rank = b->rank,
                        .type = b->type,
                        .x = b->x + data->first * b->row_bytes,
                        .labels = b->labels ? b->labels + data->first : NULL,
                        .classes = b->classes,
                        .name = b->name,
                        .fingerprint = data->fingerprint,
                        .class_labels = b->class_labels};
    memcpy(all.shape, b->shape, (size_t)b->rank * sizeof *b->shape);
    return tw__sized_write(info, &all, sizeof all, "tw_data_info", err);
}

static tw_status check_rows(tw_type type, const void *x, uint64_t rows, size_t width, const int32_t *labels,
                            tw_error *err)
{
    for (uint64_t i = 0; labels && i < rows; i++) {
        if (labels[i] < 0)
            return tw__fail(err, TW_ERR_DATA, "label %d of row %llu is negative", labels[i],
                            (unsigned long long)i);
        if (labels[i] == INT32_MAX)
            return tw__fail(err, TW_ERR_DATA, "label %d of row %llu is too large", labels[i],
                            (unsigned long long)i);
    }
    const float *f = x;
    for (size_t i = 0; type == TW_F32 && i < (size_t)rows * width; i++)
        if (!isfinite(f[i]))
            return tw__fail(err, TW_ERR_DATA, "value %zu of row %zu is not finite", i % width, i / width);
    return TW_OK;
}

tw_status tw_data_create(tw_data **out, tw_context *ctx, tw_type type, uint64_t rows, int rank,
                         const int64_t *shape, const void *x, const int32_t *labels, tw_error *err)
{
    size_t width, values, bytes;
    uint8_t *copy = NULL;
    int32_t *label_copy = NULL;
    tw__block *block;
    *out = NULL;
    if (type != TW_U8 && type != TW_F32)
        return tw__fail(err, TW_ERR_SPEC, "rows of type %s; u8 and f32 can be learnt from",
                        tw_type_name(type));
    if (rank < 1 || rank > TW__ROW_MOST_RANK)
        return tw__fail(err, TW_ERR_SPEC, "rank %d of a row is outside [1, %d]", rank, TW__ROW_MOST_RANK);
    if (rows == 0) return tw__fail(err, TW_ERR_DATA, "no rows");
    if (!tw__size_of_shape(rank, shape, &width) || rows > SIZE_MAX ||
        !tw__size_mul(width, (size_t)rows, &values) || !tw__size_mul(values, tw_type_size(type), &bytes))
        return tw__fail(err, TW_ERR_SPEC, "the rows are larger than memory");
    if (width == 0) return tw__fail(err, TW_ERR_SPEC, "the shape of a row holds a 0");
    TW_TRY(check_rows(type, x, rows, width, labels, err));
    TW_TRY(tw__alloc(ctx, &copy, bytes, 1, err));
    memcpy(copy, x, bytes);
    if (labels) {
        tw_status s = tw__alloc(ctx, &label_copy, (size_t)rows, sizeof *labels, err);
        if (s != TW_OK) {
            tw__free(ctx, copy, bytes, 1);
            return s;
        }
        memcpy(label_copy, labels, (size_t)rows * sizeof *labels);
    }
    TW_TRY(tw__block_create(&block, ctx, type, rows, rank, shape, copy, label_copy, "memory", err));
    tw_status s = tw__data_cut(out, block, 0, rows, err);
    tw__block_release(block);
    return s;
}

/* "28x28" */
static void shape_text(const tw__block *b, char to[TW__ROW_MOST_RANK * 24])
{
    int n = 0;
    for (int i = 0; i < b->rank; i++)
        n += snprintf(to + n, (size_t)(TW__ROW_MOST_RANK * 24 - n), i ? "x%lld" : "%lld",
                      (long long)b->shape[i]);
}

/* "0 to 9" or "0, 2, 5": the labels of the classes, or of those that `where` has not as 1. */
static const char *classes_text(const tw__block *b, const uint8_t *where, char *to, size_t size)
{
    size_t used = 0;
    *to = 0;
    if (!where && !b->class_labels && b->classes > 1) {
        snprintf(to, size, "0 to %d", b->classes - 1);
        return to;
    }
    for (int32_t i = 0; i < b->classes; i++) {
        if (where && where[i] == 1) continue;
        if (used + 24 > size) {
            snprintf(to + used, size - used, ", ...");
            break;
        }
        used += (size_t)snprintf(to + used, size - used, "%s%d", used ? ", " : "",
                                 b->class_labels ? b->class_labels[i] : i);
    }
    return to;
}

/* Test rows must have the training rows' form, and labels the model knows. */
static tw_status check_test(const tw__parts *p, tw_error *err)
{
    const tw__block *a = p->train, *b = p->test;
    if (a->rank != b->rank || memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) != 0) {
        char have[TW__ROW_MOST_RANK * 24], want[TW__ROW_MOST_RANK * 24];
        shape_text(b, have);
        shape_text(a, want);
        return tw__fail_in(err, TW_ERR_DATA, b->name, 0, 8, "rows of %s, where the training rows are %s (%s)",
                           have, want, a->name);
    }
    char known[80];
    for (uint64_t i = 0; i < b->rows; i++)
        if (class_of(a, b->labels[i]) < 0)
            return tw__fail_in(err, TW_ERR_DATA, p->test_labels, 0, (int64_t)(8 + i),
                               "label %d of row %llu is not among the training labels, %s (%d class%s)",
                               b->labels[i], (unsigned long long)i,
                               classes_text(a, NULL, known, sizeof known), a->classes,
                               a->classes == 1 ? "" : "es");
    return set_classes(p->test, a->class_labels, a->classes, err);
}

/* Says which classes no training row has: nothing can be learnt of them. */
static tw_status warn_of_untrained(const tw__parts *p, uint64_t front, uint64_t back, tw_error *err)
{
    const tw__block *b = p->train;
    uint8_t *where = NULL;
    int32_t none = 0, held = 0;
    char text[80];
    if (!b->labels) return TW_OK;
    TW_TRY(tw__alloc(b->ctx, &where, (size_t)b->classes, 1, err));
    for (uint64_t i = 0; i < front; i++) where[class_of(b, b->labels[i])] = 1;
    for (uint64_t i = b->rows - back; i < b->rows; i++) {
        const int32_t class = class_of(b, b->labels[i]);
        if (where[class] == 0) where[class] = 2;
    }
    for (int32_t i = 0; i < b->classes; i++) {
        none += where[i] != 1;
        held += where[i] == 2;
    }
    if (none)
        tw__log(b->ctx, TW_LOG_WARNING, "%d of %d classes have no row among the %llu to train on: %s%s", none,
                b->classes, (unsigned long long)front, classes_text(b, where, text, sizeof text),
                held ? "; validation rows have such labels" : "");
    tw__free(b->ctx, where, (size_t)b->classes, 1);
    return TW_OK;
}

static tw_status cut_train(const tw__parts *p, double val, uint64_t limit, tw_data **train, tw_data **val_out,
                           tw_error *err)
{
    uint64_t all = p->train->rows, back = (uint64_t)floor((double)all * val + 0.5), front = all - back;
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
    if (p->train && p->test && p->test->labels) TW_TRY(check_test(p, err));
    tw_status s =
        p->train ? cut_train(p, val, limit, train ? &cut[0] : NULL, val_out ? &cut[1] : NULL, err) : TW_OK;
    if (s == TW_OK && p->test && test) s = tw__data_cut(test, p->test, 0, p->test->rows, err);
    if (s != TW_OK) {
        tw_data_free(cut[0]);
        tw_data_free(cut[1]);
        return s;
    }
    if (train) *train = cut[0];
    if (val_out) *val_out = cut[1];
    return TW_OK;
}
