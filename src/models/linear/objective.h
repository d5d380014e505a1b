/* A linear model on some rows, as objective.c, hessian.c and glm.c show it, and what they read of a row.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MODELS_LINEAR_OBJECTIVE_H
#define TW_MODELS_LINEAR_OBJECTIVE_H
#include "models/linear/linear.h"
#include "models/linear/rows.h"
#include "models/row.h"
#include "data/data.h"

typedef struct tw__linear_objective {
    tw__bound on;
    const tw__linear_state *s;
    const tw__rows *k, *k_f64; /* for weights in the model's type, and in double */
    double penalty;            /* at the present point, for one unit of weight */
    double *scratch;           /* per lane, scores and slopes of a row */
    /* per lane, a gradient that is 0 between two evaluations; NULL: no answers with lists */
    char *sums;
    int lanes;
    tw_glm glm;
    int is_streamed;    /* rows stay in a file */
    void *standardized; /* the rows' numbers; NULL: they are used as they are */
} tw__linear_objective;

/* hessian.c: tw_objective's. Blocks: one for each output, or of softmax one for all. */
size_t tw__linear_hessian_blocks(const tw__linear_objective *o);
int tw__linear_hessian(void *user, const tw_eval *e);
int tw__linear_hessian_times(void *user, const tw_eval *e);
/* glm.c: what makes the loss's slope jump; NULL: nothing. */
const char *tw__linear_kinks(const tw__linear_state *s);
void tw__linear_fill_glm(tw__linear_objective *o);

/* ---- a row --------------------------------------------------------------------------------------------- */

/* Columns that the model does not have are left out: they stand at the end. */
static inline tw_row tw__linear_row(const tw__linear_objective *o, uint64_t i)
{
    const tw_data_info *d = &o->on.data;
    const char *x = d->x;
    const size_t bytes = tw_type_size(d->type);
    if (!d->starts) return (tw_row){.x = x + i * o->s->columns * bytes, .n = o->s->columns};
    const uint64_t first = d->starts[i];
    uint64_t end = d->starts[i + 1];
    while (end > first && d->columns[end - 1] >= o->s->columns) end--;
    return (tw_row){x + first * bytes, d->columns + first, (size_t)(end - first)};
}

/* The scores of a row at w. */
static inline void tw__linear_scores(const tw__linear_objective *o, const void *w, const tw_row *r,
                                     double *score)
{
    const tw__linear_state *s = o->s;
    const size_t row = s->columns * tw_type_size(o->on.model->type);
    for (size_t k = 0; k < s->outputs; k++) {
        score[k] = o->k->dot((const char *)w + k * row, r->x, r->columns, r->n);
        if (o->on.model->n_tensors > 1)
            score[k] += tw__weight_at(o->on.model->type, w, s->outputs * s->columns + k);
    }
}

/* The loss of a row with these scores, and its slope by each. */
static inline double tw__linear_row_loss(const tw__linear_objective *o, uint64_t row, const double *score,
                                         double *slope)
{
    const tw__linear_state *s = o->s;
    if (o->on.targets) return s->loss->loss(score[0], o->on.targets[row], s->parameter, slope);
    const size_t class = (size_t)o->on.classes[row];
    if (s->loss->of_all) return s->loss->of_all(score, s->outputs, class, slope);
    if (s->outputs == 1) return s->loss->loss(score[0], class ? 1 : -1, s->parameter, slope);
    double sum = 0;
    for (size_t k = 0; k < s->outputs; k++)
        sum += s->loss->loss(score[k], k == class ? 1 : -1, s->parameter, &slope[k]);
    return sum;
}

static inline int tw__linear_row_is_correct(const tw__linear_objective *o, uint64_t row, const double *score)
{
    const size_t class = (size_t)o->on.classes[row];
    size_t best = 0;
    if (o->s->outputs == 1) return (score[0] > 0) == (class == 1);
    for (size_t k = 1; k < o->s->outputs; k++)
        if (score[k] > score[best]) best = k;
    return best == class;
}

/* Number i of a row, as the scores take it. */
static inline double tw__linear_row_number(const tw__linear_objective *o, const tw_row *r, size_t i)
{
    return tw__row_number(o->on.data.type, o->on.model->type, r, i);
}

/* The target, or 1 if the row is of output k's class and -1 if it is not. */
static inline double tw__linear_row_target(const tw__linear_objective *o, uint64_t row, size_t k)
{
    if (o->on.targets) return o->on.targets[row];
    return o->on.classes[row] == (int32_t)(o->s->outputs == 1 ? 1 : k) ? 1 : -1;
}

static inline double tw__linear_row_curvature(const tw__linear_objective *o, uint64_t row, size_t k,
                                              double score)
{
    return o->s->loss->curvature(score, tw__linear_row_target(o, row, k), o->s->parameter);
}
#endif
