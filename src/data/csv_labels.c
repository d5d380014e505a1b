/* The columns of labels of a table: one of classes or numbers, or several of numbers, which are the targets
 * of a row in the order in which option label names them.
 * SPDX-License-Identifier: MIT */
#include "data/csv.h"
#include "data/labels.h"
#include <string.h>

/* ---- option label -------------------------------------------------------------------------------------- */

static int is_text(tw__text a, tw__text b) { return a.n == b.n && memcmp(a.at, b.at, a.n) == 0; }

/* As tw__csv_cut_name of option label, which may be one name with spaces, too. */
static int next_name(const tw__csv *c, tw__text *name, const char **list)
{
    size_t at;
    if (*list != c->source->options->label || !tw__csv_has_name(c, *list, &at))
        return tw__csv_cut_name(name, list);
    *name = tw__text_of(*list);
    *list += name->n;
    return 1;
}

int tw__csv_is_label(const tw__csv *c, tw__text name)
{
    const char *list = c->source->options->label;
    tw__text one;
    if (!list) return 0;
    if (is_text(tw__text_of(list), name)) return 1;
    while (tw__csv_cut_name(&one, &list))
        if (is_text(one, name)) return 1;
    return 0;
}

/* 1: option label is of names that this file has, and of nothing else. */
static int are_all_names(const tw__csv *c)
{
    const char *list = c->source->options->label;
    tw__text name;
    int are = list != NULL;
    while (are && next_name(c, &name, &list)) are = tw__words_find(&c->names, name.at, name.n) >= 0;
    return are;
}

/* ---- columns ------------------------------------------------------------------------------------------- */

static tw_status take_label(tw__csv *c, size_t at, size_t *n, tw_error *err)
{
    char name[TW__CSV_NAME];
    if (c->columns[at].role == TW__CSV_LABEL)
        return tw__fail(err, TW_ERR_SPEC, "label: %s of %.200s is named twice", tw__csv_name(c, at, name),
                        c->path);
    TW_TRY(tw__csv_take_role(c, "label", at, TW__CSV_LABEL, err));
    c->columns[at].to = (uint32_t)(*n)++;
    return TW_OK;
}

/* The columns that option label names, *n of them. */
static tw_status take_named(tw__csv *c, size_t *n, tw_error *err)
{
    const char *list = c->source->options->label;
    tw__text name;
    size_t first, last;
    while (next_name(c, &name, &list)) {
        TW_TRY(tw__csv_find_range(c, "label", name, &first, &last, err));
        for (size_t at = first; at <= last; at++) TW_TRY(take_label(c, at, n, err));
    }
    if (*n > 0 && *n <= TW__MOST_TARGETS) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "label = %.60s names %zu columns of %.200s, of 1 to %d",
                    c->source->options->label, *n, c->path, TW__MOST_TARGETS);
}

/* Of several labels, each row has so many targets. */
static void expect_targets(tw__csv *c, size_t n)
{
    c->to->n_targets = n > 1 && !c->source->options->unlabelled ? n : 0;
}

/* ---- training rows ------------------------------------------------------------------------------------- */

static tw_status take_last(tw__csv *c, size_t *n, tw_error *err)
{
    const size_t labels = c->last_labels ? c->last_labels : 1;
    for (size_t i = 0; i < labels; i++) TW_TRY(take_label(c, c->n - labels + i, n, err));
    return TW_OK;
}

tw_status tw__csv_find_labels(tw__csv *c, tw_error *err)
{
    const tw_data_options *o = c->source->options;
    tw__schema *s = c->schema;
    size_t n = 0;
    if (o->unlabelled && !o->label) return TW_OK;
    TW_TRY(o->label ? take_named(c, &n, err) : take_last(c, &n, err));
    if (n > 1 && tw__learns_one(o, NULL))
        return tw__fail(err, TW_ERR_DATA, "%.200s: rows have %zu columns of labels, and " TW__LEARNS_ONE,
                        c->path, n);
    TW_TRY(tw__alloc(c->source->ctx, &s->labels, n, sizeof *s->labels, err));
    s->n_labels = n;
    for (size_t at = 0; at < c->n; at++) {
        if (c->columns[at].role != TW__CSV_LABEL) continue;
        tw__label_column *label = &s->labels[c->columns[at].to];
        label->at = (int64_t)at;
        if (c->names.n) TW_TRY(tw__copy_text(c->source->ctx, &label->name, tw__csv_name_at(c, at), err));
    }
    expect_targets(c, n);
    return TW_OK;
}

/* ---- rows that fit a schema ---------------------------------------------------------------------------- */

/* Column `at` is label *k of the training rows, by its name or, where there are none, by its place. */
static int is_trained_label(const tw__csv *c, size_t at, uint32_t *k)
{
    const tw__schema *s = c->schema;
    const int by_name = s->n_labels && s->labels[0].name && c->names.n;
    for (*k = 0; *k < s->n_labels; ++*k)
        if (by_name ? strcmp(s->labels[*k].name, tw__csv_name_at(c, at)) == 0
                    : s->labels[*k].at == (int64_t)at)
            return 1;
    return 0;
}

/* Predictions keep the names of the training rows' labels, so that none may be taken for another one. */
static tw_status check_order(const tw__csv *c, tw_error *err)
{
    char name[TW__CSV_NAME];
    uint32_t k;
    for (size_t at = 0; at < c->n; at++) {
        const tw__csv_column *column = &c->columns[at];
        if (column->role == TW__CSV_LABEL && is_trained_label(c, at, &k) && k != column->to)
            return tw__fail(err, TW_ERR_SPEC,
                            "label = %.60s: %s of %.200s is label %lu of the training rows, not %lu; name "
                            "their labels in their order, or leave out the option",
                            c->source->options->label, tw__csv_name(c, at, name), c->path,
                            (unsigned long)k + 1, (unsigned long)column->to + 1);
    }
    return TW_OK;
}

/* As option label says of this file. */
static tw_status match_named(tw__csv *c, size_t wanted, tw_error *err)
{
    size_t n = 0;
    TW_TRY(take_named(c, &n, err));
    if (n != wanted)
        return tw__fail(err, TW_ERR_SPEC,
                        "label = %.60s names %zu column%s of %.200s, and the training rows have %zu",
                        c->source->options->label, n, n == 1 ? "" : "s", c->path, wanted);
    TW_TRY(check_order(c, err));
    expect_targets(c, n);
    return TW_OK;
}

/* Option label is given for rows that fit a model. Of training files it says what the first one's columns
 * are, by which others find theirs; rows to predict need none. */
static int option_applies(const tw__csv *c)
{
    const tw_data_options *o = c->source->options;
    return o->label && o->schema && !o->unlabelled;
}

tw_status tw__csv_match_labels(tw__csv *c, tw_error *err)
{
    const tw__schema *s = c->schema;
    const int may_lack = c->source->options->unlabelled;
    size_t n = 0, at;
    if (are_all_names(c) || option_applies(c)) return match_named(c, s->n_labels ? s->n_labels : 1, err);
    for (size_t i = 0; i < s->n_labels && s->labels[i].name; i++) {
        if (tw__csv_has_name(c, s->labels[i].name, &at)) TW_TRY(take_label(c, at, &n, err));
        else if (!may_lack)
            return tw__fail(err, TW_ERR_DATA, "%.250s has no column \"%.80s\", %s of the training rows",
                            c->path, s->labels[i].name, s->n_labels > 1 ? "a label" : "the labels");
    }
    expect_targets(c, n);
    return TW_OK;
}

tw_status tw__csv_place_labels(tw__csv *c, size_t last, tw_error *err)
{
    const tw__schema *s = c->schema;
    const size_t labels = s->columns ? s->n_labels : 1;
    size_t n = 0;
    if (c->source->options->label) return match_named(c, labels, err);
    if (!s->columns) return take_label(c, last, &n, err);
    for (size_t i = 0; i < labels; i++) TW_TRY(take_label(c, (size_t)s->labels[i].at, &n, err));
    expect_targets(c, n);
    return TW_OK;
}
