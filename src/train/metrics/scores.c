/* Which metrics are computed, of what, and keeping their results.
 * SPDX-License-Identifier: MIT */
#include "train/metrics/metric.h"
#include "base/cpu.h"
#include "data/data.h"
#include "models/model.h"
#include "models/row.h"
#include "train/lists.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/train.h>

/* ---- which --------------------------------------------------------------------------------------------- */

static tw_status check_fit(const tw__metric_type *t, const tw_outcomes *o, tw_error *err)
{
    const char *name = t->about.name;
    if ((t->traits & TW__OF_CLASSES) && !o->classes)
        return tw__fail(err, TW_ERR_SPEC, "%s is a metric of classes, but the model predicts numbers", name);
    if ((t->traits & TW__OF_NUMBERS) && !o->targets)
        return tw__fail(err, TW_ERR_SPEC, "%s is a metric of numbers, but the model predicts classes", name);
    if ((t->traits & TW__OF_EACH_TARGET) && o->n_outputs > 1 && !o->each_target)
        return tw__fail(err, TW_ERR_SPEC,
                        "%s is a metric of targets, but the model predicts rows of %zu numbers", name,
                        o->n_outputs);
    if ((t->traits & TW__OF_PROBABILITIES) && o->output != TW_OUTPUT_PROBABILITY)
        return tw__fail(err, TW_ERR_SPEC, "%s needs probabilities, but the model gives scores", name);
    if ((t->traits & TW__OF_TWO_CLASSES) && o->n_classes != 2)
        return tw__fail(err, TW_ERR_SPEC,
                        "%s is of two classes, but the model has %zu; %s_macro is the mean over all", name,
                        o->n_classes, name);
    if (t->top && t->top >= o->n_classes)
        return tw__fail(err, TW_ERR_SPEC, "%s is always 1: the model has %zu classes", name, o->n_classes);
    return TW_OK;
}

static tw_status add(tw_scores *s, const tw__metric_type *t, tw_error *err)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->type[i] == t) return tw__fail(err, TW_ERR_SPEC, "metric %s is given twice", t->about.name);
    if (s->n == TW__METRICS_MOST) return tw__fail(err, TW_ERR_SPEC, "more than %d metrics", TW__METRICS_MOST);
    s->type[s->n++] = t;
    return TW_OK;
}

static tw_status choose(tw_scores *s, const tw_outcomes *o, const char *names, tw_error *err)
{
    const tw__metric_type *t;
    if (names) TW_TRY(tw__list_check(names, "metrics", tw__metric_is, err));
    for (size_t i = 0; !names && (t = tw__metric_type_at(i)) != NULL; i++) {
        if (check_fit(t, o, NULL) != TW_OK) continue;
        if (t->traits & TW__ON_REQUEST) continue;
        if ((t->traits & TW__FOR_MORE_CLASSES) && o->n_classes <= 2) continue;
        if ((t->traits & TW__FOR_FEW_CLASSES) && o->n_classes > TW_CONFUSION_CLASSES) continue;
        TW_TRY(add(s, t, err));
    }
    for (const char *p = names; p && *(p += strspn(p, " ")); p += strcspn(p, " ")) {
        TW_TRY(tw__metric_find(&t, p, strcspn(p, " "), err));
        TW_TRY(check_fit(t, o, err));
        TW_TRY(add(s, t, err));
    }
    return s->n ? TW_OK : tw__fail(err, TW_ERR_SPEC, "no metric is named");
}

tw_status tw__scores_check(const tw_model *m, const char *names, tw_error *err)
{
    static const int32_t class = 0;
    static const double target = 0;
    tw_scores s = {.n = 0};
    const tw_outcomes o = {.output = m->output,
                           .n_classes = (size_t)m->labels,
                           .classes = m->labels ? &class : NULL,
                           .n_outputs = m->kind->outputs(m),
                           .targets = m->labels ? NULL : &target,
                           .each_target = !m->of_input};
    return choose(&s, &o, names, err);
}

const char *tw__scores_usual(const tw_model *m)
{
    if (m->kind == &tw__model_network) return "none";
    return !m->labels ? "rmse r2" : m->labels == 2 ? "auc f1" : "f1_macro";
}

/* ---- computing ----------------------------------------------------------------------------------------- */

static tw_status check_row(const tw_outcomes *o, uint64_t i, tw_error *err)
{
    const unsigned long long row = i;
    for (size_t k = 0; k < o->n_outputs; k++)
        if (!isfinite(o->outputs[i * o->n_outputs + k]))
            return tw__fail(err, TW_ERR_NOT_FINITE, "row %llu: the model's output is not a finite number",
                            row);
    if (o->weights && !(o->weights[i] > 0 && isfinite(o->weights[i])))
        return tw__fail(err, TW_ERR_DATA, "row %llu has weight %g; weights are above 0", row, o->weights[i]);
    if (o->classes && (o->classes[i] < 0 || (size_t)o->classes[i] >= o->n_classes))
        return tw__fail(err, TW_ERR_DATA, "row %llu has class %d of %zu", row, o->classes[i], o->n_classes);
    for (size_t k = 0; o->targets && k < o->n_outputs; k++)
        if (!isfinite(o->targets[i * o->n_outputs + k]))
            return tw__fail(err, TW_ERR_DATA, "row %llu has target %g", row,
                            tw__shown(o->targets[i * o->n_outputs + k]));
    return TW_OK;
}

static tw_status check(const tw_outcomes *o, tw_error *err)
{
    const int of_numbers = o->output == TW_OUTPUT_VALUE;
    if (!o->rows || !o->outputs) return tw__fail(err, TW_ERR_DATA, "no rows to compute metrics of");
    if (!(of_numbers ? o->targets != NULL : o->classes != NULL))
        return tw__fail(err, TW_ERR_DATA, "the rows have no %s, which metrics need",
                        of_numbers ? "targets" : "labels");
    if (of_numbers
            ? o->n_outputs < 1
            : o->n_classes < 2 || (o->n_outputs != o->n_classes && (o->n_outputs != 1 || o->n_classes != 2)))
        return tw__fail(err, TW_ERR_DATA, "%zu outputs do not fit %zu classes", o->n_outputs, o->n_classes);
    for (uint64_t i = 0; i < o->rows; i++) TW_TRY(check_row(o, i, err));
    return TW_OK;
}

/* As tw_model_prediction: the first of the highest; of one output, the second class above the middle. */
static int32_t class_of(const tw_outcomes *o, uint64_t i)
{
    const double *row = o->outputs + i * o->n_outputs;
    size_t best = 0;
    if (o->n_outputs == 1) return row[0] > (o->output == TW_OUTPUT_PROBABILITY ? 0.5 : 0);
    for (size_t k = 1; k < o->n_outputs; k++)
        if (row[k] > row[best]) best = k;
    return (int32_t)best;
}

static tw_status compute(tw_scores *s, const tw_outcomes *o, tw_error *err)
{
    tw__predicted p = {.ctx = s->ctx, .o = *o};
    tw_status status = TW_OK;
    if (o->classes) TW_TRY(tw__alloc(s->ctx, &p.classes, (size_t)o->rows, sizeof *p.classes, err));
    const tw__fp_mode mode = tw__fp_enter();
    for (uint64_t i = 0; p.classes && i < o->rows; i++) p.classes[i] = class_of(o, i);
    for (size_t i = 0; i < s->n && status == TW_OK; i++) {
        s->score[i] = (tw_score){.metric = &s->type[i]->about, .value = NAN};
        status = s->type[i]->compute(&p, &s->score[i], err);
        if (isfinite(s->score[i].value) || s->score[i].matrix || s->score[i].note[0]) continue;
        s->score[i].value = NAN;
        snprintf(s->score[i].note, sizeof s->score[i].note, "too large for a double");
    }
    tw__fp_leave(mode);
    tw__free(s->ctx, p.classes, (size_t)o->rows, sizeof *p.classes);
    return status;
}

tw_status tw_scores_create(tw_scores **out, tw_context *ctx, const tw_outcomes *of, const char *names,
                           tw_error *err)
{
    TW_MAKES(err, out, ctx && of);
    tw_outcomes o;
    tw_scores *s;
    TW_TRY(tw__sized_read(&o, sizeof o, of, "tw_outcomes", err));
    if (o.output == TW_OUTPUT_VALUE) o.classes = NULL;
    else o.targets = NULL;
    TW_TRY(check(&o, err));
    TW_TRY(tw__alloc(ctx, &s, 1, sizeof *s, err));
    s->ctx = ctx;
    tw_status status = choose(s, &o, names, err);
    if (status == TW_OK) status = compute(s, &o, err);
    if (status == TW_OK) *out = s;
    else tw_scores_free(s);
    return status;
}

void tw_scores_free(tw_scores *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->n; i++) {
        const tw_score *one = &s->score[i];
        tw__free(s->ctx, (void *)(uintptr_t)one->matrix, one->n * one->n, sizeof(double));
        tw__free(s->ctx, (void *)(uintptr_t)one->of_target, one->n, sizeof(double));
    }
    tw__free_text(s->ctx, s->json);
    tw__free(s->ctx, s, 1, sizeof *s);
}

const tw_score *tw_scores_at(const tw_scores *s, size_t i) { return s && i < s->n ? &s->score[i] : NULL; }

/* ---- of a model ---------------------------------------------------------------------------------------- */

/* The outputs as doubles; predicted in pieces, so that they are in memory once. */
static tw_status predict(const tw_model *m, const tw_objective *f, const void *w, double *to, tw_error *err)
{
    enum { PIECE = 8192 };
    const size_t n_outputs = f->n_outputs;
    const uint64_t most = f->carry ? f->n_rows : PIECE; /* what rows hand on ends with a piece */
    void *piece;
    if (m->type == TW_F64) return tw_predict(m->ctx, f, w, 0, (size_t)f->n_rows, to, err);
    TW_TRY(tw__alloc(m->ctx, &piece, (size_t)most, n_outputs * sizeof(float), err));
    tw_status s = TW_OK;
    for (uint64_t first = 0; first < f->n_rows && s == TW_OK; first += most) {
        const size_t n = (size_t)(f->n_rows - first < most ? f->n_rows - first : most);
        s = tw_predict(m->ctx, f, w, first, n, piece, err);
        for (size_t i = 0; s == TW_OK && i < n * n_outputs; i++)
            to[first * n_outputs + i] = (double)((const float *)piece)[i];
    }
    tw__free(m->ctx, piece, (size_t)most, n_outputs * sizeof(float));
    return s;
}

/* The rows themselves as targets, `all` numbers. */
static tw_status input_of(const tw__bound *b, size_t all, double **to, tw_error *err)
{
    const tw_row rows = {.x = b->data.x};
    TW_TRY(tw__alloc(b->model->ctx, to, all, sizeof **to, err));
    for (size_t i = 0; i < all; i++) (*to)[i] = tw__row_number(b->data.type, b->model->type, &rows, i);
    return TW_OK;
}

static tw_status score(tw_scores **out, const tw_objective *f, const void *w, const char *names,
                       tw_error *err)
{
    const tw__bound *b = f->user;
    const tw_model *m = b->model;
    double *outputs, *input = NULL;
    size_t n;
    if (f->only_outputs)
        return tw__fail(err, TW_ERR_DATA, "%s has no labels, which metrics need", b->data.name);
    if (!tw__size_mul((size_t)f->n_rows, f->n_outputs, &n))
        return tw__fail(err, TW_ERR_MEMORY, "the outputs of all rows do not fit into memory");
    TW_TRY(tw__alloc(m->ctx, &outputs, n, sizeof *outputs, err));
    tw_status s = predict(m, f, w ? w : m->w, outputs, err);
    if (s == TW_OK && m->of_input) s = input_of(b, n, &input, err);
    const size_t of_row = tw__data_labels_of_row(&b->data);
    const tw_outcomes o = {.size = sizeof o,
                           .rows = f->n_rows * of_row,
                           .output = m->output,
                           .n_outputs = f->n_outputs / of_row,
                           .outputs = outputs,
                           .are_floats = m->type == TW_F32,
                           .n_classes = (size_t)m->labels,
                           .classes = b->classes,
                           .targets = input ? input : b->targets,
                           .weights = b->data.weights,
                           .class_weights = m->class_weights,
                           .each_target = !m->of_input};
    if (s == TW_OK) s = tw_scores_create(out, m->ctx, &o, names, err);
    if (input) tw__free(m->ctx, input, n, sizeof *input);
    tw__free(m->ctx, outputs, n, sizeof *outputs);
    return s;
}

tw_status tw_scores_of_model(tw_scores **out, tw_model *m, const tw_data *data, const void *weights,
                             const char *names, tw_error *err)
{
    TW_MAKES(err, out, m && data);
    tw_objective f = TW_OBJECTIVE_INIT;
    TW_TRY(tw_model_objective(m, data, &f, err));
    const tw_status s = score(out, &f, weights, names, err);
    tw_model_objective_free(&f);
    return s;
}
