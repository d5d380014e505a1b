/* Steps of a run whose objective answers with lists: whether an update steps what it touches or every weight,
 * and bringing up to date what has been left out.
 * SPDX-License-Identifier: MIT */
#include "train/run.h"
#include "estimators/by_row.h"

/* ---- which way ----------------------------------------------------------------------------------------- */

enum tw_sparse tw__run_sparse_of(const tw_run *r)
{
    return r->o.sparse == TW_RUN_SPARSE_REPLAY    ? TW_SPARSE_REPLAY
           : r->o.sparse == TW_RUN_SPARSE_TOUCHED ? TW_SPARSE_TOUCHED
                                                  : TW_SPARSE_EXACT;
}

static tw_status try_step(const tw_run *r, tw_optimizer_options *o, void *w, int *falls_behind, tw_error *err)
{
    tw_optimizer *opt = NULL;
    TW_TRY(tw_optimizer_create(&opt, r->ctx, o, err));
    tw_status s = o->type == TW_F32 ? tw_step_sparse_f32(opt, w, 0, NULL, NULL, err)
                                    : tw_step_sparse_f64(opt, w, 0, NULL, NULL, err);
    *falls_behind = s == TW_OK && tw_step_begin(opt, NULL) == TW_ERR_STATE;
    tw_optimizer_free(opt);
    return s;
}

/* Whether such an optimiser can step lists, and whether weights then fall behind: one with the same tensors,
 * but a single number in each, makes a step that touches nothing. TW_ERR_SPEC: it cannot. */
static tw_status try_sparse(const tw_run *r, const tw_optimizer_options *o, int *falls_behind, tw_error *err)
{
    static const int64_t ones[] = {1, 1, 1, 1, 1, 1, 1, 1};
    tw_optimizer_options small = *o;
    tw_tensor *tensors;
    void *w = NULL;
    TW_TRY(tw__alloc(r->ctx, &tensors, o->n_tensors, sizeof *tensors, err));
    for (size_t i = 0; i < o->n_tensors; i++) {
        tensors[i] = o->tensors[i];
        tensors[i].shape = ones;
        tensors[i].offset = i;
    }
    small.tensors = tensors;
    tw_status s = tw__alloc(r->ctx, &w, o->n_tensors, tw_type_size(o->type), err);
    if (s == TW_OK) s = try_step(r, &small, w, falls_behind, err);
    tw__free(r->ctx, w, o->n_tensors, tw_type_size(o->type));
    tw__free(r->ctx, tensors, o->n_tensors, sizeof *tensors);
    return s;
}

/* TW_ERR_SPEC, with the reason, if every weight must be stepped. */
static tw_status check_lists(tw_run *r, const tw_optimizer_options *o, tw_error *err)
{
    if (r->estimator->type->direction && !(r->estimator->is_led && r->degree_ratios))
        return tw__fail(err, TW_ERR_SPEC, "the estimator %s makes whole gradients",
                        r->estimator->type->about.name);
    if (r->gradient) return tw__fail(err, TW_ERR_SPEC, "a control looks at whole gradients");
    if (tw__run_is_penalised(r) && !r->decays && !r->degree_ratios)
        return tw__fail(
            err, TW_ERR_SPEC,
            "penalties move every weight; in closed form (sparse = skip, with l2) the result would be the same up "
            "to rounding only");
    TW_TRY(try_sparse(r, o, &r->falls_behind, err));
    if (tw__run_sparse_of(r) == TW_SPARSE_EXACT && r->o.sparse != TW_RUN_SPARSE_SKIP && r->falls_behind) {
        r->falls_behind = 0;
        return tw__fail(err, TW_ERR_SPEC,
                        "a gradient of 0 moves the weights of \"%.100s\"; in closed form (sparse = skip) the "
                        "result would be the same up to rounding only",
                        tw_optimizer_spec(r->optimizer));
    }
    return TW_OK;
}

tw_status tw__run_choose_sparse(tw_run *r, const tw_optimizer_options *o, tw_error *err)
{
    tw_error why;
    if ((unsigned)r->o.sparse > TW_RUN_SPARSE_DEGREE)
        return tw__fail(err, TW_ERR_SPEC, "sparse = %d is none of the values there are", (int)r->o.sparse);
    if (!r->train.touched && r->o.sparse != TW_RUN_SPARSE_EXACT)
        return tw__fail(
            err, TW_ERR_SPEC,
            "sparse has no effect: this objective's gradients are not sparse (a linear model's are "
            "on sparse rows)");
    if (r->o.sparse == TW_RUN_SPARSE_DENSE && tw__run_is_penalised(r))
        return tw__fail(err, TW_ERR_SPEC, "sparse = dense has no effect: penalties move every weight");
    if (!r->train.touched || r->o.sparse == TW_RUN_SPARSE_DENSE) return TW_OK;
    const tw_status s = check_lists(r, o, &why);
    r->exchange->steps_lists = s == TW_OK;
    if (s == TW_OK && r->o.sparse == TW_RUN_SPARSE_TOUCHED) tw__batch_only_lists(r->batch);
    if (s == TW_OK) return TW_OK;
    if (s != TW_ERR_SPEC) return tw__fail(err, s, "%s", why.message);
    if (r->o.sparse == TW_RUN_SPARSE_TOUCHED || r->degree_ratios)
        return tw__fail(err, s, "sparse = %s cannot be used: %s", tw_run_sparse_name(r->o.sparse),
                        why.message);
    tw__log(r->ctx, TW_LOG_INFO, "every weight is stepped: %s", why.message);
    return TW_OK;
}

/* ---- up to date ---------------------------------------------------------------------------------------- */

tw_status tw__touched_list(tw__touched *to, tw_context *ctx, const tw_objective *o, tw__fp_mode callers,
                           const uint64_t *rows, size_t n, tw_error *err)
{
    tw__fp_mode ours = tw__fp_enter();
    tw__fp_leave(callers);
    const size_t most = o->touched(o->user, rows, n, NULL);
    tw_status s = most > SIZE_MAX / 2
                      ? tw__fail(err, TW_ERR_SPEC, "the objective touches %zu weights", most)
                      : tw__grow(ctx, &to->index, &to->capacity, 2 * most, sizeof *to->index, err);
    to->n = s == TW_OK ? o->touched(o->user, rows, n, to->index) : 0;
    tw__fp_leave(ours);
    if (s == TW_OK && to->n > most)
        return tw__fail(err, TW_ERR_SPEC, "the objective touches %zu weights, and said %zu before", to->n,
                        most);
    return s;
}

void tw__touched_free(tw__touched *t, tw_context *ctx)
{
    tw__free(ctx, t->index, t->capacity, sizeof *t->index);
}

static tw_status flush(tw_run *r, size_t n, const uint32_t *index, tw_error *err)
{
    return r->train.type == TW_F32 ? tw_sparse_flush_f32(r->optimizer, r->w, n, index, err)
                                   : tw_sparse_flush_f64(r->optimizer, r->w, n, index, err);
}

tw_status tw__run_catch_up(tw_run *r, const uint64_t *rows, size_t n, tw_error *err)
{
    tw__touched *const t = &r->touched;
    if (!r->falls_behind) return TW_OK;
    TW_TRY(tw__touched_list(t, r->ctx, &r->train, r->mode, rows, n, err));
    t->n = tw__indices_sort(t->n, t->index, t->index + t->n);
    return t->n ? flush(r, t->n, t->index, err) : TW_OK;
}

tw_status tw__run_catch_up_all(tw_run *r, tw_error *err)
{
    if (r->by_row && r->updates > 0) {
        const tw__fp_mode mode = tw__fp_enter();
        tw__by_row_write(r->by_row, r->w);
        tw__fp_leave(mode);
    }
    return r->falls_behind ? flush(r, r->size, NULL, err) : TW_OK;
}
