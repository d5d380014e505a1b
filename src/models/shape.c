/* Shapes of rows, and their text.
 * SPDX-License-Identifier: MIT */
#include "models/shape.h"
#include <stdio.h>
#include <stdlib.h>

/* numbers in a row */
static const size_t LARGEST = (size_t)1 << 31;

tw_status tw__shape_of_row(int rank, const int64_t *shape, tw__shape *out, tw_error *err)
{
    size_t n;
    *out = (tw__shape){.rank = rank == 1 ? 1 : 3, .n = {1, 1, 1}};
    if (rank < 1 || rank > 3)
        return tw__fail(err, TW_ERR_SPEC,
                        "rows of rank %d cannot be the input of a model (1: a vector; 2, 3: an image)", rank);
    if (!tw__size_of_shape(rank, shape, &n) || n == 0 || n > LARGEST)
        return tw__fail(err, TW_ERR_DATA, "a model takes rows of 1 to %zu numbers", LARGEST);
    for (int i = 0; i < rank; i++) out->n[i] = shape[i];
    return TW_OK;
}

size_t tw__shape_size(const tw__shape *s)
{
    size_t n = 1;
    for (int i = 0; i < s->rank; i++) n *= (size_t)s->n[i];
    return n;
}

const char *tw__shape_text(const tw__shape *s, char *to, size_t n)
{
    size_t used = 0;
    for (int i = 0; i < s->rank && used < n; i++)
        used += (size_t)snprintf(to + used, n - used, "%s%lld", i ? "x" : "", (long long)s->n[i]);
    return to;
}

int64_t tw__shape_number(const char **p)
{
    char *end;
    if (**p < '0' || **p > '9') return -1;
    const int64_t n = strtoll(*p, &end, 10);
    *p = end;
    return n;
}

int tw__shape_read(const char *text, tw__shape *out)
{
    *out = (tw__shape){.n = {1, 1, 1}};
    for (const char *p = text; out->rank < 3; p++) {
        if ((out->n[out->rank++] = tw__shape_number(&p)) < 1) return 0;
        if (*p == 0) return 1;
        if (*p != 'x') return 0;
    }
    return 0;
}
