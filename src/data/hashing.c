/* Hashed columns; see hashing.h.
 * SPDX-License-Identifier: MIT */
#include "data/hashing.h"
#include "data/number.h"
#include "file/hash.h"

uint32_t tw__hash_column(const char *text, size_t n, unsigned bits, double *sign)
{
    const uint64_t hash = tw__hash_text(text, n);
    *sign = hash >> 63 ? -1 : 1;
    return (uint32_t)(hash & (((uint64_t)1 << bits) - 1));
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

size_t tw__merge_columns(double *x, uint32_t *columns, size_t n)
{
    size_t to = 0, end;
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

size_t tw__hash_columns(double *x, uint32_t *columns, size_t n, unsigned bits)
{
    for (size_t i = 0; i < n; i++) {
        char bytes[8];
        double sign;
        for (size_t k = 0; k < sizeof bytes; k++) bytes[k] = (char)((uint64_t)columns[i] >> 8 * k);
        columns[i] = tw__hash_column(bytes, sizeof bytes, bits, &sign);
        if (sign < 0) x[i] = -x[i];
    }
    return tw__merge_columns(x, columns, n);
}

tw_status tw__hash_bits(const tw__source *source, unsigned *bits, tw_error *err)
{
    const uint64_t given = source->options->hash_bits;
    const tw__schema *s = source->schema;
    if (given > TW__MOST_HASH_BITS)
        return tw__fail(err, TW_ERR_SPEC, "hash_bits = %llu is above %d", (unsigned long long)given,
                        TW__MOST_HASH_BITS);
    if (given && s && given != s->hash_bits)
        return tw__fail(err, TW_ERR_SPEC, "hash_bits = %llu, but those of the training rows are %u",
                        (unsigned long long)given, s->hash_bits);
    *bits = s ? s->hash_bits : (unsigned)given;
    return TW_OK;
}
