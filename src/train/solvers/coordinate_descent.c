/* coordinate-descent: Newton's method for linear models with l1, whose quadratic models are minimised weight
 * by weight, in working sets of those that are not 0 and those that most want to leave it.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/quadratic.h"
#include "base/pool.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const tw_option options[] = {
    {"order", TW_WORD, "cyclic random", 0, 0, 1, TW_CLOSED,
     "of the weights in a pass; random: drawn by the run's seed, without extrapolation"},
};
enum { ORDER };
enum { LEAST_SET = 100, MOST_PASSES = 200, MOST_HALVINGS = 30 };

typedef struct state {
    tw__columns x;
    tw__quadratic *lane; /* one for each output that is worked on at a time */
    size_t lanes;
    double *d;         /* the step, of all weights */
    double *scores;    /* per lane and row */
    double *violation; /* per lane, room to sort */
    double weight;     /* of all rows */
    double tol;        /* of the quadratic models */
    int64_t iteration;
} state;

static tw_status takes(const tw__solver *s, tw_error *err)
{
    const tw_glm *glm = s->problem.objective->glm;
    if (!glm || !glm->curvature)
        return tw__fail(
            err, TW_ERR_SPEC,
            "solver %s needs a linear model whose loss has second derivatives, one for each score%s%s",
            s->type->about.name, glm && glm->kinks ? ", and has none with " : "",
            glm && glm->kinks ? glm->kinks : "");
    return TW_OK;
}

static tw_status create(tw__solver *s, tw_error *err)
{
    state *c;
    const tw_objective *o = s->problem.objective;
    TW_TRY(tw__solver_alloc(s, &c, 1, sizeof *c, err));
    s->state = c;
    TW_TRY(tw__columns_create(&c->x, s, err));
    const size_t threads = (size_t)tw_context_threads(s->ctx);
    c->lanes = o->glm->outputs < threads ? o->glm->outputs : threads;
    TW_TRY(tw__solver_alloc(s, &c->lane, c->lanes, sizeof *c->lane, err));
    for (size_t i = 0; i < c->lanes; i++) TW_TRY(tw__quadratic_create(&c->lane[i], s, &c->x, err));
    TW_TRY(tw__solver_alloc(s, &c->d, s->problem.n, sizeof *c->d, err));
    TW_TRY(tw__solver_alloc(s, &c->scores, c->lanes * c->x.rows, sizeof *c->scores, err));
    TW_TRY(tw__solver_alloc(s, &c->violation, c->lanes * c->x.n, sizeof *c->violation, err));
    for (uint64_t i = 0; i < o->n_rows; i++) c->weight += o->glm->weight(o->glm->user, i);
    return TW_OK;
}

/* Of losses with l1, where the others do not get weights that are 0 or take longer. */
static int suits(const tw__problem *p, char why[TW__SOLVER_WHY])
{
    snprintf(why, TW__SOLVER_WHY, "l1 and %zu weights", p->n);
    return tw__solver_has_l1(p) && p->objective->glm->curvature;
}

/* ---- the quadratic model of an output ------------------------------------------------------------------ */

/* Where column j of output k is among the weights. */
static size_t weight_of(const state *c, const tw_glm *glm, size_t k, size_t j)
{
    return j < c->x.penalised ? k * glm->columns + j : glm->outputs * glm->columns + k;
}

/* The `rank` greatest of n numbers are those from the result on: Hoare's selection. */
static double threshold(double *x, size_t n, size_t rank)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        const double pivot = x[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (x[i] > pivot) i++;
            while (x[j] < pivot) j--;
            if (i >= j) break;
            const double was = x[i];
            x[i++] = x[j];
            x[j--] = was;
        }
        if (rank - 1 <= j) high = j;
        else low = j + 1;
    }
    return x[rank - 1];
}

/* All weights that are not 0, the intercept, and of the others those with the greatest subgradients, so many
 * that the set can double. */
static void choose_set(const tw__solver *s, size_t k, tw__quadratic *q, double *violation)
{
    const state *c = s->state;
    const tw_glm *glm = s->problem.objective->glm;
    size_t others = 0, most = 0;
    for (size_t j = 0; j < c->x.penalised; j++) {
        const size_t at = weight_of(c, glm, k, j);
        if (s->at.x[at] != 0) most++;
        else if (s->at.g[at] != 0) violation[others++] = fabs(s->at.g[at]);
    }
    most = most > LEAST_SET ? most : LEAST_SET;
    const double least = glm->l1 > 0 && others > most ? threshold(violation, others, most) : 0;
    q->n = 0;
    for (size_t j = 0; j < c->x.n; j++) {
        const size_t at = weight_of(c, glm, k, j);
        const double w = s->at.x[at], g = s->at.g[at], l1 = j < c->x.penalised ? glm->l1 : 0;
        if (w == 0 && (g == 0 || fabs(g) < least) && j < c->x.penalised) continue;
        q->column[q->n] = (uint32_t)j;
        q->start[q->n] = w;
        /* without l1, of which at.g has the subgradient of least size */
        q->g[q->n++] = w > 0 ? g - l1 : w < 0 ? g + l1 : g > 0 ? g + l1 : g < 0 ? g - l1 : 0;
    }
}

/* A loss that is flat in places (huber, squared hinge) has no curvature there, and a step could be of any
 * length: a thousandth of its greatest is taken instead. */
static void set_roots(const tw__solver *s, size_t k, tw__quadratic *q, double *score)
{
    const state *c = s->state;
    const tw_glm *glm = s->problem.objective->glm;
    memset(score, 0, c->x.rows * sizeof *score);
    for (size_t j = 0; j < c->x.n; j++) {
        const double w = s->at.x[weight_of(c, glm, k, j)];
        for (size_t i = c->x.starts[j]; w != 0 && i < c->x.starts[j + 1]; i++)
            score[c->x.row[i]] += w * c->x.x[i];
    }
    for (size_t i = 0; i < c->x.rows; i++) {
        const double curvature = glm->curvature(glm->user, i, k, score[i]);
        q->root[i] = sqrt(glm->weight(glm->user, i) / c->weight *
                          (curvature > 0 ? curvature : 1e-3 * glm->smoothness));
    }
}

static void solve_output(void *arg, size_t k, int worker)
{
    tw__solver *s = arg;
    state *c = s->state;
    const tw_glm *glm = s->problem.objective->glm;
    tw__quadratic *q = &c->lane[worker];
    const uint64_t seed = s->problem.seed + (uint64_t)c->iteration;
    q->l1 = glm->l1;
    q->l2 = glm->l2;
    choose_set(s, k, q, c->violation + (size_t)worker * c->x.n);
    if (q->n == 0) return;
    set_roots(s, k, q, c->scores + (size_t)worker * c->x.rows);
    tw__quadratic_minimise(q, c->tol, MOST_PASSES, s->choice.values[ORDER] > 0 ? &seed : NULL, (uint32_t)k);
    for (size_t i = 0; i < q->n; i++) c->d[weight_of(c, glm, k, q->column[i])] = q->w[i] - q->start[i];
}

/* ---- an iteration -------------------------------------------------------------------------------------- */

/* What the model of the loss falls by for a short step, of which the line search wants a share. */
static double decrease(const tw__solver *s)
{
    const state *c = s->state;
    const tw_glm *glm = s->problem.objective->glm;
    const size_t penalised = glm->outputs * glm->columns;
    double sum = 0;
    for (size_t i = 0; i < s->problem.n; i++) {
        const double x = s->at.x[i], d = c->d[i], l1 = i < penalised ? glm->l1 : 0;
        const double slope = x > 0 ? s->at.g[i] - l1 : x < 0 ? s->at.g[i] + l1 : s->at.g[i];
        if (d != 0) sum += slope * d + (x != 0 ? l1 * (fabs(x + d) - fabs(x)) : 0);
    }
    return sum;
}

static double norm_of(const tw__solver *s) { return sqrt(tw__dot(s->next.g, s->next.g, s->problem.n)); }

/* Halves the step until it lowers the loss (Armijo), or as far as rounding lets one see the loss, the
 * gradient. */
static tw_status search(tw__solver *s, int *found, tw_error *err)
{
    static const double share = 1e-4, rounding = 1e-10;
    const state *c = s->state;
    const double slope = decrease(s), loss = s->at.loss;
    double length = 1;
    *found = 0;
    for (int i = 0; i < MOST_HALVINGS && !*found; i++, length /= 2) {
        for (size_t j = 0; j < s->problem.n; j++) s->next.x[j] = s->at.x[j] + length * c->d[j];
        TW_TRY(tw__solver_evaluate(s, err));
        *found = s->next.loss <= loss + share * length * slope ||
                 (s->next.loss <= loss + rounding * fabs(loss) && norm_of(s) < s->progress.norm);
    }
    return TW_OK;
}

static tw_status iterate(tw__solver *s, int *found, tw_error *err)
{
    state *c = s->state;
    const double share = s->progress.norm / s->progress.first_norm;
    memset(c->d, 0, s->problem.n * sizeof *c->d);
    c->tol = s->progress.norm * (share > 0.1 ? 0.1 : share < 1e-4 ? 1e-4 : share);
    tw__pool_run(s->ctx, s->problem.objective->glm->outputs, solve_output, s);
    c->iteration++;
    return search(s, found, err);
}

static tw_status visit(tw__solver *s, tw_visitor *v, tw_error *err)
{
    state *c = s->state;
    return v->field(v, "solver.coordinate-descent.iteration", TW_I64, 0, NULL, &c->iteration, err);
}

extern const tw__solver_type tw__solver_coordinate_descent;
const tw__solver_type tw__solver_coordinate_descent = {
    .about =
        {.size = sizeof(tw_solver),
         .name = "coordinate-descent",
         .alias = "cd",
         .help = "Newton steps of single weights, with exact zeros under l1",
         .paper = "Yuan, Ho & Lin 2012; working sets: Massias, Gramfort & Salmon 2018, Bertrand et al. 2022; "
                  "extrapolation: Bertrand & Massias 2021",
         .use = "Linear models with l1; with l2 alone, where there are many columns and few rows.",
         .equation =
             "d minimises q(d) = g . d + d' (X' D X / n + l2 I) d / 2 + l1 |w + d|_1, weight by weight:\n"
             "w_j = S(w_j - q_j / H_jj, l1 / H_jj), S(x, t) = sign(x) max(|x| - t, 0)\n"
             "after 5 passes w = sum c_k w_k, c = (U' U)^-1 1 / 1' (U' U)^-1 1, U: their differences\n"
             "w = w + a d, a = 1, 1/2, ... until the loss falls by 1e-4 of what q promises",
         .n_options = sizeof options / sizeof options[0],
         .options = options,
         .epochs = 1000},
    .reads_rows = 1,
    .takes = takes,
    .create = create,
    .suits = suits,
    .iterate = iterate,
    .visit = visit,
};
