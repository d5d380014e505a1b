/* The second derivatives of a linear model's losses over a leaf of the batch: the Hessian, its products with
 * a vector, and its diagonal.
 * SPDX-License-Identifier: MIT */
#include "models/linear/objective.h"
#include "base/cpu.h"
#include <string.h>

/* The derivatives of the slopes by the scores; of softmax, whose slopes depend on all scores, the
 * probabilities that make them. */
static void curve(const tw__linear_objective *o, uint64_t row, double *score)
{
    const tw__linear_state *s = o->s;
    if (s->loss->of_all) {
        tw__softmax(score, s->outputs);
        return;
    }
    for (size_t k = 0; k < s->outputs; k++) score[k] = tw__linear_row_curvature(o, row, k, score[k]);
}

/* A part of a Hessian: `width` numbers per row of it; output k's weights begin at row k * columns, and its
 * bias is row `biases` + k. */
typedef struct part {
    double *h;
    size_t width, biases;
} part;

/* Adds c x x' of a row at the weights of output k and, up to the diagonal, of output l. */
static void add_square(const tw__linear_objective *o, const part *p, size_t k, size_t l, const tw_row *r,
                       double c)
{
    const size_t columns = o->s->columns;
    double *bias = p->h + (p->biases + k) * p->width;
    for (size_t i = 0; i < r->n && l <= k; i++) {
        const double x = c * tw__linear_row_number(o, r, i);
        double *row = p->h + (k * columns + (r->columns ? r->columns[i] : i)) * p->width + l * columns;
        const size_t end = k == l ? i + 1 : r->n;
        for (size_t j = 0; x != 0 && j < end; j++)
            row[r->columns ? r->columns[j] : j] += x * tw__linear_row_number(o, r, j);
    }
    if (o->on.model->n_tensors == 1) return;
    for (size_t i = 0; i < r->n; i++)
        bias[l * columns + (r->columns ? r->columns[i] : i)] += c * tw__linear_row_number(o, r, i);
    if (l <= k) bias[p->biases + l] += c;
}

/* One block for each output, or of softmax one for all: the slope of score k changes with score l by
 * -P(k) P(l), and with its own by P(k) more. */
static void add_hessian(const tw__linear_objective *o, double *h, const tw_row *r, const double *kept,
                        double weight)
{
    const size_t outputs = o->s->outputs, columns = o->s->columns, n = o->on.model->size, width = n / outputs;
    const part whole = {h, n, outputs * columns};
    for (size_t k = 0; k < outputs; k++) {
        const part block = {h + k * width * width, width, columns};
        if (!o->s->loss->of_all) add_square(o, &block, 0, 0, r, weight * kept[k]);
        for (size_t l = 0; o->s->loss->of_all && l < outputs; l++)
            add_square(o, &whole, k, l, r, weight * kept[k] * ((k == l) - kept[l]));
    }
}

size_t tw__linear_hessian_blocks(const tw__linear_objective *o)
{
    return o->s->loss->of_all ? 1 : o->s->outputs;
}

int tw__linear_hessian(void *user, const tw_eval *e)
{
    const tw__linear_objective *o = user;
    const size_t blocks = tw__linear_hessian_blocks(o), width = o->on.model->size / blocks,
                 penalised = o->s->outputs * o->s->columns / blocks;
    double *h = e->gradient, *score = o->scratch + (size_t)e->draw->lane * 2 * o->s->outputs;
    const tw__fp_mode mode = tw__fp_enter();
    *e->sums = (tw_sums){0};
    memset(h, 0, blocks * width * width * sizeof *h);
    for (size_t i = 0; i < e->n; i++) {
        const uint64_t at = e->rows[i];
        const tw_row r = tw__linear_row(o, at);
        const double weight = tw__bound_weight(&o->on, at);
        tw__linear_scores(o, e->w, &r, score);
        curve(o, at, score);
        add_hessian(o, h, &r, score, weight);
        e->sums->weight += weight;
    }
    for (size_t k = 0; k < blocks; k++)
        for (size_t i = 0; i < penalised; i++) h[(k * width + i) * width + i] += e->sums->weight * o->s->l2;
    tw__fp_leave(mode);
    return 0;
}

/* What the scores change by, in place, into what the slopes change by. */
static void times_curvature(const tw__linear_objective *o, const double *kept, double *by)
{
    const size_t n = o->s->outputs;
    double mean = 0;
    for (size_t k = 0; o->s->loss->of_all && k < n; k++) mean += kept[k] * by[k];
    for (size_t k = 0; k < n; k++) by[k] = kept[k] * (by[k] - mean);
}

static void add_product(const tw__linear_objective *o, const tw_eval *e, uint64_t row, double weight,
                        double *by)
{
    const tw__linear_state *s = o->s;
    const tw_row r = tw__linear_row(o, row);
    const size_t biases = s->outputs * s->columns;
    double *to = e->gradient;
    for (size_t k = 0; k < s->outputs; k++) {
        by[k] = o->k_f64->dot(e->vector + k * s->columns, r.x, r.columns, r.n);
        if (o->on.model->n_tensors > 1) by[k] += e->vector[biases + k];
    }
    times_curvature(o, e->kept + row * s->outputs, by);
    for (size_t k = 0; k < s->outputs; k++) {
        if (by[k] == 0) continue;
        o->k_f64->add(to + k * s->columns, weight * by[k], r.x, r.columns, r.n);
        if (o->on.model->n_tensors > 1) to[biases + k] += weight * by[k];
    }
}

static void add_diagonal(const tw__linear_objective *o, const tw_eval *e, uint64_t row, double weight)
{
    const tw__linear_state *s = o->s;
    const tw_row r = tw__linear_row(o, row);
    double *kept = e->kept + row * s->outputs, *to = e->gradient;
    tw__linear_scores(o, e->w, &r, kept);
    curve(o, row, kept);
    for (size_t k = 0; k < s->outputs; k++) {
        const double c = weight * (s->loss->of_all ? kept[k] * (1 - kept[k]) : kept[k]);
        for (size_t i = 0; i < r.n; i++) {
            const double x = tw__linear_row_number(o, &r, i);
            to[k * s->columns + (r.columns ? r.columns[i] : i)] += c * x * x;
        }
        if (o->on.model->n_tensors > 1) to[s->outputs * s->columns + k] += c;
    }
}

int tw__linear_hessian_times(void *user, const tw_eval *e)
{
    const tw__linear_objective *o = user;
    const size_t n = o->s->outputs * o->s->columns;
    double *to = e->gradient, *by = o->scratch + (size_t)e->draw->lane * 2 * o->s->outputs;
    const tw__fp_mode mode = tw__fp_enter();
    *e->sums = (tw_sums){0};
    for (size_t i = 0; i < e->n; i++) e->sums->weight += tw__bound_weight(&o->on, e->rows[i]);
    const double l2 = e->sums->weight * o->s->l2;
    for (size_t i = 0; i < n; i++) to[i] = e->vector ? l2 * e->vector[i] : l2;
    memset(to + n, 0, (o->on.model->size - n) * sizeof *to);
    for (size_t i = 0; i < e->n; i++) {
        const double weight = tw__bound_weight(&o->on, e->rows[i]);
        if (e->vector) add_product(o, e, e->rows[i], weight, by);
        else add_diagonal(o, e, e->rows[i], weight);
    }
    tw__fp_leave(mode);
    return 0;
}
