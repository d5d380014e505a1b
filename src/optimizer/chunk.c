/* What happens to the elements of a chunk: the gradient through its transforms, measured or handed to the
 * rule, and what comes after it.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "base/cpu.h"
#include "base/pool.h"
#include "optimizer/optimizer.h"

/* A copy of all that belongs to a block, in the cache and on the stack. */
typedef struct scratch {
    tw__numbers g, w, shown, slots[TW_SLOTS_MAX];
} scratch;

/* A run of elements within a chunk, a block and a part. */
typedef struct block {
    const tw__part *part;
    size_t from, n;
    const void *w, *g;
} block;

size_t tw__first_part(const tw_optimizer *opt, size_t element)
{
    size_t a = 0, b = opt->n_parts;
    while (a < b) {
        size_t middle = a + (b - a) / 2;
        if (opt->parts[middle].hi <= element) a = middle + 1;
        else b = middle;
    }
    return a;
}

static const char *at_element(const tw_optimizer *opt, const void *vector, size_t element)
{
    return (const char *)vector + element * opt->real;
}

static void *coef_of(const tw_optimizer *opt, const tw__link *l, const tw__part *part)
{
    return l->coef + tw__unit(opt, l, part->tensor, part->group) * l->coef_size;
}

/* Runs the link's update on a run of the part's elements. */
static int update_span(const tw_optimizer *opt, const tw__link *l, const tw__part *part, const tw_span *span)
{
    const tw_kernels *kernels = &l->r->update[opt->type == TW_F64][tw__variant(opt, l, part->group)];
    return tw__run_kernel(opt, l->r, kernels, span, coef_of(opt, l, part));
}

/* ---- Whether it is finite ---- */

void tw__note_first(_Atomic size_t *first, size_t i)
{
    size_t was = atomic_load_explicit(first, memory_order_relaxed);
    while (i < was &&
           !atomic_compare_exchange_weak_explicit(first, &was, i, memory_order_relaxed, memory_order_relaxed))
        continue;
}

static size_t first_not_finite(const tw_optimizer *opt, const void *x, size_t n)
{
    return opt->type == TW_F32 ? tw__first_not_finite_f32(opt->sums, x, n)
                               : tw__first_not_finite_f64(opt->sums, x, n);
}

/* Whether the gradients of all that is stepped in the chunk are finite. */
static int check_chunk(tw_optimizer *opt, size_t lo, size_t hi, const void *g)
{
    for (size_t i = tw__first_part(opt, lo); i < opt->n_parts && opt->parts[i].lo < hi; i++) {
        const size_t from = opt->parts[i].lo > lo ? opt->parts[i].lo : lo,
                     to = opt->parts[i].hi < hi ? opt->parts[i].hi : hi;
        const size_t bad = first_not_finite(opt, at_element(opt, g, from), to - from);
        if (bad == to - from) continue;
        tw__note_first(&opt->bad, from + bad);
        return 0;
    }
    return 1;
}

void tw__check_state(tw_optimizer *opt, size_t lo, size_t hi)
{
    for (size_t i = tw__first_part(opt, lo); i < opt->n_parts && opt->parts[i].lo < hi; i++) {
        const size_t from = opt->parts[i].lo > lo ? opt->parts[i].lo : lo,
                     to = opt->parts[i].hi < hi ? opt->parts[i].hi : hi;
        for (int k = 0; k < opt->chain.n; k++) {
            void *slots[TW_SLOTS_MAX];
            tw__slots_at(opt, &opt->links[k], from, slots);
            for (int s = 0; s < opt->links[k].r->n_slots; s++) {
                const size_t bad = slots[s] ? first_not_finite(opt, slots[s], to - from) : to - from;
                if (bad < to - from) tw__note_first(&opt->overflow, from + bad);
            }
        }
    }
}

int tw__first_overflow(const tw_optimizer *opt, const tw__link *l, size_t tensor, size_t *at)
{
    void *slots[TW_SLOTS_MAX];
    tw__slots_of_tensor(opt, l, tensor, slots);
    for (int i = 0; i < l->r->n_slots; i++) {
        const size_t n = slots[i] ? tw__slot_length(opt, &l->r->slots[i], tensor) : 0;
        *at = n ? first_not_finite(opt, slots[i], n) : 0;
        if (*at < n) return i;
    }
    return -1;
}

static void zero_bad(const tw_optimizer *opt, const void *g, size_t n, void *to)
{
    if (opt->type == TW_F32)
        for (size_t i = 0; i < n; i++)
            ((float *)to)[i] = ((const float *)g)[i] - ((const float *)g)[i] == 0 ? ((const float *)g)[i] : 0;
    else
        for (size_t i = 0; i < n; i++)
            ((double *)to)[i] =
                ((const double *)g)[i] - ((const double *)g)[i] == 0 ? ((const double *)g)[i] : 0;
}

/* ---- One block ---- */

/* The gradient of a block after the transforms before link `until` that are not in `direction` yet. *bad is
 * set where one of them, or a number on the way, is not finite. */
static const void *gradient_of(const tw_optimizer *opt, const block *b, int until, scratch *r, int *bad)
{
    const void *g = opt->filled >= 0 ? at_element(opt, opt->direction, b->from) : b->g;
    if (opt->nonfinite == TW_NONFINITE_ZERO && opt->filled < 0) {
        zero_bad(opt, g, b->n, &r->g);
        g = &r->g;
    }
    for (int i = opt->filled + 1; i < until; i++) {
        const tw__link *l = &opt->links[i];
        void *slots[TW_SLOTS_MAX];
        tw__slots_at(opt, l, b->from, slots);
        const tw_span span =
            {.n = b->n, .first = b->from, .out = &r->g, .w = b->w, .g = g, .at = b->w, .slots = slots};
        *bad |= update_span(opt, l, b->part, &span);
        g = &r->g;
    }
    return g;
}

static int run_rule(const tw_optimizer *opt, const block *b, const void *g, void *const *slots, void *out)
{
    const tw__link *l = &opt->links[opt->chain.rule];
    const tw_span span = {.n = b->n,
                          .first = b->from,
                          .out = out,
                          .w = b->w,
                          .g = g,
                          .at = opt->at ? at_element(opt, opt->at, b->from) : b->w,
                          .slots = slots};
    return update_span(opt, l, b->part, &span);
}

/* The step's transforms up to link `until`, on the weights that the rule has made in `after`. */
static void limit_step(const tw_optimizer *opt, const block *b, int until, void *after)
{
    for (int i = opt->chain.rule + 1; i < until && opt->links[i].r->place == TW_ON_STEP; i++) {
        const tw__link *l = &opt->links[i];
        void *slots[TW_SLOTS_MAX];
        tw__slots_at(opt, l, b->from, slots);
        const tw_span span =
            {.n = b->n, .first = b->from, .out = after, .w = b->w, .g = after, .slots = slots};
        update_span(opt, l, b->part, &span);
    }
}

/* The step that would be made, on a copy of the state: what a transform of the step measures. */
static const void *try_step(const tw_optimizer *opt, const block *b, int until, scratch *r)
{
    const tw__link *l = &opt->links[opt->chain.rule];
    void *own[TW_SLOTS_MAX], *copies[TW_SLOTS_MAX];
    int bad = 0; /* it was looked for before */
    tw__slots_at(opt, l, b->from, own);
    for (int i = 0; i < l->r->n_slots; i++) {
        copies[i] = own[i] ? &r->slots[i] : NULL;
        if (own[i] && l->r->kind != TW_WHOLE) memcpy(&r->slots[i], own[i], b->n * opt->real);
    }
    run_rule(opt, b, gradient_of(opt, b, opt->chain.rule, r, &bad), copies, &r->w);
    limit_step(opt, b, until, &r->w);
    return &r->w;
}

/* The slots that begin as copies of the weights get them with the first step. */
static void start_from_weights(const tw_optimizer *opt, const block *b)
{
    for (int k = 0; k < opt->chain.n; k++) {
        const tw__link *l = &opt->links[k];
        for (int i = 0; i < l->r->n_slots; i++)
            if (l->slots[i] && l->r->slots[i].start == TW_START_WEIGHT)
                memcpy((char *)l->slots[i] + b->from * opt->real, b->w, b->n * opt->real);
    }
}

/* Sums of squares that are too large, once more, of numbers scaled by a power of two, which is exact. A
 * float's squares always fit a double. */
static void measure_scaled(const tw_optimizer *opt, const block *b, int link, const tw_span *span, scratch *r,
                           double *sums)
{
    const tw__link *l = &opt->links[link];
    double scaled[TW_SUMS_MAX], *w = r->shown.f64, *g = r->g.f64;
    for (size_t i = 0; i < b->n; i++) {
        w[i] = ((const double *)span->w)[i] * TW__SCALED;
        g[i] = ((const double *)span->g)[i] * TW__SCALED;
    }
    const tw_span small = {.n = span->n, .first = span->first, .w = w, .g = g, .slots = span->slots};
    tw__run_measure(opt, l->r, &l->r->measure[1][tw__variant(opt, l, b->part->group)], &small,
                    coef_of(opt, l, b->part), scaled);
    for (int s = 0; s < l->r->n_sums; s++)
        if (sums[s] - sums[s] != 0) sums[s] = -scaled[s];
}

/* 0 only if the gradient that the link is given is finite. */
static int measure_block(tw_optimizer *opt, const block *b, int link, double *sums)
{
    scratch r;
    const tw__link *l = &opt->links[link];
    const int precision = opt->type == TW_F64;
    int bad = 0; /* of the links before this one, for which the gradient was looked at */
    const void *g =
        l->r->place == TW_ON_STEP ? try_step(opt, b, link, &r) : gradient_of(opt, b, link, &r, &bad);
    void *slots[TW_SLOTS_MAX];
    tw__slots_at(opt, l, b->from, slots);
    tw_span span = {.n = b->n, .first = b->from, .w = b->w, .g = g, .at = b->w, .slots = slots};
    if (l->r->kind == TW_WHOLE) {
        span.out = (char *)opt->direction + b->from * opt->real;
        return tw__run_kernel(opt, l->r, &l->r->fill[precision][0], &span, coef_of(opt, l, b->part));
    }
    const int doubtful =
        tw__run_measure(opt, l->r, &l->r->measure[precision][tw__variant(opt, l, b->part->group)], &span,
                        coef_of(opt, l, b->part), sums);
    if (precision && tw__first_not_finite_f64(opt->sums, sums, (size_t)l->r->n_sums) < (size_t)l->r->n_sums &&
        tw__sums_squares(l))
        measure_scaled(opt, b, link, &span, &r, sums);
    return doubtful;
}

/* The weights' transforms see the weights that the rule reports. */
static void follow_weights(const tw_optimizer *opt, const block *b, void *w, scratch *r)
{
    const tw__link *rule = &opt->links[opt->chain.rule];
    for (int i = opt->chain.rule + 1; i < opt->chain.n; i++) {
        const tw__link *l = &opt->links[i];
        if (l->r->place != TW_ON_WEIGHTS) continue;
        void *slots[TW_SLOTS_MAX];
        const void *shown = w;
        if (rule->view_coef) {
            tw__slots_at(opt, rule, b->from, slots);
            const tw_span view = {.n = b->n, .first = b->from, .out = &r->shown, .w = w, .slots = slots};
            rule->r->view[opt->type == TW_F64][tw__variant(opt, rule, b->part->group)](
                &view,
                rule->view_coef + tw__unit(opt, rule, b->part->tensor, b->part->group) * rule->coef_size);
            shown = &r->shown;
        }
        tw__slots_at(opt, l, b->from, slots);
        const tw_span span = {.n = b->n, .first = b->from, .out = w, .w = w, .g = shown, .slots = slots};
        update_span(opt, l, b->part, &span);
    }
}

static int update_block(tw_optimizer *opt, const block *b, void *w)
{
    scratch r;
    int bad = 0;
    void *slots[TW_SLOTS_MAX];
    const int rule = opt->chain.rule,
              limited = rule + 1 < opt->chain.n && opt->links[rule + 1].r->place == TW_ON_STEP;
    const void *g = gradient_of(opt, b, rule, &r, &bad);
    tw__slots_at(opt, &opt->links[rule], b->from, slots);
    bad |= run_rule(opt, b, g, slots, limited ? &r.w : w);
    if (limited) {
        limit_step(opt, b, opt->chain.n, &r.w);
        memcpy(w, &r.w, b->n * opt->real);
    }
    follow_weights(opt, b, w, &r);
    return bad;
}

/* ---- Chunks ---- */

/* The next block of [lo, hi): 0 after the last. Starts with part NULL. */
static int next_block(const tw_optimizer *opt, size_t lo, size_t hi, const void *w, const void *g, block *b)
{
    const tw__part *end = opt->parts + opt->n_parts;
    if (!b->part) {
        b->part = opt->parts + tw__first_part(opt, lo);
        if (b->part < end) b->from = b->part->lo > lo ? b->part->lo : lo;
    } else {
        b->from += b->n;
        if (b->from == b->part->hi && ++b->part < end) b->from = b->part->lo;
    }
    if (b->part >= end || b->from >= hi) return 0;
    size_t to = (b->from / TW__BLOCK + 1) * TW__BLOCK;
    if (to > b->part->hi) to = b->part->hi;
    b->n = (to < hi ? to : hi) - b->from;
    b->w = at_element(opt, w, b->from);
    b->g = at_element(opt, g, b->from);
    return 1;
}

static size_t chunk_end(size_t lo, size_t end) { return end - lo > TW_CHUNK ? lo + TW_CHUNK : end; }

/* The first pass checks the gradient; where the first link measures, its kernel has looked on the way. */
void tw__measure_chunk(tw_optimizer *opt, size_t chunk, const void *w, const void *g)
{
    const size_t lo = chunk * TW_CHUNK, hi = chunk_end(lo, opt->n);
    const int link = opt->pass_link[opt->pass],
              checks = opt->pass == 0 && opt->nonfinite != TW_NONFINITE_ZERO;
    const int stopped = atomic_load_explicit(&opt->bad, memory_order_relaxed) != SIZE_MAX;
    if (checks && (link != 0 || stopped) && !check_chunk(opt, lo, hi, g)) return;
    if (stopped) return;
    double *sums = opt->piece + (link < 0 ? 0 : opt->first_piece[chunk] * (size_t)opt->links[link].r->n_sums);
    int doubtful = 0;
    for (block b = {.part = NULL}; next_block(opt, lo, hi, w, g, &b);) {
        if (opt->steps == 0 && opt->pass == 0) start_from_weights(opt, &b);
        if (link < 0) continue;
        doubtful |= measure_block(opt, &b, link, sums);
        sums += opt->links[link].r->n_sums;
    }
    if (doubtful && checks && link == 0) check_chunk(opt, lo, hi, g);
}

/* A rule alone works on whole parts of a chunk. */
static int update_plain(tw_optimizer *opt, size_t lo, size_t hi, void *w, const void *g)
{
    const tw__link *l = &opt->links[0];
    int bad = 0;
    for (size_t i = tw__first_part(opt, lo); i < opt->n_parts && opt->parts[i].lo < hi; i++) {
        const tw__part *p = &opt->parts[i];
        const size_t from = p->lo > lo ? p->lo : lo, to = p->hi < hi ? p->hi : hi;
        const block b = {.part = p, .from = from, .n = to - from, .w = at_element(opt, w, from)};
        if (opt->steps == 0 && !opt->n_passes) start_from_weights(opt, &b);
        void *slots[TW_SLOTS_MAX], *own = (char *)w + from * opt->real;
        tw__slots_at(opt, l, from, slots);
        const tw_span span = {.n = to - from,
                              .first = from,
                              .out = own,
                              .w = own,
                              .g = at_element(opt, opt->filled < 0 ? g : opt->direction, from),
                              .at = opt->at ? at_element(opt, opt->at, from) : own,
                              .slots = slots};
        bad |= update_span(opt, l, p, &span);
    }
    return bad;
}

static int update_joined(tw_optimizer *opt, size_t lo, size_t hi, void *w, const void *g)
{
    int bad = 0;
    for (block b = {.part = NULL}; next_block(opt, lo, hi, w, g, &b);) {
        if (opt->steps == 0 && !opt->n_passes) start_from_weights(opt, &b);
        bad |= update_block(opt, &b, (char *)w + b.from * opt->real);
    }
    return bad;
}

/* Chunk by chunk. Gradients are checked in the first pass where there are passes, and else by the kernels
 * that step them, and again only to find the first that is not finite. */
void tw__update_chunks(tw_optimizer *opt, size_t lo, size_t end, void *w, const void *g)
{
    const int checked = opt->n_passes > 0 || opt->nonfinite == TW_NONFINITE_ZERO,
              plain = opt->chain.n == 1 && opt->nonfinite != TW_NONFINITE_ZERO;
    const size_t start = lo;
    if (opt->n_passes && atomic_load_explicit(&opt->bad, memory_order_relaxed) != SIZE_MAX) return;
    tw__fp_watch();
    for (size_t hi; lo < end; lo = hi) {
        hi = chunk_end(lo, end);
        const int bad = plain ? update_plain(opt, lo, hi, w, g) : update_joined(opt, lo, hi, w, g);
        if (bad && !checked) check_chunk(opt, lo, hi, g);
    }
    const unsigned flags = tw__fp_flags();
    if (flags) tw__check_state(opt, start, end);
    if (flags & TW__FP_OVERFLOW) tw__note_first(&opt->overflow, opt->n);
}

/* ---- Whole tensors ---- */

struct turning {
    tw_optimizer *opt;
    tw__link *l;
    const void *w;
};

static void apply_task(void *arg, size_t index, int worker)
{
    const struct turning *a = arg;
    tw_optimizer *opt = a->opt;
    const tw_tensor *t = &opt->tensors[index];
    const size_t n = tw__tensor_size(opt, index);
    if (n == 0 || !tw__is_stepped(t)) return;
    const size_t rows = tw__tensor_rows(t), columns = n / rows;
    const int transposed = t->rank > 1 && (t->flags & TW_TENSOR_TRANSPOSED);
    const tw__part part = {.tensor = index, .group = opt->group_of[index]};
    void *slots[TW_SLOTS_MAX];
    tw__slots_of_tensor(opt, a->l, index, slots);
    const tw_matrix m = {.d = (char *)opt->direction + t->offset * opt->real,
                         .w = at_element(opt, a->w, t->offset),
                         .rows = rows,
                         .columns = columns,
                         .down = transposed ? 1 : columns,
                         .right = transposed ? rows : 1,
                         .rank = t->rank,
                         .slots = slots,
                         .scratch = (char *)opt->scratch + (size_t)worker * opt->scratch_n * opt->real};
    size_t at;
    tw__fp_watch();
    a->l->r->whole[opt->type == TW_F64][tw__variant(opt, a->l, part.group)][opt->isa](&m, coef_of(opt, a->l,
                                                                                                  &part));
    if (tw__fp_flags() && tw__first_overflow(opt, a->l, index, &at) >= 0)
        tw__note_first(&opt->overflow, t->offset);
}

void tw__apply_whole(tw_optimizer *opt, tw__link *l, const void *w)
{
    struct turning a = {opt, l, w};
    tw__pool_run(opt->ctx, opt->n_tensors, apply_task, &a);
}
