/* The optimiser's inside.
 *
 *     chain    gradient's transforms -> the rule -> the step's transforms -> the weights' transforms:
 *              its links, all of one form
 *     vector   | tensor 0 | tensor 1 | buffer | tensor 3 |   tensors are names over ranges
 *     parts    |<---- part 0 ------->|        | part 1   |   runs of neighbours with the same coefficients;
 *                                                            cut by groups and by sums per tensor
 *     chunks   |   0   |   1   |   2   |   3   |   4   |     of TW_CHUNK elements
 *     blocks   of TW__BLOCK within chunk and part: what is summed at once, and what fits the cache with
 *              a copy of all state
 *
 * A step is some measuring passes over all chunks, each settled before the next, and the pass that updates.
 * SPDX-License-Identifier: MIT */
#ifndef TW_OPTIMIZER_OPTIMIZER_H
#define TW_OPTIMIZER_OPTIMIZER_H
#include <stdatomic.h>
#include <thalweg/optimizer.h>
#include <thalweg/registry.h>
#include "base/context.h"
#include "math/sums.h"
#include "schedules/plan.h"

enum { TW__NAME_MAX = 200, TW__GROUPS_MAX = 16, TW__BLOCK = 512 };
enum tw__phase { TW__IDLE, TW__BEGUN, TW__REFUSED };

/* Tensors with the same hyperparameters of the rule; group 0 has those of the spec. */
typedef struct tw__group {
    /* as given; at the step that is on, and the one after */
    double values[TW_OPTIONS_MAX], h[TW_OPTIONS_MAX], next[TW_OPTIONS_MAX];
    int variant;
    const tw_kernels *kernels; /* of the variant */
} tw__group;

/* A block's numbers, of either type. */
typedef union tw__numbers {
    float f32[TW__BLOCK];
    double f64[TW__BLOCK];
} tw__numbers;

typedef struct tw__part {
    size_t lo, hi, tensor;
    int group;
} tw__part; /* tensor: its first */

/* A rule or transform at work. Its units have coefficients, scalars and sums of their own: every tensor, or
 * every group of the rule, or all. */
typedef struct tw__link {
    const tw_rule *r;
    const tw_choice *choice;
    unsigned slots_kept;
    void *slots[TW_SLOTS_MAX];
    size_t slot_n[TW_SLOTS_MAX];
    size_t n_units, coef_size;
    char *coef, *view_coef;                        /* n_units of coef_size */
    double *scalars, *next_scalars, *sums, *units; /* units: of the roots of the sums (tw_moment) */
    /* of a transform, at the step that is on and the one after; the rule's are its groups' */
    double h[TW_OPTIONS_MAX], next[TW_OPTIONS_MAX];
} tw__link;

struct tw_optimizer {
    tw_context *ctx;
    const tw__sums *sums;
    tw_chain chain;
    tw__plan plan;
    char *groups_text; /* as given, or NULL */
    uint64_t total_steps, seed, steps, skipped;
    double factor; /* on lr, from outside */
    enum tw__phase phase;
    tw_type type;
    /* isa: column of the kernels' tables; per_tensor: a link's sums are per tensor */
    int isa, per_tensor, n_groups;
    enum tw_nonfinite nonfinite;
    enum tw_sparse sparse;
    size_t real;                            /* bytes of a number */
    size_t n, n_tensors, n_parts, capacity; /* elements; capacity: of tensors[], group_of[] and parts[] */
    tw_tensor *tensors;                     /* names and shapes are copies */
    int *group_of;                          /* of each tensor */
    tw__part *parts;
    tw__group groups[TW__GROUPS_MAX];
    tw__link links[TW_LINKS_MAX];
    /* what each pass measures; -1: only whether the gradient is finite */
    int n_passes, pass, pass_link[TW_LINKS_MAX + 1];
    /* of each chunk among the blocks; made where there are passes */
    size_t n_chunks, most_sums, *first_piece;
    double *piece; /* sums of each block; room for the link with the most (most_sums) */
    /* the gradient after the WHOLE links so far; NULL where there is none */
    void *direction;
    void *scratch;    /* for whole(), one per thread */
    size_t scratch_n; /* numbers of one */
    int filled;       /* last link that is in `direction`; -1: none */
    const void *at;   /* where the gradient was taken; NULL: at the weights */
    /* of each chunk: whether it has been measured in this pass, or updated; kept by the calls that step in
     * parts, which come from several threads */
    _Atomic unsigned char *done;
    size_t share_lo, share_hi; /* what this process measures and updates */
    int shares, adds;          /* shared.h: the slots are another's; changes are added */
    struct tw__sparse *behind; /* sparse steps: what each element has seen; NULL before the first */
    /* first element that is not finite in this step's gradient; SIZE_MAX: none yet */
    _Atomic size_t bad;
    /* likewise of the state, or the first of what sums were taken over, though the gradient is finite; n: of
     * something on the way that is not kept */
    _Atomic size_t overflow;
    int overflow_link; /* whose sums; -1: it is a slot */
};

static inline tw__link *tw__rule_link(tw_optimizer *opt) { return &opt->links[opt->chain.rule]; }
static inline int tw__is_rule(const tw_optimizer *opt, const tw__link *l)
{
    return l == &opt->links[opt->chain.rule];
}
/* Which body the link runs for tensors of this group. */
static inline int tw__variant(const tw_optimizer *opt, const tw__link *l, int group)
{
    return tw__is_rule(opt, l) ? opt->groups[group].variant : l->choice->variant;
}
static inline size_t tw__tensor_size(const tw_optimizer *opt, size_t i)
{
    return (i + 1 < opt->n_tensors ? opt->tensors[i + 1].offset : opt->n) - opt->tensors[i].offset;
}
static inline int tw__is_stepped(const tw_tensor *t)
{
    return !(t->flags & (TW_TENSOR_BUFFER | TW_TENSOR_FROZEN));
}
/* A matrix's rows are its first length; what has fewer than two dimensions is one row. */
static inline size_t tw__tensor_rows(const tw_tensor *t) { return t->rank > 1 ? (size_t)t->shape[0] : 1; }

/* groups.c: group_of and groups, from the chain and the tensors */
tw_status tw__groups_read(tw_optimizer *opt, const char *text, tw_error *err);
/* create.c: a slot's numbers for a tensor, and where they stand */
size_t tw__slot_length(const tw_optimizer *opt, const tw_slot *slot, size_t tensor);
void tw__slots_of_tensor(const tw_optimizer *opt, const tw__link *l, size_t tensor,
                         void *slots[TW_SLOTS_MAX]);

/* Which of the link's units a part or a tensor of that group belongs to. */
static inline size_t tw__unit(const tw_optimizer *opt, const tw__link *l, size_t tensor, int group)
{
    return l->r->scope == TW_PER_TENSOR ? tensor : tw__is_rule(opt, l) ? (size_t)group : 0;
}

/* Sums of squares that are too large for a double are those of numbers scaled down; such a block's is kept
 * with a minus before it. */
#define TW__SCALED 0x1p-600
static inline int tw__sums_squares(const tw__link *l)
{
    return (l->r->traits(l->choice->values) & TW_SUMS_OF_SQUARES) != 0;
}

/* values.c */
void tw__group_values(const tw_optimizer *opt, const tw__group *g, uint64_t done, double *h);
tw_status tw__values_check(const tw_optimizer *opt, tw_error *err);
/* room that preparing coefficients takes */
size_t tw__coef_bytes(const tw_optimizer *opt, const tw_rule *r);
void tw__prepare_links(tw_optimizer *opt);
/* The coefficients of `steps` updates with a gradient of 0; 0 where they have no closed form. */
int tw__prepare_skip(const tw_optimizer *opt, const tw_moment *now, uint64_t steps, char *coef);
void tw__settle_link(tw_optimizer *opt, int link);
/* The view's coefficients after step t, for all units, into `coef`. */
void tw__prepare_view(const tw_optimizer *opt, const tw__link *l, uint64_t t, double *scalars, char *coef);
void tw__set_values(tw_optimizer *opt, uint64_t done); /* h and next of the step after `done` */
static inline uint64_t tw__before_last(const tw_optimizer *opt) { return opt->steps ? opt->steps - 1 : 0; }

/* Where each slot's state of an element stands; NULL for slots that are not kept, or not per weight. */
static inline void tw__slots_at(const tw_optimizer *opt, const tw__link *l, size_t element,
                                void *slots[TW_SLOTS_MAX])
{
    for (int i = 0; i < l->r->n_slots; i++) {
        const int has = l->slots[i] && l->r->slots[i].extent == TW_PER_WEIGHT;
        slots[i] = has ? (char *)l->slots[i] + element * opt->real : NULL;
    }
}

/* kernel.c: the kernel for this CPU, the last elements on a copy that fills a vector; non-zero if one of
 * span->g is not finite, which counts as 0 */
int tw__run_kernel(const tw_optimizer *opt, const tw_rule *r, const tw_kernels *kernels, const tw_span *span,
                   const void *coef);
/* Likewise the rule's sums over a span; 0 only if all of span->g is finite */
int tw__run_measure(const tw_optimizer *opt, const tw_rule *r, const tw_measures *kernels,
                    const tw_span *span, const void *coef, double *sums);

/* chunk.c: what is done with the elements of a chunk */
void tw__measure_chunk(tw_optimizer *opt, size_t chunk, const void *w, const void *g);
void tw__update_chunks(tw_optimizer *opt, size_t lo, size_t hi, void *w, const void *g);
/* the part that holds it or comes next */
size_t tw__first_part(const tw_optimizer *opt, size_t element);
/* whole() for every tensor that is stepped */
void tw__apply_whole(tw_optimizer *opt, tw__link *l, const void *w);

/* Whether the state of elements lo .. hi-1, or of the tensor's slots of every extent, is finite; asked where
 * tw__fp_flags says it may not be. */
void tw__check_state(tw_optimizer *opt, size_t lo, size_t hi);
/* The link's first slot of this tensor that is not finite, and where in it; -1 if all are. */
int tw__first_overflow(const tw_optimizer *opt, const tw__link *l, size_t tensor, size_t *at);
void tw__note_first(_Atomic size_t *first, size_t i);

/* step.c: what the calls share; begin and end of a step that is not made in parts */
tw_status tw__step_begin(tw_optimizer *opt, tw_error *err);
tw_status tw__step_end(tw_optimizer *opt, tw_error *err);
/* The call has both vectors, and is for this type. */
tw_status tw__check_vectors(const tw_optimizer *opt, tw_type type, const void *a, const void *b,
                            tw_error *err);
tw_status tw__refuse(tw_error *err);

/* sparse.c */
int tw__is_behind(const tw_optimizer *opt); /* some elements are not up to date */
void tw__sparse_free(tw_optimizer *opt);
#endif
