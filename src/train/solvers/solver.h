/* What a solver is to the loop. One file per solver, one line in list.h.
 *
 * A solver stands at a point x, of which it knows the mean loss over all rows and the gradient. An iteration
 * looks for a better point, `next`, by asking for loss and gradient elsewhere; solver.c moves there, and
 * decides whether the run ends. All vectors are in double.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_SOLVERS_SOLVER_H
#define TW_TRAIN_SOLVERS_SOLVER_H
#include "base/context.h"
#include "base/cpu.h"
#include "base/options.h"
#include "math/soft.h"
#include <thalweg/solver.h>
#include <thalweg/train.h>

/* What is minimised. */
typedef struct tw__problem {
    const tw_objective *objective;
    size_t n; /* weights */
    void *user;
    /* Rounds x to the type of the weights. The mean loss there and its gradient, 0 for weights that do not
     * move; either may be not finite. With l1 (tw_glm.l1) the gradient is the subgradient of least norm: at
     * weights that are 0, what is left of the smooth part's after l1. */
    tw_status (*evaluate)(void *user, double *x, double *loss, double *gradient, tw_error *err);
    /* At the point that was last evaluated, the gradient of what is left of the loss without l1. */
    void (*smooth_gradient)(void *user, double *to);
    /* The mean Hessian at s->at, its blocks one after the other, of each row i up to column i; where the
     * objective has one. share: over one in so many rows, if that is known to be cheaper. */
    tw_status (*hessian)(void *user, unsigned share, double *to, tw_error *err);
    /* Its diagonal, and then its products with vectors at the same point; where the objective has them. */
    tw_status (*diagonal)(void *user, double *to, tw_error *err);
    tw_status (*times)(void *user, const double *v, double *to, tw_error *err);
    uint64_t *gradients; /* evaluated so far, of rows */
    int is_shared;       /* the rows are several processes' */
    /* criterion of tw_run_options.stop, and its tolerance; 0: none */
    enum tw_run_stop stop;
    double tol;
    uint64_t seed;
} tw__problem;

enum { TW__SOLVER_WHY = 96 };
typedef struct tw__solver tw__solver;
typedef struct tw__solver_type {
    tw_solver about;
    /* TW_ERR_SPEC: it cannot work with the problem; err may be NULL. The message ends before what the caller
     * adds: which solvers do take it. NULL: it becomes another one. */
    tw_status (*takes)(const tw__solver *s, tw_error *err);
    int reads_rows; /* it goes through the rows itself, and not by sums over them alone */
    /* allocates s->state, by tw__solver_alloc */
    tw_status (*create)(tw__solver *s, tw_error *err);
    /* 1: `auto` may take it, and why: "124 weights and 32561 rows". NULL: never */
    int (*suits)(const tw__problem *problem, char why[TW__SOLVER_WHY]);
    /* Looks for a better point; *found: it is in s->next, the last one that was evaluated. */
    tw_status (*iterate)(tw__solver *s, int *found, tw_error *err);
    tw_status (*visit)(tw__solver *s, tw_visitor *v, tw_error *err);
} tw__solver_type;

/* A point, the loss there and the gradient. */
typedef struct tw__place {
    double *x, *g, loss;
} tw__place;

/* The numbers that a solver is judged by, all kept in checkpoints. */
typedef struct tw__progress {
    double started; /* 1: `at` is evaluated */
    double first_norm, norm, step, drop;
    /* idle: iterations since loss was lowered by more than rounding, or one of the others by a hundredth */
    double least_loss, least_norm, least_gap, idle;
    double gap, nonzero, l1_max, condition; /* NaN: not known so far, see tw_run_progress */
} tw__progress;

struct tw__solver {
    const tw__solver_type *type;
    tw_context *ctx;
    tw_solver_choice choice;
    tw__problem problem;
    tw__place at, next;
    tw__progress progress;
    int status; /* TW_RUN_GOING, TW_RUN_CONVERGED, TW_RUN_STALLED or TW_RUN_DIVERGED */
    void *state;
    /* slopes by which the gap is measured, of all rows for the first output, then for the next; NULL: those
     * of the rows' losses */
    const double *dual;
    char why[TW__SOLVER_WHY]; /* that auto took it; "": it was named */
    struct tw__solver_memory *memory;
    size_t n_memory, memory_capacity;
};

/* The point is set by tw__solver_place. */
tw_status tw__solver_create(tw__solver **out, tw_context *ctx, const char *spec, const tw__problem *problem,
                            tw_error *err);
void tw__solver_free(tw__solver *s); /* NULL is fine */
/* Sets the point, from weights of the objective's type: at the start, and after a load. */
void tw__solver_place(tw__solver *s, const void *w);
/* One iteration. *moved: s->at is a new point; else s->status says why the run ends at the old one.
 * TW_ERR_NOT_FINITE: loss or gradient at the start. */
tw_status tw__solver_iterate(tw__solver *s, int *moved, tw_error *err);
/* Sets of a linear model what is only known in the end: gap, nonzero, l1_max, and where the run was slow,
 * condition. */
tw_status tw__solver_finish(tw__solver *s, int was_slow, tw__fp_mode callers, tw_error *err);
tw_status tw__solver_visit(tw__solver *s, tw_visitor *v, tw_error *err);

/* registry.c */
const tw__solver_type *tw__solver_type_find(tw__text name); /* NULL if there is none */
const tw__solver_type *tw__solver_type_at(size_t i);        /* NULL past the end */

/* For the solvers' own files. */
/* As tw__alloc; freed with the solver. */
tw_status tw__solver_alloc(tw__solver *s, void *out /* T ** */, size_t n, size_t size, tw_error *err);
/* For its type: TW_ERR_SPEC, with the solvers that take the problem, where it does not. Then its create. */
tw_status tw__solver_begin(tw__solver *s, tw_error *err);
tw_status tw__solver_evaluate(tw__solver *s, tw_error *err); /* s->next.x */
/* what makes the gradient jump; NULL: nothing */
const char *tw__solver_kinks(const tw__problem *p);
/* A `takes`: TW_ERR_SPEC where the loss has kinks. */
tw_status tw__solver_needs_smooth(const tw__solver *s, tw_error *err);
/* TW_ERR_SPEC where indices of rows need more than 32 bits */
tw_status tw__solver_needs_few_rows(const tw__solver *s, tw_error *err);
/* whether the magnitudes that l1 penalises are its only kinks */
int tw__solver_has_l1(const tw__problem *p);
/* For preconditioning: 0.3 of the size of the Hessian's diagonal at s->at, and 0.7 of its least number, so
 * that it matters little how large a column's numbers are; 1 where the objective has none. The diagonal alone
 * takes half the products of newton-cg on a9a that 1 takes, but half as many more on reuters. */
tw_status tw__solver_scale(tw__solver *s, double *to, tw_error *err);
/* Sum of the products, in 8 lanes from 0: product i is added to lane i % 8; lanes j and j + 4 are added, then
 * j and j + 2, then 0 and 1. No fma. */
double tw__dot(const double *a, const double *b, size_t n);
/* to = to + factor * a */
void tw__add_scaled(double *to, double factor, const double *a, size_t n);

/* Of the rows of an n by n matrix up to its diagonal, makes those of L in place: L L' = a + shift I. 0: a
 * number on the diagonal became `least` of what it was, or less. */
int tw__cholesky(double *a, size_t n, double shift, double least);

/* The subgradient of least size of a function with slope g, plus l1 |w|. */
static inline double tw__least_subgradient(double g, double w, double l1)
{
    return w > 0 ? g + l1 : w < 0 ? g - l1 : tw__soft(g, l1);
}

/* search.c: looks along a direction for the length of a step, from `first` on. *found: s->next is the point
 * at->x + length d, where the slope along d is at most `flatten` of what it was and the loss lower, or near
 * the minimum as low as rounding lets one see. */
tw_status tw__search(tw__solver *s, const double *d, double first, double flatten, int *found, tw_error *err);

/* orthant.c: for losses with l1. */
/* Leaves out of d what would raise the loss. */
void tw__orthant_project(const tw__solver *s, double *d);
/* As tw__search, along the part of the direction's path in this orthant. */
tw_status tw__orthant_search(tw__solver *s, const double *d, double first, int *found, tw_error *err);
#endif
