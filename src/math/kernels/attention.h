/* Attention of one head: which times look at which.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_KERNELS_ATTENTION_H
#define TW_MATH_KERNELS_ATTENTION_H
#include <stddef.h>

/* A head's queries, keys and values: `times` lines of `width` numbers, `step` numbers apart; likewise its
 * results, `out_step` apart. */
typedef struct tw__head {
    size_t times, width, step, out_step;
    int is_causal; /* time t looks at times 0 .. t only */
    double scale;  /* of the scores */
} tw__head;

typedef struct tw__attention_kernels {
    size_t (*scratch)(const tw__head *h); /* numbers */
    /* share[t][s] = softmax over s of scale * (chain over the width of q[t] k[s]), 0 where t does not look;
     * out[t] = chain over s ascending of share[t][s] v[s] */
    void (*forward)(const tw__head *h, const void *q, const void *k, const void *v, void *share, void *out,
                    void *scratch);
    /* With dshare[t][s] = chain over the width of dout[t] v[s] and d = scale * share * (dshare - plain sum
     * over s of dshare share): dq[t] = chain over s of d[t][s] k[s], dk[s] = chain over t of d[t][s] q[t],
     * dv[s] = chain over t of share[t][s] dout[t] */
    void (*backward)(const tw__head *h, const void *q, const void *k, const void *v, const void *share,
                     const void *dout, void *dq, void *dk, void *dv, void *scratch);
} tw__attention_kernels;

#endif
