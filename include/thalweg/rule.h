/* libthalweg. Update rules: what a rule is to the library, and how one small file becomes one.
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
typedef enum tw_option_type {
    TW_REAL = 0, TW_INT = 1, TW_FLAG = 2 /* 0 or 1 */, TW_WORD = 3,
    TW_LIST = 4,                    /* "15|40": numbers, each within the bounds; schedules only, where it stands is said in schedule.h */
    TW_FORMULA = 5                  /* a text in quotes, f(t); schedules only, at most one in a table */
} tw_option_type;
typedef struct tw_option {
    const char *name;
    tw_option_type type;
    const char *words;              /* TW_WORD: "out hat in", the value is the place in the list; TW_FORMULA: its variables; TW_REAL: words for what
                                       no number says, whose values are min - 1, min - 2, ... (nag's "convex"), or NULL; otherwise NULL */
    double initial, min, max;       /* default and bounds, both TW_REAL and TW_INT; always finite but max, which may be TW_INF */
    int open;                       /* TW_OPEN_MIN, TW_OPEN_MAX: which bounds are themselves excluded */
    const char *help;
} tw_option;
enum { TW_CLOSED = 0, TW_OPEN_MIN = 1, TW_OPEN_MAX = 2, TW_OPEN = 3 };
#define TW_INF __builtin_inf()
/* The bound `max` of an option that names a step of the run, or a number of them: one that is given beyond the run's end is refused. */
#define TW_STEPS 0x1p53

/* Another name under which an option is known; the one shown is `name`. */
typedef struct tw_alias { const char *alias, *name; } tw_alias;

/* How another library, paper or source means the rule. `keras` is Keras 3 (and tf.keras of TensorFlow 2.11 to 2.15), `keras2` Keras 2.1.3 to 2.3.1,
 * `tf2` tf.keras of TensorFlow 2.0 to 2.10. `rule` is NULL, or the rule that is really meant (momentum@torch is an sgd);
 * `defaults` are items of a spec, "eps=1e-7,eps_place=hat"; `note` says what is not standard, or wrong in the source's form, or is empty. */
typedef struct tw_dialect { const char *name, *rule, *defaults, *note; } tw_dialect;

/* State kept per weight, or of a matrix per row or column. */
typedef enum tw_start { TW_START_ZERO = 0, TW_START_OPTION = 1 /* the value of option `option` */, TW_START_WEIGHT = 2 } tw_start;
typedef enum tw_extent { TW_PER_WEIGHT = 0, TW_PER_ROW = 1, TW_PER_COLUMN = 2, TW_PER_VECTOR = 3 /* per weight of what is no matrix */ } tw_extent;
typedef struct tw_slot { const char *name; tw_start start; int option; tw_extent extent; } tw_slot;

/* State kept once, or once per tensor where the rule's sums are. */
typedef struct tw_scalar { const char *name; double initial; } tw_scalar;

/* What prepare sees. h and next: every option's value at this step and the next, in the order of the table.
 * t: this step, counted from 1 (in the view: the last step done). seed: of what the optimiser was made with and the place in its chain; with t,
 * all that noise drawn once per step may depend on, so that a resumed run draws the same. measured: the sums in settle, NULL in prepare. unit: what their
 * roots are to be multiplied by, 1 or a power of two (TW_SUMS_OF_SQUARES). */
typedef struct tw_moment { uint64_t t; const double *h, *next; double *scalars; uint64_t seed; const double *measured, *unit; } tw_moment;

/* What a kernel works on: n elements of vectors, each pointed at where it begins. */
typedef struct tw_span {
    size_t n;
    uint64_t first;                 /* the number of element 0 in the whole vector: noise is drawn by it */
    void *out;                      /* what update returns: w itself for a rule */
    const void *w, *g;              /* what update is given: weights and gradient */
    const void *at;                 /* the weights the gradient was taken at; w itself but for delayed gradients */
    void *const *slots;             /* in the order of the table; NULL where the variant keeps none */
    const void *ahead;              /* n gradient elements to be checked on the way, usually those that come next */
} tw_span;
/* Non-zero if one of span->ahead is a NaN or infinity: in the same loop the check costs nothing beside the memory traffic, while a pass of its
 * own would cost a plain sgd a quarter of its speed.  View and skip kernels look at nothing ahead and return 0. */
typedef int tw_kernel(const tw_span *span, const void *coef);
typedef tw_kernel *const tw_kernels[3];         /* base, avx2, avx512 */
/* An update or fill kernel is called for whole vectors: n times the size of a number is a multiple of this. */
enum { TW_KERNEL_BYTES = 64 };
/* The rule's sums over the span, in fixed lanes, before anything of it is changed. */
typedef void tw_measure(const tw_span *span, const void *coef, double *sums);
typedef tw_measure *const tw_measures[3];

/* A tensor as a matrix: `rows` is its first length, `columns` the product of the others; element (i, j) is at i * down + j * right of d and w,
 * which have no gaps: one of down and right is 1. */
typedef struct tw_matrix {
    void *d;                        /* the gradient, to be turned into the direction in place */
    const void *w;
    size_t rows, columns, down, right;
    int rank;                       /* with fewer than two dimensions it is one row */
    void *const *slots;             /* of this tensor */
    void *scratch;                  /* as many numbers as the rule's scratch() says; doubles fit in if that is even */
} tw_matrix;
typedef void tw_whole(const tw_matrix *m, const void *coef);
typedef tw_whole *const tw_wholes[3];

/* ELEMENT: each weight by itself. NORMS: sums are measured first. WHOLE: each tensor's gradient is first turned into a direction. */
typedef enum tw_kind { TW_ELEMENT = 0, TW_NORMS = 1, TW_WHOLE = 2 } tw_kind;
typedef enum tw_scope { TW_OVER_ALL = 0, TW_PER_TENSOR = 1 } tw_scope;      /* what sums are over, and so what coefficients and scalars belong to */
/* What it works on: a rule moves the weights by the gradient; a transform changes the gradient before, or the step or the weights after it.
 * A step transform's update is given the weights before and after the rule, a weights transform's the stored and the reported weights. */
typedef enum tw_place { TW_RULE = 0, TW_ON_GRADIENT = 1, TW_ON_STEP = 2, TW_ON_WEIGHTS = 3 } tw_place;
enum {
    TW_FULL_BATCH = 1,              /* needs the full batch: tw_optimizer_full_batch */
    TW_ZERO_IS_NOTHING = 2,         /* a gradient of 0 changes neither weight nor slots, but perhaps the sign of a weight that is 0 */
    TW_DRAWS_NOISE = 4,             /* draws a number per weight and step */
    TW_USES_POINT = 8,              /* looks at where the gradient was taken: tw_step_at */
    TW_SUMS_OF_SQUARES = 16         /* twice the weights and the gradient make four times its sums: in double they are taken of both, scaled by a power
                                       of two, where the squares are too large */
};

/* A rule or a transform. */
typedef struct tw_rule {
    size_t size;                                        /* sizeof(tw_rule) */
    const char *name, *paper, *use;                     /* use: when to take it, one sentence */
    const char *like, *defaults;                        /* NULL, or the rule that this is with other defaults (adamw is adam): then only the
                                                           texts and the dialects are here (rule_like.h) */
    /* Lines separated by newlines. "[eps_place=out, !amsgrad] line" holds only where these options have these values (tw_equation_text). */
    const char *equation;
    tw_place place;
    tw_kind kind;
    tw_scope scope;
    int n_options, n_slots, n_scalars, n_sums, n_variants;
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
    /* Once per step, in double; steps the scalars. [0] NULL: float's coefficients are double's, rounded; likewise prepare_skip's. */
    void (*prepare[2])(const tw_moment *now, void *coef);
    void (*settle[2])(const tw_moment *now, void *coef);        /* once more when the sums are known; NULL unless NORMS */
    const tw_kernels *update[2];                        /* [variant][instruction set] */
    const tw_measures *measure[2];                      /* likewise; NULL unless NORMS */
    const tw_kernels *fill[2];                          /* WHOLE: the gradient with its sign and coupled decay, into out; else NULL */
    const tw_wholes *whole[2];
    size_t (*scratch)(size_t rows, size_t columns);
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
/* Standard normal numbers for weights first .. first + n - 1 at step t: a function of these and the seed alone. */
TW_API void tw_normals(uint64_t seed, uint64_t t, uint64_t first, size_t n, double *to);

#ifdef __cplusplus
}
#endif
#endif

#if defined RULE && !defined LIKE
#include <thalweg/rule_stamp.h>
#endif
