/* Stepping: begin computes coefficients, passes measure and are settled, ranges are checked and updated chunk
 * by chunk, end counts the step or says what stopped it.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "base/cpu.h"
#include "base/pool.h"
#include "optimizer/optimizer.h"

/* The first chunk of a task is checked in a pass of its own (chunk.c), so tasks are long; several per thread,
 * as threads are not equally fast. */
enum { LEAST_CHUNKS_PER_TASK = 16, TASKS_PER_THREAD = 32 };

static size_t chunks_per_task(const tw_optimizer *opt)
{
    const size_t tasks = opt->ctx->threads > 1 ? (size_t)opt->ctx->threads * TASKS_PER_THREAD : 1,
                 each = (opt->n_chunks + tasks - 1) / tasks;
    return each > LEAST_CHUNKS_PER_TASK ? each : LEAST_CHUNKS_PER_TASK;
}

tw_status tw__refuse(tw_error *err)
{
    return tw__fail(err, TW_ERR_STATE,
                    "the optimiser was stopped by an earlier error and takes no further steps");
}

tw_status tw__check_vectors(const tw_optimizer *opt, tw_type type, const void *a, const void *b,
                            tw_error *err)
{
    TW_NEEDS(err, opt && a && b);
    if (type == opt->type) return TW_OK;
    return tw__fail(err, TW_ERR_STATE, "this optimiser was made for %s and is called with %s",
                    tw_type_name(opt->type), tw_type_name(type));
}

static tw_status check_begun(const tw_optimizer *opt, const char *call, tw_error *err)
{
    TW_NEEDS(err, opt);
    if (opt->phase == TW__BEGUN) return TW_OK;
    return opt->phase == TW__REFUSED ? tw__refuse(err)
                                     : tw__fail(err, TW_ERR_STATE, "%s without tw_step_begin", call);
}

/* The weights' transforms follow what the rule reports after this step. */
static void ready_views(tw_optimizer *opt)
{
    tw__link *rule = tw__rule_link(opt);
    if (rule->view_coef && opt->chain.n > opt->chain.rule + 1)
        tw__prepare_view(opt, rule, opt->steps + 1, rule->next_scalars, rule->view_coef);
}

/* So that what is not measured counts as 0. */
static void clear_sums(tw_optimizer *opt)
{
    if (opt->piece)
        memset(opt->piece, 0, opt->first_piece[opt->n_chunks] * opt->most_sums * sizeof *opt->piece);
}

/* So that no chunk counts as measured or updated. */
static void clear_done(tw_optimizer *opt) { memset((void *)opt->done, 0, opt->n_chunks); }

tw_status tw__step_begin(tw_optimizer *opt, tw_error *err)
{
    if (opt->phase == TW__REFUSED) return tw__refuse(err);
    if (opt->phase == TW__BEGUN)
        return tw__fail(err, TW_ERR_STATE, "tw_step_begin: the step before has not been ended");
    if (tw__is_behind(opt))
        return tw__fail(err, TW_ERR_STATE,
                        "after sparse steps tw_sparse_flush comes before a step of the whole vector");
    tw__fp_mode mode = tw__fp_enter();
    tw__set_values(opt, opt->steps);
    tw_status s = tw__values_check(opt, err);
    if (s == TW_OK) {
        tw__prepare_links(opt);
        if (!opt->n_passes) ready_views(opt);
        clear_sums(opt);
        atomic_store_explicit(&opt->bad, SIZE_MAX, memory_order_relaxed);
        atomic_store_explicit(&opt->overflow, SIZE_MAX, memory_order_relaxed);
        opt->overflow_link = -1;
        opt->pass = 0;
        opt->filled = -1;
        opt->at = NULL;
        opt->phase = TW__BEGUN;
    } else tw__set_values(opt, tw__before_last(opt));
    tw__fp_leave(mode);
    return s;
}

tw_status tw_step_begin(tw_optimizer *opt, tw_error *err)
{
    TW_NEEDS(err, opt);
    TW_TRY(tw__step_begin(opt, err));
    clear_done(opt);
    opt->share_lo = 0;
    opt->share_hi = opt->n;
    return TW_OK;
}

int tw_optimizer_passes(const tw_optimizer *opt) { return opt->n_passes; }

/* The call comes after tw_step_begin, and before anything is measured or updated. */
static tw_status check_untouched(const tw_optimizer *opt, const char *call, tw_error *err)
{
    TW_TRY(check_begun(opt, call, err));
    if (opt->pass == 0 && !memchr((const void *)opt->done, 1, opt->n_chunks)) return TW_OK;
    return tw__fail(err, TW_ERR_STATE, "%s after the first range of the step", call);
}

tw_status tw_step_at(tw_optimizer *opt, const void *at, tw_error *err)
{
    TW_NEEDS(err, at);
    TW_TRY(check_untouched(opt, "tw_step_at", err));
    opt->at = at;
    return TW_OK;
}

static tw_status check_range(const tw_optimizer *opt, size_t lo, size_t hi, tw_error *err)
{
    if (lo <= hi && lo >= opt->share_lo && hi <= opt->share_hi && lo % TW_CHUNK == 0 &&
        (hi % TW_CHUNK == 0 || hi == opt->n))
        return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "the range [%zu, %zu) does not fall on multiples of %d within [%zu, %zu)", lo, hi,
                    (int)TW_CHUNK, opt->share_lo, opt->share_hi);
}

tw_status tw_step_share(tw_optimizer *opt, size_t lo, size_t hi, tw_error *err)
{
    TW_TRY(check_untouched(opt, "tw_step_share", err));
    opt->share_lo = 0;
    opt->share_hi = opt->n;
    TW_TRY(check_range(opt, lo, hi, err));
    opt->share_lo = lo;
    opt->share_hi = hi;
    return TW_OK;
}

/* Marks the range's chunks as done, or none of them if one is already. */
static tw_status claim(tw_optimizer *opt, size_t lo, size_t hi, tw_error *err)
{
    const size_t first = lo / TW_CHUNK;
    size_t i = first;
    while (i * TW_CHUNK < hi && !atomic_exchange_explicit(&opt->done[i], 1, memory_order_relaxed)) i++;
    if (i * TW_CHUNK >= hi) return TW_OK;
    const size_t twice = i * TW_CHUNK;
    while (i-- > first) atomic_store_explicit(&opt->done[i], 0, memory_order_relaxed);
    return tw__fail(err, TW_ERR_STATE, "element %zu comes a second time in this pass over the ranges", twice);
}

static tw_status check_done(const tw_optimizer *opt, tw_error *err)
{
    for (size_t lo = opt->share_lo; lo < opt->share_hi; lo += TW_CHUNK)
        if (!opt->done[lo / TW_CHUNK])
            return tw__fail(err, TW_ERR_STATE, "element %zu is in no range of this pass", lo);
    return TW_OK;
}

static tw_status measure_range(tw_optimizer *opt, tw_type type, size_t lo, size_t hi, const void *w,
                               const void *g, tw_error *err)
{
    TW_TRY(tw__check_vectors(opt, type, w, g, err));
    TW_TRY(check_begun(opt, "tw_step_measure", err));
    TW_TRY(check_range(opt, lo, hi, err));
    if (opt->pass == opt->n_passes)
        return tw__fail(err, TW_ERR_STATE, "all %d passes of this step are settled", opt->n_passes);
    TW_TRY(claim(opt, lo, hi, err));
    tw__fp_mode mode = tw__fp_enter();
    for (size_t chunk = lo / TW_CHUNK; chunk * TW_CHUNK < hi; chunk++) tw__measure_chunk(opt, chunk, w, g);
    tw__fp_leave(mode);
    return TW_OK;
}

tw_status tw_step_measure_f32(tw_optimizer *opt, size_t lo, size_t hi, const float *w, const float *g,
                              tw_error *err)
{
    return measure_range(opt, TW_F32, lo, hi, w, g, err);
}

tw_status tw_step_measure_f64(tw_optimizer *opt, size_t lo, size_t hi, const double *w, const double *g,
                              tw_error *err)
{
    return measure_range(opt, TW_F64, lo, hi, w, g, err);
}

tw_status tw_step_sums(tw_optimizer *opt, double **sums, size_t *n, tw_error *err)
{
    TW_MAKES(err, sums, n);
    *n = 0;
    TW_TRY(check_begun(opt, "tw_step_sums", err));
    if (opt->pass == opt->n_passes)
        return tw__fail(err, TW_ERR_STATE, "all %d passes of this step are settled", opt->n_passes);
    const int link = opt->pass_link[opt->pass];
    *sums = opt->piece;
    *n = link < 0 ? 0 : opt->first_piece[opt->n_chunks] * (size_t)opt->links[link].r->n_sums;
    return TW_OK;
}

static void settle_pass(tw_optimizer *opt, const void *w)
{
    const int link = opt->pass_link[opt->pass];
    if (link >= 0 && atomic_load_explicit(&opt->bad, memory_order_relaxed) == SIZE_MAX) {
        tw__fp_mode mode = tw__fp_enter();
        if (opt->links[link].r->kind == TW_WHOLE) {
            tw__apply_whole(opt, &opt->links[link], w);
            opt->filled = link;
        } else tw__settle_link(opt, link);
        if (opt->pass + 1 == opt->n_passes) ready_views(opt);
        tw__fp_leave(mode);
    }
    clear_sums(opt);
    opt->pass++;
}

static tw_status settle(tw_optimizer *opt, tw_type type, const void *w, tw_error *err)
{
    TW_TRY(tw__check_vectors(opt, type, w, w, err));
    TW_TRY(check_begun(opt, "tw_step_settle", err));
    if (opt->pass == opt->n_passes)
        return tw__fail(err, TW_ERR_STATE, "all %d passes of this step are settled", opt->n_passes);
    TW_TRY(check_done(opt, err));
    settle_pass(opt, w);
    clear_done(opt);
    return TW_OK;
}

tw_status tw_step_settle_f32(tw_optimizer *opt, const float *w, tw_error *err)
{
    return settle(opt, TW_F32, w, err);
}
tw_status tw_step_settle_f64(tw_optimizer *opt, const double *w, tw_error *err)
{
    return settle(opt, TW_F64, w, err);
}

static tw_status step_range(tw_optimizer *opt, tw_type type, size_t lo, size_t hi, void *w, const void *g,
                            tw_error *err)
{
    TW_TRY(tw__check_vectors(opt, type, w, g, err));
    TW_TRY(check_begun(opt, "tw_step_range", err));
    if (opt->pass < opt->n_passes)
        return tw__fail(err, TW_ERR_STATE,
                        "this optimiser measures first: %d more passes of tw_step_measure and tw_step_settle",
                        opt->n_passes - opt->pass);
    TW_TRY(check_range(opt, lo, hi, err));
    TW_TRY(claim(opt, lo, hi, err));
    tw__fp_mode mode = tw__fp_enter();
    tw__update_chunks(opt, lo, hi, w, g);
    tw__fp_leave(mode);
    return TW_OK;
}

tw_status tw_step_range_f32(tw_optimizer *opt, size_t lo, size_t hi, float *w, const float *g, tw_error *err)
{
    return step_range(opt, TW_F32, lo, hi, w, g, err);
}

tw_status tw_step_range_f64(tw_optimizer *opt, size_t lo, size_t hi, double *w, const double *g,
                            tw_error *err)
{
    return step_range(opt, TW_F64, lo, hi, w, g, err);
}

/* The link's state in this tensor that is too large, by name: its sums, or a slot, at *at. */
static const char *find_overflow(const tw_optimizer *opt, size_t tensor, const tw__link **link, size_t *at)
{
    *link = &opt->links[opt->overflow_link < 0 ? 0 : opt->overflow_link];
    *at = 0;
    if (opt->overflow_link >= 0) return "the sum";
    for (int k = 0; k < opt->chain.n; k++) {
        const int slot = tw__first_overflow(opt, &opt->links[k], tensor, at);
        *link = &opt->links[k];
        if (slot >= 0) return (*link)->r->slots[slot].name;
    }
    return "the state";
}

static tw_status overflow_on_the_way(const tw_optimizer *opt, tw_error *err)
{
    tw__fail(
        err, TW_ERR_NOT_FINITE,
        "%.60s: step %llu overflows %s, though the gradient is finite: a weight, or a number on the way to it; clip or scale the "
        "gradient",
        opt->links[opt->chain.rule].r->name, (unsigned long long)opt->steps + 1, tw_type_name(opt->type));
    if (err) err->step = opt->steps + 1;
    return TW_ERR_NOT_FINITE;
}

static tw_status report(const tw_optimizer *opt, size_t element, int is_overflow, tw_error *err)
{
    size_t i = opt->n_tensors;
    if (element == opt->n) return overflow_on_the_way(opt, err);
    while (opt->tensors[--i].offset > element) continue;
    const tw_tensor *t = &opt->tensors[i];
    const unsigned long long step = opt->steps + 1;
    size_t at = element - t->offset;
    if (is_overflow) {
        const tw__link *l;
        const char *what = find_overflow(opt, i, &l, &at);
        tw__fail(
            err, TW_ERR_NOT_FINITE,
            "%.60s: %.60s of %s is not finite at element %zu, step %llu, though the gradient is: too large for %s; clip or "
            "scale the gradient",
            l->r->name, what, t->name, at, step, tw_type_name(opt->type));
    } else
        tw__fail(err, TW_ERR_NOT_FINITE, "the gradient of %s is not finite at element %zu, step %llu",
                 t->name, at, step);
    if (err) {
        snprintf(err->tensor, sizeof err->tensor, "%s", t->name);
        err->index = at;
        err->step = step;
    }
    return TW_ERR_NOT_FINITE;
}

tw_status tw__step_end(tw_optimizer *opt, tw_error *err)
{
    const size_t bad = atomic_load_explicit(&opt->bad, memory_order_relaxed),
                 overflow = atomic_load_explicit(&opt->overflow, memory_order_relaxed);
    const int is_overflow = overflow != SIZE_MAX && (bad == SIZE_MAX || opt->n_passes),
              is_skipped = bad != SIZE_MAX && opt->nonfinite == TW_NONFINITE_SKIP;
    opt->phase = (bad == SIZE_MAX && !is_overflow) || is_skipped ? TW__IDLE : TW__REFUSED;
    if (opt->phase == TW__REFUSED) return report(opt, is_overflow ? overflow : bad, is_overflow, err);
    if (bad != SIZE_MAX) {
        opt->skipped++;
        tw__set_values(opt, tw__before_last(opt));
        return TW_OK;
    }
    for (int i = 0; i < opt->chain.n; i++) {
        tw__link *l = &opt->links[i];
        memcpy(l->scalars, l->next_scalars, l->n_units * (size_t)l->r->n_scalars * sizeof *l->scalars);
    }
    opt->steps++;
    return TW_OK;
}

/* After a gradient that is not finite nothing else need be done. */
tw_status tw_step_end(tw_optimizer *opt, tw_error *err)
{
    TW_TRY(check_begun(opt, "tw_step_end", err));
    if (atomic_load_explicit(&opt->bad, memory_order_relaxed) == SIZE_MAX) {
        if (opt->pass < opt->n_passes)
            return tw__fail(err, TW_ERR_STATE, "the step has %d passes that are not settled",
                            opt->n_passes - opt->pass);
        TW_TRY(check_done(opt, err));
    }
    return tw__step_end(opt, err);
}

/* each: chunks of a task */
struct whole {
    tw_optimizer *opt;
    void *w;
    const void *g;
    size_t each;
};

static void measure_task(void *arg, size_t index, int worker)
{
    const struct whole *a = arg;
    (void)worker;
    for (size_t chunk = index * a->each; chunk < (index + 1) * a->each && chunk < a->opt->n_chunks; chunk++)
        tw__measure_chunk(a->opt, chunk, a->w, a->g);
}

static void step_task(void *arg, size_t index, int worker)
{
    const struct whole *a = arg;
    const size_t most = a->each * TW_CHUNK, lo = index * most, n = a->opt->n;
    (void)worker;
    tw__update_chunks(a->opt, lo, n - lo > most ? lo + most : n, a->w, a->g);
}

static tw_status step(tw_optimizer *opt, tw_type type, void *w, const void *g, tw_error *err)
{
    TW_TRY(tw__check_vectors(opt, type, w, g, err));
    TW_TRY(tw__step_begin(opt, err));
    struct whole whole = {opt, w, g, chunks_per_task(opt)};
    const size_t tasks = (opt->n_chunks + whole.each - 1) / whole.each;
    while (opt->pass < opt->n_passes) {
        tw__pool_run(opt->ctx, tasks, measure_task, &whole);
        settle_pass(opt, w);
    }
    tw__pool_run(opt->ctx, tasks, step_task, &whole);
    return tw__step_end(opt, err);
}

tw_status tw_step_f32(tw_optimizer *opt, float *w, const float *g, tw_error *err)
{
    return step(opt, TW_F32, w, g, err);
}
tw_status tw_step_f64(tw_optimizer *opt, double *w, const double *g, tw_error *err)
{
    return step(opt, TW_F64, w, g, err);
}
