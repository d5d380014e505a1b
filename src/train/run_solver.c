/* A run with a solver: what it cannot be combined with, the mean loss over all rows as its problem, and an
 * iteration as a step.
 * SPDX-License-Identifier: MIT */
#include "train/run.h"
#include "train/gap.h"
#include "train/options.h"
#include "train/run_ring.h"
#include <math.h>
#include <string.h>

static const char *const criteria[] = {"grad", "step", "objective", "gap"};
enum { N_CRITERIA = sizeof criteria / sizeof criteria[0] };

/* A loss with kinks has no gradient that is 0 in the end. */
static tw_status find_criterion(const char *name, const tw_objective *o, enum tw_run_stop *stop,
                                tw_error *err)
{
    *stop = o->glm && o->glm->kinks && !tw__gap_missing(o) ? TW_RUN_STOP_GAP : TW_RUN_STOP_GRAD;
    for (size_t i = 0; name && i < N_CRITERIA; i++) {
        *stop = (enum tw_run_stop)i;
        if (strcmp(name, criteria[i]) == 0) return TW_OK;
    }
    return name ? tw__fail(err, TW_ERR_SPEC, "stop = %.40s is not grad, step, objective or gap", name)
                : TW_OK;
}

tw_status tw__run_check_solver(const tw_run_options *o, tw_error *err)
{
    tw_job_options all = {.size = sizeof all, .run = *o};
    all.run.exchange = NULL;
    const char *odd = tw__fields_set(tw_job_fields, &all, TW_FIELD_NO_SOLVER, TW_FIELD_NO_SOLVER);
    if (!odd) odd = o->custom_rule ? "custom_rule" : o->order ? "order" : NULL;
    if (!(o->tol >= 0 && isfinite(o->tol)))
        return tw__fail(err, TW_ERR_SPEC, "tol = %g is outside (0, inf)", o->tol);
    if (!o->solver && (o->tol > 0 || o->stop))
        return tw__fail(err, TW_ERR_SPEC,
                        "%s has no effect without a solver (the control early_stop ends other runs)",
                        o->stop ? "stop" : "tol");
    if (o->solver && odd)
        return tw__fail(err, TW_ERR_SPEC, "%s cannot be given beside a solver, which has a loop of its own",
                        odd);
    return o->solver ? tw__run_check_ring(o, err) : TW_OK;
}

/* ---- the problem --------------------------------------------------------------------------------------- */

static void copy_in(const tw_run *r, double *x)
{
    for (size_t i = 0; i < r->size; i++)
        if (r->train.type == TW_F64) ((double *)r->w)[i] = x[i];
        else x[i] = (double)(((float *)r->w)[i] = (float)x[i]);
}

/* Of the gradient that an objective with l1 gives, which counts 0 for the magnitude of a weight that is 0. */
static void least_subgradient(const tw_glm *glm, const double *x, double *gradient)
{
    const size_t n = glm && glm->l1 > 0 ? glm->outputs * glm->columns : 0;
    for (size_t i = 0; i < n; i++)
        if (x[i] == 0) gradient[i] = tw__soft(gradient[i], glm->l1);
}

static double number(tw_type type, const void *x, size_t i)
{
    return type == TW_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

static tw_status evaluate_batch(tw_run *r, const double *x, double *gradient, tw_error *err)
{
    TW_TRY(tw__run_mean_gradient(r, r->rows, (size_t)r->train.n_rows, &r->there, err));
    for (size_t i = 0; i < r->size; i++) gradient[i] = number(r->train.type, r->gradient, i);
    least_subgradient(r->train.glm, x, gradient);
    return TW_OK;
}

static tw_status evaluate_glm(tw_run *r, const double *x, double *gradient, tw_error *err)
{
    const tw_glm *glm = r->train.glm;
    const size_t penalised = glm->outputs * glm->columns;
    TW_TRY(tw__glm_sums_at(r->glm_sums, x, &r->there, err));
    const double *smooth = tw__glm_sums_gradient(r->glm_sums);
    for (size_t i = 0; i < r->size; i++)
        gradient[i] = tw__least_subgradient(smooth[i], x[i], i < penalised ? glm->l1 : 0);
    r->gradients += r->train.n_rows;
    return TW_OK;
}

static tw_status evaluate(void *user, double *x, double *loss, double *gradient, tw_error *err)
{
    tw_run *r = user;
    copy_in(r, x);
    TW_TRY(tw__run_request(r, TW__SUM_OF_LOSSES, 0, x, err));
    TW_TRY(r->glm_sums ? evaluate_glm(r, x, gradient, err) : evaluate_batch(r, x, gradient, err));
    if (!(r->there.weight > 0) && !tw__ring_is_helper(r->ring))
        return tw__fail(err, TW_ERR_DATA, "the summed weight of the rows is %g", r->there.weight);
    *loss = r->there.loss / r->there.weight;
    return TW_OK;
}

static void smooth_gradient(void *user, double *to)
{
    const tw_run *r = user;
    const tw_glm *glm = r->train.glm;
    const size_t penalised = glm && glm->l1 > 0 ? glm->outputs * glm->columns : 0;
    if (r->glm_sums) memcpy(to, tw__glm_sums_gradient(r->glm_sums), r->size * sizeof *to);
    for (size_t i = 0; !r->glm_sums && i < r->size; i++) {
        const double w = number(r->train.type, r->w, i);
        to[i] = number(r->train.type, r->gradient, i);
        if (i < penalised) to[i] -= glm->l1 * ((w > 0) - (w < 0));
    }
}

/* What all requests about second derivatives begin with. */
static tw_status at_point(tw_run *r, unsigned share, tw_error *err)
{
    r->gradients += r->train.n_rows ? r->train.n_rows / share : 1;
    if (r->glm_sums) return TW_OK;
    if (!r->second) TW_TRY(tw__second_create(&r->second, r->ctx, &r->train, r->rows, r->ring, err));
    copy_in(r, r->solver->at.x);
    return TW_OK;
}

static tw_status hessian(void *user, unsigned share, double *to, tw_error *err)
{
    tw_run *r = user;
    TW_TRY(at_point(r, r->glm_sums ? share : 1, err));
    TW_TRY(tw__run_request(r, TW__SUM_OF_MATRIX, share, r->solver->at.x, err));
    return r->glm_sums ? tw__glm_sums_matrix(r->glm_sums, r->solver->at.x, share, to, err)
                       : tw__second_matrix(r->second, r->w, r->mode, to, err);
}

static tw_status diagonal(void *user, double *to, tw_error *err)
{
    tw_run *r = user;
    TW_TRY(at_point(r, 1, err));
    TW_TRY(tw__run_request(r, TW__SUM_OF_DIAGONAL, 0, r->solver->at.x, err));
    return r->glm_sums ? tw__glm_sums_diagonal(r->glm_sums, r->solver->at.x, to, err)
                       : tw__second_diagonal(r->second, r->w, r->mode, to, err);
}

static tw_status times(void *user, const double *v, double *to, tw_error *err)
{
    tw_run *r = user;
    TW_TRY(at_point(r, 1, err));
    TW_TRY(tw__run_request(r, TW__SUM_OF_PRODUCTS, 0, v, err));
    return r->glm_sums ? tw__glm_sums_times(r->glm_sums, v, to, err)
                       : tw__second_times(r->second, r->w, v, r->mode, to, err);
}

void tw__run_free_solver(tw_run *r)
{
    tw__ring_free(r->ring);
    tw__solver_free(r->solver);
    tw__free(r->ctx, r->rows, (size_t)r->train.n_rows, sizeof *r->rows);
    tw__second_free(r->second);
}

static tw_status make_sums(tw_run *r, tw_error *err)
{
    const tw_objective *o = &r->train;
    TW_TRY(tw__glm_sums_create(&r->glm_sums, r->solver, r->ring, err));
    if (r->glm_sums) return TW_OK;
    if (o->n_rows) TW_TRY(tw__rows_from(r->ctx, 0, o->n_rows, &r->rows, err));
    TW_TRY(tw__batch_create(&r->batch, r->ctx, o, err));
    return tw__alloc(r->ctx, &r->gradient, r->size, tw_type_size(o->type), err);
}

tw_status tw__run_make_solver(tw_run *r, tw_error *err)
{
    const tw_objective *o = &r->train;
    if (!r->o.tol) r->o.tol = 1e-6;
    TW_TRY(tw__run_make_ring(r, err));
    tw__problem problem = {.objective = o,
                           .n = r->size,
                           .user = r,
                           .evaluate = evaluate,
                           .smooth_gradient = smooth_gradient,
                           .hessian = hessian,
                           .diagonal = diagonal,
                           .times = times,
                           .gradients = &r->gradients,
                           .is_shared = r->ring != NULL,
                           .tol = r->o.tol,
                           .seed = r->o.seed};
    TW_TRY(find_criterion(r->o.stop, o, &problem.stop, err));
    if (problem.stop == TW_RUN_STOP_GAP && tw__gap_missing(o))
        return tw__fail(err, TW_ERR_SPEC, "stop = gap needs %s", tw__gap_missing(o));
    TW_TRY(tw__solver_create(&r->solver, r->ctx, r->o.solver, &problem, err));
    TW_TRY(make_sums(r, err));
    tw__solver_place(r->solver, r->w);
    r->steps_per_epoch = 1;
    if (!r->o.epochs) r->o.epochs = r->solver->choice.solver->epochs;
    return TW_OK;
}

/* ---- a step -------------------------------------------------------------------------------------------- */

tw_status tw__run_solve(tw_run *r, tw_error *err)
{
    tw__solver *s = r->solver;
    int moved;
    if (tw__ring_is_helper(r->ring)) return tw__run_serve(r, err);
    const tw_status status = tw__solver_iterate(s, &moved, err);
    copy_in(r, s->at.x);
    if (status == TW_ERR_NOT_FINITE && err) err->step = r->updates + 1;
    if (status != TW_OK) return status;
    if (!moved) {
        r->status = s->status;
        return TW_OK;
    }
    r->sums = r->there;
    r->update_loss = s->at.loss;
    if (isnan(r->first_loss)) r->first_loss = s->at.loss;
    r->epoch_lr = NAN;
    r->updates++;
    r->step++;
    return TW_OK;
}

tw_status tw__run_visit_solver(tw_run *r, tw_visitor *v, tw_error *err)
{
    TW_TRY(tw__solver_visit(r->solver, v, err));
    if (v->loading == TW_LOAD) tw__solver_place(r->solver, r->w);
    return TW_OK;
}

tw_status tw_run_progress_get(const tw_run *r, tw_run_progress *out, tw_error *err)
{
    TW_NEEDS(err, r && out);
    if (!r->solver) return tw__fail(err, TW_ERR_STATE, "the run has no solver");
    const tw__progress *p = &r->solver->progress;
    const tw_run_progress now = {.size = sizeof now,
                                 .solver = r->solver->choice.spec,
                                 .first_gradient = p->started > 0 ? p->first_norm : NAN,
                                 .gradient = p->started > 0 ? p->norm : NAN,
                                 .step = r->updates ? p->step : NAN,
                                 .decrease = r->updates ? p->drop : NAN,
                                 .stop = criteria[r->solver->problem.stop],
                                 .tol = r->o.tol,
                                 .why = *r->solver->why ? r->solver->why : NULL,
                                 .gap = p->gap,
                                 .nonzero = p->nonzero,
                                 .l1_max = p->l1_max,
                                 .condition = p->condition};
    return tw__sized_write(out, &now, sizeof now, "tw_run_progress", err);
}
