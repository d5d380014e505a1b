/* Models as safetensors files: tensors named and shaped as in torch.nn.Sequential, the network and what it
 * takes in the metadata.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "data/schema.h"
#include "data/words.h"
#include "file/json.h"
#include "file/safetensors.h"
#include "models/linear/liblinear.h"
#include "models/linear/linear.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char format[] = "thalweg model 1";

/* ---- save ---------------------------------------------------------------------------------------------- */

/* "0,2", freed by tw__free_text; NULL where classes are numbers from 0. */
static tw_status labels_text(const tw_model *m, char **out, tw_error *err)
{
    const int32_t *labels = m->class_labels;
    const size_t capacity = (size_t)m->labels * 12 + 1;
    size_t used = 0;
    char *text;
    if (!labels) return TW_OK;
    TW_TRY(tw__alloc(m->ctx, &text, capacity, 1, err));
    for (int64_t i = 0; i < m->labels; i++)
        used += (size_t)snprintf(text + used, capacity - used, "%s%d", i ? "," : "", labels[i]);
    const tw_status s = tw__copy_text(m->ctx, out, text, err);
    tw__free(m->ctx, text, capacity, 1);
    return s;
}

/* Takes the list; its text is freed by tw__free_text. */
static tw_status list_text(const tw_model *m, tw__json_builder *b, json_t *list, char **out)
{
    json_t *whole;
    TW_TRY(tw__json_take(b, list, &whole));
    const tw_status s = tw__json_dump(m->ctx, whole, JSON_COMPACT, out, b->err);
    json_decref(whole);
    return s;
}

/* As a JSON list; NULL where there are none. */
static tw_status names_text(const tw_model *m, char **names, size_t n, char **out, tw_error *err)
{
    tw__json_builder b = {.err = err};
    if (!names) return TW_OK;
    json_t *list = tw__json_list(&b);
    for (size_t i = 0; i < n; i++) tw__json_append(&b, list, tw__json_text_value(&b, names[i]));
    return list_text(m, &b, list, out);
}

static tw_status reals_text(const tw_model *m, const double *x, size_t n, char **out, tw_error *err)
{
    tw__json_builder b = {.err = err};
    return x ? list_text(m, &b, tw__json_reals(&b, x, n), out) : TW_OK;
}

/* What only some models have. */
enum { LABELS, CLASS_NAMES, CLASS_WEIGHTS, CENTER, SCALE, COLUMN_NAMES, SCHEMA, TARGET_NAMES, N_OPTIONAL };
static const char *const optional[N_OPTIONAL] = {"labels", "class_names",  "class_weights", "center",
                                                 "scale",  "column_names", "schema",        "target_names"};

static tw_status optional_texts(const tw_model *m, char *texts[N_OPTIONAL], tw_error *err)
{
    TW_TRY(labels_text(m, &texts[LABELS], err));
    TW_TRY(names_text(m, m->class_names, (size_t)m->classes, &texts[CLASS_NAMES], err));
    TW_TRY(reals_text(m, m->class_weights, (size_t)m->labels, &texts[CLASS_WEIGHTS], err));
    TW_TRY(reals_text(m, m->center, tw__shape_size(&m->in), &texts[CENTER], err));
    TW_TRY(reals_text(m, m->scale, tw__shape_size(&m->in), &texts[SCALE], err));
    if (m->schema) TW_TRY(tw__copy_text(m->ctx, &texts[SCHEMA], m->schema, err));
    if (m->target_names)
        TW_TRY(names_text(m, m->target_names, m->kind->outputs(m), &texts[TARGET_NAMES], err));
    return names_text(m, m->column_names, tw__shape_size(&m->in), &texts[COLUMN_NAMES], err);
}

static tw_status save_entries(const tw_model *m, const char *path, const tw__tensor_entry *entries,
                              tw_error *err)
{
    enum { ALWAYS = 5 };
    char shape[TW__SHAPE_TEXT], classes[24], *texts[N_OPTIONAL] = {NULL};
    tw__text_pair meta[ALWAYS + N_OPTIONAL] = {{"format", format},
                                               {m->kind->key, m->text},
                                               {"input", tw__shape_text(&m->in, shape, sizeof shape)},
                                               {"scaling", m->input == TW_U8 ? "1/255" : "1"},
                                               {"classes", classes}};
    size_t n = ALWAYS;
    snprintf(classes, sizeof classes, "%lld", (long long)m->classes);
    tw_status s = optional_texts(m, texts, err);
    for (int i = 0; i < N_OPTIONAL; i++)
        if (texts[i]) meta[n++] = (tw__text_pair){optional[i], texts[i]};
    if (s == TW_OK) s = tw__safetensors_save(m->ctx, path, entries, m->n_tensors, meta, n, err);
    for (int i = 0; i < N_OPTIONAL; i++) tw__free_text(m->ctx, texts[i]);
    return s;
}

void tw__model_save_tensor(const tw_model *m, size_t i, const void *w, void *saved)
{
    const size_t bytes = tw_type_size(m->type);
    size_t n;
    if (m->kind->save) m->kind->save(m, i, w, saved);
    else if (tw__size_of_shape(m->tensors[i].rank, m->tensors[i].shape, &n))
        memcpy(saved, (const char *)w + m->tensors[i].offset * bytes, n * bytes);
}

tw_status tw_model_save(const tw_model *m, const void *weights, const char *path, tw_error *err)
{
    TW_NEEDS(err, m && path);
    tw__tensor_entry *entries = NULL;
    char *saved = NULL;
    size_t n = m->n_tensors, bytes = tw_type_size(m->type);
    tw_status s = tw__alloc(m->ctx, &entries, n, sizeof *entries, err);
    if (s == TW_OK) s = tw__alloc(m->ctx, &saved, m->size, bytes, err);
    for (size_t i = 0; s == TW_OK && i < n; i++) {
        const tw_tensor *t = &m->tensors[i];
        entries[i] = (tw__tensor_entry){.name = t->name,
                                        .type = m->type,
                                        .rank = t->rank,
                                        .data = saved + t->offset * bytes};
        memcpy(entries[i].shape, t->shape, (size_t)t->rank * sizeof *t->shape);
        tw__model_save_tensor(m, i, weights ? weights : m->w, entries[i].data);
    }
    if (s == TW_OK) s = save_entries(m, path, entries, err);
    tw__free(m->ctx, saved, m->size, bytes);
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

static tw_status find_tensor(const tw_model *m, const tw__safetensors *f, const char *path, size_t i,
                             const void **data, tw_error *err)
{
    const tw_tensor *t = &m->tensors[i];
    const tw__tensor_entry *e = tw__safetensors_find(f, t->name);
    if (!e)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "has no tensor %s, which its %s needs", t->name,
                           m->kind->key);
    if (e->type != m->type || e->rank != t->rank ||
        memcmp(e->shape, t->shape, (size_t)t->rank * sizeof *t->shape) != 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                           "tensor %s has not the type and shape that its %s needs", t->name, m->kind->key);
    *data = e->data;
    return TW_OK;
}

void tw__model_load_tensor(tw_model *m, size_t i, const void *data)
{
    const size_t bytes = tw_type_size(m->type);
    size_t n;
    if (m->kind->load) m->kind->load(m, i, data);
    else if (tw__size_of_shape(m->tensors[i].rank, m->tensors[i].shape, &n))
        memcpy((char *)m->w + m->tensors[i].offset * bytes, data, n * bytes);
}

/* "0,2" into the class labels, which must be as many as there are classes, and rise. */
static tw_status read_labels(tw_model *m, const char *text, const char *path, tw_error *err)
{
    const size_t n = (size_t)m->labels;
    size_t read = 0;
    if (!text) return TW_OK;
    TW_TRY(tw__alloc(m->ctx, &m->class_labels, n, sizeof *m->class_labels, err));
    for (const char *p = text; read < n; read++, p++) {
        const int64_t label = tw__shape_number(&p);
        if (label < 0 || label > INT32_MAX || (read && label <= m->class_labels[read - 1]) ||
            *p != (read + 1 < n ? ',' : 0))
            break;
        m->class_labels[read] = (int32_t)label;
    }
    return read == n ? TW_OK
                     : tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                                   "labels \"%.40s\" are not those of %zu classes, rising", text, n);
}

/* A JSON list of n items, to be freed; *list stays NULL where the file does not have it. */
static tw_status read_list(tw_context *ctx, const tw__safetensors *f, const char *path, const char *key,
                           size_t n, json_t **list, tw_error *err)
{
    const char *text = tw__safetensors_meta(f, key);
    tw__json_fault fault;
    *list = NULL;
    if (!text) return TW_OK;
    tw_status s = tw__json_parse(ctx, list, text, strlen(text), &fault);
    if (s == TW_OK && json_array_size(*list) == n) return TW_OK;
    json_decref(*list);
    *list = NULL;
    if (s == TW_ERR_MEMORY) return tw__fail(err, s, "%s", fault.text);
    return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "%s \"%.40s\" is not a list of %zu", key, text, n);
}

static tw_status read_names(tw_model *m, const tw__safetensors *f, const char *path, const char *key,
                            size_t n, char ***out, tw_error *err)
{
    json_t *list;
    TW_TRY(read_list(m->ctx, f, path, key, n, &list, err));
    if (!list) return TW_OK;
    tw_status s = tw__alloc(m->ctx, out, n, sizeof **out, err);
    for (size_t i = 0; s == TW_OK && i < n; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        s = name ? tw__copy_text(m->ctx, &(*out)[i], name, err)
                 : tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "%s: item %zu is not a text", key, i);
    }
    json_decref(list);
    return s;
}

static tw_status check_class_names(const tw_model *m, const char *path, tw_error *err)
{
    const size_t n = m->class_names ? (size_t)m->classes : 0;
    size_t twice;
    TW_TRY(tw__classes_twice(m->ctx, m->class_names, n, &twice, err));
    if (twice == n) return TW_OK;
    return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "class_names: class \"%.60s\" is there twice",
                       m->class_names[twice]);
}

/* n finite numbers, above 0 unless any will do; *to stays NULL where the file does not have them. */
static tw_status read_reals(const tw_model *m, const tw__safetensors *f, const char *path, int which,
                            size_t n, int any, double **to, tw_error *err)
{
    json_t *list;
    TW_TRY(read_list(m->ctx, f, path, optional[which], n, &list, err));
    if (!list) return TW_OK;
    tw_status s = tw__alloc(m->ctx, to, n, sizeof **to, err);
    for (size_t i = 0; s == TW_OK && i < n; i++) {
        const json_t *x = json_array_get(list, i);
        (*to)[i] = json_number_value(x);
        if (!json_is_number(x) || !isfinite((*to)[i]) || !(any || (*to)[i] > 0))
            s = tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "%s: item %zu is not a number%s", optional[which],
                            i, any ? "" : " above 0");
    }
    json_decref(list);
    return s;
}

/* The model's text says whether its columns are standardized. */
static tw_status read_scale(tw_model *m, const tw__safetensors *f, const char *path, tw_error *err)
{
    const size_t n = tw__shape_size(&m->in);
    const char *given = tw__safetensors_meta(f, optional[SCALE]);
    if (!given != !tw__linear_is_standardized(m) || (!given && tw__safetensors_meta(f, optional[CENTER])))
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "%.40s has %s scale of its columns", m->text,
                           given ? "a" : "no");
    TW_TRY(read_reals(m, f, path, SCALE, n, 0, &m->scale, err));
    return read_reals(m, f, path, CENTER, n, 1, &m->center, err);
}

/* It must be one, and of rows like those that the model takes. */
static tw_status read_schema(tw_model *m, const tw__safetensors *f, const char *path, tw_error *err)
{
    const char *text = tw__safetensors_meta(f, optional[SCHEMA]);
    tw__schema schema;
    tw_error why;
    if (!text) return TW_OK;
    tw_status s = tw__schema_read(&schema, m->ctx, text, &why);
    if (s == TW_OK) {
        if (schema.width != tw__shape_size(&m->in))
            s = tw__fail(&why, TW_ERR_DATA, "schema of %zu columns, but the model takes %zu", schema.width,
                         tw__shape_size(&m->in));
        tw__schema_free(&schema, m->ctx);
    }
    if (s == TW_ERR_DATA) return tw__fail_in(err, s, path, 0, -1, "%.300s", why.message);
    return s == TW_OK ? tw__copy_text(m->ctx, &m->schema, text, err)
                      : tw__fail(err, s, "%.300s", why.message);
}

static tw_status read_optional(tw_model *m, const tw__safetensors *f, const char *path, tw_error *err)
{
    const char *labels = tw__safetensors_meta(f, optional[LABELS]);
    const int named = labels || tw__safetensors_meta(f, optional[CLASS_WEIGHTS]);
    if (m->classes > m->labels || (named && m->classes != m->labels))
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "has %lld classes%s, its last layer %lld",
                           (long long)m->classes, labels ? " with labels" : "", (long long)m->labels);
    TW_TRY(read_labels(m, labels, path, err));
    TW_TRY(read_names(m, f, path, optional[CLASS_NAMES], (size_t)m->classes, &m->class_names, err));
    TW_TRY(check_class_names(m, path, err));
    TW_TRY(read_reals(m, f, path, CLASS_WEIGHTS, (size_t)m->labels, 0, &m->class_weights, err));
    TW_TRY(read_scale(m, f, path, err));
    TW_TRY(read_schema(m, f, path, err));
    TW_TRY(read_names(m, f, path, optional[TARGET_NAMES], m->kind->outputs(m), &m->target_names, err));
    return read_names(m, f, path, optional[COLUMN_NAMES], tw__shape_size(&m->in), &m->column_names, err);
}

/* What the rows are that the model takes, and how many classes they had. */
static tw_status read_input(const tw__safetensors *f, const char *path, tw__shape *in, tw_type *type,
                            int64_t *n_classes, tw_error *err)
{
    const char *input, *scaling, *classes;
    TW_TRY(meta_of(f, path, "input", &input, err));
    TW_TRY(meta_of(f, path, "scaling", &scaling, err));
    TW_TRY(meta_of(f, path, "classes", &classes, err));
    if (!tw__shape_read(input, in) || in->rank == 2)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "input \"%.40s\" is not a shape like 28x28x1",
                           input);
    *type = strcmp(scaling, "1/255") == 0 ? TW_U8 : TW_F32;
    if (*type != TW_U8 && strcmp(scaling, "1") != 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "scaling \"%.40s\" is not 1/255 or 1", scaling);
    const char *end = classes;
    *n_classes = tw__shape_number(&end);
    if (*n_classes >= 0 && !*end && *n_classes <= INT32_MAX) return TW_OK;
    return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "classes \"%.40s\" is not a number of classes",
                       classes);
}

/* A model of this text, in which any error is the file's. */
static tw_status make_model(tw_model **out, tw_context *ctx, const char *key, const char *text, tw_type type,
                            tw_type input, const tw__shape *in, int64_t classes, tw_error *err)
{
    tw__model_text t;
    TW_TRY(tw__model_text_read(&t, text, err));
    if (strcmp(t.kind->key, key) != 0) return tw__fail(err, TW_ERR_DATA, "\"%.40s\" is not a %s", text, key);
    TW_TRY(tw__model_new(out, ctx, &t, type, input, in, classes, err));
    if ((*out)->classes == classes) return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "has %lld classes, but %.40s predicts numbers", (long long)classes,
                    text);
}

/* A model as the metadata say, without weights. */
static tw_status read_kind(tw_model **out, tw_context *ctx, const tw__safetensors *f, const char *path,
                           tw_error *err)
{
    const char *key = tw__safetensors_meta(f, "model") ? "model" : "network";
    const char *kind, *text;
    tw__shape in;
    tw_type input = TW_F32;
    int64_t classes = 0;
    tw_error inner;
    TW_TRY(meta_of(f, path, "format", &kind, err));
    if (strcmp(kind, format) != 0)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "format \"%.40s\" is not \"%s\"", kind, format);
    TW_TRY(meta_of(f, path, key, &text, err));
    TW_TRY(read_input(f, path, &in, &input, &classes, err));
    if (f->n == 0 || (f->entries[0].type != TW_F32 && f->entries[0].type != TW_F64))
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "has no tensors of float or double");
    const tw_status s = make_model(out, ctx, key, text, f->entries[0].type, input, &in, classes, &inner);
    if (s == TW_ERR_SPEC || s == TW_ERR_DATA)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "%.300s", inner.message);
    if (s != TW_OK && err) *err = inner;
    return s;
}

static tw_status read_model(tw_model **out, tw_context *ctx, const tw__safetensors *f, const char *path,
                            tw_error *err)
{
    const void *data = NULL;
    TW_TRY(read_kind(out, ctx, f, path, err));
    tw_model *m = *out;
    if (f->n != m->n_tensors)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "has %zu tensors, its %s %zu", f->n, m->kind->key,
                           m->n_tensors);
    for (size_t i = 0; i < f->n; i++) TW_TRY(find_tensor(m, f, path, i, &data, err));
    TW_TRY(read_optional(m, f, path, err));
    TW_TRY(tw__model_allocate(m, err)); /* not before: a text could ask for any amount */
    for (size_t i = 0; i < f->n; i++) {
        TW_TRY(find_tensor(m, f, path, i, &data, err));
        tw__model_load_tensor(m, i, data);
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

static tw_status load_safetensors(tw_model **out, tw_context *ctx, tw__stream *s, const char *path,
                                  tw_error *err)
{
    tw__safetensors f;
    TW_TRY(tw__safetensors_take(&f, ctx, s, path, err));
    const tw_status status = read_model(out, ctx, &f, path, err);
    tw__safetensors_free(&f);
    return status;
}

/* What a file is, its first bytes say. */
static tw_status load(tw_model **out, tw_context *ctx, tw__stream *s, const char *path, tw_error *err)
{
    const uint8_t *first;
    size_t n;
    TW_TRY(tw__stream_peek(s, TW__LIBLINEAR_PEEK, &first, &n, err));
    return tw__is_liblinear(first, n) ? tw__liblinear_load(out, ctx, s, path, err)
                                      : load_safetensors(out, ctx, s, path, err);
}

tw_status tw_model_load(tw_model **out, tw_context *ctx, const char *path, tw_error *err)
{
    TW_MAKES(err, out, ctx && path);
    tw__stream *stream;
    tw_model *m = NULL;
    char inside[TW__PATH];
    int is_directory;
    TW_TRY(find_model(ctx, path, inside, &is_directory, err));
    if (is_directory) path = inside;
    TW_TRY(tw__stream_open(&stream, ctx, path, TW__PLAIN, 0, err));
    const tw_status s = load(&m, ctx, stream, path, err);
    tw__stream_close(stream);
    if (s == TW_OK) *out = m;
    else tw_model_free(m);
    return s;
}
