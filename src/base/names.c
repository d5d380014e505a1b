/* Names in lists; see names.h.
 * SPDX-License-Identifier: MIT */
#include "base/names.h"
#include <stdio.h>
#include <string.h>
#include <thalweg/registry.h>

enum { LONGEST = 40, LIST = 240 };

static int same_letter(char a, char b)
{
    return a == b || ((a | 32) == (b | 32) && (a | 32) >= 'a' && (a | 32) <= 'z');
}

/* Edits (insert, delete, replace, swap of neighbours) that make b of a, but for capitals. */
static int edit_distance(tw__text a, tw__text b)
{
    int rows[3][LONGEST + 1];
    if (a.n > LONGEST || b.n > LONGEST) return LONGEST;
    for (size_t j = 0; j <= b.n; j++) rows[0][j] = (int)j;
    for (size_t i = 1; i <= a.n; i++) {
        const int *before = rows[(i + 1) % 3], *last = rows[(i + 2) % 3];
        int *now = rows[i % 3];
        now[0] = (int)i;
        for (size_t j = 1; j <= b.n; j++) {
            int best = last[j - 1] + !same_letter(a.at[i - 1], b.at[j - 1]);
            if (last[j] + 1 < best) best = last[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            int swapped = i > 1 && j > 1 && same_letter(a.at[i - 1], b.at[j - 2]) &&
                          same_letter(a.at[i - 2], b.at[j - 1]);
            if (swapped && before[j - 2] + 1 < best) best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[a.n % 3][b.n];
}

tw__guess tw__guess_for(tw__text wanted) { return (tw__guess){.wanted = wanted, .distance = LONGEST}; }

void tw__guess_offer(tw__guess *g, tw__text candidate)
{
    int d = edit_distance(g->wanted, candidate);
    /* its beginning */
    if (g->wanted.n >= 3 && d > 1 && candidate.n >= g->wanted.n &&
        memcmp(g->wanted.at, candidate.at, g->wanted.n) == 0)
        d = 1;
    if (d < g->distance) {
        g->distance = d;
        g->best = candidate;
    }
}

int tw__guess_is_near(const tw__guess *g) { return g->best.at && g->distance <= 1 + (int)(g->wanted.n / 4); }

const char *tw__guess_hint(tw__guess *g)
{
    if (tw__guess_is_near(g))
        snprintf(g->hint, sizeof g->hint, " (did you mean \"%.*s\"?)", TW__SHOW(g->best));
    else g->hint[0] = 0;
    return g->hint;
}

static tw__guess guess_among(tw__text name, tw__name_at *at, const void *user)
{
    tw__guess guess = tw__guess_for(name);
    const char *candidate;
    for (size_t i = 0; (candidate = at(i, user)) != NULL; i++)
        tw__guess_offer(&guess, tw__text_of(candidate));
    return guess;
}

int tw__name_find(tw__text name, tw__name_at *at, const void *user)
{
    const char *candidate;
    for (int i = 0; (candidate = at((size_t)i, user)) != NULL; i++)
        if (tw__text_is(name, candidate)) return i;
    return -1;
}

/* "; supported: a, b, c", or the first of them and "..." where they are too many for a message. */
static void list_all(tw__name_at *at, const void *user, char to[LIST])
{
    const char *name;
    size_t used = 0;
    for (size_t i = 0; (name = at(i, user)) != NULL; i++) {
        const size_t whole = used + strlen(name) + sizeof "; supported: , ...";
        used += (size_t)snprintf(to + used, LIST - used, "%s%s",
                                 i ? ", " : "; supported: ", whole < LIST ? name : "...");
        if (whole >= LIST) return;
    }
}

tw_status tw__name_unknown(const char *problem, tw__text name, tw__name_at *at, const void *user,
                           tw_error *err)
{
    tw__guess guess = guess_among(name, at, user);
    char list[LIST] = "";
    if (!tw__guess_is_near(&guess)) list_all(at, user, list);
    return tw__fail(err, TW_ERR_SPEC, "%s \"%.*s\"%s%s", problem, TW__SHOW(name), tw__guess_hint(&guess),
                    list);
}

const char *tw_suggest(const char *wanted, const char *(*next)(size_t i, const void *user), const void *user)
{
    const tw__guess guess = guess_among(tw__text_of(wanted), next, user);
    return tw__guess_is_near(&guess) ? guess.best.at : NULL;
}

size_t tw__names_join(char to[TW__NAMES], tw__name_at *at, const void *user)
{
    size_t n = 0, used = 0;
    const char *name = at(0, user), *next;
    for (to[0] = 0; name; name = next, n++) {
        char item[TW__NAMES];
        next = at(n + 1, user);
        const int length = snprintf(item, sizeof item, "%s%s", n == 0 ? "" : next ? ", " : " and ", name);
        if (length < 0 || used + (size_t)length >= TW__NAMES) continue;
        memcpy(to + used, item, (size_t)length + 1);
        used += (size_t)length;
    }
    return n;
}
