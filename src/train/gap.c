/* The duality gap of a generalised linear model:
 *
 *   P(w, b) = sum c_i loss_i(h_i) / C + l2/2 |w|^2 + l1 |w|_1,   h_i = w . x_i + b,   C = sum c_i
 *   D(s) = -sum c_i conjugate_i(s_i) / C - sum_j max(|v_j| - l1, 0)^2 / (2 l2),   v = sum c_i s_i x_i / C
 *
 * for s with sum c_i s_i = 0 where there is an intercept, and |v_j| <= l1 where l2 = 0. A point s is brought
 * there by making slopes smaller, which a conjugate allows: those of the sign that weighs more, then all.
 * SPDX-License-Identifier: MIT */
#include "train/gap.h"
#include "models/row.h"
#include <math.h>
#include <string.h>

typedef struct dual {
    const tw_objective *o;
    const double *w;
    /* of the outputs of a row; of those of a column, whose weights are copied there */
    double *slopes, *v, *turned;
    double *factors; /* per output: of slopes above 0, of those below, of all */
    double *scores;
} dual;
enum { UP, DOWN, ALL, FACTORS };

const char *tw__gap_missing(const tw_objective *o)
{
    return !o->glm || !o->glm->conjugate            ? "a loss with a dual problem"
           : !(o->glm->l1 > 0) && !(o->glm->l2 > 0) ? "a penalty"
                                                    : NULL;
}

static void score(const dual *d, uint64_t i)
{
    const tw_glm *glm = d->o->glm;
    tw_row r;
    glm->row(glm->user, i, &r);
    for (size_t k = 0; k < glm->outputs; k++)
        d->scores[k] = glm->intercept ? d->w[glm->outputs * glm->columns + k] : 0;
    for (size_t n = 0; n < r.n; n++) {
        const double x = tw__row_number(glm->row_type, d->o->type, &r, n);
        const double *w = d->turned + (r.columns ? r.columns[n] : n) * glm->outputs;
        for (size_t k = 0; x != 0 && k < glm->outputs; k++) d->scores[k] += x * w[k];
    }
}

/* The sum of the losses; the slopes there, unless there are some. */
static double losses(dual *d, const double *given, double *spare)
{
    const tw_glm *glm = d->o->glm;
    double sum = 0;
    for (uint64_t i = 0; i < d->o->n_rows; i++) {
        score(d, i);
        sum += glm->weight(glm->user, i) *
               glm->loss(glm->user, i, d->scores, given ? spare : d->slopes + i * glm->outputs);
    }
    for (uint64_t i = 0; given && i < d->o->n_rows; i++)
        for (size_t k = 0; k < glm->outputs; k++)
            d->slopes[i * glm->outputs + k] = given[k * d->o->n_rows + i];
    return sum;
}

/* Makes the slopes of an output sum to 0. */
static void balance(dual *d)
{
    const tw_glm *glm = d->o->glm;
    for (size_t k = 0; k < glm->outputs; k++) {
        double up = 0, down = 0;
        for (uint64_t i = 0; i < d->o->n_rows; i++) {
            const double s = glm->weight(glm->user, i) * d->slopes[i * glm->outputs + k];
            if (s > 0) up += s;
            else down -= s;
        }
        d->factors[k * FACTORS + UP] = up > down ? down / up : 1;
        d->factors[k * FACTORS + DOWN] = down > up ? up / down : 1;
    }
    for (uint64_t i = 0; i < d->o->n_rows; i++)
        for (size_t k = 0; k < glm->outputs; k++) {
            double *s = &d->slopes[i * glm->outputs + k];
            *s *= d->factors[k * FACTORS + (*s > 0 ? UP : DOWN)];
        }
}

static void combine(dual *d, double weight)
{
    const tw_glm *glm = d->o->glm;
    tw_row r;
    for (uint64_t i = 0; i < d->o->n_rows; i++) {
        const double by = glm->weight(glm->user, i) / weight;
        glm->row(glm->user, i, &r);
        for (size_t n = 0; n < r.n; n++) {
            const double x = by * tw__row_number(glm->row_type, d->o->type, &r, n);
            const double *slopes = d->slopes + i * glm->outputs;
            double *v = d->v + (r.columns ? r.columns[n] : n) * glm->outputs;
            for (size_t k = 0; x != 0 && k < glm->outputs; k++) v[k] += x * slopes[k];
        }
    }
}

/* What the penalty's conjugate is for an output; without l2 it is 0 once the slopes are small enough. */
static double of_penalty(dual *d, size_t k)
{
    const tw_glm *glm = d->o->glm;
    double sum = 0, most = 0;
    for (size_t j = 0; j < glm->columns; j++) {
        const double size = fabs(d->v[j * glm->outputs + k]), over = size > glm->l1 ? size - glm->l1 : 0;
        sum += over * over;
        most = size > most ? size : most;
    }
    d->factors[k * FACTORS + ALL] = glm->l2 > 0 || most <= glm->l1 ? 1 : glm->l1 / most;
    return glm->l2 > 0 ? sum / (2 * glm->l2) : 0;
}

/* Minus the dual objective. */
static double of_dual(dual *d, double weight)
{
    const tw_glm *glm = d->o->glm;
    double sum = 0, penalties = 0;
    for (size_t k = 0; k < glm->outputs; k++) penalties += of_penalty(d, k);
    for (uint64_t i = 0; i < d->o->n_rows; i++) {
        double *s = d->slopes + i * glm->outputs;
        for (size_t k = 0; k < glm->outputs; k++) s[k] *= d->factors[k * FACTORS + ALL];
        sum += glm->weight(glm->user, i) * glm->conjugate(glm->user, i, s);
    }
    return sum / weight + penalties;
}

static double penalty_of(const dual *d)
{
    const tw_glm *glm = d->o->glm;
    double squares = 0, magnitudes = 0;
    for (size_t j = 0; j < glm->outputs * glm->columns; j++) {
        squares += d->w[j] * d->w[j];
        magnitudes += fabs(d->w[j]);
    }
    return glm->l2 / 2 * squares + glm->l1 * magnitudes;
}

tw_status tw__gap(tw_context *ctx, const tw_objective *o, const double *w, const double *slopes, double *gap,
                  tw_error *err)
{
    const tw_glm *glm = o->glm;
    const size_t outputs = glm->outputs, n = outputs * glm->columns, parts = FACTORS + 2;
    size_t all;
    dual d = {.o = o, .w = w};
    double weight = 0;
    if (o->n_rows > SIZE_MAX || !tw__size_mul((size_t)o->n_rows, outputs, &all)) all = SIZE_MAX;
    tw_status s = tw__alloc(ctx, &d.slopes, all, sizeof(double), err);
    if (s == TW_OK) s = tw__alloc(ctx, &d.v, n, sizeof(double), err);
    if (s == TW_OK) s = tw__alloc(ctx, &d.turned, n, sizeof(double), err);
    if (s == TW_OK) s = tw__alloc(ctx, &d.factors, parts * outputs, sizeof(double), err);
    if (s == TW_OK) {
        d.scores = d.factors + FACTORS * outputs;
        for (size_t i = 0; i < n; i++) d.turned[i % glm->columns * outputs + i / glm->columns] = w[i];
        for (uint64_t i = 0; i < o->n_rows; i++) weight += glm->weight(glm->user, i);
        const double primal = losses(&d, slopes, d.scores + outputs) / weight + penalty_of(&d);
        if (glm->intercept) balance(&d);
        combine(&d, weight);
        const double difference = primal + of_dual(&d, weight);
        *gap = difference > 0 ? difference : 0;
    }
    tw__free(ctx, d.slopes, all, sizeof(double));
    tw__free(ctx, d.v, n, sizeof(double));
    tw__free(ctx, d.turned, n, sizeof(double));
    tw__free(ctx, d.factors, parts * outputs, sizeof(double));
    return s;
}
