/* Folds for cross-validation: which of K parts each row is in.
 * SPDX-License-Identifier: MIT */
#include "base/random.h"
#include "data/data.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row with its class or group, and its place in the draw. */
typedef struct drawn {
    uint64_t part, place, row;
} drawn;

/* A group: where its rows begin among those drawn, and how many there are. */
typedef struct group {
    uint64_t first, rows;
} group;

static int compare_drawn(const void *a, const void *b)
{
    const drawn *x = a, *y = b;
    if (x->part != y->part) return x->part < y->part ? -1 : 1;
    if (x->place != y->place) return x->place < y->place ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* The largest first; equal ones as they were drawn. */
static int compare_groups(const void *a, const void *b)
{
    const group *x = a, *y = b;
    if (x->rows != y->rows) return x->rows > y->rows ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static void draw(drawn *d, const tw_data_info *r, uint64_t seed)
{
    enum { ROWS = 2, GROUPS = 3 }; /* 0 and 1 draw the rows kept for validation */
    for (uint64_t i = 0; i < r->rows; i++) {
        d[i].row = i;
        d[i].place = r->groups ? r->groups[i] : tw__random_bits(seed, TW__FOR_VALIDATION, ROWS, i);
        d[i].part = r->groups   ? tw__random_bits(seed, TW__FOR_VALIDATION, GROUPS, r->groups[i])
                    : r->labels ? (uint64_t)r->labels[i]
                                : 0;
    }
    qsort(d, r->rows, sizeof *d, compare_drawn);
}

/* ---- by class ------------------------------------------------------------------------------------------ */

static tw_status too_few(const tw_data_info *r, uint64_t label, uint64_t rows, uint64_t folds, tw_error *err)
{
    char name[64] = "";
    if (r->labels && r->class_names)
        snprintf(name, sizeof name, " of class \"%.40s\"", r->class_names[label]);
    else if (r->labels) snprintf(name, sizeof name, " of class %llu", (unsigned long long)label);
    return tw__fail(err, TW_ERR_SPEC, "%llu folds need as many rows%s, and %.200s has %llu",
                    (unsigned long long)folds, name, r->name, (unsigned long long)rows);
}

/* Dealt out one by one, class after class: neither classes nor folds differ by more than a row. */
static tw_status deal_rows(const drawn *d, const tw_data_info *r, uint64_t folds, uint32_t *fold,
                           tw_error *err)
{
    uint64_t end;
    for (uint64_t first = 0; first < r->rows; first = end) {
        for (end = first; end < r->rows && d[end].part == d[first].part; end++)
            fold[d[end].row] = (uint32_t)(end % folds);
        if (end - first < folds) return too_few(r, d[first].part, end - first, folds, err);
    }
    return TW_OK;
}

/* ---- by group ------------------------------------------------------------------------------------------ */

static uint64_t smallest(const uint64_t *rows, uint64_t folds)
{
    uint64_t least = 0;
    for (uint64_t k = 1; k < folds; k++)
        if (rows[k] < rows[least]) least = k;
    return least;
}

static uint64_t find_groups(const drawn *d, uint64_t n, group *groups)
{
    uint64_t found = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (i == 0 || d[i].part != d[i - 1].part || d[i].place != d[i - 1].place)
            groups[found++] = (group){.first = i};
        groups[found - 1].rows++;
    }
    return found;
}

/* The largest group that is left goes to the fold with the fewest rows. */
static tw_status deal_groups(tw_context *ctx, const drawn *d, const tw_data_info *r, uint64_t folds,
                             uint32_t *fold, tw_error *err)
{
    const size_t n = (size_t)r->rows;
    group *groups;
    uint64_t *rows;
    TW_TRY(tw__alloc(ctx, &groups, n, sizeof *groups, err));
    tw_status s = tw__alloc(ctx, &rows, (size_t)folds, sizeof *rows, err);
    const uint64_t found = s == TW_OK ? find_groups(d, r->rows, groups) : 0;
    if (s == TW_OK && found < folds)
        s = tw__fail(err, TW_ERR_SPEC, "%llu folds need as many groups, and %.200s has %llu",
                     (unsigned long long)folds, r->name, (unsigned long long)found);
    if (s == TW_OK) qsort(groups, (size_t)found, sizeof *groups, compare_groups);
    for (uint64_t g = 0; s == TW_OK && g < found; g++) {
        const uint64_t k = smallest(rows, folds);
        rows[k] += groups[g].rows;
        for (uint64_t i = 0; i < groups[g].rows; i++) fold[d[groups[g].first + i].row] = (uint32_t)k;
    }
    tw__free(ctx, groups, n, sizeof *groups);
    tw__free(ctx, rows, (size_t)folds, sizeof *rows);
    return s;
}

tw_status tw_data_folds(tw_context *ctx, const tw_data *data, uint64_t folds, uint64_t seed, uint32_t *fold,
                        tw_error *err)
{
    tw_data_info r = {.size = sizeof r};
    drawn *d;
    TW_NEEDS(err, ctx && data && fold);
    TW_TRY(tw_data_info_get(data, &r, err));
    if (r.n_labels > 1)
        return tw__fail(
            err, TW_ERR_SPEC,
            "%.200s is one sequence, which cannot be cut into folds: give `val` or rows to test on", r.name);
    if (folds < 2 || folds > UINT32_MAX)
        return tw__fail(err, TW_ERR_SPEC, "%llu folds: at least 2 are needed", (unsigned long long)folds);
    if (r.rows < folds && !r.groups) return too_few(&(tw_data_info){.name = r.name}, 0, r.rows, folds, err);
    TW_TRY(tw__alloc(ctx, &d, (size_t)r.rows, sizeof *d, err));
    draw(d, &r, seed);
    const tw_status s =
        r.groups ? deal_groups(ctx, d, &r, folds, fold, err) : deal_rows(d, &r, folds, fold, err);
    tw__free(ctx, d, (size_t)r.rows, sizeof *d);
    return s;
}

tw_status tw__data_take_fold(tw_context *ctx, const tw_data *data, const uint32_t *folds, uint64_t fold,
                             int of_fold, tw_data **out, tw_error *err)
{
    const uint64_t all = tw__data_rows(data);
    uint64_t *rows, n = 0;
    TW_TRY(tw__alloc(ctx, &rows, (size_t)all, sizeof *rows, err));
    for (uint64_t i = 0; i < all; i++)
        if ((folds[i] == fold) == of_fold) rows[n++] = i;
    const tw_status status = tw_data_take(out, ctx, data, rows, n, err);
    tw__free(ctx, rows, (size_t)all, sizeof *rows);
    return status;
}
