/* Models as safetensors files: tensors named and shaped as in torch.nn.Sequential, the network and what it
 * takes in the metadata.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "file/safetensors.h"
#include "models/model.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format[] = "thalweg model 1";

/* ---- save ---------------------------------------------------------------------------------------------- */

/* "0,2", freed by tw__free_text; NULL where classes are numbers from 0. */
static tw_status labels_text(const tw_model *m, char **out, tw_error *err)
{
    const int32_t *labels = m->net->class_labels;
    const size_t capacity = (size_t)m->net->labels * 12 + 1;
    size_t used = 0;
    char *text;
    *out = NULL;
    if (!labels) return TW_OK;
    TW_TRY(tw__alloc(m->ctx, &text, capacity, 1, err));
    for (int64_t i = 0; i < m->net->labels; i++)
        used += (size_t)snprintf(text + used, capacity - used, "%s%d", i ? "," : "", labels[i]);
    const tw_status s = tw__copy_text(m->ctx, out, text, err);
    tw__free(m->ctx, text, capacity, 1);
    return s;
}

static tw_status save_entries(const tw_model *m, const char *path, const tw__tensor_entry *entries,
                              tw_error *err)
{
    char shape[64], classes[24], *labels;
    TW_TRY(labels_text(m, &labels, err));
    const tw__text_pair meta[] = {{"format", format},
                                  {"network", m->net->text},
                                  {"input", tw__shape_text(&m->net->in, shape, sizeof shape)},
                                  {"scaling", m->input == TW_U8 ? "1/255" : "1"},
                                  {"classes", classes},
                                  {"labels", labels}};
    snprintf(classes, sizeof classes, "%lld", (long long)m->classes);
    const tw_status s = tw__safetensors_save(m->ctx, path, entries, m->net->n_tensors, meta,
                                             sizeof meta / sizeof meta[0] - !labels, err);
    tw__free_text(m->ctx, labels);
    return s;
}

tw_status tw_model_save(const tw_model *m, const void *weights, const char *path, tw_error *err)
{
    TW_NEEDS(err, m && path);
    tw__tensor_entry *entries = NULL;
    char *saved = NULL;
    size_t n = m->net->n_tensors, bytes = tw_type_size(m->type);
    tw_status s = tw__alloc(m->ctx, &entries, n, sizeof *entries, err);
    if (s == TW_OK) s = tw__alloc(m->ctx, &saved, m->net->size, bytes, err);
    for (size_t i = 0; s == TW_OK && i < n; i++) {
        const tw_tensor *t = &m->net->tensors[i];
        entries[i] = (tw__tensor_entry){.name = t->name,
                                        .type = m->type,
                                        .rank = t->rank,
                                        .data = saved + t->offset * bytes};
        memcpy(entries[i].shape, t->shape, (size_t)t->rank * sizeof *t->shape);
        tw__network_export(m->net, i, m->type, weights ? weights : m->w, entries[i].data);
    }
    if (s == TW_OK) s = save_entries(m, path, entries, err);
    tw__free(m->ctx, saved, m->net->size, bytes);
    tw__free(m->ctx, entries, n, sizeof *entries);
    return s;
}

/* ---- load ---------------------------------------------------------------------------------------------- */

static tw_status meta_of(const tw__safetensors *f, const char *path, const char *key, const char **value,
                         tw_error *err)
{
    *value = tw__safetensors_meta(f, key);
    return *value ? TW_OK
                  : tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                                "has no \"%s\" in its metadata, so it is not a model of ours", key);
}

/* The number at *p, and *p behind it; -1: there is none. INT64_MAX for one that is larger. */
static int64_t take_number(const char **p)
{
    char *end;
    if (**p < '0' || **p > '9') return -1;
    const int64_t n = strtoll(*p, &end, 10);
    *p = end;
    return n;
}

/* "28x28x1" or "784". */
static int read_shape(const char *text, int *rank, int64_t shape[3])
{
    *rank = 0;
    for (const char *p = text; *rank < 3; p++) {
        if ((shape[(*rank)++] = take_number(&p)) < 1) return 0;
        if (*p == 0) return *rank == 1 || *rank == 3;
        if (*p != 'x') return 0;
    }
    return 0;
}

static tw_status find_tensor(const tw_model *m, const tw__safetensors *f, const char *path, size_t i,
                             const void **data, tw_error *err)
{
    const tw_tensor *t = &m->net->tensors[i];
    const tw__tensor_entry *e = tw__safetensors_find(f, t->name);
    if (!e)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "has no tensor %s, which its network needs",
                           t->name);
    if (e->type != m->type || e->rank != t->rank ||
        memcmp(e->shape, t->shape, (size_t)t->rank * sizeof *t->shape) != 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                           "tensor %s has not the type and shape that its network needs", t->name);
    *data = e->data;
    return TW_OK;
}

/* "0,2" into the network's class labels, which must be as many as it has classes, and rise. */
static tw_status read_labels(tw_model *m, const char *text, const char *path, tw_error *err)
{
    const size_t n = (size_t)m->net->labels;
    int32_t *labels;
    size_t read = 0;
    TW_TRY(tw__alloc(m->ctx, &labels, n, sizeof *labels, err));
    for (const char *p = text; read < n; read++, p++) {
        const int64_t label = take_number(&p);
        if (label < 0 || label > INT32_MAX || (read && label <= labels[read - 1]) ||
            *p != (read + 1 < n ? ',' : 0))
            break;
        labels[read] = (int32_t)label;
    }
    tw_status s = read == n ? tw__network_name_classes(m->net, labels, (int64_t)n, err)
                            : tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                                          "labels \"%.40s\" are not those of %zu classes, rising", text, n);
    tw__free(m->ctx, labels, n, sizeof *labels);
    return s;
}

static tw_status read_model(tw_model **out, tw_context *ctx, const tw__safetensors *f, const char *path,
                            tw_error *err)
{
    const char *kind, *network, *input, *scaling, *classes;
    int rank;
    int64_t shape[3];
    TW_TRY(meta_of(f, path, "format", &kind, err));
    if (strcmp(kind, format) != 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "format \"%.40s\" is not \"%s\"", kind, format);
    TW_TRY(meta_of(f, path, "network", &network, err));
    TW_TRY(meta_of(f, path, "input", &input, err));
    TW_TRY(meta_of(f, path, "scaling", &scaling, err));
    TW_TRY(meta_of(f, path, "classes", &classes, err));
    if (!read_shape(input, &rank, shape))
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "input \"%.40s\" is not a shape like 28x28x1",
                           input);
    int is_image = strcmp(scaling, "1/255") == 0;
    if (!is_image && strcmp(scaling, "1") != 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "scaling \"%.40s\" is not 1/255 or 1", scaling);
    const char *end = classes;
    const int64_t n_classes = take_number(&end);
    if (n_classes < 0 || *end || n_classes > INT32_MAX)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "classes \"%.40s\" is not a number of classes",
                           classes);
    if (f->n == 0 || (f->entries[0].type != TW_F32 && f->entries[0].type != TW_F64))
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "has no tensors of float or double");
    tw_error inner;
    tw_status s = tw__model_new(out, ctx, network, f->entries[0].type, is_image ? TW_U8 : TW_F32, rank, shape,
                                n_classes, &inner);
    if (s == TW_ERR_SPEC) return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "%.300s", inner.message);
    if (s != TW_OK) {
        if (err) *err = inner;
        return s;
    }
    if (f->n != (*out)->net->n_tensors)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "has %zu tensors, its network %zu", f->n,
                           (*out)->net->n_tensors);
    const char *labels = tw__safetensors_meta(f, "labels");
    const int64_t units = (*out)->net->labels;
    if (n_classes > units || (labels && n_classes != units))
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "has %lld classes%s, its last layer %lld",
                           (long long)n_classes, labels ? " with labels" : "", (long long)units);
    if (labels) TW_TRY(read_labels(*out, labels, path, err));
    const void *data;
    for (size_t i = 0; i < f->n; i++) TW_TRY(find_tensor(*out, f, path, i, &data, err));
    TW_TRY(tw__model_allocate(*out, err)); /* not before: a network's text could ask for any amount */
    for (size_t i = 0; i < f->n; i++) {
        TW_TRY(find_tensor(*out, f, path, i, &data, err));
        tw__network_import((*out)->net, i, (*out)->type, data, (*out)->w);
    }
    return TW_OK;
}

/* A folder's model must be a file; what is named by itself may be a pipe. */
static tw_status find_model(tw_context *ctx, const char *path, char inside[TW__PATH], int *is_directory,
                            tw_error *err)
{
    int kind, found;
    TW_TRY(tw__path_kind(ctx, path, &kind, err));
    *is_directory = kind == TW_PATH_DIRECTORY;
    if (!*is_directory) return TW_OK;
    TW_TRY(tw__path_in(path, "model.safetensors", inside, err));
    return tw__find_file(ctx, inside, &found, err);
}

tw_status tw_model_load(tw_model **out, tw_context *ctx, const char *path, tw_error *err)
{
    TW_MAKES(err, out, ctx && path);
    tw__safetensors f;
    tw_model *m = NULL;
    char inside[TW__PATH];
    int is_directory;
    TW_TRY(find_model(ctx, path, inside, &is_directory, err));
    if (is_directory) path = inside;
    TW_TRY(tw__safetensors_open(&f, ctx, path, err));
    tw_status s = read_model(&m, ctx, &f, path, err);
    tw__safetensors_free(&f);
    if (s == TW_OK) *out = m;
    else tw_model_free(m);
    return s;
}
