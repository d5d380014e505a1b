/* Matrix factorisation as a model: options, tensors, what it learns from, how its weights begin.
 * SPDX-License-Identifier: MIT */
#include "math/normal.h"
#include "models/balance.h"
#include "models/mf/mf.h"
#include <stdio.h>

static tw_status takes(const tw__model_type *kind, const tw_data_info *d, tw_error *err)
{
    const char *odd = d->rank != 1       ? "images"
                      : d->type == TW_U8 ? "bytes"
                      : d->n_labels > 1  ? "labels at each time"
                                         : NULL;
    if (!odd) return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "%s has rows of %s; %s takes a user and an item in each", d->name, odd,
                    kind->about.name);
}

/* ---- tensors ------------------------------------------------------------------------------------------- */

static void add_tensor(tw_model *m, const char *name, int rank, const int64_t *shape, size_t offset)
{
    tw__mf_state *s = m->state;
    s->tensors[m->n_tensors++] = (tw_tensor){.name = name, .rank = rank, .shape = shape, .offset = offset};
}

static void set_tensors(tw_model *m)
{
    static const char *const vectors[] = {"user.weight", "item.weight"}, *const biases[] = {"user.bias",
                                                                                            "item.bias"};
    tw__mf_state *s = m->state;
    const size_t each = s->rank + (size_t)tw__mf_has(s, TW__MF_BIASES),
                 columns = s->n[TW__MF_USER] + s->n[TW__MF_ITEM];
    s->one[0] = 1;
    m->n_tensors = 0;
    for (int side = 0; side < TW__MF_SIDES; side++) {
        s->vectors[side][0] = s->biases[side][0] = (int64_t)s->n[side];
        s->vectors[side][1] = (int64_t)s->rank;
        add_tensor(m, vectors[side], 2, s->vectors[side], tw__mf_vector(s, side, 0));
    }
    for (int side = 0; side < TW__MF_SIDES && tw__mf_has(s, TW__MF_BIASES); side++)
        add_tensor(m, biases[side], 1, s->biases[side], tw__mf_bias(s, side, 0));
    m->size = columns * each;
    if (tw__mf_has(s, TW__MF_MEAN)) {
        add_tensor(m, "mean", 1, s->one, m->size++);
        s->tensors[m->n_tensors - 1].flags = TW_TENSOR_FROZEN;
    }
    m->tensors = s->tensors;
    m->text = s->choice.spec;
}

/* The columns are those of users and items; without users there are no weights yet. */
static tw_status set_users(tw_model *m, size_t users, tw_error *err)
{
    tw__mf_state *s = m->state;
    const size_t columns = tw__shape_size(&m->in);
    size_t most;
    if (users >= columns)
        return tw__fail(err, TW_ERR_SPEC, "%s: users = %zu leaves no item of %zu columns",
                        s->choice.kind->name, users, columns);
    if (!tw__size_mul(columns, s->rank + 1, &most) || most > (size_t)1 << 40)
        return tw__fail(err, TW_ERR_SPEC, "%s: vectors of %zu numbers for %zu users and items are too many",
                        s->choice.kind->name, s->rank, columns);
    s->n[TW__MF_USER] = users;
    s->n[TW__MF_ITEM] = columns - users;
    set_tensors(m);
    return TW_OK;
}

static tw_status create(tw_model *m, const tw__model_text *text, tw_error *err)
{
    tw__mf_state *s;
    TW_TRY(tw__alloc(m->ctx, &s, 1, sizeof *s, err));
    m->state = s;
    m->classes = 0; /* labels are numbers */
    *s = (tw__mf_state){.choice = text->choice, .rank = (size_t)text->choice.values[TW__MF_RANK]};
    return set_users(m, (size_t)text->choice.values[TW__MF_USERS], err);
}

static void destroy(tw_model *m) { tw__free(m->ctx, m->state, 1, sizeof(tw__mf_state)); }

/* ---- from the training rows ---------------------------------------------------------------------------- */

/* The model's text then has their number. */
static tw_status find_users(tw_model *m, const tw_data_info *d, tw_error *err)
{
    tw__mf_state *s = m->state;
    const size_t given = s->n[TW__MF_USER];
    size_t users;
    TW_TRY(tw__mf_users_of_table(m->ctx, d, &users, err));
    if (given && users && users != given)
        return tw__fail(err, TW_ERR_SPEC, "users = %zu, but %s has %zu", given, d->name, users);
    if (given) return TW_OK;
    if (!users) TW_TRY(tw__mf_users_of_rows(d, &users, err));
    s->choice.values[TW__MF_USERS] = (double)users;
    TW_TRY(tw__model_choice_write(&s->choice, err));
    return set_users(m, users, err);
}

static tw_status learn(tw_model *m, const tw_data_info *d, tw_error *err)
{
    TW_TRY(tw__model_learn_targets(m, d, err));
    return find_users(m, d, err);
}

/* ---- how weights begin --------------------------------------------------------------------------------- */

static void set_number(tw_model *m, size_t i, double x)
{
    if (m->type == TW_F64) ((double *)m->w)[i] = x;
    else ((float *)m->w)[i] = (float)x;
}

/* Marks the columns that rows have. */
static tw_status mark_rated(const tw_model *m, const tw_data_info *d, uint8_t *is_rated, tw_error *err)
{
    for (uint64_t i = 0; i < d->rows; i++) {
        tw__mf_pair pair;
        TW_TRY(tw__mf_pair_of(m, d, i, &pair, err));
        for (int side = 0; side < TW__MF_SIDES; side++)
            if (pair.id[side] != TW__MF_NOBODY) is_rated[tw__mf_column(m->state, side, pair.id[side])] = 1;
    }
    return TW_OK;
}

/* Vectors of whom no rating is of stay 0: they add nothing. */
static tw_status draw_vectors(tw_model *m, const tw_data_info *d, uint64_t seed, tw_error *err)
{
    const tw__mf_state *s = m->state;
    const size_t columns = tw__shape_size(&m->in);
    uint8_t *is_rated;
    TW_TRY(tw__alloc(m->ctx, &is_rated, columns, 1, err));
    const tw_status status = mark_rated(m, d, is_rated, err);
    for (uint32_t side = 0; side < TW__MF_SIDES; side++)
        for (size_t i = 0; i < s->n[side] * s->rank; i++)
            if (is_rated[tw__mf_column(s, (int)side, i / s->rank)])
                set_number(m, tw__mf_vector(s, (int)side, 0) + i,
                           s->choice.values[TW__MF_INIT] * tw__random_normal(seed, TW__FOR_WEIGHTS, side, i));
    tw__free(m->ctx, is_rated, columns, 1);
    return status;
}

static tw_status set_mean(tw_model *m, const tw_data_info *d, tw_error *err)
{
    const double *targets;
    double sum = 0, weight = 0;
    TW_TRY(tw__model_targets(m, d, &targets, err));
    for (uint64_t i = 0; i < d->rows; i++) {
        const double by = d->weights ? d->weights[i] : 1;
        sum += by * targets[i];
        weight += by;
    }
    tw__model_free_list(m, d, targets, sizeof *targets);
    set_number(m, m->size - 1, sum / weight);
    return TW_OK;
}

static tw_status start(tw_model *m, const tw_data_info *d, uint64_t seed, tw_error *err)
{
    TW_TRY(draw_vectors(m, d, seed, err));
    return tw__mf_has(m->state, TW__MF_MEAN) ? set_mean(m, d, err) : TW_OK;
}

/* ---- the kind ------------------------------------------------------------------------------------------ */

static size_t outputs(const tw_model *m)
{
    (void)m;
    return 1;
}

static size_t layers(const tw_model *m)
{
    (void)m;
    return 1;
}

static void layer(const tw_model *m, size_t i, tw_layer_info *info)
{
    const tw__mf_state *s = m->state;
    (void)i;
    snprintf(info->name, sizeof info->name, "%s", s->choice.kind->name);
    snprintf(info->text, sizeof info->text, "%s", m->text);
    info->rank = 1;
    info->out_shape[0] = 1;
    info->parameters = m->size - tw__mf_has(s, TW__MF_MEAN);
}

static const tw_option options[] = {
    {"rank", TW_INT, NULL, 20, 1, 10000, TW_CLOSED, "numbers in the vector of a user or an item"},
    {"l2", TW_REAL, NULL, 0, 0, TW_INF, TW_OPEN_MAX,
     "adds l2/2 times the squares of the vectors and biases of a rating to its loss"},
    {"l2_per", TW_WORD, "rating id", 0, 0, 1, TW_CLOSED,
     "rating: in each rating; id: divided by the number of the user's, and of the item's ratings, so that all weigh the same"},
    {"biases", TW_FLAG, NULL, 1, 0, 1, TW_CLOSED, "1: a number for each user and item, b_u and b_i"},
    {"mean", TW_FLAG, NULL, 1, 0, 1, TW_CLOSED, "1: with the mean rating of the training rows; 0: mean is 0"},
    {"init", TW_REAL, NULL, 0.1, 0, TW_INF, TW_OPEN_MAX,
     "vectors start normally distributed, with this deviation"},
    {"users", TW_INT, NULL, 0, 0, 2147483647, TW_CLOSED,
     "the first so many columns are users, the others items; 0: found in the training rows"},
    {"unknown", TW_WORD, "refuse mean", 0, 0, 1, TW_CLOSED,
     "a user or item that the model does not have: an error, or an average one, with vector and bias 0"},
};

extern const tw__model_type tw__model_mf;
const tw__model_type tw__model_mf = {
    .about = {.size = sizeof(tw_model_kind),
              .name = "mf",
              .help = "matrix factorisation: a rating from vectors of its user and its item",
              .paper = "Koren, Bell & Volinsky 2009, equation 5; Recht & Re 2013",
              .equation = "h = mean + b_u + b_i + p_u . q_i\n"
                          "f = mean ((h - y)^2 / 2 + l2/2 (|p_u|^2 + |q_i|^2 + b_u^2 + b_i^2))",
              .n_options = sizeof options / sizeof options[0],
              .options = options},
    .key = "model",
    .of_names = 1,
    .output = TW_OUTPUT_VALUE,
    .takes = takes,
    .create = create,
    .learn = learn,
    .start = start,
    .free = destroy,
    .objective = tw__mf_bind,
    .outputs = outputs,
    .layers = layers,
    .layer = layer,
};
