/* A rule's kernel on a run of elements of any length.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "optimizer/optimizer.h"

/* As many numbers as a kernel must have at least. */
typedef union vector { float f32[TW_KERNEL_BYTES / sizeof(float)]; double f64[TW_KERNEL_BYTES / sizeof(double)]; } vector;

/* The n numbers from `from` on, in `whole`, the last of them again and again up to its end: a step of it is one that is made anyway. NULL of NULL. */
static void *fill(const tw_optimizer *opt, vector *whole, const void *numbers, size_t from, size_t n)
{
    if (!numbers) return NULL;
    if (opt->type == TW_F32)
        for (size_t i = 0; i < sizeof whole->f32 / sizeof whole->f32[0]; i++) whole->f32[i] = ((const float *)numbers)[from + (i < n ? i : n - 1)];
    else
        for (size_t i = 0; i < sizeof whole->f64 / sizeof whole->f64[0]; i++) whole->f64[i] = ((const double *)numbers)[from + (i < n ? i : n - 1)];
    return whole;
}

static int run_rest(const tw_optimizer *opt, const tw_rule *r, tw_kernel *kernel, const tw_span *span, size_t from, const void *coef)
{
    const size_t n = span->n - from, bytes = n * opt->real, start = from * opt->real;
    vector out, w, g, at, ahead, kept[TW_SLOTS_MAX];
    void *slots[TW_SLOTS_MAX];
    for (int i = 0; i < r->n_slots; i++) slots[i] = fill(opt, &kept[i], span->slots[i], from, n);
    tw_span part = {.n = sizeof out / opt->real, .first = span->first + from, .out = &out, .w = fill(opt, &w, span->w, from, n),
                    .g = fill(opt, &g, span->g, from, n), .slots = slots};
    part.at = span->at == span->w ? part.w : fill(opt, &at, span->at, from, n);
    part.ahead = span->ahead == span->g ? part.g : fill(opt, &ahead, span->ahead, from, n);
    const int bad = kernel(&part, coef);
    memcpy((char *)span->out + start, &out, bytes);
    for (int i = 0; i < r->n_slots; i++)
        if (span->slots[i]) memcpy((char *)span->slots[i] + start, &kept[i], bytes);
    return bad;
}

int tw__run_kernel(const tw_optimizer *opt, const tw_rule *r, const tw_kernels *kernels, const tw_span *span, const void *coef)
{
    tw_kernel *const kernel = (*kernels)[opt->isa];
    const size_t rest = span->n % (TW_KERNEL_BYTES / opt->real);
    tw_span whole = *span;
    whole.n -= rest;
    const int bad = whole.n ? kernel(&whole, coef) : 0;
    return rest ? run_rest(opt, r, kernel, span, whole.n, coef) || bad : bad;
}
