/* Hashed columns; see hashing.h.
 * SPDX-License-Identifier: MIT */
#include "data/hashing.h"
#include "data/number.h"
#include "file/hash.h"

static uint64_t hash_of(uint64_t index)
{
    char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(index >> 8 * i);
    return tw__hash_text(bytes, sizeof bytes);
}

/* Shell's, with Ciura's gaps: in place, and rows are short. */
static void sort(double *x, uint32_t *columns, size_t n)
{
    static const size_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};
    for (size_t k = 0; k < sizeof gaps / sizeof gaps[0]; k++)
        for (size_t i = gaps[k], j; i < n; i++) {
            const double value = x[i];
            const uint32_t column = columns[i];
            for (j = i; j >= gaps[k] && columns[j - gaps[k]] > column; j -= gaps[k]) {
                x[j] = x[j - gaps[k]];
                columns[j] = columns[j - gaps[k]];
            }
            x[j] = value;
            columns[j] = column;
        }
}

size_t tw__hash_columns(double *x, uint32_t *columns, size_t n, unsigned bits)
{
    size_t to = 0, end;
    for (size_t i = 0; i < n; i++) {
        const uint64_t hash = hash_of(columns[i]);
        columns[i] = (uint32_t)(hash & (((uint64_t)1 << bits) - 1));
        if (hash >> 63) x[i] = -x[i];
    }
    sort(x, columns, n);
    for (size_t i = 0; i < n; i = end) {
        double sum = x[i];
        for (end = i + 1; end < n && columns[end] == columns[i]; end++) sum += x[end];
        x[to] = sum;
        columns[to] = columns[i];
        to += !tw__is_zero(sum);
    }
    return to;
}
