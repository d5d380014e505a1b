/* What all solvers share: the point, moving on, and when the run ends.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"
#include "base/names.h"
#include "train/gap.h"
#include <math.h>
#include <string.h>

/* After so many iterations that lowered the loss by less than rounding, and the gradient by less than a
 * hundredth, there is nothing else to gain. */
enum { MOST_IDLE = 20 };

double tw__dot(const double *a, const double *b, size_t n)
{
    enum { LANES = 8 };
    double lane[LANES] = {0};
    size_t i = 0;
    for (; n - i >= LANES; i += LANES)
        for (size_t j = 0; j < LANES; j++) lane[j] += a[i + j] * b[i + j];
    for (size_t j = 0; i + j < n; j++) lane[j] += a[i + j] * b[i + j];
    for (size_t half = LANES / 2; half; half /= 2)
        for (size_t j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
}

void tw__add_scaled(double *to, double factor, const double *a, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] += factor * a[i];
}

/* ---- making -------------------------------------------------------------------------------------------- */

struct tw__solver_memory {
    void *at;
    size_t n, size;
};

tw_status tw__solver_alloc(tw__solver *s, void *out, size_t n, size_t size, tw_error *err)
{
    TW_TRY(tw__grow(s->ctx, &s->memory, &s->memory_capacity, s->n_memory + 1, sizeof *s->memory, err));
    TW_TRY(tw__alloc(s->ctx, out, n, size, err));
    s->memory[s->n_memory++] = (struct tw__solver_memory){*(void **)out, n, size};
    return TW_OK;
}

static tw_status takes(const tw__solver *s, tw_error *err)
{
    if (s->problem.is_shared && s->type->reads_rows)
        return tw__fail(err, TW_ERR_SPEC,
                        "solver %s goes through the rows itself, and here several processes have them",
                        s->type->about.name);
    return s->type->takes(s, err);
}

/* Solver i of those that take a problem. */
static const char *taker_at(size_t i, const void *problem)
{
    const tw__solver_type *type;
    for (size_t k = 0; (type = tw__solver_type_at(k)) != NULL; k++) {
        const tw__solver other = {.type = type, .problem = *(const tw__problem *)problem};
        if (type->takes && takes(&other, NULL) == TW_OK && i-- == 0) return type->about.name;
    }
    return NULL;
}

tw_status tw__solver_begin(tw__solver *s, tw_error *err)
{
    tw_error why;
    char takers[TW__NAMES];
    if (!s->type->takes || takes(s, &why) == TW_OK) return s->type->create(s, err);
    const size_t n = tw__names_join(takers, taker_at, &s->problem);
    return tw__fail(err, TW_ERR_SPEC, "%.250s: %s%s", why.message, takers,
                    n == 0  ? "no solver takes it, an optimizer does"
                    : n > 1 ? " take it"
                            : " takes it");
}

static tw_status allocate(tw__solver *s, tw_error *err)
{
    double **const vectors[] = {&s->at.x, &s->at.g, &s->next.x, &s->next.g};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        TW_TRY(tw__solver_alloc(s, vectors[i], s->problem.n, sizeof(double), err));
    return tw__solver_begin(s, err);
}

tw_status tw__solver_create(tw__solver **out, tw_context *ctx, const char *spec, const tw__problem *problem,
                            tw_error *err)
{
    tw__solver *s;
    tw_solver_choice choice;
    TW_TRY(tw_solver_read(&choice, spec, err));
    TW_TRY(tw__alloc(ctx, &s, 1, sizeof *s, err));
    *s = (tw__solver){.type = tw__solver_type_find(tw__text_of(choice.solver->name)),
                      .ctx = ctx,
                      .choice = choice,
                      .problem = *problem,
                      .progress = {.least_loss = INFINITY,
                                   .least_norm = INFINITY,
                                   .least_gap = INFINITY,
                                   .gap = NAN,
                                   .nonzero = NAN,
                                   .l1_max = NAN,
                                   .condition = NAN}};
    const tw_status status = allocate(s, err);
    if (status == TW_OK) *out = s;
    else tw__solver_free(s);
    return status;
}

void tw__solver_free(tw__solver *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->n_memory; i++)
        tw__free(s->ctx, s->memory[i].at, s->memory[i].n, s->memory[i].size);
    tw__free(s->ctx, s->memory, s->memory_capacity, sizeof *s->memory);
    tw__free(s->ctx, s, 1, sizeof *s);
}

void tw__solver_place(tw__solver *s, const void *w)
{
    const int is_double = s->problem.objective->type == TW_F64;
    for (size_t i = 0; i < s->problem.n; i++)
        s->at.x[i] = is_double ? ((const double *)w)[i] : (double)((const float *)w)[i];
}

const char *tw__solver_kinks(const tw__problem *p)
{
    const tw_glm *glm = p->objective->glm;
    return glm && glm->kinks ? glm->kinks : p->objective->kinks;
}

tw_status tw__solver_needs_smooth(const tw__solver *s, tw_error *err)
{
    const char *kinks = tw__solver_kinks(&s->problem);
    if (!kinks) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "solver %s needs a smooth loss, which one with %s is not",
                    s->type->about.name, kinks);
}

tw_status tw__solver_needs_few_rows(const tw__solver *s, tw_error *err)
{
    const unsigned long long rows = s->problem.objective->n_rows;
    if (rows <= UINT32_MAX) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "solver %s takes up to %u rows, and these are %llu",
                    s->type->about.name, UINT32_MAX, rows);
}

int tw__solver_has_l1(const tw__problem *p)
{
    const tw_glm *glm = p->objective->glm;
    return glm && glm->l1 > 0 && !glm->kinks;
}

tw_status tw__solver_scale(tw__solver *s, double *to, tw_error *err)
{
    const double share = 0.3;
    const size_t n = s->problem.n;
    double least = INFINITY;
    if (s->problem.objective->hessian_times) TW_TRY(s->problem.diagonal(s->problem.user, to, err));
    else
        for (size_t i = 0; i < n; i++) to[i] = 1;
    for (size_t i = 0; i < n; i++) {
        to[i] = fabs(to[i]);
        if (to[i] > 0 && to[i] < least) least = to[i];
    }
    if (isinf(least)) least = 1;
    for (size_t i = 0; i < n; i++) to[i] = (1 - share) * least + share * to[i];
    return TW_OK;
}

/* ---- an iteration -------------------------------------------------------------------------------------- */

tw_status tw__solver_evaluate(tw__solver *s, tw_error *err)
{
    return s->problem.evaluate(s->problem.user, s->next.x, &s->next.loss, s->next.g, err);
}

static void swap(tw__solver *s)
{
    const tw__place was = s->at;
    s->at = s->next;
    s->next = was;
}

static int is_finite(const tw__place *at, size_t n)
{
    return isfinite(at->loss) && isfinite(tw__dot(at->g, at->g, n));
}

/* The point where the run begins. */
static tw_status start(tw__solver *s, tw_error *err)
{
    tw__progress *p = &s->progress;
    memcpy(s->next.x, s->at.x, s->problem.n * sizeof(double));
    TW_TRY(tw__solver_evaluate(s, err));
    swap(s);
    p->first_norm = p->norm = p->least_norm = sqrt(tw__dot(s->at.g, s->at.g, s->problem.n));
    p->least_loss = s->at.loss;
    p->started = 1;
    if (is_finite(&s->at, s->problem.n)) return TW_OK;
    return tw__fail(err, TW_ERR_NOT_FINITE, "%s is %g at the start",
                    isfinite(s->at.loss) ? "the gradient's norm" : "the loss",
                    tw__shown(isfinite(s->at.loss) ? p->norm : s->at.loss));
}

/* The largest change of a weight. */
static double largest_step(const tw__solver *s)
{
    double most = 0;
    for (size_t i = 0; i < s->problem.n; i++) {
        const double step = fabs(s->next.x[i] - s->at.x[i]);
        if (step > most) most = step;
    }
    return most;
}

static int has_converged(const tw__solver *s)
{
    const tw__progress *p = &s->progress;
    const double tol = s->problem.tol, size = fabs(s->at.loss);
    if (s->problem.stop == TW_RUN_STOP_STEP) return p->step <= tol;
    if (s->problem.stop == TW_RUN_STOP_OBJECTIVE) return fabs(p->drop) <= tol * (size > 1 ? size : 1);
    if (s->problem.stop == TW_RUN_STOP_GAP) return p->gap <= tol * size;
    return p->norm <= tol * p->first_norm;
}

static tw_status set_gap(tw__solver *s, tw_error *err)
{
    return tw__gap(s->ctx, s->problem.objective, s->at.x, s->dual, &s->progress.gap, err);
}

/* The largest number of the Hessian's diagonal by the least one that is not 0: its condition number is that
 * at least. */
static tw_status set_condition(tw__solver *s, tw_error *err)
{
    const tw_objective *o = s->problem.objective;
    double *diagonal = s->next.g, least = INFINITY, most = 0;
    if (!o->hessian_times || o->glm->kinks) return TW_OK;
    TW_TRY(s->problem.diagonal(s->problem.user, diagonal, err));
    for (size_t i = 0; i < s->problem.n; i++) {
        if (diagonal[i] > most) most = diagonal[i];
        if (diagonal[i] > 0 && diagonal[i] < least) least = diagonal[i];
    }
    if (most > 0) s->progress.condition = most / least;
    return TW_OK;
}

tw_status tw__solver_finish(tw__solver *s, int was_slow, tw__fp_mode callers, tw_error *err)
{
    tw__progress *p = &s->progress;
    const tw_objective *o = s->problem.objective;
    if (!o->glm || s->status == TW_RUN_DIVERGED) return TW_OK;
    if (was_slow) TW_TRY(set_condition(s, err));
    p->nonzero = 0;
    for (size_t i = 0; i < o->glm->outputs * o->glm->columns; i++) p->nonzero += s->at.x[i] != 0;
    if (p->nonzero == 0 && o->glm->l1 > 0 && !o->glm->kinks)
        TW_TRY(tw__l1_max(s->ctx, o, callers, &p->l1_max, err));
    return tw__gap_missing(o) ? TW_OK : set_gap(s, err);
}

/* Loss and gradient of a solver of the dual rise and fall on its way, which ends where steps are small. */
static int is_on_its_way(const tw__solver *s, double rounding)
{
    double most = 0;
    if (!s->dual) return 0;
    for (size_t i = 0; i < s->problem.n; i++) {
        const double size = fabs(s->at.x[i]);
        if (size > most) most = size;
    }
    return s->progress.step > sqrt(rounding) * most;
}

static void update_status(tw__solver *s)
{
    tw__progress *p = &s->progress;
    const double rounding = s->problem.objective->type == TW_F64 ? 0x1p-53 : 0x1p-24;
    const int lower = p->least_loss - s->at.loss > rounding * fabs(s->at.loss),
              flatter = p->norm < 0.99 * p->least_norm, closer = p->gap < 0.99 * p->least_gap;
    p->idle = lower || flatter || closer || is_on_its_way(s, rounding) ? 0 : p->idle + 1;
    if (lower) p->least_loss = s->at.loss;
    if (flatter) p->least_norm = p->norm;
    if (closer) p->least_gap = p->gap;
    s->status = has_converged(s) ? TW_RUN_CONVERGED : p->idle >= MOST_IDLE ? TW_RUN_STALLED : TW_RUN_GOING;
}

tw_status tw__solver_iterate(tw__solver *s, int *moved, tw_error *err)
{
    tw__progress *p = &s->progress;
    *moved = 0;
    if (!p->started) TW_TRY(start(s, err));
    s->status = TW_RUN_CONVERGED;
    if (p->norm == 0) return TW_OK;
    TW_TRY(s->type->iterate(s, moved, err));
    s->status = TW_RUN_DIVERGED;
    if (*moved && !is_finite(&s->next, s->problem.n)) {
        *moved = 0;
        return TW_OK;
    }
    const double step = *moved ? largest_step(s) : 0;
    s->status = TW_RUN_STALLED;
    *moved = step > 0;
    if (!*moved) return TW_OK;
    p->step = step;
    p->drop = s->at.loss - s->next.loss;
    swap(s);
    p->norm = sqrt(tw__dot(s->at.g, s->at.g, s->problem.n));
    if (s->problem.stop == TW_RUN_STOP_GAP) TW_TRY(set_gap(s, err));
    update_status(s);
    return TW_OK;
}

/* ---- a checkpoint -------------------------------------------------------------------------------------- */

tw_status tw__solver_visit(tw__solver *s, tw_visitor *v, tw_error *err)
{
    const int64_t n = (int64_t)s->problem.n, n_numbers = 1 + sizeof s->progress / sizeof(double);
    double numbers[1 + sizeof s->progress / sizeof(double)] = {s->at.loss};
    memcpy(numbers + 1, &s->progress, sizeof s->progress);
    TW_TRY(v->field(v, "solver.progress", TW_F64, 1, &n_numbers, numbers, err));
    TW_TRY(v->field(v, "solver.gradient", TW_F64, 1, &n, s->at.g, err));
    if (v->loading == TW_LOAD) {
        s->at.loss = numbers[0];
        memcpy(&s->progress, numbers + 1, sizeof s->progress);
    }
    return s->type->visit ? s->type->visit(s, v, err) : TW_OK;
}
