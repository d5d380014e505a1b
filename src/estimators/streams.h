/* Rows in streams, for objectives whose rows hand something on (tw_objective.carry): n rows are cut into
 * `streams` pieces of neighbours, of which the first n % streams have one row more; step by step each stream
 * gives its next row.
 * SPDX-License-Identifier: MIT */
#ifndef TW_ESTIMATORS_STREAMS_H
#define TW_ESTIMATORS_STREAMS_H
#include <stddef.h>
#include <stdint.h>

/* The first row of stream s; s = streams: the end of the last. */
static inline uint64_t tw__stream_first(uint64_t n, uint64_t streams, uint64_t s)
{
    const uint64_t longer = n % streams;
    return s * (n / streams) + (s < longer ? s : longer);
}

static inline uint64_t tw__stream_steps(uint64_t n, uint64_t streams) { return (n + streams - 1) / streams; }

/* The rows of a step into `rows`, in the order of their streams; how many there are: at the last step perhaps
 * fewer than streams. */
static inline size_t tw__stream_rows(uint64_t n, uint64_t streams, uint64_t step, uint64_t *rows)
{
    const uint64_t here = step < n / streams ? streams : n % streams;
    for (uint64_t s = 0; s < here; s++) rows[s] = tw__stream_first(n, streams, s) + step;
    return (size_t)here;
}
#endif
