/* liblinear's text model: the solver's name, the classes' labels, then for each column a line of weights, and
 * a last line for the bias. Of two classes a score above 0 is the first label's.
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "base/io.h"
#include "base/options.h"
#include "data/number.h"
#include "data/schema.h"
#include "models/linear/liblinear.h"
#include "models/linear/linear.h"
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which solver is which model. The first one of a model is the one that is written. */
static const struct solver {
    const char *name, *model;
    int of_numbers, is_joint; /* joint: scores of all classes, also of two */
} solvers[] = {
    {"L2R_LR", "logistic", 0, 0},
    {"L2R_LR_DUAL", "logistic", 0, 0},
    {"L1R_LR", "logistic", 0, 0},
    {"L2R_L2LOSS_SVC", "svm:l2=0", 0, 0},
    {"L2R_L2LOSS_SVC_DUAL", "svm:l2=0", 0, 0},
    {"L1R_L2LOSS_SVC", "svm:l2=0", 0, 0},
    {"L2R_L1LOSS_SVC_DUAL", "svm:l2=0,loss=hinge", 0, 0},
    {"MCSVM_CS", "svm:l2=0", 0, 1},
    {"L2R_L2LOSS_SVR", "linear", 1, 0},
    {"L2R_L2LOSS_SVR_DUAL", "linear", 1, 0},
    {"L2R_L1LOSS_SVR_DUAL", "linear", 1, 0},
};
enum { N_SOLVERS = sizeof solvers / sizeof solvers[0] };

/* ---- writing ------------------------------------------------------------------------------------------- */

static const struct solver *solver_named(const char *name)
{
    for (size_t i = 0; i < N_SOLVERS; i++)
        if (strcmp(solvers[i].name, name) == 0) return &solvers[i];
    return NULL;
}

static tw_status solver_of(const tw_model *m, const struct solver **out, tw_error *err)
{
    const char *kind = m->kind->loss ? m->kind->about.name : "";
    const tw__linear_state *s = m->state;
    const char *name = strcmp(kind, "logistic") == 0  ? "L2R_LR"
                       : strcmp(kind, "softmax") == 0 ? "MCSVM_CS"
                       : strcmp(kind, "svm") == 0
                           ? (s->parameter == 0 ? "L2R_L1LOSS_SVC_DUAL" : "L2R_L2LOSS_SVC")
                       : *kind && !m->kind->loss->is_of_classes && !m->kind->loss->output ? "L2R_L2LOSS_SVR"
                                                                                          : NULL;
    if (!name)
        return tw__fail(
            err, TW_ERR_SPEC,
            "liblinear has no model like %.60s; it has logistic, svm, linear, ridge and huber, and the classes "
            "of softmax",
            m->text);
    *out = solver_named(name);
    return TW_OK;
}

typedef struct output {
    tw__writer file;
    char text[8192];
    size_t used;
} output;

__attribute__((format(printf, 3, 4))) static tw_status put(output *o, tw_error *err, const char *format, ...)
{
    va_list args;
    if (o->used > sizeof o->text / 2) {
        TW_TRY(tw__writer_put(&o->file, o->text, o->used, err));
        o->used = 0;
    }
    va_start(args, format);
    o->used += (size_t)tw__vformat(o->text + o->used, sizeof o->text - o->used, format, args);
    va_end(args);
    return TW_OK;
}

static tw_status label_of(const tw_model *m, size_t class, int *label, tw_error *err)
{
    char text[TW_CLASS_TEXT];
    double x;
    const char *name = tw_model_class_text(m, class, text);
    if (tw__number_read(tw__text_of(name), &x) != 1 || x != floor(x) || fabs(x) > INT_MAX)
        return tw__fail(err, TW_ERR_SPEC, "class \"%.60s\" is no label of liblinear, which are whole numbers",
                        name);
    *label = (int)x;
    return TW_OK;
}

static tw_status write_head(output *o, const tw_model *m, const struct solver *s, tw_error *err)
{
    const size_t n = (size_t)m->labels;
    TW_TRY(put(o, err, "solver_type %s\nnr_class %zu\n", s->name, n ? n : 2));
    if (n) TW_TRY(put(o, err, "label"));
    for (size_t i = 0; i < n; i++) {
        int label = 0;
        TW_TRY(label_of(m, n == 2 && !s->is_joint ? 1 - i : i, &label, err));
        TW_TRY(put(o, err, " %d", label));
    }
    return put(o, err, "%snr_feature %zu\nbias %d\nw\n", n ? "\n" : "", tw__shape_size(&m->in),
               m->n_tensors > 1 ? 1 : -1);
}

static tw_status write_weights(output *o, const tw_model *m, const double *w, tw_error *err)
{
    const size_t columns = tw__shape_size(&m->in), outputs = m->kind->outputs(m);
    for (size_t j = 0; j < columns + (m->n_tensors > 1); j++) {
        for (size_t k = 0; k < outputs; k++) {
            const double x =
                j < columns ? w[k * columns + j] / (m->input == TW_U8 ? 255 : 1) : w[outputs * columns + k];
            if (!isfinite(x))
                return tw__fail(err, TW_ERR_NOT_FINITE, "a weight of column %zu is not finite", j + 1);
            TW_TRY(put(o, err, "%.17g ", x));
        }
        TW_TRY(put(o, err, "\n"));
    }
    return tw__writer_put(&o->file, o->text, o->used, err);
}

static tw_status check_columns(const tw_model *m, tw_error *err)
{
    tw__schema schema;
    if (!m->schema) return TW_OK;
    TW_TRY(tw__schema_read(&schema, m->ctx, m->schema, err));
    const int base = schema.base;
    tw__schema_free(&schema, m->ctx);
    if (base != 0) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "liblinear numbers columns from 1, the training rows from 0");
}

static tw_status write(const tw_model *m, const struct solver *s, const double *w, const char *path,
                       tw_error *err)
{
    output *o;
    TW_TRY(tw__alloc(m->ctx, &o, 1, sizeof *o, err));
    tw_status status = tw__writer_open(&o->file, m->ctx, path, err);
    if (status == TW_OK) {
        status = write_head(o, m, s, err);
        if (status == TW_OK) status = write_weights(o, m, w, err);
        if (status == TW_OK) status = tw__writer_finish(&o->file, err);
        else tw__writer_abandon(&o->file);
    }
    tw__free(m->ctx, o, 1, sizeof *o);
    return status;
}

tw_status tw_model_save_liblinear(const tw_model *m, const void *weights, const char *path, tw_error *err)
{
    TW_NEEDS(err, m && path);
    const struct solver *s;
    double *w;
    TW_TRY(solver_of(m, &s, err));
    TW_TRY(check_columns(m, err));
    TW_TRY(tw__alloc(m->ctx, &w, m->size, sizeof *w, err));
    tw__standardize_fold(m, weights ? weights : m->w, w);
    const tw_status status = write(m, s, w, path, err);
    tw__free(m->ctx, w, m->size, sizeof *w);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

typedef struct label {
    int value;
    size_t at; /* its place in the file */
} label;

typedef struct reader {
    tw_context *ctx;
    const char *path, *begin, *at, *end; /* *end is 0 */
    const struct solver *solver;
    double n_classes, n_columns, bias;
    label *labels; /* rising, n_classes of them; NULL: numbers */
} reader;

__attribute__((format(printf, 3, 4))) static tw_status wrong(const reader *r, tw_error *err,
                                                             const char *format, ...)
{
    char text[200];
    va_list args;
    int64_t line = 1;
    for (const char *p = r->begin; p < r->at; p++) line += *p == '\n';
    va_start(args, format);
    tw__vformat(text, sizeof text, format, args);
    va_end(args);
    return tw__fail_in(err, TW_ERR_DATA, r->path, line, -1, "%s", text);
}

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* The next word; empty at the end. */
static tw__text next(reader *r)
{
    while (r->at < r->end && is_space(*r->at)) r->at++;
    tw__text word = {r->at, 0};
    while (r->at < r->end && !is_space(*r->at)) r->at++;
    word.n = (size_t)(r->at - word.at);
    return word;
}

static tw_status read_number(reader *r, const char *what, double *to, tw_error *err)
{
    const tw__text word = next(r);
    const char *after = word.n ? tw__number_take(word.at, r->end, to) : NULL;
    if (word.n && after == word.at + word.n && isfinite(*to)) return TW_OK;
    return word.n ? wrong(r, err, "%s \"%.*s\" is not a number", what, TW__SHOW(word))
                  : wrong(r, err, "ends before its %s", what);
}

static tw_status read_natural(reader *r, const char *what, double least, double *to, tw_error *err)
{
    TW_TRY(read_number(r, what, to, err));
    if (*to == floor(*to) && *to >= least && *to <= INT_MAX) return TW_OK;
    return wrong(r, err, "%s %.9g is not a whole number from %.9g on", what, *to, least);
}

static int by_value(const void *a, const void *b)
{
    const int x = ((const label *)a)->value, y = ((const label *)b)->value;
    return (x > y) - (x < y);
}

static tw_status read_labels(reader *r, tw_error *err)
{
    const size_t n = (size_t)r->n_classes;
    double x;
    if (!n) return wrong(r, err, "label comes before nr_class");
    if (n > (size_t)(r->end - r->at)) return wrong(r, err, "ends before its %zu labels", n);
    TW_TRY(tw__alloc(r->ctx, &r->labels, n, sizeof *r->labels, err));
    for (size_t i = 0; i < n; i++) {
        TW_TRY(read_number(r, "label", &x, err));
        if (x != floor(x) || fabs(x) > INT_MAX) return wrong(r, err, "label %.9g is not a whole number", x);
        r->labels[i] = (label){(int)x, i};
    }
    qsort(r->labels, n, sizeof *r->labels, by_value);
    for (size_t i = 1; i < n; i++)
        if (r->labels[i].value == r->labels[i - 1].value)
            return wrong(r, err, "label %d is there twice", r->labels[i].value);
    return TW_OK;
}

static tw_status read_solver(reader *r, tw_error *err)
{
    char name[32];
    const tw__text word = next(r);
    snprintf(name, sizeof name, "%.*s", (int)(word.n < 31 ? word.n : 31), word.at);
    r->solver = strlen(name) == word.n ? solver_named(name) : NULL;
    return r->solver ? TW_OK : wrong(r, err, "solver_type \"%.*s\" is not supported", TW__SHOW(word));
}

enum { SOLVER, CLASSES, LABELS, COLUMNS, BIAS, WEIGHTS, N_KEYS };

static tw_status read_value(reader *r, int key, tw_error *err)
{
    switch (key) {
    case SOLVER: return read_solver(r, err);
    case CLASSES: return read_natural(r, "nr_class", 2, &r->n_classes, err);
    case LABELS: return read_labels(r, err);
    case COLUMNS: return read_natural(r, "nr_feature", 1, &r->n_columns, err);
    case BIAS: return read_number(r, "bias", &r->bias, err);
    default: return TW_OK;
    }
}

/* Every line once, in any order, up to "w". */
static tw_status read_head(reader *r, tw_error *err)
{
    static const char *const keys[N_KEYS] = {"solver_type", "nr_class", "label", "nr_feature", "bias", "w"};
    int given[N_KEYS] = {0};
    while (!given[WEIGHTS]) {
        const tw__text word = next(r);
        int key = 0;
        while (key < N_KEYS && !tw__text_is(word, keys[key])) key++;
        if (!word.n) return wrong(r, err, "ends before its weights");
        if (key == N_KEYS) return wrong(r, err, "\"%.*s\" is no line of such a model", TW__SHOW(word));
        if (given[key]++) return wrong(r, err, "%s is there twice", keys[key]);
        TW_TRY(read_value(r, key, err));
    }
    for (int key = 0; key < N_KEYS; key++)
        if (!given[key] && key != LABELS) return wrong(r, err, "%s is missing", keys[key]);
    if ((r->labels == NULL) != r->solver->of_numbers)
        return wrong(r, err, "a model by %s has %s", r->solver->name, r->labels ? "labels" : "no labels");
    return TW_OK;
}

/* Numbers in a line. */
static size_t width_of(const reader *r)
{
    if (r->solver->of_numbers || (r->n_classes == 2 && !r->solver->is_joint)) return 1;
    return (size_t)r->n_classes;
}

/* The line of a column, or of the bias, whose weights are `by` times as large. */
static tw_status read_line(reader *r, tw_model *m, double *line, size_t column, double by, tw_error *err)
{
    const size_t width = width_of(r), columns = tw__shape_size(&m->in), outputs = m->kind->outputs(m);
    double *w = m->w;
    for (size_t k = 0; k < width; k++) TW_TRY(read_number(r, "weight", &line[k], err));
    for (size_t k = 0; k < outputs; k++) {
        double x = line[outputs == 1 ? 0 : r->labels[k].at];
        if (outputs == 1 && r->labels) {
            const int second = r->labels[1].at == 0; /* the second of the rising labels is the first there */
            x = width == 2 ? line[r->labels[1].at] - line[r->labels[0].at] : second ? x : -x;
        }
        w[column < columns ? k * columns + column : outputs * columns + k] = by * x;
        if (!isfinite(by * x)) return wrong(r, err, "a weight is too large");
    }
    return TW_OK;
}

static tw_status read_weights(reader *r, tw_model *m, tw_error *err)
{
    const size_t columns = tw__shape_size(&m->in), width = width_of(r);
    double *line;
    TW_TRY(tw__alloc(r->ctx, &line, width, sizeof *line, err));
    tw_status s = TW_OK;
    for (size_t j = 0; j < columns + (r->bias >= 0) && s == TW_OK; j++)
        s = read_line(r, m, line, j, j < columns ? 1 : r->bias, err);
    if (s == TW_OK && r->at == r->end)
        s = wrong(r, err, "the last weight may be cut off: nothing follows it, and a line ends with \\n");
    if (s == TW_OK && next(r).n) s = wrong(r, err, "something follows the last weight");
    tw__free(r->ctx, line, width, sizeof *line);
    return s;
}

/* Classes by name, since labels may be below 0, and what LIBSVM files of such rows are. */
static tw_status name_classes(const reader *r, tw_model *m, tw_error *err)
{
    const size_t n = r->labels ? (size_t)r->n_classes : 0, capacity = 80 + 16 * n;
    char *schema;
    TW_TRY(tw__alloc(r->ctx, &schema, capacity, 1, err));
    size_t used = (size_t)snprintf(schema, capacity, "{\"width\":%lld,\"base\":1", (long long)r->n_columns);
    tw_status s = n ? tw__alloc(r->ctx, &m->class_names, n, sizeof *m->class_names, err) : TW_OK;
    for (size_t i = 0; i < n && s == TW_OK; i++) {
        char text[TW_CLASS_TEXT];
        snprintf(text, sizeof text, "%d", r->labels[i].value);
        s = tw__copy_text(r->ctx, &m->class_names[i], text, err);
        used +=
            (size_t)snprintf(schema + used, capacity - used, "%s\"%s\"", i ? "," : ",\"classes\":[", text);
    }
    snprintf(schema + used, capacity - used, n ? "]}" : "}");
    if (s == TW_OK) s = tw__copy_text(r->ctx, &m->schema, schema, err);
    tw__free(r->ctx, schema, capacity, 1);
    return s;
}

static tw_status make(reader *r, tw_model **out, tw_error *err)
{
    char text[64];
    tw__model_text t;
    tw__shape in;
    const int64_t shape[] = {(int64_t)r->n_columns};
    const double numbers = (r->n_columns + (r->bias >= 0)) * (double)width_of(r);
    if (numbers > (double)(r->end - r->at)) return wrong(r, err, "ends before its %.0f weights", numbers);
    snprintf(text, sizeof text, "%s%s", r->solver->model,
             r->bias >= 0                    ? ""
             : strchr(r->solver->model, ':') ? ",intercept=0"
                                             : ":intercept=0");
    TW_TRY(tw__model_text_read(&t, text, err));
    TW_TRY(tw__shape_of_row(1, shape, &in, err));
    TW_TRY(tw__model_new(out, r->ctx, &t, TW_F64, TW_F32, &in, r->labels ? (int64_t)r->n_classes : 0, err));
    TW_TRY(name_classes(r, *out, err));
    TW_TRY(tw__model_allocate(*out, err));
    return read_weights(r, *out, err);
}

int tw__is_liblinear(const uint8_t *bytes, size_t n)
{
    return n >= TW__LIBLINEAR_PEEK && memcmp(bytes, "solver_type", TW__LIBLINEAR_PEEK) == 0;
}

tw_status tw__liblinear_load(tw_model **out, tw_context *ctx, tw__stream *s, const char *path, tw_error *err)
{
    uint8_t *bytes = NULL;
    char *text = NULL;
    size_t n = 0;
    tw_status status = tw__stream_take(s, TW__LIBLINEAR_MOST, &bytes, &n, err);
    if (status == TW_OK) status = tw__stream_end(s, err);
    if (status == TW_OK) status = tw__alloc(ctx, &text, n + 1, 1, err);
    if (status == TW_OK) {
        memcpy(text, bytes, n);
        reader r = {.ctx = ctx, .path = path, .begin = text, .at = text, .end = text + n};
        status = read_head(&r, err);
        if (status == TW_OK) status = make(&r, out, err);
        tw__free(ctx, r.labels, (size_t)r.n_classes, sizeof *r.labels);
    }
    tw__free(ctx, text, n + 1, 1);
    tw__free(ctx, bytes, n, 1);
    return status;
}
