/* Greedy pre-training: each hidden dense layer in turn learns, as an autoencoder, to keep what the layers
 * below it make of the rows; no labels are needed. Hinton & Salakhutdinov 2006 (with Boltzmann machines);
 * Bengio, Lamblin, Popovici & Larochelle 2007; with inputs that are hidden from it Vincent et al. 2008.
 * SPDX-License-Identifier: MIT */
#include "train/pretrain.h"
#include "base/options.h"
#include "models/model.h"
#include "models/nn/network.h"

#include <stdio.h>
#include <string.h>

typedef struct pretraining {
    tw_job *job;
    tw_context *ctx;
    tw_model *model;
    const tw_data *rows;
    tw_data_info info; /* of them */
} pretraining;

tw_status tw__pretrain_check(const tw_job_options *o, tw_error *err)
{
    const char *without = o->pretrain_on ? "pretrain_on" : o->pretrain_noise > 0 ? "pretrain_noise" : NULL;
    const char *odd = o->from ? "from" : o->cv ? "cv" : o->path ? "path" : NULL;
    if (!o->pretrain && without)
        return tw__fail(err, TW_ERR_SPEC, "%s has no effect without pretrain", without);
    if (o->pretrain && odd)
        return tw__fail(err, TW_ERR_SPEC,
                        "pretrain cannot be used with %s: it makes the weights to start from", odd);
    return TW_OK;
}

/* ---- the network's text -------------------------------------------------------------------------------- */

static int is_dense(const char *item) { return strncmp(item, "dense", 5) == 0 && strchr(" :", item[5]); }

/* The item after this one; NULL: it is the last. */
static const char *next_item(const char *item)
{
    const char *p = strchr(item, ';');
    return p ? p + 1 + strspn(p + 1, " ") : NULL;
}

/* Whether a dense layer comes after this item. */
static int has_dense_after(const char *item)
{
    while ((item = next_item(item)))
        if (is_dense(item)) return 1;
    return 0;
}

static size_t tensors_before(const tw__network *net, int line)
{
    size_t n = 0;
    for (size_t i = 0; i < net->n_layers; i++)
        if (net->layers[i].source < line) n += net->layers[i].n_tensors;
    return n;
}

/* ---- models of a part of the network ------------------------------------------------------------------- */

/* Tensors from .. from + n - 1 of one model become 0 .. n - 1 of another, or the other way round. */
static tw_status copy_tensors(const pretraining *z, tw_model *whole, size_t from, tw_model *part, size_t n,
                              int into_whole, tw_error *err)
{
    const size_t bytes = tw_type_size(whole->type);
    void *saved;
    TW_TRY(tw__alloc(z->ctx, &saved, whole->size, bytes, err));
    for (size_t i = 0; i < n; i++) {
        tw_model *const a = into_whole ? part : whole, *const b = into_whole ? whole : part;
        tw__model_save_tensor(a, into_whole ? i : from + i, a->w, saved);
        tw__model_load_tensor(b, into_whole ? from + i : i, saved);
    }
    tw__free(z->ctx, saved, whole->size, bytes);
    return TW_OK;
}

/* The layers before an item, with the weights they have, and no labels. */
static tw_status make_encoder(const pretraining *z, const char *item, size_t n_tensors, tw_model **out,
                              tw_error *err)
{
    char text[TW__NETWORK_TEXT];
    tw__model_text t;
    snprintf(text, sizeof text, "%.*smse", (int)(item - z->model->text), z->model->text);
    TW_TRY(tw__model_text_read(&t, text, err));
    TW_TRY(tw__model_new(out, z->ctx, &t, z->model->type, z->model->input, &z->model->in, 0, err));
    TW_TRY(tw__model_allocate(*out, err));
    return copy_tensors(z, z->model, 0, *out, n_tensors, 0, err);
}

static tw_status predict_as_floats(const pretraining *z, const tw_objective *o, const tw_model *encoder,
                                   float *to, tw_error *err)
{
    enum { PIECE = 4096 };
    double *piece;
    if (encoder->type == TW_F32) return tw_predict(z->ctx, o, encoder->w, 0, z->info.rows, to, err);
    TW_TRY(tw__alloc(z->ctx, &piece, PIECE * o->n_outputs, sizeof *piece, err));
    tw_status s = TW_OK;
    for (uint64_t first = 0; first < z->info.rows && s == TW_OK; first += PIECE) {
        const size_t n = z->info.rows - first < PIECE ? (size_t)(z->info.rows - first) : PIECE;
        s = tw_predict(z->ctx, o, encoder->w, first, n, piece, err);
        for (size_t i = 0; i < n * o->n_outputs && s == TW_OK; i++)
            to[first * o->n_outputs + i] = (float)piece[i];
    }
    tw__free(z->ctx, piece, PIECE * o->n_outputs, sizeof *piece);
    return s;
}

/* What the layers before an item make of the rows, as data. */
static tw_status encode(const pretraining *z, tw_model *encoder, tw_data **out, tw_error *err)
{
    const tw__bound on = {.model = encoder, .ctx = z->ctx, .source = z->rows, .data = z->info};
    tw_objective o = TW_OBJECTIVE_INIT;
    float *x;
    TW_TRY(encoder->kind->objective(&on, &o, err));
    tw__bound *const bound = o.user;
    size_t n;
    tw_status s =
        tw__size_mul((size_t)z->info.rows, o.n_outputs, &n)
            ? tw__alloc(z->ctx, &x, n, sizeof *x, err)
            : tw__fail(err, TW_ERR_MEMORY, "pretrain: the rows' hidden numbers do not fit into memory");
    if (s == TW_OK) {
        const tw_data_info rows = {.size = sizeof rows,
                                   .rows = z->info.rows,
                                   .rank = 1,
                                   .shape = {(int64_t)o.n_outputs},
                                   .type = TW_F32,
                                   .x = x};
        s = predict_as_floats(z, &o, encoder, x, err);
        if (s == TW_OK) s = tw_data_create(out, z->ctx, &rows, err);
        tw__free(z->ctx, x, n, sizeof *x);
    }
    bound->free(bound);
    return s;
}

/* ---- a layer ------------------------------------------------------------------------------------------- */

/* Numbers from 0 to 1 are compared as probabilities, others by squares. */
static const char *loss_for(const tw_data_info *rows)
{
    const size_t n = (size_t)rows->rows * (size_t)rows->shape[0];
    const float *const x = rows->x;
    if (rows->type == TW_U8) return "bce_loss";
    if (rows->rank > 1) return "mse";
    for (size_t i = 0; i < n; i++)
        if (!(x[i] >= 0 && x[i] <= 1)) return "mse";
    return "bce_loss";
}

static int on_event(void *user, const tw_event *event) { return tw__job_tell_of_fit(user, event); }

static tw_status fit(const pretraining *z, tw_model *model, const tw_data *rows, double *loss, int *status,
                     tw_error *err)
{
    tw_run_options r = TW_RUN_OPTIONS_INIT;
    tw_objective o = TW_OBJECTIVE_INIT;
    tw_run *run = NULL;
    size_t n;
    r.optimizer = "adam";
    r.epochs = z->job->o.pretrain;
    r.batch = z->job->o.run.batch;
    r.seed = z->job->o.run.seed;
    r.event = on_event;
    r.user = z->job;
    tw_status s = tw_model_objective(model, rows, &o, err);
    if (s == TW_OK) s = tw_run_create(&run, z->ctx, &o, NULL, model->w, &r, err);
    while (s == TW_OK && *status == TW_RUN_GOING) s = tw_run_step(run, status, err);
    if (s == TW_OK && *status != TW_RUN_INTERRUPTED) *loss = tw_run_history(run, &n)[r.epochs - 1].loss;
    tw_run_free(run);
    tw_model_objective_free(&o);
    return s;
}

/* The layer of an item between `before`, which has no weights, and a decoder, on these rows. */
static tw_status train_layer(const pretraining *z, const char *before, int n_before, const char *item,
                             size_t first_tensor, const tw_data *rows, int *status, tw_error *err)
{
    char text[TW__NETWORK_TEXT], noise[48] = "", number[TW_VALUE_MAX];
    tw_data_info info = {.size = sizeof info};
    tw_model *model;
    tw__shape in;
    double loss = 0;
    const int n_item = (int)strcspn(item, ";");
    TW_TRY(tw_data_info_get(rows, &info, err));
    TW_TRY(tw__shape_of_row(info.rank, info.shape, &in, err));
    if (z->job->o.pretrain_noise > 0)
        snprintf(noise, sizeof noise, "dropout %s; ", tw__number_text(z->job->o.pretrain_noise, number));
    snprintf(text, sizeof text, "%.*s%s%.*s; dense %zu %s:target=input", n_before, before, noise, n_item,
             item, tw__shape_size(&in), loss_for(&info));
    TW_TRY(tw_model_create(&model, z->ctx, text, z->model->type, rows, z->job->o.run.seed, err));
    tw_status s = copy_tensors(z, z->model, first_tensor, model, 2, 0, err);
    if (s == TW_OK) s = fit(z, model, rows, &loss, status, err);
    const int is_done = s == TW_OK && *status != TW_RUN_INTERRUPTED;
    if (is_done) s = copy_tensors(z, z->model, first_tensor, model, 2, 1, err);
    tw_model_free(model);
    if (is_done && s == TW_OK) tw__log(z->ctx, TW_LOG_INFO, "pretrained %.*s: loss %.6g", n_item, item, loss);
    return s;
}

static tw_status train_item(const pretraining *z, const char *item, int line, int *status, tw_error *err)
{
    const size_t before = tensors_before(z->model->state, line);
    tw_model *encoder = NULL;
    tw_data *hidden = NULL;
    if (before == 0)
        return train_layer(z, z->model->text, (int)(item - z->model->text), item, 0, z->rows, status, err);
    tw_status s = make_encoder(z, item, before, &encoder, err);
    if (s == TW_OK) s = encode(z, encoder, &hidden, err);
    if (s == TW_OK) s = train_layer(z, "", 0, item, before, hidden, status, err);
    tw_data_free(hidden);
    tw_model_free(encoder);
    return s;
}

/* ---- all of them --------------------------------------------------------------------------------------- */

tw_status tw__pretrain_check_model(const tw_model *m, tw_error *err)
{
    const char *item = m->text;
    if (m->kind != &tw__model_network || strchr(m->text, '('))
        return tw__fail(err, TW_ERR_SPEC, "pretrain is for networks without residuals, not %.200s", m->text);
    while (item && !(is_dense(item) && has_dense_after(item))) item = next_item(item);
    return item ? TW_OK
                : tw__fail(err, TW_ERR_SPEC, "pretrain needs a hidden dense layer, and %.200s has none",
                           m->text);
}

static tw_status open_rows(pretraining *z, tw_data **own, tw_error *err)
{
    const tw_job_options *o = &z->job->o;
    tw_data_options d = TW_DATA_OPTIONS_INIT;
    z->rows = z->job->train;
    if (o->pretrain_on) {
        d.unlabelled = 1;
        d.type = TW_F32;
        d.cache = o->cache;
        d.home = o->home;
        d.image_size = o->image_size;
        TW_TRY(tw_data_open(z->ctx, o->pretrain_on, &d, own, NULL, NULL, err));
        z->rows = *own;
    }
    TW_TRY(tw_data_info_get(z->rows, &z->info, err));
    return tw__model_check_rows(z->model, &z->info, err);
}

tw_status tw__pretrain(tw_job *job, int *status, tw_error *err)
{
    pretraining z = {.job = job, .ctx = job->ctx, .model = job->model, .info = {.size = sizeof z.info}};
    tw_data *own = NULL;
    tw_status s = open_rows(&z, &own, err);
    const char *item = z.model->text;
    uint64_t layer = 0;
    for (int line = 0; item && s == TW_OK && *status != TW_RUN_INTERRUPTED; item = next_item(item), line++) {
        if (!is_dense(item) || !has_dense_after(item) || layer++ < job->pretrained) continue;
        *status = TW_RUN_GOING;
        s = train_item(&z, item, line, status, err);
        if (s == TW_OK && *status != TW_RUN_INTERRUPTED) job->pretrained++;
    }
    if (*status != TW_RUN_INTERRUPTED) *status = TW_RUN_GOING;
    tw_data_free(own);
    return s;
}
