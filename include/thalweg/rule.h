/* libthalweg. Update rules: how to write one, and the descriptor (tw_rule) that the library sees. To use a
 * rule, name it in tw_optimizer_options.rule.
 *
 * A rule file holds, in this order: its tables as macros, `#include <thalweg/rule.h>`, struct coef,
 * prepare(), update(), and as its last line `#include TW_RULE_END`. `cc -c file.c $(pkg-config --cflags
 * thalweg)` makes `const tw_rule tw_rule_<RULE>` of it, with kernels in float and double for every
 * instruction set. examples/sgdm.c is a complete one; the head of rule_stamp.h lists everything that a rule
 * file may say. Everything below is filled in by that template; a program reads it to list rules and their
 * options (registry.h).
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_RULE_H
#define THALWEG_RULE_H
#include <thalweg/context.h>
#ifdef __cplusplus
extern "C" {
#endif

/* One row of an option table, the same for rules, schedules, estimators, controls and surfaces. */
typedef enum tw_option_type {
    TW_REAL = 0,
    TW_INT = 1,
    TW_FLAG = 2 /* 0 or 1 */,
    TW_WORD = 3,
    /* "15|40": numbers, each within the bounds; schedules only (tw_instant.lists) */
    TW_LIST = 4,
    /* a text in quotes; schedules and surfaces only, at most one in a table */
    TW_FORMULA = 5,
    /* a spec in quotes, outer="sgd:lr=1"; exchanges only, at most one in a table */
    TW_SPEC = 6
} tw_option_type;
typedef struct tw_option {
    const char *name;
    tw_option_type type;
    /* TW_WORD: "out hat in", the value is the index in this list; TW_FORMULA: its variables; TW_SPEC: its
     * default; TW_REAL: NULL, or words for what no number says, with the values min - 1, min - 2, ... (nag's
     * "convex"); otherwise NULL */
    const char *words;
    /* default and bounds of TW_REAL and TW_INT; finite, but max may be TW_INF */
    double initial, min, max;
    int open; /* TW_OPEN_MIN, TW_OPEN_MAX: bounds that are themselves excluded */
    const char *help;
} tw_option;
enum { TW_CLOSED = 0, TW_OPEN_MIN = 1, TW_OPEN_MAX = 2, TW_OPEN = 3 };
#define TW_INF __builtin_inf()
/* The `max` of an option that is a step of the run or a number of steps: a value beyond the run's end is
 * refused. */
#define TW_STEPS 0x1p53

/* Another name for the option `name`. A table of aliases ends with a NULL alias, one of dialects with a NULL
 * name; either table may be NULL. */
typedef struct tw_alias {
    const char *alias, *name;
} tw_alias;

/* What another library, paper or source means by the rule's name. `keras` is Keras 3 (and tf.keras of
 * TensorFlow 2.11 to 2.15), `keras2` Keras 2.1.3 to 2.3.1, `tf2` tf.keras of TensorFlow 2.0 to 2.10. rule:
 * NULL, or the rule that is really meant (momentum@torch is an sgd); defaults: items of a spec,
 * "eps=1e-7,eps_place=hat"; note: what is not standard, or wrong in the source, or "". */
typedef struct tw_dialect {
    const char *name, *rule, *defaults, *note;
} tw_dialect;

/* A slot: state per weight, or per row or column of a matrix. What it starts as, and how many numbers it
 * has. */
typedef enum tw_start {
    TW_START_ZERO = 0,
    TW_START_OPTION = 1 /* the value of option `option` */,
    TW_START_WEIGHT = 2
} tw_start;
typedef enum tw_extent {
    TW_PER_WEIGHT = 0,
    TW_PER_ROW = 1,
    TW_PER_COLUMN = 2,
    TW_PER_VECTOR = 3 /* per weight of tensors that are no matrix */
} tw_extent;
typedef struct tw_slot {
    const char *name;
    tw_start start;
    int option;
    tw_extent extent;
} tw_slot;

/* State that is one number, or one per tensor if the rule's sums are per tensor. */
typedef struct tw_scalar {
    const char *name;
    double initial;
} tw_scalar;

/* What prepare sees. t: this step, from 1 (for a view: the last step made). h, next: each option's value at
 * this step and the next, in the order of the table. scalars: to be stepped in place. seed: of the optimiser
 * and the rule's place in its chain; noise that is drawn once per step may depend on it and t only, so that a
 * resumed run draws the same. measured: the sums, in settle; NULL in prepare. unit: what to multiply their
 * roots by, 1 or a power of two (TW_SUMS_OF_SQUARES). */
typedef struct tw_moment {
    uint64_t t;
    const double *h, *next;
    double *scalars;
    uint64_t seed;
    const double *measured, *unit;
} tw_moment;

/* What a kernel works on: n elements of each vector. */
typedef struct tw_span {
    size_t n;
    uint64_t first;    /* index of element 0 in the whole vector, which noise depends on */
    void *out;         /* where update's results go: w itself for a rule */
    const void *w, *g; /* weights and gradient */
    /* the weights at which the gradient was taken: w itself unless the gradient is delayed */
    const void *at;
    /* in the order of the table; NULL for one that the variant does not keep */
    void *const *slots;
} tw_span;
/* Returns non-zero if one of span->g is a NaN or infinity; an update counts it as 0, so that nothing else
 * becomes one. View and skip kernels, and transforms of the step and the weights, whose g are weights, check
 * nothing and return 0. */
typedef int tw_kernel(const tw_span *span, const void *coef);
typedef tw_kernel *const tw_kernels[3]; /* for base, avx2, avx512 */
/* For update and fill kernels n times the size of a number is a multiple of this. */
enum { TW_KERNEL_BYTES = 64 };
/* The rule's sums over the span before it is changed; span->n is a multiple of TW_SUM_LANES. Adds element i
 * to lane i % TW_SUM_LANES of each sum, sum s in lanes[TW_SUM_LANES * s] and on. Returns 0 only if all of
 * span->g is finite. */
enum { TW_SUM_LANES = 16 };
typedef int tw_measure(const tw_span *span, const void *coef, double *lanes);
typedef tw_measure *const tw_measures[3];

/* A tensor as a matrix: rows is its first length, columns the product of the others; element (i, j) is at i *
 * down + j * right in d and w. There are no gaps, so one of down and right is 1. */
typedef struct tw_matrix {
    void *d; /* the gradient, to be turned into the direction in place */
    const void *w;
    size_t rows, columns, down, right;
    int rank;           /* of the tensor; below 2 it is one row */
    void *const *slots; /* of this tensor */
    /* as many numbers of the tensor's type as the rule's scratch() returns; aligned for doubles if that is
     * even */
    void *scratch;
} tw_matrix;
/* With scope TW_PER_TENSOR the coefficients are the tensor's own, and may be changed for its update. */
typedef void tw_whole(const tw_matrix *m, void *coef);
typedef tw_whole *const tw_wholes[3];

/* ELEMENT: each weight alone. NORMS: sums are measured first. WHOLE: each tensor's gradient is first turned
 * into a direction. */
typedef enum tw_kind { TW_ELEMENT = 0, TW_NORMS = 1, TW_WHOLE = 2 } tw_kind;
/* what sums, coefficients and scalars there is one of */
typedef enum tw_scope { TW_OVER_ALL = 0, TW_PER_TENSOR = 1 } tw_scope;
/* What it changes. A rule moves the weights by the gradient; a transform changes the gradient before the
 * rule, or the step or the reported weights after it. A step transform's update is given the weights before
 * and after the rule, a weights transform's the stored and the reported weights. */
typedef enum tw_place { TW_RULE = 0, TW_ON_GRADIENT = 1, TW_ON_STEP = 2, TW_ON_WEIGHTS = 3 } tw_place;
/* Traits of a rule. */
enum {
    TW_FULL_BATCH = 1, /* needs the gradient over all rows: tw_optimizer_full_batch */
    /* a gradient of 0 changes neither weight nor slots, except for the sign of a weight that is 0 */
    TW_ZERO_IS_NOTHING = 2,
    TW_DRAWS_NOISE = 4, /* draws a number per weight and step */
    TW_USES_POINT = 8,  /* uses the point at which the gradient was taken: tw_step_at */
    /* its sums are of squares: if a square is too large for a double, weights and gradient are scaled by a
     * power of two, and unit (tw_moment) undoes it */
    TW_SUMS_OF_SQUARES = 16,
    /* its weight_decay times the weight is first added to the gradient, as that of an L2 penalty is */
    TW_DECAY_IS_L2 = 32
};

/* A rule or a transform. */
typedef struct tw_rule {
    size_t size;                    /* sizeof(tw_rule) */
    const char *name, *paper, *use; /* use: when to take it, one sentence */
    /* NULL, or the rule of which this is a name with other defaults (adamw is adam): then only texts and
     * dialects are here (rule_like.h) */
    const char *like, *defaults;
    /* Lines separated by newlines. "[eps_place=out, !amsgrad] line" holds only if the options have these
     * values (tw_equation_text). */
    const char *equation;
    tw_place place;
    tw_kind kind;
    tw_scope scope;
    int n_options, n_slots, n_scalars, n_sums, n_variants;
    const tw_option *options;
    const tw_slot *slots;
    const tw_scalar *scalars;
    const tw_alias *aliases;
    const tw_dialect *dialects;
    /* why this option has no effect with these values, or NULL; may be NULL */
    const char *(*ineffective)(const double *h, int option);
    int (*variant)(const double *h); /* the body for these values: 0 .. n_variants - 1 */
    unsigned (*wanted)(int variant); /* bit i: slot i is kept */
    /* traits for these values, and so under any schedule, which only multiplies them */
    unsigned (*traits)(const double *h);
    /* From here on [0] is for float, [1] for double. */
    size_t coef_size[2];
    /* Called once per step, computes in double; steps the scalars. [0] NULL: the coefficients of float are
     * those of double, rounded; so for prepare_skip. */
    void (*prepare[2])(const tw_moment *now, void *coef);
    /* NORMS: called when the sums are known; else NULL */
    void (*settle[2])(const tw_moment *now, void *coef);
    const tw_kernels *update[2];   /* [variant][instruction set] */
    const tw_measures *measure[2]; /* NORMS: likewise; else NULL */
    /* WHOLE: the gradient with its sign and coupled decay, into out; else NULL */
    const tw_kernels *fill[2];
    const tw_wholes *whole[2];                      /* WHOLE: [variant][instruction set] */
    size_t (*scratch)(size_t rows, size_t columns); /* WHOLE: numbers of scratch that whole needs */
    void (*prepare_view[2])(const tw_moment *now, void *coef); /* NULL: the stored weights are reported */
    tw_kernel *const *view[2];                                 /* [variant] */
    /* Coefficients for what `steps` updates with a gradient of 0 do to weights and slots, in closed form;
     * `now` is the first of them, and the options have the same values in all of them and in the next. Does
     * not change the scalars. Returns 0 if there is none for these values. NULL: never one. */
    int (*prepare_skip[2])(const tw_moment *now, uint64_t steps, void *coef);
    tw_kernel *const *skip[2]; /* [variant] */
} tw_rule;

/* x^n by repeated squaring, with a relative error below n * 2^-53: the same bits on every machine, which
 * libm's pow does not promise. */
static inline double tw_pow_n(double x, uint64_t n)
{
    double result = 1;
    for (; n; n >>= 1, x *= x)
        if (n & 1) result *= x;
    return result;
}
/* x^y to 0.65 units in the last place, also the same bits on every machine */
TW_API double tw_pow(double x, double y);
/* Writes n standard normal numbers, those of weights first .. first + n - 1 at step t: a function of seed, t
 * and the weight's index alone. */
TW_API void tw_normals(uint64_t seed, uint64_t t, uint64_t first, size_t n, double *to);

#ifdef __cplusplus
}
#endif
#endif

#if defined RULE && !defined LIKE
#include <thalweg/rule_stamp.h>
#endif
