/* Update rules: what a rule is to the library, and how one small file becomes one.
 *
 * A rule file holds, in this order: its tables as macros, `#include <thalweg/rule.h>`, struct coef, prepare(), update(), and as its
 * last line `#include TW_RULE_END`.  `cc -c file.c $(pkg-config --cflags thalweg)` then makes `const tw_rule tw_rule_<RULE>` with
 * kernels in float and double for every instruction set.  examples/sgdm.c is the shortest complete one; rule_stamp.h explains the rest.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_RULE_H
#define THALWEG_RULE_H
#include <thalweg/context.h>
#ifdef __cplusplus
extern "C" {
#endif

/* One row of an option table, the same for rules, schedules and every other registry. */
typedef enum tw_option_type { TW_REAL = 0, TW_INT = 1, TW_FLAG = 2 /* 0 or 1 */, TW_WORD = 3 } tw_option_type;
typedef struct tw_option {
    const char *name;
    tw_option_type type;
    const char *words;              /* TW_WORD: "out hat in", the value is the place in the list; otherwise NULL */
    double initial, min, max;       /* default and bounds, both TW_REAL and TW_INT; always finite but max, which may be TW_INF */
    int open;                       /* TW_OPEN_MIN, TW_OPEN_MAX: which bounds are themselves excluded */
    const char *help;
} tw_option;
enum { TW_CLOSED = 0, TW_OPEN_MIN = 1, TW_OPEN_MAX = 2, TW_OPEN = 3 };
#define TW_INF __builtin_inf()

/* Another name under which an option is known; the one shown is `name`. */
typedef struct tw_alias { const char *alias, *name; } tw_alias;

/* How another library, paper or source means the rule. `rule` is NULL, or the rule that is really meant (momentum@torch is an sgd);
 * `defaults` are items of a spec, "eps=1e-7,eps_place=hat". */
typedef struct tw_dialect { const char *name, *rule, *defaults; } tw_dialect;

/* State kept per weight. */
typedef enum tw_start { TW_START_ZERO = 0, TW_START_OPTION = 1 /* the value of option `option` */, TW_START_WEIGHT = 2 } tw_start;
typedef struct tw_slot { const char *name; tw_start start; int option; } tw_slot;

/* State kept once. */
typedef struct tw_scalar { const char *name; double initial; } tw_scalar;

/* What prepare sees. h and next: every option's value at this step and the next, in the order of the table.
 * t: this step, counted from 1 (in the view: the last step done). seed: what the optimiser was made with; with t, all that noise drawn once
 * per step may depend on, so that a resumed run draws the same. */
typedef struct tw_moment { uint64_t t; const double *h, *next; double *scalars; uint64_t seed; } tw_moment;

/* What a kernel works on: elements lo .. hi-1 of vectors whose element 0 is pointed at. */
typedef struct tw_span {
    size_t lo, hi;
    void *w;                        /* weights, written in place; in a view kernel the reported weights */
    const void *g;                  /* gradient; in a view kernel the stored weights; in a skip kernel unused */
    void *const *slots;             /* in the order of the table; NULL where the variant keeps none */
    const void *ahead;              /* hi - lo gradient elements to be checked on the way, usually those that come next */
} tw_span;
/* Non-zero if one of span->ahead is a NaN or infinity: in the same loop the check costs nothing beside the memory traffic, while a pass of its
 * own would cost a plain sgd a quarter of its speed.  View and skip kernels look at nothing ahead and return 0. */
typedef int tw_kernel(const tw_span *span, const void *coef);
typedef tw_kernel *const tw_kernels[3];         /* base, avx2, avx512 */

/* ELEMENT: each weight by itself. NORMS needs sums over tensors first, WHOLE the matrix; this version runs ELEMENT. */
typedef enum tw_kind { TW_ELEMENT = 0, TW_NORMS = 1, TW_WHOLE = 2 } tw_kind;
enum {
    TW_FULL_BATCH = 1,              /* makes no sense on samples: tw_optimizer_full_batch */
    TW_ZERO_IS_NOTHING = 2          /* a gradient of 0 changes neither weight nor slots, but perhaps the sign of a weight that is 0 */
};

typedef struct tw_rule {
    size_t size;                                        /* sizeof(tw_rule) */
    const char *name, *paper, *equation;                /* equation: lines separated by newlines */
    tw_kind kind;
    int n_options, n_slots, n_scalars, n_variants;
    const tw_option *options;
    const tw_slot *slots;
    const tw_scalar *scalars;
    const tw_alias *aliases;                            /* ends with a NULL alias; may be NULL */
    const tw_dialect *dialects;                         /* ends with a NULL name; may be NULL */
    const char *(*ineffective)(const double *h, int option);    /* why this option cannot matter with these values, or NULL; may be NULL */
    int (*variant)(const double *h);                    /* which body fits these values: 0 .. n_variants - 1 */
    unsigned (*wanted)(int variant);                    /* bit i: slot i is kept */
    unsigned (*traits)(const double *h);                /* what holds with these values, and so under any schedule, which only multiplies */
    /* By precision, [0] float and [1] double. */
    size_t coef_size[2];
    void (*prepare[2])(const tw_moment *now, void *coef);       /* once per step, in double; steps the scalars */
    const tw_kernels *update[2];                        /* [variant][instruction set] */
    void (*prepare_view[2])(const tw_moment *now, void *coef);  /* NULL: the stored weights are the ones to report */
    tw_kernel *const *view[2];                          /* [variant] */
    /* What `steps` updates with a gradient of 0 do to weights and slots, in closed form; now is the first of them, and every option has the
     * same value in all of them and after.  Leaves the scalars alone.  Returns 0 if there is none for these values.  NULL: for no values. */
    int (*prepare_skip[2])(const tw_moment *now, uint64_t steps, void *coef);
    tw_kernel *const *skip[2];                          /* [variant] */
} tw_rule;

/* x^n by repeated squaring (relative error below n * 2^-53), and x^y to 0.65 units in the last place: the same bits everywhere, which libm's pow
 * does not promise. */
static inline double tw_pow_n(double x, uint64_t n)
{
    double result = 1;
    for (; n; n >>= 1, x *= x)
        if (n & 1) result *= x;
    return result;
}
TW_API double tw_pow(double x, double y);

#ifdef __cplusplus
}
#endif
#endif

#ifdef RULE
#include <thalweg/rule_stamp.h>
#endif
