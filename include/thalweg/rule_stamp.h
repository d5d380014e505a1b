/* libthalweg. The template that makes a rule of a rule file (rule.h). It is entered three times:
 *
 *     the file's first pass   rule.h        real is float: names, struct hyper and prototypes from the tables
 *     its last line           TW_RULE_END   is the file's own name, so the file is read once more
 *     the second pass         rule.h        stamps the float kernels; real is double
 *     its last line           TW_RULE_END   is this header: stamps the double kernels and the descriptor
 *
 * Names in a rule file (coef, update, ...) are macros that add the rule's name and the precision, so that
 * both passes share one object file.
 * SPDX-License-Identifier: MIT */

/* Tables, before rule.h is included:
 *     RULE               the name, an identifier of C; NAME where the name is none ("sgdm-cubic")
 *     PAPER, EQUATION, USE   strings: who published it, what it computes, when to use it
 *     HYPER(REAL, INT, FLAG, WORD)   at least one row:
 *                        REAL(name, default, min, max, TW_OPEN_MAX, help [, "words"]), FLAG(name, default, help),
 *                        INT(name, default, min, max, help), WORD(name, index of the default, "words", help)
 *     SLOTS(SLOT)        rows SLOT(name, start, when it is kept: an expression in `variant`); start: TW_ZERO,
 *                        TW_OPTION(name), TW_WEIGHT; in a WHOLE rule also TW_ROWS, TW_COLUMNS (of a matrix),
 *                        TW_VECTORS (of other tensors), from 0
 * And if needed:
 *     SCALARS(SCALAR)    rows SCALAR(name, initial)
 *     NEEDS(NEED)        rows NEED(option, condition on h, reason)
 *     ALIASES(ALIAS)     rows ALIAS(another name, option)
 *     DIALECTS(DIALECT)  rows DIALECT(name, NULL or another rule, "items of a spec", note)
 *     VARIANTS n         bodies, of which choose() takes one
 *     PLAIN(variant)     true for bodies that are chosen only without DECAY and need not compute it
 *     TRAITS             an expression in h
 *     DECAY              TW_DECAY_ANY (with WD_MODE, the index of its default), TW_DECAY_COUPLED, or _OWN
 *     VIEW, SKIP, NOISE, POINT   the rule has the function or the argument below
 *     NARROW             one instruction set is enough
 *     AVX512             a body for it is measurably faster (bench step --shape cnn)
 *     WIDE               whole() gains from wider instruction sets
 *     SUMS(SUM)          rows SUM(name): measured in a first pass, SCOPE TW_OVER_ALL or TW_PER_TENSOR
 *     SCRATCH(rows, columns)   each tensor's gradient is first turned into a direction, with so much scratch
 *     PLACE              TW_ON_GRADIENT, TW_ON_STEP, TW_ON_WEIGHTS: a transform (rule.h)
 * An option in a slot's TW_OPTION is read once, so it cannot have a schedule. DECAY, for rules that have an
 * lr, adds the options weight_decay, wd_mode, wd_mask and maximize, computes them in every update, and puts
 * their lines before the equation; with a weight_decay the rule loses TW_ZERO_IS_NOTHING. TW_DECAY_OWN adds
 * weight_decay, wd_mask and maximize, and the rule itself computes weight_decay (lars.c).
 *
 * Functions, after it:
 *     void prepare(struct coef *k, const struct moment *now)
 *         from now->t, ->h, ->next (hyperparameters), ->kept (scalars), ->seed; a struct coef of type real
 *         only is prepared in double, and rounded for float
 *     real update(real w, real g, real *slot..., const struct coef *k
 *                 [, int variant] [, real normal] [, real at])
 *         returns the new weight; normal: with NOISE, a standard normal number; at: with POINT, the weight
 *         at which the gradient was taken
 *     int choose(const struct hyper *h)
 *         with VARIANTS: which body
 *     void measure(struct sums *to, real w, real g, real slot..., const struct coef *k [, int variant])
 *         with SUMS: the addends of one weight
 *     void settle(struct coef *k, const struct moment *now)
 *         with SUMS: what follows from now->measured; with the trait TW_SUMS_OF_SQUARES a norm is
 *         sqrt(now->measured->NAME) * now->unit->NAME
 *     void whole(const struct matrix *x, struct coef *k [, int variant])
 *         with SCRATCH: x->d (tw_matrix), x->SLOT; update then has no slots, and its g is the direction;
 *         with SCOPE TW_PER_TENSOR it may change k for the tensor's update; x->wide: the CPU has AVX2, and
 *         the rule is WIDE
 *     void prepare_view(struct coef *k, const struct moment *now)
 *     real view(real w, real *slot..., const struct coef *k [, int variant])
 *         with VIEW: the weights to evaluate
 *     int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps)
 *         with SKIP; 0: no closed form for these values (rule.h)
 *     real skip(real w, real *slot..., const struct coef *k [, int variant])
 *         the weight after `steps` gradients of 0
 * A skip computes the decay itself: with a gradient of 0, a step begins with w = (1 - TW_SHRINK(h)) w and g =
 * TW_COUPLE(h) w, of the old w. If that step is linear in w and one slot v, linear_n({ww, wv, vw, vv}, n) is
 * n of them, and linear_step applies them. These functions may use real_sqrt, real_abs, real_max(old, new)
 * and real_ratio(a, b), for which 0/0 is 0; with SCRATCH also double sum_squares(x, n, x->wide), or in
 * pieces, while x is in the cache, add_squares(&squares, x, end, x->wide) and end_squares(&squares, x, n,
 * x->wide). A helper is called TW_LOCAL(name), so that each pass has its own, and begins with TW_INLINE, so
 * that it is compiled for each instruction set, or with TW_APART, so that it is compiled once; TW_TYPED(name)
 * is name_f32 or name_f64. What may be declared only once goes into TW_ONCE(...). */

#ifdef RULE /* without one, as when a test compiles every header alone, there is nothing to do */

#ifdef TW__PASS
#include <thalweg/rule_kernels.h>
#endif

/* ---- First pass: what holds for both ------------------------------------------------------------------- */

#ifndef TW__PASS
#define TW__PASS 1
#define TW__TYPE f32
#define TW_RULE_END __FILE_NAME__
#define TW_ONCE(...) __VA_ARGS__

#define TW__JOIN_(rule, name, type) tw__##rule##_##name##_##type
#define TW__JOIN(rule, name, type) TW__JOIN_(rule, name, type)
#define TW_LOCAL(name) TW__JOIN(RULE, name, TW__TYPE)
#define TW__TYPED_(name, type) name##_##type
#define TW__TYPED(name, type) TW__TYPED_(name, type)
#define TW_TYPED(name) TW__TYPED(name, TW__TYPE)
#define coef TW_LOCAL(coef)
#define moment TW_LOCAL(moment)
#define hyper TW_LOCAL(hyper)
#define kept TW_LOCAL(kept)
#define real_max TW_LOCAL(real_max)
#define real_ratio TW_LOCAL(real_ratio)
#define prepare TW_LOCAL(prepare)
#define update TW_LOCAL(update)
#define choose TW_LOCAL(choose)
#define view TW_LOCAL(view)
#define prepare_view TW_LOCAL(prepare_view)
#define sums TW_LOCAL(sums)
#define matrix TW_LOCAL(matrix)
#define measure TW_LOCAL(measure)
#define settle TW_LOCAL(settle)
#define whole TW_LOCAL(whole)
#define sum_squares TW_LOCAL(sum_squares)
#define squares TW_LOCAL(squares)
#define add_squares TW_LOCAL(add_squares)
#define end_squares TW_LOCAL(end_squares)
#ifdef SKIP
#define skip TW_LOCAL(skip)
#define prepare_skip TW_LOCAL(prepare_skip)
#define linear TW_LOCAL(linear)
#define linear_n TW_LOCAL(linear_n)
#define linear_step TW_LOCAL(linear_step)
#endif

/* A product and a sum never become one fused operation, whatever the flags of this build: the bits must not
 * depend on the CPU. gcc knows no pragma for it but this, which also gives a plain -O2 build the vectors it
 * needs. */
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed" /* said of loops that an unoptimised build leaves scalar */
#define TW__INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#define TW__ROLLED
#define TW__EACH_WEIGHT TW__INDEPENDENT
#define TW_APART __attribute__((noinline, unused)) static
#else
#pragma GCC push_options
#pragma GCC optimize("O3", "fp-contract=off", "no-math-errno", "no-trapping-math")
#define TW__INDEPENDENT _Pragma("GCC ivdep")
#define TW__ROLLED _Pragma("GCC unroll 1")
/* A loop over weights may be long: gcc would write its last few rounds out one by one, a tenth of a rule's
 * bytes. */
#define TW__EACH_WEIGHT _Pragma("GCC ivdep") _Pragma("GCC unroll 1")
/* A helper that is compiled once, not into every body. */
#define TW_APART __attribute__((noinline, noclone, unused)) static
#endif
#define TW__INLINE static inline __attribute__((always_inline))
#define TW_INLINE TW__INLINE
#if defined(__x86_64__)
#define TW__AVX2 __attribute__((target("avx2")))
#define TW__AVX512 __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl")))
#else
#define TW__AVX2
#define TW__AVX512
#endif

#ifndef PLAIN
#define PLAIN(variant) 0
#endif
#ifndef VARIANTS
#define VARIANTS 1
#define TW__VARIANT
#define TW__VARIANT_TYPE
#else
#define TW__VARIANT , variant
#define TW__VARIANT_TYPE , int
#endif
#define TW__FOR_VARIANTS_0(X) X(0)
#if VARIANTS > 1
#define TW__FOR_VARIANTS_1(X) X(1)
#else
#define TW__FOR_VARIANTS_1(X)
#endif
#if VARIANTS == 3
#define TW__FOR_VARIANTS_2(X) X(2)
#elif VARIANTS == 4
#define TW__FOR_VARIANTS_2(X) X(2) X(3)
#elif VARIANTS == 6
#define TW__FOR_VARIANTS_2(X) X(2) X(3) X(4) X(5)
#elif VARIANTS == 8
#define TW__FOR_VARIANTS_2(X) X(2) X(3) X(4) X(5) X(6) X(7)
#elif VARIANTS < 3
#define TW__FOR_VARIANTS_2(X)
#else
#error VARIANTS is 1, 2, 3, 4, 6 or 8
#endif

#ifndef SLOTS
#define SLOTS(SLOT)
#endif
#ifndef SCALARS
#define SCALARS(SCALAR)
#endif
#ifndef NEEDS
#define NEEDS(NEED)
#endif
#ifndef ALIASES
#define ALIASES(ALIAS)
#endif
#ifndef DIALECTS
#define DIALECTS(DIALECT)
#endif
#ifndef TRAITS
#define TRAITS 0
#endif
#ifndef PLACE
#define PLACE TW_RULE
#endif
#ifndef USE
#define USE ""
#endif
#ifndef SCOPE
#define SCOPE TW_OVER_ALL
#endif
#ifdef SUMS
#define TW__NORMS 1
#else
#define TW__NORMS 0
#define SUMS(SUM)
#endif
#ifdef SCRATCH
#define TW__WHOLE 1
#else
#define TW__WHOLE 0
#endif
#ifdef NOISE
#define TW__NORMAL_TYPE , real
#else
#define TW__NORMAL_TYPE
#endif
#ifdef POINT
#define TW__POINT_TYPE , real
#else
#define TW__POINT_TYPE
#endif

#define TW_DECAY_COUPLED 1
#define TW_DECAY_ANY 2
#define TW_DECAY_OWN 3
#ifndef WD_MODE
#define WD_MODE 0
#endif
#define TW__LINES_BEFORE "[maximize] g = -g\n"
#define TW__LINES_MASK \
    "[weight_decay, wd_mask=matrices] (the line above only in tensors of two or more dimensions)\n"
#if !defined DECAY
#define TW__DECAY_LINES
#define TW_COUPLE(h) 0
#define TW_SHRINK(h) 0
#define TW__HYPER HYPER
#elif DECAY != TW_DECAY_ANY
#if DECAY == TW_DECAY_OWN
#define TW__DECAY_LINES \
    TW__LINES_BEFORE    \
    "[weight_decay, wd_mask=matrices] weight_decay is 0 in tensors of fewer than two dimensions\n"
#define TW__WD_MODE(h) -1
#define TW__WD_HELP "pulls the weights towards 0"
#else
#define TW__DECAY_LINES TW__LINES_BEFORE "[weight_decay] g = g + weight_decay w\n" TW__LINES_MASK
#define TW__WD_MODE(h) 0
#define TW__WD_HELP "L2 penalty: weight_decay * w is added to the gradient"
#endif
#define TW__HYPER(REAL, INT, FLAG, WORD)                                             \
    HYPER(REAL, INT, FLAG, WORD)                                                     \
    REAL(weight_decay, 0, 0, TW_INF, TW_OPEN_MAX, TW__WD_HELP)                       \
    WORD(wd_mask, 0, "all matrices",                                                 \
         "which tensors decay: all, or those of two or more dimensions (no biases)") \
    FLAG(maximize, 0, "climb instead of descend: the gradient changes its sign")
#else
#define TW__DECAY_LINES                                        \
    TW__LINES_BEFORE                                           \
    "[weight_decay, wd_mode=coupled] g = g + weight_decay w\n" \
    "[weight_decay, wd_mode=lr] w = w - lr weight_decay w\n"   \
    "[weight_decay, wd_mode=pure] w = w - weight_decay w\n" TW__LINES_MASK
#define TW__WD_MODE(h) ((h)->wd_mode)
#define TW__HYPER(REAL, INT, FLAG, WORD)                                                                                                  \
    HYPER(REAL, INT, FLAG, WORD)                                                                                                          \
    REAL(weight_decay, 0, 0, TW_INF, TW_OPEN_MAX, "pulls the weights towards 0")                                                          \
    WORD(                                                                                                                                 \
        wd_mode, WD_MODE, "coupled lr pure",                                                                                              \
        "coupled: g += weight_decay * w; lr: first w -= lr * weight_decay * w (AdamW as libraries have it); pure: w -= weight_decay * w") \
    WORD(wd_mask, 0, "all matrices",                                                                                                      \
         "which tensors decay: all, or those of two or more dimensions (no biases)")                                                      \
    FLAG(maximize, 0, "climb instead of descend: the gradient changes its sign")
#endif
#ifdef DECAY
#define TW_COUPLE(h) ((h)->weight_decay * (TW__WD_MODE(h) == 0))
#define TW_SHRINK(h) ((h)->weight_decay * (TW__WD_MODE(h) == 1 ? (h)->lr : TW__WD_MODE(h) == 2))
#endif

#elif TW__PASS == 1
/* ---- Second pass --------------------------------------------------------------------------------------- */
#undef TW__PASS
#undef TW__TYPE
#undef TW_RULE_END
#undef TW_ONCE
#undef real
#undef real_sqrt
#undef TW__EXPONENT
#undef real_abs
#define TW__PASS 2
#define TW__TYPE f64
#define TW_RULE_END <thalweg/rule_stamp.h>
#define TW_ONCE(...)

#else
/* ---- The end: the descriptor, and a clean table -------------------------------------------------------- */
#undef TW__PASS
#define TW__PASS 3
#define TW__PLACE(name) ((int)(offsetof(struct hyper, name) / sizeof(double)))
#define TW__FIRST(help, ...) help
#define TW__SECOND(help, words, ...) words
#define TW__OPTION_REAL(name, initial, min, max, open, ...)             \
    {#name, TW_REAL, TW__SECOND(__VA_ARGS__, NULL, NULL), initial, min, \
     max,   open,    TW__FIRST(__VA_ARGS__, NULL)},
#define TW__OPTION_INT(name, initial, min, max, help) \
    {#name, TW_INT, NULL, initial, min, max, TW_CLOSED, help},
#define TW__OPTION_FLAG(name, initial, help) {#name, TW_FLAG, NULL, initial, 0, 1, TW_CLOSED, help},
#define TW__OPTION_WORD(name, initial, words, help) {#name, TW_WORD, words, initial, 0, 0, TW_CLOSED, help},
static const tw_option TW_LOCAL(options)[] = {
    TW__HYPER(TW__OPTION_REAL, TW__OPTION_INT, TW__OPTION_FLAG, TW__OPTION_WORD)};

/* Each of these arrays ends with an empty row: C has no empty arrays. */
#define TW_ZERO TW_START_ZERO, 0, TW_PER_WEIGHT
#define TW_OPTION(name) TW_START_OPTION, TW__PLACE(name), TW_PER_WEIGHT
#define TW_WEIGHT TW_START_WEIGHT, 0, TW_PER_WEIGHT
#define TW_ROWS TW_START_ZERO, 0, TW_PER_ROW
#define TW_COLUMNS TW_START_ZERO, 0, TW_PER_COLUMN
#define TW_VECTORS TW_START_ZERO, 0, TW_PER_VECTOR
#define TW__SLOT_ROW(name, start, when) {#name, start},
#define TW__SCALAR_ROW(name, initial) {#name, initial},
#define TW__ALIAS_ROW(alias, name) {#alias, #name},
#define TW__DIALECT_ROW(name, other, defaults, note) {#name, other, defaults, note},
static const tw_slot TW_LOCAL(slots)[] = {SLOTS(TW__SLOT_ROW){NULL, TW_ZERO}};
static const tw_scalar TW_LOCAL(scalar_rows)[] = {SCALARS(TW__SCALAR_ROW){NULL, 0}};
static const tw_alias TW_LOCAL(aliases)[] = {ALIASES(TW__ALIAS_ROW){NULL, NULL}};
static const tw_dialect TW_LOCAL(dialects)[] = {DIALECTS(TW__DIALECT_ROW){NULL, NULL, NULL, NULL}};

#define TW__SLOT_BIT(name, start, when) mask |= (when) ? bit : 0, bit <<= 1;
static unsigned TW_LOCAL(wanted)(int variant)
{
    unsigned mask = 0, bit = 1;
    (void)variant;
    SLOTS(TW__SLOT_BIT)
    (void)bit;
    return mask;
}

#define TW__NEED_ROW(name, condition, reason) \
    if (option == TW__PLACE(name) && !(condition)) return reason;
static const char *TW_LOCAL(ineffective)(const double *values, int option)
{
    const struct hyper *h = (const struct hyper *)values;
    (void)h;
    (void)option;
    NEEDS(TW__NEED_ROW)
#if defined DECAY && DECAY == TW_DECAY_ANY
    TW__NEED_ROW(wd_mode, h->weight_decay != 0, "weight_decay is 0")
#endif
#ifdef DECAY
    TW__NEED_ROW(wd_mask, h->weight_decay != 0, "weight_decay is 0")
#endif
    return NULL;
}

static unsigned TW_LOCAL(traits)(const double *values)
{
    const struct hyper *h = (const struct hyper *)values;
    unsigned traits = (unsigned)(TRAITS);
    (void)h;
#ifdef NOISE
    traits |= TW_DRAWS_NOISE;
#endif
#ifdef POINT
    traits |= TW_USES_POINT;
#endif
#ifdef DECAY
    if (h->weight_decay != 0) traits &= ~(unsigned)TW_ZERO_IS_NOTHING;
    if (TW__WD_MODE(h) == 0 && !h->maximize) traits |= TW_DECAY_IS_L2;
#endif
    return traits;
}

static int TW_LOCAL(variant)(const double *h)
{
#if VARIANTS > 1
    return choose((const struct hyper *)h);
#else
    (void)h;
    return 0;
#endif
}

#undef coef
#undef prepare
#undef update
#undef view
#undef prepare_view
#undef sums
#undef matrix
#undef measure
#undef settle
#undef whole
#undef sum_squares
#undef squares
#undef add_squares
#undef end_squares
#ifdef SKIP
#undef skip
#undef prepare_skip
#undef linear
#undef linear_n
#undef linear_step
#endif
#ifndef NAME
#define TW__NAME_(rule) #rule
#define TW__NAME(rule) TW__NAME_(rule)
#define NAME TW__NAME(RULE)
#endif
#if TW__WHOLE
static size_t TW_LOCAL(scratch)(size_t rows, size_t columns)
{
    (void)rows;
    (void)columns;
    return SCRATCH(rows, columns);
}
#endif
#define TW__COUNT_SUM(name) +1
#define TW__COUNT(rows) ((int)(sizeof rows / sizeof rows[0]))
#define TW__SYMBOL_(rule) tw_rule_##rule
#define TW__SYMBOL(rule) TW__SYMBOL_(rule)
#define TW__BOTH_(name, rule)                                \
    {                                                        \
        tw__##rule##_##name##_f32, tw__##rule##_##name##_f64 \
    }
#define TW__BOTH(name, rule) TW__BOTH_(name, rule)
#define TW__ROUNDED_(name, rule)                                                           \
    {                                                                                      \
        sizeof(struct tw__##rule##_coefs_f64) == 2 * sizeof(struct tw__##rule##_coefs_f32) \
            ? NULL                                                                         \
            : tw__##rule##_##name##_f32,                                                   \
            tw__##rule##_##name##_f64                                                      \
    }
#define TW__ROUNDED(name, rule) TW__ROUNDED_(name, rule)
#define TW__SIZES_(rule)                                                             \
    {                                                                                \
        sizeof(struct tw__##rule##_coefs_f32), sizeof(struct tw__##rule##_coefs_f64) \
    }
#define TW__SIZES(rule) TW__SIZES_(rule)
extern const tw_rule TW__SYMBOL(RULE);
const tw_rule TW__SYMBOL(RULE) = {
    .size = sizeof(tw_rule),
    .name = NAME,
    .paper = PAPER,
    .use = USE,
    .equation = TW__DECAY_LINES EQUATION,
    .place = PLACE,
    .kind = TW__WHOLE   ? TW_WHOLE
            : TW__NORMS ? TW_NORMS
                        : TW_ELEMENT,
    .scope = SCOPE,
    .n_sums = 0 SUMS(TW__COUNT_SUM),
    .n_options = TW__COUNT(TW_LOCAL(options)),
    .n_slots = TW__COUNT(TW_LOCAL(slots)) - 1,
    .n_scalars = TW__COUNT(TW_LOCAL(scalar_rows)) - 1,
    .n_variants = VARIANTS,
    .options = TW_LOCAL(options),
    .slots = TW_LOCAL(slots),
    .scalars = TW_LOCAL(scalar_rows),
    .aliases = TW_LOCAL(aliases),
    .dialects = TW_LOCAL(dialects),
    .ineffective = TW_LOCAL(ineffective),
    .variant = TW_LOCAL(variant),
    .wanted = TW_LOCAL(wanted),
    .traits = TW_LOCAL(traits),
    .coef_size = TW__SIZES(RULE),
    .prepare = TW__ROUNDED(begin, RULE),
    .update = TW__BOTH(updates, RULE),
#if TW__NORMS
    .settle = TW__BOTH(end_sums, RULE),
    .measure = TW__BOTH(measures, RULE),
#endif
#if TW__WHOLE
    .fill = TW__BOTH(fills, RULE),
    .whole = TW__BOTH(wholes, RULE),
    .scratch = TW_LOCAL(scratch),
#endif
#ifdef VIEW
    .prepare_view = TW__BOTH(begin_view, RULE),
    .view = TW__BOTH(views, RULE),
#endif
#ifdef SKIP
    .prepare_skip = TW__ROUNDED(begin_skip, RULE),
    .skip = TW__BOTH(skips, RULE),
#endif
};

#ifdef __clang__
#pragma clang diagnostic pop
#else
#pragma GCC pop_options
#endif
#include <thalweg/rule_clean.h>
#endif

/* ---- Both passes: the precision, and what follows from the tables -------------------------------------- */

#ifdef TW__PASS
#if TW__PASS == 1
#define real float
typedef uint32_t __attribute__((may_alias)) TW_LOCAL(word);
#define TW__EXPONENT 0x7f800000u
#define real_sqrt __builtin_sqrtf
#define real_abs __builtin_fabsf
#else
/* Less aligned than double, so that its struct coef is twice float's just where it has nothing but numbers of
 * type real. */
typedef double __attribute__((aligned(4))) TW_LOCAL(number);
#define real TW_LOCAL(number)
typedef uint64_t __attribute__((may_alias)) TW_LOCAL(word);
#define TW__EXPONENT 0x7ff0000000000000u
#define real_sqrt __builtin_sqrt
#define real_abs __builtin_fabs
#endif
/* The larger of the two; a NaN in `now` survives, as with fmax it would not. */
TW__INLINE real real_max(real old, real now) { return old > now ? old : now; }
/* a / b; where b is 0, a: so 0/0 is 0. */
TW__INLINE real real_ratio(real a, real b) { return a / (b == 0 ? 1 : b); }

#define TW__FIELD_REAL(name, initial, min, max, open, ...) double name;
#define TW__FIELD_INT(name, initial, min, max, help) double name;
#define TW__FIELD_FLAG(name, initial, help) double name;
#define TW__FIELD_WORD(name, initial, words, help) double name;
#define TW__FIELD_SCALAR(name, initial) double name;
#define TW__FIELD_SUM(name) double name;
#define TW__FIELD_SLOT(name, start, when) real *,
#define TW__FIELD_VALUE(name, start, when) real,
#define TW__FIELD_MATRIX(name, start, when) real *name;
#if TW__WHOLE
#define TW__UPDATE_SLOTS
#else
#define TW__UPDATE_SLOTS SLOTS(TW__FIELD_SLOT)
#endif
/* Options and scalars are arrays of double to the library and structs to the rule. */
struct hyper {
    TW__HYPER(TW__FIELD_REAL, TW__FIELD_INT, TW__FIELD_FLAG, TW__FIELD_WORD)
};
struct kept {
    SCALARS(TW__FIELD_SCALAR) double tw__end;
};
#if TW__NORMS
struct sums {
    SUMS(TW__FIELD_SUM)
};
#else
struct sums;
#endif
struct moment {
    uint64_t t;
    const struct hyper *h, *next;
    struct kept *kept;
    uint64_t seed;
    const struct sums *measured, *unit;
};
struct coef;
/* Once per step: compiled for size, away from the kernels. */
static __attribute__((cold)) void prepare(struct coef *k, const struct moment *now);
TW__INLINE real update(real w, real g,
                       TW__UPDATE_SLOTS const struct coef *k TW__VARIANT_TYPE TW__NORMAL_TYPE TW__POINT_TYPE);
#if TW__NORMS
TW__INLINE void measure(struct sums *to, real w, real g,
                        SLOTS(TW__FIELD_VALUE) const struct coef *k TW__VARIANT_TYPE);
static __attribute__((cold)) void settle(struct coef *k, const struct moment *now);
#endif
#if TW__WHOLE
struct matrix {
    SLOTS(TW__FIELD_MATRIX) real *d;
    const real *w;
    size_t rows, columns, down, right;
    int rank, wide;
    real *scratch;
};
TW__INLINE void whole(const struct matrix *x, struct coef *k TW__VARIANT_TYPE);

/* The sum of the squares of x while it is made: of its first n elements, n a multiple of TW_SUM_LANES. */
struct squares {
    double lane[TW_SUM_LANES];
    size_t n;
};

TW__INLINE void TW_LOCAL(squares_loop)(struct squares *s, const real *x, size_t to)
{
    size_t from = s->n;
    double lane[TW_SUM_LANES];
    __builtin_memcpy(lane, s->lane, sizeof lane);
    for (; from + TW_SUM_LANES <= to; from += TW_SUM_LANES) {
        TW__INDEPENDENT
        TW__ROLLED
        for (size_t j = 0; j < TW_SUM_LANES; j++) lane[j] += (double)x[from + j] * (double)x[from + j];
    }
    s->n = from;
    __builtin_memcpy(s->lane, lane, sizeof lane);
}

TW_APART void TW_LOCAL(squares_base)(struct squares *s, const real *x, size_t to)
{
    TW_LOCAL(squares_loop)(s, x, to);
}
#if TW__PASS == 1
TW__AVX2 TW_APART void TW_LOCAL(squares_avx2)(struct squares *s, const real *x, size_t to)
{
    TW_LOCAL(squares_loop)(s, x, to);
}
#else
TW_APART void TW_LOCAL(squares_avx2)(struct squares *s, const real *x, size_t to)
{
    TW_LOCAL(squares_base)(s, x, to);
}
#endif

TW__INLINE void add_squares(struct squares *s, const real *x, size_t to, int wide)
{
    (wide ? TW_LOCAL(squares_avx2) : TW_LOCAL(squares_base))(s, x, to);
}

TW_APART double end_squares(struct squares *s, const real *x, size_t n, int wide)
{
    add_squares(s, x, n, wide);
    TW__ROLLED
    for (size_t i = s->n; i < n; i++) s->lane[i - s->n] += (double)x[i] * (double)x[i];
    for (size_t width = TW_SUM_LANES / 2; width > 0; width /= 2) {
        TW__ROLLED
        for (size_t j = 0; j < width; j++) {
            s->lane[j] += s->lane[j + width];
            __asm__ volatile(""); /* too few to be worth vectors */
        }
    }
    return s->lane[0];
}

__attribute__((unused)) static double sum_squares(const real *x, size_t n, int wide)
{
    struct squares s = {{0}, 0};
    return end_squares(&s, x, n, wide);
}
#endif
#if VARIANTS > 1
__attribute__((unused)) static int choose(const struct hyper *h);
#endif
#ifdef VIEW
static __attribute__((cold)) void prepare_view(struct coef *k, const struct moment *now);
TW__INLINE real view(real w, SLOTS(TW__FIELD_SLOT) const struct coef *k TW__VARIANT_TYPE);
#endif
#ifdef SKIP
static __attribute__((cold)) int prepare_skip(struct coef *k, const struct moment *now, uint64_t steps);
TW__INLINE real skip(real w, SLOTS(TW__FIELD_SLOT) const struct coef *k TW__VARIANT_TYPE);

/* w = ww w + wv v and v = vw w + vv v, at once: a matrix, in double in both passes. */
struct linear {
    double ww, wv, vw, vv;
};
TW__INLINE struct linear TW_LOCAL(linear_times)(struct linear a, struct linear b)
{
    return (struct linear){a.ww * b.ww + a.wv * b.vw, a.ww * b.wv + a.wv * b.vv, a.vw * b.ww + a.vv * b.vw,
                           a.vw * b.wv + a.vv * b.vv};
}
TW__INLINE struct linear linear_n(struct linear m, uint64_t n)
{
    struct linear result = {1, 0, 0, 1};
    for (; n; n >>= 1, m = TW_LOCAL(linear_times)(m, m))
        if (n & 1) result = TW_LOCAL(linear_times)(result, m);
    return result;
}
TW__INLINE real linear_step(const struct linear *m, real w, real *v)
{
    const double old = *v;
    *v = (real)(m->vw * w + m->vv * old);
    return (real)(m->ww * w + m->wv * old);
}
#endif
#undef TW__FIELD_REAL
#undef TW__FIELD_INT
#undef TW__FIELD_FLAG
#undef TW__FIELD_WORD
#undef TW__FIELD_SCALAR
#undef TW__FIELD_SLOT
#undef TW__FIELD_SUM
#undef TW__FIELD_VALUE
#undef TW__FIELD_MATRIX
#undef TW__UPDATE_SLOTS
#endif

#endif
