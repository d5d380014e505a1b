/* Networks as models.
 * SPDX-License-Identifier: MIT */
#include "models/nn/plan.h"
#include <stdio.h>

#define FAR 0.01 /* from 1, of a sum of shares that is no rounded 1 */

static tw_status takes(const tw__model_type *kind, const tw_data_info *data, tw_error *err)
{
    (void)kind;
    if (data->type != TW_F64) return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "%s has rows of f64; a network takes rows of u8 or f32", data->name);
}

static tw_status create(tw_model *m, const tw__model_text *text, tw_error *err)
{
    tw__network *net;
    TW_TRY(tw__network_create(&net, m->ctx, text->network, &m->in, m->classes, err));
    m->state = net;
    m->text = net->text;
    m->tensors = net->tensors;
    m->n_tensors = net->n_tensors;
    m->size = net->size;
    m->labels = net->labels;
    m->predictions = tw__network_last(net)->predictions;
    if (tw__network_last(net)->type->of_scores) m->output = TW_OUTPUT_SCORE;
    if (m->labels == 0) {
        m->classes = 0; /* labels are numbers */
        m->output = TW_OUTPUT_VALUE;
        m->of_input = tw__network_last(net)->of_input;
        if (tw__network_last(net)->type->of_shares) m->least = 0, m->most = 1;
    }
    return TW_OK;
}

static void destroy(tw_model *m) { tw__network_free(m->state); }

/* Counts rows whose shares are not those of a whole, and tells of the first. */
static void tell_of_sums(const tw_model *m, const tw_data_info *data)
{
    const size_t n = data->n_targets;
    uint64_t odd = 0, first = 0;
    double shown = 0;
    for (uint64_t i = 0; data->targets && i < data->rows; i++) {
        double sum = 0;
        for (size_t k = 0; k < n; k++) sum += data->targets[i * n + k];
        if (sum >= 1 - FAR && sum <= 1 + FAR) continue;
        if (odd++ == 0) first = i + 1, shown = sum;
    }
    if (odd)
        tw__log(
            m->ctx, TW_LOG_WARNING,
            "%s: the shares of %llu of %llu rows do not add up to 1 (those of row %llu to %g): such a row "
            "counts in the loss as much as its shares add up to",
            data->name, (unsigned long long)odd, (unsigned long long)data->rows, (unsigned long long)first,
            shown);
}

static tw_status learn(tw_model *m, const tw_data_info *data, tw_error *err)
{
    const tw__network *net = m->state;
    if (m->labels == 0) {
        TW_TRY(tw__model_learn_targets(m, data, err));
        if (tw__network_last(net)->type->of_whole) tell_of_sums(m, data);
        return TW_OK;
    }
    if (!data->labels) return tw__fail(err, TW_ERR_DATA, "%s has no labels to learn from", data->name);
    if (data->classes > net->labels)
        return tw__fail(
            err, TW_ERR_SPEC,
            "the last layer (%s) has %lld classes, but %s has %d (labels up to %d); \"dense classes softmax\" fits them",
            tw__line_words(&net->source[net->n_sources - 1]), (long long)net->labels, data->name,
            data->classes, data->class_labels ? data->class_labels[data->classes - 1] : data->classes - 1);
    return tw__network_last(net)->is_balanced ? tw__model_balance(m, data, err) : TW_OK;
}

static tw_status start(tw_model *m, const tw_data_info *data, uint64_t seed, tw_error *err)
{
    const tw__network *net = m->state;
    const tw__layer *const first = &net->layers[0];
    TW_TRY(tw__network_start(net, seed, m->type, m->w, err));
    return first->type->learn
               ? first->type->learn(first, data, tw__kernels_for(m->type, tw_context_isa(m->ctx)), m->w, err)
               : TW_OK;
}

static void save(const tw_model *m, size_t tensor, const void *w, void *saved)
{
    tw__network_export(m->state, tensor, m->type, w, saved);
}

static void load(tw_model *m, size_t tensor, const void *saved)
{
    tw__network_import(m->state, tensor, m->type, saved, m->w);
}

static size_t outputs(const tw_model *m) { return tw__network_last(m->state)->out_size; }

static size_t layers(const tw_model *m) { return ((const tw__network *)m->state)->n_sources; }

static void layer(const tw_model *m, size_t i, tw_layer_info *info)
{
    const tw__network *net = m->state;
    const tw__shape *const out = &net->values[net->source[i].value].shape;
    snprintf(info->text, sizeof info->text, "%s", net->source[i].text);
    snprintf(info->name, sizeof info->name, "residual");
    info->rank = out->rank;
    for (int d = 0; d < out->rank; d++) info->out_shape[d] = out->n[d];
    for (size_t j = net->n_layers; j-- > 0;) {
        const tw__layer *l = &net->layers[j];
        if ((size_t)l->source != i) continue;
        snprintf(info->name, sizeof info->name, "%s", l->type->name);
        for (size_t t = 0; t < l->n_tensors; t++)
            if (!(l->tensor[t].flags & TW_TENSOR_BUFFER)) info->parameters += l->tensor[t].size;
    }
}

const tw__model_type tw__model_network = {.key = "network",
                                          .takes = takes,
                                          .create = create,
                                          .learn = learn,
                                          .start = start,
                                          .free = destroy,
                                          .objective = tw__plan_objective,
                                          .save = save,
                                          .load = load,
                                          .outputs = outputs,
                                          .layers = layers,
                                          .layer = layer};
