/* A rule's kernels on a run of elements of any length: they take whole vectors, so the last few elements go
 * on a copy that fills one.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "optimizer/optimizer.h"

/* As many numbers as a kernel must have at least. */
enum { MOST = TW_SUM_LANES };
typedef union vector {
    float f32[MOST];
    double f64[MOST];
} vector;

/* The last elements of a span, and the span over them. */
typedef struct rest {
    vector out, w, g, at, kept[TW_SLOTS_MAX];
    void *slots[TW_SLOTS_MAX];
    tw_span span;
} rest;

/* The n numbers from `from` on, in `whole`, the last of them again and again up to its end: a step of it is
 * one that is made anyway. NULL of NULL. */
static void *fill(const tw_optimizer *opt, vector *whole, const void *numbers, size_t from, size_t n)
{
    if (!numbers) return NULL;
    if (opt->type == TW_F32)
        for (size_t i = 0; i < MOST; i++)
            whole->f32[i] = ((const float *)numbers)[from + (i < n ? i : n - 1)];
    else
        for (size_t i = 0; i < MOST; i++)
            whole->f64[i] = ((const double *)numbers)[from + (i < n ? i : n - 1)];
    return whole;
}

/* Those of span from `from` on, `length` with the repeated ones. */
static void take_rest(const tw_optimizer *opt, const tw_rule *r, const tw_span *span, size_t from,
                      size_t length, rest *to)
{
    const size_t n = span->n - from;
    for (int i = 0; i < r->n_slots; i++) to->slots[i] = fill(opt, &to->kept[i], span->slots[i], from, n);
    to->span = (tw_span){.n = length,
                         .first = span->first + from,
                         .out = &to->out,
                         .w = fill(opt, &to->w, span->w, from, n),
                         .g = fill(opt, &to->g, span->g, from, n),
                         .slots = to->slots};
    to->span.at = span->at == span->w ? to->span.w : fill(opt, &to->at, span->at, from, n);
}

static int run_rest(const tw_optimizer *opt, const tw_rule *r, tw_kernel *kernel, const tw_span *span,
                    size_t from, const void *coef)
{
    const size_t bytes = (span->n - from) * opt->real, start = from * opt->real;
    rest last;
    take_rest(opt, r, span, from, TW_KERNEL_BYTES / opt->real, &last);
    const int bad = kernel(&last.span, coef);
    memcpy((char *)span->out + start, &last.out, bytes);
    for (int i = 0; i < r->n_slots; i++)
        if (span->slots[i]) memcpy((char *)span->slots[i] + start, &last.kept[i], bytes);
    return bad;
}

int tw__run_kernel(const tw_optimizer *opt, const tw_rule *r, const tw_kernels *kernels, const tw_span *span,
                   const void *coef)
{
    tw_kernel *const kernel = (*kernels)[opt->isa];
    const size_t more = span->n % (TW_KERNEL_BYTES / opt->real);
    tw_span whole = *span;
    whole.n -= more;
    const int bad = whole.n ? kernel(&whole, coef) : 0;
    return more ? run_rest(opt, r, kernel, span, whole.n, coef) || bad : bad;
}

/* In a tree: the upper half is added to the lower, until one is left. */
static double add_lanes(double *lane)
{
    for (size_t j = 0; j < 8; j++) lane[j] += lane[j + 8];
    for (size_t j = 0; j < 4; j++) lane[j] += lane[j + 4];
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

int tw__run_measure(const tw_optimizer *opt, const tw_rule *r, const tw_measures *kernels,
                    const tw_span *span, const void *coef, double *sums)
{
    tw_measure *const kernel = (*kernels)[opt->isa];
    const size_t n_sums = (size_t)r->n_sums, more = span->n % TW_SUM_LANES;
    double lanes[TW_SUMS_MAX][TW_SUM_LANES];
    tw_span whole = *span;
    whole.n -= more;
    int doubtful = kernel(&whole, coef, lanes[0]);
    if (more) {
        double lanes_of_rest[TW_SUMS_MAX][TW_SUM_LANES];
        rest last;
        take_rest(opt, r, span, whole.n, TW_SUM_LANES, &last);
        doubtful |= kernel(&last.span, coef, lanes_of_rest[0]);
        for (size_t s = 0; s < n_sums; s++)
            for (size_t j = 0; j < more; j++) lanes[s][j] += lanes_of_rest[s][j];
    }
    for (size_t s = 0; s < n_sums; s++) sums[s] = add_lanes(lanes[s]);
    return doubtful;
}
