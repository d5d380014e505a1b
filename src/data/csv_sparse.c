/* Sparse rows of tables in text: columns of texts by the hash of a text, and columns of 0 and 1 where there
 * are many.
 * SPDX-License-Identifier: MIT */
#include "data/csv.h"
#include "data/hashing.h"
#include "base/cpu.h"
#include "data/number.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- hashed texts -------------------------------------------------------------------------------------- */

tw_status tw__csv_number(tw__csv *c, tw_error *err)
{
    tw__schema *s = c->schema;
    uint32_t *number;
    TW_TRY(tw__alloc(c->source->ctx, &number, s->n_columns, sizeof *number, err));
    c->n_numbers = 0;
    for (size_t i = 0; i < s->n_columns; i++) {
        number[i] = (uint32_t)c->n_numbers;
        c->n_numbers += s->columns[i].kind == TW__COLUMN_NUMBER;
    }
    for (size_t i = 0; i < c->n; i++)
        if (c->columns[i].role == TW__CSV_FEATURE) c->columns[i].to = number[c->columns[i].to];
    tw__free(c->source->ctx, number, s->n_columns, sizeof *number);
    c->to->width = 0;
    s->hash_bits = c->hash_bits;
    if (c->n_numbers < s->n_columns) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "hash_bits = %u is for columns of texts, and the columns of %.200s are all of numbers",
                    c->hash_bits, c->path);
}

uint32_t tw__csv_hash(const tw__csv *c, const tw__column *column, const char *text, size_t n, double *sign)
{
    char key[2 * TW__CSV_TEXT + 2], number[24];
    const char *name = column->name;
    if (!name) snprintf(number, sizeof number, "%lld", (long long)column->at + 1);
    const size_t before = strlen(name ? name : number);
    memcpy(key, name ? name : number, before);
    key[before] = '=';
    memcpy(key + before + 1, text, n);
    return (uint32_t)c->n_numbers + tw__hash_column(key, before + 1 + n, c->hash_bits, sign);
}

/* ---- missing values ------------------------------------------------------------------------------------ */

/* Of what is there, in the order of the rows; what rows leave out is 0. */
static tw_status find_means(const tw__csv *c, double *sum, uint64_t *missing, tw_error *err)
{
    const tw__row_list *t = c->to;
    for (size_t i = 0; i < t->numbers; i++) {
        if (t->columns[i] >= c->n_numbers) continue;
        if (isnan(t->x[i])) missing[t->columns[i]]++;
        else sum[t->columns[i]] += t->x[i];
    }
    for (size_t i = 0, k = 0; i < c->schema->n_columns; i++) {
        tw__column *column = &c->schema->columns[i];
        if (column->kind != TW__COLUMN_NUMBER) continue;
        TW_TRY(tw__csv_mean(c, column, sum[k], t->rows - missing[k], err));
        sum[k++] = column->fill;
    }
    return TW_OK;
}

tw_status tw__csv_fill_sparse(const tw__csv *c, tw_error *err)
{
    tw_context *ctx = c->source->ctx;
    tw__row_list *t = c->to;
    double *mean;
    uint64_t *missing;
    TW_TRY(tw__alloc(ctx, &mean, c->n_numbers, sizeof *mean, err));
    tw_status s = tw__alloc(ctx, &missing, c->n_numbers, sizeof *missing, err);
    if (s == TW_OK) {
        const tw__fp_mode was = tw__fp_enter();
        s = find_means(c, mean, missing, err);
        tw__fp_leave(was);
        for (size_t i = 0; s == TW_OK && i < t->numbers; i++)
            if (isnan(t->x[i])) t->x[i] = mean[t->columns[i]];
        tw__free(ctx, missing, c->n_numbers, sizeof *missing);
    }
    tw__free(ctx, mean, c->n_numbers, sizeof *mean);
    return s;
}

/* ---- columns of 0 and 1 -------------------------------------------------------------------------------- */

/* A dense row's numbers that are not 0, in the order of their columns. Returns how many; x NULL: counts
 * them. */
static size_t take_row(const tw__csv *c, size_t row, int32_t *const *level, double *x, uint32_t *columns)
{
    const tw__row_list *t = c->to;
    size_t n = 0, first = 0;
    for (size_t i = 0; i < t->width; i++) {
        const double value = t->x[row * t->width + i];
        const int32_t at = !level[i] ? 0 : isnan(value) ? -1 : level[i][(size_t)value];
        if (at >= 0 && (level[i] || !tw__is_zero(value))) {
            if (x) x[n] = level[i] ? 1 : value;
            if (x) columns[n] = (uint32_t)(first + (size_t)at);
            n++;
        }
        first += level[i] ? c->schema->columns[i].n_levels : 1;
    }
    return n;
}

tw_status tw__csv_expand_sparse(const tw__csv *c, int32_t *const *level, tw_error *err)
{
    tw__row_list *t = c->to, to = {.ctx = t->ctx};
    TW_TRY(tw__resize(t->ctx, &to.starts, &to.capacity.starts, t->rows + 1, sizeof *to.starts, err));
    to.starts[0] = 0;
    for (size_t row = 0; row < t->rows; row++)
        to.starts[row + 1] = to.starts[row] + take_row(c, row, level, NULL, NULL);
    to.numbers = (size_t)to.starts[t->rows];
    tw_status s = tw__resize(t->ctx, &to.x, &to.capacity.x, to.numbers, sizeof *to.x, err);
    if (s == TW_OK)
        s = tw__resize(t->ctx, &to.columns, &to.capacity.columns, to.numbers, sizeof *to.columns, err);
    if (s != TW_OK) {
        tw__row_list_free(&to);
        return s;
    }
    for (size_t row = 0; row < t->rows; row++)
        take_row(c, row, level, to.x + to.starts[row], to.columns + to.starts[row]);
    tw__free(t->ctx, t->x, t->capacity.x, sizeof *t->x);
    t->x = to.x, t->columns = to.columns, t->starts = to.starts;
    t->numbers = to.numbers;
    t->capacity.x = to.capacity.x, t->capacity.columns = to.capacity.columns;
    t->capacity.starts = to.capacity.starts;
    return TW_OK;
}
