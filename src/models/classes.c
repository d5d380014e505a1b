/* Names: of the classes that a model tells apart, which other data may number in another way, of the targets
 * and of the columns.
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "base/options.h"
#include "data/data.h"
#include "data/words.h"
#include "file/utf8.h"
#include "models/model.h"
#include <stdio.h>
#include <string.h>

tw_status tw__copy_names(tw_context *ctx, char ***out, const char *const *from, size_t n, tw_error *err)
{
    TW_TRY(tw__alloc(ctx, out, n, sizeof **out, err));
    for (size_t i = 0; i < n; i++) {
        if (!tw__utf8_is_valid(from[i]))
            return tw__fail(err, TW_ERR_DATA, "name %zu of a class or column is not UTF-8", i);
        TW_TRY(tw__copy_text(ctx, &(*out)[i], from[i], err));
    }
    return TW_OK;
}

void tw__free_names(tw_context *ctx, char **names, size_t n)
{
    for (size_t i = 0; names && i < n; i++) tw__free_text(ctx, names[i]);
    tw__free(ctx, names, n, sizeof *names);
}

/* A model with as many classes as the labels have takes their labels: each class stands for one of them. One
 * that has more has a class for every number up to its last. */
tw_status tw__model_take_names(tw_model *m, const tw_data_info *data, tw_error *err)
{
    const size_t n = (size_t)data->classes;
    if (data->schema) TW_TRY(tw__copy_text(m->ctx, &m->schema, data->schema, err));
    if (data->column_names)
        TW_TRY(tw__copy_names(m->ctx, &m->column_names, data->column_names, tw__shape_size(&m->in), err));
    if (data->target_names && data->n_targets == m->kind->outputs(m))
        TW_TRY(tw__copy_names(m->ctx, &m->target_names, data->target_names, data->n_targets, err));
    if (m->labels && data->class_names)
        return tw__copy_names(m->ctx, &m->class_names, data->class_names, n, err);
    if (!data->class_labels || data->classes != m->labels) return TW_OK;
    TW_TRY(tw__alloc(m->ctx, &m->class_labels, n, sizeof *m->class_labels, err));
    memcpy(m->class_labels, data->class_labels, n * sizeof *m->class_labels);
    return TW_OK;
}

const char *tw_model_class_name(const tw_model *m, size_t i)
{
    return m->class_names && i < (size_t)m->classes ? m->class_names[i] : NULL;
}

const char *tw_model_target_name(const tw_model *m, size_t i)
{
    return m->target_names && i < m->kind->outputs(m) ? m->target_names[i] : NULL;
}

int32_t tw_model_class(const tw_model *m, size_t i)
{
    return m->class_labels ? m->class_labels[i] : (int32_t)i;
}

/* The place of a label among n rising ones (NULL: 0 to n - 1); -1: none. */
static int64_t find_label(const int32_t *labels, int64_t n, int32_t label)
{
    int64_t lo = 0, hi = n;
    if (!labels) return label >= 0 && label < n ? label : -1;
    while (lo < hi) {
        const int64_t middle = lo + (hi - lo) / 2;
        if (labels[middle] < label) lo = middle + 1;
        else hi = middle;
    }
    return lo < n && labels[lo] == label ? lo : -1;
}

static const char *class_text(const char *name, int32_t label, char to[TW_CLASS_TEXT])
{
    if (name) return name;
    snprintf(to, TW_CLASS_TEXT, "%d", label);
    return to;
}

const char *tw_model_class_text(const tw_model *m, size_t i, char to[TW_CLASS_TEXT])
{
    return class_text(tw_model_class_name(m, i), tw_model_class(m, i), to);
}

static int32_t label_of_data(const tw_data_info *data, int64_t i)
{
    return data->class_labels ? data->class_labels[i] : (int32_t)i;
}

static const char *text_of_data(const tw_data_info *data, int64_t i, char to[TW_CLASS_TEXT])
{
    return class_text(data->class_names ? data->class_names[i] : NULL, label_of_data(data, i), to);
}

/* "+1" and "1" are one class. */
static int is_same(const char *a, const char *b)
{
    double x, y;
    if (strcmp(a, b) == 0) return 1;
    return tw__number_read(tw__text_of(a), &x) && tw__number_read(tw__text_of(b), &y) &&
           tw__label_is_equal(x, y);
}

/* Most data have the model's classes in their order, so the search begins at the same place. */
static int32_t find_class(const tw_model *m, const tw_data_info *data, int64_t i)
{
    char a[TW_CLASS_TEXT], b[TW_CLASS_TEXT];
    const char *wanted = text_of_data(data, i, a);
    if (!m->class_names && !data->class_names)
        return (int32_t)find_label(m->class_labels, m->labels, label_of_data(data, i));
    for (int64_t k = 0; k < m->labels; k++) {
        const int64_t at = (i + k) % m->labels;
        if (is_same(wanted, tw_model_class_text(m, (size_t)(at), b))) return (int32_t)at;
    }
    return -1;
}

static tw_status unknown_class(const tw_model *m, const tw_data_info *data, size_t label, tw_error *err)
{
    char has[TW_CLASS_TEXT], first[TW_CLASS_TEXT], last[TW_CLASS_TEXT];
    const int64_t i = find_label(data->class_labels, data->classes, data->labels[label]);
    return tw__fail(err, TW_ERR_DATA,
                    "%s: row %llu has label %.60s, the model knows %lld classes, %.60s to %.60s", data->name,
                    (unsigned long long)(label / tw__data_labels_of_row(data)) + 1,
                    i < 0 ? class_text(NULL, data->labels[label], has) : text_of_data(data, i, has),
                    (long long)m->labels, tw_model_class_text(m, (size_t)(0), first),
                    tw_model_class_text(m, (size_t)(m->labels - 1), last));
}

/* The model's class for each of the data's. *same: label i stands for class i. */
static tw_status map_classes(const tw_model *m, const tw_data_info *data, int32_t **class_of, int *same,
                             tw_error *err)
{
    TW_TRY(tw__alloc(m->ctx, class_of, (size_t)data->classes, sizeof **class_of, err));
    *same = !data->class_labels;
    for (int32_t i = 0; i < data->classes; i++) {
        (*class_of)[i] = find_class(m, data, i);
        *same &= (*class_of)[i] == i;
    }
    return TW_OK;
}

/* to: NULL, or where they go. */
static tw_status read_classes(const tw_model *m, const tw_data_info *data, const int32_t *class_of,
                              int32_t *to, tw_error *err)
{
    for (size_t k = 0; k < tw__data_labels(data); k++) {
        const int64_t i = find_label(data->class_labels, data->classes, data->labels[k]);
        const int32_t class = i < 0 ? -1 : class_of[i];
        if (class < 0) return unknown_class(m, data, k, err);
        if (to) to[k] = class;
    }
    return TW_OK;
}

tw_status tw__model_classes(const tw_model *m, const tw_data_info *data, const int32_t **out, tw_error *err)
{
    int32_t *class_of, *made = NULL;
    int same;
    *out = NULL;
    TW_TRY(map_classes(m, data, &class_of, &same, err));
    const size_t n = tw__data_labels(data);
    tw_status s = same ? TW_OK : tw__alloc(m->ctx, &made, n, sizeof *made, err);
    if (s == TW_OK) s = read_classes(m, data, class_of, made, err);
    tw__free(m->ctx, class_of, (size_t)data->classes, sizeof *class_of);
    if (s == TW_OK) *out = same ? data->labels : made;
    else tw__free(m->ctx, made, n, sizeof *made);
    return s;
}

/* ---- predictions --------------------------------------------------------------------------------------- */

static double output_at(const tw_model *m, const void *outputs, size_t i)
{
    return m->type == TW_F64 ? ((const double *)outputs)[i] : (double)((const float *)outputs)[i];
}

/* The first of the highest; of one output, the second class above the middle. */
static size_t class_of(const tw_model *m, const void *outputs)
{
    const size_t n = m->kind->outputs(m) / tw_model_predictions(m);
    size_t best = 0;
    if (n == 1) return output_at(m, outputs, 0) > (m->output == TW_OUTPUT_PROBABILITY ? 0.5 : 0);
    for (size_t i = 1; i < n; i++)
        if (output_at(m, outputs, i) > output_at(m, outputs, best)) best = i;
    return best;
}

const char *tw_model_prediction(const tw_model *m, const void *outputs, char *to, size_t size)
{
    if (m->output == TW_OUTPUT_VALUE) {
        tw__format(to, size, "%.9g", output_at(m, outputs, 0));
        return to;
    }
    const size_t class = class_of(m, outputs);
    char number[TW_CLASS_TEXT];
    snprintf(to, size, "%s", tw_model_class_text(m, class, number));
    return to;
}
