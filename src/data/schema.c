/* Schemas as JSON:
 *   {"width": 3, "base": 1, "fields": 3, "label": {"name": "y", "at": 2}, "classes": ["-1", "+1"],
 *    "columns": [{"name": "a", "at": 0}, {"name": "b", "at": 1, "levels": ["blue", "red"], "fill": 0.5}]}
 * Several labels are a list: "label": [{"name": "y1", "at": 2}, {"name": "y2", "at": 3}]; so are those of which
 * LIBSVM's rows have any number.
 * With "hash_bits", a column of texts has "text": true in place of levels. Of a text:
 *   {"width": 64, "text": true, "classes": ["\n", " ", "a"]}
 * Of images that are brought to one size:
 *   {"width": 18432, "image": {"height": 64, "width": 96}}
 * SPDX-License-Identifier: MIT */
#include "data/schema.h"
#include "data/hashing.h"
#include "data/words.h"
#include "file/json.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const sides[] = {"height", "width"}; /* of tw__schema.image */

static void free_texts(tw_context *ctx, char **texts, size_t n)
{
    for (size_t i = 0; texts && i < n; i++) tw__free_text(ctx, texts[i]);
    tw__free(ctx, texts, n, sizeof *texts);
}

void tw__schema_drop_classes(tw__schema *s, tw_context *ctx)
{
    free_texts(ctx, s->classes, (size_t)s->n_classes);
    s->classes = NULL;
    s->n_classes = 0;
}

void tw__schema_free(tw__schema *s, tw_context *ctx)
{
    for (size_t i = 0; s->columns && i < s->n_columns; i++) {
        tw__free_text(ctx, s->columns[i].name);
        free_texts(ctx, s->columns[i].levels, s->columns[i].n_levels);
    }
    tw__free(ctx, s->columns, s->n_columns, sizeof *s->columns);
    for (size_t i = 0; s->labels && i < s->n_labels; i++) tw__free_text(ctx, s->labels[i].name);
    tw__free(ctx, s->labels, s->n_labels, sizeof *s->labels);
    tw__schema_drop_classes(s, ctx);
    *s = (tw__schema)TW__SCHEMA_INIT;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static json_t *texts_json(tw__json_builder *b, char *const *texts, size_t n)
{
    json_t *list = tw__json_list(b);
    for (size_t i = 0; i < n; i++) tw__json_append(b, list, tw__json_text_value(b, texts[i]));
    return list;
}

static json_t *column_json(tw__json_builder *b, const tw__column *c)
{
    json_t *o = tw__json_object(b);
    tw__json_put_text(b, o, "name", c->name);
    tw__json_put_natural(b, o, "at", (uint64_t)c->at);
    if (c->levels) tw__json_put(b, o, "levels", texts_json(b, c->levels, c->n_levels));
    else if (c->kind == TW__COLUMN_CATEGORY) tw__json_put(b, o, "text", json_true());
    tw__json_put_real(b, o, "fill", c->fill);
    return o;
}

static json_t *label_json(tw__json_builder *b, const tw__label_column *label)
{
    json_t *o = tw__json_object(b);
    tw__json_put_text(b, o, "name", label->name);
    tw__json_put_natural(b, o, "at", (uint64_t)label->at);
    return o;
}

static json_t *labels_json(tw__json_builder *b, const tw__schema *s)
{
    if (s->n_labels == 1) return label_json(b, s->labels);
    json_t *list = tw__json_list(b);
    for (size_t i = 0; i < s->n_labels; i++) tw__json_append(b, list, label_json(b, &s->labels[i]));
    return list;
}

tw_status tw__schema_text(const tw__schema *s, tw_context *ctx, char **text, tw_error *err)
{
    tw__json_builder b = {.err = err};
    json_t *o = tw__json_object(&b), *all;
    tw__json_put_natural(&b, o, "width", s->width);
    if (s->base >= 0) tw__json_put_natural(&b, o, "base", (uint64_t)s->base);
    if (s->hash_bits) tw__json_put_natural(&b, o, "hash_bits", s->hash_bits);
    if (s->n_fields) tw__json_put_natural(&b, o, "fields", s->n_fields);
    if (s->is_text) tw__json_put(&b, o, "text", json_true());
    if (s->image[0]) {
        json_t *image = tw__json_object(&b);
        for (int i = 0; i < 2; i++) tw__json_put_natural(&b, image, sides[i], (uint64_t)s->image[i]);
        tw__json_put(&b, o, "image", image);
    }
    if (s->n_labels) tw__json_put(&b, o, "label", labels_json(&b, s));
    if (s->classes) tw__json_put(&b, o, "classes", texts_json(&b, s->classes, (size_t)s->n_classes));
    if (s->columns) {
        json_t *columns = tw__json_list(&b);
        for (size_t i = 0; i < s->n_columns; i++)
            tw__json_append(&b, columns, column_json(&b, &s->columns[i]));
        tw__json_put(&b, o, "columns", columns);
    }
    TW_TRY(tw__json_take(&b, o, &all));
    const tw_status status = tw__json_dump(ctx, all, JSON_COMPACT, text, err);
    json_decref(all);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static tw_status wrong(const char *what, tw_error *err)
{
    return tw__fail(err, TW_ERR_DATA, "the description of the columns is damaged: %s", what);
}

static tw_status read_natural(const json_t *value, int64_t most, const char *what, int64_t *to, tw_error *err)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > most)
        return wrong(what, err);
    *to = json_integer_value(value);
    return TW_OK;
}

static tw_status read_text(tw_context *ctx, const json_t *value, const char *what, char **to, tw_error *err)
{
    if (!value) return TW_OK;
    return json_is_string(value) ? tw__copy_text(ctx, to, json_string_value(value), err) : wrong(what, err);
}

static tw_status read_texts(tw_context *ctx, const json_t *list, const char *what, int rising, char ***to,
                            size_t *n, tw_error *err)
{
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > INT32_MAX)
        return wrong(what, err);
    TW_TRY(tw__alloc(ctx, to, json_array_size(list), sizeof **to, err));
    *n = json_array_size(list);
    for (size_t i = 0; i < *n; i++) {
        TW_TRY(read_text(ctx, json_array_get(list, i), what, &(*to)[i], err));
        if (i && rising && strcmp((*to)[i - 1], (*to)[i]) >= 0) return wrong(what, err);
    }
    return TW_OK;
}

static tw_status read_column(tw_context *ctx, const json_t *from, tw__column *to, tw_error *err)
{
    const json_t *levels = json_object_get(from, "levels"), *fill = json_object_get(from, "fill");
    if (!json_is_object(from) || (fill && !json_is_number(fill))) return wrong("columns", err);
    to->fill = fill ? json_number_value(fill) : NAN;
    TW_TRY(read_text(ctx, json_object_get(from, "name"), "name", &to->name, err));
    TW_TRY(read_natural(json_object_get(from, "at"), INT32_MAX, "at", &to->at, err));
    to->kind =
        levels || json_is_true(json_object_get(from, "text")) ? TW__COLUMN_CATEGORY : TW__COLUMN_NUMBER;
    return levels ? read_texts(ctx, levels, "levels", 1, &to->levels, &to->n_levels, err) : TW_OK;
}

static tw_status read_columns(tw__schema *s, tw_context *ctx, const json_t *list, tw_error *err)
{
    size_t width = s->hash_bits ? (size_t)1 << s->hash_bits : 0;
    if (!json_is_array(list) || json_array_size(list) == 0) return wrong("columns", err);
    TW_TRY(tw__alloc(ctx, &s->columns, json_array_size(list), sizeof *s->columns, err));
    s->n_columns = json_array_size(list);
    for (size_t i = 0; i < s->n_columns; i++) {
        TW_TRY(read_column(ctx, json_array_get(list, i), &s->columns[i], err));
        const tw__column *c = &s->columns[i];
        if (c->kind == TW__COLUMN_CATEGORY && !c->levels != !!s->hash_bits) return wrong("levels", err);
        width += c->kind == TW__COLUMN_CATEGORY ? c->n_levels : 1;
    }
    return width == s->width ? TW_OK : wrong("width", err);
}

static int compare_places(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Several labels of LIBSVM's rows have names, and are numbered in their order. */
static tw_status check_sets(const tw__schema *s, tw_error *err)
{
    for (size_t i = 0; i < s->n_labels; i++)
        if (s->n_labels < 2 || !s->labels[i].name || s->labels[i].at != (int64_t)i)
            return wrong("label", err);
    return TW_OK;
}

/* Places of columns rise, and no two are the same, those of labels included. */
static tw_status check_places(const tw__schema *s, tw_context *ctx, tw_error *err)
{
    const size_t n = s->n_labels;
    int64_t *places;
    TW_TRY(tw__alloc(ctx, &places, n, sizeof *places, err));
    for (size_t i = 0; i < n; i++) places[i] = s->labels[i].at;
    if (n) qsort(places, n, sizeof *places, compare_places);
    tw_status status = n == 0 || places[n - 1] < (int64_t)s->n_fields ? TW_OK : wrong("label", err);
    for (size_t i = 1; i < n && status == TW_OK; i++)
        if (places[i] == places[i - 1]) status = wrong("label", err);
    for (size_t i = 0; i < s->n_columns && status == TW_OK; i++) {
        const tw__column *c = &s->columns[i];
        if ((i && c->at <= c[-1].at) || c->at >= (int64_t)s->n_fields ||
            (n && bsearch(&c->at, places, n, sizeof *places, compare_places)))
            status = wrong("at", err);
    }
    tw__free(ctx, places, n, sizeof *places);
    return status;
}

/* All columns have names or none, and no two the same, labels included. */
static tw_status check_names(const tw__schema *s, tw_context *ctx, tw__words *names, tw_error *err)
{
    uint32_t number, n = 0;
    for (size_t i = 0; i < s->n_columns; i++) {
        const char *name = s->columns[i].name;
        if (!name != !s->columns[0].name) return wrong("name", err);
        if (!name) continue;
        TW_TRY(tw__words_add(names, ctx, name, strlen(name), &number, err));
        if (number < n++) return wrong("name", err);
    }
    for (size_t i = 0; i < s->n_labels; i++) {
        const char *name = s->labels[i].name;
        if (!name != !s->labels[0].name) return wrong("label", err);
        if (!name) continue;
        TW_TRY(tw__words_add(names, ctx, name, strlen(name), &number, err));
        if (number < n++) return wrong("label", err);
    }
    return TW_OK;
}

static tw_status check_columns(const tw__schema *s, tw_context *ctx, tw_error *err)
{
    tw__words names = {.n = 0};
    TW_TRY(s->base >= 0 && !s->columns ? check_sets(s, err) : check_places(s, ctx, err));
    const tw_status status = check_names(s, ctx, &names, err);
    tw__words_free(&names, ctx);
    return status;
}

static tw_status read_label(tw_context *ctx, const json_t *from, tw__label_column *to, tw_error *err)
{
    TW_TRY(read_text(ctx, json_object_get(from, "name"), "label", &to->name, err));
    return read_natural(json_object_get(from, "at"), INT32_MAX, "label", &to->at, err);
}

/* One label, or a list of several. */
static tw_status read_labels(tw__schema *s, tw_context *ctx, const json_t *label, tw_error *err)
{
    const size_t n = json_is_array(label) ? json_array_size(label) : 1;
    if (json_is_array(label) && (n < 2 || n > TW__MOST_TARGETS)) return wrong("label", err);
    TW_TRY(tw__alloc(ctx, &s->labels, n, sizeof *s->labels, err));
    s->n_labels = n;
    if (!json_is_array(label)) return read_label(ctx, label, s->labels, err);
    for (size_t i = 0; i < n; i++) TW_TRY(read_label(ctx, json_array_get(label, i), &s->labels[i], err));
    return TW_OK;
}

/* One or three channels of so many pixels. */
static tw_status read_image(tw__schema *s, const json_t *image, tw_error *err)
{
    if (!image) return TW_OK;
    for (int i = 0; i < 2; i++)
        TW_TRY(read_natural(json_object_get(image, sides[i]), INT32_MAX, "image", &s->image[i], err));
    const uint64_t pixels = (uint64_t)s->image[0] * (uint64_t)s->image[1];
    return pixels && (s->width == pixels || s->width == 3 * pixels) ? TW_OK : wrong("image", err);
}

static tw_status read_schema(tw__schema *s, tw_context *ctx, const json_t *from, tw_error *err)
{
    const json_t *base = json_object_get(from, "base"), *label = json_object_get(from, "label"),
                 *fields = json_object_get(from, "fields"), *classes = json_object_get(from, "classes"),
                 *columns = json_object_get(from, "columns"), *bits = json_object_get(from, "hash_bits");
    int64_t width = 0, number = -1;
    size_t n = 0, twice;
    if (!json_is_object(from)) return wrong("not an object", err);
    TW_TRY(read_natural(json_object_get(from, "width"), (int64_t)1 << 32, "width", &width, err));
    s->width = (size_t)width;
    if (base) TW_TRY(read_natural(base, 1, "base", &number, err));
    s->base = (int)number;
    if (bits) TW_TRY(read_natural(bits, TW__MOST_HASH_BITS, "hash_bits", &number, err));
    s->hash_bits = bits ? (unsigned)number : 0;
    if (bits && !columns && s->width != (size_t)1 << s->hash_bits) return wrong("hash_bits", err);
    if (fields) TW_TRY(read_natural(fields, INT32_MAX, "fields", &width, err));
    s->n_fields = fields ? (size_t)width : 0;
    TW_TRY(read_image(s, json_object_get(from, "image"), err));
    s->is_text = json_is_true(json_object_get(from, "text"));
    if (s->is_text && (!classes || s->width < 2)) return wrong("text", err);
    if (label) TW_TRY(read_labels(s, ctx, label, err));
    if (classes) {
        tw_status status = read_texts(ctx, classes, "classes", 0, &s->classes, &n, err);
        s->n_classes = (int32_t)n;
        if (status == TW_OK) status = tw__classes_twice(ctx, s->classes, n, &twice, err);
        if (status == TW_OK && twice < n) status = wrong("a class twice", err);
        if (status != TW_OK) return status;
    }
    if (columns) TW_TRY(read_columns(s, ctx, columns, err));
    return check_columns(s, ctx, err);
}

tw_status tw__schema_read(tw__schema *out, tw_context *ctx, const char *text, tw_error *err)
{
    tw__json_fault fault;
    json_t *from = NULL;
    *out = (tw__schema)TW__SCHEMA_INIT;
    tw_status s = tw__json_parse(ctx, &from, text, strlen(text), &fault);
    if (s != TW_OK) return tw__fail(err, s, "the description of the columns is damaged: %s", fault.text);
    s = read_schema(out, ctx, from, err);
    json_decref(from);
    if (s != TW_OK) tw__schema_free(out, ctx);
    return s;
}
