/* When all rows of a table in text are there: missing values are filled in, and a column of texts becomes one
 * column of 0 and 1 for each of its texts.
 * SPDX-License-Identifier: MIT */
#include "data/csv.h"
#include "base/cpu.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- missing values ------------------------------------------------------------------------------------ */

tw_status tw__csv_mean(const tw__csv *c, tw__column *column, double sum, uint64_t n, tw_error *err)
{
    column->fill = sum / (double)n;
    if (isfinite(column->fill)) return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "%.200s: column %lld has %s; option without leaves a column out",
                    c->source->paths[0], (long long)column->at + 1,
                    n ? "numbers too large for a mean" : "no value, of which there could be a mean");
}

/* Of what is there, in the order of the rows. */
static tw_status find_mean(const tw__csv *c, size_t column, tw_error *err)
{
    const tw__row_list *t = c->to;
    double sum = 0;
    size_t n = 0;
    const tw__fp_mode was = tw__fp_enter();
    for (size_t i = column; i < t->numbers; i += t->width)
        if (!isnan(t->x[i])) sum += t->x[i], n++;
    const tw_status s = tw__csv_mean(c, &c->schema->columns[column], sum, n, err);
    tw__fp_leave(was);
    return s;
}

static tw_status fill_column(const tw__csv *c, size_t i, tw_error *err)
{
    tw__row_list *t = c->to;
    const tw__column *column = c->schema->columns ? &c->schema->columns[i] : NULL;
    if (column && column->kind == TW__COLUMN_CATEGORY) return TW_OK;
    if (c->policy == TW__CSV_MEAN && !c->is_given) TW_TRY(find_mean(c, i, err));
    const double fill = c->policy == TW__CSV_ZERO || !column ? 0 : column->fill;
    for (size_t k = i; k < t->numbers; k += t->width)
        if (isnan(t->x[k])) t->x[k] = fill;
    return TW_OK;
}

/* ---- levels -------------------------------------------------------------------------------------------- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Marks the texts of column i that a row has: those of rows that were left out are none of its levels. */
static uint32_t mark_texts(const tw__row_list *t, size_t i, uint8_t *marks)
{
    uint32_t n = 0;
    for (size_t k = i; k < t->numbers; k += t->width) {
        if (isnan(t->x[k])) continue;
        n += !marks[(size_t)t->x[k]];
        marks[(size_t)t->x[k]] = 1;
    }
    return n;
}

/* Networks take dense rows of floats. */
static int is_dense(const tw__csv *c) { return c->source->options->type == TW_F32; }
static int most_levels(const tw__csv *c)
{
    return is_dense(c)                      ? TW__CSV_DENSE_LEVELS
           : c->source->options->categories ? TW__CSV_MOST_NAMES
                                            : TW__CSV_MOST_LEVELS;
}

static tw_status fail_levels(const tw__csv *c, size_t i, uint32_t n, tw_error *err)
{
    const tw__column *column = &c->schema->columns[i];
    return tw__fail(
        err, TW_ERR_DATA,
        "%.200s: column %lld%s%.60s%s has %lu different texts, of 1 to %d; option hash_bits hashes them, option without leaves a column out",
        c->source->paths[0], (long long)column->at + 1, column->name ? " \"" : "",
        column->name ? column->name : "", column->name ? "\"" : "", (unsigned long)n, most_levels(c));
}

/* Texts of a column of the training rows, rising. */
static tw_status make_levels(const tw__csv *c, size_t i, tw_error *err)
{
    tw_context *ctx = c->source->ctx;
    const tw__words *words = &c->to->texts[i];
    tw__column *column = &c->schema->columns[i];
    uint8_t *marks;
    TW_TRY(tw__alloc(ctx, &marks, words->n, 1, err));
    const uint32_t n = mark_texts(c->to, i, marks);
    tw_status s = n == 0 || n > (uint32_t)most_levels(c) ? fail_levels(c, i, n, err) : TW_OK;
    if (s == TW_OK) s = tw__alloc(ctx, &column->levels, n, sizeof *column->levels, err);
    if (s == TW_OK) column->n_levels = n;
    for (uint32_t k = 0, to = 0; s == TW_OK && k < words->n; k++)
        if (marks[k]) s = tw__copy_text(ctx, &column->levels[to++], tw__words_at(words, k), err);
    tw__free(ctx, marks, words->n, 1);
    if (s == TW_OK) qsort(column->levels, column->n_levels, sizeof *column->levels, compare_texts);
    return s;
}

/* The level of each text of column i, or -1; *level of words->n numbers, freed by the caller. */
static tw_status find_levels(const tw__csv *c, size_t i, int32_t **level, tw_error *err)
{
    const tw__words *words = &c->to->texts[i];
    const tw__column *column = &c->schema->columns[i];
    TW_TRY(tw__alloc(c->source->ctx, level, words->n, sizeof **level, err));
    for (uint32_t k = 0; k < words->n; k++) {
        const char *const word = tw__words_at(words, k);
        char *const *found = bsearch(&word, column->levels, column->n_levels, sizeof word, compare_texts);
        (*level)[k] = found ? (int32_t)(found - column->levels) : -1;
    }
    return TW_OK;
}

/* Texts that the training rows do not have are in no column: the row has a 0 in all of them. */
static void warn(const tw__csv *c, size_t i, const int32_t *level)
{
    const tw__words *words = &c->to->texts[i];
    uint32_t unknown = 0, first = 0;
    for (uint32_t k = words->n; k-- > 0;)
        if (level[k] < 0) unknown++, first = k;
    if (unknown)
        tw__log(c->source->ctx, TW_LOG_WARNING,
                "%s: %lu text%s of column %s%s not in the training rows (\"%.60s\"%s) and count%s as none",
                c->source->paths[0], (unsigned long)unknown, unknown == 1 ? "" : "s",
                c->schema->columns[i].name ? c->schema->columns[i].name : "without a name",
                unknown == 1 ? " is" : " are", tw__words_at(words, first), unknown == 1 ? "" : ", ...",
                unknown == 1 ? "s" : "");
}

/* ---- the table ----------------------------------------------------------------------------------------- */

static void expand_column(const tw__csv *c, size_t i, const int32_t *level, size_t first, double *to,
                          size_t width)
{
    const tw__row_list *t = c->to;
    for (size_t row = 0; row < t->rows; row++) {
        const double x = t->x[row * t->width + i];
        if (!level) to[row * width + first] = x;
        else if (!isnan(x) && level[(size_t)x] >= 0) to[row * width + first + (size_t)level[(size_t)x]] = 1;
    }
}

static size_t columns_of(const tw__column *c) { return c->kind == TW__COLUMN_CATEGORY ? c->n_levels : 1; }

static tw_status expand_dense(const tw__csv *c, int32_t *const *level, size_t width, tw_error *err)
{
    tw__row_list *t = c->to;
    size_t numbers, first = 0;
    double *x = NULL;
    if (!tw__size_mul(t->rows, width, &numbers)) numbers = SIZE_MAX;
    const tw_status status = tw__alloc(t->ctx, &x, numbers, sizeof *x, NULL);
    if (status != TW_OK)
        return tw__fail(
            err, status,
            "out of memory: %zu rows of %zu columns, most of them for texts, need %.3g GB; option without leaves columns out",
            t->rows, width, 8e-9 * (double)t->rows * (double)width);
    for (size_t i = 0; i < t->width; i++) {
        expand_column(c, i, level[i], first, x, width);
        first += columns_of(&c->schema->columns[i]);
    }
    tw__free(t->ctx, t->x, t->capacity.x, sizeof *t->x);
    t->x = x;
    t->numbers = t->capacity.x = numbers;
    return TW_OK;
}

static void free_texts(tw__row_list *t, int32_t **level)
{
    for (size_t i = 0; i < t->width; i++) {
        tw__free(t->ctx, level[i], t->texts[i].n, sizeof **level);
        tw__words_free(&t->texts[i], t->ctx);
    }
    tw__free(t->ctx, level, t->width, sizeof *level);
    tw__free(t->ctx, t->texts, t->width, sizeof *t->texts);
    t->texts = NULL;
}

/* Where there are many levels, or nothing else, rows become sparse. */
static tw_status expand(const tw__csv *c, size_t width, tw_error *err)
{
    tw__row_list *t = c->to;
    const tw__schema *s = c->schema;
    const int is_sparse = !is_dense(c) && (width - s->n_columns > TW__CSV_DENSE_LEVELS ||
                                           tw__all_are_categories(c->source->options));
    int32_t **level;
    TW_TRY(tw__alloc(t->ctx, &level, t->width, sizeof *level, err));
    tw_status status = TW_OK;
    for (size_t i = 0; i < t->width && status == TW_OK; i++) {
        if (s->columns[i].kind != TW__COLUMN_CATEGORY) continue;
        status = find_levels(c, i, &level[i], err);
        if (status == TW_OK && c->is_given) warn(c, i, level[i]);
    }
    if (status == TW_OK)
        status = is_sparse ? tw__csv_expand_sparse(c, level, err) : expand_dense(c, level, width, err);
    free_texts(t, level);
    if (status == TW_OK) t->width = is_sparse ? 0 : width;
    return status;
}

static tw_status fill(const tw__csv *c, tw_error *err)
{
    TW_TRY(tw__row_list_widen(c->to, err));
    if (c->hash_bits) return tw__csv_fill_sparse(c, err);
    for (size_t i = 0; c->to->rows && i < c->to->width; i++) TW_TRY(fill_column(c, i, err));
    return TW_OK;
}

tw_status tw__csv_finish(tw__csv *c, tw_error *err)
{
    tw__schema *s = c->schema;
    size_t width = c->hash_bits ? (size_t)1 << c->hash_bits : 0;
    if ((c->policy == TW__CSV_MEAN && !c->is_given) || c->found->missing) TW_TRY(fill(c, err));
    if (!s->columns) return TW_OK;
    for (size_t i = 0; i < s->n_columns; i++) {
        if (s->columns[i].kind == TW__COLUMN_CATEGORY && !c->is_given && c->to->rows && !c->hash_bits)
            TW_TRY(make_levels(c, i, err));
        width += columns_of(&s->columns[i]);
    }
    s->width = width;
    return c->to->texts && c->to->rows ? expand(c, width, err) : TW_OK;
}
