/* Adding gradients that are lists; see sum.h.
 * SPDX-License-Identifier: MIT */
#include "exchange/sum.h"
#include <string.h>

/* ---- lists --------------------------------------------------------------------------------------------- */

tw_status tw__list_reserve(tw_context *ctx, tw_sparse_sum *list, size_t most, size_t real, tw_error *err)
{
    if (most <= list->most) return TW_OK;
    tw__list_free(ctx, list, real);
    list->most = most;
    tw_status s = tw__alloc(ctx, &list->index, most, sizeof *list->index, err);
    if (s == TW_OK) s = tw__alloc(ctx, &list->value, most, real, err);
    if (s != TW_OK) tw__list_free(ctx, list, real);
    return s;
}

void tw__list_free(tw_context *ctx, tw_sparse_sum *list, size_t real)
{
    tw__free(ctx, list->index, list->most, sizeof *list->index);
    tw__free(ctx, list->value, list->most, real);
    *list = (tw_sparse_sum){0};
}

tw_status tw__list_copy(tw_context *ctx, tw_sparse_sum *to, const tw_sparse_sum *from, size_t most,
                        size_t real, tw_error *err)
{
    TW_TRY(tw__list_reserve(ctx, to, most, real, err));
    to->n = from->n;
    if (from->n == 0) return TW_OK;
    memcpy(to->index, from->index, from->n * sizeof *from->index);
    memcpy(to->value, from->value, from->n * real);
    return TW_OK;
}

size_t tw__list_place(const tw_sparse_sum *list, size_t index)
{
    size_t a = 0, b = list->n;
    while (a < b) {
        const size_t middle = a + (b - a) / 2;
        if (list->index[middle] < index) a = middle + 1;
        else b = middle;
    }
    return a;
}

/* Adding from the back, `to` takes no second place: what is still to be read stands before what is written.
 * The indices in both leave a gap in front. A number that one list lacks is 0, and is added: that turns a
 * number below the least normal one into 0, as it does in a vector, and saves a branch on what stands
 * where. */
#define LISTS(real, bits, t)                                                                 \
    static void drop_minus_zero_##t(size_t n, real *x)                                       \
    {                                                                                        \
        for (size_t i = 0; i < n; i++) {                                                     \
            bits b;                                                                          \
            memcpy(&b, &x[i], sizeof b);                                                     \
            if (b == (bits)1 << (8 * sizeof b - 1)) x[i] = 0;                                \
        }                                                                                    \
    }                                                                                        \
    static void add_##t(tw_sparse_sum *to, const tw_sparse_sum *from)                        \
    {                                                                                        \
        real *x = to->value;                                                                 \
        const real *y = from->value;                                                         \
        size_t i = to->n, j = from->n, at = i + j;                                           \
        while (i > 0 && j > 0) {                                                             \
            const uint32_t a = to->index[i - 1], b = from->index[j - 1];                     \
            const real pair[2][2] = {{0, x[i - 1]}, {0, y[j - 1]}};                          \
            to->index[--at] = a > b ? a : b;                                                 \
            x[at] = pair[0][a >= b] + pair[1][b >= a];                                       \
            i -= a >= b;                                                                     \
            j -= b >= a;                                                                     \
        }                                                                                    \
        for (size_t k = 0; k < i; k++) x[k] += 0;                                            \
        for (; j > 0; j--) {                                                                 \
            to->index[--at] = from->index[j - 1];                                            \
            x[at] = y[j - 1] + 0;                                                            \
        }                                                                                    \
        const size_t moved = to->n + from->n - at;                                           \
        if (at > i) {                                                                        \
            memmove(to->index + i, to->index + at, moved * sizeof *to->index);               \
            memmove(x + i, x + at, moved * sizeof *x);                                       \
        }                                                                                    \
        to->n = i + moved;                                                                   \
    }                                                                                        \
    static void spread_##t(const tw_sparse_sum *list, size_t lo, size_t hi, real *vector)    \
    {                                                                                        \
        const real *x = list->value;                                                         \
        for (size_t i = tw__list_place(list, lo); i < list->n && list->index[i] < hi; i++)   \
            vector[list->index[i] - lo] = x[i];                                              \
    }                                                                                        \
    static void add_to_vector_##t(const tw_sparse_sum *list, size_t n_weights, real *vector) \
    {                                                                                        \
        const real *x = list->value;                                                         \
        size_t k = 0;                                                                        \
        for (size_t i = 0; i < list->n; i++, k++) {                                          \
            for (; k < list->index[i]; k++) vector[k] += 0;                                  \
            vector[k] += x[i];                                                               \
        }                                                                                    \
        for (; k < n_weights; k++) vector[k] += 0;                                           \
    }

LISTS(float, uint32_t, f32)
LISTS(double, uint64_t, f64)

int tw__list_accept(tw_sparse_sum *list, tw_type type, size_t n_weights)
{
    if (list->n > list->most) return 0;
    for (size_t i = 0; i < list->n; i++)
        if (list->index[i] >= n_weights || (i && list->index[i] <= list->index[i - 1])) return 0;
    TW__FOR_TYPE(type, drop_minus_zero, list->n, list->value);
    return 1;
}

void tw__list_add(tw_sparse_sum *to, const tw_sparse_sum *from, tw_type type)
{
    TW__FOR_TYPE(type, add, to, from);
}

void tw__list_spread(const tw_sparse_sum *list, tw_type type, size_t lo, size_t hi, void *vector)
{
    TW__FOR_TYPE(type, spread, list, lo, hi, vector);
}

/* ---- sums ---------------------------------------------------------------------------------------------- */

void tw__sum_spread(tw__sum *sum, tw_type type, size_t n_weights)
{
    if (!sum->is_list) return;
    memset(sum->dense, 0, n_weights * tw_type_size(type));
    tw__list_spread(sum->list, type, 0, n_weights, sum->dense);
    sum->is_list = 0;
}

void tw__sum_add(tw__sum *to, const tw__sum *from, const tw__kernels *k, tw_type type, size_t n_weights)
{
    if (to->is_list) tw__list_add(to->list, from->list, type);
    else if (from->is_list) TW__FOR_TYPE(type, add_to_vector, from->list, n_weights, to->dense);
    else k->add(n_weights, to->dense, from->dense);
}

void tw__lists_add(const tw__sum *sums, size_t n, tw_type type)
{
    for (size_t stride = 1; stride < n; stride *= 2)
        for (size_t j = 0; j + stride < n; j += 2 * stride)
            tw__list_add(sums[j].list, sums[j + stride].list, type);
}

void tw__batch_tree_add(double *rows, size_t count, size_t n)
{
    for (size_t stride = 1; stride < count; stride *= 2)
        for (size_t i = 0; i + stride < count; i += 2 * stride)
            for (size_t j = 0; j < n; j++) rows[i * n + j] += rows[(i + stride) * n + j];
}

/* ---- indices ------------------------------------------------------------------------------------------- */

enum { DIGIT = 11, DIGITS = 3, VALUES = 1 << DIGIT };

/* By one digit: stable, so that three passes from the lowest sort. */
static void sort_digit(size_t n, const uint32_t *from, uint32_t *to, int shift)
{
    size_t start[VALUES + 1] = {0};
    for (size_t i = 0; i < n; i++) start[(from[i] >> shift & (VALUES - 1)) + 1]++;
    for (size_t i = 0; i < VALUES; i++) start[i + 1] += start[i];
    for (size_t i = 0; i < n; i++) to[start[from[i] >> shift & (VALUES - 1)]++] = from[i];
}

size_t tw__indices_sort(size_t n, uint32_t *index, uint32_t *spare)
{
    size_t kept = 0;
    sort_digit(n, index, spare, 0);
    sort_digit(n, spare, index, DIGIT);
    sort_digit(n, index, spare, DIGIT * (DIGITS - 1));
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || spare[i] != index[kept - 1]) index[kept++] = spare[i];
    return kept;
}
