/* Closed cases with an estimator: the quadratic as an objective without rows, whose noise is that of the
 * update's number.
 * SPDX-License-Identifier: MIT */
#include "conformance_sums.h"
#include <stdlib.h>
#include <thalweg/train.h>

struct closed_run {
    struct closed_case c;
    tw_run *run;
    tw_type type;
    int64_t shape[1];
    tw_tensor tensor;
    void *theta;
    double *noise;
    tw_error why; /* of the noise */
};

static double at(const struct closed_run *r, const void *theta, int i)
{
    return r->type == TW_F32 ? (double)((const float *)theta)[i] : ((const double *)theta)[i];
}

static void put(const struct closed_run *r, void *to, int i, double value)
{
    if (r->type == TW_F32) ((float *)to)[i] = (float)value;
    else ((double *)to)[i] = value;
}

static int eval(void *user, const tw_eval *e)
{
    struct closed_run *r = user;
    const struct closed_case *c = &r->c;
    *e->sums = (tw_sums){0, 1, 0};
    if (c->noise(c->user, (long)e->draw->number + 1, r->noise, &r->why) != TW_OK) return 1;
    for (int i = 0; i < c->n; i++) {
        double off = at(r, e->w, i) - c->star[i];
        e->sums->loss += c->curv[i] * off * off / 2 + r->noise[i] * off;
        if (e->want & TW_WANT_GRADIENT) put(r, e->gradient, i, c->curv[i] * off + r->noise[i]);
    }
    return 0;
}

static tw_status start(struct closed_run *r, tw_context *ctx, long steps, tw_error *err)
{
    r->shape[0] = r->c.n;
    r->tensor = (tw_tensor){"theta", 1, r->shape, 0, 0};
    r->theta = cli_alloc((size_t)r->c.n, sizeof(double), err);
    r->noise = cli_alloc((size_t)r->c.n, sizeof(double), err);
    if (!r->theta || !r->noise) return TW_ERR_MEMORY;
    for (int i = 0; i < r->c.n; i++) put(r, r->theta, i, r->c.theta0[i]);
    tw_objective f = {.size = sizeof f,
                      .type = r->type,
                      .tensors = &r->tensor,
                      .n_tensors = 1,
                      .lanes = 1,
                      .user = r,
                      .eval = eval};
    tw_run_options o = TW_RUN_OPTIONS_INIT;
    o.optimizer = r->c.rule;
    o.schedule = r->c.schedule;
    o.estimator = r->c.estimator;
    o.epochs = (uint64_t)(steps > 0 ? steps : 1);
    return tw_run_create(&r->run, ctx, &f, NULL, r->theta, &o, err);
}

tw_status closed_run_create(struct closed_run **out, tw_context *ctx, const struct closed_case *c,
                            int in_float, long steps, tw_error *err)
{
    struct closed_run *r = cli_alloc(1, sizeof *r, err);
    if (!r) return TW_ERR_MEMORY;
    r->c = *c;
    r->type = in_float ? TW_F32 : TW_F64;
    tw_status s = start(r, ctx, steps, err);
    if (s == TW_OK) *out = r;
    else closed_run_free(r);
    return s;
}

tw_status closed_run_to(struct closed_run *r, long step, double *theta, tw_error *err)
{
    const void *shown;
    int status;
    while ((long)tw_run_steps(r->run) < step) {
        tw_status s = tw_run_step(r->run, &status, err);
        if (s == TW_STOPPED) return cli_fail(err, r->why.code, "%s", r->why.message);
        CLI_TRY(s);
    }
    CLI_TRY(tw_run_weights(r->run, &shown, err));
    for (int i = 0; i < r->c.n; i++) theta[i] = at(r, shown, i);
    return TW_OK;
}

void closed_run_free(struct closed_run *r)
{
    if (!r) return;
    tw_run_free(r->run);
    free(r->theta);
    free(r->noise);
    free(r);
}
