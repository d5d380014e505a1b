/* Reading pictures into a block; see pictures.h.
 * SPDX-License-Identifier: MIT */
#include "data/pictures.h"
#include "data/image.h"
#include "data/kind.h"
#include "data/resize.h"
#include <string.h>

static const tw__image_format *const formats[] = {&tw__image_png, &tw__image_jpeg};

const tw__image_format *tw__image_format_of(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (n >= formats[i]->magic_length && memcmp(bytes, formats[i]->magic, formats[i]->magic_length) == 0)
            return formats[i];
    return NULL;
}

tw_status tw__pictures_add(tw__pictures *l, const char *path, int32_t label, tw_error *err)
{
    TW_TRY(tw__grow(l->ctx, &l->paths, &l->paths_size, l->n + 1, sizeof *l->paths, err));
    TW_TRY(tw__grow(l->ctx, &l->labels, &l->labels_size, l->n + 1, sizeof *l->labels, err));
    TW_TRY(tw__copy_text(l->ctx, &l->paths[l->n], path, err));
    l->labels[l->n++] = label;
    return TW_OK;
}

void tw__pictures_free(tw__pictures *l)
{
    for (size_t i = 0; i < l->n; i++) tw__free_text(l->ctx, l->paths[i]);
    tw__free(l->ctx, l->paths, l->paths_size, sizeof *l->paths);
    tw__free(l->ctx, l->labels, l->labels_size, sizeof *l->labels);
}

/* ---- pixels -------------------------------------------------------------------------------------------- */

/* Where rows go while they are read. */
typedef struct target {
    tw_context *ctx;
    const char *first; /* the path that the form is of */
    tw__image form;
    int64_t wanted[2]; /* height and width; 0: the first one's */
    size_t size;       /* of a row */
    uint8_t *x;
    size_t rows;
    uint64_t most_bytes;
} target;

static tw_status size_of(const tw__image *form, const char *path, size_t *size, tw_error *err)
{
    const int64_t shape[] = {form->height, form->width, form->channels};
    if (tw__size_of_shape(3, shape, size) && *size <= TW__IMAGE_MOST) return TW_OK;
    return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                       "declares %lld x %lld pixels; images have at most %d bytes", (long long)form->height,
                       (long long)form->width, TW__IMAGE_MOST);
}

/* The form of all rows is that of the first one, or of the size that is wanted. */
static tw_status begin(target *t, const tw__image *first, const char *path, tw_error *err)
{
    tw__image form = *first;
    size_t all;
    if (t->wanted[0]) form.height = t->wanted[0], form.width = t->wanted[1];
    TW_TRY(size_of(&form, path, &t->size, err));
    if (!tw__size_mul(t->rows, t->size, &all) || all > t->most_bytes)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                           "%zu images of %zu bytes are more than %llu bytes, which are read at most",
                           t->rows, t->size, (unsigned long long)t->most_bytes);
    t->form = form;
    t->first = path;
    return tw__alloc(t->ctx, &t->x, t->rows, t->size, err);
}

static tw_status other_form(const target *t, const tw__image *form, const char *path, tw_error *err)
{
    if (t->form.channels != form->channels)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                           "is %s, where %.200s is %s: all images have the same channels",
                           form->channels == 1 ? "grey" : "in colour", t->first,
                           t->form.channels == 1 ? "grey" : "in colour");
    return tw__fail_in(
        err, TW_ERR_DATA, path, 0, -1,
        "has %lld x %lld pixels, where %.150s has %lld x %lld: all images have one size, or option "
        "image_size says to which they are scaled",
        (long long)form->height, (long long)form->width, t->first, (long long)t->form.height,
        (long long)t->form.width);
}

/* An image of another size than the rows'. */
static tw_status decode_resized(const target *t, const tw__image_format *format, const tw__image *form,
                                const char *path, const uint8_t *bytes, size_t n, uint8_t *to, tw_error *err)
{
    uint8_t *pixels;
    size_t size = 0;
    TW_TRY(size_of(form, path, &size, err));
    TW_TRY(tw__alloc(t->ctx, &pixels, size, 1, err));
    tw_status s = format->decode(form, bytes, n, path, pixels, err);
    if (s == TW_OK) s = tw__image_resize(t->ctx, form, pixels, &t->form, to, err);
    tw__free(t->ctx, pixels, size, 1);
    return s;
}

static tw_status decode(target *t, size_t row, const char *path, const uint8_t *bytes, size_t n,
                        tw_error *err)
{
    const tw__image_format *format = tw__image_format_of(bytes, n);
    char kind[TW__KIND_TEXT];
    tw__image form;
    if (!format)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "%s, not a PNG or JPEG image",
                           *tw__file_kind(bytes, n, kind) ? kind : "unknown");
    TW_TRY(format->head(&form, bytes, n, path, err));
    if (!t->x) TW_TRY(begin(t, &form, path, err));
    uint8_t *const to = t->x + row * t->size;
    if (memcmp(&form, &t->form, sizeof form) == 0) return format->decode(&form, bytes, n, path, to, err);
    return t->wanted[0] && form.channels == t->form.channels
               ? decode_resized(t, format, &form, path, bytes, n, to, err)
               : other_form(t, &form, path, err);
}

static tw_status read_row(target *t, size_t row, const char *path, tw__stream *s, tw_error *err)
{
    uint8_t *bytes;
    size_t n;
    TW_TRY(tw__stream_take(s, TW__IMAGE_MOST, &bytes, &n, err));
    tw_status status = tw__stream_end(s, err);
    if (status == TW_OK) status = decode(t, row, path, bytes, n, err);
    tw__free(t->ctx, bytes, n, 1);
    return status;
}

static tw_status read_rows(target *t, const tw__pictures *l, tw__stream *first, tw_error *err)
{
    tw_status status = TW_OK;
    for (size_t i = 0; i < l->n && status == TW_OK; i++) {
        tw__stream *s = i == 0 ? first : NULL, *opened = NULL;
        if (!s) TW_TRY(tw__stream_open(&opened, l->ctx, l->paths[i], TW__PLAIN, TW__IMAGE_MOST, err));
        status = read_row(t, i, l->paths[i], s ? s : opened, err);
        tw__stream_close(opened);
    }
    return status;
}

/* The size is part of what other images must fit. */
static tw_status note_size(const target *t, char **schema, tw_error *err)
{
    tw__schema s = TW__SCHEMA_INIT;
    if (!t->wanted[0]) return TW_OK;
    s.width = t->size;
    memcpy(s.image, t->wanted, sizeof s.image);
    return tw__schema_text(&s, t->ctx, schema, err);
}

tw_status tw__pictures_read(tw__block **out, const tw__pictures *l, const tw__pictures_as *as, tw_error *err)
{
    target t = {.ctx = l->ctx,
                .wanted = {as->size[0], as->size[1]},
                .rows = l->n,
                .most_bytes = as->most_bytes ? as->most_bytes : TW__MOST_BYTES};
    int32_t *labels = NULL;
    char *schema = NULL;
    tw_status s = read_rows(&t, l, as->first, err);
    if (s == TW_OK) s = note_size(&t, &schema, err);
    if (s == TW_OK && as->class_names) s = tw__alloc(l->ctx, &labels, l->n, sizeof *labels, err);
    if (labels) memcpy(labels, l->labels, l->n * sizeof *labels);
    const int is_grey = t.form.channels == 1;
    const tw_data_info all = {.size = sizeof all,
                              .rows = l->n,
                              .rank = is_grey ? 2 : 3,
                              .shape = {t.form.height, t.form.width, is_grey ? 0 : t.form.channels},
                              .type = TW_U8,
                              .x = t.x,
                              .labels = labels,
                              .classes = as->classes,
                              .class_names = (const char *const *)as->class_names,
                              .schema = schema,
                              .name = as->name};
    if (s == TW_OK) return tw__block_create(out, l->ctx, &all, NULL, err);
    tw__data_free_rows(l->ctx, &all, NULL);
    return s;
}
