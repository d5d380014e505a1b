/* libthalweg-train. An objective: what is minimised, as sums over rows. A model on data is one
 * (tw_model_objective), so are linear models and surfaces; to train something else, fill in a tw_objective
 * with a custom function, as examples/own_objective.c does.
 *
 * The loop calls eval for sums, never means, over the rows of one leaf of the batch at a time (or of several,
 * where the objective says so), adds the leaves in a fixed tree, and divides once by the summed weight: so
 * the result has the same bits on any number of threads. An objective without rows (n_rows = 0: a surface, a
 * formula) is called with n = 0.
 *
 * Threads: one call (a run's step, an evaluation) uses an objective at a time. Within it eval may run in
 * several threads at once, each in a lane of its own, if `lanes` is at least the threads of the context.
 * Callbacks are called in the floating-point mode of the caller.
 *
 * Sparse gradients: if a few rows touch few of the weights, set `touched`, and eval is asked for lists in
 * place of whole vectors wherever a list is shorter. The result has the same bits either way. With penalties
 * (`glm`), which move every weight, lists are of the losses alone: they are asked for with TW_NO_PENALTY.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_OBJECTIVE_H
#define THALWEG_OBJECTIVE_H
#include <thalweg/optimizer.h>
#ifdef __cplusplus
extern "C" {
#endif

/* What eval is to compute: bits of `want`. */
enum {
    TW_WANT_LOSS = 1,     /* the sum of the losses */
    TW_WANT_GRADIENT = 2, /* the sum of their gradients */
    /* predictions: n rows of n_outputs numbers of the objective's type */
    TW_WANT_OUTPUT = 4,
    TW_TRAINING = 8, /* as in training: with dropout */
    /* compute this leaf's gradient apart, then add it to what `gradient` holds; at most TW_LEAF rows, and
     * only if can_add is set */
    TW_ADD = 16,
    TW_NO_PENALTY = 32, /* leave out the penalties of `glm`, l2 and l1; only if it is set */
    /* the rows are those of several leaves of the batch (tw_eval.leaf), whose gradients are to be added in
     * the batch's tree; `sums` and `join` have room for as many leaves */
    TW_LEAVES = 64
};
/* rows of a leaf of the batch, of which leaves are longer where it has more than 512; the most leaves */
enum { TW_LEAF = 8, TW_MOST_LEAVES = 64 };

/* The draw that an evaluation belongs to. Evaluations with the same number and seed see the same rows and the
 * same dropout. */
typedef struct tw_draw {
    uint64_t number; /* of the update, from 0 */
    uint64_t epoch;  /* from 0 */
    size_t first;    /* index in the batch of rows[0] */
    uint64_t seed;   /* the run's */
    /* 0 .. joins: the part of the evaluation, see tw_objective.joins */
    int segment;
    /* 0 .. lanes - 1: calls at the same time have different lanes */
    int lane;
} tw_draw;

/* Sums over the rows of an evaluation, which eval sets: losses, weights (1 per row, unless rows count
 * differently) and correct predictions. */
typedef struct tw_sums {
    double loss, weight, correct;
} tw_sums;

/* A gradient as a list: value[i], of the objective's type, at weight index[i], and 0 at all others. The
 * library gives room for `most` numbers; eval sets n and writes rising indices. */
typedef struct tw_sparse_sum {
    size_t n, most;
    uint32_t *index;
    void *value;
} tw_sparse_sum;

/* One evaluation: over n rows at the weights w. The library fills it in, and may append fields. */
typedef struct tw_eval {
    size_t size;          /* sizeof(tw_eval) */
    unsigned want;        /* what is requested: bits of TW_WANT_LOSS ... TW_ADD */
    const void *w;        /* the weights, of the objective's type */
    const uint64_t *rows; /* n indices of rows, from 0; NULL without rows */
    size_t n;
    const tw_draw *draw;
    /* Results, not cleared before: sums always; gradient (a number per weight) and output (n * n_outputs),
     * both of the objective's type, if they are requested. */
    tw_sums *sums;
    void *gradient, *output;
    /* NULL, or where the gradient goes as a list; `gradient` is then NULL. Only if the objective has
     * `touched`; never with TW_ADD. Each number must have the bits that it has in a gradient of all weights,
     * whose sums begin with 0: -0 counts as 0. */
    tw_sparse_sum *sparse;
    /* for hessian_times only */
    const double *vector;
    double *kept;
    /* While training, of an objective with joins (tw_objective.joins): the totals of the segments before this
     * one, join_size numbers each; and where this segment's sums over the rows of a leaf go, cleared before,
     * or NULL after the last join. */
    const double *totals;
    double *join;
    /* While training, or while rows are evaluated in the order of a sequence, of an objective whose rows hand
     * something on (tw_objective.carry): what each of the n rows gets from the one before it, `carry` numbers
     * of the objective's type after those of the row before; NULL: nothing comes before them, as if all were
     * 0. And where what they hand on goes, or NULL. */
    const void *carry_in;
    void *carry_out;
    /* The weight of rows whose penalties on the weights this evaluation adds to loss and gradient, beside
     * what it does for its rows: in the first leaf of a batch that of all its rows, in the others 0. Not for
     * those of `glm`. */
    double penalised;
    /* with TW_LEAVES: the rows of each leaf but the last, which may have fewer */
    size_t leaf;
} tw_eval;

/* A row's numbers. */
typedef struct tw_row {
    const void *x; /* of tw_glm.row_type */
    /* rising; NULL: a number for every column */
    const uint32_t *columns;
    size_t n;
} tw_row;

/* A generalised linear model: a row's loss depends on its scores h_k = w_k . x + b_k alone, and
 *
 *   f(w, b) = sum weight_i loss_i(h) / sum weight_i  +  l2/2 |w|^2 + l1 |w|_1
 *
 * so that methods which look at single rows or columns need no gradient of all weights. The weights are
 * `outputs` times `columns` numbers w, then, with an intercept, `outputs` numbers b. The functions may be
 * called at any time, by several threads, and cannot fail. */
typedef struct tw_glm {
    size_t size; /* sizeof(tw_glm) */
    size_t columns, outputs;
    int intercept;
    /* of the rows' numbers, which are converted to the weights' type before use; TW_U8: and divided by 255 */
    tw_type row_type;
    double l2, l1;
    void *user;
    void (*row)(void *user, uint64_t i, tw_row *to);
    double (*weight)(void *user, uint64_t i); /* 0 or more */
    /* The loss of row i with these scores; slope[k]: its derivative by score k. */
    double (*loss)(void *user, uint64_t i, const double *scores, double *slopes);
    /* NULL, or: the loss is a sum over the scores, and this the second derivative by score k */
    double (*curvature)(void *user, uint64_t i, size_t k, double score);
    /* How many times their own distance apart two points' scores can set a row's slopes; 0: there is no
     * bound. */
    double smoothness;
    const char *kinks; /* what makes a row's slopes jump; NULL: nothing */
    /* 1: row i with these scores is predicted correctly. Needed where counts_correct is set. */
    int (*correct)(void *user, uint64_t i, const double *scores);
    /* NULL, or, where the loss is a sum over the scores: its convex conjugate at these slopes, the largest
     * number that sum slopes_k h_k - loss(h) comes to; infinite where there is none. It is finite between 0
     * and any slopes that the loss has. */
    double (*conjugate)(void *user, uint64_t i, const double *slopes);
    /* as conjugate: the slope s by score k where h + q s = t, q > 0, a slope between those on both sides at a
     * kink; near: a slope that is perhaps near it, for where it is searched for */
    double (*proximal)(void *user, uint64_t i, size_t k, double t, double q, double near);
    /* NULL, or, where the loss is a sum over the scores, as loss for n rows from `first` on at once: of score
     * k, which is scores[0], scores[1], ..., each row's loss and its derivative. Solvers are faster with
     * it. */
    void (*losses)(void *user, uint64_t first, size_t n, size_t k, const double *scores, double *losses,
                   double *slopes);
    /* where losses is set and curvature: likewise its second derivatives */
    void (*curvatures)(void *user, uint64_t first, size_t n, size_t k, const double *scores,
                       double *curvatures);
    /* 1: a row's loss is half the squared distance of its scores from some numbers */
    int is_squared;
} tw_glm;

/* The processes that a model is split among, each of which has a slice of it, as an evaluation sees them.
 * What one sends another arrives in the order in which it was sent. Non-zero: the evaluation must stop. */
typedef struct tw_ranks {
    size_t size;        /* sizeof(tw_ranks) */
    size_t rank, ranks; /* this one, of 0 .. ranks - 1 */
    void *user;
    int (*send)(void *user, size_t to, const void *bytes, size_t n); /* copies them and does not wait */
    int (*receive)(void *user, size_t from, void *bytes, size_t n);  /* waits for them */
} tw_ranks;

/* Weights of a slice, `rows` times `width` numbers, of which row i begins at weight first + i * step of the
 * whole model. */
typedef struct tw_slice {
    size_t rows, width, first, step;
    int is_shared; /* every rank has them, and steps them alike */
} tw_slice;

typedef struct tw_objective {
    /* sizeof(tw_objective), set by the program also for one that the library fills */
    size_t size;
    /* TW_F32 or TW_F64: of w, gradient, output */
    tw_type type;
    /* of the weights (optimizer.h); not copied: valid as long as the objective */
    const tw_tensor *tensors;
    size_t n_tensors;
    uint64_t n_rows;  /* 0: no rows */
    size_t n_outputs; /* per row, for TW_WANT_OUTPUT */
    int can_add;      /* eval supports TW_ADD */
    /* Points at which an evaluation while training must wait for sums over the whole batch (batch
     * normalisation). It then has segments, draw->segment from 0 on, each of which is evaluated for all rows
     * before the next: `joins` that each end at a join and one that ends the loss, whose sums count; with a
     * gradient `joins` more, and the one that ends the loss begins the way back. See `cuts`, join_size,
     * reserve, commit. Evaluations that are not training have no joins. */
    int joins;
    /* rows without labels: only TW_WANT_OUTPUT may be requested */
    int only_outputs;
    /* sums.correct is set: there is an accuracy */
    int counts_correct;
    /* evaluations that may run at the same time; below the context's threads: one after the other */
    int lanes;
    void *user; /* for point and eval */
    /* Called once before the evaluations at a new point w, never during one, for example to pack weights. May
     * be NULL. Non-zero stops the call. */
    int (*point)(void *user, const void *w);
    /* Sets the results that `e` requests. Non-zero stops the call, which then returns TW_STOPPED with this
     * value in tw_error.callback. */
    int (*eval)(void *user, const tw_eval *e);
    /* NULL: gradients are whole vectors. Else eval can answer with a list (tw_eval.sparse), and this returns
     * how long one over these n rows may be. index not NULL: it has that much room, and gets the weights that
     * the rows' losses and gradients depend on, in any order, the same one perhaps more than once. Called by
     * one thread at a time, never during an evaluation; must not fail. */
    size_t (*touched)(void *user, const uint64_t *rows, size_t n, uint32_t *index);
    /* NULL, or what makes the gradient jump, such as "l1": solvers that need a smooth loss refuse it */
    const char *kinks;
    /* NULL, or like eval the sum over the rows of their losses' Hessians, for solvers that need them:
     * `gradient` is a square of doubles, as wide as there are weights and in their order, of which row i is
     * read up to column i; it is divided by the sum of sums.weight, which is set. */
    int (*hessian)(void *user, const tw_eval *e);
    const tw_glm *glm; /* NULL: it is none */
    /* NULL, or like eval the sum over the rows of their losses' Hessians times `vector`, without the matrix:
     * `vector` and `gradient` are doubles, one per weight. With vector NULL it is asked for their diagonals,
     * once at each point before any product there, and sets for row i the n_kept numbers from
     * kept[i * n_kept] on; the products at this point get them as it left them. The result is divided as that
     * of hessian. */
    int (*hessian_times)(void *user, const tw_eval *e);
    size_t n_kept;
    /* If above 1, the Hessian is 0 outside of so many blocks, which `hessian` sets one after the other, each
     * a square as above: block k is of slice k of every tensor's first dimension, in their order. */
    size_t hessian_blocks;
    /* With joins: the numbers that a segment's sums have at most; */
    size_t join_size;
    /* joins + 2 indices: segment 2 joins - k computes the gradient of the weights cuts[k] .. cuts[k + 1] -
     * 1; */
    const size_t *cuts;
    /* the rows that a batch must have at least; */
    size_t least_rows;
    /* called before the first segment of a batch of so many rows, for memory that keeps what segments leave
     * for each other (row i of the batch has index draw->first + i); non-zero stops the call; */
    int (*reserve)(void *user, size_t rows);
    /* NULL, or called after an update, with the totals of its evaluation where there are joins: sets those
     * weights that are running statistics (TW_TENSOR_BUFFER), and moves others back to where they may be. */
    void (*commit)(void *user, void *w, const double *totals);
    /* Above 0: rows are pieces of a sequence, in its order, and so many numbers pass from a row to the next
     * (tw_eval.carry_in), as a recurrent network's state does from one window of a text to the next. The rows
     * are cut into as many streams as a batch has rows, and row i of a batch begins with what row i of the
     * batch before handed on, but 0 at the beginning of an epoch. Gradients end where a row begins. */
    size_t carry;
    /* NULL, or where eval has penalties to add the weight of a row, as in sums.weight; NULL: 1 each */
    double (*weight)(void *user, uint64_t row);
    /* above 1: evaluations may be asked for several leaves at once (TW_LEAVES), up to so many of TW_LEAF rows
     * or fewer, half as many of up to two times as many rows, and so on, never with lists */
    size_t together;
    /* NULL: the objective can have one worker only. Else fills *copy, which is zeroed, with an objective
     * on the same rows whose memory is its own and comes from `ctx`, as the evaluations of several workers
     * run at the same time; free_fork frees it again. The functions of `glm` may be shared. */
    tw_status (*fork)(void *user, tw_context *ctx, struct tw_objective *copy, tw_error *err);
    void (*free_fork)(struct tw_objective *copy);
    /* NULL: all weights must be in one process. Else fills *copy, which is zeroed, with an objective on the
     * same rows, of the weights that this rank has, in the order of copy->slices; free_fork frees it again.
     * Its evaluations, one after the other, take place at all ranks in the same order, and have the bits of
     * the whole objective: the sums, and of the gradient what is this rank's. *ranks is copied. TW_ERR_SPEC:
     * there is nothing to split among so many. */
    tw_status (*split)(void *user, tw_context *ctx, const tw_ranks *ranks, struct tw_objective *copy,
                       tw_error *err);
    const tw_slice *slices; /* of a slice; else NULL */
    size_t n_slices;
} tw_objective;
#define TW_OBJECTIVE_INIT            \
    {                                \
        .size = sizeof(tw_objective) \
    }

#ifdef __cplusplus
}
#endif
#endif
