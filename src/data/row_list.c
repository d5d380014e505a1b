/* Tables of rows: growing, and joining.
 * SPDX-License-Identifier: MIT */
#include "data/spool.h"
#include "data/number.h"
#include <string.h>

/* Room for n items: several times as much as there was, where that can be had, as memory that is not written
 * to is not real, and lists are then seldom copied. */
enum { SMALL = 1 << 20, BLOCK = 1 << 10 };
static tw_status more(tw_context *ctx, void *list, size_t *capacity, size_t used, size_t n, size_t size,
                      tw_error *err)
{
    size_t want, grown;
    if (!tw__size_add(used, n, &want)) want = SIZE_MAX;
    if (want <= *capacity) return TW_OK;
    if (tw__size_mul(*capacity, *capacity * size < SMALL ? 16 : 4, &grown) && grown > want &&
        tw__resize(ctx, list, capacity, grown, size, NULL) == TW_OK)
        return TW_OK;
    if (tw__size_add(*capacity, *capacity / 4, &grown) && grown > want) want = grown;
    return tw__resize(ctx, list, capacity, want, size, err);
}
#define MORE(list, used, n) more(t->ctx, &t->list, &t->capacity.list, used, n, sizeof *t->list, err)

static tw_status more_targets(tw__row_list *t, size_t rows, tw_error *err)
{
    size_t n;
    if (!tw__size_mul(rows, t->n_targets, &n)) n = SIZE_MAX;
    return MORE(targets, t->rows * t->n_targets, n);
}

tw_status tw__row_list_reserve(tw__row_list *t, size_t rows, size_t numbers, tw_error *err)
{
    TW_TRY(t->is_narrow ? MORE(narrow, t->numbers, numbers) : MORE(x, t->numbers, numbers));
    if (!t->width) TW_TRY(MORE(columns, t->numbers, numbers));
    if (!t->width) TW_TRY(MORE(starts, t->rows, rows + 1));
    if (t->has_groups) TW_TRY(MORE(groups, t->rows, rows));
    if (t->has_weights) TW_TRY(MORE(weights, t->rows, rows));
    if (t->n_targets) TW_TRY(more_targets(t, rows, err));
    return MORE(label, t->rows, rows);
}

tw_status tw__row_list_end_row(tw__row_list *t, const tw__label *label, tw_error *err)
{
    uint32_t word = label->text && label->word >= 0 ? (uint32_t)label->word : TW__NO_LABEL;
    if (label->text && label->word < 0)
        TW_TRY(tw__words_add(&t->labels, t->ctx, label->text, label->n, &word, err));
    t->label[t->rows] = word;
    if (!t->width && !t->rows) t->starts[0] = 0;
    t->rows++;
    if (!t->width) t->starts[t->rows] = t->numbers;
    return TW_OK;
}

void tw__row_list_cut(tw__row_list *t, size_t rows, size_t numbers)
{
    t->rows = rows;
    t->numbers = numbers;
}

size_t tw__row_list_rows(const tw__row_list *t) { return t->spool ? t->spool->rows : t->rows; }

const uint32_t *tw__row_list_labels(const tw__row_list *t)
{
    return t->spool ? (const uint32_t *)(void *)t->spool->list[TW__SPOOL_LABEL].bytes : t->label;
}

void tw__row_list_clear(tw__row_list *t)
{
    t->rows = t->numbers = 0;
    t->bad = 0;
    tw__words_free(&t->labels, t->ctx);
    for (size_t i = 0; t->texts && i < t->width; i++) tw__words_free(&t->texts[i], t->ctx);
}

#define FREE(list) tw__mapped_free_other(ctx, t->mapped, t->list, t->capacity.list, sizeof *t->list)

void tw__row_list_free(tw__row_list *t)
{
    tw_context *ctx = t->ctx;
    tw__spool_free(t->spool);
    FREE(x);
    FREE(narrow);
    FREE(columns);
    FREE(starts);
    FREE(label);
    FREE(groups);
    FREE(weights);
    FREE(targets);
    tw__words_free(&t->labels, ctx);
    for (size_t i = 0; t->texts && i < t->width; i++) tw__words_free(&t->texts[i], ctx);
    tw__free(ctx, t->texts, t->width, sizeof *t->texts);
    *t = (tw__row_list){.ctx = ctx};
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

/* 1: they are the same numbers; 0: one is not, and those behind it are missing. In the threads of a context
 * a subnormal double compares equal to 0, but only its bits are those of 0. */
static int narrow(float *to, const double *from, size_t n)
{
    int fits = 1;
    for (size_t first = 0; first < n && fits; first += BLOCK) {
        const size_t end = n - first < BLOCK ? n : first + BLOCK;
        for (size_t i = first; i < end; i++) {
            to[i] = (float)from[i];
            fits &= (double)to[i] == from[i] && (to[i] != 0 || tw__is_zero(from[i]));
        }
    }
    return fits;
}

tw_status tw__row_list_narrow(tw__row_list *t, tw_error *err)
{
    if (t->is_narrow) return TW_OK;
    TW_TRY(tw__resize(t->ctx, &t->narrow, &t->capacity.narrow, t->numbers, sizeof *t->narrow, err));
    t->is_narrow = narrow(t->narrow, t->x, t->numbers);
    return TW_OK;
}

tw_status tw__row_list_widen(tw__row_list *t, tw_error *err)
{
    if (!t->is_narrow) return TW_OK;
    TW_TRY(tw__resize(t->ctx, &t->x, &t->capacity.x, t->capacity.narrow, sizeof *t->x, err));
    for (size_t i = 0; i < t->numbers; i++) t->x[i] = (double)t->narrow[i];
    tw__mapped_free_other(t->ctx, t->mapped, t->narrow, t->capacity.narrow, sizeof *t->narrow);
    t->narrow = NULL;
    t->is_narrow = 0;
    t->capacity.narrow = 0;
    return TW_OK;
}

/* ---- joining ------------------------------------------------------------------------------------------- */

/* The numbers that the words of `from` have in `to`, where they are added; freed like a list of from->n. */
static tw_status join_words(tw_context *ctx, tw__words *to, const tw__words *from, uint32_t **number,
                            tw_error *err)
{
    TW_TRY(tw__alloc(ctx, number, from->n, sizeof **number, err));
    tw_status s = TW_OK;
    for (uint32_t i = 0; s == TW_OK && i < from->n; i++) {
        const char *word = tw__words_at(from, i);
        s = tw__words_add(to, ctx, word, strlen(word), &(*number)[i], err);
    }
    if (s != TW_OK) tw__free(ctx, *number, from->n, sizeof **number);
    return s;
}

static tw_status share_labels(tw__row_list *t, tw__row_list *from, tw_error *err)
{
    uint32_t *number;
    TW_TRY(join_words(t->ctx, &t->labels, &from->labels, &number, err));
    for (size_t i = 0; i < from->rows; i++)
        if (from->label[i] != TW__NO_LABEL) from->label[i] = number[from->label[i]];
    tw__free(t->ctx, number, from->labels.n, sizeof *number);
    return TW_OK;
}

static tw_status share_texts(tw__row_list *t, tw__row_list *from, size_t column, tw_error *err)
{
    uint32_t *number;
    TW_TRY(join_words(t->ctx, &t->texts[column], &from->texts[column], &number, err));
    for (size_t i = column; i < from->numbers; i += t->width)
        if (from->x[i] >= 0) from->x[i] = number[(size_t)from->x[i]]; /* NaN: it is missing */
    tw__free(t->ctx, number, from->texts[column].n, sizeof *number);
    return TW_OK;
}

tw_status tw__row_list_share_words(tw__row_list *t, tw__row_list *from, tw_error *err)
{
    TW_TRY(share_labels(t, from, err));
    for (size_t i = 0; t->texts && i < t->width; i++)
        if (from->rows && from->texts[i].n) TW_TRY(share_texts(t, from, i, err));
    return TW_OK;
}

int tw__row_list_copy(tw__row_list *t, size_t row, size_t number, const tw__row_list *from)
{
    const size_t rows = from->rows, numbers = from->numbers;
    if (numbers && t->is_narrow && !narrow(t->narrow + number, from->x, numbers)) return 0;
    if (!t->is_narrow && numbers) memcpy(t->x + number, from->x, numbers * sizeof *t->x);
    if (numbers && !t->width) memcpy(t->columns + number, from->columns, numbers * sizeof *t->columns);
    if (rows && !t->width && !row) t->starts[0] = 0;
    for (size_t i = 1; !t->width && i <= rows; i++) t->starts[row + i] = number + from->starts[i];
    if (rows) memcpy(t->label + row, from->label, rows * sizeof *t->label);
    if (rows && t->has_groups) memcpy(t->groups + row, from->groups, rows * sizeof *t->groups);
    if (rows && t->has_weights) memcpy(t->weights + row, from->weights, rows * sizeof *t->weights);
    if (rows && t->n_targets)
        memcpy(t->targets + row * t->n_targets, from->targets, rows * t->n_targets * sizeof *t->targets);
    return 1;
}
