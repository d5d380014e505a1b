/* Labels by their spellings; see labels.h.
 * SPDX-License-Identifier: MIT */
#include "data/labels.h"
#include "base/options.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int tw__learns_one(const tw_data_options *o, const tw__schema *given)
{
    return !o->unlabelled &&
           (o->one_target || (given ? given->classes != NULL : o->targets == TW_TARGETS_CLASSES));
}

/* ---- spellings ----------------------------------------------------------------------------------------- */

static int compare_words(const void *a, const void *b)
{
    const tw__spelling *x = a, *y = b;
    if (x->number < y->number || x->number > y->number) return x->number < y->number ? -1 : 1;
    return (x->word > y->word) - (x->word < y->word);
}
static int compare_texts(const void *a, const void *b)
{
    return strcmp(((const tw__spelling *)a)->text, ((const tw__spelling *)b)->text);
}

static int is_same(const tw__labels *l, size_t i, size_t j)
{
    return l->are_numbers && tw__label_is_equal(l->each[i].number, l->each[j].number);
}

tw_status tw__labels_sort(tw__labels *l, tw_context *ctx, const tw__words *words, tw_error *err)
{
    l->ctx = ctx;
    l->are_numbers = l->are_whole = 1;
    TW_TRY(tw__alloc(ctx, &l->each, words->n, sizeof *l->each, err));
    l->n = words->n;
    for (uint32_t i = 0; i < l->n; i++) {
        tw__spelling *s = &l->each[i];
        *s = (tw__spelling){.text = tw__words_at(words, i), .word = i};
        if (tw__number_read(tw__text_of(s->text), &s->number) != 1) s->number = NAN, l->are_numbers = 0;
        else if (s->number != floor(s->number)) l->are_whole = 0;
    }
    if (l->n) qsort(l->each, l->n, sizeof *l->each, l->are_numbers ? compare_words : compare_texts);
    for (size_t i = 0; i < l->n; i++) {
        l->different += i == 0 || !is_same(l, i, i - 1);
        l->each[i].class = l->different <= INT32_MAX ? (int32_t)l->different - 1 : -1;
    }
    return TW_OK;
}

void tw__labels_free(tw__labels *l)
{
    if (l->each) tw__free(l->ctx, l->each, l->n, sizeof *l->each);
}

/* of labels that are whole numbers, where nobody says what they are */
enum { MOST_CLASSES = 1000 };

static int are_classes(const tw__labels *l, const tw__row_list *t, const tw_data_options *o,
                       const tw__schema *given)
{
    if (given) return given->classes != NULL;
    if (o->targets != TW_TARGETS_AUTO) return o->targets == TW_TARGETS_CLASSES;
    const size_t most = tw__row_list_rows(t) / 2 < MOST_CLASSES ? tw__row_list_rows(t) / 2 : MOST_CLASSES;
    return !l->are_numbers || (l->are_whole && (l->different <= 2 || l->different <= most));
}

/* ---- classes ------------------------------------------------------------------------------------------- */

static size_t row_with(const tw__row_list *t, const tw__spelling *label)
{
    size_t row = 0;
    while (tw__row_list_labels(t)[row] != label->word) row++;
    return row + 1;
}

/* The first spelling of each class becomes its name. */
static tw_status name_classes(const tw__labels *l, const tw__row_list *t, tw__schema *s, const char *name,
                              tw_error *err)
{
    for (size_t i = 0; l->are_numbers && !l->are_whole && i < l->n; i++)
        if (l->each[i].number != floor(l->each[i].number))
            return tw__fail(err, TW_ERR_DATA,
                            "%.300s: label %.60s of row %zu is no class: classes are whole numbers or words",
                            name, l->each[i].text, row_with(t, &l->each[i]));
    if (l->different > INT32_MAX - 1)
        return tw__fail(err, TW_ERR_DATA, "%zu different labels are more than %d classes", l->different,
                        INT32_MAX - 1);
    TW_TRY(tw__alloc(l->ctx, &s->classes, l->different, sizeof *s->classes, err));
    s->n_classes = (int32_t)l->different;
    for (size_t i = 0; i < l->n; i++)
        if (i == 0 || l->each[i].class != l->each[i - 1].class)
            TW_TRY(tw__copy_text(l->ctx, &s->classes[l->each[i].class], l->each[i].text, err));
    return TW_OK;
}

static int is_class(const tw__spelling *word, const char *class, int by_number)
{
    double number;
    if (strcmp(word->text, class) == 0) return 1;
    return by_number && tw__number_read(tw__text_of(class), &number) == 1 &&
           tw__label_is_equal(number, word->number);
}

/* The classes are those of the training rows. */
static tw_status find_classes(tw__labels *l, const tw__row_list *t, const tw__schema *given, const char *name,
                              tw_error *err)
{
    for (size_t i = 0; i < l->n; i++) {
        int32_t class = 0;
        while (class < given->n_classes && !is_class(&l->each[i], given->classes[class], l->are_numbers))
            class ++;
        l->each[i].class = class < given->n_classes ? class : -1;
        if (class < given->n_classes) continue;
        return tw__fail(
            err, TW_ERR_DATA,
            "%.200s: label \"%.60s\" of row %zu is not among the %d training labels, %.40s to %.40s", name,
            l->each[i].text, row_with(t, &l->each[i]), (int)given->n_classes, given->classes[0],
            given->classes[given->n_classes - 1]);
    }
    return TW_OK;
}

tw_status tw__labels_decide(tw__labels *l, const tw__row_list *t, const tw_data_options *o, tw__schema *s,
                            int is_given, const char *name, int *classes, tw_error *err)
{
    TW_TRY(tw__labels_sort(l, t->ctx, &t->labels, err));
    *classes = are_classes(l, t, o, is_given ? s : NULL);
    for (size_t i = 0; !*classes && i < l->n; i++)
        if (isnan(l->each[i].number))
            return tw__fail(
                err, TW_ERR_DATA,
                "%.300s: label \"%.60s\" is not a number, as a real target is; a model of classes takes words",
                name, l->each[i].text);
    if (!*classes) return TW_OK;
    return is_given ? find_classes(l, t, s, name, err) : name_classes(l, t, s, name, err);
}
