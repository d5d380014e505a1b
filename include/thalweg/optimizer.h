/* libthalweg. The optimiser: an update rule with its state, its schedules and its step count, for one flat vector of weights.
 *
 * The weights and gradients stay the caller's. Tensors are names over ranges of the vector.  By design the stored vector is the point
 * at which the rule wants its gradient; the weights to report (evaluate, save) are a view of it (nag: the two differ).
 * The type (TW_F32 or TW_F64) is fixed at creation; a call of the other type is TW_ERR_STATE.
 * Results are the same bits for any split into ranges, any number of threads and any instruction set.
 *
 * An optimiser is used by one thread at a time, except that tw_step_measure_* and tw_step_range_* on disjoint ranges may run in several: all
 * measuring of a pass between begin (or the settling before it) and its settling, all ranges between the last settling and end.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_OPTIMIZER_H
#define THALWEG_OPTIMIZER_H
#include <thalweg/context.h>
#include <thalweg/rule.h>
#include <thalweg/visitor.h>
#ifdef __cplusplus
extern "C" {
#endif

/* A name over a range of the flat vector: `offset` in elements; as many elements as the product of the `rank` lengths in `shape`, which may be 0.
 * Tensors must not overlap and stand in rising order; together they cover 0 .. n-1. The state goes by their names, no two of which are the same. */
typedef struct tw_tensor { const char *name; int rank; const int64_t *shape; size_t offset; unsigned flags; } tw_tensor;
enum {
    TW_TENSOR_BUFFER = 1,           /* state of a layer: saved, never stepped */
    TW_TENSOR_FROZEN = 2,
    TW_TENSOR_TRANSPOSED = 4        /* as a matrix of shape[0] rows it lies column by column: element (i, j) at j * shape[0] + i */
};

typedef struct tw_optimizer tw_optimizer;

/* What a gradient that is not finite does. */
enum tw_nonfinite {
    TW_NONFINITE_ERROR = 0,         /* stops the optimiser: see tw_step */
    TW_NONFINITE_SKIP = 1,          /* the step is skipped, and not counted: tw_optimizer_skipped */
    TW_NONFINITE_ZERO = 2           /* such elements count as 0 */
};
/* How tw_step_sparse makes up for the gradients of 0 that an element did not get. */
enum tw_sparse {
    TW_SPARSE_EXACT = 0,            /* by a rule for which they change nothing, or that knows what they do in closed form; others are refused */
    TW_SPARSE_REPLAY = 1,           /* by doing the steps one by one when the element is next touched or shown: any rule, exactly */
    TW_SPARSE_TOUCHED = 2           /* not at all: only what is touched is stepped, another method (SparseAdam) */
};

typedef struct tw_optimizer_options {
    size_t size;                    /* sizeof(tw_optimizer_options) */
    const char *rule;               /* "adam", "sgd@torch:momentum=0.9", "clip_global_norm:max=1+adam:lr=3e-4+ema" (docs/cli.md: the grammar) */
    const tw_rule *custom;             /* a rule from outside the library, which must outlive the optimiser, or NULL; then `rule` must name it */
    const char *schedule;           /* "cosine", "warmup/500;cosine", "beta1=constant:factor=0.5"; NULL: constant */
    /* "*.bias:weight_decay=0 head.*:lr_mult=10,freeze=0", blanks between; a tensor belongs to the first whose pattern (* and ?) fits its name.
     * Keys are the rule's options, lr_mult, wd_mult (factors) and freeze; transforms are the same for all. NULL: none. A group that gets no
     * tensor is an error. At most 15, with one more for each whose wd_mask=matrices keeps the decay from its vectors. */
    const char *groups;
    uint64_t total_steps;           /* length of the run, for schedules that end with it, at most 2^53; 0: unknown (one that needs it is refused) */
    uint64_t seed;                  /* of noise that the rule or a transform draws */
    tw_type type;                   /* TW_F32 or TW_F64 */
    const tw_tensor *tensors;       /* copied */
    size_t n_tensors;
    enum tw_nonfinite nonfinite;
    enum tw_sparse sparse;
} tw_optimizer_options;
#define TW_OPTIMIZER_OPTIONS_INIT {sizeof(tw_optimizer_options), "adam", NULL, NULL, NULL, 0, 0, TW_F32, NULL, 0, TW_NONFINITE_ERROR, TW_SPARSE_EXACT}

/* TW_ERR_SPEC, with a suggestion where one is near, for an option that is unknown, out of bounds or without effect, for a
 * rule of your own whose tables cannot be used, and for no tensors at all; *out is NULL after any error.
 * Everything in the options but `own` is copied. */
TW_API tw_status tw_optimizer_create(tw_optimizer **out, tw_context *ctx, const tw_optimizer_options *options, tw_error *err);
TW_API void tw_optimizer_free(tw_optimizer *opt);                       /* NULL is fine */

/* One step in place: w <- w - ..., over the whole vector, on the context's threads. w and g hold n numbers each, all tensors one after the other,
 * and do not overlap.
 * TW_ERR_NOT_FINITE if g holds a NaN or infinity: err names the first such tensor, index and the step; no weight of its chunk of 4,096
 * was changed (others may have been; none where the optimiser measures first), the step count has not advanced, and every further step is
 * TW_ERR_STATE. So also where g is finite, but the state, a sum or a weight that the rule makes of it is not: err names the rule, the slot and the first
 * such element. That is found when it has happened, so it stops the optimiser under every policy, but for sums that are measured first:
 * TW_NONFINITE_SKIP leaves such a step out. */
TW_API tw_status tw_step_f32(tw_optimizer *opt, float *w, const float *g, tw_error *err);
TW_API tw_status tw_step_f64(tw_optimizer *opt, double *w, const double *g, tw_error *err);

/* The same in parts: begin computes the coefficients of step t + 1; ranges [lo, hi) that together cover the vector, in any order, from any
 * thread, w and g pointing at element 0 of the whole vector; end advances the count, or reports the first bad gradient of all ranges.
 * lo and hi fall on multiples of 4,096, or on the end.
 *
 * A rule or transform that looks at more than each weight by itself (norms, matrices) wants passes before it: tw_optimizer_passes says how
 * many, the same for every step. Each is tw_step_measure_* over ranges that cover the vector, as above, and then one tw_step_settle_*. The
 * gradient must not change until the end. A gradient that is not finite is reported by the end alone, and measuring may then stop at once.
 * examples/ranges.c shows a step of two threads. */
TW_API tw_status tw_step_begin(tw_optimizer *opt, tw_error *err);
TW_API int tw_optimizer_passes(const tw_optimizer *opt);
TW_API tw_status tw_step_measure_f32(tw_optimizer *opt, size_t lo, size_t hi, const float *w, const float *g, tw_error *err);
TW_API tw_status tw_step_measure_f64(tw_optimizer *opt, size_t lo, size_t hi, const double *w, const double *g, tw_error *err);
/* What was measured, as n numbers of which a range that was not measured here has 0: an exchange may add them over its ranks before settling.
 * They are opt's own and stay until the settling. */
TW_API tw_status tw_step_sums(tw_optimizer *opt, double **sums, size_t *n, tw_error *err);
TW_API tw_status tw_step_settle_f32(tw_optimizer *opt, const float *w, tw_error *err);
TW_API tw_status tw_step_settle_f64(tw_optimizer *opt, const double *w, tw_error *err);
TW_API tw_status tw_step_range_f32(tw_optimizer *opt, size_t lo, size_t hi, float *w, const float *g, tw_error *err);
TW_API tw_status tw_step_range_f64(tw_optimizer *opt, size_t lo, size_t hi, double *w, const double *g, tw_error *err);
TW_API tw_status tw_step_end(tw_optimizer *opt, tw_error *err);
/* Between begin and the first pass or range: the weights at which the gradient was taken, where they are not those that are stepped (a delayed
 * gradient); the whole vector, in the optimiser's type, valid until the end and forgotten there. Only rules that correct for it look at it
 * (dcasgd). */
TW_API tw_status tw_step_at(tw_optimizer *opt, const void *at, tw_error *err);
enum { TW_CHUNK = 4096 };

/* One step with a gradient that is g[i] at element index[i] (rising, each once) and 0 elsewhere; n may be 0. The same result as tw_step with
 * that gradient written out (exactly so with TW_SPARSE_REPLAY or a rule for which 0 is nothing; to rounding with a closed form), but elements that
 * are not touched fall behind: tw_sparse_flush brings all up to date, before the vector is looked at. tw_view, tw_step and the saving of
 * state refuse until then. TW_ERR_SPEC for what cannot be stepped this way, with the reason. */
TW_API tw_status tw_step_sparse_f32(tw_optimizer *opt, float *w, size_t n, const uint32_t *index, const float *g, tw_error *err);
TW_API tw_status tw_step_sparse_f64(tw_optimizer *opt, double *w, size_t n, const uint32_t *index, const double *g, tw_error *err);
/* Brings elements index[0 .. n-1] up to date, for looking at them before the next step; index NULL: all n of the vector. */
TW_API tw_status tw_sparse_flush_f32(tw_optimizer *opt, float *w, size_t n, const uint32_t *index, tw_error *err);
TW_API tw_status tw_sparse_flush_f64(tw_optimizer *opt, double *w, size_t n, const uint32_t *index, tw_error *err);

/* The weights to report, for the stored w: `reported` may be w's own copy or another vector of the same length, not w itself
 * unless tw_optimizer_has_view says 0 (then it is a plain copy, as it always is before the first step). */
TW_API int tw_optimizer_has_view(const tw_optimizer *opt);
TW_API tw_status tw_view_f32(const tw_optimizer *opt, const float *w, float *reported, tw_error *err);
TW_API tw_status tw_view_f64(const tw_optimizer *opt, const double *w, double *reported, tw_error *err);

TW_API uint64_t tw_optimizer_steps(const tw_optimizer *opt);            /* steps done */
TW_API uint64_t tw_optimizer_skipped(const tw_optimizer *opt);         /* steps left out (TW_NONFINITE_SKIP) */
/* A factor on lr beside the schedule, for controls that watch a metric; 1 at the start, saved with the state. TW_ERR_SPEC where the rule has no lr
 * or may not have that times the factor; TW_ERR_STATE within a step, and after sparse steps with TW_SPARSE_EXACT before the flush. */
TW_API tw_status tw_optimizer_set_factor(tw_optimizer *opt, double factor, tw_error *err);
TW_API double tw_optimizer_factor(const tw_optimizer *opt);
/* A hyperparameter's value at the next step, schedule and factor included, for tensors in no group. TW_ERR_SPEC if the rule has none of this name. */
TW_API tw_status tw_optimizer_value(const tw_optimizer *opt, const char *name, double *value, tw_error *err);
TW_API int tw_optimizer_full_batch(const tw_optimizer *opt);            /* 1: the rule needs the full batch (TW_FULL_BATCH) */
TW_API size_t tw_optimizer_state_bytes(const tw_optimizer *opt);        /* what the rule and the transforms keep, in all */
/* The chain and schedule as they were understood, canonical names, defaults left out: "adam:lr=0.0003". Owned by opt. */
TW_API const char *tw_optimizer_spec(const tw_optimizer *opt);
TW_API const char *tw_optimizer_schedule(const tw_optimizer *opt);
/* Shows all state to a visitor, or loads it from one: spec, schedule and groups must be the same, and the seed where noise
 * is drawn; the weights are the caller's to restore. Saving is
 * TW_ERR_STATE within a step and after one that failed; loading puts an end to either. After a load that failed behind the spec only another load is
 * possible. examples/save_state.c saves and loads with libthalweg alone; libthalweg-train's tw_state_save (state.h) writes a safetensors file. */
TW_API tw_status tw_optimizer_visit(tw_optimizer *opt, tw_visitor *v, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
