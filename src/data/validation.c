/* Which rows of a file are kept for validation: of each class the same share, drawn; rows of one group stay
 * together. They become the last ones, both parts in their old order.
 * SPDX-License-Identifier: MIT */
#include "base/random.h"
#include "data/validation.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- drawing ------------------------------------------------------------------------------------------- */

/* A row with the class or group it belongs to, and its place in the draw. */
typedef struct drawn {
    uint64_t part, place, row;
} drawn;

static int compare_drawn(const void *a, const void *b)
{
    const drawn *x = a, *y = b;
    if (x->part != y->part) return x->part < y->part ? -1 : 1;
    if (x->place != y->place) return x->place < y->place ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Of the classes, one after the other, the first rows of their draw: so many that the rows marked so far are
 * the share of the rows seen so far. */
static void mark_by_class(const drawn *d, uint64_t n, double share, uint8_t *kept)
{
    uint64_t marked = 0, end;
    for (uint64_t first = 0; first < n; first = end) {
        for (end = first; end < n && d[end].part == d[first].part; end++) continue;
        const uint64_t wanted = (uint64_t)floor((double)end * share + 0.5);
        for (uint64_t i = first; i < end && marked < wanted; i++, marked++) kept[d[i].row] = 1;
    }
}

/* Whole groups, in the order of their draw, until there are enough rows. */
static void mark_by_group(const drawn *d, uint64_t n, double share, uint8_t *kept)
{
    const uint64_t wanted = (uint64_t)floor((double)n * share + 0.5);
    uint64_t marked = 0;
    for (uint64_t i = 0; i < n && (marked < wanted || (i && d[i].part == d[i - 1].part)); i++, marked++)
        kept[d[i].row] = 1;
}

static void draw(drawn *d, const tw_data_info *r, double share, uint64_t seed, uint8_t *kept)
{
    for (uint64_t i = 0; i < r->rows; i++) {
        d[i].row = i;
        d[i].place = tw__random_bits(seed, TW__FOR_VALIDATION, 0, i);
        d[i].part = r->labels ? (uint64_t)r->labels[i] : 0;
        if (!r->groups) continue;
        d[i].part = tw__random_bits(seed, TW__FOR_VALIDATION, 1, r->groups[i]);
        d[i].place = r->groups[i];
    }
    qsort(d, r->rows, sizeof *d, compare_drawn);
    (r->groups ? mark_by_group : mark_by_class)(d, r->rows, share, kept);
}

/* ---- moving -------------------------------------------------------------------------------------------- */

/* *list: n items of `size` bytes in the new order. */
static tw_status move_items(tw__block *b, const void **list, const uint64_t *order, uint64_t n, size_t size,
                            tw_error *err)
{
    char *fresh;
    const char *old = *list;
    if (!old) return TW_OK;
    TW_TRY(tw__alloc(b->ctx, &fresh, (size_t)n, size, err));
    for (uint64_t i = 0; i < n; i++) memcpy(fresh + i * size, old + order[i] * size, size);
    tw__mapped_free_other(b->ctx, &b->mapped, old, (size_t)n, size);
    *list = fresh;
    return TW_OK;
}
#define MOVE(field, size) move_items(b, (const void **)&r->field, order, r->rows, size, err)

static tw_status move_sparse(tw__block *b, const uint64_t *order, tw_error *err)
{
    tw_context *ctx = b->ctx;
    tw_data_info *r = &b->all;
    const size_t real = tw_type_size(r->type), numbers = tw__data_numbers(r);
    uint64_t *starts;
    uint32_t *columns = NULL;
    char *x = NULL;
    TW_TRY(tw__alloc(ctx, &starts, (size_t)r->rows + 1, sizeof *starts, err));
    tw_status s = tw__alloc(ctx, &columns, numbers, sizeof *columns, err);
    if (s == TW_OK) s = tw__alloc(ctx, &x, numbers, real, err);
    if (s != TW_OK) {
        tw__free(ctx, starts, (size_t)r->rows + 1, sizeof *starts);
        tw__free(ctx, columns, numbers, sizeof *columns);
        return s;
    }
    for (uint64_t i = 0; i < r->rows; i++) {
        const uint64_t from = r->starts[order[i]], n = r->starts[order[i] + 1] - from;
        memcpy(columns + starts[i], r->columns + from, n * sizeof *columns);
        memcpy(x + starts[i] * real, (const char *)r->x + from * real, n * real);
        starts[i + 1] = starts[i] + n;
    }
    tw__mapped_free_other(ctx, &b->mapped, r->columns, numbers, sizeof *columns);
    tw__mapped_free_other(ctx, &b->mapped, r->x, numbers, real);
    tw__mapped_free_other(ctx, &b->mapped, r->starts, (size_t)r->rows + 1, sizeof *starts);
    r->columns = columns;
    r->x = x;
    r->starts = starts;
    return TW_OK;
}

static tw_status move(tw__block *b, const uint64_t *order, tw_error *err)
{
    tw_data_info *r = &b->all;
    *b->fingerprint = 0;
    TW_TRY(MOVE(labels, sizeof *r->labels));
    TW_TRY(MOVE(targets, r->n_targets * sizeof *r->targets));
    TW_TRY(MOVE(weights, sizeof *r->weights));
    TW_TRY(MOVE(groups, sizeof *r->groups));
    return r->starts ? move_sparse(b, order, err) : MOVE(x, tw__data_width(r) * tw_type_size(r->type));
}

tw_status tw__validation_last(tw__block *b, double share, uint64_t seed, uint64_t *rows, tw_error *err)
{
    const size_t n = (size_t)b->all.rows;
    drawn *d = NULL;
    uint8_t *kept = NULL;
    uint64_t *order = NULL, at = 0;
    tw_status s = tw__alloc(b->ctx, &d, n, sizeof *d, err);
    if (s == TW_OK) s = tw__alloc(b->ctx, &kept, n, sizeof *kept, err);
    if (s == TW_OK) s = tw__alloc(b->ctx, &order, n, sizeof *order, err);
    if (s == TW_OK) {
        draw(d, &b->all, share, seed, kept);
        for (int last = 0; last < 2; last++) {
            for (uint64_t i = 0; i < n; i++)
                if (kept[i] == last) order[at++] = i;
            if (!last) *rows = n - at;
        }
        s = move(b, order, err);
    }
    tw__free(b->ctx, d, n, sizeof *d);
    tw__free(b->ctx, kept, n, sizeof *kept);
    tw__free(b->ctx, order, n, sizeof *order);
    return s;
}
