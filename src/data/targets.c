/* From a table of rows to a block: what its labels are, and the type of its numbers.
 * SPDX-License-Identifier: MIT */
#include "data/labels.h"
#include "data/twd.h"
#include "math/sums.h"
#include <string.h>

/* ---- labels -------------------------------------------------------------------------------------------- */

/* From words to classes, in place, but for a file of which no page may be changed: as its words stand in the
 * order of the classes, most often there is nothing to do. */
static tw_status number_classes(const tw__labels *l, tw__row_list *t, const int32_t *class_of, tw_error *err)
{
    uint32_t *to = NULL;
    size_t same = 0;
    while (same < l->n && class_of[same] == (int32_t)same) same++;
    if (same == l->n) return TW_OK;
    if (t->mapped && t->mapped->most) TW_TRY(tw__alloc(t->ctx, &to, t->rows, sizeof *to, err));
    else to = t->label;
    for (size_t i = 0; i < t->rows; i++) to[i] = (uint32_t)class_of[t->label[i]];
    t->label = to;
    return TW_OK;
}

static tw_status put_classes(const tw__labels *l, tw__row_list *t, const tw__schema *s, tw_data_info *to,
                             tw_error *err)
{
    int32_t *class_of;
    char **names;
    TW_TRY(tw__alloc(t->ctx, &names, (size_t)s->n_classes, sizeof *names, err));
    to->class_names = (const char *const *)names;
    to->classes = s->n_classes;
    for (int32_t i = 0; i < s->n_classes; i++) TW_TRY(tw__copy_text(t->ctx, &names[i], s->classes[i], err));
    TW_TRY(tw__resize(t->ctx, &t->label, &t->capacity.label, t->rows, sizeof *t->label, err));
    TW_TRY(tw__alloc(t->ctx, &class_of, l->n, sizeof *class_of, err));
    for (size_t i = 0; i < l->n; i++) class_of[l->each[i].word] = l->each[i].class;
    const tw_status status = number_classes(l, t, class_of, err);
    tw__free(t->ctx, class_of, l->n, sizeof *class_of);
    to->labels = (int32_t *)t->label;
    t->label = NULL;
    return status;
}

static tw_status put_targets(const tw__labels *l, const tw__row_list *t, tw_data_info *to, tw_error *err)
{
    double *number, *target;
    TW_TRY(tw__alloc(t->ctx, &target, t->rows, sizeof *target, err));
    to->targets = target;
    to->n_targets = 1;
    TW_TRY(tw__alloc(t->ctx, &number, l->n, sizeof *number, err));
    for (size_t i = 0; i < l->n; i++) number[l->each[i].word] = l->each[i].number;
    for (size_t i = 0; i < t->rows; i++) target[i] = number[t->label[i]];
    tw__free(t->ctx, number, l->n, sizeof *number);
    return TW_OK;
}

static tw_status name_targets(tw_context *ctx, const tw__schema *s, tw_data_info *to, tw_error *err)
{
    char **names;
    if (s->n_labels != to->n_targets || s->n_labels < 2 || !s->labels[0].name) return TW_OK;
    TW_TRY(tw__alloc(ctx, &names, s->n_labels, sizeof *names, err));
    to->target_names = (const char *const *)names;
    for (size_t i = 0; i < s->n_labels; i++) TW_TRY(tw__copy_text(ctx, &names[i], s->labels[i].name, err));
    return TW_OK;
}

/* Numbers, as they are. */
static tw_status take_targets(tw__row_list *t, const tw_data_options *o, const tw__schema *s, int is_given,
                              tw_data_info *to, const char *name, tw_error *err)
{
    const size_t n = t->rows * t->n_targets;
    if (t->n_targets > 1 && tw__learns_one(o, is_given ? s : NULL))
        return tw__fail(err, TW_ERR_DATA,
                        s->base >= 0 ? "%.200s: rows have any number of %zu labels, and " TW__LEARNS_ONE
                                     : "%.200s: rows have %zu columns of labels, and " TW__LEARNS_ONE,
                        name, t->n_targets);
    TW_TRY(tw__resize(t->ctx, &t->targets, &t->capacity.targets, n, sizeof *t->targets, err));
    to->targets = t->targets;
    to->n_targets = t->n_targets;
    t->targets = NULL;
    return name_targets(t->ctx, s, to, err);
}

static tw_status decide_labels(tw__row_list *t, const tw_data_options *o, tw__schema *s, int is_given,
                               tw_data_info *to, const char *name, tw_error *err)
{
    tw__labels l = {.each = NULL};
    int classes;
    if (o->unlabelled) return TW_OK;
    if (t->n_targets) return take_targets(t, o, s, is_given, to, name, err);
    if (t->labels.n == 0) return TW_OK;
    tw_status status = tw__labels_decide(&l, t, o, s, is_given, name, &classes, err);
    if (status == TW_OK) status = classes ? put_classes(&l, t, s, to, err) : put_targets(&l, t, to, err);
    tw__labels_free(&l);
    return status;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

/* Rounds to floats. */
static tw_status round_off(tw__row_list *t, const char *name, tw_error *err)
{
    TW_TRY(tw__resize(t->ctx, &t->narrow, &t->capacity.narrow, t->numbers, sizeof *t->narrow, err));
    for (size_t i = 0; i < t->numbers; i++) t->narrow[i] = (float)t->x[i];
    t->is_narrow = 1;
    const size_t bad = tw__first_not_finite_f32(tw__sums_for(tw_context_isa(t->ctx)), t->narrow, t->numbers);
    if (bad == t->numbers) return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "%.300s: %g is too large for an f32", name, t->x[bad]);
}

/* Lists are cut to what is used. */
static tw_status decide_numbers(tw__row_list *t, tw_type type, tw_data_info *to, const char *name,
                                tw_error *err)
{
    TW_TRY(type == TW_F64 ? tw__row_list_widen(t, err) : tw__row_list_narrow(t, err));
    if (type == TW_F32 && !t->is_narrow) TW_TRY(round_off(t, name, err));
    if (t->is_narrow) {
        TW_TRY(tw__resize(t->ctx, &t->narrow, &t->capacity.narrow, t->numbers, sizeof *t->narrow, err));
        to->x = t->narrow;
        t->narrow = NULL;
    } else {
        TW_TRY(tw__resize(t->ctx, &t->x, &t->capacity.x, t->numbers, sizeof *t->x, err));
        to->x = t->x;
        t->x = NULL;
    }
    to->type = t->is_narrow ? TW_F32 : TW_F64;
    return TW_OK;
}

static tw_status take_columns(tw__row_list *t, tw_data_info *to, tw_error *err)
{
    if (t->width) return TW_OK;
    TW_TRY(tw__resize(t->ctx, &t->starts, &t->capacity.starts, t->rows + 1, sizeof *t->starts, err));
    to->starts = t->starts;
    t->starts = NULL;
    TW_TRY(tw__resize(t->ctx, &t->columns, &t->capacity.columns, t->numbers, sizeof *t->columns, err));
    to->columns = t->columns;
    t->columns = NULL;
    return TW_OK;
}

/* Lists of one number per row. */
static tw_status take_rows(tw__row_list *t, tw_data_info *to, tw_error *err)
{
    if (t->has_groups) {
        TW_TRY(tw__resize(t->ctx, &t->groups, &t->capacity.groups, t->rows, sizeof *t->groups, err));
        to->groups = t->groups;
        t->groups = NULL;
    }
    if (t->has_weights) {
        TW_TRY(tw__resize(t->ctx, &t->weights, &t->capacity.weights, t->rows, sizeof *t->weights, err));
        to->weights = t->weights;
        t->weights = NULL;
    }
    return TW_OK;
}

/* "colour=red" for a level. */
static tw_status name_column(tw_context *ctx, char **to, const tw__column *c, size_t level, tw_error *err)
{
    if (c->kind == TW__COLUMN_NUMBER) return tw__copy_text(ctx, to, c->name, err);
    const size_t n = strlen(c->name), m = strlen(c->levels[level]);
    TW_TRY(tw__alloc(ctx, to, n + m + 2, 1, err));
    memcpy(*to, c->name, n);
    (*to)[n] = '=';
    memcpy(*to + n + 1, c->levels[level], m);
    return TW_OK;
}

static tw_status name_columns(tw_context *ctx, const tw__schema *s, tw_data_info *to, tw_error *err)
{
    char **names;
    size_t n = 0;
    if (s->n_columns == 0 || !s->columns[0].name || s->hash_bits) return TW_OK;
    TW_TRY(tw__alloc(ctx, &names, s->width, sizeof *names, err));
    to->column_names = (const char *const *)names;
    for (size_t i = 0; i < s->n_columns; i++) {
        const tw__column *c = &s->columns[i];
        const size_t levels = c->kind == TW__COLUMN_CATEGORY ? c->n_levels : 1;
        for (size_t j = 0; j < levels; j++) TW_TRY(name_column(ctx, &names[n++], c, j, err));
    }
    return TW_OK;
}

static tw_status fill_in(tw_data_info *to, tw__row_list *t, const tw_data_options *o, tw__schema *s,
                         int is_given, const char *name, tw_error *err)
{
    char *schema = NULL;
    if (t->rows == 0) return tw__fail(err, TW_ERR_DATA, "%.300s holds no rows", name);
    TW_TRY(take_columns(t, to, err));
    TW_TRY(decide_labels(t, o, s, is_given, to, name, err));
    TW_TRY(decide_numbers(t, o->type, to, name, err));
    TW_TRY(take_rows(t, to, err));
    TW_TRY(name_columns(t->ctx, s, to, err));
    TW_TRY(tw__schema_text(s, t->ctx, &schema, err));
    to->schema = schema;
    return TW_OK;
}

/* Which label each row has, before that becomes its class; freed like a list of t->rows. */
static tw_status keep_labels(const tw__row_list *t, uint32_t **label, tw_error *err)
{
    if (t->labels.n == 0) return TW_OK;
    TW_TRY(tw__resize(t->ctx, label, &(size_t){0}, t->rows, sizeof **label, err));
    memcpy(*label, t->label, t->rows * sizeof **label);
    return TW_OK;
}

static tw_status make_block(tw__block **out, tw__row_list *t, const tw__source *source, tw__schema *s,
                            tw_error *err)
{
    const char *name = source->paths[0];
    tw_data_info to = {.size = sizeof to,
                       .rows = t->rows,
                       .rank = 1,
                       .shape = {(int64_t)s->width},
                       .name = name,
                       .left_out = t->bad,
                       .first_column = s->base != 0};
    const tw_status status = fill_in(&to, t, source->options, s, source->schema != NULL, name, err);
    if (status == TW_OK) return tw__block_create(out, t->ctx, &to, t->mapped, err);
    tw__data_free_rows(t->ctx, &to, t->mapped);
    return status;
}

tw_status tw__row_list_block(tw__block **out, tw__row_list *t, const tw__source *source, tw__schema *s,
                             tw_error *err)
{
    const size_t rows = t->rows;
    tw_context *ctx = t->ctx;
    uint32_t *label = NULL;
    *out = NULL;
    if (t->spool) {
        const tw_status saved = tw__twd_write_spool(source, t, s, err);
        tw__row_list_free(t);
        return saved;
    }
    tw_status status = source->save ? keep_labels(t, &label, err) : TW_OK;
    if (status == TW_OK) status = make_block(out, t, source, s, err);
    if (status == TW_OK && source->save) {
        status = tw__twd_write(source, &(*out)->all, t->width, &t->labels, label, err);
        if (status == TW_OK) source->save->is_done = 1;
        else tw__block_release(*out);
        if (status != TW_OK) *out = NULL;
    }
    tw__free(ctx, label, rows, sizeof *label);
    tw__row_list_free(t);
    return status;
}
