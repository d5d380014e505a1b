/* Steps whose gradient is 0 almost everywhere. What a gradient of 0 would have done to an element is made up
 * for when the element is next touched, or when all are brought up to date:
 *
 *     free      it does nothing                            (the rule's trait)
 *     closed    the rule knows what k of them do           (skip)
 *     replay    the kernel is run once for each of them, with the coefficients that were kept
 *     touched   it is left out: another method
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "base/cpu.h"
#include "optimizer/optimizer.h"
#include "optimizer/shared.h"

enum mode { FREE, CLOSED, REPLAY, TOUCHED };
/* steps whose coefficients are kept; then all elements are brought up to date */
enum { MOST_HISTORY = 1024 };

struct tw__sparse {
    enum mode mode;
    uint64_t *seen, flushed; /* steps each element has had; at least so many all have had */
    /* coefficients of the steps after `flushed`, n_units of coef_size each; what skip is prepared in */
    char *history, *skip_coef;
    size_t capacity; /* bytes of history */
    int behind;
};

void tw__sparse_free(tw_optimizer *opt)
{
    struct tw__sparse *s = opt->behind;
    if (!s) return;
    tw__free(opt->ctx, s->seen, opt->n, sizeof *s->seen);
    tw__free(opt->ctx, s->history, s->capacity, 1);
    tw__free(opt->ctx, s->skip_coef, tw__rule_link(opt)->coef_size, 1);
    tw__free(opt->ctx, s, 1, sizeof *s);
}

int tw__is_behind(const tw_optimizer *opt) { return opt->behind && opt->behind->behind; }

/* ---- Which way ---- */

static int is_nothing(tw_optimizer *opt)
{
    for (int i = 0; i < opt->n_groups; i++)
        if (!(tw__rule_link(opt)->r->traits(opt->groups[i].values) & TW_ZERO_IS_NOTHING)) return 0;
    return 1;
}

/* A closed form holds for values that stay as they are, from the second step on; a factor on lr stays between
 * two flushes. */
static int has_closed_form(tw_optimizer *opt, char *coef)
{
    const tw__link *l = tw__rule_link(opt);
    if (strcmp(opt->plan.text, "constant") != 0) return 0;
    for (int i = 0; i < opt->n_groups; i++) {
        double scalars[TW_SCALARS_MAX];
        memcpy(scalars, l->scalars, (size_t)l->r->n_scalars * sizeof *scalars);
        const tw_moment now = {.t = opt->steps + 2,
                               .h = opt->groups[i].values,
                               .next = opt->groups[i].values,
                               .scalars = scalars,
                               .seed = opt->seed};
        if (!tw__prepare_skip(opt, &now, 1, coef)) return 0;
    }
    return 1;
}

static tw_status check_chain(tw_optimizer *opt, tw_error *err)
{
    const tw_rule *r = tw__rule_link(opt)->r;
    if (opt->chain.n > 1)
        return tw__fail(err, TW_ERR_SPEC,
                        "\"%.100s\" cannot take sparse steps: a transform looks at every element",
                        opt->chain.spec);
    if (r->kind != TW_ELEMENT)
        return tw__fail(err, TW_ERR_SPEC, "rule \"%s\" cannot take sparse steps: it looks at whole tensors",
                        r->name);
    if (r->traits(opt->chain.link[0].values) & TW_DRAWS_NOISE)
        return tw__fail(err, TW_ERR_SPEC,
                        "rule \"%s\" cannot take sparse steps: its noise moves every element", r->name);
    if (opt->nonfinite != TW_NONFINITE_ERROR)
        return tw__fail(err, TW_ERR_SPEC, "sparse steps know no other nonfinite policy than error");
    return TW_OK;
}

static tw_status choose_mode(tw_optimizer *opt, struct tw__sparse *s, tw_error *err)
{
    TW_TRY(check_chain(opt, err));
    TW_TRY(tw__alloc(opt->ctx, &s->skip_coef, tw__rule_link(opt)->coef_size, 1, err));
    if (opt->sparse == TW_SPARSE_TOUCHED) s->mode = TOUCHED;
    else if (is_nothing(opt)) s->mode = FREE;
    else if (opt->sparse == TW_SPARSE_REPLAY) s->mode = REPLAY;
    else if (has_closed_form(opt, s->skip_coef)) s->mode = CLOSED;
    else
        return tw__fail(
            err, TW_ERR_SPEC,
            "a gradient of 0 moves the weights of \"%.100s\", and how far is not known in closed form; "
            "replay does those steps one by one (exact), touched leaves them out (another method)",
            opt->chain.spec);
    return s->mode == CLOSED || s->mode == REPLAY
               ? tw__alloc(opt->ctx, &s->seen, opt->n, sizeof *s->seen, err)
               : TW_OK;
}

/* With no element behind, all have had every step so far, be it sparse or of the whole vector. */
static void all_have_seen(tw_optimizer *opt)
{
    struct tw__sparse *s = opt->behind;
    s->flushed = opt->steps;
    for (size_t i = 0; s->seen && i < opt->n; i++) s->seen[i] = opt->steps;
}

static tw_status start(tw_optimizer *opt, tw_error *err)
{
    if (opt->behind) {
        if (!opt->behind->behind && opt->behind->flushed != opt->steps) all_have_seen(opt);
        return TW_OK;
    }
    TW_TRY(tw__alloc(opt->ctx, &opt->behind, 1, sizeof *opt->behind, err));
    tw_status status = choose_mode(opt, opt->behind, err);
    if (status != TW_OK) {
        tw__sparse_free(opt);
        opt->behind = NULL;
        return status;
    }
    all_have_seen(opt);
    return TW_OK;
}

/* ---- Making up ---- */

static const tw__part *part_of(const tw_optimizer *opt, size_t element)
{
    size_t i = tw__first_part(opt, element);
    return i < opt->n_parts && opt->parts[i].lo <= element ? &opt->parts[i] : NULL;
}

/* One step with gradients of 0, by coefficients of all units. */
static void step_zeros(tw_optimizer *opt, const tw__part *p, size_t from, size_t n, void *w, const char *coef)
{
    tw__numbers zeros;
    const tw__link *l = tw__rule_link(opt);
    memset(&zeros, 0, (n < TW__BLOCK ? n : TW__BLOCK) * opt->real);
    for (size_t at = from; at < from + n; at += TW__BLOCK) {
        void *slots[TW_SLOTS_MAX], *own = (char *)w + at * opt->real;
        tw__slots_at(opt, l, at, slots);
        const tw_span span = {.n = from + n - at < TW__BLOCK ? from + n - at : TW__BLOCK,
                              .first = at,
                              .out = own,
                              .w = own,
                              .g = &zeros,
                              .at = own,
                              .slots = slots};
        tw__run_kernel(opt, l->r, opt->groups[p->group].kernels, &span,
                       coef + tw__unit(opt, l, p->tensor, p->group) * l->coef_size);
    }
}

static void replay(tw_optimizer *opt, const tw__part *p, size_t from, size_t n, void *w)
{
    const struct tw__sparse *s = opt->behind;
    const size_t step_bytes = tw__rule_link(opt)->n_units * tw__rule_link(opt)->coef_size;
    for (uint64_t t = s->seen[from]; t < opt->steps; t++)
        step_zeros(opt, p, from, n, w, s->history + (t - s->flushed) * step_bytes);
}

static void skip(tw_optimizer *opt, const tw__part *p, size_t from, size_t n, void *w)
{
    const struct tw__sparse *s = opt->behind;
    const tw__link *l = tw__rule_link(opt);
    const double *h = opt->groups[p->group].h;
    const tw_moment now = {.t = s->seen[from] + 1,
                           .h = h,
                           .next = h,
                           .scalars = l->scalars,
                           .seed = opt->seed};
    void *slots[TW_SLOTS_MAX];
    tw__slots_at(opt, l, from, slots);
    const tw_span span = {.n = n, .first = from, .out = (char *)w + from * opt->real, .slots = slots};
    tw__prepare_skip(opt, &now, opt->steps - s->seen[from], s->skip_coef);
    l->r->skip[opt->type == TW_F64][opt->groups[p->group].variant](&span, s->skip_coef);
}

/* Elements from .. from + n - 1, all in one part and behind by the same steps. */
static void catch_up(tw_optimizer *opt, const tw__part *p, size_t from, size_t n, void *w)
{
    struct tw__sparse *s = opt->behind;
    if (s->seen[from] == opt->steps) return;
    if (s->mode == REPLAY) replay(opt, p, from, n, w);
    else skip(opt, p, from, n, w);
    for (size_t i = 0; i < n; i++) s->seen[from + i] = opt->steps;
}

/* Elements from `from` on, before hi, that are behind by the same steps. */
static size_t alike(const struct tw__sparse *s, size_t from, size_t hi)
{
    size_t n = 1;
    while (from + n < hi && s->seen[from + n] == s->seen[from]) n++;
    return n;
}

static void flush_all(tw_optimizer *opt, void *w)
{
    struct tw__sparse *s = opt->behind;
    for (size_t i = 0; i < opt->n_parts; i++) {
        const tw__part *p = &opt->parts[i];
        for (size_t from = p->lo, n; from < p->hi; from += n) {
            n = alike(s, from, p->hi);
            catch_up(opt, p, from, n, w);
        }
    }
    s->flushed = opt->steps;
    s->behind = 0;
}

/* The first step may be unlike those after it (sgd's dampening), so no closed form begins with it: what is
 * not touched makes it, too. */
static void first_step_of_rest(tw_optimizer *opt, void *w)
{
    struct tw__sparse *s = opt->behind;
    for (size_t i = 0; i < opt->n_parts; i++) {
        const tw__part *p = &opt->parts[i];
        for (size_t from = p->lo, n; from < p->hi; from += n) {
            n = alike(s, from, p->hi);
            if (s->seen[from] == 0) step_zeros(opt, p, from, n, w, tw__rule_link(opt)->coef);
            for (size_t k = 0; k < n; k++) s->seen[from + k] = 1;
        }
    }
}

/* ---- A step ---- */

static tw_status check_index(const tw_optimizer *opt, size_t n, const uint32_t *index, tw_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (index[i] >= opt->n || (i && index[i] <= index[i - 1]))
            return tw__fail(err, TW_ERR_SPEC, "index[%zu] = %u is not above the one before it and below %zu",
                            i, (unsigned)index[i], opt->n);
    return TW_OK;
}

/* Before anything has changed: the first that is not finite, in an element that is stepped. */
static void check_finite(tw_optimizer *opt, size_t n, const uint32_t *index, const void *g)
{
    for (size_t i = 0; i < n; i++) {
        double x = opt->type == TW_F32 ? (double)((const float *)g)[i] : ((const double *)g)[i];
        const size_t at = index ? index[i] : i;
        if (x - x == 0 || !part_of(opt, at)) continue;
        atomic_store_explicit(&opt->bad, at, memory_order_relaxed);
        return;
    }
}

/* Neighbours in a list, and copies of their weights and slots, as they become and, where changes are
 * added, as they were. */
typedef struct gathered {
    size_t n;
    const tw__part *part;
    size_t index[TW__BLOCK];
    tw__numbers g, copy[1 + TW_SLOTS_MAX], was[1 + TW_SLOTS_MAX];
} gathered;

/* Other optimisers may step the same weights (shared.h), so every number is read and written at once. */
static void gather(const tw_optimizer *opt, const gathered *b, const void *vector, tw__numbers *to)
{
    if (opt->type == TW_F32)
        for (size_t i = 0; i < b->n; i++)
            __atomic_load((const float *)vector + b->index[i], &to->f32[i], __ATOMIC_RELAXED);
    else
        for (size_t i = 0; i < b->n; i++)
            __atomic_load((const double *)vector + b->index[i], &to->f64[i], __ATOMIC_RELAXED);
}

static void scatter(const tw_optimizer *opt, const gathered *b, void *vector, tw__numbers *from)
{
    if (opt->type == TW_F32)
        for (size_t i = 0; i < b->n; i++)
            __atomic_store((float *)vector + b->index[i], &from->f32[i], __ATOMIC_RELAXED);
    else
        for (size_t i = 0; i < b->n; i++)
            __atomic_store((double *)vector + b->index[i], &from->f64[i], __ATOMIC_RELAXED);
}

/* The change is added to what is there, unless that is what was read. */
#define ADD_CHANGES(real, numbers)                                                                  \
    for (size_t i = 0; i < b->n; i++) {                                                             \
        real *const at = (real *)vector + b->index[i];                                              \
        const real change = to->numbers[i] - was->numbers[i];                                       \
        real there = was->numbers[i], sum = to->numbers[i];                                         \
        while (!__atomic_compare_exchange(at, &there, &sum, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) \
            sum = there == was->numbers[i] ? to->numbers[i] : there + change;                       \
    }
static void add_changes(const tw_optimizer *opt, const gathered *b, void *vector, const tw__numbers *was,
                        const tw__numbers *to)
{
    if (opt->type == TW_F32) ADD_CHANGES(float, f32)
    else ADD_CHANGES(double, f64)
}

static int is_finite(const tw_optimizer *opt, const gathered *b, const tw__numbers *x)
{
    for (size_t i = 0; i < b->n; i++) {
        const double one = opt->type == TW_F32 ? (double)x->f32[i] : x->f64[i];
        if (one - one != 0) return 0;
    }
    return 1;
}

static void step_gathered(tw_optimizer *opt, gathered *b, void *w)
{
    const tw__link *l = tw__rule_link(opt);
    void *vector[1 + TW_SLOTS_MAX] = {w}, *slots[TW_SLOTS_MAX];
    const int n = 1 + l->r->n_slots;
    if (!b->n) return;
    for (int i = 1; i < n; i++) {
        vector[i] = l->slots[i - 1];
        slots[i - 1] = vector[i] ? &b->copy[i] : NULL;
    }
    for (int i = 0; i < n; i++)
        if (vector[i]) gather(opt, b, vector[i], &b->copy[i]);
    if (opt->adds) memcpy(b->was, b->copy, (size_t)n * sizeof *b->was);
    const tw_span span = {.n = b->n, .out = b->copy, .w = b->copy, .g = &b->g, .at = b->copy, .slots = slots};
    tw__run_kernel(opt, l->r, opt->groups[b->part->group].kernels, &span,
                   l->coef + tw__unit(opt, l, b->part->tensor, b->part->group) * l->coef_size);
    const int doubtful = opt->shares && tw__fp_flags();
    for (int i = 0; i < n; i++) {
        if (!vector[i]) continue;
        if (doubtful && !is_finite(opt, b, &b->copy[i])) tw__note_first(&opt->overflow, opt->n);
        if (opt->adds) add_changes(opt, b, vector[i], &b->was[i], &b->copy[i]);
        else scatter(opt, b, vector[i], &b->copy[i]);
    }
    b->n = 0;
}

static void step_touched(tw_optimizer *opt, void *w, size_t n, const uint32_t *index, const void *g)
{
    struct tw__sparse *s = opt->behind;
    gathered b;
    b.n = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t at = index ? index[i] : i;
        const tw__part *p = b.n && at < b.part->hi ? b.part : part_of(opt, at);
        if (!p) continue;
        if (b.n == TW__BLOCK || (b.n && p != b.part)) step_gathered(opt, &b, w);
        if (s->seen) {
            catch_up(opt, p, at, 1, w);
            s->seen[at] = opt->steps + 1;
        }
        b.part = p;
        memcpy((char *)&b.g + b.n * opt->real, (const char *)g + i * opt->real, opt->real);
        b.index[b.n++] = at;
    }
    step_gathered(opt, &b, w);
}

/* The coefficients of this step are kept for those it does not touch. */
static tw_status keep_history(tw_optimizer *opt, void *w, tw_error *err)
{
    struct tw__sparse *s = opt->behind;
    const tw__link *l = tw__rule_link(opt);
    const size_t bytes = l->n_units * l->coef_size;
    if (s->mode != REPLAY) return TW_OK;
    if (opt->steps - s->flushed >= MOST_HISTORY) flush_all(opt, w);
    const size_t at = (size_t)(opt->steps - s->flushed) * bytes;
    TW_TRY(tw__grow(opt->ctx, &s->history, &s->capacity, at + bytes, 1, err));
    memcpy(s->history + at, l->coef, bytes);
    return TW_OK;
}

static void start_from_weights(tw_optimizer *opt, const void *w)
{
    const tw__link *l = tw__rule_link(opt);
    for (int i = 0; i < l->r->n_slots; i++)
        for (size_t p = 0; l->slots[i] && l->r->slots[i].start == TW_START_WEIGHT && p < opt->n_parts; p++) {
            const size_t at = opt->parts[p].lo * opt->real,
                         n = (opt->parts[p].hi - opt->parts[p].lo) * opt->real;
            memcpy((char *)l->slots[i] + at, (const char *)w + at, n);
        }
}

/* index NULL: all n elements */
static tw_status step_listed(tw_optimizer *opt, void *w, size_t n, const uint32_t *index, const void *g,
                             tw_error *err)
{
    TW_TRY(start(opt, err));
    const int was_behind = opt->behind->behind;
    opt->behind->behind = 0;
    tw_status status = tw__step_begin(opt, err);
    opt->behind->behind = was_behind;
    TW_TRY(status);
    tw__fp_mode mode = tw__fp_enter();
    check_finite(opt, n, index, g);
    if (atomic_load_explicit(&opt->bad, memory_order_relaxed) == SIZE_MAX) {
        if (opt->steps == 0) start_from_weights(opt, w);
        status = keep_history(opt, w, err);
        tw__fp_watch();
        if (status == TW_OK) step_touched(opt, w, n, index, g);
        const unsigned flags = tw__fp_flags();
        if (flags && !opt->shares) tw__check_state(opt, 0, opt->n);
        if (flags & TW__FP_OVERFLOW) tw__note_first(&opt->overflow, opt->n);
        if (opt->steps == 0 && opt->behind->mode == CLOSED) first_step_of_rest(opt, w);
        if (status == TW_OK && opt->behind->seen) opt->behind->behind = 1;
    }
    if (status != TW_OK) { /* as if it had not begun */
        opt->phase = TW__IDLE;
        tw__set_values(opt, tw__before_last(opt));
    }
    tw__fp_leave(mode);
    return status != TW_OK ? status : tw__step_end(opt, err);
}

static tw_status step_sparse(tw_optimizer *opt, tw_type type, void *w, size_t n, const uint32_t *index,
                             const void *g, tw_error *err)
{
    TW_TRY(tw__check_vectors(opt, type, w, n == 0 ? w : index ? g : NULL, err));
    TW_TRY(check_index(opt, n, index, err));
    return step_listed(opt, w, n, index, g, err);
}

tw_status tw_step_sparse_f32(tw_optimizer *opt, float *w, size_t n, const uint32_t *index, const float *g,
                             tw_error *err)
{
    return step_sparse(opt, TW_F32, w, n, index, g, err);
}

tw_status tw_step_sparse_f64(tw_optimizer *opt, double *w, size_t n, const uint32_t *index, const double *g,
                             tw_error *err)
{
    return step_sparse(opt, TW_F64, w, n, index, g, err);
}

static tw_status flush(tw_optimizer *opt, tw_type type, void *w, size_t n, const uint32_t *index,
                       tw_error *err)
{
    TW_TRY(tw__check_vectors(opt, type, w, w, err));
    if (opt->phase != TW__IDLE)
        return opt->phase == TW__REFUSED ? tw__refuse(err)
                                         : tw__fail(err, TW_ERR_STATE, "tw_sparse_flush within a step");
    if (index) TW_TRY(check_index(opt, n, index, err));
    else if (n != opt->n)
        return tw__fail(err, TW_ERR_SPEC, "n = %zu is not the vector's length, %zu", n, opt->n);
    if (!tw__is_behind(opt)) return TW_OK;
    tw__fp_mode mode = tw__fp_enter();
    if (!index) flush_all(opt, w);
    for (size_t i = 0; index && i < n; i++) {
        const tw__part *p = part_of(opt, index[i]);
        if (p) catch_up(opt, p, index[i], 1, w);
    }
    tw__fp_leave(mode);
    return TW_OK;
}

tw_status tw_sparse_flush_f32(tw_optimizer *opt, float *w, size_t n, const uint32_t *index, tw_error *err)
{
    return flush(opt, TW_F32, w, n, index, err);
}

tw_status tw_sparse_flush_f64(tw_optimizer *opt, double *w, size_t n, const uint32_t *index, tw_error *err)
{
    return flush(opt, TW_F64, w, n, index, err);
}

/* ---- A step among others ---- */

static tw_status check_rule(tw_optimizer *opt, tw_error *err)
{
    const tw_rule *r = opt->chain.link[opt->chain.rule].rule;
    TW_TRY(check_chain(opt, err));
    int begins_with_weights = 0;
    for (int i = 0; i < r->n_slots; i++) begins_with_weights |= r->slots[i].start == TW_START_WEIGHT;
    if (!r->n_scalars && !begins_with_weights) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "rule \"%s\" cannot share its state: %s", r->name,
                    r->n_scalars ? "it keeps a number that every step changes"
                                 : "it begins with a copy of the weights");
}

tw_status tw__share_state(tw_optimizer *opt, tw_optimizer *of, int adds, tw_error *err)
{
    TW_TRY(check_rule(opt, err));
    tw__link *mine = tw__rule_link(opt);
    for (int i = 0; i < TW_SLOTS_MAX; i++) {
        tw__free(opt->ctx, mine->slots[i], mine->slot_n[i], opt->real);
        mine->slots[i] = tw__rule_link(of)->slots[i];
    }
    opt->sparse = TW_SPARSE_TOUCHED;
    opt->shares = 1;
    opt->adds = adds;
    return TW_OK;
}

tw_status tw__step_shared(tw_optimizer *opt, uint64_t number, void *w, size_t n, const uint32_t *index,
                          const void *g, tw_error *err)
{
    opt->steps = number;
    if (index) TW_TRY(check_index(opt, n, index, err));
    return step_listed(opt, w, n, index, g, err);
}

void tw__count_steps(tw_optimizer *opt, uint64_t steps) { opt->steps = steps; }
