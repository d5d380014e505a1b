/* The optimiser: an update rule with its state, its schedules and its step count, for one flat vector of weights.
 *
 * The weights and gradients stay the caller's. Tensors are names over ranges of the vector.  By design the stored vector is the point
 * at which the rule wants its gradient; the weights to report (evaluate, save) are a view of it (nag: the two differ).
 * The type (TW_F32 or TW_F64) is fixed at creation; a call of the other type is TW_ERR_STATE.
 * Results are the same bits for any split into ranges, any number of threads and any instruction set.
 *
 * An optimiser is used by one thread at a time, except that tw_step_range_* on disjoint ranges between begin and end may run in several.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_OPTIMIZER_H
#define THALWEG_OPTIMIZER_H
#include <thalweg/context.h>
#include <thalweg/rule.h>
#include <thalweg/visitor.h>
#ifdef __cplusplus
extern "C" {
#endif

/* A name over a range of the flat vector: `offset` in elements; as many elements as the product of the `rank` lengths in `shape`.
 * Tensors must not overlap and stand in rising order; together they cover 0 .. n-1. */
typedef struct tw_tensor { const char *name; int rank; const int64_t *shape; size_t offset; unsigned flags; } tw_tensor;
enum { TW_TENSOR_BUFFER = 1 /* state of a layer: saved, never stepped */, TW_TENSOR_FROZEN = 2 };

typedef struct tw_optimizer tw_optimizer;

/* rule: "adam", "adam:lr=3e-4,beta2=0.99", "sgd@torch:momentum=0.9" (docs: the grammar; an unknown or ineffective option is TW_ERR_SPEC
 * with a suggestion). own: a rule from outside the library, or NULL; then `rule` must name it.
 * schedule: "cosine", "warmup/500;cosine", "beta1=constant:factor=0.5" or NULL for constant.  total_steps: length of the run, for schedules
 * that end with it, at most 2^53; 0 if unknown (a schedule that needs it is then TW_ERR_SPEC).
 * The tensors are copied. seed: handed to the rule (tw_moment); none of the library's own rules draws noise. */
TW_API tw_status tw_optimizer_create(tw_optimizer **out, tw_context *ctx, const char *rule, const tw_rule *own, const char *schedule,
                                     uint64_t total_steps, tw_type type, const tw_tensor *tensors, size_t n_tensors, uint64_t seed,
                                     tw_error *err);
TW_API void tw_optimizer_free(tw_optimizer *opt);                       /* NULL is fine */

/* One step in place: w <- w - ..., over the whole vector, on the context's threads.
 * TW_ERR_NOT_FINITE if g holds a NaN or infinity: err names the first such tensor, index and the step; no weight of its chunk of 4,096
 * was changed (others may have been), the step count has not advanced, and every further step is TW_ERR_STATE. */
TW_API tw_status tw_step_f32(tw_optimizer *opt, float *w, const float *g, tw_error *err);
TW_API tw_status tw_step_f64(tw_optimizer *opt, double *w, const double *g, tw_error *err);

/* The same in parts: begin computes the coefficients of step t + 1; ranges [lo, hi) that together cover the vector, in any order, from any
 * thread, w and g pointing at element 0 of the whole vector; end advances the count, or reports the first bad gradient of all ranges.
 * lo and hi fall on multiples of 4,096, or on the end. */
TW_API tw_status tw_step_begin(tw_optimizer *opt, tw_error *err);
TW_API tw_status tw_step_range_f32(tw_optimizer *opt, size_t lo, size_t hi, float *w, const float *g, tw_error *err);
TW_API tw_status tw_step_range_f64(tw_optimizer *opt, size_t lo, size_t hi, double *w, const double *g, tw_error *err);
TW_API tw_status tw_step_end(tw_optimizer *opt, tw_error *err);
enum { TW_CHUNK = 4096 };

/* The weights to report, for the stored w: `reported` may be w's own copy or another vector of the same length, not w itself
 * unless tw_optimizer_has_view says 0 (then it is a plain copy, as it always is before the first step). */
TW_API int tw_optimizer_has_view(const tw_optimizer *opt);
TW_API tw_status tw_view_f32(const tw_optimizer *opt, const float *w, float *reported, tw_error *err);
TW_API tw_status tw_view_f64(const tw_optimizer *opt, const double *w, double *reported, tw_error *err);

TW_API uint64_t tw_optimizer_steps(const tw_optimizer *opt);            /* steps done */
/* A hyperparameter's value at the next step, schedule included. TW_ERR_SPEC if the rule has none of this name. */
TW_API tw_status tw_optimizer_value(const tw_optimizer *opt, const char *name, double *value, tw_error *err);
TW_API int tw_optimizer_full_batch(const tw_optimizer *opt);            /* 1: the rule makes no sense on samples (TW_FULL_BATCH) */
TW_API size_t tw_optimizer_state_bytes(const tw_optimizer *opt);        /* slots: what the rule keeps per weight, in all */
/* The rule and schedule as they were understood, canonical names, defaults left out: "adam:lr=0.0003". Owned by opt. */
TW_API const char *tw_optimizer_spec(const tw_optimizer *opt);
TW_API const char *tw_optimizer_schedule(const tw_optimizer *opt);
TW_API tw_status tw_optimizer_visit(tw_optimizer *opt, tw_visitor *v, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
