/* Converted rows of a table that is in files: its lists are read from front to back, for their hash and for
 * the file, and become on the way what they are there.
 * SPDX-License-Identifier: MIT */
#include "data/labels.h"
#include "data/spool.h"
#include "data/twd.h"
#include <math.h>
#include <string.h>

typedef struct saving {
    const tw__source *source;
    tw__row_list *t;
    tw__spool *s;
    tw_type type;
    tw__words words;  /* the labels' spellings, in the order of their classes */
    uint32_t *place;  /* of each of the table's words among them */
    int32_t *class;   /* of each of the table's words; NULL: labels are no classes */
    double *number;   /* likewise: of what is a target */
    double too_large; /* for an f32; 0: nothing is */
} saving;

/* ---- lists --------------------------------------------------------------------------------------------- */

enum { MANY = 4096 }; /* items of a list that are made at a time */

/* Makes of n items of a list in a file what they become; returns the bytes of that. */
typedef size_t make(saving *v, const void *from, size_t n, void *to);

static size_t make_x(saving *v, const void *from, size_t n, void *to)
{
    const double *x = from;
    if (v->type == TW_F64) return memcpy(to, x, n * sizeof *x), n * sizeof *x;
    for (size_t i = 0; i < n; i++) {
        ((float *)to)[i] = (float)x[i];
        if (!isfinite(((float *)to)[i])) v->too_large = x[i];
    }
    return n * sizeof(float);
}

static size_t make_columns(saving *v, const void *from, size_t n, void *to)
{
    for (size_t i = 0; i < n; i++) ((uint32_t *)to)[i] = ((const uint32_t *)from)[i] - v->s->first_column;
    return n * sizeof(uint32_t);
}

static size_t make_same(saving *v, const void *from, size_t n, void *to)
{
    (void)v;
    memcpy(to, from, n * sizeof(uint64_t));
    return n * sizeof(uint64_t);
}

static size_t make_words(saving *v, const void *from, size_t n, void *to)
{
    for (size_t i = 0; i < n; i++) ((uint32_t *)to)[i] = v->place[((const uint32_t *)from)[i]];
    return n * sizeof(uint32_t);
}

static size_t make_classes(saving *v, const void *from, size_t n, void *to)
{
    for (size_t i = 0; i < n; i++) ((int32_t *)to)[i] = v->class[((const uint32_t *)from)[i]];
    return n * sizeof(int32_t);
}

static size_t make_targets(saving *v, const void *from, size_t n, void *to)
{
    for (size_t i = 0; i < n; i++) ((double *)to)[i] = v->number[((const uint32_t *)from)[i]];
    return n * sizeof(double);
}

/* Where it goes: a file, or, if there is none, a hash. */
typedef struct target {
    tw__writer *file;
    tw__hash hash;
} target;

static tw_status put(target *to, const void *from, size_t n, tw_error *err)
{
    if (to->file) return tw__writer_put(to->file, from, n, err);
    tw__hash_add(&to->hash, from, n);
    return TW_OK;
}

/* All items of a list but the first `skipped`, each of this size. */
static tw_status put_items(saving *v, enum tw__spooled list, size_t skipped, size_t size, make *how,
                           target *to, tw_error *err)
{
    tw__mapped *const m = &v->s->list[list];
    const size_t all = m->n / size;
    double made[MANY];
    for (size_t i = skipped, n; i < all; i += n) {
        n = all - i < MANY ? all - i : MANY;
        TW_TRY(put(to, made, how(v, m->bytes + i * size, n, made), err));
        tw__mapped_touch(v->s->ctx, m, n * size);
    }
    if (v->too_large == 0) return TW_OK;
    return tw__fail(err, TW_ERR_DATA, "%.300s: %g is too large for an f32", v->source->paths[0],
                    v->too_large);
}

static tw_status put_part(saving *v, enum tw__twd_part part, target *to, tw_error *err)
{
    switch (part) {
    case TW__TWD_WORDS: return put(to, v->words.text, v->words.used, err);
    case TW__TWD_X: return put_items(v, TW__SPOOL_X, 0, sizeof(double), make_x, to, err);
    case TW__TWD_COLUMNS: return put_items(v, TW__SPOOL_COLUMNS, 0, sizeof(uint32_t), make_columns, to, err);
    case TW__TWD_STARTS: return put_items(v, TW__SPOOL_STARTS, 0, sizeof(uint64_t), make_same, to, err);
    case TW__TWD_LABEL: return put_items(v, TW__SPOOL_LABEL, 0, sizeof(uint32_t), make_words, to, err);
    case TW__TWD_TARGETS:
        return v->t->n_targets ? put_items(v, TW__SPOOL_TARGETS, 0, sizeof(double), make_same, to, err)
                               : put_items(v, TW__SPOOL_LABEL, 0, sizeof(uint32_t), make_targets, to, err);
    case TW__TWD_GROUPS: return put_items(v, TW__SPOOL_GROUPS, 0, sizeof(uint64_t), make_same, to, err);
    default: return put_items(v, TW__SPOOL_WEIGHTS, 0, sizeof(uint64_t), make_same, to, err);
    }
}

static tw_status put_to_file(void *user, enum tw__twd_part part, tw__writer *file, tw_error *err)
{
    target to = {.file = file};
    return put_part(user, part, &to, err);
}

/* ---- labels -------------------------------------------------------------------------------------------- */

static tw_status number_words(saving *v, const tw__labels *l, int are_classes, tw_error *err)
{
    tw_context *ctx = v->s->ctx;
    TW_TRY(tw__alloc(ctx, &v->place, l->n, sizeof *v->place, err));
    if (are_classes) TW_TRY(tw__alloc(ctx, &v->class, l->n, sizeof *v->class, err));
    else TW_TRY(tw__alloc(ctx, &v->number, l->n, sizeof *v->number, err));
    for (size_t i = 0; i < l->n; i++) {
        const tw__spelling *s = &l->each[i];
        TW_TRY(tw__words_add(&v->words, ctx, s->text, strlen(s->text), &v->place[s->word], err));
        if (are_classes) v->class[s->word] = s->class;
        else v->number[s->word] = s->number;
    }
    return TW_OK;
}

static tw_status decide_labels(saving *v, tw__schema *schema, tw_error *err)
{
    const tw__source *source = v->source;
    tw__labels l = {.each = NULL};
    int are_classes;
    if (source->options->unlabelled || v->t->labels.n == 0) return TW_OK;
    tw_status s = tw__labels_decide(&l, v->t, source->options, schema, source->schema != NULL,
                                    source->paths[0], &are_classes, err);
    if (s == TW_OK) s = number_words(v, &l, are_classes, err);
    tw__labels_free(&l);
    return s;
}

/* ---- the file ------------------------------------------------------------------------------------------ */

static tw_status decide_type(saving *v, tw_error *err)
{
    const tw_type wanted = v->source->options->type;
    if (v->s->rows == 0) return tw__fail(err, TW_ERR_DATA, "%.300s holds no rows", v->source->paths[0]);
    v->type = wanted == TW_F64 || (wanted != TW_F32 && !v->s->is_narrow) ? TW_F64 : TW_F32;
    return TW_OK;
}

/* As tw__data_hash_rows finds it. */
static tw_status hash_rows(saving *v, const tw__twd_head *h, uint64_t width, char to[TW__HASH_DIGITS + 1],
                           tw_error *err)
{
    target hash = {.file = NULL};
    const uint64_t head[] = {(uint64_t)v->type, h->rows, 1, width, v->class != NULL};
    tw__hash_start(&hash.hash);
    tw__hash_add_numbers(&hash.hash, head, sizeof head / sizeof head[0]);
    if (!h->width) {
        tw__hash_add(&hash.hash, "sparse", strlen("sparse"));
        TW_TRY(put_items(v, TW__SPOOL_STARTS, 1, sizeof(uint64_t), make_same, &hash, err));
        TW_TRY(put_part(v, TW__TWD_COLUMNS, &hash, err));
    }
    TW_TRY(put_part(v, TW__TWD_X, &hash, err));
    if (v->class) TW_TRY(put_items(v, TW__SPOOL_LABEL, 0, sizeof(uint32_t), make_classes, &hash, err));
    for (int i = TW__TWD_TARGETS; i < TW__TWD_PARTS; i++) {
        static const char *const names[] = {"targets", "groups", "weights"};
        /* weights come before groups */
        const int k = i == TW__TWD_TARGETS ? i : TW__TWD_GROUPS + TW__TWD_WEIGHTS - i;
        if (!(h->has >> k & 1)) continue;
        tw__hash_add(&hash.hash, names[k - TW__TWD_TARGETS], strlen(names[k - TW__TWD_TARGETS]));
        TW_TRY(put_part(v, (enum tw__twd_part)k, &hash, err));
    }
    tw__hash_hex(&hash.hash, to);
    return TW_OK;
}

static tw_status write(saving *v, tw__schema *schema, tw_error *err)
{
    char hash[TW__HASH_DIGITS + 1], *text;
    const tw__row_list *t = v->t;
    tw__twd_head h = TW__TWD_HEAD_INIT;
    TW_TRY(decide_type(v, err));
    TW_TRY(decide_labels(v, schema, err));
    h.rows = v->s->rows;
    h.numbers = v->s->numbers;
    h.left_out = t->bad;
    h.width = t->width;
    h.type = (uint32_t)v->type;
    h.n_words = v->words.n;
    h.word_bytes = v->words.used;
    tw__twd_set_targets(&h, t->n_targets);
    h.has = (uint16_t)((v->words.n > 0) << TW__TWD_LABEL |
                       (v->number != NULL || t->n_targets > 0) << TW__TWD_TARGETS |
                       t->has_groups << TW__TWD_GROUPS | t->has_weights << TW__TWD_WEIGHTS);
    TW_TRY(hash_rows(v, &h, schema->width, hash, err));
    memcpy(h.fingerprint, hash, sizeof h.fingerprint);
    TW_TRY(tw__schema_text(schema, v->s->ctx, &text, err));
    const tw_status s = tw__twd_write_file(v->source, &h, text, v->words.text, put_to_file, v, err);
    tw__free_text(v->s->ctx, text);
    v->source->save->is_done = s == TW_OK;
    return s;
}

tw_status tw__twd_write_spool(const tw__source *source, tw__row_list *t, tw__schema *schema, tw_error *err)
{
    saving v = {.source = source, .t = t, .s = t->spool};
    const tw_status s = write(&v, schema, err);
    tw_context *ctx = source->ctx;
    tw__free(ctx, v.place, t->labels.n, sizeof *v.place);
    tw__free(ctx, v.class, t->labels.n, sizeof *v.class);
    tw__free(ctx, v.number, t->labels.n, sizeof *v.number);
    tw__words_free(&v.words, ctx);
    return s;
}
