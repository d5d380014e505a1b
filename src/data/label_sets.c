/* Sets of labels, each read once however many rows have it; see label_sets.h.
 * SPDX-License-Identifier: MIT */
#include "data/label_sets.h"
#include "data/labels.h"
#include "data/spool.h"
#include <string.h>

typedef struct sets {
    tw_context *ctx;
    tw__row_list *t;
    tw__schema *schema;
    const char *path;
    int is_given;
    tw__words words; /* labels, those of a given schema first */
    tw__labels labels;
    uint32_t *target; /* of each word */
    size_t *start;    /* of each set in `member`, one more than there are sets */
    uint32_t *member; /* words */
    size_t n_sets, n_members, capacity;
} sets;

int tw__has_label_sets(const tw__row_list *t)
{
    for (uint32_t i = 0; i < t->labels.n; i++)
        if (strchr(tw__words_at(&t->labels, i), ',')) return 1;
    return 0;
}

/* Cuts the sets into words. */
static tw_status cut(sets *s, tw_error *err)
{
    const tw__words *all = &s->t->labels;
    for (size_t i = 0; s->is_given && i < s->schema->n_labels; i++) {
        const char *const name = s->schema->labels[i].name;
        TW_TRY(tw__words_add(&s->words, s->ctx, name, strlen(name), &(uint32_t){0}, err));
    }
    s->n_sets = all->n;
    TW_TRY(tw__alloc(s->ctx, &s->start, s->n_sets + 1, sizeof *s->start, err));
    s->capacity = all->used; /* a label has at least a character and a comma, or a 0 at its end */
    TW_TRY(tw__alloc(s->ctx, &s->member, s->capacity, sizeof *s->member, err));
    for (uint32_t i = 0; i < all->n; i++) {
        const char *at = tw__words_at(all, i);
        for (size_t n; *at; at += n + (at[n] == ',')) {
            n = strcspn(at, ",");
            TW_TRY(tw__words_add(&s->words, s->ctx, at, n, &s->member[s->n_members], err));
            s->n_members++;
        }
        s->start[i + 1] = s->n_members;
    }
    return TW_OK;
}

/* ---- names --------------------------------------------------------------------------------------------- */

static tw_status name_targets(sets *s, tw_error *err)
{
    const tw__labels *l = &s->labels;
    tw__schema *schema = s->schema;
    if (l->different > TW__MOST_TARGETS)
        return tw__fail(err, TW_ERR_DATA,
                        "%.300s: %zu different labels, of which rows have several; at most %d", s->path,
                        l->different, TW__MOST_TARGETS);
    TW_TRY(tw__alloc(s->ctx, &schema->labels, l->different, sizeof *schema->labels, err));
    schema->n_labels = l->different;
    for (size_t i = 0; i < l->n; i++) {
        const size_t target = (size_t)l->each[i].class;
        s->target[l->each[i].word] = (uint32_t)target;
        if (i && l->each[i - 1].class == l->each[i].class) continue;
        schema->labels[target].at = (int64_t)target;
        TW_TRY(tw__copy_text(s->ctx, &schema->labels[target].name, l->each[i].text, err));
    }
    return TW_OK;
}

static int has_word(const sets *s, size_t set, uint32_t word)
{
    for (size_t i = s->start[set]; i < s->start[set + 1]; i++)
        if (s->member[i] == word) return 1;
    return 0;
}

/* The first row, from 1 on, whose set has the word. */
static size_t row_with(const sets *s, uint32_t word)
{
    const uint32_t *label = tw__row_list_labels(s->t);
    size_t row = 0;
    while (label[row] == TW__NO_LABEL || !has_word(s, label[row], word)) row++;
    return row + 1;
}

/* Spellings of a label are neighbours, and that of the schema is the first. */
static tw_status find_targets(sets *s, tw_error *err)
{
    const tw__labels *l = &s->labels;
    const tw__schema *schema = s->schema;
    uint32_t target = 0;
    for (size_t i = 0; i < l->n; i++) {
        const tw__spelling *label = &l->each[i];
        if (!i || l->each[i - 1].class != label->class) target = label->word;
        if (target >= schema->n_labels)
            return tw__fail(
                err, TW_ERR_DATA,
                "%.200s: label \"%.60s\" of row %zu is not among the %zu training labels, %.40s to %.40s",
                s->path, label->text, row_with(s, label->word), schema->n_labels, schema->labels[0].name,
                schema->labels[schema->n_labels - 1].name);
        s->target[label->word] = target;
    }
    return TW_OK;
}

/* ---- targets ------------------------------------------------------------------------------------------- */

/* From words to targets; none appears twice in a set. */
static tw_status number_members(sets *s, tw_error *err)
{
    uint32_t *last; /* set that had the target, from 1 on */
    const size_t n = s->schema->n_labels;
    TW_TRY(tw__alloc(s->ctx, &last, n, sizeof *last, err));
    tw_status status = TW_OK;
    for (uint32_t i = 0; i < s->n_sets && status == TW_OK; i++)
        for (size_t k = s->start[i]; k < s->start[i + 1] && status == TW_OK; k++) {
            const uint32_t target = s->target[s->member[k]];
            if (last[target] == i + 1)
                status = tw__fail(err, TW_ERR_DATA, "%.200s: label %.60s appears twice in \"%.100s\"",
                                  s->path, s->schema->labels[target].name, tw__words_at(&s->t->labels, i));
            last[target] = i + 1;
        }
    for (size_t k = 0; k < s->n_members; k++) s->member[k] = s->target[s->member[k]];
    tw__free(s->ctx, last, n, sizeof *last);
    return status;
}

/* Targets of a row, which are zeros. */
static void set_row(const void *user, uint32_t label, double *to)
{
    const sets *s = user;
    if (label == TW__NO_LABEL) return;
    for (size_t k = s->start[label]; k < s->start[label + 1]; k++) to[s->member[k]] = 1;
}

static tw_status make_targets(const sets *s, tw_error *err)
{
    tw__row_list *t = s->t;
    const size_t n = s->schema->n_labels;
    size_t all;
    if (t->spool) return tw__spool_make_targets(t->spool, n, set_row, s, err);
    if (!tw__size_mul(t->rows, n, &all))
        return tw__fail(err, TW_ERR_MEMORY, "%.300s: %zu rows of %zu labels", s->path, t->rows, n);
    TW_TRY(tw__alloc(t->ctx, &t->targets, all, sizeof *t->targets, err));
    t->capacity.targets = all;
    for (size_t i = 0; i < t->rows; i++) set_row(s, t->label[i], t->targets + i * n);
    return TW_OK;
}

static tw_status spread(sets *s, tw_error *err)
{
    TW_TRY(cut(s, err));
    TW_TRY(tw__labels_sort(&s->labels, s->ctx, &s->words, err));
    TW_TRY(tw__alloc(s->ctx, &s->target, s->words.n, sizeof *s->target, err));
    TW_TRY(s->is_given ? find_targets(s, err) : name_targets(s, err));
    TW_TRY(number_members(s, err));
    if (s->schema->n_labels < 2)
        return tw__fail(err, TW_ERR_DATA,
                        "%.300s: rows with several labels were left out, and the others have one", s->path);
    TW_TRY(make_targets(s, err));
    s->t->n_targets = s->schema->n_labels;
    return TW_OK;
}

tw_status tw__label_sets_spread(tw__row_list *t, tw__schema *schema, int is_given, const char *path,
                                tw_error *err)
{
    sets s = {.ctx = t->ctx, .t = t, .schema = schema, .path = path, .is_given = is_given};
    const tw_status status = spread(&s, err);
    tw__free(s.ctx, s.target, s.words.n, sizeof *s.target);
    tw__free(s.ctx, s.member, s.capacity, sizeof *s.member);
    tw__free(s.ctx, s.start, s.n_sets + 1, sizeof *s.start);
    tw__labels_free(&s.labels);
    tw__words_free(&s.words, s.ctx);
    if (status == TW_OK) tw__words_free(&t->labels, t->ctx);
    return status;
}
