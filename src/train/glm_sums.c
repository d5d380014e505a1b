/* Passes over the rows of a generalised linear model; see glm_sums.h. In each of them a row has a coefficient
 * for every output, and the pass is a sum of the rows times theirs.
 * SPDX-License-Identifier: MIT */
#include "train/glm_sums.h"
#include "base/pool.h"
#include "train/glm_rows.h"
#include <math.h>
#include <string.h>

/* MOST_NUMBERS: of a copy, 1 GB; PER_COLUMN: numbers of a part for each column that is to be added; BLOCK:
 * rows that are looked at while they are in the cache; MATRICES: numbers of all parts' matrices, 64 MB, of
 * which there are MOST_MATRICES at most; COLUMNS: of a task that adds the parts */
enum {
    MOST_NUMBERS = 1 << 27,
    MOST_PARTS = 64,
    PER_COLUMN = 8,
    BLOCK = 128,
    MOST_MATRICES = 16,
    MATRICES = 1 << 23,
    COLUMNS = 4096
};

struct tw__glm_sums {
    tw__solver *solver;
    tw_context *ctx;
    const tw_objective *o;
    const tw_glm *glm;
    tw__glm_rows x;
    const tw__glm_kernels *k;
    tw__ring *ring;          /* NULL: there is one process */
    size_t parts, n;         /* of each output's rows; weights */
    size_t lo, hi;           /* the parts of this process */
    double *weights, weight; /* of the rows */
    double *point;           /* of the scores */
    double *gradient;        /* without l1's share, of the last point that there was one at */
    int has_scores;
    double *scores,
        *curvatures;         /* of each output and row; curvatures times the row's weight, made when needed */
    double *vector;          /* for each output a number per column, as wide as the rows are */
    double *sums;            /* likewise, for each output's parts */
    double *biases, *losses; /* for each output's parts, losses after biases */
    double *row_scores;      /* per thread */
    size_t matrix_parts;
    double *matrices;
};

static size_t columns_of(const tw__glm_sums *g) { return g->glm->columns; }

/* Whether it is a generalised linear model that evaluates many rows in a call, and none of its weights stands
 * still. */
static int takes(const tw_objective *o)
{
    if (!o->glm || !o->glm->losses || o->n_rows == 0) return 0;
    for (size_t i = 0; i < o->n_tensors; i++)
        if (o->tensors[i].flags & (TW_TENSOR_BUFFER | TW_TENSOR_FROZEN)) return 0;
    return 1;
}

static size_t between(size_t low, size_t n, size_t high) { return n < low ? low : n > high ? high : n; }

static size_t part_start(const tw__glm_sums *g, size_t part, size_t parts) { return g->x.n * part / parts; }

/* The first of so many parts that is of this process, or of the next. */
static size_t share_of(const tw__glm_sums *g, size_t parts, size_t next)
{
    return g->ring ? tw__ring_share(g->ring, parts, next) : next * parts;
}

static size_t matrix_size(const tw__glm_sums *g) { return g->x.width * (g->x.width + 1); }

/* How many parts there are depends on rows and columns alone. */
static void cut(tw__glm_sums *g)
{
    const size_t parts = between(1, g->x.numbers / (PER_COLUMN * columns_of(g)), MOST_PARTS);
    g->parts = between(1, parts / g->glm->outputs, parts);
    const size_t fit = g->x.width < MATRICES ? MATRICES / matrix_size(g) : 0;
    g->matrix_parts = between(1, fit, g->parts < MOST_MATRICES ? g->parts : MOST_MATRICES);
    g->lo = share_of(g, g->parts, 0);
    g->hi = share_of(g, g->parts, 1);
}

static tw_status allocate(tw__glm_sums *g, tw_error *err)
{
    const size_t outputs = g->glm->outputs, wide = outputs * g->x.width, tallies = outputs * g->parts;
    size_t rows;
    if (!tw__size_mul(outputs, g->x.n, &rows))
        return tw__fail(err, TW_ERR_MEMORY, "%zu scores for each of %zu rows are too many", outputs, g->x.n);
    const struct {
        double **to;
        size_t n;
    } vectors[] = {{&g->weights, g->x.n},     {&g->point, g->n},
                   {&g->gradient, g->n},      {&g->scores, rows},
                   {&g->vector, wide},        {&g->sums, g->parts * wide},
                   {&g->biases, 2 * tallies}, {&g->row_scores, (size_t)tw_context_threads(g->ctx) * outputs}};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        TW_TRY(tw__solver_alloc(g->solver, vectors[i].to, vectors[i].n, sizeof(double), err));
    g->losses = g->biases + tallies;
    return TW_OK;
}

/* The rows of this process are those of its parts, and of its parts of matrices, which may be larger. */
static tw_status copy_rows(tw__glm_sums *g, tw_error *err)
{
    const size_t first = part_start(g, g->lo, g->parts), end = part_start(g, g->hi, g->parts),
                 first_of_matrix = part_start(g, share_of(g, g->matrix_parts, 0), g->matrix_parts),
                 end_of_matrix = part_start(g, share_of(g, g->matrix_parts, 1), g->matrix_parts);
    return tw__glm_rows_copy(&g->x, g->solver, first < first_of_matrix ? first : first_of_matrix,
                             end > end_of_matrix ? end : end_of_matrix, err);
}

tw_status tw__glm_sums_create(tw__glm_sums **out, tw__solver *s, tw__ring *ring, tw_error *err)
{
    const tw_objective *o = s->problem.objective;
    tw__glm_sums *g;
    tw__glm_rows rows;
    *out = NULL;
    if (!takes(o)) return TW_OK;
    tw__glm_rows_measure(&rows, o, 1);
    if (rows.numbers > MOST_NUMBERS) return TW_OK;
    TW_TRY(tw__solver_alloc(s, &g, 1, sizeof *g, err));
    *g = (tw__glm_sums){
        .solver = s, .ctx = s->ctx, .o = o, .glm = o->glm, .n = s->problem.n, .x = rows, .ring = ring};
    *out = g;
    cut(g);
    TW_TRY(copy_rows(g, err));
    g->k = tw__glm_kernels_for(&g->x, tw_context_isa(s->ctx));
    TW_TRY(allocate(g, err));
    for (size_t i = 0; i < g->x.n; i++) g->weight += g->weights[i] = g->glm->weight(g->glm->user, i);
    return TW_OK;
}

/* ---- a pass -------------------------------------------------------------------------------------------- */

/* Sets the coefficients of n rows from `first` on for output k; returns their losses' sum. */
typedef double coefficients(const tw__glm_sums *g, const double *at, size_t k, size_t first, size_t n,
                            double *by);

typedef struct pass {
    tw__glm_sums *g;
    coefficients *of;
    void (*add)(const tw__glm_rows *x, size_t first, size_t end, const double *by, double *to);
    const double *at; /* a point or vector */
    const double *l2; /* what it is multiplied with: `at`, or NULL for ones */
    double *to;
    size_t k, rows; /* the matrix's output, and rows of each block that it is made of */
} pass;

/* Copies numbers that belong to the weights into vectors of the rows. */
static const double *widen(tw__glm_sums *g, const double *from)
{
    const size_t n = columns_of(g);
    for (size_t k = 0; k < g->glm->outputs; k++)
        for (size_t j = 0; j < n; j++) g->vector[k * g->x.width + j] = from[k * n + tw__glm_column(&g->x, j)];
    return from;
}

static double bias_of(const tw__glm_sums *g, const double *at, size_t k)
{
    return g->glm->intercept ? at[g->glm->outputs * columns_of(g) + k] : 0;
}

static void score(const tw__glm_sums *g, const double *at, size_t k, size_t first, size_t n, double *to)
{
    g->k->dot(&g->x, first, first + n, g->vector + k * g->x.width, bias_of(g, at, k), to);
}

static double sum_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    return sum;
}

/* The place among all outputs' parts of one of this process's; *k: its output. */
static size_t own_part(const tw__glm_sums *g, size_t i, size_t *k)
{
    const size_t own = g->hi - g->lo;
    *k = i / own;
    return *k * g->parts + g->lo + i % own;
}

static void part_task(void *arg, size_t i_own, int worker)
{
    const pass *p = arg;
    tw__glm_sums *g = p->g;
    size_t k;
    const size_t index = own_part(g, i_own, &k), part = index % g->parts,
                 end = part_start(g, part + 1, g->parts);
    double *sum = g->sums + index * g->x.width, by[BLOCK], bias = 0, loss = 0;
    (void)worker;
    memset(sum, 0, g->x.width * sizeof *sum);
    for (size_t i = part_start(g, part, g->parts), n; i < end; i += n) {
        n = end - i < BLOCK ? end - i : BLOCK;
        loss += p->of(g, p->at, k, i, n, by);
        bias += sum_of(by, n);
        p->add(&g->x, i, i + n, by, sum);
    }
    g->biases[index] = bias;
    g->losses[index] = loss;
}

/* The parts' sum as a mean, for some places of an output; of several processes the ring has added them. */
static void column_task(void *arg, size_t index, int worker)
{
    const pass *p = arg;
    tw__glm_sums *g = p->g;
    const size_t n = columns_of(g), chunks = (n + COLUMNS - 1) / COLUMNS, k = index / chunks,
                 first = index % chunks * COLUMNS, end = n - first < COLUMNS ? n : first + COLUMNS;
    double *to = p->to + k * n, *sum = g->sums + k * g->parts * g->x.width;
    (void)worker;
    for (size_t part = 1; part < g->parts && !g->ring; part++)
        for (size_t j = first; j < end; j++) sum[j] += sum[part * g->x.width + j];
    for (size_t i = first; i < end; i++) {
        const size_t j = tw__glm_column(&g->x, i);
        to[j] = sum[i] / g->weight + g->glm->l2 * (p->l2 ? p->l2[k * n + j] : 1);
    }
}

/* Of each output's parts, and their biases and losses, which are 0 where they are another's. */
static tw_status add_up(tw__glm_sums *g, tw_error *err)
{
    const size_t outputs = g->glm->outputs, tallies = 2 * outputs * g->parts;
    for (size_t k = 0; k < outputs; k++)
        TW_TRY(tw__ring_add(g->ring, g->sums + (k * g->parts + g->lo) * g->x.width, columns_of(g),
                            g->hi - g->lo, g->x.width, err));
    return tw__ring_add(g->ring, g->biases, tallies, 1, tallies, err);
}

static tw_status run(pass *p, tw_error *err)
{
    tw__glm_sums *g = p->g;
    const size_t outputs = g->glm->outputs, chunks = (columns_of(g) + COLUMNS - 1) / COLUMNS;
    memset(g->biases, 0, 2 * outputs * g->parts * sizeof *g->biases);
    tw__pool_run(g->ctx, outputs * (g->hi - g->lo), part_task, p);
    if (g->ring) TW_TRY(add_up(g, err));
    if (tw__ring_is_helper(g->ring)) return TW_OK;
    tw__pool_run(g->ctx, outputs * chunks, column_task, p);
    for (size_t k = 0; g->glm->intercept && k < outputs; k++)
        p->to[outputs * columns_of(g) + k] = sum_of(g->biases + k * g->parts, g->parts) / g->weight;
    return TW_OK;
}

/* ---- loss and gradient --------------------------------------------------------------------------------- */

static double slopes(const tw__glm_sums *g, const double *at, size_t k, size_t first, size_t n, double *by)
{
    double loss[BLOCK], *scores = g->scores + k * g->x.n + first;
    const double *weights = g->weights + first;
    score(g, at, k, first, n, scores);
    g->glm->losses(g->glm->user, first, n, k, scores, loss, by);
    for (size_t i = 0; i < n; i++) by[i] *= weights[i];
    return tw__dot(loss, weights, n);
}

static void correct_task(void *arg, size_t own, int worker)
{
    tw__glm_sums *g = arg;
    const size_t outputs = g->glm->outputs, part = g->lo + own;
    double *scores = g->row_scores + (size_t)worker * outputs, sum = 0;
    for (size_t i = part_start(g, part, g->parts); i < part_start(g, part + 1, g->parts); i++) {
        for (size_t k = 0; k < outputs; k++) scores[k] = g->scores[k * g->x.n + i];
        sum += g->weights[i] * g->glm->correct(g->glm->user, i, scores); /* a branch would be guessed wrong */
    }
    g->biases[part] = sum;
}

static double penalty(const tw__glm_sums *g, const double *x)
{
    const size_t n = g->glm->outputs * columns_of(g);
    double magnitudes = 0;
    for (size_t i = 0; g->glm->l1 > 0 && i < n; i++) magnitudes += fabs(x[i]);
    return g->glm->l2 / 2 * tw__dot(x, x, n) + g->glm->l1 * magnitudes;
}

const double *tw__glm_sums_gradient(const tw__glm_sums *g) { return g->gradient; }

static tw_status count_correct(tw__glm_sums *g, double *correct, tw_error *err)
{
    memset(g->biases, 0, g->parts * sizeof *g->biases);
    tw__pool_run(g->ctx, g->hi - g->lo, correct_task, g);
    if (g->ring) TW_TRY(tw__ring_add(g->ring, g->biases, g->parts, 1, g->parts, err));
    *correct = sum_of(g->biases, g->parts);
    return TW_OK;
}

tw_status tw__glm_sums_at(tw__glm_sums *g, const double *x, tw_sums *sums, tw_error *err)
{
    pass p = {.g = g, .of = slopes, .add = g->k->add, .at = widen(g, x), .l2 = x, .to = g->gradient};
    TW_TRY(run(&p, err));
    memcpy(g->point, x, g->n * sizeof *x);
    g->has_scores = 1;
    *sums = (tw_sums){.loss = sum_of(g->losses, g->glm->outputs * g->parts) + g->weight * penalty(g, x),
                      .weight = g->weight};
    return g->o->counts_correct ? count_correct(g, &sums->correct, err) : TW_OK;
}

/* ---- second derivatives -------------------------------------------------------------------------------- */

static void score_task(void *arg, size_t i_own, int worker)
{
    tw__glm_sums *g = arg;
    size_t k;
    const size_t index = own_part(g, i_own, &k), first = part_start(g, index % g->parts, g->parts),
                 end = part_start(g, index % g->parts + 1, g->parts);
    (void)worker;
    score(g, g->point, k, first, end - first, g->scores + k * g->x.n + first);
}

/* The scores are those of the last point at which there was a gradient: usually this one. */
static void need_scores(tw__glm_sums *g, const double *x)
{
    if (g->has_scores && memcmp(g->point, x, g->n * sizeof *x) == 0) return;
    memcpy(g->point, widen(g, x), g->n * sizeof *x);
    tw__pool_run(g->ctx, g->glm->outputs * (g->hi - g->lo), score_task, g);
    g->has_scores = 1;
}

static double curvatures(const tw__glm_sums *g, const double *at, size_t k, size_t first, size_t n,
                         double *by)
{
    const double *weights = g->weights + first;
    (void)at;
    g->glm->curvatures(g->glm->user, first, n, k, g->scores + k * g->x.n + first, by);
    for (size_t i = 0; i < n; i++) by[i] *= weights[i];
    return 0;
}

static double kept_curvatures(const tw__glm_sums *g, const double *at, size_t k, size_t first, size_t n,
                              double *by)
{
    (void)curvatures(g, at, k, first, n, by);
    memcpy(g->curvatures + k * g->x.n + first, by, n * sizeof *by);
    return 0;
}

static double changes(const tw__glm_sums *g, const double *at, size_t k, size_t first, size_t n, double *by)
{
    const double *curvature = g->curvatures + k * g->x.n + first;
    score(g, at, k, first, n, by);
    for (size_t i = 0; i < n; i++) by[i] *= curvature[i];
    return 0;
}

tw_status tw__glm_sums_diagonal(tw__glm_sums *g, const double *x, double *to, tw_error *err)
{
    if (!g->curvatures)
        TW_TRY(tw__solver_alloc(g->solver, &g->curvatures, g->glm->outputs * g->x.n, sizeof(double), err));
    need_scores(g, x);
    pass p = {.g = g, .of = kept_curvatures, .add = g->k->add_squares, .to = to};
    return run(&p, err);
}

tw_status tw__glm_sums_times(tw__glm_sums *g, const double *v, double *to, tw_error *err)
{
    pass p = {.g = g, .of = changes, .add = g->k->add, .at = widen(g, v), .l2 = v, .to = to};
    return run(&p, err);
}

/* ---- the matrix ---------------------------------------------------------------------------------------- */

/* A part's matrix, after whose rows comes the one of the intercept. */
static double *matrix_of(const tw__glm_sums *g, size_t part) { return g->matrices + part * matrix_size(g); }

static void matrix_task(void *arg, size_t own, int worker)
{
    const pass *p = arg;
    const tw__glm_sums *g = p->g;
    const size_t square = g->x.width * g->x.width, part = share_of(g, g->matrix_parts, 0) + own,
                 end = part_start(g, part + 1, g->matrix_parts);
    double *to = matrix_of(g, part), by[BLOCK], bias = 0, weight = 0;
    (void)worker;
    memset(to, 0, (square + g->x.width) * sizeof *to);
    for (size_t i = part_start(g, part, g->matrix_parts); i < end; i += BLOCK) {
        const size_t n = end - i < p->rows ? end - i : p->rows;
        (void)curvatures(g, NULL, p->k, i, n, by);
        g->k->add_products(&g->x, i, i + n, by, to);
        weight += sum_of(g->weights + i, n);
        if (!g->glm->intercept) continue;
        g->k->add(&g->x, i, i + n, by, to + square);
        bias += sum_of(by, n);
    }
    g->biases[part] = bias;
    g->losses[part] = weight;
}

/* The mean of row j, the one of the intercept included. */
static void matrix_row_task(void *arg, size_t j, int worker)
{
    const pass *p = arg;
    const tw__glm_sums *g = p->g;
    const size_t columns = columns_of(g), from = j < columns ? j : g->x.width,
                 n = j < columns ? j + 1 : columns;
    const double weight = sum_of(g->losses, g->matrix_parts);
    double *to = p->to + j * (columns + (g->glm->intercept != 0));
    (void)worker;
    memset(to, 0, n * sizeof *to);
    for (size_t part = 0; part < (g->ring ? 1 : g->matrix_parts); part++) {
        const double *row = matrix_of(g, part) + from * g->x.width;
        for (size_t i = 0; i < n; i++) to[i] += row[i];
    }
    for (size_t i = 0; i < n; i++) to[i] /= weight;
    if (j < columns) to[j] += g->glm->l2;
    else to[columns] = sum_of(g->biases, g->matrix_parts) / weight;
}

/* Of all processes' parts, and the biases and weights that belong to them. */
static tw_status add_matrices(tw__glm_sums *g, size_t lo, size_t n, tw_error *err)
{
    const size_t size = matrix_size(g), tallies = 2 * g->glm->outputs * g->parts;
    TW_TRY(tw__ring_add(g->ring, matrix_of(g, lo), size, n, size, err));
    return tw__ring_add(g->ring, g->biases, tallies, 1, tallies, err);
}

tw_status tw__glm_sums_matrix(tw__glm_sums *g, const double *x, unsigned share, double *to, tw_error *err)
{
    const size_t width = columns_of(g) + (g->glm->intercept != 0), lo = share_of(g, g->matrix_parts, 0),
                 hi = share_of(g, g->matrix_parts, 1), first = part_start(g, lo, g->matrix_parts),
                 end = part_start(g, hi, g->matrix_parts);
    if (!g->matrices)
        TW_TRY(
            tw__solver_alloc(g->solver, &g->matrices, g->matrix_parts * matrix_size(g), sizeof(double), err));
    need_scores(g, x);
    if (g->ring) (void)widen(g, x);
    for (size_t k = 0; k < g->glm->outputs; k++) {
        pass p = {.g = g, .to = to ? to + k * width * width : NULL, .k = k, .rows = BLOCK / share};
        if (g->ring) { /* of its parts of matrices there may be rows that are not in its parts */
            score(g, x, k, first, end - first, g->scores + k * g->x.n + first);
            memset(g->biases, 0, 2 * g->glm->outputs * g->parts * sizeof *g->biases);
        }
        tw__pool_run(g->ctx, hi - lo, matrix_task, &p);
        if (g->ring) TW_TRY(add_matrices(g, lo, hi - lo, err));
        if (tw__ring_is_helper(g->ring)) continue;
        tw__pool_run(g->ctx, width, matrix_row_task, &p);
    }
    return TW_OK;
}
