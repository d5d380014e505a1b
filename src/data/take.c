/* Some rows of a data set as another one.
 * SPDX-License-Identifier: MIT */
#include "data/data.h"
#include <string.h>

typedef struct taking {
    tw_context *ctx;
    const uint64_t *rows;
    uint64_t n;
    tw_error *err;
} taking;

/* *to: the items of the rows, `size` bytes each, or NULL as `from` is. */
static tw_status take_items(const taking *t, const void **to, const void *from, size_t size)
{
    char *fresh;
    *to = NULL;
    if (!from) return TW_OK;
    TW_TRY(tw__alloc(t->ctx, &fresh, (size_t)t->n, size, t->err));
    for (uint64_t i = 0; i < t->n; i++)
        memcpy(fresh + i * size, (const char *)from + t->rows[i] * size, size);
    *to = fresh;
    return TW_OK;
}
#define TAKE(field, size) take_items(t, (const void **)&to->field, from->field, size)

static tw_status take_sparse(const taking *t, tw_data_info *to, const tw_data_info *from)
{
    const size_t real = tw_type_size(from->type);
    uint64_t *starts;
    uint32_t *columns;
    char *x;
    TW_TRY(tw__alloc(t->ctx, &starts, (size_t)t->n + 1, sizeof *starts, t->err));
    to->starts = starts; /* with 0 numbers so far */
    uint64_t numbers = 0;
    for (uint64_t i = 0; i < t->n; i++) numbers += from->starts[t->rows[i] + 1] - from->starts[t->rows[i]];
    TW_TRY(tw__alloc(t->ctx, &columns, (size_t)numbers, sizeof *columns, t->err));
    const tw_status s = tw__alloc(t->ctx, &x, (size_t)numbers, real, t->err);
    if (s != TW_OK) {
        tw__free(t->ctx, columns, (size_t)numbers, sizeof *columns);
        return s;
    }
    for (uint64_t i = 0; i < t->n; i++) {
        const uint64_t first = from->starts[t->rows[i]], n = from->starts[t->rows[i] + 1] - first;
        memcpy(columns + starts[i], from->columns + first, n * sizeof *columns);
        memcpy(x + starts[i] * real, (const char *)from->x + first * real, n * real);
        starts[i + 1] = starts[i] + n;
    }
    to->columns = columns;
    to->x = x;
    return TW_OK;
}

static tw_status take_texts(const taking *t, const char *const **to, const char *const *from, size_t n)
{
    char **texts;
    if (!from) return TW_OK;
    TW_TRY(tw__alloc(t->ctx, &texts, n, sizeof *texts, t->err));
    *to = (const char *const *)texts;
    for (size_t i = 0; i < n; i++) TW_TRY(tw__copy_text(t->ctx, &texts[i], from[i], t->err));
    return TW_OK;
}

/* After an error what was taken is in `to`. */
static tw_status take_all(const taking *t, tw_data_info *to, const tw_data_info *from)
{
    if (from->starts) TW_TRY(take_sparse(t, to, from));
    else TW_TRY(TAKE(x, tw__data_width(from) * tw_type_size(from->type)));
    TW_TRY(TAKE(labels, tw__data_labels_of_row(from) * sizeof *from->labels));
    TW_TRY(TAKE(targets, from->n_targets * sizeof *from->targets));
    TW_TRY(TAKE(weights, sizeof *from->weights));
    TW_TRY(TAKE(groups, sizeof *from->groups));
    TW_TRY(take_texts(t, &to->column_names, from->column_names, tw__data_width(from)));
    TW_TRY(take_texts(t, &to->class_names, from->class_names, (size_t)from->classes));
    TW_TRY(take_texts(t, &to->target_names, from->target_names, from->n_targets));
    return from->schema ? tw__copy_text(t->ctx, (char **)(uintptr_t)&to->schema, from->schema, t->err)
                        : TW_OK;
}

/* The classes are those of the data set, whichever of them these rows have. */
static tw_status make(tw_data **out, const taking *t, tw_data_info *to, const tw_data_info *from)
{
    tw__block *block;
    const tw__block classes = {.all = {.class_labels = from->class_labels, .classes = from->classes}};
    TW_TRY(tw__block_create(&block, t->ctx, to, NULL, t->err));
    tw_status s = from->labels ? tw__block_share_classes(block, &classes, t->err) : TW_OK;
    if (s == TW_OK) s = tw__data_cut(out, block, 0, t->n, t->err);
    tw__block_release(block);
    return s;
}

tw_status tw_data_take(tw_data **out, tw_context *ctx, const tw_data *data, const uint64_t *rows, uint64_t n,
                       tw_error *err)
{
    TW_MAKES(err, out, ctx && data && rows);
    tw_data_info from = {.size = sizeof from};
    const taking t = {ctx, rows, n, err};
    TW_TRY(tw_data_info_get(data, &from, err));
    if (n == 0) return tw__fail(err, TW_ERR_SPEC, "no rows of %.200s are taken", from.name);
    for (uint64_t i = 0; i < n; i++)
        if (rows[i] >= from.rows)
            return tw__fail(err, TW_ERR_SPEC, "row %llu of %llu", (unsigned long long)rows[i],
                            (unsigned long long)from.rows);
    tw_data_info to = from;
    to.rows = n;
    to.x = NULL, to.labels = NULL, to.targets = NULL, to.weights = NULL, to.groups = NULL;
    to.starts = NULL, to.columns = NULL, to.column_names = NULL, to.class_names = NULL;
    to.class_labels = NULL, to.schema = NULL, to.target_names = NULL;
    if (!from.class_names) to.classes = 0;
    const tw_status s = take_all(&t, &to, &from);
    if (s == TW_OK) return make(out, &t, &to, &from);
    tw__data_free_rows(ctx, &to, NULL);
    return s;
}
