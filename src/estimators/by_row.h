/* The fused form of an estimator on a generalised linear model: what it remembers of a row is a number per
 * score, the slope, and a step costs what the row holds. The same method as in vectors, up to rounding.
 *
 * The weights are w = scale * v. A step multiplies scale by 1 - lr l2 and would subtract lr / divisor times
 * `sum`, the vector that the estimator carries along, from every weight; instead a clock adds up what a sum
 * of 1 would have moved v by, and a weight makes up for it when it is next touched (Schmidt, Le Roux & Bach
 * 2017, section 4.1; Defazio, Bach & Lacoste-Julien 2014, section 4). With l1 each missed step is a proximal
 * one: a weight that kept its sign, or stays at 0, makes up for all of them at once, any other one by one.
 *
 * Zeros of dense rows are left out, so that dense and sparse rows have the same bits. All numbers are double,
 * in the rows' order, by one thread.
 * SPDX-License-Identifier: MIT */
#ifndef TW_ESTIMATORS_BY_ROW_H
#define TW_ESTIMATORS_BY_ROW_H
#include "estimators/estimator.h"

/* A weight. last: the clock when it was up to date; with l1 the tick. kept: svrg's iterate. */
typedef struct tw__cell {
    double v, sum, last, kept;
} tw__cell;

/* An intercept, which is up to date after every step: no penalty scales it. */
typedef struct tw__bias {
    double v, sum, kept, now, before;
} tw__bias;

/* Where the weights stand, and where they stood one update before. */
typedef struct tw__instant {
    double scale, clock;
} tw__instant;

typedef struct tw__by_row tw__by_row;

/* Weights that are not one vector with a clock: in place of the cells, the intercepts and what counts their
 * steps. */
typedef struct tw__points tw__points;
typedef struct tw__points_type {
    double (*bytes)(const tw__by_row *z);
    tw_status (*create)(tw__by_row *z, tw_error *err); /* z->points; free() also after a failure */
    void (*free)(tw__by_row *z);
    void (*settle)(tw__by_row *z);
    double (*weight)(const tw__by_row *z, size_t i); /* as it is now; changes nothing */
    tw_status (*visit)(tw__by_row *z, tw_visitor *v, tw_error *err);
} tw__points_type;

/* What an estimator's file says of its fused form. */
typedef struct tw__by_row_form {
    int remembers;                        /* 1: a slope for every row and score; else nothing */
    int (*applies)(const double *values); /* NULL: with any options */
    int looks_before; /* 1: it evaluates rows at the weights of one update before, which l1 forbids */
    /* with points it also steps, by z->lr, and begins with u->w in the first update */
    void (*update)(tw__by_row *z, tw__update *u);
    const tw__points_type *points; /* NULL: the weights are cells */
} tw__by_row_form;

struct tw__by_row {
    tw__estimator *e;
    const tw_glm *f;
    const struct tw__row_kernels *kernels;
    tw__cell *cell; /* n: outputs times columns */
    tw__bias *bias; /* of each output */
    size_t n;
    tw__points *points;    /* NULL: the weights are cells */
    double *slope;         /* of every row and output, times the row's weight; NULL: not remembered */
    tw_row *row;           /* the drawn rows */
    double *fresh, *other; /* their slopes at w, and what these are compared with */
    double *score, *row_slope;
    double *trial; /* lr=search: scores elsewhere; NULL: lr is given */
    uint8_t *seen; /* blocks */
    double seen_weight, row_weight;
    tw__instant now, before;
    /* of this update: rows evaluated, its length, 1 - lr l2, what `sum` is divided by */
    uint64_t evaluated;
    double lr, rho, divisor;
    /* steps since all weights were up to date; with l1 the clock after each of them, and that of l1 */
    size_t ticks;
    double *clocks, *shrunk;
    int is_steady; /* the divisor is the same in every step */
};

/* TW_ERR_MEMORY says how much is needed. glm: as long as z. */
tw_status tw__by_row_create(tw__by_row **out, tw__estimator *e, const tw_glm *glm, tw_error *err);
void tw__by_row_free(tw__by_row *z);
/* An update of this length; the first one begins at u->w. Sets u->sums. TW_ERR_SPEC: lr times l2 is too
 * large. */
tw_status tw__by_row_update(tw__by_row *z, tw__update *u, double lr, tw_error *err);
/* Asks the cache for the rows of the updates `step` to step + TW__AHEAD - 1 of an epoch, all at once: one by
 * one they would take most of the time. */
void tw__by_row_fetch(const tw__by_row *z, uint64_t epoch, uint64_t step);
/* Brings all weights up to date; part of the method's arithmetic, as it rounds. */
void tw__by_row_settle(tw__by_row *z);
/* The weights, of the estimator's type; changes nothing in z. */
void tw__by_row_write(const tw__by_row *z, void *w);
tw_status tw__by_row_visit(tw__by_row *z, tw_visitor *v, tw_error *err);
double tw__by_row_bytes(const tw__by_row *z);
/* of a row's numbers, as they are */
double tw__row_square(const tw_glm *f, const tw_row *r);
/* lr times l2 above this is left to the form in vectors */
#define TW__MOST_DECAY 0.5

/* A row's slopes at z->score, times its weight, into `to`; adds its share to the sums. */
void tw__by_row_slopes(tw__by_row *z, uint64_t row, double *to, tw_sums *sums);
double tw__by_row_weight(const tw__estimator *e, const void *w,
                         size_t i); /* of a vector of the estimator's type */

/* For the estimators' files: the drawn rows' slopes at w into `fresh`, what is remembered of them into
 * `other`, and u->sums. */
void tw__by_row_look(tw__by_row *z, tw__update *u);
/* The slopes of rows looked at, at the weights of one update before, into `other`. */
void tw__by_row_look_before(tw__by_row *z, const tw__update *u);
/* With the gradient of fresh - other: w takes lr * pull times it off, `sum` add times it on. */
void tw__by_row_move(tw__by_row *z, const tw__update *u, double pull, double add);
void tw__by_row_remember(tw__by_row *z, const tw__update *u); /* fresh */
/* The mean gradient over all rows into `sum`, their slopes where they are remembered, u->sums. */
void tw__by_row_full(tw__by_row *z, tw__update *u);
/* Keeps the weights as they are; goes back to those kept. */
void tw__by_row_keep(tw__by_row *z);
void tw__by_row_return(tw__by_row *z);
#endif
