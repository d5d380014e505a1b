/* A linear model as a generalised one, row by row or some rows at a time (tw_glm).
 * SPDX-License-Identifier: MIT */
#include "models/linear/objective.h"

static void glm_row(void *user, uint64_t i, tw_row *to) { *to = tw__linear_row(user, i); }

static double glm_weight(void *user, uint64_t i)
{
    const tw__linear_objective *o = user;
    return tw__bound_weight(&o->on, i);
}

static double glm_loss(void *user, uint64_t i, const double *scores, double *slopes)
{
    return tw__linear_row_loss(user, i, scores, slopes);
}

static int glm_correct(void *user, uint64_t i, const double *scores)
{
    return tw__linear_row_is_correct(user, i, scores);
}

static double glm_curvature(void *user, uint64_t i, size_t k, double score)
{
    return tw__linear_row_curvature(user, i, k, score);
}

static double glm_conjugate(void *user, uint64_t i, const double *slopes)
{
    const tw__linear_objective *o = user;
    double sum = 0;
    for (size_t k = 0; k < o->s->outputs; k++)
        sum += o->s->loss->conjugate(slopes[k], tw__linear_row_target(o, i, k), o->s->parameter);
    return sum;
}

static double glm_proximal(void *user, uint64_t i, size_t k, double t, double q, double near)
{
    const tw__linear_objective *o = user;
    return o->s->loss->proximal(t, q, near, tw__linear_row_target(o, i, k), o->s->parameter);
}

enum { SOME = 64 }; /* rows at a time */

/* Reads the targets or signs of some rows for output k; returns how many. */
static size_t some_targets(const tw__linear_objective *o, uint64_t first, size_t n, size_t k, double y[SOME])
{
    n = n < SOME ? n : SOME;
    for (size_t i = 0; i < n; i++) y[i] = tw__linear_row_target(o, first + i, k);
    return n;
}

static void glm_losses(void *user, uint64_t first, size_t n, size_t k, const double *scores, double *losses,
                       double *slopes)
{
    const tw__linear_objective *o = user;
    const tw__linear_loss *loss = o->s->loss;
    double y[SOME];
    for (size_t at = 0, m; at < n; at += m) {
        m = some_targets(o, first + at, n - at, k, y);
        if (loss->losses)
            loss->losses(tw_context_isa(o->on.model->ctx), scores + at, y, m, losses + at, slopes + at);
        else
            for (size_t i = at; i < at + m; i++)
                losses[i] = loss->loss(scores[i], y[i - at], o->s->parameter, &slopes[i]);
    }
}

static void glm_curvatures(void *user, uint64_t first, size_t n, size_t k, const double *scores,
                           double *curvatures)
{
    const tw__linear_objective *o = user;
    if (o->s->loss->curvatures)
        o->s->loss->curvatures(tw_context_isa(o->on.model->ctx), scores, n, curvatures);
    else
        for (size_t i = 0; i < n; i++) curvatures[i] = tw__linear_row_curvature(o, first + i, k, scores[i]);
}

const char *tw__linear_kinks(const tw__linear_state *s) { return s->parameter == 0 ? s->loss->kinks : NULL; }

void tw__linear_fill_glm(tw__linear_objective *o)
{
    const tw__linear_state *s = o->s;
    o->glm = (tw_glm){.size = sizeof o->glm,
                      .columns = s->columns,
                      .outputs = s->outputs,
                      .intercept = o->on.model->n_tensors > 1,
                      .row_type = o->on.data.type,
                      .l2 = s->l2,
                      .l1 = s->l1,
                      .user = o,
                      .row = glm_row,
                      .weight = glm_weight,
                      .loss = glm_loss,
                      .curvature = s->loss->curvature && !tw__linear_kinks(s) ? glm_curvature : NULL,
                      .is_squared = s->loss->is_squared,
                      .kinks = tw__linear_kinks(s),
                      .correct = o->on.classes ? glm_correct : NULL,
                      .conjugate = s->loss->conjugate ? glm_conjugate : NULL,
                      .proximal = s->loss->proximal ? glm_proximal : NULL,
                      .smoothness = tw__linear_kinks(s) ? 0 : s->loss->smoothness,
                      .losses = s->loss->of_all ? NULL : glm_losses,
                      .curvatures = s->loss->curvature && !tw__linear_kinks(s) ? glm_curvatures : NULL};
}
