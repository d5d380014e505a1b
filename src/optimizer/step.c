/* Stepping: begin computes coefficients, ranges are checked and updated chunk by chunk, end counts the step or says what stopped it.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "base/cpu.h"
#include "base/pool.h"
#include "optimizer/optimizer.h"

enum { CHUNKS_PER_TASK = 16 };

void tw__optimizer_values(const tw_optimizer *opt, uint64_t done, double *h)
{
    for (int i = 0; i < opt->rule->n_options; i++) h[i] = tw__plan_value(&opt->plan, i, opt->choice.values[i], done);
}

void tw__slots_at(const tw_optimizer *opt, size_t element, void *slots[TW_SLOTS_MAX])
{
    for (int i = 0; i < opt->rule->n_slots; i++) slots[i] = opt->slots[i] ? (char *)opt->slots[i] + element * opt->real : NULL;
}

static tw_status check_values(const tw_optimizer *opt, tw_error *err)
{
    for (int i = 0; i < opt->plan.n; i++) {
        const tw_option *o = &opt->rule->options[opt->plan.pieces[i].key];
        double x = opt->h[opt->plan.pieces[i].key];
        char bounds[TW_VALUE_MAX], value[TW_VALUE_MAX];
        if (x >= o->min && x <= o->max && !(x == o->min && (o->open & TW_OPEN_MIN)) && !(x == o->max && (o->open & TW_OPEN_MAX))) continue;
        return tw__fail(err, TW_ERR_SPEC, "the schedule sets %s = %s at step %llu, outside %s", o->name, tw_option_text(o, x, value),
                        (unsigned long long)opt->steps + 1, tw_option_bounds(o, bounds));
    }
    return TW_OK;
}

static tw_status refuse(tw_error *err)
{
    return tw__fail(err, TW_ERR_STATE, "the optimiser was stopped by an earlier error and takes no further steps");
}

tw_status tw_step_begin(tw_optimizer *opt, tw_error *err)
{
    if (opt->phase == TW__REFUSED) return refuse(err);
    if (opt->phase == TW__BEGUN) return tw__fail(err, TW_ERR_STATE, "tw_step_begin: the step before has not been ended");
    tw__fp_mode mode = tw__fp_enter();
    tw__optimizer_values(opt, opt->steps, opt->h);
    tw__optimizer_values(opt, opt->steps + 1, opt->next);
    tw_status s = check_values(opt, err);
    if (s == TW_OK) {
        memcpy(opt->next_scalars, opt->scalars, sizeof opt->scalars);
        const tw_moment now = {opt->steps + 1, opt->h, opt->next, opt->next_scalars, opt->seed, NULL};
        opt->rule->prepare[opt->type == TW_F64](&now, opt->coef);
        atomic_store_explicit(&opt->bad, SIZE_MAX, memory_order_relaxed);
        opt->phase = TW__BEGUN;
    }
    tw__fp_leave(mode);
    return s;
}

static size_t first_bad(const tw_optimizer *opt, const void *g, size_t lo, size_t n)
{
    if (opt->type == TW_F32) return tw__first_not_finite_f32(opt->sums, (const float *)g + lo, n);
    return tw__first_not_finite_f64(opt->sums, (const double *)g + lo, n);
}

static void note_bad(tw_optimizer *opt, size_t i)
{
    size_t was = atomic_load_explicit(&opt->bad, memory_order_relaxed);
    while (i < was && !atomic_compare_exchange_weak_explicit(&opt->bad, &was, i, memory_order_relaxed, memory_order_relaxed)) continue;
}

/* The slots that begin as copies of the weights get them with the first step. */
static void start_from_weights(const tw_optimizer *opt, const void *w, size_t lo, size_t hi)
{
    for (int i = 0; i < opt->rule->n_slots; i++)
        if (opt->slots[i] && opt->rule->slots[i].start == TW_START_WEIGHT)
            memcpy((char *)opt->slots[i] + lo * opt->real, (const char *)w + lo * opt->real, (hi - lo) * opt->real);
}

static size_t first_live(const tw_optimizer *opt, size_t lo)
{
    size_t a = 0, b = opt->n_live;
    while (a < b) {
        size_t middle = a + (b - a) / 2;
        if (opt->live[middle].hi <= lo) a = middle + 1;
        else b = middle;
    }
    return a;
}

/* Whether the gradients of all that is stepped in the chunk are finite. */
static int check_chunk(tw_optimizer *opt, size_t lo, size_t hi, const void *g)
{
    for (size_t i = first_live(opt, lo); i < opt->n_live && opt->live[i].lo < hi; i++) {
        size_t from = opt->live[i].lo > lo ? opt->live[i].lo : lo, to = opt->live[i].hi < hi ? opt->live[i].hi : hi;
        size_t bad = first_bad(opt, g, from, to - from);
        if (bad == to - from) continue;
        note_bad(opt, from + bad);
        return 0;
    }
    return 1;
}

/* Updates a chunk; 1 if on the way the next one, up to `end`, was found to be finite. */
static int update_chunk(tw_optimizer *opt, size_t lo, size_t hi, size_t end, void *w, const void *g)
{
    int next_is_finite = 0;
    for (size_t i = first_live(opt, lo); i < opt->n_live && opt->live[i].lo < hi; i++) {
        size_t from = opt->live[i].lo > lo ? opt->live[i].lo : lo, to = opt->live[i].hi < hi ? opt->live[i].hi : hi;
        int next = from == lo && hi - lo == TW_CHUNK && end - hi >= TW_CHUNK && opt->live[i].hi >= hi + TW_CHUNK;
        if (opt->steps == 0) start_from_weights(opt, w, from, to);
        void *slots[TW_SLOTS_MAX], *at = (char *)w + from * opt->real;
        tw__slots_at(opt, from, slots);
        const tw_span span = {.n = to - from, .first = from, .out = at, .w = at, .g = (const char *)g + from * opt->real, .at = at, .slots = slots,
                              .ahead = (const char *)g + (next ? hi : from) * opt->real};
        int bad = opt->update(&span, opt->coef);
        next_is_finite = next && !bad;
    }
    return next_is_finite;
}

/* Chunk by chunk, each checked before it is touched: ahead of time by the kernel of the chunk before it, or else here. */
static void step_chunks(tw_optimizer *opt, size_t lo, size_t end, void *w, const void *g)
{
    int finite = 0;
    for (size_t hi; lo < end; lo = hi) {
        hi = end - lo > TW_CHUNK ? lo + TW_CHUNK : end;
        finite = (finite || check_chunk(opt, lo, hi, g)) && update_chunk(opt, lo, hi, end, w, g);
    }
}

static tw_status check_type(const tw_optimizer *opt, tw_type type, tw_error *err)
{
    if (type == opt->type) return TW_OK;
    return tw__fail(err, TW_ERR_STATE, "this optimiser was made for %s and is called with %s", tw_type_name(opt->type), tw_type_name(type));
}

static tw_status step_range(tw_optimizer *opt, tw_type type, size_t lo, size_t hi, void *w, const void *g, tw_error *err)
{
    TW_TRY(check_type(opt, type, err));
    if (opt->phase != TW__BEGUN) return opt->phase == TW__REFUSED ? refuse(err) : tw__fail(err, TW_ERR_STATE, "a range without tw_step_begin");
    if (lo > hi || hi > opt->n || lo % TW_CHUNK || (hi % TW_CHUNK && hi != opt->n))
        return tw__fail(err, TW_ERR_SPEC, "the range [%zu, %zu) does not fall on multiples of %d within [0, %zu)", lo, hi, (int)TW_CHUNK, opt->n);
    tw__fp_mode mode = tw__fp_enter();
    step_chunks(opt, lo, hi, w, g);
    tw__fp_leave(mode);
    return TW_OK;
}

tw_status tw_step_range_f32(tw_optimizer *opt, size_t lo, size_t hi, float *w, const float *g, tw_error *err)
{
    return step_range(opt, TW_F32, lo, hi, w, g, err);
}

tw_status tw_step_range_f64(tw_optimizer *opt, size_t lo, size_t hi, double *w, const double *g, tw_error *err)
{
    return step_range(opt, TW_F64, lo, hi, w, g, err);
}

static tw_status report_bad(const tw_optimizer *opt, size_t bad, tw_error *err)
{
    size_t i = opt->n_tensors;
    while (opt->tensors[--i].offset > bad) continue;
    const tw_tensor *t = &opt->tensors[i];
    uint64_t step = opt->steps + 1;
    tw__fail(err, TW_ERR_NOT_FINITE, "the gradient of %s is not finite at element %zu, step %llu", t->name, bad - t->offset,
             (unsigned long long)step);
    if (err) {
        snprintf(err->tensor, sizeof err->tensor, "%s", t->name);
        err->index = bad - t->offset;
        err->step = step;
    }
    return TW_ERR_NOT_FINITE;
}

tw_status tw_step_end(tw_optimizer *opt, tw_error *err)
{
    if (opt->phase != TW__BEGUN) return opt->phase == TW__REFUSED ? refuse(err) : tw__fail(err, TW_ERR_STATE, "tw_step_end without tw_step_begin");
    size_t bad = atomic_load_explicit(&opt->bad, memory_order_relaxed);
    if (bad != SIZE_MAX) {
        opt->phase = TW__REFUSED;
        return report_bad(opt, bad, err);
    }
    memcpy(opt->scalars, opt->next_scalars, sizeof opt->scalars);
    opt->steps++;
    opt->phase = TW__IDLE;
    return TW_OK;
}

struct whole { tw_optimizer *opt; void *w; const void *g; };

static void step_task(void *arg, size_t index, int worker)
{
    const struct whole *a = arg;
    size_t lo = index * CHUNKS_PER_TASK * TW_CHUNK, n = a->opt->n;
    (void)worker;
    step_chunks(a->opt, lo, n - lo > CHUNKS_PER_TASK * TW_CHUNK ? lo + CHUNKS_PER_TASK * TW_CHUNK : n, a->w, a->g);
}

static tw_status step(tw_optimizer *opt, tw_type type, void *w, const void *g, tw_error *err)
{
    TW_TRY(check_type(opt, type, err));
    TW_TRY(tw_step_begin(opt, err));
    struct whole whole = {opt, w, g};
    size_t per_task = (size_t)CHUNKS_PER_TASK * TW_CHUNK;
    tw__pool_run(opt->ctx, opt->n / per_task + (opt->n % per_task != 0), step_task, &whole);
    return tw_step_end(opt, err);
}

tw_status tw_step_f32(tw_optimizer *opt, float *w, const float *g, tw_error *err) { return step(opt, TW_F32, w, g, err); }
tw_status tw_step_f64(tw_optimizer *opt, double *w, const double *g, tw_error *err) { return step(opt, TW_F64, w, g, err); }
