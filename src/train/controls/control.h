/* What a control is to the loop. One file per control, one line in list.h.
 *
 * At an epoch's end the loop shows its line. A control of every step is shown, before the step, the mean
 * gradient of the drawn rows and may ask for the loss on the same draw elsewhere. What a control decides is a
 * factor on lr and whether the run ends; what it remembers are a few numbers.
 * SPDX-License-Identifier: MIT */
#ifndef TW_TRAIN_CONTROLS_CONTROL_H
#define TW_TRAIN_CONTROLS_CONTROL_H
#include "base/context.h"
#include "base/options.h"
#include <thalweg/control.h>
#include <thalweg/train.h>

/* The run that controls are made for. */
typedef struct tw__control_setting {
    const tw_objective *train;
    size_t size;   /* weights */
    int has_check; /* there is a validation objective */
    uint64_t epochs;
    const tw_optimizer *optimizer;
    const tw_rule *custom;                     /* the rule from outside, or NULL */
    const char *groups, *estimator, *exchange; /* groups: as given, or NULL; the others are names */
    enum tw_nonfinite nonfinite;
    /* the estimator makes a direction of its own; the exchange's steps overtake one another */
    int has_direction, races;
    int lr_stays; /* the estimator needs one rate for the whole run */
} tw__control_setting;

/* A step that could be made: from w along -g, the mean gradient of the drawn rows, which is 0 where nothing
 * is stepped. */
typedef struct tw__trial {
    const void *w, *g;
    /* at w, on the draw; the rate by the schedule alone; the other controls' factor on it */
    double loss, lr, others;
    void *user;
    tw_status (*loss_at)(void *user, const void *point, double *loss, tw_error *err); /* on the same draw */
} tw__trial;

typedef struct tw__control tw__control;
typedef struct tw__control_type {
    tw_control about;
    /* refuses what it cannot work with */
    tw_status (*create)(tw__control *c, const tw__control_setting *s, tw_error *err);
    void (*free)(tw__control *c); /* may be NULL; also after a create that failed */
    void (*epoch)(tw__control *c, const tw_epoch *line);
    tw_status (*step)(tw__control *c, const tw__trial *t, tw_error *err);
} tw__control_type;

enum { TW__CONTROL_STATE = 3 };
struct tw__control {
    const tw__control_type *type;
    tw_context *ctx;
    tw_control_choice choice;
    int metric;                      /* of tw__metric_value */
    int status;                      /* TW_RUN_GOING, or why the run ends */
    double factor;                   /* on lr, from 0 to 1 */
    double state[TW__CONTROL_STATE]; /* what it remembers, 0 at the start */
    tw_type real;
    size_t size;
    void *memory;
};

const tw__control_type *tw__control_type_find(tw__text name); /* NULL if there is none */
tw_status tw__control_read(tw_control_choice *out, tw__text spec, tw_error *err);

/* metric.c: the option `metric` of those that monitor one. */
#define TW__METRIC_OPTION                                                                  \
    {                                                                                      \
        "metric", TW_WORD, "auto loss accuracy val_loss val_accuracy", 0, 0, 4, TW_CLOSED, \
            "the metric to monitor; auto: val_loss, or loss without validation rows"       \
    }
tw_status tw__metric_choose(tw__control *c, int option, const tw__control_setting *s, tw_error *err);
/* Whether the line's value is better than `best` by more than the threshold; any number is better than NaN,
 * NaN than none. */
int tw__metric_improved(const tw__control *c, double value, double best, double threshold, int is_relative);
double tw__metric_value(const tw__control *c, const tw_epoch *line);

/* controls.c: the controls of a run. */
typedef struct tw__controls tw__controls;
/* text: specs with spaces between; NULL or only spaces: none, *out is NULL, which the calls below take as a
 * run without controls. */
tw_status tw__controls_create(tw__controls **out, tw_context *ctx, const char *text,
                              const tw__control_setting *s, tw_error *err);
void tw__controls_free(tw__controls *all);
const char *tw__controls_text(const tw__controls *all); /* canonical; NULL: none */
int tw__controls_search(const tw__controls *all);       /* one of them acts at every step */
/* the product of all, to be set on the optimiser */
double tw__controls_factor(const tw__controls *all);
/* Each looks at it; *status becomes why the run ends, if it does. Fills in t->others. */
tw_status tw__controls_step(tw__controls *all, tw__trial *t, int *status, tw_error *err);
void tw__controls_epoch(tw__controls *all, const tw_epoch *line, int *status);
tw_status tw__controls_visit(tw__controls *all, tw_visitor *v, tw_error *err);
#endif
