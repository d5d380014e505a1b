/* The registry of readers: from a data set's name or path to its rows.
 * SPDX-License-Identifier: MIT */
#include "base/io.h"
#include "base/names.h"
#include "data/kind.h"
#include "data/text.h"
#include "data/twd.h"
#include "data/validation.h"
#include <stdio.h>
#include <string.h>

#define TW__READER(name) extern const tw__reader tw__reader_##name;
#include "data/list.h"
#undef TW__READER
#define TW__READER(name) &tw__reader_##name,
static const tw__reader *const readers[] = {
#include "data/list.h"
};
#undef TW__READER
enum { N_READERS = sizeof readers / sizeof readers[0] };

/* ---- names --------------------------------------------------------------------------------------------- */

/* Name i of those readers that read files, or of those that are data sets. */
static const char *name_of(size_t i, int of_files)
{
    for (size_t k = 0; k < N_READERS; k++)
        if (readers[k]->name && (readers[k]->kind != 0) == of_files && i-- == 0) return readers[k]->name;
    return NULL;
}

const char *tw_data_set(size_t i) { return name_of(i, 0); }
const char *tw_data_format(size_t i) { return name_of(i, 1); }

int tw_data_is_set(const char *name)
{
    const char *set;
    for (size_t i = 0; (set = tw_data_set(i)); i++)
        if (strcmp(name, set) == 0) return 1;
    return 0;
}

const char *tw__data_supported(char to[TW__SUPPORTED])
{
    int n = snprintf(to, TW__SUPPORTED, "supported: ");
    for (size_t i = 0; i < N_READERS && n < TW__SUPPORTED; i++) {
        const char *join = i == 0 ? "" : i + 1 < N_READERS ? ", " : " and ", *text = readers[i]->supported;
        if (text || readers[i]->name)
            n += snprintf(to + n, (size_t)(TW__SUPPORTED - n), text ? "%s%s" : "%s\"%s\"", join,
                          text ? text : readers[i]->name);
    }
    return to;
}

/* ---- files of rows ------------------------------------------------------------------------------------- */

/* What is not known by its content is told as what it is. */
static tw_status fail_unknown(const char *path, const uint8_t *head, size_t n, tw_error *err)
{
    char supported[TW__SUPPORTED], kind[TW__KIND_TEXT];
    const size_t text = tw__text_length(head, n);
    tw__data_supported(supported);
    if (n == 0) return tw__fail_in(err, TW_ERR_DATA, path, 0, 0, "empty; %s", supported);
    if (*tw__file_kind(head, n, kind))
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 0, "%s; %s", kind, supported);
    if (text >= 4)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, (int64_t)text,
                           "the control character 0x%02x, which no text file holds; %s", head[text],
                           supported);
    return tw__fail_in(err, TW_ERR_DATA, path, 0, 0, "begins with %02x %02x %02x %02x; %s", head[0],
                       n > 1 ? head[1] : 0, n > 2 ? head[2] : 0, n > 3 ? head[3] : 0, supported);
}

static const char *format_at(size_t i, const void *user)
{
    (void)user;
    return tw_data_format(i);
}

/* Images that are scaled are in files of their own. */
static tw_status refuse_size(const tw__reader *reader, const tw_data_options *o, const char *path,
                             tw_error *err)
{
    if (!o->image_size || reader->of_images) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "image_size = %.60s: that is for PNG and JPEG images, and %.200s is none", o->image_size,
                    path);
}

static tw_status find_reader(const tw__reader **out, const tw__source *source, tw_error *err)
{
    const char *format = source->options->format;
    const uint8_t *head;
    size_t n;
    *out = NULL;
    TW_TRY(tw__stream_peek(source->first, TW__HEAD, &head, &n, err));
    for (size_t i = 0; i < N_READERS && !*out; i++)
        if (readers[i]->read && (format ? strcmp(format, readers[i]->name) == 0
                                        : readers[i]->recognises(head, n, n < TW__HEAD, source->schema)))
            *out = readers[i];
    if (*out && source->options->length && !(*out)->of_texts)
        return tw__fail(err, TW_ERR_SPEC, "length = %llu: that is for texts (format text), and %.200s is %s",
                        (unsigned long long)source->options->length, source->paths[0], (*out)->supported);
    if (*out) return refuse_size(*out, source->options, source->paths[0], err);
    return format ? tw__name_unknown("unknown format", tw__text_of(format), format_at, NULL, err)
                  : fail_unknown(source->paths[0], head, n, err);
}

static tw_status open_stream(const tw__source *source, const char *path, tw__stream **stream, tw_error *err)
{
    enum { HEADER = 64 }; /* of a format whose data are counted without one */
    const uint64_t most = source->options->most_bytes;
    return tw__stream_open(stream, source->ctx, path, TW__UNPACK,
                           most && most < UINT64_MAX - HEADER ? most + HEADER : most, err);
}

tw_status tw__source_open(const tw__source *source, size_t i, tw__stream **stream, tw_error *err)
{
    *stream = source->first;
    return i == 0 ? TW_OK : open_stream(source, source->paths[i], stream, err);
}

void tw__source_close(const tw__source *source, tw__stream *stream)
{
    if (stream != source->first) tw__stream_close(stream);
}

/* Of rows that stay in a file: if they are converted already, it is theirs, else one that can be written. */
static tw_status choose_file(tw__source *source, const tw__reader *reader, tw_error *err)
{
    const tw__saving *save = source->save;
    if (reader == &tw__reader_twd) {
        source->options = save->otherwise;
        source->save = NULL;
        return TW_OK;
    }
    if (*save->otherwise->stream) return tw__make_parents(source->ctx, save->path, err);
    return tw__fail(
        err, TW_ERR_SPEC,
        "option stream: %.300s is not converted, and there is no place for its converted rows: convert it first",
        source->paths[0]);
}

/* Rows that fit a schema: that of training rows or of a model, as JSON. NULL: they are training rows. */
static tw_status read_rows(tw__block **out, tw__source *source, const char *schema, tw_error *err)
{
    const tw__reader *reader;
    tw__schema given = TW__SCHEMA_INIT;
    if (schema) TW_TRY(tw__schema_read(&given, source->ctx, schema, err));
    source->schema = schema ? &given : NULL;
    tw_status s = open_stream(source, source->paths[0], &source->first, err);
    if (s == TW_OK) {
        s = find_reader(&reader, source, err);
        if (s == TW_OK && source->save && source->save->otherwise) s = choose_file(source, reader, err);
        if (s == TW_OK) s = reader->read(out, source, err);
        tw__stream_close(source->first);
    }
    tw__schema_free(&given, source->ctx);
    return s;
}

/* Paths, cut from texts that hold one in a line. */
typedef struct paths {
    char *text;
    size_t size, n;
    const char **at;
} paths;

static void free_paths(paths *p, tw_context *ctx)
{
    tw__free(ctx, p->at, p->n, sizeof *p->at);
    tw__free(ctx, p->text, p->size, 1);
}

/* first: NULL, or a path, whatever is in it. */
static tw_status list_paths(paths *p, tw_context *ctx, const char *first, const char *lines, tw_error *err)
{
    char *line;
    size_t n = first != NULL;
    *p = (paths){.size = lines ? strlen(lines) + 1 : 1};
    TW_TRY(tw__alloc(ctx, &p->text, p->size, 1, err));
    if (lines) memcpy(p->text, lines, p->size);
    for (line = p->text; *line; line++) n += *line != '\n' && (line == p->text || line[-1] == '\n');
    TW_TRY(tw__alloc(ctx, &p->at, n, sizeof *p->at, err));
    p->n = n;
    if (first) p->at[0] = first;
    n = first != NULL;
    for (line = p->text; n < p->n; line += strlen(line) + 1) {
        line[strcspn(line, "\n")] = 0;
        if (*line) p->at[n++] = line;
    }
    return TW_OK;
}

/* Of files that are to be converted, before they are read; freed like a list of source->n. */
static tw_status take_stamps(const tw__source *source, tw_error *err)
{
    tw__stamp *stamps;
    TW_TRY(tw__alloc(source->ctx, &stamps, source->n, sizeof *stamps, err));
    source->save->stamps = stamps;
    for (size_t i = 0; i < source->n; i++) {
        if (strcmp(source->paths[i], source->save->path) == 0)
            return tw__fail(err, TW_ERR_SPEC, "%.300s would be replaced by its own rows", source->paths[i]);
        TW_TRY(tw__stamp_take(&stamps[i], source->ctx, source->paths[i], err));
    }
    return TW_OK;
}

static int has_answers(const tw__block *b) { return b->all.labels || b->all.targets; }

/* Writes the rows of a source to source->save; *out: NULL, or what it has made of them. */
static tw_status convert(tw__block **out, tw__source *source, const char *schema, tw_error *err)
{
    tw__saving *const save = source->save;
    tw_status s = take_stamps(source, err);
    if (s == TW_OK) s = read_rows(out, source, schema, err);
    tw__free(source->ctx, save->stamps, source->n, sizeof *save->stamps);
    return s;
}

/* Of the files and of all that says how they are read. */
static void hash_of(const tw__source *source, const char *schema, char to[TW__HASH_DIGITS + 1])
{
    const tw_data_options *o = source->options;
    const char *const texts[] = {o->format,  o->label,   o->row_weight, o->group_by, o->columns,
                                 o->without, o->missing, o->index_base, schema};
    const uint64_t numbers[] = {o->features, o->hash_bits, o->skip_bad, (uint64_t)o->unlabelled};
    tw__hash h;
    tw__hash_start(&h);
    for (size_t i = 0; i < source->n; i++) tw__hash_add(&h, source->paths[i], strlen(source->paths[i]) + 1);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        tw__hash_add_number(&h, texts[i] != NULL);
        if (texts[i]) tw__hash_add(&h, texts[i], strlen(texts[i]) + 1);
    }
    tw__hash_add_numbers(&h, numbers, sizeof numbers / sizeof numbers[0]);
    if (o->categories) tw__hash_add(&h, o->categories, strlen(o->categories) + 1);
    tw__hash_hex(&h, to);
}

/* Rows that a conversion has written, as the options want them; NULL where the file has others. */
static tw_status read_converted(tw__block **out, const tw__source *from, const char *path, const char *schema,
                                const char *how, tw_error *err)
{
    const tw_data_options *given = from->options, o = {.size = sizeof o,
                                                       .most_bytes = given->most_bytes,
                                                       .unlabelled = given->unlabelled,
                                                       .targets = given->targets,
                                                       .type = given->type,
                                                       .stream = given->stream,
                                                       .window = given->window};
    tw__source source = {.ctx = from->ctx, .options = &o, .paths = &path, .n = 1, .how = how};
    return read_rows(out, &source, schema, err);
}

/* A conversion on the way takes the place of older converted rows, and of nothing else. */
static tw_status check_place(const tw__source *source, const char *path, int kind, tw_error *err)
{
    tw__stream *stream;
    const uint8_t *head;
    size_t n;
    int is_ours = kind == TW_PATH_NONE;
    if (kind == TW_PATH_FILE) {
        TW_TRY(open_stream(source, path, &stream, err));
        const tw_status s = tw__stream_peek(stream, TW__HEAD, &head, &n, err);
        is_ours = s == TW_OK && tw__reader_twd.recognises(head, n, 0, NULL);
        tw__stream_close(stream);
        TW_TRY(s);
    }
    if (is_ours) return TW_OK;
    return tw__fail(
        err, TW_ERR_SPEC,
        "%.300s is there already and holds no converted rows, which would replace it (give another out)",
        path);
}

/* Rows that stay in a file: in the one they are in, or else in one that is written first, and again where it
 * is not of these files any more. */
static tw_status read_streamed(tw__block **out, tw__source *source, const char *schema, const char *end,
                               tw_error *err)
{
    const tw_data_options *given = source->options;
    tw_data_options o = *given;
    char path[TW__PATH], how[TW__HASH_DIGITS + 1];
    tw__saving save = {.path = path, .how = how, .otherwise = given};
    const tw__source wanted = *source;
    int kind;
    if (snprintf(path, sizeof path, "%s%s", given->stream, end) >= (int)sizeof path)
        return tw__fail(err, TW_ERR_SPEC, "a path of %zu characters is too long", strlen(given->stream));
    hash_of(source, schema, how);
    TW_TRY(tw__path_kind(source->ctx, path, &kind, err));
    TW_TRY(check_place(source, path, kind, err));
    if (kind == TW_PATH_FILE) {
        const tw_status s = read_converted(out, &wanted, path, schema, how, err);
        if (s != TW_ERR_DATA) return s;
    }
    o.stream = NULL;
    o.targets = TW_TARGETS_AUTO;
    o.type = 0;
    source->options = &o;
    source->save = &save;
    TW_TRY(convert(out, source, schema, err));
    if (!save.is_done) return TW_OK;
    tw__log(source->ctx, TW_LOG_INFO, "%s: the converted rows are in %s", source->paths[0], path);
    tw__block_release(*out);
    *out = NULL;
    return read_converted(out, &wanted, path, schema, how, err);
}

/* Of all files together. */
static tw_status read_files(tw__block **out, const tw__opening *o, const char *first, const char *lines,
                            const char *schema, tw_error *err)
{
    paths p;
    tw__source source = {.ctx = o->ctx, .options = o->options, .save = o->save};
    tw_status s = list_paths(&p, o->ctx, first, lines, err);
    source.paths = p.at;
    source.n = p.n;
    if (s == TW_OK && p.n)
        s = o->save              ? convert(out, &source, schema, err)
            : o->options->stream ? read_streamed(out, &source, schema, first ? ".twd" : ".test.twd", err)
                                 : read_rows(out, &source, schema, err);
    free_paths(&p, o->ctx);
    return s;
}

tw_status tw__data_read_file(tw__block **out, const tw__opening *o, const char *path, tw_error *err)
{
    return read_files(out, o, path, NULL, o->options->schema, err);
}

static tw_status open_files(tw__parts *p, const tw__opening *o, tw_error *err)
{
    const tw_data_options *d = o->options;
    tw__block *b = NULL;
    TW_TRY(read_files(&b, o, o->path, d->more, d->schema, err));
    if (!o->want_train ||
        (!has_answers(b) && !d->unlabelled && o->want_test && !d->test)) { /* to evaluate or to predict */
        p->test = b;
        return TW_OK;
    }
    p->train = b;
    if (d->val > 0 && d->stream && b->all.groups)
        return tw__fail(
            err, TW_ERR_SPEC,
            "val = %g: rows that stay in a file are kept from its end, which would cut a group; give "
            "rows to test on",
            d->val);
    if (d->val > 0 && !d->stream && tw__data_labels_of_row(&b->all) == 1)
        TW_TRY(tw__validation_last(b, d->val, d->seed, &p->val_rows, err));
    if (!d->test || !o->want_test) return TW_OK;
    snprintf(p->test_labels, sizeof p->test_labels, "%s", d->test);
    return read_files(&p->test, o, NULL, d->test, b->all.schema, err);
}

/* ---- any data set -------------------------------------------------------------------------------------- */

tw_status tw__refuse_row_options(const tw_data_options *d, const char *path, tw_error *err)
{
    char features[24], hash_bits[24], skip_bad[24], length[24];
    snprintf(features, sizeof features, "%llu", (unsigned long long)d->features);
    snprintf(hash_bits, sizeof hash_bits, "%llu", (unsigned long long)d->hash_bits);
    snprintf(skip_bad, sizeof skip_bad, "%llu", (unsigned long long)d->skip_bad);
    snprintf(length, sizeof length, "%llu", (unsigned long long)d->length);
    const char *const given[][2] = {{"label", d->label},
                                    {"columns", d->columns},
                                    {"without", d->without},
                                    {"categories", tw__some_are_categories(d) ? d->categories : NULL},
                                    {"row_weight", d->row_weight},
                                    {"group_by", d->group_by},
                                    {"missing", d->missing},
                                    {"index_base", d->index_base},
                                    {"stream", d->stream ? "true" : NULL},
                                    {"features", d->features ? features : NULL},
                                    {"hash_bits", d->hash_bits ? hash_bits : NULL},
                                    {"skip_bad", d->skip_bad ? skip_bad : NULL},
                                    {"length", d->length ? length : NULL}};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        if (given[i][1])
            return tw__fail(err, TW_ERR_SPEC, "%s = %.60s: that is for files of rows, and %.200s is none",
                            given[i][0], given[i][1], path);
    return TW_OK;
}

/* What is said of files means nothing for a data set that is more than a file. */
static tw_status open_whole(tw__parts *p, const tw__reader *reader, const tw__opening *o, tw_error *err)
{
    const tw_data_options *d = o->options;
    if (d->more)
        return tw__fail(err, TW_ERR_SPEC, "%.200s is a data set of its own: no file (%.200s) can be added",
                        o->path, d->more);
    if (d->test)
        return tw__fail(err, TW_ERR_SPEC, "test = %.200s: %.200s has its own test rows", d->test, o->path);
    if (d->format)
        return tw__fail(err, TW_ERR_SPEC, "format = %.60s: that is for files of rows, and %.200s is none",
                        d->format, o->path);
    if (!reader->of_texts) TW_TRY(tw__refuse_row_options(d, o->path, err));
    TW_TRY(refuse_size(reader, d, o->path, err));
    return reader->open(p, o, err);
}

static tw_status open_parts(tw__parts *p, const tw__opening *o, tw_error *err)
{
    char supported[TW__SUPPORTED];
    int kind;
    for (size_t i = 0; i < N_READERS; i++)
        if (!readers[i]->kind && strcmp(o->path, readers[i]->name) == 0)
            return open_whole(p, readers[i], o, err);
    TW_TRY(tw__path_kind(o->ctx, o->path, &kind, err));
    if (kind == TW_PATH_NONE)
        return tw__fail(err, TW_ERR_NOT_FOUND, "%.300s does not exist; %s", o->path,
                        tw__data_supported(supported));
    if (kind != TW_PATH_DIRECTORY) return open_files(p, o, err);
    for (size_t i = 0; i < N_READERS; i++) {
        int is = 0;
        if (readers[i]->kind == TW_PATH_DIRECTORY) TW_TRY(readers[i]->holds(&is, o->ctx, o->path, err));
        if (is) return open_whole(p, readers[i], o, err);
    }
    return tw__fail(err, TW_ERR_NOT_FOUND, "%.200s holds no data set that is known; %s", o->path,
                    tw__data_supported(supported));
}

/* A schema says which columns there are. */
static tw_status refuse_choice(const tw_data_options *o, tw_error *err)
{
    const char *odd = o->columns                   ? "columns"
                      : o->without                 ? "without"
                      : tw__some_are_categories(o) ? "categories"
                                                   : NULL;
    return odd && o->schema
               ? tw__fail(
                     err, TW_ERR_SPEC,
                     "option %s: the columns are those that the model was trained on, found by their names",
                     odd)
               : TW_OK;
}

tw_status tw_data_open(tw_context *ctx, const char *path, const tw_data_options *options, tw_data **train,
                       tw_data **val, tw_data **test, tw_error *err)
{
    tw_data_options taken = TW_DATA_OPTIONS_INIT;
    const tw_data_options *o = &taken;
    tw__parts parts = {.train = NULL};
    if (train) *train = NULL;
    if (val) *val = NULL;
    if (test) *test = NULL;
    TW_NEEDS(err, ctx && path);
    if (options) TW_TRY(tw__sized_read(&taken, sizeof taken, options, "tw_data_options", err));
    if (!(o->val >= 0 && o->val < 1)) return tw__fail(err, TW_ERR_SPEC, "val = %g is outside [0, 1)", o->val);
    TW_TRY(refuse_choice(o, err));
    const tw__opening opening = {.ctx = ctx,
                                 .path = path,
                                 .options = o,
                                 .want_train = train || (val && o->val > 0),
                                 .want_test = test != NULL};
    tw_status s = open_parts(&parts, &opening, err);
    if (o->unlabelled) { /* some come with them all the same */
        tw__block_drop_labels(parts.train);
        tw__block_drop_labels(parts.test);
    }
    if (s == TW_OK) s = tw__data_split(&parts, o->val, o->limit, train, val, test, err);
    tw__block_release(parts.train);
    tw__block_release(parts.test);
    return s;
}

/* ---- converting ---------------------------------------------------------------------------------------- */

static tw_status refuse_to_convert(const tw_data_options *o, tw_error *err)
{
    const char *odd = o->val > 0      ? "val"
                      : o->limit      ? "limit"
                      : o->test       ? "test"
                      : o->unlabelled ? "unlabelled"
                                      : NULL;
    return odd ? tw__fail(err, TW_ERR_SPEC,
                          "option %s: all rows of the files are converted, as training rows", odd)
               : TW_OK;
}

tw_status tw_data_convert(tw_context *ctx, const char *path, const tw_data_options *options, const char *out,
                          tw_error *err)
{
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    tw__saving save = {.path = out};
    tw__block *block = NULL;
    int kind;
    TW_NEEDS(err, ctx && path && out);
    if (options) TW_TRY(tw__sized_read(&o, sizeof o, options, "tw_data_options", err));
    TW_TRY(refuse_to_convert(&o, err));
    TW_TRY(refuse_choice(&o, err));
    TW_TRY(tw__path_kind(ctx, path, &kind, err));
    if (kind == TW_PATH_DIRECTORY || (kind == TW_PATH_NONE && tw_data_is_set(path)))
        return tw__fail(err, TW_ERR_SPEC, "%.300s is no file of rows", path);
    const tw__opening opening = {.ctx = ctx, .path = path, .options = &o, .save = &save};
    const tw_status s = read_files(&block, &opening, path, o.more, o.schema, err);
    tw__block_release(block);
    if (s != TW_OK || save.is_done) return s;
    return tw__fail(err, TW_ERR_SPEC,
                    "%.300s is read as it is, as images and texts are: there is nothing to convert", path);
}
