/* A run from inside: made in run_create.c, stepped in run.c, with sparse steps by run_sparse.c and penalties
 * by run_penalty.c, judged in divergence.c, measured by run_norms.c, and kept in checkpoints by run_visit.c.
 * With a solver run_solver.c makes the steps, with run_ring.c where several processes share its sums.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_RUN_H
#define TW_TRAIN_RUN_H
#include "base/cpu.h"
#include "estimators/estimator.h"
#include "exchange/collect.h"
#include "exchange/exchange.h"
#include "exchange/protocol.h"
#include "math/sums.h"
#include "train/batch.h"
#include "train/controls/control.h"
#include "train/glm_sums.h"
#include "train/second.h"
#include "train/solvers/solver.h"
#include "train/target.h"
#include <thalweg/train.h>

/* Weights that rows touch, with room to sort them. */
typedef struct tw__touched {
    uint32_t *index;
    size_t n, capacity;
} tw__touched;

struct tw_run {
    tw_context *ctx;
    /* What steps weights runs in this one: ctx, or of one thread where workers have the CPUs. */
    tw_context *stepping;
    tw_objective train, check; /* check.eval NULL: none */
    tw_run_options o;
    tw__target target;
    void *w, *view; /* the caller's; the rule's view, made when needed */
    size_t size;
    tw__estimator *estimator;
    tw__exchange *exchange;
    tw__batch *batch;
    tw_optimizer *optimizer;
    tw__controls *controls;
    struct tw__run_workers *workers; /* run_workers.c; NULL: exchange local */
    /* with a solver, which has the place of estimator, exchange, optimizer and controls, then NULL; all rows,
     * NULL where there are none; the sums at the point that was last evaluated */
    tw__solver *solver;
    tw__ring *ring; /* of the processes that share its sums; NULL: there is one */
    char ring_spec[TW_SPEC_MAX];
    uint64_t *rows;
    tw__second *second;     /* NULL: not needed so far */
    tw__glm_sums *glm_sums; /* of an objective that they take; its rows are not evaluated through the batch */
    tw_sums there;
    /* the mean, for a solver and for controls that look at every step; else NULL */
    void *gradient;
    /* run_norms.c: the mean gradient where it is no vector of the weights' type; NULL: not made */
    void *shown;
    /* run_sparse.c: whether weights fall behind that are not touched; what a batch touches */
    int falls_behind;
    tw__touched touched;
    /* run_penalty.c: the objective's, where it is one; whether its penalties are counted apart from the
     * losses, whether there is a proximal step, of l1 and of this much of l2, whether the rule's weight
     * decay is l2, and degree.h's numbers where penalties are by degree */
    tw_glm glm;
    int parts_penalty, is_proximal, decays;
    double proximal_l2, *degree_ratios;
    /* run_fused.c: in place of the estimator's own state, with the weights, which r->w follows; NULL: the
     * estimator makes directions */
    struct tw__by_row *by_row;
    double fused_lr;          /* of the last update; 0: none yet */
    int lr_is_auto, searches; /* sgd:lr=auto, sgd:lr=search */
    /* search_lr.c: a point, and chunks' squares; NULL: a fused run, or lr is given. The rows whose gradient
     * is to be searched along, until that was done */
    void *trial;
    double *partial;
    const uint64_t *searched;
    /* cursor: epochs done, updates done in this one, updates in all */
    uint64_t epoch, step, updates, steps_per_epoch;
    tw_sums sums;                            /* of this epoch */
    uint64_t skipped;                        /* updates of this epoch */
    uint64_t gradients;                      /* of one row each, in all */
    double update_loss;                      /* of the last update */
    double first_loss;                       /* of the first update that had a finite one; NaN: none yet */
    double epoch_lr, seconds, epoch_seconds; /* time before this call is counted in by visit */
    int status, failed;                      /* failed: by an error; no further steps */
    tw__fp_mode mode;                        /* the caller's, for its callbacks */
    const tw_draw *draw;                     /* of the update that is going on */
    const uint64_t *drawn;                   /* its rows, or those of the last one */
    size_t n_drawn;
    tw_epoch *history;
    /* elsewhere: the first so many are not visited (history.h) */
    size_t n_history, capacity, elsewhere;
};

/* run.c: fails as a value that is not finite at a step; adds the epoch, from 0, and the rows of the update
 * to the message. */
tw_status tw__run_not_finite(uint64_t step, const char *what, double value, tw_error *err);
void tw__run_add_place(uint64_t epoch, const tw__update *u, tw_error *err);
/* Whether the next update is one after which somebody looks at the rate that it was made with. */
int tw__run_needs_rate(const tw_run *r);
/* An update was made, of rows with these sums; of none, if it was left out. */
void tw__run_count_update(tw_run *r, const tw_sums *sums);
/* run.c: the mean gradient of the rows at r->w into r->gradient, 0 where nothing is stepped. */
tw_status tw__run_mean_gradient(tw_run *r, const uint64_t *rows, size_t n, tw_sums *sums, tw_error *err);

/* run_norms.c: of the numbers x[first] .. x[first + n - 1]; the numbers of tensor i of n in a vector of
 * `all`. */
double tw__norm_of(const tw__sums *sums, tw_type type, const void *x, size_t first, size_t n);
size_t tw__tensor_size(const tw_tensor *tensors, size_t n, size_t i, size_t all);
/* Adds to the message in which of several tensors the largest weight is. */
void tw__run_add_largest(const tw_run *r, tw_error *err);

/* run_solver.c */
/* TW_ERR_SPEC: an option that cannot be given with a solver, or without one. */
tw_status tw__run_check_solver(const tw_run_options *o, tw_error *err);
tw_status tw__run_make_solver(tw_run *r, tw_error *err);
void tw__run_free_solver(tw_run *r);
/* An iteration, counted as a step; or r->status says why there is none. */
tw_status tw__run_solve(tw_run *r, tw_error *err);
/* with the weights already loaded */
tw_status tw__run_visit_solver(tw_run *r, tw_visitor *v, tw_error *err);

/* run_penalty.c */
tw_status tw__run_read_glm(tw_run *r, tw_error *err);
int tw__run_is_penalised(const tw_run *r);
/* Where lists are to be stepped in closed form, one by one or alone, l2 is weight decay of the rule, by a
 * group of the optimizer whose text is `groups`. Before the optimizer is made. TW_ERR_SPEC: the rule has none
 * that is the gradient of l2, or there is l1. */
tw_status tw__run_choose_decay(tw_run *r, tw_optimizer_options *o, char groups[TW_SPEC_MAX], tw_error *err);
/* Where the rows' l2 is to be by degree (degree.h): after the batch is made. TW_ERR_SPEC: there is no l2, or
 * there is l1. */
tw_status tw__run_choose_degree(tw_run *r, tw_error *err);
/* Decides how penalties are counted, once the other parts are made; elsewhere: the exchange has them. */
void tw__run_choose_penalty(tw_run *r, int elsewhere);
/* Adds their gradient at a point to a direction; makes the proximal step at a point after one of this length;
 * the penalty at r->w. Without effect and 0 where they are not apart. */
void tw__run_add_penalty(const tw_run *r, const void *point, void *direction);
void tw__run_shrink(const tw_run *r, void *point, double lr);
double tw__run_penalty(const tw_run *r);
/* Whether the steps are w - lr g, of one length for all weights. */
int tw__is_plain_sgd(const tw_run_options *o, const char *optimizer);

/* auto_lr.c: gives a rule with a word for lr a number; weight: of all rows. TW_ERR_SPEC: nothing is known to
 * give it. */
#define TW__SGD_AUTO_LR "sgd:lr=auto"
#define TW__SGD_SEARCH_LR "sgd:lr=search"
tw_status tw__run_auto_lr(tw_run *r, tw__preset *preset, double weight, tw_error *err);

/* run.c: the estimator takes its snapshot for the update that comes next. */
tw_status tw__run_lead(tw_run *r, tw_error *err);
/* run_rounds.c, of estimators that are led: begins a round, when all rest, if the next update does; the
 * direction of an update's rows at some weights. */
/* The nodes of a whole update, of so many weights, into one. */
void tw__run_fold(const tw_run *r, size_t size, tw__gradient *g);
tw_status tw__run_begin_round(tw_run *r, tw__workers *x, tw_error *err);
typedef struct tw__follower {
    tw_run *r;
    tw_context *ctx; /* of what is below, as of the batch */
    const tw_objective *objective;
    tw__batch *batch;
    tw__estimator *estimator;
    tw__collector *collector;
    tw_sparse_sum there; /* for lists */
} tw__follower;
tw_status tw__run_direction(tw__follower *f, const tw_draw *draw, tw__update *u, const void *at,
                            tw__gradient *to, tw_error *err);

/* search_lr.c: nothing where lr is given. Before an update of these rows; after their gradient's sum. */
tw_status tw__run_make_search(tw_run *r, tw_error *err);
void tw__run_free_search(tw_run *r);
tw_status tw__run_begin_search(tw_run *r, const uint64_t *rows, tw_error *err);
tw_status tw__run_search(tw_run *r, const uint64_t *rows, size_t n, const void *gradient, const tw_sums *sums,
                         tw_error *err);

/* run_fused.c */
/* Whether the estimator of these options has a fused form that does the same; weight: of all rows. */
int tw__run_can_fuse(const tw_run *r, const tw__preset *preset, double weight);
tw_status tw__run_make_fused(tw_run *r, tw_error *err);
/* An update but for the optimiser's count of steps, which the second one is. */
tw_status tw__run_fused_update(tw_run *r, tw__update *u, tw_error *err);
tw_status tw__run_fused_end(tw_run *r, tw_error *err);

/* run_workers.c: workers for this exchange, with the options that r->optimizer was made with, and
 * estimators made like r->estimator; TW_ERR_SPEC: they cannot do what the run is to do. */
tw_status tw__run_make_workers(tw_run *r, const tw_exchange_choice *choice, const tw_optimizer_options *o,
                               const tw__estimator_setting *estimator, tw_error *err);
/* r->stepping, for an exchange that may be of one process. */
tw_status tw__run_make_stepping(tw_run *r, const tw_exchange_choice *choice, tw_error *err);
void tw__run_free_workers(tw_run *r);
/* Makes some updates; none beyond the next after which somebody looks at the run. */
tw_status tw__run_work(tw_run *r, tw_error *err);
/* Before the first update: TW_ERR_SPEC where lines on the run are others in another process. */
tw_status tw__run_agree(tw_run *r, const char *lines, tw_error *err);
/* Whether another number of workers may continue what is saved. */
int tw__run_regroups(const tw_run *r);
/* What rows hand on, of which every worker has that of its rows, to r->batch; or from there to all. */
void tw__run_share_carried(tw_run *r, int to_workers);
/* Seconds so far, by the clock of the workers' transport. */
double tw__run_clock(const tw_run *r);
/* What the workers have come to by now, in r->w. */
tw_status tw__run_gather(tw_run *r, tw_error *err);
/* Where servers or slices in several processes have them: what is saved is that. */
tw_status tw__run_gather_ranges(tw_run *r, tw_error *err);
tw_status tw__run_visit_workers(tw_run *r, tw_visitor *v, tw_error *err);

/* run_sparse.c */
/* The optimiser's option for the run's. */
enum tw_sparse tw__run_sparse_of(const tw_run *r);
/* Decides how lists are stepped, for the optimiser made with these options; TW_ERR_SPEC as train.h says. */
tw_status tw__run_choose_sparse(tw_run *r, const tw_optimizer_options *o, tw_error *err);
/* Brings up to date the weights that these rows touch, or all. */
tw_status tw__run_catch_up(tw_run *r, const uint64_t *rows, size_t n, tw_error *err);
tw_status tw__run_catch_up_all(tw_run *r, tw_error *err);
/* The weights that rows touch, in any order, the same one perhaps more than once. */
tw_status tw__touched_list(tw__touched *to, tw_context *ctx, const tw_objective *o, tw__fp_mode callers,
                           const uint64_t *rows, size_t n, tw_error *err);
void tw__touched_free(tw__touched *t, tw_context *ctx);
#endif
