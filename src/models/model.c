/* Creating models, binding them to data: what all kinds share.
 * SPDX-License-Identifier: MIT */
#include "models/model.h"
#include "base/cpu.h"
#include "data/data.h"
#include "math/sums.h"
#include <string.h>

tw_status tw__model_new(tw_model **out, tw_context *ctx, const tw__model_text *text, tw_type type,
                        tw_type input, const tw__shape *in, int64_t classes, tw_error *err)
{
    tw_model *m = NULL;
    if (type != TW_F32 && type != TW_F64)
        return tw__fail(err, TW_ERR_SPEC, "a model's type is f32 or f64, not %s", tw_type_name(type));
    TW_TRY(tw__alloc(ctx, &m, 1, sizeof *m, err));
    *m = (tw_model){.ctx = ctx,
                    .kind = text->kind,
                    .type = type,
                    .input = input,
                    .in = *in,
                    .classes = classes,
                    .output = text->kind->output,
                    .least = -TW_INF,
                    .most = TW_INF};
    const tw_status s = m->kind->create(m, text, err);
    if (s == TW_OK) *out = m;
    else tw_model_free(m);
    return s;
}

tw_status tw__model_allocate(tw_model *m, tw_error *err)
{
    return tw__alloc(m->ctx, &m->w, m->size, tw_type_size(m->type), err);
}

static tw_status start(tw_model *m, const tw_data_info *data, uint64_t seed, tw_error *err)
{
    TW_TRY(tw__model_take_names(m, data, err));
    TW_TRY(m->kind->learn(m, data, err));
    TW_TRY(tw__model_allocate(m, err));
    const tw__fp_mode mode = tw__fp_enter();
    const tw_status s = m->kind->start ? m->kind->start(m, data, seed, err) : TW_OK;
    tw__fp_leave(mode);
    return s;
}

tw_status tw_model_create(tw_model **out, tw_context *ctx, const char *text, tw_type type,
                          const tw_data *data, uint64_t seed, tw_error *err)
{
    TW_MAKES(err, out, ctx && text && data);
    tw_data_info info = {.size = sizeof info};
    tw_model *m = NULL;
    tw__model_text t;
    tw__shape in;
    TW_TRY(tw_data_info_get(data, &info, err));
    TW_TRY(tw__model_text_read(&t, text, err));
    TW_TRY(t.kind->takes(t.kind, &info, err));
    TW_TRY(tw__shape_of_row(info.rank, info.shape, &in, err));
    TW_TRY(tw__model_new(&m, ctx, &t, type, info.type, &in, info.classes, err));
    const tw_status s = start(m, &info, seed, err);
    if (s == TW_OK) *out = m;
    else tw_model_free(m);
    return s;
}

void tw_model_free(tw_model *m)
{
    if (!m) return;
    tw_context *ctx = m->ctx;
    tw__free(ctx, m->w, m->size, tw_type_size(m->type));
    tw__free_names(ctx, m->column_names, tw__shape_size(&m->in));
    tw__free_names(ctx, m->class_names, (size_t)m->classes);
    if (m->target_names) tw__free_names(ctx, m->target_names, m->kind->outputs(m));
    tw__free_text(ctx, m->schema);
    tw__free(ctx, m->class_labels, (size_t)m->labels, sizeof *m->class_labels);
    tw__free(ctx, m->class_weights, (size_t)m->labels, sizeof *m->class_weights);
    tw__free(ctx, m->center, tw__shape_size(&m->in), sizeof *m->center);
    tw__free(ctx, m->scale, tw__shape_size(&m->in), sizeof *m->scale);
    m->kind->free(m);
    tw__free(ctx, m, 1, sizeof *m);
}

void *tw_model_weights(tw_model *m) { return m->w; }
size_t tw_model_size(const tw_model *m) { return m->size; }
tw_type tw_model_type(const tw_model *m) { return m->type; }

size_t tw_model_not_finite(const tw_model *m)
{
    const tw__sums *sums = tw__sums_for(tw_context_isa(m->ctx));
    return m->type == TW_F64 ? tw__first_not_finite_f64(sums, m->w, m->size)
                             : tw__first_not_finite_f32(sums, m->w, m->size);
}

tw_output tw_model_output(const tw_model *m) { return m->output; }
size_t tw_model_predictions(const tw_model *m) { return m->predictions ? m->predictions : 1; }
const char *tw_model_network(const tw_model *m) { return m->text; }

/* ---- on data ------------------------------------------------------------------------------------------- */

/* The n names of the model, of columns or targets, and those of the data, where both have any. */
static tw_status check_names(char *const *ours, const char *const *theirs, size_t n, const char *what,
                             const tw_data_info *data, tw_error *err)
{
    for (size_t i = 0; ours && theirs && i < n; i++)
        if (strcmp(ours[i], theirs[i]) != 0)
            return tw__fail(err, TW_ERR_DATA,
                            "%s: %s %zu is \"%.60s\"; the model was trained with \"%.60s\" there", data->name,
                            what, i + 1, theirs[i], ours[i]);
    return TW_OK;
}

static tw_status check_columns(const tw_model *m, const tw_data_info *data, tw_error *err)
{
    const size_t width = tw__shape_size(&m->in);
    if (m->target_names && m->kind->outputs(m) == data->n_targets)
        TW_TRY(check_names(m->target_names, data->target_names, data->n_targets, "target", data, err));
    if ((size_t)data->shape[0] != width) return TW_OK;
    return check_names(m->column_names, data->column_names, width, "column", data, err);
}

tw_status tw__model_check_rows(const tw_model *m, const tw_data_info *data, tw_error *err)
{
    char wants[TW__SHAPE_TEXT], has[TW__SHAPE_TEXT];
    tw__shape row;
    TW_TRY(m->kind->takes(m->kind, data, err));
    TW_TRY(tw__shape_of_row(data->rank, data->shape, &row, err));
    /* sparse rows may have other columns: what is not there is 0 */
    if ((!data->starts || m->in.rank > 1) &&
        (row.rank != m->in.rank || memcmp(row.n, m->in.n, sizeof row.n) != 0))
        return tw__fail(err, TW_ERR_DATA, "%s has rows of %s, the model takes %s", data->name,
                        tw__shape_text(&row, has, sizeof has), tw__shape_text(&m->in, wants, sizeof wants));
    if ((data->type == TW_U8) != (m->input == TW_U8))
        return tw__fail(err, TW_ERR_DATA, "%s has rows of %s, the model was made for %s", data->name,
                        tw_type_name(data->type), tw_type_name(m->input));
    return check_columns(m, data, err);
}

void tw__model_free_list(const tw_model *m, const tw_data_info *data, const void *list, size_t size)
{
    if (list != data->labels && list != data->targets)
        tw__free(m->ctx, (void *)(uintptr_t)list, tw__data_labels(data), size);
}

static void free_right(tw__bound *b)
{
    tw__model_free_list(b->model, &b->data, b->classes, sizeof *b->classes);
    tw__model_free_list(b->model, &b->data, b->targets, sizeof *b->targets);
}

static void free_fork(tw_objective *copy)
{
    tw__bound *const b = copy->user;
    b->free(b);
}

/* On the same rows, whose classes and targets stay the first one's. */
static tw_status fork_bound(void *user, tw_context *ctx, tw_objective *copy, tw_error *err)
{
    tw__bound on = *(tw__bound *)user;
    on.ctx = ctx;
    on.is_fork = 1;
    TW_TRY(on.model->kind->objective(&on, copy, err));
    copy->fork = fork_bound;
    copy->free_fork = free_fork;
    return TW_OK;
}

tw_status tw_model_objective(tw_model *m, const tw_data *data, tw_objective *out, tw_error *err)
{
    tw__bound on = {.data = {.size = sizeof on.data}};
    tw_objective all;
    TW_TRY(tw__sized_clear(out, "tw_objective", err));
    TW_NEEDS(err, m && data);
    on.model = m;
    on.ctx = m->ctx;
    on.source = data;
    TW_TRY(tw_data_info_get(data, &on.data, err));
    TW_TRY(tw__model_check_rows(m, &on.data, err));
    if (tw__data_window(data) && !m->kind->loss)
        return tw__fail(err, TW_ERR_SPEC,
                        "option stream: %s: only linear models take rows that stay in a file", on.data.name);
    if (m->labels && on.data.labels) TW_TRY(tw__model_classes(m, &on.data, &on.classes, err));
    if (!m->labels) TW_TRY(tw__model_targets(m, &on.data, &on.targets, err));
    const tw_status s = m->kind->objective(&on, &all, err);
    all.fork = fork_bound;
    all.free_fork = free_fork;
    if (s == TW_OK) return tw__sized_write(out, &all, sizeof all, "tw_objective", err);
    free_right(&on);
    return s;
}

void tw_model_objective_free(tw_objective *objective)
{
    tw__bound *const b = objective->user;
    if (tw__sized_clear(objective, "tw_objective", NULL) != TW_OK || !b) return;
    free_right(b);
    b->free(b);
}

/* ---- summary ------------------------------------------------------------------------------------------- */

size_t tw_model_layers(const tw_model *m) { return m->kind->layers(m); }

tw_status tw_model_layer(const tw_model *m, size_t i, tw_layer_info *info, tw_error *err)
{
    tw_layer_info all = {.rank = 0};
    TW_TRY(tw__sized_clear(info, "tw_layer_info", err));
    TW_NEEDS(err, m);
    if (i >= m->kind->layers(m)) return tw__fail(err, TW_ERR_SPEC, "layer %zu of %zu", i, m->kind->layers(m));
    m->kind->layer(m, i, &all);
    return tw__sized_write(info, &all, sizeof all, "tw_layer_info", err);
}
