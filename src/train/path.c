/* A path of penalties; see path.h.
 * SPDX-License-Identifier: MIT */
#include "train/path.h"
#include "base/cpu.h"
#include "base/decimal.h"
#include "base/options.h"
#include "math/elementary.h"
#include "models/model.h"
#include <math.h>
#include <string.h>
#include <thalweg/train.h>

static double *value_of(tw_model_choice *c, const char *name)
{
    for (int i = 0; c->kind && i < c->kind->n_options; i++)
        if (strcmp(c->kind->options[i].name, name) == 0) return &c->values[i];
    return NULL;
}

/* A model's penalties; those of a kind without them are NULL. */
static tw_status read(const char *text, tw_model_choice *choice, double **l1, double **l2, tw_error *err)
{
    TW_TRY(tw_model_read(choice, text, err));
    *l1 = value_of(choice, "l1");
    *l2 = value_of(choice, "l2");
    return TW_OK;
}

static tw_status write(tw_model_choice *choice, char to[TW_SPEC_MAX], tw_error *err)
{
    TW_TRY(tw__model_choice_write(choice, err));
    memcpy(to, choice->spec, TW_SPEC_MAX);
    return TW_OK;
}

tw_status tw__path_check(const char *text, tw_error *err)
{
    tw_model_choice choice;
    double *l1, *l2;
    TW_TRY(read(text, &choice, &l1, &l2, err));
    return l1 && l2
               ? TW_OK
               : tw__fail(
                     err, TW_ERR_SPEC,
                     "path is for models with penalties l1 and l2, linear ones (thalweg models), not %.100s",
                     text);
}

tw_status tw__path_text(const char *text, double scale, char to[TW_SPEC_MAX], tw_error *err)
{
    tw_model_choice choice;
    double *l1, *l2;
    TW_TRY(read(text, &choice, &l1, &l2, err));
    if (!(*l1 > 0)) *l2 = 1;
    *l1 *= scale;
    *l2 *= scale;
    return write(&choice, to, err);
}

tw_status tw__path_penalties(const char *text, double *l1, double *l2, tw_error *err)
{
    tw_model_choice choice;
    double *first, *second;
    TW_TRY(read(text, &choice, &first, &second, err));
    *l1 = *first;
    *l2 = *second;
    return TW_OK;
}

/* ---- the first ----------------------------------------------------------------------------------------- */

/* With an l2 far above all curvature the weights are the gradient at 0 divided by it, up to sign, while the
 * intercept is free. */
#define HUGE_PENALTY 1e12

static tw_status fit(tw_context *ctx, tw_model *m, const tw_data *rows, double *largest, tw_error *err)
{
    const tw_run_options o = {.size = sizeof o, .solver = "newton-cg", .tol = 1e-9, .epochs = 100};
    tw_objective f = TW_OBJECTIVE_INIT;
    tw_run *run = NULL;
    tw_status s = tw_model_objective(m, rows, &f, err);
    if (s == TW_OK) s = tw_run_create(&run, ctx, &f, NULL, tw_model_weights(m), &o, err);
    for (int status = TW_RUN_GOING; s == TW_OK && status == TW_RUN_GOING;) s = tw_run_step(run, &status, err);
    const double *w = tw_model_weights(m);
    *largest = 0;
    for (size_t i = 0; s == TW_OK && i < f.glm->columns * f.glm->outputs; i++)
        if (fabs(w[i]) > *largest) *largest = fabs(w[i]);
    *largest *= HUGE_PENALTY;
    tw_run_free(run);
    tw_model_objective_free(&f);
    return s;
}

static tw_status find_largest(tw_context *ctx, const char *text, const tw_data *rows, double *largest,
                              tw_error *err)
{
    char spec[TW_SPEC_MAX];
    tw_model_choice choice;
    tw_model *m;
    double *l1, *l2;
    TW_TRY(read(text, &choice, &l1, &l2, err));
    const double share = *l1 > 0 ? *l1 : 1;
    *l1 = 0;
    *l2 = HUGE_PENALTY;
    TW_TRY(write(&choice, spec, err));
    TW_TRY(tw_model_create(&m, ctx, spec, TW_F64, rows, 0, err));
    const tw_status s = fit(ctx, m, rows, largest, err);
    tw_model_free(m);
    *largest /= share;
    if (s != TW_OK || *largest > 0) return s;
    return tw__fail(err, TW_ERR_DATA, "no column changes the loss: there is no path of penalties");
}

/* Six digits are enough, and above the largest by more than they leave out. */
static double rounded(double x)
{
    char text[32];
    double y;
    tw__format(text, sizeof text, "%.6g", x);
    return tw__number_read(tw__text_of(text), &y) == 1 ? y : x;
}

tw_status tw__path_scales(tw_context *ctx, const char *text, const tw_data *rows, double ratio, uint64_t n,
                          double *scales, tw_error *err)
{
    double largest;
    TW_TRY(find_largest(ctx, text, rows, &largest, err));
    const tw__fp_mode mode = tw__fp_enter();
    for (uint64_t i = 0; i < n; i++)
        scales[i] =
            rounded(1.00001 * largest * tw__exp_f64(tw__log_f64(ratio) * (double)i / (double)(n - 1)));
    tw__fp_leave(mode);
    return TW_OK;
}
