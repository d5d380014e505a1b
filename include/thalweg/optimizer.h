/* libthalweg. The optimiser: an update rule with its state, its schedules and its step count, for one flat
 * vector of weights. Link: cc program.c $(pkg-config --cflags --libs thalweg), or CMake's target
 * thalweg::thalweg.
 * SPDX-License-Identifier: MIT
 *
 *     #include <stdio.h>
 *     #include <thalweg/optimizer.h>
 *
 *     int main(void)      // fits y = a x + b to four points, by the gradient of the mean squared error
 *     {
 *         static const double x[] = {0, 1, 2, 3}, y[] = {1, 3, 5, 7};
 *         static const int64_t one[] = {1};
 *         const tw_tensor tensors[] = {{"slope", 1, one, 0, 0}, {"bias", 1, one, 1, 0}};
 *         tw_optimizer_options options = TW_OPTIMIZER_OPTIONS_INIT;
 *         options.rule = "adam:lr=0.1";
 *         options.schedule = "cosine";
 *         options.total_steps = 1000;
 *         options.type = TW_F64;
 *         options.tensors = tensors;
 *         options.n_tensors = 2;
 *         double w[2] = {0, 0};
 *         tw_context *ctx = NULL;
 *         tw_optimizer *opt = NULL;
 *         tw_error err;
 *         tw_status s = tw_context_create(&ctx, NULL, &err);
 *         if (s == TW_OK) s = tw_optimizer_create(&opt, ctx, &options, &err);
 *         for (int t = 0; s == TW_OK && t < 1000; t++) {
 *             double g[2] = {0, 0};
 *             for (int i = 0; i < 4; i++) {
 *                 const double error = w[0] * x[i] + w[1] - y[i];
 *                 g[0] += 2 * error * x[i] / 4;
 *                 g[1] += 2 * error / 4;
 *             }
 *             s = tw_step_f64(opt, w, g, &err);
 *         }
 *         if (s == TW_OK) printf("%.3f %.3f\n", w[0], w[1]);      // prints 2.000 1.000
 *         else fprintf(stderr, "%s\n", err.message);
 *         tw_optimizer_free(opt);
 *         tw_context_free(ctx);
 *         return s != TW_OK;
 *     }
 *
 * Weights and gradients stay in the caller's memory; the vector has the numbers of all tensors, one after the
 * other. The stored vector is the point at which the rule wants its gradient; the weights to report (to
 * evaluate or save) are a view of it, tw_view_*: for nag and for transforms such as ema the two differ. The
 * type (TW_F32 or TW_F64) is chosen at creation; a call for the other type is TW_ERR_STATE. The result has
 * the same bits for any split into ranges, any number of threads and any instruction set.
 *
 * Threads: one thread at a time uses an optimiser, except that tw_step_measure_* and tw_step_range_* may run
 * in several at once, on ranges that do not overlap. After an error the optimiser is as it was before the
 * call, except where a function says that it is stopped: then every further step is TW_ERR_STATE, until
 * tw_optimizer_visit loads a state. */
#ifndef THALWEG_OPTIMIZER_H
#define THALWEG_OPTIMIZER_H
#include <thalweg/context.h>
#include <thalweg/rule.h>
#include <thalweg/visitor.h>
#ifdef __cplusplus
extern "C" {
#endif

/* A name for a range of the vector. It begins at element `offset` and has as many elements as the product of
 * the `rank` lengths in `shape` (rank 0: one), which may be 0; a matrix lies row by row. Tensors come in the
 * order of their offsets, without gaps and from 0 on. State is saved under their names, of 1 to 200
 * characters, each of which stands for one tensor. rank is at most 8. */
typedef struct tw_tensor {
    const char *name;
    int rank;
    const int64_t *shape;
    size_t offset;
    unsigned flags;
} tw_tensor;
/* Flags of a tensor. */
enum {
    /* state of a layer, such as running means: saved with the weights, never stepped */
    TW_TENSOR_BUFFER = 1,
    TW_TENSOR_FROZEN = 2, /* never stepped */
    /* as a matrix of shape[0] rows it lies column by column: element (i, j) at j * shape[0] + i */
    TW_TENSOR_TRANSPOSED = 4
};

typedef struct tw_optimizer tw_optimizer;

/* What to do with a non-finite gradient. */
enum tw_nonfinite {
    TW_NONFINITE_ERROR = 0, /* stops the optimiser: see tw_step_* */
    TW_NONFINITE_SKIP = 1,  /* skips the step, which is not counted: tw_optimizer_skipped */
    TW_NONFINITE_ZERO = 2   /* counts these elements as 0 */
};
/* What tw_step_sparse_* does about the elements that it does not touch, whose gradient is 0. */
enum tw_sparse {
    /* the same as a dense step, if a gradient of 0 changes nothing or has a closed form; else TW_ERR_SPEC */
    TW_SPARSE_EXACT = 0,
    /* the same as a dense step for any rule: makes up for missed steps one by one when the element is next
     * needed */
    TW_SPARSE_REPLAY = 1,
    TW_SPARSE_TOUCHED = 2 /* leaves them alone: another method (SparseAdam) */
};

typedef struct tw_optimizer_options {
    size_t size; /* sizeof(tw_optimizer_options) */
    /* "adam", "sgd@torch:momentum=0.9", "clip_global_norm:max=1+adam:lr=3e-4+ema" (grammar: docs/cli.md) */
    const char *rule;
    /* NULL, or a custom rule, which `rule` must then name; not copied: it must outlive the optimiser */
    const tw_rule *custom;
    /* "cosine", "warmup/500;cosine", "beta1=constant:factor=0.5"; NULL: constant */
    const char *schedule;
    /* Options of some tensors: "*.bias:weight_decay=0 head.*:lr_mult=10,freeze=0", separated by spaces. A
     * tensor belongs to the first group whose pattern (* and ?) matches its name. Keys are the rule's
     * options, the factors lr_mult and wd_mult, and freeze. NULL: none. A group that gets no tensor is an
     * error. At most 15 groups; each in which wd_mask=matrices keeps the decay from vectors counts twice.
     * Transforms work on all tensors. */
    const char *groups;
    /* length of the run, for schedules that end with it, at most 2^53; 0: unknown */
    uint64_t total_steps;
    uint64_t seed;            /* of the noise that the rule or a transform draws */
    tw_type type;             /* of weights and gradients: TW_F32 or TW_F64 */
    const tw_tensor *tensors; /* at least one */
    size_t n_tensors;
    enum tw_nonfinite nonfinite;
    enum tw_sparse sparse;
} tw_optimizer_options;
#define TW_OPTIMIZER_OPTIONS_INIT                                                                          \
    {                                                                                                      \
        sizeof(tw_optimizer_options), "adam", NULL, NULL, NULL, 0, 0, TW_F32, NULL, 0, TW_NONFINITE_ERROR, \
            TW_SPARSE_EXACT                                                                                \
    }

/* Creates an optimiser at step 0, with its state allocated. TW_ERR_SPEC: an option that is unknown (the
 * message suggests the nearest name), out of bounds or without effect, tensors with gaps or equal names, a
 * custom rule whose tables cannot be used, or a schedule that leaves the bounds within the first 1,000
 * steps. */
TW_API tw_status tw_optimizer_create(tw_optimizer **out, tw_context *ctx, const tw_optimizer_options *options,
                                     tw_error *err);
TW_API void tw_optimizer_free(tw_optimizer *opt); /* NULL is allowed */

/* One step in place: w <- w - ..., on the context's threads. w and g are whole vectors that do not overlap.
 * TW_ERR_NOT_FINITE: g holds a NaN or infinity, and err names the first such tensor, element and the step.
 * The optimiser is stopped and the step not counted. If tw_optimizer_passes is above 0, nothing has changed;
 * else weights and state have made the step, such elements as with TW_NONFINITE_ZERO, so that all are finite.
 * TW_ERR_NOT_FINITE also if g is finite but state, a sum or a weight overflows; err then names the rule and
 * what overflowed. This stops the optimiser whatever `nonfinite` says, except that TW_NONFINITE_SKIP skips a
 * step whose sums overflow. TW_ERR_SPEC: the schedule leaves the bounds of a hyperparameter. TW_ERR_STATE:
 * another type, within a step, or not flushed after sparse steps. */
TW_API tw_status tw_step_f32(tw_optimizer *opt, float *w, const float *g, tw_error *err);
TW_API tw_status tw_step_f64(tw_optimizer *opt, double *w, const double *g, tw_error *err);

/* The same step in parts, for a program with threads of its own (examples/ranges.c):
 *
 *     tw_step_begin
 *     for each of tw_optimizer_passes:  tw_step_measure_* over all ranges, then tw_step_settle_* once
 *     tw_step_range_* over all ranges
 *     tw_step_end
 *
 * Ranges [lo, hi) begin and end at multiples of TW_CHUNK or at the vector's end, cover the vector once in
 * each pass, and come in any order from any threads; w and g point to element 0 of the vector. TW_ERR_STATE:
 * an element comes a second time in a pass (nothing has been done), or in no range before the pass is settled
 * or the step ended (it may still be given). All calls of a line return before the next line begins. The
 * gradient must not change until the end. */
enum { TW_CHUNK = 4096 };
/* Computes the hyperparameters and coefficients of the next step. Errors as tw_step_*, but for non-finite
 * numbers. */
TW_API tw_status tw_step_begin(tw_optimizer *opt, tw_error *err);
/* Passes before the update, the same in every step: 0 unless the rule or a transform needs norms or matrices,
 * or nonfinite is TW_NONFINITE_SKIP. */
TW_API int tw_optimizer_passes(const tw_optimizer *opt);
/* Measures a range. TW_ERR_STATE: no step has begun, or all passes are settled; TW_ERR_SPEC: the range. */
TW_API tw_status tw_step_measure_f32(tw_optimizer *opt, size_t lo, size_t hi, const float *w, const float *g,
                                     tw_error *err);
TW_API tw_status tw_step_measure_f64(tw_optimizer *opt, size_t lo, size_t hi, const double *w,
                                     const double *g, tw_error *err);
/* What this pass has measured: *n numbers (perhaps 0), in which ranges that were not measured are 0, so that
 * processes may add up theirs (tw_step_share). They belong to the optimiser and are valid until the pass is
 * settled. */
TW_API tw_status tw_step_sums(tw_optimizer *opt, double **sums, size_t *n, tw_error *err);
/* Ends a pass. Errors as tw_step_measure_*; TW_ERR_STATE also: a range is missing. */
TW_API tw_status tw_step_settle_f32(tw_optimizer *opt, const float *w, tw_error *err);
TW_API tw_status tw_step_settle_f64(tw_optimizer *opt, const double *w, tw_error *err);
/* Updates a range, after all passes. A non-finite gradient is reported by tw_step_end, not here.
 * TW_ERR_STATE: no step has begun, or a pass is missing; TW_ERR_SPEC: the range. */
TW_API tw_status tw_step_range_f32(tw_optimizer *opt, size_t lo, size_t hi, float *w, const float *g,
                                   tw_error *err);
TW_API tw_status tw_step_range_f64(tw_optimizer *opt, size_t lo, size_t hi, double *w, const double *g,
                                   tw_error *err);
/* Counts the step, or reports the first non-finite number of all ranges and stops the optimiser, as tw_step_*
 * does. TW_ERR_STATE: no step has begun, or a pass or a range is missing. */
TW_API tw_status tw_step_end(tw_optimizer *opt, tw_error *err);
/* Between tw_step_begin and the first pass or range: the weights at which the gradient was taken, if they are
 * not those that are stepped (a delayed gradient). A whole vector of the optimiser's type, not copied, used
 * until tw_step_end. Only dcasgd and custom rules with TW_USES_POINT use it. TW_ERR_STATE: elsewhere. */
TW_API tw_status tw_step_at(tw_optimizer *opt, const void *at, tw_error *err);
/* Between tw_step_begin and the first pass or range: this process measures and updates the elements [lo, hi)
 * only, where others do the rest: the ranges of this step cover them and no more. TW_ERR_STATE: elsewhere;
 * TW_ERR_SPEC: the range. */
TW_API tw_status tw_step_share(tw_optimizer *opt, size_t lo, size_t hi, tw_error *err);

/* One step with a gradient that is g[i] at element index[i] and 0 elsewhere; indices rise, n may be 0, and
 * index and g then NULL. The result is that of a dense step: the same bits with TW_SPARSE_REPLAY or a rule
 * that a gradient of 0 does not move, equal up to rounding with a closed form. Elements that are not touched
 * fall behind: flush those that you read before the next gradient, and all before tw_view_*, a dense step and
 * saving, which are TW_ERR_STATE until then. TW_ERR_SPEC: an index, or an optimiser that cannot step like
 * this: with a transform, with noise, with a rule that looks at whole tensors, with another `nonfinite` than
 * TW_NONFINITE_ERROR, or with TW_SPARSE_EXACT and no closed form. Non-finite gradients as in tw_step_*, but
 * nothing has changed. */
TW_API tw_status tw_step_sparse_f32(tw_optimizer *opt, float *w, size_t n, const uint32_t *index,
                                    const float *g, tw_error *err);
TW_API tw_status tw_step_sparse_f64(tw_optimizer *opt, double *w, size_t n, const uint32_t *index,
                                    const double *g, tw_error *err);
/* Brings the n elements in index, which rise, up to date; index NULL: all, with n the vector's length. Does
 * nothing if none is behind. */
TW_API tw_status tw_sparse_flush_f32(tw_optimizer *opt, float *w, size_t n, const uint32_t *index,
                                     tw_error *err);
TW_API tw_status tw_sparse_flush_f64(tw_optimizer *opt, double *w, size_t n, const uint32_t *index,
                                     tw_error *err);

/* Whether the weights to report differ from the stored ones. */
TW_API int tw_optimizer_has_view(const tw_optimizer *opt);
/* Writes the weights to report for the stored vector w into `reported`, of the same length: a copy of w
 * before the first step, and whenever tw_optimizer_has_view is 0; then `reported` may be w itself, else
 * TW_ERR_STATE. */
TW_API tw_status tw_view_f32(const tw_optimizer *opt, const float *w, float *reported, tw_error *err);
TW_API tw_status tw_view_f64(const tw_optimizer *opt, const double *w, double *reported, tw_error *err);

/* steps made, those of a loaded state included */
TW_API uint64_t tw_optimizer_steps(const tw_optimizer *opt);
/* steps skipped (TW_NONFINITE_SKIP) */
TW_API uint64_t tw_optimizer_skipped(const tw_optimizer *opt);
/* Sets a factor on lr, beside the schedule; 1 at first, saved with the state. TW_ERR_SPEC: the rule has no
 * lr, or lr times the factor is out of bounds; TW_ERR_STATE: within a step, or not flushed after sparse steps
 * with TW_SPARSE_EXACT. */
TW_API tw_status tw_optimizer_set_factor(tw_optimizer *opt, double factor, tw_error *err);
TW_API double tw_optimizer_factor(const tw_optimizer *opt);
/* The value that the rule's hyperparameter `name` (or an alias of it) will have at the next step, schedule
 * and factor included, for tensors in no group. TW_ERR_SPEC: the rule has none of this name. */
TW_API tw_status tw_optimizer_value(const tw_optimizer *opt, const char *name, double *value, tw_error *err);
/* 1: the rule needs the gradient over all rows (TW_FULL_BATCH) */
TW_API int tw_optimizer_full_batch(const tw_optimizer *opt);
/* bytes of state per weight that rule and transforms keep, for all weights */
TW_API size_t tw_optimizer_state_bytes(const tw_optimizer *opt);
/* Rule, transforms and schedule as they were read: canonical names, defaults left out, "adam:lr=0.0003". */
TW_API const char *tw_optimizer_spec(const tw_optimizer *opt);
TW_API const char *tw_optimizer_schedule(const tw_optimizer *opt);
/* Shows all state to a visitor (visitor.h), or loads it from one. The weights are not part of it. To load,
 * the optimiser must have been created with the same rule, options, schedule and groups, and the same seed if
 * it draws noise: TW_ERR_STATE if not. Saving is TW_ERR_STATE within a step, after an error that stopped the
 * optimiser, and before a flush after sparse steps; loading ends all three. If TW_LOAD fails half-way, the
 * optimiser is stopped until another load succeeds. */
TW_API tw_status tw_optimizer_visit(tw_optimizer *opt, tw_visitor *v, tw_error *err);

#ifdef __cplusplus
}
#endif
#endif
