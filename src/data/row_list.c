/* Tables of rows: growing, and joining.
 * SPDX-License-Identifier: MIT */
#include "data/row_list.h"
#include <string.h>

/* Room for n items, at least twice as much as there was, four times in a small list: each time all is copied
 * into new memory, which the system clears as far as it is written to. */
enum { SMALL = 16 << 20 };
static tw_status more(tw_context *ctx, void *list, size_t *capacity, size_t used, size_t n, size_t size,
                      tw_error *err)
{
    const size_t grown = (*capacity * size < SMALL ? 4 : 2) * *capacity;
    size_t want;
    if (!tw__size_add(used, n, &want)) want = SIZE_MAX;
    return want <= *capacity ? TW_OK
                             : tw__resize(ctx, list, capacity, want > grown ? want : grown, size, err);
}
#define MORE(list, used, n) more(t->ctx, &t->list, &t->capacity.list, used, n, sizeof *t->list, err)

tw_status tw__row_list_reserve(tw__row_list *t, size_t rows, size_t numbers, tw_error *err)
{
    TW_TRY(MORE(x, t->numbers, numbers));
    if (!t->width) TW_TRY(MORE(columns, t->numbers, numbers));
    if (!t->width) TW_TRY(MORE(ends, t->rows, rows));
    if (t->has_groups) TW_TRY(MORE(groups, t->rows, rows));
    if (t->has_weights) TW_TRY(MORE(weights, t->rows, rows));
    return MORE(label, t->rows, rows);
}

tw_status tw__row_list_end_row(tw__row_list *t, const char *label, size_t n, tw_error *err)
{
    uint32_t word = TW__NO_LABEL;
    if (label) TW_TRY(tw__words_add(&t->labels, t->ctx, label, n, &word, err));
    t->label[t->rows] = word;
    if (!t->width) t->ends[t->rows] = t->numbers;
    t->rows++;
    return TW_OK;
}

void tw__row_list_cut(tw__row_list *t, size_t rows, size_t numbers)
{
    t->rows = rows;
    t->numbers = numbers;
}

void tw__row_list_clear(tw__row_list *t)
{
    t->rows = t->numbers = 0;
    t->bad = 0;
    tw__words_free(&t->labels, t->ctx);
    for (size_t i = 0; t->texts && i < t->width; i++) tw__words_free(&t->texts[i], t->ctx);
}

void tw__row_list_free(tw__row_list *t)
{
    tw_context *ctx = t->ctx;
    tw__free(ctx, t->x, t->capacity.x, sizeof *t->x);
    tw__free(ctx, t->columns, t->capacity.columns, sizeof *t->columns);
    tw__free(ctx, t->ends, t->capacity.ends, sizeof *t->ends);
    tw__free(ctx, t->label, t->capacity.label, sizeof *t->label);
    tw__free(ctx, t->groups, t->capacity.groups, sizeof *t->groups);
    tw__free(ctx, t->weights, t->capacity.weights, sizeof *t->weights);
    tw__words_free(&t->labels, ctx);
    for (size_t i = 0; t->texts && i < t->width; i++) tw__words_free(&t->texts[i], ctx);
    tw__free(ctx, t->texts, t->width, sizeof *t->texts);
    *t = (tw__row_list){.ctx = ctx};
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

static tw_status append_labels(tw__row_list *t, const tw__row_list *from, tw_error *err)
{
    uint32_t *number;
    TW_TRY(join_words(t->ctx, &t->labels, &from->labels, &number, err));
    for (size_t i = 0; i < from->rows; i++)
        t->label[t->rows + i] = from->label[i] == TW__NO_LABEL ? TW__NO_LABEL : number[from->label[i]];
    tw__free(t->ctx, number, from->labels.n, sizeof *number);
    return TW_OK;
}

static tw_status append_texts(tw__row_list *t, const tw__row_list *from, size_t column, tw_error *err)
{
    uint32_t *number;
    double *x = t->x + t->numbers;
    TW_TRY(join_words(t->ctx, &t->texts[column], &from->texts[column], &number, err));
    for (size_t i = column; i < from->numbers; i += t->width)
        if (x[i] >= 0) x[i] = number[(size_t)x[i]]; /* NaN: it is missing */
    tw__free(t->ctx, number, from->texts[column].n, sizeof *number);
    return TW_OK;
}

tw_status tw__row_list_append(tw__row_list *t, const tw__row_list *from, tw_error *err)
{
    TW_TRY(tw__row_list_reserve(t, from->rows, from->numbers, err));
    if (from->numbers) memcpy(t->x + t->numbers, from->x, from->numbers * sizeof *t->x);
    if (from->numbers && !t->width)
        memcpy(t->columns + t->numbers, from->columns, from->numbers * sizeof *t->columns);
    TW_TRY(append_labels(t, from, err));
    for (size_t i = 0; t->texts && i < t->width; i++)
        if (from->rows && from->texts[i].n) TW_TRY(append_texts(t, from, i, err));
    for (size_t i = 0; i < from->rows; i++) {
        if (!t->width) t->ends[t->rows + i] = t->numbers + from->ends[i];
        if (t->has_groups) t->groups[t->rows + i] = from->groups[i];
        if (t->has_weights) t->weights[t->rows + i] = from->weights[i];
    }
    t->rows += from->rows;
    t->numbers += from->numbers;
    return TW_OK;
}
