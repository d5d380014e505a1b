/* Data sets: views of shared rows, and rows from memory.
 * SPDX-License-Identifier: MIT */
#include "data/data.h"
#include <string.h>

struct tw_data {
    tw__block *block;
    uint64_t first, rows;
    char fingerprint[TW__HASH_DIGITS + 1];
};

tw_status tw__data_cut(tw_data **out, tw__block *block, uint64_t first, uint64_t rows, tw_error *err)
{
    tw_data *d;
    *out = NULL;
    TW_TRY(tw__alloc(block->ctx, &d, 1, sizeof *d, err));
    atomic_fetch_add(&block->references, 1);
    d->block = block;
    d->first = first;
    d->rows = rows;
    const tw_data_info view = tw__block_rows(block, first, rows);
    if (rows == block->all.rows && *block->fingerprint)
        memcpy(d->fingerprint, block->fingerprint, sizeof d->fingerprint);
    else tw__data_hash_rows(&view, block, d->fingerprint);
    *out = d;
    return TW_OK;
}

tw_status tw_data_slice(tw_data **out, const tw_data *data, uint64_t first, uint64_t rows, tw_error *err)
{
    TW_MAKES(err, out, data);
    if (rows == 0 || first > data->rows || rows > data->rows - first)
        return tw__fail(err, TW_ERR_SPEC, "rows %llu to %llu of %llu", (unsigned long long)first,
                        (unsigned long long)(first + rows - 1), (unsigned long long)data->rows);
    return tw__data_cut(out, data->block, data->first + first, rows, err);
}

uint64_t tw__data_rows(const tw_data *data) { return data ? data->rows : 0; }

size_t tw__data_window(const tw_data *data) { return data->block->mapped.most; }

void tw__data_touch(const tw_data *data, size_t n)
{
    tw__mapped_touch(data->block->ctx, &data->block->mapped, n);
}

size_t tw__data_row_bytes(const tw_data_info *r, uint64_t row)
{
    const size_t each = tw_type_size(r->type), of_row = tw__data_labels_of_row(r) * sizeof *r->labels;
    if (!r->starts) return tw__data_width(r) * each + of_row;
    return (size_t)(r->starts[row + 1] - r->starts[row]) * (each + sizeof *r->columns) + sizeof *r->starts +
           of_row;
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
    TW_TRY(tw__sized_clear(info, "tw_data_info", err));
    TW_NEEDS(err, data);
    tw_data_info view = tw__block_rows(data->block, data->first, data->rows);
    view.fingerprint = data->fingerprint;
    return tw__sized_write(info, &view, sizeof view, "tw_data_info", err);
}

tw_status tw_data_check(const tw_data *data, tw_error *err)
{
    char now[TW__HASH_DIGITS + 1];
    TW_NEEDS(err, data);
    tw__block *const b = data->block;
    if (!b->mapped.bytes || !*b->fingerprint) return TW_OK;
    tw__data_hash_rows(&b->all, b, now);
    if (strcmp(now, b->fingerprint) == 0) return TW_OK;
    return tw__fail(
        err, TW_ERR_DATA,
        "%.200s: the converted rows are damaged: their hash is %s, and it was %s; convert them again",
        b->all.name, now, b->fingerprint);
}

/* ---- rows from memory ---------------------------------------------------------------------------------- */

/* *to: a copy of n things, or NULL as `from` is. */
static tw_status copy(tw_context *ctx, const void **to, const void *from, size_t n, size_t size,
                      tw_error *err)
{
    void *fresh;
    *to = NULL;
    if (!from) return TW_OK;
    TW_TRY(tw__alloc(ctx, &fresh, n, size, err));
    memcpy(fresh, from, n * size);
    *to = fresh;
    return TW_OK;
}
#define COPY(field, n) \
    copy(ctx, (const void **)&to->field, from->field, (size_t)(n), sizeof *from->field, err)

static tw_status copy_texts(tw_context *ctx, const char *const **to, const char *const *from, size_t n,
                            tw_error *err)
{
    char **texts;
    *to = NULL;
    if (!from) return TW_OK;
    TW_TRY(tw__alloc(ctx, &texts, n, sizeof *texts, err));
    *to = (const char *const *)texts;
    for (size_t i = 0; i < n; i++) TW_TRY(tw__copy_text(ctx, &texts[i], from[i], err));
    return TW_OK;
}

/* After an error what was copied is in `to`. */
static tw_status copy_rows(tw_context *ctx, tw_data_info *to, const tw_data_info *from, tw_error *err)
{
    const uint64_t rows = from->rows;
    const size_t numbers = tw__data_numbers(from);
    TW_TRY(COPY(starts, rows + 1)); /* first: it says how much is to be freed */
    TW_TRY(COPY(columns, numbers));
    TW_TRY(copy(ctx, &to->x, from->x, numbers, tw_type_size(from->type), err));
    TW_TRY(COPY(labels, tw__data_labels(from)));
    TW_TRY(COPY(targets, rows * from->n_targets));
    TW_TRY(COPY(weights, rows));
    TW_TRY(COPY(groups, rows));
    TW_TRY(copy_texts(ctx, &to->column_names, from->column_names, tw__data_width(from), err));
    TW_TRY(copy_texts(ctx, &to->class_names, from->class_names, (size_t)to->classes, err));
    TW_TRY(copy_texts(ctx, &to->target_names, from->target_names, to->n_targets, err));
    return from->schema ? tw__copy_text(ctx, (char **)(uintptr_t)&to->schema, from->schema, err) : TW_OK;
}

tw_status tw_data_create(tw_data **out, tw_context *ctx, const tw_data_info *given, tw_error *err)
{
    TW_MAKES(err, out, ctx && given);
    tw_data_info from;
    tw__block *block;
    TW_TRY(tw__sized_read(&from, sizeof from, given, "tw_data_info", err));
    if (!from.class_names) from.classes = 0;
    TW_TRY(tw__data_check_rows(&from, err));
    tw_data_info to = {.size = sizeof to,
                       .rows = from.rows,
                       .rank = from.rank,
                       .type = from.type,
                       .classes = from.classes,
                       .n_targets = from.n_targets,
                       .n_labels = from.n_labels,
                       .name = from.name ? from.name : "memory"};
    memcpy(to.shape, from.shape, (size_t)from.rank * sizeof *from.shape);
    const tw_status copied = copy_rows(ctx, &to, &from, err);
    if (copied != TW_OK) {
        tw__data_free_rows(ctx, &to, NULL);
        return copied;
    }
    TW_TRY(tw__block_create(&block, ctx, &to, NULL, err));
    const tw_status s = tw__data_cut(out, block, 0, from.rows, err);
    tw__block_release(block);
    return s;
}
