/* Data in memory: blocks, the views cut from them, and what tw_data shows of itself.
 * SPDX-License-Identifier: MIT */
#include "data/data.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

struct tw_data {
    tw__block *block;
    uint64_t first, rows;
    int32_t classes;
    char fingerprint[TW__HASH_DIGITS + 1];
};

static int32_t classes_of(const int32_t *labels, uint64_t rows)
{
    int32_t most = -1;
    for (uint64_t i = 0; labels && i < rows; i++) most = labels[i] > most ? labels[i] : most;
    return most + 1;
}

tw_status tw__block_create(tw__block **out, tw_context *ctx, tw_type type, uint64_t rows, int rank, const int64_t *shape, uint8_t *x, int32_t *labels,
                           const char *name, tw_error *err)
{
    size_t row_bytes = 0;
    tw__block *b = NULL;
    *out = NULL;
    (void)(tw__size_of_shape(rank, shape, &row_bytes) && tw__size_mul(row_bytes, tw_type_size(type), &row_bytes)); /* x exists, so it fits */
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
    b->classes = classes_of(labels, rows);
    *out = b;
    return TW_OK;
}

void tw__block_release(tw__block *b)
{
    if (!b || atomic_fetch_sub(&b->references, 1) > 1) return;
    tw_context *ctx = b->ctx;
    tw__free(ctx, b->x, (size_t)b->rows, b->row_bytes);
    tw__free(ctx, b->labels, (size_t)b->rows, sizeof *b->labels);
    tw__free_text(ctx, b->name);
    tw__free(ctx, b, 1, sizeof *b);
}

void tw__block_drop_labels(tw__block *b)
{
    if (!b) return;
    tw__free(b->ctx, b->labels, (size_t)b->rows, sizeof *b->labels);
    b->labels = NULL;
    b->classes = 0;
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

tw_status tw__data_cut(tw_data **out, tw__block *block, uint64_t first, uint64_t rows, int32_t classes, tw_error *err)
{
    tw_data *d;
    *out = NULL;
    TW_TRY(tw__alloc(block->ctx, &d, 1, sizeof *d, err));
    atomic_fetch_add(&block->references, 1);
    d->block = block;
    d->first = first;
    d->rows = rows;
    d->classes = classes;
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
    tw_data_info all = {.rows = data->rows, .rank = b->rank, .type = b->type, .x = b->x + data->first * b->row_bytes,
                           .labels = b->labels ? b->labels + data->first : NULL, .classes = data->classes, .name = b->name,
                           .fingerprint = data->fingerprint};
    memcpy(all.shape, b->shape, (size_t)b->rank * sizeof *b->shape);
    return tw__sized_write(info, &all, sizeof all, "tw_data_info", err);
}

static tw_status check_rows(tw_type type, const void *x, uint64_t rows, size_t width, const int32_t *labels, tw_error *err)
{
    for (uint64_t i = 0; labels && i < rows; i++) {
        if (labels[i] < 0) return tw__fail(err, TW_ERR_DATA, "label %d of row %llu is negative", labels[i], (unsigned long long)i);
        if (labels[i] == INT32_MAX) return tw__fail(err, TW_ERR_DATA, "label %d of row %llu is too large", labels[i], (unsigned long long)i);
    }
    const float *f = x;
    for (size_t i = 0; type == TW_F32 && i < (size_t)rows * width; i++)
        if (!isfinite(f[i])) return tw__fail(err, TW_ERR_DATA, "value %zu of row %zu is not finite", i % width, i / width);
    return TW_OK;
}

tw_status tw_data_create(tw_data **out, tw_context *ctx, tw_type type, uint64_t rows, int rank, const int64_t *shape, const void *x, const int32_t *labels,
                         tw_error *err)
{
    size_t width, values, bytes;
    uint8_t *copy = NULL;
    int32_t *label_copy = NULL;
    tw__block *block;
    *out = NULL;
    if (type != TW_U8 && type != TW_F32) return tw__fail(err, TW_ERR_SPEC, "rows of type %s; u8 and f32 can be learnt from", tw_type_name(type));
    if (rank < 1 || rank > TW__ROW_MOST_RANK) return tw__fail(err, TW_ERR_SPEC, "rank %d of a row is outside [1, %d]", rank, TW__ROW_MOST_RANK);
    if (rows == 0) return tw__fail(err, TW_ERR_DATA, "no rows");
    if (!tw__size_of_shape(rank, shape, &width) || rows > SIZE_MAX || !tw__size_mul(width, (size_t)rows, &values) ||
        !tw__size_mul(values, tw_type_size(type), &bytes))
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
    tw_status s = tw__data_cut(out, block, 0, rows, block->classes, err);
    tw__block_release(block);
    return s;
}

/* "28x28" */
static void shape_text(const tw__block *b, char to[TW__ROW_MOST_RANK * 24])
{
    int n = 0;
    for (int i = 0; i < b->rank; i++) n += snprintf(to + n, (size_t)(TW__ROW_MOST_RANK * 24 - n), i ? "x%lld" : "%lld", (long long)b->shape[i]);
}

/* Test rows must have the training rows' form, and labels the model knows. */
static tw_status check_test(const tw__parts *p, tw_error *err)
{
    const tw__block *a = p->train, *b = p->test;
    if (a->rank != b->rank || memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) != 0) {
        char have[TW__ROW_MOST_RANK * 24], want[TW__ROW_MOST_RANK * 24];
        shape_text(b, have);
        shape_text(a, want);
        return tw__fail_in(err, TW_ERR_DATA, b->name, 0, 8, "rows of %s, where the training rows are %s (%s)", have, want, a->name);
    }
    for (uint64_t i = 0; i < b->rows; i++)
        if (b->labels[i] >= a->classes)
            return tw__fail_in(err, TW_ERR_DATA, p->test_labels, 0, (int64_t)(8 + i),
                               "label %d of row %llu is not among the training labels, 0 to %d (%d classes)", b->labels[i], (unsigned long long)i, a->classes - 1, a->classes);
    return TW_OK;
}

static tw_status cut_train(const tw__parts *p, double val, uint64_t limit, tw_data **train, tw_data **val_out, tw_error *err)
{
    uint64_t all = p->train->rows, back = (uint64_t)floor((double)all * val + 0.5), front = all - back;
    if (val > 0 && (back == 0 || front == 0))
        return tw__fail(err, TW_ERR_SPEC, "val = %g of %llu rows leaves %llu to train on and %llu to validate", val, (unsigned long long)all,
                        (unsigned long long)front, (unsigned long long)back);
    if (val_out && back > 0) TW_TRY(tw__data_cut(val_out, p->train, front, back, p->train->classes, err));
    if (limit > 0 && limit < front) front = limit;
    return train ? tw__data_cut(train, p->train, 0, front, p->train->classes, err) : TW_OK;
}

tw_status tw__data_split(const tw__parts *p, double val, uint64_t limit, tw_data **train, tw_data **val_out, tw_data **test, tw_error *err)
{
    tw_data *cut[2] = {NULL, NULL};
    if (p->train && p->test && p->test->labels) TW_TRY(check_test(p, err));
    tw_status s = p->train ? cut_train(p, val, limit, train ? &cut[0] : NULL, val_out ? &cut[1] : NULL, err) : TW_OK;
    if (s == TW_OK && p->test && test) s = tw__data_cut(test, p->test, 0, p->test->rows, p->train ? p->train->classes : p->test->classes, err);
    if (s != TW_OK) {
        tw_data_free(cut[0]);
        tw_data_free(cut[1]);
        return s;
    }
    if (train) *train = cut[0];
    if (val_out) *val_out = cut[1];
    return TW_OK;
}
