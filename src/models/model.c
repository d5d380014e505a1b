/* Creating models, binding them to data.
 * SPDX-License-Identifier: MIT */
#include "models/model.h"
#include "base/cpu.h"
#include "base/names.h"
#include "models/nn/plan.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *network;
} presets[] = {
    {"cnn", "conv2d 32 3x3 relu; maxpool2d 2x2; flatten; dense classes softmax"},
    {"mlp", "flatten; dense 128 relu; dropout 0.2; dense classes softmax"},
};
enum { N_PRESETS = sizeof presets / sizeof presets[0] };

const char *tw_model_preset(size_t i, const char **network)
{
    if (i >= N_PRESETS) return NULL;
    if (network) *network = presets[i].network;
    return presets[i].name;
}

static const char *preset_name(size_t i, const void *user)
{
    (void)user;
    return tw_model_preset(i, NULL);
}

/* A single word is a preset's name: no network has less than two layers. */
static tw_status spell_out(const char *text, const char **network, tw_error *err)
{
    *network = text;
    if (!*text || strpbrk(text, " ;")) return TW_OK;
    const int i = tw__name_find(tw__text_of(text), preset_name, NULL);
    if (i < 0) return tw__name_unknown("unknown model", tw__text_of(text), preset_name, NULL, err);
    *network = presets[i].network;
    return TW_OK;
}

/* Rows of rank 2 are images of one channel. */
static tw_status shape_of_row(int rank, const int64_t *shape, tw__shape *out, tw_error *err)
{
    size_t n;
    *out = (tw__shape){.rank = rank == 1 ? 1 : 3, .n = {1, 1, 1}};
    if (rank < 1 || rank > 3 || !tw__size_of_shape(rank, shape, &n) || n == 0 || n > (size_t)1 << 31)
        return tw__fail(err, TW_ERR_SPEC,
                        "rows of rank %d cannot be the input of a network (1: a vector; 2, 3: an image)",
                        rank);
    for (int i = 0; i < rank; i++) out->n[i] = shape[i];
    return TW_OK;
}

tw_status tw__model_new(tw_model **out, tw_context *ctx, const char *network, tw_type type, tw_type input,
                        int rank, const int64_t *shape, int64_t classes, tw_error *err)
{
    tw_model *m = NULL;
    tw__shape in;
    if (type != TW_F32 && type != TW_F64)
        return tw__fail(err, TW_ERR_SPEC, "a model's type is f32 or f64, not %s", tw_type_name(type));
    TW_TRY(shape_of_row(rank, shape, &in, err));
    TW_TRY(spell_out(network, &network, err));
    TW_TRY(tw__alloc(ctx, &m, 1, sizeof *m, err));
    *m = (tw_model){.ctx = ctx, .type = type, .input = input, .classes = classes};
    tw_status s = tw__network_create(&m->net, ctx, network, &in, classes, err);
    if (s == TW_OK) *out = m;
    else tw_model_free(m);
    return s;
}

tw_status tw__model_allocate(tw_model *m, tw_error *err)
{
    return tw__alloc(m->ctx, &m->w, m->net->size, tw_type_size(m->type), err);
}

static tw_status check_kind(const tw_data_info *data, tw_error *err)
{
    const char *odd = data->starts           ? "sparse rows"
                      : data->type == TW_F64 ? "rows of f64"
                      : data->weights        ? "row weights"
                                             : NULL;
    if (!odd) return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "%s has %s; a network takes dense rows of u8 or f32, each counted once",
                    data->name, odd);
}

static tw_status check_labels(const tw_model *m, const tw_data_info *data, tw_error *err)
{
    const tw__network *net = m->net;
    if (!data->labels) return tw__fail(err, TW_ERR_DATA, "%s has no labels to learn from", data->name);
    if (data->classes > net->labels)
        return tw__fail(
            err, TW_ERR_SPEC,
            "the last layer (%s) has %lld classes, but %s has %d (labels up to %d); \"dense classes softmax\" fits them",
            net->source[net->n_sources - 1], (long long)net->labels, data->name, data->classes,
            data->class_labels ? data->class_labels[data->classes - 1] : data->classes - 1);
    return TW_OK;
}

/* As many classes as the labels have: each stands for one of them. A last layer that is wider has a place for
 * every number up to its width. */
static tw_status name_classes(tw_model *m, const tw_data_info *data, tw_error *err)
{
    if (!data->class_labels || data->classes != m->net->labels) return TW_OK;
    return tw__network_name_classes(m->net, data->class_labels, data->classes, err);
}

tw_status tw_model_create(tw_model **out, tw_context *ctx, const char *network, tw_type type,
                          const tw_data *data, uint64_t seed, tw_error *err)
{
    TW_MAKES(err, out, ctx && network && data);
    tw_data_info info = {.size = sizeof info};
    TW_TRY(tw_data_info_get(data, &info, err));
    TW_TRY(check_kind(&info, err));
    tw_model *m = NULL;
    TW_TRY(tw__model_new(&m, ctx, network, type, info.type, info.rank, info.shape, info.classes, err));
    tw_status s = check_labels(m, &info, err);
    if (s == TW_OK) s = name_classes(m, &info, err);
    if (s == TW_OK) s = tw__model_allocate(m, err);
    if (s != TW_OK) {
        tw_model_free(m);
        return s;
    }
    tw__fp_mode mode = tw__fp_enter();
    tw__network_start(m->net, seed, type, m->w);
    tw__fp_leave(mode);
    *out = m;
    return TW_OK;
}

void tw_model_free(tw_model *m)
{
    if (!m) return;
    if (m->net) tw__free(m->ctx, m->w, m->net->size, tw_type_size(m->type));
    tw__network_free(m->net);
    tw__free(m->ctx, m, 1, sizeof *m);
}

void *tw_model_weights(tw_model *m) { return m->w; }
size_t tw_model_size(const tw_model *m) { return m->net->size; }
tw_type tw_model_type(const tw_model *m) { return m->type; }
const char *tw_model_network(const tw_model *m) { return m->net->text; }

static tw_status check_rows(const tw_model *m, const tw_data_info *data, tw_error *err)
{
    char wants[64], has[64];
    tw__shape row;
    TW_TRY(check_kind(data, err));
    TW_TRY(shape_of_row(data->rank, data->shape, &row, err));
    const tw__shape *in = &m->net->in;
    if (row.rank != in->rank || memcmp(row.n, in->n, sizeof row.n) != 0)
        return tw__fail(err, TW_ERR_DATA, "%s has rows of %s, the model takes %s", data->name,
                        tw__shape_text(&row, has, sizeof has), tw__shape_text(in, wants, sizeof wants));
    if (data->type != m->input)
        return tw__fail(err, TW_ERR_DATA, "%s has rows of %s, the model was made for %s", data->name,
                        tw_type_name(data->type), tw_type_name(m->input));
    for (uint64_t i = 0; data->labels && i < data->rows; i++)
        if (tw__network_class(m->net, data->labels[i]) < 0)
            return tw__fail(err, TW_ERR_DATA,
                            "%s: row %llu has label %d, the model knows %lld classes, %d to %d", data->name,
                            (unsigned long long)i, data->labels[i], (long long)m->net->labels,
                            tw_model_class(m, 0), tw_model_class(m, (size_t)m->net->labels - 1));
    return TW_OK;
}

tw_status tw_model_objective(tw_model *m, const tw_data *data, tw_objective *out, tw_error *err)
{
    tw_data_info info = {.size = sizeof info};
    tw_objective all;
    TW_TRY(tw__sized_clear(out, "tw_objective", err));
    TW_NEEDS(err, m && data);
    TW_TRY(tw_data_info_get(data, &info, err));
    TW_TRY(check_rows(m, &info, err));
    TW_TRY(tw__plan_objective(&all, m->ctx, m->net, m->type, &info, err));
    return tw__sized_write(out, &all, sizeof all, "tw_objective", err);
}

void tw_model_objective_free(tw_objective *objective)
{
    void *const plan = objective->user;
    if (tw__sized_clear(objective, "tw_objective", NULL) == TW_OK) tw__plan_free(plan);
}

int32_t tw_model_class(const tw_model *m, size_t i)
{
    return m->net->class_labels ? m->net->class_labels[i] : (int32_t)i;
}

size_t tw_model_layers(const tw_model *m) { return m->net->n_sources; }

tw_status tw_model_layer(const tw_model *m, size_t i, tw_layer_info *info, tw_error *err)
{
    tw_layer_info all = {.rank = 0};
    TW_TRY(tw__sized_clear(info, "tw_layer_info", err));
    TW_NEEDS(err, m);
    if (i >= m->net->n_sources) return tw__fail(err, TW_ERR_SPEC, "layer %zu of %zu", i, m->net->n_sources);
    snprintf(all.text, sizeof all.text, "%s", m->net->source[i]);
    for (size_t j = 0; j < m->net->n_layers; j++) {
        const tw__layer *l = &m->net->layers[j];
        if ((size_t)l->source != i) continue;
        if (all.rank == 0) snprintf(all.name, sizeof all.name, "%s", l->type->name);
        all.rank = l->out.rank;
        for (int d = 0; d < l->out.rank; d++) all.out_shape[d] = l->out.n[d];
        for (int t = 0; t < l->n_tensors; t++) all.parameters += l->tensor[t].size;
    }
    return tw__sized_write(info, &all, sizeof all, "tw_layer_info", err);
}
