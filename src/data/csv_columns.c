/* What the columns of a table in text are for: options and, after the first file, the schema say so.
 * SPDX-License-Identifier: MIT */
#include "data/csv.h"
#include "base/options.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/train.h>

/* ---- names and numbers --------------------------------------------------------------------------------- */

static const char *name_at(size_t i, const void *csv) { return tw__csv_name_at(csv, i); }

const char *tw__csv_name_at(const tw__csv *c, size_t i)
{
    return i < c->names.n ? tw__words_at(&c->names, (uint32_t)i) : NULL;
}

int tw__csv_has_name(const tw__csv *c, const char *name, size_t *at)
{
    const int64_t i = name ? tw__words_find(&c->names, name, strlen(name)) : -1;
    if (i >= 0) *at = (size_t)i;
    return i >= 0;
}

const char *tw__csv_name(const tw__csv *c, size_t column, char to[TW__CSV_NAME])
{
    char shown[TW__CSV_SHOWN];
    const char *name = name_at(column, c);
    if (name)
        snprintf(to, TW__CSV_NAME, "column %zu \"%s\"", column + 1, tw_printable(name, shown, sizeof shown));
    else snprintf(to, TW__CSV_NAME, "column %zu", column + 1);
    return to;
}

/* "3" or "-1", of n columns. 0: it is no number; -1: there is no such column. */
static int read_number(tw__text t, size_t n, size_t *at)
{
    double x;
    if (tw__number_read(t, &x) != 1 || x != floor(x)) return 0;
    if (x < 0 && -x <= (double)n) *at = n - (size_t)-x;
    else if (x > 0 && x <= (double)n) *at = (size_t)x - 1;
    else return -1;
    return 1;
}

static tw_status fail_number(const tw__csv *c, const char *option, tw__text name, tw_error *err)
{
    return tw__fail(err, TW_ERR_SPEC, "%s = %.*s: %.200s has columns 1 to %zu, or -1 (the last) to -%zu",
                    option, TW__SHOW(name), c->path, c->n, c->n);
}

tw_status tw__csv_find(const tw__csv *c, const char *option, tw__text name, size_t *at, tw_error *err)
{
    const int64_t i = tw__words_find(&c->names, name.at, name.n);
    char problem[64];
    if (i >= 0) {
        *at = (size_t)i;
        return TW_OK;
    }
    const int is_number = read_number(name, c->n, at);
    if (is_number > 0) return TW_OK;
    if (is_number < 0) return fail_number(c, option, name, err);
    if (c->names.n == 0)
        return tw__fail(
            err, TW_ERR_SPEC,
            "%s = %.*s: %.200s has no header with names of columns; give a number, 1 to %zu (-1: the last)",
            option, TW__SHOW(name), c->path, c->n);
    snprintf(problem, sizeof problem, "%s: unknown column", option);
    return tw__name_unknown(problem, name, name_at, c, err);
}

/* ---- lists of columns ---------------------------------------------------------------------------------- */

int tw__csv_cut_name(tw__text *name, const char **list)
{
    const char *p = *list + strspn(*list, " ,");
    *name = (tw__text){p, strcspn(p, " ,")};
    if (*p == '"' && strchr(p + 1, '"')) *name = (tw__text){p + 1, strcspn(p + 1, "\"")};
    *list = name->at + name->n + (name->at > p);
    return *p != '\0';
}

tw_status tw__csv_find_range(const tw__csv *c, const char *option, tw__text name, size_t *first, size_t *last,
                             tw_error *err)
{
    if (name.n == 0) return tw__fail(err, TW_ERR_SPEC, "%s: \"\" names no column of %.200s", option, c->path);
    const char *dash = memchr(name.at + 1, '-', name.n - 1);
    tw__text from = {name.at, dash ? (size_t)(dash - name.at) : 0},
             to = {name.at + from.n + 1, name.n - from.n - 1};
    if (dash && tw__words_find(&c->names, name.at, name.n) < 0 && read_number(from, c->n, first) > 0 &&
        read_number(to, c->n, last) != 0) {
        if (read_number(to, c->n, last) < 0) return fail_number(c, option, name, err);
        if (*first <= *last) return TW_OK;
        return tw__fail(err, TW_ERR_SPEC,
                        "%s = %.*s: the range runs backwards, from column %zu to %zu of %.200s", option,
                        TW__SHOW(name), *first + 1, *last + 1, c->path);
    }
    TW_TRY(tw__csv_find(c, option, name, first, err));
    *last = *first;
    return TW_OK;
}

/* Marks the columns that a list names. */
static tw_status mark(const tw__csv *c, const char *option, const char *list, uint8_t *marks, tw_error *err)
{
    tw__text name;
    size_t first, last;
    while (tw__csv_cut_name(&name, &list)) {
        TW_TRY(tw__csv_find_range(c, option, name, &first, &last, err));
        memset(marks + first, 1, last - first + 1);
    }
    return TW_OK;
}

/* ---- training rows ------------------------------------------------------------------------------------- */

tw_status tw__csv_take_role(tw__csv *c, const char *option, size_t at, enum tw__csv_role role, tw_error *err)
{
    char name[TW__CSV_NAME];
    if (c->columns[at].role != TW__CSV_SKIP)
        return tw__fail(err, TW_ERR_SPEC, "%s: %s of %.200s already has another part", option,
                        tw__csv_name(c, at, name), c->path);
    c->columns[at].role = role;
    return TW_OK;
}

/* Columns of weights and groups, which rows that are predicted need not have. */
static tw_status find_extras(tw__csv *c, int may_lack, tw_error *err)
{
    const tw_data_options *o = c->source->options;
    const struct {
        const char *option, *value;
        enum tw__csv_role role;
        int *has;
    } extras[] = {{"row_weight", o->row_weight, TW__CSV_WEIGHT, &c->to->has_weights},
                  {"group_by", o->group_by, TW__CSV_GROUP, &c->to->has_groups}};
    for (size_t i = 0; i < sizeof extras / sizeof extras[0]; i++) {
        size_t at = 0;
        if (!extras[i].value ||
            (may_lack && tw__csv_find(c, extras[i].option, tw__text_of(extras[i].value), &at, NULL) != TW_OK))
            continue;
        TW_TRY(tw__csv_find(c, extras[i].option, tw__text_of(extras[i].value), &at, err));
        TW_TRY(tw__csv_take_role(c, extras[i].option, at, extras[i].role, err));
        *extras[i].has = 1;
    }
    return TW_OK;
}

/* Where most of what the file's beginning holds are texts. Where most are numbers, a text is an error. */
static int is_category(const tw__csv_column *column)
{
    return column->n[TW__CSV_OTHER] > 0 && column->n[TW__CSV_OTHER] >= column->n[TW__CSV_NUMBER];
}

/* Column `at` of the file becomes column i of the table. */
static tw_status add_column(tw__csv *c, size_t i, size_t at, int of_names, tw_error *err)
{
    tw__column *column = &c->schema->columns[i];
    tw__csv_column *here = &c->columns[at];
    column->at = (int64_t)at;
    column->fill = c->policy == TW__CSV_ZERO || c->policy == TW__CSV_MEAN ? 0 : NAN;
    of_names |= is_category(here);
    column->kind = of_names ? TW__COLUMN_CATEGORY : TW__COLUMN_NUMBER;
    here->role = of_names ? TW__CSV_CATEGORY : TW__CSV_FEATURE;
    here->to = (uint32_t)i;
    here->may_miss = c->policy != TW__CSV_REFUSE;
    return c->names.n ? tw__copy_text(c->source->ctx, &column->name, name_at(at, c), err) : TW_OK;
}

/* Marks the columns of the table, n of them. left_out: room for marks. */
static tw_status mark_features(tw__csv *c, uint8_t *taken, uint8_t *left_out, size_t *n, tw_error *err)
{
    const tw_data_options *o = c->source->options;
    char name[TW__CSV_NAME];
    if (o->columns) TW_TRY(mark(c, "columns", o->columns, taken, err));
    else memset(taken, 1, c->n);
    if (o->without) TW_TRY(mark(c, "without", o->without, left_out, err));
    for (size_t i = 0; i < c->n; i++) {
        if (c->columns[i].role == TW__CSV_LABEL && left_out[i])
            return tw__fail(err, TW_ERR_SPEC,
                            "without: %s of %.200s is the label; option label names another",
                            tw__csv_name(c, i, name), c->path);
        taken[i] = taken[i] && !left_out[i] && c->columns[i].role == TW__CSV_SKIP;
        *n += taken[i];
    }
    return *n ? TW_OK
              : tw__fail(err, TW_ERR_DATA, "%.300s: no column is left to learn from (of %zu)", c->path, c->n);
}

/* Marks the columns of option categories. */
static tw_status mark_names(const tw__csv *c, const uint8_t *taken, uint8_t *names, tw_error *err)
{
    const tw_data_options *o = c->source->options;
    char name[TW__CSV_NAME];
    const int is_array = !c->separator;
    if (tw__all_are_categories(o) && !is_array) memcpy(names, taken, c->n);
    if (tw__some_are_categories(o)) TW_TRY(mark(c, "categories", o->categories, names, err));
    for (size_t i = 0; i < c->n; i++)
        if (names[i] && !taken[i])
            return tw__fail(err, TW_ERR_SPEC,
                            "categories: %s of %.200s is not among the columns to learn from",
                            tw__csv_name(c, i, name), c->path);
    return TW_OK;
}

static tw_status add_features(tw__csv *c, const uint8_t *taken, const uint8_t *names, size_t n, tw_error *err)
{
    tw__schema *s = c->schema;
    TW_TRY(tw__alloc(c->source->ctx, &s->columns, n, sizeof *s->columns, err));
    s->n_columns = c->to->width = n;
    for (size_t at = 0, i = 0; at < c->n; at++)
        if (taken[at]) TW_TRY(add_column(c, i++, at, names[at], err));
    return TW_OK;
}

static tw_status make_texts(tw__csv *c, tw_error *err)
{
    const tw__schema *s = c->schema;
    for (size_t i = 0; i < s->n_columns && !c->to->texts && !c->hash_bits; i++)
        if (s->columns[i].kind == TW__COLUMN_CATEGORY)
            TW_TRY(tw__alloc(c->source->ctx, &c->to->texts, c->to->width, sizeof *c->to->texts, err));
    return TW_OK;
}

static tw_status make_schema(tw__csv *c, tw_error *err)
{
    tw_context *ctx = c->source->ctx;
    uint8_t *marks;
    size_t n = 0;
    TW_TRY(tw__csv_find_labels(c, err));
    TW_TRY(find_extras(c, 0, err));
    c->schema->n_fields = c->n;
    TW_TRY(tw__alloc(ctx, &marks, 3 * c->n, 1, err));
    tw_status status = mark_features(c, marks, marks + c->n, &n, err);
    if (status == TW_OK) status = mark_names(c, marks, marks + 2 * c->n, err);
    if (status == TW_OK) status = add_features(c, marks, marks + 2 * c->n, n, err);
    tw__free(ctx, marks, 3 * c->n, 1);
    return status == TW_OK ? make_texts(c, err) : status;
}

/* ---- rows that fit a schema ---------------------------------------------------------------------------- */

static tw_status set_feature(tw__csv *c, size_t i, size_t at, tw_error *err)
{
    const tw__column *column = c->schema->columns ? &c->schema->columns[i] : NULL;
    const int is_text = column && column->kind == TW__COLUMN_CATEGORY;
    TW_TRY(tw__csv_take_role(c, "columns", at, is_text ? TW__CSV_CATEGORY : TW__CSV_FEATURE, err));
    c->columns[at].to = (uint32_t)i;
    c->columns[at].fill = column ? column->fill : NAN;
    c->columns[at].may_miss =
        c->policy == TW__CSV_ZERO || c->policy == TW__CSV_LEAVE_OUT || (column && !isnan(column->fill));
    return TW_OK;
}

static tw_status fail_width(const tw__csv *c, size_t wanted, size_t labels, tw_error *err)
{
    char less[64] = "", here[64] = "";
    if (c->source->options->unlabelled && labels)
        snprintf(less, sizeof less, " with their labels, or %zu without", wanted - labels);
    else if (c->last_labels) {
        snprintf(here, sizeof here, " and %zu of labels", c->last_labels);
        snprintf(less, sizeof less, " and %zu", labels);
        wanted -= labels;
    }
    return tw__fail(err, TW_ERR_DATA, "%.250s: %zu column%s%s, but the training rows have %zu%s", c->path,
                    c->n - c->last_labels, c->n - c->last_labels == 1 ? "" : "s", here, wanted, less);
}

/* The place of column i in a file without labels: the columns of labels are not there. */
static size_t place_without_labels(const tw__schema *s, size_t i)
{
    size_t at = (size_t)s->columns[i].at;
    for (size_t k = 0; k < s->n_labels; k++) at -= s->labels[k].at < s->columns[i].at;
    return at;
}

/* By their places in the training file. Rows that were no table are followed by their label. */
static tw_status match_places(tw__csv *c, tw_error *err)
{
    const tw__schema *s = c->schema;
    const size_t n = s->columns ? s->n_columns : s->width, labels = s->columns ? s->n_labels : 1,
                 all = s->n_fields ? s->n_fields : n + labels;
    const int labelled = c->n == all && labels;
    if (c->n != all && (c->n + labels != all || !c->source->options->unlabelled))
        return fail_width(c, all, labels, err);
    if (labelled) TW_TRY(tw__csv_place_labels(c, all - 1, err));
    for (size_t i = 0, at = 0; i < n; i++, at++) {
        while (!s->columns && at < c->n && c->columns[at].role == TW__CSV_LABEL) at++;
        if (s->columns) at = labelled ? (size_t)s->columns[i].at : place_without_labels(s, i);
        if (at >= c->n) return fail_width(c, all, labels, err);
        TW_TRY(set_feature(c, i, at, err));
    }
    return TW_OK;
}

static tw_status match_names(tw__csv *c, tw_error *err)
{
    const tw__schema *s = c->schema;
    char problem[160];
    size_t at;
    TW_TRY(tw__csv_match_labels(c, err));
    for (size_t i = 0; i < s->n_columns; i++) {
        if (!tw__csv_has_name(c, s->columns[i].name, &at)) {
            snprintf(problem, sizeof problem, "%.110s lacks a column of the training rows:", c->path);
            (void)tw__name_unknown(problem, tw__text_of(s->columns[i].name), name_at, c, err);
            if (err) err->code = TW_ERR_DATA;
            return TW_ERR_DATA;
        }
        TW_TRY(set_feature(c, i, at, err));
    }
    return TW_OK;
}

static tw_status follow_schema(tw__csv *c, tw_error *err)
{
    const tw__schema *s = c->schema;
    const int named = s->columns && s->n_columns && s->columns[0].name;
    c->to->width = s->columns ? s->n_columns : s->width;
    if (named && c->names.n == 0)
        tw__log(c->source->ctx, TW_LOG_WARNING,
                "%s has no header: its columns are taken in the order of the training file", c->path);
    if (!named && c->names.n > 0)
        tw__log(c->source->ctx, TW_LOG_WARNING,
                "the training file had no header: the columns of %s are taken in their order, not by name",
                c->path);
    TW_TRY(named && c->names.n ? match_names(c, err) : match_places(c, err));
    TW_TRY(find_extras(c, c->source->options->unlabelled, err));
    return make_texts(c, err);
}

tw_status tw__csv_columns(tw__csv *c, size_t n, tw_error *err)
{
    tw__free(c->source->ctx, c->columns, c->n, sizeof *c->columns);
    c->n = n;
    return tw__alloc(c->source->ctx, &c->columns, n, sizeof *c->columns, err);
}

tw_status tw__csv_assign(tw__csv *c, tw_error *err)
{
    TW_TRY(c->is_made ? follow_schema(c, err) : make_schema(c, err));
    if (c->hash_bits) TW_TRY(tw__csv_number(c, err));
    c->is_made = 1;
    if (c->source->options->unlabelled)
        for (size_t i = 0; i < c->n; i++)
            if (c->columns[i].role == TW__CSV_LABEL) c->columns[i].role = TW__CSV_SKIP;
    return TW_OK;
}
