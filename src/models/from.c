/* Models that start from the weights of another one.
 * SPDX-License-Identifier: MIT */
#include "models/linear/linear.h"
#include <stdio.h>
#include <string.h>

/* Numbers of the largest tensor. */
static size_t largest(const tw_model *m)
{
    size_t most = 0, n;
    for (size_t i = 0; i < m->n_tensors; i++)
        if (tw__size_of_shape(m->tensors[i].rank, m->tensors[i].shape, &n) && n > most) most = n;
    return most;
}

/* ---- the hash ------------------------------------------------------------------------------------------ */

static void hash_text(tw__hash *h, const char *text)
{
    tw__hash_add_number(h, text ? strlen(text) + 1 : 0);
    if (text) tw__hash_add(h, text, strlen(text));
}

static void hash_meaning(tw__hash *h, const tw_model *m)
{
    hash_text(h, m->text);
    tw__hash_add_number(h, (uint64_t)m->type);
    tw__hash_add_number(h, m->input == TW_U8);
    for (int i = 0; i < m->in.rank; i++) tw__hash_add_number(h, (uint64_t)m->in.n[i]);
    hash_text(h, m->schema);
    for (int64_t i = 0; i < m->labels; i++) {
        hash_text(h, tw_model_class_name(m, (size_t)i));
        tw__hash_add_number(h, (uint64_t)tw_model_class(m, (size_t)i));
    }
}

tw_status tw__model_hash(const tw_model *m, char to[TW__HASH_DIGITS + 1], tw_error *err)
{
    const size_t bytes = tw_type_size(m->type), most = largest(m);
    void *saved;
    tw__hash h;
    TW_TRY(tw__alloc(m->ctx, &saved, most, bytes, err));
    tw__hash_start(&h);
    hash_meaning(&h, m);
    for (size_t i = 0; i < m->n_tensors; i++) {
        size_t n = 0;
        tw__size_of_shape(m->tensors[i].rank, m->tensors[i].shape, &n);
        tw__model_save_tensor(m, i, m->w, saved);
        tw__hash_add(&h, saved, n * bytes);
    }
    tw__hash_hex(&h, to);
    tw__free(m->ctx, saved, most, bytes);
    return TW_OK;
}

/* ---- the weights --------------------------------------------------------------------------------------- */

static void tensor_text(const tw_tensor *t, char to[96])
{
    int used = snprintf(to, 96, "%.40s (", t->name);
    for (int i = 0; i < t->rank && used < 80; i++)
        used += snprintf(to + used, (size_t)(96 - used), i ? ", %lld" : "%lld", (long long)t->shape[i]);
    snprintf(to + used, (size_t)(96 - used), ")");
}

static tw_status check_tensors(const tw_model *m, const tw_model *from, tw_error *err)
{
    char has[96], wants[96];
    for (size_t i = 0; i < m->n_tensors && i < from->n_tensors; i++) {
        const tw_tensor *a = &m->tensors[i], *b = &from->tensors[i];
        if (strcmp(a->name, b->name) == 0 && a->rank == b->rank &&
            memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0)
            continue;
        tensor_text(a, wants);
        tensor_text(b, has);
        return tw__fail(err, TW_ERR_SPEC,
                        "%.100s has weights %s, but the model to start from, %.100s, has %s", m->text, wants,
                        from->text, has);
    }
    if (m->n_tensors == from->n_tensors) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "%.100s has another number of tensors than the model to start from, %.100s: %zu, there %zu", m->text,
        from->text, m->n_tensors, from->n_tensors);
}

static tw_status check_classes(const tw_model *m, const tw_model *from, tw_error *err)
{
    if (m->labels == from->labels) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "%.100s has %lld classes, but the model to start from, %.100s, has %lld", m->text,
                    (long long)m->labels, from->text, (long long)from->labels);
}

/* Both predict classes, or both numbers. */
static tw_status check_kind(const tw__model_text *text, const tw_model *from, tw_error *err)
{
    static const char *const predicts[] = {"numbers", "classes"};
    const int classes = tw__model_text_is_of_classes(text);
    if (classes == (from->labels > 0)) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%.100s predicts %s, but the model to start from, %.100s, predicts %s",
                    text->network ? text->network : text->choice.spec, predicts[classes], from->text,
                    predicts[!classes]);
}

/* By their saved form, as what lies in memory may differ between types. */
static tw_status copy_weights(tw_model *m, const tw_model *from, tw_error *err)
{
    const size_t most = largest(m);
    void *saved, *fresh;
    TW_TRY(tw__alloc(m->ctx, &saved, most, tw_type_size(from->type), err));
    tw_status s = tw__alloc(m->ctx, &fresh, most, tw_type_size(m->type), err);
    for (size_t i = 0; s == TW_OK && i < m->n_tensors; i++) {
        size_t n = 0;
        tw__size_of_shape(m->tensors[i].rank, m->tensors[i].shape, &n);
        tw__model_save_tensor(from, i, from->w, saved);
        for (size_t k = 0; k < n; k++)
            if (m->type == TW_F64) ((double *)fresh)[k] = tw__weight_at(from->type, saved, k);
            else ((float *)fresh)[k] = (float)tw__weight_at(from->type, saved, k);
        tw__model_load_tensor(m, i, fresh);
    }
    if (s == TW_OK) tw__free(m->ctx, fresh, most, tw_type_size(m->type));
    tw__free(m->ctx, saved, most, tw_type_size(from->type));
    return s;
}

/* The weights that do the same on rows whose columns have another scale; on the same scale, the same bits. */
static tw_status rescale(tw_model *m, const tw_model *from, tw_error *err)
{
    const size_t bytes = tw__shape_size(&m->in) * sizeof(double);
    double *folded;
    if (m->scale && from->scale && memcmp(m->scale, from->scale, bytes) == 0 && !m->center == !from->center &&
        (!m->center || memcmp(m->center, from->center, bytes) == 0))
        return TW_OK;
    if (from->center && m->n_tensors == 1)
        return tw__fail(err, TW_ERR_SPEC, "%.100s has no intercept to take over the means of %.100s", m->text,
                        from->text);
    TW_TRY(tw__alloc(m->ctx, &folded, from->size, sizeof *folded, err));
    tw__standardize_fold(from, from->w, folded);
    tw__standardize_unfold(m, folded);
    tw__free(m->ctx, folded, from->size, sizeof *folded);
    return TW_OK;
}

/* What columns and classes mean, as `from` has it. */
static tw_status copy_names(tw_model *m, const tw_model *from, tw_error *err)
{
    const size_t columns = tw__shape_size(&m->in), n = (size_t)m->labels;
    if (from->schema) TW_TRY(tw__copy_text(m->ctx, &m->schema, from->schema, err));
    if (from->column_names)
        TW_TRY(
            tw__copy_names(m->ctx, &m->column_names, (const char *const *)from->column_names, columns, err));
    if (from->target_names)
        TW_TRY(tw__copy_names(m->ctx, &m->target_names, (const char *const *)from->target_names,
                              m->kind->outputs(m), err));
    if (from->class_names)
        TW_TRY(tw__copy_names(m->ctx, &m->class_names, (const char *const *)from->class_names,
                              (size_t)m->classes, err));
    if (!from->class_labels) return TW_OK;
    TW_TRY(tw__alloc(m->ctx, &m->class_labels, n, sizeof *m->class_labels, err));
    memcpy(m->class_labels, from->class_labels, n * sizeof *m->class_labels);
    return TW_OK;
}

static tw_status take_over(tw_model *m, const tw_model *from, const tw_data_info *data, tw_error *err)
{
    TW_TRY(check_classes(m, from, err));
    TW_TRY(copy_names(m, from, err));
    TW_TRY(m->kind->learn(m, data, err)); /* which may decide the tensors */
    TW_TRY(check_tensors(m, from, err));
    TW_TRY(tw__model_allocate(m, err));
    TW_TRY(copy_weights(m, from, err));
    return m->scale || from->scale ? rescale(m, from, err) : TW_OK;
}

tw_status tw_model_create_from(tw_model **out, tw_context *ctx, const tw_model *from, const char *network,
                               tw_type type, const tw_data *data, tw_error *err)
{
    TW_MAKES(err, out, ctx && from && data);
    tw_data_info info = {.size = sizeof info};
    tw__model_text text;
    tw_model *m = NULL;
    TW_TRY(tw_data_info_get(data, &info, err));
    TW_TRY(tw__model_text_read(&text, network ? network : from->text, err));
    TW_TRY(tw__model_check_rows(from, &info, err));
    TW_TRY(check_kind(&text, from, err));
    TW_TRY(text.kind->takes(text.kind, &info, err));
    TW_TRY(tw__model_new(&m, ctx, &text, type, from->input, &from->in, from->classes, err));
    const tw_status s = take_over(m, from, &info, err);
    if (s == TW_OK) *out = m;
    else tw_model_free(m);
    return s;
}
