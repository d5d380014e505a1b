/* Rows and models for tests of the linear family: the same numbers dense and sparse, evaluated at one point.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_LINEAR_MODELS_H
#define TESTS_LINEAR_MODELS_H
#define _DEFAULT_SOURCE
#include "base/random.h"
#include "context.h"
#include "models/linear/linear.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thalweg/train.h>

enum { ROWS = 24, COLUMNS = 37 };

/* Rows of which two thirds are 0, with a -0 among them. */
typedef struct some_rows {
    double wide[ROWS * COLUMNS], sparse_wide[ROWS * COLUMNS], targets[ROWS], weights[ROWS];
    float narrow[ROWS * COLUMNS], sparse_narrow[ROWS * COLUMNS];
    uint64_t starts[ROWS + 1];
    uint32_t columns[ROWS * COLUMNS];
    int32_t labels[ROWS];
} some_rows;

static inline double unit(uint32_t stream, uint64_t i) { return tw__random_unit(7, TW__FOR_TEST, stream, i); }

static inline void fill_rows(some_rows *to, int classes)
{
    uint64_t n = 0;
    memset(to, 0, sizeof *to);
    for (uint64_t i = 0; i < ROWS; i++) {
        for (uint32_t j = 0; j < COLUMNS; j++) {
            const uint64_t at = i * COLUMNS + j;
            if (unit(1, at) > 0.33) continue;
            to->narrow[at] = (float)(unit(2, at) - 0.4);
            to->wide[at] = to->narrow[at];
            to->sparse_wide[n] = to->wide[at];
            to->sparse_narrow[n] = to->narrow[at];
            to->columns[n++] = j;
        }
        to->starts[i + 1] = n;
        to->labels[i] = (int32_t)(i * 5 % 7 % (uint64_t)classes);
        to->targets[i] = floor(4 * unit(3, i));
        to->weights[i] = 0.5 + (double)(i % 3);
    }
    size_t zero = 0;
    while (to->narrow[zero] != 0) zero++;
    to->wide[zero] = -0.0, to->narrow[zero] = -0.0f;
}

/* classes 0: targets */
static inline tw_data *rows_data(tw_context *ctx, const some_rows *r, tw_type type, int sparse, int classes,
                                 int weighted)
{
    tw_data_info info = {.size = sizeof info, .rows = ROWS, .rank = 1, .shape = {COLUMNS}, .type = type};
    tw_data *data;
    tw_error err;
    info.x = type == TW_F64 ? (sparse ? (const void *)r->sparse_wide : r->wide)
                            : (sparse ? (const void *)r->sparse_narrow : r->narrow);
    if (sparse) info.starts = r->starts, info.columns = r->columns;
    if (classes) info.labels = r->labels;
    else info.targets = r->targets, info.n_targets = 1;
    if (weighted) info.weights = r->weights;
    if (tw_data_create(&data, ctx, &info, &err) != TW_OK) fail_msg("%s", err.message);
    return data;
}

static inline tw_model *new_model(tw_context *ctx, const char *text, tw_type type, const tw_data *data)
{
    tw_model *m;
    tw_error err;
    if (tw_model_create(&m, ctx, text, type, data, 1, &err) != TW_OK) fail_msg("%s: %s", text, err.message);
    return m;
}

/* A model on some rows, and what is minimised. */
typedef struct linear_problem {
    tw_context *ctx;
    tw_data *data;
    tw_model *model;
    tw_objective objective;
} linear_problem;

static inline linear_problem open_rows(tw_context *ctx, tw_data *data, const char *model, tw_type type)
{
    linear_problem p = {.ctx = ctx, .data = data, .objective = TW_OBJECTIVE_INIT};
    p.model = new_model(ctx, model, type, data);
    assert_int_equal(tw_model_objective(p.model, data, &p.objective, NULL), TW_OK);
    return p;
}

/* In double, with a context of its own. */
static inline linear_problem open_info(const tw_data_info *info, const char *model, int threads)
{
    tw_context *ctx = context(threads);
    tw_data *data;
    tw_error err;
    if (tw_data_create(&data, ctx, info, &err) != TW_OK) fail_msg("%s", err.message);
    return open_rows(ctx, data, model, TW_F64);
}

/* All but the context. */
static inline void close_rows(linear_problem *p)
{
    tw_model_objective_free(&p->objective);
    tw_model_free(p->model);
    tw_data_free(p->data);
}

static inline void close_problem(linear_problem *p)
{
    close_rows(p);
    tw_context_free(p->ctx);
}

/* Weights that are not 0, some of either sign. */
static inline void set_weights(tw_model *m)
{
    for (size_t i = 0; i < tw_model_size(m); i++) {
        const double w = unit(4, i) - 0.5;
        if (tw_model_type(m) == TW_F64) ((double *)tw_model_weights(m))[i] = w;
        else ((float *)tw_model_weights(m))[i] = (float)w;
    }
}

static inline tw_sums evaluate(const tw_objective *o, const void *w, unsigned want, const uint64_t *rows,
                               size_t n, void *gradient, void *output)
{
    const tw_draw draw = {.number = 0};
    tw_sums sums;
    const tw_eval e = {.size = sizeof e,
                       .want = want,
                       .w = w,
                       .rows = rows,
                       .n = n,
                       .draw = &draw,
                       .sums = &sums,
                       .gradient = gradient,
                       .output = output};
    if (o->point) assert_int_equal(o->point(o->user, w), 0);
    assert_int_equal(o->eval(o->user, &e), 0);
    return sums;
}

/* Every kind of the list with its penalties; those of classes with two and with three. */
static inline void for_each_model(void (*check)(const char *text, int classes))
{
    const tw_model_kind *kind;
    char text[80];
    size_t n = 0;
    for (size_t i = 0; (kind = tw_model_kind_at(i)) != NULL; i++) {
        tw__model_text t;
        assert_int_equal(tw__model_text_read(&t, kind->name, NULL), TW_OK);
        if (!t.kind->loss) continue; /* of another family */
        snprintf(text, sizeof text, "%s:l2=0.1,l1=0.01", kind->name);
        assert_int_equal(tw__model_text_read(&t, text, NULL), TW_OK);
        if (!t.kind->loss->is_of_classes) check(text, 0), n++;
        else check(text, 2), check(text, 3), n++;
    }
    assert_true(n >= 7);
    check("svm:loss=hinge", 2);
    check("huber:delta=0.3,intercept=0", 0);
    check("softmax:intercept=0", 3);
    check("softmax:l2=0.1,intercept=0,standardize=1", 3);
}
#endif
