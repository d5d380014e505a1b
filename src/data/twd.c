/* Reading converted rows: the file is mapped, and what follows it or could lead out of it is looked at: the
 * head, the text, the columns. The numbers themselves are read when they are needed.
 * SPDX-License-Identifier: MIT */
#include "data/twd.h"
#include "base/decimal.h"
#include "base/options.h"
#include "data/row_list.h"
#include "file/json.h"
#include "file/utf8.h"
#include <inttypes.h>
#include <string.h>

typedef struct reading {
    const tw__source *source;
    const char *path;
    tw__mapped file;
    tw__twd_head head;
    uint64_t at[TW__TWD_PARTS + 1];
    tw__schema schema;
    tw__row_list rows;
} reading;

__attribute__((format(printf, 4, 5))) static tw_status fail(const reading *r, uint64_t at, tw_error *err,
                                                            const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    tw__vformat(text, sizeof text, format, args);
    va_end(args);
    return tw__fail_in(err, TW_ERR_DATA, r->path, 0, (int64_t)at, "%s", text);
}

static tw_status fail_damaged(const reading *r, enum tw__twd_part part, uint64_t at, const char *what,
                              tw_error *err)
{
    return fail(r, r->at[part] + at, err, "the converted rows are damaged: %s", what);
}

static void *part(const reading *r, enum tw__twd_part i)
{
    return tw__twd_part_bytes(&r->head, i) ? r->file.bytes + r->at[i] : NULL;
}

enum { MANY = 1024 }; /* numbers that are read of a list before they are counted */

/* Counts bytes of lists that have been read. */
static void touch(reading *r, size_t n) { tw__mapped_touch(r->source->ctx, &r->file, n); }

/* ---- head ---------------------------------------------------------------------------------------------- */

static tw_status check_head(reading *r, tw_error *err)
{
    tw__twd_head *h = &r->head;
    const uint64_t n = r->file.n;
    char sum[TW__HASH_DIGITS + 1];
    if (n < sizeof *h) return fail(r, n, err, "ends inside the head of converted rows");
    memcpy(h, r->file.bytes, sizeof *h);
    if (memcmp(h->magic, TW__TWD_MAGIC, sizeof h->magic) != 0)
        return fail(r, 0, err, "does not begin as converted rows do; was it copied as text?");
    if (h->order == __builtin_bswap32(TW__TWD_ORDER))
        return fail(r, 8, err,
                    "was converted on a machine with the other byte order; convert the rows again");
    if (h->version < 1 || h->version > TW__TWD_VERSION)
        return fail(r, 12, err,
                    "version %" PRIu32 " of converted rows, and 1 to %d are read; convert the rows again",
                    h->version, TW__TWD_VERSION);
    if (h->bytes != n)
        return fail(r, n, err, "%s: it has %" PRIu64 " bytes, and its head says %" PRIu64,
                    n < h->bytes ? "is cut off" : "something follows the rows", n, h->bytes);
    if (h->order != TW__TWD_ORDER || !tw__twd_layout(h, r->at) || r->at[TW__TWD_PARTS] != n)
        return fail(r, 0, err, "the head of the converted rows is damaged");
    tw__twd_checksum(h, part(r, TW__TWD_TEXT), part(r, TW__TWD_WORDS), sum);
    if (memcmp(sum, h->checksum, sizeof h->checksum) != 0)
        return fail(r, 0, err, "the head of the converted rows is damaged: its checksum is wrong");
    return TW_OK;
}

/* A wrong checksum tells of accidents; these would be made on purpose. */
static tw_status check_counts(const reading *r, tw_error *err)
{
    const tw__twd_head *h = &r->head;
    const int has_label = h->has >> TW__TWD_LABEL & 1;
    if ((h->type != TW_F32 && h->type != TW_F64) || h->rows == 0 || h->has >> TW__TWD_PARTS ||
        h->n_words > TW__MOST_WORDS || has_label != (h->n_words > 0) || h->text_bytes == 0 ||
        (h->n_targets > 1) != (h->version > 1) ||
        (h->n_targets > 1 && (has_label || !(h->has >> TW__TWD_TARGETS & 1))) ||
        strspn(h->fingerprint, "0123456789abcdef") < sizeof h->fingerprint)
        return fail(r, 0, err, "the head of the converted rows is damaged");
    return TW_OK;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

/* A file must still be what was converted. Its content tells where its time does not. */
static tw_status check_source(const reading *r, const json_t *source, tw_error *err)
{
    const char *path = json_string_value(json_object_get(source, "path")),
               *hash = json_string_value(json_object_get(source, "hash"));
    const uint64_t bytes = (uint64_t)json_integer_value(json_object_get(source, "bytes"));
    const int64_t written = json_integer_value(json_object_get(source, "written"));
    char now[TW__HASH_DIGITS + 1];
    tw__stamp s;
    if (!path || !hash) return fail_damaged(r, TW__TWD_TEXT, 0, "sources", err);
    TW_TRY(tw__stamp_take(&s, r->source->ctx, path, err));
    if (!s.is_file) return TW_OK; /* it is gone */
    if (s.bytes && bytes && s.bytes != bytes)
        return fail(r, 0, err,
                    "%.100s has changed since: %" PRIu64 " bytes, not %" PRIu64 "; convert it again", path,
                    s.bytes, bytes);
    if (s.written && s.written == written) return TW_OK;
    TW_TRY(tw__twd_hash(r->source->ctx, path, now, err));
    return strcmp(now, hash) == 0 ? TW_OK
                                  : fail(r, 0, err, "%.150s has changed since; convert it again", path);
}

static tw_status read_json(reading *r, const json_t *all, tw_error *err)
{
    const json_t *schema = json_object_get(all, "schema"), *sources = json_object_get(all, "sources");
    const char *how = json_string_value(json_object_get(all, "how")), *wanted = r->source->how;
    char *text;
    if (wanted && (!how || strcmp(how, wanted) != 0))
        return fail(r, 0, err, "its rows were converted from other files, or with other options");
    if (!json_is_object(schema) || !json_is_array(sources))
        return fail_damaged(r, TW__TWD_TEXT, 0, "its text lacks a schema or sources", err);
    TW_TRY(tw__json_dump(r->source->ctx, schema, JSON_COMPACT, &text, err));
    tw_status s = tw__schema_read(&r->schema, r->source->ctx, text, err);
    tw__free_text(r->source->ctx, text);
    for (size_t i = 0; s == TW_OK && i < json_array_size(sources); i++)
        s = check_source(r, json_array_get(sources, i), err);
    return s;
}

/* Schema and sources; what the classes are the labels say anew. */
static tw_status read_text(reading *r, tw_error *err)
{
    const tw__twd_head *h = &r->head;
    tw__schema *s = &r->schema;
    tw__json_fault fault;
    json_t *all;
    const tw_status status =
        tw__json_parse(r->source->ctx, &all, part(r, TW__TWD_TEXT), h->text_bytes, &fault);
    if (status == TW_ERR_DATA) return fail_damaged(r, TW__TWD_TEXT, (uint64_t)fault.at, fault.text, err);
    if (status != TW_OK) return tw__fail(err, status, "%s", fault.text);
    const tw_status read = read_json(r, all, err);
    json_decref(all);
    TW_TRY(read);
    tw__schema_drop_classes(s, r->source->ctx);
    if (s->width == 0 || (h->width && s->width != h->width) ||
        (h->n_targets > 1 && s->n_labels != h->n_targets))
        return fail_damaged(r, TW__TWD_TEXT, 0, "its schema is not that of its rows", err);
    return TW_OK;
}

/* ---- lists --------------------------------------------------------------------------------------------- */

static tw_status read_words(reading *r, tw_error *err)
{
    const tw__twd_head *h = &r->head;
    const char *const words = part(r, TW__TWD_WORDS), *at = words, *end;
    for (uint64_t i = 0; i < h->n_words; i++, at = end + 1) {
        const size_t left = (size_t)(h->word_bytes - (uint64_t)(at - words));
        uint32_t number = 0;
        double x;
        end = left ? memchr(at, 0, left) : NULL;
        int is_good = end && end > at && tw__utf8_is_valid(at) && tw__number_read(tw__text_of(at), &x) >= 0;
        for (const char *p = at; is_good && p < end; p++) is_good = (unsigned char)*p >= ' ';
        if (is_good)
            TW_TRY(tw__words_add(&r->rows.labels, r->source->ctx, at, (size_t)(end - at), &number, err));
        if (!is_good || number != i)
            return fail_damaged(r, TW__TWD_WORDS, (uint64_t)(at - words), "a label", err);
    }
    const uint32_t *label = part(r, TW__TWD_LABEL);
    for (uint64_t i = 0; i < h->rows && label; i++) {
        if (label[i] >= h->n_words) return fail_damaged(r, TW__TWD_LABEL, 4 * i, "the label of a row", err);
        if (i % MANY == 0) touch(r, MANY * sizeof *label);
    }
    return at == words + h->word_bytes ? TW_OK : fail_damaged(r, TW__TWD_WORDS, 0, "labels", err);
}

/* Nothing that is used as an index leads out of the rows. */
static tw_status check_sparse(reading *r, tw_error *err)
{
    const tw__twd_head *h = &r->head;
    const uint64_t *starts = part(r, TW__TWD_STARTS);
    const uint32_t *columns = part(r, TW__TWD_COLUMNS);
    if (h->width) return TW_OK;
    int is_good = starts[0] == 0 && starts[h->rows] == h->numbers;
    for (uint64_t i = 0; i < h->rows && is_good; i++) {
        const uint64_t first = starts[i], end = starts[i + 1];
        if (end < first || end > h->numbers)
            return fail_damaged(r, TW__TWD_STARTS, 8 * i, "where a row begins", err);
        for (uint64_t k = first + 1; k < end; k++) is_good &= columns[k - 1] < columns[k];
        is_good &= first == end || columns[end - 1] < r->schema.width;
        touch(r, sizeof *starts + (size_t)(end - first) * sizeof *columns);
    }
    return is_good ? TW_OK : fail_damaged(r, TW__TWD_COLUMNS, 0, "the columns of a row", err);
}

/* Finite numbers, `each` of a row; weights above 0. */
static tw_status check_reals(reading *r, enum tw__twd_part i, size_t each, double least, const char *what,
                             tw_error *err)
{
    const double *x = part(r, i);
    for (uint64_t k = 0; x && k < r->head.rows * each; k++) {
        if (!(x[k] > least && x[k] < TW_INF)) return fail_damaged(r, i, 8 * k, what, err);
        if (k % MANY == 0) touch(r, MANY * sizeof *x);
    }
    return TW_OK;
}

/* The lists become parts of the file; those that are always read are looked at. */
static tw_status take_lists(reading *r, tw_error *err)
{
    const tw__twd_head *h = &r->head;
    const size_t rows = (size_t)h->rows, numbers = (size_t)h->numbers, targets = tw__twd_targets(h);
    tw__row_list *t = &r->rows;
    *t = (tw__row_list){.ctx = r->source->ctx,
                        .width = (size_t)h->width,
                        .rows = rows,
                        .numbers = numbers,
                        .is_narrow = h->type == TW_F32,
                        .mapped = &r->file,
                        .columns = part(r, TW__TWD_COLUMNS),
                        .starts = part(r, TW__TWD_STARTS),
                        .label = part(r, TW__TWD_LABEL),
                        .targets = part(r, TW__TWD_TARGETS),
                        .groups = part(r, TW__TWD_GROUPS),
                        .weights = part(r, TW__TWD_WEIGHTS),
                        .capacity = {numbers, numbers, numbers, rows + 1, rows, rows, rows, rows * targets},
                        .bad = h->left_out};
    if (t->is_narrow) t->narrow = part(r, TW__TWD_X);
    else t->x = part(r, TW__TWD_X);
    if (t->targets) t->n_targets = targets;
    t->has_groups = t->groups != NULL;
    t->has_weights = t->weights != NULL;
    TW_TRY(check_sparse(r, err));
    TW_TRY(check_reals(r, TW__TWD_TARGETS, targets, -TW_INF, "a target", err));
    TW_TRY(check_reals(r, TW__TWD_WEIGHTS, 1, 0, "a weight", err));
    return TW_OK;
}

/* ---- what they are read for ---------------------------------------------------------------------------- */

static tw_status refuse_options(const reading *r, tw_error *err)
{
    const tw_data_options *o = r->source->options;
    const char *odd = o->label                     ? "label"
                      : o->row_weight              ? "row_weight"
                      : o->group_by                ? "group_by"
                      : o->columns                 ? "columns"
                      : o->without                 ? "without"
                      : o->missing                 ? "missing"
                      : o->index_base              ? "index_base"
                      : o->features                ? "features"
                      : o->hash_bits               ? "hash_bits"
                      : o->skip_bad                ? "skip_bad"
                      : tw__some_are_categories(o) ? "categories"
                                                   : NULL;
    if (r->source->n > 1)
        return tw__fail(err, TW_ERR_SPEC,
                        "%.200s holds converted rows, to which none can be added: convert the files together",
                        r->path);
    if (r->source->save) return tw__fail(err, TW_ERR_SPEC, "%.300s is converted already", r->path);
    return odd ? tw__fail(err, TW_ERR_SPEC,
                          "option %s: %.200s holds converted rows; give it when they are converted", odd,
                          r->path)
               : TW_OK;
}

static int is_same_text(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

/* The order of several labels is that of the targets. */
static int are_same_labels(const tw__schema *a, const tw__schema *b)
{
    int are = a->n_labels == b->n_labels || (a->n_labels < 2 && b->n_labels < 2);
    for (size_t i = 0; are && a->n_labels > 1 && i < a->n_labels; i++)
        are = is_same_text(a->labels[i].name, b->labels[i].name);
    return are;
}

static int is_same_column(const tw__column *a, const tw__column *b)
{
    int is = a->kind == b->kind && a->n_levels == b->n_levels && is_same_text(a->name, b->name);
    for (size_t i = 0; is && i < a->n_levels; i++) is = strcmp(a->levels[i], b->levels[i]) == 0;
    return is;
}

/* Rows that were converted by themselves may have other columns than the training rows. */
static tw_status check_fit(const reading *r, const tw__schema *fit, tw_error *err)
{
    static const char how[] = "convert it with the training rows' columns (option like), or give the source";
    const tw__schema *s = &r->schema;
    if (!s->columns != !fit->columns || s->n_columns != fit->n_columns ||
        (s->base >= 0 && fit->base >= 0 && s->base != fit->base) || s->hash_bits != fit->hash_bits)
        return fail(r, 0, err, "its columns are not those of the training rows; %s", how);
    if (r->head.width ? s->width != fit->width : s->width > fit->width)
        return fail(r, 0, err, "%zu columns, and the training rows have %zu; %s", s->width, fit->width, how);
    if (!r->source->options->unlabelled && !are_same_labels(s, fit))
        return fail(r, 0, err, "its columns of labels are not those of the training rows; %s", how);
    for (size_t i = 0; i < s->n_columns; i++)
        if (!is_same_column(&s->columns[i], &fit->columns[i]))
            return fail(r, 0, err, "column %zu is not that of the training rows; %s", i + 1, how);
    return TW_OK;
}

/* Real targets need no words, and those of several columns of labels have none. */
static int wants_targets(const reading *r)
{
    const tw_data_options *o = r->source->options;
    if (o->unlabelled || !r->rows.targets) return 0;
    if (r->rows.n_targets > 1) return 1;
    return r->source->schema ? !r->source->schema->classes : o->targets != TW_TARGETS_CLASSES;
}

static tw_status read_lists(reading *r, tw__block **out, tw_error *err)
{
    const tw__source *source = r->source;
    tw__schema fit = source->schema ? *source->schema : r->schema; /* which is not changed */
    TW_TRY(take_lists(r, err));
    if (source->schema) TW_TRY(check_fit(r, &fit, err));
    if (!wants_targets(r)) {
        r->rows.targets = NULL; /* they are the file's */
        r->rows.n_targets = 0;
        if (!source->options->unlabelled) TW_TRY(read_words(r, err));
    }
    TW_TRY(tw__row_list_block(out, &r->rows, source, source->schema ? &fit : &r->schema, err));
    const tw_data_info *all = &(*out)->all;
    const int decided = (all->targets != NULL) == (r->head.has >> TW__TWD_TARGETS & 1);
    if (decided && !source->schema && all->type == (tw_type)r->head.type)
        memcpy((*out)->fingerprint, r->head.fingerprint, sizeof r->head.fingerprint);
    return TW_OK;
}

/* How much of the file may be in memory. */
static tw_status set_window(reading *r, tw_error *err)
{
    const tw_data_options *o = r->source->options;
    if (!o->stream) return TW_OK;
    r->file.most = o->window ? (size_t)o->window : (size_t)TW_STREAM_WINDOW;
    return r->file.is_mapped
               ? TW_OK
               : tw__fail(err, TW_ERR_SPEC,
                          "option stream: %.300s is packed or a pipe, and converted rows can stay in "
                          "plain files only: unpack it",
                          r->path);
}

static tw_status read_file(tw__block **out, const tw__source *source, tw_error *err)
{
    reading r = {.source = source, .path = source->paths[0], .schema = TW__SCHEMA_INIT};
    *out = NULL;
    TW_TRY(refuse_options(&r, err));
    TW_TRY(tw__stream_map(source->first, &r.file, err));
    tw_status s = set_window(&r, err);
    if (s == TW_OK) s = check_head(&r, err);
    if (s == TW_OK) s = check_counts(&r, err);
    if (s == TW_OK) s = read_text(&r, err);
    if (s == TW_OK) s = read_lists(&r, out, err);
    if (r.rows.ctx) tw__row_list_free(&r.rows);
    tw__schema_free(&r.schema, source->ctx);
    if (s != TW_OK) tw__mapped_free(source->ctx, &r.file);
    return s;
}

/* The first letters are enough: what follows tells of damage. */
static int recognises(const uint8_t *head, size_t n, int whole, const tw__schema *fit)
{
    (void)whole, (void)fit;
    return n >= 4 && memcmp(head, TW__TWD_MAGIC, 4) == 0;
}

const tw__reader tw__reader_twd = {.name = "twd",
                                   .supported = "converted rows (twd)",
                                   .kind = TW_PATH_FILE,
                                   .recognises = recognises,
                                   .read = read_file};
