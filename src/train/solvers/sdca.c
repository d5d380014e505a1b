/* sdca: stochastic dual coordinate ascent, one row's slope at a time.
 * SPDX-License-Identifier: MIT */
#include "train/glm_rows.h"
#include "base/pool.h"
#include "base/random.h"
#include <float.h>
#include <stdio.h>
#include <string.h>

static const tw_option options[] = {
    {"passes", TW_INT, NULL, 10, 1, 1000, TW_CLOSED,
     "over the rows in an iteration at most, of which the first has 3, the next 4; after the first pass only "
     "over those whose slopes still change"},
};
enum { PASSES, FIRST = 3 };
/* Of the pull on the intercept, 1/PULL of that of l2 on a weight: the less it is, the fewer iterations follow
 * the intercept, and the more passes does each need. */
enum { PULL = 10 };

/* Of each output and row, or of each lane and row: one after the other. */
typedef struct state {
    tw__glm_rows x;
    double *slopes, *centre; /* what the intercept is drawn to */
    double *weights, *norms; /* of the rows, norms squared */
    double *w;               /* per lane, in the order of the rows' places */
    uint32_t *active;        /* per lane */
    size_t lanes, outputs;
    double weight; /* of all rows */
    int64_t iteration;
} state;

static tw_status takes(const tw__solver *s, tw_error *err)
{
    const tw_glm *glm = s->problem.objective->glm;
    if (!glm || !glm->proximal)
        return tw__fail(
            err, TW_ERR_SPEC,
            "solver %s needs a linear model whose loss is a sum over the scores, which softmax is not",
            s->type->about.name);
    if (glm->l1 > 0) return tw__fail(err, TW_ERR_SPEC, "solver %s takes no l1", s->type->about.name);
    if (!(glm->l2 > 0))
        return tw__fail(err, TW_ERR_SPEC, "solver %s needs an l2 above 0, from which its dual problem comes",
                        s->type->about.name);
    return TW_OK;
}

static tw_status create(tw__solver *s, tw_error *err)
{
    state *d;
    const tw_glm *glm;
    size_t all;
    glm = s->problem.objective->glm;
    TW_TRY(tw__solver_alloc(s, &d, 1, sizeof *d, err));
    s->state = d;
    TW_TRY(tw__solver_needs_few_rows(s, err));
    tw__glm_rows_measure(&d->x, s->problem.objective, 0);
    TW_TRY(tw__glm_rows_copy(&d->x, s, 0, d->x.n, err));
    const size_t threads = (size_t)tw_context_threads(s->ctx);
    d->outputs = glm->outputs;
    d->lanes = glm->outputs < threads ? glm->outputs : threads;
    if (!tw__size_mul(d->x.n, glm->outputs, &all) ||
        tw__solver_alloc(s, &d->slopes, all, sizeof(double), NULL) != TW_OK)
        return tw__fail(err, TW_ERR_MEMORY,
                        "out of memory: solver %s keeps a slope of %zu rows for %zu outputs, %.0f bytes",
                        s->type->about.name, d->x.n, glm->outputs,
                        (double)d->x.n * (double)glm->outputs * sizeof(double));
    s->dual = d->slopes;
    TW_TRY(tw__solver_alloc(s, &d->centre, glm->outputs, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &d->weights, d->x.n, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &d->norms, d->x.n, sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &d->w, d->lanes, d->x.width * sizeof(double), err));
    TW_TRY(tw__solver_alloc(s, &d->active, d->lanes * d->x.n, sizeof *d->active, err));
    for (size_t i = 0; i < d->x.n; i++) {
        d->weight += d->weights[i] = glm->weight(glm->user, i);
        for (size_t k = d->x.starts[i]; k < d->x.starts[i + 1]; k++) d->norms[i] += d->x.x[k] * d->x.x[k];
    }
    return TW_OK;
}

/* Of losses with kinks, which no other solver takes. */
static int suits(const tw__problem *p, char why[TW__SOLVER_WHY])
{
    const tw_glm *glm = p->objective->glm;
    const int is_taken = glm && glm->kinks && glm->proximal && glm->l2 > 0 && !(glm->l1 > 0);
    if (is_taken) snprintf(why, TW__SOLVER_WHY, "%s and l2 above 0", glm->kinks);
    return is_taken;
}

/* ---- an output ----------------------------------------------------------------------------------------- */

/* w: of its columns; b: its intercept, penalised by (b - centre)^2 / (2 C pull); rate: 1 / (C l2), where C
 * is the summed weight */
typedef struct output {
    const tw__solver *s;
    double *w, b, *slopes, rate, pull;
    size_t k;
} output;

/* Adds what a change of a row's slope means for the weights. */
static void move(output *o, size_t i, double change)
{
    const state *d = o->s->state;
    const tw__glm_rows *x = &d->x;
    const size_t first = x->starts[i];
    tw__sparse_add(o->w, -o->rate * change, x->x + first, x->column + first, x->starts[i + 1] - first);
    o->b -= change * o->pull;
}

/* Rows come in random order: the next one is on its way while this one is looked at. */
static void prefetch(const tw__glm_rows *x, size_t i)
{
    enum { LINE = 64 };
    const size_t first = x->starts[i], n = x->starts[i + 1] - first;
    for (size_t k = 0; k < n; k += LINE / sizeof *x->x) __builtin_prefetch(x->x + first + k);
    for (size_t k = 0; k < n; k += LINE / sizeof *x->column) __builtin_prefetch(x->column + first + k);
}

/* The slope of row i that is best while all others stay; 0: it is what it was. */
static int step(output *o, size_t i)
{
    const state *d = o->s->state;
    const tw_glm *glm = o->s->problem.objective->glm;
    const tw__glm_rows *x = &d->x;
    const size_t first = x->starts[i];
    const double c = d->weights[i],
                 h = o->b + tw__sparse_dot(o->w, x->x + first, x->column + first, x->starts[i + 1] - first),
                 q = c * (o->rate * d->norms[i] + o->pull), was = o->slopes[i];
    if (!(c > 0)) return 0;
    const double now = glm->proximal(glm->user, i, o->k, h + q * was, q > DBL_MIN ? q : DBL_MIN, was);
    if (now == was) return 0;
    o->slopes[i] = now;
    move(o, i, c * (now - was));
    return 1;
}

static void shuffle(uint32_t *rows, size_t n, uint64_t seed, uint32_t stream, uint64_t pass)
{
    for (size_t i = n; i-- > 1;) {
        const size_t other =
            (size_t)tw__random_below(seed, TW__FOR_COORDINATES, stream, pass << 32 | i, i + 1);
        const uint32_t was = rows[i];
        rows[i] = rows[other];
        rows[other] = was;
    }
}

/* The weights are made of the slopes anew, so that they depend on nothing else. */
static void solve_output(void *arg, size_t k, int worker)
{
    tw__solver *s = arg;
    state *d = s->state;
    const tw_glm *glm = s->problem.objective->glm;
    output o = {.s = s,
                .w = d->w + (size_t)worker * d->x.width,
                .b = d->centre[k],
                .slopes = d->slopes + k * d->x.n,
                .rate = 1 / (d->weight * glm->l2),
                .k = k};
    uint32_t *active = d->active + (size_t)worker * d->x.n;
    size_t n = d->x.n;
    o.pull = glm->intercept ? PULL * o.rate : 0;
    memset(o.w, 0, d->x.width * sizeof *o.w);
    for (size_t i = 0; i < n; i++) {
        active[i] = (uint32_t)i;
        if (o.slopes[i] != 0) move(&o, i, d->weights[i] * o.slopes[i]);
    }
    const int64_t most = (int64_t)s->choice.values[PASSES], few = FIRST + d->iteration;
    for (int64_t pass = 0; pass < (few < most ? few : most) && n > 0; pass++) {
        size_t changed = 0;
        shuffle(active, n, s->problem.seed + (uint64_t)d->iteration, (uint32_t)k, (uint64_t)pass);
        for (size_t i = 0; i < n; i++) {
            if (i + 1 < n) prefetch(&d->x, active[i + 1]);
            if (step(&o, active[i])) active[changed++] = active[i];
        }
        n = changed;
    }
    for (size_t j = 0; j < glm->columns; j++) s->next.x[k * glm->columns + tw__glm_column(&d->x, j)] = o.w[j];
    if (glm->intercept) s->next.x[glm->outputs * glm->columns + k] = d->centre[k] = o.b;
}

static tw_status iterate(tw__solver *s, int *found, tw_error *err)
{
    state *d = s->state;
    tw__pool_run(s->ctx, d->outputs, solve_output, s);
    d->iteration++;
    *found = 1;
    return tw__solver_evaluate(s, err);
}

static tw_status visit(tw__solver *s, tw_visitor *v, tw_error *err)
{
    state *d = s->state;
    const int64_t shape[] = {(int64_t)d->outputs, (int64_t)d->x.n};
    TW_TRY(v->field(v, "solver.sdca.slopes", TW_F64, 2, shape, d->slopes, err));
    TW_TRY(v->field(v, "solver.sdca.centre", TW_F64, 1, shape, d->centre, err));
    return v->field(v, "solver.sdca.iteration", TW_I64, 0, NULL, &d->iteration, err);
}

extern const tw__solver_type tw__solver_sdca;
const tw__solver_type tw__solver_sdca = {
    .about =
        {.size = sizeof(tw_solver),
         .name = "sdca",
         .help = "dual coordinate ascent: the slope of one row at a time, also for the hinge",
         .paper =
             "Hsieh et al. 2008 (hinge, squared hinge); Yu, Huang & Lin 2011 (logistic); Shalev-Shwartz & "
             "Zhang 2013, 5; intercept: Rockafellar 1976",
         .use = "svm with the hinge, and linear models with l2 and very many columns, such as texts.",
         .equation =
             "w = -sum c_i s_i x_i / (C l2), s_i: a slope of row i's loss, C = sum c_i\n"
             "row by row in random order: h = w . x_i + b, q = c_i (|x_i|^2 + 10) / (C l2),\n"
             "s_i = the slope of loss_i at h' with h' + q s_i = h + q s_i before\n"
             "b = b_0 - 10 sum c_i s_i / (C l2), with b_0 = the last iteration's b: so it is not penalised",
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
