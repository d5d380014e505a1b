/* Rows that their views share, and their classes.
 * SPDX-License-Identifier: MIT */
#include "data/data.h"
#include <stdlib.h>
#include <string.h>

size_t tw__data_width(const tw_data_info *r)
{
    size_t width = 0;
    return tw__size_of_shape(r->rank, r->shape, &width) ? width : 0;
}

/* They exist, so the product fits. */
size_t tw__data_numbers(const tw_data_info *r)
{
    return r->starts ? (size_t)r->starts[r->rows] : (size_t)r->rows * tw__data_width(r);
}

size_t tw__data_labels_of_row(const tw_data_info *r) { return r->n_labels ? r->n_labels : 1; }
size_t tw__data_labels(const tw_data_info *r) { return (size_t)r->rows * tw__data_labels_of_row(r); }

static void free_texts(tw_context *ctx, const char *const *texts, size_t n)
{
    for (size_t i = 0; texts && i < n; i++) tw__free_text(ctx, (char *)texts[i]);
    tw__free(ctx, (void *)texts, n, sizeof *texts);
}

void tw__data_free_rows(tw_context *ctx, const tw_data_info *r, const tw__mapped *mapped)
{
    const size_t rows = (size_t)r->rows, numbers = tw__data_numbers(r);
    tw__mapped_free_other(ctx, mapped, r->x, numbers, tw_type_size(r->type));
    tw__mapped_free_other(ctx, mapped, r->columns, numbers, sizeof *r->columns);
    tw__mapped_free_other(ctx, mapped, r->starts, rows + 1, sizeof *r->starts);
    tw__mapped_free_other(ctx, mapped, r->labels, tw__data_labels(r), sizeof *r->labels);
    tw__mapped_free_other(ctx, mapped, r->targets, rows * r->n_targets, sizeof *r->targets);
    tw__mapped_free_other(ctx, mapped, r->weights, rows, sizeof *r->weights);
    tw__mapped_free_other(ctx, mapped, r->groups, rows, sizeof *r->groups);
    free_texts(ctx, r->column_names, tw__data_width(r));
    free_texts(ctx, r->class_names, (size_t)r->classes);
    free_texts(ctx, r->target_names, r->n_targets);
    tw__free(ctx, (void *)r->class_labels, (size_t)r->classes, sizeof *r->class_labels);
    tw__free_text(ctx, (char *)(uintptr_t)r->schema);
}

/* ---- classes ------------------------------------------------------------------------------------------- */

static int compare_labels(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static tw_status set_classes(tw__block *b, const int32_t *labels, int32_t n, tw_error *err)
{
    int32_t *copy = NULL;
    if (n > 0 && labels && labels[n - 1] != n - 1) {
        TW_TRY(tw__alloc(b->ctx, &copy, (size_t)n, sizeof *copy, err));
        memcpy(copy, labels, (size_t)n * sizeof *copy);
    }
    tw__free(b->ctx, (void *)b->all.class_labels, (size_t)b->all.classes, sizeof *copy);
    b->all.class_labels = copy;
    b->all.classes = n;
    return TW_OK;
}

/* The classes are the labels that occur, or those that have names. */
static tw_status find_classes(tw__block *b, tw_error *err)
{
    const size_t labels = tw__data_labels(&b->all);
    int32_t *sorted, n = 0;
    if (!b->all.labels || b->all.class_names) return TW_OK;
    TW_TRY(tw__alloc(b->ctx, &sorted, labels, sizeof *sorted, err));
    memcpy(sorted, b->all.labels, labels * sizeof *sorted);
    qsort(sorted, labels, sizeof *sorted, compare_labels);
    for (size_t i = 0; i < labels; i++)
        if (i == 0 || sorted[i] != sorted[n - 1]) sorted[n++] = sorted[i];
    const tw_status s = set_classes(b, sorted, n, err);
    tw__free(b->ctx, sorted, labels, sizeof *sorted);
    return s;
}

int32_t tw__block_class(const tw__block *b, int32_t label)
{
    const tw_data_info *r = &b->all;
    if (!r->class_labels) return label < r->classes ? label : -1;
    const int32_t *at = bsearch(&label, r->class_labels, (size_t)r->classes, sizeof label, compare_labels);
    return at ? (int32_t)(at - r->class_labels) : -1;
}

tw_status tw__block_share_classes(tw__block *b, const tw__block *with, tw_error *err)
{
    return set_classes(b, with->all.class_labels, with->all.classes, err);
}

/* ---- a block ------------------------------------------------------------------------------------------- */

/* All but the mapped file. */
static void free_block(tw__block *b, const tw__mapped *mapped)
{
    tw_context *ctx = b->ctx;
    tw__data_free_rows(ctx, &b->all, mapped);
    tw__free_text(ctx, (char *)b->all.name);
    tw__free(ctx, b, 1, sizeof *b);
}

tw_status tw__block_create(tw__block **out, tw_context *ctx, const tw_data_info *rows,
                           const tw__mapped *mapped, tw_error *err)
{
    tw__block *b = NULL;
    char *name = NULL;
    *out = NULL;
    tw_status s = tw__alloc(ctx, &b, 1, sizeof *b, err);
    if (s == TW_OK) s = tw__copy_text(ctx, &name, rows->name, err);
    if (s != TW_OK) {
        tw__free(ctx, b, 1, sizeof *b);
        tw__data_free_rows(ctx, rows, mapped);
        return s;
    }
    b->ctx = ctx;
    atomic_init(&b->references, 1);
    b->all = *rows;
    b->all.name = name;
    s = find_classes(b, err);
    if (s != TW_OK) {
        free_block(b, mapped);
        return s;
    }
    if (mapped) b->mapped = *mapped;
    *out = b;
    return TW_OK;
}

tw_status tw__block_of_bytes(tw__block **out, tw_context *ctx, uint64_t rows, int rank, const int64_t *shape,
                             uint8_t *bytes, int32_t *labels, const char *name, tw_error *err)
{
    tw_data_info all = {.size = sizeof all,
                        .rows = rows,
                        .rank = rank,
                        .type = TW_U8,
                        .x = bytes,
                        .labels = labels,
                        .name = name};
    memcpy(all.shape, shape, (size_t)rank * sizeof *shape);
    return tw__block_create(out, ctx, &all, NULL, err);
}

void tw__block_release(tw__block *b)
{
    if (!b || atomic_fetch_sub(&b->references, 1) > 1) return;
    tw__mapped mapped = b->mapped;
    tw_context *ctx = b->ctx;
    free_block(b, &mapped);
    tw__mapped_free(ctx, &mapped);
}

void tw__block_drop_labels(tw__block *b)
{
    if (!b) return;
    tw__mapped_free_other(b->ctx, &b->mapped, b->all.labels, tw__data_labels(&b->all), sizeof *b->all.labels);
    *b->fingerprint = 0;
    free_texts(b->ctx, b->all.class_names, (size_t)b->all.classes);
    b->all.labels = NULL;
    b->all.n_labels = 0;
    b->all.class_names = NULL;
    (void)set_classes(b, NULL, 0, NULL);
}

tw_data_info tw__block_rows(const tw__block *b, uint64_t first, uint64_t n)
{
    tw_data_info r = b->all;
    r.rows = n;
    if (r.starts) r.starts += first;
    else r.x = (const char *)r.x + first * tw__data_width(&r) * tw_type_size(r.type);
    if (r.labels) r.labels += first * tw__data_labels_of_row(&r);
    if (r.targets) r.targets += first * r.n_targets;
    if (r.weights) r.weights += first;
    if (r.groups) r.groups += first;
    return r;
}

/* ---- hash ---------------------------------------------------------------------------------------------- */

/* A hash, and the rows that it is of. */
typedef struct hashing {
    tw__hash h;
    tw__block *block;
} hashing;

/* Part by part, so that a file that the rows are in need not be in memory. */
static void add(hashing *to, const void *from, size_t n)
{
    enum { PART = 1 << 20 };
    for (size_t i = 0, part; i < n; i += part) {
        part = n - i < PART ? n - i : PART;
        tw__hash_add(&to->h, (const char *)from + i, part);
        if (to->block) tw__mapped_touch(to->block->ctx, &to->block->mapped, part);
    }
}

/* A missing field adds nothing, so that dense rows with labels keep the hash they always had. */
static void add_optional(hashing *h, const char *name, const void *from, size_t n)
{
    if (!from) return;
    tw__hash_add(&h->h, name, strlen(name));
    add(h, from, n);
}

static void add_sparse(hashing *h, const tw_data_info *r)
{
    const uint64_t first = r->starts[0], n = r->starts[r->rows] - first;
    const size_t each = tw_type_size(r->type);
    enum { PART = 512 };
    uint64_t part[PART];
    tw__hash_add(&h->h, "sparse", strlen("sparse"));
    for (uint64_t i = 1; i <= r->rows;) {
        size_t k = 0;
        for (; k < PART && i <= r->rows; k++, i++) part[k] = r->starts[i] - first;
        tw__hash_add_numbers(&h->h, part, k);
    }
    add(h, r->columns + first, (size_t)n * sizeof *r->columns);
    add(h, (const char *)r->x + first * each, (size_t)n * each);
}

void tw__data_hash_rows(const tw_data_info *r, tw__block *block, char to[TW__HASH_DIGITS + 1])
{
    const size_t rows = (size_t)r->rows;
    hashing h = {.block = block};
    tw__hash_start(&h.h);
    tw__hash_add_number(&h.h, (uint64_t)r->type);
    tw__hash_add_number(&h.h, r->rows);
    tw__hash_add_number(&h.h, (uint64_t)r->rank);
    for (int i = 0; i < r->rank; i++) tw__hash_add_number(&h.h, (uint64_t)r->shape[i]);
    tw__hash_add_number(&h.h, r->labels != NULL);
    if (r->starts) add_sparse(&h, r);
    else add(&h, r->x, rows * tw__data_width(r) * tw_type_size(r->type));
    if (r->labels) add(&h, r->labels, tw__data_labels(r) * sizeof *r->labels);
    add_optional(&h, "targets", r->targets, rows * r->n_targets * sizeof *r->targets);
    add_optional(&h, "weights", r->weights, rows * sizeof *r->weights);
    add_optional(&h, "groups", r->groups, rows * sizeof *r->groups);
    tw__hash_hex(&h.h, to);
}
