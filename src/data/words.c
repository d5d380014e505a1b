/* A hash table over one text.
 * SPDX-License-Identifier: MIT */
#include "data/words.h"
#include "base/decimal.h"
#include "base/options.h"
#include "file/hash.h"
#include <string.h>

enum { FIRST_SLOTS = 64 };

const char *tw__words_at(const tw__words *w, uint32_t number) { return w->text + w->start[number]; }

/* Where the text is, or the empty slot where it would be. */
static size_t slot_of(const tw__words *w, const char *text, size_t n)
{
    size_t i = (size_t)tw__hash_text(text, n) & (w->slots - 1);
    for (; w->slot[i]; i = (i + 1) & (w->slots - 1)) {
        const size_t at = w->start[w->slot[i] - 1];
        if (w->used - at > n && memcmp(w->text + at, text, n) == 0 && w->text[at + n] == 0) break;
    }
    return i;
}

int64_t tw__words_find(const tw__words *w, const char *text, size_t n)
{
    return w->slots ? (int64_t)w->slot[slot_of(w, text, n)] - 1 : -1;
}

/* Twice the slots, so that at least half of them are empty. */
static tw_status enlarge(tw__words *w, tw_context *ctx, tw_error *err)
{
    tw__words larger = *w;
    larger.slots = w->slots ? 2 * w->slots : FIRST_SLOTS;
    TW_TRY(tw__alloc(ctx, &larger.slot, larger.slots, sizeof *larger.slot, err));
    for (uint32_t i = 0; i < w->n; i++) {
        const char *word = tw__words_at(w, i);
        larger.slot[slot_of(&larger, word, strlen(word))] = i + 1;
    }
    tw__free(ctx, w->slot, w->slots, sizeof *w->slot);
    *w = larger;
    return TW_OK;
}

tw_status tw__words_add(tw__words *w, tw_context *ctx, const char *text, size_t n, uint32_t *number,
                        tw_error *err)
{
    if (w->n >= w->slots / 2) TW_TRY(enlarge(w, ctx, err));
    const size_t slot = slot_of(w, text, n);
    if (!w->slot[slot]) {
        if (w->n == TW__MOST_WORDS)
            return tw__fail(err, TW_ERR_DATA, "more than %d different texts", TW__MOST_WORDS);
        TW_TRY(tw__grow(ctx, &w->start, &w->capacity, (size_t)w->n + 1, sizeof *w->start, err));
        TW_TRY(tw__grow(ctx, &w->text, &w->text_capacity, w->used + n + 1, 1, err));
        memcpy(w->text + w->used, text, n);
        w->text[w->used + n] = 0;
        w->start[w->n] = w->used;
        w->used += n + 1;
        w->slot[slot] = ++w->n;
    }
    *number = w->slot[slot] - 1;
    return TW_OK;
}

void tw__words_free(tw__words *w, tw_context *ctx)
{
    tw__free(ctx, w->text, w->text_capacity, 1);
    tw__free(ctx, w->start, w->capacity, sizeof *w->start);
    tw__free(ctx, w->slot, w->slots, sizeof *w->slot);
    *w = (tw__words){.n = 0};
}

/* The same text for all spellings of a number. */
static const char *spelling(const char *name, char to[32])
{
    double x;
    if (tw__number_read(tw__text_of(name), &x) != 1 || !tw__label_is_equal(x, x)) return name;
    tw__format(to, 32, "%.17g", x == 0 ? 0 : x);
    return to;
}

tw_status tw__classes_twice(tw_context *ctx, char *const *names, size_t n, size_t *twice, tw_error *err)
{
    tw__words words = {.n = 0};
    tw_status s = TW_OK;
    double x;
    size_t i = 0;
    while (i < n && tw__number_read(tw__text_of(names[i]), &x) == 1) i++;
    const int are_numbers = i == n;
    *twice = n;
    for (i = 0; i < n && s == TW_OK && *twice == n; i++) {
        char text[32];
        uint32_t number = 0;
        const char *word = are_numbers ? spelling(names[i], text) : names[i];
        s = tw__words_add(&words, ctx, word, strlen(word), &number, err);
        if (s == TW_OK && number < i) *twice = i;
    }
    tw__words_free(&words, ctx);
    return s;
}
