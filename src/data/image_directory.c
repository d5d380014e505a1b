/* A directory of pictures: in one directory for each class, whose name is the class's; in two such, train and
 * test; or without classes.
 * SPDX-License-Identifier: MIT */
#include "data/pictures.h"
#include "data/reader.h"
#include "data/validation.h"
#include "file/listing.h"
#include <string.h>
#include <strings.h>

/* ---- names --------------------------------------------------------------------------------------------- */

static int is_image(const char *name)
{
    static const char *const ends[] = {".png", ".jpg", ".jpeg"};
    const char *end = strrchr(name, '.');
    for (size_t i = 0; end && i < sizeof ends / sizeof ends[0]; i++)
        if (strcasecmp(end, ends[i]) == 0) return 1;
    return 0;
}

static tw_status is_directory(int *is, tw_context *ctx, const char *directory, const char *name,
                              char path[TW__PATH], tw_error *err)
{
    int kind = TW_PATH_NONE;
    TW_TRY(tw__path_in(directory, name, path, err));
    TW_TRY(tw__path_kind(ctx, path, &kind, err));
    *is = kind == TW_PATH_DIRECTORY;
    return TW_OK;
}

/* *is: 1 if there is an image in it or `depth` directories below. */
static tw_status find_image(int *is, tw_context *ctx, const char *directory, int depth, tw_error *err)
{
    tw__listing l;
    tw_status s = tw__listing_read(&l, ctx, directory, err);
    for (size_t i = 0; i < l.n && s == TW_OK && !*is; i++) *is = is_image(l.names[i]);
    for (size_t i = 0; i < l.n && s == TW_OK && !*is && depth > 0; i++) {
        char path[TW__PATH];
        int below;
        s = is_directory(&below, ctx, directory, l.names[i], path, err);
        if (s == TW_OK && below) s = find_image(is, ctx, path, depth - 1, err);
    }
    tw__listing_free(&l, ctx);
    return s;
}

static tw_status holds(int *is, tw_context *ctx, const char *directory, tw_error *err)
{
    *is = 0;
    return ctx->io.list ? find_image(is, ctx, directory, 2, err) : TW_OK;
}

/* *to: the directories in one, by name. Freed also after an error. */
static tw_status list_classes(tw__listing *to, tw_context *ctx, const char *directory, tw_error *err)
{
    size_t n = 0;
    TW_TRY(tw__listing_read(to, ctx, directory, err));
    for (size_t i = 0; i < to->n; i++) {
        char path[TW__PATH];
        int is;
        TW_TRY(is_directory(&is, ctx, directory, to->names[i], path, err));
        char *name = to->names[i];
        if (!is) continue;
        to->names[i] = to->names[n];
        to->names[n++] = name;
    }
    for (size_t i = n; n && i < to->n; i++)
        if (is_image(to->names[i]))
            return tw__fail_in(err, TW_ERR_DATA, directory, 0, -1,
                               "has directories of classes, and %.100s is in none of them", to->names[i]);
    while (to->n > n) tw__free_text(ctx, to->names[--to->n]);
    return TW_OK;
}

/* ---- a part -------------------------------------------------------------------------------------------- */

/* All images of one class. */
static tw_status add_images(tw__pictures *to, const tw__listing *l, const char *directory, int32_t label,
                            tw_error *err)
{
    for (size_t i = 0; i < l->n; i++) {
        char path[TW__PATH];
        TW_TRY(tw__path_in(directory, l->names[i], path, err));
        if (!is_image(l->names[i]))
            return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                               "is no image: their names end with .png, .jpg or .jpeg");
        TW_TRY(tw__pictures_add(to, path, label, err));
    }
    return l->n ? TW_OK : tw__fail_in(err, TW_ERR_DATA, directory, 0, -1, "holds no images");
}

static tw_status add_directory(tw__pictures *to, const char *directory, int32_t label, tw_error *err)
{
    tw__listing l;
    tw_status s = tw__listing_read(&l, to->ctx, directory, err);
    if (s == TW_OK) s = add_images(to, &l, directory, label, err);
    tw__listing_free(&l, to->ctx);
    return s;
}

/* The number of a class among n; n: it is none of them. */
static size_t class_at(const char *const *names, size_t n, const char *name)
{
    size_t i = 0;
    while (i < n && strcmp(names[i], name) != 0) i++;
    return i;
}

/* The images of all classes, which are numbered as `names` are. */
static tw_status add_classes(tw__pictures *to, const tw__listing *classes, const char *directory,
                             const char *const *names, size_t n, tw_error *err)
{
    for (size_t i = 0; i < classes->n; i++) {
        char path[TW__PATH];
        const size_t class = class_at(names, n, classes->names[i]);
        TW_TRY(tw__path_in(directory, classes->names[i], path, err));
        if (class == n)
            return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                               "is not among the %zu training classes, %.60s to %.60s", n, names[0],
                               names[n - 1]);
        TW_TRY(add_directory(to, path, (int32_t) class, err));
    }
    return TW_OK;
}

static tw_status set_size(const tw__opening *o, int64_t size[2], tw_error *err)
{
    tw__schema fit = TW__SCHEMA_INIT;
    if (o->options->schema) TW_TRY(tw__schema_read(&fit, o->ctx, o->options->schema, err));
    const tw_status s = tw__image_size(o->options->image_size, &fit, size, err);
    tw__schema_free(&fit, o->ctx);
    return s;
}

/* fit: what the classes are, or NULL. */
static tw_status read_listed(tw__block **out, tw__pictures *list, const tw__listing *classes,
                             const tw__opening *o, const char *directory, const tw_data_info *fit,
                             tw_error *err)
{
    const char *const *names =
        fit && fit->class_names ? fit->class_names : (const char *const *)classes->names;
    tw__pictures_as as = {.most_bytes = o->options->most_bytes, .name = directory};
    TW_TRY(set_size(o, as.size, err));
    const size_t n = names == (const char *const *)classes->names ? classes->n : (size_t)fit->classes;
    if (classes->n == 0) TW_TRY(add_directory(list, directory, 0, err));
    else TW_TRY(add_classes(list, classes, directory, names, n, err));
    if (classes->n > 0) {
        as.classes = (int32_t)n;
        TW_TRY(tw__alloc(list->ctx, &as.class_names, n, sizeof *as.class_names, err));
    }
    tw_status s = TW_OK;
    for (int32_t i = 0; i < as.classes && s == TW_OK; i++)
        s = tw__copy_text(list->ctx, &as.class_names[i], names[i], err);
    if (s == TW_OK) return tw__pictures_read(out, list, &as, err);
    const tw_data_info copied = {.classes = as.classes, .class_names = (const char *const *)as.class_names};
    tw__data_free_rows(list->ctx, &copied, NULL);
    return s;
}

static tw_status read_part(tw__block **out, const tw__opening *o, const char *directory,
                           const tw_data_info *fit, tw_error *err)
{
    tw__pictures list = {.ctx = o->ctx};
    tw__listing classes;
    tw_status s = list_classes(&classes, o->ctx, directory, err);
    if (s == TW_OK) s = read_listed(out, &list, &classes, o, directory, fit, err);
    tw__pictures_free(&list);
    tw__listing_free(&classes, o->ctx);
    return s;
}

/* ---- the data set -------------------------------------------------------------------------------------- */

/* *has: 1 if the classes are in a directory train, not in this one. */
static tw_status has_parts(int *has, const tw__opening *o, char train[TW__PATH], tw_error *err)
{
    tw__listing classes;
    TW_TRY(is_directory(has, o->ctx, o->path, "train", train, err));
    if (!*has) return TW_OK;
    const tw_status s = list_classes(&classes, o->ctx, train, err);
    *has = classes.n > 0;
    tw__listing_free(&classes, o->ctx);
    return s;
}

static tw_status read_parts(tw__parts *p, const tw__opening *o, const char *train, tw_error *err)
{
    char test[TW__PATH];
    int has_test;
    if (o->want_train) TW_TRY(read_part(&p->train, o, train, NULL, err));
    TW_TRY(is_directory(&has_test, o->ctx, o->path, "test", test, err));
    return o->want_test && has_test ? read_part(&p->test, o, test, p->train ? &p->train->all : NULL, err)
                                    : TW_OK;
}

/* Images without classes, or where only test rows are wanted, are test rows. */
static tw_status read_whole(tw__parts *p, const tw__opening *o, tw_error *err)
{
    tw__block *b = NULL;
    TW_TRY(read_part(&b, o, o->path, NULL, err));
    if (o->want_train && b->all.labels) p->train = b;
    else p->test = b;
    return TW_OK;
}

static tw_status open_directory(tw__parts *p, const tw__opening *o, tw_error *err)
{
    const tw_data_options *d = o->options;
    char train[TW__PATH];
    int parts;
    TW_TRY(has_parts(&parts, o, train, err));
    TW_TRY(parts ? read_parts(p, o, train, err) : read_whole(p, o, err));
    return p->train && d->val > 0 ? tw__validation_last(p->train, d->val, d->seed, &p->val_rows, err) : TW_OK;
}

const tw__reader tw__reader_image_directory = {.kind = TW_PATH_DIRECTORY,
                                               .of_images = 1,
                                               .holds = holds,
                                               .open = open_directory};
