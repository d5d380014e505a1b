/* libthalweg. What a pass over a rule file leaves behind, in its precision: kernels for every body and
 * instruction set, and the functions that prepare them (rule_stamp.h). Names of the file are still those of
 * the pass.
 * SPDX-License-Identifier: MIT */
#ifdef TW__PASS /* without one, as when a test compiles every header alone, there is nothing to do */

struct TW_LOCAL(coefs) {
    struct coef own;
#ifdef DECAY
    real sign, couple, shrink;
#endif
#ifdef NOISE
    uint64_t seed, t;
#endif
};

static struct moment TW_LOCAL(moment_of)(const tw_moment *at)
{
    return (struct moment){at->t,
                           (const struct hyper *)at->h,
                           (const struct hyper *)at->next,
                           (struct kept *)at->scalars,
                           at->seed,
                           (const struct sums *)at->measured,
                           (const struct sums *)at->unit};
}

static __attribute__((cold)) void TW_LOCAL(begin)(const tw_moment *at, void *to)
{
    struct TW_LOCAL(coefs) *k = (struct TW_LOCAL(coefs) *)to;
    const struct moment now = TW_LOCAL(moment_of)(at);
#ifdef DECAY
    k->sign = now.h->maximize ? -1 : 1;
    k->couple = TW_COUPLE(now.h);
    k->shrink = TW_SHRINK(now.h);
#endif
#ifdef NOISE
    k->seed = now.seed;
    k->t = now.t;
#endif
    prepare(&k->own, &now);
}

/* n itself, as kernels are called; for the compiler, so that no loop has a rest: that would be a second
 * body. */
#define TW__WHOLE_VECTORS(n) ((n) / (TW_KERNEL_BYTES / sizeof(real)) * (TW_KERNEL_BYTES / sizeof(real)))

/* A slot that a variant does not keep is a local of the loop, which the compiler removes. */
#define TW__SLOT_PLACE(name, start, when) TW__AT_##name,
#define TW__SLOT_VECTOR(name, start, when) \
    real *const tw__##name = (when) ? (real *)span->slots[TW__AT_##name] : NULL;
#define TW__SLOT_NONE(name, start, when) real tw__no_##name = 0;
#define TW__SLOT_PASS(name, start, when) (when) ? &tw__##name[i] : &tw__no_##name,
#define TW__SLOT_VALUE(name, start, when) (when) ? tw__##name[i] : 0,
#if TW__WHOLE
#define TW__VECTORS
#define TW__NONES
#define TW__PASSED
#define TW__VALUES
#else
#define TW__VECTORS SLOTS(TW__SLOT_VECTOR)
#define TW__NONES SLOTS(TW__SLOT_NONE)
#define TW__PASSED SLOTS(TW__SLOT_PASS)
#define TW__VALUES SLOTS(TW__SLOT_VALUE)
#endif

/* The gradient as the rule sees it, and the weight it moves: g and w of element i after the decay. */
#if defined DECAY && DECAY == TW_DECAY_OWN && !TW__WHOLE
#define TW__GI(g) (k.sign * (g))
#elif defined DECAY && !TW__WHOLE
#define TW__GI(g) (PLAIN(variant) ? (g) : k.sign * (g) + k.couple * w[i])
#else
#define TW__GI(g) (g)
#endif
#if defined DECAY && DECAY != TW_DECAY_OWN
#define TW__WI (PLAIN(variant) ? w[i] : w[i] - k.shrink * w[i])
#else
#define TW__WI w[i]
#endif
#ifdef NOISE
enum { TW_LOCAL(block) = 128 };
#define TW__BLOCKS                                                                 \
    for (size_t from = 0; from < n; from += TW_LOCAL(block)) {                     \
        double normal[TW_LOCAL(block)];                                            \
        const size_t to = n - from < TW_LOCAL(block) ? n : from + TW_LOCAL(block); \
        tw_normals(k.seed, k.t, span->first + from, to - from, normal);
#define TW__END_BLOCKS }
#define TW__NORMAL , (real)normal[i - from]
#else
#define TW__BLOCKS \
    {              \
        const size_t from = 0, to = n;
#define TW__END_BLOCKS }
#define TW__NORMAL
#endif
#ifdef POINT
#define TW__POINT , at[i]
#else
#define TW__POINT
#endif

/* What transforms of the step and the weights have as g are weights, which stay as they are. */
#define TW__HAS_GRADIENT (PLACE != TW_ON_STEP && PLACE != TW_ON_WEIGHTS)
/* Of a number's bits: an exponent of all ones. */
#define TW__NOT_FINITE(bits) (((bits)&TW__EXPONENT) == TW__EXPONENT)

TW__INLINE int TW_LOCAL(loop)(const tw_span *span, const void *coefs, const int variant)
{
    enum { SLOTS(TW__SLOT_PLACE) TW__SLOTS_END };
    const struct TW_LOCAL(coefs) k = *(const struct TW_LOCAL(coefs) *)coefs;
    real *const out = (real *)span->out;
    const real *const w = (const real *)span->w;
    const TW_LOCAL(word) *const g = (const TW_LOCAL(word) *)span->g;
#ifdef POINT
    const real *const at = (const real *)span->at;
#endif
    const size_t n = TW__WHOLE_VECTORS(span->n);
    TW_LOCAL(word) any = 0;
    TW__VECTORS(void) variant;
    TW__BLOCKS
    TW__EACH_WEIGHT
    for (size_t i = from; i < to; i++) {
        TW__NONES
        const TW_LOCAL(word) bad = TW__HAS_GRADIENT && TW__NOT_FINITE(g[i]) ? (TW_LOCAL(word)) - 1 : 0;
        const union {
            TW_LOCAL(word) bits;
            real number;
        } finite = {g[i] & ~bad};
        const real gi = TW__GI(finite.number), wi = TW__WI;
        out[i] = update(wi, gi, TW__PASSED & k.own TW__VARIANT TW__NORMAL TW__POINT);
        any |= bad;
    }
    TW__END_BLOCKS
    return any != 0;
}

/* Which instruction sets a body is stamped for: base and AVX2, and AVX-512 where the rule asks for it
 * (AVX512), or measures. Double, and what is not at memory speed anyway (NARROW), have the plain body alone,
 * which does not look for NaNs when it measures; whole() has AVX2 where the rule asks for more than the plain
 * body (WIDE): matrix products (docs/design/0011). */
#define TW__ROW_1(name, v) {TW_LOCAL(name##_base_##v), TW_LOCAL(name##_base_##v), TW_LOCAL(name##_base_##v)},
#define TW__ROW_2(name, v) {TW_LOCAL(name##_base_##v), TW_LOCAL(name##_avx2_##v), TW_LOCAL(name##_avx2_##v)},
#define TW__ROW_3(name, v) \
    {TW_LOCAL(name##_base_##v), TW_LOCAL(name##_avx2_##v), TW_LOCAL(name##_avx512_##v)},
#define TW__STAMP_1(type, name, arguments, call, v) \
    static type TW_LOCAL(name##_base_##v) arguments \
    {                                               \
        enum { TW__LEVEL = 0 };                     \
        call;                                       \
    }
#define TW__STAMP_2(type, name, arguments, call, v)          \
    static type TW_LOCAL(name##_base_##v) arguments          \
    {                                                        \
        enum { TW__LEVEL = 0 };                              \
        call;                                                \
    }                                                        \
    TW__AVX2 static type TW_LOCAL(name##_avx2_##v) arguments \
    {                                                        \
        enum { TW__LEVEL = 1 };                              \
        call;                                                \
    }
#define TW__STAMP_3(type, name, arguments, call, v)              \
    static type TW_LOCAL(name##_base_##v) arguments              \
    {                                                            \
        enum { TW__LEVEL = 0 };                                  \
        call;                                                    \
    }                                                            \
    TW__AVX2 static type TW_LOCAL(name##_avx2_##v) arguments     \
    {                                                            \
        enum { TW__LEVEL = 1 };                                  \
        call;                                                    \
    }                                                            \
    TW__AVX512 static type TW_LOCAL(name##_avx512_##v) arguments \
    {                                                            \
        enum { TW__LEVEL = 2 };                                  \
        call;                                                    \
    }
#ifdef NARROW
#define TW__LEVELS TW__STAMP_1
#define TW__LEVELS_ROW TW__ROW_1
#elif TW__PASS == 1 && defined AVX512
#define TW__LEVELS TW__STAMP_3
#define TW__LEVELS_ROW TW__ROW_3
#elif TW__PASS == 1
#define TW__LEVELS TW__STAMP_2
#define TW__LEVELS_ROW TW__ROW_2
#else
#define TW__LEVELS TW__STAMP_1
#define TW__LEVELS_ROW TW__ROW_1
#endif
#if defined NARROW || TW__PASS == 2
#define TW__MEASURE_LEVELS TW__STAMP_1
#define TW__MEASURE_ROW TW__ROW_1
#else
#define TW__MEASURE_LEVELS TW__STAMP_3
#define TW__MEASURE_ROW TW__ROW_3
#define TW__MEASURE_LOOKS
#endif
#define TW__FOR_VARIANTS(X) TW__FOR_VARIANTS_0(X) TW__FOR_VARIANTS_1(X) TW__FOR_VARIANTS_2(X)

#define TW__STAMP(v) \
    TW__LEVELS(int, update, (const tw_span *span, const void *k), return TW_LOCAL(loop)(span, k, v), v)
#define TW__ROW(v) TW__LEVELS_ROW(update, v)
TW__FOR_VARIANTS(TW__STAMP)
static const tw_kernels TW_LOCAL(updates)[VARIANTS] = {TW__FOR_VARIANTS(TW__ROW)};
#undef TW__STAMP
#undef TW__ROW

#if TW__NORMS
TW__INLINE int TW_LOCAL(measure_loop)(const tw_span *span, const void *coefs, double *lanes,
                                      const int variant)
{
    enum { SLOTS(TW__SLOT_PLACE) TW__SLOTS_END };
    enum { N = sizeof(struct sums) / sizeof(double), LANES = TW_SUM_LANES };
    const struct TW_LOCAL(coefs) k = *(const struct TW_LOCAL(coefs) *)coefs;
    const real *const w = (const real *)span->w, *const g = (const real *)span->g;
    const size_t n = span->n;
    double lane[N][LANES] = {{0}};
    TW__VECTORS
#ifdef TW__MEASURE_LOOKS
    const TW_LOCAL(word) *const bits = (const TW_LOCAL(word) *)span->g;
    TW_LOCAL(word) any[LANES] = {0}, all = 0; /* the sign bit is set by an exponent of all ones, plus one */
#endif
    (void)variant;
    (void)k;
    for (size_t from = 0; from < n; from += LANES) {
        TW__INDEPENDENT
        TW__ROLLED
        for (size_t j = 0; j < LANES; j++) {
            const size_t i = from + j;
            union {
                struct sums named;
                double number[N];
            } one;
            const real gi = TW__GI(g[i]);
            measure(&one.named, w[i], gi, TW__VALUES & k.own TW__VARIANT);
            for (size_t s = 0; s < N; s++) lane[s][j] += one.number[s];
#ifdef TW__MEASURE_LOOKS
            any[j] |= (bits[i] & TW__EXPONENT) + (TW__EXPONENT & -TW__EXPONENT);
#endif
        }
    }
    __builtin_memcpy(lanes, lane, sizeof lane);
#ifdef TW__MEASURE_LOOKS
    for (size_t j = 0; j < LANES; j++) all |= any[j];
    return all > TW__EXPONENT;
#else
    return 1;
#endif
}

#define TW__STAMP(v)                                                                   \
    TW__MEASURE_LEVELS(int, measure, (const tw_span *span, const void *k, double *to), \
                       return TW_LOCAL(measure_loop)(span, k, to, v), v)
#define TW__ROW(v) TW__MEASURE_ROW(measure, v)
TW__FOR_VARIANTS(TW__STAMP)
static const tw_measures TW_LOCAL(measures)[VARIANTS] = {TW__FOR_VARIANTS(TW__ROW)};
#undef TW__STAMP
#undef TW__ROW

static __attribute__((cold)) void TW_LOCAL(end_sums)(const tw_moment *at, void *to)
{
    const struct moment now = TW_LOCAL(moment_of)(at);
    settle(&((struct TW_LOCAL(coefs) *)to)->own, &now);
}
#endif

#if TW__WHOLE
TW__INLINE int TW_LOCAL(fill_loop)(const tw_span *span, const void *coefs)
{
    const struct TW_LOCAL(coefs) k = *(const struct TW_LOCAL(coefs) *)coefs;
    real *const out = (real *)span->out;
    const real *const w = (const real *)span->w, *const g = (const real *)span->g;
    const TW_LOCAL(word) *const bits = (const TW_LOCAL(word) *)span->g;
    const size_t n = TW__WHOLE_VECTORS(span->n);
    TW_LOCAL(word) any = 0; /* as in a measure */
    (void)w;
    (void)k;
    TW__EACH_WEIGHT
    for (size_t i = 0; i < n; i++) {
#ifdef DECAY
        out[i] = k.sign * g[i] + k.couple * w[i];
#else
        out[i] = g[i];
#endif
        any |= (bits[i] & TW__EXPONENT) + (TW__EXPONENT & -TW__EXPONENT);
    }
    return any > TW__EXPONENT;
}

#define TW__MATRIX_SLOT(name, start, when) .name = (real *)m->slots[TW__AT_##name],
TW__INLINE void TW_LOCAL(whole_body)(const tw_matrix *m, void *coefs, const int variant, const int wide)
{
    enum { SLOTS(TW__SLOT_PLACE) TW__SLOTS_END };
    const struct matrix x = {SLOTS(TW__MATRIX_SLOT).d = (real *)m->d,
                             .w = (const real *)m->w,
                             .rows = m->rows,
                             .columns = m->columns,
                             .down = m->down,
                             .right = m->right,
                             .rank = m->rank,
                             .wide = wide,
                             .scratch = (real *)m->scratch};
    (void)variant;
    whole(&x, &((struct TW_LOCAL(coefs) *)coefs)->own TW__VARIANT);
}
#undef TW__MATRIX_SLOT

#if defined WIDE && TW__PASS == 1
#define TW__WHOLE_LEVELS TW__STAMP_2
#define TW__WHOLE_ROW TW__ROW_2
#else
#define TW__WHOLE_LEVELS TW__STAMP_1
#define TW__WHOLE_ROW TW__ROW_1
#endif
#define TW__STAMP(v) \
    TW__WHOLE_LEVELS(void, whole, (const tw_matrix *m, void *k), TW_LOCAL(whole_body)(m, k, v, TW__LEVEL), v)
#define TW__ROW(v) TW__WHOLE_ROW(whole, v)
TW__FOR_VARIANTS(TW__STAMP)
static const tw_wholes TW_LOCAL(wholes)[VARIANTS] = {TW__FOR_VARIANTS(TW__ROW)};
#undef TW__STAMP
#undef TW__ROW
TW__LEVELS(int, fill, (const tw_span *span, const void *k), return TW_LOCAL(fill_loop)(span, k), 0)
static const tw_kernels TW_LOCAL(fills)[1] = {TW__LEVELS_ROW(fill, 0)};
#endif

#ifdef VIEW
TW__INLINE int TW_LOCAL(view_loop)(const tw_span *span, const void *coefs, const int variant)
{
    enum { SLOTS(TW__SLOT_PLACE) TW__SLOTS_END };
    const struct coef k = *(const struct coef *)coefs;
    real *const reported = (real *)span->out;
    const real *const w = (const real *)span->w;
    const size_t n = span->n;
    TW__VECTORS(void) variant;
    TW__EACH_WEIGHT
    for (size_t i = 0; i < n; i++) {
        TW__NONES
        reported[i] = view(w[i], TW__PASSED & k TW__VARIANT);
    }
    return 0;
}

static __attribute__((cold)) void TW_LOCAL(begin_view)(const tw_moment *at, void *to)
{
    const struct moment now = TW_LOCAL(moment_of)(at);
    prepare_view((struct coef *)to, &now);
}

#define TW__STAMP(v)                                                  \
    static int TW_LOCAL(view_##v)(const tw_span *span, const void *k) \
    {                                                                 \
        return TW_LOCAL(view_loop)(span, k, v);                       \
    }
#define TW__ROW(v) TW_LOCAL(view_##v),
TW__FOR_VARIANTS(TW__STAMP)
static tw_kernel *const TW_LOCAL(views)[VARIANTS] = {TW__FOR_VARIANTS(TW__ROW)};
#undef TW__STAMP
#undef TW__ROW
#endif

#ifdef SKIP
TW__INLINE int TW_LOCAL(skip_loop)(const tw_span *span, const void *coefs, const int variant)
{
    enum { SLOTS(TW__SLOT_PLACE) TW__SLOTS_END };
    const struct coef k = *(const struct coef *)coefs;
    real *const w = (real *)span->out;
    const size_t n = span->n;
    TW__VECTORS(void) variant;
    TW__EACH_WEIGHT
    for (size_t i = 0; i < n; i++) {
        TW__NONES
        w[i] = skip(w[i], TW__PASSED & k TW__VARIANT);
    }
    return 0;
}

static __attribute__((cold)) int TW_LOCAL(begin_skip)(const tw_moment *at, uint64_t steps, void *to)
{
    const struct moment now = TW_LOCAL(moment_of)(at);
    return prepare_skip((struct coef *)to, &now, steps);
}

#define TW__STAMP(v)                                                  \
    static int TW_LOCAL(skip_##v)(const tw_span *span, const void *k) \
    {                                                                 \
        return TW_LOCAL(skip_loop)(span, k, v);                       \
    }
#define TW__ROW(v) TW_LOCAL(skip_##v),
TW__FOR_VARIANTS(TW__STAMP)
static tw_kernel *const TW_LOCAL(skips)[VARIANTS] = {TW__FOR_VARIANTS(TW__ROW)};
#undef TW__STAMP
#undef TW__ROW
#endif

#undef TW__WHOLE_VECTORS
#undef TW__SLOT_PLACE
#undef TW__HAS_GRADIENT
#undef TW__NOT_FINITE
#undef TW__SLOT_VECTOR
#undef TW__SLOT_NONE
#undef TW__SLOT_PASS
#undef TW__SLOT_VALUE
#undef TW__VECTORS
#undef TW__NONES
#undef TW__PASSED
#undef TW__VALUES
#undef TW__GI
#undef TW__WI
#undef TW__BLOCKS
#undef TW__END_BLOCKS
#undef TW__NORMAL
#undef TW__POINT
#undef TW__LEVELS
#undef TW__LEVELS_ROW
#undef TW__MEASURE_LEVELS
#undef TW__MEASURE_ROW
#undef TW__MEASURE_LOOKS
#undef TW__WHOLE_LEVELS
#undef TW__WHOLE_ROW
#undef TW__STAMP_1
#undef TW__STAMP_2
#undef TW__STAMP_3
#undef TW__ROW_1
#undef TW__ROW_2
#undef TW__ROW_3
#undef TW__FOR_VARIANTS
#endif
