/* What an estimator is: it decides how the gradient of an update is estimated. One file per estimator, one
 * line in list.h.
 *
 * Without a `direction` an estimator only draws rows, and their summed gradient goes to the exchange node by
 * node. With one it asks the loop for sums of gradients, at points and over rows of its choice, and hands
 * back a single vector.
 * SPDX-License-Identifier: MIT */
#ifndef TW_ESTIMATORS_ESTIMATOR_H
#define TW_ESTIMATORS_ESTIMATOR_H
#include "base/context.h"
#include "base/options.h"
#include "estimators/shards.h"
#include <thalweg/estimator.h>
#include <thalweg/objective.h>

typedef struct tw__estimator tw__estimator;

/* How rows are drawn: in the data's order; in a new order every epoch; each by itself, with replacement; one
 * fixed block of neighbours at a time, with replacement. */
enum tw__sampling { TW__IN_ORDER, TW__SHUFFLED, TW__REPLACED, TW__BLOCKS };

/* Where the penalties of a generalised linear model are: in the sums of gradients; added to the direction by
 * the loop, but for l1 after plain sgd, which is a proximal step; both in a proximal step. */
enum tw__penalties { TW__IN_SUMS, TW__BESIDE_DIRECTION, TW__PROXIMAL };

/* What an estimator needs of the rule: nothing; to be plain sgd, as it moves by lr itself; and lr to stay. */
enum tw__pace { TW__ANY_RULE, TW__RATE_OF_SGD, TW__CONSTANT_RATE };

/* One update, as an estimator with a direction sees it. */
typedef struct tw__update {
    uint64_t number; /* updates before this one: the draw's number too */
    /* drawn, in batch order; NULL for an objective without rows */
    const uint64_t *rows;
    size_t n;
    uint64_t block; /* TW__BLOCKS: which one the rows are */
    /* the stored weights; svrg's option II and katyusha write them */
    void *w;
    double lr; /* of the step that follows; 0 but for estimators with a pace */
    void *user;
    /* The sum of the gradients over rows at a point, by the batch tree, into `to`; the sums of loss, weight,
     * correct there. */
    tw_status (*gradient)(void *user, const void *point, const uint64_t *rows, size_t n, void *to,
                          tw_sums *sums, tw_error *err);
    /* To be called before a phase that looks at all rows or keeps a snapshot: all workers' steps are in w
     * afterwards. */
    tw_status (*barrier)(void *user, tw_error *err);
    /* The proximal step of this length at a point, for TW__PROXIMAL. */
    void (*shrink)(void *user, void *point, double lr);
    /* Handed back: a mean gradient's stand-in, valid until the next update and changed by then; the drawn
     * rows' sums, or those of all rows scaled to a batch where all were looked at. */
    void *direction;
    tw_sums sums;
} tw__update;

typedef struct tw__estimator_type {
    tw_estimator about;
    uint64_t (*batch)(uint64_t rows, uint64_t wanted); /* rows per update */
    enum tw__sampling sampling;
    int takes_joins; /* rows may depend on each other within a batch (tw_objective.joins) */
    int has_window;  /* 1: its first option is the number of rows of a window (windows.h) */
    enum tw__penalties penalties;
    enum tw__pace pace;
    /* lr=auto, from the smoothness of the rows' losses, l2 and the rows; NULL: it has none */
    double (*rate)(double smoothness, double l2, double rows);
    int takes_search;                     /* lr=search, too: steps that begin too long do no lasting harm */
    const struct tw__by_row_form *by_row; /* by_row.h: its fused form; NULL: it has none */
    /* allocates e->state; from here on NULL: keeps nothing */
    tw_status (*create)(tw__estimator *e, tw_error *err);
    /* also after a create that failed; e->state may be NULL */
    void (*free)(tw__estimator *e);
    tw_status (*direction)(tw__estimator *e, tw__update *u, tw_error *err);
    /* NULL, or where updates come in rounds that begin with a snapshot of the weights: whether update
     * `number` begins one, a pure function of it; and taking it, which the directions of a led estimator
     * leave to its leader. */
    int (*begins_round)(const tw__estimator *e, uint64_t number);
    tw_status (*begin_round)(tw__estimator *e, tw__update *u, tw_error *err);
    /* The last snapshot and its mean gradient, for a direction as a list. */
    void (*round)(const tw__estimator *e, const void **snapshot, const void **mean);
    /* NULL, or the weights lo .. hi-1 that update `number` moves alone. */
    void (*block)(const tw__estimator *e, uint64_t number, size_t *lo, size_t *hi);
    tw_status (*visit)(tw__estimator *e, tw_visitor *v, tw_error *err);
} tw__estimator_type;

enum { TW__AHEAD = 16 }; /* draws that are made at once */

struct tw__estimator {
    const tw__estimator_type *type;
    tw_context *ctx;
    tw_estimator_choice choice;
    tw_type real;                        /* of weights and gradients */
    size_t size;                         /* weights */
    uint64_t n_rows, batch, seed, steps; /* steps: updates per epoch */
    double weight;                       /* of all rows; 0: not known */
    double convexity;                    /* of the penalties: l2 of a generalised linear model */
    double lipschitz;                    /* line_search.c: of the losses' gradients, so far; 0: lr is given */
    /* the batch as asked for or by default, before accumulation; 0 where it means nothing */
    uint64_t requested;
    tw__shards shards; /* TW__SHUFFLED: the rows in the order of this epoch */
    uint64_t *order;   /* otherwise: the rows in their order */
    /* the caller's order; rows that stand nowhere side by side */
    uint64_t *given, *drawn;
    size_t n_order, n_given, n_drawn;
    /* the epoch's random numbers from number ahead_first on; ahead_epoch: counted from 1, 0: none yet */
    uint64_t ahead[TW__AHEAD], ahead_epoch, ahead_first;
    int is_led;                  /* rounds are begun from outside, for several workers */
    const tw__estimator *leader; /* whose snapshot it uses; NULL: its own */
    int in_streams;              /* rows are drawn in `batch` streams (streams.h) */
    void *state;                 /* the estimator's state */
};

typedef struct tw__estimator_setting {
    const char *spec;
    uint64_t n_rows, batch, seed; /* batch 0: 32, or 1 with an order from outside */
    uint64_t accumulate;          /* so many batches make one; 0: 1 */
    double weight, convexity;     /* of all rows, of the penalties, if they are known */
    int searches;                 /* lr=search */
    int is_fused;                 /* by_row.h keeps its state */
    int in_streams;               /* rows hand something on (tw_objective.carry) */
    int is_led;
    const tw__estimator *leader;
    tw_type real;
    size_t size;
    /* NULL, or rows to draw in place of its own; copied */
    const uint64_t *order;
    size_t n_order;
} tw__estimator_setting;

/* TW_ERR_SPEC: a spec that does not exist, a batch or an order without meaning, no rows where there must be
 * some. */
tw_status tw__estimator_create(tw__estimator **out, tw_context *ctx, const tw__estimator_setting *setting,
                               tw_error *err);
void tw__estimator_free(tw__estimator *e);
uint64_t tw__estimator_steps(const tw__estimator *e); /* updates per epoch, at least 1 */
int tw__estimator_is_full(const tw__estimator *e);    /* every update looks at the mean over all rows */
/* Updates move parts of the weights; sets what an update's direction has elsewhere to 0. */
int tw__estimator_has_blocks(const tw__estimator *e);
void tw__estimator_keep_block(const tw__estimator *e, uint64_t number, void *direction);
/* 1, or of minibatch's option; even: from now on an update has rows of one of them, as it is one worker's. */
size_t tw__estimator_shards(const tw__estimator *e);
tw_status tw__estimator_even(tw__estimator *e, tw_error *err);
/* What an exchange without a barrier refuses. */
tw_status tw__estimator_needs(const tw__estimator *e, const char *exchange, int has_barrier, tw_error *err);
/* The rows of update `step` of `epoch` (both from 0) into u, valid until the next draw. A pure function of
 * seed, epoch and step. */
void tw__estimator_draw(tw__estimator *e, uint64_t epoch, uint64_t step, tw__update *u);
/* The first of them, for estimators that draw with replacement. */
uint64_t tw__estimator_first_row(tw__estimator *e, uint64_t epoch, uint64_t step);
tw_status tw__estimator_visit(tw__estimator *e, tw_visitor *v, tw_error *err);

/* registry.c */
const tw__estimator_type *tw__estimator_type_find(tw__text name); /* NULL if there is none */
tw__table tw__estimator_table(const tw_estimator *e);

/* For the estimators' own files. */
uint64_t tw__batch_as_wanted(uint64_t rows, uint64_t wanted);
/* Bytes. What is larger is refused before it is touched: the system would end the process instead. */
double tw__memory_of_machine(void);
/* A vector of the weights' length and type. */
tw_status tw__estimator_vector(tw__estimator *e, void **to, tw_error *err);
void tw__estimator_free_vector(tw__estimator *e, void *vector);
tw_status tw__estimator_visit_vector(tw__estimator *e, tw_visitor *v, const char *name, void *vector,
                                     tw_error *err);
/* The mean gradient over all rows at a point into `to`, after a barrier; u->sums scaled to a batch; the mean
 * weight of a row. */
tw_status tw__estimator_full_gradient(tw__estimator *e, tw__update *u, const void *point, void *to,
                                      double *row_weight, tw_error *err);

/* line_search.c: the mean loss of the drawn rows along its negative gradient, at 0 and elsewhere; the square
 * of the gradient's length. */
typedef struct tw__line {
    double loss, square;
    void *user;
    tw_status (*at)(void *user, double step, double *loss, tw_error *err);
} tw__line;
/* lr as e->lipschitz stands; that of this update after a search, which may raise it, and lowers it for the
 * next. */
double tw__estimator_search_rate(const tw__estimator *e);
tw_status tw__estimator_search(tw__estimator *e, const tw__line *line, double *lr, tw_error *err);
tw_status tw__estimator_visit_search(tw__estimator *e, tw_visitor *v, tw_error *err);

/* preset.c: an estimator's name as an optimiser is that estimator with the rule sgd; items that are none of
 * its options are sgd's. */
typedef struct tw__preset {
    /* what is meant: the caller's texts, or those below */
    const char *optimizer, *estimator;
    int is_one;
    char rule[TW_SPEC_MAX], spec[TW_SPEC_MAX];
} tw__preset;
/* estimator: given beside it, or NULL. custom: the name of the rule from outside, or NULL. */
tw_status tw__preset_read(tw__preset *out, const char *optimizer, const char *estimator, const char *custom,
                          tw_error *err);
/* A word in place of a number, which a run gives: "auto" or "search" of the rule "sgd:lr=auto"; NULL: none. */
const char *tw__preset_lr_word(const char *optimizer);
/* The chain of its rule; with a word for lr that of sgd, whose number means nothing then. */
tw_status tw__preset_chain(const tw__preset *preset, const tw_rule *custom, tw_chain *to, tw_error *err);
/* The canonical text of a preset: "svrg:m=100,lr=0.1". */
tw_status tw__preset_text(const tw__preset *preset, char to[TW_SPEC_MAX], tw_error *err);
#endif
