/* Linear models as models: options, tensors, what they learn from.
 * SPDX-License-Identifier: MIT */
#include "models/linear/linear.h"
#include <stdio.h>

/* Names the first target that is not whole, where there is one. */
tw_status tw__linear_takes(const tw__model_type *kind, const tw_data_info *data, tw_error *err)
{
    uint64_t row = 0;
    if (data->n_labels > 1)
        return tw__fail(err, TW_ERR_DATA, "%s is a sequence with labels at each time; %s takes rows with one",
                        data->name, kind->about.name);
    if (!kind->loss->is_of_classes || !data->targets) return TW_OK;
    while (row < data->rows && __builtin_floor(data->targets[row]) == data->targets[row]) row++;
    if (row < data->rows)
        return tw__fail(err, TW_ERR_DATA, "%s: row %llu has target %g; %s predicts classes", data->name,
                        (unsigned long long)row + 1, data->targets[row], kind->about.name);
    return tw__fail(
        err, TW_ERR_DATA,
        "%s has targets that are numbers, as whole numbers are if more than half are different; %s predicts classes",
        data->name, kind->about.name);
}

static tw_status check_classes(const tw_model *m, tw_error *err)
{
    const char *name = m->kind->about.name;
    if (m->classes == 0)
        return tw__fail(err, TW_ERR_DATA, "%s learns classes, and the rows have no labels", name);
    if (m->classes == 1)
        return tw__fail(err, TW_ERR_DATA,
                        "the training labels are all of one class; %s needs at least two to tell apart",
                        name);
    return TW_OK;
}

static void set_tensors(tw_model *m, tw__linear_state *s)
{
    s->weight_shape[0] = s->bias_shape[0] = (int64_t)s->outputs;
    s->weight_shape[1] = (int64_t)s->columns;
    s->tensors[0] = (tw_tensor){.name = "weight", .rank = 2, .shape = s->weight_shape};
    s->tensors[1] =
        (tw_tensor){.name = "bias", .rank = 1, .shape = s->bias_shape, .offset = s->outputs * s->columns};
    m->tensors = s->tensors;
    m->n_tensors = s->choice.values[TW__LINEAR_INTERCEPT] != 0 ? 2 : 1;
    m->text = s->choice.spec;
}

tw_status tw__linear_create(tw_model *m, const tw__model_text *text, tw_error *err)
{
    const tw__linear_loss *loss = m->kind->loss;
    const double *values = text->choice.values;
    tw__linear_state *s;
    if (loss->is_of_classes) TW_TRY(check_classes(m, err));
    TW_TRY(tw__alloc(m->ctx, &s, 1, sizeof *s, err));
    m->state = s;
    if (!loss->is_of_classes) m->classes = 0; /* labels are numbers */
    m->labels = m->classes;
    if (!loss->is_of_classes) m->least = loss->least;
    *s = (tw__linear_state){.loss = loss,
                            .choice = text->choice,
                            .columns = tw__shape_size(&m->in),
                            .outputs = loss->of_all || m->labels > 2 ? (size_t)m->labels : 1,
                            .l2 = values[TW__LINEAR_L2] > 0 ? values[TW__LINEAR_L2] : 0,
                            .l1 = values[TW__LINEAR_L1],
                            .parameter = loss->option ? values[loss->option] : 0};
    set_tensors(m, s);
    if (!tw__size_mul(s->columns + 1, s->outputs, &m->size) || m->size > (size_t)1 << 40)
        return tw__fail(err, TW_ERR_SPEC, "%s: %zu classes of %zu columns are too many weights",
                        s->choice.kind->name, s->outputs, s->columns);
    if (m->n_tensors == 1) m->size -= s->outputs;
    return TW_OK;
}

void tw__linear_free(tw_model *m) { tw__free(m->ctx, m->state, 1, sizeof(tw__linear_state)); }

/* l2 = 1/rows becomes a number, which the model's text then has. */
static tw_status fix_l2(tw_model *m, uint64_t rows, tw_error *err)
{
    tw__linear_state *s = m->state;
    double *l2 = &s->choice.values[TW__LINEAR_L2];
    if (*l2 != TW__LINEAR_L2_BY_ROWS) return TW_OK;
    *l2 = s->l2 = 1 / (double)rows;
    return tw__model_choice_write(&s->choice, err);
}

tw_status tw__linear_learn(tw_model *m, const tw_data_info *data, tw_error *err)
{
    const tw__linear_state *s = m->state;
    TW_TRY(fix_l2(m, data->rows, err));
    if (s->choice.values[TW__LINEAR_STANDARDIZE] != 0) TW_TRY(tw__standardize_learn(m, data, err));
    if (m->labels)
        return s->choice.values[TW__LINEAR_CLASS_WEIGHT] != 0 ? tw__model_balance(m, data, err) : TW_OK;
    return tw__model_learn_targets(m, data, err);
}

int tw__linear_is_standardized(const tw_model *m)
{
    return m->kind->loss && ((const tw__linear_state *)m->state)->choice.values[TW__LINEAR_STANDARDIZE] != 0;
}

size_t tw__linear_outputs(const tw_model *m) { return ((const tw__linear_state *)m->state)->outputs; }

size_t tw__linear_layers(const tw_model *m)
{
    (void)m;
    return 1;
}

void tw__linear_layer(const tw_model *m, size_t i, tw_layer_info *info)
{
    const tw__linear_state *s = m->state;
    (void)i;
    snprintf(info->name, sizeof info->name, "%s", s->choice.kind->name);
    snprintf(info->text, sizeof info->text, "%s", m->text);
    info->rank = 1;
    info->out_shape[0] = (int64_t)s->outputs;
    info->parameters = m->size;
}
